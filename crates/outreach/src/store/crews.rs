//! Words for those who make visits: what changed of a visit of theirs, or of a broken machine's case.
//!
//! The column `booking` has a visit's number; what lies below nought is a service case's, as in the links.

use foretell_model::{FindingId, MachineId, Timestamp};

use super::{Row, Session, Stay, Value, registry, values};
use crate::error::{OutreachError, Result};
use crate::registry::Technician;
use crate::views::{CrewChange, MessageState, ServiceCase, WorkOf};

/// Words read at once.
const WORDS_MAX: u32 = 100;

/// A word as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// Its number.
    pub(crate) id: i64,
    /// Key of whom it is for.
    pub(crate) technician: String,
    /// Of what it changed.
    pub(crate) of: WorkOf,
    /// The case of that.
    pub(crate) case: FindingId,
    /// Its machine.
    pub(crate) machine: MachineId,
    /// Key of the customer.
    pub(crate) customer: String,
    /// What changed.
    pub(crate) what: CrewChange,
    /// When the visit was to be; a breakdown has no time.
    pub(crate) before: Option<(Timestamp, Timestamp)>,
    /// When it is now.
    pub(crate) after: Option<(Timestamp, Timestamp)>,
    /// When that was changed.
    pub(crate) at: Timestamp,
    /// Failed attempts to tell it.
    pub(crate) attempts: u32,
}

/// Notes what a change of a visit means to those who make it; the first booking of all is on their page and no change.
pub(crate) fn note(connection: &dyn Session, before: &Stay, after: &Stay) -> Result<()> {
    let (was, is) = ((before.start, before.end), (after.start, after.end));
    let off = after.state == "cancelled";
    let (of, at) = (WorkOf::Visit(after.id), after.changed);
    let put = |who: &str, change: Change| put(connection, (of, at), who, change);
    match (&before.technician, &after.technician) {
        (Some(who), _) if off => put(who, (CrewChange::Cancelled, Some(was), None)),
        (Some(who), Some(same)) if who == same && was != is => put(who, (CrewChange::Moved, Some(was), Some(is))),
        (Some(who), Some(same)) if who == same => Ok(()),
        (old, new) => {
            if let Some(who) = old {
                put(who, (CrewChange::Taken, Some(was), None))?;
            }
            if let Some(who) = new.as_ref().filter(|_| !off) {
                put(who, (CrewChange::Given, None, Some(is)))?;
            }
            Ok(())
        }
    }
}

/// The same of a broken machine's case, by whoever changes it: called off, open again, or somebody else's. Nobody is told what
/// they did themselves.
pub(crate) fn note_trouble(
    connection: &dyn Session,
    (before, after): (&ServiceCase, &ServiceCase),
    by: &str,
    now: Timestamp,
) -> Result<()> {
    let put = |who: &str, what: CrewChange| match is_account_of(connection, who, by)? {
        true => Ok(()),
        false => put(connection, (WorkOf::ServiceCase(after.id), now), who, (what, None, None)),
    };
    let is_off = after.closed.is_some() && after.report.is_none();
    match (before.technician.as_deref(), after.technician.as_deref()) {
        (Some(who), _) if is_off && before.closed.is_none() => put(who, CrewChange::Cancelled),
        (_, Some(who)) if before.closed.is_some() && after.closed.is_none() => put(who, CrewChange::Given),
        (Some(old), Some(new)) if old != new => {
            put(old, CrewChange::Taken)?;
            put(new, CrewChange::Given)
        }
        _ => Ok(()),
    }
}

/// Whether an account is a technician's own.
fn is_account_of(connection: &dyn Session, technician: &str, account: &str) -> Result<bool> {
    let known: Option<Technician> = registry::find(connection, technician)?;
    Ok(technician == account || known.is_some_and(|known| known.login.as_deref() == Some(account)))
}

type Span = Option<(Timestamp, Timestamp)>;
type Change = (CrewChange, Span, Span);

