//! What somebody meets who starts the program for the first time, and finds a certificate, a variable, a right or a port wrong.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Folder, foretell};

/// Two authorities, each with a certificate and its key, the second pair for a server of the first; and what is none of it.
fn certificates() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        let arguments = format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 400 -subj /CN={name} -keyout {name}.key -out {name}.pem"
        );
        let made = Command::new("openssl").current_dir(dir.path()).args(arguments.split(' ')).output();
        let made = made.expect("openssl runs (Debian package openssl)");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    for key in ["a.key", "b.key"] {
        std::fs::set_permissions(dir.path().join(key), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    std::fs::write(dir.path().join("none.txt"), "no certificate\n").unwrap();
    std::fs::write(dir.path().join("secret"), "hunter2\n").unwrap();
    std::fs::set_permissions(dir.path().join("secret"), std::fs::Permissions::from_mode(0o600)).unwrap();
    dir
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn check_and_run_load_the_same_certificate_files_and_tell_every_fault() {
    let dir = certificates();
    let check = |toml: &str, expected: &[&str]| {
        std::fs::write(dir.path().join("plant.toml"), toml).unwrap();
        let count = expected.len();
        let plural = if count == 1 { "" } else { "s" };
        let whole = format!("foretell: plant.toml: {count} problem{plural}\n  {}\n", expected.join("\n  "));
        for command in ["check", "run"] {
            let mut process = foretell(dir.path());
            // Should it start after all, it must not: there is no such address.
            process.args([command, "--config", "plant.toml"]).env("FORETELL__CONSOLE__LISTEN", "192.0.2.1:1");
            assert_eq!(said(&process.output().unwrap()), (Some(78), whole.clone()), "{command}");
        }
    };
    let no_pair = "the key in b.key does not belong to the first certificate in a.pem; name the pair that was made together, with \
                   the certificate of this end before those of its authorities";
    check(
        "[mqtt]\ntls_cert_file = \"a.pem\"\ntls_key_file = \"b.key\"\ntls_client_ca_file = \"none.txt\"\n",
        &[
            &format!("line 3: `mqtt.tls_key_file`: {no_pair}"),
            "line 4: `mqtt.tls_client_ca_file`: none.txt holds no certificate in PEM form",
        ],
    );
    check(
        "[mqtt]\ntls_cert_file = \"none.txt\"\ntls_key_file = \"nowhere.key\"\n",
        &[
            "line 2: `mqtt.tls_cert_file`: none.txt holds no certificate in PEM form",
            "line 3: `mqtt.tls_key_file`: there is no file nowhere.key",
        ],
    );
    check(
        "[mqtt]\ntls_client_ca_file = \"a.pem\"\n",
        &[
            "line 2: [mqtt] `tls_client_ca_file`: without TLS nobody can show a certificate; it needs `tls_cert_file` and \
           `tls_key_file`",
        ],
    );
    check(
        "[mqtt]\nurl = \"mqtts://127.0.0.1:1\"\nca_file = \"a.key\"\n",
        &[
            "line 3: `mqtt.ca_file`: a.key holds no certificate in PEM form; it holds a private key: are the two files exchanged?",
        ],
    );
    check(
        "[mqtt]\nurl = \"mqtt://127.0.0.1:1\"\nca_file = \"a.pem\"\n",
        &[
            "line 1: [mqtt] certificate files or ALPN are given, but `mqtt://127.0.0.1:1` does not use TLS; write mqtts:// or wss://",
        ],
    );
    check(
        "[mqtt]\nurl = \"mqtt://127.0.0.1:1\"\npassword_file = \"secret\"\n",
        &["line 1: [mqtt] a password is given without `username`"],
    );
    check(
        "[mqtt]\nurl = \"none\"\n[[mqtt.source]]\nname = \"north\"\nurl = \"mqtts://127.0.0.1:1\"\nca_file = \"none.txt\"\n\
         cert_file = \"a.pem\"\nkey_file = \"b.key\"\n[influxdb]\nca_file = \"none.txt\"\n",
        &[
            "line 6: `mqtt.source[0].ca_file`: none.txt holds no certificate in PEM form",
            &format!("line 8: `mqtt.source[0].key_file`: {no_pair}"),
            "line 10: `influxdb.ca_file`: none.txt holds no certificate in PEM form",
        ],
    );
    std::fs::write(
        dir.path().join("plant.toml"),
        "[mqtt]\ntls_cert_file = \"a.pem\"\ntls_key_file = \"a.key\"\ntls_client_ca_file = \"b.pem\"\n[[mqtt.user]]\nname = \"gw\"\nmachines = [\"s01/*\"]\n",
    )
    .unwrap();
    let output = foretell(dir.path()).args(["check", "--config", "plant.toml"]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(0), b"The configuration is sound.\n".to_vec()));
}

#[test]
fn a_user_whom_nothing_lets_in_is_told() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("plant.toml"), "[mqtt]\n[[mqtt.user]]\nname = \"gw\"\nmachines = [\"s01/*\"]\n")
        .unwrap();
    let output = foretell(dir.path()).args(["check", "--config", "plant.toml"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0));
    assert!(told.contains("line 2: [[mqtt.user]] `gw` has no password, and without `tls_client_ca_file`"), "{told}");
}

