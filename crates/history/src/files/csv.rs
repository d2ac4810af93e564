//! CSV as the world writes it: cut into blocks of whole lines, whose cells are found where they stand.
//!
//! Cutting first bounds the memory, keeps the line numbers, and lets one malformed line cost only itself. A line is a record:
//! cells with line breaks inside quotes do not occur in telemetry and are refused. Cells are not copied; a column is where
//! each of its cells begins and ends.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lzma_rust2::XzReader;

use super::cells::{Cells, Stretches};
use super::chunk::{Chunk, Lines, Refusals};
use super::error::{FileError, Refused};
use super::file_map::FileMap;

const BLOCK_BYTES: usize = 4 << 20;
const LINE_BYTES_MAX: usize = 1 << 20;

/// An open CSV file behind its header.
pub(crate) struct CsvFile {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    /// Whether it is compressed.
    is_packed: bool,
    separator: u8,
    header: Vec<String>,
    line: u64,
    /// The beginning of a line whose end is still to be read.
    rest: Vec<u8>,
    bytes_read: Arc<AtomicU64>,
}

/// What unpacking xz may take: twice what its strongest preset needs.
const XZ_KIB_MAX: u32 = 128 << 10;

/// Some whole lines of a CSV file.
pub(crate) struct CsvSlice {
    pub(crate) text: Vec<u8>,
    pub(crate) separator: u8,
    /// Cells of a line.
    pub(crate) fields: usize,
    /// Lines before these.
    pub(crate) line: u64,
}

/// What a file that is compressed in a way that is not read here may be unpacked with.
fn packed(path: &Path, tool: &str) -> FileError {
    if path.file_stem().is_some_and(|stem| Path::new(stem).extension() == Some("tar".as_ref())) {
        return tar(path);
    }
    FileError::form(path, format!("is {tool}-compressed; unpack it first ({tool} -dk FILE), or use gzip or xz"))
}

fn tar(path: &Path) -> FileError {
    FileError::form(path, "is a tar archive; unpack it first (tar -xf FILE) and name what was in it")
}

