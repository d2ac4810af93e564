//! Crashes in the middle of a delivery, races for one visit, and what real channels make of failures.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{self, Dying, apply, at, finding, machine, open, options, token};
use foretell_model::{Grade, Status, Timestamp};
use foretell_outreach::{
    Channel, DeliveryError, Folder, Machine, MessageState, Outreach, Parcel, Security, Site, Smtp, SmtpOptions, Stage,
};

fn now() -> Timestamp {
    at("2026-07-15T08:30:00Z")
}

fn approved(dir: &Path, channel: Arc<dyn Channel>) -> (Outreach, foretell_model::FindingId) {
    let outreach = open(dir, channel);
    let case = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
    let id = apply(&outreach, 1, &case, now());
    outreach.approve(&id, "wang", now()).unwrap();
    (outreach, id)
}

fn letters(dir: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_folder_has_one_letter_whenever_the_process_dies() {
    for after in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("outbox");
        let folder = Folder::new(&out, "service@foretell.example");
        let (outreach, id) = approved(dir.path(), Arc::new(Dying { inner: Arc::new(folder.clone()), after }));
        assert!(catch_unwind(AssertUnwindSafe(|| outreach.tick(now()))).is_err());
        drop(outreach);
        let outreach = open(dir.path(), Arc::new(folder));
        assert_eq!(letters(&out), ["foretell-1.eml"], "died after the delivery: {after}");
        assert_eq!(outreach.card(&id, now()).unwrap().stage, Stage::Contacted);
        assert_eq!(outreach.tick(now()).unwrap(), []);
        let letter = std::fs::read_to_string(out.join("foretell-1.eml")).unwrap();
        for header in
            ["Message-ID: <foretell-1@foretell.example>", "Date: Wed, 15 Jul 2026 08:30:00 +0000", "List-Unsubscribe:"]
        {
            assert!(letter.contains(header), "{header} in {letter}");
        }
    }
}

#[test]
fn a_delivery_that_cannot_be_repeated_is_left_to_the_advisor() {
    for after in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let channel = || Dying { inner: Arc::new(support::Recorder::default()), after };
        let (outreach, id) = approved(dir.path(), Arc::new(channel()));
        assert!(catch_unwind(AssertUnwindSafe(|| outreach.tick(now()))).is_err());
        drop(outreach);
        let recorder = Arc::new(support::Recorder::default());
        let outreach = open(dir.path(), recorder.clone());
        for day in 0..40 {
            outreach.tick(now().plus_days(f64::from(day))).unwrap();
        }
        assert_eq!(recorder.keys(), [""; 0]);
        let card = outreach.card(&id, now()).unwrap();
        let message = card.message.unwrap();
        assert_eq!((card.stage, message.state), (Stage::Call, MessageState::Unknown));
        outreach.resolve_delivery(message.id, true, "wang", now()).unwrap();
        assert_eq!(outreach.card(&id, now()).unwrap().stage, Stage::Contacted);
    }
}

/// Stops while it reaches for the other side: for good, or until it may go on.
struct Reaching {
    inner: Arc<support::Recorder>,
    pause: Mutex<Option<(Sender<()>, Receiver<()>)>>,
}

impl Channel for Reaching {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn medium(&self) -> &str {
        self.inner.medium()
    }
    fn is_idempotent(&self) -> bool {
        false
    }
    fn reach(&self) -> Result<(), DeliveryError> {
        let Some((begun, go_on)) = self.pause.lock().unwrap().take() else { panic!("killed") };
        begun.send(()).unwrap();
        go_on.recv().unwrap();
        Ok(())
    }
    fn deliver(&self, parcel: &Parcel) -> Result<(), DeliveryError> {
        self.inner.deliver(parcel)
    }
}

#[test]
fn what_was_never_handed_over_goes_out_later_and_nobody_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Arc::new(support::Recorder::default());
    let (outreach, id) =
        approved(dir.path(), Arc::new(Reaching { inner: Arc::clone(&recorder), pause: Mutex::default() }));
    assert!(catch_unwind(AssertUnwindSafe(|| outreach.tick(now()))).is_err());
    drop(outreach);
    let outreach = open(dir.path(), recorder.clone());
    let card = outreach.card(&id, now()).unwrap();
    assert_eq!((card.stage, card.unsettled.len()), (Stage::Queued, 0), "nobody is asked");
    for minute in 0..3 {
        outreach.tick(now() + minute * 60_000).unwrap();
    }
    assert_eq!(recorder.keys(), ["foretell-1"]);
    assert_eq!(outreach.card(&id, now()).unwrap().stage, Stage::Contacted);
}

