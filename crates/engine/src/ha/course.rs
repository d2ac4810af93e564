//! One feature of one machine from day to day: the own normal, and the last month.
//!
//! The normal is learned from the first days, robustly, and then follows slowly behind: a day joins it two weeks later, and
//! only if it was an ordinary one and nothing is being said of the feature. A fault that creeps is seen before it has become normal; a machine that ages within its
//! noise is not accused of it. Kept in bytes, because every machine has several: 56 of them per feature.

use serde::{Deserialize, Serialize};

use super::points::median;
use crate::sd::day::Day;
use crate::sd::feature::{Feature, Scale};

/// Days that a course shows.
pub(crate) const COURSE_DAYS: usize = HALF * 2;
const HALF: usize = 16;
/// Days that make a normal.
const LEARN_DAYS: u8 = 12;
/// The same when a former normal's spread is known.
const RELEARN_DAYS: u8 = 6;
/// A day joins the normal so many days later.
const JOINS_AFTER: usize = 14;
/// The normal has the memory of so many days.
const MEMORY_DAYS: u8 = 60;
/// An onset so many days ago has enough days before it to be seen.
const ONSET_SEEN_DAYS: f64 = 26.0;
/// No day.
const ABSENT: u8 = u8::MAX;
/// The place of `base`: more room above, because most faults raise what they touch.
const BASE_PLACE: f64 = 90.0;

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Course {
    pub(crate) feature: Feature,
    /// Days in the normal, at most [`MEMORY_DAYS`].
    in_normal: u8,
    newest: Day,
    /// What [`BASE_PLACE`] stands for, as compared.
    base: f32,
    normal: f32,
    var: f32,
    /// Newest first.
    days: [[u8; HALF]; 2],
    pub(crate) holds: [Hold; 2],
    relearned: bool,
    /// Days before the newest at which what is held began; 0 = nothing is.
    onset_ago: u8,
}

/// The grade that a symptom of this feature holds, and how long it has asked for another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hold {
    /// 0 none, 1 watch, 2 advise, 3 urgent.
    pub(crate) grade: u8,
    pub(crate) rising_days: u8,
    pub(crate) falling_days: u8,
}

/// The own normal of a feature, as compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Normal {
    pub(crate) mean: f64,
    /// Day-to-day.
    pub(crate) sd: f64,
    /// Of the mean.
    pub(crate) mean_sd: f64,
}

/// One day of a course: age in days, value as compared.
pub(crate) type Dated = (f64, f64);

impl Course {
    pub(crate) fn new(feature: Feature) -> Self {
        Self {
            feature,
            in_normal: 0,
            newest: 0,
            base: 0.0,
            normal: 0.0,
            var: 0.0,
            days: [[ABSENT; HALF]; 2],
            holds: [Hold::default(); 2],
            relearned: false,
            onset_ago: 0,
        }
    }

    /// Files a closed day's value, in the feature's own unit.
    pub(crate) fn push(&mut self, day: Day, value: f64) {
        let Some(value) = self.scale().compared(value).filter(|_| day > self.newest) else { return };
        if self.in_normal == 0 && self.places().all(|p| p == ABSENT) {
            self.base = value as f32;
            self.newest = day;
        }
        self.shift(usize::from(day - self.newest));
        self.newest = day;
        self.set(0, value);
        if self.is_learned() { self.follow() } else { self.learn() }
    }

    /// The normal, once it is learned.
    pub(crate) fn normal(&self, noise: f64) -> Option<Normal> {
        let sd = f64::from(self.var).max(0.0).sqrt().max(noise);
        // Days are not independent: half of them count.
        let mean_sd = sd / (0.5 * f64::from(self.in_normal.max(1))).sqrt();
        self.is_learned().then(|| Normal { mean: f64::from(self.normal), sd, mean_sd })
    }

