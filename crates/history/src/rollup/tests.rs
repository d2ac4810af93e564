//! Roll-ups agree with a plain recount, whatever the order of arrival and the places of restart.

use foretell_model::{RunState, Signal, Signals};
use proptest::prelude::*;

use super::*;
use crate::SqliteLog;

fn reading(machine: &str, ts: i64, temp: f64, state: Option<RunState>) -> Event {
    let signals = Signals::empty()
        .with(Signal::DischargeTemp, temp)
        .with(Signal::MotorCurrent, if state.is_none() { 0.25 } else { 40.0 })
        .with(Signal::RunHours, 1000.0 + ts as f64 / HOUR_MS as f64);
    let (machine, ts) = (MachineId::parse(machine).unwrap(), Timestamp::from_millis(ts));
    Event::Reading(Reading { machine, ts, arrived: ts, signals, state, quality: Quality::Good })
}

fn machine(name: &str) -> MachineId {
    MachineId::parse(name).unwrap()
}

fn shown(summaries: &[Summary]) -> String {
    let line = |s: &Summary| {
        let temp = s.band(Signal::DischargeTemp).unwrap();
        let shares = [RunState::Stopped, RunState::Unloaded, RunState::Loaded].map(|state| s.share(state));
        let (mean, hours) = (temp.mean(), s.run_hours.unwrap().1);
        format!(
            "{} n={} temp {mean} [{} {}] shares {shares:?} run_hours {hours}",
            s.begins, s.readings, temp.min, temp.max
        )
    };
    summaries.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn late_readings_reach_their_hour_and_days_add_up() {
    let dir = tempfile::tempdir().unwrap();
    let (log, rollups) = (SqliteLog::open(dir.path()).unwrap(), RollUps::open(dir.path()).unwrap());
    let loaded = Some(RunState::Loaded);
    log.append(&[reading("s/a", 0, 80.0, loaded), reading("s/a", HOUR_MS, 90.0, loaded), reading("s/b", 0, 1.0, None)])
        .unwrap();
    assert_eq!(rollups.catch_up(&log, 2).unwrap(), 2);
    log.append(&[reading("s/a", 1_800_000, 81.0, None), reading("s/a", 25 * HOUR_MS, 70.0, loaded)]).unwrap();
    while rollups.catch_up(&log, 2).unwrap() > 0 {}
    assert_eq!(rollups.cursor(Partition(0)).unwrap(), Offset(5));
    let (from, to) = (Timestamp::from_millis(0), Timestamp::from_millis(48 * HOUR_MS));
    expect_test::expect![[r#"
        1970-01-01T00:00:00Z n=2 temp 80.5 [80 81] shares [0.5, 0.0, 0.5] run_hours 1000.5
        1970-01-01T01:00:00Z n=1 temp 90 [90 90] shares [0.0, 0.0, 1.0] run_hours 1001
        1970-01-02T01:00:00Z n=1 temp 70 [70 70] shares [0.0, 0.0, 1.0] run_hours 1025"#]]
    .assert_eq(&shown(&rollups.hours(&machine("s/a"), from, to).unwrap()));
    expect_test::expect![[r#"
        1970-01-01T00:00:00Z n=3 temp 83.66666666666667 [80 90] shares [0.3333333333333333, 0.0, 0.6666666666666666] run_hours 1001
        1970-01-02T00:00:00Z n=1 temp 70 [70 70] shares [0.0, 0.0, 1.0] run_hours 1025"#]]
    .assert_eq(&shown(&rollups.days(&machine("s/a"), from, to).unwrap()));
    let inside =
        rollups.hours(&machine("s/a"), Timestamp::from_millis(1), Timestamp::from_millis(25 * HOUR_MS)).unwrap();
    assert_eq!(inside.iter().map(|s| s.begins.hour()).collect::<Vec<_>>(), [1]);
    assert_eq!(rollups.latest(&machine("s/a")).unwrap().unwrap().ts.hour(), 25);
    assert_eq!(rollups.latest(&machine("s/none")).unwrap(), None);
    assert_eq!(rollups.latest_of_all().unwrap().len(), 2);
}

/// A log at which another process is faster: what is read from it has been merged by the time it is handed over.
struct Overtaken<'a>(&'a SqliteLog, &'a RollUps);

impl Log for Overtaken<'_> {
    fn partitions(&self) -> u16 {
        self.0.partitions()
    }

    fn append(&self, batch: &[Event]) -> Result<foretell_model::Appended, LogError> {
        self.0.append(batch)
    }

    fn read(&self, partition: Partition, after: Offset, max: usize) -> Result<Vec<foretell_model::Logged>, LogError> {
        let entries = self.0.read(partition, after, max);
        self.1.catch_up(self.0, max)?;
        entries
    }

    fn head(&self, partition: Partition) -> Result<Offset, LogError> {
        self.0.head(partition)
    }

    fn cursor(&self, consumer: &str, partition: Partition) -> Result<Offset, LogError> {
        self.0.cursor(consumer, partition)
    }

    fn commit(&self, consumer: &str, partition: Partition, offset: Offset) -> Result<(), LogError> {
        self.0.commit(consumer, partition, offset)
    }
}

#[test]
fn two_processes_count_no_reading_twice() {
    let dir = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    let (ours, theirs) = (RollUps::open(dir.path()).unwrap(), RollUps::open(dir.path()).unwrap());
    let events: Vec<_> = (0..100).map(|n| reading("s/a", n, 80.0, None)).collect();
    log.append(&events).unwrap();
    while ours.catch_up(&Overtaken(&log, &theirs), 7).unwrap() > 0 {}
    for rollups in [&ours, &theirs] {
        let hours = rollups.hours(&machine("s/a"), Timestamp::MIN, Timestamp::MAX).unwrap();
        assert_eq!(hours.iter().map(|hour| hour.readings).collect::<Vec<_>>(), [100]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn equal_a_recount(entries in prop::collection::vec((0..3_i64, 0..10_000_000_i64, -50..150_i32), 1..60), step in 1..20_usize) {
        let dir = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(dir.path()).unwrap();
        let events: Vec<_> = entries.iter().map(|(m, ts, temp)| reading(&format!("s/{m}"), *ts, f64::from(*temp), None)).collect();
        log.append(&events).unwrap();
        while RollUps::open(dir.path()).unwrap().catch_up(&log, step).unwrap() > 0 {}
        let rollups = RollUps::open(dir.path()).unwrap();
        let mut expected: BTreeMap<(MachineId, i64), Summary> = BTreeMap::new();
        for logged in log.read(Partition(0), Offset(0), 1000).unwrap() {
            let Event::Reading(reading) = logged.event else { continue };
            let hour = reading.ts.hour();
            let begins = Timestamp::from_millis(hour * HOUR_MS);
            expected.entry((reading.machine.clone(), hour)).or_insert(Summary::empty(begins)).add(&reading);
        }
        let found: Vec<_> = log.machines().unwrap().iter()
            .flat_map(|m| rollups.hours(m, Timestamp::MIN, Timestamp::MAX).unwrap()).collect();
        prop_assert_eq!(found, expected.into_values().collect::<Vec<_>>());
    }
}
