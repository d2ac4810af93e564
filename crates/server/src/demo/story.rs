//! What the demo tells as it happens: each step of the story once.

use std::collections::{BTreeMap, BTreeSet};

use foretell_model::{Finding, FindingId, FindingKind, Grade, MachineId, Status, Timestamp};
use foretell_outreach::{Booking, Card, Language, MessageState, Outreach, OutreachError, Stage};

/// What has been told so far.
#[derive(Debug, Default)]
pub(super) struct Story {
    grades: BTreeMap<FindingId, Grade>,
    /// Where each case stood, and whether its reminder was out.
    stages: BTreeMap<FindingId, (Stage, bool)>,
    /// Service by hours, which does not hurry: its drafts hold up no time.
    services: BTreeSet<FindingId>,
    /// Cases whose visit took place.
    visited: BTreeSet<FindingId>,
    /// Visits that took place and whose work nobody has done yet.
    visits: Vec<(Finding, Booking)>,
    /// Cases, with their machines, whose visit is to come or to prove its worth.
    awaited: BTreeMap<FindingId, MachineId>,
    /// What went wrong about single machines, each once.
    troubles: BTreeSet<String>,
    /// Whether a message drafted from a forecast has waited for approval.
    pub(super) drafted: bool,
}

impl Story {
    /// What is new among the findings, oldest first. `since_start` is in seconds.
    pub(super) fn of_findings(&mut self, newest_first: &[Finding], since_start: f64) -> Vec<String> {
        let mut lines = Vec::new();
        let spoken = |f: &&Finding| {
            let kinds = [FindingKind::Prediction, FindingKind::Anomaly, FindingKind::MaintenanceEffect];
            f.status != Status::Cleared && kinds.contains(&f.kind)
        };
        for finding in newest_first.iter().rev().filter(spoken) {
            let before = self.grades.get(&finding.id).copied();
            if before.is_none_or(|before| before < finding.grade) {
                self.grades.insert(finding.id.clone(), finding.grade);
                let effect = finding.kind == FindingKind::MaintenanceEffect;
                if effect {
                    self.awaited.retain(|_, machine| *machine != finding.machine);
                }
                let (grade, at) = (if effect { "effect" } else { finding.grade.name() }, date(finding.at));
                lines.push(format!("{since_start:5.1} s  {at}  {grade:6}  {}: {}", finding.machine, finding.text));
            }
        }
        lines
    }

    /// What became of the cases that were told of, and the work of visits whose time has passed.
    pub(super) fn of_cases(
        &mut self,
        outreach: &Outreach,
        console: &str,
        now: Timestamp,
    ) -> foretell_outreach::Result<Vec<String>> {
        let (mut lines, mut is_booked) = (Vec::new(), false);
        for finding in outreach.advisories()? {
            if finding.kind == FindingKind::MaintenanceDue {
                self.services.insert(finding.id.clone());
            }
            self.stages.entry(finding.id.clone()).or_insert((Stage::Internal, false));
        }
        // Cases that are over are no current advisories any more, but their end belongs to the story.
        for id in self.stages.keys().cloned().collect::<Vec<_>>() {
            let card = match outreach.card(&id, now) {
                Ok(card) => card,
                Err(error) => {
                    self.note_trouble([error]);
                    continue;
                }
            };
            self.drafted |= card.finding.kind == FindingKind::Prediction && is_told(card.stage);
            self.note_visit(&card, now);
            let is_reminded = card.history.iter().any(|happening| happening.what == "reminder_sent");
            let seen = (card.stage, is_reminded);
            if self.stages.insert(id, seen) == Some(seen) {
                continue;
            }
            is_booked |= card.stage == Stage::Booked;
            // The hour at which it came to pass, not the one at which we happened to look.
            let at = date(card.history.first().map_or(now, |happening| happening.at));
            let machine = &card.finding.machine;
            lines.extend(
                told(&card, outreach.explain(&card, Language::En), is_reminded, (console, self.drafted))
                    .map(|told| format!("         {at}  {machine}: {told}")),
            );
        }
        lines.extend(is_booked.then(|| still_yours(&self.yours(), console)).flatten());
        Ok(lines)
    }

