//! The customer's page.

use chrono_tz::Tz;
use foretell_model::Timestamp;

use super::{Curve, Slot};
use crate::Lang;

/// A person the customer deals with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Role, in the customer's language; empty when not known.
    pub role: String,
    /// Telephone; empty when not known.
    pub phone: String,
}

/// How long a machine must stand still for work on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stops {
    /// Not at all.
    Not,
    /// For a part of the time alone.
    Partly,
    /// All the time.
    Throughout,
}

impl Stops {
    /// For works of which each stops the machine or not.
    pub fn of(works: impl Iterator<Item = bool> + Clone) -> Self {
        match (works.clone().any(|stops| stops), works.clone().all(|stops| stops)) {
            (false, _) => Self::Not,
            (true, false) => Self::Partly,
            (true, true) => Self::Throughout,
        }
    }
}

/// What we propose to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The work in plain words, in the customer's language, e.g. `clean the oil cooler`.
    pub work: String,
    /// Whether these words name the machines, because there are several.
    pub names_machines: bool,
    /// How long it takes, minutes.
    pub minutes: u32,
    /// It may take less: a part of it is only looked at, and done where the look says so.
    pub at_most: bool,
    /// Whether the machine must stand still meanwhile.
    pub stops: Stops,
    /// The work is not on the machine itself, but on the air network or in the room.
    pub is_beside_machine: bool,
}

/// A booked visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// When.
    pub slot: Slot,
    /// Who comes; `None` while not yet assigned.
    pub technician: Option<Person>,
}

/// What the customer has answered so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookingState {
    /// Nothing yet.
    Open,
    /// A visit is booked.
    Booked(Visit),
    /// The booked visit's time has passed.
    Past(Visit),
    /// Another time was asked for; the advisor will call. The times offered can still be taken.
    AnotherTime {
        /// In the customer's words; may be empty.
        wish: String,
    },
    /// Not now.
    NotNow {
        /// Until when we keep quiet.
        until: Timestamp,
    },
    /// No more such messages.
    Stopped,
    /// The machine has recovered or the work is done; nothing to book.
    Done,
    /// The work is done, and the advisor will call about what comes next; nothing to book.
    CallComes,
}

/// What became of the times that a letter named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterTimes {
    /// They are offered still, or there is no letter to compare with.
    AsWritten,
    /// Some have passed or been taken.
    SomeGone,
    /// All have.
    AllGone,
    /// What there is to do takes more time or less by now.
    OtherWork,
}

/// Everything on the customer's page. All texts are in the customer's language.
#[derive(Clone, Debug, PartialEq)]
pub struct BookingPage {
    /// The customer's language.
    pub lang: Lang,
    /// The customer's time zone.
    pub zone: Tz,
    /// Who writes.
    pub company: String,
    /// Who signs.
    pub advisor: Person,
    /// What the customer calls the machine, or the machines.
    pub machine_name: String,
    /// What was seen, what is likely and what that is like, in a few plain sentences; each machine has a line.
    pub sentence: String,
    /// It is about another visit, after work that did not help.
    pub again: bool,
    /// What the customer calls the machine of the curve.
    pub own_name: String,
    /// The curve behind the claim.
    pub curve: Curve,
    /// The curves of other machines of the site that the same visit is for, by what the customer calls them.
    pub others: Vec<(String, Curve)>,
    /// What we propose.
    pub proposal: Proposal,
    /// The times offered; two as a rule. While a visit is booked, the times it could be moved to; may be empty.
    pub slots: Vec<Slot>,
    /// What became of the times in the letter.
    pub letter_times: LetterTimes,
    /// What the customer has answered.
    pub state: BookingState,
    /// Another time that the customer wishes while a visit is booked; may be empty. The visit stands until somebody has called.
    pub wish: Option<String>,
    /// The machine usually runs at each of these times, and must stop for the work.
    pub runs_then: bool,
}

impl BookingPage {
    /// How many machines it is about.
    #[must_use]
    pub const fn machines(&self) -> usize {
        1 + self.others.len()
    }
}

/// What a customer can do on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookingAct {
    /// Take one of the offered times.
    Choose {
        /// Beginning of the slot that was shown; a slot that is gone meanwhile is a conflict.
        from: Timestamp,
        /// Beginning of the booked visit that the page showed, which is to be moved; a visit that was booked or moved since
        /// is a conflict.
        seen: Option<Timestamp>,
    },
    /// Ask for another time.
    AnotherTime {
        /// In the customer's words, at most 500 characters, may be empty.
        wish: String,
    },
    /// Leave it for now.
    NotNow {
        /// For how many days, 7 to 180.
        days: u16,
    },
    /// Never write about such things again.
    StopMessages,
    /// Write about them again.
    Resume,
    /// That another time was wished, or that it is not to be now, was a mistake.
    TakeBack,
    /// On a breakdown's page: nothing is broken, or it runs again.
    AllWell,
    /// Take the booking back; the times are offered again.
    Cancel {
        /// Beginning of the visit that the page showed; one that was moved since is a conflict.
        seen: Option<Timestamp>,
    },
}