fn put(
    connection: &dyn Session,
    (of, at): (WorkOf, Timestamp),
    technician: &str,
    (what, before, after): Change,
) -> Result<()> {
    let sql =
        "INSERT INTO crew_word (technician, booking, at, due, what, was_from, was_to, is_from, is_to, state, attempts)
               VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, 'queued', 0)";
    let (was, is) = (before.unzip(), after.unzip());
    let number = match of {
        WorkOf::Visit(id) => id,
        WorkOf::ServiceCase(id) => -id,
    };
    connection.execute(sql, values![technician, number, at, what.name(), was.0, was.1, is.0, is.1]).map(drop)
}

/// Words that ask to go out, oldest first.
pub(crate) fn due(connection: &dyn Session, now: Timestamp, max: u32) -> Result<Vec<Kept>> {
    many(
        connection,
        "crew_word.state = 'queued' AND crew_word.due <= ?1 ORDER BY crew_word.id LIMIT ?2",
        values![now, max],
    )
}

/// Whether a technician has a newer word about the same work: an older one that comes late would say what is not so any more.
pub(crate) fn is_overtaken(connection: &dyn Session, word: &Kept) -> Result<bool> {
    let sql = "SELECT 1 FROM crew_word JOIN crew_word AS newer
               ON newer.technician = crew_word.technician AND newer.booking = crew_word.booking AND newer.id > crew_word.id
               WHERE crew_word.id = ?1";
    connection.exists(sql, values![word.id])
}

/// Words since an instant, of one technician or of all, newest first.
pub(crate) fn since(connection: &dyn Session, technician: Option<&str>, since: Timestamp) -> Result<Vec<Kept>> {
    let own = if technician.is_some() { "AND crew_word.technician = ?3" } else { "" };
    let condition = format!("crew_word.at >= ?1 {own} ORDER BY crew_word.id DESC LIMIT ?2");
    let mut found: Vec<Value> = values![since, WORDS_MAX].to_vec();
    found.extend(technician.map(Value::from));
    many(connection, &condition, &found)
}

/// Moves a word on; it is asked about again at `due`.
pub(crate) fn set_state(
    connection: &dyn Session,
    id: i64,
    state: MessageState,
    attempts: u32,
    due: Timestamp,
) -> Result<()> {
    let sql = "UPDATE crew_word SET state = ?2, attempts = ?3, due = ?4 WHERE id = ?1";
    connection.execute(sql, values![id, state.name(), attempts, due]).map(drop)
}

/// What the last process left half-way is told again: to colleagues better twice than not at all.
pub(crate) fn take_up_again(connection: &dyn Session) -> Result<()> {
    connection.execute("UPDATE crew_word SET state = 'queued' WHERE state = 'sending'", &[]).map(drop)
}

fn many(connection: &dyn Session, condition: &str, values: &[Value]) -> Result<Vec<Kept>> {
    let sql = format!(
        "SELECT crew_word.id, crew_word.technician, crew_word.booking,
                coalesce(booking.advisory, 'case/' || service_case.id),
                coalesce(booking.machine, service_case.machine),
                coalesce(booking.customer, service_case.customer, ''),
                crew_word.what, was_from, was_to, is_from, is_to, crew_word.at, crew_word.attempts
         FROM crew_word LEFT JOIN booking ON booking.id = crew_word.booking
              LEFT JOIN service_case ON service_case.id = -crew_word.booking WHERE {condition}"
    );
    connection.query(&sql, values)?.iter().map(kept).collect()
}

fn kept(row: &Row) -> Result<Kept> {
    let machine: String = row.get(4)?;
    let what: String = row.get(6)?;
    let span = |from: usize| Ok::<Span, OutreachError>(row.get::<Option<Timestamp>>(from)?.zip(row.get(from + 1)?));
    Ok(Kept {
        id: row.get(0)?,
        technician: row.get(1)?,
        of: match row.get::<i64>(2)? {
            case @ ..0 => WorkOf::ServiceCase(-case),
            visit => WorkOf::Visit(visit),
        },
        case: FindingId::from_text(&row.get::<String>(3)?),
        machine: MachineId::parse(&machine).map_err(|e| OutreachError::corrupt("a visit's machine", e))?,
        customer: row.get(5)?,
        what: CrewChange::from_name(&what)
            .ok_or_else(|| OutreachError::corrupt("a word for a technician", format!("`{what}` is no change")))?,
        before: span(7)?,
        after: span(9)?,
        at: row.get(11)?,
        attempts: row.get(12)?,
    })
}
