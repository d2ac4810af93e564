//! Replies that come back by SMS, chat or mail: matched to what was said before, kept in the record, so that nobody asks twice.
//!
//! A reply names our message, or comes from an address that a customer has on a medium. A stop word stops that medium at
//! once. Anything else is the customer speaking: what waits is withdrawn and the advisor answers. Words that say that the machine is
//! broken open a service case besides, with its promises, wherever the conversation stands.

use foretell_model::{MachineId, Note, Obstacle, Reply, Timestamp};
use metrics::counter;

use crate::apply::withdraw;
use crate::error::{OutreachError, Result};
use crate::naming::Said;
use crate::quoting::own_words;
use crate::store::replies::Kept;
use crate::store::{Case, Entry, Mail, Session, advisories, care, messages, record, registry, replies, service_cases};
use crate::views::{LooseReply, Matter, Source, Stage};
use crate::{Customer, Machine, Outreach};

/// Beginning of the remark of a case in which the customer has replied; the words follow.
const REPLIED: &str = "the customer replied";

/// The same after the work was done.
const REPLIED_AFTER: &str = "the customer replied after the visit";

/// The same where the words hint at displeasure.
const UNHAPPY_AFTER: &str = "the customer is not happy after the visit";

/// Longest identity of a reply, bytes.
const ID_BYTES_MAX: usize = 200;

/// What became of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyHeard {
    /// It was taken before.
    Before,
    /// It is in the record of this customer, and of this case if there is one.
    Kept {
        /// Whose.
        customer: String,
        /// In which case.
        case: Option<String>,
    },
    /// No such messages on this medium any more.
    Stopped {
        /// For whom.
        customer: String,
        /// On which medium.
        medium: String,
    },
}

impl ReplyHeard {
    /// Its name in the API and on metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Before => "known",
            Self::Kept { .. } => "kept",
            Self::Stopped { .. } => "stopped",
        }
    }
}

/// What a reply belongs to.
struct Conversation {
    customer: Customer,
    medium: String,
    mail: Option<Mail>,
}

impl Outreach {
    /// Takes a reply from a sender (`source`), once however often it comes.
    ///
    /// # Errors
    /// `Missing` when nobody is known to whom it could belong; `Refused` when it has no identity or no words.
    pub fn take_reply(&self, source: &str, reply: &Reply, now: Timestamp) -> Result<ReplyHeard> {
        let attempted = "take a reply";
        let text = Note::new(reply.text.trim());
        // As it was written: a line break tells a word said alone from one in a sentence.
        let own = own_words(&reply.text);
        let is_broken = self.options.grumbles.says_broken(&own);
        if reply.id.is_empty() || reply.id.len() > ID_BYTES_MAX {
            return Err(OutreachError::unfit(attempted, format!("its `id` has 1 to {ID_BYTES_MAX} bytes")));
        }
        if text.as_str().is_empty() {
            return Err(OutreachError::unfit(attempted, "it has no words"));
        }
        let heard = self.store.write(attempted, |tx| {
            if replies::known(tx, source, &reply.id)? {
                return Ok(ReplyHeard::Before);
            }
            let found = conversation(tx, reply)?;
            let at = reply.at.filter(|at| *at <= now).unwrap_or(now);
            let case = found.mail.as_ref().map(|mail| mail.case.as_str().to_owned());
            let (customer, medium) = (found.customer.id.clone(), found.medium.clone());
            let kept = Kept {
                source,
                id: &reply.id,
                at,
                heard: now,
                customer: &customer,
                medium: &medium,
                advisory: case.as_deref(),
            };
            replies::keep(tx, &kept)?;
            let beside = self.options.stop_words.beside(&own).filter(|_| !medium.is_empty());
            if let Some(beside) = beside {
                stop(tx, &found, text.as_str(), now)?;
                // Whoever wants no more messages may still have a machine that stands still, or a visit to move.
                if is_broken || !beside.is_empty() {
                    self.hear_reply(tx, &found, (text.as_str(), &own, is_broken), now)?;
                }
                return Ok(ReplyHeard::Stopped { customer, medium });
            }
            self.hear_reply(tx, &found, (text.as_str(), &own, is_broken), now)?;
            Ok(ReplyHeard::Kept { customer, case })
        });
        let outcome = match &heard {
            Ok(heard) => heard.name(),
            Err(OutreachError::Missing { .. }) => "nobodys",
            Err(_) => "refused",
        };
        counter!("foretell_outreach_replies_total", "outcome" => outcome).increment(1);
        heard
    }

