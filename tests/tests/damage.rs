//! A data directory that is damaged, incomplete or on a disk that takes no writes, as an operator meets it: what each command says
//! and how it ends.

use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use foretell_tests::{Foretell, Mqtt, SmallDisk, binary, free_port, get, metric, publish_lines, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);
const TOPIC: &str = "foretell/v1/s1/m1/telemetry";

fn command(data: &Path, arguments: &[&str]) -> Output {
    Command::new(binary("foretell")).args(arguments).arg("--data-dir").arg(data).output().expect("foretell runs")
}

/// Runs a command; its exit code and everything that it said.
fn run(data: &Path, arguments: &[&str]) -> (i32, String) {
    let output = command(data, arguments);
    let said = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    (output.status.code().unwrap_or(-1), said)
}

fn check(data: &Path, arguments: &[&str], code: i32, expected: &[&str]) {
    let (ended, said) = run(data, arguments);
    assert_eq!(ended, code, "{arguments:?}: {said}");
    for expected in expected {
        assert!(said.contains(expected), "{arguments:?}: no `{expected}` in\n{said}");
    }
}

/// Imports a reading a minute of so many days since the 1st of June 2026; how many these are.
fn import(folder: &Path, data: &Path, days: u64) -> usize {
    let mut rows = "ts,site,machine,discharge_temp_c,motor_current_a,run_hours\n".to_owned();
    for minute in 0..days * 1_440 {
        let (ts, temp_c) = (1_780_272_000_000 + minute * 60_000, 80.0 + (minute % 50) as f64 / 10.0);
        rows.push_str(&format!("{ts},s1,m1,{temp_c:.1},40,{}\n", 100 + minute / 60));
    }
    let file = folder.join("history.csv");
    std::fs::write(&file, &rows).expect("a writable folder");
    check(data, &["import", &file.to_string_lossy()], 0, &["are new on the log"]);
    rows.lines().count() - 1
}

/// The archive's files.
fn archived(data: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(data.join("archive")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "parquet")).collect();
    files.retain(|path| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')));
    files.sort();
    files
}

const KEEPING: &str =
    "[data]\narchive_every = \"100ms\"\nkeep_readings = \"1d\"\n[engine]\nsnapshot_interval = \"1s\"\n";

/// Three days, all in the archive and off the log, and the service that put them there, running on.
fn plant(folder: &Path) -> (Foretell, PathBuf) {
    let data = folder.join("data");
    import(folder, &data, 3);
    let foretell = Foretell::start(folder, KEEPING);
    wait_for("the days to leave the log", PATIENCE, || {
        metric(foretell.console, "foretell_log_rows_dropped_total").filter(|dropped| *dropped >= 3.0 * 1_440.0 - 1.0)
    });
    (foretell, data)
}

#[test]
fn a_lost_day_is_named_and_can_be_gone_on_without() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut foretell, data) = plant(folder.path());
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
    let rows = import(folder.path(), &data, 3);
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
}

#[test]
fn a_damaged_day_that_has_left_the_log_is_named_until_it_is_restored_or_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut foretell, data) = plant(folder.path());
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
fn a_damaged_log_is_bad_data_with_a_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    import(folder.path(), &data, 10);
    let log = std::fs::File::options().write(true).open(data.join("log.db")).expect("a log");
    let length = log.metadata().expect("its length").len();
    log.write_all_at(&vec![0xee; length as usize / 4], length / 2).expect("room");
    let out = folder.path().join("x.csv").to_string_lossy().into_owned();
    let expected = ["log.db, which is damaged. Restore it from a backup", "`foretell export --from … --to …`"];
    check(&data, &["export", "--out", &out], 65, &expected);
}

#[test]
fn a_damaged_file_of_the_archive_speaks_in_our_words_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut foretell, data) = plant(folder.path());
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

/// One page of the log's file, taken away under whoever has it open, and put back.
struct Page {
    file: std::fs::File,
    at: u64,
    was: Vec<u8>,
}

