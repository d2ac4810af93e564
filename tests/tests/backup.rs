//! Backups beside a service under load, and the guide to install, back up and restore: its commands are run as they stand.

use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use foretell_tests::{Foretell, SmallDisk, binary, export, free_port, get, metric, publish_lines, root, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);
const TOPIC: &str = "foretell/v1/s1/m1/telemetry";
const KEEPING: &str =
    "[data]\narchive_every = \"100ms\"\nkeep_readings = \"1d\"\n[engine]\nsnapshot_interval = \"1s\"\n";

fn command(data: &Path, arguments: &[&str]) -> Output {
    Command::new(binary("foretell")).args(arguments).arg("--data-dir").arg(data).output().expect("foretell runs")
}

/// Runs a command that must succeed; what it said.
fn said(data: &Path, arguments: &[&str]) -> String {
    let output = command(data, arguments);
    let both = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    assert!(output.status.success(), "{arguments:?}: {both}");
    both
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Readings of a minute each of days that will be archived, and of later seconds that stay on the log.
fn lines(from_ms: u64, count: u64, step_ms: u64) -> Vec<String> {
    let line = |n: u64| {
        let ts = from_ms + n * step_ms;
        format!(r#"{{"ts":{ts},"discharge_temp_c":83.5,"motor_current_a":41.7,"run_hours":4}}"#)
    };
    (0..count).map(line).collect()
}

/// The 1st of June 2026, and the middle of the 1st of July.
const ARCHIVED_MS: u64 = 1_780_272_000_000;
const LOGGED_MS: u64 = 1_782_892_800_000;

#[test]
fn a_backup_under_load_restores_everything_acknowledged_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let (console, mqtt) = (free_port(), free_port());
    let mut foretell = Foretell::start_on(folder.path(), KEEPING, console, mqtt);
    publish_lines(mqtt, TOPIC, &lines(ARCHIVED_MS, 3 * 144, 600_000));
    publish_lines(mqtt, TOPIC, &lines(LOGGED_MS, 500, 1_000));
    let before = 3 * 144 + 500;
    wait_for("the days to leave the log", PATIENCE, || {
        metric(console, "foretell_log_rows_dropped_total").filter(|dropped| *dropped >= 3.0 * 144.0)
    });
    let backup = |number: u64| folder.path().join(format!("backup-{number}"));
    let made = std::thread::scope(|scope| {
        // Late readings make the archive's files be written anew while they are copied.
        let load = scope.spawn(|| {
            for round in 0..10 {
                publish_lines(mqtt, TOPIC, &lines(LOGGED_MS + 1_000_000 + round * 300_000, 300, 1_000));
                publish_lines(mqtt, TOPIC, &lines(ARCHIVED_MS + 1 + round, 3, 86_400_000));
            }
        });
        let mut made = Vec::new();
        while made.len() < 3 || !load.is_finished() {
            let (to, earlier) =
                (text(&backup(made.len() as u64)), text(&backup((made.len() as u64).saturating_sub(1))));
            let mut arguments = vec!["backup", "--to", &to];
            if !made.is_empty() {
                arguments.extend(["--earlier", &earlier]);
            }
            made.push(said(&data, &arguments));
        }
        load.join().expect("it published");
        made
    });
    let all = foretell.readings();
    assert_eq!(all, before + 10 * 303);
    foretell.process.kill_9();
    // Each of them is whole, and none has less than the one before.
    let mut least = before;
    for number in 0..made.len() as u64 {
        said(&backup(number), &["archive", "check"]);
        let out = folder.path().join("x.csv");
        said(&backup(number), &["export", "--out", &text(&out)]);
        let readings = std::fs::read_to_string(&out).expect("an export").lines().count() - 1;
        assert!(readings >= least && readings <= all, "backup {number} has {readings} of at least {least}");
        least = readings;
    }
    // A restored one goes on as a service.
    std::fs::rename(&data, folder.path().join("lost")).expect("it is there");
    std::fs::rename(backup(0), &data).expect("it is there");
    let mut foretell = Foretell::start_on(folder.path(), KEEPING, console, mqtt);
    publish_lines(mqtt, TOPIC, &lines(LOGGED_MS + 900_000_000, 50, 1_000));
    let restored = foretell.readings();
    assert!(restored >= before + 50, "{restored} of {before} and 50");
    let lag = || metric(console, "foretell_engine_lag_entries").filter(|lag| *lag == 0.0);
    wait_for("the engine to follow", PATIENCE, lag);
    let page =
        get(console, "/api/v1/machines/s1/m1/readings?from=2026-06-02T00:00:00Z&to=2026-06-03T00:00:00Z&max=9000");
    assert!(page.expect("an answer").body.matches("\"discharge_temp_c\"").count() >= 144);
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());
}

