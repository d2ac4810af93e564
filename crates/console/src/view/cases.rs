//! Service cases: something did break. Two promises run against the clock.

use chrono_tz::Tz;
use foretell_model::{FaultCode, Finding, Timestamp};

use super::{EarlierVisit, PartToBring, Person, Timer, TimerState, Way};
use crate::Lang;

/// Who comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Name in the asker's language.
    pub name: String,
    /// Telephone.
    pub phone: String,
    /// Number on the badge; empty when none is registered.
    pub badge: String,
}

/// One entry of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordLine {
    /// When.
    pub at: Timestamp,
    /// Who: `engine`, `governor`, `outbox`, `customer` or a person.
    pub who: String,
    /// What: a code, or a phrase.
    pub what: String,
    /// Why, or what it concerns; may be empty.
    pub why: String,
    /// What the customer calls the machine, where it concerns one.
    pub machine: String,
}

/// Points of the closing checklist, in its order.
pub const CHECKLIST: [&str; 5] = ["test_run", "tidy", "old_parts", "report", "courtesy"];

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseReport {
    /// Points of [`CHECKLIST`] that were done.
    pub done: [bool; 5],
    /// Why a point was left out; may be empty.
    pub left_out: String,
    /// Parts that were used, with their number.
    pub parts: Vec<(String, u32)>,
    /// Key of the depot the parts came from; empty when none was used.
    pub depot: String,
    /// Whether they were used for sure, though the depot does not hold them by our list.
    pub parts_sure: bool,
    /// What the technician wants to be known.
    pub note: String,
    /// The same as the customer reads it, where it was written in another language; empty where nobody has.
    pub note_for_customer: String,
}

/// What was found on site, and until when it takes, as the customer's page tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// When it was told.
    pub at: Timestamp,
    /// Code of the fault, where it has one.
    pub found: Option<FaultCode>,
    /// Until when the work was said to take.
    pub until: Timestamp,
}

/// One service case.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceCase {
    /// Its number.
    pub id: i64,
    /// Changes with what is decided upon when somebody calls, is sent or stays away: what was said, who was called, who comes,
    /// who is there.
    pub revision: u64,
    /// `site/machine`.
    pub machine: String,
    /// What the customer calls the machine.
    pub machine_name: String,
    /// What the site is called.
    pub site_name: String,
    /// Key of the customer; empty when nobody is registered.
    pub customer_id: String,
    /// The customer's name.
    pub customer: String,
    /// Who is called there.
    pub contact: String,
    /// Their number; empty when not known.
    pub phone: String,
    /// How far the customer's dissatisfaction has gone, 1 to 6.
    pub stage: Option<u8>,
    /// The customer's time zone.
    pub zone: Tz,
    /// Who opened it: `customer`, `controller` or `advisor`.
    pub source: String,
    /// What is wrong, in the words of whoever said so; one line for each.
    pub what: String,
    /// When it was opened.
    pub opened: Timestamp,
    /// The promise to call back.
    pub call_back: Timer,
    /// By when instead, as the customer's page told before that promise slipped.
    pub call_back_by: Option<Timestamp>,
    /// The promise to be on site.
    pub on_site: Timer,
    /// Who comes, once somebody is sent.
    pub sent: Option<Sent>,
    /// The way there.
    pub way: Way,
    /// What the customer was last told from the site.
    pub progress: Option<Progress>,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// What was done.
    pub report: Option<CaseReport>,
    /// Why it was closed without a repair, where nothing was broken; empty where the customer said so.
    pub withdrawn: Option<String>,
    /// Number of the case that goes on in its place, where the machine came to another customer meanwhile.
    pub goes_on: Option<i64>,
    /// What the customer replied and nobody has answered yet, oldest first.
    pub heard: Vec<String>,
}

impl ServiceCase {
    /// Whether somebody has to do something about it now: nobody is at the machine yet, or what the customer replied has no answer.
    #[must_use]
    pub fn waits(&self) -> bool {
        (self.closed.is_none() && self.on_site.met.is_none()) || !self.heard.is_empty()
    }

