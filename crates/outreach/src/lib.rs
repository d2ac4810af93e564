//! Advisory generation (ISO 13374 AG): from a finding to one considerate message, and from there to a visit.
//!
//! `apply` turns findings into cases; the advisor's queue shows them with a drafted message; `approve` puts the message
//! into the outbox; `tick` lets the governor decide and the channels deliver; the customer books through a signed link.
//! Everything is synchronous and is told the time. State lives in one SQLite file, each step is one transaction, and every
//! change is recorded with who, when and why.
//!
//! | room | what lives there |
//! |---|---|
//! | [`registry`] | customers, sites, machines, advisors as people enter them |
//! | `calendar`, `holidays`, `clock` | a customer's civil time, public holidays, working days, open hours and production; whether our own clock is right |
//! | [`governor`] | whether one message may go out now |
//! | [`slots`], [`roster`] | which two times to offer, and who could come |
//! | [`planning`], `plan` | parts, depots, capacity and the price of waiting, reckoned ahead |
//! | [`spreadsheet`], `csv` | customers and machines from a CSV file |
//! | [`compose`] | texts from templates, and the lint that guards them |
//! | `templating` | what a template may do |
//! | [`channel`] | ways out of the house |
//! | [`hooks`], [`replies`], `quoting`, `stop_words`, `naming`, `alarms` | who is told of what happens, what customers answer and of which machine, what controllers say |
//! | `answers`, `mistakes`, `case_mistakes` | what a customer answers beside a time; what was entered by mistake and is taken back |
//! | `taps`, `seen` | what a tap on a page does that may have been open for days; acts on what is still as it was seen |
//! | `apply`, `bundle`, `rivals`, `joint`, `joining`, `card`, `advisor`, `calls`, `arrange`, `outbox`, `customer`, `visits` | what the engine, the advisor, the clock, the customer and the technician may do |
//! | `journey`, `case_way`, `guest`, `wishes`, `handover` | a technician's day, what a link leads to, what customers chose about our messages |
//! | `personal` | everything about one customer, to hand out or to erase |
//! | `troubles`, `new_owner`, `care`, `evidence` | what broke, how content the customer is, what was found and used |
//! | `telling`, `heard` | what the log is told of the work of visits, and what it tells of work |
//! | `untold` | words that may not have arrived, where no card asks about them |
//! | `crew_words`, `managers` | who drives to a customer hears of changes, a manager hears of complaints |
//! | `notes` | a technician's note for a customer who reads another language |
//! | `words` | word about visits and about what broke, put into the outbox with what it is about |
//! | [`desk`] | all of it in memory, for pages |
//! | `discreet` | no customer is told of another |
//! | `earlier` | what came before a letter: a talk, work that did not help |
//! | `edits` | what a person wrote, and whether it may still go out |
//! | `drafting` | what these share: the text, the times and the verdict of one case |
//! | [`store`] | the statements, and the databases below them |

mod advisor;
mod alarms;
mod answers;
mod apply;
mod arrange;
mod bundle;
mod calendar;
mod calls;
mod card;
mod care;
mod case_mistakes;
mod case_replies;
mod case_way;
mod cells;
pub mod channel;
mod clock;
mod colleagues;
pub mod compose;
mod context;
mod crew_words;
mod csv;
mod customer;
pub mod desk;
mod discreet;
mod drafting;
mod earlier;
mod edits;
mod error;
mod evidence;
mod form;
pub mod governor;
mod grumbles;
mod guest;
mod handover;
mod heard;
mod holidays;
pub mod hooks;
mod ics;
mod joining;
mod joint;
mod journey;
mod letter_times;
mod link;
mod managers;
mod mistakes;
mod naming;
mod new_owner;
mod notes;
mod options;
mod outbox;
mod outcome;
mod outward;
mod personal;
mod plan;
pub mod planning;
mod problems;
mod quoting;
pub mod registry;
pub mod replies;
mod rivals;
pub mod roster;
mod seen;
pub mod service;
pub mod slots;
pub mod spreadsheet;
mod stop_words;
pub mod store;
mod taps;
mod telling;
mod templating;
mod troubles;
mod untold;
mod views;
mod visits;
mod wishes;
mod words;

