//! What an open day adds up for the features beside the thermal ones. O(1) per reading; a signal that a machine does not
//! publish costs it nothing.

use foretell_model::{MINUTE_MS, Signal, Signals, Timestamp};
use serde::{Deserialize, Serialize};

use super::excursions::{Excursions, UsualHot};
use super::feature::Feature;
use super::idling::Idling;
use super::profile::Hours;
use super::regime::Regime;
use super::sum::{Moments, Sum};

/// Signals of their own sensors that only some machines have, and the features of their daily means.
const OPTIONAL: [(Signal, Feature); 4] = [
    (Signal::SeparatorDp, Feature::SeparatorDp),
    (Signal::OilFilterDp, Feature::OilFilterDp),
    (Signal::InletVacuum, Feature::InletVacuum),
    (Signal::Vibration, Feature::Vibration),
];
const IMBALANCE: usize = OPTIONAL.len();
const GAP: usize = IMBALANCE + 1;
const EXTRAS: usize = GAP + 1;

/// Samples that a daily mean needs.
const SAMPLES_MIN: u16 = 4;
/// Steps between loaded, warm samples that a day's unrest needs, and their longest.
const RIPPLE_MIN: u16 = 8;
const RIPPLE_RUN: u8 = 3;
/// How far the current of a row may stray from that of its first, as a share: wider than the line pressure's band makes it.
const RIPPLE_LOAD_SHARE: f32 = 0.1;
const RIPPLE_WITHIN_MS: i64 = 20 * MINUTE_MS;
/// A loaded current that varies more than this within a day is that of a variable speed and says nothing of health.
const FIXED_SPEED_SHARE: f64 = 0.06;
/// Days without such variation after which a machine counts as one of fixed speed.
const FIXED_AFTER_DAYS: u8 = 30;
/// Current per bar of line pressure: +6-7 %.
const CURRENT_PER_BAR: f64 = 0.065;
/// The pressure that loaded currents are brought to, bar gauge.
const REFERENCE_BAR: f64 = 7.0;
/// Time in quiet or busy hours that a day's share needs.
const HOURS_MIN_MS: i32 = 150 * MINUTE_MS as i32;

/// One checked reading.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) ts: Timestamp,
    pub(crate) dt_ms: i64,
    pub(crate) regime: Regime,
    /// Whether the controller itself says what the machine is doing.
    pub(crate) is_told: bool,
    pub(crate) td_c: Option<f32>,
    /// By the machine's own sensor.
    pub(crate) ta_c: Option<f32>,
    pub(crate) amps_a: Option<f32>,
    pub(crate) bar: Option<f32>,
    pub(crate) signals: &'a Signals,
}

/// Loaded and known time of some hours, ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Share {
    loaded_ms: i32,
    known_ms: i32,
}

impl Share {
    fn value(&self) -> Option<f64> {
        (self.known_ms >= HOURS_MIN_MS).then(|| f64::from(self.loaded_ms) / f64::from(self.known_ms))
    }
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tally {
    loaded_a: Moments,
    loaded_bar: Sum,
    idling: Idling,
    /// Squared steps between successive loaded and warm temperatures, K^2.
    ripple: Sum,
    /// The last of them, degC, the current that the first in the row was drawn at, A, and how many came in a row.
    steady_c: f32,
    steady_a: f32,
    steady_run: u8,
    quiet: Share,
    busy: Share,
    pub(crate) excursions: Excursions,
    /// Days for which the machine still counts as one of variable speed.
    variable_days: u8,
    /// Load-hour counter at the end of the last hour and at the newest reading, h.
    counter_from_h: Option<f32>,
    counter_h: Option<f32>,
    extras: Option<Box<[Sum; EXTRAS]>>,
}

impl Tally {
    /// Begins another day and keeps the allocation, and what spans midnight.
    pub(crate) fn restart(&mut self, usual_hot: Option<UsualHot>) {
        let mut extras = self.extras.take();
        extras.as_deref_mut().into_iter().flatten().for_each(|sum| *sum = Sum::default());
        let mut excursions = std::mem::take(&mut self.excursions);
        excursions.restart(usual_hot);
        let mut idling = std::mem::take(&mut self.idling);
        idling.restart();
        *self = Self {
            extras,
            excursions,
            idling,
            steady_c: self.steady_c,
            steady_a: self.steady_a,
            steady_run: self.steady_run,
            variable_days: if self.varies() { FIXED_AFTER_DAYS } else { self.variable_days.saturating_sub(1) },
            counter_from_h: self.counter_from_h,
            counter_h: self.counter_h,
            ..Self::default()
        };
    }

