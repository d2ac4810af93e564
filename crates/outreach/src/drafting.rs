//! What the advisor's desk, the outbox and the customer's page share: the people, the text, the times and the governor's
//! verdict of one case.

use std::sync::{Arc, Mutex, PoisonError};

use foretell_model::{FindingId, FindingKind, Grade, MINUTE_MS, MachineId, Objection, Obstacle, Timestamp, WishedTime};

use crate::calendar::Calendar;
use crate::care::CustomerStage;
use crate::clock::Seen;
use crate::compose::{self, Draft, Occasion, Piece};
use crate::earlier::wished;
use crate::error::{OutreachError, Result};
use crate::governor::{self, Hours, Kind, Past, Request, Verdict};
use crate::registry::{Advisor, Customer, Machine, Technician};
use crate::roster::{Job, Roster};
use crate::slots::{self, Slot, Visit};
use crate::store::{
    Case, Mail, Session, Spoken, advisories, bookings, care, changes, clock, fates, messages, record, registry,
    service_cases,
};
use crate::views::{MessageState, Stage};
use crate::{Channel, Outreach, edits, joint};

/// The last roster, with what it was made of: changes of the registry and of visits, the day, steps undone.
pub(crate) type KeptRoster = Mutex<Option<((i64, i64, i64, u64), Arc<Roster>)>>;

/// No appointment is shorter, minutes: nobody gets past a gate and to the machine in less, however little there is to do.
pub(crate) const SHORTEST_MINUTES: u32 = 30;

/// Who is concerned by a case.
pub(crate) struct People {
    pub(crate) customer: Customer,
    pub(crate) machine: Machine,
    pub(crate) advisor: Advisor,
    pub(crate) calendar: Calendar,
    /// How far the customer's dissatisfaction has gone.
    pub(crate) stage: Option<CustomerStage>,
}

impl Outreach {
    /// The people around a case; why no message can be written otherwise.
    pub(crate) fn people(
        &self,
        connection: &dyn Session,
        machine: &MachineId,
    ) -> Result<std::result::Result<People, Objection>> {
        let Some(customer) = registry::customer_of(connection, machine)? else {
            return Ok(Err(Objection::about(Obstacle::NoCustomer, machine.site())));
        };
        if customer.erased {
            return Ok(Err(Objection::about(Obstacle::Erased, customer.id)));
        }
        let Some(own) = registry::find::<Machine>(connection, machine.as_str())? else {
            return Ok(Err(Objection::about(Obstacle::MachineUnregistered, machine.as_str())));
        };
        let advisor = registry::find::<Advisor>(connection, &customer.advisor)?;
        let Some(advisor) = advisor.filter(|advisor| !advisor.erased) else {
            return Ok(Err(Objection::about(Obstacle::AdvisorUnregistered, customer.advisor)));
        };
        let calendar = Calendar::of(&customer, &self.options.holidays).map_err(|why| OutreachError::Registration {
            what: "customer",
            id: customer.id.clone(),
            why,
        })?;
        let stage = care::stage(connection, &customer.id)?;
        Ok(Ok(People { customer, machine: own, advisor, calendar, stage }))
    }

    /// As [`Outreach::people`], where a message cannot do without them.
    pub(crate) fn people_or_refuse(&self, connection: &dyn Session, case: &Case, attempted: &str) -> Result<People> {
        self.people(connection, &case.finding.machine)?.map_err(|why| OutreachError::refused(attempted, why))
    }

    pub(crate) fn link(&self, mail: &Mail) -> String {
        format!("{}/b/{}", self.options.public_url.trim_end_matches('/'), self.signer.token(mail.id, mail.expires))
    }

