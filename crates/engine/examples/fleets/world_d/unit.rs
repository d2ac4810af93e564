//! A machine as it was built: its oil's way, its cooler, its valve, its fan and its control.

use crate::cooler::cross_flow_kw_k;
use crate::rng::Rng;

/// How the cooler's fan is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fan {
    /// Whenever the machine runs.
    Fixed,
    /// By the discharge temperature, with an eighth of the air when off.
    OnOff,
    /// Its speed holds the discharge temperature.
    Controlled,
}

impl Fan {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fan fixed",
            Self::OnOff => "fan on and off",
            Self::Controlled => "fan of controlled speed",
        }
    }
}

/// What was built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    /// Shaft power at full load and nominal pressure, kW, and the share of it that the oil takes up.
    pub(crate) shaft_kw: f64,
    heat_share: f64,
    /// Heat capacities of the full flows of oil and of cooling air, kW/K.
    oil_kw_k: f64,
    air_kw_k: f64,
    /// Conductance of the clean cooler with both flows full, kW/K, and how much better its oil side conducts than its air side.
    cooler_kw_k: f64,
    oil_side: f64,
    /// Share of its excess over the room that the oil loses through walls on each round.
    walls: f64,
    /// The thermostatic valve begins to open here, degC, and is open so much higher, K.
    pub(crate) valve_c: f64,
    pub(crate) valve_span_k: f64,
    /// Lags of the oil while it runs round and while it stands, s.
    pub(crate) lag_s: f64,
    pub(crate) soak_s: f64,
    pub(crate) fan: Fan,
    /// Set point of a fan that is switched or controlled, degC.
    pub(crate) fan_set_c: f64,
    /// Whether the drive varies the speed; otherwise the machine loads and unloads.
    pub(crate) by_speed: bool,
    /// Least speed of such a drive, share of full.
    pub(crate) least_speed: f64,
    /// Shaft power when unloaded, share of full.
    pub(crate) unloaded: f64,
    /// Seconds in which the full flow lifts the net by one bar.
    pub(crate) net_s_bar: f64,
    /// Nominal pressure, and how far apart loading and unloading are, bar.
    pub(crate) nominal_bar: f64,
    pub(crate) band_bar: f64,
    /// Current at full load, A, and the share of it that magnetises.
    rated_a: f64,
    magnetising: f64,
    /// Unloaded time after which the machine stops, s.
    pub(crate) idle_off_s: f64,
    /// The controller stops the machine here, degC, and for so long, s.
    pub(crate) trip_c: f64,
    pub(crate) trip_s: f64,
    /// What a wholly covered face takes of the air's flow and of the conductance, shares.
    blocked: f64,
    covered: f64,
}

/// The cooling air behind the cooler's face, shares of the clean cooler's with its fan at full speed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draft {
    pub(crate) flow: f64,
    /// Conductance of the air's side that the dirt leaves at the same flow.
    left: f64,
}

impl Draft {
    /// At another speed of the fan, share.
    pub(crate) fn at(self, speed: f64) -> Self {
        Self { flow: self.flow * speed, ..self }
    }
}

