//! What is wrong with a configuration: every fault at once, each with the place to mend.

use std::cell::RefCell;
use std::fmt;
use std::path::PathBuf;

/// Where a fault stands. The order is the order in which a person mends them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The file, at this line (from 1).
    Line(usize),
    /// The file as a whole.
    File,
    /// An environment variable.
    Variable(String),
    /// A command-line option or something outside of both.
    Elsewhere,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What, and what would be right.
    pub message: String,
}

/// Every fault of one configuration; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFaults {
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// The faults, in the order of their places.
    pub faults: Vec<Fault>,
}

impl std::error::Error for ConfigFaults {}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.file.as_ref().map_or_else(|| "configuration".to_owned(), |path| path.display().to_string());
        let plural = if self.faults.len() == 1 { "" } else { "s" };
        write!(f, "{name}: {} problem{plural}", self.faults.len())?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, message } = self;
        match place {
            Place::Line(line) => write!(f, "line {line}: {message}"),
            Place::Variable(name) => write!(f, "{name}: {message}"),
            Place::File | Place::Elsewhere => f.write_str(message),
        }
    }
}

/// Where readers put the faults they meet, so that one fault does not hide the next.
#[derive(Debug, Default)]
pub(super) struct Collected(RefCell<Vec<Fault>>);

impl Collected {
    pub(super) fn add(&self, place: Place, message: impl Into<String>) {
        self.0.borrow_mut().push(Fault { place, message: message.into() });
    }

    /// Every fault in order, each once.
    pub(super) fn take(self) -> Vec<Fault> {
        let mut faults = self.0.into_inner();
        faults.sort();
        faults.dedup();
        faults
    }
}

/// The known name that a misspelt one most likely means: at most a third of its letters wrong.
pub(crate) fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (edits(wrong, name), name))
        .filter(|(edits, name)| edits * 3 <= name.len().max(wrong.len()))
        .min()
        .map(|(_, name)| name)
}

/// Levenshtein distance, with two neighbouring letters exchanged counting as one edit (optimal string alignment):
/// that is the commonest slip of a typing hand.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substitution = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substitution.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before_last[j - 2] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_a_stranger_is_not() {
        let known = ["url", "client_id", "listen", "password_file"];
        for (wrong, expected) in [
            ("ulr", Some("url")),
            ("clientid", Some("client_id")),
            ("lsiten", Some("listen")),
            ("passwordfile", Some("password_file")),
            ("retention", None),
            ("", None),
        ] {
            assert_eq!(did_you_mean(wrong, known), expected, "{wrong}");
        }
    }
}
