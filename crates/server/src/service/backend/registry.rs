//! What people entered about sites and machines.

use std::sync::Arc;

use chrono_tz::Tz;
use foretell_console::{BackendError, Lang};
use foretell_model::MachineId;
use foretell_outreach::{Customer, Desk, Language, Outreach};

use super::errors::of_outreach;

/// Sites with their customers.
pub(super) struct Sites(Arc<Desk>);

impl Sites {
    /// Everything that is registered.
    pub(super) fn read(outreach: &Outreach) -> Result<Self, BackendError> {
        outreach.desk().map(Self).map_err(of_outreach)
    }

    /// An advisor's name in a language; the key of one who is no longer registered.
    pub(super) fn advisor_named<'a>(&'a self, key: &'a str, lang: Lang) -> &'a str {
        self.0.advisor(key).map_or(key, |advisor| language(lang).of(&advisor.name))
    }

    /// What people call a machine's site; its identity where nothing is registered.
    pub(super) fn site_name(&self, machine: &MachineId) -> String {
        self.0.site_name(machine).to_owned()
    }

    /// A machine's site, if it is registered.
    pub(super) fn site(&self, machine: &MachineId) -> Option<&foretell_outreach::Site> {
        self.0.site(machine.site())
    }

    /// Whether somebody else than a customer's own advisor could take the customer over.
    pub(super) fn has_colleagues(&self, customer: Option<&Customer>) -> bool {
        customer.is_some_and(|customer| self.0.advisors().any(|advisor| advisor.id != customer.advisor))
    }

    /// A customer by key.
    pub(super) fn customer_named(&self, key: &str) -> Option<&Customer> {
        self.0.customer(key)
    }

    /// The customer of a machine's site.
    pub(super) fn customer(&self, machine: &MachineId) -> Option<&Customer> {
        self.0.customer_of(machine)
    }
}

impl std::ops::Deref for Sites {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.0
    }
}

/// The civil time of a site: its customer's.
pub(super) fn zone_of(customer: Option<&Customer>) -> Tz {
    customer.map_or(Tz::UTC, zone)
}

/// A customer's time zone; registration has checked it.
pub(super) fn zone(customer: &Customer) -> Tz {
    customer.zone.parse().unwrap_or(Tz::UTC)
}

/// A customer's language as the console names it.
pub(in crate::service) const fn lang(language: Language) -> Lang {
    match language {
        Language::En => Lang::En,
        Language::ZhCn => Lang::Zh,
    }
}

/// A language of the console as outreach names it.
pub(super) const fn language(lang: Lang) -> Language {
    match lang {
        Lang::En => Language::En,
        Lang::Zh => Language::ZhCn,
    }
}
