//! What breaks, who comes, what was found: plain data of reactive service and of finished work.

use std::collections::BTreeMap;

use foretell_model::{FindingId, Found, MINUTE_MS, Timer, TimerState, Timestamp, named};
use serde::{Deserialize, Serialize};

use crate::CustomerStage;
use crate::options::Promises;
use crate::registry::Language;

named! {
    /// Who opened a service case.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    Source {
        /// The customer said so.
        Customer = "customer",
        /// The customer wrote so, in answer to a letter or of own accord.
        Reply = "reply",
        /// The controller tripped.
        Controller = "controller",
        /// The advisor saw or heard it.
        Advisor = "advisor",
    }
}

named! {
    /// What a customer with a broken machine is promised.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    Promise {
        /// A call back.
        CallBack = "call_back",
        /// Somebody on site.
        OnSite = "on_site",
    }
}

/// What was found on site, and how much longer it takes, as the customer was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// When it was told.
    #[serde(with = "millis")]
    pub at: Timestamp,
    /// Code of the fault, where it has one in the catalogue.
    pub found: Option<String>,
    /// Minutes that the work still took then, at least 1.
    pub minutes: u32,
}

/// Reactive service: something did break.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceCase {
    /// Its number.
    #[serde(skip)]
    pub id: i64,
    /// `site/machine`.
    pub machine: String,
    /// Whose, if registered.
    pub customer: Option<String>,
    /// Who opened it.
    pub source: Source,
    /// What is wrong, in the words of whoever said so; one line for each that said something.
    pub what: String,
    /// When it was opened.
    #[serde(with = "millis")]
    pub opened: Timestamp,
    /// By when the customer is called back.
    #[serde(with = "millis")]
    pub call_back_due: Timestamp,
    /// By when instead, as the customer was told before the first promise slipped.
    #[serde(default, with = "millis::option", skip_serializing_if = "Option::is_none")]
    pub call_back_by: Option<Timestamp>,
    /// By when somebody is on site.
    #[serde(with = "millis")]
    pub on_site_due: Timestamp,
    /// When the customer was called back.
    #[serde(with = "millis::option")]
    pub called_back: Option<Timestamp>,
    /// Who comes, a key of the technicians.
    pub technician: Option<String>,
    /// When the technician expects to be there.
    #[serde(with = "millis::option")]
    pub eta: Option<Timestamp>,
    /// Whether a person said so, rather than the distance.
    #[serde(default)]
    pub eta_told: bool,
    /// When that was said or reckoned; `None` where it was before anybody noted it.
    #[serde(default, with = "millis::option")]
    pub eta_at: Option<Timestamp>,
    /// When the technician set out.
    #[serde(default, with = "millis::option")]
    pub set_out: Option<Timestamp>,
    /// Where the technician was last, degrees north and east; only on the way.
    pub position_deg: Option<(f64, f64)>,
    /// When that was.
    #[serde(default, with = "millis::option")]
    pub located: Option<Timestamp>,
    /// How far it was at first, km as the crow flies.
    #[serde(default)]
    pub begun_km: Option<f64>,
    /// When somebody came.
    #[serde(with = "millis::option")]
    pub on_site: Option<Timestamp>,
    /// What the customer was last told from the site.
    #[serde(default)]
    pub progress: Option<Progress>,
    /// Promises of which the customer was told that they slip.
    pub told: Vec<Promise>,
    /// Promises that were broken.
    pub broken: Vec<Promise>,
    /// When it was closed.
    #[serde(with = "millis::option")]
    pub closed: Option<Timestamp>,
    /// What was done.
    pub report: Option<VisitReport>,
    /// Why nothing was to be mended after all, where the case was opened by mistake; empty where the customer said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// Number of the case that goes on in its place, where the machine came to another customer meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goes_on: Option<i64>,
    /// Number of the case in whose place this one goes on; what was said to that one stays there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<i64>,
    /// What the customer replied and nobody of ours has answered yet, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heard: Vec<String>,
}

impl ServiceCase {
    /// One of the two timers. A call that nobody made is not kept by having come: it is overtaken.
    #[must_use]
    pub fn timer(&self, promise: Promise, promises: &Promises, now: Timestamp) -> Timer {
        let (due, met) = match promise {
            Promise::CallBack => (self.call_back_due, self.called_back.or(self.on_site)),
            Promise::OnSite => (self.on_site_due, self.on_site),
        };
        let overtaken = promise == Promise::CallBack && self.called_back.is_none();
        let state = match met {
            Some(_) if overtaken => TimerState::Overtaken,
            Some(met) if met <= due => TimerState::Kept,
            Some(_) => TimerState::KeptLate,
            None if now > due => TimerState::Late,
            None if self.will_slip(promise, due, promises, now) => TimerState::Slipping,
            None => TimerState::Running,
        };
        Timer { due, met, state }
    }

