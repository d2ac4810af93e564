//! An archive that is damaged or incomplete, and a data directory on a disk that takes no writes, as an operator meets them: what each
//! command says and how it ends.

use std::path::{Path, PathBuf};
use std::time::Duration;

use foretell_tests::{
    Foretell, SmallDisk, archived_days, check, free_port, import_days, metric, publish_lines, run, wait_for,
};

const PATIENCE: Duration = Duration::from_secs(60);
const TOPIC: &str = "foretell/v1/s1/m1/telemetry";

/// The archive's files.
fn archived(data: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(data.join("archive")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "parquet")).collect();
    files.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
    files.sort();
    files
}

#[test]
fn a_lost_day_is_named_and_can_be_gone_on_without() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut foretell, data) = archived_days(folder.path());
    check(&data, &["archive", "check"], 0, &["3 archived days are there and whole"]);
    std::fs::remove_file(data.join("archive/2026-06-02.parquet")).expect("it is there");
    let missing = |days: f64| {
        let figure = || metric(foretell.console, "foretell_archive_days_missing").filter(|missing| *missing == days);
        wait_for("the missing days", PATIENCE, figure);
    };
    missing(1.0);
    let out = folder.path().join("x.csv").to_string_lossy().into_owned();
    let remedy = "`foretell archive accept-loss 2026-06-02 --why REASON`";
    check(&data, &["archive", "check"], 65, &["2 archived days are there", "2026-06-02.parquet is missing", remedy]);
    check(&data, &["export", "--out", &out], 65, &["2880 readings in", remedy]);

    let accept = |day| ["archive", "accept-loss", day, "--why", "no backup", "--by", "wang"];
    check(
        &data,
        &accept("2026-06-01"),
        65,
        &["the loss of 2026-06-01 is not accepted: ", "is there, so nothing is lost"],
    );
    check(&data, &accept("2026-06-31"), 64, &["is not a day"]);
    let record = "2026-06-02 is gone on without since";
    check(&data, &accept("2026-06-02"), 0, &[record]);
    missing(0.0);
    check(&data, &["archive", "check"], 0, &["2 archived days are there and whole", record, "by wang: no backup"]);
    check(&data, &["export", "--out", &out], 0, &["2880 readings in"]);
    assert_eq!(foretell.process.terminate(), Some(0));
    let said = foretell.process.said();
    let told = said.lines().find(|line| line.contains("An archived day whose file is lost is gone on without."));
    assert!(told.is_some_and(|line| line.contains("wang") && line.contains("no backup")), "{said}");
}

/// Turns one bit of a file.
fn spoil(path: &Path) {
    let mut bytes = std::fs::read(path).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).expect("a writable folder");
}

fn damage_is_counted(foretell: &Foretell) {
    let figure = || metric(foretell.console, "foretell_archive_damaged_files_total").filter(|times| *times >= 1.0);
    wait_for("the damage to be counted", PATIENCE, figure);
}

#[test]
fn a_damaged_day_that_the_log_has_is_no_alarm_and_is_written_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let rows = import_days(folder.path(), &data, 3);
    let mut foretell =
        Foretell::start(folder.path(), "[data]\narchive_every = \"100ms\"\nkeep_readings = \"forever\"\n");
    let written = || metric(foretell.console, "foretell_archive_files_written_total").filter(|files| *files >= 3.0);
    wait_for("the days to be archived", PATIENCE, written);
    // Found by the service, which looks at one file after the other.
    let path = data.join("archive/2026-06-02.parquet");
    let whole = std::fs::read(&path).expect("a file");
    spoil(&path);
    damage_is_counted(&foretell);
    let again = || std::fs::read(&path).ok().filter(|bytes| *bytes == whole);
    wait_for("the day to be written anew", PATIENCE, again);
    let aside = "1 damaged files were put aside when their days were written anew";
    check(
        &data,
        &["archive", "check"],
        0,
        &["3 archived days are there and whole", aside, "2026-06-02.parquet.damaged"],
    );
    assert_eq!(foretell.process.terminate(), Some(0));
    // Found by whoever asks while no service runs.
    spoil(&data.join("archive/2026-06-03.parquet"));
    let no_alarm =
        "2026-06-03.parquet is damaged (it differs from its checksum), but nothing is lost and nothing has to be done";
    check(&data, &["archive", "check"], 0, &["2 archived days are there and whole", no_alarm]);
    let out = folder.path().join("x.csv").to_string_lossy().into_owned();
    let copy = folder.path().join("copy").to_string_lossy().into_owned();
    check(&data, &["export", "--out", &out], 0, &[&format!("{rows} readings in")]);
    check(&data, &["export", "--machine", "s1/m2", "--out", &out], 66, &["no machine s1/m2 has ever reported"]);
    check(&data, &["backup", "--to", &copy], 0, &["files, ", no_alarm]);
    // None of them speaks of a loss, or asks for what nobody has to do.
    for arguments in [&["archive", "check"][..], &["export", "--machine", "s1/m2", "--out", &out]] {
        let said = run(&data, arguments).1;
        assert!(!said.contains("ERROR") && !said.contains("from a backup"), "{arguments:?}: {said}");
    }
    let said = foretell.process.said();
    assert!(!said.contains("from a backup") && said.contains("nothing is lost: the log has its day"), "{said}");
    // Nor is one that is gone.
    std::fs::remove_file(data.join("archive/2026-06-01.parquet")).expect("a file");
    let absent = "2026-06-01.parquet is missing, but nothing is lost and nothing has to be done: the log has its day";
    check(&data, &["archive", "check"], 0, &["1 archived days are there and whole", absent, no_alarm]);
}

