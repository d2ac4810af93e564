//! A log, a quarantine or curves that are damaged, as an operator meets them: what each command and the running service says, what is
//! saved, and what is never acknowledged.

use std::collections::BTreeSet;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use foretell_tests::{
    Foretell, KEEPING, Mqtt, Page, Running, StandIn, archived_days, ask, binary, check, free_port, get, import_days,
    metric, publish_lines, run, wait_for,
};

const PATIENCE: Duration = Duration::from_secs(60);
const TOPIC: &str = "foretell/v1/s1/m1/telemetry";

#[test]
fn a_damaged_log_is_bad_data_with_a_remedy_and_what_can_be_read_is_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let rows = import_days(folder.path(), &data, 10);
    let log = std::fs::File::options().write(true).open(data.join("log.db")).expect("a log");
    let length = log.metadata().expect("its length").len();
    log.write_all_at(&vec![0xee; length as usize / 4], length / 2).expect("room");
    let out = folder.path().join("x.csv");
    let expected = ["log.db, which is damaged. Restore it from a backup", "`foretell export --out FILE.parquet` saves"];
    let said = check(&data, &["export", "--out", &out.to_string_lossy()], 65, &expected);
    let saved = std::fs::read_to_string(out).expect("a file").lines().count() - 1;
    assert!(
        (rows / 2..rows).contains(&saved) && said.contains(&format!("{saved} readings in")),
        "{saved} of {rows}: {said}"
    );
}

/// Pages that lead to others, or stand alone, one after the other: nothing of the readings is lost with any of them.
#[test]
fn whatever_page_is_damaged_every_command_goes_as_far_as_it_can() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut foretell, data) = archived_days(folder.path());
    publish_lines(foretell.mqtt, TOPIC, &(0..3_000).map(reading).collect::<Vec<_>>());
    let all = 3 * 1_440 + 3_000;
    assert_eq!((foretell.readings(), foretell.process.terminate()), (all, Some(0)));
    // The fourth day may be archived whole before the service ends: then its last page holds nothing that stands there alone.
    let whole = foretell.process.said().contains("2026-07-01.parquet readings=3000");
    let [out, copy, spoilt] = ["x.csv", "copy", "spoilt"].map(|name| folder.path().join(name));
    let file = out.to_string_lossy().into_owned();
    let export = ["export", "--out", &file];
    let root = |name: &str| format!("select rootpage from sqlite_schema where name = '{name}'");
    let last = "select pageno from dbstat where name = 'log' and pagetype = 'leaf' order by path desc limit 1";
    let roots = ["log", "log_identity", "machines", "days", "birth", "cursors"].map(root);
    for number in roots.iter().map(String::as_str).chain(["select 1", last]) {
        drop(std::fs::remove_dir_all(&spoilt));
        assert!(Command::new("cp").arg("-a").args([&data, &spoilt]).status().is_ok_and(|copied| copied.success()));
        drop(Page::spoil(&spoilt, "log.db", number));
        let (code, said) = run(&spoilt, &export);
        let loses = number == last && !whole;
        let lacking = if loses { 1..200 } else { 0..1 };
        let saved = saved(&out);
        assert!(lacking.contains(&(all - saved)), "{number}: {saved} of {all}: {said}");
        // What an export does not need is no matter to it.
        assert!(code == 65 || code == 0 && number.contains("'cursors'"), "{number}: {code}, {said}");
        assert!(code == 0 || said.contains("the log is damaged: ") && said.contains("deploy/README.md"), "{said}");
        assert_eq!(loses, said.contains("entries of the log that cannot be read, in one stretch"), "{said}");
        let (code, said) = run(&spoilt, &["archive", "check"]);
        assert!([0, 65].contains(&code) && said.contains(" archived days are there and whole"), "{number}: {said}");
        let (code, said) = run(&spoilt, &["backup", "--to", &copy.to_string_lossy()]);
        assert!(
            code == 0 || code == 65 && said.contains("`foretell export --out FILE.parquet` saves"),
            "{number}: {said}"
        );
        drop(std::fs::remove_dir_all(&copy));
        runs_not_ready_or_ends_with_a_remedy(folder.path(), &spoilt, number);
    }
    // Without any log, the archive: the three days, and as much of the fourth as was written before the service ended.
    std::fs::remove_file(data.join("log.db")).expect("it is there");
    check(&data, &export, 65, &[" readings in", "there is no log in"]);
    assert!((3 * 1_440..=all).contains(&saved(&out)));
}