impl CsvFile {
    pub(crate) fn open(path: &Path, map: &FileMap) -> Result<Self, FileError> {
        let file = File::open(path).map_err(FileError::io("open", path))?;
        let bytes_read = Arc::new(AtomicU64::new(0));
        let mut raw = BufReader::with_capacity(1 << 18, Counting { file, read: Arc::clone(&bytes_read) });
        let start = raw.fill_buf().map_err(FileError::io("read", path))?;
        let is_packed = start.starts_with(&[0x1f, 0x8b]) || start.starts_with(&[0xfd, b'7', b'z']);
        let reader: Box<dyn BufRead + Send> = match start {
            [0x1f, 0x8b, ..] => Box::new(BufReader::with_capacity(1 << 18, flate2::bufread::MultiGzDecoder::new(raw))),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
                Box::new(BufReader::with_capacity(1 << 18, XzReader::new_mem_limit(raw, true, XZ_KIB_MAX)))
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] => return Err(packed(path, "zstd")),
            [b'P', b'K', 3, 4, ..] => {
                return Err(FileError::form(
                    path,
                    "is a zip archive; unpack it first (unzip FILE) and name what was in it",
                ));
            }
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                return Err(FileError::form(path, "is UTF-16; save it as UTF-8"));
            }
            _ => Box::new(raw),
        };
        let (path, separator, header, rest) = (path.to_owned(), b',', Vec::new(), Vec::new());
        let mut csv = Self { path, reader, is_packed, separator, header, line: 0, rest, bytes_read };
        csv.refuse_tar()?;
        csv.read_header(map)?;
        Ok(csv)
    }

    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// A folder in one file, compressed or not: its first header has the format's name at a fixed place.
    fn refuse_tar(&mut self) -> Result<(), FileError> {
        let is_tar = self.reader.fill_buf().map(|start| start.get(257..262) == Some(b"ustar"));
        if is_tar.map_err(|error| self.unreadable(error))? { Err(tar(&self.path)) } else { Ok(()) }
    }

    fn read_header(&mut self, map: &FileMap) -> Result<(), FileError> {
        if let Some(header) = &map.header {
            (self.header, self.separator) = (header.clone(), map.separator.unwrap_or(b','));
            return Ok(());
        }
        let mut line = Vec::new();
        while line.is_empty() {
            let limit = LINE_BYTES_MAX as u64 + 1;
            let read = self.reader.by_ref().take(limit).read_until(b'\n', &mut line);
            if read.map_err(|error| self.unreadable(error))? == 0 {
                return Err(FileError::form(&self.path, "is empty; the first line names the columns"));
            }
            self.line += 1;
            self.refuse_longer(line.len())?;
            while matches!(line.last(), Some(b'\n' | b'\r')) {
                line.pop();
            }
        }
        let text = std::str::from_utf8(&line).map_err(|_| FileError::form(&self.path, "its header is not UTF-8"))?;
        let text = text.trim_start_matches('\u{feff}');
        // The first of equally many wins, so that a single column reads as comma-separated.
        let fields = |separator: u8| field_count(text.as_bytes(), separator);
        let found = || [b'\t', b';', b','].into_iter().max_by_key(|s| fields(*s)).unwrap_or(b',');
        self.separator = map.separator.unwrap_or_else(found);
        // Of a name that goes on in the next line every later line would be counted off by one.
        if fields(self.separator) == 0 {
            let problem = format!("a quote in its header (line {}) is not closed on that line", self.line);
            return Err(FileError::form(&self.path, problem));
        }
        self.header = split(text, self.separator);
        Ok(())
    }

    /// What is wrong with a compressed file that cannot be unpacked is the file, not the disk.
    fn unreadable(&self, error: std::io::Error) -> FileError {
        // What the system did not refuse, the unpacking did.
        if self.is_packed && error.raw_os_error().is_none() {
            let why = if error.kind() == std::io::ErrorKind::OutOfMemory {
                "needs too much memory to be unpacked here; unpack it first (xz -dk FILE)".to_owned()
            } else {
                format!("is cut off or damaged, it cannot be unpacked: {error}")
            };
            return FileError::form(&self.path, why);
        }
        FileError::io("read", &self.path)(error)
    }

    fn refuse_longer(&self, bytes: usize) -> Result<(), FileError> {
        if bytes <= LINE_BYTES_MAX {
            return Ok(());
        }
        // The header's own line is counted already, that of a row is not.
        let line = self.line + u64::from(!self.header.is_empty());
        Err(FileError::form(&self.path, format!("line {line} is longer than 1 MiB; is it CSV?")))
    }

    /// The next lines; `None` at the end.
    pub(crate) fn cut(&mut self) -> Result<Option<CsvSlice>, FileError> {
        let mut text = std::mem::take(&mut self.rest);
        text.reserve(BLOCK_BYTES);
        let wanted = BLOCK_BYTES.saturating_sub(text.len()) as u64;
        let read = self.reader.by_ref().take(wanted).read_to_end(&mut text);
        let is_end = read.map_err(|error| self.unreadable(error))? < wanted as usize;
        if !is_end {
            let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            self.rest = text.split_off(whole);
            self.refuse_longer(self.rest.len())?;
        }
        if text.is_empty() {
            return Ok(None);
        }
        let line = self.line;
        self.line += text.iter().filter(|byte| **byte == b'\n').count() as u64;
        Ok(Some(CsvSlice { text, separator: self.separator, fields: self.header.len(), line }))
    }
}

impl CsvSlice {
    /// The columns at `places`.
    pub(crate) fn decode(self, path: &Path, places: &[usize], refusals: &mut Refusals) -> Result<Chunk, FileError> {
        let Self { text, separator, fields, line } = self;
        let text = match String::from_utf8(text) {
            Ok(text) => text,
            Err(error) => blank_bad_lines(error.into_bytes(), line, refusals),
        };
        let mut splitter = Splitter { separator, fields, wanted: wanted(places, fields), quoted: String::new() };
        let mut columns = vec![Vec::new(); places.len()];
        let (mut lines, mut start) = (Vec::new(), 0);
        for (number, with_end) in (line + 1..).zip(text.split_inclusive('\n')) {
            let bare = with_end.trim_end_matches(['\n', '\r']);
            if bare.len() > LINE_BYTES_MAX {
                return Err(FileError::form(path, format!("line {number} is longer than 1 MiB; is it CSV?")));
            }
            if !bare.is_empty() {
                match splitter.split(bare, (start, text.len()), &mut columns) {
                    Ok(()) => lines.push(number),
                    Err(refused) => refusals.push((number, refused)),
                }
            }
            start += with_end.len();
        }
        let text: Arc<str> = (text + &splitter.quoted).into();
        let cells = columns.into_iter().map(|cells| Cells::Text(Stretches { text: Arc::clone(&text), cells }));
        Ok(Chunk { columns: places.iter().copied().zip(cells).collect(), lines: Lines::Each(lines) })
    }
}