impl Page {
    /// The page whose number a query gives, by a tool that is not ours.
    fn spoil(data: &Path, number: &str) -> Self {
        let script = "import sqlite3,sys;d=sqlite3.connect(sys.argv[1]);d.execute('pragma wal_checkpoint');\
            print(d.execute(sys.argv[2]).fetchone()[0],d.execute('pragma page_size').fetchone()[0])";
        let path = data.join("log.db");
        let asked = Command::new("/usr/bin/python3").args(["-c", script]).arg(&path).arg(number).output();
        let asked = asked.expect("python3 runs");
        let said = String::from_utf8_lossy(&asked.stdout).into_owned();
        let figures: Vec<u64> = said.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
        let [number, bytes] = figures[..] else { panic!("{said}{}", String::from_utf8_lossy(&asked.stderr)) };
        let file = std::fs::File::options().read(true).write(true).open(path).expect("a log");
        let (at, mut was) = ((number - 1) * bytes, vec![0; bytes as usize]);
        file.read_exact_at(&mut was, at).expect("a page");
        file.write_all_at(&vec![0xee; was.len()], at).expect("room");
        Self { file, at, was }
    }

    fn mend(&self) {
        self.file.write_all_at(&self.was, self.at).expect("room");
    }
}

fn readyz(foretell: &Foretell) -> (u16, String) {
    get(foretell.console, "/readyz").map_or((0, String::new()), |answer| (answer.status, answer.body))
}

/// Waits for `/readyz` to fail with these words.
fn unready(foretell: &Foretell, expected: &[&str]) {
    wait_for(&format!("/readyz to say {expected:?}"), PATIENCE, || {
        let (status, said) = readyz(foretell);
        (status == 503 && expected.iter().all(|words| said.contains(words))).then_some(())
    });
}

fn ready(foretell: &Foretell) {
    wait_for("readiness", PATIENCE, || (readyz(foretell).0 == 200).then_some(()));
}

/// A reading of a second of the 1st of July 2026.
fn reading(second: u64) -> String {
    let ts = 1_782_892_800_000 + second * 1_000;
    format!(r#"{{"ts":{ts},"discharge_temp_c":83.5,"motor_current_a":41.7,"run_hours":4}}"#)
}

#[test]
fn nothing_is_acknowledged_that_a_damaged_log_would_not_give_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let rows = import(folder.path(), &data, 10);
    let mut foretell = Foretell::start(folder.path(), "[data]\nkeep_readings = \"forever\"\n");
    publish_lines(foretell.mqtt, TOPIC, &(0..20).map(reading).collect::<Vec<_>>());
    // The service goes on with the pages that it remembers, so it has to look.
    let page = Page::spoil(&data, "select rootpage from sqlite_schema where name = 'log'");
    let remedy =
        ["readings are not acknowledged", "log.db, which is damaged. Restore it from a backup", "deploy/README.md"];
    unready(&foretell, &remedy);
    let ingest = get(foretell.console, "/api/v1/ingest").expect("an answer").body;
    assert!(ingest.contains("which is damaged. Restore it from a backup"), "{ingest}");
    let mut client = Mqtt::connect(foretell.mqtt, "plc", None).expect("let in");
    assert!(!client.publish(TOPIC, &reading(1_000)), "what cannot be read back was acknowledged");
    page.mend();
    ready(&foretell);
    let mut client = Mqtt::connect(foretell.mqtt, "plc", None).expect("let in");
    assert!(client.publish(TOPIC, &reading(2_000)));
    assert_eq!(foretell.readings(), rows + 21);

    // Whoever moves the log away under the service has it write to a file that nobody finds.
    let (path, away) = (data.join("log.db"), data.join("away"));
    std::fs::rename(&path, &away).expect("it is there");
    unready(&foretell, &["log.db was moved, removed or replaced while the service runs"]);
    assert!(!client.publish(TOPIC, &reading(3_000)), "what nobody finds was acknowledged");
    std::fs::rename(&away, &path).expect("it is there");
    ready(&foretell);
    let mut client = Mqtt::connect(foretell.mqtt, "plc", None).expect("let in");
    assert!(client.publish(TOPIC, &reading(4_000)));
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());
    // What was refused may be on the log all the same: it was not acknowledged, and would have come again.
    assert!([rows + 22, rows + 23].contains(&foretell.readings()));
}

