//! Files of the archive that are damaged, missing, of another day or half written.

use super::*;

/// An archive of the fleet's days, all of which but the newest entry have left the log.
pub(crate) fn kept_plant() -> (tempfile::TempDir, SqliteLog) {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    append(&log, &fleet());
    append(&log, &[reading("other", 40 * DAY_MS)]);
    let kept = keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((kept.dropped, kept.failures.len(), kept.missing.len()), (48 * DAYS as u64, 0, 0));
    (dir, log)
}

#[test]
fn an_archived_day_that_is_not_there_is_named() {
    let check = |taken: &[&str], late: bool| {
        let (dir, log) = kept_plant();
        for name in taken {
            std::fs::remove_file(dir.path().join("archive").join(name)).unwrap();
        }
        if late {
            append(&log, &[reading("late", DAY_MS + 5), reading("other", 40 * DAY_MS + 1)]);
        }
        let go_on = &mut |_| ControlFlow::Continue(());
        let kept = keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
        // What came late must not make a file that looks like the whole day.
        assert_eq!((kept.missing.len(), kept.failures.len(), kept.written.len()), (1, usize::from(late), 0));
        let mut export = |selection: Selection| {
            let (archive, options, out) = (Archive::new(dir.path()), ReadOptions::default(), dir.path().join("x.csv"));
            foretell_history::export(&log, &archive, &selection, &out, &options, go_on).unwrap()
        };
        let exported = export(Selection::default());
        assert_eq!((exported.readings, exported.damaged.len()), (48 * (DAYS as u64 - 1) + 1 + 2 * u64::from(late), 1));
        let said = exported.damaged[0].to_string();
        assert!(said.contains("1970-01-02.parquet is missing") && said.contains("Restore it from a backup"), "{said}");
        let first_day = Selection { to: Some(Timestamp::from_millis(DAY_MS)), ..Selection::default() };
        assert_eq!(export(first_day).damaged.len(), 0);
    };
    check(&["1970-01-02.parquet"], false);
    check(&["1970-01-02.parquet", "1970-01-02.parquet.sha256"], false);
    check(&["1970-01-02.parquet"], true);
}

#[test]
fn what_a_killed_pass_left_is_swept_away_and_trusted_by_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    append(&log, &fleet());
    let folder = dir.path().join("archive");
    std::fs::create_dir_all(&folder).unwrap();
    let names = [
        ".part-1970-01-01.parquet",
        ".part-1970-01-01.parquet.sha256",
        ".part-parquet-1970-01-02.parquet",
        ".part-sha256-1970-01-02.parquet.sha256",
    ];
    names.iter().for_each(|name| std::fs::write(folder.join(name), "0  half a su").unwrap());
    let kept = keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((kept.written.len(), kept.failures.len()), (DAYS as usize, 0), "{:?}", kept.failures);
    let left = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.starts_with(".part-")).count(), 0);
}

/// What stands in the archive's folder.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir.join("archive")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A plant whose days are archived and stand on the log still.
fn archived_plant() -> (tempfile::TempDir, SqliteLog) {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    append(&log, &fleet());
    append(&log, &[reading("other", 40 * DAY_MS)]);
    let kept = keep_for(None, dir.path(), &log);
    assert_eq!((kept.written.len(), kept.dropped), (DAYS as usize, 0));
    (dir, log)
}

/// Spoils the second day's file by `spoil`, which is given that of the first too, after it was written and before its day is
/// old enough to be dropped; a late reading of the day may come before the next pass does.
fn check_made_anew(what: &str, spoil: &dyn Fn(&Path, &Path), expected: &str, late: bool) {
    let (dir, log) = archived_plant();
    let of_day = |day: u32| dir.path().join(format!("archive/1970-01-0{day}.parquet"));
    let whole = std::fs::read(of_day(2)).unwrap();
    spoil(&of_day(2), &of_day(1));
    let spoilt = std::fs::read(of_day(2)).unwrap();
    let mut expected_readings = fleet();
    expected_readings.push(reading("other", 40 * DAY_MS));
    if late {
        expected_readings.push(reading("late", DAY_MS + 5));
        append(&log, &expected_readings[expected_readings.len() - 1..]);
        append(&log, &[reading("other", 40 * DAY_MS + 1)]);
        expected_readings.push(reading("other", 40 * DAY_MS + 1));
    }
    // Nothing is lacking, whatever the file says.
    assert_eq!(everything(dir.path(), &log), keys(&expected_readings), "{what}");
    let mut dropped = 0;
    let first = keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(first.failures.is_empty(), "{what}: {:?}", first.failures);
    let said: Vec<_> = first.put_aside.iter().map(|(to, why)| format!("{}: {why}", to.display())).collect();
    assert!(said.len() == 1 && said[0].contains(expected), "{what}: {said:?}");
    assert_eq!(std::fs::read(&first.put_aside[0].0).unwrap(), spoilt, "{what}");
    if !late {
        assert_eq!(std::fs::read(of_day(2)).unwrap(), whole, "{what}");
    }
    dropped += first.dropped;
    let second = keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(second.failures.is_empty() && second.put_aside.is_empty(), "{what}: {second:?}");
    dropped += second.dropped;
    assert_eq!(dropped, 48 * DAYS as u64 + u64::from(late), "{what}");
    assert_eq!(everything(dir.path(), &log), keys(&expected_readings), "{what}");
    let found = Archive::new(dir.path()).inspect(Some(&log)).unwrap();
    assert_eq!(
        (found.whole, found.lost.len(), found.again.len(), found.aside.len()),
        (DAYS as usize, 0, 0, 1),
        "{what}"
    );
}

