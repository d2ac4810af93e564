//! Whether a delivery that stopped half-way had begun: until then nothing was handed over, and the message simply goes out later.
//!
//! To reach a mail server may take half a minute, to hand a letter over takes a moment. So a message on its way is noted as not
//! begun, and the note is struck out, for good, right before the text is handed over. Whoever strikes it out is the one who hands it
//! over: however many processes have the same message in hand, and whenever they stop, one note allows one delivery.

use foretell_model::Timestamp;

use crate::Outreach;
use crate::channel::{Channel, DeliveryError, Parcel};
use crate::error::Result;
use crate::store::{Mail, Session, messages, values};
use crate::views::MessageState;

impl Outreach {
    /// Hands a message over once its way out is reached; `None` where it is in other hands by then.
    pub(super) fn deliver_once(
        &self,
        mail: &Mail,
        (channel, parcel): (&dyn Channel, &Parcel),
    ) -> Result<Option<std::result::Result<(), DeliveryError>>> {
        // What a channel keeps once per key may be handed over again, so nothing need be known of it.
        if channel.is_idempotent() {
            return Ok(Some(channel.deliver(parcel)));
        }
        if let Err(error) = channel.reach() {
            return Ok(Some(Err(error)));
        }
        let begins = self.store.write("note that a delivery begins", |tx| begin(tx, mail.id))?;
        Ok(begins.then(|| channel.deliver(parcel)))
    }

    /// Messages whose delivery stopped before it had begun go back into the outbox.
    pub(super) fn take_up_unbegun(&self, now: Timestamp) -> Result<()> {
        if self.store.read("look for deliveries that never began", unbegun)?.is_empty() {
            return Ok(());
        }
        self.store.write("take deliveries up again that never began", |tx| {
            for message in unbegun(tx)? {
                let mut mail = messages::get(tx, message)?;
                forget(tx, message)?;
                if mail.state == MessageState::Sending {
                    (mail.state, mail.sent, mail.due) = (MessageState::Queued, None, mail.due.min(now));
                    mail.save(tx)?;
                }
            }
            Ok(())
        })
    }
}

/// Notes, together with the mark that a message is on its way, that nothing of it was handed over.
pub(super) fn note(connection: &dyn Session, message: i64) -> Result<()> {
    let sql = "INSERT INTO not_begun (message) VALUES (?1) ON CONFLICT (message) DO NOTHING";
    connection.execute(sql, values![message]).map(drop)
}

/// Strikes the note out; says whether it stood there, and the message is still on its way.
fn begin(connection: &dyn Session, message: i64) -> Result<bool> {
    let stood_there = forget(connection, message)?;
    Ok(stood_there && messages::get(connection, message)?.state == MessageState::Sending)
}

/// Strikes the note out, if there is one.
pub(super) fn forget(connection: &dyn Session, message: i64) -> Result<bool> {
    Ok(connection.execute("DELETE FROM not_begun WHERE message = ?1", values![message])? > 0)
}

/// Whether certainly nothing of a message was handed over.
pub(super) fn is_still_to_begin(connection: &dyn Session, message: i64) -> Result<bool> {
    connection.exists("SELECT 1 FROM not_begun WHERE message = ?1", values![message])
}

fn unbegun(connection: &dyn Session) -> Result<Vec<i64>> {
    connection.query("SELECT message FROM not_begun ORDER BY message", &[])?.iter().map(|row| row.get(0)).collect()
}