#[test]
fn a_letter_goes_out_once_although_another_process_takes_it_up_while_the_first_still_reaches_for_its_way() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Arc::new(support::Recorder::default());
    let (begun, has_begun) = channel();
    let (go_on, may_go_on) = channel();
    let slow = Reaching { inner: Arc::clone(&recorder), pause: Mutex::new(Some((begun, may_go_on))) };
    let (outreach, id) = approved(dir.path(), Arc::new(slow));
    let second = Outreach::open(&dir.path().join("service.sqlite"), options(recorder.clone())).unwrap();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| outreach.tick(now()).unwrap());
        has_begun.recv().unwrap();
        second.tick(now()).unwrap();
        assert_eq!(recorder.keys(), ["foretell-1"], "the second one has sent it");
        go_on.send(()).unwrap();
        assert_eq!(first.join().unwrap(), [], "the first one finds it gone");
    });
    outreach.tick(now() + 60_000).unwrap();
    assert_eq!(recorder.keys(), ["foretell-1"]);
    assert_eq!(second.card(&id, now()).unwrap().stage, Stage::Contacted);
}

#[test]
fn a_visit_is_booked_once_however_many_hands_reach_for_it() {
    const HANDS: usize = 8;
    let dir = tempfile::tempdir().unwrap();
    let recorder = Arc::new(support::Recorder::default());
    let outreach = open(dir.path(), recorder.clone());
    // A second process on the same file: only the store itself can keep the two apart.
    let second = Outreach::open(&dir.path().join("service.sqlite"), options(recorder)).unwrap();
    let mut tokens = Vec::new();
    for n in 0..HANDS {
        // Each at a site of its own: machines of one site would share a letter.
        outreach.register_site(&Site::new(format!("s1{n:02}"), "acme"), "test", now()).unwrap();
        let id = format!("s1{n:02}/m001");
        let own = Machine::new(&id, format!("No. 1{n:02}"));
        outreach.register_machine(&own, "test", now()).unwrap();
        let case = finding(&machine(&id), "cooler_clogging", Grade::Advise, Status::Opened);
        let case = apply(&outreach, n as u64 + 1, &case, now());
        tokens.push(token(&outreach.approve(&case, "wang", now()).unwrap().link).to_owned());
    }
    let starts: Vec<Timestamp> =
        tokens.iter().map(|t| outreach.booking_page(t, now()).unwrap().slots[0].slot.start).collect();
    assert!(starts.iter().all(|start| *start == starts[0]), "all are offered the same time: {starts:?}");
    let booked: usize = std::thread::scope(|scope| {
        let hands: Vec<_> = tokens
            .iter()
            .enumerate()
            .map(|(n, token)| {
                let through = if n % 2 == 0 { &outreach } else { &second };
                let start = starts[0];
                scope.spawn(move || usize::from(through.book(token, start, now()).is_ok()))
            })
            .collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).sum()
    });
    assert_eq!(booked, 1, "there is one technician");
    assert_eq!(outreach.visits(now(), 100).unwrap().len(), 1);
    // The others find other times on their page.
    for token in &tokens {
        let page = outreach.booking_page(token, now()).unwrap();
        assert!(page.slots.iter().all(|slot| slot.slot.start != starts[0]), "{:?}", page.slots);
    }
}

/// A mail server for one connection that answers the end of the text as told; `None` hangs up instead.
fn mail_server(
    reply_to_rcpt: &'static str,
    reply_to_text: Option<&'static str>,
) -> (u16, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        serve(stream, reply_to_rcpt, reply_to_text).unwrap_or_default()
    });
    (port, thread)
}

fn serve(mut stream: TcpStream, reply_to_rcpt: &str, reply_to_text: Option<&str>) -> std::io::Result<String> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut text = String::new();
    write!(stream, "220 test\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => write!(stream, "250-test\r\n250 8BITMIME\r\n")?,
            "RCPT" => write!(stream, "{reply_to_rcpt}\r\n")?,
            "DATA" => {
                write!(stream, "354 go on\r\n")?;
                for line in lines.by_ref() {
                    match line? {
                        end if end == "." => break,
                        line => text += &format!("{line}\n"),
                    }
                }
                match reply_to_text {
                    Some(reply) => write!(stream, "{reply}\r\n")?,
                    None => return Ok(text),
                }
            }
            "QUIT" => {
                write!(stream, "221 bye\r\n")?;
                break;
            }
            _ => write!(stream, "250 ok\r\n")?,
        }
    }
    Ok(text)
}

