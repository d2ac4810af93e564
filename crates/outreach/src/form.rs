//! Reads a registry's entries out of a file, and says of a misshapen one everything that is wrong with it.
//!
//! What reads an entry stops at the first thing that it cannot use, and says so in words for programmers. So that thing is noted in
//! words of ours, taken away or stood in for, and the entry is read once more, until nothing is left to note.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use crate::csv::{TEXT_CHARS_MAX, is_unseen};
use crate::problems::Problem;

/// Faults of one entry that are looked for; whoever has more mends these first.
const FAULTS_MAX: usize = 64;

/// What stands in for a key that is missing, tried in turn: whatever is said of it then is not told.
const STAND_INS: [fn() -> toml::Value; 2] = [|| toml::Value::String("en".to_owned()), || toml::Value::Integer(1)];

/// Reads entries and notes what has not the right form.
#[derive(Default)]
pub(crate) struct Form {
    pub(crate) problems: Vec<Problem>,
    /// Kind and key of what is there but could not be read.
    pub(crate) misshapen: BTreeSet<(&'static str, String)>,
    /// Place in the file of each entry that could be read.
    pub(crate) places: BTreeMap<&'static str, Vec<usize>>,
    /// Paths at which something was wrong: what is there now was never written.
    noted: BTreeSet<String>,
}

impl Form {
    /// The entries of a kind, as far as they can be read.
    pub(crate) fn entries<T: DeserializeOwned>(&mut self, file: &mut toml::Table, kind: &'static str) -> Vec<T> {
        let values = match file.remove(kind) {
            None => return Vec::new(),
            Some(toml::Value::Array(values)) => values,
            Some(_) => {
                let why = format!("`{kind}` is a list; write [[{kind}]]");
                self.problems.push(Problem { path: kind.to_owned(), why });
                return Vec::new();
            }
        };
        let mut entries = Vec::new();
        for (place, value) in values.into_iter().enumerate() {
            let id = value.get("id").and_then(toml::Value::as_str).unwrap_or_default().to_owned();
            let id: String = id.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect();
            let name = if id.is_empty() { format!("[[{kind}]]") } else { format!("{kind} `{id}`") };
            self.texts(&value, &format!("{kind}[{place}]"), &name);
            if let Some(entry) = self.entry(value, &format!("{kind}[{place}]"), &name) {
                self.places.entry(kind).or_default().push(place);
                entries.push(entry);
            } else {
                self.misshapen.insert((kind, id));
            }
        }
        entries
    }

    /// Notes texts that would spoil pages and letters: with control characters, or longer than any name or address is.
    fn texts(&mut self, value: &toml::Value, at: &str, name: &str) {
        match value {
            toml::Value::String(text) => {
                let may_break = at.rsplit('.').next() == Some("address");
                let is_odd = |c: char| is_unseen(c) && !(may_break && matches!(c, '\r' | '\n'));
                if text.chars().any(is_odd) || text.chars().count() > TEXT_CHARS_MAX {
                    let why = format!("{name}: it holds control characters or more than {TEXT_CHARS_MAX} characters");
                    self.problems.push(Problem { path: at.to_owned(), why });
                    self.noted.insert(at.to_owned());
                }
            }
            toml::Value::Array(items) => {
                items.iter().enumerate().for_each(|(n, item)| self.texts(item, &format!("{at}[{n}]"), name));
            }
            toml::Value::Table(table) => {
                table.iter().for_each(|(key, item)| self.texts(item, &format!("{at}.{key}"), name));
            }
            _ => {}
        }
    }

    /// Whether a path is of something that was noted already.
    pub(crate) fn has_noted(&self, path: &str) -> bool {
        let is_within = |rest: &str| rest.is_empty() || rest.starts_with(['.', '[']);
        self.noted.iter().any(|noted| path.strip_prefix(noted.as_str()).is_some_and(is_within))
    }

