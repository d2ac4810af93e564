//! From hinge and trend to each other: the trend decides which days show the saturated branch, and those days decide the trend.

use super::assess::Work;
use super::baseline::{Baseline, Belief};
use super::fit::{self, Fitted, Given};
use super::points::{Sample, median};
use super::scan::{self, Alternative, Scan};
use super::trend::Trend;
use crate::sd::day::Day;

/// Evidence from which the excess takes part in the next day's linearisation, and the same of one that was advised.
const TREND_LOG_BF: f64 = 3.0;
const TOLD_LOG_BF: f64 = 0.0;
/// The last week's hot hours must stand this much above normal, in standard deviations of a day, for a growth to be tried: one may
/// also seem to grow where cool hours have become colder.
const TRIED_FROM_SDS: f64 = 0.5;
/// What the evidence with either side fitted where it fits best must be at the least, for a growth that shows only once it is in
/// place.
const SECOND_OPINION: f64 = 1.0;
/// The same for one that is claimed already.
const TAKES_BACK: f64 = -2.0;
/// What stands out by so many standard deviations of a day needs no second opinion.
const BEYOND_DOUBT_SDS: f64 = 4.0;
/// Steps of a fit that looks for the best hinge with and without a trend.
const REFIT_STEPS: usize = 3;
/// Days whose regulated points say what the valve keeps, the weight below which they are, and how many are needed.
const SETTLE_DAYS: Day = 14;
const SETTLE_WEIGHT: f64 = 0.5;
const SETTLE_POINTS: usize = 4;
/// How far beneath what is seen the saturated branch is taken to lie where all is regulated, K.
const BENEATH_K: f64 = 2.0;
/// Steps of a fit that comes from so far.
const SETTLE_STEPS: usize = 5;
/// Rounds of fitting and scanning when a trend shows.
const ROUNDS: usize = 2;

impl Work {
    /// Whether there is enough evidence for a trend.
    pub(super) fn claims(&self, scan: &Scan) -> bool {
        scan.log_bf > if self.is_told { TOLD_LOG_BF } else { TREND_LOG_BF }
    }

    /// The most likely trend, when there is enough evidence for any.
    pub(super) fn claimed(&self, scan: &Scan) -> Option<Trend> {
        scan.alternatives.first().filter(|_| self.claims(scan)).map(Alternative::trend)
    }

    /// Weighs all trends. Evidence counts for less where the ambient is only inferred: its errors are not the tame noise
    /// that the weighing assumes.
    pub(super) fn scan(&self) -> Scan {
        let mut scan = scan::scan(&self.fitted.rows, &self.health.baseline, &self.prior, self.first, self.today);
        scan.trust(self.health.source.trust());
        scan
    }

    /// Scans; where something may be growing that nobody has claimed yet, with the likeliest of it in place as well. Linearised
    /// about a machine with nothing amiss, days that the valve regulates show no cooler, and the fit leans into what they show:
    /// evidence would come days late, and then all at once. The hinge without a growth must not fit as well where it fits best.
    fn tried(&mut self) -> Scan {
        let scan = self.scan();
        let stands_out = self.stands_out().is_some_and(|sds| sds >= TRIED_FROM_SDS);
        let unclaimed = self.health.trend.is_none() && scan.log_bf <= TREND_LOG_BF && stands_out;
        let Some(mut trend) = scan.alternatives.first().filter(|_| unclaimed).map(Alternative::trend) else {
            return scan;
        };
        let before = (self.fitted.clone(), self.health.baseline);
        for _ in 0..ROUNDS {
            self.refit(&trend);
            let tried = self.scan();
            let Some(best) = tried.alternatives.first() else { break };
            trend = best.trend();
            if tried.log_bf > TREND_LOG_BF && self.refitted_log_bf(&tried) >= SECOND_OPINION {
                return tried;
            }
        }
        (self.fitted, self.health.baseline) = before;
        scan
    }

    /// Fits the hinge around a trend.
    fn refit(&mut self, trend: &Trend) {
        self.fitted = fit::refine(self.given(Some(trend)), self.health.baseline, 2);
        self.health.baseline = self.fitted.baseline;
    }

    fn given<'a>(&'a self, trend: Option<&'a Trend>) -> Given<'a> {
        Given { samples: &self.samples, trend, noise: self.health.noise, prior: &self.prior }
    }

