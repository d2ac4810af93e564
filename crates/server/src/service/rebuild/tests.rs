//! A lost snapshot after days have left the log: the engine comes out as it was.

use foretell_engine::EngineOptions;
use foretell_history::Keeping;
use foretell_model::{
    DAY_MS, FaultCode, HOUR_MS, Log, MachineId, Note, Partition, Quality, Reading, Signal, Signals, Timestamp, Work,
};
use foretell_sim::{Fleet, Message};

use super::*;

/// Days of the demo's history.
const DAYS: i64 = 90;

fn options() -> EngineOptions {
    EngineOptions { catalogue: super::super::catalogue(None).unwrap(), ..EngineOptions::default() }
}

/// A reading every ten minutes of the demo's first machines, whose coolers and valves fail, with work and words in between, in the
/// order in which they would arrive.
fn history() -> Vec<Event> {
    let fleet = Fleet::builtin("demo", 7).unwrap();
    let until = fleet.from_ms() + DAYS * DAY_MS;
    let machine = |number: usize| MachineId::new("s01", &format!("m{number:03}")).unwrap();
    let mut events = Vec::new();
    for number in 0..2 {
        let samples = fleet.messages_of(number).filter_map(|message| match message {
            Message::Sample(sample) => Some(sample),
            Message::Happening(_) => None,
        });
        events.extend(samples.step_by(5).take_while(|sample| sample.ts_ms < until).map(|sample| {
            let mut signals = Signals::empty();
            for signal in foretell_sim::Signal::ALL {
                if let (Some(known), Some(value)) = (Signal::from_name(signal.name()), sample.get(signal)) {
                    signals.set(known, value);
                }
            }
            let ts = Timestamp::from_millis(sample.ts_ms);
            let (machine, quality) = (machine(number + 1), Quality::Good);
            Event::Reading(Reading { machine, ts, arrived: ts + 200, signals, state: None, quality })
        }));
    }
    let at = |days: i64| Timestamp::from_millis(fleet.from_ms() + days * DAY_MS + HOUR_MS + 1);
    let m2 = machine(2);
    events.push(Event::Maintenance { machine: m2.clone(), ts: at(20), work: Work::new("oil_changed").unwrap() });
    events.push(Event::Note { machine: m2.clone(), ts: at(30), text: Note::new("smells of oil") });
    events.push(Event::Status { machine: m2.clone(), ts: at(80), online: false });
    events.push(Event::Status { machine: m2, ts: at(81), online: true });
    events.sort_by_key(Event::ts);
    events
}

fn replay(log: &SqliteLog, room: &EngineRoom, rebuilt: Option<&Rebuilt>) {
    loop {
        let entries = log.read(Partition(0), room.offset(), 5_000).unwrap();
        if entries.is_empty() {
            return;
        }
        past(&entries, rebuilt, room, |stretch| room.advance(stretch, &mut Vec::new()));
    }
}

/// Archives everything, and drops the days that ended before `keep_days` of the end.
fn archive(dir: &Path, log: &SqliteLog, now: Timestamp, keep_days: i64) -> u64 {
    let work = Keeping {
        rewrites_max: 10,
        now,
        closed_after_ms: HOUR_MS,
        keep_ms: Some(keep_days * DAY_MS),
        consumed: log.head(Partition(0)).unwrap(),
        options: ReadOptions { memory_bytes: 1 << 20, threads: 1, temp_dir: dir.to_owned(), ..ReadOptions::default() },
    };
    let kept = Archive::new(dir).keep(log, &work, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(kept.failures.is_empty(), "{:?}", kept.failures);
    kept.dropped
}

fn rebuilt(dir: &Path, log: &SqliteLog) -> (EngineRoom, Option<Rebuilt>) {
    let room = EngineRoom::new(options());
    let rebuilt = rebuild(log, dir, &room, &mut |_, _| ControlFlow::Continue(())).unwrap();
    replay(log, &room, rebuilt.as_ref());
    (room, rebuilt)
}

#[test]
fn the_engine_comes_out_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (log, events) = (SqliteLog::open(dir.path()).unwrap(), history());
    events.chunks(5_000).for_each(|batch| _ = log.append(batch).unwrap());
    let before = EngineRoom::new(options());
    replay(&log, &before, None);
    let forecast =
        |room: &EngineRoom| room.findings(None, None, 5_000).iter().any(|f| f.fault == FaultCode::COOLER_CLOGGING);
    assert!(forecast(&before), "nothing was forecast, so nothing is compared");
    let now = events.last().unwrap().ts();
    // All but the last week go, and with a second pass all that the first one left.
    for keep_days in [7, 1] {
        assert!(archive(dir.path(), &log, now, keep_days) > 0);
        let (again, known) = rebuilt(dir.path(), &log);
        assert!(known.is_some_and(|known| known.whole_from() == log.head(Partition(0)).unwrap()));
        assert_eq!(again.freeze(), before.freeze(), "{keep_days} days on the log");
        let told = again.told(&MachineId::new("s01", "m002").unwrap());
        assert!(told.is_some_and(|told| told.online), "{told:?}");
    }
}

