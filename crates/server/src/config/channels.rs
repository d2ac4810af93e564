//! `[[channel]]`: further ways to customers; `[[webhook]]`: who is told of what happens; `[replies]`: what customers answer;
//! `[trips]`: which alarms open a service case; `[secrets]`: what of these stands in the environment.
//!
//! What makes sense in a webhook is outreach's to say; this gives its faults their lines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use foretell_outreach::{
    Format, Hook, HookOptions, HttpOptions, Mqtt, Problem, Sign, TripRules, Webhook, WebhookOptions,
};

use super::Secret;
use super::read::{file, required, secret};
use super::reader::Section;
use crate::clock::WallClock;

/// `[[channel]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelSection {
    /// By HTTP: robots, SMS gateways, receivers of one's own.
    Webhook(Box<WebhookOptions>),
    /// On MQTT, beside the advisories.
    Mqtt(Mqtt),
}

impl ChannelSection {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Webhook(options) => &options.name,
            Self::Mqtt(channel) => foretell_outreach::Channel::name(channel),
        }
    }

    /// Which of a customer's addresses it takes.
    #[must_use]
    pub fn medium(&self) -> &str {
        match self {
            Self::Webhook(options) => &options.medium,
            Self::Mqtt(channel) => foretell_outreach::Channel::medium(channel),
        }
    }
}

/// `[replies]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepliesSection {
    /// What senders sign with; none, no replies are taken.
    pub secret: Option<Secret>,
    /// Words that stop messages; none means the built-in list.
    pub stop_words_file: Option<PathBuf>,
}

/// Secrets of channels and webhooks from the environment.
struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// The secret of a section: from the file it names, or `FORETELL__SECRETS__{NAME}_{KEY}`.
    fn of(&mut self, s: &mut Section<'_>, name: &str, keys: [&'static str; 2], base: &Path) -> Option<Secret> {
        let own = format!("{}_{}", name.replace('-', "_"), keys[0]);
        let from_file = secret(s, keys, base);
        self.0.remove(&own).map(Secret::new).or(from_file)
    }
}

/// Reads `[[channel]]` and `[[webhook]]`.
pub(super) fn read(root: &mut Section<'_>, base: &Path) -> (Vec<ChannelSection>, Vec<HookOptions>) {
    let mut secrets = Secrets(root.section("secrets").all_from_environment());
    let mut names: Vec<(String, String)> = Vec::new();
    let mut channels = Vec::new();
    for mut s in root.sections("channel") {
        let name = name(&mut s);
        if let Some(name) = &name {
            names.push((format!("{}.name", s.path()), name.clone()));
        }
        let kind = s.text("kind", "webhook");
        channels.extend(match (kind.as_str(), name) {
            ("webhook", name) => webhook(s, name, &mut secrets, base).map(|o| ChannelSection::Webhook(Box::new(o))),
            ("mqtt", name) => mqtt(s, name).map(ChannelSection::Mqtt),
            _ => {
                s.fault("kind", format!("`{}.kind`: `{kind}` is none of `webhook`, `mqtt`", s.path()));
                None
            }
        });
    }
    let hooks: Vec<_> = root
        .sections("webhook")
        .into_iter()
        .filter_map(|mut s| {
            let name = name(&mut s)?;
            names.push((format!("{}.name", s.path()), name.clone()));
            hook(s, name, &mut secrets, base)
        })
        .collect();
    root.each_once(&names, |name| format!("the name `{name}`"));
    for unused in secrets.0.keys() {
        let variable = format!("FORETELL__SECRETS__{}", unused.to_uppercase());
        root.fault(
            "secrets",
            format!(
                "{variable} belongs to no [[channel]] or [[webhook]]; it is named after one, e.g. {variable}_TOKEN"
            ),
        );
    }
    (channels, hooks)
}

/// Reads `[replies]`.
pub(super) fn replies(mut s: Section<'_>, base: &Path) -> RepliesSection {
    let section = RepliesSection {
        secret: secret(&mut s, ["secret", "secret_file"], base),
        stop_words_file: file(&mut s, "stop_words_file", base),
    };
    s.finish();
    section
}

/// Reads `[trips]`.
pub(super) fn trips(mut s: Section<'_>) -> TripRules {
    let or = TripRules::default();
    let within = s.duration("within", Duration::from_secs(u64::from(or.within_min) * 60));
    let rules = TripRules {
        codes: s.list("codes").unwrap_or(or.codes),
        within_min: u32::try_from(within.as_secs() / 60).unwrap_or(u32::MAX),
    };
    s.finish();
    rules
}

/// A name that also serves in metrics and in the environment.
fn name(s: &mut Section<'_>) -> Option<String> {
    let name = required(s, "name")?;
    let is_one = (1..=32).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_one || matches!(name.as_str(), "smtp" | "folder") {
        let why = "a name has up to 32 of a-z 0-9 - and is neither `smtp` nor `folder`";
        s.fault("name", format!("`{}.name`: `{name}`: {why}", s.path()));
        return None;
    }
    Some(name)
}

