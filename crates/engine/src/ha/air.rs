//! A room's air read off the machines that breathe it, where nobody measures it.
//!
//! Each sibling with a learned hinge is a thermometer: its hot temperature, read back through its own hinge, load, pressure
//! and known excess, says how warm its inlet was. One far below its hinge says little and is given little weight. Siblings
//! err more to one side: dirt that nobody has found yet makes them read warm, hardly anything makes them read cool. So a
//! reading above the others pulls a little less than one below, and one far off no more than one a little off.
//!
//! What each sibling is known to read too high for dirt of its own is taken off its reading. But where half of the machines that
//! breathe the air began to read too high in the same days, that is the room's: taken off each of them it would leave an air that
//! stays cool while everything in it gets hot, and one machine after the other would be found clogged by what the others were
//! freed of.
//!
//! Machines that clog together would still pass for weather, and hinges learned from such an air would follow it, and the
//! next day's air those hinges. What holds the air is what is known of air: a season, weather about it, a usual level, and the
//! mornings of machines that rest by night, which no dirt can mislead. Weather persists, so what is seen of a day also tells
//! of the days beside it: all days of the window are smoothed together.

use super::health::Health;
use super::made::{Heat, heats};
use super::points::median;
use super::smooth::{self, Weather};
use super::thermometer::{Reading, START_C, Thermometer};
use super::trend::Trend;
use crate::pa::climate::{Climate, HotHour};
use crate::sd::day::{Day, DayRecord};

/// What a sibling offers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sibling<'a> {
    pub(crate) days: &'a [DayRecord],
    pub(crate) health: &'a Health,
    /// Usual time between its samples, h, if it loads and unloads.
    pub(crate) switching_h: Option<f64>,
}

/// Pull of a sibling that reads warmer than the rest.
const WARMER: f64 = 0.8;
/// How far a day's hot hours in a room are from the season, K, and how much of that the next day keeps: both are learned, within
/// what weather does. A room that runs hot for weeks is rarer than siblings that clog together.
const WEATHER_SD_K: (f64, f64) = (1.2, 3.0);
const WEATHER_KEEPS: (f64, f64) = (0.3, 0.85);
/// Robust weights and what they weigh settle in so many turns.
const TURNS: usize = 4;
/// How far a day's hot hours are from its morning, beside what is usual: sunny days and dull ones, K. It is learned, from so many
/// days on, and no mornings are believed better or worse than this.
const SUN_SD_K: (f64, f64) = (1.0, 3.0);
const MORNINGS: usize = 10;
/// Hot hours in compressor rooms, degC, and how much of the distance to it each day's reading gives up: far too little to
/// hide a season, enough to keep air and hinges from drifting off together.
const USUAL_C: f64 = 28.0;
const PULL: f64 = 0.25;
/// The season is learned from readings that it holds itself.
const ROUNDS: usize = 2;

/// Machines that begin to read too high within so many days do so for one reason.
const AT_ONCE_DAYS: f64 = 10.0;

/// What is told of the air of some days, side by side.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// Hot hours' air, degC; `None` of a day of which nothing is seen.
    pub(super) air_c: Vec<Option<f64>>,
    /// Its standard deviation, K. Siblings whose valves keep them say that they run, and next to nothing of the air.
    pub(super) sd_k: Vec<f64>,
}

/// What is seen of one day's air.
#[derive(Clone, Debug, Default)]
struct Seen {
    siblings: Vec<Thermometer>,
    morning: Option<Reading>,
}

