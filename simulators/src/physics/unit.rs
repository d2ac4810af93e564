//! One machine moving through time: load/unload control, receiver pressure, oil temperature, valve, hour counters.
//!
//! Steps are exact exponentials of the linear heat balance with the valve held, at most [`STEP_S`] long and cut where the
//! controller switches, so months cost a second and a load cycle of twenty seconds is still a cycle.

use super::thermal::{loaded_shaft_kw, valve_target};
use super::{Conditions, Cooler, Params, Valve};

/// Longest step while running, s; a quarter of the valve's lag, a fourteenth of the oil's time constant.
const STEP_S: f64 = 15.0;
/// Lag of the thermostatic valve, s.
const VALVE_LAG_S: f64 = 60.0;
/// Time constant of the sump's blow-down after unloading, s.
const BLOW_DOWN_S: f64 = 30.0;
/// Extra shaft power while the sump still holds full pressure, as a share of full load.
const SUMP_SHARE: f64 = 0.30;
/// Duration of the star-delta start, s.
const START_S: f64 = 8.0;
/// Time after a high-temperature trip until somebody has let it cool and pressed start, s.
const TRIP_LOCKOUT_S: f64 = 2700.0;
/// How much of the demand the neighbours take over per bar below the load pressure.
const NEIGHBOUR_SHARE_PER_BAR: f64 = 2.0;

/// What the controller is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Motor at rest.
    Stopped,
    /// Motor running up.
    Starting,
    /// Motor turning, inlet closed.
    Unloaded,
    /// Delivering air.
    Loaded,
}

/// How the controller is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Control {
    /// Loads below this line pressure, bar gauge.
    pub load_bar: f64,
    /// Unloads above this line pressure, bar gauge.
    pub unload_bar: f64,
    /// Stops the motor after so long without load, s.
    pub idle_stop_s: f64,
    /// Lowest speed share of a variable-speed machine; `None` for load/unload control.
    pub variable_speed_min: Option<f64>,
    /// Stops the machine at this discharge temperature, degC.
    pub trip_c: f64,
}

impl Default for Control {
    fn default() -> Self {
        Self { load_bar: 7.0, unload_bar: 7.7, idle_stop_s: 600.0, variable_speed_min: None, trip_c: 110.0 }
    }
}

/// What acts on a machine over a few minutes.
#[derive(Clone, Copy, Debug)]
pub struct Drive {
    /// Whether it is switched on.
    pub wanted: bool,
    /// Air drawn from its receiver, leaks included, m3/min.
    pub demand_m3_min: f64,
    /// Its surroundings and ailments.
    pub conditions: Conditions,
    /// Added to the unloaded power by an inlet valve that does not close, as a share of full load.
    pub unloaded_extra: f64,
}

/// Sums over a stretch of time, for truth labels and for wear.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Meter {
    /// Time loaded, s.
    pub loaded_s: f64,
    /// Integral of the discharge temperature while loaded, degC s.
    pub loaded_c_s: f64,
    /// Time with the motor turning, s.
    pub running_s: f64,
    /// High-temperature trips.
    pub trips: u32,
}

/// What instruments without noise would show at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapshot {
    /// Controller state.
    pub mode: Mode,
    /// Discharge temperature, degC.
    pub discharge_c: f64,
    /// Oil temperature after the cooler, degC.
    pub injection_c: f64,
    /// Line pressure, bar gauge.
    pub pressure_bar: f64,
    /// Motor current, A.
    pub current_a: f64,
    /// Electrical input power with the fan, kW.
    pub power_kw: f64,
    /// Running hours.
    pub run_hours: f64,
    /// Loaded hours.
    pub load_hours: f64,
}

/// The moving state of one machine.
#[derive(Clone, Debug)]
pub struct Unit {
    params: Params,
    control: Control,
    mode: Mode,
    in_mode_s: f64,
    lockout_s: f64,
    oil_c: f64,
    valve: f64,
    pressure_bar: f64,
    sump: f64,
    speed: f64,
    run_s: f64,
    load_s: f64,
}

impl Unit {
    /// A machine that has stood long enough to be as warm as the room, with hours already on its counters.
    #[must_use]
    pub fn at_rest(params: Params, control: Control, ambient_c: f64, run_hours: f64, load_hours: f64) -> Self {
        Self {
            params,
            control,
            mode: Mode::Stopped,
            in_mode_s: 0.0,
            lockout_s: 0.0,
            oil_c: ambient_c,
            valve: 0.0,
            pressure_bar: control.load_bar,
            sump: 0.0,
            speed: 1.0,
            run_s: run_hours * 3600.0,
            load_s: load_hours * 3600.0,
        }
    }