fn http(s: &mut Section<'_>, base: &Path) -> HttpOptions {
    let or = HttpOptions::default();
    let ca_pem = file(s, "ca_file", base).and_then(|path| std::fs::read(path).ok());
    HttpOptions { timeout: s.duration("timeout", or.timeout), ca_pem, proxy: s.optional("proxy") }
}

fn one_of<T: Copy + PartialEq>(known: &[(T, &'static str)], text: &str) -> Result<T, String> {
    let found = known.iter().find(|(_, name)| *name == text).map(|(value, _)| *value);
    let names = || known.iter().map(|(_, name)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| format!("`{text}` is none of {}", names()))
}

fn webhook(mut s: Section<'_>, name: Option<String>, secrets: &mut Secrets, base: &Path) -> Option<WebhookOptions> {
    let key = name.clone().unwrap_or_default();
    let secret = secrets.of(&mut s, &key, ["secret", "secret_file"], base);
    let token = secrets.of(&mut s, &key, ["token", "token_file"], base);
    let or = if secret.is_some() || s.was_written("secret_file") { Sign::Foretell } else { Sign::None };
    let url = required(&mut s, "url");
    let options = WebhookOptions {
        medium: s.optional("medium").unwrap_or_else(|| key.clone()),
        name: key,
        url: url.clone().unwrap_or_default(),
        format: s.parsed("format", Format::Json, |text| one_of(&Format::ALL, text)),
        body: required(&mut s, "body").unwrap_or_default(),
        headers: headers(&mut s),
        sign: s.parsed("sign", or, |text| one_of(&Sign::ALL, text)),
        secret: secret.map(|secret| secret.expose().to_owned()),
        token: token.map(|token| token.expose().to_owned()),
        idempotent: s.flag("idempotent", false),
        success: s.optional("success"),
        try_again: s.optional("try_again"),
        http: http(&mut s, base),
    };
    warn_of_clear_text(&s, &options.url);
    // What is missing was told already, and a secret whose file cannot be read too.
    let told = url.is_none() || options.body.is_empty() || (options.secret.is_none() && s.was_written("secret_file"));
    let told = told || (options.token.is_none() && s.was_written("token_file"));
    if !told {
        tell(&s, Webhook::new(options.clone(), Arc::new(WallClock)).err());
    }
    s.finish();
    name.map(|_| options)
}

/// `Name: template`, one each.
fn headers(s: &mut Section<'_>) -> Vec<(String, String)> {
    let lines = s.list("headers").unwrap_or_default();
    let mut headers = Vec::new();
    for line in lines {
        match line.split_once(':') {
            Some((name, value)) => headers.push((name.trim().to_owned(), value.trim().to_owned())),
            None => s.fault(
                "headers",
                format!("`{line}` is not a header such as \"Authorization: Bearer {{{{ token }}}}\""),
            ),
        }
    }
    headers
}

fn mqtt(mut s: Section<'_>, name: Option<String>) -> Option<Mqtt> {
    if let Some(other) = s.optional("medium").filter(|medium| medium != Mqtt::MEDIUM) {
        let why = format!("`{other}`: a channel on MQTT takes the customer's address `{}`; leave it out", Mqtt::MEDIUM);
        s.fault("medium", format!("`{}.medium`: {why}", s.path()));
    }
    let channel = name.map(|name| Mqtt::new(name, s.text("topic", Mqtt::TOPIC)));
    let channel = channel.and_then(|channel| channel.map_err(|why| s.fault("topic", format!("`topic`: {why}"))).ok());
    s.finish();
    channel
}

fn hook(mut s: Section<'_>, name: String, secrets: &mut Secrets, base: &Path) -> Option<HookOptions> {
    let url = required(&mut s, "url");
    let secret = secrets.of(&mut s, &name, ["secret", "secret_file"], base);
    let events = s.list("events").unwrap_or_else(|| vec!["*".to_owned()]);
    let http = http(&mut s, base);
    if secret.is_none() && !s.was_written("secret_file") {
        s.warn(
            "url",
            format!("[[webhook]] `{name}` is not signed: without `secret_file` its receiver cannot tell who speaks"),
        );
    }
    let options =
        url.map(|url| HookOptions { name, url, events, secret: secret.map(|secret| secret.expose().to_owned()), http });
    if let Some(options) = &options {
        warn_of_clear_text(&s, &options.url);
        tell(&s, Hook::new(options.clone(), Arc::new(WallClock)).err());
    }
    s.finish();
    options
}

/// Customers' names and texts belong on no open road.
fn warn_of_clear_text(s: &Section<'_>, url: &str) {
    let Some(rest) = url.strip_prefix("http://") else { return };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
        s.warn(
            "url",
            format!("`{}.url` is not encrypted: whoever is on the way reads customers' names; use https://", s.path()),
        );
    }
}

fn tell(s: &Section<'_>, problems: Option<Vec<Problem>>) {
    for Problem { path, why } in problems.unwrap_or_default() {
        s.fault(&path, format!("`{}.{path}`: {why}", s.path()));
    }
}
