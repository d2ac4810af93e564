//! Kill -9 between any two steps: a process of its own is killed at every place where something was just kept or is just about
//! to be, and before and after every delivery. Whoever starts next finds everything that was answered, nothing half done, and
//! no letter goes out twice.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::receiver::{self, Receiver, Request};
use crate::support::{self, at, context, finding, machine, options, token};
use foretell_model::{Clock, Grade, MachineId, Offset, Status, Timestamp};
use foretell_outreach::store::{Database, Session, Sqlite};
use foretell_outreach::{
    Channel, Checklist, DeliveryError, Folder, Format, Hook, HookOptions, HttpOptions, MessageState, Outreach,
    OutreachOptions, Parcel, Registry, Result, Sign, Source, Stage, VisitReport, Webhook, WebhookOptions,
};

/// At which boundary the process dies; counts down.
static LEFT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// A boundary between two steps.
fn boundary() {
    if LEFT.fetch_sub(1, Ordering::SeqCst) == 0 {
        let killed = Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status();
        panic!("kill -KILL came back: {killed:?}");
    }
}

/// A database with a boundary before and after every commit.
struct Counted(Sqlite);

impl Database for Counted {
    fn write(&self, step: &mut dyn FnMut(&dyn Session) -> Result<()>) -> Result<()> {
        self.0.write(&mut |session| {
            step(session)?;
            boundary();
            Ok(())
        })?;
        boundary();
        Ok(())
    }

    fn read(&self, step: &mut dyn FnMut(&dyn Session) -> Result<()>) -> Result<()> {
        self.0.read(step)
    }
}

/// A way out that keeps no order of its own: each delivery is one more line.
struct Lines(PathBuf);

impl Channel for Lines {
    fn name(&self) -> &str {
        "lines"
    }
    fn medium(&self) -> &str {
        "email"
    }
    fn is_idempotent(&self) -> bool {
        false
    }
    fn deliver(&self, parcel: &Parcel) -> std::result::Result<(), DeliveryError> {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(&self.0).unwrap();
        file.write_all(format!("{} {}\n", parcel.key, parcel.to).as_bytes()).unwrap();
        file.sync_all().unwrap();
        Ok(())
    }
}

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// Writes what comes in into the folder that the address names: letters once per key as an honest receiver does
/// (`/once…`), or each time as a robot does (`/robot…`); and every event that others are told (`/events…`).
fn receive(request: &Request) -> receiver::Answer {
    let (kind, dir) = request.path[1..].split_at(request.path[1..].find('/').unwrap());
    let dir = Path::new(dir);
    let key = request.header("idempotency-key");
    let name = if kind == "events" { "events" } else { "lines" };
    let before = std::fs::read_to_string(dir.join(name)).unwrap_or_default();
    let known = before.lines().any(|line| line.split(' ').next() == Some(key));
    if kind == "robot" || !known {
        let event = serde_json::from_str::<serde_json::Value>(&request.body).unwrap()["event"].clone();
        std::fs::write(dir.join(name), format!("{before}{key} {}\n", event.as_str().unwrap_or("letter"))).unwrap();
    }
    receiver::ok()
}

fn webhook(url: String, idempotent: bool) -> Webhook {
    let options = WebhookOptions {
        name: "hook".into(),
        medium: "email".into(),
        url,
        format: Format::Json,
        body: r#"{"text": {{ subject }}}"#.into(),
        headers: Vec::new(),
        sign: Sign::Foretell,
        secret: Some("hush".into()),
        token: None,
        idempotent,
        success: Some("errcode == 0".into()),
        try_again: None,
        http: HttpOptions::default(),
    };
    Webhook::new(options, Arc::new(Fixed)).unwrap()
}

/// Who is told of what happens.
fn told(url: String) -> Arc<Hook> {
    let (name, events) = ("cmms".to_owned(), vec!["*".to_owned()]);
    let options = HookOptions { name, url, events, secret: Some("hush".into()), http: HttpOptions::default() };
    Arc::new(Hook::new(options, Arc::new(Fixed)).unwrap())
}

/// A channel with a boundary before and after every delivery.
struct Watched(Arc<dyn Channel>);

