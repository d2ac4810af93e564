//! A fleet's life as files: one CSV per machine, `truth.json` and `maintenance.csv`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::encode::{csv_header, write_csv_row};
use crate::fleet::Fleet;
use crate::sample::Message;
use crate::truth::{MachineTruth, Truth};

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("could not write `{}`; is there room and may this user write there?", path.display())]
pub struct FilesError {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Machines, each a file.
    pub machines: usize,
    /// Rows over all files, without headers.
    pub rows: u64,
}

/// One machine, written.
struct Done {
    index: usize,
    rows: u64,
    truth: MachineTruth,
}

/// Writes a fleet into a folder, which is made if need be; files of the same names are replaced.
///
/// Machines do not act on each other, so `threads` of them are simulated side by side; the bytes are the same with any
/// number. `progress` hears of rows as they are written; `stop` ends early between rows and leaves the truth of what was
/// simulated until then.
///
/// # Errors
/// When the folder or a file cannot be written.
pub fn write_fleet(
    fleet: &Fleet,
    dir: &Path,
    threads: usize,
    progress: &(dyn Fn(u64) + Sync),
    stop: &AtomicBool,
) -> Result<Written, FilesError> {
    fs::create_dir_all(dir).map_err(|source| FilesError { path: dir.to_owned(), source })?;
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Result<Done, FilesError>>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= fleet.machines().len() || stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let written = write_machine(fleet, index, dir, progress, stop);
                    // A poisoned lock means that another thread panicked; what it guards is a plain list, still whole.
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(written);
                }
            });
        }
    });
    let done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut done = done.into_iter().collect::<Result<Vec<_>, _>>()?;
    done.sort_by_key(|done| done.index);
    let written = Written { machines: done.len(), rows: done.iter().map(|done| done.rows).sum() };
    let truth = Truth { machines: done.into_iter().map(|done| done.truth).collect() };
    write_file(&dir.join("truth.json"), |out| {
        serde_json::to_writer_pretty(&mut *out, &truth)?;
        writeln!(out)
    })?;
    write_file(&dir.join("maintenance.csv"), |out| write_maintenance(out, &truth))?;
    Ok(written)
}

fn write_machine(
    fleet: &Fleet,
    index: usize,
    dir: &Path,
    progress: &(dyn Fn(u64) + Sync),
    stop: &AtomicBool,
) -> Result<Done, FilesError> {
    const REPORT_EVERY: u64 = 1000;
    let machine = &fleet.machines()[index];
    let mut messages = fleet.messages_of(index);
    let mut rows = 0;
    write_file(&dir.join(format!("{}_{}.csv", machine.site, machine.name)), |out| {
        out.write_all(csv_header(machine).as_bytes())?;
        let mut row = String::with_capacity(256);
        for message in &mut messages {
            let Message::Sample(sample) = message else { continue };
            row.clear();
            write_csv_row(&mut row, &sample, machine);
            out.write_all(row.as_bytes())?;
            rows += 1;
            if rows % REPORT_EVERY == 0 {
                progress(REPORT_EVERY);
                if stop.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
        Ok(())
    })?;
    progress(rows % REPORT_EVERY);
    let mut truth = messages.truth();
    Ok(Done { index, rows, truth: truth.machines.remove(0) })
}

fn write_maintenance(out: &mut dyn io::Write, truth: &Truth) -> io::Result<()> {
    writeln!(out, "ts,site,machine,work")?;
    for machine in &truth.machines {
        for job in &machine.maintenance {
            writeln!(out, "{},{},{},{}", job.ts, machine.site, machine.machine, job.work)?;
        }
    }
    Ok(())
}

fn write_file(path: &Path, fill: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Result<(), FilesError> {
    let wrote = File::create(path).and_then(|file| {
        let mut out = BufWriter::with_capacity(1 << 16, file);
        fill(&mut out)?;
        out.flush()
    });
    wrote.map_err(|source| FilesError { path: path.to_owned(), source })
}
