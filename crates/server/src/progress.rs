//! Progress of long work: a bar on a terminal; elsewhere, as under systemd, a line in the log now and then.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Where there is no terminal, a line comes so often; work that ends before the first has none.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// How far some work is.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    /// Without a terminal.
    lines: Option<Lines>,
}

#[derive(Debug)]
struct Lines {
    what: &'static str,
    unit: &'static str,
    every: Duration,
    begun: Instant,
    /// How many came.
    told: AtomicU64,
}

/// A bar of `length` units, 0 where nobody knows it; `what` stands before it.
#[must_use]
pub fn bar(what: &'static str, length: u64, unit: &'static str) -> Bar {
    if std::io::stderr().is_terminal() {
        Bar::drawn(what, length, unit)
    } else {
        Bar::told(what, length, unit, LINE_EVERY)
    }
}

impl Bar {
    fn drawn(what: &'static str, length: u64, unit: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr()).with_message(what);
        let template = format!("{{msg}} {{wide_bar}} {{percent}} %  {{human_pos}} {unit}  {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        Self { bar, lines: None }
    }

    fn told(what: &'static str, length: u64, unit: &'static str, every: Duration) -> Self {
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden());
        let lines = Lines { what, unit, every, begun: Instant::now(), told: AtomicU64::new(0) };
        Self { bar, lines: Some(lines) }
    }

    /// So many units more are done.
    pub fn inc(&self, more: u64) {
        self.bar.inc(more);
        self.tell(Instant::now());
    }

    /// So many units are done.
    pub fn set_position(&self, done: u64) {
        self.bar.set_position(done);
        self.tell(Instant::now());
    }

    /// So many units there are.
    pub fn set_length(&self, length: u64) {
        self.bar.set_length(length);
    }

    /// The work has ended; what came of it is for others to say.
    pub fn finish_and_clear(&self) {
        if let Some(lines) = self.lines.as_ref().filter(|lines| lines.told.load(Ordering::Relaxed) > 0) {
            let (what, unit, seconds) = (lines.what, lines.unit, lines.begun.elapsed().as_secs());
            tracing::info!(what, done = self.bar.position(), unit, seconds, "No longer at work.");
        }
        self.bar.finish_and_clear();
    }

    /// Tells how far it is, if that is due. Several threads may ask; one tells.
    fn tell(&self, now: Instant) {
        let Some(lines) = &self.lines else { return };
        let told = lines.told.load(Ordering::Relaxed);
        let elapsed = now.saturating_duration_since(lines.begun);
        let periods = (elapsed.as_nanos() / lines.every.as_nanos().max(1)) as u64;
        if periods > told && lines.told.compare_exchange(told, periods, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            let (what, unit, seconds) = (lines.what, lines.unit, elapsed.as_secs());
            let of = self.bar.length().filter(|length| *length > 0);
            tracing::info!(what, done = self.bar.position(), of, unit, seconds, "Still at work.");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn said(work: impl FnOnce()) -> Vec<String> {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).without_time();
        tracing::subscriber::with_default(subscriber.finish(), work);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.split_once(": ").map_or(line, |(_, said)| said).to_owned()).collect()
    }

    #[test]
    fn without_a_terminal_a_line_comes_now_and_then_and_one_at_the_end() {
        let every = Duration::from_secs(30);
        let lines = said(|| {
            let bar = Bar::told("exporting", 0, "readings", every);
            let begun = bar.lines.as_ref().unwrap().begun;
            // A reading each second for a hundred seconds.
            for second in 1..=100 {
                bar.bar.inc(1);
                bar.tell(begun + Duration::from_secs(second));
            }
            bar.finish_and_clear();
        });
        let expected = [30, 60, 90]
            .map(|at| format!("Still at work. what=\"exporting\" done={at} unit=\"readings\" seconds={at}"));
        assert_eq!(lines[..3], expected);
        assert_eq!(lines[3..], ["No longer at work. what=\"exporting\" done=100 unit=\"readings\" seconds=0"]);
    }

    #[test]
    fn short_work_says_nothing_and_a_known_length_is_told() {
        let short = said(|| {
            let bar = Bar::told("importing", 10, "events", Duration::from_secs(30));
            (0..10).for_each(|_| bar.inc(1));
            bar.finish_and_clear();
        });
        assert_eq!(short, [""; 0]);
        let long = said(|| {
            let bar = Bar::told("importing", 10, "events", Duration::from_nanos(1));
            bar.set_position(4);
        });
        assert_eq!(long, ["Still at work. what=\"importing\" done=4 of=10 unit=\"events\" seconds=0"]);
    }
}
