//! What `deploy/` ships works with the programs that it is meant for: systemd reads the unit and finds it tight, Mosquitto
//! starts with its configuration and keeps what it must.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use foretell_tests::{Foretell, Running, binary, free_port, root, wait_for};

fn shipped(name: &str) -> String {
    std::fs::read_to_string(root().join("deploy").join(name)).expect("a shipped file")
}

/// The unit with the binary of this build, because systemd looks whether it is there.
fn unit(folder: &Path) -> PathBuf {
    let text = shipped("foretell.service").replace("/usr/bin/foretell", &binary("foretell").display().to_string());
    let path = folder.join("foretell.service");
    std::fs::write(&path, text).expect("a writable folder");
    path
}

fn analyze(arguments: &[&str], unit: &Path) -> Output {
    Command::new("systemd-analyze")
        .args(arguments)
        .arg(unit)
        .output()
        .expect("systemd-analyze runs (Debian package systemd; tests/run installs it)")
}

#[test]
fn systemd_finds_no_fault_in_the_unit() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = analyze(&["verify", "--man=no"], &unit(folder.path()));
    let said = String::from_utf8_lossy(&output.stderr);
    // Other units of this computer may be complained of, ours not.
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("foretell")).collect();
    assert!(ours.is_empty() && output.status.success(), "{said}");
}

#[test]
fn systemd_finds_the_unit_tight() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = analyze(&["security", "--offline=true", "--threshold=15", "--no-pager"], &unit(folder.path()));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("Overall exposure level"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "an exposure of 1.5 or less is asked:\n{said}");
}

#[test]
fn the_unit_speaks_of_what_the_service_does() {
    let unit = shipped("foretell.service");
    for line in [
        "Type=notify",
        "WatchdogSec=",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "LimitNOFILE=",
        "RestartPreventExitStatus=64 65 78",
    ] {
        assert!(unit.lines().any(|own| own.starts_with(line)), "{line}");
    }
}

/// The shipped broker configuration with its folders and its port replaced.
fn mosquitto(folder: &Path) -> (Running, u16) {
    for name in ["config", "data"] {
        std::fs::create_dir_all(folder.join(name)).expect("a writable folder");
    }
    let port = free_port();
    let conf = shipped("mosquitto.conf")
        .replace("/mosquitto/", &format!("{}/", folder.display()))
        .replace("listener 1883", &format!("listener {port} 127.0.0.1"));
    std::fs::write(folder.join("mosquitto.conf"), format!("{conf}user root\n")).expect("a writable folder");
    std::fs::write(folder.join("config/acl"), shipped("mosquitto.acl")).expect("a writable folder");
    std::fs::write(folder.join("config/passwd"), "").expect("a writable folder");
    for user in ["foretell", "s01/m001", "edge7"] {
        let mut passwd = Command::new("mosquitto_passwd");
        passwd.arg("-b").arg(folder.join("config/passwd")).args([user, "secret"]);
        assert!(passwd.status().expect("mosquitto_passwd runs").success());
    }
    (start(folder, port), port)
}

fn start(folder: &Path, port: u16) -> Running {
    let mut command = Command::new("/usr/sbin/mosquitto");
    command.arg("-v").arg("-c").arg(folder.join("mosquitto.conf"));
    let process = Running::start("mosquitto", command, &folder.join("mosquitto.log"));
    wait_for("mosquitto to listen", Duration::from_secs(10), || TcpStream::connect(("127.0.0.1", port)).ok());
    process
}

/// Publishes lines at QoS 1 as a user; they are acknowledged, whether the access list lets them through or not.
fn publish(port: u16, user: &str, topic: &str, lines: &[String]) {
    let mut client = Command::new("mosquitto_pub");
    client.args(["-h", "127.0.0.1", "-q", "1", "-u", user, "-P", "secret", "-t", topic, "-l", "-p", &port.to_string()]);
    let mut child = client.stdin(std::process::Stdio::piped()).spawn().expect("mosquitto_pub starts");
    let mut stdin = child.stdin.take().expect("a piped stdin");
    std::io::Write::write_all(&mut stdin, (lines.join("\n") + "\n").as_bytes()).expect("it reads its lines");
    drop(stdin);
    assert!(child.wait().expect("mosquitto_pub ends").success());
}

fn reading(second: usize) -> String {
    let (minute, second) = (second / 60, second % 60);
    format!(
        r#"{{"ts":"2026-07-01T08:{minute:02}:{second:02}Z","discharge_temp_c":83.2,"motor_current_a":41.7,"run_hours":1}}"#
    )
}

#[test]
fn mosquitto_keeps_what_it_acknowledged_while_foretell_is_away_and_over_its_own_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut broker, port) = mosquitto(folder.path());
    let said = broker.said();
    // It is started as root here, and one pattern is meant for everybody.
    let known = ["should not be run as root", "ACL pattern 'spBv1.0/STATE/+'"];
    let complaints: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("Error") || line.contains("Warning") || line.contains("recommended"))
        .filter(|line| !known.iter().any(|known| line.contains(known)))
        .collect();
    assert!(complaints.is_empty(), "{said}");
    std::fs::write(folder.path().join("broker.secret"), "secret\n").expect("a writable folder");
    let config = format!(
        "[mqtt]\nurl = \"mqtt://127.0.0.1:{port}\"\nclient_id = \"foretell-test\"\nusername = \"foretell\"\npassword_file = \"broker.secret\"\n"
    );
    let mut foretell = Foretell::start(folder.path(), &config);
    let topic = "foretell/v1/s01/m001/telemetry";
    publish(port, "s01/m001", topic, &[reading(0)]);
    wait_for("the first reading", Duration::from_secs(30), || (foretell.readings() == 1).then_some(()));
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");

    // Three times as many as Mosquitto would keep at its defaults.
    let lines: Vec<String> = (1..=3000).map(reading).collect();
    publish(port, "s01/m001", topic, &lines);
    // Not its machine: the access list holds it back.
    publish(port, "s01/m001", "foretell/v1/s01/m002/telemetry", &[reading(5000)]);
    publish(port, "edge7", topic, &[reading(5001)]);
    assert!(broker.terminate().is_some(), "a stop in order");
    let _broker = start(folder.path(), port);

    let mut foretell = Foretell::start_on(folder.path(), &config, free_port(), free_port());
    wait_for("every reading", Duration::from_secs(60), || (foretell.readings() >= 3001).then_some(()));
    let export = foretell.export();
    assert_eq!(export.lines().count() - 1, 3001, "none twice, none of others");
    assert!(!export.contains("m002"), "a controller spoke for another");
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}