fn sum(path: &Path) -> std::path::PathBuf {
    path.with_added_extension("sha256")
}

fn halve(path: &Path) {
    let whole = std::fs::read(path).unwrap();
    std::fs::write(path, &whole[..whole.len() / 2]).unwrap();
}

/// Another archive's file of the second day.
fn forge(readings: &[Reading], path: &Path) {
    let small = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(small.path()).unwrap();
    append(&log, readings);
    keep(small.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    std::fs::copy(small.path().join("archive/1970-01-02.parquet"), path).unwrap();
    std::fs::remove_file(sum(path)).unwrap();
}

#[test]
fn a_damaged_file_of_a_day_that_the_log_has_is_put_aside_and_made_anew() {
    let check = |what: &str, spoil: &dyn Fn(&Path, &Path), expected: &str| {
        check_made_anew(what, spoil, expected, false);
    };
    let flip = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    check("one bit, with its sum", &|path, _| flip(path), "is damaged");
    check_made_anew("one bit, and a late reading", &|path, _| flip(path), "is damaged", true);
    check("half of it, with its sum", &|path, _| halve(path), "is damaged");
    check(
        "half of it, without a sum",
        &|path, _| {
            halve(path);
            std::fs::remove_file(sum(path)).unwrap();
        },
        "could not",
    );
    check(
        "half of it, with an empty sum",
        &|path, _| {
            halve(path);
            std::fs::write(sum(path), "").unwrap();
        },
        "could not",
    );
    check(
        "of another day, without a sum",
        &|path, other| {
            std::fs::copy(other, path).unwrap();
            std::fs::remove_file(sum(path)).unwrap();
        },
        "48 are of other days",
    );
    check(
        "of another day, with its sum",
        &|path, other| {
            std::fs::copy(other, path).unwrap();
            std::fs::copy(sum(other), sum(path)).unwrap();
        },
        "48 are of other days",
    );
    check("with fewer readings", &|path, _| forge(&fleet()[48..90], path), "holds 42 readings where the log has 48");
    // What no decoder can see: a value that is another one.
    let mut other = fleet()[48..96].to_vec();
    other[7].signals.set(Signal::DischargeTemp, 12.5);
    check("with another value", &|path, _| forge(&other, path), "holds 48 readings that are not those of the log");
}

#[test]
fn a_damaged_file_of_a_day_that_has_left_the_log_stays_where_it_is() {
    let (dir, log) = kept_plant();
    let path = dir.path().join("archive/1970-01-02.parquet");
    halve(&path);
    append(&log, &[reading("late", DAY_MS + 5), reading("other", 40 * DAY_MS + 1)]);
    let before = names(dir.path());
    let kept = keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((kept.failures.len(), kept.put_aside.len(), kept.dropped), (1, 0, 0));
    assert_eq!(names(dir.path()), before);
    let found = Archive::new(dir.path()).inspect(Some(&log)).unwrap();
    assert_eq!((found.whole, found.lost.len(), found.again.len()), (2, 1, 0));
}

#[test]
fn a_look_goes_round_and_finds_what_nobody_reads() {
    let (dir, log) = archived_plant();
    let archive = Archive::new(dir.path());
    let mut looked_at = None;
    let mut look = || {
        let (path, damage) = archive.look_at_next(&log, looked_at.as_deref()).unwrap().unwrap();
        let said = format!("{} {}", path.file_stem().unwrap().to_str().unwrap(), damage.is_some());
        looked_at = Some(path);
        said
    };
    assert_eq!(
        [look(), look(), look(), look()],
        ["1970-01-01 false", "1970-01-02 false", "1970-01-03 false", "1970-01-01 false"]
    );
    halve(&dir.path().join("archive/1970-01-02.parquet"));
    let again = archive.inspect(Some(&log)).unwrap();
    assert_eq!((again.whole, again.again.len(), again.lost.len()), (2, 1, 0));
    // Put aside by the look, and written anew by the pass after it.
    assert_eq!([look(), look(), look()], ["1970-01-02 true", "1970-01-03 false", "1970-01-01 false"]);
    let kept = keep_for(None, dir.path(), &log);
    assert_eq!((kept.written.len(), kept.failures.len()), (1, 0));
    let found = archive.inspect(Some(&log)).unwrap();
    assert_eq!((found.whole, found.again.len(), found.aside.len()), (3, 0, 1));
    assert!(names(dir.path()).contains(&"1970-01-02.parquet.damaged.sha256".to_owned()));
    assert_eq!(Archive::new(&dir.path().join("empty")).look_at_next(&log, None).unwrap().map(|(path, _)| path), None);
}

#[test]
fn files_of_an_older_release_have_no_sums_and_that_is_said() {
    let (dir, log) = archived_plant();
    let path = dir.path().join("archive/1970-01-02.parquet");
    std::fs::remove_file(sum(&path)).unwrap();
    let found = Archive::new(dir.path()).inspect(Some(&log)).unwrap();
    assert_eq!((found.whole, found.unsummed, found.again.len()), (3, vec![path], 0));
}

#[test]
fn of_a_log_that_took_the_place_of_another_the_archive_is_not_written_anew() {
    let (old, _) = kept_plant();
    let dir = tempfile::tempdir().unwrap();
    std::fs::rename(old.path().join("archive"), dir.path().join("archive")).unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    let late = reading("late", DAY_MS + 5);
    append(&log, &[late.clone(), reading("other", 40 * DAY_MS)]);
    let archive = Archive::new(dir.path());
    let machine = MachineId::new("s", "m1").unwrap();
    let of_machine = || archive.readings(&log, &machine, (Timestamp::MIN, Timestamp::MAX), 1_000).unwrap().len();
    assert_eq!(of_machine(), 48);
    let kept = keep_for(None, dir.path(), &log);
    assert_eq!(kept.written.iter().map(|(_, readings)| *readings).collect::<Vec<_>>(), [49]);
    assert_eq!(of_machine(), 48);
    // The log has one of its readings only, so the file must not be made anew from that.
    halve(&dir.path().join("archive/1970-01-02.parquet"));
    let kept = keep_for(Some(DAY_MS), dir.path(), &log);
    assert_eq!((kept.put_aside.len(), kept.failures.len()), (0, 1));
    assert_eq!(archive.inspect(Some(&log)).unwrap().lost.len(), 1);
}

#[test]
fn an_unreadable_file_without_a_sum_costs_its_own_day() {
    let (dir, log) = kept_plant();
    let path = dir.path().join("archive/1970-01-02.parquet");
    let whole = std::fs::read(&path).unwrap();
    std::fs::remove_file(path.with_added_extension("sha256")).unwrap();
    let archive = Archive::new(dir.path());
    let machine = MachineId::new("s", "m1").unwrap();
    let options = ReadOptions { temp_dir: dir.path().to_owned(), ..ReadOptions::default() };
    let gone = archive.gone(&log).unwrap().unwrap();
    let mut unreadable = 0;
    for at in (4..whole.len() - 60).step_by(whole.len() / 60) {
        let mut bytes = whole.clone();
        bytes[at..at + 50]
            .iter_mut()
            .zip(1_u32..)
            .for_each(|(byte, n)| *byte = (n.wrapping_mul(0x9e37_79b1) >> 24) as u8);
        std::fs::write(&path, &bytes).unwrap();
        let out = dir.path().join("x.csv");
        let go_on = &mut |_| ControlFlow::Continue(());
        let exported =
            foretell_history::export(&log, &archive, &Selection::default(), &out, &ReadOptions::default(), go_on)
                .unwrap();
        if exported.damaged.is_empty() {
            continue;
        }
        unreadable += 1;
        assert_eq!(exported.readings, 48 * (DAYS as u64 - 1) + 1, "at {at}");
        assert_eq!(
            archive.readings(&log, &machine, (Timestamp::MIN, Timestamp::MAX), 1_000).unwrap().len(),
            32,
            "at {at}"
        );
        let mut told = Vec::new();
        for day in &gone.days {
            let mut take = |_| ControlFlow::Continue(());
            told.push(archive.replay_day(&log, &gone, *day, &options, &mut take).unwrap());
        }
        assert_eq!(told.iter().filter(|is_whole| !**is_whole).count(), 1, "at {at}: {told:?}");
    }
    assert!(unreadable > 10, "only {unreadable}");
}
