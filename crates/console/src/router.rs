//! Every address the console answers, and the layers around them.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use foretell_model::Catalogue;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

use crate::health::Fonts;
use crate::{Backend, BackendError, Password, api, assets, guard, live, pages};

/// Largest request body, bytes. The longest form is an edited message.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;

/// How the console is set up.
#[derive(Clone, Debug)]
pub struct ConsoleOptions {
    /// Asked for (HTTP Basic) on everything but the customer's pages and the probes. Without one the server should listen
    /// on a loopback address only.
    pub password: Option<Password>,
    /// Names of faults and of work in both languages.
    pub catalogue: Arc<Catalogue>,
    /// A folder of fonts of one's own for reports, looked into before the operating system's.
    pub fonts_dir: Option<PathBuf>,
    /// An answer that takes longer is given up with 503.
    pub request_timeout: Duration,
    /// Ends the live streams; without it a drain would wait for browsers that never leave.
    pub stop: CancellationToken,
}

impl ConsoleOptions {
    /// No password, 30 s, never stopping.
    #[must_use]
    pub fn new(catalogue: Arc<Catalogue>) -> Self {
        Self {
            password: None,
            catalogue,
            fonts_dir: None,
            request_timeout: Duration::from_secs(30),
            stop: CancellationToken::new(),
        }
    }
}

/// What every handler shares.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) options: Arc<ConsoleOptions>,
    /// Fonts of reports, looked for when the first report is asked for.
    pub(crate) fonts: Arc<OnceLock<Fonts>>,
    /// How many reports may be typeset at once.
    pub(crate) typesetting: Arc<Semaphore>,
}

impl App {
    /// Asks the backend on the blocking pool: it may wait for a disk.
    pub(crate) async fn ask<T, F>(&self, question: F) -> Result<T, BackendError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Backend) -> Result<T, BackendError> + Send + 'static,
    {
        let backend = Arc::clone(&self.backend);
        tokio::task::spawn_blocking(move || question(backend.as_ref())).await.unwrap_or_else(|panicked| {
            Err(BackendError::Failed { attempted: "answer a page's question".to_owned(), source: Box::new(panicked) })
        })
    }
}

/// The console over a backend.
pub fn router(backend: Arc<dyn Backend>, options: ConsoleOptions) -> Router {
    let timeout = options.request_timeout;
    let app =
        App { backend, options: Arc::new(options), fonts: Arc::default(), typesetting: Arc::new(Semaphore::new(1)) };
    Router::new()
        .merge(console_pages())
        .merge(service_desk())
        .merge(customer_pages())
        .merge(api::routes())
        .route("/live", get(live::stream))
        .route("/healthz", get(pages::probe::alive))
        .route("/readyz", get(pages::probe::ready))
        .route("/metrics", get(pages::probe::metrics))
        .route("/assets/{name}", get(assets::serve))
        .route("/favicon.ico", get(assets::icon))
        .fallback(pages::not_found)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn(guard::same_origin))
        .layer(from_fn_with_state(app.clone(), guard::password))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, timeout))
        .layer(from_fn(guard::problems))
        .layer(CompressionLayer::new())
        .layer(from_fn(guard::headers))
        .with_state(app)
}

fn console_pages() -> Router<App> {
    Router::new()
        .route("/", get(pages::fleet::show))
        .route("/m/{site}/{machine}", get(pages::machine::show))
        .route("/m/{site}/{machine}/readings", get(pages::readings::show))
        .route("/m/{site}/{machine}/report", get(pages::health::show))
        .route("/m/{site}/{machine}/report.pdf", get(pages::health::pdf))
        .route("/queue", get(pages::queue::show))
        .route("/queue/approve", post(pages::decide::approve))
        .route("/queue/edit", post(pages::decide::edit))
        .route("/queue/postpone", post(pages::decide::postpone))
        .route("/queue/call", post(pages::decide::call))
        .route("/queue/called", post(pages::decide::called))
        .route("/queue/book", post(pages::decide::book))
        .route("/queue/close", post(pages::decide::close))
        .route("/queue/done", post(pages::decide::done))
        .route("/queue/undone", post(pages::decide::undone))
        .route("/queue/verdict", post(pages::verdicts::give))
        .route("/advisory/{*id}", get(pages::queue::show_one))
        .route("/ingest", get(pages::ingest::show))
        .route("/quarantine", get(pages::quarantine::show))
}

fn service_desk() -> Router<App> {
    Router::new()
        .route("/cases", get(pages::cases::show).post(pages::case_acts::open))
        .route("/cases/{id}", get(pages::cases::one))
        .route("/cases/{id}/called", post(pages::case_acts::called))
        .route("/cases/{id}/send", post(pages::case_acts::send))
        .route("/cases/{id}/arrived", post(pages::case_acts::arrived))
        .route("/cases/{id}/close", post(pages::case_acts::close))
        .route("/calendar", get(pages::calendar::show))
        .route("/customers", get(pages::customers::show))
        .route("/customers/{id}", get(pages::customers::one))
        .route("/customers/{id}/stage", post(pages::customers::stage))
        .route("/customers/{id}/stop", post(pages::customers::stop))
        .route("/customers/{id}/resume", post(pages::customers::resume))
        .route("/planning", get(pages::planning::show))
        .route("/verdicts", get(pages::verdicts::show))
        .route("/search", get(pages::search::show))
}

fn customer_pages() -> Router<App> {
    Router::new()
        .route("/b/{token}", get(pages::booking::show))
        .route("/b/{token}/book", post(pages::booking::book))
        .route("/b/{token}/another", post(pages::booking::another))
        .route("/b/{token}/later", post(pages::booking::later))
        .route("/b/{token}/stop", post(pages::booking::stop))
        .route("/b/{token}/cancel", post(pages::booking::cancel))
        .route("/b/{token}/visit.ics", get(pages::booking::calendar))
}
