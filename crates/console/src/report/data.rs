//! What a backtest's report is made of.

use chrono_tz::Tz;
use foretell_model::{DAY_MS, FaultCode, Finding, FindingKind, Grade, MachineId, Signal, Timestamp};

use crate::Lang;
use crate::view::{ConePoint, Curve};

/// A backtest in full.
#[derive(Clone, Debug)]
pub struct BacktestReport {
    /// What was tested, e.g. the file's name.
    pub title: String,
    /// Language of the report.
    pub lang: Lang,
    /// Zone in which days and times are shown.
    pub zone: Tz,
    /// First instant of the input.
    pub from: Timestamp,
    /// Last instant of the input.
    pub to: Timestamp,
    /// Length of the slots that machines' states are told in, ms: a day, or less where the history is short.
    pub slot_ms: i64,
    /// Readings that were admitted.
    pub readings: u64,
    /// Items that were refused.
    pub refused: u64,
    /// One entry per machine.
    pub machines: Vec<BacktestMachine>,
    /// How the forecasts compare with what happened; `None` without truth.
    pub scores: Option<BacktestScores>,
}

impl BacktestReport {
    /// Whether its times are dates. Nobody recorded machines before 1980: such a history counts from its own beginning.
    #[must_use]
    pub const fn is_dated(&self) -> bool {
        is_date(self.to)
    }
}

/// See [`BacktestReport::is_dated`].
#[must_use]
pub const fn is_date(at: Timestamp) -> bool {
    at.millis() >= 3_652 * DAY_MS
}

/// One machine of a backtest.
#[derive(Clone, Debug)]
pub struct BacktestMachine {
    /// Which.
    pub id: MachineId,
    /// Readings that were admitted.
    pub readings: u64,
    /// Why it could not be judged; `None` when it could.
    pub unjudged: Option<Unjudged>,
    /// The whole history; its own cone stays empty, the moments carry theirs.
    pub curve: Curve,
    /// The moments at which an episode was opened or its grade rose, in order.
    pub moments: Vec<BacktestMoment>,
    /// What its relations showed; a machine that is watched by nothing else has no other curve.
    pub residuals: Vec<Residual>,
    /// What is known to have happened; empty without truth.
    pub truth: Vec<TruthSpan>,
    /// What could be said in each slot, in order, without a gap.
    pub states: Vec<StateRun>,
    /// Messages to the customer, in order of time.
    pub letters: Vec<Letter>,
}

/// Why a machine could not be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unjudged {
    /// The history ends before the machine's normal could be learned: so many days of loaded running are needed.
    TooShort {
        /// Days of loaded running.
        days_needed: u32,
    },
    /// Readings come so seldom that no hour is seen well enough.
    TooSparse {
        /// A reading is needed at least so often, minutes.
        minutes_needed: u32,
    },
    /// No reading of it has what the engine cannot do without.
    Lacking {
        /// The signals that never came.
        signals: &'static [Signal],
        /// Days of loaded running that are needed once they come.
        days_needed: u32,
    },
}

/// What one relation showed over time: how far its target stood off what its companions let expect.
#[derive(Clone, Debug, PartialEq)]
pub struct Residual {
    /// The column that follows from the others.
    pub target: String,
    /// Its unit; empty without one.
    pub unit: String,
    /// Standard deviation while the relation held.
    pub usual: f64,
    /// Means of blocks of rows, in order of time.
    pub points: Vec<(Timestamp, f64)>,
}

/// A moment at which something would have been said.
#[derive(Clone, Debug)]
pub struct BacktestMoment {
    /// What was concluded.
    pub finding: Finding,
    /// The forecast as it stood at that moment; empty when none was made.
    pub cone: Vec<ConePoint>,
    /// Whether a message to the customer would have been drafted.
    pub would_send: bool,
}

/// What a machine is listed with, wherever a line must do: the first of its findings that a message would have been drafted for (the
/// flag beside each), or else its first warning, or else the first of its sensors that was found out of order.
#[must_use]
pub fn first_said<'a>(said: impl Iterator<Item = (&'a Finding, bool)> + Clone) -> Option<&'a Finding> {
    let of = |kept: fn(FindingKind, bool) -> bool| said.clone().find(|(finding, sends)| kept(finding.kind, *sends));
    let first = of(|kind, sends| sends && warns(kind)).or_else(|| of(|kind, _| warns(kind)));
    first.or_else(|| of(|kind, _| kind == FindingKind::SensorFault)).map(|(finding, _)| finding)
}

/// Whether a kind of finding warns of something: what keeps us from seeing, due service and the effect of work do not.
pub(super) const fn warns(kind: FindingKind) -> bool {
    matches!(kind, FindingKind::Prediction | FindingKind::Anomaly)
}

/// A message that would have gone to a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// When it would have been drafted.
    pub at: Timestamp,
    /// The message within whose thirty days it falls, so that it would have been held back; then it has no text.
    pub held_by: Option<Timestamp>,
    /// Its subject; empty where it has no text.
    pub subject: String,
    /// Its text; empty too where the history has no dates, because a message offers days.
    pub body: String,
}

