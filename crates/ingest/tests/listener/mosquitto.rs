//! mosquitto_pub and mosquitto_sub, the clients that everybody has.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use foretell_ingest::decode::DecoderOptions;
use foretell_ingest::listener::{Anonymous, ListenerOptions, MachineGlob, Rights, TlsOptions, User};

use crate::kit::{Plant, reading, wait_until};

/// Runs a program to its end: whether it succeeded, and everything it said.
pub(crate) fn run(program: &str, args: &[&str]) -> (bool, String) {
    let output = start(program, args).wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), text)
}

fn start(program: &str, args: &[&str]) -> Child {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap_or_else(|cause| {
        panic!("{program} cannot be started ({cause}); install the Debian packages mosquitto-clients and openssl")
    })
}

fn with_port<'a>(port: &'a str, args: &[&'a str]) -> Vec<&'a str> {
    [&["-h", "127.0.0.1", "-p", port], args].concat()
}

/// May publish for the machines of one site.
fn for_site() -> Rights {
    Rights { publish: vec![MachineGlob::parse("s01/*").unwrap()], subscribe: vec![] }
}

#[test]
fn publishes_in_both_versions_with_every_quality() {
    let plant = Plant::start(ListenerOptions::default());
    let port = plant.addr.port().to_string();
    let mut second = 0;
    for version in ["mqttv311", "mqttv5"] {
        for qos in ["0", "1", "2"] {
            let payload = reading(second);
            second += 1;
            let args = ["-V", version, "-q", qos, "-t", "foretell/v1/s01/m1/telemetry", "-m", &payload, "-d"];
            let (ok, said) = run("mosquitto_pub", &with_port(&port, &args));
            assert!(ok, "{version} {qos}: {said}");
            let answered = match qos {
                "1" => "received PUBACK",
                "2" => "received PUBCOMP",
                _ => "sending PUBLISH",
            };
            assert!(said.contains(answered), "{version} {qos}: {said}");
            plant.log.wait_for(second as usize);
        }
    }
}

#[test]
fn is_told_why_it_may_not() {
    let users = vec![User { name: "plc".into(), password: Some("secret".into()), rights: for_site() }];
    let plant = Plant::start(ListenerOptions { anonymous: Anonymous::Nobody, users, ..ListenerOptions::default() });
    let port = plant.addr.port().to_string();
    let payload = reading(0);
    for (extra, expected) in [
        (&["-V", "mqttv5"][..], "Not authorized"),
        (&["-V", "mqttv311"], "not authorised"),
        (&["-V", "mqttv5", "-u", "plc", "-P", "wrong"], "Bad User"),
        (&["-V", "mqttv5", "-u", "plc", "-P", "secret"], "Not authorized"),
    ] {
        let message = ["-q", "1", "-t", "foretell/v1/s02/m1/telemetry", "-m", &payload, "-d"];
        let (_, said) = run("mosquitto_pub", &with_port(&port, &[extra, &message].concat()));
        assert!(said.to_lowercase().contains(&expected.to_lowercase()), "{extra:?}: {said}");
    }
    assert!(plant.log.events().is_empty());
}

#[test]
fn subscribes_to_advisories() {
    let plant = Plant::start(ListenerOptions::default());
    let port = plant.addr.port().to_string();
    plant.ingest.publish_retained("foretell/v1/s01/m1/advisory", b"kept");
    for version in ["mqttv311", "mqttv5"] {
        for filter in ["foretell/v1/+/+/advisory", "foretell/v1/s01/m1/advisory"] {
            let args = ["-V", version, "-q", "1", "-t", filter, "-C", "1", "-W", "20", "-F", "%t %p %r"];
            let (ok, said) = run("mosquitto_sub", &with_port(&port, &args));
            assert!(ok && said == "foretell/v1/s01/m1/advisory kept 1\n", "{version} {filter}: {said}");
        }
        let args = ["-V", version, "-t", "foretell/v1/+/+/telemetry", "-C", "1", "-W", "20"];
        let (_, said) = run("mosquitto_sub", &with_port(&port, &args));
        assert!(said.contains("denied") || said.contains("rejected"), "{version}: {said}");
    }
}

/// A certificate for `name`, as its CN and its DNS name, signed by `ca.pem` in the folder.
pub(crate) fn certificate(dir: &Path, name: &str) {
    certificate_with(dir, name, &format!("/CN={name}"), &format!("DNS:{name},IP:127.0.0.1"));
}

/// The same with a subject and names beside it of one's own.
fn certificate_with(dir: &Path, name: &str, subject: &str, names: &str) {
    let file = |suffix: &str| dir.join(format!("{name}.{suffix}")).to_str().unwrap().to_owned();
    let ca = |suffix: &str| dir.join(format!("ca.{suffix}")).to_str().unwrap().to_owned();
    let names = format!("subjectAltName={names}");
    let args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    let made = if name == "ca" {
        run("openssl", &[&args[..], &["-subj", subject, "-keyout", &file("key"), "-out", &file("pem")]].concat())
    } else {
        let signed = ["-CA", &ca("pem"), "-CAkey", &ca("key"), "-addext", &names];
        let constraints = ["-addext", "basicConstraints=critical,CA:FALSE"];
        let files = ["-subj", subject, "-keyout", &file("key"), "-out", &file("pem")];
        run("openssl", &[&args[..], &signed, &constraints, &files].concat())
    };
    assert!(made.0, "{}", made.1);
}

/// A listener with the certificates of the folder, where only a certificate logs in, as one of these users.
pub(crate) fn with_certificates(dir: &Path, users: &[&str]) -> ListenerOptions {
    let tls = TlsOptions {
        certificate_file: dir.join("server.pem"),
        key_file: dir.join("server.key"),
        client_ca_file: Some(dir.join("ca.pem")),
    };
    let user = |name: &&str| User { name: (*name).into(), password: None, rights: for_site() };
    let users = users.iter().map(user).collect();
    ListenerOptions { tls: Some(tls), users, anonymous: Anonymous::Nobody, ..Default::default() }
}

#[test]
fn speaks_tls_and_logs_in_by_certificate() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["ca", "server", "gateway.example"] {
        certificate(dir.path(), name);
    }
    let plant = Plant::start(with_certificates(dir.path(), &["gateway.example"]));
    let port = plant.addr.port().to_string();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (ca, pem, key) = (file("ca.pem"), file("gateway.example.pem"), file("gateway.example.key"));
    let payload = reading(0);
    let message =
        ["-V", "mqttv5", "-q", "1", "-d", "-t", "foretell/v1/s01/m1/telemetry", "-m", &payload, "--cafile", &ca];
    let (_, said) = run("mosquitto_pub", &with_port(&port, &message));
    assert!(said.contains("Not authorized"), "{said}");
    let login = ["--cert", &pem, "--key", &key];
    let (ok, said) = run("mosquitto_pub", &with_port(&port, &[&message[..], &login].concat()));
    assert!(ok && said.contains("received PUBACK (Mid: 1, RC:0)"), "{said}");

    // The same name in a certificate of somebody else's authority opens nothing, nor does talking in the open.
    let strangers = tempfile::tempdir().unwrap();
    for name in ["ca", "gateway.example"] {
        certificate(strangers.path(), name);
    }
    let theirs = |ending: &str| strangers.path().join(format!("gateway.example.{ending}")).to_str().unwrap().to_owned();
    let (pem, key) = (theirs("pem"), theirs("key"));
    let forged = [&message[..], &["--cert", &pem, "--key", &key]].concat();
    let open = ["-q", "1", "-t", "foretell/v1/s01/m1/telemetry", "-m", &payload];
    for attempt in [&forged[..], &open] {
        let (ok, said) = run("mosquitto_pub", &with_port(&port, attempt));
        assert!(!ok, "{said}");
    }
    assert_eq!(plant.log.events().len(), 1);
}

