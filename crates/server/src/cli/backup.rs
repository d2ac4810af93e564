//! The command line of `foretell backup`.

use std::path::PathBuf;

use clap::Args;

/// What stands below `foretell backup --help`.
const BACKUP_NOTE: &str = "\
Works beside a running service, and holds nobody up. The copy is a data directory: --data-dir looks into it, and putting it in the
place of a lost one restores it. Configuration and secrets that lie elsewhere (/etc/foretell) are not in it.
Exit codes: 0 done, 64 command line, 65 done, but files of the archive are damaged whose days the log no longer has, 66 no data
directory, 74 the disk refused, or the folder exists already.";

/// Options of `backup`.
#[derive(Debug, Args)]
#[command(after_help = BACKUP_NOTE)]
pub struct BackupArgs {
    /// Folder to make; it must not exist yet, and appears when the backup is whole.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// An earlier backup on the same disk: days of the archive that it holds too are linked to it instead of copied. Either may be
    /// deleted without harm to the other.
    #[arg(long, value_name = "DIR")]
    pub earlier: Option<PathBuf>,
}
