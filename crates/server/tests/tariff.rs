//! The tariff that is registered of a machine, from the register to the letter and the report, through the running service.

use std::path::Path;
use std::time::{Duration, Instant};

use foretell::config::{ClockSource, Config};
use foretell::roles::Roles;
use foretell::service::Service;
use foretell_history::SqliteLog;
use foretell_model::{
    Clock, Event, FindingId, Log, MINUTE_MS, MachineId, Quality, Reading, RunState, Signal, Signals, Timestamp,
};

use crate::field::ask;

fn registry(tariff: &str) -> String {
    format!(
        r#"
[[advisor]]
id = "wang"
name = {{ en = "Min Wang", zh = "王敏" }}
role = {{ en = "your service advisor", zh = "服务顾问" }}
phone = "+86 21 5555 0101"
[[customer]]
id = "acme"
name = "Acme Castings"
contact = "Ms Baker"
language = "en"
zone = "Europe/London"
advisor = "wang"
addresses = {{ email = "baker@acme.example" }}
[[site]]
id = "s01"
customer = "acme"
[[machine]]
id = "s01/m001"
number = "No. 2"
tariff_per_kwh = {tariff}
"#
    )
}

/// Eighty days of a machine whose inlet valve stays open from the fortieth on: it draws too much while idling.
fn idling() -> Vec<Event> {
    const STEP_MIN: i64 = 10;
    let start = Timestamp::parse("2026-05-04T00:00:00Z").unwrap();
    let wobble = |seed: i64| ((seed.wrapping_mul(7_919) % 1_000) as f64 / 500.0) - 1.0;
    let (mut owed, mut load_h) = (0.0, 3_000.0);
    let mut reading = |step: i64| {
        let day = (step * STEP_MIN) as f64 / 1_440.0;
        let hour = day.fract() * 24.0;
        owed += if (6.0..20.0).contains(&hour) { 0.75 } else { 0.2 };
        let loaded = owed >= 1.0;
        owed -= f64::from(u8::from(loaded));
        load_h += if loaded { STEP_MIN as f64 / 60.0 } else { 0.0 };
        let unloaded_share = if day > 40.0 { 0.64 } else { 0.5 };
        let amps_a = 150.0 * if loaded { 1.0 } else { unloaded_share } * (1.0 + 0.005 * wobble(step * 7));
        let ambient_c = 20.0 + 5.0 * ((day - 0.375) * std::f64::consts::TAU).sin();
        let signals = Signals::empty()
            .with(Signal::DischargeTemp, 78.0 + 0.2 * (ambient_c - 20.0) + 0.4 * wobble(step * 3))
            .with(Signal::MotorCurrent, amps_a)
            .with(Signal::RunHours, 5_000.0 + day * 24.0)
            .with(Signal::LoadHours, load_h)
            .with(Signal::AmbientTemp, ambient_c + 0.3 * wobble(step * 5));
        let ts = start + step * STEP_MIN * MINUTE_MS;
        let machine = MachineId::parse("s01/m001").unwrap();
        let state = Some(if loaded { RunState::Loaded } else { RunState::Unloaded });
        Event::Reading(Reading { machine, ts, arrived: ts, signals, state, quality: Quality::Good })
    };
    (0..80 * 24 * 60 / STEP_MIN).map(&mut reading).collect()
}

fn config(dir: &Path) -> Config {
    let mut config = Config::default();
    config.data.dir = dir.to_path_buf();
    config.console.listen.set_port(0);
    config.mqtt.listen.set_port(0);
    config.clock = ClockSource::Readings;
    config.outreach.customers_file = Some(dir.join("customers.toml"));
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registered_tariff_stands_in_the_letter_and_in_the_report() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("customers.toml"), registry("0.72")).unwrap();
    let events = idling();
    {
        let log = SqliteLog::open(dir.path()).unwrap();
        for batch in events.chunks(5_000) {
            log.append(batch).unwrap();
        }
    }
    let service = Service::start(config(dir.path()), Roles::ALL).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let case: FindingId = loop {
        let now = service.clocks().now();
        let waits = service.outreach().queue(now).unwrap();
        let whole = service.room().offset().0 == events.len() as u64;
        if let Some(entry) = waits.iter().find(|entry| whole && entry.fault == "inlet_valve") {
            break entry.id.clone();
        }
        assert!(Instant::now() < deadline, "no letter about the inlet valve: {waits:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let card = service.outreach().card(&case, service.clocks().now()).unwrap();
    let of = |feature: &str| card.finding.evidence.iter().find(|item| item.feature == feature).unwrap().value;
    assert!((of("tariff_per_kwh") - 0.72).abs() < 1e-9);
    // What is wasted while idling costs 0.72 yuan for each of its kilowatt-hours: hours a year that such a machine idles.
    let idle_h = of("unloaded_cost_per_year") / of("unloaded_excess_kw") / 0.72;
    assert!((3_000.0..6_000.0).contains(&idle_h), "{idle_h}");
    let letter = card.message.unwrap().text.body;
    assert!(letter.contains("At 0.72 yuan per kilowatt-hour that comes to"), "{letter}");
    let report = ask(service.console(), "GET", "/m/s01/m001/report?lang=en", "", b"");
    let report = String::from_utf8(report.2).unwrap().replace('\u{a0}', " ");
    assert!(report.contains("Electricity is reckoned at 0.72 yuan per kilowatt-hour."), "{report}");

    // Registered anew, the engine goes on with it without a restart; said again, nothing is different.
    std::fs::write(dir.path().join("customers.toml"), registry("0.65")).unwrap();
    let reloader = service.reloader();
    let changed = reloader.reload(config(dir.path())).await.unwrap().changed;
    assert_eq!(changed, ["customers", "limits and profiles of machines"]);
    assert_eq!(reloader.reload(config(dir.path())).await.unwrap().changed, [""; 0]);
    assert!(service.drain(Duration::from_secs(10)).await);
}
