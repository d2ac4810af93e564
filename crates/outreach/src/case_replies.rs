//! What a customer replies about a broken machine, while it is being mended and afterwards: no word of it may be lost.

use foretell_model::{MachineId, Obstacle, Timestamp};

use crate::Outreach;
use crate::error::{OutreachError, Result};
use crate::store::{Entry, Session, record, replies, service_cases};
use crate::troubles::note;
use crate::views::{LooseReply, ServiceCase, Source};

/// Replies kept for the advisor in one case; the record has them all.
const HEARD_MAX: usize = 20;

impl Outreach {
    /// Words about a service case (`number`) or about a machine without an open forecast. That it is broken opens a case, with
    /// both promises; anything else waits in the case until the advisor has answered.
    pub(crate) fn hear_of_trouble(
        &self,
        connection: &dyn Session,
        (number, machine): (Option<i64>, Option<&MachineId>),
        (from, is_broken): (LooseReply, bool),
        now: Timestamp,
    ) -> Result<()> {
        let text = &from.text;
        if let Some(machine) = machine.filter(|_| is_broken) {
            return self.open_trouble(connection, machine, (Source::Reply, text, "customer"), now).map(drop);
        }
        let open = machine.map(|machine| service_cases::open_of(connection, machine)).transpose()?.flatten();
        let about = match (open, number) {
            (Some(open), _) => Some(open),
            (None, Some(number)) => Some(service_cases::get(connection, number)?),
            (None, None) => None,
        };
        // It belongs to nothing: an advisor reads it all the same.
        let Some(mut case) = about else { return replies::put_loose(connection, &from) };
        case.heard.push(from.text);
        if case.heard.len() > HEARD_MAX {
            case.heard.remove(0);
        }
        service_cases::save(connection, &mut case)
    }

    /// What customers wrote outside of any case and nobody has read yet, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn loose_replies(&self) -> Result<Vec<LooseReply>> {
        self.store.read("list the replies outside of cases", replies::loose)
    }

    /// An advisor has read what a customer wrote outside of any case.
    ///
    /// # Errors
    /// `Missing` when there is none of that number, e.g. because a colleague has read it.
    pub fn note_loose_reply(&self, id: i64, who: &str, now: Timestamp) -> Result<()> {
        self.store.write(&format!("note reply {id}"), |tx| {
            let reply = replies::take_loose(tx, id)?;
            let (customer, machine) = (Some(reply.customer.as_str()), reply.machine.as_ref().map(MachineId::as_str));
            let what = "noted the reply";
            Entry { at: now, who, what, customer, machine, ..Entry::default() }.write(tx)
        })
    }

    /// The advisor has answered what the customer replied after the work was done.
    pub(crate) fn answer_after_case(&self, id: i64, remark: &str, who: &str, now: Timestamp) -> Result<ServiceCase> {
        let attempted = format!("answer the reply in service case {id}");
        self.store.write(&attempted, |tx| {
            let mut case = service_cases::get(tx, id)?;
            if case.heard.is_empty() {
                return Err(OutreachError::refused(&attempted, Obstacle::CaseClosed));
            }
            case.heard.clear();
            service_cases::save(tx, &mut case)?;
            note(tx, &case, (who, record::REPLY_ANSWERED, remark), true, now)?;
            Ok(case)
        })
    }
}