    /// Whether a promise will be broken as far as one can tell: the technician says so, or there is hardly any time left.
    fn will_slip(&self, promise: Promise, due: Timestamp, promises: &Promises, now: Timestamp) -> bool {
        let told_late = promise == Promise::OnSite && self.eta.is_some_and(|eta| eta > due);
        // A technician who says that it will be in time is believed.
        let on_the_way = promise == Promise::OnSite && self.eta.is_some_and(|eta| eta <= due && now <= eta);
        told_late || (!on_the_way && now >= due + -i64::from(promises.warn_min(promise)) * MINUTE_MS)
    }
}

/// The closing checklist of a visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Checklist {
    /// The machine was run together with the customer.
    pub test_run: bool,
    /// The place was left tidy.
    pub tidy: bool,
    /// The old parts were shown, and left or taken as the customer wished.
    pub old_parts: bool,
    /// The report was handed over.
    pub report: bool,
    /// The courtesy item was left.
    pub courtesy: bool,
}

impl Checklist {
    /// What is not done, by name.
    #[must_use]
    pub fn lacks(&self) -> Vec<&'static str> {
        let points = [
            (self.test_run, "test_run"),
            (self.tidy, "tidy"),
            (self.old_parts, "old_parts"),
            (self.report, "report"),
            (self.courtesy, "courtesy"),
        ];
        points.into_iter().filter(|(done, _)| !done).map(|(_, name)| name).collect()
    }
}

/// What was done at a visit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VisitReport {
    /// When the work began.
    #[serde(with = "millis::option")]
    pub began: Option<Timestamp>,
    /// When it ended.
    #[serde(with = "millis::option")]
    pub ended: Option<Timestamp>,
    /// Parts used, by kind.
    pub parts: BTreeMap<String, u32>,
    /// Key of the depot they came from.
    pub depot: Option<String>,
    /// The closing checklist.
    pub checklist: Checklist,
    /// Why a point of the checklist was left out.
    pub left_out: String,
    /// What the technician wants to be known.
    pub note: String,
    /// The same as the customer reads it, where the technician wrote in a language that the customer does not read; empty until
    /// somebody has written it.
    pub note_for_customer: String,
}

impl VisitReport {
    /// The note as a reader of a language may have it: nothing where it is in another one.
    #[must_use]
    pub fn note_in(&self, language: Language) -> &str {
        match self.note_for_customer.as_str() {
            "" if language.reads(&self.note) => &self.note,
            written => written,
        }
    }

    /// Whether the customer lacks a note that was written in another language.
    #[must_use]
    pub fn lacks_note_in(&self, language: Language) -> bool {
        self.note_for_customer.is_empty() && !language.reads(&self.note)
    }
}

/// What a technician is sent to, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkOf {
    /// A visit, by its number.
    Visit(i64),
    /// A service case, by its number.
    ServiceCase(i64),
}

/// A verdict on a forecast: a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkVerdict {
    /// On which case.
    pub case: FindingId,
    /// Fault code of the forecast.
    pub fault: String,
    /// What was found.
    pub found: Found,
    /// Fault code of what was found instead, if it has one.
    pub instead: Option<String>,
    /// In the technician's words.
    pub note: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
}

named! {
    /// What a picture belongs to.
    PhotoOf {
        /// A case of a forecast.
        Case = "case",
        /// A visit.
        Visit = "visit",
        /// A service case.
        ServiceCase = "service_case",
        /// A person of ours.
        Person = "person",
        /// A machine.
        Machine = "machine",
    }
}

/// A picture, by reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// Its number.
    pub id: i64,
    /// What kind of thing it belongs to.
    pub of: PhotoOf,
    /// Key of that thing.
    pub subject: String,
    /// Where the bytes lie, e.g. a file's name in the photo folder.
    pub reference: String,
    /// What is to be seen.
    pub caption: String,
    /// When it was added.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
}

/// One change of a customer's stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageChange {
    /// When.
    pub at: Timestamp,
    /// To what; `None` when the dissatisfaction is over.
    pub stage: Option<CustomerStage>,
    /// By whom.
    pub who: String,
    /// Why.
    pub why: String,
}

/// Parts of one kind in one depot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockLine {
    /// Key of the depot.
    pub depot: String,
    /// Kind of part.
    pub part: String,
    /// How many.
    pub n: u32,
}

/// Instants in JSON: milliseconds since 1970 UTC.
mod millis {
    use foretell_model::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(t: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(t.millis())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(from).map(Timestamp::from_millis)
    }

    /// As above, where there may be none.
    pub(super) mod option {
        use foretell_model::Timestamp;
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        pub(in super::super) fn serialize<S: Serializer>(t: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
            t.map(Timestamp::millis).serialize(to)
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
            Ok(Option::<i64>::deserialize(from)?.map(Timestamp::from_millis))
        }
    }
}
