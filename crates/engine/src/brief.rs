//! What a message about a machine needs to know of it: only what is known already, because one is made with every finding.

use foretell_model::{Limits, MachineId, Signal};

use crate::engine::Engine;
use crate::sd::duty::HOURS_PER_WEEK;
use crate::view::{MachineView, health, hours_per_day};

/// Closed days that "of late" means.
const LATE_DAYS: usize = 7;

/// A machine in brief; [`MachineView`] has the rest at a hundred times the cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Brief {
    /// Where it warns and trips.
    pub limits: Limits,
    /// Mean of the hottest loaded-steady hours of the newest day of late that had any, degC.
    pub hot_c: Option<f64>,
    /// Highest temperature held for ten minutes of late, degC.
    pub peak_c: Option<f64>,
    /// Discharge temperature as last accepted, degC.
    pub discharge_temp_c: Option<f64>,
    /// Excess over normal as last judged, K.
    pub excess_k: f64,
    /// Learned share of time running per hour of the week, Monday 00:00 UTC first, each 0 to 1.
    pub weekly_duty: [f32; HOURS_PER_WEEK],
    /// Mean running hours per day over the last four weeks, h.
    pub hours_per_day: f64,
    /// Running hours that the controller's counter shows, h.
    pub run_hours: Option<f64>,
}

/// The hot hours of late and their peak, of days with both, newest first.
fn of_late(newest_first: impl Iterator<Item = (Option<f64>, Option<f64>)>) -> (Option<f64>, Option<f64>) {
    newest_first.take(LATE_DAYS).fold((None, None), |(hot_c, highest_c), (day_c, peak_c)| {
        let highest_c = [highest_c, peak_c].into_iter().flatten().max_by(f64::total_cmp);
        (hot_c.or(day_c), highest_c)
    })
}

impl Engine {
    /// The machine in brief; `None` when it was never seen.
    #[must_use]
    pub fn brief(&self, id: &MachineId) -> Option<Brief> {
        let machine = self.machines.get(*self.index.get(id)? as usize)?;
        let days = machine.days.iter().rev();
        let (hot_c, peak_c) = of_late(days.map(|day| (day.hot.td_c().filter(|_| day.hot.is_some()), day.peak_c())));
        let newest = machine.last_values().find(|(signal, _)| *signal == Signal::DischargeTemp);
        Some(Brief {
            limits: self.profile(id).limits,
            hot_c,
            peak_c,
            discharge_temp_c: newest.map(|(_, value)| value),
            excess_k: health(machine).excess_k,
            weekly_duty: machine.duty.shares(),
            hours_per_day: hours_per_day(machine),
            run_hours: machine.sensors.run_hours.shown_h(),
        })
    }

    /// What a machine's running-hour counter shows, and its running hours per day of late, both h: all that planning asks of each
    /// machine of a fleet. `None` where no counter is known.
    #[must_use]
    pub fn run_hours(&self, id: &MachineId) -> Option<(f64, f64)> {
        let machine = self.machines.get(*self.index.get(id)? as usize)?;
        Some((machine.sensors.run_hours.shown_h()?, hours_per_day(machine)))
    }
}

impl MachineView {
    /// The same in brief.
    #[must_use]
    pub fn brief(&self) -> Brief {
        let (hot_c, peak_c) = of_late(self.days.iter().rev().map(|day| (day.observed_c, day.peak_c)));
        let newest = self.last_values.iter().find(|(signal, _)| *signal == Signal::DischargeTemp);
        Brief {
            limits: self.limits,
            hot_c,
            peak_c,
            discharge_temp_c: newest.map(|(_, value)| *value),
            excess_k: self.health.excess_k,
            weekly_duty: self.weekly_duty,
            hours_per_day: self.hours_per_day,
            run_hours: self.run_hours,
        }
    }
}
