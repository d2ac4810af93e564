//! What outreach shows to the console and the server: plain data, no behaviour.

mod arranged;
mod arrival;
mod field;
mod matter;
mod record;
mod service;

pub use arranged::{AfterCancelling, Booking, Spoken};
pub use arrival::Arrival;
pub use field::{
    CaseView, Choice, CrewChange, CrewWord, Errand, ErrandSheet, Guest, Joins, Journey, Preferences, Task, VisitDone,
};
pub use matter::{AfterCall, Matter};
pub use record::{
    Figures, Happening, LetterFound, LooseReply, RecordFilter, RecordPage, Unsent, Unsettled, Untold, UntoldOf, Written,
};
pub use service::{
    Checklist, Photo, PhotoOf, Progress, Promise, ServiceCase, Source, StageChange, StockLine, VisitReport, WorkOf,
    WorkVerdict,
};

use foretell_model::{Finding, FindingId, Grade, MachineId, Objection, Obstacle, Timestamp, Work, named};

use crate::compose::Draft;
use crate::governor::{Kind, Reason, Verdict};
use crate::letter_times::LetterTimes;
use crate::registry::{Advisor, Customer, Language, Machine};
use crate::slots::Slot;

named! {
    /// Where a case is between the forecast and the work done.
    Stage {
        /// Stays inside the company: only watched, or never a customer's matter.
        Internal = "internal",
        /// A draft waits for the advisor.
        Draft = "draft",
        /// The advisor put it off until a time.
        Postponed = "postponed",
        /// Approved; waits in the outbox.
        Queued = "queued",
        /// Sent; waits for the customer.
        Contacted = "contacted",
        /// The advisor should call; the remark says why.
        Call = "call",
        /// The customer said not now, until a time.
        NotNow = "not_now",
        /// A visit is booked.
        Booked = "booked",
        /// The work was done.
        Done = "done",
        /// The forecast was withdrawn.
        Cleared = "cleared",
    }
}

impl Stage {
    /// What stands in the way of whoever asks for something that a case in this stage does not allow.
    #[must_use]
    pub const fn obstacle(self) -> Obstacle {
        match self {
            Self::Internal => Obstacle::CaseInternal,
            Self::Draft => Obstacle::CaseDraft,
            Self::Postponed => Obstacle::CasePostponed,
            Self::Queued => Obstacle::CaseQueued,
            Self::Contacted => Obstacle::CaseContacted,
            Self::Call => Obstacle::CaseCall,
            Self::NotNow => Obstacle::CaseNotNow,
            Self::Booked => Obstacle::CaseBooked,
            Self::Done => Obstacle::CaseDone,
            Self::Cleared => Obstacle::CaseCleared,
        }
    }
}

named! {
    /// Where a message is.
    MessageState {
        /// Not approved yet.
        Draft = "draft",
        /// Approved; goes out when the governor allows.
        Queued = "queued",
        /// Handed to a channel; its fate is not recorded yet.
        Sending = "sending",
        /// Delivered.
        Sent = "sent",
        /// Refused for good.
        Failed = "failed",
        /// Perhaps delivered: a crash or a broken connection came between. The advisor resolves it.
        Unknown = "unknown",
        /// Dropped before it went out.
        Withdrawn = "withdrawn",
    }
}

/// What one finding changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    /// It was applied before; nothing changed.
    Before,
    /// It concerns no advisory.
    Ignored,
    /// A case was opened or changed; the machine's current advisory may have too.
    Case {
        /// Which.
        id: FindingId,
        /// Where it is now.
        stage: Stage,
    },
}

/// One line of the advisor's queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueEntry {
    /// The case.
    pub id: FindingId,
    /// About which machine.
    pub machine: MachineId,
    /// What the customer calls it; the identity where nothing is registered.
    pub number: String,
    /// The customer's name, if one is registered.
    pub customer: Option<String>,
    /// Fault code.
    pub fault: String,
    /// How pressing.
    pub grade: Grade,
    /// Where the case is.
    pub stage: Stage,
    /// Why it needs the advisor, if there is more to say.
    pub remark: Option<String>,
    /// What it asks of the advisor beside what its stage says.
    pub matter: Option<Matter>,
    /// Probability that the limit is reached before the next free time, 0 to 1; 0 where the work was done and nothing was
    /// forecast since.
    pub probability_before_visit: f64,
    /// That probability, or the weight of a call that is due after the work, times the machine's consequence: the order of the
    /// queue.
    pub waiting_cost: f64,
    /// The next free time.
    pub next_free: Option<Timestamp>,
    /// When the case was opened (event time).
    pub opened: Timestamp,
}

