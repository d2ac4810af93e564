//! Lives a machine's days and measures them.

use foretell_model::{DAY_MS, MINUTE_MS, Quality, Reading, RunState, Signal, Signals, Timestamp};

use crate::fleet::{LIMIT_C, Machine, Traits, Truth};
use crate::rng::Rng;

use super::{STEP_MIN, STEPS_PER_DAY, Spec};

/// The true state at one step, before the sensors.
struct Seen {
    ts: Timestamp,
    td_c: f64,
    ta_c: f64,
    running: bool,
    loaded: bool,
    now: f64,
    over_bar: f64,
    hours_run: f64,
}

impl Spec {
    /// Whether it is loaded, and what it draws then.
    fn drawn(&self, rng: &mut Rng, running: bool, demand: f64) -> (bool, f64) {
        if self.vsd {
            return (running, demand);
        }
        let loaded = running && rng.chance(demand);
        (loaded, if loaded { 1.0 } else { 0.28 })
    }

    /// What the sensors and the controller make of it.
    fn measure(&self, rng: &mut Rng, seen: &Seen) -> Reading {
        let (running, loaded, over_bar) = (seen.running, seen.loaded, seen.over_bar);
        // A load/unload machine swings about its mean within each cycle.
        let ripple = if self.vsd || !running {
            0.0
        } else if loaded {
            0.7
        } else {
            -0.7
        };
        let mut td_c = seen.td_c + self.noise_c * rng.normal() + ripple;
        if rng.chance(0.0008) {
            td_c = rng.pick(&[-125.0, 267.0, -20.0]);
        }
        let amps = match (running, self.vsd) {
            (false, _) => 0.0,
            (true, true) => self.amps_a * (0.1 + 0.9 * seen.now) * (1.0 + 0.065 * over_bar),
            (true, false) => self.amps_a * if loaded { 1.0 + 0.065 * over_bar } else { 0.52 },
        } * (1.0 + 0.005 * rng.normal());
        let mut signals = Signals::empty()
            .with(Signal::DischargeTemp, (td_c / self.resolution_c).round() * self.resolution_c)
            .with(Signal::MotorCurrent, (amps * 10.0).round() / 10.0)
            .with(Signal::RunHours, seen.hours_run.floor());
        if self.has_ambient {
            signals.set(Signal::AmbientTemp, ((seen.ta_c + self.offset_c + 0.3 * rng.normal()) * 2.0).round() / 2.0);
        }
        if self.has_pressure {
            signals.set(Signal::DischargePressure, 7.0 + over_bar + 0.15 * rng.normal());
        }
        let state = self.has_state.then_some(match (running, loaded) {
            (false, _) => RunState::Stopped,
            (true, false) => RunState::Unloaded,
            (true, true) => RunState::Loaded,
        });
        Reading { machine: self.id.clone(), ts: seen.ts, arrived: seen.ts, signals, state, quality: Quality::Good }
    }
}

