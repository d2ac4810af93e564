//! Symptoms of the catalogue read off a machine's courses: evidence, effect, grade with hysteresis, forecast.
//!
//! A machine has a dozen symptoms, a fleet thousands of machines, and every day is another chance to be wrong. So evidence
//! must be strong on several days in a row before anything is said, stronger and longer before a customer may hear of it,
//! and the change must be of a size that matters in practice, whatever its significance.

use foretell_model::{Grade, Symptom};
use serde::{Deserialize, Serialize};

use super::course::{Course, Hold, Normal};
use super::leaving::{self, Leaving, Passage};
use super::room::HotRoom;
use crate::sd::day::Day;

/// Evidence for watching and for advising, log Bayes factor.
const WATCH_LOG_BF: f64 = 8.0;
const ADVISE_LOG_BF: f64 = 16.0;
/// The same for a room: weather is already in its evidence, and nobody is accused.
const ROOM_LOG_BF: f64 = 2.5;
/// The same while its air is cool, and how much more of a rise must then be seen.
const MILD_LOG_BF: f64 = 6.0;
const MILD_CHANGE: f64 = 1.5;
/// Evidence that a held grade may lose without falling.
const LAX_LOG_BF: f64 = 4.0;
/// The same for the change, as a share of what was asked.
const LAX_CHANGE: f64 = 0.6;
/// Days in a row that must ask for a grade.
const WATCH_AFTER_DAYS: u8 = 2;
const ADVISE_AFTER_DAYS: u8 = 4;
/// Days in a row without deserving it after which a grade falls.
const FALLS_AFTER_DAYS: u8 = 7;
/// The same of what two days decide, and the standard deviations that both days must stand out by.
const QUICK_FALLS_AFTER_DAYS: u8 = 3;
const QUICK_WATCH_SDS: f64 = 4.0;
const QUICK_ADVISE_SDS: f64 = 6.0;
/// The same of a hot room.
const ROOM_FALLS_AFTER_DAYS: u8 = 4;
/// A customer hears of a trend when its limit is more likely than not within so many days.
const ADVISE_WITHIN_DAYS: f64 = 45.0;
/// Urgent: as likely as this within three days.
const URGENT_PROBABILITY: f64 = 0.5;
/// From this share on a change is sudden.
const SUDDEN: f64 = 0.6;
/// A change that is a setting and no fault is learned as normal when it has lasted so long.
const RELEARN_AFTER_DAYS: f64 = 7.0;
/// An indirect sign counts as gradual when it has been growing for so long.
const GRADUAL_FROM_DAYS: f64 = 11.0;
/// What a course said so long ago no longer counts.
const STALE_DAYS: Day = 10;
/// Chance, before looking, that a feature has left its normal.
const PRIOR: f64 = 0.01;

/// A symptom that a machine shows.
#[derive(Clone, Debug)]
pub(crate) struct Sign<'a> {
    pub(crate) symptom: &'a Symptom,
    pub(crate) grade: Grade,
    /// Chance that the change is real.
    pub(crate) certainty: f64,
    /// The feature now, in its own unit, and its normal.
    pub(crate) value: f64,
    pub(crate) normal: f64,
    /// Change of the value per day.
    pub(crate) per_day: f64,
    pub(crate) since: Day,
    pub(crate) sudden: bool,
    pub(crate) step_share: f64,
    /// Evidence; `None` where events are counted.
    pub(crate) log_bf: Option<f64>,
    /// The limit in the feature's unit, and when it is met.
    pub(crate) forecast: Option<(f64, Passage)>,
}

