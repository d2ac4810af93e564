//! Tables whose form another crate gives, read without turning a value of one type into another: `config` itself would take
//! `scale = true` for 1 and `scale = "2"` for 2.

use config::{Value, ValueKind};
use serde::de::DeserializeOwned;

use super::reader::Section;

impl Section<'_> {
    /// Reads every `[[key]]`; none when one of them has another form, which is told at its key. So their sense can be checked
    /// when all have the right form, and one fault is not told twice.
    pub(super) fn forms<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<Vec<T>> {
        let items = self.items(key);
        let written = items.len();
        let mut forms = Vec::with_capacity(written);
        for (path, value) in items {
            match form(value) {
                Ok(form) => forms.push(form),
                Err((at, problem)) => self.fault_at(&format!("{path}{at}"), format!("`{path}{at}`: {problem}")),
            }
        }
        (forms.len() == written).then_some(forms)
    }
}

/// A value as the form asks for it, or the key within it that has another one, and why.
fn form<T: DeserializeOwned>(value: Value) -> Result<T, (String, String)> {
    let value =
        as_written(value).ok_or_else(|| (String::new(), "it holds a number beyond all that are known".into()))?;
    T::deserialize(value).map_err(|error| {
        // `toml` tells the key in its words only, on a line behind the problem.
        let text = error.to_string();
        let key = text.lines().find_map(|line| line.strip_prefix("in `")?.strip_suffix('`'));
        (key.map(|key| format!(".{key}")).unwrap_or_default(), error.message().to_owned())
    })
}

/// The value with the types that it was written with; `None` for numbers that no file can hold.
fn as_written(value: Value) -> Option<toml::Value> {
    Some(match value.kind {
        ValueKind::Boolean(flag) => flag.into(),
        ValueKind::I64(n) => n.into(),
        ValueKind::Float(x) => x.into(),
        ValueKind::String(text) => text.into(),
        ValueKind::Array(values) => values.into_iter().map(as_written).collect::<Option<Vec<_>>>()?.into(),
        ValueKind::Table(table) => {
            let keys = table.into_iter().map(|(key, value)| Some((key, as_written(value)?)));
            keys.collect::<Option<toml::Table>>()?.into()
        }
        ValueKind::Nil | ValueKind::U64(_) | ValueKind::I128(_) | ValueKind::U128(_) => return None,
    })
}
