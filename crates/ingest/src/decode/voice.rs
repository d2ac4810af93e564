//! For which machines a publisher may speak. It is asked as soon as it is known whom a message is about, and before the message
//! changes anything that is remembered: a counter of run hours, or what is believed of an edge node.

use foretell_model::MachineId;

use super::reason::{Fault, RefusalReason};
use crate::listener::Rights;

/// See the module's text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice<'a>(Option<&'a Rights>);

impl<'a> Voice<'a> {
    /// Of somebody who may speak for every machine, such as a broker, which has asked its clients itself.
    pub(crate) const UNLIMITED: Self = Self(None);

    /// Of a login.
    pub(crate) fn of(rights: &'a Rights) -> Self {
        Self((!rights.may_publish_everything()).then_some(rights))
    }

    /// Whether there is a machine that it may not speak for.
    pub(crate) const fn is_limited(self) -> bool {
        self.0.is_some()
    }

    /// Whether it may speak for a machine.
    ///
    /// # Errors
    /// As a refusal when it may not.
    pub(crate) fn ask(self, machine: &MachineId) -> Result<(), Fault> {
        match self.0 {
            Some(rights) if !rights.may_publish(machine.site(), machine.machine()) => {
                let detail = format!("this login may not publish for {machine}");
                Err(Fault::new(RefusalReason::NotAuthorised, detail))
            }
            _ => Ok(()),
        }
    }

    /// Whether it may speak for somebody who is no machine, so that no pattern of machines can mean it.
    ///
    /// # Errors
    /// As a refusal when it may not speak for everybody; `why` says why it is no machine, and what to do about it.
    pub(crate) fn ask_for_nobody(self, why: &str) -> Result<(), Fault> {
        if !self.is_limited() {
            return Ok(());
        }
        let detail = format!("only a login for every machine (`*/*`) may publish for what is no machine: {why}");
        Err(Fault::new(RefusalReason::NotAuthorised, detail))
    }
}
