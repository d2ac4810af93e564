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

/// The lines of a file without its modules of tests, wherever these stand: such a module is one `#[cfg(test)] mod … { … }`, whose
/// end is the next line with a closing brace as far to the left. Anything else that only tests have counts as the rest does.
fn product(text: &str) -> impl Iterator<Item = &str> {
    let mut lines: Vec<&str> = text.lines().collect();
    let mut from = 0;
    while let Some(at) = lines[from..].iter().position(|line| line.trim() == "#[cfg(test)]").map(|n| from + n) {
        from = at + 1;
        let heads = lines[from..].iter().take_while(|line| line.trim_start().starts_with(['#', '/'])).count();
        let Some(module) = lines.get(from + heads).filter(|line| line.contains("mod ") && line.ends_with('{')) else {
            continue;
        };
        let end = format!("{}}}", &module[..module.len() - module.trim_start().len()]);
        let body = lines[from + heads..].iter().position(|line| **line == end);
        lines.drain(at..body.map_or(lines.len(), |n| from + heads + n + 1));
        from = at;
    }
    lines.into_iter()
}

#[test]
fn only_modules_of_tests_are_left_out_of_a_file() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(product(text).collect::<Vec<_>>().join("|"), expected);
    }
    check("a\n#[cfg(test)]\nmod tests {\n    b\n}\nc", "a|c");
    check(
        "a\n#[cfg(test)]\n#[allow(x)]\n// why\nmod tests {\n  fn b() {\n  }\n}\nc\n#[cfg(test)]\nmod more {\n}",
        "a|c",
    );
    check("a\n#[cfg(test)]\nmod tests;\nb", "a|#[cfg(test)]|mod tests;|b");
    check("a\n#[cfg(test)]\nfn b() {\n}\nc", "a|#[cfg(test)]|fn b() {|}|c");
    check("a\n    #[cfg(test)]\n    mod tests {\n        b\n    }\nc", "a|c");
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    assert!(files.len() > 30, "only {} sources were found; is the path right?", files.len());
    let mut faults = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a readable source");
        let lines = product(&text).count();
        let is_test = is_below(&file, &["tests"]);
        if lines > 400 && !is_test {
            faults.push(format!("{}: {lines} lines beside its tests; at most 400", file.display()));
        }
        if !text.lines().take(3).any(|line| line.starts_with("//!")) {
            faults.push(format!("{}: no module doc", file.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_of_tests_is_run() {
    let mut files = Vec::new();
    sources(&root().join("crates"), &mut files);
    let mut seen = 0;
    for main in files.iter().filter(|file| file.ends_with("tests/main.rs")) {
        let text = std::fs::read_to_string(main).expect("a readable source");
        for file in files.iter().filter(|file| file.parent() == main.parent() && file != &main) {
            let name = file.file_stem().expect("a file").to_string_lossy();
            assert!(text.lines().any(|line| line == format!("mod {name};")), "{} is in no program", file.display());
            seen += 1;
        }
    }
    assert!(seen > 40, "only {seen} files of tests were found; is the path right?");
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
            product(&text).any(|line| line.contains("SystemTime::now()") || line.contains("Utc::now()"))
        })
        .filter(|file| !file.ends_with("crates/server/src/clock.rs"))
        .collect();
    assert!(readers.is_empty(), "these read the clock: {readers:?}");
}

/// Sentences of intake in which everything differs, and such as are worded by a more general pattern.
const WORDED_IN_PARTS: &[&str] = &[
    "{}{}",
    "{}`{}`",
    "`{}` {}",
    "`ts` is missing",
    "`{}` is {}; a number belongs there",
    "`{}` is {}; a register of 16 bits belongs there",
];

/// The first text that stands behind each of these marks, places in braces emptied: `the array holds more than {} items`.
fn sentences(text: &str) -> Vec<String> {
    const MARKS: &[&str] = &["Fault::new(", "ambiguous(", "let detail =", "let mut detail ="];
    let starts = MARKS.iter().flat_map(|mark| text.match_indices(mark).map(|(at, mark)| at + mark.len()));
    let sentence = |at: usize| {
        let rest = &text[at..];
        let statement =
            &rest[..rest.find(';').map_or(rest.len(), |end| rest[..end].find('"').map_or(end, |_| rest.len()))];
        let begin = statement.find('"')? + 1;
        // What a mark introduces is said at once or not at all.
        if statement[..begin].contains(';') || statement[..begin].lines().count() > 5 {
            return None;
        }
        let mut said = String::new();
        let (mut chars, mut depth) = (statement[begin..].chars(), 0_u32);
        while let Some(c) = chars.next() {
            match c {
                '"' if depth == 0 => break,
                '\\' => said.extend(chars.next()),
                '{' => {
                    depth += 1;
                    said.push('{');
                }
                '}' => {
                    depth -= 1;
                    said.push('}');
                }
                c if depth == 0 => said.push(c),
                _ => {}
            }
        }
        Some(said)
    };
    starts.filter_map(sentence).collect()
}

#[test]
fn what_intake_says_of_refused_messages_has_chinese_words() {
    let mut files = Vec::new();
    sources(&root().join("crates/ingest/src"), &mut files);
    let words = root().join("crates/console/src/text/noted.rs");
    let words = std::fs::read_to_string(words).expect("the console's words");
    let mut said: Vec<String> = Vec::new();
    for file in files.iter().filter(|file| !is_below(file, &["tests"])) {
        let text = std::fs::read_to_string(file).expect("a readable source");
        said.extend(sentences(&product(&text).collect::<Vec<_>>().join("\n")));
    }
    assert!(said.len() > 30, "only {} sentences were found: {said:?}", said.len());
    said.retain(|sentence| !WORDED_IN_PARTS.contains(&sentence.as_str()) && !words.contains(&format!("\"{sentence}")));
    assert!(said.is_empty(), "these have no words in console/src/text/noted.rs: {said:#?}");
}
