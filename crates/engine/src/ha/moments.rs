//! What an excess that grows has in common with the data, gathered by day, and sums of that for polynomial growths from any onset.
//!
//! Whitening ties a row to the one before it in its track, so a growth enters a row with its heights on two days. Gathered by the
//! day of the height instead, an overlap is a sum over days of the height there times what the day's own rows and the next ones
//! make of it. Nothing in it depends on the onset, days before which drop out because the growth is nil there.
//!
//! A growth `(t - onset)^p` is a combination of `1, t, t², t³` with coefficients that depend on the onset only. The sums of
//! each monomial over all days from an onset to the end grow as onsets go back in time, so one pass over the days, the newest
//! first, serves all of them.

use super::baseline::TERMS;
use super::linear::{Cholesky, Vector};
use super::rows::Row;
use super::scan::Overlap;

/// Monomials up to the third power.
const POWERS: usize = 4;
/// Days that make the unit of time here, so that powers stay of one size.
const UNIT_DAYS: f64 = 30.0;
/// Binomial coefficients.
const BINOMIAL: [[f64; POWERS]; POWERS] =
    [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [1.0, 2.0, 1.0, 0.0], [1.0, 3.0, 3.0, 1.0]];

/// What a growth of one on a single day has in common with the rest of the normal equations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GrowthDay {
    /// Middle of the day, as a day number.
    pub(crate) day: f64,
    /// Turned so that the shared part of the normal equations is the identity.
    pub(crate) with_row: Vector,
    pub(crate) with_target: f64,
    pub(crate) with_self: f64,
    /// The day of each track's next row, by its place among the days, and the overlap with a growth of one there, both ways.
    pub(crate) with_next: [(usize, f64); 2],
}

impl GrowthDay {
    fn add(&mut self, weight: f64, r: &Row) {
        self.with_row.iter_mut().zip(&r.row).for_each(|(sum, x)| *sum += weight * x);
        self.with_target += weight * r.target;
        self.with_self += weight * weight;
    }

    /// What the heights of some growths on this day are multiplied by in the overlap of each with itself; `on` tells the heights on
    /// the day at a place.
    pub(crate) fn pairs<'a, const N: usize>(&self, own: &[f64; N], on: impl Fn(usize) -> &'a [f64; N]) -> [f64; N] {
        let mut pairs = own.map(|height| self.with_self * height);
        for (next, factor) in self.with_next.into_iter().filter(|(_, factor)| *factor != 0.0) {
            pairs.iter_mut().zip(on(next)).for_each(|(sum, height)| *sum += factor * height);
        }
        pairs
    }
}

/// Gathers `rows`, which are in order of days and at most one of each track a day; `factor` is that of the shared part of the normal equations.
pub(crate) fn by_day(rows: &[Row], factor: &Cholesky) -> Vec<GrowthDay> {
    let mut days: Vec<GrowthDay> = Vec::with_capacity(rows.len());
    // Place and gain of the last row of each track.
    let mut last: [Option<(usize, f64)>; 2] = [None; 2];
    for r in rows {
        if days.last().is_none_or(|newest| newest.day < r.day) {
            let with_next = [(days.len(), 0.0); 2];
            days.push(GrowthDay { day: r.day, with_row: [0.0; TERMS], with_target: 0.0, with_self: 0.0, with_next });
        }
        let (place, weight, track) = (days.len() - 1, r.gain * r.scale, r.track as usize);
        days[place].add(weight, r);
        if let Some((before, gain)) = last[track].replace((place, r.gain)) {
            let carried = -r.carry * gain * r.scale;
            days[before].add(carried, r);
            days[before].with_next[track] = (place, 2.0 * weight * carried);
        }
    }
    for day in &mut days {
        day.with_row = factor.half_solve(&day.with_row);
        // Both tracks go on with the same day but where a point is missing.
        let [(next, one), (other, two)] = day.with_next;
        if next == other {
            day.with_next = [(next, one + two), (next, 0.0)];
        }
    }
    days
}

