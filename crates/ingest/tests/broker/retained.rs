//! Retained messages: old ones in, our own out.

use foretell_ingest::decode::{DecoderOptions, FieldSpec, MappingSpec};
use foretell_model::{Event, Quality};

use crate::broker::Mosquitto;
use crate::kit::reading;
use crate::plant::{Plant, TELEMETRY, readings, wait_until};

const ADVISORY: &str = "foretell/v1/s01/m1/advisory";

/// A retained reading has a time stamp of its own, so it is kept once, however often a new subscription brings it.
#[test]
fn a_retained_reading_is_kept_once() {
    let mut broker = Mosquitto::start();
    broker.publish_with(TELEMETRY, &["-r", "-s"], reading(0).as_bytes());
    let plant = Plant::at(&broker);
    plant.log.wait_for(1);
    broker.kill();
    wait_until("the loss is noticed", || plant.source().connected == 0);
    broker.restart(true);
    plant.wait_connected();
    broker.publish_with(TELEMETRY, &["-r", "-s"], reading(0).as_bytes());
    broker.publish(TELEMETRY, &readings(1, 1));
    assert_eq!(plant.log.wait_for(2).len(), 2);
}

/// A retained value without a time stamp would be taken for one of now.
#[test]
fn a_retained_value_without_time_is_refused() {
    let broker = Mosquitto::start();
    broker.publish_with("old/k1/temp", &["-r", "-s"], b"83.2");
    let field = FieldSpec { at: "".into(), ..FieldSpec::default() };
    let mapping = MappingSpec {
        topic: "old/{machine}/temp".into(),
        site: Some("s9".into()),
        required: Some(Vec::new()),
        signals: [("discharge_temp_c".to_owned(), field)].into(),
        ..MappingSpec::default()
    };
    let plant = Plant::with_mappings(&broker, DecoderOptions { mappings: vec![mapping], ..DecoderOptions::default() });
    wait_until("it is refused", || plant.quarantine.reasons() == ["old/k1/temp retained_untimed"]);
    broker.publish_bytes("old/k1/temp", b"84.5");
    let events = plant.log.wait_for(1);
    let [Event::Reading(live)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(live.quality, Quality::UntimedAtSource);
}

/// Our advisories stand at the broker, come back to one that forgot them, and go when cleared.
#[test]
fn our_own_retained_messages_stand_at_the_broker() {
    let mut broker = Mosquitto::start();
    let plant = Plant::at(&broker);
    let standing = |broker: &Mosquitto, expected: &[&str]| {
        wait_until("the broker holds what we want", || broker.subscribe("foretell/v1/+/+/advisory", 2) == expected);
    };
    plant.ingest.publish_retained(ADVISORY, b"first");
    plant.ingest.publish_retained(ADVISORY, b"second");
    standing(&broker, &["foretell/v1/s01/m1/advisory second"]);
    broker.restart(true);
    standing(&broker, &["foretell/v1/s01/m1/advisory second"]);
    plant.ingest.publish_retained("foretell/v1/s01/m2/advisory", b"other");
    plant.ingest.publish_retained(ADVISORY, b"");
    standing(&broker, &["foretell/v1/s01/m2/advisory other"]);
}