/// Reads a rise of the room's temperature as a symptom and moves the grade that is held. `room` is the rise that stands,
/// `is_seen` whether today's days still show it.
pub(crate) fn of_room<'a>(
    held: &mut Hold,
    symptom: &'a Symptom,
    room: &HotRoom,
    is_seen: bool,
    today: Day,
) -> Option<Sign<'a>> {
    let rise = &room.rise;
    let (log_bf, share) = if room.is_mild() { (MILD_LOG_BF, MILD_CHANGE) } else { (ROOM_LOG_BF, 1.0) };
    let shows = |lax_log_bf: f64, lax_share: f64| {
        is_seen && rise.log_bf >= log_bf - lax_log_bf && rise.rise_k >= lax_share * share * symptom.watch
    };
    if shows(0.0, 1.0) {
        held.rising_days = held.rising_days.saturating_add(1);
        held.falling_days = 0;
    } else if shows(LAX_LOG_BF, LAX_CHANGE) {
        held.falling_days = 0;
    } else {
        held.falling_days = held.falling_days.saturating_add(1);
    }
    if held.falling_days >= if held.grade > 0 { ROOM_FALLS_AFTER_DAYS } else { WATCH_AFTER_DAYS } {
        *held = Hold::default();
    } else if held.rising_days >= WATCH_AFTER_DAYS {
        held.grade = symptom.sudden.map_or(0, number);
    }
    Some(Sign {
        symptom,
        grade: named(held.grade)?,
        certainty: certainty(rise.log_bf),
        value: rise.now_c,
        normal: rise.usual_c,
        per_day: 0.0,
        since: rise.since.min(today),
        sudden: true,
        step_share: 1.0,
        log_bf: Some(rise.log_bf),
        forecast: None,
    })
}

/// The grade that a log likelihood ratio holds, and since when it has asked for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DatedHold {
    hold: Hold,
    /// First of the days that have asked; what began then has gone on while a grade is held, whatever single days say.
    since: Day,
}

/// Reads a log likelihood ratio that is found anew each day as a symptom and moves the grade that is held.
pub(crate) fn of_ratio<'a>(
    held: &mut DatedHold,
    symptom: &'a Symptom,
    log_ratio: Option<f64>,
    today: Day,
) -> Option<Sign<'a>> {
    let DatedHold { hold, since } = held;
    let log_ratio = log_ratio.unwrap_or(0.0);
    let asked = if log_ratio >= symptom.advise { 2 } else { u8::from(log_ratio >= symptom.watch) };
    if asked > 0 && hold.grade == 0 && hold.rising_days == 0 {
        *since = today.saturating_sub(1);
    }
    hold.rising_days = if asked > 0 { hold.rising_days.saturating_add(1) } else { 0 };
    hold.falling_days = if log_ratio < LAX_CHANGE * symptom.watch { hold.falling_days.saturating_add(1) } else { 0 };
    if hold.falling_days >= FALLS_AFTER_DAYS {
        *hold = Hold::default();
    } else if hold.rising_days >= WATCH_AFTER_DAYS {
        let rise = if hold.rising_days >= ADVISE_AFTER_DAYS { asked } else { 1 };
        hold.grade = hold.grade.max(rise.min(symptom.sudden.map_or(0, number)));
    }
    Some(Sign {
        symptom,
        grade: named(hold.grade)?,
        certainty: certainty(log_ratio.max(symptom.watch)),
        value: log_ratio,
        normal: 0.0,
        per_day: 0.0,
        since: *since,
        sudden: true,
        step_share: 1.0,
        log_bf: Some(log_ratio),
        forecast: None,
    })
}

/// One day's evidence, before hysteresis.
struct Asked {
    log_bf: f64,
    change: f64,
    /// Nearness of the limit allows to advise.
    near: bool,
    very_near: bool,
    cap: u8,
}

