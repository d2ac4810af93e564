//! Every address the console answers, and the layers around them.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

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

use crate::accounts::{Accounts, AccountsError};
use crate::health::Fonts;
use crate::meter::Meter;
use crate::pace::Pace;
use crate::throttle::Throttle;
use crate::{Backend, BackendError, Password, access, api, assets, guard, live, pages, photo};

/// Largest request body, bytes. The longest form is an edited message.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;

/// Customers' pages that listen for news at once. Each holds a connection.
const LISTENERS_MAX: usize = 200;

/// A picture over the weak network of a plant's basement takes longer than any other request.
const PICTURE_WITHIN: Duration = Duration::from_secs(300);

/// Taps on one customer's page before each must wait: more than anybody has reason for in an afternoon.
const TAPS_FREE: u32 = 40;

/// Largest form with a template, bytes: Chinese takes nine of them for a character in a form.
const TEMPLATE_BYTES_MAX: usize = 256 * 1024;

/// How the console is set up.
#[derive(Clone, Debug)]
pub struct ConsoleOptions {
    /// A password for scripts (HTTP Basic, any name), which gives an administrator's rights.
    pub password: Option<Password>,
    /// Who may sign in. Without accounts and without a password the server should listen on a loopback address only.
    pub accounts: Option<Arc<Accounts>>,
    /// Whether everybody is an administrator as long as nobody can sign in and there is no password. Only for a server
    /// on a loopback address.
    pub anonymous: bool,
    /// Whether browsers reach the console encrypted (HTTPS), which decides about cookies.
    pub https: bool,
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
    /// Open to everybody, 30 s, never stopping.
    #[must_use]
    pub fn new(catalogue: Arc<Catalogue>) -> Self {
        Self {
            password: None,
            accounts: None,
            anonymous: true,
            https: false,
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
    /// How many passwords may be hashed at once: each takes a core for a while.
    pub(crate) hashing: Arc<Semaphore>,
    /// How many pictures may be decoded at once.
    pub(crate) decoding: Arc<Semaphore>,
    /// How many customers' pages may listen for news at once; the others ask now and then.
    pub(crate) listeners: Arc<Semaphore>,
    /// What telephones say by themselves.
    pub(crate) pace: Arc<Pace>,
    /// Attempts at secrets that nobody gave out, by address.
    pub(crate) guesses: Arc<Throttle>,
    /// What is tapped on each customer's page.
    pub(crate) taps: Arc<Throttle>,
    /// Replies of each sender.
    pub(crate) replies: Arc<Meter>,
    started: Instant,
}

impl App {
    fn new(backend: Arc<dyn Backend>, options: ConsoleOptions) -> Self {
        Self {
            backend,
            options: Arc::new(options),
            fonts: Arc::default(),
            typesetting: Arc::new(Semaphore::new(1)),
            hashing: Arc::new(Semaphore::new(1)),
            decoding: Arc::new(Semaphore::new(1)),
            listeners: Arc::new(Semaphore::new(LISTENERS_MAX)),
            pace: Arc::default(),
            guesses: Arc::new(Throttle::new(20, Duration::from_secs(30))),
            taps: Arc::new(Throttle::new(TAPS_FREE, Duration::from_secs(30))),
            replies: Arc::new(Meter::new(api::REPLIES_PER_MINUTE_MAX)),
            started: Instant::now(),
        }
    }

    /// Time since the start, ms: a clock that nobody sets.
    pub(crate) fn now_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Asks the accounts on the blocking pool; none when there are no accounts.
    pub(crate) async fn accounts<T, F>(&self, question: F) -> Result<Option<T>, AccountsError>
    where
        T: Send + 'static,
        F: FnOnce(&Accounts) -> Result<T, AccountsError> + Send + 'static,
    {
        let Some(accounts) = self.options.accounts.clone() else { return Ok(None) };
        let answered = tokio::task::spawn_blocking(move || question(&accounts)).await;
        answered.unwrap_or_else(|panicked| Err(AccountsError::Secret(panicked.to_string()))).map(Some)
    }

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
    let app = App::new(backend, options);
    let all = Router::new()
        .merge(console_pages())
        .merge(service_desk())
        .merge(field_pages())
        .merge(letter_templates())
        .merge(customer_pages())
        .merge(account_pages())
        .merge(api::routes())
        .route("/live", get(live::stream))
        .route("/healthz", get(pages::probe::alive))
        .route("/readyz", get(pages::probe::ready))
        .route("/metrics", get(pages::probe::metrics))
        .route("/assets/{name}", get(assets::serve))
        .route("/favicon.ico", get(assets::icon))
        .fallback(pages::not_found)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    guarded(all, &app, timeout)
        .merge(guarded(pictures(), &app, timeout.max(PICTURE_WITHIN)))
        .layer(from_fn(pages::unread::drained))
        .layer(from_fn_with_state(app.clone(), pages::unread::told))
        .layer(from_fn(guard::problems))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(app.clone(), guard::headers))
        .with_state(app)
}

/// Routes behind the door, each answer given up after a time.
fn guarded(routes: Router<App>, app: &App, within: Duration) -> Router<App> {
    routes
        .layer(from_fn_with_state(app.clone(), pages::unread::told))
        .layer(from_fn_with_state(app.clone(), access::admit))
        .layer(from_fn(guard::same_origin))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, within))
}

