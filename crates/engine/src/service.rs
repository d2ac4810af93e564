//! Work on a machine: what is due by its own running hours, and what a job achieved.

use foretell_model::{Catalogue, Evidence, FaultCode, FindingKind, RulDays, Timestamp};
use serde::{Deserialize, Serialize};

use crate::findings::episode::Draft;
use crate::findings::text;
use crate::ha::baseline::{Baseline, Conditions};
use crate::sd::day::{Day, DayRecord, start_of};

/// Work that changes the thermal normal, after which the baseline is learned anew.
const THERMAL_WORK: [&str; 8] = [
    "cooler_cleaned",
    "thermostatic_valve_replaced",
    "oil_changed",
    "oil_topped_up",
    "oil_filter_replaced",
    "fan_repaired",
    "serviced",
    "sensor_replaced",
];
/// Marks counted on the controller's own total when no service was ever reported.
const BY_TOTAL: [&str; 2] = ["serviced", "vibration_tested"];
/// A due mark is announced this long before it is reached.
const ANNOUNCE_DAYS: f64 = 28.0;
/// Days of evidence on either side of a job.
const EFFECT_DAYS: usize = 7;
/// An effect is looked for no longer than this after the job.
const EFFECT_WITHIN_DAYS: Day = 45;

/// Kinds of work remembered per machine; the catalogue has fewer.
const KINDS_MAX: usize = 32;

/// What is known of past work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Service {
    /// Work and our own hour count when it was last done.
    done: Vec<(String, f64)>,
    pending: Option<Box<Pending>>,
}

/// A job whose effect is still to be measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pending {
    work: String,
    day: Day,
    /// The normal before the job, as the common yardstick.
    baseline: Baseline,
    amps_a: f64,
    before_k: f64,
    before_var: f64,
}

/// Whether the baseline must be learned anew after this work.
pub(crate) fn is_thermal(work: &str) -> bool {
    THERMAL_WORK.contains(&work)
}

/// Mean residual against a fixed baseline without excess, and the variance of that mean; hot points with own ambient only.
fn residual(days: &[DayRecord], baseline: &Baseline, amps_a: f64) -> Option<(f64, f64)> {
    let residuals: Vec<f64> = days
        .iter()
        .filter_map(|d| {
            let load_tenths = ((d.hot.amps_a() / amps_a - 1.0) * 10.0).clamp(-9.0, 5.0);
            let at = Conditions { ta_c: d.hot.ta_c()?, load_tenths, pressure_bar: 0.0 };
            let expected = baseline.expect(&at, 0.0);
            // Only what the cooler shows: regulated hours would dilute the effect to nothing.
            (expected.weight > 0.3).then(|| Some(d.hot.td_c()? - expected.td_c)).flatten()
        })
        .collect();
    let n = residuals.len() as f64;
    (residuals.len() >= 4).then(|| {
        let mean = residuals.iter().sum::<f64>() / n;
        let var = residuals.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0);
        // Days are not independent; half of the persistence of the fit's prior is assumed.
        (mean, (var.max(0.25) / n) * 2.0)
    })
}

impl Service {
    /// Notes that work was done, and prepares to measure what it achieved.
    pub(crate) fn done(&mut self, work: &str, day: Day, counted_h: f64, days: &[DayRecord], baseline: &Baseline) {
        if let Some((_, at_h)) = self.done.iter_mut().find(|(known, _)| known == work) {
            *at_h = counted_h;
        } else if self.done.len() < KINDS_MAX {
            self.done.push((work.to_owned(), counted_h));
        }
        let amps_a = crate::ha::points::reference_of(days, false).map(|r| r.heat_a);
        let before: Vec<DayRecord> = days.iter().rev().filter(|d| d.day < day).take(EFFECT_DAYS).copied().collect();
        self.pending = amps_a.filter(|_| is_thermal(work)).and_then(|amps_a| {
            let (before_k, before_var) = residual(&before, baseline, amps_a)?;
            Some(Box::new(Pending { work: work.to_owned(), day, baseline: *baseline, amps_a, before_k, before_var }))
        });
    }

    /// Running hours since the oil was last changed over their interval; `None` when no change was ever reported.
    pub(crate) fn oil_hours_share(&self, catalogue: &Catalogue, counted_h: f64) -> Option<f64> {
        let interval_h = catalogue.actions.get("oil_changed")?.interval_h.filter(|h| *h > 0.0)?;
        let (_, at_h) = self.done.iter().find(|(work, _)| work == "oil_changed")?;
        Some((counted_h - at_h) / interval_h)
    }

