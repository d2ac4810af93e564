//! A machine from step to step: pressure and control, valve, fan, and the temperature of its oil.

use crate::fleet::LIMIT_C;
use crate::rng::Rng;

use super::unit::{Draft, Fan, Unit, speed_power};

/// A step of the truth, s.
pub(crate) const STEP_S: usize = 20;
const DT_S: f64 = STEP_S as f64;
/// A temperature counts as held after so long without a break while the machine runs, s.
const HELD_S: f64 = 600.0;
/// Lag of the valve's element, s.
const ELEMENT_S: f64 = 45.0;
/// The controller trips after so long, s.
const TRIPS_S: f64 = 60.0;
/// A switched fan stops so far below its set point, K.
const FAN_BAND_K: f64 = 9.0;
/// Shaft power per bar of the net over nominal, share.
pub(crate) const POWER_PER_BAR: f64 = 0.065;

/// Ten minutes of a machine: what is asked of it and what is wrong with it. Shares are of 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// Air at its inlet when they begin, degC.
    pub(crate) inlet_c: f64,
    /// Air asked for, share of its full flow; below 0 it stands still.
    pub(crate) demand: f64,
    /// Share of the cooler's face that is covered.
    pub(crate) fouling: f64,
    /// Change of the pressure's set point, bar.
    pub(crate) set_point_bar: f64,
    /// Shaft power, share of a new machine's.
    pub(crate) friction: f64,
    /// Share of the oil's way through the cooler at which the valve is stuck.
    pub(crate) valve_stuck: Option<f64>,
    /// Share of its speed that the fan still reaches.
    pub(crate) fan: f64,
    /// Flow of the oil, share of full.
    pub(crate) oil: f64,
    /// Power when unloaded that an inlet valve which does not close adds, and flow that one which does not open leaves, shares of full.
    pub(crate) unloaded: f64,
    pub(crate) capacity: f64,
}

/// What is done about the cooler once the machine has met the limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reaction {
    after_days: f64,
    /// Share of the dirt that is taken away, and how fast it grows again, share of before.
    takes: f64,
    regrows: f64,
}

impl Reaction {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        Self { after_days: rng.between(0.5, 9.0), takes: rng.between(0.7, 0.97), regrows: rng.pick(&[0.15, 0.3, 1.0]) }
    }
}

/// Where a machine is.
#[derive(Clone, Debug)]
pub(crate) struct State {
    unit: Unit,
    reaction: Option<Reaction>,
    second: usize,
    pub(crate) runs: bool,
    pub(crate) loaded: bool,
    /// Discharge, the valve's element, and the discharge as its sensor shows it, degC.
    pub(crate) discharge_c: f64,
    element_c: f64,
    pub(crate) shown_c: f64,
    pub(crate) net_bar: f64,
    /// Shaft power, and the oil's and the delivered air's flow, shares of full.
    power: f64,
    oil: f64,
    flow: f64,
    /// Speed of the fan, share of what it reaches.
    fan: f64,
    draft: Draft,
    /// Unloaded time so far, time until a trip is over, and how long it has been too hot, s.
    unloaded_s: f64,
    tripped_s: f64,
    hot_s: f64,
    pub(crate) run_h: f64,
    pub(crate) load_h: f64,
    /// How long the discharge has been at the limit, s.
    held_s: f64,
    /// When it first was held there, s.
    pub(crate) limit_s: Option<usize>,
    /// When the cooler was cleaned for it, s, and what covered it then, share.
    pub(crate) cleaned: Option<(usize, f64)>,
}

impl State {
    pub(crate) fn new(unit: Unit, reaction: Option<Reaction>, oil_c: f64) -> Self {
        Self {
            unit,
            reaction,
            second: 0,
            runs: false,
            loaded: false,
            discharge_c: oil_c,
            element_c: oil_c,
            shown_c: oil_c,
            net_bar: unit.nominal_bar,
            power: 0.0,
            oil: 1.0,
            flow: 0.0,
            fan: 1.0,
            draft: unit.draft(0.0, 1.0),
            unloaded_s: 0.0,
            tripped_s: 0.0,
            hot_s: 0.0,
            run_h: 0.0,
            load_h: 0.0,
            held_s: 0.0,
            limit_s: None,
            cleaned: None,
        }
    }

    /// Motor current, A.
    pub(crate) fn current_a(&self) -> f64 {
        if self.runs { self.unit.current_a(self.power) } else { 0.0 }
    }

    /// The next ten minutes begin.
    pub(crate) fn begin(&mut self, slot: &Slot) {
        if let (Some(limit_s), Some(reaction), None) = (self.limit_s, self.reaction, self.cleaned)
            && self.second as f64 >= limit_s as f64 + reaction.after_days * 86_400.0
        {
            self.cleaned = Some((self.second, slot.fouling));
        }
        let fouling = match (self.cleaned, self.reaction) {
            (Some((_, was)), Some(r)) => (was * (1.0 - r.takes) + (slot.fouling - was) * r.regrows).max(0.0),
            _ => slot.fouling,
        };
        self.draft = self.unit.draft(fouling, slot.fan);
    }

