//! What the machine is doing, and whether its temperature has had time to follow.
//!
//! Works by elapsed time, because the sample period may be a second or a quarter of an hour. A long gap ends "steady".

use foretell_model::{MINUTE_MS, RunState, Timestamp};
use serde::{Deserialize, Serialize};

use super::levels::{Level, Levels};

/// More than four thermal time constants (about 3.5 min) plus cold metal.
const WARM_UP_MS: i64 = 20 * MINUTE_MS;
/// Nothing is known about what happened within a longer gap.
const GAP_MS: i64 = 35 * MINUTE_MS;
/// A stop this long has brought the oil to ambient (time constant of an idle machine about 2 h).
const SOAKED_MS: i64 = 8 * 60 * MINUTE_MS;
/// Time constant of the mean current that drives the temperature, for fast sampling.
const HEAT_MS: f64 = 8.0 * MINUTE_MS as f64;

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
        let Some((running, loaded)) = self.read(state, amps_a) else {
            self.regime = Regime::Unknown;
            // What was not seen may have been a run: the next sample begins a new phase.
            self.samples = 0;
            return self.regime;
        };
        self.loaded = loaded;
        if running != self.running || dt_ms > GAP_MS || self.samples == 0 {
            self.running = running;
            self.since_ms = ts.millis();
            self.samples = 1;
            self.heat_a = amps_a.unwrap_or(self.heat_a);
        } else {
            self.samples = self.samples.saturating_add(1);
            // Slow sampling needs a longer mean, or the mean is but the last sample of a load cycle.
            let alpha = 1.0 - (-(dt_ms as f64) / HEAT_MS.max(3.0 * dt_ms as f64)).exp();
            if let Some(a) = amps_a {
                self.heat_a += alpha as f32 * (a - self.heat_a);
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
        !self.running && self.samples > 1 && ts.millis() - self.since_ms >= SOAKED_MS
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
    fn a_long_gap_is_not_steady() {
        use RunState::Loaded;
        check(&[(0, Loaded), (15, Loaded), (30, Loaded), (120, Loaded)], "Starting Starting LoadedSteady Starting");
    }
}
