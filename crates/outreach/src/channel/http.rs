//! One POST over HTTP, and what came of it: was nothing handed over, is that unknown, or what was answered.
//!
//! Connections are not kept: one that the other side has closed meanwhile would make it unknown whether a message arrived.

use std::io::Read as _;
use std::time::Duration;

use chrono::DateTime;
use foretell_model::Timestamp;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error, Proxy, Timeout};

/// Longest wait for a connection, so that a failure to connect is known to be harmless.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// Bytes of an answer that are read; robots answer with some fifty.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Longest wait that another side may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3_600);

/// How requests travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpOptions {
    /// Longest wait for the whole of a request.
    pub timeout: Duration,
    /// Certificate authorities (PEM) in place of the public ones.
    pub ca_pem: Option<Vec<u8>>,
    /// A proxy, `http://host:port`.
    pub proxy: Option<String>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(20), ca_pem: None, proxy: None }
    }
}

/// Sends requests.
pub(crate) struct Http {
    agent: Agent,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// When the other side asks for a pause, how long.
    pub(crate) retry_after: Option<Duration>,
    /// The body as far as it was read.
    pub(crate) body: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// Nothing was handed over.
    NotSent(String),
    /// Perhaps everything was.
    Broken(String),
}

impl Http {
    /// Prepares the client; nothing is contacted yet.
    ///
    /// # Errors
    /// When the authorities or the proxy cannot be used.
    pub(crate) fn new(options: &HttpOptions) -> Result<Self, String> {
        let proxy = options.proxy.as_deref().map(Proxy::new).transpose();
        let proxy = proxy.map_err(|e| format!("the proxy cannot be used: {e}"))?;
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(options.timeout))
            .timeout_connect(Some(options.timeout.mul_f64(0.5).min(CONNECT_MAX)))
            .max_idle_connections(0)
            .user_agent("foretell")
            .proxy(proxy);
        if let Some(pem) = &options.ca_pem {
            let roots = authorities(pem)?;
            config = config.tls_config(TlsConfig::builder().root_certs(RootCerts::from(roots)).build());
        }
        Ok(Self { agent: config.build().new_agent() })
    }

    /// Sends one POST. `now` is the wall clock's, for a pause that is given as a date.
    pub(crate) fn post(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: &[u8],
        now: Timestamp,
    ) -> Result<Answer, NoAnswer> {
        let request = headers.iter().fold(self.agent.post(url), |request, (name, value)| request.header(name, value));
        let mut response = request.send(body).map_err(no_answer)?;
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let (status, retry_after) = (response.status().as_u16(), retry_after.and_then(|text| pause(text, now)));
        let mut bytes = Vec::new();
        let read = response.body_mut().as_reader().take(ANSWER_BYTES_MAX).read_to_end(&mut bytes);
        match read {
            // What is not 2xx is no success whatever else it says.
            Err(e) if (200..300).contains(&status) => Err(NoAnswer::Broken(format!("the answer broke off: {e}"))),
            _ => Ok(Answer { status, retry_after, body: String::from_utf8_lossy(&bytes).into_owned() }),
        }
    }
}

fn authorities(pem: &[u8]) -> Result<Vec<ureq::tls::Certificate<'static>>, String> {
    let mut roots = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) =
            item.map_err(|e| format!("the certificate authority cannot be read: {e}"))?
        {
            roots.push(certificate);
        }
    }
    if roots.is_empty() { Err("it holds no certificate in PEM form".into()) } else { Ok(roots) }
}

fn no_answer(error: Error) -> NoAnswer {
    use std::io::ErrorKind as Io;
    let before = match &error {
        Error::HostNotFound | Error::ConnectionFailed | Error::InvalidProxyUrl | Error::Tls(_) | Error::Rustls(_) => {
            true
        }
        Error::Http(_) | Error::BadUri(_) | Error::Pem(_) => true,
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        // What only a connection that never came about can say, a certificate that is not believed, and a name that nobody
        // knows, for which the standard library has words but no kind.
        Error::Io(e) => {
            matches!(
                e.kind(),
                Io::ConnectionRefused
                    | Io::HostUnreachable
                    | Io::NetworkUnreachable
                    | Io::NetworkDown
                    | Io::AddrNotAvailable
                    | Io::InvalidData
            ) || e.to_string().starts_with("failed to lookup address")
        }
        _ => false,
    };
    // An address may hold a secret and must not be told.
    let why = match error {
        Error::BadUri(_) => "the address cannot be used".to_owned(),
        other => other.to_string(),
    };
    if before { NoAnswer::NotSent(why) } else { NoAnswer::Broken(why) }
}

/// `Retry-After`: seconds or a date.
fn pause(text: &str, now: Timestamp) -> Option<Duration> {
    let seconds = match text.trim().parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let then = DateTime::parse_from_rfc2822(text.trim()).ok()?.timestamp();
            u64::try_from(then - now.millis().div_euclid(1_000)).unwrap_or(0)
        }
    };
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_seconds_or_a_date_and_has_a_bound() {
        let now = Timestamp::parse("2026-07-15T08:30:00Z").unwrap();
        #[track_caller]
        fn check(text: &str, now: Timestamp, expected: Option<u64>) {
            assert_eq!(pause(text, now), expected.map(Duration::from_secs), "{text}");
        }
        check("120", now, Some(120));
        check(" 0 ", now, Some(0));
        check("Wed, 15 Jul 2026 08:31:30 GMT", now, Some(90));
        check("Wed, 15 Jul 2026 08:00:00 GMT", now, Some(0));
        check("999999999", now, Some(86_400));
        check("-5", now, None);
        check("soon", now, None);
    }

    #[test]
    fn what_is_no_authority_is_refused() {
        let with = |pem: &[u8]| Http::new(&HttpOptions { ca_pem: Some(pem.to_vec()), ..HttpOptions::default() });
        assert_eq!(with(b"nothing").err().as_deref(), Some("it holds no certificate in PEM form"));
        assert!(Http::new(&HttpOptions { proxy: Some("nonsense://".into()), ..HttpOptions::default() }).is_err());
    }
}
