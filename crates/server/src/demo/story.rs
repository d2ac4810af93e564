//! What the demo tells as it happens: each step of the story once.

use std::collections::{BTreeMap, BTreeSet};

use foretell_model::{Finding, FindingId, FindingKind, Grade, MachineId, Status, Timestamp};
use foretell_outreach::{Booking, Card, Language, MessageState, Outreach, OutreachError, Stage};

use super::broken::Broken;

/// A letter after a visit comes within so many days, if it comes.
const LETTER_DAYS_MAX: f64 = 30.0;

/// What has been told so far.
#[derive(Debug, Default)]
pub(super) struct Story {
    grades: BTreeMap<FindingId, Grade>,
    /// Where each case stood.
    stages: BTreeMap<FindingId, Seen>,
    /// Service by hours, which does not hurry: its drafts hold up no time.
    services: BTreeSet<FindingId>,
    /// Cases whose visit took place.
    visited: BTreeSet<FindingId>,
    /// Visits that took place and whose work nobody has done yet.
    visits: Vec<(Finding, Booking)>,
    /// Cases, with their machines, whose visit is to come or to prove its worth.
    awaited: BTreeMap<FindingId, MachineId>,
    /// Machines that broke down.
    broken: Broken,
    /// What went wrong about single machines, each once.
    troubles: BTreeSet<String>,
    /// The last stretch of days that was told of.
    days: Option<(i64, u8, u8)>,
    /// When old data are gone on with, how far they reached: what came before was told already.
    taken_up: Option<Timestamp>,
    /// Whether a message drafted from a forecast has waited for approval.
    pub(super) drafted: bool,
}

/// What of a case has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    stage: Stage,
    /// Whether its one reminder was out.
    is_reminded: bool,
    /// Whether the letter after the visit was out.
    is_thanked: bool,
}

impl Seen {
    /// Before anything was told.
    const NOTHING: Self = Self { stage: Stage::Internal, is_reminded: false, is_thanked: false };

    fn of(card: &Card) -> Self {
        let is_out = |what: &str| card.history.iter().any(|happening| happening.what == what);
        Self { stage: card.stage, is_reminded: is_out("reminder_sent"), is_thanked: is_out("follow_up_sent") }
    }

    /// Whether nothing comes any more that somebody could do or wait for.
    const fn is_over(self) -> bool {
        matches!(self.stage, Stage::Internal | Stage::Cleared) || (matches!(self.stage, Stage::Done) && self.is_thanked)
    }
}

impl Story {
    /// Goes on with old data that reach up to `at`: what is open in them, oldest known first.
    pub(super) fn take_up(
        &mut self,
        at: Timestamp,
        outreach: &Outreach,
        console: &str,
    ) -> foretell_outreach::Result<Vec<String>> {
        (self.taken_up, self.days) = (Some(at), Some(ten_days(at)));
        // Work that was done is no current advisory any more, but its letter may be still to come.
        for errand in outreach.errands(None, (at.plus_days(-LETTER_DAYS_MAX), at))? {
            let cases = errand.tasks.into_iter().map(|task| (task.finding.id, Seen::NOTHING));
            self.stages.extend(cases);
        }
        let open = self.of_cases(outreach, console, at)?;
        let yours = if self.waits_for_person() { "this is still open" } else { "nothing waits for you" };
        let taken_up = format!(
            "         {}  taken up again: {yours}; the machines first repeat what is known, which takes a minute or so",
            date(at)
        );
        Ok(std::iter::once(taken_up).chain(open).collect())
    }

    /// A line every ten days, so that somebody who waits sees time pass; `progress` says how far it is.
    pub(super) fn of_days(&mut self, now: Timestamp, progress: &str) -> Option<String> {
        let days = Some(ten_days(now));
        let is_new = std::mem::replace(&mut self.days, days) != days;
        is_new.then(|| format!("         {progress}"))
    }