    /// A visit whose time has passed took place, as far as a demo goes; until then time may hurry.
    fn note_visit(&mut self, card: &Card, now: Timestamp) {
        let id = &card.finding.id;
        match &card.booking {
            Some(booking) if card.stage == Stage::Booked => {
                // Due service has no effect that could be measured.
                if card.finding.kind != FindingKind::MaintenanceDue {
                    self.awaited.insert(id.clone(), card.finding.machine.clone());
                }
                if booking.end <= now && self.visited.insert(id.clone()) {
                    // One visit may be for several machines.
                    let works = std::iter::once(&card.finding).chain(&card.companions);
                    self.visits.extend(works.map(|finding| (finding.clone(), booking.clone())));
                }
            }
            _ if card.stage != Stage::Done => {
                self.awaited.remove(id);
            }
            _ => {}
        }
    }

    /// Says once what went wrong about one machine; the story of the others goes on.
    pub(super) fn note_trouble(&mut self, wrong: impl IntoIterator<Item = OutreachError>) {
        for error in wrong {
            let text = error.to_string();
            if !self.troubles.contains(&text) {
                tracing::warn!(error = &error as &dyn std::error::Error, "A part of the demo's story went wrong.");
                self.troubles.insert(text);
            }
        }
    }

    /// Visits that took place since the last call.
    pub(super) fn take_visits(&mut self) -> Vec<(Finding, Booking)> {
        std::mem::take(&mut self.visits)
    }

    /// Whether something is under way that needs no person: an approved message that waits for an open hour, a visit to come, or
    /// the proof that it helped.
    pub(super) fn hurries(&self) -> bool {
        !self.awaited.is_empty() || self.stages.values().any(|(stage, _)| *stage == Stage::Queued)
    }

    /// Whether somebody who follows the demo has something to do that time waits for.
    pub(super) fn waits_for_person(&self) -> bool {
        !self.yours().is_empty()
    }

    /// What that is: a draft to approve, a call to make, a letter whose customer one can be.
    fn yours(&self) -> Vec<&FindingId> {
        let is_yours = |id: &FindingId, stage: Stage| match stage {
            Stage::Draft => !self.services.contains(id),
            Stage::Call | Stage::Contacted => true,
            _ => false,
        };
        self.stages.iter().filter(|(id, (stage, _))| is_yours(id, *stage)).map(|(id, _)| id).collect()
    }
}

/// What keeps time waiting after a visit was booked, lest somebody waits for the visit in vain.
fn still_yours(yours: &[&FindingId], console: &str) -> Option<String> {
    let names: Vec<&str> = yours.iter().map(|id| id.as_str()).collect();
    let first = names.first().map(|_| names.join(", "))?;
    Some(format!("         still yours, so time waits: {first} ({console}/queue)"))
}

/// Whether a forecast has asked for somebody by then. A demo that goes on with its old data may find it anywhere on its way.
const fn is_told(stage: Stage) -> bool {
    !matches!(stage, Stage::Internal | Stage::Cleared)
}

/// A message is drafted. Time does not stop before a forecast asks for somebody, and nothing may be said to wait while it races.
fn drafted(console: &str, time_waits: bool) -> String {
    if time_waits {
        format!("a message is drafted and waits for you: \"Approve and send\" at {console}/queue")
    } else {
        format!("a message about service by hours is drafted; nothing hurries, so time goes on: {console}/queue")
    }
}

