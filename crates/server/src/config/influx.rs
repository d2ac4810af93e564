//! `[influxdb]`: the plant's history store.

use std::path::{Path, PathBuf};
use std::time::Duration;

use foretell_ingest::pem;

use super::reader::Section;
use super::{Secret, source, unit};

/// `[influxdb]` of a configuration that names a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InfluxSection {
    /// `http://host:8086` or `https://host:8086`.
    pub url: String,
    /// The organisation that the bucket belongs to.
    pub org: String,
    /// The bucket.
    pub bucket: String,
    /// What we show at the door.
    pub token: Secret,
    /// Where the token came from, to be read again when the server refuses it; none when it came from the environment.
    pub token_file: Option<PathBuf>,
    /// Certificate authority (PEM) when it is not a public one.
    pub ca_file: Option<PathBuf>,
    /// Most lines of one request.
    pub batch_lines_max: usize,
    /// Most bytes of one request before compression.
    pub batch_bytes_max: usize,
    /// How long a request that is not full waits for more.
    pub flush_interval: Duration,
    /// Longest wait for an answer.
    pub timeout: Duration,
    /// Longest pause between two attempts that the server does not ask for.
    pub backoff_max: Duration,
    /// Most bytes of conclusions that wait on our disk.
    pub outbox_bytes_max: u64,
}

/// Bounds of a batch, bytes: a line must fit, and a server's own limit should not be far off.
const BATCH_BYTES: std::ops::RangeInclusive<u64> = 64 << 10..=16 << 20;

/// Least room for what waits, bytes: a day of a thousand machines fits many times.
const OUTBOX_BYTES_MIN: u64 = 16 << 20;

/// Reads the section; `None` without an address, but its keys are checked all the same.
pub(super) fn read(mut s: Section<'_>, base: &Path) -> Option<InfluxSection> {
    let url = s.parsed_optional("url", |text| foretell_history::check_url(text).map(|()| text.to_owned()));
    let from_file = s.parsed_optional("token_file", |path| {
        let path = base.join(path);
        Secret::from_file(&path).map(|token| (token, Some(path)))
    });
    let token = s.secret_in_environment("token").map(|text| (Secret::new(text), None)).or(from_file);
    let org = s.optional("org");
    let section = InfluxSection {
        url: url.clone().unwrap_or_default(),
        org: org.clone().unwrap_or_default(),
        bucket: s.text("bucket", "foretell"),
        token: token.as_ref().map_or_else(|| Secret::new(""), |(token, _)| token.clone()),
        token_file: token.as_ref().and_then(|(_, file)| file.clone()),
        ca_file: super::read::file(&mut s, "ca_file", base),
        batch_lines_max: s.whole("batch_lines_max", 5_000, 1..=100_000) as usize,
        batch_bytes_max: s.parsed("batch_size_max", 1 << 20, batch_bytes),
        flush_interval: s.duration_or_none("flush_interval", Duration::from_secs(1)),
        timeout: s.duration("timeout", Duration::from_secs(30)),
        backoff_max: s.duration("backoff_max", Duration::from_secs(60)),
        outbox_bytes_max: s.parsed("outbox_size_max", 512 << 20, outbox_bytes),
    };
    let authorities = section.ca_file.as_deref();
    source::tell_files(&s, &[("ca_file", authorities)], &pem::faults(None, None, authorities));
    if url.is_some() {
        if org.is_none() && !s.was_written("org") {
            s.fault("url", "[influxdb] needs `org`, the organisation that the bucket belongs to");
        }
        if token.is_none() && !s.was_written("token_file") {
            s.fault(
                "url",
                "[influxdb] needs `token_file`, a file whose first line is a token that may write to the bucket",
            );
        }
    }
    s.finish();
    url.map(|_| section)
}

fn outbox_bytes(text: &str) -> Result<u64, String> {
    let bytes = unit::size_bytes(text)?;
    if bytes < OUTBOX_BYTES_MIN { Err(format!("`{text}` is less than 16MiB")) } else { Ok(bytes) }
}

fn batch_bytes(text: &str) -> Result<usize, String> {
    let bytes = unit::size_bytes(text)?;
    let sound = BATCH_BYTES.contains(&bytes);
    let bytes = sound.then(|| usize::try_from(bytes).ok()).flatten();
    bytes.ok_or_else(|| format!("`{text}` is not within 64KiB to 16MiB"))
}
