//! Where the heat is seen, and where it is not: three ways in which a discharge temperature can have left its normal.
//!
//! - A *lost cooler* lifts the saturated branch alone; in cool hours the valve goes on hiding it.
//! - A *drifting sensor* adds the same kelvins everywhere: to hours that the valve regulates, to part load, to anything.
//! - A *valve that sticks* regulates nothing: through a fixed opening the oil sheds heat in proportion to its rise over the
//!   air, so the rise follows the heat made and nothing else, above the normal in hot hours and at full load, below what
//!   the valve would keep in cool ones and at part load.
//!
//! Each has one unknown, fitted to the days since the onset; the squares that it leaves say which it is. On a machine that
//! is never cool all three are the same, and the weighing says nothing, as it should.

use std::slice;

use super::baseline::{Baseline, Conditions};
use super::linear;
use super::points::{AmbientSource, Sample, Series, median};
use super::trend::Trend;
use crate::sd::day::Day;

/// Newest days that are looked at.
const DAYS: Day = 14;
/// The same of an excess that is too young to have been there on enough of them.
const YOUNG_DAYS: Day = 3;
/// Points that are needed.
const POINTS: usize = 5;
/// A misfit counts no more than so many standard deviations.
const FAR: f64 = 3.0;
/// Points of neighbouring days share half of what is odd about them.
pub(super) const INDEPENDENT: f64 = 0.5;
/// Excess of the saturated branch is sought up to here, in such steps, K.
pub(super) const EXCESS_MAX_K: f64 = 48.0;
pub(super) const EXCESS_STEP_K: f64 = 1.0;

/// Log likelihood ratios against a lost cooler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rivals {
    /// Of the same kelvins everywhere.
    pub(crate) offset: f64,
    /// Of a valve that regulates nothing.
    pub(crate) stuck: f64,
}

/// Weighs the days since the onset of `trend`; `None` of too few. `sd_k` is the error of a point.
pub(crate) fn weigh(samples: &[Sample], baseline: &Baseline, trend: &Trend, sd_k: f64, today: Day) -> Option<Rivals> {
    let now_k = trend.excess_k(f64::from(today));
    let from = f64::from(today.saturating_sub(DAYS)).max(trend.onset_day);
    let newest = || samples.iter().rev();
    let mut since: Vec<(&Sample, f64)> = newest()
        .take_while(|s| f64::from(s.day) >= from)
        .map(|s| (s, trend.excess_k(f64::from(s.day) + 0.5) / now_k))
        .filter(|(_, grown)| *grown > 0.2)
        .collect();
    if since.len() < POINTS {
        // What is so young is weighed as if it had come at once.
        since = newest().take_while(|s| s.day + YOUNG_DAYS >= today).map(|s| (s, 1.0)).collect();
    }
    if since.len() < POINTS || now_k <= 0.0 {
        return None;
    }
    let squares = |misfit: &dyn Fn(&Sample, f64) -> f64| {
        since.iter().map(|(s, grown)| (misfit(s, *grown) / sd_k).abs().min(FAR).powi(2)).sum::<f64>()
    };
    let mut excess_k = 0.0;
    let mut cooler = f64::INFINITY;
    while excess_k <= EXCESS_MAX_K {
        cooler = cooler.min(squares(&|s, grown| s.td_c - baseline.expect(&s.at, excess_k * grown).td_c));
        excess_k += EXCESS_STEP_K;
    }
    let over_k = |s: &Sample| s.td_c - baseline.expect(&s.at, 0.0).td_c;
    let (cross, own) =
        since.iter().fold((0.0, 0.0), |(cross, own), (s, grown)| (cross + grown * over_k(s), own + grown * grown));
    let offset = squares(&|s, grown| over_k(s) - cross / own * grown);
    let per_heat_k = rise_per_heat(since.iter().map(|(s, _)| *s));
    let stuck = squares(&|s, _| STUCK_SHARE * (rise_k(s) - per_heat_k * heat(s)));
    // Where neither fits as well as a day should, the hinge itself is wrong by more than its error, and what sets the two apart
    // counts for the less (McCullagh and Nelder's quasi-likelihood).
    let spread = |rival: f64| (cooler.min(rival) / since.len() as f64).max(1.0);
    let ratio = |rival: f64| (0.5 * INDEPENDENT * (cooler - rival) / spread(rival)).clamp(-30.0, 30.0);
    Some(Rivals { offset: ratio(offset), stuck: ratio(stuck) })
}

