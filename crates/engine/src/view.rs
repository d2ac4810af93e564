//! What a page shows of one machine: computed on request, nothing is kept for it.

use foretell_model::{FaultCode, FindingId, FindingKind, Grade, Limits, MachineId, Signal, Timestamp};

use crate::dm::sensors::SUBJECTS;
use crate::engine::Engine;
use crate::ha::assess;
use crate::ha::baseline::{Conditions, ua_loss};
pub use crate::ha::points::AmbientSource;
use crate::ha::points::{Series, Surroundings};
use crate::machine::Machine;
use crate::sd::day::start_of;
pub use crate::sd::duty::HOURS_PER_WEEK;
pub use crate::sd::regime::Regime;

/// A machine as the engine sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineView {
    /// Which machine.
    pub id: MachineId,
    /// Where it warns and trips.
    pub limits: Limits,
    /// What it was doing at the newest reading.
    pub regime: Regime,
    /// Time of the newest reading.
    pub last_ts: Option<Timestamp>,
    /// Newest accepted value of every signal, each in the signal's own unit.
    pub last_values: Vec<(Signal, f64)>,
    /// Up to about 100 closed days, oldest first.
    pub days: Vec<DayView>,
    /// What is known of its normal.
    pub baseline: BaselineView,
    /// What is known of its health.
    pub health: HealthView,
    /// Open findings, oldest first.
    pub open: Vec<OpenFinding>,
    /// The hot hours to come, in steps of three days up to 90; empty while the machine is being learned. None lies above the
    /// temperature at which the machine warns: what would come after that is for nobody to see.
    pub cone: Vec<ConePoint>,
    /// Learned share of time running per hour of the week, Monday 00:00 UTC first, each 0 to 1.
    pub weekly_duty: [f32; HOURS_PER_WEEK],
    /// Mean running hours per day over the last four weeks, h.
    pub hours_per_day: f64,
    /// Running hours that the controller's counter shows, h.
    pub run_hours: Option<f64>,
    /// Sensors whose readings are not used, and why.
    pub sensor_troubles: Vec<(Signal, FaultCode)>,
    /// Readings that came too late to be used.
    pub late_readings: u32,
    /// Restarts of the run-hour counter.
    pub counter_restarts: u32,
}

/// One closed day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayView {
    /// Its beginning (UTC).
    pub day: Timestamp,
    /// Mean of the hottest loaded-steady hours, degC.
    pub observed_c: Option<f64>,
    /// Highest temperature that was held for ten minutes, degC.
    pub peak_c: Option<f64>,
    /// What the machine's own normal expects under the same conditions, degC.
    pub expected_c: Option<f64>,
    /// Standard deviation of that, K; the normal band is expected ± 2 sd.
    pub expected_sd_k: f64,
    /// Ambient of the same hours, degC, if measured.
    pub ambient_c: Option<f64>,
    /// Excess over normal in the saturated regime as judged when the day closed, K.
    pub excess_k: Option<f64>,
    /// The same as a loss of the cooler's UA, 0 to 1.
    pub cooler_ua_loss: Option<f64>,
    /// Whether the day's hot hours could show the cooler's condition.
    pub observable: bool,
    /// Running time, h.
    pub run_h: f64,
    /// Loaded time, h.
    pub load_h: f64,
    /// Current drawn unloaded over that drawn loaded, if it ran unloaded.
    pub unloaded_current_share: Option<f64>,
}

/// The machine's normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BaselineView {
    /// Whether there is enough history to speak of a normal.
    pub learned: bool,
    /// The first day of the machine's present life, which begins anew with work on it, that had hot hours.
    pub since: Option<Timestamp>,
    /// Days of that life that had them.
    pub usable_days: usize,
    /// How many of them are needed before anything is claimed.
    pub days_needed: usize,
    /// Where the ambient comes from.
    pub ambient_source: AmbientSource,
    /// Expected discharge temperature at 20 degC inlet, reference load, degC.
    pub at_20_c: f64,
    /// The same at 35 degC inlet.
    pub at_35_c: f64,
    /// Ambient above which the cooler can be judged (equal weight of both branches), degC.
    pub hinge_c: f64,
    /// Day-level error of the expectation, K.
    pub sd_k: f64,
}

