//! The outbox: messages, the times they offer, and silences.

use foretell_model::{FindingId, MachineId, Timestamp};

use super::{Row, Session, Value, values};
use crate::compose::Draft;
use crate::error::{OutreachError, Result};
use crate::governor::{Kind, Reason};
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
    /// Why the governor holds it; until when is `due`.
    pub(crate) held: Option<Reason>,
    /// Why it failed or was withdrawn.
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
    /// What a text that a person wrote, or that went out, claims, as [`crate::edits`] keeps it.
    pub(crate) claims: Option<String>,
}

const COLUMNS: &str = "id, advisory, machine, customer, kind, state, subject, body, edited, urgent, due, reason,
                       channel, medium, address, attempts, sent, expires, held, short, claims";

impl Mail {
    /// Makes it a draft of the template again. Why is kept, with a person's words below, so that nobody has to write them twice.
    pub(crate) fn begin_anew(&mut self, why: &str) {
        let written = self.text.take().filter(|_| self.edited);
        let reason = written.map_or_else(|| why.to_owned(), |text| format!("{why}\n{}\n\n{}", text.subject, text.body));
        (self.state, self.edited, self.reason) = (MessageState::Draft, false, Some(reason));
        self.claims = None;
    }

    /// A message that was not saved yet and asks to go out from `now` on; its link ends with `expires`.
    pub(crate) fn new(
        (case, kind): (&FindingId, Kind),
        machine: &MachineId,
        customer: &str,
        now: Timestamp,
        expires: Timestamp,
    ) -> Self {
        Self {
            id: 0,
            case: case.clone(),
            machine: machine.clone(),
            customer: customer.to_owned(),
            kind,
            state: MessageState::Queued,
            text: None,
            edited: false,
            urgent: false,
            due: now,
            held: None,
            reason: None,
            channel: None,
            medium: None,
            address: None,
            attempts: 0,
            sent: None,
            expires,
            claims: None,
        }
    }

    /// Writes the message; a new one receives its number.
    pub(crate) fn save(&mut self, connection: &dyn Session) -> Result<()> {
        let text = self.text.as_ref();
        let part = |of: fn(&Draft) -> &String| text.map(|text| of(text).as_str());
        let held = self.held.as_ref().map(serde_json::to_string).transpose();
        let held = held.map_err(|e| OutreachError::corrupt("why a message is held", e))?;
        let columns = values![
            self.case.as_str(),
            self.machine.as_str(),
            self.customer.as_str(),
            self.kind.name(),
            self.state.name(),
            part(|text| &text.subject),
            part(|text| &text.body),
            self.edited,
            self.urgent,
            self.due,
            self.reason.clone(),
            self.channel.clone(),
            self.medium.clone(),
            self.address.clone(),
            self.attempts,
            self.sent,
            self.expires,
            held,
            part(|text| &text.short),
            self.claims.clone(),
        ];
        if self.id == 0 {
            let sql =
                "INSERT INTO message (advisory, machine, customer, kind, state, subject, body, edited, urgent, due,
                           reason, channel, medium, address, attempts, sent, expires, held, short, claims)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
                               ?20)
                       RETURNING id";
            self.id = connection.first(sql, columns)?.map_or(Ok(0), |row| row.get(0))?;
            return Ok(());
        }
        let mut known: Vec<Value> = columns[4..].to_vec();
        known.push(self.id.into());
        let sql =
            "UPDATE message SET state = ?1, subject = ?2, body = ?3, edited = ?4, urgent = ?5, due = ?6, reason = ?7,
                       channel = ?8, medium = ?9, address = ?10, attempts = ?11, sent = ?12, expires = ?13,
                       held = ?14, short = ?15, claims = ?16
                   WHERE id = ?17";
        connection.execute(sql, &known)?;
        Ok(())
    }
}

/// One message.
pub(crate) fn get(connection: &dyn Session, id: i64) -> Result<Mail> {
    one(connection, "id = ?1", values![id])?.ok_or_else(|| OutreachError::missing("message", id))
}

/// The newest letter of a case: invitation or reminder. Word about its visit is no letter that waits for an answer.
pub(crate) fn newest_of(connection: &dyn Session, case: &FindingId) -> Result<Option<Mail>> {
    let letters = "advisory = ?1 AND kind IN ('invitation', 'reminder') ORDER BY id DESC LIMIT 1";
    one(connection, letters, values![case.as_str()])
}

