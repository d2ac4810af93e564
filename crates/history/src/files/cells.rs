//! Cells of a column, whatever type the file gave them.

use std::borrow::Cow;
use std::collections::HashMap;

use foretell_model::Timestamp;

use super::error::Refused;
use super::times::{Clockface, Epoch};

/// One column's cells.
pub(crate) enum Cells {
    Text(Stretches),
    /// NaN where missing.
    Number(Vec<f64>),
    /// Milliseconds since 1970 on the file's own clock, [`NO_TIME`] where missing; `utc` when that clock is known to be UTC.
    Time {
        millis: Vec<i64>,
        utc: bool,
    },
}

/// In place of a time that is missing; no time stamp reaches that far.
pub(crate) const NO_TIME: i64 = i64::MIN;

/// Where a cell's text begins and ends. Cells of one column at one place hold one text; the reverse need not be.
pub(crate) type Place = (u32, u32);

/// Cells as stretches of a text that they share.
pub(crate) struct Stretches {
    pub(crate) text: std::sync::Arc<str>,
    pub(crate) cells: Vec<Place>,
}

impl Stretches {
    /// Texts of which each comes with a key: equal keys are equal texts, and `text_of` gives the text of a row whose key is new. What
    /// recurs is kept once.
    pub(crate) fn of<'a>(keys: impl Iterator<Item = u128>, text_of: impl Fn(usize) -> &'a str) -> Self {
        let (mut text, mut cells) = (String::new(), Vec::with_capacity(keys.size_hint().0));
        // A text's key, its place, and which followed it the last time: fleets are mostly written in turn.
        let mut known: Vec<(u128, Place, usize)> = Vec::new();
        let (mut by_key, mut last) = (HashMap::<u128, usize>::new(), 0);
        for (row, key) in keys.enumerate() {
            let is = |number: &usize| known.get(*number).is_some_and(|(known, ..)| *known == key);
            let follower = known.get(last).map_or(0, |(.., next)| *next);
            let number = [last, follower].into_iter().find(is).unwrap_or_else(|| {
                let number = *by_key.entry(key).or_insert_with(|| {
                    let (start, cell) = (text.len() as u32, text_of(row));
                    text.push_str(cell);
                    known.push((key, (start, text.len() as u32), 0));
                    known.len() - 1
                });
                known[last].2 = number;
                number
            });
            last = number;
            cells.push(known[number].1);
        }
        Self { text: text.into(), cells }
    }

    fn get(&self, row: usize) -> Option<&str> {
        let (start, end) = self.cells.get(row)?;
        self.text.get(*start as usize..*end as usize)
    }
}

impl Cells {
    /// Whether every cell is missing; a column that nobody measured costs no more than this look.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Number(numbers) if numbers.iter().all(|number| number.is_nan()))
    }

    /// Every cell as a number, NaN where it is missing; `bad` hears of cells that are none.
    pub(crate) fn numbers(&self, rows: usize, mut bad: impl FnMut(usize, Refused)) -> Vec<f64> {
        match self {
            Self::Number(numbers) => numbers.clone(),
            Self::Text(_) => (0..rows)
                .map(|row| {
                    let text = self.present(row)?;
                    text.parse().map_err(|_| bad(row, not_a_number(text))).ok()
                })
                .map(|number| number.unwrap_or(f64::NAN))
                .collect(),
            Self::Time { .. } => {
                for row in 0..rows {
                    bad(row, ("bad_number", "a time stands where a number should".into()));
                }
                vec![f64::NAN; rows]
            }
        }
    }

    /// The cell's own text; `None` when it is missing or no text.
    fn present(&self, row: usize) -> Option<&str> {
        self.raw(row).map(str::trim).filter(|text| !is_missing(text))
    }

    /// The cell as text; `None` when it is missing. Whole numbers read without a decimal point.
    pub(crate) fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(_) => self.present(row).map(Cow::Borrowed),
            Self::Number(numbers) => {
                numbers.get(row).filter(|number| !number.is_nan()).map(|number| Cow::Owned(number.to_string()))
            }
            Self::Time { millis, .. } => {
                there(millis, row).map(|ms| Cow::Owned(Timestamp::from_millis(ms).to_string()))
            }
        }
    }

    /// Where each cell's text stands, where the file has text.
    pub(crate) fn places(&self) -> Option<&[Place]> {
        match self {
            Self::Text(stretches) => Some(&stretches.cells),
            Self::Number(_) | Self::Time { .. } => None,
        }
    }

    /// The cell's bare text, missing or not, where the file has text; for telling rows of one machine from the next.
    #[inline]
    pub(crate) fn raw(&self, row: usize) -> Option<&str> {
        match self {
            Self::Text(stretches) => stretches.get(row),
            Self::Number(_) | Self::Time { .. } => None,
        }
    }

    /// Every cell at once as milliseconds since 1970 UTC, where the file has them so and none is missing.
    pub(crate) fn utc_millis(&self) -> Option<&[i64]> {
        let Self::Time { millis, utc: true } = self else { return None };
        let range = Timestamp::MIN.millis()..=Timestamp::MAX.millis();
        Some(millis.as_slice()).filter(|all| all.iter().fold(true, |ok, ms| ok & range.contains(ms)))
    }

    /// The cell as an instant.
    pub(crate) fn instant(&self, row: usize, clockface: &Clockface) -> Result<Timestamp, Refused> {
        let found = match self {
            Self::Text(_) => self.present(row).and_then(|text| clockface.instant(text)),
            Self::Number(numbers) => {
                numbers.get(row).and_then(|number| clockface.epoch().unwrap_or(Epoch::Millis).instant(*number))
            }
            Self::Time { millis, utc: true } => there(millis, row).map(Timestamp::from_millis),
            Self::Time { millis, utc: false } => there(millis, row).and_then(|ms| {
                let civil = chrono::DateTime::from_timestamp_millis(ms)?.naive_utc();
                clockface.local(&civil).or(Some(Timestamp::from_millis(ms)))
            }),
        };
        found.filter(|ts| (Timestamp::MIN..=Timestamp::MAX).contains(ts)).ok_or_else(|| {
            let shown = self.text(row).map_or_else(|| "nothing".into(), |text| format!("`{text}`"));
            ("bad_time", format!("{shown} stands where a time should; give format and zone in a column map"))
        })
    }
}

/// The time of a row, unless it is missing.
fn there(millis: &[i64], row: usize) -> Option<i64> {
    millis.get(row).copied().filter(|ms| *ms != NO_TIME)
}

fn not_a_number(text: &str) -> Refused {
    ("bad_number", format!("`{}` is not a number", text.chars().take(40).collect::<String>()))
}

/// How the world writes "not measured".
fn is_missing(text: &str) -> bool {
    let first = text.as_bytes().first().copied();
    match first {
        None => true,
        // Nearly every cell is a number or a name, and needs no further look.
        Some(b'n' | b'N' | b'#') => {
            ["null", "nan", "na", "#value!"].iter().any(|missing| text.eq_ignore_ascii_case(missing))
        }
        Some(_) => false,
    }
}
