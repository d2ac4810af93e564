//! What orchestrators and Prometheus ask.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::router::App;

/// `GET /healthz`: 200 while everything moves that must, else 503 with one line per part that stands still. It asks for
/// nothing that could wait, so that a busy disk is not taken for a dead process.
pub(crate) async fn alive(State(app): State<App>) -> Response {
    match app.backend.alive() {
        Ok(()) => "ok\n".into_response(),
        Err(reasons) => (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n").into_response(),
    }
}

/// `GET /readyz`: 200 when readings can be taken, with one line more for whatever somebody should look at all the same; else 503
/// with one line per part that is not ready.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    match app.ask(|backend| Ok(backend.readiness())).await {
        Ok(Ok(ready)) => ready.into_response(),
        Ok(Err(reasons)) => (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n").into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response(),
    }
}

/// `GET /metrics`
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    match app.ask(|backend| Ok(backend.metrics())).await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
