//! What the engine would have said, had it watched: the very same engine over recorded history.

mod intervals;
mod letters;
mod machine_run;
mod relations;
mod report;
mod run;
mod score;
mod score_text;
pub mod scores;
mod states;
mod summary;
mod truth;

pub use machine_run::{MachineRun, Moment};
pub use relations::relations;
pub use report::{Sheet, html};
pub use run::{Outcome, SiteEvents, run};
pub use score::{ASKED_DAYS_BEFORE, FalseRate, FaultScore, Intervals, Missed, Score, score};
pub use summary::summary;
pub use truth::{TrueFault, TrueMachine, Truth};
