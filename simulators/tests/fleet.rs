//! Fleets as a whole: reproducible bytes, order of time, truth that agrees with the data, links that count.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, which is the point")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use foretell_sim::files::write_fleet;
use foretell_sim::link::{Kind, Links};
use foretell_sim::physics::Mode;
use foretell_sim::{Fleet, FleetSpec, HappeningKind, Message, Signal, Size};

const HOUR_MS: i64 = 3_600_000;
/// A temperature counts for the limit when it was held for so long.
const HELD_MS: i64 = 10 * 60_000;

fn small(name: &str, seed: u64) -> Fleet {
    let size = Size { machines: Some(5), days: Some(4.0), every_ms: Some(120_000), from_ms: None };
    Fleet::builtin_sized(name, seed, size).unwrap()
}

fn files(fleet: &Fleet, threads: usize) -> BTreeMap<String, Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    write_fleet(fleet, dir.path(), threads, &|_| {}, &AtomicBool::new(false)).unwrap();
    let read = |path: &Path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap());
    std::fs::read_dir(dir.path()).unwrap().map(|entry| read(&entry.unwrap().path())).collect()
}

#[test]
fn same_seed_same_bytes_with_any_number_of_threads() {
    let once = files(&small("mixed", 7), 1);
    assert_eq!(once.len(), 7, "five machines, truth and maintenance");
    assert!(once == files(&small("mixed", 7), 4), "other threads, other bytes");
    assert!(once != files(&small("mixed", 8), 1), "another seed, the same bytes");
}

#[test]
fn machines_are_merged_in_order_of_time() {
    let fleet = small("mixed", 3);
    let merged: Vec<Message> = fleet.messages().collect();
    assert!(merged.is_sorted_by_key(Message::ts_ms));
    let text = |messages: &[Message]| messages.iter().map(|message| format!("{message:?}")).collect::<Vec<_>>();
    for index in 0..fleet.machines().len() {
        let alone: Vec<Message> = fleet.messages_of(index).collect();
        let among: Vec<Message> = merged.iter().filter(|message| message.index() == index).cloned().collect();
        assert_eq!(text(&alone), text(&among), "machine {index}");
        assert!(alone.len() > 2800, "machine {index} is nearly silent");
    }
}

#[test]
fn the_built_in_fleets_are_what_they_promise() {
    let demo = Fleet::builtin("demo", 1).unwrap();
    assert_eq!(demo.machines().len(), 12);
    let truth = demo.truth();
    let faults: Vec<_> = truth.machines.iter().filter(|machine| !machine.faults.is_empty()).collect();
    assert_eq!(faults.len(), 2);
    let clogging = &faults[0].faults[0];
    assert_eq!((clogging.fault, faults[1].faults[0].fault), ("cooler_clogging", "thermostatic_valve"));
    let days =
        (clogging.limit_reached.expect("the demo's cooler reaches its limit").0 - clogging.onset.0) / (24 * HOUR_MS);
    assert!((28..60).contains(&days), "the limit is reached {days} days after the onset");
    let quiet = truth.machines.iter().filter(|machine| machine.limit_reached.is_none()).count();
    assert_eq!(quiet, 11, "only the clogged machine reaches its limit, heat wave or not");
    assert!(truth.machines.iter().any(|machine| machine.confusers.contains(&"heat_wave")));

    let healthy = Fleet::builtin_sized("healthy", 1, Size { every_ms: Some(3_600_000), ..Size::default() }).unwrap();
    for machine in healthy.truth().machines {
        assert!(machine.faults.is_empty() && machine.limit_reached.is_none(), "{machine:?}");
    }
}

/// A machine that is always loaded, with perfect instruments, whose cooler clogs fast.
const PERFECT: &str = r#"
name = "perfect"
from = "2026-06-20T00:00:00Z"
lasts = "30d"
every = "20s"
[[site]]
name = "s01"
climate = "humid_subtropical"
schedule = "continuous"
[[site.machine]]
name = "m001"
kw = 75
load = 1.8
noise_k = 0
wander_k = 0
resolution_k = 0.001
[[site.machine.fault]]
kind = "cooler_clogging"
after = "3d"
rate_per_day = 0.03
cleared_after_limit = "1d"
"#;

