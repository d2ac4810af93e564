//! The real binary: exit codes, what stands on which stream, a clean end.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::support::{check, foretell};
use expect_test::expect;
use foretell::clock::WallClock;
use foretell_console::Accounts;

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

/// Imports files in a folder of their own; the exit code, what was said on both outputs, and the list of refused rows.
fn import(files: &[(&str, &str)], more: &[&str]) -> (Option<i32>, String, String, String) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let names = files.iter().map(|(name, _)| *name).filter(|name| !name.ends_with(".toml"));
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
    assert!(code == Some(0) && said.starts_with("1 event is new on the log, 0 were there already\n"), "{said}{warned}");
    assert!(warned.contains("1 other_measurement"), "{warned}");
}

/// Seconds since 1970, as whoever writes a file has them.
#[expect(clippy::disallowed_methods, reason = "the test is a controller, and controllers have clocks")]
fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn seconds_that_stand_for_milliseconds_do_not_become_january_1970() {
    let now_s = now_s();
    let rows = |stamps: &[u64]| {
        let row = |ts: &u64| format!("{ts},s,m,80\n");
        format!("ts,site,machine,discharge_temp_c\n{}", stamps.iter().map(row).collect::<String>())
    };
    let all = rows(&[now_s - 86_400, now_s - 3_600]);
    let (code, said, why, listed) = import(&[("x.csv", &all)], &["--refused", "refused.csv"]);
    assert_eq!((code, said.as_str(), listed.matches("too_old").count()), (Some(65), "", 2), "{why}");
    for expected in ["2 of 2 rows were refused (2 too_old)", "epoch = ", "as seconds it would be of our time"] {
        assert!(why.contains(expected), "{expected}\n---\n{why}");
    }
    // Among others it costs itself, and real history of long ago is history.
    let old = 1_000 * (now_s - 30 * 365 * 86_400);
    let (code, said, warned, listed) =
        import(&[("x.csv", &rows(&[now_s - 60, 1_000, old, 1_000 * (now_s - 60)]))], &["--refused", "refused.csv"]);
    assert_eq!(code, Some(0), "{warned}");
    assert!(said.starts_with("3 events are new on the log") && said.contains("1 row was refused, listed in"), "{said}");
    assert!(warned.contains("1 of 4 rows was refused (1 too_old); first: x.csv line 2: "), "{warned}");
    assert!(listed.contains("x.csv,2,too_old,"), "{listed}");
    // As the text says, a column map tells the unit.
    let map = "[columns]\nts = { column = \"ts\", epoch = \"s\" }\n";
    let (code, said, warned, _) = import(&[("x.csv", &all), ("map.toml", map)], &["--map", "map.toml"]);
    assert_eq!((code, said.starts_with("2 events are new")), (Some(0), true), "{said}{warned}");
}

#[test]
fn a_reason_that_nothing_is_refused_for_is_named() {
    let dir = tempfile::tempdir().unwrap();
    drop(foretell_history::SqliteQuarantine::open(&dir.path().join("data"), Default::default()).unwrap());
    for command in ["list", "export --out x.jsonl", "replay"] {
        let run = |reason: &str| {
            let words = ["quarantine"].into_iter().chain(command.split(' ')).chain(["--reason", reason]);
            let output = foretell(dir.path()).args(words).output().unwrap();
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        let (code, said) = run("to_old");
        let expected = "foretell: nothing is refused for the reason `to_old`; did you mean `too_old`? There are: ";
        assert!(code == Some(64) && said.starts_with(expected), "{command}: {code:?} {said}");
        assert!(said.contains("from_future, ") && said.contains("not_authorised, "), "{said}");
        assert!(!dir.path().join("x.jsonl").exists());
        for known in ["too_old", "not_authorised", "identity_taken"] {
            assert_eq!(run(known).0, Some(0), "{command} {known}");
        }
        drop(std::fs::remove_file(dir.path().join("x.jsonl")));
    }
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
    assert_eq!(export("s1/m1", &[]), (Some(0), "1 reading in out.csv\n".to_owned()));
    assert_eq!(export("s1/m1", &["--from", "2026-01-01"]), (Some(0), "0 readings in out.csv\n".to_owned()));
    std::fs::remove_file(dir.path().join("out.csv")).unwrap();
    let expected = "foretell: no machine s1/m11 has ever reported; did you mean s1/m1?\n".to_owned();
    assert_eq!(export("s1/m11", &[]), (Some(66), expected));
    assert!(!dir.path().join("out.csv").exists());
    let expected = "foretell: no machine plant/k2 has ever reported; 1 machine is known\n".to_owned();
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
        [(head, "the files hold a header and no rows"), (&bad, "1 of 1 row was refused (1 bad_number)")]
    {
        let (code, said, why, _) = import(&[("x.csv", text)], &[]);
        assert_eq!((code, said.as_str()), (Some(65), ""), "{why}");
        assert!(why.contains("nothing was imported: ") && why.contains(expected), "{why}");
    }
}

#[test]
fn an_import_passes_over_no_slip_of_a_needed_name() {
    let text = "ts,site,machine,discharge_temp,motor_current_a,run_hours\n1000,s,m,80,41,7\n";
    let (code, said, why, _) = import(&[("x.csv", text)], &[]);
    assert_eq!((code, said.as_str()), (Some(65), ""), "{why}");
    assert!(why.contains("the column `discharge_temp` means nothing here; did you mean `discharge_temp_c`?"), "{why}");
    // A stranger beside what is there is a stranger.
    let text = "ts,site,machine,discharge_temp_c,discharge_temp_f,motor_current_a\n1000,s,m,80,176,41\n";
    assert_eq!(import(&[("x.csv", text)], &[]).0, Some(0));
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
        let mut command = foretell(dir.path());
        let output = command.args(arguments).env("FORETELL__CONSOLE__LISTEN", "127.0.0.1:0").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(65), "{name}: {said}");
        assert!(said.contains(name) && said.contains(expected), "{name}: {said}");
    };
    check(
        "log.db",
        &["export", "--out", "x.csv"],
        "Restore it from a backup. Without one, `foretell export --out FILE.parquet` saves every reading",
    );
    // Whoever takes readings in begins these anew.
    check("rollups.db", &["run", "--role", "engine"], "Delete it");
    check("quarantine.db", &["run", "--role", "console"], "Delete it");
    check("service.sqlite", &["run"], "Restore it from a backup: registrations");
    check("link.secret", &["run"], "it must hold 32 bytes; delete it to make a new one");
    check("accounts.sqlite", &["users", "list"], "Restore it from a backup, or move it away");
}