/// Days that are "now" and those that are "a week ago", for [`week`].
const NOW_DAYS: Day = 2;
const WEEK_AGO: (Day, Day) = (7, 13);

/// A rise from which on it is asked how it came, K.
const TOLD_FROM_K: f64 = 3.0;

/// What the hot hours did within a week.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Week {
    /// How much further the last days stand above what is usual than those of a week before, K: dirt gathers over weeks, a
    /// valve sticks and oil is lost within days.
    pub(crate) rise_k: f64,
    /// Share of it that came from one day to the next; `None` of a small rise.
    pub(crate) jump_share: Option<f64>,
}

/// A jump is one of so many standard deviations of a day.
const JUMP_SDS: f64 = 3.0;
/// Days on either side of it that must agree that it stayed, and days that may be missing between.
const JUMP_BETWEEN: usize = 4;
const JUMP_WITHIN: Day = 3;

/// A move of the hot hours from one day to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Jump {
    pub(crate) k: f64,
    /// Whether it is most of what stands out since, and nothing has surely been added.
    pub(crate) stands_still: bool,
}

/// Days in which a jump is looked for.
const JUMP_DAYS: Day = 28;
/// Share of what stands out since that came with it.
const JUMP_SHARE: f64 = 0.6;
/// A growth since is one of so much, K/day, of so many standard deviations, over so many days; and what it adds to its error that
/// days are not independent of each other.
const GROWS_K: f64 = 0.1;
const GROWS_SDS: f64 = 1.65;
const GROWS_DAYS: usize = 4;
const KINSHIP: f64 = 1.3;

/// What a jump is at the least, K. Where the air is not the machine's own, the weather jumps as well, by up to six, as far as a machine
/// shows it.
const JUMP_FROM_K: f64 = 4.0;
const JUMP_OF_WEATHER_K: f64 = 6.0;

/// How far the hot hours of the last weeks rose from one day to the next and stayed, if they did; `sd_k` is the error of a day.
/// Dirt does not come overnight, and the day that a trend is thought to have begun on is not known while it is young.
pub(crate) fn jump(
    samples: &[Sample],
    baseline: &Baseline,
    source: AmbientSource,
    sd_k: f64,
    today: Day,
) -> Option<Jump> {
    let own_air = source == AmbientSource::Own;
    let over: Vec<Over<'_>> = hot(samples, today.saturating_sub(JUMP_DAYS)).map(|s| Over::of(s, baseline)).collect();
    let jump = |at: usize| {
        let (before, since) = over.split_at(at);
        let (last, first) = (before.last()?, since.first()?);
        let stayed = &since[..since.len().min(JUMP_BETWEEN)];
        let stayed_k = rise(&before[before.len().saturating_sub(JUMP_BETWEEN)..], stayed, baseline)?;
        let k = stayed_k.min(rise(slice::from_ref(last), slice::from_ref(first), baseline)?);
        let of_weather_k = if own_air { 0.0 } else { JUMP_OF_WEATHER_K * last.weight.max(first.weight) };
        let bound_k = (JUMP_FROM_K + of_weather_k).max(JUMP_SDS * sd_k);
        (first.sample.day - last.sample.day <= JUMP_WITHIN && k >= bound_k).then_some((k, since))
    };
    let (k, since) = (1..over.len()).filter_map(jump).max_by(|a, b| a.0.total_cmp(&b.0))?;
    let stands_still =
        middle(since.iter().map(|o| o.k)).is_some_and(|standing_k| k >= JUMP_SHARE * standing_k) && !grows(since, sd_k);
    Some(Jump { k, stands_still })
}

/// A day's hot hours over what they would be with nothing amiss.
struct Over<'a> {
    sample: &'a Sample,
    k: f64,
    /// Weight of the saturated branch.
    weight: f64,
    /// The excess of a lost cooler that shows as much, K.
    excess_k: f64,
}

