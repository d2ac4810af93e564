//! Relations between watched columns beside the engine: a map's `[[relation]]` tables become findings.
//!
//! One episode per machine and fault, whatever the number of relations that show it: it opens with the first, is said again
//! once a day while open, and ends when the last has returned. A relation alone cannot tell its machine from its own sensors,
//! so the named fault is never more than likely, and `sensor_drift` stands beside it.

use std::collections::BTreeMap;

use foretell_console::report::Residual;
use foretell_engine::relation::{Block, COMPANIONS_MAX, Change, Direction, Relation, RelationOptions, Standing};
use foretell_history::{FileError, RelationMap, WatchedRows, When};
use foretell_model::{
    Alternative, Evidence, FaultCode, Finding, FindingId, FindingKind, Grade, MachineId, Status, Timestamp,
};

use super::{MachineRun, Outcome};

/// How likely the map's fault is when its relation has changed, and how likely a sensor of the relation is to blame instead.
/// Nothing in a relation says more than the map's author knew; the rest is "other".
const LIKELIHOODS: (f64, f64) = (0.75, 0.15);

/// Runs every row through the relations; their findings and machines join the outcome.
///
/// # Errors
/// What the rows failed with.
pub fn relations(rows: &mut WatchedRows, maps: &[RelationMap], outcome: &mut Outcome) -> Result<(), FileError> {
    let (signals, ids) = (rows.signals().to_vec(), rows.machines().to_vec());
    let plans: Vec<Plan<'_>> = maps.iter().filter_map(|map| Plan::of(map, &signals)).collect();
    let mut machines: Vec<Machine> = ids.iter().map(|_| Machine::new(&plans)).collect();
    let (mut values, mut cells) = (vec![f64::NAN; signals.len()], Vec::new());
    let mut said = Vec::new();
    while let Some(row) = rows.next_row()? {
        values.fill(f64::NAN);
        row.signals.iter().zip(row.values).for_each(|(place, value)| values[*place] = *value);
        let machine = &mut machines[row.machine];
        machine.rows += 1;
        machine.first.get_or_insert(row.ts);
        machine.last = Some(row.ts);
        for (place, plan) in plans.iter().enumerate() {
            cells.clear();
            cells.extend(plan.columns.iter().map(|column| values[*column]));
            if let Some(change) = machine.relations[place].observe(row.ts, &cells) {
                said.extend(machine.conclude(&ids[row.machine], &plans, place, change, &outcome.findings));
            }
            machine.picture(place);
            if machine.watched_from.is_none() && matches!(machine.relations[place].standing(), Standing::Watching(_)) {
                machine.watched_from = Some(row.ts);
            }
        }
    }
    tell_standings(&plans, &machines);
    for (id, machine) in ids.into_iter().zip(machines) {
        let pictures = machine.pictures(&plans);
        outcome.machines.entry(id).or_insert_with(|| machine.run()).residuals = pictures;
    }
    // The report tells of it too; the engine has no curve to show beside it.
    for finding in &said {
        if let Some(run) = outcome.machines.get_mut(&finding.machine) {
            run.found(finding, None);
        }
    }
    outcome.findings.append(&mut said);
    // Stable, like the engine's own order of findings.
    outcome.findings.sort_by(|a, b| (a.at, &a.machine).cmp(&(b.at, &b.machine)));
    Ok(())
}

/// A relation and where its columns stand among the watched signals, target first.
struct Plan<'a> {
    map: &'a RelationMap,
    columns: Vec<usize>,
    names: Vec<&'a str>,
    options: RelationOptions,
}

