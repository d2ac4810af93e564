//! A machine that comes up after a letter about another one of its site went out, or after a visit there was booked, joins that
//! in place of a letter of its own: nobody wants a second cold letter within days about what one visit can settle.
//!
//! Work by running hours that falls due on the very machine of such a letter or visit joins it likewise: nobody drives out twice.
//! A fault of the machine to which a visit is booked for its service joins that visit, and leads it from then on, as a fault leads
//! whatever falls due near it ([`crate::bundle`]).
//!
//! The advisor sees what would be said, and lets it join or not. Where a visit is booked, it then takes in the other machine
//! and its customer hears of the change; where a letter is not answered, its page shows both at once and its reminder speaks of
//! both; where a call is due, it is about both. What cannot wait for that visit is written about by itself.

use foretell_model::{FindingId, FindingKind, Grade, MINUTE_MS, Obstacle, Timestamp};

use crate::apply::withdraw;
use crate::bundle::{self, GOES_ALONG};
use crate::card::{Shown, unwritten_or};
use crate::care::CustomerStage;
use crate::compose::{self, Draft, Occasion};
use crate::drafting::People;
use crate::error::Result;
use crate::governor::{Kind, Reason, Verdict};
use crate::joint::{MACHINES_MAX, is_companion};
use crate::slots::{self, Slot};
use crate::store::{
    Case, Companion, Entry, GoesWith, Mail, Session, Stay, advisories, alongside, bookings, messages, record,
    service_cases, succession,
};
use crate::views::{Joins, MessageState, MessageView, Stage};
use crate::{Outreach, joint};

/// What a case could join: one of the site of which the customer knows already.
pub(crate) struct Host {
    /// That case.
    known: FindingId,
    /// Both as they would be then: that case with what joins it; a fault that joins a service leads it.
    both: Case,
    /// Its visit as it would be then, where one is booked.
    stay: Option<Stay>,
    /// When the visit was to end before.
    ended: Option<Timestamp>,
}

impl Outreach {
    /// What a case could join; `None` where it speaks for itself.
    pub(crate) fn host(&self, connection: &dyn Session, case: &Case, now: Timestamp) -> Result<Option<Host>> {
        if case.stage != Stage::Draft {
            return Ok(None);
        }
        let is_free = Self::is_free_on_its_machine(connection, case, now)?;
        let (goes_beside, leads) = (is_free && is_due(case), is_free && self.is_fault_to_visit(case));
        let goes_together = self.may_go_together(connection, case, now)?;
        let Ok(people) = self.people(connection, &case.finding.machine)? else { return Ok(None) };
        // Whoever is displeased is spoken to by a person first.
        if people.stage.is_some_and(|stage| stage >= CustomerStage::OpenGrumbling) {
            return Ok(None);
        }
        let mut others = advisories::open_at(connection, case.finding.machine.site())?;
        // A visit that is booked is the surest thing to join.
        others.sort_by_key(|other| other.stage != Stage::Booked);
        for other in others {
            let goes = match other.finding.machine == case.finding.machine {
                true => goes_beside || (leads && other.stage == Stage::Booked && is_due(&other)),
                false => goes_together,
            };
            if !goes {
                continue;
            }
            if let Some(host) = self.host_with(connection, case, other, &people, now)? {
                return Ok(Some(host));
            }
        }
        Ok(None)
    }

    /// Whether nothing stands in the way of doing a case's work along with what else is done on its machine.
    fn is_free_on_its_machine(connection: &dyn Session, case: &Case, now: Timestamp) -> Result<bool> {
        let (id, machine) = (&case.finding.id, &case.finding.machine);
        Ok(case.companions.is_empty()
            && joint::is_new(connection, id)?
            && service_cases::open_of(connection, machine)?.is_none()
            && messages::not_now(connection, machine)?.is_none_or(|until| until <= now))
    }

    /// Whether a case is a fault that wants a visit, and no reckoning of a letter of its own.
    fn is_fault_to_visit(&self, case: &Case) -> bool {
        matches!(case.finding.kind, FindingKind::Prediction | FindingKind::Anomaly)
            && self.may_reach_customer(&case.finding)
            && Occasion::of_finding(&case.finding) != Occasion::Energy
            && !compose::pieces_of(case.own(), &self.options.catalogue).is_empty()
    }

