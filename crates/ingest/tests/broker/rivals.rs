//! Two programs under one name at one broker, and a pause that somebody wants to end.

use std::net::TcpListener;
use std::time::Duration;

use foretell_ingest::broker::{BrokerOptions, Version};
use foretell_ingest::{IngestOptions, TroubleKind};

use crate::broker::Mosquitto;
use crate::plant::{Plant, in_version, wait_until};
use crate::wire::{CONNECT, Peer};

/// Each throws the other out for ever; both get to know of it, whether the broker can say so or not.
fn check(version: Version, expected: TroubleKind) {
    let broker = Mosquitto::start();
    let plants = [0, 1].map(|_| Plant::start(vec![in_version(&broker.url(), version)], IngestOptions::default()));
    let knows = |plant: &Plant| {
        let troubles = plant.source().troubles;
        troubles.iter().any(|trouble| trouble.client_id == "foretell" && trouble.kind == expected)
    };
    wait_until("both know of each other", || plants.iter().all(knows));
}

#[test]
fn two_of_one_name_know_of_each_other_in_3() {
    check(Version::V3, TroubleKind::ShortSessions);
}

#[test]
fn two_of_one_name_know_of_each_other_in_5() {
    check(Version::V5, TroubleKind::TakenOver);
}

/// Refused for a wrong login, it would wait an hour; told to, it tries again at once.
#[test]
fn a_pause_ends_when_it_is_told_so() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("mqtt://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let hour = Duration::from_secs(3600);
    let options = BrokerOptions { retry_max: hour, refused_pause: hour, ..in_version(&url, Version::V3) };
    let plant = Plant::start(vec![options], IngestOptions::default());
    let mut first = Peer::accept(&listener);
    first.expect(CONNECT);
    first.send(&[0x20, 2, 0, 5]);
    drop(first);
    listener.set_nonblocking(true).unwrap();
    // It may still be reading the refusal, so it is told until it comes.
    wait_until("it tries again", || {
        plant.ingest.try_brokers_now();
        listener.accept().is_ok()
    });
}
