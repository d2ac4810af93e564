//! A customer's civil time: when it is day there, which days are worked, when messages may arrive.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use foretell_model::Timestamp;

use crate::holidays::Holidays;
use crate::registry::Customer;

/// How far ahead a free or open day is looked for. A year of holidays in a row is a slip of the pen.
const DAYS_AHEAD_MAX: u64 = 366;

/// How many days ahead a busy season is worth a word.
const SEASON_AHEAD_DAYS: i64 = 120;

/// Years of days that people write down; others are slips of the pen.
const YEARS: RangeInclusive<i32> = 2000..=2199;

/// Longest span of days that people write down: three years.
const SPAN_DAYS_MAX: i64 = 3 * 366;

/// Why no message may arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Evening or night.
    Hours,
    /// Saturday or Sunday.
    Weekend,
    /// A holiday.
    Holiday,
}

/// Days from the first to the last, both included.
pub(crate) type Span = (NaiveDate, NaiveDate);

/// Time zone, quiet hours, holidays and production calendar of one customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    zone: Tz,
    open: NaiveTime,
    close: NaiveTime,
    holidays: Vec<Span>,
    shifts: Vec<Shift>,
    shutdowns: Vec<Span>,
    busy: Vec<Span>,
}

/// Hours of the day on some days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shift {
    /// First and last weekday, 0 = Monday.
    days: (u32, u32),
    from: NaiveTime,
    to: NaiveTime,
}

impl Calendar {
    /// The calendar a customer's registration describes, with the public holidays of its zone below its own.
    ///
    /// # Errors
    /// Names the field that cannot be read.
    pub fn of(customer: &Customer, public: &Holidays) -> Result<Self, String> {
        let zone =
            customer.zone.parse().map_err(|_| format!("`zone`: `{}` is not an IANA time zone", customer.zone))?;
        let (open, close) = (time("quiet_to", &customer.quiet_to)?, time("quiet_from", &customer.quiet_from)?);
        if open >= close {
            return Err(format!("`quiet_to` ({open}) must be earlier in the day than `quiet_from` ({close})"));
        }
        let production = &customer.production;
        let mut holidays = spans("holidays", &customer.holidays)?;
        holidays.extend(public.of(zone));
        Ok(Self {
            zone,
            open,
            close,
            holidays,
            shifts: production.shifts.iter().map(|text| shift(text)).collect::<Result<_, _>>()?,
            shutdowns: spans("shutdowns", &production.shutdowns)?,
            busy: spans("busy", &production.busy)?,
        })
    }

    /// The same for ourselves: ordinary quiet hours and the public holidays of a zone.
    pub(crate) fn house(zone: Tz, public: &Holidays) -> Self {
        Self { holidays: public.of(zone).to_vec(), ..Self::plain(zone) }
    }

    /// Ordinary quiet hours (20:00 to 08:00) and no holidays in a zone.
    #[must_use]
    pub fn plain(zone: Tz) -> Self {
        let at = |hour| NaiveTime::MIN + TimeDelta::hours(hour);
        Self {
            zone,
            open: at(8),
            close: at(20),
            holidays: Vec::new(),
            shifts: Vec::new(),
            shutdowns: Vec::new(),
            busy: Vec::new(),
        }
    }

    /// An instant as the customer's clock shows it.
    #[must_use]
    pub fn local(&self, t: Timestamp) -> NaiveDateTime {
        let utc = DateTime::<Utc>::from_timestamp_millis(t.millis()).unwrap_or_default();
        utc.with_timezone(&self.zone).naive_local()
    }

    /// How far the customer's clock is ahead of UTC, ms.
    pub(crate) fn offset_ms(&self, t: Timestamp) -> i64 {
        self.local(t).and_utc().timestamp_millis() - t.millis()
    }

    /// The instant at which the customer's clock shows a time; the first one where a clock change shows it twice, an
    /// hour later where it shows it never.
    #[must_use]
    pub fn instant(&self, local: NaiveDateTime) -> Timestamp {
        let found = self
            .zone
            .from_local_datetime(&local)
            .earliest()
            .or_else(|| self.zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest());
        Timestamp::from_millis(found.map_or_else(|| local.and_utc().timestamp_millis(), |t| t.timestamp_millis()))
    }

