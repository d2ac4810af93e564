//! `foretell backtest`: the engine over recorded history.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use foretell_history::{ColumnMap, FileError, History, ReadOptions, ReadReport, SiteHistory, WatchedRows, Watching};
use foretell_model::{Catalogue, Clock as _, Event, Finding, MachineId, wire};

use super::history::{column_map, in_order, read_into, read_until, refusals, warn_of_examples};
use super::interrupt::Interrupt;
use super::stop::Stop;
use crate::backtest::scores::{self, ScoresError};
use crate::backtest::{self, Outcome, Score, Sheet, SiteEvents, Truth, html, score, summary};
use crate::cli::BacktestArgs;
use crate::clock::WallClock;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::progress::bar;
use crate::service::{self, works};

/// Reads, runs, writes findings and report, and sums up. Told to stop, it writes nothing more and says what there is: half a
/// history's findings would look like a whole one's.
pub(super) fn backtest(config: &Config, args: &BacktestArgs, output: &mut Output) -> Result<(), Failure> {
    in_order(args.from, args.to)?;
    let interrupt = Interrupt::listen()?;
    let watched = match concluded(config, args, &interrupt, output) {
        Ok(watched) => watched,
        Err(Stop::Asked) => return output.line("stopped before anything was written"),
        Err(Stop::Damage(failure) | Stop::Other(failure)) => return Err(failure),
    };
    let Some(path) = args.scores.as_deref() else { return Ok(()) };
    match scored(watched, path, &interrupt) {
        Ok(table) => output.line(&table),
        Err(Stop::Asked) => output.line(&format!("stopped: {} is not written{}", path.display(), kept(args))),
        Err(Stop::Damage(failure) | Stop::Other(failure)) => Err(failure),
    }
}

/// What was written before the scores.
fn kept(args: &BacktestArgs) -> String {
    let truth_out = args.truth_out.as_ref().filter(|_| args.truth.is_some());
    let paths = [args.out.as_ref(), truth_out, args.report.as_ref()].into_iter().flatten();
    let names: Vec<String> = paths.map(|path| path.display().to_string()).collect();
    if names.is_empty() { String::new() } else { format!("; whole: {}", names.join(", ")) }
}

/// Everything but the scores; gives the rows that they are of.
fn concluded(
    config: &Config,
    args: &BacktestArgs,
    interrupt: &Interrupt,
    output: &mut Output,
) -> Result<WatchedRows, Stop> {
    let started = Instant::now();
    let truth = args.truth.as_deref().map(Truth::read).transpose()?;
    let catalogue = service::catalogue(config.engine.faults_file.as_deref())?;
    let watching = if args.scores.is_some() { Watching::Everything } else { Watching::Free };
    let (now, works) = (Some(WallClock.now()), Some(works(&catalogue)));
    let options = ReadOptions { from: args.from, to: args.to, now, works, watching, ..ReadOptions::default() };
    let map = column_map(args.map.as_deref())?;
    let (mut sites, watched, report) = take_in(args, &map, &options, interrupt)?;
    let engine = service::engine_options(&config.engine, &catalogue);
    let bar = bar("running", sites.iter().map(SiteHistory::rows).sum(), "events");
    let told = |more| bar.inc(more);
    let mut heard: Vec<_> = sites.iter_mut().map(|site| Until { site, interrupt }).collect();
    let outcome = backtest::run(&mut heard, &engine, options.threads, args.report.is_some(), &told);
    bar.finish_and_clear();
    let mut outcome = outcome?;
    watch_relations(args, &map, &mut outcome, interrupt)?;
    say_unheard(&sites, &outcome);
    drop(sites);
    if let Some(path) = &args.out {
        write_findings(path, &outcome.findings)?;
    }
    let score = truth.as_ref().map(|truth| score(truth, &outcome.findings));
    if let Some((path, score)) = args.truth_out.as_ref().zip(score.as_ref()) {
        write(path, |file| writeln!(file, "{:#}", score.to_json()))?;
    }
    if let Some(path) = &args.report {
        let refused = report.refused.values().sum();
        let truth = truth.as_ref().zip(score.as_ref());
        let sheet = Sheet { title: title(args), outcome: &outcome, refused, truth, catalogue: &catalogue };
        let page = html(&sheet, args.lang, config)?;
        std::fs::write(path, page).map_err(|error| Failure::writing(path, error))?;
    }
    if outcome.machines.is_empty() && watched.rows() > 0 {
        if args.scores.is_none() {
            tracing::warn!(
                "No column is a signal of the engine: nothing to forecast. `--scores` scores what is watched."
            );
        }
    } else {
        conclude(output, &outcome, &catalogue, score.as_ref(), started.elapsed().as_secs_f64())?;
    }
    Ok(watched)
}

/// A site's events until the command is told to stop.
struct Until<'a> {
    site: &'a mut SiteHistory,
    interrupt: &'a Interrupt,
}

