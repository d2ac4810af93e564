//! Truth labels: what was really the matter, for scoring whoever tries to find out from the readings.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::fault::{FaultKind, Progress};
use crate::fleet::{Fleet, Machine};
use crate::spec::{ChangeKind, MachineSpec, Shape, SiteSpec, WarmKind};
use crate::time::utc;

/// An instant that is written as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At(pub i64);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&utc(self.0))
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What was true of a fleet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    /// One entry per machine, in the fleet's order.
    pub machines: Vec<MachineTruth>,
}

/// What was true of a machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MachineTruth {
    /// Site id.
    pub site: String,
    /// Machine id.
    pub machine: String,
    /// Rated motor power.
    pub rated_kw: f64,
    /// Begin of the simulation.
    pub from: At,
    /// End of the simulation.
    pub to: At,
    /// Latitude of the site, degrees north.
    pub latitude_deg: f64,
    /// Limit of the discharge temperature, degC.
    pub limit_c: f64,
    /// First instant at which the true discharge temperature was at the limit or above for ten loaded minutes of an hour, by
    /// their mean, or at which the machine tripped on temperature, for whatever reason.
    pub limit_reached: Option<At>,
    /// What it published.
    pub signals: Vec<&'static str>,
    /// What ailed it.
    pub faults: Vec<FaultTruth>,
    /// What looked like a fault and was none.
    pub confusers: Vec<&'static str>,
    /// What was done to it.
    pub maintenance: Vec<MaintenanceTruth>,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaultTruth {
    /// Its code.
    pub fault: &'static str,
    /// When it began.
    pub onset: At,
    /// When the machine first reached its limit while it was under way.
    pub limit_reached: Option<At>,
    /// When it was repaired.
    pub cleared: Option<At>,
    /// How it grew.
    pub shape: &'static str,
}

/// One job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MaintenanceTruth {
    /// When it was done.
    pub ts: At,
    /// What was done.
    pub work: &'static str,
}

impl MaintenanceTruth {
    pub(crate) const fn new(ts_ms: i64, work: &'static str) -> Self {
        Self { ts: At(ts_ms), work }
    }
}

impl FaultTruth {
    pub(crate) fn new(fault: &Progress) -> Self {
        let shape = match (fault.spec.kind, fault.shape()) {
            (FaultKind::SensorSpikes, _) => "spikes",
            (_, Shape::Step) => "step",
            (_, Shape::Linear) => "linear",
            (_, Shape::Accelerating) => "accelerating",
            (_, Shape::Asymptotic) => "asymptotic",
            (_, Shape::SawTooth) => "saw_tooth",
        };
        Self {
            fault: fault.spec.kind.code(),
            onset: At(fault.onset_ms),
            limit_reached: fault.limit_reached_ms.map(At),
            cleared: fault.cleared_ms.map(At),
            shape,
        }
    }
}

impl MachineTruth {
    pub(crate) fn new(machine: &Machine, site: &SiteSpec, spec: &MachineSpec, fleet: &Fleet) -> Self {
        let warm = site.warm.iter().map(|warm| match warm.kind {
            WarmKind::HeatWave => "heat_wave",
            WarmKind::HotRoom => "hot_room",
        });
        let changes = spec.change.iter().map(|change| match change.kind {
            ChangeKind::SetPoint => "set_point_change",
            ChangeKind::Demand => "demand_change",
        });
        let mut confusers: Vec<&'static str> = warm.chain(changes).collect();
        confusers.sort_unstable();
        confusers.dedup();
        Self {
            site: machine.site.to_string(),
            machine: machine.name.to_string(),
            rated_kw: machine.rated_kw,
            from: At(fleet.from_ms()),
            to: At(fleet.to_ms()),
            latitude_deg: machine.latitude_deg,
            limit_c: machine.limit_c,
            limit_reached: None,
            signals: machine.signals.iter().map(|signal| signal.name()).collect(),
            faults: Vec::new(),
            confusers,
            maintenance: Vec::new(),
        }
    }

    pub(crate) fn limit_first_reached(&mut self, at_ms: i64) {
        self.limit_reached.get_or_insert(At(at_ms));
    }
}
