//! From the configuration's words to a checked [`Mapping`]; every fault is collected, with the key that it stands under.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use foretell_model::{MachineId, RunState, Signal};

use super::csv::Csv;
use super::field::{Field, Register, Source};
use super::identity::{Identity, Part};
use super::pattern::Pattern;
use super::pointer::Pointer;
use super::spec::{FieldSpec, HoursSpec, MappingSpec, PartSpec, Pointers, StateSpec, TimeSpec};
use super::states::States;
use super::time::TimeFormat;
use super::unit::{self, Linear};
use super::{Mapping, Only, Payload, Time};
use crate::decode::admission::{bit, mask};
use crate::decode::hours::{HoursRule, RunHours};

/// A gap between two readings that still counts as running, unless configured: 10 min.
const GAP_MAX_MS: i64 = 600_000;
/// How late a reading still counts without the key: whoever was away for a month is caught up with.
const LATE_MAX_MS: i64 = 30 * 86_400_000;
/// For how many machines hours are derived without the key.
const HOURS_MACHINES_MAX: u32 = 10_000;

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

    /// A constant of the configuration, a level of the topic or a place in the payload, exactly one of them.
    fn part(&mut self, key: &str, given: Option<&PartSpec>, named: bool) -> Option<Part> {
        match (given, named) {
            (None, true) => Some(Part::Level),
            (Some(PartSpec::Constant(text)), false) => {
                // The model checks whole identities only; any valid other half will do.
                let checked = MachineId::new(text, "m").map(|_| Part::Constant(text.clone()));
                // Of signals a pointer may stand by itself.
                let meant = if text.starts_with('/') {
                    format!("; to take it from the payload, write {{ at = \"{text}\" }}")
                } else {
                    String::new()
                };
                self.note(key, checked.map_err(|error| format!("{error}{meant}")))
            }
            (Some(PartSpec::At(at)), false) => self.note(&format!("{key}.at"), Pointer::parse(at).map(Part::At)),
            (None, false) => {
                let problem =
                    format!("neither the topic names {{{key}}} nor is there a constant or a place in the payload");
                self.fault(key, problem);
                None
            }
            (Some(_), true) => {
                self.fault(key, format!("the topic names {{{key}}} already; leave the key out"));
                None
            }
        }
    }

    fn identity(&mut self, spec: &MappingSpec, pattern: &Pattern) -> Option<Identity> {
        let site = self.part("site", spec.site.as_ref(), pattern.names_site());
        let machine = self.part("machine", spec.machine.as_ref(), pattern.names_machine());
        let mut renamed = HashMap::new();
        for (theirs, ours) in &spec.machines {
            let checked = MachineId::new("s", ours).map_err(|error| error.to_string());
            if self.note(&format!("machines.{theirs}"), checked).is_some() {
                renamed.insert(theirs.to_lowercase(), ours.clone());
            }
        }
        Some(Identity { site: site?, machine: machine?, renamed })
    }

    fn payload(&mut self, spec: &MappingSpec) -> Payload {
        match &spec.csv {
            Some(_) if spec.text => {
                self.fault("text", "a payload is CSV or one bare text; leave one of the two keys out")
            }
            Some(_) if spec.records.is_some() => {
                self.fault("records", "CSV has no records by pointer; leave one of the two keys out");
            }
            None if spec.text && spec.records.is_some() => {
                self.fault("records", "a bare text has no records; leave one of the two keys out");
            }
            _ => {}
        }
        let csv = spec.csv.as_ref().and_then(|csv| self.note("csv", Csv::parse(csv)));
        match csv {
            Some(csv) => Payload::Csv(csv),
            None if spec.text => Payload::Text,
            None => Payload::Json,
        }
    }

    fn time(&mut self, spec: &TimeSpec) -> Option<Time> {
        let at = self.note("ts.at", Pointer::parse(&spec.at));
        let format = TimeFormat::parse(spec.format.as_deref().unwrap_or("rfc3339"), spec.zone.as_deref());
        let format = format.map_err(|(key, problem)| self.fault(format!("ts.{key}"), problem)).ok();
        Some(Time { at: at?, format: format? })
    }

    fn field(&mut self, name: &str, spec: &FieldSpec, by_topic: bool) -> Option<Field> {
        let key = format!("signals.{name}");
        let register = spec.register.as_deref().map_or(Ok(Register::None), |name| {
            Register::from_name(name).ok_or_else(|| format!("`{name}` is none of {}", Register::NAMES))
        });
        let register = self.note(&format!("{key}.register"), register);
        let source = self.source(&key, spec, register.unwrap_or(Register::None), by_topic);
        let signal = self.signal(&key, name)?;
        let linear = self.note(&key, linear(signal, spec));
        if !by_topic && spec.topic.is_some() {
            self.fault(format!("{key}.topic"), "the topic has no level {signal} where this word could stand");
        }
        let word = by_topic.then(|| spec.topic.clone().unwrap_or_else(|| name.to_owned()));
        let (source, linear, register, how) = (source?, linear?, register?, how(spec));
        let given = spec.unit.as_deref().map(|given| unit::written(given).unwrap_or(given));
        let unit = given.unwrap_or_else(|| unit::own(signal)).to_owned();
        Some(Field { signal, source, word, register, unit, linear, how, missing: spec.missing.clone() })
    }

    fn source(&mut self, key: &str, spec: &FieldSpec, register: Register, by_topic: bool) -> Option<Source> {
        let FieldSpec { at: Pointers(at), topic, value, register: _, unit, scale, offset, missing } = spec;
        if let Some(value) = *value {
            let alone = at.is_empty() && topic.is_none() && unit.is_none() && missing.is_empty();
            if !alone || scale.is_some() || offset.is_some() || spec.register.is_some() {
                self.fault(key, "a constant `value` stands alone, in the signal's own unit");
                return None;
            }
            let finite =
                if value.is_finite() { Ok(Source::Constant(value)) } else { Err("must be a finite number".into()) };
            return self.note(&format!("{key}.value"), finite);
        }
        let (wanted, given) = (register.count(), at.len());
        if given == 0 && by_topic && register == Register::None {
            return Pointer::parse("").ok().map(|whole| Source::At(vec![whole]));
        }
        if given != wanted {
            let how = match (given, wanted) {
                (0, _) => "needs `at`, where it stands in the payload, or a constant `value`".to_owned(),
                (_, 1) => "one pointer is wanted; for a number in two registers say `register`".to_owned(),
                _ => "two pointers are wanted, the register with the higher bits first".to_owned(),
            };
            self.fault(format!("{key}.at"), how);
            return None;
        }
        let places: Vec<Option<Pointer>> = at.iter().map(|at| self.note(key, Pointer::parse(at))).collect();
        places.into_iter().collect::<Option<Vec<_>>>().map(Source::At)
    }

    fn states(&mut self, spec: &StateSpec, by_topic: bool) -> Option<States> {
        let at = self.note("state.at", Pointer::parse(&spec.at));
        if !by_topic && spec.topic.is_some() {
            self.fault("state.topic", "the topic has no level {signal} where this word could stand");
        }
        let (mut values, mut otherwise) = (Vec::new(), None);
        for (word, name) in &spec.values {
            let state = RunState::from_name(name)
                .ok_or_else(|| format!("`{name}` is no state; stopped, starting, unloaded and loaded are"));
            let Some(state) = self.note(&format!("state.values.{word}"), state) else { continue };
            if word == "*" {
                otherwise = Some(state);
            } else {
                values.push((word.to_lowercase(), state));
            }
        }
        let word = by_topic.then(|| spec.topic.clone().unwrap_or_else(|| "state".to_owned()));
        Some(States { at: at?, word, mask: spec.mask, values, otherwise })
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
        if let Some(from) = from
            && fields.iter().any(|field| field.signal == from && field.is_constant())
        {
            self.fault(format!("{KEY}.from"), format!("`{}` is a constant and never changes", spec.from));
        }
        if !spec.above.is_finite() {
            self.fault(format!("{KEY}.above"), "must be a finite number");
        }
        if !Signal::RunHours.physical_range().contains(spec.start) {
            self.fault(format!("{KEY}.start"), "must be 0 to 1,000,000 h");
        }
        let gap = spec.gap_max.as_deref().map_or(Ok(GAP_MAX_MS), duration_ms);
        let gap_max_ms = self.note(&format!("{KEY}.gap_max"), gap)?;
        let late = spec.late_max.as_deref().map_or(Ok(LATE_MAX_MS), duration_ms);
        let late_max_ms = self.note(&format!("{KEY}.late_max"), late)?;
        let machines_max = spec.machines_max.unwrap_or(HOURS_MACHINES_MAX);
        if machines_max == 0 {
            self.fault(format!("{KEY}.machines_max"), "must be at least 1");
        }
        let (above, start_h, machines_max) = (spec.above, spec.start, machines_max as usize);
        Some(HoursRule { from: from?, above, start_h, gap_max_ms, late_max_ms, machines_max })
    }

    fn required(&mut self, spec: &MappingSpec, given: u16, by_topic: bool) -> u16 {
        let Some(names) = &spec.required else {
            // Each message holds one signal only.
            if by_topic {
                return 0;
            }
            let missing: Vec<_> =
                Signal::REQUIRED.into_iter().filter(|s| given & bit(*s) == 0).map(Signal::name).collect();
            if !missing.is_empty() {
                let (are, them) = if missing.len() == 1 { ("is", "it") } else { ("are", "them") };
                let problem = format!(
                    "`{}` {are} required and neither mapped nor derived; map {them}, or list what this source does have in `required`",
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

/// How a field's numbers become the signal's own unit: scale and offset first, then the unit.
pub(crate) fn linear(signal: Signal, spec: &FieldSpec) -> Result<Linear, String> {
    let (scale, offset) = (spec.scale.unwrap_or(1.0), spec.offset.unwrap_or(0.0));
    // Phrased as "is usable", so that NaN fails.
    let usable = scale.is_finite() && scale != 0.0 && offset.is_finite();
    if !usable {
        return Err("scale must be finite and not 0".into());
    }
    let from_unit = spec.unit.as_deref().map_or(Ok(Linear::IDENTITY), |unit| {
        unit::conversion(signal, unit)
            .map_err(|known| format!("unit `{unit}` is not known for this signal; known are {known}"))
    });
    Ok(from_unit?.after(Linear { scale, offset }))
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
    let by_topic = pattern.as_ref().is_some_and(Pattern::names_signal);
    let identity = pattern.as_ref().and_then(|pattern| checker.identity(spec, pattern));
    let records = spec.records.as_deref().and_then(|at| checker.note("records", Pointer::parse(at)));
    let only = spec
        .only
        .as_ref()
        .and_then(|only| checker.note("only.at", Pointer::parse(&only.at)).map(|at| Only { at, is: only.is.clone() }));
    let payload = checker.payload(spec);
    let time = spec.ts.as_ref().and_then(|ts| checker.time(ts));
    if spec.ts.is_none() && (records.is_some() || spec.csv.is_some()) {
        checker.fault("ts", "several records in one payload need a time stamp each");
    }
    let fields: Vec<_> = spec.signals.iter().filter_map(|(name, field)| checker.field(name, field, by_topic)).collect();
    if spec.signals.is_empty() {
        checker.fault("signals", "no signal is mapped");
    }
    let states = spec.state.as_ref().and_then(|state| checker.states(state, by_topic));
    let hours = spec.derive.as_ref().and_then(|derive| derive.run_hours.as_ref());
    let hours = hours.and_then(|hours| checker.hours(hours, &fields));
    let derived = if hours.is_some() { bit(Signal::RunHours) } else { 0 };
    let given = fields.iter().fold(derived, |mask, field| mask | bit(field.signal));
    // When a field or rule itself is at fault, what it leaves missing is not a second fault.
    let whole = fields.len() == spec.signals.len()
        && hours.is_some() == spec.derive.as_ref().is_some_and(|d| d.run_hours.is_some());
    let required = if whole { checker.required(spec, given, by_topic) } else { 0 };
    Some(Mapping {
        topic: spec.topic.clone(),
        pattern: pattern?,
        identity: identity?,
        records,
        only,
        payload,
        decimal_comma: spec.decimal_comma,
        time,
        fields,
        states,
        required,
        hours: hours.map(|rule| Arc::new(RunHours::new(rule))),
    })
}

/// How a field's number is read, in words.
fn how(spec: &FieldSpec) -> String {
    let mut steps = Vec::new();
    if spec.value.is_some() {
        steps.push("a constant of the mapping".to_owned());
    }
    steps.extend(spec.register.iter().map(|register| format!("as {register}")));
    steps.extend(spec.scale.iter().map(|scale| format!("times {scale}")));
    steps.extend(spec.offset.iter().map(|offset| format!("plus {offset}")));
    steps.extend(spec.unit.iter().map(|unit| format!("from {unit}")));
    steps.join(", ")
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
