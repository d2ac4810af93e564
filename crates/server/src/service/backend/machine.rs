//! One machine in full, down to its readings.

use std::ops::ControlFlow;

use foretell_console::BackendError;
use foretell_console::view::{Baseline, Estimate, Health, HiddenBy, HourPoint, MachineDetail, Slot};
use foretell_engine::{AmbientSource, MachineView};
use foretell_history::Summary;
use foretell_model::{
    Clock, DAY_MS, Evidence, Finding, FindingKind, Grade, HOUR_MS, MachineId, Reading, Signal, Status, Timestamp,
};
use foretell_outreach::Stage;

use super::ServiceBackend;
use super::curve;
use super::errors::{failed, not_found, of_outreach};
use super::lookout::{self, DAYS_NEEDED};
use super::registry::Sites;

/// Findings of the past that a page shows.
const PAST_MAX: usize = 20;

/// Readings that a page shows.
const READINGS_MAX: usize = 20;

/// Findings looked through for one machine's page.
pub(super) const FINDINGS_MAX: usize = 400;

/// Distance of the 10 % and 90 % quantiles from the median, in standard deviations of a normal distribution.
const Z_80: f64 = 1.2816;

impl ServiceBackend {
    pub(super) fn machine_detail(&self, id: &MachineId) -> Result<MachineDetail, BackendError> {
        self.machine_detail_at(id, self.room.machine(id), self.clocks.now())
    }

    /// The same from what the engine knows of it, as it stands when the clock shows `now`.
    pub(super) fn machine_detail_at(
        &self,
        id: &MachineId,
        view: Option<MachineView>,
        now: Timestamp,
    ) -> Result<MachineDetail, BackendError> {
        let registered = self.outreach.machine(id).map_err(of_outreach)?;
        let sites = Sites::read(&self.outreach)?;
        let seen = self.room.look(id);
        let mut summary = lookout::summary(id, seen.as_ref(), (&sites, &self.catalogue), now);
        let broken = self.open_case_of(id)?;
        summary.broken_since = broken.map(|(_, since)| since);
        let open_case = broken.map(|(case, _)| case);
        let Some(view) = view else {
            let registered = registered.ok_or_else(|| not_found("machine", id))?;
            let unheard = MachineDetail::unheard(summary, now, DAYS_NEEDED);
            return Ok(MachineDetail { rated_kw: registered.rated_kw, open_case, ..unheard });
        };
        let findings = self.room.findings(Some(id), None, FINDINGS_MAX);
        let rated_kw = registered.as_ref().and_then(|machine| machine.rated_kw);
        let cases = self.outreach.cases_of(id).map_err(of_outreach)?;
        let mut marks = curve::marks(&self.room.marks(id), findings.iter());
        if sites.customer(id).is_some_and(|owner| owner.erased) {
            curve::strike_notes(&mut marks);
        }
        let known = matches!(summary.health, Health::Known { .. });
        let mut open = open(&view, &findings);
        let mut features = features(&view, &summary.health);
        take_change_of_findings(&open, &mut features);
        tell_onset_as_letters(&mut open, &mut features, &cases);
        let newest = view.last_ts.unwrap_or(now);
        let hours = self.hours(id, newest)?;
        Ok(MachineDetail {
            rated_kw,
            limits: view.limits,
            run_hours: view.run_hours,
            hours_per_day: (view.hours_per_day > 0.0).then_some(view.hours_per_day),
            curve: curve::curve(&view, now, &open, marks),
            open,
            past: past(&view, findings),
            baseline: baseline(&view),
            cooler_loss: known.then(|| cooler_loss(&view)),
            features,
            duty_week: (!view.days.is_empty()).then_some(view.weekly_duty),
            readings: self.newest_readings(id, newest, &hours)?,
            hours: hours.iter().map(hour).collect(),
            advisory_id: cases.last().map(|(finding, _)| finding.id.to_string()),
            visit: visit_to_come(&cases, &sites, now),
            open_case,
            summary,
        })
    }

    fn hours(&self, id: &MachineId, newest: Timestamp) -> Result<Vec<Summary>, BackendError> {
        let hours = self.rollups.hours(id, newest + (-7 * DAY_MS), newest + HOUR_MS);
        hours.map_err(|error| failed("read the hourly roll-ups", error))
    }

    /// The newest readings, newest first. The log is asked for hours that have some, so that a machine that seldom speaks costs
    /// no search through everybody's minutes; the newest hour is asked in any case, because the roll-ups come a little later.
    fn newest_readings(
        &self,
        id: &MachineId,
        newest: Timestamp,
        hours: &[Summary],
    ) -> Result<Vec<Reading>, BackendError> {
        let last = Timestamp::from_millis(newest.hour() * HOUR_MS);
        let before = hours.iter().rev().map(|hour| hour.begins).filter(|begins| *begins < last);
        let mut newest_first: Vec<Reading> = Vec::new();
        for begins in std::iter::once(last).chain(before) {
            let mut readings: Vec<Reading> = Vec::new();
            let collected = self.log.readings(id, begins, begins + HOUR_MS, |reading| {
                readings.push(reading);
                ControlFlow::Continue(())
            });
            collected.map_err(|error| failed("read readings", error))?;
            newest_first.extend(readings.into_iter().rev());
            if newest_first.len() >= READINGS_MAX {
                break;
            }
        }
        newest_first.truncate(READINGS_MAX);
        Ok(newest_first)
    }
}

