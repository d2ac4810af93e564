//! Faults: how their degree grows and what a degree does to a machine and its instruments.

use serde::Deserialize;

use crate::physics::{Conditions, FAN_OFF_AIR_FLOW, Valve};
use crate::rng::Rng;
use crate::spec::{FaultSpec, Shape};
use crate::time::DAY_MS;

/// Kinds of faults, with the meaning of a *degree* for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Degree: share of the cooler's heat transfer that is lost.
    CoolerClogging,
    /// The valve sticks before it is open to the cooler. Degree: 1 minus the position where it sticks.
    ThermostaticValve,
    /// The valve sticks open to the cooler. Degree: the position where it sticks.
    ThermostaticValveOpen,
    /// Degree: 1 is the opening of the bypass at 2.5 bar; the oil flow falls by 30 % until then.
    OilFilterClogging,
    /// Degree: share of the oil charge that is missing.
    LowOil,
    /// Degree: 1 is 1 bar above a new element.
    SeparatorClogging,
    /// Degree: 1 is 50 mbar of vacuum and 5 % less delivery.
    IntakeFilterClogging,
    /// Degree: leaking air as a share of the machine's delivery.
    AirLeak,
    /// The inlet valve does not close. Degree: added unloaded power as a share of full load.
    InletValve,
    /// Degree: 1 is four times the vibration of good bearings and 3 % more friction.
    BearingWear,
    /// Degree: largest deviation of a phase from the mean.
    PhaseImbalance,
    /// Degree: share of the cooling air that is lost; 1 is a fan at rest.
    CoolingFan,
    /// The discharge temperature repeats one value.
    SensorStuck,
    /// Degree: kelvins by which the discharge temperature reads too high.
    SensorDrift,
    /// Degree: probability that a sample's discharge temperature is missing or on a rail (267 degC).
    SensorDropout,
    /// Degree: probability of a spike of 20 to 60 K in a sample.
    SensorSpikes,
}

impl FaultKind {
    /// The fault code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CoolerClogging => "cooler_clogging",
            Self::ThermostaticValve => "thermostatic_valve",
            Self::ThermostaticValveOpen => "thermostatic_valve_open",
            Self::OilFilterClogging => "oil_filter_clogging",
            Self::LowOil => "low_oil",
            Self::SeparatorClogging => "separator_clogging",
            Self::IntakeFilterClogging => "intake_filter_clogging",
            Self::AirLeak => "air_leak",
            Self::InletValve => "inlet_valve",
            Self::BearingWear => "bearing_wear",
            Self::PhaseImbalance => "phase_imbalance",
            Self::CoolingFan => "cooling_fan",
            Self::SensorStuck => "sensor_stuck",
            Self::SensorDrift => "sensor_drift",
            // A spiking sensor is a loose contact like one that drops out; the contract has no code of its own for it.
            Self::SensorDropout | Self::SensorSpikes => "sensor_dropout",
        }
    }

    /// The work that repairs it, a code of the maintenance contract.
    #[must_use]
    pub const fn work(self) -> &'static str {
        match self {
            Self::CoolerClogging => "cooler_cleaned",
            Self::ThermostaticValve | Self::ThermostaticValveOpen => "thermostatic_valve_replaced",
            Self::OilFilterClogging => "oil_filter_replaced",
            Self::LowOil => "oil_topped_up",
            Self::SeparatorClogging => "separator_replaced",
            Self::IntakeFilterClogging => "intake_filter_replaced",
            Self::AirLeak => "leak_surveyed",
            Self::InletValve => "inlet_valve_serviced",
            Self::BearingWear => "bearing_inspected",
            Self::PhaseImbalance => "supply_checked",
            Self::CoolingFan => "fan_repaired",
            Self::SensorStuck | Self::SensorDrift | Self::SensorDropout | Self::SensorSpikes => "sensor_replaced",
        }
    }

    /// Whether it can bring the true discharge temperature to its limit.
    #[must_use]
    pub const fn heats(self) -> bool {
        matches!(
            self,
            Self::CoolerClogging
                | Self::ThermostaticValve
                | Self::OilFilterClogging
                | Self::LowOil
                | Self::SeparatorClogging
                | Self::BearingWear
                | Self::CoolingFan
        )
    }

    /// Usual shape, pace per day and full degree.
    const fn usual(self) -> (Shape, f64, f64) {
        match self {
            Self::CoolerClogging => (Shape::Linear, 0.01, 0.8),
            Self::ThermostaticValve => (Shape::Step, 0.0, 0.5),
            Self::ThermostaticValveOpen => (Shape::Step, 0.0, 0.9),
            Self::OilFilterClogging | Self::SeparatorClogging | Self::BearingWear => (Shape::Accelerating, 0.006, 1.2),
            Self::LowOil => (Shape::Linear, 0.03, 0.6),
            Self::IntakeFilterClogging => (Shape::Linear, 0.015, 1.3),
            Self::AirLeak => (Shape::Step, 0.0, 0.06),
            Self::InletValve | Self::PhaseImbalance => (Shape::Step, 0.0, 0.15),
            Self::CoolingFan | Self::SensorStuck => (Shape::Step, 0.0, 1.0),
            Self::SensorDrift => (Shape::Linear, 0.2, 15.0),
            Self::SensorDropout => (Shape::Step, 0.0, 0.3),
            Self::SensorSpikes => (Shape::Step, 0.0, 0.01),
        }
    }
}

