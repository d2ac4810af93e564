//! A year of a fleet through the real outreach code in a minute or two: how often customers are written to, how many forecasts
//! become visits in time, and everything that must never happen, which is nought.
//!
//! `year [--write] [MACHINES [DAYS [SEED]]]`
//!
//! 200 machines, 365 days and seed 7 unless told otherwise. `--write` keeps the table in `year.txt`, beside the crate's sources.

mod dice;
mod fleet;
mod judge;
mod people;
mod world;

use std::error::Error;
use std::io::Write;

use world::{Size, World};

/// Where the table is kept.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/year.txt");
/// What stands above it there.
const HEAD: &str = "A simulated year through the outreach code; rewritten by\n\
                    cargo run --release -p foretell-outreach --example year -- --write\n\n";

fn main() -> Result<(), Box<dyn Error>> {
    let (flags, figures): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|arg| arg.starts_with('-'));
    let is_kept = match flags.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--write"] => true,
        _ => return Err(format!("unknown flags {flags:?}; there is only `--write`").into()),
    };
    let mut given = figures.iter().map(|text| text.parse::<u64>());
    let mut next = |default: u64| given.next().unwrap_or(Ok(default));
    let (machines, days, seed) = (next(200)?, next(365)?, next(7)?);
    let size = Size { machines: usize::try_from(machines)?, days: i64::try_from(days)?, seed };
    let dir = std::env::temp_dir().join(format!("foretell-year-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let lived = World::new(size, dir.clone()).and_then(|mut world| {
        world.live(size.days)?;
        Ok(world)
    });
    std::fs::remove_dir_all(&dir)?;
    let table = lived?.judge.table(size.days);
    let lines = table.iter().map(|line| line.split_once(" | ").unwrap_or((line, "")));
    let lines: String = lines.map(|(what, figure)| format!("{what:<52} {figure}\n")).collect();
    let table = format!("{machines} machines, {days} days, seed {seed}\n{lines}");
    std::io::stdout().lock().write_all(table.as_bytes())?;
    if is_kept {
        std::fs::write(KEPT, format!("{HEAD}{table}"))?;
    }
    Ok(())
}
