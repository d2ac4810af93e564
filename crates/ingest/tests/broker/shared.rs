//! Several sessions that share the work, and sessions that outlast us.

use std::time::Duration;

use foretell_ingest::IngestOptions;
use foretell_ingest::broker::{BrokerOptions, Version};

use crate::broker::Mosquitto;
use crate::plant::{Plant, TELEMETRY, in_version, readings, wait_until};

fn pair(broker: &Mosquitto, version: Version) -> BrokerOptions {
    BrokerOptions { share: Some("g".into()), workers: 2, ..in_version(&broker.url(), version) }
}

fn start(options: BrokerOptions) -> Plant {
    let workers = options.workers;
    let plant = Plant::start(vec![options], IngestOptions::default());
    wait_until("all sessions stand", || plant.source().connected == workers);
    plant
}

/// Each message comes to one of the two, none to both, and what is left by one that dies comes again.
#[test]
fn two_workers_share_the_work() {
    for version in [Version::V3, Version::V5] {
        let mut broker = Mosquitto::start();
        let plant = start(pair(&broker, version));
        broker.publish(TELEMETRY, &readings(0, 500));
        plant.log.wait_for(500);
        assert_eq!(plant.source().messages, 500);
        // Killed before the commit, the broker killed too: everything comes again to the next pair.
        plant.log.hold(true);
        broker.publish(TELEMETRY, &readings(500, 100));
        plant.wait_received(600);
        broker.save();
        let kept = plant.kill();
        broker.restart(false);
        let plant = Plant::over(kept, vec![pair(&broker, version)], IngestOptions::default());
        plant.log.wait_for(600);
        plant.drain();
    }
}

/// A session of earlier times that subscribed for itself alone gives that up, or everything would come twice.
#[test]
fn a_kept_session_gives_up_what_is_shared_now() {
    let broker = Mosquitto::start();
    Plant::at_in(&broker, Version::V5).drain();
    let plant = start(pair(&broker, Version::V5));
    broker.publish(TELEMETRY, &readings(0, 200));
    plant.log.wait_for(200);
    plant.drain();
    let plant = start(pair(&broker, Version::V5));
    broker.publish(TELEMETRY, &readings(200, 200));
    plant.log.wait_for(200);
    assert_eq!(plant.source().messages, 200);
}

/// The broker forgets us after the time that we asked for, and not before.
#[test]
fn a_session_expires_when_it_was_told_to() {
    for (expiry, kept) in [(Duration::from_secs(3600), 10), (Duration::from_secs(1), 0)] {
        let broker = Mosquitto::start();
        let options = || BrokerOptions { session_expiry: expiry, ..in_version(&broker.url(), Version::V5) };
        start(options()).drain();
        if kept == 0 {
            wait_until("the broker has forgotten us", || broker.clients_expired() >= 1);
        }
        broker.publish(TELEMETRY, &readings(0, 10));
        let plant = start(options());
        broker.publish(TELEMETRY, &readings(100, 1));
        plant.log.wait_for(kept + 1);
        assert_eq!(plant.log.events().len(), kept + 1);
        plant.drain();
    }
}
