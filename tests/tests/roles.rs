//! Roles as processes of their own over one data directory, sources that are away, and what other users may read of it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use foretell_tests::{Foretell, Mosquitto, Mqtt, binary, free_port, get, wait_for};

const SOON: Duration = Duration::from_secs(30);
const TELEMETRY: &str = "foretell/v1/s01/m001/telemetry";

fn start(folder: &Path, roles: &[&str]) -> Foretell {
    Foretell::start_with(folder, "", free_port(), free_port(), |command| {
        command.args(roles.iter().flat_map(|role| ["--role", role]));
    })
}

/// Starts beside whoever is there and must end by itself: its exit code and its words.
fn refused(folder: &Path, roles: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(binary("foretell"));
    command.arg("run").args(roles.iter().flat_map(|role| ["--role", role])).arg("--data-dir").arg(folder.join("data"));
    command.env("FORETELL__CONSOLE__LISTEN", "127.0.0.1:0").env("FORETELL__MQTT__LISTEN", "127.0.0.1:0");
    let output = command.output().expect("foretell runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_role_is_played_once_and_a_killed_one_leaves_no_lock() {
    let folder = tempfile::tempdir().expect("a folder");
    for (role, lock) in [("ingest", "log.lock"), ("engine", "engine.lock"), ("outreach", "outreach.lock")] {
        let mut first = start(folder.path(), &[role]);
        let (code, said) = refused(folder.path(), &[role]);
        let number = first.process.id();
        let expected = format!("{lock} is in use by process {number} (`");
        assert_eq!(code, Some(69), "{role}: {said}");
        assert!(
            said.contains(&expected) && said.contains(&format!("--role {role}`); stop that one")),
            "{role}: {said}"
        );
        // Whoever plays all of them is refused as well, before it has touched anything.
        let (code, said) = refused(folder.path(), &[]);
        assert!(code == Some(69) && said.contains(&expected), "{role}: {code:?} {said}");
        first.process.kill_9();
        let mut again = start(folder.path(), &[role]);
        assert_eq!(again.process.terminate(), Some(0), "{role}");
    }
}

#[test]
fn all_roles_work_beside_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let ingest = start(folder.path(), &["ingest"]);
    let engine = start(folder.path(), &["engine"]);
    let mut others = vec![start(folder.path(), &["outreach"])];
    // Pages may be served by more than one.
    others.extend([start(folder.path(), &["console"]), start(folder.path(), &["console"])]);
    let mut client = Mqtt::connect(ingest.mqtt, "plc", None).expect("let in");
    for second in 0..50 {
        let reading = format!(
            r#"{{"ts":"2026-07-01T08:00:{second:02}Z","discharge_temp_c":83.2,"motor_current_a":41.7,"run_hours":4021.5}}"#
        );
        assert!(client.publish(TELEMETRY, &reading));
    }
    wait_for("the engine to take what ingest took in", SOON, || {
        get(engine.console, "/metrics").filter(|metrics| metrics.body.contains("foretell_engine_entries_total 50"))
    });
    others.extend([ingest, engine]);
    for mut process in others {
        assert_eq!(process.process.terminate(), Some(0), "{}", process.process.said());
    }
}

#[test]
fn what_is_personal_is_closed_to_other_users() {
    let folder = tempfile::tempdir().expect("a folder");
    let mode = |name: &str| {
        let found = folder.path().join("data").join(name).metadata().unwrap_or_else(|error| panic!("{name}: {error}"));
        found.permissions().mode() & 0o777
    };
    let mut foretell = start(folder.path(), &[]);
    assert_eq!(mode(""), 0o700);
    for name in ["service.sqlite", "service.sqlite-wal", "service.sqlite-shm", "accounts.sqlite", "link.secret"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    assert_eq!(mode("quarantine.db") & 0o007, 0);
    assert_eq!(foretell.process.terminate(), Some(0));
    // As an older release left them; whoever opened the directory to others has decided so.
    let open = |name: &str, mode: u32| {
        std::fs::set_permissions(folder.path().join("data").join(name), std::fs::Permissions::from_mode(mode))
            .expect("ours");
    };
    open("", 0o755);
    open("service.sqlite", 0o644);
    let mut foretell = start(folder.path(), &[]);
    assert_eq!((mode(""), mode("service.sqlite"), mode("service.sqlite-wal") & 0o007), (0o755, 0o640, 0));
    assert_eq!(foretell.process.terminate(), Some(0));
}

#[test]
fn readiness_waits_for_every_source_and_names_those_that_are_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let north = Mosquitto::start(folder.path());
    let south = free_port();
    let source = |name: &str, port: u16| {
        format!(
            "[[mqtt.source]]\nname = \"{name}\"\nurl = \"mqtt://127.0.0.1:{port}\"\nclient_id = \"foretell-{name}\"\n"
        )
    };
    let config = format!("[mqtt]\nurl = \"none\"\n{}{}", source("north", north.port), source("south", south));
    let ports = (free_port(), free_port());
    let mut foretell = Foretell::start_expecting(503, folder.path(), &config, ports, |_| {});
    let said = wait_for("the session with the one that is there", SOON, || {
        get(foretell.console, "/readyz").filter(|answer| !answer.body.contains("`north`"))
    });
    assert_eq!(said.status, 503);
    assert!(said.body.starts_with("there has been no session with `south` yet, for "), "{}", said.body);
    let other = tempfile::tempdir().expect("a folder");
    let _south = Mosquitto::start_on(other.path(), "127.0.0.1", south);
    wait_for("readiness", SOON, || get(foretell.console, "/readyz").filter(|answer| answer.status == 200));
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());
}

#[test]
fn an_exchanged_password_for_a_broker_asks_for_no_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (secret, broker) = (folder.path().join("broker.secret"), free_port());
    std::fs::write(&secret, "first\n").expect("a writable folder");
    let config = format!(
        "[mqtt]\nurl = \"mqtt://127.0.0.1:{broker}\"\nclient_id = \"foretell-test\"\nusername = \"foretell\"\n\
         password_file = \"broker.secret\"\n"
    );
    let ports = (free_port(), free_port());
    let mut foretell = Foretell::start_expecting(503, folder.path(), &config, ports, |_| {});
    std::fs::write(&secret, "second\n").expect("a writable folder");
    foretell.process.signal("HUP");
    wait_for("the reload", SOON, || {
        foretell.process.said().contains("passwords at brokers, from the next connection on").then_some(())
    });
    assert!(!foretell.process.said().contains("need a restart"), "{}", foretell.process.said());
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());
}
