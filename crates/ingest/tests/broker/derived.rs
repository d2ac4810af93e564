//! Derived run hours when the process is killed and the broker delivers again.

use foretell_ingest::IngestOptions;
use foretell_ingest::decode::{DecoderOptions, DeriveSpec, FieldSpec, HoursSpec, MappingSpec, TimeSpec};
use foretell_model::Event;

use crate::broker::Mosquitto;
use crate::plant::{Plant, at};

const TOPIC: &str = "metro/apu/1";

fn options() -> IngestOptions {
    let field = |at: &str| FieldSpec { at: at.into(), ..FieldSpec::default() };
    let hours = HoursSpec { from: "motor_current_a".into(), above: 2.0, ..HoursSpec::default() };
    let mapping = MappingSpec {
        topic: "metro/apu/{machine}".into(),
        site: Some("metro".into()),
        ts: Some(TimeSpec { at: "/t".into(), format: Some("s".into()), zone: None }),
        signals: [("discharge_temp_c".to_owned(), field("/oil")), ("motor_current_a".to_owned(), field("/amps"))]
            .into(),
        derive: Some(DeriveSpec { run_hours: Some(hours) }),
        ..MappingSpec::default()
    };
    let decoder = DecoderOptions { mappings: vec![mapping], ..DecoderOptions::default() };
    IngestOptions { decoder, ..IngestOptions::default() }
}

/// A row every ten seconds; the motor runs half of the time.
fn rows(from: u32, to: u32) -> Vec<String> {
    (from..to).map(|i| format!(r#"{{"t":{},"oil":53.6,"amps":{}}}"#, 1_580_515_200 + i * 10, i / 30 % 2 * 4)).collect()
}

#[test]
fn five_kills_while_publishing_change_no_reading() {
    let broker = Mosquitto::start();
    let undisturbed = Plant::start(vec![at(&broker.url())], options());
    undisturbed.wait_connected();
    broker.publish(TOPIC, &rows(0, 1000));
    undisturbed.log.wait_for(1000);
    let expected = undisturbed.drain().events();

    let mut kept: Vec<Event> = Vec::new();
    for round in 0..5 {
        let plant = Plant::over(kept, vec![at(&broker.url())], options());
        plant.wait_connected();
        broker.publish(TOPIC, &rows(round * 200, round * 200 + 150));
        plant.log.wait_for(round as usize * 200 + 100);
        // From here on nothing is kept, so nothing is acknowledged, and the process dies with it.
        plant.log.hold(true);
        broker.publish(TOPIC, &rows(round * 200 + 150, round * 200 + 200));
        kept = plant.kill();
    }
    let plant = Plant::over(kept, vec![at(&broker.url())], options());
    assert_eq!(plant.log.wait_for(1000), expected);
    plant.drain();
}
