//! People: who there is, in which role, and whether they may sign in.

use foretell_model::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::record::{self, What};
use super::{Accounts, AccountsError, Result, Role, hashing, links};
use crate::Lang;
use crate::typed::is_unseen;

/// Somebody who may sign in, or might.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Typed at sign-in; lower case.
    pub login: String,
    /// As others read it; recorded with everything this person does.
    pub name: String,
    /// What for.
    pub role: Role,
    /// Whether a password was set yet.
    pub ready: bool,
    /// Whether signing in is refused.
    pub disabled: bool,
    /// When added.
    pub created: Timestamp,
    /// Last sign-in.
    pub seen: Option<Timestamp>,
    /// E-mail address at which this person is told that a customer complains; without one, nothing is told.
    pub email: Option<String>,
    /// In which language.
    pub letters: Lang,
}

const COLUMNS: &str = "login, name, role, password IS NOT NULL, disabled, created, seen, email, language";

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        login: row.get(0)?,
        name: row.get(1)?,
        role: Role::stored(&row.get::<_, String>(2)?),
        ready: row.get(3)?,
        disabled: row.get(4)?,
        created: Timestamp::from_millis(row.get(5)?),
        seen: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_millis),
        email: row.get(7)?,
        letters: row.get::<_, Option<String>>(8)?.and_then(|tag| Lang::from_tag(&tag)).unwrap_or_default(),
    })
}

/// A login name as it is kept.
pub(super) fn login_of(text: &str) -> Result<String> {
    let login = text.trim().to_lowercase();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    let is_one = (1..=64).contains(&login.chars().count()) && login.chars().all(fits);
    if is_one { Ok(login) } else { Err(AccountsError::Login) }
}

/// A person's or token's name as it is kept: one line.
pub(super) fn name_of(text: &str) -> Result<String> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_one = (1..=64).contains(&name.chars().count()) && !name.chars().any(is_unseen);
    if is_one { Ok(name) } else { Err(AccountsError::Name) }
}

/// An e-mail address as it is kept; `None` for an empty text. Stricter than the standard: what passes here every mail server takes.
///
/// # Errors
/// `Email` when it is none.
pub fn email_of(text: &str) -> Result<Option<String>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let fits = |part: &str, others: &str| {
        let is_one = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
        !part.is_empty() && part.split('.').all(|label| !label.is_empty() && label.chars().all(is_one))
    };
    let is_domain = |domain: &str| {
        let is_whole = |label: &str| !label.starts_with('-') && !label.ends_with('-') && label.len() <= 63;
        fits(domain, "-") && domain.contains('.') && domain.split('.').all(is_whole)
    };
    match text.rsplit_once('@') {
        Some((name, domain)) if fits(name, "_-+%") && is_domain(domain) && name.len() <= 64 && text.len() <= 254 => {
            Ok(Some(text.to_owned()))
        }
        _ => Err(AccountsError::Email),
    }
}

pub(super) fn find(db: &Connection, login: &str) -> Result<Option<Person>> {
    let sql = format!("SELECT {COLUMNS} FROM person WHERE login = ?1");
    Ok(db.prepare_cached(&sql)?.query_row([login], person).optional()?)
}

/// Ends every session of somebody.
pub(super) fn end_sessions(db: &Connection, login: &str) -> Result<usize> {
    Ok(db.prepare_cached("DELETE FROM session WHERE login = ?1")?.execute([login])?)
}

/// Administrators who can sign in, but for `without`.
fn admins(db: &Connection, without: &str) -> Result<i64> {
    let sql =
        "SELECT count(*) FROM person WHERE role = 'admin' AND disabled = 0 AND password IS NOT NULL AND login <> ?1";
    Ok(db.prepare_cached(sql)?.query_row([without], |row| row.get(0))?)
}

/// Refuses what would leave nobody who could administer.
pub(super) fn must_not_be_last(db: &Connection, person: &Person) -> Result<()> {
    let is_last = person.role == Role::Admin && admins(db, "")? > 0 && admins(db, &person.login)? == 0;
    if is_last { Err(AccountsError::LastAdmin) } else { Ok(()) }
}

