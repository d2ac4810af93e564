//! What technicians do: set out, be followed, arrive, finish with checklist, parts, time, verdict; hand back what could not be
//! done. The same for a booked visit and for a broken machine.

use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use foretell_model::{Entered, MINUTES_MAX, Objection, Obstacle};
use serde::Deserialize;

use super::answer::answered;
use super::asker::WAY;
use super::case_acts::{Closing, cut};
use super::kept::Kept;
use super::page::Ask;
use super::{cases, visit};
use crate::BackendError;
use crate::router::App;
use crate::view::{Errand, FieldAct, Found, FoundThere};

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

/// Something entered by mistake, and what the page offered to take back.
#[derive(Debug, Deserialize)]
pub(crate) struct Mistaken {
    reason: String,
    /// An [`Entered`] by its name; nothing where a program asks.
    seen: Option<String>,
}

/// The end of a visit: the checklist's form and what was found.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Finished {
    /// What was found of the forecast of one machine after another; empty where nothing was forecast, or nobody asked.
    #[serde(default)]
    case: String,
    #[serde(default)]
    found: String,
    #[serde(default)]
    instead: String,
    #[serde(default)]
    case_2: String,
    #[serde(default)]
    found_2: String,
    #[serde(default)]
    instead_2: String,
    #[serde(default)]
    case_3: String,
    #[serde(default)]
    found_3: String,
    #[serde(default)]
    instead_3: String,
    #[serde(default)]
    pub(super) minutes: String,
    #[serde(flatten)]
    pub(super) closing: Closing,
    /// What was typed into one of the small forms.
    #[serde(skip)]
    pub(super) kept: Kept,
}

impl Finished {
    /// What was said of one forecast after another: the end of its fields' names, whether it was right, and what it was.
    pub(super) fn judged(&self) -> [(&'static str, &str, &str); 3] {
        [
            ("", &self.found, &self.instead),
            ("_2", &self.found_2, &self.instead_2),
            ("_3", &self.found_3, &self.instead_3),
        ]
    }

    /// The verdicts that these make.
    fn verdicts(&self) -> Result<Vec<FoundThere>, BackendError> {
        let cases = [&self.case, &self.case_2, &self.case_3];
        let said = cases.into_iter().zip(self.judged()).filter(|(_, (_, found, _))| !found.is_empty());
        let verdict = |(case, (_, found, instead)): (&String, (&str, &str, &str))| {
            let found = Found::from_name(found).ok_or(BackendError::from(Obstacle::FoundMissing))?;
            let instead = Some(instead.to_owned()).filter(|code| found == Found::SomethingElse && !code.is_empty());
            Ok(FoundThere { case: Some(case.clone()).filter(|case| !case.is_empty()), found, instead })
        };
        said.map(verdict).collect()
    }
}

/// Where an errand's page is.
pub(super) fn href(errand: Errand) -> String {
    match errand {
        Errand::Visit(id) => format!("/visits/{id}"),
        Errand::Case(id) => format!("/cases/{id}"),
    }
}

/// The errand of an address; nothing where it is of another kind.
pub(crate) fn errand_of(path: &str) -> Option<Errand> {
    let mut parts = path.trim_start_matches('/').split('/');
    let (kind, id) = (parts.next()?, parts.next()?.parse().ok()?);
    match kind {
        "visits" => Some(Errand::Visit(id)),
        "cases" => Some(Errand::Case(id)),
        _ => None,
    }
}

impl FromRequestParts<App> for Errand {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, StatusCode> {
        errand_of(parts.uri.path()).ok_or(StatusCode::NOT_FOUND)
    }
}

/// An errand's page with what there is to say about what was just refused, and what was typed.
pub(super) async fn refused(app: &App, ask: &Ask, errand: Errand, error: BackendError, kept: Kept) -> Response {
    match errand {
        Errand::Visit(id) => visit::refused(app, ask, id, &error, Finished { kept, ..Finished::default() }).await,
        Errand::Case(id) => cases::refused(app, ask, id, &error, cases::Typed { kept, ..Default::default() }).await,
    }
}

/// Minutes as somebody typed them; `None` where nothing was.
pub(super) fn minutes(text: &str) -> Result<Option<u32>, BackendError> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(minutes @ 1..=MINUTES_MAX) => Ok(Some(minutes)),
            _ => Err(BackendError::Refused(Objection::about(Obstacle::MinutesInvalid, text))),
        },
    }
}

