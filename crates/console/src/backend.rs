//! What the pages ask of the rest of the product. The server implements it over log, engine, outreach and ingest.

use foretell_model::{Finding, MachineId, Objection, Obstacle, Quarantined, Reading, Timestamp};
use tokio::sync::watch;

use crate::Lang;
use crate::view::{
    AdvisorAct, AdvisoryCard, BookingAct, BookingPage, CaseAct, CaseDesk, CasePage, CustomerAct, CustomerPage,
    Customers, FaultPrecision, Fleet, Found, HealthReport, Hits, IngestStatus, MachineClock, MachineDetail,
    MachineName, Planning, QuarantineQuery, Queue, Record, RecordQuery, Remark, Reply, ReplyTaken, Signed, StockCount,
    TemplateLine, TemplatePage, TemplatePreview, VisitCalendar,
};

/// Why the backend did not do it.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// A link that was once good no longer is.
    #[error("this link has expired")]
    Expired,
    /// A link that somebody took back, or whose message was.
    #[error("this link was taken back")]
    TakenBack,
    /// The link of a letter that nobody has approved.
    #[error("its letter has not been approved")]
    NotYet,
    /// Something that a person asked for is not done as things stand. Pages word it in the reader's language.
    #[error("{0}")]
    Refused(Objection),
    /// What a program sent does not fit the present state; the text says why.
    #[error("{0}")]
    Conflict(String),
    /// What was sent cannot be understood; the text says why.
    #[error("{0}")]
    Invalid(String),
    /// What was sent is not signed as it must be.
    #[error("not taken: {0}")]
    Unsigned(String),
    /// A text may not go to a customer as it stands.
    #[error("the text may not go to a customer")]
    Text(Vec<Remark>),
    /// A store or a part failed.
    #[error("could not {attempted}")]
    Failed {
        /// What was attempted, on what.
        attempted: String,
        /// The cause, for the log only: it may name paths and addresses.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl From<Obstacle> for BackendError {
    fn from(why: Obstacle) -> Self {
        Self::Refused(why.into())
    }
}

/// A stretch of event time, `from` included, `to` not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Beginning.
    pub from: Timestamp,
    /// End.
    pub to: Timestamp,
}

impl Span {
    /// A span with one or both ends left open: `now` and 90 days before the end.
    #[must_use]
    pub fn looking_back((from, to): (Option<Timestamp>, Option<Timestamp>), now: Timestamp) -> Self {
        let to = to.unwrap_or(now);
        Self { from: from.unwrap_or_else(|| to.plus_days(-90.0)), to }
    }
}

/// Which findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingsQuery {
    /// Of one machine, or of all.
    pub machine: Option<MachineId>,
    /// Concluded at or after this instant.
    pub since: Option<Timestamp>,
    /// At most so many, the newest.
    pub max: usize,
}