/// Sums of monomials over the days from an onset to the end.
pub(crate) struct Moments<'a> {
    days: &'a [GrowthDay],
    /// Powers of each day's time.
    powers: Vec<[f64; POWERS]>,
    today: f64,
    /// The first day that is in the sums.
    from: usize,
    with_row: [Vector; POWERS],
    with_target: [f64; POWERS],
    with_each_other: [[f64; POWERS]; POWERS],
}

impl<'a> Moments<'a> {
    /// Sums of no days yet.
    pub(crate) fn new(days: &'a [GrowthDay], today: f64) -> Self {
        Self {
            days,
            powers: days.iter().map(|d| powers((d.day - today) / UNIT_DAYS)).collect(),
            today,
            from: days.len(),
            with_row: [[0.0; TERMS]; POWERS],
            with_target: [0.0; POWERS],
            with_each_other: [[0.0; POWERS]; POWERS],
        }
    }

    /// Overlap of the growths `age^p`, age in days, for p from 0 to 3. Onsets are asked for from the newest to the oldest.
    pub(crate) fn overlaps(&mut self, onset_day: f64) -> [Overlap; POWERS] {
        while self.from > 0 && self.days[self.from - 1].day > onset_day {
            self.from -= 1;
            self.add(self.from);
        }
        let shifts = powers((self.today - onset_day) / UNIT_DAYS);
        std::array::from_fn(|p| {
            let unit = UNIT_DAYS.powi(p as i32);
            let coefficient: [f64; POWERS] =
                std::array::from_fn(|k| if k > p { 0.0 } else { BINOMIAL[p][k] * shifts[p - k] * unit });
            let mut overlap = Overlap::default();
            for k in 0..=p {
                let sums = overlap.with_row.iter_mut().zip(&self.with_row[k]);
                sums.for_each(|(sum, of_monomial)| *sum += coefficient[k] * of_monomial);
                overlap.with_target += coefficient[k] * self.with_target[k];
                for j in 0..=p {
                    overlap.with_self += coefficient[k] * coefficient[j] * self.with_each_other[k][j];
                }
            }
            overlap
        })
    }

    fn add(&mut self, place: usize) {
        let (day, own) = (&self.days[place], &self.powers[place]);
        for ((sums, target), power) in self.with_row.iter_mut().zip(&mut self.with_target).zip(own) {
            sums.iter_mut().zip(&day.with_row).for_each(|(sum, x)| *sum += power * x);
            *target += power * day.with_target;
        }
        let pairs = day.pairs(own, |next| &self.powers[next]);
        for (sums, power) in self.with_each_other.iter_mut().zip(own) {
            sums.iter_mut().zip(&pairs).for_each(|(sum, pair)| *sum += power * pair);
        }
    }
}

/// The powers of a time.
fn powers(t: f64) -> [f64; POWERS] {
    [1.0, t, t * t, t * t * t]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ha::rows::Track;

    /// Rows of both tracks, at most one of each a day, some of them missing.
    pub(crate) fn rows() -> Vec<Row> {
        let mut last = [None; 2];
        (0..50)
            .filter(|i| i % 7 != 3)
            .map(|i| {
                let track = if i % 2 == 1 { Track::Difference } else { Track::Level };
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

    /// A factor that turns nothing.
    pub(crate) fn unturned() -> Cholesky {
        Cholesky::new(&std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j)))))
    }

    #[test]
    fn suffix_sums_agree_with_a_pass_over_the_rows() {
        let rows = rows();
        let days = by_day(&rows, &unturned());
        let mut moments = Moments::new(&days, 126.0);
        for onset_day in [122.0, 111.3, 104.0, 99.0] {
            for (p, fast) in moments.overlaps(onset_day).iter().enumerate() {
                let slow = Overlap::of(&rows, onset_day, |age_days| age_days.powi(p as i32));
                assert!(fast.agrees(&slow), "{onset_day} p{p}: {fast:?} {slow:?}");
            }
        }
    }
}
