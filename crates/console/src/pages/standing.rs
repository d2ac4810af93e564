//! Where a machine stands: the one word that a machine is sorted, coloured and counted by.

use foretell_model::Grade;

use crate::view::{Health, MachineSummary};

/// Standings, the most pressing first; the order is the order of the overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Standing {
    Urgent,
    Advise,
    Watch,
    Booked,
    Offline,
    Hidden,
    Learning,
    Good,
}

impl Standing {
    pub(crate) const ALL: [Self; 8] = [
        Self::Urgent,
        Self::Advise,
        Self::Watch,
        Self::Booked,
        Self::Offline,
        Self::Hidden,
        Self::Learning,
        Self::Good,
    ];

    /// Of a machine: what is open comes first, then what keeps us from seeing, then health.
    pub(crate) fn of(machine: &MachineSummary) -> Self {
        // Nothing presses more than a machine that stands still and whose owner waits for us.
        if machine.broken_since.is_some() {
            return Self::Urgent;
        }
        match (&machine.advisory, machine.offline.is_none(), machine.health) {
            (Some(advisory), ..) if advisory.booked => Self::Booked,
            (Some(advisory), ..) => Self::of_grade(advisory.grade),
            (None, false, _) => Self::Offline,
            (None, true, Health::Hidden(_)) => Self::Hidden,
            (None, true, Health::Learning { .. }) => Self::Learning,
            (None, true, Health::Known { .. }) => Self::Good,
        }
    }

    pub(crate) const fn of_grade(grade: Grade) -> Self {
        match grade {
            Grade::Watch => Self::Watch,
            Grade::Advise => Self::Advise,
            Grade::Urgent => Self::Urgent,
        }
    }

    /// The end of its CSS class, and its name in links and in the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Advise => "advise",
            Self::Watch => "watch",
            Self::Booked => "booked",
            Self::Offline => "offline",
            Self::Hidden => "hidden",
            Self::Learning => "learning",
            Self::Good => "good",
        }
    }
}
