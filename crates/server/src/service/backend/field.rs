//! What the pages ask about work in the field, handed to whoever knows.

use foretell_console::accounts::Erasure;
use foretell_console::photo::Prepared;
use foretell_console::view::{
    Colleague, Errand, FieldAct, GuestChoice, GuestPage, GuestReport, PhotoOf, PhotoView, VisitDay, VisitPage,
};
use foretell_console::{BackendError, Field, Lang};
use foretell_model::Clock;

use super::ServiceBackend;
use super::errors::{failed, of_outreach};

impl Field for ServiceBackend {
    fn visit_day(&self, technician: Option<&str>, page: (usize, usize), lang: Lang) -> Result<VisitDay, BackendError> {
        self.day_of(technician, page, lang)
    }

    fn technician_of(&self, login: &str) -> Result<Option<String>, BackendError> {
        let technicians = self.outreach.technicians().map_err(of_outreach)?;
        let found = technicians
            .into_iter()
            .filter(|known| !known.erased)
            .find(|technician| technician.login.as_deref().unwrap_or(&technician.id) == login);
        Ok(found.map(|technician| technician.id))
    }

    fn sent_on(&self, errand: Errand) -> Result<Option<String>, BackendError> {
        self.technician_sent_on(errand)
    }

    fn visit(&self, id: i64, lang: Lang) -> Result<VisitPage, BackendError> {
        self.visit_page(id, lang)
    }

    fn act_in_field(&self, errand: Errand, act: FieldAct, by: &str) -> Result<(), BackendError> {
        self.acts_in_field(errand, act, by)?;
        self.room.changed();
        Ok(())
    }

    fn add_photo(&self, of: PhotoOf, photo: Prepared, caption: &str, by: &str) -> Result<i64, BackendError> {
        let id = self.keeps_photo(of, &photo, caption, by)?;
        self.room.changed();
        Ok(id)
    }

    fn photo(&self, id: i64, small: bool) -> Result<Vec<u8>, BackendError> {
        self.picture(id, small)
    }

    fn delete_photo(&self, id: i64, by: &str) -> Result<(), BackendError> {
        let photo = self.outreach.delete_photo(id, by, self.clocks.now()).map_err(of_outreach)?;
        self.room.changed();
        self.photos.delete(&[photo.reference]).map_err(|error| failed("delete a photo's files", error))
    }

    fn caption_photo(&self, id: i64, caption: &str, by: &str) -> Result<(), BackendError> {
        self.outreach.caption_photo(id, caption, by, self.clocks.now()).map_err(of_outreach)?;
        self.room.changed();
        Ok(())
    }

    fn photos(&self, errand: Errand) -> Result<Vec<PhotoView>, BackendError> {
        self.photos_of(errand)
    }

    fn team(&self, lang: Lang) -> Result<Vec<Colleague>, BackendError> {
        self.colleagues(lang)
    }

    fn guest_mark(&self, token: &str) -> Result<u64, BackendError> {
        self.mark_of_guest(token)
    }

    fn guest(&self, token: &str) -> Result<GuestPage, BackendError> {
        self.guest_page(token)
    }

    fn guest_photo(&self, token: &str, id: i64, small: bool) -> Result<Vec<u8>, BackendError> {
        self.picture_for_guest(token, id, small)
    }

    fn guest_report(&self, token: &str, machine: Option<&str>) -> Result<GuestReport, BackendError> {
        self.report_for_guest(token, machine)
    }

    fn guest_choice(&self, token: &str) -> Result<GuestChoice, BackendError> {
        self.choice_of_guest(token)
    }

    fn choose(&self, token: &str, choice: GuestChoice) -> Result<(), BackendError> {
        self.keeps_choice(token, choice)?;
        self.room.changed();
        Ok(())
    }

    fn report_trouble(&self, token: &str, which: Option<&str>, what: &str) -> Result<String, BackendError> {
        let link = self.outreach.report_through_link(token, which, what, self.clocks.now()).map_err(of_outreach)?;
        self.room.changed();
        Ok(link.find("/b/").map_or(link.clone(), |at| link[at..].to_owned()))
    }

    fn customer_data(&self, id: &str) -> Result<String, BackendError> {
        self.outreach.customer_data(id, self.clocks.now()).map_err(of_outreach)
    }

    fn erase_customer(&self, id: &str, by: &str) -> Result<(), BackendError> {
        let photos = self.outreach.erase_customer(id, by, self.clocks.now()).map_err(of_outreach)?;
        self.room.changed();
        self.photos.delete(&photos).map_err(|error| failed("delete an erased customer's photos", error))
    }

    fn colleague_data(&self, login: &str, names: &[String]) -> Result<serde_json::Value, BackendError> {
        self.outreach.colleague_data(login, names, self.clocks.now()).map_err(of_outreach)
    }

    fn erase_colleague(&self, Erasure { login, names, alias }: &Erasure) -> Result<(), BackendError> {
        let photos = self.outreach.erase_colleague(login, names, alias, self.clocks.now()).map_err(of_outreach)?;
        self.room.changed();
        self.photos.delete(&photos).map_err(|error| failed("delete an erased colleague's portrait", error))
    }
}