/// For each place of a line, which wanted column it is.
fn wanted(places: &[usize], fields: usize) -> Vec<Option<usize>> {
    (0..fields).map(|place| places.iter().position(|wanted| *wanted == place)).collect()
}

/// Empties the lines that are not UTF-8, so that they cost only themselves.
fn blank_bad_lines(text: Vec<u8>, line: u64, refusals: &mut Refusals) -> String {
    let mut good = String::with_capacity(text.len());
    for (number, bytes) in (line + 1..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
        match std::str::from_utf8(bytes) {
            Ok(text) => good.push_str(text),
            Err(_) => {
                refusals.push((number, ("bad_encoding", "the line is not UTF-8".into())));
                good.push('\n');
            }
        }
    }
    good
}

struct Splitter {
    separator: u8,
    fields: usize,
    wanted: Vec<Option<usize>>,
    /// Cells that had to be rewritten because quotes inside them are doubled; they stand behind the block's own text.
    quoted: String,
}

impl Splitter {
    /// Notes where a line's cells stand. `at` is where the line begins in its block, and where the block ends.
    fn split(&mut self, line: &str, at: (usize, usize), columns: &mut [Vec<(u32, u32)>]) -> Result<(), Refused> {
        let (mut field, mut start, mut quoted) = (0, 0, false);
        let before = columns.first().map_or(0, Vec::len);
        for (place, byte) in line.bytes().enumerate() {
            quoted ^= byte == b'"';
            if byte == self.separator && !quoted {
                self.note(line, start..place, field, at, columns);
                field += 1;
                start = place + 1;
            }
        }
        self.note(line, start..line.len(), field, at, columns);
        if !quoted && field + 1 == self.fields {
            return Ok(());
        }
        columns.iter_mut().for_each(|column| column.truncate(before));
        if quoted {
            return Err(("unclosed_quote", "a quote is not closed on its line".into()));
        }
        Err(("field_count", format!("has {} cells where the header has {}", field + 1, self.fields)))
    }

    #[inline]
    fn note(
        &mut self,
        line: &str,
        cell: std::ops::Range<usize>,
        field: usize,
        (line_at, text_end): (usize, usize),
        columns: &mut [Vec<(u32, u32)>],
    ) {
        let Some(Some(column)) = self.wanted.get(field) else { return };
        let (mut start, mut end) = (line_at + cell.start, line_at + cell.end);
        // A space before the quote is no part of the cell.
        if matches!(line.as_bytes()[cell.clone()].first(), Some(b'"' | b' '))
            && line[cell.clone()].trim_start().starts_with('"')
        {
            start = text_end + self.quoted.len();
            self.quoted.push_str(&unquoted(&line[cell]));
            end = text_end + self.quoted.len();
        }
        columns[*column].push((start as u32, end as u32));
    }
}

/// How many cells a line has.
fn field_count(line: &[u8], separator: u8) -> usize {
    let (mut fields, mut quoted) = (1, false);
    for byte in line {
        quoted ^= *byte == b'"';
        fields += usize::from(*byte == separator && !quoted);
    }
    if quoted { 0 } else { fields }
}

/// The names of a header line, whose quotes are closed.
fn split(line: &str, separator: u8) -> Vec<String> {
    let mut is_quoted = false;
    let cells = line.split(|c| {
        is_quoted ^= c == '"';
        c == char::from(separator) && !is_quoted
    });
    cells.map(|cell| unquoted(cell).trim().to_owned()).collect()
}

/// A cell without the quotes around it, inside of which a quote is doubled.
fn unquoted(cell: &str) -> Cow<'_, str> {
    let bare = cell.trim();
    match bare.strip_prefix('"').map(|inside| inside.strip_suffix('"').unwrap_or(bare)) {
        Some(inside) if inside.contains("\"\"") => Cow::Owned(inside.replace("\"\"", "\"")),
        Some(inside) => Cow::Borrowed(inside),
        None => Cow::Borrowed(cell),
    }
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
