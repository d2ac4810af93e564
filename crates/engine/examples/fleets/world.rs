//! Sites with weather and machines with physics, deliberately *not* the engine's softmax hinge: a diverting valve solved by
//! bisection, a heat balance with other constants for each machine, load cycles, sensors and confusers.

use foretell_model::{DAY_MS, MINUTE_MS, MachineId, Reading, RunState, Signal, Signals, Timestamp};

use crate::rng::Rng;

/// Days simulated.
pub(crate) const DAYS: usize = 240;
/// Steps of the truth, minutes.
const STEP_MIN: usize = 10;
const STEPS_PER_DAY: usize = 24 * 60 / STEP_MIN;

/// What kind of fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Most machines get a clogging cooler.
    Failing,
    /// None does, but everything else happens.
    Healthy,
}

pub(crate) struct Site {
    /// Ambient at the inlet of the room, per step, degC.
    ambient: Vec<f64>,
    pub(crate) machines: Vec<Spec>,
    pub(crate) start: Timestamp,
}

/// How UA is lost after onset.
#[derive(Clone, Copy, Debug)]
enum Shape {
    Loss,
    Resistance,
    Accelerating,
    Saturating,
}

#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) id: MachineId,
    rng: Rng,
    pub(crate) has_ambient: bool,
    pub(crate) vsd: bool,
    has_state: bool,
    has_pressure: bool,
    period_min: usize,
    resolution_c: f64,
    noise_c: f64,
    amps_a: f64,
    /// Rise over ambient at full load: part that does not pass the cooler, part that does, K.
    rise_fixed_k: f64,
    rise_cooler_k: f64,
    valve_from_c: f64,
    valve_band_k: f64,
    valve_power: f64,
    shift: (usize, usize, bool),
    demand: f64,
    demand_steps: Vec<(usize, f64)>,
    pressure_steps: Vec<(usize, f64)>,
    /// Loss of UA that is there from the start, cleaned (silently or not) on a day.
    initial: f64,
    cleaned: Option<(usize, bool)>,
    ageing_per_day: f64,
    fault: Option<(f64, Shape, f64)>,
    gaps: Vec<(usize, usize)>,
    offset_c: f64,
}

impl Site {
    pub(crate) fn new(seed: u64, number: usize, kind: Kind) -> Self {
        let mut rng = Rng::new(seed).fork(number as u64 + 1);
        let start_day = rng.between(0.0, 365.0).floor();
        let start = Timestamp::parse("2025-01-01T00:00:00Z").expect("a literal").plus_days(start_day);
        let ambient = ambient(&mut rng, start_day, kind);
        let count = rng.pick(&[1, 2, 3, 4, 5]);
        let sensors = rng.pick(&[2, 2, 1, 0]);
        let machines = (0..count)
            .map(|m| Spec::new(rng.fork(100 + m as u64), number, m, kind, sensors == 2 || (sensors == 1 && m == 0)))
            .collect();
        Self { ambient, machines, start }
    }
}

fn ambient(rng: &mut Rng, start_day: f64, kind: Kind) -> Vec<f64> {
    let (mean, season, daily) = (rng.between(17.0, 25.0), rng.between(4.0, 10.0), rng.between(3.0, 5.0));
    let (weather_sd, rho, room) = (rng.between(1.8, 3.0), rng.between(0.65, 0.85), rng.between(2.0, 6.0));
    let peak = if rng.chance(0.85) { 205.0 } else { 20.0 };
    let heat_wave = rng.chance(0.5).then(|| (rng.between(20.0, 220.0), rng.between(4.0, 12.0), rng.between(4.0, 7.0)));
    let hot_room = (kind == Kind::Healthy && rng.chance(0.4))
        .then(|| (rng.between(40.0, 200.0), rng.between(10.0, 40.0), rng.between(3.0, 5.0)));
    let mut weather = weather_sd * rng.normal();
    let mut out = Vec::with_capacity(DAYS * STEPS_PER_DAY);
    for day in 0..DAYS {
        let before = weather;
        weather = rho * weather + weather_sd * (1.0 - rho * rho).sqrt() * rng.normal();
        for step in 0..STEPS_PER_DAY {
            let t = day as f64 + step as f64 / STEPS_PER_DAY as f64;
            let turn = std::f64::consts::TAU;
            let mut ta = mean + room + season * (turn * (start_day + t - peak) / 365.0).cos();
            ta += daily * (turn * (t - 0.375)).sin();
            ta += before + (weather - before) * (t - day as f64);
            for (from, length, height) in heat_wave.iter().chain(&hot_room) {
                let inside = (t - from).min(from + length - t);
                ta += height * inside.clamp(0.0, 1.0);
            }
            out.push(ta);
        }
    }
    out
}

