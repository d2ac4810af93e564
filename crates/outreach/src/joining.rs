//! A machine that comes up after a letter about another one of its site went out, or after a visit there was booked, joins that
//! in place of a letter of its own: nobody wants a second cold letter within days about what one visit can settle.
//!
//! Work by running hours that falls due on the very machine of such a letter or visit joins it likewise: nobody drives out twice.
//!
//! The advisor sees what would be said, and lets it join or not. Where a visit is booked, it then takes in the other machine
//! and its customer hears of the change; where a letter is not answered, its page shows both at once and its reminder speaks of
//! both; where a call is due, it is about both. What cannot wait for that visit is written about by itself.

use foretell_model::{FindingKind, Grade, MINUTE_MS, Obstacle, Timestamp};

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
    service_cases,
};
use crate::views::{Joins, MessageState, MessageView, Stage};
use crate::{Outreach, joint};

/// What a case could join: one on another machine of the site of which the customer knows already.
pub(crate) struct Host {
    /// That case, with what joins it already among its companions.
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
        let goes_beside = Self::is_due_beside(connection, case, now)?;
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
            let is_own = other.finding.machine == case.finding.machine;
            if !(if is_own { goes_beside } else { goes_together }) {
                continue;
            }
            if let Some(host) = self.host_with(connection, case, other, &people, now)? {
                return Ok(Some(host));
            }
        }
        Ok(None)
    }

    /// Whether a case is work by running hours that can be done along with whatever else is done on its machine.
    fn is_due_beside(connection: &dyn Session, case: &Case, now: Timestamp) -> Result<bool> {
        let (id, machine) = (&case.finding.id, &case.finding.machine);
        let is_due = case.finding.kind == FindingKind::MaintenanceDue && !bundle::due_works(&case.finding).is_empty();
        Ok(is_due
            && case.companions.is_empty()
            && joint::is_new(connection, id)?
            && service_cases::open_of(connection, machine)?.is_none()
            && messages::not_now(connection, machine)?.is_none_or(|until| until <= now))
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
        let mut both = other;
        if is_own {
            bundle::put_back(&mut both.finding, bundle::due_works(&case.finding));
        } else {
            both.companions.push(Companion::of(case.clone()));
            both.companions.extend(case.companions.iter().cloned());
        }
        let Some(stay) = booked else { return Ok(Some(Host { both, stay: None, ended: None })) };
        let ended = Some(stay.end);
        let longer = self.longer(connection, &both, stay, people, now)?;
        Ok(longer.map(|stay| Host { both, stay: Some(stay), ended }))
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
        let Some(known) = messages::newest_of(connection, &host.both.finding.id)? else {
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
        let newest = messages::newest_of(connection, &both.finding.id)?;
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
            case: both.finding.id.clone(),
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
        let Host { mut both, stay, .. } = host;
        withdraw(connection, &case.finding.id, GOES_ALONG)?;
        let with = || GoesWith::Case(both.finding.id.clone());
        for companion in std::mem::take(&mut case.companions) {
            let mut other = advisories::get(connection, &companion.finding.id)?;
            other.follow(connection, with(), now)?;
        }
        case.follow(connection, with(), now)?;
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

/// Whether what was forecast of a case can wait until then. Due work can: no machine stops for it.
fn can_wait(case: &Case, until: Timestamp) -> bool {
    let forecast = case.findings().filter(|finding| finding.kind != FindingKind::MaintenanceDue);
    let p10 = forecast.filter_map(|finding| Some(finding.at.plus_days(finding.rul_days?.p10?))).min();
    p10.is_none_or(|p10| until < p10)
}
