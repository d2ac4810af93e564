//! What has been said lately: a client that is at fault comes again and again, and one line in ten minutes tells as much as one a
//! second.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a word holds.
const HOLDS: Duration = Duration::from_secs(600);
/// Words that are remembered; with one more, all are forgotten.
const WORDS_MAX: usize = 1_000;
/// Characters of a word that count; names may be long.
const CHARS_MAX: usize = 200;

/// See the module's text.
#[derive(Default)]
pub(super) struct Lately {
    said: Mutex<HashMap<(String, String), Instant>>,
}

impl Lately {
    /// Whether this has not been said of them lately; it counts as said from now on.
    pub(super) fn is_due(&self, who: &str, what: &str, now: Instant) -> bool {
        let short = |text: &str| text.chars().take(CHARS_MAX).collect::<String>();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() >= WORDS_MAX {
            said.clear();
        }
        let key = (short(who), short(what));
        let is_due = said.get(&key).is_none_or(|then| now.saturating_duration_since(*then) >= HOLDS);
        if is_due {
            said.insert(key, now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_holds_ten_minutes() {
        let (lately, begin) = (Lately::default(), Instant::now());
        let is_due =
            |who: &str, what: &str, minutes: u64| lately.is_due(who, what, begin + Duration::from_secs(minutes * 60));
        for (who, what, minutes, expected) in [
            ("plc-1", "packet_too_large", 0, true),
            ("plc-1", "packet_too_large", 9, false),
            ("plc-1", "malformed_packet", 9, true),
            ("plc-2", "packet_too_large", 9, true),
            ("plc-1", "packet_too_large", 10, true),
            ("plc-1", "packet_too_large", 19, false),
        ] {
            assert_eq!(is_due(who, what, minutes), expected, "{who} {what} {minutes}");
        }
    }
}
