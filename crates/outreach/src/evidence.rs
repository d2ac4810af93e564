//! What came of a visit: verdicts that label forecasts, photos, reports, parts taken.

use std::collections::BTreeMap;

use foretell_model::{FaultPrecision, FindingId, FindingKind, Found, MachineId, Objection, Obstacle, Timestamp};

use crate::Outreach;
use crate::error::{OutreachError, Result};
use crate::registry::Depot;
use crate::store::{Entry, Session, advisories, bookings, evidence, record, registry, service_cases, stock};
use crate::views::{Happening, Photo, PhotoOf, RecordFilter, RecordPage, StockLine, VisitReport, WorkVerdict};
use crate::{notes, troubles};

/// Entries searched for somebody's doings in one go: who did what has no index of its own.
const SEARCHED_MAX: i64 = 20_000;

impl Outreach {
    /// Says what was found of what was forecast. A second verdict on a case replaces the first; both stay in the record.
    ///
    /// # Errors
    /// When there is no such case, or a fault found instead is not told from the forecast one.
    pub fn give_verdict(
        &self,
        id: &FindingId,
        (found, instead): (Found, Option<&str>),
        note: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<WorkVerdict> {
        let attempted = format!("give a verdict on {id}");
        self.store.write(&attempted, |tx| {
            let case = advisories::get(tx, id)?;
            // What was named is what can be confirmed, whatever the finding is called.
            let fault = case.own().cause(&self.options.catalogue).fault.as_str();
            if case.finding.kind == FindingKind::MaintenanceDue {
                return Err(OutreachError::refused(&attempted, Obstacle::NothingForecast));
            }
            if instead == Some(fault) {
                return Err(OutreachError::refused(&attempted, Obstacle::IsForecast));
            }
            let verdict = WorkVerdict {
                case: id.clone(),
                fault: fault.to_owned(),
                found,
                instead: instead.filter(|_| found == Found::SomethingElse).map(str::to_owned),
                note: note.to_owned(),
                at: now,
                who: who.to_owned(),
            };
            let machine = case.finding.machine.as_str();
            evidence::give(tx, machine, &verdict)?;
            let why = verdict
                .instead
                .as_ref()
                .map_or_else(|| found.name().to_owned(), |other| format!("{} {other}", found.name()));
            let (machine, advisory) = (Some(machine), Some(id.as_str()));
            Entry { at: now, who, what: "verdict", why: &why, machine, advisory, ..Entry::default() }.write(tx)?;
            Ok(verdict)
        })
    }

    /// The verdict on a case.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn verdict_on(&self, id: &FindingId) -> Result<Option<WorkVerdict>> {
        self.store.read("read a verdict", |c| evidence::verdict(c, id))
    }

