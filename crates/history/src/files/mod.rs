//! History as files: read through a column map, written as CSV, Parquet or line protocol.

mod archive;
mod block;
mod cells;
mod column_map;
mod csv;
mod error;
mod export;
mod folder;
mod intake;
mod line_protocol;
mod merge;
mod names;
mod packed;
mod parquet;
mod readings;
mod reorder;
mod rows;
mod share;
mod slice;
mod sorter;
mod store;
mod take;
mod times;
mod units;
mod watch_map;
mod watched;
mod writers;

pub use archive::{Archive, ArchivedDay};
pub use column_map::{ColumnMap, MapError};
pub use error::{FileError, ReadReport, RefusedRow};
pub use export::{Selection, export, import};
pub use line_protocol::line_protocol;
pub use readings::{History, Progress, ReadOptions, ReadingFiles, SiteHistory};
pub use reorder::{Reorder, Reordered};
pub use watched::{WatchedRow, WatchedRows, Watching};
