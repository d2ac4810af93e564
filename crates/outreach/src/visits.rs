//! Booked visits: who comes, the calendar file, and the work done.

use foretell_model::{FindingId, MachineId, Obstacle, Timestamp};

use crate::channel::Portrait;
use crate::drafting::People;
use crate::error::{OutreachError, Result};
use crate::governor::Kind;
use crate::ics;
use crate::joint::left_out;
use crate::registry::{Machine, Site, Technician};
use crate::store::{
    Case, Entry, Mail, Session, Stay, advisories, bookings, evidence, record, registry, service_cases, untold_work,
};
use crate::telling::UNDO_MS;
use crate::views::{Booking, PhotoOf, Stage, WorkDone};
use crate::{Language, Outreach, bundle, care};

/// The remark of a case that was done in the visit of another one.
pub(crate) const WITH_ANOTHER: &str = "done in the same visit";
/// Beginning of the remark of a case whose visit did not take place.
const MISSED: &str = "the visit did not take place";

impl Outreach {
    /// The visit as a calendar file (`text/calendar`); after a cancellation the one that removes it.
    ///
    /// # Errors
    /// `Refused` when nothing was ever booked.
    pub fn calendar_file(&self, token: &str, now: Timestamp) -> Result<String> {
        self.store.write("write a calendar file", |tx| {
            let visitor = self.visitor(tx, token, now)?;
            let stay = bookings::newest_of(tx, &visitor.case.finding.id)?
                .ok_or_else(|| OutreachError::refused("write a calendar file", Obstacle::NoVisit))?;
            self.file_of(tx, (&visitor.case, &stay), &visitor.people, &self.link(&visitor.mail), now)
        })
    }

    /// The calendar file that goes with a word about a visit; `None` with any other word.
    pub(crate) fn file_with(
        &self,
        connection: &dyn Session,
        mail: &Mail,
        people: &People,
        now: Timestamp,
    ) -> Result<Option<String>> {
        if mail.kind != Kind::Confirmation {
            return Ok(None);
        }
        let Some(stay) = bookings::newest_of(connection, &mail.case)? else { return Ok(None) };
        let case = advisories::get(connection, &mail.case)?;
        self.file_of(connection, (&case, &stay), people, &self.link(mail), now).map(Some)
    }

    /// The portrait of who comes, with word of a booked visit or of somebody on the way to a broken machine.
    pub(crate) fn portrait_with(
        &self,
        connection: &dyn Session,
        mail: &Mail,
        language: Language,
    ) -> Result<Option<Portrait>> {
        let who = match mail.kind {
            Kind::Confirmation => bookings::newest_of(connection, &mail.case)?
                .filter(|stay| stay.state == "booked")
                .and_then(|s| s.technician),
            Kind::OnTheWay => match service_cases::number(&mail.case) {
                Some(id) => service_cases::get(connection, id)?.technician,
                None => None,
            },
            _ => None,
        };
        let Some(who) = who else { return Ok(None) };
        let technician: Option<Technician> = registry::find(connection, &who)?;
        let photo = evidence::photos(connection, PhotoOf::Person, &who)?.pop();
        Ok(technician.zip(photo).and_then(|(technician, photo)| {
            let jpeg = (self.options.pictures.0)(&photo.reference)?;
            Some(Portrait { name: language.of(&technician.name).to_owned(), jpeg })
        }))
    }

    fn file_of(
        &self,
        connection: &dyn Session,
        (case, stay): (&Case, &Stay),
        people: &People,
        link: &str,
        now: Timestamp,
    ) -> Result<String> {
        let language = people.customer.language;
        let facts = self.facts_now(connection, case, people, link, now)?;
        let facts = facts.leaving_out(&left_out(connection, case, stay)?);
        let (company, advisor) = (language.of(&self.options.company), &people.advisor);
        let (number, work, is_joint) = (facts.numbers(), facts.work(), !case.companions.is_empty());
        let (name, phone) = (language.of(&advisor.name), &advisor.phone);
        let site: Option<Site> = registry::find(connection, stay.machine.site())?;
        let (summary, description) = match language {
            Language::En => (
                if is_joint { format!("{company}: {work}") } else { format!("{company}: {work}, compressor {number}") },
                format!("Questions: {name}, {phone}\nChange or cancel: {link}"),
            ),
            Language::ZhCn => {
                let work = if is_joint { work } else { format!("{number}{work}") };
                (format!("{company}：{work}"), format!("有事请找{name}，{phone}\n改期或取消：{link}"))
            }
        };
        Ok(ics::write(&ics::Visit {
            uid: format!("foretell-visit-{}@{}", stay.uid, host(&self.options.public_url)),
            sequence: stay.sequence,
            changed: stay.changed,
            start: stay.start,
            end: stay.end,
            summary: &summary,
            description: &description,
            location: site.as_ref().map_or("", |site| site.address.as_str()),
            cancelled: stay.state == "cancelled",
            organizer: advisor.email.as_deref(),
            organizer_name: name,
        }))
    }

