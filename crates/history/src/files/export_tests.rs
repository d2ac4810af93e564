//! What goes out comes in again, from the log and from the archive, in every form.

use foretell_model::{DAY_MS, Quality, RunState, Signal, Signals, Work};

use super::*;

fn reading(machine: &str, ts: i64, temp: f64) -> Reading {
    let machine = MachineId::parse(machine).unwrap();
    let signals = Signals::empty().with(Signal::DischargeTemp, temp).with(Signal::Power, -0.0);
    let (ts, arrived) = (Timestamp::from_millis(ts), Timestamp::from_millis(ts + 700));
    let state = Some(RunState::Loaded).filter(|_| temp > 80.0);
    Reading { machine, ts, arrived, signals, state, quality: if temp > 90.0 { Quality::Bad } else { Quality::Good } }
}

struct Plant {
    dir: tempfile::TempDir,
    log: SqliteLog,
    archive: Archive,
}

impl Plant {
    fn new(readings: &[Reading]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(dir.path()).unwrap();
        let plant = Self { archive: Archive::new(dir.path()), log, dir };
        plant.append(readings);
        plant
    }

    fn write_day(&self, day: Timestamp) -> Result<super::super::archive::ArchivedDay, FileError> {
        self.archive.write_day(&self.log, day, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))
    }

    fn append(&self, readings: &[Reading]) {
        self.log.append(&readings.iter().cloned().map(Event::Reading).collect::<Vec<_>>()).unwrap();
    }

    fn export(&self, name: &str, selection: &Selection) -> Vec<Reading> {
        let path = self.dir.path().join(name);
        let options = ReadOptions { memory_bytes: 200, ..ReadOptions::default() };
        let go_on = &mut |_| ControlFlow::Continue(());
        let exported = export(&self.log, &self.archive, selection, &path, &options, go_on).unwrap();
        assert_eq!(exported.damaged.len(), 0);
        let files = ReadingFiles::read(&[path], &ColumnMap::default(), &options, go_on).unwrap();
        let back: Vec<_> = files
            .map(|event| match event.unwrap() {
                Event::Reading(reading) => reading,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(exported.readings, back.len() as u64);
        back
    }
}

fn fleet() -> Vec<Reading> {
    let temps = [79.9, 83.1, 91.123_456_789, 53.600_000_000_000_01];
    (0..40).map(|n: i64| reading(["s/b", "s/a"][n as usize % 2], n * DAY_MS / 16 + n, temps[n as usize % 4])).collect()
}

#[test]
fn what_is_exported_reads_back_to_the_last_bit() {
    let plant = Plant::new(&fleet());
    for name in ["x.csv", "x.parquet"] {
        assert_eq!(plant.export(name, &Selection::default()), fleet(), "{name}");
    }
    let machine = MachineId::parse("s/a").unwrap();
    let (from, to) = (Timestamp::from_millis(DAY_MS), Timestamp::from_millis(2 * DAY_MS));
    let selection = Selection { machine: Some(machine.clone()), from: Some(from), to: Some(to) };
    let expected: Vec<_> = fleet().into_iter().filter(|r| r.machine == machine && r.ts >= from && r.ts < to).collect();
    assert!(!expected.is_empty());
    assert_eq!(plant.export("y.csv", &selection), expected);
}

#[test]
fn csv_is_sorted_by_machine_and_line_protocol_has_a_line_each() {
    let plant = Plant::new(&[reading("s/b", 0, 80.0), reading("s/a", 60_000, 81.0), reading("s/a", 0, 91.0)]);
    let text = |name: &str| {
        plant.export_only(name);
        std::fs::read_to_string(plant.dir.path().join(name)).unwrap()
    };
    expect_test::expect![[r#"
        ts,site,machine,discharge_temp_c,motor_current_a,run_hours,load_hours,ambient_temp_c,discharge_pressure_bar,oil_injection_temp_c,oil_filter_dp_bar,separator_dp_bar,inlet_vacuum_mbar,vibration_mm_s,motor_current_l1_a,motor_current_l2_a,motor_current_l3_a,power_kw,state,quality,arrived
        1970-01-01T00:00:00Z,s,a,91,,,,,,,,,,,,,,-0,loaded,bad,1970-01-01T00:00:00.700Z
        1970-01-01T00:01:00Z,s,a,81,,,,,,,,,,,,,,-0,loaded,good,1970-01-01T00:01:00.700Z
        1970-01-01T00:00:00Z,s,b,80,,,,,,,,,,,,,,-0,,good,1970-01-01T00:00:00.700Z
    "#]]
    .assert_eq(&text("x.csv"));
    expect_test::expect![[r#"
        reading,site=s,machine=a discharge_temp_c=91,power_kw=-0,state="loaded",quality="bad" 0
        reading,site=s,machine=a discharge_temp_c=81,power_kw=-0,state="loaded" 60000000000
        reading,site=s,machine=b discharge_temp_c=80,power_kw=-0 0
    "#]]
    .assert_eq(&text("x.lp"));
}

impl Plant {
    fn export_only(&self, name: &str) {
        let go_on = &mut |_| ControlFlow::Continue(());
        let path = self.dir.path().join(name);
        export(&self.log, &self.archive, &Selection::default(), &path, &ReadOptions::default(), go_on).unwrap();
    }
}

#[test]
fn a_wrong_ending_or_a_stop_leaves_no_file() {
    let plant = Plant::new(&fleet());
    let export = |name: &str, progress: &mut dyn FnMut(Progress) -> ControlFlow<()>| {
        let path = plant.dir.path().join(name);
        let error = export(&plant.log, &plant.archive, &Selection::default(), &path, &ReadOptions::default(), progress);
        (
            error.map(|exported| exported.readings).map_err(|e| e.to_string().rsplit('/').next().unwrap().to_owned()),
            path.exists(),
        )
    };
    let refused = Err("x.xlsx: must end in .csv, .parquet or .lp".to_owned());
    assert_eq!(export("x.xlsx", &mut |_| ControlFlow::Continue(())), (refused, false));
    let day = Timestamp::from_millis(0);
    plant.write_day(day).unwrap();
    assert_eq!(export("x.csv", &mut |_| ControlFlow::Break(())), (Err("stopped".to_owned()), false));
}

#[test]
fn archived_and_dropped_days_are_still_exported_and_late_readings_join_them() {
    let plant = Plant::new(&fleet());
    let days = plant.log.days().unwrap();
    assert_eq!(days.iter().map(|day| day.day()).collect::<Vec<_>>(), [0, 1, 2]);
    let archived = plant.write_day(days[0]).unwrap();
    assert_eq!((archived.rows, archived.path.ends_with("archive/1970-01-01.parquet")), (16, true));
    assert_eq!(plant.log.drop_day(days[0], archived.through).unwrap(), 16);
    assert_eq!(plant.log.days().unwrap(), days[1..]);
    assert_eq!(plant.export("x.parquet", &Selection::default()), fleet());

    // One late reading, and one redelivered that the log no longer knows.
    let late = reading("s/c", 1_000, 85.0);
    let mut redelivered = fleet()[3].clone();
    redelivered.arrived = Timestamp::from_millis(9 * DAY_MS);
    plant.append(&[late.clone(), redelivered]);
    let archived = plant.write_day(days[0]).unwrap();
    assert_eq!(archived.rows, 17);
    // The newest entry stays on the log, so that its place is not given twice.
    assert_eq!(plant.log.drop_day(days[0], archived.through).unwrap(), 1);
    let exported = plant.export("y.parquet", &Selection::default());
    assert_eq!(exported.len(), 41);
    assert!(exported.contains(&late));
}

#[test]
fn other_events_stay_when_a_day_is_dropped() {
    let plant = Plant::new(&fleet());
    let work = Event::Maintenance {
        machine: MachineId::parse("s/a").unwrap(),
        ts: Timestamp::from_millis(5),
        work: Work::new("oil_changed").unwrap(),
    };
    plant.log.append(std::slice::from_ref(&work)).unwrap();
    plant.log.drop_day(Timestamp::from_millis(0), foretell_model::Offset(u64::MAX >> 1)).unwrap();
    let rest = plant.log.read(Partition(0), foretell_model::Offset(0), 1000).unwrap();
    assert_eq!(rest.len(), 40 - 16 + 1);
    assert_eq!(rest.last().unwrap().event, work);
}

#[test]
fn a_damaged_archive_file_is_not_taken_for_a_day_without_readings() {
    let plant = Plant::new(&fleet());
    let day = Timestamp::from_millis(0);
    let archived = plant.write_day(day).unwrap();
    let whole = std::fs::read(&archived.path).unwrap();
    std::fs::write(&archived.path, &whole[..whole.len() / 2]).unwrap();
    assert!(plant.write_day(day).is_err());
}

#[test]
fn what_is_imported_twice_is_kept_once() {
    let plant = Plant::new(&[]);
    let events = || fleet().into_iter().map(|reading| Ok(Event::Reading(reading)));
    for (kept, duplicates) in [(40, 0), (0, 40)] {
        let imported = import(&plant.log, events(), &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(imported, Imported { kept, duplicates, stopped: false });
    }
}

#[test]
fn an_import_that_is_stopped_keeps_what_it_had() {
    let plant = Plant::new(&[]);
    let events = (0..20_000).map(|n| Ok(Event::Reading(reading("s/a", n * 1_000, 80.0))));
    let imported = import(&plant.log, events, &mut |done| {
        if done < 10_000 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert_eq!(imported.unwrap(), Imported { kept: 10_000, duplicates: 0, stopped: true });
    assert_eq!(plant.log.head(Partition(0)).unwrap(), foretell_model::Offset(10_000));
}

#[test]
fn line_protocol_comes_in_again() {
    let plant = Plant::new(&fleet());
    plant.export_only("x.lp");
    let path = plant.dir.path().join("x.lp");
    let files =
        ReadingFiles::read(&[path], &ColumnMap::default(), &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
    let back: Vec<_> = files.unwrap().map(Result::unwrap).collect();
    // Line protocol has no place for the time of arrival.
    let expected = fleet().into_iter().map(|reading| Event::Reading(Reading { arrived: reading.ts, ..reading }));
    assert_eq!(back, expected.collect::<Vec<_>>());
}

/// The bytes of a Parquet file with some of them overwritten; which and by what depends on `seed`.
fn damaged(whole: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as usize
    };
    let mut bytes = whole.to_vec();
    let at = random() % (whole.len() - 50);
    bytes[at..at + 50].iter_mut().for_each(|byte| *byte = random() as u8);
    bytes
}

#[test]
fn damage_that_makes_a_decoder_panic_is_an_error_and_ends() {
    let plant = Plant::new(&fleet());
    let whole = std::fs::read(plant.write_day(Timestamp::from_millis(0)).unwrap().path).unwrap();
    let path = plant.dir.path().join("x.parquet");
    let said: Vec<_> = (0..300)
        .filter_map(|seed| {
            std::fs::write(&path, damaged(&whole, seed)).unwrap();
            let options = ReadOptions { threads: 1 + seed as usize % 2, ..ReadOptions::default() };
            let go_on = &mut |_| ControlFlow::Continue(());
            ReadingFiles::read(std::slice::from_ref(&path), &ColumnMap::default(), &options, go_on)
                .map_err(|error| error.to_string())
                .err()
        })
        .collect();
    let panics = said.iter().filter(|said| said.contains("is damaged: decoding it broke off")).count();
    assert!(panics > 0 && panics < said.len(), "{panics} of {}", said.len());
}
