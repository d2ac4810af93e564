//! Pictures: taken from a form, made fit to be kept, shown to those who may see them.

use axum::Form;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use foretell_model::Obstacle;
use serde::Deserialize;

use super::answer::answered;
use super::case_acts::cut;
use super::field_acts::{href, refused};
use super::kept::Kept;
use super::page::Ask;
use super::team;
use crate::BackendError;
use crate::photo::{self, PhotoError, Prepared};
use crate::router::App;
use crate::upload::Sent;
use crate::view::{Errand, PhotoOf, PhotoView};

/// What a picture shows.
#[derive(Deserialize)]
pub(crate) struct Captioned {
    #[serde(default)]
    caption: String,
}

/// A picture on a page.
pub(crate) struct Tile {
    pub(crate) id: i64,
    pub(crate) caption: String,
}

/// Pictures as pages show them.
pub(super) fn tiles(photos: &[PhotoView]) -> Vec<Tile> {
    photos.iter().map(|photo| Tile { id: photo.id, caption: photo.caption.clone() }).collect()
}

/// `GET /photos/{id}`
pub(crate) async fn full(State(app): State<App>, ask: Ask, Path(id): Path<i64>) -> Response {
    show(app.ask(move |backend| backend.photo(id, false)).await, &ask)
}

/// `GET /photos/{id}/small`
pub(crate) async fn small(State(app): State<App>, ask: Ask, Path(id): Path<i64>) -> Response {
    show(app.ask(move |backend| backend.photo(id, true)).await, &ask)
}

fn show(found: Result<Vec<u8>, BackendError>, ask: &Ask) -> Response {
    match found {
        Ok(bytes) => jpeg(bytes),
        Err(error) => ask.failure(&error),
    }
}

/// A picture never changes under its number, but who may see it may: the browser keeps it for itself, and for a while.
pub(super) fn jpeg(bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CACHE_CONTROL, "private, max-age=3600"),
        (header::CONTENT_DISPOSITION, "inline; filename=\"photo.jpg\""),
    ];
    (headers, bytes).into_response()
}

/// `POST /visits/{id}/photo` and the same of a case.
pub(crate) async fn add(State(app): State<App>, ask: Ask, errand: Errand, headers: HeaderMap, body: Bytes) -> Response {
    let kept = keep(&app, &ask, PhotoOf::Errand(errand), &headers, body);
    let to = format!("{}?done=photo#photos", href(errand));
    answered(kept, |()| to, |error| refused(&app, &ask, errand, error, Kept::default())).await
}

/// `POST /visits/{id}/photo/{photo}/delete` and the same of a case.
pub(crate) async fn delete(
    State(app): State<App>,
    ask: Ask,
    errand: Errand,
    Path((_, photo)): Path<(i64, i64)>,
) -> Response {
    let by = ask.by.clone();
    let deleted = app.ask(move |backend| {
        let own = backend.photos(errand)?.iter().any(|known| known.id == photo);
        if own { backend.delete_photo(photo, &by) } else { Err(BackendError::NotFound(format!("photo {photo}"))) }
    });
    let to = format!("{}?done=deleted#photos", href(errand));
    answered(deleted, |()| to, |error| refused(&app, &ask, errand, error, Kept::default())).await
}

/// `POST /visits/{id}/photo/{photo}/caption` and the same of a case.
pub(crate) async fn caption(
    State(app): State<App>,
    ask: Ask,
    errand: Errand,
    Path((_, photo)): Path<(i64, i64)>,
    Form(form): Form<Captioned>,
) -> Response {
    let (by, caption) = (ask.by.clone(), cut(&form.caption));
    let mended = app.ask(move |backend| {
        let own = backend.photos(errand)?.iter().any(|known| known.id == photo);
        if own {
            backend.caption_photo(photo, &caption, &by)
        } else {
            Err(BackendError::NotFound(format!("photo {photo}")))
        }
    });
    let to = format!("{}?done=caption#photos", href(errand));
    answered(mended, |()| to, |error| refused(&app, &ask, errand, error, Kept::default())).await
}

/// `POST /team/{key}/portrait`
pub(crate) async fn of_person(
    State(app): State<App>,
    ask: Ask,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let kept = keep(&app, &ask, PhotoOf::Person(key.clone()), &headers, body);
    let to = team::place_of(&key, "done=portrait&");
    answered(kept, |()| to, |error| team::refused(&app, &ask, &key, error)).await
}

/// Takes a form apart, makes its picture fit, keeps it. One picture at a time: decoding takes a core, and readings come first.
async fn keep(app: &App, ask: &Ask, of: PhotoOf, headers: &HeaderMap, body: Bytes) -> Result<(), BackendError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let by = ask.by.clone();
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| BackendError::Failed {
        attempted: "take a photo in".to_owned(),
        source,
    };
    let _turn = app.decoding.acquire().await.map_err(|error| failed(error.into()))?;
    let taken = app.ask(move |backend| {
        let (photo, caption) = read(&kind, &body)?;
        backend.add_photo(of, photo, &caption, &by).map(drop)
    });
    taken.await
}

fn read(content_type: &str, body: &[u8]) -> Result<(Prepared, String), BackendError> {
    let sent = Sent::read(content_type, body);
    let sent = sent.ok_or(BackendError::from(Obstacle::PhotoMissing))?;
    let file = sent.files.first().ok_or(BackendError::from(Obstacle::PhotoMissing))?;
    let photo = photo::prepare(file).map_err(|error| BackendError::from(why(error)))?;
    Ok((photo, cut(sent.field("caption"))))
}

const fn why(error: PhotoError) -> Obstacle {
    match error {
        PhotoError::Kind => Obstacle::PhotoKind,
        PhotoError::TooLarge => Obstacle::PhotoTooLarge,
        PhotoError::TooSmall => Obstacle::PhotoTooSmall,
        PhotoError::Damaged => Obstacle::PhotoDamaged,
    }
}
