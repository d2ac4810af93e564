//! Where InfluxDB is and how it is written to.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

/// Where InfluxDB is and how it is written to.
#[derive(Clone)]
pub struct InfluxSettings {
    /// `http://host:8086` or `https://host:8086`; see [`check_url`].
    pub url: String,
    /// The organisation that the bucket belongs to.
    pub org: String,
    /// The bucket.
    pub bucket: String,
    /// What we show at the door, unless `token_file` is given.
    pub token: String,
    /// A file whose first line is the token: read again when the server refuses the old one, so that a token can be exchanged
    /// without a restart.
    pub token_file: Option<PathBuf>,
    /// Certificate authorities (PEM) beside the public ones.
    pub ca_file: Option<PathBuf>,
    /// Most lines of one request.
    pub lines_max: usize,
    /// Most bytes of one request before compression.
    pub bytes_max: usize,
    /// How long a request that is not full waits for more.
    pub flush_interval: Duration,
    /// Longest wait for an answer, connecting included.
    pub timeout: Duration,
    /// Longest pause between two attempts, unless the server asks for a longer one.
    pub backoff_max: Duration,
}

impl fmt::Debug for InfluxSettings {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, org, bucket, .. } = self;
        f.debug_struct("InfluxSettings")
            .field("url", url)
            .field("org", org)
            .field("bucket", bucket)
            .finish_non_exhaustive()
    }
}

/// Checks an address before anything is built on it: the client panics at what is none, and puts its own path in the place of ours.
///
/// # Errors
/// A sentence that says what is wrong and what to write.
pub fn check_url(text: &str) -> Result<(), String> {
    let example = "write it as http://host:8086 or https://host:8086";
    let url = Url::parse(text).map_err(|error| format!("`{text}` is not an address ({error}); {example}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a password does not belong in the address; use `token_file`".to_owned());
    }
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(format!("`{text}` is neither http:// nor https://; {example}"));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("`{text}` has something behind the host, where InfluxDB's own paths begin; {example}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_scheme_host_and_port() {
        for (text, expected) in [
            ("http://influx:8086", ""),
            ("https://influx.example/", ""),
            ("https://[::1]:8086", ""),
            ("influx:8086", "neither http:// nor https://"),
            ("not an address", "is not an address"),
            ("ftp://influx", "neither http:// nor https://"),
            ("http://influx:8086/influx", "something behind the host"),
            ("http://influx:8086?org=x", "something behind the host"),
            ("http://me:secret@influx:8086", "does not belong in the address"),
        ] {
            let said = check_url(text).err().unwrap_or_default();
            assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{text}: {said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
