//! The heat balance: cross-flow cooler, thermostatic valve, steady state.

use super::{C_OIL, CP_AIR, Params};

/// Share of the cooling air that still moves through the block when the fan stands still (draught and the drop of the
/// duct); calibrated so that a machine at full load and 25 degC needs about 214 s from the fan's stop to 110 degC.
pub const FAN_OFF_AIR_FLOW: f64 = 0.12;

/// Share of the oil that reaches the cooler even with the valve shut.
const VALVE_LEAK: f64 = 0.02;

/// Density of air at 20 degC, kg/m3.
const AIR_DENSITY_KG_M3: f64 = 1.19;

/// What the thermostatic valve does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Valve {
    /// Follows the oil temperature.
    Regulating,
    /// Keeps this share of the oil on the way to the cooler, 0-1.
    Stuck(f64),
}

/// What surrounds and ails a machine at one moment. `Default` is a clean machine at 20 degC and 7.5 bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// Cooling-air inlet temperature, degC.
    pub ambient_c: f64,
    /// Loss of heat transfer by dirt, `1 - UA/UA_clean` at full air flow, 0 to 0.9.
    pub ua_loss: f64,
    /// Cooling air as a share of a clean, running fan's, 0-1.
    pub air_flow: f64,
    /// Oil flow as a share of the rated one, 0-1.
    pub oil_flow: f64,
    /// Oil charge as a share of a full one, 0-1.
    pub oil_charge: f64,
    /// The thermostatic valve.
    pub valve: Valve,
    /// Differential pressure across the separator above a new element's, bar.
    pub separator_dp_bar: f64,
    /// Extra mechanical losses as a share of shaft power.
    pub friction: f64,
    /// Delivery as a share of the rated one (a clogged intake filter lowers it).
    pub delivery: f64,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            ambient_c: 20.0,
            ua_loss: 0.0,
            air_flow: 1.0,
            oil_flow: 1.0,
            oil_charge: 1.0,
            valve: Valve::Regulating,
            separator_dp_bar: 0.0,
            friction: 0.0,
            delivery: 1.0,
        }
    }
}

/// The cooling circuit under fixed conditions; only oil temperature and valve move.
#[derive(Clone, Copy, Debug)]
pub struct Cooler {
    ua_kw_k: f64,
    air_kw_k: f64,
    oil_kw_k: f64,
    density: f64,
}

impl Cooler {
    /// The circuit of a machine under conditions.
    #[must_use]
    pub fn new(params: &Params, conditions: &Conditions) -> Self {
        let density = 293.15 / (273.15 + conditions.ambient_c);
        let air_flow = conditions.air_flow.max(0.01);
        let loss = conditions.ua_loss.clamp(0.0, 0.95);
        let phi = loss / (1.0 - loss);
        Self {
            ua_kw_k: params.ua_clean_kw_k / (0.6 * (air_flow * density).powf(-0.6) + 0.4 + phi),
            air_kw_k: params.cooling_air_kg_s * CP_AIR * density * air_flow,
            oil_kw_k: params.oil_flow_kg_s * C_OIL * conditions.oil_flow.max(0.05),
            density,
        }
    }

    /// Heat taken by the cooler per kelvin between oil and cooling air, kW/K, at a valve position 0-1.
    ///
    /// `eps * Cmin` of a cross-flow exchanger, both sides unmixed.
    #[must_use]
    pub fn conductance_kw_k(&self, valve: f64) -> f64 {
        let hot = self.oil_kw_k * valve.clamp(VALVE_LEAK, 1.0);
        let (least, most) = if hot < self.air_kw_k { (hot, self.air_kw_k) } else { (self.air_kw_k, hot) };
        let (ratio, ntu) = (least / most, self.ua_kw_k / least);
        let root = ntu.powf(0.22);
        least * (1.0 - (root / ratio * ((-ratio * ntu / root).exp() - 1.0)).exp())
    }

    /// Heat carried off by the compressed air per kelvin, kW/K, at a delivery in m3/min.
    #[must_use]
    pub fn delivered_air_kw_k(&self, delivery_m3_min: f64) -> f64 {
        delivery_m3_min / 60.0 * AIR_DENSITY_KG_M3 * self.density * CP_AIR
    }

    /// Oil temperature after the cooler and the mixing point, degC.
    #[must_use]
    pub fn injection_c(&self, oil_c: f64, ambient_c: f64, valve: f64) -> f64 {
        oil_c - self.conductance_kw_k(valve) * (oil_c - ambient_c) / self.oil_kw_k
    }
}

/// Where the valve wants to be at an oil temperature, 0-1.
#[must_use]
pub(super) fn valve_target(params: &Params, valve: Valve, oil_c: f64) -> f64 {
    match valve {
        Valve::Stuck(position) => position.clamp(VALVE_LEAK, 1.0),
        Valve::Regulating => {
            let span = params.valve_full_c - params.valve_opens_c;
            VALVE_LEAK + (1.0 - VALVE_LEAK) * ((oil_c - params.valve_opens_c) / span).clamp(0.0, 1.0)
        }
    }
}

/// Shaft power when loaded, kW, at a line pressure (bar gauge) and a speed share (1 unless variable speed).
#[must_use]
pub(super) fn loaded_shaft_kw(params: &Params, conditions: &Conditions, pressure_bar: f64, speed: f64) -> f64 {
    let pressure = 0.065 * (pressure_bar - params.reference_bar);
    let separator = 0.0725 * conditions.separator_dp_bar;
    // Less air compressed needs less work, but not in proportion: losses stay.
    let delivery = 0.5 * (1.0 - conditions.delivery);
    // A slowed air end keeps its idle losses.
    let turned = 0.12 + 0.88 * speed;
    params.shaft_kw * (1.0 + pressure + separator + conditions.friction - delivery) * turned
}

/// Where a machine settles when loaded for long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steady {
    /// Discharge temperature, degC.
    pub discharge_c: f64,
    /// Oil temperature after the cooler, degC.
    pub injection_c: f64,
    /// Valve position, 0-1.
    pub valve: f64,
}

/// The steady state at full load and a line pressure (bar gauge), found by bisection: the heat balance falls strictly
/// with temperature, so the root is single.
#[must_use]
pub fn steady_state(params: &Params, conditions: &Conditions, pressure_bar: f64) -> Steady {
    let cooler = Cooler::new(params, conditions);
    let shaft = loaded_shaft_kw(params, conditions, pressure_bar, 1.0);
    let air = cooler.delivered_air_kw_k(params.fad_m3_min * conditions.delivery);
    let surplus_kw = |oil_c: f64| {
        let cooling = cooler.conductance_kw_k(valve_target(params, conditions.valve, oil_c));
        shaft - (air + params.wall_loss_kw_k + cooling) * (oil_c - conditions.ambient_c)
    };
    let (mut low, mut high) = (conditions.ambient_c, conditions.ambient_c + 500.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if surplus_kw(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    let valve = valve_target(params, conditions.valve, low);
    Steady { discharge_c: low, injection_c: cooler.injection_c(low, conditions.ambient_c, valve), valve }
}
