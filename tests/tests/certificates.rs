//! Certificates as an operator meets them: those of brokers that are not trusted, and those that run out.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use foretell_tests::{Foretell, Running, binary, free_port, get, metric, wait_for};

const SOON: Duration = Duration::from_secs(30);

/// Waits until `text` stands in the log `times` times.
fn said(foretell: &Foretell, text: &str, times: usize) {
    wait_for(text, SOON, || (foretell.process.said().matches(text).count() >= times).then_some(()));
}

/// What stands behind the cause in the log when a broker with TLS is met without it, or by who does not trust its authority.
#[test]
fn a_broker_that_cannot_be_talked_to_is_told_with_its_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, of, is_authority) in [
        ("broker", "127.0.0.1", "FALSE"),
        ("stranger", "127.0.0.1", "FALSE"),
        ("own", "127.0.0.1", "TRUE"),
        ("far", "192.0.2.1", "FALSE"),
    ] {
        let request = format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} \
             -addext subjectAltName=IP:{of} -addext basicConstraints=critical,CA:{is_authority} -keyout {name}.key -out {name}.pem"
        );
        let made = Command::new("openssl").current_dir(folder.path()).args(request.split(' ')).output();
        assert!(made.expect("openssl runs (Debian package openssl)").status.success());
    }
    // As Mosquitto's own guide has it made.
    for request in [
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1 -keyout old.key -out old.csr",
        "x509 -req -in old.csr -CA own.pem -CAkey own.key -CAcreateserial -days 2 -out old.pem",
    ] {
        let made = Command::new("openssl").current_dir(folder.path()).args(request.split(' ')).output();
        assert!(made.expect("openssl runs").status.success());
    }
    let ([port, own, far, old], path) = ([0; 4].map(|_| free_port()), folder.path().display());
    let listener = |port: u16, name: &str| {
        format!(
            "listener {port} 127.0.0.1\ncertfile {path}/{name}.pem\nkeyfile {path}/{name}.key\nallow_anonymous true\n"
        )
    };
    let listeners =
        [listener(port, "broker"), listener(own, "own"), listener(far, "far"), listener(old, "old")].concat();
    let config = format!("user root\nper_listener_settings true\n{listeners}");
    std::fs::write(folder.path().join("mosquitto.conf"), config).expect("a writable folder");
    let mut command = Command::new("/usr/sbin/mosquitto");
    command.arg("-c").arg(folder.path().join("mosquitto.conf"));
    let _broker = Running::start("mosquitto", command, &folder.path().join("mosquitto.log"));
    wait_for("mosquitto to listen", SOON, || TcpStream::connect(("127.0.0.1", port)).ok());
    let config = format!(
        "[mqtt]\nurl = \"none\"\n[[mqtt.source]]\nname = \"plain\"\nurl = \"mqtt://127.0.0.1:{port}\"\n\
         [[mqtt.source]]\nname = \"plain3\"\nclient_id = \"third\"\nurl = \"mqtt://127.0.0.1:{port}\"\nversion = \"3.1.1\"\n\
         [[mqtt.source]]\nname = \"stranger\"\nclient_id = \"other\"\nurl = \"mqtts://127.0.0.1:{port}\"\nca_file = \"stranger.pem\"\n\
         [[mqtt.source]]\nname = \"own\"\nclient_id = \"own\"\nurl = \"mqtts://127.0.0.1:{own}\"\nca_file = \"own.pem\"\n\
         [[mqtt.source]]\nname = \"far\"\nclient_id = \"far\"\nurl = \"mqtts://127.0.0.1:{far}\"\nca_file = \"far.pem\"\n"
    );
    let mut foretell = Foretell::start_expecting(503, folder.path(), &config, (free_port(), free_port()), |_| {});
    let hint = "if this is the broker's port for TLS, write mqtts:// (or wss://) in `url`";
    for source in ["plain", "plain3"] {
        wait_for(source, SOON, || {
            let said = foretell.process.said();
            let of_source = |line: &str| line.contains(hint) && line.contains(&format!("source={source} "));
            said.lines().any(|line| of_source(&line.replace('"', ""))).then_some(())
        });
    }
    said(&foretell, "CaUsedAsEndEntity)); the broker shows the certificate of an authority as its own", 1);
    said(&foretell, "; the broker's certificate is for another name", 1);
    said(&foretell, "UnknownIssuer; nobody whom we trust has signed the broker's certificate", 1);
    said(&foretell, "name its authority's file as `ca_file`", 1);
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
    if is_of_version_1(folder.path(), "old.pem") {
        let config = format!("[mqtt]\nurl = \"mqtts://127.0.0.1:{old}\"\nca_file = \"own.pem\"\n");
        let foretell = Foretell::start_expecting(503, folder.path(), &config, (free_port(), free_port()), |_| {});
        said(&foretell, "UnsupportedCertVersion)); the certificate is of version 1", 1);
    }
}