impl<'a> Over<'a> {
    fn of(sample: &'a Sample, baseline: &Baseline) -> Self {
        let expected = baseline.expect(&sample.at, 0.0);
        let over = Self { sample, k: sample.td_c - expected.td_c, weight: expected.weight, excess_k: 0.0 };
        Self { excess_k: over.explained_by_k(baseline), ..over }
    }

    /// What a lost cooler would show on that day, K.
    fn shown_k(&self, baseline: &Baseline, excess_k: f64) -> f64 {
        self.k + baseline.expect(&self.sample.at, excess_k).td_c - self.sample.td_c
    }

    /// The excess of a lost cooler that shows as what is seen, K.
    fn explained_by_k(&self, baseline: &Baseline) -> f64 {
        let falls_short = |excess_k: &f64| self.shown_k(baseline, *excess_k) < self.k;
        let steps = (0..).map(|step| f64::from(step) * EXCESS_STEP_K).take_while(|k| *k < EXCESS_MAX_K);
        steps.take_while(falls_short).last().map_or(0.0, |below_k| {
            let (from, to) = (self.shown_k(baseline, below_k), self.shown_k(baseline, below_k + EXCESS_STEP_K));
            below_k + EXCESS_STEP_K * ((self.k - from) / (to - from).max(1e-3)).min(1.0)
        })
    }
}

/// Hot hours of the days from `from` on.
fn hot(samples: &[Sample], from: Day) -> impl Iterator<Item = &Sample> {
    samples.iter().filter(move |s| s.series == Series::Hot && s.day >= from)
}

fn middle(values: impl Iterator<Item = f64>) -> Option<f64> {
    median(&mut values.collect::<Vec<f64>>())
}

/// By how much days stand out more than those before them, K: no more than those before would have stood out as well, had they
/// been as warm. What a valve hid of a clogged cooler until the first hot day has not come on that day.
fn rise(before: &[Over<'_>], since: &[Over<'_>], baseline: &Baseline) -> Option<f64> {
    let now_k = middle(since.iter().map(|o| o.k))?;
    let excess_k = middle(since.iter().map(|o| o.excess_k))?;
    middle(before.iter().map(|o| now_k.min(o.shown_k(baseline, excess_k)) - o.k))
}

/// Whether what stands out has grown since a jump. The day of the jump itself shows a part of it.
fn grows(since: &[Over<'_>], sd_k: f64) -> bool {
    let days: Vec<(f64, f64)> = since.iter().skip(1).map(|o| (f64::from(o.sample.day), o.k)).collect();
    let Some(slope) = linear::slope(&days) else { return false };
    let middle = days.iter().map(|d| d.0).sum::<f64>() / days.len() as f64;
    let square: f64 = days.iter().map(|d| (d.0 - middle).powi(2)).sum();
    days.len() >= GROWS_DAYS && slope >= GROWS_K && slope >= GROWS_SDS * KINSHIP * sd_k / square.sqrt()
}

/// Looks at the last two weeks; `None` where one of them is not known.
pub(crate) fn week(samples: &[Sample], baseline: &Baseline, today: Day) -> Option<Week> {
    let over: Vec<Over<'_>> = hot(samples, today.saturating_sub(WEEK_AGO.1)).map(|s| Over::of(s, baseline)).collect();
    let between = |from: Day, to: Day| {
        let aged = |day: Day| over.partition_point(|o| o.sample.day < day);
        &over[aged(today.saturating_sub(to))..aged(today.saturating_sub(from).saturating_add(1))]
    };
    let rise_k = rise(between(WEEK_AGO.0, WEEK_AGO.1), between(1, NOW_DAYS), baseline)?;
    let near = over
        .windows(2)
        .filter(|w| w[1].sample.day + WEEK_AGO.0 > today && w[1].sample.day - w[0].sample.day <= JUMP_WITHIN);
    let steps = near.filter_map(|w| rise(&w[..1], &w[1..], baseline));
    let most_k = steps.fold(0.0, f64::max);
    Some(Week { rise_k, jump_share: (rise_k >= TOLD_FROM_K).then(|| (most_k / rise_k).min(1.5)) })
}

/// Air at which a rise is quoted, degC, and how the discharge follows it with all openings fixed, K/K.
const AIR_C: f64 = 30.0;
const AIR_SLOPE: f64 = 1.08;
/// The law of a fixed opening is no fit to the machine's own past, so its misfits are taken less to heart.
pub(super) const STUCK_SHARE: f64 = 0.7;
/// Days in which a valve that regulates nothing must show, and points that are needed of them.
const LOST_DAYS: Day = 6;
const LOST_POINTS: usize = 6;
/// Weight of the saturated branch below which a point is one that a sound valve regulates.
pub(super) const REGULATED: f64 = 0.35;
/// So many of them in the last days, and before: without them nobody knows what the valve used to keep.
const REGULATED_NOW: usize = 3;
const REGULATED_BEFORE: usize = 8;

/// Valve elements open from this temperature on, degC, and differ by no more than this, K.
const SET_MIN_C: f64 = 66.0;
pub(super) const SET_MAX_K: f64 = 16.0;

/// A valve that may regulate nothing any more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Unregulated {
    /// Log likelihood ratio against all else: a sound machine, a lost cooler, a drifting sensor.
    pub(crate) log_ratio: f64,
    /// How far above the saturated branch it settles at full load, K: nought with a valve that is fully open.
    pub(crate) above_k: f64,
    /// Log likelihood ratio of one that regulates at a lower temperature than it did, against one that regulates nothing.
    pub(crate) set_ratio: f64,
}

