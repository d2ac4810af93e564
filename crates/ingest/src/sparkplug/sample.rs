//! From metrics to readings: one value with its time and quality, and how those of a message are put together.

use foretell_model::{MachineId, Quality, RunState, Signals, Timestamp};
use srad_types::payload::DataType;

use super::device::Moment;
use super::image::Image;
use super::output::Output;
use super::rules::{Rule, Target};
use super::value;
use super::wire::{Message, Metric, Value};
use crate::decode::{Admission, Candidate, Fault, RefusalReason};

/// Metrics of one message that were measured within this time are one reading: a node polls one after the other, and a
/// reading for each would be many of one value.
const SCAN_MS: i64 = 1000;

/// One value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// When it was measured; of its arrival when the node does not say.
    ts: Timestamp,
    is_untimed: bool,
    target: Target,
    said: Said,
    quality: Quality,
}

#[derive(Clone, Copy, Debug)]
enum Said {
    Number(Option<f64>),
    State(Option<RunState>),
}

/// A time of the wire, if it can be one.
pub(super) fn instant(millis: Option<u64>) -> Option<Timestamp> {
    millis.and_then(|millis| i64::try_from(millis).ok()).map(Timestamp::from_millis)
}

impl Sample {
    /// Reads a metric. A value that cannot be taken comes as "not measured", together with what is wrong with it, so that the
    /// old value does not go on as if it still held.
    ///
    /// # Errors
    /// When its time cannot be read.
    pub(super) fn read(
        admission: Admission,
        message: &Message<'_>,
        metric: &Metric<'_>,
        target: Target,
        datatype: Option<DataType>,
        rule: &Rule,
    ) -> Result<(Self, Option<Fault>), Fault> {
        let millis = metric.timestamp.or(message.timestamp);
        let ts = match (millis, instant(millis)) {
            (None, _) => admission.arrived,
            (Some(_), Some(ts)) => ts,
            (Some(millis), None) => {
                let detail = format!("the time stamp {millis} lies outside the years 0 to 9999");
                return Err(Fault::new(RefusalReason::BadTime, detail));
            }
        };
        let quality = match metric.quality {
            None | Some(192) => Quality::Good,
            Some(500) => Quality::Stale,
            Some(_) => Quality::Bad,
        };
        let said = if metric.is_null || metric.value == Value::Absent {
            Ok(None)
        } else {
            read(metric.value, datatype, target, rule)
        };
        let (said, fault) = match said {
            Ok(Some(said)) => (said, None),
            Ok(None) => (nothing(target), None),
            Err(fault) => (nothing(target), Some(fault)),
        };
        Ok((Self { ts, is_untimed: millis.is_none(), target, said, quality }, fault))
    }

    fn feeds(&self, other: &Self) -> bool {
        self.target.collides(other.target)
    }
}

fn nothing(target: Target) -> Said {
    match target {
        Target::Signal(..) => Said::Number(None),
        Target::State => Said::State(None),
    }
}

fn read(value: Value<'_>, datatype: Option<DataType>, target: Target, rule: &Rule) -> Result<Option<Said>, Fault> {
    let wrong_type = |problem| Fault::new(RefusalReason::WrongType, format!("`{}` {problem}", target.name()));
    match target {
        Target::State => {
            let word = value::word(value, datatype).map_err(wrong_type)?;
            let state = rule.state(&word).ok_or_else(|| {
                let shown: String = word.chars().take(40).collect();
                Fault::new(RefusalReason::UnknownWord, format!("`state` is {shown:?}, which stands for no state"))
            })?;
            Ok(Some(Said::State(Some(state))))
        }
        Target::Signal(signal, linear) => {
            let Some(raw) = value::number(value, datatype).map_err(wrong_type)? else { return Ok(None) };
            let (number, range) = (linear.apply(raw), signal.physical_range());
            if !range.contains(number) {
                let (name, unit, min, max) = (signal.name(), signal.unit(), range.min, range.max);
                let detail = format!("`{name}` is {number}; {min} to {max} {unit} is possible");
                return Err(Fault::new(RefusalReason::OutOfRange, detail));
            }
            Ok(Some(Said::Number(Some(number))))
        }
    }
}