impl<'a> Plan<'a> {
    /// `None`, with a word on why, when the files do not hold what the relation needs.
    fn of(map: &'a RelationMap, signals: &'a [String]) -> Option<Self> {
        let mut names: Vec<&str> = vec![&map.target];
        if map.companions.is_empty() {
            names.extend(signals.iter().map(String::as_str).filter(|name| *name != map.target));
        } else {
            names.extend(map.companions.iter().map(String::as_str));
        }
        if names.len() > 1 + COMPANIONS_MAX {
            let (target, left) = (&map.target, names.len() - 1 - COMPANIONS_MAX);
            tracing::warn!("Relation `{target}`: at most {COMPANIONS_MAX} companions count; the last {left} do not.");
            names.truncate(1 + COMPANIONS_MAX);
        }
        let place = |name: &&str| signals.iter().position(|signal| signal == name);
        let missing = names.iter().find(|name| place(name).is_none());
        if let Some(name) = missing {
            tracing::warn!("Relation `{}` is left out: no file has `{name}`.", map.target);
            return None;
        }
        let columns = names.iter().filter_map(place).collect();
        match RelationOptions::new(map.skip_ms, map.learn_ms, map.delay_max_ms, map.effect_min) {
            Ok(options) => Some(Self { map, columns, names, options }),
            Err(error) => {
                tracing::warn!("Relation `{}` is left out: {error}.", map.target);
                None
            }
        }
    }

    /// What a change that way means, and how pressing it is.
    fn meaning(&self, direction: Direction) -> (FaultCode, Grade) {
        let meant = match self.map.when {
            None => true,
            Some(When::Up) => direction == Direction::Up,
            Some(When::Down) => direction == Direction::Down,
        };
        if meant { (self.map.fault.clone(), self.map.grade) } else { (FaultCode::SENSOR_DRIFT, Grade::Watch) }
    }

    fn evidence(&self, change: &Change) -> Evidence {
        Evidence {
            feature: format!("{}_excess", self.map.target),
            value: change.excess,
            unit: self.map.unit.clone(),
            change_per_day: change.per_day,
            since: Some(change.since),
        }
    }

    fn sentence(&self, change: &Change) -> String {
        let (target, unit) = (&self.map.target, &self.map.unit);
        let companions = self.names[1..].join(", ");
        if !change.open {
            return format!("`{target}` follows from {companions} again as it used to.");
        }
        let side = if change.excess < 0.0 { "below" } else { "above" };
        let size = digits(change.excess.abs());
        let unit = if unit == "1" { String::new() } else { format!(" {unit}") };
        format!(
            "`{target}` runs {size}{unit} {side} what {companions} let expect; it left the relation learned on this machine \
             at about {}.",
            change.since
        )
    }
}

/// Three digits that count.
fn digits(value: f64) -> String {
    let places = (2.0 - value.abs().max(1e-9).log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.places$}")
}

#[derive(Default)]
struct Episode {
    number: u32,
    open: bool,
    said_day: i64,
}

struct Machine {
    relations: Vec<Relation>,
    /// The last statement of each relation that has changed.
    changed: Vec<Option<Change>>,
    episodes: BTreeMap<FaultCode, Episode>,
    /// What each relation has shown, block by block.
    blocks: Vec<Vec<Block>>,
    rows: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    /// Since when one of them is known.
    watched_from: Option<Timestamp>,
}