    fn host_with(
        &self,
        connection: &dyn Session,
        case: &Case,
        other: Case,
        people: &People,
        now: Timestamp,
    ) -> Result<Option<Host>> {
        let id = &other.finding.id;
        let is_own = other.finding.machine == case.finding.machine;
        let is_apart = is_own || other.machines().all(|machine| case.machines().all(|own| own != machine));
        let has_room = is_own || other.machines().count() + case.machines().count() <= MACHINES_MAX;
        let is_known = matches!(other.stage, Stage::Contacted | Stage::Call | Stage::Booked) && !is_companion(&other);
        if !is_known || !is_apart || !has_room || Occasion::of_finding(&other.finding) == Occasion::Energy {
            return Ok(None);
        }
        // What is broken or was worked on already is another matter.
        for machine in other.machines() {
            if service_cases::open_of(connection, machine)?.is_some() {
                return Ok(None);
            }
        }
        if bookings::newest_done_of(connection, id)?.is_some() {
            return Ok(None);
        }
        let (booked, last) = match other.stage {
            Stage::Booked => {
                let stay = bookings::newest_of(connection, id)?.filter(|stay| stay.state == "booked");
                let Some(stay) = stay.filter(|stay| stay.start >= slots::with_notice(now)) else { return Ok(None) };
                let last = stay.start;
                (Some(stay), Some(last))
            }
            _ if messages::sent_of_kind(connection, id, Kind::Invitation)? == 0 || case.grade() == Grade::Urgent => {
                return Ok(None);
            }
            _ => (None, self.offered_last(connection, &other)?),
        };
        if last.is_some_and(|last| !can_wait(case, last)) {
            return Ok(None);
        }
        let known = id.clone();
        let both = match (is_own, is_due(case)) {
            (true, true) => beside(other, case),
            (true, false) => leading(case, other),
            (false, _) => together(other, case),
        };
        let Some(stay) = booked else { return Ok(Some(Host { known, both, stay: None, ended: None })) };
        let ended = Some(stay.end);
        let longer = self.longer(connection, &both, stay, people, now)?;
        Ok(longer.map(|stay| Host { known, both, stay: Some(stay), ended }))
    }

    /// The last of the times that a case's letter offers.
    fn offered_last(&self, connection: &dyn Session, case: &Case) -> Result<Option<Timestamp>> {
        let Some(mail) = messages::newest_of(connection, &case.finding.id)? else { return Ok(None) };
        Ok(messages::offers(connection, mail.id)?.into_iter().map(|slot| slot.start).max())
    }

    /// A visit with time for all its machines, where somebody can make it and it ends in the evening at the latest.
    fn longer(
        &self,
        connection: &dyn Session,
        both: &Case,
        stay: Stay,
        people: &People,
        now: Timestamp,
    ) -> Result<Option<Stay>> {
        let minutes = self.visit(both).minutes;
        let end = stay.end.max(stay.start + i64::from(minutes) * MINUTE_MS);
        let slot = Slot { start: stay.start, end, idle: false };
        let fits = slots::ends_by_evening(stay.start, minutes, &people.calendar)
            && self.roster(connection, now)?.choose(&slot, &self.job(both), Some(stay.id)).is_some();
        Ok(fits.then_some(Stay { end, sequence: stay.sequence + 1, changed: now, ..stay }))
    }

