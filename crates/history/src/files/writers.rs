//! Readings written as CSV, Parquet or line protocol; the file is there whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use foretell_model::{Reading, RunState, Signal, Timestamp};
use polars::prelude::*;

use super::error::FileError;
use super::line_protocol::line_protocol;
use super::rows::{ARRIVED, QUALITIES, QUALITY};
use crate::atomic_file::AtomicFile;

/// Rows of a Parquet row group: small enough that one machine's rows are found by the statistics.
const GROUP_ROWS: usize = 1 << 16;

/// Writes readings one after the other.
pub(crate) struct Writer {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Csv(AtomicFile, Vec<u8>),
    Lines(AtomicFile, String),
    Parquet(Box<Parquet>),
}

struct Parquet {
    file: AtomicFile,
    writer: polars::io::parquet::write::BatchedWriter<std::fs::File>,
    group: Vec<Reading>,
}

impl Writer {
    /// By the ending of the name: `.csv`, `.parquet` or `.lp`.
    pub(crate) fn create(path: &Path) -> Result<Self, FileError> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        if !matches!(ending.as_deref(), Some("csv" | "parquet" | "lp")) {
            return Err(FileError::form(path, "must end in .csv, .parquet or .lp"));
        }
        let file = AtomicFile::create(path).map_err(FileError::io("create", path))?;
        let kind = match ending.as_deref() {
            Some("lp") => Kind::Lines(file, String::new()),
            Some("parquet") => {
                let aside = std::fs::File::create(file.aside()).map_err(FileError::io("create", path))?;
                let writer =
                    ParquetWriter::new(aside).batched(frame(&[]).map_err(FileError::frame("lay out", path))?.schema());
                let writer = writer.map_err(FileError::frame("lay out", path))?;
                Kind::Parquet(Box::new(Parquet { file, writer, group: Vec::with_capacity(GROUP_ROWS) }))
            }
            _ => {
                let mut head = vec!["ts", "site", "machine"];
                head.extend(Signal::ALL.map(Signal::name));
                head.extend(["state", QUALITY, ARRIVED]);
                Kind::Csv(file, format!("{}\n", head.join(",")).into_bytes())
            }
        };
        Ok(Self { path: path.to_owned(), kind })
    }

    pub(crate) const fn is_parquet(&self) -> bool {
        matches!(self.kind, Kind::Parquet(_))
    }

    /// Writes a reading; false when the file's form has no place for it.
    pub(crate) fn write(&mut self, reading: Reading) -> Result<bool, FileError> {
        let path = &self.path;
        match &mut self.kind {
            Kind::Csv(file, line) => {
                csv_line(&reading, line).and_then(|()| file.write_all(line)).map_err(FileError::io("write", path))?;
                line.clear();
            }
            Kind::Lines(file, line) => {
                let is_written = line_protocol(&reading, line);
                file.write_all(line.as_bytes()).map_err(FileError::io("write", path))?;
                line.clear();
                return Ok(is_written);
            }
            Kind::Parquet(parquet) => {
                parquet.group.push(reading);
                if parquet.group.len() == GROUP_ROWS {
                    parquet.flush().map_err(FileError::frame("write", path))?;
                }
            }
        }
        Ok(true)
    }

    /// Ends the file, lets `verify` look at it where it stands aside, and gives it its name when that agrees.
    pub(crate) fn finish(self, verify: impl FnOnce(&Path) -> Result<(), FileError>) -> Result<(), FileError> {
        let path = self.path;
        let mut file = match self.kind {
            Kind::Csv(mut file, line) => {
                // A file without readings still has its header.
                file.write_all(&line).map_err(FileError::io("write", &path))?;
                file
            }
            Kind::Lines(file, _) => file,
            Kind::Parquet(mut parquet) => {
                parquet.flush().map_err(FileError::frame("write", &path))?;
                parquet.writer.finish().map_err(FileError::frame("finish", &path))?;
                parquet.file
            }
        };
        file.flush().map_err(FileError::io("write", &path))?;
        verify(file.aside())?;
        file.finish().map_err(FileError::io("finish", &path))
    }
}

impl Parquet {
    fn flush(&mut self) -> PolarsResult<()> {
        if !self.group.is_empty() {
            self.writer.write_batch(&frame(&self.group)?)?;
            self.group.clear();
        }
        Ok(())
    }
}

/// The columns of the contract, then ours.
fn frame(readings: &[Reading]) -> PolarsResult<DataFrame> {
    let instants = |name: &str, of: fn(&Reading) -> Timestamp| {
        let millis: Vec<i64> = readings.iter().map(|reading| of(reading).millis()).collect();
        let utc = DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC));
        Series::new(name.into(), millis).cast(&utc).map(IntoColumn::into_column)
    };
    let texts = |name: &str, of: &dyn Fn(&Reading) -> Option<String>| {
        Series::new(name.into(), readings.iter().map(of).collect::<Vec<_>>()).into_column()
    };
    let mut columns = vec![
        instants("ts", |reading| reading.ts)?,
        texts("site", &|reading| Some(reading.machine.site().to_owned())),
        texts("machine", &|reading| Some(reading.machine.machine().to_owned())),
    ];
    columns.extend(Signal::ALL.map(|signal| {
        let values: Vec<Option<f64>> = readings.iter().map(|reading| reading.signals.get(signal)).collect();
        Series::new(signal.name().into(), values).into_column()
    }));
    columns.push(texts("state", &|reading| reading.state.map(|state| state.name().to_owned())));
    columns.push(texts(QUALITY, &|reading| Some(QUALITIES[reading.quality as usize].to_owned())));
    columns.push(instants(ARRIVED, |reading| reading.arrived)?);
    DataFrame::new(readings.len(), columns)
}

/// Every text in it is made of characters that need no quotes.
fn csv_line(reading: &Reading, line: &mut Vec<u8>) -> std::io::Result<()> {
    write!(line, "{},{},{}", reading.ts, reading.machine.site(), reading.machine.machine())?;
    for signal in Signal::ALL {
        match reading.signals.get(signal) {
            Some(value) => write!(line, ",{value}")?,
            None => line.push(b','),
        }
    }
    let state = reading.state.map_or("", RunState::name);
    writeln!(line, ",{state},{},{}", QUALITIES[reading.quality as usize], reading.arrived)
}
