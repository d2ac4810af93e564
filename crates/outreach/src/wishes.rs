//! What a customer chooses about our messages, on the page behind any link: the language, the channels, the quiet hours.
//!
//! The choice is kept beside the register and laid over it, so that importing the register again takes nothing back.

use std::collections::BTreeSet;

use foretell_model::{Objection, Obstacle, Timestamp};

use crate::calendar::Calendar;
use crate::error::{OutreachError, Result};
use crate::store::wishes::Wishes;
use crate::store::{Entry, Session, care, record, registry, wishes};
use crate::views::{Choice, Preferences};
use crate::{Customer, Outreach};

impl Outreach {
    /// How a link's holder is written to.
    ///
    /// # Errors
    /// As [`Outreach::guest`].
    pub fn preferences(&self, token: &str, now: Timestamp) -> Result<Preferences> {
        self.store.read("read a customer's preferences", |c| {
            let customer = self.customer_of_link(c, token, now)?;
            let stopped = care::opt_outs(c, &customer.id)?;
            let media = self.media_of(&customer).into_iter().map(|medium| {
                let since = stopped.iter().find(|(known, _)| *known == medium).map(|(_, since)| *since);
                (medium, since)
            });
            Ok(Preferences {
                media: media.collect(),
                language: customer.language,
                quiet_from: customer.quiet_from,
                quiet_to: customer.quiet_to,
            })
        })
    }

    /// Keeps what a link's holder chose. What is not welcome any more is stopped, what is welcome again goes on.
    ///
    /// # Errors
    /// As [`Outreach::guest`]; `Refused` when the hours cannot be kept.
    pub fn choose(&self, token: &str, choice: &Choice, now: Timestamp) -> Result<()> {
        let attempted = "keep a customer's preferences";
        self.store.write(attempted, |tx| {
            let mut customer = self.customer_of_link(tx, token, now)?;
            let media = self.media_of(&customer);
            let first = media.iter().find(|medium| **medium == choice.first).cloned().unwrap_or_default();
            let (quiet_from, quiet_to) = (choice.quiet_from.clone(), choice.quiet_to.clone());
            let chosen = Wishes { language: choice.language, first, quiet_from, quiet_to };
            chosen.apply(&mut customer);
            let hours = |why| OutreachError::refused(attempted, Objection::about(Obstacle::HoursInvalid, why));
            Calendar::of(&customer, &self.options.holidays).map_err(hours)?;
            let before = wishes::of(tx, &customer.id)?;
            wishes::set(tx, &customer.id, &chosen, now)?;
            registry::register(tx, &customer, "customer", now)?;
            if before.as_ref() != Some(&chosen) {
                said(tx, &customer, record::WISHED, "", now)?;
            }
            for medium in &media {
                self.stop_or_go_on(tx, &customer, medium, choice.welcome.contains(medium), now)?;
            }
            Ok(())
        })
    }

    fn stop_or_go_on(
        &self,
        connection: &dyn Session,
        customer: &Customer,
        medium: &str,
        welcome: bool,
        now: Timestamp,
    ) -> Result<()> {
        if welcome {
            return match care::opt_in(connection, &customer.id, medium)? {
                true => said(connection, customer, record::RESUMED, medium, now),
                false => Ok(()),
            };
        }
        if care::opted_out(connection, &customer.id, medium)? {
            return Ok(());
        }
        care::opt_out(connection, &customer.id, medium, now)?;
        said(connection, customer, record::STOPPED, medium, now)
    }

    /// Customers whom none of the channels in use reaches: what is to be written to them waits for the advisor.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn out_of_reach(&self) -> Result<Vec<Customer>> {
        let is_reached =
            |customer: &Customer| customer.is_reached_by(self.options.channels.iter().map(|channel| channel.medium()));
        let customers = self.customers()?.into_iter();
        Ok(customers.filter(|customer| !customer.erased && !is_reached(customer)).collect())
    }

    /// Channels in use on which a customer has an address, the preferred first.
    fn media_of(&self, customer: &Customer) -> Vec<String> {
        let in_use: BTreeSet<&str> = self.options.channels.iter().map(|channel| channel.medium()).collect();
        let reachable = |medium: &&String| in_use.contains(medium.as_str()) && customer.addresses.contains_key(*medium);
        customer.media().filter(reachable).cloned().collect()
    }
}

/// A customer as a register names them, with what they chose themselves and the advisor who took over laid over it; one who was
/// erased stays so.
pub(crate) fn as_chosen(connection: &dyn Session, customer: &Customer) -> Result<Customer> {
    let known: Option<Customer> = registry::find(connection, &customer.id)?;
    if let Some(erased) = known.filter(|known| known.erased) {
        return Ok(erased);
    }
    let mut customer = customer.clone();
    if let Some(chosen) = wishes::of(connection, &customer.id)? {
        chosen.apply(&mut customer);
    }
    if let Some((was, advisor)) = wishes::in_hands(connection, &customer.id)?
        && was == customer.advisor
    {
        customer.advisor = advisor;
    }
    Ok(customer)
}

fn said(connection: &dyn Session, customer: &Customer, what: &str, why: &str, now: Timestamp) -> Result<()> {
    let customer = Some(customer.id.as_str());
    Entry { at: now, who: "customer", what, why, customer, contact: true, ..Entry::default() }.write(connection)
}
