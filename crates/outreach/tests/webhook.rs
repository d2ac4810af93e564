//! Webhooks over real sockets: what is sent, what each answer means, and who is told of what happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::support::receiver::{Answer, Receiver, ok};
use crate::support::{self, apply, at, finding, machine, options, token};
use foretell_model::{Clock, Grade, Status, Timestamp};
use foretell_outreach::{
    Channel, CustomerStage, DeliveryError, Format, Hook, HookOptions, HttpOptions, Outreach, OutreachOptions, Parcel,
    Sign, Webhook, WebhookOptions, sign,
};

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        at("2026-07-15T08:30:00Z")
    }
}

fn parcel() -> Parcel {
    Parcel {
        key: "foretell-7".into(),
        to: "+86 138 0000 0001".into(),
        to_name: "华新纺织".into(),
        from_name: "先知服务 王敏".into(),
        reply_to: None,
        language: "zh-CN",
        subject: "2号机：约个时间清洗\"冷却器\"".into(),
        body: "您好\n\n周四可以吗？\n".into(),
        short: "2号机 https://service.example/b/x".into(),
        link: "https://service.example/b/x".into(),
        calendar: None,
        portrait: None,
        at: Fixed.now(),
    }
}

fn webhook(url: String) -> WebhookOptions {
    WebhookOptions {
        name: "chat".into(),
        medium: "chat".into(),
        url,
        format: Format::Json,
        body: r#"{"text": {{ subject ~ "\n" ~ body }}, "id": {{ key }}}"#.into(),
        headers: Vec::new(),
        sign: Sign::Foretell,
        secret: Some("hush".into()),
        token: None,
        idempotent: false,
        success: Some("errcode == 0".into()),
        try_again: Some("errcode == 45009".into()),
        http: HttpOptions { timeout: Duration::from_secs(5), ..HttpOptions::default() },
    }
}

fn deliver(options: WebhookOptions) -> String {
    let channel = Webhook::new(options, Arc::new(Fixed)).unwrap();
    match channel.deliver(&parcel()) {
        Ok(()) => "delivered".into(),
        Err(DeliveryError::Temporary(_)) => "temporary".into(),
        Err(DeliveryError::Busy { after, .. }) => format!("in {} s", after.as_secs()),
        Err(DeliveryError::Permanent(_)) => "permanent".into(),
        Err(DeliveryError::Unknown(_)) => "unknown".into(),
    }
}

