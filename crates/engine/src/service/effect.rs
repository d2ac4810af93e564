//! What a job achieved: the same machine before and after it, at equal ambient, load and pressure, in kelvin, amperes,
//! kilowatts and money, with the uncertainty of each. A job that changed nothing is said to have changed nothing.
//!
//! Before is the state in which the job found the machine (see [`super::yardstick`]).

use foretell_model::effect::is_told;
use foretell_model::{EnergyProfile, Evidence, FaultCode, FindingKind, Timestamp};
use serde::{Deserialize, Serialize};

use super::figures::{hours_per_day, level};
use super::is_thermal;
use super::yardstick::Yardstick;
use crate::energy::{Estimate, LeakObservation, change_kw, cost_per_month, drawn_kw, leak, loaded_kw};
use crate::findings::episode::Draft;
use crate::findings::text;
use crate::ha::baseline::Baseline;
use crate::ha::health::Life;
use crate::ha::made::{self, Reference};
use crate::ha::points::{AmbientSource, Surroundings};
use crate::ha::trend::Trend;
use crate::machine::Machine;
use crate::sd::day::{Day, day_of, start_of};
use crate::sd::feature::Feature;

/// Days of evidence on either side of a job with a measured ambient, and with one that is only inferred.
const EFFECT_DAYS: usize = 7;
const INFERRED_DAYS: usize = 14;
/// An effect is looked for no longer than this after the job.
const WITHIN_DAYS: Day = 45;
/// Days of a course that count as before, and days needed after.
const BEFORE_AGES: std::ops::RangeInclusive<f64> = 1.0..=12.0;
/// A figure as kept: value and sd.
type Kept = Option<(f32, f32)>;

/// A job whose effect is still to be measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pending {
    work: String,
    /// When it was done, ms since 1970 UTC; `day` is the site's, which goes on for a while after midnight.
    at_ms: i64,
    day: Day,
    /// The normal before the job, as the common yardstick.
    baseline: Baseline,
    reference: Option<Reference>,
    source: AmbientSource,
    /// What was growing until the job.
    trend: Option<Trend>,
    /// The life that the job ended, should it turn out to have ended nothing.
    life: Life,
    discharge_k: Kept,
    loaded_a: Kept,
    unloaded_share: Kept,
    quiet_share: Kept,
}

/// What became of a pending job.
pub(crate) enum Outcome {
    /// Not enough days yet.
    Wait,
    /// Nothing will be known.
    Unknown,
    /// What it achieved.
    Measured {
        /// The finding that says so.
        draft: Box<Draft>,
        /// The life that goes on, where the machine is still in the state in which the job found it.
        goes_on: Option<Life>,
    },
}

/// Prepares to measure what work done at `at`, on the site's `day`, achieves; `None` when nothing was known before it.
pub(crate) fn prepare(
    work: &str,
    (at, day): (Timestamp, Day),
    machine: &Machine,
    around: &Surroundings<'_>,
) -> Option<Pending> {
    let before = &machine.days[..machine.days.partition_point(|d| d.day < day)];
    let kept = |e: Estimate| (e.value as f32, e.sd as f32);
    let of = |feature| level(&machine.courses, feature, day, BEFORE_AGES).map(kept);
    let reference = made::reference_of(before, &made::heats(before, around.switching_h));
    let (source, trend) = (machine.health.source, machine.health.trend);
    let discharge = reference.filter(|_| is_thermal(work) && machine.health.learned).and_then(|reference| {
        let last = &before[before.len().saturating_sub(days_of(source))..];
        let yardstick = Yardstick { baseline: &machine.health.baseline, reference, source, trend, job: day };
        Some(yardstick.left_by_growth(&yardstick.hot_days(last, day, around)?))
    });
    let pending = Pending {
        work: work.to_owned(),
        at_ms: at.millis(),
        day,
        baseline: machine.health.baseline,
        reference,
        source,
        trend,
        life: machine.health.life(),
        discharge_k: discharge.map(kept),
        loaded_a: of(Feature::LoadedCurrent),
        unloaded_share: of(Feature::UnloadedShare),
        quiet_share: of(Feature::QuietLoadShare),
    };
    let known = [pending.discharge_k, pending.loaded_a, pending.unloaded_share, pending.quiet_share];
    known.iter().any(Option::is_some).then_some(pending)
}

