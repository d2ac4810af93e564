//! What technicians do: set out, be followed, arrive, finish with checklist, parts, time, verdict; hand back what could not be
//! done. The same for a booked visit and for a broken machine.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use serde::Deserialize;

use super::case_acts::{Closing, cut};
use super::page::Ask;
use super::{cases, visits};
use crate::router::App;
use crate::text::desk;
use crate::view::{Errand, FieldAct, Found};
use crate::{BackendError, Lang};

/// Longest time that anybody announces or works, minutes.
const MINUTES_MAX: u32 = 24 * 60;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Setting {
    #[serde(default)]
    minutes: String,
}

/// Where a telephone is, degrees north and east.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    lat: f64,
    lon: f64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Why {
    reason: String,
}

/// The end of a visit: the checklist's form and what was found.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Finished {
    /// Empty where nothing was forecast.
    #[serde(default)]
    pub(super) found: String,
    #[serde(default)]
    pub(super) instead: String,
    #[serde(default)]
    pub(super) minutes: String,
    #[serde(flatten)]
    pub(super) closing: Closing,
    /// Of the other form: why the work could not be done.
    #[serde(skip)]
    pub(super) reason: String,
}

/// Where an errand's page is.
pub(super) fn href(errand: Errand) -> String {
    match errand {
        Errand::Visit(id) => format!("/visits/{id}"),
        Errand::Case(id) => format!("/cases/{id}"),
    }
}

/// An errand's page with what there is to say about what was just refused.
pub(super) async fn refused(app: &App, ask: &Ask, errand: Errand, error: BackendError) -> Response {
    match errand {
        Errand::Visit(id) => visits::refused(app, ask, id, error, Finished::default()).await,
        Errand::Case(id) => cases::refused(app, ask, id, error).await,
    }
}

/// Minutes as somebody typed them; `None` where nothing was.
fn minutes(text: &str, lang: Lang) -> Result<Option<u32>, BackendError> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(minutes @ 1..=MINUTES_MAX) => Ok(Some(minutes)),
            _ => Err(BackendError::Invalid(match lang {
                Lang::En => format!("`{text}` is no number of minutes from 1 to {MINUTES_MAX}."),
                Lang::Zh => format!("“{text}”不是1到{MINUTES_MAX}之间的分钟数。"),
            })),
        },
    }
}

/// `POST /visits/{id}/set-out`
pub(crate) async fn visit_set_out(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<i64>,
    Form(form): Form<Setting>,
) -> Response {
    set_out(&app, &ask, Errand::Visit(id), &form).await
}

/// `POST /cases/{id}/set-out`
pub(crate) async fn case_set_out(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<i64>,
    Form(form): Form<Setting>,
) -> Response {
    set_out(&app, &ask, Errand::Case(id), &form).await
}

async fn set_out(app: &App, ask: &Ask, errand: Errand, form: &Setting) -> Response {
    match minutes(&form.minutes, ask.lang) {
        Ok(minutes) => act(app, ask, errand, FieldAct::SetOut { minutes }, "set-out").await,
        Err(error) => refused(app, ask, errand, error).await,
    }
}

/// `POST /visits/{id}/position`
pub(crate) async fn visit_position(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<i64>,
    Json(place): Json<Place>,
) -> Response {
    position(&app, &ask, Errand::Visit(id), place).await
}

/// `POST /cases/{id}/position`
pub(crate) async fn case_position(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<i64>,
    Json(place): Json<Place>,
) -> Response {
    position(&app, &ask, Errand::Case(id), place).await
}

/// What a telephone sends by itself is answered in codes: 204 taken, 429 too soon, 409 no longer wanted.
async fn position(app: &App, ask: &Ask, errand: Errand, place: Place) -> Response {
    if !app.pace.may(&href(errand), app.now_ms()) {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    let (by, act) = (ask.by.clone(), FieldAct::Located { place_deg: (place.lat, place.lon) });
    match app.ask(move |backend| backend.act_in_field(errand, act, &by)).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(BackendError::NotFound(_)) => StatusCode::NOT_FOUND.into_response(),
        Err(BackendError::Failed { attempted, source }) => {
            crate::api::log_failure(&BackendError::Failed { attempted, source });
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(_) => StatusCode::CONFLICT.into_response(),
    }
}

/// `POST /visits/{id}/arrived`
pub(crate) async fn visit_arrived(State(app): State<App>, ask: Ask, Path(id): Path<i64>) -> Response {
    act(&app, &ask, Errand::Visit(id), FieldAct::Arrived, "arrived").await
}

/// `POST /visits/{id}/missed`
pub(crate) async fn missed(State(app): State<App>, ask: Ask, Path(id): Path<i64>, Form(form): Form<Why>) -> Response {
    let typed = Finished { reason: form.reason.clone(), ..Finished::default() };
    act_with(&app, &ask, Errand::Visit(id), FieldAct::Missed { reason: cut(&form.reason) }, "missed", typed).await
}

/// `POST /visits/{id}/done`
pub(crate) async fn done(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<i64>,
    Form(form): Form<Finished>,
) -> Response {
    let errand = Errand::Visit(id);
    let typed = form.clone();
    match finished(form, ask.lang) {
        Ok(done) => act_with(&app, &ask, errand, done, "finished", typed).await,
        Err(error) => visits::refused(&app, &ask, id, error, typed).await,
    }
}

fn finished(form: Finished, lang: Lang) -> Result<FieldAct, BackendError> {
    let found = Found::ALL.into_iter().find(|found| found.name() == form.found);
    if found.is_none() && !form.found.is_empty() {
        return Err(BackendError::Invalid(format!("`{}` is no verdict", form.found)));
    }
    let instead = Some(form.instead).filter(|code| found == Some(Found::SomethingElse) && !code.is_empty());
    let minutes = minutes(&form.minutes, lang)?;
    let report = form.closing.report();
    if !report.done.iter().all(|done| *done) && report.left_out.is_empty() {
        return Err(BackendError::Conflict(desk::words(lang).left_out_ask.to_owned()));
    }
    Ok(FieldAct::Done { report, minutes, verdict: found.map(|found| (found, instead)) })
}

async fn act(app: &App, ask: &Ask, errand: Errand, act: FieldAct, done: &'static str) -> Response {
    act_with(app, ask, errand, act, done, Finished::default()).await
}

/// Does it, or shows the page again with what was typed: on site nobody should have to type it twice.
async fn act_with(
    app: &App,
    ask: &Ask,
    errand: Errand,
    act: FieldAct,
    done: &'static str,
    typed: Finished,
) -> Response {
    let by = ask.by.clone();
    match (app.ask(move |backend| backend.act_in_field(errand, act, &by)).await, errand) {
        (Ok(()), _) => Redirect::to(&format!("{}?done={done}", href(errand))).into_response(),
        (Err(error), Errand::Visit(id)) => visits::refused(app, ask, id, error, typed).await,
        (Err(error), Errand::Case(_)) => refused(app, ask, errand, error).await,
    }
}
