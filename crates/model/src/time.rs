//! Instants as milliseconds since 1970-01-01T00:00:00 UTC.
//!
//! The engine counts and subtracts; it needs no calendar library. Parsing has a hand-written fast path because the time
//! stamp is the most expensive field of a telemetry payload when a general parser reads it.

use std::fmt;
use std::ops::{Add, Sub};

/// One minute in milliseconds.
pub const MINUTE_MS: i64 = 60_000;
/// One hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// One day in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// How far from now an instant may lie and still be of our time: ten years, longer than any backlog, in milliseconds.
const OUR_TIME_MS: i64 = 3_650 * DAY_MS;

/// An instant, in milliseconds since 1970 UTC (leap seconds not counted).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text is not a time stamp.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an RFC 3339 time stamp such as 2026-07-01T08:00:00Z")]
pub struct ParseTimestampError {
    /// What was given, shortened to 40 characters.
    pub text: String,
}

impl Timestamp {
    /// 0000-01-01, the earliest instant that [`Timestamp::parse`] returns.
    pub const MIN: Self = Self(-62_167_219_200_000);
    /// 9999-12-31T23:59:59.999, the latest instant that [`Timestamp::parse`] returns.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// An instant from milliseconds since 1970 UTC.
    #[inline]
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970 UTC.
    #[inline]
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whether somebody wrote seconds where milliseconds belong: the instant is not of our time, which is ten years around `now`,
    /// and would be if its number counted seconds. All such instants lie in January 1970, of which nobody has readings.
    #[inline]
    #[must_use]
    pub const fn is_seconds_for_millis(self, now: Self) -> bool {
        let (apart, apart_in_seconds) =
            (self.0.saturating_sub(now.0), self.0.saturating_mul(1_000).saturating_sub(now.0));
        apart.saturating_abs() > OUR_TIME_MS && apart_in_seconds.saturating_abs() <= OUR_TIME_MS
    }

    /// Whole days since 1970 UTC, rounded towards the past.
    #[inline]
    #[must_use]
    pub const fn day(self) -> i64 {
        self.0.div_euclid(DAY_MS)
    }

    /// Whole hours since 1970 UTC, rounded towards the past.
    #[must_use]
    pub const fn hour(self) -> i64 {
        self.0.div_euclid(HOUR_MS)
    }

    /// Hour of the UTC day, 0 to 23.
    #[inline]
    #[must_use]
    pub const fn hour_of_day(self) -> u8 {
        (self.0.rem_euclid(DAY_MS) / HOUR_MS) as u8
    }

    /// Day of the week, 0 = Monday to 6 = Sunday (UTC).
    #[must_use]
    pub const fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        (self.day() + 3).rem_euclid(7) as u8
    }

    /// Days since `earlier`, negative when `earlier` is later.
    #[inline]
    #[must_use]
    pub fn days_since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / DAY_MS as f64
    }

    /// Hours since `earlier`, negative when `earlier` is later.
    #[inline]
    #[must_use]
    pub fn hours_since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / HOUR_MS as f64
    }

    /// This instant moved by `days` (negative: into the past), saturating at the ends of `i64`.
    #[must_use]
    pub fn plus_days(self, days: f64) -> Self {
        Self(self.0.saturating_add((days * DAY_MS as f64) as i64))
    }

    /// Day of the year, 1 to 366 (UTC).
    #[must_use]
    pub fn day_of_year(self) -> u16 {
        let (year, _, _) = civil_from_days(self.day());
        (self.day() - days_from_civil(year, 1, 1) + 1) as u16
    }

    /// Year, month (1-12), day (1-31) in UTC.
    #[must_use]
    pub fn civil(self) -> (i64, u8, u8) {
        civil_from_days(self.day())
    }

    /// Reads RFC 3339 (`2026-07-01T08:00:00.250+08:00`); a space in place of `T` is accepted as RFC 3339 allows.
    ///
    /// Digits beyond milliseconds are cut. A leap second `:60` counts as the first instant of the next minute.
    ///
    /// # Errors
    /// When the text has another shape, a field is out of its range, or the offset is missing.
    pub fn parse(text: &str) -> Result<Self, ParseTimestampError> {
        parse_rfc3339(text.as_bytes())
            .map(Self)
            .ok_or_else(|| ParseTimestampError { text: text.chars().take(40).collect() })
    }
}