    /// One step in air of `inlet_c` degC.
    pub(crate) fn step(&mut self, slot: &Slot, inlet_c: f64) {
        self.control(slot);
        self.deliver(slot);
        if self.runs {
            self.cool(slot, inlet_c);
        } else {
            self.discharge_c += (inlet_c + 0.3 - self.discharge_c) * (1.0 - (-DT_S / self.unit.soak_s).exp());
            self.element_c = self.discharge_c;
        }
        self.shown_c += (self.discharge_c - self.shown_c) * 0.6;
        self.look_at_limit();
        self.second += STEP_S;
    }

    /// Whether it runs, loaded or not.
    fn control(&mut self, slot: &Slot) {
        let unit = &self.unit;
        let on_bar = unit.nominal_bar + slot.set_point_bar - 0.5 * unit.band_bar;
        let tripped = self.tripped_s > 0.0;
        self.tripped_s -= if tripped { DT_S } else { 0.0 };
        if slot.demand < 0.0 || tripped {
            (self.runs, self.loaded, self.unloaded_s) = (false, false, 0.0);
        } else if !self.runs && (self.net_bar < on_bar + 0.02 || self.unloaded_s == 0.0) {
            (self.runs, self.loaded, self.unloaded_s) = (true, true, 0.0);
        }
        if !self.runs {
            return;
        }
        let keeps_loaded = unit.by_speed && slot.demand >= unit.least_speed * slot.capacity;
        if keeps_loaded || self.net_bar < on_bar {
            self.loaded = true;
        } else if self.net_bar > on_bar + unit.band_bar {
            self.loaded = false;
        }
        self.unloaded_s = if self.loaded { 0.0 } else { self.unloaded_s + DT_S };
        self.run_h += DT_S / 3600.0;
        self.load_h += if self.loaded { DT_S / 3600.0 } else { 0.0 };
        // It has run unloaded for this step still.
        self.runs = self.unloaded_s <= unit.idle_off_s;
    }

    /// What it takes and gives, and what becomes of the net's pressure.
    fn deliver(&mut self, slot: &Slot) {
        let unit = &self.unit;
        let (power, flow, oil) = match (self.runs, unit.by_speed, self.loaded) {
            (false, ..) => (0.0, 0.0, 1.0),
            (_, true, true) => {
                let speed = (slot.demand / slot.capacity).clamp(unit.least_speed, 1.0);
                (speed_power(speed), speed * slot.capacity, 0.85 + 0.15 * speed)
            }
            (_, true, false) => (unit.unloaded * 0.6, 0.0, 0.6),
            (_, false, true) => (1.0 - 0.35 * (1.0 - slot.capacity), slot.capacity, 1.0),
            (_, false, false) => (unit.unloaded + slot.unloaded, 0.5 * slot.unloaded, 0.65),
        };
        let by_bar = if self.loaded { 1.0 + POWER_PER_BAR * (self.net_bar - unit.nominal_bar) } else { 1.0 };
        (self.power, self.flow, self.oil) = (power * slot.friction * by_bar, flow, oil * slot.oil);
        let set_bar = unit.nominal_bar + slot.set_point_bar;
        let taken = if slot.demand < 0.0 { 0.02 } else { slot.demand };
        let least_bar = if slot.demand < 0.0 { 0.0 } else { set_bar - 1.2 };
        let bar = self.net_bar + (self.flow - taken) * DT_S / unit.net_s_bar;
        self.net_bar = bar.clamp(least_bar, set_bar + 0.5 * unit.band_bar + 0.15);
    }

    /// A running machine's oil after one step.
    fn cool(&mut self, slot: &Slot, inlet_c: f64) {
        self.element_c += (self.discharge_c - self.element_c) * (1.0 - (-DT_S / ELEMENT_S).exp());
        let unit = &self.unit;
        let through = slot.valve_stuck.unwrap_or_else(|| unit.valve(self.element_c));
        let over_set_k = self.discharge_c - unit.fan_set_c;
        match unit.fan {
            Fan::Fixed => {}
            Fan::OnOff if over_set_k > 0.0 => self.fan = 1.0,
            Fan::OnOff if over_set_k < -FAN_BAND_K => self.fan = 0.12,
            Fan::OnOff => {}
            Fan::Controlled => self.fan = (self.fan + 0.0005 * DT_S * over_set_k).clamp(0.25, 1.0),
        }
        let passed_kw_k = unit.exchange_kw_k(through * self.oil, self.draft.at(self.fan), inlet_c);
        let round_k = unit.round_k(self.discharge_c - inlet_c, self.oil, passed_kw_k, self.power);
        self.discharge_c += round_k * (1.0 - (-DT_S * self.oil / unit.lag_s).exp());
    }

    /// The truth, and a machine that gets too hot trips.
    fn look_at_limit(&mut self) {
        if !self.runs {
            return;
        }
        self.held_s = if self.discharge_c >= LIMIT_C { self.held_s + DT_S } else { 0.0 };
        if self.held_s >= HELD_S && self.limit_s.is_none() {
            self.limit_s = Some(self.second);
        }
        self.hot_s = if self.discharge_c >= self.unit.trip_c { self.hot_s + DT_S } else { 0.0 };
        if self.hot_s >= TRIPS_S {
            (self.tripped_s, self.hot_s) = (self.unit.trip_s, 0.0);
        }
    }
}
