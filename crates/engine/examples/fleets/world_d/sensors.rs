//! What sensors and controller publish of a machine: resolutions, noise, silences and errors of their own.

use foretell_model::{MachineId, Quality, Reading, Signal, Signals, Timestamp};

use crate::fleet::{DAYS, Kind, rounded};
use crate::rng::Rng;

use super::Place;
use super::ail::Ailment;
use super::climate::{between, chain};
use super::state::State;

/// What a broken line of a Pt100 shows, degC, or a controller that begins anew.
const RAILS_C: [f64; 3] = [-125.0, 267.0, 0.0];
/// Readings without a discharge temperature, share.
const WITHOUT: f64 = 0.0005;
const PHASES: [Signal; 3] = [Signal::MotorCurrentL1, Signal::MotorCurrentL2, Signal::MotorCurrentL3];

/// What a site's controllers have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    /// Between readings, s.
    pub(crate) every_s: usize,
    /// Machines that stand still say nothing but now and then.
    pub(crate) silent: bool,
}

/// What a machine publishes, and how well.
pub(crate) struct Sensors {
    rng: Rng,
    habits: Habits,
    /// Resolutions of discharge, K, current, A, counters, h, and ambient, K.
    pub(crate) resolution_k: f64,
    resolution_a: f64,
    resolution_h: f64,
    ambient_resolution_k: f64,
    /// Of the discharge: noise from reading to reading, errors of the days while it runs, and a constant one, K.
    noise_k: f64,
    days_k: Vec<f64>,
    offset_k: f64,
    spikes: f64,
    /// An ambient sensor: its error, K, and the share of the room that it measures; the rest is outdoors.
    ambient: Option<(f64, f64)>,
    load_hours: bool,
    pressure: bool,
    /// Where phases are measured: how each leans, share of an imbalance.
    phases: Option<[f64; 3]>,
    /// Counters when the machine was new to us, h, and the day on which they begin anew.
    before_h: (f64, f64),
    restarts: Option<f64>,
    /// First and last day of silences, and single readings that get lost, share.
    gaps: Vec<(f64, f64)>,
    lost: f64,
    ailment: Option<Ailment>,
    rail_c: f64,
    stuck_c: Option<f64>,
}

impl Sensors {
    pub(crate) fn draw(mut rng: Rng, place: &Place, ambient: bool, ailment: Option<Ailment>) -> Self {
        let code = ailment.map_or("", |a| a.code);
        let errors_k = 0.8 * rng.between(0.15, 0.7);
        let run_h = rng.between(300.0, 42_000.0);
        let load_hours = rng.chance(if matches!(code, "inlet_valve" | "air_leak") { 0.8 } else { 0.6 });
        let phases = code == "phase_imbalance" || (place.fleet.kind == Kind::Ailing && rng.chance(0.2));
        Self {
            habits: place.habits,
            resolution_k: rng.pick(place.fleet.resolutions_k),
            resolution_a: rng.pick(&[0.1, 0.1, 1.0]),
            resolution_h: rng.pick(&[0.1, 0.1, 1.0, 0.01]),
            ambient_resolution_k: rng.pick(&[0.1, 0.1, 0.5, 1.0]),
            noise_k: rng.between(0.12, 0.5),
            days_k: chain(&mut rng, DAYS + 1, 0.5, errors_k),
            offset_k: rng.between(-0.8, 0.8),
            spikes: if rng.chance(0.6) { 10f64.powf(rng.between(-6.0, -3.6)) } else { 0.0 },
            ambient: ambient
                .then(|| (rng.between(-0.5, 0.5) + rng.between(-1.0, 1.5), rng.pick(&[1.0, 1.0, 1.0, 0.8]))),
            load_hours,
            pressure: rng.chance(0.55),
            phases: phases.then(|| rng.pick(&[[1.0, -0.5, -0.5], [-0.5, 1.0, -0.5], [-0.5, -0.5, 1.0]])),
            before_h: (run_h, run_h * rng.between(0.5, 0.9)),
            restarts: rng.chance(0.12).then(|| rng.between(10.0, 230.0)),
            gaps: gaps(&mut rng),
            lost: rng.pick(&[0.0, 0.002, 0.02]),
            ailment,
            rail_c: rng.pick(&RAILS_C[..2]),
            stuck_c: None,
            rng,
        }
    }