    /// One entry; `None` when it has no key of its own, or nothing can be made of it.
    fn entry<T: DeserializeOwned>(&mut self, mut value: toml::Value, at: &str, name: &str) -> Option<T> {
        let mut stood_in = BTreeMap::new();
        for _ in 0..FAULTS_MAX {
            let said = match value.clone().try_into::<T>() {
                Ok(entry) => return Some(entry).filter(|_| !self.has_noted(&format!("{at}.id"))),
                Err(error) => error.to_string().trim().replace('\n', " "),
            };
            let fault = Fault::read(&said);
            let path = fault.path().iter().fold(at.to_owned(), |path, key| format!("{path}.{key}"));
            if !self.has_noted(&path) {
                self.problems.push(Problem { path: path.clone(), why: format!("{name}: {}", fault.words()) });
                self.noted.insert(path);
            }
            if !fault.take_away(&mut value, &mut stood_in) {
                return None;
            }
        }
        None
    }
}

/// Why an entry could not be read, as the reader says it.
struct Fault<'a> {
    /// The keys that lead to it.
    keys: Vec<&'a str>,
    what: What<'a>,
}

enum What<'a> {
    /// A key that is needed.
    Missing(&'a str),
    /// A key that nobody knows, and those that are known.
    Unknown(&'a str, Vec<&'a str>),
    /// A value of the wrong kind.
    Value(&'a str),
}

impl<'a> Fault<'a> {
    /// Takes `… in `production.shifts`` apart.
    fn read(said: &'a str) -> Self {
        let within = said.rsplit_once(" in `").and_then(|(why, rest)| Some((why, rest.strip_suffix('`')?)));
        let (why, keys) = match within {
            Some((why, path)) => (why, path.split('.').collect()),
            None => (said, Vec::new()),
        };
        let key = |prefix| why.strip_prefix(prefix).and_then(|rest| rest.split_once('`'));
        let what = match (key("missing field `"), key("unknown field `")) {
            (Some((missing, _)), _) => What::Missing(missing),
            (_, Some((unknown, known))) => What::Unknown(unknown, named(known)),
            _ => What::Value(why),
        };
        Self { keys, what }
    }

    /// The keys that lead to what is at fault, itself included.
    fn path(&self) -> Vec<&'a str> {
        let own = match self.what {
            What::Missing(key) | What::Unknown(key, _) => Some(key),
            What::Value(_) => None,
        };
        self.keys.iter().copied().chain(own).collect()
    }

    /// What is wrong, and what would be right.
    fn words(&self) -> String {
        match &self.what {
            What::Missing("language") => "`language` is missing; it is \"zh-CN\" or \"en\"".to_owned(),
            What::Missing(key) => format!("`{key}` is missing"),
            What::Unknown(key, known) => format!("unknown key `{key}`; known here: {}", known.join(", ")),
            What::Value(why) => {
                self.keys.last().map_or_else(|| in_words("it", why), |key| in_words(&format!("`{key}`"), why))
            }
        }
    }

    /// Takes what is at fault away, or puts something in its place, so that what else is wrong shows; `false` when it cannot be.
    fn take_away(&self, value: &mut toml::Value, stood_in: &mut BTreeMap<String, usize>) -> bool {
        let done = match &self.what {
            What::Missing(key) => {
                let times = stood_in.entry(self.path().join(".")).or_default();
                let stand_in = STAND_INS.get(*times);
                *times += 1;
                table(value, &self.keys)
                    .zip(stand_in)
                    .map(|(table, stand_in)| table.insert((*key).to_owned(), stand_in()))
            }
            .is_some(),
            What::Unknown(key, _) => table(value, &self.keys).is_some_and(|table| table.remove(*key).is_some()),
            What::Value(_) => self
                .keys
                .split_last()
                .is_some_and(|(key, above)| table(value, above).is_some_and(|table| table.remove(*key).is_some())),
        };
        // Which item of a list it is in is not said.
        done || self.keys.first().is_some_and(|key| table(value, &[]).is_some_and(|table| table.remove(*key).is_some()))
    }
}

/// The table that keys lead to.
fn table<'v>(value: &'v mut toml::Value, keys: &[&str]) -> Option<&'v mut toml::Table> {
    keys.iter().try_fold(value.as_table_mut()?, |table, key| table.get_mut(*key)?.as_table_mut())
}

