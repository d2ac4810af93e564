//! The service as its operators meet it: a service manager that is told, a configuration read again while clients stay
//! connected, hostile HTTP beside quiet MQTT, a low limit of open files.

use std::io::Read as _;
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use foretell_tests::{Foretell, Mosquitto, Mqtt, Running, SmallDisk, binary, free_port, get, publish_lines, wait_for};

const TELEMETRY: &str = "foretell/v1/s01/m001/telemetry";
const SOON: Duration = Duration::from_secs(30);

fn reading(second: u32) -> String {
    format!(
        r#"{{"ts":"2026-07-01T08:{:02}:{:02}Z","discharge_temp_c":83.2,"motor_current_a":41.7,"run_hours":4021.5}}"#,
        second / 60,
        second % 60
    )
}

/// A service manager's end of the socket.
struct Manager(UnixDatagram);

impl Manager {
    fn listen(folder: &Path) -> (Self, std::path::PathBuf) {
        let path = folder.join("notify.sock");
        let socket = UnixDatagram::bind(&path).expect("a socket in the folder");
        socket.set_read_timeout(Some(SOON)).expect("a timeout can be set");
        (Self(socket), path)
    }

    /// Waits for a message that holds these words in a line.
    fn hears(&self, words: &str) -> String {
        self.hears_within(words, SOON)
    }

    fn hears_within(&self, words: &str, within: Duration) -> String {
        let deadline = Instant::now() + within;
        loop {
            let mut buffer = [0; 4096];
            let length = self.0.recv(&mut buffer).unwrap_or_else(|error| panic!("waited in vain for {words}: {error}"));
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if message.lines().any(|told| told.contains(words)) {
                return message;
            }
            assert!(Instant::now() < deadline, "waited in vain for {words}");
        }
    }
}

#[test]
fn the_service_manager_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (manager, socket) = Manager::listen(folder.path());
    let mut foretell = Foretell::start_with(folder.path(), "", free_port(), free_port(), |command| {
        command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "900000");
    });
    manager.hears("READY=1");
    manager.hears("WATCHDOG=1");
    // While nothing comes in, the engine's own turns feed it.
    manager.hears("WATCHDOG=1");
    foretell.process.signal("HUP");
    assert!(manager.hears("RELOADING=1").contains("MONOTONIC_USEC="));
    manager.hears("READY=1");
    said(&foretell, "nothing that can be taken up while running is different", 1);
    foretell.configure("[mqtt]\nulr = \"embedded\"\n");
    foretell.process.signal("HUP");
    manager.hears("STATUS=The new configuration cannot be used");
    // The log is written by a thread of its own.
    said(&foretell, "unknown key `ulr` in [mqtt]; did you mean `url`?", 1);
    let metrics = get(foretell.console, "/metrics").expect("metrics").body;
    for outcome in ["applied", "refused"] {
        assert!(metrics.contains(&format!("foretell_config_reloads_total{{outcome=\"{outcome}\"}} 1")), "{metrics}");
    }
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
    manager.hears("STOPPING=1");
}

#[test]
fn told_to_stop_while_it_starts_it_ends_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut foretell = Foretell::start(folder.path(), "");
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
    // A start waits for whoever has one of its files to itself.
    let mut holder = Command::new("/usr/bin/python3");
    holder.arg("-c").arg(format!(
        "import sqlite3, time\nconnection = sqlite3.connect('{}', isolation_level=None)\n\
         connection.execute('PRAGMA locking_mode = exclusive')\nconnection.execute('BEGIN EXCLUSIVE')\n\
         print('held', flush=True)\ntime.sleep(60)",
        folder.path().join("data/rollups.db").display()
    ));
    let holder = Running::start("python3", holder, &folder.path().join("holder.log"));
    wait_for("the file to be held", SOON, || holder.said().contains("held").then_some(()));
    let mut command = Command::new(foretell_tests::binary("foretell"));
    command.args(["run", "--data-dir"]).arg(folder.path().join("data"));
    command.env("FORETELL__CONSOLE__LISTEN", "127.0.0.1:0").env("FORETELL__MQTT__LISTEN", "127.0.0.1:0");
    let mut starting = Running::start("foretell", command, &folder.path().join("starting.log"));
    std::thread::sleep(Duration::from_secs(1));
    let told = Instant::now();
    assert_eq!(starting.terminate(), Some(0), "{}", starting.said());
    assert!(told.elapsed() < Duration::from_secs(5) && !starting.said().contains("running"), "{}", starting.said());
}

