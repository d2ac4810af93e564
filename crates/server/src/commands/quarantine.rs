//! `foretell quarantine`: refused input, to be looked at, written out and tried again. Works beside a running service.

use std::fs::File;
use std::io::{BufWriter, Write};

use foretell_history::{AtomicFile, QuarantineFilter, SqliteQuarantine};
use foretell_ingest::decode::RefusalReason;
use foretell_model::{LogError, Quarantined};
use serde_json::{Value, json};

use super::history::{in_order, there};
use super::interrupt::Interrupt;
use super::replay::replay;
use crate::cli::{QuarantineCommand, QuarantineExportArgs, QuarantineListArgs, QuarantineWhich};
use crate::config::{Config, did_you_mean};
use crate::failure::{Failure, Kind};
use crate::output::{Output, count};
use crate::progress::bar;
use crate::service;

/// Items read at once.
pub(super) const ITEMS: usize = 200;

/// Raw bytes of an item that a list shows.
const RAW_SHOWN_BYTES: usize = 160;

/// Does what the command line says.
pub(super) fn quarantine(config: &Config, command: &QuarantineCommand, output: &mut Output) -> Result<(), Failure> {
    let dir = &config.data.dir;
    let _there = there(dir, "quarantine.db", "quarantine")?;
    let which = match command {
        QuarantineCommand::List(args) => &args.which,
        QuarantineCommand::Export(args) => &args.which,
        QuarantineCommand::Replay(args) => &args.which,
    };
    in_order(which.from, which.to)?;
    if let Some(reason) = &which.reason {
        refuse_unknown(reason, &service::quarantine_to_look(config)?)?;
    }
    match command {
        QuarantineCommand::List(args) => list(&service::quarantine_to_look(config)?, args, output),
        QuarantineCommand::Export(args) => export(&service::quarantine_to_look(config)?, args, output),
        QuarantineCommand::Replay(args) => replay(config, &service::quarantine(config)?, args, output),
    }
}

/// A reason that nothing is refused for is a slip of the keyboard, not an empty list. What another release refused for reasons of
/// its own can still be asked for.
fn refuse_unknown(reason: &str, quarantine: &SqliteQuarantine) -> Result<(), Failure> {
    let mut known: Vec<String> = RefusalReason::ALL.iter().map(|reason| reason.code().to_owned()).collect();
    known.extend(quarantine.counts().map_err(refused)?.into_iter().map(|count| count.reason));
    if known.iter().any(|known| known == reason) {
        return Ok(());
    }
    known.sort();
    known.dedup();
    let hint = did_you_mean(reason, known.iter().map(String::as_str));
    let hint = hint.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
    let what = format!("nothing is refused for the reason `{reason}`; {hint}There are: {}", known.join(", "));
    Err(Failure::new(Kind::Usage, what))
}

pub(super) fn filter(which: &QuarantineWhich) -> QuarantineFilter {
    let QuarantineWhich { reason, machine, from, to } = which.clone();
    QuarantineFilter { reason, machine, from, to, before: None }
}

pub(super) fn refused(error: LogError) -> Failure {
    service::refusing("could not use the quarantine", error)
}

fn list(quarantine: &SqliteQuarantine, args: &QuarantineListArgs, output: &mut Output) -> Result<(), Failure> {
    let counts = quarantine.counts().map_err(refused)?;
    for count in &counts {
        output.line(&format!("{:>8} {} (oldest {})", count.items, count.reason, count.oldest))?;
    }
    if counts.is_empty() {
        return output.line("the quarantine is empty");
    }
    let waiting = quarantine.waiting().map_err(refused)?;
    if waiting > 0 {
        output.line(&format!(
            "{waiting:>8} events were admitted since and wait for the service to take them to the log"
        ))?;
    }
    for item in quarantine.list(&filter(&args.which), RAW_SHOWN_BYTES, args.max).map_err(refused)? {
        let Quarantined { id, reason, arrived, source, topic, detail, raw } = item;
        let [source, topic, detail] = [source, topic, detail].map(|text| printable(text.as_bytes()));
        output.line(&format!("\n#{id} {arrived} {source} {topic}\n  {reason}: {detail}\n  {}", printable(&raw)))?;
    }
    Ok(())
}

