//! What the README tells a newcomer to type is typed here, as it stands: smaller where it says how much, on ports that are free,
//! and in a folder of its own. What cannot be had here is named with its reason, and must still be in the README.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use foretell_tests::{Running, binary, free_port, get, root, wait_for};

/// The demo's months take a while where nothing is optimised.
const BLOCK_WITHIN: Duration = Duration::from_secs(400);

/// Lines that are not run here, and why.
const ELSEWHERE: [(&str, &str); 4] = [
    ("tests/run ", "that is what runs this"),
    ("cargo run --release -- backtest SKAB/data/valve1 ", "SKAB's runs are somebody else's to give away"),
    ("cargo run --release --example scores ", "the same"),
    ("deploy/prepare && docker compose ", "needs a network for its images; `shipped.rs` prepares and reads it"),
];

/// What is typed smaller, or with a name in the place of a placeholder.
const INSTEAD: [(&str, &str); 4] = [
    ("--machines 48 --days 365 --every 5m", "--machines 3 --days 60 --every 30m"),
    ("customers export ID --out FILE", "customers export s01 --out customer.json"),
    ("customers erase ID --confirm ID", "customers erase s01 --confirm s01"),
    ("/tmp/", "$HERE/"),
];

/// A newcomer's folder: the repository's own folders, and programs that are found where `cargo` would have built them.
struct Newcomer {
    folder: tempfile::TempDir,
    console: u16,
    mqtt: u16,
}

impl Newcomer {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["config", "deploy", "crates", "tests"] {
            symlink(root().join(name), folder.path().join(name)).expect("a link");
        }
        let newcomer = Self { folder, console: free_port(), mqtt: free_port() };
        std::fs::create_dir(newcomer.path("bin")).expect("a writable folder");
        let ours = binary("foretell").parent().expect("target/release").display().to_string();
        newcomer.program(
            "cargo",
            "shift 2; name=foretell\nif [ \"$1\" = --bin ]; then name=$2; shift 2; fi\nshift\nexec \"$name\" \"$@\"",
        );
        newcomer.program("foretell-sim", &format!("exec {ours}/foretell-sim \"$@\""));
        // The demo ends where its reader is asked to leave it; the service is left running beside the next line.
        newcomer.program(
            "foretell",
            &format!(
                "case $1 in demo) exec {ours}/foretell \"$@\" --listen 127.0.0.1:0 --exit-after-advise;; run) {ours}/foretell \"$@\" \
                 >run.log 2>&1 & echo $! >pid; exec curl -sf --retry 60 --retry-delay 1 --retry-all-errors \
                 http://127.0.0.1:$CONSOLE/readyz;; esac\nexec {ours}/foretell \"$@\""
            ),
        );
        newcomer.program("mosquitto_pub", "exec /usr/bin/mosquitto_pub -p \"$MQTT\" \"$@\"");
        newcomer
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a writable folder");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    /// Types a block.
    fn types(&self, block: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-euxc", block]).current_dir(self.folder.path());
        shell.env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.path("bin").display()));
        shell
            .env("HERE", self.folder.path())
            .env("CONSOLE", self.console.to_string())
            .env("MQTT", self.mqtt.to_string());
        // Only what runs as a service listens on these.
        if block.contains("-- run ") {
            shell.env("FORETELL__CONSOLE__LISTEN", format!("127.0.0.1:{}", self.console));
            shell.env("FORETELL__MQTT__LISTEN", format!("127.0.0.1:{}", self.mqtt));
        }
        if block.contains("customers ") {
            shell.env("FORETELL__DATA__DIR", self.path("foretell-demo"));
        }
        let mut typed = Running::start("the README", shell, &self.path("typed.log"));
        assert_eq!(typed.wait(BLOCK_WITHIN), Some(0), "{block}\n{}", typed.said());
    }
}

impl Drop for Newcomer {
    fn drop(&mut self) {
        if let Ok(pid) = std::fs::read_to_string(self.path("pid")) {
            let _gone = Command::new("kill").arg(pid.trim()).status();
        }
    }
}

/// Blocks of commands, without the lines that are run elsewhere.
fn blocks(readme: &str) -> Vec<String> {
    let block = |rest: &str| rest.split("```").next().map(str::to_owned);
    let blocks = readme.split("```sh\n").skip(1).filter_map(block);
    let here = |line: &&str| !ELSEWHERE.iter().any(|(beginning, _)| line.starts_with(beginning));
    let mine = blocks.map(|block| block.lines().filter(here).collect::<Vec<_>>().join("\n"));
    let mine = mine.filter(|block| !block.trim().is_empty());
    mine.map(|block| INSTEAD.iter().fold(block, |block, (told, typed)| block.replace(told, typed))).collect()
}

/// A little history and what was done meanwhile, as everybody has it lying about.
fn history(newcomer: &Newcomer) {
    let row = |hour: i64| {
        let (day, of_day) = (hour / 24 + 1, hour % 24);
        format!(
            "2026-06-{day:02}T{of_day:02}:00:00Z,plant1,k2,{},41.7,{}\n",
            82.0 + (of_day as f64) / 10.0,
            4_000 + hour
        )
    };
    let rows: String = (0..24 * 28).map(row).collect();
    let head = "ts,site,machine,discharge_temp_c,motor_current_a,run_hours\n";
    std::fs::write(newcomer.path("history.csv"), format!("{head}{rows}")).expect("a writable folder");
    let work = "ts,site,machine,work\n2026-06-10T08:00:00Z,plant1,k2,oil_changed\n";
    std::fs::write(newcomer.path("work.csv"), work).expect("a writable folder");
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.len() > 0)
}

#[test]
fn every_command_of_the_readme_runs() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("a README");
    for (line, why) in ELSEWHERE {
        assert!(readme.contains(&format!("\n{line}")), "`{line}` is not in the README any more ({why})");
    }
    for (told, _) in INSTEAD {
        assert!(readme.contains(told), "`{told}` is not in the README any more");
    }
    let newcomer = Newcomer::new();
    history(&newcomer);
    newcomer.types("foretell import history.csv");
    let blocks = blocks(&readme);
    assert!(blocks.len() >= 7, "{blocks:#?}");
    // The report is of the history, and of the demo whose data were kept, as its customers are.
    blocks.iter().for_each(|block| newcomer.types(block));
    for made in ["report.html", "fleet/report.html", "k2.pdf", "report.pdf", "customer.json"] {
        assert!(is_file(&newcomer.path(made)), "{made} was not made");
    }
    wait_for("the reading that was published by hand", Duration::from_secs(30), || {
        get(newcomer.console, "/api/v1/machines/plant1/k2").filter(|answer| answer.status == 200)
    });
}

#[test]
fn a_newcomer_reads_it_in_minutes_and_sees_the_product() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("a README");
    let lines = readme.lines().count();
    assert!((150..=260).contains(&lines), "{lines} lines");
    let pictures: Vec<&str> = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let (mut seen, mut weight) = (0, 0);
    for target in pictures.iter().filter(|target| !target.contains("://") && !target.starts_with('#')) {
        let path = root().join(target);
        let meta = path.metadata().unwrap_or_else(|error| panic!("{target}: {error}"));
        if target.ends_with(".png") {
            (seen, weight) = (seen + 1, weight + meta.len());
        }
    }
    assert!(seen >= 3 && weight <= 600_000, "{seen} pictures of {weight} bytes");
}
