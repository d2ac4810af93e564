//! Runs with labelled anomalies, as SKAB has them, and how well scores meet the labels.

use std::path::Path;
use std::process::Command;

use foretell_engine::score::{ALARM_SCORE, Scorer};
use foretell_model::{MINUTE_MS, Timestamp};

/// A change counts as found within this time of it.
const CHANGE_MS: i64 = MINUTE_MS;

/// One run: rows of signals, some of them labelled anomalous.
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) signals: Vec<String>,
    pub(crate) rows: Vec<(Timestamp, Vec<f64>)>,
    /// Whether a row is anomalous.
    pub(crate) labels: Vec<bool>,
}

/// Rows by alarm and label, and what else tells how good alarms are.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) hits: u64,
    pub(crate) false_alarms: u64,
    pub(crate) misses: u64,
    pub(crate) quiet: u64,
    /// Rows before the first anomaly, and those of them with an alarm.
    pub(crate) before: u64,
    pub(crate) before_alarms: u64,
    /// Alarms, of any signal, and those of them that began outside an anomaly.
    pub(crate) episodes: u64,
    pub(crate) false_episodes: u64,
    /// Beginnings of anomalies, and those with an alarm beginning within a minute.
    pub(crate) onsets: u64,
    pub(crate) onsets_found: u64,
    /// Anomalies in which there was an alarm at all.
    pub(crate) onsets_ever: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.hits += other.hits;
        self.false_alarms += other.false_alarms;
        self.misses += other.misses;
        self.quiet += other.quiet;
        self.before += other.before;
        self.before_alarms += other.before_alarms;
        self.episodes += other.episodes;
        self.false_episodes += other.false_episodes;
        self.onsets += other.onsets;
        self.onsets_found += other.onsets_found;
        self.onsets_ever += other.onsets_ever;
    }

    /// Row by row, as SKAB counts outlier detection.
    pub(crate) fn f1(&self) -> f64 {
        2.0 * self.hits as f64 / (2 * self.hits + self.false_alarms + self.misses).max(1) as f64
    }

    /// Share of normal rows with an alarm.
    pub(crate) fn false_alarm_rate(&self) -> f64 {
        self.false_alarms as f64 / (self.false_alarms + self.quiet).max(1) as f64
    }

    /// Share of anomalous rows without an alarm.
    pub(crate) fn missed_alarm_rate(&self) -> f64 {
        self.misses as f64 / (self.misses + self.hits).max(1) as f64
    }

    /// Share of the rows before the first anomaly that have an alarm.
    pub(crate) fn before_rate(&self) -> f64 {
        self.before_alarms as f64 / self.before.max(1) as f64
    }
}

/// Scores a run; a row is alarmed when any of its signals is.
pub(crate) fn evaluate(run: &Run) -> Counts {
    let mut scorer = Scorer::new(run.signals.len());
    let mut scores = vec![0.0; run.signals.len()];
    let alarmed = run.rows.iter().map(|(ts, values)| {
        scorer.observe(*ts, values, &mut scores);
        scores.iter().any(|score| *score >= ALARM_SCORE)
    });
    let alarmed: Vec<bool> = alarmed.collect();
    let begins = |of: &[bool], n: usize| of[n] && (n == 0 || !of[n - 1]);
    let first = run.labels.iter().position(|label| *label).unwrap_or(run.labels.len());
    let mut counts = Counts::default();
    for (n, (alarm, label)) in alarmed.iter().zip(&run.labels).enumerate() {
        *match (alarm, label) {
            (true, true) => &mut counts.hits,
            (true, false) => &mut counts.false_alarms,
            (false, true) => &mut counts.misses,
            (false, false) => &mut counts.quiet,
        } += 1;
        counts.before += u64::from(n < first);
        counts.before_alarms += u64::from(n < first && *alarm);
        if begins(&alarmed, n) {
            counts.episodes += 1;
            counts.false_episodes += u64::from(!label);
        }
        if begins(&run.labels, n) {
            let soon = |m: &usize| run.rows[*m].0 - run.rows[n].0 <= CHANGE_MS;
            let labelled = || (n..run.rows.len()).take_while(|m| run.labels[*m]);
            counts.onsets += 1;
            counts.onsets_found += u64::from(labelled().take_while(soon).any(|m| begins(&alarmed, m)));
            counts.onsets_ever += u64::from(labelled().any(|m| alarmed[m]));
        }
    }
    counts
}

