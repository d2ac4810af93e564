//! What one source was refused, by reason: counted, and told in the log in summary. A machine with a wrong clock is refused with
//! every reading, so a line each would drown the log, and none at all leaves whoever reads it in the dark.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use foretell_model::Refusal;
use metrics::counter;

/// A reason that goes on is told again after this long; the first time, at the next look.
const TELL_EVERY: Duration = Duration::from_secs(600);

/// How often somebody should look.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Characters of an example that are told.
const EXAMPLE_CHARS_MAX: usize = 200;

/// The refusals of one source.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<BTreeMap<&'static str, Tally>>);

/// The refusals for one reason.
#[derive(Debug, Default)]
struct Tally {
    count: u64,
    /// Of them, not told yet.
    untold: u64,
    /// Topic and words of the first that was not told yet.
    example: (String, String),
    /// When they were told last.
    told: Option<Instant>,
}

/// What is to be told of one reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) reason: &'static str,
    pub(super) items: u64,
    pub(super) topic: String,
    pub(super) detail: String,
}

impl Refusals {
    /// Counts them. What was taken in does not come by here.
    pub(super) fn add(&self, refused: &[Refusal]) {
        if refused.is_empty() {
            return;
        }
        let mut by_reason = self.lock();
        for Refusal { reason, topic, detail, .. } in refused {
            let tally = by_reason.entry(reason).or_default();
            tally.count += 1;
            if tally.untold == 0 {
                tally.example = (short(topic), short(detail));
            }
            tally.untold += 1;
            counter!("foretell_ingest_items_refused_total", "reason" => *reason).increment(1);
        }
    }

    /// How many there were, by reason.
    pub(super) fn counts(&self) -> Vec<(&'static str, u64)> {
        self.lock().iter().map(|(reason, tally)| (*reason, tally.count)).collect()
    }

    /// What is to be told now, or all that was not told yet.
    pub(super) fn due(&self, now: Instant, all: bool) -> Vec<Summary> {
        let is_due = |tally: &Tally| tally.told.is_none_or(|told| now.saturating_duration_since(told) >= TELL_EVERY);
        let mut due = Vec::new();
        for (reason, tally) in self.lock().iter_mut().filter(|(_, tally)| tally.untold > 0 && (all || is_due(tally))) {
            let (topic, detail) = std::mem::take(&mut tally.example);
            due.push(Summary { reason, items: std::mem::take(&mut tally.untold), topic, detail });
            tally.told = Some(now);
        }
        due
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Tally>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Summary {
    /// Writes it down.
    pub(super) fn emit(self, source: &str) {
        let Self { reason, items, topic, detail } = self;
        tracing::warn!(
            source,
            reason,
            items,
            topic,
            detail,
            "Refused what came in; topic and detail are of the first. It waits in the quarantine: `foretell quarantine list` or \
             /quarantine of the console."
        );
    }
}

fn short(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(EXAMPLE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use foretell_model::Timestamp;

    fn refusal(reason: &'static str, topic: &str) -> Refusal {
        let (arrived, source, detail, raw) = (Timestamp::MIN, String::new(), "a\nb".to_owned(), Vec::new());
        Refusal { arrived, source, topic: topic.to_owned(), reason, detail, raw }
    }

    #[test]
    fn a_reason_is_told_at_once_and_then_every_ten_minutes_while_it_goes_on() {
        let (refusals, begin) = (Refusals::default(), Instant::now());
        let told = |minutes: u64, all| {
            let line = |Summary { reason, items, topic, detail }| format!("{reason} {items} {topic} {detail}");
            let due = refusals.due(begin + Duration::from_secs(minutes * 60), all);
            due.into_iter().map(line).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(told(0, true), "");
        refusals.add(&[refusal("from_future", "m1"), refusal("from_future", "m2"), refusal("malformed", "m3")]);
        assert_eq!(told(0, false), "from_future 2 m1 a b, malformed 1 m3 a b");
        refusals.add(&[refusal("from_future", "m4"), refusal("too_old", "m5")]);
        assert_eq!(told(9, false), "too_old 1 m5 a b");
        refusals.add(&[refusal("from_future", "m6")]);
        assert_eq!(told(10, false), "from_future 2 m4 a b");
        assert_eq!(told(30, false), "");
        refusals.add(&[refusal("from_future", "m7")]);
        assert_eq!(told(31, true), "from_future 1 m7 a b");
        assert_eq!(refusals.counts(), [("from_future", 5), ("malformed", 1), ("too_old", 1)]);
    }
}
