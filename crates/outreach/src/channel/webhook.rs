//! Delivery over HTTP: a robot of WeCom, DingTalk or Feishu, an SMS gateway, or a receiver of one's own. What is sent, how it is
//! signed and what counts as success are configuration; `config/examples/channels.toml` has each of them.
//!
//! | what happens | fate |
//! |---|---|
//! | no connection; 408, 425, 429, 503 | nothing was taken: tried again, no sooner than `Retry-After` says |
//! | 2xx, and `success` holds | delivered |
//! | 2xx, and `try_again` holds | tried again |
//! | any other 2xx, 3xx, 4xx | refused for good |
//! | another 5xx, or the connection breaks after the request went out | tried again where the receiver tells repetitions by `Idempotency-Key`; else nobody knows, and the advisor settles it |

use std::sync::Arc;
use std::time::Duration;

use foretell_model::{Clock, Timestamp};

use super::form::{Fault, Form, Format, RequestFacts, Said, Texts};
use super::http::{Answer, Http, HttpOptions, NoAnswer};
use super::sign::{KEY_HEADER, SIGNATURE_HEADER, Sign, TIMESTAMP_HEADER, signature};
use super::{Channel, DeliveryError, Parcel};
use crate::problems::Problem;

/// Characters of an answer that are told when it is no success.
const TOLD_CHARS_MAX: usize = 200;

/// How a webhook is called. Its `Debug` form shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookOptions {
    /// Its name in records and metrics.
    pub name: String,
    /// Which of a customer's addresses it delivers to.
    pub medium: String,
    /// Template of the address; scheme and host stand as they are.
    pub url: String,
    /// What the body is.
    pub format: Format,
    /// Template of the body.
    pub body: String,
    /// Further headers, name and template.
    pub headers: Vec<(String, String)>,
    /// How it is signed.
    pub sign: Sign,
    /// The key of the signature.
    pub secret: Option<String>,
    /// What templates put in place of `{{ token }}`.
    pub token: Option<String>,
    /// Whether the receiver takes a message once however often the same `Idempotency-Key` comes.
    pub idempotent: bool,
    /// What must hold of the answer's JSON, e.g. `errcode == 0`.
    pub success: Option<String>,
    /// What of the answer's JSON says that another attempt may succeed, e.g. `errcode == 45009`.
    pub try_again: Option<String>,
    /// How requests travel.
    pub http: HttpOptions,
}

impl std::fmt::Debug for WebhookOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookOptions").field("name", &self.name).field("medium", &self.medium).finish_non_exhaustive()
    }
}

/// A way out over HTTP.
pub struct Webhook {
    options: WebhookOptions,
    form: Form,
    http: Http,
    clock: Arc<dyn Clock>,
}

impl Webhook {
    /// Prepares a webhook and tries its templates on a letter of nobody's; nothing is contacted. `clock` is the wall's:
    /// receivers compare the timestamp with their own.
    ///
    /// # Errors
    /// With everything that is wrong with it, by the keys of the configuration.
    pub fn new(options: WebhookOptions, clock: Arc<dyn Clock>) -> Result<Self, Vec<Problem>> {
        let problems = |faults: Vec<Fault>| {
            faults.into_iter().map(|(key, why)| Problem { path: key.to_owned(), why }).collect::<Vec<_>>()
        };
        let mut faults = Vec::new();
        faults.extend(literal_host(&options.url).err().map(|why| ("url", why)));
        if options.sign != Sign::None && options.secret.is_none() {
            faults.push(("sign", "it needs a secret to sign with".to_owned()));
        }
        for (name, _) in options.headers.iter().filter(|(name, _)| !is_header(name)) {
            faults.push(("headers", format!("`{name}` is not the name of a header")));
        }
        let http = Http::new(&options.http).map_err(|why| faults.push(("ca_file", why))).ok();
        let texts = Texts {
            url: &options.url,
            headers: &options.headers,
            body: &options.body,
            success: options.success.as_deref(),
            again: options.try_again.as_deref(),
        };
        let form = Form::new(&texts, options.format).map_err(|told| faults.extend(told)).ok();
        let (Some(http), Some(form), true) = (http, form, faults.is_empty()) else { return Err(problems(faults)) };
        let webhook = Self { options, form, http, clock };
        match webhook.request(&nobodys(), Timestamp::from_millis(0)) {
            Err(fault) => Err(problems(vec![fault])),
            Ok(request) => match webhook.options.format {
                Format::Json => match serde_json::from_str::<serde_json::Value>(&request.body) {
                    Err(e) => Err(problems(vec![("body", format!("it is not JSON once it is filled in: {e}"))])),
                    Ok(_) => Ok(webhook),
                },
                Format::Form | Format::Text => Ok(webhook),
            },
        }
    }

