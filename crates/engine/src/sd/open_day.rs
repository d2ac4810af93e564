//! The day that is still open: sums of the running hour, and the closed hours' means.

use foretell_model::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};
use serde::{Deserialize, Serialize};

use super::day::{Day, DayRecord, Point, start_of};
use super::excursions::UsualHot;
use super::loaded_hours::LoadedHours;
use super::sum::Sum;
use super::tally::Tally;

/// [`OpenHour::number`] of the hour after the next midnight.
const LAST: u8 = 24;
/// An hour with less loaded-steady time says too little.
const HOUR_COVERED_MS: i64 = 8 * MINUTE_MS;
/// A temperature that is held for so long, loaded, is the machine's: a controller warns at its limit and does not wait for the hour
/// to be over. Within an hour it varies with load and speed, by 2 to 5 K.
const HELD_MS: i64 = 10 * MINUTE_MS;
/// One reading may be its noise.
const HELD_SAMPLES: u16 = 2;

/// One loaded-steady sample, already checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SteadySample {
    pub(crate) td_c: f32,
    pub(crate) ta_c: Option<f32>,
    pub(crate) heat_a: f32,
    pub(crate) bar: Option<f32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct OpenHour {
    /// Full hours from the day's midnight to its begin: 0 to 24, because a day closes a little after the next midnight.
    number: u8,
    td: Sum,
    ta: Sum,
    heat: Sum,
    bar: Sum,
    steady_ms: i32,
    /// The stretch of [`HELD_MS`] that is open.
    held: Sum,
    held_ms: i32,
    running_ms: i32,
    loaded_ms: i32,
    known_ms: i32,
}

/// A closed hour, for the weekly duty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClosedHour {
    pub(crate) start: Timestamp,
    /// Share of the hour running; `None` when most of the hour is unknown.
    pub(crate) running_share: Option<f64>,
    /// Mean current while loaded and warm, A.
    pub(crate) amps_a: Option<f64>,
    /// Time loaded, ms.
    pub(crate) loaded_ms: i32,
    /// Time of which anything is known, ms.
    pub(crate) known_ms: i32,
}

/// Accumulates one day of a site.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct OpenDay {
    day: Day,
    hour: OpenHour,
    hours: LoadedHours,
    /// Highest temperature that was held, degC.
    peak_c: Option<f32>,
    soak_c: Option<f32>,
    /// The last temperature of a machine at rest, which the next one must confirm, degC.
    soaked_c: Option<f32>,
    running_ms: i32,
    loaded_ms: i32,
    pub(crate) tally: Tally,
}

impl OpenDay {
    pub(crate) fn new(day: Day) -> Self {
        Self { day, ..Self::default() }
    }

    /// Begins another day and keeps the allocation. `usual_hot` is the most of the last days.
    pub(crate) fn restart(&mut self, day: Day, usual_hot: Option<UsualHot>) {
        let mut tally = std::mem::take(&mut self.tally);
        tally.restart(usual_hot);
        let hour = if self.goes_on(day) { OpenHour { number: 0, ..self.hour } } else { OpenHour::default() };
        *self = Self { day, hour, tally, ..Self::default() };
    }

    /// Whether the open hour is the first of the day that follows. It began a little before this one closed, and is not cut in two.
    fn goes_on(&self, next: Day) -> bool {
        self.hour.number == LAST && next == self.day.saturating_add(1)
    }

    pub(crate) const fn day(&self) -> Day {
        self.day
    }

    /// The begin of the hour that is open, if it has a point to which the ambient is not known.
    pub(crate) fn wants_air(&self) -> Option<Timestamp> {
        let wants = self.hour.td.n() > 0 && self.hour.ta.n() == 0;
        wants.then(|| self.begin_of(self.hour.number))
    }

    /// Accounts for the `span_ms` that this sample speaks for; returns the hour that it closes, if any. `air_c` is the ambient of
    /// that hour by a sibling's sensor, degC.
    pub(crate) fn advance(
        &mut self,
        ts: Timestamp,
        span_ms: i64,
        (running, loaded): (bool, bool),
        air_c: Option<f64>,
    ) -> Option<ClosedHour> {
        let number = self.number_of(ts);
        let closed = (number != self.hour.number).then(|| self.close_hour(air_c)).flatten();
        self.hour.number = number;
        let span_ms = span_ms.clamp(0, DAY_MS) as i32;
        self.hour.known_ms += span_ms;
        if running {
            self.hour.running_ms += span_ms;
            self.running_ms = self.running_ms.saturating_add(span_ms).min(DAY_MS as i32);
        }
        if loaded {
            self.hour.loaded_ms += span_ms;
            self.loaded_ms = self.loaded_ms.saturating_add(span_ms).min(DAY_MS as i32);
        }
        closed
    }

