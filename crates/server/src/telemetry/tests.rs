//! The document is whole: every metric in the code stands in it and the other way round.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("telemetry/tests.rs") {
            found.push(path);
        }
    }
}

/// Names in calls of the `metrics` macros, with what kind each is used as.
fn used() -> BTreeSet<(String, &'static str)> {
    let mut files = Vec::new();
    for krate in std::fs::read_dir(root().join("crates")).unwrap().flatten() {
        sources(&krate.path().join("src"), &mut files);
    }
    let mut names = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (kind, opening) in [("counter", "counter!("), ("gauge", "gauge!("), ("histogram", "histogram!(")] {
            for call in text.split(opening).skip(1) {
                if let Some(name) = call.trim_start().strip_prefix("\"foretell_") {
                    names.insert((format!("foretell_{}", name.split('"').next().unwrap()), kind));
                }
            }
        }
    }
    names
}

#[test]
fn every_metric_stands_in_the_table_and_the_other_way_round() {
    let kind = |kind| match kind {
        Type::Counter => "counter",
        Type::Gauge => "gauge",
        Type::Histogram => "histogram",
    };
    let described: BTreeSet<(String, &str)> =
        table::metrics().map(|one| (one.name.to_owned(), kind(one.kind))).collect();
    let rows = include_str!("../../../../deploy/metrics.md").matches("\n| `foretell_").count();
    assert_eq!(
        (described.len(), table::metrics().count()),
        (rows, rows),
        "a name stands twice, or a row cannot be read"
    );
    let used = used();
    let missing: Vec<_> = used.difference(&described).collect();
    assert!(missing.is_empty(), "say in deploy/metrics.md what these are and what to do when they move: {missing:?}");
    let idle: Vec<_> = described.difference(&used).collect();
    assert!(idle.is_empty(), "these are described but never used: {idle:?}");
}

#[test]
fn names_carry_their_unit() {
    for Metric { name, kind, help, act, .. } in table::metrics() {
        let counts = name.ends_with("_total");
        assert_eq!(counts, kind == Type::Counter, "{name}: counters, and only they, end in _total");
        assert!(help.ends_with('.') && act.ends_with('.'), "{name}: whole sentences");
        assert!(
            !name.ends_with("_ms") && !name.ends_with("_mb") && !name.ends_with("_kb"),
            "{name}: seconds and bytes"
        );
        if kind == Type::Histogram {
            assert!(name.ends_with("_seconds"), "{name}: its buckets are seconds");
        }
    }
}

#[test]
fn what_is_rendered_has_help_and_type() {
    let telemetry = Telemetry::install().unwrap();
    metrics::gauge!("foretell_ingest_queue_bytes").set(7.0);
    metrics::histogram!("foretell_ingest_commit_seconds").record(0.003);
    telemetry.upkeep();
    let text = telemetry.render();
    for expected in [
        "# HELP foretell_ingest_messages_committed_total Messages whose fate is on disk. Its rate is the load.",
        "# TYPE foretell_ingest_queue_bytes gauge",
        "foretell_ingest_queue_bytes ",
        "# TYPE foretell_ingest_commit_seconds histogram",
        "foretell_ingest_commit_seconds_bucket{le=\"0.005\"}",
        "foretell_log_lines_held_total ",
        "process_resident_memory_bytes ",
    ] {
        assert!(text.contains(expected), "{expected}\n---\n{text}");
    }
    // Each family is declared once, with a sample of its own: scrapers refuse anything else.
    let mut declared = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        assert!(declared.insert(line.split(' ').next().unwrap().to_owned()), "{line} is declared twice");
    }
}