/// Later releases of openssl make of version 3 all the same what is asked for without extensions.
fn is_of_version_1(folder: &Path, certificate: &str) -> bool {
    let mut shown = Command::new("openssl");
    shown.current_dir(folder).args(["x509", "-in", certificate, "-noout", "-text"]);
    String::from_utf8_lossy(&shown.output().expect("openssl runs").stdout).contains("Version: 1 ")
}

/// Makes a certificate that holds for so many days from now on, of one key.
fn certificate(folder: &Path, days: i32) {
    std::fs::write(folder.join("own.ext"), "subjectAltName=DNS:x\n").expect("a writable folder");
    for request in [
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=x -keyout own.key -out own.csr"
            .to_owned(),
        format!("x509 -req -in own.csr -signkey own.key -days {days} -extfile own.ext -out own.pem"),
    ] {
        let made = Command::new("openssl").current_dir(folder).args(request.split(' ')).output();
        let made = made.expect("openssl runs (Debian package openssl)");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
}

/// Starts on a certificate that has run out, exchanges it for one that does so before long, and for one that holds. `status` is that
/// of /readyz once nothing is wrong with it any more.
fn runs_out(config: &str, [source, whose, named, key]: [&str; 4], status: u16) {
    let folder = tempfile::tempdir().expect("a folder");
    certificate(folder.path(), -1);
    let mut foretell = Foretell::start_expecting(503, folder.path(), config, (free_port(), free_port()), |_| {});
    let readyz = |says_so: bool, status: u16| {
        wait_for(&format!("/readyz to be {status}, and to name it: {says_so}"), SOON, || {
            let is_it = |body: &str| body.contains(named) && body.contains("has run out on");
            get(foretell.console, "/readyz").filter(|got| got.status == status && is_it(&got.body) == says_so)
        })
    };
    let shown = |path: &str, words: &str| get(foretell.console, path).expect("an answer").body.contains(words);
    let ingest = |words: &str| shown("/api/v1/ingest", words);
    let days_left = || {
        let name = format!("foretell_certificate_expires_seconds{{source=\"{source}\",whose=\"{whose}\"}}");
        wait_for("the metric", SOON, || metric(foretell.console, &name)) / 86_400.0
    };
    readyz(true, 503);
    assert!(ingest("has run out on") && shown("/ingest", "has run out on"));
    assert!((-1.1..-0.9).contains(&days_left()));
    said(&foretell, "has run out on", 2);
    let checked =
        Command::new(binary("foretell")).args(["check", "--config"]).arg(folder.path().join("foretell.toml")).output();
    let checked = String::from_utf8_lossy(&checked.expect("foretell runs").stdout).into_owned();
    assert!(checked.contains(&format!("{key}: {named}")) && checked.contains("has run out on"), "{checked}");

    for (days, expected) in [(5, "runs out within a week, on"), (100, "")] {
        certificate(folder.path(), days);
        foretell.process.signal("HUP");
        let near = f64::from(days) - 0.1..f64::from(days) + 0.1;
        wait_for("the metric", SOON, || near.contains(&days_left()).then_some(()));
        readyz(false, status);
        assert!(!ingest("has run out on") && ingest("runs out within") != expected.is_empty());
        assert!(ingest(expected));
        said(&foretell, "A certificate has to be renewed.", 1);
    }
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}

#[test]
fn a_certificate_that_runs_out_is_told_until_a_renewed_one_is_taken_up() {
    let config = "[mqtt]\ntls_cert_file = \"own.pem\"\ntls_key_file = \"own.key\"\n";
    let listener = ["listener", "own", "the certificate of the MQTT listener", "`mqtt.tls_cert_file`"];
    runs_out(config, listener, 200);
}

#[test]
fn so_is_the_authority_by_which_a_broker_is_known() {
    let config = format!(
        "[[mqtt.source]]\nname = \"hall\"\nurl = \"mqtts://127.0.0.1:{}\"\nca_file = \"own.pem\"\n",
        free_port()
    );
    let hall = ["hall", "authority", "the authority by which we know `hall`", "`mqtt.source[0].ca_file`"];
    // Nobody answers there.
    runs_out(&config, hall, 503);
}

/// A gateway that logs in with nothing but its certificate, as its user and for that user's machines.
#[test]
fn a_client_certificate_logs_in_as_the_user_of_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let signed = "-CA ca.pem -CAkey ca.key -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=";
    for (name, how) in [
        ("ca", String::new()),
        ("server", format!("{signed}IP:127.0.0.1")),
        ("gateway", format!("{signed}DNS:gateway.example")),
        ("stranger", format!("{signed}DNS:stranger.example")),
    ] {
        let request = format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} -keyout {name}.key \
             -out {name}.pem {how}"
        );
        let made = Command::new("openssl").current_dir(folder.path()).args(request.split_whitespace()).output();
        assert!(made.expect("openssl runs (Debian package openssl)").status.success());
    }
    let config = "[mqtt]\nanonymous = \"nobody\"\ntls_cert_file = \"server.pem\"\ntls_key_file = \"server.key\"\n\
        tls_client_ca_file = \"ca.pem\"\n[[mqtt.user]]\nname = \"gateway.example\"\nmachines = [\"s1/*\"]\n";
    let mut foretell = Foretell::start(folder.path(), config);
    let publish = |certificate: Option<&str>, machine: &str| {
        let topic = format!("foretell/v1/{machine}/telemetry");
        let reading = r#"{"ts":1782892800000,"discharge_temp_c":83.5,"motor_current_a":41.7,"run_hours":4021.5}"#;
        let mut client = Command::new("mosquitto_pub");
        client.current_dir(folder.path()).args(["-V", "mqttv5", "-h", "127.0.0.1", "-p", &foretell.mqtt.to_string()]);
        client.args(["-q", "1", "-d", "--cafile", "ca.pem", "-t", &topic, "-m", reading]);
        if let Some(name) = certificate {
            client.args(["--cert", &format!("{name}.pem"), "--key", &format!("{name}.key")]);
        }
        let output = client.output().expect("mosquitto_pub starts (Debian package mosquitto-clients)");
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    };
    for (certificate, machine, expected) in [
        (Some("gateway"), "s1/m1", "received PUBACK (Mid: 1, RC:0)"),
        (Some("gateway"), "s2/m1", "received PUBACK (Mid: 1, RC:135)"),
        (Some("stranger"), "s1/m1", "Not authorized"),
        (None, "s1/m1", "Not authorized"),
    ] {
        let told = publish(certificate, machine);
        assert!(told.contains(expected), "{certificate:?} {machine}: {told}");
    }
    assert_eq!(foretell.readings(), 1);
    said(&foretell, "unknown_certificate", 1);
    // As openssl makes one that is told no more than it must be: by version 1, and by itself one of an authority.
    for request in [
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=plain -keyout plain.key -out plain.csr",
        "x509 -req -in plain.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile none -out plain.pem",
    ] {
        std::fs::write(folder.path().join("none"), "").expect("a writable folder");
        let made = Command::new("openssl").current_dir(folder.path()).args(request.split(' ')).output();
        assert!(made.expect("openssl runs").status.success());
    }
    assert!(!publish(Some("ca"), "s1/m1").contains("PUBACK"));
    said(&foretell, "it shows the certificate of an authority", 1);
    if is_of_version_1(folder.path(), "plain.pem") {
        assert!(!publish(Some("plain"), "s1/m1").contains("PUBACK"));
        said(&foretell, "the certificate is of version 1", 1);
    }
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
}
