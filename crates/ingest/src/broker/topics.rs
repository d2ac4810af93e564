//! What a session is subscribed to, and what it should be: the decoder's rules may be replaced while it stands.

use tokio::sync::watch;

use super::filters::Filters;
use crate::decode::Decoder;

/// The filters of one session.
pub(super) struct Topics {
    decoder: Decoder,
    /// The group that shares the work.
    share: Option<String>,
    worker: usize,
    changed: watch::Receiver<()>,
    /// What the broker was asked for last.
    filters: Filters,
}

/// What to ask a broker for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// Filters that are new.
    pub(super) subscribe: Vec<String>,
    /// Filters that are wanted no longer.
    pub(super) unsubscribe: Vec<String>,
}

impl Topics {
    pub(super) fn new(decoder: Decoder, share: Option<String>, worker: usize, changed: watch::Receiver<()>) -> Self {
        let filters = Filters::of(decoder.filters(), share.as_deref(), worker);
        Self { decoder, share, worker, changed, filters }
    }

    /// Everything, for a session that begins or is older than this process.
    pub(super) fn all(&mut self) -> &Filters {
        self.changed.mark_unchanged();
        self.filters = self.now();
        &self.filters
    }

    /// How many filters the broker was asked for in all.
    pub(super) const fn count(&self) -> usize {
        self.filters.wanted.len()
    }

    /// Waits until the decoder understands other topics. Cancelling it loses nothing.
    pub(super) async fn changed(&mut self) {
        if self.changed.changed().await.is_err() {
            // Nobody is left who could change anything.
            std::future::pending::<()>().await;
        }
    }

    /// What has to be asked for so that the session fits the decoder again.
    pub(super) fn change(&mut self) -> Change {
        let now = self.now();
        let old = std::mem::replace(&mut self.filters, now).wanted;
        let new = &self.filters.wanted;
        let missing = |from: &[String], of: &[String]| of.iter().filter(|f| !from.contains(f)).cloned().collect();
        Change { subscribe: missing(&old, new), unsubscribe: missing(new, &old) }
    }

    fn now(&self) -> Filters {
        Filters::of(self.decoder.filters(), self.share.as_deref(), self.worker)
    }
}