impl Spec {
    fn new(mut rng: Rng, site: usize, machine: usize, kind: Kind, has_ambient: bool) -> Self {
        let id = MachineId::new(&format!("s{site:02}"), &format!("m{machine:02}")).expect("plain names");
        let day = |rng: &mut Rng| rng.between(20.0, 220.0) as usize;
        let confused = kind == Kind::Healthy;
        let often = if confused { 0.5 } else { 0.2 };
        let gaps = gaps(&mut rng);
        let shift = rng.pick(&[(0, 24, true), (0, 24, true), (7, 18, false), (6, 22, false), (7, 18, true)]);
        let shape = rng.pick(&[Shape::Loss, Shape::Loss, Shape::Resistance, Shape::Accelerating, Shape::Saturating]);
        let onset = rng.between(25.0, 190.0);
        let rate = rng.pick(&[0.004, 0.006, 0.008, 0.01, 0.013, 0.017, 0.02]);
        let faulty = kind == Kind::Failing && rng.chance(0.85);
        Self {
            id,
            has_ambient,
            vsd: rng.chance(0.35),
            has_state: rng.chance(0.4),
            has_pressure: rng.chance(0.5),
            period_min: rng.pick(&[10, 10, 10, 20]) / STEP_MIN * STEP_MIN,
            resolution_c: rng.pick(&[0.1, 0.1, 0.5, 1.0]),
            noise_c: rng.between(0.2, 0.7),
            amps_a: rng.pick(&[76.5, 150.7, 482.7]),
            rise_fixed_k: rng.between(30.0, 36.0),
            rise_cooler_k: rng.between(19.0, 26.0),
            valve_from_c: rng.between(66.0, 75.0),
            valve_band_k: rng.between(8.0, 14.0),
            valve_power: rng.between(0.4, 0.9),
            shift,
            demand: rng.between(0.7, 1.0),
            demand_steps: if rng.chance(often) { vec![(day(&mut rng), rng.between(-0.25, 0.25))] } else { vec![] },
            pressure_steps: if rng.chance(often * 0.6) { vec![(day(&mut rng), rng.between(0.3, 0.8))] } else { vec![] },
            initial: if rng.chance(often) { rng.between(0.02, 0.12) } else { 0.0 },
            cleaned: rng.chance(often).then(|| (day(&mut rng), rng.chance(0.5))),
            ageing_per_day: if rng.chance(often) { rng.between(0.0, 0.0003) } else { 0.0 },
            fault: faulty.then_some((onset, shape, rate)),
            gaps,
            offset_c: rng.between(-1.0, 1.0),
            rng,
        }
    }

    pub(crate) const fn shift(&self) -> (usize, usize, bool) {
        self.shift
    }

    fn ua_loss(&self, t: f64, cleaned_at: Option<f64>) -> f64 {
        let mut resistance = self.initial / (1.0 - self.initial);
        if self.cleaned.is_some_and(|(day, _)| t > day as f64) {
            resistance *= 0.1;
        }
        resistance += self.ageing_per_day * t;
        if let Some((onset, shape, rate)) = self.fault.filter(|(onset, ..)| t > *onset) {
            let x = t - onset;
            let loss = match shape {
                Shape::Loss => (rate * x).min(0.85),
                Shape::Resistance => 1.0 - 1.0 / (1.0 + 1.3 * rate * x),
                Shape::Accelerating => (rate * x * (0.4 + x / 60.0)).min(0.85),
                Shape::Saturating => 0.75 * (1.0 - (-rate * 1.8 * x).exp()),
            };
            let dirt = loss / (1.0 - loss);
            resistance += if cleaned_at.is_some_and(|at| t > at) { 0.05 * dirt.min(0.3) } else { dirt };
        }
        1.0 - 1.0 / (1.0 + resistance)
    }

    /// Steady discharge temperature at ambient and relative heat.
    fn steady_c(&self, ta_c: f64, heat: f64, loss: f64) -> f64 {
        let (mut low, mut high) = (ta_c, ta_c + 400.0);
        for _ in 0..40 {
            let t = 0.5 * (low + high);
            let opening = ((t - self.valve_from_c) / self.valve_band_k).clamp(0.02, 1.0).powf(self.valve_power);
            let balance = ta_c + heat * (self.rise_fixed_k + self.rise_cooler_k / ((1.0 - loss) * opening));
            if balance > t { low = t } else { high = t }
        }
        0.5 * (low + high)
    }

    /// Whether it is the machine's turn.
    fn works(&self, day: usize, hour: usize) -> bool {
        let (from, to, weekends) = self.shift;
        (from..to).contains(&hour) && (weekends || day % 7 < 5)
    }

