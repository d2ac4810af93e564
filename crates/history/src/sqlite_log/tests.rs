//! What the log promises: nothing lost, nothing twice, whole batches, one writer.

use std::ops::ControlFlow;

use foretell_model::{Note, Quality, Reading, RunState, Signal, Signals, SiteId, Timestamp, Work};
use proptest::prelude::*;

use super::*;

fn reading(machine: &str, ts: i64, temp: f64) -> Event {
    Event::Reading(Reading {
        machine: MachineId::parse(machine).unwrap(),
        ts: Timestamp::from_millis(ts),
        arrived: Timestamp::from_millis(ts + 250),
        signals: Signals::empty().with(Signal::DischargeTemp, temp).with(Signal::MotorCurrent, 41.7),
        state: Some(RunState::Loaded),
        quality: Quality::Good,
    })
}

fn work(machine: &str, ts: i64) -> Event {
    let machine = MachineId::parse(machine).unwrap();
    Event::Maintenance { machine, ts: Timestamp::from_millis(ts), work: Work::new("oil_changed").unwrap() }
}

fn all(log: &SqliteLog) -> Vec<Event> {
    log.read(Partition(0), Offset(0), 1_000_000).unwrap().into_iter().map(|logged| logged.event).collect()
}

#[test]
fn keeps_order_and_survives_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let batch = [reading("s/a", 5, 80.0), work("s/b", 3), reading("s/a", 1, 81.5)];
    {
        let log = SqliteLog::open(dir.path()).unwrap();
        let appended = log.append(&batch).unwrap();
        assert_eq!(appended, Appended { kept: 3, duplicates: 0, head: Offset(3) });
    }
    let log = SqliteLog::open(dir.path()).unwrap();
    assert_eq!(all(&log), batch);
    assert_eq!(log.head(Partition(0)).unwrap(), Offset(3));
    let rest = log.read(Partition(0), Offset(1), 1).unwrap();
    assert_eq!(rest, [Logged { offset: Offset(2), event: batch[1].clone() }]);
    assert_eq!(log.partition_of(&SiteId::new("s").unwrap()), Partition(0));
}

#[test]
fn a_copy_of_the_files_of_a_running_process_holds_what_was_appended() {
    let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = SqliteLog::open(dir.path()).unwrap();
    log.append(&[reading("s/a", 1, 80.0)]).unwrap();
    log.append(&[reading("s/a", 2, 80.0)]).unwrap();
    // What a killed process leaves behind: the database and its write-ahead log, without any closing.
    for name in ["log.db", "log.db-wal"] {
        std::fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
    }
    assert_eq!(all(&SqliteLog::open(copy.path()).unwrap()), all(&log));
    drop(log);
}

#[test]
fn the_same_content_is_kept_once_across_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let batch = [reading("s/a", 1, 80.0), reading("s/a", 1, 80.5), reading("s/b", 1, 80.0), work("s/a", 1)];
    let mut later = reading("s/a", 1, 80.0);
    if let Event::Reading(reading) = &mut later {
        reading.arrived = Timestamp::from_millis(99_999);
    }
    for (kept, duplicates) in [(4, 1), (0, 5)] {
        let log = SqliteLog::open(dir.path()).unwrap();
        let sent: Vec<_> = batch.iter().cloned().chain([later.clone()]).collect();
        let appended = log.append(&sent).unwrap();
        assert_eq!((appended.kept, appended.duplicates, appended.head), (kept, duplicates, Offset(4)));
    }
}

#[test]
fn what_is_read_from_memory_is_what_the_table_holds() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    // More than memory keeps, some of it sent twice.
    for batch in (0..40_000_i64).collect::<Vec<_>>().chunks(1_000) {
        let events: Vec<_> = batch.iter().map(|n| reading("s/a", *n, *n as f64 / 10.0)).collect();
        log.append(&events).unwrap();
        assert_eq!(log.append(&events[..100]).unwrap().kept, 0);
    }
    let beside = SqliteLog::open_beside(dir.path()).unwrap();
    let head = log.head(Partition(0)).unwrap();
    assert_eq!(beside.head(Partition(0)).unwrap(), head);
    for (after, max) in [(0, 500), (7_000, 500), (7_232, 10), (39_000, 3_000), (head.0, 10), (head.0 + 5, 10)] {
        let read = |log: &SqliteLog| log.read(Partition(0), Offset(after), max).unwrap();
        assert!(read(&log) == read(&beside), "after {after}, at most {max}");
    }
    assert!(log.tail().read(Offset(7_231), 1).is_none() && log.tail().read(Offset(7_232), 1).is_some());
}

