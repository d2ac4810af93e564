//! Before a delivery of word that follows from what somebody did: whether it is still news, and its text as things are now.

use foretell_model::{HOUR_MS, Timestamp};

use super::decide::{Decision, LINK_OVER, hold, refuse, withdraw_word};
use super::{NO_NEWS, ticked, write_record};
use crate::compose::trouble::About;
use crate::compose::{self, EffectOutcome, Occasion};
use crate::drafting::People;
use crate::error::{OutreachError, Result};
use crate::governor::{self, Answer, Hours, Kind, Past, Request, Verdict};
use crate::store::{Case, Mail, Session, Stay, advisories, bookings, fates, messages, record, service_cases};
use crate::views::{Matter, MessageState, Outcome, ServiceCase, Stage};
use crate::words::{MAIL, NOTICE_DAYS};
use crate::{Language, Outreach};

impl Outreach {
    /// Word about a visit: written when it goes out, about the visit as it stands then.
    pub(super) fn decide_on_visit(&self, connection: &dyn Session, mail: Mail, now: Timestamp) -> Result<Decision> {
        let case = advisories::get(connection, &mail.case)?;
        let stay = bookings::newest_of(connection, &mail.case)?;
        let is_file = fates::is_file_alone(connection, mail.id)?;
        let news = match &stay {
            // It was said on the telephone; the file is for the calendar, as long as there is anything to keep in one.
            Some(stay) if is_file => (stay.end > now).then_some((Occasion::Calendar, stay)),
            Some(stay) => news(connection, &mail, &case, stay, now)?.map(|occasion| (occasion, stay)),
            None => None,
        };
        let drop_it = |mail, why: &str| withdraw_word(connection, mail, why, now).map(Decision::Settled);
        let Some((occasion, stay)) = news else { return drop_it(mail, NO_NEWS) };
        if mail.expires <= now {
            return drop_it(mail, LINK_OVER);
        }
        let people = match self.people_of(connection, &mail)? {
            Ok(people) => people,
            Err(why) => return drop_it(mail, &why),
        };
        let untold = |why: &str| leave_untold(connection, &case, occasion, why, now);
        let medium = is_file.then_some(MAIL);
        let Some(way) = self.route_by(connection, &people.customer, mail.id, medium)? else {
            let why = "the customer has no address on any channel in use";
            untold(why)?;
            return drop_it(mail, why);
        };
        let past = Past {
            follow_ups: messages::sent_of_kind(connection, &mail.case, Kind::FollowUp)?,
            ..self.past_of_customer(connection, &mail, case.machines(), way.0.medium(), now)?
        };
        let is_pressing = mail.kind == Kind::Confirmation && stay.state == "booked";
        // Whoever was told another time waits for somebody then.
        let waits_from = record::visit_as_told(connection, &mail.case)?.filter(|_| mail.kind == Kind::Confirmation);
        let visit = is_pressing.then_some(stay.start).into_iter().chain(waits_from);
        let answer = Answer {
            medium: way.0.medium(),
            is_own_act: record::customer_changed_visit(connection, mail.case.as_str())?,
            visit: visit.filter(|start| *start > now).min(),
        };
        let hours = match mail.kind {
            Kind::Confirmation => answer.hours(&people.calendar, now),
            _ => Hours::Working,
        };
        let request = Request { kind: mail.kind, hours };
        match governor::judge(&self.options.policy, &people.calendar, &past, request, now) {
            Verdict::Send => {}
            Verdict::Hold { until, reason } => {
                if answer.comes_too_late(until) {
                    untold(&reason.explain(Language::En, &self.options.catalogue))?;
                }
                return hold(connection, mail, (until, until), reason, now).map(Decision::Settled);
            }
            Verdict::Drop { reason } => {
                untold(&reason.explain(Language::En, &self.options.catalogue))?;
                return refuse(connection, mail, None, reason, now).map(Decision::Settled);
            }
        }
        match self.word_of_visit(connection, (&case, stay), &mail, &people, occasion) {
            Ok(text) => {
                if mail.kind == Kind::Confirmation {
                    fates::tell(connection, mail.id, stay.sequence, &stay.state)?;
                }
                self.let_go(connection, Mail { text: Some(text), ..mail }, &people, way, now)
            }
            Err(e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. })) => Err(e),
            Err(e) => unwritable(connection, mail, &e.to_string(), now),
        }
    }

    fn word_of_visit(
        &self,
        connection: &dyn Session,
        (case, stay): (&Case, &Stay),
        mail: &Mail,
        people: &People,
        occasion: Occasion,
    ) -> Result<compose::Draft> {
        let facts = self.visit_facts(connection, (case, stay), people, &self.link(mail))?;
        let text = self.visit_letter(connection, occasion, &facts)?;
        case.machines().try_for_each(|machine| compose::check(&text, machine.as_str()))?;
        compose::check_names(&text, &facts.several())?;
        self.spare_others(connection, &text, people)?;
        Ok(text)
    }

    /// Word about a service case was written when it was needed; what was overtaken meanwhile needs no word.
    pub(super) fn decide_on_trouble(&self, connection: &dyn Session, mail: Mail, now: Timestamp) -> Result<Decision> {
        let case = match service_cases::number(&mail.case) {
            Some(id) => service_cases::get(connection, id)?,
            None => return Ok(Decision::Gone),
        };
        let drop_it = |mail, why: &str| withdraw_word(connection, mail, why, now).map(Decision::Settled);
        if is_overtaken(mail.kind, &case) {
            return drop_it(mail, NO_NEWS);
        }
        if let Some(why) = stale(&mail, now) {
            return unsendable(connection, mail, why, now);
        }
        let people = match self.people_of(connection, &mail)? {
            Ok(people) => people,
            Err(why) => return drop_it(mail, &why),
        };
        let Some(way) = self.route(connection, &people.customer, mail.id)? else {
            return unsendable(connection, mail, "the customer has no address on any channel in use", now);
        };
        let own = std::iter::once(&mail.machine);
        let past = self.past_of_customer(connection, &mail, own, way.0.medium(), now)?;
        let request = Request { kind: mail.kind, hours: Hours::Any };
        match governor::judge(&self.options.policy, &people.calendar, &past, request, now) {
            Verdict::Send => {
                let mail = self.as_expected_now(connection, mail, &case, &people, now)?;
                self.let_go(connection, mail, &people, way, now)
            }
            Verdict::Hold { until, reason } => {
                hold(connection, mail, (until, until), reason, now).map(Decision::Settled)
            }
            Verdict::Drop { reason } => refuse(connection, mail, None, reason, now).map(Decision::Settled),
        }
    }

    /// Who comes and when is told as it is known when the word goes out: it may have waited for a channel, and the customer's page
    /// tells what is known now.
    fn as_expected_now(
        &self,
        connection: &dyn Session,
        mail: Mail,
        case: &ServiceCase,
        people: &People,
        now: Timestamp,
    ) -> Result<Mail> {
        if mail.kind != Kind::OnTheWay {
            return Ok(mail);
        }
        match self.word_of_trouble(connection, case, (mail.kind, About::default()), people, now) {
            Ok(text) => Ok(Mail { text: Some(text), ..mail }),
            Err(e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. })) => Err(e),
            // A template that broke meanwhile: what was written still holds.
            Err(_) => Ok(mail),
        }
    }

    /// A letter that had to say that the work did not help promises a call: the advisor finds it in the queue.
    pub(crate) fn call_where_nothing_helped(
        &self,
        connection: &dyn Session,
        mail: &Mail,
        case: Option<&mut Case>,
        now: Timestamp,
    ) -> Result<()> {
        let Some(case) = case.filter(|case| case.stage == Stage::Done) else { return Ok(()) };
        let (Some(stay), Ok(people)) =
            (bookings::newest_of(connection, &mail.case)?, self.people(connection, &mail.machine)?)
        else {
            return Ok(());
        };
        let effects = self.effects_of(connection, case, &stay, &people)?;
        if effects.into_iter().flatten().any(|effect| effect.outcome != EffectOutcome::Better) {
            case.move_to(connection, Stage::Call, Some(NOTHING_HELPED), None, now)?;
        }
        Ok(())
    }
}

