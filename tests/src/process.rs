//! Child processes that never outlive their test and whose words are kept for when it fails.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::wait_for;

/// A binary of ours, as built beside the tests.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let path = test.parent().and_then(Path::parent).expect("target/<profile>/deps").join(name);
    assert!(path.exists(), "{} is missing; build it first: cargo build --release --workspace --bins", path.display());
    path
}

/// An example of ours, which `cargo test` builds beside the tests.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    let path = binary("foretell").with_file_name("examples").join(name);
    assert!(
        path.exists(),
        "{} is missing; build it first: cargo build --release --workspace --examples",
        path.display()
    );
    path
}

/// Debian's own Python, which sees Debian's paho-mqtt and aiosmtpd.
#[must_use]
pub fn python(script: &str) -> Command {
    let mut command = Command::new("/usr/bin/python3");
    command.arg(crate::root().join("tests/clients").join(script));
    command
}

/// A running child.
#[derive(Debug)]
pub struct Running {
    child: Child,
    log: PathBuf,
    name: String,
}

impl Running {
    /// Starts a command with both outputs in `log`.
    ///
    /// # Panics
    /// When it cannot be started, naming the Debian package to install for the usual suspects.
    #[must_use]
    pub fn start(name: &str, mut command: Command, log: &Path) -> Self {
        let file = File::options().create(true).append(true).open(log).expect("a writable log");
        let both = file.try_clone().expect("a second handle");
        let child = command.stdin(Stdio::null()).stdout(file).stderr(both).spawn().unwrap_or_else(|cause| {
            panic!("could not start {name} ({command:?}): {cause}; tests/run installs what the tests need")
        });
        Self { child, log: log.to_path_buf(), name: name.to_owned() }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    #[must_use]
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills it as a power cut would: SIGKILL, no good-bye.
    pub fn kill_9(&mut self) {
        self.child.kill().expect("a child may be killed");
        self.child.wait().expect("a killed child ends");
    }

    /// Sends it a signal by name, e.g. `HUP`.
    ///
    /// # Panics
    /// When it has ended.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(status.success(), "{} had ended before it was sent SIG{name}", self.name);
    }

    /// Asks it to stop (SIGTERM) and waits; returns its exit code.
    ///
    /// # Panics
    /// When it does not end within 30 s.
    pub fn terminate(&mut self) -> Option<i32> {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(status.success(), "{} had ended before it was asked to", self.name);
        self.wait(Duration::from_secs(30))
    }

    /// Waits for its end; returns its exit code (`None`: ended by a signal).
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn wait(&mut self, within: Duration) -> Option<i32> {
        let what = format!("{} to end; it said:\n{}", self.name, self.said());
        wait_for(&what, within, || self.child.try_wait().expect("a child has a status")).code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.runs() {
            self.kill_9();
        }
        if std::thread::panicking() {
            let said = self.said();
            let tail = said.len().saturating_sub(6000);
            let tail = (tail..=said.len()).find(|at| said.is_char_boundary(*at)).unwrap_or(0);
            eprintln!("--- {} said ---\n{}\n---", self.name, &said[tail..]);
        }
    }
}