    /// The days of the course, oldest first, each the median of itself and its neighbours: one odd day is no course.
    pub(crate) fn dated(&self, today: Day) -> Vec<Dated> {
        let ago = f64::from(today.saturating_sub(self.newest));
        let raw: Vec<Dated> =
            (0..COURSE_DAYS).rev().filter_map(|place| Some((ago + place as f64, self.get(place)?))).collect();
        let smooth = |i: usize| {
            let around = &raw[i.saturating_sub(1)..(i + 2).min(raw.len())];
            median(&mut around.iter().map(|d| d.1).collect::<Vec<_>>()).unwrap_or(raw[i].1)
        };
        // At either end a day has but one neighbour: the middle of three is taken there too.
        let at = |i: usize| if raw.len() < 3 { i } else { i.clamp(1, raw.len() - 2) };
        (0..raw.len()).map(|i| (raw[i].0, smooth(at(i)))).collect()
    }

    /// Median of the last days, at most five of the last nine; `None` when fewer than three are known.
    pub(crate) fn level(&self, today: Day) -> Option<f64> {
        let ago = usize::from(today.saturating_sub(self.newest));
        let mut recent: Vec<f64> =
            (0..9_usize.saturating_sub(ago)).filter_map(|place| self.get(place)).take(5).collect();
        (recent.len() >= 3).then(|| median(&mut recent)).flatten()
    }

    /// Of the last two days' values the one that lies less to this side (1 up, -1 down), when both are of the last four days:
    /// quicker than [`Course::level`], and as safe from a single odd day.
    pub(crate) fn least_of_two(&self, today: Day, sign: f64) -> Option<f64> {
        let ago = usize::from(today.saturating_sub(self.newest));
        let mut recent = (0..4_usize.saturating_sub(ago)).filter_map(|place| self.get(place));
        Some(sign * (sign * recent.next()?).min(sign * recent.next()?))
    }

    /// Sum of the last three days, for counts.
    pub(crate) fn recent_sum(&self, today: Day) -> f64 {
        let ago = usize::from(today.saturating_sub(self.newest));
        (0..3_usize.saturating_sub(ago)).filter_map(|place| self.get(place)).fold(0.0, |sum, events| sum + events)
    }

    /// The course of the mean of this feature and another of the same scale, day by day. It holds what the other holds.
    pub(crate) fn mean_with(&self, other: &Self, feature: Feature) -> Self {
        let (mut own, mut others) = (self.clone(), other.clone());
        let newest = own.newest.max(others.newest);
        own.shift(usize::from(newest - own.newest));
        others.shift(usize::from(newest - others.newest));
        let half = |a: f32, b: f32| 0.5 * (a + b);
        let mut mean = Self {
            in_normal: own.in_normal.min(others.in_normal),
            newest,
            base: half(own.base, others.base),
            normal: half(own.normal, others.normal),
            var: 0.5 * half(own.var, others.var),
            holds: other.holds,
            relearned: own.relearned && others.relearned,
            ..Self::new(feature)
        };
        // A day on which one is known stands for what that one shows beyond its normal.
        let beyond = |course: &Self, place: usize| course.get(place).map(|value| value - f64::from(course.normal));
        for place in 0..COURSE_DAYS {
            let beyond = match (beyond(&own, place), beyond(&others, place)) {
                (Some(a), Some(b)) => Some(0.5 * (a + b)),
                (a, b) => a.or(b),
            };
            beyond.into_iter().for_each(|beyond| mean.set(place, f64::from(mean.normal) + beyond));
        }
        mean
    }

    /// Begin of a change that a grade is held for and that seems to be `onset_days` old. It is remembered: once the course no longer
    /// shows the days before it, its age can only be guessed, and would be guessed too great.
    pub(crate) fn onset(&mut self, today: Day, onset_days: f64) -> Day {
        let seems = today.saturating_sub(onset_days as Day);
        let known = Some(self.newest.saturating_sub(Day::from(self.onset_ago))).filter(|_| self.onset_ago > 0);
        let onset = known.filter(|_| onset_days > ONSET_SEEN_DAYS).map_or(seems, |known| known.max(seems));
        self.onset_ago = u8::try_from(self.newest.saturating_sub(onset)).unwrap_or(u8::MAX).max(1);
        onset
    }

    /// Forgets when it began, if nothing is held any more.
    pub(crate) fn forget_onset(&mut self) {
        if self.holds.iter().all(|hold| hold.grade == 0) {
            self.onset_ago = 0;
        }
    }

