//! What breaks in a plant, under load, with real processes: whatever happens, what was acknowledged is on the log, once.
//!
//! Quick by default. `FORETELL_FAULT_ROUNDS=100 FORETELL_FAULT_LONG=1 tests/run --test faults -- --test-threads 1 --nocapture`
//! kills a hundred times, stops for half a minute and cuts the network for two. Each test prints its account.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use foretell_tests::{
    Foretell, Load, Mosquitto, Mqtt, Running, Sent, Stored, Tap, VictoriaMetrics, binary, check, export, free_port,
    get, metric, not_tested, tell, wait_for,
};

/// Readings a second while things break.
const PER_S: u32 = 3_000;
const A_MINUTE: Duration = Duration::from_secs(60);

fn rounds() -> usize {
    std::env::var("FORETELL_FAULT_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(4)
}

/// A time that is short unless the long variant was asked for.
fn lasting(short_s: u64, long_s: u64) -> Duration {
    Duration::from_secs(if std::env::var_os("FORETELL_FAULT_LONG").is_some() { long_s } else { short_s })
}

/// Waits until the log holds at least so many different readings.
fn stored(folder: &Path, at_least: u64) -> Stored {
    wait_for(&format!("{at_least} readings on the log"), 3 * A_MINUTE, || {
        Some(Stored::read(&export(folder))).filter(|stored| stored.readings.len() as u64 >= at_least)
    })
}

/// Prints the account; nothing may be lost or stored twice.
fn settle(name: &str, sent: Sent, stored: &Stored) {
    let (kept, twice) = (stored.readings.len() as u64, stored.twice());
    let Sent { published, acknowledged } = sent;
    let lost = acknowledged.saturating_sub(kept);
    tell(&format!(
        "{name}: published {published}, acknowledged {acknowledged}, stored {kept}, lost {lost}, stored twice {twice}"
    ));
    assert_eq!((published, lost, twice), (acknowledged, 0, 0), "{name}");
}

/// Waits until so many more readings are on the log than at the last look.
fn progress(foretell: &Foretell, more: f64) {
    let rows = || {
        let metrics = get(foretell.console, "/metrics")?.body;
        metrics.lines().find_map(|line| line.strip_prefix("foretell_log_rows_total ")?.parse::<f64>().ok())
    };
    let before = rows().unwrap_or(0.0);
    wait_for("readings to come in", A_MINUTE, || rows().filter(|now| *now >= before + more));
}

#[test]
fn killed_again_and_again_behind_its_own_listener() {
    let folder = tempfile::tempdir().expect("a folder");
    let (console, mqtt) = (free_port(), free_port());
    let mut foretell = Foretell::start_on(folder.path(), "", console, mqtt);
    let mut load = Load::start(folder.path(), mqtt, PER_S, u64::MAX);
    for _ in 0..rounds() {
        progress(&foretell, f64::from(PER_S) / 2.0);
        foretell.process.kill_9();
        foretell = Foretell::start_on(folder.path(), "", console, mqtt);
    }
    progress(&foretell, f64::from(PER_S));
    load.stop();
    let sent = load.finish(A_MINUTE);
    let name = format!("foretell killed {} times", rounds());
    settle(&name, sent, &stored(folder.path(), sent.acknowledged));
}

/// Who can be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Us,
    Broker,
    Store,
}

/// Every order in which one, two or all three of them can be killed.
fn orders() -> Vec<Vec<Victim>> {
    let all = [Victim::Us, Victim::Broker, Victim::Store];
    let mut orders: Vec<Vec<Victim>> = all.map(|one| vec![one]).into();
    for length in 1..all.len() {
        let longer = |order: &Vec<Victim>| -> Vec<Vec<Victim>> {
            let more = all.iter().filter(|next| !order.contains(next));
            more.map(|next| order.iter().copied().chain([*next]).collect()).collect()
        };
        let grown: Vec<_> = orders.iter().filter(|order| order.len() == length).flat_map(longer).collect();
        orders.extend(grown);
    }
    orders
}

