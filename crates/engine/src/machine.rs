//! One machine's state and what a reading does to it. O(1) and free of allocation until the day closes.

use foretell_model::{HOUR_MS, MINUTE_MS, Reading, Signal, Timestamp, widened};
use serde::{Deserialize, Serialize};

use crate::dm::clock::Clock;
use crate::dm::jump::Jump;
use crate::dm::sensors::{AMPS, BAR, Sensors, TA, TD, WATCHED};
use crate::findings::episode::Episodes;
use crate::findings::grade::GradeTracker;
use crate::ha::cold::Cold;
use crate::ha::cool_hours;
use crate::ha::course::Course;
use crate::ha::former::Former;
use crate::ha::health::Health;
use crate::ha::memory::Memory;
use crate::ha::room::Held;
use crate::ha::sign::DatedHold;
use crate::sd::day::{DAYS_KEPT, Day, DayRecord};
use crate::sd::duty::WeeklyDuty;
use crate::sd::excursions::UsualHot;
use crate::sd::feature::Feature;
use crate::sd::open_day::{ClosedHour, OpenDay, SteadySample};
use crate::sd::profile::LoadProfile;
use crate::sd::regime::{Regime, RegimeTracker};
use crate::sd::tally::Seen;
use crate::service::Service;

/// A steady temperature this far from its hour's mean must be confirmed by the next sample, K.
const ODD_K: f64 = 8.0;
/// The signals whose sensors are watched, one bit each as in `Signals::mask`.
const WATCHED_MASK: u16 =
    1 << WATCHED[0] as u16 | 1 << WATCHED[1] as u16 | 1 << WATCHED[2] as u16 | 1 << WATCHED[3] as u16;
/// History grows by so many records at a time, so that a young machine costs little.
const GROW_DAYS: usize = 14;

/// Everything remembered of one machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// Place of its site in the engine's list.
    pub(crate) site: u32,
    pub(crate) clock: Clock,
    pub(crate) late: u32,
    pub(crate) counter_restarts: u32,
    pub(crate) sensors: Sensors,
    /// Last accepted value of every signal, for pages.
    last_values: [f32; Signal::COUNT],
    last_mask: u16,
    pub(crate) regime: RegimeTracker,
    odd: bool,
    pub(crate) open: Option<OpenDay>,
    pub(crate) days: Vec<DayRecord>,
    pub(crate) duty: WeeklyDuty,
    profile: LoadProfile,
    /// Features beside the thermal ones, in order of appearance.
    pub(crate) courses: Vec<Course>,
    /// What is being said of the room.
    pub(crate) hot_room: Held,
    /// What is being said of a valve that regulates nothing.
    pub(crate) unregulated: DatedHold,
    /// Whether its valve keeps it warm.
    pub(crate) cold: Cold,
    pub(crate) health: Health,
    pub(crate) grade: GradeTracker,
    pub(crate) episodes: Episodes,
    pub(crate) service: Service,
}

/// What a reading tells beyond the machine itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Taken {
    /// What the run-hour counter showed before, h, if it restarted with this reading.
    pub(crate) restarted_from_h: Option<f64>,
    /// The room's air, degC, if the inlet's sensor is believed and the inlet was at the room's air.
    pub(crate) room_c: Option<f32>,
}

impl Machine {
    /// Time of the newest reading taken.
    pub(crate) fn last_ts(&self) -> Option<Timestamp> {
        self.clock.last()
    }

    /// Time of the newest reading, also of one that waits to be believed: after days of silence that takes an hour, and whoever asks
    /// meanwhile whether the machine is heard of must not be told of the day before the silence.
    pub(crate) fn heard(&self) -> Option<Timestamp> {
        self.last_ts().max(self.clock.waiting())
    }

    /// Keeps the values of a reading that waits to be believed, for pages alone.
    pub(crate) fn show(&mut self, reading: &Reading) {
        let as_sent = WATCHED.map(|signal| reading.signals.get(signal).map(|value| value as f32));
        self.keep_last(reading, &as_sent);
    }

    /// First of the days of this life since which its valve is known to stand open.
    pub(crate) fn spoilt_from(&self) -> Option<Day> {
        self.cold.spoils_from().map(|since| since.max(self.health.valid_from)).filter(|_| self.health.learned)
    }

