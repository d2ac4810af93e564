//! The weights of the signatures, fitted with linfa on simulated labels, to hold against those of the catalogue.
//!
//! The terms stay those of the catalogue, which are physics; a logistic regression with a ridge weighs them, one for each
//! fault against everything else that shows one of its symptoms. So a fitted catalogue is as readable as the shipped one, and takes
//! its place in the engine as it is.
//!
//! Fitted on seeds 401-406 and judged on 411-414, the fitted weights named 68 % of the faults that three or four signals can
//! show, the catalogue's 78 %; of what was advised 36 of 48 were right against 37 of 55. They learn how often the simulator is hot
//! for another reason, and hardly name a hot room or low oil any more. So the catalogue keeps its own.

use foretell_engine::Engine;
use foretell_model::{Catalogue, Event, Fault, Finding, FindingKind, Status, Term, Timestamp};
use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};

use crate::diagnosis::useful_days;
use crate::fleet::{Kind, Machine, Site};
use crate::run::{self, Asked, SITES, Task, World};

/// Of one machine and one truth no more than so many days are taken, this many days apart, so that no machine speaks for all.
const OF_A_MACHINE: usize = 4;
const APART_DAYS: f64 = 3.0;
/// Machines' days without which a fault keeps the weights that it has.
const LEAST: usize = 20;
/// Strength of the ridge.
const RIDGE: f64 = 2.0;
/// Days after a fault in which its traces are nobody's.
const AFTERMATH_DAYS: f64 = 20.0;

/// What shows a hot room, and the one feature that tells of it.
const ROOM: [(&str, &str); 2] =
    [("ambient_hot_c", "ambient_change_k"), ("common_discharge_c", "common_discharge_change_k")];
/// First evidence of a hot discharge.
const HOT: &str = "discharge_excess_k";

