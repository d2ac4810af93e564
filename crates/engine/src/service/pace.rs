//! How many hours a machine runs per day, from its own weeks, and when it will therefore have run so many more.
//!
//! The counter's own weekly steps are kept, because they hold through gaps in the readings. What is unsure: how weeks
//! differ, how well their mean is known, seasons and orders that shift it, and weeks in which the plant is closed.

use serde::{Deserialize, Serialize};

use crate::ha::scan::normal_cdf;
use crate::sd::day::Day;

/// Weeks kept.
const WEEKS: usize = 16;
/// Weeks before the own spread is believed alone.
const PRIOR_WEEKS: f64 = 3.0;
/// Spread between a machine's weeks before it is known, as a share of their mean.
const PRIOR_SPREAD: f64 = 0.12;
/// How far season and orders may shift the mean of the coming months, as a share of it.
const LEVEL_SPREAD: f64 = 0.06;
/// A week with less than this share of the usual hours was one of closure.
const CLOSED_SHARE: f64 = 0.4;
/// Two such weeks in a year are usual; that much is assumed for half a year before the own are counted.
const PRIOR_CLOSED: f64 = 1.0;
const PRIOR_CLOSED_WEEKS: f64 = 26.0;
/// More of them are not told apart.
const CLOSED_WEEKS_MAX: u32 = 6;
/// No date is sought beyond.
const LONGEST_DAYS: f64 = 2_000.0;

/// Running hours of the last weeks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pace {
    /// Newest first, h; beyond `known` nothing.
    weeks: [u8; WEEKS],
    known: u8,
    /// The open week, counted in weeks since 2000; 0 before the first.
    week: u16,
    /// Our own count at its beginning, h; below nought while the first, partial week runs.
    from_h: f32,
}

/// What is expected of the coming days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Expected {
    /// Running hours of an ordinary day (a seventh of an ordinary week), h.
    pub(crate) per_day_h: f64,
    /// Sd of that between weeks, h.
    week_sd_h: f64,
    /// Sd of its mean over the coming months, h.
    level_sd_h: f64,
    /// Weeks of closure per week.
    closed: f64,
}

impl Pace {
    /// Takes our own hour count at the end of a day.
    pub(crate) fn close_day(&mut self, today: Day, counted_h: f64) {
        let week = today / 7;
        if week <= self.week {
            return;
        }
        if self.week == 0 || self.from_h < 0.0 {
            // The first week is seen in part only.
            (self.from_h, self.week) = (if self.week == 0 { -1.0 } else { counted_h as f32 }, week);
            return;
        }
        let passed = usize::from(week - self.week).min(WEEKS);
        // Nobody knows how hours fell within a gap of weeks: evenly is the fairest guess.
        let each_h = (counted_h - f64::from(self.from_h)) / f64::from(week - self.week);
        self.weeks.rotate_right(passed);
        self.weeks[..passed].fill(each_h.round().clamp(0.0, 168.0) as u8);
        self.known = (usize::from(self.known) + passed).min(WEEKS) as u8;
        (self.week, self.from_h) = (week, counted_h as f32);
    }

    /// What the coming days will bring; `recent_h_per_day` stands in before two weeks are known.
    pub(crate) fn expected(&self, recent_h_per_day: f64) -> Expected {
        let known = &self.weeks[..usize::from(self.known)];
        let mut sorted: Vec<f64> = known.iter().map(|&h| f64::from(h)).collect();
        sorted.sort_by(f64::total_cmp);
        let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
        let open: Vec<f64> = sorted.iter().copied().filter(|h| *h >= CLOSED_SHARE * usual).collect();
        let closed_weeks = (sorted.len() - open.len()) as f64;
        let closed = (closed_weeks + PRIOR_CLOSED) / (sorted.len() as f64 + PRIOR_CLOSED_WEEKS);
        if open.len() < 2 {
            let per_day_h = recent_h_per_day;
            return Expected { per_day_h, week_sd_h: 0.2 * per_day_h, level_sd_h: 0.2 * per_day_h, closed };
        }
        let n = open.len() as f64;
        let mean_h = open.iter().sum::<f64>() / n;
        let square: f64 = open.iter().map(|h| (h - mean_h).powi(2)).sum();
        let prior_h = PRIOR_SPREAD * mean_h;
        let sd_h = ((square + PRIOR_WEEKS * prior_h * prior_h) / (n - 1.0 + PRIOR_WEEKS)).sqrt();
        Expected {
            per_day_h: mean_h / 7.0,
            week_sd_h: sd_h / 7.0,
            level_sd_h: (sd_h / n.sqrt()).hypot(LEVEL_SPREAD * mean_h) / 7.0,
            closed,
        }
    }
}

