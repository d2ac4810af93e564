//! A machine from step to step: pressure and control, oil, valve, fan, cooler and the temperatures of oil and metal.

use foretell_model::RunState;

use crate::fleet::LIMIT_C;
use crate::rng::Rng;

use super::hour::Hour;
use super::unit::{Control, Fan, Unit, exchange_kw_k};

/// A step of the truth, s.
pub(crate) const STEP_S: f64 = 10.0;
/// A temperature counts as held after so long, s.
const HELD_S: f64 = 600.0;
/// Nothing of the first hours counts, h: the masses begin cold.
const SETTLED_H: f64 = 24.0;
/// Pressure of the sump under load falls and rises with this time, s.
const SUMP_PRESSURE_S: f64 = 30.0;

/// Where a machine is.
pub(crate) struct State {
    pub(crate) unit: Unit,
    rng: Rng,
    pub(crate) run: RunState,
    /// Discharge, sump, metal, oil behind the cooler, mixed oil, and the discharge as its sensor shows it, degC.
    pub(crate) discharge_c: f64,
    pub(crate) sump_c: f64,
    metal_c: f64,
    cooled_c: f64,
    pub(crate) mixed_c: f64,
    pub(crate) shown_c: f64,
    /// What the valve's element feels, degC, and how far it is open, 0 to 1.
    element_c: f64,
    valve: f64,
    /// Pressure of the net, bar, and of the sump, share of full.
    pub(crate) net_bar: f64,
    sump_pressure: f64,
    /// The fan's controller and its speed, share.
    fan_set: f64,
    pub(crate) fan: f64,
    pub(crate) speed: f64,
    speed_base: f64,
    /// How the demand wanders, share.
    wander: f64,
    /// Share of full heat that the machine gives its room, smoothed.
    pub(crate) heat: f64,
    /// Heat left from before a restart, K.
    restart_k: f64,
    /// Times in the present mode, s: unloaded, stopped, starting; and until a trip is over.
    unloaded_s: f64,
    stopped_s: f64,
    starting_s: f64,
    trip_s: f64,
    pub(crate) run_h: f64,
    pub(crate) load_h: f64,
    /// Shaft power, share of full.
    pub(crate) shaft: f64,
    /// Flow of the oil, share of full.
    pub(crate) oil_flow: f64,
    pub(crate) air_c: f64,
    /// How long the sensor has shown the limit, s.
    over_s: f64,
    /// Loaded seconds of which the temperature held is not told yet, and their temperature times seconds.
    held: (f64, f64),
    /// Day on which the limit is reached as this world's author reckons it: the sensor shows it for ten minutes without a break, or
    /// the controller trips.
    pub(crate) author_day: Option<f64>,
    /// Day on which it is reached as in the other worlds: the mean of ten loaded minutes.
    pub(crate) limit_day: Option<f64>,
    pub(crate) cleaned_day: Option<f64>,
    /// Fouling at the cleaning, share.
    fouling_cleaned: f64,
}

impl State {
    pub(crate) fn new(unit: Unit, rng: Rng, room_c: f64) -> Self {
        let warm_c = room_c + 5.0;
        Self {
            rng,
            run: RunState::Stopped,
            discharge_c: warm_c,
            sump_c: warm_c,
            metal_c: warm_c,
            cooled_c: warm_c,
            mixed_c: warm_c,
            shown_c: warm_c,
            element_c: warm_c,
            valve: 0.0,
            net_bar: unit.on_bar,
            sump_pressure: 0.0,
            fan_set: 0.0,
            fan: 0.0,
            speed: 0.7,
            speed_base: 0.0,
            wander: 0.0,
            heat: 0.0,
            restart_k: 0.0,
            unloaded_s: 0.0,
            stopped_s: 1e6,
            starting_s: 0.0,
            trip_s: 0.0,
            run_h: unit.run_h,
            load_h: unit.load_h,
            shaft: 0.0,
            oil_flow: 0.0,
            air_c: room_c,
            over_s: 0.0,
            held: (0.0, 0.0),
            author_day: None,
            limit_day: None,
            cleaned_day: None,
            fouling_cleaned: 0.0,
            unit,
        }
    }

    pub(crate) fn runs(&self) -> bool {
        self.run != RunState::Stopped
    }

    pub(crate) fn loaded(&self) -> bool {
        self.run == RunState::Loaded
    }

    /// One step at `hours` since the beginning, in a room of `room_c` degC.
    pub(crate) fn step(&mut self, now: &Hour, hours: f64, room_c: f64) {
        self.air_c = room_c + self.unit.own_air_k * self.heat;
        let demand = self.demand(now);
        let halted = self.halted(now, hours % 24.0);
        self.control(now, now.demand < 0.0 || halted, halted);
        self.press(now, demand);
        self.shaft = self.shaft(now);
        self.oil_flow = self.oil(now);
        let way = self.turn_valve(now);
        self.fan = self.turn_fan(now);
        self.cool(now, way, hours);
        self.warm(now, way);
        self.look_at_limit(hours);
    }

