//! A real compressor's readings, in their own foreign shape, from a client that is not ours: through a real broker, through
//! the embedded listener, and through both ends being killed.

use std::time::Duration;

use foretell_tests::{Foretell, MAPPING, Mosquitto, assert_export_equals, get, publish_lines, rows, wait_for};

const TOPIC: &str = "metro/porto/apu1";

#[test]
fn through_a_broker_every_reading_arrives_and_is_shown() {
    let Some(rows) = rows() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path());
    let config =
        format!("[mqtt]\nurl = \"mqtt://127.0.0.1:{}\"\nclient_id = \"foretell-test\"\n{MAPPING}", broker.port);
    let mut foretell = Foretell::start(folder.path(), &config);

    let lines: Vec<String> = rows.iter().map(|row| row.json()).collect();
    publish_lines(broker.port, TOPIC, &lines);
    wait_for("1,000 readings", Duration::from_secs(30), || (foretell.readings() == 1000).then_some(()));
    assert_export_equals(&foretell.export(), &rows);

    let page = wait_for("the machine's page to show the newest reading", Duration::from_secs(20), || {
        get(foretell.console, "/m/porto/apu1").filter(|page| page.status == 200 && page.body.contains("02:45"))
    });
    assert!(page.body.contains("apu1"), "the page does not name its machine");
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}

#[test]
fn through_the_embedded_listener_every_reading_arrives() {
    let Some(rows) = rows() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut foretell = Foretell::start(folder.path(), MAPPING);
    let lines: Vec<String> = rows.iter().map(|row| row.json()).collect();
    publish_lines(foretell.mqtt, TOPIC, &lines);
    // The client was told that all of them are kept, so there is nothing to wait for.
    assert_export_equals(&foretell.export(), &rows);
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}
