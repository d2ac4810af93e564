//! `--scores`: an anomaly score for every input row and signal, in the order of the input.
//!
//! Rows arrive in order of time and are scored by machine on all cores, then brought back into the input's order. Memory stays
//! bounded: some chunks of rows under way, a scorer per machine, and two sorters that spill to a file.

use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use foretell_engine::score::{ALARM_SCORE, Scorer, Sign};
use foretell_history::{FileError, ReadOptions, Reorder, WatchedRow, WatchedRows};
use foretell_model::{MachineId, Timestamp};

/// Rows handed over at once.
const CHUNK: usize = 2_048;

/// Chunks that may wait for a worker, or for the sorter.
const WAITING: usize = 8;

/// A stretch of time in which a signal's score stood at an alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// Whose signal.
    pub machine: MachineId,
    /// Its name.
    pub signal: String,
    /// When the alarm began.
    pub from: Timestamp,
    /// When the signal was normal again; `None` when the history ends before.
    pub to: Option<Timestamp>,
    /// The highest score.
    pub peak: f64,
    /// In what the signal was strange when the alarm began.
    pub sign: Sign,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// Scores, one for each row and signal.
    pub scores: u64,
    /// Alarms, in order of machine, signal and time.
    pub episodes: Vec<Episode>,
}

/// Why no scores were written.
#[derive(Debug)]
pub enum ScoresError {
    /// A history file could not be read, or a temporary file not be used.
    Read(FileError),
    /// The scores could not be written.
    Write(std::io::Error),
}

/// Scores all rows and writes `ts,site,machine,signal,score`. The same rows give the same file, whatever the number of
/// threads; `progress` is told how many more rows have been handed on, and may end the work.
///
/// # Errors
/// When rows cannot be read or scores not be written, or the work was ended; then no file is left.
pub fn write(
    rows: &mut WatchedRows,
    path: &Path,
    options: &ReadOptions,
    mut progress: impl FnMut(u64) -> ControlFlow<()>,
) -> Result<Written, ScoresError> {
    // Before the work, so that a path that cannot be written is known at once.
    let file = std::fs::File::create(path).map_err(ScoresError::Write)?;
    let names = Names { machines: rows.machines().to_vec(), signals: rows.signals().to_vec() };
    let signals: Vec<Vec<usize>> = (0..names.machines.len()).map(|machine| rows.signals_of(machine)).collect();
    let mut reorder = Reorder::new(options.memory_bytes, options.temp_dir.clone());
    let episodes = std::thread::scope(|scope| {
        let (scored, results) = sync_channel::<Chunk>(WAITING);
        let reorder = &mut reorder;
        let collector = scope.spawn(move || results.iter().try_for_each(|chunk| chunk.sort_into(reorder)));
        let mut desks: Vec<(Chunk, SyncSender<Chunk>)> = Vec::new();
        let mut hands = Vec::new();
        for _ in 0..options.threads.max(1) {
            let (sender, chunks) = sync_channel(WAITING);
            let (scored, signals) = (scored.clone(), &signals);
            hands.push(scope.spawn(move || work(&chunks, &scored, signals)));
            desks.push((Chunk::default(), sender));
        }
        drop(scored);
        let fed = feed(rows, &mut desks, &mut progress);
        drop(desks);
        let join = |panic| std::panic::resume_unwind(panic);
        let episodes: Vec<Found> = hands.into_iter().flat_map(|hand| hand.join().unwrap_or_else(join)).collect();
        let collected = collector.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        fed.and(collected).map(|()| episodes)
    });
    if let Err(FileError::Stopped) = episodes {
        // What is empty would look like scores of nothing; one that cannot be removed is seen by its emptiness.
        let _removed = std::fs::remove_file(path).is_ok();
    }
    let episodes = names.episodes(episodes.map_err(ScoresError::Read)?);
    let scores = spell(reorder, &names, file)?;
    Ok(Written { scores, episodes })
}

