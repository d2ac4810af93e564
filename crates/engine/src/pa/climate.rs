//! The hot hours ahead as a distribution: season learned from the machine's own days, plus weather that persists.
//!
//! Works in kelvin of the machine's own *saturated* temperature, so it needs no ambient sensor: what the hottest hour of a
//! day would read with a clean cooler. A point forecast of the hot hour (say the maximum of the last fortnight) is what
//! makes intervals too narrow; see the domain's reference run.

use crate::ha::baseline::TERMS;
use crate::ha::linear::{Cholesky, Vector, dot};
use crate::sd::day::{Day, start_of};

/// Day-to-day sd of a hot hour before the machine's own is known, K.
const PRIOR_SD_K: f64 = 2.6;
/// Persistence of weather from day to day, before the machine's own is known.
const PRIOR_RHO: f64 = 0.7;
/// Days of pseudo-data behind both.
const PRIOR_DAYS: f64 = 14.0;

/// A hot hour of one day, freed of the excess, degC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HotHour {
    pub(crate) day: Day,
    pub(crate) temp_c: f64,
}

/// The learned climate.
#[derive(Clone, Debug)]
pub(crate) struct Climate {
    coefficients: Vector,
    factor: Cholesky,
    /// Day-to-day sd about the season, K.
    pub(crate) sd_k: f64,
    /// Persistence from day to day.
    pub(crate) rho: f64,
    /// How far the last known day was off the season, K, and its day.
    pub(crate) last: (Day, f64),
}

impl Climate {
    /// Learns from the window's hot hours; `None` of fewer than three days.
    pub(crate) fn learn(hot: &[HotHour], latitude_deg: Option<f64>) -> Option<Self> {
        if hot.len() < 3 {
            return None;
        }
        let mean_c = hot.iter().map(|h| h.temp_c).sum::<f64>() / hot.len() as f64;
        let rows: Vec<Vector> = hot.iter().map(|h| basis_at(f64::from(h.day))).collect();
        let (mut sd_k, mut rho) = (PRIOR_SD_K, PRIOR_RHO);
        let (mut coefficients, mut factor) = regress(hot, &rows, mean_c, sd_k, rho, latitude_deg);
        let off_k = |coefficients: &Vector| -> Vec<f64> {
            hot.iter().zip(&rows).map(|(h, row)| h.temp_c - dot(coefficients, row)).collect()
        };
        for _ in 0..2 {
            (sd_k, rho) = persistence(hot, &off_k(&coefficients));
            (coefficients, factor) = regress(hot, &rows, mean_c, sd_k, rho, latitude_deg);
        }
        let last = hot.len() - 1;
        let anomaly_k = (hot[last].temp_c - dot(&coefficients, &rows[last])).clamp(-3.0 * sd_k, 3.0 * sd_k);
        Some(Self { coefficients, factor, sd_k, rho, last: (hot[last].day, anomaly_k) })
    }

    /// Seasonal mean of the hot hour, degC.
    pub(crate) fn usual_c(&self, day: f64) -> f64 {
        dot(&self.coefficients, &basis_at(day))
    }

    /// Seasonal mean of the hot hour, degC, and the variance of that mean relative to its error at `now`, K^2. What is
    /// unsure about the level as such belongs to the baseline and is not counted twice.
    pub(crate) fn season(&self, day: f64, now: f64) -> (f64, f64) {
        let (then, at_now) = (basis_at(day), basis_at(now));
        let change: Vector = std::array::from_fn(|i| then[i] - at_now[i]);
        (dot(&self.coefficients, &then), self.factor.variance(&change))
    }

    /// How far the weather of the last known day still tells so many days after `now`, 0 to 1.
    pub(crate) fn carry(&self, now: f64, ahead: usize) -> f64 {
        let gap_days = (now - f64::from(self.last.0)).max(1.0) + ahead as f64;
        self.rho.powf(gap_days)
    }

    /// How far a hot hour so many days after `now` is off the season, as the last known day has it, and the sd of that, K.
    pub(crate) fn weather(&self, now: f64, ahead: usize) -> (f64, f64) {
        let carry = self.carry(now, ahead);
        (carry * self.last.1, self.sd_k * (1.0 - carry * carry).max(0.01).sqrt())
    }
}

