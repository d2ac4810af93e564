//! Two times to offer: outside the machine's own production hours, in hours humane to both sides, before the fault is
//! likely where possible. Pure.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Weekday};
use foretell_model::{HOUR_MS, MINUTE_MS, Timestamp, WishedTime};

use crate::calendar::Calendar;
use crate::context::{MachineContext, WEEK_HOURS};

/// Earliest hour of the local day at which a visit may begin.
const FIRST_HOUR: u32 = 7;
/// Hour of the local day by which a visit must have ended.
const LAST_HOUR: u32 = 19;
/// A visit that takes in another machine ends by that hour at the latest.
const EVENING_HOUR: u32 = 21;
/// Below this share of time running the machine counts as idle.
const IDLE_SHARE: f64 = 0.1;
/// Technician and customer both need notice: no visit begins sooner, hours.
const NOTICE_HOURS: i64 = 18;
/// Share of time running that a day of the busy season counts as, whatever the machine's week says.
const BUSY_SHARE: f64 = 2.0;
/// Days searched for times: this week, the next and one more.
const SEARCH_DAYS: u64 = 24;
/// A visit on a day begins best here; farther away is a little worse.
const PREFERRED_HOUR: i64 = 10;

/// One concrete time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// When the work begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// Whether the machine usually stands still then.
    pub idle: bool,
}

/// What a visit needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visit {
    /// Time on site, minutes.
    pub minutes: u32,
    /// Whether the machine stops for it; otherwise ordinary office hours do.
    pub stops_machine: bool,
    /// Ten in a hundred such machines fail before this; times before it are preferred.
    pub before: Option<Timestamp>,
    /// Whether it may wait for that without harm: service by running hours may, a fault may not.
    pub can_wait: bool,
    /// What would suit the customer best; times that do are preferred.
    pub wished: WishedTime,
}

/// Says how many trips a visit at a time would add, 0 where somebody is at the site that day anyway; `None` when nobody
/// could come.
pub type Trips<'a> = &'a dyn Fn(&Slot) -> Option<u32>;

/// A candidate with how well it suits; smaller is better, compared from left to right.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    slot: Slot,
    day: NaiveDate,
    too_late: bool,
    /// Not when the customer would like it.
    unsuited: bool,
    /// In the busy season, of a visit that stops the machine.
    unwelcome: bool,
    cost: (u32, u32, u32, u32),
}

impl Candidate {
    fn is_saturday(&self) -> bool {
        self.day.weekday() == Weekday::Sat
    }
}

/// Proposes two times on different days, the sooner one first: one this week and one next where both weeks have one, both
/// before `visit.before` where possible, none before `earliest`. Among times that suit production alike, one on which somebody
/// is at the site anyway comes first. One of them at least is on a working day, even where the machine rests on Saturdays alone.
/// Fewer than two come back only when the coming weeks are full.
#[must_use]
pub fn propose(
    visit: Visit,
    context: &MachineContext,
    calendar: &Calendar,
    trips: Trips<'_>,
    earliest: Timestamp,
) -> Vec<Slot> {
    let days = suiting(welcome(candidates(visit, context, calendar, trips, earliest), visit.can_wait));
    let Some(first) = days.first().map(|c| week(c.day)).and_then(|w| best(days.iter().filter(|c| week(c.day) == w)))
    else {
        return Vec::new();
    };
    let other_days = || days.iter().filter(|c| c.day != first.day);
    let other_weeks = || other_days().filter(|c| week(c.day) != week(first.day));
    let next_week = other_weeks().map(|c| week(c.day)).min();
    // Before the fault beats next week: a time that comes too late is no choice.
    let second = best(other_weeks().filter(|c| Some(week(c.day)) == next_week && !c.too_late))
        .or_else(|| best(other_days().filter(|c| !c.too_late)))
        .or_else(|| best(other_weeks().filter(|c| Some(week(c.day)) == next_week)))
        .or_else(|| best(other_days()));
    let second = second.map(|second| on_working_day(&first, second, &days));
    let mut slots: Vec<Slot> = [Some(first), second].into_iter().flatten().map(|c| c.slot).collect();
    slots.sort_by_key(|slot| slot.start);
    slots
}

