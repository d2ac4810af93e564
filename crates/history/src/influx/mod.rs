//! The plant's history store: readings, features, health and forecasts, written to InfluxDB 2 for its dashboards.
//!
//! # What is written
//! Every point carries the tags `site` and `machine`. Units stand at the end of a field's name, as everywhere; times are UTC.
//!
//! | measurement | one point per | time | further tags | fields |
//! |---|---|---|---|---|
//! | `reading` | reading of the log | when it was measured | | each signal under its own name (`discharge_temp_c`, `motor_current_a`, `run_hours`, …); `state` (text); `quality` (text: `bad`, `stale`, `untimed_at_source`) unless it is good |
//! | `feature` | machine and closed day | beginning of the day | | `discharge_temp_c` (mean of the hottest loaded hours), `discharge_temp_peak_c` (highest held for ten minutes), `ambient_temp_c`, `expected_c`, `expected_low_c`, `expected_high_c` (the normal band: two standard deviations to each side), `run_h`, `load_h`, `unloaded_current_share` (1), `warn_c`, `trip_c` |
//! | `health` | machine and closed day | beginning of the day | | `learned`, `observable` (true or false), `excess_k` (over its own normal), `cooler_ua_loss` (0 to 1), `open_findings` (whole number), `grade` (text: `none`, `watch`, `advise`, `urgent`), `grade_level` (0 to 3) |
//! | `outlook` | machine, closed day and span ahead | the day that is forecast | `ahead_days` (3 to 90) | `q10_c`, `q50_c`, `q90_c`: quantiles of the highest temperature held on that day. The newest point of each `ahead_days` is the present forecast |
//! | `forecast` | finding of the engine | when it was concluded | `event`, `fault`, `episode` (number) | `id`, `status`, `grade` (texts), `grade_level`, `likelihood` (0 to 1), `rul_p10_days`, `rul_p50_days`, `rul_p90_days`, `within_7d`, `within_14d`, `within_21d`, `within_30d` (0 to 1), `limit_signal` (text), `limit` (in the signal's unit), `text` |
//!
//! A value that was not measured, or is not a finite number, is absent. `foretell export --out FILE.lp` writes the same `reading`s.
//!
//! # Why nothing is missing and nothing is there twice
//! InfluxDB keeps one value per measurement, tags, field and time. Every point here has those from what it says, never from when
//! it is sent, so sending it again changes nothing. That leaves only gaps to be afraid of. Readings are read from the log behind a cursor of
//! our own ([`InfluxStore`]); what the engine concludes waits in an outbox beside it, filled before the engine's snapshot moves on,
//! and large enough for months of an outage (`[influxdb] outbox_size_max`); what goes when even that is full is counted.
//! Both move forward only once the server has had points for half a minute: a server that loses its last seconds when it is killed
//! gets them again. An outage of hours is filled in from the log afterwards, whose
//! old days stay until then.

mod batch;
mod client;
mod control;
mod day;
mod deliver;
mod finding;
mod line;
mod pace;
mod parcel;
mod places;
mod refused;
mod settings;
#[cfg(test)]
mod specimen;
mod status;
mod store;
mod writer;

pub use control::InfluxControl;
pub use day::{MachineDay, Outlook};
pub use finding::forecast_line;
pub use line::Line;
pub use places::no_longer_written;
pub use settings::{InfluxSettings, check_url};
pub use status::{InfluxState, InfluxStatus, InfluxWatch};
pub use store::InfluxStore;
pub use writer::InfluxWriter;
