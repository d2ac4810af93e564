//! Verdicts and photos: what was found, and what it looked like.

use foretell_model::{FaultPrecision, FindingId, Found, Timestamp};

use super::{Row, Session, values};
use crate::error::{OutreachError, Result};
use crate::views::{Photo, PhotoOf, WorkVerdict};

/// Keeps a verdict; the newest of a case counts.
pub(crate) fn give(connection: &dyn Session, machine: &str, verdict: &WorkVerdict) -> Result<()> {
    let WorkVerdict { case, fault, found, instead, note, at, who } = verdict;
    let sql = "INSERT INTO verdict (advisory, machine, fault, found, instead, note, at, who)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let values = values![case.as_str(), machine, fault, found.name(), instead.clone(), note, *at, who];
    connection.execute(sql, values).map(drop)
}

/// What stands in the place of a verdict that was taken back.
const WITHDRAWN: &str = "withdrawn";

/// Takes the verdict on a case back; the one before does not come back with it.
pub(crate) fn take_back(
    connection: &dyn Session,
    machine: &str,
    verdict: &WorkVerdict,
    who: &str,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO verdict (advisory, machine, fault, found, instead, note, at, who)
               VALUES (?1, ?2, ?3, ?4, NULL, '', ?5, ?6)";
    let values = values![verdict.case.as_str(), machine, verdict.fault.as_str(), WITHDRAWN, now, who];
    connection.execute(sql, values).map(drop)
}

/// The verdict on a case, unless it was taken back.
pub(crate) fn verdict(connection: &dyn Session, case: &FindingId) -> Result<Option<WorkVerdict>> {
    let sql = "SELECT fault, found, instead, note, at, who FROM verdict WHERE advisory = ?1 ORDER BY id DESC LIMIT 1";
    let read = |row: Row| {
        let found: String = row.get(1)?;
        if found == WITHDRAWN {
            return Ok(None);
        }
        let found = Found::from_name(&found)
            .ok_or_else(|| OutreachError::corrupt(format!("the verdict on {case}"), format!("`{found}` is none")))?;
        Ok(Some(WorkVerdict {
            case: case.clone(),
            fault: row.get(0)?,
            found,
            instead: row.get(2)?,
            note: row.get(3)?,
            at: row.get(4)?,
            who: row.get(5)?,
        }))
    };
    connection.first(sql, values![case.as_str()])?.map_or(Ok(None), read)
}

/// How often each fault's forecasts were right, by fault.
pub(crate) fn precision(connection: &dyn Session) -> Result<Vec<FaultPrecision>> {
    let sql = "SELECT fault, sum(CASE WHEN found = 'confirmed' THEN 1 ELSE 0 END),
                      sum(CASE WHEN found = 'not_found' THEN 1 ELSE 0 END),
                      sum(CASE WHEN found = 'something_else' THEN 1 ELSE 0 END)
               FROM verdict WHERE id IN (SELECT max(id) FROM verdict GROUP BY advisory) AND found <> 'withdrawn'
               GROUP BY fault ORDER BY fault";
    let line = |row: &Row| {
        Ok(FaultPrecision {
            fault: row.get(0)?,
            confirmed: row.get(1)?,
            not_found: row.get(2)?,
            something_else: row.get(3)?,
        })
    };
    connection.query(sql, &[])?.iter().map(line).collect()
}

/// Keeps a reference to a picture; gives its number.
pub(crate) fn add_photo(
    connection: &dyn Session,
    (of, subject): (PhotoOf, &str),
    reference: &str,
    caption: &str,
    who: &str,
    now: Timestamp,
) -> Result<i64> {
    let sql =
        "INSERT INTO photo (kind, subject, reference, caption, at, who) VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id";
    let row = connection.first(sql, values![of.name(), subject, reference, caption, now, who])?;
    row.map_or(Ok(0), |row| row.get(0))
}

/// One picture.
pub(crate) fn photo(connection: &dyn Session, id: i64) -> Result<Photo> {
    let sql = "SELECT kind, subject, reference, caption, at, who FROM photo WHERE id = ?1";
    let row = connection.first(sql, values![id])?.ok_or_else(|| OutreachError::missing("photo", id))?;
    let kind: String = row.get(0)?;
    let of = PhotoOf::from_name(&kind)
        .ok_or_else(|| OutreachError::corrupt(format!("photo {id}"), format!("`{kind}` is no kind of thing")))?;
    let (subject, reference, caption) = (row.get(1)?, row.get(2)?, row.get(3)?);
    Ok(Photo { id, of, subject, reference, caption, at: row.get(4)?, who: row.get(5)? })
}

/// Says anew what a picture shows.
pub(crate) fn set_caption(connection: &dyn Session, id: i64, caption: &str) -> Result<()> {
    connection.execute("UPDATE photo SET caption = ?2 WHERE id = ?1", values![id, caption]).map(drop)
}

/// Takes a picture away.
pub(crate) fn delete_photo(connection: &dyn Session, id: i64) -> Result<()> {
    connection.execute("DELETE FROM photo WHERE id = ?1", values![id]).map(drop)
}

/// The newest picture of everybody who has one, by key.
pub(crate) fn portraits(connection: &dyn Session) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT subject, max(id) FROM photo WHERE kind = ?1 GROUP BY subject ORDER BY subject";
    let portrait = |row: &Row| Ok((row.get(0)?, row.get(1)?));
    connection.query(sql, values![PhotoOf::Person.name()])?.iter().map(portrait).collect()
}

/// The pictures of one thing, oldest first.
pub(crate) fn photos(connection: &dyn Session, of: PhotoOf, subject: &str) -> Result<Vec<Photo>> {
    let sql = "SELECT id, reference, caption, at, who FROM photo WHERE kind = ?1 AND subject = ?2 ORDER BY id";
    let photo = |row: &Row| {
        Ok(Photo {
            id: row.get(0)?,
            of,
            subject: subject.to_owned(),
            reference: row.get(1)?,
            caption: row.get(2)?,
            at: row.get(3)?,
            who: row.get(4)?,
        })
    };
    connection.query(sql, values![of.name(), subject])?.iter().map(photo).collect()
}
