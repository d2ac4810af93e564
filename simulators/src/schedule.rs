//! When a site works and how much air it then draws.

use serde::Deserialize;

use crate::time::{DAY_MS, HOUR_MS, weekday};

/// The working hours of a site, in its local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Day and night, all week.
    Continuous,
    /// Day and night, Monday to Friday.
    WeekendOff,
    /// 06:00 to 22:00, Monday to Saturday.
    TwoShift,
    /// 07:00 to 17:00, Monday to Friday.
    OneShift,
}

impl Schedule {
    /// All schedules.
    pub const ALL: [Self; 4] = [Self::Continuous, Self::WeekendOff, Self::TwoShift, Self::OneShift];

    /// Activity at an instant, 0 when closed, up to 1; meal breaks and nights draw less.
    #[must_use]
    pub fn activity(self, ts_ms: i64, utc_offset_ms: i64) -> f64 {
        let local_ms = ts_ms + utc_offset_ms;
        #[expect(clippy::cast_precision_loss, reason = "less than a day in milliseconds")]
        let hour = local_ms.rem_euclid(DAY_MS) as f64 / HOUR_MS as f64;
        let day = weekday(local_ms);
        let open = match self {
            Self::Continuous => true,
            Self::WeekendOff => day < 5,
            Self::TwoShift => day < 6 && (6.0..22.0).contains(&hour),
            Self::OneShift => day < 5 && (7.0..17.0).contains(&hour),
        };
        let meal = (11.5..12.25).contains(&hour) || (self == Self::TwoShift && (17.5..18.0).contains(&hour));
        match (open, meal) {
            (false, _) => 0.0,
            (true, true) => 0.75,
            (true, false) if (6.0..22.0).contains(&hour) => 1.0,
            (true, false) => 0.9,
        }
    }

    /// Share of the week that is open, 0-1.
    #[must_use]
    pub const fn open_share(self) -> f64 {
        match self {
            Self::Continuous => 1.0,
            Self::WeekendOff => 120.0 / 168.0,
            Self::TwoShift => 96.0 / 168.0,
            Self::OneShift => 50.0 / 168.0,
        }
    }
}
