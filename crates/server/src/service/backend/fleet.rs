//! The overview: every machine at a glance.

use std::sync::Arc;

use foretell_console::BackendError;
use foretell_console::view::Fleet;
use foretell_model::{Clock, MachineId, Timestamp};

use super::ServiceBackend;
use super::errors::of_outreach;
use crate::service::profiles::Registered;

impl ServiceBackend {
    pub(super) fn fleet_view(&self) -> Result<Fleet, BackendError> {
        let now = self.clocks.now();
        let desk = self.outreach.desk().map_err(of_outreach)?;
        let mut machines = self.lookout.look(&self.room, (&desk, &self.catalogue), now);
        for case in self.outreach.service_cases().map_err(of_outreach)? {
            let found = machines.binary_search_by(|known| known.id.as_str().cmp(&case.machine));
            if let Ok(place) = found {
                let known = Arc::make_mut(&mut machines[place]);
                known.broken_since = known.broken_since.into_iter().chain([case.opened]).min();
            }
        }
        let untold = self.outreach.untold().map_err(of_outreach)?.len()
            + self.outreach.notes_to_write().map_err(of_outreach)?.len();
        let replies = self.outreach.loose_replies().map_err(of_outreach)?.len();
        Ok(Fleet { now, machines, queue_len: desk.queue_len(now) + untold + replies })
    }

    /// When a machine was reported broken, while that case is open.
    pub(super) fn broken_since(&self, id: &MachineId) -> Result<Option<Timestamp>, BackendError> {
        let cases = self.outreach.service_cases_of(id).map_err(of_outreach)?;
        Ok(cases.into_iter().find(|case| case.closed.is_none()).map(|case| case.opened))
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