/// All runs of a folder (its `.csv` files, at any depth) or of an archive that `tar` unpacks, by name.
pub(crate) fn runs(path: &Path) -> Result<Vec<Run>, String> {
    let mut texts = Vec::new();
    if path.is_dir() {
        read_folder(path, &mut texts)?;
    } else {
        read_archive(path, &mut texts)?;
    }
    texts.sort();
    let runs: Vec<Run> = texts.into_iter().filter_map(|(name, text)| parse(name, &text)).collect();
    if runs.is_empty() { Err(format!("{} holds no run with a time and signals", path.display())) } else { Ok(runs) }
}

fn read_folder(folder: &Path, texts: &mut Vec<(String, String)>) -> Result<(), String> {
    let failed = |what: &Path, error: std::io::Error| format!("could not read {}: {error}", what.display());
    for entry in std::fs::read_dir(folder).map_err(|e| failed(folder, e))? {
        let path = entry.map_err(|e| failed(folder, e))?.path();
        if path.is_dir() {
            read_folder(&path, texts)?;
        } else if path.extension().is_some_and(|ending| ending == "csv") {
            let text = std::fs::read_to_string(&path).map_err(|e| failed(&path, e))?;
            texts.push((path.display().to_string(), text));
        }
    }
    Ok(())
}

fn read_archive(archive: &Path, texts: &mut Vec<(String, String)>) -> Result<(), String> {
    let tar = |arguments: &[&str]| {
        let output = Command::new("tar").args(arguments).output().map_err(|e| format!("could not run tar: {e}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("could not unpack {}: {}", archive.display(), said.trim()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let path = archive.display().to_string();
    for name in tar(&["-tf", &path])?.lines().filter(|name| name.ends_with(".csv")) {
        texts.push((name.to_owned(), tar(&["-xOf", &path, name])?));
    }
    Ok(())
}

/// A run from CSV with `,` or `;`: the first column is the time; `anomaly` is the label, `changepoint` is not used.
fn parse(name: String, text: &str) -> Option<Run> {
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let header = lines.next()?.trim_start_matches('\u{feff}');
    let separator = if header.contains(';') { ';' } else { ',' };
    let columns: Vec<&str> = header.split(separator).map(str::trim).collect();
    let label = columns.iter().position(|column| ["anomaly", "is_anomaly", "label"].contains(column));
    let is_signal = |place: &usize| *place > 0 && Some(*place) != label && columns[*place] != "changepoint";
    let places: Vec<usize> = (0..columns.len()).filter(is_signal).collect();
    let signals: Vec<String> = places.iter().map(|place| columns[*place].to_owned()).collect();
    let mut run = Run { name, signals, rows: Vec::new(), labels: Vec::new() };
    for line in lines {
        let cells: Vec<&str> = line.split(separator).map(str::trim).collect();
        let number = |place: usize| cells.get(place).and_then(|cell| cell.parse::<f64>().ok());
        let ts = Timestamp::parse(&format!("{}Z", cells.first()?.replace(' ', "T"))).ok()?;
        run.rows.push((ts, places.iter().map(|place| number(*place).unwrap_or(f64::NAN)).collect()));
        run.labels.push(label.and_then(number).is_some_and(|label| label > 0.5));
    }
    (!run.rows.is_empty() && !run.signals.is_empty()).then_some(run)
}
