//! Files of text, from their bytes to rows by machine.

#[path = "attack.rs"]
mod attack;
#[path = "../../src/files/block.rs"]
mod block;
#[path = "../../src/files/cells.rs"]
mod cells;
#[path = "../../src/files/chunk.rs"]
mod chunk;
#[path = "../../src/files/column_map.rs"]
mod column_map;
#[path = "../../src/files/csv.rs"]
mod csv;
#[path = "../../src/files/error.rs"]
mod error;
#[path = "../../src/files/file_map.rs"]
mod file_map;
#[path = "../../src/files/lines.rs"]
mod lines;
#[path = "../../src/files/names.rs"]
mod names;
#[path = "../../src/files/naming.rs"]
mod naming;
#[path = "../../src/files/relation_map.rs"]
mod relation_map;
#[path = "../../src/files/rows.rs"]
mod rows;
#[path = "../../src/files/share.rs"]
mod share;
#[path = "../../src/files/sorter.rs"]
mod sorter;
#[path = "../../src/files/span.rs"]
mod span;
#[path = "../../src/files/take.rs"]
mod take;
#[path = "../../src/files/times.rs"]
mod times;
#[path = "../../src/files/units.rs"]
mod units;
#[path = "../../src/files/watch_map.rs"]
mod watch_map;
#[path = "../../src/files/watched.rs"]
mod watched;

pub use attack::{csv, lines, row};