    /// What a card says of a case that could join another one: what would be written, and why it is not written by itself.
    pub(crate) fn joining_view(
        &self,
        connection: &dyn Session,
        mail: &Mail,
        host: &Host,
        now: Timestamp,
    ) -> Result<Shown> {
        let people = match self.people(connection, &host.both.finding.machine)? {
            Ok(people) => people,
            Err(why) => return Ok((Err(why), None)),
        };
        let until = match self.joins(connection, host, now)?.told {
            Some(until) if until > now => until,
            _ => now,
        };
        let reason = Reason::Alongside { number: people.machine.number.clone() };
        let verdict = Some(Verdict::Hold { until, reason });
        let Some(known) = messages::newest_of(connection, &host.known)? else {
            return Ok((Err(Obstacle::NothingWritten.into()), verdict));
        };
        let (text, slots) = match self.joining_text(connection, &known, host, &people, now) {
            Ok(written) => written,
            Err(e) => return unwritten_or(e).map(|why| (Err(why), verdict)),
        };
        let view = MessageView {
            id: mail.id,
            state: MessageState::Draft,
            language: people.customer.language,
            text,
            season_until: None,
            slots,
            gone: Vec::new(),
            edited: false,
            reason: None,
            next_attempt: None,
            link: self.link(&known),
            link_opens: false,
        };
        Ok((Ok(view), verdict))
    }

    fn joining_text(
        &self,
        connection: &dyn Session,
        known: &Mail,
        host: &Host,
        people: &People,
        now: Timestamp,
    ) -> Result<(Draft, Vec<Slot>)> {
        let (both, link) = (&host.both, self.link(known));
        let (text, slots, several) = if let Some(stay) = &host.stay {
            let facts = self.visit_facts(connection, (both, stay), people, &link)?;
            let text = self.visit_letter(connection, Occasion::Joined, &facts)?;
            let slot = Slot { start: stay.start, end: stay.end, idle: false };
            (text, vec![slot], facts.several().into_iter().map(str::to_owned).collect::<Vec<_>>())
        } else {
            let slots = self.lengthened(connection, both, known.id, now)?;
            let facts = self.facts(connection, both, people, &slots, &link, now)?;
            let facts = facts.since(known.text.as_ref().map_or("", |text| text.body.as_str())).most_pressing_first();
            let text = self.shelf.composer(connection)?.letter(Occasion::Reminder, facts.language(), &facts)?;
            let several = facts.several().into_iter().map(str::to_owned).collect();
            (text, slots, several)
        };
        both.machines().try_for_each(|machine| compose::check(&text, machine.as_str()))?;
        compose::check_names(&text, &several.iter().map(String::as_str).collect::<Vec<_>>())?;
        self.spare_others(connection, &text, people)?;
        Ok((text, slots))
    }

    /// The times of a letter with time for all machines; those at which nobody has so much time are left out.
    fn lengthened(&self, connection: &dyn Session, both: &Case, message: i64, now: Timestamp) -> Result<Vec<Slot>> {
        let (roster, job) = (self.roster(connection, now)?, self.job(both));
        let ms = i64::from(self.visit(both).minutes) * MINUTE_MS;
        let mut slots = messages::offers(connection, message)?;
        slots.iter_mut().for_each(|slot| slot.end = slot.end.max(slot.start + ms));
        slots.retain(|slot| roster.trips(slot, &job).is_some());
        Ok(slots)
    }

    /// What a case would join, and when its customer would hear of it.
    pub(crate) fn joins(&self, connection: &dyn Session, host: &Host, now: Timestamp) -> Result<Joins> {
        let both = &host.both;
        let people = self.people(connection, &both.finding.machine)?.ok();
        let newest = messages::newest_of(connection, &host.known)?;
        let told = match (&people, both.stage, &host.stay) {
            (Some(people), _, Some(_)) => Some(people.calendar.next_open(now)),
            (Some(people), Stage::Contacted, None) => {
                let days = people.customer.contacting.over(&self.options.policy).reminder_after_working_days;
                let waits = newest.filter(|mail| mail.kind == Kind::Invitation).and_then(|mail| mail.sent);
                waits.map(|sent| people.calendar.plus_working_days(sent, days))
            }
            _ => None,
        };
        Ok(Joins {
            case: host.known.clone(),
            number: people.map_or_else(|| both.finding.machine.to_string(), |people| people.machine.number),
            stage: both.stage,
            visit: host.stay.as_ref().zip(host.ended).map(|(stay, ended)| (stay.start, ended, stay.end)),
            told,
        })
    }

