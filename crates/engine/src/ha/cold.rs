//! A machine that is loaded and warmed through, and cold all the same: below the lower limit, where water stays in the oil.
//!
//! A thermostatic valve keeps a loaded machine above some 70 degC in any weather, so one that runs below has a valve that stands
//! open - or none, or cold water: some machines are made so. What tells them apart is how far the machine used to stand above its
//! air. Through a fixed opening that rise is the same in all weather; a valve that regulates lets it grow as the air becomes
//! cooler. So the rises that a machine has kept while its valve regulated are remembered by the air they were kept in, and a
//! machine that stands lower in air no cooler has lost its valve. That is remembered for good, unlike the normal, which a valve
//! that stuck in summer, when nobody can see it, would have bent by autumn.
//!
//! What is held ends with the temperature: when the rise is back, or, of a machine that was never seen to keep more, when it has
//! been above the limit for days. Warm weather lifts any machine above the limit and ends nothing.

use foretell_model::{Grade, Limits, Symptom};
use serde::{Deserialize, Serialize};

use super::baseline::Baseline;
use super::points::{Sample, median};
use super::rivals::{REGULATED, heat, rise_k};
use super::sign::Sign;
use crate::sd::day::{Day, DayRecord};

/// A day counts with so many loaded hours, and so much of its running loaded: what idles or runs for minutes is never warm.
const LOADED_H: f64 = 2.0;
const LOADED_SHARE: f64 = 0.3;
/// Such days in a row below the limit after which a machine is watched, and after which a customer may hear of it.
const WATCH_DAYS: usize = 3;
const ADVISE_DAYS: usize = 5;
/// No day of the last ones may be missing by more than this.
const FRESH_DAYS: Day = 4;
/// So far above the limit on so many days a machine is warm again that was never seen to keep more.
const WARM_K: f64 = 3.0;
const WARM_DAYS: usize = 7;
/// So many days must show that a rise is back: this share of what was lost, and so much at the least, K.
const BACK_DAYS: usize = 3;
const BACK_SHARE: f64 = 0.6;
const BACK_K: f64 = 4.0;
/// A rise that is lower than it used to be by this is lost, K: sensors and dirt move it by less.
const LOST_K: f64 = 5.0;
/// The same where another symptom has shown that the valve stands open, in weather in which it has less to keep.
const LOST_TOO_K: f64 = 2.5;
/// Days that a loss is read off, at most and at the least.
const STANDS: Day = 5;
const STANDS_MIN: usize = 3;
/// Heat made, 1 at the machine's reference load, at which rises are compared.
const HEAT: std::ops::RangeInclusive<f64> = 0.7..=1.3;
/// In warmer air no valve has anything to keep, degC.
const AIR_MAX_C: f64 = 30.0;
/// Rises are remembered in bands of air so wide from here on, K and degC; colder air joins the first, warmer the last.
const BAND_K: f64 = 6.0;
const BANDS_FROM_C: f64 = 2.0;
const BANDS: usize = 4;
/// Days of a band before it tells anything, and the memory of its mean.
const BAND_DAYS: u16 = 4;
const BAND_DAYS_MAX: u16 = 20;
/// A rise this far below its band's mean is what is looked for and not what is kept, K.
const OUTLIER_K: f64 = 3.0;
/// An excess from which a day's rise is not the machine's own, K.
const HEALTHY_K: f64 = 2.0;
/// Nobody measures how moist the air is: a middling day, 0 to 1, but no weather has a higher dew point than this, degC. And how far above its dew point the compressed air must stay, K.
const HUMIDITY: f64 = 0.6;
const WEATHER_DEW_C: f64 = 24.0;
const DEW_MARGIN_K: f64 = 5.0;
/// Of the outer air, bar.
const AIR_BAR: f64 = 1.013;
/// That a machine which was below its limit on several days in a row is so.
const COLD_CERTAINTY: f64 = 0.95;

