//! What makes a card another one than the advisor has seen.

use std::hash::{DefaultHasher, Hash, Hasher};

use foretell_model::{Finding, RulDays, Status, Timestamp};
use foretell_outreach::{Card, ServiceCase, Stage};

use super::advisory::to_settle;

/// A number that changes with whatever an advisor decides upon: where the case is, how pressing it is and when, the times
/// offered, and a text that a person wrote. The figures in a drafted text may move by the day without making a decision
/// stale.
pub(super) fn revision(card: &Card) -> u64 {
    let mut hasher = DefaultHasher::new();
    (card.stage.name(), meaning(&card.finding)).hash(&mut hasher);
    // What a customer with a booked visit said since.
    card.remark.as_ref().filter(|_| card.stage == Stage::Booked).hash(&mut hasher);
    (to_settle(card), card.links_open).hash(&mut hasher);
    // Nobody moves or cancels a visit that the customer has moved meanwhile.
    card.booking.as_ref().map(|booking| (booking.id, booking.sequence)).hash(&mut hasher);
    if let Some(joins) = &card.joins {
        (joins.case.as_str(), joins.stage.name(), joins.visit.map(|(_, _, then)| then.millis())).hash(&mut hasher);
    }
    for other in &card.companions {
        (other.id.as_str(), meaning(other)).hash(&mut hasher);
    }
    if let Ok(message) = &card.message {
        // To their ends: service by hours that goes along since makes a visit longer.
        let slots: Vec<_> = message.slots.iter().map(|slot| (slot.start.millis(), slot.end.millis())).collect();
        let written = message.edited.then_some((&message.text.subject, &message.text.body));
        (message.id, message.state.name(), message.link_opens, slots, written).hash(&mut hasher);
    }
    // JavaScript clients of the API keep 53 bits.
    hasher.finish() >> 11
}

/// The same of a service case: what was said, who was called, who comes, who is there.
pub(super) fn of_case(case: &ServiceCase) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&case.what, &case.heard, &case.technician).hash(&mut hasher);
    let millis = |at: Option<Timestamp>| at.map(Timestamp::millis);
    (millis(case.called_back), millis(case.on_site), millis(case.closed)).hash(&mut hasher);
    hasher.finish() >> 11
}

/// Status, grade and the window to the week.
fn meaning(finding: &Finding) -> impl Hash + use<> {
    let weeks = |days: Option<f64>| days.map(|days| (days / 7.0).round() as i64);
    let window = finding.rul_days.map(|RulDays { p10, p90, .. }| (weeks(p10), weeks(p90)));
    (finding.status == Status::Cleared, finding.grade.name(), window)
}
