//! The outbox: messages, the times they offer, opt-outs and silences.

use foretell_model::{FindingId, MachineId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::compose::Draft;
use crate::error::{OutreachError, Result};
use crate::governor::Kind;
use crate::slots::Slot;
use crate::views::MessageState;

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mail {
    /// Its number; 0 before it was first saved.
    pub(crate) id: i64,
    /// The case it belongs to.
    pub(crate) case: FindingId,
    /// About which machine.
    pub(crate) machine: MachineId,
    /// To which customer.
    pub(crate) customer: String,
    /// First message or reminder.
    pub(crate) kind: Kind,
    /// Where it is.
    pub(crate) state: MessageState,
    /// The text, once frozen or edited.
    pub(crate) text: Option<Draft>,
    /// Whether a person changed the text.
    pub(crate) edited: bool,
    /// Whether it may break quiet hours.
    pub(crate) urgent: bool,
    /// Not before then.
    pub(crate) due: Timestamp,
    /// Why it waits, failed or was withdrawn.
    pub(crate) reason: Option<String>,
    /// The channel that took it.
    pub(crate) channel: Option<String>,
    /// The medium it goes by.
    pub(crate) medium: Option<String>,
    /// The address it goes to.
    pub(crate) address: Option<String>,
    /// Failed attempts.
    pub(crate) attempts: u32,
    /// When it was handed to a channel.
    pub(crate) sent: Option<Timestamp>,
    /// When its link ends.
    pub(crate) expires: Timestamp,
}

const COLUMNS: &str = "id, advisory, machine, customer, kind, state, subject, body, edited, urgent, due, reason,
                       channel, medium, address, attempts, sent, expires";

impl Mail {
    /// Writes the message; a new one receives its number.
    pub(crate) fn save(&mut self, connection: &Connection) -> Result<()> {
        let (subject, body) = self.text.as_ref().map_or((None, None), |text| (Some(&text.subject), Some(&text.body)));
        let id = (self.id != 0).then_some(self.id);
        connection
            .prepare_cached(&format!(
                "INSERT INTO message ({COLUMNS})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
                 ON CONFLICT DO UPDATE SET state = ?6, subject = ?7, body = ?8, edited = ?9, urgent = ?10, due = ?11,
                     reason = ?12, channel = ?13, medium = ?14, address = ?15, attempts = ?16, sent = ?17, expires = ?18"
            ))?
            .execute(params![
                id,
                self.case.as_str(),
                self.machine.as_str(),
                self.customer,
                self.kind.name(),
                self.state.name(),
                subject,
                body,
                self.edited,
                self.urgent,
                self.due.millis(),
                self.reason,
                self.channel,
                self.medium,
                self.address,
                self.attempts,
                self.sent.map(Timestamp::millis),
                self.expires.millis()
            ])?;
        if self.id == 0 {
            self.id = connection.last_insert_rowid();
        }
        Ok(())
    }
}

/// One message.
pub(crate) fn get(connection: &Connection, id: i64) -> Result<Mail> {
    one(connection, "id = ?1", params![id])?.ok_or_else(|| OutreachError::missing("message", id))
}

/// The newest message of a case.
pub(crate) fn newest_of(connection: &Connection, case: &FindingId) -> Result<Option<Mail>> {
    one(connection, "advisory = ?1 ORDER BY id DESC LIMIT 1", params![case.as_str()])
}

/// Messages that ask to go out by now, oldest first.
pub(crate) fn due(connection: &Connection, now: Timestamp, max: u32) -> Result<Vec<Mail>> {
    many(connection, "state = 'queued' AND due <= ?1 ORDER BY due, id LIMIT ?2", params![now.millis(), max])
}

/// Messages in a state that is neither sent nor withdrawn.
pub(crate) fn in_state(connection: &Connection, state: MessageState) -> Result<Vec<Mail>> {
    many(connection, "state = ?1 AND state NOT IN ('sent', 'withdrawn') ORDER BY id", params![state.name()])
}

/// When the last invitation about a machine went out. One whose fate is unknown counts as gone out.
pub(crate) fn machine_last(connection: &Connection, machine: &MachineId) -> Result<Option<Timestamp>> {
    let last: Option<i64> = connection
        .prepare_cached(
            "SELECT max(sent) FROM message WHERE machine = ?1 AND kind = 'invitation' AND sent IS NOT NULL",
        )?
        .query_row([machine.as_str()], |row| row.get(0))?;
    Ok(last.map(Timestamp::from_millis))
}

/// When the newest messages went to a customer.
pub(crate) fn customer_sent(connection: &Connection, customer: &str, max: u32) -> Result<Vec<Timestamp>> {
    let mut query = connection.prepare_cached(
        "SELECT sent FROM message WHERE customer = ?1 AND sent IS NOT NULL ORDER BY sent DESC LIMIT ?2",
    )?;
    let times = query.query_map(params![customer, max], |row| row.get(0).map(Timestamp::from_millis))?;
    Ok(times.collect::<rusqlite::Result<_>>()?)
}

/// Reminders of a case that went out.
pub(crate) fn reminders(connection: &Connection, case: &FindingId) -> Result<u32> {
    Ok(connection
        .prepare_cached("SELECT count(*) FROM message WHERE advisory = ?1 AND kind = 'reminder' AND sent IS NOT NULL")?
        .query_row([case.as_str()], |row| row.get(0))?)
}

/// The times a message offers, soonest first.
pub(crate) fn offers(connection: &Connection, message: i64) -> Result<Vec<Slot>> {
    let mut query =
        connection.prepare_cached("SELECT start, end, idle FROM offer WHERE message = ?1 ORDER BY start")?;
    let slots = query.query_map([message], |row| {
        Ok(Slot {
            start: Timestamp::from_millis(row.get(0)?),
            end: Timestamp::from_millis(row.get(1)?),
            idle: row.get(2)?,
        })
    })?;
    Ok(slots.collect::<rusqlite::Result<_>>()?)
}

/// Replaces the times a message offers.
pub(crate) fn set_offers(connection: &Connection, message: i64, slots: &[Slot]) -> Result<()> {
    connection.prepare_cached("DELETE FROM offer WHERE message = ?1")?.execute([message])?;
    let mut insert =
        connection.prepare_cached("INSERT INTO offer (message, start, end, idle) VALUES (?1, ?2, ?3, ?4)")?;
    for slot in slots {
        insert.execute(params![message, slot.start.millis(), slot.end.millis(), slot.idle])?;
    }
    Ok(())
}

/// Whether a customer wants no messages on a medium.
pub(crate) fn opted_out(connection: &Connection, customer: &str, medium: &str) -> Result<bool> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM opt_out WHERE customer = ?1 AND medium = ?2")?
        .exists([customer, medium])?)
}