    /// Takes words to where they belong: all of them into the record, and what is the customer's `own` everywhere else. `is_broken`
    /// is whether that says that the machine is.
    fn hear_reply(
        &self,
        connection: &dyn Session,
        found: &Conversation,
        (whole, own, is_broken): (&str, &str, bool),
        now: Timestamp,
    ) -> Result<()> {
        let named = if is_broken { named(connection, found, own)? } else { None };
        let machine = named.map_or_else(|| machine_of(connection, found), |named| Ok(Some(named)))?;
        let meant = machine.as_ref().map(MachineId::as_str);
        said(connection, found, (record::REPLIED, meant), &format!("{}: {whole}", found.medium), now)?;
        self.hear(connection, &found.customer.id, meant, own, now)?;
        let shown = Note::new(own);
        // A letter that was sent back without a word is shown as it came.
        let text = if own.is_empty() { whole } else { shown.as_str() };
        let loose = LooseReply {
            id: 0,
            customer: found.customer.id.clone(),
            machine: machine.clone(),
            medium: found.medium.clone(),
            text: text.to_owned(),
            at: now,
        };
        let Some(case) = case_of(connection, found)? else {
            let number = found.mail.as_ref().and_then(|mail| service_cases::number(&mail.case));
            return self.hear_of_trouble(connection, (number, machine.as_ref()), (loose, is_broken), now);
        };
        if is_broken {
            // It stands still, whatever was written about: two promises count from now, and whoever comes first sees it.
            let machine = machine.as_ref().unwrap_or(&case.finding.machine);
            self.open_trouble(connection, machine, (Source::Reply, text, "customer"), now)?;
            // What is over needs no answer beside that one.
            if matches!(case.stage, Stage::Done | Stage::Cleared | Stage::Internal) {
                return Ok(());
            }
        }
        self.hear_in_case(connection, case, loose, now)
    }

    /// The customer's words in a case that is about something else than a breakdown, or about more: the advisor reads them there.
    fn hear_in_case(&self, connection: &dyn Session, mut case: Case, from: LooseReply, now: Timestamp) -> Result<()> {
        let text = &from.text;
        let remark = format!("{REPLIED}: {text}");
        match case.stage {
            Stage::Queued | Stage::Contacted | Stage::NotNow | Stage::Call => {
                withdraw(connection, &case.finding.id, "the customer answered")?;
                case.ask(connection, (Stage::Call, None), Matter::Reply, &remark, now)
            }
            // The visit stands; the advisor sees what was said and answers.
            Stage::Booked => case.ask(connection, (Stage::Booked, None), Matter::Reply, &remark, now),
            Stage::Draft | Stage::Postponed => {
                let place = (case.stage, case.until);
                case.ask(connection, place, Matter::Reply, &remark, now)
            }
            // The work is done and the customer speaks of it: somebody must read that, and answer.
            Stage::Done => {
                let (matter, heard) = match self.options.grumbles.find(text) {
                    Some(_) => (Matter::UnhappyAfter, UNHAPPY_AFTER),
                    None => (Matter::ReplyAfter, REPLIED_AFTER),
                };
                case.ask(connection, (Stage::Call, None), matter, &format!("{heard}: {text}"), now)
            }
            Stage::Cleared => case.ask(connection, (Stage::Call, None), Matter::Reply, &remark, now),
            // Nothing waits for it there.
            Stage::Internal => replies::put_loose(connection, &from),
        }
    }

    /// The advisor has read what a customer with a booked visit replied, or one whose work is done, and there is nothing to
    /// answer; the visit stands.
    ///
    /// # Errors
    /// When no visit is booked in the case or was made, or there is nothing to be read.
    pub fn note_reply(&self, id: &foretell_model::FindingId, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("note the reply in {id}");
        self.store.write(&attempted, |tx| {
            let mut case = advisories::get(tx, id)?;
            let stage = match case.stage {
                Stage::Booked if case.remark.is_some() || case.matter == Some(Matter::OtherTime) => Stage::Booked,
                Stage::Call if case.matter == Some(Matter::ReplyAfter) => Stage::Done,
                _ => return Err(OutreachError::refused(&attempted, Obstacle::NothingHeard)),
            };
            case.move_to(tx, stage, None, None, now)?;
            crate::calls::desk_note(tx, &case, who, "noted the reply", "", now)
        })
    }
}

/// Finds out what a reply belongs to.
fn conversation(connection: &dyn Session, reply: &Reply) -> Result<Conversation> {
    let medium = reply.medium.clone().unwrap_or_default();
    if let Some(key) = &reply.message {
        let number = key.strip_prefix("foretell-").unwrap_or(key).parse::<i64>();
        let mail =
            number.map_err(|_| OutreachError::missing("message", key)).and_then(|n| messages::get(connection, n))?;
        let customer = registry::find(connection, &mail.customer)?;
        let customer = customer.ok_or_else(|| OutreachError::missing("customer", &mail.customer))?;
        let medium = if medium.is_empty() { mail.medium.clone().unwrap_or_default() } else { medium };
        return Ok(Conversation { mail: of_own(connection, mail, &customer)?, customer, medium });
    }
    let customer: Option<Customer> = match (&reply.customer, &reply.address) {
        (Some(id), _) => registry::find(connection, id)?,
        (None, Some(address)) if !medium.is_empty() => {
            let all: Vec<Customer> = registry::all(connection)?;
            let is_theirs = |customer: &Customer| {
                let own = customer.addresses.get(&medium).map(String::as_str);
                own.is_some_and(|own| is_same_address(own, address))
            };
            // Two customers at one address: nobody may guess whose word it is.
            only(all.into_iter().filter(is_theirs))
        }
        _ => None,
    };
    let asked = reply.customer.as_deref().or(reply.address.as_deref()).unwrap_or_default();
    let customer = customer.ok_or_else(|| OutreachError::missing("conversation", asked))?;
    let mail = match replies::newest_message(connection, &customer.id, &medium)? {
        Some(number) => of_own(connection, messages::get(connection, number)?, &customer)?,
        None => None,
    };
    Ok(Conversation { customer, medium, mail })
}