/// What takes a picture in.
fn pictures() -> Router<App> {
    Router::new()
        .route("/visits/{id}/photo", post(pages::photos::add))
        .route("/cases/{id}/photo", post(pages::photos::add))
        .route("/team/{key}/portrait", post(pages::photos::of_person))
        .layer(DefaultBodyLimit::max(photo::BYTES_MAX + BODY_BYTES_MAX))
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
        .route("/queue/move", post(pages::rearrange::shift))
        .route("/queue/cancel", post(pages::rearrange::cancel))
        .route("/queue/close", post(pages::decide::close))
        .route("/queue/done", post(pages::decide::done))
        .route("/queue/undone", post(pages::decide::undone))
        .route("/queue/settle", post(pages::decide::settle))
        .route("/queue/revoke", post(pages::decide::revoke))
        .route("/queue/noted", post(pages::decide::noted))
        .route("/queue/write", post(pages::decide::write))
        .route("/queue/replies/{id}/noted", post(pages::queue::noted))
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
        .route("/cases/{id}/found", post(pages::case_acts::found))
        .route("/cases/{id}/settle", post(pages::case_acts::settle))
        .route("/cases/{id}/close", post(pages::case_acts::close))
        .route("/cases/{id}/withdraw", post(pages::case_acts::withdraw))
        .route("/calendar", get(pages::calendar::show))
        .route("/record", get(pages::audit::show))
        .route("/customers", get(pages::customers::show))
        .route("/customers/{id}", get(pages::customers::one))
        .route("/customers/{id}/stage", post(pages::customers::stage))
        .route("/customers/{id}/hand-over", post(pages::customers::hand_over))
        .route("/customers/{id}/stop", post(pages::customers::stop))
        .route("/customers/{id}/resume", post(pages::customers::resume))
        .route("/customers/{id}/data.json", get(pages::personal::data))
        .route("/customers/{id}/erase", post(pages::personal::erase))
        .route("/planning", get(pages::planning::show))
        .route("/planning/stock", post(pages::planning::count))
        .route("/verdicts", get(pages::verdicts::show))
        .route("/search", get(pages::search::show))
}

fn letter_templates() -> Router<App> {
    Router::new()
        .route("/templates", get(pages::templates::show))
        .route("/templates/{name}", get(pages::templates::one).post(pages::templates::save))
        .route("/templates/{name}/preview", post(pages::templates::preview))
        .route("/templates/{name}/undo", post(pages::templates::undo))
        .layer(DefaultBodyLimit::max(TEMPLATE_BYTES_MAX))
}