    /// Whether people work on a day: Monday to Friday, not a holiday.
    #[must_use]
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.is_holiday(day)
    }

    /// Whether a day is a local holiday.
    #[must_use]
    pub fn is_holiday(&self, day: NaiveDate) -> bool {
        is_within(&self.holidays, day)
    }

    /// Whether any holiday of a year is known.
    pub(crate) fn has_holiday_in(&self, year: i32) -> bool {
        self.holidays.iter().any(|(from, to)| (from.year()..=to.year()).contains(&year))
    }

    /// Whether production stands still on a day by plan.
    #[must_use]
    pub fn is_shutdown(&self, day: NaiveDate) -> bool {
        is_within(&self.shutdowns, day)
    }

    /// Whether a day lies in the busy season.
    #[must_use]
    pub fn is_busy(&self, day: NaiveDate) -> bool {
        is_within(&self.busy, day)
    }

    /// The first day of the next busy season, if one is planned within some months of a day.
    #[must_use]
    pub fn next_busy(&self, today: NaiveDate) -> Option<NaiveDate> {
        let begins = self.busy.iter().map(|(first, _)| *first);
        let ahead = begins.filter(|first| (1..=SEASON_AHEAD_DAYS).contains(&(*first - today).num_days()));
        ahead.min()
    }

    /// Whether the shifts that people told have production running at a local time; `None` when nobody told any.
    #[must_use]
    pub fn in_shift(&self, local: NaiveDateTime) -> Option<bool> {
        let weekday = local.date().weekday().num_days_from_monday();
        let before = (weekday + 6) % 7;
        let holds = |shift: &Shift| {
            let on = |day: u32| (shift.days.0..=shift.days.1).contains(&day);
            let time = local.time();
            if shift.from < shift.to {
                on(weekday) && (shift.from..shift.to).contains(&time)
            } else {
                // A night shift belongs to the day on which it begins.
                (on(weekday) && time >= shift.from) || (on(before) && time < shift.to)
            }
        };
        (!self.shifts.is_empty()).then(|| self.shifts.iter().any(holds))
    }

    /// Whether a message may arrive now: a working day outside the quiet hours.
    #[must_use]
    pub fn is_open(&self, t: Timestamp) -> bool {
        self.closed(t).is_none()
    }

    /// Why no message may arrive now; `None` when one may.
    #[must_use]
    pub fn closed(&self, t: Timestamp) -> Option<Closed> {
        let local = self.local(t);
        match local.date() {
            day if self.is_holiday(day) => Some(Closed::Holiday),
            day if !self.is_working_day(day) => Some(Closed::Weekend),
            _ if !(self.open..self.close).contains(&local.time()) => Some(Closed::Hours),
            _ => None,
        }
    }

    /// The first instant from `t` on at which a message may arrive.
    #[must_use]
    pub fn next_open(&self, t: Timestamp) -> Timestamp {
        if self.is_open(t) {
            return t;
        }
        let today = self.local(t).date();
        (0..DAYS_AHEAD_MAX)
            .filter_map(|n| today.checked_add_days(Days::new(n)))
            .filter(|day| self.is_working_day(*day))
            .map(|day| self.instant(day.and_time(self.open)))
            .find(|open| *open >= t)
            .unwrap_or_else(|| t.plus_days(DAYS_AHEAD_MAX as f64))
    }

    /// The first instant from `t` on outside the quiet hours, on whatever day.
    #[must_use]
    pub fn next_awake(&self, t: Timestamp) -> Timestamp {
        let local = self.local(t);
        match local.time() {
            time if time < self.open => self.instant(local.date().and_time(self.open)),
            time if time < self.close => t,
            _ => local.date().succ_opt().map_or(t, |day| self.instant(day.and_time(self.open))),
        }
    }

    /// The end of the next working day after today: what is within it has no time to wait for Monday.
    #[must_use]
    pub fn next_working_day_ends(&self, now: Timestamp) -> Timestamp {
        let today = self.local(now).date();
        let mut days = (1..DAYS_AHEAD_MAX).filter_map(|n| today.checked_add_days(Days::new(n)));
        let after = days.find(|day| self.is_working_day(*day)).and_then(|day| day.succ_opt());
        after.map_or(now, |day| self.instant(day.and_time(NaiveTime::MIN)))
    }

    /// The same time of day, so many working days later.
    #[must_use]
    pub fn plus_working_days(&self, t: Timestamp, days: u32) -> Timestamp {
        let local = self.local(t);
        let mut left = days;
        let mut day = local.date();
        for _ in 0..DAYS_AHEAD_MAX {
            if left == 0 {
                break;
            }
            day = day.checked_add_days(Days::new(1)).unwrap_or(day);
            left -= u32::from(self.is_working_day(day));
        }
        self.instant(day.and_time(local.time()))
    }
}

pub(crate) fn time(field: &str, text: &str) -> Result<NaiveTime, String> {
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| format!("`{field}`: `{text}` is not a time such as 20:00"))
}

pub(crate) fn date(field: &str, text: &str) -> Result<NaiveDate, String> {
    let read = NaiveDate::parse_from_str(text, "%Y-%m-%d");
    let day = read.map_err(|_| format!("`{field}`: `{text}` is not a date such as 2026-10-01"))?;
    if !YEARS.contains(&day.year()) {
        return Err(format!("`{field}`: `{text}` is not of the years {} to {}", YEARS.start(), YEARS.end()));
    }
    Ok(day)
}

/// Days, or spans of days as `from/to` with both ends.
pub(crate) fn spans(field: &str, texts: &[String]) -> Result<Vec<Span>, String> {
    texts.iter().map(|text| span(field, text)).collect()
}

