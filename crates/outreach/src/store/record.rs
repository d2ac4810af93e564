//! The record: who did what, when and why. Nothing is ever changed or deleted here; the database itself refuses.

use std::collections::BTreeMap;

use foretell_model::{FindingId, Timestamp};

use super::{Row, Session, Stay, Value, alongside, messages, values};
use crate::error::Result;
use crate::governor::Kind;
use crate::views::{Happening, RecordFilter};

/// Codes of what passes between us and the customer; the console words them. An invitation went out; by which channel.
pub(crate) const INVITATION_SENT: &str = "invitation_sent";
/// A reminder went out; by which channel.
pub(crate) const REMINDER_SENT: &str = "reminder_sent";
/// Word that a promise about a breakdown is about to slip went out; by which channel. Older records call it and the next three
/// `notice_sent`.
pub(crate) const LATE_SENT: &str = "late_sent";
/// Word about who comes to a breakdown went out; by which channel.
pub(crate) const ON_THE_WAY_SENT: &str = "on_the_way_sent";
/// Word about what was found there went out; by which channel.
pub(crate) const PROGRESS_SENT: &str = "progress_sent";
/// Word that it is mended went out; by which channel.
pub(crate) const CLOSING_SENT: &str = "closing_sent";
/// A visit was booked; when.
pub(crate) const VISIT_BOOKED: &str = "visit_booked";
/// The visit was moved; to when.
pub(crate) const VISIT_MOVED: &str = "visit_moved";
/// Another machine joined a visit or the letter about one; the visit as it is then.
pub(crate) const VISIT_JOINED: &str = "visit_joined";
/// The visit was cancelled; which.
pub(crate) const VISIT_CANCELLED: &str = "visit_cancelled";
/// The visit took place; when.
pub(crate) const VISIT_DONE: &str = "visit_done";
/// The technician set out for the visit.
pub(crate) const SET_OUT: &str = "set_out";
/// The technician arrived at the visit.
pub(crate) const VISIT_ON_SITE: &str = "visit_on_site";
/// The customer chose how we may write.
pub(crate) const WISHED: &str = "wished";
/// The visit did not take place; why.
pub(crate) const VISIT_MISSED: &str = "visit_missed";
/// The customer said not now; for how many days.
pub(crate) const NOT_NOW: &str = "not_now";
/// A customer was handed over to another advisor, named first.
pub(crate) const HANDED_OVER: &str = "handed_over";
/// The customer wants no such messages; on which medium.
pub(crate) const STOPPED: &str = "stopped";
/// The customer wants such messages again; on which medium.
pub(crate) const RESUMED: &str = "resumed";
/// The customer wishes another time; in the customer's words.
pub(crate) const OTHER_TIME: &str = "other_time";
/// The customer replied by SMS, chat or mail; on which medium and in whose words.
pub(crate) const REPLIED: &str = "replied";
/// The advisor took the customer's link back; why.
pub(crate) const LINK_REVOKED: &str = "link_revoked";
/// A call ended the case; the advisor's remark.
pub(crate) const CALLED_CLOSED: &str = "called_closed";
/// A call asked for a new letter; the advisor's remark.
pub(crate) const CALLED_LETTER: &str = "called_letter";
/// When a visit would suit best, as said in that call; a code of [`foretell_model::WishedTime`].
pub(crate) const TIMES_WISHED: &str = "times_wished";
/// A call reached nobody; the advisor's remark.
pub(crate) const CALLED_UNREACHED: &str = "called_unreached";
/// Something broke; in whose words.
pub(crate) const TROUBLE_REPORTED: &str = "trouble_reported";
/// What the customer replied after the repair was answered; the advisor's remark.
pub(crate) const REPLY_ANSWERED: &str = "reply_answered";
/// The customer was called back about it; the advisor's remark.
pub(crate) const TROUBLE_CALLED: &str = "trouble_called";
/// A technician was sent; who.
pub(crate) const TROUBLE_ASSIGNED: &str = "trouble_assigned";
/// The technician arrived.
pub(crate) const TROUBLE_ON_SITE: &str = "trouble_on_site";
/// What was found on site and how many minutes it still takes.
pub(crate) const TROUBLE_FOUND: &str = "trouble_found";
/// Word after a job went out; by which channel.
pub(crate) const FOLLOW_UP_SENT: &str = "follow_up_sent";
/// Word that a visit was booked or moved went out; by which channel.
pub(crate) const CONFIRMATION_SENT: &str = "confirmation_sent";
/// Word that a visit was cancelled went out; by which channel.
pub(crate) const CANCELLATION_SENT: &str = "cancellation_sent";
/// The calendar file of a visit went out alone: the customer had been told on the telephone; by which channel.
pub(crate) const CALENDAR_SENT: &str = "calendar_sent";
/// A technician's note was written for a customer who reads another language; the text.
pub(crate) const NOTE_WRITTEN: &str = "note_written";
/// The arrival at a visit was entered by mistake; why.
pub(crate) const VISIT_NOT_ON_SITE: &str = "visit_not_on_site";
/// The report of a visit was taken back; which visit, and why.
pub(crate) const VISIT_REOPENED: &str = "visit_reopened";
/// What was found at a visit was taken back with its report; what it had been.
pub(crate) const VERDICT_TAKEN_BACK: &str = "verdict_taken_back";
/// The customer took back that another time was wished, or that it was not to be now.
pub(crate) const ANSWER_TAKEN_BACK: &str = "answer_taken_back";
/// The arrival at a broken machine was entered by mistake; why.
pub(crate) const TROUBLE_NOT_ON_SITE: &str = "trouble_not_on_site";
/// Nothing was broken; why.
pub(crate) const TROUBLE_WITHDRAWN: &str = "trouble_withdrawn";
/// The machine came to another customer while its case was open, which goes on under another number: the one that
/// ended says under which.
pub(crate) const TROUBLE_PASSED_ON: &str = "trouble_passed_on";
/// A case that was closed by mistake is open again; why.
pub(crate) const TROUBLE_REOPENED: &str = "trouble_reopened";
/// Word that nobody comes, because nothing is broken, went out; by which channel.
pub(crate) const CALLED_OFF_SENT: &str = "called_off_sent";
/// Word that it is not over, although the customer was told so, went out; by which channel.
pub(crate) const STILL_OPEN_SENT: &str = "still_open_sent";
/// A manager is told once quiet hours are over; whose account.
pub(crate) const MANAGER_HELD: &str = "manager_held";
/// A manager was told that a customer complains; whose account.
pub(crate) const MANAGER_TOLD: &str = "manager_told";
/// A manager was not told of it, or perhaps not; why.
pub(crate) const MANAGER_UNTOLD: &str = "manager_untold";
/// It is mended; the remark.
pub(crate) const TROUBLE_CLOSED: &str = "trouble_closed";