/// How many readings an exported file has.
fn saved(out: &Path) -> usize {
    std::fs::read_to_string(out).expect("a file").lines().count() - 1
}

/// Starts the service on a damaged log: it ends at once with what to do, or says so on `/readyz` before it acknowledges anything.
fn runs_not_ready_or_ends_with_a_remedy(folder: &Path, data: &Path, number: &str) {
    let console = free_port();
    let mut command = Command::new(binary("foretell"));
    command.args(["run", "--data-dir"]).arg(data).env("FORETELL__CONSOLE__LISTEN", format!("127.0.0.1:{console}"));
    command.env("FORETELL__MQTT__LISTEN", "127.0.0.1:0");
    let log = folder.join("damaged.log");
    drop(std::fs::remove_file(&log));
    let mut service = Running::start("foretell", command, &log);
    let harmless = number.contains("'cursors'") || number.contains("'days'");
    wait_for(&format!("an end or an answer, {number} damaged"), PATIENCE, || {
        let answer = get(console, "/readyz");
        let tells = |said: &str| said.contains("Restore it from a backup") && said.contains("foretell export --out");
        match answer {
            Some(answer) => (answer.status == 503 && tells(&answer.body) || harmless).then_some(()),
            None if service.runs() => None,
            None => tells(&service.said()).then_some(()),
        }
    });
}

/// A reading of a second of the 1st of July 2026.
fn reading(second: u64) -> String {
    let ts = 1_782_892_800_000 + second * 1_000;
    format!(r#"{{"ts":{ts},"discharge_temp_c":83.5,"motor_current_a":41.7,"run_hours":4}}"#)
}

#[test]
fn nothing_is_acknowledged_that_a_damaged_log_would_not_give_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let rows = import_days(folder.path(), &data, 10);
    let mut foretell = Foretell::start(folder.path(), "[data]\nkeep_readings = \"forever\"\n");
    publish_lines(foretell.mqtt, TOPIC, &(0..20).map(reading).collect::<Vec<_>>());
    // The service goes on with the pages that it remembers, so it has to look.
    let page = Page::spoil(&data, "log.db", "select rootpage from sqlite_schema where name = 'log'");
    let remedy =
        ["readings are not acknowledged", "log.db, which is damaged. Restore it from a backup", "deploy/README.md"];
    foretell.stands(503, &remedy);
    let ingest = get(foretell.console, "/api/v1/ingest").expect("an answer").body;
    assert!(ingest.contains("which is damaged. Restore it from a backup"), "{ingest}");
    let mut client = Mqtt::connect(foretell.mqtt, "plc", None).expect("let in");
    assert!(!client.publish(TOPIC, &reading(1_000)), "what cannot be read back was acknowledged");
    page.mend();
    foretell.stands(200, &[]);
    let mut client = Mqtt::connect(foretell.mqtt, "plc", None).expect("let in");
    assert!(client.publish(TOPIC, &reading(2_000)));
    assert_eq!(foretell.readings(), rows + 21);

    // Whoever moves the log away under the service has it write to a file that nobody finds.
    let (path, away) = (data.join("log.db"), data.join("away"));
    std::fs::rename(&path, &away).expect("it is there");
    foretell.stands(503, &["log.db was moved, removed or replaced while the service runs"]);
    assert!(!client.publish(TOPIC, &reading(3_000)), "what nobody finds was acknowledged");
    std::fs::rename(&away, &path).expect("it is there");
    foretell.stands(200, &[]);
    let mut client = Mqtt::connect(foretell.mqtt, "plc", None).expect("let in");
    assert!(client.publish(TOPIC, &reading(4_000)));
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());
    // What was refused may be on the log all the same: it was not acknowledged, and would have come again.
    assert!([rows + 22, rows + 23].contains(&foretell.readings()));
}

