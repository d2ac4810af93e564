//! Work due near each other goes into one visit and one message.
//!
//! Each due work is a case of its own, so that it can be refreshed and cleared by its own identity. Of a machine's cases that
//! no customer knows of yet one leads and speaks for all; the others follow silently and are done when it is.

use std::collections::BTreeSet;

use foretell_model::{Evidence, FindingKind, MachineId, Timestamp};

use crate::error::Result;
use crate::service::DUE_PREFIX;
use crate::store::{Case, Session, advisories, messages};
use crate::views::{MessageState, Stage};

/// Beginning of a follower's remark; the leader's identity comes after it.
const FOLLOWS: &str = "goes with ";
/// The remark of an inspection that waits for a visit to attach to.
const WAITS: &str = "goes with the next visit";
/// Work that is never a visit of its own.
const NEVER_ALONE: &str = "vibration_tested";

/// Whether a case leaves the talking to another one.
pub(crate) fn is_follower(case: &Case) -> bool {
    case.stage == Stage::Internal && case.remark.as_deref().is_some_and(|remark| remark.starts_with(FOLLOWS))
}

/// The works that open cases announce, apart from those that [`crate::Outreach::check_service`] made.
pub(crate) fn announced(open: &[Case]) -> BTreeSet<String> {
    let due = open.iter().filter(|case| case.finding.kind == FindingKind::MaintenanceDue);
    due.filter(|case| case.finding.fault.as_str() != crate::service::SERVICE)
        .map(|case| case.finding.fault.as_str().to_owned())
        .collect()
}

/// Chooses a machine's leader anew and gathers what it speaks for.
pub(crate) fn regroup(connection: &dyn Session, machine: &MachineId, now: Timestamp) -> Result<()> {
    let open = advisories::open_of(connection, machine)?;
    let (mut free, rest): (Vec<Case>, Vec<Case>) = open
        .into_iter()
        .filter(|case| case.finding.kind == FindingKind::MaintenanceDue)
        .partition(|case| matches!(case.stage, Stage::Draft | Stage::Postponed) || is_follower(case));
    // Followers of a case that the customer knows of stay with it.
    free.retain(|case| !rest.iter().any(|leader| follows(case, leader)));
    let leads = |case: &Case| case.finding.fault.as_str() != NEVER_ALONE;
    let place = free.iter().position(|case| leads(case) && !is_follower(case)).or_else(|| free.iter().position(leads));
    let Some(mut leader) = place.map(|place| free.remove(place)) else {
        return free.iter_mut().try_for_each(|case| case.move_to(connection, Stage::Internal, Some(WAITS), None, now));
    };
    let own = format!("{DUE_PREFIX}{}", leader.finding.fault);
    let mut gathered: Vec<Evidence> = own_evidence(&leader, &own);
    let remark = format!("{FOLLOWS}{}", leader.finding.id);
    for follower in &mut free {
        let its = format!("{DUE_PREFIX}{}", follower.finding.fault);
        let new = own_evidence(follower, &its).into_iter().filter(|e| gathered.iter().all(|g| g.feature != e.feature));
        gathered.extend(new.collect::<Vec<_>>());
        withdraw_draft(connection, follower)?;
        follower.move_to(connection, Stage::Internal, Some(&remark), None, now)?;
    }
    leader.finding.evidence = gathered;
    let (stage, remark, until) = match leader.stage {
        Stage::Internal => (Stage::Draft, None, None),
        stage => (stage, leader.remark.clone(), leader.until),
    };
    leader.move_to(connection, stage, remark.as_deref(), until, now)
}

/// Followers are done with their leader.
pub(crate) fn finish(connection: &dyn Session, leader: &Case, now: Timestamp) -> Result<()> {
    let open = advisories::open_of(connection, &leader.finding.machine)?;
    for mut case in open.into_iter().filter(|case| follows(case, leader)) {
        case.move_to(connection, Stage::Done, Some("done in the same visit"), None, now)?;
    }
    Ok(())
}

fn follows(case: &Case, leader: &Case) -> bool {
    is_follower(case)
        && case.remark.as_deref().and_then(|remark| remark.strip_prefix(FOLLOWS)) == Some(leader.finding.id.as_str())
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
            (mail.state, mail.reason) = (MessageState::Withdrawn, Some("it goes with another message".into()));
            mail.save(connection)
        }
        _ => Ok(()),
    }
}