/// How a machine stood over its air in the coolest settled hours of a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stand {
    day: Day,
    ta_c: f64,
    td_c: f64,
    /// For the heat of the reference load, brought to the air at which it is quoted, K.
    rise_k: f64,
    /// Whether it is for the valve to keep.
    regulated: bool,
}

/// The last days of a machine whose air is measured, oldest first.
pub(crate) fn stands(samples: &[Sample], baseline: &Baseline, today: Day) -> Vec<Stand> {
    let last = &samples[samples.partition_point(|s| s.day + STANDS < today)..];
    let stand = |s: &Sample| Stand {
        day: s.day,
        ta_c: s.at.ta_c,
        td_c: s.td_c,
        rise_k: rise_k(s) / heat(s),
        regulated: baseline.expect(&s.at, 0.0).weight < REGULATED,
    };
    let compares = |s: &&Sample| HEAT.contains(&heat(s)) && s.at.ta_c <= AIR_MAX_C && s.at.ta_sd_k == 0.0;
    let coolest = |day: &[Sample]| day.iter().filter(compares).map(stand).min_by(|a, b| a.ta_c.total_cmp(&b.ta_c));
    last.chunk_by(|a, b| a.day == b.day).filter_map(coolest).collect()
}

/// What is said of a machine below its lower limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Below {
    pub(crate) since: Day,
    /// Whether it has been so on all days that are known.
    pub(crate) always: bool,
    /// Whether a customer may hear of it.
    pub(crate) advised: bool,
    /// Loaded discharge temperature of the newest settled day, and the limit on that day, degC.
    pub(crate) td_c: f64,
    pub(crate) limit_c: f64,
    /// How much less it stands above its air than it used to, K; nought of one that was never seen to keep more.
    pub(crate) lost_k: f64,
}

impl Below {
    pub(crate) fn is_now(&self) -> bool {
        self.td_c < self.limit_c
    }

    /// The same as a symptom. It is a fact; only why is not.
    pub(crate) fn sign(self, symptom: &Symptom) -> Sign<'_> {
        let Self { since, advised, td_c, limit_c, .. } = self;
        Sign {
            symptom,
            grade: if advised { Grade::Advise } else { Grade::Watch },
            certainty: COLD_CERTAINTY,
            value: td_c,
            normal: limit_c,
            per_day: 0.0,
            since,
            sudden: true,
            step_share: 1.0,
            log_bf: None,
            forecast: None,
        }
    }
}

/// What is remembered of how a machine is kept warm.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cold {
    /// By bands of air: the rise that was kept.
    kept: [Kept; BANDS],
    /// The temperature itself that was kept. A band is wide and a valve's rise falls with the air, so a band's mean alone would
    /// accuse a sound valve of the weather.
    kept_td: Kept,
    held: Option<Box<Held>>,
}

/// Mean of what was kept, a rise in K or a temperature in degC, and of how many days; in two bytes, because every machine has five
/// of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Kept(u16);

impl Kept {
    /// Days stand in the low bits, the mean in sixteenths of a kelvin above them.
    const DAYS_BITS: u16 = 5;
    const PER_K: f64 = 16.0;

    fn new(mean: f64, days: u16) -> Self {
        let most = f64::from(u16::MAX >> Self::DAYS_BITS);
        Self(((mean * Self::PER_K).round().clamp(0.0, most) as u16) << Self::DAYS_BITS | days)
    }

    const fn days(self) -> u16 {
        self.0 & ((1 << Self::DAYS_BITS) - 1)
    }

    fn mean(self) -> f64 {
        f64::from(self.0 >> Self::DAYS_BITS) / Self::PER_K
    }

