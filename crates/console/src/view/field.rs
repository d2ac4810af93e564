//! What technicians do in the field.

use chrono_tz::Tz;
use foretell_model::{Entered, Finding, Timestamp};

use crate::Lang;

use super::{CaseReport, Choice, ContactPerson, Found, Person, RecordLine, ServiceCase, Slot, Verdict, VisitState};

/// When somebody is expected, as letters and every page tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When, in steps that one can know.
    pub at: Timestamp,
    /// When that was said, or reckoned from where somebody was.
    pub as_of: Timestamp,
    /// Whether a person said so, rather than the distance.
    pub told: bool,
}

/// Somebody on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Way {
    /// When somebody set out; `None` before.
    pub set_out: Option<Timestamp>,
    /// When somebody is expected, by the newest word.
    pub arrival: Option<Arrival>,
    /// How far it is, km as the crow flies; `None` when it cannot be told.
    pub km: Option<f64>,
    /// How far it was at first, km.
    pub begun_km: Option<f64>,
    /// When that was measured.
    pub located: Option<Timestamp>,
    /// When somebody came.
    pub arrived: Option<Timestamp>,
}

impl Way {
    /// Whether somebody is on the way now.
    #[must_use]
    pub const fn is_under_way(&self) -> bool {
        self.set_out.is_some() && self.arrived.is_none()
    }
}

/// Who comes, as the customer meets that person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comer {
    /// Name in the reader's language.
    pub name: String,
    /// Telephone; empty when not known.
    pub phone: String,
    /// Number on the badge; empty when none is registered.
    pub badge: String,
    /// Number of the portrait, if there is one.
    pub portrait: Option<i64>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhotoView {
    /// Its number.
    pub id: i64,
    /// What is to be seen; may be empty.
    pub caption: String,
}

/// What a visit is for on one machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// `site/machine`.
    pub machine: String,
    /// What the customer calls the machine.
    pub machine_name: String,
    /// Its case.
    pub case: String,
    /// Code of the fault or of the work that is due.
    pub fault: String,
    /// Works, by the codes of the catalogue.
    pub works: Vec<String>,
}

/// One visit of a day.
#[derive(Clone, Debug, PartialEq)]
pub struct VisitLine {
    /// Its number.
    pub id: i64,
    /// The case it belongs to.
    pub case: String,
    /// When.
    pub slot: Slot,
    /// The customer's time zone.
    pub zone: Tz,
    /// How it stands.
    pub state: VisitState,
    /// The customer's name.
    pub customer: String,
    /// What the site is called.
    pub site_name: String,
    /// Where to.
    pub address: String,
    /// What it is for, on each of its machines; that of its own case first.
    pub tasks: Vec<Task>,
    /// Who comes; empty when nobody is named.
    pub technician: String,
    /// The way there.
    pub way: Way,
}

/// What changed of a visit, or of a broken machine's case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitChange {
    /// Of what.
    pub of: Errand,
    /// `moved`, `given`, `taken` or `cancelled`.
    pub what: String,
    /// The customer's name.
    pub customer: String,
    /// What the customer calls the machines.
    pub machines: Vec<String>,
    /// The customer's time zone.
    pub zone: Tz,
    /// When it was to be; a breakdown has no time.
    pub before: Option<Slot>,
    /// When it is now.
    pub after: Option<Slot>,
    /// When that was changed.
    pub at: Timestamp,
    /// Whose it is; empty where that is the reader.
    pub technician: String,
}

/// The visits of some days.
#[derive(Clone, Debug, PartialEq)]
pub struct VisitDay {
    /// The present instant.
    pub now: Timestamp,
    /// The company's own time zone, in which days are counted.
    pub zone: Tz,
    /// Whose visits these are; empty for everybody's.
    pub of: String,
    /// Everybody whose visits can be asked for.
    pub technicians: Vec<Choice>,
    /// Visits from this morning on, soonest first; one page of them.
    pub visits: Vec<VisitLine>,
    /// How many there are in all.
    pub all: usize,
    /// How many of them are today and not missed.
    pub today: usize,
    /// What changed lately, newest first.
    pub changes: Vec<VisitChange>,
    /// Broken machines to go to, the most pressing first.
    pub cases: Vec<ServiceCase>,
}

/// A part to bring.
#[derive(Clone, Debug, PartialEq)]
pub struct PartToBring {
    /// Which, by the catalogue's code.
    pub part: String,
    /// Name of the nearest depot that holds it; empty when none does.
    pub depot: String,
    /// How many lie there.
    pub n: u32,
}

