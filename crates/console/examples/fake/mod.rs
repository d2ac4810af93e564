//! A made-up fleet with plausible figures, for the gallery and for the tests of routes: twelve machines on four sites, one
//! of each standing.

mod decided;
mod desk;
mod field;
mod fleet;
mod guest_case;
mod health;
mod intake;
mod letters;
mod moments;
mod plans;
mod record;
mod search;
mod service;
mod silent;
mod ways;

use std::sync::{Arc, Mutex};

use foretell_console::view::{
    AdvisorAct, AdvisoryCard, AdvisoryState, BookingAct, BookingPage, BookingState, CaseAct, CaseDesk, CasePage,
    CustomerAct, CustomerPage, Customers, FaultPrecision, Fleet, Found, Governor, HealthReport, Hits, IngestStatus,
    MachineClock, MachineDetail, MachineName, Person, Planning, QuarantineQuery, Queue, Record, RecordQuery, Reply,
    ReplyTaken, Signed, StockCount, TemplateLine, TemplatePage, TemplatePreview, Verdict, Visit, VisitCalendar,
};
use foretell_console::{Backend, BackendError, FindingsQuery, Lang, Span};
use foretell_model::{Finding, MachineId, Obstacle, Quarantined, Reading, Timestamp};
use tokio::sync::watch;

pub(crate) use service::{catalogue, report};

use fleet::now;

struct State {
    machines: Vec<MachineDetail>,
    cards: Vec<AdvisoryCard>,
    pages: Vec<(&'static str, BookingPage)>,
    desk: desk::Desk,
    field: field::InField,
    letters: letters::Letters,
}

/// A backend that answers from memory.
pub(crate) struct Fake {
    state: Mutex<State>,
    revision: watch::Sender<u64>,
    /// What was done to which advisory by whom.
    acts: Mutex<Vec<(String, String)>>,
}

impl Fake {
    /// The fleet as it stands on 18 July 2026, in the afternoon in China. With a name, every machine, site and customer
    /// is called so: for looking at what long or hostile names do.
    pub(crate) fn new(name: Option<&str>) -> Self {
        let mut machines = fleet::machines();
        for machine in machines.iter_mut().filter(|_| name.is_some()) {
            machine.summary.name = name.unwrap_or_default().to_owned();
            machine.summary.customer.clone_from(&machine.summary.name);
            machine.summary.site_name.clone_from(&machine.summary.name);
        }
        let cards = service::cards(&machines);
        let pages = service::pages(&cards);
        Self {
            state: Mutex::new(State {
                desk: desk::desk(&machines),
                field: field::InField::default(),
                machines,
                cards,
                pages,
                letters: letters::Letters::default(),
            }),
            revision: watch::Sender::new(1),
            acts: Mutex::default(),
        }
    }

    /// The same fleet with so many machines more, to see that no page grows with it.
    #[allow(dead_code, reason = "each program over this fleet asks something else of it")]
    pub(crate) fn crowded(more: usize) -> Self {
        let fake = Self::new(None);
        fake.with(|state| {
            let model = state.machines[0].clone();
            state.machines.extend((0..more).map(|n| {
                let mut machine = model.clone();
                let id = format!("more-{:03}/m{n:05}", n / 50);
                machine.summary.id = MachineId::parse(&id).expect("an identity written by hand");
                machine
            }));
        });
        fake
    }

    /// The advisories that were changed, each with the name of who did it.
    #[allow(dead_code, reason = "each program over this fleet asks something else of it")]
    pub(crate) fn acts(&self) -> Vec<(String, String)> {
        self.acts.lock().expect("no test panics while it holds the acts").clone()
    }

    /// Customers and names of colleagues that were erased.
    #[allow(dead_code, reason = "each program over this fleet asks something else of it")]
    pub(crate) fn erased(&self) -> Vec<String> {
        self.with(|state| state.field.erased.clone())
    }

    fn with<T>(&self, read: impl FnOnce(&mut State) -> T) -> T {
        read(&mut self.state.lock().expect("no test panics while it holds the state"))
    }

    fn changed(&self) {
        self.revision.send_modify(|revision| *revision += 1);
    }
}

fn missing(what: &str) -> BackendError {
    BackendError::NotFound(what.to_owned())
}

impl Backend for Fake {
    fn now(&self) -> Timestamp {
        now()
    }

    fn zone(&self) -> chrono_tz::Tz {
        fleet::SHANGHAI
    }

