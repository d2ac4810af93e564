//! A customer rings about a booked visit: the advisor moves or cancels it.

use axum::Form;
use axum::extract::State;
use axum::response::Response;
use foretell_model::{Obstacle, Timestamp};
use serde::Deserialize;

use super::decide::{Which, decide, said};
use super::kept::Kept;
use super::page::Ask;
use crate::router::App;
use crate::view::{AdvisorAct, AfterCancelling};
use crate::{BackendError, civil};

/// In place of a time in the list: the one that was typed.
const TYPED: &str = "typed";

/// A browser sends a box only when it is ticked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Moved {
    id: String,
    revision: u64,
    /// One of the times shown, ms, or [`TYPED`].
    from: String,
    when: String,
    agreed: Option<String>,
    told: Option<String>,
    reason: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Cancelled {
    id: String,
    revision: u64,
    reason: String,
    told: Option<String>,
    then: String,
}

/// `POST /queue/move`
pub(crate) async fn shift(State(app): State<App>, ask: Ask, Form(form): Form<Moved>) -> Response {
    let kept = Kept::of(
        "move",
        &[
            ("from", &form.from),
            ("when", &form.when),
            ("agreed", form.agreed.as_deref().unwrap_or_default()),
            ("told", form.told.as_deref().unwrap_or_default()),
            ("reason", &form.reason),
        ],
    );
    let (id, from, when) = (form.id.clone(), form.from, form.when);
    // A date and time is meant as the customer's clock shows it.
    let chosen = app.ask(move |backend| wanted(&from, &when, || Ok(backend.advisory(&id)?.customer.zone))).await;
    let act = chosen.and_then(|from| {
        let reason = said(&form.reason)?;
        Ok(AdvisorAct::Move { from, agreed: form.agreed.is_some(), told: form.told.is_some(), reason })
    });
    decide(&app, &ask, Which { id: form.id, revision: form.revision }, act, "moved", kept).await
}

/// `POST /queue/cancel`
pub(crate) async fn cancel(State(app): State<App>, ask: Ask, Form(form): Form<Cancelled>) -> Response {
    let told = form.told.as_deref().unwrap_or_default();
    let kept = Kept::of("cancel", &[("reason", &form.reason), ("told", told), ("then", &form.then)]);
    let then = match form.then.as_str() {
        "call" => Ok(AfterCancelling::Call),
        "close" => Ok(AfterCancelling::Close),
        _ => Err(Obstacle::OutcomeMissing.into()),
    };
    let act =
        then.and_then(|then| Ok(AdvisorAct::Cancel { reason: said(&form.reason)?, told: form.told.is_some(), then }));
    decide(&app, &ask, Which { id: form.id, revision: form.revision }, act, "cancelled", kept).await
}

/// The time that was chosen of those shown, or typed. Whoever typed one and chose none meant that one.
fn wanted(
    from: &str,
    when: &str,
    zone: impl FnOnce() -> Result<chrono_tz::Tz, BackendError>,
) -> Result<Timestamp, BackendError> {
    match from.parse::<i64>() {
        Ok(ms) => Ok(Timestamp::from_millis(ms)),
        Err(_) if from.is_empty() || from == TYPED => {
            civil::from_field(when, zone()?).ok_or_else(|| Obstacle::WhenMissing.into())
        }
        Err(_) => Err(Obstacle::WhenMissing.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_chosen_or_typed() {
        #[track_caller]
        fn check(from: &str, when: &str, expected: Option<&str>) {
            let found = wanted(from, when, || Ok(chrono_tz::Asia::Shanghai)).ok().map(|at| at.to_string());
            assert_eq!(found.as_deref(), expected, "{from} {when}");
        }
        check("1784538000000", "", Some("2026-07-20T09:00:00Z"));
        check("1784538000000", "2026-07-21T09:00", Some("2026-07-20T09:00:00Z"));
        check("typed", "2026-07-21T09:00", Some("2026-07-21T01:00:00Z"));
        check("", "2026-07-21T09:00", Some("2026-07-21T01:00:00Z"));
        check("", "", None);
        check("typed", "soon", None);
        check("soon", "2026-07-21T09:00", None);
    }
}
