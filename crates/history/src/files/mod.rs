//! History as files: read through a column map, written as CSV, Parquet or line protocol.

mod archive;
#[cfg(test)]
#[path = "../../fuzz/src/attack.rs"]
#[expect(unreachable_pub, reason = "it is a part of a library of its own where the fuzzer builds it")]
mod attack;
mod block;
mod cells;
mod chunk;
mod column_map;
#[cfg(test)]
mod corpus_tests;
mod csv;
mod day_file;
mod error;
mod export;
mod file_map;
mod folder;
mod footer;
mod guard;
#[cfg(test)]
mod hostile_tests;
mod intake;
mod keeping;
mod line_protocol;
mod lines;
mod lookup;
mod merge;
mod names;
mod naming;
mod packed;
mod parquet;
mod readings;
mod refused;
mod relation_map;
mod reorder;
mod replay;
mod rescue;
mod room;
mod rows;
mod share;
mod small_ints;
mod sorter;
mod sound;
mod span;
mod store;
mod sums;
mod take;
mod tally;
mod times;
mod units;
mod watch_map;
mod watched;
mod writers;

pub use archive::{Archive, ArchivedDay, Step, Steps};
pub use column_map::{ColumnMap, MapError};
pub use error::{FileError, ReadReport, RefusedRow};
pub use export::{Exported, Imported, Selection, export, import};
pub use guard::expects_panic;
pub use keeping::{Keeping, Kept};
pub use line_protocol::line_protocol;
pub use readings::{History, Progress, ReadOptions, ReadingFiles, SiteHistory};
pub use relation_map::{RelationMap, When};
pub use reorder::{Reorder, Reordered};
pub use replay::Gone;
pub use rescue::rescue;
pub use sound::Inspection;
pub(crate) use sound::is_on_log;
pub(crate) use sums::{beside as sum_beside, check as archived_sum};
pub use watched::{WatchedRow, WatchedRows, Watching};
