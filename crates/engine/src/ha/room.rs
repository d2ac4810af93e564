//! Whether the air that a machine breathes has become hotter all at once, and stayed so: an exhaust that failed, a louvre
//! that fell shut, a heat wave. None of these is a fault of the machine, and each looks like one.
//!
//! The air of hot hours follows the season, which over some weeks is a line, and weather about it, which persists: a day
//! keeps most of what was odd about the day before. So the level of a week wanders by kelvins and proves little; a *jump*
//! from one day to the next that stays is what weather hardly ever makes. Days are therefore freed of what the day before
//! already told, and every day of the last weeks is weighed as the beginning of a step beside a free level and line.
//!
//! Where nobody measures the air, the same is asked of the machine's own hot temperature, and its siblings must have risen
//! with it: two machines do not fall ill on one day.
//!
//! Tried without a gain: the air at work against the same air at rest, which is free of weather but not of sun and cloud (a rise
//! of 3 K stayed as doubtful as it was); a first day that shows half of a rise; and less evidence, which found one more of 57
//! hot rooms and named twice as many that were not.

use serde::{Deserialize, Serialize};

use super::course::Hold;
use super::points::median;
use crate::sd::day::Day;
use crate::sd::feature::Feature;

/// Days looked at: long enough to know what is usual, short enough for the season to be a line.
const WINDOW_DAYS: Day = 45;
/// A rise is looked for among the last days from here to there; one that is older has become usual.
const YOUNGEST_DAYS: Day = 2;
const OLDEST_DAYS: Day = 28;
/// Days that must be known before it, and since it.
const BEFORE: usize = 7;
const SINCE: usize = 2;
/// Share of what was odd about a day that the next one keeps (0.65 to 0.85 for daily weather).
const PERSISTS: f64 = 0.7;
/// Standard deviation of the season's pace, K/d: an amplitude of 13 K moves at most 0.22 K a day.
const SEASON_K_PER_DAY: f64 = 0.12;
/// Typical height of a rise, K.
const TYPICAL_K: f64 = 6.0;
/// Most that the weather's standard deviation is taken for, and least, K: of the air, and of a discharge temperature, of
/// which a valve lets through but a part.
const WEATHER_MOST_K: f64 = 4.0;
pub(crate) const AIR_LEAST_K: f64 = 1.2;
pub(crate) const DISCHARGE_LEAST_K: f64 = 0.8;
/// Compressors are rated for cooling air of 40 to 46 degC. Air that is hotter through the day is too hot whatever made it so,
/// which is a measurement and no inference: it counts as so much evidence.
const RATED_C: f64 = 40.0;
const MEASURED_LOG_BF: f64 = 4.0;
/// Air below this overheats no machine, degC. A spring or an autumn rises by some kelvins from one week to the next, and while
/// that leaves the air cool it is weather until much more speaks for the room.
const MILD_BELOW_C: f64 = 25.0;
/// What does not stand out by this much needs no weighing, K.
const LOOK_FROM_K: f64 = 1.5;

/// A rise of a temperature that came at once and stayed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rise {
    /// Its first day.
    pub(crate) since: Day,
    /// How high, K.
    pub(crate) rise_k: f64,
    /// Log Bayes factor against season and weather.
    pub(crate) log_bf: f64,
    /// Before and now, degC.
    pub(crate) usual_c: f64,
    pub(crate) now_c: f64,
}

/// A room that has become hot.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct HotRoom {
    /// Of the air where it is measured, else of the discharge temperature.
    pub(crate) rise: Rise,
    pub(crate) measured: bool,
}

impl HotRoom {
    /// Whether the air is cool all the same.
    pub(crate) fn is_mild(&self) -> bool {
        self.measured && self.rise.now_c < MILD_BELOW_C
    }

    /// What it was seen by.
    pub(crate) const fn feature(&self) -> Feature {
        if self.measured { Feature::AmbientHot } else { Feature::CommonDischarge }
    }
}

impl Rise {
    /// The same of measured air, which may be beyond what machines are rated for.
    pub(crate) fn of_air(self) -> Self {
        if self.now_c >= RATED_C { Self { log_bf: self.log_bf.max(MEASURED_LOG_BF), ..self } } else { self }
    }
}

/// What is being said of the room, and the rise that it rests on: a rise that some cool days hide is not over for that.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) hold: Hold,
    last: Option<Box<HotRoom>>,
}

