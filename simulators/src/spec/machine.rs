//! One machine in a specification: what it is, what ails it, how its link behaves.

use serde::Deserialize;

use super::Span;
use crate::fault::FaultKind;
use crate::physics::Trim;

/// Which signals a controller publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalSet {
    /// Discharge temperature, current, run hours.
    Minimal,
    /// Also load hours, line pressure and state.
    Standard,
    /// Everything that the model knows.
    Full,
}

/// What a change moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The pressure settings, bar.
    SetPoint,
    /// The demand, as a share of the machine's delivery.
    Demand,
}

/// A lasting change that is no fault.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeSpec {
    /// What.
    pub kind: ChangeKind,
    /// When, counted from the fleet's begin.
    pub after: Span,
    /// By how much.
    pub by: f64,
}

/// A machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineSpec {
    /// Its id in topics.
    pub name: String,
    /// What the customer calls it, e.g. `No. 2`.
    #[serde(default)]
    pub number: String,
    /// Rated motor power.
    pub kw: f64,
    /// Demand at full activity as a share of its delivery; above 1 it stays loaded.
    #[serde(default = "load")]
    pub load: f64,
    /// Demand when the site is closed, same unit; 0 means that it is switched off then.
    #[serde(default)]
    pub night_load: f64,
    /// Variable speed instead of load/unload control.
    #[serde(default)]
    pub variable_speed: bool,
    /// Whether it measures its cooling air.
    #[serde(default = "yes")]
    pub ambient_sensor: bool,
    /// What it publishes.
    #[serde(default = "signals")]
    pub signals: SignalSet,
    /// Resolution of the temperatures, K.
    #[serde(default = "resolution_k")]
    pub resolution_k: f64,
    /// White noise of the discharge temperature, sd in K.
    #[serde(default = "noise_k")]
    pub noise_k: f64,
    /// Slow unexplained wander of the discharge temperature, sd in K.
    #[serde(default = "wander_k")]
    pub wander_k: f64,
    /// Its own sampling interval.
    pub every: Option<Span>,
    /// Hours on the counter at the begin.
    #[serde(default = "run_hours")]
    pub run_hours: f64,
    /// Discharge temperature that counts as failure, degC.
    #[serde(default = "limit_c")]
    pub limit_c: f64,
    /// Discharge temperature that stops it, degC.
    #[serde(default = "trip_c")]
    pub trip_c: f64,
    /// How it differs from the book.
    #[serde(default)]
    pub trim: TrimSpec,
    /// Lasting changes that are no faults.
    #[serde(default)]
    pub change: Vec<ChangeSpec>,
    /// What ails it.
    #[serde(default)]
    pub fault: Vec<FaultSpec>,
    /// How its link behaves.
    #[serde(default)]
    pub link: LinkSpec,
}

/// [`Trim`] as it stands in a file; what is left out is by the book.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrimSpec {
    /// Factor on the cooler's heat transfer.
    pub ua: f64,
    /// Factor on shaft power.
    pub shaft: f64,
    /// Factor on heat capacities.
    pub capacity: f64,
    /// Factor on oil flow.
    pub oil_flow: f64,
    /// Factor on cooling air.
    pub air_flow: f64,
    /// Factor on receiver and pipes.
    pub receiver: f64,
    /// Shift of the thermostatic valve, K.
    pub valve_shift_k: f64,
}

impl Default for TrimSpec {
    fn default() -> Self {
        let Trim { ua, shaft, capacity, oil_flow, air_flow, receiver, valve_shift_k } = Trim::default();
        Self { ua, shaft, capacity, oil_flow, air_flow, receiver, valve_shift_k }
    }
}

impl From<TrimSpec> for Trim {
    fn from(spec: TrimSpec) -> Self {
        let TrimSpec { ua, shaft, capacity, oil_flow, air_flow, receiver, valve_shift_k } = spec;
        Self { ua, shaft, capacity, oil_flow, air_flow, receiver, valve_shift_k }
    }
}

/// How a fault grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// At once to its full degree.
    Step,
    /// By the same amount every day.
    Linear,
    /// Doubling its pace every `doubling`.
    Accelerating,
    /// Towards its full degree, ever slower (Kern and Seaton).
    Asymptotic,
    /// Linear, cleaned every `clean_every`.
    SawTooth,
}

/// A fault. Its *degree* grows from 0; what a degree means is said at [`FaultKind`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// Which.
    pub kind: FaultKind,
    /// Onset, counted from the fleet's begin.
    pub after: Span,
    /// How it grows; each kind has its usual one.
    pub shape: Option<Shape>,
    /// First pace per calendar day of the site's schedule; each kind has its usual one.
    pub rate_per_day: Option<f64>,
    /// Full degree; each kind has its usual one.
    pub degree: Option<f64>,
    /// Time in which an accelerating fault doubles its pace.
    #[serde(default = "doubling")]
    pub doubling: Span,
    /// Period of a saw-tooth's cleanings.
    #[serde(default = "clean_every")]
    pub clean_every: Span,
    /// Share of the degree that a cleaning or repair takes away, 0-1.
    #[serde(default = "recovers")]
    pub recovers: f64,
    /// Random walk of the degree, sd per square root of a day.
    #[serde(default = "wander_per_day")]
    pub wander_per_day: f64,
    /// Clogging only: cooling air lost per unit of degree.
    #[serde(default = "air_share")]
    pub air_share: f64,
    /// Repaired at this time, counted from the fleet's begin.
    pub cleared: Option<Span>,
    /// Repaired so long after the limit was reached.
    pub cleared_after_limit: Option<Span>,
}

