//! Whether the footer of a Parquet file can hold the lists that it announces.
//!
//! The library that decodes footers makes room for as many elements as a list's header names before it reads one of them. A few
//! damaged bytes there name a thousand million, and a process that asks for that much memory is ended by the system, which no
//! error of ours can tell of. So each footer is walked first, as the library will walk it, and a list is believed only as far as
//! bytes follow: no element takes less than one.
//!
//! Formats: Thrift's compact protocol (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>) and
//! `FileMetaData` of <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// How a value is written.
enum Kind {
    /// 16, 32 or 64 bits of varying length.
    Integer,
    Byte,
    /// Written in the head of its field.
    Bool,
    Bytes,
    List(&'static Kind),
    Struct(Fields),
}

/// The fields that the library reads by their number, whatever type the file gives them; others it passes over by their type.
type Fields = &'static [(i64, Kind)];

const EMPTY: Kind = Kind::Struct(&[]);
const DECIMAL: Kind = Kind::Struct(&[(1, Kind::Integer), (2, Kind::Integer)]);
const UNIT: Kind = Kind::Struct(&[(1, EMPTY), (2, EMPTY), (3, EMPTY)]);
const TIME: Kind = Kind::Struct(&[(1, Kind::Bool), (2, UNIT)]);
const WHOLE: Kind = Kind::Struct(&[(1, Kind::Byte), (2, Kind::Bool)]);
const LOGICAL_TYPE: Kind = Kind::Struct(&[
    (1, EMPTY),
    (2, EMPTY),
    (3, EMPTY),
    (4, EMPTY),
    (5, DECIMAL),
    (6, EMPTY),
    (7, TIME),
    (8, TIME),
    (10, WHOLE),
    (11, EMPTY),
    (12, EMPTY),
    (13, EMPTY),
    (14, EMPTY),
    (15, EMPTY),
]);
const SCHEMA_ELEMENT: Kind = Kind::Struct(&[
    (1, Kind::Integer),
    (2, Kind::Integer),
    (3, Kind::Integer),
    (4, Kind::Bytes),
    (5, Kind::Integer),
    (6, Kind::Integer),
    (7, Kind::Integer),
    (8, Kind::Integer),
    (9, Kind::Integer),
    (10, LOGICAL_TYPE),
]);
const STATISTICS: Kind = Kind::Struct(&[
    (1, Kind::Bytes),
    (2, Kind::Bytes),
    (3, Kind::Integer),
    (4, Kind::Integer),
    (5, Kind::Bytes),
    (6, Kind::Bytes),
    (7, Kind::Bool),
    (8, Kind::Bool),
]);
const COLUMN_META_DATA: Kind = Kind::Struct(&[
    (1, Kind::Integer),
    (2, Kind::List(&Kind::Integer)),
    (3, Kind::List(&Kind::Bytes)),
    (4, Kind::Integer),
    (5, Kind::Integer),
    (6, Kind::Integer),
    (7, Kind::Integer),
    (9, Kind::Integer),
    (10, Kind::Integer),
    (11, Kind::Integer),
    (12, STATISTICS),
    (14, Kind::Integer),
    (15, Kind::Integer),
]);
const COLUMN_CHUNK: Kind = Kind::Struct(&[
    (1, Kind::Bytes),
    (2, Kind::Integer),
    (3, COLUMN_META_DATA),
    (4, Kind::Integer),
    (5, Kind::Integer),
    (6, Kind::Integer),
    (7, Kind::Integer),
]);
const SORTING_COLUMN: Kind = Kind::Struct(&[(1, Kind::Integer), (2, Kind::Bool), (3, Kind::Bool)]);
const ROW_GROUP: Kind = Kind::Struct(&[
    (1, Kind::List(&COLUMN_CHUNK)),
    (2, Kind::Integer),
    (3, Kind::Integer),
    (4, Kind::List(&SORTING_COLUMN)),
    (5, Kind::Integer),
    (6, Kind::Integer),
    (7, Kind::Integer),
]);
const KEY_VALUE: Kind = Kind::Struct(&[(1, Kind::Bytes), (2, Kind::Bytes)]);
const COLUMN_ORDER: Kind = Kind::Struct(&[(1, EMPTY), (2, EMPTY)]);
const FILE: Fields = &[
    (1, Kind::Integer),
    (2, Kind::List(&SCHEMA_ELEMENT)),
    (3, Kind::Integer),
    (4, Kind::List(&ROW_GROUP)),
    (5, Kind::List(&KEY_VALUE)),
    (6, Kind::Bytes),
    (7, Kind::List(&COLUMN_ORDER)),
];

/// What no field that is passed over nests deeper than.
const DEPTH: u32 = 32;

/// Whether what the footer announces is in it. Says nothing of what is no Parquet file at all: that the library tells.
///
/// # Errors
/// Those of reading the file.
pub(super) fn holds_what_it_announces(file: &File, bytes: u64) -> io::Result<bool> {
    let Some(tail_at) = bytes.checked_sub(8) else { return Ok(true) };
    let mut tail = [0; 8];
    file.read_exact_at(&mut tail, tail_at)?;
    let [a, b, c, d, ..] = tail;
    let Some(from) = tail_at.checked_sub(u64::from(u32::from_le_bytes([a, b, c, d]))) else { return Ok(true) };
    let mut footer = vec![0; usize::try_from(tail_at - from).unwrap_or(0)];
    file.read_exact_at(&mut footer, from)?;
    Ok(!tail.ends_with(b"PAR1") || Walk(&footer).fields(FILE).is_some())
}

/// What is left of a footer. `None` from its functions: what was to follow does not.
struct Walk<'a>(&'a [u8]);

