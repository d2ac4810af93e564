//! First passage of the hot hour to the limit: growth of the excess, season and weather together.
//!
//! For each alternative of the scan and each of a few quantiles of its uncertain growth, the days ahead are walked with
//! the weather as a Markov chain on a small grid: mass that meets the limit has failed and leaves. This is exact for an
//! AR(1) weather and a deterministic path, needs no random numbers, and gives the chance that the limit is never met.

use foretell_model::{ProbabilityWithin, RulDays};

use super::climate::Climate;
use crate::ha::linear::{Vector, dot};
use crate::ha::points::AmbientSource;
use crate::ha::scan::{Alternative, Scan, normal_cdf};

/// Farthest day of a forecast.
pub(crate) const HORIZON_DAYS: usize = 90;
/// Weather is a chain over this many states between -3 and +3 sd.
const STATES: usize = 13;
/// Quantile nodes (standard normal) of the uncertain path, and their shares.
const NODES: [(f64, f64); 5] = [(-2.02, 0.0886), (-0.96, 0.2464), (0.0, 0.33), (0.96, 0.2464), (2.02, 0.0886)];
/// Days ahead of a forecast's median at which its quantiles were calibrated.
const CALIBRATED_AT_DAYS: [f64; 8] = [0.0, 5.0, 10.0, 15.0, 22.0, 30.0, 45.0, 90.0];
/// The quantiles of the walk between which the limit was met four times in five, by how far ahead the median lies: laws
/// break, and most when little is known. A near limit is met later than the walk says, a far one sooner; so the quantiles
/// that hold move with the median (conformal calibration on simulated fleets of four foreign physics, asked 28, 21, 14 and 7
/// days before: 85, 83, 78 and 76 % hold, and 76 % on a fleet of the fourth that was not looked at). Taken alone it would cut
/// the early side of what is near, because nobody asks within the last week; there the walk's own quantile is what is honest.
const EARLY: [f64; 8] = [0.1, 0.1, 0.075, 0.017, 0.016, 0.007, 0.002, 0.002];
/// Where the ambient is measured, and where it is inferred and the walk is therefore wide already.
const LATE_MEASURED: [f64; 8] = [0.985, 0.963, 0.958, 0.947, 0.80, 0.62, 0.62, 0.70];
const LATE_INFERRED: [f64; 8] = [0.98, 0.91, 0.835, 0.745, 0.70, 0.62, 0.62, 0.70];
/// Alternatives rarer than this do not change a quantile.
const RARE: f64 = 0.005;

/// What is needed to look ahead.
pub(crate) struct Outlook<'a> {
    pub(crate) scan: &'a Scan,
    pub(crate) climate: &'a Climate,
    /// Derivatives of the saturated branch at recent hot hours.
    pub(crate) hot_row: Vector,
    /// Gain of the hot hours to the excess.
    pub(crate) gain: f64,
    /// Start of the first day ahead, as a day number.
    pub(crate) now: f64,
    /// Where the ambient comes from.
    pub(crate) source: AmbientSource,
    /// How probable it is that the excess is real; the rest follows the season alone.
    pub(crate) trend_share: f64,
}

/// Chance of having reached the limit by the end of each day ahead.
#[derive(Clone, Debug)]
pub(crate) struct Forecast {
    reached: Vec<f64>,
    /// Calibrated late quantile at [`CALIBRATED_AT_DAYS`].
    late: &'static [f64; 8],
}

/// The persistent part of a hot hour, in two half-Gaussians: middle and sd to either side, degC and K.
#[derive(Clone, Copy, Debug)]
struct Path {
    mean_c: f64,
    cooler_sd_k: f64,
    hotter_sd_k: f64,
}

/// A day ahead without any excess.
#[derive(Clone, Copy, Debug)]
struct Background {
    /// Its middle, as a day number.
    ahead: f64,
    mean_c: f64,
    level_var: f64,
    season_var: f64,
}

impl Background {
    fn healthy(&self) -> Path {
        let sd_k = (self.level_var + self.season_var).sqrt();
        Path { mean_c: self.mean_c, cooler_sd_k: sd_k, hotter_sd_k: sd_k }
    }
}

impl Path {
    /// Sd on the side of `temp_c`, K.
    const fn sd_k(&self, temp_c: f64) -> f64 {
        if temp_c < self.mean_c { self.cooler_sd_k } else { self.hotter_sd_k }
    }

    /// How far a standard normal quantile lies from the middle, K.
    const fn off_k(&self, node: f64) -> f64 {
        node * if node < 0.0 { self.cooler_sd_k } else { self.hotter_sd_k }
    }
}

