//! What the machine is doing, and whether its temperature has had time to follow.
//!
//! Works by elapsed time, because the sample period may be a second or a quarter of an hour. A long gap ends "steady".

use std::sync::LazyLock;

use foretell_model::{HOUR_MS, MINUTE_MS, RunState, Timestamp};
use serde::{Deserialize, Serialize};

use super::levels::{Level, Levels};

/// More than four thermal time constants (about 3.5 min) plus cold metal.
const WARM_UP_MS: i64 = 20 * MINUTE_MS;
/// Nothing is known about what happened within a longer gap, for a machine that usually speaks more often.
const GAP_MS: i64 = 35 * MINUTE_MS;
/// A sample speaks for at most this long, for a machine that usually speaks more often; beyond it nothing is known.
const SPEAKS_FOR_MS: i64 = 20 * MINUTE_MS;
/// A machine that speaks once an hour is still followed; one that speaks more rarely is not.
const USUAL_MAX_MS: i64 = 75 * MINUTE_MS;
/// Weight of the newest interval in the usual one.
const USUAL_WEIGHT: f64 = 1.0 / 16.0;
/// A stop this long has brought the oil to ambient (time constant of an idle machine about 2 h).
const SOAKED_MS: i64 = 8 * 60 * MINUTE_MS;
/// One this long, the least a night between two shifts leaves, has brought it near enough to be compared with how near it
/// usually comes.
const RESTED_MS: i64 = 7 * 60 * MINUTE_MS + 30 * MINUTE_MS;
/// Time constant of the mean current that drives the temperature, for fast sampling.
const HEAT_MS: f64 = 8.0 * MINUTE_MS as f64;

/// Weight in it of a sample that comes a minute after the one before, as most do; an exponential for each is felt.
static MINUTE_WEIGHT: LazyLock<f32> = LazyLock::new(|| heat_weight(MINUTE_MS));

/// Weight in the mean current of a sample that comes so long after the one before.
fn heat_weight(dt_ms: i64) -> f32 {
    // Slow sampling needs a longer mean, or the mean is but the last sample of a load cycle.
    (1.0 - (-(dt_ms as f64) / HEAT_MS.max(3.0 * dt_ms as f64)).exp()) as f32
}

/// Operating regime of a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Regime {
    /// Nothing seen yet, or nothing seen for long.
    #[default]
    Unknown,
    /// Motor at rest.
    Stopped,
    /// Running, but not long enough to be warm.
    Starting,
    /// Turning without delivering air.
    Unloaded,
    /// Delivering air, warmed through.
    LoadedSteady,
}

/// Follows one machine's regime.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RegimeTracker {
    levels: Levels,
    regime: Regime,
    running: bool,
    loaded: bool,
    /// Since when it runs or rests without a break or gap.
    since_ms: i64,
    /// Mean current of the last minutes, A.
    heat_a: f32,
    samples: u8,
    /// Usual time between samples.
    usual_ms: i32,
}

impl RegimeTracker {
    /// Takes the next sample; `dt_ms` is the time since the one before (0 at first).
    pub(crate) fn observe(
        &mut self,
        ts: Timestamp,
        dt_ms: i64,
        state: Option<RunState>,
        amps_a: Option<f32>,
    ) -> Regime {
        self.learn_pace(dt_ms);
        let Some((running, loaded)) = self.read(state, amps_a) else {
            self.regime = Regime::Unknown;
            // What was not seen may have been a run: the next sample begins a new phase.
            self.samples = 0;
            return self.regime;
        };
        self.loaded = loaded;
        if running != self.running || dt_ms > self.gap_ms() || self.samples == 0 {
            self.running = running;
            self.since_ms = ts.millis();
            self.samples = 1;
            self.heat_a = amps_a.unwrap_or(self.heat_a);
        } else {
            self.samples = self.samples.saturating_add(1);
            if let Some(a) = amps_a {
                let alpha = if dt_ms == MINUTE_MS { *MINUTE_WEIGHT } else { heat_weight(dt_ms) };
                self.heat_a += alpha * (a - self.heat_a);
            }
        }
        let warm = ts.millis() - self.since_ms >= WARM_UP_MS && self.samples >= 2;
        self.regime = match (running, loaded) {
            (false, _) => Regime::Stopped,
            (true, _) if !warm || state == Some(RunState::Starting) => Regime::Starting,
            (true, false) => Regime::Unloaded,
            (true, true) => Regime::LoadedSteady,
        };
        self.regime
    }

    /// Follows how often the machine speaks; gaps hardly count.
    fn learn_pace(&mut self, dt_ms: i64) {
        if dt_ms <= 0 {
            return;
        }
        let usual_ms = i64::from(self.usual_ms);
        let step_ms = if usual_ms == 0 { dt_ms } else { dt_ms.min(3 * usual_ms) };
        let weight = if usual_ms == 0 { 1.0 } else { USUAL_WEIGHT };
        let moved_ms = usual_ms as f64 + weight * (step_ms - usual_ms) as f64;
        self.usual_ms = moved_ms.clamp(1.0, USUAL_MAX_MS as f64) as i32;
    }

