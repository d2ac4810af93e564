//! The normal that held before the present one was learned: a curve that crosses a job or a repair keeps the band of each
//! stretch.

use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, TERMS};
use super::health::Health;
use super::made::{self, Reference};
use super::points::{self, AmbientSource, Series, Surroundings};
use crate::sd::day::{Day, DayRecord};

/// A normal that has been superseded. Single precision is far finer than any normal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Former {
    theta: [f32; TERMS],
    sd_k: f32,
    source: AmbientSource,
    reference: Reference,
    /// It held from this day on, up to the day before the other.
    since: Day,
    until: Day,
}

/// What a superseded normal expects of a day's hot hours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormerDay {
    pub(crate) day: Day,
    pub(crate) expected_c: f64,
    /// Day-level error of that, K.
    pub(crate) sd_k: f64,
    /// Weight of the saturated branch, with the excess as judged when the day closed.
    pub(crate) weight: f64,
}

impl Former {
    /// Whether the life after it begins on a day.
    pub(super) fn ends_before(&self, day: Day) -> bool {
        self.until == day
    }

    /// The normal of a machine whose next life begins on `until`; `None` when it had none yet.
    pub(super) fn of(health: &Health, until: Day) -> Option<Self> {
        let reference = health.reference().filter(|_| health.learned)?;
        Some(Self {
            theta: health.baseline.theta.map(|v| v as f32),
            sd_k: health.noise.sd_k as f32,
            source: health.source,
            reference,
            since: health.valid_from,
            until,
        })
    }

    /// What it expects of the days of its own time, in order of days; nothing where their ambient is not known any more.
    pub(crate) fn expected(&self, days: &[DayRecord], around: &Surroundings<'_>) -> Vec<FormerDay> {
        let place = |day: Day| days.partition_point(|d| d.day < day);
        let days = &days[place(self.since)..place(self.until.max(self.since))];
        let baseline = Baseline { theta: self.theta.map(f64::from) };
        let heats = made::heats(days, around.switching_h);
        let (source, samples) = points::gather(days, &heats, self.until, self.reference, around, self.source);
        if source != self.source {
            return Vec::new();
        }
        let excess_k = |day: Day| days.iter().find(|d| d.day == day).and_then(DayRecord::excess_k).unwrap_or(0.0);
        let hot = samples.iter().filter(|s| s.series == Series::Hot);
        hot.map(|s| FormerDay {
            day: s.day,
            expected_c: baseline.expect(&s.at, 0.0).td_c,
            sd_k: f64::from(self.sd_k),
            weight: baseline.expect(&s.at, excess_k(s.day)).weight,
        })
        .collect()
    }
}
