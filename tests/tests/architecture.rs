//! The architecture, stated as absences and checked: who may depend on whom, and what the core must never touch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which of our crates may name which other. Adding a name here is an architecture decision.
const ALLOWED: &[(&str, &[&str])] = &[
    ("foretell-model", &[]),
    ("foretell-ingest", &["foretell-model"]),
    ("foretell-engine", &["foretell-model"]),
    ("foretell-history", &["foretell-model"]),
    ("foretell-outreach", &["foretell-model"]),
    ("foretell-console", &["foretell-model"]),
    // An independent witness of the wire contract: it must not share our encoder or decoder.
    ("foretell-sim", &[]),
    (
        "foretell",
        &[
            "foretell-model",
            "foretell-ingest",
            "foretell-engine",
            "foretell-history",
            "foretell-outreach",
            "foretell-console",
            "foretell-sim",
        ],
    ),
    ("foretell-tests", &[]),
];

/// What would let the core ask instead of being told: runtimes, sockets, clocks, randomness, stores.
const CORE_MUST_NOT_USE: &[&str] =
    &["tokio", "rumqttc", "reqwest", "rusqlite", "axum", "polars", "chrono", "tracing", "getrandom", "rand", "metrics"];

/// Heavy or delicate crates and the only ones of ours that may name them.
const OWNED: &[(&str, &[&str])] = &[
    ("polars", &["foretell-history"]),
    ("rusqlite", &["foretell-history", "foretell-outreach", "foretell-console"]),
    ("axum", &["foretell-console", "foretell"]),
    ("lettre", &["foretell-outreach"]),
    ("mqtt-protocol-core", &["foretell-ingest"]),
    ("linfa", &["foretell-engine"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the root").to_path_buf()
}

/// Our crates with the names of their normal and build dependencies (dev-dependencies are a test's own affair).
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| {
            let names = package["dependencies"].as_array().expect("dependencies").iter();
            let names = names.filter(|d| d["kind"].as_str() != Some("dev")).map(|d| text(&d["name"])).collect();
            (text(&package["name"]), names)
        })
        .collect()
}

#[test]
fn crates_name_only_whom_they_may() {
    let dependencies = dependencies();
    let known: Vec<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        dependencies.keys().filter(|name| !known.contains(&name.as_str())).count(),
        0,
        "a crate is not listed here"
    );
    for (name, allowed) in ALLOWED {
        for dependency in dependencies[*name].iter().filter(|d| known.contains(&d.as_str())) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn the_core_is_told_and_never_asks() {
    let dependencies = dependencies();
    for core in ["foretell-model", "foretell-engine"] {
        for dependency in &dependencies[core] {
            assert!(!CORE_MUST_NOT_USE.contains(&dependency.as_str()), "{core} must not depend on {dependency}");
        }
    }
}

#[test]
fn heavy_crates_have_one_owner() {
    for (name, names) in dependencies() {
        for dependency in names {
            if let Some((_, owners)) = OWNED.iter().find(|(heavy, _)| **heavy == dependency) {
                assert!(
                    owners.contains(&name.as_str()),
                    "{name} must not depend on {dependency}; it belongs to {owners:?}"
                );
            }
        }
    }
}

/// Whether a file lies in one of these folders of the repository. What stands above the root must not count, or a clone
/// below a folder named `tests` would be exempt from every rule.
fn is_below(file: &Path, folders: &[&str]) -> bool {
    let inside = file.strip_prefix(root()).expect("sources are below the root");
    inside.components().any(|part| folders.iter().any(|folder| part.as_os_str() == *folder))
}

/// Every Rust file of the repository that is not a build product.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" && name != "node_modules" && name != ".git" {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    assert!(files.len() > 30, "only {} sources were found; is the path right?", files.len());
    let mut faults = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a readable source");
        let before_tests = text.split("#[cfg(test)]").next().unwrap_or_default().lines().count();
        let is_test = is_below(&file, &["tests"]);
        if before_tests > 400 && !is_test {
            faults.push(format!("{}: {before_tests} lines before its tests; at most 400", file.display()));
        }
        if !text.lines().take(3).any(|line| line.starts_with("//!")) {
            faults.push(format!("{}: no module doc", file.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn only_one_file_reads_the_clock() {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    // Tests may measure and wait; the product may not ask for the time of day anywhere else.
    let readers: Vec<_> = files
        .iter()
        .filter(|file| !is_below(file, &["tests", "simulators"]))
        .filter(|file| {
            let text = std::fs::read_to_string(file).expect("a readable source");
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            product.contains("SystemTime::now()") || product.contains("Utc::now()")
        })
        .filter(|file| !file.ends_with("crates/server/src/clock.rs"))
        .collect();
    assert!(readers.is_empty(), "these read the clock: {readers:?}");
}
