//! Whoever drives to a customer hears when a visit of theirs is moved, taken off them or given to them by a move, and when a
//! breakdown is called off, open again or somebody else's: on the page of their day, and by the first channel on which they have
//! an address.
//!
//! A word is put down in the same step as the change itself. It is for a colleague, so no governor is asked; it waits for the
//! morning unless the visit is nearer than that; word of a breakdown waits for nothing.

use std::time::Instant;

use foretell_model::{HOUR_MS, Timestamp};

use crate::calendar::Calendar;
use crate::channel::{DeliveryError, Parcel};
use crate::compose::{join_works, slot_text};
use crate::error::Result;
use crate::joint::part_of_visit;
use crate::outbox::settle::fate_of_word;
use crate::registry::{Customer, Language, Site, Technician};
use crate::slots::Slot;
use crate::store::crews::{self, Kept};
use crate::store::{Session, advisories, bookings, registry};
use crate::views::{CrewChange, CrewWord, MessageState, WorkOf};
use crate::{Machine, Outreach};

/// Words taken up in one tick.
const BATCH_MAX: u32 = 50;
/// After so many failures it stays on the page alone.
const ATTEMPTS_MAX: u32 = 10;
/// A visit that begins sooner than so long after the morning is told of at once, ms.
const NEAR_MS: i64 = 2 * HOUR_MS;

impl Outreach {
    /// What changed for those who make visits since an instant, of one technician or of all, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn crew_words(&self, technician: Option<&str>, since: Timestamp) -> Result<Vec<CrewWord>> {
        self.store.read("read what changed for technicians", |c| {
            let kept = crews::since(c, technician, since)?;
            kept.into_iter().map(|kept| Ok(CrewWord { numbers: numbers(c, &kept)?, ..CrewWord::of(kept) })).collect()
        })
    }

    /// Tells technicians of what changed for them.
    pub(crate) fn tell_crews(&self, now: Timestamp) -> Result<()> {
        let due = self.store.read("read the words for technicians", |c| crews::due(c, now, BATCH_MAX))?;
        let begun = Instant::now();
        for kept in due {
            let marked = self.store.write("mark a word for a technician", |tx| self.mark(tx, &kept, now))?;
            let Some((channel, parcel)) = marked else { continue };
            let fate = self.options.channels.iter().find(|known| known.name() == channel).map_or_else(
                || Err(DeliveryError::Temporary("its channel is no longer configured".into())),
                |known| known.deliver(&parcel),
            );
            self.store.write("record a word for a technician", |tx| settle(tx, &kept, fate, now))?;
            if begun.elapsed() >= self.options.delivering_max {
                break;
            }
        }
        Ok(())
    }

    /// Marks a word as on its way, or as one for the page alone: where its technician has no address, or it failed at first and
    /// something newer was said since, which would be undone by it ("called off" after "yours now").
    fn mark(&self, connection: &dyn Session, kept: &Kept, now: Timestamp) -> Result<Option<(String, Parcel)>> {
        if kept.attempts > 0 && crews::is_overtaken(connection, kept)? {
            crews::set_state(connection, kept.id, MessageState::Withdrawn, kept.attempts, now)?;
            return Ok(None);
        }
        let technician: Option<Technician> = registry::find(connection, &kept.technician)?;
        let way = technician.as_ref().and_then(|technician| {
            let mut ways = self.options.channels.iter().filter_map(|channel| {
                Some((channel.name().to_owned(), technician.addresses.get(channel.medium())?.clone()))
            });
            ways.next()
        });
        let Some((technician, (channel, address))) = technician.zip(way) else {
            crews::set_state(connection, kept.id, MessageState::Withdrawn, kept.attempts, now)?;
            return Ok(None);
        };
        let calendar = Calendar::plain(self.options.zone);
        let first = [kept.before, kept.after].into_iter().flatten().map(|(start, _)| start).min().unwrap_or(now);
        let morning = calendar.next_open(now);
        if morning > now && first > morning + NEAR_MS {
            crews::set_state(connection, kept.id, MessageState::Queued, kept.attempts, morning)?;
            return Ok(None);
        }
        let language = technician.language.unwrap_or(Language::En);
        let (subject, body) = self.worded(connection, kept, language)?;
        crews::set_state(connection, kept.id, MessageState::Sending, kept.attempts, now)?;
        let parcel = Parcel {
            key: format!("foretell-crew-{}", kept.id),
            to: address,
            to_name: language.of(&technician.name).to_owned(),
            from_name: language.of(&self.options.company).to_owned(),
            reply_to: None,
            language: language.tag(),
            short: format!("{subject} {}", self.link_of(kept.of)),
            subject,
            body,
            link: String::new(),
            calendar: None,
            portrait: None,
            at: now,
        };
        Ok(Some((channel, parcel)))
    }

    fn link_of(&self, of: WorkOf) -> String {
        let path = match of {
            WorkOf::Visit(id) => format!("visits/{id}"),
            WorkOf::ServiceCase(id) => format!("cases/{id}"),
        };
        format!("{}/{path}", self.options.public_url.trim_end_matches('/'))
    }

    fn worded(&self, connection: &dyn Session, kept: &Kept, language: Language) -> Result<(String, String)> {
        let customer: Option<Customer> = registry::find(connection, &kept.customer)?;
        // By the clock at the gate, as the page of the day and the customer's have it.
        let zone = customer.as_ref().and_then(|customer| customer.zone.parse().ok()).unwrap_or(self.options.zone);
        let there = Calendar::plain(zone);
        let site: Option<Site> = registry::find(connection, kept.machine.site())?;
        let name = customer.map_or_else(|| kept.customer.clone(), |customer| customer.name);
        let whom = format!("{name} · {}", join_works(language, &numbers(connection, kept)?));
        let time = |span: Option<(Timestamp, Timestamp)>| {
            let slot = |(start, end)| Slot { start, end, idle: false };
            span.map_or_else(String::new, |span| slot_text(language, &there, &slot(span)))
        };
        let (before, after) = (time(kept.before), time(kept.after));
        let (subject, said) = match kept.of {
            WorkOf::Visit(_) => said_of_visit((language, kept.what), &whom, (&before, &after)),
            WorkOf::ServiceCase(_) => said_of_breakdown((language, kept.what), &whom),
        };
        let address = site.map(|site| site.address).filter(|address| !address.is_empty());
        let lines = [Some(whom), address, Some(said), Some(self.link_of(kept.of))];
        Ok((subject, lines.into_iter().flatten().collect::<Vec<_>>().join("\n") + "\n"))
    }
}

