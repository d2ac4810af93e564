//! What the demo tells as it happens: each step of the story once.

use std::collections::BTreeMap;

use foretell_model::{Finding, FindingId, FindingKind, Grade, Status, Timestamp};
use foretell_outreach::{MessageState, Outreach, Stage};

/// What has been told so far.
#[derive(Debug, Default)]
pub(super) struct Story {
    grades: BTreeMap<FindingId, Grade>,
    stages: BTreeMap<FindingId, Stage>,
    /// Whether a message drafted from a forecast has waited for approval.
    pub(super) drafted: bool,
}

impl Story {
    /// What is new among the findings, oldest first. `since_start` is in seconds.
    pub(super) fn of_findings(&mut self, newest_first: &[Finding], since_start: f64) -> Vec<String> {
        let mut lines = Vec::new();
        let spoken = |f: &&Finding| {
            f.status != Status::Cleared && matches!(f.kind, FindingKind::Prediction | FindingKind::Anomaly)
        };
        for finding in newest_first.iter().rev().filter(spoken) {
            let before = self.grades.get(&finding.id).copied();
            if before.is_none_or(|before| before < finding.grade) {
                self.grades.insert(finding.id.clone(), finding.grade);
                let (grade, at) = (finding.grade.name(), date(finding.at));
                lines.push(format!("{since_start:5.1} s  {at}  {grade:6}  {}: {}", finding.machine, finding.text));
            }
        }
        lines
    }

    /// What became of the cases that were told of.
    pub(super) fn of_cases(
        &mut self,
        outreach: &Outreach,
        console: &str,
        now: Timestamp,
    ) -> foretell_outreach::Result<Vec<String>> {
        let mut lines = Vec::new();
        for finding in outreach.advisories()? {
            let card = outreach.card(&finding.id, now)?;
            let before = self.stages.insert(finding.id.clone(), card.stage);
            if before == Some(card.stage) {
                continue;
            }
            self.drafted |= card.stage == Stage::Draft && finding.kind == FindingKind::Prediction;
            let at = date(now);
            let told = match (card.stage, &card.message) {
                (Stage::Draft, _) => Some(format!("a message is drafted and waits for you: {console}/queue")),
                (Stage::Queued, _) => {
                    let verdict = card.verdict.unwrap_or_else(|| "goes out".to_owned());
                    Some(format!("the message is approved: {verdict}"))
                }
                (Stage::Contacted, Ok(message)) if message.state == MessageState::Sent => {
                    Some(format!("the customer has it; be the customer: {}", message.link))
                }
                (Stage::Booked, _) => Some("a visit is booked".to_owned()),
                _ => None,
            };
            lines.extend(told.map(|told| format!("         {at}  {}: {told}", finding.machine)));
        }
        Ok(lines)
    }
}

/// A day as people write it.
pub(super) fn date(at: Timestamp) -> String {
    let (year, month, day) = at.civil();
    format!("{year:04}-{month:02}-{day:02}")
}
