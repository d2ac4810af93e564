//! Lives sites, lets the engine watch them and scores what it said, on every core.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use foretell_engine::{Engine, EngineOptions};
use foretell_model::{Catalogue, Event, Finding, MachineId, Timestamp, Work};

use crate::case::Case;
use crate::causes::Sample;
use crate::diagnosis::Patient;
use crate::fleet::{Kind, Site};
use crate::late::Held;
use crate::{naive, world_a, world_b};

/// Sites of a fleet.
pub(crate) const SITES: usize = 15;

/// Which author's physics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    A,
    B,
    /// The second author's machines with other faults.
    Faults,
}

impl World {
    pub(crate) const ALL: [Self; 3] = [Self::A, Self::B, Self::Faults];

    /// Builds a site and lives its days.
    pub(crate) fn site(self, seed: u64, number: usize, kind: Kind) -> Site {
        match self {
            Self::A => world_a::site(seed, number, kind),
            Self::B | Self::Faults => world_b::site(seed, number, kind),
        }
    }
}

/// One site to live.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) world: World,
    pub(crate) seed: u64,
    pub(crate) number: usize,
    pub(crate) kind: Kind,
}

/// What is asked beside the findings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    Findings,
    /// What the causes were told by.
    Samples,
    /// What held back warnings that came late.
    Gates,
    /// Nothing of the engine: the straight line alone is asked.
    Line,
}

/// What became of it.
pub(crate) struct Outcome {
    pub(crate) task: Task,
    pub(crate) engine: Vec<Case>,
    pub(crate) line: Vec<Case>,
    pub(crate) patients: Vec<Patient>,
    /// What the causes were told by, where it was asked for.
    pub(crate) samples: Vec<Sample>,
    /// What stood between late warnings and their machines.
    pub(crate) held: Vec<Held>,
    pub(crate) events: usize,
}

/// The catalogue that the product ships with.
pub(crate) fn shipped() -> Catalogue {
    Catalogue::parse(include_str!("../../../../config/faults.toml")).expect("the shipped catalogue is sound")
}

/// Runs the tasks side by side; the outcomes come in the order of the tasks.
pub(crate) fn run(tasks: &[Task], catalogue: &Catalogue, asked: Asked) -> Vec<Outcome> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(task) = tasks.get(place) else { break };
                    let outcome = outcome(*task, catalogue, asked);
                    done.lock().expect("no thread panics while it holds this").push((place, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("all threads have ended");
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

fn outcome(task: Task, catalogue: &Catalogue, asked: Asked) -> Outcome {
    let mut site = task.world.site(task.seed, task.number, task.kind);
    let line = site
        .machines
        .iter()
        .filter(|_| task.kind != Kind::Ailing)
        .map(|m| Case::new(task.kind, &site, m, &naive::findings(m).iter().collect::<Vec<_>>()))
        .collect();
    if matches!(asked, Asked::Line) {
        return Outcome {
            task,
            engine: Vec::new(),
            line,
            patients: Vec::new(),
            samples: Vec::new(),
            held: Vec::new(),
            events: 0,
        };
    }
    let events = events(&mut site);
    let mut engine = Engine::new(EngineOptions { catalogue: catalogue.clone(), ..EngineOptions::default() });
    let mut findings: Vec<Finding> = Vec::new();
    let (mut samples, mut held) = (Vec::new(), Vec::new());
    for (_, event) in &events {
        let (days, said) = (engine.days_closed(), findings.len());
        engine.observe(event, &mut findings);
        if engine.days_closed() == days {
            continue;
        }
        match asked {
            Asked::Findings | Asked::Line => {}
            Asked::Samples => samples.extend(Sample::of(&engine, &site, event, &findings[said..])),
            Asked::Gates => held.extend(Held::of(&engine, &site, event)),
        }
    }
    let of = |id: &MachineId| findings.iter().filter(|f| f.machine == *id).collect::<Vec<_>>();
    let (mut cases, mut patients) = (Vec::new(), Vec::new());
    for machine in &site.machines {
        match task.kind {
            Kind::Ailing => patients.push(Patient::new(&site, machine, &of(&machine.id))),
            _ => cases.push(Case::new(task.kind, &site, machine, &of(&machine.id))),
        }
    }
    Outcome { task, engine: cases, line, patients, samples, held, events: events.len() }
}

/// Readings and reported jobs of all the site's machines in order of time.
fn events(site: &mut Site) -> Vec<(Timestamp, Event)> {
    let mut events: Vec<(Timestamp, Event)> = Vec::new();
    for machine in &mut site.machines {
        events.extend(std::mem::take(&mut machine.readings).into_iter().map(|r| (r.ts, Event::Reading(r))));
        events.extend(machine.jobs.iter().map(|(ts, work)| {
            let work = Work::new(work).expect("a literal code");
            (*ts, Event::Maintenance { machine: machine.id.clone(), ts: *ts, work })
        }));
    }
    events.sort_by_key(|(ts, _)| *ts);
    events
}
