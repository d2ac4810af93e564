//! History out and in again in every form, killed in the middle, and on a disk that is full: nothing half is taken for whole, and
//! what comes back is what went out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use foretell_tests::{SmallDisk, binary, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);
const HEAD: &str = "ts,site,machine,discharge_temp_c,motor_current_a,run_hours,vibration_mm_s,state,quality,arrived\n";

/// Rows of a file; `FORETELL_TEST_ROWS=1000000` for as many as a plant has.
fn rows() -> u64 {
    std::env::var("FORETELL_TEST_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(70_000)
}

/// Rows that nobody would think of, and many that everybody would.
fn history() -> String {
    let mut text = HEAD.to_owned();
    let long = "M".repeat(64);
    let odd = [
        // The ends of what can be, and numbers that are no short decimals.
        "1969-12-31T23:59:59.999Z,s,m,-40,0,0,0,,good,1970-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z,s,m,0.1,1e-300,0.30000000000000004,5e-324,stopped,good,1970-01-01T00:00:00Z",
        "2026-01-01T00:00:00.001Z,A-Z._-,a.b-c_9,53.600000000000001,41.70000000000001,123456.78901234567,0.1,loaded,bad,2026-01-09T00:00:00Z",
        "2026-01-01T00:00:00.002Z,A-Z._-,a.b-c_9,-0,-0,0,-0,unloaded,uncertain,2026-01-01T00:00:00.002Z",
        // One instant, several readings, and one that is given twice.
        "2026-01-01T00:00:00.002Z,A-Z._-,a.b-c_9,80,1,1,1,starting,good,2026-01-01T00:00:01Z",
        "2026-01-01T00:00:00.002Z,A-Z._-,a.b-c_9,80,1,1,1,starting,good,2026-01-01T00:00:05Z",
        // Some signals only.
        "2026-01-01T00:00:00Z,2026,1,,NaN,null,7,,good,2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z,-,_,,,,0.5,,good,2026-01-01T00:00:00Z",
    ];
    odd.iter().for_each(|row| text.push_str(&format!("{row}\n")));
    text.push_str(&format!("2026-01-01T00:00:00Z,{long},{long},80,1,1,1,,good,2026-01-01T00:00:00Z\n"));
    for n in 0..rows() {
        let ts = 1_767_312_000_000 + n / 50 * 10_000 + n % 7;
        let (machine, temp_c) = (n % 50, 80.0 + (n % 977) as f64 / 70.0);
        let state = ["loaded", "unloaded", "stopped", ""][n as usize / 3 % 4];
        let (hours, arrived) = (n as f64 / 3_600.0, ts + n % 3);
        writeln!(text, "{ts},s{},m{machine},{temp_c},40.25,{hours},,{state},good,{arrived}", machine % 5)
            .expect("text");
    }
    text
}

fn foretell(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary("foretell"));
    command.args(arguments).arg("--data-dir").arg(data);
    command
}

fn run(data: &Path, arguments: &[&str]) -> (i32, String) {
    let output: Output = foretell(data, arguments).output().expect("foretell runs");
    (output.status.code().unwrap_or(-1), [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat())
}

#[track_caller]
fn succeeds(data: &Path, arguments: &[&str]) -> String {
    let (code, said) = run(data, arguments);
    assert_eq!(code, 0, "{arguments:?}: {said}");
    said
}

/// Starts a command and kills it as a power cut would, as soon as `is_under_way`; false when it was done before.
fn killed(data: &Path, arguments: &[&str], mut is_under_way: impl FnMut() -> bool) -> bool {
    let mut command = foretell(data, arguments);
    let mut child: Child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("foretell starts");
    wait_for("the command to be under way", PATIENCE, || {
        (is_under_way() || child.try_wait().expect("a child has a status").is_some()).then_some(())
    });
    let was_alive = child.try_wait().expect("a child has a status").is_none();
    child.kill().expect("a child may be killed");
    child.wait().expect("a killed child ends");
    was_alive
}

/// Exported lines and how often each is there; without the time of arrival where the form has none.
fn lines(csv: &Path, arrived: bool) -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(csv).expect("an export");
    let mut lines = BTreeMap::new();
    for line in text.lines().skip(1) {
        let line = if arrived { line } else { line.rsplit_once(',').map_or(line, |(line, _)| line) };
        *lines.entry(line.to_owned()).or_default() += 1;
    }
    lines
}