pub use alarms::{AlarmHeard, TripRules};
pub use apply::Concluded;
pub use calendar::{Calendar, Closed};
pub use care::CustomerStage;
pub use channel::{
    Channel, DeliveryError, Folder, Format, HttpOptions, Mqtt, Parcel, Portrait, Security, Sign, Smtp, SmtpOptions,
    Webhook, WebhookOptions, sign,
};
pub use compose::editor::{Layer, PreviewOf, Previewed, TemplateChange, TemplateFaults, TemplateInfo, TemplateText};
pub use compose::trouble::OnSiteNews;
pub use compose::{Draft, Occasion};
pub use context::{MachineContext, WEEK_HOURS};
pub use customer::{LINK_OF_DRAFT, LINK_TAKEN_BACK, LINK_WITHDRAWN};
pub use desk::{Appointment, Desk};
pub use error::{OutreachError, Result};
pub use grumbles::Grumbles;
pub use holidays::{Gap, Holidays};
pub use hooks::{Hook, HookOptions, HookStatus};
pub use letter_times::LetterTimes;
pub use managers::{Manager, Managers};
pub use options::{OutreachOptions, Pictures, Promises};
pub use outward::MqttMessage;
pub use plan::{Counters, Delayed, Plan};
pub use problems::{Problem, mail_address};
pub use registry::{
    Advisor, Contact, Contacting, Customer, Depot, Language, Machine, Production, Registry, ServiceTask, Site,
    Technician, Words,
};
pub use replies::ReplyHeard;
pub use service::Counter;
pub use slots::Slot;
pub use stop_words::StopWords;
pub use views::{
    AfterCall, AfterCancelling, Applied, Arrival, Booking, BookingView, Card, CaseView, Checklist, Choice, CrewChange,
    CrewWord, Errand, ErrandSheet, Figures, Guest, Happening, Joins, Journey, LetterFound, LooseReply, Matter,
    MessageState, MessageView, OfferedSlot, Outcome, PageState, Photo, PhotoOf, Preferences, Progress, Promise,
    QueueEntry, RecordFilter, RecordPage, ServiceCase, Source, Spoken, Stage, StageChange, StockLine, Task, Ticked,
    Unsent, Unsettled, Untold, UntoldOf, VisitDone, VisitReport, WorkDone, WorkOf, WorkVerdict, Written,
};

use std::path::Path;
use std::sync::Arc;

use foretell_model::{MachineId, Offset, Timestamp};

use compose::Shelf;
use link::Signer;
use registry::Entity;
use store::{Database, Session, Sqlite, Store};

/// Service state and everything that may happen to it. Cheap to share behind an `Arc`; every method may be called from
/// any thread and blocks for one short transaction (`tick` also for the channels' deliveries, without holding the store).
pub struct Outreach {
    store: Store,
    signer: Signer,
    shelf: Arc<Shelf>,
    options: Arc<OutreachOptions>,
    /// Service state in memory, for pages.
    desk: Arc<desk::Held>,
    kept_roster: Arc<drafting::KeptRoster>,
    kept_names: Arc<discreet::KeptNames>,
}

impl Outreach {
    /// Opens the service state at `path` (by convention `service.sqlite` in the data directory), creating it where missing;
    /// the links' secret is kept beside it as `link.secret`. Deliveries that a crash interrupted are settled first: an
    /// idempotent channel takes them up again, any other leaves them to the advisor as unknown.
    ///
    /// # Errors
    /// When the file, the secret or an edited template cannot be used.
    pub fn open(path: &Path, options: OutreachOptions) -> Result<Self> {
        Self::over(Box::new(Sqlite::open(path)?), &path.with_file_name("link.secret"), options)
    }

    /// As [`Outreach::open`], over any database that keeps what [`store::session`] asks; `secret` is the file of the links'
    /// secret.
    ///
    /// # Errors
    /// When the secret or an edited template cannot be used, or the database refuses.
    pub fn over(database: Box<dyn Database>, secret: &Path, options: OutreachOptions) -> Result<Self> {
        let outreach = Self {
            store: Store::new(database),
            signer: Signer::open(secret)?,
            shelf: Arc::new(Shelf::new(options.templates.clone())?),
            options: Arc::new(options),
            desk: Arc::default(),
            kept_roster: Arc::default(),
            kept_names: Arc::default(),
        };
        if outreach.options.delivers {
            outreach.subscribe_hooks()?;
            outreach.settle_interrupted()?;
            outreach.compact_if_due()?;
        }
        Ok(outreach)
    }

