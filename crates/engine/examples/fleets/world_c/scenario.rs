//! What happens on a site of this world: one scenario each.

use crate::fleet::Kind;

/// A scenario and what its machines suffer from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Code of the fault that its machines get; empty where they get none.
    pub(crate) fault: &'static str,
}

const fn clog(name: &'static str) -> Scenario {
    Scenario { name, kind: Kind::Failing, fault: "cooler_clogging" }
}

const fn ill(name: &'static str, fault: &'static str) -> Scenario {
    Scenario { name, kind: Kind::Ailing, fault }
}

const fn sound(name: &'static str) -> Scenario {
    Scenario { name, kind: Kind::Healthy, fault: "" }
}

/// All of them. A site's number is its scenario's place here.
pub(crate) const SCENARIOS: [Scenario; 47] = [
    clog("clog_linear"),
    clog("clog_accel"),
    clog("clog_sat"),
    clog("clog_below"),
    clog("clog_step"),
    clog("clog_pollen"),
    clog("clog_vsd"),
    clog("clog_fast"),
    clog("clog_poor"),
    clog("clog_1min"),
    clog("clog_siblings"),
    clog("clog_10s"),
    ill("f_valve_closed", "thermostatic_valve"),
    ill("f_valve_part", "thermostatic_valve"),
    ill("f_valve_open", "thermostatic_valve_open"),
    ill("f_fan_intermittent", "cooling_fan"),
    ill("f_fan_fail", "cooling_fan"),
    ill("f_low_oil", "low_oil"),
    ill("f_oil_filter", "oil_filter_clogging"),
    ill("f_separator", "separator_clogging"),
    ill("f_intake", "intake_filter_clogging"),
    ill("f_bearing", "bearing_wear"),
    ill("f_leak", "air_leak"),
    ill("f_sensor_drift", "sensor_drift"),
    ill("f_sensor_stuck", "sensor_stuck"),
    ill("f_sensor_dropout", "sensor_dropout"),
    ill("f_imbalance", "phase_imbalance"),
    sound("h_plain"),
    sound("h_heat_wave"),
    sound("h_hot_room"),
    sound("h_duct_removed"),
    sound("h_pressure_up"),
    sound("h_pressure_down"),
    sound("h_valve_lower"),
    sound("h_valve_higher"),
    sound("h_fanset_lower"),
    sound("h_fanset_higher"),
    sound("h_vsd_range"),
    sound("h_new_shift"),
    sound("h_new_consumer"),
    sound("h_cleaned_silently"),
    sound("h_ageing"),
    sound("h_maintenance"),
    sound("h_hot_restart"),
    sound("h_holidays"),
    sound("h_sensor_offset"),
    sound("h_clock"),
];

impl Scenario {
    /// Whether its name is one of these.
    pub(crate) fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.name)
    }
}
