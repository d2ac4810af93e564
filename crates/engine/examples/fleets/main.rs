//! Evaluates the engine on simulated fleets whose physics is not the engine's own: `fleets [verbose] FIRST_SEED LAST_SEED`.
#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

mod naive;
mod rng;
mod score;
mod world;

use std::time::Instant;

use foretell_engine::{Engine, EngineOptions};
use foretell_model::{Catalogue, Event, Finding, Timestamp, Work};
use score::Score;
use world::{Kind, Life, Site, live};

const SITES: usize = 14;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let verbose = arguments.iter().any(|a| a == "verbose");
    let numbers: Vec<u64> = arguments.iter().filter_map(|a| a.parse().ok()).collect();
    let (first, last) = (numbers.first().copied().unwrap_or(1), numbers.get(1).copied().unwrap_or(4));
    let only: Option<usize> = numbers.get(2).map(|&n| n as usize);
    let mut by_class: Vec<(&str, Score)> = Vec::new();
    let mut all = [Score::default(), Score::default()];
    let mut naive_all = [Score::default(), Score::default()];
    let (mut readings, mut seconds) = (0, 0.0);
    for seed in first..=last {
        for kind in [Kind::Failing, Kind::Healthy] {
            for number in 0..SITES {
                if only.is_some_and(|o| o != number) {
                    continue;
                }
                let site = Site::new(seed * 1000 + u64::from(kind == Kind::Healthy), number, kind);
                let lives: Vec<Life> = site.machines.iter().map(|spec| live(&site, spec)).collect();
                let started = Instant::now();
                let (count, findings) = run(&lives, &site);
                seconds += started.elapsed().as_secs_f64();
                readings += count;
                let any_sensor = site.machines.iter().any(|m| m.has_ambient);
                for (spec, life) in site.machines.iter().zip(&lives) {
                    let line = naive::findings(life);
                    naive_all[usize::from(kind == Kind::Healthy)].add(kind, &site, spec, life, &line, false);
                    let own: Vec<Finding> = findings.iter().filter(|f| f.machine == spec.id).cloned().collect();
                    all[usize::from(kind == Kind::Healthy)].add(kind, &site, spec, life, &own, verbose);
                    let class = match (spec.has_ambient, any_sensor, site.machines.len()) {
                        (true, ..) => "own ambient",
                        (_, true, _) => "sibling ambient",
                        (_, _, 1) => "alone, no ambient",
                        _ => "siblings, no ambient",
                    };
                    let place = by_class.iter().position(|(c, _)| *c == class).unwrap_or_else(|| {
                        by_class.push((class, Score::default()));
                        by_class.len() - 1
                    });
                    by_class[place].1.add(kind, &site, spec, life, &own, false);
                }
            }
        }
    }
    println!("failing  {}", all[0].line());
    println!("forecast median over truth, by days before: {}", all[0].biases());
    println!("healthy  {}", all[1].line());
    println!("predict_linear, failing  {}", naive_all[0].line());
    println!("predict_linear, healthy  {}", naive_all[1].line());
    for (class, score) in &by_class {
        println!("{class:22} {}", score.line());
    }
    println!("{readings} readings in {seconds:.1} s");
}

fn run(lives: &[Life], site: &Site) -> (usize, Vec<Finding>) {
    let catalogue =
        Catalogue::parse(include_str!("../../../../config/faults.toml")).expect("the shipped catalogue is sound");
    let mut events: Vec<(Timestamp, Event)> = Vec::new();
    for (life, spec) in lives.iter().zip(&site.machines) {
        events.extend(life.readings.iter().map(|r| (r.ts, Event::Reading(r.clone()))));
        events.extend(life.cleaned.iter().map(|&ts| {
            let work = Work::new("cooler_cleaned").expect("a literal code");
            (ts, Event::Maintenance { machine: spec.id.clone(), ts, work })
        }));
    }
    events.sort_by_key(|(ts, _)| *ts);
    let mut engine = Engine::new(EngineOptions { catalogue, ..EngineOptions::default() });
    let mut findings = Vec::new();
    for (_, event) in &events {
        engine.observe(event, &mut findings);
    }
    (events.len(), findings)
}
