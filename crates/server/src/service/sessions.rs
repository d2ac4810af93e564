//! For how long each source has been away. A session that is lost comes again by itself in most cases, so `/readyz` speaks of
//! it only when it stays away. At the start it waits a moment for the first session: what is published at a broker before our
//! first subscription exists for nobody, so whoever starts publishing when we are ready must not be too early.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a source may be away before readings cannot be taken.
const AWAY_MAX: Duration = Duration::from_secs(60);

/// How long readiness waits for a source's first session. A broker that is down for longer must not keep us from taking what
/// others send.
const FIRST_MAX: Duration = Duration::from_secs(5);

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
    /// Takes the sources as they stand, each with whether it can take readings; says which have been away for too long.
    pub(super) fn look<'a>(&self, sources: impl IntoIterator<Item = (&'a str, bool)>, now: Instant) -> Vec<String> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut faults = Vec::new();
        for (name, stands) in sources {
            let presence = known.entry(name.to_owned()).or_insert(Presence { away: None, met: false });
            if stands {
                *presence = Presence { away: None, met: true };
                continue;
            }
            let lasts = now.saturating_duration_since(*presence.away.get_or_insert(now));
            if lasts > AWAY_MAX {
                let seconds = lasts.as_secs();
                faults.push(format!("there has been no session with `{name}` for {seconds} s; the log says why"));
            } else if !presence.met && lasts < FIRST_MAX {
                faults.push(format!("the first session with `{name}` is still being opened"));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_missed_when_it_stays_away() {
        let (sessions, begin) = (Sessions::default(), Instant::now());
        for (second, stands, expected) in [
            (0, false, 1),
            (5, false, 0),
            (61, false, 1),
            (62, true, 0),
            (100, false, 0),
            (102, false, 0),
            (170, false, 1),
        ] {
            let now = begin + Duration::from_secs(second);
            let faults = sessions.look([("listener", true), ("plant", stands)], now);
            assert_eq!(faults.len(), expected, "{second}: {faults:?}");
        }
    }
}