#[test]
fn every_answer_has_its_fate() {
    #[track_caller]
    fn check(answer: Option<(&'static str, &'static str)>, expected: &str, when_idempotent: &str) {
        let said = move |_: &_| answer.map(|(status, body)| (status.to_owned(), body.to_owned()));
        let receiver = Receiver::start(said);
        for (idempotent, expected) in [(false, expected), (true, when_idempotent)] {
            let got = deliver(WebhookOptions { idempotent, ..webhook(receiver.url("/send")) });
            assert_eq!(got, expected, "{answer:?}, idempotent {idempotent}");
        }
    }
    check(Some(("200 OK", r#"{"errcode":0,"errmsg":"ok"}"#)), "delivered", "delivered");
    check(Some(("200 OK", r#"{"errcode":45009}"#)), "temporary", "temporary");
    check(Some(("200 OK", r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#)), "permanent", "permanent");
    check(Some(("200 OK", "<html>maintenance</html>")), "permanent", "permanent");
    check(Some(("302 Found\r\nLocation: http://127.0.0.1:9/", "")), "permanent", "permanent");
    check(Some(("400 Bad Request", "no")), "permanent", "permanent");
    check(Some(("401 Unauthorized", "")), "permanent", "permanent");
    check(Some(("429 Too Many Requests\r\nRetry-After: 90", "")), "in 90 s", "in 90 s");
    check(Some(("503 Service Unavailable", "")), "temporary", "temporary");
    check(Some(("500 Internal Server Error", "")), "unknown", "temporary");
    check(Some(("502 Bad Gateway\r\nRetry-After: 5", "")), "unknown", "in 5 s");
    // It took the request and hung up.
    check(None, "unknown", "temporary");
}

#[test]
fn nobody_there_is_worth_another_attempt() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(deliver(webhook(format!("http://127.0.0.1:{port}/"))), "temporary");
    assert_eq!(deliver(webhook("https://nowhere.invalid/".into())), "temporary");
}

#[test]
fn a_request_says_everything_a_receiver_needs_to_trust_it_and_to_tell_it_apart() {
    let receiver = Receiver::start(|_| ok());
    let options = WebhookOptions {
        url: receiver.url("/send?to={{ to }}&t={{ token }}"),
        headers: vec![("X-Customer".into(), "{{ language }}".into())],
        token: Some("a&b".into()),
        ..webhook(String::new())
    };
    assert_eq!(deliver(options.clone()), "delivered");
    assert_eq!(deliver(options), "delivered");
    let requests = receiver.requests();
    let request = &requests[0];
    assert_eq!(request.path, "/send?to=%2B86%20138%200000%200001&t=a%26b");
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["text"], "2号机：约个时间清洗\"冷却器\"\n您好\n\n周四可以吗？\n");
    assert_eq!((request.header("content-type"), request.header("x-customer")), ("application/json", "zh-CN"));
    assert_eq!(requests.iter().map(|r| r.header("idempotency-key")).collect::<Vec<_>>(), ["foretell-7"; 2]);
    let signed = sign::verify(
        "hush",
        request.header("foretell-timestamp"),
        request.header("foretell-signature"),
        request.body.as_bytes(),
        Fixed.now(),
    );
    assert_eq!(signed, Ok(()));
}

#[test]
fn robots_are_signed_where_they_look() {
    let receiver = Receiver::start(|_| ok());
    let robot = |sign, url: &str, body: &str| {
        deliver(WebhookOptions { sign, url: receiver.url(url), body: body.into(), ..webhook(String::new()) })
    };
    robot(Sign::Dingtalk, "/robot?timestamp={{ timestamp }}&sign={{ sign }}", "{}");
    robot(Sign::Feishu, "/hook", r#"{"timestamp": {{ timestamp ~ "" }}, "sign": {{ sign }}}"#);
    let requests = receiver.requests();
    assert!(requests[0].path.starts_with("/robot?timestamp=1784104200000&sign="), "{}", requests[0].path);
    assert!(requests[0].path.ends_with("%3D"), "base64 is percent-encoded: {}", requests[0].path);
    assert!(requests[1].body.starts_with(r#"{"timestamp": "1784104200", "sign": ""#), "{}", requests[1].body);
    assert_eq!(requests[1].header("foretell-signature"), "");
}

fn with_hook(dir: &std::path::Path, url: String, events: &[&str]) -> Outreach {
    let hook = HookOptions {
        name: "cmms".into(),
        url,
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        secret: Some("hush".into()),
        http: HttpOptions::default(),
    };
    let hook = Arc::new(Hook::new(hook, Arc::new(Fixed)).unwrap());
    let own = options(Arc::new(support::Recorder::default()));
    let outreach = Outreach::open(&dir.join("service.sqlite"), OutreachOptions { hooks: vec![hook], ..own }).unwrap();
    let registry = foretell_outreach::Registry::from_toml(support::REGISTRY).unwrap();
    outreach.import(&registry, "test", Fixed.now()).unwrap();
    outreach
}

/// A forecast, its letter, a visit and a trip.
fn live(outreach: &Outreach) {
    let now = Fixed.now();
    let case = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
    let id = apply(outreach, 1, &case, now);
    let link = outreach.approve(&id, "wang", now).unwrap().link;
    outreach.tick(now).unwrap();
    let page = outreach.booking_page(token(&link), now).unwrap();
    outreach.book(token(&link), page.slots[0].slot.start, now).unwrap();
    outreach.controller_tripped(&machine("s01/m002"), "E01", now).unwrap();
}

fn told(receiver: &Receiver) -> Vec<String> {
    let event =
        |body: &str| serde_json::from_str::<serde_json::Value>(body).unwrap()["event"].as_str().unwrap().to_owned();
    receiver.requests().iter().map(|request| event(&request.body)).collect()
}

#[test]
fn others_are_told_of_what_happens_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|_| ok());
    let outreach = with_hook(dir.path(), receiver.url("/hooks"), &["*"]);
    live(&outreach);
    assert_eq!(outreach.tell_hooks(Fixed.now()).unwrap(), 3);
    assert_eq!(outreach.tell_hooks(Fixed.now()).unwrap(), 0);
    assert_eq!(told(&receiver), ["advisory.opened", "booking.booked", "case.opened"]);
    let requests = receiver.requests();
    let booked: serde_json::Value = serde_json::from_str(&requests[1].body).unwrap();
    for (pointer, expected) in [
        ("/site", "s02"),
        ("/machine", "m002"),
        ("/customer", "acme"),
        ("/by", "customer"),
        ("/finding/fault", "cooler_clogging"),
        ("/visit/technician", "chen"),
    ] {
        assert_eq!(booked.pointer(pointer).and_then(|value| value.as_str()), Some(expected), "{pointer} of {booked}");
    }
    let status = outreach.hook_statuses().unwrap().remove(0);
    assert_eq!((status.delivered, status.failures, status.waiting, status.why.as_str()), (3, 0, 0, ""));
    assert!(!status.host.contains("/hooks"), "{}", status.host);
    // A subscriber that comes later hears what happens from then on.
    drop(outreach);
    let late = Receiver::start(|_| ok());
    let hook = HookOptions {
        name: "late".into(),
        url: late.url("/"),
        events: vec!["booking.*".into()],
        secret: None,
        http: HttpOptions::default(),
    };
    let hook = Arc::new(Hook::new(hook, Arc::new(Fixed)).unwrap());
    let own = options(Arc::new(support::Recorder::default()));
    let outreach =
        Outreach::open(&dir.path().join("service.sqlite"), OutreachOptions { hooks: vec![hook], ..own }).unwrap();
    assert_eq!(outreach.tell_hooks(Fixed.now()).unwrap(), 0);
    let visit = outreach.visits(Fixed.now(), 9).unwrap().remove(0);
    outreach.complete(visit.id, None, "chen", visit.end).unwrap();
    assert_eq!(outreach.tell_hooks(Fixed.now()).unwrap(), 1);
    assert_eq!(told(&late), ["booking.done"]);
}

#[test]
fn a_subscriber_that_is_away_waits_and_one_that_refuses_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    // Away twice, then it does not know bookings.
    let receiver = Receiver::start(move |request| -> Answer {
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => None,
            1 => Some(("503 Service Unavailable\r\nRetry-After: 600".into(), String::new())),
            _ if request.body.contains("booking.") => Some(("422 Unprocessable Content".into(), "no bookings".into())),
            _ => ok(),
        }
    });
    let outreach = with_hook(dir.path(), receiver.url("/"), &["advisory.*", "booking.*", "case.*"]);
    live(&outreach);
    let now = Fixed.now();
    assert_eq!(outreach.tell_hooks(now).unwrap(), 0);
    let status = |outreach: &Outreach| outreach.hook_statuses().unwrap().remove(0);
    let failed = status(&outreach);
    let next = failed.next.unwrap();
    assert!(failed.failures == 1 && next > now && next <= now + 150_000, "{failed:?}");
    assert_eq!(outreach.tell_hooks(next + -1).unwrap(), 0);
    assert_eq!((asked.load(Ordering::SeqCst), outreach.tell_hooks(next).unwrap()), (1, 0));
    let next = status(&outreach).next.unwrap();
    assert!(next >= now + 600_000, "Retry-After is kept: {next}");
    assert_eq!(outreach.tell_hooks(next).unwrap(), 3);
    let settled = status(&outreach);
    assert_eq!((settled.delivered, settled.refused, settled.failures), (2, 1, 0));
    let keys: Vec<String> = receiver.requests().iter().map(|r| r.header("idempotency-key").to_owned()).collect();
    assert!(keys[0] == keys[1] && keys[1] == keys[2] && keys[3] != keys[2], "{keys:?}");
}

#[test]
fn a_complaint_is_told_to_whoever_wants_to_hear_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::start(|_| ok());
    let outreach = with_hook(dir.path(), receiver.url("/hooks"), &["customer.stage"]);
    live(&outreach);
    let now = Fixed.now();
    outreach.set_stage("acme", Some(CustomerStage::Complaint), "came late twice", "wang", now).unwrap();
    assert_eq!(outreach.tell_hooks(now).unwrap(), 1);
    let told: serde_json::Value = serde_json::from_str(&receiver.requests()[0].body).unwrap();
    let said = ["event", "customer", "stage", "why", "by"].map(|name| told[name].as_str().unwrap());
    assert_eq!(said, ["customer.stage", "acme", "complaint", "complaint: came late twice", "wang"]);
}
