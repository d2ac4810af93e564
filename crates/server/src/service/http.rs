//! The one port for pages, API, metrics and probes.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use foretell_console::{Backend, ConsoleOptions, Password, router};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::ConsoleSection;
use crate::failure::{Failure, Kind};

/// Takes the port.
pub(super) async fn bind(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let unavailable = |error| {
        let attempted = format!("could not listen on {listen} for the console (`[console] listen`)");
        Failure::because(Kind::Unavailable, attempted, error)
    };
    let listener = TcpListener::bind(listen).await.map_err(unavailable)?;
    let address = listener.local_addr().map_err(unavailable)?;
    Ok((listener, address))
}

/// Serves until `stop`: everything, or only metrics and probes when this process has not the console's role.
pub(super) async fn serve(
    listener: TcpListener,
    backend: Arc<dyn Backend>,
    options: Option<ConsoleOptions>,
    stop: CancellationToken,
) {
    let router = match options {
        Some(options) => router(backend, options),
        None => probes(backend),
    };
    let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "The console's port was lost.");
    }
}

/// How the console is set up.
pub(super) fn console_options(
    section: &ConsoleSection,
    catalogue: Arc<foretell_model::Catalogue>,
    stop: CancellationToken,
) -> ConsoleOptions {
    let mut options = ConsoleOptions::new(catalogue);
    options.password = section.password.as_ref().and_then(|password| Password::new(password.expose()));
    options.fonts_dir.clone_from(&section.fonts_dir);
    options.stop = stop;
    options
}

fn probes(backend: Arc<dyn Backend>) -> Router {
    let ready = Arc::clone(&backend);
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(move || readyz(Arc::clone(&ready))))
        .route("/metrics", get(move || std::future::ready(backend.metrics())))
}

async fn readyz(backend: Arc<dyn Backend>) -> (StatusCode, String) {
    let asked = tokio::task::spawn_blocking(move || backend.ready()).await;
    match asked {
        Ok(Ok(())) => (StatusCode::OK, "ready\n".to_owned()),
        Ok(Err(faults)) => (StatusCode::SERVICE_UNAVAILABLE, faults.join("\n")),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the probe ended badly\n".to_owned()),
    }
}
