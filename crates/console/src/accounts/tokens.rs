//! API tokens for other programs, such as a maintenance system: each with a name, a role's rights and an end.

use foretell_model::{DAY_MS, MINUTE_MS, Timestamp};
use rusqlite::{OptionalExtension as _, params};

use super::record::{self, What};
use super::{Accounts, AccountsError, Asking, Result, Role, people, secret};

/// Keeps tokens apart from other secrets.
const PURPOSE: &str = "foretell api token";
/// Begins every token, so that a scanner for leaked secrets can find it.
const PREFIX: &str = "foretell_";

/// The longest that a token can be good, days; beyond it one rather says "until it is revoked".
const DAYS_MAX: u32 = 3_650;

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its number.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// Whose rights it has.
    pub role: Role,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub created: Timestamp,
    /// Used last, to the minute.
    pub used: Option<Timestamp>,
    /// When it stops being good by itself; `None` where only revoking it ends it.
    pub expires: Option<Timestamp>,
    /// Whether it has.
    pub expired: bool,
    /// Since when it is good no more because somebody said so.
    pub revoked: Option<Timestamp>,
}

impl Accounts {
    /// Makes a token that is good for so many days, or until it is revoked, and gives its text, which is never shown again.
    ///
    /// # Errors
    /// `Name` for an unusable name, `TokenDays` for no usable number of days.
    pub fn make_token(&self, name: &str, role: Role, days: Option<u32>, by: &str) -> Result<String> {
        if days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
            return Err(AccountsError::TokenDays);
        }
        let (name, now, text) = (people::name_of(name)?, self.now_ms(), format!("{PREFIX}{}", secret::new()?));
        let expires = days.map(|days| now + i64::from(days) * DAY_MS);
        self.step(|db| {
            let sql = "INSERT INTO token (hash, name, role, made_by, created, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let hash = secret::digest(PURPOSE, &text);
            db.prepare_cached(sql)?.execute(params![hash, name, role.code(), by, now, expires])?;
            record::write(db, now, What::TokenMade, &name, by, "")
        })?;
        Ok(text)
    }

    /// Revokes a token; at once and for good.
    ///
    /// # Errors
    /// `Unknown` when there is no such token or it is revoked already.
    pub fn revoke_token(&self, id: i64, by: &str) -> Result<()> {
        let now = self.now_ms();
        self.step(|db| {
            let sql = "UPDATE token SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL RETURNING name";
            let name: Option<String> = db.prepare_cached(sql)?.query_row([id, now], |row| row.get(0)).optional()?;
            record::write(db, now, What::TokenRevoked, &name.ok_or(AccountsError::Unknown)?, by, "")
        })
    }

    /// Every token, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn tokens(&self) -> Result<Vec<ApiToken>> {
        let now = self.clock.now();
        self.look(|db| {
            let sql =
                "SELECT id, name, role, made_by, created, used, expires, revoked FROM token ORDER BY id DESC LIMIT 500";
            let mut found = db.prepare_cached(sql)?;
            let rows = found.query_map([], |row| {
                let expires = row.get::<_, Option<i64>>(6)?.map(Timestamp::from_millis);
                Ok(ApiToken {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    role: Role::stored(&row.get::<_, String>(2)?),
                    made_by: row.get(3)?,
                    created: Timestamp::from_millis(row.get(4)?),
                    used: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis),
                    expires,
                    expired: expires.is_some_and(|expires| expires <= now),
                    revoked: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_millis),
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Whom a token stands for; none when it is unknown or revoked.
    ///
    /// # Errors
    /// `TokenExpired` when its time is up: whoever holds it may know why it is refused.
    pub(crate) fn token(&self, text: &str) -> Result<Option<Asking>> {
        let (hash, now) = (secret::digest(PURPOSE, text), self.now_ms());
        let found = self.look(|db| {
            let sql = "SELECT name, role, used, expires FROM token WHERE hash = ?1 AND revoked IS NULL";
            let read = |row: &rusqlite::Row<'_>| {
                let times: (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, times))
            };
            Ok(db.prepare_cached(sql)?.query_row([hash], read).optional()?)
        })?;
        let Some((name, role, (used, expires))) = found else { return Ok(None) };
        if let Some(expired) = expires.filter(|expires| *expires <= now) {
            return Err(AccountsError::TokenExpired { name, at: Timestamp::from_millis(expired) });
        }
        if used.is_none_or(|used| now - used >= MINUTE_MS) {
            self.step(|db| {
                Ok(db.prepare_cached("UPDATE token SET used = ?2 WHERE hash = ?1")?.execute(params![hash, now])?)
            })?;
        }
        Ok(Some(Asking { login: format!("token {name}"), name, role: Role::stored(&role) }))
    }
}