    /// With one day more. One that stands far below the others is not what was kept.
    fn with(self, value: f64) -> Self {
        let off_k = value - self.mean();
        if self.days() > 0 && off_k < -OUTLIER_K {
            return self;
        }
        let days = (self.days() + 1).min(BAND_DAYS_MAX);
        Self::new(self.mean() + off_k / f64::from(days), days)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Held {
    since: Day,
    always: bool,
    advised: bool,
    td_c: f32,
    limit_c: f32,
    lost_k: f32,
    /// What it stood above its air when that was found, K.
    rise_k: f32,
    /// Whether somebody has looked and found it sound: it is made so, until it is seen to have kept more.
    accepted: bool,
}

/// What a closed day tells.
pub(crate) struct Closed<'a> {
    /// Of the machine's present life, oldest first.
    pub(crate) days: &'a [DayRecord],
    pub(crate) stands: &'a [Stand],
    pub(crate) limits: Limits,
    pub(crate) today: Day,
    /// Whether a valve that stands open is named: what it leaves is not what a machine keeps.
    pub(crate) is_doubted: bool,
}

impl Cold {
    /// Follows a day that has closed.
    pub(crate) fn follow(&mut self, closed: &Closed<'_>) {
        self.remember(closed);
        let settled = || {
            let over_k = |d: &DayRecord| Some((d.day, d.hot.td_c()?, least_c(closed.limits, d)));
            closed.days.iter().rev().filter(|d| is_settled(d)).filter_map(over_k)
        };
        let Some((_, td_c, limit_c)) = settled().next().filter(|newest| newest.0 + FRESH_DAYS >= closed.today) else {
            return;
        };
        let cold: Vec<Day> = settled().take_while(|(_, td_c, least_c)| td_c < least_c).map(|(day, ..)| day).collect();
        if let Some(held) = &mut self.held {
            (held.td_c, held.limit_c) = (td_c as f32, limit_c as f32);
        } else if let Some(since) = cold.last().filter(|_| cold.len() >= WATCH_DAYS) {
            let always = settled().nth(cold.len()).is_none() && self.kept == [Kept::default(); BANDS];
            self.held = Some(Box::new(Held::new(*since, always, td_c, limit_c)));
        }
        // How moist the air is is a guess: on a dew point alone no valve is accused.
        let is_low = |(_, td_c, _): &(Day, f64, f64)| *td_c < closed.limits.low_c;
        let low_days = settled().take_while(is_low).count();
        let lost = self.lost(closed.stands).filter(|(lost_k, _)| *lost_k >= LOST_K && low_days >= WATCH_DAYS);
        let Some(held) = &mut self.held else { return };
        if let Some((lost_k, rise_k)) = lost.filter(|(lost_k, _)| *lost_k > f64::from(held.lost_k)) {
            (held.lost_k, held.rise_k) = (lost_k as f32, rise_k as f32);
        }
        held.advised |= held.has_lost() && low_days >= ADVISE_DAYS;
        held.accepted &= !held.has_lost();
        let back_k = f64::from(held.rise_k) + BACK_K.max(BACK_SHARE * f64::from(held.lost_k));
        let is_back = |s: &Stand| s.rise_k >= back_k;
        let ended = if held.has_lost() && !closed.stands.is_empty() {
            closed.stands.iter().rev().take(BACK_DAYS).filter(|s| is_back(s)).count() == BACK_DAYS
        } else {
            settled().take(WARM_DAYS).filter(|(_, td_c, least_c)| *td_c >= least_c + WARM_K).count() == WARM_DAYS
        };
        if ended && !held.accepted {
            self.held = None;
        }
    }

    /// Holds what another symptom has shown of a valve that stands open, if the machine has kept more: in weather in which that
    /// symptom cannot be seen the valve still stands open.
    pub(crate) fn adopt(&mut self, since: Day, advised: bool, closed: &Closed<'_>) {
        if let Some(held) = &mut self.held {
            held.since = held.since.min(since);
            held.advised |= advised && held.has_lost();
            return;
        }
        let Some((lost_k, rise_k)) = self.lost(closed.stands).filter(|(lost_k, _)| *lost_k >= LOST_TOO_K) else {
            return;
        };
        let newest = closed.days.iter().rev().find(|d| is_settled(d));
        let Some((td_c, limit_c)) = newest.and_then(|d| Some((d.hot.td_c()?, least_c(closed.limits, d)))) else {
            return;
        };
        let (lost_k, rise_k) = (lost_k as f32, rise_k as f32);
        self.held = Some(Box::new(Held { advised, lost_k, rise_k, ..Held::new(since, false, td_c, limit_c) }));
    }

