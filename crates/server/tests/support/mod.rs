//! The real binary, for tests of what it says.

use std::path::Path;
use std::process::Command;

use expect_test::Expect;

/// The program in a folder, with nothing of the environment.
pub(crate) fn foretell(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foretell"));
    command.current_dir(dir).env_clear();
    command
}

/// Runs a command line in a folder that holds `plant.toml` and `rows.csv`.
#[track_caller]
pub(crate) fn check(arguments: &str, plant_toml: &str, expected: Expect) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("plant.toml"), plant_toml).unwrap();
    std::fs::write(dir.path().join("rows.csv"), "what,ever\n1,2\n").unwrap();
    let output = foretell(dir.path()).args(arguments.split_whitespace()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    let code = output.status.code().map_or("none".to_owned(), |code| code.to_string());
    expected.assert_eq(&format!("exit {code}\nout: {}\nerr: {}\n", text(&output.stdout), text(&output.stderr)));
}
