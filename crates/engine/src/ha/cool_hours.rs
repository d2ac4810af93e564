//! How wide the valve stands in a day's cool hours.
//!
//! Where it regulates, the oil is as warm as it is because little of it passes the cooler; one that no longer closes leaves it at what
//! the open branch of the hinge gives. How far the temperature has gone from the one to the other is the share of the oil that
//! is cooled. But a machine that makes a third of its heat is colder as well, whatever its valve does: only hours of at least the
//! heat that its cool hours usually make tell of the valve.

use super::baseline::Conditions;
use super::health::Health;
use super::points::median;
use crate::sd::day::{DayRecord, heat_share};

/// Regulated and saturated temperature must be this far apart for cool hours to show where the valve stands, K.
const SPAN_K: f64 = 8.0;
/// Heat of the cool hours over what they usually make from which a day's tell of the valve.
const LIKE_USUAL: f64 = 0.85;

/// Share of the oil that is cooled in the cool hours of the day that follows `days`; `None` where they do not tell. `switches` is
/// whether the machine loads and unloads.
pub(crate) fn open_share(health: &Health, days: &[DayRecord], today: &DayRecord, switches: bool) -> Option<f64> {
    let (td_c, ta_c) = today.cool().td_c().zip(today.cool().ta_c())?;
    let usual_a = median(&mut days.iter().filter_map(|day| heat_a(day, switches)).collect::<Vec<_>>())?;
    heat_a(today, switches).filter(|made_a| *made_a >= LIKE_USUAL * usual_a)?;
    // The normal of yesterday: today's has begun to follow what it should be measured against.
    let expected = health.baseline.expect(&Conditions { ta_c, ..Conditions::default() }, 0.0);
    let span_k = expected.td_c - expected.saturated_c;
    (span_k >= SPAN_K).then(|| ((expected.td_c - td_c) / span_k).clamp(0.0, 1.0))
}

/// Current that stands for the heat made in a day's cool hours, A.
fn heat_a(day: &DayRecord, switches: bool) -> Option<f64> {
    let cool = day.cool();
    let loaded_share = if switches { (day.load_h() / day.run_h().max(0.1)).min(1.0) } else { 1.0 };
    cool.td_c().map(|_| cool.amps_a() * heat_share(loaded_share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ha::baseline::Baseline;
    use crate::sd::day::Point;

    /// A day in cool air of 10 degC, by its cool temperature and current.
    fn day(number: u16, cool_c: f64, cool_a: f64) -> DayRecord {
        let (hot, cool) = (Point::new(84.0, Some(24.0), 131.0, None), Point::new(cool_c, Some(10.0), cool_a, None));
        DayRecord::new(number, hot, cool, None, None).with_hours(20.0, 20.0, None)
    }

    /// The share on a day after a month of days at full heat, of a machine of variable speed.
    fn share(cool_c: f64, cool_a: f64) -> Option<f64> {
        let days: Vec<DayRecord> = (100..130).map(|number| day(number, 76.0, 125.0)).collect();
        let health = Health { learned: true, ..Health::default() };
        open_share(&health, &days, &day(130, cool_c, cool_a), false)
    }

    #[test]
    fn a_valve_that_stands_open_shows_at_the_heat_that_is_usual() {
        let cool = Baseline::FLEET.expect(&Conditions { ta_c: 10.0, ..Conditions::default() }, 0.0);
        assert!(share(cool.td_c, 125.0).is_some_and(|share| share < 0.1));
        assert!(
            share(cool.saturated_c, 125.0).is_some_and(|share| share > 0.7),
            "{:?}",
            share(cool.saturated_c, 125.0)
        );
    }

    #[test]
    fn a_machine_that_makes_a_third_of_its_heat_says_nothing_of_its_valve() {
        assert_eq!(share(64.0, 42.0), None);
        assert!(share(64.0, 125.0).is_some_and(|share| share > 0.4));
    }

    #[test]
    fn no_share_is_below_none_or_above_all() {
        assert_eq!((share(95.0, 125.0), share(20.0, 125.0)), (Some(0.0), Some(1.0)));
    }
}