    /// What is held of it.
    pub(crate) fn below(&self) -> Option<Below> {
        let held = self.held.as_deref().filter(|held| !held.accepted)?;
        let Held { since, always, advised, td_c, limit_c, lost_k, .. } = *held;
        let (td_c, limit_c, lost_k) = (f64::from(td_c), f64::from(limit_c), f64::from(lost_k));
        Some(Below { since, always, advised, td_c, limit_c, lost_k })
    }

    /// First of the days that no normal may be learned from, because the valve has stood open since. What is only watched may yet be
    /// the normal.
    pub(crate) fn spoils_from(&self) -> Option<Day> {
        self.held.as_ref().filter(|held| held.has_lost() && held.advised).map(|held| held.since)
    }

    /// Work on the valve ends what is held. What it used to keep it should keep again.
    pub(crate) fn end(&mut self) {
        self.held = self.held.take().filter(|held| held.accepted);
    }

    /// Somebody has looked and found nothing amiss.
    pub(crate) fn accept(&mut self, today: Day) {
        let held = Held { accepted: true, ..Held::new(today, false, 0.0, 0.0) };
        *self = Self { held: Some(Box::new(held)), ..Self::default() };
    }

    /// Remembers the newest day's rise, if the valve was seen to keep it.
    fn remember(&mut self, closed: &Closed<'_>) {
        let Some((stand, day)) = closed.stands.last().zip(closed.days.last()) else { return };
        let is_sound = !closed.is_doubted && stand.regulated && stand.td_c >= closed.limits.low_c;
        if stand.day + 1 != closed.today || !is_sound || day.excess_k().is_some_and(|k| k >= HEALTHY_K) {
            return;
        }
        let kept = &mut self.kept[band_of(stand.ta_c)];
        *kept = kept.with(stand.rise_k);
        self.kept_td = self.kept_td.with(stand.td_c);
    }

    /// How much less the last days stood above their air than the machine has kept in air no cooler, and what they stood, K. It has
    /// lost no more than it is colder than it was kept: by the rise alone a valve, by the temperature alone a machine without one
    /// would be accused whenever the weather turns.
    fn lost(&self, stands: &[Stand]) -> Option<(f64, f64)> {
        let told = |kept: &&Kept| kept.days() >= BAND_DAYS;
        let kept_k = |ta_c: f64| self.kept[band_of(ta_c)..].iter().filter(told).map(|k| k.mean()).reduce(f64::max);
        let colder_k = |s: &Stand| told(&&self.kept_td).then(|| self.kept_td.mean() - s.td_c);
        let lost_k = |s: &Stand| Some((kept_k(s.ta_c)? - s.rise_k).min(colder_k(s)?));
        let mut lost: Vec<f64> = stands.iter().filter_map(lost_k).collect();
        let mut rises: Vec<f64> = stands.iter().map(|s| s.rise_k).collect();
        if lost.len() < STANDS_MIN {
            return None;
        }
        median(&mut lost).zip(median(&mut rises))
    }
}

impl Held {
    fn new(since: Day, always: bool, td_c: f64, limit_c: f64) -> Self {
        let (td_c, limit_c) = (td_c as f32, limit_c as f32);
        Self { since, always, advised: false, td_c, limit_c, lost_k: 0.0, rise_k: 0.0, accepted: false }
    }