    /// Adds a loaded-steady sample, and the `span_ms` that it speaks for, to the running hour.
    pub(crate) fn add_steady(&mut self, sample: SteadySample, span_ms: i64) {
        let hour = &mut self.hour;
        let span_ms = span_ms.clamp(0, DAY_MS) as i32;
        hour.steady_ms += span_ms;
        hour.td.add(sample.td_c);
        hour.held_ms += span_ms;
        hour.held.add(sample.td_c);
        if i64::from(hour.held_ms) >= HELD_MS && hour.held.n() >= HELD_SAMPLES {
            let held_c = std::mem::take(&mut hour.held).mean().map(|c| c as f32);
            hour.held_ms = 0;
            self.peak_c = self.peak_c.into_iter().chain(held_c).reduce(f32::max);
        }
        hour.heat.add(sample.heat_a);
        let hour = &mut self.hour;
        sample.ta_c.into_iter().for_each(|v| hour.ta.add(v));
        sample.bar.into_iter().for_each(|v| hour.bar.add(v));
    }

    /// Notes the temperature of a machine that has soaked at ambient. The coldest counts, and of two in a row the warmer: a
    /// sensor that drops to zero for once says nothing of a cold night.
    pub(crate) fn set_soak(&mut self, td_c: f32) {
        let confirmed_c = self.soaked_c.replace(td_c).map(|before_c| before_c.max(td_c));
        self.soak_c = [self.soak_c, confirmed_c].into_iter().flatten().reduce(f32::min);
    }

    /// Coolest loaded-steady hour so far, degC.
    pub(crate) fn coolest_c(&self) -> Option<f64> {
        self.hours.coolest_c()
    }

    /// Mean of the running hour so far, degC.
    pub(crate) fn hour_mean_c(&self) -> Option<f64> {
        self.hour.td.mean()
    }

    fn begin_of(&self, number: u8) -> Timestamp {
        start_of(self.day) + i64::from(number) * HOUR_MS
    }

    fn number_of(&self, ts: Timestamp) -> u8 {
        ((ts - start_of(self.day)) / HOUR_MS).clamp(0, i64::from(LAST)) as u8
    }

    fn close_hour(&mut self, air_c: Option<f64>) -> Option<ClosedHour> {
        let hour = std::mem::take(&mut self.hour);
        let counted_h = self.tally.end_hour();
        if hour.known_ms == 0 {
            return None;
        }
        let start = self.begin_of(hour.number);
        let point = (i64::from(hour.steady_ms) >= HOUR_COVERED_MS)
            .then(|| Some(Point::new(hour.td.mean()?, hour.ta.mean(), hour.heat.mean()?, hour.bar.mean())))
            .flatten();
        let share = f64::from(hour.loaded_ms) / f64::from(hour.running_ms.max(1));
        let mean_c = point.and_then(|hour| hour.td_c()).map(|c| c as f32);
        self.peak_c = self.peak_c.into_iter().chain(mean_c).reduce(f32::max);
        point.into_iter().for_each(|hour| self.hours.add(hour.beside(air_c).loaded(share)));
        let known = i64::from(hour.known_ms) * 2 >= HOUR_MS;
        let running_share = known.then(|| (f64::from(hour.running_ms) / f64::from(hour.known_ms)).clamp(0.0, 1.0));
        let loaded_ms = counted_ms(counted_h, hour.known_ms).unwrap_or(hour.loaded_ms);
        Some(ClosedHour { start, running_share, amps_a: hour.heat.mean(), loaded_ms, known_ms: hour.known_ms })
    }

    /// Ends the day before a reading of `next`: the last hour, of which `air_c` is the ambient by a sibling's sensor, and the day's
    /// record. `loaded_a` is the usual loaded current; `switches` whether the machine loads and unloads.
    pub(crate) fn close(
        &mut self,
        next: Day,
        loaded_a: Option<f64>,
        switches: bool,
        air_c: Option<f64>,
    ) -> (Option<ClosedHour>, DayRecord) {
        let last = if self.goes_on(next) { None } else { self.close_hour(air_c) };
        let (mut hot, mut cool) = self.hours.points();
        if !switches {
            // The mean current of one that varies its speed holds what it idled.
            (hot, cool) = (hot.loaded(1.0), cool.loaded(1.0));
        }
        let loaded_a = self.tally.loaded_a().or(loaded_a);
        let unloaded_share = loaded_a.zip(self.tally.unloaded_a()).map(|(loaded, unloaded)| unloaded / loaded);
        let record = DayRecord::new(self.day, hot, cool, self.peak_c.map(f64::from), self.soak_c.map(f64::from))
            .with_hours(hours(self.running_ms), hours(self.loaded_ms), unloaded_share);
        (last, record)
    }
}

