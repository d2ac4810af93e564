//! Service state that was put back from a backup. What happened between the backup and the loss is not in it: letters went out,
//! customers answered, subscribers were told. None of that may be done twice or mixed up.
//!
//! A letter that was approved, and had not left when the backup was made, may have left since: it waits as one of which nobody
//! knows whether it arrived, and an advisor says. And numbers that were given since must not be given again: the link in a lost
//! letter would open another customer's page, a gateway would take a new letter for the lost one, and a subscriber a new event.

use foretell_model::Timestamp;

use super::settle::settle;
use crate::channel::DeliveryError;
use crate::error::Result;
use crate::store::{Session, messages, record, values};
use crate::views::MessageState;
use crate::{Outreach, managers};

/// More numbers than were given between a backup and a loss.
const PASSED_OVER: i64 = 1_000_000;

impl Outreach {
    /// Takes note that this state was put back from a backup; `made` is when that was, as far as it is known. To be called once, at
    /// the first start. Returns how many letters wait for an advisor because of it.
    ///
    /// # Errors
    /// When the store refuses; nothing of it is kept then.
    pub fn restored(&self, made: Option<Timestamp>, now: Timestamp) -> Result<usize> {
        self.store.write("take note of the backup", |tx| {
            // First, so that nothing of this takes a number of before.
            pass_over(tx)?;
            let of = made.map_or_else(|| "a backup".to_owned(), |made| format!("a backup of {made}"));
            record::put_back(tx, made, PASSED_OVER, now)?;
            let mut doubtful = messages::in_state(tx, MessageState::Queued)?;
            doubtful.extend(messages::in_state(tx, MessageState::Sending)?);
            let count = doubtful.len();
            for mut mail in doubtful {
                // If it went out it counts against the caps, and that was about then.
                mail.sent = mail.sent.or(made).or(Some(now));
                let why = format!("the data was put back from {of}, and it may have gone out since then");
                settle(self, tx, mail, Err(DeliveryError::Unknown(why)), now)?;
            }
            managers::after_a_backup(tx, now)?;
            Ok(count)
        })
    }
}

/// The numbers of messages, and with them those in links, go on far beyond the newest that is known.
fn pass_over(connection: &dyn Session) -> Result<()> {
    let sql = "INSERT INTO message (id, advisory, machine, customer, kind, state, due, expires)
               SELECT coalesce(max(id), 0) + ?1, '', '', '', 'invitation', 'withdrawn', 0, 0 FROM message";
    connection.execute(sql, values![PASSED_OVER])?;
    connection.execute("DELETE FROM message WHERE advisory = '' AND machine = ''", &[]).map(drop)
}
