//! What an advisor decides. Each decision names the revision that was on the page, so that nobody approves a text that
//! was changed behind their back; afterwards the browser is sent back to the advisory, where reloading repeats nothing.

use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::page::{Ask, advisory_href};
use crate::BackendError;
use crate::router::App;
use crate::view::{AdvisorAct, Draft};

/// Longest reason for postponing, characters.
const REASON_CHARS_MAX: usize = 300;
/// Longest subject line, characters.
const SUBJECT_CHARS_MAX: usize = 200;
/// Longest message, characters.
const BODY_CHARS_MAX: usize = 8_000;

#[derive(Debug, Deserialize)]
pub(crate) struct Which {
    id: String,
    revision: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Edited {
    id: String,
    revision: u64,
    subject: String,
    body: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PutOff {
    id: String,
    revision: u64,
    days: u16,
    reason: String,
}

/// `POST /queue/approve`
pub(crate) async fn approve(State(app): State<App>, ask: Ask, Form(form): Form<Which>) -> Response {
    decide(&app, &ask, form, Ok(AdvisorAct::Approve), "approved").await
}

/// `POST /queue/call`
pub(crate) async fn call(State(app): State<App>, ask: Ask, Form(form): Form<Which>) -> Response {
    decide(&app, &ask, form, Ok(AdvisorAct::CallInstead), "call").await
}

/// `POST /queue/edit`
pub(crate) async fn edit(State(app): State<App>, ask: Ask, Form(form): Form<Edited>) -> Response {
    let act = edited(&form.subject, &form.body);
    decide(&app, &ask, Which { id: form.id, revision: form.revision }, act, "edited").await
}

/// `POST /queue/postpone`
pub(crate) async fn postpone(State(app): State<App>, ask: Ask, Form(form): Form<PutOff>) -> Response {
    let act = put_off(form.days, &form.reason);
    decide(&app, &ask, Which { id: form.id, revision: form.revision }, act, "postponed").await
}

fn edited(subject: &str, body: &str) -> Result<AdvisorAct, BackendError> {
    // One line only: a line end in a subject would begin a new header of the mail.
    let subject = subject.replace(['\r', '\n'], " ").trim().to_owned();
    let body = body.replace("\r\n", "\n").trim().to_owned();
    let fits = |text: &str, max: usize| (1..=max).contains(&text.chars().count());
    if !fits(&subject, SUBJECT_CHARS_MAX) || !fits(&body, BODY_CHARS_MAX) {
        return Err(BackendError::Invalid(format!(
            "a message needs a subject of 1 to {SUBJECT_CHARS_MAX} and a text of 1 to {BODY_CHARS_MAX} characters"
        )));
    }
    Ok(AdvisorAct::Edit(Draft { subject, body }))
}

fn put_off(days: u16, reason: &str) -> Result<AdvisorAct, BackendError> {
    let reason: String = reason.trim().chars().take(REASON_CHARS_MAX).collect();
    if !(1..=90).contains(&days) || reason.is_empty() {
        return Err(BackendError::Invalid("postponing needs 1 to 90 days and a reason".to_owned()));
    }
    Ok(AdvisorAct::Postpone { days, reason })
}

async fn decide(
    app: &App,
    ask: &Ask,
    which: Which,
    act: Result<AdvisorAct, BackendError>,
    done: &'static str,
) -> Response {
    let back = format!("{}?done={done}", advisory_href(&which.id));
    let by = ask.by.clone();
    let decided = match act {
        Ok(act) => app.ask(move |backend| backend.act(&which.id, which.revision, act, &by)).await,
        Err(refused) => Err(refused),
    };
    match decided {
        Ok(()) => Redirect::to(&back).into_response(),
        Err(error) => ask.failure(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_stays_one_line_and_nothing_stays_empty() {
        let draft = Draft { subject: "a  Bcc: x".into(), body: "one\n\ntwo".into() };
        assert_eq!(edited(" a\r\nBcc: x", "one\r\n\r\ntwo\r\n").ok(), Some(AdvisorAct::Edit(draft)));
        assert!(edited(" ", "x").is_err() && edited("x", "").is_err() && edited("x", &"x".repeat(8_001)).is_err());
        assert!(put_off(0, "x").is_err() && put_off(91, "x").is_err() && put_off(3, "  ").is_err());
    }
}
