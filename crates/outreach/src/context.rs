//! What the engine knows about a machine beyond the finding itself, as far as a message needs it.

use foretell_model::Timestamp;
use serde::{Deserialize, Serialize};

/// Hours of a week, the length of a learned weekly duty.
pub const WEEK_HOURS: usize = 168;

/// Present state of one machine, handed over with each finding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MachineContext {
    /// Learned share of time running, 0 to 1, by hour of the week in UTC beginning Monday 00:00; must have
    /// [`WEEK_HOURS`] entries, anything else counts as not learned yet. An hour never seen is `None`.
    pub weekly_duty: Option<Vec<Option<f32>>>,
    /// When most of that was learned: a plant keeps its hours by the clock on the wall, and UTC does not change with it. Without
    /// it the hours count as they stand.
    #[serde(skip)]
    pub learned: Option<Timestamp>,
    /// Reading of the running-hour counter, h.
    pub run_hours: Option<f64>,
    /// Running hours per calendar day of late.
    pub hours_per_day: Option<f64>,
    /// Discharge temperature of late in the hot hours, degC.
    pub discharge_temp_c: Option<f64>,
    /// How far the discharge temperature lies above the machine's own normal at equal load and weather, K.
    pub excess_k: Option<f64>,
    /// Whether the highest discharge temperature of late stayed below the controller's warning limit; `None` when not known,
    /// and then nothing is claimed.
    pub in_normal_range: Option<bool>,
}

impl MachineContext {
    /// Keeps a learned weekly duty; NaN stands for an hour never seen.
    #[must_use]
    pub fn with_duty(mut self, duty: &[f32; WEEK_HOURS]) -> Self {
        self.weekly_duty = Some(duty.iter().map(|share| share.is_finite().then_some(*share)).collect());
        self
    }

    /// The same beside another machine: an hour is quiet when both stand still. What only one has learned counts.
    pub(crate) fn beside(mut self, other: &Self) -> Self {
        if self.weekly_duty.is_some() || other.weekly_duty.is_some() {
            let busier = |hour: usize| match (self.duty(hour), other.duty(hour)) {
                (Some(a), Some(b)) => Some(a.max(b)),
                (a, b) => a.or(b),
            };
            self.weekly_duty = Some((0..WEEK_HOURS).map(busier).collect());
        }
        self
    }

    /// Share of time running in an hour of the week (UTC, 0 = Monday 00:00), if it was learned.
    #[must_use]
    pub fn duty(&self, hour_of_week: usize) -> Option<f32> {
        let duty = self.weekly_duty.as_deref().filter(|duty| duty.len() == WEEK_HOURS)?;
        duty.get(hour_of_week).copied().flatten().filter(|share| share.is_finite())
    }
}
