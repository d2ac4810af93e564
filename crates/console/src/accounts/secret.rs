//! Random secrets, and the hashes by which they are known again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{AccountsError, Result};

/// 256 bits: nothing to guess, so a plain SHA-256 keeps them.
const BYTES: usize = 32;

/// A new secret in URL-safe base64, 43 characters.
pub(crate) fn new() -> Result<String> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| AccountsError::Secret(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The hash of a secret used for `purpose`: a secret of one kind is none of another.
pub(crate) fn digest(purpose: &str, secret: &str) -> [u8; 32] {
    Sha256::new().chain_update(purpose.as_bytes()).chain_update([0]).chain_update(secret.as_bytes()).finalize().into()
}
