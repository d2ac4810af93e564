//! What is configured about one machine.

use std::fmt;

/// Temperatures between which a loaded machine should run, and at which the controller warns and stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Discharge temperature below which no thermostatic valve lets a loaded, warm machine run, degC; 0 of one without a lower
    /// limit. In warm and humid air the dew point of the compressed air may ask for more.
    pub low_c: f64,
    /// Discharge temperature that a forecast predicts the crossing of, degC. Common controllers pre-alarm at 105.
    pub warn_c: f64,
    /// Discharge temperature at which the controller stops the machine, degC.
    pub trip_c: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { low_c: 65.0, warn_c: 105.0, trip_c: 110.0 }
    }
}

/// A currency by its ISO 4217 code: three capital letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The yuan.
    pub const CNY: Self = Self(*b"CNY");

    /// Keeps a code, if it has the form of one.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        let letters: [u8; 3] = code.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A currency by its ISO 4217 code, as prose in a language (`zh-CN` or `en`) names it; the code where it has no name here.
#[must_use]
pub fn currency_name<'a>(code: &'a str, language: &str) -> &'a str {
    const NAMES: &[(&str, &str, &str)] =
        &[("CNY", "yuan", "元"), ("EUR", "euros", "欧元"), ("GBP", "pounds", "英镑"), ("USD", "US dollars", "美元")];
    let known = NAMES.iter().find(|(known, ..)| *known == code);
    known.map_or(code, |(_, en, zh)| if language.starts_with("zh") { zh } else { en })
}

/// What turns a machine's current into power, air and money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyProfile {
    /// What a kilowatt-hour costs, in [`EnergyProfile::currency`]. 0.80 yuan is common for Chinese industry; a plant's own
    /// contract belongs in the configuration.
    pub tariff_per_kwh: f64,
    /// Of the tariff.
    pub currency: Currency,
    /// Line-to-line supply voltage, V.
    pub voltage_v: f64,
    /// Power factor of the motor at full load, 0 to 1; name plates of 15 to 250 kW motors say 0.85 to 0.90.
    pub cos_phi: f64,
    /// Free air delivery at full load (ISO 1217 Annex C), m3/min; without it, it is estimated from the power.
    pub fad_m3_min: Option<f64>,
}

impl Default for EnergyProfile {
    fn default() -> Self {
        Self { tariff_per_kwh: 0.80, currency: Currency::CNY, voltage_v: 380.0, cos_phi: 0.88, fad_m3_min: None }
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
    /// Its supply and what energy costs there.
    pub energy: EnergyProfile,
}

#[cfg(test)]
mod tests {
    use super::Currency;

    #[test]
    fn a_currency_is_three_capitals() {
        for (code, sound) in [("CNY", true), ("EUR", true), ("cny", false), ("YUAN", false), ("€", false), ("", false)]
        {
            assert_eq!(Currency::new(code).is_some(), sound, "{code}");
        }
        assert_eq!(Currency::CNY.to_string(), "CNY");
    }
}
