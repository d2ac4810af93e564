//! What an air-blown oil cooler passes, as the worlds with a cross-flow cooler reckon it.

/// Heat that a cross-flow cooler, both streams unmixed, passes per kelvin between its two inlets, kW/K: of its conductance and of the
/// heat capacities of the oil's and of the air's flow, all kW/K.
pub(crate) fn cross_flow_kw_k(ua_kw_k: f64, oil_kw_k: f64, air_kw_k: f64) -> f64 {
    let (least, most) = (oil_kw_k.min(air_kw_k), oil_kw_k.max(air_kw_k));
    let (ratio, units) = (least / most, ua_kw_k / least);
    let effectiveness = 1.0 - ((units.powf(0.22) / ratio) * ((-ratio * units.powf(0.78)).exp() - 1.0)).exp();
    effectiveness * least
}
