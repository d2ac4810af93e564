//! What the commands do: run the library, show progress, print the result.

use std::future::Future;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use foretell_sim::files::write_fleet;
use foretell_sim::mqtt;
use foretell_sim::time::{DAY_MS, utc};
use foretell_sim::{Live, Pace, Stats};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::cli::{CliError, Count, Flood, Format, Generate, Latency, Run};

/// Where there is no terminal, a line comes so often; work that ends before the first has none.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// `generate`.
pub(crate) async fn generate(args: Generate) -> Result<(), CliError> {
    let fleet = args.which.fleet(None)?;
    let Format::Csv = args.format;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = args.threads.unwrap_or(cores);
    let bar = bar(fleet.expected_samples(), "{human_pos}/{human_len} rows  {per_sec}  {eta}");
    let stop = Arc::new(AtomicBool::new(false));
    let (rows, asked, dir) = (bar.clone(), Arc::clone(&stop), args.out.clone());
    let writing =
        tokio::task::spawn_blocking(move || write_fleet(&fleet, &dir, threads, &|count| rows.inc(count), &asked));
    let told = bar.is_hidden().then(|| tokio::spawn(tell(bar.clone())));
    let written = until_ctrl_c(writing, || stop.store(true, Ordering::Relaxed)).await;
    told.inspect(tokio::task::JoinHandle::abort);
    let written = written.map_err(CliError::Died)??;
    bar.finish_and_clear();
    let machines = if written.machines == 1 { "machine" } else { "machines" };
    say(&format!("{} {machines}, {} rows in {}\n", written.machines, written.rows, args.out.display()))
}

/// `run`.
pub(crate) async fn run(args: &Run) -> Result<(), CliError> {
    let fleet = args.fleet(now_ms())?;
    let pace = if args.speed > 0.0 { Pace::constant(args.speed) } else { Pace::fastest() };
    let (live, stop) = (Arc::new(Live::default()), CancellationToken::new());
    let length = u64::try_from((fleet.to_ms() - fleet.from_ms()) / 1000).unwrap_or(0);
    let bar = bar(length, "{msg}  {eta}");
    let shown = tokio::spawn(show(bar.clone(), Arc::clone(&live), fleet.from_ms(), stop.clone()));
    let target = args.broker.target();
    let publishing = mqtt::publish(&fleet, &target, pace, Arc::clone(&live), stop.clone());
    let stats = until_ctrl_c(publishing, || stop.cancel()).await;
    shown.abort();
    bar.finish_and_clear();
    let stats = stats?;
    if args.json { say_json(&stats) } else { say(&table(&stats)) }
}

/// `flood`.
pub(crate) async fn flood(args: &Flood) -> Result<(), CliError> {
    let load = mqtt::Flood {
        publishers: args.publishers,
        rate: args.rate,
        payload_bytes: args.size,
        qos: if args.rubbish { 1 } else { args.qos },
        rubbish: args.rubbish,
        window: args.window,
        lasts: Duration::from_millis(u64::try_from(args.lasts).unwrap_or(0)),
        // A day back: each message is a millisecond later than the one before, and time stamps must not reach the future.
        from_ms: args.from.unwrap_or_else(|| now_ms() - DAY_MS),
        messages: args.messages,
    };
    let stop = CancellationToken::new();
    let target = args.broker.target();
    let report = until_ctrl_c(mqtt::flood(&load, &target, stop.clone()), || stop.cancel()).await?;
    if args.json {
        return say_json(&report);
    }
    say(&format!(
        "publishers {}\npublished {}\nacknowledged {}\nfailed {}\nreconnects {}\nseconds {:.2}\nacknowledged_per_s {:.0}\n\
         puback_p50_ms {:.2}\npuback_p99_ms {:.2}\npuback_max_ms {:.2}\n",
        report.publishers,
        report.published,
        report.acknowledged,
        report.failed,
        report.reconnects,
        report.seconds,
        report.acknowledged_per_s,
        report.p50_ms,
        report.p99_ms,
        report.max_ms
    ))
}

/// `count`.
pub(crate) async fn count(args: &Count) -> Result<(), CliError> {
    let stop = CancellationToken::new();
    let (target, lasts) = (args.broker.target(), Duration::from_millis(u64::try_from(args.lasts).unwrap_or(0)));
    let counting = mqtt::count(&args.topic, lasts, args.messages, &target, stop.clone());
    let report = until_ctrl_c(counting, || stop.cancel()).await?;
    if args.json {
        return say_json(&report);
    }
    say(&format!("messages {}\nseconds {:.2}\nper_s {:.0}\n", report.messages, report.seconds, report.per_s))
}

