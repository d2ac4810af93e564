//! A small service company at work on a Wednesday.

use std::sync::Arc;

use foretell_model::{Grade, Status, Timestamp};
use foretell_outreach::Outreach;

use super::{Recorder, at, finding, machine, open};

/// One house with what it sent.
pub(crate) struct Scene {
    pub(crate) outreach: Outreach,
    pub(crate) channel: Arc<Recorder>,
    _dir: tempfile::TempDir,
}

pub(crate) fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let channel = Arc::new(Recorder::default());
    Scene { outreach: open(dir.path(), channel.clone()), channel, _dir: dir }
}

/// Wednesday, 16:30 in China and 09:30 in London.
pub(crate) fn wednesday() -> Timestamp {
    at("2026-07-15T08:30:00Z")
}

pub(crate) fn cooler(machine_id: &str, grade: Grade, status: Status) -> foretell_model::Finding {
    finding(&machine(machine_id), "cooler_clogging", grade, status)
}
