//! As much of it as the line protocol's own module names.

#[path = "../../src/influx/line.rs"]
mod line;

pub use line::Line;