    /// The newest accepted values, in the order of [`Signal::ALL`].
    pub(crate) fn last_values(&self) -> impl Iterator<Item = (Signal, f64)> + '_ {
        Signal::ALL
            .into_iter()
            .filter(|s| self.last_mask & (1 << *s as u16) != 0)
            .map(|s| (s, widened(self.last_values[s as usize])))
    }

    /// Whether the reading belongs to a later day than the open one.
    pub(crate) fn closes_day(&self, day: Day) -> bool {
        self.open.as_ref().is_some_and(|open| open.day() != day)
    }

    /// The begin of the open hour, if this reading ends it and the ambient in it is not known.
    pub(crate) fn wants_air(&self, ts: Timestamp, day: Day) -> Option<Timestamp> {
        let open = self.open.as_ref()?;
        open.wants_air().filter(|begin| open.day() != day || !(0..HOUR_MS).contains(&(ts - *begin)))
    }

    /// Ends the open day and files its record. `air_c` is the ambient of its last hour by a sibling's sensor, degC.
    pub(crate) fn close_day(&mut self, next: Day, air_c: Option<f64>) {
        let Some(open) = self.open.as_mut() else { return };
        let (last_hour, record) = open.close(next, self.regime.loaded_a(), self.regime.is_two_level(), air_c);
        last_hour.into_iter().for_each(|hour| self.end_hour(&hour));
        self.profile.end_day();
        self.follow(&record);
        let usual_hot = self.usual_hot(&record);
        self.open.iter_mut().for_each(|open| open.restart(next, usual_hot));
        self.regime.learn_levels();
        // By number and not by age: a clock that runs years ahead for an hour must not cost the history.
        if self.days.len() >= DAYS_KEPT {
            self.days.drain(..=self.days.len() - DAYS_KEPT);
        }
        if self.days.len() == self.days.capacity() {
            self.days.reserve_exact(GROW_DAYS.min(DAYS_KEPT - self.days.len()));
        }
        self.days.push(record);
    }

    /// The most of the last week, which ends with this day.
    fn usual_hot(&self, newest: &DayRecord) -> Option<UsualHot> {
        let week = || self.days.iter().rev().take(6).chain([newest]).filter(|day| day.hot.is_some());
        let most = |value: fn(&DayRecord) -> Option<f64>| week().filter_map(value).reduce(f64::max).map(|v| v as f32);
        let td_c = most(DayRecord::peak_c).filter(|_| self.days.len() >= 3)?;
        Some(UsualHot { td_c, ta_c: most(|day| day.hot.ta_c()), amps_a: most(|day| Some(day.hot.amps_a()))? })
    }

    /// Forgets the heats of the last days and of today: they were those of the machine before it was worked on.
    pub(crate) fn forget_heats(&mut self) {
        self.courses.iter_mut().filter(|c| c.feature.is_count()).for_each(Course::restart);
        self.open.iter_mut().for_each(|open| open.tally.excursions.restart(None));
    }

    /// Goes back to a time before the newest reading, because the machine's clock had been wrong since: what it filed
    /// under the false time is forgotten.
    pub(crate) fn go_back(&mut self, ts: Timestamp, day: Day) {
        self.days.retain(|d| d.day < day);
        self.courses.retain(|c| c.newest() < day);
        if let Some(open) = self.open.as_mut() {
            open.restart(day, None);
        }
        self.sensors.clock_stepped(ts);
    }

    /// Takes a reading that came `dt_ms` after the one before it. `air_c` is the ambient of the hour that it ends, if it ends
    /// one, by a sibling's sensor, degC.
    pub(crate) fn take(&mut self, reading: &Reading, dt_ms: i64, day: Day, air_c: Option<f64>) -> Taken {
        let ts = reading.ts;
        let loaded_a = self.regime.loaded_a().map(|a| a as f32);
        let believed = self.sensors.observe(reading, dt_ms, loaded_a);
        let values = believed.values;
        self.keep_last(reading, &values);
        self.counter_restarts = self.counter_restarts.saturating_add(u32::from(believed.restarted_from_h.is_some()));
        let regime = self.regime.observe(ts, dt_ms, reading.state, values[AMPS]);
        let (running, loaded) = (self.regime.is_running(), self.regime.is_loaded());
        self.sensors.settle(ts, running);
        let open = self.open.get_or_insert_with(|| OpenDay::new(day));
        let span_ms = dt_ms.min(self.regime.speaks_for_ms());
        if let Some(hour) = open.advance(ts, span_ms, (running, loaded), air_c) {
            self.end_hour(&hour);
            if self.days.iter().all(|day| day.hot.td_c().is_none()) {
                // The levels of a machine on its first day of work are needed before the day is over.
                self.regime.learn_levels();
            }
        }
        self.add_to_day(ts, dt_ms, regime, &values);
        let signals = &reading.signals;
        let metered = signals.get(Signal::Power).zip(values[AMPS]).filter(|_| regime == Regime::LoadedSteady);
        if let Some((power_kw, amps_a)) = metered {
            self.service.learn_power(power_kw, amps_a);
        }
        let is_told = reading.state.is_some();
        let seen = Seen {
            ts,
            dt_ms,
            regime,
            is_told,
            td_c: values[TD],
            ta_c: values[TA],
            amps_a: values[AMPS],
            bar: values[BAR],
            signals,
        };
        let jumped_c = signals.get(Signal::DischargeTemp).map(|c| c as f32);
        if let Some(open) = &mut self.open {
            match believed.td_jump {
                Jump::Jumped => open.tally.excursions.expect_heat(&Seen { td_c: jumped_c, ..seen }),
                Jump::Refuted => open.tally.excursions.take_heat_back(),
                Jump::None | Jump::Waits | Jump::Confirmed => {}
            }
            open.tally.add(&seen);
        }
        // The inlet of a machine that has just stopped breathes its own heat.
        let breathes = matches!(regime, Regime::LoadedSteady | Regime::Unloaded) || self.regime.is_rested(ts);
        Taken { restarted_from_h: believed.restarted_from_h, room_c: values[TA].filter(|_| breathes) }
    }

    /// Files a closed hour in the week and, where it is a quiet or a busy one, in the day.
    fn end_hour(&mut self, hour: &ClosedHour) {
        let Some(share) = hour.running_share else { return };
        self.duty.record(hour.start, share);
        let mut loaded_share = f64::from(hour.loaded_ms) / f64::from(hour.known_ms.max(1));
        // A machine of variable speed hardly ever unloads: its current says how much air it makes.
        if !self.regime.is_two_level()
            && let Some(amps_a) = hour.amps_a
        {
            let Some(speed) = self.profile.speed_share(amps_a, self.regime.loaded_a()) else { return };
            loaded_share = loaded_share.min(1.0) * speed;
        }
        let kind = self.profile.record(hour.start, loaded_share);
        if let Some(((kind, share), open)) = kind.zip(self.open.as_mut()) {
            open.tally.add_hour(kind, (share * f64::from(hour.known_ms)) as i32, hour.known_ms);
        }
    }

    /// Lets the features follow a day that has just closed.
    fn follow(&mut self, record: &DayRecord) {
        let Some(open) = self.open.as_ref() else { return };
        let (day, courses) = (record.day, &mut self.courses);
        open.tally.features(|feature, value| file(courses, day, feature, value));
        match record.cool().td_c().zip(record.cool().ta_c()) {
            // A baseline that is just bending around a hot discharge measures nothing.
            Some(_) if self.health.learned && self.health.trend.is_none() => {
                let share = cool_hours::open_share(&self.health, &self.days, record, self.regime.is_two_level());
                share.into_iter().for_each(|share| file(courses, day, Feature::ValveOpenShare, share));
            }
            None if record.hot.ta_c().is_none() => {
                open.coolest_c().into_iter().for_each(|c| file(courses, day, Feature::CoolestHour, c));
            }
            _ => {}
        }
    }

    fn keep_last(&mut self, reading: &Reading, believed: &[Option<f32>; 4]) {
        let mut keep = |signal: Signal, value: f32| {
            self.last_values[signal as usize] = value;
            self.last_mask |= 1 << signal as u16;
        };
        let unchecked = reading.signals.iter().filter(|(signal, _)| WATCHED_MASK & (1 << *signal as u16) == 0);
        unchecked.for_each(|(signal, value)| keep(signal, value as f32));
        // Of those that were checked only what is believed; it was measured, or there would be nothing to believe.
        WATCHED.into_iter().zip(*believed).for_each(|(signal, value)| {
            value.into_iter().for_each(|value| keep(signal, value));
        });
    }

    fn add_to_day(&mut self, ts: Timestamp, dt_ms: i64, regime: Regime, values: &[Option<f32>; 4]) {
        let rests = regime == Regime::Stopped && dt_ms < 60 * MINUTE_MS;
        if rests && self.regime.is_rested(ts) {
            self.sensors.soak();
        }
        let soaked = rests && self.regime.is_soaked(ts);
        let (Some(open), Some(td_c)) = (self.open.as_mut(), values[TD]) else { return };
        match regime {
            Regime::LoadedSteady if dt_ms > 0 => {
                let Some(amps_a) = values[AMPS] else { return };
                let far = |mean: f64| (f64::from(td_c) - mean).abs() > ODD_K;
                self.odd = !self.odd && open.hour_mean_c().is_some_and(far);
                if !self.odd {
                    // What a switching machine draws while loaded; its duty is accounted for by the day.
                    let heat_a = if self.regime.is_two_level() { amps_a } else { self.regime.heat_a() as f32 };
                    open.add_steady(
                        SteadySample { td_c, ta_c: values[TA], heat_a, bar: values[BAR] },
                        dt_ms.min(self.regime.speaks_for_ms()),
                    );
                }
            }
            Regime::Stopped if soaked => open.set_soak(td_c),
            _ => {}
        }
    }
}

/// Files a day's value in the feature's course, which is made on first sight.
fn file(courses: &mut Vec<Course>, day: Day, feature: Feature, value: f64) {
    if let Some(course) = courses.iter_mut().find(|c| c.feature == feature) {
        course.push(day, value);
        return;
    }
    let mut course = Course::new(feature);
    course.push(day, value);
    courses.reserve_exact(1);
    courses.push(course);
}

impl Machine {
    /// Bytes held, on the heap and off.
    pub(crate) fn bytes(&self) -> usize {
        let courses = self.courses.capacity() * size_of::<Course>();
        let extras = self.open.as_ref().map_or(0, |open| open.tally.heap_bytes());
        let former = self.health.former.as_ref().map_or(0, |_| size_of::<Former>());
        size_of::<Self>() + former + self.days.capacity() * size_of::<DayRecord>() + courses + extras + HEAP_FIXED
    }
}

/// The memory of the normal, an open episode or two.
const HEAP_FIXED: usize = size_of::<Memory>() + 200;
