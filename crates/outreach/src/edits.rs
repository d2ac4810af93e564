//! A text that a person wrote goes out word for word. So whatever it says must still be so when it does: its times must be
//! free, and its figures what they were. Else the advisor has it back, with the words at hand, and approves anew.

use foretell_model::{Certainty, FindingId, MachineId, Obstacle, Timestamp, WeekWindow};
use serde::{Deserialize, Serialize};

use crate::Outreach;
use crate::compose::Facts;
use crate::drafting::People;
use crate::error::{OutreachError, Result};
use crate::store::{Case, Entry, Mail, Session, messages};
use crate::views::{MessageState, Stage};

/// Why an edited text whose times are gone is set aside.
const TIMES_GONE: &str = "the times in the edited text were no longer free; this is a fresh draft";
/// Why one whose figures are not so any more is.
const FIGURES_MOVED: &str = "the forecast has moved since the text was edited; this is a fresh draft";
/// Why an approved letter is a draft again whose machine has more to be done.
pub(crate) const MORE_WORK: &str =
    "service that falls due goes with it now; please look at it again and approve it anew";
/// Why an edited text is set aside that speaks of service.
pub(crate) const LESS_WORK: &str = "service of which it spoke is no longer due; this is a fresh draft";

/// A figure may move by this share of itself before a text that has it is no longer true.
const FIGURE_SHARE: f64 = 0.25;
/// And by so much in any case: letters round.
const FIGURE_STEP: f64 = 1.0;
/// Ends of a window may move by so many weeks: a week passes between two Mondays, whatever the forecast does.
const WEEKS: u32 = 1;

/// What a letter claims of one machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Claim {
    /// Which machine; empty in what was kept before that was.
    #[serde(default)]
    machine: String,
    /// Code of the fault that is named; none for due work.
    pub(crate) fault: Option<String>,
    /// How sure of it.
    pub(crate) certainty: String,
    /// First and last of the weeks in which it is likely, as far as they are told.
    pub(crate) weeks: (Option<u32>, Option<u32>),
    /// What was seen, and its figure as it was written; empty where none was.
    pub(crate) seen: (String, String),
}

impl Claim {
    /// What is claimed.
    pub(crate) fn of(
        machine: &MachineId,
        fault: Option<&str>,
        certainty: Certainty,
        window: Option<WeekWindow>,
        (what, figure): (&str, &str),
    ) -> Self {
        let weeks = match window {
            Some(WeekWindow::ThisWeek) => (None, Some(1)),
            Some(WeekWindow::Within { to }) => (None, Some(to)),
            Some(WeekWindow::Between { from, to }) => (Some(from), Some(to)),
            Some(WeekWindow::From { from }) => (Some(from), None),
            Some(WeekWindow::Open) | None => (None, None),
        };
        let seen = (what.to_owned(), figure.to_owned());
        Self {
            machine: machine.to_string(),
            fault: fault.map(str::to_owned),
            certainty: format!("{certainty:?}"),
            weeks,
            seen,
        }
    }

    /// Its figure of a machine, where that of now says the same to a reader.
    pub(crate) fn figure_for(&self, machine: &MachineId, (what, figure): (&str, &str)) -> Option<&str> {
        let says_the_same = self.seen.0 == what && is_near(&self.seen.1, figure);
        (self.machine == machine.as_str() && says_the_same).then_some(&self.seen.1)
    }

    /// Whether a text that claims this is still true of what is known now.
    fn holds(&self, now: &Self) -> bool {
        let near = |a: Option<u32>, b: Option<u32>| a.unwrap_or(0).abs_diff(b.unwrap_or(0)) <= WEEKS;
        let ends_alike = self.weeks.1.is_some() == now.weeks.1.is_some();
        self.fault == now.fault
            && self.certainty == now.certainty
            && ends_alike
            && near(self.weeks.0, now.weeks.0)
            && near(self.weeks.1, now.weeks.1)
            && self.seen.0 == now.seen.0
            && is_near(&self.seen.1, &now.seen.1)
    }
}

/// Whether two figures of a letter say the same to a reader.
fn is_near(a: &str, b: &str) -> bool {
    let number = |text: &str| text.replace(',', "").trim().parse::<f64>().ok().filter(|x| x.is_finite());
    match (number(a), number(b)) {
        // Below one, as of pressures, a whole step would let anything pass.
        (Some(a), Some(b)) if a.abs() < 1.0 => (a - b).abs() <= FIGURE_SHARE * a.abs(),
        (Some(a), Some(b)) => (a - b).abs() <= (FIGURE_SHARE * a.abs()).max(FIGURE_STEP),
        _ => a == b,
    }
}

