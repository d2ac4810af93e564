//! The fleets that come with the simulator.

use super::Size;
use crate::climate::Climate;
use crate::fault::FaultKind;
use crate::rng::Rng;
use crate::schedule::Schedule;
use crate::spec::{
    ChangeKind, ChangeSpec, FaultSpec, FleetSpec, Instant, MachineSpec, Shape, SignalSet, SiteSpec, Span, SpecError,
    TrimSpec, WarmKind, WarmSpec,
};
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS};

/// The demo's fleet, as one can write one's own.
const DEMO: &str = include_str!("../../examples/demo.toml");
/// 2026-03-01, so that half a year holds spring and summer.
const SPRING_MS: i64 = 1_772_323_200_000;

/// The specification of a built-in fleet.
pub(super) fn spec(name: &str, seed: u64, size: Size) -> Result<FleetSpec, SpecError> {
    match name {
        "demo" => FleetSpec::parse(DEMO),
        "mixed" => Ok(Draw::new(seed, "mixed", size).fleet(true)),
        "healthy" => Ok(Draw::new(seed, "healthy", size).fleet(false)),
        unknown => Err(SpecError::UnknownFleet(unknown.to_owned())),
    }
}

/// Draws fleets for evaluation: machines as different as a service company meets them.
struct Draw {
    name: &'static str,
    rng: Rng,
    machines: usize,
    days: f64,
}

impl Draw {
    fn new(seed: u64, name: &'static str, size: Size) -> Self {
        Self {
            name,
            rng: Rng::stream(seed, &["builtin", name]),
            machines: size.machines.unwrap_or(24),
            days: size.days.unwrap_or(180.0),
        }
    }

    fn fleet(mut self, faults: bool) -> FleetSpec {
        let mut sites = Vec::new();
        let mut left = self.machines;
        while left > 0 {
            let here = (1 + self.rng.index(4)).min(left);
            let number = sites.len() + 1;
            let first = self.machines - left + 1;
            sites.push(self.site(number, first, here, faults));
            left -= here;
        }
        let lasts = self.span(1.0);
        FleetSpec { name: self.name.to_owned(), from: Instant(SPRING_MS), lasts, every: Span(MINUTE_MS), sites }
    }

    fn site(&mut self, number: usize, first: usize, count: usize, faults: bool) -> SiteSpec {
        let climate = self.pick(&Climate::ALL);
        let mut warm = Vec::new();
        for (kind, chance) in [(WarmKind::HeatWave, 0.35), (WarmKind::HotRoom, 0.2)] {
            if self.rng.chance(chance) {
                let lasts = Span(self.rng_days(4.0, 14.0));
                let rise_k = self.rng.range(3.0, 6.0);
                warm.push(WarmSpec { kind, after: self.between(0.2, 0.9), lasts, rise_k });
            }
        }
        let utc_offset_h = if climate == Climate::Maritime { 1 } else { 8 };
        SiteSpec {
            name: format!("s{number:02}"),
            customer: format!("Customer {number}"),
            climate,
            utc_offset: Span(utc_offset_h * HOUR_MS),
            schedule: self.pick(&[
                Schedule::Continuous,
                Schedule::Continuous,
                Schedule::WeekendOff,
                Schedule::TwoShift,
                Schedule::OneShift,
            ]),
            room_rise_k: self.rng.range(1.5, 5.0),
            warm,
            machines: (first..first + count).map(|number| self.machine(number, faults)).collect(),
        }
    }

    fn machine(&mut self, number: usize, faults: bool) -> MachineSpec {
        let kw = self.pick(&[22.0, 37.0, 45.0, 55.0, 75.0, 90.0, 110.0, 132.0, 160.0, 250.0]);
        let mut machine = MachineSpec::new(&format!("m{number:03}"), kw);
        machine.number = format!("No. {number}");
        machine.variable_speed = self.rng.chance(0.15);
        let base_load = self.rng.chance(0.5);
        machine.load = if base_load { self.rng.range(1.05, 1.4) } else { self.rng.range(0.45, 0.9) };
        machine.night_load = if self.rng.chance(0.3) { self.rng.range(0.05, 0.2) } else { 0.0 };
        machine.ambient_sensor = self.rng.chance(0.7);
        machine.signals = self.pick(&[SignalSet::Minimal, SignalSet::Standard, SignalSet::Standard, SignalSet::Full]);
        machine.resolution_k = self.pick(&[0.1, 0.1, 0.5, 1.0]);
        machine.noise_k = self.rng.range(0.3, 0.7);
        machine.wander_k = self.rng.range(0.3, 0.9);
        machine.run_hours = self.rng.range(200.0, 38_000.0).round();
        machine.trim = self.trim();
        if self.rng.chance(0.2) {
            let by = self.rng.range(-0.5, 0.6);
            machine.change.push(ChangeSpec { kind: ChangeKind::SetPoint, after: self.between(0.2, 0.9), by });
        }
        if self.rng.chance(0.2) {
            let by = self.rng.range(-0.25, 0.25);
            machine.change.push(ChangeSpec { kind: ChangeKind::Demand, after: self.between(0.2, 0.9), by });
        }
        if faults && self.rng.chance(0.5) {
            let fault = self.fault();
            if fault.kind == FaultKind::PhaseImbalance || fault.kind == FaultKind::SeparatorClogging {
                // Nothing but their own signals shows these.
                machine.signals = SignalSet::Full;
            }
            machine.fault.push(fault);
        }
        machine
    }