    fn demand(&mut self, now: &Hour) -> f64 {
        let (sd, time_s) = self.unit.wander;
        // Four uniforms make a normal of this sd well enough.
        let normal = ((0..4).map(|_| self.rng.between(0.0, 1.0)).sum::<f64>() - 2.0) * 3f64.sqrt();
        self.wander += sd * (2.0 * STEP_S / time_s).sqrt() * normal - self.wander * STEP_S / time_s;
        if now.demand < 0.0 { 0.02 + now.leak } else { (now.demand * (1.0 + self.wander) + now.leak).clamp(0.0, 1.15) }
    }

    /// Whether somebody or a trip holds the machine.
    fn halted(&mut self, now: &Hour, hour: f64) -> bool {
        let long_h = self.unit.habit_min / 60.0;
        let by_habit = now.habit && self.unit.habit_h.iter().any(|from| (*from..from + long_h).contains(&hour));
        let tripped = self.trip_s > 0.0;
        self.trip_s -= if tripped { STEP_S } else { 0.0 };
        by_habit || tripped
    }

    fn control(&mut self, now: &Hour, stops: bool, halted: bool) {
        let (on_bar, off_bar) = (self.unit.on_bar + now.set_point_bar, self.unit.off_bar + now.set_point_bar);
        if !self.runs() {
            self.stopped_s += STEP_S;
            if now.demand >= 0.0 && !halted && self.net_bar < on_bar && self.stopped_s > 60.0 {
                (self.run, self.starting_s, self.speed_base) = (RunState::Starting, 0.0, 0.6);
                let hot = self.stopped_s < 1500.0 && self.metal_c > 60.0;
                self.restart_k = if hot { self.unit.restart_k * self.rng.between(0.8, 1.2) } else { 0.0 };
            }
            return;
        }
        if stops {
            (self.run, self.stopped_s) = (RunState::Stopped, 0.0);
        } else if self.run == RunState::Starting {
            self.starting_s += STEP_S;
            if self.starting_s >= 15.0 {
                self.run = RunState::Loaded;
            }
        } else {
            self.modulate(now, on_bar, off_bar);
        }
        if self.run == RunState::Unloaded {
            self.unloaded_s += STEP_S;
            if self.unloaded_s > self.unit.idle_off_s {
                (self.run, self.stopped_s) = (RunState::Stopped, 0.0);
            }
        }
    }

    /// Speed, inlet valve, and whether the machine delivers.
    fn modulate(&mut self, now: &Hour, on_bar: f64, off_bar: f64) {
        let (unload, load) = match self.unit.control {
            Control::Speed => {
                let (least, most) = now.speed;
                let missing_bar = on_bar + 0.35 * (off_bar - on_bar) - self.net_bar;
                self.speed_base = (self.speed_base + missing_bar * 0.004 * STEP_S).clamp(least, most);
                self.speed = (self.speed_base + missing_bar * 0.35).clamp(least, most);
                (self.net_bar > off_bar && self.speed <= least + 1e-6, self.net_bar < on_bar + 0.05)
            }
            Control::Modulating => {
                self.speed = (1.0 - (self.net_bar - on_bar) / (off_bar - on_bar) * 0.6).clamp(0.4, 1.0);
                (self.net_bar > off_bar + 0.1, self.net_bar < on_bar)
            }
            Control::LoadUnload => (self.net_bar > off_bar, self.net_bar < on_bar),
        };
        match self.run {
            RunState::Loaded if unload => (self.run, self.unloaded_s) = (RunState::Unloaded, 0.0),
            RunState::Unloaded if load => self.run = RunState::Loaded,
            _ => {}
        }
    }

    fn press(&mut self, now: &Hour, mut demand: f64) {
        let (on_bar, off_bar) = (self.unit.on_bar + now.set_point_bar, self.unit.off_bar + now.set_point_bar);
        if self.net_bar < on_bar {
            // A sagging net takes less.
            demand *= (self.net_bar / on_bar).powi(3);
        }
        let delivered = if self.loaded() { self.flow() * (1.0 - 0.10 * now.intake) } else { 0.0 };
        self.net_bar += (delivered - demand) * self.unit.net_bar_s * STEP_S;
        self.net_bar = self.net_bar.clamp(0.2 * on_bar, off_bar + 1.0);
        let to = if self.loaded() { 1.0 } else { 0.30 * f64::from(u8::from(self.runs())) };
        self.sump_pressure += (to - self.sump_pressure) * STEP_S / SUMP_PRESSURE_S;
    }

