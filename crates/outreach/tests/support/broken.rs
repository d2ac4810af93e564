//! A machine that has broken down, and what is done about it.

use std::sync::Arc;

use foretell_model::{MINUTE_MS, Timestamp};
use foretell_outreach::{Checklist, Outreach, Source, VisitReport};

use super::{Recorder, at, machine, open};

pub fn now() -> Timestamp {
    at("2026-07-15T08:30:00Z")
}

pub fn minutes(n: i64) -> Timestamp {
    now() + n * MINUTE_MS
}

pub struct Scene {
    pub outreach: Outreach,
    pub channel: Arc<Recorder>,
    _dir: tempfile::TempDir,
}

pub fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let channel = Arc::new(Recorder::default());
    Scene { outreach: open(dir.path(), channel.clone()), channel, _dir: dir }
}

impl Scene {
    pub fn break_down(&self, id: &str) -> i64 {
        self.outreach.open_service_case(&machine(id), Source::Advisor, "it stopped", "wang", now()).unwrap().id
    }

    /// What the letters are about; whole they stand in `golden/trouble.txt`.
    pub fn subjects(&self) -> Vec<String> {
        self.channel.parcels.lock().unwrap().iter().map(|parcel| parcel.subject.clone()).collect()
    }
}

pub fn done() -> VisitReport {
    VisitReport {
        parts: [("oil_filter".to_owned(), 2)].into(),
        checklist: Checklist { test_run: true, tidy: true, old_parts: true, report: true, courtesy: true },
        ..VisitReport::default()
    }
}