    fn demand_at(&self, day: usize, hour: usize) -> f64 {
        let steps: f64 = self.demand_steps.iter().filter(|(at, _)| day >= *at).map(|(_, by)| by).sum();
        let of_day = if (8..18).contains(&hour) { 0.08 } else { -0.08 };
        (self.demand + steps + of_day).clamp(0.35, 1.0)
    }
}

fn gaps(rng: &mut Rng) -> Vec<(usize, usize)> {
    let mut gaps = Vec::new();
    for day in 0..DAYS {
        if rng.chance(0.03) {
            let from = day * STEPS_PER_DAY + rng.between(0.0, STEPS_PER_DAY as f64) as usize;
            gaps.push((from, from + rng.between(6.0, 60.0) as usize));
        }
    }
    if rng.chance(0.15) {
        let from = rng.between(20.0, 200.0) as usize * STEPS_PER_DAY;
        gaps.push((from, from + rng.between(5.0, 20.0) as usize * STEPS_PER_DAY));
    }
    gaps
}

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
        let quality = foretell_model::Quality::Good;
        Reading { machine: self.id.clone(), ts: seen.ts, arrived: seen.ts, signals, state, quality }
    }
}

/// What happened to a machine, beside its readings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life {
    pub(crate) readings: Vec<Reading>,
    pub(crate) cleaned: Vec<Timestamp>,
    pub(crate) onset: Option<Timestamp>,
    pub(crate) limit_reached: Option<Timestamp>,
    pub(crate) shape: String,
}

/// Lives a machine's days.
pub(crate) fn live(site: &Site, spec: &Spec) -> Life {
    let mut rng = spec.rng.fork(7);
    let mut life = Life { onset: spec.fault.map(|(onset, ..)| site.start.plus_days(onset)), ..Life::default() };
    life.shape =
        spec.fault.map_or_else(String::new, |(onset, shape, rate)| format!("{shape:?} {rate} from {onset:.0}"));
    if let Some((day, true)) = spec.cleaned {
        life.cleaned.push(site.start.plus_days(day as f64));
    }
    let (mut td, mut heat, mut day_error, mut hour_sum) = (site.ambient[0], 0.0, 0.0, (0.0, 0));
    let mut hours_run = rng.between(500.0, 20_000.0);
    let mut cleaned_at: Option<f64> = None;
    for (step, &ta) in site.ambient.iter().enumerate() {
        let (day, minute) = (step / STEPS_PER_DAY, step % STEPS_PER_DAY * STEP_MIN);
        let (hour, t) = (minute / 60, step as f64 / STEPS_PER_DAY as f64);
        if minute == 0 {
            day_error = 0.5 * day_error + 0.6 * 0.87 * rng.normal();
        }
        let running = spec.works(day, hour);
        let demand = (spec.demand_at(day, hour) + 0.05 * rng.normal()).clamp(0.3, 1.0);
        let over_bar: f64 = spec.pressure_steps.iter().filter(|(at, _)| day >= *at).map(|(_, by)| by).sum();
        let (loaded, now) = if spec.vsd {
            (running, demand)
        } else {
            let l = running && rng.chance(demand);
            (l, if l { 1.0 } else { 0.28 })
        };
        let mean_heat = if spec.vsd { demand } else { demand + (1.0 - demand) * 0.28 } * (1.0 + 0.065 * over_bar);
        heat += 0.9 * (if running { mean_heat } else { 0.0 } - heat);
        let loss = spec.ua_loss(t, cleaned_at);
        let target = if running { spec.steady_c(ta, heat.max(0.05), loss) } else { ta };
        td += (target - td) * if running { 0.94 } else { 1.0 - (-10.0f64 / 110.0).exp() };
        if running {
            hours_run += STEP_MIN as f64 / 60.0;
        }
        let ts = site.start + (step * STEP_MIN) as i64 * MINUTE_MS;
        // Truth: hourly mean of the loaded temperature.
        if minute % 60 == 0 {
            hour_sum = (0.0, 0);
        }
        if loaded {
            hour_sum = (hour_sum.0 + td, hour_sum.1 + 1);
        }
        let hour_over = minute % 60 == 60 - STEP_MIN && hour_sum.1 >= 3 && hour_sum.0 / f64::from(hour_sum.1) >= 105.0;
        if hour_over && life.limit_reached.is_none() {
            life.limit_reached = Some(ts);
            if life.onset.is_some() {
                cleaned_at = Some(t + 3.0);
                life.cleaned.push(ts + 3 * DAY_MS);
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
        life.readings.push(spec.measure(&mut rng, &seen));
    }
    life
}
