//! Technicians' visits, and what technicians do about them.

use foretell_console::view::{
    Arrival, CaseReport, ContactPerson, EarlierVisit, Errand, FieldAct, FoundThere, Person, ServiceCase, Slot, Task,
    TaskInFull, VisitChange, VisitDay, VisitLine, VisitPage, VisitState, Way,
};
use foretell_console::{BackendError, Lang, local_day};
use foretell_model::{Clock, DAY_MS, FindingKind, MINUTE_MS, MachineId, Obstacle, Timestamp};
use foretell_outreach as outreach;
use foretell_outreach::{CrewWord, Customer, Happening, Technician, VisitReport, WorkOf};

use super::ServiceBackend;
use super::desk::{Look, report as case_report, visit_report};
use super::errors::{not_found, of_outreach};
use super::record::name;
use super::registry::{Sites, language, zone, zone_of};

/// Days of visits on one page.
const DAYS: i64 = 14;
/// Entries shown of what passed between us and the customer.
const RECORD_MAX: usize = 12;
/// Entries looked through for them.
const RECORD_READ_MAX: u32 = 60;
/// For so many days the page of the day tells what changed.
const CHANGED_DAYS: f64 = 3.0;
/// How far back visits are looked through, ms.
const KEPT_BEFORE_MS: i64 = DAY_MS;

impl ServiceBackend {
    pub(super) fn day_of(
        &self,
        technician: Option<&str>,
        (from, max): (usize, usize),
        lang: Lang,
    ) -> Result<VisitDay, BackendError> {
        let (look, ours) = (self.look(lang)?, self.outreach.zone());
        if let Some(key) = technician.filter(|key| look.sites.technician(key).is_none()) {
            return Err(not_found("technician", key));
        }
        let (now, today) = (look.now, local_day(look.now, ours));
        let since = Timestamp::from_millis(now.millis() - KEPT_BEFORE_MS);
        let mut visits = self.outreach.visits_between(technician, (since, now + DAYS * DAY_MS)).map_err(of_outreach)?;
        // This morning's visits stay to be seen; what is overdue as well.
        let is_over = |end, state| local_day(end, ours) < today && state != VisitState::Booked;
        visits.retain(|(visit, state)| !is_over(visit.end, *state));
        let is_today = |start, state| local_day(start, ours) == today && state != VisitState::Missed;
        let of_today = visits.iter().filter(|(visit, state)| is_today(visit.start, *state)).count();
        // Beyond the end is the end.
        let from = if from < visits.len() { from } else { visits.len().saturating_sub(1) / max.max(1) * max };
        let shown: Vec<i64> = visits.iter().skip(from).take(max).map(|(visit, _)| visit.id).collect();
        let errands = self.outreach.errands_of(&shown).map_err(of_outreach)?;
        let mut cases = self.outreach.service_cases().map_err(of_outreach)?;
        cases.retain(|case| match technician {
            Some(key) => case.technician.as_deref() == Some(key),
            None => case.technician.is_some(),
        });
        let views = cases.into_iter().map(|case| self.case_view(case, &look));
        let mut cases = views.collect::<Result<Vec<ServiceCase>, _>>()?;
        cases.sort_by_key(ServiceCase::urgency);
        let line = |errand| self.visit_line(errand, &look.sites, lang);
        let changed = self.outreach.crew_words(technician, now.plus_days(-CHANGED_DAYS)).map_err(of_outreach)?;
        let changes = changed.into_iter().map(|word| change(word, technician.is_none(), &look, lang)).collect();
        Ok(VisitDay {
            now,
            zone: ours,
            of: technician.unwrap_or_default().to_owned(),
            technicians: look.technicians(),
            visits: errands.into_iter().map(line).collect(),
            all: visits.len(),
            today: of_today,
            changes,
            cases,
        })
    }

    /// Key of the technician who is sent on an errand.
    pub(super) fn technician_sent_on(&self, errand: Errand) -> Result<Option<String>, BackendError> {
        match errand {
            Errand::Visit(id) => {
                let sheet = self.outreach.errands_of(&[id]).map_err(of_outreach)?;
                let visit = sheet.into_iter().next().map(|errand| errand.visit);
                Ok(visit.and_then(|visit| visit.technician).map(|technician| technician.id))
            }
            Errand::Case(id) => Ok(self.outreach.service_case(id).map_err(of_outreach)?.technician),
        }
    }

