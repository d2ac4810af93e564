//! Episodes: one identity from opened to cleared, numbered per fault and machine.

use foretell_model::{
    Alternative, Evidence, FaultCode, Finding, FindingId, FindingKind, Grade, Limit, MachineId, ProbabilityWithin,
    RulDays, Status, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::sd::day::Day;

/// Days in a row of being implausible after which a name is given up that a customer may have heard, and one that only the company
/// has.
const DOUBTED_DAYS: Day = 4;
const QUICK_DAYS: Day = 2;
/// Patience is doubled no more often than this.
const RENAMED_MAX: u8 = 4;

/// What is to be said, before it has an identity.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) kind: FindingKind,
    pub(crate) fault: FaultCode,
    /// Tells findings of one kind and fault apart, e.g. by sensor.
    pub(crate) subject: u8,
    pub(crate) grade: Grade,
    pub(crate) likelihood: f64,
    pub(crate) alternatives: Vec<Alternative>,
    pub(crate) rul_days: Option<RulDays>,
    pub(crate) probability_within: Option<ProbabilityWithin>,
    pub(crate) limit: Option<Limit>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) text: String,
}

impl Draft {
    /// A statement without forecast.
    pub(crate) fn plain(kind: FindingKind, fault: FaultCode, likelihood: f64, text: String) -> Self {
        Self {
            kind,
            fault,
            subject: 0,
            grade: Grade::Watch,
            likelihood,
            alternatives: Vec::new(),
            rul_days: None,
            probability_within: None,
            limit: None,
            evidence: Vec::new(),
            text,
        }
    }
}

/// An episode that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Episode {
    kind: u8,
    fault: Box<str>,
    subject: u8,
    number: u32,
    grade: u8,
    likelihood: f32,
    opened_ms: i64,
    /// First of the days on which its fault has been implausible; 0 while it is not.
    doubted_since: Day,
    /// Whether it has been for too long; another name may take its place on the same day.
    given_up: bool,
    /// How many names of the same story were given up before this one.
    renamed: u8,
}

const KINDS: [FindingKind; 6] = [
    FindingKind::Prediction,
    FindingKind::Anomaly,
    FindingKind::SensorFault,
    FindingKind::MaintenanceDue,
    FindingKind::MaintenanceEffect,
    FindingKind::Observability,
];
const GRADES: [Grade; 3] = [Grade::Watch, Grade::Advise, Grade::Urgent];

impl Episode {
    pub(crate) fn kind(&self) -> FindingKind {
        KINDS[usize::from(self.kind) % KINDS.len()]
    }

    pub(crate) fn grade(&self) -> Grade {
        GRADES[usize::from(self.grade) % GRADES.len()]
    }

    pub(crate) fn fault(&self) -> Option<FaultCode> {
        FaultCode::new(&self.fault)
    }

    pub(crate) const fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn likelihood(&self) -> f64 {
        f64::from(self.likelihood)
    }

    pub(crate) const fn opened(&self) -> Timestamp {
        Timestamp::from_millis(self.opened_ms)
    }

    pub(crate) const fn subject(&self) -> u8 {
        self.subject
    }

    /// Whether it is of this fault and subject, whatever its kind.
    pub(crate) fn is_of(&self, fault: &FaultCode, subject: u8) -> bool {
        *self.fault == *fault.as_str() && self.subject == subject
    }

    /// Whether it says that this fault explains what the machine does.
    fn tells(&self, fault: &FaultCode) -> bool {
        matches!(self.kind(), FindingKind::Prediction | FindingKind::Anomaly) && *self.fault == *fault.as_str()
    }

    /// Days in doubt after which the name is given up. What only the company has heard costs nobody's trust, and a wrong first guess
    /// must not eat the days that are left; but causes that take turns would do so for ever, so each further name has twice the
    /// time.
    fn patience_days(&self) -> Day {
        let days = if self.grade() >= Grade::Advise { DOUBTED_DAYS } else { QUICK_DAYS };
        days << self.renamed.min(RENAMED_MAX)
    }

    fn is(&self, kind: FindingKind, fault: &FaultCode, subject: u8) -> bool {
        self.kind() == kind && *self.fault == *fault.as_str() && self.subject == subject
    }
}

/// A machine's open episodes, and how many there ever were of each fault.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Episodes {
    open: Vec<Episode>,
    /// By a mark of the fault's code: every machine keeps this for ever, and names would cost five times as much.
    counts: Vec<(u32, u32)>,
}

impl Episodes {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Episode> {
        self.open.iter()
    }

    pub(crate) fn is_open(&self, kind: FindingKind, fault: &FaultCode, subject: u8) -> bool {
        self.open.iter().any(|e| e.is(kind, fault, subject))
    }

