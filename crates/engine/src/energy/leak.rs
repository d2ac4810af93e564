//! What a leak loses: the duty that remains when nobody uses air, as flow, power and money.

use foretell_model::EnergyProfile;

use super::{Estimate, HOURS_PER_YEAR};

/// Package power per delivery at full load, kW per m3/min: 6.3 to 6.7 for good machines of 37 to 250 kW at 7.5 bar; the
/// spread covers worse ones and other pressures.
const SPECIFIC_KW: (f64, f64) = (6.6, 0.7);
/// Density of air at 20 degC and 1 bar, kg/m3, as deliveries are stated (ISO 1217).
const AIR_KG_M3: f64 = 1.19;

/// What is known when a leak is to be priced.
#[derive(Clone, Copy, Debug)]
pub struct LeakObservation {
    /// Share of the time loaded while no air is used (or its rise over what was usual), 0 to 1: the no-production load
    /// test `t_load / (t_load + t_unload)`, taken from the quietest hours.
    pub duty: Estimate,
    /// Power drawn loaded, kW.
    pub loaded_kw: Estimate,
    /// Power drawn in those hours while not loaded, kW: the unloaded power, or nought for a machine that stops.
    pub idle_kw: Estimate,
    /// Share of the year in which the network stands under pressure, 0 to 1; it leaks whenever it does.
    pub pressurised: f64,
}

/// What a leak loses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeakFigures {
    /// Air lost, m3/min at intake conditions.
    pub flow_m3_min: Estimate,
    /// Mean power that making this air takes, kW.
    pub kw: Estimate,
    /// What that costs in a year, in the profile's currency.
    pub cost_per_year: Estimate,
}

/// Prices a leak.
///
/// Flow is duty times delivery: the configured one (ISO 1217, 5 %), or else loaded power over 6.6 kW per m3/min (11 %).
/// Power is what closing the leak saves: duty times the difference between loaded and idle power, because a machine that
/// is not loaded goes on idling.
#[must_use]
pub fn leak(seen: &LeakObservation, profile: &EnergyProfile) -> LeakFigures {
    let (specific, specific_sd) = SPECIFIC_KW;
    let delivery = profile.fad_m3_min.map_or_else(
        || seen.loaded_kw.times(Estimate::relative(1.0 / specific, specific_sd / specific)),
        |m3_min| Estimate::relative(m3_min, 0.05),
    );
    let kw = seen.duty.times(seen.loaded_kw.minus(seen.idle_kw));
    LeakFigures {
        flow_m3_min: seen.duty.times(delivery),
        kw,
        cost_per_year: kw.scaled(seen.pressurised.clamp(0.0, 1.0) * HOURS_PER_YEAR * profile.tariff_per_kwh),
    }
}

/// Diameter of the one round hole that would lose as much, mm: choked flow through a sharp edge,
/// `m = 0.65 A p sqrt(1.4 / (287 T)) 0.5787` with `T` = 293 K and `p` absolute.
#[must_use]
pub fn hole_mm(flow_m3_min: f64, gauge_bar: f64) -> f64 {
    let kg_s = flow_m3_min.max(0.0) / 60.0 * AIR_KG_M3;
    let per_m2 = 0.65 * (gauge_bar + 1.013) * 1e5 * (1.4_f64 / (287.0 * 293.0)).sqrt() * 0.5787;
    2000.0 * (kg_s / per_m2 / std::f64::consts::PI).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_of_the_book() {
        for (mm, m3_min) in [(1.0, 0.05), (1.5, 0.11), (2.0, 0.19), (3.0, 0.44), (5.0, 1.22)] {
            let got = hole_mm(m3_min, 7.0);
            assert!((got / mm - 1.0).abs() < 0.03, "{m3_min} m3/min: {got:.2} mm, the book says {mm}");
        }
        assert_eq!(hole_mm(-1.0, 7.0), 0.0);
    }

    fn check(duty: f64, fad_m3_min: Option<f64>, expected: (f64, f64, f64)) {
        let profile = EnergyProfile { fad_m3_min, ..EnergyProfile::default() };
        let seen = LeakObservation {
            duty: Estimate::new(duty, 0.005),
            loaded_kw: Estimate::relative(88.5, 0.04),
            idle_kw: Estimate::default(),
            pressurised: 8000.0 / HOURS_PER_YEAR,
        };
        let got = leak(&seen, &profile);
        let close = |got: Estimate, expected: f64| (got.value / expected - 1.0).abs() < 0.05 && got.sd > 0.0;
        assert!(
            close(got.flow_m3_min, expected.0) && close(got.kw, expected.1) && close(got.cost_per_year, expected.2),
            "{got:?}"
        );
    }

    #[test]
    fn half_a_cubic_metre_of_a_75_kw_machine() {
        // 0.5 of 13.6 m3/min is 3.7 points of duty.
        check(0.037, Some(13.6), (0.5, 3.27, 20_960.0));
        check(0.037, None, (0.5, 3.27, 20_960.0));
    }

    #[test]
    fn idling_costs_are_not_the_leaks() {
        let seen = LeakObservation {
            duty: Estimate::new(0.1, 0.01),
            loaded_kw: Estimate::new(88.0, 2.0),
            idle_kw: Estimate::new(24.0, 2.0),
            pressurised: 1.0,
        };
        assert!((leak(&seen, &EnergyProfile::default()).kw.value - 6.4).abs() < 1e-9);
    }
}
