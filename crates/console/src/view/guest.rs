//! What customers see of a visit or a case by their link.

use chrono_tz::Tz;
use foretell_model::{Finding, MachineId, Timestamp};

use super::{BookingPage, CaseReport, Comer, HealthReport, Person, PhotoView, Progress, Timer, Way};
use crate::Lang;

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
        /// What is broken of the letter's machines, each with the page of its case below `/b/`.
        troubles: Vec<(String, GuestCase)>,
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
    /// Those that came to a look, because nothing was found; apart from the others.
    pub looked_at: Vec<String>,
    /// What they achieved (kind `maintenance_effect`), once that is known.
    pub effects: Vec<Finding>,
    /// The same in the words of the letter after the visit; none where there is nothing to tell of it.
    pub said: Option<String>,
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
    /// By when instead, as was told before that promise slipped.
    pub call_back_by: Option<Timestamp>,
    /// The promise to be on site.
    pub on_site: Timer,
    /// Who comes.
    pub comer: Option<Comer>,
    /// The way here.
    pub way: Way,
    /// What the customer was last told from the site.
    pub progress: Option<Progress>,
    /// When it was mended, or ended because nothing was broken.
    pub closed: Option<Timestamp>,
    /// Nothing was broken.
    pub withdrawn: bool,
    /// What was done.
    pub report: Option<CaseReport>,
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

impl GuestChoice {
    /// Something else that was chosen among these channels.
    #[must_use]
    pub fn with(self, typed: Self) -> Self {
        let first = typed.media.first().map(|(medium, _)| medium);
        let welcome = |medium: &String| typed.media.iter().any(|(chosen, welcome)| *welcome && chosen == medium);
        let mut media: Vec<_> = self.media.into_iter().map(|(medium, _)| (welcome(&medium), medium)).collect();
        media.sort_by_key(|(_, medium)| first != Some(medium));
        Self { media: media.into_iter().map(|(welcome, medium)| (medium, welcome)).collect(), ..typed }
    }
}

/// A report for a customer, and in which language.
#[derive(Clone, Debug, PartialEq)]
pub struct GuestReport {
    /// The customer's language.
    pub lang: Lang,
    /// The report.
    pub report: HealthReport,
}
