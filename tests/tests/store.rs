//! The store under a full disk, the archive under SIGKILL, the quarantine beside a running service: with real processes.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use foretell_tests::{Foretell, Mqtt, Running, SmallDisk, binary, export, free_port, get, publish_lines, wait_for};

const PATIENCE: Duration = Duration::from_secs(60);
const TOPIC: &str = "foretell/v1/s1/m1/telemetry";

/// Seconds since 1970, as the test's own clock has them.
#[expect(clippy::disallowed_methods, reason = "the test is a controller, and controllers have clocks")]
fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs()
}

fn reading(ts_ms: u64) -> String {
    format!(r#"{{"ts":{ts_ms},"discharge_temp_c":83.5,"motor_current_a":41.7,"run_hours":{}}}"#, ts_ms / 3_600_000)
}

fn readings(from_s: u64, count: u64) -> Vec<String> {
    (0..count).map(|n| reading((from_s + n) * 1000)).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn readyz(foretell: &Foretell) -> (u16, String) {
    get(foretell.console, "/readyz").map_or((0, String::new()), |answer| (answer.status, answer.body))
}

/// A client that is not ours, publishing at QoS 1 until everything is acknowledged.
fn publisher(foretell: &Foretell, lines: &[String], folder: &Path) -> Running {
    let file = folder.join("lines");
    std::fs::write(&file, lines.join("\n") + "\n").expect("a writable folder");
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!(
        "exec mosquitto_pub -h 127.0.0.1 -p {} -q 1 -t {TOPIC} -l -i full < {}",
        foretell.mqtt,
        file.display()
    ));
    Running::start("mosquitto_pub", command, &folder.join("publisher.log"))
}

/// Fills the disk under a running service, sees it hold what comes, makes room, sees it go on.
fn full_disk(free_min: &str, leaving_mib: u64, expected: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(&folder.path().join("data")) else { return };
    let mut foretell = Foretell::start(folder.path(), &format!("[data]\nfree_min = \"{free_min}\"\n"));
    let start = now_s() - 100_000;
    publish_lines(foretell.mqtt, TOPIC, &readings(start, 100));
    disk.fill_leaving(leaving_mib);
    let mut held = publisher(&foretell, &readings(start + 1_000, 2_000), folder.path());
    wait_for("the service to hold what comes", PATIENCE, || {
        get(foretell.console, "/metrics").filter(|metrics| metrics.body.contains("foretell_ingest_waiting_for_room 1"))
    });
    let (status, said) = readyz(&foretell);
    assert_eq!(status, 503, "{said}");
    assert!(said.contains("readings are not acknowledged") && said.contains(expected), "{said}");
    assert!(held.runs(), "everything was acknowledged on a full disk: {}", held.said());
    disk.empty();
    assert_eq!(held.wait(PATIENCE), Some(0), "{}", held.said());
    wait_for("readiness", PATIENCE, || (readyz(&foretell).0 == 200).then_some(()));
    assert_eq!(foretell.readings(), 2_100);

    // Room comes back while nobody sends anything any more.
    disk.fill_leaving(leaving_mib);
    let mut gone = publisher(&foretell, &readings(start + 10_000, 2_000), folder.path());
    wait_for("the service to hold what comes", PATIENCE, || (readyz(&foretell).0 == 503).then_some(()));
    gone.kill_9();
    disk.empty();
    wait_for("readiness without another message", PATIENCE, || (readyz(&foretell).0 == 200).then_some(()));
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());
}

#[test]
fn a_disk_that_is_nearly_full_holds_acknowledgements_until_there_is_room() {
    full_disk("64MiB", 32, "MiB are free and 64.0 MiB are to stay free");
}

#[test]
fn a_disk_that_is_full_to_the_last_byte_loses_nothing() {
    full_disk("0B", 0, "is full");
}