/// Messages of a case whose links open and may be in somebody's hands: what went out, and a letter that was approved, whatever
/// became of it since.
pub(crate) fn with_links(connection: &dyn Session, case: &FindingId) -> Result<Vec<Mail>> {
    let condition =
        "advisory = ?1 AND address IS NOT NULL AND state <> 'draft' AND (state <> 'queued' OR kind = 'invitation')
                     AND id NOT IN (SELECT message FROM revoked_link) ORDER BY id";
    many(connection, condition, values![case.as_str()])
}

/// The newest word about a case's visit.
pub(crate) fn newest_word_of(connection: &dyn Session, case: &FindingId) -> Result<Option<Mail>> {
    let words = "advisory = ?1 AND kind IN ('confirmation', 'follow_up') ORDER BY id DESC LIMIT 1";
    one(connection, words, values![case.as_str()])
}

/// Whether a case has a letter that was handed to a channel and whose fate is not recorded yet.
pub(crate) fn is_on_its_way(connection: &dyn Session, case: &FindingId) -> Result<bool> {
    let sql = "SELECT 1 FROM message WHERE advisory = ?1 AND state = 'sending' AND kind IN ('invitation', 'reminder')";
    connection.exists(sql, values![case.as_str()])
}

/// Everything that went out in a case, or may have, newest first.
pub(crate) fn gone_out(connection: &dyn Session, case: &FindingId) -> Result<Vec<Mail>> {
    let condition = "advisory = ?1 AND sent IS NOT NULL AND body IS NOT NULL ORDER BY sent DESC, id DESC LIMIT 50";
    many(connection, condition, values![case.as_str()])
}

/// Letters that went out whose subjects hold a text in lower case, newest first; by LIKE, which every database has.
pub(crate) fn called(connection: &dyn Session, text: &str, max: u32) -> Result<Vec<Mail>> {
    let held = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    let condition = "sent IS NOT NULL AND lower(subject) LIKE ?1 ESCAPE '!' ORDER BY sent DESC, id DESC LIMIT ?2";
    many(connection, condition, values![format!("%{held}%"), max])
}

/// Whether any word about a case went out.
pub(crate) fn has_sent(connection: &dyn Session, case: &FindingId) -> Result<bool> {
    connection.exists("SELECT 1 FROM message WHERE advisory = ?1 AND sent IS NOT NULL", values![case.as_str()])
}

/// Whether a case has a letter that has not gone out, other than this one.
pub(crate) fn has_unsent_beside(connection: &dyn Session, mail: &Mail) -> Result<bool> {
    let sql = "SELECT 1 FROM message WHERE advisory = ?1 AND id <> ?2 AND kind IN ('invitation', 'reminder')
               AND state IN ('draft', 'queued', 'sending')";
    connection.exists(sql, values![mail.case.as_str(), mail.id])
}

/// The newest message of a kind in a case.
pub(crate) fn newest_of_kind(connection: &dyn Session, case: &FindingId, kind: Kind) -> Result<Option<Mail>> {
    one(connection, "advisory = ?1 AND kind = ?2 ORDER BY id DESC LIMIT 1", values![case.as_str(), kind.name()])
}

/// Whether a message of a case went out to a customer since it was last said how far the customer's dissatisfaction has gone.
pub(crate) fn has_spoken(connection: &dyn Session, case: &FindingId, customer: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM message WHERE advisory = ?1 AND state IN ('sent', 'unknown') AND sent >
               coalesce((SELECT at FROM stage_change WHERE customer = ?2 ORDER BY id DESC LIMIT 1), 0)";
    connection.exists(sql, values![case.as_str(), customer])
}

/// The newest message of a kind that went out in a case.
pub(crate) fn newest_sent_of_kind(connection: &dyn Session, case: &FindingId, kind: Kind) -> Result<Option<Mail>> {
    let condition = "advisory = ?1 AND kind = ?2 AND state = 'sent' ORDER BY id DESC LIMIT 1";
    one(connection, condition, values![case.as_str(), kind.name()])
}

/// Messages of a kind about a machine that wait in the outbox.
pub(crate) fn queued_about(connection: &dyn Session, machine: &MachineId, kind: Kind) -> Result<Vec<Mail>> {
    let condition = "(machine = ?1 OR advisory IN (SELECT advisory FROM alongside WHERE machine = ?1))
                     AND kind = ?2 AND state = 'queued' ORDER BY id";
    many(connection, condition, values![machine.as_str(), kind.name()])
}

/// Messages that ask to go out by now: what is urgent, then oldest first.
pub(crate) fn due(connection: &dyn Session, now: Timestamp, max: u32) -> Result<Vec<Mail>> {
    many(connection, "state = 'queued' AND due <= ?1 ORDER BY urgent DESC, due, id LIMIT ?2", values![now, max])
}