/// The machine's health.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HealthView {
    /// Whether the present weather lets the cooler be judged; when not, it is neither healthy nor ill.
    pub observable: bool,
    /// Excess over normal as last judged, K.
    pub excess_k: f64,
    /// The same as a loss of UA, 0 to 1.
    pub cooler_ua_loss: f64,
    /// Onset of the present trend, if one is claimed.
    pub since: Option<Timestamp>,
}

/// An open finding; its full text is in the log of findings.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenFinding {
    /// Its identity.
    pub id: FindingId,
    /// What kind.
    pub kind: FindingKind,
    /// Which fault.
    pub fault: FaultCode,
    /// Its present grade.
    pub grade: Grade,
    /// Its present likelihood, 0 to 1.
    pub likelihood: f64,
    /// When it was opened.
    pub opened: Timestamp,
}

/// Quantiles of the highest temperature held on one day ahead, degC. Where the valve regulates they lie together on what it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConePoint {
    /// The day's beginning (UTC).
    pub day: Timestamp,
    /// One in ten hot hours is cooler.
    pub q10_c: f64,
    /// Half are.
    pub q50_c: f64,
    /// Nine in ten are.
    pub q90_c: f64,
}

impl Engine {
    /// The machine as it stands after the newest event; `None` when it was never seen.
    #[must_use]
    pub fn machine(&self, id: &MachineId) -> Option<MachineView> {
        let place = *self.index.get(id)? as usize;
        let machine = self.machines.get(place)?;
        let today = machine.open.as_ref().map_or(0, |open| open.day());
        let around = self.surroundings(place);
        let detail = assess::detail(&machine.health, &machine.days, today, &around);
        let limits = self.profile(id).limits;
        let cone = detail.as_ref().filter(|_| machine.health.learned).map_or_else(Vec::new, |detail| {
            let point = |(ahead, quantiles_c): &(usize, [f64; 3])| {
                let [q10_c, q50_c, q90_c] = quantiles_c.map(|temp_c| temp_c.min(limits.warn_c));
                ConePoint { day: start_of(today).plus_days(*ahead as f64), q10_c, q50_c, q90_c }
            };
            detail.cone.iter().map(point).collect()
        });
        Some(MachineView {
            id: id.clone(),
            limits,
            regime: machine.regime.regime(),
            last_ts: machine.last_ts(),
            last_values: machine.last_values().collect(),
            days: days(machine, detail.as_ref(), &around),
            baseline: baseline(machine),
            health: health(machine),
            open: open(machine, id),
            cone,
            weekly_duty: machine.duty.shares(),
            hours_per_day: hours_per_day(machine),
            run_hours: machine.sensors.run_hours.shown_h(),
            sensor_troubles: troubles(machine),
            late_readings: machine.late,
            counter_restarts: machine.counter_restarts,
        })
    }
}

/// Days of the present life that had hot hours: the first, and how many.
pub(crate) fn usable_days(machine: &Machine) -> (Option<Timestamp>, usize) {
    let of_this_life = machine.days.iter().filter(|d| d.day >= machine.health.valid_from);
    let mut usable = of_this_life.filter(|d| d.hot.is_some() && d.hot.td_c().is_some()).peekable();
    (usable.peek().map(|d| start_of(d.day)), usable.count())
}

/// Mean running hours per day over the last four weeks, h.
pub(crate) fn hours_per_day(machine: &Machine) -> f64 {
    let (n, hours) = machine.days.iter().rev().take(28).fold((0.0, 0.0), |(n, h), d| (n + 1.0, h + d.run_h()));
    if n > 0.0 { hours / n } else { 0.0 }
}