    fn visit_line(&self, errand: outreach::Errand, sites: &Sites, lang: Lang) -> VisitLine {
        let machine = errand.machine.clone();
        let customer = sites.customer(&machine);
        let technician = errand.visit.technician.as_ref().map(|known| name(known, lang));
        VisitLine {
            id: errand.visit.id,
            case: errand.visit.case.to_string(),
            slot: Slot { from: errand.visit.start, to: errand.visit.end },
            zone: customer.map_or(self.outreach.zone(), zone),
            state: errand.state,
            customer: customer.map_or_else(|| errand.customer.clone(), |customer| customer.name.clone()),
            site_name: sites.site_name(&machine),
            address: sites.address(&machine),
            tasks: errand.tasks.iter().map(task).collect(),
            technician: technician.unwrap_or_default(),
            way: way(&errand),
        }
    }

    pub(super) fn visit_page(&self, id: i64, lang: Lang) -> Result<VisitPage, BackendError> {
        let sheet = self.outreach.errand_sheet(id).map_err(of_outreach)?;
        let look = self.look(lang)?;
        let (now, sites) = (look.now, &look.sites);
        let line = self.visit_line(sheet.errand.clone(), sites, lang);
        let customer = sheet.errand.customer.as_str();
        let mut record = self.outreach.lately(customer, true, RECORD_READ_MAX).map_err(of_outreach)?;
        // What the customer said holds everywhere; our letters about other machines are of no use here.
        let machines: Vec<&MachineId> = sheet.errand.tasks.iter().map(outreach::Task::machine).collect();
        let is_other = |of: &String| machines.iter().all(|own| own.as_str() != of.as_str());
        record.retain(|entry| entry.who == "customer" || !entry.machine.as_ref().is_some_and(is_other));
        record.retain(says_something);
        record.truncate(RECORD_MAX);
        let stage = self.outreach.stage(customer).map_err(of_outreach)?;
        let own = sheet.errand.visit.technician.as_ref().and_then(|technician| technician.depot.clone());
        let earlier = sheet.earlier.iter().map(|visit| EarlierVisit {
            at: visit.visit.start,
            machine_name: sites.number(&visit.machine),
            works: visit.works.clone(),
            looked_at: visit.looked_at.clone(),
            technician: named(visit.visit.technician.as_ref(), lang),
            note: visit.report.as_ref().map(|report| report.note.clone()).unwrap_or_default(),
        });
        let reader = look.reader_of(&Some(customer.to_owned()));
        Ok(VisitPage {
            now,
            tasks: sheet.errand.tasks.iter().map(|task| self.in_full(task, sites, lang)).collect::<Result<_, _>>()?,
            place_deg: sheet.site.as_ref().and_then(outreach::Site::place),
            people: sheet.customer.as_ref().map(people).unwrap_or_default(),
            stage: stage.map(outreach::CustomerStage::level),
            note_lacks: sheet.report.as_ref().is_some_and(|report| report.lacks_note_in(language(reader))),
            reader,
            advisor: sheet.advisor.as_ref().map_or_else(Person::default, |advisor| person(advisor, lang)),
            parts: {
                let works = sheet.errand.tasks.iter().flat_map(|task| &task.works);
                self.parts_for(&sheet.errand.machine, works.map(String::as_str), lang)?
            },
            depots: look.depots(),
            depot: own.unwrap_or_default(),
            record: record.iter().map(|entry| sites.record_line(entry, lang)).collect(),
            earlier: earlier.collect(),
            minutes: sheet.report.as_ref().and_then(minutes),
            report: sheet.report.map(case_report),
            photos: self.photos_of(Errand::Visit(id))?,
            line,
        })
    }

    fn in_full(&self, of: &outreach::Task, sites: &Sites, lang: Lang) -> Result<TaskInFull, BackendError> {
        let own = sites.machine(of.machine());
        Ok(TaskInFull {
            task: task(of),
            model: own.and_then(|machine| machine.model.clone()).unwrap_or_default(),
            rated_kw: own.and_then(|machine| machine.rated_kw),
            verdict: self.verdict_of(&of.finding.id, sites, lang)?,
            finding: of.finding.clone(),
        })
    }

