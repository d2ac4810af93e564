//! Errors as RFC 9457 problem documents.

use std::error::Error;

use axum::body::{Bytes, to_bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::BackendError;

/// What a problem document says it is.
const PROBLEM: &str = "application/problem+json";

/// Longest text of a refusal that becomes a detail, bytes.
const DETAIL_BYTES_MAX: usize = 4 << 10;

/// The problem document of an error. What failed inside is logged and not told: its text may name paths and addresses.
pub(crate) fn problem(error: &BackendError) -> Response {
    let (status, title) = match error {
        BackendError::NotFound(_) => (StatusCode::NOT_FOUND, "Not found"),
        BackendError::Expired => (StatusCode::GONE, "Expired"),
        BackendError::TakenBack => (StatusCode::GONE, "Taken back"),
        BackendError::NotYet => (StatusCode::NOT_FOUND, "Not approved"),
        BackendError::Refused(told) if told.why.is_of_form() => (StatusCode::BAD_REQUEST, "Invalid request"),
        BackendError::Refused(_) | BackendError::Conflict(_) => (StatusCode::CONFLICT, "Conflict"),
        BackendError::Unsigned(_) => (StatusCode::UNAUTHORIZED, "Not signed"),
        BackendError::Invalid(_) | BackendError::Text(_) => (StatusCode::BAD_REQUEST, "Invalid request"),
        BackendError::Failed { .. } => {
            log_failure(error);
            (StatusCode::INTERNAL_SERVER_ERROR, "Internal error")
        }
    };
    let detail = match error {
        BackendError::Failed { .. } => "The request could not be answered; the log says why.".to_owned(),
        told => told.to_string(),
    };
    // A program may act on the code; people read the detail.
    let code = if let BackendError::Refused(told) = error { Some(told.why.code()) } else { None };
    document(status, title, &detail, code)
}

fn document(status: StatusCode, title: &str, detail: &str, code: Option<&str>) -> Response {
    let mut body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    if let Some(code) = code {
        body["code"] = code.into();
    }
    (status, [(header::CONTENT_TYPE, PROBLEM)], body.to_string()).into_response()
}

/// The problem document of a refusal that no backend had a part in.
pub(crate) fn refusal(status: StatusCode, detail: &str) -> Response {
    document(status, status.canonical_reason().unwrap_or("Refused"), detail, None)
}

/// Turns any other refusal into a problem document: its own short text becomes the detail, its headers stay.
pub(crate) async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let is_one = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM);
    if is_one || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let is_text =
        parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let text = if is_text { to_bytes(body, DETAIL_BYTES_MAX).await.unwrap_or_default() } else { Bytes::new() };
    let text = String::from_utf8_lossy(&text);
    let detail = match (text.trim(), status) {
        ("", StatusCode::METHOD_NOT_ALLOWED) => "This address does not answer that method; `Allow` says which it does.",
        ("", StatusCode::UNSUPPORTED_MEDIA_TYPE) => "The body is not of a type that this address takes.",
        ("", StatusCode::UNAUTHORIZED) => {
            "An API token is asked for (`Authorization: Bearer`), or the configured password (HTTP Basic)."
        }
        ("", StatusCode::SERVICE_UNAVAILABLE) => "The answer took too long and was given up; try again later.",
        ("", _) => "The request was refused.",
        (told, _) => told,
    };
    let told = refusal(status, detail);
    parts.headers.remove(header::CONTENT_LENGTH);
    let (new, body) = told.into_parts();
    parts.headers.extend(new.headers);
    Response::from_parts(parts, body)
}

/// Writes an error with its causes to the log.
pub(crate) fn log_failure(error: &(dyn Error + 'static)) {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    tracing::error!(error = %error, causes = causes.join(": "), "Could not answer a request.");
}
