//! Files as the world writes them, and what comes out.

use std::fmt::Write as _;
use std::io::Write as _;

use expect_test::{Expect, expect};
use foretell_model::{Quality, Reading, RunState, Signals};
use polars::prelude::{DataFrame, DataType, IntoColumn, NamedFrom, ParquetWriter, Series, TimeUnit};
use proptest::prelude::*;

use super::*;

pub(super) fn read(paths: &[PathBuf], map: &str, options: &ReadOptions) -> Result<ReadingFiles, FileError> {
    ReadingFiles::read(paths, &ColumnMap::parse(map).unwrap(), options, &mut |_| ControlFlow::Continue(()))
}

pub(super) fn line(event: &Event) -> String {
    let mut text = format!("{} {}", event.ts(), event.machine());
    match event {
        Event::Reading(reading) => {
            for (signal, value) in reading.signals.iter() {
                write!(text, " {}={value}", signal.name()).unwrap();
            }
            if let Some(state) = reading.state {
                write!(text, " {}", state.name()).unwrap();
            }
        }
        Event::Maintenance { work, .. } => write!(text, " work={}", work.as_str()).unwrap(),
        other => panic!("{other:?}"),
    }
    text
}

/// Events, then what was refused.
fn shown(files: &mut ReadingFiles) -> String {
    let mut text = String::new();
    for event in files.by_ref() {
        writeln!(text, "{}", line(&event.unwrap())).unwrap();
    }
    for row in &files.report().samples {
        writeln!(text, "line {}: {}: {}", row.line, row.reason, row.detail).unwrap();
    }
    text
}

pub(super) fn check(files: &[(&str, &[u8])], map: &str, expected: &Expect) {
    let dir = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (name, bytes) in files {
        paths.push(dir.path().join(name));
        std::fs::write(paths.last().unwrap(), bytes).unwrap();
    }
    let got = match read(&paths, map, &ReadOptions::default()) {
        Ok(mut files) => shown(&mut files),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&got.replace(&format!("{}/", dir.path().display()), ""));
}