/// Who is no person in the record.
const PARTS: [&str; 8] =
    ["engine", "governor", "outbox", "controller", "foretell", "registry", "configuration", "automatic approval"];

/// Who stands in the record beside those parts, and is no colleague with an account either.
const NO_COLLEAGUES: [&str; 8] =
    ["customer", "technician", "console", "command", "command line", "first start", "import", "demo"];

/// Whether a name in the record is no colleague's.
pub(crate) fn is_nobody(name: &str) -> bool {
    PARTS.contains(&name) || NO_COLLEAGUES.contains(&name)
}

/// A visit's time as the record keeps it: in no language and no zone.
pub(crate) fn span(start: Timestamp, end: Timestamp) -> String {
    format!("{start}/{end}")
}

/// The same of a visit that an advisor changed, with why in the advisor's words.
pub(crate) fn span_because(stay: &Stay, why: &str) -> String {
    format!("{} {}", span(stay.start, stay.end), why.trim()).trim_end().to_owned()
}

/// The two instants of a visit's time and the words behind, of what [`span`] or [`span_because`] wrote.
pub(crate) fn parse_span(text: &str) -> Option<(&str, &str, &str)> {
    let (span, why) = text.split_once(' ').unwrap_or((text, ""));
    let (from, to) = span.split_once('/')?;
    [from, to].iter().all(|t| Timestamp::parse(t).is_ok()).then_some((from, to, why))
}

/// Whether a customer asked in a call for a letter about a case, at or after an instant.
pub(crate) fn letter_asked_since(connection: &dyn Session, advisory: &str, since: Timestamp) -> Result<bool> {
    let sql = "SELECT 1 FROM happening WHERE advisory = ?1 AND what = ?2 AND at >= ?3 LIMIT 1";
    connection.exists(sql, values![advisory, CALLED_LETTER, since])
}

/// When a customer last asked in a call for a letter about a case.
pub(crate) fn last_talk(connection: &dyn Session, advisory: &str) -> Result<Option<Timestamp>> {
    let sql = "SELECT max(at) FROM happening WHERE advisory = ?1 AND what = ?2";
    connection.first(sql, values![advisory, CALLED_LETTER])?.map_or(Ok(None), |row| row.get(0))
}

