//! From the configuration to what each room wants to be told.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use foretell_engine::EngineOptions;
use foretell_ingest::broker::BrokerOptions;
use foretell_ingest::decode::DecoderOptions;
use foretell_ingest::listener::{ListenerOptions, Rights, TlsOptions, User};
use foretell_ingest::{IngestOptions, IntakeOptions};
use foretell_model::{Catalogue, FaultCode, MachineId, MachineProfile};
use foretell_outreach::{
    Channel, Folder, Grumbles, Holidays, Hook, Mqtt, OutreachOptions, Pictures, Problem, Security, Smtp, SmtpOptions,
    StopWords, Webhook, Words,
};

use super::budget::Budget;
use super::photos::Photos;
use crate::clock::WallClock;
use crate::config::{
    ChannelKind, ChannelSection, ClockSource, Config, EngineSection, MachineSection, MqttSection, MqttSource, MqttUser,
    OutreachSection,
};
use crate::failure::{Failure, Kind};
use crate::text_file;

/// Longest wait for any reply of the mail server.
const SMTP_TIMEOUT: Duration = Duration::from_secs(30);

/// Codes of work that mean something, of the fault catalogue.
#[must_use]
pub fn works(catalogue: &Catalogue) -> BTreeSet<String> {
    catalogue.actions.keys().cloned().collect()
}

