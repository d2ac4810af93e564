//! One-time links: how somebody who has no password yet, or no more, comes to one. Valid for a day, once.

use foretell_model::DAY_MS;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::record::{self, What};
use super::{Accounts, AccountsError, Person, Result, hashing, people, secret};

/// Keeps links apart from other secrets.
const PURPOSE: &str = "foretell one-time link";

/// A new link for somebody; earlier ones are void.
pub(super) fn make(db: &Connection, login: &str, now: i64, by: &str) -> Result<String> {
    let made = secret::new()?;
    db.prepare_cached("DELETE FROM link WHERE login = ?1 OR expires <= ?2")?.execute(params![login, now])?;
    db.prepare_cached("INSERT INTO link (hash, login, expires) VALUES (?1, ?2, ?3)")?.execute(params![
        secret::digest(PURPOSE, &made),
        login,
        now + DAY_MS
    ])?;
    record::write(db, now, What::LinkMade, login, by, "")?;
    Ok(made)
}

impl Accounts {
    /// Whom a link is for. Looking at it does not use it up: mail scanners look, too.
    ///
    /// # Errors
    /// `LinkSpent` when it was used, has expired or was never given out.
    pub fn link(&self, link: &str) -> Result<Person> {
        let (hash, now) = (secret::digest(PURPOSE, link), self.now_ms());
        self.look(|db| {
            let sql = "SELECT login FROM link WHERE hash = ?1 AND expires > ?2";
            let login: Option<String> =
                db.prepare_cached(sql)?.query_row(params![hash, now], |row| row.get(0)).optional()?;
            let person = login.map(|login| people::find(db, &login)).transpose()?.flatten();
            person.filter(|person| !person.disabled).ok_or(AccountsError::LinkSpent)
        })
    }

    /// Uses a link up: sets name and password, ends all sessions of that person, and gives the login name.
    ///
    /// # Errors
    /// `LinkSpent` as [`Accounts::link`]; `Name` or `PasswordLength` for unusable ones, and then the link stays good.
    pub fn redeem(&self, link: &str, name: &str, password: &str, address: &str) -> Result<String> {
        // First the cheap question: a stranger's guess must cost no hash.
        self.link(link)?;
        let (name, hash) = (people::name_of(name)?, hashing::hash(password)?);
        let (key, now) = (secret::digest(PURPOSE, link), self.now_ms());
        self.step(|db| {
            let sql = "DELETE FROM link WHERE hash = ?1 AND expires > ?2 RETURNING login";
            let login: Option<String> =
                db.prepare_cached(sql)?.query_row(params![key, now], |row| row.get(0)).optional()?;
            let login = login.ok_or(AccountsError::LinkSpent)?;
            let sql = "UPDATE person SET name = ?2, password = ?3 WHERE login = ?1 AND disabled = 0";
            if db.prepare_cached(sql)?.execute([&login, &name, &hash])? == 0 {
                return Err(AccountsError::LinkSpent);
            }
            people::end_sessions(db, &login)?;
            record::write(db, now, What::LinkUsed, &login, &name, address)?;
            Ok(login)
        })
    }
}