#[test]
fn a_service_that_starts_on_a_nearly_full_disk_takes_nothing_in_until_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(&folder.path().join("data")) else { return };
    disk.fill_leaving(64);
    let config = "[data]\nfree_min = \"128MiB\"\n";
    let mut foretell = Foretell::start_expecting(503, folder.path(), config, (free_port(), free_port()), |_| {});
    let said = readyz(&foretell).1;
    assert!(said.contains("readings are not acknowledged") && said.contains("128.0 MiB are to stay free"), "{said}");
    let log = foretell.process.said();
    assert!(log.contains("No reading is acknowledged until there is room on the disk"), "{log}");
    assert_eq!(get(foretell.console, "/").map(|page| page.status), Some(200), "pages can be looked at");
    let mut held = publisher(&foretell, &readings(now_s() - 1_000, 500), folder.path());
    wait_for("the service to hold what comes", PATIENCE, || {
        get(foretell.console, "/metrics").filter(|metrics| metrics.body.contains("foretell_ingest_waiting_for_room 1"))
    });
    assert!(held.runs(), "everything was acknowledged: {}", held.said());
    disk.empty();
    assert_eq!(held.wait(PATIENCE), Some(0), "{}", held.said());
    wait_for("readiness", PATIENCE, || (readyz(&foretell).0 == 200).then_some(()));
    assert_eq!(foretell.readings(), 500);
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());
}

#[test]
fn a_start_without_any_room_says_so_and_succeeds_once_there_is_some() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(&folder.path().join("data")) else { return };
    let config = "[data]\nfree_min = \"32MiB\"\n";
    let (console, mqtt) = (free_port(), free_port());
    let mut foretell = Foretell::start_on(folder.path(), config, console, mqtt);
    publish_lines(foretell.mqtt, TOPIC, &readings(now_s() - 1_000, 100));
    foretell.process.kill_9();
    disk.fill_leaving(0);
    let mut again = Command::new(binary("foretell"));
    again.args(["run", "--config"]).arg(folder.path().join("foretell.toml"));
    again.arg("--data-dir").arg(folder.path().join("data")).env("FORETELL__CONSOLE__LISTEN", "127.0.0.1:0");
    let output = again.output().expect("foretell runs");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(74), "{said}");
    assert!(said.contains("0 KiB are free, and a start takes up to 16 MiB. Make room"), "{said}");
    disk.empty();
    let foretell = Foretell::start_on(folder.path(), config, console, mqtt);
    assert_eq!(foretell.readings(), 100);
}

fn command(folder: &Path, arguments: &[&str]) -> Output {
    let data = folder.join("data");
    let output = Command::new(binary("foretell")).args(arguments).arg("--data-dir").arg(data).output();
    output.expect("foretell runs")
}

/// Runs a command that must succeed; what it printed.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// To take data elsewhere is how one makes room.
#[test]
fn on_a_full_disk_everything_can_be_looked_at_and_taken_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::mount(&folder.path().join("data")) else { return };
    let (console, mqtt) = (free_port(), free_port());
    let config = "[data]\nfree_min = \"0B\"\n";
    let mut foretell = Foretell::start_on(folder.path(), config, console, mqtt);
    publish_lines(foretell.mqtt, TOPIC, &readings(now_s() - 1_000, 100));
    publish_lines(foretell.mqtt, "nobody/knows", &["this".to_owned()]);
    let out = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let check = |when: &str| {
        // Twice, because the first one may leave what the second one trips over.
        for n in 0..2 {
            let exported = said(folder.path(), &["export", "--out", &out("out.csv")]);
            assert!(exported.contains("100 readings in"), "{when}, {n}: {exported}");
            let refused = said(folder.path(), &["quarantine", "list"]);
            assert!(refused.contains("1 unknown_topic"), "{when}, {n}: {refused}");
            said(folder.path(), &["archive", "check"]);
        }
    };
    disk.fill_leaving(0);
    check("beside the service");
    foretell.process.kill_9();
    check("after a kill");
    disk.empty();
    let mut foretell = Foretell::start_on(folder.path(), config, console, mqtt);
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());
    disk.fill_leaving(0);
    check("after a clean stop");
    disk.empty();
    assert_eq!(Foretell::start_on(folder.path(), config, console, mqtt).readings(), 100);
}

const MAPPING: &str = "[[mapping]]\ntopic = \"plant/{site}/{machine}/data\"\nts = { at = \"/t\", format = \"s\" }\n\
    signals.discharge_temp_c = \"/temp\"\nsignals.motor_current_a = \"/amps\"\nsignals.run_hours = \"/hours\"\n";