#[test]
fn a_variable_that_names_no_key_is_told_with_the_one_that_was_meant() {
    let dir = tempfile::tempdir().unwrap();
    let check = |name: &str, code: i32, expected: &str| {
        let output = foretell(dir.path()).arg("check").env(name, "1").output().unwrap();
        let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(code), "{name}: {told}");
        assert!(told.contains(expected), "{name}: {told}");
    };
    let slip = "names no key, because two underscores stand before each part; did you mean";
    check("FORETELL_MQTT_URL", 78, &format!("FORETELL_MQTT_URL: {slip} FORETELL__MQTT__URL?"));
    check("FORETELL_MQTT_PASSWORD", 78, &format!("FORETELL_MQTT_PASSWORD: {slip} FORETELL__MQTT__PASSWORD?"));
    check("FORETELL_MQTT__URL", 78, "did you mean FORETELL__MQTT__URL?");
    check("FORETELL_MQTT_LIMITS_PACKET_SIZE", 78, "did you mean FORETELL__MQTT__LIMITS__PACKET_SIZE?");
    check("FORETELL__MQTT_URL", 78, "FORETELL__MQTT_URL: unknown key `mqtt_url`; did you mean FORETELL__MQTT__URL?");
    check("FORETELL__MQTT__LIMITS_CONNECTIONS", 78, "did you mean FORETELL__MQTT__LIMITS__CONNECTIONS?");
    check(
        "FORETELL_MQT_URL",
        0,
        "FORETELL_MQT_URL: names no key and is passed over; did you mean FORETELL__MQTT__URL?",
    );
    // As a cluster names a service called foretell.
    check("FORETELL_PORT_8080_TCP_ADDR", 0, "passed over; a key is set by FORETELL__SECTION__KEY");
    check("FORETELL_TEST_INFLUX_URL", 0, "The configuration is sound.\n");
    check("FORETELLX", 0, "The configuration is sound.\n");
}

/// The program without root's right to pass over what files allow; for anybody else it has none anyway.
fn as_anybody(dir: &Path) -> Command {
    let plain = foretell(dir);
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return plain;
    }
    let mut command = Command::new("setpriv");
    command.arg("--bounding-set=-dac_override,-dac_read_search").arg(plain.get_program()).current_dir(dir).env_clear();
    command
}

