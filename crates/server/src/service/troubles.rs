//! What does not work just now: which part, since when, and why. Whoever meets it notes it, and notes when it is over; `/readyz`,
//! the ingest page and the metrics tell it. The log is told when it begins, once a minute while it lasts, and when it is over: a
//! line for each attempt would bury everything else.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use foretell_model::{Clock as _, LogError, Timestamp};
use foretell_outreach::OutreachError;
use metrics::gauge;

use crate::clock::WallClock;

/// The log is told again of what lasts.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// A second, in milliseconds.
const SECOND_MS: i64 = 1_000;

/// A part that may be unable to do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The engine's way along the log.
    Engine,
    /// The engine's own process, seen from another.
    EngineProcess,
    /// The hourly curves.
    Curves,
    /// The archive of closed days.
    Archive,
    /// Keeping what the engine concluded.
    Conclusions,
    /// What falls due by the clock: letters, reminders, promises.
    Outbox,
    /// Looking into the service state at all.
    ServiceState,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 7] = [
        Self::Engine,
        Self::EngineProcess,
        Self::Curves,
        Self::Archive,
        Self::Conclusions,
        Self::Outbox,
        Self::ServiceState,
    ];

    /// The part of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// Its name in metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::EngineProcess => "engine_process",
            Self::Curves => "curves",
            Self::Archive => "archive",
            Self::Conclusions => "conclusions",
            Self::Outbox => "outbox",
            Self::ServiceState => "service_state",
        }
    }

    /// Whether the service is not ready without it. Closed days stay on the log and curves are made up for: nobody has to hurry. An
    /// engine that is away is told by its own process.
    const fn is_vital(self) -> bool {
        matches!(self, Self::Engine | Self::Conclusions | Self::Outbox | Self::ServiceState)
    }

    /// What does not work, in the perfect tense, with what is to be done about it.
    fn words(self, why: &str) -> String {
        match self {
            Self::Engine => format!("the engine has stood still {why}"),
            Self::EngineProcess => format!("nothing has been heard of the engine; {why}"),
            Self::Curves => format!("the hourly curves have stood still: {why}"),
            Self::Archive => format!("closed days have not been archived and stay on the log: {why}"),
            Self::Conclusions => format!("what the engine concluded has waited for the service state: {why}"),
            Self::Outbox => format!("letters and reminders have waited for the service state: {why}"),
            Self::ServiceState => format!("the service state could not be read: {why}"),
        }
    }
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Since when.
    pub since: Timestamp,
    /// Why, and what to do.
    pub why: String,
}

#[derive(Debug)]
struct Noted {
    trouble: Trouble,
    told: Instant,
}

/// See the module's text.
#[derive(Debug, Default)]
pub struct Troubles {
    by_part: Mutex<BTreeMap<Part, Noted>>,
    /// How many there are, so that whoever does its work without any pays nothing for saying so.
    count: AtomicUsize,
}

impl Troubles {
    /// A part cannot do its work.
    pub fn note(&self, part: Part, why: String) {
        // Nobody is helped by the milliseconds.
        let since = Timestamp::from_millis(WallClock.now().millis() / SECOND_MS * SECOND_MS);
        if self.takes(part, Trouble { since, why: why.clone() }, Instant::now()) {
            let since = self.of(part).map_or(since, |noted| noted.since);
            tracing::error!(part = part.name(), %since, why, "A part of the service cannot do its work.");
        }
    }

    /// The same as another process has found it, which has told its own log.
    pub fn repeat(&self, part: Part, trouble: Trouble) {
        let mut all = self.lock();
        all.insert(part, Noted { trouble, told: Instant::now() });
        self.counted(part, &all, true);
    }