#[test]
fn contract_files_with_any_separator_bom_quotes_and_line_ends() {
    let expected = expect![[r#"
        2026-07-01T00:00:00Z s/a discharge_temp_c=83.2 motor_current_a=41.7 loaded
        2026-07-01T00:01:00Z s/a discharge_temp_c=83.3
    "#]];
    for separator in [",", ";", "\t"] {
        let text = "\u{feff}ts,site,\"machine\",discharge_temp_c,motor_current_a,state\r\n\
                    2026-07-01T08:00:00+08:00,s,\"a\",83.2,41.7,loaded\r\n\r\n\
                    1782864060000,s,a,83.3,NaN,#VALUE!";
        check(&[("x.csv", text.replace(',', separator).as_bytes())], "", &expected);
    }
}

#[test]
fn a_bad_row_costs_only_itself_and_is_named_by_its_line() {
    let text = b"ts,site,machine,discharge_temp_c,state\n\
        2026-07-01T00:00:00Z,s,a,80,loaded\n\
        2026-07-01T00:01:00,s,a,81,loaded\n\
        \n\
        2026-07-01T00:02:00Z,s,a,hot,loaded\n\
        2026-07-01T00:03:00Z,s,a,5000,loaded\n\
        2026-07-01T00:04:00Z,s,a/b,80,loaded\n\
        2026-07-01T00:05:00Z,s,,80,loaded\n\
        2026-07-01T00:06:00Z,s,a,NA,loaded\n\
        2026-07-01T00:07:00Z,s,a,80,asleep\n\
        2026-07-01T00:08:00Z,s,a,80\n\
        2026-07-01T00:09:00Z,s,a,8\"0,loaded\n\
        2026-07-01T00:10:00Z,s,\xff,80,loaded\n\
        2026-07-01T00:11:00Z,s,a,82,stopped\n";
    check(
        &[("x.csv", text)],
        "",
        &expect![[r#"
        2026-07-01T00:00:00Z s/a discharge_temp_c=80 loaded
        2026-07-01T00:11:00Z s/a discharge_temp_c=82 stopped
        line 3: bad_time: `2026-07-01T00:01:00` stands where a time should; give format and zone in a column map
        line 5: bad_number: discharge_temp_c: `hot` is not a number
        line 6: out_of_range: discharge_temp_c is 5000; possible are -273.15 to 1000
        line 7: bad_identity: `a/b` holds '/'; only A-Z a-z 0-9 . _ - are allowed
        line 8: bad_identity: the machine is missing
        line 9: no_signal: no signal has a value
        line 10: bad_state: `asleep` is no controller state
        line 11: field_count: has 4 cells where the header has 5
        line 12: unclosed_quote: a quote is not closed on its line
        line 13: bad_encoding: the line is not UTF-8
    "#]],
    );
}

#[test]
fn files_are_merged_in_order_of_time_and_repeated_rows_dropped() {
    let a = b"ts,site,machine,discharge_temp_c\n2026-07-01T00:02:00Z,s,a,82\n2026-07-01T00:00:00Z,s,a,80\n";
    let b = b"site;machine;discharge_temp_c;ts\ns;b;90;2026-07-01T00:01:00Z\ns;a;80;2026-07-01T00:00:00Z\n";
    let work = b"ts,site,machine,work\n2026-07-01T00:01:00Z,s,b,cooler_cleaned\n2026-07-01T00:01:00Z,s,b,Cleaned!\n";
    check(
        &[("work.csv", work), ("a.csv", a), ("b.csv", b)],
        "",
        &expect![[r#"
        2026-07-01T00:00:00Z s/a discharge_temp_c=80
        2026-07-01T00:01:00Z s/b work=cooler_cleaned
        2026-07-01T00:01:00Z s/b discharge_temp_c=90
        2026-07-01T00:02:00Z s/a discharge_temp_c=82
        line 3: bad_work: `Cleaned!` is not a code of work (a-z 0-9 _)
    "#]],
    );
}

#[test]
fn a_map_renames_scales_fixes_derives_and_filters() {
    let map = r#"
        [columns]
        ts = { column = "when", format = "%d.%m.%Y %H:%M", zone = "+08:00" }
        machine = { column = "no", prefix = "k" }
        discharge_temp_c = { column = "T", unit = "degF" }
        motor_current_a = { column = "I", scale = 0.1 }
        state = { column = "on", values = { "1" = "loaded", "0" = "stopped" } }
        [constants]
        site = "plant"
        ambient_temp_c = 25
        [derive]
        run_hours = { from = "motor_current_a", above = 5.0, start = 100.0, gap_max = "1h" }
        [filter]
        ok = ["yes"]
    "#;
    let text = b"when,no,T,I,on,ok\n\
        01.07.2026 08:00,1,212,400,1,yes\n\
        01.07.2026 08:30,1,212,400,1,yes\n\
        01.07.2026 08:45,1,212,400,1,no\n\
        01.07.2026 09:00,1,212,0,0,yes\n\
        01.07.2026 09:30,1,212,400,1,yes\n\
        01.07.2026 12:00,1,212,400,1,yes\n";
    check(
        &[("x.csv", text)],
        map,
        &expect![[r#"
        2026-07-01T00:00:00Z plant/k1 discharge_temp_c=100 motor_current_a=40 run_hours=100 ambient_temp_c=25 loaded
        2026-07-01T00:30:00Z plant/k1 discharge_temp_c=100 motor_current_a=40 run_hours=100.5 ambient_temp_c=25 loaded
        2026-07-01T01:00:00Z plant/k1 discharge_temp_c=100 motor_current_a=0 run_hours=101 ambient_temp_c=25 stopped
        2026-07-01T01:30:00Z plant/k1 discharge_temp_c=100 motor_current_a=40 run_hours=101 ambient_temp_c=25 loaded
        2026-07-01T04:00:00Z plant/k1 discharge_temp_c=100 motor_current_a=40 run_hours=101 ambient_temp_c=25 loaded
    "#]],
    );
}

#[test]
fn says_what_a_file_lacks() {
    check(
        &[("x.csv", b"a,b\n1,2\n")],
        "",
        &expect!["x.csv: no column is a signal (it has a, b); say which is which in a column map (--map)"],
    );
    check(
        &[("x.csv", b"ts,machine,discharge_temp_c\n")],
        "",
        &expect![
            "x.csv: has no column `site` for `site`; it has ts, machine, discharge_temp_c. A column map (--map) can rename"
        ],
    );
    check(
        &[("x.csv", b"ts,t\n")],
        "[columns]\ndischarge_temp_c = \"T\"",
        &expect!["x.csv: has no column `T` for `discharge_temp_c`; it has ts, t. A column map (--map) can rename"],
    );
    check(
        &[("x.csv", b"ts,site,machine,run_hours,discharge_temp_c,discharge_temp_c\n")],
        "",
        &expect![
            "x.csv: has the column `discharge_temp_c` twice (columns 5 and 6); take one away or give it another name"
        ],
    );
    // Whatever is doubled beside what is read.
    check(
        &[("x.csv", b"ts,site,machine,spare,run_hours,spare,,\n1000,s,m,1,2,3,,\n")],
        "",
        &expect![[r#"
            1970-01-01T00:00:01Z s/m run_hours=2
        "#]],
    );
    check(&[("x.csv", b"")], "", &expect!["x.csv: is empty; the first line names the columns"]);
    check(
        &[("x.csv.xz", &XZ_OF_CSV[..20])],
        "",
        &expect!["x.csv.xz: is cut off or damaged, it cannot be unpacked: failed to fill whole buffer"],
    );
    check(
        &[("x.csv.xz", XZ_OF_512_MIB)],
        "",
        &expect!["x.csv.xz: needs too much memory to be unpacked here; unpack it first (xz -dk FILE)"],
    );
    let of_tar = "is a tar archive; unpack it first (tar -xf FILE) and name what was in it";
    let of_zip = "is a zip archive; unpack it first (unzip FILE) and name what was in it";
    let mut tar = [b'x'; 512];
    tar[257..263].copy_from_slice(b"ustar\0");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&tar).unwrap();
    for (name, bytes, said) in [
        ("x.tar", &tar[..], of_tar),
        ("x.tar.gz", &gz.finish().unwrap(), of_tar),
        ("x.tar.xz", XZ_OF_TAR, of_tar),
        ("x.zip", b"PK\x03\x04", of_zip),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(name), bytes).unwrap();
        let refused = read(&[dir.path().join(name)], "", &ReadOptions::default()).err().unwrap().to_string();
        assert!(refused.ends_with(&format!("{name}: {said}")), "{refused}");
    }
    check(&[("x.csv", &[b'x'; 3 << 20])], "", &expect!["x.csv: line 1 is longer than 1 MiB; is it CSV?"]);
}

/// One reading, by `xz`.
const XZ_OF_CSV: &[u8] = b"\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x24\x74\x73\x2c\x73\x69\x74\x65\x2c\x6d\x61\x63\x68\x69\x6e\x65\x2c\x72\x75\x6e\x5f\x68\x6f\x75\x72\x73\x0a\x31\x30\x30\x30\x2c\x73\x2c\x6d\x2c\x32\x0a\x00\x00\x00\x00\x04\xa7\xa9\x8d\x00\x01\x39\x25\xd6\xec\x06\x65\x90\x42\x99\x0d\x01\x00\x00\x00\x00\x01\x59\x5a";
/// The beginning of an archive.
const XZ_OF_TAR: &[u8] = b"\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\xe0\x01\xff\x00\x10\x5d\x00\x3c\x6f\xd8\x75\x39\x90\xc5\xf4\xb2\x94\x2f\x53\x37\x98\x50\x00\x00\x58\x70\x6b\x7b\x00\x01\x28\x80\x04\x00\x00\x00\x43\x74\x2e\x16\x3e\x30\x0d\x8b\x02\x00\x00\x00\x00\x01\x59\x5a";
/// A line that claims a dictionary of 512 MiB.
const XZ_OF_512_MIB: &[u8] = b"\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01\x22\x00\x00\x00\x82\x40\xac\xdc\x01\x00\x02\x74\x73\x0a\x00\x00\xb5\xda\x7e\x48\x00\x01\x17\x03\x07\x60\x0c\xbc\x90\x42\x99\x0d\x01\x00\x00\x00\x00\x01\x59\x5a";

#[test]
fn xz_is_read() {
    check(
        &[("x.csv.xz", XZ_OF_CSV)],
        "",
        &expect![[r#"
            1970-01-01T00:00:01Z s/m run_hours=2
        "#]],
    );
}

#[test]
fn gzip_and_folders_are_read_and_a_span_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.csv.gz");
    let mut gz = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
    gz.write_all(b"ts,site,machine,discharge_temp_c\n").unwrap();
    for minute in 0..1000 {
        writeln!(gz, "{},s,a,80", minute * 60_000).unwrap();
    }
    gz.finish().unwrap();
    // Half of it, as after a broken download, is the file's fault, not the disk's.
    let half = dir.path().join("half.csv.gz");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&half, &bytes[..bytes.len() / 2]).unwrap();
    let said = read(std::slice::from_ref(&half), "", &ReadOptions::default()).err().unwrap().to_string();
    assert!(said.contains("half.csv.gz: is cut off or damaged, it cannot be unpacked"), "{said}");
    std::fs::remove_file(half).unwrap();
    std::fs::write(dir.path().join("truth.json"), "{}").unwrap();
    let at = |minute: i64| Some(Timestamp::from_millis(minute * 60_000));
    let options = ReadOptions { from: at(10), to: at(20), not_after: at(500), ..ReadOptions::default() };
    let mut files = read(&[dir.path().to_owned()], "", &options).unwrap();
    assert_eq!(files.by_ref().count(), 10);
    let report = files.report();
    assert_eq!((report.rows, report.left_out, report.refused["too_late"]), (1000, 491, 499));
}

#[test]
fn every_refused_row_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    let (rows, work, list) = (dir.path().join("x.csv"), dir.path().join("w.csv"), dir.path().join("refused.csv"));
    let mut text = "ts,site,machine,discharge_temp_c\n".to_owned();
    for second in 0..3_000 {
        writeln!(text, "{},s,m,hot", second * 1_000).unwrap();
    }
    std::fs::write(&rows, text).unwrap();
    std::fs::write(&work, "ts,site,machine,work\n1000,s,m,oil_changed\n2000,s,m,polished\n").unwrap();
    let works = Some(["oil_changed", "cooler_cleaned"].map(str::to_owned).into());
    let options = ReadOptions { works, refused_to: Some(list.clone()), ..ReadOptions::default() };
    let mut files = read(&[rows, work.clone()], "", &options).unwrap();
    assert_eq!(files.by_ref().count(), 1);
    let listed = std::fs::read_to_string(list).unwrap();
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!((lines.len(), lines[0]), (1 + 3_001, "file,line,reason,detail"));
    let last = "3,unknown_work,\"`polished` is no work of the fault catalogue; known are cooler_cleaned, oil_changed\"";
    assert_eq!(lines[3_001], format!("{},{last}", work.display()));
}

#[test]
fn parquet_of_other_tools_is_read_by_its_types() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.parquet");
    let ts = Series::new("ts".into(), [1_000_000_i64, 61_000_000])
        .cast(&DataType::Datetime(TimeUnit::Microseconds, None))
        .unwrap();
    let columns = vec![
        ts.into_column(),
        Series::new("site".into(), ["s", "s"]).into_column(),
        Series::new("machine".into(), [7_i32, 7]).into_column(),
        Series::new("discharge_temp_c".into(), [Some(83.2_f32), None]).into_column(),
        Series::new("motor_current_a".into(), ["41.7", "#VALUE!"]).into_column(),
        Series::new("run_hours".into(), [Some(4_i64), Some(5)]).into_column(),
    ];
    let mut frame = DataFrame::new(2, columns).unwrap();
    ParquetWriter::new(std::fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
    let mut files = read(&[path], "", &ReadOptions::default()).unwrap();
    expect![[r#"
        1970-01-01T00:00:01Z s/7 discharge_temp_c=83.2 motor_current_a=41.7 run_hours=4
        1970-01-01T00:01:01Z s/7 run_hours=5
    "#]]
    .assert_eq(&shown(&mut files));
}

fn any_reading() -> impl Strategy<Value = Event> {
    let cells = prop::collection::vec(prop::option::of(-900_000_i64..900_000), Signal::COUNT);
    (0..3_u8, 0..100_000_i64, cells, 0..5_usize).prop_map(|(machine, ts, cells, state)| {
        // Never empty, and inside of every signal's range.
        let mut signals = Signals::empty().with(Signal::MotorCurrent, 1.0);
        for (signal, cell) in Signal::ALL.into_iter().zip(cells) {
            let value = cell.map(|cell| cell as f64 / 7e4).filter(|value| signal.physical_range().contains(*value));
            if let Some(value) = value {
                signals.set(signal, value);
            }
        }
        let ts = Timestamp::from_millis(ts);
        let machine = MachineId::new("s", &format!("m{machine}")).unwrap();
        let state = state.checked_sub(1).map(|n| RunState::ALL[n]);
        Event::Reading(Reading { machine, ts, arrived: ts, signals, state, quality: Quality::Good })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_csv_comes_back_sorted_to_the_last_bit(events in prop::collection::vec(any_reading(), 1..40), memory in 1..5_000_usize, crlf in any::<bool>()) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = format!("site,machine,state,{},ts{end}", Signal::ALL.map(Signal::name).join(","));
        for event in &events {
            let Event::Reading(reading) = event else { continue };
            let cells = Signal::ALL.map(|signal| reading.signals.get(signal).map_or(String::new(), |value| value.to_string()));
            let state = reading.state.map_or("", RunState::name);
            write!(text, "s,{},{state},{},{}{end}", reading.machine.machine(), cells.join(","), reading.ts).unwrap();
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.csv");
        std::fs::write(&path, text).unwrap();
        let options = ReadOptions { memory_bytes: memory, threads: 1 + memory % 3, ..ReadOptions::default() };
        let mut files = read(&[path], "", &options).unwrap();
        let found: Vec<_> = files.by_ref().map(Result::unwrap).collect();
        prop_assert!(found.is_sorted_by_key(Event::ts));
        let key = |event: &Event| line(event);
        let mut expected: Vec<_> = events.iter().map(key).collect();
        expected.sort();
        expected.dedup();
        let mut got: Vec<_> = found.iter().map(key).collect();
        got.sort();
        got.dedup();
        prop_assert_eq!(got, expected);
        prop_assert_eq!(files.report().refused.len(), 0);
    }
}

/// Rows of one instant cost what their number costs: compared each with each, these would take minutes.
#[test]
fn rows_of_one_instant_are_compared_without_being_kept() {
    let mut text = "ts,site,machine,discharge_temp_c,run_hours\n".to_owned();
    for row in 0..400_000 {
        // The first half differs from row to row, the second repeats it without its hours.
        let hours = if row < 200_000 { "4000" } else { "" };
        writeln!(text, "2026-07-01T00:00:00Z,s,a,{},{hours}", 60.0 + f64::from(row % 200_000) / 8_192.0).unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.csv");
    std::fs::write(&path, text).unwrap();
    let mut files = read(&[path], "", &ReadOptions::default()).unwrap();
    let events = files.by_ref().map(Result::unwrap).count();
    assert_eq!((events, files.report().duplicates), (200_000, 200_000));
}
