//! Scores by subsystem, 0 to 100, or none where the data do not allow one.
//!
//! A score is what can be defended from forecasts, not a mood: 100 times the probability that this subsystem needs no work in
//! the next 30 days, and for the cooler not more than the share of its capacity that is left.

use foretell_model::{Catalogue, FaultCode, Finding, FindingKind, Grade, Subsystem};

use crate::view::{Health, HealthReport, HiddenBy, StandingOf};

/// Probability that a sudden change without a forecast needs work within 30 days, at grade `advise` and at grade `urgent`: what
/// the grades mean to an advisor.
const ANOMALY: (f64, f64) = (0.5, 0.8);

/// Probability that a sensor that cannot be trusted needs a look within 30 days.
const SENSOR: f64 = 0.6;

/// Why a subsystem has no score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unknown {
    /// None of the signals that it needs is measured, or not at that time.
    NotMeasured,
    /// A sensor can be compared with nothing.
    Unchecked,
    /// The machine's normal is not known yet.
    Learning,
    /// It cannot be seen at present.
    Hidden(HiddenBy),
}

/// What a score rests on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Basis<'a> {
    /// Nothing was found.
    Clean,
    /// The lost share of the cooler's capacity, 0 to 1.
    CapacityLost(f64),
    /// A finding.
    Finding(&'a Finding),
}

/// A subsystem's score and what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Score<'a> {
    /// It can be told: 0 to 100.
    Known(u8, Basis<'a>),
    /// It cannot.
    NotAvailable(Unknown),
}

/// Whether a customer may read of a finding.
pub(super) fn is_for_customers(finding: &Finding, catalogue: &Catalogue) -> bool {
    finding.grade >= Grade::Advise && catalogue.fault(&finding.fault).is_some_and(|fault| fault.customer)
}

/// Scores a subsystem.
pub(super) fn score<'a>(report: &'a HealthReport, subsystem: &Subsystem, catalogue: &Catalogue) -> Score<'a> {
    if report.standing == StandingOf::Untold {
        return Score::NotAvailable(Unknown::NotMeasured);
    }
    let is_of_it =
        |finding: &&Finding| catalogue.fault(&finding.fault).is_some_and(|fault| fault.subsystem == subsystem.code);
    let own = report.detail.open.iter().filter(is_of_it);
    let is_unchecked = own
        .clone()
        .any(|finding| finding.kind == FindingKind::Observability && finding.fault == FaultCode::SENSOR_DRIFT);
    let worst = own
        .filter(|finding| finding.kind == FindingKind::SensorFault || is_for_customers(finding, catalogue))
        .map(|finding| (need(finding), finding))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let is_measured = subsystem.needs.iter().any(|name| report.measured.iter().any(|signal| signal.name() == name));
    let cooling = subsystem.code == "cooling";
    match (worst, report.detail.summary.health) {
        (Some((need, finding)), health) => {
            let left = match health {
                Health::Known { cooler_loss } if cooling => 1.0 - cooler_loss,
                _ => 1.0,
            };
            Score::Known(points((1.0 - need).min(left)), Basis::Finding(finding))
        }
        (None, _) if !is_measured => Score::NotAvailable(Unknown::NotMeasured),
        (None, Health::Learning { .. }) => Score::NotAvailable(Unknown::Learning),
        (None, Health::Hidden(HiddenBy::NoReadings)) => Score::NotAvailable(Unknown::Hidden(HiddenBy::NoReadings)),
        (None, _) if is_unchecked => Score::NotAvailable(Unknown::Unchecked),
        (None, Health::Hidden(why)) if cooling => Score::NotAvailable(Unknown::Hidden(why)),
        (None, Health::Known { cooler_loss }) if cooling && cooler_loss >= 0.02 => {
            Score::Known(points(1.0 - cooler_loss), Basis::CapacityLost(cooler_loss))
        }
        (None, _) => Score::Known(100, Basis::Clean),
    }
}

/// Probability that a finding needs work within 30 days.
fn need(finding: &Finding) -> f64 {
    let within = match (finding.kind, finding.probability_within, finding.grade) {
        (FindingKind::SensorFault, ..) => SENSOR,
        (_, Some(within), _) => within.d30,
        (_, None, Grade::Urgent) => ANOMALY.1,
        (_, None, _) => ANOMALY.0,
    };
    finding.likelihood * within
}

fn points(share: f64) -> u8 {
    (share.clamp(0.0, 1.0) * 100.0).round() as u8
}