#[test]
fn killed_in_every_order_between_a_broker_and_a_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let (console, mqtt) = (free_port(), free_port());
    let mut broker = Mosquitto::start(folder.path());
    let mut store = VictoriaMetrics::start(folder.path());
    let (port, tap) = (broker.port, Tap::before(broker.port));
    let token = folder.path().join("token");
    std::fs::write(&token, "a-token\n").expect("a writable folder");
    let config = format!(
        "[mqtt]\nurl = \"mqtt://127.0.0.1:{}\"\nclient_id = \"foretell-test\"\n[influxdb]\nurl = \"http://127.0.0.1:{}\"\n\
         org = \"plant\"\nbucket = \"foretell\"\ntoken_file = \"{}\"\nflush_interval = \"100ms\"\nbackoff_max = \"1s\"\n",
        tap.port,
        store.port,
        token.display()
    );
    let mut foretell = Foretell::start_on(folder.path(), &config, console, mqtt);
    let mut load = Load::start(folder.path(), port, PER_S, u64::MAX);
    let orders = orders();
    // From the last on, so that few rounds have the orders in which all three die.
    for order in orders.iter().rev().cycle().take(rounds()) {
        progress(&foretell, f64::from(PER_S) / 2.0);
        for victim in order {
            match victim {
                Victim::Us => foretell.process.kill_9(),
                Victim::Broker => broker.process.kill_9(),
                Victim::Store => store.kill_9(),
            }
        }
        for victim in order {
            match victim {
                Victim::Us => {
                    // While its broker is away it cannot be ready, and says so.
                    let waits = order
                        .iter()
                        .rev()
                        .take_while(|later| **later != Victim::Us)
                        .any(|later| *later == Victim::Broker);
                    let status = if waits { 503 } else { 200 };
                    let ports = (console, mqtt);
                    foretell = Foretell::start_expecting(status, folder.path(), &config, ports, |_| {});
                }
                Victim::Broker => broker = Mosquitto::start_on(folder.path(), "127.0.0.1", port),
                Victim::Store => store.start_again(),
            }
        }
    }
    progress(&foretell, f64::from(PER_S));
    load.stop();
    let sent = load.finish(A_MINUTE);
    // What the broker had acknowledged and forgot when it was killed nobody can bring back; what Foretell acknowledged
    // must be there.
    let (lost, by_us, stored) = kept_of_acknowledged(folder.path(), &tap);
    tell(&format!(
        "foretell, broker and store killed in {} orders, {} rounds: published {}, acknowledged by the broker {}, by Foretell {by_us}, \
         stored {}, lost of what Foretell acknowledged {lost}, forgotten by the killed broker {}, stored twice {}",
        orders.len(),
        rounds(),
        sent.published,
        sent.acknowledged,
        stored.readings.len(),
        sent.acknowledged.saturating_sub(stored.readings.len() as u64),
        stored.twice()
    ));
    assert_eq!((lost, stored.twice()), (0, 0));
    assert!(by_us > 0, "the tap saw nothing");
    wait_for("the store to have everything", 5 * A_MINUTE, || {
        (metric(console, "foretell_influx_lag_entries")? == 0.0).then_some(())
    });
    // Every instant is there, and none twice, or `values` would say so.
    let values = store.values("reading_discharge_temp_c");
    tell(&format!("in the store {}", values.len()));
    assert_eq!(values.len(), stored.readings.len(), "the store and the log differ");
}

/// What Foretell acknowledged: how many of it are missing on the log, how many there are, and the log.
fn kept_of_acknowledged(folder: &Path, tap: &Tap) -> (usize, usize, Stored) {
    // Acknowledged is only what is kept, so nothing need be waited for.
    let acknowledged = tap.acknowledged();
    let stored = Stored::read(&export(folder));
    (acknowledged.difference(&stored.readings).count(), acknowledged.len(), stored)
}

