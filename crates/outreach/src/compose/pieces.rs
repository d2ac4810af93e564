//! The pieces of work that a visit has.

use foretell_model::catalogue::{Action, Text};
use foretell_model::{Catalogue, FaultCode, FindingKind};

use crate::service::{DUE_PREFIX, SERVICE};
use crate::store::Spoken;

/// One piece of a visit's work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    /// Its code in the catalogue.
    pub(crate) code: &'a str,
    /// What it is, how long it takes, what it needs.
    pub(crate) action: &'a Action,
    /// Only looked after, because its cause is not the likeliest: there is time and there are parts for it, and it is done
    /// where the look says so.
    pub(crate) is_look: bool,
}

impl<'a> Piece<'a> {
    /// What it is called, as the object of "we would like to …".
    pub(crate) fn name(&self) -> &'a Text {
        self.action.look.as_ref().filter(|_| self.is_look).unwrap_or(&self.action.name)
    }
}

/// Whether a machine stops for a part of its work alone, as when vibration is measured after the oil was changed.
pub(crate) fn is_partly<'a>(pieces: impl Iterator<Item = Piece<'a>>) -> bool {
    let (stops, runs): (Vec<_>, Vec<_>) = pieces.partition(|piece| piece.action.stops_machine);
    !stops.is_empty() && !runs.is_empty()
}

/// Whether work is done on none of the machines, e.g. a survey of the air network; no work at all is not.
pub(crate) fn is_beside_machine<'a>(pieces: impl Iterator<Item = Piece<'a>>) -> bool {
    let mut pieces = pieces.peekable();
    pieces.peek().is_some() && pieces.all(|piece| piece.action.beside_machine)
}

/// Whether the time of a visit is the most that it takes, because a part of its work is only looked at.
pub(crate) fn is_at_most<'a>(mut pieces: impl Iterator<Item = Piece<'a>>) -> bool {
    pieces.any(|piece| piece.is_look)
}

/// The work by running hours of which a finding speaks.
pub(crate) fn due_pieces<'a>(spoken: Spoken<'_>, catalogue: &'a Catalogue) -> Vec<Piece<'a>> {
    let named = |code: &str| catalogue.actions.get_key_value(code).map(|(code, action)| (code.as_str(), action));
    let due = spoken.finding.evidence.iter().filter_map(|evidence| evidence.feature.strip_prefix(DUE_PREFIX));
    let due: Vec<_> = due.filter_map(named).collect();
    // A full service includes whatever needs parts that it brings along.
    let full = due.iter().find(|(code, _)| *code == SERVICE).map(|(_, action)| action.parts.clone());
    let included = |code: &str, action: &Action| {
        let parts = full.as_ref().filter(|_| code != SERVICE && !action.parts.is_empty());
        parts.is_some_and(|parts| action.parts.iter().all(|part| parts.contains(part)))
    };
    let due = due.into_iter().filter(|(code, action)| !included(code, action));
    due.map(|(code, action)| Piece { code, action, is_look: false }).collect()
}

/// The work that a finding asks for: of a fault the work against its likeliest cause, a look at what cannot be told from it,
/// then whatever falls due near it. At least one unless the catalogue has none.
pub(crate) fn pieces_of<'a>(spoken: Spoken<'_>, catalogue: &'a Catalogue) -> Vec<Piece<'a>> {
    let finding = spoken.finding;
    let named = |code: &str| catalogue.actions.get_key_value(code).map(|(code, action)| (code.as_str(), action));
    let piece = |is_look: bool| move |(code, action): (&'a str, &'a Action)| Piece { code, action, is_look };
    let due = due_pieces(spoken, catalogue);
    if finding.kind == FindingKind::MaintenanceDue && !due.is_empty() {
        return due;
    }
    let cause = spoken.cause(catalogue);
    let against = |fault: &FaultCode| catalogue.action_for(fault).or_else(|| named(fault.as_str()));
    let own = against(cause.fault).or_else(|| named(SERVICE).filter(|_| finding.kind == FindingKind::MaintenanceDue));
    let look = cause.beside.and_then(|beside| against(beside.fault));
    let mut pieces: Vec<Piece<'a>> = own.map(piece(false)).into_iter().chain(due).collect();
    // Whatever is done anyway needs no look.
    if let Some(look) = look.map(piece(true)).filter(|look| pieces.iter().all(|piece| piece.code != look.code)) {
        pieces.insert(1.min(pieces.len()), look);
    }
    let mut once: Vec<Piece<'a>> = Vec::new();
    for piece in pieces {
        if once.iter().all(|known| known.code != piece.code) {
            once.push(piece);
        }
    }
    once
}
