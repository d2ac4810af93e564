//! Floods of one and the same line become one line per interval, with a count.
//!
//! The first lines of a place in the code pass. When more come within the interval, further ones are only counted; at its
//! end one line says how many they were, shows the last of them, and names the logins and certificates that they were about: who
//! has turned away a hall of controllers must know which. A place that stays loud stays held back, so that its
//! thousandth interval costs one line, too; a quiet interval frees it. Debug lines pass: whoever asks for them wants all.

use std::collections::{BTreeSet, HashMap};
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

/// Fields that say who a line is about; the first that a line has counts.
const WHO: [&str; 2] = ["certificate", "user"];

/// Most names of one interval, and characters of each: whoever is not let in may give any.
const NAMES_MAX: usize = 50;
const NAME_CHARS_MAX: usize = 64;

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
    /// Whom lines that were held back were about.
    names: BTreeSet<String>,
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
        let name = || WHO.iter().find_map(|who| Name::of(event, &metadata.fields().field(who)?));
        self.0.passes(metadata.callsite(), *metadata.level(), Instant::now(), || Line::of(event), name)
    }
}

impl Flood {
    /// Whether a line of this place may pass now.
    fn passes(
        &self,
        place: Identifier,
        level: Level,
        now: Instant,
        line: impl FnOnce() -> Line,
        name: impl FnOnce() -> Option<String>,
    ) -> bool {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let loud = places.entry(place).or_insert_with(|| Loud {
            since: now,
            level,
            passed: 0,
            held: 0,
            flooding: false,
            example: Line::default(),
            names: BTreeSet::new(),
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
        if loud.names.len() < NAMES_MAX {
            loud.names.extend(name());
        }
        false
    }

    /// Ends the intervals that are over (all of them, when the process ends) and says what was held back in them.
    pub(super) fn tell(&self, now: Instant, all: bool) {
        for Told { level, held, seconds, example, names } in self.over(now, all) {
            counter!("foretell_log_lines_held_total").increment(held);
            let Line { message, fields } = example;
            macro_rules! say {
                ($level:ident) => {
                    tracing::$level!(
                        target: OWN_TARGET, times = held, within_s = seconds, last = fields, names, "Again and again: {message}"
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
                let (example, names) = (std::mem::take(&mut loud.example), listed(std::mem::take(&mut loud.names)));
                told.push(Told { level, held, seconds, example, names });
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
    /// Whom it was about, if it says so.
    names: Option<String>,
}

/// Names one after the other, with a word where there may be more.
fn listed(names: BTreeSet<String>) -> Option<String> {
    let more = if names.len() >= NAMES_MAX { ", …" } else { "" };
    (!names.is_empty()).then(|| format!("{}{more}", names.into_iter().collect::<Vec<_>>().join(", ")))
}

/// What one field of a line says.
struct Name<'a> {
    wanted: &'a Field,
    found: Option<String>,
}

impl<'a> Name<'a> {
    fn of(event: &Event<'_>, wanted: &'a Field) -> Option<String> {
        let mut name = Self { wanted, found: None };
        event.record(&mut name);
        name.found
    }
}

impl Visit for Name<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field == self.wanted {
            self.found = Some(value.chars().take(NAME_CHARS_MAX).collect());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field == self.wanted {
            self.record_str(field, &format!("{value:?}"));
        }
    }
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
    fn whoever_was_turned_away_is_named() {
        let flood = Arc::new(Flood::default());
        let text = flooded(true, &flood, || {
            for n in 0..3_000 {
                let certificate = (n % 3 > 0).then(|| format!("gw-{:02}", n % 20));
                tracing::info!(peer = n, user = (n % 3 == 0).then_some("plc"), certificate, "Turned a client away.");
            }
            flood.tell(Instant::now(), true);
        });
        let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        let names: Vec<&str> = last["names"].as_str().unwrap().split(", ").collect();
        assert_eq!((names.len(), names[0], names[20]), (21, "gw-00", "plc"), "{last}");
        let many = flooded(true, &flood, || {
            (0..3_000).for_each(|n| tracing::info!(user = format!("{n}{}", "x".repeat(300)), "Turned a client away."));
            flood.tell(Instant::now(), true);
        });
        let last: serde_json::Value = serde_json::from_str(many.lines().last().unwrap()).unwrap();
        let names = last["names"].as_str().unwrap();
        assert!(names.ends_with(", …") && names.chars().count() < NAMES_MAX * (NAME_CHARS_MAX + 2) + 2, "{names}");
    }

    #[test]
    fn debug_lines_are_never_held() {
        let text = flooded(false, &Arc::default(), || (0..100).for_each(|n| tracing::debug!(n, "Detail.")));
        assert_eq!(text.lines().count(), 100);
    }
}