impl Outlook<'_> {
    /// Walks to the horizon.
    pub(crate) fn first_passage(&self, limit_c: f64) -> Forecast {
        let mut reached = vec![0.0; HORIZON_DAYS];
        let days: Vec<Background> = (0..HORIZON_DAYS).map(|day| self.background(day)).collect();
        let chain = Chain::new(self.climate.rho);
        for alternative in self.scan.alternatives.iter().filter(|a| a.weight > RARE) {
            let paths: Vec<Path> = days.iter().map(|on| self.path(alternative, on)).collect();
            for (node, share) in NODES {
                let weight = self.trend_share * alternative.weight * share;
                self.walk(&chain, &paths, node, limit_c, |day, failed| reached[day] += weight * failed);
            }
        }
        if self.trend_share < 1.0 {
            let paths: Vec<Path> = days.iter().map(Background::healthy).collect();
            for (node, share) in NODES {
                let weight = (1.0 - self.trend_share) * share;
                self.walk(&chain, &paths, node, limit_c, |day, failed| reached[day] += weight * failed);
            }
        }
        let total: f64 = self.trend_share
            * self.scan.alternatives.iter().filter(|a| a.weight > RARE).map(|a| a.weight).sum::<f64>()
            + (1.0 - self.trend_share);
        let mut so_far = 0.0;
        for chance in &mut reached {
            so_far += *chance / total.max(1e-9);
            *chance = so_far.clamp(0.0, 1.0);
        }
        Forecast { reached, late: if self.source.is_measured() { &LATE_MEASURED } else { &LATE_INFERRED } }
    }

    /// 10, 50 and 90 % quantiles of the hot hour `day` days ahead, degC. They set out from the weather of today, as the walk
    /// does, so that what is drawn goes on where the curve ends.
    pub(crate) fn hot_hour_quantiles_c(&self, day: usize) -> [f64; 3] {
        let on = self.background(day);
        let (off_k, weather_sd_k) = self.climate.weather(self.now, day);
        let mut parts: Vec<(f64, Path)> = self
            .scan
            .alternatives
            .iter()
            .filter(|a| a.weight > RARE)
            .map(|a| (self.trend_share * a.weight, self.path(a, &on)))
            .collect();
        parts.push((1.0 - self.trend_share, on.healthy()));
        let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
        // The weather widens both sides; it does so once and not for each place that the bisection tries.
        for (_, path) in &mut parts {
            let widened = |sd_k: f64| sd_k.hypot(weather_sd_k).max(0.1);
            (path.cooler_sd_k, path.hotter_sd_k) = (widened(path.cooler_sd_k), widened(path.hotter_sd_k));
        }
        let below = |temp_c: f64| {
            let mass = |&(weight, path): &(f64, Path)| {
                let temp_c = temp_c - off_k;
                weight * normal_cdf((temp_c - path.mean_c) / path.sd_k(temp_c))
            };
            parts.iter().map(mass).sum::<f64>() / total.max(1e-9)
        };
        [0.1, 0.5, 0.9].map(|share| bisect(|t| below(t) < share, -50.0, 400.0))
    }

    /// What every path of a day shares: season and level without any excess.
    fn background(&self, day: usize) -> Background {
        // The hottest hours fall past the middle of a day.
        let ahead = self.now + day as f64 + 0.5;
        let (season_c, season_var) = self.climate.season(ahead, self.now);
        let level_k = dot(&self.hot_row, &self.scan.baseline_step);
        let level_var = self.scan.factor.variance(&self.hot_row);
        Background { ahead, mean_c: season_c + level_k, level_var, season_var }
    }

    fn path(&self, a: &Alternative, on: &Background) -> Path {
        let grown = a.growth(on.ahead) * self.gain;
        let grown_now = a.growth(self.now) * self.gain;
        let pull = grown - dot(&self.hot_row, &a.coupling);
        let to_come_k = a.mean * (grown - grown_now);
        let error = self.source.growth_error();
        let var = (a.sd * pull).powi(2) + on.level_var + on.season_var;
        Path {
            mean_c: on.mean_c + a.mean * pull + (error.haste - 1.0) * to_come_k,
            cooler_sd_k: var.sqrt().hypot(error.slower_sd * to_come_k),
            hotter_sd_k: var.sqrt().hypot(error.faster_sd * to_come_k),
        }
    }

    /// Walks one path and reports the chance of failing on each day.
    fn walk(&self, chain: &Chain, paths: &[Path], node: f64, limit_c: f64, mut failing: impl FnMut(usize, f64)) {
        let mut mass = chain.start(self.climate.last.1 / self.climate.sd_k.max(0.1), self.climate.carry(self.now, 0));
        let mut alive = 1.0;
        for (day, path) in paths.iter().enumerate() {
            if day > 0 {
                mass = chain.next(&mass);
            }
            let needed = (limit_c - path.mean_c - path.off_k(node)) / self.climate.sd_k.max(0.1);
            let mut failed = 0.0;
            for (state, m) in mass.iter_mut().enumerate() {
                // The limit cuts through the middle of a state's cell: take the share of the cell above it.
                let above = ((Chain::place(state) - needed) / Chain::STEP + 0.5).clamp(0.0, 1.0);
                failed += *m * above;
                *m *= 1.0 - above;
            }
            failing(day, failed);
            alive -= failed;
            if alive < 1e-4 {
                return;
            }
        }
    }
}

impl Forecast {
    /// One of a machine whose chance of having reached the limit by the end of each day ahead is known.
    #[cfg(test)]
    pub(crate) fn of(reached: impl Fn(usize) -> f64) -> Self {
        Self { reached: (0..HORIZON_DAYS).map(reached).collect(), late: &LATE_MEASURED }
    }