/// Everything the pages ask. Methods may block: they are called on the blocking pool, never on a worker of the runtime.
pub trait Backend: crate::Field + Send + Sync + 'static {
    /// The present instant (event time in rehearsals).
    fn now(&self) -> Timestamp;

    /// A number that grows when anything a page shows has changed; pages reload when it does. The sender may change it as
    /// often as it likes: subscribers see the newest only and are throttled here.
    fn revision(&self) -> watch::Receiver<u64>;

    /// Every machine at a glance.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn fleet(&self) -> Result<Fleet, BackendError>;

    /// One machine in full.
    ///
    /// # Errors
    /// `NotFound` when it was never heard of.
    fn machine(&self, id: &MachineId) -> Result<MachineDetail, BackendError>;

    /// A machine's health report over a span; an end left open is now, or the machine's last data where they are long past, a
    /// beginning 90 days before the end. Texts of ours in `lang`.
    ///
    /// # Errors
    /// `NotFound` when the machine was never heard of.
    fn health_report(
        &self,
        id: &MachineId,
        span: (Option<Timestamp>, Option<Timestamp>),
        lang: Lang,
    ) -> Result<HealthReport, BackendError>;

    /// Raw readings of a machine in order of time, at most `max`, the newest when there are more.
    ///
    /// # Errors
    /// `NotFound` when the machine was never heard of.
    fn readings(&self, id: &MachineId, span: Span, max: usize) -> Result<Vec<Reading>, BackendError>;

    /// Findings, newest first.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn findings(&self, query: &FindingsQuery) -> Result<Vec<Finding>, BackendError>;

    /// At most `max` cards of the advisor's queue from the place `from` on, in the order of what waiting costs; first what waits
    /// for the advisor, then what waits for others. Beyond the end one gets the last cards.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn queue(&self, from: usize, max: usize) -> Result<Queue, BackendError>;

    /// An advisor has read what a customer wrote outside of any case.
    ///
    /// # Errors
    /// `NotFound` when there is none of that number, e.g. because a colleague has read it.
    fn note_reply(&self, id: i64, by: &str) -> Result<(), BackendError>;

    /// One advisory, also when it is no longer in the queue.
    ///
    /// # Errors
    /// `NotFound` when there is none of that identity.
    fn advisory(&self, id: &str) -> Result<AdvisoryCard, BackendError>;

    /// Does what an advisor decided. `by` is the name given at sign-in, or `console`.
    ///
    /// # Errors
    /// `Conflict` when `revision` is no longer the card's; `Invalid` when the act does not fit its state or the text is refused.
    fn act(&self, id: &str, revision: u64, act: AdvisorAct, by: &str) -> Result<(), BackendError>;

    /// Says what was found of what a case forecast, with a code where it was another fault, in the technician's words.
    ///
    /// # Errors
    /// `NotFound` when there is no such case; `Conflict` when the other fault is the forecast one.
    fn give_verdict(
        &self,
        id: &str,
        verdict: (Found, Option<String>),
        note: &str,
        by: &str,
    ) -> Result<(), BackendError>;

    /// How often forecasts were right, by fault.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn precision(&self) -> Result<Vec<FaultPrecision>, BackendError>;

    /// Service cases, open and lately closed.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn cases(&self, lang: Lang) -> Result<CaseDesk, BackendError>;

    /// One service case.
    ///
    /// # Errors
    /// `NotFound` when there is none of that number.
    fn case(&self, id: i64, lang: Lang) -> Result<CasePage, BackendError>;

    /// Machines that a person may mean by what was typed, at most `max`: the one of that very identity or of that very name,
    /// else those of whose name, site and customer every word is part. What is empty means every machine.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn machines_called(&self, typed: &str, max: usize) -> Result<Vec<MachineName>, BackendError>;

    /// Opens a case on a machine, or adds to the one that is open; gives its number.
    ///
    /// # Errors
    /// `NotFound` when there is no such machine.
    fn open_case(&self, machine: &MachineId, what: &str, by: &str) -> Result<i64, BackendError>;

    /// Does something about a case; `seen` is the revision that was decided upon, where that matters.
    ///
    /// # Errors
    /// `Refused` when that is no longer the case's, the case is closed, or its checklist has an unexplained gap.
    fn act_on_case(&self, id: i64, seen: Option<u64>, act: CaseAct, by: &str) -> Result<(), BackendError>;

    /// Booked visits of two weeks, from the Monday of the week that holds a day (counted since 1970), or of this week.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn visit_calendar(&self, day: Option<i64>, lang: Lang) -> Result<VisitCalendar, BackendError>;

    /// Every customer.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn customers(&self, lang: Lang) -> Result<Customers, BackendError>;

    /// One customer in full.
    ///
    /// # Errors
    /// `NotFound` when there is none of that key.
    fn customer(&self, id: &str, lang: Lang) -> Result<CustomerPage, BackendError>;

    /// Notes something about a customer.
    ///
    /// # Errors
    /// `NotFound` when there is no such customer; `Conflict` when it does not fit.
    fn act_on_customer(&self, id: &str, act: CustomerAct, by: &str) -> Result<(), BackendError>;

    /// Parts, visits and delays of the coming weeks; depots by name in `lang`.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn planning(&self, lang: Lang) -> Result<Planning, BackendError>;

    /// Somebody counted or filled a shelf.
    ///
    /// # Errors
    /// `Refused` when there is no such depot or no such part.
    fn count_stock(&self, count: &StockCount, by: &str) -> Result<(), BackendError>;

    /// Machines, customers, cases and people of ours that hold a text in lower case, at most so many of each; names in `lang`.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn search(&self, needle: &str, max: usize, lang: Lang) -> Result<Hits, BackendError>;

    /// Whether we signed a link, be it over or taken back. Asked before a request is looked at, so it must not wait.
    fn is_link(&self, token: &str) -> bool;

    /// The customer's page of a link.
    ///
    /// # Errors
    /// `NotFound` for a token that was never given out or was tampered with, `Expired` for one that is too old,
    /// `TakenBack` for one that is not to be used any more, `NotYet` for that of a draft.
    fn booking(&self, token: &str) -> Result<BookingPage, BackendError>;

    /// Does what a customer chose. Choosing what is chosen already is fine; choosing another offered time while one is
    /// booked moves the visit.
    ///
    /// # Errors
    /// As [`Backend::booking`]; `Conflict` when the time is gone or the state does not allow it.
    fn book(&self, token: &str, act: BookingAct) -> Result<(), BackendError>;

    /// The booked visit as an iCalendar file (RFC 5545).
    ///
    /// # Errors
    /// As [`Backend::booking`]; `NotFound` when nothing is booked.
    fn calendar(&self, token: &str) -> Result<String, BackendError>;

    /// The company's own time, in which what people did is told.
    fn zone(&self) -> chrono_tz::Tz {
        chrono_tz::UTC
    }

    /// Everything that was done, newest first, page by page; names in `lang`.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn record(&self, query: &RecordQuery, lang: Lang) -> Result<Record, BackendError>;

    /// Every template of a letter.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn templates(&self) -> Result<Vec<TemplateLine>, BackendError>;

    /// One template in full.
    ///
    /// # Errors
    /// `NotFound` when there is none of that name.
    fn template(&self, name: &str) -> Result<TemplatePage, BackendError>;

    /// What a template with this text would make of a case, a key of [`TemplatePage::examples`], or of an invented one when the
    /// key is empty or the case is over.
    ///
    /// # Errors
    /// `NotFound` when there is no such template.
    fn preview_template(&self, name: &str, source: &str, of: &str) -> Result<TemplatePreview, BackendError>;

    /// Puts a text in force, or takes every edit back where there is none.
    ///
    /// # Errors
    /// `Invalid` when anything is wrong with it, `Conflict` when somebody else changed it after `revision`.
    fn save_template(
        &self,
        template: (&str, i64),
        source: Option<String>,
        why: &str,
        by: &str,
    ) -> Result<(), BackendError>;

    /// Takes what a customer answered elsewhere. `reply` is the body as it was read; its faults are told to those who signed alone.
    ///
    /// # Errors
    /// `Unsigned` when the signature is not the sender's; `NotFound` when no replies are taken here or nobody is known to whom
    /// it could belong; `Invalid` when it cannot be read.
    fn take_reply(&self, signed: &Signed, reply: Result<Reply, String>) -> Result<ReplyTaken, BackendError>;

    /// What comes in.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn ingest(&self) -> Result<IngestStatus, BackendError>;

    /// Refused items, newest first.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn quarantine(&self, query: &QuarantineQuery) -> Result<Vec<Quarantined>, BackendError>;

    /// Every machine's clock beside ours, the furthest off first.
    ///
    /// # Errors
    /// When it cannot be told.
    fn clocks(&self) -> Result<Vec<MachineClock>, BackendError>;

    /// Whether everything that must move does move. Asked often, so it must not wait.
    ///
    /// # Errors
    /// One sentence per part that stands still.
    fn alive(&self) -> Result<(), Vec<String>> {
        Ok(())
    }

    /// Whether readings can be taken now.
    ///
    /// # Errors
    /// One sentence per part that is not ready.
    fn ready(&self) -> Result<(), Vec<String>>;

    /// What somebody should look at although readings are taken as ever, a sentence each.
    fn degraded(&self) -> Vec<String> {
        Vec::new()
    }

    /// What `/readyz` says: a line for being ready and one for each sentence of [`Backend::degraded`].
    ///
    /// # Errors
    /// As [`Backend::ready`].
    fn readiness(&self) -> Result<String, Vec<String>> {
        self.ready()?;
        let lines = self.degraded().into_iter().map(|sentence| format!("degraded: {sentence}\n"));
        Ok(std::iter::once("ready\n".to_owned()).chain(lines).collect())
    }

    /// Every metric in Prometheus' text form.
    fn metrics(&self) -> String;
}
