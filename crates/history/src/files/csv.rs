//! CSV as the world writes it: cut into blocks of whole, well-formed lines here, split into cells by polars.
//!
//! Cutting first bounds the memory, keeps the line numbers, and lets one malformed line cost only itself. A line is a record:
//! cells with line breaks inside quotes do not occur in telemetry and are refused.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use polars::prelude::*;

use super::error::{FileError, ReadReport};
use super::frame::Chunk;

const BLOCK_ROWS: usize = 50_000;
const BLOCK_BYTES: usize = 16 << 20;
const LINE_BYTES_MAX: usize = 1 << 20;

/// An open CSV file behind its header.
pub(crate) struct CsvFile {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    separator: u8,
    header: Vec<String>,
    line: u64,
    bytes_read: Arc<AtomicU64>,
}

impl CsvFile {
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        let file = File::open(path).map_err(FileError::io("open", path))?;
        let bytes_read = Arc::new(AtomicU64::new(0));
        let mut raw = BufReader::with_capacity(1 << 18, Counting { file, read: Arc::clone(&bytes_read) });
        let start = raw.fill_buf().map_err(FileError::io("read", path))?;
        let reader: Box<dyn BufRead + Send> = match start {
            [0x1f, 0x8b, ..] => Box::new(BufReader::with_capacity(1 << 18, flate2::bufread::MultiGzDecoder::new(raw))),
            [0xfd, b'7', b'z', b'X', b'Z', ..] => {
                return Err(FileError::form(path, "is xz-compressed; unpack it first (xz -dk FILE) or use gzip"));
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                return Err(FileError::form(path, "is zstd-compressed; unpack it first (zstd -dk FILE) or use gzip"));
            }
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                return Err(FileError::form(path, "is UTF-16; save it as UTF-8"));
            }
            _ => Box::new(raw),
        };
        let mut csv = Self { path: path.to_owned(), reader, separator: b',', header: Vec::new(), line: 0, bytes_read };
        csv.read_header()?;
        Ok(csv)
    }

    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    fn read_header(&mut self) -> Result<(), FileError> {
        let mut line = Vec::new();
        while line.is_empty() {
            if !self.read_line(&mut line)? {
                return Err(FileError::form(&self.path, "is empty; the first line names the columns"));
            }
        }
        let text = std::str::from_utf8(&line).map_err(|_| FileError::form(&self.path, "its header is not UTF-8"))?;
        let text = text.trim_start_matches('\u{feff}');
        // The first of equally many wins, so that a single column reads as comma-separated.
        let fields = |separator: u8| field_count(text.as_bytes(), separator).unwrap_or(0);
        self.separator = [b'\t', b';', b','].into_iter().max_by_key(|s| fields(*s)).unwrap_or(b',');
        self.header = split(text, self.separator);
        Ok(())
    }

    /// Reads a line without its end; false at the end of the file.
    fn read_line(&mut self, line: &mut Vec<u8>) -> Result<bool, FileError> {
        line.clear();
        let limit = LINE_BYTES_MAX as u64 + 1;
        let read =
            self.reader.by_ref().take(limit).read_until(b'\n', line).map_err(FileError::io("read", &self.path))?;
        if line.len() > LINE_BYTES_MAX {
            return Err(FileError::form(
                &self.path,
                format!("line {} is longer than 1 MiB; is it CSV?", self.line + 1),
            ));
        }
        while matches!(line.last(), Some(b'\n' | b'\r')) {
            line.pop();
        }
        self.line += 1;
        Ok(read > 0)
    }

    /// The next block, with only the columns at `places`, named by their place; `None` at the end.
    pub(crate) fn next(&mut self, places: &[usize], report: &mut ReadReport) -> Result<Option<Chunk>, FileError> {
        let (mut block, mut lines, mut line, mut more) = (Vec::new(), Vec::new(), Vec::new(), true);
        while lines.len() < BLOCK_ROWS && block.len() < BLOCK_BYTES {
            more = self.read_line(&mut line)?;
            if !more {
                break;
            }
            if line.is_empty() {
                continue;
            }
            report.rows += 1;
            match self.check(&line) {
                Ok(()) => {
                    block.extend_from_slice(&line);
                    block.push(b'\n');
                    lines.push(self.line);
                }
                Err(refused) => report.refuse(&self.path, self.line, refused),
            }
        }
        if lines.is_empty() {
            return if more { self.next(places, report) } else { Ok(None) };
        }
        Ok(Some(Chunk { frame: self.parse(block, places, lines.len())?, lines }))
    }

    /// A line that polars may see: UTF-8, quotes closed, as many cells as the header.
    fn check(&self, line: &[u8]) -> Result<(), (&'static str, String)> {
        if std::str::from_utf8(line).is_err() {
            return Err(("bad_encoding", "the line is not UTF-8".into()));
        }
        match field_count(line, self.separator) {
            None => Err(("unclosed_quote", "a quote is not closed on its line".into())),
            Some(fields) if fields == self.header.len() => Ok(()),
            Some(fields) => {
                Err(("field_count", format!("has {fields} cells where the header has {}", self.header.len())))
            }
        }
    }

    fn parse(&self, block: Vec<u8>, places: &[usize], rows: usize) -> Result<DataFrame, FileError> {
        let schema: Schema =
            (0..self.header.len()).map(|n| Field::new(n.to_string().into(), DataType::String)).collect();
        let separator = self.separator;
        let frame = CsvReadOptions::default()
            .with_has_header(false)
            .with_schema(Some(Arc::new(schema)))
            .with_projection(Some(Arc::new(places.to_vec())))
            .with_rechunk(true)
            .map_parse_options(|options| options.with_separator(separator))
            .into_reader_with_file_handle(Cursor::new(block))
            .finish()
            .map_err(FileError::frame("split into cells", &self.path))?;
        if frame.height() != rows {
            let problem = format!("near line {}: {} rows where {rows} lines stand", self.line, frame.height());
            return Err(FileError::form(&self.path, problem));
        }
        Ok(frame)
    }
}

/// How many cells a line has; `None` when a quote stays open.
fn field_count(line: &[u8], separator: u8) -> Option<usize> {
    let (mut fields, mut quoted) = (1, false);
    for byte in line {
        quoted ^= *byte == b'"';
        fields += usize::from(*byte == separator && !quoted);
    }
    (!quoted).then_some(fields)
}

/// The names of a header line.
fn split(line: &str, separator: u8) -> Vec<String> {
    let (mut names, mut name, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c == char::from(separator) && !quoted => names.push(std::mem::take(&mut name)),
            c => name.push(c),
        }
    }
    names.push(name);
    names.into_iter().map(|name| name.trim().to_owned()).collect()
}

struct Counting {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