    /// Whether days since `since` show a new level to learn as normal. Keeps the spread.
    pub(crate) fn relearn(&mut self, since: Day) {
        let keep = usize::from(self.newest.saturating_sub(since)) + 1;
        for place in keep..COURSE_DAYS {
            self.days[place / HALF][place % HALF] = ABSENT;
        }
        self.relearned = true;
        self.in_normal = 0;
        (self.holds, self.onset_ago) = ([Hold::default(); 2], 0);
        self.learn();
    }

    /// Forgets the days before work that changed the part, and learns anew.
    pub(crate) fn restart(&mut self) {
        self.days = [[ABSENT; HALF]; 2];
        self.relearned = self.is_learned();
        self.in_normal = 0;
        (self.holds, self.onset_ago) = ([Hold::default(); 2], 0);
    }

    pub(crate) const fn newest(&self) -> Day {
        self.newest
    }

    pub(crate) const fn scale(&self) -> Scale {
        self.feature.scale()
    }

    const fn is_learned(&self) -> bool {
        self.in_normal >= if self.relearned { RELEARN_DAYS } else { LEARN_DAYS }
    }

    fn places(&self) -> impl Iterator<Item = u8> + '_ {
        self.days.iter().flatten().copied()
    }

    fn get(&self, place: usize) -> Option<f64> {
        let kept = *self.days.get(place / HALF)?.get(place % HALF)?;
        (kept != ABSENT).then(|| f64::from(self.base) + (f64::from(kept) - BASE_PLACE) * self.scale().step())
    }

    fn set(&mut self, place: usize, value: f64) {
        let kept = ((value - f64::from(self.base)) / self.scale().step() + BASE_PLACE).round().clamp(0.0, 254.0) as u8;
        self.days[place / HALF][place % HALF] = kept;
    }

    fn shift(&mut self, by: usize) {
        if by == 0 {
            return;
        }
        if self.onset_ago > 0 {
            self.onset_ago = self.onset_ago.saturating_add(u8::try_from(by).unwrap_or(u8::MAX));
        }
        for place in (0..COURSE_DAYS).rev() {
            let from = place.checked_sub(by);
            self.days[place / HALF][place % HALF] = from.map_or(ABSENT, |from| self.days[from / HALF][from % HALF]);
        }
    }

    /// Median and spread of all days so far.
    fn learn(&mut self) {
        let mut values: Vec<f64> = (0..COURSE_DAYS).filter_map(|place| self.get(place)).collect();
        self.in_normal = values.len().min(usize::from(MEMORY_DAYS)) as u8;
        let Some(middle) = median(&mut values) else { return };
        let mut off: Vec<f64> = values.iter().map(|v| (v - middle).abs()).collect();
        // The median absolute deviation is 0.6745 of a normal distribution's sd; few days understate it.
        let spread = median(&mut off).unwrap_or(0.0) / 0.6745 * 1.2;
        self.normal = middle as f32;
        self.var = if self.relearned { self.var.max((spread * spread) as f32) } else { (spread * spread) as f32 };
        if self.is_learned() && !self.feature.is_count() {
            self.rebase(middle);
        }
    }

    /// Puts the normal where there is room around it, whatever the first day was.
    fn rebase(&mut self, middle: f64) {
        let values: Vec<Option<f64>> = (0..COURSE_DAYS).map(|place| self.get(place)).collect();
        self.base = middle as f32;
        for (place, value) in values.into_iter().enumerate() {
            value.into_iter().for_each(|value| self.set(place, value));
        }
    }

    /// Lets the day of two weeks ago join the normal, if it was an ordinary one.
    fn follow(&mut self) {
        let Some(value) = self.get(JOINS_AFTER).filter(|_| self.holds.iter().all(|hold| hold.grade == 0)) else {
            return;
        };
        let off = value - f64::from(self.normal);
        let sd = f64::from(self.var).sqrt().max(self.scale().step());
        if off.abs() > 2.5 * sd {
            return;
        }
        self.in_normal = (self.in_normal + 1).min(MEMORY_DAYS);
        let share = 1.0 / f64::from(self.in_normal);
        self.normal += (share * off) as f32;
        self.var += (share * (off * off - f64::from(self.var))) as f32;
    }
}