impl Channel for Watched {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn medium(&self) -> &str {
        self.0.medium()
    }
    fn is_idempotent(&self) -> bool {
        self.0.is_idempotent()
    }
    fn reach(&self) -> std::result::Result<(), DeliveryError> {
        boundary();
        self.0.reach()
    }
    fn deliver(&self, parcel: &Parcel) -> std::result::Result<(), DeliveryError> {
        boundary();
        let fate = self.0.deliver(parcel);
        boundary();
        fate
    }
}

fn now() -> Timestamp {
    at("2026-07-15T08:30:00Z")
}

fn own() -> MachineId {
    machine("s02/m002")
}

fn open(dir: &Path, kind: &str, port: u16) -> Outreach {
    let url = |kind: &str| format!("http://127.0.0.1:{port}/{kind}{}", dir.display());
    let way: Arc<dyn Channel> = match kind {
        "folder" => Arc::new(Folder::new(dir.join("outbox"), "service@foretell.example")),
        "once" => Arc::new(webhook(url(kind), true)),
        "robot" => Arc::new(webhook(url(kind), false)),
        _ => Arc::new(Lines(dir.join("lines"))),
    };
    let database = Sqlite::open(&dir.join("service.sqlite")).unwrap();
    let own = OutreachOptions { hooks: vec![told(url("events"))], ..options(Arc::new(Watched(way))) };
    Outreach::over(Box::new(Counted(database)), &dir.join("link.secret"), own).unwrap()
}

/// Goes from a forecast to a finished visit, beside a breakdown from call to closing. Begun anew after a crash it does only
/// what is not done yet, as people and clocks would.
fn live(outreach: &Outreach, dir: &Path) {
    outreach.import(&Registry::from_toml(support::REGISTRY).unwrap(), "test", now()).unwrap();
    let forecast = finding(&own(), "cooler_clogging", Grade::Advise, Status::Opened);
    outreach.apply(Offset(1), 0, &forecast, &context(&own()), now()).unwrap();
    let id = &forecast.id;
    for hour in 0..12 {
        let t = now() + hour * 3_600_000;
        let card = outreach.card(id, t).unwrap();
        let message = card.message.as_ref();
        match card.stage {
            Stage::Draft => drop(outreach.approve(id, "wang", t).unwrap()),
            Stage::Contacted => {
                let link = message.unwrap().link.clone();
                let page = outreach.booking_page(token(&link), t).unwrap();
                outreach.book(token(&link), page.slots[0].slot.start, t).unwrap();
            }
            Stage::Booked => {
                let visit = card.booking.unwrap();
                outreach.report_visit(visit.id, &done(), "chen", visit.end).unwrap();
                outreach.complete(visit.id, Some(11_700.0), "chen", visit.end).unwrap();
            }
            Stage::Call => {
                let [left] = &card.unsettled[..] else { panic!("one message to settle: {card:?}") };
                assert_eq!(left.state, MessageState::Unknown, "{:?}", card.remark);
                // The advisor asks: did it arrive?
                let arrived = letters(dir).iter().any(|key| *key == format!("foretell-{}", left.message));
                outreach.resolve_delivery(left.message, arrived, "wang", t).unwrap();
            }
            _ => {}
        }
        outreach.tick(t).unwrap();
        outreach.tell_hooks(t).unwrap();
    }
    breakdown(outreach);
    // Some days later whatever still waited is out.
    for hour in [0, 24, 48] {
        outreach.tick(now().plus_days(12.0) + hour * 3_600_000).unwrap();
    }
    outreach.tell_hooks(now().plus_days(15.0)).unwrap();
}

fn breakdown(outreach: &Outreach) {
    let t = now().plus_days(10.0);
    let broken = machine("s01/m002");
    if outreach.controller_tripped(&broken, "E01", t).unwrap().is_none() && outreach.service_cases().unwrap().is_empty()
    {
        return;
    }
    // The advisor lets it slip: the customer hears of it, once.
    for minute in [0, 16, 25] {
        outreach.tick(t + minute * 60_000).unwrap();
    }
    let case = outreach.service_cases().unwrap().remove(0);
    assert_eq!((case.source, case.told.len()), (Source::Controller, 1));
    outreach.close_service_case(case.id, &done(), "valve freed", "chen", t + 3_600_000).unwrap();
}

