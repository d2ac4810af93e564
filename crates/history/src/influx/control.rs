//! Other settings for a writer that runs.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::settings::InfluxSettings;

/// Hands other settings to a running writer, which goes on from where it is: what one server has, the next is not sent again.
#[derive(Clone, Debug, Default)]
pub struct InfluxControl(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    next: Mutex<Option<InfluxSettings>>,
    came: Notify,
}

impl InfluxControl {
    /// Goes on with these from the next request on; a pause that the old server had asked for ends at once.
    pub fn replace(&self, settings: InfluxSettings) {
        *self.0.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(settings);
        self.0.came.notify_one();
    }

    /// Settings that came since this was last asked.
    pub(super) fn take(&self) -> Option<InfluxSettings> {
        self.0.next.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits for other settings.
    pub(super) async fn came(&self) {
        self.0.came.notified().await;
    }
}