impl Expected {
    /// Days until so many more hours are run, at 10, 50 and 90 %; noughts when none are left.
    pub(crate) fn days_until(&self, left_h: f64) -> [f64; 3] {
        if left_h <= 0.0 {
            return [0.0; 3];
        }
        [0.1, 0.5, 0.9].map(|share| {
            let (mut low, mut high) = (0.0, LONGEST_DAYS);
            for _ in 0..40 {
                let middle = 0.5 * (low + high);
                if self.reached(middle, left_h) < share { low = middle } else { high = middle }
            }
            high
        })
    }

    /// Whether the median of [`Self::days_until`] lies beyond so many days; costs a hundredth of it.
    pub(crate) fn is_beyond(&self, days: f64, left_h: f64) -> bool {
        left_h > 0.0 && self.reached(days, left_h) < 0.5
    }

    /// Chance that so many hours are run within so many days. Weeks of closure come as a Poisson process and take their
    /// days out of the count.
    fn reached(&self, days: f64, left_h: f64) -> f64 {
        let mean_closed = self.closed * days / 7.0;
        let (mut chance, mut others, mut reached) = ((-mean_closed).exp(), 1.0, 0.0);
        for weeks in 0..CLOSED_WEEKS_MAX {
            // The last stands for all longer ones.
            let share = if weeks + 1 == CLOSED_WEEKS_MAX { others } else { chance };
            reached += share * self.reached_open(days - 7.0 * f64::from(weeks), left_h);
            others -= chance;
            chance *= mean_closed / f64::from(weeks + 1);
        }
        reached
    }

    /// The same with every week an ordinary one.
    fn reached_open(&self, days: f64, left_h: f64) -> f64 {
        let days = days.max(0.0);
        // A machine that runs around the clock cannot run more; one that never ran may begin to.
        let per_day_h = self.per_day_h.clamp(0.1, 24.0);
        let sd_h = ((7.0 * days).sqrt() * self.week_sd_h + 1.0).hypot(days * self.level_sd_h);
        normal_cdf((per_day_h * days - left_h) / sd_h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repeatable number between 0 and 1.
    fn noise(seed: u64) -> f64 {
        let mut z = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Hours of day `day` of plant `plant`: shifts of its own, weeks that differ, a level that wanders, closures.
    fn hours(plant: u64, day: u64) -> f64 {
        let base_h = [9.0, 14.0, 20.0, 24.0][(plant % 4) as usize];
        let week = day / 7;
        let busy = 1.0 + 0.10 * (noise(plant * 7919 + week * 31 + 5) - 0.5) * 2.0;
        let level = 1.0 + 0.10 * (std::f64::consts::TAU * (day as f64 / 365.0 + noise(plant * 13))).sin();
        let weekend = plant.is_multiple_of(3) && day % 7 >= 5;
        let closed = noise(plant * 104_729 + week * 97) < 0.03;
        if weekend || closed { 0.0 } else { (base_h * busy * level).min(24.0) }
    }

    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let (mut held, mut asked, mut early, mut width) = (0.0, 0.0, 0.0, 0.0);
        for plant in 0..400_u64 {
            let (mut pace, mut counted_h) = (Pace::default(), 0.0);
            for day in 0..100 {
                counted_h += hours(plant, day);
                pace.close_day(9000 + day as Day + 1, counted_h);
            }
            let expected = pace.expected(0.0);
            for left_h in [100.0, 250.0, 500.0] {
                let [p10, _, p90] = expected.days_until(left_h);
                let mut run_h = 0.0;
                let truth = (100..1000)
                    .find(|day| {
                        run_h += hours(plant, *day);
                        run_h >= left_h
                    })
                    .unwrap_or(1000)
                    - 99;
                asked += 1.0;
                held += f64::from(u8::from(p10 - 0.5 <= truth as f64 && truth as f64 <= p90 + 0.5));
                early += f64::from(u8::from((truth as f64) < p10 - 0.5));
                width += (p90 - p10) / truth as f64;
            }
        }
        let (held, early, width) = (held / asked, early / asked, width / asked);
        assert!((0.72..=0.95).contains(&held), "held {held:.3}, too early {early:.3}, width {width:.2}");
        assert!(early < 0.15 && width < 0.6, "held {held:.3}, too early {early:.3}, width {width:.2}");
    }

    #[test]
    fn quantiles_are_in_order_and_nothing_left_is_now() {
        let expected = Pace::default().expected(16.0);
        let [p10, p50, p90] = expected.days_until(320.0);
        assert!(p10 < p50 && p50 < p90 && (17.0..24.0).contains(&p50), "{p10} {p50} {p90}");
        assert_eq!(expected.days_until(-5.0), [0.0; 3]);
        for left_h in [-5.0, 0.5, 200.0, 400.0, 440.0, 450.0, 460.0, 500.0, 9_000.0] {
            for days in [1.0, 14.0, 28.0, 90.0] {
                assert_eq!(
                    expected.is_beyond(days, left_h),
                    expected.days_until(left_h)[1] > days,
                    "{left_h} h, {days} d"
                );
            }
        }
    }
}