/// A certificate that is exchanged counts from the next connection on; who is connected stays.
#[test]
fn a_new_certificate_is_offered_without_losing_a_session() {
    let dir = tempfile::tempdir().unwrap();
    let renew = || ["ca", "server", "gateway.example"].map(|name| certificate(dir.path(), name));
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    renew();
    std::fs::copy(file("ca.pem"), file("old-ca.pem")).unwrap();
    let mut options = with_certificates(dir.path(), &["gateway.example"]);
    options.users[0].rights.subscribe = vec![MachineGlob::parse("s01/*").unwrap()];
    let plant = Plant::start(options.clone());
    let port = plant.addr.port().to_string();
    let (pem, key) = (file("gateway.example.pem"), file("gateway.example.key"));
    let old_ca = file("old-ca.pem");
    let advisory = "foretell/v1/s01/m1/advisory";
    let login = ["--cafile", &old_ca, "--cert", &pem, "--key", &key];
    let subscriber = [&["-t", advisory, "-C", "1", "-W", "20", "-i", "reader"][..], &login].concat();
    let subscriber = start("mosquitto_sub", &with_port(&port, &subscriber));
    wait_until("it is connected", || plant.ingest.status().sources[0].connected == 1);
    let replace = || plant.ingest.replace(DecoderOptions::default(), &options, &*plant.log).unwrap().own_certificates;
    assert!(!replace(), "nothing was exchanged");

    renew();
    assert!(replace(), "everything was exchanged");
    for (second, ca, is_let_in) in [(0, "old-ca.pem", false), (1, "ca.pem", true)] {
        let (ca, payload) = (file(ca), reading(second));
        let message = ["-q", "1", "-t", "foretell/v1/s01/m1/telemetry", "-m", &payload, "--cafile", &ca];
        let login = ["--cert", &pem, "--key", &key];
        let (ok, said) = run("mosquitto_pub", &with_port(&port, &[&message[..], &login].concat()));
        assert_eq!(ok, is_let_in, "{ca}: {said}");
    }
    plant.ingest.publish_retained(advisory, b"kept");
    let read = subscriber.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&read.stdout), "kept\n", "the session of before lives on");
    // A file that cannot be used changes nothing.
    std::fs::write(file("server.key"), "no key").unwrap();
    assert!(plant.ingest.replace(DecoderOptions::default(), &options, &*plant.log).is_err());
}

