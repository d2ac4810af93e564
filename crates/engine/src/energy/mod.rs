//! From amperes and duty to kilowatts, air and money: pure functions with their uncertainty, for evidence of leaks, of
//! valves that do not close and of work that helped.
//!
//! Every figure states its method, its sd and the tariff behind it, as ISO 11011 and ASME EA-4 ask of an assessment.

mod leak;
mod power;

pub use leak::{LeakFigures, LeakObservation, hole_mm, leak};
pub use power::{change_kw, drawn_kw, excess_unloaded_kw, loaded_kw};

use foretell_model::{EnergyProfile, Evidence, Timestamp};

/// Mean days of a month.
pub const DAYS_PER_MONTH: f64 = 365.25 / 12.0;
/// Hours of a year.
pub const HOURS_PER_YEAR: f64 = 8766.0;

/// A figure and how far it may be off (one standard deviation), in the same unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// The most likely value.
    pub value: f64,
    /// Standard deviation of its error, not negative.
    pub sd: f64,
}

impl Estimate {
    /// A value with an absolute sd.
    #[must_use]
    pub const fn new(value: f64, sd: f64) -> Self {
        Self { value, sd }
    }

    /// A value with an sd relative to it.
    #[must_use]
    pub fn relative(value: f64, share: f64) -> Self {
        Self { value, sd: value.abs() * share }
    }

    /// The product with something as unsure; errors taken as independent.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        let sd = (self.sd * other.value).hypot(other.sd * self.value).hypot(self.sd * other.sd);
        Self { value: self.value * other.value, sd }
    }

    /// The product with an exact factor.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self { value: self.value * factor, sd: self.sd * factor.abs() }
    }

    /// The difference to something as unsure; errors taken as independent.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self { value: self.value - other.value, sd: self.sd.hypot(other.sd) }
    }

    /// Whether it lies more than two sd from nought: a figure that does not may not be told as an effect.
    #[must_use]
    pub fn is_clear(self) -> bool {
        self.value.abs() > 2.0 * self.sd
    }

    /// Evidence `feature` and `feature_sd` in the same unit.
    #[must_use]
    pub fn evidence(self, feature: &str, unit: &str, since: Option<Timestamp>) -> [Evidence; 2] {
        let item = |feature: String, value: f64| Evidence {
            feature,
            value,
            unit: unit.to_owned(),
            change_per_day: None,
            since,
        };
        [item(feature.to_owned(), self.value), item(format!("{feature}_sd"), self.sd)]
    }
}

/// What a power drawn for so many hours a day costs in a mean month, in the profile's currency.
#[must_use]
pub fn cost_per_month(kw: Estimate, hours_per_day: f64, profile: &EnergyProfile) -> Estimate {
    kw.scaled(hours_per_day * DAYS_PER_MONTH * profile.tariff_per_kwh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_add_as_independent_ones_do() {
        let product = Estimate::new(10.0, 1.0).times(Estimate::new(2.0, 0.0));
        assert_eq!((product.value, product.sd), (20.0, 2.0));
        let difference = Estimate::new(5.0, 3.0).minus(Estimate::new(2.0, 4.0));
        assert_eq!((difference.value, difference.sd, difference.is_clear()), (3.0, 5.0, false));
    }

    #[test]
    fn a_month_of_ten_hours_a_day() {
        let cost = cost_per_month(Estimate::new(3.0, 0.3), 10.0, &EnergyProfile::default());
        assert!((cost.value - 3.0 * 10.0 * 30.4375 * 0.80).abs() < 1e-9 && (cost.sd / cost.value - 0.1).abs() < 1e-9);
    }
}