#[test]
fn a_backup_says_what_it_cannot_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let check = |arguments: &[&str], code: i32, expected: &str| {
        let output = command(&data, arguments);
        let said = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    };
    let to = text(&folder.path().join("copy"));
    check(&["backup", "--to", &to], 66, "there is no log in");
    let rows = "ts,site,machine,discharge_temp_c\n1782892800000,s,m,80\n";
    std::fs::write(folder.path().join("x.csv"), rows).expect("a writable folder");
    said(&data, &["import", &text(&folder.path().join("x.csv"))]);
    check(&["backup", "--to", &to, "--earlier", &text(&folder.path().join("none"))], 66, "there is no earlier backup");
    check(&["backup", "--to", &text(&data.join("copy"))], 64, "lies in the data directory");
    check(&["backup", "--to", &to], 0, "2 files");
    check(&["backup", "--to", &to], 74, "could not write");
    check(&["backup", "--to", &text(&folder.path().join("no/where"))], 74, "could not write");
}

/// The guide's commands by section, on this folder instead of the computer's own.
fn blocks(under: &Path) -> Vec<(String, String)> {
    let guide = std::fs::read_to_string(root().join("deploy/README.md")).expect("a guide");
    let sections = guide.split("\n## ").skip(1).map(|section| {
        let title = section.lines().next().unwrap_or_default().to_owned();
        let block = section.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
        let block = block.unwrap_or_else(|| panic!("`{title}` has no commands"));
        let mut here = block.to_owned();
        for place in ["/usr/bin/foretell", "/etc/", "/var/"] {
            here = here.replace(place, &format!("{}{place}", under.display()));
        }
        (title, here.replace("target/release/foretell", &binary("foretell").display().to_string()))
    });
    sections.collect()
}

/// Stands in for what only root on a computer of its own may do; says what it was asked for.
fn stand_in(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\necho \"{name} $*\" >>\"$ASKED\"\n{script}\n"))
        .expect("a writable folder");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
}

struct Computer {
    folder: tempfile::TempDir,
}

