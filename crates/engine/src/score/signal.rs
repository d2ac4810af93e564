//! One signal: features, surprise, alarm, and what is learned when.

use foretell_model::{DAY_MS, Timestamp};

use super::alarm::{ALARM_NATS, Alarm, Turn};
use super::feature::{ERROR, FEATURES, Feature, HOUR, LONG, RESOLVED, Sign, VALUE};
use super::scale::Scale;
use super::tracks::{Limits, Tracks};
use super::windows::LONG as LONG_WINDOW;

/// A signal is young, and raises no alarm, for a day but at least and at most so many values.
const YOUNG_VALUES: (f64, f64) = (200.0, 400.0);

/// The surprise of a young signal stays below this.
const YOUNG_NATS: f64 = 0.9 * ALARM_NATS;

/// An alarm that has lasted for this part of all values seen before it is a new way of being normal; but after so many
/// values at least, and at most, and after a week: by then somebody has had a look.
const ACCEPT_PART: f64 = 0.75;
const ACCEPT_VALUES: (f64, f64) = (100.0, 20_000.0);
const ACCEPT_MS: i64 = 7 * DAY_MS;
/// A week counts for no less.
const ACCEPT_WEEK_VALUES: f64 = 400.0;

/// Alarms count as repeated while they come within this part of all values seen, and some.
const REPEAT_PART: f64 = 1.0;
const REPEAT_VALUES: f64 = 500.0;

/// A gap of more steps than this begins anew.
const GAP_STEPS: f64 = 30.0;

/// A value whose forecast failed by more than this may be a single outlier.
const OUTLIER_NATS: f64 = 5.0;

/// Where outliers are cut, nats: the value, errors, usual errors.
const CUT_NATS: (f64, f64, f64) = (ALARM_NATS + 3.0, ALARM_NATS, 3.0);

/// The part of its resolution below which a feature is resolved.
const RESOLUTION_PART: f64 = 0.3;

/// Scores one signal. About 13 KiB.
#[derive(Clone, Debug)]
pub(super) struct SignalScorer {
    scale: Scale,
    tracks: Tracks,
    features: [Feature; FEATURES],
    alarm: Alarm,
    /// Values seen.
    seen: u64,
    last_ts: Option<Timestamp>,
    step_ms: f64,
    /// The age at which the present alarm is taken for the new normal, and then again.
    accept_at: u64,
    /// Whether it has been.
    accepted: bool,
    /// How many alarms there were of late.
    repeats: f64,
    /// Values seen when the last alarm ended.
    last_alarm: u64,
    score: f64,
    sign: Sign,
}

impl SignalScorer {
    pub(super) fn new() -> Self {
        Self {
            scale: Scale::new(),
            tracks: Tracks::new(),
            features: Feature::all(),
            alarm: Alarm::default(),
            seen: 0,
            last_ts: None,
            step_ms: 0.0,
            accept_at: 0,
            accepted: false,
            repeats: 0.0,
            last_alarm: 0,
            score: 0.0,
            sign: Sign::Level,
        }
    }

    pub(super) const fn score(&self) -> f64 {
        self.score
    }

    /// In what the present or else the last alarm was strangest.
    pub(super) const fn sign(&self) -> Sign {
        self.sign
    }

    /// Whether an alarm is too young to be taken for the new normal: nothing is learned meanwhile.
    pub(super) fn is_withheld(&self) -> bool {
        self.alarm.is_raised() && !self.accepted
    }

    /// A row without a value: an alarm holds, but not for ever.
    pub(super) fn miss(&mut self) {
        self.alarm.turn(0.0);
        self.score = self.alarm.score(0.0);
    }

    /// Takes a value; `relation` is its distance from what the other signals let expect, or NaN. Times must not fall.
    /// `true` when an alarm has just been taken for the new normal.
    pub(super) fn observe(&mut self, ts: Timestamp, value: f64, relation: f64) -> bool {
        self.keep_pace(ts);
        self.seen += 1;
        let Some(value) = self.scale.apply(value) else { return false };
        let limits = self.limits();
        let traced = self.tracks.trace(ts, value, relation, &limits);
        for (feature, value) in self.features.iter_mut().zip(traced.features) {
            feature.judge(value);
        }
        if !self.alarm.is_raised() && self.repeats > 0.0 && self.seen - self.last_alarm < LONG_WINDOW as u64 {
            LONG.iter().for_each(|place| self.features[*place].judge(f64::NAN));
        }
        let surprise = self.surprise();
        let turn = self.alarm.turn(surprise);
        let accepted = self.settle(turn);
        if !self.is_withheld() {
            self.tracks.learn(ts, value, &traced, &limits);
        }
        self.resolve();
        let is_outlier = self.features[ERROR].surprise > OUTLIER_NATS;
        self.tracks.remember(value, &traced, is_outlier, &limits);
        self.score = self.alarm.score(surprise);
        accepted
    }