    /// Shaft power, share of full: +6.5 % per bar of the net, +7.25 % per bar of the separator.
    fn shaft(&self, now: &Hour) -> f64 {
        let by_bar = 1.0 + 0.065 * (self.net_bar - self.unit.on_bar) + 0.0725 * now.separator_bar + now.friction;
        let control = self.unit.control;
        match self.run {
            RunState::Stopped => 0.0,
            RunState::Loaded => {
                let by_flow = match control {
                    Control::Speed => 0.04 + 0.96 * self.speed.powf(1.03),
                    Control::Modulating => 0.30 + 0.70 * self.speed,
                    Control::LoadUnload => 1.0,
                };
                by_flow * by_bar * (1.0 - 0.03 * now.intake)
            }
            RunState::Starting | RunState::Unloaded => {
                let relieved = ((self.sump_pressure - 0.3) / 0.7).clamp(0.0, 1.0);
                let share = self.unit.unloaded + (0.55 - self.unit.unloaded) * relieved + now.friction;
                share * if control == Control::Speed { 0.55 } else { 1.0 }
            }
        }
    }

    /// Flow of the oil, share of full: the sump's pressure drives it, a filter and a low level hold it back.
    fn oil(&mut self, now: &Hour) -> f64 {
        if !self.runs() {
            return 0.0;
        }
        let mut flow = (0.45 + 0.55 * self.sump_pressure.clamp(0.0, 1.0).sqrt()) * (1.0 - 0.42 * now.oil_filter);
        let low = ((0.78 - now.oil) / 0.4).clamp(0.0, 1.0);
        if low > 0.0 {
            let normal = ((0..4).map(|_| self.rng.between(0.0, 1.0)).sum::<f64>() - 2.0) * 3f64.sqrt();
            flow *= 1.0 - low * (0.55 + 0.35 * normal * 0.4);
        }
        flow.max(0.1)
    }

    /// Share of the oil that goes through the cooler.
    fn turn_valve(&mut self, now: &Hour) -> f64 {
        let unit = &self.unit;
        let felt_c = if unit.senses_mix { self.mixed_c } else { self.sump_c };
        self.element_c += (felt_c - self.element_c) * STEP_S / unit.valve_lag_s;
        if let Some(stuck) = now.valve_stuck {
            self.valve = stuck;
            return stuck.max(0.02);
        }
        let to = ((self.element_c - unit.valve_c - now.valve_shift_k) / unit.valve_span_k).clamp(0.0, 1.0);
        let off = to - self.valve;
        if off.abs() > unit.valve_hysteresis {
            self.valve += (off - unit.valve_hysteresis.copysign(off)) * (STEP_S / 20.0).min(1.0);
        }
        unit.valve_leak + (1.0 - unit.valve_leak) * self.valve
    }

    /// Speed of the fan, share of full.
    fn turn_fan(&mut self, now: &Hour) -> f64 {
        let unit = &self.unit;
        let set_c = unit.fan_set_c + now.fan_shift_k;
        let to = if !self.runs() {
            self.fan_set = 0.0;
            0.10
        } else {
            match unit.fan {
                Fan::Fixed => 1.0,
                Fan::OnOff => {
                    if self.sump_c > set_c {
                        self.fan_set = 1.0;
                    } else if self.sump_c < set_c - unit.fan_band_k {
                        self.fan_set = 0.0;
                    }
                    if self.fan_set > 0.0 { 1.0 } else { 0.25 }
                }
                Fan::Controlled => {
                    let off = (self.discharge_c - set_c) / unit.fan_band_k;
                    self.fan_set = (self.fan_set + off * STEP_S / 90.0 * 0.5).clamp(0.0, 1.0);
                    (0.2 + 0.8 * self.fan_set + 0.25 * off).clamp(0.2, 1.0)
                }
            }
        };
        (0.06 + (to - 0.06) * now.fan).max(0.05)
    }

    /// Share of the conductance lost, after a cleaning too.
    fn fouling(&mut self, now: &Hour) -> f64 {
        if self.cleaned_day.is_none() {
            self.fouling_cleaned = now.fouling;
            return now.fouling;
        }
        let (was, left) = (self.fouling_cleaned, self.unit.residue);
        (now.fouling - was * (1.0 - left)).clamp(0.0, was * left + 0.1)
    }

