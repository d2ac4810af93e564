//! What a backtest remembers of one machine.

use std::collections::{BTreeMap, HashMap};

use foretell_console::view::{ConePoint, DayPoint, Mark, MarkKind};
use foretell_engine::Engine;
use foretell_model::{Event, Finding, FindingId, Grade, MachineId, Status, Timestamp};

use crate::service::curve;

/// The engine remembers some 120 closed days; they are collected well before it forgets them.
const COLLECT_EVERY_DAYS: i64 = 60;

/// A moment at which an episode was opened or its grade rose.
#[derive(Clone, Debug)]
pub struct Moment {
    /// What was concluded.
    pub finding: Finding,
    /// The forecast as it stood then.
    pub cone: Vec<ConePoint>,
}

/// One machine's run.
#[derive(Clone, Debug, Default)]
pub struct MachineRun {
    /// Readings that the engine saw.
    pub readings: u64,
    /// Event time of the first one.
    pub first: Option<Timestamp>,
    /// Event time of the last one.
    pub last: Option<Timestamp>,
    /// Temperature at which the controller warns, degC.
    pub limit_c: f64,
    /// Whether there was enough history to learn what is normal.
    pub learned: bool,
    /// Closed days by whole days since 1970; empty unless curves are wanted.
    pub days: BTreeMap<i64, DayPoint>,
    /// What happened beside the readings.
    pub marks: Vec<Mark>,
    /// When something new was said.
    pub moments: Vec<Moment>,
    grades: HashMap<FindingId, Grade>,
    collected_day: i64,
}

impl MachineRun {
    /// Notes an event that the engine has just seen.
    pub(super) fn saw(&mut self, event: &Event, engine: &Engine, curves: bool) {
        let at = event.ts();
        let (kind, label) = match event {
            Event::Reading(_) => {
                self.readings += 1;
                self.first = self.first.or(Some(at));
                self.last = Some(at);
                if curves && at.day() >= self.collected_day + COLLECT_EVERY_DAYS {
                    self.collect(event.machine(), engine);
                    self.collected_day = at.day();
                }
                return;
            }
            Event::Maintenance { work, .. } => (MarkKind::Maintenance, work.as_str()),
            Event::ControllerAlarm { code, .. } => (MarkKind::Alarm, code.as_str()),
            Event::Note { text, .. } => (MarkKind::Note, text.as_str()),
            Event::Status { .. } | Event::Verdict { .. } => return,
        };
        self.marks.push(Mark { at, kind, label: label.to_owned() });
    }

    /// Notes a finding, with the forecast behind it if it says something new.
    pub(super) fn found(&mut self, finding: &Finding, engine: &Engine) {
        if finding.status == Status::Cleared {
            self.grades.remove(&finding.id);
            return;
        }
        let before = self.grades.insert(finding.id.clone(), finding.grade);
        if before.is_none_or(|before| before < finding.grade) {
            let cone = engine.machine(&finding.machine).map(|view| curve::cone(&view)).unwrap_or_default();
            self.moments.push(Moment { finding: finding.clone(), cone });
        }
    }

    /// Takes over the days that the engine knows; the newest judgement of a day stands.
    pub(super) fn collect(&mut self, id: &MachineId, engine: &Engine) {
        let Some(view) = engine.machine(id) else { return };
        self.limit_c = view.limits.warn_c;
        self.learned |= view.baseline.learned;
        self.days.extend(view.days.iter().map(curve::day).map(|day| (day.day, day)));
    }
}
