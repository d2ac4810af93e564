//! A room's mornings, read off the machines that rest in it: what holds an air that was read off running machines.
//!
//! A machine that has stood long enough is a thermometer that no dirt can mislead; only how far the hot hours lie above the
//! morning differs from day to day. Running siblings tell days apart far better, but those that clog together pass for
//! weather. So the days are theirs, and where their weeks leave the mornings behind by more than weeks of weather would, the
//! weeks are the mornings'.

use super::air::Sibling;
use super::points::median;
use crate::sd::day::{Day, DayRecord};

/// Days on which both must be known.
const DAYS: usize = 10;
/// Mornings that a machine must have shown to be a thermometer.
const MORNINGS: f64 = 5.0;
/// Days to either side that make a week of it, and how many of them must be known.
const WEEK_DAYS: Day = 5;
const KNOWN: usize = 3;
/// Sunny weeks and dull ones differ by this much in how far the hot hours lie above the morning, K.
const SWING_K: f64 = 3.0;

/// Holds an air in degC that was read off running machines, day by day, against the [`mornings`] of the site.
pub(super) fn hold(air_c: &mut [Option<f64>], days: &[DayRecord], mornings_k: &[Option<f64>]) {
    let apart: Vec<(Day, f64)> = days
        .iter()
        .zip(air_c.iter().zip(mornings_k))
        .filter_map(|(d, (air_c, morning_k))| Some((d.day, (*air_c)? - (*morning_k)?)))
        .collect();
    let usual = median(&mut apart.iter().map(|(_, k)| *k).collect::<Vec<_>>());
    let Some(usual_k) = usual.filter(|_| apart.len() >= DAYS) else { return };
    for (d, air_c) in days.iter().zip(air_c) {
        let week = &apart[apart.partition_point(|(day, _)| day + WEEK_DAYS < d.day)..];
        let week = &week[..week.partition_point(|(day, _)| *day <= d.day + WEEK_DAYS)];
        if week.len() < KNOWN {
            continue;
        }
        let left_k = week.iter().map(|(_, k)| k).sum::<f64>() / week.len() as f64 - usual_k;
        if let Some(air_c) = air_c {
            *air_c -= left_k - left_k.clamp(-SWING_K, SWING_K);
        }
    }
}

/// Each day's morning about what is usual on its site, K: every machine about its own mean, so that one that rests on some
/// days only makes no steps.
pub(super) fn mornings(days: &[DayRecord], today: Day, siblings: &[Sibling<'_>]) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0.0); days.len()];
    let mut add = |soaks: Vec<Option<f64>>| {
        let (sum, n) = soaks.iter().flatten().fold((0.0, 0.0), |(sum, n), c| (sum + c, n + 1.0));
        if n >= MORNINGS {
            for (total, c) in sums.iter_mut().zip(soaks) {
                *total = c.map_or(*total, |c| (total.0 + c - sum / n, total.1 + 1.0));
            }
        }
    };
    add(days.iter().map(DayRecord::soak_c).collect());
    for sibling in siblings {
        let of = |day: Day| {
            let place = sibling.days.binary_search_by_key(&day, |d| d.day).ok().filter(|_| day < today)?;
            sibling.days[place].soak_c()
        };
        add(days.iter().map(|d| of(d.day)).collect());
    }
    sums.into_iter().map(|(sum, n)| (n > 0.0).then(|| sum / n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sd::day::Point;

    /// Sixty days of a machine that rests at night in a room with some weather; the air that running siblings tell has
    /// `clogged_k` too much by the end, and `swing_k` more than usual in the last days. How far off the held air then is, K.
    fn check(rests: bool, clogged_k: f64, swing_k: f64, between: (f64, f64)) {
        let weather_k = |day: Day| f64::from(day * 7 % 11) / 2.0 - 2.5;
        let days: Vec<DayRecord> = (0..60)
            .map(|day| {
                let hot = Point::new(85.0, None, 100.0, None);
                DayRecord::new(day, hot, Point::default(), None, rests.then(|| 20.0 + weather_k(day)))
            })
            .collect();
        let true_c = |day: Day| 28.0 + weather_k(day) + if day >= 50 { swing_k } else { 0.0 };
        let told_c = |day: Day| true_c(day) + clogged_k * f64::from(day.saturating_sub(35)) / 24.0;
        let mut air_c: Vec<Option<f64>> = (0..60).map(|day| Some(told_c(day))).collect();
        hold(&mut air_c, &days, &mornings(&days, 60, &[]));
        let off_k = air_c[59].expect("every day has an air") - true_c(59);
        assert!((between.0..=between.1).contains(&off_k), "{rests} {clogged_k} {swing_k}: {off_k:.2}");
    }

    #[test]
    fn mornings_hold_an_air_that_clogging_siblings_would_carry_off() {
        check(true, 9.0, 0.0, (2.5, 5.0));
        check(false, 9.0, 0.0, (9.0, 9.0));
    }

    #[test]
    fn what_weather_does_to_the_hours_after_a_morning_is_left_alone() {
        check(true, 0.0, 0.0, (-0.01, 0.01));
        check(true, 0.0, 2.5, (-0.01, 0.01));
    }
}
