//! How far the server has come, and how far that is believed.
//!
//! What it has just taken may still be in its memory only, and die with it. So a place counts as settled, and is recorded, half a minute
//! after it was reached; when the connection is lost, everything after the settled place is sent again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use foretell_model::{Log, LogError, Offset, Partition};

use super::store::{InfluxStore, Place};
use crate::SqliteLog;

/// So long after the server has taken something it is taken to be on its disk. InfluxDB syncs before it answers unless told to
/// delay that; others keep some seconds in memory.
const SETTLED_AFTER: Duration = Duration::from_secs(30);

/// Places closer to each other than this settle together.
const SETTLING_STEP: Duration = Duration::from_millis(100);

/// Time between two records of how far it has come.
const RECORD_EVERY: Duration = Duration::from_secs(1);

/// Time between two notes of that on the log, whose old days stay until everybody has read them. Rarer, because it holds up appends.
const TELL_LOG_EVERY: Duration = Duration::from_secs(10);

/// Our name among the log's readers.
const CONSUMER: &str = "influxdb";

/// The log of this product has one partition per file.
pub(super) const PARTITION: Partition = Partition(0);

/// Lets the log drop its old days although InfluxDB was once written to and is no more.
///
/// # Errors
/// When the log's store refused.
pub fn no_longer_written(log: &SqliteLog) -> Result<(), LogError> {
    const BEYOND_ALL: Offset = Offset(u64::MAX >> 1);
    let cursor = log.cursor(CONSUMER, PARTITION)?;
    if cursor == Offset(0) || cursor == BEYOND_ALL { Ok(()) } else { log.commit(CONSUMER, PARTITION, BEYOND_ALL) }
}

/// How far the server has come.
#[derive(Debug)]
pub(super) struct Places {
    /// What the server has taken.
    sent: Place,
    /// What it has had for long enough.
    settled: Place,
    /// Places that were reached a while ago, the oldest first.
    settling: VecDeque<(Instant, Place)>,
    recorded: (Instant, Place),
    told_log: Instant,
    /// The settled place at the last lost connection after which something had to be sent again.
    gone_back_to: Option<Place>,
    /// [`SETTLED_AFTER`], or less on a shaky connection.
    settle_after: Duration,
}

impl Places {
    /// Where the last writer was.
    pub(super) fn new(log: &SqliteLog, store: &InfluxStore) -> Result<Self, LogError> {
        // The outbox's cursor is what is left in it.
        let place = Place { log: store.cursor()?, outbox: 0 };
        log.commit(CONSUMER, PARTITION, place.log)?;
        Ok(Self::at(place))
    }

    fn at(place: Place) -> Self {
        let now = Instant::now();
        Self {
            sent: place,
            settled: place,
            settling: VecDeque::new(),
            recorded: (now, place),
            told_log: now,
            gone_back_to: None,
            settle_after: SETTLED_AFTER,
        }
    }

    /// What the server has taken.
    pub(super) const fn sent(&self) -> Place {
        self.sent
    }

    /// The server has taken everything up to a place.
    pub(super) fn reached(&mut self, place: Place) {
        self.sent = place;
        match self.settling.back_mut() {
            // Few notes, however fast it goes.
            Some((since, newest)) if since.elapsed() < SETTLING_STEP => *newest = place,
            _ => self.settling.push_back((Instant::now(), place)),
        }
    }

    /// There was nothing to send up to a place.
    pub(super) fn pass(&mut self, place: Place) {
        if place != self.sent {
            self.reached(place);
        }
    }

    /// The connection was lost, and what the server took last may have been lost with it. When it is lost again before anything
    /// has settled, things settle sooner: a shaky connection must not have the same points sent for ever.
    pub(super) fn go_back(&mut self) {
        if self.sent == self.settled {
            return;
        }
        let again = self.gone_back_to == Some(self.settled);
        self.settle_after = if again { self.settle_after / 2 } else { SETTLED_AFTER };
        self.gone_back_to = Some(self.settled);
        self.sent = self.settled;
        self.settling.clear();
    }

    /// Records what has been with the server for long enough; at the `end` in any case.
    pub(super) fn settle(&mut self, log: &SqliteLog, store: &InfluxStore, end: bool) -> Result<(), LogError> {
        let settle_after = self.settle_after;
        while let Some((_, place)) = self.settling.pop_front_if(|(since, _)| since.elapsed() >= settle_after) {
            self.settled = place;
        }
        let (at, place) = self.recorded;
        if place != self.settled && (end || at.elapsed() >= RECORD_EVERY) {
            store.settle(self.settled)?;
            self.recorded = (Instant::now(), self.settled);
        }
        if end || self.told_log.elapsed() >= TELL_LOG_EVERY {
            self.told_log = Instant::now();
            if log.cursor(CONSUMER, PARTITION)? != self.settled.log {
                log.commit(CONSUMER, PARTITION, self.settled.log)?;
            }
        }
        Ok(())
    }

    /// A log that ends before our cursor was replaced or cut, and whoever appends to it has not been there to find out. All of it is
    /// sent again, which changes nothing of what the server had of it. Returns the log's end.
    pub(super) fn follow_back(&mut self, log: &SqliteLog) -> Result<Offset, LogError> {
        let head = log.head(PARTITION)?;
        if head < self.sent.log {
            tracing::warn!(
                cursor = self.sent.log.0,
                head = head.0,
                "The log ends before InfluxDB's cursor: it was replaced or cut. All of it is sent again."
            );
            self.sent.log = Offset(0);
            self.settled.log = Offset(0);
            self.settling.clear();
        }
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(log: u64) -> Place {
        Place { log: Offset(log), outbox: 0 }
    }

    #[test]
    fn a_lost_connection_costs_what_is_not_settled() {
        let mut places = Places::at(place(10));
        places.reached(place(20));
        places.go_back();
        assert_eq!(places.sent(), place(10), "what it took last is sent again");
        assert_eq!(places.settle_after, SETTLED_AFTER);
    }

    #[test]
    fn a_shaky_connection_makes_headway_all_the_same() {
        let mut places = Places::at(place(10));
        for _ in 0..40 {
            places.reached(place(20));
            places.go_back();
        }
        let dir = tempfile::tempdir().unwrap();
        let (log, store) = (SqliteLog::open(dir.path()).unwrap(), InfluxStore::open(dir.path()).unwrap());
        places.reached(place(20));
        places.settle(&log, &store, true).unwrap();
        places.go_back();
        assert_eq!(places.sent(), place(20));
        assert_eq!(store.cursor().unwrap(), Offset(20));
        assert_eq!(log.cursor(CONSUMER, PARTITION).unwrap(), Offset(20));
        no_longer_written(&log).unwrap();
        assert!(log.cursor(CONSUMER, PARTITION).unwrap() > Offset(1 << 60), "old days need not stay for us");
    }

    #[test]
    fn a_server_that_is_only_away_makes_nothing_settle_sooner() {
        let mut places = Places::at(place(10));
        (0..40).for_each(|_| places.go_back());
        assert_eq!((places.sent(), places.settle_after), (place(10), SETTLED_AFTER));
    }

    #[test]
    fn a_log_that_was_cut_is_sent_again() {
        let dir = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(dir.path()).unwrap();
        let mut places = Places::at(place(10));
        assert_eq!(places.follow_back(&log).unwrap(), Offset(0));
        assert_eq!(places.sent(), place(0));
    }
}