    pub(super) fn acts_in_field(&self, errand: Errand, act: FieldAct, by: &str) -> Result<(), BackendError> {
        let now = self.clocks.now();
        let outreach = &self.outreach;
        let acted = match (errand, act) {
            (Errand::Visit(id), FieldAct::SetOut { minutes }) => outreach.set_out(id, minutes, by, now).map(drop),
            (Errand::Case(id), FieldAct::SetOut { minutes }) => {
                outreach.set_out_to_case(id, minutes, by, now).map(drop)
            }
            (Errand::Visit(id), FieldAct::Located { place_deg }) => outreach.locate(id, place_deg, now).map(drop),
            (Errand::Case(id), FieldAct::Located { place_deg }) => {
                outreach.locate_on_way_to_case(id, place_deg, now).map(drop)
            }
            (Errand::Visit(id), FieldAct::Arrived) => outreach.arrive(id, by, now).map(drop),
            (Errand::Case(id), FieldAct::Arrived) => outreach.arrived(id, by, now).map(drop),
            (Errand::Visit(id), FieldAct::TakeBack { reason, seen }) => {
                outreach.take_visit_back(id, seen, &reason, by, now)
            }
            (errand, FieldAct::Note { text }) => outreach.write_note(work_of(errand), &text, by, now),
            (Errand::Case(id), FieldAct::TakeBack { reason, seen }) => {
                outreach.take_case_back(id, seen, &reason, by, now).map(drop)
            }
            (Errand::Visit(id), FieldAct::Done { report, minutes, verdicts }) => {
                return self.visit_finished(id, (report, minutes), verdicts, by, now);
            }
            (Errand::Visit(id), FieldAct::Missed { reason }) => outreach.not_done(id, &reason, by, now),
            // A case is closed on its own page.
            (Errand::Case(_), FieldAct::Done { .. } | FieldAct::Missed { .. }) => {
                return Err(Obstacle::ChecklistNeeded.into());
            }
        };
        acted.map_err(of_outreach)
    }

    /// The report first, then the verdicts, then the end of the case: whatever a crash leaves out, the visit is still to be
    /// finished, and finishing it again takes no part twice.
    fn visit_finished(
        &self,
        id: i64,
        (report, minutes): (CaseReport, Option<u32>),
        verdicts: Vec<FoundThere>,
        by: &str,
        now: Timestamp,
    ) -> Result<(), BackendError> {
        let sheet = self.outreach.errand_sheet(id).map_err(of_outreach)?;
        match sheet.errand.state {
            VisitState::Booked => {}
            VisitState::Done => return Err(Obstacle::VisitDone.into()),
            VisitState::Missed => return Err(Obstacle::VisitMissed.into()),
            VisitState::Cancelled => return Err(Obstacle::VisitCancelled.into()),
        }
        // A service by running hours is due, whatever is found; of each forecast somebody says whether it was right.
        let own = sheet.errand.visit.case.to_string();
        let said = |case: &str| verdicts.iter().find(|found| found.case.as_deref().unwrap_or(&own) == case);
        let tasks = sheet.errand.tasks.iter();
        let forecast = tasks.filter(|task| task.finding.kind != FindingKind::MaintenanceDue);
        let forecast: Vec<&str> = forecast.map(|task| task.finding.id.as_str()).collect();
        if forecast.iter().any(|case| said(case).is_none()) {
            return Err(Obstacle::FoundMissing.into());
        }
        // Once it is reported the parts are off their shelf.
        if sheet.report.is_none() {
            self.ask_of_parts(&report)?;
        }
        // The end that was said first stays.
        let ended = sheet.report.as_ref().and_then(|report| report.ended).unwrap_or(now);
        // From arrival to the report is no duration of work: somebody may fill the form in the day after.
        let began = minutes.map(|minutes| ended + -i64::from(minutes) * MINUTE_MS);
        let report = VisitReport { ended: Some(ended), ..visit_report(report, began, ended) };
        self.outreach.report_visit(id, &report, by, now).map_err(of_outreach)?;
        for (case, found) in forecast.iter().filter_map(|case| Some((*case, said(case)?))) {
            self.judges(case, (found.found, found.instead.clone()), &report.note, by)?;
        }
        self.complete_visit(&self.outreach, id, by, now)
    }
}

