//! From the configuration's words to a checked [`Mapping`]; every fault is collected, with the key that it stands under.

use std::fmt;

use foretell_model::{MachineId, RunState, Signal};

use super::csv::Csv;
use super::pattern::Pattern;
use super::pointer::Pointer;
use super::spec::{FieldSpec, HoursSpec, MappingSpec, StateSpec, TimeSpec};
use super::time::TimeFormat;
use super::unit::{self, Linear};
use super::{Field, Mapping, Part, States, Time};
use crate::decode::admission::{bit, mask};
use crate::decode::hours::{HoursRule, RunHours};

/// A gap between two readings that still counts as running, unless configured: 10 min.
const GAP_MAX_MS: i64 = 600_000;

/// One fault of one mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingFault {
    /// The place of the mapping in the configuration, from 0.
    pub mapping: usize,
    /// Its topic, by which a person recognises it.
    pub topic: String,
    /// The key that is wrong, e.g. `signals.vibraton_mm_s.unit`.
    pub key: String,
    /// What is wrong with it and what would be right.
    pub problem: String,
}

impl fmt::Display for MappingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mapping, topic, key, problem } = self;
        write!(f, "mapping[{mapping}] (`{topic}`): {key}: {problem}")
    }
}

/// Collects the faults of one mapping.
struct Checker<'a> {
    mapping: usize,
    topic: &'a str,
    faults: &'a mut Vec<MappingFault>,
}

impl Checker<'_> {
    fn fault(&mut self, key: impl Into<String>, problem: impl Into<String>) {
        let (topic, key, problem) = (self.topic.to_owned(), key.into(), problem.into());
        self.faults.push(MappingFault { mapping: self.mapping, topic, key, problem });
    }

    /// The value, or `None` with its problem noted under the key.
    fn note<T>(&mut self, key: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|problem| self.fault(key, problem)).ok()
    }

    fn signal(&mut self, key: &str, name: &str) -> Option<Signal> {
        self.note(key, signal_named(name))
    }

    /// A constant of the configuration or a level of the topic, exactly one of the two.
    fn part(&mut self, key: &str, constant: Option<&str>, named: bool) -> Option<Part> {
        match (constant, named) {
            (None, true) => Some(Part::Level),
            (Some(text), false) => {
                // The model checks whole identities only; any valid other half will do.
                let checked = MachineId::new(text, "m").map(|_| Part::Constant(text.to_owned()));
                self.note(key, checked.map_err(|error| error.to_string()))
            }
            (None, false) => {
                self.fault(key, format!("neither the topic names {{{key}}} nor is there a constant"));
                None
            }
            (Some(_), true) => {
                self.fault(key, format!("the topic names {{{key}}} already; leave the key out"));
                None
            }
        }
    }

    fn time(&mut self, spec: &TimeSpec) -> Option<Time> {
        let at = self.note("ts.at", Pointer::parse(&spec.at));
        let format = TimeFormat::parse(spec.format.as_deref().unwrap_or("rfc3339"), spec.zone.as_deref());
        let format = format.map_err(|(key, problem)| self.fault(format!("ts.{key}"), problem)).ok();
        Some(Time { at: at?, format: format? })
    }

    fn field(&mut self, name: &str, spec: &FieldSpec) -> Option<Field> {
        let key = format!("signals.{name}");
        let at = self.note(&key, Pointer::parse(&spec.at));
        let signal = self.signal(&key, name)?;
        let linear = self.note(&key, linear(signal, spec));
        Some(Field { signal, at: at?, linear: linear? })
    }

    fn states(&mut self, spec: &StateSpec) -> Option<States> {
        let at = self.note("state.at", Pointer::parse(&spec.at));
        let mut values = Vec::new();
        for (word, name) in &spec.values {
            let state = RunState::from_name(name)
                .ok_or_else(|| format!("`{name}` is no state; stopped, starting, unloaded and loaded are"));
            if let Some(state) = self.note(&format!("state.values.{word}"), state) {
                values.push((word.to_lowercase(), state));
            }
        }
        Some(States { at: at?, values })
    }

    fn hours(&mut self, spec: &HoursSpec, fields: &[Field]) -> Option<HoursRule> {
        const KEY: &str = "derive.run_hours";
        let from = self.signal(&format!("{KEY}.from"), &spec.from);
        if let Some(from) = from
            && !fields.iter().any(|field| field.signal == from)
        {
            self.fault(format!("{KEY}.from"), format!("`{}` is not among the mapped signals", spec.from));
        }
        if fields.iter().any(|field| field.signal == Signal::RunHours) {
            self.fault(KEY, "`run_hours` is mapped already; take one of the two away");
        }
        if !spec.above.is_finite() {
            self.fault(format!("{KEY}.above"), "must be a finite number");
        }
        if !Signal::RunHours.physical_range().contains(spec.start) {
            self.fault(format!("{KEY}.start"), "must be 0 to 1,000,000 h");
        }
        let gap = spec.gap_max.as_deref().map_or(Ok(GAP_MAX_MS), duration_ms);
        let gap_max_ms = self.note(&format!("{KEY}.gap_max"), gap)?;
        Some(HoursRule { from: from?, above: spec.above, start_h: spec.start, gap_max_ms })
    }

    fn required(&mut self, spec: &MappingSpec, given: u16) -> u16 {
        let Some(names) = &spec.required else {
            let missing: Vec<_> =
                Signal::REQUIRED.into_iter().filter(|s| given & bit(*s) == 0).map(Signal::name).collect();
            if !missing.is_empty() {
                let problem = format!(
                    "`{}` is required and neither mapped nor derived; map it, or list what this source does have in `required`",
                    missing.join("`, `")
                );
                self.fault("required", problem);
            }
            return mask(&Signal::REQUIRED);
        };
        let signals: Vec<_> = names.iter().filter_map(|name| self.signal("required", name)).collect();
        for signal in signals.iter().filter(|signal| given & bit(**signal) == 0) {
            self.fault("required", format!("`{}` is neither mapped nor derived", signal.name()));
        }
        mask(&signals)
    }
}