/// When a visit would suit the customer best, as told in the last talk about a case, with when that was; `None` where that said
/// nothing of it.
pub(crate) fn wish_of_last_talk(connection: &dyn Session, advisory: &str) -> Result<Option<(Timestamp, String)>> {
    let sql = "SELECT at, why FROM happening WHERE advisory = ?1 AND what = ?2 ORDER BY id DESC LIMIT 1";
    let row = connection.first(sql, values![advisory, TIMES_WISHED])?;
    let wish: Option<(Timestamp, String)> = row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()?;
    let talked = last_talk(connection, advisory)?;
    Ok(wish.filter(|(at, _)| talked.is_none_or(|talked| talked <= *at)))
}

/// Whether the last change of a case's visit was the customer's own, by the page.
pub(crate) fn customer_changed_visit(connection: &dyn Session, advisory: &str) -> Result<bool> {
    let sql = "SELECT who FROM happening WHERE advisory = ?1 AND what IN (?2, ?3, ?4, ?5) ORDER BY id DESC LIMIT 1";
    let row = connection.first(sql, values![advisory, VISIT_BOOKED, VISIT_MOVED, VISIT_CANCELLED, VISIT_JOINED])?;
    Ok(row.map_or(Ok(None), |row| row.get::<Option<String>>(0))?.is_some_and(|who| who == "customer"))
}

/// When the visit of a case was last arranged by an instant: booked, moved, or joined by another machine.
pub(crate) fn visit_arranged(connection: &dyn Session, advisory: &str, by: Timestamp) -> Result<Option<Timestamp>> {
    let sql = "SELECT at FROM happening WHERE advisory = ?1 AND what IN (?2, ?3, ?4) AND why <> '' AND at <= ?5
               ORDER BY id DESC LIMIT 1";
    let row = connection.first(sql, values![advisory, VISIT_BOOKED, VISIT_MOVED, VISIT_JOINED, by])?;
    row.map(|row| row.get(0)).transpose()
}

/// When the visit of a case begins as its customer was told last in writing; `None` where nothing was told.
pub(crate) fn visit_as_told(connection: &dyn Session, case: &FindingId) -> Result<Option<Timestamp>> {
    let Some(told) = messages::newest_sent_of_kind(connection, case, Kind::Confirmation)?.and_then(|mail| mail.sent)
    else {
        return Ok(None);
    };
    let sql = "SELECT why FROM happening WHERE advisory = ?1 AND what IN (?2, ?3, ?4) AND why <> '' AND at <= ?5
         ORDER BY id DESC LIMIT 1";
    // A visit that a fault leads has been its own since the fault joined it.
    let row = connection.first(sql, values![case.as_str(), VISIT_BOOKED, VISIT_MOVED, VISIT_JOINED, told])?;
    let span = row.map(|row| row.get::<String>(0)).transpose()?;
    Ok(span.as_deref().and_then(parse_span).and_then(|(from, _, _)| Timestamp::parse(from).ok()))
}

/// Whether another machine joined a case's visit at or after an instant.
pub(crate) fn joined_since(connection: &dyn Session, advisory: &str, since: Timestamp) -> Result<bool> {
    let sql = "SELECT 1 FROM happening WHERE advisory = ?1 AND what = ?2 AND why <> '' AND at >= ?3 LIMIT 1";
    connection.exists(sql, values![advisory, VISIT_JOINED, since])
}

/// One entry to write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry<'a> {
    /// When.
    pub(crate) at: Timestamp,
    /// Who did it.
    pub(crate) who: &'a str,
    /// What was done.
    pub(crate) what: &'a str,
    /// Why.
    pub(crate) why: &'a str,
    /// Which customer it concerns.
    pub(crate) customer: Option<&'a str>,
    /// Which machine it concerns.
    pub(crate) machine: Option<&'a str>,
    /// Which case it concerns.
    pub(crate) advisory: Option<&'a str>,
    /// Whether it passed between us and the customer.
    pub(crate) contact: bool,
}

impl Entry<'_> {
    /// Writes it.
    pub(crate) fn write(&self, connection: &dyn Session) -> Result<()> {
        let sql = "INSERT INTO happening (at, who, what, why, customer, machine, advisory, contact)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let Self { at, who, what, why, customer, machine, advisory, contact } = *self;
        connection.execute(sql, values![at, who, what, why, customer, machine, advisory, contact]).map(drop)
    }
}

/// What the record says of data that was put back; when the backup was made follows.
pub(crate) const PUT_BACK: &str = "put_back";

/// Writes that this state was put back from a backup, and so far behind the entries before that no number is given twice:
/// subscribers know each event by it.
pub(crate) fn put_back(
    connection: &dyn Session,
    made: Option<Timestamp>,
    passed_over: i64,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO happening (id, at, who, what, why) SELECT coalesce(max(id), 0) + ?1, ?2, 'foretell', ?3, ?4
               FROM happening";
    connection
        .execute(sql, values![passed_over, now, PUT_BACK, made.map_or_else(String::new, |made| made.to_string())])
        .map(drop)
}