    /// Who could come when, as things are. It is asked for with every draft and changes with every booking only, so the last
    /// one is kept for as long as nothing changed.
    pub(crate) fn roster(&self, connection: &dyn Session, now: Timestamp) -> Result<Arc<Roster>> {
        let heads = changes::heads(connection)?;
        // A step that was undone may have used numbers that another step uses again.
        let key = (heads.registry, heads.visits, now.day(), self.store.undone());
        let mut kept = self.kept_roster.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, roster)) = &*kept
            && *of == key
        {
            return Ok(Arc::clone(roster));
        }
        let mut technicians: Vec<Technician> = registry::all(connection)?;
        technicians.retain(|technician| !technician.erased);
        let promised = bookings::promised(connection, now)?;
        let roster = Roster::new(&technicians, self.options.visits_per_half_day, self.options.zone, promised);
        let roster = Arc::new(roster);
        *kept = Some((key, Arc::clone(&roster)));
        Ok(roster)
    }

    /// The work of a case's visit on all its machines.
    pub(crate) fn works<'a>(&'a self, case: &'a Case) -> impl Iterator<Item = (&'a MachineId, Piece<'a>)> {
        let on_machine = |spoken: Spoken<'a>| {
            let pieces = compose::pieces_of(spoken, &self.options.catalogue);
            pieces.into_iter().map(move |piece| (&spoken.finding.machine, piece))
        };
        case.spoken().flat_map(on_machine)
    }

    /// What a case's visit asks of whoever comes.
    pub(crate) fn job(&self, case: &Case) -> Job {
        Job {
            site: case.finding.machine.site().to_owned(),
            works: self.works(case).map(|(_, piece)| piece.code.to_owned()).collect(),
        }
    }

    /// Time on site that the case's work takes, minutes; work of no kind counts as an hour's look.
    pub(crate) fn minutes(&self, case: &Case) -> u32 {
        let minutes: u32 = self.works(case).map(|(_, piece)| piece.action.minutes).sum();
        if minutes == 0 { 60 } else { minutes }
    }

    /// What an appointment for the case's work needs.
    pub(crate) fn visit(&self, case: &Case) -> Visit {
        Visit {
            minutes: self.minutes(case).max(SHORTEST_MINUTES),
            stops_machine: self.works(case).any(|(_, piece)| piece.action.stops_machine),
            before: case.p10(),
            can_wait: case.findings().all(|finding| finding.kind == FindingKind::MaintenanceDue),
            wished: WishedTime::default(),
        }
    }

    /// Two fresh times, none before `earliest`, and such as the customer asked for where there are any.
    pub(crate) fn propose(
        &self,
        connection: &dyn Session,
        case: &Case,
        calendar: &Calendar,
        roster: &Roster,
        earliest: Timestamp,
    ) -> Result<Vec<Slot>> {
        let job = self.job(case);
        let visit = Visit { wished: wished(connection, case)?, ..self.visit(case) };
        Ok(slots::propose(visit, &case.running(), calendar, &|slot| roster.trips(slot, &job), earliest))
    }

    /// The message of a case that is still to be sent, made if there is none.
    ///
    /// # Errors
    /// `Refused` while the case's letter is on its way: a draft made beside it would outlive it and look like the letter that
    /// went out. The database refuses it too.
    pub(crate) fn unsent(
        &self,
        connection: &dyn Session,
        case: &Case,
        customer: &Customer,
        now: Timestamp,
    ) -> Result<Mail> {
        let newest = messages::newest_of(connection, &case.finding.id)?;
        if let Some(mail) = newest.filter(|m| matches!(m.state, MessageState::Draft | MessageState::Queued)) {
            return Ok(mail);
        }
        not_on_its_way(connection, &case.finding.id, &format!("draft a letter about {}", case.finding.id))?;
        let of = (&case.finding.id, Kind::Invitation);
        let expires = now.plus_days(f64::from(self.options.link_valid_days));
        let mut mail =
            Mail { state: MessageState::Draft, ..Mail::new(of, &case.finding.machine, &customer.id, now, expires) };
        mail.save(connection)?;
        Ok(mail)
    }

    /// The text and times of an unsent message as they would go out now. Times once proposed stay as long as they can be
    /// kept; a text that a person wrote stays word for word, so its times must.
    ///
    /// # Errors
    /// When fewer than two times are free, or the times in an edited text are gone.
    pub(crate) fn compose(
        &self,
        connection: &dyn Session,
        case: &Case,
        mail: &Mail,
        people: &People,
        now: Timestamp,
    ) -> Result<(Draft, Vec<Slot>)> {
        let attempted = format!("write to {} about {}", people.customer.name, people.machine.number);
        let (roster, job) = (self.roster(connection, now)?, self.job(case));
        let arrives = self.arrives(connection, case, mail, people, now)?;
        let mut slots = messages::offers(connection, mail.id)?;
        let needed_ms = i64::from(self.visit(case).minutes) * MINUTE_MS;
        let is_good =
            |s: &Slot| s.end - s.start == needed_ms && slots::has_notice(s, arrives) && roster.trips(s, &job).is_some();
        let still_good = slots.len() == 2 && slots.iter().all(is_good);
        if let Some(text) = mail.text.as_ref().filter(|_| mail.edited) {
            let facts = self.facts(connection, case, people, &slots, &self.link(mail), now)?;
            return match (still_good, edits::hold(mail.claims.as_deref(), &facts)) {
                (true, true) => Ok((text.clone(), slots)),
                (false, _) => Err(OutreachError::refused(attempted, Obstacle::TimesGone)),
                (true, false) => Err(OutreachError::refused(attempted, Obstacle::FiguresMoved)),
            };
        }
        if !still_good {
            // A working day to answer in; where days count, only the notice that everybody needs.
            let earliest = match case.grade() {
                Grade::Urgent => slots::with_notice(arrives),
                _ => people.calendar.plus_working_days(people.calendar.next_open(arrives), 1),
            };
            slots = self.propose(connection, case, &people.calendar, &roster, earliest)?;
            if slots.len() < 2 {
                return Err(OutreachError::refused(attempted, Obstacle::FewTimes));
            }
            messages::set_offers(connection, mail.id, &slots)?;
        }
        let facts = self.facts_of_letter(connection, (case, mail), people, &slots, now)?;
        let occasion = match mail.kind {
            Kind::Reminder => Occasion::Reminder,
            _ => facts.occasion(),
        };
        let draft = self.shelf.composer(connection)?.letter(occasion, facts.language(), &facts)?;
        case.machines().try_for_each(|machine| compose::check(&draft, machine.as_str()))?;
        compose::check_names(&draft, &facts.several())?;
        self.spare_others(connection, &draft, people)?;
        Ok((draft, slots))
    }

    /// The earliest instant at which the customer could read a message that has not gone out.
    fn arrives(
        &self,
        connection: &dyn Session,
        case: &Case,
        mail: &Mail,
        people: &People,
        now: Timestamp,
    ) -> Result<Timestamp> {
        // The medium decides about opt-outs alone, and those delay nothing.
        Ok(match self.verdict(connection, case, mail, people, "", now)? {
            Verdict::Hold { until, .. } => until,
            Verdict::Send | Verdict::Drop { .. } => now,
        })
    }

    /// The channel a message to this customer goes by: the first one with an address and no opt-out, else the first with an
    /// address (the governor then says whether this may go out all the same). Channels that refused this very message are asked no more.
    pub(crate) fn route(
        &self,
        connection: &dyn Session,
        customer: &Customer,
        message: i64,
    ) -> Result<Option<(&dyn Channel, String)>> {
        self.route_by(connection, customer, message, None)
    }

    /// The same by one medium alone, or by any.
    pub(crate) fn route_by(
        &self,
        connection: &dyn Session,
        customer: &Customer,
        message: i64,
        medium: Option<&str>,
    ) -> Result<Option<(&dyn Channel, String)>> {
        let refused = fates::refused_by(connection, message)?;
        let mut fallback = None;
        let fits = |channel: &&Arc<dyn Channel>| medium.is_none_or(|medium| channel.medium() == medium);
        let mut channels: Vec<_> = self.options.channels.iter().filter(fits).collect();
        let preference = |medium: &str| customer.channels.iter().position(|own| own == medium).unwrap_or(usize::MAX);
        channels.sort_by_key(|channel| preference(channel.medium()));
        for channel in channels.into_iter().filter(|channel| !refused.iter().any(|name| name == channel.name())) {
            let Some(address) = customer.addresses.get(channel.medium()) else { continue };
            if !care::opted_out(connection, &customer.id, channel.medium())? {
                return Ok(Some((channel.as_ref(), address.clone())));
            }
            fallback = fallback.or_else(|| Some((channel.as_ref(), address.clone())));
        }
        Ok(fallback)
    }

    /// Whether a message that its channel will not take can go on by another one on which the customer may be written to. The
    /// governor is asked about that as about any other.
    pub(crate) fn goes_on(&self, connection: &dyn Session, mail: &Mail) -> Result<bool> {
        let Some(channel) = mail.channel.as_deref() else { return Ok(false) };
        fates::refuse(connection, mail.id, channel)?;
        let Some(customer) = registry::find::<Customer>(connection, &mail.customer)? else { return Ok(false) };
        match self.route(connection, &customer, mail.id)? {
            Some(_) if !mail.kind.heeds_opt_out() => Ok(true),
            Some((next, _)) => Ok(!care::opted_out(connection, &customer.id, next.medium())?),
            None => Ok(false),
        }
    }

    /// Whether a message that a channel does not take now goes on by another one at once: word of a breakdown does, which waits for
    /// no server to come back. Where there is no other they are tried again.
    pub(crate) fn hurries_on(&self, connection: &dyn Session, mail: &Mail) -> Result<bool> {
        let goes_on = mail.kind.is_about_trouble() && self.goes_on(connection, mail)?;
        if mail.kind.is_about_trouble() && !goes_on {
            fates::forget_refusals(connection, mail.id)?;
        }
        Ok(goes_on)
    }

    /// What the governor says to sending a message on a medium now.
    pub(crate) fn verdict(
        &self,
        connection: &dyn Session,
        case: &Case,
        mail: &Mail,
        people: &People,
        medium: &str,
        now: Timestamp,
    ) -> Result<Verdict> {
        let policy = people.customer.contacting.over(&self.options.policy);
        let (mut last, mut not_now_until, mut open_case) = (None, None, None);
        for machine in case.machines() {
            last = last.max(messages::machine_last(connection, machine)?);
            not_now_until = not_now_until.max(messages::not_now(connection, machine)?);
            open_case = open_case.or(blocking_case_on(connection, case, machine)?);
        }
        let past = Past {
            machine_last: unasked(connection, case, last)?,
            customer_sent: messages::customer_sent(connection, &mail.customer, policy.customer_messages_max.max(1))?,
            reminders: messages::sent_of_kind(connection, &mail.case, Kind::Reminder)?,
            follow_ups: messages::sent_of_kind(connection, &mail.case, Kind::FollowUp)?,
            not_now_until,
            open_case,
            ..self.past_of_customer(connection, mail, case.machines(), medium, now)?
        };
        let hours = Hours::of_urgency(case.grade() == Grade::Urgent);
        let request = Request { kind: mail.kind, hours };
        Ok(governor::judge(&policy, &people.calendar, &past, request, now))
    }
}

