//! A log that is another one than before, because it was put in the place of one that is lost, or that ends earlier, because it was
//! put back from a backup: places that were reached on the one mean something else on the other. Whoever goes on from a place is
//! told here, before anything is read: the engine, the outreach, the way to InfluxDB. The hourly curves look for themselves.

use std::error::Error;
use std::path::Path;

use foretell_history::{Snapshots, SqliteLog, follow, followed};
use foretell_model::{Log as _, Offset, Partition};
use foretell_outreach::Outreach;

use super::influx::Influx;
use super::runner::SNAPSHOT;

/// Everything that remembers places.
pub(super) struct Followers<'a> {
    pub(super) data_dir: &'a Path,
    pub(super) snapshots: &'a Snapshots,
    pub(super) outreach: &'a Outreach,
    pub(super) influx: Option<&'a Influx>,
}

impl Followers<'_> {
    /// Takes up which log is followed from now on. Where it is another one, everybody begins anew: the engine replays what there is,
    /// and nothing of that is told to outreach, which was told of its own log. Of one that was cut, outreach takes what came after
    /// the cut as new.
    pub(super) fn take_up(&self, log: &SqliteLog) {
        let (Some(birth), known) = (log.birth(), followed(self.data_dir)) else { return };
        if known == Some(birth) {
            return;
        }
        let taken = match known {
            Some(_) => self.begin_anew(log),
            None => Ok(()),
        };
        if let Err(error) = taken.and_then(|()| Ok(follow(self.data_dir, birth)?)) {
            tracing::error!(
                error = &*error,
                "It could not be noted which log is followed; the next start tries again."
            );
        }
    }

    fn begin_anew(&self, log: &SqliteLog) -> Result<(), Box<dyn Error>> {
        let (head, cut) = (log.head(Partition(0))?, log.cut_at()?);
        tracing::warn!(
            entries = head.0,
            "The log is another one than before. The engine learns anew from the archive and from this log; what was told and sent before \
             stays as it is, and is not told again."
        );
        self.snapshots.remove(SNAPSHOT)?;
        match cut {
            Some(cut) => drop(self.outreach.rewind(cut)?),
            None => self.outreach.follow_another_log(head)?,
        }
        if let Some(influx) = self.influx {
            influx.start_over()?;
        }
        Ok(())
    }

    /// Whether the log was cut behind our back. Going on from the snapshot would leave the engine deaf until the log has grown past
    /// it, so the log decides: it is replayed, and outreach takes what comes after its end as new. A log that is opened to append
    /// finds out for itself; this is for a process that only reads and was there before.
    pub(super) fn log_ends_before(&self, log: &SqliteLog, snapshot: Offset) -> bool {
        let Ok(head) = log.head(Partition(0)) else { return false };
        if head >= snapshot {
            return false;
        }
        tracing::warn!(
            snapshot = snapshot.0,
            head = head.0,
            "The log ends before the engine's snapshot: it was replaced or cut. The engine replays what there is; restore the \
             log from a backup if it should hold more."
        );
        if let Err(error) = self.outreach.rewind(head) {
            tracing::error!(error = &error as &dyn Error, "Outreach could not be told that the log was cut.");
        }
        true
    }
}
