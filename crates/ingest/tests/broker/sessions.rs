//! Sessions that are lost, and what must not be lost with them.

use foretell_ingest::broker::{BrokerOptions, Version};
use foretell_ingest::{IngestOptions, IntakeOptions};

use crate::broker::Mosquitto;
use crate::plant::{Plant, TELEMETRY, assert_all_acknowledged, at, in_version, readings};
use crate::proxy::Proxy;

/// Each of these once in 3.1.1 and once in 5.
macro_rules! in_both_versions {
    ($($name:ident),* $(,)?) => {
        mod v3 {
            $(#[test] fn $name() { super::$name(super::Version::V3); })*
        }
        mod v5 {
            $(#[test] fn $name() { super::$name(super::Version::V5); })*
        }
    };
}

in_both_versions! {
    keeps_acknowledges_and_is_not_sent_again,
    what_arrives_while_we_are_away_waits_for_us,
    a_kill_before_the_acknowledgement_loses_nothing,
    a_cut_cable_while_the_commit_is_slow_acknowledges_nothing_wrongly,
    what_could_not_be_kept_comes_again,
    a_forgotten_session_is_subscribed_again,
    an_oversized_message_is_refused_once_and_gone,
    draining_acknowledges_what_was_taken,
}

fn keeps_acknowledges_and_is_not_sent_again(version: Version) {
    let broker = Mosquitto::start();
    let plant = Plant::at_in(&broker, version);
    broker.publish(TELEMETRY, &readings(0, 1000));
    assert_eq!(plant.log.wait_for(1000).len(), 1000);
    plant.drain();
    assert_all_acknowledged(&broker);
}

fn what_arrives_while_we_are_away_waits_for_us(version: Version) {
    let broker = Mosquitto::start();
    Plant::at_in(&broker, version).drain();
    broker.publish(TELEMETRY, &readings(0, 50));
    let plant = Plant::at_in(&broker, version);
    plant.log.wait_for(50);
    plant.drain();
    assert_all_acknowledged(&broker);
}

/// Killed before the commit: nothing was acknowledged, so everything comes again.
fn a_kill_before_the_acknowledgement_loses_nothing(version: Version) {
    let broker = Mosquitto::start();
    let plant = Plant::at_in(&broker, version);
    plant.log.hold(true);
    broker.publish(TELEMETRY, &readings(0, 20));
    plant.wait_received(20);
    assert!(plant.kill().is_empty());
    let plant = Plant::at_in(&broker, version);
    assert_eq!(plant.log.wait_for(20).len(), 20);
    plant.drain();
    assert_all_acknowledged(&broker);
}

/// Acknowledgements that were made for an earlier connection die with it.
fn a_cut_cable_while_the_commit_is_slow_acknowledges_nothing_wrongly(version: Version) {
    let broker = Mosquitto::start();
    let proxy = Proxy::to(broker.port);
    let plant = Plant::start(vec![in_version(&proxy.url(), version)], IngestOptions::default());
    plant.wait_connected();
    plant.log.hold(true);
    broker.publish(TELEMETRY, &readings(0, 10));
    plant.wait_received(10);
    for cut in 1..=2 {
        proxy.cut();
        broker.publish(TELEMETRY, &readings(10 * cut, 10));
        // Everything so far comes again, with ten new ones.
        plant.wait_received(u64::from((1..=cut + 1).sum::<u32>() * 10));
    }
    plant.log.hold(false);
    assert_eq!(plant.log.wait_for(30).len(), 30);
    plant.drain();
    assert_all_acknowledged(&broker);
}

/// The log fails: nothing is acknowledged, and the session asks for everything again until it is kept.
fn what_could_not_be_kept_comes_again(version: Version) {
    let broker = Mosquitto::start();
    let plant = Plant::at_in(&broker, version);
    plant.log.fail(true);
    broker.publish(TELEMETRY, &readings(0, 5));
    crate::plant::wait_until("a batch failed twice", || plant.source().failed_messages >= 10);
    assert!(plant.log.events().is_empty());
    plant.log.fail(false);
    assert_eq!(plant.log.wait_for(5).len(), 5);
    plant.drain();
    assert_all_acknowledged(&broker);
}

/// The broker comes back having forgotten us: without a new subscription we would be connected and deaf.
fn a_forgotten_session_is_subscribed_again(version: Version) {
    let mut broker = Mosquitto::start();
    let plant = Plant::at_in(&broker, version);
    for round in 0..2 {
        broker.kill();
        crate::plant::wait_until("the loss is noticed", || plant.source().connected == 0);
        broker.restart(true);
        plant.wait_connected();
        broker.publish(TELEMETRY, &readings(round * 10, 10));
        plant.log.wait_for((round as usize + 1) * 10);
    }
}

/// A broker that is not there yet is no reason not to start.
#[test]
fn waits_for_a_broker_that_is_not_there_yet() {
    let mut broker = Mosquitto::start();
    broker.kill();
    let plant = Plant::start(vec![at(&broker.url())], IngestOptions::default());
    broker.restart(false);
    plant.wait_connected();
    broker.publish(TELEMETRY, &readings(0, 1));
    plant.log.wait_for(1);
}

/// One packet over the limit would end each connection at which it is delivered, for ever.
fn an_oversized_message_is_refused_once_and_gone(version: Version) {
    let broker = Mosquitto::start();
    let plant = Plant::at_in(&broker, version);
    broker.publish(TELEMETRY, &readings(0, 1));
    for megabytes in [2, 5] {
        broker.publish_bytes(TELEMETRY, &vec![b' '; megabytes << 20]);
    }
    broker.publish(TELEMETRY, &readings(1, 1));
    plant.log.wait_for(2);
    let refused = plant.quarantine.reasons();
    assert!(refused.len() >= 2 && refused.iter().all(|line| *line == format!("{TELEMETRY} too_large")), "{refused:?}");
    plant.drain();
    assert_all_acknowledged(&broker);
}

/// Every queue at its smallest and the log standing still: nothing waits for something that waits for it.
#[test]
fn full_queues_neither_deadlock_nor_lose() {
    for (version, at_least) in [(Version::V3, 100), (Version::V5, 1)] {
        full_queues(version, at_least);
    }
}

/// In 5 the broker is told of the small inbox and sends no more than fits.
fn full_queues(version: Version, at_least: u64) {
    let broker = Mosquitto::start();
    let options = BrokerOptions { inbox_messages_max: 1, ..in_version(&broker.url(), version) };
    let intake = IntakeOptions { queue_bytes_max: 64 << 10, ..IntakeOptions::default() };
    let plant = Plant::start(vec![options], IngestOptions { intake, ..IngestOptions::default() });
    plant.wait_connected();
    plant.log.hold(true);
    broker.publish(TELEMETRY, &readings(0, 3000));
    plant.wait_received(at_least);
    plant.log.hold(false);
    assert_eq!(plant.log.wait_for(3000).len(), 3000);
    plant.drain();
    assert_all_acknowledged(&broker);
}

/// Draining commits and acknowledges what was taken before it disconnects.
fn draining_acknowledges_what_was_taken(version: Version) {
    let broker = Mosquitto::start();
    let plant = Plant::at_in(&broker, version);
    plant.log.hold(true);
    broker.publish(TELEMETRY, &readings(0, 50));
    plant.wait_received(50);
    // Lets the log go on only after the drain has begun.
    let log = plant.drain();
    assert_eq!(log.events().len(), 50);
    assert_all_acknowledged(&broker);
}

#[test]
fn several_brokers_fill_one_log() {
    let brokers = [Mosquitto::start(), Mosquitto::start()];
    let options = brokers
        .iter()
        .zip(["north", "south"])
        .map(|(broker, name)| BrokerOptions { name: name.into(), ..at(&broker.url()) });
    let plant = Plant::start(options.collect(), IngestOptions::default());
    plant.wait_connected();
    for (number, broker) in (0..).zip(&brokers) {
        broker.publish(TELEMETRY, &readings(number * 100, 100));
    }
    assert_eq!(plant.log.wait_for(200).len(), 200);
    let sources = plant.ingest.status().sources;
    let seen: Vec<_> = sources.iter().map(|source| (source.name.as_str(), source.messages)).collect();
    assert_eq!(seen, [("north", 100), ("south", 100)]);
}