impl Walk<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn pass(&mut self, bytes: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(bytes).ok()?..)?;
        Some(())
    }

    /// Seven bits a byte, the lowest first.
    fn integer(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// How many elements a list has, and their type.
    fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.integer()? } else { u64::from(head >> 4) };
        (count <= self.0.len() as u64).then_some((count, head & 15))
    }

    /// The next field's number and type; nothing at the end of its struct.
    fn field(&mut self, last: i64) -> Option<Option<(i64, u8)>> {
        let head = self.byte()?;
        let kind = head & 15;
        if kind == 0 {
            return Some(None);
        }
        let number = match head >> 4 {
            0 => {
                let folded = self.integer()?;
                (folded >> 1) as i64 ^ -((folded & 1) as i64)
            }
            step => last + i64::from(step),
        };
        i16::try_from(number).ok()?;
        Some(Some((number, kind)))
    }

    fn fields(&mut self, fields: Fields) -> Option<()> {
        let mut last = 0;
        while let Some((number, kind)) = self.field(last)? {
            match fields.iter().find(|(known, _)| *known == number) {
                Some((_, known)) => self.known(known, kind)?,
                None => self.unknown(kind, DEPTH)?,
            }
            last = number;
        }
        Some(())
    }

    /// A value that must be of a kind, by the type that the file gives it.
    fn known(&mut self, known: &Kind, kind: u8) -> Option<()> {
        match (known, kind) {
            (Kind::Bool, 1 | 2) => Some(()),
            (Kind::Byte, 3) => self.pass(1),
            (Kind::Integer, 4..=6) => self.integer().map(drop),
            (Kind::Bytes, 8) => self.integer().and_then(|length| self.pass(length)),
            (Kind::List(of), 9) => {
                let (count, kind) = self.list()?;
                (0..count).try_for_each(|_| self.known(of, kind))
            }
            (Kind::Struct(fields), 12) => self.fields(fields),
            _ => None,
        }
    }

    /// A value that is passed over, by its type.
    fn unknown(&mut self, kind: u8, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            1 | 2 => Some(()),
            3 => self.pass(1),
            4..=6 => self.integer().map(drop),
            7 => self.pass(8),
            8 => self.integer().and_then(|length| self.pass(length)),
            9 => {
                let (count, kind) = self.list()?;
                // The format has no lists of truths, and those who write them do not agree on their length.
                let is_truths = matches!(kind, 1 | 2) && count > 0;
                (!is_truths).then_some(())?;
                (0..count).try_for_each(|_| self.unknown(kind, depth))
            }
            12 => {
                let mut last = 0;
                while let Some((number, kind)) = self.field(last)? {
                    self.unknown(kind, depth)?;
                    last = number;
                }
                Some(())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use polars::prelude::*;

    use super::*;

    fn holds(bytes: &[u8]) -> bool {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        holds_what_it_announces(&file, bytes.len() as u64).unwrap()
    }

    fn with_footer(footer: &[u8]) -> Vec<u8> {
        [b"PAR1", footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat()
    }

    #[test]
    fn what_was_written_holds_what_it_announces() {
        let times =
            Series::new("ts".into(), [1_i64, 2, 3]).cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).unwrap();
        let days = Series::new("day".into(), [1_i32, 2, 3]).cast(&DataType::Date).unwrap();
        let mut frame = df!(
            "machine" => ["a", "b", "c"], "discharge_temp_c" => [83.5, 84.0, 84.5], "run" => [true, false, true],
            "count" => [1_i32, 2, 3], "late" => [None, Some(1_i64), None]
        )
        .unwrap();
        frame.with_column(times.into()).unwrap();
        frame.with_column(days.into()).unwrap();
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).with_row_group_size(Some(1)).finish(&mut frame).unwrap();
        assert!(holds(&bytes));
        // Each byte of a footer changed: whatever is let through is decoded or refused, and asks for no more than there is.
        let length = u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().unwrap()) as usize;
        let from = bytes.len() - 8 - length;
        let (mut through, mut refused) = (0, 0);
        for at in from..from + length {
            for value in [0x00, 0x0f, 0x7f, 0xf9, 0xfc, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                if !holds(&bytes) {
                    refused += 1;
                    continue;
                }
                through += 1;
                let decoded =
                    std::panic::catch_unwind(|| ParquetReader::new(io::Cursor::new(bytes)).get_metadata().map(drop));
                drop(decoded);
            }
        }
        assert!(through > 100 && refused > 100, "{through} let through, {refused} refused");
    }

    #[test]
    fn a_list_that_cannot_be_there_is_refused() {
        // Field 2, a list of 2³⁰ structs.
        assert!(!holds(&with_footer(&[0x29, 0xfc, 0x80, 0x80, 0x80, 0x80, 0x04, 0x00])));
        // A list where a number must be, and a number where the list must be.
        assert!(!holds(&with_footer(&[0x19, 0x15, 0x02, 0x00])));
        assert!(!holds(&with_footer(&[0x25, 0xfc, 0x01, 0x00])));
        // Broken off.
        assert!(!holds(&with_footer(&[0x29, 0x1c])));
        // Nested without an end.
        assert!(!holds(&with_footer(&[0x9c; 200])));
        // An empty list without a type, as some tools write it.
        assert!(holds(&with_footer(&[0x59, 0x00, 0x00])));
        // No Parquet file, or none that can be: the library's to tell.
        assert!(holds(b"PAR1"));
        assert!(holds(b"PAR1\xff\xff\x00\x00PAR1"));
        assert!(holds(b"PAR1\x29\xfc\x80\x80\x80\x80\x04\x00\x08\x00\x00\x00PARX"));
    }
}
