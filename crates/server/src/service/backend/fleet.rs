//! The overview: every machine at a glance.

use std::collections::{HashMap, HashSet};

use foretell_console::BackendError;
use foretell_console::view::{Fleet, Health, HiddenBy, MachineSummary, Offline, OfflineWhy, OpenAdvisory};
use foretell_engine::{MachineView, OpenFinding, Regime};
use foretell_model::{Clock, FindingId, FindingKind, HOUR_MS, Limits, MachineId, RunState, Signal, Timestamp};
use foretell_outreach::Machine;

use super::ServiceBackend;
use super::errors::of_outreach;
use super::registry::Sites;
use crate::service::status;

/// A machine that was silent for longer cannot be judged.
const UNHEARD_MS: i64 = 48 * HOUR_MS;

/// Loaded hours a day, over the last week, below which the cooler's condition does not show.
const LOAD_H_MIN: f64 = 1.0;

/// Usable days before a forecast begins, as the engine says in its findings.
pub const DAYS_NEEDED: u32 = 10;

/// Days of the small curve.
const TREND_DAYS: usize = 45;

/// Visits looked at to tell who is booked.
const VISITS_MAX: u32 = 10_000;

impl ServiceBackend {
    pub(super) fn fleet_view(&self) -> Result<Fleet, BackendError> {
        let now = self.clocks.now();
        let (sites, booked) = (Sites::read(&self.outreach)?, self.booked(now)?);
        let mut registered: HashMap<String, Machine> =
            self.outreach.machines().map_err(of_outreach)?.into_iter().map(|m| (m.id.clone(), m)).collect();
        let known = self.room.machines();
        let mut machines: Vec<MachineSummary> = known
            .iter()
            .map(|(id, view)| self.summary(id, view, registered.remove(id.as_str()), &sites, &booked, now))
            .collect();
        // Whoever registered a machine wants to see that it does not speak.
        let silent = registered.into_values().filter_map(|machine| never_reported(machine, &sites));
        machines.extend(silent);
        let queue_len = self.outreach.queue(now).map_err(of_outreach)?.len();
        Ok(Fleet { now, machines, queue_len })
    }

    /// Cases with a visit to come.
    pub(super) fn booked(&self, now: Timestamp) -> Result<HashSet<FindingId>, BackendError> {
        let visits = self.outreach.visits(now, VISITS_MAX).map_err(of_outreach)?;
        Ok(visits.into_iter().map(|visit| visit.case).collect())
    }

    pub(super) fn summary(
        &self,
        id: &MachineId,
        view: &MachineView,
        registered: Option<Machine>,
        sites: &Sites,
        booked: &HashSet<FindingId>,
        now: Timestamp,
    ) -> MachineSummary {
        let offline = status::offline(self.room.told(id), view.last_ts, now);
        let newest = view.last_values.iter().find(|(signal, _)| *signal == Signal::DischargeTemp);
        let skipped = view.days.len().saturating_sub(TREND_DAYS);
        MachineSummary {
            id: id.clone(),
            name: registered.map_or_else(|| id.machine().to_owned(), |machine| machine.number),
            site_name: sites.site_name(id),
            customer: sites.customer(id).map(|customer| customer.name.clone()).unwrap_or_default(),
            zone: sites.zone(id),
            offline,
            state: run_state(view.regime).filter(|_| offline.is_none()),
            last_reading: view.last_ts,
            discharge_temp_c: newest.map(|(_, value)| *value),
            limit_c: view.limits.warn_c,
            health: health(view, now),
            advisory: self.open_advisory(id, view, booked),
            trend_c: view.days[skipped..].iter().map(|day| day.observed_c).collect(),
        }
    }

    /// The most pressing open statement that says something is wrong.
    fn open_advisory(&self, id: &MachineId, view: &MachineView, booked: &HashSet<FindingId>) -> Option<OpenAdvisory> {
        let trouble = [FindingKind::Prediction, FindingKind::Anomaly, FindingKind::SensorFault];
        let speaks_of_trouble = |open: &&OpenFinding| trouble.contains(&open.kind);
        let rank = |open: &&OpenFinding| (open.grade, open.kind == FindingKind::Prediction);
        let open = view.open.iter().filter(speaks_of_trouble).max_by_key(rank)?;
        let newest = self.room.finding(id, &open.id);
        Some(OpenAdvisory {
            id: open.id.clone(),
            fault: open.fault.clone(),
            likelihood: open.likelihood,
            grade: open.grade,
            at: newest.as_ref().map_or(open.opened, |finding| finding.at),
            rul_days: newest.and_then(|finding| finding.rul_days),
            booked: booked.contains(&open.id),
        })
    }
}

/// A machine that is registered and was never heard of.
pub(super) fn never_reported(machine: Machine, sites: &Sites) -> Option<MachineSummary> {
    let id = MachineId::parse(&machine.id).ok()?;
    Some(MachineSummary {
        name: machine.number,
        site_name: sites.site_name(&id),
        customer: sites.customer(&id).map(|customer| customer.name.clone()).unwrap_or_default(),
        zone: sites.zone(&id),
        offline: Some(Offline { since: None, why: OfflineWhy::Silent }),
        state: None,
        last_reading: None,
        discharge_temp_c: None,
        limit_c: Limits::default().warn_c,
        health: Health::Hidden(HiddenBy::NoReadings),
        advisory: None,
        trend_c: Vec::new(),
        id,
    })
}

/// What the machine does, in the controller's words.
pub(super) const fn run_state(regime: Regime) -> Option<RunState> {
    match regime {
        Regime::Unknown => None,
        Regime::Stopped => Some(RunState::Stopped),
        Regime::Starting => Some(RunState::Starting),
        Regime::Unloaded => Some(RunState::Unloaded),
        Regime::LoadedSteady => Some(RunState::Loaded),
    }
}

/// What can be told of the cooling circuit; what cannot be seen is never called healthy.
pub(super) fn health(view: &MachineView, now: Timestamp) -> Health {
    let usable_days = view.days.iter().filter(|day| day.observed_c.is_some()).count();
    let week = view.days.iter().rev().take(7);
    let load_h_per_day = week.clone().map(|day| day.load_h).sum::<f64>() / week.count().max(1) as f64;
    if view.last_ts.is_none_or(|last| now - last > UNHEARD_MS) {
        Health::Hidden(HiddenBy::NoReadings)
    } else if !view.baseline.learned {
        let days = u32::try_from(usable_days).unwrap_or(u32::MAX);
        Health::Learning { days: days.min(DAYS_NEEDED), days_needed: DAYS_NEEDED }
    } else if !view.sensor_troubles.is_empty() {
        Health::Hidden(HiddenBy::SensorFault)
    } else if view.health.observable {
        Health::Known { cooler_loss: view.health.cooler_ua_loss.clamp(0.0, 1.0) }
    } else if load_h_per_day < LOAD_H_MIN {
        Health::Hidden(HiddenBy::TooLittleLoad)
    } else {
        Health::Hidden(HiddenBy::CoolWeather)
    }
}