#[test]
fn an_engine_that_cannot_read_the_log_says_so_everywhere_until_it_can() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let rows = import_days(folder.path(), &data, 10) as u64;
    let role = |role: &str, expected: u16| {
        Foretell::start_expecting(expected, folder.path(), "", (free_port(), free_port()), |command| {
            command.args(["--role", role]);
        })
    };
    let mut ingest = role("ingest", 200);
    let leaf = "select pageno from dbstat where name = 'log' and pagetype = 'leaf' order by path limit 1 offset 30";
    let page = Page::spoil(&data, "log.db", leaf);
    let (mut engine, mut console) = (role("engine", 503), role("console", 200));
    let words = ["the engine has stood still at entry ", "log.db, which is damaged. Restore it from a backup"];
    engine.stands(503, &words);
    let behind = |foretell: &Foretell| {
        let ingest = get(foretell.console, "/api/v1/ingest")?.body;
        let behind = ingest.split("\"engine_behind\":").nth(1)?.split([',', '}']).next()?.parse::<u64>().ok()?;
        Some((behind, ingest))
    };
    let lag = metric(engine.console, "foretell_engine_lag_entries").expect("a figure") as u64;
    assert!((1_000..rows).contains(&lag), "{lag} of {rows}");
    assert_eq!(metric(engine.console, "foretell_part_in_trouble{part=\"engine\"}"), Some(1.0));
    // What is taken in meanwhile is kept, for the log's end is sound, and the lag is told within seconds by another process.
    publish_lines(ingest.mqtt, TOPIC, &(0..100).map(reading).collect::<Vec<_>>());
    wait_for("the console to tell the lag", PATIENCE, || {
        behind(&console)
            .filter(|(told, said)| *told == lag + 100 && said.contains("the engine has stood still at entry "))
    });
    console.stands(503, &words);
    page.mend();
    engine.stands(200, &[]);
    console.stands(200, &[]);
    wait_for("the engine to be level", PATIENCE, || behind(&console).filter(|(told, _)| *told == 0));
    let said = engine.process.said();
    let lines = said.lines().filter(|line| line.contains("A part of the service cannot do its work.")).count();
    // The engine, and the hourly curves that are made from the same log; each at most once a minute.
    assert!((1..=4).contains(&lines), "{said}");
    assert!(said.contains("A part that could not do its work does it again."), "{said}");
    for process in [&mut ingest, &mut engine, &mut console] {
        assert_eq!(process.process.terminate(), Some(0), "{}", process.process.said());
    }
}

/// Writes nonsense over a database from a place on, its write-ahead file being empty.
fn overwrite(path: &Path, from: u64) {
    let script = "import sqlite3,sys;sqlite3.connect(sys.argv[1]).execute('pragma wal_checkpoint(truncate)')";
    let moved = Command::new("/usr/bin/python3").args(["-c", script]).arg(path).status().expect("python3 runs");
    assert!(moved.success());
    let file = std::fs::File::options().write(true).open(path).expect("a file");
    let length = file.metadata().expect("its length").len();
    file.write_all_at(&vec![0xee; (length - from) as usize], from).expect("room");
}

