//! A manager hears by e-mail as soon as a customer complains, and again when that goes beyond us: whoever has an account with an
//! address to be told at.
//!
//! The word is put down in the same step as the stage. It keeps quiet hours as every letter does and is looked at again when they
//! end; that a customer has gone beyond us is urgent and does not wait. It is marked before a channel sees it: after a crash an
//! idempotent channel receives it again under the same key, any other nothing, and the record says that it may not have arrived.

use std::sync::Arc;
use std::time::Instant;

use foretell_model::Timestamp;
use serde::Serialize;

use crate::Outreach;
use crate::calendar::Calendar;
use crate::care::CustomerStage;
use crate::channel::{Channel, DeliveryError, Parcel};
use crate::compose::{Composer, Draft, Occasion, format};
use crate::error::{OutreachError, Result};
use crate::outbox::settle::fate_of_word;
use crate::registry::{Advisor, Customer, Language};
use crate::store::managers::{self, Kept};
use crate::store::{Entry, Session, care, record, registry};
use crate::views::MessageState;

/// The medium by which managers are told.
const MEDIUM: &str = "email";
/// Words taken up in one tick.
const BATCH_MAX: u32 = 50;
/// After so many temporary failures it is given up.
const ATTEMPTS_MAX: u32 = 10;

/// Somebody who is told that a customer complains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// The account's name.
    pub login: String,
    /// As others read it, and as the record names whoever set a stage.
    pub name: String,
    /// E-mail address.
    pub address: String,
    /// In which language.
    pub language: Language,
}

/// Reads who is told, as the accounts are at that moment.
#[derive(Clone)]
pub struct Managers(pub Arc<dyn Fn() -> Vec<Manager> + Send + Sync>);

impl Managers {
    fn read(&self) -> Vec<Manager> {
        (self.0)()
    }
}

impl Default for Managers {
    fn default() -> Self {
        Self(Arc::new(Vec::new))
    }
}

/// What a template may use.
#[derive(Debug, Serialize)]
pub(crate) struct ComplaintFacts {
    pub(crate) language: Language,
    company: String,
    /// The customer's name.
    customer: String,
    /// Whether the complaint has gone beyond us.
    beyond: bool,
    /// What the customer is unhappy about, as it was noted.
    why: String,
    /// Who noted it.
    who: String,
    /// When, in words.
    at: String,
    /// Who looks after the customer.
    advisor: String,
    phone: String,
    /// Whether that is the reader.
    yours: bool,
    /// The customer's page in the console.
    link: String,
}

impl ComplaintFacts {
    /// Invented facts, for trying templates out: whether it has gone beyond us, and whether the reader looks after the customer.
    pub(crate) fn invented(language: Language, (beyond, yours): (bool, bool)) -> Self {
        let [company, customer, why, who, at, advisor] = match language {
            Language::En => [
                "Invented Service",
                "Invented Ltd",
                "The cooler was cleaned twice and the machine still runs hot.",
                "Ben Invented",
                "15 July, 17:00",
                "Ada Invented",
            ],
            Language::ZhCn => {
                ["示例服务", "示例公司", "冷却器洗了两次，机器还是高温。", "陈示例", "7月15日17:00", "王示例"]
            }
        }
        .map(str::to_owned);
        let (phone, link) = ("+86 21 5555 0000".to_owned(), "https://service.example/customers/invented".to_owned());
        Self { language, company, customer, beyond, why, who, at, advisor, phone, yours, link }
    }

    /// The letter.
    pub(crate) fn render(&self, composer: &Composer) -> Result<Draft> {
        composer.letter(Occasion::Complaint, self.language, self)
    }
}