/// Whatever stands between backticks.
fn named(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// `invalid type: integer `1`, expected a string` as people say it.
fn in_words(what: &str, why: &str) -> String {
    let Some((found, expected)) = why.rsplit_once(", expected ") else { return format!("{what}: {why}") };
    if let Some(found) = found.strip_prefix("unknown variant ") {
        return format!("{what}: {found} is none of `{}`", named(expected).join("`, `"));
    }
    match found.strip_prefix("invalid type: ").or_else(|| found.strip_prefix("invalid value: ")) {
        Some(found) => format!("{what} is {}, where {} belongs", kind_found(found), kind_wanted(expected)),
        None => format!("{what}: {why}"),
    }
}

fn kind_found(found: &str) -> String {
    let number = found.strip_prefix("integer `").or_else(|| found.strip_prefix("floating point `"));
    match (found, number) {
        (_, Some(number)) => format!("the number {}", number.trim_end_matches('`')),
        ("sequence", _) => "a list".to_owned(),
        ("map", _) => "a table".to_owned(),
        _ => found
            .strip_prefix("string ")
            .map_or_else(|| found.replace("boolean ", ""), |text| format!("the text {text}")),
    }
}

fn kind_wanted(wanted: &str) -> &str {
    match wanted {
        "a string" => "a text in quotes",
        "f64" => "a number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 up",
        "a sequence" => "a list such as [\"…\"]",
        "a boolean" => "true or false",
        "a map" => "a table such as { key = \"…\" }",
        other if other.starts_with("struct ") => "a table such as { key = \"…\" }",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Customer, Machine};

    #[track_caller]
    fn check<T: DeserializeOwned>(kind: &'static str, text: &str, expected: &[&str]) {
        let mut form = Form::default();
        let read: Vec<T> = form.entries(&mut text.parse().unwrap(), kind);
        let told: Vec<String> = form.problems.iter().map(|p| format!("{}: {}", p.path, p.why)).collect();
        assert_eq!(told, expected, "{text}");
        assert!(read.len() <= 1);
    }

    #[test]
    fn everything_that_is_wrong_with_one_entry_is_told_at_once_in_words_of_ours() {
        let known = "id, name, contact, contacts, language, zone, advisor, addresses, channels, quiet_from, quiet_to, holidays, \
                     contacting, production, auto_approve, erased";
        check::<Customer>(
            "customer",
            "[[customer]]\nid = \"a\"\nlanguage = \"cn\"\nzone = 8\nauto_approve = \"yes\"\nholidays = \"2026-10-01\"\ncolour = 1\n\
             production = { shfits = [], busy = true }\ncontacting = { machine_gap_days = -1 }\naddresses = [\"x\"]\n",
            &[
                "customer[0].addresses: customer `a`: `addresses` is a list, where a table such as { key = \"…\" } belongs",
                "customer[0].auto_approve: customer `a`: `auto_approve` is the text \"yes\", where true or false belongs",
                &format!("customer[0].colour: customer `a`: unknown key `colour`; known here: {known}"),
                "customer[0].contacting.machine_gap_days: customer `a`: `machine_gap_days` is the number -1, where a whole number from \
                 0 up belongs",
                "customer[0].holidays: customer `a`: `holidays` is the text \"2026-10-01\", where a list such as [\"…\"] belongs",
                "customer[0].language: customer `a`: `language`: `cn` is none of `zh-CN`, `en`",
                "customer[0].production.busy: customer `a`: `busy` is `true`, where a list such as [\"…\"] belongs",
                "customer[0].production.shfits: customer `a`: unknown key `shfits`; known here: shifts, shutdowns, busy",
                "customer[0].zone: customer `a`: `zone` is the number 8, where a text in quotes belongs",
                "customer[0].name: customer `a`: `name` is missing",
                "customer[0].advisor: customer `a`: `advisor` is missing",
            ],
        );
    }

    #[test]
    fn what_cannot_be_read_at_all_ends() {
        check::<Machine>(
            "machine",
            "machine = [1]",
            &["machine[0]: [[machine]]: it is the number 1, where a table such as { key = \"…\" } belongs"],
        );
        check::<Machine>("machine", "machine = 1", &["machine: `machine` is a list; write [[machine]]"]);
        check::<Machine>(
            "machine",
            "[[machine]]\nservice = [{ work = \"oil_changed\", interval_h = 1.0 }, { work = 7 }]\n",
            &[
                "machine[0].service.work: [[machine]]: `work` is the number 7, where a text in quotes belongs",
                "machine[0].id: [[machine]]: `id` is missing",
                "machine[0].number: [[machine]]: `number` is missing",
            ],
        );
    }
}
