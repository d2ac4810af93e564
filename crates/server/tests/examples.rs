//! The example configurations run as their heads say: the commands that stand there are typed in, in a copy of their folder.

use std::path::Path;
use std::process::Command;

/// A copy of the examples, for tests that write beside them.
fn copy(into: &Path) {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/examples");
    let copied = Command::new("cp").arg("-R").arg(examples).arg(into).status().unwrap();
    assert!(copied.success());
}

/// A shell's words in a folder, with this build's `foretell`; the exit code and what was said.
fn sh(words: &str, folder: &Path) -> (Option<i32>, String) {
    let programs = Path::new(env!("CARGO_BIN_EXE_foretell")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh").args(["-ec", words]).current_dir(folder).env("PATH", path).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// What the head of a file says to type: the block that begins with `umask`, or the line behind `Try it:`.
fn commands(text: &str) -> Option<String> {
    let head: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
    if let Some((_, command)) = head.iter().find_map(|line| line.split_once("Try it:")) {
        return Some(command.trim().to_owned());
    }
    let block = head.iter().skip_while(|line| !line.starts_with("#   umask"));
    let block: Vec<&str> = block.map_while(|line| line.strip_prefix("#   ")).collect();
    (!block.is_empty()).then(|| block.join("\n"))
}

fn check(folder: &Path, expected: &[&str]) {
    let mut tried = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // A register of customers, which plant.toml names.
        if name == "customers.toml" {
            continue;
        }
        if let Some(commands) = commands(&std::fs::read_to_string(&path).unwrap()) {
            assert!(commands.contains(&name), "{name} says to try another file: {commands}");
            let (code, said) = sh(&commands, folder);
            assert_eq!(code, Some(0), "{name}\n{commands}\n---\n{said}");
            tried.push(name.clone());
        }
        let (code, said) = sh(&format!("foretell check --config {name}"), folder);
        // Whether next year's public holidays are known depends on the day on which this runs.
        let said: Vec<&str> = said.lines().filter(|line| !line.contains("public holidays")).collect();
        let said = said.join("\n").replace(", but look at this:", ".");
        assert_eq!((code, said.as_str()), (Some(0), "The configuration is sound."), "{name}");
    }
    assert_eq!(tried, expected);
}

#[test]
fn each_example_is_sound_once_its_head_was_followed() {
    let dir = tempfile::tempdir().unwrap();
    copy(dir.path());
    check(&dir.path().join("examples"), &["channels.toml", "plant.toml"]);
}

#[test]
fn each_gateway_takes_its_sample() {
    let dir = tempfile::tempdir().unwrap();
    copy(dir.path());
    let all = ["atlas-copco-elektronikon", "csv-logger", "kaeser-sigma-air-manager", "modbus-registers", "node-red"];
    let all: Vec<String> = all.iter().chain(&["telegraf"]).map(|name| format!("{name}.toml")).collect();
    check(&dir.path().join("examples/gateways"), &all.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn without_its_files_an_example_names_each_of_them() {
    let dir = tempfile::tempdir().unwrap();
    copy(dir.path());
    let (code, said) = sh("foretell check --config plant.toml", &dir.path().join("examples"));
    assert_eq!(code, Some(78), "{said}");
    for expected in
        ["there is no file broker.secret; its first line must hold the secret", "there is no file plant-ca.pem"]
    {
        assert!(said.contains(expected), "{expected}\n---\n{said}");
    }
}