impl Outreach {
    /// What counts of the past for any message to a customer about machines.
    pub(crate) fn past_of_customer<'a>(
        &self,
        connection: &dyn Session,
        mail: &Mail,
        machines: impl Iterator<Item = &'a MachineId>,
        medium: &str,
        now: Timestamp,
    ) -> Result<Past> {
        let doubtful_until = match clock::read(connection)?.map(|mut watch| self.seen(&mut watch, now)) {
            Some(Seen::Doubtful(until)) => Some(until),
            _ => None,
        };
        let mut trouble = None;
        for machine in machines {
            trouble = trouble.or(service_cases::open_of(connection, machine)?.map(|case| case.id));
        }
        Ok(Past {
            opted_out: care::opted_out(connection, &mail.customer, medium)?,
            trouble,
            stage: care::stage(connection, &mail.customer)?,
            doubtful_until,
            ..Past::default()
        })
    }
}

/// Of each of some times, whether the machines of a case usually run then; not where nobody knows.
pub(crate) fn slots_run<'a>(case: &Case, people: &People, times: impl Iterator<Item = &'a Slot>) -> Vec<bool> {
    let running = case.running();
    times.map(|slot| slots::runs(slot, &running, &people.calendar)).collect()
}

/// Refuses what cannot be undone any more: a channel has the letter.
pub(crate) fn not_on_its_way(connection: &dyn Session, id: &FindingId, attempted: &str) -> Result<()> {
    if messages::is_on_its_way(connection, id)? {
        return Err(OutreachError::refused(attempted, Obstacle::CaseContacted));
    }
    Ok(())
}

