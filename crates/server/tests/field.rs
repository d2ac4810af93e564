//! A visit from the technician's button to the customer's report, through the running service.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use foretell::config::Config;
use foretell::roles::Roles;
use foretell::service::Service;
use foretell_history::SqliteLog;
use foretell_model::{
    Event, FaultCode, Finding, FindingId, FindingKind, Grade, Log, MachineId, Offset, Quality, Reading, RulDays,
    Signal, Signals, Status, Timestamp,
};
use foretell_outreach::{MachineContext, Registry, Source, Spoken, Technician, VisitReport, Words};

const REGISTRY: &str = r#"
[[advisor]]
id = "wang"
name = { en = "Min Wang", zh = "王敏" }
role = { en = "your service advisor", zh = "服务顾问" }
phone = "+86 21 5555 0101"
[[depot]]
id = "leeds"
name = "Leeds"
latitude_deg = 53.8
longitude_deg = -1.55
opening_stock = { oil_filter = 5 }
[[technician]]
id = "chen"
name = { en = "Jun Chen", zh = "陈军" }
phone = "+86 138 0000 0001"
badge = "T-0417"
depot = "leeds"
[[customer]]
id = "acme"
name = "Acme Castings"
contact = "Ms Baker"
language = "en"
zone = "Europe/London"
advisor = "wang"
addresses = { email = "baker@acme.example", phone = "+44 113 496 0999" }
[[site]]
id = "s01"
customer = "acme"
address = "1 Foundry Lane, Leeds"
latitude_deg = 53.79
longitude_deg = -1.54
[[machine]]
id = "s01/m001"
number = "No. 2"
"#;

fn config(dir: &Path) -> Config {
    let mut config = Config::default();
    config.data.dir = dir.to_path_buf();
    config.console.listen.set_port(0);
    config.mqtt.listen.set_port(0);
    config.clock = foretell::config::ClockSource::Readings;
    config
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn machine() -> MachineId {
    MachineId::parse("s01/m001").unwrap()
}

/// Status, the place a redirect leads to, and the body.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let place = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default().to_owned();
    let raw = &answer[end + 4..];
    let body = if head.contains("transfer-encoding: chunked") { unchunked(raw) } else { raw.to_vec() };
    (status, place, body)
}

fn unchunked(mut raw: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = raw.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&raw[..end]).unwrap().trim(), 16).unwrap();
        if length == 0 {
            break;
        }
        body.extend(&raw[end + 2..end + 2 + length]);
        raw = &raw[end + 4 + length..];
    }
    body
}

const FORM: &str = "application/x-www-form-urlencoded";

/// What the controller says a number of minutes after midnight.
fn reading(minute: i64) -> Event {
    let ts = at("2026-07-15T00:00:00Z") + minute * 60_000;
    let mut signals = Signals::empty();
    signals.set(Signal::DischargeTemp, 83.5);
    signals.set(Signal::MotorCurrent, 41.7);
    signals.set(Signal::RunHours, 4_000.0 + minute as f64 / 60.0);
    let (state, quality) = (None, Quality::Good);
    Event::Reading(Reading { machine: machine(), ts, arrived: ts, signals, state, quality })
}

/// What the engine would say of the machine.
fn forecast(at: Timestamp) -> Finding {
    let fault = FaultCode::new("oil_filter_clogging").unwrap();
    Finding {
        at,
        machine: machine(),
        kind: FindingKind::Prediction,
        id: FindingId::new(&machine(), &fault, 1),
        status: Status::Opened,
        grade: Grade::Advise,
        fault,
        likelihood: 0.9,
        alternatives: Vec::new(),
        rul_days: Some(RulDays { p10: Some(14.0), p50: Some(18.0), p90: Some(27.0) }),
        probability_within: None,
        limit: None,
        evidence: Vec::new(),
        text: "A fault is likely.".into(),
    }
}

pub(crate) struct Scene {
    pub(crate) service: Option<Service>,
    dir: tempfile::TempDir,
    visit: i64,
    token: String,
}