/// A disk that answers no more is no error that a commit could return with: only the watchdog ends such a process.
#[test]
fn a_committer_that_hangs_starves_the_watchdog() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(&folder.path().join("data")) else { return };
    let (manager, socket) = Manager::listen(folder.path());
    let mut foretell =
        Foretell::start_with(folder.path(), "[data]\nfree_min = \"16MiB\"\n", free_port(), free_port(), |command| {
            command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "900000");
        });
    publish_lines(foretell.mqtt, TELEMETRY, &[reading(0)]);
    manager.hears("WATCHDOG=1");
    let Some(frozen) = disk.freeze() else { return };
    let mut client = Command::new("mosquitto_pub");
    client.args(["-h", "127.0.0.1", "-p", &foretell.mqtt.to_string(), "-q", "1", "-t", TELEMETRY, "-m", &reading(1)]);
    let mut publisher = Running::start("mosquitto_pub", client, &folder.path().join("publisher.log"));
    manager.hears_within("the committer has not moved", 4 * SOON);
    let (starving, mut buffer) = (Instant::now(), [0; 4096]);
    while starving.elapsed() < Duration::from_secs(3) {
        let length = manager.0.recv(&mut buffer).expect("it goes on saying why");
        assert!(buffer[..length].starts_with(b"STATUS="), "{}", String::from_utf8_lossy(&buffer[..length]));
    }
    assert!(publisher.runs(), "what is not kept is not acknowledged");
    drop(frozen);
    manager.hears("WATCHDOG=1");
    assert_eq!(publisher.wait(SOON), Some(0), "{}", publisher.said());
    assert_eq!(foretell.readings(), 2);
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}

/// Waits until `text` stands in the log `times` times.
fn said(foretell: &Foretell, text: &str, times: usize) {
    wait_for(text, SOON, || (foretell.process.said().matches(text).count() >= times).then_some(()));
}

/// Has another configuration taken up, for the `time`th time.
fn reread(foretell: &mut Foretell, config: &str, time: usize) {
    foretell.configure(config);
    foretell.process.signal("HUP");
    said(foretell, "The configuration was read again", time);
}

const RAW: &str = "[[mapping]]\ntopic = \"raw/{site}/{machine}\"\nsignals.discharge_temp_c = { at = \"/t\", scale = 0.1 }\n\
                   signals.motor_current_a = \"/a\"\nsignals.run_hours = \"/h\"\n";