fn days(machine: &Machine, detail: Option<&assess::Detail>, around: &Surroundings<'_>) -> Vec<DayView> {
    let (baseline, sd_k) = (&machine.health.baseline, machine.health.noise.sd_k);
    let former = machine.health.former.as_ref().map_or_else(Vec::new, |former| former.expected(&machine.days, around));
    let view = |d: &crate::sd::day::DayRecord| {
        let sample =
            detail.and_then(|detail| detail.samples.iter().find(|s| s.day == d.day && s.series == Series::Hot));
        let expected = sample.map(|s| baseline.expect(&s.at, 0.0));
        let weight = sample.map(|s| baseline.expect(&s.at, d.excess_k().unwrap_or(0.0)).weight);
        // A day of the life before this one is held against the normal that it had then.
        let then = former.iter().find(|then| then.day == d.day).filter(|_| sample.is_none());
        DayView {
            day: start_of(d.day),
            observed_c: d.hot.td_c().filter(|_| d.hot.is_some()),
            peak_c: d.peak_c(),
            expected_c: expected.map(|e| e.td_c).or(then.map(|then| then.expected_c)),
            expected_sd_k: then.map_or(sd_k, |then| then.sd_k),
            ambient_c: d.hot.ta_c(),
            excess_k: d.excess_k(),
            cooler_ua_loss: d.excess_k().map(ua_loss),
            observable: weight.or(then.map(|then| then.weight)).is_some_and(|w| w > 0.4),
            run_h: d.run_h(),
            load_h: d.load_h(),
            unloaded_current_share: d.unloaded_share(),
        }
    };
    machine.days.iter().map(view).collect()
}

fn baseline(machine: &Machine) -> BaselineView {
    let health = &machine.health;
    let at = |ta_c: f64| health.baseline.expect(&Conditions { ta_c, ..Conditions::default() }, 0.0);
    // The weight of the saturated branch grows with ambient, so a bisection finds where it is one half.
    let (mut low, mut high) = (-40.0, 60.0);
    for _ in 0..30 {
        let middle = 0.5 * (low + high);
        if at(middle).weight < 0.5 { low = middle } else { high = middle }
    }
    let (since, usable_days) = usable_days(machine);
    BaselineView {
        learned: health.learned,
        since,
        usable_days,
        days_needed: health.days_needed(),
        ambient_source: health.source,
        at_20_c: at(20.0).td_c,
        at_35_c: at(35.0).td_c,
        hinge_c: 0.5 * (low + high),
        sd_k: health.noise.sd_k,
    }
}

pub(crate) fn health(machine: &Machine) -> HealthView {
    let excess_k = machine.days.last().and_then(|d| d.excess_k()).unwrap_or(0.0);
    HealthView {
        observable: machine.health.observable,
        excess_k,
        cooler_ua_loss: ua_loss(excess_k),
        since: machine.health.trend.map(|t| start_of(t.onset_day.clamp(0.0, f64::from(u16::MAX)) as u16)),
    }
}

pub(crate) fn open(machine: &Machine, id: &MachineId) -> Vec<OpenFinding> {
    let view = |e: &crate::findings::episode::Episode| {
        let fault = e.fault()?;
        Some(OpenFinding {
            id: FindingId::new(id, &fault, e.number()),
            kind: e.kind(),
            grade: e.grade(),
            likelihood: e.likelihood(),
            opened: e.opened(),
            fault,
        })
    };
    machine.episodes.iter().filter_map(view).collect()
}

pub(crate) fn troubles(machine: &Machine) -> Vec<(Signal, FaultCode)> {
    let unusable = SUBJECTS.iter().zip(machine.sensors.troubles()).filter(|(_, trouble)| !trouble.is_usable());
    unusable.filter_map(|(signal, trouble)| Some((*signal, trouble.fault()?))).collect()
}
