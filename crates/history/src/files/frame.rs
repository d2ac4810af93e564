//! Cells of a polars frame, whatever type the file gave them.

use std::borrow::Cow;

use foretell_model::Timestamp;
use polars::prelude::*;

use super::error::Refused;
use super::times::{Clockface, Epoch};

/// Some rows of a file.
pub(crate) struct Chunk {
    /// The wanted columns, named by their place in the file.
    pub(crate) frame: DataFrame,
    /// Line (CSV) or row (Parquet) of each row, from 1.
    pub(crate) lines: Vec<u64>,
}

/// One column's cells.
pub(crate) enum Cells {
    Text(StringChunked),
    Number(Float64Chunked),
    /// Milliseconds since 1970 on the file's own clock; `utc` when that clock is known to be UTC.
    Time {
        millis: Int64Chunked,
        utc: bool,
    },
}

impl Cells {
    /// The column at a place of the file.
    pub(crate) fn of(frame: &DataFrame, place: usize) -> PolarsResult<Self> {
        let column = frame.column(&place.to_string())?;
        Ok(match column.dtype() {
            DataType::String => Self::Text(column.str()?.clone()),
            DataType::Datetime(_, zone) => {
                let utc = zone.is_some();
                let zone = zone.clone();
                let millis = column.cast(&DataType::Datetime(TimeUnit::Milliseconds, zone))?.cast(&DataType::Int64)?;
                Self::Time { millis: millis.i64()?.clone(), utc }
            }
            DataType::Date => {
                let millis = column.cast(&DataType::Int64)?.i64()?.apply_values(|day| day * 86_400_000);
                Self::Time { millis, utc: false }
            }
            _ => Self::Number(column.cast(&DataType::Float64)?.f64()?.clone()),
        })
    }

    /// The cell as a number; `None` when it is missing.
    pub(crate) fn number(&self, row: usize) -> Result<Option<f64>, Refused> {
        match self {
            Self::Number(numbers) => Ok(numbers.get(row).filter(|number| !number.is_nan())),
            Self::Text(texts) => match texts.get(row).map(str::trim).filter(|text| !is_missing(text)) {
                None => Ok(None),
                Some(text) => {
                    let short = || text.chars().take(40).collect::<String>();
                    text.parse().map(Some).map_err(|_| ("bad_number", format!("`{}` is not a number", short())))
                }
            },
            Self::Time { .. } => Err(("bad_number", "a time stands where a number should".into())),
        }
    }

    /// The cell as text; `None` when it is missing. Whole numbers read without a decimal point.
    pub(crate) fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(texts) => texts.get(row).map(str::trim).filter(|text| !is_missing(text)).map(Cow::Borrowed),
            Self::Number(numbers) => {
                numbers.get(row).filter(|number| !number.is_nan()).map(|number| Cow::Owned(number.to_string()))
            }
            Self::Time { millis, .. } => millis.get(row).map(|ms| Cow::Owned(Timestamp::from_millis(ms).to_string())),
        }
    }

    /// The cell as an instant.
    pub(crate) fn instant(&self, row: usize, clockface: &Clockface) -> Result<Timestamp, Refused> {
        let found = match self {
            Self::Text(texts) => {
                texts.get(row).map(str::trim).filter(|text| !is_missing(text)).and_then(|text| clockface.instant(text))
            }
            Self::Number(numbers) => {
                numbers.get(row).and_then(|number| clockface.epoch().unwrap_or(Epoch::Millis).instant(number))
            }
            Self::Time { millis, utc } => millis.get(row).and_then(|ms| {
                let civil = chrono::DateTime::from_timestamp_millis(ms)?.naive_utc();
                if *utc { None } else { clockface.local(&civil) }.or(Some(Timestamp::from_millis(ms)))
            }),
        };
        found.filter(|ts| (Timestamp::MIN..=Timestamp::MAX).contains(ts)).ok_or_else(|| {
            let shown = self.text(row).map_or_else(|| "nothing".into(), |text| format!("`{text}`"));
            ("bad_time", format!("{shown} stands where a time should; give format and zone in a column map"))
        })
    }
}

/// How the world writes "not measured".
fn is_missing(text: &str) -> bool {
    text.is_empty() || ["null", "nan", "na", "#value!"].iter().any(|missing| text.eq_ignore_ascii_case(missing))
}