/// Reads a symptom off its course and moves the grade it holds.
pub(crate) fn read<'a>(course: &mut Course, symptom: &'a Symptom, today: Day) -> Option<Sign<'a>> {
    let side = usize::from(symptom.direction.sign() < 0.0);
    if today.saturating_sub(course.newest()) > STALE_DAYS {
        return None;
    }
    if course.feature.is_count() {
        return count(course, symptom, today, side);
    }
    let normal = course.normal(symptom.noise)?;
    if symptom.quick {
        return quick(course, symptom, today, &normal);
    }
    let level = course.level(today)?;
    let sign = symptom.direction.sign();
    let change = sign * (level - normal.mean);
    if course.holds[side].grade == 0 && change < LAX_CHANGE * symptom.watch {
        course.holds[side] = Hold::default();
        course.forget_onset();
        return None;
    }
    let leaving = leaving::weigh(&course.dated(today), &normal, sign, symptom.advise);
    let sudden = leaving.step_share > SUDDEN;
    let cap = if sudden { symptom.sudden } else { symptom.gradual };
    if sudden && symptom.sudden.is_none() && course.holds[side].grade == 0 {
        let lasting = leaving.onset_days >= RELEARN_AFTER_DAYS && leaving.log_bf > WATCH_LOG_BF;
        if lasting && change > symptom.watch {
            course.relearn(today.saturating_sub(leaving.onset_days as Day));
        }
        return None;
    }
    if symptom.sudden.is_none()
        && symptom.limit.is_none()
        && course.holds[side].grade == 0
        && leaving.onset_days < GRADUAL_FROM_DAYS
    {
        // So young a change may yet turn out to be a step.
        return None;
    }
    let (forecast, over) = forecast(course, symptom, &normal, &leaving, change);
    let within = |days: f64| forecast.as_ref().map_or(0.0, |(_, p)| p.within(days));
    let asked = Asked {
        log_bf: leaving.log_bf,
        change,
        near: forecast.is_none() || over || within(ADVISE_WITHIN_DAYS) >= 0.5,
        very_near: within(3.0) >= URGENT_PROBABILITY,
        // A grade once held is not lost because the onset now looks sudden.
        cap: cap.map_or(course.holds[side].grade, number),
    };
    let Some(grade) = hold(&mut course.holds[side], &asked, symptom) else {
        course.forget_onset();
        return None;
    };
    let since = course.onset(today, leaving.onset_days);
    Some(sign_of(course, symptom, (grade, sudden), since, &normal, level, leaving, forecast))
}

#[expect(clippy::too_many_arguments, reason = "all of them are parts of one sign")]
fn sign_of<'a>(
    course: &Course,
    symptom: &'a Symptom,
    (grade, sudden): (Grade, bool),
    since: Day,
    normal: &Normal,
    level: f64,
    leaving: Leaving,
    forecast: Option<(f64, Passage)>,
) -> Sign<'a> {
    let (scale, sign) = (course.scale(), symptom.direction.sign());
    let value = scale.shown(level);
    Sign {
        symptom,
        grade,
        certainty: certainty(leaving.log_bf),
        value,
        normal: scale.shown(normal.mean),
        per_day: scale.shown(level + sign * leaving.per_day) - value,
        since,
        sudden,
        step_share: leaving.step_share,
        log_bf: Some(leaving.log_bf),
        forecast,
    }
}

/// When the limit is met, and whether it already is.
fn forecast(
    course: &Course,
    symptom: &Symptom,
    normal: &Normal,
    leaving: &Leaving,
    change: f64,
) -> (Option<(f64, Passage)>, bool) {
    let Some(limit) = symptom.limit.map(|l| l.of(course.scale().shown(normal.mean))) else { return (None, false) };
    let Some(compared) = course.scale().compared(limit) else { return (None, false) };
    let left = symptom.direction.sign() * (compared - normal.mean);
    (Some((limit, leaving.passage(left))), change >= left)
}

/// Events are rare: one is watched, several advised, and days without any let the grade go.
fn count<'a>(course: &mut Course, symptom: &'a Symptom, today: Day, side: usize) -> Option<Sign<'a>> {
    let events = course.recent_sum(today);
    let asked = if events >= symptom.advise { 2 } else { u8::from(events >= symptom.watch) };
    let cap = symptom.sudden.map_or(0, number);
    let held = &mut course.holds[side];
    held.grade = held.grade.max(asked.min(cap));
    held.falling_days = if asked > 0 { 0 } else { held.falling_days.saturating_add(1) };
    if held.falling_days >= FALLS_AFTER_DAYS {
        *held = Hold::default();
    }
    let grade = named(held.grade)?;
    Some(Sign {
        symptom,
        grade,
        certainty: if grade == Grade::Watch { 0.7 } else { 0.95 },
        value: events,
        normal: 0.0,
        per_day: 0.0,
        since: course.newest(),
        sudden: true,
        step_share: 1.0,
        log_bf: None,
        forecast: None,
    })
}

