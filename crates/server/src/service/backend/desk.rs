//! Service cases and verdicts, as people see them and what they do about them.

use std::collections::HashMap;

use foretell_console::view::{
    CaseAct, CaseDesk, CasePage, CaseReport, Choice, FaultPrecision, Found, Person, Progress, RecordLine, Sent,
    ServiceCase, UnsettledWord, Verdict,
};
use foretell_console::{BackendError, Lang};
use foretell_model::{Clock, FaultCode, FindingId, MINUTE_MS, MachineId, Objection, Obstacle, Timestamp};
use foretell_outreach as outreach;
use foretell_outreach::governor::Kind;
use foretell_outreach::{Checklist, CustomerStage, Promise, RecordFilter, Source, VisitReport};

use super::ServiceBackend;
use super::errors::{not_found, of_outreach};
use super::guest::case_way;
use super::record::name;
use super::registry::{Sites, lang as registry_lang, language, zone};
use super::revision;
use super::visits::person;

/// Closed cases shown below the open ones.
pub(super) const CLOSED_MAX: u32 = 20;

/// What every case is read with.
pub(super) struct Look {
    pub(super) now: Timestamp,
    pub(super) lang: Lang,
    pub(super) sites: Sites,
    /// The stage of every customer that is at one.
    stages: HashMap<String, CustomerStage>,
}

impl Look {
    /// Our technicians, to choose from.
    pub(super) fn technicians(&self) -> Vec<Choice> {
        let choice = |known: &outreach::Technician| Choice { key: known.id.clone(), name: name(known, self.lang) };
        self.sites.technicians().map(choice).collect()
    }

    /// In which language a customer reads, by key.
    pub(super) fn reader_of(&self, customer: &Option<String>) -> Lang {
        let known = customer.as_deref().and_then(|key| self.sites.customer_named(key));
        known.map_or(Lang::En, |customer| registry_lang(customer.language))
    }

    /// Our depots, to choose from.
    pub(super) fn depots(&self) -> Vec<Choice> {
        let own = language(self.lang);
        let choice = |depot: &outreach::Depot| Choice { key: depot.id.clone(), name: own.of(&depot.name).to_owned() };
        self.sites.depots().map(choice).collect()
    }
}

impl ServiceBackend {
    /// What cases are read with, as of now.
    pub(super) fn look(&self, lang: Lang) -> Result<Look, BackendError> {
        let stages = self.outreach.customer_stages().map_err(of_outreach)?;
        Ok(Look { now: self.clocks.now(), lang, sites: Sites::read(&self.outreach)?, stages })
    }

