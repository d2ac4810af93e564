//! The air of days on which the sensor that a machine is judged by is silent, held back or gone.
//!
//! Without it such days would be left out, and a machine could go to its limit unseen for weeks because a sensor broke. So they are
//! told by what else there is: other sensors of the room and the site's other machines, each by how it stood beside the sensor while
//! that spoke, and the weather, which persists. How far that may be off is told with it; a day that is unsure counts for less.

use std::borrow::Cow;
use std::cell::LazyCell;

use super::air::Told;
use super::assess::Work;
use super::linear;
use super::points::{AmbientSource, Sample, Series, Surroundings, by_hour, spoken};
use super::smooth::{self, Weather};
use crate::pa::climate::{Climate, HotHour};
use crate::sd::day::{Day, DayRecord};

/// Days on which the sensor must have spoken, alone and beside another source, before that tells anything.
const SPOKEN: usize = 10;
const BESIDE: usize = 8;
/// Variance of what the sensor itself says, K^2.
const SENSOR_VAR: f64 = 0.04;
/// Days of which a sensor must have shown the air of half.
const SPOKEN_DAYS: Day = 7;
/// A source is believed no better and no worse than this beside the sensor, K.
const SPREAD_K: (f64, f64) = (0.6, 4.0);
/// A source that moves by less than one over this of what the air does tells nothing of it.
const GAIN_MAX: f64 = 5.0;
/// How far the season may drift off in a day that nothing is seen of, K.
const DRIFT_K: f64 = 0.05;
/// How far a day's hot hours are from the season, K, and how much of that the next day keeps, at the least and at the most.
const WEATHER_SD_K: (f64, f64) = (1.2, 4.0);
const KEEPS: (f64, f64) = (0.3, 0.85);

/// The air of the hot hours where it is more than what a source says of each day by itself: read off the machines of the room, or of
/// days on which a sensor is silent.
pub(super) fn told<F: FnOnce() -> Told>(
    source: AmbientSource,
    days: &[DayRecord],
    today: Day,
    around: &Surroundings<'_>,
    index: &LazyCell<Told, F>,
) -> Option<Told> {
    if source == AmbientSource::SiblingTemperatures {
        return Some(Told::clone(index));
    }
    let by_hour = by_hour(days);
    let of = |source, by_hour| -> Vec<Option<f64>> {
        days.iter().map(|d| spoken(source, by_hour, d, Series::Hot, today, around)).collect()
    };
    let own = of(source, by_hour);
    let is_silent = |(d, c): (&DayRecord, &Option<f64>)| d.hot.is_some() && c.is_none();
    if !source.is_measured() || !days.iter().zip(&own).any(is_silent) {
        return None;
    }
    let beside = Told { air_c: of(AmbientSource::Sibling, true), sd_k: vec![0.0; days.len()] };
    Some(filled(days, &own, &[&beside, index], around.latitude_deg))
}

/// Hot hours' air on each of `days`: as `spoken` where the sensor spoke; from its first day on also where it did not, by `others`.
fn filled(days: &[DayRecord], spoken: &[Option<f64>], others: &[&Told], latitude_deg: Option<f64>) -> Told {
    let unfilled = || Told { air_c: spoken.to_vec(), sd_k: vec![0.0; spoken.len()] };
    let hot: Vec<HotHour> =
        days.iter().zip(spoken).filter_map(|(d, c)| Some(HotHour { day: d.day, temp_c: (*c)? })).collect();
    let Some(climate) = Climate::learn(&hot, latitude_deg).filter(|_| hot.len() >= SPOKEN) else { return unfilled() };
    let weather = Weather {
        sd_k: climate.sd_k.clamp(WEATHER_SD_K.0, WEATHER_SD_K.1),
        keeps: climate.rho.clamp(KEEPS.0, KEEPS.1),
    };
    let usual_c: Vec<f64> = days.iter().map(|d| climate.usual_c(f64::from(d.day))).collect();
    let others: Vec<Other<'_>> = others.iter().filter_map(|told| Other::beside(spoken, told)).collect();
    let seen: Vec<Option<(f64, f64)>> =
        (0..days.len()).map(|i| spoken[i].map(|c| (c, SENSOR_VAR)).or_else(|| agreed(&others, i))).collect();
    let off: Vec<(Day, Option<(f64, f64)>)> =
        (0..days.len()).map(|i| (days[i].day, seen[i].map(|(c, var)| (c - usual_c[i], var)))).collect();
    let known = smooth::smooth(&off, weather);
    let first = spoken.iter().position(Option::is_some).unwrap_or(days.len());
    let mut told = unfilled();
    let mut last_seen = days.get(first).map_or(0, |d| d.day);
    for i in first..days.len() {
        if seen[i].is_some() {
            last_seen = days[i].day;
        }
        if spoken[i].is_none() {
            let unseen_days = f64::from(days[i].day - last_seen);
            // Such days are off together, and are weighed as if each were off by itself.
            let alike = (1.0 + weather.keeps) / (1.0 - weather.keeps);
            told.air_c[i] = Some(usual_c[i] + known[i].mean);
            told.sd_k[i] = (alike * known[i].var).sqrt().hypot(DRIFT_K * unseen_days);
        }
    }
    told
}

