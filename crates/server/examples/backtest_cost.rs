//! What a backtest costs: seconds per machine-year for reading, for merging, and for the engine over it, on one core and on
//! all.
//!
//! ```sh
//! cargo run --release --bin foretell-sim -- generate --fleet mixed --machines 8 --days 365 --every 1m --out /tmp/fleet
//! cargo run --release -p foretell --example backtest_cost -- /tmp/fleet [fleet.parquet …]
//! taskset -c 0 cargo run --release -p foretell --example backtest_cost -- /tmp/fleet      # truly one core
//! ```
//!
//! A Parquet file comes from `foretell import` and `foretell export --out fleet.parquet`. Each figure is the best of three.

#![expect(clippy::print_stdout, reason = "a measuring tool prints what it measured")]

use std::error::Error;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use foretell::backtest::{self, Outcome};
use foretell_engine::EngineOptions;
use foretell_history::{ColumnMap, FileError, History, ReadOptions, SiteHistory};

/// Runs per figure.
const RUNS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() {
        return Err("name files or folders of history".into());
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!(
        "{:40} {:>7} {:>8} {:>8} {:>8} {:>8}  s per machine-year",
        "", "threads", "read", "merge", "engine", "all"
    );
    for path in &paths {
        for threads in [1, cores].into_iter().take(cores.min(2)) {
            let best = (0..RUNS).map(|_| measure(path, threads)).collect::<Result<Vec<_>, _>>()?;
            let least = |part: fn(&Cost) -> f64| best.iter().map(part).fold(f64::INFINITY, f64::min);
            println!(
                "{:40} {threads:>7} {:>8.3} {:>8.3} {:>8.3} {:>8.3}",
                path.display(),
                least(|cost| cost.read_s),
                least(|cost| cost.merge_s),
                least(|cost| cost.run_s - cost.merge_s),
                least(|cost| cost.read_s + cost.run_s),
            );
        }
    }
    Ok(())
}

/// Seconds per machine-year.
struct Cost {
    read_s: f64,
    merge_s: f64,
    run_s: f64,
}

fn measure(path: &PathBuf, threads: usize) -> Result<Cost, FileError> {
    let options = ReadOptions { threads, ..ReadOptions::default() };
    let (sites, _) = read(path, &options)?;
    let begun = Instant::now();
    for mut site in sites {
        while site.next()?.is_some() {}
    }
    // One after the other here, side by side in a run.
    let merge_s = begun.elapsed().as_secs_f64() / threads as f64;
    let (mut sites, read_s) = read(path, &options)?;
    let begun = Instant::now();
    let outcome = backtest::run(&mut sites, &EngineOptions::default(), threads, false, &|_| ())?;
    let run_s = begun.elapsed().as_secs_f64();
    let years = Outcome::machine_years(&outcome).max(f64::MIN_POSITIVE);
    Ok(Cost { read_s: read_s / years, merge_s: merge_s / years, run_s: run_s / years })
}

fn read(path: &PathBuf, options: &ReadOptions) -> Result<(Vec<SiteHistory>, f64), FileError> {
    let begun = Instant::now();
    let mut history = History::new(options);
    history.read(std::slice::from_ref(path), &ColumnMap::default(), &mut |_| ControlFlow::Continue(()))?;
    Ok((history.sites()?, begun.elapsed().as_secs_f64()))
}
