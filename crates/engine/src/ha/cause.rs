//! Which fault explains the features: signatures of the catalogue, weighed against each other and against "other".

use foretell_model::{Alternative, Catalogue, FaultCode};

/// Named features of one machine on one day. What could not be computed is absent, and then speaks for nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Features {
    values: Vec<(&'static str, f64)>,
}

impl Features {
    pub(crate) fn set(&mut self, name: &'static str, value: Option<f64>) {
        self.values.extend(value.filter(|v| v.is_finite()).map(|v| (name, v)));
    }

    /// All but these.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        Self { values: self.values.iter().filter(|(name, _)| !names.contains(name)).copied().collect() }
    }

    /// All of them, each by its name.
    pub(crate) fn into_values(self) -> Vec<(&'static str, f64)> {
        self.values
    }

    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// Likelihood of each fault that explains a symptom, most likely first; with "other" they sum to 1.
pub(crate) fn likelihoods(catalogue: &Catalogue, symptom: &str, features: &Features) -> Vec<Alternative> {
    let scored: Vec<(&FaultCode, f64)> = catalogue
        .faults
        .iter()
        .filter(|fault| fault.explains(symptom))
        .map(|fault| {
            let terms = fault.signature.iter().filter_map(|term| {
                let feature = features.get(&term.feature)?;
                Some(term.weight * ((feature - term.center) / term.scale).clamp(-1.0, 1.0))
            });
            (&fault.code, (fault.prior + terms.sum::<f64>()).clamp(-50.0, 50.0))
        })
        .collect();
    // "Other" scores zero: exp(0) = 1.
    let total: f64 = 1.0 + scored.iter().map(|(_, score)| score.exp()).sum::<f64>();
    let mut likely: Vec<Alternative> = scored
        .into_iter()
        .map(|(fault, score)| Alternative { fault: fault.clone(), likelihood: score.exp() / total })
        .collect();
    likely.sort_by(|a, b| b.likelihood.total_cmp(&a.likelihood));
    likely
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(symptom: &str, features: &[(&'static str, f64)], expected_first: &str) {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let mut given = Features::default();
        features.iter().for_each(|&(name, value)| given.set(name, Some(value)));
        let likely = likelihoods(&catalogue, symptom, &given);
        let total: f64 = likely.iter().map(|a| a.likelihood).sum();
        assert!(total < 1.0, "\"other\" keeps a share");
        assert_eq!(likely[0].fault.as_str(), expected_first, "{symptom} {features:?}: {likely:?}");
    }

    #[test]
    fn signatures_name_what_the_matrix_of_the_field_names() {
        let hot = |more: &[(&'static str, f64)], expected: &str| {
            let mut features = vec![("discharge_excess_k", 6.0)];
            features.extend(more);
            check(Catalogue::DISCHARGE_HOT, &features, expected);
        };
        hot(&[("onset_step_share", 0.1), ("site_common_share", 0.0)], "cooler_clogging");
        hot(&[("onset_step_share", 0.95), ("site_common_share", 0.0)], "thermostatic_valve");
        hot(&[("onset_step_share", 0.1), ("site_common_share", 0.9)], "high_ambient");
        hot(&[("onset_step_share", 0.1)], "cooler_clogging");
        hot(&[("onset_step_share", 0.1), ("oil_filter_dp_change_bar", 0.0)], "cooler_clogging");
        hot(&[("onset_step_share", 0.1), ("oil_filter_dp_change_bar", 0.6)], "oil_filter_clogging");
        hot(
            &[("onset_step_share", 0.1), ("injection_gap_change_k", 4.0), ("oil_filter_dp_change_bar", 0.0)],
            "low_oil",
        );
        // The same kelvins in regulated hours, or at a cold machine: the sensor. One to one with the air at all hours: the valve.
        hot(&[("onset_step_share", 0.1), ("offset_log_ratio", 8.0)], "sensor_drift");
        hot(&[("onset_step_share", 0.1), ("offset_log_ratio", 2.0), ("soak_log_ratio", 3.0)], "sensor_drift");
        hot(&[("onset_step_share", 0.1), ("offset_log_ratio", -3.0), ("stuck_log_ratio", -2.0)], "cooler_clogging");
        hot(&[("onset_step_share", 0.7), ("stuck_log_ratio", 6.0)], "thermostatic_valve");
        // Days, not weeks, and unsteady.
        let quick = [("discharge_excess_pace_k_per_day", 2.5), ("discharge_ripple_change_k", 1.5)];
        let week = [("week_rise_k", 6.0), ("week_jump_share", 0.4)];
        hot(&[("onset_step_share", 0.3), quick[0], quick[1], week[0], week[1]], "low_oil");
        check("discharge_unsteady", &quick, "low_oil");
        // Within days, but not within one; a valve comes at once, and a machine that is merely unsteady has nothing.
        let within_days = [("week_rise_k", 9.0), ("week_jump_share", 0.4), ("discharge_ripple_change_k", 1.2)];
        hot(&[("onset_step_share", 0.3), within_days[0], within_days[1], within_days[2]], "low_oil");
        hot(
            &[("onset_step_share", 0.8), within_days[0], ("week_jump_share", 1.0), within_days[2]],
            "thermostatic_valve",
        );
        check("hot_excursions", &[("hot_excursions", 2.0), ("steady_hot_k", 0.0)], "cooling_fan");
        check(
            "hot_excursions",
            &[
                ("hot_excursions", 1.0),
                ("steady_hot_k", 8.0),
                ("onset_step_share", 0.9),
                ("discharge_excess_k", 9.0),
                ("stuck_log_ratio", 4.0),
            ],
            "thermostatic_valve",
        );
        // Overnight, although the trend is thought to be old: dirt does not come so, a valve sticks so.
        let young = [("onset_step_share", 0.0), ("week_rise_k", 9.0), ("week_jump_share", 1.0), ("steady_hot_k", 8.0)];
        hot(&[young[0], young[1], young[2], young[3], ("overnight_jump_k", 9.0)], "thermostatic_valve");
        // Too cold in cool hours and too hot in hot ones is stuck part-way, not open.
        check("cool_hours_cold", &[("valve_open_share", 0.9), ("steady_hot_k", 0.0)], "thermostatic_valve_open");
        check("cool_hours_cold", &[("valve_open_share", 0.7), ("steady_hot_k", 10.0)], "thermostatic_valve");
        let part_way = [("coolest_hour_c", 60.0), ("steady_hot_k", 10.0), ("discharge_excess_k", 8.0)];
        check("coolest_hour_cold", &part_way, "thermostatic_valve");
        check("coolest_hour_cold", &[("coolest_hour_c", 60.0), ("steady_hot_k", 0.0)], "thermostatic_valve_open");
        check("ambient_hot", &[("ambient_change_k", 7.0)], "high_ambient");
        check("room_hot", &[("common_discharge_change_k", 4.0)], "high_ambient");
        check("separator_dp_up", &[("separator_dp_change_bar", 0.4)], "separator_clogging");
        check("vibration_up", &[("vibration_change", 0.8)], "bearing_wear");
        check(
            "loaded_current_up",
            &[("loaded_current_change", 0.03), ("separator_dp_change_bar", 0.3)],
            "separator_clogging",
        );
        check("loaded_current_up", &[("loaded_current_change", 0.03), ("vibration_change", 0.7)], "bearing_wear");
        check("quiet_load_up", &[("quiet_load_change", 0.07), ("busy_load_change", 0.05)], "air_leak");
        check("unloaded_current_up", &[("unloaded_current_change", 0.12)], "inlet_valve");
    }
}