#[test]
fn an_engine_that_cannot_read_the_log_says_so_everywhere_until_it_can() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let rows = import(folder.path(), &data, 10) as u64;
    let role = |role: &str, expected: u16| {
        Foretell::start_expecting(expected, folder.path(), "", (free_port(), free_port()), |command| {
            command.args(["--role", role]);
        })
    };
    let mut ingest = role("ingest", 200);
    let leaf = "select pageno from dbstat where name = 'log' and pagetype = 'leaf' order by path limit 1 offset 30";
    let page = Page::spoil(&data, leaf);
    let (mut engine, mut console) = (role("engine", 503), role("console", 200));
    let words = ["the engine has stood still at entry ", "log.db, which is damaged. Restore it from a backup"];
    unready(&engine, &words);
    let behind = |foretell: &Foretell| {
        let ingest = get(foretell.console, "/api/v1/ingest")?.body;
        let behind = ingest.split("\"engine_behind\":").nth(1)?.split([',', '}']).next()?.parse::<u64>().ok()?;
        Some((behind, ingest))
    };
    let lag = metric(engine.console, "foretell_engine_lag_entries").expect("a figure") as u64;
    assert!((1_000..rows).contains(&lag), "{lag} of {rows}");
    assert_eq!(metric(engine.console, "foretell_part_in_trouble{part=\"engine\"}"), Some(1.0));
    // What is taken in meanwhile is kept, for the log's end is sound, and the lag is told within seconds by another process.
    publish_lines(ingest.mqtt, TOPIC, &(0..100).map(reading).collect::<Vec<_>>());
    wait_for("the console to tell the lag", PATIENCE, || {
        behind(&console)
            .filter(|(told, said)| *told == lag + 100 && said.contains("the engine has stood still at entry "))
    });
    unready(&console, &words);
    page.mend();
    ready(&engine);
    ready(&console);
    wait_for("the engine to be level", PATIENCE, || behind(&console).filter(|(told, _)| *told == 0));
    let said = engine.process.said();
    let lines = said.lines().filter(|line| line.contains("A part of the service cannot do its work.")).count();
    // The engine, and the hourly curves that are made from the same log; each at most once a minute.
    assert!((1..=4).contains(&lines), "{said}");
    assert!(said.contains("A part that could not do its work does it again."), "{said}");
    for process in [&mut ingest, &mut engine, &mut console] {
        assert_eq!(process.process.terminate(), Some(0), "{}", process.process.said());
    }
}

/// Writes nonsense over a database from a place on, its write-ahead file being empty.
fn overwrite(path: &Path, from: u64) {
    let script = "import sqlite3,sys;sqlite3.connect(sys.argv[1]).execute('pragma wal_checkpoint(truncate)')";
    let moved = Command::new("/usr/bin/python3").args(["-c", script]).arg(path).status().expect("python3 runs");
    assert!(moved.success());
    let file = std::fs::File::options().write(true).open(path).expect("a file");
    let length = file.metadata().expect("its length").len();
    file.write_all_at(&vec![0xee; (length - from) as usize], from).expect("room");
}