#[test]
fn a_mended_configuration_takes_refused_input_from_the_quarantine_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut foretell = Foretell::start(folder.path(), "");
    let foreign = |n: u64| format!(r#"{{"t":{},"temp":80.5,"amps":40,"hours":100}}"#, now_s() - 1_000 + n);
    publish_lines(foretell.mqtt, "plant/s1/k2/data", &(0..5).map(foreign).collect::<Vec<_>>());
    let broken = format!(r#"{{"t":"soon","temp":80.5,"amps":40,"hours":100,"n":{}}}"#, 1);
    publish_lines(foretell.mqtt, "plant/s1/k2/data", &[broken]);
    // A clock that is some seconds further ahead than is allowed: refused now, sound as soon as ours has caught up. So many
    // seconds that a busy computer cannot let them pass before the reading arrives.
    publish_lines(foretell.mqtt, TOPIC, &[reading((now_s() + 615) * 1000)]);

    let list = said(folder.path(), &["quarantine", "list", "--machine", "s1/k2"]);
    assert!(list.contains("6 unknown_topic") && list.contains("plant/s1/k2/data") && !list.contains(TOPIC), "{list}");
    let api = get(foretell.console, "/api/v1/quarantine?machine=s1%2Fm1").expect("an answer").body;
    assert!(api.contains("\"from_future\"") && !api.contains("unknown_topic"), "{api}");
    let page = get(foretell.console, "/quarantine?reason=unknown_topic").expect("an answer").body;
    assert!(page.contains("plant/s1/k2/data") && page.contains("Unknown topic (6)"), "{page}");
    let clocks = get(foretell.console, "/api/v1/clocks").expect("an answer").body;
    assert!(clocks.contains("\"refused_ahead\":1"), "{clocks}");
    let jsonl = folder.path().join("refused.jsonl");
    let exported = said(folder.path(), &["quarantine", "export", "--out", &jsonl.to_string_lossy()]);
    assert!(exported.starts_with("7 items in"), "{exported}");
    for line in std::fs::read_to_string(&jsonl).expect("an exported file").lines() {
        let item: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        assert!(item["reason"].is_string() && item["raw"].is_string(), "{item}");
    }

    let mended = folder.path().join("mended.toml");
    std::fs::write(&mended, MAPPING).expect("a writable folder");
    let mended = mended.to_string_lossy();
    let replay = ["quarantine", "replay", "--config", &mended, "--reason", "unknown_topic"];
    let dry = said(folder.path(), &[&replay[..], &["--dry-run"]].concat());
    assert!(dry.contains("5 items would be admitted as 5 events, 1 would be still refused (1 bad_time)"), "{dry}");
    let done = said(folder.path(), &replay);
    assert!(done.contains("5 items are admitted as 5 events"), "{done}");
    assert!(done.contains("the running service has taken them to the log"), "{done}");
    assert_eq!(foretell.readings(), 5);
    let again = said(folder.path(), &replay);
    assert!(again.contains("nothing is admitted, 1 item is still refused (1 bad_time)"), "{again}");
    assert_eq!(foretell.process.terminate(), Some(0));

    // Without a service the command takes it to the log itself.
    wait_for("our clock to catch up", PATIENCE, || {
        let done = said(folder.path(), &["quarantine", "replay", "--reason", "from_future"]);
        done.contains("1 event is on the log").then_some(())
    });
    assert_eq!(foretell.readings(), 6);
}

/// On a topic that nothing claims yet nobody can say whose a message is, so it is refused for that and not for want of rights.
/// Once a mapping claims it, it speaks for no machine that its sender may not speak for.
#[test]
fn what_a_login_sent_is_tried_again_with_its_rights() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("plc.secret"), "a-password\n").expect("a writable folder");
    let user = |name: &str| {
        let secret = folder.path().join("plc.secret");
        format!("[[mqtt.user]]\nname = \"{name}\"\npassword_file = \"{}\"\nmachines = [\"s1/*\"]\n", secret.display())
    };
    let mut foretell = Foretell::start(folder.path(), &user("plc"));
    let payload = format!(r#"{{"t":{},"temp":80.5,"amps":40,"hours":100}}"#, now_s() - 1_000);
    let mut client = Mqtt::connect(foretell.mqtt, "plc-1", Some(("plc", "a-password"))).expect("let in");
    for machine in ["s1/k2", "s2/k1"] {
        assert!(client.publish(&format!("plant/{machine}/data"), &payload), "acknowledged");
    }
    drop(client);
    let list = said(folder.path(), &["quarantine", "list"]);
    assert!(list.contains("2 unknown_topic") && list.contains(" listener/plc plant/s2/k1/data"), "{list}");
    let replay = |user: &str, expected: &str| {
        let mended = folder.path().join("mended.toml");
        std::fs::write(&mended, format!("{user}{MAPPING}")).expect("a writable folder");
        let done = said(folder.path(), &["quarantine", "replay", "--config", &mended.to_string_lossy()]);
        assert!(done.contains(expected), "{done}");
    };
    replay(&user("another"), "nothing is admitted, 2 items are still refused (2 not_authorised)");
    replay(&user("another"), "no [[mqtt.user]] of this configuration (`plc`) may be about no machine");
    replay(&user("plc"), "1 item is admitted as 1 event, 1 is still refused (1 not_authorised)");
    assert_eq!(foretell.readings(), 1);
    let exported = export(folder.path());
    assert!(exported.contains(",s1,k2,") && !exported.contains(",s2,"), "{exported}");
    // Whoever came without a name, while that was allowed, speaks for nobody once it is not.
    publish_lines(foretell.mqtt, "plant/s3/k1/data", &[payload]);
    let closed = format!("[mqtt]\nanonymous = \"nobody\"\n{}", user("another"));
    replay(&closed, "1 item without a name may be about no machine");
    replay("", "1 item is admitted as 1 event");
    assert_eq!(foretell.process.terminate(), Some(0));
}

