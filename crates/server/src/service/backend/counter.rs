//! The running hours behind work that is due by them: what the counter has shown, and when the interval is full.

use foretell_console::BackendError;
use foretell_console::view::{Counter, Curve, Reached};
use foretell_engine::{DayView, MachineView};
use foretell_model::{Catalogue, DAY_MS, Evidence, Finding, FindingKind, Timestamp};
use foretell_outreach::Machine;
use foretell_outreach::service::DUE_PREFIX;

use super::ServiceBackend;
use super::errors::of_outreach;

/// What the engine calls the hours of the one work that its finding is about.
const UNNAMED: &str = "service";

impl ServiceBackend {
    /// The curve behind a finding: with the hours where work is due by them.
    pub(super) fn curve_about(&self, finding: &Finding, now: Timestamp) -> Result<Curve, BackendError> {
        let mut curve = self.curve_of(finding, now);
        if finding.kind == FindingKind::MaintenanceDue {
            let registered = self.outreach.machine(&finding.machine).map_err(of_outreach)?;
            let view = self.room.machine(&finding.machine);
            curve.counter = view.and_then(|view| counter(finding, registered.as_ref(), (&view, &self.catalogue), now));
        }
        Ok(curve)
    }
}

/// The hours of the work that is due first; `None` when the finding names none, or nobody knows its interval or the pace.
fn counter(
    finding: &Finding,
    registered: Option<&Machine>,
    (view, catalogue): (&MachineView, &Catalogue),
    now: Timestamp,
) -> Option<Counter> {
    let named = |evidence: &Evidence| {
        let work = evidence.feature.strip_prefix(DUE_PREFIX)?;
        Some((if work == UNNAMED { finding.fault.as_str().to_owned() } else { work.to_owned() }, evidence.value))
    };
    let (work, since_h) = finding.evidence.iter().find_map(named)?;
    let own = registered.and_then(|machine| machine.service.iter().find(|task| task.work == work));
    let interval_h = own.map(|task| task.interval_h).or_else(|| catalogue.actions.get(&work)?.interval_h)?;
    let per_day_h = Some(view.hours_per_day).filter(|per_day_h| *per_day_h > 0.0)?;
    let age_days = now.days_since(finding.at).max(0.0);
    let counted = own.zip(view.run_hours).map(|(task, run_hours)| (run_hours - task.last_done_h).max(0.0));
    let now_h = counted.unwrap_or(since_h + per_day_h * age_days);
    let left_days = (interval_h - now_h) / per_day_h;
    // The finding's own window, which its words tell; of an older one only what it says of the pace.
    let at = |days: Option<f64>| days.map(|days| finding.at.plus_days(days));
    let rul = finding.rul_days.filter(|_| left_days > 0.0);
    let reached = rul.and_then(|rul| Some(Reached { from: at(rul.p10)?.max(now), to: at(rul.p90) }));
    // A machine that says nothing counts no further.
    let known = counted.and(view.last_ts).map_or(now, |last| last.min(now));
    Some(Counter { days: counted_back(&view.days, now_h, per_day_h, known), now_h, interval_h, per_day_h, reached })
}

/// Hours at the end of past days, counted back from `known`, when they were `now_h`, by what the machine ran on each day, to the last
/// service.
fn counted_back(run: &[DayView], now_h: f64, per_day_h: f64, known: Timestamp) -> Vec<(i64, f64)> {
    let Some(last) = run.last() else { return Vec::new() };
    let since_last_days = known.days_since(last.day + DAY_MS).clamp(0.0, 1.0);
    let mut hours = now_h - per_day_h * since_last_days;
    let mut days = Vec::new();
    for day in run.iter().rev() {
        if hours < 0.0 {
            break;
        }
        days.push((day.day.day(), hours));
        hours -= day.run_h;
    }
    days.reverse();
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_counted_back_from_the_last_word_of_the_machine() {
        #[track_caller]
        fn check(known_h: i64, expected: &[(i64, f64)]) {
            let day = |n: i64, run_h| DayView {
                day: Timestamp::from_millis(n * DAY_MS),
                observed_c: None,
                peak_c: None,
                expected_c: None,
                expected_sd_k: 0.0,
                ambient_c: None,
                excess_k: None,
                cooler_ua_loss: None,
                observable: false,
                run_h,
                load_h: run_h,
                unloaded_current_share: None,
            };
            let run = [day(10, 8.0), day(11, 6.0)];
            let known = Timestamp::from_millis(12 * DAY_MS + known_h * DAY_MS / 24);
            assert_eq!(counted_back(&run, 4_004.0, 12.0, known), expected);
        }
        // It fell silent at midnight; it spoke at noon; nothing is known of a day that is not over beyond its own length.
        check(0, &[(10, 3_998.0), (11, 4_004.0)]);
        check(12, &[(10, 3_992.0), (11, 3_998.0)]);
        check(240, &[(10, 3_986.0), (11, 3_992.0)]);
    }
}