/// Messages in a state that is neither sent nor withdrawn.
pub(crate) fn in_state(connection: &dyn Session, state: MessageState) -> Result<Vec<Mail>> {
    many(connection, "state = ?1 AND state NOT IN ('sent', 'withdrawn') ORDER BY id", values![state.name()])
}

/// Messages delivered by a medium whose links still work, newest first.
pub(crate) fn sent_by(connection: &dyn Session, medium: &str, now: Timestamp, max: u32) -> Result<Vec<Mail>> {
    let condition = "medium = ?1 AND sent IS NOT NULL AND state = 'sent' AND expires > ?2 ORDER BY id DESC LIMIT ?3";
    many(connection, condition, values![medium, now, max])
}

/// When the last invitation about a machine went out. One whose fate is unknown counts as gone out.
pub(crate) fn machine_last(connection: &dyn Session, machine: &MachineId) -> Result<Option<Timestamp>> {
    let sql = "SELECT max(sent) FROM
                   (SELECT max(sent) AS sent FROM message WHERE machine = ?1 AND kind = 'invitation' AND sent IS NOT NULL
                    UNION ALL
                    SELECT max(sent) FROM alongside JOIN message ON message.advisory = alongside.advisory
                    WHERE alongside.machine = ?1 AND kind = 'invitation' AND sent IS NOT NULL) AS letters";
    connection.first(sql, values![machine.as_str()])?.map_or(Ok(None), |row| row.get(0))
}

/// When the newest messages of the kinds that count went to a customer.
pub(crate) fn customer_sent(connection: &dyn Session, customer: &str, max: u32) -> Result<Vec<Timestamp>> {
    let sql = "SELECT sent FROM message WHERE customer = ?1 AND sent IS NOT NULL AND kind IN ('invitation', 'reminder')
               ORDER BY sent DESC LIMIT ?2";
    connection.query(sql, values![customer, max])?.iter().map(|row| row.get(0)).collect()
}

/// When a letter of a case last went out.
pub(crate) fn last_letter(connection: &dyn Session, case: &FindingId) -> Result<Option<Timestamp>> {
    let sql =
        "SELECT max(sent) FROM message WHERE advisory = ?1 AND kind IN ('invitation', 'reminder') AND sent IS NOT NULL";
    connection.first(sql, values![case.as_str()])?.map_or(Ok(None), |row| row.get(0))
}

/// Messages of a kind that went out in a case.
pub(crate) fn sent_of_kind(connection: &dyn Session, case: &FindingId, kind: Kind) -> Result<u32> {
    let sql = "SELECT count(*) FROM message WHERE advisory = ?1 AND kind = ?2 AND sent IS NOT NULL";
    connection.count(sql, values![case.as_str(), kind.name()])
}

/// The times a message offers, soonest first.
pub(crate) fn offers(connection: &dyn Session, message: i64) -> Result<Vec<Slot>> {
    let rows = connection
        .query("SELECT begins, ends, idle FROM offer WHERE message = ?1 ORDER BY begins", values![message])?;
    rows.iter().map(|row| Ok(Slot { start: row.get(0)?, end: row.get(1)?, idle: row.get(2)? })).collect()
}

/// Times that begin within a span and that customers were offered and have not answered, soonest first.
pub(crate) fn unanswered(connection: &dyn Session, from: Timestamp, to: Timestamp) -> Result<Vec<(FindingId, Slot)>> {
    let sql = "SELECT DISTINCT message.advisory, offer.begins, offer.ends, offer.idle
               FROM offer JOIN message ON message.id = offer.message JOIN advisory ON advisory.id = message.advisory
               WHERE offer.begins >= ?1 AND offer.begins < ?2 AND message.state IN ('queued', 'sending', 'sent', 'unknown')
                     AND advisory.stage IN ('queued', 'contacted')
               ORDER BY offer.begins, message.advisory";
    let rows = connection.query(sql, values![from, to])?;
    let offered = |row: &Row| {
        let slot = Slot { start: row.get(1)?, end: row.get(2)?, idle: row.get(3)? };
        Ok((FindingId::from_text(&row.get::<String>(0)?), slot))
    };
    rows.iter().map(offered).collect()
}

