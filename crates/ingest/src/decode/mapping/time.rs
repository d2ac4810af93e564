//! Time stamps of foreign sources: RFC 3339, a count since 1970, or a pattern such as `%Y-%m-%d %H:%M:%S` in a zone.

use std::fmt;

use chrono::format::{Item, ParseErrorKind, StrftimeItems};
use chrono::{DateTime, NaiveDateTime};
use foretell_model::Timestamp;
use serde_json::Value;

use super::zone::Zone;

/// How a source writes its time stamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) enum TimeFormat {
    Rfc3339,
    /// A count since 1970 UTC.
    Count(Unit),
    /// A strftime pattern that carries its own offset (`%z`).
    Zoned(String),
    /// A strftime pattern without an offset, by the clocks of a zone.
    Naive(String, Zone),
}

/// What is counted since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    const ALL: [(&'static str, Self); 4] =
        [("s", Self::Seconds), ("ms", Self::Millis), ("us", Self::Micros), ("ns", Self::Nanos)];

    const fn nanos(self) -> i64 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }
}

impl fmt::Display for TimeFormat {
    /// For a person: how the time stamp is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rfc3339 => f.write_str("RFC 3339"),
            Self::Count(unit) => {
                let name = Unit::ALL.iter().find(|(_, known)| known == unit).map_or("", |(name, _)| name);
                write!(f, "{name} since 1970")
            }
            Self::Zoned(pattern) => f.write_str(pattern),
            Self::Naive(pattern, zone) => write!(f, "{pattern} {zone}"),
        }
    }
}

impl TimeFormat {
    /// Reads `format` and `zone` of the configuration, or says what is wrong with which of the two keys.
    pub(super) fn parse(format: &str, zone: Option<&str>) -> Result<Self, (&'static str, String)> {
        let counted = Unit::ALL.iter().find(|(name, _)| *name == format).map(|(_, unit)| Self::Count(*unit));
        let fixed = if format == "rfc3339" { Some(Self::Rfc3339) } else { counted };
        match (fixed, zone) {
            (Some(fixed), None) => Ok(fixed),
            (Some(_), Some(_)) => Err(("zone", format!("`{format}` says its zone itself; leave the key out"))),
            (None, zone) => pattern(format, zone),
        }
    }

    /// The instant that a value stands for, or what is wrong with it. `arrived` tells which of two instants is meant that a
    /// zone's clocks show alike.
    pub(super) fn read(&self, value: &Value, arrived: Timestamp) -> Result<Timestamp, String> {
        match (self, value) {
            (Self::Count(unit), Value::Number(number)) => match number.as_i64() {
                Some(count) => Ok(from_nanos(i128::from(count) * i128::from(unit.nanos()))),
                None => number.as_f64().map(|count| from_count(count, *unit)).ok_or_else(|| number.to_string()),
            },
            (Self::Count(unit), Value::String(text)) => {
                match (text.trim().parse::<i64>(), text.trim().parse::<f64>()) {
                    (Ok(count), _) => Ok(from_nanos(i128::from(count) * i128::from(unit.nanos()))),
                    (_, Ok(count)) if count.is_finite() => Ok(from_count(count, *unit)),
                    _ => Err(format!("{text:?} is no count")),
                }
            }
            (Self::Rfc3339, Value::String(text)) => Timestamp::parse(text.trim()).map_err(|error| error.to_string()),
            (Self::Zoned(pattern), Value::String(text)) => DateTime::parse_from_str(text.trim(), pattern)
                .map(|instant| Timestamp::from_millis(instant.timestamp_millis()))
                .map_err(|error| format!("{text:?} does not follow `{pattern}`: {error}")),
            (Self::Naive(pattern, zone), Value::String(text)) => NaiveDateTime::parse_from_str(text.trim(), pattern)
                .map_err(|error| format!("{text:?} does not follow `{pattern}`: {error}"))
                .and_then(|local| zone.instant(local, arrived)),
            (_, other) => Err(format!("{other} is not what the format tells to expect")),
        }
    }
}

fn pattern(format: &str, zone: Option<&str>) -> Result<TimeFormat, (&'static str, String)> {
    if !format.contains('%') || StrftimeItems::new(format).any(|item| item == Item::Error) {
        let known = "rfc3339, s, ms, us, ns, or a pattern such as %Y-%m-%d %H:%M:%S";
        return Err(("format", format!("`{format}` is not one of {known}")));
    }
    let carries_zone = ["%z", "%:z", "%#z", "%+"].iter().any(|item| format.contains(item));
    let read = match (carries_zone, zone) {
        (true, None) => Ok(TimeFormat::Zoned(format.to_owned())),
        (true, Some(_)) => Err(("zone", format!("`{format}` carries its zone; leave the key out"))),
        (false, None) => {
            let examples = "zone = \"Asia/Shanghai\", \"+08:00\" or \"UTC\"";
            Err(("zone", format!("`{format}` carries no zone; say which, e.g. {examples}")))
        }
        (false, Some(zone)) => {
            let zone = Zone::parse(zone).map_err(|problem| ("zone", problem))?;
            Ok(TimeFormat::Naive(format.to_owned(), zone))
        }
    };
    if read.is_ok() && !says_an_instant(format, carries_zone) {
        return Err((
            "format",
            format!("`{format}` tells no instant: day, month, year, hour and minute are all needed"),
        ));
    }
    read
}