/// `POST /visits/{id}/set-out` and the same of a case.
pub(crate) async fn set_out(State(app): State<App>, ask: Ask, errand: Errand, Form(form): Form<Setting>) -> Response {
    let kept = Kept::of("set-out", &[("minutes", &form.minutes)]);
    match minutes(&form.minutes) {
        Ok(minutes) => {
            let mut answer = act(&app, &ask, errand, FieldAct::SetOut { minutes }, "set-out", kept).await;
            // Whoever only says how long it takes says it of somebody else. Until the evening: longer is nobody on the way.
            if ask.person.is_none() && minutes.is_none() && answer.status().is_redirection() {
                let way = format!("{WAY}={}; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax", href(errand));
                answer.headers_mut().extend(HeaderValue::from_str(&way).map(|way| (header::SET_COOKIE, way)));
            }
            answer
        }
        Err(error) => refused(&app, &ask, errand, error, kept).await,
    }
}

/// `POST /visits/{id}/position` and the same of a case.
///
/// What a telephone sends by itself is answered in codes: 204 taken, 202 too soon to be looked at, 409 no longer wanted. Too
/// soon is nobody's fault: a page that was loaded again tells at once where it is.
pub(crate) async fn position(State(app): State<App>, ask: Ask, errand: Errand, Json(place): Json<Place>) -> Response {
    if !app.pace.may(&href(errand), app.now_ms()) {
        return StatusCode::ACCEPTED.into_response();
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
pub(crate) async fn arrived(State(app): State<App>, ask: Ask, errand: Errand) -> Response {
    act(&app, &ask, errand, FieldAct::Arrived, "arrived", Kept::default()).await
}

/// `POST /visits/{id}/missed`
pub(crate) async fn missed(State(app): State<App>, ask: Ask, errand: Errand, Form(form): Form<Why>) -> Response {
    let kept = Kept::of("missed", &[("reason", &form.reason)]);
    act(&app, &ask, errand, FieldAct::Missed { reason: cut(&form.reason) }, "missed", kept).await
}

/// `POST /visits/{id}/note` and the same of a case.
pub(crate) async fn note(State(app): State<App>, ask: Ask, errand: Errand, Form(form): Form<Why>) -> Response {
    let kept = Kept::of("note", &[("reason", &form.reason)]);
    act(&app, &ask, errand, FieldAct::Note { text: cut(&form.reason) }, "note", kept).await
}

/// `POST /visits/{id}/take-back` and the same of a case.
pub(crate) async fn take_back(
    State(app): State<App>,
    ask: Ask,
    errand: Errand,
    Form(form): Form<Mistaken>,
) -> Response {
    let kept = Kept::of("take-back", &[("reason", &form.reason)]);
    let Ok(seen) = form.seen.as_deref().map(|seen| Entered::from_name(seen).ok_or(Obstacle::Stale)).transpose() else {
        return refused(&app, &ask, errand, Obstacle::Stale.into(), kept).await;
    };
    act(&app, &ask, errand, FieldAct::TakeBack { reason: cut(&form.reason), seen }, "taken-back", kept).await
}

/// `POST /visits/{id}/done`
pub(crate) async fn done(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<i64>,
    Form(form): Form<Finished>,
) -> Response {
    if form.closing.more.is_some() {
        return visit::again(&app, &ask, id, (StatusCode::OK, String::new()), form).await;
    }
    let (typed, by) = (form.clone(), ask.by.clone());
    let done = async {
        let done = finished(form)?;
        app.ask(move |backend| backend.act_in_field(Errand::Visit(id), done, &by)).await
    };
    let (app, ask) = (&app, &ask);
    let otherwise = |error| async move {
        let closing = typed.closing.asking_of_parts(&error);
        visit::refused(app, ask, id, &error, Finished { closing, ..typed }).await
    };
    answered(done, |()| format!("/visits/{id}?done=finished"), otherwise).await
}

fn finished(form: Finished) -> Result<FieldAct, BackendError> {
    let verdicts = form.verdicts()?;
    let minutes = minutes(&form.minutes)?;
    let report = form.closing.report();
    if !report.done.iter().all(|done| *done) && report.left_out.is_empty() {
        return Err(Obstacle::ChecklistGap.into());
    }
    Ok(FieldAct::Done { report, minutes, verdicts })
}

/// Does it, or shows the page again with what was typed: on site nobody should have to type it twice.
async fn act(app: &App, ask: &Ask, errand: Errand, act: FieldAct, done: &'static str, kept: Kept) -> Response {
    let by = ask.by.clone();
    let to = format!("{}?done={done}", href(errand));
    let did = app.ask(move |backend| backend.act_in_field(errand, act, &by));
    answered(did, |()| to, |error| refused(app, ask, errand, error, kept)).await
}