    /// The oil behind the cooler.
    fn cool(&mut self, now: &Hour, way: f64, hours: f64) {
        if let (Some(day), Some(after_h), None) = (self.author_day, self.unit.cleaned_after_h, self.cleaned_day)
            && hours >= day * 24.0 + after_h
        {
            self.cleaned_day = Some(hours / 24.0);
        }
        let fouling = self.fouling(now);
        let oil_kw_k = self.unit.oil_kw_k * self.oil_flow * way;
        if oil_kw_k <= 1e-6 {
            self.cooled_c += (self.air_c - self.cooled_c) * STEP_S / 2500.0;
            return;
        }
        let density = 293.0 / (273.0 + self.air_c);
        let air_kw_k = self.unit.air_kw_k * self.fan * (1.0 - 0.45 * fouling) * density;
        let flow = self.oil_flow * way;
        let by_air = (self.fan * density).powf(0.55);
        let by_oil = flow.clamp(0.02, 1.2).powf(0.35);
        let ua_kw_k = self.unit.cooler_kw_k * (1.0 - fouling) * by_air * by_oil;
        let heat_kw = exchange_kw_k(ua_kw_k, oil_kw_k, air_kw_k) * (self.sump_c - self.air_c);
        let to_c = self.sump_c - heat_kw / oil_kw_k;
        self.cooled_c += (to_c - self.cooled_c) * (STEP_S * flow.clamp(0.1, 1.2) / 14.0).min(1.0);
    }

    /// Discharge, sump and metal, and what the sensor shows.
    fn warm(&mut self, now: &Hour, way: f64) {
        let unit = &self.unit;
        let sump_kj_k = unit.sump_kj_k * (0.25 + 0.75 * now.oil);
        let (over_air_k, over_metal_k) = (self.sump_c - self.air_c, self.sump_c - self.metal_c);
        let metal_over_air_k = self.metal_c - self.air_c;
        if self.runs() {
            let oil_kw_k = unit.oil_kw_k * self.oil_flow;
            let mixed_c = way * self.cooled_c + (1.0 - way) * self.sump_c;
            self.mixed_c += (mixed_c - self.mixed_c) * (STEP_S / 6.0).min(1.0);
            let to_c = self.mixed_c + unit.shaft_kw * self.shaft * unit.heat_share / oil_kw_k;
            self.discharge_c += (to_c - self.discharge_c) * (STEP_S / 45.0);
            let into_sump_kw = oil_kw_k * (self.discharge_c - self.sump_c)
                - unit.loss_kw_k * (1.0 + 0.6 * self.fan) * over_air_k
                - unit.metal_kw_k * over_metal_k;
            self.sump_c += into_sump_kw * STEP_S / sump_kj_k;
            let into_metal_kw =
                unit.metal_kw_k * (self.sump_c - self.metal_c) - unit.loss_kw_k * 0.3 * metal_over_air_k;
            self.metal_c += into_metal_kw * STEP_S / unit.metal_kj_k;
            self.run_h += STEP_S / 3600.0;
            self.load_h += if self.run == RunState::Loaded { STEP_S / 3600.0 } else { 0.0 };
            self.restart_k *= (-STEP_S / unit.restart_s).exp();
        } else {
            let into_sump_kw = -unit.loss_kw_k * 0.75 * over_air_k - unit.metal_kw_k * 0.5 * over_metal_k;
            self.sump_c += into_sump_kw * STEP_S / sump_kj_k;
            let into_metal_kw =
                unit.metal_kw_k * 0.5 * (self.sump_c - self.metal_c) - unit.loss_kw_k * 0.45 * metal_over_air_k;
            self.metal_c += into_metal_kw * STEP_S / unit.metal_kj_k;
            self.discharge_c += (self.metal_c - self.discharge_c) * STEP_S / 400.0;
            self.mixed_c += (self.metal_c - self.mixed_c) * STEP_S / 600.0;
            self.restart_k = 0.0;
        }
        let lag = (STEP_S / unit.sensor_lag_s).min(1.0);
        self.shown_c += (self.discharge_c + self.restart_k - self.shown_c) * lag;
        self.heat += (self.shaft - self.heat) * STEP_S / 240.0;
    }

    /// The truth by both definitions; a machine that gets too hot trips.
    fn look_at_limit(&mut self, hours: f64) {
        if hours <= SETTLED_H {
            return;
        }
        let counts = self.runs() && self.restart_k < 1.0;
        self.over_s = if counts && self.shown_c >= LIMIT_C { self.over_s + STEP_S } else { 0.0 };
        let trips = counts && self.shown_c >= self.unit.trip_c;
        if trips {
            self.trip_s = 3600.0 * self.rng.between(0.5, 2.0);
        }
        if self.author_day.is_none() && (trips || self.over_s >= HELD_S) {
            self.author_day = Some(hours / 24.0);
        }
        if !self.loaded() {
            return;
        }
        self.held = (self.held.0 + STEP_S, self.held.1 + STEP_S * self.discharge_c);
        if self.held.0 >= HELD_S {
            let (seconds, sum) = std::mem::take(&mut self.held);
            if sum / seconds >= LIMIT_C && self.limit_day.is_none() {
                self.limit_day = Some(hours / 24.0);
            }
        }
    }
}