impl Unit {
    /// All but the cooler, which [`Unit::size_cooler`] fits to the place. `controlled`: how many fans are switched or controlled.
    pub(crate) fn draw(rng: &mut Rng, by_speed: bool, controlled: f64) -> Self {
        let shaft_kw = rng.pick(&[22.0, 37.0, 45.0, 55.0, 75.0, 90.0, 110.0, 160.0, 250.0]);
        let valve_c = rng.pick(&[66.0, 71.0, 71.0, 74.0, 80.0]);
        let valve_span_k = rng.between(9.0, 15.0).min(89.0 - valve_c);
        let fan = if rng.chance(controlled) {
            if rng.chance(0.6) { Fan::Controlled } else { Fan::OnOff }
        } else {
            Fan::Fixed
        };
        Self {
            shaft_kw,
            heat_share: rng.between(0.74, 0.84),
            oil_kw_k: shaft_kw * rng.between(0.025, 0.036),
            air_kw_k: shaft_kw * rng.between(0.027, 0.046),
            cooler_kw_k: 0.0,
            oil_side: rng.between(2.0, 5.0),
            walls: rng.between(0.012, 0.03),
            valve_c,
            valve_span_k,
            lag_s: rng.between(60.0, 120.0),
            soak_s: 3600.0 * rng.between(1.5, 3.5),
            fan,
            fan_set_c: (valve_c + valve_span_k + rng.between(-3.0, 2.0)).min(86.0),
            by_speed,
            least_speed: rng.between(0.25, 0.4),
            unloaded: rng.between(0.24, 0.34),
            net_s_bar: rng.between(25.0, 70.0),
            nominal_bar: rng.pick(&[7.0, 7.3, 7.5, 8.0]),
            band_bar: rng.between(0.5, 0.9),
            rated_a: shaft_kw * 1.86 * rng.between(0.9, 1.05),
            magnetising: rng.between(0.36, 0.46),
            idle_off_s: rng.pick(&[f64::INFINITY, f64::INFINITY, 900.0]),
            trip_c: rng.pick(&[110.0, 112.0, 115.0, 118.0]),
            trip_s: 5400.0 + 900.0 * rng.pick(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            blocked: rng.between(0.7, 0.95),
            covered: rng.between(0.3, 0.6),
        }
    }

    /// Makes the cooler so large that a clean machine settles at `goal_c` in air of `hot_c` degC.
    pub(crate) fn size_cooler(&mut self, goal_c: f64, hot_c: f64, power: f64) {
        let (mut low, mut high) = (0.004 * self.shaft_kw, 0.2 * self.shaft_kw);
        for _ in 0..30 {
            self.cooler_kw_k = 0.5 * (low + high);
            if self.settled_c(hot_c, power, 0.0) > goal_c { low = self.cooler_kw_k } else { high = self.cooler_kw_k }
        }
    }

    /// Mean shaft power, share of full, when this share of the full flow is asked for.
    pub(crate) fn mean_power(&self, demand: f64) -> f64 {
        if self.by_speed { speed_power(demand) } else { demand + (1.0 - demand) * self.unloaded }
    }

    /// Air behind a face of which a share is covered, with a fan that reaches a share of its speed.
    pub(crate) fn draft(&self, fouling: f64, fan: f64) -> Draft {
        let flow = (1.0 - self.blocked * fouling.powf(1.25)) * fan;
        Draft { flow: flow.max(0.02), left: 1.0 - self.covered * fouling }
    }

    /// Heat that the cooler passes per kelvin between oil and air, kW/K; `oil`: flow through it, share of full.
    pub(crate) fn exchange_kw_k(&self, oil: f64, draft: Draft, air_c: f64) -> f64 {
        let density = 293.0 / (273.0 + air_c);
        let air_side = draft.left * draft.flow.powf(0.6) * (0.4 + 0.6 * density);
        let air_side_kw_k = self.cooler_kw_k * (1.0 + 1.0 / self.oil_side) * air_side;
        let oil_side_kw_k = self.cooler_kw_k * (1.0 + self.oil_side) * oil.sqrt().sqrt();
        let ua_kw_k = 1.0 / (1.0 / air_side_kw_k + 1.0 / oil_side_kw_k);
        cross_flow_kw_k(ua_kw_k, self.oil_kw_k * oil, self.air_kw_k * draft.flow * density)
    }

    /// Share of the oil that the valve sends through the cooler at a temperature, degC.
    pub(crate) fn valve(&self, oil_c: f64) -> f64 {
        ((oil_c - self.valve_c) / self.valve_span_k).clamp(0.03, 1.0)
    }

    /// How much hotter or colder the oil comes out of a round than it went in, K; `oil`: its flow, share of full, `passed_kw_k`: what
    /// the cooler passes, `power`: at the shaft, share of full.
    pub(crate) fn round_k(&self, over_air_k: f64, oil: f64, passed_kw_k: f64, power: f64) -> f64 {
        (self.heat_share * self.shaft_kw * power - passed_kw_k * over_air_k) / (self.oil_kw_k * oil)
            - self.walls * over_air_k
    }

    /// Where the discharge settles, degC, with the fan at full speed, in this air and with a share of the face covered.
    pub(crate) fn settled_c(&self, air_c: f64, power: f64, fouling: f64) -> f64 {
        let draft = self.draft(fouling, 1.0);
        let (mut low, mut high) = (air_c, air_c + 250.0);
        for _ in 0..32 {
            let oil_c = 0.5 * (low + high);
            let passed_kw_k = self.exchange_kw_k(self.valve(oil_c), draft, air_c);
            if self.round_k(oil_c - air_c, 1.0, passed_kw_k, power) > 0.0 { low = oil_c } else { high = oil_c }
        }
        0.5 * (low + high)
    }

    /// Motor current at a power, share of full: a motor on the net keeps its magnetising current, an inverter does not show it.
    pub(crate) fn current_a(&self, power: f64) -> f64 {
        if self.by_speed {
            return self.rated_a * (0.06 + 0.94 * power);
        }
        let idle = self.magnetising.powi(2);
        self.rated_a * ((1.0 - idle) * power * power + idle).sqrt()
    }
}

/// Shaft power of a speed-controlled machine at a speed, shares of full.
pub(crate) fn speed_power(speed: f64) -> f64 {
    0.06 + 0.94 * speed * (0.93 + 0.07 * speed)
}
