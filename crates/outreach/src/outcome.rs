//! What became of the work of a visit: whoever finds nothing cures nothing.
//!
//! Where the verdict after a visit says that nothing was found of what had been forecast, the work against it was a look and is
//! called one wherever the visit is told of; the log hears nothing of it, so that the engine goes on watching; and when the
//! forecast holds on, its case is taken up again.

use foretell_model::{DAY_MS, FaultCode, Finding, FindingId, FindingKind, Found, MachineId, Status, Timestamp};

use crate::compose::{self, Piece};
use crate::error::Result;
use crate::governor::Kind;
use crate::joint::{goes_to, part_of_visit};
use crate::store::{Case, Session, Spoken, Stay, bookings, evidence, messages};
use crate::views::{Stage, Task, WorkDone, WorkVerdict};
use crate::visits::WITH_ANOTHER;
use crate::{Language, Outreach};

/// A verdict given so long before a visit begins is still its own: reports are written early, never a day.
const EARLY_MS: i64 = DAY_MS;
/// So long a fault of which nothing was found is only watched, days; if it is forecast still, somebody must see it again.
const WATCHED_DAYS: f64 = 14.0;

/// Why a case is open again whose visit found nothing.
pub(crate) const STILL_FORECAST: &str = "nothing was found at the visit, and the forecast still holds";

/// Why a case is open again whose visit did not go to its machine.
pub(crate) const LEFT_OUT: &str = "its visit went to another machine, and the forecast still holds";

/// What became of the work on one machine of a visit.
pub(crate) struct Made<'a> {
    /// Its pieces. Where nothing was found, the work against the fault is a look.
    pub(crate) pieces: Vec<Piece<'a>>,
    /// Nothing was found of what had been forecast.
    pub(crate) found_nothing: bool,
}

impl Outreach {
    /// What became of the work of a visit on one of its machines. Before anybody has said what was found, it is all the work that
    /// was planned.
    pub(crate) fn made<'a>(&'a self, connection: &dyn Session, spoken: Spoken<'_>, stay: &Stay) -> Result<Made<'a>> {
        let mut pieces = compose::pieces_of(spoken, &self.options.catalogue);
        let verdict = verdict_at(connection, &spoken.finding.id, stay)?;
        let found_nothing = verdict.is_some_and(|verdict| verdict.found == Found::NotFound);
        if found_nothing {
            let due = compose::due_pieces(spoken, &self.options.catalogue);
            let is_due = |piece: &Piece<'_>| due.iter().any(|due| due.code == piece.code);
            pieces.iter_mut().filter(|piece| !is_due(piece)).for_each(|piece| piece.is_look = true);
        }
        Ok(Made { pieces, found_nothing })
    }

    /// What a visit's work tells the log, dated `ended`. What was only looked at was done where the verdict names its fault.
    pub(crate) fn work_done(
        &self,
        connection: &dyn Session,
        (stay, case): (&Stay, &Case),
        ended: Timestamp,
    ) -> Result<Vec<WorkDone>> {
        let mut done = Vec::new();
        for spoken in part_of_visit(connection, case, stay)?.spoken() {
            let instead = verdict_at(connection, &spoken.finding.id, stay)?.and_then(|verdict| verdict.instead);
            let cure = instead.and_then(|fault| FaultCode::new(&fault));
            let cure = cure.and_then(|fault| self.options.catalogue.action_for(&fault)).map(|(code, _)| code);
            let pieces = self.made(connection, spoken, stay)?.pieces.into_iter();
            let was_done = |piece: &Piece<'_>| !piece.is_look || cure == Some(piece.code);
            let works = pieces.filter(was_done).filter_map(|piece| foretell_model::Work::new(piece.code));
            let told = |work| WorkDone { machine: spoken.finding.machine.clone(), ts: stay.end.min(ended), work };
            done.extend(works.map(told));
        }
        Ok(done)
    }

    /// Parts what a visit was for on one of its machines into what was done and what was only looked at.
    pub(crate) fn note_looks(
        &self,
        connection: &dyn Session,
        (case, stay): (&Case, &Stay),
        task: &mut Task,
    ) -> Result<()> {
        (task.works, task.looked_at) = self.works_made(connection, (case, stay), &task.finding.machine)?;
        Ok(())
    }

