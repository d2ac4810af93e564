//! One request to the server, and what its answer means for us.
//!
//! Of influxdb2 we use the client (address, organisation, token) with `write_line_protocol_with_precision`, and its error, which has status
//! and text. Not its points (they escape neither line ends nor backslashes and write NaN) nor its compression (it is bound to those
//! points, and at its slowest level). What it lacks is set on the HTTP client that it lets us bring: timeouts, the header that says gzip, no
//! redirects (a redirected POST becomes a GET), no proxy from the environment.
//!
//! It does not show an answer's headers. So after a 429 or 503 an empty write of our own asks for `Retry-After`.

use std::error::Error;
use std::io::Write as _;
use std::time::Duration;

use chrono::DateTime;
use flate2::Compression;
use flate2::write::GzEncoder;
use foretell_model::Timestamp;
use influxdb2::RequestError;
use influxdb2::api::write::TimestampPrecision;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderValue, RETRY_AFTER};

use super::settings::InfluxSettings;

/// Of ten levels: text of this kind becomes hardly smaller at a higher one, and takes several times longer.
const GZIP_LEVEL: u32 = 3;

/// Longest pause that a server may ask for; a misconfigured one must not silence us for a day.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// Longest text of an answer that is kept, characters.
const ANSWER_CHARS_MAX: usize = 300;

/// What an answer means for the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The server has it.
    Written,
    /// Not now.
    Later {
        /// In its own words.
        why: String,
        /// The pause it asks for.
        pause: Option<Duration>,
        /// Whether the connection was lost: the server may have been killed, and lost what it had last.
        lost: bool,
    },
    /// Something in the batch is not to its taste.
    Refused(String),
    /// It takes smaller batches only.
    TooLarge(String),
    /// Nothing will be taken until a person has mended something.
    Closed {
        /// In its own words.
        why: String,
        /// What to do.
        remedy: &'static str,
    },
}

/// Whoever takes lines. A trait, so that what we do about each answer is tested without a server.
pub(super) trait Takes {
    /// Sends whole lines.
    fn take(&self, lines: &str) -> impl Future<Output = Answer>;
}

/// The server.
pub(super) struct Client {
    influx: influxdb2::Client,
    http: reqwest::Client,
    org: String,
    bucket: String,
    token: String,
}

impl Client {
    /// A client; connects with the first request.
    ///
    /// # Errors
    /// What is wrong with the token's or the authority's file, or with the address.
    pub(super) fn new(settings: &InfluxSettings) -> Result<Self, String> {
        super::settings::check_url(&settings.url)?;
        let token = token(settings)?;
        let build = || http(settings);
        // Two of the same kind, because the first is swallowed; both keep few connections.
        let influx = influxdb2::ClientBuilder::with_builder(build()?, &settings.url, &settings.org, &token).build();
        let influx = influx.map_err(|error| format!("could not set the client up: {error}"))?;
        let http = build()?.build().map_err(|error| format!("could not set the client up: {error}"))?;
        Ok(Self { influx, http, org: settings.org.clone(), bucket: settings.bucket.clone(), token })
    }

    /// What an answer's status and text mean.
    async fn meaning(&self, status: StatusCode, text: &str) -> Answer {
        let why = format!("{status}: {}", text.trim().chars().take(ANSWER_CHARS_MAX).collect::<String>());
        match status.as_u16() {
            400 | 422 => Answer::Refused(why),
            413 => Answer::TooLarge(why),
            401 | 403 => Answer::Closed {
                why,
                remedy: "give [influxdb] token_file a token that may write to the bucket; the file is read again by itself",
            },
            404 => Answer::Closed { why, remedy: "create the bucket, or mend [influxdb] url, org and bucket" },
            429 => Answer::Later { why, pause: self.retry_after().await, lost: false },
            503 => {
                // Whoever says when to come back is alive; otherwise a proxy may speak for a server that is gone.
                let pause = self.retry_after().await;
                Answer::Later { why, pause, lost: pause.is_none() }
            }
            408 | 500.. => Answer::Later { why, pause: None, lost: matches!(status.as_u16(), 502 | 504) },
            _ => Answer::Closed {
                why,
                remedy: "mend [influxdb] url; what answers there is not InfluxDB 2's write interface",
            },
        }
    }

