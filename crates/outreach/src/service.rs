//! Work due by running hours: projected from the machine's own hours per day, bundled into one visit.

mod check;
mod watch;

pub use watch::ServiceWatch;

use foretell_model::{
    Catalogue, Evidence, FaultCode, Finding, FindingId, FindingKind, Grade, MachineId, RulDays, Status, Timestamp,
};

use crate::context::MachineContext;
use crate::registry::{Machine, ServiceTask};

/// Evidence that a task is due is named so, followed by the action's code; its value is the hours since it was last done.
pub const DUE_PREFIX: &str = "run_hours_since_";

/// The engine's evidence of one due work; the work is then the finding's fault code.
const UNNAMED_DUE: &str = "run_hours_since_service";

/// The name under which due service runs as a case; also a code of the catalogue's actions.
pub const SERVICE: &str = "serviced";

/// What the last part of an identity of registered service begins with. The engine counts its own from 1: what it says of a
/// machine's total must neither refresh nor end what people have registered.
const REGISTERED: &str = "registered-";

/// Tasks falling due within so many days of the first one go into the same visit.
const BUNDLE_DAYS: f64 = 28.0;

/// How far hours per day may differ from their mean over the coming weeks, as a share.
const PACE_UNCERTAINTY: f64 = 0.15;

/// Below so many hours a day nobody can say when an interval will be reached.
const PACE_MIN: f64 = 0.5;

/// Most times that one task falls due within what is planned.
const TIMES_MAX: usize = 12;

/// A machine's running-hour counter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counter {
    /// Its reading, h.
    pub run_hours: f64,
    /// Running hours per calendar day of late.
    pub hours_per_day: f64,
}

/// The identity of the n-th case of a machine's registered service.
fn registered(machine: &MachineId, n: u32) -> FindingId {
    FindingId::from_text(&format!("{machine}/{SERVICE}/{REGISTERED}{n}"))
}

/// Whether a finding is of registered service, and not the engine's word.
pub(crate) fn is_registered(finding: &Finding) -> bool {
    finding.id.as_str().rsplit('/').next().is_some_and(|last| last.starts_with(REGISTERED))
}

/// Hours of one due task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DueTask {
    /// Since it was last done, h.
    pub(crate) since_h: f64,
    /// Between two of them, h.
    pub(crate) interval_h: f64,
}

impl DueTask {
    /// The first due task that a finding names; `None` when it names none or nobody knows its interval.
    pub(crate) fn first_of(finding: &Finding, machine: &Machine, catalogue: &Catalogue) -> Option<Self> {
        finding.evidence.iter().find_map(|evidence| {
            let work = evidence.feature.strip_prefix(DUE_PREFIX)?;
            let own = machine.service.iter().find(|task| task.work == work).map(|task| task.interval_h);
            let interval_h = own.or_else(|| catalogue.actions.get(work)?.interval_h)?;
            Some(Self { since_h: evidence.value, interval_h })
        })
    }
}

/// A finding that names its work by the fault's code, with the hours under the work's own name; `None` when it does already
/// or is of another kind.
pub(crate) fn name_by_work(finding: &Finding) -> Option<Finding> {
    let place = finding.evidence.iter().position(|evidence| evidence.feature == UNNAMED_DUE)?;
    let mut named = finding.clone();
    named.evidence[place].feature = format!("{DUE_PREFIX}{}", finding.fault);
    (finding.kind == FindingKind::MaintenanceDue).then_some(named)
}

/// A finding of due service as a finding for each work that it names.
pub(crate) fn by_work(finding: &Finding) -> Vec<Finding> {
    let finding = name_by_work(finding).unwrap_or_else(|| finding.clone());
    let one = |evidence: &Evidence| {
        let fault = FaultCode::new(evidence.feature.strip_prefix(DUE_PREFIX)?)?;
        Some(Finding { fault, evidence: vec![evidence.clone()], ..finding.clone() })
    };
    let named: Vec<Finding> = finding.evidence.iter().filter_map(one).collect();
    if named.is_empty() { vec![finding] } else { named }
}

/// The case of a machine's due tasks, if the first falls due within `horizon_days`. `episode` tells its services apart.
#[must_use]
pub fn due(
    id: &MachineId,
    machine: &Machine,
    context: &MachineContext,
    horizon_days: f64,
    episode: u32,
    now: Timestamp,
) -> Option<Finding> {
    let run_hours = context.run_hours.filter(|h| h.is_finite())?;
    let per_day = context.hours_per_day.filter(|h| *h > 0.0)?;
    let days_left = |task: &ServiceTask| (task.last_done_h + task.interval_h - run_hours) / per_day;
    let mut tasks: Vec<&ServiceTask> = machine.service.iter().collect();
    tasks.sort_by(|a, b| days_left(a).total_cmp(&days_left(b)));
    let first_days = days_left(tasks.first()?);
    if first_days > horizon_days {
        return None;
    }
    let bundled: Vec<_> =
        tasks.into_iter().filter(|task| days_left(task) <= first_days.max(0.0) + BUNDLE_DAYS).collect();
    let fault = FaultCode::new(SERVICE)?;
    let left = first_days.max(0.0);
    Some(Finding {
        at: now,
        machine: id.clone(),
        kind: FindingKind::MaintenanceDue,
        id: registered(id, episode),
        status: Status::Opened,
        grade: Grade::Advise,
        fault,
        likelihood: 1.0,
        alternatives: Vec::new(),
        rul_days: Some(RulDays {
            p10: Some(left * (1.0 - PACE_UNCERTAINTY)),
            p50: Some(left),
            p90: Some(left * (1.0 + PACE_UNCERTAINTY)),
        }),
        probability_within: None,
        limit: None,
        evidence: bundled
            .iter()
            .map(|task| Evidence {
                feature: format!("{DUE_PREFIX}{}", task.work),
                value: (run_hours - task.last_done_h).max(0.0),
                unit: "h".into(),
                change_per_day: Some(per_day),
                since: None,
            })
            .collect(),
        text: format!("Service of {id} falls due in {left:.0} days at {per_day:.0} h a day."),
    })
}

