//! Units that foreign files come in, as a factor and an offset to ours.

use foretell_model::Signal;

/// `ours = theirs * scale + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Linear {
    pub(crate) scale: f64,
    pub(crate) offset: f64,
}

impl Linear {
    pub(crate) const SAME: Self = Self { scale: 1.0, offset: 0.0 };

    pub(crate) fn apply(self, value: f64) -> f64 {
        // A value that needs no conversion must stay itself to the last bit.
        if self == Self::SAME { value } else { value * self.scale + self.offset }
    }

    /// First `self`, then `next`.
    pub(crate) fn then(self, next: Self) -> Self {
        Self { scale: self.scale * next.scale, offset: self.offset * next.scale + next.offset }
    }
}

/// Conversion of a unit into the one that the signal's name ends in; `None` when the unit measures something else.
pub(crate) fn conversion(signal: Signal, unit: &str) -> Option<Linear> {
    let table: &[(&str, f64, f64)] = match signal.ucum() {
        "Cel" => &[("degC", 1.0, 0.0), ("degF", 5.0 / 9.0, -160.0 / 9.0), ("K", 1.0, -273.15)],
        "A" => &[("A", 1.0, 0.0), ("mA", 1e-3, 0.0)],
        "h" => &[("h", 1.0, 0.0), ("min", 1.0 / 60.0, 0.0), ("s", 1.0 / 3600.0, 0.0), ("d", 24.0, 0.0)],
        // 1 atm = 1.01325 bar lies between absolute and gauge.
        "bar{g}" => &[
            ("bar", 1.0, 0.0),
            ("bar_abs", 1.0, -1.01325),
            ("kPa", 0.01, 0.0),
            ("MPa", 10.0, 0.0),
            ("psi", 0.068_947_572_931_683_6, 0.0),
        ],
        "bar" => &[
            ("bar", 1.0, 0.0),
            ("mbar", 1e-3, 0.0),
            ("kPa", 0.01, 0.0),
            ("MPa", 10.0, 0.0),
            ("psi", 0.068_947_572_931_683_6, 0.0),
        ],
        "mbar" => &[("mbar", 1.0, 0.0), ("Pa", 0.01, 0.0), ("kPa", 10.0, 0.0), ("bar", 1000.0, 0.0)],
        "mm/s{rms}" => &[("mm/s", 1.0, 0.0), ("m/s", 1000.0, 0.0), ("in/s", 25.4, 0.0)],
        "kW" => &[("kW", 1.0, 0.0), ("W", 1e-3, 0.0), ("hp", 0.745_699_871_582_270_2, 0.0)],
        _ => &[],
    };
    let (_, scale, offset) = *table.iter().find(|(name, ..)| *name == unit)?;
    Some(Linear { scale, offset })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(signal: Signal, unit: &str, theirs: f64, ours: Option<f64>) {
        let got = conversion(signal, unit).map(|linear| (linear.apply(theirs) * 1e6).round() / 1e6);
        assert_eq!(got, ours, "{theirs} {unit}");
    }

    #[test]
    fn converts_what_fits_and_refuses_what_does_not() {
        check(Signal::DischargeTemp, "degF", 212.0, Some(100.0));
        check(Signal::AmbientTemp, "K", 293.15, Some(20.0));
        check(Signal::DischargePressure, "psi", 100.0, Some(6.894757));
        check(Signal::DischargePressure, "bar_abs", 8.01325, Some(7.0));
        check(Signal::RunHours, "s", 7200.0, Some(2.0));
        check(Signal::Power, "W", 1500.0, Some(1.5));
        check(Signal::MotorCurrent, "degC", 1.0, None);
        let scaled = Linear { scale: 0.1, offset: 0.0 }.then(conversion(Signal::DischargeTemp, "degF").unwrap());
        assert_eq!((scaled.apply(2120.0) * 1e6).round() / 1e6, 100.0);
        assert_eq!(Linear::SAME.apply(-0.0).to_bits(), (-0.0_f64).to_bits());
    }
}
