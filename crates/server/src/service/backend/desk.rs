//! Service cases and verdicts, as people see them and what they do about them.

use foretell_console::view::{
    CaseAct, CaseDesk, CasePage, CaseReport, Choice, FaultPrecision, Found, RecordLine, Sent, ServiceCase, Timer,
    TimerState, Verdict,
};
use foretell_console::{BackendError, Lang};
use foretell_model::{Clock, FaultCode, FindingId, MachineId, Timestamp};
use foretell_outreach as outreach;
use foretell_outreach::{Checklist, Happening, Promise, RecordFilter, Source, Technician, VisitReport};

use super::ServiceBackend;
use super::errors::{not_found, of_outreach};
use super::guest::case_way;
use super::registry::{Sites, language, zone};

/// Closed cases shown below the open ones.
const CLOSED_MAX: u32 = 20;

impl ServiceBackend {
    pub(super) fn case_desk(&self, lang: Lang) -> Result<CaseDesk, BackendError> {
        let (now, sites) = (self.clocks.now(), Sites::read(&self.outreach)?);
        let technicians = self.outreach.technicians().map_err(of_outreach)?;
        let view = |case: outreach::ServiceCase| self.case_view(case, &sites, &technicians, now, lang);
        let open = self.outreach.service_cases().map_err(of_outreach)?;
        let closed = self.outreach.closed_service_cases(CLOSED_MAX).map_err(of_outreach)?;
        Ok(CaseDesk {
            now,
            open: open.into_iter().map(view).collect::<Result<_, _>>()?,
            closed: closed.into_iter().map(view).collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn case_page(&self, id: i64, lang: Lang) -> Result<CasePage, BackendError> {
        let (now, sites) = (self.clocks.now(), Sites::read(&self.outreach)?);
        let technicians = self.outreach.technicians().map_err(of_outreach)?;
        let case = self.outreach.service_case(id).map_err(of_outreach)?;
        let filter = RecordFilter { case: Some(format!("case/{id}")), ..RecordFilter::default() };
        let record = self.outreach.record(&filter).map_err(of_outreach)?;
        let mut record: Vec<RecordLine> = record.iter().map(|entry| self.record_line(entry, lang)).collect();
        record.reverse();
        // Beside its own case the machine need not be named.
        record.iter_mut().for_each(|line| line.machine.clear());
        let name = |technician: &Technician| language(lang).of(&technician.name).to_owned();
        Ok(CasePage {
            now,
            case: self.case_view(case, &sites, &technicians, now, lang)?,
            technicians: technicians.iter().map(|t| Choice { key: t.id.clone(), name: name(t) }).collect(),
            depots: self
                .outreach
                .depots()
                .map_err(of_outreach)?
                .into_iter()
                .map(|depot| Choice { key: depot.id, name: depot.name })
                .collect(),
            record,
        })
    }

    pub(super) fn case_view(
        &self,
        case: outreach::ServiceCase,
        sites: &Sites,
        technicians: &[Technician],
        now: Timestamp,
        lang: Lang,
    ) -> Result<ServiceCase, BackendError> {
        let machine = MachineId::parse(&case.machine).map_err(|_| not_found("machine", &case.machine))?;
        let customer = sites.customer(&machine);
        let stage = match customer {
            Some(customer) => self.outreach.stage(&customer.id).map_err(of_outreach)?,
            None => None,
        };
        let clock = |promise| timer(case.timer(promise, self.outreach.promises(), now));
        let sent = case.technician.as_ref().map(|key| sent(key, technicians, case.eta, lang));
        let of_customer =
            |field: fn(&outreach::Customer) -> Option<String>| customer.and_then(field).unwrap_or_default();
        Ok(ServiceCase {
            id: case.id,
            machine_name: sites.number(&machine),
            site_name: sites.site_name(&machine),
            customer_id: of_customer(|customer| Some(customer.id.clone())),
            customer: of_customer(|customer| Some(customer.name.clone())),
            contact: of_customer(|customer| customer.contact.clone()),
            phone: of_customer(|customer| customer.addresses.get("phone").cloned()),
            stage: stage.map(outreach::CustomerStage::level),
            zone: customer.map_or(self.outreach.zone(), zone),
            source: case.source.name().to_owned(),
            way: case_way(&case, None),
            call_back: clock(Promise::CallBack),
            on_site: clock(Promise::OnSite),
            opened: case.opened,
            closed: case.closed,
            report: case.report.map(report),
            what: case.what,
            machine: case.machine,
            sent,
        })
    }

    /// What the customer calls a machine; its identity where nothing is registered.
    pub(super) fn number(&self, machine: &MachineId) -> Result<String, BackendError> {
        let known = self.outreach.machine(machine).map_err(of_outreach)?;
        Ok(known.map_or_else(|| machine.to_string(), |machine| machine.number))
    }

    /// An entry of the record with the machine as the customer calls it.
    pub(super) fn record_line(&self, entry: &Happening, lang: Lang) -> RecordLine {
        let machine = entry.machine.as_deref().and_then(|machine| MachineId::parse(machine).ok());
        RecordLine {
            at: entry.at,
            who: self.person_named(&entry.who, lang),
            what: entry.what.clone(),
            why: self.concerning(entry, lang),
            machine: machine.and_then(|machine| self.number(&machine).ok()).unwrap_or_default(),
        }
    }

    /// A technician by name; anybody else as noted.
    pub(super) fn person_named(&self, key: &str, lang: Lang) -> String {
        let known = self.outreach.technician(key).ok().flatten();
        known.map_or_else(|| key.to_owned(), |known| language(lang).of(&known.name).to_owned())
    }

    /// What an entry notes; who was sent is noted by key and read by name.
    pub(super) fn concerning(&self, entry: &Happening, lang: Lang) -> String {
        match entry.what.as_str() {
            "trouble_assigned" => self.person_named(&entry.why, lang),
            _ => entry.why.clone(),
        }
    }

    pub(super) fn opens_case(&self, machine: &MachineId, what: &str, by: &str) -> Result<i64, BackendError> {
        if self.room.machine(machine).is_none() && self.outreach.machine(machine).map_err(of_outreach)?.is_none() {
            return Err(BackendError::Invalid(format!("there is no machine {machine}")));
        }
        let opened = self.outreach.open_service_case(machine, Source::Advisor, what, by, self.clocks.now());
        opened.map(|case| case.id).map_err(of_outreach)
    }

    pub(super) fn acts_on_case(&self, id: i64, act: CaseAct, by: &str) -> Result<(), BackendError> {
        let now = self.clocks.now();
        let acted = match act {
            CaseAct::Called { remark } => self.outreach.called_back(id, &remark, by, now),
            CaseAct::Send { technician, eta } => self.outreach.send_technician(id, &technician, eta, by, now),
            CaseAct::Arrived => self.outreach.arrived(id, by, now),
            CaseAct::Found { fault, minutes } => {
                let found = fault.as_deref().and_then(FaultCode::new);
                self.outreach.tell_progress(id, &outreach::OnSiteNews { found, minutes }, by, now)
            }
            CaseAct::Close(done) => {
                let began = self.outreach.service_case(id).map_err(of_outreach)?.on_site;
                let report = visit_report(done, began, now);
                self.outreach.close_service_case(id, &report, &report.note, by, now)
            }
        };
        acted.map(|_| ()).map_err(of_outreach)
    }

    pub(super) fn judges(
        &self,
        id: &str,
        (found, instead): (Found, Option<String>),
        note: &str,
        by: &str,
    ) -> Result<(), BackendError> {
        let found = match found {
            Found::Confirmed => outreach::Found::Confirmed,
            Found::NotFound => outreach::Found::NotFound,
            Found::SomethingElse => outreach::Found::SomethingElse,
        };
        let id = FindingId::from_text(id);
        let given = self.outreach.give_verdict(&id, (found, instead.as_deref()), note, by, self.clocks.now());
        given.map(|_| ()).map_err(of_outreach)
    }

    /// The verdict on a case, if one was given.
    pub(super) fn verdict_of(&self, id: &FindingId, lang: Lang) -> Result<Option<Verdict>, BackendError> {
        let verdict = self.outreach.verdict_on(id).map_err(of_outreach)?;
        Ok(verdict.map(|verdict| Verdict {
            found: match verdict.found {
                outreach::Found::Confirmed => Found::Confirmed,
                outreach::Found::NotFound => Found::NotFound,
                outreach::Found::SomethingElse => Found::SomethingElse,
            },
            instead: verdict.instead,
            note: verdict.note,
            at: verdict.at,
            who: self.person_named(&verdict.who, lang),
        }))
    }

    pub(super) fn precision_view(&self) -> Result<Vec<FaultPrecision>, BackendError> {
        let of_fault = |fault: outreach::FaultPrecision| FaultPrecision {
            fault: fault.fault,
            confirmed: fault.confirmed,
            not_found: fault.not_found,
            something_else: fault.something_else,
        };
        Ok(self.outreach.precision().map_err(of_outreach)?.into_iter().map(of_fault).collect())
    }
}

pub(super) fn timer(timer: outreach::Timer) -> Timer {
    let state = match timer.state {
        outreach::TimerState::Running => TimerState::Running,
        outreach::TimerState::Slipping => TimerState::Slipping,
        outreach::TimerState::Late => TimerState::Late,
        outreach::TimerState::Kept => TimerState::Kept,
        outreach::TimerState::KeptLate => TimerState::KeptLate,
    };
    Timer { due: timer.due, met: timer.met, state }
}

/// Who comes; a technician who is no longer registered goes by the key.
fn sent(key: &str, technicians: &[Technician], eta: Option<Timestamp>, lang: Lang) -> Sent {
    let known = technicians.iter().find(|technician| technician.id == key);
    Sent {
        name: known.map_or_else(|| key.to_owned(), |known| language(lang).of(&known.name).to_owned()),
        phone: known.map(|known| known.phone.clone()).unwrap_or_default(),
        badge: known.and_then(|known| known.badge.clone()).unwrap_or_default(),
        eta,
    }
}

pub(super) fn report(report: VisitReport) -> CaseReport {
    let Checklist { test_run, tidy, old_parts, report: handed_over, courtesy } = report.checklist;
    CaseReport {
        done: [test_run, tidy, old_parts, handed_over, courtesy],
        left_out: report.left_out,
        parts: report.parts.into_iter().collect(),
        depot: report.depot.unwrap_or_default(),
        note: report.note,
    }
}

pub(super) fn visit_report(report: CaseReport, began: Option<Timestamp>, now: Timestamp) -> VisitReport {
    let [test_run, tidy, old_parts, handed_over, courtesy] = report.done;
    VisitReport {
        began,
        ended: Some(now),
        depot: Some(report.depot).filter(|depot| !depot.is_empty() && !report.parts.is_empty()),
        parts: report.parts.into_iter().collect(),
        checklist: Checklist { test_run, tidy, old_parts, report: handed_over, courtesy },
        left_out: report.left_out,
        note: report.note,
    }
}
