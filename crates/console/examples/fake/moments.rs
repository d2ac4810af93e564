//! What a letter's page shows at the moment that its token names.

use foretell_console::BackendError;
use foretell_console::view::{BookingPage, BookingState, Person, Slot, Visit};

use super::fleet::now;
use super::{Fake, missing};

impl Fake {
    pub(super) fn page_of(&self, token: &str) -> Result<BookingPage, BackendError> {
        match token {
            "expired" => Err(BackendError::Expired),
            "taken-back" => Err(BackendError::TakenBack),
            "draft" => Err(BackendError::NotYet),
            "broken" => Err(BackendError::Failed {
                attempted: "read the store at /secret/path".to_owned(),
                source: "disk on fire".into(),
            }),
            token => {
                // Before a token stands which of the moments below it shows.
                let (when, plain) = token.split_once('-').unwrap_or(("", token));
                let known = ["way", "done", "call", "again", "two", "both", "stopped", "half"];
                let plain = if known.contains(&when) { plain } else { token };
                let page = self
                    .with(|state| state.pages.iter().find(|(known, _)| *known == plain).map(|(_, page)| page.clone()));
                let mut page = page.ok_or_else(|| missing("page"))?;
                let other = ("3号机".to_owned(), page.curve.clone());
                page.others.extend(matches!(when, "two" | "both" | "half").then_some(other));
                match when {
                    "done" | "both" => page.state = BookingState::Done,
                    "call" => page.state = BookingState::CallComes,
                    "way" => {
                        let slot = Slot { from: now() + 3_600_000, to: now() + 9_000_000 };
                        page.state = BookingState::Booked(Visit { slot, technician: Some(Person::default()) });
                    }
                    _ => {}
                }
                Ok(page)
            }
        }
    }
}