/// Looks whether the days since the job are enough to say what it achieved.
pub(crate) fn measure(
    pending: &Pending,
    machine: &Machine,
    today: Day,
    around: &Surroundings<'_>,
    profile: &EnergyProfile,
) -> Outcome {
    let late = today > pending.day.saturating_add(WITHIN_DAYS);
    let elapsed = usize::from(today.saturating_sub(pending.day));
    let changes = Changes::of(pending, machine, today, around);
    let awaited = pending.discharge_k.is_some() && changes.discharge_k.is_none();
    if elapsed <= days_of(pending.source) || (awaited && !late) || !changes.any() {
        return if late { Outcome::Unknown } else { Outcome::Wait };
    }
    let Some(draft) = draft(pending, &changes, machine, profile) else { return Outcome::Unknown };
    let goes_on = left_as_found(pending, &changes).then(|| pending.life.clone());
    Outcome::Measured { draft: Box::new(draft), goes_on }
}

/// Whether something was growing, the job found the machine clearly above its normal, and has not taken half of that away even
/// if the change is read as kindly as its error allows. To learn such a machine anew would make the fault its normal.
fn left_as_found(pending: &Pending, changes: &Changes) -> bool {
    let Some(((found_k, sd_k), change)) = pending.discharge_k.zip(changes.discharge_k) else { return false };
    let (found_k, sd_k) = (f64::from(found_k), f64::from(sd_k));
    pending.trend.is_some() && found_k > 2.0 * sd_k && change.value - 2.0 * change.sd > -0.5 * found_k
}

const fn days_of(source: AmbientSource) -> usize {
    match source {
        AmbientSource::Own | AmbientSource::Sibling => EFFECT_DAYS,
        _ => INFERRED_DAYS,
    }
}

/// After minus before; `None` where either is not known.
#[derive(Clone, Copy, Debug, Default)]
struct Changes {
    discharge_k: Option<Estimate>,
    loaded_a: Option<Estimate>,
    unloaded_share: Option<Estimate>,
    quiet_share: Option<Estimate>,
}

impl Changes {
    fn of(pending: &Pending, machine: &Machine, today: Day, around: &Surroundings<'_>) -> Self {
        let since = machine.days.partition_point(|d| d.day <= pending.day);
        let after = &machine.days[since..];
        let after = &after[..after.len().min(days_of(pending.source))];
        let yardstick = |reference| Yardstick {
            baseline: &pending.baseline,
            reference,
            source: pending.source,
            trend: pending.trend,
            job: pending.day,
        };
        let discharge = pending.discharge_k.zip(pending.reference).and_then(|((value, sd), reference)| {
            let before = Estimate::new(f64::from(value), f64::from(sd));
            let yardstick = yardstick(reference);
            Some(yardstick.change(before, &yardstick.hot_days(after, today, around)?))
        });
        let youngest = f64::from(today.saturating_sub(pending.day)) - 1.0;
        let now = |feature| level(&machine.courses, feature, today, 0.0..=youngest);
        let change = |before: Kept, after: Option<Estimate>| {
            let (value, sd) = before?;
            Some(after?.minus(Estimate::new(f64::from(value), f64::from(sd))))
        };
        Self {
            discharge_k: discharge,
            loaded_a: change(pending.loaded_a, now(Feature::LoadedCurrent)),
            unloaded_share: change(pending.unloaded_share, now(Feature::UnloadedShare)),
            quiet_share: change(pending.quiet_share, now(Feature::QuietLoadShare)),
        }
    }

    const fn any(&self) -> bool {
        self.discharge_k.is_some()
            || self.loaded_a.is_some()
            || self.unloaded_share.is_some()
            || self.quiet_share.is_some()
    }
}

/// Power and money of the changes.
#[derive(Clone, Copy, Debug, Default)]
struct Gains {
    power_kw: Estimate,
    cost_per_month: Estimate,
    leak_m3_min: Option<Estimate>,
}

