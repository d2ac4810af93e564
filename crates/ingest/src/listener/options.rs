//! How the listener listens.

/// How the listener listens.
#[derive(Clone, Debug, Default)]
pub struct ListenerOptions {}
