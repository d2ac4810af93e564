//! The air of a room, hour by hour over the last days, for machines that have no sensor of it and a sibling that has one.
//!
//! A sibling's day is no substitute: its hottest and coolest hours are those of its own shift. A machine that works by day beside
//! one that never stops would be told the air of four in the morning for its own cool hours, and the hinge between its cool and
//! its hot hours would bend for the wrong reason. So the room's air is kept for every hour, and a machine takes that of the
//! very hours that its points are made of.

use foretell_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::day::{Day, day_of};
use super::sum::Sum;

/// Days kept: a machine that delivers so much late still finds the air of its hours.
const DAYS: usize = 4;
/// A day that lies so far ahead of a new one was told by a clock that was wrong.
const AHEAD_DAYS: Day = 32;

/// See the module. Kept for sites only that have machines of both kinds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RoomHours {
    days: [RoomDay; DAYS],
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct RoomDay {
    day: Day,
    hours: [Sum; 24],
}

impl RoomHours {
    /// Files what a sensor says of the room's air, degC. What is older than all that is kept is left out.
    pub(crate) fn add(&mut self, ts: Timestamp, air_c: f32) {
        let Some(day) = day_of(ts) else { return };
        let kept = &mut self.days[usize::from(day) % DAYS];
        if kept.day < day || kept.day > day.saturating_add(AHEAD_DAYS) {
            *kept = RoomDay { day, ..RoomDay::default() };
        }
        if kept.day == day {
            kept.hours.get_mut(usize::from(ts.hour_of_day())).into_iter().for_each(|hour| hour.add(air_c));
        }
    }

    /// Mean of an hour, degC; `None` when no sensor spoke in it or it is too long ago.
    pub(crate) fn mean_c(&self, day: Day, hour_of_day: u8) -> Option<f64> {
        let kept = self.days.get(usize::from(day) % DAYS).filter(|kept| kept.day == day)?;
        kept.hours.get(usize::from(hour_of_day))?.mean()
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::{HOUR_MS, MINUTE_MS};

    use super::*;

    #[test]
    fn an_hour_is_known_for_some_days() {
        let start = Timestamp::parse("2026-06-10T00:00:00Z").unwrap();
        let day = day_of(start).unwrap();
        let mut room = RoomHours::default();
        // Two sensors, each every ten minutes; the air is that of the hour.
        for minute in (0..DAYS as i64 * 1440).step_by(10) {
            let ts = start + minute * MINUTE_MS;
            [-0.5, 0.5].iter().for_each(|off| room.add(ts, f32::from(ts.hour_of_day()) + off));
        }
        assert_eq!([room.mean_c(day, 7), room.mean_c(day + 3, 23)], [Some(7.0), Some(23.0)]);
        // The next day takes the place of the oldest, and what comes too late for that is left out.
        let next = start.plus_days(DAYS as f64);
        room.add(next, 30.0);
        room.add(start + 5 * HOUR_MS, 99.0);
        let known = [room.mean_c(day, 7), room.mean_c(day + DAYS as Day, 0), room.mean_c(day + DAYS as Day, 1)];
        assert_eq!(known, [None, Some(30.0), None]);
        // A clock that ran a year ahead does not close the room to those that are right.
        room.add(next.plus_days(364.0), 40.0);
        room.add(next + HOUR_MS, 31.0);
        assert_eq!([room.mean_c(day + DAYS as Day, 0), room.mean_c(day + DAYS as Day, 1)], [None, Some(31.0)]);
    }
}