/// Weighs the last days; `None` where too few of them, or of those before, would be regulated by a sound valve.
pub(crate) fn unregulated(samples: &[Sample], baseline: &Baseline, sd_k: f64, today: Day) -> Option<Unregulated> {
    let (before, last) = samples.split_at(samples.partition_point(|s| s.day + LOST_DAYS < today));
    let regulated = |s: &&Sample| baseline.expect(&s.at, 0.0).weight < REGULATED;
    let has = |samples: &[Sample], least: usize| samples.iter().filter(regulated).nth(least - 1).is_some();
    if last.len() < LOST_POINTS || !has(last, REGULATED_NOW) || !has(before, REGULATED_BEFORE) {
        return None;
    }
    let squares = |misfit: &dyn Fn(&Sample) -> f64| squares_of(last, sd_k, misfit);
    let over_k = |s: &Sample| s.td_c - baseline.expect(&s.at, 0.0).td_c;
    let offset_k = last.iter().map(over_k).sum::<f64>() / last.len() as f64;
    let per_heat_k = rise_per_heat(last.iter());
    let lost = squares(&|s| STUCK_SHARE * (rise_k(s) - per_heat_k * heat(s)));
    let mut else_best = squares(&over_k).min(squares(&|s| over_k(s) - offset_k));
    let mut excess_k = EXCESS_STEP_K;
    while excess_k <= EXCESS_MAX_K && else_best > lost {
        else_best = else_best.min(squares(&|s| s.td_c - baseline.expect(&s.at, excess_k).td_c));
        excess_k += EXCESS_STEP_K;
    }
    let set = set_lower_k(baseline).map(|k| squares(&|s| s.td_c - baseline.expect_set(&s.at, -k)));
    let set_ratio = set.reduce(f64::min).map_or(f64::NEG_INFINITY, |set| 0.5 * INDEPENDENT * (lost - set));
    let sound_k = baseline.expect(&Conditions { ta_c: AIR_C, ..Conditions::default() }, 0.0).saturated_c - AIR_C;
    let log_ratio = 0.5 * INDEPENDENT * (else_best - lost);
    Some(Unregulated { log_ratio, above_k: per_heat_k - sound_k, set_ratio })
}

/// Squared misfits in standard deviations, none of which counts for more than [`FAR`].
pub(super) fn squares_of(samples: &[Sample], sd_k: f64, misfit: &dyn Fn(&Sample) -> f64) -> f64 {
    samples.iter().map(|s| (misfit(s) / sd_k).abs().min(FAR).powi(2)).sum()
}