    /// The scan weighs both sides where the hinge stands with the trend in place, and a hinge without one may fit as well
    /// somewhere else. So both are fitted, each where it fits best, and their misfits compared.
    ///
    /// Where the hot hours stand out beyond doubt no hinge is looked for that would explain them as well.
    pub(super) fn refitted_log_bf(&self, scan: &Scan) -> f64 {
        let is_doubtful = self.stands_out().is_none_or(|sds| sds < BEYOND_DOUBT_SDS);
        if !is_doubtful || scan.alternatives.is_empty() {
            return scan.log_bf;
        }
        let theta = std::array::from_fn(|i| self.health.baseline.theta[i] + scan.baseline_step[i]);
        let cost = |from: Baseline| fit::refine(self.given(None), from, REFIT_STEPS).cost;
        let none = cost(Baseline { theta }.bounded()).min(cost(self.health.baseline));
        self.log_bf_against(none, scan)
    }

    /// Looks whether the valve keeps the machine at another temperature than was believed, and nothing grows.
    ///
    /// A machine that was learned in warm weather has never shown what its valve keeps, and one whose fan is controlled or whose
    /// valve mixes keeps whatever it was set to. Points that stand clear of the branch as it is believed are linearised as
    /// saturated, and a branch that is believed flat has no slope to learn from: a machine that stays as warm as ever while the
    /// air grows cooler would seem to grow ever hotter. So the other reading is tried from where it would be, with the branch at
    /// what is seen and as steep as any machine's, and no growth. What follows the air kelvin for kelvin it cannot fit.
    fn settle(&mut self, scan: Scan) -> Scan {
        if self.claimed(&scan).is_none() {
            return scan;
        }
        let settled = self.settled();
        // What has been claimed is not taken back for a toss-up.
        let bar = if self.health.trend.is_some() { TAKES_BACK } else { SECOND_OPINION };
        if self.log_bf_against(settled.cost, &scan) >= bar {
            return scan;
        }
        self.health.baseline = settled.baseline;
        self.health.trend = None;
        self.fitted = settled;
        self.scan()
    }

    /// The hinge that would keep the last days where they are, with nothing amiss: the better of two that are looked for from where
    /// the regulated points stand, and from where all do, in case no point is what it was believed to be.
    fn settled(&self) -> Fitted {
        let baseline = self.health.baseline;
        let of_late = || self.samples.iter().rev().take_while(|s| s.day + SETTLE_DAYS >= self.today);
        let expected = of_late().map(|s| (s, baseline.expect(&s.at, 0.0)));
        let mut over: Vec<f64> =
            expected.filter(|(_, e)| e.weight < SETTLE_WEIGHT).map(|(s, e)| s.td_c - e.td_c).collect();
        let by_k = if over.len() < SETTLE_POINTS { None } else { median(&mut over) };
        let mut theta = baseline.theta;
        theta[1] = theta[1].max(Belief::FLEET.mean[1]);
        let mut flat = theta;
        theta[0] += by_k.unwrap_or(0.0).max(0.0);
        flat[0] = median(&mut of_late().map(|s| s.td_c).collect::<Vec<f64>>()).unwrap_or(theta[0]);
        // The saturated branch must lie below what is regulated.
        let above_k = |s: &Sample| baseline.expect(&s.at, 0.0).saturated_c - s.td_c;
        flat[2] -= BENEATH_K + self.samples.iter().map(above_k).fold(0.0, f64::max);
        let fitted = |theta| fit::refine(self.given(None), Baseline { theta }.bounded(), SETTLE_STEPS);
        let (near, flat) = (fitted(theta), fitted(flat));
        if flat.cost < near.cost { flat } else { near }
    }

    /// Evidence for the likeliest growth, fitted where it fits best, against no growth that leaves this cost; the freedom of onset
    /// and law costs what it costs in the scan (Laplace's approximation about two modes).
    fn log_bf_against(&self, none: f64, scan: &Scan) -> f64 {
        let Some(best) = scan.alternatives.first() else { return scan.log_bf };
        let growing = fit::refine(self.given(Some(&best.trend())), self.health.baseline, REFIT_STEPS).cost;
        self.health.source.trust() * 0.5 * (none - growing - best.miss()) + scan.freedom
    }

    /// Scans, and where a trend shows, fits the baseline around it and scans again: the trend decides which days show the
    /// saturated branch, and those days decide the trend.
    pub(super) fn converge(&mut self) -> Scan {
        let scan = self.tried();
        let mut scan = self.settle(scan);
        for _ in 0..ROUNDS {
            let Some(trend) = self.claimed(&scan) else { break };
            let news = self.health.trend.is_none();
            self.health.trend = Some(trend);
            self.refit(&trend);
            scan = self.scan();
            if !news {
                break;
            }
        }
        scan
    }
}
