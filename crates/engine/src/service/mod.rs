//! Work on a machine: what is due by its own running hours, what a job achieved, and what waste costs.

pub(crate) mod due;
pub(crate) mod effect;
pub(crate) mod figures;
pub(crate) mod pace;
mod yardstick;

use foretell_model::{Catalogue, EnergyProfile};
use serde::{Deserialize, Serialize};

use effect::Pending;
use pace::Pace;

/// Work that changes the thermal normal, after which the baseline is learned anew. Oil, filters and a regular service are not among
/// it: they move it by a kelvin or two, if at all, while what a cooler has lost meanwhile would be learned as its normal. Where a
/// service did clean the cooler, the machine runs cooler from that day on, and that is seen.
const THERMAL_WORK: [&str; 4] = ["cooler_cleaned", "thermostatic_valve_replaced", "fan_repaired", "sensor_replaced"];
/// Kinds of work remembered per machine; the catalogue has fewer.
const KINDS_MAX: usize = 32;
/// Weight of the newest reading in the learned power per current.
const NEWEST: f32 = 0.002;

/// What is known of past work and of the machine's use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Service {
    /// Work and our own hour count when it was last done.
    done: Vec<(String, f64)>,
    pub(crate) pending: Option<Box<Pending>>,
    pub(crate) pace: Pace,
    /// Power over current while loaded, where power is measured, kW/A; 0 until then.
    kw_per_a: f32,
}

/// Whether the baseline must be learned anew after this work.
pub(crate) fn is_thermal(work: &str) -> bool {
    THERMAL_WORK.contains(&work)
}

impl Service {
    /// Notes that work was done when our own hour count was `counted_h`.
    pub(crate) fn report(&mut self, work: &str, counted_h: f64) {
        if let Some((_, at_h)) = self.done.iter_mut().find(|(known, _)| known == work) {
            *at_h = counted_h;
        } else if self.done.len() < KINDS_MAX {
            self.done.push((work.to_owned(), counted_h));
        }
    }

    /// Running hours since the oil was last changed over their interval; `None` when no change was ever reported.
    pub(crate) fn oil_hours_share(&self, catalogue: &Catalogue, counted_h: f64) -> Option<f64> {
        let interval_h = catalogue.actions.get("oil_changed")?.interval_h.filter(|h| *h > 0.0)?;
        Some(self.since_h("oil_changed", None, counted_h)? / interval_h)
    }

    /// Running hours since the work, or since other work that includes it.
    fn since_h(&self, work: &str, included_in: Option<&str>, counted_h: f64) -> Option<f64> {
        let last = |code: &str| self.done.iter().find(|(known, _)| known == code).map(|(_, at_h)| *at_h);
        let at_h = match (last(work), included_in.and_then(last)) {
            (Some(own), Some(full)) => Some(own.max(full)),
            (own, full) => own.or(full),
        }?;
        Some(counted_h - at_h)
    }

    /// Learns power per current from a loaded reading that brings both.
    pub(crate) fn learn_power(&mut self, power_kw: f64, amps_a: f32) {
        let kw_per_a = power_kw as f32 / amps_a.max(0.1);
        let weight = if self.kw_per_a == 0.0 { 1.0 } else { NEWEST };
        self.kw_per_a += weight * (kw_per_a - self.kw_per_a);
    }

    /// The profile with the power factor that this machine's own power meter shows, where it has one.
    pub(crate) fn energy(&self, profile: &EnergyProfile) -> EnergyProfile {
        let own = f64::from(self.kw_per_a) * 1000.0 / (3.0_f64.sqrt() * profile.voltage_v);
        // Beyond these it is the voltage, or the unit of the power, that is not as configured.
        let sound = (0.4..=1.0).contains(&own);
        EnergyProfile { cos_phi: if sound { own } else { profile.cos_phi }, ..*profile }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_meter_overrules_the_name_plate() {
        let profile = EnergyProfile::default();
        let mut service = Service::default();
        assert_eq!(service.energy(&profile), profile);
        for _ in 0..100 {
            service.learn_power(80.0, 150.0);
        }
        assert!((service.energy(&profile).cos_phi - 0.810).abs() < 0.001);
        let mut wrong = Service::default();
        wrong.learn_power(8000.0, 150.0);
        assert_eq!(wrong.energy(&profile), profile, "a wrong unit changes nothing");
    }
}
