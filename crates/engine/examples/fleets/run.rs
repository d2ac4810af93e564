//! Lives sites, lets the engine watch them and scores what it said, on every core.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use foretell_engine::{Engine, EngineOptions};
use foretell_model::{Catalogue, Event, Finding, Timestamp, Work};

use crate::case::Case;
use crate::causes::Sample;
use crate::diagnosis::Patient;
use crate::fleet::{Kind, Machine, Site, Truth};
use crate::late::Held;
use crate::naive::{self, Method};
use crate::{world_a, world_b, world_c, world_d};

/// Sites of a fleet.
pub(crate) const SITES: usize = 15;

/// Which author's physics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    A,
    B,
    C,
    /// The second author's machines with other faults.
    Faults,
    D,
}

impl World {
    pub(crate) const ALL: [Self; 5] = [Self::A, Self::B, Self::Faults, Self::C, Self::D];

    /// Builds a site and lives its days.
    pub(crate) fn site(self, seed: u64, number: usize, kind: Kind) -> Site {
        match self {
            Self::A => world_a::site(seed, number, kind),
            Self::B | Self::Faults => world_b::site(seed, number, kind),
            Self::C => world_c::site(seed, number),
            Self::D => world_d::site(seed, number),
        }
    }

    /// What a machine counts as: in the fourth world sound ones stand beside coolers that clog.
    fn counts_as(self, site: Kind, machine: &Machine) -> Kind {
        if self == Self::D && machine.truth.fault.is_none() { Kind::Healthy } else { site }
    }

    /// Name of a site.
    pub(crate) fn site_name(self, number: usize) -> String {
        let letter = match self {
            Self::A => 's',
            Self::B | Self::Faults => 'b',
            Self::C => 'c',
            Self::D => 'd',
        };
        format!("{letter}{number:02}")
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
    /// The same by each of the simple methods, in the order of [`Method::ALL`].
    pub(crate) simple: [Vec<Case>; Method::ALL.len()],
    /// The same two by the truth as the third world's author reckons it.
    pub(crate) author: (Vec<Case>, [Vec<Case>; Method::ALL.len()]),
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
    let mut outcome = Outcome {
        task,
        engine: Vec::new(),
        simple: Default::default(),
        author: Default::default(),
        patients: Vec::new(),
        samples: Vec::new(),
        held: Vec::new(),
        events: 0,
    };
    if task.kind != Kind::Ailing {
        for machine in &site.machines {
            let kind = task.world.counts_as(task.kind, machine);
            for (place, method) in Method::ALL.into_iter().enumerate() {
                let said = naive::findings(method, machine);
                let said: Vec<&Finding> = said.iter().collect();
                outcome.simple[place].push(Case::new(kind, &site, machine, &said));
                outcome.author.1[place].extend(by_author(task, &site, machine, &said));
            }
        }
    }
    if matches!(asked, Asked::Line) {
        return outcome;
    }
    let events = events(&mut site);
    outcome.events = events.len();
    let mut engine = Engine::new(EngineOptions { catalogue: catalogue.clone(), ..EngineOptions::default() });
    let mut findings: Vec<Finding> = Vec::new();
    for (_, event) in &events {
        let (days, said) = (engine.days_closed(), findings.len());
        engine.observe(event, &mut findings);
        if engine.days_closed() == days {
            continue;
        }
        match asked {
            Asked::Findings | Asked::Line => {}
            Asked::Samples => outcome.samples.extend(Sample::of(&engine, &site, event, &findings[said..])),
            Asked::Gates => outcome.held.extend(Held::of(&engine, &site, event)),
        }
    }
    for machine in &site.machines {
        let said: Vec<&Finding> = findings.iter().filter(|f| f.machine == machine.id).collect();
        let kind = task.world.counts_as(task.kind, machine);
        if task.kind == Kind::Ailing || (matches!(task.world, World::C | World::D) && kind == Kind::Healthy) {
            outcome.patients.push(Patient::new(&site, machine, &said));
        }
        if task.kind != Kind::Ailing {
            outcome.engine.push(Case::new(kind, &site, machine, &said));
            outcome.author.0.extend(by_author(task, &site, machine, &said));
        }
    }
    outcome
}

/// A machine of the third world by its author's truth.
fn by_author(task: Task, site: &Site, machine: &Machine, said: &[&Finding]) -> Option<Case> {
    let truth = Truth { limit_reached: machine.truth.author_reached, ..machine.truth.clone() };
    (task.world == World::C).then(|| {
        let machine =
            Machine { id: machine.id.clone(), readings: Vec::new(), jobs: Vec::new(), truth, traits: machine.traits };
        Case::new(task.kind, site, &machine, said)
    })
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
