//! What a machine of a given size is made of.

/// The constants of one machine. Units are at the end of each name; flows of air are free air delivery (20 degC, 1 bar).
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Rated motor power.
    pub rated_kw: f64,
    /// Shaft power at full load and reference pressure, service factor included.
    pub shaft_kw: f64,
    /// Motor efficiency, 0-1.
    pub efficiency: f64,
    /// Power factor at full load, 0-1.
    pub power_factor: f64,
    /// Free air delivery at 7.5 bar.
    pub fad_m3_min: f64,
    /// Fan power.
    pub fan_kw: f64,
    /// Cooling air through a clean cooler at 20 degC.
    pub cooling_air_kg_s: f64,
    /// Oil circulated.
    pub oil_flow_kg_s: f64,
    /// Heat transfer of the clean oil cooler at 20 degC.
    pub ua_clean_kw_k: f64,
    /// Heat lost through the walls.
    pub wall_loss_kw_k: f64,
    /// Heat capacity of the oil charge.
    pub oil_capacity_kj_k: f64,
    /// Heat capacity of the metal that follows the oil.
    pub metal_capacity_kj_k: f64,
    /// Air volume behind the machine: receiver and pipes.
    pub receiver_m3: f64,
    /// Line voltage between phases.
    pub voltage_v: f64,
    /// Magnetising current as a share of the rated current, 0-1.
    pub magnetising_share: f64,
    /// Shaft power when unloaded and blown down, as a share of full load.
    pub unloaded_share: f64,
    /// Oil temperature at which the thermostatic valve begins to open to the cooler.
    pub valve_opens_c: f64,
    /// Oil temperature at which it is fully open to the cooler.
    pub valve_full_c: f64,
    /// Pressure at which shaft power and delivery are stated.
    pub reference_bar: f64,
}

/// How one machine differs from the book, as factors around 1; keeps an analysis from being tuned to one set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trim {
    /// On the cooler's heat transfer.
    pub ua: f64,
    /// On shaft power.
    pub shaft: f64,
    /// On the heat capacities.
    pub capacity: f64,
    /// On oil flow.
    pub oil_flow: f64,
    /// On cooling air.
    pub air_flow: f64,
    /// On receiver and pipe volume.
    pub receiver: f64,
    /// Added to the valve's temperatures, K (8 for an 82 degC element).
    pub valve_shift_k: f64,
}

impl Default for Trim {
    fn default() -> Self {
        Self { ua: 1.0, shaft: 1.0, capacity: 1.0, oil_flow: 1.0, air_flow: 1.0, receiver: 1.0, valve_shift_k: 0.0 }
    }
}

/// One row per known size: kW, shaft kW, efficiency, power factor, m3/min, fan kW, cooling air kg/s, oil kg/s, UA kW/K,
/// wall kW/K, oil kJ/K, metal kJ/K, receiver m3.
const KNOWN: [[f64; 13]; 3] = [
    [37.0, 40.5, 0.935, 0.86, 6.6, 1.1, 1.30, 0.60, 1.288, 0.025, 38.0, 120.0, 1.0],
    [75.0, 82.0, 0.950, 0.87, 13.6, 2.2, 2.60, 1.20, 2.649, 0.045, 75.0, 240.0, 2.0],
    [250.0, 272.0, 0.962, 0.89, 46.0, 9.0, 8.70, 4.00, 8.82, 0.110, 240.0, 800.0, 6.0],
];

impl Params {
    /// The machine of a rated power (kW, 4 to 630), interpolated between the known sizes on logarithmic scales and
    /// extended beyond them along the nearest segment.
    #[must_use]
    pub fn rated(rated_kw: f64) -> Self {
        let kw = rated_kw.clamp(4.0, 630.0);
        let (low, high) = if kw <= KNOWN[1][0] { (KNOWN[0], KNOWN[1]) } else { (KNOWN[1], KNOWN[2]) };
        let share = (kw / low[0]).ln() / (high[0] / low[0]).ln();
        let scaled = |column: usize| low[column] * ((high[column] / low[column]).ln() * share).exp();
        let bounded = |column: usize| scaled(column).clamp(KNOWN[0][column] * 0.97, KNOWN[2][column] * 1.01);
        Self {
            rated_kw: kw,
            shaft_kw: scaled(1),
            efficiency: bounded(2),
            power_factor: bounded(3),
            fad_m3_min: scaled(4),
            fan_kw: scaled(5),
            cooling_air_kg_s: scaled(6),
            oil_flow_kg_s: scaled(7),
            ua_clean_kw_k: scaled(8),
            wall_loss_kw_k: scaled(9),
            oil_capacity_kj_k: scaled(10),
            metal_capacity_kj_k: scaled(11),
            receiver_m3: scaled(12),
            voltage_v: 380.0,
            magnetising_share: 0.45,
            unloaded_share: 0.28,
            valve_opens_c: 71.0,
            valve_full_c: 84.0,
            reference_bar: 7.5,
        }
    }

    /// The same machine with its own deviations from the book.
    #[must_use]
    pub fn trimmed(mut self, trim: &Trim) -> Self {
        self.ua_clean_kw_k *= trim.ua;
        self.shaft_kw *= trim.shaft;
        self.oil_capacity_kj_k *= trim.capacity;
        self.metal_capacity_kj_k *= trim.capacity;
        self.oil_flow_kg_s *= trim.oil_flow;
        self.cooling_air_kg_s *= trim.air_flow;
        self.receiver_m3 *= trim.receiver;
        self.valve_opens_c += trim.valve_shift_k;
        self.valve_full_c += trim.valve_shift_k;
        self
    }

    /// Motor current at full load, A.
    #[must_use]
    pub fn rated_current_a(&self) -> f64 {
        self.shaft_kw * 1000.0 / (self.efficiency * 3.0_f64.sqrt() * self.voltage_v * self.power_factor)
    }

    /// Motor current at a shaft power, A.
    ///
    /// The magnetising current stays when the load goes, so the current falls less than the power. The exponent is
    /// chosen so that around full load current is proportional to power (+1 % power, +1 % current), as measured.
    #[must_use]
    pub fn current_a(&self, shaft_kw: f64) -> f64 {
        let magnetising = self.magnetising_share * self.magnetising_share;
        let exponent = 2.0 / (1.0 - magnetising);
        let load = (shaft_kw / self.shaft_kw).max(0.0);
        self.rated_current_a() * (magnetising + (1.0 - magnetising) * load.powf(exponent)).sqrt()
    }
}