/// Records that a customer wants no messages on a medium. For good.
pub(crate) fn opt_out(connection: &Connection, customer: &str, medium: &str, now: Timestamp) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO opt_out (customer, medium, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
        .execute(params![customer, medium, now.millis()])?;
    Ok(())
}

/// The silence a customer asked for about a machine.
pub(crate) fn not_now(connection: &Connection, machine: &MachineId) -> Result<Option<Timestamp>> {
    let until: Option<i64> = connection
        .prepare_cached("SELECT until FROM not_now WHERE machine = ?1")?
        .query_row([machine.as_str()], |row| row.get(0))
        .optional()?;
    Ok(until.map(Timestamp::from_millis))
}

/// Records a silence.
pub(crate) fn set_not_now(connection: &Connection, machine: &MachineId, until: Timestamp) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO not_now (machine, until) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET until = ?2")?
        .execute(params![machine.as_str(), until.millis()])?;
    Ok(())
}

/// How many messages are in each state.
pub(crate) fn by_state(connection: &Connection) -> Result<Vec<(String, u32)>> {
    let mut query = connection.prepare_cached("SELECT state, count(*) FROM message GROUP BY state")?;
    Ok(query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
}

fn one(connection: &Connection, condition: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Option<Mail>> {
    Ok(many(connection, condition, values)?.into_iter().next())
}

fn many(connection: &Connection, condition: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Mail>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM message WHERE {condition}"))?;
    let mut rows = query.query(values)?;
    let mut mails = Vec::new();
    while let Some(row) = rows.next()? {
        mails.push(parse(row)?);
    }
    Ok(mails)
}

fn parse(row: &Row<'_>) -> Result<Mail> {
    let id: i64 = row.get(0)?;
    let broken =
        |what: &str, text: &str| OutreachError::corrupt(format!("message {id}"), format!("its {what} is `{text}`"));
    let (machine, state): (String, String) = (row.get(2)?, row.get(5)?);
    let text = match (row.get(6)?, row.get(7)?) {
        (Some(subject), Some(body)) => Some(Draft { subject, body }),
        _ => None,
    };
    Ok(Mail {
        id,
        case: FindingId::from_text(&row.get::<_, String>(1)?),
        machine: MachineId::parse(&machine).map_err(|_| broken("machine", &machine))?,
        customer: row.get(3)?,
        kind: Kind::from_name(&row.get::<_, String>(4)?),
        state: MessageState::from_name(&state).ok_or_else(|| broken("state", &state))?,
        text,
        edited: row.get(8)?,
        urgent: row.get(9)?,
        due: Timestamp::from_millis(row.get(10)?),
        reason: row.get(11)?,
        channel: row.get(12)?,
        medium: row.get(13)?,
        address: row.get(14)?,
        attempts: row.get(15)?,
        sent: row.get::<_, Option<i64>>(16)?.map(Timestamp::from_millis),
        expires: Timestamp::from_millis(row.get(17)?),
    })
}