/// What could be said of a machine on a day, from least to most pressing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DayState {
    /// No reading came.
    Unheard,
    /// Its normal was still being learned.
    Learning,
    /// The weather or the load hid its condition.
    Hidden,
    /// It ran as it should.
    Normal,
    /// A sensor was out of order: what it would have shown, nobody knows.
    Sensor,
    /// Something was watched inside the company.
    Watch,
    /// A visit was advised.
    Advise,
    /// Days rather than weeks were left.
    Urgent,
}

impl DayState {
    /// Every state, the least pressing first.
    pub const ALL: [Self; 8] = [
        Self::Unheard,
        Self::Learning,
        Self::Hidden,
        Self::Normal,
        Self::Sensor,
        Self::Watch,
        Self::Advise,
        Self::Urgent,
    ];

    /// What an open finding makes of a day; `None` for one that accuses neither machine nor sensor.
    #[must_use]
    pub const fn under(finding: &Finding) -> Option<Self> {
        match (finding.kind, finding.grade) {
            (FindingKind::SensorFault, _) => Some(Self::Sensor),
            (FindingKind::Prediction | FindingKind::Anomaly, Grade::Watch) => Some(Self::Watch),
            (FindingKind::Prediction | FindingKind::Anomaly, Grade::Advise) => Some(Self::Advise),
            (FindingKind::Prediction | FindingKind::Anomaly, Grade::Urgent) => Some(Self::Urgent),
            _ => None,
        }
    }

    /// The end of its CSS class.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unheard => "unheard",
            Self::Learning => "learning",
            Self::Hidden => "hidden",
            Self::Normal => "normal",
            Self::Sensor => "sensor",
            Self::Watch => "watch",
            Self::Advise => "advise",
            Self::Urgent => "urgent",
        }
    }
}

/// Slots in a row of one state, whole slots since 1970, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateRun {
    /// First slot.
    pub first: i64,
    /// Last slot.
    pub last: i64,
    /// What could be said.
    pub state: DayState,
}

/// A fault that is known to have been there.
#[derive(Clone, Debug)]
pub struct TruthSpan {
    /// Which fault, as a code.
    pub fault: FaultCode,
    /// When it began.
    pub onset: Timestamp,
    /// When the limit was reached, if it was.
    pub limit_reached: Option<Timestamp>,
    /// When it was cured, if it was.
    pub cleared: Option<Timestamp>,
}

/// A part of a whole with the exact 95 % interval of the share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// How many.
    pub part: u32,
    /// Of how many.
    pub of: u32,
    /// Lower end of the share's interval, 0 to 1.
    pub low: f64,
    /// Upper end of the share's interval, 0 to 1.
    pub high: f64,
}

/// Events over time with the exact 95 % interval of their rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// Over how many machine-years.
    pub machine_years: f64,
    /// Per machine-year.
    pub per_year: f64,
    /// Lower end of the rate's interval, per machine-year.
    pub low: f64,
    /// Upper end of the rate's interval, per machine-year.
    pub high: f64,
}

/// What the forecasts were worth so many days before the limit.
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalScore {
    /// How many days before.
    pub days_before: u8,
    /// Faults that were there at that distance.
    pub asked: u32,
    /// Of those with a forecast, how many held the truth in their 80 % interval.
    pub holds: Share,
    /// Median width of the interval over the truly remaining time.
    pub median_width: Option<f64>,
    /// Where the truth fell: before p10, up to p50, up to p90, after p90.
    pub fell: [u32; 4],
}

/// What became of the faults of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct KindScore {
    /// Which fault.
    pub fault: FaultCode,
    /// How many there were.
    pub there: u32,
    /// Of these, named first by any finding.
    pub found: u32,
    /// Of these, advised of.
    pub advised: u32,
    /// Of these, named only among the alternatives.
    pub alternative: u32,
    /// Advisories of this fault on machines that did not have it.
    pub false_advisories: u32,
}

/// A fault that reached the limit without a warning a week before.
#[derive(Clone, Debug, PartialEq)]
pub struct MissedFault {
    /// On which machine.
    pub machine: MachineId,
    /// Which fault.
    pub fault: FaultCode,
    /// When the limit was reached.
    pub limit_reached: Timestamp,
    /// What was said first while it was there, in which grade, and how many days before the limit.
    pub said: Option<(FaultCode, Grade, f64)>,
}

/// Figures of merit against truth.
#[derive(Clone, Debug, PartialEq)]
pub struct BacktestScores {
    /// Faults that reached the limit and were warned of (`advise` or `urgent`) at least 7 days before.
    pub warned_7d: Share,
    /// The same at least 14 days before.
    pub warned_14d: Share,
    /// Median lead of the first warning, days.
    pub lead_days_median: Option<f64>,
    /// Leads of all first warnings, ascending, days.
    pub leads_days: Vec<f64>,
    /// Advised faults whose first advisory named the true one.
    pub named_first: Share,
    /// Warnings without a fault behind them.
    pub false_advisories: Rate,
    /// The same on machines that had no fault at all.
    pub false_on_healthy: Rate,
    /// By distance from the limit, farthest first.
    pub intervals: Vec<IntervalScore>,
    /// By kind of fault.
    pub kinds: Vec<KindScore>,
    /// What was missed.
    pub missed: Vec<MissedFault>,
}