    /// Lets a case join another one: from now on it goes with it, and whoever waits for the visit hears that it takes longer.
    pub(crate) fn join(
        &self,
        connection: &dyn Session,
        mut case: Case,
        host: Host,
        who: &str,
        now: Timestamp,
    ) -> Result<()> {
        let Host { known, mut both, mut stay, .. } = host;
        withdraw(connection, &case.finding.id, GOES_ALONG)?;
        if both.finding.id == case.finding.id {
            lead(connection, &case, &known, now)?;
            stay.iter_mut().for_each(|stay| stay.case = case.finding.id.clone());
        } else {
            let with = || GoesWith::Case(known.clone());
            for companion in std::mem::take(&mut case.companions) {
                let mut other = advisories::get(connection, &companion.finding.id)?;
                other.follow(connection, with(), now)?;
            }
            case.follow(connection, with(), now)?;
        }
        let offers = match messages::newest_of(connection, &both.finding.id)? {
            Some(mail) if stay.is_none() => Some((mail.id, self.lengthened(connection, &both, mail.id, now)?)),
            _ => None,
        };
        if stay.is_some() {
            both.tell(&self.options.catalogue);
        }
        both.save(connection, now)?;
        alongside::note(connection, &both)?;
        if let Some((mail, slots)) = offers {
            messages::set_offers(connection, mail, &slots)?;
        }
        let why = match &stay {
            Some(stay) => record::span(stay.start, stay.end),
            None => String::new(),
        };
        if let Some(mut stay) = stay {
            stay.book(connection, self.roster(connection, now)?.as_ref(), &self.job(&both), bookings::Hours::Agreed)?;
            self.tell_of_visit(connection, &stay, now)?;
        }
        let customer = self.people(connection, &both.finding.machine)?.ok().map(|people| people.customer.id);
        Entry {
            at: now,
            who,
            what: record::VISIT_JOINED,
            why: &why,
            customer: customer.as_deref(),
            machine: Some(case.finding.machine.as_str()),
            advisory: Some(both.finding.id.as_str()),
            contact: false,
        }
        .write(connection)
    }
}

/// Whether a case is work by running hours, and says which.
fn is_due(case: &Case) -> bool {
    case.finding.kind == FindingKind::MaintenanceDue && !bundle::due_works(&case.finding).is_empty()
}

/// A case with what falls due on its machine.
fn beside(mut other: Case, due: &Case) -> Case {
    bundle::put_back(&mut other.finding, bundle::due_works(&due.finding));
    other
}

/// A case with one on another machine.
fn together(mut other: Case, case: &Case) -> Case {
    other.companions.push(Companion::of(case.clone()));
    other.companions.extend(case.companions.iter().cloned());
    other
}

/// A fault in the place of a service of its machine, with its works and with whatever goes with it.
fn leading(fault: &Case, service: Case) -> Case {
    let mut both = fault.clone();
    bundle::put_back(&mut both.finding, bundle::due_works(&service.finding));
    let Case { stage, until, remark, matter, companions, .. } = service;
    Case { stage, until, remark, matter, companions, ..both }
}

/// Has a fault lead a service of its machine: it has its visit and its letters from now on, so that every link to them opens, and
/// whatever went with the service goes with the fault.
fn lead(connection: &dyn Session, fault: &Case, service: &FindingId, now: Timestamp) -> Result<()> {
    succession::hand_over(connection, service, &fault.finding.id)?;
    for mut case in advisories::open_at(connection, fault.finding.machine.site())? {
        if case.finding.id == *service || case.leader() == Some(service) {
            case.follow(connection, GoesWith::Case(fault.finding.id.clone()), now)?;
        }
    }
    Ok(())
}

/// Whether what was forecast of a case can wait until then. Due work can: no machine stops for it.
fn can_wait(case: &Case, until: Timestamp) -> bool {
    let forecast = case.findings().filter(|finding| finding.kind != FindingKind::MaintenanceDue);
    let p10 = forecast.filter_map(|finding| Some(finding.at.plus_days(finding.rul_days?.p10?))).min();
    p10.is_none_or(|p10| until < p10)
}