/// The times that stood in a message when it went out, soonest first; none of one that went out before that was kept.
pub(crate) fn offered(connection: &dyn Session, message: i64) -> Result<Vec<Slot>> {
    let rows =
        connection.query("SELECT begins, ends FROM offered WHERE message = ?1 ORDER BY begins", values![message])?;
    rows.iter().map(|row| Ok(Slot { start: row.get(0)?, end: row.get(1)?, idle: false })).collect()
}

/// Keeps the times that stand in a message as it goes out.
pub(crate) fn keep_offered(connection: &dyn Session, message: i64, slots: &[Slot]) -> Result<()> {
    connection.execute("DELETE FROM offered WHERE message = ?1", values![message])?;
    for slot in slots {
        let sql = "INSERT INTO offered (message, begins, ends) VALUES (?1, ?2, ?3)";
        connection.execute(sql, values![message, slot.start, slot.end])?;
    }
    Ok(())
}

/// Replaces the times a message offers.
pub(crate) fn set_offers(connection: &dyn Session, message: i64, slots: &[Slot]) -> Result<()> {
    connection.execute("DELETE FROM offer WHERE message = ?1", values![message])?;
    for slot in slots {
        connection.execute(
            "INSERT INTO offer (message, begins, ends, idle) VALUES (?1, ?2, ?3, ?4)",
            values![message, slot.start, slot.end, slot.idle],
        )?;
    }
    Ok(())
}

/// The silence a customer asked for about a machine.
pub(crate) fn not_now(connection: &dyn Session, machine: &MachineId) -> Result<Option<Timestamp>> {
    let row = connection.first("SELECT until FROM not_now WHERE machine = ?1", values![machine.as_str()])?;
    row.map(|row| row.get(0)).transpose()
}

/// Records a silence.
pub(crate) fn set_not_now(
    connection: &dyn Session,
    machine: &MachineId,
    until: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO not_now (machine, until, since) VALUES (?1, ?2, ?3)
               ON CONFLICT (machine) DO UPDATE SET until = ?2, since = ?3";
    connection.execute(sql, values![machine.as_str(), until, now]).map(drop)
}

/// Ends a silence.
pub(crate) fn end_not_now(connection: &dyn Session, machine: &MachineId) -> Result<()> {
    connection.execute("DELETE FROM not_now WHERE machine = ?1", values![machine.as_str()]).map(drop)
}

/// How many messages are in each state.
pub(crate) fn by_state(connection: &dyn Session) -> Result<Vec<(String, u32)>> {
    let rows = connection.query("SELECT state, count(*) FROM message GROUP BY state", &[])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

fn one(connection: &dyn Session, condition: &str, values: &[Value]) -> Result<Option<Mail>> {
    Ok(many(connection, condition, values)?.into_iter().next())
}

/// Messages that fulfil a condition in the SQL of the store.
pub(super) fn many(connection: &dyn Session, condition: &str, values: &[Value]) -> Result<Vec<Mail>> {
    connection.query(&format!("SELECT {COLUMNS} FROM message WHERE {condition}"), values)?.iter().map(parse).collect()
}

fn parse(row: &Row) -> Result<Mail> {
    let id: i64 = row.get(0)?;
    let broken =
        |what: &str, text: &str| OutreachError::corrupt(format!("message {id}"), format!("its {what} is `{text}`"));
    let (machine, state): (String, String) = (row.get(2)?, row.get(5)?);
    let held: Option<String> = row.get(18)?;
    let text = match (row.get::<Option<String>>(6)?, row.get::<Option<String>>(7)?) {
        // Written before there were short forms: the subject says what it is about.
        (Some(subject), Some(body)) => {
            let short: Option<String> = row.get(19)?;
            Some(Draft { short: short.unwrap_or_else(|| subject.clone()), subject, body })
        }
        _ => None,
    };
    Ok(Mail {
        id,
        case: FindingId::from_text(&row.get::<String>(1)?),
        machine: MachineId::parse(&machine).map_err(|_| broken("machine", &machine))?,
        customer: row.get(3)?,
        kind: Kind::from_name(&row.get::<String>(4)?),
        state: MessageState::from_name(&state).ok_or_else(|| broken("state", &state))?,
        text,
        edited: row.get(8)?,
        urgent: row.get(9)?,
        due: row.get(10)?,
        reason: row.get(11)?,
        channel: row.get(12)?,
        medium: row.get(13)?,
        address: row.get(14)?,
        attempts: row.get(15)?,
        sent: row.get(16)?,
        expires: row.get(17)?,
        claims: row.get(20)?,
        held: held.map(|text| serde_json::from_str(&text)).transpose().map_err(|_| broken("hold", "not readable"))?,
    })
}