/// Everything that ails a machine at one moment; `Default` is a healthy one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ailments {
    /// What changes in the heat balance.
    pub conditions: Conditions,
    /// Leaking air as a share of delivery.
    pub leak: f64,
    /// Added unloaded power as a share of full load.
    pub unloaded_extra: f64,
    /// How dirty the oil filter is, 1 at the bypass.
    pub oil_filter: f64,
    /// How dirty the intake filter is, 1 at 50 mbar.
    pub intake: f64,
    /// How worn the bearings are.
    pub bearing: f64,
    /// Largest deviation of a phase current from the mean.
    pub imbalance: f64,
    /// Whether the discharge sensor repeats itself.
    pub stuck: bool,
    /// By how much the discharge sensor reads too high, K.
    pub drift_k: f64,
    /// Probability of a missing or railed discharge temperature.
    pub dropout: f64,
    /// Probability of a spike.
    pub spikes: f64,
}

impl Ailments {
    fn add(&mut self, fault: &FaultSpec, degree: f64) {
        let c = &mut self.conditions;
        match fault.kind {
            FaultKind::CoolerClogging => {
                c.ua_loss = 1.0 - (1.0 - c.ua_loss) * (1.0 - degree.min(0.9));
                c.air_flow *= 1.0 - fault.air_share * degree;
            }
            FaultKind::ThermostaticValve => c.valve = Valve::Stuck(1.0 - degree),
            FaultKind::ThermostaticValveOpen => c.valve = Valve::Stuck(degree),
            FaultKind::OilFilterClogging => {
                self.oil_filter += degree;
                c.oil_flow *= 1.0 - 0.3 * degree.min(1.0);
            }
            FaultKind::LowOil => {
                c.oil_charge *= 1.0 - degree;
                c.oil_flow *= 1.0 - 0.6 * degree;
            }
            FaultKind::SeparatorClogging => c.separator_dp_bar += degree,
            FaultKind::IntakeFilterClogging => {
                self.intake += degree;
                c.delivery *= 1.0 - 0.05 * degree;
            }
            FaultKind::AirLeak => self.leak += degree,
            FaultKind::InletValve => self.unloaded_extra += degree,
            FaultKind::BearingWear => {
                self.bearing += degree;
                c.friction += 0.03 * degree;
            }
            FaultKind::PhaseImbalance => self.imbalance += degree,
            FaultKind::CoolingFan => c.air_flow *= 1.0 - (1.0 - FAN_OFF_AIR_FLOW) * degree,
            FaultKind::SensorStuck => self.stuck = true,
            FaultKind::SensorDrift => self.drift_k += degree,
            FaultKind::SensorDropout => self.dropout += degree,
            FaultKind::SensorSpikes => self.spikes += degree,
        }
    }
}

/// A fault on its way.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) spec: FaultSpec,
    pub(crate) onset_ms: i64,
    pub(crate) limit_reached_ms: Option<i64>,
    pub(crate) cleared_ms: Option<i64>,
    cleared_at_ms: Option<i64>,
    next_clean_ms: i64,
    age_days: f64,
    wander: f64,
    rng: Rng,
}

