//! Passwords: as they are, or as argon2id hashes; and the bounds of checking hashes, which is slow and large on purpose.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordVerifier, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Hashes that are checked at a time; more would take the cores from ingest.
const AT_A_TIME: usize = 1;
/// Logins that may wait for that; further ones are told to come back.
const WAITING_MAX: usize = 256;
/// Largest memory that a hash may ask for, KiB: what one check costs us while it runs.
const MEMORY_KIB_MAX: u32 = 256 << 10;
/// Most passes over that memory.
const PASSES_MAX: u32 = 64;

/// A login's password.
#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    /// As it is.
    Plain(String),
    /// Its argon2id hash.
    Hash(Argon2Hash),
}

impl fmt::Debug for Password {
    /// Says which form it has and nothing else.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Password::Plain(…)",
            Self::Hash(_) => "Password::Hash(…)",
        })
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

/// An argon2id hash in PHC string form (`$argon2id$v=19$m=…,t=…,p=…$salt$hash`), as `foretell hash-password` makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argon2Hash(String);

/// Why a text is no usable hash. The text is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; `foretell hash-password` makes a hash of the right form")]
pub struct Argon2HashError(&'static str);

/// No hash could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not hash the password: {0}")]
pub struct HashingError(String);

impl Argon2Hash {
    /// Reads and checks a PHC string.
    ///
    /// # Errors
    /// When it is not one, not argon2id, or asks for more than 256 MiB or 64 passes.
    pub fn parse(text: &str) -> Result<Self, Argon2HashError> {
        let hash = PasswordHash::new(text).map_err(|_| Argon2HashError("this is no password hash in PHC form"))?;
        if hash.algorithm != argon2::ARGON2ID_IDENT {
            return Err(Argon2HashError("the hash is not argon2id"));
        }
        let params = Params::try_from(&hash).map_err(|_| Argon2HashError("the hash's parameters are not valid"))?;
        if params.m_cost() > MEMORY_KIB_MAX || params.t_cost() > PASSES_MAX {
            return Err(Argon2HashError("the hash asks for more than 256 MiB or 64 passes"));
        }
        if hash.hash.is_none() || hash.salt.is_none() {
            return Err(Argon2HashError("the hash is incomplete"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Hashes a password with the parameters that OWASP recommends (19 MiB, 2 passes) and a fresh salt. Slow on purpose.
    ///
    /// # Errors
    /// When the operating system gives no random salt, or the memory is not to be had.
    pub fn of(password: &[u8]) -> Result<Self, HashingError> {
        let salt = SaltString::generate(&mut OsRng);
        let hash = Argon2::default().hash_password(password, &salt).map_err(|error| HashingError(error.to_string()))?;
        Ok(Self(hash.to_string()))
    }

    /// The PHC string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the hash of this password. Slow on purpose.
    fn matches(&self, password: &[u8]) -> bool {
        PasswordHash::new(&self.0).is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
    }
}

/// What checking came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// It is the password.
    Right,
    /// It is not.
    Wrong,
    /// Too many are being checked already.
    Busy,
}

/// One's turn to have a hash checked.
pub(super) type Turn = OwnedSemaphorePermit;

/// A password that logins are checked against.
pub(super) struct Guard {
    password: Password,
    /// Of a hashed password, once it was given rightly: a fast digest under a key of this process, so that a fleet that comes
    /// back after a restart of its network is let in at once. With it in place a wrong password is known at once, too.
    known: Mutex<Option<Digest>>,
}

type Digest = [u8; 32];

impl Guard {
    pub(super) const fn new(password: Password) -> Self {
        Self { password, known: Mutex::new(None) }
    }

    pub(super) const fn password(&self) -> &Password {
        &self.password
    }

    fn known(&self) -> Option<Digest> {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See the module's text.
pub(super) struct Checks {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    key: [u8; 16],
}

impl Checks {
    pub(super) fn new() -> Self {
        let mut key = [0; 16];
        // Without randomness the digests are merely unsalted; they never leave this process's memory.
        let _random = argon2::password_hash::rand_core::RngCore::try_fill_bytes(&mut OsRng, &mut key).is_ok();
        Self { permits: Arc::new(Semaphore::new(AT_A_TIME)), waiting: AtomicUsize::new(0), key }
    }

    /// Checks a password without keeping a worker of the runtime busy. `still_allowed` is asked again after a wait, and the turn
    /// is to be held until the result has been taken into account: who guesses many times at once must not get more guesses
    /// than who guesses one by one.
    pub(super) async fn check(
        &self,
        guard: &Guard,
        given: &[u8],
        still_allowed: impl Fn() -> bool,
    ) -> (Checked, Option<Turn>) {
        let hash = match &guard.password {
            Password::Plain(expected) => return (verdict(same_bytes(expected.as_bytes(), given)), None),
            Password::Hash(hash) => hash.clone(),
        };
        let digest = self.digest(given);
        let at_once = || guard.known().zip(digest).map(|(known, digest)| verdict(same_bytes(&known, &digest)));
        if let Some(verdict) = at_once() {
            return (verdict, None);
        }
        let Some(_waiting) = Waiting::enter(&self.waiting) else { return (Checked::Busy, None) };
        let Ok(turn) = Arc::clone(&self.permits).acquire_owned().await else { return (Checked::Busy, None) };
        if !still_allowed() {
            return (Checked::Busy, None);
        }
        // Somebody may have proved the same password meanwhile.
        if let Some(verdict) = at_once() {
            return (verdict, Some(turn));
        }
        let given = given.to_vec();
        // The turn goes along: should nobody wait for the result any more, the check still counts as one.
        let checking = tokio::task::spawn_blocking(move || (hash.matches(&given), turn));
        let Ok((right, turn)) = checking.await else { return (Checked::Wrong, None) };
        if right {
            *guard.known.lock().unwrap_or_else(PoisonError::into_inner) = digest;
        }
        (verdict(right), Some(turn))
    }

    /// Fast, and only ever compared with another one of this process. None when a password is longer than can be hashed.
    fn digest(&self, password: &[u8]) -> Option<Digest> {
        let mut digest = [0; 32];
        let params = Params::new(Params::MIN_M_COST, 1, 1, Some(digest.len())).ok()?;
        let fast = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        fast.hash_password_into(password, &self.key, &mut digest).ok()?;
        Some(digest)
    }
}

/// One login that waits for its check.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize) -> Option<Self> {
        let entered = Self(count);
        (count.fetch_add(1, Ordering::Relaxed) < WAITING_MAX).then_some(entered)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

const fn verdict(right: bool) -> Checked {
    if right { Checked::Right } else { Checked::Wrong }
}

/// Compares in a time that depends on the lengths only.
pub(super) fn same_bytes(expected: &[u8], given: &[u8]) -> bool {
    let longest = expected.len().max(given.len());
    let byte = |bytes: &[u8], i: usize| bytes.get(i).copied().unwrap_or_default();
    let differing = (0..longest).fold(0_u8, |sum, i| sum | (byte(expected, i) ^ byte(given, i)));
    std::hint::black_box(differing) == 0 && expected.len() == given.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest there is, so that tests do not wait.
    const SMALL: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$";

    fn small(password: &str) -> Argon2Hash {
        let params = Params::new(8, 1, 1, None).unwrap();
        let salt = SaltString::encode_b64(b"somesalt").unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Argon2Hash::parse(&argon2.hash_password(password.as_bytes(), &salt).unwrap().to_string()).unwrap()
    }

    #[test]
    fn a_hash_is_checked_before_it_is_used() {
        for (text, expected) in [
            ("secret", "this is no password hash in PHC form"),
            ("$2b$12$abcdefghijklmnopqrstuv", "this is no password hash in PHC form"),
            ("$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$QUFBQUFBQUFBQUFBQUFBQQ", "the hash is not argon2id"),
            ("$argon2id$v=19$m=1048576,t=1,p=1$c29tZXNhbHQ$QUFBQUFBQUFBQUFBQUFBQQ", "the hash asks for more than"),
            (SMALL.trim_end_matches('$'), "the hash is incomplete"),
        ] {
            let said = Argon2Hash::parse(text).map_or_else(|error| error.to_string(), |_| "sound".into());
            assert!(said.starts_with(expected), "{text}: {said}");
        }
        assert!(small("x").as_str().starts_with(SMALL));
    }

    #[test]
    fn what_it_makes_it_accepts_and_no_two_are_alike() {
        let (a, b) = (Argon2Hash::of(b"secret").unwrap(), Argon2Hash::of(b"secret").unwrap());
        assert!(a != b && Argon2Hash::parse(a.as_str()) == Ok(a.clone()));
        assert!(a.matches(b"secret") && !a.matches(b"Secret"));
    }

    #[tokio::test]
    async fn a_right_password_is_remembered_and_a_wrong_one_stays_wrong() {
        let checks = Checks::new();
        let guard = Guard::new(Password::Hash(small("secret")));
        let check = async |given: &str| checks.check(&guard, given.as_bytes(), || true).await.0;
        assert_eq!(check("wrong").await, Checked::Wrong);
        assert!(guard.known().is_none());
        assert_eq!(check("secret").await, Checked::Right);
        assert!(guard.known().is_some());
        assert_eq!((check("wrong").await, check("secret").await), (Checked::Wrong, Checked::Right));
        assert_eq!(checks.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn who_waited_too_long_is_asked_again_and_too_many_are_sent_away() {
        let checks = Checks::new();
        let guard = Guard::new(Password::Hash(small("secret")));
        assert_eq!(checks.check(&guard, b"secret", || false).await.0, Checked::Busy);
        checks.waiting.store(WAITING_MAX, Ordering::Relaxed);
        assert_eq!(checks.check(&guard, b"secret", || true).await.0, Checked::Busy);
        assert_eq!(checks.waiting.load(Ordering::Relaxed), WAITING_MAX);
    }
}
