//! Whatever page of a log is damaged, everything else is saved, and what is lacking is told.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use foretell_model::{DAY_MS, Event, Log as _, MINUTE_MS, MachineId, Quality, Reading, Signal, Signals, Timestamp};
use rusqlite::Connection;

use super::*;
use crate::SqliteLog;

/// Readings of two machines, one each minute of two days.
const ROWS: u64 = 2 * 2 * 1_440;

const PAGE_BYTES: u64 = 4_096;

fn append(log: &SqliteLog) {
    let reading = |n: i64| {
        let (machine, ts) = (MachineId::new("s", ["m1", "m2"][n as usize % 2]).unwrap(), n / 2 * MINUTE_MS);
        let signals = Signals::empty().with(Signal::DischargeTemp, 80.0 + n as f64 / 1_000.0);
        let ts = Timestamp::from_millis(ts);
        Event::Reading(Reading { machine, ts, arrived: ts, signals, state: None, quality: Quality::Good })
    };
    log.append(&(0..ROWS as i64).map(reading).collect::<Vec<_>>()).unwrap();
}

fn spoil(dir: &Path, name: &str, pages: &[u64]) {
    let file = File::options().write(true).open(dir.join(name)).unwrap();
    for page in pages {
        file.write_all_at(&[0xee; PAGE_BYTES as usize], (page - 1) * PAGE_BYTES).unwrap();
    }
}

fn rescued(dir: &Path, selection: &Selection) -> Exported {
    let wreck = Wreck::open(dir).unwrap();
    let (archive, out) = (Archive::new(dir), dir.join("out.csv"));
    let saved =
        rescue(Some(&wreck), &archive, selection, &out, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
    let saved = saved.unwrap();
    assert_eq!(std::fs::read_to_string(out).unwrap().lines().count() as u64 - 1, saved.readings);
    saved
}

fn lacking(saved: &Exported) -> u64 {
    saved.lost.iter().map(|stretch| stretch.offsets.end() - stretch.offsets.start() + 1).sum()
}

/// Every page of a log: of which table or index, its number, whether it is a leaf, and its cells.
fn pages(dir: &Path) -> Vec<(String, u64, bool, u64)> {
    let log = Connection::open(dir.join("log.db")).unwrap();
    let mut pages = log.prepare("SELECT name, pageno, pagetype = 'leaf', ncell FROM dbstat ORDER BY pageno").unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        Ok((row.get(0)?, row.get::<_, i64>(1)? as u64, row.get(2)?, row.get::<_, i64>(3)? as u64))
    };
    pages.query_map([], row).unwrap().map(Result::unwrap).collect()
}

#[test]
fn whatever_page_is_damaged_everything_else_is_saved() {
    let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = SqliteLog::open(dir.path()).unwrap();
    append(&log);
    log.checkpoint().unwrap();
    drop(log);
    let pages = pages(dir.path());
    for name in ["sqlite_schema", "machines", "sqlite_autoindex_machines_1", "log", "log_identity", "days", "birth"] {
        assert!(pages.iter().any(|page| page.0 == name), "{name} in {pages:?}");
    }
    for (name, page, is_leaf, cells) in &pages {
        std::fs::copy(dir.path().join("log.db"), copy.path().join("log.db")).unwrap();
        spoil(copy.path(), "log.db", &[*page]);
        let saved = rescued(copy.path(), &Selection::default());
        let expected = if name == "log" && *is_leaf { *cells } else { 0 };
        assert_eq!((lacking(&saved), saved.readings, saved.untraced), (expected, ROWS - expected, 0), "{name} {page}");
        assert!(saved.lost.len() <= 1, "{:?}", saved.lost);
    }
    // With a page of rows and all of the index, nobody knows what is lacking but that it is.
    let leaf = pages.iter().find(|page| page.0 == "log" && page.2).unwrap();
    let index: Vec<u64> = pages.iter().filter(|page| page.0 == "log_identity").map(|page| page.1).collect();
    spoil(copy.path(), "log.db", &[&index[..], &[leaf.1]].concat());
    let saved = rescued(copy.path(), &Selection::default());
    assert!(saved.untraced > 0 && saved.readings + saved.untraced <= ROWS, "{saved:?}");
}

#[test]
fn what_is_not_asked_for_or_stands_in_the_archive_is_not_lacking() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    append(&log);
    let (day, archive) = (Timestamp::from_millis(0), Archive::new(dir.path()));
    archive.write_day(&log, day, &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    log.checkpoint().unwrap();
    drop(log);
    let leaves = pages(dir.path()).into_iter().filter(|page| page.0 == "log" && page.2).collect::<Vec<_>>();
    // The first is of the archived day, the last of the other.
    let (first, last) = (&leaves[0], &leaves[leaves.len() - 1]);
    spoil(dir.path(), "log.db", &[1, first.1, last.1]);
    let saved = rescued(dir.path(), &Selection::default());
    assert_eq!((lacking(&saved), saved.readings), (last.3, ROWS - last.3));
    let of = |machine: &str, from, to| {
        let at = |ms: i64| Some(Timestamp::from_millis(ms));
        Selection { machine: Some(MachineId::parse(machine).unwrap()), from: at(from), to: at(to) }
    };
    let saved = rescued(dir.path(), &of("s/m1", 0, DAY_MS));
    assert_eq!((lacking(&saved), saved.readings), (0, 1_440));
    let saved = rescued(dir.path(), &of("s/m2", DAY_MS, 2 * DAY_MS));
    assert_eq!(lacking(&saved) + saved.readings, 1_440);
    assert!(lacking(&saved) > 0);
    assert_eq!((rescued(dir.path(), &of("s/m3", 0, DAY_MS)).readings), 0);
    // Without a log, the archive.
    let out = dir.path().join("days.csv");
    let go_on = &mut |_| ControlFlow::Continue(());
    let saved = rescue(None, &archive, &Selection::default(), &out, &ReadOptions::default(), go_on).unwrap();
    assert_eq!((saved.readings, saved.lost.len()), (2 * 1_440, 0));
}

#[test]
fn what_stands_in_the_write_ahead_file_alone_is_saved() {
    let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = SqliteLog::open(dir.path()).unwrap();
    append(&log);
    for name in ["log.db", "log.db-wal"] {
        std::fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
    }
    spoil(copy.path(), "log.db", &[1]);
    let saved = rescued(copy.path(), &Selection::default());
    assert_eq!((saved.readings, lacking(&saved), saved.untraced), (ROWS, 0, 0));
}
