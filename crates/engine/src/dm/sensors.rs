//! All sensors of one machine: each judged by itself, then against the others, against what the machine did and against
//! its siblings.

use foretell_model::{HOUR_MS, MINUTE_MS, Reading, RunState, Signal, Timestamp};
use serde::{Deserialize, Serialize};

use super::channel::{Around, Channel, Trouble, Weights};
use super::counter::{Counted, RunHours};
use super::gap::Gap;
use super::hold::{LONG_PHASE_MIN, Minute};
use super::jump::Jump;
use super::plausible::Plausible;
use crate::ha::soak::Uncertain;

/// Signals whose sensors are watched, with the place of each.
pub(crate) const WATCHED: [Signal; 4] =
    [Signal::DischargeTemp, Signal::MotorCurrent, Signal::AmbientTemp, Signal::DischargePressure];
pub(crate) const TD: usize = 0;
pub(crate) const AMPS: usize = 1;
pub(crate) const TA: usize = 2;
pub(crate) const BAR: usize = 3;
/// Place of the run-hour counter among what can be in trouble.
pub(crate) const HOURS: usize = 4;
/// Everything that can be in trouble.
pub(crate) const SUBJECTS: [Signal; 5] =
    [Signal::DischargeTemp, Signal::MotorCurrent, Signal::AmbientTemp, Signal::DischargePressure, Signal::RunHours];

/// A change of current by this share of the loaded one is a change of load.
const LOAD_CHANGE: f32 = 0.15;
/// Below this share of the loaded current a motor rests.
const REST: f32 = 0.13;
/// Above this share a current is not just a transformer's offset: the motor runs and the reading is a tenth.
const TENTH: f32 = 0.05;
/// A machine found at rest by its current although its counter and its heat say otherwise for so long, min.
const CONTRADICTED_MIN: Minute = 120;
/// After two hours at rest the oil is colder than this, degC.
const WARM_C: f32 = 60.0;
/// After three hours of load it is warmer than this, degC.
const COLD_C: f32 = 48.0;
/// A current that never changes for so long, h, is held against the machine's heat and counter.
const HELD_H: f32 = 3.0;
/// After a rest of so long, minutes, a machine reads its room: of one that cools with 3 h, the slowest, 2 K are left. A night between
/// two shifts leaves up to 8 K, each night the same, and tells of a move only.
const COLD_MIN: Minute = 12 * 60;
/// Moves of a soak's gap below this are never told, K.
const SOAK_FLOOR_K: f32 = 3.0;
/// The same of two ambient sensors of a site: rooms differ from day to day.
const SITE_FLOOR_K: f32 = 4.0;

/// Which of two sensors that disagree is wrong, as far as can be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Culprit {
    /// Nobody.
    #[default]
    Nobody,
    /// The discharge sensor: the ambient agrees with the site's others.
    Discharge,
    /// The ambient sensor: it left the site's others, too.
    Ambient,
    /// One of the two; nothing tells which.
    Either,
}

/// Discharge minus ambient temperature in a long stop.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Soak {
    /// Where they came nearest, K: only a bias keeps them apart all night.
    nearest_k: f32,
    /// Mean, K: how they differ on a usual night, by the iron's lag.
    mean_k: f32,
    /// Ambient, degC.
    at_c: f32,
    samples: u16,
}

/// The machine's sensors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sensors {
    pub(crate) channels: [Channel; 4],
    pub(crate) run_hours: RunHours,
    pub(crate) weights: Weights,
    running: bool,
    phase_since: Minute,
    last_a: f32,
    /// Since when the current is that of a motor at rest, and what the counter then showed, h.
    low_since: Minute,
    low_from_h: f32,
    /// The present long stop.
    soaking: Option<Soak>,
    pub(crate) soak: Gap,
    pub(crate) beside: Gap,
    pub(crate) culprit: Culprit,
    /// Newest day on which the discharge sensor could be compared with anything.
    checked_day: u16,
    /// Newest day on which a restart of the counter was told.
    restart_day: u16,
    /// What was last said of each.
    said: [Trouble; 5],
}

/// By how much the discharge sensor was last off what it usually reads at a cold machine, and on which day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Soaked {
    pub(crate) day: u16,
    pub(crate) departure: Uncertain,
}