    /// What the order of the list goes by: the worse unkept promise, then the sooner one.
    #[must_use]
    pub fn urgency(&self) -> (TimerState, Timestamp) {
        let open = |timer: &Timer| timer.met.is_none();
        let timers = [self.call_back, self.on_site];
        let worst = timers.into_iter().filter(open).map(|timer| (timer.state, timer.due)).min();
        worst.unwrap_or((TimerState::Kept, self.on_site.due))
    }
}

/// Everything that is or lately was broken.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseDesk {
    /// The present instant.
    pub now: Timestamp,
    /// Open cases in any order; the page sorts by urgency.
    pub open: Vec<ServiceCase>,
    /// The cases closed last, newest first.
    pub closed: Vec<ServiceCase>,
}

/// Something to choose from a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub key: String,
    /// What is read.
    pub name: String,
}

/// What is known of a machine that broke.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BrokenMachine {
    /// Its model; empty when not known.
    pub model: String,
    /// Rated power, kW.
    pub rated_kw: Option<f64>,
    /// Reading of its running-hour counter.
    pub run_hours: Option<f64>,
    /// Where it stands; empty when nobody said.
    pub address: String,
    /// The same in degrees north and east.
    pub place_deg: Option<(f64, f64)>,
    /// What was open of it, the most pressing first.
    pub open: Vec<Finding>,
    /// Parts that are likely to be needed, by what was open.
    pub parts: Vec<PartToBring>,
    /// The last visit to it before it broke.
    pub last_visit: Option<EarlierVisit>,
}

/// One case with what is needed to act on it.
#[derive(Clone, Debug, PartialEq)]
pub struct CasePage {
    /// The present instant.
    pub now: Timestamp,
    /// The case.
    pub case: ServiceCase,
    /// Whom of us the customer has.
    pub advisor: Person,
    /// The machine that broke.
    pub machine: BrokenMachine,
    /// Whom one could send.
    pub technicians: Vec<Choice>,
    /// Depots that parts can come from.
    pub depots: Vec<Choice>,
    /// What happened in the case, newest first.
    pub record: Vec<RecordLine>,
    /// In which language the customer reads.
    pub reader: Lang,
    /// The customer cannot read the note of the report, and nobody has written it anew.
    pub note_lacks: bool,
    /// Words to the customer of which somebody must say what became of them.
    pub unsettled: Vec<UnsettledWord>,
    /// Word went out that a promise slips, so that the customer knows of `call_back_by`.
    pub wrote_of_slip: bool,
    /// Word went out of what was found on site.
    pub wrote_of_progress: bool,
}

/// Word to a customer that did not arrive, or perhaps not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsettledWord {
    /// Its number in the outbox.
    pub message: i64,
    /// Its subject.
    pub subject: String,
    /// Whether it certainly did not arrive.
    pub is_lost: bool,
    /// What stood in its way, in English or in a channel's own words; may be empty.
    pub reason: String,
}

/// What is done about a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseAct {
    /// The customer was called back.
    Called {
        /// What was said.
        remark: String,
    },
    /// Somebody is sent.
    Send {
        /// Key of the technician.
        technician: String,
        /// When they expect to be there.
        eta: Option<Timestamp>,
    },
    /// Somebody is there.
    Arrived,
    /// The customer is told what was found and how much longer it takes.
    Found {
        /// Code of the fault, where it has one that customers hear of.
        fault: Option<String>,
        /// Minutes that the work still takes.
        minutes: u32,
    },
    /// What became of a word to the customer whose fate nobody knew.
    Settle {
        /// Its number in the outbox.
        message: i64,
        /// It arrived; otherwise it is sent again.
        arrived: bool,
    },
    /// It is mended.
    Close(CaseReport),
    /// Nothing is broken.
    Withdraw {
        /// What happened.
        reason: String,
    },
}