/// Everything an advisor needs to decide about one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// The case as the engine last described it: window, evidence, alternatives. Without window and probabilities where they
    /// are of the time before the work.
    pub finding: Finding,
    /// The work was done, and nothing was said of the fault since.
    pub is_spent: bool,
    /// Where the case is.
    pub stage: Stage,
    /// Until when it is postponed or silent.
    pub until: Option<Timestamp>,
    /// Why it needs the advisor.
    pub remark: Option<String>,
    /// What it asks of the advisor beside what its stage says.
    pub matter: Option<Matter>,
    /// Cases on other machines of the site that go with its letter and its visit.
    pub companions: Vec<Finding>,
    /// What its visit is for, on each machine.
    pub tasks: Vec<Task>,
    /// The case on another machine that speaks for this one, if one does.
    pub speaker: Option<FindingId>,
    /// What of the customer's it would join in place of a letter of its own, if approved.
    pub joins: Option<Joins>,
    /// The machine, if registered.
    pub machine: Option<Machine>,
    /// The customer, if registered.
    pub customer: Option<Customer>,
    /// The customer's advisor.
    pub advisor: Option<Advisor>,
    /// The drafted, approved or sent message; why there is none otherwise.
    pub message: std::result::Result<MessageView, Objection>,
    /// What the governor says to sending now, until the message is out; of a booked visit to its confirmation, while that waits.
    pub verdict: Option<Verdict>,
    /// Nobody can be written to: the customer has no address on any channel in use.
    pub no_route: bool,
    /// How far the customer's dissatisfaction has gone, if it has.
    pub customer_stage: Option<crate::CustomerStage>,
    /// The service case that is open on this machine.
    pub trouble: Option<i64>,
    /// Parts the work needs.
    pub parts: Vec<String>,
    /// Time on site, minutes.
    pub minutes: Option<u32>,
    /// The live booking.
    pub booking: Option<Booking>,
    /// What happened in the case, newest first.
    pub history: Vec<Happening>,
    /// Contacts with this customer about any machine, newest first, at most 20.
    pub contacts: Vec<Happening>,
    /// Times at which a visit could be booked now; empty where none may be.
    pub choices: Vec<Slot>,
    /// Messages of the case of which the advisor must say what became of them, oldest first.
    pub unsettled: Vec<Unsettled>,
    /// The newest word about its visit, where that never went out.
    pub unsent: Option<Unsent>,
    /// Somebody may hold a link of its that opens.
    pub links_open: bool,
}

/// A message as the advisor sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageView {
    /// Its number in the outbox.
    pub id: i64,
    /// Where it is.
    pub state: MessageState,
    /// Language of the text.
    pub language: Language,
    /// Subject and body.
    pub text: Draft,
    /// The times it offers, or offered when it went out.
    pub slots: Vec<Slot>,
    /// Those times of a message that went out which nobody can have any more.
    pub gone: Vec<Slot>,
    /// The last day of the customer's busy season, at its beginning, where the times wait for its end.
    pub season_until: Option<Timestamp>,
    /// Whether a person changed the text.
    pub edited: bool,
    /// Why it waits, failed or was withdrawn.
    pub reason: Option<String>,
    /// When delivery is tried again, if it failed for now; `reason` says why.
    pub next_attempt: Option<Timestamp>,
    /// The customer's page.
    pub link: String,
    /// Whether the link opens that page: only once the message was approved.
    pub link_opens: bool,
}

