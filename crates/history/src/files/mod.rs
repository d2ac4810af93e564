//! History as files: read through a column map, written as CSV, Parquet or line protocol.

mod column_map;
mod csv;
mod error;
mod frame;
mod parquet;
mod readings;
mod rows;
mod sorter;
mod times;
mod units;

pub use column_map::{ColumnMap, MapError};
pub use error::{FileError, ReadReport, RefusedRow};
pub use readings::{Progress, ReadOptions, ReadingFiles};
