//! What is looked at in a signal, and how strange it is against its own past.

use super::alarm::{ALARM_NATS, CALM_NATS};
use super::extremes::Extremes;

/// In what a signal is strange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// It stands, or stays, where it has never been.
    Level,
    /// Its mean has left that of the time before.
    Shift,
    /// It moves more, or less, from value to value.
    Roughness,
    /// One value is far from what the last ones let expect.
    Jump,
    /// Its last values let expect less of the next one than they used to: the shape has changed.
    Pattern,
    /// It has not changed for longer than ever.
    Standstill,
    /// It is far from what is usual at this hour.
    Hour,
    /// It is far from what the other signals let expect.
    Relation,
}

impl Sign {
    /// Name for a table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Shift => "shift",
            Self::Roughness => "roughness",
            Self::Jump => "jump",
            Self::Pattern => "pattern",
            Self::Standstill => "standstill",
            Self::Hour => "hour",
            Self::Relation => "relation",
        }
    }
}

/// How many features a signal has.
pub(super) const FEATURES: usize = 18;
/// The value itself.
pub(super) const VALUE: usize = 0;
/// The error of the forecast from the last values.
pub(super) const ERROR: usize = 9;
/// The length of a standstill.
pub(super) const STANDSTILL: usize = 12;
/// The distance from what is usual at this hour.
pub(super) const HOUR: usize = 13;
/// Features in the signal's own unit, of which the signal's resolution is a step.
pub(super) const RESOLVED: [usize; 7] = [VALUE, 1, 2, 4, ERROR, HOUR, 14];

/// Features that look back over [`super::windows::LONG`] values: they know of an anomaly long after it has gone.
pub(super) const LONG: [usize; 3] = [3, 5, 8];

/// A feature of the long window that has come down to this part of its highest surprise tells of what was, not of what is.
const FADING: f64 = 0.8;

/// Sign, length of the first stretches in values, and whether only large values are strange.
const KINDS: [(Sign, u32, bool); FEATURES] = [
    (Sign::Level, 8, false),
    (Sign::Level, 8, false),
    (Sign::Level, 32, false),
    (Sign::Level, 512, false),
    (Sign::Shift, 16, false),
    (Sign::Shift, 128, false),
    (Sign::Roughness, 8, false),
    (Sign::Roughness, 32, false),
    (Sign::Roughness, 512, false),
    (Sign::Jump, 8, false),
    (Sign::Pattern, 8, true),
    (Sign::Pattern, 32, true),
    (Sign::Standstill, 16, true),
    (Sign::Hour, 16, false),
    (Sign::Hour, 16, false),
    (Sign::Hour, 32, false),
    (Sign::Relation, 8, false),
    (Sign::Relation, 32, false),
];

/// The thinnest tail of the logarithm of a standstill: twice as long is one step, not a wonder.
const STANDSTILL_TAIL: f64 = 0.35;

/// One feature and its past.
#[derive(Clone, Debug)]
pub(super) struct Feature {
    pub(super) past: Extremes,
    pub(super) sign: Sign,
    one_sided: bool,
    /// NaN when there is none at present.
    value: f64,
    /// Surprise of the value, nats.
    pub(super) surprise: f64,
    episode: Episode,
}

/// What a feature did while an alarm lasted.
#[derive(Clone, Copy, Debug)]
struct Episode {
    low: f64,
    high: f64,
    peak: f64,
}

impl Episode {
    const NONE: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY, peak: 0.0 };
}

impl Feature {
    /// All features of a signal, in the order of the places above.
    pub(super) fn all() -> [Self; FEATURES] {
        std::array::from_fn(|place| {
            let (sign, block, one_sided) = KINDS[place];
            let mut past = Extremes::new(block);
            if place == STANDSTILL {
                past.floor = STANDSTILL_TAIL;
            }
            Self { past, sign, one_sided, value: f64::NAN, surprise: 0.0, episode: Episode::NONE }
        })
    }

    /// Takes a value and judges it. What is no finite number is no value: what is learned of it would leave no limits.
    pub(super) fn judge(&mut self, value: f64) {
        self.value = if value.is_finite() { value } else { f64::NAN };
        self.surprise = match (self.value.is_nan(), self.one_sided) {
            (true, _) => 0.0,
            (false, true) => self.past.surprise_high(value),
            (false, false) => self.past.surprise(value),
        };
    }

    /// Whether, in the alarm that lasts, it was far stranger than it is now.
    pub(super) fn is_fading(&self) -> bool {
        self.surprise < FADING * self.episode.peak
    }

    /// Whether it has something to say.
    pub(super) const fn is_active(&self) -> bool {
        !self.value.is_nan() && self.past.is_ready()
    }

    /// Learns the value in quiet times. All of it while the signal is young: what comes then is how it is.
    pub(super) fn learn(&mut self, young: bool) {
        if !self.value.is_nan() {
            self.past.learn(self.value, if young { f64::INFINITY } else { ALARM_NATS });
        }
    }

    /// Notes the value of an alarm, without learning it.
    pub(super) fn note(&mut self) {
        if !self.value.is_nan() {
            let Episode { low, high, peak } = self.episode;
            self.episode =
                Episode { low: low.min(self.value), high: high.max(self.value), peak: peak.max(self.surprise) };
        }
    }

    /// Takes what an alarm showed so far for one of the ways in which the signal is normal.
    pub(super) fn accept_all(&mut self) {
        let Episode { low, high, .. } = std::mem::replace(&mut self.episode, Episode::NONE);
        if low <= high {
            self.past.accept(low, high, self.past.blocks() / 4);
        }
    }

    /// Learns of an alarm that has ended: a little of one that is the first of its kind, all of one that keeps coming.
    pub(super) fn accept(&mut self, repeats: f64) {
        let Episode { low, high, peak } = std::mem::replace(&mut self.episode, Episode::NONE);
        if peak > CALM_NATS && self.past.is_ready() {
            let (low, high) = if repeats < 1.8 { self.past.part_of(low, high) } else { (low, high) };
            self.past.accept(low, high, (repeats - 1.5).round().max(1.0) as usize);
        }
    }
}
