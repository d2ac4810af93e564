//! Readings of plausible machines: weather, shifts, and on every sixth a cooler that clogs.

use foretell_model::{HOUR_MS, MachineId, Quality, Reading, RunState, Signal, Signals, Timestamp};

/// Machines at one site.
pub(crate) const PER_SITE: usize = 4;

/// Every so many machines one has a cooler that clogs.
const CLOGS_EVERY: usize = 6;

/// Days over which it does.
const CLOGS_DAYS: f64 = 45.0;

/// The machines by number.
pub(crate) struct Fleet {
    ids: Vec<MachineId>,
    now: Timestamp,
}

/// A machine's identity.
pub(crate) fn name(machine: usize) -> String {
    format!("s{:04}/k{}", machine / PER_SITE, machine % PER_SITE + 1)
}

impl Fleet {
    pub(crate) fn new(machines: usize) -> Self {
        use foretell_model::Clock as _;
        let ids = (0..machines).filter_map(|n| MachineId::parse(&name(n)).ok()).collect();
        Self { ids, now: foretell::clock::WallClock.now() }
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// What a machine says at an instant.
    pub(crate) fn reading(&self, machine: usize, ts: Timestamp) -> Reading {
        let hour = (ts.millis().div_euclid(HOUR_MS) + 8).rem_euclid(24);
        let noise = |salt: u64| dice(machine as u64, ts.millis() as u64 / 60_000, salt);
        let ambient_c = 26.0 + 6.0 * ((hour as f64 - 9.0) / 24.0 * std::f64::consts::TAU).sin() + noise(1);
        let loaded = (7..21).contains(&hour);
        let age_days = self.now.days_since(ts);
        let clogged = if machine.is_multiple_of(CLOGS_EVERY) { (1.0 - age_days / CLOGS_DAYS).max(0.0) } else { 0.0 };
        let severity = 8.0 + (machine % 7) as f64 * 2.0;
        let mut signals = Signals::empty();
        let rise_k = 50.0 + (machine % 11) as f64 + severity * clogged;
        signals.set(Signal::AmbientTemp, ambient_c);
        signals.set(Signal::DischargeTemp, ambient_c + if loaded { rise_k } else { 30.0 } + 0.6 * noise(2));
        signals.set(Signal::MotorCurrent, if loaded { 82.0 + noise(3) } else { 34.0 + noise(3) });
        signals.set(Signal::DischargePressure, 7.1 + 0.05 * noise(4));
        signals.set(Signal::RunHours, run_hours(ts));
        Reading {
            machine: self.ids[machine].clone(),
            ts,
            arrived: ts,
            signals,
            state: Some(if loaded { RunState::Loaded } else { RunState::Unloaded }),
            quality: Quality::Good,
        }
    }
}

/// Between -1 and 1, always the same for the same question.
fn dice(a: u64, b: u64, c: u64) -> f64 {
    let mut x = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ c;
    x ^= x >> 31;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 29;
    (x >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// What every machine's counter shows, h: they run day and night.
pub(crate) fn run_hours(ts: Timestamp) -> f64 {
    9_000.0 + ts.millis().rem_euclid(400 * 24 * HOUR_MS) as f64 / HOUR_MS as f64
}
