//! What technicians do in the field, and what customers see of it.

use chrono_tz::Tz;
use foretell_model::{Finding, MachineId, Timestamp};

use super::{
    BookingPage, CaseReport, Choice, ContactPerson, Found, HealthReport, Person, Progress, RecordLine, ServiceCase,
    Slot, Timer, Verdict, VisitState,
};
use crate::Lang;

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

/// What a customer's link leads to.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one page at a time; a box would only be in the way")]
pub enum GuestPage {
    /// A letter's page.
    Letter {
        /// The page.
        page: BookingPage,
        /// What is known of the visit.
        visit: Option<GuestVisit>,
        /// The visit in which work was done, where another one came after it.
        earlier: Option<GuestVisit>,
        /// Portrait of the advisor.
        portrait: Option<i64>,
    },
    /// A broken machine.
    Case(GuestCase),
}

/// What was done on one machine, as the customer sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct GuestTask {
    /// Which; its second part names it in the customer's links.
    pub machine: MachineId,
    /// What the customer calls it.
    pub machine_name: String,
    /// Works, by the codes of the catalogue.
    pub works: Vec<String>,
    /// What they achieved (kind `maintenance_effect`), once that is known.
    pub effects: Vec<Finding>,
}

/// A visit as the customer sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct GuestVisit {
    /// Who comes or came.
    pub comer: Option<Comer>,
    /// The way here.
    pub way: Way,
    /// Whether the work was done.
    pub done: bool,
    /// When it was done.
    pub at: Timestamp,
    /// What it is for, on each machine, and what that achieved.
    pub tasks: Vec<GuestTask>,
    /// What was done, once somebody said.
    pub report: Option<CaseReport>,
    /// How long it took, minutes.
    pub minutes: Option<u32>,
    /// Pictures of the work.
    pub photos: Vec<PhotoView>,
}

/// A broken machine as its owner sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct GuestCase {
    /// The customer's language.
    pub lang: Lang,
    /// The customer's time zone.
    pub zone: Tz,
    /// The present instant.
    pub now: Timestamp,
    /// Who speaks.
    pub company: String,
    /// Whom to call.
    pub advisor: Person,
    /// Portrait of that person.
    pub portrait: Option<i64>,
    /// What the customer calls the machine.
    pub machine_name: String,
    /// What was reported, a line for each who said something.
    pub what: String,
    /// Whether the machine's controller told of it; its codes are not among those words.
    pub told_by_controller: bool,
    /// When.
    pub opened: Timestamp,
    /// The promise to call back.
    pub call_back: Timer,
    /// The promise to be on site.
    pub on_site: Timer,
    /// Who comes.
    pub comer: Option<Comer>,
    /// The way here.
    pub way: Way,
    /// What the customer was last told from the site.
    pub progress: Option<Progress>,
    /// When it was mended.
    pub closed: Option<Timestamp>,
    /// What was done.
    pub report: Option<CaseReport>,
    /// How long it took, minutes.
    pub minutes: Option<u32>,
    /// Pictures.
    pub photos: Vec<PhotoView>,
}

/// What a customer chose, or chooses, about our messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestChoice {
    /// In which language.
    pub lang: Lang,
    /// Channels, the preferred first, and whether messages are welcome on each.
    pub media: Vec<(String, bool)>,
    /// Local time of day, `HH:MM`, from which messages may come.
    pub from: String,
    /// Local time of day, `HH:MM`, at which they stop.
    pub until: String,
}

/// A report for a customer, and in which language.
#[derive(Clone, Debug, PartialEq)]
pub struct GuestReport {
    /// The customer's language.
    pub lang: Lang,
    /// The report.
    pub report: HealthReport,
}
