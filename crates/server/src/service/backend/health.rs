//! A machine's health report, gathered from engine, log of findings and service state.

use foretell_console::view::{HealthReport, JobDone, JobPhoto, MachineDetail, Person, StandingOf};
use foretell_console::{BackendError, Lang, Span};
use foretell_engine::MachineView;
use foretell_model::{Clock, DAY_MS, Finding, FindingKind, MachineId, Signal, Status, Timestamp};
use foretell_outreach::{MachineContext, PhotoOf};

use super::ServiceBackend;
use super::errors::{not_found, of_outreach};
use super::lookout::UNHEARD_MS;
use super::registry::{Sites, language};
use super::visits::{minutes, named};
use crate::service::findings::MarkKind;

/// Findings looked through for what jobs achieved.
const FINDINGS_MAX: usize = 400;
/// Pictures in one report.
const PICTURES_MAX: usize = 8;
/// A job of the log and a visit that are no further apart are one.
const SAME_JOB_DAYS: f64 = 1.0;

impl ServiceBackend {
    /// The report over a span. Where its end is open, it is now, or the machine's last data when they are long past, as of a
    /// history that was imported or a machine that was taken out of service.
    pub(super) fn health_of(
        &self,
        id: &MachineId,
        (from, to): (Option<Timestamp>, Option<Timestamp>),
        lang: Lang,
    ) -> Result<HealthReport, BackendError> {
        let view = self.room.machine(id).ok_or_else(|| not_found("machine", id))?;
        let (mut jobs, now) = (self.jobs(id, lang)?, self.clocks.now());
        let told = jobs.iter().map(|job| job.at).chain(view.last_ts).max().filter(|last| now - *last > UNHEARD_MS);
        let ends_with_data = to.is_none() && told.is_some();
        // The last reading belongs to it.
        let span = Span::looking_back((from, to), told.map_or(now, |last| last + 1));
        // Nothing is told of the future but forecasts.
        let span = Span { to: span.to.min(now).max(span.from), ..span };
        // What was done this very moment belongs to the report as well.
        jobs.retain(|job| span.from <= job.at && job.at <= span.to);
        let (mut detail, standing) = self.standing_at(id, &view, span)?;
        if tells_of_newest(standing, view.last_ts, span) {
            self.add_due(&view, &mut detail)?;
        }
        let language = language(lang);
        let sites = Sites::read(&self.outreach)?;
        let customer = sites.customer(id);
        let advisor = match customer {
            Some(customer) => self.outreach.advisor(&customer.advisor).map_err(of_outreach)?,
            None => None,
        };
        let registered = self.outreach.machine(id).map_err(of_outreach)?;
        let within = |at| span.from <= at && at < span.to;
        let heard = view.days.iter().filter(|day| within(day.day)).count();
        let days = ((span.to - span.from) / DAY_MS).max(0);
        Ok(HealthReport {
            company: self.outreach.company(language),
            advisor: advisor.map_or_else(Person::default, |advisor| Person {
                name: language.of(&advisor.name).to_owned(),
                role: language.of(&advisor.role).to_owned(),
                phone: advisor.phone,
            }),
            customer: customer.map(|customer| customer.name.clone()).unwrap_or_default(),
            model: registered.and_then(|machine| machine.model).unwrap_or_default(),
            measured: view.last_values.iter().map(|(signal, _): &(Signal, f64)| *signal).collect(),
            span,
            ends_with_data,
            days_heard: (u32::try_from(heard).unwrap_or(u32::MAX), u32::try_from(days).unwrap_or(u32::MAX)),
            jobs: self.with_pictures(jobs),
            effects: self.effects(id, within),
            detail,
            standing,
        })
    }

    /// What the customer's own service tasks say is due by the counter stands beside what the engine found; each work once.
    fn add_due(&self, view: &MachineView, detail: &mut MachineDetail) -> Result<(), BackendError> {
        let counter = MachineContext {
            run_hours: view.run_hours,
            hours_per_day: (view.hours_per_day > 0.0).then_some(view.hours_per_day),
            ..MachineContext::default()
        };
        let due = self.outreach.works_due_of(&view.id, &counter, detail.curve.now).map_err(of_outreach)?;
        for due in due {
            let is_it = |known: &Finding| known.kind == FindingKind::MaintenanceDue && known.fault == due.fault;
            if !detail.open.iter().any(is_it) {
                detail.open.push(due);
            }
        }
        Ok(())
    }

    /// Work that was reported and work done at visits, newest first, its pictures still unread. What both tell of is told once,
    /// with all that the visit knows.
    fn jobs(&self, id: &MachineId, lang: Lang) -> Result<Vec<JobDone>, BackendError> {
        let mut jobs = self.jobs_of_visits(id, lang)?;
        let marks = self.room.marks(id);
        for mark in marks.iter().filter(|mark| mark.kind == MarkKind::Maintenance) {
            let is_same = |job: &JobDone| {
                job.work == mark.text && !job.found_nothing && (job.at.days_since(mark.at)).abs() <= SAME_JOB_DAYS
            };
            match jobs.iter_mut().find(|job| is_same(job)) {
                Some(job) => job.at = mark.at,
                None => jobs.push(JobDone {
                    at: mark.at,
                    work: mark.text.clone(),
                    found_nothing: false,
                    by: String::new(),
                    minutes: None,
                    parts: None,
                    photos: Vec::new(),
                }),
            }
        }
        jobs.extend(self.repairs(id, lang)?);
        jobs.sort_by_key(|job| std::cmp::Reverse(job.at));
        Ok(jobs)
    }

