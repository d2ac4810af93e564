//! Evaluates the engine on simulated fleets whose physics is not the engine's own.
//!
//! `fleets [--world a|b|c|d|faults|all] [--seeds FIRST..LAST] [--site N] [--verbose] [--write] [--late] [--line] [--fit FIRST..LAST]
//! [--dump SITE/MACHINE]`
//!
//! `--late` tells what held back the warnings that came late: each machine on three days before the limit, what was seen then beside
//! what truly was, and which gates were shut.
//!
//! `--line` asks the straight line alone, which takes seconds: how hard the fleets are, whatever the engine makes of them.
//!
//! The third world (`c`) and the fourth (`d`) are by authors who had never read the engine, and their figures are told by scenario
//! too. Their seeds of development are 401 and higher, and 501 and higher.
//!
//! Some seeds are held out: nobody tunes on them. `--write` runs those and keeps the figures in `evaluation.txt`,
//! so that a change of the engine shows its effect in review.
//!
//! `--fit FIRST..LAST` first fits the weights of the signatures with linfa on other seeds, prints them, and judges the seeds
//! of `--seeds` with the shipped weights and with the fitted ones, one table below the other.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod args;
mod case;
mod causes;
mod cooler;
mod diagnosis;
mod dump;
mod fleet;
mod late;
mod naive;
mod rng;
mod run;
mod scenarios;
mod stats;
mod table;
mod twin;
mod world_a;
mod world_b;
mod world_c;
mod world_d;
mod worst;

use std::time::Instant;

use args::Args;
use case::Case;
use diagnosis::Patient;
use fleet::Kind;
use foretell_model::Catalogue;
use naive::Method;
use run::{Asked, Outcome, SITES, Task, World};

fn main() {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("{message}");
            std::process::exit(64);
        }
    };
    if let Some(machine) = &args.dump {
        dump::dump(&args, machine);
        return;
    }
    let shipped = run::shipped();
    if !args.fit.is_empty() {
        compare_weights(&args, &shipped);
        return;
    }
    let kept = judge(&args, &shipped);
    if args.write {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/evaluation.txt");
        let [first, .., last] = args::HELD_OUT;
        let head = format!(
            "Figures of the engine on held-out simulated fleets, seeds {first} to {last}; rewritten by\n\
            cargo run --release -p foretell-engine --example fleets -- --write\n\n\
            How fast the coolers of world A lose conductance was set on other seeds, before these were run, so that the straight line\n\
            alone (predict_linear) warns of as many as in the field: 64 to 68 % a week ahead and 40 to 46 % two weeks. Where it warns\n\
            of more below, these seeds are easier than that. In the field its median lead is 14 days and its false advisories are 0.3 to\n\
            0.46 a year: world A, with shorter leads and more of them, is harder than that, and world B's readings are calmer. What is\n\
            asked of a fleet nobody has seen lies between the two, which the last table puts together.\n\n\
            World C was made by an author who had never read the engine: other physics, faster and jerkier dirt, fans that hide it,\n\
            and twenty things that confuse. Nothing was set so that a line or the engine fares well there. Its limit is told in two\n\
            ways: as in the other worlds (ten loaded minutes of the discharge itself, by their mean), and as its author reckons it\n\
            (what the lagging sensor shows for ten minutes without a break, loaded or not, or a trip).\n\n\
            World D is by one more who had never read it: six fleets whose coolers clog, two sound ones, one of other faults. Its author\n\
            set its pace until simple methods got the field's figures, so it is as hard as a fleet nobody has seen should be.\n\n\
            Beside the engine stand what everybody has: predict_linear, an alarm when the mean of an hour is 100 degC, and a line of\n\
            medians. A warning that was taken back two days or more before the limit counts everywhere but in the rows that say so.\n\n"
        );
        // Columns are padded to their width; a kept file has no blanks at its lines' ends.
        let kept: String = kept.trim_end().lines().map(|line| format!("{}\n", line.trim_end())).collect();
        if let Err(cause) = std::fs::write(path, format!("{head}{kept}")) {
            eprintln!("{path}: {cause}");
            std::process::exit(74);
        }
    }
}

/// Judges the seeds with the shipped weights of the signatures and with some that are fitted on other seeds.
fn compare_weights(args: &Args, shipped: &Catalogue) {
    let fitted = causes::fit(shipped, &args.fit);
    for &world in &args.worlds {
        for (name, catalogue) in [("shipped weights", shipped), ("fitted weights", &fitted)] {
            let outcomes = run::run(&tasks(args, world), catalogue, Asked::Findings);
            println!("{name}:");
            print!("{}", tables(world, "fresh", outcomes.iter()));
        }
    }
}