    /// Chance of having reached the limit within so many days.
    pub(crate) fn within(&self, days: usize) -> f64 {
        self.reached.get(days.clamp(1, HORIZON_DAYS) - 1).copied().unwrap_or(0.0)
    }

    /// The same for the fixed spans, for a forecast that is itself only so certain, 0 to 1.
    pub(crate) fn probability_within(&self, certainty: f64) -> ProbabilityWithin {
        let within = |days: usize| certainty * self.within(days);
        ProbabilityWithin { d7: within(7), d14: within(14), d21: within(21), d30: within(30) }
    }

    /// Median and calibrated 80 % interval of the remaining days.
    pub(crate) fn rul_days(&self) -> RulDays {
        let p50 = self.quantile(0.5);
        let at_days = p50.unwrap_or(HORIZON_DAYS as f64);
        RulDays {
            p10: self.quantile(calibrated(&EARLY, at_days)),
            p50,
            p90: self.quantile(calibrated(self.late, at_days)),
        }
    }

    fn quantile(&self, share: f64) -> Option<f64> {
        let day = self.reached.iter().position(|&r| r >= share)?;
        let before = if day == 0 { 0.0 } else { self.reached[day - 1] };
        let here = self.reached[day];
        Some(day as f64 + (share - before) / (here - before).max(1e-12))
    }
}

/// The value of a table over [`CALIBRATED_AT_DAYS`], linear in between.
fn calibrated(table: &[f64; 8], at_days: f64) -> f64 {
    let mut spans = CALIBRATED_AT_DAYS.windows(2).zip(table.windows(2));
    let last = spans.clone().next_back();
    let value = |(days, values): (&[f64], &[f64])| {
        let share = ((at_days - days[0]) / (days[1] - days[0])).clamp(0.0, 1.0);
        values[0] + share * (values[1] - values[0])
    };
    spans.find(|(days, _)| at_days <= days[1]).or(last).map_or(0.5, value)
}

/// AR(1) weather in standard units as a chain over a grid.
struct Chain {
    transition: [[f64; STATES]; STATES],
}

impl Chain {
    const STEP: f64 = 6.0 / (STATES - 1) as f64;

    fn new(rho: f64) -> Self {
        let mut transition = [[0.0; STATES]; STATES];
        for (from, row) in transition.iter_mut().enumerate() {
            *row = Self::normal(rho * Self::place(from), (1.0 - rho * rho).max(0.01).sqrt());
        }
        Self { transition }
    }

    fn place(state: usize) -> f64 {
        -3.0 + Self::STEP * state as f64
    }

    /// Distribution after `carry = rho^days` from a known place.
    fn start(&self, place: f64, carry: f64) -> [f64; STATES] {
        Self::normal(carry * place, (1.0 - carry * carry).max(0.01).sqrt())
    }

    fn next(&self, mass: &[f64; STATES]) -> [f64; STATES] {
        let mut next = [0.0; STATES];
        for (m, row) in mass.iter().zip(&self.transition) {
            for (n, t) in next.iter_mut().zip(row) {
                *n += m * t;
            }
        }
        next
    }

    fn normal(mean: f64, sd: f64) -> [f64; STATES] {
        let mut mass: [f64; STATES] = std::array::from_fn(|s| (-0.5 * ((Self::place(s) - mean) / sd).powi(2)).exp());
        let total: f64 = mass.iter().sum();
        mass.iter_mut().for_each(|m| *m /= total);
        mass
    }
}

fn bisect(below: impl Fn(f64) -> bool, mut low: f64, mut high: f64) -> f64 {
    for _ in 0..30 {
        let middle = 0.5 * (low + high);
        if below(middle) { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_in_order_and_never_shrinks_into_its_median() {
        for late in [&LATE_MEASURED, &LATE_INFERRED] {
            // A limit that is certain to be met about a day, the sooner the more certain.
            for middle in [1.0, 4.0, 9.0, 14.0, 25.0, 40.0, 70.0, 120.0_f64] {
                let chance = |day: usize| normal_cdf(3.0 * ((day as f64 + 1.0) / middle).ln());
                let forecast = Forecast { reached: (0..HORIZON_DAYS).map(chance).collect(), late };
                let rul = forecast.rul_days();
                let [early, half, late] = [rul.p10, rul.p50, rul.p90].map(|q| q.unwrap_or(HORIZON_DAYS as f64));
                assert!(early <= half && half <= late, "{middle}: {rul:?}");
                assert!(late - early > 0.3 * half || middle > HORIZON_DAYS as f64 / 2.0, "{middle}: {rul:?}");
            }
        }
    }

    #[test]
    fn a_table_is_read_between_its_places() {
        for (at_days, expected) in [(-1.0, 0.1), (0.0, 0.1), (7.5, 0.0875), (90.0, 0.002), (500.0, 0.002)] {
            assert!((calibrated(&EARLY, at_days) - expected).abs() < 1e-12, "{at_days}");
        }
    }
}
