//! How outreach is set up.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use foretell_model::Catalogue;

use crate::alarms::TripRules;
use crate::channel::Channel;
use crate::governor::Policy;
use crate::grumbles::Grumbles;
use crate::holidays::Holidays;
use crate::hooks::Hook;
use crate::managers::Managers;
use crate::registry::Words;
use crate::stop_words::StopWords;
use crate::views::Promise;

/// What a customer with a broken machine is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promises {
    /// Minutes within which the customer is called back.
    pub call_back_min: u32,
    /// Minutes within which somebody is on site.
    pub on_site_min: u32,
    /// So many minutes before the call is due the customer is told that it will be late.
    pub warn_call_back_min: u32,
    /// So many minutes before the arrival is due the customer is told that it will be late.
    pub warn_on_site_min: u32,
}

impl Promises {
    /// How long before it slips the customer is told, minutes.
    #[must_use]
    pub const fn warn_min(&self, promise: Promise) -> u32 {
        match promise {
            Promise::CallBack => self.warn_call_back_min,
            Promise::OnSite => self.warn_on_site_min,
        }
    }
}

impl Default for Promises {
    fn default() -> Self {
        Self { call_back_min: 20, on_site_min: 240, warn_call_back_min: 5, warn_on_site_min: 45 }
    }
}

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
    /// Visits that can be made per half-day as long as no technician is registered, at least 1.
    pub visits_per_half_day: u32,
    /// Public holidays by zone, below each customer's own.
    pub holidays: Holidays,
    /// The governor's caps.
    pub policy: Policy,
    /// What a customer with a broken machine is promised.
    pub promises: Promises,
    /// Words in replies that hint at displeasure.
    pub grumbles: Grumbles,
    /// Speed at which technicians are assumed to drive, km/h.
    pub travel_kmh: f64,
    /// Days after which personal words of what is long over are struck out; `None` keeps them.
    pub forget_after_days: Option<u32>,
    /// Words in replies that stop messages on the channel on which they are sent.
    pub stop_words: StopWords,
    /// Which alarms of controllers open a service case.
    pub trips: TripRules,
    /// Days that a link stays valid after the message was drafted.
    pub link_valid_days: u32,
    /// Days after a job at the latest for the one word that follows it; sooner when its effect is known.
    pub follow_up_days: u32,
    /// What leaking air must cost a year, in the tariff's currency, before a customer hears of it as a tip.
    pub energy_tip_per_year_min: f64,
    /// Days ahead within which hour-based service is offered.
    pub service_horizon_days: f64,
    /// Directory with edited templates; a file there replaces the built-in one of the same name.
    pub templates: Option<PathBuf>,
    /// Fault codes whose messages go out without an advisor's click.
    pub auto_approve: BTreeSet<String>,
    /// Whether this process delivers: only then may it settle what an earlier one left in the middle of a delivery, because
    /// another process may be in the middle of it right now. On by default.
    pub delivers: bool,
    /// Whether readings tell the time, as in a rehearsal: months pass in a minute then, and a look that a later one has overtaken
    /// is no clock that went back.
    pub time_of_readings: bool,
    /// Deliveries of one look at the clock end after so long, and the rest waits for the next: behind a mail server that does not
    /// answer, promises would slip untold, and what was let go by day would arrive at night.
    pub delivering_max: Duration,
    /// Ways out, in order of preference.
    pub channels: Vec<Arc<dyn Channel>>,
    /// Who is told that a customer complains.
    pub managers: Managers,
    /// Who is told of what happens.
    pub hooks: Vec<Arc<Hook>>,
    /// The small JPEG file of a picture by its reference, for portraits in e-mails; none where there is no such picture.
    pub pictures: Pictures,
}

/// The bytes of a picture by its reference.
type ReadPicture = dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync;

/// Reads the small file of a picture by its reference.
#[derive(Clone)]
pub struct Pictures(pub Arc<ReadPicture>);

impl Default for Pictures {
    fn default() -> Self {
        Self(Arc::new(|_| None))
    }
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
            visits_per_half_day: 1,
            holidays: Holidays::default(),
            policy: Policy::default(),
            promises: Promises::default(),
            grumbles: Grumbles::default(),
            travel_kmh: 40.0,
            forget_after_days: Some(730),
            stop_words: StopWords::default(),
            trips: TripRules::default(),
            link_valid_days: 90,
            follow_up_days: 10,
            energy_tip_per_year_min: 5_000.0,
            service_horizon_days: 21.0,
            templates: None,
            auto_approve: BTreeSet::new(),
            delivers: true,
            time_of_readings: false,
            delivering_max: Duration::from_secs(20),
            channels: Vec::new(),
            managers: Managers::default(),
            hooks: Vec::new(),
            pictures: Pictures::default(),
        }
    }
}