fn gains(pending: &Pending, changes: &Changes, machine: &Machine, profile: &EnergyProfile) -> Gains {
    let Some((loaded_a, _)) = pending.loaded_a.map(|(a, sd)| (f64::from(a), sd)) else { return Gains::default() };
    let (run_h, load_h) = hours_per_day(&machine.days);
    let (work_h, mut gains) = (load_h.max(0.1), Gains::default());
    let mut add = |kw: Estimate, hours_per_day: f64| {
        let cost = cost_per_month(kw, hours_per_day, profile);
        gains.power_kw = Estimate::new(gains.power_kw.value + kw.value, gains.power_kw.sd.hypot(kw.sd));
        gains.cost_per_month =
            Estimate::new(gains.cost_per_month.value + cost.value, gains.cost_per_month.sd.hypot(cost.sd));
    };
    if let Some(change_a) = changes.loaded_a {
        add(change_kw(change_a, loaded_a, profile), work_h);
    }
    let share = pending.unloaded_share.map(|(share, _)| f64::from(share));
    if let Some((change, share)) = changes.unloaded_share.zip(share) {
        let at = |share: f64| drawn_kw(share * loaded_a, loaded_a, profile);
        let (before, after) = (at(share), at(share + change.value));
        // Voltage and power factor are the same on both sides; what is unsure is the current.
        let sd = 0.5 * (at(share + change.value + change.sd).value - at(share + change.value - change.sd).value);
        let kw = Estimate::new(after.value - before.value, sd.abs().hypot(0.1 * (after.value - before.value)));
        add(kw, (run_h - load_h).max(0.0));
    }
    if let Some(duty) = changes.quiet_share {
        let idle_kw = share.map(|share| drawn_kw(share * loaded_a, loaded_a, profile)).unwrap_or_default();
        let seen =
            LeakObservation { duty, loaded_kw: loaded_kw(loaded_a, profile), idle_kw, pressurised: run_h / 24.0 };
        let figures = leak(&seen, profile);
        // Of the other jobs a changed duty is the customers' doing, not the job's.
        if pending.work == "leak_surveyed" {
            add(figures.kw, run_h);
        }
        gains.leak_m3_min = Some(figures.flow_m3_min);
    }
    gains
}

fn draft(pending: &Pending, changes: &Changes, machine: &Machine, profile: &EnergyProfile) -> Option<Draft> {
    let profile = &machine.service.energy(profile);
    let since = start_of(day_of(Timestamp::from_millis(pending.at_ms)).unwrap_or(pending.day));
    let gains = gains(pending, changes, machine, profile);
    let leak = gains.leak_m3_min.filter(|_| pending.work == "leak_surveyed");
    let main = changes.discharge_k.or(leak).or(changes.loaded_a).or(changes.unloaded_share)?;
    let certainty = 1.0 - 2.0 * crate::ha::scan::normal_cdf(-main.value.abs() / main.sd.max(1e-6));
    let text = sentence(pending, changes, &gains, leak, since, profile);
    let mut draft =
        Draft::plain(FindingKind::MaintenanceEffect, FaultCode::new(&pending.work)?, certainty.clamp(0.0, 1.0), text);
    draft.evidence = evidence(changes, &gains, leak, since, profile);
    Some(draft)
}

fn evidence(
    changes: &Changes,
    gains: &Gains,
    leak: Option<Estimate>,
    since: Timestamp,
    profile: &EnergyProfile,
) -> Vec<Evidence> {
    let since = Some(since);
    let mut items: Vec<[Evidence; 2]> = Vec::new();
    let mut push = |value: Option<Estimate>, feature: &str, unit: &str| {
        items.extend(value.map(|v| v.evidence(feature, unit, since)));
    };
    push(changes.discharge_k, "discharge_change_k", "K");
    push(changes.loaded_a, "loaded_current_change_a", "A");
    push(changes.unloaded_share, "unloaded_share_change", "1");
    push(leak, "leak_flow_change_m3_min", "m3/min");
    let priced = gains.power_kw.sd > 0.0;
    push(priced.then_some(gains.power_kw), "power_change_kw", "kW");
    push(priced.then_some(gains.cost_per_month), "cost_change_per_month", profile.currency.as_str());
    items.into_iter().flatten().collect()
}