#[test]
fn a_damaged_quarantine_or_damaged_curves_keep_no_reading_from_being_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut foretell, data) = archived_days(folder.path());
    publish_lines(foretell.mqtt, "nobody/knows", &["this".to_owned()]);
    assert_eq!(foretell.process.terminate(), Some(0));
    let files = ["quarantine.db", "rollups.db"].map(|name| data.join(name));
    let archived = 3 * 1_440;
    for (round, from) in [(1, 0), (2, 4_096)] {
        files.iter().for_each(|file| overwrite(file, from));
        foretell = Foretell::start(folder.path(), KEEPING);
        let mut client = Mqtt::connect(foretell.mqtt, "plc", None).expect("let in");
        assert!(client.publish(TOPIC, &reading(round)) && client.publish("nobody/knows", "that"));
        let said =
            ["degraded: ", "quarantine.db was damaged, and begun anew", "rollups.db was damaged, and begun anew"];
        wait_for("both to be told", PATIENCE, || {
            let (status, body) = foretell.readyz();
            (status == 200 && said.iter().all(|words| body.contains(words))).then_some(())
        });
        let page = get(foretell.console, "/api/v1/ingest").expect("an answer").body;
        assert!(page.contains("quarantine.db.damaged") && page.contains("rollups.db.damaged"), "{page}");
        let troubles = || metric(foretell.console, "foretell_part_in_trouble{part=\"curves\"}").unwrap_or_default();
        wait_for("the curves", PATIENCE, || (troubles() == 0.0).then_some(()));
        check(&data, &["quarantine", "list"], 0, &["1 unknown_topic"]);
        assert_eq!(foretell.readings(), archived + round as usize);
        assert_eq!(foretell.process.terminate(), Some(0));
        let said = foretell.process.said();
        assert!(said.contains("The quarantine is damaged. It was put aside and begun anew"), "{said}");
        assert!(said.contains("The hourly curves are damaged. They were put aside"), "{said}");
    }
    for file in files {
        std::fs::remove_file(file.with_added_extension("damaged")).expect("it was put aside");
    }
    foretell = Foretell::start(folder.path(), KEEPING);
    assert_eq!(foretell.readyz(), (200, "ready\n".to_owned()));
    assert_eq!(foretell.process.terminate(), Some(0));
}

/// In hours that no reading comes to any more, so that a page is the first to meet it.
#[test]
fn damaged_curves_that_a_page_meets_are_made_anew_and_the_page_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut foretell, data) = archived_days(folder.path());
    let curves = "select count(*) || ' ' || sum(readings) || ' ' || max(temp_max) from hours";
    let all =
        || wait_for("all curves", PATIENCE, || ask(&data, "rollups.db", curves).filter(|said| said == "72 4320 84.9"));
    all();
    // Nothing of them is remembered.
    assert_eq!(foretell.process.terminate(), Some(0));
    foretell = Foretell::start(folder.path(), KEEPING);
    let leaf = "select pageno from dbstat where name = 'hours' and pagetype = 'leaf' order by path limit 1";
    drop(Page::spoil(&data, "rollups.db", leaf));
    let page = get(foretell.console, "/m/s1/m1").expect("an answer");
    assert_eq!(page.status, 200, "{}", page.body);
    wait_for("the damage to be found", PATIENCE, || data.join("rollups.db.damaged").exists().then_some(()));
    all();
    assert_eq!(foretell.process.terminate(), Some(0));
    let said = foretell.process.said();
    assert_eq!(said.matches("The hourly curves are damaged. They were put aside").count(), 1, "{said}");
    assert!(!said.contains("Could not answer a request"), "{said}");
}

/// Waits until each of these readings, named by their seconds, is among the lines that InfluxDB took beyond the first `after`.
fn wait_until_sent(influx: &StandIn, after: usize, seconds: impl Iterator<Item = u64> + Clone) {
    wait_for("InfluxDB to have all of them", PATIENCE, || {
        let taken = influx.taken();
        let readings = taken[after..].iter().filter(|line| line.starts_with("reading,"));
        let at_ns: BTreeSet<_> = readings.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).collect();
        seconds.clone().all(|second| at_ns.contains(&((1_782_892_800 + second) * 1_000_000_000))).then_some(())
    });
}

