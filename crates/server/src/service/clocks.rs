//! Which clock tells whom the time.

use std::sync::Arc;

use foretell_model::{Clock, Timestamp};

use crate::clock::{ReadingsClock, WallClock};
use crate::config::ClockSource;

/// Both clocks and which of them rules. Arrival is always wall time: admission compares a controller's clock with ours, and
/// that must not depend on the readings it judges.
#[derive(Debug, Default)]
pub struct Clocks {
    source: ClockSource,
    readings: ReadingsClock,
}

impl Clocks {
    /// The clocks, ruled by `source`.
    #[must_use]
    pub fn new(source: ClockSource) -> Self {
        Self { source, readings: ReadingsClock::default() }
    }

    /// The system's clock.
    #[must_use]
    pub fn wall(&self) -> Arc<dyn Clock> {
        Arc::new(WallClock)
    }

    /// The newest reading's time.
    #[must_use]
    pub const fn readings(&self) -> &ReadingsClock {
        &self.readings
    }

    /// Whether readings tell the time: months may pass in a minute then.
    #[must_use]
    pub fn is_rehearsal(&self) -> bool {
        self.source == ClockSource::Readings
    }

    /// Whether there is a time at all: a readings clock has none before the first reading.
    #[must_use]
    pub fn started(&self) -> bool {
        self.source == ClockSource::Wall || self.readings.started()
    }
}

impl Clock for Clocks {
    fn now(&self) -> Timestamp {
        match self.source {
            ClockSource::Wall => WallClock.now(),
            ClockSource::Readings => self.readings.now(),
        }
    }
}