/// Constant and the year's turn about late July, in the first three places.
fn basis_at(day: f64) -> Vector {
    let whole = day.clamp(0.0, f64::from(Day::MAX)).floor();
    let day_of_year = f64::from(start_of(whole as Day).day_of_year()) + day - whole;
    let turn = std::f64::consts::TAU * (day_of_year - 205.0) / 365.25;
    let mut row = [0.0; TERMS];
    (row[0], row[1], row[2]) = (1.0, turn.cos(), turn.sin());
    row
}

/// Prior mean and sd of the annual cosine and sine, K.
fn annual_prior(latitude_deg: Option<f64>) -> (f64, f64) {
    // Amplitude of the hot hour's ambient grows with latitude, 9-11 K at 35-50 degrees; unknown: probably temperate north.
    latitude_deg.map_or((6.0, 5.0), |latitude| ((latitude.abs() * 0.26).min(10.0) * latitude.signum(), 3.5))
}

/// `rows` are the basis of the days of `hot`.
fn regress(
    hot: &[HotHour],
    rows: &[Vector],
    mean_c: f64,
    sd_k: f64,
    rho: f64,
    latitude_deg: Option<f64>,
) -> (Vector, Cholesky) {
    let (cosine_k, annual_sd_k) = annual_prior(latitude_deg);
    let prior = [(mean_c, 12.0), (cosine_k, annual_sd_k), (0.0, 3.0)];
    let mut matrix = [[0.0; TERMS]; TERMS];
    let mut right = [0.0; TERMS];
    for (i, row) in matrix.iter_mut().enumerate() {
        let (mean, sd) = prior.get(i).copied().unwrap_or((0.0, 1.0));
        row[i] = f64::powi(sd, -2);
        right[i] = mean * row[i];
    }
    let mut last: Option<(Day, Vector, f64)> = None;
    for (h, &raw) in hot.iter().zip(rows) {
        let value = h.temp_c;
        let carry = last.map_or(0.0, |(day, ..)| rho.powi(i32::from(h.day.saturating_sub(day))));
        let scale = ((1.0 - carry * carry).max(0.02).sqrt() * sd_k).recip();
        let (before, value_before) = last.map_or(([0.0; TERMS], 0.0), |(_, row, value)| (row, value));
        let row: Vector = std::array::from_fn(|i| (raw[i] - carry * before[i]) * scale);
        let target = (value - carry * value_before) * scale;
        for i in 0..3 {
            right[i] += row[i] * target;
            for j in 0..=i {
                matrix[i][j] += row[i] * row[j];
            }
        }
        last = Some((h.day, raw, value));
    }
    let factor = Cholesky::new(&matrix);
    (factor.solve(&right), factor)
}

fn persistence(hot: &[HotHour], residuals: &[f64]) -> (f64, f64) {
    let square: f64 = residuals.iter().map(|r| r * r).sum();
    let sd_k = ((PRIOR_DAYS * PRIOR_SD_K * PRIOR_SD_K + square) / (PRIOR_DAYS + residuals.len() as f64)).sqrt();
    let (cross, pairs) = hot
        .windows(2)
        .zip(residuals.windows(2))
        .filter(|(h, _)| h[1].day - h[0].day == 1)
        .fold((0.0, 0.0), |(cross, pairs), (_, r)| (cross + r[0] * r[1], pairs + 1.0));
    let rho = (PRIOR_DAYS * PRIOR_RHO + cross / (sd_k * sd_k)) / (PRIOR_DAYS + pairs);
    (sd_k, rho.clamp(0.0, 0.92))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_sets_out_from_the_weather_of_today_and_forgets_it() {
        // Ten days as the season has them, then a spell that is 4 K hotter.
        let day = |n: u16| HotHour { day: 20_000 + n, temp_c: if n < 40 { 85.0 } else { 89.0 } };
        let climate = Climate::learn(&(0..44).map(day).collect::<Vec<_>>(), Some(0.0)).unwrap();
        let now = f64::from(climate.last.0) + 1.0;
        let temp_c = |ahead| climate.season(now + 0.5, now).0 + climate.weather(now, ahead).0;
        let (soon, late, season) = (temp_c(0), temp_c(60), climate.season(now + 0.5, now).0);
        assert!(
            soon > season + 0.8 && soon < 89.0 && (late - season).abs() < 1e-6,
            "{soon} {late} {season} {climate:?}"
        );
        let sd_k = |ahead| climate.weather(now, ahead).1;
        assert!(sd_k(0) < sd_k(3) && sd_k(3) < sd_k(60) && (sd_k(60) - climate.sd_k).abs() < 0.01);
    }
}