impl Add<i64> for Timestamp {
    type Output = Self;
    /// Moves by milliseconds, saturating.
    #[inline]
    fn add(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

impl Sub for Timestamp {
    type Output = i64;
    /// Milliseconds between two instants, saturating.
    #[inline]
    fn sub(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC; milliseconds only when there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.day());
        let ms = self.0.rem_euclid(DAY_MS);
        let (h, m, s, ms) = (ms / HOUR_MS, ms / MINUTE_MS % 60, ms / 1000 % 60, ms % 1000);
        write!(f, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}")?;
        if ms != 0 {
            write!(f, ".{ms:03}")?;
        }
        f.write_str("Z")
    }
}

fn parse_rfc3339(b: &[u8]) -> Option<i64> {
    let separators = b.len() >= 20
        && b[4] == b'-'
        && b[7] == b'-'
        && matches!(b[10], b'T' | b't' | b' ')
        && b[13] == b':'
        && b[16] == b':';
    if !separators {
        return None;
    }
    let (year, month, day) = (digits(&b[0..4])?, digits(&b[5..7])?, digits(&b[8..10])?);
    let (hour, minute, second) = (digits(&b[11..13])?, digits(&b[14..16])?, digits(&b[17..19])?);
    let in_range = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour <= 23
        && minute <= 59
        && second <= 60;
    if !in_range {
        return None;
    }
    let (fraction_ms, rest) = fraction(&b[19..])?;
    let offset_min = offset(rest)?;
    let seconds = days_from_civil(year, month as u8, day as u8) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(seconds * 1000 + fraction_ms - offset_min * MINUTE_MS)
}

fn digits(b: &[u8]) -> Option<i64> {
    b.iter().try_fold(0, |n, c| c.is_ascii_digit().then(|| n * 10 + i64::from(c - b'0')))
}

/// Reads an optional `.123…` and returns its milliseconds and what follows.
fn fraction(b: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', rest @ ..] = b else { return Some((0, b)) };
    let len = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    if len == 0 {
        return None;
    }
    // Digit by digit, as if the fraction were padded with zeros to three places.
    let digit = |place: usize| if place < len { i64::from(rest[place] - b'0') } else { 0 };
    let ms = digit(0) * 100 + digit(1) * 10 + digit(2);
    Some((ms, &rest[len..]))
}

/// Reads `Z` or `±hh:mm` and returns minutes east of UTC.
fn offset(b: &[u8]) -> Option<i64> {
    match b {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (h, m) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            let minutes = (h <= 23 && m <= 59).then_some(h * 60 + m)?;
            Some(if *sign == b'-' { -minutes } else { minutes })
        }
        _ => None,
    }
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date, counted in 400-year eras that begin in March,
/// so that the leap day is the last day of its year.
const fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let month_from_march = (month as i64 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i64 - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`].
const fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u8;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 } as u8;
    (era * 400 + year_of_era + (month <= 2) as i64, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let got = Timestamp::parse(text).map_or_else(|e| e.to_string(), |t| format!("{} {t}", t.millis()));
        assert_eq!(got, expected);
    }

    #[test]
    fn reads_rfc_3339() {
        check("1970-01-01T00:00:00Z", "0 1970-01-01T00:00:00Z");
        check("2026-07-01T08:00:00+08:00", "1782864000000 2026-07-01T00:00:00Z");
        check("2024-02-29 23:59:59.9999z", "1709251199999 2024-02-29T23:59:59.999Z");
        check("1969-12-31T23:59:59.5Z", "-500 1969-12-31T23:59:59.500Z");
    }

    #[test]
    fn seconds_are_told_from_milliseconds() {
        let check = |ts: i64, now: &str, expected: bool| {
            let now = Timestamp::parse(now).unwrap();
            assert_eq!(Timestamp::from_millis(ts).is_seconds_for_millis(now), expected, "{ts} at {now}");
        };
        let now = "2026-07-01T08:00:00Z";
        check(1_782_892_800, now, true);
        check(1_782_892_800_000, now, false);
        // Nine years ago, and eleven.
        check(1_782_892_800 - 9 * 365 * 86_400, now, true);
        check(1_782_892_800 - 11 * 365 * 86_400, now, false);
        check(1_782_892_800 + 86_400, now, true);
        // History of long ago, a clock without its battery, nothing at all.
        check(600_000_000_000, now, false);
        check(946_684_800_000, now, false);
        check(0, now, false);
        check(i64::MIN, now, false);
        check(i64::MAX, now, false);
        // Where the clock says 1970 itself there is nothing to tell apart.
        check(1_782_892, "1970-01-21T00:00:00Z", false);
    }

    #[test]
    fn refuses_what_is_not_an_instant() {
        for text in [
            "",
            "2026-07-01",
            "2026-07-01T08:00:00",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-07-01T24:00:00Z",
            "2026-07-01T08:00:00.Z",
            "2026-07-01T08:00:00+0800",
            "2026-07-01T08:00:00Zx",
        ] {
            check(text, &format!("`{text}` is not an RFC 3339 time stamp such as 2026-07-01T08:00:00Z"));
        }
    }

    #[test]
    fn weekday_and_day_of_year() {
        let t = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
        assert_eq!((t.weekday(), t.day_of_year(), t.hour_of_day()), (6, 326, 12));
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back(ms in Timestamp::MIN.millis()..=Timestamp::MAX.millis()) {
            let t = Timestamp::from_millis(ms);
            proptest::prop_assert_eq!(Timestamp::parse(&t.to_string()), Ok(t));
        }
    }
}