/// A birth's values are those of its own time, whenever each of them was measured: one reading.
pub(super) fn birth(
    samples: &[Sample],
    at: Option<Timestamp>,
    moment: Moment<'_>,
    machine: &MachineId,
    rule: &Rule,
    image: &mut Image,
    out: &mut Output<'_>,
) {
    let mut group = Group::new(at.unwrap_or(moment.admission.arrived));
    group.is_untimed = at.is_none();
    samples.iter().for_each(|sample| group.add(sample));
    // A controller that has just started may have measured nothing yet; that is no fault.
    let says_nothing =
        group.candidate.signals.is_empty() && group.candidate.state.is_none() && group.doubtful.is_empty();
    for sample in samples {
        // A value is held from when it was measured, because what the node says next may be as old; and never from a time
        // to come, because then nothing later would be believed.
        sample.keep(image, sample.ts.min(group.at).min(moment.admission.arrived));
    }
    if !says_nothing {
        group.finish(moment, machine, rule, image, out);
    }
}

/// What changed: a reading for each time at which something did, filled up with what holds.
pub(super) fn data(
    mut samples: Vec<Sample>,
    moment: Moment<'_>,
    machine: &MachineId,
    rule: &Rule,
    image: &mut Image,
    out: &mut Output<'_>,
) {
    samples.sort_by_key(|sample| sample.ts);
    let mut rest = &samples[..];
    while let Some(first) = rest.first() {
        let joins = |place: &usize| {
            let next = &rest[*place];
            next.ts - first.ts <= SCAN_MS && !rest[..*place].iter().any(|sample| sample.feeds(next))
        };
        let count = 1 + (1..rest.len()).take_while(joins).count();
        let (now, later) = rest.split_at(count);
        rest = later;
        let mut group = Group::new(now[count - 1].ts);
        now.iter().for_each(|sample| group.add(sample));
        match moment.admission.time(group.at) {
            Err(fault) => {
                // Something changed and when is not known: what was before does not hold either.
                now.iter().for_each(|sample| sample.target.forget_in(image));
                out.fault(fault);
            }
            Ok(at) => {
                now.iter().for_each(|sample| sample.keep(image, at));
                group.finish(moment, machine, rule, image, out);
            }
        }
    }
}

impl Sample {
    /// Keeps the value as what holds from an instant on.
    fn keep(&self, image: &mut Image, from: Timestamp) {
        let is_good = self.quality == Quality::Good;
        match (self.target, self.said) {
            (Target::Signal(signal, _), Said::Number(value)) => image.keep(signal, from, value.filter(|_| is_good)),
            (_, Said::State(state)) => image.keep_state(from, state.filter(|_| is_good)),
            (Target::State, Said::Number(_)) => {}
        }
    }
}

/// Values that are one reading.
struct Group {
    at: Timestamp,
    candidate: Candidate,
    says_state: bool,
    is_untimed: bool,
    /// Values that the node itself does not trust.
    doubtful: Signals,
    doubt: Quality,
}

impl Group {
    fn new(at: Timestamp) -> Self {
        Self {
            at,
            candidate: Candidate::default(),
            says_state: false,
            is_untimed: false,
            doubtful: Signals::empty(),
            doubt: Quality::Stale,
        }
    }

    fn add(&mut self, sample: &Sample) {
        self.is_untimed |= sample.is_untimed;
        let is_good = sample.quality == Quality::Good;
        match (sample.target, sample.said) {
            (Target::Signal(signal, _), Said::Number(value)) => {
                self.candidate.name(signal, value.filter(|_| is_good));
                if let Some(value) = value.filter(|_| !is_good) {
                    self.doubtful.set(signal, value);
                    if sample.quality == Quality::Bad {
                        self.doubt = Quality::Bad;
                    }
                }
            }
            (_, Said::State(state)) => {
                self.candidate.state = state.filter(|_| is_good);
                self.says_state = true;
            }
            (Target::State, Said::Number(_)) => {}
        }
    }

    /// Fills up with what holds, and admits.
    fn finish(mut self, moment: Moment<'_>, machine: &MachineId, rule: &Rule, image: &Image, out: &mut Output<'_>) {
        image.fill(&mut self.candidate, self.at, self.says_state);
        self.candidate.ts = Some(self.at);
        if self.is_untimed {
            self.candidate.quality = Quality::UntimedAtSource;
        }
        // Single doubtful values are left out as not measured; when nothing else is left they are kept, marked.
        if self.candidate.signals.is_empty() && self.candidate.state.is_none() && !self.doubtful.is_empty() {
            self.candidate.signals = self.doubtful;
            self.candidate.quality = self.doubt;
        }
        match moment.admission.reading(machine, rule.required, &self.candidate) {
            Ok(event) => out.events.push(event),
            Err(fault) => out.fault(fault),
        }
    }
}
