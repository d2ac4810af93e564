//! Simulated compressors with physics, faults and truth labels, publishing like real controllers.
//!
//! A [`Fleet`] is made from a specification (TOML or built in) and a seed; the same two give the same bytes. It yields
//! time-ordered [`Message`]s, which [`files`] writes as CSV with `truth.json`, and which [`mqtt`] publishes.
//!
//! The crate links none of Foretell's own: its encoder is written from the contract alone, so that simulator and
//! decoder are two independent witnesses of it.

pub mod climate;
pub mod encode;
pub mod fault;
pub mod files;
pub mod fleet;
pub mod link;
pub mod mqtt;
pub mod physics;
pub mod rng;
pub mod sample;
pub mod schedule;
pub mod spec;
pub mod time;
pub mod truth;

pub use fleet::{Fleet, Machine, Messages, Size};
pub use mqtt::{Live, Pace, Phase, PublishError, Stats, Target, publish};
pub use sample::{Happening, HappeningKind, Message, Sample, Signal};
pub use spec::{FleetSpec, SpecError};
pub use truth::Truth;
