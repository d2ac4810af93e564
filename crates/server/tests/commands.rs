//! The real binary: exit codes, what stands on which stream, a clean end.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the report")]

use std::io::{BufRead, BufReader, Write as _};
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
              line 2: unknown key `keepalive` in [mqtt]; known here: listen, url, version, client_id, username, password_file, ca_file, source, tls_cert_file, tls_key_file, tls_client_ca_file, anonymous, user, limits, age_max, machines_max
              line 3: `mqtt.listen`: `here` is not an address with a port, such as 127.0.0.1:1883
              line 4: [[mapping]] `a/{site}`: `machine`: neither the topic names {machine} nor is there a constant or a place in the payload
              line 6: [[mapping]] `a/{site}`: `signals.vibraton_mm_s`: there is no signal `vibraton_mm_s`; did you mean `vibration_mm_s`?
        "#]],
    );
}

#[test]
fn what_stands_twice_is_named_with_both_lines() {
    check(
        "check --config plant.toml",
        "[[mqtt.user]]\nname = \"gw\"\n[[mqtt.user]]\nname = \"gw\"\n[[machine]]\nid = \"s/m\"\n[[machine]]\nid = \"s/m\"\n\
         [[mapping]]\ntopic = \"a/{site}/{machine}\"\nsignals.power_kw = \"/p\"\nrequired = []\n\
         [[mapping]]\ntopic = \"a/{site}/{machine}\"\nsignals.power_kw = \"/q\"\nrequired = []\n",
        expect![[r#"
            exit 78
            out: 
            err: foretell: plant.toml: 3 problems
              line 4: [[mqtt.user]] `gw` is there already in line 2; take one of the two away
              line 8: [[machine]] `s/m` is there already in line 6; take one of the two away
              line 14: [[mapping]] topic `a/{site}/{machine}` is there already in line 10; take one of the two away
        "#]],
    );
}

#[test]
fn what_is_allowed_but_looks_like_a_slip_is_said() {
    check(
        "check --config plant.toml",
        "[data]\nquarantine_size_max = \"64B\"\n[mqtt]\nage_max = \"1h\"\n\
         [[mapping]]\ntopic = \"a/#\"\nsite = \"s\"\nmachine = \"m\"\nsignals.power_kw = \"/p\"\nrequired = []\n\
         [[mapping]]\ntopic = \"a/{site}/{machine}\"\nsignals.power_kw = \"/q\"\nrequired = []\n\
         [[mapping]]\ntopic = \"+/k1/{site}/{machine}/telemetry\"\nsignals.power_kw = \"/q\"\nrequired = []\n",
        expect![[r#"
            exit 0
            out: The configuration is sound, but look at this:
              plant.toml: line 2: [data] `quarantine_size_max` is unusual: 1MiB to 64GiB hold hours to years of refusals
              plant.toml: line 4: [mqtt] `age_max` is short: what a controller delivers after a week off line is refused
              plant.toml: line 12: [[mapping]] `a/{site}/{machine}`: never gets a message: every topic of it goes to mapping[0] (`a/#`), which stands before it
              plant.toml: line 16: [[mapping]] `+/k1/{site}/{machine}/telemetry`: topics that match both go to mapping[0] (`a/#`), which stands before it
            err: 
        "#]],
    );
}

#[test]
fn a_sample_is_explained() {
    let plant = "[[mapping]]\ntopic = \"a/{site}/{machine}\"\nts = { at = \"/t\", format = \"s\" }\n\
                 signals.discharge_temp_c = { at = \"/oil\", unit = \"degF\" }\nsignals.motor_current_a = \"/amps\"\nsignals.run_hours = \"/h\"\n";
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("plant.toml"), plant).unwrap();
    let explain = |payload: &str, more: &[&str]| {
        std::fs::write(dir.path().join("sample.json"), payload).unwrap();
        let mut command = foretell(dir.path());
        command.args(["check", "--config", "plant.toml", "--sample", "sample.json"]).args(more);
        let output = command.output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), out.into_owned(), err.into_owned())
    };
    let (code, table, _) = explain(r#"{"t":1782892800,"oil":181.4,"amps":41.7,"h":7,"rpm":3000}"#, &[]);
    assert_eq!(code, Some(0));
    expect![[r#"
        topic a/site/machine: mapping[0] `a/{site}/{machine}`, machine site/machine
          /amps  41.7        -> motor_current_a = 41.7 A
          /h     7           -> run_hours = 7 h
          /oil   181.4       -> discharge_temp_c = 83 °C  (from degF)
          /rpm   3000        -- no pointer of the mapping leads to /rpm
          /t     1782892800  -> time = 2026-07-01T08:00:00Z  (s since 1970)
        reading of site/machine at 2026-07-01T08:00:00Z: discharge_temp_c=83 motor_current_a=41.7 run_hours=7
    "#]]
    .assert_eq(&table);
    let (code, json, err) = explain(r#"{"t":1782892800,"oil":"hot","h":7}"#, &["--topic", "a/hq/k1", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["records"], &json["admitted"]), (Some(65), &1.into(), &0.into()), "{json}");
    assert!(json["outcome"].as_str().unwrap().contains("a number belongs there"), "{json}");
    let fates =
        |wanted: &str| json["fields"].as_array().unwrap().iter().filter(|field| field["fate"] == wanted).count();
    assert_eq!((fates("refused"), fates("used"), fates("absent")), (1, 2, 1), "{json}");
    assert_eq!(err, "foretell: nothing of the sample on topic a/hq/k1 becomes a reading\n");
    assert_eq!(explain("{}", &["--topic", "elsewhere"]).0, Some(65));
}

#[test]
fn a_port_in_use_is_said_when_asked() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("plant.toml"),
        format!("[console]\nlisten = \"{listen}\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n"),
    )
    .unwrap();
    let run = |more: &[&str]| {
        let output = foretell(dir.path()).args(["check", "--config", "plant.toml"]).args(more).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run(&[]).0, Some(0));
    let (code, said) = run(&["--ports"]);
    assert_eq!(code, Some(69));
    assert!(said.contains(&format!("`[console] listen`: could not listen on {listen}")), "{said}");
}

#[test]
fn the_files_a_configuration_names_are_checked_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write(
        "plant.toml",
        "[engine]\nwarn_c = 300\ntrip_c = 100\n[outreach]\nfrom = \"service\"\ncustomers_file = \"customers.toml\"\n\
         templates_dir = \".\"\n[log]\nlevel = \"loud\"\n",
    );
    write(
        "customers.toml",
        "[[customer]]\nid = \"a\"\nname = \"A\"\nlanguage = \"en\"\nadvisor = \"nobody\"\nquiet_from = \"8pm\"\n\
         holidays = [\"2026-10-32\"]\n[[machine]]\nid = \"s1/m1\"\nnumber = \"1\"\ncolour = \"red\"\n",
    );
    write("fault.en.j2", "Subject: {{ nubmer }}\n\nHello\n");
    let output = foretell(dir.path()).args(["check", "--config", "plant.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for expected in [
        "plant.toml: 3 problems\n  line 2: `engine.warn_c` must be a number from 40 to 200\n  line 5: `outreach.from`: `service` is not",
        "line 9: `log.level`: `loud` is none of",
        "customers.toml: 5 problems\n  line 5: customer `a`: there is no [[advisor]] `nobody` in this file\n  line 6: customer `a`: \
         `quiet_from`: `8pm` is not a time",
        "line 7: customer `a`: `holidays`: `2026-10-32` is not a date",
        "line 9: machine `s1/m1`: there is no [[site]] `s1` in this file",
        "line 11: unknown field `colour`",
        "template `fault.en.j2` could not be rendered",
    ] {
        assert!(said.contains(expected), "{expected}\n---\n{said}");
    }
    // What `check` names, `run` refuses.
    write("plant.toml", "[outreach]\ncustomers_file = \"customers.toml\"\n[console]\nlisten = \"127.0.0.1:0\"\n");
    let output = foretell(dir.path())
        .args(["run", "--config", "plant.toml"])
        .env("FORETELL__MQTT__LISTEN", "127.0.0.1:0")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
}

#[test]
fn a_customers_file_is_not_taken_for_a_configuration() {
    check(
        "check --config plant.toml",
        "[[customer]]\nid = \"a\"\n",
        expect![[r#"
        exit 78
        out: 
        err: foretell: plant.toml: 1 problem
          this looks like a customers file; name it in [outreach] customers_file
    "#]],
    );
}

#[test]
fn customers_come_in_from_a_spreadsheet() {
    let dir = tempfile::tempdir().unwrap();
    let advisor = "[[advisor]]\nid = \"wang\"\nname = { en = \"Min Wang\", zh = \"王敏\" }\nrole = { en = \"x\", zh = \"x\" }\nphone = \"1\"\n";
    std::fs::write(dir.path().join("advisors.toml"), advisor).unwrap();
    let rows =
        "customer,customer_name,advisor,site,machine,number,rated_kw\nhx,华新,wang,s1,m1,1号机,75\nhx,,,s1,m2,,75\n";
    std::fs::write(dir.path().join("machines.csv"), rows).unwrap();
    let mut said = String::new();
    for file in ["advisors.toml", "machines.csv", "machines.csv", "missing.csv"] {
        let output = foretell(dir.path()).args(["customers", "import", file]).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        said += &format!("{:?}\n{}{}", output.status.code(), text(&output.stdout), text(&output.stderr));
    }
    expect![[r#"
        Some(0)
        0 machines on 0 sites of 0 customers; 1 entries are new or changed
        Some(65)
        1 machines on 1 sites of 1 customers; 3 entries are new or changed
        refused: line 3: `number`: it is empty; fill it in
        foretell: could not take 1 lines; mend them and import the file again
        Some(65)
        1 machines on 1 sites of 1 customers; 0 entries are new or changed
        refused: line 3: `number`: it is empty; fill it in
        foretell: could not take 1 lines; mend them and import the file again
        Some(66)
        foretell: could not read missing.csv: No such file or directory (os error 2)
    "#]]
    .assert_eq(&said);
}

#[test]
fn what_is_kept_about_a_customer_is_handed_out_and_erased() {
    let dir = tempfile::tempdir().unwrap();
    let registry = "[[advisor]]\nid = \"wang\"\nname = { en = \"Min Wang\", zh = \"王敏\" }\nrole = { en = \"x\", zh = \"x\" }\nphone = \"1\"\n\
        [[customer]]\nid = \"hx\"\nname = \"Huaxin Mills\"\ncontact = \"Ms Unmistakable\"\nlanguage = \"en\"\nadvisor = \"wang\"\n\
        [[site]]\nid = \"s1\"\ncustomer = \"hx\"\naddress = \"9 Nowhere Lane\"\n";
    std::fs::write(dir.path().join("customers.toml"), registry).unwrap();
    let run = |args: &[&str]| {
        let output = foretell(dir.path()).args(["customers"]).args(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{:?}\n{}{}", output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let mut said = run(&["export", "hx", "--out", "hx.json"]);
    run(&["import", "customers.toml"]);
    said += &run(&["export", "hx", "--out", "hx.json"]);
    let data = std::fs::read_to_string(dir.path().join("hx.json")).unwrap();
    assert!(data.contains("Ms Unmistakable") && data.contains("9 Nowhere Lane"), "{data}");
    said += &run(&["export", "nobody", "--out", "nobody.json"]);
    said += &run(&["erase", "hx", "--confirm", "hy"]);
    said += &run(&["erase", "hx", "--confirm", "hx"]);
    // The register cannot bring it back.
    run(&["import", "customers.toml"]);
    let stored = std::fs::read_dir(dir.path().join("data")).unwrap().flatten();
    let stored: Vec<u8> = stored.flat_map(|entry| std::fs::read(entry.path()).unwrap_or_default()).collect();
    for gone in ["Huaxin Mills", "Ms Unmistakable", "9 Nowhere Lane"] {
        assert!(!stored.windows(gone.len()).any(|window| window == gone.as_bytes()), "{gone}");
    }
    expect![[r#"
        Some(66)
        foretell: there is no service state in data; name the data directory with --data-dir
        Some(0)
        everything kept about customer `hx` is in hx.json
        Some(66)
        foretell: could not do this with a customer's data: there is no customer `nobody`
        Some(64)
        foretell: nothing was erased: `--confirm hy` does not repeat the key `hx`
        Some(0)
        what was personal about customer `hx` is erased, 0 photos with it
    "#]]
    .assert_eq(&said);
}

/// A fleet of one machine: `days` of hourly readings under load, and work on it and on a machine that never reported.
fn history(dir: &Path, days: u32) {
    let mut rows = "ts,site,machine,discharge_temp_c,motor_current_a,run_hours,ambient_temp_c\n".to_owned();
    for step in 0..days * 96 {
        let (day, minute) = (step / 96 + 1, step % 96 * 15);
        let ambient_c = 22.0 + f64::from(minute).mul_add(std::f64::consts::TAU / 1440.0, 0.0).sin() * 5.0;
        let line = format!(
            "2026-06-{day:02}T{:02}:{:02}:00Z,s1,m1,{:.1},100,{},{ambient_c:.1}\n",
            minute / 60,
            minute % 60,
            ambient_c + 55.0,
            1_000.0 + f64::from(step) / 4.0
        );
        rows.push_str(&line);
    }
    std::fs::write(dir.join("readings.csv"), rows).unwrap();
    let work = "ts,site,machine,work\n2026-06-02T00:00:00Z,s1,m1,oil_changed\n2026-06-02T00:00:00Z,s1,m9,oil_changed\n";
    std::fs::write(dir.join("work.csv"), work).unwrap();
}

#[test]
fn a_history_that_is_too_short_is_said_to_be_so() {
    let dir = tempfile::tempdir().unwrap();
    history(dir.path(), 4);
    let arguments = ["backtest", "readings.csv", "--maintenance", "work.csv", "--report", "report.html"];
    let output = foretell(dir.path()).args(arguments).output().unwrap();
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let page = std::fs::read_to_string(dir.path().join("report.html")).unwrap();
    let short = "oo short: 10 days of loaded running are needed";
    assert!(table.contains(short) && page.contains(short), "{table}");
    assert!(table.contains("\n1 machine, 384 readings"), "{table}");
    assert!(!table.contains("s1/m9") && !page.contains("s1/m9"), "work alone makes a machine: {table}");
    assert!(!page.contains("Normal<"), "what could not be judged is called normal");
    // The table says that nobody was warned, so the report may not either.
    assert!(
        !page.contains("class=\"letter\"") && !page.contains("class=\"moment "),
        "the report warns where the table does not"
    );
}

#[test]
fn a_history_that_is_too_sparse_is_not_called_too_short() {
    let mut rows = "ts,site,machine,discharge_temp_c,motor_current_a\n".to_owned();
    for hour in 0..24 * 25 {
        rows.push_str(&format!("{},s,m,80,100\n", i64::from(hour) * 3_600_000 + 1_780_272_000_000));
    }
    let (code, table, _) = backtest(&[("x.csv", &rows)], &["x.csv"]);
    assert_eq!(code, Some(0));
    assert!(table.contains("too sparse: a reading at least every 20 minutes is needed"), "{table}");
}

#[test]
fn the_report_comes_in_both_languages() {
    let dir = tempfile::tempdir().unwrap();
    history(dir.path(), 4);
    let arguments = ["backtest", "readings.csv", "--report", "report.html", "--lang", "zh-CN"];
    assert_eq!(foretell(dir.path()).args(arguments).output().unwrap().status.code(), Some(0));
    let page = std::fs::read_to_string(dir.path().join("report.html")).unwrap();
    assert!(page.contains("lang=\"zh-CN\"") && page.contains("历史太短：需要10天的加载运行数据"));
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

/// Backtests files in a folder of their own; the exit code and what was said on standard error.
fn backtest(files: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String, String) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let output = foretell(dir.path()).arg("backtest").args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn files_of_which_nothing_can_be_used_are_65_and_say_why() {
    let head = "ts,site,machine,discharge_temp_c\n";
    let bad = format!("{head}2026-01-01T00:00:00Z,s,m,hot\n");
    let good = format!("{head}2026-01-01T00:00:00Z,s,m,80\n");
    for (text, arguments, expected) in [
        (head, &["x.csv"][..], "the files hold a header and no rows"),
        (&bad, &["x.csv"], "1 of 1 rows were refused (1 bad_number); first: x.csv line 2: discharge_temp_c: `hot`"),
        (&good, &["x.csv", "--from", "2026-02-01"], "no row lies within --from and --to"),
    ] {
        let (code, said, why) = backtest(&[("x.csv", text)], arguments);
        assert_eq!((code, said.as_str()), (Some(65), ""), "{why}");
        assert!(why.contains("there is nothing to test") && why.contains(expected), "{why}");
    }
}

/// Imports files in a folder of their own; the exit code, what was said on both outputs, and the list of refused rows.
fn import(files: &[(&str, &str)], more: &[&str]) -> (Option<i32>, String, String, String) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let names = files.iter().map(|(name, _)| *name);
    let output = foretell(dir.path()).arg("import").args(names).args(more).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let listed = std::fs::read_to_string(dir.path().join("refused.csv")).unwrap_or_default();
    (output.status.code(), text(&output.stdout), text(&output.stderr), listed)
}

#[test]
fn an_import_says_what_it_took_and_what_not() {
    let head = "ts,site,machine,discharge_temp_c\n";
    let good =
        format!("{head}2026-01-01T00:00:00Z,s,m,80\n2026-01-01T00:01:00Z,s,m,hot\n2099-01-01T00:00:00Z,s,m,80\n");
    let work = "ts,site,machine,work\nlately,s,m,oil_changed\n2026-01-01T00:00:00Z,s,m,oil changed\n\
        2026-01-01T00:00:00Z,s,m,polished\n2026-01-02T00:00:00Z,s,m,oil_changed\n";
    let (code, said, warned, listed) = import(&[("x.csv", &good), ("w.csv", work)], &[]);
    let expected = "2 events are new on the log, 0 were there already\n5 rows were refused; --refused FILE.csv lists them all. To \
                    bring them in, mend them or the column map and import again, what the log has is not taken twice\n";
    assert_eq!((code, said.as_str(), listed.as_str()), (Some(0), expected, ""), "{warned}");
    for expected in [
        "5 of 7 rows were refused (1 bad_number, 1 bad_time, 1 bad_work, 1 too_late, 1 unknown_work); first: x.csv line 3",
        "x.csv line 4",
        "w.csv line 2",
        "w.csv line 3",
        "w.csv line 4: `polished` is no work of the fault catalogue; known are bearing_inspected, cooler_cleaned",
    ] {
        assert!(warned.contains(expected), "{expected}\n---\n{warned}");
    }
    let (code, said, warned, listed) = import(&[("x.csv", &good), ("w.csv", work)], &["--refused", "refused.csv"]);
    assert!(code == Some(0) && said.contains("5 rows were refused, listed in refused.csv; mend"), "{said}{warned}");
    let reasons: Vec<&str> = listed.lines().filter_map(|line| line.split(',').nth(2)).collect();
    assert_eq!(reasons, ["reason", "bad_number", "too_late", "bad_time", "bad_work", "unknown_work"], "{listed}");
    let lines = "reading,site=s,machine=m discharge_temp_c=80.5 1767225600000000000\nhealth,site=s,machine=m x=1 1\n";
    let (code, said, warned, _) = import(&[("x.lp", lines)], &[]);
    assert!(
        code == Some(0) && said.starts_with("1 events are new on the log, 0 were there already\n"),
        "{said}{warned}"
    );
    assert!(warned.contains("1 other_measurement"), "{warned}");
}

#[test]
fn a_second_import_says_that_nothing_is_new() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("x.csv"), "ts,site,machine,discharge_temp_c\n1000,s,m,80\n2000,s,m,81\n").unwrap();
    let import = || foretell(dir.path()).args(["import", "x.csv"]).output().unwrap();
    assert_eq!(import().status.code(), Some(0));
    let again = import();
    let said = String::from_utf8_lossy(&again.stdout).into_owned();
    assert_eq!((again.status.code(), said.as_str()), (Some(0), "nothing is new: the log has all 2 events already\n"));
}

#[test]
fn a_doubled_column_is_named() {
    let text = "ts,site,machine,discharge_temp_c,run_hours,discharge_temp_c\n1000,s,m,80,1,90\n";
    let (code, said, why, _) = import(&[("x.csv", text)], &[]);
    assert_eq!((code, said.as_str()), (Some(65), ""), "{why}");
    assert!(why.contains("x.csv: has the column `discharge_temp_c` twice (columns 4 and 6)"), "{why}");
}

#[test]
fn an_unknown_machine_is_no_empty_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("x.csv"), "ts,site,machine,discharge_temp_c\n1000,s1,m1,80\n").unwrap();
    assert_eq!(foretell(dir.path()).args(["import", "x.csv"]).output().unwrap().status.code(), Some(0));
    let export = |machine: &str, more: &[&str]| {
        let mut command = foretell(dir.path());
        let output = command.args(["export", "--out", "out.csv", "--machine", machine]).args(more).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    assert_eq!(export("s1/m1", &[]), (Some(0), "1 readings in out.csv\n".to_owned()));
    assert_eq!(export("s1/m1", &["--from", "2026-01-01"]), (Some(0), "0 readings in out.csv\n".to_owned()));
    std::fs::remove_file(dir.path().join("out.csv")).unwrap();
    let expected = "foretell: no machine s1/m11 has ever reported; did you mean s1/m1?\n".to_owned();
    assert_eq!(export("s1/m11", &[]), (Some(66), expected));
    assert!(!dir.path().join("out.csv").exists());
    let expected = "foretell: no machine plant/k2 has ever reported; 1 machines are known\n".to_owned();
    assert_eq!(export("plant/k2", &[]), (Some(66), expected));
}

#[test]
fn a_configuration_in_another_encoding_is_78_with_its_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let utf_16: Vec<u8> = "\u{feff}[mqtt]\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(dir.path().join("plant.toml"), utf_16).unwrap();
    for command in ["check", "run"] {
        let output = foretell(dir.path()).args([command, "--config", "plant.toml"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let expected = "foretell: plant.toml is UTF-16; save it as UTF-8\n";
        assert_eq!((output.status.code(), said.as_str()), (Some(78), expected), "{command}");
    }
}

#[test]
fn an_unknown_variable_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let output = foretell(dir.path()).arg("check").env("FORETELL__NOPE__X", "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("FORETELL__NOPE__X: unknown key `nope`; known here: "), "{said}");
}

#[test]
fn an_import_of_nothing_is_65_and_says_why() {
    let head = "ts,site,machine,discharge_temp_c\n";
    let bad = format!("{head}2026-01-01T00:00:00Z,s,m,hot\n");
    for (text, expected) in
        [(head, "the files hold a header and no rows"), (&bad, "1 of 1 rows were refused (1 bad_number)")]
    {
        let (code, said, why, _) = import(&[("x.csv", text)], &[]);
        assert_eq!((code, said.as_str()), (Some(65), ""), "{why}");
        assert!(why.contains("nothing was imported: ") && why.contains(expected), "{why}");
    }
}

#[test]
fn an_import_that_is_told_to_stop_exits_0_and_goes_on_the_next_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = "ts,site,machine,discharge_temp_c\n".to_owned();
    (0..300_000_u64).for_each(|n| rows.push_str(&format!("{},s,m,80\n", 1_767_225_600_000 + n * 1000)));
    std::fs::write(dir.path().join("x.csv"), rows).unwrap();
    let begun = dir.path().join("data/log.lock");
    let process =
        foretell(dir.path()).args(["import", "x.csv"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The signals are listened for before the log is opened.
    while !begun.exists() {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    let output = process.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("stopped before"), "{said}");
    let output = foretell(dir.path()).args(["import", "x.csv"]).output().unwrap();
    let counts: Vec<u64> =
        String::from_utf8_lossy(&output.stdout).split(' ').filter_map(|word| word.parse().ok()).collect();
    assert_eq!(counts.iter().sum::<u64>(), 300_000, "{counts:?}");
}

#[test]
fn a_damaged_quarantine_says_that_it_may_be_deleted() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("data")).unwrap();
    std::fs::write(dir.path().join("data/quarantine.db"), [b'x'; 4_096]).unwrap();
    let output = foretell(dir.path()).args(["quarantine", "list"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(65), "{said}");
    assert!(
        said.contains("quarantine.db is damaged. Delete it, with its -wal and -shm")
            && said.contains("only refused input is lost"),
        "{said}"
    );
}

#[test]
fn a_damaged_file_of_the_data_directory_is_65_with_its_remedy() {
    let check = |name: &str, arguments: &[&str], expected: &str| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("data")).unwrap();
        std::fs::write(dir.path().join("data").join(name), [b'x'; 4_096]).unwrap();
        let output = foretell(dir.path()).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(65), "{name}: {said}");
        assert!(said.contains(name) && said.contains(expected), "{name}: {said}");
    };
    check("log.db", &["export", "--out", "x.csv"], "Restore it from a backup, or save what can be read");
    check("rollups.db", &["run"], "Delete it");
    check("service.sqlite", &["run"], "Restore it from a backup: registrations");
    check("accounts.sqlite", &["users", "list"], "Restore it from a backup, or move it away");
}

#[test]
fn maintenance_that_cannot_be_used_is_said() {
    let readings = "ts,site,machine,discharge_temp_c\n2026-01-01T00:00:00Z,s,m,80\n";
    let work = "ts,site,machine,work\nlately,s,m,oil_changed\n2026-01-01T00:00:00Z,s,m9,oil_changed\n\
                2026-01-01T00:00:00Z,s,m,polished\n";
    let (code, _, said) = backtest(&[("x.csv", readings), ("w.csv", work)], &["x.csv", "--maintenance", "w.csv"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("Of the maintenance records, 2 of 3 rows were refused (1 bad_time, 1 unknown_work)"),
        "{said}"
    );
    assert!(said.contains("w.csv line 4: `polished` is no work of the fault catalogue; known are bearing_"), "{said}");
    assert!(said.contains("w.csv line 2") && said.contains("without any reading, e.g. s/m9"), "{said}");
    let (code, _, said) = backtest(&[("x.csv", readings)], &["x.csv", "--maintenance", "nowhere.csv"]);
    assert_eq!(code, Some(66), "{said}");
}

#[test]
fn scores_come_as_a_table_and_as_json() {
    let readings = "ts,site,machine,discharge_temp_c\n2026-01-01T00:00:00Z,s,m,80\n2026-03-01T00:00:00Z,s,m,80\n";
    let truth = r#"{"machines":[{"site":"s","machine":"m","from":"2026-01-01T00:00:00Z","to":"2026-03-01T00:00:00Z",
        "faults":[{"fault":"low_oil","onset":"2026-01-05T00:00:00Z","limit_reached":"2026-02-01T00:00:00Z","cleared":null}]}]}"#;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("x.csv"), readings).unwrap();
    std::fs::write(dir.path().join("truth.json"), truth).unwrap();
    let arguments = ["backtest", "x.csv", "--truth", "truth.json", "--truth-out", "scores.json"];
    let output = foretell(dir.path()).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(table.contains("s/m low_oil from 2026-01-05, limit 2026-02-01; nothing was said"), "{table}");
    let json = std::fs::read_to_string(dir.path().join("scores.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["warned_7d"]["of"], 1);
    assert_eq!(json["by_fault"]["low_oil"]["there"], 1);
    assert_eq!(json["missed"][0]["machine"], "m");
}

/// Third-party data lies beside the repository on some machines and never in it.
#[test]
fn real_histories_bother_nobody_and_are_said_to_be_too_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (file, map, machines) in [
        ("metropt3_first_rows.csv", "metropt3", "1 machine, 1000 readings"),
        ("metropt2022_1000rows.csv", "metropt2022", "1 machine, 1000 readings"),
        ("aispark_train.csv.gz", "aispark", "8 machines, 2463 readings"),
        ("aircompressor_1000.csv", "aircompressor", "1 machine, 1000 readings"),
        ("uci447_cycle_means.csv.gz", "uci447", "1 machine, 2205 readings"),
    ] {
        let data = root.join("../shared/data").join(file);
        if !data.exists() {
            println!("!!! SKIPPED: {} is not there, so nothing of it was tested", data.display());
            continue;
        }
        let map = root.join("config/maps").join(map).with_extension("toml");
        let (code, said, _) = backtest(&[], &[&data.to_string_lossy(), "--map", &map.to_string_lossy()]);
        assert_eq!(code, Some(0), "{file}");
        assert!(said.contains(machines) && said.contains("; 0 machines advised"), "{file}: {said}");
        assert!(said.contains("too short: 10 days of loaded running are needed"), "{file}: {said}");
    }
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

/// What `hash-password` prints, `check` accepts; and a password that is none is told.
#[test]
fn a_hashed_password_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let hash = |password: &str| {
        let mut command = foretell(dir.path());
        let mut process = command.arg("hash-password").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        process.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        let output = process.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap().trim_end().to_owned())
    };
    let (code, first) = hash("secret\n");
    assert!(code == Some(0) && first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{code:?} {first}");
    assert_ne!(hash("secret").1, first, "each has a salt of its own");
    assert_eq!(hash("\n"), (Some(65), String::new()));
    let plant = format!("[[mqtt.user]]\nname = \"plc\"\npassword_hash = \"{first}\"\n");
    check(
        "check --config plant.toml",
        &plant,
        expect![[r#"
        exit 0
        out: The configuration is sound.
        err: 
    "#]],
    );
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
