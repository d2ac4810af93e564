//! A new configuration for the running service. What can be changed without ending an MQTT session is changed: mappings, edge
//! nodes' metrics, brokers (the sessions with all others stay), users, limits and certificates of the listener, customers, limits
//! and profiles of machines, where InfluxDB is, the log's level. The rest is named, each time until a restart, and stays.

use std::sync::{Arc, Mutex, PoisonError};

use foretell_history::SqliteLog;
use foretell_ingest::broker::{BrokerOptions, BrokersChanged};
use foretell_ingest::{Ingest, Replaced};
use foretell_model::Catalogue;
use foretell_outreach::Outreach;
use tokio::runtime::Handle;

use super::budget::{self, Budget};
use super::connections::Bounds;
use super::influx::Influx;
use super::parts::register_in;
use super::{Clocks, EngineRoom, Service, options, parts};
use crate::config::{Config, MqttLimits, MqttSection, MqttSource};
use crate::failure::{Failure, Kind};
use crate::logging;

/// What came of reading a configuration again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// What is different now.
    pub changed: Vec<&'static str>,
    /// Brokers that there are other sessions with now.
    pub brokers: BrokersChanged,
    /// What would be different after a restart.
    pub waits: Vec<&'static str>,
}

/// Takes up new configurations. Cheap to clone: it holds the parts that can change.
#[derive(Clone)]
pub struct Reloader {
    /// As it was at the start: what waits for the next one is measured by it, however often the file is read meanwhile.
    started: Arc<Config>,
    /// As it was read last.
    config: Arc<Mutex<Arc<Config>>>,
    ingest: Option<Arc<Ingest>>,
    room: Arc<EngineRoom>,
    outreach: Arc<Outreach>,
    log: Arc<SqliteLog>,
    influx: Option<Influx>,
    clocks: Arc<Clocks>,
    catalogue: Arc<Catalogue>,
}

impl Service {
    /// What takes up new configurations for this service.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        Reloader {
            started: Arc::clone(&self.config),
            config: Arc::new(Mutex::new(Arc::clone(&self.config))),
            ingest: self.ingest.clone(),
            room: Arc::clone(&self.room),
            outreach: Arc::clone(&self.outreach),
            log: Arc::clone(&self.log),
            influx: self.influx.clone(),
            clocks: Arc::clone(&self.clocks),
            catalogue: Arc::clone(&self.catalogue),
        }
    }
}

impl Reloader {
    /// Takes up a new configuration as far as that can be done while running. The same reloader must be used each time: it
    /// remembers what is in force.
    ///
    /// # Errors
    /// When something of it cannot be used; what was not reached stays as it was.
    pub async fn reload(&self, new: Config) -> Result<Reloaded, Failure> {
        let reloader = self.clone();
        super::blocking(move || reloader.take_up(new)).await
    }

    /// What can fail comes first, so that a faulty part keeps everything as it was.
    fn take_up(&self, new: Config) -> Result<Reloaded, Failure> {
        let old = Arc::clone(&self.config.lock().unwrap_or_else(PoisonError::into_inner));
        let (mut changed, mut brokers) = (Vec::new(), BrokersChanged::default());
        if register_in(&new, &self.outreach, &self.catalogue, self.clocks.wall().now())? {
            changed.push("customers");
        }
        if let Some(ingest) = &self.ingest {
            let wanted = Budget { mqtt: new.mqtt.limits.connections, http: Bounds::default().connections_max };
            let budget = budget::divided(wanted);
            if new.mqtt.limits.connections != old.mqtt.limits.connections {
                budget::tell(budget, wanted, MqttLimits::default().connections);
            }
            let listener = options::listener(&new.mqtt, budget);
            let replaced = ingest.replace(options::decoder(&new, &self.catalogue), &listener, self.log.as_ref());
            let failed = |error| Failure::because(Kind::Config, "could not go on with the new configuration", error);
            let Replaced { own_certificates, certificates_for_brokers } = replaced.map_err(failed)?;
            changed
                .extend(own_certificates.then_some("certificates of the MQTT listener, from the next connection on"));
            changed.extend(certificates_for_brokers.then_some("certificates at brokers, from the next connection on"));
            ingest.bound_machines(new.mqtt.machines_max);
            // Whether there is a listener is settled at the start, and the broker of `url` with it.
            if listens(&self.started) == listens(&new) {
                let failed = |error| Failure::because(Kind::Config, "could not take up the brokers", error);
                brokers =
                    Handle::current().block_on(ingest.replace_brokers(options::brokers(&new.mqtt))).map_err(failed)?;
                changed.extend((brokers != BrokersChanged::default()).then_some("sessions with brokers"));
            }
        }
        changed.extend((old.mappings != new.mappings).then_some("mappings"));
        changed.extend((old.mqtt.age_max != new.mqtt.age_max).then_some("the age of readings that are taken"));
        changed.extend((old.mqtt.machines_max != new.mqtt.machines_max).then_some("the number of machines"));
        let users =
            "users of the MQTT listener (whoever is connected as one that is gone or changed must log in again)";
        changed.extend((old.mqtt.users != new.mqtt.users).then_some(users));
        let exchanged = passwords_exchanged(&old.mqtt, &new.mqtt);
        changed.extend(exchanged.then_some("passwords at brokers, from the next connection on"));
        let open = old.mqtt.anonymous != new.mqtt.anonymous;
        changed.extend(open.then_some("who may connect to the MQTT listener without a name"));
        changed.extend((old.mqtt.limits != new.mqtt.limits).then_some("limits of the MQTT listener"));
        if let (Some(before), Some(now)) = (&old.sparkplug.0, &new.sparkplug.0) {
            let differ = (before.rebirth_every_ms, &before.mappings) != (now.rebirth_every_ms, &now.mappings);
            changed.extend(differ.then_some("metrics of Sparkplug's edge nodes"));
        }
        let limits = options::engine(&new.engine, &self.catalogue);
        let registered = self.room.register(parts::registered(&self.outreach)?);
        let Some((registered, configured)) = registered.zip(self.room.reconfigure(limits)) else {
            return Err(Failure::new(Kind::Internal, "the engine could not go on with other limits; restart it"));
        };
        changed.extend((registered || configured).then_some("limits and profiles of machines"));
        if old.log_level != new.log_level {
            logging::set_level(&new.log_level.0)?;
            changed.push("level of the log");
        }
        if let (Some(influx), Some(section)) = (&self.influx, &new.influxdb)
            && old.influxdb != new.influxdb
        {
            influx.replace(section);
            changed.push("[influxdb]");
        }
        if let Some(ingest) = &self.ingest {
            // Whoever says that something has changed need not wait for our next attempt.
            ingest.try_brokers_now();
        }
        let waits = waits_for_a_restart(&self.started, &new);
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        Ok(Reloaded { changed, brokers, waits })
    }
}