struct Plant {
    folder: tempfile::TempDir,
}

impl Plant {
    /// A data directory with the history on its log.
    fn new() -> (Self, u64) {
        let plant = Self { folder: tempfile::tempdir().expect("a folder") };
        let text = history();
        std::fs::write(plant.path("history.csv"), &text).expect("a writable folder");
        let said = succeeds(&plant.path("data"), &["import", &plant.text("history.csv")]);
        // One row repeats another but for its arrival.
        let events = text.lines().count() as u64 - 2;
        assert!(said.starts_with(&format!("{events} events are new on the log, ")), "{said}");
        (plant, events)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }
}

#[test]
fn what_goes_out_comes_in_again_in_every_form() {
    let (plant, events) = Plant::new();
    let data = plant.path("data");
    succeeds(&data, &["export", "--out", &plant.text("all.csv")]);
    for form in ["csv", "parquet", "lp"] {
        let (file, again, out) =
            (format!("out.{form}"), plant.path(&format!("again-{form}")), format!("again-{form}.csv"));
        let said = succeeds(&data, &["export", "--out", &plant.text(&file)]);
        assert!(said.contains(&format!("{events} readings in")), "{form}: {said}");
        let said = succeeds(&again, &["import", &plant.text(&file)]);
        assert!(said.contains(&format!("{events} events are new on the log, 0 were there already")), "{form}: {said}");
        succeeds(&again, &["export", "--out", &plant.text(&out)]);
        let (before, after) = (lines(&plant.path("all.csv"), form != "lp"), lines(&plant.path(&out), form != "lp"));
        let lost: Vec<_> = before.iter().filter(|(line, times)| after.get(*line) != Some(times)).take(3).collect();
        let new: Vec<_> = after.keys().filter(|line| !before.contains_key(*line)).take(3).collect();
        assert!(lost.is_empty() && new.is_empty(), "{form}: lost {lost:?}, new {new:?}");
    }
    // A Parquet file with one bit flipped is not taken for whole, wherever that is.
    let parquet = plant.path("out.parquet");
    let whole = std::fs::read(&parquet).expect("an export");
    for at in (0..whole.len()).step_by(whole.len() / 15) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&parquet, &bytes).expect("a writable folder");
        let (code, said) = run(&plant.path("new"), &["import", &plant.text("out.parquet")]);
        assert!(
            code == 65 && said.contains("out.parquet is damaged: it differs from out.parquet.sha256"),
            "{at}: {said}"
        );
    }
    // Line protocol has no place for some years, which is said.
    let far = format!("{HEAD}0001-01-01T00:00:00Z,s,m,80,1,1,1,,good,0001-01-01T00:00:00Z\n");
    std::fs::write(plant.path("far.csv"), far).expect("a writable folder");
    succeeds(&data, &["import", &plant.text("far.csv")]);
    let said = succeeds(&data, &["export", "--out", &plant.text("far.lp")]);
    assert!(said.contains(&format!("{events} readings in")) && said.contains("1 reading is left out"), "{said}");
}

