//! An archived day whose file is lost for good: somebody decides to go on without it, and that stays on record.

use foretell_history::AcceptedLoss;

use super::damage::kept_plant;
use super::*;

fn loss(day: i64) -> AcceptedLoss {
    let at = Timestamp::from_millis(50 * DAY_MS);
    AcceptedLoss { at, day: Timestamp::from_millis(day * DAY_MS), who: "ops".into(), why: "the disk burnt".into() }
}

/// What a pass finds: missing and failing days, and the files that it wrote.
fn pass(dir: &Path, log: &SqliteLog) -> (usize, usize, Vec<u64>) {
    let kept = keep(dir, log, &mut |_| ControlFlow::Continue(())).unwrap();
    (kept.missing.len(), kept.failures.len(), kept.written.iter().map(|(_, readings)| *readings).collect())
}

#[test]
fn a_lost_day_is_gone_on_without() {
    let (dir, log) = kept_plant();
    let archive = Archive::new(dir.path());
    std::fs::remove_file(dir.path().join("archive/1970-01-02.parquet")).unwrap();
    append(&log, &[reading("late", DAY_MS + 5), reading("other", 40 * DAY_MS + 1)]);
    assert_eq!(pass(dir.path(), &log), (1, 1, vec![]));
    let said = archive.inspect(Some(&log)).unwrap().lost[0].to_string();
    assert!(said.contains("`foretell archive accept-loss 1970-01-02 --why REASON`"), "{said}");

    // Beside the process that owns the log.
    let beside = SqliteLog::open_beside(dir.path()).unwrap();
    archive.accept_loss(&beside, &loss(1)).unwrap();
    assert_eq!(beside.accepted_losses().unwrap(), [loss(1)]);
    // What came late is all there is of the day now, and it is a day like any other.
    assert_eq!(pass(dir.path(), &log), (0, 0, vec![1]));
    assert!(archive.inspect(Some(&log)).unwrap().lost.is_empty());
    let lost = |r: &Reading| r.ts.millis() / DAY_MS == 1;
    let mut left: Vec<_> = fleet().into_iter().filter(|r| !lost(r)).collect();
    left.extend([reading("late", DAY_MS + 5), reading("other", 40 * DAY_MS), reading("other", 40 * DAY_MS + 1)]);
    assert_eq!(everything(dir.path(), &log), keys(&left));
}

#[test]
fn a_lost_day_of_which_nothing_is_left_is_forgotten() {
    let (dir, log) = kept_plant();
    let archive = Archive::new(dir.path());
    std::fs::remove_file(dir.path().join("archive/1970-01-02.parquet")).unwrap();
    archive.accept_loss(&log, &loss(1)).unwrap();
    assert_eq!(pass(dir.path(), &log), (0, 0, vec![]));
    let gone = archive.gone(&log).unwrap().unwrap();
    assert_eq!(gone.days, [0, 2].map(|day| Timestamp::from_millis(day * DAY_MS)));
}

#[test]
fn nothing_that_is_there_can_be_given_up() {
    let (dir, log) = kept_plant();
    let check = |day: i64, expected: &str| {
        let said = Archive::new(dir.path()).accept_loss(&log, &loss(day)).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
        assert!(log.accepted_losses().unwrap().is_empty());
    };
    check(1, "1970-01-02.parquet: is there, so nothing is lost");
    // On the log still.
    check(40, "1970-02-10.parquet: is not missed");
    check(7, "1970-01-08.parquet: is not missed");
}

#[test]
fn a_damaged_day_is_put_aside_and_gone_on_without() {
    let (dir, log) = kept_plant();
    let (archive, path) = (Archive::new(dir.path()), dir.path().join("archive/1970-01-02.parquet"));
    let half = std::fs::read(&path).unwrap().split_off(100);
    std::fs::write(&path, &half).unwrap();
    let lost = archive.inspect(Some(&log)).unwrap().lost;
    assert_eq!(lost.len(), 1);
    let said = lost[0].to_string();
    assert!(said.contains("is damaged") && said.contains("`foretell archive accept-loss 1970-01-02 --why"), "{said}");
    archive.accept_loss(&log, &loss(1)).unwrap();
    assert_eq!(std::fs::read(dir.path().join("archive/1970-01-02.parquet.damaged")).unwrap(), half);
    let found = archive.inspect(Some(&log)).unwrap();
    assert_eq!((found.whole, found.lost.len(), found.aside.len()), (2, 0, 1));
    assert_eq!(pass(dir.path(), &log), (0, 0, vec![]));
}

/// Every way in which a file can be unusable names one remedy, and that works: also for a log that never had the day.
#[test]
fn one_remedy_is_named_for_every_damage_and_it_works() {
    let check = |what: &str, spoil: &dyn Fn(&Path), of_this_log: bool| {
        let (dir, mut log) = kept_plant();
        let path = dir.path().join("archive/1970-01-02.parquet");
        spoil(&path);
        if !of_this_log {
            drop(log);
            for name in ["log.db", "log.db-wal", "log.db-shm"] {
                drop(std::fs::remove_file(dir.path().join(name)));
            }
            log = SqliteLog::open(dir.path()).unwrap();
            append(&log, &[reading("other", 40 * DAY_MS)]);
        }
        let archive = Archive::new(dir.path());
        let lost = archive.inspect(Some(&log)).unwrap().lost;
        let said: Vec<_> = lost.iter().map(ToString::to_string).collect();
        let command = "if there is none, `foretell archive accept-loss 1970-01-02 --why REASON`";
        assert!(said.len() == 1 && said[0].contains(command) && !said[0].contains("move"), "{what}: {said:?}");
        archive.accept_loss(&log, &loss(1)).unwrap_or_else(|error| panic!("{what}: {error}"));
        let found = archive.inspect(Some(&log)).unwrap();
        assert_eq!((found.whole, found.lost.len()), (2, 0), "{what}");
        assert_eq!(pass(dir.path(), &log).0, 0, "{what}");
    };
    let sum = |path: &Path| path.with_added_extension("sha256");
    let halve = |path: &Path| {
        let whole = std::fs::read(path).unwrap();
        std::fs::write(path, &whole[..whole.len() / 2]).unwrap();
    };
    check("half of it", &halve, true);
    check("half of it, of another log", &halve, false);
    check("gone", &|path| std::fs::remove_file(path).unwrap(), true);
    let of_another_day = |path: &Path| {
        std::fs::copy(path.with_file_name("1970-01-03.parquet"), path).unwrap();
        std::fs::remove_file(sum(path)).unwrap();
    };
    check("another day's", &of_another_day, true);
}
