//! Statements that strike out what is personal: of one case, or of a whole customer.
//!
//! What is left is the skeleton: that something happened, when, by whom of ours, and every figure.

use foretell_model::{FindingId, Timestamp};

use super::{Row, Session, advisories, bookings, crews, service_cases, values};
use crate::error::{OutreachError, Result};
use crate::views::{PhotoOf, ServiceCase, Stage, VisitReport};

/// What stands in place of words that were struck out; the only change that the record allows.
pub(crate) const ERASED: &str = "(erased)";

/// Entries whose reason is a figure and nobody's words.
const FIGURES: &str = "'invitation_sent', 'reminder_sent', 'notice_sent', 'late_sent', 'on_the_way_sent', 'progress_sent', 'closing_sent', 'called_off_sent', 'still_open_sent', 'confirmation_sent', 'cancellation_sent', 'follow_up_sent', 'visit_booked', 'visit_moved', 'visit_joined', \
                       'visit_cancelled', 'visit_done', 'answer_taken_back', 'not_now', 'verdict'";

/// Whether a message to a customer is on its way at this moment.
pub(crate) fn is_sending(connection: &dyn Session, customer: &str) -> Result<bool> {
    connection.exists("SELECT 1 FROM message WHERE customer = ?1 AND state = 'sending'", values![customer])
}

