//! The archive under SIGKILL at every step, with damage, and beside a log that goes on: nothing lost, nothing twice.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the report")]

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, ExitStatus};

use foretell_history::{
    Archive, ColumnMap, FileError, Keeping, Kept, ReadOptions, ReadingFiles, Selection, SqliteLog, Step,
};
use foretell_model::{
    DAY_MS, Event, HOUR_MS, Log, MachineId, Offset, Partition, Quality, Reading, Signal, Signals, Timestamp,
};

mod curves;
mod damage;
mod losses;

/// Set for the child, which archives this directory until it kills itself.
const DIR: &str = "FORETELL_TEST_ARCHIVE_DIR";
/// The how-many-th step the child does not survive.
const FATAL: &str = "FORETELL_TEST_ARCHIVE_FATAL_STEP";

const DAYS: i64 = 3;

fn reading(machine: &str, ts: i64) -> Reading {
    let (machine, ts) = (MachineId::new("s", machine).unwrap(), Timestamp::from_millis(ts));
    let signals = Signals::empty().with(Signal::DischargeTemp, 80.0 + (ts.millis() % 97) as f64 / 10.0);
    Reading { machine, ts, arrived: ts + 300, signals, state: None, quality: Quality::Good }
}

fn fleet() -> Vec<Reading> {
    let at = |n: i64| reading(&format!("m{}", n % 3), n * HOUR_MS / 2 + n);
    (0..DAYS * 48).map(at).collect()
}

fn append(log: &SqliteLog, readings: &[Reading]) {
    log.append(&readings.iter().cloned().map(Event::Reading).collect::<Vec<_>>()).unwrap();
}

/// Archives and drops everything that is over, telling `steps`.
fn keep(dir: &Path, log: &SqliteLog, steps: &mut dyn FnMut(Step) -> ControlFlow<()>) -> Result<Kept, FileError> {
    keep_telling(Some(DAY_MS), dir, log, steps)
}

/// Archives everything that is over, and drops it after so long.
fn keep_for(keep_ms: Option<i64>, dir: &Path, log: &SqliteLog) -> Kept {
    keep_telling(keep_ms, dir, log, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn keep_telling(
    keep_ms: Option<i64>,
    dir: &Path,
    log: &SqliteLog,
    steps: &mut dyn FnMut(Step) -> ControlFlow<()>,
) -> Result<Kept, FileError> {
    let work = Keeping {
        rewrites_max: usize::MAX,
        now: Timestamp::from_millis(30 * DAY_MS),
        closed_after_ms: HOUR_MS,
        keep_ms,
        consumed: log.head(Partition(0)).unwrap(),
        options: ReadOptions { memory_bytes: 2_000, threads: 1, temp_dir: dir.to_owned(), ..ReadOptions::default() },
    };
    Archive::new(dir).keep(log, &work, steps)
}

/// Everything there is, from log and archive, by machine and time; a reading twice fails.
fn everything(dir: &Path, log: &SqliteLog) -> BTreeSet<String> {
    let path = dir.join("all.csv");
    let go_on = &mut |_| ControlFlow::Continue(());
    let all = Selection::default();
    let exported =
        foretell_history::export(log, &Archive::new(dir), &all, &path, &ReadOptions::default(), go_on).unwrap();
    assert!(exported.damaged.is_empty(), "{:?}", exported.damaged);
    let text = std::fs::read_to_string(path).unwrap();
    let lines: BTreeSet<String> = text.lines().skip(1).map(key).collect();
    assert_eq!(lines.len() as u64, exported.readings, "a reading is there twice");
    lines
}

/// Time, site and machine of a line.
fn key(line: &str) -> String {
    line.split(',').take(3).collect::<Vec<_>>().join(",")
}

fn keys(readings: &[Reading]) -> BTreeSet<String> {
    readings.iter().map(|r| format!("{},{},{}", r.ts, r.machine.site(), r.machine.machine())).collect()
}

/// Not a test of its own: what the child runs.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let fatal: u32 = std::env::var(FATAL).unwrap().parse().unwrap();
    let (dir, log) = (Path::new(&dir), SqliteLog::open(dir.as_ref()).unwrap());
    let mut taken = 0;
    let kept = keep(dir, &log, &mut |step| {
        // Collecting has many steps and leaves nothing behind, so one of them stands for all.
        taken += u32::from(step != Step::Collected || taken == 0);
        if taken == fatal && step != Step::Collected || fatal == 1 {
            let killed = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
            panic!("still alive: {killed:?}");
        }
        ControlFlow::Continue(())
    });
    let failures = kept.unwrap().failures;
    assert!(failures.is_empty(), "{failures:?}");
}

fn archive_until(dir: &Path, fatal: u32) -> ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child"])
        .env(DIR, dir)
        .env(FATAL, fatal.to_string())
        .status()
        .unwrap()
}