    /// The pause that the server asks for, as far as it says so.
    async fn retry_after(&self) -> Option<Duration> {
        let mut url = self.influx.base.clone();
        url.set_path("/api/v2/write");
        let query = [("bucket", self.bucket.as_str()), ("org", &self.org), ("precision", "ns")];
        let request = self.http.post(url).query(&query).header(AUTHORIZATION, format!("Token {}", self.token));
        let answer = request.body(gzip("")).send().await.ok()?;
        if !matches!(answer.status().as_u16(), 429 | 503) {
            return None;
        }
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        // Measured by the server's own clock where it says what that is.
        let said = header(reqwest::header::DATE).and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        let now = said.map(|date| Timestamp::from_millis(date.timestamp_millis()));
        retry_after(header(RETRY_AFTER)?, now)
    }
}

impl Takes for Client {
    async fn take(&self, lines: &str) -> Answer {
        let body = gzip(lines);
        metrics::counter!("foretell_influx_bytes_total").increment(body.len() as u64);
        let precision = TimestampPrecision::Nanoseconds;
        let sent = self.influx.write_line_protocol_with_precision(&self.org, &self.bucket, body, precision);
        match sent.await {
            Ok(()) => Answer::Written,
            Err(RequestError::Http { status, text }) => self.meaning(status, &text).await,
            Err(RequestError::ReqwestProcessing { source }) => {
                let why = if source.is_timeout() { "no answer in time".to_owned() } else { chain(&source) };
                Answer::Later { why, pause: None, lost: true }
            }
            Err(error) => Answer::Later { why: error.to_string(), pause: None, lost: false },
        }
    }
}

fn token(settings: &InfluxSettings) -> Result<String, String> {
    let Some(file) = &settings.token_file else { return Ok(settings.token.clone()) };
    let text = std::fs::read_to_string(file).map_err(|error| format!("could not read {}: {error}", file.display()))?;
    let token = text.lines().next().unwrap_or_default().trim();
    if token.is_empty() || token.chars().any(|c| c.is_control() || !c.is_ascii()) {
        return Err(format!("the first line of {} must hold the token", file.display()));
    }
    Ok(token.to_owned())
}

fn http(settings: &InfluxSettings) -> Result<reqwest::ClientBuilder, String> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    let mut builder = reqwest::Client::builder()
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(settings.timeout.min(Duration::from_secs(10)))
        .timeout(settings.timeout)
        .pool_max_idle_per_host(1);
    if let Some(file) = &settings.ca_file {
        let pem = std::fs::read(file).map_err(|error| format!("could not read {}: {error}", file.display()))?;
        let bad = |error| format!("{} holds no certificates in PEM form: {error}", file.display());
        let authority = reqwest::Certificate::from_pem(&pem).map_err(bad)?;
        builder = builder.add_root_certificate(authority);
    }
    Ok(builder)
}

/// Compresses; writing to memory cannot fail, and if it could, the server would say so.
fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 6 + 64), Compression::new(GZIP_LEVEL));
    encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).unwrap_or_default()
}

/// Seconds, or an instant in the form of RFC 9110, which needs to be told what time it is.
fn retry_after(text: &str, now: Option<Timestamp>) -> Option<Duration> {
    let pause = match text.trim().parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = DateTime::parse_from_rfc2822(text.trim()).ok()?.timestamp_millis();
            Duration::from_millis(u64::try_from(Timestamp::from_millis(at) - now?).unwrap_or(0))
        }
    };
    Some(pause.min(RETRY_AFTER_MAX))
}

/// An error with everything behind it: reqwest's own text does not say why a connection failed. What repeats its cause in its own
/// text is not followed by it once more.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text = format!("{text}: {words}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Over(String, #[source] std::io::Error);

    #[test]
    fn a_cause_is_said_once() {
        let refused = || std::io::Error::from_raw_os_error(111);
        let connect = std::io::Error::other(format!("tcp connect error: {}", refused()));
        let expected = format!("error trying to connect: tcp connect error: {}", refused());
        assert_eq!(chain(&Over(format!("error trying to connect: {connect}"), connect)), expected);
        assert_eq!(chain(&Over("could not send".into(), refused())), format!("could not send: {}", refused()));
    }

    #[test]
    fn a_pause_is_seconds_or_an_instant() {
        let now = Timestamp::parse("2026-07-18T00:00:00Z").unwrap();
        for (text, expected_s) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("99999999", Some(3600)),
            ("Sat, 18 Jul 2026 00:01:00 GMT", Some(60)),
            ("Sat, 18 Jul 2026 00:00:00 GMT", Some(0)),
            ("Fri, 17 Jul 2026 23:00:00 GMT", Some(0)),
            ("-3", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(text, Some(now)), expected_s.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after("Sat, 18 Jul 2026 00:01:00 GMT", None), None);
    }
}
