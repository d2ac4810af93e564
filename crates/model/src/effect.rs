//! When a change after a job may be told as what the job did. Engine, letters and pages ask here and nowhere else, so that
//! no two of them can say different things of the same figure.

use crate::{Evidence, Finding};

/// What a job may change, by the name of its evidence, and the least change that is more than what a machine does by itself,
/// in the unit of the evidence. What the job was for comes first.
const CHANGES: [(&str, f64); 6] = [
    ("discharge_change_k", 1.0),
    ("leak_flow_change_m3_min", 0.02),
    ("loaded_current_change_a", 1.0),
    ("unloaded_share_change", 0.01),
    ("power_change_kw", 0.2),
    ("cost_change_per_month", 20.0),
];

/// Work whose purpose shows in a figure, and in which: only of these is "no effect" a finding and not a truism, and only when
/// that very figure was compared.
const SHOWS: [(&str, &str); 7] = [
    ("cooler_cleaned", "discharge_change_k"),
    ("thermostatic_valve_replaced", "discharge_change_k"),
    ("oil_topped_up", "discharge_change_k"),
    ("fan_repaired", "discharge_change_k"),
    ("separator_replaced", "loaded_current_change_a"),
    ("inlet_valve_serviced", "unloaded_share_change"),
    ("leak_surveyed", "leak_flow_change_m3_min"),
];

/// A change after a job, after minus before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change<'a> {
    /// The most likely value.
    pub value: f64,
    /// Twice its standard deviation: what holds in 95 of 100 cases. Not negative.
    pub half: f64,
    /// Unit of both, UCUM or an ISO 4217 code.
    pub unit: &'a str,
    /// The least that is worth telling, same unit.
    least: f64,
}

impl Change<'_> {
    /// Whether it is clear of nought and large enough to be told.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.value.abs() > self.half && self.value.abs() >= self.least
    }
}

/// Whether a change of this evidence with this `sd`, in the same unit, is clear of nought and large enough to be told.
#[must_use]
pub fn is_told(feature: &str, value: f64, sd: f64) -> bool {
    change(feature, value, 2.0 * sd, "").is_some_and(|change| change.is_told())
}

fn change<'a>(feature: &str, value: f64, half: f64, unit: &'a str) -> Option<Change<'a>> {
    let (_, least) = *CHANGES.iter().find(|(known, _)| *known == feature)?;
    (value.is_finite() && half.is_finite() && half >= 0.0).then_some(Change { value, half, unit, least })
}

impl Finding {
    /// One of the changes that a `maintenance_effect` measured, by the name of its evidence; `None` when it was not looked at,
    /// or when its uncertainty is not known.
    #[must_use]
    pub fn change(&self, feature: &str) -> Option<Change<'_>> {
        let of = |name: &str| self.evidence.iter().find(|item: &&Evidence| item.feature == name);
        let (known, sd) = (of(feature)?, of(&format!("{feature}_sd"))?);
        change(feature, known.value, 2.0 * sd.value, &known.unit)
    }

    /// Of a `maintenance_effect` whether the figure that the work was for was compared at all: without it nobody can say that the
    /// work has not helped. `None` for work whose purpose shows in no figure.
    #[must_use]
    pub fn purpose_compared(&self) -> Option<bool> {
        let (_, feature) = SHOWS.iter().find(|(work, _)| *work == self.fault.as_str())?;
        Some(self.change(feature).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_when_it_is_clear_and_worth_telling() {
        for (feature, value, sd, told) in [
            ("discharge_change_k", -2.8, 0.6, true),
            ("discharge_change_k", 2.8, 0.6, true),
            // The figure that one page called "about 1 °C cooler" and the letter "no effect".
            ("discharge_change_k", -1.388, 0.708, false),
            // Clear, yet no more than a machine does by itself.
            ("discharge_change_k", -0.6, 0.1, false),
            ("loaded_current_change_a", -6.0, 0.5, true),
            ("cost_change_per_month", -19.0, 1.0, false),
            ("discharge_change_k", f64::NAN, 0.1, false),
            ("discharge_change_k", -5.0, f64::NAN, false),
            ("anything_else", -5.0, 0.1, false),
        ] {
            assert_eq!(is_told(feature, value, sd), told, "{feature} {value} ±{sd}");
        }
    }
}