    fn keep_pace(&mut self, ts: Timestamp) {
        let Some(last) = self.last_ts.replace(ts) else { return };
        let step = (ts - last) as f64;
        if self.step_ms > 0.0 && step > GAP_STEPS * self.step_ms {
            self.tracks.interrupt();
        }
        let usual = 0.2 * self.step_ms;
        self.step_ms += if self.step_ms > 0.0 { 0.1 * (step - self.step_ms).clamp(-usual, usual) } else { step };
    }

    fn limits(&self) -> Limits {
        let [value, error] = [VALUE, ERROR].map(|place| &self.features[place].past);
        Limits {
            value: value.limits(CUT_NATS.0),
            error: error.limits(CUT_NATS.1),
            usual_error: error.limits(CUT_NATS.2),
            hour: self.features[HOUR].past.limits(CUT_NATS.0),
        }
    }

    fn is_young(&self) -> bool {
        let day = DAY_MS as f64 / self.step_ms.max(1.0);
        (self.seen as f64) < day.clamp(YOUNG_VALUES.0, YOUNG_VALUES.1)
    }

    /// The largest surprise of all features, less what so many chances make likely. Features of one signal go together,
    /// so the square root of their number is allowed for (Cheverud, *Heredity* 87, 2001, on tests that go together).
    fn surprise(&mut self) -> f64 {
        let (mut surprise, mut sign, mut active) = (0.0, self.sign, 0_u32);
        for (place, feature) in self.features.iter().enumerate() {
            if self.alarm.is_raised() && LONG.contains(&place) && feature.is_fading() {
                continue;
            }
            active += u32::from(feature.is_active());
            if feature.surprise > surprise {
                (surprise, sign) = (feature.surprise, feature.sign);
            }
        }
        let surprise = (surprise - 0.5 * f64::from(active.max(1)).ln()).max(0.0);
        if surprise >= ALARM_NATS && !self.alarm.is_raised() && !self.is_young() {
            self.sign = sign;
        }
        if self.is_young() { surprise.min(YOUNG_NATS) } else { surprise }
    }

    /// Learns, or withholds, what the features showed. `true` when an alarm has just been taken for the new normal.
    fn settle(&mut self, turn: Turn) -> bool {
        let young = self.is_young();
        match turn {
            Turn::Quiet => self.features.iter_mut().for_each(|feature| feature.learn(young)),
            Turn::Raised => {
                let week = (ACCEPT_MS as f64 / self.step_ms.max(1.0)).max(ACCEPT_WEEK_VALUES);
                let part = (self.seen as f64 * ACCEPT_PART).max(ACCEPT_VALUES.0);
                (self.accept_at, self.accepted) = (part.min(week).min(ACCEPT_VALUES.1) as u64, false);
                self.features.iter_mut().for_each(Feature::note);
            }
            Turn::Held => {
                self.features.iter_mut().for_each(Feature::note);
                if self.alarm.age() >= self.accept_at {
                    self.features.iter_mut().for_each(Feature::accept_all);
                    self.accept_at += self.accept_at.div_ceil(2);
                    self.accepted = true;
                    return true;
                }
            }
            Turn::Ended => {
                let apart = (self.seen - self.last_alarm) as f64;
                let memory = REPEAT_PART * self.seen as f64 + REPEAT_VALUES;
                self.repeats = self.repeats * (-apart / memory).exp() + 1.0;
                self.last_alarm = self.seen;
                self.features.iter_mut().for_each(|feature| feature.accept(self.repeats));
            }
        }
        false
    }

    /// Tells the features by which steps the signal is resolved.
    fn resolve(&mut self) {
        if let Some(quantum) = self.tracks.quantum() {
            for place in RESOLVED {
                self.features[place].past.floor = RESOLUTION_PART * quantum;
            }
        }
    }
}