#[test]
fn what_may_not_be_looked_into_is_not_taken_for_missing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("log.db"), "").unwrap();
    let rights = |mode: u32| std::fs::set_permissions(&data, std::fs::Permissions::from_mode(mode)).unwrap();
    for (arguments, code) in [
        ("export --out x.csv", 66),
        ("report s/m --out x.pdf", 66),
        ("archive check", 66),
        ("quarantine list", 66),
        ("customers export c --out x.json", 66),
        ("backup --to copy", 66),
        ("users list", 74),
        ("run", 74),
    ] {
        rights(0o000);
        let mut command = as_anybody(dir.path());
        command.args(arguments.split(' ')).env("FORETELL__CONSOLE__LISTEN", "127.0.0.1:0");
        let (found, told) = said(&command.env("FORETELL__MQTT__LISTEN", "127.0.0.1:0").output().unwrap());
        rights(0o700);
        assert_eq!(found, Some(code), "{arguments}: {told}");
        let expected = format!("permission denied on {}, which belongs to ", data.display());
        assert!(told.contains(&expected) && told.contains("(mode 0000)"), "{arguments}: {told}");
        assert!(told.contains("as whom this runs; `chmod u+rwX "), "{arguments}: {told}");
    }
    std::fs::write(dir.path().join("plant.toml"), "[mqtt]\npassword_file = \"data/log.db\"\n").unwrap();
    rights(0o000);
    let (code, told) = said(&as_anybody(dir.path()).args(["check", "--config", "plant.toml"]).output().unwrap());
    rights(0o700);
    assert_eq!(code, Some(78), "{told}");
    assert!(told.contains("line 2: `mqtt.password_file`: could not read data/log.db: permission denied on "), "{told}");
}

#[test]
fn a_taken_port_comes_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], key: &str| {
        let mut command = foretell(dir.path());
        command
            .args(arguments)
            .env("FORETELL__CONSOLE__LISTEN", "127.0.0.1:0")
            .env("FORETELL__MQTT__LISTEN", "127.0.0.1:0");
        said(&command.env(key, address.to_string()).output().unwrap())
    };
    let another = format!("FORETELL__CONSOLE__LISTEN=127.0.0.1:{}", address.port().wrapping_add(1).max(1));
    let another = if address.port() == u16::MAX { "FORETELL__CONSOLE__LISTEN=127.0.0.1:8080" } else { &another };
    for (arguments, key, expected) in [
        (
            &["run"][..],
            "FORETELL__CONSOLE__LISTEN",
            format!("`ss -ltnp` says which. Stop that one, or give this one another address, e.g. {another}"),
        ),
        (
            &["run", "--role", "engine"],
            "FORETELL__CONSOLE__LISTEN",
            format!(
                "each process of a role serves /healthz, /readyz and /metrics at an address of its own, so give this one another, e.g. {another}"
            ),
        ),
        (
            &["run"],
            "FORETELL__MQTT__LISTEN",
            "(`[mqtt] listen`); another program or another Foretell has it".to_owned(),
        ),
        (
            &["check", "--ports"],
            "FORETELL__MQTT__LISTEN",
            "(`[mqtt] listen`); another program or another Foretell has it".to_owned(),
        ),
    ] {
        let (code, told) = run(arguments, key);
        assert_eq!(code, Some(69), "{arguments:?}: {told}");
        assert!(told.contains(&address.to_string()) && told.contains(&expected), "{arguments:?}: {told}");
    }
}

#[test]
fn a_new_data_directory_is_closed_to_others() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["users", "add", "anna", "--role", "ops"];
    let output = foretell(dir.path()).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mode = |name: &str| dir.path().join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/accounts.sqlite")), (0o700, 0o600));
}

#[test]
fn a_welcome_leads_to_where_the_console_listens() {
    let folder = Folder::new();
    let link = |login: &str| {
        let (code, said) = folder.run(&format!("users add {login} --role advisor"));
        assert_eq!(code, Some(0), "{said}");
        said
    };
    assert!(link("anna").starts_with("http://127.0.0.1:8080/welcome/"), "as configured");
    let console = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = console.local_addr().unwrap();
    folder.write("data/console.address", format!("{address}\n"));
    assert!(link("ben").starts_with(&format!("http://{address}/welcome/")), "where it listens");
    drop(console);
    assert!(link("cora").starts_with("http://127.0.0.1:8080/welcome/"), "what a killed process left leads nowhere");
}

