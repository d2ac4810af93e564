//! Signatures of what goes out over HTTP, and of what comes back: HMAC-SHA256 in the forms that receivers check.
//!
//! Our own form is the one to check at a receiver of one's own: `Foretell-Timestamp` holds seconds since 1970 UTC, and
//! `Foretell-Signature` holds `v1=` and the lower-case hex HMAC-SHA256, under the shared secret, of the timestamp, a full stop
//! and the body's bytes as they came. Whoever checks compares in constant time, refuses timestamps that are more than five
//! minutes off, and remembers `Idempotency-Key`. `tests/clients/receiver.py` does all three in fifty lines.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use foretell_model::{MINUTE_MS, Timestamp};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Header with the seconds since 1970 UTC at which a request was signed.
pub const TIMESTAMP_HEADER: &str = "Foretell-Timestamp";
/// Header with the signature of [`Sign::Foretell`].
pub const SIGNATURE_HEADER: &str = "Foretell-Signature";
/// Header by which a receiver tells a repetition.
pub const KEY_HEADER: &str = "Idempotency-Key";

/// How far the clocks of sender and receiver may be apart, milliseconds.
pub const CLOCKS_APART_MAX_MS: i64 = 5 * MINUTE_MS;

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Not at all: the address itself is the secret, as with WeCom's robots.
    None,
    /// In headers, over timestamp and body; see the module's text.
    Foretell,
    /// DingTalk's robots: `{{ timestamp }}` (milliseconds) and `{{ sign }}` belong into the address.
    Dingtalk,
    /// Feishu's robots: `{{ timestamp }}` (seconds) and `{{ sign }}` belong into the body.
    Feishu,
}

impl Sign {
    /// Every kind with its name in the configuration.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::None, "none"), (Self::Foretell, "foretell"), (Self::Dingtalk, "dingtalk"), (Self::Feishu, "feishu")];

    /// The timestamp as this kind counts it.
    pub(crate) fn timestamp(self, now: Timestamp) -> i64 {
        if self == Self::Dingtalk { now.millis() } else { now.millis().div_euclid(1_000) }
    }

    /// What templates put in place of `{{ sign }}`; `None` where the signature stands in a header or nowhere.
    pub(crate) fn in_template(self, secret: &str, timestamp: i64) -> Option<String> {
        let line = format!("{timestamp}\n{secret}");
        let bytes = match self {
            Self::None | Self::Foretell => return None,
            Self::Dingtalk => mac(secret.as_bytes(), &[line.as_bytes()]),
            // Here the line is the key, and nothing at all is signed.
            Self::Feishu => mac(line.as_bytes(), &[]),
        };
        Some(STANDARD.encode(bytes.finalize().into_bytes()))
    }
}

/// The value of [`SIGNATURE_HEADER`] for a body sent at `seconds` since 1970 UTC.
#[must_use]
pub fn signature(secret: &str, seconds: i64, body: &[u8]) -> String {
    let bytes = mac(secret.as_bytes(), &[seconds.to_string().as_bytes(), b".", body]).finalize().into_bytes();
    let mut text = String::from("v1=");
    for byte in bytes {
        // Writing to a string does not fail.
        let _written = write!(text, "{byte:02x}");
    }
    text
}

/// Whether a request is genuine and fresh: `timestamp` and `given` are its two headers as they came.
///
/// # Errors
/// What is wrong with it, for whoever sends.
pub fn verify(secret: &str, timestamp: &str, given: &str, body: &[u8], now: Timestamp) -> Result<(), &'static str> {
    let seconds: i64 = timestamp.trim().parse().map_err(|_| "its timestamp is not seconds since 1970")?;
    let hex = given.trim().strip_prefix("v1=").ok_or("its signature does not begin with `v1=`")?;
    let bytes = from_hex(hex).ok_or("its signature is not 64 hexadecimal digits")?;
    let expected = mac(secret.as_bytes(), &[timestamp.trim().as_bytes(), b".", body]);
    expected.verify_slice(&bytes).map_err(|_| "its signature is not ours")?;
    let apart_ms = seconds.saturating_mul(1_000).saturating_sub(now.millis());
    if apart_ms.checked_abs().is_none_or(|apart_ms| apart_ms > CLOCKS_APART_MAX_MS) {
        return Err("its timestamp is more than five minutes off");
    }
    Ok(())
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..32).map(|n| u8::from_str_radix(text.get(2 * n..2 * n + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "SEC1234567890";

    // The expected values were made with Python's hmac and base64 from the robots' own documentation.
    #[test]
    fn signatures_are_those_of_an_independent_implementation() {
        assert_eq!(
            Sign::Dingtalk.in_template(SECRET, 1_784_103_000_000).as_deref(),
            Some("efSPdZE9sNFPcJK4iMUV5ChD4YVMSSdu9PUqXqf6LIg=")
        );
        assert_eq!(
            Sign::Feishu.in_template(SECRET, 1_784_103_000).as_deref(),
            Some("VyRJ+BZTLccQhUbY9TCtxpeETecT39nqOVTMpEVQpOg=")
        );
        assert_eq!(
            signature("hush", 1_784_103_000, b"{\"a\":1}"),
            "v1=f9e7ae422d0ab7d9783639b0ca502ffd3a07778864a9c2cb49c4de168bd25716"
        );
    }

    #[test]
    fn only_what_is_genuine_and_fresh_is_believed() {
        let now = Timestamp::from_millis(1_784_103_000_000);
        let good = signature("hush", 1_784_103_000, b"body");
        #[track_caller]
        fn check(secret: &str, timestamp: &str, given: &str, body: &[u8], now: Timestamp, expected: &str) {
            let got = verify(secret, timestamp, given, body, now).err().unwrap_or("believed");
            assert_eq!(got, expected, "{timestamp} {given}");
        }
        check("hush", "1784103000", &good, b"body", now, "believed");
        check("hush", "1784103000", &good, b"body", now + 299_000, "believed");
        check("hush", "1784103000", &good, b"bodY", now, "its signature is not ours");
        check("hash", "1784103000", &good, b"body", now, "its signature is not ours");
        check("hush", "1784103001", &good, b"body", now, "its signature is not ours");
        check("hush", "1784103000", &good, b"body", now + 301_000, "its timestamp is more than five minutes off");
        check("hush", "soon", &good, b"body", now, "its timestamp is not seconds since 1970");
        check("hush", "1784103000", "v2=00", b"body", now, "its signature does not begin with `v1=`");
        check("hush", "1784103000", "v1=好", b"body", now, "its signature is not 64 hexadecimal digits");
        let far = i64::MAX.to_string();
        let signed = signature("hush", i64::MAX, b"body");
        check("hush", &far, &signed, b"body", now, "its timestamp is more than five minutes off");
    }
}