const COLUMNS: &str = "id, at, who, what, why, customer, machine, advisory, contact";

/// What happened in a case, newest first.
pub(crate) fn of_case(connection: &dyn Session, advisory: &str) -> Result<Vec<Happening>> {
    many(connection, "advisory = ?1 ORDER BY id DESC LIMIT 200", values![advisory])
}

/// What passed between us and a customer, newest first.
pub(crate) fn contacts(connection: &dyn Session, customer: &str, max: u32) -> Result<Vec<Happening>> {
    many(connection, "customer = ?1 AND contact = 1 ORDER BY id DESC LIMIT ?2", values![customer, max])
}

/// The newest entries about a customer, newest first.
pub(crate) fn newest(connection: &dyn Session, customer: &str, max: u32) -> Result<Vec<Happening>> {
    many(connection, "customer = ?1 ORDER BY id DESC LIMIT ?2", values![customer, max])
}

/// Number of the last entry; 0 when there is none.
pub(crate) fn last(connection: &dyn Session) -> Result<i64> {
    let row = connection.first("SELECT max(id) FROM happening", &[])?;
    Ok(row.map_or(Ok(None), |row| row.get::<Option<i64>>(0))?.unwrap_or(0))
}

/// The entries that a filter lets through, oldest first; those before a number newest first.
pub(crate) fn filtered(connection: &dyn Session, filter: &RecordFilter, before: Option<i64>) -> Result<Vec<Happening>> {
    let mut conditions = vec!["id > ?1".to_owned()];
    let mut found: Vec<Value> = vec![filter.after.into()];
    let columns = [
        ("customer", &filter.customer),
        ("machine", &filter.machine),
        ("advisory", &filter.case),
        ("who", &filter.who),
    ];
    for (column, wanted) in columns {
        if let Some(wanted) = wanted {
            found.push(wanted.into());
            let n = found.len();
            conditions.push(match column {
                // Also what passed between us and the customer in a letter or a visit that another machine's case led.
                // Each half by its own index; `OR` would read the whole record.
                "machine" => format!(
                    "id IN (SELECT id FROM happening WHERE machine = ?{n}
                            UNION SELECT id FROM happening WHERE contact = 1 AND advisory IN
                                (SELECT advisory FROM alongside WHERE machine = ?{n}))"
                ),
                column => format!("{column} = ?{n}"),
            });
        }
    }
    if filter.people {
        let parts: Vec<String> = PARTS.iter().map(|part| format!("'{part}'")).collect();
        conditions.push(format!("who NOT IN ({})", parts.join(", ")));
    }
    if let Some(before) = before {
        found.push(before.into());
        conditions.push(format!("id < ?{}", found.len()));
    }
    found.push(filter.max.into());
    let order = if before.is_some() { "DESC" } else { "ASC" };
    let condition = format!("{} ORDER BY id {order} LIMIT ?{}", conditions.join(" AND "), found.len());
    many(connection, &condition, &found)
}

fn many(connection: &dyn Session, condition: &str, values: &[Value]) -> Result<Vec<Happening>> {
    let sql = format!("SELECT {COLUMNS} FROM happening WHERE {condition}");
    let rows = connection.query(&sql, values)?;
    let (mut entries, mut beside) = (Vec::with_capacity(rows.len()), BTreeMap::new());
    for row in &rows {
        let mut entry = happening(row)?;
        // What passed between us about one visit is about all its machines; who joined it is told of that one alone.
        if let (true, Some(case)) = (row.get::<i64>(8)? != 0 && entry.what != VISIT_JOINED, &entry.case) {
            if !beside.contains_key(case) {
                beside.insert(case.clone(), alongside::of(connection, case)?);
            }
            entry.beside.clone_from(&beside[case]);
            entry.beside.retain(|machine| entry.machine.as_ref() != Some(machine));
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn happening(row: &Row) -> Result<Happening> {
    Ok(Happening {
        id: row.get(0)?,
        at: row.get(1)?,
        who: row.get(2)?,
        what: row.get(3)?,
        why: row.get(4)?,
        customer: row.get(5)?,
        machine: row.get(6)?,
        beside: Vec::new(),
        case: row.get(7)?,
    })
}

/// Number of the last entry about a customer before an instant; 0 when there is none.
pub(crate) fn last_before(connection: &dyn Session, customer: &str, t: Timestamp) -> Result<i64> {
    let sql = "SELECT max(id) FROM happening WHERE customer = ?1 AND at < ?2";
    let row = connection.first(sql, values![customer, t])?;
    Ok(row.map_or(Ok(None), |row| row.get::<Option<i64>>(0))?.unwrap_or(0))
}