#[test]
fn the_truth_agrees_with_the_data() {
    let fleet = Fleet::new(FleetSpec::parse(PERFECT).unwrap(), 1).unwrap();
    let mut stretches: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    let mut messages = fleet.messages();
    let mut maintenance_ms = None;
    for message in &mut messages {
        match message {
            Message::Sample(sample) if sample.state == Some(Mode::Loaded) => {
                let stretch = stretches.entry(sample.ts_ms.div_euclid(HELD_MS)).or_default();
                stretch.0 += sample.get(Signal::DischargeTemp).unwrap();
                stretch.1 += 1.0;
            }
            Message::Sample(_) => {}
            Message::Happening(what) => maintenance_ms = Some(what.ts_ms).max(maintenance_ms),
        }
    }
    let over = stretches.iter().find(|(_, (sum, count))| sum / count >= 105.0).map(|(nth, _)| (nth + 1) * HELD_MS);
    let truth = messages.truth();
    let machine = &truth.machines[0];
    let limit_ms = machine.limit_reached.expect("3 % a day reaches the limit").0;
    assert_eq!(Some(limit_ms), over);
    assert_eq!(machine.faults[0].limit_reached, machine.limit_reached);
    assert_eq!(machine.faults[0].cleared.map(|at| at.0), Some(limit_ms + 24 * HOUR_MS));
    assert_eq!(machine.maintenance[0].work, "cooler_cleaned");
    assert_eq!(maintenance_ms, Some(machine.maintenance[0].ts.0));
    let last_day: Vec<f64> = stretches.values().rev().take(24 * 6).map(|(sum, count)| sum / count).collect();
    assert!(last_day.iter().all(|mean| *mean < 95.0), "a cleaned cooler is cool again: {last_day:?}");
}

#[test]
fn cycles_of_loading_are_seen_as_often_as_they_last() {
    let spec = PERFECT.replace("load = 1.8", "load = 0.6").replace("lasts = \"30d\"", "lasts = \"2d\"");
    let fleet = Fleet::new(FleetSpec::parse(&spec).unwrap(), 1).unwrap();
    let loaded = fleet.samples().filter(|sample| sample.state == Some(Mode::Loaded)).count();
    let all = fleet.samples().count();
    let share = loaded as f64 / all as f64;
    assert!((0.50..0.65).contains(&share), "loaded in {share} of the samples at a demand of 60 %, less at night");
}

#[test]
fn links_count_what_they_do() {
    let link = "[site.machine.link]\ndrop = 0.02\nduplicate = 0.03\nout_of_order = 0.02\ngarbage = 0.01\noutages_per_day = 1\noutage_lasts = \"8h\"\nclock_skew = \"-3s\"\n";
    let spec = PERFECT.replace("[[site.machine.fault]]", &format!("{link}[[site.machine.fault]]"));
    let fleet = Fleet::new(FleetSpec::parse(&spec).unwrap(), 1).unwrap();
    let (mut links, mut sent) = (Links::new(&fleet, 1), Vec::new());
    fleet.messages().for_each(|message| links.carry(&message, &mut sent));
    links.flush(fleet.to_ms(), &mut sent);
    let stats = links.stats();

    let mut samples = 0;
    let (mut garbage, mut backlogged, mut late) = (0, 0, 0);
    let mut latest = String::new();
    for delivery in sent.iter().filter(|delivery| delivery.kind == Kind::Telemetry) {
        samples += delivery.samples;
        let Ok(json) = serde_json::from_slice::<serde_json::Value>(&delivery.payload) else {
            garbage += 1;
            continue;
        };
        match (json, delivery.samples) {
            (serde_json::Value::Array(rows), count) => {
                assert!(rows.len() as u64 == count && count <= 1000);
                backlogged += count;
            }
            (_, 0) => garbage += 1,
            (row, _) => {
                let ts = row["ts"].as_str().unwrap().to_owned();
                late += u64::from(ts < latest);
                latest = latest.max(ts);
            }
        }
    }
    assert_eq!(samples, stats.samples - stats.dropped + stats.duplicated);
    assert_eq!((garbage, backlogged), (stats.garbage, stats.backlogged));
    assert!(late > 0 && late <= stats.reordered, "{late} late of {} reordered", stats.reordered);
    assert!(stats.dropped > 1000 && stats.outages > 10 && backlogged > 10_000, "{stats:?}");
    let first = &sent[0];
    assert!(first.payload.starts_with(b"{\"ts\":\"2026-06-"), "three seconds slow");
}

