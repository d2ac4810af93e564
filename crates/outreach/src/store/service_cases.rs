//! Service cases: something did break.

use foretell_model::{FindingId, MachineId, Timestamp};

use super::{Row, Session, Value, values};
use crate::error::{OutreachError, Result};
use crate::governor::{Kind, Reason};
use crate::views::ServiceCase;

const COLUMNS: &str = "id, body";

/// Closed cases, unanswered replies first. A quotation mark inside a text is escaped, so that only the field itself matches.
const HEARD_FIRST: &str = r#"closed IS NOT NULL
    ORDER BY CASE WHEN body LIKE '%"heard":[%' THEN 0 ELSE 1 END, closed DESC, id DESC LIMIT ?1"#;

/// How messages and the record name a service case.
pub(crate) fn name(id: i64) -> String {
    format!("case/{id}")
}

/// The service case that a message is about, if it is about one.
pub(crate) fn number(case: &FindingId) -> Option<i64> {
    case.as_str().strip_prefix("case/")?.parse().ok()
}

/// Writes a case; a new one receives its number.
pub(crate) fn save(connection: &dyn Session, case: &mut ServiceCase) -> Result<()> {
    let body = serde_json::to_string(case).map_err(|e| OutreachError::corrupt("a service case", e))?;
    if case.id == 0 {
        let sql = "INSERT INTO service_case (machine, customer, opened, closed, body)
                   VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id";
        let values = values![&case.machine, case.customer.clone(), case.opened, case.closed, body];
        case.id = connection.first(sql, values)?.map_or(Ok(0), |row| row.get(0))?;
        return Ok(());
    }
    let sql = "UPDATE service_case SET customer = ?2, closed = ?3, body = ?4 WHERE id = ?1";
    connection.execute(sql, values![case.id, case.customer.clone(), case.closed, body]).map(drop)
}

/// Word of a visit that waited for a case to end is asked about at once: the visit may be over before a day is.
pub(crate) fn end_waits(connection: &dyn Session, case: i64, now: Timestamp) -> Result<()> {
    let held = serde_json::to_string(&Reason::Trouble { case });
    let held = held.map_err(|e| OutreachError::corrupt("why a message is held", e))?;
    let sql = "UPDATE message SET due = ?3 WHERE state = 'queued' AND kind = ?1 AND held = ?2 AND due > ?3";
    connection.execute(sql, values![Kind::Confirmation.name(), held, now]).map(drop)
}

/// One case that must exist.
pub(crate) fn get(connection: &dyn Session, id: i64) -> Result<ServiceCase> {
    let found = many(connection, "id = ?1", values![id])?.into_iter().next();
    found.ok_or_else(|| OutreachError::missing("service case", id))
}

/// The same or, where its machine came to another customer meanwhile, the one that goes on in its place: a page may have been open
/// on a telephone for longer.
pub(crate) fn current(connection: &dyn Session, id: i64) -> Result<ServiceCase> {
    let mut case = get(connection, id)?;
    // Numbers only grow.
    while let Some(next) = case.goes_on.filter(|next| *next > case.id) {
        case = get(connection, next)?;
    }
    Ok(case)
}

/// What was said of a breakdown, to cases that it followed as well: for our own people, not for its customer.
pub(crate) fn words(connection: &dyn Session, case: &ServiceCase) -> Result<String> {
    let (mut words, mut of) = (vec![case.what.clone()], case.follows);
    // Numbers only grow.
    while let Some(before) = of.filter(|before| *before < case.id) {
        let before = get(connection, before)?;
        of = before.follows;
        words.push(before.what);
    }
    words.retain(|said| !said.is_empty());
    words.reverse();
    Ok(words.join("\n"))
}

/// The open case of a machine.
pub(crate) fn open_of(connection: &dyn Session, machine: &MachineId) -> Result<Option<ServiceCase>> {
    Ok(many(connection, "machine = ?1 AND closed IS NULL", values![machine.as_str()])?.into_iter().next())
}

/// Every open case, oldest first.
pub(crate) fn open(connection: &dyn Session) -> Result<Vec<ServiceCase>> {
    many(connection, "closed IS NULL ORDER BY opened, id", &[])
}

/// Open cases that know where somebody on the way is.
pub(crate) fn located(connection: &dyn Session) -> Result<Vec<ServiceCase>> {
    many(connection, r#"closed IS NULL AND body LIKE '%"position_deg":[%'"#, &[])
}

/// Every case of a customer.
pub(crate) fn of_customer(connection: &dyn Session, customer: &str) -> Result<Vec<ServiceCase>> {
    many(connection, "customer = ?1 ORDER BY id", values![customer])
}

/// The newest closed cases; those in which the customer waits for an answer come first, however old they are.
pub(crate) fn closed(connection: &dyn Session, max: u32) -> Result<Vec<ServiceCase>> {
    many(connection, HEARD_FIRST, values![max])
}

/// Every case of a machine.
pub(crate) fn of_machine(connection: &dyn Session, machine: &MachineId) -> Result<Vec<ServiceCase>> {
    many(connection, "machine = ?1 ORDER BY id", values![machine.as_str()])
}

/// Whether a machine had a case opened at that very instant: a trip told twice is one.
pub(crate) fn had(connection: &dyn Session, machine: &MachineId, opened: Timestamp) -> Result<bool> {
    let sql = "SELECT 1 FROM service_case WHERE machine = ?1 AND opened = ?2";
    connection.exists(sql, values![machine.as_str(), opened])
}

/// When a machine's last case was closed in which something was broken.
pub(crate) fn last_closed(connection: &dyn Session, machine: &MachineId) -> Result<Option<Timestamp>> {
    let cases = of_machine(connection, machine)?;
    Ok(cases
        .into_iter()
        .filter(|case| case.withdrawn.is_none() && case.goes_on.is_none())
        .filter_map(|case| case.closed)
        .max())
}

fn many(connection: &dyn Session, condition: &str, values: &[Value]) -> Result<Vec<ServiceCase>> {
    connection
        .query(&format!("SELECT {COLUMNS} FROM service_case WHERE {condition}"), values)?
        .iter()
        .map(case)
        .collect()
}

fn case(row: &Row) -> Result<ServiceCase> {
    let id: i64 = row.get(0)?;
    let case: ServiceCase = serde_json::from_str(&row.get::<String>(1)?)
        .map_err(|e| OutreachError::corrupt(format!("service case {id}"), e))?;
    Ok(ServiceCase { id, ..case })
}
