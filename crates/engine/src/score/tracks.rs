//! From values to features: the means, movements, errors and distances that are judged.

use foretell_model::Timestamp;

use super::autoregression::Autoregression;
use super::feature::FEATURES;
use super::season::Season;
use super::windows::Windows;

/// The longest stretch of values, one after the other, that the forecast takes for outliers and not for the signal.
const OUTLIERS_MAX: u32 = 3;

/// Shorter standstills are none.
const STANDSTILL_MIN: u32 = 8;

/// Values that a running mean remembers.
const MEMORY: f64 = 1_000.0;

/// The part of all steps that must be none before the signal counts as resolved in steps.
const STILL_MIN: f64 = 0.1;

/// Roughness is compared as a logarithm; below this part of the usual one it is all the same.
const ROUGHNESS_FLOOR: f64 = 0.02;

/// The same as a part of the step by which a signal is resolved: one step among few values is no roughness.
const RESOLVED_FLOOR: f64 = 0.1;

/// How far features may go before they count as outliers and are cut where they enter a mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) value: (f64, f64),
    pub(super) error: (f64, f64),
    /// The usual errors: what replaces an outlier among the last values.
    pub(super) usual_error: (f64, f64),
    pub(super) hour: (f64, f64),
}

fn cut(value: f64, (low, high): (f64, f64)) -> f64 {
    value.clamp(low, high)
}

/// The running state behind a signal's features.
#[derive(Clone, Debug)]
pub(super) struct Tracks {
    values: Windows,
    steps: Windows,
    errors: Windows,
    hours: Windows,
    relations: Windows,
    forecast: Autoregression,
    season: Season,
    last: Option<f64>,
    standstill: u32,
    outliers: u32,
    learned: f64,
    usual_step: f64,
    still: f64,
    quantum: f64,
}

/// What one value gave rise to.
pub(super) struct Traced {
    /// In the order of the features; NaN where there is none.
    pub(super) features: [f64; FEATURES],
    error: Option<f64>,
    step: Option<f64>,
}

impl Tracks {
    pub(super) fn new() -> Self {
        Self {
            values: Windows::new(),
            steps: Windows::new(),
            errors: Windows::new(),
            hours: Windows::new(),
            relations: Windows::new(),
            forecast: Autoregression::new(),
            season: Season::new(),
            last: None,
            standstill: 0,
            outliers: 0,
            learned: 0.0,
            usual_step: 0.0,
            still: 0.0,
            quantum: 0.0,
        }
    }

    /// Begins anew after a gap, with what has been learned.
    pub(super) fn interrupt(&mut self) {
        for windows in [&mut self.values, &mut self.steps, &mut self.errors, &mut self.hours, &mut self.relations] {
            *windows = Windows::new();
        }
        self.forecast.interrupt();
        (self.last, self.standstill) = (None, 0);
    }

    /// The step by which the signal is resolved; none for one that moves freely.
    pub(super) fn quantum(&self) -> Option<f64> {
        (self.still > STILL_MIN && self.quantum > 0.0).then_some(self.quantum)
    }

    /// Takes a value in and gives its features. `relation`: distance from what the other signals let expect, or NaN.
    pub(super) fn trace(&mut self, ts: Timestamp, value: f64, relation: f64, limits: &Limits) -> Traced {
        self.values.push(cut(value, limits.value));
        let step = self.last.replace(value).map(|last| (value - last).abs());
        if let Some(step) = step {
            self.resolve(step);
            let range = limits.value.1 - limits.value.0;
            self.steps.push(step.min(range));
            self.standstill = if step > 0.0 { 0 } else { self.standstill + 1 };
        }
        let error = self.forecast.error(value);
        if let Some(error) = error {
            self.errors.push(cut(error, limits.error).powi(2));
        }
        let hour = self.season.residual(ts, value);
        if let Some(hour) = hour {
            self.hours.push(cut(hour, limits.hour));
        }
        if !relation.is_nan() {
            self.relations.push(relation);
        }
        Traced { features: self.features(value, error, hour), error, step }
    }

    fn features(&self, value: f64, error: Option<f64>, hour: Option<f64>) -> [f64; FEATURES] {
        let or_none = |mean: Option<f64>| mean.unwrap_or(f64::NAN);
        let floor = (ROUGHNESS_FLOOR * self.usual_step).max(RESOLVED_FLOOR * self.quantum().unwrap_or_default()) + 1e-9;
        let logarithm = |mean: Option<f64>| mean.map_or(f64::NAN, |mean| (mean.max(0.0) + floor).ln());
        let (short, middle, long) = (self.values.short(), self.values.middle(), self.values.long());
        let against = |near: Option<f64>, far: Option<f64>| or_none(near.zip(far).map(|(near, far)| near - far));
        let root = |mean: Option<f64>| mean.map(|mean| mean.max(0.0).sqrt());
        let standstill = if self.standstill < STANDSTILL_MIN { 0 } else { self.standstill };
        let by_hour = |mean: Option<f64>| or_none(hour.and(mean));
        [
            value,
            or_none(short),
            or_none(middle),
            or_none(long),
            against(short, middle),
            against(middle, long),
            logarithm(self.steps.short()),
            logarithm(self.steps.middle()),
            logarithm(self.steps.long()),
            or_none(error),
            logarithm(root(self.errors.short())),
            logarithm(root(self.errors.middle())),
            f64::from(standstill).ln_1p(),
            or_none(hour),
            by_hour(self.hours.short()),
            by_hour(self.hours.middle()),
            or_none(self.relations.short()),
            or_none(self.relations.middle()),
        ]
    }

    /// Takes the value among the last ones; cleaned of single outliers, which would spoil the next forecasts too
    /// (Martin and Thomson, Robust-resistant spectrum estimation, *Proc. IEEE* 70, 1982).
    pub(super) fn remember(&mut self, value: f64, traced: &Traced, is_outlier: bool, limits: &Limits) {
        self.outliers = if is_outlier { self.outliers + 1 } else { 0 };
        let clean = match traced.error {
            Some(error) if is_outlier && self.outliers <= OUTLIERS_MAX => {
                value - error + cut(error, limits.usual_error)
            }
            _ => cut(value, limits.value),
        };
        self.forecast.push(clean);
    }

    /// Learns from the value; not to be called while it may be an anomaly. Before the value is remembered.
    pub(super) fn learn(&mut self, ts: Timestamp, value: f64, traced: &Traced, limits: &Limits) {
        if let Some(error) = traced.error {
            self.forecast.learn(cut(error, limits.error));
        }
        self.season.learn(ts, cut(value, limits.value));
        if let Some(step) = traced.step {
            self.learned = (self.learned + 1.0).min(MEMORY);
            self.usual_step += (step - self.usual_step) / self.learned;
        }
    }

    /// Learns by which steps the signal is resolved: one look tells, and an anomaly tells as well.
    fn resolve(&mut self, step: f64) {
        self.still += (f64::from(u8::from(step == 0.0)) - self.still) / (self.learned + 1.0);
        if step > 0.0 {
            // A running median of sorts, on the logarithm: one large step does not move it far.
            let change = if self.quantum > 0.0 { (step / self.quantum).ln().clamp(-1.0, 1.0) * 0.1 } else { 0.0 };
            self.quantum = if self.quantum > 0.0 { self.quantum * change.exp() } else { step };
        }
    }
}