    /// What the last job achieved, once enough days have passed; said once.
    pub(crate) fn effect(&mut self, today: Day, days: &[DayRecord]) -> Option<Draft> {
        let pending = self.pending.as_deref()?;
        let after: Vec<DayRecord> = days.iter().filter(|d| d.day > pending.day).take(EFFECT_DAYS).copied().collect();
        let measured = residual(&after, &pending.baseline, pending.amps_a).filter(|_| after.len() >= EFFECT_DAYS);
        let Some((after_k, after_var)) = measured else {
            if today > pending.day.saturating_add(EFFECT_WITHIN_DAYS) {
                self.pending = None;
            }
            return None;
        };
        let change_k = after_k - pending.before_k;
        let sd_k = (after_var + pending.before_var).sqrt();
        let draft = effect_draft(&pending.work, change_k, sd_k, start_of(pending.day));
        self.pending = None;
        draft
    }

    /// Marks that come within four weeks or are passed, as drafts; and the codes of those that do not.
    pub(crate) fn due(
        &self,
        catalogue: &Catalogue,
        counted_h: f64,
        shown_h: Option<f64>,
        hours_per_day: f64,
    ) -> Vec<(Draft, bool)> {
        let mut drafts = Vec::new();
        for (work, action) in &catalogue.actions {
            let Some(interval_h) = action.interval_h.filter(|h| *h > 0.0) else { continue };
            let since_h = self.since_h(work, counted_h).or_else(|| {
                let total_h = shown_h.filter(|_| BY_TOTAL.contains(&work.as_str()))?;
                Some(total_h.rem_euclid(interval_h))
            });
            let (Some(since_h), Some(code)) = (since_h, FaultCode::new(work)) else { continue };
            let left_h = interval_h - since_h;
            let left_days = left_h.max(0.0) / hours_per_day.max(0.5);
            let due = left_days <= ANNOUNCE_DAYS;
            drafts.push((due_draft(code, &action.name.en, since_h, left_h, left_days, hours_per_day), due));
        }
        drafts
    }

    /// Running hours since the work, or since a full service, which includes it.
    fn since_h(&self, work: &str, counted_h: f64) -> Option<f64> {
        let last = |code: &str| self.done.iter().find(|(known, _)| known == code).map(|(_, at_h)| *at_h);
        let at_h = match (last(work), last("serviced").filter(|_| work != "vibration_tested")) {
            (Some(own), Some(full)) => Some(own.max(full)),
            (own, full) => own.or(full),
        }?;
        Some(counted_h - at_h)
    }
}

fn effect_draft(work: &str, change_k: f64, sd_k: f64, since: Timestamp) -> Option<Draft> {
    let likelihood = 1.0 - 2.0 * crate::ha::scan::normal_cdf(-change_k.abs() / sd_k.max(0.1));
    let verdict = if change_k < -2.0 * sd_k {
        format!("runs {:.1} K cooler", -change_k)
    } else if change_k > 2.0 * sd_k {
        format!("runs {change_k:.1} K hotter")
    } else {
        "shows no measurable effect".to_owned()
    };
    let text = format!(
        "Since the work on {} ({}) the machine {verdict} (±{:.1} K) at equal load and ambient.",
        text::date(since),
        work.replace('_', " "),
        2.0 * sd_k
    );
    let mut draft =
        Draft::plain(FindingKind::MaintenanceEffect, FaultCode::new(work)?, likelihood.clamp(0.0, 1.0), text);
    draft.evidence.push(Evidence {
        feature: "discharge_change_k".to_owned(),
        value: change_k,
        unit: "K".to_owned(),
        change_per_day: None,
        since: Some(since),
    });
    Some(draft)
}

fn due_draft(code: FaultCode, name: &str, since_h: f64, left_h: f64, left_days: f64, hours_per_day: f64) -> Draft {
    let text = if left_h <= 0.0 {
        format!(
            "It is time to {name}: {since_h:.0} running hours since the last time, {:.0} over the interval.",
            -left_h
        )
    } else {
        format!(
            "In about {left_days:.0} days, at {hours_per_day:.1} h a day, it is time to {name}: {left_h:.0} running hours are left."
        )
    };
    let mut draft = Draft::plain(FindingKind::MaintenanceDue, code, 1.0, text);
    // A fifth more or fewer hours a day is an ordinary difference between weeks.
    draft.rul_days = Some(RulDays { p10: Some(left_days * 0.83), p50: Some(left_days), p90: Some(left_days * 1.25) });
    draft.evidence.push(Evidence {
        feature: "run_hours_since_service".to_owned(),
        value: since_h,
        unit: "h".to_owned(),
        change_per_day: Some(hours_per_day),
        since: None,
    });
    draft
}
