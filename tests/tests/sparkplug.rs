//! Sparkplug B from an encoder that is not ours, through a real broker and straight to the listener: readings by alias,
//! rebirths after a loss and after our own death, the node's death, and our state as its host.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use foretell_tests::{EdgeNode, Foretell, Mosquitto, SPARKPLUG, free_port, get, wait_for};

const PATIENCE: Duration = Duration::from_secs(30);
const KILLS: usize = 3;
const MESSAGES: usize = 600;

/// What a line of the export says of a reading: time, temperature, current, run hours.
fn readings(export: &str) -> Vec<(String, f64, f64, f64)> {
    let mut lines = export.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let place =
        |name: &str| header.iter().position(|c| *c == name).unwrap_or_else(|| panic!("no {name} in {header:?}"));
    let columns = ["ts", "site", "machine", "discharge_temp_c", "motor_current_a", "run_hours"].map(place);
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let [ts, site, machine, temp, amps, hours] = columns.map(|column| cells[column]);
            assert_eq!((site, machine), ("plant1", "K1"), "{line}");
            let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("{text:?} is no number: {line}"));
            (ts.to_owned(), number(temp), number(amps), number(hours))
        })
        .collect()
}

/// Every reading must be one that the node made, with each value where it belongs.
fn assert_sound(export: &str) {
    for (ts, temp, amps, hours) in readings(export) {
        let n = hours - 1000.0;
        assert_eq!((temp, amps), (80.0 + n % 20.0, 40.0 + n % 10.0), "at {ts}: message {n}");
    }
}

/// A counter of `/metrics`, over all its labels that hold `label`.
fn counted(foretell: &Foretell, name: &str, label: &str) -> f64 {
    let page = get(foretell.console, "/metrics").expect("the console answers").body;
    let lines = page.lines().filter(|line| line.starts_with(name) && line.contains(label));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// The retained state of the host at a broker or listener, as a client that is not ours sees it.
fn host_state(port: u16, login: Option<(&str, &str)>) -> Option<String> {
    let port = port.to_string();
    let mut command = Command::new("mosquitto_sub");
    command.args(["-h", "127.0.0.1", "-p", &port, "-t", "spBv1.0/STATE/foretell", "-C", "1", "-W", "5"]);
    if let Some((user, password)) = login {
        command.args(["-u", user, "-P", password]);
    }
    let output = command.output().expect("mosquitto_sub runs");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The machine is off line by its gateway's word, in the API and on its page, although it spoke a moment ago.
fn is_shown_off_line(foretell: &Foretell) {
    wait_for("the machine to be off line", PATIENCE, || {
        let fleet = get(foretell.console, "/api/v1/fleet")?.body;
        (fleet.contains(r#""why":"said""#) && fleet.contains(r#""online":false"#)).then_some(())
    });
    let page = get(foretell.console, "/m/plant1/K1").expect("the page answers").body;
    assert!(page.contains("as its controller or gateway reported"), "{page}");
    wait_for("the gauge", PATIENCE, || (counted(foretell, "foretell_machines_offline_said", "") >= 1.0).then_some(()));
}

fn more_readings(foretell: &Foretell, than: usize) -> usize {
    wait_for("more readings", PATIENCE, || Some(foretell.readings()).filter(|count| *count > than))
}

#[test]
fn through_a_broker_with_rebirth_after_our_death() {
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path());
    let config =
        format!("[mqtt]\nurl = \"mqtt://127.0.0.1:{}\"\nclient_id = \"foretell-test\"\n{SPARKPLUG}", broker.port);
    let (console, mqtt) = (free_port(), free_port());
    let mut foretell = Foretell::start_on(folder.path(), &config, console, mqtt);
    let online = |want: bool| {
        let text = format!("\"online\":{want}");
        wait_for(&text, PATIENCE, || host_state(broker.port, None).filter(|state| state.contains(&text)))
    };
    online(true);
    let mut node = EdgeNode::start(folder.path(), broker.port, &["live"]);
    let before = more_readings(&foretell, 20);

    foretell.process.kill_9();
    // The broker says it for us: our will.
    online(false);
    foretell = Foretell::start_on(folder.path(), &config, console, mqtt);
    online(true);
    wait_for("a rebirth request", PATIENCE, || (node.times("asked") > 0).then_some(()));
    more_readings(&foretell, before + 20);
    assert_sound(&foretell.export());

    node.process.kill_9();
    let deaths = || (counted(&foretell, "foretell_sparkplug_total", "what=\"death\"") >= 1.0).then_some(());
    wait_for("the node's death", PATIENCE, deaths);
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
    online(false);
}

#[test]
fn straight_to_the_listener_with_rebirth_after_a_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    straight_to_the_listener(folder.path(), SPARKPLUG, None);
}

/// The same with a login that may speak for the machines of the plant, as they are called here.
#[test]
fn straight_to_the_listener_with_a_login() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("gateway.secret"), "gateway-secret\n").expect("a writable folder");
    let users = "[mqtt]\nanonymous = \"nobody\"\n[[mqtt.user]]\nname = \"gateway\"\npassword_file = \"gateway.secret\"\n\
                 machines = [\"plant1/*\"]\n";
    straight_to_the_listener(folder.path(), &format!("{users}{SPARKPLUG}"), Some(("gateway", "gateway-secret")));
}