    /// The reading of this second, if it is due and gets through.
    pub(crate) fn read(
        &mut self,
        machine: &MachineId,
        start: Timestamp,
        state: &State,
        second: usize,
        (inlet_c, outdoor_c): (f64, f64),
    ) -> Option<Reading> {
        if !second.is_multiple_of(self.habits.every_s) {
            return None;
        }
        let day = second as f64 / 86_400.0;
        if self.restarts.is_some_and(|at| day > at) {
            (self.restarts, self.before_h) = (None, (-state.run_h, -state.load_h));
        }
        let unsaid = self.habits.silent && !state.runs && !self.rng.chance(0.01);
        if unsaid || self.rng.chance(self.lost) || self.gaps.iter().any(|(from, to)| (*from..*to).contains(&day)) {
            return None;
        }
        let rng = &mut self.rng;
        let mut signals = Signals::empty();
        let noisy_a = state.current_a() * (1.0 + 0.006 * rng.normal());
        let current_a = rounded(noisy_a, self.resolution_a);
        let down = |hours: f64| (hours / self.resolution_h).floor() * self.resolution_h;
        signals.set(Signal::MotorCurrent, current_a);
        signals.set(Signal::RunHours, down(self.before_h.0 + state.run_h));
        if self.load_hours {
            signals.set(Signal::LoadHours, down(self.before_h.1 + state.load_h));
        }
        if self.pressure {
            signals.set(Signal::DischargePressure, rounded(state.net_bar + 0.02 * rng.normal(), 0.01).max(0.0));
        }
        if let Some((error_k, of_room)) = self.ambient {
            let air_c = of_room * inlet_c + (1.0 - of_room) * outdoor_c + error_k + 0.25 * rng.normal();
            signals.set(Signal::AmbientTemp, rounded(air_c, self.ambient_resolution_k));
        }
        if let Some(leans) = self.phases {
            let of_fault = self.ailment.filter(|a| a.code == "phase_imbalance");
            let off = 0.012 + of_fault.map_or(0.0, |a| a.strength * a.progress(day));
            for (signal, lean) in PHASES.into_iter().zip(leans) {
                signals.set(signal, rounded(current_a * (1.0 + off * lean + 0.004 * rng.normal()), 0.1));
            }
        }
        if let Some(shown_c) = self.discharge_c(state, day) {
            signals.set(Signal::DischargeTemp, shown_c);
        }
        let ts = start + second as i64 * 1000;
        Some(Reading { machine: machine.clone(), ts, arrived: ts, signals, state: None, quality: Quality::Good })
    }

    /// What the discharge sensor shows, degC; nothing now and then.
    fn discharge_c(&mut self, state: &State, day: f64) -> Option<f64> {
        let rng = &mut self.rng;
        let of_day_k = if state.runs { between(&self.days_k, day) } else { 0.0 };
        let (code, x) = self.ailment.map_or(("", 0.0), |a| (a.code, a.progress(day)));
        let strength = self.ailment.map_or(0.0, |a| a.strength);
        let drift_k = if code == "sensor_drift" { strength * x } else { 0.0 };
        let error_k = self.noise_k * rng.normal() + of_day_k + self.offset_k + drift_k;
        let shown_c = rounded(state.shown_c + error_k, self.resolution_k);
        if rng.chance(WITHOUT) {
            return None;
        }
        Some(match code {
            _ if rng.chance(self.spikes) => rng.pick(&RAILS_C),
            "sensor_stuck" if x > 0.0 => *self.stuck_c.get_or_insert(shown_c),
            "sensor_dropout" if x > 0.0 && rng.chance(strength) => self.rail_c,
            _ => shown_c,
        })
    }
}

/// Silences of hours, of days, and of weeks, first and last day.
fn gaps(rng: &mut Rng) -> Vec<(f64, f64)> {
    let long = usize::from(rng.chance(0.15));
    let kinds = [
        (rng.count(3.0), DAYS as f64, (1.0 / 24.0, 0.5)),
        (rng.count(0.7), DAYS as f64, (1.0, 5.0)),
        (long, 215.0, (7.0, 21.0)),
    ];
    let mut gaps = Vec::new();
    for (count, latest, (low, high)) in kinds {
        for _ in 0..count {
            let from = rng.between(0.0, latest);
            gaps.push((from, from + rng.between(low, high)));
        }
    }
    gaps
}
