//! Work due near each other goes into one visit and one message.
//!
//! Each due work is a case of its own, so that it can be refreshed and cleared by its own identity. Of a machine's cases that
//! no customer knows of yet one leads and speaks for all; the others follow silently and are done when it is. A fault that
//! wants a visit leads what falls due near it: nobody drives out twice.

use std::collections::BTreeSet;

use foretell_model::{Evidence, Finding, FindingId, FindingKind, Grade, MachineId, Timestamp};

use crate::apply::forget_offers;
use crate::edits::{self, LESS_WORK, MORE_WORK};
use crate::error::Result;
use crate::joint::{is_companion, is_spoken_of};
use crate::service::{DUE_PREFIX, is_registered};
use crate::store::{Case, GoesWith, Session, advisories, messages};
use crate::views::{MessageState, Stage};
use crate::visits::WITH_ANOTHER;

/// Why a follower's own letter is not sent.
pub(crate) const GOES_ALONG: &str = "it goes with another message";
/// Work that is never a visit of its own.
const NEVER_ALONE: &str = "vibration_tested";

/// Whether a case leaves the talking to another one, or waits for a visit to attach to.
pub(crate) fn is_follower(case: &Case) -> bool {
    case.stage == Stage::Internal && case.goes_with.is_some()
}

/// The works that open cases announce, apart from those that [`crate::Outreach::check_service`] made.
pub(crate) fn announced(open: &[Case]) -> BTreeSet<String> {
    let due = open.iter().filter(|case| case.finding.kind == FindingKind::MaintenanceDue);
    due.filter(|case| !is_registered(&case.finding)).map(|case| case.finding.fault.as_str().to_owned()).collect()
}

/// Works beside its own that a case has spoken of to the customer: they stay promised when the engine says the case anew.
pub(crate) fn promised(case: &Case) -> Vec<Evidence> {
    if !is_known(case) {
        return Vec::new();
    }
    due_works(&case.finding)
}

/// The due works of which a finding speaks.
pub(crate) fn due_works(finding: &Finding) -> Vec<Evidence> {
    finding.evidence.iter().filter(|e| e.feature.starts_with(DUE_PREFIX)).cloned().collect()
}

/// Puts back what had been promised.
pub(crate) fn put_back(finding: &mut Finding, promised: Vec<Evidence>) {
    let missing = |item: &Evidence| finding.evidence.iter().all(|known| known.feature != item.feature);
    let missing: Vec<Evidence> = promised.into_iter().filter(missing).collect();
    finding.evidence.extend(missing);
}

/// Whether the customer knows of a case, or is about to.
const fn is_known(case: &Case) -> bool {
    !matches!(case.stage, Stage::Draft | Stage::Postponed | Stage::Internal | Stage::Done | Stage::Cleared)
}

/// Chooses a machine's leader anew and gathers what it speaks for. A fault that waits for the advisor leads whatever falls
/// due near it; else the due work leads itself.
pub(crate) fn regroup(connection: &dyn Session, machine: &MachineId, now: Timestamp) -> Result<()> {
    let open = advisories::open_of(connection, machine)?;
    let is_due = |case: &Case| case.finding.kind == FindingKind::MaintenanceDue;
    if !open.iter().any(is_due) {
        return open.into_iter().try_for_each(|case| speak_of_fault_alone(connection, case, now));
    }
    let is_free = |case: &Case| {
        let waits = matches!(case.stage, Stage::Draft | Stage::Postponed) || is_follower(case);
        is_due(case) && waits && !is_companion(case)
    };
    let (mut free, mut rest): (Vec<Case>, Vec<Case>) = open.into_iter().partition(is_free);
    // Followers of a case that the customer knows of stay with it.
    let mut known = Vec::new();
    for leader in &rest {
        // What is approved and has not gone out is gathered anew, like a draft, unless days are left: service can wait.
        let is_settled = is_known(leader) && (leader.stage != Stage::Queued || leader.finding.grade == Grade::Urgent);
        if is_settled || is_spoken_of(connection, leader)? {
            known.push(leader.finding.id.clone());
        }
    }
    free.retain(|case| !rest.iter().any(|leader| known.contains(&leader.finding.id) && follows(case, leader)));
    let is_fault = |case: &Case| {
        let is_unsent = matches!(case.stage, Stage::Draft | Stage::Queued) && !is_companion(case);
        is_unsent
            && !known.contains(&case.finding.id)
            && matches!(case.finding.kind, FindingKind::Prediction | FindingKind::Anomaly)
    };
    let leads = |case: &Case| case.finding.fault.as_str() != NEVER_ALONE;
    // What goes with another machine's letter takes along what falls due here.
    let goes_along = |case: &Case| is_companion(case) && !known.contains(&case.finding.id);
    let mut leader = match rest.iter().position(goes_along).or_else(|| rest.iter().position(is_fault)) {
        Some(place) => rest.remove(place),
        None => {
            let place =
                free.iter().position(|case| leads(case) && !is_follower(case)).or_else(|| free.iter().position(leads));
            let Some(place) = place else {
                let wait = |case: &mut Case| case.follow(connection, GoesWith::NextVisit, now);
                return free.iter_mut().try_for_each(wait);
            };
            free.remove(place)
        }
    };
    gather(connection, &mut leader, &mut free, now)
}

