//! `foretell hash-password`: a password in, its hash out.

use std::io::BufRead;

use foretell_ingest::listener::Argon2Hash;

use crate::failure::{Failure, Kind};
use crate::output::Output;

/// Longest password, bytes; more is a mistake in a pipeline.
const PASSWORD_BYTES_MAX: usize = 1024;

/// Hashes the first line of `input`. The password never stands on a command line, where everybody can read it.
pub(super) fn hash_password(mut input: impl BufRead, output: &mut Output) -> Result<(), Failure> {
    let mut line = Vec::new();
    let mut limited = std::io::Read::take(&mut input, PASSWORD_BYTES_MAX as u64 + 2);
    limited
        .read_until(b'\n', &mut line)
        .map_err(|error| Failure::because(Kind::NoInput, "could not read the password from standard input", error))?;
    let password = line.strip_suffix(b"\n").unwrap_or(&line);
    let password = password.strip_suffix(b"\r").unwrap_or(password);
    if password.is_empty() || password.len() > PASSWORD_BYTES_MAX {
        let what = "standard input must hold a password of 1 to 1024 bytes on its first line";
        return Err(Failure::new(Kind::BadData, what));
    }
    let hash = Argon2Hash::of(password)
        .map_err(|error| Failure::because(Kind::Unavailable, "no hash could be made", error))?;
    output.line(hash.as_str())
}
