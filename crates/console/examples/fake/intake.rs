//! What comes in: two sources, one of them away, and what was refused.

use foretell_console::view::{HistoryStore, IngestStatus, MachineClock, RefusalCount, SourceStatus, StoreState};
use foretell_model::{MachineId, Quarantined};

use super::fleet::now;

/// As it stands.
pub(super) fn status(clocks: Vec<MachineClock>, quarantine: Vec<Quarantined>) -> IngestStatus {
    let source = |name: &str, address: &str, connected, clients, readings, readings_per_second, refused| SourceStatus {
        name: name.to_owned(),
        address: address.to_owned(),
        connected,
        clients,
        readings,
        readings_per_second,
        refused,
        last_reading: Some(now() + if connected { -4_000 } else { -7_500_000 }),
    };
    let refusals = [("out_of_range", 214), ("unknown_topic", 61), ("malformed", 12), ("from_future", 3)];
    IngestStatus {
        now: now(),
        sources: vec![
            source("listener", "0.0.0.0:1883", true, Some(9), 1_482_113, 1.2, 78),
            source("plant", "mqtts://broker.plant.example:8883", false, None, 311_874, 0.0, 212),
        ],
        refusals: refusals.map(|(reason, count)| RefusalCount { reason: reason.to_owned(), count }).into(),
        log_entries: 1_793_987,
        engine_behind: Some(0),
        webhooks: super::ways::webhooks(),
        history_store: Some(HistoryStore {
            state: StoreState::Writing,
            detail: String::new(),
            behind_entries: 12,
            points_written: 1_793_975,
            points_refused: 0,
            last_written: Some(now()),
        }),
        held: refusals.map(|(reason, count)| RefusalCount { reason: reason.to_owned(), count: count / 2 }).into(),
        clocks,
        faults: Vec::new(),
        quarantine,
    }
}

/// Machines by how far their clocks are off.
pub(super) fn clocks() -> Vec<MachineClock> {
    let clock = |machine: &str, behind_ms, refused_ahead| MachineClock {
        machine: MachineId::parse(machine).expect("an identity"),
        behind_ms,
        heard: now() + -4_000,
        refused_ahead,
    };
    vec![clock("s02/m005", -3_600_000, 3), clock("s01/m003", 120_000, 0), clock("s01/m001", 350, 0)]
}
