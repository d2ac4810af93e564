//! Word that a promise is about to slip: what a customer with a broken machine must hear before it does.

use foretell_model::{HOUR_MS, MINUTE_MS, Timestamp};
use serde::Serialize;

use super::format;
use crate::Outreach;
use crate::drafting::People;
use crate::registry::{Language, Technician};
use crate::views::{Promise, ServiceCase};

/// What the template may use.
#[derive(Debug, Serialize)]
pub(crate) struct LateFacts {
    /// Language tag.
    pub(crate) language: Language,
    contact: Option<String>,
    company: String,
    advisor: Name,
    number: String,
    promise: Promise,
    /// Clock time of the promise, e.g. `14:20`.
    due: String,
    /// Clock time at which the technician expects to be there, rounded up to five minutes.
    eta: Option<String>,
    technician: Option<Name>,
}

#[derive(Debug, Serialize)]
struct Name {
    name: String,
    role: String,
    phone: String,
}

impl Outreach {
    /// Gathers what there is to say.
    pub(crate) fn late_facts(
        &self,
        case: &ServiceCase,
        promise: Promise,
        people: &People,
        technician: Option<&Technician>,
    ) -> LateFacts {
        let language = people.customer.language;
        let due = if promise == Promise::CallBack { case.call_back_due } else { case.on_site_due };
        let clock = |t: Timestamp| {
            let (t, promised) = (people.calendar.local(t), people.calendar.local(due));
            let time = t.format("%H:%M").to_string();
            // Another day is named, or the time would mislead.
            if t.date() == promised.date() { time } else { format::at(language, t) }
        };
        let five_ms = 5 * MINUTE_MS;
        let up = |t: Timestamp| Timestamp::from_millis((t.millis() + five_ms - 1).div_euclid(five_ms) * five_ms);
        let eta = case.eta.filter(|eta| *eta > due && *eta - due < 48 * HOUR_MS);
        LateFacts {
            language,
            contact: people.customer.contact.clone(),
            company: language.of(&self.options.company).to_owned(),
            advisor: Name {
                name: language.of(&people.advisor.name).to_owned(),
                role: language.of(&people.advisor.role).to_owned(),
                phone: people.advisor.phone.clone(),
            },
            number: people.machine.number.clone(),
            promise,
            due: clock(due),
            eta: eta.filter(|_| promise == Promise::OnSite).map(|eta| clock(up(eta))),
            technician: technician.map(|technician| Name {
                name: language.of(&technician.name).to_owned(),
                role: String::new(),
                phone: technician.phone.clone(),
            }),
        }
    }
}
