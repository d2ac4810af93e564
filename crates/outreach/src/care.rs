//! How content a customer is, and what the customer wants to hear: the stage of dissatisfaction with its history, hints
//! that it may have moved, and channels stopped and opened again.
//!
//! The stage is set by a person and by nobody else; events and words only hint.

use foretell_model::{Obstacle, Timestamp, named};

use crate::error::{OutreachError, Result};
use crate::store::{Entry, Session, care, record, registry};
use crate::views::{Happening, RecordFilter, StageChange};
use crate::{Customer, Outreach, handover};

named! {
    /// How far a customer's dissatisfaction has gone. A customer without a stage has shown none.
    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    CustomerStage {
        /// Not said, but felt: watch, and improve the contact.
        Latent = "latent",
        /// Turning into grumbling: answer where it was said.
        Turning = "turning",
        /// Grumbles openly: listen, and come with a solution. From here on no proactive messages.
        OpenGrumbling = "open_grumbling",
        /// Close to complaining: approach first, and ask what is missing.
        NearComplaint = "near_complaint",
        /// Complains: remedy at once; the manager knows.
        Complaint = "complaint",
        /// Goes beyond us: a named person takes over, automation is silent.
        Escalation = "escalation",
    }
}

impl CustomerStage {
    /// Its number, 1 to 6.
    #[must_use]
    pub fn level(self) -> u8 {
        Self::ALL.iter().position(|stage| *stage == self).map_or(0, |place| place as u8 + 1)
    }
}

/// What a stage set by a person is called in the record.
pub(crate) const STAGE_SET: &str = "stage_set";
/// What a hint is called there.
const STAGE_HINT: &str = "stage_hint";
/// The hint that a fault came back; its code follows.
pub(crate) const CAME_BACK: &str = "the same fault came back";
/// The hint that a machine broke down again.
pub(crate) const BROKE_AGAIN: &str = "the machine broke down again";
/// What happens again within so many days is the same trouble in a customer's eyes.
pub(crate) const AGAIN_DAYS: f64 = 90.0;
/// Entries looked at for hints.
const HINTS_MAX: u32 = 500;

impl Outreach {
    /// Notes how far a customer's dissatisfaction has gone; `None` when it is over.
    ///
    /// # Errors
    /// When there is no such customer, nobody says why, or the store refuses; at [`CustomerStage::Escalation`], which needs a
    /// person: see [`Outreach::escalate`].
    pub fn set_stage(
        &self,
        customer: &str,
        stage: Option<CustomerStage>,
        why: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<()> {
        let attempted = format!("set the stage of customer {customer}");
        if why.trim().is_empty() {
            return Err(OutreachError::refused(attempted, Obstacle::WhyMissing));
        }
        if stage == Some(CustomerStage::Escalation) {
            return Err(OutreachError::refused(attempted, Obstacle::PersonMissing));
        }
        self.store.write(&attempted, |tx| self.keep_stage(tx, customer, (stage, why), who, now))
    }

    /// Notes that a customer goes beyond us, and who takes over: from now on nothing is sent by itself, and a silence that nobody
    /// fills is worse than any letter. That advisor may be the one whom the customer has.
    ///
    /// # Errors
    /// When there is no such customer or advisor, nobody is named or says why, or the store refuses.
    pub fn escalate(&self, customer: &str, to: &str, why: &str, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("give customer {customer} to a person");
        let missing = [(why, Obstacle::WhyMissing), (to, Obstacle::PersonMissing)];
        if let Some((_, missing)) = missing.into_iter().find(|(text, _)| text.trim().is_empty()) {
            return Err(OutreachError::refused(attempted, missing));
        }
        self.store.write(&attempted, |tx| {
            self.keep_stage(tx, customer, (Some(CustomerStage::Escalation), why), who, now)?;
            // Whoever keeps the customer is named as well.
            match handover::hand_over(tx, customer, to, why, who, now)? {
                true => Ok(()),
                false => handover::note(tx, customer, (to, why), who, now),
            }
        })
    }

    /// The stage a customer is at.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn stage(&self, customer: &str) -> Result<Option<CustomerStage>> {
        self.store.read("read a customer's stage", |c| care::stage(c, customer))
    }

