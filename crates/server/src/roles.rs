//! What one process does. All four on a laptop; apart when a fleet outgrows one process.

/// A part of the work that a process may take on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Takes readings in and keeps them.
    Ingest,
    /// Turns the log into findings.
    Engine,
    /// Sends messages, holds and reminds.
    Outreach,
    /// Serves the pages and the API.
    Console,
}

/// The roles of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// See [`Role::Ingest`].
    pub ingest: bool,
    /// See [`Role::Engine`].
    pub engine: bool,
    /// See [`Role::Outreach`].
    pub outreach: bool,
    /// See [`Role::Console`].
    pub console: bool,
}

impl Roles {
    /// None: a process that only looks.
    pub const NONE: Self = Self { ingest: false, engine: false, outreach: false, console: false };

    /// Everything in one process.
    pub const ALL: Self = Self { ingest: true, engine: true, outreach: true, console: true };

    /// The roles named, or all when none is.
    #[must_use]
    pub fn of(named: &[Role]) -> Self {
        if named.is_empty() {
            return Self::ALL;
        }
        let has = |role| named.contains(&role);
        Self {
            ingest: has(Role::Ingest),
            engine: has(Role::Engine),
            outreach: has(Role::Outreach),
            console: has(Role::Console),
        }
    }
}
