//! The advisor's queue.

use chrono_tz::Tz;
use foretell_model::catalogue::Text;
use foretell_model::{Finding, Objection, Timestamp};

use super::unread::{LooseReply, UntoldLine};
use super::{AfterCall, AfterCancelling, Curve, Delivery, Person, PhotoView, RecordLine, Task, Verdict, Written};
use crate::Lang;

/// Where an advisory stands between draft and visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdvisoryState {
    /// Drafted; waits for an advisor.
    Draft,
    /// Approved; goes out at the next open hour.
    Approved {
        /// When it is to go out.
        release: Option<Timestamp>,
    },
    /// Put off by an advisor.
    Postponed {
        /// Until when.
        until: Timestamp,
        /// Why, in the advisor's words.
        reason: String,
    },
    /// Sent; waits for the customer.
    Sent {
        /// When.
        at: Timestamp,
    },
    /// To be told by telephone.
    CallInstead {
        /// Why, as outreach keeps it; may be empty.
        reason: String,
    },
    /// The visit's time has passed and nobody has said whether it took place.
    VisitOver {
        /// Beginning of the visit.
        from: Timestamp,
        /// End of the visit.
        to: Timestamp,
    },
    /// No customer's matter, or not strong enough yet.
    Internal,
    /// The customer chose a time.
    Booked {
        /// Beginning of the visit.
        from: Timestamp,
        /// End of the visit.
        to: Timestamp,
    },
    /// The customer asked for another time.
    AnotherTime {
        /// In the customer's words.
        wish: String,
    },
    /// The customer said "not now".
    Declined {
        /// Until when we keep quiet.
        until: Option<Timestamp>,
    },
    /// Nothing more to do.
    Closed,
}

impl AdvisoryState {
    /// Its name in the API.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved { .. } => "approved",
            Self::Postponed { .. } => "postponed",
            Self::Sent { .. } => "sent",
            Self::CallInstead { .. } => "call_instead",
            Self::Booked { .. } => "booked",
            Self::AnotherTime { .. } => "another_time",
            Self::Declined { .. } => "declined",
            Self::VisitOver { .. } => "visit_over",
            Self::Internal => "internal",
            Self::Closed => "closed",
        }
    }
}

/// Whom it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Key; empty when nobody is registered.
    pub id: String,
    /// The company.
    pub name: String,
    /// The person who is written to.
    pub contact: String,
    /// Telephone; empty when not known.
    pub phone: String,
    /// Another address, for when there is no telephone; empty when not known.
    pub address: String,
    /// The language they read.
    pub lang: Lang,
    /// Their time zone.
    pub zone: Tz,
    /// Customer stage, 1 (content) to 6 (escalation); `None` when nobody has set one.
    pub stage: Option<u8>,
}

/// Who spoke when something passed between us and a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// One of us.
    Us,
    /// The customer.
    Customer,
    /// The machine, by its controller.
    Machine,
}

/// An earlier contact with the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// When.
    pub at: Timestamp,
    /// By which way: `email`, `phone`, `page`, `visit` or a channel's own name.
    pub channel: String,
    /// Who spoke.
    pub from: Speaker,
    /// What happened: a code of the record, or a phrase.
    pub what: String,
    /// What it concerns: the customer's words, `start/end` of a visit in RFC 3339, days; may be empty.
    pub data: String,
    /// About which machine, as the customer calls it, when it is another one than the card's.
    pub machine: Option<String>,
}

/// The message as it would go out, in the customer's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Subject line.
    pub subject: String,
    /// Plain text, paragraphs separated by empty lines.
    pub body: String,
}

/// What the contact governor says about sending now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Governor {
    /// It may go.
    Allowed,
    /// It waits.
    Held {
        /// Until when.
        until: Timestamp,
        /// A code: `quiet_hours`, `weekend`, `holiday`, `machine_cap`, `customer_cap`, `not_now`, or a sentence.
        reason: String,
    },
    /// It may not be sent.
    Refused {
        /// A code: `opt_out`, `stage`, `case_open`, or a sentence.
        reason: String,
    },
}

/// A time offered for a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Beginning.
    pub from: Timestamp,
    /// End.
    pub to: Timestamp,
}

/// Another machine of the site that one letter and one visit are about.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherMachine {
    /// What the customer calls it.
    pub name: String,
    /// The newest finding about it.
    pub finding: Finding,
    /// Its evidence.
    pub curve: Curve,
}

/// What a case joins in place of a letter of its own: one on another machine of the site of which the customer knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joins {
    /// That case.
    pub case: String,
    /// What the customer calls its machine.
    pub machine_name: String,
    /// Its visit as it is booked, and as it would be then.
    pub visit: Option<(Slot, Slot)>,
    /// When the customer would be told, by a changed confirmation or by the reminder; `None` where a call is due.
    pub told: Option<Timestamp>,
}

/// A part that a visit needs, and where it lies.
#[derive(Clone, Debug, PartialEq)]
pub struct PartAtHand {
    /// Which, by the catalogue's code.
    pub part: String,
    /// Name of the depot nearest to the machine that holds it; none where none does.
    pub depot: Option<Text>,
    /// How many lie there.
    pub n: u32,
}

/// A word about a visit that never went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// It follows the work; else it tells that the visit is booked, moved or cancelled.
    pub is_after: bool,
    /// Why, in English.
    pub reason: String,
}

