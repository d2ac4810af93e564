//! A room that becomes hot is named so on every machine in it, whether its air is measured or not; a machine that becomes
//! hot alone is not blamed on the room.

use foretell_engine::{Engine, EngineOptions};
use foretell_model::{
    Catalogue, Event, Finding, FindingKind, Grade, MINUTE_MS, MachineId, Quality, Reading, Signal, Signals, Status,
    Timestamp,
};

const STEP_MIN: i64 = 15;
const DAYS: i64 = 75;
const MACHINES: i64 = 3;
/// Day on which whatever happens begins.
const ONSET: f64 = 50.0;

/// A repeatable disturbance between -1 and 1.
fn wobble(seed: i64) -> f64 {
    let mixed = (seed.wrapping_mul(0x9e37_79b9) ^ 0x5bd1).wrapping_mul(0x85eb_ca6b_i64).rotate_left(17) & 0xffff;
    mixed as f64 / 32_767.5 - 1.0
}

/// What happened to a site: the rise of its room and of one machine alone, K.
#[derive(Clone, Copy)]
struct Story {
    /// How many of the machines measure the air.
    measured: i64,
    room_k: f64,
    /// Days for which the room stays hot.
    for_days: f64,
    alone_k: f64,
    /// Season, K a day.
    season_k: f64,
    /// The plant rests from Friday to Sunday evening, when it starts in a cold room.
    rests: bool,
}

const STORY: Story = Story { measured: 0, room_k: 0.0, for_days: 90.0, alone_k: 0.0, season_k: 0.0, rests: false };

fn live(story: Story) -> Vec<Finding> {
    let catalogue =
        Catalogue::parse(include_str!("../../../config/faults.toml")).expect("the shipped catalogue is sound");
    let mut engine = Engine::new(EngineOptions { catalogue, ..EngineOptions::default() });
    let start = Timestamp::parse("2026-05-01T00:00:00Z").expect("a literal");
    let mut findings = Vec::new();
    for step in 0..DAYS * 24 * 60 / STEP_MIN {
        let ts = start + step * STEP_MIN * MINUTE_MS;
        let t = (step * STEP_MIN) as f64 / 1440.0;
        let hot = (ONSET..ONSET + story.for_days).contains(&t);
        let weather_k = 1.8 * wobble(ts.day() / 3 + 7) + 0.8 * wobble(ts.day());
        // The first of May 2026 is a Friday.
        let of_week = (t + 4.0) % 7.0;
        let rests = story.rests && (4.95..6.9).contains(&of_week);
        let cold_k = if story.rests && (4.95..7.0).contains(&of_week) { 8.0 } else { 0.0 };
        let room_c = 25.0 - cold_k
            + weather_k
            + 4.0 * ((t - 0.375) * std::f64::consts::TAU).sin()
            + story.season_k * t
            + if hot { story.room_k } else { 0.0 };
        for m in 0..MACHINES {
            let own_k = if m == 0 && t >= ONSET { story.alone_k } else { 0.0 };
            let (regulated, saturated): (f64, f64) =
                (78.0 + 0.3 * (room_c - 20.0), 84.0 + m as f64 + 1.08 * (room_c - 28.0) + own_k);
            let warm_c = if rests { room_c } else { saturated.max(regulated) };
            let td_c = warm_c + 0.5 * wobble(step * 3 + m) + 0.4 * wobble(ts.day() * 5 + m);
            let mut signals = Signals::empty()
                .with(Signal::DischargeTemp, (td_c * 10.0).round() / 10.0)
                .with(Signal::MotorCurrent, if rests { 0.0 } else { 150.0 + wobble(step + m) })
                .with(Signal::RunHours, 4100.0 + (t * 24.0).floor());
            if m < story.measured {
                signals.set(Signal::AmbientTemp, (room_c * 2.0).round() / 2.0);
            }
            let machine = MachineId::new("plant", &format!("k{m}")).expect("plain names");
            let reading = Reading { machine, ts, arrived: ts, signals, state: None, quality: Quality::Good };
            engine.observe(&Event::Reading(reading), &mut findings);
        }
    }
    findings
}

