//! Looking at the registered service of machines: what falls due within the horizon becomes a case, and what no longer is due ends
//! one. Whoever only looks writes nothing.

use std::collections::BTreeSet;

use foretell_model::{Evidence, Finding, FindingKind, MachineId, Status, Timestamp};

use super::{DUE_PREFIX, SERVICE, due, is_registered, registered};
use crate::context::MachineContext;
use crate::error::Result;
use crate::registry::{Machine, ServiceTask};
use crate::store::{Case, Session, advisories, registry};
use crate::views::{Applied, Stage};
use crate::{Outreach, bundle};

/// Machines looked at before others may read on.
const READ_TOGETHER: usize = 200;
/// Cases opened, refreshed or ended in one step: one commit for all of them, and others need not wait long.
const WRITTEN_TOGETHER: usize = 50;
/// What was declined is asked about again when so much of its interval has run since, as a share: some weeks.
const AGAIN_AFTER_SHARE: f64 = 0.25;
/// Running hours of a day at most.
const DAY_H: f64 = 24.0;
/// Hours at which work was last done may be typed so far ahead of the counter, h.
const TYPED_AHEAD_H: f64 = 48.0;

impl Outreach {
    /// Opens or refreshes the case of a machine's hour-based service when it falls due within the horizon, and ends it when it is
    /// registered otherwise since: done, or due at other hours. To be called when the counter or the registration has changed, and
    /// once a day; a machine of which nothing is due costs a look.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn check_service(&self, id: &MachineId, context: &MachineContext, now: Timestamp) -> Result<Applied> {
        self.store.look("check a machine's service", |tx| match self.said_of_service(tx, id, context, now)? {
            Some(finding) => self.take_and_settle(tx, &finding, context, now),
            None => Ok(Applied::Ignored),
        })
    }

    /// The same of many machines; says of how many there was something to keep.
    ///
    /// # Errors
    /// When the store refuses; what was kept up to then stays.
    pub fn check_services(&self, machines: &[(MachineId, MachineContext)], now: Timestamp) -> Result<usize> {
        let mut kept = 0;
        for some in machines.chunks(READ_TOGETHER) {
            let said = self.store.read("look for service that is due", |c| {
                let is_said = |(id, context): &&(MachineId, MachineContext)| {
                    self.said_of_service(c, id, context, now).map(|said| said.is_some())
                };
                let mut said = Vec::new();
                for one in some {
                    if is_said(&one)? {
                        said.push(one);
                    }
                }
                Ok(said)
            })?;
            for some in said.chunks(WRITTEN_TOGETHER) {
                kept += self.store.write("check machines' service", |tx| self.keep_services(tx, some, now))?;
            }
        }
        Ok(kept)
    }

    fn keep_services(
        &self,
        tx: &dyn Session,
        machines: &[&(MachineId, MachineContext)],
        now: Timestamp,
    ) -> Result<usize> {
        let mut changed = BTreeSet::new();
        for (id, context) in machines {
            if let Some(finding) = self.said_of_service(tx, id, context, now)?
                && self.take(tx, &finding, context, now)?.is_some()
            {
                changed.insert(id);
            }
        }
        self.settle(tx, &changed, now)?;
        Ok(changed.len())
    }

    /// What there is to say of a machine's registered service now: that it is due, or that it no longer is.
    fn said_of_service(
        &self,
        connection: &dyn Session,
        id: &MachineId,
        context: &MachineContext,
        now: Timestamp,
    ) -> Result<Option<Finding>> {
        let Some(machine) = registry::find::<Machine>(connection, id.as_str())? else { return Ok(None) };
        let open = advisories::open_of(connection, id)?;
        // One that goes with due work of the log's own is spoken for; one that goes with a fault is still to be refreshed.
        let is_due = |case: &&Case| case.finding.kind == FindingKind::MaintenanceDue;
        let is_spoken_for = |case: &Case| open.iter().filter(is_due).any(|leader| bundle::follows(case, leader));
        let ours = open.iter().find(|case| is_registered(&case.finding) && !is_spoken_for(case));
        let horizon_days = self.options.service_horizon_days;
        // What the engine announced from the log's own maintenance events is in hand already.
        let announced = bundle::announced(&open);
        let own = machine.service.iter().filter(|task| !announced.contains(&task.work)).cloned().collect();
        let remaining = Machine { service: own, ..machine.clone() };
        let episode = advisories::count(connection, id, SERVICE)? + 1;
        if let Some(mut finding) = due(id, &remaining, context, horizon_days, episode, now) {
            if let Some(ours) = ours {
                finding.id.clone_from(&ours.finding.id);
            } else if was_declined(connection, &finding, (episode, &machine.service))? {
                return Ok(None);
            }
            return Ok(Some(finding));
        }
        let over = ours
            .filter(|case| case.finding.status != Status::Cleared)
            .filter(|_| is_over(&machine.service, context.run_hours, horizon_days));
        Ok(over.map(|case| no_longer(&case.finding, &machine.service, context.run_hours, now)))
    }
}