impl Held {
    /// The rise that stands: today's, or else the last one while it is still spoken of.
    pub(crate) fn standing(&self, today: Option<&HotRoom>) -> Option<HotRoom> {
        today.copied().or(self.last.as_deref().copied())
    }

    /// Keeps what was spoken of today, if anything was.
    pub(crate) fn keep(&mut self, said: Option<HotRoom>) {
        if self.last.as_deref() != said.as_ref() {
            self.last = said.map(Box::new);
        }
    }
}

/// One day, freed of what the day before already told, in units of its error.
struct White {
    level: f64,
    line: f64,
    target: f64,
    carry: f64,
    scale: f64,
}

/// The most likely rise in a series of days (oldest first), if there is any; `today` is the day after the last. The weather's
/// standard deviation is taken for no less than `least_k`.
pub(crate) fn rise(series: &[(Day, f64)], today: Day, least_k: f64) -> Option<Rise> {
    let series = &series[series.partition_point(|(day, _)| day + WINDOW_DAYS < today)..];
    let now_c = middle(series.iter().rev().take(3))?;
    let stands_out = now_c - middle(series.iter())? > LOOK_FROM_K
        || now_c - middle(series.iter().rev().skip(3).take(10))? > LOOK_FROM_K;
    if series.len() < BEFORE + SINCE || !stands_out {
        return None;
    }
    let whites = whiten(series, today, weather_k(series, least_k), PERSISTS);
    let steps: Vec<(usize, f64, f64)> = (BEFORE..=series.len() - SINCE)
        .filter(|&place| (YOUNGEST_DAYS..=OLDEST_DAYS).contains(&(today - series[place].0)))
        .filter_map(|place| weigh(&whites, place).map(|(log_bf, rise_k)| (place, log_bf, rise_k)))
        .collect();
    let &(place, best, rise_k) = steps.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let all: f64 = steps.iter().map(|(_, log_bf, _)| (log_bf - best).exp()).sum();
    let usual_c = middle(series[..place].iter().rev().take(BEFORE))?;
    let log_bf = best + (all / f64::from(OLDEST_DAYS - YOUNGEST_DAYS + 1)).ln();
    // One that is over says nothing of now.
    (now_c - usual_c >= 0.5 * rise_k).then(|| Rise { since: series[place].0, rise_k, log_bf, usual_c, now_c })
}

/// Standard deviation of the weather, K, by how successive days differ: one jump among them does not count.
fn weather_k(series: &[(Day, f64)], least_k: f64) -> f64 {
    let mut steps: Vec<f64> =
        series.windows(2).filter(|w| w[1].0 - w[0].0 == 1).map(|w| (w[1].1 - w[0].1).abs()).collect();
    let typical_k = median(&mut steps).map_or(WEATHER_MOST_K, |step_k| step_k / 0.6745);
    (typical_k / (2.0 * (1.0 - PERSISTS)).sqrt()).clamp(least_k, WEATHER_MOST_K)
}

fn whiten(series: &[(Day, f64)], today: Day, sd_k: f64, persists: f64) -> Vec<White> {
    let base_c = series.first().map_or(0.0, |(_, c)| *c);
    let mut last: Option<(Day, f64, f64)> = None;
    let whitened = series.iter().map(|&(day, c)| {
        let (line, target) = (f64::from(day) - f64::from(today), c - base_c);
        let carry = last.map_or(0.0, |(before, ..)| persists.powi(i32::from(day - before)));
        let (_, last_line, last_target) = last.unwrap_or((day, 0.0, 0.0));
        let scale = (1.0 - carry * carry).sqrt().recip() / sd_k;
        last = Some((day, line, target));
        White {
            level: (1.0 - carry) * scale,
            line: (line - carry * last_line) * scale,
            target: (target - carry * last_target) * scale,
            carry,
            scale,
        }
    });
    whitened.collect()
}

/// What a series says of a course of `shape` beside its season and its weather, as log-likelihood `score * c - information *
/// c^2 / 2` of `c` times the shape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) information: f64,
    pub(super) score: f64,
}

/// Weighs a course of the given shape in a series of days (oldest first) whose weather has this sd, K, and this persistence.
pub(super) fn weigh_course(
    series: &[(Day, f64)],
    today: Day,
    (sd_k, persists): (f64, f64),
    shape: impl Fn(usize) -> f64,
) -> Said {
    profile(&whiten(series, today, sd_k, persists), shape)
}