/// A message, unless its machine has become somebody else's: whoever had it speaks for it no more, and is not read by whoever has it.
fn of_own(connection: &dyn Session, mail: Mail, reader: &Customer) -> Result<Option<Mail>> {
    let owner = registry::customer_of(connection, &mail.machine)?;
    Ok(owner.is_none_or(|owner| owner.id == reader.id).then_some(mail))
}

/// Telephone numbers are written in many ways; anything else counts as it stands, but for upper and lower case.
fn is_same_address(own: &str, given: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c));
    if is_number(own) && is_number(given) {
        let (own, given) = (digits(own), digits(given));
        let (long, short) = if own.len() >= given.len() { (own, given) } else { (given, own) };
        // With or without the country's code.
        return short.len() >= 8 && long.ends_with(&short) && long.len() - short.len() <= 4;
    }
    own.trim().eq_ignore_ascii_case(given.trim())
}

/// The case of a conversation; word about a service case belongs to none.
fn case_of(connection: &dyn Session, found: &Conversation) -> Result<Option<Case>> {
    match found.mail.as_ref().filter(|mail| !mail.kind.is_about_trouble()) {
        Some(mail) => advisories::find(connection, &mail.case),
        None => Ok(None),
    }
}

/// The machine that was spoken of, or the only one that the customer has.
fn machine_of(connection: &dyn Session, found: &Conversation) -> Result<Option<MachineId>> {
    if let Some(mail) = &found.mail {
        return Ok(Some(mail.machine.clone()));
    }
    Ok(only(machines_of(connection, found, |_| true)?.into_iter()))
}

/// The machine that the customer names in so many words, whichever was written about; one of several of that name at the site that
/// was written about. `None` where several are named, or none.
fn named(connection: &dyn Session, found: &Conversation, text: &str) -> Result<Option<MachineId>> {
    let said = Said::new(text);
    let mut named = machines_of(connection, found, |number| said.names(number))?;
    if let Some(mail) = found.mail.as_ref().filter(|_| named.len() > 1) {
        named.retain(|id| id.site() == mail.machine.site());
    }
    Ok(only(named.into_iter()))
}

/// Those of the customer's machines that are called so.
fn machines_of(
    connection: &dyn Session,
    found: &Conversation,
    is_called: impl Fn(&str) -> bool,
) -> Result<Vec<MachineId>> {
    let mut own = Vec::new();
    for machine in registry::all::<Machine>(connection)?.into_iter().filter(|machine| is_called(&machine.number)) {
        let Ok(id) = MachineId::parse(&machine.id) else { continue };
        let theirs = registry::customer_of(connection, &id)?;
        if theirs.is_some_and(|customer| customer.id == found.customer.id) {
            own.push(id);
        }
    }
    Ok(own)
}

fn only<T>(mut some: impl Iterator<Item = T>) -> Option<T> {
    some.next().filter(|_| some.next().is_none())
}

/// No such messages on this medium any more.
fn stop(connection: &dyn Session, found: &Conversation, text: &str, now: Timestamp) -> Result<()> {
    care::opt_out(connection, &found.customer.id, &found.medium, now)?;
    if let Some(mut case) = case_of(connection, found)?.filter(|case| case.stage == Stage::Contacted) {
        let remark = format!("the customer wants no such messages by {}; is a call welcome?", found.medium);
        case.move_to(connection, Stage::Call, Some(&remark), None, now)?;
    }
    let machine = found.mail.as_ref().map(|mail| mail.machine.as_str());
    said(connection, found, (record::STOPPED, machine), &format!("{}: {text}", found.medium), now)
}

/// `what` the customer did, of which machine.
fn said(
    connection: &dyn Session,
    found: &Conversation,
    (what, machine): (&str, Option<&str>),
    why: &str,
    now: Timestamp,
) -> Result<()> {
    let advisory = found.mail.as_ref().map(|mail| mail.case.as_str());
    let customer = Some(found.customer.id.as_str());
    Entry { at: now, who: "customer", what, why, customer, machine, advisory, contact: true }.write(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        #[track_caller]
        fn check(own: &str, given: &str, expected: bool) {
            assert_eq!(is_same_address(own, given), expected, "{own} {given}");
        }
        check("+86 138 0000 0001", "8613800000001", true);
        check("+86 138 0000 0001", "13800000001", true);
        check("+86 138 0000 0001", "13800000002", false);
        check("+86 138 0000 0001", "0001", false);
        check("Li@Huaxin.example", "li@huaxin.example ", true);
        check("wxid_a1", "wxid_a2", false);
    }
}
