//! The one port for pages, API, metrics and probes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use foretell_console::{Accounts, Backend, ConsoleOptions, Password, router};
use metrics::{counter, histogram};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::connections::{Bounds, serve_connections};
use crate::config::ConsoleSection;
use crate::failure::{Failure, Kind};
use crate::roles::Roles;

/// Takes the port.
pub(super) async fn bind(listen: SocketAddr, roles: Roles) -> Result<(TcpListener, SocketAddr), Failure> {
    let unavailable = |error| unavailable(listen, roles, error);
    let listener = TcpListener::bind(listen).await.map_err(unavailable)?;
    let address = listener.local_addr().map_err(unavailable)?;
    Ok((listener, address))
}

/// An address that cannot be had, with what to do.
pub(crate) fn unavailable(listen: SocketAddr, roles: Roles, error: std::io::Error) -> Failure {
    use std::io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
    let what = if roles.console { "the console" } else { "probes and metrics" };
    let another = SocketAddr::new(listen.ip(), listen.port().checked_add(1).unwrap_or(8_080));
    let hint = match error.kind() {
        AddrInUse if roles == Roles::ALL => format!(
            "; another program or another Foretell has it, and `ss -ltnp` says which. Stop that one, or give this one another \
             address, e.g. FORETELL__CONSOLE__LISTEN={another}"
        ),
        AddrInUse => format!(
            "; each process of a role serves /healthz, /readyz and /metrics at an address of its own, so give this one another, \
             e.g. FORETELL__CONSOLE__LISTEN={another}"
        ),
        AddrNotAvailable => "; no interface of this computer has that address".to_owned(),
        PermissionDenied => "; a port below 1024 needs root's rights or CAP_NET_BIND_SERVICE".to_owned(),
        _ => String::new(),
    };
    let attempted = format!("could not listen on {listen} for {what} (`[console] listen`){hint}");
    Failure::because(Kind::Unavailable, attempted, error)
}

/// Serves until `stop`: everything, or only metrics and probes when this process has not the console's role.
pub(super) async fn serve(
    listener: TcpListener,
    backend: Arc<dyn Backend>,
    options: Option<ConsoleOptions>,
    bounds: Bounds,
    stop: CancellationToken,
) {
    let router = match options {
        Some(options) => router(backend, options),
        None => probes(backend),
    };
    serve_connections(listener, router.layer(from_fn(measure)), bounds, stop).await;
}

/// How the console is set up.
pub(super) fn console_options(
    section: &ConsoleSection,
    catalogue: Arc<foretell_model::Catalogue>,
    accounts: Option<Arc<Accounts>>,
    stop: CancellationToken,
) -> ConsoleOptions {
    let mut options = ConsoleOptions::new(catalogue);
    options.accounts = accounts;
    options.anonymous = section.is_for_this_computer_alone();
    options.https = section.public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
    options.password = section.password.as_ref().and_then(|password| Password::new(password.expose()));
    options.fonts_dir.clone_from(&section.fonts_dir);
    options.stop = stop;
    options
}

/// Counts every answer by its status and takes its time until its head is ready.
async fn measure(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let response = next.run(request).await;
    counter!("foretell_http_requests_total", "status" => response.status().as_str().to_owned()).increment(1);
    histogram!("foretell_http_request_seconds").record(begun.elapsed().as_secs_f64());
    response
}

fn probes(backend: Arc<dyn Backend>) -> Router {
    let (alive, ready) = (Arc::clone(&backend), Arc::clone(&backend));
    Router::new()
        .route("/healthz", get(move || std::future::ready(probe(alive.alive().map(|()| "ok\n".to_owned())))))
        .route("/readyz", get(move || readyz(Arc::clone(&ready))))
        .route("/metrics", get(move || metrics(Arc::clone(&backend))))
}

async fn readyz(backend: Arc<dyn Backend>) -> (StatusCode, String) {
    match tokio::task::spawn_blocking(move || backend.readiness()).await {
        Ok(ready) => probe(ready),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the probe ended badly\n".to_owned()),
    }
}

async fn metrics(backend: Arc<dyn Backend>) -> (StatusCode, String) {
    match tokio::task::spawn_blocking(move || backend.metrics()).await {
        Ok(text) => (StatusCode::OK, text),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be gathered\n".to_owned()),
    }
}

fn probe(found: Result<String, Vec<String>>) -> (StatusCode, String) {
    match found {
        Ok(well) => (StatusCode::OK, well),
        Err(faults) => (StatusCode::SERVICE_UNAVAILABLE, faults.join("\n") + "\n"),
    }
}