    /// Every stage a customer was at, newest first, at most 200.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn stages(&self, customer: &str) -> Result<Vec<StageChange>> {
        self.store.read("read a customer's stages", |c| care::changes(c, customer, 200))
    }

    /// What hints since the stage was last set that it has moved: broken promises, faults that came back, words in replies.
    /// Oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn stage_hints(&self, customer: &str) -> Result<Vec<Happening>> {
        self.store.read("read the hints at a customer's stage", |c| {
            let since = care::changes(c, customer, 1)?.first().map(|change| change.at);
            let all = RecordFilter { customer: Some(customer.to_owned()), max: HINTS_MAX, ..RecordFilter::default() };
            let after = record::last_before(c, customer, since.unwrap_or(Timestamp::MIN))?;
            let entries = record::filtered(c, &RecordFilter { after, ..all }, None)?;
            Ok(entries.into_iter().filter(|entry| entry.what == STAGE_HINT).collect())
        })
    }

    /// The media on which a customer wants no such messages, and since when.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn opt_outs(&self, customer: &str) -> Result<Vec<(String, Timestamp)>> {
        self.store.read("read what a customer stopped", |c| care::opt_outs(c, customer))
    }

    /// The customer told the advisor to stop such messages on a medium.
    ///
    /// # Errors
    /// When there is no such customer or the store refuses; `Missing` for a medium of which the customer has neither an address nor
    /// a preference: nothing goes out there, and a slip would look as if the wish were kept.
    pub fn opt_out(&self, customer: &str, medium: &str, why: &str, who: &str, now: Timestamp) -> Result<()> {
        self.store.write(&format!("stop messages to {customer} by {medium}"), |tx| {
            let is_known = known(tx, customer)?.media().any(|own| own == medium);
            if !is_known && !care::opted_out(tx, customer, medium)? {
                return Err(OutreachError::missing("medium of the customer", medium));
            }
            care::opt_out(tx, customer, medium, now)?;
            let why = said(medium, why);
            let (what, customer) = (record::STOPPED, Some(customer));
            Entry { at: now, who, what, why: &why, customer, contact: true, ..Entry::default() }.write(tx)
        })
    }

    /// The customer wants such messages on a medium again, and said so to `who`.
    ///
    /// # Errors
    /// When nothing was stopped there, nobody says on whose word, or the store refuses.
    pub fn opt_in(&self, customer: &str, medium: &str, why: &str, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("take up messages to {customer} by {medium} again");
        if why.trim().is_empty() {
            return Err(OutreachError::refused(attempted, Obstacle::WordMissing));
        }
        self.store.write(&attempted, |tx| {
            if !care::opt_in(tx, customer, medium)? {
                return Err(OutreachError::refused(&attempted, Obstacle::NotStopped));
            }
            let why = said(medium, why);
            let (what, customer) = (record::RESUMED, Some(customer));
            Entry { at: now, who, what, why: &why, customer, contact: true, ..Entry::default() }.write(tx)
        })
    }
}

impl Outreach {
    /// Keeps a stage, and says so in the record; from a complaint on managers are told.
    fn keep_stage(
        &self,
        connection: &dyn Session,
        customer: &str,
        (stage, why): (Option<CustomerStage>, &str),
        who: &str,
        now: Timestamp,
    ) -> Result<()> {
        known(connection, customer)?;
        let before = care::stage(connection, customer)?;
        let change = StageChange { at: now, stage, who: who.to_owned(), why: why.to_owned() };
        care::set_stage(connection, customer, &change)?;
        let why = format!("{}: {why}", stage.map_or("none", CustomerStage::name));
        Entry { at: now, who, what: STAGE_SET, why: &why, customer: Some(customer), ..Entry::default() }
            .write(connection)?;
        if stage != before && stage >= Some(CustomerStage::Complaint) {
            self.note_for_managers(connection, customer, who, now)?;
        }
        Ok(())
    }
}

/// A medium, and what was said about it.
fn said(medium: &str, why: &str) -> String {
    if why.trim().is_empty() { medium.to_owned() } else { format!("{medium}: {}", why.trim()) }
}

/// A customer who must exist.
fn known(connection: &dyn Session, customer: &str) -> Result<Customer> {
    registry::find(connection, customer)?.ok_or_else(|| OutreachError::missing("customer", customer))
}

/// Notes that something may have moved a customer's stage.
pub(crate) fn hint(
    connection: &dyn Session,
    customer: &str,
    machine: Option<&str>,
    why: &str,
    now: Timestamp,
) -> Result<()> {
    let customer = Some(customer);
    Entry { at: now, who: "foretell", what: STAGE_HINT, why, customer, machine, ..Entry::default() }.write(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_count_from_one_to_six() {
        let levels: Vec<u8> = CustomerStage::ALL.iter().map(|stage| stage.level()).collect();
        assert_eq!(levels, [1, 2, 3, 4, 5, 6]);
        assert!(CustomerStage::OpenGrumbling < CustomerStage::Escalation);
    }
}
