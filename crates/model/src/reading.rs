//! One sample of one machine.

use crate::{MachineId, Signals, Timestamp};

/// What the controller says it is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RunState {
    /// Motor at rest.
    Stopped,
    /// Motor running up.
    Starting,
    /// Motor turning, inlet closed.
    Unloaded,
    /// Delivering air.
    Loaded,
}

impl RunState {
    /// Every state, in the order of its discriminant.
    pub const ALL: [Self; 4] = [Self::Stopped, Self::Starting, Self::Unloaded, Self::Loaded];

    /// Its name in payloads and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Unloaded => "unloaded",
            Self::Loaded => "loaded",
        }
    }

    /// The state of a name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// How far a reading may be trusted, in Sparkplug B's terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Quality {
    /// Measured as it should be (Sparkplug 192).
    #[default]
    Good,
    /// The source says not to use it (Sparkplug 0).
    Bad,
    /// Last known value of a source that has gone (Sparkplug 500).
    Stale,
    /// The source gave no time stamp; `ts` is the time of arrival.
    UntimedAtSource,
}

impl Quality {
    /// Every quality, in the order of its discriminant.
    pub const ALL: [Self; 4] = [Self::Good, Self::Bad, Self::Stale, Self::UntimedAtSource];
}

/// One sample of one machine, admitted and ready to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Whose it is.
    pub machine: MachineId,
    /// When it was measured; everything derived uses this one.
    pub ts: Timestamp,
    /// When it reached us; for lag and clock skew only.
    pub arrived: Timestamp,
    /// What was measured.
    pub signals: Signals,
    /// What the controller says it was doing, if it says so.
    pub state: Option<RunState>,
    /// How far to trust it.
    pub quality: Quality,
}