/// Word that names a time to come is not sent when it waited for so long: the time may have passed, and somebody should ring.
const TIMES_HOLD_MS: i64 = 2 * HOUR_MS;

/// Why a word about a service case comes too late for what it says. Who is on the way is told as it is known by then.
fn stale(mail: &Mail, now: Timestamp) -> Option<&'static str> {
    let written = mail.expires.plus_days(-NOTICE_DAYS);
    match mail.kind {
        _ if mail.expires <= now => Some(LINK_OVER),
        Kind::Notice | Kind::Progress if now - written > TIMES_HOLD_MS => Some("it waited until its times had passed"),
        _ => None,
    }
}

/// Whether a word about a service case is no news any more.
pub(crate) const fn is_overtaken(kind: Kind, case: &ServiceCase) -> bool {
    match kind {
        Kind::Closing | Kind::CalledOff => case.closed.is_none(),
        Kind::Progress | Kind::StillOpen => case.closed.is_some(),
        _ => case.closed.is_some() || case.on_site.is_some(),
    }
}

/// Why the advisor should call before a visit; what stands in the way of writing follows.
const MOVED_UNTOLD: &str = "the customer was not told in writing that the visit was moved";

/// Why the advisor should call after a job.
const NOTHING_HELPED: &str = "the work showed no effect, and the customer was told that you would call";