/// What is open now, each in its newest words, the most pressing first.
pub(super) fn open(view: &MachineView, newest_first: &[Finding]) -> Vec<Finding> {
    let newest =
        |open: &foretell_engine::OpenFinding| newest_first.iter().find(|finding| finding.id == open.id).cloned();
    let mut findings: Vec<Finding> = view.open.iter().filter_map(newest).collect();
    findings.sort_by_key(by_grade);
    findings
}

/// How fast a feature changes is said as the findings that rest on it say it.
fn take_change_of_findings(open: &[Finding], features: &mut [Evidence]) {
    for feature in features {
        let mut evidence = open.iter().flat_map(|finding| &finding.evidence);
        let same = evidence.find(|evidence| evidence.feature == feature.feature && evidence.change_per_day.is_some());
        feature.change_per_day = same.and_then(|evidence| evidence.change_per_day);
    }
}

/// Since when something has been so is said as the letter has said it, whatever the engine has come to think of the day since.
fn tell_onset_as_letters(open: &mut [Finding], features: &mut [Evidence], cases: &[(Finding, Stage)]) {
    for finding in open {
        let Some((case, _)) = cases.iter().find(|(case, _)| case.id == finding.id) else { continue };
        let (reckoned, told) = (finding.onset(), case.onset());
        let is_onset = |item: &&mut Evidence| item.since.is_some() && item.since == reckoned;
        finding.evidence.iter_mut().chain(features.iter_mut()).filter(is_onset).for_each(|item| item.since = told);
    }
}

/// The order in which findings are shown: the most pressing first, what cannot be seen last.
pub(super) fn by_grade(finding: &Finding) -> (std::cmp::Reverse<Grade>, bool) {
    (std::cmp::Reverse(finding.grade), finding.kind == FindingKind::Observability)
}

/// Beginnings and ends of what is over.
fn past(view: &MachineView, newest_first: Vec<Finding>) -> Vec<Finding> {
    let is_over = |finding: &Finding| view.open.iter().all(|open| open.id != finding.id);
    let says_something_new = |finding: &Finding| finding.status != Status::Updated;
    newest_first.into_iter().filter(|f| is_over(f) && says_something_new(f)).take(PAST_MAX).collect()
}

fn baseline(view: &MachineView) -> Baseline {
    let [days, days_needed] =
        [view.baseline.usable_days, view.baseline.days_needed].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    Baseline {
        since: view.baseline.since,
        days,
        days_needed,
        anew: days_needed < DAYS_NEEDED,
        hinge_ambient_c: view.baseline.learned.then_some(view.baseline.hinge_c),
        ambient_measured: matches!(view.baseline.ambient_source, AmbientSource::Own | AmbientSource::Sibling),
    }
}

/// The loss with an interval from the day-level error of the expectation: near the present value, loss and excess grow in
/// proportion.
fn cooler_loss(view: &MachineView) -> Estimate {
    let (loss, excess_k) = (view.health.cooler_ua_loss, view.health.excess_k);
    let per_k = if excess_k.abs() > 0.5 { loss / excess_k } else { 0.01 };
    let half = Z_80 * view.baseline.sd_k * per_k.abs();
    let within = |value: f64| value.clamp(0.0, 1.0);
    Estimate { value: within(loss), low: within(loss - half), high: within(loss + half) }
}

fn features(view: &MachineView, health: &Health) -> Vec<Evidence> {
    let evidence = |feature: &str, value: f64, unit: &str| Evidence {
        feature: feature.to_owned(),
        value,
        unit: unit.to_owned(),
        change_per_day: None,
        since: view.health.since,
    };
    if !view.baseline.learned {
        return Vec::new();
    }
    let mut features = Vec::new();
    if *health != Health::Hidden(HiddenBy::CoolWeather) {
        features.push(evidence("cooler_ua_loss", view.health.cooler_ua_loss, "1"));
        features.push(evidence("discharge_excess_k", view.health.excess_k, "K"));
    }
    features.push(Evidence { since: None, ..evidence("hinge_ambient_c", view.baseline.hinge_c, "Cel") });
    features
}

/// The first visit to come for any of a machine's cases.
fn visit_to_come(cases: &[(Finding, Stage)], sites: &Sites, now: Timestamp) -> Option<(String, Slot)> {
    let booked = cases.iter().filter_map(|(finding, _)| sites.appointment_of(&finding.id));
    let visit = booked.filter(|visit| visit.start > now).min_by_key(|visit| visit.start)?;
    Some((visit.case.to_string(), Slot { from: visit.start, to: visit.end }))
}

fn hour(summary: &Summary) -> HourPoint {
    let discharge = summary.band(Signal::DischargeTemp);
    let mean = |signal| summary.band(signal).map(|band| band.mean());
    HourPoint {
        hour: summary.begins.hour(),
        discharge_mean_c: mean(Signal::DischargeTemp),
        discharge_max_c: discharge.map(|band| band.max),
        ambient_c: mean(Signal::AmbientTemp),
        current_a: mean(Signal::MotorCurrent),
        readings: u32::try_from(summary.readings).unwrap_or(u32::MAX),
    }
}
