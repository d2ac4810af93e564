//! Passwords as argon2id.
//!
//! Whoever asks for a name that does not exist gets the same work done as for one that does: a stand-in's hash is checked.

use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::SaltString;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};

use super::{AccountsError, Result};

/// Shortest password, characters.
pub(crate) const CHARS_MIN: usize = 10;
/// Longest password, characters.
pub(crate) const CHARS_MAX: usize = 200;

/// Makes and checks hashes. Parameters are the crate's defaults, OWASP's for argon2id: 19 MiB, two passes, one lane.
pub(super) struct Hashing {
    stand_in: String,
    /// Checks so far; a test compares the work for a known and an unknown name by it.
    checks: AtomicU64,
}

impl Hashing {
    pub(super) fn new() -> Result<Self> {
        Ok(Self { stand_in: hash(&super::secret::new()?)?, checks: AtomicU64::new(0) })
    }

    /// Whether `password` is the one of `hash`. Without a hash the same work is done, and the answer is no.
    pub(super) fn matches(&self, password: &str, hash: Option<&str>) -> bool {
        self.checks.fetch_add(1, Ordering::Relaxed);
        let text = hash.unwrap_or(&self.stand_in);
        let parsed = PasswordHash::new(text);
        let same = parsed.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        same && hash.is_some()
    }

    #[cfg(test)]
    pub(super) fn checks(&self) -> u64 {
        self.checks.load(Ordering::Relaxed)
    }
}

/// The hash of a new password.
pub(super) fn hash(password: &str) -> Result<String> {
    if !(CHARS_MIN..=CHARS_MAX).contains(&password.chars().count()) {
        return Err(AccountsError::PasswordLength);
    }
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|error| AccountsError::Secret(error.to_string()))?;
    let failed = |error: argon2::password_hash::Error| AccountsError::Secret(error.to_string());
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}