#[test]
fn two_that_try_refused_input_again_at_once_bring_each_reading_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut foretell = Foretell::start(folder.path(), "");
    let foreign = |n: u64| format!(r#"{{"t":{},"temp":80.5,"amps":40,"hours":100}}"#, now_s() - 10_000 + n);
    publish_lines(foretell.mqtt, "plant/s1/k2/data", &(0..2_000).map(foreign).collect::<Vec<_>>());
    assert_eq!(foretell.process.terminate(), Some(0));
    let mended = folder.path().join("mended.toml");
    std::fs::write(&mended, MAPPING).expect("a writable folder");
    let mended = mended.to_string_lossy();
    let replay = ["quarantine", "replay", "--config", &mended];

    // While somebody is at it, another one is turned away.
    let lock = std::fs::File::create(folder.path().join("data/replay.lock")).expect("a writable folder");
    lock.lock().expect("nobody else has it");
    let output = command(folder.path(), &replay);
    let said = text(&output.stderr);
    assert_eq!(
        (output.status.code(), said.contains("another `foretell quarantine replay` is at work")),
        (Some(69), true)
    );
    drop(lock);

    let both: Vec<Output> = std::thread::scope(|scope| {
        let both = [0; 2].map(|_| scope.spawn(|| command(folder.path(), &replay)));
        both.map(|one| one.join().expect("it ran")).into()
    });
    let codes: Vec<_> = both.iter().map(|output| output.status.code()).collect();
    assert!(codes.contains(&Some(0)) && codes.iter().all(|code| [Some(0), Some(69)].contains(code)), "{codes:?}");
    assert_eq!(distinct(&foretell.export()), 2_000);
}

#[test]
fn readings_of_long_ago_are_refused_until_somebody_wants_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut foretell = Foretell::start_with(folder.path(), "", free_port(), free_port(), |command| {
        command.env_remove("FORETELL__MQTT__AGE_MAX");
    });
    let of_day = |day: u64| reading(day * 86_400_000);
    let (today, old) = (now_s() / 86_400, (0..300).map(|n| of_day(n * 50)));
    // A clock that has lost its battery, or somebody who means harm: one reading of each of many days.
    publish_lines(foretell.mqtt, TOPIC, &old.chain([of_day(today), of_day(today - 399)]).collect::<Vec<_>>());
    assert_eq!(foretell.readings(), 2);
    let list = said(folder.path(), &["quarantine", "list", "--max", "1"]);
    assert!(list.contains("300 too_old") && list.contains("is the most taken (`[mqtt] age_max`)"), "{list}");
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());
    let wanted = folder.path().join("wanted.toml");
    std::fs::write(&wanted, "[mqtt]\nage_max = \"forever\"\n").expect("a writable folder");
    said(folder.path(), &["quarantine", "replay", "--config", &wanted.to_string_lossy()]);
    assert_eq!(foretell.readings(), 302);
}

