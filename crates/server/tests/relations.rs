//! `foretell backtest` over columns of which one should follow from the others: a map's `[[relation]]`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use foretell_model::Timestamp;
use serde_json::Value;

const HX_MAP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/maps/hx_fouling.toml");

/// Runs a backtest and gives its findings, in order.
#[track_caller]
fn findings(file: &Path, map: &Path, out: &Path) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_foretell"))
        .current_dir(out.parent().unwrap())
        .env_clear()
        .args(["backtest".as_ref(), file, "--map".as_ref(), map, "--out".as_ref(), out])
        .args(["--report".as_ref(), out.with_extension("html").as_path()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = std::fs::read_to_string(out).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Pairs of runs that researchers simulated, all inlets varying; half of them foul slowly from about step 4,500 of 9,000 on.
#[test]
fn every_fouled_exchanger_is_found_and_no_clean_one() {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/hx_fouling_pairs_1_50.parquet"));
    if !file.exists() {
        eprintln!("SKIPPED: {} is absent; slow fouling of other people's exchangers is NOT tested.", file.display());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let found = findings(file, Path::new(HX_MAP), &dir.path().join("findings.jsonl"));
    let mut first_s: BTreeMap<String, i64> = BTreeMap::new();
    for finding in &found {
        let (machine, at) = (finding["machine"].as_str().unwrap(), finding["at"].as_str().unwrap());
        assert!(machine.ends_with("-fouled"), "{finding}");
        assert_eq!((&finding["fault"], &finding["event"]), (&"cooler_clogging".into(), &"anomaly".into()));
        first_s.entry(machine.to_owned()).or_insert(Timestamp::parse(at).unwrap().millis() / 1_000);
    }
    assert_eq!(first_s.len(), 50, "{first_s:?}");
    let mut steps: Vec<i64> = first_s.into_values().collect();
    steps.sort_unstable();
    assert!(steps[25] <= 6_500, "median step {}", steps[25]);
}

/// Noise that repeats, uniform in -1..1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// Rows of coolers, a row a minute, of which some lose from half-time on: `(line, unit, kelvin gained by the end)`.
fn coolers(units: &[(u32, &str, f64)]) -> String {
    let mut text = String::from("t,line,unit,oil_in,air_in,oil_out,air_out\n");
    for (line, unit, gained_k) in units {
        let mut noise = Noise(u64::from(*line) * 1_000 + unit.len() as u64);
        let (mut oil_c, mut air_c) = (80.0, 25.0);
        for minute in 0..6_000_i64 {
            oil_c += 0.1 * (80.0 - oil_c) + noise.next();
            air_c += 0.1 * (25.0 - air_c) + noise.next();
            let gain_k = gained_k * (minute as f64 / 3_000.0 - 1.0).max(0.0);
            let oil_out_c = 0.3 * oil_c + 0.7 * air_c + gain_k + 0.2 * noise.next();
            let air_out_c = 0.4 * oil_c + 0.6 * air_c - 0.5 * gain_k + 0.2 * noise.next();
            let seconds = minute * 60;
            writeln!(text, "{seconds},{line},{unit},{oil_c:.3},{air_c:.3},{oil_out_c:.3},{air_out_c:.3}").unwrap();
        }
    }
    text
}

const COOLERS_MAP: &str = r#"
[columns]
ts = { column = "t", epoch = "s" }
machine = [{ column = "line", prefix = "l" }, "unit"]
[constants]
site = "works"
[watch]
all = true
[[relation]]
target = "oil_out"
companions = ["oil_in", "air_in"]
learn = "2d"
unit = "K"
fault = "cooler_clogging"
when = "up"
grade = "advise"
[[relation]]
target = "air_out"
companions = ["oil_in", "air_in"]
learn = "2d"
unit = "K"
fault = "cooler_clogging"
when = "down"
"#;

#[test]
fn both_ends_of_a_cooler_make_one_episode() {
    let dir = tempfile::tempdir().unwrap();
    let (file, map) = (dir.path().join("coolers.csv"), dir.path().join("coolers.toml"));
    std::fs::write(&file, coolers(&[(1, "a", 0.0), (1, "b", 3.0), (2, "a", -3.0), (2, "b", 0.0)])).unwrap();
    std::fs::write(&map, COOLERS_MAP).unwrap();
    let found = findings(&file, &map, &dir.path().join("findings.jsonl"));
    let mut said: Vec<String> = Vec::new();
    for finding in &found {
        let text = |key: &str| finding[key].as_str().unwrap().to_owned();
        let line = format!("{} {} {} {}", text("id"), text("status"), text("event"), text("grade"));
        if finding["status"] == "opened" {
            said.push(line);
        }
    }
    said.sort();
    // A cooler that seems to get better by itself is a matter of its sensors.
    assert_eq!(
        said,
        ["works/l1-b/cooler_clogging/1 opened anomaly advise", "works/l2-a/sensor_drift/1 opened anomaly watch",]
    );
    let last = found.iter().rfind(|finding| finding["machine"] == "l1-b").unwrap();
    assert_eq!(last["status"], "updated");
    let evidence = last["evidence"].as_array().unwrap();
    let excess = |feature: &str| {
        let of_feature = evidence.iter().find(|evidence| evidence["feature"] == feature).unwrap();
        (of_feature["value"].as_f64().unwrap(), of_feature["unit"].as_str().unwrap())
    };
    let ((oil_k, unit), (air_k, _)) = (excess("oil_out_excess"), excess("air_out_excess"));
    assert!(oil_k > 1.0 && air_k < -0.5 && unit == "K", "{oil_k} {air_k} {unit}");
    let report = std::fs::read_to_string(dir.path().join("findings.html")).unwrap();
    assert!(report.contains("works/l1-b: Advise"), "the report does not show what was found");
    let drawn = report.split("measured, less what the other columns let expect</figcaption>").nth(1);
    assert!(drawn.is_some_and(|rest| rest.starts_with("<svg") && rest.contains("c-then")), "nor how it showed");
}
