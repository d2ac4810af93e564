//! Instants as people of a place read them. Nobody outside is ever shown UTC.
//!
//! Chinese has one form, on pages as in letters: `7月16日（周四）17:00–19:00` and `7月15日22:30`, with no space between.

use chrono::{DateTime, Datelike, NaiveDate, Offset, Timelike, Utc};
use chrono_tz::Tz;
use foretell_model::Timestamp;

use crate::view::Slot;
use crate::{Lang, text};

/// Days from the beginning of the common era to 1970.
const DAYS_TO_1970: i64 = 719_163;

/// An instant in a zone. Instants outside chrono's range (about ±262,000 years) show as 1970.
pub(crate) fn local(at: Timestamp, zone: Tz) -> DateTime<Tz> {
    DateTime::<Utc>::from_timestamp_millis(at.millis()).unwrap_or_default().with_timezone(&zone)
}

/// Whole hours that a zone is east of UTC at an instant, rounded to the nearest.
pub(crate) fn shift_hours(at: Timestamp, zone: Tz) -> i32 {
    let seconds = local(at, zone).offset().fix().local_minus_utc();
    (f64::from(seconds) / 3600.0).round() as i32
}

fn date_of(day: i64) -> NaiveDate {
    local(Timestamp::from_millis(day.saturating_mul(foretell_model::DAY_MS)), Tz::UTC).date_naive()
}

/// Day of the month, 1 to 31, of a day counted since 1970.
pub(crate) fn day_of_month(day: i64) -> u32 {
    date_of(day).day()
}

fn day_and_month(date: NaiveDate, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{} {}", date.day(), text::month_short(date.month())),
        Lang::Zh => format!("{}月{}日", date.month(), date.day()),
    }
}

/// `18 Jul`, `7月18日`, of a day counted since 1970.
pub(crate) fn day(day: i64, lang: Lang) -> String {
    day_and_month(date_of(day), lang)
}

/// `18 Jul`, `7月18日`, of an instant in a zone.
pub(crate) fn day_of(at: Timestamp, zone: Tz, lang: Lang) -> String {
    day_and_month(local(at, zone).date_naive(), lang)
}

/// `Jul`, `7月`; January with its year.
pub(crate) fn month(day: i64, lang: Lang) -> String {
    let date = date_of(day);
    match (lang, date.month()) {
        (_, 1) => date.year().to_string(),
        (Lang::En, month) => text::month_short(month).to_owned(),
        (Lang::Zh, month) => format!("{month}月"),
    }
}

/// The day of an instant: `18 Jul 2026`, `2026年7月18日`.
pub fn date(at: Timestamp, zone: Tz, lang: Lang) -> String {
    let date = local(at, zone).date_naive();
    match lang {
        Lang::En => format!("{} {}", day_and_month(date, lang), date.year()),
        Lang::Zh => format!("{}年{}", date.year(), day_and_month(date, lang)),
    }
}

/// `18 Jul, 14:05`, `7月18日14:05`.
pub(crate) fn date_time(at: Timestamp, zone: Tz, lang: Lang) -> String {
    let at = local(at, zone);
    let separator = if lang == Lang::En { ", " } else { "" };
    format!("{}{separator}{:02}:{:02}", day_and_month(at.date_naive(), lang), at.hour(), at.minute())
}

/// `18 Jul 2026, 14:05`, `2026年7月18日14:05`.
pub(crate) fn date_and_time(at: Timestamp, zone: Tz, lang: Lang) -> String {
    let separator = if lang == Lang::En { ", " } else { "" };
    format!("{}{separator}{}", date(at, zone, lang), clock(at, zone))
}