/// Hot hours' air on each of `days` before `today`, as far as siblings at work and mornings tell.
pub(super) fn of_room(
    days: &[DayRecord],
    today: Day,
    siblings: &[Sibling<'_>],
    mornings_k: &[Option<f64>],
    own: Option<&Trend>,
    latitude_deg: Option<f64>,
) -> Told {
    let rose_together = rose_together(own, siblings);
    let before: Vec<(Sibling<'_>, Vec<Option<Heat>>)> =
        siblings.iter().map(|s| s.before(today)).map(|s| (s, heats(s.days, s.switching_h))).collect();
    let mut seen: Vec<Seen> = days.iter().map(|_| Seen::default()).collect();
    for (sibling, heats) in &before {
        let read = Thermometer::of_machine(days.iter().map(|d| sibling.read(d.day, heats, &rose_together)).collect());
        seen.iter_mut().zip(read).for_each(|(seen, read)| seen.siblings.extend(read));
    }
    let air_c: Vec<Option<f64>> = seen.iter().map(|seen| agreed(&seen.readings())).collect();
    let mut told = Told { sd_k: vec![0.0; air_c.len()], air_c };
    for _ in 0..ROUNDS {
        let known = days.iter().zip(&told.air_c);
        let hot: Vec<HotHour> = known.filter_map(|(d, ta)| Some(HotHour { day: d.day, temp_c: (*ta)? })).collect();
        let Some(climate) = Climate::learn(&hot, latitude_deg) else { break };
        let by_morning = ByMorning::learn(&told.air_c, mornings_k);
        for (seen, morning_k) in seen.iter_mut().zip(mornings_k) {
            seen.morning = by_morning.zip(*morning_k).map(|(by_morning, k)| by_morning.expect(k));
        }
        let season_c: Vec<f64> = days.iter().map(|d| climate.usual_c(f64::from(d.day))).collect();
        let pull_k = PULL * (USUAL_C - season_c.iter().sum::<f64>() / days.len() as f64);
        let expected_c: Vec<f64> = season_c.iter().map(|c| c + pull_k).collect();
        let weather = Weather {
            sd_k: climate.sd_k.clamp(WEATHER_SD_K.0, WEATHER_SD_K.1),
            keeps: climate.rho.clamp(WEATHER_KEEPS.0, WEATHER_KEEPS.1),
        };
        told = smoothed(days, &seen, &told.air_c, &expected_c, weather);
    }
    told
}

/// The courses of the machines that breathe the air, if half of them and more than one began to read too high at once; else none.
fn rose_together<'a>(own: Option<&'a Trend>, siblings: &'a [Sibling<'_>]) -> Vec<&'a Trend> {
    let mut risen: Vec<&Trend> = siblings.iter().filter_map(|s| s.health.trend.as_ref()).chain(own).collect();
    let middle = median(&mut risen.iter().map(|t| t.onset_day).collect::<Vec<f64>>());
    risen.retain(|t| middle.is_some_and(|day| (t.onset_day - day).abs() <= AT_ONCE_DAYS));
    if risen.len() > 1 && 2 * risen.len() > siblings.len() { risen } else { Vec::new() }
}

/// The air of all days together, degC, about what is expected of each; `None` of a day of which nothing is seen.
///
/// A weather that was learned from air that itself was hardly seen is too calm, so what is not seen is as wide as weather gets.
fn smoothed(days: &[DayRecord], seen: &[Seen], first_c: &[Option<f64>], expected_c: &[f64], weather: Weather) -> Told {
    let mut air_c: Vec<f64> = first_c.iter().zip(expected_c).map(|(c, expected_c)| c.unwrap_or(*expected_c)).collect();
    let mut known = Vec::new();
    for _ in 0..TURNS {
        let off_k =
            |i: usize| (days[i].day, seen[i].about(air_c[i]).map(|(told_c, var)| (told_c - expected_c[i], var)));
        let off_k: Vec<(Day, Option<(f64, f64)>)> = (0..days.len()).map(off_k).collect();
        known = smooth::smooth(&off_k, weather);
        air_c = known.iter().zip(expected_c).map(|(off, c)| c + off.mean).collect();
    }
    let upward = |i: usize| {
        let var = seen[i].upward(air_c[i], known[i].var.sqrt());
        (days[i].day, var.map(|var| (air_c[i] - expected_c[i], var)))
    };
    let known = smooth::smooth(&(0..days.len()).map(upward).collect::<Vec<_>>(), weather);
    let (usual, widest) = (weather.sd_k.powi(2), WEATHER_SD_K.1.powi(2));
    let open = |var: f64| (var / usual).powi(2) * (widest - usual);
    let sd_k = known.iter().map(|off| (off.var + open(off.var)).sqrt()).collect();
    let air_c = air_c.into_iter().zip(seen).map(|(c, seen)| seen.tells().then_some(c)).collect();
    Told { air_c, sd_k }
}

/// What a morning tells of its day's hot hours.
#[derive(Clone, Copy, Debug)]
struct ByMorning {
    usual_c: f64,
    var: f64,
}

impl ByMorning {
    /// Middle and spread of how far the air of hot hours lies above the mornings.
    fn learn(air_c: &[Option<f64>], mornings_k: &[Option<f64>]) -> Option<Self> {
        let apart = air_c.iter().zip(mornings_k).filter_map(|(air_c, morning_k)| Some((*air_c)? - (*morning_k)?));
        let mut apart: Vec<f64> = apart.collect();
        let usual_c = median(&mut apart).filter(|_| apart.len() >= MORNINGS)?;
        apart.iter_mut().for_each(|c| *c = (*c - usual_c).abs());
        // The median absolute deviation is 0.6745 of a normal distribution's sd.
        let sd_k = median(&mut apart)? / 0.6745;
        Some(Self { usual_c, var: sd_k.clamp(SUN_SD_K.0, SUN_SD_K.1).powi(2) })
    }

