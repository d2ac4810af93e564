//! Floods of one and the same line become one line per interval, with a count.
//!
//! The first lines of a place in the code pass. When more come within the interval, further ones are only counted; at its
//! end one line says how many they were and shows the last of them. A place that stays loud stays held back, so that its
//! thousandth interval costs one line, too; a quiet interval frees it. Debug lines pass: whoever asks for them wants all.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use metrics::counter;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

/// Lines of one place that pass within one interval.
const PASS_MAX: u32 = 5;

/// The interval.
const INTERVAL: Duration = Duration::from_secs(10);

/// Longest example, characters.
const EXAMPLE_MAX: usize = 300;

/// The lines that this writes itself; they are never held back.
const OWN_TARGET: &str = "foretell::repeated";

/// What came from which place of the code.
#[derive(Debug, Default)]
pub(super) struct Flood(Mutex<HashMap<Identifier, Loud>>);

/// One place within its interval.
#[derive(Debug)]
struct Loud {
    since: Instant,
    level: Level,
    passed: u32,
    held: u64,
    /// Held back from its first line on, because the interval before was a flood.
    flooding: bool,
    /// The latest line that was held back.
    example: Line,
}

/// A line as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Line {
    message: String,
    fields: String,
}

/// The filter that holds back.
pub(super) struct HoldBack(pub(super) Arc<Flood>);

impl<S: Subscriber> Filter<S> for HoldBack {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if metadata.target() == OWN_TARGET || *metadata.level() > Level::INFO {
            return true;
        }
        self.0.passes(metadata.callsite(), *metadata.level(), Instant::now(), || Line::of(event))
    }
}

impl Flood {
    /// Whether a line of this place may pass now.
    fn passes(&self, place: Identifier, level: Level, now: Instant, line: impl FnOnce() -> Line) -> bool {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let loud = places.entry(place).or_insert_with(|| Loud {
            since: now,
            level,
            passed: 0,
            held: 0,
            flooding: false,
            example: Line::default(),
        });
        if !loud.flooding && loud.passed < PASS_MAX {
            loud.passed += 1;
            return true;
        }
        loud.held += 1;
        // Formatted now and then only: a flood must not cost what it would have cost.
        if loud.held == 1 || loud.held.is_multiple_of(1024) {
            loud.example = line();
        }
        false
    }

    /// Ends the intervals that are over (all of them, when the process ends) and says what was held back in them.
    pub(super) fn tell(&self, now: Instant, all: bool) {
        for Told { level, held, seconds, example } in self.over(now, all) {
            counter!("foretell_log_lines_held_total").increment(held);
            let Line { message, fields } = example;
            macro_rules! say {
                ($level:ident) => {
                    tracing::$level!(
                        target: OWN_TARGET, times = held, within_s = seconds, last = fields, "Again and again: {message}"
                    )
                };
            }
            match level {
                Level::ERROR => say!(error),
                Level::WARN => say!(warn),
                _ => say!(info),
            }
        }
    }

    fn over(&self, now: Instant, all: bool) -> Vec<Told> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told = Vec::new();
        places.retain(|_, loud| {
            let lasted = now.saturating_duration_since(loud.since);
            if lasted < INTERVAL && !all {
                return true;
            }
            let was_loud = loud.held > 0;
            if was_loud {
                let (level, held, seconds) = (loud.level, loud.held, lasted.as_secs());
                told.push(Told { level, held, seconds, example: std::mem::take(&mut loud.example) });
            }
            // As many as would have passed are not a flood any more.
            loud.flooding = loud.held > u64::from(PASS_MAX);
            (loud.since, loud.passed, loud.held) = (now, 0, 0);
            was_loud
        });
        told
    }
}

/// What one interval held back.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    level: Level,
    held: u64,
    seconds: u64,
    example: Line,
}

impl Line {
    fn of(event: &Event<'_>) -> Self {
        let mut line = Self::default();
        event.record(&mut line);
        line
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else if self.fields.chars().count() < EXAMPLE_MAX {
            let space = if self.fields.is_empty() { "" } else { " " };
            let text: String = format!("{value:?}").chars().take(EXAMPLE_MAX).collect();
            let _infallible = write!(self.fields, "{space}{}={text}", field.name()).is_ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::{Layer as _, fmt};

    /// Where the lines of a test go.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn flooded(json: bool, flood: &Arc<Flood>, work: impl FnOnce()) -> String {
        let (lines, held) = (Lines::default(), HoldBack(Arc::clone(flood)));
        let writer = lines.clone();
        let layer = fmt::layer().without_time().with_target(false).with_ansi(false).with_writer(move || writer.clone());
        let layer = if json { layer.json().flatten_event(true).boxed() } else { layer.boxed() };
        let subscriber = tracing_subscriber::registry().with(layer.with_filter(held));
        tracing::subscriber::with_default(subscriber, work);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn loud(times: usize) {
        for n in 0..times {
            tracing::warn!(peer = n, "A message was refused.");
        }
    }

    #[test]
    fn a_flood_is_one_line_per_interval_with_its_count() {
        let (flood, begin) = (Arc::new(Flood::default()), Instant::now());
        let text = flooded(false, &flood, || {
            for interval in 1..=3 {
                loud(3000);
                tracing::info!("Something else.");
                flood.tell(begin + INTERVAL * interval + Duration::from_secs(interval.into()), false);
            }
            // Quiet again, and loud once more.
            flood.tell(begin + INTERVAL * 9, false);
            loud(2);
        });
        let refused: Vec<&str> = text.lines().filter(|line| line.contains("refused")).collect();
        let again: Vec<&&str> = refused.iter().filter(|line| line.contains("Again and again")).collect();
        assert_eq!((refused.len(), again.len(), text.matches("Something else.").count()), (5 + 3 + 2, 3, 3), "{text}");
        assert!(again[0].starts_with(" WARN ") && again[0].contains("times=2995 "), "{text}");
        assert!(again[1].contains("times=3000 ") && again[1].contains("last=\"peer="), "{text}");
    }

    #[test]
    fn machines_get_the_count_as_a_field() {
        let flood = Arc::new(Flood::default());
        let text = flooded(true, &flood, || {
            loud(8);
            flood.tell(Instant::now(), true);
        });
        let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!((&last["times"], &last["level"]), (&3.into(), &"WARN".into()));
        assert_eq!(last["message"], "Again and again: A message was refused.");
    }

    #[test]
    fn debug_lines_are_never_held() {
        let text = flooded(false, &Arc::default(), || (0..100).for_each(|n| tracing::debug!(n, "Detail.")));
        assert_eq!(text.lines().count(), 100);
    }
}
