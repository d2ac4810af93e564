//! The week of a machine by how much air it draws: which hours are quiet and which are busy, and what is usual in each.
//!
//! A leak draws air day and night, on working days and on rest days; a new consumer or another product draws it in the busy
//! hours. So both are followed, each as what its hours differ from their own usual. No calendar is assumed: rest days fall
//! where a plant puts them, so the week is learned as it is lived.

use foretell_model::Timestamp;
use serde::{Deserialize, Serialize};

/// Days in which the usual week is learned. It is not learned on: a yardstick that moves hides what it measures.
const LEARN_DAYS: u8 = 21;
/// Days that show what full speed is, and how far above the usual most it may still go.
const FULL_KNOWN_DAYS: u8 = 7;
const HEADROOM: f32 = 1.1;
/// Places of a day, two hours each.
const PLACES: usize = 12;
/// Places that must be neither off nor full for the week to have quiet and busy hours, of 84.
const ENOUGH: usize = 8;
/// Below it the machine is switched off, and shows nothing.
const OFF: u8 = 2;
/// Above it the machine is always loaded, and shows nothing either.
const FULL: u8 = 194;

/// Kinds of hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hours {
    Quiet,
    Busy,
}

/// Loaded share by weekday and pair of UTC hours, in 1/200; 255 = not seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoadProfile {
    share: [[u8; PLACES]; 7],
    days: u8,
    /// The quieter half reaches up to here, 0 until the week is learned.
    quiet_to: u8,
    /// Usual share of the quiet and of the busy hours, in 1/200.
    usual: [u8; 2],
    /// Current of a machine at full speed as known when the profile began, A: the yardstick of one that never unloads. It
    /// is not learned on either.
    full_a: f32,
}

impl Default for LoadProfile {
    fn default() -> Self {
        Self { share: [[u8::MAX; PLACES]; 7], days: 0, quiet_to: 0, usual: [0; 2], full_a: 0.0 }
    }
}

impl LoadProfile {
    /// Records one closed hour; says of which kind it is and how its kind would have been loaded on a usual day that
    /// differs from it by as much.
    pub(crate) fn record(&mut self, hour: Timestamp, loaded_share: f64) -> Option<(Hours, f64)> {
        let hour_of_day = usize::from(hour.hour_of_day());
        // Monday is 0.
        let kept = self.share.get_mut(usize::from(hour.weekday()))?.get_mut(hour_of_day / 2)?;
        if self.quiet_to == 0 {
            let seen = (*kept != u8::MAX).then(|| f64::from(*kept) / 200.0);
            let n = usize::from(self.days / 7) * 2 + hour_of_day % 2 + 1;
            let share = seen.map_or(loaded_share, |old| old + (loaded_share - old) / n.max(2) as f64);
            *kept = (share * 200.0).round().clamp(0.0, 200.0) as u8;
            return None;
        }
        let kind = match *kept {
            OFF..=FULL if *kept <= self.quiet_to => Hours::Quiet,
            OFF..=FULL => Hours::Busy,
            _ => return None,
        };
        let usual = f64::from(self.usual[kind as usize]) - f64::from(*kept);
        Some((kind, loaded_share + usual / 200.0))
    }

    /// Share of full speed that a mean current stands for, 0 to 1; `None` until a week has shown what full speed is. The
    /// hours of one night would make its current the yardstick, and every busier hour as good as full.
    pub(crate) fn speed_share(&mut self, amps_a: f64, loaded_a: Option<f64>) -> Option<f64> {
        if self.full_a <= 0.0 {
            self.full_a = loaded_a.filter(|_| self.days >= FULL_KNOWN_DAYS)? as f32 * HEADROOM;
        }
        Some((amps_a / f64::from(self.full_a)).clamp(0.0, 1.0))
    }

    /// Ends a day; parts the hours when enough days have been seen.
    pub(crate) fn end_day(&mut self) {
        self.days = self.days.saturating_add(1);
        if self.quiet_to != 0 || self.days < LEARN_DAYS {
            return;
        }
        let mut shares: Vec<u8> =
            self.share.iter().flatten().copied().filter(|share| (OFF..=FULL).contains(share)).collect();
        if shares.len() < ENOUGH {
            return;
        }
        shares.sort_unstable();
        let middle = shares[(shares.len() - 1) / 2];
        let mean = |of: &[u8]| {
            let sum: u32 = of.iter().map(|share| u32::from(*share)).sum();
            sum.checked_div(of.len() as u32).unwrap_or_default() as u8
        };
        let (quiet, busy) = shares.split_at(shares.partition_point(|share| *share <= middle));
        self.usual = [mean(quiet), mean(busy)];
        self.quiet_to = middle;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONDAY: &str = "2026-06-29T00:00:00Z";

    /// Loaded share of a plant that rests on Wednesdays and at night.
    fn usual(hour: Timestamp) -> f64 {
        let busy = hour.weekday() != 2 && (6..18).contains(&hour.hour_of_day());
        if busy { 0.7 } else { 0.2 }
    }

    fn learned() -> (LoadProfile, Timestamp) {
        let (mut profile, start) = (LoadProfile::default(), Timestamp::parse(MONDAY).unwrap());
        for hour in 0..24 * 21 {
            let ts = start + i64::from(hour) * foretell_model::HOUR_MS;
            assert_eq!(profile.record(ts, usual(ts)), None);
            if hour % 24 == 23 {
                profile.end_day();
            }
        }
        (profile, start.plus_days(21.0))
    }

    #[test]
    fn a_leak_is_the_same_rise_in_quiet_hours_and_on_rest_days() {
        let (mut profile, start) = learned();
        for (hours, expected) in [(2.0, Hours::Quiet), (10.0, Hours::Busy), (24.0 * 2.0 + 10.0, Hours::Quiet)] {
            let ts = start.plus_days(hours / 24.0);
            let (kind, share) = profile.record(ts, usual(ts) + 0.1).unwrap();
            let own = if kind == Hours::Quiet { 0.2 } else { 0.7 };
            assert_eq!(kind, expected, "{hours}");
            assert!((share - own - 0.1).abs() < 0.01, "{hours}: {share}");
        }
    }

    #[test]
    fn a_machine_that_is_always_loaded_has_no_quiet_hours() {
        let (mut profile, start) = (LoadProfile::default(), Timestamp::parse(MONDAY).unwrap());
        for hour in 0..24 * 40 {
            let ts = start + i64::from(hour) * foretell_model::HOUR_MS;
            assert_eq!(profile.record(ts, 1.0), None);
            if hour % 24 == 23 {
                profile.end_day();
            }
        }
    }

    #[test]
    fn one_night_does_not_set_the_yardstick_of_a_variable_speed() {
        let mut profile = LoadProfile::default();
        assert_eq!(profile.speed_share(60.0, Some(60.0)), None);
        (0..7).for_each(|_| profile.end_day());
        let share = profile.speed_share(90.0, Some(120.0)).unwrap();
        assert!((0.6..0.75).contains(&share), "{share}");
        // What is learned later does not move it.
        assert_eq!(profile.speed_share(90.0, Some(90.0)), Some(share));
    }
}
