//! `foretell backtest`: histories too short, too sparse, unusable, and what comes of the others.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::foretell;

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
    let short = "Too short: 10 days of loaded running are needed";
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
    assert!(table.contains("Too sparse: a reading at least every 20 minutes is needed"), "{table}");
}

#[test]
fn a_history_that_lacks_what_is_needed_says_which_column_and_what_it_would_give() {
    let with = "with it, 10 days of loaded running let the cooler be judged and the limit be forecast";
    for (head, cells, lacking) in [
        ("ts,site,machine,discharge_temp_c,run_hours", "80,5", "No motor_current_a"),
        ("ts,site,machine,motor_current_a", "100", "No discharge_temp_c"),
        ("ts,site,machine,ambient_temp_c", "25", "No discharge_temp_c and motor_current_a"),
    ] {
        let mut rows = format!("{head}\n");
        for minute in (0..60 * 24 * 30_i64).step_by(10) {
            rows.push_str(&format!("{},s,m,{cells}\n", minute * 60_000 + 1_780_272_000_000));
        }
        let (code, table, _) = backtest(&[("x.csv", &rows)], &["x.csv"]);
        assert_eq!(code, Some(0));
        assert!(table.contains(&format!("{lacking}: {with}")) && !table.contains("oo short"), "{table}");
    }
}

#[test]
fn a_machine_whose_sensor_is_dead_is_not_called_normal() {
    let dir = tempfile::tempdir().unwrap();
    history(dir.path(), 28);
    let readings = std::fs::read_to_string(dir.path().join("readings.csv")).unwrap();
    // From the twentieth day on the discharge sensor's wire is broken.
    let broken = readings.lines().map(|line| {
        let mut cells: Vec<&str> = line.split(',').collect();
        if line > "2026-06-20" && !line.starts_with("ts") {
            cells[3] = "850";
        }
        cells.join(",") + "\n"
    });
    std::fs::write(dir.path().join("readings.csv"), broken.collect::<String>()).unwrap();
    let arguments = ["backtest", "readings.csv", "--report", "report.html", "--out", "findings.jsonl"];
    let output = foretell(dir.path()).args(arguments).output().unwrap();
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let page = std::fs::read_to_string(dir.path().join("report.html")).unwrap();
    assert!(table.contains("  sensor_"), "{table}");
    assert!(page.contains("Sensor fault</span>") && page.contains("class=\"d-sensor\""), "{table}");
    assert!(!page.contains("Normal</span>"), "what nobody can see is called normal");
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
        (&bad, &["x.csv"], "1 of 1 row was refused (1 bad_number); first: x.csv line 2: discharge_temp_c: `hot`"),
        (&good, &["x.csv", "--from", "2026-02-01"], "no row lies within --from and --to"),
    ] {
        let (code, said, why) = backtest(&[("x.csv", text)], arguments);
        assert_eq!((code, said.as_str()), (Some(65), ""), "{why}");
        assert!(why.contains("there is nothing to test") && why.contains(expected), "{why}");
    }
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

#[test]
fn a_backtest_that_is_told_to_stop_says_what_is_written_and_exits_0() {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = "ts,site,machine,discharge_temp_c,motor_current_a\n".to_owned();
    (0..900_000_u64).for_each(|n| rows.push_str(&format!("{},s,m,80,100\n", 1_767_225_600_000 + n * 1_000)));
    std::fs::write(dir.path().join("x.csv"), rows).unwrap();
    let process = foretell(dir.path())
        .args(["backtest", "x.csv", "--out", "f.jsonl", "--report", "r.html"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Until it listens, a signal would end it as it ends any program.
    let status = format!("/proc/{}/status", process.id());
    let caught = || {
        let status = std::fs::read_to_string(&status).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim().to_owned();
        u64::from_str_radix(&mask, 16).unwrap()
    };
    while caught() & (1 << 14) == 0 {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap().success());
    let output = process.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said, "stopped before anything was written\n");
    assert!(!dir.path().join("f.jsonl").exists() && !dir.path().join("r.html").exists());
}

/// Third-party data lies beside the repository on some machines and never in it.
#[test]
fn real_histories_bother_nobody_and_say_why_they_cannot_be_judged() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let short = "Too short: 10 days of loaded running are needed";
    for (file, map, machines, why) in [
        ("metropt3_first_rows.csv", "metropt3", "1 machine, 1000 readings", short),
        ("metropt2022_1000rows.csv", "metropt2022", "1 machine, 1000 readings", short),
        ("aispark_train.csv.gz", "aispark", "8 machines, 2463 readings", short),
        ("aircompressor_1000.csv", "aircompressor", "1 machine, 1000 readings", "No motor_current_a: with it"),
        ("uci447_cycle_means.csv.gz", "uci447", "1 machine, 2205 readings", "No motor_current_a: with it"),
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
        assert!(said.contains(why), "{file}: {said}");
    }
}