/// Hands rows on, each machine's to the same worker.
fn feed(
    rows: &mut WatchedRows,
    desks: &mut [(Chunk, SyncSender<Chunk>)],
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<(), FileError> {
    let workers = desks.len();
    while let Some(row) = rows.next_row()? {
        let (chunk, sender) = &mut desks[row.machine % workers];
        chunk.push(&row);
        if chunk.rows.len() == CHUNK {
            // A worker that is gone has panicked; joining it says so.
            let _gone = sender.send(std::mem::take(chunk)).is_err();
            if progress(CHUNK as u64).is_break() {
                return Err(FileError::Stopped);
            }
        }
    }
    for (chunk, sender) in desks {
        let _gone = sender.send(std::mem::take(chunk)).is_err();
    }
    Ok(())
}

/// Some rows, their values replaced by scores on the way.
#[derive(Default)]
struct Chunk {
    rows: Vec<Row>,
    signals: Vec<u32>,
    values: Vec<f64>,
}

struct Row {
    number: u64,
    machine: u32,
    ts: Timestamp,
    count: usize,
}

impl Chunk {
    fn push(&mut self, row: &WatchedRow<'_>) {
        let (machine, count) = (row.machine as u32, row.values.len());
        self.rows.push(Row { number: row.number, machine, ts: row.ts, count });
        self.signals.extend(row.signals.iter().map(|signal| *signal as u32));
        self.values.extend_from_slice(row.values);
    }

    /// Each row as a sorter's record: machine, time, and signals with scores.
    fn sort_into(self, reorder: &mut Reorder) -> Result<(), FileError> {
        let (mut record, mut at) = (Vec::new(), 0);
        for row in self.rows {
            record.clear();
            record.extend_from_slice(&row.machine.to_le_bytes());
            record.extend_from_slice(&row.ts.millis().to_le_bytes());
            for place in at..at + row.count {
                record.extend_from_slice(&self.signals[place].to_le_bytes());
                record.extend_from_slice(&(self.values[place] as f32).to_le_bytes());
            }
            at += row.count;
            reorder.push(row.number, &record)?;
        }
        Ok(())
    }
}

/// An episode by places.
struct Found {
    machine: u32,
    signal: usize,
    from: Timestamp,
    to: Option<Timestamp>,
    peak: f64,
    sign: Sign,
}

fn work(chunks: &Receiver<Chunk>, scored: &SyncSender<Chunk>, signals: &[Vec<usize>]) -> Vec<Found> {
    let mut machines: HashMap<u32, MachineScores<'_>> = HashMap::new();
    for mut chunk in chunks {
        let Chunk { rows, signals: places, values } = &mut chunk;
        let mut at = 0;
        for row in rows {
            let own = &signals[row.machine as usize];
            let machine = machines.entry(row.machine).or_insert_with(|| MachineScores::new(row.machine, own));
            machine.score(row.ts, &places[at..at + row.count], &mut values[at..at + row.count]);
            at += row.count;
        }
        // A collector that is gone has failed, and says so itself.
        if scored.send(chunk).is_err() {
            break;
        }
    }
    machines.into_values().flat_map(MachineScores::finish).collect()
}

/// One machine's scorer and the alarms that it raised.
struct MachineScores<'a> {
    machine: u32,
    signals: &'a [usize],
    scorer: Scorer,
    values: Vec<f64>,
    scores: Vec<f64>,
    open: Vec<Option<Found>>,
    closed: Vec<Found>,
}

impl<'a> MachineScores<'a> {
    fn new(machine: u32, signals: &'a [usize]) -> Self {
        let count = signals.len();
        Self {
            machine,
            signals,
            scorer: Scorer::new(count),
            values: vec![f64::NAN; count],
            scores: vec![0.0; count],
            open: std::iter::repeat_with(|| None).take(count).collect(),
            closed: Vec::new(),
        }
    }

    /// Replaces a row's values by their scores.
    fn score(&mut self, ts: Timestamp, places: &[u32], row: &mut [f64]) {
        self.values.fill(f64::NAN);
        let signals = self.signals;
        // Every signal of a row is one of its machine's.
        let own = |place: u32| signals.binary_search(&(place as usize)).unwrap_or_default();
        for (place, value) in places.iter().zip(row.iter()) {
            self.values[own(*place)] = *value;
        }
        self.scorer.observe(ts, &self.values, &mut self.scores);
        for (place, value) in places.iter().zip(row) {
            *value = self.scores[own(*place)];
        }
        for n in 0..self.scores.len() {
            self.follow(n, ts);
        }
    }

