//! Killed five times with SIGKILL while a client publishes: every acknowledged reading is there, none twice.

use std::process::Command;
use std::time::Duration;

use foretell_tests::{
    Foretell, MAPPING, Mosquitto, Running, assert_export_equals, free_port, python, rows, third_party, wait_for,
};

const KILLS: usize = 5;

/// A paho client (not ours) that publishes the rows one by one at QoS 1, keeps its session over reconnects and prints
/// `acknowledged N` as the count grows and `done` at the end.
fn publisher(port: u16, folder: &std::path::Path) -> Option<Running> {
    let mut command: Command = python("publish_rows.py");
    command.arg(port.to_string()).arg("metro/porto/apu1").arg(third_party("metropt3_first_rows.csv")?);
    Some(Running::start("publisher", command, &folder.join("publisher.log")))
}

fn acknowledged(publisher: &Running) -> usize {
    let said = publisher.said();
    let counts = said.lines().filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok());
    counts.max().unwrap_or(0)
}

/// Kills at about equal steps of the publisher's progress, so that every kill falls into traffic.
fn kill_while_publishing(config: &str, publish_to: impl Fn(&Foretell) -> u16, folder: &std::path::Path) {
    let Some(rows) = rows() else { return };
    let (console, mqtt) = (free_port(), free_port());
    let mut foretell = Foretell::start_on(folder, config, console, mqtt);
    let Some(mut publisher) = publisher(publish_to(&foretell), folder) else { return };
    for kill in 1..=KILLS {
        let goal = kill * 1000 / (KILLS + 1);
        wait_for(&format!("{goal} acknowledgements"), Duration::from_secs(60), || {
            (acknowledged(&publisher) >= goal).then_some(())
        });
        assert!(publisher.runs(), "the publisher ended before kill {kill}: it was not killed in traffic");
        foretell.process.kill_9();
        foretell = Foretell::start_on(folder, config, console, mqtt);
    }
    assert_eq!(publisher.wait(Duration::from_secs(120)), Some(0), "{}", publisher.said());
    assert_eq!(acknowledged(&publisher), 1000);
    wait_for("every acknowledged reading", Duration::from_secs(30), || (foretell.readings() >= 1000).then_some(()));
    assert_export_equals(&foretell.export(), &rows);
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}

#[test]
fn behind_the_embedded_listener_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    kill_while_publishing(MAPPING, |foretell| foretell.mqtt, folder.path());
}

#[test]
fn behind_a_broker_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path());
    let config =
        format!("[mqtt]\nurl = \"mqtt://127.0.0.1:{}\"\nclient_id = \"foretell-test\"\n{MAPPING}", broker.port);
    kill_while_publishing(&config, |_| broker.port, folder.path());
}
