//! `foretell backtest`: the engine over recorded history.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use foretell_history::{ColumnMap, FileError, ReadOptions, ReadingFiles, Watching};
use foretell_model::{Event, Finding, wire};

use super::history::{column_map, read, refusals, unreadable};
use crate::backtest::{self, Truth, html, score, summary};
use crate::cli::BacktestArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::bar;
use crate::service;

/// Reads, runs, writes findings and report, and sums up.
pub(super) fn backtest(config: &Config, args: &BacktestArgs, output: &mut Output) -> Result<(), Failure> {
    let started = Instant::now();
    let truth = args.truth.as_deref().map(Truth::read).transpose()?;
    let catalogue = service::catalogue(config.engine.faults_file.as_deref())?;
    let watching = Watching::Free;
    let options = ReadOptions { from: args.from, to: args.to, watching, ..ReadOptions::default() };
    let readings = read(&args.files, &column_map(args.map.as_deref())?, &options)?;
    // Maintenance records have the contract's columns, whatever shape the readings come in.
    let work = args.maintenance.iter().cloned().collect::<Vec<_>>();
    let maintenance = (!work.is_empty()).then(|| read(&work, &ColumnMap::default(), &options)).transpose()?;
    let bar = bar("running", readings.events(), "events");
    let mut events = Merged::of(maintenance, readings);
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let engine = service::engine_options(&config.engine, &catalogue);
    let outcome = backtest::run(&mut events, &engine, workers, args.report.is_some(), |more| bar.inc(more));
    bar.finish_and_clear();
    let outcome = outcome.map_err(unreadable)?;
    if let Some(refused) = refusals(events.readings.report()) {
        tracing::warn!("{refused}");
    }
    if let Some(path) = &args.out {
        write_findings(path, &outcome.findings)?;
    }
    let score = truth.as_ref().map(|truth| score(truth, &outcome.findings));
    if let Some(path) = &args.report {
        let refused = events.readings.report().refused.values().sum();
        let page = html(&title(args), &outcome, refused, truth.as_ref().zip(score.as_ref()), &catalogue, args.lang)?;
        std::fs::write(path, page).map_err(|error| Failure::writing(path, error))?;
    }
    output.line(&summary(&outcome, &catalogue, started.elapsed().as_secs_f64()))?;
    if let Some(score) = score {
        output.line(&format!("\n{score}"))?;
    }
    Ok(())
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
    let write = || {
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        for finding in findings {
            writeln!(file, "{}", wire::to_json(finding))?;
        }
        file.flush()
    };
    write().map_err(|error: std::io::Error| Failure::writing(path, error))
}

/// Maintenance and readings in order of time; at one instant the work comes first, as it does on a log.
struct Merged {
    maintenance: Option<ReadingFiles>,
    readings: ReadingFiles,
    next_work: Option<Event>,
    next_reading: Option<Event>,
    begun: bool,
}

impl Merged {
    const fn of(maintenance: Option<ReadingFiles>, readings: ReadingFiles) -> Self {
        Self { maintenance, readings, next_work: None, next_reading: None, begun: false }
    }

    fn advance_work(&mut self) -> Result<Option<Event>, FileError> {
        let next = self.maintenance.as_mut().and_then(Iterator::next).transpose()?;
        Ok(std::mem::replace(&mut self.next_work, next))
    }

    fn advance_reading(&mut self) -> Result<Option<Event>, FileError> {
        let next = self.readings.next().transpose()?;
        Ok(std::mem::replace(&mut self.next_reading, next))
    }

    fn advance(&mut self) -> Result<Option<Event>, FileError> {
        if !self.begun {
            self.begun = true;
            self.advance_work()?;
            self.advance_reading()?;
        }
        match (&self.next_work, &self.next_reading) {
            (Some(work), Some(reading)) if work.ts() <= reading.ts() => self.advance_work(),
            (Some(_), None) => self.advance_work(),
            _ => self.advance_reading(),
        }
    }
}

impl Iterator for Merged {
    type Item = Result<Event, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
