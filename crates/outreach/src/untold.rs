//! Words that may not have arrived, where no card of the queue asks about them: about what broke, and about visits whose card
//! waits for nothing else. An advisor sees them where the day's work is.

use foretell_model::FindingId;

use crate::error::Result;
use crate::governor::Kind;
use crate::outbox::NO_NEWS;
use crate::outbox::asked::is_overtaken;
use crate::store::{Mail, Session, advisories, fates, messages, service_cases};
use crate::views::{LetterFound, MessageState, Stage, Unsent, Unsettled, Untold, UntoldOf, Written};
use crate::words::SAID_BY_TELEPHONE;
use crate::{Language, Outreach};

impl Outreach {
    /// The newest word about a case's visit, where it never went out although there was something to tell: else an advisor would
    /// take it that the customer knows.
    pub(crate) fn unsent_word(
        &self,
        connection: &dyn Session,
        (id, stage): (&FindingId, Stage),
    ) -> Result<Option<Unsent>> {
        let is_of_visit = matches!(stage, Stage::Booked | Stage::Done | Stage::Call);
        let newest = if is_of_visit { messages::newest_word_of(connection, id)? } else { None };
        let Some(mail) = newest.filter(|mail| mail.state == MessageState::Withdrawn) else { return Ok(None) };
        let reason = match (mail.held, mail.reason) {
            (Some(rule), None) => Some(rule.explain(Language::En, &self.options.catalogue)),
            (_, why) => why.filter(|why| why != NO_NEWS && why != SAID_BY_TELEPHONE),
        };
        Ok(reason.map(|reason| Unsent { kind: mail.kind, reason }))
    }

    /// Everything that was written in a case and went out, letters and word about its visit alike, newest first; of a service case
    /// by `case/` and its number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn written(&self, case: &FindingId) -> Result<Vec<Written>> {
        self.store.read("read what was written", |c| {
            let word = |mail: Mail| {
                let text = mail.text?;
                Some(Written { at: mail.sent?, kind: mail.kind, subject: text.subject, body: text.body })
            };
            Ok(messages::gone_out(c, case)?.into_iter().filter_map(word).collect())
        })
    }

    /// Letters that went out whose subject holds a text, which is given in lower case; newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn letters_called(&self, text: &str, max: u32) -> Result<Vec<LetterFound>> {
        self.store.read("look for a letter", |c| {
            let found = |mail: Mail| {
                let (subject, at) = (mail.text?.subject, mail.sent?);
                Some(LetterFound { case: mail.case, customer: mail.customer, subject, at })
            };
            Ok(messages::called(c, text, max)?.into_iter().filter_map(found).collect())
        })
    }

    /// Every such word that is still news, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn untold(&self) -> Result<Vec<Untold>> {
        self.store.read("read what customers may not know", |c| {
            let mut untold = Vec::new();
            for mail in fates::unsettled_everywhere(c)? {
                let of = match service_cases::number(&mail.case) {
                    Some(id) if !is_overtaken(mail.kind, &service_cases::get(c, id)?) => UntoldOf::ServiceCase(id),
                    Some(_) => continue,
                    None => {
                        // Any other waits in the queue by its stage or its remark.
                        let case = advisories::get(c, &mail.case)?;
                        let hidden = case.stage == Stage::Booked && case.remark.is_none();
                        if mail.kind != Kind::Confirmation || !hidden {
                            continue;
                        }
                        UntoldOf::Advisory(mail.case.clone())
                    }
                };
                untold.push(Untold { machine: mail.machine.clone(), of, word: Unsettled::of(&mail) });
            }
            Ok(untold)
        })
    }
}
