//! The engine: what a compressor's readings say about its future. Pure and deterministic: no I/O, no clock, no randomness.
//!
//! Data goes through the blocks of ISO 13374, one module each:
//! - `dm`, data manipulation: what may be believed of a reading;
//! - `sd`, state detection: what the machine is doing, and the day condensed into operating points;
//! - `ha`, health assessment: own normal, excess over it, since when and why;
//! - `pa`, prognosis: when the limit will be reached, given the weather to come;
//!
//! `service` counts running hours and measures work, `energy` prices what is wasted, `site` looks at the siblings. All of it
//! becomes findings with grades and stable identities in `findings` and `conclude`.
//!
//! A reading costs O(1) and allocates nothing; the statistics run once per event-day and machine, when the first reading
//! of a later day arrives. Each machine advances on its own time stamps, so a backlog that arrives days late gives the
//! findings that it would have given live.

mod brief;
mod conclude;
mod diagnose;
mod dm;
pub mod energy;
mod engine;
mod findings;
mod glance;
mod ha;
mod heat;
mod machine;
mod pa;
pub mod relation;
pub mod score;
mod sd;
mod service;
mod site;
mod snapshot;
mod view;
mod weighed;

pub use brief::Brief;
pub use engine::{Engine, EngineOptions, Ignored};
pub use findings::grade::Policy;
pub use glance::Glance;
pub use snapshot::RestoreError;
pub use view::{
    AmbientSource, BaselineView, ConePoint, DayView, HOURS_PER_WEEK, HealthView, MachineView, OpenFinding, Regime,
};
pub use weighed::Weighed;