/// Lives a machine's days.
pub(super) fn live(spec: Spec, traits: Traits, ambient: &[f64], start: Timestamp) -> Machine {
    let mut rng = spec.rng.fork(7);
    let mut truth = Truth {
        fault: spec.fault.map(|_| "cooler_clogging"),
        onset: spec.fault.map(|(onset, ..)| start.plus_days(onset)),
        ..Truth::default()
    };
    truth.story = spec.story();
    let (mut readings, mut jobs) = (Vec::new(), Vec::new());
    if let Some((day, true)) = spec.cleaned {
        jobs.push((start.plus_days(day as f64), "cooler_cleaned"));
    }
    let mut added = spec.fault.map(|(onset, ..)| Added { before: spec.ua_loss(onset, None), ..Added::default() });
    let (mut td, mut heat, mut day_error) = (ambient[0], 0.0, 0.0);
    let mut hours_run = rng.between(500.0, 20_000.0);
    let mut cleaned_at: Option<f64> = None;
    for (step, &ta) in ambient.iter().enumerate() {
        let (day, minute) = (step / STEPS_PER_DAY, step % STEPS_PER_DAY * STEP_MIN);
        let (hour, t) = (minute / 60, step as f64 / STEPS_PER_DAY as f64);
        if minute == 0 {
            day_error = 0.5 * day_error + 0.6 * 0.87 * rng.normal();
        }
        let running = spec.works(day, hour);
        let demand = (spec.demand_at(day, hour) + 0.05 * rng.normal()).clamp(0.3, 1.0);
        let over_bar: f64 = spec.pressure_steps.iter().filter(|(at, _)| day >= *at).map(|(_, by)| by).sum();
        let (loaded, now) = spec.drawn(&mut rng, running, demand);
        let mean_heat = if spec.vsd { demand } else { demand + (1.0 - demand) * 0.28 } * (1.0 + 0.065 * over_bar);
        heat += 0.9 * (if running { mean_heat } else { 0.0 } - heat);
        let loss = spec.ua_loss(t, cleaned_at);
        added.iter_mut().for_each(|a| a.step(&spec, (hour, minute), running, ta, heat.max(0.05), loss));
        let target = if running { spec.steady_c(ta, heat.max(0.05), loss) } else { ta };
        td += (target - td) * if running { 0.94 } else { 1.0 - (-10.0f64 / 110.0).exp() };
        if running {
            hours_run += STEP_MIN as f64 / 60.0;
        }
        let ts = start + (step * STEP_MIN) as i64 * MINUTE_MS;
        // Truth: the temperature held for one step of ten minutes, loaded.
        if loaded && td >= LIMIT_C && truth.limit_reached.is_none() {
            truth.limit_reached = Some(ts);
            if truth.onset.is_some() {
                cleaned_at = Some(t + 3.0);
                jobs.push((ts + 3 * DAY_MS, "cooler_cleaned"));
            }
        }
        let silent = spec.gaps.iter().any(|(from, to)| (*from..*to).contains(&step));
        if silent || minute % spec.period_min != 0 {
            continue;
        }
        let seen = Seen {
            ts,
            td_c: td + day_error * f64::from(u8::from(running)),
            ta_c: ta,
            running,
            loaded,
            now,
            over_bar,
            hours_run,
        };
        readings.push(spec.measure(&mut rng, &seen));
    }
    truth.excess_k = added.map_or_else(Vec::new, |a| a.days_k);
    Machine { id: spec.id, readings, jobs, truth, traits }
}

/// What a fault adds to the afternoons.
#[derive(Default)]
struct Added {
    /// Loss of UA on the day of the onset.
    before: f64,
    /// Sums of the day, K: what the saturated branch gains, what is seen of it; and their number.
    sums: (f64, f64, f64),
    /// Means of each day.
    days_k: Vec<(f64, f64)>,
}

impl Added {
    fn step(&mut self, spec: &Spec, (hour, minute): (usize, usize), running: bool, ta: f64, heat: f64, loss: f64) {
        if running && (12..17).contains(&hour) {
            self.sums.0 += heat * spec.rise_cooler_k * ((1.0 - loss).recip() - (1.0 - self.before).recip());
            self.sums.1 += spec.steady_c(ta, heat, loss) - spec.steady_c(ta, heat, self.before);
            self.sums.2 += 1.0;
        }
        if minute == 24 * 60 - STEP_MIN {
            let (lift_k, shown_k, n) = std::mem::take(&mut self.sums);
            self.days_k.push((lift_k / n.max(1.0), shown_k / n.max(1.0)));
        }
    }
}

impl Spec {
    fn story(&self) -> String {
        let fault = self
            .fault
            .map_or_else(String::new, |(onset, shape, rate)| format!("{shape:?} {rate} /d from day {onset:.0}, "));
        format!(
            "{fault}{} min, {} K, noise {:.1} K, demand {:.2?}, pressure {:.1?}, cleaned {:?}",
            self.period_min, self.resolution_c, self.noise_c, self.demand_steps, self.pressure_steps, self.cleaned
        )
    }
}
