//! The layers of a configuration: the built-in defaults, then a file, then the environment (`FORETELL__SECTION__KEY`).
//! The `config` crate merges them; `toml`'s spans give back the line that merging forgets.

use std::collections::{BTreeMap, HashMap};

use config::{Environment, File, FileFormat, Value, ValueKind};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Collected, Place};
use super::variables;

/// What `config` calls a value that came from the environment.
const ENVIRONMENT: &str = "the environment";

/// Which line of the file each key stands on.
#[derive(Debug, Default)]
pub(super) struct Lines(HashMap<String, usize>);

impl Lines {
    /// The lines of a text; syntax errors go to `faults`.
    pub(super) fn of(text: &str, faults: &Collected) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let place = error.span().map_or(Place::File, |span| Place::Line(line_of(text, span.start)));
            faults.add(place, error.message().trim().to_owned());
        }
        let mut lines = Self::default();
        index(text, "", table.get_ref(), &mut lines);
        lines
    }

    /// The environment variables that a value is made of.
    pub(super) fn variables(&self, path: &str, value: &Value) -> Vec<Place> {
        match &value.kind {
            ValueKind::Table(table) => {
                table.iter().flat_map(|(key, value)| self.variables(&format!("{path}.{key}"), value)).collect()
            }
            _ if value.origin() == Some(ENVIRONMENT) => vec![self.place(path, value.origin())],
            _ => Vec::new(),
        }
    }

    /// Where the value of a path came from, given what the merged value says of its origin.
    pub(super) fn place(&self, path: &str, origin: Option<&str>) -> Place {
        if origin == Some(ENVIRONMENT) {
            return Place::Variable(variables::of(path));
        }
        // A key that is missing stands where its table does.
        let mut path = path;
        loop {
            if let Some(line) = self.0.get(path) {
                return Place::Line(*line);
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return Place::File,
            }
        }
    }
}

/// Merges a file's text with environment variables. Syntax errors go to `faults`; what could be read is still returned, so
/// that the rest is checked too.
pub(super) fn merge(text: &str, variables: &BTreeMap<String, String>, faults: &Collected) -> (Value, Lines) {
    let lines = Lines::of(text, faults);
    // With a syntax error the file layer is left out: half a file would only raise faults that are not there.
    let file = if text.parse::<toml::Table>().is_ok() { text } else { "" };
    let environment = Environment::with_prefix("FORETELL").prefix_separator("__").separator("__");
    let environment = environment.source(Some(variables.clone().into_iter().collect()));
    let merged =
        config::Config::builder().add_source(File::from_str(file, FileFormat::Toml)).add_source(environment).build();
    match merged {
        Ok(merged) => (merged.cache, lines),
        Err(error) => {
            faults.add(Place::File, format!("could not merge file and environment: {error}"));
            (Value::new(None, ValueKind::Nil), lines)
        }
    }
}

fn index(text: &str, path: &str, table: &DeTable<'_>, lines: &mut Lines) {
    for (key, value) in table {
        let path = if path.is_empty() { key.get_ref().to_string() } else { format!("{path}.{}", key.get_ref()) };
        lines.0.insert(path.clone(), line_of(text, key.span().start));
        index_value(text, &path, value, lines);
    }
}

fn index_value(text: &str, path: &str, value: &Spanned<DeValue<'_>>, lines: &mut Lines) {
    match value.get_ref() {
        DeValue::Table(table) => index(text, path, table, lines),
        DeValue::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                let path = format!("{path}[{place}]");
                lines.0.insert(path.clone(), line_of(text, value.span().start));
                index_value(text, &path, value, lines);
            }
        }
        _ => {}
    }
}

fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes().iter().take(byte).filter(|b| **b == b'\n').count() + 1
}
