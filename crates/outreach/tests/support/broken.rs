//! A machine that has broken down, and what is done about it.

use foretell_model::{MINUTE_MS, Timestamp};
use foretell_outreach::{Checklist, Source, VisitReport};

use super::machine;
use super::scene::{Scene, wednesday};

pub(crate) fn now() -> Timestamp {
    wednesday()
}

pub(crate) fn minutes(n: i64) -> Timestamp {
    now() + n * MINUTE_MS
}

impl Scene {
    pub(crate) fn break_down(&self, id: &str) -> i64 {
        self.outreach.open_service_case(&machine(id), Source::Advisor, "it stopped", "wang", now()).unwrap().id
    }

    /// What the letters are about; whole they stand in `golden/trouble.txt`.
    pub(crate) fn subjects(&self) -> Vec<String> {
        self.channel.parcels.lock().unwrap().iter().map(|parcel| parcel.subject.clone()).collect()
    }
}

pub(crate) fn done() -> VisitReport {
    VisitReport {
        parts: [("oil_filter".to_owned(), 2)].into(),
        checklist: Checklist { test_run: true, tidy: true, old_parts: true, report: true, courtesy: true },
        ..VisitReport::default()
    }
}