/// What changed of a visit: a subject and a sentence.
fn said_of_visit(
    (language, what): (Language, CrewChange),
    whom: &str,
    (before, after): (&str, &str),
) -> (String, String) {
    match (language, what) {
        (Language::En, CrewChange::Moved) => {
            (format!("Moved to {after}: {whom}"), format!("The visit has moved from {before} to {after}."))
        }
        (Language::ZhCn, CrewChange::Moved) => {
            (format!("上门改到{after}：{whom}"), format!("上门时间由{before}改到{after}。"))
        }
        (Language::En, CrewChange::Given) => {
            (format!("Yours now, {after}: {whom}"), format!("This visit is yours now: {after}."))
        }
        (Language::ZhCn, CrewChange::Given) => {
            (format!("改由您上门，{after}：{whom}"), format!("这次上门改由您去：{after}。"))
        }
        (Language::En, CrewChange::Taken) => {
            (format!("No longer yours, {before}: {whom}"), format!("A colleague will now make the visit on {before}."))
        }
        (Language::ZhCn, CrewChange::Taken) => {
            (format!("不用您去了，{before}：{whom}"), format!("{before}的上门改由同事负责。"))
        }
        (Language::En, CrewChange::Cancelled) => {
            (format!("Called off, {before}: {whom}"), format!("The visit on {before} has been called off."))
        }
        (Language::ZhCn, CrewChange::Cancelled) => {
            (format!("上门取消，{before}：{whom}"), format!("{before}的上门已取消。"))
        }
    }
}

/// The same of a breakdown, which has no time that could be moved.
fn said_of_breakdown((language, what): (Language, CrewChange), whom: &str) -> (String, String) {
    let (subject, said) = match (language, what) {
        (Language::En, CrewChange::Cancelled) => (
            "Breakdown called off",
            "The breakdown has been called off, and nobody needs to come. If you are on your way, please turn back.",
        ),
        (Language::ZhCn, CrewChange::Cancelled) => ("报修取消", "报修已取消，不用上门了。如果已经出发，请返回。"),
        (Language::En, CrewChange::Taken) => {
            ("Breakdown, no longer yours", "A colleague is going to this breakdown in your place.")
        }
        (Language::ZhCn, CrewChange::Taken) => ("不用您去了，报修", "这次报修改由同事上门，您不用去了。"),
        (Language::En, CrewChange::Given | CrewChange::Moved) => {
            ("Breakdown, yours now", "Please look after this breakdown: it is yours now.")
        }
        (Language::ZhCn, CrewChange::Given | CrewChange::Moved) => ("报修由您上门", "这次报修由您上门处理。"),
    };
    match language {
        Language::En => (format!("{subject}: {whom}"), said.to_owned()),
        Language::ZhCn => (format!("{subject}：{whom}"), said.to_owned()),
    }
}

/// What the machines of a visit, or of a breakdown, are called.
fn numbers(connection: &dyn Session, kept: &Kept) -> Result<Vec<String>> {
    let case = match (kept.of, advisories::find(connection, &kept.case)?) {
        (WorkOf::Visit(visit), Some(case)) => {
            Some(part_of_visit(connection, &case, &bookings::get(connection, visit)?)?)
        }
        _ => None,
    };
    let machines = case.map_or_else(|| vec![kept.machine.clone()], |case| case.machines().cloned().collect());
    let number = |machine: &foretell_model::MachineId| {
        let own: Option<Machine> = registry::find(connection, machine.as_str())?;
        Ok(own.map_or_else(|| machine.to_string(), |own| own.number))
    };
    machines.iter().map(number).collect()
}

/// What became of a word. One that cannot be delivered stays on the page.
fn settle(
    connection: &dyn Session,
    kept: &Kept,
    fate: std::result::Result<(), DeliveryError>,
    now: Timestamp,
) -> Result<()> {
    let attempts = kept.attempts + 1;
    let (state, due) = fate_of_word(&fate, (kept.id, attempts, ATTEMPTS_MAX), now);
    if let Err(error) = fate
        && state != MessageState::Queued
    {
        tracing::warn!(technician = kept.technician, %error, "A technician was not told of a change; it is on the page.");
    }
    crews::set_state(connection, kept.id, state, attempts, due)
}
