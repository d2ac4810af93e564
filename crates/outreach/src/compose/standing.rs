//! How a machine stands to the limit that a letter speaks of.

use foretell_model::{Evidence, FindingKind, Limit, Signal};

use super::Subject;

/// A discharge temperature limit below this is the lower one: the machine stays too cold, degC.
const LOW_LIMIT_BELOW_C: f64 = 90.0;

/// Whether the machine is too cold below it, and not too hot above.
pub(super) fn is_low(limit: &Limit) -> bool {
    limit.signal == Signal::DischargeTemp && limit.value < LOW_LIMIT_BELOW_C
}

/// Whether what a forecast foretells has come already: of late the machine was as hot as that.
pub(super) fn is_at_limit(subject: &Subject<'_>) -> bool {
    let foretold = subject.spoken.finding.limit.filter(|limit| limit.signal == Signal::DischargeTemp && !is_low(limit));
    foretold.is_some() && subject.context.in_normal_range == Some(false)
}

/// Whether "still below the limit" is true of what the message speaks of: the discharge temperature below its warning limit,
/// or another observation below the limit of its own signal. Where that is not known, nothing is claimed.
pub(super) fn is_below_limit(subject: &Subject<'_>) -> bool {
    let finding = subject.spoken.finding;
    match finding.limit.filter(|_| finding.kind != FindingKind::MaintenanceDue) {
        Some(limit) if limit.signal != Signal::DischargeTemp => {
            let of_signal = |evidence: &&Evidence| evidence.feature.starts_with(limit.signal.name());
            finding.evidence.iter().find(of_signal).is_some_and(|evidence| evidence.value < limit.value)
        }
        // Of a machine that stays too cold it is no comfort that it is not too hot.
        Some(limit) if is_low(&limit) => false,
        _ => subject.context.in_normal_range == Some(true),
    }
}
