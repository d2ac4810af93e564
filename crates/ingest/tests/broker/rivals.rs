//! Two programs under one name at one broker, and a pause that somebody wants to end.

use std::net::TcpListener;
use std::time::Duration;

use foretell_ingest::broker::{BrokerOptions, Version};
use foretell_ingest::{IngestOptions, TroubleKind};

use crate::broker::Mosquitto;
use crate::plant::{Plant, in_version, wait_until};
use crate::wire::{CONNECT, Peer, SUBSCRIBE};

/// Each throws the other out for ever. Mosquitto closes the connection without a word in either version; both get to know of it.
fn two_of_one_name_know_of_each_other(version: Version) {
    let broker = Mosquitto::start();
    let plants = [0, 1].map(|_| Plant::start(vec![in_version(&broker.url(), version)], IngestOptions::default()));
    wait_until("both know of each other", || {
        plants.iter().all(|plant| known(plant) == Some(("foretell".to_owned(), TroubleKind::ShortSessions)))
    });
}

fn known(plant: &Plant) -> Option<(String, TroubleKind)> {
    plant.source().troubles.pop().map(|trouble| (trouble.client_id, trouble.kind))
}

#[test]
fn two_of_one_name_know_of_each_other_in_3() {
    two_of_one_name_know_of_each_other(Version::V3);
}

#[test]
fn two_of_one_name_know_of_each_other_in_5() {
    two_of_one_name_know_of_each_other(Version::V5);
}

/// A broker that says so is believed at once.
#[test]
fn a_session_that_was_taken_over_is_known_as_such() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("mqtt://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let plant = Plant::start(vec![in_version(&url, Version::V5)], IngestOptions::default());
    let mut peer = Peer::accept(&listener);
    peer.expect(CONNECT);
    peer.send(&[0x20, 3, 0, 0, 0]);
    let subscribe = peer.expect(SUBSCRIBE);
    peer.send(&[0x90, 6, subscribe[0], subscribe[1], 0, 1, 1, 1]);
    // DISCONNECT: session taken over.
    peer.send(&[0xe0, 2, 0x8e, 0]);
    wait_until("it is known", || known(&plant) == Some(("foretell".to_owned(), TroubleKind::TakenOver)));
}

/// It ends sessions as soon as a rival would, and is none.
#[test]
fn a_broker_that_breaks_the_rules_is_known_as_such() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("mqtt://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let plant = Plant::start(vec![in_version(&url, Version::V3)], IngestOptions::default());
    for _ in 0..3 {
        let mut peer = Peer::accept(&listener);
        peer.expect(CONNECT);
        peer.send(&[0x20, 2, 0, 0]);
        let subscribe = peer.expect(SUBSCRIBE);
        peer.send(&[0x90, 5, subscribe[0], subscribe[1], 1, 1, 1]);
        plant.wait_connected();
        // A PUBLISH of QoS 3.
        peer.send(&[0x36, 5, 0, 1, b't', 0, 1]);
    }
    wait_until("it is known", || {
        known(&plant).is_some() && plant.source().troubles.iter().all(|trouble| trouble.kind == TroubleKind::Nonsense)
    });
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
