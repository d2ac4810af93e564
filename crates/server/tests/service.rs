//! The service in process: readings over real MQTT, a restart, an advisory on its way out.

use std::path::Path;
use std::time::{Duration, Instant};

use foretell::config::Config;
use foretell::roles::Roles;
use foretell::service::Service;
use foretell_history::SqliteLog;
use foretell_model::{Clock, Event, Log, MachineId, Quality, Reading, Signal, Signals, Timestamp, Work};
use foretell_sim::{Fleet, Message};
use rumqttc::{Client, MqttOptions, Packet, PublishOptions, QoS};

fn config(dir: &Path) -> Config {
    let mut config = Config::default();
    config.data.dir = dir.to_path_buf();
    config.console.listen.set_port(0);
    config.mqtt.listen.set_port(0);
    config.clock = foretell::config::ClockSource::Readings;
    config
}

/// Asks until the answer is yes, at most a minute.
async fn wait_for(what: &str, mut ask: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !ask() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn client(service: &Service, name: &str) -> (Client, rumqttc::Connection) {
    let address = service.mqtt().expect("an embedded listener");
    let mut options = MqttOptions::new(name, (address.ip().to_string(), address.port()));
    options.set_keep_alive(60);
    Client::builder(options).capacity(100).build()
}

/// Publishes at QoS 1 and returns when everything was acknowledged.
fn publish(service: &Service, messages: Vec<(String, String)>) {
    let (client, mut connection) = client(service, "publisher");
    let count = messages.len();
    let publisher = std::thread::spawn(move || {
        for (topic, payload) in messages {
            client.publish(topic, payload, PublishOptions::new(QoS::AtLeastOnce)).unwrap();
        }
        client
    });
    let mut acknowledged = 0;
    while acknowledged < count {
        let event = connection.recv_timeout(Duration::from_secs(20)).expect("in time").expect("no error");
        acknowledged += usize::from(matches!(event, rumqttc::Event::Incoming(Packet::PubAck(_))));
    }
    publisher.join().unwrap().disconnect().unwrap();
}

fn telemetry(minute: i64) -> (String, String) {
    let ts = Timestamp::parse("2026-07-01T00:00:00Z").unwrap() + minute * 60_000;
    let payload = format!(r#"{{"ts":"{ts}","discharge_temp_c":83.5,"motor_current_a":41.7,"run_hours":100}}"#);
    ("foretell/v1/s01/m001/telemetry".to_owned(), payload)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_where_the_drain_ended() {
    let dir = tempfile::tempdir().unwrap();
    let service = Service::start(config(dir.path()), Roles::ALL).await.unwrap();
    tokio::task::block_in_place(|| publish(&service, (0..300).map(telemetry).collect()));
    wait_for("the engine to see them", || service.room().offset().0 == 300).await;
    let before = service.room().machine(&MachineId::parse("s01/m001").unwrap()).unwrap();
    assert!(service.drain(Duration::from_secs(10)).await);

    let service = Service::start(config(dir.path()), Roles::ALL).await.unwrap();
    // The snapshot is taken up before the start returns, and nothing needs to be replayed.
    assert_eq!(service.room().offset().0, 300);
    assert_eq!(service.room().machine(&before.id), Some(before));
    assert_eq!(service.clocks().now().to_string(), "2026-07-01T04:59:00Z");
    // What is sent again is acknowledged and kept once.
    tokio::task::block_in_place(|| publish(&service, (200..400).map(telemetry).collect()));
    wait_for("the new ones", || service.room().offset().0 == 400).await;
    assert!(service.drain(Duration::from_secs(10)).await);
}

/// The history of the demo's first machine, whose cooler clogs, up to a day on which that is known.
fn clogging() -> Vec<Event> {
    let fleet = Fleet::builtin("demo", 7).unwrap();
    let machine = MachineId::new("s01", "m001").unwrap();
    let reading = |sample: foretell_sim::Sample| {
        let mut signals = Signals::empty();
        for signal in foretell_sim::Signal::ALL {
            if let (Some(known), Some(value)) = (Signal::from_name(signal.name()), sample.get(signal)) {
                signals.set(known, value);
            }
        }
        let ts = Timestamp::from_millis(sample.ts_ms);
        let (machine, quality) = (machine.clone(), Quality::Good);
        Event::Reading(Reading { machine, ts, arrived: ts, signals, state: None, quality })
    };
    let until = fleet.from_ms() + 95 * foretell_model::DAY_MS;
    let samples = fleet.messages_of(0).filter_map(|message| match message {
        Message::Sample(sample) => Some(sample),
        Message::Happening(_) => None,
    });
    // Every tenth minute is enough to forecast, and quicker.
    samples.step_by(5).take_while(|sample| sample.ts_ms < until).map(reading).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_advisory_is_published_and_taken_back_when_the_work_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let events = clogging();
    let last = events.last().unwrap().ts();
    {
        let log = SqliteLog::open(dir.path()).unwrap();
        for batch in events.chunks(5_000) {
            log.append(batch).unwrap();
        }
    }
    let service = Service::start(config(dir.path()), Roles::ALL).await.unwrap();
    let (subscriber, mut connection) = client(&service, "subscriber");
    subscriber.subscribe("foretell/v1/+/+/advisory", QoS::AtLeastOnce).unwrap();
    let mut next = || loop {
        let event = connection.recv_timeout(Duration::from_secs(60)).expect("in time").expect("no error");
        if let rumqttc::Event::Incoming(Packet::Publish(publish)) = event {
            return String::from_utf8(publish.payload.to_vec()).unwrap();
        }
    };
    let advisory: serde_json::Value = serde_json::from_str(&tokio::task::block_in_place(&mut next)).unwrap();
    assert_eq!(advisory["fault"], "cooler_clogging");
    assert!(advisory["rul_days"]["p50"].is_number(), "{advisory}");

    let done = format!(r#"{{"ts":"{}","kind":"maintenance_done","work":"cooler_cleaned"}}"#, last + 60_000);
    tokio::task::block_in_place(|| publish(&service, vec![("foretell/v1/s01/m001/event".to_owned(), done)]));
    // Newer figures may come first; the empty message is the end.
    while !tokio::task::block_in_place(&mut next).is_empty() {}
    let work = Work::new("cooler_cleaned").unwrap();
    let marks = service.room().marks(&MachineId::parse("s01/m001").unwrap());
    assert_eq!(marks.last().map(|mark| mark.text.as_str()), Some(work.as_str()));
    tokio::task::block_in_place(|| drop((subscriber, connection)));
    assert!(service.drain(Duration::from_secs(10)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_apart_share_one_data_directory() {
    let dir = tempfile::tempdir().unwrap();
    let only = |role| Roles::of(&[role]);
    use foretell::roles::Role;
    let ingest = Service::start(config(dir.path()), only(Role::Ingest)).await.unwrap();
    let engine = Service::start(config(dir.path()), only(Role::Engine)).await.unwrap();
    tokio::task::block_in_place(|| publish(&ingest, (0..50).map(telemetry).collect()));
    wait_for("the engine's process to see them", || engine.room().offset().0 == 50).await;
    assert_eq!((engine.mqtt(), ingest.room().offset().0), (None, 0));
    assert!(engine.drain(Duration::from_secs(10)).await);
    // Pages apart from the engine show its last snapshot.
    let console = Service::start(config(dir.path()), only(Role::Console)).await.unwrap();
    wait_for("the snapshot to be shown", || console.room().offset().0 == 50).await;
    assert!(console.drain(Duration::from_secs(10)).await);
    assert!(ingest.drain(Duration::from_secs(10)).await);
}