#[test]
fn killed_at_any_step_nothing_is_lost_and_nothing_is_there_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut expected = fleet();
    append(&SqliteLog::open(dir.path()).unwrap(), &expected);
    let mut kills = 0;
    for fatal in 1.. {
        let status = archive_until(dir.path(), fatal);
        let log = SqliteLog::open(dir.path()).unwrap();
        assert_eq!(everything(dir.path(), &log), keys(&expected), "after step {fatal}");
        if status.success() {
            break;
        }
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "step {fatal}: {status}");
        kills += 1;
        // Late readings make each day's file be written again, and a redelivered one must not be there twice.
        let late: Vec<_> = (0..DAYS).map(|day| reading("late", i64::from(fatal) * 60_000 + day * DAY_MS)).collect();
        append(&log, &late);
        append(&log, &expected[..1]);
        expected.extend(late);
    }
    // Eight steps a day, and one for collecting.
    assert!(kills > 8 * DAYS, "only {kills} kills");
    // A last pass with nobody in the way leaves the log with its newest entry only, and whole files with sums that agree.
    let log = SqliteLog::open(dir.path()).unwrap();
    keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(log.read(Partition(0), Offset(0), 1_000).unwrap().len() <= 1);
    let check = "sha256sum --strict -c *.sha256";
    let sums = Command::new("sh").args(["-c", check]).current_dir(dir.path().join("archive")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&sums.stdout).matches(": OK").count() as i64, DAYS, "{sums:?}");
}

#[test]
fn a_stop_leaves_everything_for_the_next_pass() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    append(&log, &fleet());
    for stop_at in [Step::Collected, Step::Written, Step::Noted, Step::Dropping] {
        let stopped = keep(dir.path(), &log, &mut |step| {
            if step == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(stopped, Err(FileError::Stopped)), "{stop_at:?}");
        assert_eq!(everything(dir.path(), &log), keys(&fleet()), "{stop_at:?}");
    }
    let kept = keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    // The first day was written before; its drop was only begun.
    assert_eq!((kept.written.len(), kept.dropped, kept.failures.len()), (2, 48 * DAYS as u64 - 1, 0));
    let again = keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((again.written.len(), again.dropped), (0, 0), "a day that is done is not done again");
}

#[test]
fn of_days_with_late_readings_so_many_are_written_anew_in_a_pass_and_none_waits_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    let of_each_day = |minute: i64| (0..5).map(|day| reading("m", day * DAY_MS + minute * 60_000)).collect::<Vec<_>>();
    let work = Keeping {
        now: Timestamp::from_millis(30 * DAY_MS),
        closed_after_ms: 0,
        keep_ms: None,
        consumed: Offset(0),
        rewrites_max: 2,
        options: ReadOptions::default(),
    };
    let pass = || {
        let kept = Archive::new(dir.path()).keep(&log, &work, &mut |_| ControlFlow::Continue(())).unwrap();
        let days = kept.written.iter().map(|(path, readings)| {
            let day = path.file_stem().unwrap().to_str().unwrap().split_at(8).1.to_owned();
            format!("{day}:{readings}")
        });
        (days.collect::<Vec<_>>().join(" "), kept.put_off)
    };
    let is = |said: &str, put_off| (said.to_owned(), put_off);
    append(&log, &of_each_day(0));
    assert_eq!(pass(), is("01:1 02:1 03:1 04:1 05:1", 0), "a day that has no file is not made to wait");
    append(&log, &of_each_day(1));
    assert_eq!(pass(), is("01:2 02:2", 3));
    // Whoever goes on sending late readings of the first days does not keep the others from their turn.
    append(&log, &of_each_day(2)[..2]);
    assert_eq!(pass(), is("03:2 04:2", 3));
    assert_eq!(pass(), is("05:2 01:3", 1));
    assert_eq!(pass(), is("02:3", 0));
    assert_eq!(pass(), is("", 0));
}

