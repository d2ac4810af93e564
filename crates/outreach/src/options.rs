//! How outreach is set up.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use foretell_model::Catalogue;

use crate::channel::Channel;
use crate::governor::Policy;
use crate::registry::Words;

/// Settings of [`crate::Outreach`], all with defaults but the catalogue.
#[derive(Clone)]
pub struct OutreachOptions {
    /// What faults and work are called and how they are explained.
    pub catalogue: Arc<Catalogue>,
    /// The company that speaks.
    pub company: Words,
    /// Beginning of links to customers' pages, e.g. `https://service.example.com`; `/b/{token}` is appended.
    pub public_url: String,
    /// IANA zone in which the technicians' half-days are counted.
    pub zone: chrono_tz::Tz,
    /// Visits that the technicians can make per half-day, at least 1; the number of registered technicians when `None`
    /// (1 when none is registered).
    pub visits_per_half_day: Option<u32>,
    /// The governor's caps.
    pub policy: Policy,
    /// Days that a link stays valid after the message was drafted.
    pub link_valid_days: u32,
    /// Days ahead within which hour-based service is offered.
    pub service_horizon_days: f64,
    /// Directory with edited templates; a file there replaces the built-in one of the same name.
    pub templates: Option<PathBuf>,
    /// Fault codes whose messages go out without an advisor's click.
    pub auto_approve: BTreeSet<String>,
    /// Whether this process delivers: only then may it settle what an earlier one left in the middle of a delivery, because
    /// another process may be in the middle of it right now. On by default.
    pub delivers: bool,
    /// Ways out, in order of preference.
    pub channels: Vec<Arc<dyn Channel>>,
}

impl OutreachOptions {
    /// The defaults; no channel, so that nothing goes out until one is chosen.
    #[must_use]
    pub fn new(catalogue: Arc<Catalogue>) -> Self {
        Self {
            catalogue,
            company: Words { en: "Foretell Service".into(), zh: "先知服务".into() },
            public_url: "http://127.0.0.1:8080".into(),
            zone: chrono_tz::Asia::Shanghai,
            visits_per_half_day: None,
            policy: Policy::default(),
            link_valid_days: 90,
            service_horizon_days: 21.0,
            templates: None,
            auto_approve: BTreeSet::new(),
            delivers: true,
            channels: Vec::new(),
        }
    }
}
