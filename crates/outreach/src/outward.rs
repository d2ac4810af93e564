//! What others may read: the current advisory per machine for MQTT, a machine's cases for its page, coming visits,
//! counts for the metrics.

use std::collections::{BTreeMap, HashMap};

use foretell_model::{Finding, FindingId, MachineId, Timestamp};
use serde_json::json;

use crate::channel::{DeliveryError, Mqtt};
use crate::error::Result;
use crate::governor::Kind;
use crate::outbox::settle::settle;
use crate::slots::Slot;
use crate::store::{Mail, Session, advisories, bookings, care, messages, service_cases};
use crate::views::{Booking, Figures, MessageState, Stage, Ticked};
use crate::visits::booking;
use crate::{CustomerStage, MachineContext, Outreach, service};

/// Messages on MQTT at once; a fleet has fewer open invitations by far.
const MQTT_MAX: u32 = 10_000;

/// What is to stand on MQTT about one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MqttMessage {
    /// About which machine.
    pub machine: MachineId,
    /// By which channel it goes.
    pub channel: String,
    /// The message as JSON; empty when none waits for an answer.
    pub payload: String,
}

/// Whether the customer has not answered a message yet.
fn is_waiting(connection: &dyn Session, mail: &Mail) -> Result<bool> {
    Ok(match service_cases::number(&mail.case) {
        Some(number) => service_cases::get(connection, number)?.closed.is_none(),
        None => advisories::find(connection, &mail.case)?.is_some_and(|case| case.stage == Stage::Contacted),
    })
}