impl Outreach {
    /// Notes whom to tell that a customer's stage is one of complaint now. Nobody is told what they entered themselves.
    pub(crate) fn note_for_managers(
        &self,
        connection: &dyn Session,
        customer: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<()> {
        // Of several changes overnight the last is told.
        managers::withdraw(connection, customer)?;
        let all = self.options.managers.read();
        if all.is_empty() {
            let (what, why, customer) = (record::MANAGER_UNTOLD, "no account has an e-mail address", Some(customer));
            return Entry { at: now, who: "outbox", what, why, customer, ..Entry::default() }.write(connection);
        }
        let mut others = all.iter().filter(|manager| manager.name != who);
        others.try_for_each(|manager| managers::note(connection, customer, &manager.login, now))
    }

    /// Tells managers what is due.
    pub(crate) fn tell_managers(&self, now: Timestamp) -> Result<()> {
        let due = self.store.read("read the words for managers", |c| managers::due(c, now, BATCH_MAX))?;
        if due.is_empty() {
            return Ok(());
        }
        let known = self.options.managers.read();
        let begun = Instant::now();
        for kept in due {
            let manager = known.iter().find(|manager| manager.login == kept.login);
            let marked = self.store.write("mark a word for a manager", |tx| self.mark_word(tx, &kept, manager, now))?;
            let Some(parcel) = marked else { continue };
            let fate = match self.way_to_managers() {
                Some(channel) => channel.deliver(&parcel),
                None => Err(DeliveryError::Temporary("its channel is no longer configured".into())),
            };
            self.store.write("record a word for a manager", |tx| settle(tx, &kept, fate, now))?;
            if begun.elapsed() >= self.options.delivering_max {
                break;
            }
        }
        Ok(())
    }

    /// What the last process left half-way: told again where that leaves one letter, else left as it is.
    pub(crate) fn take_up_words_for_managers(&self) -> Result<()> {
        let once = self.way_to_managers().is_some_and(Channel::is_idempotent);
        self.store.write("take up words for managers", |tx| {
            for kept in managers::interrupted(tx)? {
                let state = if once { MessageState::Queued } else { MessageState::Unknown };
                managers::set_state(tx, kept.id, state, kept.attempts, kept.of.at)?;
                if !once {
                    let why = format!("the service stopped while it was being delivered: {}", kept.login);
                    note(tx, &kept, record::MANAGER_UNTOLD, &why, kept.of.at)?;
                }
            }
            Ok(())
        })
    }

    fn way_to_managers(&self) -> Option<&dyn Channel> {
        self.options.channels.iter().map(AsRef::as_ref).find(|channel| channel.medium() == MEDIUM)
    }

    /// Marks a word as on its way, unless it waits or has become needless.
    fn mark_word(
        &self,
        connection: &dyn Session,
        kept: &Kept,
        manager: Option<&Manager>,
        now: Timestamp,
    ) -> Result<Option<Parcel>> {
        let customer: Option<Customer> = registry::find(connection, &kept.customer)?;
        let customer = customer.filter(|customer| !customer.erased);
        // It may have been settled over the weekend, or gone further, of which another word tells.
        let stands = care::stage(connection, &kept.customer)? == kept.of.stage;
        let end = |state, why: &str| {
            managers::set_state(connection, kept.id, state, kept.attempts, now)?;
            note(connection, kept, record::MANAGER_UNTOLD, &format!("{why}: {}", kept.login), now)?;
            Ok(None)
        };
        let withdraw = |why: &str| end(MessageState::Withdrawn, why);
        let (Some(customer), true) = (customer, stands) else { return withdraw("it is no longer so") };
        let Some(manager) = manager else { return withdraw("the account has no e-mail address any more") };
        if self.way_to_managers().is_none() {
            return withdraw("no e-mail is set up");
        }
        let calendar = Calendar::house(self.options.zone, &self.options.holidays);
        let open = calendar.next_open(now);
        if open > now && kept.of.stage != Some(CustomerStage::Escalation) {
            managers::set_state(connection, kept.id, MessageState::Queued, kept.attempts, open)?;
            note(connection, kept, record::MANAGER_HELD, &kept.login, now)?;
            return Ok(None);
        }
        let text = match self.complaint(connection, kept, &customer, manager, &calendar) {
            Ok(text) => text,
            Err(e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. })) => return Err(e),
            // One that cannot be written must not keep the others back.
            Err(e) => return end(MessageState::Failed, &format!("the e-mail could not be written: {e}")),
        };
        managers::set_state(connection, kept.id, MessageState::Sending, kept.attempts, now)?;
        Ok(Some(Parcel {
            // With its time, because numbers begin anew after a backup was put back.
            key: format!("foretell-manager-{}-{}", kept.id, kept.of.at.millis()),
            to: manager.address.clone(),
            to_name: manager.name.clone(),
            from_name: manager.language.of(&self.options.company).to_owned(),
            reply_to: None,
            language: manager.language.tag(),
            subject: text.subject,
            body: text.body,
            short: text.short,
            link: String::new(),
            calendar: None,
            portrait: None,
            at: kept.of.at,
        }))
    }

    fn complaint(
        &self,
        connection: &dyn Session,
        kept: &Kept,
        customer: &Customer,
        manager: &Manager,
        calendar: &Calendar,
    ) -> Result<Draft> {
        let language = manager.language;
        let advisor: Option<Advisor> = registry::find(connection, &customer.advisor)?;
        let names = advisor.as_ref().map(|advisor| [&advisor.name.en, &advisor.name.zh]);
        let yours = names.is_some_and(|names| names.contains(&&manager.name));
        let (name, phone) = advisor.map_or_else(
            || (customer.advisor.clone(), String::new()),
            |advisor| (language.of(&advisor.name).to_owned(), advisor.phone),
        );
        let facts = ComplaintFacts {
            language,
            company: language.of(&self.options.company).to_owned(),
            customer: customer.name.clone(),
            beyond: kept.of.stage == Some(CustomerStage::Escalation),
            why: kept.of.why.clone(),
            who: kept.of.who.clone(),
            at: format::at(language, calendar.local(kept.of.at)),
            advisor: name,
            phone,
            yours,
            link: format!("{}/customers/{}", self.options.public_url.trim_end_matches('/'), customer.id),
        };
        facts.render(self.shelf.composer(connection)?.as_ref())
    }
}

