//! Pictures: taken from a form, made fit to be kept, shown to those who may see them.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::case_acts::cut;
use super::field_acts::{href, refused};
use super::page::{Ask, encode};
use super::team;
use crate::photo::{self, PhotoError, Prepared};
use crate::router::App;
use crate::text::field;
use crate::upload::Sent;
use crate::view::{Errand, PhotoOf, PhotoView};
use crate::{BackendError, Lang};

/// A picture on a page.
pub(super) struct Tile {
    pub(super) id: i64,
    pub(super) caption: String,
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

/// `POST /visits/{id}/photo`
pub(crate) async fn of_visit(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    of_errand(&app, &ask, Errand::Visit(id), &headers, body).await
}

/// `POST /cases/{id}/photo`
pub(crate) async fn of_case(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    of_errand(&app, &ask, Errand::Case(id), &headers, body).await
}

async fn of_errand(app: &App, ask: &Ask, errand: Errand, headers: &HeaderMap, body: Bytes) -> Response {
    match keep(app, ask, PhotoOf::Errand(errand), headers, body).await {
        Ok(()) => Redirect::to(&format!("{}?done=photo#photos", href(errand))).into_response(),
        Err(error) => refused(app, ask, errand, error).await,
    }
}

/// `POST /visits/{id}/photo/delete` and the same of a case: `photo` is its number.
pub(crate) async fn delete_of_visit(State(app): State<App>, ask: Ask, Path((id, photo)): Path<(i64, i64)>) -> Response {
    delete(&app, &ask, Errand::Visit(id), photo).await
}

/// `POST /cases/{id}/photo/{photo}/delete`
pub(crate) async fn delete_of_case(State(app): State<App>, ask: Ask, Path((id, photo)): Path<(i64, i64)>) -> Response {
    delete(&app, &ask, Errand::Case(id), photo).await
}

async fn delete(app: &App, ask: &Ask, errand: Errand, photo: i64) -> Response {
    let by = ask.by.clone();
    let deleted = app.ask(move |backend| {
        let own = backend.photos(errand)?.iter().any(|known| known.id == photo);
        if own { backend.delete_photo(photo, &by) } else { Err(BackendError::NotFound(format!("photo {photo}"))) }
    });
    match deleted.await {
        Ok(()) => Redirect::to(&format!("{}?done=deleted#photos", href(errand))).into_response(),
        Err(error) => refused(app, ask, errand, error).await,
    }
}

/// `POST /team/{key}/portrait`
pub(crate) async fn of_person(
    State(app): State<App>,
    ask: Ask,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match keep(&app, &ask, PhotoOf::Person(key.clone()), &headers, body).await {
        Ok(()) => Redirect::to(&format!("/team?done=portrait#{}", encode(&key))).into_response(),
        Err(error) => team::refused(&app, &ask, error).await,
    }
}

/// Takes a form apart, makes its picture fit, keeps it. One picture at a time: decoding takes a core, and readings come first.
async fn keep(app: &App, ask: &Ask, of: PhotoOf, headers: &HeaderMap, body: Bytes) -> Result<(), BackendError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let (lang, by) = (ask.lang, ask.by.clone());
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| BackendError::Failed {
        attempted: "take a photo in".to_owned(),
        source,
    };
    let _turn = app.decoding.acquire().await.map_err(|error| failed(error.into()))?;
    let taken = app.ask(move |backend| {
        let (photo, caption) = read(&kind, &body, lang)?;
        backend.add_photo(of, photo, &caption, &by).map(drop)
    });
    taken.await
}

fn read(content_type: &str, body: &[u8], lang: Lang) -> Result<(Prepared, String), BackendError> {
    let sent = Sent::read(content_type, body);
    let sent = sent.ok_or_else(|| BackendError::Invalid("this is no form with a file".to_owned()))?;
    let file = sent.files.first().ok_or_else(|| BackendError::Invalid(field::words(lang).photo_none.to_owned()))?;
    let photo = photo::prepare(file).map_err(|error| BackendError::Invalid(why(error, lang)))?;
    Ok((photo, cut(sent.field("caption"))))
}

fn why(error: PhotoError, lang: Lang) -> String {
    match (error, lang) {
        (PhotoError::Kind, Lang::Zh) => "只支持 JPEG 或 PNG 图片。".to_owned(),
        (PhotoError::TooLarge, Lang::Zh) => "图片太大：最大 12 MB、3000万像素。".to_owned(),
        (PhotoError::TooSmall, Lang::Zh) => "图片太小，看不清内容。".to_owned(),
        (PhotoError::Damaged, Lang::Zh) => "图片文件已损坏，无法读取。".to_owned(),
        (PhotoError::Kind, Lang::En) => "Only JPEG and PNG pictures are taken.".to_owned(),
        (PhotoError::TooLarge, Lang::En) => "The picture is too large: at most 12 MB and 30 million pixels.".to_owned(),
        (PhotoError::TooSmall, Lang::En) => "The picture is too small to show anything.".to_owned(),
        (PhotoError::Damaged, Lang::En) => "The file is damaged and could not be read.".to_owned(),
    }
}

/// The status of a refusal that a picture's own page gives.
pub(super) const fn status_of(error: &BackendError) -> StatusCode {
    match error {
        BackendError::Conflict(_) => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