/// By how much lower a valve's temperature can have been set, K.
fn set_lower_k(baseline: &Baseline) -> impl Iterator<Item = f64> {
    (1..).map(f64::from).take_while(|k| *k <= SET_MAX_K && baseline.regulated_c() - k >= SET_MIN_C)
}

/// Rise over the air, brought to the air at which it is quoted: thinner air cools a little less, 1.08 K for each kelvin.
pub(super) fn rise_k(s: &Sample) -> f64 {
    s.td_c - AIR_C - AIR_SLOPE * (s.at.ta_c - AIR_C)
}

/// Heat made, 1 at the machine's reference load.
pub(super) fn heat(s: &Sample) -> f64 {
    s.at.heat().max(0.05)
}

/// Rise over the air for the heat of the reference load, K, by least squares.
pub(super) fn rise_per_heat<'a>(samples: impl Iterator<Item = &'a Sample>) -> f64 {
    let (cross, own) =
        samples.fold((0.0, 1e-9), |(cross, own), s| (cross + heat(s) * rise_k(s), own + heat(s) * heat(s)));
    cross / own
}

#[cfg(test)]
mod tests {
    use super::*;

    const HINGE: Baseline = Baseline { theta: [78.0, 1.6, 84.0, 11.0, 5.0, 0.3, 2.0, 1.0] };

    /// Ten days of 8 K since an onset, with hot and cool hours at these ambients.
    fn check(hot_c: f64, cool_c: f64, td_c: impl Fn(&Conditions) -> f64, expected: &str) {
        let mut samples = Vec::new();
        for day in 100..110_u16 {
            for (series, ta_c) in [(Series::Hot, hot_c), (Series::Cool, cool_c)] {
                let weather_k = f64::from(day * 7 % 5) - 2.0;
                let at = Conditions { ta_c: ta_c + weather_k, ..Conditions::default() };
                let noise_k = f64::from(day * 11 % 7) / 7.0 - 0.43;
                samples.push(Sample { day, series, td_c: td_c(&at) + noise_k, at, peak_over_k: 0.0 });
            }
        }
        let trend = Trend { onset_day: 99.0, shape: 0, coefficient: 8.0 };
        let rivals = weigh(&samples, &HINGE, &trend, 1.0, 110).expect("enough days");
        let named = match rivals {
            Rivals { offset, stuck } if offset.abs() < 2.0 && stuck.abs() < 2.0 => "either",
            Rivals { offset, stuck } if offset > 2.0 && offset > stuck => "sensor",
            Rivals { stuck, .. } if stuck > 2.0 => "valve",
            _ => "cooler",
        };
        assert_eq!(named, expected, "{rivals:?}");
    }

    #[test]
    fn cool_hours_tell_a_lost_cooler_a_drift_and_a_stuck_valve_apart() {
        check(32.0, 20.0, |at| HINGE.expect(at, 8.0).td_c, "cooler");
        check(32.0, 20.0, |at| HINGE.expect(at, 0.0).td_c + 8.0, "sensor");
        check(32.0, 16.0, |at| 30.0 + 1.08 * (at.ta_c - 30.0) + 62.0, "valve");
    }

    #[test]
    fn a_machine_that_is_never_cool_tells_nothing() {
        check(42.0, 38.0, |at| HINGE.expect(at, 8.0).td_c, "either");
        check(42.0, 38.0, |at| HINGE.expect(at, 0.0).td_c + 8.0, "either");
    }

    /// Three weeks of hot hours that stand so many kelvins off what is usual, by age in days; what the last week shows.
    fn check_week(off_k: impl Fn(Day) -> f64, expected: Option<(f64, Option<f64>)>) {
        let at = Conditions { ta_c: 34.0, ..Conditions::default() };
        let samples: Vec<Sample> = (1..22_u16)
            .rev()
            .map(|age| {
                let td_c = HINGE.expect(&at, 0.0).td_c + off_k(age);
                Sample { day: 110 - age, series: Series::Hot, td_c, at, peak_over_k: 0.0 }
            })
            .collect();
        let seen =
            week(&samples, &HINGE, 110).map(|w| (w.rise_k.round(), w.jump_share.map(|s| (10.0 * s).round() / 10.0)));
        assert_eq!(seen, expected);
    }

