//! Signed, expiring links to the customer's page: no login, nothing to guess.
//!
//! A token is the message's number and the link's end, followed by half of their HMAC-SHA256, in URL-safe base64.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use foretell_model::Timestamp;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::error::{OutreachError, Result};

const PAYLOAD_BYTES: usize = 16;
/// 128 bits: beyond guessing, and the link stays short enough to type.
const SIGNATURE_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;

/// Signs and checks tokens.
#[derive(Clone)]
pub(crate) struct Signer {
    secret: [u8; SECRET_BYTES],
}

impl Signer {
    /// Reads the secret, or makes one at the first start. Losing the file voids all links, nothing else.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = |attempted: &str, source| OutreachError::File {
            attempted: format!("{attempted} the link secret {}", path.display()),
            source,
        };
        match fs::read(path) {
            Ok(bytes) => match <[u8; SECRET_BYTES]>::try_from(bytes.as_slice()) {
                Ok(secret) => Ok(Self { secret }),
                Err(_) => Err(OutreachError::unfit(
                    format!("use the link secret {}", path.display()),
                    "it must hold 32 bytes; delete it to make a new one (links already sent then stop working)",
                )),
            },
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let mut secret = [0; SECRET_BYTES];
                getrandom::fill(&mut secret).map_err(|e| file("make", std::io::Error::other(e.to_string())))?;
                write_private(path, &secret).map_err(|e| file("write", e))?;
                Ok(Self { secret })
            }
            Err(e) => Err(file("read", e)),
        }
    }

    /// The token of a message's link.
    pub(crate) fn token(&self, message: i64, expires: Timestamp) -> String {
        let mut bytes = Vec::with_capacity(PAYLOAD_BYTES + SIGNATURE_BYTES);
        bytes.extend(message.to_be_bytes());
        bytes.extend(expires.millis().to_be_bytes());
        let signature = self.mac(&bytes).finalize().into_bytes();
        bytes.extend(&signature[..SIGNATURE_BYTES]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The message a token was made for, and until when.
    pub(crate) fn open_token(&self, token: &str) -> Result<(i64, Timestamp)> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| OutreachError::Link("it is not one of ours"))?;
        let split = bytes.split_at_checked(PAYLOAD_BYTES).filter(|(_, signature)| signature.len() == SIGNATURE_BYTES);
        let (payload, signature) = split.ok_or(OutreachError::Link("it is not one of ours"))?;
        let genuine = self.mac(payload).verify_truncated_left(signature).is_ok();
        if !genuine {
            return Err(OutreachError::Link("it is not one of ours"));
        }
        let (message, expires) = payload.split_at(8);
        Ok((number(message), Timestamp::from_millis(number(expires))))
    }

    fn mac(&self, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length");
        mac.update(b"foretell link v1");
        mac.update(payload);
        mac
    }
}

fn number(bytes: &[u8]) -> i64 {
    bytes.iter().fold(0_u64, |n, byte| n << 8 | u64::from(*byte)).cast_signed()
}

/// Writes aside, syncs and renames, readable by its owner alone.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let aside = path.with_extension("part");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> (tempfile::TempDir, Signer) {
        let dir = tempfile::tempdir().unwrap();
        let signer = Signer::open(&dir.path().join("link.secret")).unwrap();
        (dir, signer)
    }

    #[test]
    fn a_token_opens_its_message_and_says_until_when() {
        let (dir, signer) = signer();
        let token = signer.token(42, Timestamp::from_millis(1_000));
        assert_eq!(signer.open_token(&token).unwrap(), (42, Timestamp::from_millis(1_000)));
        let reopened = Signer::open(&dir.path().join("link.secret")).unwrap();
        assert_eq!(reopened.open_token(&token).unwrap().0, 42);
    }

    #[test]
    fn a_token_opens_nothing_but_its_own_message_in_its_own_house_and_a_lost_secret_voids_all() {
        let ((dir, signer), (_other_dir, other)) = (signer(), signer());
        let until = Timestamp::from_millis(1_000);
        let token = signer.token(42, until);
        assert!(other.open_token(&token).is_err(), "another installation's");
        // Neither another message nor a later end can be put before the same signature.
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for (message, end) in [(43, 1_000), (42, 2_000)] {
            let payload = URL_SAFE_NO_PAD.decode(signer.token(message, Timestamp::from_millis(end))).unwrap();
            let forged = [&payload[..PAYLOAD_BYTES], &bytes[PAYLOAD_BYTES..]].concat();
            assert!(signer.open_token(&URL_SAFE_NO_PAD.encode(forged)).is_err(), "{message} until {end}");
        }
        let path = dir.path().join("link.secret");
        fs::remove_file(&path).unwrap();
        assert!(Signer::open(&path).unwrap().open_token(&token).is_err());
    }

    #[test]
    fn no_changed_byte_is_accepted() {
        let (_dir, signer) = signer();
        let token = signer.token(42, Timestamp::from_millis(1_000));
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for at in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[at] ^= 1;
            assert!(signer.open_token(&URL_SAFE_NO_PAD.encode(forged)).is_err(), "byte {at}");
        }
        for text in ["", "x", "好", &token[..token.len() - 4], &format!("{token}AAAA")] {
            assert!(signer.open_token(text).is_err(), "{text}");
        }
    }
}