/// Nothing is due any more: a fault of which no customer has read yet speaks of no service either.
fn speak_of_fault_alone(connection: &dyn Session, mut case: Case, now: Timestamp) -> Result<()> {
    let is_unread = matches!(case.stage, Stage::Draft | Stage::Queued) && !is_spoken_of(connection, &case)?;
    if !is_unread || due_works(&case.finding).is_empty() {
        return Ok(());
    }
    case.finding.evidence.retain(|evidence| !evidence.feature.starts_with(DUE_PREFIX));
    case.save(connection, now)?;
    match messages::newest_of(connection, &case.finding.id)? {
        Some(mail) if mail.edited && matches!(mail.state, MessageState::Draft | MessageState::Queued) => {
            edits::begin_anew(connection, &mut case, mail, LESS_WORK, now)
        }
        // Less work takes less time.
        _ => forget_offers(connection, &case.finding.id, now),
    }
}

/// Has a leader speak for its followers.
fn gather(connection: &dyn Session, leader: &mut Case, followers: &mut [Case], now: Timestamp) -> Result<()> {
    let before = works(leader);
    let is_due = leader.finding.kind == FindingKind::MaintenanceDue;
    let mut gathered: Vec<Evidence> = match is_due {
        true => own_evidence(leader, &format!("{DUE_PREFIX}{}", leader.finding.fault)),
        false => leader.finding.evidence.iter().filter(|e| !e.feature.starts_with(DUE_PREFIX)).cloned().collect(),
    };
    for follower in followers {
        let its = format!("{DUE_PREFIX}{}", follower.finding.fault);
        let new = own_evidence(follower, &its).into_iter().filter(|e| gathered.iter().all(|g| g.feature != e.feature));
        gathered.extend(new.collect::<Vec<_>>());
        withdraw_draft(connection, follower)?;
        follower.follow(connection, GoesWith::Case(leader.finding.id.clone()), now)?;
    }
    leader.finding.evidence = gathered;
    match leader.stage {
        Stage::Internal if !is_companion(leader) => leader.move_to(connection, Stage::Draft, None, None, now)?,
        _ => leader.save(connection, now)?,
    }
    if !works(leader).is_subset(&before) {
        look_again(connection, leader, now)?;
    }
    // More work takes longer: the times proposed for less are no longer right.
    if before == works(leader) { Ok(()) } else { forget_offers(connection, &leader.finding.id, now) }
}

/// A letter that was approved, or that a person wrote, does not speak of work that came since.
fn look_again(connection: &dyn Session, leader: &mut Case, now: Timestamp) -> Result<()> {
    match messages::newest_of(connection, &leader.finding.id)? {
        Some(mail) if mail.state == MessageState::Queued || (mail.edited && mail.state == MessageState::Draft) => {
            edits::begin_anew(connection, leader, mail, MORE_WORK, now)
        }
        _ => Ok(()),
    }
}

/// The due works that a case speaks of.
fn works(case: &Case) -> BTreeSet<String> {
    let due = case.finding.evidence.iter().filter_map(|e| e.feature.strip_prefix(DUE_PREFIX));
    due.map(str::to_owned).collect()
}

/// Followers are done with their leader, and so are those of its companions on other machines, as far as somebody went to those.
pub(crate) fn finish(connection: &dyn Session, leader: &Case, left_out: &[MachineId], now: Timestamp) -> Result<()> {
    for machine in leader.machines().filter(|machine| !left_out.contains(machine)) {
        for mut case in advisories::open_of(connection, machine)? {
            let leads = |finding: &Finding| follows_it(&case, &finding.id);
            if leader.findings().any(leads) {
                case.move_to(connection, Stage::Done, Some(WITH_ANOTHER), None, now)?;
            }
        }
    }
    Ok(())
}

/// Whether a case leaves the talking to that one.
pub(crate) fn follows(case: &Case, leader: &Case) -> bool {
    follows_it(case, &leader.finding.id)
}

fn follows_it(case: &Case, leader: &FindingId) -> bool {
    case.leader() == Some(leader)
}

/// What a case says for itself: its own work, or all of them where it was made from registered tasks.
fn own_evidence(case: &Case, own: &str) -> Vec<Evidence> {
    let its_own: Vec<Evidence> = case.finding.evidence.iter().filter(|e| e.feature == own).cloned().collect();
    if its_own.is_empty() { case.finding.evidence.clone() } else { its_own }
}

/// A follower's draft would only confuse; an approved message was never a follower's.
fn withdraw_draft(connection: &dyn Session, case: &Case) -> Result<()> {
    match messages::newest_of(connection, &case.finding.id)? {
        Some(mut mail) if mail.state == MessageState::Draft => {
            (mail.state, mail.reason) = (MessageState::Withdrawn, Some(GOES_ALONG.into()));
            mail.save(connection)
        }
        _ => Ok(()),
    }
}