    /// Adds one reading.
    pub(crate) fn add(&mut self, seen: &Seen<'_>) {
        self.excursions.observe(seen);
        let counter_h = seen.signals.get(Signal::LoadHours).map(|h| h as f32);
        let counted_h = counter_h.zip(self.counter_h).map(|(to_h, from_h)| (to_h - from_h).max(0.0));
        self.counter_h = counter_h.or(self.counter_h);
        self.add_ripple(seen);
        if seen.regime == Regime::Unloaded {
            self.idling.add(seen.amps_a, seen.dt_ms, seen.is_told, counted_h);
            return;
        }
        self.idling.end();
        if seen.regime == Regime::LoadedSteady && seen.dt_ms > 0 {
            self.idling.add_loaded(seen.dt_ms, seen.is_told, counted_h);
            self.add_loaded(seen);
        }
    }

    /// Ends an hour; returns its loaded time by the controller's own counter, h, which a few samples cannot tell as well.
    pub(crate) fn end_hour(&mut self) -> Option<f64> {
        let from_h = std::mem::replace(&mut self.counter_from_h, self.counter_h);
        self.counter_h.zip(from_h).map(|(to_h, from_h)| f64::from(to_h - from_h))
    }

    /// Adds an hour's loaded time, as of a usual day that differs by as much, to its kind.
    pub(crate) fn add_hour(&mut self, kind: Hours, loaded_ms: i32, known_ms: i32) {
        let share = match kind {
            Hours::Quiet => &mut self.quiet,
            Hours::Busy => &mut self.busy,
        };
        share.loaded_ms = share.loaded_ms.saturating_add(loaded_ms);
        share.known_ms = share.known_ms.saturating_add(known_ms);
    }

    /// Bytes held beside the struct itself.
    pub(crate) const fn heap_bytes(&self) -> usize {
        if self.extras.is_some() { size_of::<[Sum; EXTRAS]>() } else { 0 }
    }

    /// Mean current while loaded and warm, A.
    pub(crate) fn loaded_a(&self) -> Option<f64> {
        self.loaded_a.mean().filter(|_| self.loaded_a.n() >= SAMPLES_MIN)
    }

    /// Mean current while unloaded, A.
    pub(crate) fn unloaded_a(&self) -> Option<f64> {
        self.idling.amps_a()
    }

    /// The day's features.
    pub(crate) fn features(&self, mut set: impl FnMut(Feature, f64)) {
        let mut give = |feature: Feature, value: Option<f64>| value.into_iter().for_each(|v| set(feature, v));
        let fixed_a = self.fixed_speed_a();
        give(Feature::LoadedCurrent, fixed_a.map(|a| a / self.pressure_factor()));
        give(Feature::UnloadedShare, fixed_a.zip(self.unloaded_a()).map(|(loaded, unloaded)| unloaded / loaded));
        give(Feature::QuietLoadShare, self.quiet.value());
        give(Feature::BusyLoadShare, self.busy.value());
        // Successive steps of pure unrest have twice its variance, and none of what merely drifts (von Neumann 1941).
        give(
            Feature::Ripple,
            self.ripple.mean().filter(|_| self.ripple.n() >= RIPPLE_MIN).map(|square| (0.5 * square).sqrt()),
        );
        self.excursions.features(&mut give);
        let Some(extras) = self.extras.as_deref() else { return };
        let features =
            OPTIONAL.map(|(_, feature)| feature).into_iter().chain([Feature::PhaseImbalance, Feature::InjectionGap]);
        for (sum, feature) in extras.iter().zip(features) {
            give(feature, sum.mean().filter(|_| sum.n() >= SAMPLES_MIN));
        }
    }

    fn add_loaded(&mut self, seen: &Seen<'_>) {
        if let Some(a) = seen.amps_a {
            self.loaded_a.add(a);
            seen.bar.into_iter().for_each(|bar| self.loaded_bar.add(bar));
        }
        for (place, (signal, _)) in OPTIONAL.into_iter().enumerate() {
            let value = seen.signals.get(signal).filter(|v| (0.0..=1000.0).contains(v));
            value.into_iter().for_each(|v| self.extra(place, v as f32));
        }
        phase_imbalance(seen.signals).into_iter().for_each(|v| self.extra(IMBALANCE, v as f32));
        let injection_c = seen.signals.get(Signal::OilInjectionTemp).filter(|c| (-40.0..=150.0).contains(c));
        if let Some((td_c, injection_c)) = seen.td_c.zip(injection_c) {
            self.extra(GAP, td_c - injection_c as f32);
        }
    }

