//! A year of a fleet through the real outreach code in a minute or two: `cargo run --release -p foretell-outreach --example
//! year [MACHINES [DAYS [SEED]]]` prints how often customers were written to, how many forecasts became visits in time, and
//! everything that must never happen, which is nought.

mod dice;
mod fleet;
mod judge;
mod people;
mod world;

use std::error::Error;
use std::io::Write;

use world::{Size, World};

fn main() -> Result<(), Box<dyn Error>> {
    let mut given = std::env::args().skip(1).map(|text| text.parse::<u64>());
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
    let world = lived?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{machines} machines, {days} days, seed {seed}")?;
    for line in world.judge.table(size.days) {
        let (what, figure) = line.split_once(" | ").unwrap_or((&line, ""));
        writeln!(out, "{what:<52} {figure}")?;
    }
    Ok(())
}
