//! Units that foreign sources use, as a scale and an offset to the signal's own unit.

use foretell_model::Signal;

/// `own = foreign * scale + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Linear {
    pub(crate) scale: f64,
    pub(crate) offset: f64,
}

impl Linear {
    /// Leaves a value as it is.
    pub(crate) const IDENTITY: Self = Self { scale: 1.0, offset: 0.0 };

    /// First the other, then this.
    pub(super) fn after(self, first: Self) -> Self {
        if self == Self::IDENTITY {
            return first;
        }
        Self { scale: first.scale * self.scale, offset: first.offset * self.scale + self.offset }
    }

    /// The value in the signal's own unit; one that needs no conversion stays bit for bit what it was.
    pub(crate) fn apply(self, value: f64) -> f64 {
        if self == Self::IDENTITY {
            return value;
        }
        // A tenth has no exact binary form, ten has: 846 tenths are 84.6 and not 84.60000000000001.
        let divisor = self.scale.recip();
        let scaled = if divisor.fract() == 0.0 { value / divisor } else { value * self.scale };
        scaled + self.offset
    }
}

/// One pound-force per square inch in pascals.
const PSI_PA: f64 = 6_894.757_293_168;
/// One technical atmosphere, kgf/cm2, in pascals.
const KGF_CM2_PA: f64 = 98_066.5;

/// Pressure units with their pascals.
const PRESSURE: [(&str, f64); 8] = [
    ("bar", 1e5),
    ("mbar", 100.0),
    ("Pa", 1.0),
    ("hPa", 100.0),
    ("kPa", 1e3),
    ("MPa", 1e6),
    ("psi", PSI_PA),
    ("kgf/cm2", KGF_CM2_PA),
];
/// Current units with their amperes.
const CURRENT: [(&str, f64); 3] = [("A", 1.0), ("mA", 1e-3), ("kA", 1e3)];
/// Time units with their seconds.
const TIME: [(&str, f64); 5] = [("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("d", 86_400.0)];
/// Power units with their kilowatts; `hp` is the mechanical horsepower.
const POWER: [(&str, f64); 4] = [("kW", 1.0), ("W", 1e-3), ("MW", 1e3), ("hp", 0.745_699_871_582_270_2)];
/// Velocity units with their millimetres per second.
const VELOCITY: [(&str, f64); 3] = [("mm/s", 1.0), ("m/s", 1e3), ("in/s", 25.4)];

/// The conversion of a named unit to a signal's own, or the names that are known for that signal.
pub(super) fn conversion(signal: Signal, unit: &str) -> Result<Linear, String> {
    match signal.ucum() {
        "Cel" => temperature(unit),
        "bar{g}" | "bar" => scaled(&PRESSURE, "bar", unit),
        "mbar" => scaled(&PRESSURE, "mbar", unit),
        "A" => scaled(&CURRENT, "A", unit),
        "h" => scaled(&TIME, "h", unit),
        "kW" => scaled(&POWER, "kW", unit),
        _ => scaled(&VELOCITY, "mm/s", unit),
    }
}

/// How people and gateways write units behind a number, where it is not the name that we have for it.
const WRITTEN: [(&str, &str); 14] = [
    ("°C", "degC"),
    ("℃", "degC"),
    ("C", "degC"),
    ("Cel", "degC"),
    ("°F", "degF"),
    ("℉", "degF"),
    ("F", "degF"),
    ("barg", "bar"),
    ("bar(g)", "bar"),
    ("bar_g", "bar"),
    ("psig", "psi"),
    ("hrs", "h"),
    ("hours", "h"),
    ("mm/sec", "mm/s"),
];

/// The unit that is meant by what stands behind a number; none when it is none that is known.
pub(super) fn written(text: &str) -> Option<&'static str> {
    if let Some((_, unit)) = WRITTEN.iter().find(|(written, _)| *written == text) {
        return Some(unit);
    }
    let named = ["degC", "degF", "K"].into_iter();
    let sized = [&PRESSURE[..], &CURRENT, &TIME, &POWER, &VELOCITY].into_iter().flatten().map(|(name, _)| *name);
    named.chain(sized).find(|name| *name == text)
}

/// The name of a signal's own unit.
pub(super) fn own(signal: Signal) -> &'static str {
    match signal.ucum() {
        "Cel" => "degC",
        // Behind the unit stands of what it is: `bar{g}` is above the atmosphere.
        own => own.split('{').next().unwrap_or(own),
    }
}