/// What a reading was found to be worth.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Believed {
    /// Values in the order of [`WATCHED`].
    pub(crate) values: [Option<f32>; 4],
    /// What the discharge temperature says of a jump.
    pub(crate) td_jump: Jump,
    /// What the run-hour counter showed before it restarted with this reading, h.
    pub(crate) restarted_from_h: Option<f64>,
}

impl Sensors {
    /// Judges a reading. `loaded_a` is the machine's learned loaded current.
    pub(crate) fn observe(&mut self, reading: &Reading, dt_ms: i64, loaded_a: Option<f32>) -> Believed {
        let at = minute_of(reading.ts);
        self.weights.step(dt_ms);
        let amps_a = reading.signals.get(Signal::MotorCurrent).map(|a| a as f32);
        let running = runs(reading.state, amps_a, loaded_a).unwrap_or(self.running);
        let since = at.saturating_sub(self.phase_since);
        let steady = running == self.running && since >= LONG_PHASE_MIN;
        let change_a = amps_a.map_or(0.0, |amps_a| (amps_a - self.last_a).abs());
        let same_load = loaded_a.is_none_or(|loaded_a| change_a <= LOAD_CHANGE * loaded_a);
        let mut believed = Believed::default();
        for (place, signal) in WATCHED.into_iter().enumerate() {
            let Some(plausible) = Plausible::of(signal) else { continue };
            let loaded_a = loaded_a.filter(|_| place == AMPS);
            let around = Around { at, dt_ms, running, steady, same_load, loaded_a };
            let value = reading.signals.get(signal).map(|v| v as f32);
            let (value, jump) = self.channels[place].observe(value, &plausible, &self.weights, &around);
            believed.values[place] = value;
            believed.td_jump = if place == TD { jump } else { believed.td_jump };
        }
        // A current that is not believed says nothing about the counter either.
        let ran = self.running && (believed.values[AMPS].is_some() || reading.state.is_some());
        if let Some(hours) = reading.signals.get(Signal::RunHours)
            && let Counted::Restarted { from_h } = self.run_hours.observe(dt_ms, hours, ran)
        {
            believed.restarted_from_h = Some(from_h);
            self.low_since = 0;
        }
        if let Some(loaded_a) = loaded_a {
            self.weigh_current(at, amps_a, loaded_a);
            self.note_load(believed.values[AMPS], loaded_a);
        }
        believed
    }

    /// Tells what the machine was found to do with this reading.
    pub(crate) fn settle(&mut self, ts: Timestamp, running: bool) {
        if running == self.running && self.phase_since != 0 {
            return;
        }
        let at = minute_of(ts);
        let phase_min = if self.phase_since == 0 { 0 } else { at.saturating_sub(self.phase_since) };
        if phase_min >= LONG_PHASE_MIN {
            self.channels[TD].hold.phase_ended();
        }
        (self.running, self.phase_since) = (running, at);
        self.end_soak(ts, phase_min >= COLD_MIN);
    }

    /// Notes that a machine rests at ambient: both temperatures should read the room.
    pub(crate) fn soak(&mut self) {
        let Some((td_c, ta_c)) = self.channels[TD].sound().zip(self.channels[TA].sound()) else { return };
        let gap_k = td_c - ta_c;
        let soak = self.soaking.get_or_insert(Soak { nearest_k: gap_k, mean_k: gap_k, at_c: ta_c, samples: 0 });
        soak.samples = soak.samples.saturating_add(1);
        soak.nearest_k = nearer_zero(soak.nearest_k, gap_k);
        let weight = 1.0 / f32::from(soak.samples);
        soak.mean_k += weight * (gap_k - soak.mean_k);
        soak.at_c += weight * (ta_c - soak.at_c);
    }

    /// Closes a day. `beside` is the ambient against the site's other ambient sensors, K, with the ambient itself, degC;
    /// `soaked_beside` the same of cold discharge temperatures, for machines without an ambient sensor.
    pub(crate) fn close_day(&mut self, day: u16, beside: Option<(f64, f64)>, soaked_beside: Option<(f64, f64)>) {
        if let Some((gap_k, at_c)) = beside {
            self.beside.observe(gap_k as f32, None, at_c as f32, SITE_FLOOR_K);
        }
        if let Some((gap_k, at_c)) = soaked_beside.filter(|_| !self.channels[TA].is_known()) {
            self.soak.observe(gap_k as f32, Some(gap_k as f32), at_c as f32, SOAK_FLOOR_K);
            self.checked_day = day;
        }
        if self.checked_day == 0 {
            self.checked_day = day;
        }
        self.blame();
    }