/// Services of a machine that fall due within a span of days, each with its works, soonest first: work due near each other is
/// one service. A counter that stands still reaches no interval. Of what is `in_hand` already the next time after it counts.
pub(crate) fn ahead<'a>(
    tasks: &'a [ServiceTask],
    counter: Counter,
    in_hand: &[&str],
    span_days: f64,
) -> Vec<(f64, Vec<&'a str>)> {
    if !(counter.hours_per_day >= PACE_MIN && counter.run_hours.is_finite()) {
        return Vec::new();
    }
    let days = |hours: f64| hours / counter.hours_per_day;
    let times = |task: &'a ServiceTask| {
        let first = days(task.last_done_h + task.interval_h - counter.run_hours).max(0.0);
        let first = if in_hand.contains(&task.work.as_str()) { first + days(task.interval_h) } else { first };
        let times = std::iter::successors(Some(first), move |last| Some(last + days(task.interval_h)));
        times.take_while(move |due| *due <= span_days).take(TIMES_MAX).map(move |due| (due, task.work.as_str()))
    };
    let mut due: Vec<(f64, &str)> = tasks.iter().filter(|task| task.interval_h > 0.0).flat_map(times).collect();
    due.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut services: Vec<(f64, Vec<&str>)> = Vec::new();
    for (at, work) in due {
        match services.last_mut().filter(|(first, works)| at <= first + BUNDLE_DAYS && !works.contains(&work)) {
            Some((_, works)) => works.push(work),
            None => services.push((at, vec![work])),
        }
    }
    services
}

#[cfg(test)]
mod tests {
    use foretell_model::wire;

    use super::*;

    #[test]
    fn services_ahead_are_reckoned_from_the_hours_that_a_machine_runs() {
        #[track_caller]
        fn check(counter: (f64, f64), in_hand: &[&str], expected: &[(f64, &[&str])]) {
            let task = |work: &str, interval_h, last_done_h| ServiceTask { work: work.into(), interval_h, last_done_h };
            let tasks = [
                task("oil_changed", 1_000.0, 8_000.0),
                task("separator_replaced", 4_000.0, 5_300.0),
                task("oil_filter_replaced", 8_000.0, 8_000.0),
            ];
            let counter = Counter { run_hours: counter.0, hours_per_day: counter.1 };
            let found = ahead(&tasks, counter, in_hand, 56.0);
            let found: Vec<(f64, &[&str])> = found.iter().map(|(at, works)| (at.round(), works.as_slice())).collect();
            assert_eq!(found, expected, "{counter:?}");
        }
        // 100 h left at 20 h a day, the separator 15 days later; the oil once more after 50 days.
        let both: &[&str] = &["oil_changed", "separator_replaced"];
        check((8_900.0, 20.0), &[], &[(5.0, both), (55.0, &["oil_changed"])]);
        check((8_900.0, 20.0), &["oil_changed"], &[(20.0, &["separator_replaced"]), (55.0, &["oil_changed"])]);
        check((8_900.0, 2.0), &[], &[(50.0, &["oil_changed"])]);
        // What is overdue is due now; a counter that stands still reaches nothing.
        check((9_200.0, 4.0), &[], &[(0.0, both)]);
        check((8_900.0, 0.0), &[], &[]);
        check((f64::NAN, 20.0), &[], &[]);
    }

    #[test]
    fn due_service_is_told_work_by_work() {
        #[track_caller]
        fn check(fault: &str, features: &[&str], expected: &[&str]) {
            let evidence: Vec<String> = features
                .iter()
                .map(|feature| {
                    format!(r#"{{"feature":"{feature}","value":4000,"unit":"h","change_per_day":10,"since":null}}"#)
                })
                .collect();
            let line = format!(
                r#"{{"at":"2026-07-01T00:00:00Z","site":"s1","machine":"m1","event":"maintenance_due","id":"s1/m1/{fault}/1","status":"opened","grade":"advise","fault":"{fault}","likelihood":1,"alternatives":[],"rul_days":null,"probability_within":null,"limit":null,"evidence":[{}],"text":"x"}}"#,
                evidence.join(",")
            );
            let works = by_work(&wire::from_json(&line).expect("a finding"));
            assert_eq!(works.iter().map(|work| work.fault.as_str()).collect::<Vec<_>>(), expected);
        }
        check(
            SERVICE,
            &["run_hours_since_oil_changed", "run_hours_since_oil_filter_replaced"],
            &["oil_changed", "oil_filter_replaced"],
        );
        // As the engine tells it, and one that names nothing.
        check("separator_replaced", &["run_hours_since_service"], &["separator_replaced"]);
        check(SERVICE, &[], &[SERVICE]);
    }
}