/// What admission is told.
#[must_use]
pub fn decoder(config: &Config, catalogue: &Catalogue) -> DecoderOptions {
    let (mappings, sparkplug) = (config.mappings.clone(), config.sparkplug.0.clone());
    // In a rehearsal the readings are of whatever year is rehearsed.
    let age_max = config.mqtt.age_max.filter(|_| config.clock == ClockSource::Wall);
    let behind_max_ms = age_max.map(|age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
    let works = Some(works(catalogue));
    DecoderOptions { mappings, sparkplug, behind_max_ms, works, ..DecoderOptions::default() }
}

/// What ingest is told; `machines` are those that were heard of before.
pub(super) fn ingest(
    config: &Config,
    catalogue: &Catalogue,
    budget: Budget,
    machines: Vec<MachineId>,
) -> IngestOptions {
    let intake = IntakeOptions { machines_max: config.mqtt.machines_max, machines, ..IntakeOptions::default() };
    let mut options = IngestOptions { decoder: decoder(config, catalogue), intake, ..IngestOptions::default() };
    if config.mqtt.source == MqttSource::Embedded {
        options.listener = Some(listener(&config.mqtt, budget));
    }
    options.brokers = brokers(&config.mqtt);
    options
}

/// Every broker that there is to be a session with.
pub(super) fn brokers(mqtt: &MqttSection) -> Vec<BrokerOptions> {
    let own = match &mqtt.source {
        MqttSource::Broker { url } => Some(mqtt.broker(url)),
        MqttSource::Embedded | MqttSource::Nowhere => None,
    };
    own.into_iter().chain(mqtt.sources.iter().cloned()).collect()
}

/// What the embedded listener is told.
pub(super) fn listener(mqtt: &MqttSection, budget: Budget) -> ListenerOptions {
    let limits = &mqtt.limits;
    let tls = mqtt.tls_cert_file.clone().zip(mqtt.tls_key_file.clone());
    ListenerOptions {
        listen: mqtt.listen,
        tls: tls.map(|(certificate_file, key_file)| TlsOptions {
            certificate_file,
            key_file,
            client_ca_file: mqtt.tls_client_ca_file.clone(),
        }),
        anonymous: mqtt.anonymous,
        users: mqtt.users.iter().map(user).collect(),
        connections_max: budget.mqtt,
        connections_per_address_max: limits.connections_per_address,
        connections_per_user_max: limits.connections_per_user,
        accepts_per_second_max: limits.accepts_per_second,
        messages_per_second_max: limits.packets_per_second,
        bytes_per_second_max: limits.payload_bytes_per_second,
        packet_bytes_max: limits.packet_bytes,
        login_failures_max: limits.login_failures,
        login_pause: limits.login_pause,
        ..ListenerOptions::default()
    }
}

fn user(user: &MqttUser) -> User {
    User {
        name: user.name.clone(),
        password: user.password.clone(),
        rights: Rights { publish: user.machines.clone(), subscribe: user.machines.clone() },
    }
}

/// What the engine is told.
pub fn engine(section: &EngineSection, catalogue: &Catalogue) -> EngineOptions {
    let own = |machine: &MachineSection| {
        let &MachineSection { limits, rated_kw, latitude_deg, energy, .. } = machine;
        (machine.id.clone(), MachineProfile { limits, latitude_deg, rated_kw, energy })
    };
    let &EngineSection { limits, latitude_deg, energy, .. } = section;
    EngineOptions {
        catalogue: catalogue.clone(),
        profiles: section.machines.iter().map(own).collect(),
        default_profile: MachineProfile { limits, latitude_deg, rated_kw: None, energy },
        ..EngineOptions::default()
    }
}

/// What outreach is told. `console_url` is where customers reach us unless the configuration says otherwise.
///
/// # Errors
/// When a file that the configuration names cannot be used.
pub fn outreach(config: &Config, catalogue: &Arc<Catalogue>, console_url: &str) -> Result<OutreachOptions, Failure> {
    let section = &config.outreach;
    let mut options = OutreachOptions::new(Arc::clone(catalogue));
    options.time_of_readings = config.clock == ClockSource::Readings;
    // The default name exists in both languages; a company's own name is one.
    if section.company != OutreachSection::default().company {
        options.company = Words { en: section.company.clone(), zh: section.company.clone() };
    }
    options.public_url = config.console.public_url.clone().unwrap_or_else(|| console_url.to_owned());
    options.zone = section.zone;
    options.templates = section.templates_dir.clone();
    let minutes = |within: Duration| u32::try_from(within.as_secs() / 60).unwrap_or(u32::MAX).max(1);
    options.promises.call_back_min = minutes(section.call_back_within);
    options.promises.on_site_min = minutes(section.on_site_within);
    options.policy = section.contacting;
    options.travel_kmh = section.travel_kmh;
    for code in &section.sent_without_approval {
        if FaultCode::new(code).and_then(|code| catalogue.fault(&code)).is_none() {
            let why = format!("[outreach] sent_without_approval names `{code}`, which is no fault of the catalogue");
            return Err(Failure::new(Kind::Config, why));
        }
    }
    options.auto_approve = section.sent_without_approval.iter().cloned().collect();
    options.forget_after_days =
        section.forget_after.map(|after| u32::try_from(after.as_secs().div_ceil(86_400)).unwrap_or(u32::MAX));
    let days = section.follow_up_after.as_secs() / 86_400;
    options.follow_up_days = u32::try_from(days).unwrap_or(u32::MAX).clamp(1, 365);
    options.energy_tip_per_year_min = section.energy_tip_from as f64;
    options.holidays = holidays(section.holidays_file.as_deref())?;
    if let Some(file) = &section.grumbles_file {
        let words = text_file::read(file, Kind::Config)?;
        options.grumbles = Grumbles::parse(&words);
    }
    if let Some(file) = &config.replies.stop_words_file {
        let words = text_file::read(file, Kind::Config)?;
        options.stop_words = StopWords::parse(&words);
    }
    options.trips = config.trips.clone();
    options.channels = channels(config)?;
    let hook = |hook: &foretell_outreach::HookOptions| {
        let made = Hook::new(hook.clone(), Arc::new(WallClock));
        made.map(Arc::new).map_err(|problems| faulty("webhook", &hook.name, &problems))
    };
    options.hooks = config.webhooks.iter().map(hook).collect::<Result<_, _>>()?;
    let photos = Photos::new(&config.data.dir);
    options.pictures = Pictures(Arc::new(move |reference| photos.read(reference, true).ok()));
    Ok(options)
}

/// The public holidays of a file, or the built-in ones.
///
/// # Errors
/// When the file cannot be used.
pub fn holidays(file: Option<&Path>) -> Result<Holidays, Failure> {
    let Some(file) = file else { return Ok(Holidays::default()) };
    let text = text_file::read(file, Kind::Config)?;
    Holidays::parse(&text).map_err(|why| Failure::new(Kind::Config, format!("{}: {why}", file.display())))
}

/// Every way to customers, mail first.
fn channels(config: &Config) -> Result<Vec<Arc<dyn Channel>>, Failure> {
    let mut channels: Vec<Arc<dyn Channel>> = mail(config, &config.outreach)?.into_iter().collect();
    for channel in &config.channels {
        channels.push(match channel {
            ChannelSection::Webhook(options) => {
                let made = Webhook::new((**options).clone(), Arc::new(WallClock));
                Arc::new(made.map_err(|problems| faulty("channel", &options.name, &problems))?)
            }
            ChannelSection::Mqtt(channel) => Arc::new(channel.clone()),
        });
    }
    Ok(channels)
}

/// The channels whose messages stand on MQTT.
pub(super) fn mqtt_channels(config: &Config) -> Vec<Mqtt> {
    let of = |channel: &ChannelSection| match channel {
        ChannelSection::Mqtt(channel) => Some(channel.clone()),
        ChannelSection::Webhook(_) => None,
    };
    config.channels.iter().filter_map(of).collect()
}

fn faulty(what: &str, name: &str, problems: &[Problem]) -> Failure {
    let told: Vec<String> = problems.iter().map(|problem| format!("`{}`: {}", problem.path, problem.why)).collect();
    Failure::new(Kind::Config, format!("[[{what}]] `{name}`: {}", told.join("; ")))
}

fn mail(config: &Config, section: &OutreachSection) -> Result<Option<Arc<dyn Channel>>, Failure> {
    match section.channel {
        ChannelKind::Nothing => Ok(None),
        ChannelKind::Folder => {
            let folder = section.folder.clone().unwrap_or_else(|| config.data.dir.join("outbox"));
            Ok(Some(Arc::new(Folder::new(folder, section.from.clone()))))
        }
        ChannelKind::Smtp => {
            let smtp = Smtp::new(smtp(section)?).map_err(|error| {
                Failure::because(Kind::Config, "could not prepare the mail server's connection", error)
            })?;
            Ok(Some(Arc::new(smtp)))
        }
    }
}

fn smtp(section: &OutreachSection) -> Result<SmtpOptions, Failure> {
    let url = section.smtp_url.as_deref().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("smtp", url));
    let rest = rest.trim_end_matches('/');
    let default_port = if scheme == "smtps" { 465 } else { 587 };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (rest, Some(default_port)),
    };
    let Some(port) = port.filter(|_| !host.is_empty()) else {
        return Err(Failure::new(Kind::Config, format!("`[outreach] smtp_url = \"{url}\"` names no host and port")));
    };
    let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let security = match scheme {
        "smtps" => Security::Tls,
        // A relay on this computer needs no encryption and seldom offers it.
        _ if here => Security::Plain,
        _ => Security::StartTls,
    };
    let password = section.smtp_password.as_ref().map(|password| password.expose().to_owned());
    Ok(SmtpOptions {
        host: host.to_owned(),
        port,
        security,
        login: section.smtp_username.clone().zip(password),
        timeout: SMTP_TIMEOUT,
        from: section.from.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_faults_of_the_catalogue_are_written_about_without_a_click() {
        #[track_caller]
        fn check(codes: &[&str], refused: Option<&str>) {
            let catalogue = Arc::new(Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap());
            let mut config = Config::default();
            config.outreach.sent_without_approval = codes.iter().map(|code| (*code).to_owned()).collect();
            match outreach(&config, &catalogue, "http://localhost") {
                Ok(options) => {
                    assert_eq!(refused, None);
                    assert!(options.auto_approve.iter().eq(codes), "{:?}", options.auto_approve);
                }
                Err(failure) => {
                    let named = format!("sent_without_approval names `{}`", refused.unwrap_or("nothing"));
                    assert!(failure.to_string().contains(&named), "{failure}");
                }
            }
        }
        check(&[], None);
        check(&["cooler_clogging", "oil_filter_clogging"], None);
        check(&["cooler_clogging", "cooler_cloging"], Some("cooler_cloging"));
        // Neither work nor what cannot be a code.
        check(&["cooler_cleaned"], Some("cooler_cleaned"));
        check(&["Cooler clogging"], Some("Cooler clogging"));
    }
}
