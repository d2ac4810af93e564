//! A customer's civil time: when it is day there, which days are worked, when messages may arrive.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use foretell_model::Timestamp;

use crate::registry::Customer;

/// How far ahead a free or open day is looked for. A year of holidays in a row is a slip of the pen.
const DAYS_AHEAD_MAX: u64 = 366;

/// Time zone, quiet hours and holidays of one customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    zone: Tz,
    open: NaiveTime,
    close: NaiveTime,
    holidays: BTreeSet<NaiveDate>,
}

impl Calendar {
    /// The calendar a customer's registration describes.
    ///
    /// # Errors
    /// Names the field that cannot be read.
    pub fn of(customer: &Customer) -> Result<Self, String> {
        let zone =
            customer.zone.parse().map_err(|_| format!("`zone`: `{}` is not an IANA time zone", customer.zone))?;
        let (open, close) = (time("quiet_to", &customer.quiet_to)?, time("quiet_from", &customer.quiet_from)?);
        if open >= close {
            return Err(format!("`quiet_to` ({open}) must be earlier in the day than `quiet_from` ({close})"));
        }
        let holidays = customer.holidays.iter().map(|day| date(day)).collect::<Result<_, _>>()?;
        Ok(Self { zone, open, close, holidays })
    }

    /// Ordinary quiet hours (20:00 to 08:00) and no holidays in a zone.
    #[must_use]
    pub fn plain(zone: Tz) -> Self {
        let at = |hour| NaiveTime::MIN + TimeDelta::hours(hour);
        Self { zone, open: at(8), close: at(20), holidays: BTreeSet::new() }
    }

    /// An instant as the customer's clock shows it.
    #[must_use]
    pub fn local(&self, t: Timestamp) -> NaiveDateTime {
        let utc = DateTime::<Utc>::from_timestamp_millis(t.millis()).unwrap_or_default();
        utc.with_timezone(&self.zone).naive_local()
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
        self.holidays.contains(&day)
    }

    /// Whether a message may arrive now: a working day outside the quiet hours.
    #[must_use]
    pub fn is_open(&self, t: Timestamp) -> bool {
        let local = self.local(t);
        self.is_working_day(local.date()) && (self.open..self.close).contains(&local.time())
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

pub(crate) fn date(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| format!("`holidays`: `{text}` is not a date such as 2026-10-01"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn china() -> Calendar {
        let mut calendar = Calendar::plain(chrono_tz::Asia::Shanghai);
        calendar.holidays.insert(NaiveDate::from_ymd_opt(2026, 10, 1).unwrap());
        calendar.holidays.insert(NaiveDate::from_ymd_opt(2026, 10, 2).unwrap());
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
    }
}
