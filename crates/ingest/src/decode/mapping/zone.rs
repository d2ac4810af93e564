//! Where a source's clock hangs: a fixed offset, or a named zone whose clocks are put forward and back.
//!
//! In spring a named zone's clocks skip an hour. A stamp within it was read off a clock that does not keep the zone's rules, so
//! half the year of its stamps would be an hour off: it is refused, and the refusal says what to configure.
//!
//! In autumn they show an hour twice. A stamp within it means the second time as soon as the message can be of it, and the first
//! time before: live readings are all told apart, and of a backlog both hours become the second one. A source that can should
//! write its offset.

use std::fmt;

use chrono::{FixedOffset, LocalResult, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use foretell_model::{MINUTE_MS, Timestamp};

/// A source's clock may be so far ahead of ours before its stamps of the second hour are taken for the first.
const AHEAD_MAX_MS: i64 = 15 * MINUTE_MS;

/// A zone of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) enum Zone {
    /// The same all year.
    Fixed(FixedOffset),
    /// By the rules of an IANA name.
    Named(Tz),
}

impl fmt::Display for Zone {
    /// For a person: after a pattern.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(offset) => write!(f, "at {offset}"),
            Self::Named(zone) => write!(f, "in {zone}"),
        }
    }
}

impl Zone {
    /// Reads `UTC`, an offset such as `+08:00`, or an IANA name.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let offset = if text == "UTC" { "+00:00" } else { text };
        if let Ok(offset) = offset.parse() {
            return Ok(Self::Fixed(offset));
        }
        text.parse().map(Self::Named).map_err(|_| {
            format!("`{text}` is neither UTC, an offset such as +08:00, nor an IANA name such as Asia/Shanghai")
        })
    }

    /// The instant at which the zone's clocks showed this; see the module's text for the hours that they skip or show twice.
    pub(super) fn instant(&self, local: NaiveDateTime, arrived: Timestamp) -> Result<Timestamp, String> {
        let found = match self {
            Self::Fixed(offset) => offset.from_local_datetime(&local).map(|instant| instant.timestamp_millis()),
            Self::Named(zone) => zone.from_local_datetime(&local).map(|instant| instant.timestamp_millis()),
        };
        match found.map(Timestamp::from_millis) {
            LocalResult::Single(instant) => Ok(instant),
            LocalResult::Ambiguous(_, second) if second <= arrived + AHEAD_MAX_MS => Ok(second),
            LocalResult::Ambiguous(first, _) => Ok(first),
            LocalResult::None => Err(format!(
                "there was no {local} {self}, because clocks were put forward; if this clock is not, give its offset as the zone"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(zone: &str, local: &str, arrived: &str, expected: &str) {
        let zone = Zone::parse(zone).unwrap();
        let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M:%S").unwrap();
        let got = zone.instant(local, Timestamp::parse(arrived).unwrap());
        assert_eq!(got.map_or_else(|problem| problem, |ts| ts.to_string()), expected, "{local} that came at {arrived}");
    }

    #[test]
    fn follows_the_clocks_of_the_zone() {
        let any = "2026-01-01T00:00:00Z";
        check("Europe/Berlin", "2026-01-15 12:00:00", any, "2026-01-15T11:00:00Z");
        check("Europe/Berlin", "2026-07-15 12:00:00", any, "2026-07-15T10:00:00Z");
        check("Asia/Shanghai", "2026-07-15 12:00:00", any, "2026-07-15T04:00:00Z");
        check("America/St_Johns", "2026-07-15 12:00:00", any, "2026-07-15T14:30:00Z");
        check("+05:30", "2026-07-15 12:00:00", any, "2026-07-15T06:30:00Z");
        check("UTC", "2026-07-15 12:00:00", any, "2026-07-15T12:00:00Z");
    }

    #[test]
    fn the_hour_that_comes_twice_is_told_apart_by_arrival() {
        // Berlin, 25 October 2026: at 03:00 summer time (01:00 UTC) it becomes 02:00 again.
        check("Europe/Berlin", "2026-10-25 01:59:59", "2026-10-24T23:59:59Z", "2026-10-24T23:59:59Z");
        check("Europe/Berlin", "2026-10-25 02:00:00", "2026-10-25T00:00:00Z", "2026-10-25T00:00:00Z");
        check("Europe/Berlin", "2026-10-25 02:59:59", "2026-10-25T00:59:59Z", "2026-10-25T00:59:59Z");
        check("Europe/Berlin", "2026-10-25 02:00:00", "2026-10-25T01:00:00Z", "2026-10-25T01:00:00Z");
        check("Europe/Berlin", "2026-10-25 02:59:59", "2026-10-25T01:59:59Z", "2026-10-25T01:59:59Z");
        check("Europe/Berlin", "2026-10-25 03:00:00", "2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z");
        // The source's clock is ten minutes ahead of ours, or its message took half an hour.
        check("Europe/Berlin", "2026-10-25 02:10:00", "2026-10-25T01:00:00Z", "2026-10-25T01:10:00Z");
        check("Europe/Berlin", "2026-10-25 02:40:00", "2026-10-25T01:10:00Z", "2026-10-25T00:40:00Z");
        // A backlog: nothing tells the two hours apart.
        check("Europe/Berlin", "2026-10-25 02:30:00", "2026-10-27T00:00:00Z", "2026-10-25T01:30:00Z");
    }

    #[test]
    fn the_hour_that_is_skipped_is_refused() {
        let arrived = "2026-03-29T01:30:00Z";
        check("Europe/Berlin", "2026-03-29 01:59:59", arrived, "2026-03-29T00:59:59Z");
        check(
            "Europe/Berlin",
            "2026-03-29 02:30:00",
            arrived,
            "there was no 2026-03-29 02:30:00 in Europe/Berlin, because clocks were put forward; if this clock is not, give its \
             offset as the zone",
        );
        check("Europe/Berlin", "2026-03-29 03:00:00", arrived, "2026-03-29T01:00:00Z");
    }
}
