//! What the clock does: releases what was held, delivers, reminds once, tells the advisor when to call, and minds promises.
//!
//! A message is marked `sending`, with its final text, before a channel sees it. A crash after that leaves the mark: an
//! idempotent channel then receives the very same text again under the same key. By any other channel the message goes out later
//! if nothing of it had been handed over ([`begun`]), and else not again. So no message goes out twice, at the price that an
//! advisor sometimes has to ask whether one arrived.

pub(crate) mod asked;
mod begun;
mod decide;
mod restored;
pub(crate) mod settle;

use std::time::Instant;

use foretell_model::{FindingId, MachineId, Timestamp};
use tracing::warn;

use crate::Outreach;
use crate::calls::LINKS_WITHDRAWN;
use crate::clock::{Seen, Watch};
use crate::error::{OutreachError, Result};
use crate::governor::Kind;
use crate::store::{Case, Entry, Mail, Session, advisories, clock, messages, replies};
use crate::views::{MessageState, Outcome, Stage, Ticked};

use decide::Decision;

/// Messages taken up in one tick, so that one tick stays short.
const BATCH_MAX: u32 = 200;

/// Why a message is taken back that would tell of nothing new.
pub(crate) const NO_NEWS: &str = "it is no longer needed";

/// Who approves what needs no click, in the record.
const AUTOMATIC: &str = "automatic approval";

impl Outreach {
    /// Does what is due: wakes cases whose silence ended, approves what needs no click, puts reminders into the outbox, and
    /// sends what the governor lets go. To be called every few seconds or minutes; one call at a time delivers, but calls
    /// at the same time do no harm.
    ///
    /// # Errors
    /// When the store refuses. What was decided up to then is kept.
    pub fn tick(&self, now: Timestamp) -> Result<Vec<Ticked>> {
        self.store.write("look at the clock", |tx| look(tx, |watch| self.seen(watch, now), now))?;
        self.store.write("forget where people were", |tx| self.forget_old_places(tx, now))?;
        self.store.write("wake silent cases", |tx| wake(tx, now))?;
        self.take_up_unbegun(now)?;
        self.approve_without_click(now)?;
        let mut done = self.store.write("remind of unanswered messages", |tx| self.remind(tx, now))?;
        done.extend(self.store.write("mind the promises", |tx| self.mind_promises(tx, now))?);
        let due = self.store.read("read the outbox", |c| messages::due(c, now, BATCH_MAX))?;
        let begun = Instant::now();
        for mail in due {
            match self.store.write("decide on a message", |tx| self.decide(tx, mail.id, now))? {
                Decision::Settled(ticked) => done.push(ticked),
                Decision::Deliver(mail, parcel) => {
                    done.extend(self.deliver(*mail, &parcel, now)?);
                    if begun.elapsed() >= self.options.delivering_max {
                        break;
                    }
                }
                Decision::Gone => {}
            }
        }
        self.tell_crews(now)?;
        self.tell_managers(now)?;
        Ok(done)
    }