pub(crate) fn span(field: &str, text: &str) -> Result<Span, String> {
    let (from, to) = text.split_once('/').unwrap_or((text, text));
    let (from, to) = (date(field, from.trim())?, date(field, to.trim())?);
    if from > to {
        return Err(format!("`{field}`: `{text}` ends before it begins"));
    }
    if (to - from).num_days() > SPAN_DAYS_MAX {
        return Err(format!("`{field}`: `{text}` is longer than three years"));
    }
    Ok((from, to))
}

fn is_within(spans: &[Span], day: NaiveDate) -> bool {
    spans.iter().any(|(from, to)| (*from..=*to).contains(&day))
}

/// A shift such as `mon-fri 07:00-17:00` or `sat 08:00-12:00`; one that ends before it begins runs through the night.
pub(crate) fn shift(text: &str) -> Result<Shift, String> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let read = || {
        let (days, hours) = text.trim().split_once(' ')?;
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let day = |name: &str| DAYS.iter().position(|day| name.eq_ignore_ascii_case(day)).map(|n| n as u32);
        let (from, to) = hours.trim().split_once('-')?;
        let shift = Shift {
            days: (day(first)?, day(last)?),
            from: time("shifts", from.trim()).ok()?,
            to: time("shifts", to.trim()).ok()?,
        };
        (shift.days.0 <= shift.days.1).then_some(shift)
    };
    read().ok_or_else(|| format!("`shifts`: `{text}` is not of the form `mon-fri 07:00-17:00`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn china() -> Calendar {
        let mut calendar = Calendar::plain(chrono_tz::Asia::Shanghai);
        calendar.holidays = spans("holidays", &["2026-10-01/2026-10-02".to_owned()]).unwrap();
        calendar
    }

    #[track_caller]
    fn check(t: &str, next_open: &str) {
        let t = Timestamp::parse(t).unwrap();
        assert_eq!(china().next_open(t), Timestamp::parse(next_open).unwrap());
    }

    #[test]
    fn messages_wait_for_the_morning_of_a_working_day() {
        check("2026-09-28T10:00:00+08:00", "2026-09-28T10:00:00+08:00");
        check("2026-09-28T07:59:59+08:00", "2026-09-28T08:00:00+08:00");
        check("2026-09-28T20:00:00+08:00", "2026-09-29T08:00:00+08:00");
        // Friday evening to Monday; before a holiday to the Monday after it.
        check("2026-09-25T21:00:00+08:00", "2026-09-28T08:00:00+08:00");
        check("2026-09-30T22:00:00+08:00", "2026-10-05T08:00:00+08:00");
    }

    #[test]
    fn working_days_leave_out_weekends_and_holidays() {
        let t = Timestamp::parse("2026-09-29T10:00:00+08:00").unwrap();
        assert_eq!(china().plus_working_days(t, 3), Timestamp::parse("2026-10-06T10:00:00+08:00").unwrap());
    }

    #[test]
    fn a_clock_change_does_not_lose_the_time() {
        let berlin = Calendar::plain(chrono_tz::Europe::Berlin);
        let gap = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap().and_hms_opt(2, 30, 0).unwrap();
        assert_eq!(berlin.instant(gap), Timestamp::parse("2026-03-29T03:30:00+02:00").unwrap());
        // What is held over the night of the change goes out at the hour that the wall shows.
        for (held, open) in [
            ("2027-03-26T21:00:00+01:00", "2027-03-29T08:00:00+02:00"),
            ("2027-03-28T01:59:00+01:00", "2027-03-29T08:00:00+02:00"),
            ("2026-10-23T21:00:00+02:00", "2026-10-26T08:00:00+01:00"),
        ] {
            assert_eq!(berlin.next_open(Timestamp::parse(held).unwrap()), Timestamp::parse(open).unwrap(), "{held}");
        }
        let friday = Timestamp::parse("2027-03-26T10:00:00+01:00").unwrap();
        let wednesday = Timestamp::parse("2027-03-31T10:00:00+02:00").unwrap();
        assert_eq!(berlin.plus_working_days(friday, 3), wednesday);
    }

    #[test]
    fn shifts_say_when_production_runs() {
        #[track_caller]
        fn check(shifts: &[&str], local: &str, expected: Option<bool>) {
            let shifts = shifts.iter().map(|text| shift(text).unwrap()).collect();
            let calendar = Calendar { shifts, ..china() };
            assert_eq!(calendar.in_shift(local.parse().unwrap()), expected, "{local}");
        }
        check(&[], "2026-07-15T10:00:00", None);
        check(&["mon-fri 07:00-17:00"], "2026-07-15T10:00:00", Some(true));
        check(&["mon-fri 07:00-17:00"], "2026-07-15T17:00:00", Some(false));
        check(&["mon-fri 07:00-17:00", "sat 08:00-12:00"], "2026-07-18T09:00:00", Some(true));
        // Friday's night shift ends on Saturday morning.
        check(&["mon-fri 22:00-06:00"], "2026-07-18T05:00:00", Some(true));
        check(&["mon-fri 22:00-06:00"], "2026-07-18T23:00:00", Some(false));
        for wrong in ["", "daily", "fri-mon 07:00-17:00", "mon 7-17", "mon-fri 07:00"] {
            assert!(shift(wrong).is_err(), "{wrong}");
        }
    }
}