    fn trim(&mut self) -> TrimSpec {
        TrimSpec {
            ua: self.rng.range(0.93, 1.12),
            shaft: self.rng.range(0.93, 1.03),
            capacity: self.rng.range(0.8, 1.3),
            oil_flow: self.rng.range(0.88, 1.15),
            air_flow: self.rng.range(0.93, 1.1),
            receiver: self.rng.range(0.4, 2.0).exp(),
            valve_shift_k: self.pick(&[0.0, 0.0, -3.0, 3.0]) + self.rng.range(-1.0, 1.0),
        }
    }

    fn fault(&mut self) -> FaultSpec {
        const OTHERS: [FaultKind; 10] = [
            FaultKind::ThermostaticValveOpen,
            FaultKind::SensorStuck,
            FaultKind::SensorDrift,
            FaultKind::SensorDropout,
            FaultKind::SensorSpikes,
            FaultKind::SeparatorClogging,
            FaultKind::PhaseImbalance,
            FaultKind::AirLeak,
            FaultKind::BearingWear,
            FaultKind::OilFilterClogging,
        ];
        let after_ms = self.between(0.25, 0.6).0;
        let lot = self.rng.unit();
        if lot < 0.55 {
            return self.clogging(after_ms);
        }
        if lot < 0.7 {
            let mut fault = FaultSpec::new(FaultKind::ThermostaticValve, after_ms);
            fault.degree = Some(self.rng.range(0.4, 0.65));
            fault.cleared_after_limit = Some(Span(DAY_MS));
            return fault;
        }
        let mut fault = FaultSpec::new(self.pick(&OTHERS), after_ms);
        if self.rng.chance(0.3) {
            fault.cleared = Some(Span(after_ms + self.rng_days(10.0, 40.0)));
        }
        fault
    }

    fn clogging(&mut self, after_ms: i64) -> FaultSpec {
        let mut fault = FaultSpec::new(FaultKind::CoolerClogging, after_ms);
        let shape = self.pick(&[Shape::Linear, Shape::Linear, Shape::Accelerating, Shape::Asymptotic, Shape::SawTooth]);
        fault.shape = Some(shape);
        // Per cent a day, log-uniform from clean to textile rooms; accelerating ones begin slowly.
        let rate = 0.01 * self.rng.range(0.4_f64.ln(), 2.0_f64.ln()).exp();
        fault.rate_per_day = Some(if shape == Shape::Accelerating { 0.4 * rate } else { rate });
        fault.degree = (shape == Shape::Asymptotic).then(|| self.rng.range(0.2, 0.6));
        fault.doubling = Span(self.rng_days(12.0, 35.0));
        fault.clean_every = Span(self.rng_days(20.0, 50.0));
        fault.recovers = self.rng.range(0.85, 0.98);
        fault.air_share = self.rng.range(0.0, 0.5);
        fault.cleared_after_limit = Some(Span(self.rng_days(0.5, 4.0)));
        fault
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.index(from.len())]
    }

    /// A part of the fleet's time.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "years in milliseconds")]
    fn span(&self, share: f64) -> Span {
        Span((self.days * share * DAY_MS as f64) as i64)
    }

    fn between(&mut self, low: f64, high: f64) -> Span {
        let share = self.rng.range(low, high);
        self.span(share)
    }

    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "weeks in milliseconds")]
    fn rng_days(&mut self, low: f64, high: f64) -> i64 {
        (self.rng.range(low, high) * DAY_MS as f64) as i64
    }
}
