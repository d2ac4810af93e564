//! The retained last values that the listener serves, and their subscribers.

/// What the listener serves to subscribers.
#[derive(Debug, Default)]
pub(crate) struct Retained {}

impl Retained {
    pub(crate) fn set(&self, _topic: &str, _payload: &[u8]) {}
}
