//! Signing in and out. A session is a random secret in the browser's cookie; the file knows its hash.

use std::time::Duration;

use foretell_model::{MINUTE_MS, Timestamp};
use rusqlite::{OptionalExtension as _, params};

use super::record::{self, What};
use super::{Accounts, AccountsError, Result, Role, hashing, people, secret};

/// A session ends after this time without a request.
const IDLE_MS: i64 = 12 * 3_600_000;
/// A session ends after this time, used or not.
pub const SESSION_MAX: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How exactly it is known when a session was used last; spares a write with each request.
const SEEN_EVERY_MS: i64 = MINUTE_MS;
/// Longest description kept of a browser, characters.
const AGENT_CHARS_MAX: usize = 160;
/// Keeps sessions apart from other secrets.
const PURPOSE: &str = "foretell session";

/// From where somebody signs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Network address.
    pub address: String,
    /// What the browser says it is.
    pub agent: String,
}

/// A session as its owner and administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub login: String,
    /// Since when.
    pub created: Timestamp,
    /// Used last, to the minute.
    pub seen: Timestamp,
    /// From where.
    pub client: Client,
}

/// Whom a session or token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asking {
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) role: Role,
}

impl Accounts {
    /// Signs in: the new session's secret, for the cookie. The same work is done whether the name exists or not.
    ///
    /// # Errors
    /// `Wait` after too many attempts on this name or from this address, `Wrong` when name and password do not belong
    /// together.
    pub fn sign_in(&self, login: &str, password: &str, client: &Client) -> Result<String> {
        let login = login.trim().to_lowercase();
        let now = self.now_ms();
        self.admit(&login, client, now)?;
        let stored: Option<(String, String)> = self.look(|db| {
            let sql = "SELECT name, password FROM person WHERE login = ?1 AND disabled = 0 AND password IS NOT NULL";
            Ok(db.prepare_cached(sql)?.query_row([&login], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
        })?;
        let matches = self.hashing.matches(password, stored.as_ref().map(|(_, hash)| hash.as_str()));
        let Some((name, _)) = stored.filter(|_| matches) else {
            self.step(|db| record::write(db, now, What::Refused, &login, "", &client.address))?;
            return Err(AccountsError::Wrong);
        };
        self.names.forgive(&login);
        self.addresses.forgive(&client.address);
        self.begin(&login, &name, client)
    }

    /// Counts the attempt before it is looked at, so that many at once gain nothing.
    fn admit(&self, login: &str, client: &Client, now: i64) -> Result<()> {
        let name: String = login.chars().take(64).collect();
        let admitted = self.names.attempt(&name, now).and_then(|()| self.addresses.attempt(&client.address, now));
        admitted.or_else(|seconds| {
            self.step(|db| record::write(db, now, What::LockedOut, login, "", &client.address))?;
            Err(AccountsError::Wait { seconds })
        })
    }

    /// A new session for somebody whose right to it is established.
    pub(crate) fn begin(&self, login: &str, name: &str, client: &Client) -> Result<String> {
        let (made, now) = (secret::new()?, self.now_ms());
        let agent: String = client.agent.chars().take(AGENT_CHARS_MAX).collect();
        self.step(|db| {
            db.prepare_cached("DELETE FROM session WHERE seen <= ?1 OR created <= ?2")?
                .execute([now - IDLE_MS, now - max_ms()])?;
            let sql =
                "INSERT INTO session (hash, login, created, seen, address, agent) VALUES (?1, ?2, ?3, ?3, ?4, ?5)";
            db.prepare_cached(sql)?.execute(params![
                secret::digest(PURPOSE, &made),
                login,
                now,
                client.address,
                agent
            ])?;
            db.prepare_cached("UPDATE person SET seen = ?2 WHERE login = ?1")?.execute(params![login, now])?;
            record::write(db, now, What::SignedIn, login, name, &client.address)
        })?;
        Ok(made)
    }

    /// Whose session a cookie's secret is; none when it has ended.
    pub(crate) fn session(&self, cookie: &str) -> Result<Option<Asking>> {
        let (hash, now) = (secret::digest(PURPOSE, cookie), self.now_ms());
        let found = self.look(|db| {
            let sql = "SELECT p.login, p.name, p.role, s.seen FROM session s JOIN person p ON p.login = s.login
                       WHERE s.hash = ?1 AND s.seen > ?2 AND s.created > ?3 AND p.disabled = 0";
            let asking = |row: &rusqlite::Row<'_>| {
                let role = Role::stored(&row.get::<_, String>(2)?);
                Ok((Asking { login: row.get(0)?, name: row.get(1)?, role }, row.get::<_, i64>(3)?))
            };
            let limits = params![hash, now - IDLE_MS, now - max_ms()];
            Ok(db.prepare_cached(sql)?.query_row(limits, asking).optional()?)
        })?;
        let Some((asking, seen)) = found else { return Ok(None) };
        if now - seen >= SEEN_EVERY_MS {
            self.step(|db| {
                Ok(db.prepare_cached("UPDATE session SET seen = ?2 WHERE hash = ?1")?.execute(params![hash, now])?)
            })?;
        }
        Ok(Some(asking))
    }

    /// Ends one session.
    pub(crate) fn sign_out(&self, cookie: &str, asking: &Asking, address: &str) -> Result<()> {
        let (hash, now) = (secret::digest(PURPOSE, cookie), self.now_ms());
        self.step(|db| {
            db.prepare_cached("DELETE FROM session WHERE hash = ?1")?.execute([hash])?;
            record::write(db, now, What::SignedOut, &asking.login, &asking.name, address)
        })
    }

    /// Ends every session of somebody.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn sign_out_everywhere(&self, login: &str, by: &str) -> Result<()> {
        let now = self.now_ms();
        self.step(|db| {
            people::end_sessions(db, login)?;
            record::write(db, now, What::SessionsEnded, login, by, "")
        })
    }