    /// Tells that the log was replaced or cut and now ends at `head`: findings from there on count as new. Returns how many
    /// machines had been further.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn rewind(&self, head: Offset) -> Result<usize> {
        self.store.write("follow the log back in", |tx| store::advisories::rewind(tx, head.0))
    }

    /// Tells that the log was exchanged for another one, which ends at `head`: what comes of it up to there was told before.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn follow_another_log(&self, head: Offset) -> Result<()> {
        self.store.write("follow another log in", |tx| store::advisories::remark(tx, head.0)).map(|_| ())
    }

    /// Registers or changes a customer; says whether anything changed.
    ///
    /// # Errors
    /// When a field cannot be used, the advisor does not exist, or the store refuses.
    pub fn register_customer(&self, customer: &Customer, who: &str, now: Timestamp) -> Result<bool> {
        self.store.write(&format!("register customer `{}`", customer.id), |tx| {
            store::registry::register(tx, &wishes::as_chosen(tx, customer)?, who, now)
        })
    }

    /// Registers or changes a machine; says whether anything changed.
    ///
    /// # Errors
    /// When its identity or a figure cannot be used or the store refuses.
    pub fn register_machine(&self, machine: &Machine, who: &str, now: Timestamp) -> Result<bool> {
        self.register(machine, who, now)
    }

    /// Registers or changes an advisor; says whether anything changed.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn register_advisor(&self, advisor: &Advisor, who: &str, now: Timestamp) -> Result<bool> {
        self.register(advisor, who, now)
    }

    /// Registers or changes a technician; says whether anything changed.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn register_technician(&self, technician: &Technician, who: &str, now: Timestamp) -> Result<bool> {
        self.register(technician, who, now)
    }

    /// Registers or changes a depot; says whether anything changed. A new one receives its opening stock.
    ///
    /// # Errors
    /// When its place cannot be used or the store refuses.
    pub fn register_depot(&self, depot: &Depot, who: &str, now: Timestamp) -> Result<bool> {
        self.store.write(&format!("register depot `{}`", depot.id), |tx| {
            store::stock::open(tx, depot)?;
            store::registry::register(tx, depot, who, now)
        })
    }

    /// Registers a whole file in one step, advisors first; says how many things changed. Importing it again changes nothing,
    /// and takes nothing back: hours at which work was done since stay, and shelves are not filled again.
    ///
    /// # Errors
    /// At the first thing that cannot be used; nothing of the file is kept then.
    pub fn import(&self, registry: &Registry, who: &str, now: Timestamp) -> Result<usize> {
        fn each<T: Entity>(connection: &dyn Session, things: &[T], who: &str, now: Timestamp) -> Result<usize> {
            things
                .iter()
                .try_fold(0, |n, thing| Ok(n + usize::from(store::registry::register(connection, thing, who, now)?)))
        }
        self.store.write("import the registry", |tx| {
            registry.depots.iter().try_for_each(|depot| store::stock::open(tx, depot))?;
            let machines = registry.machines.iter().map(|machine| store::registry::with_work_done(tx, machine));
            let machines = machines.collect::<Result<Vec<Machine>>>()?;
            let customers = registry.customers.iter().map(|customer| wishes::as_chosen(tx, customer));
            let customers = customers.collect::<Result<Vec<Customer>>>()?;
            let changed = each(tx, &registry.advisors, who, now)?
                + each(tx, &registry.depots, who, now)?
                + each(tx, &registry.technicians, who, now)?
                + each(tx, &customers, who, now)?
                + each(tx, &personal::living(tx, &registry.sites)?, who, now)?
                + each(tx, &machines, who, now)?;
            self.pass_cases_on(tx, who, now)?;
            Ok(changed)
        })
    }

    /// One customer.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn customer(&self, id: &str) -> Result<Option<Customer>> {
        self.store.read("read a customer", |c| store::registry::find(c, id))
    }

    /// One advisor.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn advisor(&self, id: &str) -> Result<Option<Advisor>> {
        self.store.read("read an advisor", |c| store::registry::find(c, id))
    }

    /// The company that speaks, as it is called in a language.
    #[must_use]
    pub fn company(&self, language: Language) -> String {
        language.of(&self.options.company).to_owned()
    }

    /// What a customer with a broken machine is promised.
    #[must_use]
    pub fn promises(&self) -> &Promises {
        &self.options.promises
    }

    /// The zone in which the company's own days are counted.
    #[must_use]
    pub fn zone(&self) -> chrono_tz::Tz {
        self.options.zone
    }

    /// How many nameless crews make visits where no technician is registered.
    #[must_use]
    pub fn nameless_crews(&self) -> u32 {
        self.options.visits_per_half_day
    }

    /// Every customer, by key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn customers(&self) -> Result<Vec<Customer>> {
        self.store.read("list the customers", store::registry::all)
    }

    /// One machine as its owner knows it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn machine(&self, id: &MachineId) -> Result<Option<Machine>> {
        self.store.read("read a machine", |c| store::registry::find(c, id.as_str()))
    }

    /// The customer of a machine's site.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn customer_of(&self, id: &MachineId) -> Result<Option<Customer>> {
        self.store.read("read a machine's customer", |c| store::registry::customer_of(c, id))
    }

    /// Every machine, by identity.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn machines(&self) -> Result<Vec<Machine>> {
        self.store.read("list the machines", store::registry::all)
    }

    /// Every advisor, by key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn advisors(&self) -> Result<Vec<Advisor>> {
        self.store.read("list the advisors", store::registry::all)
    }

    /// Every site, by key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sites(&self) -> Result<Vec<Site>> {
        self.store.read("list the sites", store::registry::all)
    }

    fn register<T: Entity>(&self, thing: &T, who: &str, now: Timestamp) -> Result<bool> {
        let attempted = format!("register {} `{}`", T::KIND, thing.id());
        self.store.write(&attempted, |tx| store::registry::register(tx, thing, who, now))
    }
}