#[test]
fn a_configuration_is_read_again_without_losing_a_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut foretell = Foretell::start(folder.path(), "[log]\nlevel = \"info\"\n");
    let mut client = Mqtt::connect(foretell.mqtt, "plc", None).expect("let in");
    assert!(client.publish(TELEMETRY, &reading(0)));
    assert_eq!(Mqtt::connect(foretell.mqtt, "gw", Some(("gw", "secret"))).err(), Some(4), "nobody knows it yet");

    std::fs::write(folder.path().join("gw.secret"), "secret\n").expect("a writable folder");
    let users = "[mqtt]\n[[mqtt.user]]\nname = \"gw\"\npassword_file = \"gw.secret\"\nmachines = [\"hq/*\"]\n";
    let changed = format!(
        "{users}[mqtt.limits]\nconnections_per_user = 1\n{RAW}[engine]\nwarn_c = 99.0\n[log]\nlevel = \"debug\"\n[clock]\nsource = \"readings\"\n"
    );
    reread(&mut foretell, &changed, 1);
    let told = foretell.process.said();
    for changed in [
        "mappings",
        "users of the MQTT listener",
        "limits of the MQTT listener",
        "limits and profiles of machines",
        "level of the log",
    ] {
        assert!(told.contains(changed), "{changed}");
    }
    assert!(told.contains("need a restart") && told.contains("[clock]"), "what stays is named:\n{told}");

    // The same connection goes on, and its messages meet the new rules.
    assert!(client.publish(TELEMETRY, &reading(1)));
    assert!(client.publish("raw/hq/k1", r#"{"t":832,"a":41.7,"h":7}"#));
    let mut gateway = Mqtt::connect(foretell.mqtt, "gw", Some(("gw", "secret"))).expect("known now");
    assert!(gateway.publish("raw/hq/k2", r#"{"t":845,"a":40.0,"h":9}"#));
    // Of another's machine: 3.1.1 has no way to say no.
    assert!(gateway.publish("raw/s2/k2", r#"{"t":845,"a":40.0,"h":9}"#));
    drop(gateway);
    let held = "foretell_quarantine_items{reason=\"not_authorised\"} 1";
    wait_for("what stands in quarantine", SOON, || {
        get(foretell.console, "/metrics").filter(|page| page.body.contains(held))
    });
    let _gateway = wait_for("a place for it", SOON, || Mqtt::connect(foretell.mqtt, "gw", Some(("gw", "secret"))).ok());
    assert!(Mqtt::connect(foretell.mqtt, "gw2", Some(("gw", "secret"))).is_err(), "one connection a user from now on");

    // A file with a fault changes nothing.
    foretell.configure(&format!("{users}[[mapping]]\ntopic = \"a/{{plant}}\"\n"));
    foretell.process.signal("HUP");
    said(&foretell, "the one before stays in force", 1);
    assert!(client.publish("raw/hq/k1", r#"{"t":833,"a":41.7,"h":8}"#));
    let metrics = get(foretell.console, "/metrics").expect("metrics").body;
    assert!(metrics.contains("foretell_config_reloads_total{outcome=\"applied\"} 1"), "{metrics}");
    assert!(
        metrics.contains("foretell_mqtt_disconnects_total") || !metrics.contains("disconnects_total{"),
        "{metrics}"
    );
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
    let export = foretell.export();
    assert_eq!(export.lines().count() - 1, 5, "{export}");
    assert!(export.contains("k1") && export.contains("83.2") && export.contains("84.5"), "{export}");
}

#[test]
fn machines_without_end_are_turned_away_and_those_that_are_known_are_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let (console, mqtt) = (free_port(), free_port());
    let bound = |machines: u32| format!("[mqtt]\nmachines_max = {machines}\n");
    let refused = r#"foretell_ingest_items_refused_total{reason="too_many_machines"}"#;
    let mut second = 0;
    let mut all_say = |foretell: &Foretell| {
        let mut client = Mqtt::connect(foretell.mqtt, "gateway", None).expect("let in");
        for machine in ["m001", "m002", "m003"] {
            assert!(client.publish(&format!("foretell/v1/s01/{machine}/telemetry"), &reading(second)));
            second += 1;
        }
    };
    let mut foretell = Foretell::start_on(folder.path(), &bound(2), console, mqtt);
    all_say(&foretell);
    assert_eq!(foretell.readings(), 2);
    assert!(get(console, "/metrics").is_some_and(|metrics| metrics.body.contains(&format!("{refused} 1"))));
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
    // The log remembers who was there; with a lower bound nobody is turned out.
    let mut foretell = Foretell::start_on(folder.path(), &bound(1), console, mqtt);
    all_say(&foretell);
    assert_eq!(foretell.readings(), 4);
    // Nor does the stranger come in by the back door.
    assert!(
        replay(folder.path(), &bound(2))
            .contains("nothing is admitted, 2 items are still refused (2 too_many_machines)")
    );
    assert_eq!(foretell.readings(), 4);
    reread(&mut foretell, &bound(3), 1);
    all_say(&foretell);
    assert_eq!(foretell.readings(), 7);
    assert!(replay(folder.path(), &bound(3)).contains("2 items are admitted as 2 events"));
    assert_eq!(foretell.readings(), 9);
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}

/// What `foretell quarantine replay` says under a configuration.
fn replay(folder: &Path, config: &str) -> String {
    let file = folder.join("replay.toml");
    std::fs::write(&file, config).expect("a writable folder");
    let mut command = Command::new(binary("foretell"));
    command.args(["quarantine", "replay"]).arg("--config").arg(&file).arg("--data-dir").arg(folder.join("data"));
    String::from_utf8_lossy(&command.output().expect("the command runs").stdout).into_owned()
}

#[test]
fn behind_a_broker_new_mappings_are_subscribed_within_the_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path());
    let url = format!("[mqtt]\nurl = \"mqtt://127.0.0.1:{}\"\nclient_id = \"foretell-test\"\n", broker.port);
    let mut foretell = Foretell::start(folder.path(), &url);
    publish_lines(broker.port, TELEMETRY, &[reading(0)]);
    wait_for("the first reading", SOON, || (foretell.readings() == 1).then_some(()));
    foretell.configure(&format!("{url}{RAW}"));
    foretell.process.signal("HUP");
    said(&foretell, "The subscriptions follow the mappings.", 1);
    // The broker may still be busy with the subscription, so the message is said until it arrives.
    let line = [r#"{"t":832,"a":41.7,"h":7}"#.to_owned()];
    wait_for("a reading by the new mapping", SOON, || {
        publish_lines(broker.port, "raw/hq/k1", &line);
        (foretell.readings() >= 2).then_some(())
    });
    let metrics = get(foretell.console, "/metrics").expect("metrics").body;
    let sessions = metrics.lines().find(|line| line.starts_with("foretell_broker_connections_total{source=\"broker\""));
    assert!(sessions.is_some_and(|line| line.ends_with(" 1")), "one session all along:\n{metrics}");
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}

/// Sessions that have begun with a source, by both versions.
fn sessions(foretell: &Foretell, source: &str) -> u64 {
    let page = get(foretell.console, "/metrics").expect("metrics").body;
    let name = format!("foretell_broker_connections_total{{source=\"{source}\"");
    let lines = page.lines().filter(|line| line.starts_with(&name));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

/// Brokers come, go and move while another's session stands and brings readings.
#[test]
fn brokers_are_taken_up_one_by_one() {
    const MEANWHILE: u32 = 40;
    let (one, two) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (first, second) = (Mosquitto::start(one.path()), Mosquitto::start(two.path()));
    let url = format!("[mqtt]\nurl = \"mqtt://127.0.0.1:{}\"\nclient_id = \"foretell-test\"\n", first.port);
    let further = |client_id: &str| {
        let port = second.port;
        format!(
            "{url}[[mqtt.source]]\nname = \"two\"\nurl = \"mqtt://127.0.0.1:{port}\"\nclient_id = \"{client_id}\"\n"
        )
    };
    let mut foretell = Foretell::start(one.path(), &url);
    for (round, config, begun, of_second) in [
        (1_u32, further("a"), 1, 1),
        // The same once more ends nothing.
        (2, further("a"), 1, 2),
        (3, further("b"), 2, 3),
        // What comes for us while we are gone waits for us.
        (4, url.clone(), 2, 3),
        (5, further("b"), 3, 5),
    ] {
        foretell.configure(&config);
        let lines: Vec<String> = (0..MEANWHILE).map(|n| reading(round * MEANWHILE + n)).collect();
        std::thread::scope(|scope| {
            scope.spawn(|| publish_lines(first.port, "foretell/v1/s01/m002/telemetry", &lines));
            foretell.process.signal("HUP");
        });
        said(&foretell, "The configuration was read again", round as usize);
        wait_for("the session", SOON, || (sessions(&foretell, "two") == begun).then_some(()));
        let stands = format!("foretell_mqtt_clients_connected{{source=\"two\"}} {}", u8::from(round != 4));
        wait_for("how it stands", SOON, || {
            get(foretell.console, "/metrics").filter(|page| page.body.contains(&stands))
        });
        publish_lines(second.port, TELEMETRY, &[reading(round)]);
        let expected = (of_second + round * MEANWHILE) as usize;
        wait_for("the readings", SOON, || (foretell.readings() == expected).then_some(()));
        assert_eq!(sessions(&foretell, "broker"), 1, "the other session stands all along");
        let named = get(foretell.console, "/api/v1/ingest").expect("an answer").body.contains("\"name\":\"two\"");
        assert_eq!(named, round != 4);
    }
    said(&foretell, "Left a broker; it keeps our session", 1);
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
    let told = foretell.process.said();
    assert_eq!(told.matches("Left a broker").count(), 1, "{told}");
    assert_eq!(foretell.export().lines().count() - 1, (5 + 5 * MEANWHILE) as usize);
}

#[test]
fn what_waits_for_a_restart_is_named_until_it_came() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut foretell = Foretell::start(folder.path(), "");
    for (round, config, expected) in [
        (1, "[clock]\nsource = \"readings\"\n", "waits=\"[clock]\""),
        (2, "[clock]\nsource = \"readings\"\n[engine]\nwarn_c = 99.0\n", "waits=\"[clock]\""),
        (3, "[outreach]\ntick = \"2s\"\n[clock]\nsource = \"readings\"\n", "waits=\"[outreach], [clock]\""),
        (4, "[outreach]\ntick = \"2s\"\n", "waits=\"[outreach]\""),
        // As it was at the start.
        (5, "", ""),
    ] {
        reread(&mut foretell, config, round);
        let named = || foretell.process.said().matches("need a restart").count() == round.min(4);
        wait_for("what waits to be named", SOON, || named().then_some(()));
        let told = foretell.process.said();
        let last = told.lines().rfind(|line| line.contains("need a restart")).unwrap_or_default();
        assert!(last.contains(expected), "{round}: {last}");
    }
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}

#[test]
fn http_that_hangs_takes_nothing_from_mqtt() {
    let folder = tempfile::tempdir().expect("a folder");
    // Few descriptors, as a shell with `ulimit -n 256` would give.
    let config = "[mqtt.limits]\nconnections = 1000\n";
    let mut foretell = Foretell::start_limited(folder.path(), config, 256);
    assert!(foretell.process.said().contains("The limit of open files is low"), "{}", foretell.process.said());
    let mut client = Mqtt::connect(foretell.mqtt, "plc", None).expect("let in");
    // More silent connections than there are places for them.
    let mut held: Vec<TcpStream> = Vec::new();
    for _ in 0..200 {
        held.extend(TcpStream::connect(("127.0.0.1", foretell.console)).ok());
    }
    assert!(client.publish(TELEMETRY, &reading(0)), "a controller that was there goes on");
    let mut others: Vec<Mqtt> = Vec::new();
    for n in 0..50 {
        others.push(Mqtt::connect(foretell.mqtt, &format!("plc-{n}"), None).expect("new controllers are let in"));
    }
    assert!(others[49].publish(TELEMETRY, &reading(1)));
    // The silent ones are closed after the time for a request's head, and pages answer again.
    held.truncate(1);
    held[0].set_read_timeout(Some(SOON)).expect("a timeout can be set");
    assert_eq!(held[0].read(&mut [0; 16]).unwrap_or(0), 0, "closed by the server");
    wait_for("the pages", SOON, || get(foretell.console, "/readyz").filter(|answer| answer.status == 200));
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}

#[test]
fn what_the_metrics_name_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut foretell = Foretell::start(folder.path(), "");
    let mut client = Mqtt::connect(foretell.mqtt, "plc", None).expect("let in");
    assert!(client.publish(TELEMETRY, &reading(0)));
    assert!(client.publish("nobody/knows", "this"));
    let metrics = wait_for("the figures of a reading and a refusal", SOON, || {
        let text = get(foretell.console, "/metrics")?.body;
        let taken = ["foretell_engine_entries_total 1", "foretell_engine_machines 1", "foretell_curves_lag_entries 0"];
        taken.iter().all(|figure| text.contains(figure)).then_some(text)
    });
    for expected in [
        "foretell_ingest_items_refused_total{reason=\"unknown_topic\"} 1",
        "foretell_ingest_events_kept_total 1",
        "foretell_ingest_commit_seconds_bucket{le=\"+Inf\"} 2",
        "foretell_ingest_last_message_timestamp_seconds{source=\"listener\"} ",
        "foretell_ingest_last_reading_timestamp_seconds{source=\"listener\"} ",
        "foretell_engine_lag_seconds 0",
        "foretell_mqtt_clients_connected{source=\"listener\"} 1",
        "foretell_engine_lag_entries 0",
        "foretell_ingest_queue_bytes 0",
        "process_resident_memory_bytes ",
        "foretell_build_info{version=\"",
        "foretell_http_requests_total{status=\"200\"}",
    ] {
        assert!(metrics.contains(expected), "{expected}\n---\n{metrics}");
    }
    let described = metrics.lines().filter(|line| line.starts_with("# HELP ")).count();
    let typed = metrics.lines().filter(|line| line.starts_with("# TYPE ")).count();
    assert_eq!(described, typed, "a metric without words:\n{metrics}");
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}

#[test]
fn what_is_refused_is_told_in_summary() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut foretell = Foretell::start(folder.path(), "");
    let mut client = Mqtt::connect(foretell.mqtt, "plc", None).expect("let in");
    for _ in 0..200 {
        assert!(client.publish("nobody/knows", "this"));
    }
    said(&foretell, "Refused what came in", 1);
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
    let told = foretell.process.said();
    let lines: Vec<&str> = told.lines().filter(|line| line.contains("Refused what came in")).collect();
    let items = |line: &&str| line.split("items=").nth(1)?.split(' ').next()?.parse::<u32>().ok();
    // One line while they came in; the rest, if the first came too early, at the end.
    assert!((1..=2).contains(&lines.len()), "{told}");
    assert_eq!(lines.iter().filter_map(items).sum::<u32>(), 200, "{told}");
    assert!(lines[0].contains("unknown_topic") && lines[0].contains("nobody/knows"), "{told}");
}

#[test]
fn two_services_of_one_name_at_one_broker_say_so() {
    let folders = [0, 1].map(|_| tempfile::tempdir().expect("a folder"));
    let broker = Mosquitto::start(folders[0].path());
    let config = format!("[mqtt]\nurl = \"mqtt://127.0.0.1:{}\"\n", broker.port);
    let services = folders.each_ref().map(|folder| Foretell::start(folder.path(), &config));
    for foretell in &services {
        let fault = "the client_id `foretell`";
        wait_for("/readyz to say so", SOON, || {
            get(foretell.console, "/readyz").filter(|answer| answer.status == 503 && answer.body.contains(fault))
        });
        let page = get(foretell.console, "/ingest").expect("the page").body;
        assert!(page.contains("client_id") && page.contains("role=\"alert\""), "{page}");
        said(foretell, "Most likely another program uses this `client_id` there", 1);
    }
    let [mut stays, mut goes] = services;
    assert_eq!(goes.process.terminate(), Some(0), "a clean stop");
    // Undisturbed, it is over within seconds.
    wait_for("readiness", SOON, || get(stays.console, "/readyz").filter(|answer| answer.status == 200));
    assert_eq!(stays.process.terminate(), Some(0), "a clean stop");
}
