//! The newest entries in memory. Those who follow the log - the engine, the roll-ups, InfluxDB - read what was just written
//! without a query; whoever has fallen further behind reads the table.

use std::collections::VecDeque;

use foretell_model::{Logged, Offset};

/// Entries kept; about 200 bytes each, so some 6 MB when full. At 100,000 readings a second a third of a second.
const ENTRIES_MAX: usize = 32_768;

/// See the module's text. Only the process that appends has one: it alone knows of every entry.
#[derive(Debug, Default)]
pub(super) struct Tail {
    entries: VecDeque<Logged>,
    /// Everything after this place is in `entries`.
    after: Offset,
}

impl Tail {
    /// Of a log that ends here.
    pub(super) const fn new(head: Offset) -> Self {
        Self { entries: VecDeque::new(), after: head }
    }

    /// Takes what was committed, in order.
    pub(super) fn extend(&mut self, committed: Vec<Logged>) {
        self.entries.extend(committed);
        let surplus = self.entries.len().saturating_sub(ENTRIES_MAX);
        if let Some(last) = self.entries.drain(..surplus).next_back() {
            self.after = last.offset;
        }
    }

    /// Forgets everything, because entries were dropped from the table; what comes from now on is remembered again.
    pub(super) fn forget(&mut self) {
        if let Some(last) = self.entries.drain(..).next_back() {
            self.after = last.offset;
        }
    }

    /// At most `max` entries after a place; `None` when it does not reach back that far.
    pub(super) fn read(&self, after: Offset, max: usize) -> Option<Vec<Logged>> {
        if after < self.after {
            return None;
        }
        let from = self.entries.partition_point(|logged| logged.offset <= after);
        Some(self.entries.range(from..self.entries.len().min(from.saturating_add(max))).cloned().collect())
    }
}
