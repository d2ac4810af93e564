//! A machine's health report, gathered from engine, log of findings and service state.

use foretell_console::view::{HealthReport, JobDone, Person};
use foretell_console::{BackendError, Lang, Span};
use foretell_model::{DAY_MS, Finding, FindingKind, MachineId, Signal, Status};

use super::ServiceBackend;
use super::errors::{not_found, of_outreach};
use super::registry::{Sites, language};
use crate::service::findings::MarkKind;

/// Findings looked through for what jobs achieved.
const FINDINGS_MAX: usize = 400;

impl ServiceBackend {
    pub(super) fn health_of(&self, id: &MachineId, span: Span, lang: Lang) -> Result<HealthReport, BackendError> {
        let detail = self.machine_detail(id)?;
        let view = self.room.machine(id).ok_or_else(|| not_found("machine", id))?;
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
            days_heard: (u32::try_from(heard).unwrap_or(u32::MAX), u32::try_from(days).unwrap_or(u32::MAX)),
            jobs: self.jobs(id, within),
            effects: self.effects(id, within),
            detail,
        })
    }

    /// Work that was reported, newest first.
    fn jobs(&self, id: &MachineId, within: impl Fn(foretell_model::Timestamp) -> bool) -> Vec<JobDone> {
        let marks = self.room.marks(id);
        let done = marks.iter().rev().filter(|mark| mark.kind == MarkKind::Maintenance && within(mark.at));
        let job = |mark: &crate::service::findings::Mark| JobDone {
            at: mark.at,
            work: mark.text.clone(),
            by: String::new(),
            minutes: None,
        };
        done.map(job).collect()
    }

    /// What jobs achieved, each in its newest words, newest first.
    fn effects(&self, id: &MachineId, within: impl Fn(foretell_model::Timestamp) -> bool) -> Vec<Finding> {
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