    /// Two weeks that stand so many kelvins off what is usual, by age in days; the jump of 4 K or more that is seen.
    fn check_jump(off_k: impl Fn(Day) -> f64, expected_k: Option<f64>) {
        let at = Conditions { ta_c: 34.0, ..Conditions::default() };
        let hot = |age: Day| Sample {
            day: 110 - age,
            series: Series::Hot,
            td_c: HINGE.expect(&at, 0.0).td_c + off_k(age),
            at,
            peak_over_k: 0.0,
        };
        let samples: Vec<Sample> = (1..22_u16).rev().map(hot).collect();
        let seen = jump(&samples, &HINGE, AmbientSource::Own, 0.5, 110);
        assert_eq!(seen.map(|jump| jump.k.round()), expected_k);
    }

    #[test]
    fn a_jump_came_overnight_and_stayed() {
        check_jump(|age| if age < 10 { 9.0 } else { 0.0 }, Some(9.0));
        check_jump(|age| if age < 2 { 9.0 } else { 0.0 }, Some(9.0));
        // Days that stand out alone, a rise within days, and dirt.
        check_jump(|age| if age == 6 { 9.0 } else { 0.0 }, None);
        check_jump(|age| 3.0 * (5.0 - f64::from(age)).max(0.0), None);
        check_jump(|age| 0.8 * (21.0 - f64::from(age)), None);
    }

    #[test]
    fn what_came_overnight_stands_still_until_more_is_surely_added() {
        let stands_still = |off_k: &dyn Fn(f64) -> f64| {
            let at = Conditions { ta_c: 34.0, ..Conditions::default() };
            let hot = |age: Day| {
                let td_c = HINGE.expect(&at, 0.0).td_c + off_k(f64::from(age));
                Sample { day: 110 - age, series: Series::Hot, td_c, at, peak_over_k: 0.0 }
            };
            let samples: Vec<Sample> = (1..28_u16).rev().map(hot).collect();
            jump(&samples, &HINGE, AmbientSource::Own, 0.5, 110).map(|jump| jump.stands_still)
        };
        assert_eq!(stands_still(&|age| if age < 13.0 { 6.0 } else { 0.0 }), Some(true));
        assert_eq!(stands_still(&|age| if age < 13.0 { 6.0 + 0.3 * (12.0 - age) } else { 0.0 }), Some(false));
        // What it came on top of had grown before.
        assert_eq!(stands_still(&|age| 0.5 * (27.0 - age) + if age < 4.0 { 4.5 } else { 0.0 }), Some(false));
        assert_eq!(stands_still(&|age| 0.3 * (27.0 - age)), None);
    }

    #[test]
    fn what_the_valve_hid_until_the_first_hot_day_has_not_come_overnight() {
        // Three weeks in whose last days it became warm, and what this machine shows in such an air.
        let seen = |td_c: &dyn Fn(&Conditions, bool) -> f64| {
            let hot = |age: Day| {
                let is_warm = age < 6;
                let at = Conditions { ta_c: if is_warm { 34.0 } else { 14.0 }, ..Conditions::default() };
                Sample { day: 110 - age, series: Series::Hot, td_c: td_c(&at, is_warm), at, peak_over_k: 0.0 }
            };
            let samples: Vec<Sample> = (1..22_u16).rev().map(hot).collect();
            let jump = jump(&samples, &HINGE, AmbientSource::Own, 0.5, 110).map(|jump| jump.k.round());
            (jump, week(&samples, &HINGE, 110).and_then(|week| week.jump_share))
        };
        let clogged = |at: &Conditions, _: bool| HINGE.expect(at, 10.0).td_c;
        assert_eq!(seen(&clogged), (None, None));
    }

    #[test]
    fn a_week_tells_what_came_at_once_from_what_came_within_days_or_weeks() {
        check_week(|age| if age < 4 { 12.0 } else { 0.0 }, Some((12.0, Some(1.0))));
        check_week(|age| 4.0 * (4.5 - f64::from(age)).max(0.0), Some((14.0, Some(0.3))));
        check_week(|age| 0.2 * (21.0 - f64::from(age)), Some((2.0, None)));
    }
}