fn done() -> VisitReport {
    VisitReport {
        checklist: Checklist { test_run: true, tidy: true, old_parts: true, report: true, courtesy: true },
        ..VisitReport::default()
    }
}

/// Keys of what went out, in the order of delivery.
fn letters(dir: &Path) -> Vec<String> {
    let lines = std::fs::read_to_string(dir.join("lines")).unwrap_or_default();
    let keys = lines.lines().filter_map(|line| line.split(' ').next().map(str::to_owned));
    let files = std::fs::read_dir(dir.join("outbox")).into_iter().flatten();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    keys.chain(files.filter_map(|name| name.strip_suffix(".eml").map(str::to_owned))).collect()
}

/// The process that is killed.
#[test]
#[ignore = "started by the test below, to be killed"]
fn the_process_that_is_killed() {
    let get = |name: &str| std::env::var(name).unwrap();
    LEFT.store(get("KILL_AT").parse().unwrap(), Ordering::SeqCst);
    let dir = PathBuf::from(get("KILL_DIR"));
    live(&open(&dir, &get("KILL_CHANNEL"), get("KILL_PORT").parse().unwrap()), &dir);
    std::fs::write(dir.join("lived"), "").unwrap();
}

/// Kills a process at a boundary; whether there was such a boundary.
fn kill(at: usize, dir: &Path, kind: &str, port: u16) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::the_process_that_is_killed", "--ignored", "--quiet"])
        .env("KILL_AT", at.to_string())
        .env("KILL_DIR", dir)
        .env("KILL_CHANNEL", kind)
        .env("KILL_PORT", port.to_string())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    let lived = dir.join("lived").exists();
    assert!(lived == status.success(), "killed at {at}: {status}");
    !lived
}

fn check(kind: &str) {
    let mut boundaries = 0;
    let receiver = Receiver::start(receive);
    loop {
        let dir = support::fast_dir();
        if !kill(boundaries, dir.path(), kind, receiver.port) {
            break;
        }
        let outreach = open(dir.path(), kind, receiver.port);
        live(&outreach, dir.path());
        let at = format!("{kind}, killed at boundary {boundaries}");
        let mut keys = letters(dir.path());
        let out = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), out, "{at}: nothing goes out twice");
        // The letter, the confirmation and the word after the job; that a call is late and that it is mended.
        assert!((1..=5).contains(&out), "{at}: {keys:?}");
        // What is repeatable is there for certain; a confirmation is not, where the visit was over before it could go out.
        assert!(kind != "folder" || out >= 4, "{at}: {keys:?}");
        let id = finding(&own(), "cooler_clogging", Grade::Advise, Status::Opened).id;
        let card = outreach.card(&id, now()).unwrap();
        assert_eq!(card.stage, Stage::Done, "{at}");
        let visits = card.history.iter().filter(|entry| entry.what == "visit_done").count();
        assert_eq!((visits, outreach.service_cases().unwrap().len()), (1, 0), "{at}");
        assert_eq!(outreach.closed_service_cases(9).unwrap().len(), 1, "{at}");
        let events = std::fs::read_to_string(dir.path().join("events")).unwrap();
        let mut events: Vec<&str> = events.lines().filter_map(|line| line.split(' ').nth(1)).collect();
        assert_eq!(events.first(), Some(&"advisory.opened"), "{at}");
        events.sort_unstable();
        let expected = ["advisory.opened", "booking.booked", "booking.done", "case.closed", "case.opened"];
        assert_eq!(events, expected, "{at}: others are told of everything, each under one key");
        boundaries += 1;
    }
    assert!(boundaries > 30, "only {boundaries} places to be killed at");
}

#[test]
fn a_folder_has_each_letter_once_wherever_the_process_is_killed() {
    check("folder");
}

#[test]
fn a_receiver_that_tells_repetitions_has_each_letter_once_wherever_the_process_is_killed() {
    check("once");
}

#[test]
fn a_robot_shows_each_letter_once_or_it_is_asked_about() {
    check("robot");
}

#[test]
fn what_cannot_be_repeated_goes_out_once_or_is_asked_about() {
    check("lines");
}