fn temperature(unit: &str) -> Result<Linear, String> {
    match unit {
        "degC" | "Cel" => Ok(Linear::IDENTITY),
        "degF" => Ok(Linear { scale: 5.0 / 9.0, offset: -160.0 / 9.0 }),
        "K" => Ok(Linear { scale: 1.0, offset: -273.15 }),
        _ => Err("degC, degF, K".into()),
    }
}

fn scaled(units: &[(&str, f64)], own: &str, unit: &str) -> Result<Linear, String> {
    let size = |wanted: &str| units.iter().find(|(name, _)| *name == wanted).map(|(_, size)| *size);
    match (size(unit), size(own)) {
        (Some(foreign), Some(own)) => Ok(Linear { scale: foreign / own, offset: 0.0 }),
        _ => Err(units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(signal: Signal, unit: &str, value: f64, expected: &str) {
        let got = conversion(signal, unit)
            .map_or_else(|known| format!("known: {known}"), |linear| format!("{:.6}", linear.apply(value)));
        assert_eq!(got, expected, "{unit}");
    }

    #[test]
    fn converts_to_the_signals_own_unit() {
        check(Signal::DischargeTemp, "degF", 212.0, "100.000000");
        check(Signal::AmbientTemp, "K", 300.15, "27.000000");
        check(Signal::DischargePressure, "psi", 100.0, "6.894757");
        check(Signal::DischargePressure, "MPa", 0.75, "7.500000");
        check(Signal::DischargePressure, "kPa", 750.0, "7.500000");
        check(Signal::DischargePressure, "kgf/cm2", 10.0, "9.806650");
        check(Signal::InletVacuum, "kPa", 2.5, "25.000000");
        check(Signal::InletVacuum, "mbar", 25.0, "25.000000");
        check(Signal::MotorCurrent, "mA", 41_700.0, "41.700000");
        check(Signal::RunHours, "min", 90.0, "1.500000");
        check(Signal::RunHours, "s", 5400.0, "1.500000");
        check(Signal::Power, "W", 55_000.0, "55.000000");
        check(Signal::Vibration, "in/s", 0.1, "2.540000");
        check(Signal::OilFilterDp, "furlong", 1.0, "known: bar, mbar, Pa, hPa, kPa, MPa, psi, kgf/cm2");
        check(Signal::AmbientTemp, "bar", 1.0, "known: degC, degF, K");
    }

    #[test]
    fn units_are_known_as_they_are_written() {
        for (text, expected) in [
            ("°C", Some("degC")),
            ("degF", Some("degF")),
            ("bar(g)", Some("bar")),
            ("kgf/cm2", Some("kgf/cm2")),
            ("h", Some("h")),
            ("%", None),
            ("", None),
        ] {
            assert_eq!(written(text), expected, "{text}");
        }
        for signal in Signal::ALL {
            assert_eq!(written(own(signal)), Some(own(signal)), "{}", signal.name());
            assert_eq!(conversion(signal, own(signal)), Ok(Linear::IDENTITY), "{}", signal.name());
        }
    }

    #[test]
    fn tenths_and_hundredths_are_exact() {
        for (scale, value, expected) in
            [(0.1, 846.0, 84.6), (0.01, 752.0, 7.52), (0.001, 74_100.0, 74.1), (10.0, 0.75, 7.5)]
        {
            assert_eq!(Linear { scale, offset: 0.0 }.apply(value).to_bits(), f64::to_bits(expected));
        }
    }

    #[test]
    fn the_own_unit_changes_no_bit() {
        let value = 53.600_000_000_000_01;
        for (signal, unit) in [(Signal::DischargeTemp, "degC"), (Signal::MotorCurrent, "A"), (Signal::RunHours, "h")] {
            assert_eq!(conversion(signal, unit).unwrap().apply(value).to_bits(), value.to_bits());
        }
    }
}
