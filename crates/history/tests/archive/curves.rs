//! Curves that are made anew are those that there were, whatever only the archive still holds.

use std::collections::BTreeMap;

use foretell_history::RollUps;

use super::*;

/// Every hour of every machine.
fn hours(rollups: &RollUps) -> BTreeMap<(String, Timestamp), String> {
    let machines = (0..3).map(|n| MachineId::new("s", &format!("m{n}")).unwrap());
    let of = |machine: MachineId| {
        let found = rollups.hours(&machine, Timestamp::from_millis(0), Timestamp::from_millis(40 * DAY_MS)).unwrap();
        let shown = |hour: &foretell_history::Summary| {
            let temp = hour.band(Signal::DischargeTemp).unwrap();
            // Sums of floats depend on their order a little.
            format!("{} of {:.9} from {} to {}", hour.readings, temp.mean(), temp.min, temp.max)
        };
        found.iter().map(|hour| ((machine.to_string(), hour.begins), shown(hour))).collect::<Vec<_>>()
    };
    machines.flat_map(of).collect()
}

fn newest(rollups: &RollUps) -> Vec<String> {
    let mut newest: Vec<_> =
        rollups.latest_of_all().unwrap().iter().map(|reading| format!("{} {}", reading.machine, reading.ts)).collect();
    newest.sort();
    newest
}

fn catch_up(rollups: &RollUps, log: &SqliteLog) {
    while rollups.catch_up(log, 7).unwrap() > 0 {}
}

/// Takes what the archive has, ended once after the first day; returns of how many days something is lacking.
fn take_archive(rollups: &RollUps, dir: &Path, log: &SqliteLog) -> usize {
    let options = ReadOptions { threads: 1, temp_dir: dir.to_owned(), ..ReadOptions::default() };
    let archive = Archive::new(dir);
    let mut days = 0;
    let ended = rollups.take_archive(&archive, log, &options, &mut |done, _| {
        days += done;
        if done == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(ended, Err(FileError::Stopped)), "{ended:?}");
    assert_eq!(rollups.catch_up(log, 7).unwrap(), 0, "the log comes after the archive");
    rollups
        .take_archive(&archive, log, &options, &mut |done, _| {
            assert!(done > 1, "the first day is not taken twice");
            ControlFlow::Continue(())
        })
        .unwrap()
}

/// A data directory with days that have left the log, readings that came late to them, and later ones.
fn plant() -> (tempfile::TempDir, SqliteLog) {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    append(&log, &fleet());
    assert!(keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap().dropped > 100);
    let late = [reading("m0", DAY_MS + 5), reading("m1", 2 * DAY_MS + 7)];
    append(&log, &[&late[..], &[reading("m2", 29 * DAY_MS), reading("m0", 29 * DAY_MS + HOUR_MS)]].concat());
    (dir, log)
}

#[test]
fn damaged_curves_are_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (rollups, log) = (RollUps::open(dir.path()).unwrap(), SqliteLog::open(dir.path()).unwrap());
    // In a new data directory there is nothing to be taken before.
    assert!(rollups.follow(&log).unwrap());
    let (archive, options) = (Archive::new(dir.path()), ReadOptions::default());
    let taken = rollups.take_archive(&archive, &log, &options, &mut |_, _| ControlFlow::Continue(()));
    assert_eq!(taken.unwrap(), 0);
    assert!(!rollups.follow(&log).unwrap());
    append(&log, &fleet());
    catch_up(&rollups, &log);
    let (before, newest_before) = (hours(&rollups), newest(&rollups));
    assert_eq!(before.len(), DAYS as usize * 48);
    drop(rollups);
    keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    let path = dir.path().join("rollups.db");
    // Begun anew when it is opened, and once more while it is open.
    std::fs::write(&path, [0xee; 40_000]).unwrap();
    std::fs::remove_file(dir.path().join("rollups.db-wal")).unwrap();
    assert!(RollUps::open(dir.path()).is_err());
    let rollups = RollUps::open_or_renew(dir.path()).unwrap();
    for _again in 0..2 {
        assert!(rollups.follow(&log).unwrap());
        assert_eq!(take_archive(&rollups, dir.path(), &log), 0);
        catch_up(&rollups, &log);
        assert_eq!((hours(&rollups), newest(&rollups)), (before.clone(), newest_before.clone()));
        assert!(!rollups.follow(&log).unwrap());
        rollups.renew().unwrap();
    }
    assert_eq!(std::fs::metadata(dir.path().join("rollups.db.damaged")).unwrap().len() % 4_096, 0);
}

#[test]
fn curves_of_another_log_are_made_anew_of_archive_and_this_one() {
    let (dir, log) = plant();
    let rollups = RollUps::open(dir.path()).unwrap();
    assert!(rollups.follow(&log).unwrap());
    assert_eq!(take_archive(&rollups, dir.path(), &log), 0);
    catch_up(&rollups, &log);
    let before = hours(&rollups);
    // Late readings have joined the hours of others, once.
    let of_two =
        |all: &BTreeMap<(String, Timestamp), String>| all.values().filter(|hour| hour.starts_with("2 of ")).count();
    assert_eq!((before.len(), of_two(&before)), (DAYS as usize * 48 + 2, 2));
    drop(log);
    for ending in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(dir.path().join(format!("log.db{ending}"))));
    }
    // Another log that has more entries than the curves had seen, some of them of archived days, and ends elsewhere.
    let log = SqliteLog::open(dir.path()).unwrap();
    append(&log, &fleet()[..100]);
    append(&log, &(0..100).map(|n| reading("m2", 29 * DAY_MS + n)).collect::<Vec<_>>());
    assert!(rollups.follow(&log).unwrap());
    assert_eq!(take_archive(&rollups, dir.path(), &log), 0);
    catch_up(&rollups, &log);
    let after = hours(&rollups);
    // The late ones had not reached the archive, and are gone with their log.
    assert_eq!((after.len(), of_two(&after)), (DAYS as usize * 48 + 1, 0));
    let last = after.last_key_value().unwrap();
    assert!(last.1.starts_with("100 of "), "{last:?}");
}