#[test]
fn a_damaged_quarantine_or_damaged_curves_keep_no_reading_from_being_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut foretell, data) = plant(folder.path());
    publish_lines(foretell.mqtt, "nobody/knows", &["this".to_owned()]);
    assert_eq!(foretell.process.terminate(), Some(0));
    let files = ["quarantine.db", "rollups.db"].map(|name| data.join(name));
    let archived = 3 * 1_440;
    for (round, from) in [(1, 0), (2, 4_096)] {
        files.iter().for_each(|file| overwrite(file, from));
        foretell = Foretell::start(folder.path(), KEEPING);
        let mut client = Mqtt::connect(foretell.mqtt, "plc", None).expect("let in");
        assert!(client.publish(TOPIC, &reading(round)) && client.publish("nobody/knows", "that"));
        let said =
            ["degraded: ", "quarantine.db was damaged, and begun anew", "rollups.db was damaged, and begun anew"];
        wait_for("both to be told", PATIENCE, || {
            let (status, body) = readyz(&foretell);
            (status == 200 && said.iter().all(|words| body.contains(words))).then_some(())
        });
        let page = get(foretell.console, "/api/v1/ingest").expect("an answer").body;
        assert!(page.contains("quarantine.db.damaged") && page.contains("rollups.db.damaged"), "{page}");
        let troubles = || metric(foretell.console, "foretell_part_in_trouble{part=\"curves\"}").unwrap_or_default();
        wait_for("the curves", PATIENCE, || (troubles() == 0.0).then_some(()));
        check(&data, &["quarantine", "list"], 0, &["1 unknown_topic"]);
        assert_eq!(foretell.readings(), archived + round as usize);
        assert_eq!(foretell.process.terminate(), Some(0));
        let said = foretell.process.said();
        assert!(said.contains("The quarantine is damaged. It was put aside and begun anew"), "{said}");
        assert!(said.contains("The hourly curves are damaged. They were put aside"), "{said}");
    }
    for file in files {
        std::fs::remove_file(file.with_added_extension("damaged")).expect("it was put aside");
    }
    foretell = Foretell::start(folder.path(), KEEPING);
    assert_eq!(readyz(&foretell), (200, "ready\n".to_owned()));
    assert_eq!(foretell.process.terminate(), Some(0));
}

#[test]
fn a_log_that_was_emptied_is_not_taken_for_a_new_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut foretell, data) = plant(folder.path());
    assert_eq!(foretell.process.terminate(), Some(0));
    std::fs::write(data.join("log.db"), "").expect("a writable folder");
    let out = folder.path().join("x.csv").to_string_lossy().into_owned();
    let remedy = ["log.db is empty, though the data directory has been in use", "Restore it from a backup"];
    check(&data, &["export", "--out", &out], 65, &remedy);
    let mut run = Command::new(binary("foretell"));
    run.args(["run", "--data-dir"]).arg(&data);
    run.env("FORETELL__CONSOLE__LISTEN", "127.0.0.1:0").env("FORETELL__MQTT__LISTEN", "127.0.0.1:0");
    let output = run.output().expect("foretell runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(65) && remedy.iter().all(|words| said.contains(words)), "{said}");

    // Moved away, as the remedy says, a new one begins, and what was known of the other does not count there.
    for name in ["log.db", "log.db-wal", "log.db-shm"] {
        drop(std::fs::remove_file(data.join(name)));
    }
    foretell = Foretell::start(folder.path(), KEEPING);
    let more = (100..140).map(reading).collect::<Vec<_>>();
    publish_lines(foretell.mqtt, TOPIC, &more);
    wait_for("the engine to know the archive's days and the new readings", PATIENCE, || {
        let machine = get(foretell.console, "/api/v1/machines/s1/m1")?.body;
        let entries = metric(foretell.console, "foretell_engine_entries_total")?;
        (machine.contains("\"day\":\"2026-06-02\"") && entries == more.len() as f64).then_some(())
    });
    assert_eq!(foretell.readings(), 3 * 1_440 + more.len());
    let told = foretell.process.said();
    for words in
        ["A new log begins in a data directory", "The log is another one than before", "The engine knows what only the"]
    {
        assert!(told.contains(words), "no `{words}` in {told}");
    }
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());
}
