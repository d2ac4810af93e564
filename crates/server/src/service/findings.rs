//! The newest findings and the marks of each machine, for pages and the API. They travel inside the engine's snapshot, so
//! that all of it is always of the same place on the log.

use std::collections::{BTreeMap, VecDeque};

use foretell_model::{Event, Finding, MachineId, Timestamp, wire};

use super::status::Statuses;

/// Findings kept, fleet-wide; the oldest go first. All older ones can be had again by a backtest over an export.
const FINDINGS_MAX: usize = 5_000;

/// Marks kept of one machine; the oldest go first.
const MARKS_MAX: usize = 40;

/// What happened to a machine beside its readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// Work was done.
    Maintenance,
    /// The controller raised an alarm.
    Alarm,
    /// A person left a remark.
    Note,
}

impl MarkKind {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Maintenance, "maintenance"), (Self::Alarm, "alarm"), (Self::Note, "note")];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("note", |(_, name)| name)
    }
}

/// One mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// What kind.
    pub kind: MarkKind,
    /// The work's code, the alarm's or the remark's text; without line ends.
    pub text: String,
}

/// Bounded records of what was concluded and of what happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Records {
    findings: VecDeque<Finding>,
    marks: BTreeMap<MachineId, VecDeque<Mark>>,
}

impl Records {
    /// Adds a finding.
    pub(super) fn push(&mut self, finding: Finding) {
        if self.findings.len() == FINDINGS_MAX {
            self.findings.pop_front();
        }
        self.findings.push_back(finding);
    }

    /// Notes an event of the log, if it is worth a mark.
    pub(super) fn note(&mut self, event: &Event) {
        let (kind, text) = match event {
            Event::Maintenance { work, .. } => (MarkKind::Maintenance, work.as_str()),
            Event::ControllerAlarm { code, .. } => (MarkKind::Alarm, code.as_str()),
            Event::Note { text, .. } => (MarkKind::Note, text.as_str()),
            Event::Reading(_) | Event::Status { .. } | Event::Verdict { .. } => return,
        };
        self.mark(event.machine(), Mark { at: event.ts(), kind, text: text.to_owned() });
    }

    fn mark(&mut self, machine: &MachineId, mark: Mark) {
        let marks = self.marks.entry(machine.clone()).or_default();
        let is_alarm = |known: &Mark| known.kind == MarkKind::Alarm;
        // A controller that trips again and again says one thing a day, and what people did stays beside it.
        let says_the_same =
            |known: &Mark| is_alarm(known) && known.text == mark.text && known.at.day() == mark.at.day();
        if is_alarm(&mark) && marks.iter().any(says_the_same) {
            return;
        }
        if marks.len() == MARKS_MAX {
            marks.remove(marks.iter().position(is_alarm).unwrap_or(0));
        }
        marks.push_back(mark);
    }

    /// Findings, newest first, of one machine or of all.
    pub(super) fn findings<'a>(&'a self, machine: Option<&'a MachineId>) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().rev().filter(move |finding| machine.is_none_or(|machine| finding.machine == *machine))
    }

    /// From when on every finding is kept; `None` while none had to go.
    pub(super) fn since(&self) -> Option<Timestamp> {
        let is_full = self.findings.len() == FINDINGS_MAX;
        self.findings.front().filter(|_| is_full).map(|oldest| oldest.at)
    }

    /// A machine's marks in order of arrival.
    pub(super) fn marks(&self, machine: &MachineId) -> impl Iterator<Item = &Mark> {
        self.marks.get(machine).into_iter().flatten()
    }

    fn mark_lines(&self) -> impl Iterator<Item = String> + '_ {
        self.marks.iter().flat_map(|(machine, marks)| {
            marks.iter().map(move |mark| format!("{machine} {} {} {}", mark.at.millis(), mark.kind.name(), mark.text))
        })
    }
}

/// What a snapshot holds beside its offset: the engine's own bytes, the records, the newest reading's time stamp.
#[derive(Debug, PartialEq)]
pub(super) struct Frozen {
    /// The engine's own snapshot.
    pub(super) engine: Vec<u8>,
    /// Findings and marks.
    pub(super) records: Records,
    /// What machines last said about their connection.
    pub(super) statuses: Statuses,
    /// Time stamp of the newest reading; sets the readings clock at start.
    pub(super) newest: Timestamp,
}

/// First word of the header line; a later form gets a later number.
const FORM: &str = "foretell-engine-2";
/// The form before, which had no statuses.
const FORM_1: &str = "foretell-engine-1";

impl Frozen {
    /// A header line, the findings as JSON lines, the marks and the statuses as lines, then the engine's bytes.
    #[must_use]
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let marks: Vec<String> = self.records.mark_lines().collect();
        let statuses: Vec<String> = self.statuses.lines().collect();
        let (newest, findings) = (self.newest.millis(), self.records.findings.len());
        let mut text = format!("{FORM} {newest} {findings} {} {}\n", marks.len(), statuses.len());
        for line in self.records.findings.iter().map(wire::to_json).chain(marks).chain(statuses) {
            text.push_str(&line);
            text.push('\n');
        }
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.engine);
        bytes
    }

    /// Reads what [`Frozen::to_bytes`] wrote; `None` for anything else, e.g. of another release.
    #[must_use]
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut words = line(&mut rest)?.split(' ');
        let has_statuses = match words.next()? {
            FORM => true,
            FORM_1 => false,
            _ => return None,
        };
        let newest = Timestamp::from_millis(words.next()?.parse().ok()?);
        let (findings, marks) = (words.next()?.parse::<usize>().ok()?, words.next()?.parse::<usize>().ok()?);
        let told = if has_statuses { words.next()?.parse::<usize>().ok()? } else { 0 };
        let (mut records, mut statuses) = (Records::default(), Statuses::default());
        for _ in 0..findings {
            records.push(wire::from_json(line(&mut rest)?).ok()?);
        }
        for _ in 0..marks {
            let (machine, mark) = mark(line(&mut rest)?)?;
            records.mark(&machine, mark);
        }
        for _ in 0..told {
            statuses.note_line(line(&mut rest)?)?;
        }
        Some(Self { engine: rest.to_vec(), records, statuses, newest })
    }
}