#[test]
fn killed_in_the_middle_nothing_half_is_taken_for_whole() {
    let (plant, events) = Plant::new();
    let data = plant.path("data");
    for form in ["csv", "parquet", "lp"] {
        let name = format!("out.{form}");
        let aside = plant.path(&format!(".part-{form}-{name}"));
        std::fs::write(plant.path(&name), "the one before").expect("a writable folder");
        let begun = || std::fs::metadata(&aside).is_ok_and(|aside| aside.len() > 0);
        let was_alive = killed(&data, &["export", "--out", &plant.text(&name)], begun);
        let stands = std::fs::read(plant.path(&name)).expect("a file");
        assert!(!was_alive || stands == b"the one before", "{form}: {} bytes", stands.len());
        let said = succeeds(&data, &["export", "--out", &plant.text(&name)]);
        assert!(said.contains(&format!("{events} readings in")) && !aside.exists(), "{form}: {said}");
    }
    succeeds(&data, &["export", "--out", &plant.text("all.csv")]);

    let again = plant.path("again");
    let has_some = || std::fs::metadata(again.join("log.db-wal")).is_ok_and(|log| log.len() > 1 << 20);
    killed(&again, &["import", &plant.text("history.csv")], has_some);
    let said = succeeds(&again, &["import", &plant.text("history.csv")]);
    let counts: Vec<u64> = said.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert_eq!(counts.iter().sum::<u64>(), events, "{said}");
    succeeds(&again, &["export", "--out", &plant.text("again.csv")]);
    assert!(lines(&plant.path("all.csv"), true) == lines(&plant.path("again.csv"), true), "{said}");

    // A backup that is killed has no name, and the next one of that name does not mind.
    let copy = plant.text("copy");
    let begun = || plant.path(".part-copy/log.db").exists();
    let was_alive = killed(&data, &["backup", "--to", &copy], begun);
    assert!(!was_alive || !plant.path("copy").exists());
    if was_alive {
        succeeds(&data, &["backup", "--to", &copy]);
    }
    assert!(!plant.path(".part-copy").exists());
    succeeds(&plant.path("copy"), &["export", "--out", &plant.text("copy.csv")]);
    assert!(lines(&plant.path("all.csv"), true) == lines(&plant.path("copy.csv"), true));
}

#[test]
fn on_a_full_disk_every_command_is_74_and_leaves_what_was_there() {
    let (plant, events) = Plant::new();
    let data = plant.path("data");
    let Some(disk) = SmallDisk::mount(&plant.path("small")) else { return };
    for (form, leaving_mib) in [("csv", 1), ("lp", 1), ("parquet", 0)] {
        let out = plant.path(&format!("small/out.{form}"));
        std::fs::write(&out, "the one before").expect("room for a word");
        disk.fill_leaving(leaving_mib);
        let (code, said) = run(&data, &["export", "--out", &out.to_string_lossy()]);
        assert!(code == 74 && said.contains("No space left on device"), "{form}: {code} {said}");
        assert_eq!(std::fs::read(&out).expect("a file"), b"the one before", "{form}");
        disk.empty();
    }
    disk.fill_leaving(1);
    let (code, said) = run(&data, &["backup", "--to", &plant.text("small/copy")]);
    assert!(code == 74 && said.contains("small/.part-copy") && said.contains("no storage space"), "{code} {said}");
    // What cannot be sorted in memory needs room, too.
    let mut sorting = foretell(&data, &["export", "--out", &plant.text("x.csv")]);
    let names = || {
        let entries = std::fs::read_dir(plant.path("small")).expect("a folder").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().expect("a name")).collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["filler", "out.csv", "out.lp", "out.parquet"]);
    assert!(sorting.env("TMPDIR", plant.path("small")).output().expect("it runs").status.success(), "memory suffices");

    disk.empty();
    let small = plant.path("small/data");
    std::fs::create_dir(&small).expect("room");
    disk.fill_leaving(2);
    let (code, said) = run(&small, &["import", &plant.text("history.csv")]);
    assert!(code == 74 && said.contains("full"), "{code} {said}");
    disk.empty();
    let said = succeeds(&small, &["import", &plant.text("history.csv")]);
    let counts: Vec<u64> = said.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert_eq!(counts.iter().sum::<u64>(), events, "{said}");
}
