//! The four roles. What each may do stands in `rights`, and only there.

/// A role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Visits machines.
    Technician,
    /// Speaks with customers.
    Advisor,
    /// Keeps the service running.
    Ops,
    /// Decides who may do what.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Technician, Self::Advisor, Self::Ops, Self::Admin];

    /// Its word in files, forms and commands.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Technician => "technician",
            Self::Advisor => "advisor",
            Self::Ops => "ops",
            Self::Admin => "admin",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    /// Of the file; a word that nobody knows gets the least rights.
    pub(super) fn stored(code: &str) -> Self {
        Self::from_code(code).unwrap_or(Self::Technician)
    }
}
