//! The plant's history store: against a real server that is killed in traffic, against one that answers whatever a server may
//! answer, over TLS, and, where one is given, against InfluxDB 2 itself.

mod answers;
mod servers;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use foretell_tests::{
    Foretell, Mosquitto, Reply, StandIn, VictoriaMetrics, Write, binary, free_port, get, metric, publish_lines,
    wait_for,
};

/// Fast where a plant would be patient, so that a test need not be.
fn config(url: &str, folder: &Path) -> String {
    let token = folder.join("token");
    std::fs::write(&token, "the-first-token\n").expect("a writable folder");
    format!(
        "[influxdb]\nurl = \"{url}\"\norg = \"plant\"\nbucket = \"foretell\"\ntoken_file = \"{}\"\nflush_interval = \"100ms\"\n\
         timeout = \"2s\"\nbackoff_max = \"1s\"\nbatch_lines_max = 500\n",
        token.display()
    )
}

#[expect(clippy::disallowed_methods, reason = "the test is a controller, and controllers have clocks")]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_millis()).expect("a clock before 2262")
}

/// Readings one second apart from an instant on, as a controller publishes them. Figures of few digits: the server keeps twelve.
fn payloads(from_ms: i64, numbers: std::ops::Range<i64>) -> Vec<String> {
    let payload = |n: i64| {
        let (ts, temp_c, hours) = (from_ms + n * 1000, 80.0 + (n % 97) as f64 / 8.0, 4000.0 + (n / 64) as f64 / 8.0);
        format!(
            r#"{{"ts":{ts},"discharge_temp_c":{temp_c},"motor_current_a":41.5,"run_hours":{hours},"state":"loaded"}}"#
        )
    };
    numbers.map(payload).collect()
}

fn topic(machine: &str) -> String {
    format!("foretell/v1/s1/{machine}/telemetry")
}

/// Waits until the writer says that nothing is left to write.
fn wait_until_level(foretell: &Foretell, entries: f64) {
    wait_for("InfluxDB to have everything", Duration::from_secs(60), || {
        let seen = metric(foretell.console, "foretell_log_rows_total").unwrap_or(0.0)
            + metric(foretell.console, "foretell_log_duplicates_total").unwrap_or(0.0);
        let behind = metric(foretell.console, "foretell_influx_lag_entries")?;
        (seen >= entries && behind == 0.0).then_some(())
    });
}

/// Publishes for two machines for as long as something is killed, so that every kill falls into traffic; gives how many for each.
fn publish_until(enough: Arc<AtomicBool>, port: u16, from_ms: i64) -> JoinHandle<i64> {
    const AT_ONCE: i64 = 250;
    std::thread::spawn(move || {
        let mut published = 0;
        while !enough.load(Ordering::Relaxed) {
            for machine in ["m1", "m2"] {
                publish_lines(port, &topic(machine), &payloads(from_ms, published..published + AT_ONCE));
            }
            published += AT_ONCE;
            // The pace of a plant; more would only have to be written before the test can end.
            std::thread::sleep(Duration::from_millis(100));
        }
        published
    })
}

/// A running product with a stand-in behind it.
struct Scene {
    folder: tempfile::TempDir,
    server: StandIn,
    foretell: Foretell,
    from_ms: i64,
    published: i64,
}

impl Scene {
    fn start() -> Self {
        let (folder, server) = (tempfile::tempdir().expect("a folder"), StandIn::start());
        let config = config(&format!("http://127.0.0.1:{}", server.port), folder.path());
        let foretell = Foretell::start(folder.path(), &config);
        Self { folder, server, foretell, from_ms: now_ms() - 3_600_000, published: 0 }
    }

    /// Publishes so many readings; returns once all are acknowledged, whatever the server does.
    fn publish(&mut self, readings: i64) {
        let numbers = self.published..self.published + readings;
        publish_lines(self.foretell.mqtt, &topic("m1"), &payloads(self.from_ms, numbers));
        self.published += readings;
    }

    fn metric(&self, name: &str) -> f64 {
        metric(self.foretell.console, name).unwrap_or(0.0)
    }

    fn wait_for_metric(&self, name: &str, is: impl Fn(f64) -> bool) {
        wait_for(name, Duration::from_secs(30), || is(self.metric(name)).then_some(()));
    }

    /// Every reading so far was taken, but for `missing`; what was sent twice was the same twice.
    fn check_taken(&self, missing: &[i64]) {
        let expected: BTreeSet<i64> = (0..self.published).filter(|n| !missing.contains(n)).collect();
        let taken = wait_for("every reading to be taken", Duration::from_secs(60), || {
            let lines: BTreeSet<String> =
                self.server.taken().into_iter().filter(|line| line.starts_with("reading,")).collect();
            let numbers: BTreeSet<i64> = lines.iter().map(|line| self.number(line)).collect();
            (numbers == expected).then_some(lines)
        });
        assert_eq!(taken.len(), expected.len(), "two lines of one series and instant differ");
    }

    /// The number of the reading that a line holds.
    fn number(&self, line: &str) -> i64 {
        let nanos: i64 = line.rsplit(' ').next().and_then(|at| at.parse().ok()).expect("a time at the line's end");
        (nanos / 1_000_000 - self.from_ms) / 1000
    }
}

fn say(status: u16, head: &str, body: &str) -> Reply {
    Reply::Say(status, head.to_owned(), body.to_owned())
}

/// Whether a line is of a measurement.
fn is_of(line: &str, measurement: &str) -> bool {
    line.strip_prefix(measurement).is_some_and(|rest| rest.starts_with(','))
}