/// Bytes as text that can neither move a terminal's cursor nor turn the direction in which a line is read.
pub(super) fn printable(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let is_odd =
        |c: char| c.is_control() || matches!(c, '\u{fffd}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if is_odd(c) { '·' } else { c }).collect()
}

fn export(quarantine: &SqliteQuarantine, args: &QuarantineExportArgs, output: &mut Output) -> Result<(), Failure> {
    let interrupt = Interrupt::listen()?;
    let out = args.out.display();
    let writing = |error| Failure::writing(&args.out, error);
    // A pipe or a terminal takes lines as they come; a file has its name when it is whole.
    let written = if std::fs::metadata(&args.out).is_ok_and(|out| !out.is_file() && !out.is_dir()) {
        let mut lines = BufWriter::new(File::options().write(true).open(&args.out).map_err(writing)?);
        let written = write(quarantine, args, &mut lines, &interrupt)?;
        lines.flush().map_err(writing)?;
        written
    } else {
        let mut file = AtomicFile::create(&args.out).map_err(writing)?;
        let written = write(quarantine, args, &mut file, &interrupt)?;
        if written.is_some() {
            file.finish().map_err(writing)?;
        }
        written
    };
    match written {
        Some(written) => output.line(&format!("{} in {out}", count(written, "item"))),
        None => output.line(&format!("stopped; {out} was not written")),
    }
}

/// Writes what passes the filter and gives how many items that were; `None` when told to stop before the end.
fn write(
    quarantine: &SqliteQuarantine,
    args: &QuarantineExportArgs,
    to: &mut impl Write,
    interrupt: &Interrupt,
) -> Result<Option<u64>, Failure> {
    let (filter, writing) = (filter(&args.which), |error| Failure::writing(&args.out, error));
    let (mut written, mut after, bar) = (0_u64, 0, bar("exporting", 0, "items"));
    loop {
        if interrupt.is_told() {
            return Ok(None);
        }
        let items = quarantine.after(&filter, after, ITEMS).map_err(refused)?;
        let Some(last) = items.last() else { break };
        after = last.id;
        for item in &items {
            writeln!(to, "{}", line(item)).map_err(writing)?;
            written += 1;
        }
        bar.set_position(written);
    }
    bar.finish_and_clear();
    Ok(Some(written))
}

/// An item as JSON: `raw` as it is where it is UTF-8, else `raw_hex`.
fn line(item: &Quarantined) -> Value {
    let mut line = json!({
        "id": item.id, "reason": item.reason, "arrived": item.arrived.to_string(), "source": item.source,
        "topic": item.topic, "detail": item.detail,
    });
    match std::str::from_utf8(&item.raw) {
        Ok(text) => line["raw"] = text.into(),
        Err(_) => line["raw_hex"] = item.raw.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_bytes_disturb_neither_terminal_nor_file() {
        assert_eq!(printable(b"{\"a\":1}\x00\x1b[2J\xff\n"), "{\"a\":1}··[2J··");
        assert_eq!(printable("k1\u{202e}2k 机\u{2069}".as_bytes()), "k1·2k 机·");
        let item = |raw: &[u8]| Quarantined {
            id: 1,
            reason: "malformed".into(),
            arrived: foretell_model::Timestamp::from_millis(0),
            source: "listener".into(),
            topic: "t".into(),
            detail: String::new(),
            raw: raw.to_vec(),
        };
        assert_eq!(line(&item(b"a\"\x1b"))["raw"], "a\"\u{1b}");
        assert_eq!(line(&item(b"\xff\x00"))["raw_hex"], "ff00");
    }
}
