//! Pictures: their bytes in the data directory, their names in service state.

use foretell_console::photo::Prepared;
use foretell_console::view::{Colleague, Errand, PhotoOf, PhotoView};
use foretell_console::{BackendError, Lang};
use foretell_model::{Clock, Objection, Obstacle};
use foretell_outreach as outreach;

use super::ServiceBackend;
use super::errors::{failed, not_found, of_outreach};
use super::registry::language;

/// Pictures of one visit or case at most.
const PHOTOS_MAX: usize = 24;

impl ServiceBackend {
    /// Writes a picture and then its name; a picture whose name could not be written is swept away at the next start.
    pub(super) fn keeps_photo(
        &self,
        of: PhotoOf,
        photo: &Prepared,
        caption: &str,
        by: &str,
    ) -> Result<i64, BackendError> {
        let (of, subject) = self.subject(of)?;
        let before = self.outreach.photos(of, &subject).map_err(of_outreach)?;
        if of != outreach::PhotoOf::Person && before.len() >= PHOTOS_MAX {
            let full = Objection::about(Obstacle::PhotosFull, PHOTOS_MAX.to_string());
            return Err(BackendError::Refused(full));
        }
        let reference = self.photos.keep(photo).map_err(|error| failed("keep a photo", error))?;
        let now = self.clocks.now();
        let added = self.outreach.add_photo((of, &subject), &reference, caption, by, now);
        // What is refused, e.g. for its caption, leaves no files behind.
        if added.is_err() {
            self.photos.delete(&[reference]).map_err(|error| failed("delete a refused photo's files", error))?;
        }
        let id = added.map_err(of_outreach)?;
        if of == outreach::PhotoOf::Person {
            for old in before {
                let old = self.outreach.delete_photo(old.id, by, now).map_err(of_outreach)?;
                self.photos.delete(&[old.reference]).map_err(|error| failed("delete an old portrait", error))?;
            }
        }
        Ok(id)
    }

    /// What a picture belongs to, which must exist.
    fn subject(&self, of: PhotoOf) -> Result<(outreach::PhotoOf, String), BackendError> {
        match of {
            PhotoOf::Errand(Errand::Visit(id)) => {
                self.outreach.errand_sheet(id).map_err(of_outreach)?;
                Ok((outreach::PhotoOf::Visit, id.to_string()))
            }
            PhotoOf::Errand(Errand::Case(id)) => {
                self.outreach.service_case(id).map_err(of_outreach)?;
                Ok((outreach::PhotoOf::ServiceCase, id.to_string()))
            }
            PhotoOf::Person(key) => {
                let technician = self.outreach.technician(&key).map_err(of_outreach)?.is_some();
                let known = technician || self.outreach.advisor(&key).map_err(of_outreach)?.is_some();
                if known { Ok((outreach::PhotoOf::Person, key)) } else { Err(not_found("colleague", key)) }
            }
        }
    }

    pub(super) fn picture(&self, id: i64, small: bool) -> Result<Vec<u8>, BackendError> {
        self.bytes(&self.outreach.photo(id).map_err(of_outreach)?, small)
    }

    pub(super) fn photos_of(&self, errand: Errand) -> Result<Vec<PhotoView>, BackendError> {
        let (of, id) = match errand {
            Errand::Visit(id) => (outreach::PhotoOf::Visit, id),
            Errand::Case(id) => (outreach::PhotoOf::ServiceCase, id),
        };
        Ok(photo_views(self.outreach.photos(of, &id.to_string()).map_err(of_outreach)?))
    }

    pub(super) fn colleagues(&self, lang: Lang) -> Result<Vec<Colleague>, BackendError> {
        let (own, portraits) = (language(lang), self.outreach.portraits().map_err(of_outreach)?);
        let mut people = Vec::new();
        for technician in self.outreach.technicians().map_err(of_outreach)?.into_iter().filter(|known| !known.erased) {
            people.push(Colleague {
                name: own.of(&technician.name).to_owned(),
                role: String::new(),
                portrait: portraits.get(&technician.id).copied(),
                phone: technician.phone,
                badge: technician.badge.unwrap_or_default(),
                key: technician.id,
            });
        }
        for advisor in self.outreach.advisors().map_err(of_outreach)?.into_iter().filter(|known| !known.erased) {
            people.push(Colleague {
                name: own.of(&advisor.name).to_owned(),
                role: own.of(&advisor.role).to_owned(),
                portrait: portraits.get(&advisor.id).copied(),
                phone: advisor.phone,
                badge: String::new(),
                key: advisor.id,
            });
        }
        Ok(people)
    }
}

/// Pictures as pages show them to colleagues.
pub(super) fn photo_views(photos: Vec<outreach::Photo>) -> Vec<PhotoView> {
    photos.into_iter().map(|photo| PhotoView { id: photo.id, caption: photo.caption }).collect()
}