    /// How long a sample speaks for at most, ms.
    pub(crate) fn speaks_for_ms(&self) -> i64 {
        SPEAKS_FOR_MS.max(i64::from(self.usual_ms) * 5 / 4)
    }

    fn gap_ms(&self) -> i64 {
        GAP_MS.max(i64::from(self.usual_ms) * 9 / 4)
    }

    /// Running and loaded, from the controller's own word or else from the current; `None` when neither is known.
    fn read(&mut self, state: Option<RunState>, amps_a: Option<f32>) -> Option<(bool, bool)> {
        if let Some(a) = amps_a {
            self.levels.observe(a);
        }
        match state {
            Some(RunState::Stopped) => Some((false, false)),
            Some(RunState::Starting | RunState::Unloaded) => Some((true, false)),
            Some(RunState::Loaded) => Some((true, true)),
            None => amps_a.map(|a| match self.levels.classify(a) {
                Level::Stopped => (false, false),
                Level::Unloaded => (true, false),
                Level::Loaded => (true, true),
            }),
        }
    }

    /// Relearns the current levels; once a day.
    pub(crate) fn learn_levels(&mut self) {
        self.levels.learn();
    }

    /// Whether the machine loads and unloads rather than varying its speed.
    pub(crate) fn is_two_level(&self) -> bool {
        self.levels.is_two_level()
    }

    /// Usual time between samples, h, of a machine that loads and unloads; `None` of one that varies its speed.
    pub(crate) fn switching_h(&self) -> Option<f64> {
        self.is_two_level().then(|| f64::from(self.usual_ms) / HOUR_MS as f64)
    }

    /// The learned loaded current, A.
    pub(crate) fn loaded_a(&self) -> Option<f64> {
        self.levels.loaded_a()
    }

    pub(crate) const fn regime(&self) -> Regime {
        self.regime
    }

    pub(crate) const fn is_running(&self) -> bool {
        self.running
    }

    pub(crate) const fn is_loaded(&self) -> bool {
        self.running && self.loaded
    }

    /// Mean current over the last minutes, A: what heats the oil, unlike the instantaneous current of a load cycle.
    pub(crate) fn heat_a(&self) -> f64 {
        f64::from(self.heat_a)
    }

    /// Whether the machine has rested long enough for its oil to be at ambient.
    pub(crate) const fn is_soaked(&self, ts: Timestamp) -> bool {
        self.rests_for_ms(ts) >= SOAKED_MS
    }

    /// Whether it has rested long enough for its sensors to be compared.
    pub(crate) const fn is_rested(&self, ts: Timestamp) -> bool {
        self.rests_for_ms(ts) >= RESTED_MS
    }

    const fn rests_for_ms(&self, ts: Timestamp) -> i64 {
        if !self.running && self.samples > 1 { ts.millis() - self.since_ms } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(steps: &[(i64, RunState)], expected: &str) {
        let mut tracker = RegimeTracker::default();
        let mut last_ms = 0;
        let regimes: Vec<String> = steps
            .iter()
            .map(|&(minute, state)| {
                let ts = Timestamp::from_millis(minute * MINUTE_MS);
                let regime = tracker.observe(ts, ts.millis() - last_ms, Some(state), Some(100.0));
                last_ms = ts.millis();
                format!("{regime:?}")
            })
            .collect();
        assert_eq!(regimes.join(" "), expected);
    }

    #[test]
    fn warms_up_before_it_is_steady() {
        use RunState::{Loaded, Stopped, Unloaded};
        check(
            &[(0, Stopped), (10, Loaded), (20, Loaded), (30, Loaded), (31, Unloaded)],
            "Stopped Starting Starting LoadedSteady Unloaded",
        );
    }

    #[test]
    fn a_machine_that_speaks_once_an_hour_is_followed() {
        let mut tracker = RegimeTracker::default();
        let regimes: Vec<Regime> = (0..6)
            .map(|hour| {
                let ts = Timestamp::from_millis(hour * 60 * MINUTE_MS);
                tracker.observe(ts, if hour == 0 { 0 } else { 60 * MINUTE_MS }, Some(RunState::Loaded), Some(100.0))
            })
            .collect();
        assert_eq!(regimes[0], Regime::Starting);
        assert_eq!(regimes[1..], [Regime::LoadedSteady; 5]);
        assert!(tracker.speaks_for_ms() >= 60 * MINUTE_MS);
    }

    #[test]
    fn a_long_gap_is_not_steady() {
        use RunState::Loaded;
        check(&[(0, Loaded), (15, Loaded), (30, Loaded), (120, Loaded)], "Starting Starting LoadedSteady Starting");
    }
}
