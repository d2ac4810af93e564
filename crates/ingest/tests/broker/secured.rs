//! Brokers that ask who we are.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use foretell_ingest::IngestOptions;
use foretell_ingest::broker::{BrokerOptions, Version};
use foretell_ingest::decode::DecoderOptions;
use foretell_ingest::listener::ListenerOptions;

use crate::broker::{Mosquitto, free_port};
use crate::kit::PATIENCE;
use crate::plant::{Plant, TELEMETRY, at, in_version, readings};

fn run(program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).output().unwrap_or_else(|cause| {
        panic!("{program} cannot be started ({cause}); install the Debian packages mosquitto and openssl")
    });
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A key and a certificate for `name`: a certificate authority when it is `ca`, else signed by that one.
fn certificate(dir: &Path, name: &str) {
    let file = |name: &str, suffix: &str| dir.join(format!("{name}.{suffix}")).to_str().unwrap().to_owned();
    let (key, pem, ca_key, ca_pem) = (file(name, "key"), file(name, "pem"), file("ca", "key"), file("ca", "pem"));
    let subject = format!("/CN={name}");
    let mut args =
        vec!["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    args.extend(["-subj", &subject, "-keyout", &key, "-out", &pem]);
    if name != "ca" {
        args.extend(["-CA", &ca_pem, "-CAkey", &ca_key, "-addext", "subjectAltName=IP:127.0.0.1"]);
        args.extend(["-addext", "basicConstraints=critical,CA:FALSE"]);
    }
    run("openssl", &args);
}

#[test]
fn logs_in_by_password() {
    let broker = Mosquitto::with("allow_anonymous false\npassword_file {dir}/passwd\n", |dir| {
        run("mosquitto_passwd", &["-c", "-b", dir.join("passwd").to_str().unwrap(), "foretell", "secret"]);
    });
    let login = |password: &str| BrokerOptions {
        username: Some("foretell".into()),
        password: Some(password.into()),
        ..at(&broker.url())
    };
    let plant = Plant::start(vec![login("secret")], IngestOptions::default());
    plant.wait_connected();
    broker.publish_with(TELEMETRY, &["-u", "foretell", "-P", "secret", "-l"], readings(0, 1)[0].as_bytes());
    plant.log.wait_for(1);
}

#[test]
fn a_password_in_a_file_is_read_again_for_each_connection() {
    let broker = Mosquitto::with("allow_anonymous false\npassword_file {dir}/passwd\n", |dir| {
        run("mosquitto_passwd", &["-c", "-b", dir.join("passwd").to_str().unwrap(), "foretell", "secret"]);
    });
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("broker.secret");
    std::fs::write(&file, "outdated\n").unwrap();
    let login = BrokerOptions {
        username: Some("foretell".into()),
        password: Some("outdated".into()),
        password_file: Some(file.clone()),
        retry_max: Duration::from_millis(100),
        refused_pause: Duration::from_millis(100),
        ..at(&broker.url())
    };
    let plant = Plant::start(vec![login], IngestOptions::default());
    assert_eq!(plant.ingest.status().sources[0].connected, 0);
    std::fs::write(&file, "secret\n").unwrap();
    plant.wait_connected();
    broker.publish_with(TELEMETRY, &["-u", "foretell", "-P", "secret", "-l"], readings(0, 1)[0].as_bytes());
    plant.log.wait_for(1);
}

/// A broker with TLS and, beside it, a WebSocket listener with and one without TLS.
struct Tls {
    broker: Mosquitto,
    files: [std::path::PathBuf; 3],
    ports: [u16; 2],
}

fn with_tls() -> Tls {
    let mut files = None;
    let ports = [free_port(), free_port()];
    let tls = "cafile {dir}/ca.pem\ncertfile {dir}/server.pem\nkeyfile {dir}/server.key\nrequire_certificate true\n";
    let extra = format!(
        "allow_anonymous true\n{tls}listener {} 127.0.0.1\nprotocol websockets\n{tls}\
         listener {} 127.0.0.1\nprotocol websockets\n",
        ports[0], ports[1]
    );
    let broker = Mosquitto::with(&extra, |dir| {
        for name in ["ca", "server", "foretell"] {
            certificate(dir, name);
        }
        files = Some(["ca.pem", "foretell.pem", "foretell.key"].map(|name| dir.join(name)));
    });
    Tls { broker, files: files.unwrap(), ports }
}

#[test]
fn speaks_tls_and_websocket_with_a_certificate_of_its_own() {
    let Tls { broker, files: [ca, pem, key], ports: [wss, ws] } = with_tls();
    let mut second = 0;
    for (url, secure) in [
        (format!("mqtts://127.0.0.1:{}", broker.port), true),
        (format!("wss://127.0.0.1:{wss}/mqtt"), true),
        (format!("ws://127.0.0.1:{ws}"), false),
    ] {
        for version in [Version::V3, Version::V5] {
            let mut options = in_version(&url, version);
            if secure {
                options.ca_file = Some(ca.clone());
                options.certificate_file = Some(pem.clone());
                options.key_file = Some(key.clone());
                // Mosquitto asks for none; one that is offered must do no harm.
                options.alpn = if url.starts_with("mqtts") { vec!["mqtt".into()] } else { Vec::new() };
            }
            let plant = Plant::start(vec![options], IngestOptions::default());
            plant.wait_connected();
            let [ca, pem, key] = [&ca, &pem, &key].map(|path| path.to_str().unwrap());
            let login = ["--cafile", ca, "--cert", pem, "--key", key, "-l"];
            broker.publish_with(TELEMETRY, &login, readings(second, 1)[0].as_bytes());
            plant.log.wait_for(1);
            plant.drain();
            second += 1;
        }
    }
}

/// Certificates that were exchanged count at the next connection, once the configuration was read again.
#[test]
fn exchanged_certificates_are_taken_up() {
    let Tls { broker, files: [ca, pem, key], .. } = with_tls();
    let strangers = tempfile::tempdir().unwrap();
    certificate(strangers.path(), "ca");
    let trusted = strangers.path().join("ca.pem");
    let options = BrokerOptions {
        ca_file: Some(trusted.clone()),
        certificate_file: Some(pem),
        key_file: Some(key),
        ..at(&format!("mqtts://127.0.0.1:{}", broker.port))
    };
    let plant = Plant::start(vec![options], IngestOptions::default());
    let replace = || {
        let decoder = DecoderOptions { sparkplug: None, ..DecoderOptions::default() };
        let replaced = plant.ingest.replace(decoder, &ListenerOptions::default(), &*plant.log);
        replaced.unwrap().certificates_for_brokers
    };
    assert!(!replace(), "nothing was exchanged");
    std::fs::copy(&ca, &trusted).unwrap();
    assert!(replace(), "we trust another authority");
    plant.wait_connected();
}

/// A TLS server of another make that tells what it is asked. It speaks no MQTT: the handshake is all there is to see.
struct Handshakes {
    server: Child,
    said: Receiver<String>,
    port: u16,
}

impl Handshakes {
    fn listen(dir: &Path) -> Self {
        let port = free_port();
        let serve = format!(
            "exec openssl s_server -accept 127.0.0.1:{port} -cert server.pem -key server.key -CAfile ca.pem -Verify 2 \
             -verify_return_error -alpn mqtt 2>&1"
        );
        let mut command = Command::new("sh");
        command.args(["-c", &serve]).current_dir(dir).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = command.spawn().unwrap();
        let (told, said) = channel();
        let lines = BufReader::new(server.stdout.take().unwrap()).lines();
        std::thread::spawn(move || lines.map_while(Result::ok).all(|line| told.send(line).is_ok()));
        Self { server, said, port }
    }

    /// Waits for a line that holds this.
    fn hears(&self, expected: &str) {
        let (deadline, mut said) = (Instant::now() + PATIENCE, Vec::new());
        while let Ok(line) = self.said.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if line.contains(expected) {
                return;
            }
            said.push(line);
        }
        panic!("no `{expected}` in\n{}", said.join("\n"));
    }
}