impl Machine {
    fn new(plans: &[Plan<'_>]) -> Self {
        Self {
            relations: plans.iter().map(|plan| Relation::new(plan.columns.len() - 1, plan.options)).collect(),
            changed: vec![None; plans.len()],
            episodes: BTreeMap::new(),
            blocks: vec![Vec::new(); plans.len()],
            rows: 0,
            first: None,
            last: None,
            watched_from: None,
        }
    }

    /// Keeps what the relation's newest block showed.
    fn picture(&mut self, place: usize) {
        let blocks = &mut self.blocks[place];
        if let Some(block) = self.relations[place].newest_block()
            && blocks.last().is_none_or(|last| last.at < block.at)
        {
            blocks.push(block);
        }
    }

    /// What the report draws.
    fn pictures(&self, plans: &[Plan<'_>]) -> Vec<Residual> {
        let of = |(blocks, plan): (&Vec<Block>, &Plan<'_>)| Residual {
            target: plan.map.target.clone(),
            unit: if plan.map.unit == "1" { String::new() } else { plan.map.unit.clone() },
            usual: blocks.last().map_or(0.0, |block| block.usual),
            points: blocks.iter().map(|block| (block.at, block.excess)).collect(),
        };
        self.blocks.iter().zip(plans).filter(|(blocks, _)| !blocks.is_empty()).map(of).collect()
    }

    /// What a relation's statement is to the machine's episode.
    fn conclude(
        &mut self,
        id: &MachineId,
        plans: &[Plan<'_>],
        place: usize,
        change: Change,
        engines: &[Finding],
    ) -> Option<Finding> {
        let (fault, grade) = plans[place].meaning(change.direction);
        self.changed[place] = change.open.then_some(change);
        let showing = |(change, plan): (&Option<Change>, &Plan<'_>)| {
            change.filter(|change| plan.meaning(change.direction).0 == fault).map(|c| (c.sigmas, plan.evidence(&c)))
        };
        let mut evidence: Vec<(f64, Evidence)> = self.changed.iter().zip(plans).filter_map(showing).collect();
        evidence.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        let episode = self.episodes.entry(fault.clone()).or_insert_with(|| {
            let opened = |f: &&Finding| f.machine == *id && f.fault == fault && f.status == Status::Opened;
            Episode { number: engines.iter().filter(opened).count() as u32, ..Episode::default() }
        });
        let status = match (episode.open, !evidence.is_empty()) {
            (false, true) => Status::Opened,
            (true, false) => Status::Cleared,
            (true, true) if change.new || change.at.day() > episode.said_day => Status::Updated,
            _ => return None,
        };
        episode.open = status != Status::Cleared;
        episode.number += u32::from(status == Status::Opened);
        episode.said_day = change.at.day();
        let named = fault != FaultCode::SENSOR_DRIFT;
        let sensor = Alternative { fault: FaultCode::SENSOR_DRIFT, likelihood: LIKELIHOODS.1 };
        Some(Finding {
            at: change.at,
            machine: id.clone(),
            kind: FindingKind::Anomaly,
            id: FindingId::new(id, &fault, episode.number),
            status,
            grade,
            fault,
            likelihood: if episode.open { LIKELIHOODS.0 } else { 0.0 },
            alternatives: if named && episode.open { vec![sensor] } else { Vec::new() },
            rul_days: None,
            probability_within: None,
            limit: None,
            evidence: evidence.into_iter().map(|(_, evidence)| evidence).collect(),
            text: plans[place].sentence(&change),
        })
    }

    /// The machine as one of the backtest's, when the engine had nothing to do with it.
    fn run(self) -> MachineRun {
        let mut run = MachineRun::default();
        run.readings = self.rows;
        (run.first, run.last) = (self.first, self.last);
        run.watched_from = self.watched_from;
        run.learned = self.watched_from.is_some();
        run
    }
}

/// Says on how many machines each relation was learned; where it was not, silence means nothing.
fn tell_standings(plans: &[Plan<'_>], machines: &[Machine]) {
    for (place, plan) in plans.iter().enumerate() {
        let standings: Vec<Standing> = machines.iter().map(|machine| machine.relations[place].standing()).collect();
        let count = |wanted: fn(&Standing) -> bool| standings.iter().filter(|standing| wanted(standing)).count();
        let (watched, unrelated) =
            (count(|s| matches!(s, Standing::Watching(_))), count(|s| matches!(s, Standing::Unrelated(_))));
        let (target, all) = (&plan.map.target, machines.len());
        if watched < all {
            let short = all - watched - unrelated;
            tracing::warn!(
                "Relation `{target}` is watched on {watched} of {all} machines: it does not follow from its companions on \
                 {unrelated}, and {short} have too little history."
            );
        }
    }
}
