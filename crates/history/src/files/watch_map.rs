//! The `[watch]` table of a column map: columns that are no signal of the contract and are watched all the same.

use std::collections::BTreeMap;

use super::column_map::{MapError, signal_source, wrong};
use super::units::Linear;
use foretell_model::Signal;

/// Free columns: named ones, and whether all others are watched too.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct WatchMap {
    /// Column and conversion by the name under which the column is watched.
    pub(crate) named: BTreeMap<String, (String, Linear)>,
    /// Every numeric column that nothing else is taken from, by its own name.
    pub(crate) all: bool,
    /// Columns that `all` leaves alone, such as labels.
    pub(crate) except: Vec<String>,
    /// Names of watched columns that only relations read: what varies as it likes has no score worth an alarm.
    pub(crate) unscored: Vec<String>,
}

impl WatchMap {
    /// Whether any column is watched.
    pub(crate) fn is_empty(&self) -> bool {
        !self.all && self.named.is_empty()
    }

    /// `all`, `except` and `unscored` are told from names of signals by their type.
    pub(crate) fn parse(table: BTreeMap<String, toml::Value>) -> Result<Self, MapError> {
        let mut map = Self::default();
        for (name, value) in table {
            let key = format!("watch.{name}");
            match (name.as_str(), value) {
                ("all", toml::Value::Boolean(all)) => map.all = all,
                ("except", columns @ toml::Value::Array(_)) => {
                    map.except = columns.try_into().map_err(|e: toml::de::Error| wrong(&key, e.message()))?;
                }
                ("unscored", names @ toml::Value::Array(_)) => {
                    map.unscored = names.try_into().map_err(|e: toml::de::Error| wrong(&key, e.message()))?;
                }
                (_, value) => {
                    check_name(&key, &name)?;
                    map.named.insert(name, signal_source(&key, value, |_| None)?);
                }
            }
        }
        let is_watched = |name: &String| map.all || map.named.contains_key(name);
        match map.unscored.iter().find(|name| !is_watched(name)) {
            Some(name) => Err(wrong("watch.unscored", format!("`{name}` is not watched"))),
            None => Ok(map),
        }
    }
}

fn check_name(key: &str, name: &str) -> Result<(), MapError> {
    if Signal::from_name(name).is_some() || ["ts", "site", "machine", "state"].contains(&name) {
        return Err(wrong(key, "is a name of the contract; map it under [columns]"));
    }
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(wrong(key, "is no name for a signal"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::ColumnMap;

    fn check(text: &str, expected: &str) {
        let shown = ColumnMap::parse(text).map(|map| {
            let named: Vec<_> = map.watch.named.iter().map(|(name, (column, l))| (name, column, l.scale)).collect();
            format!("{named:?} {} {:?}", map.watch.all, map.watch.except)
        });
        assert_eq!(shown.unwrap_or_else(|e| e.to_string()), expected, "{text}");
    }

    #[test]
    fn names_columns_or_takes_all() {
        check("[watch]\nflow = \"F\"", r#"[("flow", "F", 1.0)] false []"#);
        check("[watch]\nflow = { column = \"F\", scale = 0.5 }", r#"[("flow", "F", 0.5)] false []"#);
        check("[watch]\nall = true\nexcept = [\"label\"]", r#"[] true ["label"]"#);
        check("[watch]\nall = \"All\"", r#"[("all", "All", 1.0)] false []"#);
        check("[watch]\nexcept = [1]", "`watch.except`: invalid type: integer `1`, expected a string");
        check("[watch]\nin = \"A\"\nunscored = [\"im\"]", "`watch.unscored`: `im` is not watched");
        check(
            "[watch]\nmotor_current_a = \"I\"",
            "`watch.motor_current_a`: is a name of the contract; map it under [columns]",
        );
        check(
            "[watch]\nt = { column = \"T\", unit = \"degF\" }",
            "`watch.t`: cannot come in `degF`; use scale and offset",
        );
    }
}
