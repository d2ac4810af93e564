//! Electrical power from current, where no `power_kw` is published.

use foretell_model::EnergyProfile;

use super::Estimate;

/// How far the supply voltage may be off its name, as a share (EN 50160 allows 10 %; most sites keep within a third of it).
const VOLTAGE_SD: f64 = 0.03;
/// How far the power factor at full load may be off the configured one.
const COS_PHI_SD: f64 = 0.02;

/// Power drawn at the loaded current, kW: `sqrt(3) U I cos(phi)`.
#[must_use]
pub fn loaded_kw(loaded_a: f64, profile: &EnergyProfile) -> Estimate {
    drawn_kw(loaded_a, loaded_a, profile)
}

/// Power drawn at any current of a motor whose loaded current is known, kW.
///
/// Current is not proportional to power: a motor at rest load still draws its magnetising current. With
/// `I^2 = Ia^2 + Im^2` and `Im = In sin(phi)` taken at the loaded current `In`, the active current is
/// `Ia = sqrt(I^2 - In^2 sin^2(phi))` and the power `sqrt(3) U Ia`; at `I = In` this is `sqrt(3) U In cos(phi)`. A
/// proportional reading would put an unloaded machine at half its power instead of a quarter. The error grows as the
/// current nears `Im`, and is propagated from those of voltage and power factor.
#[must_use]
pub fn drawn_kw(amps_a: f64, loaded_a: f64, profile: &EnergyProfile) -> Estimate {
    let at = |cos_phi: f64| active_kw(amps_a, loaded_a, profile.voltage_v, cos_phi);
    let value = at(profile.cos_phi);
    let (low, high) = (at((profile.cos_phi - COS_PHI_SD).max(0.1)), at((profile.cos_phi + COS_PHI_SD).min(1.0)));
    Estimate { value, sd: (0.5 * (high - low)).hypot(VOLTAGE_SD * value) }
}

/// Change of power with a change of the loaded current, kW: the slope of [`drawn_kw`] there is `sqrt(3) U / cos(phi)`,
/// because a change of load changes the active current alone. Voltage and power factor are the same before and after,
/// so they add a twentieth of the change and no more.
#[must_use]
pub fn change_kw(change_a: Estimate, loaded_a: f64, profile: &EnergyProfile) -> Estimate {
    // For small changes the slope, for large ones the difference itself.
    let change = drawn_kw(loaded_a + change_a.value, loaded_a, profile).value - loaded_kw(loaded_a, profile).value;
    let slope = 3.0_f64.sqrt() * profile.voltage_v / 1000.0 / profile.cos_phi.max(0.3);
    Estimate { value: change, sd: (slope * change_a.sd).hypot(0.05 * change) }
}

/// What an unloaded machine draws above the quarter of its loaded power that a sound one needs, kW, never below nought.
///
/// Sound machines idle at 25 to 30 % once the sump is vented; above 35 to 40 % the inlet valve does not close. The
/// uncertainty of "sound" is part of the sd.
#[must_use]
pub fn excess_unloaded_kw(unloaded_kw: Estimate, loaded_kw: Estimate) -> Estimate {
    let sound = loaded_kw.times(Estimate::new(0.27, 0.02));
    let excess = unloaded_kw.minus(sound);
    Estimate { value: excess.value.max(0.0), sd: excess.sd }
}

fn active_kw(amps_a: f64, loaded_a: f64, voltage_v: f64, cos_phi: f64) -> f64 {
    let magnetising_square = loaded_a * loaded_a * (1.0 - cos_phi * cos_phi);
    let active_a = (amps_a * amps_a - magnetising_square).max(0.0).sqrt();
    3.0_f64.sqrt() * voltage_v * active_a / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(amps_a: f64, loaded_a: f64, expected_kw: f64, within_kw: f64) {
        let profile = EnergyProfile { cos_phi: 0.87, ..EnergyProfile::default() };
        let got = drawn_kw(amps_a, loaded_a, &profile);
        assert!((got.value - expected_kw).abs() < within_kw, "{amps_a} A of {loaded_a} A: {got:?}");
        assert!(got.sd.is_finite() && got.sd >= 0.0);
    }

    #[test]
    fn power_of_a_75_kw_machine() {
        // 82 kW of shaft power at an efficiency of 0.95 is 86.3 kW at 150.7 A and 380 V.
        check(150.7, 150.7, 86.3, 0.5);
        // 28 % of the power draws a little over half of the current.
        check(83.0, 150.7, 24.2, 1.0);
        check(0.0, 150.7, 0.0, 0.01);
    }

    #[test]
    fn near_the_magnetising_current_little_is_known() {
        let profile = EnergyProfile::default();
        let (loaded, unloaded) = (loaded_kw(150.0, &profile), drawn_kw(76.0, 150.0, &profile));
        assert!(unloaded.sd / unloaded.value > 3.0 * loaded.sd / loaded.value, "{unloaded:?} {loaded:?}");
    }

    #[test]
    fn a_separator_of_half_a_bar_more() {
        // +0.5 bar is +3.6 %: 5.5 A of a 75 kW machine at 151 A, some 3.1 kW (no reactive current changes with it).
        let profile = EnergyProfile { cos_phi: 0.87, ..EnergyProfile::default() };
        let got = change_kw(Estimate::new(5.5, 0.5), 151.0, &profile);
        assert!((3.0..4.3).contains(&got.value) && got.is_clear(), "{got:?}");
        assert!(!change_kw(Estimate::new(0.2, 0.5), 151.0, &profile).is_clear());
    }

    #[test]
    fn a_sound_machine_wastes_nothing_unloaded() {
        let loaded = Estimate::relative(86.0, 0.03);
        assert!(!excess_unloaded_kw(Estimate::relative(24.0, 0.1), loaded).is_clear());
        let excess = excess_unloaded_kw(Estimate::relative(45.0, 0.1), loaded);
        assert!(excess.is_clear() && (excess.value - 21.8).abs() < 0.1, "{excess:?}");
    }
}
