//! The real binary: exit codes, what stands on which stream, a clean end.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the report")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use expect_test::{Expect, expect};

fn foretell(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foretell"));
    command.current_dir(dir).env_clear();
    command
}

/// Runs a command line in a folder that holds `plant.toml` and `rows.csv`.
#[track_caller]
fn check(arguments: &str, plant_toml: &str, expected: Expect) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("plant.toml"), plant_toml).unwrap();
    std::fs::write(dir.path().join("rows.csv"), "what,ever\n1,2\n").unwrap();
    let output = foretell(dir.path()).args(arguments.split_whitespace()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    let code = output.status.code().map_or("none".to_owned(), |code| code.to_string());
    expected.assert_eq(&format!("exit {code}\nout: {}\nerr: {}\n", text(&output.stdout), text(&output.stderr)));
}

#[test]
fn a_sound_configuration_is_said_to_be_so() {
    check(
        "check --config plant.toml",
        "[log]\nlevel = \"warn\"\n",
        expect![[r#"
        exit 0
        out: The configuration is sound.
        err: 
    "#]],
    );
}

#[test]
fn faults_of_the_configuration_are_told_all_at_once() {
    check(
        "check --config plant.toml",
        "[mqtt]\nkeepalive = \"30s\"\nlisten = \"here\"\n[[mapping]]\ntopic = \"a/{site}\"\nsignals.vibraton_mm_s = \"/v\"\n",
        expect![[r#"
            exit 78
            out: 
            err: foretell: plant.toml: 4 problems
              line 2: unknown key `keepalive` in [mqtt]; known here: listen, url, client_id, username, password_file, ca_file, tls_cert_file, tls_key_file, tls_client_ca_file, anonymous, user
              line 3: `mqtt.listen`: `here` is not an address with a port, such as 127.0.0.1:1883
              line 4: [[mapping]] `a/{site}`: `machine`: neither the topic names {machine} nor is there a constant
              line 6: [[mapping]] `a/{site}`: `signals.vibraton_mm_s`: there is no signal `vibraton_mm_s`; did you mean `vibration_mm_s`?
        "#]],
    );
}

#[test]
fn missing_input_is_named() {
    check(
        "check --config nowhere.toml",
        "",
        expect![[r#"
        exit 66
        out: 
        err: foretell: could not read nowhere.toml: No such file or directory (os error 2)
    "#]],
    );
    check(
        "export --out readings.csv",
        "",
        expect![[r#"
        exit 66
        out: 
        err: foretell: there is no log in data; name the data directory with --data-dir
    "#]],
    );
    check(
        "backtest nowhere.csv",
        "",
        expect![[r#"
        exit 66
        out: 
        err: foretell: could not read nowhere.csv: No such file or directory (os error 2)
    "#]],
    );
}

#[test]
fn bad_data_is_told_apart_from_missing_data() {
    check(
        "backtest rows.csv",
        "",
        expect![[r#"
        exit 65
        out: 
        err: foretell: could not use a history file: rows.csv: no column is a signal (it has what, ever); say which is which in a column map (--map)
    "#]],
    );
}

#[test]
fn json_lines_are_json_also_when_a_command_fails() {
    check(
        "--log-format json check --config nowhere.toml",
        "",
        expect![[r#"
        exit 66
        out: 
        err: {"exit_code":66,"level":"ERROR","message":"could not read nowhere.toml: No such file or directory (os error 2)"}
    "#]],
    );
}

#[test]
fn a_wrong_command_line_is_64() {
    let dir = tempfile::tempdir().unwrap();
    let code = |arguments: &[&str]| foretell(dir.path()).args(arguments).output().unwrap().status.code();
    assert_eq!(code(&["backtest"]), Some(64));
    assert_eq!(code(&["run", "--role", "cook"]), Some(64));
    assert_eq!(code(&["export", "--machine", "noslash", "--out", "x.csv"]), Some(64));
    assert_eq!(code(&["--help"]), Some(0));
}

#[test]
fn a_taken_port_is_69_and_says_which() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let output = foretell(dir.path()).arg("run").env("FORETELL__CONSOLE__LISTEN", &address).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(said.contains(&address) && said.contains("[console] listen"), "{said}");
}

#[test]
fn told_to_stop_it_drains_and_exits_0() {
    let dir = tempfile::tempdir().unwrap();
    let mut process = foretell(dir.path())
        .args(["--log-format", "json", "run"])
        .env("FORETELL__CONSOLE__LISTEN", "127.0.0.1:0")
        .env("FORETELL__MQTT__LISTEN", "127.0.0.1:0")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let running = lines.by_ref().map(Result::unwrap).find(|line| line.contains("Foretell is running."));
    let running: serde_json::Value = serde_json::from_str(&running.expect("it said that it runs")).unwrap();
    assert!(running["console"].as_str().unwrap().starts_with("127.0.0.1:"), "{running}");
    let told = Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
    assert!(told.success());
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(process.wait().unwrap().code(), Some(0), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("draining")), "{rest:?}");
}
