//! What is remembered of a machine's health from day to day, and how a new life of it begins.

use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, Belief};
use super::former::Former;
use super::made::{self, Heat, Reference};
use super::memory::{Memory, Prior};
use super::points::{AmbientSource, Sample};
use super::rows::Noise;
use super::trend::Trend;
use crate::sd::day::{Day, DayRecord};

/// Hot days of a machine of which nothing is known before anything is claimed.
const LEARNING_DAYS: usize = 10;
/// The same after work, when its former life is remembered.
const REMEMBERED_DAYS: usize = 3;
/// Weight of the saturated branch from which a sound valve is open as well.
const OPEN_ANYWAY: f64 = 0.6;

/// Whether a life has just begun, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Fresh {
    /// It goes on.
    No,
    /// Work has begun it, or nothing is known yet.
    ByWork,
    /// The machine is kept at another temperature.
    BySetPoint,
}

/// What is remembered of a machine's health from day to day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Health {
    pub(crate) baseline: Baseline,
    /// What days before the window tell.
    pub(super) memory: Option<Box<Memory>>,
    /// The normal of the life before this one, for pages.
    pub(crate) former: Option<Box<Former>>,
    pub(super) reference: Option<Reference>,
    pub(crate) noise: Noise,
    pub(crate) trend: Option<Trend>,
    pub(crate) source: AmbientSource,
    /// Days before this one belong to another life (before work, before a repair).
    pub(crate) valid_from: Day,
    pub(crate) observable: bool,
    pub(crate) learned: bool,
    pub(super) fresh: Fresh,
    /// Days in a row on which the other answer to "observable?" would have been right.
    pub(super) gate_days: u8,
}

/// What a life's normal rests on: kept while it is not known whether work has really ended it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Life {
    baseline: Baseline,
    memory: Option<Box<Memory>>,
    reference: Option<Reference>,
    noise: Noise,
    valid_from: Day,
    learned: bool,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            baseline: Baseline::FLEET,
            memory: None,
            former: None,
            reference: None,
            noise: Noise::prior(AmbientSource::Own),
            trend: None,
            source: AmbientSource::Own,
            valid_from: 0,
            observable: false,
            learned: false,
            fresh: Fresh::ByWork,
            gate_days: 0,
        }
    }
}

impl Health {
    /// The operating point that its hinge is quoted at.
    pub(super) fn reference(&self) -> Option<Reference> {
        self.reference
    }

    /// The hinge that an earlier time has left.
    pub(super) fn remembered_baseline(&self) -> Option<Baseline> {
        let memory = self.memory.as_deref().filter(|m| m.is_rich(LEARNING_DAYS))?;
        Some(Baseline { theta: Prior::of(&Belief::FLEET, Some(memory)).mean }.bounded())
    }

    /// Hot days before anything is claimed: fewer where an earlier life has left a belief, or leaves one as soon as the first day
    /// of this one is judged.
    pub(crate) fn days_needed(&self) -> usize {
        let known = self.memory.as_ref().is_some_and(|m| m.is_rich(LEARNING_DAYS));
        let leaves = self.former.as_ref().is_some_and(|former| former.ends_before(self.valid_from));
        if known || (self.fresh != Fresh::No && leaves) { REMEMBERED_DAYS } else { LEARNING_DAYS }
    }

    /// Whether a normal may be learned from a point. A valve that stands open leaves cold what it should regulate; where it would be
    /// open anyway it changes nothing. `spoilt_from` is the first day of such a valve.
    pub(super) fn teaches(&self, s: &Sample, spoilt_from: Option<Day>) -> bool {
        spoilt_from.is_none_or(|from| s.day < from) || self.baseline.expect(&s.at, 0.0).weight > OPEN_ANYWAY
    }

    /// Begins a new life: the days before it enter the memory when the first of its own is judged, by the hinge that they had.
    pub(crate) fn restart(&mut self, from: Day) {
        self.begin(from, Fresh::ByWork);
    }

    /// The same for a machine that is kept at another temperature since that day; all else of it is as it was.
    pub(crate) fn resettle(&mut self, from: Day) {
        self.begin(from, Fresh::BySetPoint);
    }

    fn begin(&mut self, from: Day, fresh: Fresh) {
        // A life too short to have had a normal of its own leaves the one before it in its place.
        if let Some(former) = Former::of(self, from) {
            self.former = Some(Box::new(former));
        }
        self.trend = None;
        self.valid_from = from;
        self.learned = false;
        self.fresh = fresh;
    }
}

impl Health {
    /// The life as it stands.
    pub(crate) fn life(&self) -> Life {
        Life {
            baseline: self.baseline,
            memory: self.memory.clone(),
            reference: self.reference,
            noise: self.noise,
            valid_from: self.valid_from,
            learned: self.learned,
        }
    }

    /// Work has changed nothing: the life before it goes on with its normal, and what was growing is looked for again. What was
    /// learned since is the normal of a machine that is not well.
    pub(crate) fn resume(&mut self, life: Life) {
        let Life { baseline, memory, reference, noise, valid_from, learned } = life;
        (self.baseline, self.memory, self.reference, self.noise) = (baseline, memory, reference, noise);
        (self.valid_from, self.learned, self.fresh) = (valid_from, learned, Fresh::No);
        (self.former, self.trend) = (None, None);
    }
}

/// The reference operating point, kept until the machine has clearly become another one.
pub(super) fn reference(health: &mut Health, days: &[DayRecord], heats: &[Option<Heat>]) -> Option<Reference> {
    let fresh = made::reference_of(days, heats)?;
    let kept = health.reference.filter(|kept| health.fresh == Fresh::No && kept.is_like(&fresh));
    let reference = kept.unwrap_or(fresh);
    health.reference = Some(reference);
    Some(reference)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sd::day::Point;

    #[test]
    fn few_days_are_asked_for_from_the_hour_of_the_work_on() {
        let mut health = Health::default();
        assert_eq!(health.days_needed(), LEARNING_DAYS);
        health.restart(20);
        assert_eq!(health.days_needed(), LEARNING_DAYS, "a machine of which nothing was known yet");
        let hot = Point::new(85.0, Some(25.0), 60.0, None);
        let day = |day| DayRecord::new(day, hot, Point::default(), None, None).with_hours(24.0, 24.0, None);
        let days: Vec<DayRecord> = (20..60).map(day).collect();
        assert!(reference(&mut health, &days, &made::heats(&days, None)).is_some());
        (health.learned, health.fresh) = (true, Fresh::No);
        health.restart(60);
        assert_eq!(health.days_needed(), REMEMBERED_DAYS);
    }
}