    fn expect(self, morning_k: f64) -> Reading {
        Reading::new(self.usual_c + morning_k, self.var)
    }
}

impl Seen {
    fn tells(&self) -> bool {
        !self.siblings.is_empty() || self.morning.is_some()
    }

    /// What all of it says together when the air is thought to be `air_c`, and the variance of that, degC and K^2: what is far off
    /// pulls no harder.
    fn about(&self, air_c: f64) -> Option<(f64, f64)> {
        let of_siblings = self.siblings.iter().filter_map(|t| Some((t.about(air_c)?, WARMER)));
        let (sum, n) = of_siblings.chain(self.morning.map(|r| (r, 1.0))).fold((0.0, 0.0), |(sum, n), (r, warmer)| {
            let weight = r.weight(air_c, warmer);
            (sum + weight * r.ta_c, n + weight)
        });
        (n > 0.0).then(|| (sum / n, n.recip()))
    }

    /// What each sibling says by itself.
    fn readings(&self) -> Vec<Reading> {
        self.siblings.iter().filter_map(|t| t.about(f64::NEG_INFINITY)).collect()
    }

    /// Variance of all of it together towards warmer air than `air_c`, which is unsure by `sd_k`.
    fn upward(&self, air_c: f64, sd_k: f64) -> Option<f64> {
        let of_siblings = self.siblings.iter().filter_map(|t| t.upward(air_c, sd_k));
        let n: f64 = of_siblings.chain(self.morning).map(|r| r.weight(air_c, 1.0)).sum();
        (n > 0.0).then(|| n.recip())
    }
}

impl Sibling<'_> {
    /// The same with its days before `today` only.
    fn before(&self, today: Day) -> Self {
        Self { days: &self.days[..self.days.partition_point(|d| d.day < today)], ..*self }
    }

    /// What its hot hours of a day say, of all of whose days `heats` are the currents that stand for the heat; `None` of a day
    /// or a machine that says nothing.
    fn read(&self, day: Day, heats: &[Option<Heat>], rose_together: &[&Trend]) -> Option<Thermometer> {
        let place = self.days.binary_search_by_key(&day, |d| d.day).ok()?;
        let record = self.days.get(place).filter(|record| !record.is_unwell())?;
        let reference = self.health.reference()?;
        let own_life = day >= self.health.valid_from;
        let baseline =
            if own_life && self.health.learned { self.health.baseline } else { self.health.remembered_baseline()? };
        let excess_k = if own_life {
            let at = f64::from(day) + 0.5;
            let of_room_k = rose_together.iter().map(|trend| trend.excess_k(at)).reduce(f64::min);
            self.health.trend.map_or(0.0, |trend| trend.excess_k(at) - of_room_k.unwrap_or(0.0))
        } else {
            record.excess_k().unwrap_or(0.0)
        };
        let heat = heats.get(place).copied().flatten().unwrap_or(reference.usual());
        let at = reference.conditions(START_C, heat, record.hot.bar());
        Some(Thermometer::new(&baseline, at, excess_k, record.hot.td_c()?, self.health.noise.sd_k))
    }
}

