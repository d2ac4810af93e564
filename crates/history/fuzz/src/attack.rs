//! What the fuzz targets do with an input, and the rules that everything decoded must keep. A test of history does the same with
//! every input of the corpus that is kept.

use std::cell::RefCell;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use foretell_model::{Event, MachineId, Signal, Timestamp};

use super::chunk::{Chunk, Refusals};
use super::column_map::ColumnMap;
use super::csv::CsvFile;
use super::error::FileError;
use super::lines::LineFile;
use super::names::Names;
use super::rows::Rows;
use super::take::{Bounds, Taken};
use super::watched::Watching;
use crate::codec;

/// Column maps: none, and ones with everything that a map can say.
const MAPS: [&str; 3] = [
    "",
    r#"
[columns]
ts = { column = "t", format = "%Y-%m-%d %H:%M:%S", zone = "Europe/Lisbon" }
site = { file = "folder", prefix = "s" }
machine = [{ column = "line", prefix = "l" }, "unit"]
state = { column = "COMP", values = { "1.0" = "unloaded", "0.0" = "loaded" } }
discharge_temp_c = { column = "oil", unit = "degF" }
motor_current_a = { column = "I", scale = 0.1, offset = -3.5 }
[filter]
quality = ["1", "ok"]
[watch]
all = true
except = ["label"]
"#,
    r#"
[columns]
ts = { start = "2026-01-01T00:00:00Z", step = "1m" }
machine = "unit"
discharge_temp_c = "oil"
[constants]
site = "s"
motor_current_a = 40
[watch]
gap = { column = "G", scale = 0.001, offset = 1 }
"#,
];

/// The first byte chooses a map, the rest is a CSV file, packed or not.
pub fn csv(data: &[u8]) {
    let Some((first, text)) = data.split_first() else { return };
    let map = MAPS[usize::from(*first) % MAPS.len()];
    with_file(text, |path| {
        let form = ColumnMap::parse(map).map(|map| map.file).unwrap_or_default();
        let mut file = CsvFile::open(path, &form)?;
        let header = file.header().to_vec();
        take(map, &header, path, |places, refusals| match file.cut()? {
            Some(slice) => slice.decode(path, places, refusals).map(Some),
            None => Ok(None),
        })
    });
}

/// A file in line protocol.
pub fn lines(data: &[u8]) {
    with_file(data, |path| {
        let mut file = LineFile::open(path)?;
        let header = file.header().to_vec();
        take(MAPS[0], &header, path, |places, refusals| match file.cut()? {
            Some(slice) => slice.decode(path, places, refusals).map(Some),
            None => Ok(None),
        })
    });
}

/// A row of the log: its kind, its times, its body. What is decoded is written as it was read, or as the decoder reads it again.
pub fn row(data: &[u8]) {
    let Some((&[kind, ts, lag], body)) = data.split_first_chunk::<3>() else { return };
    let machine = MachineId::parse("s/m").unwrap_or_else(|error| panic!("{error}"));
    let extreme = |byte: u8| match byte {
        0 => i64::MIN,
        255 => i64::MAX,
        other => i64::from(other) * 1_000_003,
    };
    let place = codec::Place { machine, ts: Timestamp::from_millis(extreme(ts)), lag_ms: extreme(lag), kind };
    let Ok(event) = codec::decode(place.clone(), body) else { return };
    assert_eq!((event.ts(), codec::Kind::of(&event) as u8), (place.ts, kind), "another place or kind");
    let mut written = Vec::new();
    codec::encode(&event, &mut written);
    let mut again = Vec::new();
    let event = codec::decode(codec::Place { lag_ms: codec::lag_ms(&event), ..place }, &written);
    codec::encode(&event.unwrap_or_else(|error| panic!("what was written is {error}")), &mut again);
    assert_eq!(written, again, "equal content must give equal bytes");
}

/// Gives an input as a file to `read`, whose errors are as good as its success.
fn with_file(bytes: &[u8], read: impl FnOnce(&Path) -> Result<(), FileError>) {
    thread_local! {
        static FILE: RefCell<Option<tempfile::NamedTempFile>> = const { RefCell::new(None) };
    }
    FILE.with_borrow_mut(|file| {
        let file = file.get_or_insert_with(|| tempfile::NamedTempFile::new().unwrap_or_else(|error| panic!("{error}")));
        let write = |mut to: &std::fs::File| {
            to.set_len(0)?;
            to.seek(SeekFrom::Start(0))?;
            to.write_all(bytes)
        };
        write(file.as_file()).unwrap_or_else(|error| panic!("{error}"));
        let _refused = read(file.path()).err().map(|error| error.to_string());
    });
}

/// Takes every row of a file, slice after slice.
fn take(
    map: &str,
    header: &[String],
    path: &Path,
    mut next: impl FnMut(&[usize], &mut Refusals) -> Result<Option<Chunk>, FileError>,
) -> Result<(), FileError> {
    let map = ColumnMap::parse(map).unwrap_or_else(|error| panic!("{error}"));
    let rows = Rows::new(&map, Watching::Everything, header, path)?;
    let mut names = Names::default();
    let bounds = Bounds { now: Timestamp::parse("2026-07-01T08:00:00Z").ok(), ..Bounds::default() };
    loop {
        let mut refusals = Refusals::new();
        let Some(chunk) = next(rows.places(), &mut refusals)? else { return Ok(()) };
        let taken = rows.take(&chunk, &mut names, bounds, path)?;
        check(&taken, &chunk, map.is_counted_through());
    }
}

/// Every row is taken, left out or refused, once; what is taken is possible.
fn check(taken: &Taken, chunk: &Chunk, counted_through: bool) {
    let kept: usize = taken.blocks.iter().map(|(_, block)| block.rows()).sum();
    let accounted = kept + taken.works.len() + taken.refused.len() + taken.left_out as usize;
    assert!(
        accounted == chunk.lines.len() || kept + taken.works.len() == 0,
        "{accounted} of {} rows",
        chunk.lines.len()
    );
    for (machine, block) in &taken.blocks {
        assert!(MachineId::parse(machine.as_str()).is_ok(), "an identity that is none");
        assert!(block.ts.is_sorted(), "out of order");
        let range = Timestamp::MIN.millis()..=Timestamp::MAX.millis();
        assert!(counted_through || block.ts.iter().all(|ts| range.contains(ts)), "a time out of bounds");
        for (signal, values) in &block.values {
            let possible = |value: &f64| value.is_nan() || Signal::physical_range(*signal).contains(*value);
            assert!(values.iter().all(possible), "{}: {values:?}", signal.name());
        }
    }
    for work in &taken.works {
        assert!(matches!(work, Event::Maintenance { .. }));
    }
}