/// Whether a stamp of this pattern tells an instant: one of the day alone would be refused with every reading.
fn says_an_instant(format: &str, carries_zone: bool) -> bool {
    let Ok(some) = DateTime::parse_from_rfc3339("2026-07-01T13:05:09+08:00") else { return true };
    let text = some.format(format).to_string();
    let error = match carries_zone {
        true => DateTime::parse_from_str(&text, format).err(),
        false => NaiveDateTime::parse_from_str(&text, format).err(),
    };
    error.is_none_or(|error| error.kind() != ParseErrorKind::NotEnough)
}

/// Beyond what milliseconds hold, the nearest end; admission refuses it by its range.
fn from_nanos(nanos: i128) -> Timestamp {
    let millis = nanos.div_euclid(1_000_000).clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Rounded to the microsecond, because 1782864000.25 s is not exact in binary.
fn from_count(count: f64, unit: Unit) -> Timestamp {
    let micros = (count * (unit.nanos() as f64 / 1e3)).round();
    from_nanos((micros as i128).saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "json! makes values in place")]
    fn check(format: &str, zone: Option<&str>, value: Value, expected: &str) {
        let got = match TimeFormat::parse(format, zone) {
            Err((key, problem)) => format!("{key}: {problem}"),
            Ok(format) => format.read(&value, Timestamp::default()).map_or_else(|problem| problem, |ts| ts.to_string()),
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn reads_what_sources_write() {
        check("rfc3339", None, json!("2026-07-01T08:00:00+08:00"), "2026-07-01T00:00:00Z");
        check("s", None, json!(1_782_864_000), "2026-07-01T00:00:00Z");
        check("s", None, json!(1_782_864_000.25), "2026-07-01T00:00:00.250Z");
        check("s", None, json!("1782864000"), "2026-07-01T00:00:00Z");
        check("ms", None, json!(1_782_864_000_250_i64), "2026-07-01T00:00:00.250Z");
        check("us", None, json!(1_782_864_000_250_999_i64), "2026-07-01T00:00:00.250Z");
        check("ns", None, json!(1_782_864_000_250_999_999_i64), "2026-07-01T00:00:00.250Z");
        check("ns", None, json!("1782864000250999999"), "2026-07-01T00:00:00.250Z");
        check("%Y-%m-%d %H:%M:%S", Some("UTC"), json!("2020-02-01 00:00:10"), "2020-02-01T00:00:10Z");
        check("%Y-%m-%d %H:%M:%S", Some("+08:00"), json!("2020-02-01 00:00:10"), "2020-01-31T16:00:10Z");
        check("%F %T", Some("Asia/Shanghai"), json!("2020-02-01 00:00:10"), "2020-01-31T16:00:10Z");
        check("%d.%m.%Y %H:%M:%S%.f", Some("-01:30"), json!("01.02.2020 00:00:10.5"), "2020-02-01T01:30:10.500Z");
        check("%F %H:%M", Some("UTC"), json!("2020-02-01 00:10"), "2020-02-01T00:10:00Z");
        check("%s", Some("UTC"), json!("1580515200"), "2020-02-01T00:00:00Z");
        check("%y%j %I:%M %p", Some("UTC"), json!("20032 01:10 PM"), "2020-02-01T13:10:00Z");
        check("%Y%m%dT%H%M%S%z", None, json!("20200201T000010+0100"), "2020-01-31T23:00:10Z");
    }

    #[test]
    fn says_what_is_wrong() {
        check("s", None, json!("soon"), "\"soon\" is no count");
        check("rfc3339", None, json!(5), "5 is not what the format tells to expect");
        check(
            "%Y-%m-%d %H:%M:%S",
            Some("UTC"),
            json!("2020-02-30 00:00:00"),
            "\"2020-02-30 00:00:00\" does not follow `%Y-%m-%d %H:%M:%S`: input is out of range",
        );
        check(
            "epoch",
            None,
            json!(1),
            "format: `epoch` is not one of rfc3339, s, ms, us, ns, or a pattern such as %Y-%m-%d %H:%M:%S",
        );
        check(
            "%Y-%Q",
            None,
            json!(1),
            "format: `%Y-%Q` is not one of rfc3339, s, ms, us, ns, or a pattern such as %Y-%m-%d %H:%M:%S",
        );
        check(
            "%F %T",
            None,
            json!(1),
            "zone: `%F %T` carries no zone; say which, e.g. zone = \"Asia/Shanghai\", \"+08:00\" or \"UTC\"",
        );
        check(
            "%F %T",
            Some("Peking"),
            json!(1),
            "zone: `Peking` is neither UTC, an offset such as +08:00, nor an IANA name such as Asia/Shanghai",
        );
        for (lacking, zone) in
            [("%Y-%m-%d", Some("UTC")), ("%H:%M:%S", Some("UTC")), ("%d.%m. %H:%M %z", None), ("%F %I:%M", Some("UTC"))]
        {
            let expected =
                format!("format: `{lacking}` tells no instant: day, month, year, hour and minute are all needed");
            check(lacking, zone, json!(1), &expected);
        }
        check("ms", Some("UTC"), json!(1), "zone: `ms` says its zone itself; leave the key out");
    }
}
