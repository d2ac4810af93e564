//! Who should hear of a growing excess: watch, advise, urgent, with hysteresis so that an advisory does not flap.

use foretell_model::Grade;
use serde::{Deserialize, Serialize};

use crate::ha::assess::Judgement;

/// Thresholds of the grades. Evidence is the log Bayes factor of "an excess grows".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// Evidence from which a machine is watched.
    pub watch_log_bf: f64,
    /// Evidence below which a customer hears nothing, however long the machine is known.
    pub advise_log_bf: f64,
    /// The same with either side fitted where it fits best: a second opinion on what does not stand out beyond doubt.
    pub advise_refitted_log_bf: f64,
    /// Excess below which nothing is said to a customer, K.
    pub advise_excess_k: f64,
    /// Days within which the limit is to be reached, for `advise`.
    pub advise_within_days: usize,
    /// Probability of that, 0 to 1: that the excess is real, times that it then gets there.
    pub advise_probability: f64,
    /// Probability of reaching the limit within 3 days, for `urgent`.
    pub urgent_probability: f64,
}

// Chosen on simulated fleets of two foreign physics (seeds 1-8) as what warns most two weeks ahead at no more than 0.025 false
// advisories a year on healthy machines. A logistic regression and boosted trees over forty features of the same days, trained
// on one of the two and judged on the other, were no better at the same rate: what a day knows is in the probability.
//
// Where the two weeks are lost (seeds 411-416 of the first physics, 220 coolers): a test that is told air, load, onset and shape warns
// 81 % of them; with the noise and the air of the engine 74 %, with a normal that must be learned as well 68 %, and the scan, which knows
// neither onset nor shape, finds 71 %. What comes after the scan cost six points of these, most by the two gates that `CLEAR` and
// `LOST` now open. Without a gain: a prior that is doubled, or that follows the rate of fouled coolers on the machine's own site
// (0.3 points each: evidence grows by nats a day and does not linger near a threshold).
//
// Once older days were remembered each only once, and the load of a machine that switches was told from all its days, false
// advisories became rarer. Even chances of the limit with half a kelvin more of excess then warn more at about the same rate: on
// seeds 411-416 of the first and 411-413 of the second physics 70.9 -> 71.8 % and 80.2 -> 83.3 % two weeks ahead, false advisories
// of healthy machines 0.021 -> 0.026 and 0.011 a year. Finer errors within a day gain nothing even so.
//
// Since evidence is weighed with the likeliest growth in place before anybody claims it, it comes a day or two sooner (seeds 21-24
// of both physics: two weeks ahead 64.6 -> 68.1 % and 80.7 -> 84.1 %), and some of it is a second place where the linearised hinge
// fits better than the hinge itself. Hence the second opinion. An excess of 2 K and 1.5 sds, `CLEAR` from 15 and 3, would warn two
// points more of either two weeks ahead, but false advisories of healthy machines then rise from 0.015 to 0.023 and from 0.038 to
// 0.045 a year: more than that is worth.
//
// Most false advisories come from young normals, from air that is only inferred, and from a second opinion that hardly agrees. What
// is asked of these three was raised, and of measured air lowered what must stand out to go without a rise of the temperature itself
// (seeds 2-21 of both physics: two weeks ahead 76.8 -> 77.6 % and 86.9 -> 86.6 %, false advisories of healthy machines 0.017 a year
// as before and 0.039 -> 0.025; of the second physics' machines beside ailing ones 14 -> 9). More warnings two weeks ahead are not to
// be had by the gates: with all but that of evidence open the first physics has 5 points more, at thirty times the false advisories.
// Nor by evidence that is tempered before what onset and law cost is taken off it, by a wider range of paces, or by odd days that
// count for more (seeds 10-15): warnings came a tenth of a day sooner or later, and false advisories were as many or more.
impl Default for Policy {
    fn default() -> Self {
        Self {
            watch_log_bf: 5.0,
            advise_log_bf: 1.0,
            advise_refitted_log_bf: 1.5,
            advise_excess_k: 2.5,
            advise_within_days: 45,
            advise_probability: 0.5,
            urgent_probability: 0.3,
        }
    }
}

