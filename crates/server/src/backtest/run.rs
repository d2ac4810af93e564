//! Runs the engine over a stream of events, sites side by side: siblings share an ambient, so a site is never split.

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::ScopedJoinHandle;

use foretell_engine::{Engine, EngineOptions};
use foretell_model::{Event, Finding, MachineId, Timestamp};

use super::MachineRun;

/// Events handed over at once; so many that the hand-over costs nothing.
const CHUNK: usize = 4_096;

/// Chunks that may wait for a worker.
const WAITING: usize = 8;

/// What a backtest yields.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Every finding in order of `at`, then of machine.
    pub findings: Vec<Finding>,
    /// Every machine.
    pub machines: BTreeMap<MachineId, MachineRun>,
}

impl Outcome {
    /// Readings that the engine saw.
    #[must_use]
    pub fn readings(&self) -> u64 {
        self.machines.values().map(|run| run.readings).sum()
    }

    /// First and last instant of all readings.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let first = self.machines.values().filter_map(|run| run.first).min()?;
        let last = self.machines.values().filter_map(|run| run.last).max()?;
        Some((first, last))
    }

    /// Years of history, summed over the machines.
    #[must_use]
    pub fn machine_years(&self) -> f64 {
        let years = |run: &MachineRun| Some(run.last?.days_since(run.first?) / 365.25);
        self.machines.values().filter_map(years).sum()
    }
}

/// Shows the engine every event, in order; stops at the first that cannot be read.
///
/// The same events give the same outcome, whatever the number of `workers`.
///
/// # Errors
/// What the stream failed with.
pub fn run<E>(
    events: impl Iterator<Item = Result<Event, E>>,
    options: &EngineOptions,
    workers: usize,
    curves: bool,
    mut progress: impl FnMut(u64),
) -> Result<Outcome, E> {
    std::thread::scope(|scope| {
        let mut desks: Vec<Desk<'_>> = (0..workers.max(1))
            .map(|_| {
                let (sender, chunks) = sync_channel(WAITING);
                let worker = scope.spawn(move || work(&chunks, options, curves));
                Desk { chunk: Vec::with_capacity(CHUNK), sender, worker }
            })
            .collect();
        let mut sites: HashMap<String, usize> = HashMap::new();
        for event in events {
            let event = event?;
            let next = sites.len() % desks.len();
            let place = match sites.get(event.machine().site()) {
                Some(place) => *place,
                None => *sites.entry(event.machine().site().to_owned()).or_insert(next),
            };
            if desks[place].take(event) {
                progress(CHUNK as u64);
            }
        }
        let mut outcome = Outcome::default();
        for desk in desks {
            let (findings, machines) = desk.finish();
            outcome.findings.extend(findings);
            outcome.machines.extend(machines);
        }
        // Stable, so that one machine's findings of one instant keep the order in which they were concluded.
        outcome.findings.sort_by(|a, b| (a.at, &a.machine).cmp(&(b.at, &b.machine)));
        Ok(outcome)
    })
}

type Yield = (Vec<Finding>, HashMap<MachineId, MachineRun>);

/// The way to one worker.
struct Desk<'scope> {
    chunk: Vec<Event>,
    sender: SyncSender<Vec<Event>>,
    worker: ScopedJoinHandle<'scope, Yield>,
}

impl Desk<'_> {
    /// Takes an event; `true` when a chunk has been handed over.
    fn take(&mut self, event: Event) -> bool {
        self.chunk.push(event);
        if self.chunk.len() < CHUNK {
            return false;
        }
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        self.sender.send(chunk).is_ok()
    }

    /// Hands over the rest and waits for the yield. A worker's panic goes on here: half a result would look like a whole one.
    fn finish(self) -> Yield {
        let Self { chunk, sender, worker } = self;
        // A worker that is gone has panicked; joining it says so.
        let _gone = sender.send(chunk).is_err();
        drop(sender);
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn work(chunks: &Receiver<Vec<Event>>, options: &EngineOptions, curves: bool) -> Yield {
    let mut engine = Engine::new(options.clone());
    let (mut findings, mut concluded) = (Vec::new(), Vec::new());
    let mut machines: HashMap<MachineId, MachineRun> = HashMap::new();
    for event in chunks.iter().flatten() {
        engine.observe(&event, &mut concluded);
        if !machines.contains_key(event.machine()) {
            machines.insert(event.machine().clone(), MachineRun::default());
        }
        if let Some(run) = machines.get_mut(event.machine()) {
            run.saw(&event, &engine, curves);
        }
        for finding in concluded.drain(..) {
            // A finding may be about a sibling of the machine that was heard.
            if curves {
                machines.entry(finding.machine.clone()).or_default().found(&finding, &engine);
            }
            findings.push(finding);
        }
    }
    for (id, run) in &mut machines {
        run.collect(id, &engine);
    }
    // Work on a machine that never reported makes it no machine of this history.
    machines.retain(|_, run| run.readings > 0);
    findings.retain(|finding| machines.contains_key(&finding.machine));
    (findings, machines)
}

#[cfg(test)]
mod tests {
    use foretell_model::{Quality, Reading, Signal, Signals};

    use super::*;

    /// Three sites of two machines, a reading every half an hour over some days, one of them warming up.
    fn events(days: i64) -> Vec<Event> {
        let start = Timestamp::parse("2026-06-01T00:00:00Z").unwrap();
        let machines: Vec<MachineId> =
            (0..6).map(|n| MachineId::new(&format!("s{}", n / 2), &format!("m{n}")).unwrap()).collect();
        let mut events = Vec::new();
        for step in 0..days * 48 {
            let ts = start + step * 1_800_000;
            for (n, machine) in machines.iter().enumerate() {
                let fouling_k = if n == 0 { step as f64 / 48.0 * 0.8 } else { 0.0 };
                let ambient_c = 28.0 + 6.0 * (f64::from(ts.hour_of_day()) / 24.0 * std::f64::consts::TAU).sin();
                let signals = Signals::empty()
                    .with(Signal::DischargeTemp, ambient_c + 52.0 + fouling_k)
                    .with(Signal::MotorCurrent, 100.0)
                    .with(Signal::AmbientTemp, ambient_c)
                    .with(Signal::RunHours, step as f64 / 2.0);
                let machine = machine.clone();
                events.push(Event::Reading(Reading {
                    machine,
                    ts,
                    arrived: ts,
                    signals,
                    state: None,
                    quality: Quality::Good,
                }));
            }
        }
        events
    }

    #[test]
    fn the_number_of_workers_changes_nothing() {
        let events = events(60);
        let with = |workers| {
            let stream = events.iter().cloned().map(Ok::<_, std::convert::Infallible>);
            let outcome = run(stream, &EngineOptions::default(), workers, false, |_| ()).unwrap();
            let lines: Vec<String> = outcome.findings.iter().map(foretell_model::wire::to_json).collect();
            (lines, outcome.readings(), outcome.machines.len())
        };
        let alone = with(1);
        assert_eq!((alone.1, alone.2), (6 * 60 * 48, 6));
        assert!(!alone.0.is_empty(), "sixty days say nothing at all");
        assert_eq!(alone, with(3));
        assert_eq!(alone, with(7));
    }
}
