//! Log lines on standard error, as text for people or JSON for machines, with floods held back.

mod flood;

use std::io::IsTerminal;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tracing_subscriber::filter::FilterExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::failure::{Failure, Kind};
use flood::{Flood, HoldBack};

/// How often floods are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The running log of this process.
static RUNNING: OnceLock<Running> = OnceLock::new();

struct Running {
    level: reload::Handle<EnvFilter, Registry>,
    flood: Arc<Flood>,
}

/// Form of the log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One readable line each.
    #[default]
    Text,
    /// One JSON object each.
    Json,
}

/// Begins to log. `level` is a level (`info`) or a filter such as `info,foretell_ingest=debug`.
///
/// # Errors
/// When the filter is not one.
pub fn start(level: &str, format: LogFormat) -> Result<(), Failure> {
    let (level, handle) = reload::Layer::new(filter(level)?);
    let flood = Arc::new(Flood::default());
    let held = level.and(HoldBack(Arc::clone(&flood)));
    // Of a line that cannot be written nothing can be said either: the library would try, and panic.
    let lines = fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let failed = |error| Failure::because(Kind::Internal, "could not start logging", error);
    tracing_subscriber::registry().with(lines.with_filter(held)).try_init().map_err(failed)?;
    tell_panics();
    let watched = Arc::clone(&flood);
    let thread = std::thread::Builder::new().name("foretell-log".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(LOOK_EVERY);
            watched.tell(Instant::now(), false);
        }
    });
    thread.map_err(|error| Failure::because(Kind::Unavailable, "could not start the log's thread", error))?;
    let _first = RUNNING.set(Running { level: handle, flood }).is_ok();
    Ok(())
}

/// From now on a panic is a line of the log like any other, and not text of its own between them. One that a damaged file gave a
/// library that decodes it comes back as that file's error, so it need not be told twice.
fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let (thread, words) = (std::thread::current(), panic.payload_as_str().unwrap_or("no reason given"));
        let thread = thread.name().unwrap_or("unnamed");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        if foretell_history::expects_panic() || thread.starts_with("polars") {
            tracing::debug!(thread, place, words, "A library panicked over a file that it decodes.");
        } else {
            tracing::error!(thread, place, words, "A thread panicked. Please report this.");
        }
    }));
}

/// Goes on with another level or filter.
///
/// # Errors
/// When the filter is not one; the log stays as it was.
pub fn set_level(level: &str) -> Result<(), Failure> {
    let filter = filter(level)?;
    let Some(running) = RUNNING.get() else { return Ok(()) };
    let failed = |error| Failure::because(Kind::Internal, "could not change the log's level", error);
    running.level.reload(filter).map_err(failed)
}

/// Says what is still held back; to be called before the process ends.
pub fn finish() {
    if let Some(running) = RUNNING.get() {
        running.flood.tell(Instant::now(), true);
    }
}

fn filter(level: &str) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(level)
        .map_err(|error| Failure::because(Kind::Config, format!("`[log] level = \"{level}\"` is not a filter"), error))
}
