//! Who looks at an errand: whoever goes there, a colleague who may look and no more, or somebody at a desk.

use super::field_acts::href;
use crate::accounts::Role;
use crate::view::Errand;
use crate::{Backend, BackendError, access};

/// The cookie that names the errand on which somebody set out in this browser.
pub(crate) const WAY: &str = "way";

/// How somebody stands to an errand.
#[derive(Clone, Copy)]
pub(crate) struct Standing {
    /// It is a colleague's: this one may look and no more.
    pub(crate) barred: bool,
    /// This one goes there, so that it is this telephone's place that is told.
    pub(crate) on_way: bool,
}

/// Somebody of a role, by login name.
pub(crate) struct Asker {
    pub(super) role: Option<Role>,
    pub(super) login: Option<String>,
    /// The page of the errand on which somebody set out in this browser.
    pub(super) way: Option<String>,
}

impl Asker {
    /// How this one stands to an errand.
    pub(crate) fn standing(&self, backend: &dyn Backend, errand: Errand) -> Result<Standing, BackendError> {
        Ok(Standing { barred: self.is_barred_from(backend, errand)?, on_way: self.is_on_way_to(backend, errand)? })
    }

    /// The errand is a colleague's.
    fn is_barred_from(&self, backend: &dyn Backend, errand: Errand) -> Result<bool, BackendError> {
        match self.role {
            Some(role @ Role::Technician) => access::anothers_errand(backend, role, self.login.as_deref(), errand),
            _ => Ok(false),
        }
    }

    /// Where nobody signed in, it is whoever has set out in this browser.
    fn is_on_way_to(&self, backend: &dyn Backend, errand: Errand) -> Result<bool, BackendError> {
        let Some(login) = &self.login else {
            return Ok(self.way.as_deref() == Some(href(errand).as_str()));
        };
        if self.role == Some(Role::Technician) {
            return self.is_barred_from(backend, errand).map(|barred| !barred);
        }
        Ok(backend.technician_of(login)?.is_some_and(|own| backend.sent_on(errand).is_ok_and(|sent| sent == Some(own))))
    }
}