#[test]
fn a_damaged_day_that_has_left_the_log_is_named_until_it_is_restored_or_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut foretell, data) = archived_days(folder.path());
    let path = data.join("archive/2026-06-02.parquet");
    let whole = std::fs::read(&path).expect("a file");
    spoil(&path);
    damage_is_counted(&foretell);
    let named = ["2 archived days are there", "2026-06-02.parquet is damaged", "foretell archive accept-loss DAY"];
    check(&data, &["archive", "check"], 65, &named);
    std::fs::write(&path, &whole).expect("a writable folder");
    check(&data, &["archive", "check"], 0, &["3 archived days are there and whole"]);
    spoil(&path);
    check(&data, &["archive", "accept-loss", "2026-06-02", "--why", "no backup"], 0, &["is gone on without since"]);
    check(&data, &["archive", "check"], 0, &["2 archived days are there and whole", "2026-06-02.parquet.damaged"]);
    let out = folder.path().join("x.csv").to_string_lossy().into_owned();
    check(&data, &["export", "--out", &out], 0, &["2880 readings in"]);
    assert_eq!(foretell.process.terminate(), Some(0));
}

#[test]
fn a_damaged_file_of_the_archive_speaks_in_our_words_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut foretell, data) = archived_days(folder.path());
    assert_eq!(foretell.process.terminate(), Some(0));
    let path = &archived(&data)[1];
    let whole = std::fs::read(path).expect("a file");
    // Without its sum the file is decoded, and what decodes it meets nonsense.
    std::fs::remove_file(path.with_added_extension("sha256")).expect("a sum");
    let out = folder.path().join("x.csv").to_string_lossy().into_owned();
    let mut unreadable = 0;
    for at in (4..whole.len() - 60).step_by(whole.len() / 25) {
        let mut bytes = whole.clone();
        let nonsense = (1_u32..).map(|n| (n.wrapping_mul(0x9e37_79b1) >> 24) as u8);
        bytes[at..at + 50].iter_mut().zip(nonsense).for_each(|(byte, other)| *byte = other);
        std::fs::write(path, &bytes).expect("a writable folder");
        let (code, said) = run(&data, &["export", "--out", &out]);
        assert!(!said.contains("panicked"), "at {at}: {said}");
        assert!([0, 65].contains(&code), "at {at}: {code}, {said}");
        unreadable += usize::from(code == 65);
    }
    assert!(unreadable > 5, "only {unreadable}");
}

#[test]
fn what_lies_where_nothing_can_be_written_can_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let Some(disk) = SmallDisk::mount(&data) else { return };
    let out = folder.path().join("x.csv").to_string_lossy().into_owned();
    let lines = |from: u64| -> Vec<String> {
        let ts = |n: u64| 1_782_892_800_000 + (from + n) * 1_000;
        let line = |n| format!(r#"{{"ts":{},"discharge_temp_c":83.5,"motor_current_a":41.7,"run_hours":4}}"#, ts(n));
        (0..100).map(line).collect()
    };
    let config = "[data]\nfree_min = \"32MiB\"\n";
    let (console, mqtt) = (free_port(), free_port());
    let readable = |readings: &str| {
        check(&data, &["export", "--out", &out], 0, &[readings]);
        check(&data, &["quarantine", "list"], 0, &["1 unknown_topic"]);
        check(&data, &["archive", "check"], 0, &["archived days are there and whole"]);
        // What must write says so.
        check(&data, &["quarantine", "replay"], 74, &["quarantine.db", "Read-only file system"]);
        check(&data, &["import", &out], 74, &["log.lock", "Read-only file system"]);
    };

    let mut foretell = Foretell::start_on(folder.path(), config, console, mqtt);
    publish_lines(foretell.mqtt, TOPIC, &lines(0));
    publish_lines(foretell.mqtt, "nobody/knows", &["this".to_owned()]);
    assert_eq!(foretell.process.terminate(), Some(0));
    disk.writable(false);
    readable("100 readings in");

    // After a kill the newest entries stand in the write-ahead file.
    disk.writable(true);
    let mut foretell = Foretell::start_on(folder.path(), config, console, mqtt);
    publish_lines(foretell.mqtt, TOPIC, &lines(100));
    foretell.process.kill_9();
    disk.writable(false);
    readable("200 readings in");
    disk.writable(true);
    std::fs::remove_file(data.join("log.db-shm")).expect("it is there");
    disk.writable(false);
    check(&data, &["export", "--out", &out], 66, &["log.db-wal, which cannot be read there", "Copy both"]);
    disk.writable(true);
    check(&data, &["export", "--out", &out], 0, &["200 readings in"]);
}
