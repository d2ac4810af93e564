//! What the engine would have said, had it watched: the very same engine over recorded history.

mod machine_run;
mod poisson;
mod report;
mod run;
mod score;
mod summary;
mod truth;

pub use machine_run::{MachineRun, Moment};
pub use report::html;
pub use run::{Outcome, run};
pub use score::{ASKED_DAYS_BEFORE, Intervals, Score, score};
pub use summary::summary;
pub use truth::{TrueFault, TrueMachine, Truth};