impl Progress {
    pub(crate) fn new(spec: FaultSpec, from_ms: i64, rng: Rng) -> Self {
        let onset_ms = from_ms + spec.after.0;
        Self {
            onset_ms,
            limit_reached_ms: None,
            cleared_ms: None,
            cleared_at_ms: spec.cleared.map(|span| from_ms + span.0),
            next_clean_ms: onset_ms + spec.clean_every.0,
            age_days: 0.0,
            wander: 0.0,
            rng,
            spec,
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        self.spec.shape.unwrap_or(self.spec.kind.usual().0)
    }

    /// Whether it is under way at an instant.
    pub(crate) fn active(&self, now_ms: i64) -> bool {
        now_ms >= self.onset_ms && self.cleared_ms.is_none()
    }

    /// Lets it grow by so many days of the machine's work; returns the work done on it, if any was due.
    pub(crate) fn grow(&mut self, now_ms: i64, worked_days: f64) -> Option<&'static str> {
        if !self.active(now_ms) {
            return None;
        }
        self.age_days += worked_days;
        if self.shape() != Shape::Step {
            self.wander += self.spec.wander_per_day * worked_days.max(0.0).sqrt() * self.rng.normal();
        }
        if self.cleared_at_ms.is_some_and(|at_ms| now_ms >= at_ms) {
            self.cleared_ms = Some(now_ms);
            return Some(self.spec.kind.work());
        }
        if self.shape() == Shape::SawTooth && now_ms >= self.next_clean_ms {
            self.next_clean_ms += self.spec.clean_every.0;
            self.age_days *= 1.0 - self.spec.recovers;
            self.wander *= 1.0 - self.spec.recovers;
            return Some(self.spec.kind.work());
        }
        None
    }

    /// Ends it, if a work of this code repairs it; the work's code then.
    pub(crate) fn cure(&mut self, work: &str, now_ms: i64) -> Option<&'static str> {
        let cures = self.spec.kind.work() == work && self.active(now_ms);
        cures.then(|| {
            self.cleared_ms = Some(now_ms);
            self.spec.kind.work()
        })
    }

    /// Notes that the machine reached its limit while this fault was under way.
    pub(crate) fn limit_reached(&mut self, at_ms: i64) {
        if self.spec.kind.heats() && self.active(at_ms) && self.limit_reached_ms.is_none() {
            self.limit_reached_ms = Some(at_ms);
            let repair_ms = self.spec.cleared_after_limit.map(|span| at_ms + span.0);
            self.cleared_at_ms = [self.cleared_at_ms, repair_ms].into_iter().flatten().min();
        }
    }

    /// Adds what it does at an instant.
    pub(crate) fn apply(&self, now_ms: i64, ailments: &mut Ailments) {
        let degree = self.degree(now_ms);
        if degree > 0.0 {
            ailments.add(&self.spec, degree);
        }
    }

    fn degree(&self, now_ms: i64) -> f64 {
        if now_ms < self.onset_ms {
            return 0.0;
        }
        let (_, usual_rate, usual_degree) = self.spec.kind.usual();
        let rate = self.spec.rate_per_day.unwrap_or(usual_rate);
        let full = self.spec.degree.unwrap_or(usual_degree);
        let grown = match self.shape() {
            Shape::Step => full,
            Shape::Linear | Shape::SawTooth => rate * self.age_days,
            Shape::Accelerating => {
                #[expect(clippy::cast_precision_loss, reason = "months in milliseconds")]
                let doubling_days = self.spec.doubling.0 as f64 / DAY_MS as f64;
                let pace = std::f64::consts::LN_2 / doubling_days;
                rate / pace * (pace * self.age_days).exp_m1()
            }
            Shape::Asymptotic => full * -(-rate * self.age_days / full).exp_m1(),
        };
        let now = (grown + self.wander).clamp(0.0, full);
        let residue = 1.0 - self.spec.recovers;
        // Only dirt can be left behind by a repair; a replaced part is a new one.
        match (self.cleared_ms, self.spec.kind) {
            (None, _) => now,
            (Some(_), FaultKind::CoolerClogging) => now * residue,
            (Some(_), _) => 0.0,
        }
    }
}
