//! Anomaly scores on the Skoltech anomaly benchmark, where its archive lies beside the repository.

use std::path::Path;

#[path = "../examples/scores/labelled.rs"]
#[expect(dead_code, reason = "the example shows more than is asserted here")]
mod labelled;

use labelled::{Counts, evaluate, runs};

#[test]
fn most_runs_are_found_with_few_false_alarms() {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/skab.tar.xz");
    if !archive.exists() {
        eprintln!("SKIPPED: {} is not there, so anomaly scores are not tried on SKAB", archive.display());
        return;
    }
    let runs = runs(&archive).expect("the archive holds runs");
    let mut all = Counts::default();
    for run in runs.iter().filter(|run| run.labels.contains(&true)) {
        all.add(evaluate(run));
    }
    assert_eq!(all.onsets, 34);
    let (f1, false_alarms, missed) = (all.f1(), all.false_alarm_rate(), all.missed_alarm_rate());
    assert!(f1 > 0.8 && false_alarms < 0.12 && missed < 0.2, "F1 {f1:.3}, {false_alarms:.3} false, {missed:.3} missed");
    assert!(all.onsets_ever >= 31 && all.false_episodes <= 12, "{} {}", all.onsets_ever, all.false_episodes);
    let clean = runs.iter().find(|run| !run.labels.contains(&true)).expect("one run has no anomaly");
    // Eight signals over more than two hours, at one reading a second.
    assert!(evaluate(clean).episodes <= 6);
}