impl SiteEvents for Until<'_> {
    type Error = FileError;

    fn machines(&self) -> &[MachineId] {
        self.site.machines()
    }

    fn next(&mut self) -> Result<Option<(usize, &Event)>, FileError> {
        if self.interrupt.is_told() { Err(FileError::Stopped) } else { self.site.next() }
    }
}

fn conclude(
    output: &mut Output,
    outcome: &Outcome,
    catalogue: &Catalogue,
    score: Option<&Score>,
    seconds: f64,
) -> Result<(), Failure> {
    output.line(&summary(outcome, catalogue, seconds))?;
    score.map_or(Ok(()), |score| output.line(&format!("\n{score}")))
}

/// Reads maintenance and readings; says what was refused, and ends where nothing is left.
fn take_in(
    args: &BacktestArgs,
    map: &ColumnMap,
    options: &ReadOptions,
    interrupt: &Interrupt,
) -> Result<(Vec<SiteHistory>, WatchedRows, ReadReport), Stop> {
    let mut history = History::new(options);
    if let Some(path) = &args.maintenance {
        // Maintenance records have the contract's columns, whatever shape the readings come in.
        let report = read_into(&mut history, std::slice::from_ref(path), &ColumnMap::default(), interrupt)?;
        if let Some(refused) = refusals(&report) {
            tracing::warn!("Of the maintenance records, {refused}");
        }
        warn_of_examples(&report);
    }
    let report = read_into(&mut history, &args.files, map, interrupt)?;
    if let Some(refused) = refusals(&report) {
        tracing::warn!("{refused}");
    }
    warn_of_examples(&report);
    let watched = history.watched()?;
    let sites = history.sites()?;
    if watched.rows() > 0 {
        // What the engine cannot take may be scored all the same.
        return Ok((sites, watched, report));
    }
    let nothing = |why: String| Err(Failure::new(Kind::BadData, format!("there is nothing to test: {why}")).into());
    let refused: u64 = report.refused.values().sum();
    if report.rows == 0 {
        return nothing("the files hold a header and no rows".to_owned());
    }
    if refused == report.rows {
        return nothing(refusals(&report).unwrap_or_default());
    }
    if refused + report.left_out == report.rows && (args.from.is_some() || args.to.is_some()) {
        return nothing("no row lies within --from and --to".to_owned());
    }
    Ok((sites, watched, report))
}

/// Work on machines that never reported changes nothing; often it is a misspelt name, so it is said.
fn say_unheard(sites: &[SiteHistory], outcome: &Outcome) {
    let known = sites.iter().flat_map(|site| site.machines());
    let unheard: Vec<&str> =
        known.filter(|machine| !outcome.machines.contains_key(*machine)).map(|machine| machine.as_str()).collect();
    if let [first, ..] = unheard[..] {
        let count = unheard.len();
        tracing::warn!("Maintenance was recorded on {count} machine(s) without any reading, e.g. {first}.");
    }
}

/// Writes the scores; gives the table of anomalies.
fn scored(mut rows: WatchedRows, path: &Path, interrupt: &Interrupt) -> Result<String, Stop> {
    let bar = bar("scoring", rows.rows(), "rows");
    let progress = |more| {
        bar.inc(more);
        interrupt.flow()
    };
    let written = scores::write(&mut rows, path, &ReadOptions::default(), progress);
    bar.finish_and_clear();
    if rows.not_numbers() > 0 {
        tracing::warn!("{} watched cells hold no number and count as missing.", rows.not_numbers());
    }
    let written = written.map_err(|error| match error {
        ScoresError::Read(error) => error.into(),
        ScoresError::Write(error) => Stop::from(Failure::writing(path, error)),
    })?;
    Ok(scores::episodes_table(&written))
}

/// Runs the map's relations over the files. They are read once more: relations need rows, and few maps have any.
fn watch_relations(
    args: &BacktestArgs,
    map: &ColumnMap,
    outcome: &mut Outcome,
    interrupt: &Interrupt,
) -> Result<(), Stop> {
    if map.relations().is_empty() {
        return Ok(());
    }
    let watching = Watching::Related;
    let options = ReadOptions { from: args.from, to: args.to, watching, ..ReadOptions::default() };
    let mut files = read_until(&args.files, map, &options, interrupt)?;
    let Some(mut rows) = files.watched() else { return Ok(()) };
    Ok(backtest::relations(&mut rows, map.relations(), outcome)?)
}

fn title(args: &BacktestArgs) -> String {
    let name =
        |path: &Path| path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    match args.files.as_slice() {
        [one] => name(one),
        [first, rest @ ..] => format!("{} and {} more", name(first), rest.len()),
        [] => String::new(),
    }
}

fn write_findings(path: &Path, findings: &[Finding]) -> Result<(), Failure> {
    write(path, |file| findings.iter().try_for_each(|finding| writeln!(file, "{}", wire::to_json(finding))))
}

fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Failure> {
    let wrote = std::fs::File::create(path).and_then(|file| {
        let mut file = std::io::BufWriter::new(file);
        fill(&mut file)?;
        file.flush()
    });
    wrote.map_err(|error| Failure::writing(path, error))
}
