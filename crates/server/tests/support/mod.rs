//! The real binary, for tests of what it says.

use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::Expect;

/// The program in a folder, with nothing of the environment.
pub(crate) fn foretell(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foretell"));
    command.current_dir(dir).env_clear();
    command
}

/// A folder of its own for each test, and the program in it.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Runs a command line: its exit code, and what it said, results first.
    pub(crate) fn run(&self, arguments: &str) -> (Option<i32>, String) {
        let output = foretell(self.0.path()).args(arguments.split_whitespace()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    }
}

/// Runs a command line in a folder that holds `plant.toml` and `rows.csv`.
#[track_caller]
pub(crate) fn check(arguments: &str, plant_toml: &str, expected: Expect) {
    let folder = Folder::new();
    folder.write("plant.toml", plant_toml);
    folder.write("rows.csv", "what,ever\n1,2\n");
    let output = foretell(folder.0.path()).args(arguments.split_whitespace()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    let code = output.status.code().map_or("none".to_owned(), |code| code.to_string());
    expected.assert_eq(&format!("exit {code}\nout: {}\nerr: {}\n", text(&output.stdout), text(&output.stderr)));
}