    /// Its constants.
    #[must_use]
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// Moves both pressure settings by a difference in bar.
    pub fn shift_pressure(&mut self, by_bar: f64) {
        self.control.load_bar += by_bar;
        self.control.unload_bar += by_bar;
    }

    /// Lets `seconds` pass under a drive that does not change meanwhile; `cooler` must be made from its conditions.
    pub fn advance(&mut self, drive: &Drive, cooler: &Cooler, seconds: f64, meter: &mut Meter) {
        let mut left_s = seconds;
        while left_s > 1e-6 {
            self.switch(drive);
            let fad = self.params.fad_m3_min * drive.conditions.delivery;
            if let (Mode::Loaded, Some(least)) = (self.mode, self.control.variable_speed_min) {
                let set_bar = 0.5 * (self.control.load_bar + self.control.unload_bar);
                self.speed = (drive.demand_m3_min / fad + 0.5 * (set_bar - self.pressure_bar)).clamp(least, 1.0);
            }
            let delivery = if self.mode == Mode::Loaded { fad * self.speed } else { 0.0 };
            // Never shorter than a millisecond, or rounding at a threshold would stall; never longer than what is left.
            let step_s = self.until_switch_s(drive, delivery).max(1e-3).min(left_s);
            self.heat(drive, cooler, delivery, step_s, meter);
            self.breathe(drive, delivery, step_s);
            self.in_mode_s += step_s;
            self.lockout_s -= step_s;
            left_s -= step_s;
            if self.oil_c >= self.control.trip_c && self.mode != Mode::Stopped {
                self.enter(Mode::Stopped);
                self.lockout_s = TRIP_LOCKOUT_S;
                meter.trips += 1;
            }
        }
    }

    /// What perfect instruments show now.
    #[must_use]
    pub fn snapshot(&self, drive: &Drive, cooler: &Cooler) -> Snapshot {
        let shaft_kw = self.shaft_kw(drive, 0.0);
        let (current_a, power_kw) = match self.mode {
            Mode::Stopped => (0.0, 0.0),
            // Star-delta: the mean over the run-up is some 2.5 times the rated current.
            Mode::Starting => (2.5 * self.params.rated_current_a(), 0.5 * self.params.rated_kw),
            Mode::Unloaded | Mode::Loaded => {
                (self.params.current_a(shaft_kw), shaft_kw / self.params.efficiency + self.params.fan_kw)
            }
        };
        Snapshot {
            mode: self.mode,
            discharge_c: self.oil_c,
            injection_c: cooler.injection_c(self.oil_c, drive.conditions.ambient_c, self.valve),
            pressure_bar: self.pressure_bar,
            current_a,
            power_kw,
            run_hours: self.run_s / 3600.0,
            load_hours: self.load_s / 3600.0,
        }
    }

    fn enter(&mut self, mode: Mode) {
        self.mode = mode;
        self.in_mode_s = 0.0;
    }

    /// Does what the controller would do at this instant.
    fn switch(&mut self, drive: &Drive) {
        const SLACK: f64 = 1e-9;
        let next = match self.mode {
            Mode::Stopped
                if drive.wanted && self.lockout_s <= SLACK && self.pressure_bar <= self.control.load_bar + SLACK =>
            {
                Mode::Starting
            }
            Mode::Starting | Mode::Unloaded | Mode::Loaded if !drive.wanted => Mode::Stopped,
            Mode::Starting if self.in_mode_s >= START_S - SLACK => Mode::Loaded,
            Mode::Loaded if self.pressure_bar >= self.control.unload_bar - SLACK => Mode::Unloaded,
            Mode::Unloaded if self.pressure_bar <= self.control.load_bar + SLACK => Mode::Loaded,
            Mode::Unloaded if self.in_mode_s >= self.control.idle_stop_s - SLACK => Mode::Stopped,
            same => same,
        };
        if next != self.mode {
            self.enter(next);
        }
        if self.mode == Mode::Loaded {
            self.sump = 1.0;
        }
    }