impl Accounts {
    /// Everybody, by login name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn people(&self) -> Result<Vec<Person>> {
        self.look(|db| {
            let sql = format!("SELECT {COLUMNS} FROM person ORDER BY login");
            let mut found = db.prepare_cached(&sql)?;
            Ok(found.query_map([], person)?.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Whether anybody can sign in. As long as nobody can, a console on a loopback address is open.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_inhabited(&self) -> Result<bool> {
        self.look(|db| {
            let sql = "SELECT EXISTS (SELECT 1 FROM person WHERE disabled = 0 AND password IS NOT NULL)";
            Ok(db.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        })
    }

    /// Adds somebody and gives the secret of the one-time link under which a password is chosen.
    ///
    /// # Errors
    /// `Login` or `Name` for unusable names, `Taken` for a login name in use.
    pub fn add(&self, login: &str, name: &str, role: Role, by: &str) -> Result<String> {
        let (login, name, now) = (login_of(login)?, name_of(name)?, self.now_ms());
        self.step(|db| {
            let sql = "INSERT OR IGNORE INTO person (login, name, role, created) VALUES (?1, ?2, ?3, ?4)";
            if db.prepare_cached(sql)?.execute(params![login, name, role.code(), now])? == 0 {
                return Err(AccountsError::Taken);
            }
            record::write(db, now, What::Added, &login, by, "")?;
            links::make(db, &login, now, by)
        })
    }

    /// The one-time link of the first administrator, who is made when missing; none once an administrator can sign in.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn first_admin(&self) -> Result<Option<String>> {
        let now = self.now_ms();
        self.step(|db| {
            if admins(db, "")? > 0 {
                return Ok(None);
            }
            let sql = "INSERT INTO person (login, name, role, created) VALUES ('admin', 'admin', 'admin', ?1)
                       ON CONFLICT DO UPDATE SET role = 'admin', disabled = 0";
            db.prepare_cached(sql)?.execute([now])?;
            links::make(db, "admin", now, "first start").map(Some)
        })
    }

    /// Voids somebody's password and sessions, and gives the secret of a new one-time link.
    ///
    /// # Errors
    /// `Unknown` when there is nobody of that name.
    pub fn reset(&self, login: &str, by: &str) -> Result<String> {
        let (login, now) = (login_of(login)?, self.now_ms());
        self.step(|db| {
            if db.prepare_cached("UPDATE person SET password = NULL WHERE login = ?1")?.execute([&login])? == 0 {
                return Err(AccountsError::Unknown);
            }
            end_sessions(db, &login)?;
            links::make(db, &login, now, by)
        })
    }

    /// Sets somebody's password, which ends all their sessions and voids their links.
    ///
    /// # Errors
    /// `Unknown` when there is nobody of that name, `PasswordLength` for an unusable password.
    pub fn set_password(&self, login: &str, password: &str, by: &str) -> Result<()> {
        let (login, hash, now) = (login_of(login)?, hashing::hash(password)?, self.now_ms());
        self.step(|db| {
            let sql = "UPDATE person SET password = ?2 WHERE login = ?1";
            if db.prepare_cached(sql)?.execute([&login, &hash])? == 0 {
                return Err(AccountsError::Unknown);
            }
            end_sessions(db, &login)?;
            db.prepare_cached("DELETE FROM link WHERE login = ?1")?.execute([&login])?;
            record::write(db, now, What::PasswordSet, &login, by, "")
        })
    }

    /// Gives somebody another role.
    ///
    /// # Errors
    /// `Unknown` when there is nobody of that name, `LastAdmin` when nobody could administer any more.
    pub fn set_role(&self, login: &str, role: Role, by: &str) -> Result<()> {
        self.change(login, by, role != Role::Admin, What::RoleChanged, |db, login| {
            Ok(db.prepare_cached("UPDATE person SET role = ?2 WHERE login = ?1")?.execute([login, role.code()])?)
        })
    }

    /// Sets where, and in which language, somebody is told that a customer complains; an empty address tells nothing any more.
    ///
    /// # Errors
    /// `Unknown` when there is nobody of that name, `Email` when it is no address.
    pub fn set_email(&self, login: &str, email: &str, letters: Lang, by: &str) -> Result<()> {
        let email = email_of(email)?;
        self.change(login, by, false, What::EmailChanged, |db, login| {
            let sql = "UPDATE person SET email = ?2, language = ?3 WHERE login = ?1";
            Ok(db.prepare_cached(sql)?.execute(params![login, email, letters.tag()])?)
        })
    }

    /// Refuses somebody to sign in and ends all their sessions, or allows it again.
    ///
    /// # Errors
    /// `Unknown` when there is nobody of that name, `LastAdmin` when nobody could administer any more.
    pub fn set_disabled(&self, login: &str, disabled: bool, by: &str) -> Result<()> {
        let what = if disabled { What::Disabled } else { What::Enabled };
        self.change(login, by, disabled, what, |db, login| {
            if disabled {
                end_sessions(db, login)?;
                db.prepare_cached("DELETE FROM link WHERE login = ?1")?.execute([login])?;
            }
            let sql = "UPDATE person SET disabled = ?2 WHERE login = ?1";
            Ok(db.prepare_cached(sql)?.execute(params![login, disabled])?)
        })
    }

    fn change(
        &self,
        login: &str,
        by: &str,
        takes_rights: bool,
        what: What,
        work: impl FnOnce(&Connection, &str) -> Result<usize>,
    ) -> Result<()> {
        let (login, now) = (login_of(login)?, self.now_ms());
        self.step(|db| {
            let person = find(db, &login)?.ok_or(AccountsError::Unknown)?;
            if takes_rights {
                must_not_be_last(db, &person)?;
            }
            work(db, &login)?;
            record::write(db, now, what, &login, by, "")
        })
    }
}