/// `latency`.
pub(crate) async fn latency(args: &Latency) -> Result<(), CliError> {
    let (fleet, stop) = (args.which.fleet(None)?, CancellationToken::new());
    let (load, target) = (mqtt::Latency { readings_per_s: args.rate.max(1.0) }, args.broker.target());
    let report = until_ctrl_c(mqtt::latency(&fleet, load, &target, stop.clone()), || stop.cancel()).await?;
    if args.json {
        return say_json(&report);
    }
    say(&format!(
        "readings {}\nreadings_per_s {:.0}\npuback_p50_ms {:.2}\npuback_p99_ms {:.2}\nadvisories {}\n\
         advisory_p50_ms {:.2}\nadvisory_p99_ms {:.2}\nadvisory_max_ms {:.2}\n",
        report.readings,
        report.readings_per_s,
        report.puback_p50_ms,
        report.puback_p99_ms,
        report.advisories,
        report.advisory_p50_ms,
        report.advisory_p99_ms,
        report.advisory_max_ms
    ))
}

/// Waits for work; on ctrl-c asks it to stop and still waits for its end.
async fn until_ctrl_c<T>(work: impl Future<Output = T>, ask_to_stop: impl FnOnce()) -> T {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => done,
        _ = tokio::signal::ctrl_c() => {
            ask_to_stop();
            work.await
        }
    }
}

async fn show(bar: ProgressBar, live: Arc<Live>, from_ms: i64, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let stats = live.stats();
        if stats.reached_ms > from_ms {
            bar.set_position(u64::try_from((stats.reached_ms - from_ms) / 1000).unwrap_or(0));
            bar.set_message(format!("{}  {} acknowledged", utc(stats.reached_ms), stats.acknowledged));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Says now and then how far it is, for whoever sees no bar.
async fn tell(bar: ProgressBar) {
    loop {
        tokio::time::sleep(LINE_EVERY).await;
        // With nobody left to tell it is no reason to end.
        let _told = writeln!(std::io::stderr(), "{}", far(bar.position(), bar.length().unwrap_or(0))).is_ok();
    }
}

/// How far it is, in words.
fn far(done: u64, of: u64) -> String {
    let percent = 100 * done / of.max(1);
    format!("{done} of about {of} rows are written, {} %", percent.min(100))
}

/// A bar on a terminal, nothing elsewhere.
fn bar(length: u64, text: &str) -> ProgressBar {
    let on_terminal = std::io::stderr().is_terminal();
    let target = if on_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    if let Ok(style) = ProgressStyle::with_template(&format!("{{wide_bar}} {text}")) {
        bar.set_style(style);
    }
    bar
}

fn table(stats: &Stats) -> String {
    let link = &stats.link;
    format!(
        "reached {}\npublished {}\nacknowledged {}\nresent {}\nreconnects {}\nsamples {}\ndropped {}\nduplicated {}\n\
         reordered {}\ngarbage {}\noutages {}\nbacklogged {}\n",
        utc(stats.reached_ms),
        stats.published,
        stats.acknowledged,
        stats.resent,
        stats.reconnects,
        stats.samples,
        link.dropped,
        link.duplicated,
        link.reordered,
        link.garbage,
        link.outages,
        link.backlogged
    )
}

/// Results go to stdout.
fn say(text: &str) -> Result<(), CliError> {
    std::io::stdout().write_all(text.as_bytes()).map_err(CliError::Output)
}

fn say_json<T: Serialize>(result: &T) -> Result<(), CliError> {
    let line = serde_json::to_string(result).map_err(|error| CliError::Output(error.into()))?;
    say(&format!("{line}\n"))
}

#[expect(clippy::disallowed_methods, reason = "a controller's clock is the wall clock; the library is told the time")]
fn now_ms() -> i64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_can_be_told_of_any_length() {
        assert_eq!(far(12_000, 48_000), "12000 of about 48000 rows are written, 25 %");
        assert_eq!(far(0, 0), "0 of about 0 rows are written, 0 %");
        assert_eq!(far(11, 10), "11 of about 10 rows are written, 100 %");
    }
}