/// Numbers of messages, by a column of theirs.
pub(crate) fn messages(connection: &dyn Session, column: &str, of: &str) -> Result<Vec<i64>> {
    let rows = connection.query(&format!("SELECT id FROM message WHERE {column} = ?1"), values![of])?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Strikes out texts and addresses of a customer's messages; what has not gone out never will.
pub(crate) fn strike_messages(connection: &dyn Session, customer: &str) -> Result<()> {
    connection.execute(
        "DELETE FROM offer WHERE message IN (SELECT id FROM message WHERE customer = ?1)",
        values![customer],
    )?;
    let sql =
        "UPDATE message SET subject = NULL, body = NULL, short = NULL, reason = NULL, address = NULL, held = NULL, claims = NULL,
                                  state = CASE WHEN state IN ('draft', 'queued') THEN 'withdrawn' ELSE state END
               WHERE customer = ?1";
    connection.execute(sql, values![customer]).map(drop)
}

/// The same for the messages of one case that is over.
pub(crate) fn strike_messages_of(connection: &dyn Session, case: &str) -> Result<()> {
    let sql = "UPDATE message SET subject = NULL, body = NULL, short = NULL, reason = NULL, address = NULL
               WHERE advisory = ?1";
    connection.execute(sql, values![case]).map(drop)
}

/// Calls off what a customer has booked; gives the crews their time back.
pub(crate) fn call_off(connection: &dyn Session, customer: &str, now: Timestamp) -> Result<()> {
    for visit in visits(connection, "customer", customer)? {
        let sql = "UPDATE journey SET north_deg = NULL, east_deg = NULL, located = NULL, begun_km = NULL
                   WHERE booking = ?1";
        connection.execute(sql, values![visit])?;
        let mut stay = bookings::get(connection, visit)?;
        if stay.state == "booked" {
            (stay.state, stay.changed) = ("cancelled".to_owned(), now);
            stay.sequence += 1;
            stay.save(connection)?;
        }
    }
    Ok(())
}

/// Strikes out words in the record about a customer and about a machine of theirs.
pub(crate) fn strike_record(connection: &dyn Session, column: &str, of: &str) -> Result<()> {
    // `column` is a constant of this crate. What the engine says is about a machine and about nobody.
    let sql = format!(
        "UPDATE happening SET why = '{ERASED}'
         WHERE {column} = ?1 AND who <> 'engine' AND why NOT IN ('', '{ERASED}') AND what NOT IN ({FIGURES})"
    );
    connection.execute(&sql, values![of]).map(drop)
}

/// Strikes out what people said of a case, and ends it for the given reason if it was open; says whether it was.
pub(crate) fn end_case(connection: &dyn Session, case: &FindingId, why: &str, now: Timestamp) -> Result<bool> {
    let mut case = advisories::get(connection, case)?;
    let was_open = !matches!(case.stage, Stage::Done | Stage::Cleared);
    let (stage, why) = if was_open { (Stage::Cleared, Some(why)) } else { (case.stage, None) };
    case.move_to(connection, stage, why, None, now)?;
    Ok(was_open)
}

/// Strikes out what people said of a machine.
pub(crate) fn strike_machine(connection: &dyn Session, machine: &str) -> Result<()> {
    connection.execute("UPDATE verdict SET note = '' WHERE machine = ?1", values![machine])?;
    connection.execute("DELETE FROM not_now WHERE machine = ?1", values![machine]).map(drop)
}

/// Strikes out what people said of one case that is over.
pub(crate) fn strike_case(connection: &dyn Session, case: &str) -> Result<()> {
    connection.execute("UPDATE advisory SET remark = NULL WHERE id = ?1", values![case])?;
    connection.execute("UPDATE verdict SET note = '' WHERE advisory = ?1", values![case]).map(drop)
}

/// Why a customer's stage moved, and what was chosen.
pub(crate) fn strike_customer(connection: &dyn Session, customer: &str) -> Result<()> {
    let sql = format!("UPDATE stage_change SET why = '{ERASED}' WHERE customer = ?1");
    connection.execute(&sql, values![customer])?;
    connection.execute("DELETE FROM loose_reply WHERE customer = ?1", values![customer])?;
    connection.execute("DELETE FROM wishes WHERE customer = ?1", values![customer]).map(drop)
}

/// Identities of a machine's cases.
pub(crate) fn cases_of(connection: &dyn Session, machine: &str) -> Result<Vec<FindingId>> {
    let rows = connection.query("SELECT id FROM advisory WHERE machine = ?1", values![machine])?;
    rows.iter().map(|row| Ok(FindingId::from_text(&row.get::<String>(0)?))).collect()
}

/// Numbers of visits, by a column of theirs.
pub(crate) fn visits(connection: &dyn Session, column: &str, of: &str) -> Result<Vec<i64>> {
    let sql = format!("SELECT id FROM booking WHERE {column} = ?1");
    connection.query(&sql, values![of])?.iter().map(|row| row.get(0)).collect()
}

/// Strikes out the words of a visit's report; parts, times and the checklist stay.
pub(crate) fn strike_report(connection: &dyn Session, visit: i64) -> Result<()> {
    let Some(report) = bookings::report_of(connection, visit)? else { return Ok(()) };
    let body = serde_json::to_string(&without_words(report)).map_err(|e| OutreachError::corrupt("a report", e))?;
    connection.execute("UPDATE visit_report SET body = ?2, held = 0 WHERE booking = ?1", values![visit, body]).map(drop)
}

/// Strikes out the words of a service case, and ends it; a technician who was sent need not come.
pub(crate) fn strike_trouble(connection: &dyn Session, mut case: ServiceCase, now: Timestamp) -> Result<()> {
    let before = case.clone();
    ERASED.clone_into(&mut case.what);
    case.heard.clear();
    case.withdrawn = case.withdrawn.map(|_| String::new());
    case.closed.get_or_insert(now);
    (case.position_deg, case.located) = (None, None);
    case.report = case.report.map(without_words);
    service_cases::save(connection, &mut case)?;
    crews::note_trouble(connection, (&before, &case), "", now)
}

fn without_words(report: VisitReport) -> VisitReport {
    VisitReport { note: String::new(), note_for_customer: String::new(), left_out: String::new(), ..report }
}

/// Deletes the pictures of one thing; gives where their bytes lie.
pub(crate) fn delete_photos(connection: &dyn Session, (of, subject): (PhotoOf, &str)) -> Result<Vec<String>> {
    let sql = "DELETE FROM photo WHERE kind = ?1 AND subject = ?2 RETURNING reference";
    connection.query(sql, values![of.name(), subject])?.iter().map(|row: &Row| row.get(0)).collect()
}

/// Cases that ended before an instant and whose words still stand, oldest first.
pub(crate) fn long_over(connection: &dyn Session, before: Timestamp, max: u32) -> Result<Vec<FindingId>> {
    let sql = "SELECT id FROM advisory WHERE stage IN ('done', 'cleared') AND changed < ?1
                      AND id NOT IN (SELECT advisory FROM forgotten) ORDER BY changed LIMIT ?2";
    let rows = connection.query(sql, values![before, max])?;
    rows.iter().map(|row| Ok(FindingId::from_text(&row.get::<String>(0)?))).collect()
}

/// The same of service cases.
pub(crate) fn troubles_long_over(connection: &dyn Session, before: Timestamp, max: u32) -> Result<Vec<i64>> {
    let sql = "SELECT id FROM service_case WHERE closed < ?1
                      AND 'case/' || id NOT IN (SELECT advisory FROM forgotten) ORDER BY closed LIMIT ?2";
    connection.query(sql, values![before, max])?.iter().map(|row| row.get(0)).collect()
}

/// Notes that a case's words were struck out.
pub(crate) fn forgotten(connection: &dyn Session, case: &str, now: Timestamp) -> Result<()> {
    let sql = "INSERT INTO forgotten (advisory, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    connection.execute(sql, values![case, now]).map(drop)
}

/// Notes that the file must be written anew, or that it was.
pub(crate) fn compaction(connection: &dyn Session, due: Option<Timestamp>) -> Result<()> {
    match due {
        Some(now) => {
            let sql = "INSERT INTO compaction_due (id, at) VALUES (1, ?1) ON CONFLICT DO NOTHING";
            connection.execute(sql, values![now]).map(drop)
        }
        None => connection.execute("DELETE FROM compaction_due", &[]).map(drop),
    }
}

/// Whether the file must be written anew.
pub(crate) fn compaction_is_due(connection: &dyn Session) -> Result<bool> {
    connection.exists("SELECT 1 FROM compaction_due", &[])
}