    /// Sets one's own password, which ends all other sessions, too; the old one must be known.
    pub(crate) fn change_password(&self, asking: &Asking, old: &str, new: &str, client: &Client) -> Result<()> {
        // Before the old one is looked at: an unusable new one must not cost an attempt.
        if !(hashing::CHARS_MIN..=hashing::CHARS_MAX).contains(&new.chars().count()) {
            return Err(AccountsError::PasswordLength);
        }
        self.admit(&asking.login, client, self.now_ms())?;
        let stored: Option<String> = self.look(|db| {
            let sql = "SELECT password FROM person WHERE login = ?1 AND disabled = 0";
            Ok(db.prepare_cached(sql)?.query_row([&asking.login], |row| row.get(0)).optional()?.flatten())
        })?;
        if !self.hashing.matches(old, stored.as_deref()) {
            return Err(AccountsError::Wrong);
        }
        self.names.forgive(&asking.login);
        self.addresses.forgive(&client.address);
        self.set_password(&asking.login, new, &asking.name)
    }

    /// Sessions that have not ended, newest use first; of one person or of all.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sessions(&self, login: Option<&str>) -> Result<Vec<Session>> {
        let now = self.now_ms();
        self.look(|db| {
            let sql = "SELECT login, created, seen, address, agent FROM session
                       WHERE seen > ?1 AND created > ?2 AND (?3 IS NULL OR login = ?3) ORDER BY seen DESC LIMIT 500";
            let mut found = db.prepare_cached(sql)?;
            let rows = found.query_map(params![now - IDLE_MS, now - max_ms(), login], |row| {
                Ok(Session {
                    login: row.get(0)?,
                    created: Timestamp::from_millis(row.get(1)?),
                    seen: Timestamp::from_millis(row.get(2)?),
                    client: Client { address: row.get(3)?, agent: row.get(4)? },
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

fn max_ms() -> i64 {
    i64::try_from(SESSION_MAX.as_millis()).unwrap_or(i64::MAX)
}