/// Runs the fleets, prints their tables and gives them.
fn judge(args: &Args, shipped: &Catalogue) -> String {
    let mut kept = String::new();
    let mut coolers: Vec<Outcome> = Vec::new();
    for &world in &args.worlds {
        let started = Instant::now();
        let asked = match (args.line, args.late) {
            (true, _) => Asked::Line,
            (_, true) => Asked::Gates,
            _ => Asked::Findings,
        };
        let outcomes = run::run(&tasks(args, world), shipped, asked);
        if args.late {
            print!("{}", late::table(outcomes.iter().map(|o| (o.task.seed, o.held.as_slice(), o.engine.as_slice()))));
        }
        if args.verbose {
            remarks(&outcomes);
        }
        for (name, held_out) in [("tuning", false), ("held-out", true)] {
            let of = outcomes.iter().filter(|o| args::HELD_OUT.contains(&o.task.seed) == held_out);
            let tables = tables(world, name, of);
            print!("{tables}");
            kept += &tables;
        }
        let events: usize = outcomes.iter().map(|o| o.events).sum();
        eprintln!("{events} events in {:.1} s", started.elapsed().as_secs_f64());
        if matches!(world, World::A | World::B) {
            coolers.extend(outcomes);
        }
    }
    if args.worlds.len() > 1 {
        for (name, held_out) in [("tuning", false), ("held-out", true)] {
            let of = coolers.iter().filter(|o| args::HELD_OUT.contains(&o.task.seed) == held_out);
            if let Some(table) = pooled(&format!("worlds A and B, {name} seeds"), of) {
                println!("{table}");
                kept += &table;
            }
        }
    }
    kept
}

fn tasks(args: &Args, world: World) -> Vec<Task> {
    let mut tasks = Vec::new();
    for seed in args.seeds(world) {
        let lived = match world {
            World::C => world_c::numbers(seed).into_iter().map(|n| (n, world_c::SCENARIOS[n].kind)).collect(),
            World::D => world_d::kinds(),
            _ => Vec::new(),
        };
        let asked = lived.iter().filter(|(number, _)| args.site.is_none_or(|only| only == *number));
        tasks.extend(asked.map(|&(number, kind)| Task { world, seed, number, kind }));
        if !lived.is_empty() {
            continue;
        }
        let kinds: &[Kind] = if world == World::Faults { &[Kind::Ailing] } else { &[Kind::Failing, Kind::Healthy] };
        for &kind in kinds {
            // One of fifteen faults each: it takes more sites for as many cases.
            let sites = if kind == Kind::Ailing { 2 * SITES } else { SITES };
            let numbers = (0..sites).filter(|n| args.site.is_none_or(|only| only == *n));
            tasks.extend(numbers.map(|number| Task { world, seed, number, kind }));
        }
    }
    tasks
}

fn remarks(outcomes: &[Outcome]) {
    for outcome in outcomes {
        let of_patients = outcome.patients.iter().flat_map(|p| &p.remarks);
        for remark in outcome.engine.iter().flat_map(|c| &c.remarks).chain(of_patients) {
            println!("{:?} seed {} {remark}", outcome.task.world, outcome.task.seed);
        }
    }
}

/// One table of all coolers of several worlds; `None` without any.
fn pooled<'a>(title: &str, outcomes: impl Iterator<Item = &'a Outcome> + Clone) -> Option<String> {
    let cases: Vec<&Case> = outcomes.clone().flat_map(|o| &o.engine).collect();
    let simple = by_method(outcomes, |o| &o.simple);
    (!cases.is_empty()).then(|| table::judged(title, &cases, &simple))
}

/// The cases of each simple method.
fn by_method<'a>(
    outcomes: impl Iterator<Item = &'a Outcome> + Clone,
    of: fn(&Outcome) -> &[Vec<Case>; Method::ALL.len()],
) -> Vec<Vec<&'a Case>> {
    (0..Method::ALL.len()).map(|method| outcomes.clone().flat_map(|o| &of(o)[method]).collect()).collect()
}

fn tables<'a>(world: World, name: &str, outcomes: impl Iterator<Item = &'a Outcome> + Clone) -> String {
    let seeded = outcomes.clone().flat_map(|o| o.engine.iter().map(|case| (o.task.seed, case)));
    let cases: Vec<&Case> = outcomes.clone().flat_map(|o| &o.engine).collect();
    let patients: Vec<&Patient> = outcomes.clone().flat_map(|o| &o.patients).collect();
    let simple = by_method(outcomes.clone(), |o| &o.simple);
    if cases.is_empty() && patients.is_empty() && simple[0].is_empty() {
        return String::new();
    }
    if world == World::Faults {
        return format!("== other faults, {name} seeds\n{}\n", diagnosis::table(&patients));
    }
    let title = format!("world {world:?}, {name} seeds");
    format!(
        "{}\n{}\n{}\n",
        table::judged(&title, &cases, &simple),
        table::by_trait(if cases.is_empty() { &simple[0] } else { &cases }),
        worst::table(seeded)
    ) + &match world {
        World::C => by_author(&title, outcomes) + &of_scenarios(&title, &patients),
        World::D => of_scenarios(&title, &patients),
        _ => String::new(),
    }
}

/// The third world by the limit as its author reckons it.
fn by_author<'a>(title: &str, outcomes: impl Iterator<Item = &'a Outcome> + Clone) -> String {
    let engine: Vec<&Case> = outcomes.clone().flat_map(|o| &o.author.0).collect();
    let simple = by_method(outcomes, |o| &o.author.1);
    format!(
        "{}\n{}\n",
        table::judged(&format!("{title}, the limit as its author reckons it"), &engine, &simple),
        table::by_scenario(if engine.is_empty() { &simple[0] } else { &engine }),
    )
}

/// What is told of worlds in which all kinds of machines stand.
fn of_scenarios(title: &str, patients: &[&Patient]) -> String {
    format!(
        "== {title}, what confuses\n{}\n== {title}, other faults\n{}\n",
        scenarios::confusers(patients),
        scenarios::others(patients)
    )
}