    fn revision(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    fn fleet(&self) -> Result<Fleet, BackendError> {
        Ok(self.with(|state| Fleet {
            now: now(),
            machines: state.machines.iter().map(|machine| Arc::new(machine.summary.clone())).collect(),
            queue_len: state.cards.iter().filter(|card| card.state == AdvisoryState::Draft).count(),
        }))
    }

    fn machine(&self, id: &MachineId) -> Result<MachineDetail, BackendError> {
        self.with(|state| {
            let found = state.machines.iter().find(|machine| machine.summary.id == *id).cloned();
            let mut found = found.ok_or_else(|| missing(&format!("machine {id}")))?;
            let open = state.desk.cases().open;
            found.open_case = open.iter().find(|case| case.machine == id.as_str()).map(|case| case.id);
            Ok(found)
        })
    }

    fn health_report(
        &self,
        id: &MachineId,
        span: (Option<Timestamp>, Option<Timestamp>),
        lang: Lang,
    ) -> Result<HealthReport, BackendError> {
        let detail = self.machine(id)?;
        Ok(health::report(detail, Span::looking_back(span, now()), lang))
    }

    fn readings(&self, id: &MachineId, span: Span, max: usize) -> Result<Vec<Reading>, BackendError> {
        let mut readings = self.machine(id)?.readings;
        readings.retain(|reading| span.from <= reading.ts && reading.ts < span.to);
        readings.truncate(max);
        readings.reverse();
        Ok(readings)
    }

    fn findings(&self, query: &FindingsQuery) -> Result<Vec<Finding>, BackendError> {
        Ok(self.with(|state| {
            let all = state.machines.iter().flat_map(|machine| machine.open.iter().chain(&machine.past));
            let of = |finding: &&Finding| query.machine.as_ref().is_none_or(|machine| finding.machine == *machine);
            let since = |finding: &&Finding| query.since.is_none_or(|since| finding.at >= since);
            all.filter(of).filter(since).take(query.max).cloned().collect()
        }))
    }

    fn queue(&self, from: usize, max: usize) -> Result<Queue, BackendError> {
        use AdvisoryState::{AnotherTime, CallInstead, Draft};
        let waits = |card: &&AdvisoryCard| matches!(card.state, Draft | CallInstead { .. } | AnotherTime { .. });
        Ok(self.with(|state| Queue {
            waiting: state.cards.iter().filter(waits).count(),
            all: state.cards.len(),
            from,
            cards: state.cards.iter().skip(from).take(max).cloned().collect(),
            untold: vec![decided::untold()],
            replies: state.desk.replies.clone(),
        }))
    }

    fn note_reply(&self, id: i64, _by: &str) -> Result<(), BackendError> {
        self.with(|state| state.desk.note_reply(id))
    }

    fn advisory(&self, id: &str) -> Result<AdvisoryCard, BackendError> {
        let found = self.with(|state| state.cards.iter().find(|card| card.id == id).cloned());
        found.ok_or_else(|| missing(&format!("advisory {id}")))
    }

    fn act(&self, id: &str, revision: u64, act: AdvisorAct, by: &str) -> Result<(), BackendError> {
        self.acts.lock().expect("no test panics while it holds the acts").push((id.to_owned(), by.to_owned()));
        self.with(|state| {
            let card = state.cards.iter_mut().find(|card| card.id == id).ok_or_else(|| missing(id))?;
            decided::decide(card, revision, act)
        })?;
        self.changed();
        Ok(())
    }

    fn give_verdict(
        &self,
        id: &str,
        (found, instead): (Found, Option<String>),
        note: &str,
        by: &str,
    ) -> Result<(), BackendError> {
        self.with(|state| {
            let card = state.cards.iter_mut().find(|card| card.id == id).ok_or_else(|| missing(id))?;
            let verdict = Verdict { found, instead, note: note.to_owned(), at: now(), who: by.to_owned() };
            card.verdict = Some(verdict);
            Ok(())
        })
    }

    fn precision(&self) -> Result<Vec<FaultPrecision>, BackendError> {
        Ok(plans::precision())
    }

    fn cases(&self, _: Lang) -> Result<CaseDesk, BackendError> {
        Ok(self.with(|state| state.desk.cases()))
    }

    fn case(&self, id: i64, lang: Lang) -> Result<CasePage, BackendError> {
        self.with(|state| state.desk.case(id, lang))
    }

    fn machines_called(&self, typed: &str, max: usize) -> Result<Vec<MachineName>, BackendError> {
        let all = self.with(|state| silent::names(&state.machines));
        Ok(MachineName::meant(all, typed, max))
    }

    fn open_case(&self, machine: &MachineId, what: &str, _by: &str) -> Result<i64, BackendError> {
        let detail = self.machine(machine)?;
        self.with(|state| state.desk.cases.push(desk::case(200, &detail, 0, what, "advisor")));
        Ok(200)
    }

    fn act_on_case(&self, id: i64, seen: Option<u64>, act: CaseAct, _by: &str) -> Result<(), BackendError> {
        self.with(|state| {
            let case = state.desk.cases.iter_mut().find(|case| case.id == id).ok_or_else(|| missing("case"))?;
            decided::act_on_case(case, seen, act)
        })
    }

    fn visit_calendar(&self, day: Option<i64>, lang: Lang) -> Result<VisitCalendar, BackendError> {
        Ok(self.with(|state| desk::calendar(&state.machines, day, lang)))
    }

    fn customers(&self, _: Lang) -> Result<Customers, BackendError> {
        Ok(self.with(|state| state.desk.customers(&state.machines)))
    }

    fn customer(&self, id: &str, _: Lang) -> Result<CustomerPage, BackendError> {
        self.with(|state| state.desk.customer(id, &state.machines))
    }

    fn act_on_customer(&self, id: &str, act: CustomerAct, by: &str) -> Result<(), BackendError> {
        self.with(|state| {
            let whom = state.desk.customers.iter_mut().find(|whom| whom.id == id).ok_or_else(|| missing("customer"))?;
            decided::about_customer(whom, act, by)
        })
    }

    fn planning(&self, _: Lang) -> Result<Planning, BackendError> {
        Ok(self.with(|state| plans::planning(&state.desk.counts)))
    }

    fn count_stock(&self, count: &StockCount, _by: &str) -> Result<(), BackendError> {
        self.with(|state| plans::count(&mut state.desk.counts, count))
    }

    fn search(&self, needle: &str, max: usize, _: Lang) -> Result<Hits, BackendError> {
        Ok(self.with(|state| search::search(&state.desk, &state.machines, needle, max)))
    }

    fn is_link(&self, token: &str) -> bool {
        token.starts_with("case-") || !matches!(self.booking(token), Err(BackendError::NotFound(_)))
    }

    fn booking(&self, token: &str) -> Result<BookingPage, BackendError> {
        self.page_of(token)
    }

    fn book(&self, token: &str, act: BookingAct) -> Result<(), BackendError> {
        self.booking(token)?;
        self.with(|state| {
            let page = state.pages.iter_mut().find(|(known, _)| *known == token).map(|(_, page)| page);
            let page = page.ok_or_else(|| missing("page"))?;
            page.state = match act {
                BookingAct::Choose { from, seen } => {
                    let booked =
                        if let BookingState::Booked(visit) = &page.state { Some(visit.slot.from) } else { None };
                    if booked.is_some() && booked != seen && booked != Some(from) {
                        return Err(seen.map_or(Obstacle::CaseBooked, |_| Obstacle::Moved).into());
                    }
                    let slot = *page.slots.iter().find(|slot| slot.from == from).ok_or(Obstacle::SlotTaken)?;
                    let (name, role) = ("周明".into(), "服务工程师".into());
                    let technician = Person { name, role, phone: "138 0013 8002".into() };
                    BookingState::Booked(Visit { slot, technician: Some(technician) })
                }
                BookingAct::AnotherTime { wish } => BookingState::AnotherTime { wish },
                BookingAct::NotNow { days } => BookingState::NotNow { until: now().plus_days(f64::from(days)) },
                BookingAct::StopMessages => BookingState::Stopped,
                BookingAct::Cancel { .. } if !matches!(page.state, BookingState::Booked(_)) => {
                    return Err(Obstacle::NoVisit.into());
                }
                _ => BookingState::Open,
            };
            if page.state == BookingState::Stopped {
                let theirs = state.cards.iter_mut().filter(|card| card.customer.lang == page.lang);
                theirs.for_each(|card| card.governor = Governor::Refused { reason: "opted_out".to_owned() });
            }
            Ok(())
        })
    }

    fn calendar(&self, token: &str) -> Result<String, BackendError> {
        match self.booking(token)?.state {
            BookingState::Booked(_) => Ok("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n".to_owned()),
            _ => Err(missing("visit")),
        }
    }

    fn record(&self, query: &RecordQuery, lang: Lang) -> Result<Record, BackendError> {
        Ok(record::record(query, lang))
    }

    fn templates(&self) -> Result<Vec<TemplateLine>, BackendError> {
        Ok(self.with(|state| state.letters.lines()))
    }

    fn template(&self, name: &str) -> Result<TemplatePage, BackendError> {
        self.with(|state| state.letters.page(name))
    }

    fn preview_template(&self, name: &str, source: &str, _: &str) -> Result<TemplatePreview, BackendError> {
        letters::preview(name, source)
    }

    fn save_template(
        &self,
        template: (&str, i64),
        source: Option<String>,
        why: &str,
        by: &str,
    ) -> Result<(), BackendError> {
        self.with(|state| state.letters.save(template, source, why, by))
    }

    fn take_reply(&self, signed: &Signed, reply: Result<Reply, String>) -> Result<ReplyTaken, BackendError> {
        ways::take_reply(signed, reply)
    }

    fn ingest(&self) -> Result<IngestStatus, BackendError> {
        let newest = QuarantineQuery { max: 20, ..QuarantineQuery::default() };
        Ok(intake::status(self.clocks()?, self.quarantine(&newest)?))
    }

    fn quarantine(&self, query: &QuarantineQuery) -> Result<Vec<Quarantined>, BackendError> {
        let mut items = service::quarantine();
        items.retain(|item| query.reason.as_ref().is_none_or(|reason| item.reason == *reason));
        items.retain(|item| query.before.is_none_or(|before| item.id < before));
        items.truncate(query.max);
        Ok(items)
    }

    fn clocks(&self) -> Result<Vec<MachineClock>, BackendError> {
        Ok(intake::clocks())
    }

    fn ready(&self) -> Result<(), Vec<String>> {
        Ok(())
    }

    fn metrics(&self) -> String {
        "# TYPE foretell_readings_total counter\nforetell_readings_total 1793987\n".to_owned()
    }
}
