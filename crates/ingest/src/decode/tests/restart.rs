//! Derived run hours across restarts and redelivery.

use foretell_model::{Appended, Event, Log, LogError, Logged, Offset, Partition, Signal};

use super::*;

/// A log that only holds what it is given.
pub(crate) struct Kept(pub(crate) Vec<Event>);

impl Log for Kept {
    fn partitions(&self) -> u16 {
        1
    }
    fn append(&self, _: &[Event]) -> Result<Appended, LogError> {
        unreachable!("only read here")
    }
    fn read(&self, _: Partition, after: Offset, max: usize) -> Result<Vec<Logged>, LogError> {
        let entries =
            self.0.iter().cloned().enumerate().map(|(i, event)| Logged { offset: Offset(i as u64 + 1), event });
        Ok(entries.skip(after.0 as usize).take(max).collect())
    }
    fn head(&self, _: Partition) -> Result<Offset, LogError> {
        Ok(Offset(self.0.len() as u64))
    }
    fn cursor(&self, _: &str, _: Partition) -> Result<Offset, LogError> {
        unreachable!("only read here")
    }
    fn commit(&self, _: &str, _: Partition, _: Offset) -> Result<(), LogError> {
        unreachable!("only read here")
    }
}

/// The real train compressor's rows, published in their own shape, with five restarts and redelivery after each.
#[test]
fn redelivery_after_restarts_changes_no_reading() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/metropt3_first_rows.csv");
    let Ok(file) = std::fs::read_to_string(path) else {
        println!("SKIPPED: {path} is not there; the real compressor's rows were not tried.");
        return;
    };
    let payloads: Vec<String> = file
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<_> = line.split(',').collect();
            format!(r#"{{"timestamp":"{}","Oil_temperature":{},"Motor_current":{}}}"#, cells[1], cells[7], cells[8])
        })
        .collect();
    assert_eq!(payloads.len(), 1000);
    let read =
        |decoder: &Decoder, payload: &String| decoded(decoder, "metro/apu/1", payload.as_bytes()).events.remove(0);
    let undisturbed = decoder(METRO);
    let expected: Vec<Event> = payloads.iter().map(|payload| read(&undisturbed, payload)).collect();

    let mut kept: Vec<Event> = Vec::new();
    for (restart, redelivered) in [0_usize, 1, 50, 100, 900].into_iter().enumerate() {
        let log = Kept(kept.clone());
        let restarted = decoder(METRO);
        assert_eq!(restarted.seed_from(&log).unwrap(), kept.len() as u64);
        let from = kept.len().saturating_sub(redelivered);
        for payload in &payloads[from..(restart + 1) * 200] {
            let event = read(&restarted, payload);
            // As the log does it: what it holds already is not kept again.
            if !kept.contains(&event) {
                kept.push(event);
            }
        }
    }
    assert_eq!(kept, expected);
    let Some(Event::Reading(last)) = kept.last() else { panic!("a reading") };
    assert!(last.signals.get(Signal::RunHours).unwrap() > 0.1);
}
