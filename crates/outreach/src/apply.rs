//! What a finding does to a case.

use std::collections::BTreeSet;

use foretell_model::{Finding, FindingId, FindingKind, Grade, MachineId, Offset, Status, Timestamp};
use metrics::counter;

use crate::context::MachineContext;
use crate::error::Result;
use crate::outcome::take_up_again;
use crate::service;
use crate::store::{Case, Entry, Session, advisories, messages, registry};
use crate::views::{Applied, MessageState, Stage};
use crate::{Outreach, bundle, care, compose};

/// The engine in the record.
const ENGINE: &str = "engine";

/// A finding with its place on the log and what was known of its machine.
#[derive(Clone, Debug)]
pub struct Concluded<'a> {
    /// The entry that brought it about.
    pub offset: Offset,
    /// The how-many-th finding of that entry it is, counted from 0.
    pub ordinal: u32,
    /// What was concluded.
    pub finding: &'a Finding,
    /// What was known of the machine then.
    pub context: MachineContext,
}

impl Outreach {
    /// Applies one finding of the log. `offset` and `ordinal` say which: the findings of one machine arrive in their order,
    /// and one that is not newer than the last applied is a repetition and changes nothing.
    ///
    /// # Errors
    /// When the store refuses; the finding was then not applied and must be offered again.
    pub fn apply(
        &self,
        offset: Offset,
        ordinal: u32,
        finding: &Finding,
        context: &MachineContext,
        now: Timestamp,
    ) -> Result<Applied> {
        self.store.write("apply a finding", |tx| {
            if advisories::mark(tx, &finding.machine, offset.0, ordinal)? {
                return Ok(Applied::Before);
            }
            self.take_and_settle(tx, finding, context, now)
        })
    }

