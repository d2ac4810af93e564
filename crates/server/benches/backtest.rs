//! What a backtest costs: seconds per machine-year at a reading a minute from Parquet, for reading it, and for the whole on one
//! core and on all. The fleet is simulated, brought into a log and exported first, by the program as its users have it.
#![expect(missing_docs, reason = "criterion's macros make an undocumented main")]

use std::num::NonZero;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use foretell::backtest;
use foretell_engine::EngineOptions;
use foretell_history::{ColumnMap, History, ReadOptions, SiteHistory};
use foretell_model::{Catalogue, MINUTE_MS, Timestamp};
use foretell_sim::fleet::{Fleet, Size};

/// Machines of the fleet, with and without air of their own, that run through or by shifts.
const MACHINES: usize = 8;
const DAYS: f64 = 365.0;

/// The fleet's year in one Parquet file.
fn exported(dir: &Path) -> PathBuf {
    // Wholly in the past: an import refuses what is later than now.
    let from_ms = Timestamp::parse("2024-01-01T00:00:00Z").ok().map(Timestamp::millis);
    let size = Size { machines: Some(MACHINES), days: Some(DAYS), every_ms: Some(MINUTE_MS), from_ms };
    let fleet = Fleet::builtin_sized("mixed", 7, size).expect("a fleet that comes with the simulator");
    foretell_sim::files::write_fleet(&fleet, &dir.join("fleet"), cores(), &|_| (), &AtomicBool::new(false))
        .expect("room for a year of CSV");
    let files = std::fs::read_dir(dir.join("fleet")).expect("it was written just now");
    let machines = files.filter_map(|file| Some(file.ok()?.path())).filter(|path| {
        let is_machines = path.file_name().is_none_or(|name| name != "maintenance.csv");
        is_machines && path.extension().is_some_and(|ending| ending == "csv")
    });
    let (data, out) = (dir.join("data"), dir.join("fleet.parquet"));
    foretell(Command::new(program()).arg("import").args(machines).arg("--data-dir").arg(&data));
    foretell(Command::new(program()).arg("export").arg("--out").arg(&out).arg("--data-dir").arg(&data));
    out
}

const fn program() -> &'static str {
    env!("CARGO_BIN_EXE_foretell")
}

fn foretell(command: &mut Command) {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the program was built for this");
    assert!(status.success(), "{command:?}: {status}");
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

fn read(path: &Path, threads: usize) -> Vec<SiteHistory> {
    let options = ReadOptions { threads, ..ReadOptions::default() };
    let mut history = History::new(&options);
    history
        .read(&[path.to_owned()], &ColumnMap::default(), &mut |_| ControlFlow::Continue(()))
        .expect("what was exported can be read");
    history.sites().expect("and sorted")
}

/// Times as per machine-year of the fleet.
fn per_machine_year(rounds: u64, years: f64, mut once: impl FnMut()) -> Duration {
    let begun = Instant::now();
    (0..rounds).for_each(|_| once());
    begun.elapsed().div_f64(years)
}

fn machine_year(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = exported(dir.path());
    let catalogue =
        Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue is sound");
    let options = EngineOptions { catalogue, ..EngineOptions::default() };
    let run = |threads| {
        let mut sites = read(&path, threads);
        backtest::run(&mut sites, &options, threads, false, &|_| ()).expect("nothing of it is broken")
    };
    // Each has a row for every minute of the year but those in which its link was down.
    let years = MACHINES as f64;
    let mut group = c.benchmark_group("a machine-year at a reading a minute from Parquet");
    group.sample_size(10);
    group.bench_function("read, one core", |b| {
        b.iter_custom(|rounds| per_machine_year(rounds, years, || drop(read(&path, 1))));
    });
    group.bench_function("read and judged, one core", |b| {
        b.iter_custom(|rounds| per_machine_year(rounds, years, || drop(run(1))));
    });
    group.bench_function("read and judged, all cores", |b| {
        b.iter_custom(|rounds| per_machine_year(rounds, years, || drop(run(cores()))));
    });
    group.finish();
}

criterion_group!(benches, machine_year);
criterion_main!(benches);
