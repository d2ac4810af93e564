//! Erasing somebody's account for good. That something was done, and when, stays; an alias stands for who did it.

use rusqlite::{Connection, params};

use super::people::{self, find, login_of};
use super::record::{self, What};
use super::{Accounts, AccountsError, Result, secret};

/// What every alias begins with.
pub(crate) const ALIAS: &str = "erased-";
/// Keeps aliases apart from what secrets are used for.
const PURPOSE: &str = "foretell alias";

/// Somebody whose account is to be erased, as far as others must know to forget the person, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// The login name.
    pub login: String,
    /// Names under which this person did things, but for those that somebody else has, too.
    pub names: Vec<String>,
    /// What stands in their place from now on: nothing of the person is in it.
    pub alias: String,
}

impl Accounts {
    /// What erasing somebody would put where. Nothing is erased yet: first whoever else keeps the name forgets it, so that what
    /// fails there can be tried again.
    ///
    /// # Errors
    /// `Unknown` when there is nobody of that name, `LastAdmin` when nobody could administer any more.
    pub fn erasure(&self, login: &str) -> Result<Erasure> {
        let login = login_of(login)?;
        let digest = secret::digest(PURPOSE, &secret::new()?);
        let alias = digest[..4].iter().fold(ALIAS.to_owned(), |alias, byte| alias + &format!("{byte:02x}"));
        self.look(|db| {
            let person = find(db, &login)?.ok_or(AccountsError::Unknown)?;
            people::must_not_be_last(db, &person)?;
            Ok(Erasure { names: names(db, &login)?, login, alias })
        })
    }

    /// Erases somebody: account, sessions and links are gone, and the record knows the alias alone. The file keeps no trace.
    ///
    /// # Errors
    /// As [`Accounts::erasure`].
    pub fn erase(&self, erasure: &Erasure, by: &str) -> Result<()> {
        let (Erasure { login, names, alias }, now) = (erasure, self.now_ms());
        self.step(|db| {
            let person = find(db, login)?.ok_or(AccountsError::Unknown)?;
            people::must_not_be_last(db, &person)?;
            people::end_sessions(db, login)?;
            for sql in ["DELETE FROM link WHERE login = ?1", "DELETE FROM person WHERE login = ?1"] {
                db.execute(sql, [login])?;
            }
            db.execute("UPDATE act SET login = ?2, address = '' WHERE login = ?1", params![login, alias])?;
            for name in names {
                db.execute("UPDATE act SET who = ?2, address = '' WHERE who = ?1", params![name, alias])?;
                db.execute("UPDATE token SET made_by = ?2 WHERE made_by = ?1", params![name, alias])?;
            }
            let by = if names.iter().any(|name| name == by) { alias.as_str() } else { by };
            record::write(db, now, What::Erased, alias, by, "")
        })?;
        // What was deleted stands in free pages and in the write-ahead file until both are written anew.
        self.look(|db| Ok(db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")?))
    }
}

/// The name that somebody has, and those under which they signed in before.
fn names(db: &Connection, login: &str) -> Result<Vec<String>> {
    let sql = "SELECT name FROM person WHERE login = ?1
               UNION SELECT who FROM act WHERE login = ?1 AND what IN (?2, ?3, ?4)
               EXCEPT SELECT name FROM person WHERE login <> ?1
               EXCEPT SELECT ''";
    let whats = [What::SignedIn, What::SignedOut, What::LinkUsed].map(What::code);
    let mut found = db.prepare_cached(sql)?;
    let rows = found.query_map(params![login, whats[0], whats[1], whats[2]], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