/// What was due when a backup was made may have gone out since: it is not told again.
pub(crate) fn after_a_backup(connection: &dyn Session, now: Timestamp) -> Result<()> {
    for kept in managers::doubtful(connection)? {
        managers::set_state(connection, kept.id, MessageState::Unknown, kept.attempts, now)?;
        let why = format!("the data was put back from a backup, and it may have gone out since: {}", kept.login);
        note(connection, &kept, record::MANAGER_UNTOLD, &why, now)?;
    }
    Ok(())
}

/// What became of a word.
fn settle(
    connection: &dyn Session,
    kept: &Kept,
    fate: std::result::Result<(), DeliveryError>,
    now: Timestamp,
) -> Result<()> {
    let attempts = kept.attempts + 1;
    let (state, due) = fate_of_word(&fate, (kept.id, attempts, ATTEMPTS_MAX), now);
    managers::set_state(connection, kept.id, state, attempts, due)?;
    match fate {
        Ok(()) => note(connection, kept, record::MANAGER_TOLD, &kept.login, now),
        Err(_) if state == MessageState::Queued => Ok(()),
        Err(error) => {
            tracing::warn!(login = kept.login, %error, "A manager was not told that a customer complains.");
            note(
                connection,
                kept,
                record::MANAGER_UNTOLD,
                &format!("the e-mail could not be delivered: {error}: {}", kept.login),
                now,
            )
        }
    }
}

fn note(connection: &dyn Session, kept: &Kept, what: &str, why: &str, now: Timestamp) -> Result<()> {
    let customer = Some(kept.customer.as_str());
    Entry { at: now, who: "outbox", what, why, customer, ..Entry::default() }.write(connection)
}
