//! The overview: every machine at a glance.

use std::sync::Arc;

use foretell_console::BackendError;
use foretell_console::view::Fleet;
use foretell_model::{Clock, MachineId, Timestamp};
use foretell_outreach::ServiceCase;

use super::ServiceBackend;
use super::desk::CLOSED_MAX;
use super::errors::of_outreach;
use crate::service::profiles::Registered;

impl ServiceBackend {
    pub(super) fn fleet_view(&self) -> Result<Fleet, BackendError> {
        let now = self.clocks.now();
        let desk = self.outreach.desk().map_err(of_outreach)?;
        let mut machines = self.lookout.look(&self.room, (&desk, &self.catalogue), now);
        let open = self.outreach.service_cases().map_err(of_outreach)?;
        let closed = self.outreach.closed_service_cases(CLOSED_MAX).map_err(of_outreach)?;
        // As in the queue: nobody is there yet, or the customer waits for an answer.
        let waits = |case: &&ServiceCase| (case.closed.is_none() && case.on_site.is_none()) || !case.heard.is_empty();
        let broken = open.iter().chain(&closed).filter(waits).count();
        for case in open {
            let found = machines.binary_search_by(|known| known.id.as_str().cmp(&case.machine));
            if let Ok(place) = found {
                let known = Arc::make_mut(&mut machines[place]);
                known.broken_since = known.broken_since.into_iter().chain([case.opened]).min();
            }
        }
        let untold = self.outreach.untold().map_err(of_outreach)?.len()
            + self.outreach.notes_to_write().map_err(of_outreach)?.len();
        let replies = self.outreach.loose_replies().map_err(of_outreach)?.len();
        Ok(Fleet { now, machines, queue_len: desk.queue_len(now) + broken + untold + replies })
    }

    /// The service case that is open on a machine, and since when.
    pub(super) fn open_case_of(&self, id: &MachineId) -> Result<Option<(i64, Timestamp)>, BackendError> {
        let cases = self.outreach.service_cases_of(id).map_err(of_outreach)?;
        Ok(cases.into_iter().find(|case| case.closed.is_none()).map(|case| (case.id, case.opened)))
    }

    /// Looks at everything that pages keep a view of, so that whoever opens one after a quiet hour need not wait for it; what was
    /// registered meanwhile, by whatever process, reaches the engine.
    pub(in crate::service) fn keep_views(&self) {
        let kept = self.outreach.keep_queue(self.clocks.now()).map_err(of_outreach);
        let kept = kept.and_then(|()| self.fleet_view()).and_then(|_| self.outreach.desk().map_err(of_outreach));
        if let Ok(desk) = &kept
            && self.room.register(Registered::of(desk)).is_none()
        {
            tracing::warn!("The engine could not go on with what is registered of machines; a restart takes it up.");
        }
        if let Err(error) = kept {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "The views of the fleet and the queue could not be kept up to date."
            );
        }
    }
}
