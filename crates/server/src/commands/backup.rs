//! `foretell backup`: a copy of everything, beside the running service.

use foretell_history::{BackedUp, FileError, back_up};
use foretell_model::Clock as _;

use super::history::{there, unreadable};
use super::interrupt::Interrupt;
use crate::cli::BackupArgs;
use crate::clock::WallClock;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::progress::bar;

/// Makes the copy and says what is in it.
pub(super) fn backup(config: &Config, args: &BackupArgs, output: &mut Output) -> Result<(), Failure> {
    let dir = &config.data.dir;
    let _log = there(dir, "log.db", "log")?;
    if let Some(earlier) = args.earlier.as_deref().filter(|earlier| !earlier.is_dir()) {
        return Err(Failure::new(Kind::NoInput, format!("there is no earlier backup {}", earlier.display())));
    }
    let (interrupt, bar) = (Interrupt::listen()?, bar("backing up", 0, "bytes"));
    let mut progress = |bytes| {
        bar.inc(bytes);
        interrupt.flow()
    };
    let made = back_up(dir, &args.to, args.earlier.as_deref(), WallClock.now(), &mut progress);
    bar.finish_and_clear();
    let to = args.to.display();
    let BackedUp { files, bytes, shared, damaged, again, recovered } = match made {
        Err(FileError::Stopped) => return output.line(&format!("stopped; {to} was not made")),
        made => made.map_err(unreadable)?,
    };
    let linked = if shared > 0 { format!(", {shared} of them linked to the earlier backup") } else { String::new() };
    output.line(&format!("{files} files, {:.1} MiB in {to}{linked}", bytes as f64 / f64::from(1 << 20)))?;
    for damage in &again {
        output.line(&damage.to_string())?;
    }
    if damaged.is_empty() && recovered.is_empty() {
        return Ok(());
    }
    let taken = recovered.iter().map(|path| {
        format!("{} is missing; the backup has it from the earlier one, from where it can be put back", path.display())
    });
    let faults: Vec<String> = damaged.iter().map(ToString::to_string).chain(taken).collect();
    let what = format!("{to} is made, but the archive that it is of is not whole:\n{}", faults.join("\n"));
    Err(Failure::new(Kind::BadData, what))
}