#[test]
fn an_account_has_an_address_to_be_told_at() {
    let folder = Folder::new();
    let run = |arguments: &str, expected: Option<i32>, word: &str| {
        let (code, said) = folder.run(arguments);
        assert_eq!(code, expected, "{arguments}: {said}");
        assert!(said.contains(word), "{arguments}: {said}");
    };
    run("users add li --role admin --email li@localhost", Some(64), "name@example.com");
    run("users list", Some(0), "");
    run("users add li --role admin --email li@service.example --letters zh-CN", Some(0), "/welcome/");
    run("users list", Some(0), "li@service.example");
    run("users email li", Some(0), "");
    let (_, said) = folder.run("users list");
    assert!(said.contains("li") && !said.contains("service.example"), "{said}");
    run("users email wu wu@service.example", Some(65), "nobody");
}

#[test]
fn a_users_account_is_erased_by_who_repeats_the_name() {
    let dir = tempfile::tempdir().unwrap();
    let users = |arguments: &[&str]| {
        let output = foretell(dir.path()).arg("users").args(arguments).output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), out + &String::from_utf8_lossy(&output.stderr))
    };
    assert_eq!(users(&["add", "quist", "--role", "ops", "--name", "Rosalind Quist"]).0, Some(0));
    // With a service state, and without one.
    for state in [false, true] {
        if state {
            assert_eq!(users(&["add", "quist", "--role", "ops", "--name", "Rosalind Quist"]).0, Some(0));
            std::fs::write(dir.path().join("customers.toml"), "").unwrap();
            let imported = foretell(dir.path()).args(["customers", "import", "customers.toml"]).output().unwrap();
            assert!(imported.status.success(), "{}", said(&imported).1);
        }
        let (code, told) = users(&["export", "quist", "--out", "quist.json"]);
        assert!(code == Some(0) && told.starts_with("everything kept about `quist` is in "), "{told}");
        let data = std::fs::read_to_string(dir.path().join("quist.json")).unwrap();
        assert!(data.contains("Rosalind Quist") && data.contains("foretell-colleague/1"), "{data}");
        let (code, told) = users(&["erase", "quist", "--confirm", "quest"]);
        assert!(code == Some(64) && told.contains("nothing was erased"), "{told}");
        let (code, told) = users(&["erase", "quist", "--confirm", "quist"]);
        assert!(
            code == Some(0) && told.starts_with("the account `quist` is erased; the record says `erased-"),
            "{told}"
        );
        assert_eq!(users(&["list"]), (Some(0), String::new()));
        let (code, told) = users(&["erase", "quist", "--confirm", "quist"]);
        assert!(code == Some(65) && told.contains("nobody has this login name"), "{told}");
    }
    // Somebody of the customers list who has no account.
    let list = "[[technician]]\nid = \"mara\"\nname = { en = \"Rosalind Mara\", zh = \"马拉\" }\nphone = \"1\"\n";
    std::fs::write(dir.path().join("customers.toml"), list).unwrap();
    let imported = foretell(dir.path()).args(["customers", "import", "customers.toml"]).output().unwrap();
    assert!(imported.status.success(), "{}", said(&imported).1);
    let (code, told) = users(&["export", "mara", "--out", "mara.json"]);
    assert!(code == Some(0), "{told}");
    assert!(std::fs::read_to_string(dir.path().join("mara.json")).unwrap().contains("马拉"));
    let (code, told) = users(&["erase", "mara", "--confirm", "mara"]);
    assert!(code == Some(0), "{told}");
    for entry in std::fs::read_dir(dir.path().join("data")).unwrap().flatten() {
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        assert!(!bytes.windows(8).any(|window| window == b"Rosalind"), "{:?}", entry.path());
    }
}
