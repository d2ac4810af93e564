//! Handing a customer over from one advisor to another: whoever takes over signs the letters and is named on the customer's page
//! from then on. A customer far gone in displeasure needs a person of name; importing the register takes that back from nobody.

use foretell_model::{Obstacle, Timestamp};

use crate::Outreach;
use crate::error::{OutreachError, Result};
use crate::registry::{Advisor, Customer};
use crate::store::{Entry, Session, record, registry, wishes};

impl Outreach {
    /// Hands a customer over to another advisor.
    ///
    /// # Errors
    /// When there is no such customer or advisor, that advisor looks after the customer already, nobody says why, or the
    /// store refuses.
    pub fn hand_over(&self, customer: &str, to: &str, why: &str, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("hand customer {customer} over to {to}");
        if why.trim().is_empty() {
            return Err(OutreachError::refused(attempted, Obstacle::WhyMissing));
        }
        self.store.write(&attempted, |tx| match hand_over(tx, customer, to, why, who, now)? {
            true => Ok(()),
            false => Err(OutreachError::refused(&attempted, Obstacle::AlreadyTheirs)),
        })
    }
}

/// Gives a customer to an advisor; false where that advisor looks after the customer already.
pub(crate) fn hand_over(
    connection: &dyn Session,
    customer: &str,
    to: &str,
    why: &str,
    who: &str,
    now: Timestamp,
) -> Result<bool> {
    let known: Option<Customer> = registry::find(connection, customer)?;
    let mut known = known.ok_or_else(|| OutreachError::missing("customer", customer))?;
    let advisor: Option<Advisor> = registry::find(connection, to)?;
    let advisor = advisor.filter(|advisor| !advisor.erased).ok_or_else(|| OutreachError::missing("advisor", to))?;
    if known.advisor == advisor.id {
        return Ok(false);
    }
    wishes::hand_over(connection, customer, (&known.advisor, &advisor.id), now)?;
    known.advisor = advisor.id;
    registry::register(connection, &known, who, now)?;
    note(connection, customer, (to, why), who, now)?;
    Ok(true)
}

/// Says in the record who looks after a customer from now on, and why.
pub(crate) fn note(
    connection: &dyn Session,
    customer: &str,
    (to, why): (&str, &str),
    who: &str,
    now: Timestamp,
) -> Result<()> {
    let why = format!("{to}: {}", why.trim());
    let (what, customer) = (record::HANDED_OVER, Some(customer));
    Entry { at: now, who, what, why: &why, customer, ..Entry::default() }.write(connection)
}