/// What there is to tell of a visit, compared with what the customer was last told; `None` when nothing.
fn news(connection: &dyn Session, mail: &Mail, case: &Case, stay: &Stay, now: Timestamp) -> Result<Option<Occasion>> {
    if mail.kind == Kind::FollowUp {
        return Ok((case.stage == Stage::Done && stay.state == "done").then_some(Occasion::FollowUp));
    }
    let told = fates::visit_told(connection, &mail.case)?;
    let last = messages::newest_sent_of_kind(connection, &mail.case, Kind::Confirmation)?.and_then(|mail| mail.sent);
    let joined = record::joined_since(connection, mail.case.as_str(), last.unwrap_or(Timestamp::MIN))?;
    let knows_of_one = told.as_ref().filter(|(_, state)| state == "booked").map(|(sequence, _)| *sequence);
    Ok(match (stay.state.as_str(), knows_of_one) {
        ("booked", Some(sequence)) if sequence == stay.sequence => None,
        // Whoever holds another time is told even while the visit goes on: better late than to wait for somebody who was here.
        ("booked", _) if joined && stay.start > now => Some(Occasion::Joined),
        ("booked", Some(_)) if stay.end > now => Some(Occasion::Moved),
        ("booked", None) if stay.start > now => Some(Occasion::Confirmed),
        ("cancelled", Some(_)) => Some(Occasion::Cancelled),
        _ => None,
    })
}

/// A changed time that the customer cannot be told of in writing is the advisor's to tell, as long as a visit is booked and
/// nothing else is to be read there.
fn leave_untold(connection: &dyn Session, case: &Case, occasion: Occasion, why: &str, now: Timestamp) -> Result<()> {
    if !matches!(occasion, Occasion::Moved | Occasion::Joined) || case.stage != Stage::Booked || case.remark.is_some() {
        return Ok(());
    }
    case.clone().ask(connection, (Stage::Booked, None), Matter::MoveUntold, &format!("{MOVED_UNTOLD}: {why}"), now)
}

/// A word that cannot be written as things stand, e.g. because an edited template lacks something: the advisor must know.
fn unwritable(connection: &dyn Session, mut mail: Mail, why: &str, now: Timestamp) -> Result<Decision> {
    (mail.state, mail.reason) = (MessageState::Withdrawn, Some(why.to_owned()));
    mail.save(connection)?;
    write_record(connection, &mail, "outbox", "could not write the message", why, false, now)?;
    Ok(Decision::Settled(ticked(&mail, Outcome::ForAdvisor(why.to_owned()))))
}

/// Word about a broken machine that there is no way to write: it was promised, so the advisor finds it where words are that did not
/// arrive.
fn unsendable(connection: &dyn Session, mut mail: Mail, why: &str, now: Timestamp) -> Result<Decision> {
    (mail.state, mail.reason) = (MessageState::Failed, Some(why.to_owned()));
    mail.save(connection)?;
    write_record(connection, &mail, "outbox", "could not deliver", why, false, now)?;
    Ok(Decision::Settled(ticked(&mail, Outcome::ForAdvisor(why.to_owned()))))
}