/// The second time; where both were Saturdays, the best working day in its place, of its own week if there is one. Who comes on a
/// Saturday must be let in by somebody, so a customer can choose: a stop on a working day, or a Saturday.
fn on_working_day(first: &Candidate, second: Candidate, days: &[Candidate]) -> Candidate {
    if !(first.is_saturday() && second.is_saturday()) {
        return second;
    }
    let serves = |c: &&Candidate| !c.is_saturday() && c.too_late <= second.too_late && c.unsuited <= second.unsuited;
    let is_same_week = |c: &&Candidate| week(c.day) == week(second.day);
    best(days.iter().filter(serves).filter(is_same_week)).or_else(|| best(days.iter().filter(serves))).unwrap_or(second)
}

/// Leaves the busy season out, unless that leaves fewer than two days before the fault where there were two. Where every day comes too
/// late for what cannot wait, the season is left in: whoever waits for its end waits for the fault.
fn welcome(days: Vec<Candidate>, can_wait: bool) -> Vec<Candidate> {
    let in_time = |c: &&Candidate| !c.too_late;
    if !can_wait && days.iter().all(|c| c.too_late) {
        return days;
    }
    let calm: Vec<Candidate> = days.iter().filter(|c| !c.unwelcome).copied().collect();
    let enough = calm.len().min(2) == days.len().min(2);
    if enough && calm.iter().filter(in_time).count().min(2) == days.iter().filter(in_time).count().min(2) {
        calm
    } else {
        days
    }
}

/// The last day of a busy season in which a visit could have begun, had it not been left out for the times there are: all of them
/// come after it. Only a visit that stops the machine waits for that.
pub(crate) fn after_season(
    slots: &[Slot],
    stops_machine: bool,
    calendar: &Calendar,
    now: Timestamp,
) -> Option<NaiveDate> {
    let first = slots.iter().map(|slot| calendar.local(slot.start).date()).min()?;
    let any_busy = slots.iter().any(|slot| calendar.is_busy(calendar.local(slot.start).date()));
    let soonest = calendar.local(with_notice(now)).date();
    let days = soonest.iter_days().take_while(|day| *day < first).take(SEARCH_DAYS as usize);
    let busy: Vec<NaiveDate> = days.filter(|day| calendar.is_busy(*day)).collect();
    let is_visited = |day: &NaiveDate| day.weekday() != Weekday::Sun && !calendar.is_holiday(*day);
    let waited = stops_machine && !any_busy && busy.iter().any(is_visited);
    busy.last().copied().filter(|_| waited)
}

/// Leaves out the days that do not suit the customer's wish, where two do that are soon enough.
fn suiting(mut days: Vec<Candidate>) -> Vec<Candidate> {
    if days.iter().filter(|c| !c.unsuited && !c.too_late).count() >= 2 {
        days.retain(|c| !c.unsuited);
    }
    days
}

/// Tops times up to two with fresh ones, first with those in another week than the times there are, then with those on
/// another day: two times of which neither suits are no choice.
pub(crate) fn top_up(slots: &mut Vec<Slot>, mut fresh: Vec<Slot>, calendar: &Calendar) {
    fresh.retain(|slot| slots.iter().all(|known| known.start != slot.start));
    while slots.len() < 2 && !fresh.is_empty() {
        let day = |slot: &Slot| calendar.local(slot.start).date();
        let (days, weeks): (Vec<NaiveDate>, Vec<NaiveDate>) =
            slots.iter().map(|slot| (day(slot), week(day(slot)))).unzip();
        fresh.sort_by_key(|slot| (weeks.contains(&week(day(slot))), days.contains(&day(slot)), slot.start));
        slots.push(fresh.remove(0));
    }
}

/// The earliest beginning of a visit that somebody hears of now.
#[must_use]
pub fn with_notice(now: Timestamp) -> Timestamp {
    now + NOTICE_HOURS * HOUR_MS
}

/// Whether a time proposed earlier can still be offered: not so near that nobody could prepare.
#[must_use]
pub fn has_notice(slot: &Slot, now: Timestamp) -> bool {
    slot.start >= with_notice(now)
}

