//! What customers answered elsewhere: the sender's signature, and the conversation it belongs to.

use foretell_console::BackendError;
use foretell_console::view::{Reply, ReplyTaken, Signed};
use foretell_model::Clock;
use foretell_outreach::{ReplyHeard, sign};

use super::ServiceBackend;
use super::errors::of_outreach;

/// The only sender: whoever holds the secret of `[replies]`.
const SENDER: &str = "replies";

impl ServiceBackend {
    pub(super) fn takes_reply(
        &self,
        signed: &Signed,
        reply: Result<Reply, String>,
    ) -> Result<ReplyTaken, BackendError> {
        let Some(secret) = &self.config.replies.secret else {
            let why = "address for replies: set [replies] secret_file to take them";
            return Err(BackendError::NotFound(why.to_owned()));
        };
        let Signed { timestamp, signature, body } = signed;
        // Freshness is a matter of the wall clock, also in a rehearsal.
        sign::verify(secret.expose(), timestamp, signature, body, self.clocks.wall().now())
            .map_err(|why| BackendError::Unsigned(why.to_owned()))?;
        let reply = reply.map_err(BackendError::Invalid)?;
        let heard = self.outreach.take_reply(SENDER, &reply, self.clocks.now()).map_err(of_outreach)?;
        let outcome = heard.name();
        Ok(match heard {
            ReplyHeard::Before => ReplyTaken { outcome, customer: String::new(), case: None },
            ReplyHeard::Kept { customer, case } => ReplyTaken { outcome, customer, case },
            ReplyHeard::Stopped { customer, .. } => ReplyTaken { outcome, customer, case: None },
        })
    }
}