/// What a link does to messages. Probabilities are per message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkSpec {
    /// Never sent.
    pub drop: f64,
    /// Sent twice.
    pub duplicate: f64,
    /// Held back behind one to five later ones.
    pub out_of_order: f64,
    /// Followed by a payload that is not telemetry.
    pub garbage: f64,
    /// Outages begin so often on average; 0 for never.
    pub outages_per_day: f64,
    /// Length of an outage; what was measured meanwhile follows as arrays of up to 1,000.
    pub outage_lasts: Span,
    /// The controller's clock minus the true time.
    pub clock_skew: Span,
}

fn load() -> f64 {
    1.1
}
fn yes() -> bool {
    true
}
fn signals() -> SignalSet {
    SignalSet::Standard
}
fn resolution_k() -> f64 {
    0.1
}
fn noise_k() -> f64 {
    0.4
}
fn wander_k() -> f64 {
    0.6
}
fn run_hours() -> f64 {
    5000.0
}
fn limit_c() -> f64 {
    105.0
}
fn trip_c() -> f64 {
    110.0
}
fn doubling() -> Span {
    Span(20 * crate::time::DAY_MS)
}
fn clean_every() -> Span {
    Span(30 * crate::time::DAY_MS)
}
fn recovers() -> f64 {
    0.95
}
fn wander_per_day() -> f64 {
    0.003
}
fn air_share() -> f64 {
    0.25
}

impl MachineSpec {
    /// A healthy machine by the book.
    #[must_use]
    pub fn new(name: &str, kw: f64) -> Self {
        Self {
            name: name.to_owned(),
            number: String::new(),
            kw,
            load: load(),
            night_load: 0.0,
            variable_speed: false,
            ambient_sensor: true,
            signals: signals(),
            resolution_k: resolution_k(),
            noise_k: noise_k(),
            wander_k: wander_k(),
            every: None,
            run_hours: run_hours(),
            limit_c: limit_c(),
            trip_c: trip_c(),
            trim: TrimSpec::default(),
            change: Vec::new(),
            fault: Vec::new(),
            link: LinkSpec::default(),
        }
    }
}

impl FaultSpec {
    /// A fault of a kind as it usually goes.
    #[must_use]
    pub fn new(kind: FaultKind, after_ms: i64) -> Self {
        Self {
            kind,
            after: Span(after_ms),
            shape: None,
            rate_per_day: None,
            degree: None,
            doubling: doubling(),
            clean_every: clean_every(),
            recovers: recovers(),
            wander_per_day: wander_per_day(),
            air_share: air_share(),
            cleared: None,
            cleared_after_limit: None,
        }
    }
}

impl MachineSpec {
    /// What makes no sense about it, if anything.
    pub(super) fn problem(&self) -> Option<&'static str> {
        // Each is phrased as "is inside", so that NaN is outside.
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let link = &self.link;
        let trim = &self.trim;
        let factors = [trim.ua, trim.shaft, trim.capacity, trim.oil_flow, trim.air_flow, trim.receiver];
        [
            ((4.0..=630.0).contains(&self.kw), "`kw` must be between 4 and 630"),
            (
                (0.0..=5.0).contains(&self.load) && (0.0..=5.0).contains(&self.night_load),
                "`load` must be between 0 and 5",
            ),
            ((0.001..=10.0).contains(&self.resolution_k), "`resolution_k` must be between 0.001 and 10"),
            ((0.0..=20.0).contains(&self.noise_k) && (0.0..=20.0).contains(&self.wander_k), "noise must be 0 to 20 K"),
            (self.every.is_none_or(|every| every.0 >= 100), "`every` must be at least \"100ms\""),
            (self.limit_c < self.trip_c + 50.0 && self.trip_c > 60.0, "`trip_c` must be above 60 degC"),
            (factors.into_iter().all(|factor| (0.05..=50.0).contains(&factor)), "trims are factors from 0.05 to 50"),
            (
                [link.drop, link.duplicate, link.out_of_order, link.garbage].into_iter().all(share),
                "probabilities of a link are 0 to 1",
            ),
            (self.fault.iter().all(|fault| share(fault.recovers) && fault.clean_every.0 > 0), "`recovers` is 0 to 1"),
            (self.fault.iter().all(|fault| fault.doubling.0 > 0), "`doubling` must be positive"),
        ]
        .into_iter()
        .find_map(|(sound, problem)| (!sound).then_some(problem))
    }
}
