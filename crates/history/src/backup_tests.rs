//! Copies of data directories, whole and damaged.

use std::os::unix::fs::PermissionsExt as _;

use foretell_model::{Event, HOUR_MS, Log as _, MachineId, Quality, Reading, Signal, Signals};

use super::*;
use crate::{Keeping, QuarantineBounds, ReadOptions, RollUps, Selection, SqliteQuarantine, export};

const NOW: Timestamp = Timestamp::from_millis(100 * HOUR_MS);

const fn go_on(_bytes: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A data directory of three days, two of which have left the log, and a lost lot of other files.
fn plant() -> (tempfile::TempDir, PathBuf, SqliteLog) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let log = SqliteLog::open(&data).unwrap();
    let reading = |hour: i64| {
        let ts = Timestamp::from_millis(hour * HOUR_MS);
        let (machine, signals) =
            (MachineId::new("s", "m").unwrap(), Signals::empty().with(Signal::DischargeTemp, 80.0));
        Event::Reading(Reading { machine, ts, arrived: ts, signals, state: None, quality: Quality::Good })
    };
    log.append(&(0..72).map(reading).collect::<Vec<_>>()).unwrap();
    let work = Keeping {
        now: Timestamp::from_millis(73 * HOUR_MS),
        closed_after_ms: 0,
        keep_ms: Some(24 * HOUR_MS),
        consumed: foretell_model::Offset(72),
        rewrites_max: 1,
        options: ReadOptions::default(),
    };
    let kept = Archive::new(&data).keep(&log, &work, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((kept.written.len(), kept.dropped, kept.failures.len()), (3, 48, 0));
    std::fs::create_dir(data.join("photos")).unwrap();
    std::fs::write(data.join("photos/one.jpg"), "a picture").unwrap();
    std::fs::write(data.join("link.secret"), "a secret").unwrap();
    (dir, data, log)
}

fn readings(data: &Path) -> u64 {
    let (log, out) = (SqliteLog::open_beside(data).unwrap(), data.join("all.csv"));
    let go_on = &mut |_| ControlFlow::Continue(());
    let exported = export(&log, &Archive::new(data), &Selection::default(), &out, &ReadOptions::default(), go_on);
    std::fs::remove_file(&out).unwrap();
    exported.unwrap().readings
}

fn names(folder: &Path) -> String {
    let mut names: Vec<String> =
        listed(folder).unwrap().iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    names.sort();
    names.join(" ")
}

#[test]
fn a_copy_is_a_data_directory_and_shares_what_has_not_changed() {
    let (dir, data, _owned) = plant();
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let made = back_up(&data, &first, None, NOW, &mut go_on).unwrap();
    assert_eq!((made.files, made.shared, made.damaged.len()), (7, 0, 0));
    assert_eq!(names(&first), "archive link.secret log.db log.witness photos");
    assert_eq!((readings(&data), readings(&first)), (72, 72));
    assert_eq!(std::fs::read_to_string(first.join("photos/one.jpg")).unwrap(), "a picture");
    // The second day was damaged in the earlier backup, the first one changed since.
    let of_day = |folder: &Path, day: u32| folder.join(format!("archive/1970-01-0{day}.parquet"));
    std::fs::write(of_day(&first, 2), "nonsense").unwrap();
    std::fs::write(of_day(&first, 1).with_added_extension("sha256"), "another sum").unwrap();
    let made = back_up(&data, &second, Some(&first), NOW, &mut go_on).unwrap();
    assert_eq!((made.files, made.shared, made.damaged.len(), readings(&second)), (7, 1, 0, 72));
}

#[test]
fn what_is_damaged_is_copied_and_said() {
    let (dir, data, _owned) = plant();
    let path = data.join("archive/1970-01-01.parquet");
    let half = std::fs::read(&path).unwrap().split_off(500);
    std::fs::write(&path, &half).unwrap();
    let made = back_up(&data, &dir.path().join("copy"), None, NOW, &mut go_on).unwrap();
    assert_eq!((made.files, made.damaged.len()), (7, 1));
    assert!(made.damaged[0].to_string().contains("data/archive/1970-01-01.parquet is damaged"), "{:?}", made.damaged);
    assert_eq!(std::fs::read(dir.path().join("copy/archive/1970-01-01.parquet")).unwrap(), half);
}

#[test]
fn a_day_that_is_gone_is_taken_from_the_earlier_backup_or_said() {
    let (dir, data, _owned) = plant();
    let backup = |name: &str| dir.path().join(name);
    back_up(&data, &backup("first"), None, NOW, &mut go_on).unwrap();
    let day = data.join("archive/1970-01-01.parquet");
    std::fs::remove_file(&day).unwrap();
    let made = back_up(&data, &backup("second"), Some(&backup("first")), NOW, &mut go_on).unwrap();
    assert_eq!((made.files, made.damaged.len(), &made.recovered[..]), (7, 0, &[day.clone()][..]));
    assert_eq!(readings(&backup("second")), 72);
    let made = back_up(&data, &backup("third"), None, NOW, &mut go_on).unwrap();
    assert_eq!((made.files, made.damaged.len(), made.recovered.len()), (6, 1, 0));
    assert!(made.damaged[0].to_string().contains("1970-01-01.parquet"), "{}", made.damaged[0]);
    // Damaged there, it is no better than none.
    std::fs::write(backup("first/archive/1970-01-01.parquet"), "nonsense").unwrap();
    let made = back_up(&data, &backup("fourth"), Some(&backup("first")), NOW, &mut go_on).unwrap();
    assert_eq!((made.damaged.len(), made.recovered.len()), (1, 0));
}

#[test]
fn a_copy_is_as_closed_as_what_it_is_of() {
    let (dir, data, _owned) = plant();
    std::fs::set_permissions(data.join("log.db"), std::fs::Permissions::from_mode(0o600)).unwrap();
    back_up(&data, &dir.path().join("copy"), None, NOW, &mut go_on).unwrap();
    let mode = std::fs::metadata(dir.path().join("copy/log.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_stop_leaves_nothing_and_nothing_is_overwritten() {
    let (dir, data, _owned) = plant();
    let copy = dir.path().join("copy");
    for files in 0..6 {
        let mut seen = 0;
        let stopped = back_up(&data, &copy, None, NOW, &mut |_| {
            seen += 1;
            if seen > files { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(stopped, Err(FileError::Stopped)), "after {files}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "after {files}");
    }
    // What a killed one left is in nobody's way.
    std::fs::create_dir_all(dir.path().join(".part-copy/archive")).unwrap();
    back_up(&data, &copy, None, NOW, &mut go_on).unwrap();
    let refused = |to: &Path| back_up(&data, to, None, NOW, &mut go_on).unwrap_err().to_string();
    assert!(refused(&copy).starts_with("could not create"));
    assert!(refused(&data.join("copy")).contains("lies in the data directory"));
}

/// Overwrites a database, all of it.
fn spoil(path: &Path) {
    let length = std::fs::metadata(path).unwrap().len();
    std::fs::write(path, vec![0xee; length as usize]).unwrap();
}

#[test]
fn what_can_be_begun_anew_keeps_no_backup_from_being_made() {
    let (dir, data, _owned) = plant();
    drop(RollUps::open(&data).unwrap());
    drop(SqliteQuarantine::open(&data, QuarantineBounds::default()).unwrap());
    let damaged = ["quarantine.db", "rollups.db"].map(|name| data.join(name));
    damaged.iter().for_each(|path| spoil(path));
    let copy = dir.path().join("copy");
    let made = back_up(&data, &copy, None, NOW, &mut go_on).unwrap();
    assert_eq!((&made.left_out[..], made.damaged.len()), (&damaged[..], 0));
    assert_eq!((names(&copy).as_str(), readings(&copy)), ("archive link.secret log.db log.witness photos", 72));
    note_backup(&data, Some("no room")).unwrap();
    assert_eq!(failed_backup(&data).as_deref(), Some("no room"));
    [0; 2].iter().for_each(|_| note_backup(&data, None).unwrap());
    assert_eq!(failed_backup(&data), None);
}

#[test]
fn a_damaged_log_names_its_rescue() {
    let (dir, data, log) = plant();
    log.checkpoint().unwrap();
    drop(log);
    spoil(&data.join("log.db"));
    let refused = back_up(&data, &dir.path().join("copy"), None, NOW, &mut go_on).unwrap_err();
    assert!(matches!(refused, FileError::Log(foretell_model::LogError::Damaged { .. })), "{refused:?}");
    assert!(refused.to_string().contains("`foretell export --out FILE.parquet` saves every reading"), "{refused}");
    assert!(!dir.path().join("copy").exists());
}

#[test]
fn an_emptied_log_is_damage_and_its_write_ahead_file_is_left() {
    let (dir, data, log) = plant();
    drop(log);
    std::fs::write(data.join("log.db"), "").unwrap();
    std::fs::write(data.join("log.db-wal"), "x").unwrap();
    let refused = back_up(&data, &dir.path().join("copy"), None, NOW, &mut go_on).unwrap_err();
    assert!(matches!(refused, FileError::Log(foretell_model::LogError::Damaged { .. })), "{refused:?}");
    assert!(data.join("log.db-wal").exists() && !dir.path().join("copy").exists());
}

/// What a killed backup left is gone with the next one there, whatever that is called; what somebody still makes is not.
#[test]
fn what_a_killed_backup_left_goes_with_the_next() {
    let (dir, data, _log) = plant();
    let aside = |name: &str, is_made: bool| {
        let folder = dir.path().join(format!(".part-{name}"));
        make_folder(&folder).unwrap();
        std::fs::write(folder.join("service.sqlite"), "names").unwrap();
        let lock = DirLock::take(&folder, MAKING).unwrap();
        is_made.then_some(lock)
    };
    let (killed, made) = (aside("monday", false), aside("tuesday", true));
    std::fs::create_dir(dir.path().join(".part-of-somebody-else")).unwrap();
    assert!(killed.is_none() && made.is_some());
    let busy = back_up(&data, &dir.path().join("tuesday"), None, NOW, &mut go_on).unwrap_err();
    let busy = std::error::Error::source(&busy).map(ToString::to_string).unwrap_or_default();
    assert!(busy.contains("is in use by process"), "{busy}");
    back_up(&data, &dir.path().join("wednesday"), None, NOW, &mut go_on).unwrap();
    let mut left: Vec<String> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "data")
        .collect();
    left.sort();
    assert_eq!(left, [".part-of-somebody-else", ".part-tuesday", "wednesday"]);
    assert!(!names(&dir.path().join("wednesday")).contains(MAKING));
}