    /// The machine's clock was put right.
    pub(crate) fn clock_stepped(&mut self, ts: Timestamp) {
        self.channels.iter_mut().for_each(|c| c.hold.forget());
        (self.phase_since, self.low_since, self.soaking) = (minute_of(ts), 0, None);
        let day = crate::sd::day::day_of(ts).unwrap_or(0);
        (self.checked_day, self.restart_day) = (self.checked_day.min(day), self.restart_day.min(day));
    }

    /// A sensor was exchanged: which one nobody says, so all are learned anew.
    pub(crate) fn exchanged(&mut self) {
        self.channels = Default::default();
        (self.soak, self.beside, self.soaking, self.culprit) = Default::default();
    }

    /// Whether the discharge sensor agrees with the cold machine and the site, as far as they can say.
    pub(crate) fn trusts_discharge(&self) -> bool {
        self.channels[TD].trouble() != Trouble::Drift
    }

    /// The newest comparison at a cold machine, K; `None` before what is usual is known.
    pub(crate) fn soaked(&self) -> Option<Soaked> {
        let departure = Uncertain { k: f64::from(self.soak.newest_k()), sd_k: f64::from(self.soak.sd_k()) };
        self.soak.is_known().then_some(Soaked { day: self.checked_day, departure })
    }

    /// Days since the discharge sensor could last be compared with anything.
    pub(crate) const fn unchecked_days(&self, today: u16) -> u16 {
        today.saturating_sub(self.checked_day)
    }

    /// Whether a restart on this day is worth telling: once a week is enough of a counter that keeps restarting.
    pub(crate) fn tells_restart(&mut self, day: u16) -> bool {
        let tells = self.restart_day == 0 || day.saturating_sub(self.restart_day) >= 7;
        self.restart_day = if tells { day } else { self.restart_day };
        tells
    }

    /// The trouble of everything in [`SUBJECTS`].
    pub(crate) fn troubles(&self) -> [Trouble; 5] {
        let hours = if self.run_hours.is_stuck() { Trouble::Stuck } else { Trouble::None };
        let [td, amps, ta, bar] = [0, 1, 2, 3].map(|place: usize| self.channels[place].trouble());
        [td, amps, ta, bar, hours]
    }

    /// What was last said and what is to be said now, if that differs.
    pub(crate) fn news(&mut self) -> Option<([Trouble; 5], [Trouble; 5])> {
        let now = self.troubles();
        let before = std::mem::replace(&mut self.said, now);
        (before != now).then_some((before, now))
    }

    /// The channel behind a subject; the counter has none.
    pub(crate) fn channel(&self, place: usize) -> Option<&Channel> {
        self.channels.get(place)
    }

    /// `is_cold` says whether the machine rested for so long that nothing can be left of its heat.
    fn end_soak(&mut self, ts: Timestamp, is_cold: bool) {
        let Some(soak) = self.soaking.take() else { return };
        self.soak.observe(soak.mean_k, is_cold.then_some(soak.nearest_k), soak.at_c, SOAK_FLOOR_K);
        self.checked_day = crate::sd::day::day_of(ts).unwrap_or(self.checked_day);
        self.blame();
    }

    /// Decides who is wrong. A gap that moved says that one of two sensors did; the site's other ambient sensors say
    /// which. Where nothing does, the ambient is held back: a cold soak can stand in for it, in which a bias of the
    /// discharge sensor cancels.
    fn blame(&mut self) {
        let (soak, beside) = (self.soak.has_moved(), self.beside.has_moved());
        // What moved one sensor against the machine and its siblings alike is that sensor's own.
        let left_siblings = -self.beside.departure_k() / self.soak.departure_k() > 0.5;
        self.culprit = match (soak, beside) {
            (false, false) => Culprit::Nobody,
            (true, _) if self.beside.is_known() && left_siblings => Culprit::Ambient,
            (false, true) if !self.soak.is_known() => Culprit::Ambient,
            // The ambient left its siblings, but not its own machine: it is a sibling's that moved, or the room.
            (false, true) => Culprit::Nobody,
            (true, _) if self.beside.is_known() || !self.channels[TA].is_known() => Culprit::Discharge,
            (true, _) => Culprit::Either,
        };
        let drift = |guilty: bool| if guilty { Trouble::Drift } else { Trouble::None };
        self.channels[TD].condemn(drift(self.culprit == Culprit::Discharge));
        self.channels[TA].condemn(drift(matches!(self.culprit, Culprit::Ambient | Culprit::Either)));
    }