    /// Applies several findings of the log, in their order, in one step: when days close, many machines are concluded about at once,
    /// and a commit for each would make the last wait for the disk as often as there are machines. For the same reason what goes
    /// together is chosen once, when all of them are taken.
    ///
    /// # Errors
    /// When the store refuses; none of them was then applied, and all must be offered again.
    pub fn apply_all(&self, found: &[Concluded<'_>], now: Timestamp) -> Result<()> {
        self.store.write("apply findings", |tx| {
            let mut changed = BTreeSet::new();
            for Concluded { offset, ordinal, finding, context } in found {
                if !advisories::mark(tx, &finding.machine, offset.0, *ordinal)?
                    && self.take(tx, finding, context, now)?.is_some()
                {
                    changed.insert(&finding.machine);
                }
            }
            self.settle(tx, &changed, now)
        })
    }

    pub(crate) fn take_and_settle(
        &self,
        connection: &dyn Session,
        finding: &Finding,
        context: &MachineContext,
        now: Timestamp,
    ) -> Result<Applied> {
        let Some(id) = self.take(connection, finding, context, now)? else { return Ok(Applied::Ignored) };
        self.settle(connection, &BTreeSet::from([&finding.machine]), now)?;
        let stage = advisories::get(connection, &id)?.stage;
        Ok(Applied::Case { id, stage })
    }

    /// Chooses anew what goes together on machines of which something else is known now, then on their sites.
    pub(crate) fn settle(
        &self,
        connection: &dyn Session,
        machines: &BTreeSet<&MachineId>,
        now: Timestamp,
    ) -> Result<()> {
        for machine in machines {
            self.let_one_speak(connection, machine, now)?;
            bundle::regroup(connection, machine, now)?;
        }
        let sites: BTreeSet<&str> = machines.iter().map(|machine| machine.site()).collect();
        sites.into_iter().try_for_each(|site| self.gather_site(connection, site, now))
    }

    /// The case that a finding concerns as it says it now; `None` where it concerns none.
    pub(crate) fn take(
        &self,
        connection: &dyn Session,
        finding: &Finding,
        context: &MachineContext,
        now: Timestamp,
    ) -> Result<Option<FindingId>> {
        if finding.kind == FindingKind::MaintenanceEffect && finding.status != Status::Cleared {
            self.take_effect(connection, finding, context, now)?;
            return Ok(None);
        }
        let concerns = matches!(
            finding.kind,
            FindingKind::Prediction | FindingKind::Anomaly | FindingKind::SensorFault | FindingKind::MaintenanceDue
        );
        if !concerns {
            return Ok(None);
        }
        let named = service::name_by_work(finding);
        let finding = named.as_ref().unwrap_or(finding);
        let known = advisories::find(connection, &finding.id)?;
        match (known, finding.status) {
            (None, Status::Cleared) => return Ok(None),
            // Nobody is there to be told, called or visited; the machine's own page shows it.
            (None, _) if registry::customer_of(connection, &finding.machine)?.is_some_and(|owner| owner.erased) => {
                return Ok(None);
            }
            (Some(mut case), _) if Self::is_still_forecast(connection, &case, finding)? => {
                take_up_again(connection, &mut case, now)?;
                self.refresh(connection, case, finding, context, now)?;
            }
            // What is over stays over: a finding that returns has a new identity.
            (Some(case), _) if matches!(case.stage, Stage::Done | Stage::Cleared) => {}
            (None, _) => self.open_case(connection, finding, context, now)?,
            (Some(before), Status::Cleared) => {
                let mut case = clear(connection, before.clone(), finding, now)?;
                self.succeed(connection, (&mut case, &before), now)?;
                self.part_with_cleared(connection, (&case, &before), now)?;
            }
            (Some(case), _) => self.refresh(connection, case, finding, context, now)?,
        }
        Ok(Some(finding.id.clone()))
    }

    /// Whether a finding may become a message: its own fault's name, pressing enough, and one that customers may hear of.
    pub(crate) fn may_reach_customer(&self, finding: &Finding) -> bool {
        let nameable = match finding.kind {
            FindingKind::MaintenanceDue => true,
            // It is the likeliest cause that a letter names: what no customer hears of must not go by another name.
            FindingKind::Prediction | FindingKind::Anomaly => {
                let cause = finding.cause(None, &[], &self.options.catalogue);
                self.options.catalogue.fault(cause.fault).is_some_and(|fault| fault.customer)
            }
            _ => false,
        };
        let worth_a_tip = compose::is_worth_a_tip(finding, self.options.energy_tip_per_year_min);
        nameable && (finding.grade >= Grade::Advise || worth_a_tip)
    }

    fn open_case(
        &self,
        connection: &dyn Session,
        finding: &Finding,
        context: &MachineContext,
        now: Timestamp,
    ) -> Result<()> {
        let stage = if self.may_reach_customer(finding) { Stage::Draft } else { Stage::Internal };
        let mut case = Case {
            finding: finding.clone(),
            context: context.clone(),
            stage,
            until: None,
            remark: None,
            matter: None,
            goes_with: None,
            told: None,
            rivals: Vec::new(),
            opened: finding.at,
            companions: Vec::new(),
        };
        case.save(connection, now)?;
        counter!("foretell_outreach_cases_opened_total", "grade" => finding.grade.name()).increment(1);
        record(connection, &case, "opened the case", &finding.text, now)?;
        if stage == Stage::Draft {
            hint_at_return(connection, &case, now)?;
            self.call_first(connection, &mut case, now)?;
        }
        Ok(())
    }

    fn refresh(
        &self,
        connection: &dyn Session,
        mut case: Case,
        finding: &Finding,
        context: &MachineContext,
        now: Timestamp,
    ) -> Result<()> {
        let before = case.finding.grade;
        let says_the_same = says_the_same(&case.finding, finding);
        let bundled = bundle::promised(&case);
        (case.finding, case.context) = (finding.clone(), context.clone());
        bundle::put_back(&mut case.finding, bundled);
        let may = self.may_reach_customer(finding);
        let mut became_draft = false;
        match case.stage {
            Stage::Internal if may && !bundle::is_follower(&case) => {
                (case.stage, became_draft) = (Stage::Draft, true);
                if before < finding.grade {
                    hint_at_return(connection, &case, now)?;
                }
            }
            Stage::Draft | Stage::Postponed | Stage::Queued if !may => {
                withdraw(connection, &finding.id, "the forecast is no longer strong enough")?;
                (case.stage, case.until) = (Stage::Internal, None);
            }
            // What was put off as a plan of weeks must be seen again when days are left.
            Stage::Postponed if finding.grade == Grade::Urgent && before < Grade::Urgent => {
                (case.stage, case.until) = (Stage::Draft, None);
                (case.remark, case.matter) = (Some("it has become urgent since it was postponed".into()), None);
            }
            _ => {}
        }
        if matches!(case.stage, Stage::Draft | Stage::Queued) && !says_the_same {
            forget_offers(connection, &finding.id, now)?;
        }
        case.save(connection, now)?;
        if became_draft {
            self.call_first(connection, &mut case, now)?;
        }
        if before != finding.grade {
            let what = format!("changed the grade from {} to {}", before.name(), finding.grade.name());
            record(connection, &case, &what, &finding.text, now)?;
        }
        Ok(())
    }
}

/// A fault that comes back soon after the work against it tries a customer's patience.
fn hint_at_return(connection: &dyn Session, case: &Case, now: Timestamp) -> Result<()> {
    if case.finding.kind == FindingKind::MaintenanceDue {
        return Ok(());
    }
    let (machine, fault) = (&case.finding.machine, case.finding.fault.as_str());
    let done = advisories::last_done(connection, machine, fault)?;
    if done.is_none_or(|done| now.days_since(done) > care::AGAIN_DAYS) {
        return Ok(());
    }
    let Some(customer) = registry::customer_of(connection, machine)? else { return Ok(()) };
    care::hint(connection, &customer.id, Some(machine.as_str()), &format!("{}: `{fault}`", care::CAME_BACK), now)
}

fn clear(connection: &dyn Session, mut case: Case, said: &Finding, now: Timestamp) -> Result<Case> {
    // Why work is no longer due the hours tell: it was done, they grow more slowly, or its mark lies behind.
    if said.kind == FindingKind::MaintenanceDue {
        for known in &mut case.finding.evidence {
            let hours = said.evidence.iter().find(|item| item.feature == known.feature);
            known.value = hours.map_or(known.value, |item| item.value);
        }
    }
    withdraw(connection, &case.finding.id, "the forecast was withdrawn")?;
    if case.stage == Stage::Booked {
        (case.remark, case.matter) = (Some("the forecast was withdrawn: is the visit still needed?".into()), None);
    } else {
        (case.stage, case.until, case.remark) = (Stage::Cleared, None, None);
        (case.matter, case.goes_with) = (None, None);
    }
    case.finding.status = Status::Cleared;
    case.save(connection, now)?;
    record(connection, &case, "cleared the case", "the forecast no longer holds", now)?;
    Ok(case)
}

/// Withdraws what has not gone out yet.
pub(crate) fn withdraw(connection: &dyn Session, case: &FindingId, why: &str) -> Result<()> {
    if let Some(mut mail) = messages::newest_of(connection, case)?
        && matches!(mail.state, MessageState::Draft | MessageState::Queued)
    {
        (mail.state, mail.reason) = (MessageState::Withdrawn, Some(why.to_owned()));
        mail.save(connection)?;
    }
    Ok(())
}

/// Whether two findings of a case would have an advisor decide alike: the same grade and the same window to the week. The
/// figures behind move with every day.
pub(crate) fn says_the_same(a: &Finding, b: &Finding) -> bool {
    let weeks = |days: Option<f64>| days.map(|days| (days / 7.0).round());
    let window = |finding: &Finding| finding.rul_days.map(|rul| (weeks(rul.p10), weeks(rul.p90)));
    a.grade == b.grade && window(a) == window(b)
}

/// New figures may want other times, unless a person wrote the times into the text; and what was held is asked about anew.
pub(crate) fn forget_offers(connection: &dyn Session, case: &FindingId, now: Timestamp) -> Result<()> {
    match messages::newest_of(connection, case)? {
        Some(mut mail) if mail.held.is_some() && mail.state == MessageState::Queued && mail.due > now => {
            mail.due = now;
            mail.save(connection)?;
            if mail.edited { Ok(()) } else { messages::set_offers(connection, mail.id, &[]) }
        }
        Some(mail) if !mail.edited && matches!(mail.state, MessageState::Draft | MessageState::Queued) => {
            messages::set_offers(connection, mail.id, &[])
        }
        _ => Ok(()),
    }
}

fn record(connection: &dyn Session, case: &Case, what: &str, why: &str, now: Timestamp) -> Result<()> {
    Entry {
        at: now,
        who: ENGINE,
        what,
        why,
        machine: Some(case.finding.machine.as_str()),
        advisory: Some(case.finding.id.as_str()),
        ..Entry::default()
    }
    .write(connection)
}
