//! InfluxDB's line protocol as history: each line of the measurement `reading` becomes a row of the contract's columns.
//!
//! Tags and fields go by the contract's names (`site`, `machine`, signals, `state`, `quality`), as [`super::line_protocol`]
//! writes them; others are passed over. The time stamp is in nanoseconds, as InfluxDB exports it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use foretell_model::Signal;

use super::chunk::{Chunk, Refusals};
use super::csv::CsvSlice;
use super::error::{FileError, Refused};
use super::rows::QUALITY;

/// Name of the measurement.
pub(crate) const MEASUREMENT: &str = "reading";

const BLOCK_BYTES: usize = 4 << 20;
const LINE_BYTES_MAX: usize = 1 << 20;

/// An open file of lines.
pub(crate) struct LineFile {
    path: PathBuf,
    reader: BufReader<File>,
    header: Vec<String>,
    line: u64,
    bytes_read: u64,
}

/// Some lines, already as rows.
pub(crate) struct LineSlice {
    rows: CsvSlice,
    refused: Refusals,
}

impl LineFile {
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        let reader = BufReader::with_capacity(1 << 18, File::open(path).map_err(FileError::io("open", path))?);
        let names =
            ["ts", "site", "machine"].into_iter().chain(Signal::ALL.map(Signal::name)).chain(["state", QUALITY]);
        let header = names.map(str::to_owned).collect();
        Ok(Self { path: path.to_owned(), reader, header, line: 0, bytes_read: 0 })
    }

    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    pub(crate) const fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The next lines; `None` at the end.
    pub(crate) fn cut(&mut self) -> Result<Option<LineSlice>, FileError> {
        let (mut rows, mut refused, first) = (Vec::new(), Refusals::new(), self.line);
        let mut line = Vec::new();
        while rows.len() < BLOCK_BYTES {
            line.clear();
            let limit = LINE_BYTES_MAX as u64 + 1;
            let read = std::io::Read::take(&mut self.reader, limit).read_until(b'\n', &mut line);
            let read = read.map_err(FileError::io("read", &self.path))?;
            if read == 0 {
                break;
            }
            self.line += 1;
            self.bytes_read += read as u64;
            if line.len() > LINE_BYTES_MAX {
                let problem = format!("line {} is longer than 1 MiB; is it line protocol?", self.line);
                return Err(FileError::form(&self.path, problem));
            }
            // A line that is no row stays as an empty one, so that the others keep their numbers.
            match row(&line, &self.header) {
                Ok(row) => rows.extend_from_slice(row.as_bytes()),
                Err(why) => refused.push((self.line, why)),
            }
            rows.push(b'\n');
        }
        let slice = CsvSlice { text: rows, separator: b',', fields: self.header.len(), line: first };
        Ok((self.line > first).then_some(LineSlice { rows: slice, refused }))
    }
}

impl LineSlice {
    /// The columns at `places`.
    pub(crate) fn decode(mut self, path: &Path, places: &[usize], refusals: &mut Refusals) -> Result<Chunk, FileError> {
        refusals.append(&mut self.refused);
        self.rows.decode(path, places, refusals)
    }
}

/// A line as a row of comma-separated cells; empty for a blank line or a comment.
fn row(line: &[u8], header: &[String]) -> Result<String, Refused> {
    let line = std::str::from_utf8(line).map_err(|_| ("bad_encoding", "the line is not UTF-8".to_owned()))?.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(String::new());
    }
    let [series, fields, time @ ..] = &pieces(line, ' ')[..] else {
        return Err(("bad_line", "has no fields; it should be `reading,site=…,machine=… name=value time`".into()));
    };
    let mut series = pieces(series, ',').into_iter();
    let measurement = series.next().unwrap_or_default();
    if measurement != MEASUREMENT {
        let measurement: String = measurement.chars().take(40).collect();
        return Err(("other_measurement", format!("is of the measurement `{measurement}`; `{MEASUREMENT}` is taken")));
    }
    let mut cells = vec![String::new(); header.len()];
    let [time] = time else { return Err(("bad_time", "has no time stamp in nanoseconds at its end".into())) };
    let nanos: i64 = time.parse().map_err(|_| ("bad_time", format!("`{time}` is no time stamp in nanoseconds")))?;
    cells[0] = nanos.div_euclid(1_000_000).to_string();
    for pair in series.chain(pieces(fields, ',')) {
        let [name, value] = pieces(pair, '=')[..] else {
            return Err(("bad_line", format!("`{}` is no `name=value`", pair.chars().take(40).collect::<String>())));
        };
        if let Some(place) = header.iter().position(|column| column == name).filter(|place| *place > 0) {
            cells[place] = quoted(&plain(value));
        }
    }
    Ok(cells.join(","))
}

/// Cuts at a separator that neither stands in quotes nor behind a backslash.
fn pieces(text: &str, separator: char) -> Vec<&str> {
    let (mut found, mut start, mut escaped, mut in_quotes) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_quotes = !in_quotes,
            c if c == separator && !in_quotes => {
                found.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found
}

/// A value without quotes, backslashes and the letter that marks a whole number.
fn plain(value: &str) -> String {
    if let Some(digits) = value.strip_suffix(['i', 'u']).filter(|digits| digits.parse::<i128>().is_ok()) {
        return digits.to_owned();
    }
    let inside = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    let (mut text, mut escaped) = (String::with_capacity(inside.len()), false);
    for c in inside.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            text.push(c);
        }
    }
    text
}

/// A cell that may stand between commas.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<&str, &str>) {
        let header = ["ts", "site", "machine", "discharge_temp_c", "run_hours", "state"].map(str::to_owned);
        let got = row(line.as_bytes(), &header).map_err(|(code, _)| code);
        assert_eq!(got.as_deref().map_err(|code| *code), expected, "{line}");
    }

    #[test]
    fn lines_become_rows() {
        check(
            "reading,site=s,machine=K.2 discharge_temp_c=83.2,run_hours=4000i,other=true 1782864000250999999\n",
            Ok("1782864000250,s,K.2,83.2,4000,"),
        );
        check("reading,machine=m\\ 1,site=a\\,b state=\"x \\\"y, z\" -1", Ok("-1,\"a,b\",m 1,,,\"x \"\"y, z\""));
        check("", Ok(""));
        check("# comment", Ok(""));
    }

    #[test]
    fn what_is_no_row_says_why() {
        check("reading,site=s,machine=m", Err("bad_line"));
        check("reading,site=s,machine=m discharge_temp_c 1", Err("bad_line"));
        check("reading,site=s,machine=m discharge_temp_c=1", Err("bad_time"));
        check("reading,site=s,machine=m discharge_temp_c=1 soon", Err("bad_time"));
        check("health,site=s,machine=m cooler=1 1", Err("other_measurement"));
    }
}