/// Whether a visit lies within the days and hours at which visits are made, as the customer's clock shows them: the same ones
/// at which [`propose`] looks.
pub(crate) fn is_usual(slot: &Slot, calendar: &Calendar) -> bool {
    let (local, minutes) = (calendar.local(slot.start), (slot.end - slot.start) / MINUTE_MS);
    let begins = i64::from(local.hour() * 60 + local.minute());
    let is_long = minutes > i64::from(LAST_HOUR - FIRST_HOUR) * 60;
    let ends_in_time = if is_long { local.hour() == FIRST_HOUR } else { begins + minutes <= i64::from(LAST_HOUR) * 60 };
    let is_visited = local.weekday() != Weekday::Sun && !calendar.is_holiday(local.date());
    is_visited && begins >= i64::from(FIRST_HOUR) * 60 && ends_in_time
}

/// Whether a visit that takes longer than it was booked for still ends in the evening of its day. The usual hours do not bind
/// it: they end when most machines have just come to rest, and the advisor sees the new end before anybody is told.
pub(crate) fn ends_by_evening(start: Timestamp, minutes: u32, calendar: &Calendar) -> bool {
    let local = calendar.local(start);
    local.hour() * 60 + local.minute() + minutes <= EVENING_HOUR * 60
}

/// The first time that is free at all, for reckoning what waiting costs.
#[must_use]
pub fn first_free(
    visit: Visit,
    context: &MachineContext,
    calendar: &Calendar,
    trips: Trips<'_>,
    earliest: Timestamp,
) -> Option<Timestamp> {
    propose(visit, context, calendar, trips, earliest).first().map(|slot| slot.start)
}

/// Whether a visit that begins at a local time is when the customer would like it.
pub(crate) fn suits(wished: WishedTime, local: NaiveDateTime) -> bool {
    wished.suits(local.weekday().num_days_from_monday(), local.hour())
}

/// The best time of each day, in order of days.
fn candidates(
    visit: Visit,
    context: &MachineContext,
    calendar: &Calendar,
    trips: Trips<'_>,
    earliest: Timestamp,
) -> Vec<Candidate> {
    let today = calendar.local(earliest).date();
    (0..SEARCH_DAYS)
        .filter_map(|n| today.checked_add_days(Days::new(n)))
        .filter(|day| day.weekday() != Weekday::Sun && !calendar.is_holiday(*day))
        .filter_map(|day| {
            let hours = (FIRST_HOUR..LAST_HOUR).filter_map(|hour| day.and_hms_opt(hour, 0, 0));
            let of_day = hours.filter_map(|start| candidate(visit, context, calendar, start));
            best_of_day(of_day.filter(|c| c.slot.start >= earliest).collect(), trips)
        })
        .collect()
}

/// The best time of a day at which somebody can come. Whether anybody can is asked last and no more often than needed: it is
/// the dear part of the search.
fn best_of_day(mut of_day: Vec<Candidate>, trips: Trips<'_>) -> Option<Candidate> {
    let before_trips = |c: &Candidate| (c.too_late, c.unsuited, c.cost.0, c.cost.1);
    of_day.sort_by_key(|c| (before_trips(c), c.cost.3, c.slot.start));
    let mut found: Option<Candidate> = None;
    for c in of_day {
        if found.is_some_and(|best| before_trips(&best) < before_trips(&c)) {
            break;
        }
        let Some(added) = trips(&c.slot) else { continue };
        if found.is_none_or(|best| added < best.cost.2) {
            found = Some(Candidate { cost: (c.cost.0, c.cost.1, added, c.cost.3), ..c });
        }
        if added == 0 {
            break;
        }
    }
    found
}

