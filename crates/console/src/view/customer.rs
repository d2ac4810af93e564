//! Customers: who they are, how content they are, and everything that passed between us.

use chrono_tz::Tz;
use foretell_model::Timestamp;

use super::{Choice, Contact, RecordLine, ServiceCase, Task};
use crate::Lang;

/// One customer in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerLine {
    /// Key.
    pub id: String,
    /// The company's name.
    pub name: String,
    /// Who is written to; may be empty.
    pub contact: String,
    /// What they read.
    pub lang: Lang,
    /// Their time zone.
    pub zone: Tz,
    /// Who looks after them, in the asker's language.
    pub advisor: String,
    /// How many machines are registered.
    pub machines: usize,
    /// How far their dissatisfaction has gone, 1 to 6.
    pub stage: Option<u8>,
    /// Open service cases.
    pub open_cases: usize,
    /// When the next visit is booked for.
    pub next_visit: Option<Timestamp>,
}

/// Every customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customers {
    /// The present instant.
    pub now: Timestamp,
    /// In any order; the page sorts.
    pub lines: Vec<CustomerLine>,
}

/// A person there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactPerson {
    /// Name as spoken.
    pub name: String,
    /// What for; may be empty.
    pub role: String,
    /// Telephone; may be empty.
    pub phone: String,
    /// Mail; may be empty.
    pub email: String,
}

/// One way to reach a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Medium {
    /// `email`, `phone` and so on.
    pub medium: String,
    /// Where to; empty when none is registered.
    pub address: String,
    /// Since when the customer wants no messages there.
    pub stopped: Option<Timestamp>,
}

/// One change of stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageChange {
    /// When.
    pub at: Timestamp,
    /// To what, 1 to 6; `None` when it is over.
    pub stage: Option<u8>,
    /// By whom.
    pub who: String,
    /// Why.
    pub why: String,
}

/// A machine of a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnMachine {
    /// `site/machine`.
    pub id: String,
    /// What the customer calls it.
    pub name: String,
    /// What the site is called.
    pub site_name: String,
    /// Type designation; may be empty.
    pub model: String,
    /// Rated motor power, kW.
    pub rated_kw: Option<f64>,
    /// When it last reported.
    pub last_reading: Option<Timestamp>,
}

/// A booked visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedVisit {
    /// Identity of its case.
    pub case: String,
    /// What it is for, on each of its machines.
    pub tasks: Vec<Task>,
    /// Beginning.
    pub from: Timestamp,
    /// End.
    pub to: Timestamp,
    /// Who comes; empty when nobody is named.
    pub technician: String,
}

/// One customer in full.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerPage {
    /// The present instant.
    pub now: Timestamp,
    /// As in the list.
    pub line: CustomerLine,
    /// Further people there.
    pub people: Vec<ContactPerson>,
    /// Ways to reach them, in the order they prefer.
    pub media: Vec<Medium>,
    /// Local times, `HH:MM`, between which nothing is sent.
    pub quiet: (String, String),
    /// Whether letters to them go out without an advisor's approval.
    pub sends_unasked: bool,
    /// Changes of stage, newest first.
    pub stages: Vec<StageChange>,
    /// What hints since the last change that the stage has moved, newest first.
    pub hints: Vec<RecordLine>,
    /// Their machines.
    pub machines: Vec<OwnMachine>,
    /// Their open service cases.
    pub cases: Vec<ServiceCase>,
    /// Visits to come.
    pub visits: Vec<BookedVisit>,
    /// What passed between us, newest first.
    pub contacts: Vec<Contact>,
    /// The record, newest first.
    pub record: Vec<RecordLine>,
    /// Key of the advisor who looks after them.
    pub advisor: String,
    /// Advisors to whom the customer could be handed over.
    pub colleagues: Vec<Choice>,
}

/// What is noted about a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerAct {
    /// How far the dissatisfaction has gone.
    Stage {
        /// 1 to 6; `None` when it is over.
        stage: Option<u8>,
        /// Key of the advisor who takes over; of use at 6 alone, and needed there.
        to: String,
        /// Why.
        why: String,
        /// The stage that was decided upon, 0 for none: where a colleague has set another since, nobody overrides it unread.
        seen: Option<u8>,
    },
    /// No more messages on a medium.
    Stop {
        /// Which.
        medium: String,
        /// On whose word.
        why: String,
    },
    /// Another advisor takes over.
    HandOver {
        /// Key of the advisor.
        to: String,
        /// Why.
        why: String,
    },
    /// Messages on a medium again.
    Resume {
        /// Which.
        medium: String,
        /// On whose word.
        why: String,
    },
}
