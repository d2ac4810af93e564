//! What a person decided upon, as they saw it: an act is taken only where it is still so. That is looked at in the act's own
//! step, because of two people who press a button at the same moment both would pass any look before it.

use std::sync::Arc;

use foretell_model::{FindingId, Obstacle, Timestamp};

use crate::Outreach;
use crate::care::CustomerStage;
use crate::error::{OutreachError, Result};
use crate::store::{Session, care, service_cases};
use crate::views::{Card, ServiceCase};

/// What must hold when a step begins.
pub(crate) type Condition = Arc<dyn Fn(&dyn Session) -> Result<()> + Send + Sync>;

impl Outreach {
    /// The same house for one act about a case: whatever it writes is refused as stale where the case's card is not as it was
    /// seen.
    #[must_use]
    pub fn where_card(
        &self,
        id: &FindingId,
        now: Timestamp,
        is_as_seen: impl Fn(&Card) -> bool + Send + Sync + 'static,
    ) -> Self {
        let (house, id) = (self.on_condition(None), id.clone());
        let attempted = format!("decide about {id}");
        self.on_condition(Some(Arc::new(move |tx| fresh(is_as_seen(&house.card_in(tx, &id, now)?), &attempted))))
    }

    /// The same for one act about a service case.
    #[must_use]
    pub fn where_case(&self, id: i64, is_as_seen: impl Fn(&ServiceCase) -> bool + Send + Sync + 'static) -> Self {
        let attempted = format!("change service case {id}");
        self.on_condition(Some(Arc::new(move |tx| fresh(is_as_seen(&service_cases::get(tx, id)?), &attempted))))
    }

    /// The same for one act about a customer, by the stage of dissatisfaction.
    #[must_use]
    pub fn where_stage(
        &self,
        customer: &str,
        is_as_seen: impl Fn(Option<CustomerStage>) -> bool + Send + Sync + 'static,
    ) -> Self {
        let (customer, attempted) = (customer.to_owned(), format!("set the stage of customer {customer}"));
        self.on_condition(Some(Arc::new(move |tx| fresh(is_as_seen(care::stage(tx, &customer)?), &attempted))))
    }

    fn on_condition(&self, condition: Option<Condition>) -> Self {
        Self {
            store: self.store.on_condition(condition),
            signer: self.signer.clone(),
            shelf: Arc::clone(&self.shelf),
            options: Arc::clone(&self.options),
            desk: Arc::clone(&self.desk),
            kept_roster: Arc::clone(&self.kept_roster),
            kept_names: Arc::clone(&self.kept_names),
        }
    }
}

fn fresh(is_as_seen: bool, attempted: &str) -> Result<()> {
    if is_as_seen { Ok(()) } else { Err(OutreachError::refused(attempted, Obstacle::Stale)) }
}