/// Claims as they are kept beside a text.
pub(crate) fn keep(claims: &[Claim]) -> Option<String> {
    serde_json::to_string(claims).ok()
}

/// Claims that were kept beside a text; none where nobody kept them.
pub(crate) fn kept(text: Option<&str>) -> Vec<Claim> {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Whether what a text claimed when it was written still holds. Of one that was written before that was kept nobody knows, and
/// it stands.
pub(crate) fn hold(kept: Option<&str>, facts: &Facts) -> bool {
    let Some(claimed) = kept.and_then(|kept| serde_json::from_str::<Vec<Claim>>(kept).ok()) else { return true };
    let now = facts.claims();
    claimed.len() == now.len() && claimed.iter().zip(&now).all(|(claim, now)| claim.holds(now))
}

/// Why an edited text is set aside that could not be composed.
pub(crate) fn why_gone(error: &OutreachError) -> &'static str {
    match error {
        OutreachError::Refused { why, .. } if why.why == Obstacle::FiguresMoved => FIGURES_MOVED,
        _ => TIMES_GONE,
    }
}

impl Outreach {
    /// A text that a person wrote and that cannot go out as it stands is set aside: the case is the advisor's again, also
    /// where the letter was approved already, and the record says so.
    pub(crate) fn settle_edit(
        &self,
        connection: &dyn Session,
        case: &mut Case,
        people: &People,
        now: Timestamp,
    ) -> Result<()> {
        let newest = messages::newest_of(connection, &case.finding.id)?;
        let unsent = |mail: &Mail| mail.edited && matches!(mail.state, MessageState::Draft | MessageState::Queued);
        let Some(mail) = newest.filter(unsent) else { return Ok(()) };
        let why = match self.compose(connection, case, &mail, people, now) {
            Ok(_) => return Ok(()),
            Err(e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. })) => return Err(e),
            Err(e) => why_gone(&e),
        };
        begin_anew(connection, case, mail, why, now)
    }
}

/// Makes a letter a draft of the template again, and the case the advisor's; says in the record what that has undone.
pub(crate) fn begin_anew(
    connection: &dyn Session,
    case: &mut Case,
    mut mail: Mail,
    why: &str,
    now: Timestamp,
) -> Result<()> {
    let was_approved = mail.state == MessageState::Queued;
    mail.begin_anew(why);
    mail.save(connection)?;
    note(connection, &mail, was_approved, why, now)?;
    if case.stage == Stage::Queued {
        case.move_to(connection, Stage::Draft, Some(why), None, now)?;
    }
    Ok(())
}

/// An approval that is void because the letter goes with another one is in the record of both.
pub(crate) fn note_void(connection: &dyn Session, id: &FindingId, why: &str, now: Timestamp) -> Result<()> {
    match messages::newest_of(connection, id)? {
        Some(mail) if mail.state == MessageState::Queued => note(connection, &mail, true, why, now),
        _ => Ok(()),
    }
}

fn note(connection: &dyn Session, mail: &Mail, was_approved: bool, why: &str, now: Timestamp) -> Result<()> {
    Entry {
        at: now,
        who: "outbox",
        what: if was_approved { "took the approval back" } else { "set the edited text aside" },
        why,
        customer: Some(&mail.customer),
        machine: Some(mail.machine.as_str()),
        advisory: Some(mail.case.as_str()),
        contact: false,
    }
    .write(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_holds_as_long_as_a_reader_would_read_the_same() {
        #[track_caller]
        fn check(claimed: (&str, u32, u32, &str), now: (&str, u32, u32, &str), expected: bool) {
            let claim = |(fault, from, to, figure): (&str, u32, u32, &str)| {
                Claim::of(
                    &MachineId::new("s1", "m1").unwrap(),
                    Some(fault),
                    Certainty::High,
                    Some(WeekWindow::Between { from, to }),
                    ("temperature_rise", figure),
                )
            };
            assert_eq!(claim(claimed).holds(&claim(now)), expected, "{claimed:?} {now:?}");
        }
        let said = ("cooler_clogging", 2, 4, "4");
        check(said, said, true);
        check(said, ("cooler_clogging", 2, 4, "5"), true);
        check(said, ("cooler_clogging", 2, 4, "7"), false);
        check(said, ("cooler_clogging", 1, 3, "4"), true);
        check(said, ("cooler_clogging", 4, 6, "4"), false);
        check(said, ("thermostatic_valve", 2, 4, "4"), false);
        check(("oil_filter_clogging", 2, 4, "0.62"), ("oil_filter_clogging", 2, 4, "0.70"), true);
        check(("oil_filter_clogging", 2, 4, "0.62"), ("oil_filter_clogging", 2, 4, "0.93"), false);
    }
}