/// Excess below which a machine is not even watched, K.
const WATCH_EXCESS_K: f64 = 1.2;
/// The last week must itself stand out by so many standard deviations of a day: what only adds up over many weeks is more often
/// a hinge that is not quite right, and the more where its air is a guess.
const STANDS_OUT: ByAir<f64> = ByAir { measured: 2.0, inferred: 2.25 };
/// The temperature itself must have risen by this much, K. One that falls more slowly than the weather may be a valve that
/// regulates as it should, and in any case is not on its way to a limit.
const RISEN_K: f64 = 0.5;
/// An excess seen as clearly as this, by evidence and by standard deviations of a day, needs not have risen: the weather has cooled
/// faster than the cooler has clogged, and the limit is met when either turns. That the weather has cooled a sensor of the air shows;
/// without one it is part of what is in doubt.
const CLEAR: ByAir<(f64, f64)> = ByAir { measured: (15.0, 3.0), inferred: (30.0, 4.0) };
/// So clear it must be where hardly a day is known from before: a normal and a growth over it that were learned from the same few
/// days are easily taken for each other.
const UNCOMPARED_LOG_BF: f64 = 15.0;
/// A cooler that has beyond doubt lost this much, K (a fifth of its UA), is advised at a lower chance of the limit: forecasts of
/// what hastens are late more often than early, and to clean it is right in any case.
const LOST_K: f64 = 5.0;
const LOST_LOG_BF: f64 = 10.0;
const LOST_STANDS_OUT: f64 = 3.0;
const LOST_PROBABILITY: f64 = 0.3;
/// So near to its limit, K, a machine meets it on the next warm day or under the next heavy load, and nothing need grow for it.
const NEAR_K: f64 = 4.0;
/// What a grade that is held may fall short of what it was given for.
const HELD: f64 = 0.6;
/// With so many days of history a customer hears only of twice the evidence.
const YOUNG_DAYS: f64 = 56.0;
/// A grade falls after this many days of not deserving it.
const FALL_DAYS: u8 = 3;

/// What is asked where a sensor shows the air, and where the air is inferred.
struct ByAir<T> {
    measured: T,
    inferred: T,
}

impl<T: Copy> ByAir<T> {
    const fn of(&self, is_measured: bool) -> T {
        if is_measured { self.measured } else { self.inferred }
    }
}

/// The grade a machine holds, and how long it has not deserved it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct GradeTracker {
    /// 0 none, 1 watch, 2 advise, 3 urgent.
    held: u8,
    falling_days: u8,
    /// What the day before asked for.
    asked: u8,
}

impl GradeTracker {
    /// Takes the day's judgement and returns the grade to hold; `None` when there is nothing to say.
    pub(crate) fn observe(&mut self, judgement: &Judgement, policy: &Policy) -> Option<Grade> {
        let (asked, deserved) = (asked(judgement, policy), deserved(judgement, policy, self.held));
        // What nobody watched yet is advised on its second day, unless it is beyond doubt: evidence is of weeks, and yet a quarter of
        // all false advices on an independent fleet were of a single day. What stops a machine within days is told at once.
        let risen = if asked == 2 && self.asked == 0 && !is_beyond_doubt(judgement) { 1 } else { asked };
        self.asked = asked;
        self.falling_days = if deserved < self.held { self.falling_days + 1 } else { 0 };
        if risen > self.held {
            (self.held, self.falling_days) = (risen, 0);
        } else if self.falling_days >= FALL_DAYS {
            (self.held, self.falling_days) = (deserved, 0);
        }
        match self.held {
            0 => None,
            1 => Some(Grade::Watch),
            2 => Some(Grade::Advise),
            _ => Some(Grade::Urgent),
        }
    }

    /// Whether the newest day asks for a word to a customer by itself.
    pub(crate) const fn asks(&self) -> bool {
        self.asked >= 2
    }

    /// Whether a customer may have heard.
    pub(crate) const fn is_told(&self) -> bool {
        self.held >= 2
    }

    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Whether one day is enough: evidence and excess as clear as `CLEAR` asks for.
fn is_beyond_doubt(j: &Judgement) -> bool {
    let (log_bf, sds) = CLEAR.of(j.is_measured);
    j.refitted_log_bf >= log_bf && j.stands_out.is_some_and(|stands_out| stands_out >= sds)
}

/// The grade that the day's figures ask for.
fn asked(j: &Judgement, p: &Policy) -> u8 {
    grade_of(j, p, &Gates::of(j, p, 1.0))
}

/// The gates of `advise` that a day does not pass.
pub(crate) fn short_of(j: &Judgement, p: &Policy) -> Vec<&'static str> {
    Gates::of(j, p, 1.0).shut()
}