fn candidate(visit: Visit, context: &MachineContext, calendar: &Calendar, local: NaiveDateTime) -> Option<Candidate> {
    let end_local = local + TimeDelta::minutes(i64::from(visit.minutes));
    // Work longer than a day's hours begins first thing in the morning.
    let long = visit.minutes > (LAST_HOUR - FIRST_HOUR) * 60 && local.hour() == FIRST_HOUR;
    let day_end = local.date().and_hms_opt(LAST_HOUR, 0, 0)?;
    if end_local > day_end && !long {
        return None;
    }
    let start = calendar.instant(local);
    let end = start + i64::from(visit.minutes) * MINUTE_MS;
    let share = share(context, calendar, local, start, end);
    let idle = share.is_some_and(|share| share < IDLE_SHARE);
    let saturday = local.date().weekday() == Weekday::Sat;
    if saturday && !idle {
        return None;
    }
    let off_peak = PREFERRED_HOUR.abs_diff(i64::from(local.hour())) as u32;
    let busy = match (visit.stops_machine, share) {
        // Work beside the running machine wants office hours, nothing else.
        (false, _) => u32::from(!(8..17).contains(&local.hour())),
        // In steps of 5 %, so that the time of day decides between equals.
        (true, Some(share)) => (share * 20.0) as u32,
        // Nothing learned yet: late afternoon disturbs least.
        (true, None) => u32::from(local.hour() < 16) * 10,
    };
    Some(Candidate {
        slot: Slot { start, end, idle },
        day: local.date(),
        too_late: visit.before.is_some_and(|before| start > before),
        unsuited: !suits(visit.wished, local),
        unwelcome: visit.stops_machine && calendar.is_busy(local.date()),
        cost: (busy, u32::from(saturday), 0, off_peak),
    })
}

/// Share of time running during a visit: what people planned goes before what the machine's week showed, and that before
/// the shifts that people told. `None` when nobody knows.
fn share(
    context: &MachineContext,
    calendar: &Calendar,
    local: NaiveDateTime,
    start: Timestamp,
    end: Timestamp,
) -> Option<f64> {
    if calendar.is_shutdown(local.date()) {
        return Some(0.0);
    }
    if calendar.is_busy(local.date()) {
        return Some(BUSY_SHARE);
    }
    running_share(context, calendar, (start, end)).or_else(|| {
        let hours = (end - start + HOUR_MS - 1).div_euclid(HOUR_MS).max(1);
        let runs = (0..hours).filter_map(|hour| calendar.in_shift(local + TimeDelta::hours(hour)));
        let runs: Vec<f64> = runs.map(|runs| f64::from(u8::from(runs))).collect();
        (!runs.is_empty()).then(|| runs.iter().sum::<f64>() / runs.len() as f64)
    })
}

/// Whether a machine is known to run during a time as a rule.
pub(crate) fn runs(slot: &Slot, context: &MachineContext, calendar: &Calendar) -> bool {
    let share = share(context, calendar, calendar.local(slot.start), slot.start, slot.end);
    share.is_some_and(|share| share >= IDLE_SHARE)
}

/// Mean share of time running over the hours a visit touches; `None` when none of them was learned. Where the clocks were changed
/// since, it is looked up where the same local hours stood before.
fn running_share(context: &MachineContext, calendar: &Calendar, (start, end): (Timestamp, Timestamp)) -> Option<f64> {
    let changed_ms = context.learned.map_or(0, |then| calendar.offset_ms(start) - calendar.offset_ms(then));
    let (start, end) = (start + changed_ms, end + changed_ms);
    let hours = start.hour()..(end + (HOUR_MS - 1)).hour().max(start.hour() + 1);
    // 1970-01-01T00 was a Thursday: three days into the week.
    let shares: Vec<f64> = hours
        .filter_map(|hour| context.duty((hour + 72).rem_euclid(WEEK_HOURS as i64) as usize))
        .map(f64::from)
        .collect();
    (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
}

fn best<'a>(candidates: impl Iterator<Item = &'a Candidate>) -> Option<Candidate> {
    candidates.min_by_key(|c| (c.too_late, c.unsuited, c.cost, c.slot.start)).copied()
}