/// Mean of a signal over the loaded samples of the first and of the last ten days.
fn before_and_after(fleet: &Fleet, machine: &str, signal: Signal) -> (f64, f64) {
    let index = fleet.machines().iter().position(|known| &*known.name == machine).unwrap();
    let (early_ms, late_ms) = (fleet.from_ms() + 10 * 24 * HOUR_MS, fleet.to_ms() - 10 * 24 * HOUR_MS);
    let mut sums = [(0.0, 0.0); 2];
    for message in fleet.messages_of(index) {
        let Message::Sample(sample) = message else { continue };
        let side = usize::from(sample.ts_ms > late_ms);
        if sample.state == Some(Mode::Loaded) && (side == 1 || sample.ts_ms < early_ms) {
            sums[side].0 += sample.get(signal).unwrap_or(0.0);
            sums[side].1 += 1.0;
        }
    }
    (sums[0].0 / sums[0].1, sums[1].0 / sums[1].1)
}

#[test]
fn each_fault_shows_in_its_own_signal() {
    let mut spec = FleetSpec::parse(include_str!("../examples/every-fault.toml")).unwrap();
    spec.resize(Size { every_ms: Some(600_000), ..Size::default() });
    let fleet = Fleet::new(spec, 1).unwrap();
    for (machine, signal, least, most) in [
        ("healthy", Signal::OilFilterDp, 0.95, 1.05),
        ("healthy", Signal::SeparatorDp, 0.95, 1.05),
        ("healthy", Signal::Vibration, 0.95, 1.05),
        ("healthy", Signal::MotorCurrentL1, 0.97, 1.03),
        ("oil-filter", Signal::OilFilterDp, 2.0, 9.0),
        ("separator", Signal::SeparatorDp, 2.0, 9.0),
        ("separator", Signal::MotorCurrent, 1.02, 1.15),
        ("intake-filter", Signal::InletVacuum, 1.5, 3.0),
        ("intake-filter", Signal::MotorCurrent, 0.94, 0.99),
        ("bearing", Signal::Vibration, 1.5, 5.0),
        ("phases", Signal::MotorCurrentL1, 1.10, 1.20),
        ("sensor-drift", Signal::DischargeTemp, 1.05, 1.25),
    ] {
        let (before, after) = before_and_after(&fleet, machine, signal);
        let ratio = after / before;
        assert!((least..most).contains(&ratio), "{machine} {signal:?}: {before:.2} -> {after:.2}, times {ratio:.3}");
    }
}

#[test]
fn work_that_is_asked_for_cures_its_fault_alone_and_is_reported_once() {
    let text = "name = \"t\"\nfrom = \"2026-05-01T00:00:00Z\"\nlasts = \"4d\"\nevery = \"10m\"\n[[site]]\nname = \"s\"\nclimate = \"tropical\"\nschedule = \"continuous\"\n\
                [[site.machine]]\nname = \"m\"\nkw = 75\n[[site.machine.fault]]\nkind = \"cooler_clogging\"\nafter = \"1h\"\n";
    let fleet = Fleet::new(FleetSpec::parse(text).unwrap(), 1).unwrap();
    for (work, reports, cured) in
        [("cooler_cleaned", true, true), ("cooler_cleaned", false, true), ("oil_changed", true, false)]
    {
        let mut messages = fleet.messages();
        assert_eq!(messages.by_ref().take(200).count(), 200);
        if reports {
            messages.repair(0, work);
        } else {
            messages.mend(0, work);
        }
        let is_report = |message: &Message| matches!(message, Message::Happening(what) if what.kind == HappeningKind::MaintenanceDone(work.into()));
        assert_eq!(messages.by_ref().filter(is_report).count(), usize::from(reports), "{work}");
        assert_eq!(messages.truth().machines[0].faults[0].cleared.is_some(), cured, "{work}");
    }
}
