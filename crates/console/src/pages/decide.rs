//! What an advisor decides. Each decision names the revision that was on the page, so that nobody approves a text that
//! was changed behind their back; afterwards the browser is sent back to the advisory, where reloading repeats nothing.

use axum::Form;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use foretell_model::{DayOfWeek, DayPart, Obstacle, Timestamp, WishedTime};

use super::answer::answered;
use super::kept::Kept;
use super::page::{Ask, advisory_href};
use super::queue::show_again;
use crate::router::App;
use crate::typed;
use crate::view::{AdvisorAct, AfterCall, Draft};
use crate::{BackendError, civil};

/// Longest reason for postponing, characters.
const REASON_CHARS_MAX: usize = 300;
/// Longest subject line, characters.
const SUBJECT_CHARS_MAX: usize = 200;
/// Longest message, characters.
const BODY_CHARS_MAX: usize = 8_000;

#[derive(Debug, Deserialize)]
pub(crate) struct Which {
    pub(super) id: String,
    pub(super) revision: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Edited {
    id: String,
    revision: u64,
    subject: String,
    body: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Spoken {
    id: String,
    revision: u64,
    remark: String,
    then: String,
    /// Day of the week and part of the day that suit best; empty for any.
    #[serde(default)]
    day: String,
    #[serde(default)]
    part: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Booked {
    id: String,
    revision: u64,
    from: Option<i64>,
    when: Option<String>,
    agreed: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Because {
    id: String,
    revision: u64,
    reason: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Settled {
    id: String,
    revision: u64,
    arrived: String,
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
    decide(&app, &ask, form, Ok(AdvisorAct::Approve), "approved", Kept::default()).await
}

/// `POST /queue/call`
pub(crate) async fn call(State(app): State<App>, ask: Ask, Form(form): Form<Which>) -> Response {
    decide(&app, &ask, form, Ok(AdvisorAct::CallInstead), "call", Kept::default()).await
}

/// `POST /queue/called`
pub(crate) async fn called(State(app): State<App>, ask: Ask, Form(form): Form<Spoken>) -> Response {
    let then = match form.then.as_str() {
        "close" => Ok(AfterCall::Close),
        "letter" => {
            let (day, part) = (DayOfWeek::from_name(&form.day), DayPart::from_name(&form.part));
            Ok(AfterCall::NewLetter(WishedTime { day, part }))
        }
        "again" => Ok(AfterCall::Again),
        _ => Err(Obstacle::OutcomeMissing.into()),
    };
    let act = then.and_then(|then| Ok(AdvisorAct::Called { remark: said(&form.remark)?, then }));
    let typed = [("remark", &form.remark), ("then", &form.then), ("day", &form.day), ("part", &form.part)];
    let kept = Kept::of("called", &typed.map(|(name, typed)| (name, typed.as_str())));
    decide(&app, &ask, Which { id: form.id, revision: form.revision }, act, "called", kept).await
}

/// `POST /queue/book`
pub(crate) async fn book(State(app): State<App>, ask: Ask, Form(form): Form<Booked>) -> Response {
    let kept = Kept::of(
        "book",
        &[("when", form.when.as_deref().unwrap_or_default()), ("agreed", form.agreed.as_deref().unwrap_or_default())],
    );
    let agreed = form.agreed.is_some();
    let (id, from, when) = (form.id.clone(), form.from, form.when);
    // A date and time is meant as the customer's clock shows it.
    let chosen = app.ask(move |backend| match (from, when) {
        (Some(from), _) => Ok(Timestamp::from_millis(from)),
        (None, Some(when)) => {
            civil::from_field(&when, backend.advisory(&id)?.customer.zone).ok_or(Obstacle::WhenMissing.into())
        }
        (None, None) => Err(Obstacle::WhenMissing.into()),
    });
    let act = chosen.await.map(|from| AdvisorAct::Book { from, agreed });
    decide(&app, &ask, Which { id: form.id, revision: form.revision }, act, "booked", kept).await
}

/// `POST /queue/close`
pub(crate) async fn close(State(app): State<App>, ask: Ask, Form(form): Form<Because>) -> Response {
    let act = said(&form.reason).map(|reason| AdvisorAct::Close { reason });
    let kept = Kept::of("close", &[("reason", &form.reason)]);
    decide(&app, &ask, Which { id: form.id, revision: form.revision }, act, "closed", kept).await
}

/// `POST /queue/done`
pub(crate) async fn done(State(app): State<App>, ask: Ask, Form(form): Form<Which>) -> Response {
    decide(&app, &ask, form, Ok(AdvisorAct::VisitDone), "visited", Kept::default()).await
}

/// `POST /queue/undone`
pub(crate) async fn undone(State(app): State<App>, ask: Ask, Form(form): Form<Because>) -> Response {
    let act = said(&form.reason).map(|reason| AdvisorAct::VisitNotDone { reason });
    let kept = Kept::of("undone", &[("reason", &form.reason)]);
    decide(&app, &ask, Which { id: form.id, revision: form.revision }, act, "missed", kept).await
}

/// `POST /queue/settle`
pub(crate) async fn settle(State(app): State<App>, ask: Ask, Form(form): Form<Settled>) -> Response {
    let act = match form.arrived.as_str() {
        "yes" => Ok(AdvisorAct::Settle { arrived: true }),
        "no" => Ok(AdvisorAct::Settle { arrived: false }),
        _ => Err(Obstacle::ArrivalMissing.into()),
    };
    let done = if form.arrived == "yes" { "arrived" } else { "again" };
    decide(&app, &ask, Which { id: form.id, revision: form.revision }, act, done, Kept::default()).await
}

/// `POST /queue/revoke`
pub(crate) async fn revoke(State(app): State<App>, ask: Ask, Form(form): Form<Because>) -> Response {
    let act = said(&form.reason).map(|reason| AdvisorAct::RevokeLink { reason });
    let kept = Kept::of("revoke", &[("reason", &form.reason)]);
    decide(&app, &ask, Which { id: form.id, revision: form.revision }, act, "revoked", kept).await
}

/// `POST /queue/noted`
pub(crate) async fn noted(State(app): State<App>, ask: Ask, Form(form): Form<Which>) -> Response {
    decide(&app, &ask, form, Ok(AdvisorAct::Noted), "noted", Kept::default()).await
}

/// `POST /queue/write`
pub(crate) async fn write(State(app): State<App>, ask: Ask, Form(form): Form<Which>) -> Response {
    decide(&app, &ask, form, Ok(AdvisorAct::WriteAfterAll), "written", Kept::default()).await
}

/// `POST /queue/edit`
pub(crate) async fn edit(State(app): State<App>, ask: Ask, Form(form): Form<Edited>) -> Response {
    let act = edited(&form.subject, &form.body);
    let typed = Draft { subject: form.subject, body: form.body };
    decide_on(&app, &ask, Which { id: form.id, revision: form.revision }, act, "edited", (Some(typed), Kept::default()))
        .await
}

/// `POST /queue/postpone`
pub(crate) async fn postpone(State(app): State<App>, ask: Ask, Form(form): Form<PutOff>) -> Response {
    let act = put_off(form.days, &form.reason);
    let kept = Kept::of("postpone", &[("days", &form.days.to_string()), ("reason", &form.reason)]);
    decide(&app, &ask, Which { id: form.id, revision: form.revision }, act, "postponed", kept).await
}

fn edited(subject: &str, body: &str) -> Result<AdvisorAct, BackendError> {
    // One line only: a line end in a subject would begin a new header of the mail.
    let subject = typed::fit(&subject.replace(['\r', '\n'], " "), usize::MAX);
    let body = typed::fit(body, usize::MAX);
    let fits = |text: &str, max: usize| (1..=max).contains(&text.chars().count());
    if !fits(&subject, SUBJECT_CHARS_MAX) || !fits(&body, BODY_CHARS_MAX) {
        return Err(Obstacle::MessageLength.into());
    }
    Ok(AdvisorAct::Edit(Draft { subject, body }))
}

fn put_off(days: u16, reason: &str) -> Result<AdvisorAct, BackendError> {
    if !(1..=90).contains(&days) {
        return Err(Obstacle::PostponeDays.into());
    }
    let reason = said(reason)?;
    Ok(AdvisorAct::Postpone { days, reason })
}

/// A reason or remark, cut at its longest.
pub(super) fn said(text: &str) -> Result<String, BackendError> {
    let text = typed::fit(text, REASON_CHARS_MAX);
    if text.is_empty() {
        return Err(Obstacle::ExplanationMissing.into());
    }
    Ok(text)
}

pub(super) async fn decide(
    app: &App,
    ask: &Ask,
    which: Which,
    act: Result<AdvisorAct, BackendError>,
    done: &'static str,
    kept: Kept,
) -> Response {
    decide_on(app, ask, which, act, done, (None, kept)).await
}

/// Does it, or shows the card again with what was typed.
async fn decide_on(
    app: &App,
    ask: &Ask,
    which: Which,
    act: Result<AdvisorAct, BackendError>,
    done: &'static str,
    typed: (Option<Draft>, Kept),
) -> Response {
    let id = which.id.clone();
    let back = format!("{}?done={done}", advisory_href(&which.id));
    let by = ask.by.clone();
    let decided = async {
        let act = act?;
        app.ask(move |backend| backend.act(&which.id, which.revision, act, &by)).await
    };
    answered(decided, |()| back, |error| show_again(app, ask, id, typed, error)).await
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
