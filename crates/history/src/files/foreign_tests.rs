//! Real files of other people through the maps that are shipped for them.

use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};
use foretell_model::Event;

use super::ReadOptions;
use super::tests::{line, read};

/// Third-party data that lies beside the repository on some machines and never in it.
fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(name);
    if !path.exists() {
        println!("!!! SKIPPED: {} is not there, so nothing of it was tested", path.display());
        return None;
    }
    Some(path)
}

/// The real file with dirty cells and days out of sequence comes compressed by xz.
#[test]
fn a_file_of_days_out_of_sequence_comes_out_in_order() {
    let Some(path) = shared("lbnl_SZCAV.csv.xz") else { return };
    check_file(
        path,
        "lbnl.toml",
        21_600,
        &expect![[r#"
        21600 events of 1 machines, refused {}
        2017-03-11T00:00:00Z lbnl/szcav discharge_temp_c=22.77222222222222 ambient_temp_c=16.983333333333334
        2017-04-01T23:59:00Z lbnl/szcav discharge_temp_c=22.172222222222224 ambient_temp_c=10.350000000000001"#]],
    );
}

fn check_shared(name: &str, map: &str, rows: u64, expected: &Expect) {
    if let Some(path) = shared(name) {
        check_file(path, map, rows, expected);
    }
}

fn check_file(path: PathBuf, map: &str, rows: u64, expected: &Expect) {
    let map = std::fs::read_to_string(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/maps")).join(map))
        .unwrap();
    let mut files = read(&[path], &map, &ReadOptions::default()).unwrap();
    let events: Vec<_> = files.by_ref().map(Result::unwrap).collect();
    assert!(events.is_sorted_by_key(Event::ts));
    let report = files.report();
    assert_eq!(report.rows, rows);
    let shown = [0, events.len() - 1].map(|n| line(&events[n])).join("\n");
    let refused = &report.refused;
    expected.assert_eq(&format!(
        "{} events of {} machines, refused {refused:?}\n{shown}",
        events.len(),
        files.machines().len()
    ));
}

#[test]
fn real_files_come_in_through_the_shipped_maps() {
    check_shared(
        "metropt3_first_rows.csv",
        "metropt3.toml",
        1000,
        &expect![[r#"
        1000 events of 1 machines, refused {}
        2020-02-01T00:00:00Z metro/m1 discharge_temp_c=53.60000000000001 motor_current_a=0.04 run_hours=0 discharge_pressure_bar=9.358
        2020-02-01T02:45:01Z metro/m1 discharge_temp_c=52.42500000000001 motor_current_a=3.997500000000001 run_hours=0.6911111111111091 discharge_pressure_bar=9.568"#]],
    );
    check_shared(
        "metropt2022_1000rows.csv",
        "metropt2022.toml",
        1000,
        &expect![[r#"
        1000 events of 1 machines, refused {}
        2022-01-01T06:00:00Z metro/m2 discharge_temp_c=63.35 motor_current_a=3.955 run_hours=0 discharge_pressure_bar=9.758
        2022-01-01T06:16:39Z metro/m2 discharge_temp_c=52.025000000000006 motor_current_a=0.004999999999999 run_hours=0.07166666666666684 discharge_pressure_bar=8.64"#]],
    );
    check_shared(
        "aispark_train.csv.gz",
        "aispark.toml",
        2463,
        &expect![[r#"
        2463 events of 8 machines, refused {}
        2024-01-01T00:00:00Z aispark/c0 discharge_temp_c=41 motor_current_a=20.53 run_hours=0 discharge_pressure_bar=7 vibration_mm_s=2.93
        2024-01-01T07:11:00Z aispark/c0 discharge_temp_c=40.15 motor_current_a=19.7 run_hours=7.183333333333313 discharge_pressure_bar=7 vibration_mm_s=2.9"#]],
    );
    check_shared(
        "aircompressor_1000.csv",
        "aircompressor.toml",
        1000,
        &expect![[r#"
        1000 events of 1 machines, refused {}
        2024-01-01T00:00:00Z bench/ac1 discharge_temp_c=78.55471462 run_hours=0 discharge_pressure_bar=1 oil_injection_temp_c=45.80617755 power_kw=1.405842858
        2024-01-01T16:39:00Z bench/ac1 discharge_temp_c=151.6449575 run_hours=16.650000000000336 discharge_pressure_bar=7.425 oil_injection_temp_c=46.52611643 power_kw=19.45455908"#]],
    );
    check_shared(
        "uci447_cycle_means.csv.gz",
        "uci447.toml",
        2205,
        &expect![[r#"
        2205 events of 1 machines, refused {}
        2024-01-01T00:00:00Z rig/uci447 discharge_temp_c=35.622 run_hours=0 oil_injection_temp_c=38.471 vibration_mm_s=0.5769 power_kw=2.5389292
        2024-01-02T12:44:00Z rig/uci447 discharge_temp_c=35.3222 run_hours=36.73333333333253 oil_injection_temp_c=38.2489 vibration_mm_s=0.5466 power_kw=2.5438183"#]],
    );
}
