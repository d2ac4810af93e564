//! Somebody's account: handed out, or erased for good. That something was done, and when, stays; an alias stands for who did it.

use foretell_model::Timestamp;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

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
    /// Everything kept about somebody, as JSON, and the names under which this person did things.
    ///
    /// # Errors
    /// `Unknown` when there is nobody of that name.
    pub fn data_of(&self, login: &str) -> Result<(Value, Vec<String>)> {
        let login = login_of(login)?;
        self.look(|db| {
            let person = find(db, &login)?.ok_or(AccountsError::Unknown)?;
            let names = names(db, &login)?;
            let mut found = db.prepare_cached("SELECT at, login, what, who, address FROM act ORDER BY id")?;
            let rows = found.query_map([], |row| {
                let at: i64 = row.get(0)?;
                let cells: [String; 4] = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
                Ok((Timestamp::from_millis(at).to_string(), cells))
            })?;
            let mut acts = Vec::new();
            for row in rows {
                let (at, [of, what, who, address]) = row?;
                let by_them = names.contains(&who);
                // Where from is somebody's own only where it is they who came.
                let address = if by_them { address } else { String::new() };
                if of == login || by_them {
                    acts.push(json!({ "at": at, "of": of, "what": what, "by": who, "address": address }));
                }
            }
            let seen = person.seen.map(|seen| seen.to_string());
            let account = json!({
                "login": person.login, "name": person.name, "role": person.role.code(), "email": person.email,
                "letters": person.letters.tag(), "created": person.created.to_string(), "seen": seen,
                "disabled": person.disabled, "acts": acts,
            });
            Ok((account, names))
        })
    }

    /// What stands in place of somebody who has no account: the entry in the customers list alone is to be erased.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn erasure_of_entry(login: &str) -> Result<Erasure> {
        Ok(Erasure { login: login_of(login)?, names: Vec::new(), alias: alias()? })
    }

    /// What erasing somebody would put where. Nothing is erased yet: first whoever else keeps the name forgets it, so that what
    /// fails there can be tried again.
    ///
    /// # Errors
    /// `Unknown` when there is nobody of that name, `LastAdmin` when nobody could administer any more.
    pub fn erasure(&self, login: &str) -> Result<Erasure> {
        let login = login_of(login)?;
        let alias = alias()?;
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

fn alias() -> Result<String> {
    let digest = secret::digest(PURPOSE, &secret::new()?);
    Ok(digest[..4].iter().fold(ALIAS.to_owned(), |alias, byte| alias + &format!("{byte:02x}")))
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