/// Monday of a day's week, so that weeks compare across the new year.
fn week(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday()))).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Language;

    const ANY: WishedTime = WishedTime { day: None, part: None };
    const COOLER: Visit = Visit { minutes: 120, stops_machine: true, before: None, can_wait: false, wished: ANY };

    fn shanghai() -> Calendar {
        Calendar::plain(chrono_tz::Asia::Shanghai)
    }

    #[test]
    fn a_usual_time_is_one_at_which_visits_are_offered() {
        #[track_caller]
        fn check(local: &str, minutes: i64, expected: bool) {
            let start = shanghai().instant(local.parse().unwrap());
            let slot = Slot { start, end: start + minutes * MINUTE_MS, idle: false };
            assert_eq!(is_usual(&slot, &shanghai()), expected, "{local} {minutes}");
        }
        check("2026-07-17T15:00:00", 90, true);
        check("2026-07-17T03:00:00", 90, false);
        check("2026-07-17T07:00:00", 90, true);
        check("2026-07-17T06:59:00", 90, false);
        check("2026-07-17T17:30:00", 90, true);
        check("2026-07-17T17:31:00", 90, false);
        check("2026-07-18T15:00:00", 90, true);
        check("2026-07-19T15:00:00", 90, false);
        check("2026-07-17T07:00:00", 900, true);
        check("2026-07-17T08:00:00", 900, false);
    }

    /// Runs in these local hours (China) on these days of the week, 0 = Monday.
    fn runs(hours: std::ops::Range<i64>, days: std::ops::Range<i64>) -> MachineContext {
        let mut duty = [0.0_f32; WEEK_HOURS];
        for (hour, share) in duty.iter_mut().enumerate() {
            let local = (hour as i64 + 8).rem_euclid(168);
            if days.contains(&(local / 24)) && hours.contains(&(local % 24)) {
                *share = 0.9;
            }
        }
        MachineContext::default().with_duty(&duty)
    }

    #[track_caller]
    fn check(visit: Visit, context: &MachineContext, now: &str, expected: &str) {
        check_at(&shanghai(), visit, context, now, expected);
    }

    #[track_caller]
    fn check_at(calendar: &Calendar, visit: Visit, context: &MachineContext, now: &str, expected: &str) {
        let slots = propose(visit, context, calendar, &|_| Some(1), with_notice(Timestamp::parse(now).unwrap()));
        let text = |slot: &Slot| {
            let words = crate::compose::slot_text(Language::En, calendar, slot);
            format!("{words}{}", if slot.idle { "" } else { " (running)" })
        };
        assert_eq!(slots.iter().map(text).collect::<Vec<_>>().join("; "), expected);
    }

    #[test]
    fn a_day_shift_is_visited_after_it_one_this_week_and_one_next() {
        let wednesday = "2026-07-15T10:00:00+08:00";
        check(COOLER, &runs(7..17, 0..5), wednesday, "Thursday 16 July, 17:00–19:00; Monday 20 July, 17:00–19:00");
        // Where the shift leaves no room on working days, a Saturday or a working day; a six-day week leaves only the quietest
        // hours.
        check(
            COOLER,
            &runs(6..19, 0..5),
            wednesday,
            "Saturday 18 July, 10:00–12:00; Monday 20 July, 10:00–12:00 (running)",
        );
        check(
            COOLER,
            &runs(6..22, 0..7),
            wednesday,
            "Thursday 16 July, 10:00–12:00 (running); Monday 20 July, 10:00–12:00 (running)",
        );
    }

    #[test]
    fn a_week_learned_before_the_clocks_change_holds_by_the_clock_on_the_wall() {
        /// A plant in a zone that runs from 7 to 17 o'clock there on working days, learned when its clock was so many hours
        /// ahead of UTC.
        #[track_caller]
        fn check(zone: chrono_tz::Tz, learned: (&str, i64), now: &str, expected: &str) {
            let mut duty = [0.0_f32; WEEK_HOURS];
            for (hour, share) in duty.iter_mut().enumerate() {
                let local = (hour as i64 + learned.1).rem_euclid(168);
                *share = if local / 24 < 5 && (7..17).contains(&(local % 24)) { 0.9 } else { 0.0 };
            }
            let context = MachineContext { learned: Timestamp::parse(learned.0).ok(), ..MachineContext::default() };
            check_at(&Calendar::plain(zone), COOLER, &context.with_duty(&duty), now, expected);
        }
        use chrono_tz::{America::New_York, Asia::Shanghai, Europe::Berlin};
        // Berlin's clocks go back on 25 October 2026, New York's on 1 November, China's never.
        let (summer, saturday) = ("2026-10-09T10:00:00Z", "2026-10-24T18:00:00Z");
        check(Berlin, (summer, 2), saturday, "Monday 26 October, 17:00–19:00; Monday 2 November, 17:00–19:00");
        check(New_York, (summer, -4), saturday, "Monday 26 October, 17:00–19:00; Monday 2 November, 17:00–19:00");
        check(Shanghai, (summer, 8), saturday, "Monday 26 October, 17:00–19:00; Monday 2 November, 17:00–19:00");
        // One time on either side of the change, in both directions.
        let wednesday = "2026-10-21T06:00:00Z";
        check(Berlin, (summer, 2), wednesday, "Thursday 22 October, 17:00–19:00; Monday 26 October, 17:00–19:00");
        let (winter, spring) = ("2027-03-10T10:00:00Z", "2027-03-24T06:00:00Z");
        check(Berlin, (winter, 1), spring, "Thursday 25 March, 17:00–19:00; Monday 29 March, 17:00–19:00");
        // Weeks after the change most of it is learned anew.
        let (autumn, later) = ("2026-11-06T10:00:00Z", "2026-11-21T18:00:00Z");
        check(Berlin, (autumn, 1), later, "Monday 23 November, 17:00–19:00; Monday 30 November, 17:00–19:00");
    }

    #[test]
    fn late_in_the_week_the_next_two_weeks_serve() {
        check(
            COOLER,
            &runs(7..17, 0..5),
            "2026-07-18T20:00:00+08:00",
            "Monday 20 July, 17:00–19:00; Monday 27 July, 17:00–19:00",
        );
    }

    #[test]
    fn both_times_come_before_the_fault_where_possible() {
        let soon = Timestamp::parse("2026-07-18T00:00:00+08:00").ok();
        check(
            Visit { before: soon, ..COOLER },
            &runs(7..17, 0..5),
            "2026-07-15T10:00:00+08:00",
            "Thursday 16 July, 17:00–19:00; Friday 17 July, 17:00–19:00",
        );
    }

    #[test]
    fn without_a_learned_week_nothing_is_said_about_idle_hours() {
        let bare = MachineContext::default();
        let wednesday = "2026-07-15T10:00:00+08:00";
        check(
            COOLER,
            &bare,
            wednesday,
            "Thursday 16 July, 16:00–18:00 (running); Monday 20 July, 16:00–18:00 (running)",
        );
        // A leak survey wants the machine running and people at work.
        let survey = Visit { minutes: 240, stops_machine: false, before: None, can_wait: false, wished: ANY };
        check(
            survey,
            &runs(7..17, 0..5),
            wednesday,
            "Thursday 16 July, 10:00–14:00 (running); Monday 20 July, 10:00–14:00 (running)",
        );
    }

    #[test]
    fn the_production_calendar_goes_before_the_learned_week() {
        let wednesday = "2026-07-15T10:00:00+08:00";
        let customer = |change: fn(&mut crate::registry::Production)| {
            let mut customer = crate::registry::Customer::new("c", "c", Language::En, "a");
            change(&mut customer.production);
            Calendar::of(&customer, &crate::holidays::Holidays::none()).unwrap()
        };
        // A planned shutdown is the best time there is.
        let shutdown = customer(|p| p.shutdowns = vec!["2026-07-17".to_owned(), "2026-07-21/2026-07-22".to_owned()]);
        let always = &runs(0..24, 0..7);
        check_at(&shutdown, COOLER, always, wednesday, "Friday 17 July, 10:00–12:00; Tuesday 21 July, 10:00–12:00");
        // In the busy season nothing that stops the machine, as long as there is another time.
        let busy = customer(|p| p.busy = vec!["2026-07-15/2026-07-22".to_owned()]);
        let shift = &runs(7..17, 0..5);
        let after = "Thursday 23 July, 17:00–19:00; Monday 27 July, 17:00–19:00";
        check_at(&busy, COOLER, shift, wednesday, after);
        // What comes too late anyway does not wait for its end, unless it may.
        let passed = Timestamp::parse("2026-07-14T00:00:00+08:00").ok();
        check_at(&busy, Visit { before: passed, can_wait: true, ..COOLER }, shift, wednesday, after);
        let soonest = "Thursday 16 July, 10:00–12:00 (running); Thursday 23 July, 17:00–19:00";
        check_at(&busy, Visit { before: passed, ..COOLER }, shift, wednesday, soonest);
        // Until the machine's own week is known, the shifts that people told.
        let shifts = customer(|p| p.shifts = vec!["mon-fri 13:00-22:00".to_owned()]);
        let bare = &MachineContext::default();
        check_at(&shifts, COOLER, bare, wednesday, "Thursday 16 July, 10:00–12:00; Monday 20 July, 10:00–12:00");
    }

    #[test]
    fn a_time_that_is_left_is_joined_by_one_of_another_week() {
        #[track_caller]
        fn check(left: &[&str], fresh: &[&str], expected: &[&str]) {
            let slot = |day: &&str| {
                let start = Timestamp::parse(&format!("2026-07-{day}T10:00:00+08:00")).unwrap();
                Slot { start, end: start + 7_200_000, idle: true }
            };
            let mut slots: Vec<Slot> = left.iter().map(slot).collect();
            top_up(&mut slots, fresh.iter().map(slot).collect(), &shanghai());
            assert_eq!(slots, expected.iter().map(slot).collect::<Vec<_>>(), "{left:?} {fresh:?}");
        }
        check(&["16"], &["15", "20"], &["16", "20"]);
        check(&["20"], &["15", "21"], &["20", "15"]);
        check(&["16"], &["17"], &["16", "17"]);
        check(&["16"], &["16", "20"], &["16", "20"]);
        check(&[], &["15", "20"], &["15", "20"]);
        check(&["15", "20"], &["16"], &["15", "20"]);
    }

    #[test]
    fn a_trip_that_is_made_anyway_is_shared() {
        let there = |slot: &Slot| Some(u32::from(shanghai().local(slot.start).date().day() != 17));
        let now = with_notice(Timestamp::parse("2026-07-15T10:00:00+08:00").unwrap());
        let slots = propose(COOLER, &runs(7..17, 0..5), &shanghai(), &there, now);
        assert_eq!(crate::compose::slot_text(Language::En, &shanghai(), &slots[0]), "Friday 17 July, 17:00–19:00");
    }

    proptest::proptest! {
        #[test]
        fn times_are_humane_future_free_and_distinct(
            now_h in 500_000_i64..500_400,
            minutes in 15_u32..480,
            shares in proptest::collection::vec(0.0_f32..1.0, WEEK_HOURS),
            taken in proptest::collection::hash_set(0_i64..24, 0..10),
            stops_machine: bool,
        ) {
            let now = Timestamp::from_millis(now_h * HOUR_MS);
            let context = MachineContext::default().with_duty(&<[f32; WEEK_HOURS]>::try_from(shares).unwrap());
            let is_free = |slot: &Slot| !taken.contains(&(slot.start.day() - now.day()));
            let trips = |slot: &Slot| is_free(slot).then_some(1);
            let visit = Visit { minutes, stops_machine, before: Some(now.plus_days(6.0)), can_wait: false, wished: ANY };
            let slots = propose(visit, &context, &shanghai(), &trips, with_notice(now));
            proptest::prop_assert_eq!(slots.len(), 2);
            proptest::prop_assert!(shanghai().local(slots[0].start).date() < shanghai().local(slots[1].start).date());
            for slot in &slots {
                let (start, end) = (shanghai().local(slot.start), shanghai().local(slot.end));
                proptest::prop_assert!(has_notice(slot, now) && is_free(slot));
                proptest::prop_assert!(start.hour() >= FIRST_HOUR && end <= start.date().and_hms_opt(19, 0, 0).unwrap());
                proptest::prop_assert!(start.weekday() != Weekday::Sun);
                proptest::prop_assert!(start.weekday() != Weekday::Sat || slot.idle);
            }
        }
    }
}