/// Level and line are free, so the shape is judged by what they leave (Schur complement of the normal equations).
fn profile(whites: &[White], shape: impl Fn(usize) -> f64) -> Said {
    let (mut ll, mut ls, mut ss, mut lt, mut st) = (1e-6, 0.0, SEASON_K_PER_DAY.powi(-2), 0.0, 0.0);
    let (mut lh, mut sh, mut hh, mut ht) = (0.0, 0.0, 0.0, 0.0);
    for (i, w) in whites.iter().enumerate() {
        let h = (shape(i) - w.carry * i.checked_sub(1).map_or(0.0, &shape)) * w.scale;
        (ll, ls, ss) = (ll + w.level * w.level, ls + w.level * w.line, ss + w.line * w.line);
        (lt, st) = (lt + w.level * w.target, st + w.line * w.target);
        (lh, sh) = (lh + w.level * h, sh + w.line * h);
        (hh, ht) = (hh + h * h, ht + h * w.target);
    }
    let determinant = ll * ss - ls * ls;
    let (a, b) = ((ss * lh - ls * sh) / determinant, (ll * sh - ls * lh) / determinant);
    Said { information: (hh - a * lh - b * sh).max(0.0), score: ht - a * lt - b * st }
}

/// Log Bayes factor and height of a step that begins with the day at `place`; `None` of one downwards.
fn weigh(whites: &[White], place: usize) -> Option<(f64, f64)> {
    let Said { information, score } = profile(whites, |at| f64::from(u8::from(at >= place)));
    let variance = (information + TYPICAL_K.powi(-2)).recip();
    let rise_k = variance * score;
    let log_bf = 0.5 * (variance / TYPICAL_K.powi(2)).ln() + 0.5 * rise_k * rise_k / variance;
    (rise_k > 0.0).then_some((log_bf, rise_k))
}

fn middle<'a>(days: impl Iterator<Item = &'a (Day, f64)>) -> Option<f64> {
    median(&mut days.map(|(_, c)| *c).collect::<Vec<f64>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sixty days of a season with weather of the given size, and whatever else; the rise seen on the last day.
    fn check(season_k_per_day: f64, weather_k: f64, more: impl Fn(f64) -> f64, expected: Option<(Day, f64)>) {
        let (mut weather, mut series) = (0.0, Vec::new());
        for day in 100..160_u16 {
            let mixed = (u32::from(day) + 7).wrapping_mul(0x9e37_79b9).rotate_left(9).wrapping_mul(0x85eb_ca6b) >> 16;
            let white = (f64::from(mixed) / 32_767.5 - 1.0) * 1.7;
            weather = 0.7 * weather + 0.71 * weather_k * white;
            let t = f64::from(day) - 100.0;
            series.push((day, 24.0 + season_k_per_day * t + weather + more(t)));
        }
        let seen = rise(&series, 160, AIR_LEAST_K).filter(|r| r.log_bf > 1.5 && r.rise_k > 3.0);
        match expected {
            None => assert_eq!(seen, None),
            Some((since, rise_k)) => {
                let seen = seen.expect("a rise");
                assert!(seen.since.abs_diff(since) <= 1 && (seen.rise_k - rise_k).abs() < 3.0, "{seen:?}");
            }
        }
    }

    #[test]
    fn season_and_weather_are_no_rise() {
        check(0.0, 2.5, |_| 0.0, None);
        check(0.2, 2.5, |_| 0.0, None);
        check(-0.2, 1.3, |_| 0.0, None);
    }

    #[test]
    fn a_room_without_its_exhaust_is_seen_within_days_in_any_season() {
        for season in [-0.2, 0.0, 0.2] {
            check(season, 2.0, |t| if t >= 50.0 { 8.0 } else { 0.0 }, Some((150, 8.0)));
        }
        check(0.0, 1.5, |t| if t >= 56.0 { 7.0 } else { 0.0 }, Some((156, 7.0)));
    }

    #[test]
    fn air_beyond_what_machines_are_rated_for_needs_no_evidence() {
        for (now_c, log_bf) in [(38.0, 0.5), (41.0, MEASURED_LOG_BF)] {
            let rise = Rise { since: 7, rise_k: 5.0, log_bf: 0.5, usual_c: 34.0, now_c };
            assert_eq!(rise.of_air().log_bf, log_bf, "{now_c}");
        }
    }

    #[test]
    fn what_is_over_or_crept_in_is_no_rise() {
        check(0.0, 1.5, |t| if (40.0..50.0).contains(&t) { 8.0 } else { 0.0 }, None);
        check(0.0, 1.5, |t| 0.12 * (t - 20.0).max(0.0), None);
    }
}