/// What stands between a day's figures and a word to a customer.
struct Gates {
    evidence: bool,
    refitted: bool,
    excess: bool,
    risen: bool,
    stands_out: bool,
    chance: bool,
    /// Whether the days go up and down with it.
    follows: bool,
    /// Whether there is a growth, and not something that came at once and has stood still since.
    grows: bool,
}

impl Gates {
    /// By thresholds that are `share` times what is asked of a new grade.
    fn of(j: &Judgement, p: &Policy, share: f64) -> Self {
        // A normal learned from few days is itself unsure, in ways that the model of errors does not hold.
        let enough = p.advise_log_bf * (1.0 + (YOUNG_DAYS / j.hot_days.max(1) as f64).powi(2));
        let seen = |log_bf: f64, sds: f64| {
            j.log_bf >= share * log_bf && j.stands_out.is_some_and(|stands_out| stands_out >= share * sds)
        };
        let lost = j.excess_k >= share * LOST_K && seen(LOST_LOG_BF, LOST_STANDS_OUT);
        let clear = CLEAR.of(j.is_measured);
        let probability = if lost { p.advise_probability.min(share * LOST_PROBABILITY) } else { p.advise_probability };
        let is_near = j.margin_k.is_some_and(|margin_k| margin_k <= NEAR_K);
        Self {
            evidence: j.log_bf > enough,
            refitted: j.refitted_log_bf >= p.advise_refitted_log_bf,
            excess: j.excess_k >= p.advise_excess_k,
            risen: match j.risen_k {
                Some(k) => k >= RISEN_K || seen(clear.0, clear.1),
                None => j.log_bf >= share * UNCOMPARED_LOG_BF,
            },
            stands_out: j.stands_out.is_none_or(|sds| sds >= share * STANDS_OUT.of(j.is_measured)),
            chance: chance(j, p.advise_within_days) >= probability || (lost && is_near),
            follows: is_near || !j.follows.is_some_and(|follows| follows.is_denied()),
            grows: is_near || !j.jump.is_some_and(|jump| jump.stands_still),
        }
    }

    /// Whether the excess is believed, whenever it meets the limit.
    const fn believed(&self) -> bool {
        self.evidence && self.refitted && self.excess && self.risen && self.stands_out && self.follows && self.grows
    }

    fn shut(&self) -> Vec<&'static str> {
        let gates = [
            ("evidence", self.evidence),
            ("refitted", self.refitted),
            ("excess", self.excess),
            ("risen", self.risen),
            ("stands out", self.stands_out),
            ("follows", self.follows),
            ("grows", self.grows),
            ("chance", self.chance),
        ];
        gates.into_iter().filter(|(_, passed)| !passed).map(|(name, _)| name).collect()
    }
}

/// Chance of the limit within so many days: that the excess is real, times that it then gets there.
fn chance(j: &Judgement, days: usize) -> f64 {
    j.forecast.as_ref().map_or(0.0, |f| j.certainty * f.within(days))
}

/// The grade that these gates leave.
fn grade_of(j: &Judgement, p: &Policy, gates: &Gates) -> u8 {
    if gates.believed() && chance(j, 3) >= p.urgent_probability {
        3
    } else if gates.believed() && gates.chance {
        2
    } else if j.log_bf > p.watch_log_bf && j.excess_k >= WATCH_EXCESS_K {
        1
    } else {
        0
    }
}

