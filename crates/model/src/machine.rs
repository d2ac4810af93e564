//! What is configured about one machine.

/// Temperatures at which the controller warns and stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Discharge temperature that a forecast predicts the crossing of, degC. Common controllers pre-alarm at 105.
    pub warn_c: f64,
    /// Discharge temperature at which the controller stops the machine, degC.
    pub trip_c: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { warn_c: 105.0, trip_c: 110.0 }
    }
}

/// What is known about a machine before its first reading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MachineProfile {
    /// Where it warns and trips.
    pub limits: Limits,
    /// Latitude of its site in degrees north, for the season; `None` when not configured.
    pub latitude_deg: Option<f64>,
    /// Rated motor power, kW; `None` when not configured.
    pub rated_kw: Option<f64>,
}