/// The copy reaches further than the old log by the time that anybody looks: what stands there now is something else.
#[test]
fn an_earlier_log_that_was_put_back_and_has_grown_is_read_from_its_beginning() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let (influx, token) = (StandIn::start(), folder.path().join("token"));
    std::fs::write(&token, "a-token\n").expect("a writable folder");
    let settings = format!(
        "[engine]\nsnapshot_interval = \"1s\"\n[data]\nkeep_readings = \"forever\"\n[influxdb]\nurl = \"http://127.0.0.1:{}\"\n\
         org = \"plant\"\nbucket = \"foretell\"\ntoken_file = \"{}\"\nflush_interval = \"100ms\"\n",
        influx.port,
        token.display()
    );
    let mut foretell = Foretell::start(folder.path(), &settings);
    publish_lines(foretell.mqtt, TOPIC, &(0..100).map(reading).collect::<Vec<_>>());
    assert_eq!(foretell.process.terminate(), Some(0));
    let (log, copy) = (data.join("log.db"), folder.path().join("copy.db"));
    std::fs::copy(&log, &copy).expect("a log");
    foretell = Foretell::start(folder.path(), &settings);
    publish_lines(foretell.mqtt, TOPIC, &(100..200).map(reading).collect::<Vec<_>>());
    wait_until_sent(&influx, 0, 0..200);
    assert_eq!(foretell.process.terminate(), Some(0));

    let sent_before = influx.taken().len();
    std::fs::copy(&copy, &log).expect("a folder");
    let row = |second: u64| format!("{},s1,m1,83.5,41.7,4\n", 1_782_892_800_000 + second * 1_000);
    let rows: String = (10_000..10_300).map(row).collect();
    let file = folder.path().join("rows.csv");
    std::fs::write(&file, format!("ts,site,machine,discharge_temp_c,motor_current_a,run_hours\n{rows}")).expect("room");
    check(&data, &["import", &file.to_string_lossy()], 0, &["300 events are new on the log"]);

    foretell = Foretell::start(folder.path(), &settings);
    publish_lines(foretell.mqtt, TOPIC, &[reading(20_000)]);
    wait_for("the engine to have read all of it", PATIENCE, || {
        metric(foretell.console, "foretell_engine_entries_total").filter(|entries| *entries == 401.0)
    });
    // All of this log goes to InfluxDB, where a reading that is sent again takes its own place.
    wait_until_sent(&influx, sent_before, (0..100).chain(10_000..10_300).chain([20_000]));
    // Each reading counts once in the curves.
    let curves = "select group_concat(readings) from hours";
    wait_for("the curves", PATIENCE, || ask(&data, "rollups.db", curves).filter(|said| said == "100,300,1"));
    assert_eq!(foretell.process.terminate(), Some(0));
    let said = foretell.process.said();
    assert!(said.contains("The log is another one than before"), "{said}");
}

#[test]
fn a_log_that_was_emptied_is_not_taken_for_a_new_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut foretell, data) = archived_days(folder.path());
    assert_eq!(foretell.process.terminate(), Some(0));
    std::fs::write(data.join("log.db"), "").expect("a writable folder");
    let out = folder.path().join("x.csv").to_string_lossy().into_owned();
    let remedy = ["log.db is empty, though the data directory has been in use", "Restore it from a backup"];
    check(&data, &["export", "--out", &out], 65, &remedy);
    let mut run = Command::new(binary("foretell"));
    run.args(["run", "--data-dir"]).arg(&data);
    run.env("FORETELL__CONSOLE__LISTEN", "127.0.0.1:0").env("FORETELL__MQTT__LISTEN", "127.0.0.1:0");
    let output = run.output().expect("foretell runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(65) && remedy.iter().all(|words| said.contains(words)), "{said}");

    // Moved away, as the remedy says, a new one begins, and what was known of the other does not count there.
    for name in ["log.db", "log.db-wal", "log.db-shm"] {
        drop(std::fs::remove_file(data.join(name)));
    }
    foretell = Foretell::start(folder.path(), KEEPING);
    let more = (100..140).map(reading).collect::<Vec<_>>();
    publish_lines(foretell.mqtt, TOPIC, &more);
    wait_for("the engine to know the archive's days and the new readings", PATIENCE, || {
        let machine = get(foretell.console, "/api/v1/machines/s1/m1")?.body;
        let entries = metric(foretell.console, "foretell_engine_entries_total")?;
        (machine.contains("\"day\":\"2026-06-02\"") && entries == more.len() as f64).then_some(())
    });
    assert_eq!(foretell.readings(), 3 * 1_440 + more.len());
    let told = foretell.process.said();
    for words in
        ["A new log begins in a data directory", "The log is another one than before", "The engine knows what only the"]
    {
        assert!(told.contains(words), "no `{words}` in {told}");
    }
    assert_eq!(foretell.process.terminate(), Some(0), "{}", foretell.process.said());

    // So with what customers were told.
    std::fs::write(data.join("service.sqlite"), "").expect("a writable folder");
    let said = ["service.sqlite is empty, though the data directory has been in use", "Restore it from a backup"];
    check(&data, &["run"], 65, &said);
}