/// What changed of a visit or a breakdown; whose it is, where everybody's are listed.
fn change(word: CrewWord, names: bool, look: &Look, lang: Lang) -> VisitChange {
    let sites = &look.sites;
    let slot = |span: Option<(Timestamp, Timestamp)>| span.map(|(from, to)| Slot { from, to });
    let customer = sites.customer_named(&word.customer);
    VisitChange {
        of: errand_of(word.of),
        what: word.what.name().to_owned(),
        zone: zone_of(customer),
        customer: customer.map_or_else(|| word.customer.clone(), |customer| customer.name.clone()),
        machines: word.numbers,
        before: slot(word.before),
        after: slot(word.after),
        at: word.at,
        technician: if names { sites.person_named(&word.technician, lang) } else { String::new() },
    }
}

/// What a technician is sent to, as pages name it.
pub(super) const fn errand_of(of: WorkOf) -> Errand {
    match of {
        WorkOf::Visit(id) => Errand::Visit(id),
        WorkOf::ServiceCase(id) => Errand::Case(id),
    }
}

const fn work_of(errand: Errand) -> WorkOf {
    match errand {
        Errand::Visit(id) => WorkOf::Visit(id),
        Errand::Case(id) => WorkOf::ServiceCase(id),
    }
}

/// What a visit is for on one machine.
pub(super) fn task(of: &outreach::Task) -> Task {
    Task {
        machine: of.machine().to_string(),
        machine_name: of.number.clone(),
        case: of.finding.id.to_string(),
        fault: of.finding.fault.to_string(),
        works: of.works.iter().chain(&of.looked_at).cloned().collect(),
    }
}

impl Sites {
    /// Where a machine stands; empty when nobody said.
    fn address(&self, machine: &MachineId) -> String {
        self.site(machine).map(|site| site.address.clone()).unwrap_or_default()
    }
}

/// How long a visit took, minutes.
pub(super) fn minutes(report: &VisitReport) -> Option<u32> {
    let (began, ended) = report.began.zip(report.ended)?;
    u32::try_from((ended - began) / MINUTE_MS).ok().filter(|minutes| *minutes > 0)
}

/// Whether an entry tells whoever comes something of what was said, and not only that a letter went out or a time was set.
fn says_something(entry: &Happening) -> bool {
    match entry.what.as_str() {
        // The time stands above; what was said with it behind its two instants.
        "visit_booked" | "visit_moved" | "visit_cancelled" => entry.why.contains(' '),
        "visit_missed" | "called_closed" | "called_letter" | "called_unreached" | "trouble_called" => true,
        _ => entry.who == "customer" && entry.what != "stopped" && entry.what != "resumed",
    }
}

/// A technician's name in a language; empty when nobody is named.
pub(super) fn named(technician: Option<&Technician>, lang: Lang) -> String {
    technician.map_or_else(String::new, |known| name(known, lang))
}

/// Whom to call at a customer's, the one whom letters address first.
fn people(customer: &Customer) -> Vec<ContactPerson> {
    let first = ContactPerson {
        name: customer.contact.clone().unwrap_or_else(|| customer.name.clone()),
        role: String::new(),
        phone: customer.addresses.get("phone").cloned().unwrap_or_default(),
        email: String::new(),
    };
    let others = customer.contacts.iter().map(|contact| ContactPerson {
        name: contact.name.clone(),
        role: contact.role.clone(),
        phone: contact.phone.clone().unwrap_or_default(),
        email: String::new(),
    });
    std::iter::once(first).chain(others).collect()
}

/// The way to a visit.
pub(super) fn way(errand: &outreach::Errand) -> Way {
    errand.journey.as_ref().map_or_else(Way::default, |journey| Way {
        set_out: Some(journey.set_out),
        arrival: journey.arrival().map(arrival),
        km: errand.distance_km,
        begun_km: journey.begun_km,
        located: journey.located,
        arrived: journey.arrived,
    })
}

/// When somebody is expected, as letters tell it too.
pub(super) fn arrival(known: outreach::Arrival) -> Arrival {
    Arrival { at: known.about(), as_of: known.as_of, told: known.told }
}

/// One of ours, as a reader of `lang` calls them.
pub(super) fn person(advisor: &outreach::Advisor, lang: Lang) -> Person {
    let own = language(lang);
    Person {
        name: own.of(&advisor.name).to_owned(),
        role: own.of(&advisor.role).to_owned(),
        phone: advisor.phone.clone(),
    }
}