impl Computer {
    /// One without users and services of its own.
    fn new() -> Self {
        let computer = Self { folder: tempfile::tempdir().expect("a folder") };
        let own = computer.path("stand-ins");
        std::fs::create_dir(&own).expect("a writable folder");
        stand_in(&own, "systemctl", "");
        stand_in(&own, "useradd", "");
        stand_in(&own, "chown", "");
        // No user of that name is here.
        stand_in(&own, "id", "exit 1");
        stand_in(&own, "runuser", "shift 3\nexec \"$@\"");
        stand_in(
            &own,
            "install",
            "for word do shift; case \"$word\" in -g|-o) skip=1;; foretell) [ -n \"${skip-}\" ] && skip= || set -- \"$@\" \"$word\";; \
             *) set -- \"$@\" \"$word\";; esac; done\nexec /usr/bin/install \"$@\"",
        );
        computer
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Runs a section's commands from the source folder; what it asked of the stand-ins.
    fn run(&self, title: &str) -> String {
        let (asked, own) = (self.path("asked"), self.path("stand-ins"));
        std::fs::write(&asked, "").expect("a writable folder");
        let blocks = blocks(self.folder.path());
        let (_, block) = blocks.iter().find(|(section, _)| section == title).unwrap_or_else(|| panic!("no `{title}`"));
        let path = format!("{}:{}:/usr/sbin:/usr/bin:/sbin:/bin", own.display(), self.path("usr/bin").display());
        let mut shell = Command::new("sh");
        shell.args(["-euc", block]).current_dir(root()).env("PATH", path).env("ASKED", &asked);
        let output = shell.output().expect("sh runs");
        let said = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
        assert!(output.status.success(), "`{title}`: {said}\n{block}");
        std::fs::read_to_string(asked).expect("what was asked")
    }
}

/// What is installed leads every command to the data of the service, and never to a folder beside the configuration.
fn commands_mean_the_data_of_the_service(computer: &Computer) {
    let (history, config) = (computer.path("history.csv"), computer.path("etc/foretell/foretell.toml"));
    std::fs::write(&history, "ts,site,machine,discharge_temp_c\n1000,s,m,80\n").expect("a writable folder");
    let mut import = Command::new(computer.path("usr/bin/foretell"));
    let output = import.arg("import").arg(&history).arg("--config").arg(config).output().expect("foretell runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(computer.path("var/lib/foretell/log.db").exists() && !computer.path("etc/foretell/data").exists());
    std::fs::remove_dir_all(computer.path("var/lib/foretell")).expect("it is ours");
}

#[test]
fn the_guide_installs_backs_up_and_restores() {
    let computer = Computer::new();
    let asked = computer.run("Install the unit");
    assert!(asked.contains("useradd --system") && asked.contains("systemctl enable --now foretell"), "{asked}");
    let unit =
        std::fs::read_to_string(computer.path("etc/systemd/system/foretell.service")).expect("an installed unit");
    assert!(unit.contains("/usr/bin/foretell run --config /etc/foretell/foretell.toml --log-format json"));
    let mode = |path: &str| computer.path(path).metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!(
        (mode("usr/bin/foretell"), mode("etc/foretell"), mode("etc/foretell/foretell.toml")),
        (0o755, 0o750, 0o640)
    );
    commands_mean_the_data_of_the_service(&computer);
    // Again, as after an update: what was configured stays.
    std::fs::write(computer.path("etc/foretell/foretell.toml"), "[log]\nlevel = \"warn\"\n").expect("it is ours");
    computer.run("Install the unit");
    let kept = std::fs::read_to_string(computer.path("etc/foretell/foretell.toml")).expect("a configuration");
    assert_eq!(kept, "[log]\nlevel = \"warn\"\n");

    std::fs::create_dir_all(computer.path("var/lib")).expect("a writable folder");
    std::fs::create_dir_all(computer.path("var/backups")).expect("a writable folder");
    std::os::unix::fs::symlink("var/lib/foretell", computer.path("data")).expect("a writable folder");
    std::fs::create_dir(computer.path("var/lib/foretell")).expect("a writable folder");
    let mut foretell = Foretell::start(computer.folder.path(), "");
    publish_lines(foretell.mqtt, TOPIC, &lines(LOGGED_MS, 100, 1_000));
    // A backup of the day before, to which this one is linked.
    let day_before = computer.path("var/backups/foretell/2000-01-01");
    std::fs::create_dir_all(day_before.parent().expect("a folder")).expect("a writable folder");
    said(&computer.path("data"), &["backup", "--to", &text(&day_before)]);
    let asked = computer.run("Back up");
    assert!(asked.contains("runuser -u foretell -- foretell backup") && asked.contains("--earlier"), "{asked}");
    publish_lines(foretell.mqtt, TOPIC, &lines(LOGGED_MS + 900_000, 7, 1_000));
    foretell.process.kill_9();
    assert_eq!(mode("var/backups/foretell"), 0o700);

    let asked = computer.run("Restore");
    let wanted = ["systemctl stop foretell", "chown -R foretell:", "systemctl start foretell"];
    assert!(wanted.iter().all(|wanted| asked.contains(wanted)), "{asked}");
    assert_eq!(export(computer.folder.path()).lines().count() - 1, 100, "as it was backed up");
    let before = std::fs::read_dir(computer.path("var/lib")).expect("a folder").flatten();
    let before: Vec<_> = before.map(|entry| entry.file_name().into_string().expect("a name")).collect();
    assert!(before.len() == 2 && before.iter().any(|name| name.starts_with("foretell.before-")), "{before:?}");
    let mark = computer.path("data/backup.made");
    assert!(mark.exists(), "a backup says that it is one");
    let mut foretell = Foretell::start(computer.folder.path(), "");
    assert!(!mark.exists() && foretell.process.said().contains("The data was put back from a backup."));
    publish_lines(foretell.mqtt, TOPIC, &lines(LOGGED_MS + 900_000, 7, 1_000));
    assert_eq!(foretell.readings(), 107);
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());
}

/// The number of the page of the log that lies in the middle of its entries.
fn middle_page(log: &Path) -> (u64, u64) {
    let script = "import sqlite3,sys;d=sqlite3.connect(sys.argv[1]);d.execute('pragma wal_checkpoint(truncate)');\
        p=list(d.execute(\"select pageno, ncell from dbstat where name = 'log' and pagetype = 'leaf' order by path\"));\
        n=sum(c for _,c in p)//2\nfor page,c in p:\n  n-=c\n  if n<0: break\n\
        print(page,d.execute('pragma page_size').fetchone()[0])";
    let asked = Command::new("/usr/bin/python3").args(["-c", script]).arg(log).output().expect("python3 runs");
    let said = String::from_utf8_lossy(&asked.stdout).into_owned();
    let figures: Vec<u64> = said.split_whitespace().filter_map(|figure| figure.parse().ok()).collect();
    let [number, bytes] = figures[..] else { panic!("{said}{}", String::from_utf8_lossy(&asked.stderr)) };
    (number, bytes)
}

/// A reading a minute of so many days of June 2026 from one on.
fn june(folder: &Path, data: &Path, from: u64, days: u64) {
    let mut rows = "ts,site,machine,discharge_temp_c,motor_current_a,run_hours\n".to_owned();
    for minute in (from - 1) * 1_440..(from - 1 + days) * 1_440 {
        let ts = ARCHIVED_MS + minute * 60_000;
        rows.push_str(&format!("{ts},s1,m1,{:.1},40,{}\n", 80.0 + (minute % 50) as f64 / 10.0, 100 + minute / 60));
    }
    let file = folder.join("june.csv");
    std::fs::write(&file, rows).expect("a writable folder");
    said(data, &["import", &text(&file)]);
}

#[test]
fn the_guide_rescues_what_a_damaged_log_still_gives() {
    const FOREVER: &str = "[data]\nkeep_readings = \"forever\"\n[engine]\nsnapshot_interval = \"1s\"\n";
    let computer = Computer::new();
    computer.run("Install the unit");
    std::fs::create_dir_all(computer.path("var/lib/foretell")).expect("a writable folder");
    std::os::unix::fs::symlink("var/lib/foretell", computer.path("data")).expect("a writable folder");
    let (folder, data) = (computer.folder.path(), computer.path("data"));
    // Two days that only the archive has, five on the log; the page in their middle is of the 14th of June around noon.
    june(folder, &data, 10, 2);
    let mut foretell = Foretell::start(folder, KEEPING);
    wait_for("the days to leave the log", PATIENCE, || {
        metric(foretell.console, "foretell_log_rows_dropped_total").filter(|dropped| *dropped >= 2.0 * 1_440.0 - 1.0)
    });
    assert_eq!(foretell.process.terminate(), Some(0));
    june(folder, &data, 12, 5);
    foretell = Foretell::start(folder, FOREVER);
    let level = |foretell: &Foretell| {
        wait_for("the engine to follow", PATIENCE, || {
            metric(foretell.console, "foretell_engine_lag_entries").filter(|lag| *lag == 0.0)
        })
    };
    level(&foretell);
    assert_eq!((foretell.readings(), foretell.process.terminate()), (7 * 1_440, Some(0)));
    let log = data.join("log.db");
    let (number, bytes) = middle_page(&log);
    let file = std::fs::File::options().write(true).open(&log).expect("a log");
    file.write_all_at(&vec![0xee; bytes as usize], (number - 1) * bytes).expect("room");
    let all = text(&folder.join("all.csv"));
    let output = command(&data, &["export", "--out", &all]);
    let lacking = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(65), "it is damaged: {lacking}");
    let lacking = lacking.split("it lacks ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
    let lacking = lacking.filter(|rows| (1..200).contains(rows)).expect("the rows of a page");

    let asked = computer.run("Rescue a damaged log without a backup");
    assert!(asked.contains("systemctl stop foretell") && asked.contains("systemctl start foretell"), "{asked}");
    foretell = Foretell::start(folder, FOREVER);
    level(&foretell);
    assert_eq!(foretell.readings(), 7 * 1_440 - lacking, "but for those on the page");
    let told = foretell.process.said();
    assert!(told.contains("The log is another one than before"), "{told}");
    wait_for("the engine to know the last day", PATIENCE, || {
        get(foretell.console, "/api/v1/machines/s1/m1").filter(|machine| machine.body.contains("2026-06-16T"))
    });
    publish_lines(foretell.mqtt, TOPIC, &lines(LOGGED_MS, 10, 1_000));
    assert_eq!(foretell.readings(), 7 * 1_440 - lacking + 10);
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());
}

