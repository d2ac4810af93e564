//! From values to places: linear scales, round ticks, calendar ticks.

use foretell_model::{MINUTE_MS, Timestamp};

use crate::civil;

/// The rectangle that data are drawn in, and the values at its edges.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plot {
    /// Left, top, right and bottom edge in drawing units.
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
    /// Values at the left and the right edge.
    pub(super) x: (f64, f64),
    /// Values at the bottom and the top edge.
    pub(super) y: (f64, f64),
}

impl Plot {
    /// Where a value lies between left and right.
    pub(super) fn x(&self, value: f64) -> f64 {
        self.left + share(value, self.x) * (self.right - self.left)
    }

    /// Where a value lies between bottom and top.
    pub(super) fn y(&self, value: f64) -> f64 {
        self.bottom - share(value, self.y) * (self.bottom - self.top)
    }

    /// A point of the drawing.
    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x(x), self.y(y))
    }

    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

fn share(value: f64, (low, high): (f64, f64)) -> f64 {
    if high > low { (value - low) / (high - low) } else { 0.5 }
}

/// Smallest and largest of the finite values.
pub(super) fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|v| v.is_finite()).fold(None, |range, v| match range {
        None => Some((v, v)),
        Some((low, high)) => Some((low.min(v), high.max(v))),
    })
}

/// Round values inside a range, at most about `count`.
pub(super) fn ticks((low, high): (f64, f64), count: f64) -> Vec<f64> {
    let span = high - low;
    if !(span > 0.0 && span.is_finite()) {
        return Vec::new();
    }
    let rough = span / count.max(1.0);
    let magnitude = 10_f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|m| m * magnitude).into_iter().find(|s| *s >= rough).unwrap_or(10.0 * magnitude);
    let first = (low / step).ceil() as i64;
    let last = (high / step).floor() as i64;
    (first..=last).map(|n| n as f64 * step).collect()
}

/// Days worth a label between two days: Mondays or the first of months, every n-th so that at most `count` remain.
pub(super) fn calendar_ticks((first, last): (i64, i64), count: usize) -> Vec<i64> {
    let by_month = last - first > 75;
    let all: Vec<i64> = (first..=last)
        .filter(|day| if by_month { civil::day_of_month(*day) == 1 } else { (day + 3).rem_euclid(7) == 0 })
        .collect();
    let every = all.len().div_ceil(count.max(1)).max(1);
    all.into_iter().step_by(every).collect()
}

/// Steps of a clock that are worth a label, minutes.
const CLOCK_STEPS_MIN: [i64; 16] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 7_200, 14_400, 43_200];

/// Instants at round steps between two, ms since 1970, at most about `count`.
pub(super) fn clock_ticks((from, to): (i64, i64), count: usize) -> impl Iterator<Item = Timestamp> {
    let fits = |step_min: &i64| (to - from) / (step_min * MINUTE_MS) <= count as i64;
    let step_ms = CLOCK_STEPS_MIN.into_iter().find(fits).unwrap_or(43_200) * MINUTE_MS;
    let first = from.div_euclid(step_ms) + i64::from(from.rem_euclid(step_ms) > 0);
    (first..).map(move |n| Timestamp::from_millis(n * step_ms)).take_while(move |at| at.millis() < to).take(200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks((71.3, 108.9), 5.0), [80.0, 90.0, 100.0]);
        assert_eq!(ticks((0.0, 1.0), 5.0), [0.0, 0.2, 0.4, 0.600_000_000_000_000_1, 0.8, 1.0]);
        assert_eq!(ticks((5.0, 5.0), 5.0), Vec::<f64>::new());
        assert_eq!(ticks((f64::NAN, 5.0), 5.0), Vec::<f64>::new());
    }

    #[test]
    fn nothing_divides_by_nothing() {
        let plot = Plot { left: 0.0, top: 0.0, right: 100.0, bottom: 50.0, x: (3.0, 3.0), y: (0.0, 10.0) };
        assert_eq!(plot.at(3.0, 10.0), (50.0, 0.0));
        assert_eq!(
            (extent([f64::NAN].into_iter()), extent([2.0, f64::NAN, 1.0].into_iter())),
            (None, Some((1.0, 2.0)))
        );
    }
}
