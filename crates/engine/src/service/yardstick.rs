//! How far a machine stands above its normal on either side of a job.
//!
//! Before is the state in which the job found the machine. Of a fault that was still growing that is the end of its course and
//! not the mean of its last days, which are kinder than it was; and what would have gone on growing is not the job's doing.

use crate::energy::Estimate;
use crate::ha::baseline::Baseline;
use crate::ha::made::{self, Reference};
use crate::ha::points::{self, AmbientSource, Series, Surroundings};
use crate::ha::trend::Trend;
use crate::sd::day::{Day, DayRecord};

/// A hot hour says something about the cooler from this weight of the saturated branch on.
const WEIGHT_MIN: f64 = 0.3;
/// Fewer days than this are no level.
const DAYS_MIN: usize = 4;
/// How far growth within the days compared may differ from the law that the trend claims, as a share of it, before those days
/// themselves are asked.
const GROWTH_SD: f64 = 0.5;

/// What hot hours are held against: the normal before a job, under the conditions and with the growth of then.
pub(super) struct Yardstick<'a> {
    pub(super) baseline: &'a Baseline,
    pub(super) reference: Reference,
    pub(super) source: AmbientSource,
    /// What was growing until the job.
    pub(super) trend: Option<Trend>,
    /// Day of the job.
    pub(super) job: Day,
}

/// The hot hours of one day.
#[derive(Clone, Copy, Debug)]
pub(super) struct HotDay {
    /// Above the normal, K.
    over_k: f64,
    /// By how much what was growing would stand higher there on the job's day than it did on its own, K.
    to_grow_k: f64,
}

impl Yardstick<'_> {
    /// The days whose hot hours show the cooler, or would in the state in which the job found the machine; `None` where they are
    /// too few. Regulated hours would dilute the effect to nothing. But in cool weather the normal itself is regulated: there a
    /// lost cooler shows, and a cleaned one has the valve regulate again, which is what the job achieved.
    pub(super) fn hot_days(&self, days: &[DayRecord], today: Day, around: &Surroundings<'_>) -> Option<Vec<HotDay>> {
        let heats = made::heats(days, around.switching_h);
        let (used, samples) = points::gather(days, &heats, today, self.reference, around, self.source);
        let grown = |day: f64| self.trend.map_or(0.0, |trend| trend.excess_k(day));
        let found_k = |day: Day| grown((f64::from(day) + 0.5).min(f64::from(self.job)));
        let hot: Vec<HotDay> = samples
            .iter()
            .filter(|s| s.series == Series::Hot)
            .filter(|s| self.baseline.expect(&s.at, found_k(s.day)).weight > WEIGHT_MIN)
            .map(|s| {
                let with = |excess_k: f64| self.baseline.expect(&s.at, excess_k).td_c;
                let to_grow_k = with(grown(f64::from(self.job))) - with(grown(f64::from(s.day) + 0.5));
                HotDay { over_k: s.td_c - with(0.0), to_grow_k }
            })
            .collect();
        (hot.len() >= DAYS_MIN && used == self.source).then_some(hot)
    }

    /// Mean above the normal, K, and the variance of one day's, widened for days that are alike. An ambient that is only
    /// inferred adds its own error.
    fn mean(&self, values: &[f64]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let var = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let rho = self.source.prior_rho();
        let floor = if self.source.trust() < 1.0 { self.source.prior_sd_k().powi(2) } else { 0.25 };
        (mean, var.max(floor) * (1.0 + rho) / (1.0 - rho))
    }

    /// Mean above the normal of days through which nothing is taken to have grown, K.
    fn level(&self, days: &[HotDay]) -> Estimate {
        let over_k: Vec<f64> = days.iter().map(|day| day.over_k).collect();
        let (mean, var) = self.mean(&over_k);
        Estimate::new(mean, (var / over_k.len() as f64).sqrt())
    }

    /// Above the normal at the end of the days before the job, K: their mean, and what growth had added since. The days say
    /// themselves how much of the claimed growth they show, so that a trend that was none adds little.
    pub(super) fn left_by_growth(&self, days: &[HotDay]) -> Estimate {
        let n = days.len() as f64;
        let ended_k: Vec<f64> = days.iter().map(|day| day.over_k + day.to_grow_k).collect();
        let (ended, var) = self.mean(&ended_k);
        let to_grow = days.iter().map(|day| day.to_grow_k).sum::<f64>() / n;
        let over = ended - to_grow;
        let (mut square, mut shown) = (0.0, 0.0);
        for day in days {
            let off_k = day.to_grow_k - to_grow;
            square += off_k * off_k;
            shown -= off_k * (day.over_k - over);
        }
        let prior = GROWTH_SD.powi(-2);
        let known = prior + square / var;
        let share = ((prior + shown / var) / known).max(0.0);
        Estimate::new(over + share * to_grow, (var / n).sqrt().hypot(to_grow / known.sqrt()))
    }

    /// What would have been added after the job by growth that nobody stopped, K: mean over these days.
    fn still_to_come(&self, days: &[HotDay]) -> f64 {
        -days.iter().map(|day| day.to_grow_k).sum::<f64>() / days.len() as f64
    }

    /// The change by a job that left the machine at `before`. Of what became worse the job answers for no more than what would
    /// not have come without it.
    pub(super) fn change(&self, before: Estimate, days: &[HotDay]) -> Estimate {
        let change = self.level(days).minus(before);
        let still_k = self.still_to_come(days).min(change.value).max(0.0);
        Estimate::new(change.value - still_k, change.sd.hypot(GROWTH_SD * still_k))
    }
}
