//! Instants and durations as the simulator needs them: milliseconds since 1970 UTC, written and read as RFC 3339.

use std::fmt::Write as _;

/// One second in milliseconds.
pub const SECOND_MS: i64 = 1000;
/// One minute in milliseconds.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// One hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// One day in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// Appends an instant as RFC 3339 in UTC; milliseconds only when there are any.
pub fn write_utc(out: &mut String, ts_ms: i64) {
    let (days, in_day) = (ts_ms.div_euclid(DAY_MS), ts_ms.rem_euclid(DAY_MS));
    let (year, month, day) = civil(days);
    let (h, m, s) = (in_day / HOUR_MS, in_day / MINUTE_MS % 60, in_day / SECOND_MS % 60);
    // Writing to a String cannot fail.
    let _infallible = write!(out, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}");
    if in_day % SECOND_MS != 0 {
        let _infallible = write!(out, ".{:03}", in_day % SECOND_MS);
    }
    out.push('Z');
}

/// An instant as RFC 3339 in UTC.
#[must_use]
pub fn utc(ts_ms: i64) -> String {
    let mut text = String::with_capacity(24);
    write_utc(&mut text, ts_ms);
    text
}

/// Reads `2026-07-01T08:00:00Z`, with or without `.mmm`, or `2026-07-01` (midnight UTC).
#[must_use]
pub fn parse_utc(text: &str) -> Option<i64> {
    let (date, clock) = match text.split_once('T') {
        Some((date, clock)) => (date, clock.strip_suffix('Z')?),
        None => (text, "00:00:00"),
    };
    let [year, month, day] = fields(date, '-')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = fields(clock, ':')?;
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let days = days_from_civil(year, month, day);
    let sound = (1..=12).contains(&month)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second)
        && civil(days) == (year, month, day);
    sound.then_some(days * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + millis)
}

fn fields(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(|part| part.parse().ok());
    let fields = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(fields)
}

/// Reads a duration with its unit: `500ms`, `90s`, `15m`, `2h`, `40d` or `3w`; fractions are allowed.
#[must_use]
pub fn parse_duration_ms(text: &str) -> Option<i64> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => SECOND_MS,
        "m" => MINUTE_MS,
        "h" => HOUR_MS,
        "d" => DAY_MS,
        "w" => 7 * DAY_MS,
        _ => return None,
    };
    let number: f64 = number.trim().parse().ok()?;
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "bounded to a century just below")]
    let millis = (0.0..=3.2e12).contains(&(number.abs() * unit_ms as f64)).then_some((number * unit_ms as f64) as i64);
    millis
}

/// Day of the year with fraction, 0 at New Year, UTC.
#[must_use]
pub fn day_of_year(ts_ms: i64) -> f64 {
    let days = ts_ms.div_euclid(DAY_MS);
    let new_year = days_from_civil(civil(days).0, 1, 1);
    #[expect(clippy::cast_precision_loss, reason = "less than 367 days in milliseconds")]
    let millis = (ts_ms - new_year * DAY_MS) as f64;
    #[expect(clippy::cast_precision_loss, reason = "a constant that a double holds exactly")]
    let day = DAY_MS as f64;
    millis / day
}

/// Weekday of an instant, 0 = Monday.
#[must_use]
pub fn weekday(ts_ms: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    (ts_ms.div_euclid(DAY_MS) + 3).rem_euclid(7)
}

/// Year, month and day of a count of days since 1970 (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// The reverse of [`civil`].
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let (era, yoe) = (y.div_euclid(400), y.rem_euclid(400));
    let mp = if month > 2 { month - 3 } else { month + 9 };
    let doy = (153 * mp + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_survive_writing_and_reading() {
        for text in ["2026-07-01T08:00:00Z", "1969-12-31T23:59:59.250Z", "2024-02-29T00:00:00Z", "2100-03-01T12:30:01Z"]
        {
            assert_eq!(utc(parse_utc(text).unwrap()), text);
        }
        assert_eq!(parse_utc("2026-07-01"), parse_utc("2026-07-01T00:00:00Z"));
        for wrong in ["2026-02-30", "2026-13-01", "2026-07-01T24:00:00Z", "2026-07-01T08:00:00", "yesterday", ""] {
            assert_eq!(parse_utc(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations_carry_a_unit() {
        for (text, millis) in [
            ("90s", Some(90_000)),
            ("1.5h", Some(5_400_000)),
            ("500ms", Some(500)),
            ("3", None),
            ("3y", None),
            ("-3s", Some(-3000)),
            ("NaNs", None),
        ] {
            assert_eq!(parse_duration_ms(text), millis, "{text}");
        }
    }

    #[test]
    fn the_calendar_knows_its_days() {
        let monday = parse_utc("2026-06-01T00:00:00Z").unwrap();
        assert_eq!(weekday(monday), 0);
        assert_eq!(day_of_year(parse_utc("2026-02-01T12:00:00Z").unwrap()), 31.5);
    }
}