/// The signal of a name, or the one that was probably meant.
pub(crate) fn signal_named(name: &str) -> Result<Signal, String> {
    Signal::from_name(name).ok_or_else(|| unknown_signal(name))
}

/// How a field's values become the signal's own unit.
pub(crate) fn linear(signal: Signal, spec: &FieldSpec) -> Result<Linear, String> {
    match (&spec.unit, spec.scale, spec.offset) {
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => Err("either a unit or scale and offset, not both".into()),
        (Some(unit), None, None) => unit::conversion(signal, unit)
            .map_err(|known| format!("unit `{unit}` is not known for this signal; known are {known}")),
        (None, scale, offset) => {
            let (scale, offset) = (scale.unwrap_or(1.0), offset.unwrap_or(0.0));
            // Phrased as "is usable", so that NaN fails.
            let usable = scale.is_finite() && scale != 0.0 && offset.is_finite();
            if usable { Ok(Linear { scale, offset }) } else { Err("scale must be finite and not 0".into()) }
        }
    }
}

/// Checks all mappings; either all are usable or every fault is told.
pub(in crate::decode) fn compile(specs: &[MappingSpec]) -> Result<Vec<Mapping>, Vec<MappingFault>> {
    let mut faults = Vec::new();
    let compiled: Vec<_> = specs
        .iter()
        .enumerate()
        .filter_map(|(mapping, spec)| one(spec, &mut Checker { mapping, topic: &spec.topic, faults: &mut faults }))
        .collect();
    if faults.is_empty() { Ok(compiled) } else { Err(faults) }
}

fn one(spec: &MappingSpec, checker: &mut Checker<'_>) -> Option<Mapping> {
    let pattern = checker.note("topic", Pattern::parse(&spec.topic));
    let names_site = pattern.as_ref().is_some_and(Pattern::names_site);
    let names_machine = pattern.as_ref().is_some_and(Pattern::names_machine);
    let (site, machine) = if pattern.is_some() {
        (
            checker.part("site", spec.site.as_deref(), names_site),
            checker.part("machine", spec.machine.as_deref(), names_machine),
        )
    } else {
        (None, None)
    };
    let records = spec.records.as_deref().and_then(|at| checker.note("records", Pointer::parse(at)));
    let csv = spec.csv.as_ref().and_then(|csv| checker.note("csv", Csv::parse(csv)));
    if records.is_some() && csv.is_some() {
        checker.fault("records", "CSV has no records by pointer; leave one of the two keys out");
    }
    let time = spec.ts.as_ref().and_then(|ts| checker.time(ts));
    if spec.ts.is_none() && (records.is_some() || csv.is_some()) {
        checker.fault("ts", "several records in one payload need a time stamp each");
    }
    let fields: Vec<_> = spec.signals.iter().filter_map(|(name, field)| checker.field(name, field)).collect();
    if spec.signals.is_empty() {
        checker.fault("signals", "no signal is mapped");
    }
    let state = spec.state.as_ref().and_then(|state| checker.states(state));
    let hours = spec.derive.as_ref().and_then(|derive| derive.run_hours.as_ref());
    let hours = hours.and_then(|hours| checker.hours(hours, &fields));
    let derived = if hours.is_some() { bit(Signal::RunHours) } else { 0 };
    let given = fields.iter().fold(derived, |mask, field| mask | bit(field.signal));
    // When a field or rule itself is at fault, what it leaves missing is not a second fault.
    let whole = fields.len() == spec.signals.len()
        && hours.is_some() == spec.derive.as_ref().is_some_and(|d| d.run_hours.is_some());
    let required = if whole { checker.required(spec, given) } else { 0 };
    Some(Mapping {
        topic: spec.topic.clone(),
        pattern: pattern?,
        site: site?,
        machine: machine?,
        records,
        csv,
        time,
        fields,
        state,
        required,
        hours: hours.map(RunHours::new),
    })
}

/// `"10m"`, `"90s"`, `"1h"`, `"500ms"` in milliseconds.
fn duration_ms(text: &str) -> Result<i64, String> {
    let problem = || format!("`{text}` is no duration such as \"10m\", \"90s\" or \"1h\"");
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(problem)?;
    let unit_ms = match &text[digits..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(problem()),
    };
    let count: i64 = text[..digits].parse().map_err(|_| problem())?;
    count.checked_mul(unit_ms).filter(|ms| *ms > 0).ok_or_else(problem)
}

fn unknown_signal(name: &str) -> String {
    match similar_signal(name) {
        Some(similar) => format!("there is no signal `{name}`; did you mean `{similar}`?"),
        None => format!("there is no signal `{name}`"),
    }
}

/// The signal's name that differs least from a misspelt one, if it is near enough to be meant.
pub(in crate::decode) fn similar_signal(name: &str) -> Option<&'static str> {
    let candidates = Signal::ALL.into_iter().map(|signal| (edits(name, signal.name()), signal.name()));
    candidates.min().filter(|(edits, known)| *edits <= known.len() / 3).map(|(_, known)| known)
}

/// Levenshtein distance in bytes.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