#[test]
fn a_certificate_speaks_for_the_name_that_it_bears() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["ca", "server"] {
        certificate(dir.path(), name);
    }
    let plant = Plant::start(with_certificates(dir.path(), &["gateway_1", "gw.example"]));
    let port = plant.addr.port().to_string();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let mut kept = 0;
    for (subject, names, is_let_in) in [
        // Many tools write a common name and nothing else, and this one could not be a DNS name.
        ("/CN=gateway_1", "IP:10.0.0.1", true),
        ("/O=plant", "DNS:gw.example", true),
        ("/O=plant", "DNS:other.example,DNS:gw.example", true),
        // Where there are DNS names, the common name beside them is not looked at.
        ("/CN=gateway_1", "DNS:other.example", false),
        ("/CN=stranger", "IP:10.0.0.1", false),
        ("/O=plant", "IP:10.0.0.1", false),
    ] {
        certificate_with(dir.path(), "client", subject, names);
        let (ca, pem, key, payload) = (file("ca.pem"), file("client.pem"), file("client.key"), reading(kept));
        let message = ["-V", "mqttv5", "-q", "1", "-t", "foretell/v1/s01/m1/telemetry", "-m", &payload, "-d"];
        let login = ["--cafile", &ca, "--cert", &pem, "--key", &key];
        let (_, said) = run("mosquitto_pub", &with_port(&port, &[&message[..], &login].concat()));
        let expected = if is_let_in { "received PUBACK (Mid: 1, RC:0)" } else { "Not authorized" };
        assert!(said.contains(expected), "{subject} {names}: {said}");
        kept += u32::from(is_let_in);
    }
    assert_eq!(plant.log.events().len(), kept as usize);
}
