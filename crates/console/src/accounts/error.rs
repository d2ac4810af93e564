//! What can go wrong with accounts. The refusals are told to people, so each is a case of its own and has its words in both
//! languages in `text::access`.

use foretell_model::Timestamp;

/// Why something about accounts was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// Name and password do not belong together, whichever of them is wrong.
    #[error("name and password do not belong together")]
    Wrong,
    /// Too many attempts.
    #[error("too many attempts; wait {seconds} seconds")]
    Wait {
        /// Until the next attempt is looked at.
        seconds: u64,
    },
    /// A one-time link that was used, replaced, has expired or was never given out.
    #[error("this one-time link has been used or has expired")]
    LinkSpent,
    /// The password is too short or too long.
    #[error("a password needs 10 to 200 characters")]
    PasswordLength,
    /// The two passwords differ.
    #[error("the two passwords differ")]
    PasswordsDiffer,
    /// No usable login name.
    #[error("a login name has 1 to 64 letters, digits or `.`, `_`, `-`, `@`")]
    Login,
    /// No usable name of a person or token.
    #[error("a name has 1 to 64 characters")]
    Name,
    /// No usable e-mail address.
    #[error("this is not an e-mail address of the form name@example.com")]
    Email,
    /// The login name is taken.
    #[error("this login name is taken")]
    Taken,
    /// Nobody is called so.
    #[error("nobody has this login name")]
    Unknown,
    /// No usable number of days.
    #[error("a token is good for 1 to 3650 days, or until it is revoked")]
    TokenDays,
    /// A token whose time is up.
    #[error("the API token `{name}` was good until {at}; an administrator makes a new one on the page of users")]
    TokenExpired {
        /// What it was for.
        name: String,
        /// When it stopped being good.
        at: Timestamp,
    },
    /// Nobody could administer any more.
    #[error("this is the last administrator who can sign in")]
    LastAdmin,
    /// The file is of a newer version.
    #[error("could not open {0}: a newer version of foretell wrote it; start that version")]
    Newer(String),
    /// The file cannot be had.
    #[error("could not open the accounts {path}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Its bytes are not what was written.
    #[error(
        "{path} is damaged. Restore it from a backup, or move it away and make the accounts anew with `foretell users add`"
    )]
    Damaged {
        /// Which file.
        path: String,
        /// SQLite's own words.
        source: rusqlite::Error,
    },
    /// SQLite refused.
    #[error("could not read or write the accounts")]
    Store(#[from] rusqlite::Error),
    /// No randomness or no memory for a hash.
    #[error("could not make a secret: {0}")]
    Secret(String),
}

impl AccountsError {
    /// Whether a person can do something about it; else it is a fault of ours and belongs in the log.
    pub(crate) const fn is_refusal(&self) -> bool {
        !matches!(self, Self::Newer(_) | Self::File { .. } | Self::Damaged { .. } | Self::Store(_) | Self::Secret(_))
    }
}