    /// Holds the current against counter and heat: a transformer that died shows a motor at rest, a wrong factor one that
    /// nearly rests, and a frozen value a motor that never stops.
    fn weigh_current(&mut self, at: Minute, amps_a: Option<f32>, loaded_a: f32) {
        let Some(amps_a) = amps_a else { return };
        let (td_c, shown_h) = (self.channels[TD].hold.value(), self.run_hours.shown_h().unwrap_or_default() as f32);
        if amps_a < REST * loaded_a {
            if self.low_since == 0 {
                (self.low_since, self.low_from_h) = (at, shown_h);
            }
            let low_min = at.saturating_sub(self.low_since);
            let counted = shown_h - self.low_from_h >= 0.8 * low_min as f32 / 60.0;
            if low_min >= CONTRADICTED_MIN && counted && td_c > WARM_C {
                let tenth = amps_a > TENTH * loaded_a;
                self.channels[AMPS].condemn(if tenth { Trouble::Unit } else { Trouble::Dropout });
            }
            return;
        }
        let held_h = self.channels[AMPS].hold.identical_h(at);
        if self.low_since != 0 || held_h == 0.0 {
            (self.low_since, self.low_from_h) = (0, shown_h);
            self.channels[AMPS].condemn(Trouble::None);
        } else if held_h >= HELD_H && td_c < COLD_C && shown_h - self.low_from_h < 1.5 {
            self.channels[AMPS].condemn(Trouble::Stuck);
        }
    }

    fn note_load(&mut self, amps_a: Option<f32>, loaded_a: f32) {
        let Some(amps_a) = amps_a else { return };
        if (amps_a - self.last_a).abs() > LOAD_CHANGE * loaded_a && self.running {
            self.channels[TD].hold.load_changed();
            self.channels[BAR].hold.load_changed();
        }
        self.last_a = amps_a;
    }
}

/// Whether the motor turns, by the controller's word or else its current.
fn runs(state: Option<RunState>, amps_a: Option<f32>, loaded_a: Option<f32>) -> Option<bool> {
    match state {
        Some(state) => Some(state != RunState::Stopped),
        None => amps_a.zip(loaded_a).map(|(amps_a, loaded_a)| amps_a >= REST * loaded_a),
    }
}

/// Minutes since 2000; 0 is kept for "never".
pub(crate) fn minute_of(ts: Timestamp) -> Minute {
    const FIRST_MS: i64 = 10_957 * 24 * HOUR_MS;
    u32::try_from((ts.millis() - FIRST_MS) / MINUTE_MS).unwrap_or(1).max(1)
}

/// The smaller of two gaps; zero when they differ in sign, for then the two met in between. A block of iron lags behind a
/// room that cools all night by several kelvin, and meets it when the morning comes; a biased sensor never does.
fn nearer_zero(kept_k: f32, gap_k: f32) -> f32 {
    if kept_k * gap_k <= 0.0 {
        0.0
    } else if kept_k.abs() < gap_k.abs() {
        kept_k
    } else {
        gap_k
    }
}

#[cfg(test)]
mod tests {
    use super::nearer_zero;

    fn check(gaps_k: &[f32], expected_k: f32) {
        let nearest = gaps_k.iter().copied().reduce(nearer_zero);
        assert_eq!(nearest, Some(expected_k), "{gaps_k:?}");
    }

    #[test]
    fn only_a_bias_keeps_oil_and_room_apart() {
        check(&[9.0, 7.5, 6.5, 3.0, 1.0, 2.0], 1.0);
        check(&[7.0, 2.0, -1.0, 8.0], 0.0);
        check(&[9.0, 8.5, 8.0, 8.4], 8.0);
    }
}
