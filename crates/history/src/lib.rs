//! What has been: the durable reading log, the roll-ups pages draw, engine snapshots, and history as files.
//!
//! The only crate that names polars and, beside outreach, SQLite.

mod atomic_file;
mod backup;
mod codec;
mod database;
mod door;
mod error;
mod files;
mod influx;
mod lock;
mod machines;
mod quarantine;
mod renewal;
mod rollup;
mod room;
mod snapshots;
mod sqlite_log;
mod standing;
mod summary;

pub use atomic_file::AtomicFile;
pub use backup::{BackedUp, back_up, failed_backup, note_backup, restored, settle_restored};
pub use error::OpenError;
pub use files::{
    Archive, ArchivedDay, ColumnMap, Exported, FileError, Gone, History, Imported, Inspection, Keeping, Kept, MapError,
    Progress, ReadOptions, ReadReport, ReadingFiles, RefusedRow, RelationMap, Reorder, Reordered, Selection,
    SiteHistory, Step, Steps, WatchedRow, WatchedRows, Watching, When, expects_panic, export, import, line_protocol,
    rescue,
};
pub use influx::{
    InfluxControl, InfluxSettings, InfluxState, InfluxStatus, InfluxStore, InfluxWatch, InfluxWriter, Line, MachineDay,
    Outlook, check_url, forecast_line, no_longer_written,
};
pub use lock::{DirLock, make_dir};
pub use quarantine::{QuarantineBounds, QuarantineCount, QuarantineFilter, ReplayClaim, Replayed, SqliteQuarantine};
pub use renewal::lying_aside;
pub use rollup::RollUps;
pub use room::DiskRoom;
pub use snapshots::{SnapshotError, Snapshots};
pub use sqlite_log::{AcceptedLoss, LoggedDay, SqliteLog, Stretch, Wreck, follow, followed};
pub use summary::{Band, Summary};
