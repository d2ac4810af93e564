//! Whether what makes a machine seem hot is there when it is cold.
//!
//! A machine that has stopped for a night comes to the temperature of its room. A fault of the cooling circuit leaves that as
//! it was; a sensor that reads too high goes on doing so. Where the air is measured, or enough siblings are cold beside it, the
//! sensors' own checks compare the two ([`log_ratio_of`]). Elsewhere a cold stop is held against the same night's stops of a
//! sibling or, of a machine that is alone, against what its cold stops were before, with the season and the weather in doubt
//! ([`log_ratio`]).

use super::room::{Said, weigh_course};
use super::trend::Trend;
use crate::sd::day::Day;

/// A value with its error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uncertain {
    pub(crate) k: f64,
    pub(crate) sd_k: f64,
}

/// What the model of errors leaves out of a comparison at a cold machine, K: the iron lags behind its room.
const LAG_SD_K: f64 = 0.9;
/// No comparison says more than this, either way.
const MOST: f64 = 8.0;
/// Days looked at.
const WINDOW_DAYS: Day = 60;
/// A cold stop no older than this says something of now, days.
const FRESH_DAYS: Day = 8;
/// Share of the present excess up to which a day counts as before, and from which as since.
const BEFORE_SHARE: f64 = 0.15;
const SINCE_SHARE: f64 = 0.4;
/// Cold stops that are needed of either.
const BEFORE: usize = 5;
const SINCE: usize = 2;
/// How two cold machines of a room differ from night to night: sd, K, and persistence.
const BESIDE: (f64, f64) = (1.6, 0.5);
/// How the cold stops of one machine differ from their season.
const ALONE: (f64, f64) = (2.8, 0.7);
/// The weather is not as tame as that, so it proves less.
const TRUST: f64 = 0.7;

/// Log likelihood ratio that a cold machine's departure from its usual is the excess, against nothing.
pub(crate) fn log_ratio_of(departure: Uncertain, excess: Uncertain) -> f64 {
    let var = departure.sd_k.powi(2) + LAG_SD_K.powi(2);
    let drifted = var + excess.sd_k.powi(2);
    let fits = |off_k: f64, var: f64| -0.5 * (off_k * off_k / var + var.ln());
    (fits(departure.k - excess.k, drifted) - fits(departure.k, var)).clamp(-MOST, MOST)
}

/// Share of what `trend` has grown to by today that was there on a day, 0 to 1.
pub(crate) fn grown(trend: &Trend, day: Day, today: Day) -> f64 {
    let (then_k, now_k) = (trend.excess_k(f64::from(day)), trend.excess_k(f64::from(today)));
    if now_k > 0.0 { (then_k / now_k).clamp(0.0, 1.0) } else { 0.0 }
}

/// The cold stops of a machine, oldest first: day, degC, and the mean of its siblings' on that day, degC.
pub(crate) type Soaks = [(Day, f64, Option<f64>)];

/// Log likelihood ratio that an excess, K by day, is there at the cold machine too, against its not being there at all;
/// `None` without cold stops before it and since.
pub(crate) fn log_ratio(soaks: &Soaks, excess_k: impl Fn(Day) -> f64, today: Day) -> Option<f64> {
    let soaks = &soaks[soaks.partition_point(|(day, ..)| day + WINDOW_DAYS < today)..];
    let beside: Vec<(Day, f64)> = soaks.iter().filter_map(|&(day, c, other)| Some((day, c - other?))).collect();
    let alone: Vec<(Day, f64)> = soaks.iter().map(|&(day, c, _)| (day, c)).collect();
    [(beside, BESIDE), (alone, ALONE)].into_iter().find_map(|(series, weather)| {
        let now_k = excess_k(today);
        let count = |counts: &dyn Fn(f64) -> bool| series.iter().filter(|(day, _)| counts(excess_k(*day))).count();
        let is_fresh = series.last().is_some_and(|(day, _)| day + FRESH_DAYS >= today);
        let (before, since) = (count(&|k| k <= BEFORE_SHARE * now_k), count(&|k| k >= SINCE_SHARE * now_k));
        let tells = is_fresh && before >= BEFORE && since >= SINCE;
        tells.then(|| {
            let Said { information, score } = weigh_course(&series, today, weather, |at| excess_k(series[at].0));
            (TRUST * (score - 0.5 * information)).clamp(-MOST, MOST)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wobble(seed: u16) -> f64 {
        let mixed = (u32::from(seed) + 3).wrapping_mul(0x9e37_79b9).rotate_left(11).wrapping_mul(0x85eb_ca6b) >> 16;
        f64::from(mixed) / 32_767.5 - 1.0
    }

    /// Sixty nights of which the last twenty have an excess that grows to 8 K; `shown` is how much of it the cold machine shows.
    fn check(with_sibling: bool, nights: u16, shown: f64, expected: &str) {
        let excess_k = |day: Day| 0.4 * f64::from(day.saturating_sub(140));
        let soaks: Vec<(Day, f64, Option<f64>)> = (100..160)
            .filter(|day| day % nights == 0)
            .map(|day| {
                let room_c = 18.0 + 0.08 * f64::from(day - 100) + 3.0 * wobble(day / 3);
                let own_c = room_c + 1.0 + 0.8 * wobble(day + 400) + shown * excess_k(day);
                (day, own_c, with_sibling.then(|| room_c - 0.8 * wobble(day + 800)))
            })
            .collect();
        let ratio = log_ratio(&soaks, excess_k, 160);
        let named = ratio.map_or("nothing", |r| {
            if r > 1.2 {
                "sensor"
            } else if r < -1.2 {
                "fault"
            } else {
                "unsure"
            }
        });
        assert_eq!(named, expected, "sibling {with_sibling}, every {nights}, {shown}: {ratio:?}");
    }

    #[test]
    fn a_drift_is_there_at_the_cold_machine_and_a_fault_is_not() {
        for with_sibling in [true, false] {
            check(with_sibling, 1, 1.0, "sensor");
            check(with_sibling, 1, 0.0, "fault");
        }
        check(true, 5, 1.0, "sensor");
        check(true, 5, 0.0, "fault");
        check(true, 30, 0.0, "nothing");
    }

    #[test]
    fn a_comparison_is_worth_what_its_errors_leave() {
        let of = |departure_k: f64, excess_k: f64| {
            log_ratio_of(Uncertain { k: departure_k, sd_k: 0.9 }, Uncertain { k: excess_k, sd_k: 0.7 })
        };
        assert!(of(5.0, 5.0) > 4.0 && of(0.0, 5.0) < -3.0, "{} {}", of(5.0, 5.0), of(0.0, 5.0));
        assert!(of(1.0, 1.0).abs() < 1.0 && of(2.5, 5.0).abs() < 2.0, "{} {}", of(1.0, 1.0), of(2.5, 5.0));
    }
}
