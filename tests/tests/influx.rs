//! The plant's history store: against a real server that is killed in traffic, against one that answers whatever a server may
//! answer, over TLS, and, where one is given, against InfluxDB 2 itself.

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

#[test]
fn an_outage_is_filled_in_and_nothing_is_there_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path());
    let mut server = VictoriaMetrics::start(folder.path());
    let mqtt = format!("[mqtt]\nurl = \"mqtt://127.0.0.1:{}\"\nclient_id = \"foretell-influx-test\"\n", broker.port);
    let config = format!("{mqtt}{}", config(&format!("http://127.0.0.1:{}", server.port), folder.path()));
    let (console, listen) = (free_port(), free_port());
    let mut foretell = Foretell::start_on(folder.path(), &config, console, listen);
    let from_ms = now_ms() - 48 * 3_600_000;
    let port = broker.port;
    // What is published before the broker knows of our session would be nobody's.
    wait_for("the session at the broker", Duration::from_secs(30), || {
        publish_lines(port, &topic("m0"), &payloads(now_ms(), 0..1));
        (metric(console, "foretell_log_rows_total")? > 0.0).then_some(())
    });
    let enough = Arc::new(AtomicBool::new(false));
    let publishing = publish_until(Arc::clone(&enough), port, from_ms);
    // In every order: the server alone, us alone, both, us while the server is away.
    for (round, order) in ["s", "f", "sf", "fs"].into_iter().enumerate() {
        let written = metric(console, "foretell_influx_points_written_total").unwrap_or(0.0);
        wait_for("points to flow", Duration::from_secs(60), || {
            (metric(console, "foretell_influx_points_written_total")? > written + 500.0).then_some(())
        });
        for victim in order.chars() {
            match victim {
                's' => server.kill_9(),
                _ => foretell.process.kill_9(),
            }
        }
        if order.contains('f') {
            foretell = Foretell::start_on(folder.path(), &config, console, listen);
        }
        if order.contains('s') {
            wait_for(&format!("round {round} to notice that the server is away"), Duration::from_secs(30), || {
                (metric(console, "foretell_influx_batches_failed_total")? > 0.0).then_some(())
            });
            assert_eq!(get(console, "/readyz").map(|answer| answer.status), Some(200), "its absence holds up nobody");
            server.start_again();
        }
    }
    enough.store(true, Ordering::Relaxed);
    let published: i64 = publishing.join().expect("every reading was published");
    wait_for("every reading on the log", Duration::from_secs(60), || {
        let export = foretell.export();
        let readings = export.lines().filter(|line| line.contains(",m1,") || line.contains(",m2,")).count();
        (readings as i64 >= 2 * published).then_some(())
    });
    wait_until_level(&foretell, 0.0);
    let expected = |value: fn(i64) -> f64| -> BTreeMap<(String, String, i64), f64> {
        let key = |machine: &str, n: i64| ("s1".to_owned(), machine.to_owned(), from_ms + n * 1000);
        ["m1", "m2"].into_iter().flat_map(|m| (0..published).map(move |n| (key(m, n), value(n)))).collect()
    };
    let compare = |metric: &str, value: fn(i64) -> f64| {
        let (mut got, expected) = (server.values(metric), expected(value));
        got.retain(|(_, machine, _), _| machine != "m0");
        let missing: Vec<_> = expected.keys().filter(|key| !got.contains_key(*key)).take(3).collect();
        assert_eq!((got.len(), &missing), (expected.len(), &Vec::new()), "{metric}");
        let other = got.iter().find(|(key, value)| expected.get(*key) != Some(*value));
        assert_eq!(other, None, "{metric}");
    };
    compare("reading_discharge_temp_c", |n| 80.0 + (n % 97) as f64 / 8.0);
    compare("reading_run_hours", |n| 4000.0 + (n / 64) as f64 / 8.0);
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
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