#[test]
fn a_second_process_is_told_and_may_read() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    log.append(&[reading("s/a", 1, 80.0)]).unwrap();
    let second = SqliteLog::open(dir.path()).map(|_| ()).unwrap_err().to_string();
    let expected = format!("data/log.lock is in use by process {} (`", std::process::id());
    let second = second.replace(&dir.path().display().to_string(), "data");
    assert!(second.starts_with(&expected) && second.ends_with("or give this one another data directory"), "{second}");
    let beside = SqliteLog::open_beside(dir.path()).unwrap();
    assert_eq!(all(&beside), all(&log));
    beside.commit("engine", Partition(0), Offset(1)).unwrap();
    assert_eq!(log.cursor("engine", Partition(0)).unwrap(), Offset(1));
    assert!(beside.append(&[reading("s/a", 2, 80.0)]).unwrap_err().to_string().contains("another process owns"));
}

#[test]
fn a_full_disk_keeps_nothing_of_the_batch_and_heals() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    log.append(&[reading("s/a", 1, 80.0)]).unwrap();
    let pages = |n: i64| log.database.writer().pragma_update(None, "max_page_count", n).unwrap();
    pages(1);
    let batch: Vec<_> = (0..20_000).map(|n| reading("s/new", n, 80.0)).collect();
    assert!(matches!(log.append(&batch), Err(LogError::Full { path, .. }) if path.ends_with("log.db")));
    assert_eq!(all(&log).len(), 1);
    pages(1_000_000);
    assert_eq!(log.append(&batch).unwrap().kept, 20_000);
    assert_eq!(all(&log).len(), 20_001);
}

#[test]
fn an_unreadable_row_costs_only_itself() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    log.append(&[reading("s/a", 1, 80.0), reading("s/a", 2, 81.0), reading("s/a", 3, 82.0)]).unwrap();
    log.database.writer().execute("UPDATE log SET body = x'ff' WHERE id < 3", []).unwrap();
    // From the table: memory holds what was written.
    let beside = SqliteLog::open_beside(dir.path()).unwrap();
    assert_eq!(beside.read(Partition(0), Offset(0), 1).unwrap()[0].offset, Offset(3));
}

#[test]
fn a_row_of_another_machine_or_time_than_was_written_is_left_out() {
    for change in ["machine = 2", "ts = ts + 1", "ts = ts + (1 << 40)", "lag_ms = lag_ms - 1", "place = place + 1"] {
        let dir = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(dir.path()).unwrap();
        log.append(&[reading("s/a", 1, 80.0), reading("s/b", 2, 81.0), reading("s/a", 3, 82.0)]).unwrap();
        log.database.writer().execute(&format!("UPDATE log SET {change} WHERE id = 1"), []).unwrap();
        let beside = SqliteLog::open_beside(dir.path()).unwrap();
        assert_eq!(all(&beside), [reading("s/b", 2, 81.0), reading("s/a", 3, 82.0)], "{change}");
        let mut found = 0;
        let (from, to) = (Timestamp::MIN, Timestamp::MAX);
        let count = |_| {
            found += 1;
            ControlFlow::Continue(())
        };
        beside.span(from, to, Offset(3), count).unwrap();
        assert_eq!(found, 2, "{change}");
    }
}

#[test]
fn a_log_of_an_earlier_release_is_read_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let batch = [reading("s/a", 1, 80.0), work("s/a", 2)];
    SqliteLog::open(dir.path()).unwrap().append(&batch).unwrap();
    let log = Connection::open(dir.path().join("log.db")).unwrap();
    log.execute_batch("ALTER TABLE log DROP COLUMN place").unwrap();
    let before = SqliteLog::open_beside(dir.path()).unwrap();
    assert_eq!(all(&before), batch);
    let log = SqliteLog::open(dir.path()).unwrap();
    assert_eq!(log.append(&[batch[0].clone(), reading("s/a", 3, 82.0)]).unwrap().kept, 1);
    for log in [&before, &SqliteLog::open_beside(dir.path()).unwrap()] {
        assert_eq!(all(log).len(), 3);
    }
    // That release goes on with it, too, should it come back.
    let statement =
        "INSERT INTO log (machine, ts, lag_ms, kind, digest, body) SELECT machine, ts + 10, lag_ms, kind, digest, body
        FROM log WHERE id = 1";
    log.database.writer().execute(statement, []).unwrap();
    assert_eq!(all(&SqliteLog::open_beside(dir.path()).unwrap()).len(), 4);
}

#[test]
fn cursors_are_apart_by_consumer_and_begin_before_everything() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    log.commit("influxdb", Partition(0), Offset(7)).unwrap();
    log.commit("influxdb", Partition(0), Offset(9)).unwrap();
    let cursors = ["engine", "influxdb"].map(|consumer| log.cursor(consumer, Partition(0)).unwrap());
    assert_eq!(cursors, [Offset(0), Offset(9)]);
}

