//! The week a machine keeps: share of time running for each hour of the week (UTC), and hours per day.

use foretell_model::Timestamp;
use serde::{Deserialize, Serialize};

/// Hours of a week, beginning Monday 00:00 UTC.
pub const HOURS_PER_WEEK: usize = 168;

/// Weight of the newest week, so that a changed shift shows after about a month.
const NEWEST_WEEK: f64 = 0.3;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WeeklyDuty {
    /// In 1/200; 255 = never seen.
    share: [[u8; 24]; 7],
}

impl Default for WeeklyDuty {
    fn default() -> Self {
        Self { share: [[u8::MAX; 24]; 7] }
    }
}

impl WeeklyDuty {
    /// Records one closed hour.
    pub(crate) fn record(&mut self, hour: Timestamp, running_share: f64) {
        let of_day = self.share.get_mut(usize::from(hour.weekday()));
        let Some(kept) = of_day.and_then(|hours| hours.get_mut(usize::from(hour.hour_of_day()))) else { return };
        let seen = (*kept != u8::MAX).then(|| f64::from(*kept) / 200.0);
        let share = seen.map_or(running_share, |old| old + NEWEST_WEEK * (running_share - old));
        *kept = (share * 200.0).round().clamp(0.0, 200.0) as u8;
    }

    /// Share of time running per hour of the week, 0 to 1; an hour never seen counts as idle.
    pub(crate) fn shares(&self) -> [f32; HOURS_PER_WEEK] {
        let mut shares = [0.0; HOURS_PER_WEEK];
        for (out, &kept) in shares.iter_mut().zip(self.share.as_flattened()) {
            *out = if kept == u8::MAX { 0.0 } else { f32::from(kept) / 200.0 };
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_an_old_shift_slowly() {
        let monday_8h = Timestamp::parse("2026-06-29T08:00:00Z").unwrap();
        let mut duty = WeeklyDuty::default();
        duty.record(monday_8h, 1.0);
        duty.record(monday_8h.plus_days(7.0), 0.0);
        assert_eq!((duty.shares()[8], duty.shares()[9]), (0.7, 0.0));
    }
}
