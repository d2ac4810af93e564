//! Against servers as a plant has them: killed in traffic, over TLS, and InfluxDB 2 itself where one is given.

use super::*;

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

/// A data directory with the demo's fleet on its log.
fn demo_fleet(folder: &Path, days: &str) {
    let run = |name: &str, arguments: &[&str]| {
        let output = Command::new(binary(name)).args(arguments).output().expect("a binary of ours runs");
        assert!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let path = |name: &str| folder.join(name).to_str().expect("a path that is UTF-8").to_owned();
    let history = path("history");
    run("foretell-sim", &["generate", "--fleet", "demo", "--days", days, "--every", "20m", "--out", &history]);
    run("foretell", &["import", &history, "--data-dir", &path("data")]);
}

/// A number of a measurement's lines: by tags and milliseconds.
fn numbers(lines: &[String], measurement: &str, field: &str) -> BTreeMap<(BTreeMap<String, String>, i64), f64> {
    let point = |line: &String| {
        let (series, rest) = line.split_once(' ')?;
        let (fields, nanos) = rest.rsplit_once(' ')?;
        let from = fields.find(&format!("{field}=")).filter(|at| *at == 0 || fields.as_bytes()[at - 1] == b',')?;
        let value = fields[from + field.len() + 1..].split(',').next()?.parse().ok()?;
        let tags = series.split(',').skip(1).filter_map(|tag| tag.split_once('='));
        let tags = tags.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(((tags, nanos.parse::<i64>().ok()? / 1_000_000), value))
    };
    lines.iter().filter(|line| is_of(line, measurement)).filter_map(point).collect()
}

/// The server is away while the engine goes through months; then both are killed and started again.
#[test]
fn what_the_engine_concludes_during_an_outage_is_filled_in() {
    const CONCLUDED: [(&str, &str); 4] =
        [("feature", "run_h"), ("health", "excess_k"), ("outlook", "q50_c"), ("forecast", "likelihood")];
    // What would have arrived without an outage.
    let undisturbed = tempfile::tempdir().expect("a folder");
    demo_fleet(undisturbed.path(), "60");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("data")).expect("a folder");
    std::fs::copy(undisturbed.path().join("data/log.db"), folder.path().join("data/log.db")).expect("a copy");
    // The last of the outbox comes and leaves a moment after the engine is level: nothing new, look after look.
    let level = |foretell: &Foretell, names: &[&str], still: &dyn Fn() -> Option<f64>| {
        let (mut last, mut looks) = (None, 0);
        wait_for("everything to be level", Duration::from_secs(120), || {
            let is_zero = |name: &&str| metric(foretell.console, name) == Some(0.0);
            let now = still().filter(|_| names.iter().all(is_zero));
            looks = if now.is_some() && now == last { looks + 1 } else { 0 };
            last = now;
            (looks == 40).then_some(())
        });
    };
    let all = ["foretell_engine_lag_entries", "foretell_influx_lag_entries"];
    let stand_in = StandIn::start();
    let config = |port: u16, folder: &Path| super::config(&format!("http://127.0.0.1:{port}"), folder);
    let foretell = Foretell::start(undisturbed.path(), &config(stand_in.port, undisturbed.path()));
    level(&foretell, &all, &|| Some(stand_in.taken().len() as f64));
    drop(foretell);

    let away = free_port();
    let (console, listen) = (free_port(), free_port());
    let mut foretell = Foretell::start_on(folder.path(), &config(away, folder.path()), console, listen);
    level(&foretell, &all[..1], &|| metric(console, "foretell_influx_outbox_bytes").filter(|bytes| *bytes > 10_000.0));
    assert!(metric(console, "foretell_influx_batches_failed_total").is_some_and(|failed| failed > 0.0));
    assert_eq!(foretell.process.terminate(), Some(0), "a clean stop while the server is away");
    let server = VictoriaMetrics::start_on(folder.path(), away, &["-retentionPeriod=100y".to_owned()]);
    let foretell = Foretell::start_on(folder.path(), &config(away, folder.path()), console, listen);
    level(&foretell, &all, &|| metric(console, "foretell_influx_points_written_total"));
    assert_eq!(metric(console, "foretell_influx_outbox_dropped_total").unwrap_or(0.0), 0.0);
    let lines = stand_in.taken();
    for (measurement, field) in CONCLUDED {
        let (expected, got) = (numbers(&lines, measurement, field), server.points(&format!("{measurement}_{field}")));
        assert!(!expected.is_empty(), "{measurement} {field}: nothing was concluded");
        let missing: Vec<_> = expected.keys().filter(|key| !got.contains_key(*key)).take(3).collect();
        assert_eq!((got.len(), &missing), (expected.len(), &Vec::new()), "{measurement} {field}");
        // The server keeps twelve digits, and of two findings in one millisecond one.
        let other = |(key, value): &(&_, &f64)| expected.get(*key).is_none_or(|other| (other - **value).abs() > 1e-9);
        let differ: Vec<_> = got.iter().filter(other).take(3).collect();
        assert!(differ.is_empty() || measurement == "forecast", "{measurement} {field}: {differ:?}");
    }
}

#[test]
fn what_the_engine_concludes_arrives_and_is_the_same_each_time() {
    let folder = tempfile::tempdir().expect("a folder");
    demo_fleet(folder.path(), "120");
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
    // By another one's it must not either; once the file is exchanged, it goes on by itself.
    openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout other.key -out trusted.pem");
    let foretell = Foretell::start(folder.path(), &format!("{plain}ca_file = \"{}\"\n", file("trusted.pem")));
    let failed = "foretell_influx_batches_failed_total{reason=\"connection\"}";
    wait_for("another authority to be of no use", Duration::from_secs(30), || {
        metric(foretell.console, failed).filter(|times| *times >= 1.0)
    });
    let runs_out = "foretell_certificate_expires_seconds{source=\"influxdb\",whose=\"authority\"}";
    wait_for("when the authority runs out", Duration::from_secs(30), || {
        metric(foretell.console, runs_out).filter(|left_s| (86_400.0..172_800.0).contains(left_s))
    });
    std::fs::copy(file("ca.pem"), file("trusted.pem")).expect("a writable folder");
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