/// Whether a person has ended the last case of these very works without any work, not long ago by the machine's hours: nobody is asked
/// anew the next morning.
fn was_declined(connection: &dyn Session, due: &Finding, (episode, tasks): (u32, &[ServiceTask])) -> Result<bool> {
    let last = advisories::find(connection, &registered(&due.machine, episode.saturating_sub(1)))?;
    // What ended because it was no longer due says so itself.
    let ended = |case: &Case| case.stage == Stage::Cleared && case.finding.status != Status::Cleared;
    let Some(last) = last.filter(ended) else { return Ok(false) };
    let was_spoken_of = |now: &Evidence| {
        let then = last.finding.evidence.iter().find(|then| then.feature == now.feature);
        let task = tasks.iter().find(|task| now.feature.strip_prefix(DUE_PREFIX) == Some(task.work.as_str()));
        then.zip(task).is_some_and(|(then, task)| {
            (then.value..then.value + task.interval_h * AGAIN_AFTER_SHARE).contains(&now.value)
        })
    };
    Ok(due.evidence.iter().all(was_spoken_of))
}

/// Whether none of some works can fall due within a horizon, however long the machine runs each day. Its counter only goes up: where
/// work was due before, people have registered it otherwise. Not where the counter is unknown, or shows less than when work was last
/// done: then it was exchanged.
fn is_over(tasks: &[ServiceTask], run_hours: Option<f64>, horizon_days: f64) -> bool {
    let Some(run_hours) = run_hours.filter(|hours| hours.is_finite()) else { return tasks.is_empty() };
    tasks.iter().all(|task| {
        let is_counted = task.last_done_h <= run_hours + TYPED_AHEAD_H;
        is_counted && task.last_done_h + task.interval_h - run_hours > horizon_days * DAY_H
    })
}

/// A finding of due service as it ends: with the hours since each work was last done.
fn no_longer(said: &Finding, tasks: &[ServiceTask], run_hours: Option<f64>, now: Timestamp) -> Finding {
    let since = |evidence: &Evidence| {
        let work = evidence.feature.strip_prefix(DUE_PREFIX)?;
        let task = tasks.iter().find(|task| task.work == work)?;
        Some((run_hours? - task.last_done_h).max(0.0))
    };
    let as_now =
        |evidence: &Evidence| Evidence { value: since(evidence).unwrap_or(evidence.value), ..evidence.clone() };
    Finding {
        at: now,
        status: Status::Cleared,
        evidence: said.evidence.iter().map(as_now).collect(),
        text: format!("Service of {} is no longer due.", said.machine),
        ..said.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_is_over_only_where_people_have_registered_it_otherwise() {
        #[track_caller]
        fn check(tasks: &[(f64, f64)], run_hours: Option<f64>, expected: bool) {
            let task = |(interval_h, last_done_h): &(f64, f64)| ServiceTask {
                work: "oil_changed".into(),
                interval_h: *interval_h,
                last_done_h: *last_done_h,
            };
            let tasks: Vec<ServiceTask> = tasks.iter().map(task).collect();
            assert_eq!(is_over(&tasks, run_hours, 21.0), expected, "{tasks:?} {run_hours:?}");
        }
        let done = (4_000.0, 11_700.0);
        check(&[done], Some(11_710.0), true);
        // Typed some hours ahead of the counter; a counter far behind is another one.
        check(&[done], Some(11_690.0), true);
        check(&[done], Some(100.0), false);
        check(&[done], None, false);
        // Machines that stand still are due later, and due all the same.
        check(&[(4_000.0, 8_000.0)], Some(11_600.0), false);
        check(&[done, (4_000.0, 8_000.0)], Some(11_710.0), false);
        check(&[], None, true);
    }
}