impl Scene {
    /// A machine with a day of readings, a forecast, a letter, and a visit two hours from now.
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let events: Vec<Event> = (0..600).map(reading).collect();
        SqliteLog::open(dir.path()).unwrap().append(&events).unwrap();
        let service = Service::start(config(dir.path()), Roles::ALL).await.unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while service.room().offset().0 < 600 {
            assert!(Instant::now() < deadline, "waited in vain for the engine");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (outreach, now) = (service.outreach(), at("2026-07-15T09:59:00Z"));
        outreach.import(&Registry::from_toml(REGISTRY).unwrap(), "test", now).unwrap();
        let finding = forecast(now);
        outreach.apply(Offset(100_000), 0, &finding, &MachineContext::default(), now).unwrap();
        let visit = outreach
            .book_for(
                &finding.id,
                at("2026-07-15T12:00:00Z"),
                &Spoken { odd_hour: true, ..Spoken::default() },
                "wang",
                now,
            )
            .unwrap()
            .id;
        let case = outreach.open_service_case(&machine(), foretell_outreach::Source::Advisor, "it hums", "wang", now);
        let link = outreach.case_link(&case.unwrap());
        Self { service: Some(service), dir, visit, token: link.rsplit('/').next().unwrap().to_owned() }
    }

    async fn send(&self, method: &'static str, path: &str, kind: &'static str, body: &[u8]) -> (u16, String, Vec<u8>) {
        let (address, path, body) = (self.service.as_ref().unwrap().console(), path.to_owned(), body.to_vec());
        tokio::task::spawn_blocking(move || ask(address, method, &path, kind, &body)).await.unwrap()
    }

    /// A page as it reads: what keeps a figure and its unit on one line is not seen.
    pub(crate) async fn page(&self, path: &str) -> String {
        let (status, _, body) = self.send("GET", path, FORM, b"").await;
        assert_eq!(status, 200, "{path}");
        String::from_utf8(body).unwrap().replace('\u{a0}', " ").replace('\u{2060}', "")
    }

    /// Status, and what the page says of a refusal.
    async fn act(&self, what: &str, body: &str) -> (u16, String) {
        let path = format!("/visits/{}/{what}?lang=en", self.visit);
        let (status, _, page) = self.send("POST", &path, FORM, body.as_bytes()).await;
        let page = String::from_utf8_lossy(&page).into_owned();
        let said = page.split_once("class=\"notice bad\" role=\"alert\">").and_then(|(_, rest)| rest.split('<').next());
        (status, said.unwrap_or_default().to_owned())
    }

    /// Begins anew with readings up to so many minutes after midnight, by which the service tells the time.
    async fn go_on_until(&mut self, minute: i64) {
        assert!(self.service.take().unwrap().drain(Duration::from_secs(20)).await);
        SqliteLog::open(self.dir.path()).unwrap().append(&(600..minute).map(reading).collect::<Vec<_>>()).unwrap();
        self.service = Some(Service::start(config(self.dir.path()), Roles::ALL).await.unwrap());
    }

    fn jobs_on_the_log(&self) -> usize {
        self.service.as_ref().unwrap().room().marks(&machine()).len()
    }
}

