//! Machines of one site that need somebody in the same days share one letter and one visit: nobody is written to twice about
//! what can be done in one go.
//!
//! Of a site's cases that no customer knows of yet one speaks for the others, its companions, which follow silently as the due
//! works of one machine do ([`crate::bundle`]). Each stays a case of its own, so that it can be refreshed and cleared by its
//! own identity. What the customer knows of is settled: nothing joins a letter that has gone out unless the advisor lets it
//! ([`crate::joining`]).

use foretell_model::{FindingId, Grade, MachineId, Status, Timestamp};

use crate::apply::{forget_offers, says_the_same, withdraw};
use crate::bundle;
use crate::compose::Occasion;
use crate::drafting::blocking_case_on;
use crate::error::Result;
use crate::governor::Kind;
use crate::registry::Machine;
use crate::store::{
    Case, Companion, GoesWith, Session, Spoken, Stay, advisories, alongside, bookings, messages, record, registry,
    service_cases,
};
use crate::views::{MessageState, ServiceCase, Stage};
use crate::{Outreach, compose, edits};

/// Longest number of a machine, characters: a subject has room for three such.
const NUMBER_CHARS_MAX: usize = 11;

/// Machines that one letter speaks of at most: more would be a list and no letter.
pub(crate) const MACHINES_MAX: usize = 3;

/// Why an approved letter is a draft again.
pub(crate) const GREW: &str =
    "another machine of the site goes with it now; please look at it again and approve it anew";
/// Why a letter that a person wrote is a fresh draft.
pub(crate) const SHRANK: &str = "a machine of which it spoke needs no visit now; this is a fresh draft";
/// Why part of a booked visit may be needless; the machine's number follows.
const PART_NEEDLESS: &str = "part of the visit may no longer be needed";
/// Why the advisor should call about a machine whose letter was led by another one.
const LEFT_ALONE: &str = "the letter spoke of it together with another machine, whose forecast was withdrawn";

/// Whether a case goes with one on another machine.
pub(crate) fn is_companion(case: &Case) -> bool {
    case.leader().is_some_and(|leader| !is_of(leader, &case.finding.machine))
}

