//! The overview: every machine at a glance.

use foretell_console::BackendError;
use foretell_console::view::Fleet;
use foretell_model::Clock;

use super::ServiceBackend;
use super::errors::of_outreach;

impl ServiceBackend {
    pub(super) fn fleet_view(&self) -> Result<Fleet, BackendError> {
        let now = self.clocks.now();
        let queue_len = self.outreach.queue_len(now).map_err(of_outreach)?;
        let desk = self.outreach.desk().map_err(of_outreach)?;
        Ok(Fleet { now, machines: self.lookout.look(&self.room, &desk, now), queue_len })
    }

    /// Looks at everything that pages keep a view of, so that whoever opens one after a quiet hour need not wait for it.
    pub(in crate::service) fn keep_views(&self) {
        if let Err(error) = self.fleet_view() {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "The view of the fleet could not be kept up to date."
            );
        }
    }
}
