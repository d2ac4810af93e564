//! Why a session ends.

use super::protocol::Broken;

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// The client said DISCONNECT.
    Asked {
        /// And wants its will said.
        with_will: bool,
    },
    /// The socket closed or failed.
    Gone,
    /// Nothing heard for one and a half times its keep-alive.
    Silent,
    /// It does not read our answers.
    NotReading,
    /// Too many large packets were on their way, and its own for longest.
    CrowdedOut,
    /// Another connection has its client id.
    TakenOver,
    /// Its user is gone, or has another password or other rights since the configuration was read again.
    LoginChanged,
    /// We stop.
    Stopping,
    /// The log failed; it will send again.
    CommitFailed,
    /// It broke the protocol.
    Broken(&'static str),
}

impl Left {
    /// Its code in metrics.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Gone => "gone",
            Self::Silent => "keep_alive",
            Self::NotReading => "not_reading",
            Self::CrowdedOut => "large_packets_max",
            Self::TakenOver => "taken_over",
            Self::LoginChanged => "login_changed",
            Self::Stopping => "stopping",
            Self::CommitFailed => "commit_failed",
            Self::Broken(reason) => reason,
        }
    }

    /// What to do about a client that was closed for what it did; none where it did nothing amiss, or where the log has said so.
    pub(super) fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Broken("packet_too_large") => None,
            Self::Broken("topic_invalid") => {
                Some("correct the topic on which it publishes: it is empty or holds + or #")
            }
            Self::Broken(_) => Some("it does not keep to MQTT; update its firmware or library"),
            Self::NotReading => Some("it does not read our answers; look at its link and its load"),
            Self::CrowdedOut => {
                Some("too many large packets were on their way, and its own for longest; let it send less at a time")
            }
            _ => None,
        }
    }

    /// A will says that the controller vanished. When we stop, or our log fails, it has not.
    pub(super) const fn wants_will(self) -> bool {
        !matches!(self, Self::Asked { with_will: false } | Self::Stopping | Self::CommitFailed)
    }
}

impl From<Broken> for Left {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken.reason)
    }
}