/// What the customer's page shows, in the customer's language.
#[derive(Clone, Debug, PartialEq)]
pub struct BookingView {
    /// Language of every text here.
    pub language: Language,
    /// The identity of the machine that the letter's case is about.
    pub machine: MachineId,
    /// What the customer calls it; with the other machines of the visit as one phrase.
    pub number: String,
    /// What is spoken of each machine, in the order of the sentences: the most pressing first.
    pub spoken: Vec<Finding>,
    /// The customer's name.
    pub customer: String,
    /// The company that speaks.
    pub company: String,
    /// What was seen, what is likely and what that is like, in plain sentences.
    pub sentence: String,
    /// It is about another visit, after work that did not help.
    pub again: bool,
    /// The work as a phrase, e.g. `clean the cooler`; each with its machine where there are several.
    pub work: String,
    /// How long it takes, minutes.
    pub minutes: u32,
    /// It may take less: a part of it is only looked at, and done where the look says so.
    pub at_most: bool,
    /// Whether the machine stops for it.
    pub stops_machine: bool,
    /// It stops for a part of the work alone.
    pub stops_partly: bool,
    /// The work is not on the machine itself, but on the air network or in the room.
    pub is_beside_machine: bool,
    /// Times to choose from; those no longer free are left out.
    pub slots: Vec<OfferedSlot>,
    /// What became of the times in the letter that brought the customer here.
    pub letter_times: LetterTimes,
    /// The machine usually runs at each of the times, and stops for the work.
    pub runs_then: bool,
    /// Where the case is.
    pub state: PageState,
    /// Who looks after the customer.
    pub advisor_name: String,
    /// That person's role.
    pub advisor_role: String,
    /// That person's number.
    pub advisor_phone: String,
}

/// A time on the customer's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedSlot {
    /// What `book` takes.
    pub slot: Slot,
    /// In words, e.g. `Thursday 23 July, 17:00–19:00`.
    pub text: String,
}

/// What the page is about at present.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one page at a time; a box would only be in the way")]
pub enum PageState {
    /// Waits for a choice.
    Open,
    /// A visit is booked.
    Booked {
        /// When, in words.
        text: String,
        /// The booking.
        booking: Booking,
        /// Who comes, in the customer's language, if known.
        technician_name: Option<String>,
        /// Another time that the customer wishes, in the customer's words, which may be none; until the advisor has called the visit
        /// stands.
        wish: Option<String>,
    },
    /// The customer asked for silence; times can still be booked.
    NotNow {
        /// Until when.
        until: Timestamp,
        /// The same in words.
        text: String,
    },
    /// The customer wishes another time; the advisor will call. The times offered can still be booked.
    OtherTime {
        /// In the customer's words; may be empty.
        wish: String,
    },
    /// The customer wants no such messages; times can still be booked.
    Stopped,
    /// The work was done.
    Done,
    /// The work was done, and the advisor will call about what comes next.
    CallComes,
    /// Nothing is needed any more.
    NotNeeded,
}

impl PageState {
    /// Whether there is nothing to choose: the work is done, or none is needed.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Done | Self::CallComes | Self::NotNeeded)
    }
}

/// What a finished visit means to the log: the server writes it as a maintenance event.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkDone {
    /// Whose.
    pub machine: MachineId,
    /// When it was done.
    pub ts: Timestamp,
    /// What was done.
    pub work: Work,
}

/// What one `tick` did.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticked {
    /// About which message.
    pub message: i64,
    /// About which case; `case/` and its number for a service case.
    pub case: FindingId,
    /// What kind of message it is.
    pub kind: Kind,
    /// What happened to it.
    pub outcome: Outcome,
}

/// What happened to a message in a `tick`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was delivered.
    Sent,
    /// It waits.
    Held {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// The governor will never let it out.
    Refused(Reason),
    /// It will never go out because it is of no use any more, with the reason.
    Dropped(String),
    /// Delivery failed for now.
    Retry {
        /// When it is tried again.
        at: Timestamp,
        /// Why it failed.
        reason: String,
    },
    /// A channel will not take it, with the reason; it goes on by the customer's next one.
    GoesOn(String),
    /// Delivery failed for good or its fate is unknown; the advisor must act.
    ForAdvisor(String),
    /// A reminder was put into the outbox.
    Reminded,
    /// Nobody answered; the advisor should call.
    CallDue,
    /// A promise is about to slip; word of it was put into the outbox.
    Slipping,
}
