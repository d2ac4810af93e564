//! For how long each source has been away. `/readyz` promises that readings can be taken, from every source that is configured:
//! what is published at a broker before our first subscription exists for nobody, so it waits for the first session with each,
//! however long that takes. A session that has stood and is lost comes again by itself in most cases, and the broker keeps what
//! arrives meanwhile, so of that it speaks only when it stays away.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a source that has stood may be away before that counts.
const AWAY_MAX: Duration = Duration::from_secs(60);

/// What is known of a source.
#[derive(Clone, Copy, Debug)]
struct Presence {
    /// Since when it is away; `None` while it stands.
    away: Option<Instant>,
    /// Whether it has ever stood.
    met: bool,
}

/// When each source that is away was first found to be so.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Presence>>);

impl Sessions {
    /// Takes the sources as they stand, each with whether it can take readings; says which are missed, in a sentence each.
    pub(super) fn look<'a>(&self, sources: impl IntoIterator<Item = (&'a str, bool)>, now: Instant) -> Vec<String> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut before, mut faults) = (std::mem::take(&mut *known), Vec::new());
        for (name, stands) in sources {
            // One that was left and comes back is to be met again.
            let presence = before.remove(name).unwrap_or(Presence { away: None, met: false });
            let presence = known.entry(name.to_owned()).or_insert(presence);
            if stands {
                *presence = Presence { away: None, met: true };
                continue;
            }
            let lasts = now.saturating_duration_since(*presence.away.get_or_insert(now));
            let seconds = lasts.as_secs();
            if !presence.met {
                faults.push(format!("there has been no session with `{name}` yet, for {seconds} s; the log says why"));
            } else if lasts > AWAY_MAX {
                faults.push(format!("there has been no session with `{name}` for {seconds} s; the log says why"));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_missed_until_it_was_there_and_when_it_stays_away() {
        let (sessions, begin) = (Sessions::default(), Instant::now());
        let away = |seconds: &str| format!("there has been no session with `plant` {seconds} s; the log says why");
        for (second, stands, expected) in [
            (0, false, away("yet, for 0")),
            (5, false, away("yet, for 5")),
            (61, false, away("yet, for 61")),
            (62, true, String::new()),
            (100, false, String::new()),
            (102, false, String::new()),
            (160, false, String::new()),
            (170, false, away("for 70")),
            (171, true, String::new()),
        ] {
            let now = begin + Duration::from_secs(second);
            let faults = sessions.look([("listener", true), ("plant", stands)], now);
            assert_eq!(faults.join("; "), expected, "{second}");
        }
    }
}
