//! Planning ahead: parts against the shelves, visits against capacity, what waiting costs, and how often forecasts were right.

use chrono_tz::Tz;
use foretell_model::{Found, Timestamp};

use super::Choice;

/// A count that is not known yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Mean.
    pub expected: f64,
    /// At least so many in nine of ten cases.
    pub low: u32,
    /// At most so many in nine of ten cases.
    pub high: u32,
}

/// Demand for one kind of part.
#[derive(Clone, Debug, PartialEq)]
pub struct PartPlan {
    /// Kind of part.
    pub part: String,
    /// How many are needed in each week, of the first in what is left of it.
    pub weeks: Vec<Band>,
    /// How many are needed from now to the end of each week.
    pub up_to: Vec<Band>,
    /// How many lie in all depots together.
    pub stock: u32,
    /// How many lie in each depot, by its name.
    pub shelves: Vec<(String, u32)>,
    /// First week, 0 = the present one, at whose end the shelves may be empty in one of ten cases.
    pub may_run_out: Option<usize>,
    /// First week at whose end they are expected to be empty.
    pub runs_out: Option<usize>,
}

/// Visits of one week.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeekPlan {
    /// First instant.
    pub from: Timestamp,
    /// Visits, booked ones included.
    pub visits: Band,
    /// Hours on site that they are expected to take.
    pub expected_h: f64,
    /// Hours booked already.
    pub booked_h: f64,
    /// Hours that people can spend on sites.
    pub capacity_h: f64,
}

/// What it costs to do one case's work later.
#[derive(Clone, Debug, PartialEq)]
pub struct DelayLine {
    /// Identity of the case.
    pub case: String,
    /// What the customer calls the machine.
    pub machine_name: String,
    /// The customer's name.
    pub customer: String,
    /// Fault code.
    pub fault: String,
    /// The next free time.
    pub sooner: Timestamp,
    /// The time it is compared with.
    pub later: Timestamp,
    /// Probability that the limit is reached before the sooner time, 0 to 1.
    pub risk_before: f64,
    /// Probability that it is reached before the later one.
    pub risk_after: f64,
    /// What the difference costs on average, money; `None` where nobody said what a stop costs.
    pub stop_cost: Option<f64>,
    /// What the fault wastes in electricity meanwhile, money.
    pub energy_cost: Option<f64>,
    /// Which money, by its ISO 4217 code.
    pub currency: String,
}

/// A shelf that somebody counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockCount {
    /// Key of the depot.
    pub depot: String,
    /// Kind of part.
    pub part: String,
    /// How many lie there now.
    pub n: u32,
}

/// The coming weeks.
#[derive(Clone, Debug, PartialEq)]
pub struct Planning {
    /// The present instant.
    pub now: Timestamp,
    /// The zone whose days are shown.
    pub zone: Tz,
    /// By part.
    pub parts: Vec<PartPlan>,
    /// Our depots, to choose from.
    pub depots: Vec<Choice>,
    /// By week.
    pub weeks: Vec<WeekPlan>,
    /// Costliest first.
    pub delays: Vec<DelayLine>,
}

/// A verdict on a forecast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What was found.
    pub found: Found,
    /// Fault code of what was found instead.
    pub instead: Option<String>,
    /// In the technician's words; may be empty.
    pub note: String,
    /// When it was given.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
}

/// What a search found, each at most as many as asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// Machines: identity, what the customer calls it, site and customer.
    pub machines: Vec<Hit>,
    /// Customers: key, name, contact.
    pub customers: Vec<Hit>,
    /// Service cases: number, machine, what is wrong.
    pub cases: Vec<Hit>,
    /// Letters that went out, by their subjects: what they are about (`case/` and a number, or an advisory), subject, to whom and
    /// when.
    pub letters: Vec<Hit>,
    /// Our own people: key, name, telephone number and badge.
    pub people: Vec<Hit>,
    /// Spare parts: code, name, where they lie.
    pub parts: Vec<Hit>,
    /// Whether more would have matched.
    pub more: bool,
}

impl Hits {
    /// What one may hear of who may not open everything: customers' people, wishes and letters are found by the desk alone, as the
    /// team is.
    #[must_use]
    pub(crate) fn for_whom(self, may_see: impl Fn(&str) -> bool) -> Self {
        let only = |hits: Vec<Hit>, pattern: &str| if may_see(pattern) { hits } else { Vec::new() };
        Self {
            machines: only(self.machines, "/m/{site}/{machine}"),
            customers: only(self.customers, "/customers/{id}"),
            cases: only(self.cases, "/cases/{id}"),
            letters: only(self.letters, "/queue"),
            people: only(self.people, "/team"),
            parts: only(self.parts, "/planning"),
            more: self.more,
        }
    }
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// What tells it from others.
    pub detail: String,
}