/// Where a case stands, for whoever follows the demo; `time_waits` once a forecast has asked for somebody.
fn told(
    card: &Card,
    verdict: Option<String>,
    is_reminded: bool,
    (console, time_waits): (&str, bool),
) -> Option<String> {
    let newest = card.history.first();
    let why = newest.map(|happening| happening.why.as_str()).filter(|why| !why.is_empty());
    let reason = card.remark.as_deref().or(why).map_or_else(String::new, |why| format!(": {why}"));
    match (card.stage, &card.message) {
        (Stage::Internal, _) => None,
        (Stage::Draft, _) => Some(drafted(console, time_waits)),
        (Stage::Postponed, _) => Some(format!("the message is put off{reason}")),
        (Stage::Queued, _) => {
            Some(format!("the message is approved: {}", verdict.unwrap_or_else(|| "goes out".to_owned())))
        }
        (Stage::Contacted, Ok(message)) if message.state == MessageState::Sent && is_reminded => {
            Some(format!("the customer was reminded, once: {}", message.link))
        }
        (Stage::Contacted, Ok(message)) if message.state == MessageState::Sent => {
            Some(format!("the customer has it; be the customer and tap a time: {}", message.link))
        }
        (Stage::Contacted, _) => None,
        (Stage::Call, _) => Some(format!("please call the customer{reason}")),
        (Stage::NotNow, _) => Some("the customer said not now; nothing more is sent until then".to_owned()),
        (Stage::Booked, _) => {
            let when = card.booking.as_ref().map_or_else(String::new, |visit| format!(" for {}", date(visit.start)));
            Some(format!(
                "a visit is booked{when}; time hurries on until it has shown what it did, as long as nothing else is yours to do"
            ))
        }
        (Stage::Done, _) => Some("the technician has done the work; its effect shows in some days".to_owned()),
        (Stage::Cleared, _) => Some(format!("the case is closed{reason}")),
    }
}

/// A stretch of time as people say it.
pub(super) fn stretch(seconds: f64) -> String {
    let said = |n: f64, unit: &str| if n == 1.0 { format!("one {unit}") } else { format!("{n:.0} {unit}s") };
    match seconds {
        s if s >= 3_600.0 => said((s / 3_600.0).round(), "hour"),
        s if s >= 60.0 => said((s / 60.0).round(), "minute"),
        s => said(s.round(), "second"),
    }
}

/// A day as people write it.
pub(super) fn date(at: Timestamp) -> String {
    let (year, month, day) = at.civil();
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_by_hours_holds_up_no_time_until_somebody_wrote_to_the_customer() {
        let (fault, service) =
            (FindingId::from_text("s1/m1/cooler_clogging/1"), FindingId::from_text("s1/m2/serviced/1"));
        #[track_caller]
        fn check(stages: &[(&FindingId, Stage)], services: &FindingId, expected: &[&str]) {
            let story = Story {
                stages: stages.iter().map(|(id, stage)| ((*id).clone(), (*stage, false))).collect(),
                services: BTreeSet::from([services.clone()]),
                ..Story::default()
            };
            let yours = story.yours();
            assert_eq!(yours.iter().map(|id| id.as_str()).collect::<Vec<_>>(), expected);
            assert_eq!(story.waits_for_person(), !expected.is_empty());
            let said = still_yours(&yours, "http://x");
            assert_eq!(
                said.as_ref().is_some_and(|said| said.contains("http://x/queue")),
                !expected.is_empty(),
                "{said:?}"
            );
        }
        check(&[(&fault, Stage::Booked), (&service, Stage::Draft)], &service, &[]);
        check(&[(&fault, Stage::Draft), (&service, Stage::Draft)], &service, &[fault.as_str()]);
        check(&[(&fault, Stage::Booked), (&service, Stage::Contacted)], &service, &[service.as_str()]);
        check(&[(&fault, Stage::Call), (&service, Stage::Done)], &service, &[fault.as_str()]);
    }

    #[test]
    fn nothing_is_said_to_wait_while_time_races() {
        for (time_waits, waits) in [(true, true), (false, false)] {
            let line = drafted("http://x", time_waits);
            assert_eq!(line.contains("waits for you"), waits, "{line}");
            assert!(line.contains("drafted") && line.ends_with("http://x/queue"), "{line}");
            assert_eq!(line.contains("Approve and send"), waits, "{line}");
        }
    }
}