/// Nobody in them would open the console to whoever comes first.
#[test]
fn accounts_that_were_emptied_are_65_with_the_remedy() {
    // A file of SQLite's whose tables stood in a write-ahead file that was not copied.
    let bare = {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("accounts.sqlite");
        let _open = Accounts::open(&path, Arc::new(WallClock)).unwrap();
        std::fs::read(path).unwrap()
    };
    assert!(!bare.is_empty());
    for (content, beside) in
        [(&b""[..], "service.sqlite"), (&bare, "service.sqlite"), (b"", "accounts.sqlite-wal"), (b"", "engine.follows")]
    {
        for (arguments, used) in [(&["run"][..], true), (&["users", "list"], true), (&["users", "list"], false)] {
            let dir = tempfile::tempdir().unwrap();
            let data = dir.path().join("data");
            std::fs::create_dir(&data).unwrap();
            std::fs::write(data.join("accounts.sqlite"), content).unwrap();
            if used {
                std::fs::write(data.join(beside), "1").unwrap();
            }
            let mut command = foretell(dir.path());
            let output = command.args(arguments).env("FORETELL__CONSOLE__LISTEN", "127.0.0.1:0").output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let expected = if used { 65 } else { 0 };
            assert_eq!(output.status.code(), Some(expected), "{arguments:?} {beside}: {said}");
            assert_eq!(said.contains("all accounts are gone. Restore it from a backup"), used, "{said}");
        }
    }
}

/// A file's words are a stranger's: a terminal must not obey them.
#[test]
fn control_characters_of_a_file_are_spelt_out() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("x.csv"), "ts,\x1b]0;mine\x07a,b\u{9b}31m\n1,2,3\n").unwrap();
    let output = foretell(dir.path()).args(["import", "x.csv"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(65), "{said}");
    assert!(said.contains("(it has ts, \\u{1b}]0;mine\\u{7}a, b\\u{9b}31m)"), "{said}");
    assert!(!said.contains(|c: char| c.is_control() && c != '\n'), "{said:?}");
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
    // A span that ends before it begins, wherever one can be named.
    for command in ["export --out x.csv", "backtest x.csv", "report s/m --out x.pdf", "quarantine list"] {
        for file in ["log.db", "quarantine.db"] {
            std::fs::create_dir_all(dir.path().join("data")).unwrap();
            std::fs::write(dir.path().join("data").join(file), "").unwrap();
        }
        let words: Vec<&str> = command.split(' ').chain(["--from", "2026-02-01", "--to", "2026-01-01"]).collect();
        let output = foretell(dir.path()).args(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), said.as_str()),
            (Some(64), "foretell: --from must lie before --to\n"),
            "{command}"
        );
    }
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
    let plant = format!("[[mqtt.user]]\nname = \"plc\"\npassword_hash = \"{first}\"\nmachines = [\"*/*\"]\n");
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
