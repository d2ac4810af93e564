//! Scores of files: their order, their form, their episodes.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use foretell_history::{ColumnMap, ReadingFiles, Watching};

use super::*;

const MAP: &str =
    "[constants]\nsite = \"s\"\n[columns]\nmachine = \"m\"\n[watch]\nall = true\nexcept = [\"discharge_temp_c\"]";

/// Two machines a minute, the newest row first; one of them jumps twice.
fn history(rows: i64) -> String {
    let mut text = "ts,m,\"flow, net\",gap,discharge_temp_c\n".to_owned();
    for n in (0..rows).rev() {
        let ts = Timestamp::from_millis(1_780_272_000_000 + n * 60_000);
        let wave = (n as f64 * 0.7).sin();
        let jump = if n == 700 || n == 900 { 50.0 } else { 0.0 };
        writeln!(text, "{ts},a,{},1{},80\n{ts},b,{},,5000", wave + jump, n % 7, 2.0 * wave).unwrap();
    }
    text
}

fn written(text: &str, map: &str, threads: usize, memory_bytes: usize) -> (String, Written) {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = (dir.path().join("x.csv"), dir.path().join("scores.csv"));
    std::fs::write(&file, text).unwrap();
    let watching = Watching::Everything;
    let options = ReadOptions { watching, memory_bytes, threads, ..ReadOptions::default() };
    let map = ColumnMap::parse(map).unwrap();
    let mut files = ReadingFiles::read(&[file], &map, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    let mut rows = files.watched().unwrap();
    let written = write(&mut rows, &out, &options, |_| ControlFlow::Continue(())).unwrap();
    (std::fs::read_to_string(out).unwrap(), written)
}

#[test]
fn scores_that_are_given_up_leave_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = (dir.path().join("x.csv"), dir.path().join("scores.csv"));
    std::fs::write(&file, history(4_000)).unwrap();
    let options = ReadOptions { watching: Watching::Everything, ..ReadOptions::default() };
    let map = ColumnMap::parse(MAP).unwrap();
    let mut files = ReadingFiles::read(&[file], &map, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    let stopped = write(&mut files.watched().unwrap(), &out, &options, |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(ScoresError::Read(FileError::Stopped))), "{stopped:?}");
    assert!(!out.exists());
}

#[test]
fn every_row_and_signal_has_a_score_in_the_order_of_the_input() {
    let (csv, written) = written(&history(1_000), MAP, 2, 128 << 20);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines.len(), written.scores), (1 + 2 * 3 * 1_000, 6_000));
    assert_eq!(lines[0], "ts,site,machine,signal,score");
    let beginning = |n: usize| lines[n].rsplit_once(',').unwrap().0;
    assert_eq!(beginning(1), "2026-06-01T16:39:00Z,s,a,\"flow, net\"");
    assert_eq!(beginning(2), "2026-06-01T16:39:00Z,s,a,gap");
    assert_eq!(beginning(3), "2026-06-01T16:39:00Z,s,a,discharge_temp_c");
    assert_eq!(beginning(4), "2026-06-01T16:39:00Z,s,b,\"flow, net\"");
    assert_eq!(beginning(6_000), "2026-06-01T00:00:00Z,s,b,discharge_temp_c");
    let score = |line: &&str| line.rsplit_once(',').unwrap().1.parse::<f64>().unwrap();
    assert!(lines[1..].iter().map(score).all(|score| (0.0..=1.0).contains(&score)));
    let jump = lines.iter().find(|line| line.starts_with("2026-06-01T11:40:00Z,s,a,\"flow, net\"")).unwrap();
    assert!(score(jump) >= ALARM_SCORE, "{jump}");
}

#[test]
fn workers_and_memory_change_nothing() {
    let text = history(1_000);
    let alone = written(&text, MAP, 1, 128 << 20);
    assert_eq!(alone, written(&text, MAP, 3, 128 << 20));
    assert_eq!(alone, written(&text, MAP, 2, 2_000));
}

#[test]
fn each_jump_is_one_episode() {
    let (_, written) = written(&history(1_000), MAP, 2, 128 << 20);
    let begun: Vec<String> =
        written.episodes.iter().map(|e| format!("{} {} {}", e.machine, e.signal, e.from)).collect();
    assert_eq!(begun, ["s/a flow, net 2026-06-01T11:40:00Z", "s/a flow, net 2026-06-01T15:00:00Z"]);
    assert!(written.episodes.iter().all(|episode| episode.to.is_some()));
    let table = episodes_table(&written);
    assert!(
        table.starts_with("6000 scores; 2 anomalies\n  s/a flow, net  2026-06-01T11:40:00Z to 2026-06-01T1"),
        "{table}"
    );
}
