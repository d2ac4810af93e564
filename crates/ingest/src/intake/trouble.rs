//! What is wrong with who connects and who is connected to: two programs under one name, who throw each other out for ever. Each
//! trouble is known for as long as it goes on and some minutes beyond, because between two of its signs all looks well; or until
//! whoever noted it has seen that it is over.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Troubles of one source that are kept; the oldest makes room.
const KEPT_MAX: usize = 20;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// The broker says that another program has taken our session over.
    TakenOver,
    /// The broker ends our sessions within seconds, as it would if another program used our name.
    ShortSessions,
    /// What the broker sends breaks the rules of MQTT, so that its sessions end within seconds.
    Nonsense,
    /// Clients of the listener take one client id from each other within seconds.
    Twins,
}

impl TroubleKind {
    /// How long after its last sign it counts as going on: longer than the pauses in which both sides of it wait.
    const fn lasts(self) -> Duration {
        match self {
            Self::TakenOver | Self::Twins => Duration::from_secs(300),
            Self::ShortSessions | Self::Nonsense => Duration::from_secs(60),
        }
    }
}

/// Something that is wrong, and whom it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What.
    pub kind: TroubleKind,
    /// The client id that is used twice, or ours.
    pub client_id: String,
    /// How often it has shown, as long as it has gone on.
    pub times: u32,
}

/// The troubles of one source.
#[derive(Debug, Default)]
pub(crate) struct Troubles(Mutex<Vec<(Trouble, Instant)>>);

impl Troubles {
    /// Takes a sign of a trouble; returns how many there have been.
    pub(crate) fn note(&self, kind: TroubleKind, client_id: &str, now: Instant) -> u32 {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|known| goes_on(known, now));
        let place = kept.iter().position(|(known, _)| known.kind == kind && known.client_id == client_id);
        let times = place.map_or(0, |place| kept.remove(place).0.times).saturating_add(1);
        if kept.len() == KEPT_MAX {
            kept.remove(0);
        }
        kept.push((Trouble { kind, client_id: client_id.to_owned(), times }, now));
        times
    }

    /// A trouble is over.
    pub(crate) fn over(&self, kind: TroubleKind, client_id: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| known.kind != kind || known.client_id != client_id);
    }

    /// Those that go on.
    pub(crate) fn now(&self, now: Instant) -> Vec<Trouble> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().filter(|known| goes_on(known, now)).map(|(trouble, _)| trouble.clone()).collect()
    }
}

fn goes_on((trouble, last): &(Trouble, Instant), now: Instant) -> bool {
    now.saturating_duration_since(*last) < trouble.kind.lasts()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_known_until_it_has_not_shown_for_minutes() {
        let (troubles, begin) = (Troubles::default(), Instant::now());
        let at = |second| begin + Duration::from_secs(second);
        let known = |second| {
            let named =
                troubles.now(at(second)).into_iter().map(|t| format!("{:?} {} {}", t.kind, t.client_id, t.times));
            named.collect::<Vec<_>>().join(", ")
        };
        assert_eq!(known(0), "");
        assert_eq!(troubles.note(TroubleKind::TakenOver, "a", at(0)), 1);
        assert_eq!(troubles.note(TroubleKind::ShortSessions, "a", at(1)), 1);
        assert_eq!(troubles.note(TroubleKind::TakenOver, "a", at(50)), 2);
        assert_eq!(known(60), "ShortSessions a 1, TakenOver a 2");
        assert_eq!(known(349), "TakenOver a 2");
        assert_eq!(known(351), "");
        assert_eq!(troubles.note(TroubleKind::TakenOver, "a", at(500)), 1, "a new one");
        troubles.over(TroubleKind::TakenOver, "b");
        troubles.over(TroubleKind::Twins, "a");
        assert_eq!(known(500), "TakenOver a 1");
        troubles.over(TroubleKind::TakenOver, "a");
        assert_eq!(known(500), "");
        for n in 0..100 {
            troubles.note(TroubleKind::Twins, &n.to_string(), at(500));
        }
        assert_eq!(troubles.now(at(500)).len(), KEPT_MAX);
    }
}