fn account_pages() -> Router<App> {
    Router::new()
        .route("/sign-in", get(pages::sign_in::show).post(pages::sign_in::sign_in))
        .route("/welcome/{link}", get(pages::welcome::show).post(pages::welcome::redeem))
        .route("/account", get(pages::account::show))
        .route("/account/password", post(pages::account::password))
        .route("/account/sign-out", post(pages::account::sign_out))
        .route("/account/sign-out-everywhere", post(pages::account::sign_out_everywhere))
        .route("/users", get(pages::users::show))
        .route("/users/{login}/data.json", get(pages::personal::of_colleague))
        .route("/users/add", post(pages::users::add))
        .route("/users/role", post(pages::users::role))
        .route("/users/email", post(pages::users::email))
        .route("/users/reset", post(pages::users::reset))
        .route("/users/disable", post(pages::users::disable))
        .route("/users/enable", post(pages::users::enable))
        .route("/users/erase", post(pages::users::erase))
        .route("/users/end-sessions", post(pages::users::end_sessions))
        .route("/users/token", post(pages::users::make_token))
        .route("/users/token/revoke", post(pages::users::revoke_token))
}

fn field_pages() -> Router<App> {
    use pages::{field_acts, photos, team, visit, visits};
    Router::new()
        .route("/visits", get(visits::show))
        .route("/visits/{id}", get(visit::one))
        .route("/visits/{id}/set-out", post(field_acts::set_out))
        .route("/visits/{id}/position", post(field_acts::position))
        .route("/visits/{id}/arrived", post(field_acts::arrived))
        .route("/visits/{id}/done", post(field_acts::done))
        .route("/visits/{id}/missed", post(field_acts::missed))
        .route("/visits/{id}/take-back", post(field_acts::take_back))
        .route("/visits/{id}/note", post(field_acts::note))
        .route("/visits/{id}/photo/{photo}/delete", post(photos::delete))
        .route("/visits/{id}/photo/{photo}/caption", post(photos::caption))
        .route("/cases/{id}/set-out", post(field_acts::set_out))
        .route("/cases/{id}/position", post(field_acts::position))
        .route("/cases/{id}/take-back", post(field_acts::take_back))
        .route("/cases/{id}/note", post(field_acts::note))
        .route("/cases/{id}/photo/{photo}/delete", post(photos::delete))
        .route("/cases/{id}/photo/{photo}/caption", post(photos::caption))
        .route("/photos/{id}", get(photos::full))
        .route("/photos/{id}/small", get(photos::small))
        .route("/team", get(team::show))
}

fn customer_pages() -> Router<App> {
    use pages::booking_acts::tapped;
    Router::new()
        .route("/b/{token}", get(pages::booking::show))
        .route("/b/{token}/book", get(tapped).post(pages::booking_acts::book))
        .route("/b/{token}/another", get(tapped).post(pages::booking_acts::another))
        .route("/b/{token}/later", get(tapped).post(pages::booking_acts::later))
        .route("/b/{token}/stop", get(tapped).post(pages::booking_acts::stop))
        .route("/b/{token}/resume", get(tapped).post(pages::booking_acts::resume))
        .route("/b/{token}/undo", get(tapped).post(pages::booking_acts::undo))
        .route("/b/{token}/all-well", get(tapped).post(pages::booking_acts::all_well))
        .route("/b/{token}/cancel", get(tapped).post(pages::booking_acts::cancel))
        .route("/b/{token}/visit.ics", get(pages::booking_acts::calendar))
        .route("/b/{token}/live", get(live::guest_stream))
        .route("/b/{token}/report", get(pages::guest::report))
        .route("/b/{token}/report.pdf", get(pages::guest::report_pdf))
        .route("/b/{token}/photo/{id}", get(pages::guest::photo))
        .route("/b/{token}/photo/{id}/small", get(pages::guest::photo_small))
        .route("/b/{token}/preferences", get(pages::guest::preferences).post(pages::guest::choose))
        .route("/b/{token}/trouble", get(tapped).post(pages::guest::trouble))
}