    /// Time until the controller may switch, s, at most one step.
    fn until_switch_s(&self, drive: &Drive, delivery: f64) -> f64 {
        let rate = self.pressure_rate_bar_s(drive, delivery);
        let until = |target_bar: f64| {
            let time_s = (target_bar - self.pressure_bar) / rate;
            if time_s > 0.0 { time_s } else { f64::INFINITY }
        };
        match self.mode {
            Mode::Stopped if !drive.wanted => f64::INFINITY,
            Mode::Stopped if self.lockout_s > 0.0 => self.lockout_s,
            Mode::Stopped => until(self.control.load_bar),
            Mode::Starting => START_S - self.in_mode_s,
            Mode::Loaded => until(self.control.unload_bar).min(STEP_S),
            Mode::Unloaded => until(self.control.load_bar).min(self.control.idle_stop_s - self.in_mode_s).min(STEP_S),
        }
    }

    /// Bar per m3/min and second.
    fn pressure_gain(&self) -> f64 {
        1.013 / (60.0 * self.params.receiver_m3)
    }

    fn pressure_rate_bar_s(&self, drive: &Drive, delivery: f64) -> f64 {
        let below_bar = self.pressure_bar - self.control.load_bar;
        let taken = drive.demand_m3_min * (1.0 + NEIGHBOUR_SHARE_PER_BAR * below_bar).clamp(0.0, 1.0);
        (delivery - taken) * self.pressure_gain()
    }

    fn breathe(&mut self, drive: &Drive, delivery: f64, step_s: f64) {
        let overdrawn = delivery > 0.0 && drive.demand_m3_min > delivery && self.pressure_bar < self.control.load_bar;
        if overdrawn {
            // The neighbours' machines carry what this one cannot; the balance is stiff, hence the exact solution.
            let settles_bar = self.control.load_bar - (1.0 - delivery / drive.demand_m3_min) / NEIGHBOUR_SHARE_PER_BAR;
            let rate = NEIGHBOUR_SHARE_PER_BAR * drive.demand_m3_min * self.pressure_gain();
            self.pressure_bar = settles_bar + (self.pressure_bar - settles_bar) * (-rate * step_s).exp();
        } else {
            self.pressure_bar = (self.pressure_bar + self.pressure_rate_bar_s(drive, delivery) * step_s).max(0.0);
        }
    }

    /// Shaft power in the middle of a step of this length, kW.
    fn shaft_kw(&self, drive: &Drive, step_s: f64) -> f64 {
        let idle = self.params.unloaded_share + drive.unloaded_extra;
        match self.mode {
            Mode::Stopped => 0.0,
            Mode::Starting => self.params.shaft_kw * idle,
            Mode::Unloaded => {
                let sump = self.sump * (-0.5 * step_s / BLOW_DOWN_S).exp();
                self.params.shaft_kw * (idle + SUMP_SHARE * sump + drive.conditions.friction)
            }
            Mode::Loaded => loaded_shaft_kw(&self.params, &drive.conditions, self.pressure_bar, self.speed),
        }
    }

    fn heat(&mut self, drive: &Drive, cooler: &Cooler, delivery: f64, step_s: f64, meter: &mut Meter) {
        let running = self.mode != Mode::Stopped;
        let target = if running { valve_target(&self.params, drive.conditions.valve, self.oil_c) } else { 0.0 };
        // The lag is that of the wax element; a stuck valve is where it is.
        let follows =
            if drive.conditions.valve == Valve::Regulating { 1.0 - (-step_s / VALVE_LAG_S).exp() } else { 1.0 };
        self.valve += (target - self.valve) * follows;
        let cooling = if running { cooler.conductance_kw_k(self.valve) } else { 0.0 };
        let loss = self.params.wall_loss_kw_k + cooling + cooler.delivered_air_kw_k(delivery);
        let settles_c = drive.conditions.ambient_c + self.shaft_kw(drive, step_s) / loss;
        let capacity = self.params.metal_capacity_kj_k + self.params.oil_capacity_kj_k * drive.conditions.oil_charge;
        let before_c = self.oil_c;
        self.oil_c = settles_c + (self.oil_c - settles_c) * (-loss / capacity * step_s).exp();
        if self.mode == Mode::Unloaded {
            self.sump *= (-step_s / BLOW_DOWN_S).exp();
        }
        if running {
            self.run_s += step_s;
            meter.running_s += step_s;
        }
        if self.mode == Mode::Loaded {
            self.load_s += step_s;
            meter.loaded_s += step_s;
            meter.loaded_c_s += 0.5 * (before_c + self.oil_c) * step_s;
        }
    }
}