impl Work {
    /// Those whose air is as the source shows it: what a silent sensor leaves to be inferred speaks for or against a growth, but not
    /// of valves, repairs and jumps.
    pub(super) fn sure<'a>(&self, samples: &'a [Sample]) -> Cow<'a, [Sample]> {
        let is_silent = |s: &Sample| s.at.ta_sd_k > 0.0;
        if self.health.source.is_measured() && samples.iter().any(is_silent) {
            samples.iter().copied().filter(|s| !is_silent(s)).collect()
        } else {
            Cow::Borrowed(samples)
        }
    }

    /// Whether a sensor has shown the air of late.
    pub(super) fn is_measured(&self) -> bool {
        let (spoken, all) = self
            .recent(Series::Hot, SPOKEN_DAYS)
            .fold((0, 0), |(spoken, all), s| (spoken + usize::from(s.at.ta_sd_k == 0.0), all + 1));
        self.health.source.is_measured() && 2 * spoken >= all
    }
}

/// Another source, and what the sensor says as a line of what it says: machines that their valves keep move with the air, but by less.
struct Other<'a> {
    told: &'a Told,
    usual_c: f64,
    usual_told_c: f64,
    gain: f64,
    var: f64,
}

impl<'a> Other<'a> {
    /// Fits the line to the days on which both spoke; `None` where these are too few.
    fn beside(spoken: &[Option<f64>], told: &'a Told) -> Option<Self> {
        let both: Vec<(f64, f64)> = told.air_c.iter().zip(spoken).filter_map(|(x, y)| Some(((*x)?, (*y)?))).collect();
        let n = both.len() as f64;
        let mean = |of: &dyn Fn(&(f64, f64)) -> f64| both.iter().map(of).sum::<f64>() / n;
        let (usual_told_c, usual_c) = (mean(&|both| both.0), mean(&|both| both.1));
        let gain = linear::slope(&both).filter(|gain| both.len() >= BESIDE && (0.0..=GAIN_MAX).contains(gain))?;
        let var = mean(&|(x, y)| (y - usual_c - gain * (x - usual_told_c)).powi(2));
        Some(Self { told, usual_c, usual_told_c, gain, var: var.clamp(SPREAD_K.0.powi(2), SPREAD_K.1.powi(2)) })
    }

    fn of(&self, place: usize) -> Option<(f64, f64)> {
        let off_k = self.gain * ((*self.told.air_c.get(place)?)? - self.usual_told_c);
        Some((self.usual_c + off_k, self.var + (self.gain * self.told.sd_k.get(place)?).powi(2)))
    }
}

/// What the other sources say of a day, degC, and the variance of that.
fn agreed(others: &[Other<'_>], place: usize) -> Option<(f64, f64)> {
    let (sum, n) = others
        .iter()
        .filter_map(|other| other.of(place))
        .fold((0.0, 0.0), |(sum, n), (c, var)| (sum + c / var, n + 1.0 / var));
    (n > 0.0).then(|| (sum / n, 1.0 / n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sd::day::Point;

    fn days(n: Day) -> Vec<DayRecord> {
        (0..n).map(|day| DayRecord::new(9_000 + day, Point::default(), Point::default(), None, None)).collect()
    }

    /// A weather that wanders about 28 degC.
    fn weather_c(day: usize) -> f64 {
        28.0 + 3.0 * (day as f64 * 0.9).sin() + 2.0 * (day as f64 * 0.37).cos()
    }

    /// Speaks but for these days.
    fn spoken_but(n: usize, silent: impl Fn(usize) -> bool) -> Vec<Option<f64>> {
        (0..n).map(|day| (!silent(day)).then(|| weather_c(day))).collect()
    }

    #[test]
    fn days_before_the_sensor_came_stay_unknown_and_days_it_speaks_of_stay_as_they_are() {
        let spoken = spoken_but(60, |day| day < 20 || day == 40);
        let told = filled(&days(60), &spoken, &[], Some(35.0));
        assert!(told.air_c[..20].iter().all(Option::is_none) && told.air_c[20..].iter().all(Option::is_some));
        let kept = (20..60).filter(|day| *day != 40);
        assert!(kept.clone().all(|day| told.air_c[day] == spoken[day] && told.sd_k[day] == 0.0));
        // One day between two is known from them.
        let off_k = told.air_c[40].unwrap() - weather_c(40);
        assert!(told.sd_k[40] > 0.5 && off_k.abs() < 2.0 * told.sd_k[40], "{off_k} {}", told.sd_k[40]);
        // Too few days say nothing of others.
        assert_eq!(filled(&days(9), &spoken_but(9, |day| day == 5), &[], None).air_c[5], None);
    }

    #[test]
    fn days_are_told_by_what_stood_beside_the_sensor_and_the_less_surely_the_longer_nothing_does() {
        let spoken = spoken_but(80, |day| day >= 50);
        // Another sensor that reads 4 K less, and machines that move by a third of what the air does.
        let other = |of: &dyn Fn(f64) -> f64| Told {
            air_c: (0..80).map(|day| Some(of(weather_c(day)))).collect(),
            sd_k: vec![0.0; 80],
        };
        for beside in [other(&|c| c - 4.0), other(&|c| 70.0 + c / 3.0)] {
            let told = filled(&days(80), &spoken, &[&beside], Some(35.0));
            let worst_k = (50..80).map(|day| (told.air_c[day].unwrap() - weather_c(day)).abs()).fold(0.0, f64::max);
            assert!(worst_k < 0.8 && told.sd_k[79] < 2.0, "{worst_k} {}", told.sd_k[79]);
        }
        let alone = filled(&days(80), &spoken, &[], Some(35.0));
        assert!(alone.air_c.iter().all(Option::is_some));
        assert!(alone.sd_k[51] < alone.sd_k[60] && alone.sd_k[60] < alone.sd_k[79] && alone.sd_k[79] > 3.0);
        // One that goes its own way is no better than none.
        let stuck = Told { air_c: vec![Some(30.0); 80], sd_k: vec![0.0; 80] };
        assert_eq!(filled(&days(80), &spoken, &[&stuck], Some(35.0)).air_c, alone.air_c);
    }
}