/// `14:05`.
pub(crate) fn clock(at: Timestamp, zone: Tz) -> String {
    let at = local(at, zone);
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// `14:05` on the day it is now, `18 Jul, 14:05` on any other.
pub(crate) fn clock_or_date(at: Timestamp, now: Timestamp, zone: Tz, lang: Lang) -> String {
    if day_number(at, zone) == day_number(now, zone) { clock(at, zone) } else { date_time(at, zone, lang) }
}

/// Day of an instant in a zone, counted since 1970.
#[must_use]
pub fn day_number(at: Timestamp, zone: Tz) -> i64 {
    let date = local(at, zone).date_naive();
    i64::from(date.num_days_from_ce()) - DAYS_TO_1970
}

/// Weekday of a day counted since 1970, 0 = Monday.
pub(crate) fn weekday_of(day: i64) -> u8 {
    // 1 January 1970 was a Thursday.
    (day + 3).rem_euclid(7) as u8
}

/// `2026-07-18` of a day counted since 1970.
pub(crate) fn iso_day(day: i64) -> String {
    date_of(day).format("%Y-%m-%d").to_string()
}

/// Reads `2026-07-18` as a day counted since 1970.
pub(crate) fn from_iso_day(text: &str) -> Option<i64> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(i64::from(date.num_days_from_ce()) - DAYS_TO_1970)
}

/// `14:05:09`.
pub(crate) fn clock_seconds(at: Timestamp, zone: Tz) -> String {
    let at = local(at, zone);
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// `2026-07-18T14:05`, as a `datetime-local` field wants it.
pub(crate) fn field(at: Timestamp, zone: Tz) -> String {
    local(at, zone).format("%Y-%m-%dT%H:%M").to_string()
}

/// Reads what a `datetime-local` field sent, in a zone. A time that a clock change skips is taken an hour later.
pub(crate) fn from_field(value: &str, zone: Tz) -> Option<Timestamp> {
    let naive = chrono::NaiveDateTime::parse_from_str(value, "%Y-%m-%dT%H:%M")
        .or_else(|_| chrono::NaiveDateTime::parse_from_str(value, "%Y-%m-%dT%H:%M:%S"))
        .ok()?;
    let at = naive.and_local_timezone(zone);
    let at = at.earliest().or_else(|| (naive + chrono::Duration::hours(1)).and_local_timezone(zone).earliest())?;
    Some(Timestamp::from_millis(at.timestamp_millis()))
}

/// A slot in two lines for a big button: `Tuesday 28 July` and `08:00–10:00`; `7月28日（周二）` and the same.
pub(crate) fn slot(slot: Slot, zone: Tz, lang: Lang) -> (String, String) {
    let (from, to) = (local(slot.from, zone), local(slot.to, zone));
    let weekday = from.weekday().num_days_from_monday() as u8;
    let day = match lang {
        Lang::En => format!("{} {} {}", text::weekday(weekday, lang), from.day(), text::month(from.month())),
        Lang::Zh => format!("{}月{}日（{}）", from.month(), from.day(), text::weekday(weekday, lang)),
    };
    (day, format!("{:02}:{:02}–{:02}:{:02}", from.hour(), from.minute(), to.hour(), to.minute()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_instant_in_two_places() {
        let at = Timestamp::parse("2026-07-18T22:05:09Z").unwrap();
        let shanghai = chrono_tz::Asia::Shanghai;
        let slot_ = Slot { from: at, to: at + 5_400_000 };
        assert_eq!(date_time(at, shanghai, Lang::Zh), "7月19日06:05");
        assert_eq!(date_and_time(at, shanghai, Lang::Zh), "2026年7月19日06:05");
        assert_eq!(date_time(at, chrono_tz::Europe::Berlin, Lang::En), "19 Jul, 00:05");
        assert_eq!(date(at, shanghai, Lang::En), "19 Jul 2026");
        assert_eq!(slot(slot_, shanghai, Lang::Zh), ("7月19日（周日）".to_owned(), "06:05–07:35".to_owned()));
        assert_eq!(slot(slot_, shanghai, Lang::En), ("Sunday 19 July".to_owned(), "06:05–07:35".to_owned()));
        assert_eq!((shift_hours(at, shanghai), shift_hours(at, chrono_tz::Europe::Berlin)), (8, 2));
    }

    #[test]
    fn a_field_reads_back_and_a_skipped_hour_does_not_fail() {
        let berlin = chrono_tz::Europe::Berlin;
        let at = Timestamp::parse("2026-07-18T22:05:00Z").unwrap();
        assert_eq!(from_field(&field(at, berlin), berlin), Some(at));
        let skipped = from_field("2026-03-29T02:30", berlin).map(|at| at.to_string());
        assert_eq!(skipped.as_deref(), Some("2026-03-29T01:30:00Z"));
        assert_eq!(from_field("tomorrow", berlin), None);
    }
}