const CHECKLIST: &str = "test_run=on&tidy=on&old_parts=on&report=on&courtesy=on";

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_becomes_a_job_of_the_report() {
    let mut s = Scene::new().await;
    assert!(s.page("/visits?lang=en").await.contains("Acme Castings"));
    let page = s.page(&format!("/visits/{}?lang=en", s.visit)).await;
    for text in ["1 Foundry Lane, Leeds", "Ms Baker", "+44 113 496 0999", "oil filter – in Leeds (5)"] {
        assert!(page.contains(text), "no {text:?} in {page}");
    }
    assert_eq!(s.act("set-out", "minutes=").await, (303, String::new()));
    let place = b"{\"lat\":53.70,\"lon\":-1.54}";
    let path = format!("/visits/{}/position", s.visit);
    assert_eq!(s.send("POST", &path, "application/json", place).await.0, 204);
    assert!(s.page(&format!("/visits/{}?lang=en", s.visit)).await.contains(", in about 2"));
    assert_eq!(s.act("arrived", "").await, (303, String::new()));
    assert_eq!(
        s.send("POST", &path, "application/json", place).await.0,
        202,
        "a telephone that goes on is heard no more"
    );

    let mut png = Vec::new();
    png.extend(include_bytes!("../../console/assets/icon.svg"));
    let head = "--b\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a\"\r\n\r\n";
    let upload = [head.as_bytes(), &png, b"\r\n--b--\r\n"].concat();
    let (status, ..) =
        s.send("POST", &format!("/visits/{}/photo", s.visit), "multipart/form-data; boundary=b", &upload).await;
    assert_eq!(status, 422, "an SVG is no picture");

    // As if the process had been killed between the report and the end of the visit: nothing is taken or written twice.
    let outreach = s.service.as_ref().unwrap().outreach().clone();
    let half = VisitReport {
        ended: Some(at("2026-07-15T09:59:00Z")),
        parts: [("oil_filter".to_owned(), 1)].into(),
        depot: Some("leeds".to_owned()),
        left_out: "killed".to_owned(),
        ..VisitReport::default()
    };
    outreach.report_visit(s.visit, &half, "chen", at("2026-07-15T09:59:00Z")).unwrap();
    let done = format!("found=confirmed&minutes=85&part_1=oil_filter&n_1=1&depot=leeds&note=ran+well&{CHECKLIST}");
    assert_eq!(s.act("done", &done).await, (303, String::new()));
    assert_eq!(s.act("done", &done).await, (409, "The visit is over already.".to_owned()));
    assert_eq!(outreach.stock().unwrap()[0].n, 4, "taken once");
    assert_eq!(outreach.precision().unwrap()[0].confirmed, 1);
    // The log hears of it when the report cannot be taken back any more.
    assert_eq!(s.jobs_on_the_log(), 0);
    let broken = format!("/cases/{}?lang=en", outreach.service_cases().unwrap()[0].id);
    drop(outreach);
    s.go_on_until(13 * 60).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    while s.jobs_on_the_log() == 0 {
        assert!(Instant::now() < deadline, "waited in vain for the log");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(s.jobs_on_the_log(), 1);
    assert!(s.page(&broken).await.contains("ran well"), "a visit since it broke is the last one");
    let report = s.page("/m/s01/m001/report?lang=en").await;
    for text in ["Oil filter replaced", "oil filter", "85 min", "Jun Chen"] {
        assert!(report.to_lowercase().contains(&text.to_lowercase()), "no {text:?} in the report");
    }
}

/// Two people with the same page before them press a button at the same moment: one is obeyed, the other is told.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_buttons_pressed_at_once_one_counts() {
    let s = Scene::new().await;
    let outreach = s.service.as_ref().unwrap().outreach().clone();
    let (case, now) = (outreach.service_cases().unwrap()[0].id, at("2026-07-15T09:59:00Z"));
    for key in ["liu", "zhou"] {
        let name = Words { en: key.into(), zh: key.into() };
        outreach.register_technician(&Technician::new(key, name, "1"), "test", now).unwrap();
    }
    let hidden = |page: &str, name: &str| {
        let field = format!("name=\"{name}\" value=\"");
        page.split_once(&field).unwrap().1.split('"').next().unwrap().to_owned()
    };
    let race = async |paths: [&str; 2], bodies: [String; 2]| {
        let [first, second] = &bodies;
        let answers = tokio::join!(
            s.send("POST", paths[0], FORM, first.as_bytes()),
            s.send("POST", paths[1], FORM, second.as_bytes())
        );
        let mut statuses = [answers.0.0, answers.1.0];
        statuses.sort_unstable();
        statuses
    };
    // Whoever is sent already is not sent twice: the two that are not.
    let mut sent = String::new();
    for _ in 0..10 {
        let seen = hidden(&s.page(&format!("/cases/{case}")).await, "seen");
        let others: Vec<_> = ["chen", "liu", "zhou"].into_iter().filter(|key| *key != sent).take(2).collect();
        let path = format!("/cases/{case}/send");
        let body = |key: &str| format!("technician={key}&seen={seen}");
        assert_eq!(race([&path, &path], [body(others[0]), body(others[1])]).await, [303, 409]);
        sent = outreach.service_case(case).unwrap().technician.unwrap();
    }
    for episode in 2..12 {
        let fault = FaultCode::new("separator_clogging").unwrap();
        let id = FindingId::new(&machine(), &fault, episode);
        let finding = Finding { id: id.clone(), fault, ..forecast(now) };
        outreach.apply(Offset(100_000 + u64::from(episode)), 0, &finding, &MachineContext::default(), now).unwrap();
        let card = s.page(&format!("/advisory/{}", id.as_str().replace('/', "%2F"))).await;
        let body = |more: &str| format!("id={id}&revision={}{more}", hidden(&card, "revision"));
        let answers = race(["/queue/call", "/queue/postpone"], [body(""), body("&days=3&reason=busy")]).await;
        assert_eq!(answers, [303, 409]);
        outreach.close(&id, "over", "wang", now).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_machines_owner_follows_the_technician_and_an_erased_one_sees_nothing() {
    let mut s = Scene::new().await;
    let path = format!("/b/{}", s.token);
    assert!(s.page(&path).await.contains("We will ring you by"));
    let outreach = s.service.as_ref().unwrap().outreach().clone();
    let (case, now) = (outreach.service_cases().unwrap()[0].id, at("2026-07-15T09:59:00Z"));
    // However often it is reported, what was said last stands on the page.
    for _ in 0..210 {
        let machine = MachineId::parse("s01/m001").unwrap();
        outreach.open_service_case(&machine, Source::Customer, "it hums", "customer", now).unwrap();
    }
    outreach.called_back(case, "the gate is locked", "wang", now).unwrap();
    assert!(s.page(&format!("/cases/{case}")).await.contains("the gate is locked"));
    outreach.send_technician(case, "chen", None, "wang", now).unwrap();
    assert_eq!(s.send("POST", &format!("/cases/{case}/set-out"), FORM, b"minutes=30").await.0, 303);
    let page = s.page(&path).await;
    for text in ["Jun Chen is on the way to you", "T-0417", ", in about 30 minutes"] {
        assert!(page.contains(text), "no {text:?}");
    }
    let data = s.page("/customers/acme/data.json").await;
    assert!(data.contains("Ms Baker") && data.contains("it hums"));
    assert_eq!(s.send("POST", "/customers/acme/erase", FORM, b"key=acme").await.0, 303);
    assert_eq!(s.send("GET", &path, FORM, b"").await.0, 410);
    let service = s.service.take().unwrap();
    assert!(service.drain(Duration::from_secs(20)).await);
    for entry in std::fs::read_dir(s.dir.path()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        for gone in ["Ms Baker", "Acme Castings", "1 Foundry Lane", "it hums", "the gate is locked", "+44 113 496 0999"]
        {
            let found = bytes.windows(gone.len()).any(|window| window == gone.as_bytes());
            assert!(!found, "{gone} stands in {:?}", entry.file_name());
        }
    }
}

/// Whoever drives there sees it on their day, whoever says so by mistake takes it back, and the page takes the next report; what a
/// page's form would not offer the house refuses.
#[tokio::test(flavor = "multi_thread")]
async fn a_breakdown_is_called_off_opened_again_and_reported_again_on_its_page() {
    let s = Scene::new().await;
    let path = format!("/b/{}", s.token);
    let outreach = s.service.as_ref().unwrap().outreach().clone();
    let case = outreach.service_cases().unwrap()[0].id;
    let act = |act: &str, body: &str| {
        let (path, body) = (format!("/cases/{case}/{act}"), body.to_owned());
        let s = &s;
        async move { s.send("POST", &path, FORM, body.as_bytes()).await.0 }
    };
    for (name, body, status) in [
        ("send", "technician=chen&eta=2020-01-01T10%3A00", 409),
        ("send", "technician=chen&eta=2099-01-01T10%3A00", 409),
        ("send", "technician=chen", 303),
        ("found", "fault=zzz&minutes=30", 422),
        ("found", "fault=no+code&minutes=30", 422),
        ("take-back", "reason=x&seen=report", 409),
    ] {
        assert_eq!(act(name, body).await, status, "{name} {body}");
    }
    assert_eq!(s.send("POST", "/customers/acme/stop", FORM, b"medium=pigeon&why=x").await.0, 404);
    assert_eq!(s.send("POST", &format!("{path}/all-well"), FORM, b"").await.0, 303);
    let day = s.page("/visits?lang=en").await;
    assert!(day.contains("breakdown called off") && day.contains(&format!("href=\"/cases/{case}\"")), "{day}");
    assert_eq!(act("take-back", "reason=x&seen=arrival").await, 409);
    assert_eq!(act("take-back", "reason=it+stopped+again&seen=report").await, 303);
    assert!(s.page("/visits?lang=en").await.contains("the breakdown is yours now"));
    assert_eq!(s.send("POST", &format!("{path}/all-well"), FORM, b"").await.0, 303);
    assert!(s.page(&path).await.contains(&format!("action=\"{path}/trouble\"")));
    assert_eq!(s.send("POST", &format!("{path}/trouble"), FORM, b"what=down+again").await.0, 303);
    let open = outreach.service_cases().unwrap();
    assert_eq!((open.len(), open[0].what.as_str()), (1, "down again"));
    assert_ne!(open[0].id, case);
    // What was called off is no repair that a report could name; what was mended is one.
    let report = VisitReport { left_out: "mended at night".into(), ..VisitReport::default() };
    outreach.close_service_case(open[0].id, &report, "", "chen", open[0].opened).unwrap();
    let sheet = s.page(&format!("/m/{}/report?lang=en", open[0].machine)).await;
    assert_eq!(sheet.matches("<th scope=\"row\">Repair</th>").count(), 1, "{sheet}");
}