fn sentence(
    pending: &Pending,
    changes: &Changes,
    gains: &Gains,
    leak: Option<Estimate>,
    since: Timestamp,
    profile: &EnergyProfile,
) -> String {
    let clear = |feature: &str, e: Option<Estimate>| e.filter(|e| is_told(feature, e.value, e.sd));
    let mut found: Vec<String> = Vec::new();
    if let Some(k) = clear("discharge_change_k", changes.discharge_k) {
        let way = if k.value < 0.0 { "cooler" } else { "hotter" };
        found.push(format!("runs {:.1} K {way} (±{:.1} K)", k.value.abs(), 2.0 * k.sd));
    }
    let less = |value: f64| if value < 0.0 { "less" } else { "more" };
    if let Some(a) = clear("loaded_current_change_a", changes.loaded_a) {
        found.push(format!("draws {:.1} A {} under load (±{:.1} A)", a.value.abs(), less(a.value), 2.0 * a.sd));
    }
    if let Some(share) = clear("unloaded_share_change", changes.unloaded_share) {
        let points = 100.0 * share.value.abs();
        found.push(format!("draws {points:.0} points {} of its loaded current while unloaded", less(share.value)));
    }
    if let Some(flow) = clear("leak_flow_change_m3_min", leak) {
        found.push(format!(
            "feeds {:.2} m3/min {} into leaks (±{:.2})",
            flow.value.abs(),
            less(flow.value),
            2.0 * flow.sd
        ));
    }
    let head = format!("Since the work on {} ({}) the machine", text::date(since), pending.work.replace('_', " "));
    let equal = "at equal ambient, load and pressure";
    if found.is_empty() && is_thermal(&pending.work) && changes.discharge_k.is_none() {
        // What the work was for was not seen: that is not the same as to have seen that nothing changed.
        return format!(
            "{head} could not be compared in temperature: on too few days before or since was it loaded and warm enough to \
             show its cooler; what else is measured has not changed {equal}."
        );
    }
    if found.is_empty() {
        let width = changes.discharge_k.map(|k| format!(" (within ±{:.1} K)", 2.0 * k.sd)).unwrap_or_default();
        return format!("{head} shows no measurable effect{width} {equal}.");
    }
    let money = clear("cost_change_per_month", Some(gains.cost_per_month)).map(|cost| {
        let (kw, sd) = (gains.power_kw, 2.0 * cost.sd);
        format!(
            "; that is {:.1} kW and {:.0} {} a month {} (±{sd:.0})",
            kw.value.abs(),
            cost.value.abs(),
            profile.currency,
            less(cost.value)
        )
    });
    format!("{head} {} {equal}{}.", found.join(", "), money.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ha::baseline::Conditions;
    use crate::ha::course::Course;
    use crate::sd::day::{DayRecord, Point};

    /// Day of the work.
    const WORK: Day = 130;

    /// How a machine lives through some days.
    #[derive(Clone, Copy)]
    struct Lived {
        /// The air, degC.
        ta_c: f64,
        /// Above the normal on the day of the work, K.
        excess_k: f64,
        /// And by how much more on each day later, K.
        grows_k: f64,
        loaded_a: f64,
        unloaded_share: f64,
        quiet_share: f64,
    }

    const USUAL: Lived =
        Lived { ta_c: 33.0, excess_k: 0.0, grows_k: 0.0, loaded_a: 150.0, unloaded_share: 0.5, quiet_share: 0.2 };

    fn live(machine: &mut Machine, days: std::ops::Range<Day>, lived: Lived) {
        for day in days {
            let noise = f64::from(day * 11 % 7) / 3.0 - 1.0;
            let ta_c = lived.ta_c + f64::from(day * 7 % 5) - 2.0;
            // The load that goes with a changed current is not the point here.
            let at = Conditions { ta_c, ..Conditions::default() };
            let excess_k = lived.excess_k + lived.grows_k * (f64::from(day) - f64::from(WORK));
            let td_c = machine.health.baseline.expect(&at, excess_k.max(0.0)).td_c + 0.3 * noise;
            let hot = Point::new(td_c, Some(ta_c), USUAL.loaded_a, None);
            machine.days.push(DayRecord::new(day, hot, Point::default(), None, None).with_hours(
                20.0,
                14.0,
                Some(lived.unloaded_share),
            ));
            let features = [
                (Feature::LoadedCurrent, lived.loaded_a),
                (Feature::UnloadedShare, lived.unloaded_share),
                (Feature::QuietLoadShare, lived.quiet_share),
            ];
            for (course, (feature, value)) in machine.courses.iter_mut().zip(features) {
                assert_eq!(course.feature, feature);
                course.push(day, value * (1.0 + 0.004 * noise));
            }
        }
    }

    /// What is said of `work` done between two lives, a week and a day later.
    fn measured(work: &str, before: Lived, after: Lived, trend: Option<Trend>) -> Draft {
        let mut machine = Machine::default();
        machine.health.learned = true;
        machine.health.trend = trend;
        machine.courses =
            [Feature::LoadedCurrent, Feature::UnloadedShare, Feature::QuietLoadShare].map(Course::new).to_vec();
        let around = Surroundings::default();
        live(&mut machine, WORK - 30..WORK, before);
        let pending = prepare(work, (start_of(WORK), WORK), &machine, &around).expect("something was known before");
        live(&mut machine, WORK + 1..WORK + 4, after);
        let early = measure(&pending, &machine, WORK + 4, &around, &EnergyProfile::default());
        assert!(matches!(early, Outcome::Wait), "three days say nothing yet");
        live(&mut machine, WORK + 4..WORK + 10, after);
        match measure(&pending, &machine, WORK + 10, &around, &EnergyProfile::default()) {
            Outcome::Measured { draft, .. } => *draft,
            Outcome::Wait | Outcome::Unknown => panic!("{work}: nothing was measured"),
        }
    }

    /// The sentence must say so, and the figure be within `sd` times four of the truth.
    fn check(work: &str, before: Lived, after: Lived, says: &[&str], figure: Option<(&str, f64)>) {
        check_with(None, work, before, after, says, figure);
    }

    fn check_with(
        trend: Option<Trend>,
        work: &str,
        before: Lived,
        after: Lived,
        says: &[&str],
        figure: Option<(&str, f64)>,
    ) {
        let draft = measured(work, before, after, trend);
        for part in says {
            assert!(draft.text.contains(part), "{work}: {part} is not in: {}", draft.text);
        }
        let Some((feature, truth)) = figure else { return };
        let value = |name: &str| draft.evidence.iter().find(|e| e.feature == name).map(|e| e.value);
        let (value, sd) = value(feature).zip(value(&format!("{feature}_sd"))).expect(feature);
        assert!((value - truth).abs() < 4.0 * sd && sd < 0.3 * truth.abs() + 0.5, "{feature}: {value} +- {sd}");
    }

    #[test]
    fn what_a_job_achieved_is_told_in_its_own_unit() {
        let hot = Lived { excess_k: 6.0, ..USUAL };
        check("cooler_cleaned", hot, USUAL, &["K cooler (±", "at equal ambient"], Some(("discharge_change_k", -5.8)));
        check("cooler_cleaned", USUAL, Lived { excess_k: 4.0, ..USUAL }, &["K hotter (±"], None);
        let clogged = Lived { loaded_a: 156.0, ..USUAL };
        check(
            "separator_replaced",
            clogged,
            USUAL,
            &["A less under load (±", " kW and ", " a month less (±"],
            Some(("loaded_current_change_a", -6.0)),
        );
        let open = Lived { unloaded_share: 0.62, ..USUAL };
        let says = ["12 points less of its loaded current while unloaded", " a month less (±"];
        check("inlet_valve_serviced", open, USUAL, &says, Some(("unloaded_share_change", -0.12)));
    }

    #[test]
    fn a_closed_leak_is_air_power_and_money() {
        let leaking = Lived { quiet_share: 0.35, ..USUAL };
        let draft = measured("leak_surveyed", leaking, USUAL, None);
        assert!(draft.text.contains("m3/min less into leaks (±"), "{}", draft.text);
        let units: Vec<&str> = draft.evidence.iter().map(|e| e.unit.as_str()).collect();
        for unit in ["m3/min", "kW", "CNY"] {
            assert!(units.contains(&unit), "{units:?}");
        }
        // The same change of duty after other work is the customers' doing.
        let draft = measured("separator_replaced", leaking, USUAL, None);
        assert!(!draft.text.contains("leaks"), "{}", draft.text);
    }

    #[test]
    fn a_job_that_changed_nothing_is_said_to_have_changed_nothing() {
        for work in ["cooler_cleaned", "separator_replaced", "inlet_valve_serviced", "leak_surveyed"] {
            check(work, USUAL, USUAL, &["shows no measurable effect", "at equal ambient, load and pressure."], None);
        }
        let draft = measured("cooler_cleaned", USUAL, USUAL, None);
        assert!(draft.text.contains("(within ±") && draft.likelihood < 0.95, "{draft:?}");
    }

    /// A straight line that has reached 3.6 K on the day of the work.
    const GROWING: Trend = Trend { onset_day: 121.0, shape: 1, coefficient: 0.4 };

    #[test]
    fn a_growing_fault_is_measured_by_the_state_in_which_the_job_found_it() {
        let grown = Lived { excess_k: 3.6, grows_k: 0.4, ..USUAL };
        // The mean of the week before would say 2 K.
        check_with(Some(GROWING), "cooler_cleaned", grown, USUAL, &["K cooler (±"], Some(("discharge_change_k", -3.4)));
        let draft = measured("cooler_cleaned", grown, USUAL, Some(GROWING));
        assert!((-4.0..-2.8).contains(&draft.evidence[0].value), "{}", draft.text);
    }

    /// Air in which the valve of a clean machine regulates, degC.
    const COOL_C: f64 = 12.0;

    #[test]
    fn in_cool_weather_the_valve_regulates_again_and_that_is_the_effect() {
        let cool = Lived { ta_c: COOL_C, ..USUAL };
        let at = Conditions { ta_c: COOL_C, ..Conditions::default() };
        assert!(Machine::default().health.baseline.expect(&at, 0.0).weight < 0.1, "the normal is regulated");
        let heavy = Trend { coefficient: 4.0, ..GROWING };
        let found = Lived { excess_k: 36.0, grows_k: 4.0, ..cool };
        let draft = measured("cooler_cleaned", found, cool, Some(heavy));
        assert!(draft.text.contains("K cooler (±") && draft.evidence[0].value < -8.0, "{}", draft.text);
    }

    #[test]
    fn what_was_not_compared_is_not_said_to_be_unchanged() {
        let cool = Lived { ta_c: COOL_C, ..USUAL };
        let draft = measured("cooler_cleaned", cool, cool, None);
        assert!(draft.evidence.iter().all(|e| e.feature != "discharge_change_k"), "{:?}", draft.evidence);
        assert!(draft.text.contains("could not be compared in temperature"), "{}", draft.text);
        assert!(!draft.text.contains("no measurable effect"), "{}", draft.text);
    }

    #[test]
    fn work_of_the_first_minutes_of_a_day_is_of_that_day() {
        let mut machine = Machine::default();
        machine.health.learned = true;
        machine.courses =
            [Feature::LoadedCurrent, Feature::UnloadedShare, Feature::QuietLoadShare].map(Course::new).to_vec();
        let around = Surroundings::default();
        live(&mut machine, WORK - 30..WORK, USUAL);
        // The site's day goes on for a while after midnight.
        let at = Timestamp::from_millis(start_of(WORK).millis() + 300_000);
        let pending = prepare("cooler_cleaned", (at, WORK - 1), &machine, &around).expect("something was known");
        live(&mut machine, WORK..WORK + 10, USUAL);
        let Outcome::Measured { draft, .. } =
            measure(&pending, &machine, WORK + 10, &around, &EnergyProfile::default())
        else {
            panic!("nothing was measured")
        };
        assert!(draft.text.contains(&text::date(at)), "{}", draft.text);
        assert_eq!(draft.evidence[0].since, Some(start_of(WORK)));
    }

    #[test]
    fn work_that_did_nothing_stays_so_while_the_fault_grows_on() {
        let grown = Lived { excess_k: 3.6, grows_k: 0.4, ..USUAL };
        let none = &["shows no measurable effect"];
        check_with(Some(GROWING), "cooler_cleaned", grown, grown, none, None);
        // What was claimed to grow and is not in the days is no effect of the job that ended the claim.
        check_with(Some(GROWING), "cooler_cleaned", USUAL, USUAL, none, None);
        // Yet a job that has made it clearly worse is told.
        let worse = Lived { excess_k: 9.6, ..grown };
        check_with(Some(GROWING), "cooler_cleaned", grown, worse, &["K hotter (±"], None);
    }
}