impl Drop for Handshakes {
    fn drop(&mut self) {
        let ended = self.server.kill().and_then(|()| self.server.wait());
        assert!(ended.is_ok() || std::thread::panicking());
    }
}

#[test]
fn asks_for_its_protocol_shows_who_it_is_and_trusts_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["ca", "server", "foretell"] {
        certificate(dir.path(), name);
    }
    let strangers = tempfile::tempdir().unwrap();
    certificate(strangers.path(), "ca");
    let try_with = |ca: &Path, alpn: &str| {
        let server = Handshakes::listen(dir.path());
        let options = BrokerOptions {
            ca_file: Some(ca.join("ca.pem")),
            certificate_file: Some(dir.path().join("foretell.pem")),
            key_file: Some(dir.path().join("foretell.key")),
            alpn: vec![alpn.into()],
            ..at(&format!("mqtts://127.0.0.1:{}", server.port))
        };
        (server, Plant::start(vec![options], IngestOptions::default()))
    };
    let (server, _plant) = try_with(dir.path(), "mqtt");
    server.hears("CN = foretell");
    server.hears("ALPN protocols selected: mqtt");
    let (server, _plant) = try_with(dir.path(), "h2");
    server.hears("no application protocol");
    let (server, plant) = try_with(strangers.path(), "mqtt");
    // Refused by us, whatever the alert is called.
    server.hears("SSL alert number");
    assert_eq!(plant.ingest.status().sources[0].connected, 0);
}
