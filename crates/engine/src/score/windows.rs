//! Means over the last few, some and many values, each at O(1) a value, deaf to single outliers.

/// Values that are kept one by one.
const FINE: usize = 64;
/// Sums of [`FINE`] values that are kept.
const COARSE: usize = 16;
/// The long window, in values.
pub(super) const LONG: usize = FINE * COARSE;
/// A short window, in values.
const SHORT: usize = 8;

/// Means over 8, 64 and 1,024 values, each the median of three; `None` until there are as many.
///
/// A single outlier is a feature of its own. Here it would only make an alarm last as long as the longest window.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    before: [f32; 2],
    fine: [f32; FINE],
    coarse: [f32; COARSE],
    count: u64,
    short_sum: f64,
    fine_sum: f64,
    coarse_sum: f64,
}

impl Windows {
    pub(super) const fn new() -> Self {
        Self {
            before: [0.0; 2],
            fine: [0.0; FINE],
            coarse: [0.0; COARSE],
            count: 0,
            short_sum: 0.0,
            fine_sum: 0.0,
            coarse_sum: 0.0,
        }
    }

    pub(super) fn push(&mut self, value: f64) {
        let value = value as f32;
        let [last, older] = self.before;
        self.before = [value, last];
        let value = if self.count < 2 { value } else { median(value, last, older) };
        let at = (self.count % FINE as u64) as usize;
        let leaving = self.fine[(at + FINE - SHORT) % FINE];
        self.short_sum += f64::from(value) - f64::from(leaving);
        self.fine_sum += f64::from(value) - f64::from(self.fine[at]);
        self.fine[at] = value;
        self.count += 1;
        if at + 1 == FINE {
            self.close();
        }
    }

    fn close(&mut self) {
        // From scratch, so that roundings do not add up.
        self.fine_sum = self.fine.iter().map(|value| f64::from(*value)).sum();
        self.short_sum = self.fine[FINE - SHORT..].iter().map(|value| f64::from(*value)).sum();
        let slot = ((self.count / FINE as u64 - 1) % COARSE as u64) as usize;
        self.coarse[slot] = self.fine_sum as f32;
        self.coarse_sum = self.coarse.iter().map(|sum| f64::from(*sum)).sum();
    }

    pub(super) fn short(&self) -> Option<f64> {
        (self.count >= SHORT as u64).then_some(self.short_sum / SHORT as f64)
    }

    pub(super) fn middle(&self) -> Option<f64> {
        (self.count >= FINE as u64).then_some(self.fine_sum / FINE as f64)
    }

    pub(super) fn long(&self) -> Option<f64> {
        (self.count >= LONG as u64).then_some(self.coarse_sum / LONG as f64)
    }
}

const fn median(a: f32, b: f32, c: f32) -> f32 {
    a.max(b).min(a.min(b).max(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_those_of_a_recount() {
        let value = |n: usize| (n * n % 97) as f32;
        let mut windows = Windows::new();
        let mut filtered = Vec::new();
        for n in 0..3_000 {
            windows.push(f64::from(value(n)));
            filtered.push(if n < 2 { value(n) } else { median(value(n), value(n - 1), value(n - 2)) });
            let mean = |count: usize, end: usize| {
                filtered[end - count..end].iter().map(|v| f64::from(*v)).sum::<f64>() / count as f64
            };
            let end = filtered.len();
            let close = |got: Option<f64>, count: usize, end: usize| match got {
                Some(got) => assert!((got - mean(count, end)).abs() < 1e-3, "{n} {count}: {got}"),
                None => assert!(end < count, "{n} {count}"),
            };
            close(windows.short(), SHORT, end);
            close(windows.middle(), FINE, end);
            close(windows.long(), LONG, end / FINE * FINE);
        }
    }

    #[test]
    fn one_outlier_is_not_heard() {
        let mut windows = Windows::new();
        for n in 0..200 {
            windows.push(if n == 150 { 1e9 } else { 1.0 });
        }
        assert_eq!((windows.short(), windows.middle(), windows.long()), (Some(1.0), Some(1.0), None));
    }
}
