//! Cases of one machine that may be about the same: one of them speaks, the others go with it.
//!
//! The engine may say two faults of one machine for what is one thing to the customer, e.g. a valve for minutes of heat and a
//! cooler for weeks of it. Two letters would contradict each other. Whatever the customer knows of speaks on; of what nobody
//! knows yet, the likeliest. Its letter says what cannot be told apart, and its visit looks for both.

use foretell_model::{Finding, FindingKind, Grade, MachineId, Timestamp};

use crate::apply::{forget_offers, withdraw};
use crate::bundle::{self, GOES_ALONG};
use crate::error::Result;
use crate::joint::is_companion;
use crate::store::{Case, GoesWith, Session, advisories};
use crate::views::{Matter, Stage};
use crate::{Outreach, joint};

/// From this likelihood on the evidence of one finding may be that of another's fault; below it the engine gives a name up.
const MAY_BE_FROM: f64 = 0.15;
/// A case that speaks already does so until another one is likelier by this factor: letters that change hands help nobody.
const KEEPS: f64 = 1.5;

/// Why the advisor should call about a fault that took the place of another.
const SUCCEEDS: &str = "what the customer was written to about looks like another fault now; please tell them";

impl Outreach {
    /// Chooses anew which of a machine's forecasts speak.
    pub(crate) fn let_one_speak(&self, connection: &dyn Session, machine: &MachineId, now: Timestamp) -> Result<()> {
        let open = advisories::open_of(connection, machine)?;
        let open: Vec<Case> = open.into_iter().filter(|case| is_forecast(&case.finding)).collect();
        if open.len() < 2 && open.iter().all(|case| !follows_rival(case) && case.rivals.is_empty()) {
            return Ok(());
        }
        let leads = |case: &Case| open.iter().any(|other| other.leader() == Some(&case.finding.id));
        let weight = |case: &Case| case.finding.likelihood * if leads(case) { KEEPS } else { 1.0 };
        let (mut waiting, mut speaking): (Vec<Case>, Vec<Case>) =
            open.iter().cloned().partition(|case| case.stage == Stage::Draft || follows_rival(case));
        speaking.retain(|case| case.stage != Stage::Internal || is_companion(case));
        let mut talked = Vec::new();
        for case in &waiting {
            if Self::was_talked_of(connection, case, now)? {
                talked.push(case.finding.id.clone());
            }
        }
        // What a letter was promised about on the telephone is what the letter is about.
        let is_silent = |case: &Case| !talked.contains(&case.finding.id);
        waiting.sort_by(|a, b| {
            let by_weight = || weight(b).total_cmp(&weight(a));
            is_silent(a).cmp(&is_silent(b)).then_with(by_weight).then_with(|| a.finding.id.cmp(&b.finding.id))
        });
        let mut rivals: Vec<(Case, Vec<Case>)> = speaking.into_iter().map(|case| (case, Vec::new())).collect();
        for mut case in waiting {
            if let Some((leader, others)) = rivals.iter_mut().find(|(leader, _)| speaks_for(leader, &case)) {
                follow(connection, &mut case, leader, now)?;
                others.push(case);
                continue;
            }
            if follows_rival(&case) {
                let stage = if self.may_reach_customer(&case.finding) { Stage::Draft } else { Stage::Internal };
                case.move_to(connection, stage, None, None, now)?;
            }
            if case.stage == Stage::Draft {
                rivals.push((case, Vec::new()));
            }
        }
        rivals.into_iter().try_for_each(|(leader, others)| look_for_both(connection, leader, &others, now))
    }

    /// The forecast behind a case was withdrawn while others went with it: where a visit is booked it is needed still, and
    /// where the customer was written to, somebody must say what it looks like now.
    pub(crate) fn succeed(
        &self,
        connection: &dyn Session,
        (case, before): (&mut Case, &Case),
        now: Timestamp,
    ) -> Result<()> {
        for mut heir in advisories::open_of(connection, &case.finding.machine)? {
            if !follows_rival(&heir) || !bundle::follows(&heir, before) {
                continue;
            }
            if case.stage == Stage::Booked {
                (case.remark, case.matter) = (before.remark.clone(), before.matter);
                return case.save(connection, now);
            }
            if matches!(before.stage, Stage::Contacted | Stage::Call) && self.may_reach_customer(&heir.finding) {
                heir.told.clone_from(&before.told);
                heir.ask(connection, (Stage::Call, None), Matter::Succeeds, SUCCEEDS, now)?;
            }
        }
        Ok(())
    }
}

/// What was declined was declined for all that may be about the same.
pub(crate) fn end_with(connection: &dyn Session, leader: &Case, remark: &str, now: Timestamp) -> Result<()> {
    for mut case in advisories::open_of(connection, &leader.finding.machine)? {
        if follows_rival(&case) && bundle::follows(&case, leader) {
            case.move_to(connection, Stage::Cleared, Some(remark), None, now)?;
        }
    }
    Ok(())
}

/// Whether a case leaves the talking to another one of its machine that may be about the same.
fn follows_rival(case: &Case) -> bool {
    is_forecast(&case.finding) && case.leader().is_some() && !is_companion(case)
}

const fn is_forecast(finding: &Finding) -> bool {
    matches!(finding.kind, FindingKind::Prediction | FindingKind::Anomaly)
}

fn speaks_for(leader: &Case, case: &Case) -> bool {
    // What was put off as a plan of weeks must be seen when days are left.
    let waits_too_long = leader.stage == Stage::Postponed && case.finding.grade == Grade::Urgent;
    let may_be = |a: &Finding, b: &Finding| a.likelihood_of(&b.fault) >= MAY_BE_FROM;
    !waits_too_long && (may_be(&leader.finding, &case.finding) || may_be(&case.finding, &leader.finding))
}

fn follow(connection: &dyn Session, case: &mut Case, leader: &Case, now: Timestamp) -> Result<()> {
    if case.leader() == Some(&leader.finding.id) {
        return Ok(());
    }
    withdraw(connection, &case.finding.id, GOES_ALONG)?;
    case.companions.clear();
    case.rivals.clear();
    case.follow(connection, GoesWith::Case(leader.finding.id.clone()), now)
}

/// Whoever comes for one looks for the others as well; that may take longer.
fn look_for_both(connection: &dyn Session, mut leader: Case, others: &[Case], now: Timestamp) -> Result<()> {
    let rivals: Vec<_> = others.iter().map(|other| other.finding.fault.clone()).collect();
    if leader.rivals == rivals {
        return Ok(());
    }
    leader.rivals = rivals;
    leader.save(connection, now)?;
    if joint::is_unsent(leader.stage) { forget_offers(connection, &leader.finding.id, now) } else { Ok(()) }
}
