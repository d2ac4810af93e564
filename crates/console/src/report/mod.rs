//! The backtest's report: one HTML file that needs nothing else, to be opened from a disk, mailed or printed.
//!
//! Unlike the pages it carries its style inside, because a file has no server to ask; its own content policy allows that
//! style by its hash and nothing else. It has no script. Machines that need a look come first, quiet ones are small, so that
//! hundreds of them stay readable.

mod data;
mod machine;
mod overview;
mod page;
mod scores;
mod words;

pub use data::{
    BacktestMachine, BacktestMoment, BacktestReport, BacktestScores, DayState, IntervalScore, KindScore, Letter,
    MissedFault, Rate, Residual, Share, StateRun, TruthSpan, Unjudged, first_said, is_date,
};
pub use page::backtest_html;