    /// Unrest of the loaded, warm temperature from sample to sample, at any cadence that is slower than the oil circuit and
    /// quicker than the weather. Only of samples in a row at one current, for switching between load and idling moves a temperature
    /// too, and so does every step of a variable speed.
    fn add_ripple(&mut self, seen: &Seen<'_>) {
        let now_c = seen.td_c.filter(|_| seen.regime == Regime::LoadedSteady && seen.dt_ms <= RIPPLE_WITHIN_MS);
        let Some(now_c) = now_c else {
            self.steady_run = 0;
            return;
        };
        let now_a = seen.amps_a.unwrap_or(self.steady_a);
        if self.steady_run == 0 || (now_a - self.steady_a).abs() > RIPPLE_LOAD_SHARE * self.steady_a {
            (self.steady_a, self.steady_run) = (now_a, 0);
        }
        if self.steady_run >= RIPPLE_RUN {
            self.ripple.add((now_c - self.steady_c).powi(2));
        }
        (self.steady_c, self.steady_run) = (now_c, self.steady_run.saturating_add(1));
    }

    fn extra(&mut self, place: usize, value: f32) {
        let extras = self.extras.get_or_insert_with(|| Box::new([Sum::default(); EXTRAS]));
        extras[place].add(value);
    }

    fn fixed_speed_a(&self) -> Option<f64> {
        self.loaded_a().filter(|_| self.variable_days == 0 && !self.varies())
    }

    /// Whether the loaded current varied today as that of a fixed speed does not.
    fn varies(&self) -> bool {
        // Part of the spread is the line pressure's band of some 0.7 bar, +-2 %.
        self.loaded_a().zip(self.loaded_a.sd()).is_some_and(|(mean, sd)| sd > FIXED_SPEED_SHARE * mean)
    }

    fn pressure_factor(&self) -> f64 {
        let known = 2 * u32::from(self.loaded_bar.n()) >= u32::from(self.loaded_a.n());
        let bar = self.loaded_bar.mean().filter(|_| known).unwrap_or(REFERENCE_BAR);
        (1.0 + CURRENT_PER_BAR * (bar - REFERENCE_BAR)).clamp(0.5, 2.0)
    }
}

/// Largest deviation of a phase current from the mean of the three, over that mean.
fn phase_imbalance(signals: &Signals) -> Option<f64> {
    let phases_a = [
        signals.get(Signal::MotorCurrentL1)?,
        signals.get(Signal::MotorCurrentL2)?,
        signals.get(Signal::MotorCurrentL3)?,
    ];
    let mean_a = phases_a.iter().sum::<f64>() / 3.0;
    let most_a = phases_a.iter().map(|a| (a - mean_a).abs()).fold(0.0, f64::max);
    (mean_a > 1.0).then(|| (most_a / mean_a).min(2.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unrest of a day of loaded readings, K: each a temperature and a current.
    fn ripple(reading: impl Fn(i64) -> (f32, f32)) -> Option<f64> {
        let mut tally = Tally::default();
        for i in 0..144 {
            let (td_c, amps_a) = reading(i);
            tally.add(&Seen {
                ts: Timestamp::from_millis(1_800_000_000_000 + i * 10 * MINUTE_MS),
                dt_ms: 10 * MINUTE_MS,
                regime: Regime::LoadedSteady,
                is_told: false,
                td_c: Some(td_c),
                ta_c: None,
                amps_a: Some(amps_a),
                bar: None,
                signals: &Signals::empty(),
            });
        }
        let mut found = None;
        tally.features(|feature, value| found = found.or((feature == Feature::Ripple).then_some(value)));
        found
    }

    #[test]
    fn unrest_is_what_a_temperature_does_at_one_current() {
        let unrest = |i: i64| if i % 2 == 0 { 80.0 } else { 83.0 };
        assert!(ripple(|i| (unrest(i), 38.0)).is_some_and(|k| (k - 2.1).abs() < 0.1));
        // A variable speed that follows its work takes the temperature with it.
        let work_a = |i: i64| [38.0, 38.0, 38.0, 38.0, 38.0, 38.0, 30.0, 22.0, 15.0, 22.0, 30.0, 34.0][i as usize % 12];
        assert!(ripple(|i| (60.0 + 0.6 * work_a(i), work_a(i))).is_some_and(|k| k < 0.1));
    }
}