/// The air in degC that the siblings' readings of one day agree on by themselves; `None` without any.
fn agreed(readings: &[Reading]) -> Option<f64> {
    let mean = |weight: &dyn Fn(&Reading) -> f64| {
        let (sum, n) = readings.iter().fold((0.0, 0.0), |(sum, n), r| {
            let weight = weight(r);
            (sum + weight * r.ta_c, n + weight)
        });
        (n > 0.0).then(|| sum / n)
    };
    let mut air_c = mean(&|r| r.precision)?;
    for _ in 0..TURNS {
        air_c = mean(&|r| r.weight(air_c, WARMER))?;
    }
    Some(air_c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ha::baseline::{Baseline, Conditions};
    use crate::sd::day::Point;

    /// Follows the air kelvin for kelvin, whatever it is.
    const OPEN: Baseline = Baseline { theta: [20.0, 0.0, 84.0, 10.0, 5.0, 0.3, 0.5, 1.0] };

    fn reads(ta_c: f64) -> Thermometer {
        let at = Conditions { ta_c, ..Conditions::default() };
        Thermometer::new(&OPEN, at, 0.0, OPEN.expect(&at, 0.0).td_c, 0.84)
    }

    fn days(n: Day) -> Vec<DayRecord> {
        (0..n).map(|day| DayRecord::new(day, Point::default(), Point::default(), None, None)).collect()
    }

    const WEATHER: Weather = Weather { sd_k: 2.0, keeps: 0.7 };

    /// The air of a day whose siblings read this, in a season of `expected_c`.
    fn check(readings_c: &[f64], expected_c: f64, between: (f64, f64)) {
        let seen = [Seen { siblings: readings_c.iter().map(|&ta_c| reads(ta_c)).collect(), morning: None }];
        let first_c = [agreed(&seen[0].readings())];
        let air_c = smoothed(&days(1), &seen, &first_c, &[expected_c], WEATHER).air_c[0].unwrap();
        assert!((between.0..between.1).contains(&air_c), "{readings_c:?} about {expected_c:?}: {air_c}");
    }

    #[test]
    fn what_most_machines_of_a_room_begin_to_read_at_once_is_the_rooms() {
        let trend = |onset_day: f64| Trend { onset_day, shape: 0, coefficient: 3.0 };
        let check = |own: Option<f64>, siblings: &[Option<f64>], expected: usize| {
            let healths: Vec<Health> =
                siblings.iter().map(|onset| Health { trend: onset.map(trend), ..Health::default() }).collect();
            let siblings: Vec<Sibling<'_>> =
                healths.iter().map(|health| Sibling { days: &[], health, switching_h: None }).collect();
            let own = own.map(trend);
            assert_eq!(rose_together(own.as_ref(), &siblings).len(), expected, "{own:?} {expected}");
        };
        check(Some(100.0), &[Some(104.0)], 2);
        check(Some(100.0), &[Some(97.0), Some(103.0), None], 3);
        check(None, &[Some(97.0), Some(103.0)], 2);
        // A cooler of one's own, two that clog weeks apart, two of five.
        check(Some(100.0), &[None], 0);
        check(None, &[Some(100.0)], 0);
        check(Some(100.0), &[Some(130.0)], 0);
        check(Some(100.0), &[Some(101.0), None, None, None], 0);
    }

    #[test]
    fn a_morning_tells_of_its_day_as_well_as_it_has_done_so_far() {
        let check = |sun_k: f64, known: usize, expected: Option<(f64, f64)>| {
            let morning_k = |day: usize| (day * 7 % 11) as f64 / 2.0 - 2.5;
            let sun = |day: usize| if day.is_multiple_of(2) { sun_k } else { -sun_k };
            let air_c: Vec<Option<f64>> = (0..known).map(|day| Some(30.0 + morning_k(day) + sun(day))).collect();
            let mornings_k: Vec<Option<f64>> = (0..known).map(|day| Some(morning_k(day))).collect();
            let told = ByMorning::learn(&air_c, &mornings_k).map(|by_morning| by_morning.expect(4.0));
            match (told, expected) {
                (Some(told), Some((ta_c, sd_k))) => {
                    assert!((told.ta_c - ta_c).abs() <= sun_k && (told.over_sd.recip() - sd_k).abs() < 1.0, "{told:?}");
                }
                (told, expected) => assert_eq!(told.is_some(), expected.is_some(), "{told:?}"),
            }
        };
        check(0.0, 40, Some((34.0, 1.0)));
        check(1.5, 40, Some((34.0, 2.2)));
        check(8.0, 40, Some((34.0, 3.0)));
        check(0.0, 9, None);
    }

    #[test]
    fn siblings_agree_on_an_air() {
        // One sibling is believed, all but for what the season says.
        check(&[31.0], 28.0, (29.8, 30.8));
        // Of four, a clogged one hardly counts.
        check(&[30.0, 30.4, 29.8, 42.0], 29.0, (29.7, 30.8));
        // What all of them say is the weather.
        check(&[33.0, 33.5, 32.5], 28.0, (32.0, 33.2));
        check(&[36.0], 28.0, (32.8, 35.0));
        let alone = [Reading::new(30.0, 1.2), Reading::new(31.0, 1.2)];
        assert!(agreed(&alone).is_some_and(|c| (30.3..30.6).contains(&c)) && agreed(&[]).is_none());
    }

    #[test]
    fn a_day_without_a_sibling_at_work_is_told_by_its_morning_and_the_days_beside_it() {
        let at_work = |ta_c: f64| Seen { siblings: vec![reads(ta_c)], morning: None };
        let seen = [
            at_work(32.0),
            Seen { siblings: Vec::new(), morning: Some(Reading::new(33.0, 4.0)) },
            Seen::default(),
            at_work(31.0),
        ];
        let first_c: Vec<Option<f64>> = seen.iter().map(|seen| agreed(&seen.readings())).collect();
        let air_c = smoothed(&days(4), &seen, &first_c, &[28.0; 4], WEATHER).air_c;
        assert!(air_c[1].is_some_and(|c| (30.5..32.5).contains(&c)) && air_c[2].is_none(), "{air_c:?}");
    }
}
