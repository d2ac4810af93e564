//! The hours of a working day, by how much air they draw: which are quiet and which are busy.
//!
//! A leak draws air day and night; a new consumer or another product draws it in the busy hours. So both are followed, each
//! against its own normal, in hours of the day that are chosen once.

use foretell_model::Timestamp;
use serde::{Deserialize, Serialize};

/// Working days before hours are chosen.
const CHOSEN_AFTER: u8 = 10;
/// Hours of each kind.
const HOURS: usize = 6;
/// Below it the machine is switched off, and shows nothing.
const OFF: u8 = 2;
/// Above it the machine is always loaded, and shows nothing either.
const FULL: u8 = 194;
/// Weight of the newest day.
const NEWEST: f64 = 0.15;

/// Kinds of hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hours {
    Quiet,
    Busy,
}

/// Loaded share by UTC hour of working days, in 1/200; 255 = not seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoadProfile {
    share: [u8; 24],
    days: u8,
    /// Current of a machine at full speed as known when the profile began, A: the yardstick of one that never unloads. It
    /// is not learned on, because a yardstick that moves makes steps of its own.
    full_a: f32,
    quiet: u32,
    busy: u32,
}

impl Default for LoadProfile {
    fn default() -> Self {
        Self { share: [u8::MAX; 24], days: 0, full_a: 0.0, quiet: 0, busy: 0 }
    }
}

impl LoadProfile {
    /// Records one closed hour and says of which kind it is.
    pub(crate) fn record(&mut self, hour: Timestamp, loaded_share: f64) -> Option<Hours> {
        let place = usize::from(hour.hour_of_day());
        // Monday is 0.
        if hour.weekday() > 4 {
            return None;
        }
        if let Some(kept) = self.share.get_mut(place).filter(|_| self.quiet == 0) {
            let seen = (*kept != u8::MAX).then(|| f64::from(*kept) / 200.0);
            let share = seen.map_or(loaded_share, |old| old + NEWEST * (loaded_share - old));
            *kept = (share * 200.0).round().clamp(0.0, 200.0) as u8;
        }
        let is = |mask: u32| mask & (1 << place) != 0;
        if is(self.quiet) { Some(Hours::Quiet) } else { is(self.busy).then_some(Hours::Busy) }
    }

    /// Share of full speed that a mean current stands for, 0 to 1; `None` while no current is known.
    pub(crate) fn speed_share(&mut self, amps_a: f64, loaded_a: Option<f64>) -> Option<f64> {
        if self.full_a <= 0.0 {
            self.full_a = loaded_a? as f32;
        }
        Some((amps_a / f64::from(self.full_a)).clamp(0.0, 1.0))
    }

    /// Ends a day; chooses the hours when enough days have been seen.
    pub(crate) fn end_day(&mut self) {
        self.days = self.days.saturating_add(1);
        // Ten working days are two weeks.
        if self.quiet != 0 || self.days < CHOSEN_AFTER / 5 * 7 {
            return;
        }
        let mut hours: Vec<(u8, usize)> = (0..24)
            .filter_map(|h| Some((*self.share.get(h)?, h)))
            .filter(|(share, _)| (OFF..=200).contains(share))
            .collect();
        hours.sort_unstable();
        if hours.len() < HOURS || hours[0].0 > FULL {
            return;
        }
        let mask = |hours: &[(u8, usize)]| hours.iter().fold(0, |mask, (_, h)| mask | 1 << h);
        let each = HOURS.min(hours.len() / 2);
        self.quiet = mask(&hours[..each]);
        self.busy = mask(&hours[hours.len() - each..]);
    }
}
