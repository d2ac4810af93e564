//! Reads a section key by key. Serde would stop at the first fault and forget the line; this collects every fault with its
//! place, and knows which keys were asked for, so that an unknown one can be answered with the one that was meant.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use config::{Value, ValueKind};

use super::fault::{Collected, Place, did_you_mean};
use super::layers::Lines;
use super::{unit, variables};

/// What every section of one configuration shares.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) lines: &'a Lines,
    pub(super) faults: &'a Collected,
    /// What is allowed and yet looks like a slip.
    pub(super) warnings: &'a Collected,
    /// Every key that was asked for, by its dotted path, outside of lists.
    pub(super) known: &'a RefCell<BTreeSet<String>>,
}

/// Where a value stands. `config` turns texts, numbers and yes or no into each other without a word, so that `low_c = true` would be a
/// limit of 1 degC; only in the environment everything is a text, and has to be turned.
#[derive(Clone, Copy, PartialEq)]
enum Layer {
    File,
    Environment,
}

/// One table of the merged configuration. Call [`Section::finish`] when every key has been asked for.
pub(super) struct Section<'a> {
    context: Context<'a>,
    /// Dotted path with array places, e.g. `mapping[0].signals`; empty for the root.
    path: String,
    values: BTreeMap<String, Value>,
    written: BTreeSet<String>,
    /// Keys whose text could not be understood, which was told.
    failed: BTreeSet<&'static str>,
    asked: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn root(context: Context<'a>, value: Value) -> Self {
        Self::at(context, String::new(), value)
    }

    fn at(context: Context<'a>, path: String, value: Value) -> Self {
        let values: BTreeMap<String, Value> = match value.kind {
            ValueKind::Table(table) => table.into_iter().collect(),
            ValueKind::Nil => BTreeMap::new(),
            _ => {
                let place = context.lines.place(&path, value.origin());
                context.faults.add(place, format!("`{path}` must be a table of keys"));
                BTreeMap::new()
            }
        };
        let written = values.keys().cloned().collect();
        Self { context, path, values, written, failed: BTreeSet::new(), asked: Vec::new() }
    }

    /// A subordinate table; empty when it is not there.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'a> {
        let value = self.take(key).unwrap_or_else(|| Value::new(None, ValueKind::Nil));
        Section::at(self.context, self.path_of(key), value)
    }

    /// The tables of `[[key]]`, in order.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let context = self.context;
        self.items(key).into_iter().map(|(path, value)| Section::at(context, path, value)).collect()
    }

    /// The values of `[[key]]` with their paths, in order.
    pub(super) fn items(&mut self, key: &'static str) -> Vec<(String, Value)> {
        let path = self.path_of(key);
        let Some(value) = self.take(key) else { return Vec::new() };
        let place = self.place(key, &value);
        let ValueKind::Array(values) = value.kind else {
            self.context.faults.add(place, format!("`{path}` is a list; write [[{path}]]"));
            return Vec::new();
        };
        values.into_iter().enumerate().map(|(n, value)| (format!("{path}[{n}]"), value)).collect()
    }

    /// A text, or `None` when it is not there or empty (an empty text switches a default off).
    pub(super) fn optional(&mut self, key: &'static str) -> Option<String> {
        let value = self.take(key)?;
        let place = self.place(key, &value);
        let is_flag = matches!(value.kind, ValueKind::Boolean(_));
        match value.into_string() {
            Ok(text) if !is_flag => Some(text).filter(|text| !text.is_empty()),
            _ => {
                self.context.faults.add(place, format!("`{}` must be a text", self.path_of(key)));
                None
            }
        }
    }

    /// A text that `parse` understands; the default when it is not there or faulty.
    pub(super) fn parsed<T>(&mut self, key: &'static str, or: T, parse: impl Fn(&str) -> Result<T, String>) -> T {
        self.parsed_optional(key, parse).unwrap_or(or)
    }

    /// A text that `parse` understands, or `None` when it is not there or faulty.
    pub(super) fn parsed_optional<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let place = self.place_of(key);
        let text = self.optional(key)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.failed.insert(key);
                self.context.faults.add(place, format!("`{}`: {why}", self.path_of(key)));
                None
            }
        }
    }

    /// A secret that stands in the environment; in a file it would be read by whoever reads the file.
    pub(super) fn secret_in_environment(&mut self, key: &'static str) -> Option<String> {
        self.note(key);
        let place = self.values.get(key).map(|value| self.place(key, value))?;
        let secret = self.optional(key)?;
        if matches!(place, Place::Variable(_)) {
            return Some(secret);
        }
        let path = self.path_of(key);
        self.context
            .faults
            .add(place, format!("`{path}` is a secret and may not stand in the file; use `{path}_file`"));
        None
    }

    /// A duration with its unit; more than nothing.
    pub(super) fn duration(&mut self, key: &'static str, or: Duration) -> Duration {
        self.parsed(key, or, unit::some_time)
    }

    /// A duration with its unit that may be nothing, which then means "at once".
    pub(super) fn duration_or_none(&mut self, key: &'static str, or: Duration) -> Duration {
        self.parsed(key, or, unit::duration)
    }

    /// A text; the default when it is not there.
    pub(super) fn text(&mut self, key: &'static str, or: &str) -> String {
        self.optional(key).unwrap_or_else(|| or.to_owned())
    }

    /// A whole number within `allowed`.
    pub(super) fn whole(&mut self, key: &'static str, or: u64, allowed: std::ops::RangeInclusive<u64>) -> u64 {
        let expected = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        self.typed(key, &expected, |value, from| {
            let whole = match (value.kind, from) {
                (ValueKind::String(text), Layer::Environment) => text.trim().parse().ok(),
                (ValueKind::I64(n), _) => u64::try_from(n).ok(),
                (ValueKind::U64(n), _) => Some(n),
                // One that is written as 1e6; what it cannot hold exactly lies beyond every bound here.
                (ValueKind::Float(x), _) => (x.fract() == 0.0 && x >= 0.0).then_some(x as u64),
                _ => None,
            };
            whole.filter(|n| allowed.contains(n))
        })
        .unwrap_or(or)
    }

    /// A number within `allowed`, if it is there.
    pub(super) fn number(&mut self, key: &'static str, allowed: std::ops::RangeInclusive<f64>) -> Option<f64> {
        let expected = format!("a number from {} to {}", allowed.start(), allowed.end());
        self.typed(key, &expected, |value, from| {
            let number = match (value.kind, from) {
                (ValueKind::String(text), Layer::Environment) => text.trim().parse().ok(),
                (ValueKind::I64(n), _) => Some(n as f64),
                (ValueKind::U64(n), _) => Some(n as f64),
                (ValueKind::Float(x), _) => Some(x),
                _ => None,
            };
            number.filter(|x| allowed.contains(x))
        })
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &'static str, or: bool) -> bool {
        self.typed(key, "true or false", |value, from| match (&value.kind, from) {
            (ValueKind::Boolean(flag), _) => Some(*flag),
            (_, Layer::Environment) => value.into_bool().ok(),
            (_, Layer::File) => None,
        })
        .unwrap_or(or)
    }

    /// Every value of a table that only the environment may hold.
    pub(super) fn all_from_environment(self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for (key, value) in &self.values {
            let place = self.place(key, value);
            match (&place, value.clone().into_string()) {
                (Place::Variable(_), Ok(text)) => drop(found.insert(key.clone(), text)),
                _ => {
                    let path = self.path_of(key);
                    self.context.faults.add(
                        place,
                        format!(
                            "`{path}` is a secret and may not stand in the file; use a `…_file` key where it is needed"
                        ),
                    );
                }
            }
        }
        found
    }

    /// A list of texts; in the environment separated by commas.
    pub(super) fn list(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.typed(key, "a list of texts", |value, _| match value.kind {
            ValueKind::Array(values) => values.into_iter().map(|v| v.into_string().ok()).collect(),
            ValueKind::String(text) => Some(text.split(',').map(|part| part.trim().to_owned()).collect()),
            _ => None,
        })
    }

    /// Notes a fault that only whoever reads the section can see.
    pub(super) fn fault(&self, key: &str, message: impl Into<String>) {
        self.context.faults.add(self.place_of(key), message);
    }

    /// Notes what is allowed and yet looks like a slip.
    pub(super) fn warn(&self, key: &str, message: impl Into<String>) {
        self.context.warnings.add(self.place_of(key), message);
    }

    /// Notes the second and any further value of a list that should hold each once.
    pub(super) fn each_once<T: Eq + std::hash::Hash>(&self, values: &[(String, T)], what: impl Fn(&T) -> String) {
        let mut first: std::collections::HashMap<&T, &str> = std::collections::HashMap::new();
        for (path, value) in values {
            let Some(before) = first.get(value) else {
                first.insert(value, path);
                continue;
            };
            let line = match self.context.lines.place(before, None) {
                Place::Line(line) => format!(" in line {line}"),
                _ => String::new(),
            };
            self.fault_at(path, format!("{} is there already{line}; take one of the two away", what(value)));
        }
    }

    /// Notes a warning at a path from the root that somebody else read.
    pub(super) fn warn_at(&self, path: &str, message: impl Into<String>) {
        self.context.warnings.add(self.context.lines.place(path, None), message);
    }

    /// Notes a fault of several keys, by their paths from the root, at the first of them that stands in the file.
    pub(super) fn fault_of(&self, paths: &[&str], message: impl Into<String>) {
        let places = paths.iter().map(|path| self.context.lines.place(path, None));
        let place = places.min().unwrap_or(Place::File);
        self.context.faults.add(place, message);
    }

    /// Notes a fault at a path from the root that somebody else read.
    pub(super) fn fault_at(&self, path: &str, message: impl Into<String>) {
        self.context.faults.add(self.context.lines.place(path, None), message);
    }

    /// Where this section stands, for errors.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Whether a key is written and has not been asked for yet.
    pub(super) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// Whether a key was written, whatever became of it: so that a faulty value is not reported as missing too.
    pub(super) fn was_written(&self, key: &str) -> bool {
        self.written.contains(key)
    }

    /// Whether the text of a key could not be understood, as was told.
    pub(super) fn failed(&self, key: &str) -> bool {
        self.failed.contains(key)
    }

    /// Every key that nobody asked for is a fault.
    pub(super) fn finish(self) {
        for (key, value) in &self.values {
            let path = self.path_of(key);
            let place = self.context.lines.place(&path, value.origin());
            let wanted = did_you_mean(key, self.asked.iter().copied());
            let hint = wanted.map_or_else(
                || format!("known here: {}", self.asked.join(", ")),
                |known| format!("did you mean `{known}`?"),
            );
            let within = if self.path.is_empty() { String::new() } else { format!(" in [{}]", self.path) };
            let message = format!("unknown key `{key}`{within}; {hint}");
            // A table that only the environment speaks of has no line; each of its variables is to be mended.
            let mut variables =
                if place == Place::File { self.context.lines.variables(&path, value) } else { Vec::new() };
            if variables.is_empty() {
                variables.push(place);
            }
            for place in variables {
                let twin = match &place {
                    Place::Variable(_) => variables::twin(&path, &self.context.known.borrow()),
                    _ => None,
                };
                let message = twin.map_or_else(
                    || message.clone(),
                    |twin| format!("unknown key `{key}`{within}; did you mean {twin}?"),
                );
                self.context.faults.add(place, message);
            }
        }
    }

    fn typed<T>(&mut self, key: &'static str, expected: &str, read: impl Fn(Value, Layer) -> Option<T>) -> Option<T> {
        let value = self.take(key)?;
        let place = self.place(key, &value);
        let from = if matches!(place, Place::Variable(_)) { Layer::Environment } else { Layer::File };
        let written = as_written(&value, from);
        let found = read(value, from);
        if found.is_none() {
            let is = written.map(|written| format!("is {written}; it ")).unwrap_or_default();
            self.context.faults.add(place, format!("`{}` {is}must be {expected}", self.path_of(key)));
        }
        found
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.note(key);
        self.values.remove(key)
    }

    fn note(&self, key: &str) {
        let path = self.path_of(key);
        if !path.contains('[') {
            self.context.known.borrow_mut().insert(path);
        }
    }

    fn place(&self, key: &str, value: &Value) -> Place {
        self.context.lines.place(&self.path_of(key), value.origin())
    }

    /// The place of a key that may have been taken already: the file's line if the file has it.
    fn place_of(&self, key: &str) -> Place {
        let origin = self.values.get(key).and_then(Value::origin);
        self.context.lines.place(&self.path_of(key), origin)
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// A value as it stands in its place, where that is short; a text of the file in its quotes, for they may be what is wrong.
fn as_written(value: &Value, from: Layer) -> Option<String> {
    const CHARS_MAX: usize = 40;
    let written = match (&value.kind, from) {
        (ValueKind::Table(_) | ValueKind::Array(_) | ValueKind::Nil, _) => return None,
        (ValueKind::String(text), Layer::File) => format!("the text \"{text}\""),
        (kind, _) => kind.to_string(),
    };
    (written.chars().count() <= CHARS_MAX).then_some(written)
}