#[test]
fn a_log_that_holds_everything_is_simply_replayed() {
    let dir = tempfile::tempdir().unwrap();
    let (log, events) = (SqliteLog::open(dir.path()).unwrap(), history());
    log.append(&events[..2_000]).unwrap();
    let now = events[2_000].ts();
    assert_eq!(archive(dir.path(), &log, now, 1_000), 0);
    assert_eq!(rebuilt(dir.path(), &log).1, None);
}

#[test]
fn a_new_log_beside_an_old_archive_goes_on_where_that_ends() {
    let dir = tempfile::tempdir().unwrap();
    let events = history();
    let now = events.last().unwrap().ts();
    let before = {
        let log = SqliteLog::open(dir.path()).unwrap();
        events.chunks(5_000).for_each(|batch| _ = log.append(batch).unwrap());
        archive(dir.path(), &log, now + 10 * DAY_MS, 1);
        let room = EngineRoom::new(options());
        events.iter().filter(|event| matches!(event, Event::Reading(_))).for_each(|event| {
            room.advance(&[Logged { offset: Offset(0), event: event.clone() }], &mut Vec::new());
        });
        room
    };
    for name in ["log.db", "log.db-wal", "log.db-shm"] {
        let path = dir.path().join(name);
        if path.exists() {
            std::fs::remove_file(path).unwrap();
        }
    }
    let log = SqliteLog::open(dir.path()).unwrap();
    let (again, known) = rebuilt(dir.path(), &log);
    assert_eq!(known.map(|known| known.whole_from()), Some(Offset(0)));
    // Only readings are archived; what people said went with the log.
    assert_eq!(again.freeze().1, before.freeze().1);
}

#[test]
fn archived_days_that_are_damaged_or_missing_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (log, events) = (SqliteLog::open(dir.path()).unwrap(), history());
    events.chunks(5_000).for_each(|batch| _ = log.append(batch).unwrap());
    archive(dir.path(), &log, events.last().unwrap().ts(), 7);
    let files = Archive::new(dir.path()).files(Timestamp::MIN, Timestamp::MAX).unwrap();
    let lost = || rebuilt(dir.path(), &log).1.map(|rebuilt| rebuilt.days_lost);
    assert_eq!(lost(), Some(0));
    std::fs::remove_file(&files[3]).unwrap();
    assert_eq!(lost(), Some(1));
    std::fs::write(&files[5], "no Parquet").unwrap();
    assert_eq!(lost(), Some(2));
}

#[test]
fn may_be_ended_and_says_how_far_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (log, events) = (SqliteLog::open(dir.path()).unwrap(), history());
    events.chunks(5_000).for_each(|batch| _ = log.append(batch).unwrap());
    archive(dir.path(), &log, events.last().unwrap().ts(), 7);
    let (room, mut heard) = (EngineRoom::new(options()), Vec::new());
    let ended = rebuild(&log, dir.path(), &room, &mut |done, of| {
        heard.push(done);
        if done < 3 {
            ControlFlow::Continue(())
        } else {
            assert!(of > 80);
            ControlFlow::Break(())
        }
    });
    assert!(matches!(ended, Err(FileError::Stopped)));
    assert_eq!(heard.last(), Some(&3));
}