    /// How often each fault's forecasts were right, by fault.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn precision(&self) -> Result<Vec<FaultPrecision>> {
        self.store.read("count the verdicts", evidence::precision)
    }

    /// Adds a picture by reference; gives its number. `subject` is the key of what it belongs to.
    ///
    /// # Errors
    /// When the reference is empty or the store refuses; `Lint` when the caption of a picture that the customer sees holds what
    /// customers never read.
    pub fn add_photo(
        &self,
        (of, subject): (PhotoOf, &str),
        reference: &str,
        caption: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<i64> {
        let attempted = format!("add a photo to {} {subject}", of.name());
        if reference.is_empty() {
            return Err(OutreachError::unfit(attempted, "its reference is empty"));
        }
        self.store.write(&attempted, |tx| {
            self.fit_beside_photo(tx, (of, subject), caption)?;
            let id = evidence::add_photo(tx, (of, subject), reference, caption, who, now)?;
            let why = format!("{} {subject}: {reference}", of.name());
            let advisory = (of == PhotoOf::Case).then_some(subject);
            Entry { at: now, who, what: "added a photo", why: &why, advisory, ..Entry::default() }.write(tx)?;
            Ok(id)
        })
    }

    /// Says anew what a picture shows.
    ///
    /// # Errors
    /// `Missing` when there is none of that number; `Lint` as for [`Outreach::add_photo`].
    pub fn caption_photo(&self, id: i64, caption: &str, who: &str, now: Timestamp) -> Result<()> {
        self.store.write(&format!("say what photo {id} shows"), |tx| {
            let photo = evidence::photo(tx, id)?;
            self.fit_beside_photo(tx, (photo.of, &photo.subject), caption)?;
            evidence::set_caption(tx, id, caption)?;
            let why = format!("{} {}: {caption}", photo.of.name(), photo.subject);
            let advisory = (photo.of == PhotoOf::Case).then_some(photo.subject.as_str());
            Entry { at: now, who, what: "changed a photo's caption", why: &why, advisory, ..Entry::default() }.write(tx)
        })
    }

    /// The customer reads what is written beside a picture of the machine, as the note on finished work.
    fn fit_beside_photo(&self, connection: &dyn Session, (of, subject): (PhotoOf, &str), caption: &str) -> Result<()> {
        let number = || subject.parse::<i64>().map_err(|_| OutreachError::missing(of.name(), subject));
        let machine = match of {
            PhotoOf::Case => {
                advisories::find(connection, &FindingId::from_text(subject))?.map(|case| case.finding.machine)
            }
            PhotoOf::Visit => Some(bookings::get(connection, number()?)?.machine),
            PhotoOf::ServiceCase => MachineId::parse(&service_cases::get(connection, number()?)?.machine).ok(),
            PhotoOf::Person | PhotoOf::Machine => None,
        };
        machine.map_or(Ok(()), |machine| self.fit_for_customer(connection, &machine, caption))
    }

    /// One picture.
    ///
    /// # Errors
    /// `Missing` when there is none of that number.
    pub fn photo(&self, id: i64) -> Result<Photo> {
        self.store.read(&format!("read photo {id}"), |c| evidence::photo(c, id))
    }

    /// Takes a picture away; gives it back as it was, so that its bytes can be deleted.
    ///
    /// # Errors
    /// `Missing` when there is none of that number.
    pub fn delete_photo(&self, id: i64, who: &str, now: Timestamp) -> Result<Photo> {
        self.store.write(&format!("delete photo {id}"), |tx| {
            let photo = evidence::photo(tx, id)?;
            evidence::delete_photo(tx, id)?;
            let why = format!("{} {}", photo.of.name(), photo.subject);
            let advisory = (photo.of == PhotoOf::Case).then_some(photo.subject.as_str());
            Entry { at: now, who, what: "deleted a photo", why: &why, advisory, ..Entry::default() }.write(tx)?;
            Ok(photo)
        })
    }

    /// The pictures of one thing, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn photos(&self, of: PhotoOf, subject: &str) -> Result<Vec<Photo>> {
        self.store.read("list photos", |c| evidence::photos(c, of, subject))
    }

    /// The pictures of a case and of its newest visit, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn photos_of_case(&self, id: &FindingId) -> Result<Vec<Photo>> {
        self.store.read("list the photos of a case", |c| {
            let mut photos = evidence::photos(c, PhotoOf::Case, id.as_str())?;
            if let Some(stay) = bookings::newest_of(c, id)? {
                photos.extend(evidence::photos(c, PhotoOf::Visit, &stay.id.to_string())?);
            }
            Ok(photos)
        })
    }

    /// Numbers of our people's portraits, by key; whoever has none is left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn portraits(&self) -> Result<BTreeMap<String, i64>> {
        Ok(self.store.read("list portraits", evidence::portraits)?.into_iter().collect())
    }

    /// Keeps what was done at a booked visit and takes the parts from their depot. Said again, it replaces what was said
    /// before; parts are taken once.
    ///
    /// # Errors
    /// When there is no such visit, or a point of the checklist is neither done nor explained.
    pub fn report_visit(&self, booking: i64, report: &VisitReport, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("report visit {booking}");
        troubles::complete(&attempted, report)?;
        self.store.write(&attempted, |tx| {
            let stay = bookings::get(tx, booking)?;
            self.fit_for_customer(tx, &stay.machine, &report.note)?;
            if bookings::report_of(tx, booking)?.is_none() {
                troubles::use_parts(tx, report)?;
            }
            let is_held = report.lacks_note_in(notes::reader(tx, Some(&stay.customer))?);
            bookings::report(tx, booking, (report, is_held), who, now)?;
            let (machine, advisory) = (Some(stay.machine.as_str()), Some(stay.case.as_str()));
            let customer = Some(stay.customer.as_str());
            let (what, why) = ("reported the visit", report.note.as_str());
            Entry { at: now, who, what, why, customer, machine, advisory, contact: false }.write(tx)
        })
    }

    /// What was done at a visit, if anybody said.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn visit_report(&self, booking: i64) -> Result<Option<VisitReport>> {
        self.store.read("read a visit's report", |c| bookings::report_of(c, booking))
    }

    /// What lies in the depots, by depot and part.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn stock(&self) -> Result<Vec<StockLine>> {
        self.store.read("read the stock", stock::all)
    }

    /// Every depot, by key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn depots(&self) -> Result<Vec<Depot>> {
        self.store.read("list the depots", registry::all)
    }

    /// Somebody counted a shelf, or filled it: so many pieces lie there now. A kind of part is one that some work takes, or that
    /// lies on a shelf already.
    ///
    /// # Errors
    /// `Refused` when there is no such depot or no such part.
    pub fn count_stock(&self, depot: &str, part: &str, n: u32, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("count `{part}` in depot {depot}");
        self.store.write(&attempted, |tx| {
            let refused = |why, about: &str| OutreachError::refused(&attempted, Objection::about(why, about));
            let known: Option<Depot> = registry::find(tx, depot)?;
            known.ok_or_else(|| refused(Obstacle::NoDepot, depot))?;
            let is_taken =
                self.options.catalogue.actions.values().flat_map(|work| &work.parts).any(|kind| kind == part);
            if !is_taken && !stock::all(tx)?.iter().any(|line| line.part == part) {
                return Err(refused(Obstacle::NoPart, part));
            }
            stock::set(tx, depot, part, n)?;
            let why = format!("{depot}: {part} {n}");
            Entry { at: now, who, what: "counted the stock", why: &why, ..Entry::default() }.write(tx)
        })
    }

    /// The record: who did what, when and why, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn record(&self, filter: &RecordFilter) -> Result<Vec<Happening>> {
        self.store.read("read the record", |c| record::filtered(c, filter, None))
    }

    /// The record backwards: what a filter lets through before an entry's number, or of all. Of somebody's doings only a
    /// stretch is searched at a time, so a page may hold fewer than it could and still have a next one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn record_before(&self, filter: &RecordFilter, before: Option<i64>) -> Result<RecordPage> {
        self.store.read("read the record", |c| {
            let before = match before {
                Some(before) => before,
                None => record::last(c)? + 1,
            };
            let floor = if filter.who.is_some() || filter.people {
                (before - SEARCHED_MAX).max(filter.after)
            } else {
                filter.after
            };
            let entries = record::filtered(c, &RecordFilter { after: floor, ..filter.clone() }, Some(before))?;
            let last = entries.last().filter(|_| entries.len() >= filter.max as usize).map(|entry| entry.id);
            let next = last.or((floor > filter.after).then_some(floor + 1));
            Ok(RecordPage { entries, next })
        })
    }

    /// The newest entries about a customer, newest first; with `contacts` only what passed between us.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn lately(&self, customer: &str, contacts: bool, max: u32) -> Result<Vec<Happening>> {
        self.store.read("read what happened lately", |c| match contacts {
            true => record::contacts(c, customer, max),
            false => record::newest(c, customer, max),
        })
    }
}
