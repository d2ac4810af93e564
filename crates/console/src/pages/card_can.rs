//! What an advisor can do with a card.

use foretell_model::{FindingKind, Objection, Obstacle};

use crate::view::{AdvisoryCard, AdvisoryState, Governor};

/// What an advisor can do with a card as it stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Can {
    pub(crate) approve: bool,
    pub(crate) postpone: bool,
    pub(crate) call: bool,
    pub(crate) record_call: bool,
    pub(crate) book: bool,
    /// The booked visit can be moved or cancelled.
    pub(crate) shift: bool,
    pub(crate) settle: bool,
    pub(crate) close: bool,
    pub(crate) judge: bool,
    pub(crate) deliver: bool,
    pub(crate) revoke: bool,
    pub(crate) note: bool,
    /// A call that an advisor chose can be a letter again.
    pub(crate) write: bool,
}

impl Can {
    pub(super) fn of(advisory: &AdvisoryCard) -> Self {
        let (deliver, revoke) = (advisory.unsettled, advisory.links_open);
        // Why a draft is a fresh one is no answer to be noted.
        let is_draft = matches!(advisory.state, AdvisoryState::Draft | AdvisoryState::Postponed { .. });
        let note = advisory.heard.is_some() && !is_draft;
        let write = advisory.call_chosen;
        Self { deliver, revoke, note, write, ..Self::in_state(advisory) }
    }

    fn in_state(advisory: &AdvisoryCard) -> Self {
        let book = !advisory.choices.is_empty();
        // A service by running hours forecasts nothing that could be right or wrong.
        let judge = advisory.finding.kind != FindingKind::MaintenanceDue;
        match advisory.state {
            AdvisoryState::Draft | AdvisoryState::Postponed { .. } => Self {
                // What nobody may be sent is not approved: whoever wants to speak to them rings.
                approve: advisory.unwritten.as_ref().is_none_or(is_for_a_call) && !is_refused(advisory),
                postpone: true,
                call: true,
                book,
                close: true,
                ..Self::default()
            },
            AdvisoryState::Approved { .. } => Self { postpone: true, call: true, book, close: true, ..Self::default() },
            AdvisoryState::Sent { .. } | AdvisoryState::Declined { .. } => {
                Self { call: true, book, close: true, ..Self::default() }
            }
            AdvisoryState::CallInstead { .. } | AdvisoryState::AnotherTime { .. } => {
                Self { record_call: true, book, close: true, ..Self::default() }
            }
            AdvisoryState::VisitOver { .. } => Self { settle: true, judge, ..Self::default() },
            AdvisoryState::Internal => Self { close: true, ..Self::default() },
            AdvisoryState::Booked { from, .. } => Self { shift: from > advisory.curve.now, ..Self::default() },
            AdvisoryState::Closed => Self { judge, ..Self::default() },
        }
    }
}

/// Whether there is no letter because a call is next, which approving it makes one about both.
fn is_for_a_call(unwritten: &Objection) -> bool {
    unwritten.why == Obstacle::NoLetterGoesOut
}

/// Whether the contact rules let no letter of this case go out at all, and not only later.
pub(super) const fn is_refused(advisory: &AdvisoryCard) -> bool {
    matches!(advisory.governor, Governor::Refused { .. }) && advisory.joins.is_none()
}
