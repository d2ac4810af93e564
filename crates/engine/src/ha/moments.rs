//! Suffix sums of whitened monomials: what a polynomial growth from any onset has in common with the data, in a few dozen
//! operations instead of one pass over the rows for each onset.
//!
//! A growth `(t - onset)^p` is a combination of `1, t, t², t³` with coefficients that depend on the onset only. The sums of
//! each monomial's whitened column over all rows from a place to the end are kept for every place. Whitening ties a row
//! to the one before it; for the first row of each track after an onset that one lies before the onset, where the growth
//! is zero and the polynomial is not, so these two rows are put right by hand.

use super::baseline::TERMS;
use super::linear::Vector;
use super::rows::Row;
use super::scan::Overlap;

/// Monomials up to the third power.
const POWERS: usize = 4;
/// Days that make the unit of time here, so that powers stay of one size.
const UNIT_DAYS: f64 = 30.0;
/// Binomial coefficients.
const BINOMIAL: [[f64; POWERS]; POWERS] =
    [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [1.0, 2.0, 1.0, 0.0], [1.0, 3.0, 3.0, 1.0]];

/// Sums from one row to the end.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    with_row: [Vector; POWERS],
    with_target: [f64; POWERS],
    with_each_other: [[f64; POWERS]; POWERS],
}

/// Suffix sums of a window's rows.
pub(crate) struct Moments {
    today: f64,
    /// One more than rows; the last is empty.
    from: Vec<Sums>,
    /// Place of the row before each one in its track; none at a track's start.
    before: Vec<Option<usize>>,
}

impl Moments {
    /// Sums up `rows`, which are in order of days.
    pub(crate) fn new(rows: &[Row], today: f64) -> Self {
        let mut last: [Option<usize>; 2] = [None, None];
        let before: Vec<Option<usize>> =
            rows.iter().enumerate().map(|(i, r)| last[r.track as usize].replace(i)).collect();
        let mut from = vec![Sums::default(); rows.len() + 1];
        for i in (0..rows.len()).rev() {
            let r = &rows[i];
            let (own, earlier) = (powers(r, today), before[i].map(|b| powers(&rows[b], today)));
            let white: [f64; POWERS] =
                std::array::from_fn(|k| (own[k] - r.carry * earlier.map_or(0.0, |e| e[k])) * r.scale);
            let mut sums = from[i + 1];
            for k in 0..POWERS {
                for (sum, x) in sums.with_row[k].iter_mut().zip(&r.row) {
                    *sum += white[k] * x;
                }
                sums.with_target[k] += white[k] * r.target;
                for j in 0..=k {
                    sums.with_each_other[k][j] += white[k] * white[j];
                }
            }
            from[i] = sums;
        }
        Self { today, from, before }
    }

    /// Overlap of the growths `age^p`, age in days, for p from 0 to 3.
    pub(crate) fn overlaps(&self, rows: &[Row], onset_day: f64) -> [Overlap; POWERS] {
        let start = rows.partition_point(|r| r.day <= onset_day);
        let sums = &self.from[start];
        let shift = (self.today - onset_day) / UNIT_DAYS;
        std::array::from_fn(|p| {
            let unit = UNIT_DAYS.powi(p as i32);
            let coefficient: [f64; POWERS] =
                std::array::from_fn(|k| if k > p { 0.0 } else { BINOMIAL[p][k] * shift.powi((p - k) as i32) * unit });
            let mut overlap = Overlap::default();
            for k in 0..=p {
                for i in 0..TERMS {
                    overlap.with_row[i] += coefficient[k] * sums.with_row[k][i];
                }
                overlap.with_target += coefficient[k] * sums.with_target[k];
                for j in 0..k {
                    overlap.with_self += 2.0 * coefficient[k] * coefficient[j] * sums.with_each_other[k][j];
                }
                overlap.with_self += coefficient[k] * coefficient[k] * sums.with_each_other[k][k];
            }
            self.mend_first_rows(rows, start, |day| (day - onset_day).powi(p as i32), &mut overlap);
            overlap
        })
    }

    /// The first row of each track after the onset has a predecessor before it, where there was no growth yet.
    fn mend_first_rows(&self, rows: &[Row], start: usize, polynomial: impl Fn(f64) -> f64, overlap: &mut Overlap) {
        let mut seen = [false; 2];
        for (r, before) in rows[start..].iter().zip(&self.before[start..]) {
            let track = r.track as usize;
            if std::mem::replace(&mut seen[track], true) {
                continue;
            }
            if let Some(b) = before {
                let missing = r.carry * r.scale * rows[*b].gain * polynomial(rows[*b].day);
                let value = r.gain * polynomial(r.day) * r.scale;
                let summed = value - missing;
                overlap.with_self += value * value - summed * summed;
                for (sum, x) in overlap.with_row.iter_mut().zip(&r.row) {
                    *sum += missing * x;
                }
                overlap.with_target += missing * r.target;
            }
            if seen == [true, true] {
                return;
            }
        }
    }
}

/// The row's gain times the powers of its time, before whitening.
fn powers(r: &Row, today: f64) -> [f64; POWERS] {
    let t = (r.day - today) / UNIT_DAYS;
    [r.gain, r.gain * t, r.gain * t * t, r.gain * t * t * t]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ha::rows::Track;

    /// Rows of both tracks with days that are missing.
    pub(crate) fn rows() -> Vec<Row> {
        let mut last = [None; 2];
        (0..50)
            .filter(|i| i % 7 != 3)
            .map(|i| {
                let track = if i % 3 == 0 { Track::Difference } else { Track::Level };
                let day = 100.5 + f64::from(i / 2);
                let before: Option<f64> = last[track as usize].replace(day);
                let carry = before.map_or(0.0, |before| f64::powf(0.6, day - before));
                let wave = f64::from(i).sin();
                Row {
                    row: std::array::from_fn(|k| wave * k as f64 + 0.3),
                    gain: 0.5 + 0.4 * wave,
                    target: 1.0 + wave,
                    day,
                    carry,
                    scale: (1.0 - carry * carry).max(0.05).sqrt().recip(),
                    track,
                }
            })
            .collect()
    }

    #[test]
    fn suffix_sums_agree_with_a_pass_over_the_rows() {
        let rows = rows();
        let moments = Moments::new(&rows, 126.0);
        for onset_day in [99.0, 104.0, 111.3, 122.0] {
            for (p, fast) in moments.overlaps(&rows, onset_day).iter().enumerate() {
                let slow = Overlap::of(&rows, onset_day, |age_days| age_days.powi(p as i32));
                assert!(fast.agrees(&slow), "{onset_day} p{p}: {fast:?} {slow:?}");
            }
        }
    }
}