/// The last two days decide, and the one that shows less of the change counts.
fn quick<'a>(course: &mut Course, symptom: &'a Symptom, today: Day, normal: &Normal) -> Option<Sign<'a>> {
    let sign = symptom.direction.sign();
    let value = course.least_of_two(today, sign);
    let change = value.map_or(0.0, |value| sign * (value - normal.mean));
    let sds = change / normal.sd;
    let asked = if change >= symptom.advise && sds >= QUICK_ADVISE_SDS {
        2
    } else {
        u8::from(change >= symptom.watch && sds >= QUICK_WATCH_SDS)
    };
    let cap = symptom.sudden.map_or(0, number);
    let held = &mut course.holds[usize::from(sign < 0.0)];
    held.rising_days = if asked > 0 { held.rising_days.saturating_add(1) } else { 0 };
    held.falling_days = if change < LAX_CHANGE * symptom.watch { held.falling_days.saturating_add(1) } else { 0 };
    if held.falling_days >= QUICK_FALLS_AFTER_DAYS {
        *held = Hold::default();
    } else if asked > held.grade {
        held.grade = asked.min(cap);
    }
    let rising_days = held.rising_days;
    let grade = named(held.grade)?;
    let log_bf = 0.5 * sds.max(QUICK_WATCH_SDS).powi(2);
    let scale = course.scale();
    Some(Sign {
        symptom,
        grade,
        certainty: certainty(log_bf),
        value: scale.shown(value.unwrap_or(normal.mean)),
        normal: scale.shown(normal.mean),
        per_day: 0.0,
        since: today.saturating_sub(Day::from(rising_days) + 1),
        sudden: true,
        step_share: 1.0,
        log_bf: Some(log_bf),
        forecast: None,
    })
}

fn hold(held: &mut Hold, asked: &Asked, symptom: &Symptom) -> Option<Grade> {
    let wants = wanted(asked, symptom, 0.0, 1.0);
    let keeps = wanted(asked, symptom, LAX_LOG_BF, LAX_CHANGE);
    if wants > held.grade {
        held.falling_days = 0;
        held.rising_days = held.rising_days.saturating_add(1);
        let needed = if wants == 1 { WATCH_AFTER_DAYS } else { ADVISE_AFTER_DAYS };
        if held.rising_days >= needed {
            *held = Hold { grade: wants, ..Hold::default() };
        } else if held.grade == 0 && held.rising_days >= WATCH_AFTER_DAYS {
            held.grade = 1;
        }
    } else if keeps < held.grade {
        held.rising_days = 0;
        held.falling_days = held.falling_days.saturating_add(1);
        if held.falling_days >= FALLS_AFTER_DAYS {
            *held = Hold { grade: keeps, ..Hold::default() };
        }
    } else {
        (held.rising_days, held.falling_days) = (0, 0);
    }
    named(held.grade)
}

/// The grade that the day's evidence asks for, with thresholds laxer by so much.
fn wanted(asked: &Asked, symptom: &Symptom, lax_log_bf: f64, lax_change: f64) -> u8 {
    let shows = |log_bf: f64, change: f64| asked.log_bf >= log_bf - lax_log_bf && asked.change >= lax_change * change;
    let wanted = if shows(ADVISE_LOG_BF, symptom.advise) && asked.near {
        if asked.very_near { 3 } else { 2 }
    } else {
        u8::from(shows(WATCH_LOG_BF, symptom.watch))
    };
    wanted.min(asked.cap)
}

fn certainty(log_bf: f64) -> f64 {
    let odds = PRIOR * log_bf.min(50.0).exp();
    odds / (1.0 + odds)
}

const fn number(grade: Grade) -> u8 {
    match grade {
        Grade::Watch => 1,
        Grade::Advise => 2,
        Grade::Urgent => 3,
    }
}

