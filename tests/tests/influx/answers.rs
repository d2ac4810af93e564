//! Against a stand-in that answers whatever a server may answer.

use super::*;

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
