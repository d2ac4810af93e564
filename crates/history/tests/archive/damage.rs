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

/// Spoils the second day's file by `spoil`, which is given that of the first too, after it was written and before its day is
/// old enough to be dropped.
fn check_stays(what: &str, spoil: &dyn Fn(&Path, &Path), expected: &str) {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    append(&log, &fleet());
    append(&log, &[reading("other", 40 * DAY_MS)]);
    // Archived, but not yet old enough to be dropped.
    let stop = &mut |step| if step == Step::Dropping { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let work = Keeping {
        rewrites_max: usize::MAX,
        now: Timestamp::from_millis(30 * DAY_MS),
        closed_after_ms: HOUR_MS,
        keep_ms: None,
        consumed: log.head(Partition(0)).unwrap(),
        options: ReadOptions::default(),
    };
    assert_eq!(Archive::new(dir.path()).keep(&log, &work, stop).unwrap().written.len(), DAYS as usize);
    let of_day = |day: u32| dir.path().join(format!("archive/1970-01-0{day}.parquet"));
    spoil(&of_day(2), &of_day(1));
    let kept = keep(dir.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
    let said: Vec<_> = kept.failures.iter().map(ToString::to_string).collect();
    assert_eq!((kept.dropped, said.len()), (48 * (DAYS as u64 - 1), 1), "{what}: {said:?}");
    assert!(said[0].contains("1970-01-02.parquet") && said[0].contains(expected), "{what}: {said:?}");
    let mut on_log = 0;
    let (from, to) = (Timestamp::from_millis(DAY_MS), Timestamp::from_millis(2 * DAY_MS));
    log.span(from, to, Offset(u64::MAX >> 1), |_| {
        on_log += 1;
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(on_log, 48, "{what}");
}

#[test]
fn a_day_stays_on_the_log_until_its_file_can_be_read_and_is_its_own() {
    let sum = |path: &Path| path.with_added_extension("sha256");
    let halve = |path: &Path| {
        let whole = std::fs::read(path).unwrap();
        std::fs::write(path, &whole[..whole.len() / 2]).unwrap();
    };
    check_stays("damaged, with its sum", &|path, _| halve(path), "is damaged");
    check_stays(
        "damaged, without a sum",
        &|path, _| {
            halve(path);
            std::fs::remove_file(sum(path)).unwrap();
        },
        "could not",
    );
    check_stays(
        "damaged, with an empty sum",
        &|path, _| {
            halve(path);
            std::fs::write(sum(path), "").unwrap();
        },
        "could not",
    );
    check_stays(
        "of another day, without a sum",
        &|path, other| {
            std::fs::copy(other, path).unwrap();
            std::fs::remove_file(sum(path)).unwrap();
        },
        "48 are of other days",
    );
    check_stays(
        "of another day, with its sum",
        &|path, other| {
            std::fs::copy(other, path).unwrap();
            std::fs::copy(sum(other), sum(path)).unwrap();
        },
        "48 are of other days",
    );
    check_stays(
        "with fewer readings",
        &|path, _| {
            let small = tempfile::tempdir().unwrap();
            let log = SqliteLog::open(small.path()).unwrap();
            append(&log, &fleet()[48..90]);
            keep(small.path(), &log, &mut |_| ControlFlow::Continue(())).unwrap();
            std::fs::copy(small.path().join("archive/1970-01-02.parquet"), path).unwrap();
            std::fs::remove_file(sum(path)).unwrap();
        },
        "holds 42 readings where the log has 48",
    );
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
