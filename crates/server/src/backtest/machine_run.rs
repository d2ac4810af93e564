//! What a backtest remembers of one machine.

use std::collections::{BTreeMap, HashMap};

use foretell_console::report::{DayState, Residual, Unjudged};
use foretell_console::view::{ConePoint, DayPoint, Mark, MarkKind};
use foretell_engine::Engine;
use foretell_model::{Event, Finding, FindingId, Grade, MachineId, Signal, Status, Timestamp};
use foretell_outreach::MachineContext;

use crate::service::{DAYS_NEEDED, curve, machine_context};

/// The engine lets a reading speak for so long; where they come more seldom, no hour is seen well enough, minutes.
const MINUTES_NEEDED: u32 = 20;

/// The engine remembers some 120 closed days, but what was normal on them only until work begins a new normal; so they
/// are collected often.
const COLLECT_EVERY_DAYS: i64 = 14;

/// A moment at which an episode was opened or its grade rose.
#[derive(Clone, Debug)]
pub struct Moment {
    /// What was concluded.
    pub finding: Finding,
    /// The forecast as it stood then.
    pub cone: Vec<ConePoint>,
    /// What a message to the customer needs to know of the machine as it stood then.
    pub context: MachineContext,
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
    /// Signals that it ever measured, one bit each as in `Signals::mask`.
    pub measured: u16,
    /// Whether there was enough history to learn what is normal.
    pub learned: bool,
    /// Closed days by whole days since 1970; empty unless curves are wanted.
    pub days: BTreeMap<i64, DayPoint>,
    /// Of the same days, whether the cooler could be judged.
    pub observable: BTreeMap<i64, bool>,
    /// What happened beside the readings.
    pub marks: Vec<Mark>,
    /// From when to when a warning or a failed sensor stood, in order of their beginning; an open end is `None`.
    pub standings: Vec<(Timestamp, Option<Timestamp>, DayState)>,
    /// Since when a relation of it was watched, where nothing else is known of it.
    pub watched_from: Option<Timestamp>,
    /// What its relations showed over time.
    pub residuals: Vec<Residual>,
    /// When something new was said.
    pub moments: Vec<Moment>,
    /// Open episodes with their grade and their place in `standings`.
    grades: HashMap<FindingId, (Grade, usize)>,
    collected_day: i64,
}

impl MachineRun {
    /// Why the machine could not be judged; `None` when it could.
    pub(super) fn unjudged(&self) -> Option<Unjudged> {
        if self.learned {
            return None;
        }
        let has = |signal: Signal| self.measured & (1 << signal as u16) != 0;
        let signals: &[Signal] = match (has(Signal::DischargeTemp), has(Signal::MotorCurrent)) {
            (true, true) => &[],
            (false, true) => &[Signal::DischargeTemp],
            (true, false) => &[Signal::MotorCurrent],
            (false, false) => &[Signal::DischargeTemp, Signal::MotorCurrent],
        };
        if !signals.is_empty() {
            return Some(Unjudged::Lacking { signals, days_needed: DAYS_NEEDED });
        }
        let span_days = self.last?.days_since(self.first?);
        let minutes = span_days * 24.0 * 60.0 / self.readings.max(1) as f64;
        let is_long = span_days >= 2.0 * f64::from(DAYS_NEEDED);
        Some(if is_long && minutes > f64::from(MINUTES_NEEDED) {
            Unjudged::TooSparse { minutes_needed: MINUTES_NEEDED }
        } else {
            Unjudged::TooShort { days_needed: DAYS_NEEDED }
        })
    }

    /// Notes an event that the engine has just seen.
    pub(super) fn saw(&mut self, event: &Event, engine: &Engine, curves: bool) {
        let at = event.ts();
        let (kind, label) = match event {
            Event::Reading(reading) => {
                self.readings += 1;
                self.measured |= reading.signals.mask();
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

    /// Notes a finding, with the forecast behind it if it says something new and an engine is there to tell it: a view costs as much
    /// as closing a day, and only a report shows it.
    pub(super) fn found(&mut self, finding: &Finding, engine: Option<&Engine>) {
        let before = self.grades.get(&finding.id).copied();
        let is_over = finding.status == Status::Cleared;
        if let Some(state) = DayState::under(finding)
            && (is_over || before.is_none_or(|(grade, _)| grade != finding.grade))
        {
            if let Some(standing) = before.and_then(|(_, place)| self.standings.get_mut(place)) {
                standing.1 = Some(finding.at);
            }
            if !is_over {
                self.standings.push((finding.at, None, state));
            }
        }
        if is_over {
            self.grades.remove(&finding.id);
            return;
        }
        let place = if before.is_some_and(|(grade, _)| grade == finding.grade) {
            before.map_or(0, |(_, place)| place)
        } else {
            self.standings.len().saturating_sub(1)
        };
        self.grades.insert(finding.id.clone(), (finding.grade, place));
        if before.is_none_or(|(before, _)| before < finding.grade) {
            let view = engine.and_then(|engine| engine.machine(&finding.machine));
            let cone = view.as_ref().map(curve::cone).unwrap_or_default();
            let context = view.as_ref().map(|view| machine_context(&view.brief())).unwrap_or_default();
            self.moments.push(Moment { finding: finding.clone(), cone, context });
        }
    }

    /// Takes over the days that the engine knows; the newest judgement of a day stands, where there still is one.
    pub(super) fn collect(&mut self, id: &MachineId, engine: &Engine) {
        let Some(view) = engine.machine(id) else { return };
        self.limit_c = view.limits.warn_c;
        self.learned |= view.baseline.learned;
        for day in view.days.iter().map(curve::day) {
            let known = self.days.entry(day.day).or_insert(day);
            let normal = day.normal_low_c.zip(day.normal_high_c).or(known.normal_low_c.zip(known.normal_high_c));
            let (normal_low_c, normal_high_c) = normal.unzip();
            *known = DayPoint { normal_low_c, normal_high_c, ..day };
        }
        self.observable.extend(view.days.iter().map(|day| (day.day.day(), day.observable)));
    }
}