/// One day of a machine on which something was suspected of it.
pub(crate) struct Sample {
    machine: String,
    at: Timestamp,
    /// Name of the feature that stood out.
    shown: String,
    /// What it truly had; `None` of a sound machine.
    truth: Option<&'static str>,
    features: Vec<(&'static str, f64)>,
}

impl Sample {
    /// The day that has just closed, once for each thing that was said of its machine.
    pub(crate) fn of(engine: &Engine, site: &Site, event: &Event, said: &[Finding]) -> Vec<Self> {
        let Event::Reading(reading) = event else { return Vec::new() };
        let suspects = |f: &&Finding| {
            matches!(f.kind, FindingKind::Prediction | FindingKind::Anomaly) && f.status != Status::Cleared
        };
        let findings: Vec<&Finding> = said.iter().filter(|f| f.machine == reading.machine).filter(suspects).collect();
        let Some(machine) = site.machines.iter().find(|m| m.id == reading.machine) else { return Vec::new() };
        let features = if findings.is_empty() { Vec::new() } else { engine.features(&reading.machine) };
        let sample = |finding: &&Finding| {
            let shown = finding.evidence.first()?.feature.clone();
            let truth = truth(site, machine, finding.at)?;
            let room = ROOM.iter().find(|(level, _)| *level == shown);
            let told = |(name, _): &&(&'static str, f64)| room.is_none_or(|(_, change)| name == change);
            let features = features.iter().filter(told).copied().collect();
            Some(Self { machine: reading.machine.to_string(), at: finding.at, shown, truth, features })
        };
        findings.iter().filter_map(sample).collect()
    }

    fn get(&self, name: &str) -> Option<f64> {
        self.features.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// What a term of a signature sees of it: -1 to 1, nought of what is not known.
    fn sees(&self, term: &Term) -> f64 {
        self.get(&term.feature).map_or(0.0, |value| ((value - term.center) / term.scale).clamp(-1.0, 1.0))
    }
}

/// What a machine has at a time; `None` where that is no clear case.
fn truth(site: &Site, machine: &Machine, at: Timestamp) -> Option<Option<&'static str>> {
    let day = at.days_since(site.start);
    let in_a_spell = site.hot_spells.iter().any(|(from, to)| (*from..to + AFTERMATH_DAYS).contains(&day));
    let Some((fault, onset)) = machine.truth.fault.zip(machine.truth.onset) else {
        return Some(None).filter(|_| !in_a_spell);
    };
    let limit = machine.truth.limit_reached.unwrap_or(Timestamp::MAX);
    let until = onset.plus_days(useful_days(fault)).min(limit);
    if at < onset {
        return Some(None).filter(|_| !in_a_spell);
    }
    (at <= until).then_some(Some(fault))
}

/// The catalogue with the weights that the seeds of `seeds` teach.
pub(crate) fn fit(shipped: &Catalogue, seeds: &[u64]) -> Catalogue {
    let mut tasks = Vec::new();
    for &seed in seeds {
        tasks.extend((0..2 * SITES).map(|number| Task { world: World::Faults, seed, number, kind: Kind::Ailing }));
        tasks.extend((0..SITES).map(|number| Task { world: World::B, seed, number, kind: Kind::Failing }));
    }
    let outcomes = run::run(&tasks, shipped, Asked::Samples);
    let mut samples: Vec<Sample> = Vec::new();
    for outcome in outcomes {
        thin(outcome.samples, &mut samples);
    }
    println!("fitted on {} days of machines of which something was suspected", samples.len());
    let mut fitted = shipped.clone();
    for fault in fitted.faults.iter_mut().filter(|f| !f.signature.is_empty()) {
        let shows = |sample: &&Sample| {
            let of_feature = shipped.symptoms.iter().filter(|s| s.feature == sample.shown).map(|s| s.code.as_str());
            let hot = (sample.shown == HOT).then_some(Catalogue::DISCHARGE_HOT);
            of_feature.chain(hot).any(|code| fault.explains(code))
        };
        let samples: Vec<&Sample> = samples.iter().filter(shows).collect();
        refit(fault, &samples);
    }
    fitted
}

/// Takes the first days of each machine, truth and symptom, some days apart.
fn thin(of_site: Vec<Sample>, into: &mut Vec<Sample>) {
    let from = into.len();
    for sample in of_site {
        let alike = into[from..]
            .iter()
            .filter(|s| s.machine == sample.machine && s.truth == sample.truth && s.shown == sample.shown);
        let (count, newest) = alike.fold((0, None), |(count, _), s| (count + 1, Some(s.at)));
        if count < OF_A_MACHINE && newest.is_none_or(|at: Timestamp| sample.at.days_since(at) >= APART_DAYS) {
            into.push(sample);
        }
    }
}

/// Weighs the terms of one fault against all else.
fn refit(fault: &mut Fault, samples: &[&Sample]) {
    let is_it = |s: &&Sample| s.truth == Some(fault.code.as_str());
    let positive = samples.iter().filter(|s| is_it(s)).count();
    if positive < LEAST {
        println!("{:24} {positive:4} days: kept", fault.code.as_str());
        return;
    }
    let seen = Array2::from_shape_fn((samples.len(), fault.signature.len()), |(row, column)| {
        samples[row].sees(&fault.signature[column])
    });
    let truth: Array1<bool> = samples.iter().map(is_it).collect();
    let model = LogisticRegression::default().alpha(RIDGE).max_iterations(300);
    let model = match model.fit(&Dataset::new(seen, truth)) {
        Ok(model) => model,
        Err(cause) => {
            println!("{:24} {positive:4} days: kept, for {cause}", fault.code.as_str());
            return;
        }
    };
    // Which of the two classes counts as positive is the model's own choice.
    let sign = if model.labels().pos.class { 1.0 } else { -1.0 };
    let had = std::mem::replace(&mut fault.prior, sign * model.intercept());
    println!(
        "{:24} {positive:4} of {:4} days: prior {had:.1} -> {:.1}",
        fault.code.as_str(),
        samples.len(),
        fault.prior
    );
    for (term, weight) in fault.signature.iter_mut().zip(model.params()) {
        let had = std::mem::replace(&mut term.weight, sign * weight);
        println!(
            "    {:32} about {:6.2} by {:6.2}: {had:4.1} -> {:5.1}",
            term.feature, term.center, term.scale, term.weight
        );
    }
}
