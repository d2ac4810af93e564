//! Parts of a machine as a health report scores them, and what speaks of each.

use serde::Deserialize;

use crate::Signal;
use crate::catalogue::Text;

/// A part of a machine that a health report scores by itself (an ISO 14224 subunit in a customer's words).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subsystem {
    /// Its code, e.g. `cooling`.
    pub code: String,
    /// What it is called.
    pub name: Text,
    /// What shows how it does.
    pub signs: Vec<Sign>,
    /// Work on it that comes due by running hours: keys of [`crate::Catalogue::actions`].
    #[serde(default)]
    pub services: Vec<String>,
    /// How often a machine in average use needs work there, per year.
    pub work_per_year: f64,
}

/// A signal that shows how a part does.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// Which.
    #[serde(deserialize_with = "signal")]
    pub signal: Signal,
    /// What share of the work that the part comes to need it announces in good time, alone; above 0, at most 1.
    pub share: f64,
}

impl Subsystem {
    /// From this share on a part counts as seen.
    pub const SEEN: f64 = 0.7;

    /// The share of the work it comes to need that these signals announce together, 0 to 1: shares add as independent chances.
    #[must_use]
    pub fn share_seen(&self, measured: &[Signal]) -> f64 {
        1.0 - self
            .signs
            .iter()
            .filter(|sign| measured.contains(&sign.signal))
            .map(|sign| 1.0 - sign.share)
            .product::<f64>()
    }

    /// Its signs that are measured, those that show most first.
    #[must_use]
    pub fn seen_by(&self, measured: &[Signal]) -> Vec<Signal> {
        self.signs_of(|signal| measured.contains(&signal))
    }

    /// The signal that is not measured and would show most.
    #[must_use]
    pub fn best_unmeasured(&self, measured: &[Signal]) -> Option<Signal> {
        self.signs_of(|signal| !measured.contains(&signal)).first().copied()
    }

    fn signs_of(&self, which: impl Fn(Signal) -> bool) -> Vec<Signal> {
        let mut signs: Vec<&Sign> = self.signs.iter().filter(|sign| which(sign.signal)).collect();
        signs.sort_by(|a, b| b.share.total_cmp(&a.share));
        signs.into_iter().map(|sign| sign.signal).collect()
    }

    /// Probability that it needs work within `days` of which these signals give no notice.
    #[must_use]
    pub fn need_unseen(&self, measured: &[Signal], days: f64) -> f64 {
        -(-self.work_per_year * (1.0 - self.share_seen(measured)) * days / 365.0).exp_m1()
    }

    /// Whether its figures make sense; phrased so that NaN does not.
    pub(crate) fn is_sound(&self) -> bool {
        let once = |sign: &Sign| self.signs.iter().filter(|other| other.signal == sign.signal).count() == 1;
        self.signs.iter().all(|sign| 0.0 < sign.share && sign.share <= 1.0 && once(sign))
            && self.work_per_year >= 0.0
            && self.work_per_year.is_finite()
    }
}

fn signal<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Signal, D::Error> {
    let name = String::deserialize(deserializer)?;
    Signal::from_name(&name).ok_or_else(|| serde::de::Error::custom(format!("`{name}` is no signal")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    #[test]
    fn every_part_of_the_shipped_table_is_seen_by_the_needed_signals_and_best_by_its_own() {
        let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).unwrap();
        let own = [
            ("cooling", Signal::DischargeTemp),
            ("lubrication", Signal::OilFilterDp),
            ("separation", Signal::SeparatorDp),
            ("intake", Signal::InletVacuum),
            ("air_end", Signal::Vibration),
            ("drive", Signal::MotorCurrentL1),
            ("network", Signal::MotorCurrent),
            ("instruments", Signal::DischargeTemp),
        ];
        assert_eq!(catalogue.subsystems.len(), own.len());
        for (part, (code, signal)) in catalogue.subsystems.iter().zip(own) {
            assert_eq!(part.code, code);
            let (least, all) = (part.share_seen(&Signal::REQUIRED), part.share_seen(&Signal::ALL));
            assert!(0.0 < least && least <= all && all >= Subsystem::SEEN, "{code}: {least} {all}");
            assert_eq!(part.seen_by(&Signal::ALL).first(), Some(&signal), "{code}");
            assert_eq!(part.best_unmeasured(&Signal::ALL), None, "{code}");
            assert!(part.need_unseen(&[], 30.0) > part.need_unseen(&Signal::ALL, 30.0), "{code}");
        }
    }

    #[test]
    fn a_table_that_makes_no_sense_is_refused_by_name() {
        #[track_caller]
        fn check(signs: &str, rest: &str, said: &str) {
            let text = format!(
                "fault = []\n[action]\n[[subsystem]]\ncode = \"x\"\nname = {{ en = \"x\", zh = \"x\" }}\nsigns = [{signs}]\n{rest}"
            );
            let error = Catalogue::parse(&text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let sound = r#"{ signal = "power_kw", share = 0.5 }"#;
        check(sound, "work_per_year = -1", "subsystem `x`");
        check(&format!("{sound}, {sound}"), "work_per_year = 1", "subsystem `x`");
        check(r#"{ signal = "power_kw", share = nan }"#, "work_per_year = 1", "subsystem `x`");
        check(r#"{ signal = "power", share = 0.5 }"#, "work_per_year = 1", "`power` is no signal");
        check(sound, "work_per_year = 1\nservices = [\"y\"]", "`x` names `y`");
    }
}
