//! Instants as people of a place read them. Nobody outside is ever shown UTC.
//!
//! Chinese has one form, on pages as in letters: `7月16日（周四）17:00–19:00` and `7月15日22:30`, with no space between.

use chrono::{DateTime, Datelike, NaiveDate, Offset, Timelike, Utc};
use chrono_tz::Tz;
use foretell_model::Timestamp;

use crate::view::Slot;
use crate::{Lang, text};

/// Whose clock a time is read by, and whose clock the reader lives by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) zone: Tz,
    ours: Tz,
}

impl Place {
    /// The time of `zone` as somebody reads it whose own is `ours`.
    pub(crate) const fn seen_from(zone: Tz, ours: Tz) -> Self {
        Self { zone, ours }
    }

    /// `Berlin time`, `柏林时间`; empty where both clocks show the same at that instant.
    pub(crate) fn name(self, at: Timestamp, lang: Lang) -> String {
        let offset = |zone| local(at, zone).offset().fix().local_minus_utc();
        let there = offset(self.zone);
        if there == offset(self.ours) { String::new() } else { text::zone(self.zone, there / 60, lang) }
    }

    /// The same, as it stands behind a time.
    fn behind(self, at: Timestamp, lang: Lang) -> String {
        match (self.name(at, lang), lang) {
            (name, _) if name.is_empty() => name,
            (name, Lang::En) => format!(" {name}"),
            (name, Lang::Zh) => format!("（{name}）"),
        }
    }
}

/// Read where it is.
impl From<Tz> for Place {
    fn from(zone: Tz) -> Self {
        Self { zone, ours: zone }
    }
}

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
pub(crate) fn date_time(at: Timestamp, place: impl Into<Place>, lang: Lang) -> String {
    let place = place.into();
    let separator = if lang == Lang::En { ", " } else { "" };
    format!("{}{separator}{}{}", day_of(at, place.zone, lang), clock(at, place.zone), place.behind(at, lang))
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
pub(crate) fn clock_or_date(at: Timestamp, now: Timestamp, place: impl Into<Place>, lang: Lang) -> String {
    let place = place.into();
    if day_number(at, place.zone) == day_number(now, place.zone) {
        format!("{}{}", clock(at, place.zone), place.behind(at, lang))
    } else {
        date_time(at, place, lang)
    }
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
pub(crate) fn slot(slot: Slot, place: impl Into<Place>, lang: Lang) -> (String, String) {
    let place = place.into();
    let (from, to) = (local(slot.from, place.zone), local(slot.to, place.zone));
    let weekday = from.weekday().num_days_from_monday() as u8;
    let day = match lang {
        Lang::En => format!("{} {} {}", text::weekday(weekday, lang), from.day(), text::month(from.month())),
        Lang::Zh => format!("{}月{}日（{}）", from.month(), from.day(), text::weekday(weekday, lang)),
    };
    let hours = format!("{:02}:{:02}–{:02}:{:02}", from.hour(), from.minute(), to.hour(), to.minute());
    (day, hours + &place.behind(slot.from, lang))
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
    fn a_clock_that_is_not_the_readers_is_named() {
        #[track_caller]
        fn check(zone: Tz, en: &str, zh: &str) {
            let at = Timestamp::parse("2026-11-28T11:09:00Z").unwrap();
            let place = Place::seen_from(zone, chrono_tz::Asia::Shanghai);
            assert_eq!(date_time(at, place, Lang::En), en);
            assert_eq!(date_time(at, place, Lang::Zh), zh);
        }
        check(chrono_tz::Europe::Berlin, "28 Nov, 12:09 Berlin time", "11月28日12:09（柏林时间）");
        check(chrono_tz::Asia::Ho_Chi_Minh, "28 Nov, 18:09 Ho Chi Minh time", "11月28日18:09（胡志明市时间）");
        // Without a Chinese name in the list, and not called after a place.
        check(chrono_tz::Asia::Kathmandu, "28 Nov, 16:54 Kathmandu time", "11月28日16:54（UTC+5:45）");
        check(chrono_tz::EST, "28 Nov, 06:09 UTC−5", "11月28日06:09（UTC−5）");
        check(chrono_tz::UTC, "28 Nov, 11:09 UTC", "11月28日11:09（UTC）");
        // Another name for the same clock.
        check(chrono_tz::Asia::Singapore, "28 Nov, 19:09", "11月28日19:09");
        let at = Timestamp::parse("2026-11-28T07:00:00Z").unwrap();
        let place = Place::seen_from(chrono_tz::Europe::Berlin, chrono_tz::Asia::Shanghai);
        let visit = slot(Slot { from: at, to: at + 5_400_000 }, place, Lang::Zh);
        assert_eq!(visit, ("11月28日（周六）".to_owned(), "08:00–09:30（柏林时间）".to_owned()));
        assert_eq!(clock_or_date(at, at, place, Lang::En), "08:00 Berlin time");
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
