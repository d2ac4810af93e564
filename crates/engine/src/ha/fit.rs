//! The daily fit of the hinge: Gauss-Newton steps from yesterday's coefficients, solved by linfa.
//!
//! Rows are robust (Huber) and whitened for the day-to-day persistence of errors. The prior enters as rows of its own,
//! so ordinary least squares gives the posterior mode; a machine without history simply keeps the fleet's hinge.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_linear::LinearRegression;
use ndarray::{Array1, Array2, ShapeBuilder};

use super::baseline::{Baseline, TERMS};
use super::linear::Vector;
use super::memory::Prior;
use super::points::Sample;
use super::rows::{Noise, Row, column, rows};
use super::trend::Trend;

/// A hinge, the rows that it gives, and how badly it fits them.
#[derive(Clone, Debug)]
pub(crate) struct Fitted {
    pub(crate) baseline: Baseline,
    pub(crate) rows: Vec<Row>,
    /// Whitened squares of what baseline and trend leave unexplained, and of the distance to the prior.
    pub(super) cost: f64,
}

/// What a fit works with, beside the hinge that it moves.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) samples: &'a [Sample],
    pub(crate) trend: Option<&'a Trend>,
    pub(crate) noise: Noise,
    pub(crate) prior: &'a Prior,
}

/// Robust weights move with the step, so a good step may look a little worse.
const WORSE_AT_MOST: f64 = 1.02;
/// A step that changes the cost by a smaller share has arrived: the next would change nothing that anybody asks for.
const ARRIVED: f64 = 5e-4;

/// Takes up to `steps` Gauss-Newton steps from `start`, each halved until it does not make things worse; fewer where one arrives.
pub(crate) fn refine(given: Given<'_>, start: Baseline, steps: usize) -> Fitted {
    let mut best = given.at(start);
    for _ in 0..steps {
        let full = given.full_step(&best);
        let tried = |share: f64| {
            let theta =
                std::array::from_fn(|j| best.baseline.theta[j] + share * (full.theta[j] - best.baseline.theta[j]));
            given.at(Baseline { theta })
        };
        let better = [1.0, 0.4, 0.15].into_iter().map(tried).find(|tried| tried.cost < WORSE_AT_MOST * best.cost);
        let Some(better) = better else { break };
        let before = std::mem::replace(&mut best, better).cost;
        if (best.cost - before).abs() < ARRIVED * before {
            break;
        }
    }
    best
}

impl Given<'_> {
    /// The fit of a given hinge.
    pub(crate) fn at(&self, baseline: Baseline) -> Fitted {
        let rows = rows(self.samples, &baseline, self.trend, self.noise);
        let explained = column(&rows, |day| self.trend.map_or(0.0, |t| t.excess_k(day)));
        let left: f64 = rows.iter().zip(explained).map(|(r, explained)| (r.target - explained).powi(2)).sum();
        let away: f64 = self.prior.misses(&baseline).iter().map(|miss| miss * miss).sum();
        Fitted { baseline, rows, cost: left + away }
    }

    /// A whole Gauss-Newton step, with the trend's coefficient free as well when there is a trend.
    fn full_step(&self, from: &Fitted) -> Baseline {
        let (rows, prior, baseline) = (&from.rows, self.prior, &from.baseline);
        let growth: Option<Vec<f64>> = self.trend.map(|t| column(rows, |day| t.excess_k(day)).collect());
        // A window in which the trend cannot be seen at all would leave its column empty and the system singular.
        let growth = growth.filter(|column| column.iter().map(|v| v * v).sum::<f64>() > 1e-6);
        // Column by column in memory, as the solver goes over it.
        let mut x = Array2::<f64>::zeros((rows.len() + TERMS, TERMS + usize::from(growth.is_some())).f());
        let mut y = Array1::<f64>::zeros(rows.len() + TERMS);
        for (i, r) in rows.iter().enumerate() {
            r.row.iter().enumerate().for_each(|(j, &v)| x[[i, j]] = v);
            y[i] = r.target;
        }
        growth.iter().flatten().enumerate().for_each(|(i, &value)| x[[i, TERMS]] = value);
        for (i, (row, miss)) in prior.root.iter().zip(prior.misses(baseline)).enumerate() {
            row.iter().enumerate().for_each(|(j, &v)| x[[rows.len() + i, j]] = v);
            y[rows.len() + i] = miss;
        }
        match LinearRegression::new().with_intercept(false).fit(&Dataset::new(x, y)) {
            Ok(fitted) => {
                let change: Vector =
                    std::array::from_fn(|j| fitted.params()[j].clamp(-2.0 * prior.sd[j], 2.0 * prior.sd[j]));
                Baseline { theta: std::array::from_fn(|j| baseline.theta[j] + change[j]) }.bounded()
            }
            // linfa gives up only on a matrix that rounding made singular; yesterday's hinge is then the best there is.
            Err(_) => *baseline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ha::baseline::{Belief, Conditions};
    use crate::ha::points::Series;

    /// A machine that follows the lumped model's clean curve, hot and cool points of sixty days.
    fn clean_machine() -> Vec<Sample> {
        let table = [
            (0.0, 75.3),
            (5.0, 75.9),
            (10.0, 76.8),
            (15.0, 77.9),
            (20.0, 79.4),
            (25.0, 81.5),
            (30.0, 84.5),
            (35.0, 90.0),
        ];
        let td_at = |ta_c: f64| {
            let place = (ta_c / 5.0).floor().clamp(0.0, 6.0) as usize;
            let ((x0, y0), (x1, y1)) = (table[place], table[place + 1]);
            y0 + (y1 - y0) * (ta_c - x0) / (x1 - x0)
        };
        let wave = |day: u16| 20.0 + 10.0 * f64::sin(f64::from(day) * 0.35);
        (0..60)
            .flat_map(|day| [(day, Series::Hot, wave(day) + 4.0), (day, Series::Cool, wave(day) - 4.0)])
            .map(|(day, series, ta_c)| {
                let at = Conditions { ta_c, ..Conditions::default() };
                Sample { day, series, td_c: td_at(ta_c), at, peak_over_k: 0.0 }
            })
            .collect()
    }

    #[test]
    fn the_fit_finds_the_lumped_model_within_half_a_kelvin() {
        let samples = clean_machine();
        let noise = Noise::even(0.9, 0.5, 0.5);
        let prior = Prior::of(&Belief::FLEET, None);
        let given = Given { samples: &samples, trend: None, noise, prior: &prior };
        let baseline = refine(given, Baseline::FLEET, 8).baseline;
        let worst = samples.iter().map(|s| (baseline.expect(&s.at, 0.0).td_c - s.td_c).abs()).fold(0.0, f64::max);
        assert!(worst < 0.8, "off by {worst:.2} K with {:.2?}", baseline.theta);
    }
}