#[test]
fn a_busy_server_is_left_alone_for_as_long_as_it_asks() {
    let mut scene = Scene::start();
    for status in [429, 503] {
        let mut refused = false;
        scene.server.rule(move |_: &Write| {
            // The empty write that asks for the pause is refused like any other.
            let busy = say(status, "Retry-After: 3\r\n", "{\"code\":\"too many requests\"}");
            if std::mem::replace(&mut refused, false) { Reply::Take } else { busy }
        });
        scene.publish(100);
        let failed = scene.metric("foretell_influx_batches_failed_total");
        scene.wait_for_metric("foretell_influx_batches_failed_total", |now| now > failed);
        let asked_at = scene.server.writes().last().map(|(write, _)| write.at).expect("a write");
        scene.server.rule(|_| Reply::Take);
        scene.check_taken(&[]);
        let (first, _) = scene.server.writes().into_iter().next().expect("a write after the pause");
        assert!(first.at - asked_at >= Duration::from_secs(3), "{status}: back after {:?}", first.at - asked_at);
    }
    scene.server.rule(|_| say(500, "", "oops"));
    scene.publish(10);
    let failed = scene.metric("foretell_influx_batches_failed_total");
    scene.wait_for_metric("foretell_influx_batches_failed_total", |now| now > failed + 2.0);
    scene.server.rule(|_| Reply::Take);
    scene.check_taken(&[]);
}

