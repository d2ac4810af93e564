//! Runs the engine over a stream of events, sites side by side: siblings share an ambient, so a site is never split.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use foretell_engine::{Engine, EngineOptions};
use foretell_history::{FileError, SiteHistory};
use foretell_model::{Event, Finding, MachineId, Timestamp};

use super::MachineRun;

/// Events between two words of progress; so many that telling costs nothing.
const TOLD_EVERY: u64 = 16_384;

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

/// One site's events in order of time.
pub trait SiteEvents: Send {
    /// Why there may be no next one.
    type Error: Send;
    /// The site's machines.
    fn machines(&self) -> &[MachineId];
    /// The next event, and the place of its machine.
    ///
    /// # Errors
    /// When it cannot be read.
    fn next(&mut self) -> Result<Option<(usize, &Event)>, Self::Error>;
}

impl SiteEvents for SiteHistory {
    type Error = FileError;

    fn machines(&self) -> &[MachineId] {
        Self::machines(self)
    }

    fn next(&mut self) -> Result<Option<(usize, &Event)>, FileError> {
        Self::next(self)
    }
}

/// Shows the engine every event of every site, in order; stops at the first that cannot be read.
///
/// The same events give the same outcome, whatever the number of `workers`. `progress` hears of events, from any thread.
///
/// # Errors
/// What a site's stream failed with.
pub fn run<S: SiteEvents>(
    sites: &mut [S],
    options: &EngineOptions,
    workers: usize,
    curves: bool,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Outcome, S::Error> {
    let waiting: Mutex<VecDeque<&mut S>> = Mutex::new(sites.iter_mut().collect());
    let yields = std::thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            loop {
                // A poisoned lock means that another worker panicked; what it guards is a plain list, still whole.
                let site = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(site) = site else { return Ok(done) };
                done.push(watch(site, options, curves, progress)?);
            }
        };
        let others: Vec<_> = (1..workers.max(1)).map(|_| scope.spawn(work)).collect();
        let mut yields = vec![work()];
        // A worker's panic goes on here: half a result would look like a whole one.
        yields.extend(others.into_iter().map(|w| w.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))));
        yields
    });
    let mut outcome = Outcome::default();
    for done in yields {
        for (findings, machines) in done? {
            outcome.findings.extend(findings);
            outcome.machines.extend(machines);
        }
    }
    // Stable, so that one machine's findings of one instant keep the order in which they were concluded.
    outcome.findings.sort_by(|a, b| (a.at, &a.machine).cmp(&(b.at, &b.machine)));
    Ok(outcome)
}

type Yield = (Vec<Finding>, Vec<(MachineId, MachineRun)>);

/// An engine watches one site from its first event to its last.
fn watch<S: SiteEvents>(
    site: &mut S,
    options: &EngineOptions,
    curves: bool,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Yield, S::Error> {
    let mut engine = Engine::new(options.clone());
    let (mut findings, mut concluded) = (Vec::new(), Vec::new());
    let ids = site.machines().to_vec();
    let places: HashMap<&MachineId, usize> = ids.iter().zip(0..).collect();
    let mut machines = vec![MachineRun::default(); ids.len()];
    let mut told = 0;
    while let Some((place, event)) = site.next()? {
        engine.observe(event, &mut concluded);
        machines[place].saw(event, &engine, curves);
        for finding in concluded.drain(..) {
            // A finding may be about a sibling of the machine that was heard.
            if let Some(place) = places.get(&finding.machine) {
                machines[*place].found(&finding, curves.then_some(&engine));
            }
            findings.push(finding);
        }
        told += 1;
        if told % TOLD_EVERY == 0 {
            progress(TOLD_EVERY);
        }
    }
    progress(told % TOLD_EVERY);
    // Work on a machine that never reported makes it no machine of this history.
    findings.retain(|finding| places.get(&finding.machine).is_some_and(|place| machines[*place].readings > 0));
    for (run, id) in machines.iter_mut().zip(&ids) {
        run.collect(id, &engine);
    }
    let heard = ids.into_iter().zip(machines).filter(|(_, run)| run.readings > 0);
    Ok((findings, heard.collect()))
}

#[cfg(test)]
mod tests {
    use foretell_model::{Catalogue, Quality, Reading, Signal, Signals};

    use super::super::summary;
    use super::*;

    /// A site whose events are at hand.
    struct AtHand {
        machines: Vec<MachineId>,
        events: std::vec::IntoIter<(usize, Event)>,
        last: Option<(usize, Event)>,
    }

    impl SiteEvents for AtHand {
        type Error = std::convert::Infallible;

        fn machines(&self) -> &[MachineId] {
            &self.machines
        }

        fn next(&mut self) -> Result<Option<(usize, &Event)>, Self::Error> {
            self.last = self.events.next();
            Ok(self.last.as_ref().map(|(place, event)| (*place, event)))
        }
    }

    /// A site of two machines, a reading every half an hour over some days; the first site's first machine is warming up after
    /// thirty.
    fn site(number: i64, days: i64) -> AtHand {
        let start = Timestamp::parse("2026-06-01T00:00:00Z").unwrap();
        let id = |n| MachineId::new(&format!("s{number}"), &format!("m{}", 2 * number + n)).unwrap();
        let machines = vec![id(0), id(1)];
        let mut events = Vec::new();
        for step in 0..days * 48 {
            let ts = start + step * 1_800_000;
            for (n, machine) in machines.iter().enumerate() {
                let fouled_days = (step as f64 / 48.0 - 30.0).max(0.0);
                let fouling_k = if number == 0 && n == 0 { 0.8 * fouled_days } else { 0.0 };
                let ambient_c = 28.0 + 6.0 * (f64::from(ts.hour_of_day()) / 24.0 * std::f64::consts::TAU).sin();
                let signals = Signals::empty()
                    .with(Signal::DischargeTemp, ambient_c + 52.0 + fouling_k)
                    .with(Signal::MotorCurrent, 100.0)
                    .with(Signal::AmbientTemp, ambient_c)
                    .with(Signal::RunHours, step as f64 / 2.0);
                let (machine, arrived, quality) = (machine.clone(), ts, Quality::Good);
                events.push((n, Event::Reading(Reading { machine, ts, arrived, signals, state: None, quality })));
            }
        }
        AtHand { machines, events: events.into_iter(), last: None }
    }

    #[test]
    fn the_number_of_workers_changes_nothing() {
        let with = |workers| {
            let mut sites: Vec<AtHand> = (0..3).map(|number| site(number, 60)).collect();
            let Ok(outcome) = run(&mut sites, &EngineOptions::default(), workers, false, &|_| ());
            let lines: Vec<String> = outcome.findings.iter().map(foretell_model::wire::to_json).collect();
            (lines, outcome.readings(), outcome.machines.len())
        };
        let alone = with(1);
        assert_eq!((alone.1, alone.2), (6 * 60 * 48, 6));
        assert!(!alone.0.is_empty(), "sixty days say nothing at all");
        assert_eq!(alone, with(3));
        assert_eq!(alone, with(7));
    }

    #[test]
    fn curves_change_nothing_of_what_is_said() {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let [plain, drawn] = [false, true].map(|curves| {
            let options = EngineOptions { catalogue: catalogue.clone(), ..EngineOptions::default() };
            let Ok(outcome) = run(&mut [site(0, 60)], &options, 1, curves, &|_| ());
            summary(&outcome, &catalogue, 1.0)
        });
        assert!(plain.contains("; 1 machine advised."), "{plain}");
        assert_eq!(plain, drawn);
    }
}
