//! Weather as a first-order process: what is seen of some days, made into what is known of all of them.
//!
//! A Kalman filter forwards and the Rauch-Tung-Striebel smoother backwards (Rauch, Tung and Striebel 1965), in one dimension.

use crate::sd::day::Day;

/// How the air wanders about its season.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    /// Standard deviation of a day, K.
    pub(super) sd_k: f64,
    /// Share of what is odd about a day that the next one keeps, 0 to 1.
    pub(super) keeps: f64,
}

/// A normal belief, K and K^2.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Belief {
    pub(super) mean: f64,
    pub(super) var: f64,
}

/// One day of the filter.
#[derive(Clone, Copy, Debug)]
struct Filtered {
    /// Before and after the day itself was looked at.
    before: Belief,
    after: Belief,
    /// Share that it kept of the day before it.
    kept: f64,
}

/// How far each day is off its season, K, by all days (in order) together. Of each day is given what is seen of it and the
/// variance of that, K and K^2.
pub(super) fn smooth(days: &[(Day, Option<(f64, f64)>)], weather: Weather) -> Vec<Belief> {
    let usual = weather.sd_k.powi(2);
    let mut filtered: Vec<Filtered> = Vec::with_capacity(days.len());
    let mut last: Option<(Day, Belief)> = None;
    for &(day, seen) in days {
        let kept = last.map_or(0.0, |(before, _)| weather.keeps.powi(i32::from(day.saturating_sub(before))));
        let known = last.map_or(Belief { mean: 0.0, var: usual }, |(_, belief)| belief);
        let before = Belief { mean: kept * known.mean, var: kept * kept * known.var + usual * (1.0 - kept * kept) };
        let after = seen.map_or(before, |(k, var)| {
            let gain = before.var / (before.var + var);
            Belief { mean: before.mean + gain * (k - before.mean), var: (1.0 - gain) * before.var }
        });
        filtered.push(Filtered { before, after, kept });
        last = Some((day, after));
    }
    let mut smoothed = vec![Belief::default(); days.len()];
    let mut next: Option<(Filtered, Belief)> = None;
    for (place, day) in filtered.iter().enumerate().rev() {
        smoothed[place] = next.map_or(day.after, |(next, known)| {
            let gain = day.after.var * next.kept / next.before.var.max(f64::MIN_POSITIVE);
            let mean = day.after.mean + gain * (known.mean - next.before.mean);
            Belief { mean, var: day.after.var + gain * gain * (known.var - next.before.var) }
        });
        next = Some((*day, smoothed[place]));
    }
    smoothed
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEATHER: Weather = Weather { sd_k: 2.0, keeps: 0.7 };

    fn check(days: &[(Day, Option<(f64, f64)>)], place: usize, between: (f64, f64)) {
        let k = smooth(days, WEATHER)[place].mean;
        assert!((between.0..=between.1).contains(&k), "{days:?}: {k} on the day at {place}");
    }

    #[test]
    fn days_tell_of_the_days_beside_them() {
        // Alone, a reading as unsure as the weather counts for half.
        check(&[(7, Some((3.0, 4.0)))], 0, (1.49, 1.51));
        // Days before and after that say the same bear it out.
        check(&[(6, Some((3.0, 4.0))), (7, Some((3.0, 4.0))), (8, Some((3.0, 4.0)))], 1, (2.0, 2.6));
        // One that is seen by nobody lies between, and one long after knows nothing.
        check(&[(6, Some((3.0, 0.1))), (7, None), (8, Some((3.0, 0.1)))], 1, (2.5, 3.0));
        check(&[(6, Some((3.0, 0.1))), (40, None)], 1, (-0.01, 0.01));
    }

    #[test]
    fn what_is_seen_of_days_beside_makes_a_day_surer() {
        let var = |days: &[(Day, Option<(f64, f64)>)], place: usize| smooth(days, WEATHER)[place].var;
        let alone = var(&[(7, Some((3.0, 4.0)))], 0);
        assert!((alone - 2.0).abs() < 1e-9, "{alone}");
        let between = var(&[(6, Some((3.0, 4.0))), (7, Some((3.0, 4.0))), (8, Some((3.0, 4.0)))], 1);
        assert!((1.0..1.8).contains(&between), "{between}");
        let unseen = var(&[(6, Some((3.0, 0.1))), (7, None), (8, Some((3.0, 0.1)))], 1);
        assert!((1.0..2.0).contains(&unseen), "{unseen}");
        assert!((var(&[(6, Some((3.0, 0.1))), (60, None)], 1) - 4.0).abs() < 1e-6);
    }
}