/// A visit made before.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlierVisit {
    /// When.
    pub at: Timestamp,
    /// To which machine, as the customer calls it.
    pub machine_name: String,
    /// Works, by the codes of the catalogue.
    pub works: Vec<String>,
    /// Those that came to a look, because nothing was found; apart from the others.
    pub looked_at: Vec<String>,
    /// Who came.
    pub technician: String,
    /// What was said of it.
    pub note: String,
}

/// One of a visit's tasks, with everything needed to do it.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskInFull {
    /// Where and what.
    pub task: Task,
    /// What is likely there.
    pub finding: Finding,
    /// The machine's model; empty when not known.
    pub model: String,
    /// Rated power, kW.
    pub rated_kw: Option<f64>,
    /// What was found, once somebody said.
    pub verdict: Option<Verdict>,
}

/// Everything about one visit.
#[derive(Clone, Debug, PartialEq)]
pub struct VisitPage {
    /// The present instant.
    pub now: Timestamp,
    /// The visit.
    pub line: VisitLine,
    /// What it is for; as many as the line has tasks, in the same order.
    pub tasks: Vec<TaskInFull>,
    /// Where it is, degrees north and east.
    pub place_deg: Option<(f64, f64)>,
    /// Whom to call there, the first the one whom letters address.
    pub people: Vec<ContactPerson>,
    /// How content the customer is, 1 to 6.
    pub stage: Option<u8>,
    /// In which language the customer reads.
    pub reader: Lang,
    /// The customer cannot read the note of the report, and nobody has written it anew.
    pub note_lacks: bool,
    /// Who looks after the customer.
    pub advisor: Person,
    /// Parts to bring.
    pub parts: Vec<PartToBring>,
    /// Depots that parts can come from.
    pub depots: Vec<Choice>,
    /// Key of the depot the technician starts from; empty when none is registered.
    pub depot: String,
    /// What passed between us and the customer, newest first.
    pub record: Vec<RecordLine>,
    /// Visits made to these machines before, newest first.
    pub earlier: Vec<EarlierVisit>,
    /// What was done, once somebody said.
    pub report: Option<CaseReport>,
    /// How long it took, minutes.
    pub minutes: Option<u32>,
    /// Pictures.
    pub photos: Vec<PhotoView>,
}

/// What was found of what was forecast on one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundThere {
    /// The machine's case; `None` for the visit's own.
    pub case: Option<String>,
    /// Whether it was right.
    pub found: Found,
    /// Code of the fault that it was where it was another one.
    pub instead: Option<String>,
}

/// What somebody in the field does about a visit or a broken machine.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldAct {
    /// Sets out, or says anew how long it will take.
    SetOut {
        /// In so many minutes, when somebody says so.
        minutes: Option<u32>,
    },
    /// Is here now.
    Located {
        /// Degrees north and east.
        place_deg: (f64, f64),
    },
    /// Has arrived.
    Arrived,
    /// Has done the work.
    Done {
        /// What was done.
        report: CaseReport,
        /// How long it took, minutes.
        minutes: Option<u32>,
        /// What was found of what was forecast, on each machine of which something was.
        verdicts: Vec<FoundThere>,
    },
    /// Could not do it.
    Missed {
        /// Why.
        reason: String,
    },
    /// Writes the note on finished work as its customer reads it.
    Note {
        /// The text.
        text: String,
    },
    /// The last of these was entered by mistake: an arrival, or the end of a visit.
    TakeBack {
        /// What happened.
        reason: String,
        /// Which of them the page offered; nothing where a program asks.
        seen: Option<Entered>,
    },
}

/// Where somebody in the field is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// To a booked visit.
    Visit(i64),
    /// To a broken machine, by the number of its case.
    Case(i64),
}

/// What a picture belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhotoOf {
    /// A visit or a case.
    Errand(Errand),
    /// A person of ours, by key.
    Person(String),
}

/// One of our people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colleague {
    /// Key.
    pub key: String,
    /// Name in the reader's language.
    pub name: String,
    /// What they do; empty for technicians.
    pub role: String,
    /// Telephone.
    pub phone: String,
    /// Number on the badge; empty when none is registered.
    pub badge: String,
    /// Number of the portrait.
    pub portrait: Option<i64>,
}