    /// Jobs with the bytes of as many pictures as a report has room for.
    fn with_pictures(&self, mut jobs: Vec<JobDone>) -> Vec<JobDone> {
        let mut pictures = PICTURES_MAX;
        for job in &mut jobs {
            job.photos.truncate(pictures);
            pictures -= job.photos.len();
            for photo in &mut job.photos {
                photo.jpeg = self.picture(photo.id, true).unwrap_or_default();
            }
            job.photos.retain(|photo| !photo.jpeg.is_empty());
        }
        jobs
    }

    /// Each work of each finished visit; what concerns the whole visit stands beside its first work.
    fn jobs_of_visits(&self, id: &MachineId, lang: Lang) -> Result<Vec<JobDone>, BackendError> {
        let mut jobs = Vec::new();
        for done in self.outreach.visits_done(id, (Timestamp::MIN, Timestamp::MAX)).map_err(of_outreach)? {
            let report = done.report.as_ref();
            let at = report.and_then(|report| report.ended).unwrap_or(done.visit.end);
            let mut whole = Some(JobDone {
                at,
                work: String::new(),
                found_nothing: false,
                by: named(done.visit.technician.as_ref(), lang),
                minutes: report.and_then(minutes),
                parts: report.map(|report| report.parts.iter().map(|(part, n)| (part.clone(), *n)).collect()),
                photos: self.pictures(PhotoOf::Visit, done.visit.id, lang)?,
            });
            let works = done.works.iter().map(|work| (work, false));
            for (work, found_nothing) in works.chain(done.looked_at.iter().map(|work| (work, true))) {
                let first = whole.take().map(|whole| JobDone { work: work.clone(), found_nothing, ..whole });
                jobs.push(first.unwrap_or_else(|| JobDone {
                    at,
                    work: work.clone(),
                    found_nothing,
                    by: named(done.visit.technician.as_ref(), lang),
                    minutes: None,
                    parts: report.map(|_| Vec::new()),
                    photos: Vec::new(),
                }));
            }
        }
        Ok(jobs)
    }

    /// Breakdowns that were mended.
    fn repairs(&self, id: &MachineId, lang: Lang) -> Result<Vec<JobDone>, BackendError> {
        let technicians = self.outreach.technicians().map_err(of_outreach)?;
        let cases = self.outreach.service_cases_of(id).map_err(of_outreach)?;
        // What was called off was no breakdown, and nothing was mended.
        let closed = cases
            .into_iter()
            .filter(|case| case.closed.is_some() && case.withdrawn.is_none() && case.goes_on.is_none());
        let repair = |case: foretell_outreach::ServiceCase| {
            let technician = technicians.iter().find(|known| Some(&known.id) == case.technician.as_ref());
            let report = case.report.unwrap_or_default();
            Ok(JobDone {
                at: case.closed.unwrap_or(case.opened),
                work: String::new(),
                found_nothing: false,
                by: named(technician, lang),
                // From arrival to closing is no duration of work.
                minutes: None,
                parts: Some(report.parts.into_iter().collect()),
                photos: self.pictures(PhotoOf::ServiceCase, case.id, lang)?,
            })
        };
        closed.map(repair).collect()
    }

    /// Pictures of a job, their bytes to be read once it is clear which are shown.
    fn pictures(&self, of: PhotoOf, id: i64, lang: Lang) -> Result<Vec<JobPhoto>, BackendError> {
        let photos = self.outreach.photos(of, &id.to_string()).map_err(of_outreach)?;
        let picture = |photo: foretell_outreach::Photo| {
            // A caption in another language than the report's helps nobody.
            let caption = if language(lang).reads(&photo.caption) { photo.caption } else { String::new() };
            JobPhoto { id: photo.id, caption, jpeg: Vec::new() }
        };
        Ok(photos.into_iter().map(picture).collect())
    }

    /// What jobs achieved, each in its newest words, newest first.
    pub(super) fn effects(&self, id: &MachineId, within: impl Fn(Timestamp) -> bool) -> Vec<Finding> {
        let mut effects: Vec<Finding> = Vec::new();
        for finding in self.room.findings(Some(id), None, FINDINGS_MAX) {
            let is_effect = finding.kind == FindingKind::MaintenanceEffect && finding.status != Status::Cleared;
            if is_effect && within(finding.at) && effects.iter().all(|known| known.id != finding.id) {
                effects.push(finding);
            }
        }
        effects
    }
}

/// Whether a report tells of a machine as its newest data show it: its counter is known for no earlier time.
fn tells_of_newest(standing: StandingOf, last: Option<Timestamp>, span: Span) -> bool {
    let is_known = matches!(standing, StandingOf::Now | StandingOf::LastReading);
    is_known && last.is_some_and(|last| span.to.day() >= last.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_told_of_the_newest_data_however_old_they_are() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let last = at("2025-04-21T23:00:00Z");
        for (standing, to, expected) in [
            (StandingOf::Now, "2025-04-21T23:30:00Z", true),
            (StandingOf::LastReading, "2025-04-21T23:00:00Z", true),
            (StandingOf::LastReading, "2025-06-30T00:00:00Z", true),
            // Then, after a gap, and where nothing was kept.
            (StandingOf::Then, "2025-04-12T00:00:00Z", false),
            (StandingOf::LastReading, "2025-04-12T00:00:00Z", false),
            (StandingOf::Untold, "2025-06-30T00:00:00Z", false),
        ] {
            let span = Span { from: at("2025-01-01T00:00:00Z"), to: at(to) };
            assert_eq!(tells_of_newest(standing, Some(last), span), expected, "{standing:?} {to}");
        }
        let span = Span { from: last, to: last };
        assert!(!tells_of_newest(StandingOf::Now, None, span));
    }
}
