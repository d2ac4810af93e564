//! A machine at a glance, for overviews of whole fleets: only what is known already, nothing is reckoned for it.

use foretell_model::{Limits, MachineId, Signal, Timestamp};

use crate::engine::Engine;
use crate::sd::regime::Regime;
use crate::view::{HealthView, OpenFinding, health, open, troubles, usable_days};

/// Closed days that "of late" means.
const LATE_DAYS: usize = 7;

/// What an overview shows of one machine; [`MachineView`](crate::MachineView) has the rest at a hundred times the cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Glance {
    /// Where it warns and trips.
    pub limits: Limits,
    /// What it was doing at the newest reading; unknown while that waits to be believed.
    pub regime: Regime,
    /// Time of the newest reading, also of one that waits to be believed because the machine was silent for long.
    pub last_ts: Option<Timestamp>,
    /// Discharge temperature as last accepted, or of a reading that waits, degC.
    pub discharge_temp_c: Option<f64>,
    /// Mean of the hottest loaded-steady hours of the newest closed days, oldest first, degC.
    pub trend_c: Vec<Option<f64>>,
    /// Closed days of the machine's present life that had such hours.
    pub usable_days: usize,
    /// How many of them are needed before anything is claimed.
    pub days_needed: usize,
    /// Loaded hours a day over the last week, h.
    pub load_h_per_day: f64,
    /// Whether there is enough history to speak of a normal.
    pub learned: bool,
    /// What is known of its health.
    pub health: HealthView,
    /// Whether a sensor's readings are not used at present.
    pub sensor_trouble: bool,
    /// Open findings, oldest first.
    pub open: Vec<OpenFinding>,
}

impl Engine {
    /// The machine at a glance, with the curve of at most so many days; `None` when it was never seen.
    #[must_use]
    pub fn glance(&self, id: &MachineId, days_max: usize) -> Option<Glance> {
        let machine = self.machines.get(*self.index.get(id)? as usize)?;
        let hot_c = |day: &crate::sd::day::DayRecord| day.hot.td_c().filter(|_| day.hot.is_some());
        let skipped = machine.days.len().saturating_sub(days_max);
        let late = machine.days.iter().rev().take(LATE_DAYS);
        let newest = machine.last_values().find(|(signal, _)| *signal == Signal::DischargeTemp);
        Some(Glance {
            limits: self.profile(id).limits,
            regime: if machine.clock.waiting().is_some() { Regime::Unknown } else { machine.regime.regime() },
            last_ts: machine.heard(),
            discharge_temp_c: newest.map(|(_, value)| value),
            trend_c: machine.days[skipped..].iter().map(hot_c).collect(),
            usable_days: usable_days(machine).1,
            days_needed: machine.health.days_needed(),
            load_h_per_day: late.clone().map(|day| day.load_h()).sum::<f64>() / late.count().max(1) as f64,
            learned: machine.health.learned,
            health: health(machine),
            sensor_trouble: !troubles(machine).is_empty(),
            open: open(machine, id),
        })
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::{DAY_MS, Event, HOUR_MS, Quality, Reading, RunState, Signals};

    use super::*;
    use crate::engine::EngineOptions;

    /// A reading of a loaded machine whose counter shows `run_hours` beyond a thousand.
    fn reading(id: &MachineId, ms: i64, run_hours: f64) -> Event {
        let (hour, ts) = ((ms / HOUR_MS % 24) as f64, Timestamp::from_millis(20_000 * DAY_MS + ms));
        let signals = Signals::empty()
            .with(Signal::AmbientTemp, 25.0 + hour / 4.0)
            .with(Signal::DischargeTemp, 80.0 + hour / 3.0)
            .with(Signal::MotorCurrent, 80.0)
            .with(Signal::RunHours, 1_000.0 + run_hours);
        let (state, quality) = (Some(RunState::Loaded), Quality::Good);
        Event::Reading(Reading { machine: id.clone(), ts, arrived: ts, signals, state, quality })
    }

    /// A month after its last reading a machine is heard of again, with a new controller whose counter begins low.
    #[test]
    fn a_machine_that_was_silent_for_long_is_heard_at_once() {
        let id = MachineId::new("s1", "m1").unwrap();
        let mut engine = Engine::new(EngineOptions::default());
        (0..30).for_each(|hour| engine.observe(&reading(&id, hour * HOUR_MS, hour as f64), &mut Vec::new()));
        let again_ms = 30 * DAY_MS;
        for minute in 0..90 {
            let ms = again_ms + minute * HOUR_MS / 60;
            engine.observe(&reading(&id, ms, -900.0), &mut Vec::new());
            let heard = Some(Timestamp::from_millis(20_000 * DAY_MS + ms));
            let glance = engine.glance(&id, 10).unwrap();
            assert_eq!((engine.last_reading(&id), glance.last_ts), (heard, heard), "minute {minute}");
            if minute < 60 {
                // Its values are of now; what it does is known once the time is believed.
                assert_eq!((glance.discharge_temp_c, glance.regime), (Some(80.0), Regime::Unknown), "minute {minute}");
            }
        }
        assert_eq!(engine.glance(&id, 10).unwrap().regime, Regime::LoadedSteady);
    }

    #[test]
    fn a_glance_agrees_with_the_whole_view() {
        let id = MachineId::new("s1", "m1").unwrap();
        let mut engine = Engine::new(EngineOptions::default());
        for hour in 0..30 * 24 {
            engine.observe(&reading(&id, hour * HOUR_MS, hour as f64), &mut Vec::new());
        }
        let (view, glance) = (engine.machine(&id).unwrap(), engine.glance(&id, 10).unwrap());
        let hot: Vec<Option<f64>> = view.days.iter().map(|day| day.observed_c).collect();
        assert_eq!(glance.trend_c, hot[hot.len() - 10..]);
        assert_eq!(glance.usable_days, hot.iter().flatten().count());
        let baseline = view.baseline;
        assert_eq!((glance.usable_days, glance.days_needed), (baseline.usable_days, baseline.days_needed));
        assert_eq!(baseline.since, view.days.iter().find(|day| day.observed_c.is_some()).map(|day| day.day));
        assert_eq!((glance.last_ts, glance.regime, glance.limits), (view.last_ts, view.regime, view.limits));
        assert_eq!((glance.learned, glance.health, &glance.open), (view.baseline.learned, view.health, &view.open));
        assert_eq!(glance.sensor_trouble, !view.sensor_troubles.is_empty());
        assert_eq!(engine.brief(&id), Some(view.brief()));
        let load_h = view.days.iter().rev().take(7).map(|day| day.load_h).sum::<f64>() / 7.0;
        assert!((glance.load_h_per_day - load_h).abs() < 1e-9);
        assert!(engine.glance(&MachineId::new("s1", "m2").unwrap(), 10).is_none());
    }
}