#[test]
fn finds_one_machine_in_a_span_in_order_of_time() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    let times = [600_000, -70_000, 59_999, 60_000, -1, 0, 240_000];
    let batch = times.iter().flat_map(|ts| [reading("s/a", *ts, 80.0), reading("s/b", *ts, 81.0), work("s/a", *ts)]);
    log.append(&batch.collect::<Vec<_>>()).unwrap();
    let check = |from: i64, to: i64, expected: &[i64]| {
        let mut found = Vec::new();
        let machine = MachineId::parse("s/a").unwrap();
        log.readings(&machine, Timestamp::from_millis(from), Timestamp::from_millis(to), |reading| {
            assert_eq!(reading.machine, machine);
            found.push(reading.ts.millis());
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(found, expected, "{from}..{to}");
    };
    check(i64::MIN, i64::MAX, &[-70_000, -1, 0, 59_999, 60_000, 240_000, 600_000]);
    check(0, 240_000, &[0, 59_999, 60_000]);
    check(59_999, 60_000, &[59_999]);
    check(700_000, 800_000, &[]);
}

/// A walk minute by minute over two thousand years would not end while anybody waits.
#[test]
fn an_empty_age_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    let (ancient, late) = (Timestamp::MIN.millis(), 1_782_864_000_000);
    log.append(&[reading("s/a", ancient, 1.0), reading("s/b", late, 2.0), reading("s/a", late, 3.0)]).unwrap();
    let mut found = Vec::new();
    log.readings(&MachineId::parse("s/a").unwrap(), Timestamp::MIN, Timestamp::MAX, |reading| {
        found.push(reading.ts.millis());
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(found, [ancient, late]);
}

#[test]
fn a_clean_stop_leaves_one_whole_file() {
    let (dir, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = SqliteLog::open(dir.path()).unwrap();
    log.append(&[reading("s/a", 1_000, 1.0)]).unwrap();
    log.checkpoint().unwrap();
    std::fs::copy(dir.path().join("log.db"), copy.path().join("log.db")).unwrap();
    assert_eq!(SqliteLog::open(copy.path()).unwrap().head(Partition(0)).unwrap(), Offset(1));
}

#[test]
fn a_waiter_is_told_of_the_new_head() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| log.wait_beyond(Offset(0), Duration::from_secs(60)));
        log.append(&[reading("s/a", 1, 80.0)]).unwrap();
        assert_eq!(waiter.join().unwrap(), Offset(1));
    });
    assert_eq!(log.wait_beyond(Offset(1), Duration::ZERO), Offset(1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// Against the obvious model, with a digest that collides nearly always.
    #[test]
    fn is_a_set_in_order_of_first_arrival(
        batches in prop::collection::vec(prop::collection::vec((0..3_u8, 0..3_i64, 0..3_u8), 0..12), 1..6),
        digests in 1..3_u32,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut expected: Vec<Event> = Vec::new();
        for batch in batches {
            let mut log = SqliteLog::open(dir.path()).unwrap();
            log.digest = if digests == 1 { |_, _| u32::MAX } else { |_, body| u32::from(body.len() as u8 % 2) };
            let batch: Vec<_> = batch.into_iter().map(|(kind, ts, text)| match kind {
                0 => reading("s/a", ts, f64::from(text)),
                1 => work("s/b", ts),
                _ => Event::Note {
                    machine: MachineId::parse("s/a").unwrap(),
                    ts: Timestamp::from_millis(ts),
                    text: Note::new(&text.to_string()),
                },
            }).collect();
            let before = expected.len();
            for event in &batch {
                if !expected.contains(event) {
                    expected.push(event.clone());
                }
            }
            let appended = log.append(&batch).unwrap();
            prop_assert_eq!(appended.kept, expected.len() - before);
            prop_assert_eq!(appended.duplicates, batch.len() - appended.kept);
            prop_assert_eq!(all(&log), expected.clone());
        }
    }
}

#[test]
fn a_damaged_file_is_named_with_its_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    {
        let log = SqliteLog::open(dir.path()).unwrap();
        log.append(&(0..5_000).map(|n| reading("s/a", n * 1_000, 80.0)).collect::<Vec<_>>()).unwrap();
        log.checkpoint().unwrap();
    }
    let whole = std::fs::read(&path).unwrap();
    let check = |bytes: &[u8]| {
        for name in ["log.db-wal", "log.db-shm"] {
            drop(std::fs::remove_file(dir.path().join(name)));
        }
        std::fs::write(&path, bytes).unwrap();
        for opened in [SqliteLog::open(dir.path()), SqliteLog::open_beside(dir.path())] {
            let error = opened.map(|_| ()).unwrap_err();
            assert!(matches!(error, OpenError::Damaged { .. }), "{} bytes: {error:?}", bytes.len());
            assert!(error.to_string().contains("log.db is damaged. Restore it from a backup"), "{error}");
        }
    };
    for share in [2, 3, 5, 8] {
        check(&whole[..whole.len() / share]);
    }
    check(&whole[..5_000]);
    check(&whole[..1_000]);
    check("not a database at all\n".repeat(400).as_bytes());
    check(b"short text");
}
