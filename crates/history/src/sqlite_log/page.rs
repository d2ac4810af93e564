//! Pages of SQLite's file format (<https://www.sqlite.org/fileformat2.html>), each read by itself: for a file that SQLite gives up
//! because a page that leads to the others is damaged.

/// Pages that hold records, by their first byte; those of tables above the leaves hold none.
const TABLE_LEAF: u8 = 13;
const INDEX_LEAF: u8 = 10;
const INDEX_ABOVE: u8 = 2;

/// No table or index of ours has more columns.
const COLUMNS_MAX: usize = 8;

/// A column of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Null,
    Integer(i64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
    /// A number with a fraction: nothing that is looked for here has one.
    Real,
}

/// Shows every record that stands whole on a page, with its row number if the page is of a table. What a page says of other pages
/// is not followed, and a record that goes on there is passed over.
pub(super) fn each_record<'a>(page: &'a [u8], sink: &mut dyn FnMut(Option<i64>, &[Value<'a>])) {
    let (directory, is_table) = match page.first() {
        Some(&TABLE_LEAF) => (8, true),
        Some(&INDEX_LEAF) => (8, false),
        Some(&INDEX_ABOVE) => (12, false),
        _ => return,
    };
    let child_bytes = if page[0] == INDEX_ABOVE { 4 } else { 0 };
    let whole_max = if is_table { page.len() - 35 } else { (page.len() - 12) * 64 / 255 - 23 };
    let mut values = Vec::with_capacity(COLUMNS_MAX);
    for cell in 0..short(page, 3).unwrap_or(0) {
        let Some(at) = short(page, directory + cell * 2) else { return };
        let Some(bytes) = page.get(at + child_bytes..) else { continue };
        values.clear();
        if let Some(number) = record(Bytes(bytes), is_table, whole_max, &mut values) {
            sink(is_table.then_some(number), &values);
        }
    }
}

fn short(page: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(page.get(at..at + 2)?.try_into().ok()?)))
}

/// One cell: its row number, 0 in an index, and its columns.
fn record<'a>(mut cell: Bytes<'a>, is_table: bool, whole_max: usize, values: &mut Vec<Value<'a>>) -> Option<i64> {
    let bytes = cell.length()?;
    let number = if is_table { cell.varint()?.cast_signed() } else { 0 };
    if bytes > whole_max {
        return None;
    }
    let mut body = Bytes(cell.take(bytes)?);
    let before = body.0.len();
    let head = body.length()?;
    let mut types = Bytes(body.take(head.checked_sub(before - body.0.len())?)?);
    while !types.0.is_empty() {
        if values.len() == COLUMNS_MAX {
            return None;
        }
        values.push(body.value(types.varint()?)?);
    }
    Some(number)
}

/// Bytes that are read from the front; `None` where they end too early.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of one to nine bytes: seven bits each, eight in the ninth.
    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for place in 1..=9 {
            let byte = u64::from(*self.take(1)?.first()?);
            if place == 9 {
                return Some((number << 8) | byte);
            }
            number = (number << 7) | (byte & 0x7f);
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    fn value(&mut self, kind: u64) -> Option<Value<'a>> {
        const INTEGER_BYTES: [usize; 7] = [0, 1, 2, 3, 4, 6, 8];
        Some(match kind {
            0 => Value::Null,
            1..=6 => Value::Integer(integer(self.take(INTEGER_BYTES[kind as usize])?)),
            7 => self.take(8).map(|_| Value::Real)?,
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            10 | 11 => return None,
            blob if blob.is_multiple_of(2) => Value::Blob(self.take(usize::try_from((blob - 12) / 2).ok()?)?),
            text => Value::Text(self.take(usize::try_from((text - 13) / 2).ok()?)?),
        })
    }
}

/// A signed number, its highest byte first.
fn integer(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |number, byte| (number << 8) | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, params};

    use super::*;

    #[test]
    fn records_are_read_as_sqlite_wrote_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        let database = Connection::open(&path).unwrap();
        database
            .execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT UNIQUE, b BLOB, r REAL)")
            .unwrap();
        let numbers = [0, 1, -1, 127, -128, 128, 32_767, -32_768, 1 << 22, -(1 << 30), 1 << 40, i64::MAX, i64::MIN];
        let numbers = numbers.into_iter().chain((0..500).map(|n| n * n * 7_919 - 40_000));
        let mut expected: Vec<_> = (1_i64..).zip(numbers).map(|(id, n)| (id, n, format!("text {n}"))).collect();
        for (id, n, s) in &expected {
            let values = params![id, n, s, vec![7_u8; usize::try_from(*id).unwrap() % 300], 0.5];
            database.execute("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)", values).unwrap();
        }
        drop(database);
        let (bytes, mut rows, mut keys) = (std::fs::read(path).unwrap(), Vec::new(), Vec::new());
        for page in bytes.chunks(4_096) {
            each_record(page, &mut |id, values| match (id, values) {
                (Some(id), [Value::Null, Value::Integer(n), Value::Text(s), Value::Blob(b), Value::Real]) => {
                    assert_eq!(b.len() as i64, id % 300);
                    rows.push((id, *n, String::from_utf8(s.to_vec()).unwrap()));
                }
                (None, [Value::Text(s), Value::Integer(id)]) => {
                    keys.push((String::from_utf8(s.to_vec()).unwrap(), *id))
                }
                other => panic!("{other:?}"),
            });
        }
        rows.sort();
        assert_eq!(rows, expected);
        expected.sort_by(|a, b| a.2.cmp(&b.2));
        keys.sort();
        assert_eq!(keys, expected.into_iter().map(|(id, _, s)| (s, id)).collect::<Vec<_>>());
    }

    #[test]
    fn nonsense_is_no_record_and_no_panic() {
        let mut state = 1_u32;
        for length in [512, 4_096] {
            for first in [TABLE_LEAF, INDEX_LEAF, INDEX_ABOVE, 5, 0xee] {
                for _ in 0..50 {
                    let mut page: Vec<u8> = std::iter::repeat_with(|| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        (state >> 24) as u8
                    })
                    .take(length)
                    .collect();
                    page[0] = first;
                    each_record(&page, &mut |_, values| assert!(values.len() <= COLUMNS_MAX));
                }
            }
        }
        each_record(&[], &mut |_, _| panic!("there is nothing"));
    }
}