    /// What is new among the findings, oldest first. `since_start` is in seconds.
    pub(super) fn of_findings(&mut self, newest_first: &[Finding], since_start: f64, console: &str) -> Vec<String> {
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
                if self.taken_up.is_some_and(|taken_up| finding.at <= taken_up) {
                    continue;
                }
                let (grade, at) = (if effect { "effect" } else { finding.grade.name() }, date(finding.at));
                // Of the work's effect the health report tells more than the machine's page.
                let link = if effect { "/report" } else { "" };
                let (machine, text) = (&finding.machine, &finding.text);
                lines.push(format!(
                    "{since_start:5.1} s  {at}  {grade:6}  {machine}: {text} {console}/m/{machine}{link}"
                ));
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
            self.stages.entry(finding.id.clone()).or_insert(Seen::NOTHING);
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
            let seen = Seen::of(&card);
            if self.stages.insert(id, seen) == Some(seen) {
                continue;
            }
            is_booked |= card.stage == Stage::Booked;
            // The hour at which it came to pass, not the one at which we happened to look.
            let at = card.history.first().map_or(now, |happening| happening.at);
            // A machine that another's visit took along has no word of its own of it.
            let done = card.booking.as_ref().filter(|_| card.stage == Stage::Done).map(|visit| visit.end.min(now));
            let at = done.map_or(at, |done| at.max(done));
            if seen.is_over() && self.taken_up.is_some_and(|taken_up| at <= taken_up) {
                continue;
            }
            let at = date(at);
            let machine = &card.finding.machine;
            lines.extend(
                told(&card, outreach.explain(&card, Language::En), seen, (console, self.drafted))
                    .map(|told| format!("         {at}  {machine}: {told}")),
            );
        }
        lines.extend(self.broken.look(outreach, console)?);
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
        !self.awaited.is_empty() || self.stages.values().any(|seen| seen.stage == Stage::Queued)
    }

    /// Whether somebody who follows the demo has something to do that time waits for.
    pub(super) fn waits_for_person(&self) -> bool {
        self.broken.is_open() || !self.yours().is_empty()
    }

    /// What that is: a draft to approve, a call to make, a letter whose customer one can be.
    fn yours(&self) -> Vec<&FindingId> {
        let is_yours = |id: &FindingId, stage: Stage| match stage {
            Stage::Draft => !self.services.contains(id),
            Stage::Call | Stage::Contacted => true,
            _ => false,
        };
        self.stages.iter().filter(|(id, seen)| is_yours(id, seen.stage)).map(|(id, _)| id).collect()
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

/// Where a case stands, for whoever follows the demo, and where to see it; `time_waits` once a forecast has asked for somebody.
fn told(card: &Card, verdict: Option<String>, seen: Seen, (console, time_waits): (&str, bool)) -> Option<String> {
    let newest = card.history.first();
    let why = newest.map(|happening| happening.why.as_str()).filter(|why| !why.is_empty());
    let reason = card.remark.as_deref().or(why).map_or_else(String::new, |why| format!(": {why}"));
    let page = format!("{console}/advisory/{}", card.finding.id);
    match (card.stage, &card.message) {
        (Stage::Internal, _) => None,
        (Stage::Draft, _) => Some(drafted(console, time_waits)),
        (Stage::Postponed, _) => Some(format!("the message is put off{reason}; {page}")),
        (Stage::Queued, _) => {
            Some(format!("the message is approved: {}; {page}", verdict.unwrap_or_else(|| "goes out".to_owned())))
        }
        (Stage::Contacted, Ok(message)) if message.state == MessageState::Sent && seen.is_reminded => {
            Some(format!("the customer was reminded, once: {}", message.link))
        }
        (Stage::Contacted, Ok(message)) if message.state == MessageState::Sent => {
            Some(format!("the customer has it; be the customer and tap a time: {}", message.link))
        }
        (Stage::Contacted, _) => None,
        (Stage::Call, _) => Some(format!("please call the customer{reason}; {page}")),
        (Stage::NotNow, _) => Some(format!("the customer said not now; nothing more is sent until then; {page}")),
        (Stage::Booked, message) => Some(booked(card, message.as_ref().map_or("", |sent| sent.link.as_str()), console)),
        _ if seen.is_thanked => {
            Some(format!("the customer has the letter of thanks with what the work achieved: {page}"))
        }
        (Stage::Done, _) => Some(format!("the technician has done the work; its effect shows in some days: {page}")),
        (Stage::Cleared, _) => Some(format!("the case is closed{reason}; {page}")),
    }
}

/// A visit is booked: when, and where its customer and its technician see it.
fn booked(card: &Card, link: &str, console: &str) -> String {
    let Some(visit) = &card.booking else { return format!("a visit is booked: {link}") };
    format!(
        "a visit is booked for {}: the customer's page {link}, the technician's {console}/visits/{}; time hurries on to it, as long \
         as nothing else is yours to do",
        date(visit.start),
        visit.id
    )
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

/// The third of a month in which a day is: year, month, and 0 to 2.
fn ten_days(at: Timestamp) -> (i64, u8, u8) {
    let (year, month, day) = at.civil();
    (year, month, (day.saturating_sub(1) / 10).min(2))
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
                stages: stages
                    .iter()
                    .map(|(id, stage)| ((*id).clone(), Seen { stage: *stage, ..Seen::NOTHING }))
                    .collect(),
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

    fn finding(at: &str, event: &str, fault: &str) -> Finding {
        let line = format!(
            r#"{{"at":"{at}T00:00:00Z","site":"s01","machine":"m001","event":"{event}","id":"s01/m001/{fault}/1","status":"opened","grade":"watch","fault":"{fault}","likelihood":0.9,"alternatives":[],"rul_days":null,"probability_within":null,"limit":null,"evidence":[],"text":"It is so."}}"#
        );
        foretell_model::wire::from_json(&line).unwrap()
    }

    #[test]
    fn what_was_told_before_is_not_told_again_and_an_effect_says_where_to_read_it() {
        let findings = [
            finding("2026-07-20", "maintenance_effect", "cooler_cleaned"),
            finding("2026-07-11", "prediction", "cooler_clogging"),
        ];
        let mut anew = Story::default();
        let told = anew.of_findings(&findings, 1.0, "http://x");
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].ends_with(" http://x/m/s01/m001"), "{told:?}");
        assert!(told[1].contains("effect") && told[1].ends_with(" http://x/m/s01/m001/report"), "{told:?}");
        assert_eq!(anew.of_findings(&findings, 2.0, "http://x"), [""; 0]);
        let taken_up = Some(Timestamp::parse("2026-07-11T00:00:00Z").unwrap());
        let mut again = Story { taken_up, ..Story::default() };
        let told = again.of_findings(&findings, 1.0, "http://x");
        assert!(told.len() == 1 && told[0].contains("2026-07-20"), "{told:?}");
    }

    #[test]
    fn time_that_passes_is_told_and_old_data_are_taken_up_with_a_word() {
        let (dir, now) = (tempfile::tempdir().unwrap(), Timestamp::parse("2026-07-11T08:00:00Z").unwrap());
        let catalogue = foretell_model::Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let options = foretell_outreach::OutreachOptions::new(std::sync::Arc::new(catalogue));
        let outreach = Outreach::open(&dir.path().join("service.sqlite"), options).unwrap();
        let mut story = Story::default();
        let lines = story.take_up(now, &outreach, "http://x").unwrap();
        assert!(
            lines.len() == 1 && lines[0].contains("2026-07-11  taken up again: nothing waits for you"),
            "{lines:?}"
        );
        let told = [0.0, 9.0, 10.0, 19.0, 20.0, 21.0].map(|days| story.of_days(now.plus_days(days), "far").is_some());
        assert_eq!(told, [false, false, true, false, false, true], "11, 20, 21, 30 and 31 July, 1 August");
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