/// Days of history in a file: a reading a minute of two machines.
fn history(folder: &Path, days: u64) -> usize {
    let mut rows = "ts,site,machine,discharge_temp_c,motor_current_a,run_hours\n".to_owned();
    // The 1st of June 2026.
    let start_ms = 1_780_272_000_000_u64;
    for minute in 0..days * 1_440 {
        for machine in ["m1", "m2"] {
            let (ts, temp_c) = (start_ms + minute * 60_000, 80.0 + (minute % 50) as f64 / 10.0);
            rows.push_str(&format!("{ts},s1,{machine},{temp_c:.1},40,{}\n", 100 + minute / 60));
        }
    }
    std::fs::write(folder.join("history.csv"), &rows).expect("a writable folder");
    rows.lines().count() - 1
}

/// Lines of an export, each of which must be there once.
fn distinct(export: &str) -> usize {
    let mut lines: Vec<&str> = export.lines().skip(1).collect();
    let all = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), all, "a reading is there twice");
    all
}

/// Rows that the log itself still holds, by a tool that is not ours.
fn on_the_log(folder: &Path) -> usize {
    let script =
        "import sqlite3,sys;print(sqlite3.connect(sys.argv[1]).execute('select count(*) from log').fetchone()[0])";
    let asked = Command::new("/usr/bin/python3").args(["-c", script]).arg(folder.join("data/log.db")).output();
    let asked = asked.expect("python3 runs");
    text(&asked.stdout).trim().parse().unwrap_or_else(|_| panic!("{}", text(&asked.stderr)))
}

#[test]
fn killed_while_it_archives_and_drops_the_service_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = history(folder.path(), 6);
    let file = folder.path().join("history.csv");
    let imported = said(folder.path(), &["import", &file.to_string_lossy()]);
    assert!(imported.contains(&format!("{rows} events are new on the log")), "{imported}");

    let config = "[data]\narchive_every = \"100ms\"\nkeep_readings = \"1d\"\n[engine]\nsnapshot_interval = \"1s\"\n";
    let (console, mqtt) = (free_port(), free_port());
    let archive = folder.path().join("data/archive");
    let archived = || {
        let names = std::fs::read_dir(&archive).into_iter().flatten().flatten().map(|entry| entry.file_name());
        names
            .filter(|name| name.to_string_lossy().ends_with(".parquet") && !name.to_string_lossy().starts_with('.'))
            .count()
    };
    for kill in 1..=5 {
        let mut foretell = Foretell::start_on(folder.path(), config, console, mqtt);
        wait_for("another day in the archive", PATIENCE, || (archived() >= kill).then_some(()));
        foretell.process.kill_9();
        assert_eq!(distinct(&foretell.export()), rows, "after kill {kill}");
    }
    let mut foretell = Foretell::start_on(folder.path(), config, console, mqtt);
    wait_for("all days in the archive and off the log", PATIENCE, || {
        (archived() == 6 && on_the_log(folder.path()) <= 1).then_some(())
    });
    assert_eq!(distinct(&foretell.export()), rows);
    // Pages do not see the difference.
    let from_archive = "/api/v1/machines/s1/m1/readings?from=2026-06-02T00:00:00Z&to=2026-06-03T00:00:00Z&max=10000";
    let answer = get(console, from_archive).expect("an answer").body;
    assert_eq!(answer.matches("\"discharge_temp_c\"").count(), 1_440);
    // A reading that is months late joins its day's file.
    let late = r#"{"ts":"2026-06-02T00:00:30Z","discharge_temp_c":99.5,"motor_current_a":40,"run_hours":100}"#;
    let sum = archive.join("2026-06-02.parquet.sha256");
    let before = std::fs::read_to_string(&sum).expect("a checksum");
    publish_lines(foretell.mqtt, TOPIC, &[late.to_owned()]);
    wait_for("the day's file to be written again", PATIENCE, || {
        (std::fs::read_to_string(&sum).ok()? != before).then_some(())
    });
    let export = foretell.export();
    assert_eq!(distinct(&export), rows + 1);
    assert!(export.contains("2026-06-02T00:00:30Z,s1,m1,99.5"));
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());
}
