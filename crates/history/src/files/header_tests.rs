//! Headers of CSV files with quotes in them.

use expect_test::expect;

use super::tests::{check, read};
use super::{ReadOptions, Watching};

const ROW: &str = "2026-07-01T00:00:00Z,s,a,80\n";

#[test]
fn quotes_around_a_name_are_no_part_of_it_and_a_name_may_be_missing() {
    // As R's write.csv has row names, and as some write a space behind each comma.
    let text = format!(
        "\"\",\"ts\", \"site\" ,\"machine\",\"discharge_temp_c\"\n\"1\",{}",
        ROW.replace("s,a", "\"s\", \"a\"")
    );
    let expected = expect![[r#"
        2026-07-01T00:00:00Z s/a discharge_temp_c=80
    "#]];
    check(&[("x.csv", text.as_bytes())], "", &expected);
    let map = "[columns]\ndischarge_temp_c = 'T \"oil\", degC'\nts = \"\"\n";
    let text = format!("\"\",site,machine,\"T \"\"oil\"\", degC\"\n{ROW}");
    check(&[("x.csv", text.as_bytes())], map, &expected);
}

#[test]
fn a_header_that_cannot_be_meant_is_refused_with_what_is_wrong() {
    for (header, expected) in [
        (
            "ts,site,\"machine,discharge_temp_c",
            expect!["x.csv: a quote in its header (line 1) is not closed on that line"],
        ),
        (
            "\n\nts,site,machine,\"discharge\ntemp_c\"",
            expect!["x.csv: a quote in its header (line 3) is not closed on that line"],
        ),
        (
            "\"ts,site,machine,discharge_temp_c\"",
            expect![
                "x.csv: no column is a signal (it has a single one, `ts,site,machine,discharge_temp_c`: quotes around the whole line make it one, take them away); say which is which in a column map (--map)"
            ],
        ),
        (
            "\"\",\"\",machine,discharge_temp_c",
            expect![
                "x.csv: has no column `ts` for `ts`; it has one without a name, one without a name, machine, discharge_temp_c. A column map (--map) can rename"
            ],
        ),
        (
            "\"\"",
            expect![
                "x.csv: no column is a signal (it has one without a name); say which is which in a column map (--map)"
            ],
        ),
    ] {
        check(&[("x.csv", format!("{header}\n{ROW}").as_bytes())], "", &expected);
    }
    let twice = format!("\"\",,machine,discharge_temp_c\n{ROW}");
    let map = "[columns]\nts = \"\"\n[constants]\nsite = \"s\"\n";
    let expected =
        expect!["x.csv: has the column without a name twice (columns 1 and 2); take one away or give it another name"];
    check(&[("x.csv", twice.as_bytes())], map, &expected);
}

/// The beginnings of files that a shipped map reads without anything of the contract in them; the files lie on some machines only.
#[test]
fn maps_of_watched_columns_read_what_they_are_for() {
    let flight = |cycle: u32| {
        let sensors = "641.82 1589.70 1400.60 14.62 21.61 554.36 2388.06 9046.19 1.30 47.47 521.66 2388.02 8138.62 8.4195 0.03 392";
        format!("1 {cycle} -0.0007 -0.0004 100.0 518.67 {sensors} 2388 100.00 39.06 23.4190  \n")
    };
    for (name, map, text, expected) in [
        (
            "train_FD001.txt",
            "cmapss.toml",
            flight(1) + &flight(2) + &flight(3),
            (3, "fd001/engine-1", "BPR NRc NRf Nc Nf P30 Ps30 T24 T30 T50 W31 W32 htBleed phi"),
        ),
        (
            "fouling_factor.csv",
            "fouling_factor.toml",
            "t,rf,run\n3.333333333,0.0023,1\n3.666666667,0.002,1\n".to_owned(),
            (2, "fouling/run-1", "rf"),
        ),
        (
            "uci447_profile.csv",
            "uci447_profile.toml",
            "cycle,cooler_pct,valve_pct,pump_leak,accumulator_bar,stable_flag\n0,3,100,0,130,1\n1,3,100,0,130,1\n"
                .to_owned(),
            (2, "rig/uci447", "accumulator_bar cooler_pct pump_leak stable_flag valve_pct"),
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        let maps = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/maps");
        let map = std::fs::read_to_string(std::path::Path::new(maps).join(map)).unwrap();
        let options = ReadOptions { watching: Watching::Everything, ..ReadOptions::default() };
        let mut files = read(&[path], &map, &options).unwrap();
        let watched = files.watched().unwrap();
        let mut signals = watched.signals().to_vec();
        signals.sort();
        let refused = &files.report().refused;
        assert!(refused.is_empty(), "{name}: {refused:?}");
        let machine = watched.machines()[0].to_string();
        assert_eq!((watched.rows(), machine.as_str(), signals.join(" ").as_str()), expected, "{name}");
    }
}
