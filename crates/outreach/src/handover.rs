//! Handing a customer over from one advisor to another: whoever takes over signs the letters and is named on the customer's page
//! from then on. A customer far gone in displeasure needs a person of name; importing the register takes that back from nobody.

use foretell_model::{Obstacle, Timestamp};

use crate::Outreach;
use crate::error::{OutreachError, Result};
use crate::registry::{Advisor, Customer};
use crate::store::{Entry, record, registry, wishes};

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
        self.store.write(&attempted, |tx| {
            let known: Option<Customer> = registry::find(tx, customer)?;
            let mut known = known.ok_or_else(|| OutreachError::missing("customer", customer))?;
            let advisor: Option<Advisor> = registry::find(tx, to)?;
            let advisor = advisor.ok_or_else(|| OutreachError::missing("advisor", to))?;
            if known.advisor == advisor.id {
                return Err(OutreachError::refused(&attempted, Obstacle::AlreadyTheirs));
            }
            wishes::hand_over(tx, customer, (&known.advisor, &advisor.id), now)?;
            known.advisor = advisor.id;
            registry::register(tx, &known, who, now)?;
            let why = format!("{to}: {}", why.trim());
            let (what, customer) = (record::HANDED_OVER, Some(customer));
            Entry { at: now, who, what, why: &why, customer, ..Entry::default() }.write(tx)
        })
    }
}