    fn has_lost(&self) -> bool {
        self.lost_k > 0.0
    }
}

fn band_of(ta_c: f64) -> usize {
    ((ta_c - BANDS_FROM_C) / BAND_K).clamp(0.0, (BANDS - 1) as f64) as usize
}

/// Whether the day's loaded hours show what keeps the machine warm.
fn is_settled(day: &DayRecord) -> bool {
    day.hot.is_some() && day.load_h() >= LOADED_H && day.load_h() >= LOADED_SHARE * day.run_h()
}

/// The lower limit on a day, degC: the configured one, or where air and pressure are measured what the dew point of the compressed
/// air asks for, if that is more.
fn least_c(limits: Limits, day: &DayRecord) -> f64 {
    let dew_c =
        day.hot.air_c().zip(day.hot.bar()).map(|(ta_c, bar)| dew_point_c(ta_c, humidity(ta_c), bar) + DEW_MARGIN_K);
    // Nought is no limit at all.
    if limits.low_c > 0.0 { dew_c.unwrap_or(0.0).max(limits.low_c) } else { f64::NEG_INFINITY }
}

/// How moist air of this temperature may be taken for, 0 to 1.
fn humidity(ta_c: f64) -> f64 {
    HUMIDITY.min((magnus(WEATHER_DEW_C) - magnus(ta_c)).exp())
}

/// Logarithm of the saturation pressure over water but for a constant (Magnus' formula), of degC.
fn magnus(temp_c: f64) -> f64 {
    B * temp_c / (C + temp_c)
}

const B: f64 = 17.62;
const C: f64 = 243.12;

/// Dew point of air that is compressed to so many bar above the outer air's pressure, degC.
fn dew_point_c(ta_c: f64, humidity: f64, bar: f64) -> f64 {
    let exponent = (humidity * (bar + AIR_BAR) / AIR_BAR).ln() + magnus(ta_c);
    C * exponent / (B - exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sd::day::Point;

    #[test]
    fn the_dew_point_of_compressed_air_is_that_of_the_field() {
        // 30 degC, 80 %, 8.5 bar absolute: 68 degC; 20 degC and 60 %: about 50.
        assert!((dew_point_c(30.0, 0.8, 7.487) - 68.0).abs() < 1.0, "{}", dew_point_c(30.0, 0.8, 7.487));
        assert!((dew_point_c(20.0, 0.6, 7.487) - 50.0).abs() < 1.5, "{}", dew_point_c(20.0, 0.6, 7.487));
    }

    #[test]
    fn a_hot_day_is_not_taken_for_a_moister_one_than_there_is() {
        let least = |ta_c: f64| dew_point_c(ta_c, humidity(ta_c), 7.2) + DEW_MARGIN_K;
        // In cold air the configured limit is the higher one; in warm air the dew point, but below what valves keep.
        assert!(least(10.0) < 50.0 && (65.0..70.0).contains(&least(30.0)) && least(38.0) < 70.0, "{}", least(30.0));
    }

    /// Rises that were kept in air of 12 and 22 degC, and what is lost of them by one that stands so far above such air.
    fn check_lost(ta_c: f64, rise_k: f64, expected_k: f64) {
        let stand =
            |day: Day, ta_c: f64, rise_k: f64| Stand { day, ta_c, td_c: ta_c + rise_k, rise_k, regulated: true };
        let mut cold = Cold::default();
        for day in 100..108 {
            for (ta_c, kept_k) in [(12.0, 66.0), (22.0, 58.5)] {
                let record = DayRecord::new(day, Point::default(), Point::default(), None, None);
                let stands = [stand(day, ta_c, kept_k)];
                let (limits, today) = (Limits::default(), day + 1);
                cold.remember(&Closed { days: &[record], stands: &stands, limits, today, is_doubted: false });
            }
        }
        let stands: Vec<Stand> = (200..205).map(|day| stand(day, ta_c, rise_k)).collect();
        let (lost_k, _) = cold.lost(&stands).expect("both bands have told enough");
        assert!((lost_k - expected_k).abs() < 0.3, "{lost_k} K lost at {ta_c} degC, not {expected_k}");
    }

    #[test]
    fn a_rise_is_compared_with_what_was_kept_in_air_no_cooler() {
        // Kept were 78 and 80.5 degC.
        check_lost(12.0, 54.0, 12.0);
        check_lost(3.0, 54.0, 12.0);
        check_lost(3.0, 76.0, -10.0);
        // What was kept in cooler air says nothing of warmer; and what is no colder than it was has lost nothing.
        check_lost(22.0, 54.0, 3.3);
        check_lost(28.0, 54.0, -2.7);
        check_lost(3.0, 75.0, -9.0);
    }
}