    /// Whether a customer may have heard of a fault.
    pub(crate) fn is_told(&self, fault: &FaultCode) -> bool {
        self.open.iter().any(|e| e.tells(fault) && e.grade() >= Grade::Advise)
    }

    /// Whether a fault is named as what explains the machine.
    pub(crate) fn is_named(&self, fault: &FaultCode) -> bool {
        self.open.iter().any(|e| e.tells(fault))
    }

    /// Notes whether a fault that is named is plausible today, and gives whether its name is given up: it has not been for days in a
    /// row, or is `refuted`. Each new name is a new finding, and to a customer another story.
    pub(crate) fn gives_up(&mut self, fault: &FaultCode, plausible: bool, refuted: bool, today: Day) -> bool {
        let mut given_up = false;
        for episode in self.open.iter_mut().filter(|e| e.tells(fault)) {
            episode.doubted_since = match (plausible, episode.doubted_since) {
                (true, _) => 0,
                (false, 0) => today,
                (false, since) => since,
            };
            let for_days = today - episode.doubted_since.min(today) + 1;
            episode.given_up = !plausible && (refuted || for_days >= episode.patience_days());
            given_up |= episode.given_up;
        }
        given_up
    }

    /// Opens the draft's episode, or updates it.
    pub(crate) fn say(&mut self, at: Timestamp, machine: &MachineId, draft: Draft, out: &mut Vec<Finding>) {
        let place = self.open.iter().position(|e| e.is(draft.kind, &draft.fault, draft.subject));
        let status = if place.is_some() { Status::Updated } else { Status::Opened };
        let number = match place {
            Some(place) => self.open[place].number,
            None => self.next_number(&draft.fault),
        };
        // The name that this one takes the place of is cleared only at the end of the day.
        let given_up = self.open.iter().filter(|e| e.given_up).map(|e| e.renamed.saturating_add(1)).max();
        let opened_ms = place.map_or(at.millis(), |place| self.open[place].opened_ms);
        let episode = Episode {
            kind: KINDS.iter().position(|k| *k == draft.kind).unwrap_or_default() as u8,
            fault: draft.fault.as_str().into(),
            subject: draft.subject,
            number,
            grade: GRADES.iter().position(|g| *g == draft.grade).unwrap_or_default() as u8,
            likelihood: draft.likelihood as f32,
            opened_ms,
            doubted_since: place.map_or(0, |place| self.open[place].doubted_since),
            given_up: place.is_some_and(|place| self.open[place].given_up),
            renamed: place.map_or(given_up, |place| Some(self.open[place].renamed)).unwrap_or(0),
        };
        match place {
            Some(place) => self.open[place] = episode,
            None => {
                // Few episodes are open at a time, and every machine has such a list.
                self.open.reserve_exact(1);
                self.open.push(episode);
            }
        }
        out.push(finding(at, machine, number, status, draft));
    }

    /// Clears the draft's episode if it is open.
    pub(crate) fn clear(&mut self, at: Timestamp, machine: &MachineId, draft: Draft, out: &mut Vec<Finding>) {
        let Some(place) = self.open.iter().position(|e| e.is(draft.kind, &draft.fault, draft.subject)) else { return };
        let episode = self.open.remove(place);
        let draft = Draft { grade: episode.grade(), ..draft };
        out.push(finding(at, machine, episode.number, Status::Cleared, draft));
    }

    /// Says something that is over as soon as it is said.
    pub(crate) fn note(&mut self, at: Timestamp, machine: &MachineId, draft: Draft, out: &mut Vec<Finding>) {
        let number = self.next_number(&draft.fault);
        out.push(finding(at, machine, number, Status::Opened, draft.clone()));
        out.push(finding(at, machine, number, Status::Cleared, draft));
    }

    fn next_number(&mut self, fault: &FaultCode) -> u32 {
        if let Some((_, n)) = self.counts.iter_mut().find(|(of, _)| *of == mark(fault)) {
            *n += 1;
            return *n;
        }
        self.counts.reserve_exact(1);
        self.counts.push((mark(fault), 1));
        1
    }
}

/// A code as a number (FNV-1a, 32 bit). Two of a machine's twenty codes share one once in twenty million machines; they would count
/// together, and no id would come twice.
fn mark(fault: &FaultCode) -> u32 {
    fault.as_str().bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn finding(at: Timestamp, machine: &MachineId, number: u32, status: Status, draft: Draft) -> Finding {
    Finding {
        at,
        id: FindingId::new(machine, &draft.fault, number),
        machine: machine.clone(),
        kind: draft.kind,
        status,
        grade: draft.grade,
        fault: draft.fault,
        likelihood: draft.likelihood.clamp(0.0, 1.0),
        alternatives: draft.alternatives,
        rul_days: draft.rul_days,
        probability_within: draft.probability_within,
        limit: draft.limit,
        evidence: draft.evidence,
        text: draft.text,
    }
}
