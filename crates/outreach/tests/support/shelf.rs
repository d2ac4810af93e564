//! Oil on a shelf, work that took some of it, and what is refused.

use foretell_model::Obstacle;
use foretell_outreach::{Depot, OutreachError, Result, VisitReport, Words};

/// A depot with oil on its shelf.
pub(crate) fn leeds() -> Depot {
    Depot {
        id: "leeds".into(),
        name: Words { en: "Leeds".into(), zh: "利兹".into() },
        address: String::new(),
        latitude_deg: None,
        longitude_deg: None,
        opening_stock: [("oil".to_owned(), 5)].into(),
    }
}

/// The report of a job that took two of it.
pub(crate) fn two_of_oil() -> VisitReport {
    VisitReport {
        parts: [("oil".to_owned(), 2)].into(),
        depot: Some("leeds".into()),
        left_out: "-".into(),
        ..VisitReport::default()
    }
}

#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(done: Result<T>, expected: Obstacle) {
    assert!(matches!(&done, Err(OutreachError::Refused { why, .. }) if why.why == expected), "{done:?}");
}
