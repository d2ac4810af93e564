//! For how long each source has been away. A session that is lost comes again by itself in most cases, so `/readyz` speaks of
//! it only when it stays away.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a source may be away before readings cannot be taken.
const AWAY_MAX: Duration = Duration::from_secs(60);

/// When each source that is away was first found to be so.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Instant>>);

impl Sessions {
    /// Takes the sources as they stand, each with whether it can take readings; says which have been away for too long.
    pub(super) fn look<'a>(&self, sources: impl IntoIterator<Item = (&'a str, bool)>, now: Instant) -> Vec<String> {
        let mut away = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut faults = Vec::new();
        for (name, stands) in sources {
            if stands {
                away.remove(name);
                continue;
            }
            let since = *away.entry(name.to_owned()).or_insert(now);
            let lasts = now.saturating_duration_since(since);
            if lasts > AWAY_MAX {
                faults.push(format!(
                    "there has been no session with `{name}` for {} s; the log says why",
                    lasts.as_secs()
                ));
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
        for (second, stands, expected) in
            [(0, false, 0), (60, false, 0), (61, false, 1), (62, true, 0), (100, false, 0), (170, false, 1)]
        {
            let now = begin + Duration::from_secs(second);
            let faults = sessions.look([("listener", true), ("plant", stands)], now);
            assert_eq!(faults.len(), expected, "{second}: {faults:?}");
        }
    }
}
