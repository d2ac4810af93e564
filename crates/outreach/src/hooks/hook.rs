//! One subscriber: where it is, what it wants to hear, and what its answers mean.

use std::sync::Arc;

use foretell_model::Clock;
use serde_json::Value;

use super::event::{self, EVENTS};
use crate::channel::http::{Answer, Http, HttpOptions, NoAnswer};
use crate::channel::sign::{KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, signature};
use crate::channel::webhook::literal_host;
use crate::problems::Problem;

/// A subscriber. Its `Debug` form shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct HookOptions {
    /// Its name; another name begins anew.
    pub name: String,
    /// Where events go.
    pub url: String,
    /// Which: names of [`EVENTS`], or all of a kind as `booking.*`, or `*`.
    pub events: Vec<String>,
    /// The key of the signature; none, no signature.
    pub secret: Option<String>,
    /// How requests travel.
    pub http: HttpOptions,
}

impl std::fmt::Debug for HookOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookOptions").field("name", &self.name).field("events", &self.events).finish_non_exhaustive()
    }
}

/// A subscriber, ready.
pub struct Hook {
    options: HookOptions,
    http: Http,
    clock: Arc<dyn Clock>,
}

impl Hook {
    /// Prepares a subscriber; nothing is contacted. `clock` is the wall's.
    ///
    /// # Errors
    /// With everything that is wrong with it, by the keys of the configuration.
    pub fn new(options: HookOptions, clock: Arc<dyn Clock>) -> Result<Self, Vec<Problem>> {
        let problem = |path: &str, why: String| Problem { path: path.to_owned(), why };
        let mut problems: Vec<Problem> =
            literal_host(&options.url).err().map(|why| problem("url", why)).into_iter().collect();
        for wanted in options.events.iter().filter(|wanted| !EVENTS.iter().any(|(event, _)| matches(wanted, event))) {
            let mut known: Vec<&str> = EVENTS.iter().map(|(event, _)| *event).collect();
            known.dedup();
            problems.push(problem("events", format!("there is no event `{wanted}`; known are {}", known.join(", "))));
        }
        if options.events.is_empty() {
            problems.push(problem("events", "it names no event; `[\"*\"]` means all".into()));
        }
        match Http::new(&options.http) {
            Ok(http) if problems.is_empty() => Ok(Self { options, http, clock }),
            Ok(_) => Err(problems),
            Err(why) => {
                problems.push(problem("ca_file", why));
                Err(problems)
            }
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.options.name
    }

    /// Scheme and host of the address; the rest may be a secret.
    pub(super) fn host(&self) -> &str {
        host(&self.options.url)
    }

    pub(super) fn wants(&self, event: &str) -> bool {
        self.options.events.iter().any(|wanted| matches(wanted, event))
    }

    /// Tells one event.
    pub(super) fn tell(&self, entry: i64, body: &Value) -> Result<(), Failed> {
        let (now, body) = (self.clock.now(), body.to_string());
        let mut headers = vec![
            ("Content-Type".to_owned(), "application/json".to_owned()),
            (KEY_HEADER.to_owned(), event::key(entry)),
        ];
        if let Some(secret) = &self.options.secret {
            let seconds = now.millis().div_euclid(1_000);
            headers.push((TIMESTAMP_HEADER.to_owned(), seconds.to_string()));
            headers.push((SIGNATURE_HEADER.to_owned(), signature(secret, seconds, body.as_bytes())));
        }
        match self.http.post(&self.options.url, &headers, body.as_bytes(), now) {
            Ok(answer) => fate(&answer),
            Err(NoAnswer::NotSent(why) | NoAnswer::Broken(why)) => Err(Failed::Later { why, pause_ms: 0 }),
        }
    }
}

/// Why an event was not taken.
pub(super) enum Failed {
    /// Another attempt may do.
    Later {
        why: String,
        /// What the subscriber asks for.
        pause_ms: i64,
    },
    /// This event never will be.
    Never(String),
}

fn fate(answer: &Answer) -> Result<(), Failed> {
    let told: String = answer.body.chars().filter(|c| !c.is_control()).take(200).collect();
    let why = format!("it answered {} {told}", answer.status).trim().to_owned();
    let pause_ms = answer.retry_after.map_or(0, |pause| i64::try_from(pause.as_millis()).unwrap_or(0));
    match answer.status {
        200..=299 => Ok(()),
        300..=399 | 401 | 403 | 404 | 407 | 408 | 410 | 425 | 429 | 500.. => Err(Failed::Later { why, pause_ms }),
        _ => Err(Failed::Never(why)),
    }
}

/// Scheme and host of an address.
fn host(url: &str) -> &str {
    let begin = url.find("://").map_or(0, |at| at + 3);
    let end = url[begin..].find(['/', '?', '#']).map_or(url.len(), |at| begin + at);
    &url[..end]
}

fn matches(wanted: &str, event: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(begin) => event.starts_with(begin),
        None => wanted == event,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_answer_says_whether_to_go_on_to_wait_or_to_pass_over() {
        #[track_caller]
        fn check(status: u16, expected: &str) {
            let answer = Answer { status, retry_after: Some(Duration::from_secs(7)), body: "no".into() };
            let got = match fate(&answer) {
                Ok(()) => "goes on".to_owned(),
                Err(Failed::Later { pause_ms, .. }) => format!("waits {pause_ms}"),
                Err(Failed::Never(why)) => why,
            };
            assert_eq!(got, expected, "{status}");
        }
        check(204, "goes on");
        check(302, "waits 7000");
        check(401, "waits 7000");
        check(429, "waits 7000");
        check(503, "waits 7000");
        check(422, "it answered 422 no");
        check(400, "it answered 400 no");
    }

    #[test]
    fn the_secret_part_of_an_address_is_not_told() {
        assert_eq!(host("https://cmms.example:8443/hook?key=hush"), "https://cmms.example:8443");
        assert_eq!(host("http://cmms.example"), "http://cmms.example");
    }
}
