//! Visits as those see them who drive there, and as customers see those who come: plain data.

use foretell_model::{Finding, FindingId, MachineId, Timestamp, VisitState, named};

use super::{Booking, Matter, ServiceCase, Stage, VisitReport, WorkOf};
use crate::registry::{Advisor, Customer, Language, Site, Technician};
use crate::store::crews::Kept;

/// Somebody on the way. Where that person is stays only until somebody has arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Journey {
    /// When somebody set out.
    pub set_out: Timestamp,
    /// When somebody expects to be there.
    pub eta: Option<Timestamp>,
    /// Whether a person said so, rather than the distance.
    pub eta_told: bool,
    /// When that was said or reckoned; `None` where it was before anybody noted it.
    pub eta_at: Option<Timestamp>,
    /// Where the technician was last, degrees north and east.
    pub position_deg: Option<(f64, f64)>,
    /// When that was.
    pub located: Option<Timestamp>,
    /// How far it was at first, km as the crow flies.
    pub begun_km: Option<f64>,
    /// When somebody came.
    pub arrived: Option<Timestamp>,
}

named! {
    /// What changed for one of those who make visits of a visit, or of a broken machine's case.
    CrewChange {
        /// It is at another time.
        Moved = "moved",
        /// It is this technician's now.
        Given = "given",
        /// It is somebody else's now.
        Taken = "taken",
        /// It is called off.
        Cancelled = "cancelled",
    }
}

/// What changed for one of those who make visits.
#[derive(Clone, Debug, PartialEq)]
pub struct CrewWord {
    /// Key of whom it is for.
    pub technician: String,
    /// Of what it changed.
    pub of: WorkOf,
    /// Where.
    pub machine: MachineId,
    /// What the customer calls the machines of it.
    pub numbers: Vec<String>,
    /// Key of the customer.
    pub customer: String,
    /// What changed.
    pub what: CrewChange,
    /// When the visit was to be.
    pub before: Option<(Timestamp, Timestamp)>,
    /// When it is now.
    pub after: Option<(Timestamp, Timestamp)>,
    /// When that was changed.
    pub at: Timestamp,
}

impl CrewWord {
    pub(crate) fn of(kept: Kept) -> Self {
        let Kept { technician, of, machine, customer, what, before, after, at, .. } = kept;
        Self { technician, of, machine, numbers: Vec::new(), customer, what, before, after, at }
    }
}

/// One visit of a technician's day.
#[derive(Clone, Debug, PartialEq)]
pub struct Errand {
    /// When, who, for which case.
    pub visit: Booking,
    /// To which machine; where it goes to several, the one whose case it belongs to.
    pub machine: MachineId,
    /// What it is for, on each of its machines; that machine's comes first.
    pub tasks: Vec<Task>,
    /// Key of the customer.
    pub customer: String,
    /// How it went.
    pub state: VisitState,
    /// The way there, once somebody has set out.
    pub journey: Option<Journey>,
    /// How far away the technician is now, km as the crow flies, where both places are known.
    pub distance_km: Option<f64>,
}

/// A finished visit, as a report about one machine tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct VisitDone {
    /// The visit.
    pub visit: Booking,
    /// Whose works these are.
    pub machine: MachineId,
    /// Works that were done on it, by the codes of the catalogue.
    pub works: Vec<String>,
    /// Works that came to a look, because nothing was found of what had been forecast.
    pub looked_at: Vec<String>,
    /// What was done, if anybody said.
    pub report: Option<VisitReport>,
}

/// What a visit is for on one machine. A visit is the list of these: whatever shows, prints or counts a visit derives from it
/// which machines it goes to, what is done, what to bring, how long it takes and who can do it.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The machine's case as the engine last described it.
    pub finding: Finding,
    /// What the customer calls the machine.
    pub number: String,
    /// Works, by the codes of the catalogue.
    pub works: Vec<String>,
    /// Works that came to a look, because nothing was found of what had been forecast; none before the visit.
    pub looked_at: Vec<String>,
}

impl Task {
    /// On which machine.
    #[must_use]
    pub const fn machine(&self) -> &MachineId {
        &self.finding.machine
    }
}

/// What a case joins in place of a letter of its own: one on another machine of the site of which the customer knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joins {
    /// That case.
    pub case: FindingId,
    /// What the customer calls its machine.
    pub number: String,
    /// Where it is: its visit is booked, its letter not answered, or a call is due.
    pub stage: Stage,
    /// Its visit: when it begins, when it was to end, and when it ends with the other machine.
    pub visit: Option<(Timestamp, Timestamp, Timestamp)>,
    /// When the customer would be told: by a changed confirmation, or by the reminder; `None` where a call tells it.
    pub told: Option<Timestamp>,
}

/// Everything a technician needs at the customer's.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrandSheet {
    /// The visit.
    pub errand: Errand,
    /// Where to.
    pub site: Option<Site>,
    /// To whom.
    pub customer: Option<Customer>,
    /// Who looks after the customer.
    pub advisor: Option<Advisor>,
    /// What was done, if anybody said.
    pub report: Option<VisitReport>,
    /// Finished visits to these machines, newest first, at most 10.
    pub earlier: Vec<VisitDone>,
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Guest {
    /// A letter's page: [`crate::Outreach::booking_page`] has it.
    Letter {
        /// To whom.
        customer: Customer,
        /// About which machine.
        machine: MachineId,
        /// The newest visit of the case, however it went.
        errand: Option<Errand>,
        /// The newest visit of the case in which work was done; the same one as a rule.
        done: Option<Errand>,
        /// Where the letter's case is, and what it asks of the advisor.
        stands: (Stage, Option<Matter>),
        /// What is broken of the machines of the letter: its reader asks for that first.
        troubles: Vec<CaseView>,
    },
    /// A service case.
    Case(CaseView),
}

/// A service case as the customer sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseView {
    /// The case; what a controller said is left out of its words.
    pub case: ServiceCase,
    /// Whether the machine's controller told of it, alone or beside others.
    pub told_by_controller: bool,
    /// Whose.
    pub customer: Customer,
    /// Which machine.
    pub machine: MachineId,
    /// What the customer calls it.
    pub number: String,
    /// The company that speaks.
    pub company: String,
    /// Who looks after the customer.
    pub advisor: Option<Advisor>,
    /// Who comes.
    pub technician: Option<Technician>,
    /// How far away that person is, km as the crow flies, where both places are known.
    pub distance_km: Option<f64>,
}

/// What a customer has chosen about our messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// In which language.
    pub language: Language,
    /// Channels on which the customer can be reached, the preferred first, and since when each is stopped.
    pub media: Vec<(String, Option<Timestamp>)>,
    /// Local time of day, `HH:MM`, at which messages stop.
    pub quiet_from: String,
    /// Local time of day, `HH:MM`, from which messages may come.
    pub quiet_to: String,
}

/// What a customer chooses about our messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// In which language.
    pub language: Language,
    /// The preferred channel.
    pub first: String,
    /// Channels on which messages are welcome; all others of the customer's are stopped.
    pub welcome: Vec<String>,
    /// Local time of day, `HH:MM`, at which messages stop.
    pub quiet_from: String,
    /// Local time of day, `HH:MM`, from which messages may come.
    pub quiet_to: String,
}