#[test]
fn a_bad_line_costs_only_itself_and_is_put_aside() {
    let mut scene = Scene::start();
    scene.publish(50);
    scene.check_taken(&[]);
    let bad_ms = scene.from_ms + 777 * 1000;
    scene.server.rule(move |write: &Write| match write.lines.contains(&format!(" {bad_ms}000000\n")) {
        true => say(400, "", r#"{"code":"invalid","message":"unable to parse"}"#),
        false => Reply::Take,
    });
    scene.publish(1_500);
    scene.check_taken(&[777]);
    scene.wait_for_metric("foretell_influx_points_refused_total", |refused| refused == 1.0);
    let aside = std::fs::read_to_string(scene.folder.path().join("data/influx-refused.lp")).expect("lines put aside");
    let lines: Vec<&str> = aside.lines().collect();
    assert_eq!(lines.len(), 2, "{aside}");
    assert!(lines[0].starts_with("# 400") && lines[0].contains("unable to parse"), "{aside}");
    assert_eq!(scene.number(lines[1]), 777);
    // A server, or a proxy before it, that takes small requests only.
    scene.server.rule(|write: &Write| match write.lines.len() {
        8_193.. => say(413, "", "request entity too large"),
        _ => Reply::Take,
    });
    scene.publish(1_000);
    scene.check_taken(&[777]);
    assert_eq!(scene.metric("foretell_influx_points_refused_total"), 1.0);
}

#[test]
fn a_refused_token_stops_it_until_there_is_a_better_one() {
    let mut scene = Scene::start();
    scene.server.rule(|write: &Write| match write.head.contains("Token the-second-token") {
        true => Reply::Take,
        false => say(401, "", r#"{"code":"unauthorized","message":"unauthorized access"}"#),
    });
    scene.publish(200);
    scene.wait_for_metric("foretell_influx_stopped", |stopped| stopped == 1.0);
    scene.publish(200);
    assert_eq!(get(scene.foretell.console, "/readyz").map(|answer| answer.status), Some(200), "readings are taken in");
    wait_for("the log to name the remedy", Duration::from_secs(10), || {
        let said = scene.foretell.process.said();
        (said.contains("token_file") && said.contains("unauthorized access")).then_some(())
    });
    let ingest = get(scene.foretell.console, "/api/v1/ingest").expect("the API answers").body;
    assert!(ingest.contains(r#""state":"stopped""#) && ingest.contains("token_file"), "{ingest}");
    let page = get(scene.foretell.console, "/ingest").expect("the page answers").body;
    assert!(page.contains("InfluxDB") && page.contains("token_file"), "{page}");
    assert!(!scene.foretell.process.said().contains("the-first-token"), "a token in the log");
    std::fs::write(scene.folder.path().join("token"), "the-second-token\n").expect("a writable token");
    scene.check_taken(&[]);
    scene.wait_for_metric("foretell_influx_stopped", |stopped| stopped == 0.0);
}

#[test]
fn another_bucket_is_written_to_without_a_restart() {
    let mut scene = Scene::start();
    scene.server.rule(|write: &Write| match write.head.contains("bucket=compressors") {
        true => Reply::Take,
        false => say(404, "", r#"{"code":"not found","message":"bucket \"foretell\" not found"}"#),
    });
    scene.publish(200);
    scene.wait_for_metric("foretell_influx_stopped", |stopped| stopped == 1.0);
    let config = config(&format!("http://127.0.0.1:{}", scene.server.port), scene.folder.path());
    scene.foretell.configure(&config.replace("bucket = \"foretell\"", "bucket = \"compressors\""));
    scene.foretell.process.signal("HUP");
    scene.check_taken(&[]);
    scene.wait_for_metric("foretell_influx_stopped", |stopped| stopped == 0.0);
    scene.foretell.configure("");
    scene.foretell.process.signal("HUP");
    wait_for("the log to name what waits", Duration::from_secs(10), || {
        scene.foretell.process.said().contains("[influxdb] whether there is one").then_some(())
    });
}

#[test]
fn a_server_that_hangs_holds_up_nobody() {
    let mut scene = Scene::start();
    scene.server.rule(|_| Reply::Hang);
    scene.publish(3_000);
    scene.wait_for_metric("foretell_influx_batches_failed_total", |failed| failed >= 2.0);
    scene.server.rule(|_| Reply::Take);
    scene.check_taken(&[]);
    scene.wait_for_metric("foretell_influx_lag_entries", |behind| behind == 0.0);
}

/// Whether a line is of a measurement.
fn is_of(line: &str, measurement: &str) -> bool {
    line.strip_prefix(measurement).is_some_and(|rest| rest.starts_with(','))
}

#[test]
fn what_the_engine_concludes_arrives_and_is_the_same_each_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let history = folder.path().join("history");
    let run = |name: &str, arguments: &[&str]| {
        let output = Command::new(binary(name)).args(arguments).output().expect("a binary of ours runs");
        assert!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let path = |path: &Path| path.to_str().expect("a path that is UTF-8").to_owned();
    run("foretell-sim", &["generate", "--fleet", "demo", "--days", "120", "--every", "20m", "--out", &path(&history)]);
    run("foretell", &["import", &path(&history), "--data-dir", &path(&folder.path().join("data"))]);
    let server = StandIn::start();
    let config = config(&format!("http://127.0.0.1:{}", server.port), folder.path());
    let (console, listen) = (free_port(), free_port());
    // Killed while it catches up: what was said before is said again, to the letter.
    for lines in [2_000, 40_000] {
        let mut foretell = Foretell::start_on(folder.path(), &config, console, listen);
        wait_for("lines to flow", Duration::from_secs(60), || (server.taken().len() > lines).then_some(()));
        foretell.process.kill_9();
    }
    let foretell = Foretell::start_on(folder.path(), &config, console, listen);
    let level = |name: &str| metric(console, name).is_some_and(|behind| behind == 0.0);
    wait_for("engine and writer to be level", Duration::from_secs(120), || {
        let days = server.taken().iter().filter(|line| is_of(line, "feature")).count();
        (level("foretell_engine_lag_entries") && level("foretell_influx_lag_entries") && days > 0).then_some(())
    });
    // The last of the outbox leaves a moment after the engine is level: nothing new, look after look.
    let (mut last, mut still) = (0, 0);
    wait_for("the outbox to be empty", Duration::from_secs(60), || {
        let before = std::mem::replace(&mut last, server.taken().len());
        still = if before == last { still + 1 } else { 0 };
        (still == 40).then_some(())
    });
    let mut points: BTreeMap<(String, String), String> = BTreeMap::new();
    for line in server.taken() {
        let (series, rest) = line.split_once(' ').expect("a series");
        let at = rest.rsplit(' ').next().expect("a time");
        let before = points.insert((series.to_owned(), at.to_owned()), line.clone());
        assert!(
            before.as_ref().is_none_or(|before| *before == line),
            "said twice and differently:\n{before:?}\n{line}"
        );
    }
    let count = |measurement: &str| points.values().filter(|line| is_of(line, measurement)).count();
    let counts = ["reading", "feature", "health", "outlook", "forecast"].map(|name| (name, count(name)));
    let readings = foretell.readings();
    assert_eq!(counts[0], ("reading", readings), "{counts:?}");
    // Twelve machines, so many days, the last one open; forecasts once a machine is learned.
    assert!(counts[1].1 >= 12 * 100 && counts[2].1 == counts[1].1, "{counts:?}");
    assert!(counts[3].1 > 0 && counts[4].1 > 0, "{counts:?}");
    let sample = points
        .values()
        .find(|line| is_of(line, "forecast") && line.contains("event=prediction") && line.contains("rul_p50_days="));
    let sample = sample.expect("a forecast in the demo's fleet");
    for part in ["fault=", "likelihood=", "rul_p10_days=", "within_30d=", "text=\""] {
        assert!(sample.contains(part), "{part} is missing in {sample}");
    }
}

#[test]
fn speaks_tls_to_a_server_of_the_plants_own_authority() {
    let folder = tempfile::tempdir().expect("a folder");
    let openssl = |arguments: &str| {
        let output = Command::new("openssl").current_dir(folder.path()).args(arguments.split(' ')).output();
        let output = output.expect("openssl runs (Debian package openssl)");
        assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    };
    openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem");
    openssl("req -newkey rsa:2048 -nodes -subj /CN=influx -keyout server.key -out server.csr");
    std::fs::write(folder.path().join("san"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        .expect("a writable folder");
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out server.pem");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let flags = [
        "-tls".to_owned(),
        format!("-tlsCertFile={}", file("server.pem")),
        format!("-tlsKeyFile={}", file("server.key")),
    ];
    let server = VictoriaMetrics::start_on(folder.path(), free_port(), &flags);
    let plain = config(&format!("https://localhost:{}", server.port), folder.path());
    let from_ms = now_ms() - 600_000;
    // Without the authority it must not speak at all.
    let mut foretell = Foretell::start(folder.path(), &plain);
    publish_lines(foretell.mqtt, &topic("m1"), &payloads(from_ms, 0..100));
    wait_for("the certificate to be refused", Duration::from_secs(30), || {
        foretell.process.said().contains("certificate").then_some(())
    });
    let written = metric(foretell.console, "foretell_influx_points_written_total");
    assert!(written.is_none_or(|points| points == 0.0), "nothing was written, but {written:?}");
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop");
    let foretell = Foretell::start(folder.path(), &format!("{plain}ca_file = \"{}\"\n", file("ca.pem")));
    wait_for("points over TLS", Duration::from_secs(30), || {
        (metric(foretell.console, "foretell_influx_points_written_total")? >= 100.0).then_some(())
    });
    wait_until_level(&foretell, 0.0);
}

/// Against InfluxDB 2 itself, where one is given; it says loudly when none is.
#[test]
fn is_read_back_from_influxdb_by_flux() {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let Some((url, token)) = variable("FORETELL_TEST_INFLUX_URL").zip(variable("FORETELL_TEST_INFLUX_TOKEN")) else {
        foretell_tests::say(
            "!!! NOT TESTED: InfluxDB 2 itself; set FORETELL_TEST_INFLUX_URL and FORETELL_TEST_INFLUX_TOKEN (and _ORG, _BUCKET)",
        );
        return;
    };
    let org = variable("FORETELL_TEST_INFLUX_ORG").unwrap_or_else(|| "foretell".to_owned());
    let bucket = variable("FORETELL_TEST_INFLUX_BUCKET").unwrap_or_else(|| "foretell".to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("token"), &token).expect("a writable folder");
    let config = config(&url, folder.path());
    std::fs::write(folder.path().join("token"), &token).expect("a writable folder");
    let config = config
        .replace("org = \"plant\"", &format!("org = \"{org}\""))
        .replace("bucket = \"foretell\"", &format!("bucket = \"{bucket}\""));
    let foretell = Foretell::start(folder.path(), &config);
    let (from_ms, machine) = (now_ms() - 3_600_000, format!("m{}", now_ms()));
    publish_lines(foretell.mqtt, &topic(&machine), &payloads(from_ms, 0..1_000));
    wait_until_level(&foretell, 1_000.0);
    let flux = format!(
        r#"from(bucket: "{bucket}") |> range(start: -1d, stop: 1d) |> filter(fn: (r) => r._measurement == "reading" and r.machine == "{machine}" and r._field == "discharge_temp_c") |> keep(columns: ["_time", "_value"])"#
    );
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--fail-with-body", "--header", "Content-Type: application/vnd.flux"])
        .args(["--header", "Accept: application/csv", "--header", &format!("Authorization: Token {token}")])
        .args(["--data-binary", &flux, &format!("{url}/api/v2/query?org={org}")])
        .output()
        .expect("curl runs");
    let answer = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{answer}");
    let values: Vec<f64> = answer.lines().filter_map(|line| line.trim().rsplit(',').next()?.parse().ok()).collect();
    let mut expected: Vec<f64> = (0..1_000).map(|n| 80.0 + (n % 97) as f64 / 8.0).collect();
    let mut values_sorted = values;
    values_sorted.sort_by(f64::total_cmp);
    expected.sort_by(f64::total_cmp);
    assert_eq!(values_sorted, expected);
}