/// `k0 high_ambient` for the first thing said of each machine since the onset, in the order of machines.
fn first_said(findings: &[Finding]) -> Vec<String> {
    let start = Timestamp::parse("2026-05-01T00:00:00Z").expect("a literal");
    let concerns = |f: &&Finding| matches!(f.kind, FindingKind::Prediction | FindingKind::Anomaly);
    let since = |f: &&Finding| f.status == Status::Opened && f.at.days_since(start) >= ONSET;
    (0..MACHINES)
        .filter_map(|m| {
            let name = format!("k{m}");
            let first = findings.iter().filter(concerns).filter(since).find(|f| f.machine.machine() == name)?;
            Some(format!("{name} {}", first.fault))
        })
        .collect()
}

fn check(story: Story, expected: &[&str]) {
    let findings = live(story);
    let said: Vec<&str> = findings.iter().map(|f| f.text.as_str()).collect();
    assert_eq!(first_said(&findings), expected, "{said:#?}");
    let blamed = findings.iter().find(|f| f.fault.as_str() == "high_ambient" && f.grade >= Grade::Advise);
    assert_eq!(blamed.map(|f| f.text.clone()), None, "a hot room is nobody's fault");
}

#[test]
fn a_hot_room_is_named_on_every_machine_in_it() {
    let all = ["k0 high_ambient", "k1 high_ambient", "k2 high_ambient"];
    for measured in [0, 1, 3] {
        check(Story { measured, room_k: 8.0, ..STORY }, &all);
    }
    check(Story { measured: 3, room_k: 8.0, season_k: 0.15, ..STORY }, &all);
}

/// What all machines of a room begin to show in the same days is no cooler's, however far it goes and whatever the season adds.
#[test]
fn no_cooler_is_blamed_for_a_room_that_stays_hot() {
    for (room_k, season_k) in [(6.0, 0.0), (9.0, 0.0), (6.0, 0.1), (9.0, 0.1), (12.0, 0.05)] {
        let findings = live(Story { room_k, season_k, ..STORY });
        let blamed = findings.iter().filter(|f| f.fault.as_str() == "cooler_clogging" && f.grade >= Grade::Advise);
        let blamed: Vec<&str> = blamed.map(|f| f.text.as_str()).collect();
        assert_eq!(blamed, Vec::<&str>::new(), "{room_k} K, {season_k} K a day");
    }
}

#[test]
fn weather_and_season_are_no_hot_room() {
    for (measured, season_k) in [(0, 0.0), (3, 0.0), (3, 0.15), (3, -0.15)] {
        check(Story { measured, season_k, ..STORY }, &[]);
    }
}

#[test]
fn a_week_that_begins_in_a_cold_room_is_no_hot_room() {
    for season_k in [0.0, 0.15] {
        check(Story { measured: 3, season_k, rests: true, ..STORY }, &[]);
    }
}

#[test]
fn a_machine_that_becomes_hot_alone_is_not_the_rooms_fault() {
    let findings = live(Story { alone_k: 9.0, ..STORY });
    let rooms: Vec<&str> =
        findings.iter().filter(|f| f.fault.as_str() == "high_ambient").map(|f| f.text.as_str()).collect();
    assert_eq!(rooms, Vec::<&str>::new());
}

#[test]
fn a_room_that_has_cooled_down_again_is_no_longer_spoken_of() {
    let findings = live(Story { measured: 3, room_k: 8.0, for_days: 12.0, ..STORY });
    let last = findings.iter().rfind(|f| f.fault.as_str() == "high_ambient").expect("it was spoken of");
    assert_eq!(last.status, Status::Cleared, "{}", last.text);
}