    /// The latest time that was believed at a look at the clock; `None` before the first. A rehearsal, whose clock is the
    /// readings', goes on from here: replaying the log must not look as if time ran backwards.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn latest_time(&self) -> Result<Option<Timestamp>> {
        Ok(self.store.read("read what was seen of the clock", |c| clock::read(c))?.map(|watch| watch.believed()))
    }

    /// The time for whoever does something beside the service, such as a command: by the readings where those were its clock when
    /// it last looked, else by the clock on the wall.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn time_beside(&self, wall: Timestamp) -> Result<Timestamp> {
        let watch = self.store.read("read what was seen of the clock", |c| clock::read(c))?;
        Ok(watch.filter(|watch| watch.of_readings).map_or(wall, |watch| watch.believed()))
    }

    /// A look at the clock.
    pub(crate) fn seen(&self, watch: &mut Watch, now: Timestamp) -> Seen {
        watch.of_readings = self.options.time_of_readings;
        watch.look(if self.options.time_of_readings { now.max(watch.believed()) } else { now })
    }

    fn approve_without_click(&self, now: Timestamp) -> Result<()> {
        let desk = self.desk()?;
        let trusts = |machine: &MachineId| desk.customer_of(machine).is_some_and(|customer| customer.auto_approve);
        // By far the commonest answer, and one that spares looking at every draft.
        if self.options.auto_approve.is_empty() && !desk.customers().any(|customer| customer.auto_approve) {
            return Ok(());
        }
        let needs_no_click = |case: &&Case| {
            let by_fault = || self.options.auto_approve.contains(case.finding.fault.as_str());
            case.stage == Stage::Draft && (by_fault() || trusts(&case.finding.machine))
        };
        let mut ready: Vec<(Timestamp, FindingId)> =
            desk.open_cases().filter(needs_no_click).map(|case| (case.opened, case.finding.id.clone())).collect();
        ready.sort();
        for (_, id) in ready {
            if self.store.read("read whether links were taken back", |c| replies::is_letter_revoked(c, &id))? {
                continue;
            }
            match self.approve(&id, AUTOMATIC, now) {
                Err(e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. })) => return Err(e),
                Err(e) => self.leave_to_advisor(&id, &format!("not approved by itself: {e}"), now)?,
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// The draft stays in the advisor's queue and says why; it is tried again at each tick, but told once.
    fn leave_to_advisor(&self, id: &FindingId, why: &str, now: Timestamp) -> Result<()> {
        self.store.write("note why a draft waits", |tx| {
            let mut case = advisories::get(tx, id)?;
            if case.stage == Stage::Draft && case.remark.as_deref() != Some(why) {
                warn!(case = %id, why, "A draft waits for the advisor.");
                case.move_to(tx, Stage::Draft, Some(why), None, now)?;
            }
            Ok(())
        })
    }

    /// Unanswered messages: one reminder, then a call; a call at once where the links were taken back.
    fn remind(&self, connection: &dyn Session, now: Timestamp) -> Result<Vec<Ticked>> {
        let mut done = Vec::new();
        for mut case in advisories::in_stages(connection, &[Stage::Contacted])? {
            let Some(last) = messages::newest_of(connection, &case.finding.id)? else { continue };
            let Ok(people) = self.people(connection, &case.finding.machine)? else { continue };
            let days = people.customer.contacting.over(&self.options.policy).reminder_after_working_days;
            let wait_until = last.sent.map(|sent| people.calendar.plus_working_days(sent, days));
            let waited = wait_until.is_some_and(|until| now >= until);
            let outcome = match (last.kind, last.state) {
                _ if replies::is_letter_revoked(connection, &case.finding.id)? => LINKS_WITHDRAWN,
                (Kind::Invitation, MessageState::Sent) if waited => {
                    let mut reminder = Mail {
                        id: 0,
                        kind: Kind::Reminder,
                        state: MessageState::Queued,
                        text: None,
                        edited: false,
                        due: now,
                        held: None,
                        reason: None,
                        channel: None,
                        attempts: 0,
                        sent: None,
                        ..last
                    };
                    reminder.save(connection)?;
                    done.push(ticked(&reminder, Outcome::Reminded));
                    continue;
                }
                (Kind::Reminder, MessageState::Sent) if waited => "neither the message nor its reminder was answered",
                (Kind::Reminder, MessageState::Withdrawn) => "the reminder could not be sent",
                _ => continue,
            };
            case.move_to(connection, Stage::Call, Some(outcome), None, now)?;
            write_record(connection, &last, "outbox", "gave the case to the advisor to call", outcome, false, now)?;
            done.push(ticked(&last, Outcome::CallDue));
        }
        Ok(done)
    }
}

/// Keeps an eye on the clock; when it went back and is believed, what it dated wrongly is dated anew.
fn look(connection: &dyn Session, see: impl Fn(&mut Watch) -> Seen, now: Timestamp) -> Result<()> {
    let known = clock::read(connection)?;
    let mut watch = known.unwrap_or_else(|| Watch::new(now));
    let (before, seen) = (watch, see(&mut watch));
    if known.is_none() {
        return clock::write(connection, &watch);
    }
    match seen {
        Seen::Steady => {}
        // Said when it begins and every few minutes, not at every tick of six hours.
        Seen::Doubtful(_) if !watch.is_news_after(&before) => {}
        Seen::Doubtful(until) => warn!(%now, %until, "The clock went back; nothing is sent until it has run steadily."),
        Seen::Redate { from } => {
            warn!(%from, %now, "The clock was set; what it had dated later counts from now.");
            clock::redate(connection, from, now)?;
            let (who, what, why) = ("foretell", "dated messages anew", "the clock was set");
            Entry { at: now, who, what, why, ..Entry::default() }.write(connection)?;
        }
    }
    // Not at every tick: each write is a sync of the disk.
    if watch.is_news_after(&before) { clock::write(connection, &watch) } else { Ok(()) }
}

/// Cases whose silence ended go back to the advisor.
fn wake(connection: &dyn Session, now: Timestamp) -> Result<()> {
    for mut case in advisories::in_stages(connection, &[Stage::NotNow])? {
        if case.until.is_none_or(|until| until <= now) {
            let (stage, remark) = match replies::is_letter_revoked(connection, &case.finding.id)? {
                true => (Stage::Call, LINKS_WITHDRAWN),
                false => (Stage::Draft, "the customer had said not now; that time is over"),
            };
            case.move_to(connection, stage, Some(remark), None, now)?;
        }
    }
    Ok(())
}

fn write_record(
    connection: &dyn Session,
    mail: &Mail,
    who: &str,
    what: &str,
    why: &str,
    contact: bool,
    now: Timestamp,
) -> Result<()> {
    let (machine, advisory) = (Some(mail.machine.as_str()), Some(mail.case.as_str()));
    Entry { at: now, who, what, why, customer: Some(&mail.customer), machine, advisory, contact }.write(connection)
}

fn ticked(mail: &Mail, outcome: Outcome) -> Ticked {
    Ticked { message: mail.id, case: mail.case.clone(), kind: mail.kind, outcome }
}