/// A file of an earlier release, whose unit named the data directory itself: `dir = "data"` lies beside the configuration, where the
/// unit may not write.
#[test]
fn a_configuration_of_an_earlier_release_is_refused_by_the_unit_and_mended_by_the_guide() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(&folder.path().join("etc")) else { return };
    let (file, state, history) =
        (folder.path().join("etc/foretell.toml"), folder.path().join("state"), folder.path().join("history.csv"));
    std::fs::copy(root().join("config/default.toml"), &file).expect("a configuration");
    std::fs::write(&history, "ts,site,machine,discharge_temp_c\n1000,s,m,80\n").expect("a writable folder");
    said(&state, &["import", &text(&history)]);

    disk.writable(false);
    let mut unit = Command::new(binary("foretell"));
    unit.args(["run", "--config"]).arg(&file).env("STATE_DIRECTORY", &state);
    let output = unit.env("FORETELL__CONSOLE__LISTEN", "127.0.0.1:0").output().expect("foretell runs");
    let refused = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{refused}");
    assert!(refused.contains(&format!("write `dir = \"{}\"` under [data]", state.display())), "{refused}");

    disk.writable(true);
    let guide = std::fs::read_to_string(root().join("deploy/README.md")).expect("a guide");
    let mend = guide.lines().find(|line| line.starts_with("sed -i")).expect("a line that mends it");
    let mend = mend.replace("/etc/foretell/foretell.toml", &text(&file)).replace("/var/lib/foretell", &text(&state));
    assert!(Command::new("sh").args(["-ec", &mend]).status().is_ok_and(|status| status.success()), "{mend}");
    let mut export = Command::new(binary("foretell"));
    export.arg("export").arg("--config").arg(&file).arg("--out").arg(folder.path().join("x.csv"));
    let output = export.output().expect("foretell runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 reading in"), "{output:?}");
}
