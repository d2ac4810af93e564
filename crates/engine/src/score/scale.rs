//! A signal's own zero and unit, so that every number below is of about the same size, whatever the signal measures.

/// Values that the unit is taken from.
const VALUES: u32 = 32;

/// Larger values are cut: their squares must fit single precision.
const LARGEST: f64 = 1e15;

/// Zero and unit, fixed once the first values have been seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    origin: f64,
    low: f64,
    high: f64,
    count: u32,
}

impl Scale {
    pub(super) const fn new() -> Self {
        Self { origin: 0.0, low: f64::INFINITY, high: f64::NEG_INFINITY, count: 0 }
    }

    /// The value from the signal's own zero in its own unit; `None` among the first values.
    pub(super) fn apply(&mut self, value: f64) -> Option<f64> {
        let value = value.clamp(-LARGEST, LARGEST);
        if self.count < VALUES {
            if self.count == 0 {
                self.origin = value;
            }
            (self.low, self.high, self.count) = (self.low.min(value), self.high.max(value), self.count + 1);
            return None;
        }
        let range = self.high - self.low;
        // Of a signal that stands still nothing is known but its size.
        let unit = if range > 0.0 { range / 4.0 } else { (self.origin.abs() * 1e-3).max(1e-6) };
        Some(((value - self.origin) / unit).clamp(-LARGEST, LARGEST))
    }
}
