//! A colleague's personal data: handed out, or erased. The record must say by whom something was done, and need not know who that
//! was.

use foretell_model::{Obstacle, Timestamp};
use serde_json::{Map, Value, json};

use crate::Outreach;
use crate::error::{OutreachError, Result};
use crate::registry::{Advisor, Entity, Technician};
use crate::store::{Session, bookings, colleagues, dossier, personal, record, registry, service_cases};
use crate::views::PhotoOf;

impl Outreach {
    /// Puts an alias, `erased-` and eight characters, in place of the names under which a colleague did things and of the account
    /// by which managers were told, and erases the entries as technician and advisor: name, telephone number, badge, addresses,
    /// portrait. What waits for that account never goes out. Gives the references of portraits, whose bytes the caller deletes.
    /// Erasing twice is fine.
    ///
    /// # Errors
    /// `Refused` while the technician is expected somewhere; when the store refuses.
    pub fn erase_colleague(&self, login: &str, names: &[String], alias: &str, now: Timestamp) -> Result<Vec<String>> {
        let attempted = "put an alias in place of a colleague";
        let photos = self.store.write(attempted, |tx| {
            // Who is called as a part of ours is gives that part's deeds to nobody.
            for name in names.iter().filter(|name| !record::is_nobody(name)) {
                colleagues::rename(tx, name, alias)?;
            }
            colleagues::rename_account(tx, login, alias)?;
            let mut photos = Vec::new();
            for known in of_account(tx, login)? {
                // Whoever waits there was promised this very face and badge.
                let is_sent = |case: &crate::ServiceCase| case.technician.as_ref() == Some(&known.id);
                if bookings::is_expected(tx, &known.id, now)? || service_cases::open(tx)?.iter().any(is_sent) {
                    return Err(OutreachError::refused(attempted, Obstacle::CaseBooked));
                }
                photos.extend(personal::delete_photos(tx, (PhotoOf::Person, &known.id))?);
                let badge = known.badge.as_deref().unwrap_or_default();
                colleagues::rename_in_letters(tx, &[&known.name.en, &known.name.zh, &known.phone, badge], alias)?;
                let bare = Technician::new(&known.id, alias.into(), "");
                registry::keep(tx, &Technician { skills: known.skills, depot: known.depot, erased: true, ..bare })?;
            }
            if let Some(known) = registry::find::<Advisor>(tx, login)? {
                photos.extend(personal::delete_photos(tx, (PhotoOf::Person, &known.id))?);
                let email = known.email.as_deref().unwrap_or_default();
                colleagues::rename_in_letters(tx, &[&known.name.en, &known.name.zh, &known.phone, email], alias)?;
                let bare = Advisor::new(&known.id, alias.into(), known.role, "");
                registry::keep(tx, &Advisor { erased: true, ..bare })?;
            }
            personal::compaction(tx, Some(now))?;
            Ok(photos)
        })?;
        self.compact_if_due()?;
        Ok(photos)
    }

    /// Whether somebody has an entry as technician or advisor whose account this is, or would be.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn has_entry_of(&self, login: &str) -> Result<bool> {
        self.store.read("look for a colleague", |c| {
            let advisor: Option<Advisor> = registry::find(c, login)?;
            Ok(!of_account(c, login)?.is_empty() || advisor.is_some_and(|known| !known.erased))
        })
    }

    /// Everything that service state keeps about a colleague, by account and by the names under which things were done: entries,
    /// visits, deeds. What customers said on those occasions is theirs.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn colleague_data(&self, login: &str, names: &[String], now: Timestamp) -> Result<Value> {
        self.store.read("gather a colleague's data", |c| {
            let mut data = Map::new();
            data.insert("made".into(), now.to_string().into());
            let technicians = of_account(c, login)?;
            for known in &technicians {
                dossier::of_technician(c, &known.id, &mut data)?;
            }
            for name in names {
                dossier::of_name(c, name, &mut data)?;
            }
            data.insert("technician".into(), values(&technicians)?);
            let advisor: Option<Advisor> = registry::find(c, login)?;
            data.insert("advisor".into(), values(advisor.filter(|known| !known.erased).as_slice())?);
            Ok(Value::Object(data))
        })
    }
}

/// The technicians whose account it is, but for those who were erased.
fn of_account(connection: &dyn Session, login: &str) -> Result<Vec<Technician>> {
    let mut known: Vec<Technician> = registry::all(connection)?;
    known.retain(|known| !known.erased && (known.login.as_deref().unwrap_or(&known.id) == login));
    Ok(known)
}

fn values<T: Entity>(things: &[T]) -> Result<Value> {
    things
        .iter()
        .map(|thing| serde_json::to_value(thing).map_err(|e| OutreachError::corrupt(T::KIND, e)))
        .collect::<Result<Vec<_>>>()
        .map(|all| json!(all))
}