/// What a broker keeps over an orderly restart is delivered afterwards; what it forgets with its files is sent again by
/// whoever has no acknowledgement, and Foretell subscribes anew.
fn broker_restarted(name: &str, keeps_its_files: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let (console, mqtt) = (free_port(), free_port());
    let mut broker = Mosquitto::start(folder.path());
    let (port, tap) = (broker.port, Tap::before(broker.port));
    let config = format!("[mqtt]\nurl = \"mqtt://127.0.0.1:{}\"\nclient_id = \"foretell-test\"\n", tap.port);
    let foretell = Foretell::start_on(folder.path(), &config, console, mqtt);
    let mut load = Load::start(folder.path(), port, PER_S, u64::MAX);
    for _ in 0..rounds().div_ceil(4) {
        progress(&foretell, f64::from(PER_S) / 2.0);
        assert_eq!(broker.process.terminate(), Some(0), "an orderly stop of the broker");
        if !keeps_its_files {
            std::fs::remove_file(folder.path().join("mosquitto.db")).expect("the broker's file");
        }
        broker = Mosquitto::start_on(folder.path(), "127.0.0.1", port);
    }
    progress(&foretell, f64::from(PER_S));
    load.stop();
    let sent = load.finish(A_MINUTE);
    if keeps_its_files {
        settle(name, sent, &stored(folder.path(), sent.acknowledged));
        return;
    }
    let (lost, by_us, stored) = kept_of_acknowledged(folder.path(), &tap);
    tell(&format!(
        "{name}: published {}, acknowledged by the broker {}, by Foretell {by_us}, stored {}, lost of these {lost}, \
         forgotten with the broker's files {}, stored twice {}",
        sent.published,
        sent.acknowledged,
        stored.readings.len(),
        sent.acknowledged.saturating_sub(stored.readings.len() as u64),
        stored.twice()
    ));
    assert_eq!((lost, stored.twice()), (0, 0), "{name}");
    assert!(by_us > 0, "the tap saw nothing");
}

#[test]
fn a_broker_restarted_with_what_it_kept() {
    broker_restarted("broker restarted with its persistence", true);
}

#[test]
fn a_broker_restarted_without_what_it_kept() {
    broker_restarted("broker restarted without its persistence", false);
}

#[test]
fn stopped_for_a_while() {
    let folder = tempfile::tempdir().expect("a folder");
    let foretell = Foretell::start(folder.path(), "");
    let mut load = Load::start(folder.path(), foretell.mqtt, PER_S, u64::MAX);
    progress(&foretell, f64::from(PER_S));
    foretell.process.signal("STOP");
    let pause = lasting(3, 30);
    std::thread::sleep(pause);
    foretell.process.signal("CONT");
    progress(&foretell, f64::from(PER_S));
    load.stop();
    let sent = load.finish(A_MINUTE);
    settle(&format!("stopped for {} s", pause.as_secs()), sent, &stored(folder.path(), sent.acknowledged));
}

fn run(command: &str) -> bool {
    let mut words = command.split(' ');
    let status = Command::new(words.next().expect("a command")).args(words).status();
    status.is_ok_and(|status| status.success())
}

/// Undoes what a test did to the machine.
struct Undo(Vec<String>);

impl Drop for Undo {
    fn drop(&mut self) {
        for command in &self.0 {
            if !run(command) {
                tell(&format!("!!! could not undo: {command}"));
            }
        }
    }
}

#[test]
fn the_network_is_cut() {
    let ns = format!("foretell-{}", std::process::id());
    if !run(&format!("ip netns add {ns}")) {
        return not_tested("a network cut in a namespace", "`ip netns` needs root and iproute2");
    }
    let _undo = Undo(vec![format!("ip netns del {ns}")]);
    let tag = std::process::id() % 10_000;
    let (here, there) = (format!("fth{tag}"), format!("ftt{tag}"));
    let wired = run(&format!("ip link add {here} type veth peer name {there} netns {ns}"))
        && run(&format!("ip addr add 10.213.77.1/24 dev {here}"))
        && run(&format!("ip link set {here} up"))
        && run(&format!("ip netns exec {ns} ip addr add 10.213.77.2/24 dev {there}"))
        && run(&format!("ip netns exec {ns} ip link set {there} up"))
        && run(&format!("ip netns exec {ns} ip link set lo up"));
    if !wired {
        return not_tested("a network cut in a namespace", "no veth pair may be made here");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start_on(folder.path(), "0.0.0.0", free_port());
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &ns]).arg(binary("foretell")).arg("run").arg("--data-dir");
    command.arg(folder.path().join("data")).env("FORETELL__MQTT__CLIENT_ID", "foretell-test");
    command.env("FORETELL__MQTT__URL", format!("mqtt://10.213.77.1:{}", broker.port));
    let mut foretell = Running::start("foretell", command, &folder.path().join("foretell.log"));
    wait_for("foretell to be at the broker", A_MINUTE, || {
        foretell.said().contains("Connected to the broker").then_some(())
    });
    let mut load = Load::start(folder.path(), broker.port, PER_S, u64::MAX);
    stored(folder.path(), u64::from(PER_S));
    assert!(run(&format!("ip link set {here} down")));
    let cut = lasting(4, 120);
    std::thread::sleep(cut);
    assert!(run(&format!("ip link set {here} up")));
    let before = Stored::read(&export(folder.path())).readings.len() as u64;
    stored(folder.path(), before + u64::from(PER_S));
    load.stop();
    let sent = load.finish(A_MINUTE);
    settle(&format!("network cut for {} s", cut.as_secs()), sent, &stored(folder.path(), sent.acknowledged));
    assert_eq!(foretell.terminate(), Some(0));
}

