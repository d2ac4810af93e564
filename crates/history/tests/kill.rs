//! A process that is killed in the middle of appending loses nothing that it acknowledged, keeps nothing twice and no batch in part.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use foretell_history::SqliteLog;
use foretell_model::{Event, Log, MachineId, Offset, Partition, Quality, Reading, Signal, Signals, Timestamp};

/// Set for the child, which appends to this directory until it is killed.
const DIR: &str = "FORETELL_TEST_KILL_DIR";
const BATCH: u64 = 100;

/// The n-th batch; every process makes the same.
fn batch(n: u64) -> Vec<Event> {
    let reading = |i: u64| {
        let ts = Timestamp::from_millis((n * BATCH + i) as i64 * 1000);
        let signals = Signals::empty().with(Signal::DischargeTemp, 80.0 + (i % 7) as f64 / 10.0);
        let machine = MachineId::new("s", &format!("m{}", i % 10)).expect("plain characters");
        Event::Reading(Reading { machine, ts, arrived: ts, signals, state: None, quality: Quality::Good })
    };
    (0..BATCH).map(reading).collect()
}

/// Not a test of its own: what the child runs.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let log = SqliteLog::open(dir.as_ref()).unwrap();
    let kept = log.head(Partition(0)).unwrap().0 / BATCH;
    // A client that saw no acknowledgement sends again, so it begins with the last batch that is there.
    for n in kept.saturating_sub(1)..10_000 {
        log.append(&batch(n)).unwrap();
        println!("acknowledged {n}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_kept_twice() {
    let dir = tempfile::tempdir().unwrap();
    for round in 1..=5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut acknowledged = (0..4 * round).filter_map(|_| last_number(&lines.next()?)).max().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still said before it died counts too.
        acknowledged = lines.filter_map(|line| last_number(&line)).max().unwrap_or(acknowledged).max(acknowledged);

        let log = SqliteLog::open(dir.path()).unwrap();
        let logged = log.read(Partition(0), Offset(0), usize::MAX >> 1).unwrap();
        let batches = logged.len() as u64 / BATCH;
        assert!(batches > acknowledged, "{batches} batches there, batch {acknowledged} acknowledged");
        let expected: Vec<_> = (0..batches).flat_map(batch).collect();
        assert_eq!(logged.into_iter().map(|entry| entry.event).collect::<Vec<_>>(), expected);
    }
}

fn last_number(line: &str) -> Option<u64> {
    line.rsplit_once("acknowledged ").and_then(|(_, number)| number.parse().ok())
}