    /// The work of a visit was done: ends the case and says what the log will be told of it, in some hours. `run_hours` is the
    /// machine's counter at present, from which hour-based work counts anew.
    ///
    /// # Errors
    /// When there is no such visit or it was cancelled or done before.
    pub fn complete(&self, booking: i64, run_hours: Option<f64>, who: &str, now: Timestamp) -> Result<Vec<WorkDone>> {
        let attempted = format!("complete visit {booking}");
        self.store.write(&attempted, |tx| {
            untold_work::note(tx, booking, now + UNDO_MS)?;
            self.end_visit(tx, booking, run_hours, (who, &attempted), now)
        })
    }

    /// A visit took place: its case is done, and whatever goes with it; says what was done.
    pub(crate) fn end_visit(
        &self,
        tx: &dyn Session,
        booking: i64,
        run_hours: Option<f64>,
        (who, attempted): (&str, &str),
        now: Timestamp,
    ) -> Result<Vec<WorkDone>> {
        let mut stay = bookings::get(tx, booking)?;
        if let Some(why) = stay.over() {
            return Err(OutreachError::refused(attempted, why));
        }
        (stay.state, stay.changed) = ("done".into(), now);
        stay.save(tx)?;
        let mut case = advisories::get(tx, &stay.case)?;
        let done = self.work_done(tx, (&stay, &case), now)?;
        // The counter that somebody read is the visit's own machine's.
        let own = [(&stay.machine, run_hours.or(case.context.run_hours))];
        let others = case.companions.iter().map(|other| (&other.finding.machine, other.context.run_hours));
        for (machine, hours) in own.into_iter().chain(others) {
            count_anew(tx, (booking, machine), &done, hours, who, now)?;
        }
        case.move_to(tx, Stage::Done, None, None, now)?;
        bundle::finish(tx, &case, &left_out(tx, &case, &stay)?, now)?;
        self.plan_follow_up(tx, &stay, now)?;
        let (machine, advisory) = (Some(stay.machine.as_str()), Some(stay.case.as_str()));
        let (customer, what) = (Some(stay.customer.as_str()), record::VISIT_DONE);
        let why = &record::span(stay.start, stay.end);
        Entry { at: now, who, what, why, customer, machine, advisory, contact: true }.write(tx)?;
        Ok(done)
    }

    /// The visit did not take place: the case goes back to the advisor, who hears why.
    ///
    /// # Errors
    /// When there is no such visit, it has not begun, or it was cancelled or settled before.
    pub fn not_done(&self, booking: i64, reason: &str, who: &str, now: Timestamp) -> Result<()> {
        let attempted = format!("reopen the case of visit {booking}");
        self.store.write(&attempted, |tx| {
            let mut stay = bookings::get(tx, booking)?;
            if let Some(why) = stay.over().or((stay.start > now).then_some(Obstacle::NotBegun)) {
                return Err(OutreachError::refused(&attempted, why));
            }
            (stay.state, stay.changed) = ("missed".into(), now);
            stay.save(tx)?;
            let mut case = advisories::get(tx, &stay.case)?;
            case.move_to(tx, Stage::Call, Some(&format!("{MISSED}: {reason}")), None, now)?;
            care::hint(tx, &stay.customer, Some(stay.machine.as_str()), "a booked visit did not take place", now)?;
            let (machine, advisory) = (Some(stay.machine.as_str()), Some(stay.case.as_str()));
            let (customer, what) = (Some(stay.customer.as_str()), record::VISIT_MISSED);
            Entry { at: now, who, what, why: reason, customer, machine, advisory, contact: true }.write(tx)
        })
    }

    /// The live booking of a case.
    pub(crate) fn booking_of(&self, connection: &dyn Session, case: &FindingId) -> Result<Option<Booking>> {
        let stay = bookings::newest_of(connection, case)?.filter(|stay| stay.state == "booked");
        stay.map(|stay| booking(connection, stay)).transpose()
    }
}

/// A visit with its technician.
pub(crate) fn booking(connection: &dyn Session, stay: Stay) -> Result<Booking> {
    let technician: Option<Technician> = match &stay.technician {
        Some(id) => registry::find(connection, id)?,
        None => None,
    };
    Ok(Booking { id: stay.id, case: stay.case, start: stay.start, end: stay.end, technician, sequence: stay.sequence })
}

/// Hour-based work that was done counts from the present hours.
fn count_anew(
    connection: &dyn Session,
    (booking, machine): (i64, &MachineId),
    done: &[WorkDone],
    run_hours: Option<f64>,
    who: &str,
    now: Timestamp,
) -> Result<()> {
    let Some((mut own, hours)) = registry::find::<Machine>(connection, machine.as_str())?.zip(run_hours) else {
        return Ok(());
    };
    for task in &mut own.service {
        if done.iter().any(|done| done.machine == *machine && done.work.as_str() == task.work) {
            bookings::keep_counted(connection, booking, (machine.as_str(), &task.work), task.last_done_h)?;
            task.last_done_h = hours;
        }
    }
    registry::register(connection, &own, who, now).map(|_| ())
}

/// The host of a URL, for identifiers that must be unique in the world.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', ':']).next().unwrap_or(rest)
}