/// The grade that the day's figures still justify: the same with laxer thresholds.
fn deserved(j: &Judgement, p: &Policy, held: u8) -> u8 {
    let lax = Policy {
        watch_log_bf: p.watch_log_bf - 3.0,
        advise_log_bf: 0.0,
        advise_refitted_log_bf: f64::NEG_INFINITY,
        advise_excess_k: HELD * p.advise_excess_k,
        urgent_probability: 0.5 * p.urgent_probability,
        ..*p
    };
    // What is held is not given up for what keeps a new one back, nor for weather that has cooled, nor because the limit seems farther
    // than it did.
    let gates = Gates { risen: true, follows: true, grows: true, chance: held >= 2, ..Gates::of(j, &lax, HELD) };
    grade_of(j, &lax, &gates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ha::follows::Follows;
    use crate::ha::rivals::Jump;
    use crate::pa::passage::Forecast;

    #[test]
    fn a_watch_begins_at_once_and_ends_after_three_days() {
        let mut tracker = GradeTracker::default();
        // Evidence of the day, and whether the machine is then watched.
        let days = [
            (4.0, false),
            (6.0, true),
            (4.0, true),
            (1.0, true),
            (1.0, true),
            (3.0, true),
            (1.0, true),
            (1.0, true),
            (1.0, false),
        ];
        for (day, (log_bf, watched)) in days.into_iter().enumerate() {
            let judgement = Judgement { log_bf, excess_k: 4.0, ..Judgement::default() };
            let grade = tracker.observe(&judgement, &Policy::default());
            assert_eq!(grade, watched.then_some(Grade::Watch), "day {day}");
        }
    }

    /// The grade of a machine that is judged like this on two days running.
    fn on_second_day(judgement: &Judgement) -> Option<Grade> {
        on_second_day_by(judgement, &Policy::default())
    }

    fn on_second_day_by(judgement: &Judgement, policy: &Policy) -> Option<Grade> {
        let mut tracker = GradeTracker::default();
        tracker.observe(judgement, policy);
        tracker.observe(judgement, policy)
    }

    #[test]
    fn what_nobody_watched_is_advised_on_its_second_day_and_what_stops_within_days_at_once() {
        let mut tracker = GradeTracker::default();
        let mut grade = |log_bf: f64, within_3_days: f64| {
            let judgement = Judgement {
                log_bf,
                refitted_log_bf: log_bf,
                certainty: 1.0,
                excess_k: 4.0,
                risen_k: Some(3.0),
                stands_out: Some(4.0),
                hot_days: 90,
                forecast: Some(Forecast::of(|day| if day < 3 { within_3_days } else { 0.9 })),
                ..Judgement::default()
            };
            tracker.observe(&judgement, &Policy::default())
        };
        assert_eq!(grade(8.0, 0.0), Some(Grade::Watch));
        assert_eq!(grade(8.0, 0.0), Some(Grade::Advise));
        assert_eq!(grade(8.0, 0.5), Some(Grade::Urgent));
    }

    /// A machine judged like this on two days, and the grade it is given.
    fn check(
        log_bf: f64,
        excess_k: f64,
        (risen_k, stands_out): (impl Into<Option<f64>>, f64),
        within_45_days: f64,
        expected: Grade,
    ) {
        let judgement = Judgement {
            log_bf,
            refitted_log_bf: log_bf,
            certainty: 1.0,
            excess_k,
            risen_k: risen_k.into(),
            stands_out: Some(stands_out),
            hot_days: 90,
            forecast: Some(Forecast::of(
                |day| if day < 45 { within_45_days * day as f64 / 44.0 } else { within_45_days },
            )),
            ..Judgement::default()
        };
        assert_eq!(on_second_day(&judgement), Some(expected), "{judgement:?}");
    }

    #[test]
    fn what_is_seen_clearly_need_not_have_risen() {
        check(8.0, 4.0, (3.0, 2.5), 0.9, Grade::Advise);
        check(8.0, 4.0, (-2.0, 2.5), 0.9, Grade::Watch);
        check(35.0, 4.0, (-2.0, 4.5), 0.9, Grade::Advise);
    }

    #[test]
    fn where_a_sensor_shows_the_air_less_must_stand_out() {
        let grade = |is_measured: bool, log_bf: f64, risen_k: f64, stands_out: f64| {
            let judgement = Judgement {
                log_bf,
                refitted_log_bf: log_bf,
                certainty: 1.0,
                excess_k: 4.0,
                risen_k: Some(risen_k),
                stands_out: Some(stands_out),
                is_measured,
                hot_days: 90,
                forecast: Some(Forecast::of(|_| 0.9)),
                ..Judgement::default()
            };
            let policy = Policy { urgent_probability: 2.0, ..Policy::default() };
            on_second_day_by(&judgement, &policy)
        };
        for (log_bf, risen_k, stands_out) in [(8.0, 3.0, 2.1), (16.0, -2.0, 3.1)] {
            assert_eq!(
                grade(true, log_bf, risen_k, stands_out),
                Some(Grade::Advise),
                "{log_bf} {risen_k} {stands_out}"
            );
            assert_eq!(
                grade(false, log_bf, risen_k, stands_out),
                Some(Grade::Watch),
                "{log_bf} {risen_k} {stands_out}"
            );
        }
    }

    #[test]
    fn what_a_hinge_explains_as_well_somewhere_else_is_only_watched() {
        let grade = |refitted_log_bf: f64| {
            let judgement = Judgement {
                log_bf: 20.0,
                refitted_log_bf,
                certainty: 1.0,
                excess_k: 4.0,
                risen_k: Some(3.0),
                stands_out: Some(3.0),
                hot_days: 90,
                forecast: Some(Forecast::of(|_| 0.9)),
                ..Judgement::default()
            };
            // A chance of the limit within days would be urgent.
            let policy = Policy { urgent_probability: 2.0, ..Policy::default() };
            on_second_day_by(&judgement, &policy)
        };
        assert_eq!(grade(2.0), Some(Grade::Advise));
        assert_eq!(grade(-2.0), Some(Grade::Watch));
    }

    #[test]
    fn what_began_before_all_that_is_known_must_be_clear() {
        check(8.0, 4.0, (None, 2.5), 0.9, Grade::Watch);
        check(16.0, 4.0, (None, 2.5), 0.9, Grade::Advise);
    }

    /// The grade that a machine holds after a week on which the limit was likely and twelve like these.
    fn after_a_pause(excess_k: f64) -> Option<Grade> {
        let day = |excess_k: f64, within_45_days: f64| Judgement {
            log_bf: 20.0,
            refitted_log_bf: 20.0,
            certainty: 1.0,
            excess_k,
            risen_k: Some(excess_k),
            stands_out: Some(excess_k),
            hot_days: 90,
            forecast: Some(Forecast::of(|day| within_45_days * day as f64 / 90.0)),
            ..Judgement::default()
        };
        let (mut tracker, policy) = (GradeTracker::default(), Policy::default());
        let days = std::iter::repeat_n(day(8.0, 1.6), 7).chain(std::iter::repeat_n(day(excess_k, 0.1), 12));
        days.map(|judgement| tracker.observe(&judgement, &policy)).last().flatten()
    }

    #[test]
    fn a_cooler_that_pauses_keeps_its_advice_and_one_that_is_clean_again_does_not() {
        assert_eq!(after_a_pause(8.0), Some(Grade::Advise));
        assert_eq!(after_a_pause(1.4), Some(Grade::Watch));
    }

    #[test]
    fn what_stands_still_and_what_does_not_follow_its_days_is_watched_unless_the_limit_is_near() {
        let denied = Follows::of(0.1, 0.1);
        let grade = |jump: Option<bool>, follows: Option<Follows>, margin_k: f64| {
            let judgement = Judgement {
                log_bf: 20.0,
                refitted_log_bf: 20.0,
                certainty: 1.0,
                excess_k: 7.0,
                risen_k: Some(7.0),
                stands_out: Some(7.0),
                hot_days: 90,
                margin_k: Some(margin_k),
                jump: jump.map(|stands_still| Jump { k: 6.0, stands_still }),
                follows,
                forecast: Some(Forecast::of(|day| 0.9 * day as f64 / 90.0)),
                ..Judgement::default()
            };
            on_second_day(&judgement)
        };
        assert_eq!(grade(None, None, 12.0), Some(Grade::Advise));
        assert_eq!(grade(Some(false), Some(Follows::of(0.9, 0.1)), 12.0), Some(Grade::Advise));
        assert_eq!(grade(Some(true), None, 12.0), Some(Grade::Watch));
        assert_eq!(grade(None, Some(denied), 12.0), Some(Grade::Watch));
        assert_eq!(grade(Some(true), Some(denied), 3.0), Some(Grade::Advise));
    }

    #[test]
    fn what_is_lost_beyond_doubt_is_advised_at_a_lower_chance() {
        check(12.0, 6.0, (3.0, 3.5), 0.4, Grade::Advise);
        check(12.0, 3.0, (3.0, 3.5), 0.4, Grade::Watch);
        check(12.0, 6.0, (3.0, 3.5), 0.2, Grade::Watch);
    }
}