    fn request(&self, parcel: &Parcel, now: Timestamp) -> Result<Request, Fault> {
        let WebhookOptions { sign, secret, token, .. } = &self.options;
        let timestamp = sign.timestamp(now);
        let facts = RequestFacts {
            key: &parcel.key,
            to: &parcel.to,
            to_name: &parcel.to_name,
            from_name: &parcel.from_name,
            language: parcel.language,
            subject: &parcel.subject,
            body: &parcel.body,
            short: &parcel.short,
            link: &parcel.link,
            timestamp,
            sign: secret.as_ref().and_then(|secret| sign.in_template(secret, timestamp)),
            token: token.as_deref(),
        };
        let (url, body, own) = (self.form.url(&facts)?, self.form.body(&facts)?, self.form.headers(&facts)?);
        let mut headers = vec![
            ("Content-Type".to_owned(), self.options.format.content_type().to_owned()),
            (KEY_HEADER.to_owned(), parcel.key.clone()),
        ];
        if let (Sign::Foretell, Some(secret)) = (sign, secret) {
            headers.push((TIMESTAMP_HEADER.to_owned(), timestamp.to_string()));
            headers.push((SIGNATURE_HEADER.to_owned(), signature(secret, timestamp, body.as_bytes())));
        }
        headers.extend(own);
        Ok(Request { url, headers, body })
    }

    fn fate(&self, answer: &Answer) -> Result<(), DeliveryError> {
        let told = || {
            let text: String = answer.body.chars().filter(|c| !c.is_control()).take(TOLD_CHARS_MAX).collect();
            if text.is_empty() {
                format!("it answered {}", answer.status)
            } else {
                format!("it answered {}: {text}", answer.status)
            }
        };
        match answer.status {
            200..=299 => match self.form.said(&answer.body) {
                Said::Yes => Ok(()),
                Said::Later => Err(later(told(), answer.retry_after)),
                Said::No => Err(DeliveryError::Permanent(told())),
            },
            408 | 425 | 429 | 503 => Err(later(told(), answer.retry_after)),
            500..=599 if self.options.idempotent => Err(later(told(), answer.retry_after)),
            500..=599 => Err(DeliveryError::Unknown(told())),
            _ => Err(DeliveryError::Permanent(told())),
        }
    }
}

struct Request {
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Channel for Webhook {
    fn name(&self) -> &str {
        &self.options.name
    }

    fn medium(&self) -> &str {
        &self.options.medium
    }

    fn is_idempotent(&self) -> bool {
        self.options.idempotent
    }

    fn deliver(&self, parcel: &Parcel) -> Result<(), DeliveryError> {
        let now = self.clock.now();
        let request = self.request(parcel, now);
        let Request { url, headers, body } =
            request.map_err(|(key, why)| DeliveryError::Permanent(format!("`{key}` cannot be filled in: {why}")))?;
        match self.http.post(&url, &headers, body.as_bytes(), now) {
            Ok(answer) => self.fate(&answer),
            Err(NoAnswer::NotSent(why)) => Err(DeliveryError::Temporary(why)),
            Err(NoAnswer::Broken(why)) if self.options.idempotent => Err(DeliveryError::Temporary(why)),
            Err(NoAnswer::Broken(why)) => Err(DeliveryError::Unknown(why)),
        }
    }
}

fn later(why: String, after: Option<Duration>) -> DeliveryError {
    match after {
        Some(after) => DeliveryError::Busy { why, after },
        None => DeliveryError::Temporary(why),
    }
}

/// Whether everything up to the path of an address stands as it is: nothing in a letter may choose who receives it.
pub(crate) fn literal_host(url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let rest = rest.ok_or("it must begin with https:// (or http://)")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains(['{', '}', '@', ' ']) {
        return Err("its host must be named as it is, without placeholders, user or password".into());
    }
    Ok(())
}

fn is_header(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// A letter to try templates on; it holds what breaks careless ones.
fn nobodys() -> Parcel {
    Parcel {
        key: "foretell-1".into(),
        to: "nobody".into(),
        to_name: "Nobody \"& Sons\"".into(),
        from_name: "王敏".into(),
        reply_to: None,
        language: "en",
        subject: "No. 2: a \"quoted\" subject".into(),
        body: "Two lines\nof text\n".into(),
        short: "short".into(),
        link: "https://service.example/b/x".into(),
        calendar: None,
        portrait: None,
        at: Timestamp::from_millis(0),
    }
}
