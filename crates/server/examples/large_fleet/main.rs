//! Fills a data directory with a large fleet in the middle of its life, for `tests/bench pages`: what the engine has learned of
//! every machine, thousands of cases in every stage, letters, visits, calls, and the newest readings on the log.
//!
//! ```sh
//! cargo run --release -p foretell --example large_fleet -- /tmp/fleet 10000 60
//! ```
//!
//! With `crowd` in place of the days, so many customers wait with one letter each and all are offered the same two times, and so
//! many drafts wait for the advisors.
//!
//! The last line names some addresses worth asking for, as JSON. Two years of hourly roll-ups are added by the bench, because
//! only their number matters.

#![expect(clippy::print_stdout, reason = "it says what it made, and where")]

mod crowd;
mod life;
mod machines;
mod people;

use std::error::Error;
use std::path::PathBuf;

use foretell::clock::WallClock;
use foretell::config::Config;
use foretell::roles::Roles;
use foretell::service::{EngineRoom, Placed, Stores, engine_options};
use foretell_history::Snapshots;
use foretell_model::{Clock, Event, HOUR_MS, Log, Logged, MINUTE_MS, Offset, Partition, Timestamp};

/// Between two readings of a machine.
const EVERY_MS: i64 = 15 * MINUTE_MS;

/// Readings that are on the log and not only in the engine's memory.
const ON_LOG_MS: i64 = 3 * HOUR_MS;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let dir = PathBuf::from(arguments.next().ok_or("name a data directory that does not exist yet")?);
    let words: Vec<String> = arguments.map(|word| word.to_string_lossy().into_owned()).collect();
    let machines: usize = words.first().map_or(Ok(10_000), |word| word.parse())?;
    let mut config = Config::default();
    config.data.dir.clone_from(&dir);
    let stores = Stores::open(&config, Roles::ALL, "http://127.0.0.1")?;
    let now = Timestamp::from_millis(WallClock.now().millis().div_euclid(EVERY_MS) * EVERY_MS);
    if words.get(1).is_some_and(|word| word == "crowd") {
        println!("{}", crowd::gathered(&stores.outreach, machines, now)?);
        return Ok(());
    }
    let days: i64 = words.get(1).map_or(Ok(60), |word| word.parse())?;
    stores.outreach.import(&people::registry(machines, now), "large fleet", now)?;

    let room = EngineRoom::new(engine_options(&config.engine, &stores.catalogue));
    let (mut found, fleet) = (Vec::new(), machines::Fleet::new(machines));
    let first_day = now.day() - days;
    for day in first_day..=now.day() {
        remember(&room, &fleet, day, now + -ON_LOG_MS, &mut found);
    }
    log_the_rest(&stores, &room, &fleet, now, &mut found)?;
    let (offset, bytes) = room.freeze();
    Snapshots::new(&dir).store("engine", offset, &bytes)?;
    let told = life::lived(&stores.outreach, (&room, machines), &found, now)?;
    println!(
        "{machines} machines, {days} days, {} MiB of snapshot; {} findings, {} cases in the queue",
        bytes.len() >> 20,
        found.len(),
        stores.outreach.desk()?.queue_len(now)
    );
    println!("{told}");
    Ok(())
}

/// Shows the engine a day of every machine that nobody wrote down.
fn remember(room: &EngineRoom, fleet: &machines::Fleet, day: i64, until: Timestamp, found: &mut Vec<Placed>) {
    let midnight = Timestamp::from_millis(day * 24 * HOUR_MS);
    for machine in 0..fleet.len() {
        let times = (0..24 * HOUR_MS / EVERY_MS).map(|n| midnight + n * EVERY_MS).filter(|ts| *ts < until);
        let reading = |ts| Logged { offset: Offset(0), event: Event::Reading(fleet.reading(machine, ts)) };
        room.advance(&times.map(reading).collect::<Vec<_>>(), found);
    }
}

/// The last hours, through the log.
fn log_the_rest(
    stores: &Stores,
    room: &EngineRoom,
    fleet: &machines::Fleet,
    now: Timestamp,
    found: &mut Vec<Placed>,
) -> Result<(), Box<dyn Error>> {
    for n in 0..=ON_LOG_MS / EVERY_MS {
        let ts = now + (n * EVERY_MS - ON_LOG_MS);
        let readings: Vec<Event> = (0..fleet.len()).map(|m| Event::Reading(fleet.reading(m, ts))).collect();
        stores.log.append(&readings)?;
    }
    loop {
        let entries = stores.log.read(Partition(0), room.offset(), 10_000)?;
        if entries.is_empty() {
            break;
        }
        room.advance(&entries, found);
    }
    while stores.rollups.catch_up(stores.log.as_ref(), 50_000)? > 0 {}
    Ok(())
}
