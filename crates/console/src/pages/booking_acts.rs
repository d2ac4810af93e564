//! What a customer taps on the page: take a time, ask for another, wait, stop, cancel; and the calendar file. A tap that cannot
//! be obeyed shows the page as it stands now, with a word on top.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use foretell_model::{Obstacle, Timestamp};
use serde::Deserialize;

use super::answer::answered;
use super::booking::{kind, shown};
use super::page::{Ask, encode};
use crate::BackendError;
use crate::router::App;
use crate::text::{self, Below};
use crate::typed;
use crate::view::{BookingAct, BookingPage, BookingState};

/// Longest wish for another time, characters.
const WISH_CHARS_MAX: usize = 500;

/// A word on top of the page.
#[derive(Clone, Copy)]
pub(super) enum Notice {
    /// Nothing happened.
    None,
    /// The visit was cancelled.
    Cancelled,
    /// A tap could not be obeyed.
    Refused(Obstacle),
}

impl Notice {
    /// In the page's language, and as things stand on it.
    pub(super) fn words(self, page: &BookingPage) -> &'static str {
        let below = match page.state {
            BookingState::Booked(_) | BookingState::Past(_) => Below::Visit,
            BookingState::Done | BookingState::CallComes => Below::Neither,
            _ if page.slots.is_empty() => Below::Neither,
            _ => Below::Times,
        };
        match self {
            Self::None => "",
            Self::Cancelled => text::words(page.lang).cancelled_notice,
            Self::Refused(why) => text::tap_refused(why, below, page.lang),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Chosen {
    from: i64,
    /// Beginning of the visit that the page showed.
    seen: Option<i64>,
}

/// A cancellation, with the beginning of the visit that the page showed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Cancelled {
    seen: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Wished {
    #[serde(default)]
    wish: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Later {
    days: u16,
}

/// `POST /b/{token}/book`
pub(crate) async fn book(
    State(app): State<App>,
    ask: Ask,
    Path(token): Path<String>,
    Form(form): Form<Chosen>,
) -> Response {
    let (from, seen) = (Timestamp::from_millis(form.from), form.seen.map(Timestamp::from_millis));
    answer(&app, &ask, token, BookingAct::Choose { from, seen }).await
}

/// `POST /b/{token}/another`
pub(crate) async fn another(
    State(app): State<App>,
    ask: Ask,
    Path(token): Path<String>,
    Form(form): Form<Wished>,
) -> Response {
    let wish = typed::fit(&form.wish, WISH_CHARS_MAX);
    answer(&app, &ask, token, BookingAct::AnotherTime { wish }).await
}

/// `POST /b/{token}/later`
pub(crate) async fn later(
    State(app): State<App>,
    ask: Ask,
    Path(token): Path<String>,
    Form(form): Form<Later>,
) -> Response {
    answer(&app, &ask, token, BookingAct::NotNow { days: form.days.clamp(7, 180) }).await
}

/// `POST /b/{token}/stop`
pub(crate) async fn stop(State(app): State<App>, ask: Ask, Path(token): Path<String>) -> Response {
    answer(&app, &ask, token, BookingAct::StopMessages).await
}

/// `POST /b/{token}/resume`
pub(crate) async fn resume(State(app): State<App>, ask: Ask, Path(token): Path<String>) -> Response {
    answer(&app, &ask, token, BookingAct::Resume).await
}

/// `POST /b/{token}/undo`
pub(crate) async fn undo(State(app): State<App>, ask: Ask, Path(token): Path<String>) -> Response {
    answer(&app, &ask, token, BookingAct::TakeBack).await
}

/// `POST /b/{token}/all-well`
pub(crate) async fn all_well(State(app): State<App>, ask: Ask, Path(token): Path<String>) -> Response {
    answer(&app, &ask, token, BookingAct::AllWell).await
}

/// `POST /b/{token}/cancel`
pub(crate) async fn cancel(
    State(app): State<App>,
    ask: Ask,
    Path(token): Path<String>,
    Form(form): Form<Cancelled>,
) -> Response {
    answer(&app, &ask, token, BookingAct::Cancel { seen: form.seen.map(Timestamp::from_millis) }).await
}

/// `GET` of an address at which a customer tapped, e.g. because the answer to a tap that came too late was loaded again or shared:
/// leads back to the page. Nothing is tapped by it.
pub(crate) async fn tapped(Path(token): Path<String>) -> Redirect {
    Redirect::to(&format!("/b/{}", encode(&token)))
}

async fn answer(app: &App, ask: &Ask, token: String, act: BookingAct) -> Response {
    let path = token.clone();
    let done = if matches!(act, BookingAct::Cancel { .. }) { "?done=cancelled" } else { "" };
    let to = format!("/b/{}{done}", encode(&token));
    let otherwise = |error| async move {
        match error {
            // The time is gone or the state has moved on: show how things stand now, with a word about it.
            BackendError::Refused(told) => {
                shown(app, ask, token, StatusCode::CONFLICT, Notice::Refused(told.why)).await
            }
            error => kind(ask, &error),
        }
    };
    answered(app.ask(move |backend| backend.book(&path, act)), |()| to, otherwise).await
}

/// `GET /b/{token}/visit.ics`
pub(crate) async fn calendar(State(app): State<App>, ask: Ask, Path(token): Path<String>) -> Response {
    match app.ask(move |backend| backend.calendar(&token)).await {
        Ok(file) => {
            let headers = [
                (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"visit.ics\""),
            ];
            (headers, file).into_response()
        }
        Err(error) => kind(&ask, &error),
    }
}
