//! How well anomaly scores meet labels: `cargo run --release -p foretell-engine --example scores -- FOLDER|ARCHIVE`.
//!
//! Takes the runs of the Skoltech anomaly benchmark (SKAB), unpacked or as `skab.tar.xz`, or any folder of CSV files whose first
//! column is the time and which have a column `anomaly`. Prints figures per run, for every other run (on which thresholds may
//! be chosen) and for the rest (held out), and for the runs without any anomaly.
#![expect(clippy::print_stdout, reason = "its output is the table")]
#![expect(clippy::print_stderr, reason = "and its errors")]

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

mod labelled;

use labelled::{Counts, Run, evaluate, runs};

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: scores FOLDER|ARCHIVE   (for example the data folder of https://github.com/waico/SKAB)");
        return ExitCode::from(64);
    };
    if !Path::new(&path).exists() {
        eprintln!(
            "NOTHING EVALUATED: {path} does not exist. Give the path of the labelled runs; SKAB's are at https://github.com/waico/SKAB"
        );
        return ExitCode::from(66);
    }
    match runs(Path::new(&path)) {
        Ok(runs) => print(&runs),
        Err(problem) => {
            eprintln!("NOTHING EVALUATED: {problem}");
            return ExitCode::from(65);
        }
    }
    ExitCode::SUCCESS
}

const HEADER: &str = "     F1  false alarms  before onset  missed   alarms  false ones  found in 60 s   ever";

fn print(runs: &[Run]) {
    let started = Instant::now();
    let (labelled, clean): (Vec<&Run>, Vec<&Run>) = runs.iter().partition(|run| run.labels.contains(&true));
    let width = runs.iter().map(|run| run.name.len()).max().unwrap_or(0).max(30);
    println!("{:width$}{HEADER}", "run");
    let mut halves = [Counts::default(); 2];
    for (n, run) in labelled.iter().enumerate() {
        let counts = evaluate(run);
        halves[n % 2].add(counts);
        line(&run.name, width, counts);
    }
    println!();
    let mut all = halves[0];
    all.add(halves[1]);
    line("every other run, from the first", width, halves[0]);
    line("the rest, held out", width, halves[1]);
    line("all", width, all);
    for run in clean {
        let counts = evaluate(run);
        let hours = run.rows.last().zip(run.rows.first()).map_or(0.0, |(last, first)| last.0.hours_since(first.0));
        println!(
            "{:width$}  no anomaly in {} rows of {} signals over {hours:.1} h: {} alarms, {:.1} % of rows",
            run.name,
            run.rows.len(),
            run.signals.len(),
            counts.episodes,
            100.0 * counts.false_alarm_rate(),
        );
    }
    let scores: usize = runs.iter().map(|run| run.rows.len() * run.signals.len()).sum();
    println!("{scores} scores in {:.2} s.", started.elapsed().as_secs_f64());
}

fn line(name: &str, width: usize, counts: Counts) {
    println!(
        "{name:width$}  {:.3}  {:>10.1} %  {:>10.1} %  {:>4.1} %  {:>7}  {:>10}  {:>13}  {:>5}",
        counts.f1(),
        100.0 * counts.false_alarm_rate(),
        100.0 * counts.before_rate(),
        100.0 * counts.missed_alarm_rate(),
        counts.episodes,
        counts.false_episodes,
        format!("{} of {}", counts.onsets_found, counts.onsets),
        counts.onsets_ever,
    );
}
