//! What the pages ask of the rest of the product about work in the field: technicians' days, customers' links, pictures, and
//! what is kept about a person. The server implements it beside [`crate::Backend`].

use serde_json::Value;

use crate::accounts::Erasure;
use crate::photo::Prepared;
use crate::view::{
    Colleague, Errand, FieldAct, GuestChoice, GuestPage, GuestReport, PhotoOf, PhotoView, VisitDay, VisitPage,
};
use crate::{BackendError, Lang};

/// Everything asked about the field. Methods may block, as those of [`crate::Backend`].
pub trait Field: Send + Sync + 'static {
    /// Visits from this morning on: a technician's, by key, or everybody's; of `page` the second is how many at
    /// most, the first how many are passed over.
    ///
    /// # Errors
    /// `NotFound` when there is no such technician.
    fn visit_day(&self, technician: Option<&str>, page: (usize, usize), lang: Lang) -> Result<VisitDay, BackendError>;

    /// Key of the technician who signs in under a name, if there is one.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn technician_of(&self, login: &str) -> Result<Option<String>, BackendError>;

    /// Key of the technician who is sent on an errand; none where nobody is, or a crew without a name.
    ///
    /// # Errors
    /// `NotFound` when there is no such errand.
    fn sent_on(&self, errand: Errand) -> Result<Option<String>, BackendError>;

    /// One visit in full.
    ///
    /// # Errors
    /// `NotFound` when there is none of that number.
    fn visit(&self, id: i64, lang: Lang) -> Result<VisitPage, BackendError>;

    /// Does what somebody in the field says.
    ///
    /// # Errors
    /// `Conflict` when the errand is over or does not allow it.
    fn act_in_field(&self, errand: Errand, act: FieldAct, by: &str) -> Result<(), BackendError>;

    /// Keeps a picture; gives its number. Of a person only the newest is kept.
    ///
    /// # Errors
    /// `NotFound` when there is no such thing; `Conflict` when it has as many pictures as it may.
    fn add_photo(&self, of: PhotoOf, photo: Prepared, caption: &str, by: &str) -> Result<i64, BackendError>;

    /// A picture as a JPEG file.
    ///
    /// # Errors
    /// `NotFound` when there is none of that number.
    fn photo(&self, id: i64, small: bool) -> Result<Vec<u8>, BackendError>;

    /// Takes a picture away.
    ///
    /// # Errors
    /// As [`Field::photo`].
    fn delete_photo(&self, id: i64, by: &str) -> Result<(), BackendError>;

    /// Says anew what a picture shows.
    ///
    /// # Errors
    /// As [`Field::photo`]; with the breaches where the customer, who reads it, may not.
    fn caption_photo(&self, id: i64, caption: &str, by: &str) -> Result<(), BackendError>;

    /// Pictures of an errand, oldest first.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn photos(&self, errand: Errand) -> Result<Vec<PhotoView>, BackendError>;

    /// Our people.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn team(&self, lang: Lang) -> Result<Vec<Colleague>, BackendError>;

    /// A number that changes with whatever a link's holder sees move: how far somebody has come, where a case stands. Asked
    /// often, so it must be cheap.
    ///
    /// # Errors
    /// As [`crate::Backend::booking`].
    fn guest_mark(&self, token: &str) -> Result<u64, BackendError>;

    /// What a customer's link leads to.
    ///
    /// # Errors
    /// As [`crate::Backend::booking`].
    fn guest(&self, token: &str) -> Result<GuestPage, BackendError>;

    /// A picture that a link's holder may see, as a JPEG file.
    ///
    /// # Errors
    /// As [`Field::guest`], and `NotFound` for any other picture.
    fn guest_photo(&self, token: &str, id: i64, small: bool) -> Result<Vec<u8>, BackendError>;

    /// The health report of the link's machine; of another one of its letter or its visit where `machine`, the second part of
    /// its identity, names one.
    ///
    /// # Errors
    /// As [`Field::guest`], and `NotFound` for any other machine.
    fn guest_report(&self, token: &str, machine: Option<&str>) -> Result<GuestReport, BackendError>;

    /// How a link's holder is written to.
    ///
    /// # Errors
    /// As [`Field::guest`].
    fn guest_choice(&self, token: &str) -> Result<GuestChoice, BackendError>;

    /// Keeps what a link's holder chose.
    ///
    /// # Errors
    /// As [`Field::guest`]; `Conflict` when the hours cannot be kept.
    fn choose(&self, token: &str, choice: GuestChoice) -> Result<(), BackendError>;

    /// The customer says that the machine has broken down, and by its name `which` where a letter is about several; gives the
    /// path of the page about it.
    ///
    /// # Errors
    /// As [`Field::guest`].
    fn report_trouble(&self, token: &str, which: Option<&str>, what: &str) -> Result<String, BackendError>;

    /// Everything kept about a customer, as JSON.
    ///
    /// # Errors
    /// `NotFound` when there is no such customer.
    fn customer_data(&self, id: &str) -> Result<String, BackendError>;

    /// Erases what is personal about a customer, for good.
    ///
    /// # Errors
    /// `NotFound` when there is no such customer; `Conflict` while a message to them is on its way.
    fn erase_customer(&self, id: &str, by: &str) -> Result<(), BackendError>;

    /// Everything that service state keeps about a colleague, by login name and by the names under which things were done.
    ///
    /// # Errors
    /// When a store cannot be read.
    fn colleague_data(&self, login: &str, names: &[String]) -> Result<Value, BackendError>;

    /// Puts an alias in place of a colleague whose account is to be erased, wherever the service state says by whom something was
    /// done, and erases what customers read of this person: name, number, badge, portrait. Doing it again is fine.
    ///
    /// # Errors
    /// `Refused` while this person is expected somewhere; when the service state cannot be written.
    fn erase_colleague(&self, colleague: &Erasure) -> Result<(), BackendError>;
}
