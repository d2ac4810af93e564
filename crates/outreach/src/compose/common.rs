//! What every letter knows: who speaks, for whom, to whom, about which machine, and in what tone.

use serde::Serialize;

use crate::care::CustomerStage;
use crate::drafting::People;
use crate::registry::{Advisor, Customer, Language, Machine, Technician, Words};

/// The facts that every template may use.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Common {
    /// Language tag.
    pub(crate) language: Language,
    contact: Option<String>,
    company: String,
    advisor: Person,
    /// What the customer calls the machine.
    pub(crate) number: String,
    /// How far the reader's dissatisfaction has gone, 0 (not at all) to 6.
    tone: u8,
    /// The same where it is to be spoken of, feelings first and facts second; 0 where a letter about this matter has done so.
    feelings: u8,
}

/// Who speaks.
#[derive(Clone, Debug, Serialize)]
struct Person {
    name: String,
    role: String,
    phone: String,
}

/// Who comes.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Comer {
    name: String,
    phone: String,
    badge: Option<String>,
}

impl Common {
    /// Gathers them.
    pub(crate) fn of(
        (customer, advisor, machine): (&Customer, &Advisor, &Machine),
        company: &Words,
        stage: Option<CustomerStage>,
    ) -> Self {
        let language = customer.language;
        Self {
            language,
            contact: customer.contact.clone(),
            company: language.of(company).to_owned(),
            advisor: Person {
                name: language.of(&advisor.name).to_owned(),
                role: language.of(&advisor.role).to_owned(),
                phone: advisor.phone.clone(),
            },
            number: machine.number.clone(),
            tone: stage.map_or(0, CustomerStage::level),
            feelings: stage.map_or(0, CustomerStage::level),
        }
    }

    /// The same in a letter after one about the same matter: the third apology in one day is a machine's.
    pub(crate) fn after_another(self, is_after: bool) -> Self {
        Self { feelings: if is_after { 0 } else { self.feelings }, ..self }
    }

    /// The same from the people around a case.
    pub(crate) fn among(people: &People, company: &Words) -> Self {
        Self::of((&people.customer, &people.advisor, &people.machine), company, people.stage)
    }
}

impl Comer {
    /// A technician as a customer of that language reads the name.
    pub(crate) fn of(technician: &Technician, language: Language) -> Self {
        Self {
            name: language.of(&technician.name).to_owned(),
            phone: technician.phone.clone(),
            badge: technician.badge.clone(),
        }
    }
}
