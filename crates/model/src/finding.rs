//! What the engine concludes (ISO 13374 SD, HA and PA outputs, ISO 13381-1 prognosis).

use std::fmt;

use crate::{FaultCode, MachineId, Signal, Timestamp, named};

/// Identity of an episode: `site/machine/fault/n`, the same from opened to cleared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId(String);

impl FindingId {
    /// The n-th episode of a fault on a machine, counted from 1.
    #[must_use]
    pub fn new(machine: &MachineId, fault: &FaultCode, episode: u32) -> Self {
        Self(format!("{machine}/{fault}/{episode}"))
    }

    /// Takes a text that was once an identity, e.g. from the store.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The identity as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

named! {
    /// What kind of statement a finding is.
    FindingKind {
        /// A fault is coming, with a forecast of when.
        Prediction = "prediction",
        /// A sudden change without a forecast.
        Anomaly = "anomaly",
        /// A sensor cannot be trusted.
        SensorFault = "sensor_fault",
        /// A counter reaches a service mark.
        MaintenanceDue = "maintenance_due",
        /// What a job achieved.
        MaintenanceEffect = "maintenance_effect",
        /// What can and cannot be seen at present.
        Observability = "observability",
    }
}

named! {
    /// Where in its life an episode is.
    Status {
        /// First said.
        Opened = "opened",
        /// Said again with newer figures.
        Updated = "updated",
        /// No longer so.
        Cleared = "cleared",
    }
}

named! {
    /// Who should hear of it, from least to most pressing.
    Grade {
        /// Stays inside the company.
        Watch = "watch",
        /// May reach a customer as an invitation.
        Advise = "advise",
        /// Days rather than weeks are left.
        Urgent = "urgent",
    }
}

/// Another cause that fits the same evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// Which.
    pub fault: FaultCode,
    /// How likely, 0 to 1; all alternatives, the finding's own likelihood and "other" sum to 1.
    pub likelihood: f64,
}

/// Remaining useful life from `at`, in days; a quantile beyond the 90-day horizon is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RulDays {
    /// One in ten reach the limit sooner.
    pub p10: Option<f64>,
    /// Half do.
    pub p50: Option<f64>,
    /// Nine in ten do.
    pub p90: Option<f64>,
}

/// Probability that the limit is reached within so many days of `at`, each 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ProbabilityWithin {
    /// Within 7 days.
    pub d7: f64,
    /// Within 14 days.
    pub d14: f64,
    /// Within 21 days.
    pub d21: f64,
    /// Within 30 days.
    pub d30: f64,
}

/// The limit a forecast speaks of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Of which signal.
    pub signal: Signal,
    /// In the signal's own unit.
    pub value: f64,
}

/// One feature behind a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The feature's name, e.g. `cooler_ua_loss`.
    pub feature: String,
    /// Its present value.
    pub value: f64,
    /// UCUM unit of the value.
    pub unit: String,
    /// How fast it changes, per day, if a trend is claimed.
    pub change_per_day: Option<f64>,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// An onset is known to no better than this, days.
const ONSET_DAYS_MIN: f64 = 3.0;
/// And to no better than this share of how long ago it was: a creeping change has no first day.
const ONSET_SHARE: f64 = 1.0 / 3.0;

/// One conclusion about one machine at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Event time at which it was concluded.
    pub at: Timestamp,
    /// About which machine.
    pub machine: MachineId,
    /// What kind of statement.
    pub kind: FindingKind,
    /// Which episode.
    pub id: FindingId,
    /// Where in its life.
    pub status: Status,
    /// How pressing.
    pub grade: Grade,
    /// Which fault.
    pub fault: FaultCode,
    /// How likely this fault is the cause, 0 to 1.
    pub likelihood: f64,
    /// Other causes, most likely first.
    pub alternatives: Vec<Alternative>,
    /// When the limit is reached; `None` when no forecast is made.
    pub rul_days: Option<RulDays>,
    /// How probable that is within fixed spans; `None` when no forecast is made.
    pub probability_within: Option<ProbabilityWithin>,
    /// Which limit; `None` when no forecast is made.
    pub limit: Option<Limit>,
    /// What it rests on, strongest first.
    pub evidence: Vec<Evidence>,
    /// One plain English sentence.
    pub text: String,
}

impl Finding {
    /// Since when what was seen has been there: the one onset that everybody tells.
    #[must_use]
    pub fn onset(&self) -> Option<Timestamp> {
        self.evidence.iter().find_map(|evidence| evidence.since)
    }

    /// The onset for somebody to whom `told` was said before: what was said stays as long as it may still be true, and gives way
    /// once the onset has moved beyond what is known of it.
    #[must_use]
    pub fn onset_as_told(&self, told: Option<Timestamp>) -> Option<Timestamp> {
        let onset = self.onset();
        let may_be_true = |told: &Timestamp| {
            let (apart, age) = (onset.map_or(0.0, |onset| onset.days_since(*told).abs()), self.at.days_since(*told));
            apart <= ONSET_DAYS_MIN.max(age * ONSET_SHARE)
        };
        told.filter(may_be_true).or(onset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_onset_that_was_told_stays_as_long_as_it_may_be_true() {
        /// The onset, as told on a day, of a finding of 30 July; days of July.
        #[track_caller]
        fn check(onset: Option<u8>, told: Option<u8>, expected: Option<u8>) {
            let day = |n: u8| Timestamp::parse(&format!("2026-07-{n:02}T00:00:00Z")).unwrap();
            let (machine, fault) = (MachineId::new("s", "m").unwrap(), FaultCode::COOLER_CLOGGING);
            let item = |since| Evidence {
                feature: "discharge_excess_k".into(),
                value: 4.0,
                unit: "K".into(),
                change_per_day: None,
                since,
            };
            let finding = Finding {
                at: day(30),
                id: FindingId::new(&machine, &fault, 1),
                machine,
                kind: FindingKind::Prediction,
                status: Status::Updated,
                grade: Grade::Advise,
                fault,
                likelihood: 0.9,
                alternatives: Vec::new(),
                rul_days: None,
                probability_within: None,
                limit: None,
                evidence: vec![item(None), item(onset.map(day))],
                text: String::new(),
            };
            assert_eq!(finding.onset_as_told(told.map(day)), expected.map(day), "{onset:?} {told:?}");
        }
        check(Some(9), None, Some(9));
        // Told 24 days ago: known to eight days.
        check(Some(14), Some(6), Some(6));
        check(Some(15), Some(6), Some(15));
        check(Some(25), Some(28), Some(28));
        check(Some(24), Some(28), Some(24));
        check(None, Some(6), Some(6));
        check(None, None, None);
    }
}
