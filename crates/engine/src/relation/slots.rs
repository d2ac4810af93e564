//! From rows at any times to slots of equal length: the mean of what was measured in each.

use std::collections::VecDeque;

use foretell_model::Timestamp;

use super::options::RelationOptions;

/// Slots of a learning window at most; denser rows are averaged.
pub(super) const SLOTS_MAX: usize = 512;

/// Rows from which the usual distance of rows is taken.
const ROWS_TO_PACE: usize = 32;

/// Slots for which a companion's last value stands in for a missing one: a jittering sampler leaves single holes.
const HOLD_SLOTS: u8 = 2;

/// Slots between two rows after which what was before is no history of what comes.
const GAP_MAX: i64 = SLOTS_MAX as i64;

/// The learning window, slot by slot.
pub(super) struct Window<'a> {
    slots: &'a VecDeque<Vec<f64>>,
    /// Slots at the beginning whose target is not used.
    pub(super) skip: usize,
    /// Longest delay to look for, slots.
    pub(super) delay_max: usize,
}

impl Window<'_> {
    /// Number of slots.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Number of companions.
    pub(super) fn companions(&self) -> usize {
        self.slots.front().map_or(0, |slot| slot.len() - 1)
    }

    /// The target (0) or a companion (1 and up) in a slot; NaN when not measured.
    pub(super) fn value(&self, slot: usize, column: usize) -> f64 {
        self.slots[slot][column]
    }
}

/// Rows on their way to slots, and the closed slots that are still needed.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    options: RelationOptions,
    columns: usize,
    /// Rows that wait for the usual distance to be known, or for their slot to be closed.
    waiting: VecDeque<(Timestamp, Vec<f64>)>,
    last: Option<Timestamp>,
    slot_ms: i64,
    begin: Timestamp,
    /// The open slot: its number since `begin`, sums and counts.
    open: i64,
    sums: Vec<f64>,
    counts: Vec<u32>,
    held: Vec<(f64, u8)>,
    closed: VecDeque<Vec<f64>>,
    keep: usize,
    learning: bool,
}

impl Slots {
    pub(super) fn new(columns: usize, options: RelationOptions) -> Self {
        Self {
            options,
            columns,
            waiting: VecDeque::new(),
            last: None,
            slot_ms: 0,
            begin: Timestamp::default(),
            open: 0,
            sums: vec![0.0; columns],
            counts: vec![0; columns],
            held: vec![(f64::NAN, u8::MAX); columns],
            closed: VecDeque::new(),
            keep: usize::MAX,
            learning: true,
        }
    }

    pub(super) const fn columns(&self) -> usize {
        self.columns
    }

    pub(super) const fn slot_ms(&self) -> i64 {
        self.slot_ms
    }

    /// Takes a row that is later than the one before it.
    pub(super) fn take(&mut self, ts: Timestamp, row: &[f64]) {
        if self.last.is_some_and(|last| ts <= last) {
            return;
        }
        self.last = Some(ts);
        let row = (0..self.columns).map(|column| row.get(column).copied().unwrap_or(f64::NAN)).collect();
        self.waiting.push_back((ts, row));
        if self.slot_ms == 0 && self.waiting.len() >= ROWS_TO_PACE {
            self.pace();
        }
    }

    /// Closes the next slot that is complete; `false` when more rows are needed.
    pub(super) fn advance(&mut self) -> bool {
        if self.slot_ms == 0 {
            return false;
        }
        while let Some((ts, _)) = self.waiting.front() {
            let slot = self.number(*ts);
            if slot > self.open + GAP_MAX {
                self.leap(slot);
            } else if slot > self.open {
                self.close();
                return true;
            }
            if let Some((_, row)) = self.waiting.pop_front() {
                for (column, value) in row.into_iter().enumerate().filter(|(_, value)| value.is_finite()) {
                    self.sums[column] += value;
                    self.counts[column] += 1;
                }
            }
        }
        false
    }

    /// The learning window once it is complete.
    pub(super) fn window(&self) -> Option<Window<'_>> {
        let slots = |ms: i64| usize::try_from(ms / self.slot_ms).unwrap_or(0);
        let len = slots(self.options.skip_ms + self.options.learn_ms);
        (self.learning && self.closed.len() >= len.max(1)).then(|| Window {
            slots: &self.closed,
            skip: slots(self.options.skip_ms),
            delay_max: slots(self.options.delay_max_ms),
        })
    }

    /// Begins a new learning window.
    pub(super) fn restart(&mut self) {
        self.closed.clear();
    }

    /// Learning is over: keeps `reach` slots back, and the newest.
    pub(super) fn forget(&mut self, reach: usize) {
        self.learning = false;
        self.keep = reach + 1;
        while self.closed.len() > self.keep {
            self.closed.pop_front();
        }
    }

    /// The target (0) or a companion (1 and up) so many slots before the newest closed one; NaN when not measured.
    pub(super) fn back(&self, lag: usize, column: usize) -> f64 {
        let place = self.closed.len().checked_sub(lag + 1);
        place.map_or(f64::NAN, |place| self.closed[place][column])
    }

    fn number(&self, ts: Timestamp) -> i64 {
        // To the nearest slot, so that a sampler which jitters about its period still fills each once.
        (ts.millis() - self.begin.millis() + self.slot_ms / 2) / self.slot_ms
    }

    fn pace(&mut self) {
        let times = self.waiting.iter().map(|(ts, _)| ts.millis());
        let mut gaps: Vec<i64> = times.clone().zip(times.skip(1)).map(|(a, b)| b - a).collect();
        gaps.sort_unstable();
        let window_ms = self.options.skip_ms + self.options.learn_ms;
        let usual_ms = gaps.get(gaps.len() / 2).copied().unwrap_or(1);
        // Whole multiples of the usual distance, so that every slot averages as many rows.
        let usual_ms = usual_ms.max(1);
        self.slot_ms = usual_ms * (window_ms / usual_ms / SLOTS_MAX as i64 + 1);
        self.begin = self.waiting.front().map(|(ts, _)| *ts).unwrap_or_default();
    }

    fn leap(&mut self, slot: i64) {
        self.open = slot;
        self.sums.fill(0.0);
        self.counts.fill(0);
        self.held.fill((f64::NAN, u8::MAX));
        self.closed.clear();
    }

    fn close(&mut self) {
        let spare = if self.closed.len() >= self.keep { self.closed.pop_front() } else { None };
        let mut slot = spare.unwrap_or_else(|| vec![f64::NAN; self.columns]);
        let sums = self.sums.iter().zip(&self.counts);
        for (column, ((cell, held), (sum, count))) in slot.iter_mut().zip(&mut self.held).zip(sums).enumerate() {
            if *count > 0 {
                *held = (sum / f64::from(*count), 0);
            } else {
                held.1 = held.1.saturating_add(1);
            }
            // A target that is held would count one measurement twice.
            let hold = if column == 0 { 0 } else { HOLD_SLOTS };
            *cell = if held.1 <= hold { held.0 } else { f64::NAN };
        }
        self.closed.push_back(slot);
        self.sums.fill(0.0);
        self.counts.fill(0);
        self.open += 1;
    }
}