/// The last message about a machine, unless the customer asked for another one since: an answer is no intrusion.
fn unasked(connection: &dyn Session, case: &Case, last: Option<Timestamp>) -> Result<Option<Timestamp>> {
    let Some(sent) = last else { return Ok(None) };
    let asked = record::letter_asked_since(connection, case.finding.id.as_str(), sent)?;
    Ok((!asked).then_some(sent))
}

/// Another case on the machine that goes first: one the customer already knows of, or one approved earlier (of two waiting
/// in the outbox the older goes, so that they cannot block each other).
pub(crate) fn blocking_case_on(connection: &dyn Session, case: &Case, machine: &MachineId) -> Result<Option<String>> {
    let place = (case.opened, &case.finding.id);
    let mut others = Vec::new();
    let leader = case.leader();
    for other in advisories::open_of(connection, machine)? {
        // Whatever goes with a letter about another machine is where that letter is.
        others.push(joint::speaker(connection, &other)?.unwrap_or(other));
    }
    let blocks = |other: &Case| {
        other.finding.id != case.finding.id
            && Some(&other.finding.id) != leader
            && other.is_under_way()
            && (other.stage != Stage::Queued || (other.opened, &other.finding.id) < place)
    };
    Ok(others.into_iter().find(blocks).map(|other| other.finding.fault.to_string()))
}
