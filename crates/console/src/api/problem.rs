//! Errors as RFC 9457 problem documents.

use std::error::Error;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::BackendError;

/// The problem document of an error. What failed inside is logged and not told: its text may name paths and addresses.
pub(crate) fn problem(error: &BackendError) -> Response {
    let (status, title) = match error {
        BackendError::NotFound(_) => (StatusCode::NOT_FOUND, "Not found"),
        BackendError::Expired => (StatusCode::GONE, "Expired"),
        BackendError::Conflict(_) => (StatusCode::CONFLICT, "Conflict"),
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
    let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

/// Writes an error with its causes to the log.
pub(crate) fn log_failure(error: &BackendError) {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    tracing::error!(error = %error, causes = causes.join(": "), "Could not answer a request.");
}