    pub(super) fn case_desk(&self, lang: Lang) -> Result<CaseDesk, BackendError> {
        let look = self.look(lang)?;
        let view = |case: outreach::ServiceCase| self.case_view(case, &look);
        let open = self.outreach.service_cases().map_err(of_outreach)?;
        let closed = self.outreach.closed_service_cases(CLOSED_MAX).map_err(of_outreach)?;
        Ok(CaseDesk {
            now: look.now,
            open: open.into_iter().map(view).collect::<Result<_, _>>()?,
            closed: closed.into_iter().map(view).collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn case_page(&self, id: i64, lang: Lang) -> Result<CasePage, BackendError> {
        let look = self.look(lang)?;
        let case = self.outreach.service_case(id).map_err(of_outreach)?;
        let name = format!("case/{id}");
        let written = self.outreach.written(&FindingId::from_text(&name)).map_err(of_outreach)?;
        let wrote = |kind| written.iter().any(|word| word.kind == kind);
        let filter = RecordFilter { case: Some(name), ..RecordFilter::default() };
        // The newest of them, however much was said.
        let record = self.outreach.record_before(&filter, None).map_err(of_outreach)?.entries;
        let mut record: Vec<RecordLine> = record.iter().map(|entry| look.sites.record_line(entry, lang)).collect();
        // Beside its own case the machine need not be named.
        record.iter_mut().for_each(|line| line.machine.clear());
        Ok(CasePage {
            now: look.now,
            advisor: self.advisor_of(&case, &look)?,
            machine: self.broken_machine(&case, &look)?,
            technicians: look.technicians(),
            depots: look.depots(),
            record,
            reader: look.reader_of(&case.customer),
            note_lacks: case.report.as_ref().is_some_and(|report| {
                case.customer.is_some() && report.lacks_note_in(language(look.reader_of(&case.customer)))
            }),
            case: self.case_view(case, &look)?,
            unsettled: self.unsettled_words(id)?,
            wrote_of_slip: wrote(Kind::Notice),
            wrote_of_progress: wrote(Kind::Progress),
        })
    }

    fn advisor_of(&self, case: &outreach::ServiceCase, look: &Look) -> Result<Person, BackendError> {
        let customer = case.customer.as_deref().and_then(|key| look.sites.customer_named(key));
        let Some(customer) = customer else { return Ok(Person::default()) };
        let known = self.outreach.advisor(&customer.advisor).map_err(of_outreach)?;
        Ok(known.map_or_else(Person::default, |advisor| person(&advisor, look.lang)))
    }

    fn unsettled_words(&self, id: i64) -> Result<Vec<UnsettledWord>, BackendError> {
        let left = self.outreach.unsettled_of_case(id).map_err(of_outreach)?;
        let word = |left: outreach::Unsettled| UnsettledWord {
            message: left.message,
            subject: left.subject,
            is_lost: left.state == outreach::MessageState::Failed,
            reason: left.reason,
        };
        Ok(left.into_iter().map(word).collect())
    }

    pub(super) fn case_view(&self, case: outreach::ServiceCase, look: &Look) -> Result<ServiceCase, BackendError> {
        let machine = MachineId::parse(&case.machine).map_err(|_| not_found("machine", &case.machine))?;
        // Whose it was when it ended: whoever has the machine by now has nothing to do with it.
        let (sites, owner) = (&look.sites, case.customer.as_deref());
        let customer = owner.and_then(|key| sites.customer_named(key)).or_else(|| sites.customer(&machine));
        let stage = customer.and_then(|customer| look.stages.get(&customer.id).copied());
        let clock = |promise| case.timer(promise, self.outreach.promises(), look.now);
        let sent = case.technician.as_ref().map(|key| sent(key, look));
        let what = self.outreach.words_of_case(&case).map_err(of_outreach)?;
        let of_customer =
            |field: fn(&outreach::Customer) -> Option<String>| customer.and_then(field).unwrap_or_default();
        Ok(ServiceCase {
            id: case.id,
            revision: revision::of_case(&case),
            machine_name: sites.number(&machine),
            site_name: sites.site_name(&machine),
            customer_id: of_customer(|customer| Some(customer.id.clone())),
            customer: of_customer(|customer| Some(customer.name.clone())),
            contact: of_customer(|customer| customer.contact.clone()),
            phone: of_customer(|customer| customer.addresses.get("phone").cloned()),
            stage: stage.map(CustomerStage::level),
            zone: customer.map_or(self.outreach.zone(), zone),
            source: case.source.name().to_owned(),
            way: case_way(&case, None),
            call_back: clock(Promise::CallBack),
            call_back_by: case.call_back_by,
            on_site: clock(Promise::OnSite),
            progress: case.progress.as_ref().map(progress),
            opened: case.opened,
            closed: case.closed,
            report: case.report.map(report),
            withdrawn: case.withdrawn,
            goes_on: case.goes_on,
            heard: case.heard,
            what,
            machine: case.machine,
            sent,
        })
    }

    pub(super) fn opens_case(&self, machine: &MachineId, what: &str, by: &str) -> Result<i64, BackendError> {
        if self.room.machine(machine).is_none() && self.outreach.machine(machine).map_err(of_outreach)?.is_none() {
            return Err(BackendError::Refused(Objection::about(Obstacle::NoMachine, machine.as_str())));
        }
        let opened = self.outreach.open_service_case(machine, Source::Advisor, what, by, self.clocks.now());
        opened.map(|case| case.id).map_err(of_outreach)
    }

    pub(super) fn acts_on_case(&self, id: i64, seen: Option<u64>, act: CaseAct, by: &str) -> Result<(), BackendError> {
        let now = self.clocks.now();
        // Nobody sends a second technician, or answers words unread, because a page was old.
        let as_seen = move |case: &outreach::ServiceCase| seen.is_none_or(|seen| revision::of_case(case) == seen);
        let where_seen = self.outreach.where_case(id, as_seen);
        let acted = match act {
            CaseAct::Called { remark } => where_seen.called_back(id, &remark, by, now),
            CaseAct::Send { technician, eta } => where_seen.send_technician(id, &technician, eta, by, now),
            CaseAct::Arrived => self.outreach.arrived(id, by, now),
            CaseAct::Found { fault, minutes } => {
                let code = |text: String| FaultCode::new(&text).ok_or(Obstacle::FoundMissing);
                let found = fault.map(code).transpose()?;
                self.outreach.tell_progress(id, &outreach::OnSiteNews { found, minutes }, by, now)
            }
            CaseAct::Withdraw { reason } => where_seen.withdraw_trouble(id, &reason, by, now),
            CaseAct::Settle { message, arrived } => return self.settles_word(id, message, arrived, by),
            CaseAct::Close(done) => {
                self.ask_of_parts(&done)?;
                let began = self.outreach.service_case(id).map_err(of_outreach)?.on_site;
                let report = visit_report(done, began, now);
                self.outreach.close_service_case(id, &report, &report.note, by, now)
            }
        };
        acted.map(|_| ()).map_err(of_outreach)
    }

    /// Asks once about parts that the depot they are said to come from does not hold: a slip of the finger would go to the
    /// customer. Whoever counts no parts at all is not asked.
    pub(super) fn ask_of_parts(&self, report: &CaseReport) -> Result<(), BackendError> {
        if report.parts_sure || report.depot.is_empty() || report.parts.is_empty() {
            return Ok(());
        }
        let stock = self.outreach.stock().map_err(of_outreach)?;
        let held = |part: &str| stock.iter().find(|line| line.depot == report.depot && line.part == part);
        let lacking = report.parts.iter().filter(|(part, n)| held(part).is_none_or(|line| line.n < *n));
        let lacking: Vec<String> = lacking.map(|(part, n)| format!("{n} x {part}")).collect();
        if stock.is_empty() || lacking.is_empty() {
            return Ok(());
        }
        Err(BackendError::Refused(Objection::about(Obstacle::PartsNotInStock, lacking.join(", "))))
    }

    /// Only words of the case itself are settled on its page.
    fn settles_word(&self, id: i64, message: i64, arrived: bool, by: &str) -> Result<(), BackendError> {
        if self.unsettled_words(id)?.iter().all(|word| word.message != message) {
            return Err(Obstacle::DeliveryKnown.into());
        }
        let now = self.clocks.now();
        let settled = match arrived {
            true => self.outreach.resolve_delivery(message, true, by, now),
            false => self.outreach.send_again(message, by, now),
        };
        settled.map_err(of_outreach)
    }

    pub(super) fn judges(
        &self,
        id: &str,
        (found, instead): (Found, Option<String>),
        note: &str,
        by: &str,
    ) -> Result<(), BackendError> {
        let id = FindingId::from_text(id);
        let given = self.outreach.give_verdict(&id, (found, instead.as_deref()), note, by, self.clocks.now());
        given.map(|_| ()).map_err(of_outreach)
    }

    /// The verdict on a case, if one was given.
    pub(super) fn verdict_of(
        &self,
        id: &FindingId,
        sites: &Sites,
        lang: Lang,
    ) -> Result<Option<Verdict>, BackendError> {
        let verdict = self.outreach.verdict_on(id).map_err(of_outreach)?;
        Ok(verdict.map(|verdict| Verdict {
            found: verdict.found,
            instead: verdict.instead,
            note: verdict.note,
            at: verdict.at,
            who: sites.person_named(&verdict.who, lang),
        }))
    }

    pub(super) fn precision_view(&self) -> Result<Vec<FaultPrecision>, BackendError> {
        self.outreach.precision().map_err(of_outreach)
    }
}

/// Who comes; a technician who is no longer registered goes by the key.
fn sent(key: &str, look: &Look) -> Sent {
    let known = look.sites.technician(key);
    Sent {
        name: look.sites.person_named(key, look.lang),
        phone: known.map(|known| known.phone.clone()).unwrap_or_default(),
        badge: known.and_then(|known| known.badge.clone()).unwrap_or_default(),
    }
}

/// What the customer was last told from the site.
pub(super) fn progress(told: &outreach::Progress) -> Progress {
    Progress {
        at: told.at,
        found: told.found.as_deref().and_then(FaultCode::new),
        until: told.at + i64::from(told.minutes) * MINUTE_MS,
    }
}

pub(super) fn report(report: VisitReport) -> CaseReport {
    let Checklist { test_run, tidy, old_parts, report: handed_over, courtesy } = report.checklist;
    CaseReport {
        done: [test_run, tidy, old_parts, handed_over, courtesy],
        left_out: report.left_out,
        parts: report.parts.into_iter().collect(),
        depot: report.depot.unwrap_or_default(),
        parts_sure: true,
        note_for_customer: report.note_for_customer,
        note: report.note,
    }
}

/// The same for a customer: with the note in a language that the customer reads, or without one.
pub(super) fn report_for(language: outreach::Language, kept: VisitReport) -> CaseReport {
    let note = kept.note_in(language).to_owned();
    CaseReport { note, note_for_customer: String::new(), ..report(kept) }
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
        note_for_customer: String::new(),
    }
}