#[test]
fn what_consumers_have_not_seen_is_not_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    append(&log, &fleet());
    let work = Keeping {
        rewrites_max: usize::MAX,
        now: Timestamp::from_millis(30 * DAY_MS),
        closed_after_ms: 0,
        keep_ms: Some(0),
        consumed: Offset(10),
        options: ReadOptions::default(),
    };
    let pass = |work: &Keeping| Archive::new(dir.path()).keep(&log, work, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(pass(&work).dropped, 10);
    assert_eq!(pass(&work).dropped, 0);
    assert_eq!(pass(&Keeping { keep_ms: None, consumed: Offset(u64::MAX >> 1), ..work.clone() }).dropped, 0);
    assert_eq!(pass(&Keeping { consumed: Offset(u64::MAX >> 1), ..work }).dropped, 48 * DAYS as u64 - 11);
}

#[test]
fn a_damaged_file_is_named_and_the_others_are_served() {
    let dir = tempfile::tempdir().unwrap();
    let (log, archive) = (SqliteLog::open(dir.path()).unwrap(), Archive::new(dir.path()));
    append(&log, &fleet());
    // Stays on the log, where the newest entry always does.
    append(&log, &[reading("other", 40 * DAY_MS)]);
    keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    let machine = MachineId::new("s", "m1").unwrap();
    let of_machine = |days: std::ops::Range<i64>| {
        let span = days.start * DAY_MS..days.end * DAY_MS;
        let own = |r: &Reading| r.machine == machine && span.contains(&r.ts.millis());
        fleet().into_iter().filter(own).collect::<Vec<_>>()
    };
    let whole = (Timestamp::MIN, Timestamp::MAX);
    assert_eq!(archive.readings(&log, &machine, whole, 1_000).unwrap(), of_machine(0..DAYS));
    assert_eq!(archive.readings(&log, &machine, whole, 7).unwrap(), of_machine(0..DAYS).split_off(48 - 7));
    let span = (Timestamp::from_millis(DAY_MS), Timestamp::from_millis(2 * DAY_MS));
    assert_eq!(archive.readings(&log, &machine, span, 1_000).unwrap(), of_machine(1..2));

    let path = dir.path().join("archive/1970-01-02.parquet");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let left: Vec<_> = of_machine(0..1).into_iter().chain(of_machine(2..DAYS)).collect();
    assert_eq!(archive.readings(&log, &machine, whole, 1_000).unwrap(), left);
    let go_on = &mut |_| ControlFlow::Continue(());
    let out = dir.path().join("left.csv");
    let exported =
        foretell_history::export(&log, &archive, &Selection::default(), &out, &ReadOptions::default(), go_on).unwrap();
    assert_eq!((exported.readings, exported.damaged.len()), (48 * (DAYS as u64 - 1) + 1, 1));
    let said = exported.damaged[0].to_string();
    assert!(said.contains("1970-01-02.parquet is damaged") && said.contains("Restore it from a backup"), "{said}");
    // Whoever reads the folder as history is told too, and the day's late reading waits on the log.
    let read = ReadingFiles::read(&[dir.path().join("archive")], &ColumnMap::default(), &ReadOptions::default(), go_on);
    assert!(read.map(|_| ()).unwrap_err().to_string().contains("1970-01-02.parquet is damaged"));
    append(&log, &[reading("late", DAY_MS + 5), reading("other", 40 * DAY_MS + 1)]);
    let kept = keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((kept.written.len(), kept.dropped, kept.failures.len()), (0, 0, 1));
    // The right file restored, all is well.
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let kept = keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((kept.written.len(), kept.dropped, kept.failures.len()), (1, 1, 0));
}
