//! Lines that go out in one request, and where they came from.

use std::ops::Range;

use foretell_model::{Offset, Reading, Timestamp};

use super::store::Place;
use crate::files::line_protocol;

/// Lines with the place that is reached once the server has them.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    text: String,
    /// Where each line ends in the text.
    ends: Vec<usize>,
    /// The place behind the batch.
    pub(super) through: Place,
    /// When the oldest of it reached us, if it holds readings.
    pub(super) oldest: Option<Timestamp>,
}

impl Batch {
    /// An empty batch at a place.
    pub(super) fn at(place: Place) -> Self {
        Self { through: place, ..Self::default() }
    }

    /// Adds a reading, if it says anything, and moves on to its place either way.
    pub(super) fn add(&mut self, offset: Offset, reading: &Reading) {
        if line_protocol(reading, &mut self.text) {
            self.ends.push(self.text.len());
            self.oldest.get_or_insert(reading.arrived);
        }
        self.through.log = offset;
    }

    /// Adds lines of the outbox.
    pub(super) fn add_lines(&mut self, id: i64, lines: &str) {
        for line in lines.lines().filter(|line| !line.is_empty()) {
            self.text.push_str(line);
            self.text.push('\n');
            self.ends.push(self.text.len());
        }
        self.through.outbox = id;
    }

    /// Bytes of all lines.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of some lines.
    pub(super) fn lines(&self, range: &Range<usize>) -> &str {
        let begins = range.start.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let ends = range.end.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        self.text.get(begins..ends).unwrap_or_default()
    }
}