/// Machines that send live readings: more than the load has, so that they are most of those that are heard.
const LIVE_MACHINES: u64 = 10;

/// A reading of this moment from each of them.
#[expect(clippy::disallowed_methods, reason = "the test is a controller, and controllers have clocks")]
fn live_readings(mqtt: u16) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let mut client = Mqtt::connect(mqtt, "live", None).expect("let in");
    for n in 0..LIVE_MACHINES {
        let reading = format!(
            r#"{{"ts":{},"discharge_temp_c":83.5,"motor_current_a":41.7,"run_hours":4021.5}}"#,
            now.as_millis()
        );
        assert!(client.publish(&format!("foretell/v1/live/m{n}/telemetry"), &reading), "acknowledged");
    }
}

#[test]
fn the_clock_is_stepped_forward_and_back() {
    const LIBRARIES: [&str; 2] = ["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime"];
    let library = LIBRARIES.map(|dir| format!("{dir}/libfaketime.so.1"));
    let Some(library) = library.iter().find(|path| Path::new(path).exists()) else {
        return not_tested("a stepped clock", "Debian's package faketime is not installed");
    };
    let folder = tempfile::tempdir().expect("a folder");
    let step = folder.path().join("step");
    std::fs::write(&step, "+0").expect("a writable folder");
    let (console, mqtt) = (free_port(), free_port());
    let mut command = Command::new(binary("foretell"));
    command.arg("run").arg("--data-dir").arg(folder.path().join("data"));
    command.env("FORETELL__CONSOLE__LISTEN", format!("127.0.0.1:{console}"));
    command.env("FORETELL__MQTT__LISTEN", format!("127.0.0.1:{mqtt}"));
    // The wall clock of this one process; the monotonic one cannot be stepped on a real machine either.
    command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &step);
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("FAKETIME_CACHE_DURATION", "1");
    let mut process = Running::start("foretell", command, &folder.path().join("foretell.log"));
    wait_for("foretell to be ready", A_MINUTE, || get(console, "/readyz").filter(|answer| answer.status == 200));
    let mut load = Load::start(folder.path(), mqtt, PER_S, u64::MAX);
    // The load's stamps lie a day back, so that none is in the future of a clock that was set back.
    for offset in ["+0", "+7200", "-7200", "+0"] {
        std::fs::write(&step, offset).expect("a writable folder");
        // The library looks there once a second.
        std::thread::sleep(Duration::from_millis(1_500));
        let since = Instant::now();
        let before = Stored::read(&export(folder.path())).readings.len() as u64;
        stored(folder.path(), before + u64::from(PER_S));
        assert!(process.runs(), "after a step of {offset} s, {:?}", since.elapsed());
        // Machines whose clocks are right: two hours ahead of one that was set back so far.
        if offset == "-7200" {
            live_readings(mqtt);
            wait_for("/readyz to name the clock", A_MINUTE, || {
                get(console, "/readyz")
                    .filter(|answer| answer.status == 503 && answer.body.contains("this computer's clock"))
            });
        }
    }
    let data = folder.path().join("data");
    check(&data, &["quarantine", "list"], 0, &[&format!("{LIVE_MACHINES} from_future")]);
    let admitted = format!("{LIVE_MACHINES} items are admitted as {LIVE_MACHINES} events");
    check(&data, &["quarantine", "replay"], 0, &[&admitted, "the running service has taken them to the log"]);
    live_readings(mqtt);
    wait_for("/readyz to be content", A_MINUTE, || get(console, "/readyz").filter(|answer| answer.status == 200));
    load.stop();
    let sent = load.finish(A_MINUTE);
    let kept = stored(folder.path(), sent.acknowledged + 2 * LIVE_MACHINES);
    assert_eq!(kept.readings.len() as u64, sent.acknowledged + 2 * LIVE_MACHINES);
    settle("clock stepped by two hours each way", sent, &kept);
    assert_eq!(process.terminate(), Some(0));
}