/// One card of the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct AdvisoryCard {
    /// Its identity; that of its finding's episode. May hold slashes.
    pub id: String,
    /// Changes whenever text or state change, so that nobody approves a text they have not seen.
    pub revision: u64,
    /// What the customer calls the machine.
    pub machine_name: String,
    /// What the site is called.
    pub site_name: String,
    /// Whom it concerns.
    pub customer: Customer,
    /// The newest finding behind it.
    pub finding: Finding,
    /// Where it stands.
    pub state: AdvisoryState,
    /// The evidence.
    pub curve: Curve,
    /// Probability that the limit is reached before the next free slot, 0 to 1.
    pub probability_before_slot: Option<f64>,
    /// What the visit is for, on each of its machines; the card's own first.
    pub tasks: Vec<Task>,
    /// Parts needed for all of it.
    pub parts: Vec<PartAtHand>,
    /// Duration of all the work, minutes.
    pub work_minutes: u32,
    /// Whether a machine must stand still for it.
    pub machine_stops: bool,
    /// The times offered; two as a rule. Of a letter that went out those that stand in it.
    pub slots: Vec<Slot>,
    /// The last day of the customer's busy season, at its beginning, where those times wait for its end.
    pub season_until: Option<Timestamp>,
    /// Those times of a letter that went out which cannot be had any more.
    pub gone: Vec<Slot>,
    /// The message.
    pub draft: Draft,
    /// Why there is no message; then the draft is empty.
    pub unwritten: Option<Objection>,
    /// Times at which an advisor could book a visit now.
    pub choices: Vec<Slot>,
    /// What the customer last wished of a time, in the customer's words; it stands beside a booked visit too.
    pub wish: Option<String>,
    /// Whether a person wrote the letter as it stands.
    pub is_written: bool,
    /// What an advisor must read although the visit stands: the customer's reply, or another word.
    pub heard: Option<String>,
    /// Whether a call is due because an advisor chose it in place of a letter, and nobody has rung yet.
    pub call_chosen: bool,
    /// Whether nobody knows if the message arrived, or it was refused: the advisor settles it.
    pub unsettled: bool,
    /// Why the message has not gone out although it was tried.
    pub delivery: Option<Delivery>,
    /// The newest word about the visit, where that never went out.
    pub unsent: Option<Unsent>,
    /// The governor's verdict.
    pub governor: Governor,
    /// Earlier contacts, newest first.
    pub contacts: Vec<Contact>,
    /// Everything that went out in the case, newest first; only where the card stands alone on its page.
    pub written: Vec<Written>,
    /// What hints since the stage was last set that it has moved, newest first, at most a few.
    pub hints: Vec<RecordLine>,
    /// Other machines of the site that go with its letter and its visit.
    pub others: Vec<OtherMachine>,
    /// What it joins, if approved, in place of a letter of its own.
    pub joins: Option<Joins>,
    /// Who signs.
    pub advisor: Person,
    /// Path of the customer's page (`/b/…`) once there is one.
    pub booking_path: Option<String>,
    /// Somebody may hold a link of the case that opens.
    pub links_open: bool,
    /// Pictures of it and of its newest visit; only where the card stands alone on its page.
    pub photos: Vec<PhotoView>,
    /// What was found of what was forecast, once somebody said.
    pub verdict: Option<Verdict>,
    /// What a person last did in the case.
    pub decided: Option<RecordLine>,
    /// Whether there is another advisor who could take the customer over.
    pub has_colleagues: bool,
}

/// What an advisor can do with a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdvisorAct {
    /// Send it as it stands, when the governor lets it.
    Approve,
    /// Change the text; it stays a draft.
    Edit(Draft),
    /// Put it off.
    Postpone {
        /// For how many days, 1 to 90.
        days: u16,
        /// Why.
        reason: String,
    },
    /// Telephone instead of writing.
    CallInstead,
    /// Write after all, where nobody has called yet.
    WriteAfterAll,
    /// Record a call to the customer.
    Called {
        /// What was said.
        remark: String,
        /// What comes of it.
        then: AfterCall,
    },
    /// Book a visit on the customer's behalf.
    Book {
        /// Its beginning.
        from: Timestamp,
        /// Whether the customer agreed to it even if it lies outside the hours of visits.
        agreed: bool,
    },
    /// Move the booked visit for the customer.
    Move {
        /// Its new beginning.
        from: Timestamp,
        /// Whether the customer agreed to it even if it lies outside the hours of visits.
        agreed: bool,
        /// Whether the customer heard it on the telephone, so that the calendar file alone goes out.
        told: bool,
        /// Why.
        reason: String,
    },
    /// Cancel the booked visit for the customer.
    Cancel {
        /// Why.
        reason: String,
        /// As for a move.
        told: bool,
        /// What comes next.
        then: AfterCancelling,
    },
    /// End the case without work.
    Close {
        /// Why.
        reason: String,
    },
    /// Say of a message of unknown fate that it arrived, or send it again.
    Settle {
        /// Whether it arrived.
        arrived: bool,
    },
    /// Take the customer's link back.
    RevokeLink {
        /// Why.
        reason: String,
    },
    /// What the customer replied has been read; the visit stands.
    Noted,
    /// The visit took place and the work is done.
    VisitDone,
    /// The visit did not take place.
    VisitNotDone {
        /// Why.
        reason: String,
    },
}

/// A stretch of the advisor's queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Cases that wait for the advisor; they come first.
    pub waiting: usize,
    /// Those and the ones that wait for somebody else.
    pub all: usize,
    /// Place of the first card, counted from 0.
    pub from: usize,
    /// The cards.
    pub cards: Vec<AdvisoryCard>,
    /// Words that may not have arrived, about which no card asks.
    pub untold: Vec<UntoldLine>,
    /// What customers wrote outside of any case, oldest first.
    pub replies: Vec<LooseReply>,
}
