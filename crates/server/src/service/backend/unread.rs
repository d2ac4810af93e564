//! What waits in the queue beside its cards: what customers wrote outside of any case, and words that may not have arrived.

use foretell_console::BackendError;
use foretell_console::view::{self, LooseReply, UntoldLine};
use foretell_model::MachineId;
use foretell_outreach::{MessageState, Untold, UntoldOf, WorkOf};

use super::ServiceBackend;
use super::errors::of_outreach;
use super::registry::{Sites, zone_of};
use super::visits::errand_of;

impl ServiceBackend {
    /// What customers wrote outside of any case.
    pub(super) fn loose_replies(&self, sites: &Sites) -> Result<Vec<LooseReply>, BackendError> {
        let line = |reply: foretell_outreach::LooseReply| {
            let customer = sites.customer_named(&reply.customer);
            LooseReply {
                id: reply.id,
                customer: customer.map_or_else(|| reply.customer.clone(), |customer| customer.name.clone()),
                zone: zone_of(customer),
                customer_id: reply.customer,
                machine_name: reply.machine.as_ref().map_or_else(String::new, |machine| sites.number(machine)),
                text: reply.text,
                at: reply.at,
            }
        };
        Ok(self.outreach.loose_replies().map_err(of_outreach)?.into_iter().map(line).collect())
    }

    /// Words that may not have arrived, about which no card asks, and notes on finished work that their customers cannot read.
    pub(super) fn untold(&self, sites: &Sites) -> Result<Vec<UntoldLine>, BackendError> {
        let line = |untold: Untold| UntoldLine {
            machine_name: sites.number(&untold.machine),
            site_name: sites.site_name(&untold.machine),
            subject: untold.word.subject,
            is_lost: untold.word.state == MessageState::Failed,
            of: match untold.of {
                UntoldOf::Advisory(id) => view::UntoldOf::Advisory(id.to_string()),
                UntoldOf::ServiceCase(id) => view::UntoldOf::Case(id),
            },
        };
        let note = |(of, machine): (WorkOf, MachineId)| UntoldLine {
            machine_name: sites.number(&machine),
            site_name: sites.site_name(&machine),
            subject: String::new(),
            is_lost: false,
            of: view::UntoldOf::Note(errand_of(of)),
        };
        let words = self.outreach.untold().map_err(of_outreach)?.into_iter().map(line);
        let notes = self.outreach.notes_to_write().map_err(of_outreach)?.into_iter().map(note);
        Ok(words.chain(notes).collect())
    }
}