impl Outreach {
    /// The newest message of every machine that went out by MQTT and has not been answered; empty where all are answered, so that
    /// what an earlier process published is cleared too.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn messages_for_mqtt(&self, now: Timestamp) -> Result<Vec<MqttMessage>> {
        self.store.read("list the messages for MQTT", |c| {
            let mut found: BTreeMap<(String, MachineId), String> = BTreeMap::new();
            for mail in messages::sent_by(c, Mqtt::MEDIUM, now, MQTT_MAX)? {
                let is_waiting = is_waiting(c, &mail)?;
                let payload =
                    found.entry((mail.channel.clone().unwrap_or_default(), mail.machine.clone())).or_default();
                if is_waiting && payload.is_empty() {
                    *payload = self.mqtt_payload(&mail);
                }
            }
            let message = |((channel, machine), payload)| MqttMessage { machine, channel, payload };
            Ok(found.into_iter().map(message).collect())
        })
    }

    /// A broker has refused the newest message about a machine that went to it by a channel: it has not arrived. The customer's next
    /// channel is asked by the same rules as after any other refusal; without one the case waits for the advisor. `None` when no such
    /// message waits for an answer any more.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn refused_by_mqtt(
        &self,
        channel: &str,
        machine: &MachineId,
        why: &str,
        now: Timestamp,
    ) -> Result<Option<Ticked>> {
        self.store.write("record a message that a broker refuses", |tx| {
            for mail in messages::sent_by(tx, Mqtt::MEDIUM, now, MQTT_MAX)? {
                if mail.channel.as_deref() == Some(channel) && mail.machine == *machine && is_waiting(tx, &mail)? {
                    let case = advisories::find(tx, &mail.case)?;
                    if let Some(mut case) = case.filter(|_| mail.kind == Kind::Invitation) {
                        // As it was before the letter counted as sent, or no other way would be tried.
                        case.move_to(tx, Stage::Queued, None, None, now)?;
                    }
                    let fate = Err(DeliveryError::Permanent(format!("by the broker: {why}")));
                    return settle(self, tx, mail, fate, now).map(Some);
                }
            }
            Ok(None)
        })
    }

    fn mqtt_payload(&self, mail: &Mail) -> String {
        let text = mail.text.clone().unwrap_or_default();
        let link = (!mail.kind.is_about_trouble()).then(|| self.link(mail));
        let (id, at) = (format!("foretell-{}", mail.id), mail.sent.unwrap_or_default().to_string());
        json!({ "id": id, "at": at, "subject": text.subject, "text": text.body, "short": text.short, "link": link, "urgent": mail.urgent })
            .to_string()
    }

    /// The current advisory of every machine that has one: the most pressing open finding of grade `advise` or `urgent`, by
    /// machine. `watch` stays inside the company.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn advisories(&self) -> Result<Vec<Finding>> {
        Ok(self.desk()?.advisories().into_iter().cloned().collect())
    }

    /// Work that is due on a machine by its running hours, a finding for each: what its open cases announce, and what its own tasks
    /// make due by that counter at that instant, though nobody may have looked at them since.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn works_due_of(&self, machine: &MachineId, context: &MachineContext, now: Timestamp) -> Result<Vec<Finding>> {
        let desk = self.desk()?;
        let mut due = desk.works_due_of(machine);
        let own = desk.machine(machine);
        let reckoned =
            own.and_then(|own| service::due(machine, own, context, self.options.service_horizon_days, 0, now));
        for work in reckoned.iter().flat_map(service::by_work) {
            if due.iter().all(|known| known.fault != work.fault) {
                due.push(work);
            }
        }
        Ok(due)
    }

    /// Times within a span that customers were offered and have not answered, soonest first, with their cases.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn offered(&self, from: Timestamp, to: Timestamp) -> Result<Vec<(FindingId, Slot)>> {
        self.store.read("list what is offered", |c| messages::unanswered(c, from, to))
    }

    /// The stage of every customer that is at one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn customer_stages(&self) -> Result<HashMap<String, CustomerStage>> {
        self.store.read("list the stages of customers", |c| Ok(care::stages(c)?.into_iter().collect()))
    }

    /// The current advisory of one machine; `None` when there is none (then an empty retained message belongs on MQTT).
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn advisory_of(&self, machine: &MachineId) -> Result<Option<Finding>> {
        self.store.read("read a machine's advisory", |c| {
            let open = advisories::open_of(c, machine)?.into_iter().map(|case| case.finding);
            Ok(open.filter(is_outward).max_by(|a, b| rank(a).total_cmp(&rank(b))))
        })
    }

    /// A machine's open cases, oldest first, the internal ones included.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn cases_of(&self, machine: &MachineId) -> Result<Vec<(Finding, Stage)>> {
        self.store.read("list a machine's cases", |c| {
            Ok(advisories::open_of(c, machine)?.into_iter().map(|case| (case.as_told(), case.stage)).collect())
        })
    }

    /// Booked visits that have not ended, soonest first, at most `max`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn visits(&self, now: Timestamp, max: u32) -> Result<Vec<Booking>> {
        self.store.read("list the visits", |c| {
            bookings::upcoming(c, now, max)?.into_iter().map(|stay| booking(c, stay)).collect()
        })
    }

    /// Counts for the metrics.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn figures(&self) -> Result<Figures> {
        self.store.read("count cases and messages", |c| {
            let (cases, mails) = (advisories::by_stage(c)?, messages::by_state(c)?);
            let of = |counts: &[(String, u32)], name: &str| {
                counts.iter().find(|(counted, _)| counted == name).map_or(0, |(_, n)| *n)
            };
            Ok(Figures {
                cases: Stage::ALL.iter().map(|stage| (*stage, of(&cases, stage.name()))).collect(),
                messages: MessageState::ALL.iter().map(|state| (*state, of(&mails, state.name()))).collect(),
                bookings: bookings::count_booked(c)?,
            })
        })
    }
}

fn is_outward(finding: &Finding) -> bool {
    finding.grade >= foretell_model::Grade::Advise
}

/// Urgent before advise, then the more likely one.
fn rank(finding: &Finding) -> f64 {
    f64::from(finding.grade == foretell_model::Grade::Urgent) * 2.0 + finding.likelihood
}