fn straight_to_the_listener(folder: &Path, config: &str, login: Option<(&str, &str)>) {
    let (console, mqtt) = (free_port(), free_port());
    let mut foretell = Foretell::start_on(folder, config, console, mqtt);
    assert!(host_state(mqtt, login).is_some_and(|state| state.contains("\"online\":true")));
    let mut node = EdgeNode::start_as(login, folder, mqtt, &["live"]);
    let before = more_readings(&foretell, 20);

    // One message is lost: the next cannot be believed, and the node is asked for its births.
    assert_eq!(node.times("asked"), 0, "nothing was missed until now");
    node.process.signal("USR2");
    wait_for("a rebirth request", PATIENCE, || (node.times("asked") == 1).then_some(()));
    let before = more_readings(&foretell, before + 20);
    assert!(counted(&foretell, "foretell_ingest_items_refused_total", "no_birth") >= 1.0, "quarantined, not guessed");

    foretell.process.kill_9();
    foretell = Foretell::start_on(folder, config, console, mqtt);
    more_readings(&foretell, before + 20);
    assert_sound(&foretell.export());

    node.process.kill_9();
    let deaths = || (counted(&foretell, "foretell_sparkplug_total", "what=\"death\"") >= 1.0).then_some(());
    wait_for("the node's death", PATIENCE, deaths);
    is_shown_off_line(&foretell);
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
    // Its word holds until it speaks again, also over a restart.
    foretell = Foretell::start_on(folder, config, console, mqtt);
    is_shown_off_line(&foretell);
    let _speaks_again = EdgeNode::start_as(login, folder, mqtt, &["live"]);
    wait_for("the machine to be back", PATIENCE, || {
        let fleet = get(foretell.console, "/api/v1/fleet")?.body;
        fleet.contains(r#""offline":null"#).then_some(())
    });
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}

/// Killed again and again while the node publishes at QoS 1: every acknowledged message is a reading, none is two.
fn kill_while_publishing(folder: &std::path::Path, config: &str, port: impl Fn(&Foretell) -> u16) {
    let (console, mqtt) = (free_port(), free_port());
    let mut foretell = Foretell::start_on(folder, config, console, mqtt);
    let mut node = EdgeNode::start(folder, port(&foretell), &["acknowledged", &MESSAGES.to_string()]);
    for kill in 1..=KILLS {
        let goal = kill * MESSAGES / (KILLS + 1);
        wait_for(&format!("{goal} acknowledgements"), PATIENCE, || (node.count("acknowledged") >= goal).then_some(()));
        foretell.process.kill_9();
        foretell = Foretell::start_on(folder, config, console, mqtt);
    }
    assert_eq!(node.process.wait(Duration::from_secs(60)), Some(0), "{}", node.process.said());
    wait_for("every acknowledged reading", PATIENCE, || (foretell.readings() >= MESSAGES).then_some(()));
    let export = foretell.export();
    assert_sound(&export);
    let mut times = BTreeMap::new();
    for (_, _, _, hours) in readings(&export) {
        *times.entry(hours as usize - 1000).or_insert(0) += 1;
    }
    assert_eq!(times, (0..MESSAGES).map(|n| (n, 1)).collect(), "each acknowledged message once");
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}

#[test]
fn behind_the_listener_no_acknowledged_data_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    kill_while_publishing(folder.path(), SPARKPLUG, |foretell| foretell.mqtt);
}

#[test]
fn behind_a_broker_no_acknowledged_data_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path());
    let config =
        format!("[mqtt]\nurl = \"mqtt://127.0.0.1:{}\"\nclient_id = \"foretell-test\"\n{SPARKPLUG}", broker.port);
    kill_while_publishing(folder.path(), &config, |_| broker.port);
}