const fn named(number: u8) -> Option<Grade> {
    match number {
        0 => None,
        1 => Some(Grade::Watch),
        2 => Some(Grade::Advise),
        _ => Some(Grade::Urgent),
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::Catalogue;

    use super::*;
    use crate::ha::room::Rise;
    use crate::sd::feature::Feature;

    fn symptom(catalogue: &Catalogue, code: &str) -> Symptom {
        catalogue.symptoms.iter().find(|s| s.code == code).expect("a shipped symptom").clone()
    }

    fn shipped() -> Catalogue {
        Catalogue::parse(include_str!("../../../../config/faults.toml")).expect("the shipped catalogue is sound")
    }

    /// A rise of 8 K that is seen on the days marked `#`; the days on which it is spoken of.
    fn check_room(seen: &str, spoken: &str) {
        check_rise(8.0, 32.0, seen, spoken);
    }

    fn check_rise(rise_k: f64, now_c: f64, seen: &str, spoken: &str) {
        let catalogue = shipped();
        let symptom = symptom(&catalogue, "ambient_hot");
        let rise = Rise { since: 100, rise_k, log_bf: 7.0, usual_c: now_c - rise_k, now_c };
        let room = HotRoom { rise, measured: true };
        let mut held = Hold::default();
        let said: String = (101..)
            .zip(seen.chars())
            .map(
                |(today, seen)| {
                    if of_room(&mut held, &symptom, &room, seen == '#', today).is_some() { '#' } else { '.' }
                },
            )
            .collect();
        assert_eq!(said, spoken, "of {seen}");
    }

    #[test]
    fn what_stands_through_days_of_doubt_began_when_it_was_first_seen() {
        let catalogue = shipped();
        let symptom = symptom(&catalogue, "regulation_lost");
        let mut held = DatedHold::default();
        let strong = symptom.advise + 1.0;
        // Two days that ask, doubt that is not yet absence, and more that ask; then so much doubt that it ends, and anew.
        let doubt = (strong, 0.8 * symptom.watch, 0.0);
        let mut days = vec![doubt.0, doubt.0, doubt.1, doubt.0, doubt.1, doubt.0];
        days.extend([doubt.2; FALLS_AFTER_DAYS as usize]);
        days.extend([doubt.0; 2]);
        let since: Vec<Option<Day>> = (101..)
            .zip(&days)
            .map(|(today, ratio)| of_ratio(&mut held, &symptom, Some(*ratio), today).map(|sign| sign.since))
            .collect();
        assert_eq!(since[..6], [None, Some(100), Some(100), Some(100), Some(100), Some(100)]);
        assert_eq!(since[since.len() - 3..], [None, None, Some(113)]);
    }

    #[test]
    fn a_hot_room_that_some_cool_days_hide_is_spoken_of_on() {
        check_room("##..#...#....#", ".###########..");
        check_room("#....#........", "..............");
    }

    #[test]
    fn a_cool_room_takes_a_larger_rise() {
        check_rise(4.5, 28.0, "####", ".###");
        check_rise(4.5, 14.0, "####", "....");
        check_rise(8.0, 18.0, "####", ".###");
    }

    /// Thirty days of unrest of 0.6 K, then these; the days on which it is a symptom, and from which on one to advise.
    fn check_quick(then_k: &[f64], grades: &str) {
        let catalogue = shipped();
        let symptom = symptom(&catalogue, "discharge_unsteady");
        let mut course = Course::new(Feature::Ripple);
        (100..130_u16).for_each(|day| course.push(day, 0.6 + 0.03 * f64::from(day % 4)));
        let said: String = (130..)
            .zip(then_k)
            .map(|(day, &k)| {
                course.push(day, k);
                match read(&mut course, &symptom, day + 1).map(|s| s.grade) {
                    None => '.',
                    Some(Grade::Watch) => 'w',
                    Some(_) => 'a',
                }
            })
            .collect();
        assert_eq!(said, grades, "{then_k:?}");
    }

    #[test]
    fn two_days_of_unrest_are_a_symptom_and_one_is_none() {
        check_quick(&[0.6, 2.9, 0.6, 0.6], "....");
        check_quick(&[1.1, 1.6, 2.4, 2.6, 2.9], "..waa");
        check_quick(&[2.9, 2.9, 0.6, 0.6, 0.6, 0.6], ".aaa..");
    }
}