    /// A part does its work.
    pub fn over(&self, part: Part) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut all = self.lock();
        let Some(Noted { trouble, .. }) = all.remove(&part) else { return };
        self.counted(part, &all, false);
        tracing::info!(part = part.name(), since = %trouble.since, "A part that could not do its work does it again.");
    }

    /// What is wrong with a part.
    #[must_use]
    pub fn of(&self, part: Part) -> Option<Trouble> {
        self.lock().get(&part).map(|noted| noted.trouble.clone())
    }

    /// All of them in a sentence each; `vital` leaves out those without which the service is ready all the same.
    #[must_use]
    pub fn sentences(&self, vital: bool) -> Vec<String> {
        let all = self.lock();
        let told = all.iter().filter(|(part, _)| !vital || part.is_vital());
        told.map(|(part, noted)| sentence(*part, &noted.trouble)).collect()
    }

    /// Takes note; whether the log should be told now. The first instant stands, the newest words do.
    fn takes(&self, part: Part, trouble: Trouble, now: Instant) -> bool {
        let mut all = self.lock();
        let Some(noted) = all.get_mut(&part) else {
            all.insert(part, Noted { trouble, told: now });
            self.counted(part, &all, true);
            return true;
        };
        noted.trouble.why = trouble.why;
        let is_due = now.saturating_duration_since(noted.told) >= TOLD_EVERY;
        if is_due {
            noted.told = now;
        }
        is_due
    }

    fn counted(&self, part: Part, all: &BTreeMap<Part, Noted>, is_in_trouble: bool) {
        self.count.store(all.len(), Ordering::Relaxed);
        gauge!("foretell_part_in_trouble", "part" => part.name()).set(if is_in_trouble { 1.0 } else { 0.0 });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Part, Noted>> {
        self.by_part.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sentence(part: Part, trouble: &Trouble) -> String {
    format!("since {} {}", trouble.since, part.words(&trouble.why))
}

/// What stands behind a damaged store's remedy: the guide has the commands.
pub(super) const STOP_FIRST: &str = "Stop the service before that; deploy/README.md has the commands";

/// Why the log refuses, and what to do.
pub(super) fn of_log(error: &LogError) -> String {
    match error {
        // The database's own words say no more than that it is damaged.
        LogError::Damaged { .. } => format!("{error} {STOP_FIRST}"),
        other => chain(other),
    }
}

/// Why the service state refuses, and what to do.
pub(super) fn of_outreach(error: &OutreachError) -> String {
    let why = chain(error);
    if !error.is_damage() {
        return why;
    }
    format!("{why}. service.sqlite is damaged: restore it from a backup. {STOP_FIRST}")
}

/// An error with everything behind it.
pub(super) fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause: &&dyn Error| (*cause).source());
    causes.fold(error.to_string(), |all, cause| format!("{all}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_told_now_and_then_with_its_first_instant_and_newest_words() {
        let (troubles, begin) = (Troubles::default(), Instant::now());
        let takes = |second: u64, why: &str| {
            let trouble = Trouble { since: Timestamp::from_millis(second as i64 * 1_000), why: why.to_owned() };
            troubles.takes(Part::Engine, trouble, begin + Duration::from_secs(second))
        };
        let told: Vec<u64> = (0..200).filter(|second| takes(*second, &format!("at {second}"))).collect();
        assert_eq!(told, [0, 60, 120, 180]);
        let expected = "since 1970-01-01T00:00:00Z the engine has stood still at 199";
        assert_eq!(troubles.sentences(true), [expected]);
        troubles.over(Part::Curves);
        assert_eq!(troubles.sentences(false), [expected]);
        troubles.over(Part::Engine);
        assert_eq!((troubles.of(Part::Engine), troubles.sentences(false).len()), (None, 0));
        assert!(takes(201, "again"));
    }

    #[test]
    fn only_what_is_vital_makes_the_service_not_ready() {
        let troubles = Troubles::default();
        for part in Part::ALL {
            troubles.note(part, "x".to_owned());
        }
        assert_eq!((troubles.sentences(false).len(), troubles.sentences(true).len()), (7, 4));
        assert!(!troubles.sentences(true).iter().any(|said| said.contains("archived") || said.contains("curves")));
    }

    #[test]
    fn a_damaged_store_says_what_to_do() {
        let damaged = LogError::Damaged {
            attempted: "read log.db".to_owned(),
            remedy: "Restore it.".to_owned(),
            source: "malformed".into(),
        };
        assert_eq!(of_log(&damaged), format!("could not read log.db, which is damaged. Restore it. {STOP_FIRST}"));
        let busy = LogError::Store { attempted: "read log.db".to_owned(), source: "busy".into() };
        assert_eq!(of_log(&busy), "could not read log.db: busy");
        assert_eq!(of_outreach(&OutreachError::store("busy")), "could not : busy");
    }
}