/// Loaded time by the counter, if what it counted can have happened in the time that is known; a counter in whole hours
/// is right on average.
fn counted_ms(counted_h: Option<f64>, known_ms: i32) -> Option<i32> {
    let counted_ms = counted_h? * HOUR_MS as f64;
    let most_ms = f64::from(known_ms).max(HOUR_MS as f64) + 15.0 * MINUTE_MS as f64;
    (0.0..=most_ms).contains(&counted_ms).then_some(counted_ms as i32)
}

fn hours(ms: i32) -> f64 {
    f64::from(ms) / HOUR_MS as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_becomes_its_hottest_and_coolest_hours() {
        let start = Timestamp::parse("2026-07-01T00:00:00Z").unwrap();
        let mut day = OpenDay::new(super::super::day::day_of(start).unwrap());
        for minute in 0..24 * 60 {
            let ts = start + minute * MINUTE_MS;
            day.advance(ts, MINUTE_MS, (true, true), None);
            let sample = SteadySample {
                td_c: 80.0 + (minute / 60) as f32,
                ta_c: Some((minute / 60) as f32),
                heat_a: 100.0,
                bar: None,
            };
            day.add_steady(sample, MINUTE_MS);
        }
        let next = day.day() + 1;
        let (_, record) = day.close(next, Some(100.0), true, None);
        assert_eq!((record.hot.td_c(), record.cool().td_c()), (Some(101.5), Some(81.5)));
        assert_eq!((record.peak_c(), record.run_h()), (Some(103.0), 24.0));
    }

    #[test]
    fn the_peak_is_what_was_held_for_ten_minutes_and_not_one_reading() {
        let start = Timestamp::parse("2026-07-01T00:00:00Z").unwrap();
        let peak_c = |every_min: i64, td_c: fn(i64) -> f32| {
            let mut day = OpenDay::new(super::super::day::day_of(start).unwrap());
            for minute in (0..24 * 60).step_by(every_min as usize) {
                day.advance(start + minute * MINUTE_MS, every_min * MINUTE_MS, (true, true), None);
                let sample = SteadySample { td_c: td_c(minute), ta_c: None, heat_a: 100.0, bar: None };
                day.add_steady(sample, every_min * MINUTE_MS);
            }
            let next = day.day() + 1;
            day.close(next, Some(100.0), true, None).1.peak_c().map(f64::round)
        };
        let surge = |minute: i64| if (600..620).contains(&minute) { 92.0 } else { 80.0 };
        assert_eq!(peak_c(1, surge), Some(92.0));
        assert_eq!(peak_c(5, surge), Some(92.0));
        assert_eq!(peak_c(15, surge), Some(92.0));
        let spike = |minute: i64| if minute == 600 { 100.0 } else { 80.0 };
        assert_eq!(peak_c(1, spike), Some(82.0));
        assert_eq!(peak_c(15, spike), Some(90.0));
    }

    #[test]
    fn the_hour_after_midnight_is_that_of_the_next_day() {
        let start = Timestamp::parse("2026-07-01T00:00:00Z").unwrap();
        let number = super::super::day::day_of(start).unwrap();
        let mut day = OpenDay::new(number);
        let closed = |day: &mut OpenDay, minutes: std::ops::Range<i64>| -> Vec<Timestamp> {
            let hours = minutes.filter_map(|minute| {
                day.advance(start + minute * MINUTE_MS, MINUTE_MS, (true, true), None).map(|hour| hour.start)
            });
            hours.collect()
        };
        let begins = closed(&mut day, 40..24 * 60 + 40);
        assert_eq!(begins, (0..24).map(|hour| start + hour * HOUR_MS).collect::<Vec<_>>());
        // A reading of two days later ends that hour as well; one of the next day does not, and the hour goes on whole.
        let (last, record) = day.clone().close(number + 2, None, true, None);
        assert_eq!(last.map(|hour| (hour.start, hour.known_ms)), Some((start.plus_days(1.0), 40 * MINUTE_MS as i32)));
        assert_eq!(record.run_h(), 24.0);
        assert!(day.close(number + 1, None, true, None).0.is_none());
        day.restart(number + 1, None);
        day.advance(start.plus_days(1.0) + 50 * MINUTE_MS, 20 * MINUTE_MS, (true, true), None);
        let first = day.advance(start.plus_days(1.0) + HOUR_MS, MINUTE_MS, (true, true), None).unwrap();
        assert_eq!((first.start, first.known_ms), (start.plus_days(1.0), HOUR_MS as i32));
    }
}
