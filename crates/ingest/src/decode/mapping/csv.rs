//! CSV payloads: each line becomes a record whose keys are the columns, so that everything else of a mapping applies.

use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::spec::CsvSpec;
use crate::decode::reason::{Fault, RefusalReason};

/// How a CSV payload is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Csv {
    columns: Option<Vec<String>>,
    delimiter: u8,
}

/// A line with its record, or why it is none.
pub(super) type Line<'a> = (&'a [u8], Result<Value, Fault>);

impl Csv {
    pub(super) fn parse(spec: &CsvSpec) -> Result<Self, String> {
        let delimiter = spec.delimiter.unwrap_or(',');
        let delimiter = u8::try_from(delimiter).ok().filter(|d| d.is_ascii() && !b"\"\r\n".contains(d));
        let delimiter = delimiter.ok_or("the delimiter must be one ASCII character other than a quote or line end")?;
        if spec.columns.as_ref().is_some_and(Vec::is_empty) {
            return Err("columns is empty; leave it out when the first line names them".into());
        }
        Ok(Self { columns: spec.columns.clone(), delimiter })
    }

    /// Each line with its record, or why it is none. Empty lines are skipped.
    ///
    /// # Errors
    /// When the header cannot be read, or there are more than `items_max` records. They are counted before any is made: a record takes
    /// hundreds of times the memory of a line of three bytes.
    pub(super) fn records<'a>(&self, payload: &'a [u8], items_max: usize) -> Result<Vec<Line<'a>>, Fault> {
        let payload = payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload);
        let mut lines = payload.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
        let header;
        let columns = if let Some(columns) = &self.columns {
            columns
        } else {
            let Some(first) = lines.next() else { return Ok(Vec::new()) };
            header = self.cells(first)?;
            &header
        };
        within(lines.clone().count(), items_max)?;
        Ok(lines.map(|line| (line, self.record(columns, line))).collect())
    }

    fn record(&self, columns: &[String], line: &[u8]) -> Result<Value, Fault> {
        let cells = self.cells(line)?;
        if cells.len() != columns.len() {
            let detail = format!("the line has {} cells, {} are expected", cells.len(), columns.len());
            return Err(Fault::new(RefusalReason::Malformed, detail));
        }
        let mut record = Map::new();
        for (column, cell) in columns.iter().zip(cells) {
            match record.entry(column) {
                Entry::Vacant(place) => drop(place.insert(Value::String(cell))),
                // Nobody can tell which is meant: all of them stand there, which no signal takes, unless its pointer says which.
                Entry::Occupied(mut place) => match place.get_mut() {
                    Value::Array(cells) => cells.push(Value::String(cell)),
                    first => *first = Value::Array(vec![first.take(), Value::String(cell)]),
                },
            }
        }
        Ok(Value::Object(record))
    }

    /// The cells of a line; a cell in quotes may hold the delimiter and doubled quotes, but no line end.
    fn cells(&self, line: &[u8]) -> Result<Vec<String>, Fault> {
        let line = std::str::from_utf8(line)
            .map_err(|error| Fault::new(RefusalReason::Malformed, format!("the line is not UTF-8: {error}")))?;
        let mut cells = vec![String::new()];
        let mut quoted = false;
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            let last = cells.len() - 1;
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => {
                    chars.next();
                    cells[last].push('"');
                }
                '"' if quoted || cells[last].trim().is_empty() => quoted = !quoted,
                c if !quoted && c == char::from(self.delimiter) => cells.push(String::new()),
                c => cells[last].push(c),
            }
        }
        if quoted {
            return Err(Fault::new(RefusalReason::Malformed, "a quote is not closed"));
        }
        Ok(cells.into_iter().map(|cell| cell.trim().to_owned()).collect())
    }
}

/// Refuses more records than are allowed.
pub(super) fn within(count: usize, items_max: usize) -> Result<(), Fault> {
    let detail = || format!("the payload holds {count} records; {items_max} are allowed");
    if count <= items_max { Ok(()) } else { Err(Fault::new(RefusalReason::TooMany, detail())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spec: CsvSpec, payload: &str, expected: &str) {
        let csv = Csv::parse(&spec).unwrap();
        let lines = match csv.records(payload.as_bytes(), 4) {
            Err(fault) => vec![fault.detail],
            Ok(records) => records
                .into_iter()
                .map(|(_, record)| record.map_or_else(|fault| fault.detail, |value| value.to_string()))
                .collect(),
        };
        assert_eq!(lines.join("\n"), expected);
    }

    #[test]
    fn each_line_is_a_record() {
        check(
            CsvSpec::default(),
            "\u{feff}a,b\r\n1,2\r\n\r\n3,\"x,\"\"y\"\r\n",
            "{\"a\":\"1\",\"b\":\"2\"}\n{\"a\":\"3\",\"b\":\"x,\\\"y\"}",
        );
        let columns = CsvSpec { columns: Some(vec!["t".into(), "v".into()]), delimiter: Some(';') };
        check(columns.clone(), "1;2", r#"{"t":"1","v":"2"}"#);
        check(columns.clone(), "1;2;3\n4;5", "the line has 3 cells, 2 are expected\n{\"t\":\"4\",\"v\":\"5\"}");
        check(columns, "\"1;2", "a quote is not closed");
        check(CsvSpec::default(), "", "");
        // More than are allowed are counted and not read.
        check(CsvSpec::default(), "a\n1\n\"2\n3\n4\n5\n", "the payload holds 5 records; 4 are allowed");
        check(CsvSpec::default(), "a,b,a,a\n1,2,3,4", r#"{"a":["1","3","4"],"b":"2"}"#);
    }

    #[test]
    fn refuses_a_useless_delimiter() {
        for delimiter in ['"', '\n', 'ä'] {
            let spec = CsvSpec { columns: None, delimiter: Some(delimiter) };
            assert_eq!(
                Csv::parse(&spec).unwrap_err(),
                "the delimiter must be one ASCII character other than a quote or line end"
            );
        }
    }
}
