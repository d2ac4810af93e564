//! Watched columns as files have them, and the rows that come out.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use expect_test::{Expect, expect};

use super::super::{ColumnMap, ReadOptions, ReadingFiles};
use super::*;

/// Rows, then how many events and refusals came beside them.
fn shown(paths: &[PathBuf], map: &str, options: &ReadOptions) -> Result<String, FileError> {
    let map = ColumnMap::parse(map).unwrap();
    let mut files = ReadingFiles::read(paths, &map, options, &mut |_| ControlFlow::Continue(()))?;
    let (mut rows, mut text) = (files.watched().unwrap(), String::new());
    let (machines, names) = (rows.machines().to_vec(), rows.signals().to_vec());
    let signals: Vec<_> = (0..machines.len()).map(|machine| rows.signals_of(machine)).collect();
    while let Some(row) = rows.next_row()? {
        write!(text, "{} {} {}", row.number, row.ts, machines[row.machine]).unwrap();
        assert!(row.signals.iter().all(|signal| signals[row.machine].contains(signal)));
        for (signal, value) in row.signals.iter().zip(row.values) {
            write!(text, " {}={value}", names[*signal]).unwrap();
        }
        text.push('\n');
    }
    let events = files.by_ref().collect::<Result<Vec<_>, _>>()?.len();
    let refused: u64 = files.report().refused.values().sum();
    writeln!(text, "{events} events, {refused} refused, {} not numbers", rows.not_numbers()).unwrap();
    Ok(text)
}

fn check(watching: Watching, files: &[(&str, &str)], map: &str, expected: &Expect) {
    let dir = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (name, text) in files {
        paths.push(dir.path().join(name));
        std::fs::create_dir_all(paths.last().unwrap().parent().unwrap()).unwrap();
        std::fs::write(paths.last().unwrap(), text).unwrap();
    }
    let options = ReadOptions { watching, ..ReadOptions::default() };
    let got = shown(&paths, map, &options).unwrap_or_else(|e| e.to_string());
    let spilled = ReadOptions { memory_bytes: 60, ..options };
    assert_eq!(got, shown(&paths, map, &spilled).unwrap_or_else(|e| e.to_string()), "spilling changes nothing");
    expected.assert_eq(&got.replace(&format!("{}/", dir.path().display()), ""));
}

const FREE: &str = "[constants]\nsite = \"s\"\nmachine = \"m\"\n[watch]\n";

#[test]
fn a_file_may_have_free_columns_only() {
    let text =
        "\u{feff}ts;flow;note;label\r\n2026-07-01T00:01:00Z;2.5;ok;1\r\n2026-07-01T00:00:00Z;#VALUE!;;0\r\nx;1;;0";
    check(
        Watching::Free,
        &[("a.csv", text)],
        &format!("{FREE}all = true\nexcept = [\"label\"]"),
        &expect![[r#"
            1 2026-07-01T00:00:00Z s/m flow=NaN
            0 2026-07-01T00:01:00Z s/m flow=2.5
            0 events, 1 refused, 0 not numbers
        "#]],
    );
    check(
        Watching::Free,
        &[("a.csv", text)],
        &format!("{FREE}gap = {{ column = \"flow\", scale = 10 }}\nnote = \"note\""),
        &expect![[r#"
            1 2026-07-01T00:00:00Z s/m gap=NaN note=NaN
            0 2026-07-01T00:01:00Z s/m gap=25 note=NaN
            0 events, 1 refused, 1 not numbers
        "#]],
    );
    let map = format!("{FREE}flow = \"Flow\"");
    check(
        Watching::Free,
        &[("a.csv", text)],
        &map,
        &expect![
            "a.csv: has no column `Flow` for `watch.flow`; it has ts, flow, note, label. A column map (--map) can rename"
        ],
    );
    check(
        Watching::Nothing,
        &[("a.csv", text)],
        &map,
        &expect![
            "a.csv: no column is a signal (it has ts, flow, note, label); say which is which in a column map (--map)"
        ],
    );
}

#[test]
fn free_columns_go_beside_signals_and_the_impossible_is_kept_as_it_came() {
    let text = "ts,site,machine,discharge_temp_c,flow\n\
        2026-07-01T00:00:00Z,s,a,80,1\n\
        2026-07-01T00:00:00Z,s,b,5000,2\n\
        2026-07-01T00:01:00Z,s,a,,3\n";
    check(
        Watching::Everything,
        &[("a.csv", text)],
        "[watch]\nall = true",
        &expect![[r#"
            0 2026-07-01T00:00:00Z s/a discharge_temp_c=80 flow=1
            1 2026-07-01T00:00:00Z s/b discharge_temp_c=5000 flow=2
            2 2026-07-01T00:01:00Z s/a discharge_temp_c=NaN flow=3
            1 events, 2 refused, 0 not numbers
        "#]],
    );
    check(
        Watching::Free,
        &[("a.csv", text)],
        "",
        &expect![[r#"
            1 events, 2 refused, 0 not numbers
        "#]],
    );
}

#[test]
fn what_only_relations_read_is_kept_for_them_alone() {
    let map = format!("{FREE}in = \"A\"\nout = \"B\"\nunscored = [\"in\"]");
    let files = [("a.csv", "ts,A,B\n2026-07-01T00:00:00Z,1,2\n")];
    check(
        Watching::Everything,
        &files,
        &map,
        &expect![[r#"
            0 2026-07-01T00:00:00Z s/m out=2
            0 events, 0 refused, 0 not numbers
        "#]],
    );
    check(
        Watching::Related,
        &files,
        &map,
        &expect![[r#"
            0 2026-07-01T00:00:00Z s/m in=1 out=2
            0 events, 0 refused, 0 not numbers
        "#]],
    );
}

#[test]
fn files_and_folders_name_machines_and_may_differ_in_columns() {
    let map = "[columns]\nts = { start = \"2026-01-01T00:00:00Z\", step = \"1h\" }\n\
        site = { file = \"folder\" }\nmachine = { file = \"name\", prefix = \"run\" }\n[watch]\nall = true";
    check(
        Watching::Free,
        &[("v 1/0.csv", "p,q\n1,2\n3,4\n"), ("v 1/1.csv", "q,r\n5,6\n")],
        map,
        &expect![[r#"
            0 2026-01-01T00:00:00Z v_1/run0 p=1 q=2
            2 2026-01-01T00:00:00Z v_1/run1 q=5 r=6
            1 2026-01-01T01:00:00Z v_1/run0 p=3 q=4
            0 events, 0 refused, 0 not numbers
        "#]],
    );
}
