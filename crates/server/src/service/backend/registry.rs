//! What people entered about sites and machines, looked up once per page.

use std::collections::HashMap;

use chrono_tz::Tz;
use foretell_console::{BackendError, Lang};
use foretell_model::MachineId;
use foretell_outreach::{Customer, Language, Outreach, Site};

use super::errors::of_outreach;

/// Sites with their customers, by the site's identity.
pub(super) struct Sites {
    sites: HashMap<String, (Site, Option<Customer>)>,
}

impl Sites {
    /// Everything that is registered.
    pub(super) fn read(outreach: &Outreach) -> Result<Self, BackendError> {
        let customers = outreach.customers().map_err(of_outreach)?;
        let by_id: HashMap<&str, &Customer> = customers.iter().map(|c| (c.id.as_str(), c)).collect();
        let sites = outreach.sites().map_err(of_outreach)?;
        let with_customer = |site: Site| {
            let customer = by_id.get(site.customer.as_str()).map(|customer| (*customer).clone());
            (site.id.clone(), (site, customer))
        };
        Ok(Self { sites: sites.into_iter().map(with_customer).collect() })
    }

    /// What people call a machine's site; its identity where nothing is registered.
    pub(super) fn site_name(&self, machine: &MachineId) -> String {
        let name = self.sites.get(machine.site()).map(|(site, _)| site.name.clone());
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| machine.site().to_owned())
    }

    /// A machine's site, if it is registered.
    pub(super) fn site(&self, machine: &MachineId) -> Option<&Site> {
        self.sites.get(machine.site()).map(|(site, _)| site)
    }

    /// The customer of a machine's site.
    pub(super) fn customer(&self, machine: &MachineId) -> Option<&Customer> {
        self.sites.get(machine.site())?.1.as_ref()
    }

    /// The civil time of a machine's site: its customer's.
    pub(super) fn zone(&self, machine: &MachineId) -> Tz {
        self.customer(machine).map_or(Tz::UTC, zone)
    }
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
