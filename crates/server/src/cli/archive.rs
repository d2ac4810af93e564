//! The command line of `foretell archive`.

use clap::Subcommand;
use foretell_model::{DAY_MS, Timestamp};

/// What to do about archived days.
#[derive(Debug, Subcommand)]
pub enum ArchiveCommand {
    /// Read every file through, and name each that is damaged or missing, with what to do. Also where nothing can be written.
    ///
    /// Exit codes: 0 nothing is lost: all days are there and whole, or the log still has those whose files are damaged, and the
    /// service writes them anew; 65 some are damaged or missing and have left the log.
    Check,
    /// Go on without an archived day whose file is lost for good; a damaged one is put aside. The decision is kept on the log, with its reason. Works beside
    /// a running service, which takes it up within `[data] archive_every`.
    AcceptLoss {
        /// The day (UTC), as its file is named.
        #[arg(value_name = "YYYY-MM-DD", value_parser = day)]
        day: Timestamp,
        /// Why, for whoever asks later.
        #[arg(long, value_name = "REASON")]
        why: String,
        /// Who decides it, for the record.
        #[arg(long, value_name = "NAME", default_value = "command line")]
        by: String,
    },
}

fn day(text: &str) -> Result<Timestamp, String> {
    let first = Timestamp::parse(&format!("{text}T00:00:00Z")).ok();
    first
        .filter(|first| first.millis() % DAY_MS == 0)
        .ok_or_else(|| format!("`{text}` is not a day such as 2026-07-01"))
}