fn parcel() -> Parcel {
    Parcel {
        key: "foretell-7".into(),
        to: "li@huaxin.example".into(),
        to_name: "华新纺织".into(),
        from_name: "先知服务 王敏".into(),
        reply_to: Some("wang@service.example".into()),
        language: "zh-CN",
        subject: "2号机：约个时间清洗冷却器".into(),
        short: "A short form https://service.example/b/x".into(),
        body: "您好\n".into(),
        link: "https://service.example/b/x".into(),
        calendar: None,
        portrait: None,
        at: now(),
    }
}

fn smtp(port: u16) -> Smtp {
    Smtp::new(SmtpOptions {
        host: "127.0.0.1".into(),
        port,
        security: Security::Plain,
        login: None,
        timeout: Duration::from_secs(10),
        from: "service@foretell.example".into(),
    })
    .unwrap()
}

#[test]
fn a_mail_server_is_understood() {
    #[track_caller]
    fn check(rcpt: &'static str, text: Option<&'static str>, expected: &str) {
        let (port, server) = mail_server(rcpt, text);
        let channel = smtp(port);
        let got = match channel.deliver(&parcel()) {
            Ok(()) => "delivered",
            Err(DeliveryError::Temporary(_) | DeliveryError::Busy { .. }) => "temporary",
            Err(DeliveryError::Permanent(_)) => "permanent",
            Err(DeliveryError::Unknown(_)) => "unknown",
        };
        drop(channel);
        assert_eq!(got, expected, "{rcpt} {text:?}");
        let seen = server.join().unwrap();
        assert!(rcpt != "250 ok" || seen.contains("Message-ID: <foretell-7@foretell.example>"), "{seen}");
    }
    check("250 ok", Some("250 taken"), "delivered");
    check("250 ok", Some("451 later"), "temporary");
    check("250 ok", Some("554 never"), "permanent");
    check("450 mailbox busy", Some("250 taken"), "temporary");
    check("550 no such user", Some("250 taken"), "permanent");
    check("250 ok", None, "unknown");
}

#[test]
fn a_mail_server_that_is_away_is_worth_another_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert!(matches!(smtp(port).deliver(&parcel()), Err(DeliveryError::Temporary(_))));
    let bad = Parcel { to: "not an address".into(), ..parcel() };
    assert!(matches!(smtp(port).deliver(&bad), Err(DeliveryError::Permanent(_))));
}

#[test]
fn what_was_put_back_from_a_backup_sends_nothing_twice_and_mixes_nobody_up() {
    let folder = support::fast_dir();
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    std::fs::create_dir(&before).unwrap();
    let recorder = Arc::new(support::Recorder::default());
    let (outreach, id) = approved(&before, Arc::clone(&recorder) as Arc<dyn Channel>);
    // A backup, as far as this is concerned; then the letter goes out, another is written, and the disk is lost.
    drop(outreach);
    std::fs::create_dir(&after).unwrap();
    for name in ["service.sqlite", "link.secret"] {
        std::fs::copy(before.join(name), after.join(name)).unwrap();
    }
    let outreach = open(&before, Arc::clone(&recorder) as Arc<dyn Channel>);
    outreach.tick(now()).unwrap();
    let of_another = |outreach: &Outreach, name: &str| {
        let case = finding(&machine(name), "cooler_clogging", Grade::Advise, Status::Opened);
        let id = apply(outreach, 2, &case, now());
        outreach.approve(&id, "wang", now()).unwrap();
        outreach.tick(now()).unwrap();
        outreach.card(&id, now()).unwrap().message.unwrap().link
    };
    let lost = of_another(&outreach, "s01/m002");
    let told = recorder.keys();
    assert_eq!(told.len(), 2, "{told:?}");
    drop(outreach);

    let (made, later) = (now(), now() + 60_000);
    let outreach = open(&after, Arc::clone(&recorder) as Arc<dyn Channel>);
    assert_eq!(outreach.restored(Some(made), later).unwrap(), 1);
    outreach.tick(later).unwrap();
    assert_eq!(recorder.keys(), told, "nothing goes out twice");
    let card = outreach.card(&id, later).unwrap();
    assert_eq!((card.stage, card.unsettled.len()), (Stage::Call, 1));
    assert!(card.remark.unwrap().contains("put back from a backup of 2026-07-15T08:30:00Z, and it may have gone out"));
    // What is written now is nobody else's: not by its key, not by its link.
    let new = of_another(&outreach, "s03/m003");
    assert!(!told.contains(recorder.keys().last().unwrap()), "{:?}", recorder.keys());
    assert_ne!(new, lost);
    assert!(outreach.booking_page(token(&lost), later).is_err());
    // The advisor has asked the customer.
    outreach.resolve_delivery(card.unsettled[0].message, true, "wang", later).unwrap();
    assert_eq!(outreach.card(&id, later).unwrap().stage, Stage::Contacted);
}
