//! What comes of an advisor's decision.

use foretell_console::BackendError;
use foretell_console::view::{AdvisorAct, AdvisoryCard, AdvisoryState, AfterCall, TextFault};

use super::fleet::now;

/// Does it, unless the card has changed since it was shown.
pub(super) fn decide(card: &mut AdvisoryCard, revision: u64, act: AdvisorAct) -> Result<(), BackendError> {
    if card.revision != revision {
        return Err(BackendError::Conflict("The text was edited.".to_owned()));
    }
    card.revision += 1;
    match act {
        AdvisorAct::Approve => card.state = AdvisoryState::Approved { release: None },
        AdvisorAct::Edit(draft) if draft.body.contains('!') => {
            card.revision -= 1;
            return Err(BackendError::Text(vec![TextFault::Exclamation, TextFault::LinkMissing]));
        }
        AdvisorAct::Edit(draft) => card.draft = draft,
        AdvisorAct::Postpone { days, reason } => {
            card.state = AdvisoryState::Postponed { until: now().plus_days(f64::from(days)), reason };
        }
        AdvisorAct::Settle { arrived: true } => card.state = AdvisoryState::Sent { at: now() },
        AdvisorAct::Settle { arrived: false } => card.state = AdvisoryState::Approved { release: None },
        AdvisorAct::RevokeLink { .. } => card.booking_path = None,
        AdvisorAct::Noted => card.heard = None,
        AdvisorAct::CallInstead => card.state = AdvisoryState::CallInstead { reason: String::new() },
        AdvisorAct::Called { then: AfterCall::Again, .. } => {}
        AdvisorAct::Called { then: AfterCall::NewLetter, .. } => card.state = AdvisoryState::Draft,
        AdvisorAct::Called { then: AfterCall::Close, .. } | AdvisorAct::Close { .. } | AdvisorAct::VisitDone => {
            card.state = AdvisoryState::Closed
        }
        // So that both ends of a visit can be looked at: one that is booked in the past is over.
        AdvisorAct::Book { from } if from < now() => {
            card.state = AdvisoryState::VisitOver { from, to: from + 5_400_000 };
        }
        AdvisorAct::Book { from } => card.state = AdvisoryState::Booked { from, to: from + 5_400_000 },
        AdvisorAct::VisitNotDone { reason } => {
            card.state = AdvisoryState::CallInstead { reason: format!("the visit did not take place: {reason}") };
        }
    }
    Ok(())
}