fn mark(line: &str) -> Option<(MachineId, Mark)> {
    let mut words = line.splitn(4, ' ');
    let machine = MachineId::parse(words.next()?).ok()?;
    let at = Timestamp::from_millis(words.next()?.parse().ok()?);
    let name = words.next()?;
    let (kind, _) = MarkKind::ALL.into_iter().find(|(_, known)| *known == name)?;
    Some((machine, Mark { at, kind, text: words.next()?.to_owned() }))
}

/// The next line, without its end; `rest` moves behind it.
fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let bytes: &'a [u8] = rest;
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    *rest = &bytes[end + 1..];
    std::str::from_utf8(&bytes[..end]).ok()
}

#[cfg(test)]
mod tests {
    use foretell_model::{Note, Work};

    use super::super::status::Told;
    use super::*;

    const LINE: &str = r#"{"at":"2026-07-18T00:00:00Z","site":"s01","machine":"m007","event":"prediction","id":"s01/m007/cooler_clogging/1","status":"opened","grade":"advise","fault":"cooler_clogging","likelihood":0.91,"alternatives":[],"rul_days":null,"probability_within":null,"limit":null,"evidence":[],"text":"…"}"#;

    fn machine(name: &str) -> MachineId {
        MachineId::new("s01", name).unwrap()
    }

    fn records(findings: usize) -> Records {
        let mut records = Records::default();
        (0..findings).for_each(|_| records.push(wire::from_json(LINE).unwrap()));
        let ts = Timestamp::from_millis(5);
        records.note(&Event::Maintenance { machine: machine("m1"), ts, work: Work::new("cooler_cleaned").unwrap() });
        records.note(&Event::Note { machine: machine("m1"), ts, text: Note::new("smells of\noil, 有油味") });
        records
    }

    #[test]
    fn what_is_frozen_thaws_the_same() {
        let mut statuses = Statuses::default();
        statuses.note(&machine("m1"), Told { at: Timestamp::from_millis(9), online: false }, None);
        let newest = Timestamp::from_millis(7);
        let frozen = Frozen { engine: b"raw\nbytes\0".to_vec(), records: records(2), statuses, newest };
        assert_eq!(Frozen::from_bytes(&frozen.to_bytes()), Some(frozen));
    }

    #[test]
    fn the_form_before_is_taken_up_without_statuses() {
        let before = format!("foretell-engine-1 7 1 1\n{LINE}\ns01/m1 5 note smells of oil\nraw\nbytes");
        let frozen = Frozen::from_bytes(before.as_bytes()).unwrap();
        assert_eq!((frozen.engine.as_slice(), frozen.newest.millis()), (&b"raw\nbytes"[..], 7));
        assert_eq!((frozen.records.findings(None).count(), frozen.statuses), (1, Statuses::default()));
    }

    #[test]
    fn what_is_of_another_release_is_not_taken() {
        for bytes in
            ["", "foretell-engine-3 7 0 0 0\n", "foretell-engine-2 7 0 0\n", "foretell-engine-1 7 1 0\nnot a finding\n"]
        {
            assert_eq!(Frozen::from_bytes(bytes.as_bytes()), None, "{bytes:?}");
        }
    }

    #[test]
    fn alarms_of_weeks_are_one_a_day_and_push_no_work_aside() {
        let (mut records, machine) = (Records::default(), machine("m1"));
        let mark = |kind, hour: i64, text: &str| Mark {
            at: Timestamp::from_millis(hour * 3_600_000),
            kind,
            text: text.into(),
        };
        records.mark(&machine, mark(MarkKind::Maintenance, 0, "oil_changed"));
        for hour in 0..24 * 60 {
            records.mark(&machine, mark(MarkKind::Alarm, hour, "stopped"));
        }
        let kept: Vec<&Mark> = records.marks(&machine).collect();
        assert_eq!((kept.len(), kept[0].text.as_str()), (MARKS_MAX, "oil_changed"));
        assert_eq!(kept[MARKS_MAX - 1].at.day() - kept[1].at.day(), MARKS_MAX as i64 - 2);
    }

    #[test]
    fn the_oldest_finding_goes_first() {
        assert_eq!(records(FINDINGS_MAX - 1).since(), None);
        let records = records(FINDINGS_MAX + 1);
        assert_eq!(records.findings(None).count(), FINDINGS_MAX);
        assert_eq!(records.since(), Timestamp::parse("2026-07-18T00:00:00Z").ok());
        assert_eq!(records.findings(Some(&machine("m008"))).count(), 0);
        assert_eq!(records.marks(&machine("m1")).count(), 2);
    }
}