    fn follow(&mut self, n: usize, ts: Timestamp) {
        let score = self.scores[n];
        match &mut self.open[n] {
            Some(found) if score >= ALARM_SCORE => found.peak = found.peak.max(score),
            Some(found) => {
                found.to = Some(ts);
                self.closed.extend(self.open[n].take());
            }
            None if score >= ALARM_SCORE => {
                let sign = self.scorer.sign(n).unwrap_or(Sign::Level);
                let (machine, signal) = (self.machine, self.signals[n]);
                self.open[n] = Some(Found { machine, signal, from: ts, to: None, peak: score, sign });
            }
            None => {}
        }
    }

    fn finish(self) -> impl Iterator<Item = Found> {
        self.closed.into_iter().chain(self.open.into_iter().flatten())
    }
}

struct Names {
    machines: Vec<MachineId>,
    signals: Vec<String>,
}

impl Names {
    fn episodes(&self, mut found: Vec<Found>) -> Vec<Episode> {
        found.sort_by_key(|found| (found.machine, found.signal, found.from));
        let name = |found: Found| Episode {
            machine: self.machines[found.machine as usize].clone(),
            signal: self.signals[found.signal].clone(),
            from: found.from,
            to: found.to,
            peak: found.peak,
            sign: found.sign,
        };
        found.into_iter().map(name).collect()
    }
}

/// Writes the scores in the order of the input.
fn spell(reorder: Reorder, names: &Names, file: std::fs::File) -> Result<u64, ScoresError> {
    let mut records = reorder.finish().map_err(ScoresError::Read)?;
    let mut out = BufWriter::with_capacity(1 << 18, file);
    let quoted: Vec<String> = names.signals.iter().map(|name| quote(name)).collect();
    let (mut record, mut written) = (Vec::new(), 0);
    out.write_all(b"ts,site,machine,signal,score\n").map_err(ScoresError::Write)?;
    while records.next_record(&mut record).map_err(ScoresError::Read)? {
        let number = |at: usize| u32::from_le_bytes(std::array::from_fn(|n| record[at + n]));
        let machine = &names.machines[number(0) as usize];
        let ts = Timestamp::from_millis(i64::from_le_bytes(std::array::from_fn(|n| record[4 + n])));
        let origin = format!("{ts},{},{}", machine.site(), machine.machine());
        for at in (12..record.len()).step_by(8) {
            let (signal, score) = (&quoted[number(at) as usize], f32::from_bits(number(at + 4)));
            writeln!(out, "{origin},{signal},{score:.4}").map_err(ScoresError::Write)?;
            written += 1;
        }
    }
    out.flush().map_err(ScoresError::Write)?;
    Ok(written)
}

/// A name as a cell of CSV.
fn quote(name: &str) -> String {
    let is_plain = !name.contains([',', '"', '\n', '\r']) && name.trim() == name;
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// The alarms as a table on standard output: the strongest ones, in order of time.
#[must_use]
pub fn episodes_table(written: &Written) -> String {
    const SHOWN: usize = 20;
    let mut shown: Vec<&Episode> = written.episodes.iter().collect();
    let total = shown.len();
    shown.sort_by(|a, b| b.peak.total_cmp(&a.peak).then(a.from.cmp(&b.from)));
    shown.truncate(SHOWN);
    shown.sort_by_key(|episode| episode.from);
    let mut text = format!("{} scores; {total} {}", written.scores, if total == 1 { "anomaly" } else { "anomalies" });
    if total > SHOWN {
        text += &format!(", the {SHOWN} strongest:");
    }
    let name = |episode: &Episode| format!("{} {}", episode.machine, episode.signal);
    let width = shown.iter().map(|episode| name(episode).chars().count()).max().unwrap_or(0);
    for episode in shown {
        let to = episode.to.map_or("end of the history".to_owned(), |to| to.to_string());
        let (from, peak, sign) = (episode.from, episode.peak, episode.sign.name());
        text += &format!("\n  {:width$}  {from} to {to}  peak {peak:.2}  {sign}", name(episode));
    }
    text
}

#[cfg(test)]
#[path = "scores_tests.rs"]
mod tests;