fn is_of(id: &FindingId, machine: &MachineId) -> bool {
    id.as_str().strip_prefix(machine.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

/// The case on another machine that speaks for this one, if there is one.
pub(crate) fn speaker(connection: &dyn Session, case: &Case) -> Result<Option<Case>> {
    match case.leader().filter(|leader| !is_of(leader, &case.finding.machine)) {
        Some(leader) => advisories::find(connection, leader),
        None => Ok(None),
    }
}

/// Whether the customer knows of a case through the letter of one on another machine, or is about to.
pub(crate) fn is_spoken_of(connection: &dyn Session, case: &Case) -> Result<bool> {
    Ok(speaker(connection, case)?.is_some_and(|leader| !is_unsent(leader.stage) && leader.stage != Stage::Internal))
}

/// Whether nobody outside the house knows of it yet.
pub(crate) const fn is_unsent(stage: Stage) -> bool {
    matches!(stage, Stage::Draft | Stage::Postponed | Stage::Queued)
}

impl Outreach {
    /// Chooses anew which of a site's cases go together, and has the one that speaks say what the others say now.
    pub(crate) fn gather_site(&self, connection: &dyn Session, site: &str, now: Timestamp) -> Result<()> {
        let mut open = advisories::open_at(connection, site)?;
        let Some(first) = open.first().map(|case| case.finding.machine.clone()) else { return Ok(()) };
        let is_joint = |case: &Case| is_companion(case) || !case.companions.is_empty();
        if open.iter().all(|case| case.finding.machine == first) && !open.iter().any(is_joint) {
            return Ok(());
        }
        self.let_go_of(connection, &mut open, now)?;
        keep_up(connection, &mut open, now)?;
        let mut eligible = Vec::new();
        for case in &open {
            if self.may_go_together(connection, case, now)? {
                eligible.push((Self::was_talked_of(connection, case, now)?, case.clone()));
            }
        }
        let mut chosen = choose(eligible);
        if chosen.is_empty() {
            return Ok(());
        }
        let leader = chosen.remove(0);
        if leader.stage == Stage::Queued && leader.finding.grade == Grade::Urgent {
            // Approved, and days are left: nothing that can wait takes that approval back.
            chosen.retain(|case| follows(case, &leader.finding.id) || case.finding.grade == Grade::Urgent);
        }
        speak_for(connection, leader, chosen, now)
    }

    /// Companions that go with nobody any more, or that must not wait for the one that speaks for them, are on their own.
    fn let_go_of(&self, connection: &dyn Session, open: &mut [Case], now: Timestamp) -> Result<()> {
        let mut alone = Vec::new();
        for case in open.iter().filter(|case| is_companion(case)) {
            let leader = open.iter().find(|leader| follows(case, &leader.finding.id));
            let stays = match leader {
                None => false,
                Some(leader) if leader.stage == Stage::Internal => false,
                // What was put off as a plan of weeks must be seen when days are left.
                Some(leader) if leader.stage == Stage::Postponed => case.finding.grade < Grade::Urgent,
                Some(leader) if is_unsent(leader.stage) => {
                    // A letter after the one that spoke of both, e.g. when a silence is over, speaks of both again.
                    !is_new(connection, &leader.finding.id)?
                        || (self.may_go_together(connection, leader, now)?
                            && self.may_go_together(connection, case, now)?)
                }
                Some(_) => true,
            };
            if !stays {
                alone.push(case.finding.id.clone());
            }
        }
        for case in open.iter_mut().filter(|case| alone.contains(&case.finding.id)) {
            let stage = if self.may_reach_customer(&case.finding) { Stage::Draft } else { Stage::Internal };
            case.move_to(connection, stage, None, None, now)?;
        }
        Ok(())
    }

    /// Whether a case may share a letter: nobody knows of it yet, a visit is what it wants, and nothing stands in the way of
    /// writing about its machine now.
    pub(crate) fn may_go_together(&self, connection: &dyn Session, case: &Case, now: Timestamp) -> Result<bool> {
        let (id, machine) = (&case.finding.id, &case.finding.machine);
        let waits = is_companion(case) || matches!(case.stage, Stage::Draft | Stage::Queued);
        // Wasted electricity is a letter of its own: it has its reckoning to show.
        let wants_visit =
            self.may_reach_customer(&case.finding) && Occasion::of_finding(&case.finding) != Occasion::Energy;
        if !waits || !wants_visit || compose::pieces_of(Spoken::new(&case.finding), &self.options.catalogue).is_empty()
        {
            return Ok(false);
        }
        let own = registry::find::<Machine>(connection, machine.as_str())?;
        let fits = own.is_some_and(|own| own.number.chars().count() <= NUMBER_CHARS_MAX);
        if !is_new(connection, id)? || !fits || service_cases::open_of(connection, machine)?.is_some() {
            return Ok(false);
        }
        let Some(customer) = registry::customer_of(connection, machine)? else { return Ok(false) };
        let gap_days = f64::from(customer.contacting.over(&self.options.policy).machine_gap_days);
        let is_quiet = messages::not_now(connection, machine)?.is_none_or(|until| until <= now)
            && messages::machine_last(connection, machine)?.is_none_or(|last| last.plus_days(gap_days) <= now);
        Ok(is_quiet && blocking_case_on(connection, case, machine)?.is_none())
    }

    /// A case is over or was taken back: those for which it spoke go their own ways. `told` says whether the customer knows
    /// of them. The case itself is not saved.
    pub(crate) fn part(
        &self,
        connection: &dyn Session,
        leader: &mut Case,
        (told, stage): (bool, Stage),
        why: &str,
        now: Timestamp,
    ) -> Result<()> {
        for companion in &leader.companions {
            let Some(mut case) = advisories::find(connection, &companion.finding.id)? else { continue };
            if case.leader() != Some(&leader.finding.id) {
                continue;
            }
            let (stage, remark) = match (told, self.may_reach_customer(&case.finding)) {
                (true, _) => (stage, Some(why)),
                (false, true) => (Stage::Draft, None),
                (false, false) => (Stage::Internal, None),
            };
            case.move_to(connection, stage, remark, None, now)?;
        }
        // What was declined together stays together.
        if !told || stage != Stage::Cleared {
            leader.companions.clear();
        }
        Ok(())
    }

    /// The forecast behind a case was withdrawn: who went with it, or with whom it went, must know.
    pub(crate) fn part_with_cleared(
        &self,
        connection: &dyn Session,
        (case, before): (&Case, &Case),
        now: Timestamp,
    ) -> Result<()> {
        if case.stage == Stage::Cleared && !case.companions.is_empty() {
            let told = !is_unsent(before.stage);
            let mut over = case.clone();
            self.part(connection, &mut over, (told, Stage::Call), LEFT_ALONE, now)?;
            over.save(connection, now)?;
        }
        let Some(mut leader) = speaker(connection, before)? else { return Ok(()) };
        if leader.stage != Stage::Booked {
            leader.companions.retain(|companion| companion.finding.id != case.finding.id);
            leader.save(connection, now)?;
            return if is_unsent(leader.stage) {
                look_again(connection, &mut leader, false, now)?;
                forget_offers(connection, &leader.finding.id, now)
            } else {
                Ok(())
            };
        }
        if leader.remark.is_none() {
            let own = registry::find::<Machine>(connection, case.finding.machine.as_str())?;
            let number = own.map_or_else(|| case.finding.machine.to_string(), |own| own.number);
            leader.move_to(connection, Stage::Booked, Some(&format!("{PART_NEEDLESS}: {number}")), None, now)?;
        }
        Ok(())
    }
}

/// The part of a case for which somebody comes, as things are at an instant: a machine that stands still is seen to during its
/// repair. All of it where none of its machines runs.
pub(crate) fn to_visit(connection: &dyn Session, case: &Case, at: Timestamp) -> Result<Case> {
    let mut part = case.clone();
    let mut broken = Vec::new();
    for machine in case.machines() {
        if stands_still(connection, machine, at)? {
            broken.push(machine.clone());
        }
    }
    if broken.len() > case.companions.len() {
        return Ok(part);
    }
    part.companions.retain(|companion| !broken.contains(&companion.finding.machine));
    if broken.contains(&case.finding.machine) {
        let first = part.companions.remove(0);
        (part.finding, part.context) = (first.finding, first.context);
        (part.told, part.rivals) = (first.told, first.rivals);
    }
    Ok(part)
}

/// The part of a case to which a visit goes: what stood still when it was arranged has no time in it, though it runs again since.
pub(crate) fn part_of_visit(connection: &dyn Session, case: &Case, stay: &Stay) -> Result<Case> {
    if case.companions.is_empty() {
        return Ok(case.clone());
    }
    to_visit(connection, case, arranged(connection, stay)?)
}

fn stands_still(connection: &dyn Session, machine: &MachineId, at: Timestamp) -> Result<bool> {
    let stood = |trouble: &ServiceCase| trouble.opened <= at && trouble.closed.is_none_or(|closed| closed > at);
    Ok(service_cases::of_machine(connection, machine)?.iter().any(stood))
}

fn arranged(connection: &dyn Session, stay: &Stay) -> Result<Timestamp> {
    let arranged = record::visit_arranged(connection, stay.case.as_str(), stay.changed)?;
    Ok(arranged.unwrap_or(stay.changed))
}

/// Whether a visit of a case goes to one of its machines, also when the case has come to speak for itself alone since.
pub(crate) fn goes_to(connection: &dyn Session, case: &Case, stay: &Stay, machine: &MachineId) -> Result<bool> {
    if !case.companions.is_empty() {
        return Ok(part_of_visit(connection, case, stay)?.machines().any(|goes| goes == machine));
    }
    let was_joint = !alongside::of(connection, case.finding.id.as_str())?.is_empty();
    Ok(!(was_joint && stands_still(connection, machine, arranged(connection, stay)?)?))
}

/// The machines of a case to which a visit does not go.
pub(crate) fn left_out(connection: &dyn Session, case: &Case, stay: &Stay) -> Result<Vec<MachineId>> {
    let part = part_of_visit(connection, case, stay)?;
    Ok(case.machines().filter(|machine| part.machines().all(|goes| goes != *machine)).cloned().collect())
}

/// Whoever speaks for others speaks for those that follow still, and says of them what is said now. What a letter has told
/// stays promised.
fn keep_up(connection: &dyn Session, open: &mut [Case], now: Timestamp) -> Result<()> {
    let said = open.to_vec();
    for leader in open.iter_mut().filter(|case| !case.companions.is_empty()) {
        let (before, id) = (leader.companions.clone(), leader.finding.id.clone());
        let now_said = |companion: &Companion| {
            said.iter().find(|case| case.finding.id == companion.finding.id && follows(case, &id))
        };
        if is_unsent(leader.stage) || leader.stage == Stage::Internal {
            leader.companions.retain(|companion| now_said(companion).is_some());
            if leader.companions.len() < before.len() {
                look_again(connection, leader, false, now)?;
                leader.save(connection, now)?;
                forget_offers(connection, &id, now)?;
            }
            continue;
        }
        for companion in &mut leader.companions {
            if let Some(case) = now_said(companion).filter(|case| case.finding.status != Status::Cleared) {
                let promised = bundle::due_works(&companion.finding);
                (companion.finding, companion.context) = (case.finding.clone(), case.context.clone());
                companion.rivals.clone_from(&case.rivals);
                bundle::put_back(&mut companion.finding, promised);
            }
        }
        if leader.companions != before {
            leader.save(connection, now)?;
        }
    }
    Ok(())
}

/// Has a case speak for others.
fn speak_for(connection: &dyn Session, mut leader: Case, others: Vec<Case>, now: Timestamp) -> Result<()> {
    let before = leader.companions.clone();
    for case in &others {
        if case.leader() == Some(&leader.finding.id) {
            continue;
        }
        edits::note_void(connection, &case.finding.id, GREW, now)?;
        withdraw(connection, &case.finding.id, bundle::GOES_ALONG)?;
        // What was said on the telephone is the advisor's to see where the letter is now.
        if leader.remark.is_none() && leader.stage == Stage::Draft {
            (leader.remark, leader.matter) = (case.remark.clone(), case.matter);
        }
        let mut follower = Case { companions: Vec::new(), ..case.clone() };
        follower.follow(connection, GoesWith::Case(leader.finding.id.clone()), now)?;
    }
    leader.companions = others.into_iter().map(Companion::of).collect();
    if leader.companions == before {
        return Ok(());
    }
    let is_known = |companion: &Companion| before.iter().any(|known| known.finding.id == companion.finding.id);
    let grew = !leader.companions.iter().all(is_known);
    let same = leader.companions.len() == before.len()
        && leader.companions.iter().zip(&before).all(|(new, old)| says_as_before(new, old));
    if !same {
        look_again(connection, &mut leader, grew, now)?;
    }
    leader.save(connection, now)?;
    if same { Ok(()) } else { forget_offers(connection, &leader.finding.id, now) }
}

/// Whether no letter of a case went out yet, and no visit was booked for it.
pub(crate) fn is_new(connection: &dyn Session, id: &FindingId) -> Result<bool> {
    Ok(!messages::is_on_its_way(connection, id)?
        && messages::sent_of_kind(connection, id, Kind::Invitation)? == 0
        && bookings::newest_of(connection, id)?.is_none())
}

/// Of cases that may share a letter those that do: what goes together already stays together; else whatever is approved, a
/// fault, the most pressing, the oldest speaks for the others. What the customer was promised on the telephone goes before all of
/// that: the letter goes on with the talk. One of each machine; the first one speaks.
fn choose(mut eligible: Vec<(bool, Case)>) -> Vec<Case> {
    let ids: Vec<FindingId> = eligible.iter().map(|(_, case)| case.finding.id.clone()).collect();
    eligible.retain(|(_, case)| !is_companion(case) || ids.iter().any(|leader| follows(case, leader)));
    eligible.sort_by_cached_key(|(was_talked_of, case)| {
        let together = (case.companions.is_empty(), !is_companion(case), case.stage != Stage::Queued);
        (!was_talked_of, together, compose::pressing(&case.finding), case.opened, case.finding.id.clone())
    });
    let mut chosen: Vec<Case> = Vec::new();
    for (_, case) in eligible {
        if chosen.iter().all(|other| other.finding.machine != case.finding.machine) {
            chosen.push(case);
        }
    }
    chosen.truncate(MACHINES_MAX);
    chosen
}

/// What was approved or written by hand is not what would go out now. That a machine has dropped out of it needs no second
/// look, unless a person's words still speak of it.
fn look_again(connection: &dyn Session, leader: &mut Case, grew: bool, now: Timestamp) -> Result<()> {
    let newest = messages::newest_of(connection, &leader.finding.id)?;
    let Some(mail) = newest.filter(|mail| matches!(mail.state, MessageState::Draft | MessageState::Queued)) else {
        return Ok(());
    };
    let is_to_be_seen = mail.edited || (grew && mail.state == MessageState::Queued);
    if !is_to_be_seen {
        return Ok(());
    }
    edits::begin_anew(connection, leader, mail, if grew { GREW } else { SHRANK }, now)
}

/// Whether a letter about both would still say what it said and take as long.
fn says_as_before(new: &Companion, old: &Companion) -> bool {
    let works = |companion: &Companion| -> Vec<String> {
        bundle::due_works(&companion.finding).into_iter().map(|work| work.feature).collect()
    };
    new.finding.id == old.finding.id
        && new.rivals == old.rivals
        && says_the_same(&new.finding, &old.finding)
        && works(new) == works(old)
}

fn follows(case: &Case, leader: &FindingId) -> bool {
    case.leader() == Some(leader)
}