/// Whether controllers connect to us.
fn listens(config: &Config) -> bool {
    config.mqtt.source == MqttSource::Embedded
}

/// Whether a password that stands in a file is another one now, at a broker that was there before and still is.
fn passwords_exchanged(old: &MqttSection, new: &MqttSection) -> bool {
    let own = |mqtt: &MqttSection| {
        mqtt.password_file.as_ref().and(mqtt.password.as_ref()).map(|password| password.expose().to_owned())
    };
    let of = |source: &BrokerOptions| source.password_file.as_ref().and(source.password.clone());
    let differs = |now: &BrokerOptions| {
        let before = old.sources.iter().find(|before| before.name == now.name);
        before.is_some_and(|before| of(before) != of(now))
    };
    own(old) != own(new) || new.sources.iter().any(differs)
}

/// Sections whose change is noticed only at the next start.
fn waits_for_a_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let host_id = |config: &Config| config.sparkplug.0.as_ref().map(|options| options.host_id.clone());
    let engine = |config: &Config| {
        let engine = &config.engine;
        let snapshots = (engine.snapshot_every_entries, engine.snapshot_interval, engine.behind_entries_max);
        (engine.faults_file.clone(), snapshots)
    };
    let mut waits = Vec::new();
    let mut differs = |what, is_different: bool| waits.extend(is_different.then_some(what));
    differs("[mqtt] url and all brokers, because of whether controllers connect to us", listens(old) != listens(new));
    differs("[mqtt] listen", listens(new) && old.mqtt.listen != new.mqtt.listen);
    differs("[sparkplug] host_id", host_id(old) != host_id(new));
    differs("[influxdb] whether there is one", old.influxdb.is_some() != new.influxdb.is_some());
    differs("[data]", old.data != new.data);
    differs("[engine] faults_file, snapshots, behind_entries_max", engine(old) != engine(new));
    differs("[outreach]", old.outreach != new.outreach);
    differs("[[channel]], [[webhook]]", (&old.channels, &old.webhooks) != (&new.channels, &new.webhooks));
    differs("[replies], [trips]", (&old.replies, &old.trips) != (&new.replies, &new.trips));
    differs("[console]", old.console != new.console);
    differs("[clock]", old.clock != new.clock);
    waits
}

#[cfg(test)]
mod tests {
    use crate::config::Secret;

    use super::*;

    #[test]
    fn a_password_is_exchanged_where_its_broker_was_there_before() {
        let source = |name: &str, password: &str| BrokerOptions {
            name: name.to_owned(),
            password: Some(password.to_owned()),
            password_file: Some(name.into()),
            ..BrokerOptions::default()
        };
        let mqtt = |own: &str, sources: &[BrokerOptions]| MqttSection {
            password: Some(Secret::new(own.to_owned())),
            password_file: Some("own".into()),
            sources: sources.to_vec(),
            ..MqttSection::default()
        };
        let (a, b) = (source("a", "1"), source("b", "2"));
        let before = mqtt("0", std::slice::from_ref(&a));
        let check =
            |now: MqttSection, expected: bool| assert_eq!(passwords_exchanged(&before, &now), expected, "{now:?}");
        check(before.clone(), false);
        check(mqtt("0", &[a, b.clone()]), false);
        check(mqtt("0", std::slice::from_ref(&b)), false);
        check(mqtt("0", &[source("a", "3"), b]), true);
        check(mqtt("4", &[]), true);
    }
}
