//! The record of who signed in and of what was changed about accounts: by whom, from where, when.

use foretell_model::{DAY_MS, Timestamp};
use rusqlite::{Connection, params};

use super::{Accounts, Result};

/// Entries kept of what people did who have an account; older ones are dropped.
const ENTRIES_MAX: i64 = 10_000;
/// Entries kept of attempts that were refused: anybody can make them, and must not push out what was changed.
const ATTEMPTS_MAX: i64 = 2_000;
/// So long it is kept from where somebody signed in, ms: enough to look into a break-in.
const ADDRESS_KEPT_MS: i64 = 180 * DAY_MS;
/// Longest text kept of what a stranger typed, characters.
const CHARS_MAX: usize = 64;

macro_rules! whats {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)+) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum What { $($(#[$doc])* $name,)+ }

        impl What {
            /// Its word in the file.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

whats! {
    /// Somebody signed in.
    SignedIn = "signed_in";
    /// Name and password did not belong together.
    Refused = "refused";
    /// An attempt came too early.
    LockedOut = "locked_out";
    /// Somebody signed out.
    SignedOut = "signed_out";
    /// All sessions of somebody were ended.
    SessionsEnded = "sessions_ended";
    /// Somebody was added.
    Added = "added";
    /// A one-time link was made.
    LinkMade = "link_made";
    /// A one-time link was used.
    LinkUsed = "link_used";
    /// A password was set.
    PasswordSet = "password_set";
    /// A role was changed.
    RoleChanged = "role_changed";
    /// The address to be told at was changed.
    EmailChanged = "email_changed";
    /// Somebody may not sign in any more.
    Disabled = "disabled";
    /// Somebody may sign in again.
    Enabled = "enabled";
    /// Somebody's account was erased.
    Erased = "erased";
    /// An API token was made.
    TokenMade = "token_made";
    /// An API token was revoked.
    TokenRevoked = "token_revoked";
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// Whom or which token it is about.
    pub login: String,
    /// What happened; none for a word of a newer version.
    pub what: Option<What>,
    /// Who did it.
    pub by: String,
    /// From where; empty for a command.
    pub address: String,
}

/// Writes an entry in the step that it belongs to.
pub(super) fn write(db: &Connection, at: i64, what: What, login: &str, by: &str, address: &str) -> Result<()> {
    let cut = |text: &str| text.chars().take(CHARS_MAX).collect::<String>();
    db.prepare_cached("INSERT INTO act (at, login, what, who, address) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![at, cut(login), what.code(), cut(by), address])?;
    let is_attempt = matches!(what, What::Refused | What::LockedOut);
    let (kind, max) = if is_attempt { ("IN", ATTEMPTS_MAX) } else { ("NOT IN", ENTRIES_MAX) };
    let attempts = format!("what {kind} ('{}', '{}')", What::Refused.code(), What::LockedOut.code());
    let oldest = format!("SELECT id FROM act WHERE {attempts} ORDER BY id DESC LIMIT 1 OFFSET ?1");
    db.prepare_cached(&format!("DELETE FROM act WHERE {attempts} AND id <= ({oldest})"))?.execute([max])?;
    if !is_attempt {
        db.prepare_cached("UPDATE act SET address = '' WHERE at < ?1 AND address <> ''")?
            .execute([at - ADDRESS_KEPT_MS])?;
    }
    Ok(())
}

impl Accounts {
    /// The newest entries, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn acts(&self, max: usize) -> Result<Vec<Act>> {
        self.look(|db| {
            let mut found =
                db.prepare_cached("SELECT at, login, what, who, address FROM act ORDER BY id DESC LIMIT ?1")?;
            let rows = found.query_map([i64::try_from(max).unwrap_or(i64::MAX)], |row| {
                Ok(Act {
                    at: Timestamp::from_millis(row.get(0)?),
                    login: row.get(1)?,
                    what: What::from_code(&row.get::<_, String>(2)?),
                    by: row.get(3)?,
                    address: row.get(4)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}
