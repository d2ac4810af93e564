//! Scores by subsystem, 0 to 100, or none where the data do not allow one.
//!
//! A score is what can be defended from forecasts, not a mood: 100 times the probability that this subsystem needs no work in
//! the next 30 days, and for the cooler not more than the share of its capacity that is left. What speaks of a subsystem is the
//! fault catalogue's table of subsystems. One whose troubles the machine's signals announce in part only is scored with what
//! they leave unseen, and says so.

use foretell_model::{Catalogue, FaultCode, Finding, FindingKind, Grade, Signal, Subsystem, Timestamp};

use crate::text;
use crate::view::{Health, HealthReport, HiddenBy, StandingOf};

/// Probability that a sudden change without a forecast needs work within 30 days, at grade `advise` and at grade `urgent`: what
/// the grades mean to an advisor.
const ANOMALY: (f64, f64) = (0.5, 0.8);

/// Probability that a sensor that cannot be trusted needs a look within 30 days.
const SENSOR: f64 = 0.6;

/// What work that comes due by running hours takes off, while it is near and once its hours are passed: a part at the end of
/// its interval mostly still does.
const DUE: (f64, f64) = (0.25, 0.45);

/// What a score looks ahead, days.
const AHEAD_DAYS: f64 = 30.0;

/// Why a subsystem has no score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unknown {
    /// The data do not tell of that time.
    Untold,
    /// Nothing that is measured speaks of it; this would.
    NotMeasured(Option<Signal>),
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

/// How much of a subsystem's troubles the machine's signals would announce.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum View {
    /// Most of them.
    Whole,
    /// Some: what they are seen by, and what would show most of the rest.
    InPart(Vec<Signal>, Option<Signal>),
}

/// A subsystem's score and what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Score<'a> {
    /// It can be told: 0 to 100.
    Known(u8, Basis<'a>, View),
    /// It cannot.
    NotAvailable(Unknown),
}

/// Whether a customer may read of a finding.
pub(super) fn is_for_customers(finding: &Finding, catalogue: &Catalogue) -> bool {
    let cause = finding.cause(None, &[], catalogue).fault;
    finding.grade >= Grade::Advise && catalogue.fault(cause).is_some_and(|fault| fault.customer)
}

/// Scores a subsystem.
pub(super) fn score<'a>(report: &'a HealthReport, subsystem: &Subsystem, catalogue: &Catalogue) -> Score<'a> {
    if report.standing == StandingOf::Untold {
        return Score::NotAvailable(Unknown::Untold);
    }
    let is_of_it = |finding: &&Finding| {
        let cause = finding.cause(None, &[], catalogue).fault;
        catalogue.speaks_of(cause, subsystem)
    };
    let own = report.detail.open.iter().filter(is_of_it);
    let is_unchecked = own
        .clone()
        .any(|finding| finding.kind == FindingKind::Observability && finding.fault == FaultCode::SENSOR_DRIFT);
    let worst = own
        .filter(|finding| is_told(finding, catalogue))
        .map(|finding| (need(finding, report.detail.curve.now), finding))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let measured = telling(report, subsystem);
    let seen_by = subsystem.seen_by(&measured);
    let is_whole = subsystem.share_seen(&measured) >= Subsystem::SEEN;
    let unseen = if is_whole { 0.0 } else { subsystem.need_unseen(&measured, AHEAD_DAYS) };
    let known = |need: f64, left: f64, basis| {
        let best = subsystem.best_unmeasured(&report.measured);
        let view = if is_whole { View::Whole } else { View::InPart(seen_by.clone(), best) };
        Score::Known(points((1.0 - need.max(unseen)).min(left)), basis, view)
    };
    let cooling = subsystem.code == "cooling";
    match (worst, report.detail.summary.health) {
        (Some((need, finding)), health) => {
            let left = match health {
                Health::Known { cooler_loss } if cooling => 1.0 - cooler_loss,
                _ => 1.0,
            };
            known(need, left, Basis::Finding(finding))
        }
        (None, _) if seen_by.is_empty() && measured.len() < report.measured.len() => {
            Score::NotAvailable(Unknown::Learning)
        }
        (None, _) if seen_by.is_empty() => {
            Score::NotAvailable(Unknown::NotMeasured(subsystem.best_unmeasured(&report.measured)))
        }
        (None, Health::Learning { .. }) if cooling || !report.detail.baseline.anew => {
            Score::NotAvailable(Unknown::Learning)
        }
        (None, Health::Hidden(HiddenBy::NoReadings)) => Score::NotAvailable(Unknown::Hidden(HiddenBy::NoReadings)),
        (None, _) if is_unchecked => Score::NotAvailable(Unknown::Unchecked),
        (None, Health::Hidden(why)) if cooling => Score::NotAvailable(Unknown::Hidden(why)),
        (None, Health::Known { cooler_loss }) if cooling && cooler_loss >= 0.02 => {
            known(0.0, 1.0 - cooler_loss, Basis::CapacityLost(cooler_loss))
        }
        (None, _) => known(0.0, 1.0, Basis::Clean),
    }
}

/// The signals that tell of a part. While a normal of the discharge temperature is learned anew after work, that temperature
/// tells only whether its own sensor is right; everything else has gone on being watched.
fn telling(report: &HealthReport, subsystem: &Subsystem) -> Vec<Signal> {
    let is_learning = matches!(report.detail.summary.health, Health::Learning { .. }) && report.detail.baseline.anew;
    let is_mute = |signal: &Signal| is_learning && *signal == Signal::DischargeTemp && subsystem.code != "instruments";
    report.measured.iter().copied().filter(|signal| !is_mute(signal)).collect()
}

/// Whether a finding counts in a customer's report.
fn is_told(finding: &Finding, catalogue: &Catalogue) -> bool {
    match finding.kind {
        // A comparison or a remark is no trouble.
        FindingKind::MaintenanceEffect | FindingKind::Observability => false,
        FindingKind::SensorFault | FindingKind::MaintenanceDue => true,
        FindingKind::Prediction | FindingKind::Anomaly => is_for_customers(finding, catalogue),
    }
}

/// Probability that a finding needs work within 30 days.
fn need(finding: &Finding, now: Timestamp) -> f64 {
    let within = match (finding.kind, finding.probability_within, finding.grade) {
        (FindingKind::SensorFault, ..) => SENSOR,
        (FindingKind::MaintenanceDue, ..) if text::is_time(finding, now) => DUE.1,
        (FindingKind::MaintenanceDue, ..) => DUE.0,
        (_, Some(within), _) => within.d30,
        (_, None, Grade::Urgent) => ANOMALY.1,
        (_, None, _) => ANOMALY.0,
    };
    finding.likelihood * within
}

fn points(share: f64) -> u8 {
    (share.clamp(0.0, 1.0) * 100.0).round() as u8
}
