//! The product as a process, started as its users start it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::{Running, binary, free_port, get, wait_for};

/// A running `foretell run`.
#[derive(Debug)]
pub struct Foretell {
    /// Port of the console.
    pub console: u16,
    /// Port of the embedded listener, if it has one.
    pub mqtt: u16,
    /// The process.
    pub process: Running,
    folder: PathBuf,
}

impl Foretell {
    /// Starts it with its data, configuration and log in `folder`; `config` is TOML to which ports are added by the environment.
    ///
    /// # Panics
    /// When it is not ready within 30 s.
    #[must_use]
    pub fn start(folder: &Path, config: &str) -> Self {
        let (console, mqtt) = (free_port(), free_port());
        Self::start_on(folder, config, console, mqtt)
    }

    /// The same on given ports, for starting again where an earlier one was killed.
    ///
    /// # Panics
    /// When it is not ready within 30 s.
    #[must_use]
    pub fn start_on(folder: &Path, config: &str, console: u16, mqtt: u16) -> Self {
        Self::start_with(folder, config, console, mqtt, |_| {})
    }

    /// The same with a last word on the command: variables that a service manager would set, a limit.
    ///
    /// # Panics
    /// When it is not ready within 30 s.
    #[must_use]
    pub fn start_with(folder: &Path, config: &str, console: u16, mqtt: u16, adjust: impl FnOnce(&mut Command)) -> Self {
        Self::start_expecting(200, folder, config, (console, mqtt), adjust)
    }

    /// The same until `/readyz` answers with a status that is expected: 503 where it starts but takes nothing in.
    ///
    /// # Panics
    /// When it has not answered so within 30 s.
    #[must_use]
    pub fn start_expecting(
        status: u16,
        folder: &Path,
        config: &str,
        (console, mqtt): (u16, u16),
        adjust: impl FnOnce(&mut Command),
    ) -> Self {
        let file = folder.join("foretell.toml");
        std::fs::write(&file, config).expect("a writable folder");
        let mut command = Command::new(binary("foretell"));
        command
            .arg("run")
            .arg("--config")
            .arg(&file)
            .arg("--data-dir")
            .arg(folder.join("data"))
            // Tests publish readings of fixed days, and those of this year are old in another.
            .env("FORETELL__MQTT__AGE_MAX", "forever")
            .env("FORETELL__CONSOLE__LISTEN", format!("127.0.0.1:{console}"))
            .env("FORETELL__MQTT__LISTEN", format!("127.0.0.1:{mqtt}"));
        adjust(&mut command);
        let mut process = Running::start("foretell", command, &folder.join("foretell.log"));
        wait_for("foretell to be ready", Duration::from_secs(30), || {
            assert!(process.runs(), "foretell ended at once:\n{}", process.said());
            get(console, "/readyz").filter(|answer| answer.status == status)
        });
        Self { console, mqtt, process, folder: folder.to_path_buf() }
    }

    /// The same on free ports with so many open files at most.
    ///
    /// # Panics
    /// When it is not ready within 30 s.
    #[must_use]
    pub fn start_limited(folder: &Path, config: &str, open_files_max: u32) -> Self {
        Self::start_with(folder, config, free_port(), free_port(), |command| {
            // Through a shell, which is where such limits come from.
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("ulimit -n {open_files_max} && exec \"$0\" \"$@\"")]);
            shell.arg(command.get_program()).args(command.get_args());
            for (name, value) in command.get_envs() {
                shell.env(name, value.unwrap_or_default());
            }
            *command = shell;
        })
    }

    /// Puts another configuration in place of the one that it was started with; it is read at SIGHUP.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn configure(&self, config: &str) {
        std::fs::write(self.folder.join("foretell.toml"), config).expect("a writable folder");
    }

    /// Exports every reading as CSV with the same binary, as an operator would beside the running service.
    ///
    /// # Panics
    /// When the export fails.
    #[must_use]
    pub fn export(&self) -> String {
        export(&self.folder)
    }

    /// What `/readyz` answers; nothing from one that does not answer.
    #[must_use]
    pub fn readyz(&self) -> (u16, String) {
        get(self.console, "/readyz").map_or((0, String::new()), |answer| (answer.status, answer.body))
    }

    /// Waits for `/readyz` to answer with this status and all of these words.
    ///
    /// # Panics
    /// When it has not within a minute.
    pub fn stands(&self, status: u16, words: &[&str]) {
        wait_for(&format!("/readyz to be {status} and say {words:?}"), Duration::from_secs(60), || {
            let (found, said) = self.readyz();
            (found == status && words.iter().all(|words| said.contains(words))).then_some(())
        });
    }

    /// How many readings an export holds now.
    #[must_use]
    pub fn readings(&self) -> usize {
        self.export().lines().count().saturating_sub(1)
    }
}

/// Exports every reading of the data directory in `folder` as CSV, beside whoever works in it.
///
/// # Panics
/// When the export fails.
#[must_use]
pub fn export(folder: &Path) -> String {
    let out = folder.join("export.csv");
    let output = Command::new(binary("foretell"))
        .args(["export", "--data-dir"])
        .arg(folder.join("data"))
        .arg("--out")
        .arg(&out)
        .output()
        .expect("foretell export runs");
    assert!(output.status.success(), "export failed: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string(&out).expect("an exported file")
}
