//! How foreign files write the time.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use foretell_model::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};

/// Unit of a number that counts since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Epoch {
    Days,
    Hours,
    Minutes,
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl Epoch {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "d" => Self::Days,
            "h" => Self::Hours,
            "min" => Self::Minutes,
            "s" => Self::Seconds,
            "ms" => Self::Millis,
            "us" => Self::Micros,
            "ns" => Self::Nanos,
            _ => return None,
        })
    }

    /// Fractions of a second count; what is finer than a millisecond is rounded.
    pub(crate) fn instant(self, number: f64) -> Option<Timestamp> {
        let millis = match self {
            Self::Days => number * DAY_MS as f64,
            Self::Hours => number * HOUR_MS as f64,
            Self::Minutes => number * MINUTE_MS as f64,
            Self::Seconds => number * 1e3,
            Self::Millis => number,
            Self::Micros => number / 1e3,
            Self::Nanos => number / 1e6,
        };
        let range = Timestamp::MIN.millis() as f64..=Timestamp::MAX.millis() as f64;
        range.contains(&millis).then(|| Timestamp::from_millis(millis.round() as i64))
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Zone {
    Fixed(FixedOffset),
    Named(Tz),
}

/// How to read the text of a time stamp.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clockface {
    format: Option<String>,
    zone: Option<Zone>,
    epoch: Option<Epoch>,
}

impl Clockface {
    /// What `contracts` say: RFC 3339, or integer milliseconds since 1970 UTC.
    pub(crate) const CONTRACT: Self = Self { format: None, zone: None, epoch: None };

    /// `format` is strftime's; `zone` says where the clock hung when the text itself does not.
    pub(crate) fn new(format: Option<String>, zone: Option<&str>, epoch: Option<Epoch>) -> Result<Self, String> {
        if epoch.is_some() && (format.is_some() || zone.is_some()) {
            return Err("epoch excludes format and zone".into());
        }
        if let Some(format) = &format
            && chrono::format::StrftimeItems::new(format).any(|item| item == chrono::format::Item::Error)
        {
            return Err(format!("`{format}` is not a format such as %Y-%m-%d %H:%M:%S"));
        }
        Ok(Self { format, zone: zone.map(parse_zone).transpose()?, epoch })
    }

    /// The unit of a number, when the map gives one.
    pub(crate) const fn epoch(&self) -> Option<Epoch> {
        self.epoch
    }

    /// The instant that a text means; `None` when it means none.
    pub(crate) fn instant(&self, text: &str) -> Option<Timestamp> {
        if let Some(epoch) = self.epoch {
            return epoch.instant(text.parse().ok()?);
        }
        let Some(format) = &self.format else {
            return Timestamp::parse(text)
                .ok()
                .or_else(|| text.parse().ok().map(Timestamp::from_millis).or_else(|| self.local(&plain(text)?)));
        };
        if let Ok(instant) = DateTime::parse_from_str(text, format) {
            return Some(Timestamp::from_millis(instant.timestamp_millis()));
        }
        let local = NaiveDateTime::parse_from_str(text, format)
            .or_else(|_| NaiveDate::parse_from_str(text, format).map(|date| date.and_time(chrono::NaiveTime::MIN)))
            .ok()?;
        self.local(&local)
    }

    /// The instant at which the zone's clocks showed this. Where they showed it twice, the first time; where they skipped it,
    /// or no zone is known, there is none.
    pub(crate) fn local(&self, local: &NaiveDateTime) -> Option<Timestamp> {
        let instant = match self.zone.as_ref()? {
            Zone::Fixed(offset) => offset.from_local_datetime(local).earliest()?.with_timezone(&Utc),
            Zone::Named(zone) => zone.from_local_datetime(local).earliest()?.with_timezone(&Utc),
        };
        Some(Timestamp::from_millis(instant.timestamp_millis()))
    }
}

/// RFC 3339 without an offset.
fn plain(text: &str) -> Option<NaiveDateTime> {
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
}

fn parse_zone(text: &str) -> Result<Zone, String> {
    if text == "UTC" {
        return Ok(Zone::Named(Tz::UTC));
    }
    if let Ok(offset) = text.parse::<FixedOffset>() {
        return Ok(Zone::Fixed(offset));
    }
    text.parse().map(Zone::Named).map_err(|_| {
        format!("zone `{text}` is neither UTC, an offset such as +08:00, nor an IANA name such as Asia/Shanghai")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: Option<&str>, zone: Option<&str>, epoch: Option<Epoch>, text: &str, expected: &str) {
        let clockface = Clockface::new(format.map(str::to_owned), zone, epoch).unwrap();
        let got = clockface.instant(text).map_or_else(|| "none".into(), |ts| ts.to_string());
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn reads_what_files_hold() {
        let civil = Some("%Y-%m-%d %H:%M:%S");
        check(None, None, None, "2026-07-01T08:00:00+08:00", "2026-07-01T00:00:00Z");
        check(None, None, None, "1782864000000", "2026-07-01T00:00:00Z");
        check(None, None, None, "2026-07-01 08:00:00", "none");
        check(None, Some("+08:00"), None, "2026-07-01 08:00:00", "2026-07-01T00:00:00Z");
        check(civil, Some("UTC"), None, "2020-02-01 00:00:19", "2020-02-01T00:00:19Z");
        check(civil, Some("Europe/Lisbon"), None, "2020-07-01 01:00:00", "2020-07-01T00:00:00Z");
        check(civil, Some("Europe/Lisbon"), None, "2020-03-29 01:30:00", "none");
        check(civil, Some("Europe/Lisbon"), None, "2020-10-25 01:30:00", "2020-10-25T00:30:00Z");
        check(Some("%m/%d/%Y %H:%M"), Some("UTC"), None, "3/11/2017 0:05", "2017-03-11T00:05:00Z");
        check(Some("%d.%m.%Y"), Some("UTC"), None, "11.03.2017", "2017-03-11T00:00:00Z");
        check(Some("%Y-%m-%d %H:%M:%S %z"), None, None, "2026-07-01 08:00:00 +0800", "2026-07-01T00:00:00Z");
        check(None, None, Some(Epoch::Seconds), "1782864000.25", "2026-07-01T00:00:00.250Z");
        check(None, None, Some(Epoch::Seconds), "1e99", "none");
        check(civil, Some("UTC"), None, "yesterday", "none");
    }
}