    /// The works of a visit on one of its machines: what was done, and of what nothing was found.
    pub(crate) fn works_made(
        &self,
        connection: &dyn Session,
        (case, stay): (&Case, &Stay),
        machine: &MachineId,
    ) -> Result<(Vec<String>, Vec<String>)> {
        let (mut works, mut looked_at) = (Vec::new(), Vec::new());
        for spoken in case.spoken().filter(|spoken| spoken.finding.machine == *machine) {
            let made = self.made(connection, spoken, stay)?;
            for piece in made.pieces {
                let kind = if made.found_nothing && piece.is_look { &mut looked_at } else { &mut works };
                kind.push(piece.code.to_owned());
            }
        }
        Ok((works, looked_at))
    }

    /// What a visit did on one of its machines, as phrases, and the fault of which it found nothing.
    pub(crate) fn made_in_words(
        &self,
        connection: &dyn Session,
        (spoken, stay): (Spoken<'_>, &Stay),
        language: Language,
    ) -> Result<(Vec<String>, Option<String>)> {
        let made = self.made(connection, spoken, stay)?;
        let works = made.pieces.iter().map(|piece| piece.name().in_language(language.tag()).to_owned()).collect();
        let fault = self.options.catalogue.fault(spoken.cause(&self.options.catalogue).fault);
        let fault = fault.filter(|_| made.found_nothing).map(|fault| fault.name.in_language(language.tag()).to_owned());
        Ok((works, fault))
    }

    /// Whether a case that is over is to be taken up again: nothing was found at its visit, and some weeks later the engine says
    /// the same still; or nobody went to its machine, which was repaired before, and the word about that visit has gone out.
    pub(crate) fn is_still_forecast(connection: &dyn Session, case: &Case, said: &Finding) -> Result<bool> {
        let is_forecast = matches!(said.kind, FindingKind::Prediction | FindingKind::Anomaly);
        if case.stage != Stage::Done || said.status == Status::Cleared || !is_forecast {
            return Ok(false);
        }
        let (id, machine) = (&case.finding.id, &case.finding.machine);
        let Some(stay) = visit_of(connection, case)? else { return Ok(false) };
        if stay.case == *id && !goes_to(connection, case, &stay, machine)? {
            let is_told = messages::queued_about(connection, machine, Kind::FollowUp)?.is_empty();
            return Ok(is_told && stay.worked().is_some_and(|worked| said.at > worked));
        }
        let mut verdict = verdict_at(connection, id, &stay)?;
        // What went with another forecast of the machine, because it may have been the same, was looked for with it.
        if verdict.is_none() && stay.machine == *machine {
            verdict = verdict_at(connection, &stay.case, &stay)?;
        }
        let is_long_ago = stay.worked().is_some_and(|worked| said.at >= worked.plus_days(WATCHED_DAYS));
        Ok(is_long_ago && verdict.is_some_and(|verdict| verdict.found == Found::NotFound))
    }
}

/// The visit in which a case was done: its own, or that of the case with which it went.
fn visit_of(connection: &dyn Session, case: &Case) -> Result<Option<Stay>> {
    if case.remark.as_deref() == Some(WITH_ANOTHER) {
        let ever = (Timestamp::MIN, Timestamp::MAX);
        return Ok(bookings::done_at(connection, &case.finding.machine, ever, 1)?.pop());
    }
    bookings::newest_done_of(connection, &case.finding.id)
}

/// Takes a case up again of which nothing was found; it speaks for itself alone. It is still to be refreshed by what is said.
pub(crate) fn take_up_again(connection: &dyn Session, case: &mut Case, now: Timestamp) -> Result<()> {
    let (id, machine) = (&case.finding.id, &case.finding.machine);
    let stay = bookings::newest_done_of(connection, id)?;
    let was_seen = stay.map(|stay| goes_to(connection, case, &stay, machine)).transpose()?.unwrap_or(true);
    case.companions.clear();
    case.move_to(connection, Stage::Internal, Some(if was_seen { STILL_FORECAST } else { LEFT_OUT }), None, now)
}

/// What was said after a visit of what had been forecast: not what had been said of an earlier one.
pub(crate) fn verdict_at(connection: &dyn Session, case: &FindingId, stay: &Stay) -> Result<Option<WorkVerdict>> {
    let verdict = evidence::verdict(connection, case)?;
    Ok(verdict.filter(|verdict| verdict.at >= stay.start + -EARLY_MS))
}
