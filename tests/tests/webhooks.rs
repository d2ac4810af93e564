//! Messages and events leave by HTTP to a receiver that is not ours (Python's `http.server`, checking our signature with Python's
//! `hmac`), replies come back signed, and `kill -9` in the middle of a delivery shows a customer nothing twice.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use foretell_tests::{Foretell, Running, free_port, get, oil_due, plant, press, publish_lines, python, wait_for};

const SECRET: &str = "a shared secret";

/// A line of what the receiver took.
struct Taken {
    path: String,
    key: String,
    is_new: bool,
    body: serde_json::Value,
}

struct House {
    folder: tempfile::TempDir,
    port: u16,
    _receiver: Running,
    config: String,
}

impl House {
    /// A receiver and a configuration that sends messages to `path` there, and events to `/events`.
    fn new(path: &str, more: &str) -> Self {
        let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
        let mut command = python("receiver.py");
        command.args([&port.to_string(), SECRET]).arg(folder.path().join("taken"));
        let receiver = Running::start("receiver.py", command, &folder.path().join("receiver.log"));
        wait_for("the receiver to listen", Duration::from_secs(15), || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        plant(folder.path(), r#"{ chat = "acme-group" }"#);
        std::fs::write(folder.path().join("shared.secret"), SECRET).expect("a writable folder");
        let config = format!(
            "[clock]\nsource = \"readings\"\n[console]\npublic_url = \"http://localhost:8080\"\n[outreach]\nchannel = \"none\"\n\
             customers_file = \"customers.toml\"\ntick = \"200ms\"\n[[channel]]\nname = \"chat\"\nurl = \"http://127.0.0.1:{port}{path}\"\n\
             body = '{{\"to\": {{{{ to }}}}, \"text\": {{{{ subject ~ \"\\n\" ~ body }}}}, \"link\": {{{{ link }}}}}}'\n\
             secret_file = \"shared.secret\"\nsuccess = \"errcode == 0\"\n{more}\n[replies]\nsecret_file = \"shared.secret\"\n\
             [[webhook]]\nname = \"cmms\"\nurl = \"http://127.0.0.1:{port}/events\"\nsecret_file = \"shared.secret\"\n"
        );
        Self { folder, port, _receiver: receiver, config }
    }

    fn taken(&self, path: &str) -> Vec<Taken> {
        let text = std::fs::read_to_string(self.folder.path().join("taken")).unwrap_or_default();
        let line = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
            let text = |name: &str| line[name].as_str().expect("a text").to_owned();
            Taken { path: text("path"), key: text("key"), is_new: line["new"] == true, body: line["body"].clone() }
        };
        // The last line may be on its way still.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(line).filter(|taken| taken.path.starts_with(path)).collect()
    }

    fn start(&self) -> Foretell {
        Foretell::start(self.folder.path(), &self.config)
    }
}

/// Signs a reply as a gateway would, with Python's own hmac, and brings it.
fn reply(console: u16, folder: &Path, body: &str) -> (u16, String) {
    let script = format!(
        "import hmac,hashlib,time,sys,urllib.request as u,urllib.error as e\n\
         body=sys.argv[1].encode();t=str(int(time.time()))\n\
         s='v1='+hmac.new(b'{SECRET}',t.encode()+b'.'+body,hashlib.sha256).hexdigest()\n\
         r=u.Request('http://127.0.0.1:{console}/api/v1/replies',body,{{'Content-Type':'application/json','Foretell-Timestamp':t,'Foretell-Signature':s}})\n\
         try:\n  a=u.build_opener(u.ProxyHandler({{}})).open(r);print(a.status,a.read().decode())\n\
         except e.HTTPError as x:\n  print(x.code,x.read().decode())\n"
    );
    let output = Command::new("/usr/bin/python3").args(["-c", &script, body]).current_dir(folder).output();
    let output = String::from_utf8(output.expect("python").stdout).expect("a text");
    let (status, answer) = output.trim().split_once(' ').expect("a status and an answer");
    (status.parse().expect("a status"), answer.to_owned())
}

#[test]
fn a_letter_goes_out_once_signed_and_what_comes_back_is_in_the_record() {
    let house = House::new("/away", "idempotent = true");
    let foretell = house.start();
    oil_due(foretell.console, foretell.mqtt);
    press(foretell.console, "/queue/approve", "");
    // The first attempt is sent away, and the readings' clock stands still: it is tried again when time goes on.
    let busy = wait_for("the first attempt to be sent away", Duration::from_secs(30), || {
        get(foretell.console, "/queue").filter(|page| page.body.contains("503"))
    });
    assert!(busy.body.contains("Could not be sent yet"), "the card says why");
    let later = r#"{"ts":1783419600000,"discharge_temp_c":84.0,"motor_current_a":140.0,"run_hours":12010.2,"ambient_temp_c":24.0}"#;
    publish_lines(foretell.mqtt, "foretell/v1/s01/k2/telemetry", &[later.to_owned()]);
    let letters = wait_for("the letter", Duration::from_secs(30), || {
        Some(house.taken("/away")).filter(|taken| !taken.is_empty())
    });
    let letter = &letters[0];
    assert!(letter.is_new && letter.key.starts_with("foretell-") && letter.body["to"] == "acme-group");
    assert!(letter.body["text"].as_str().expect("a text").contains("No. 2"), "{}", letter.body);
    assert!(letter.body["link"].as_str().expect("a link").starts_with("http://localhost:8080/b/"));

    // The customer answers in the group: the advisor reads it on the card, and it is kept once.
    let said =
        format!(r#"{{"id": "m1", "message": "{}", "medium": "chat", "text": "Rather Thursday, at noon"}}"#, letter.key);
    let (status, answer) = reply(foretell.console, house.folder.path(), &said);
    assert_eq!((status, answer.contains("\"kept\"")), (200, true), "{answer}");
    assert!(reply(foretell.console, house.folder.path(), &said).1.contains("\"known\""));
    let card = get(foretell.console, "/queue?lang=en").expect("a page");
    assert!(card.body.contains("Rather Thursday, at noon"), "the card shows what was said");
    let customer = get(foretell.console, "/customers/acme?lang=en").expect("a page");
    assert!(customer.body.matches("Rather Thursday, at noon").count() >= 1, "the customer's page too");
    let (status, answer) = reply(
        foretell.console,
        house.folder.path(),
        r#"{"id": "m2", "medium": "chat", "address": "acme-group", "text": "STOP"}"#,
    );
    assert_eq!((status, answer.contains("\"stopped\"")), (200, true), "{answer}");
    let customer = get(foretell.console, "/customers/acme?lang=en").expect("a page");
    assert!(customer.body.contains("stopped since"), "the opt-out stands on the customer's page");

    // Others were told, each event once, and the ingest page says how it goes.
    let events =
        wait_for("the events", Duration::from_secs(20), || Some(house.taken("/events")).filter(|e| !e.is_empty()));
    assert_eq!(
        (events[0].body["event"].as_str(), events[0].body["customer"].as_str()),
        (Some("advisory.opened"), Some("acme"))
    );
    assert!(events.iter().all(|event| event.is_new), "no event came twice");
    let page = get(foretell.console, "/ingest?lang=en").expect("a page");
    assert!(page.body.contains("cmms") && page.body.contains(&format!("http://127.0.0.1:{}", house.port)));
}

/// Kills the service while the receiver has the message and has not answered, and starts it again.
fn killed_in_the_middle(house: &House) -> Foretell {
    let mut foretell = house.start();
    oil_due(foretell.console, foretell.mqtt);
    press(foretell.console, "/queue/approve", "");
    wait_for("the receiver to have it", Duration::from_secs(30), || (!house.taken("/slow").is_empty()).then_some(()));
    foretell.process.kill_9();
    // The receiver answers at once from now on.
    let config = house.config.replace("/slow", "/quick");
    Foretell::start_on(house.folder.path(), &config, foretell.console, foretell.mqtt)
}

#[test]
fn a_receiver_that_tells_repetitions_gets_an_interrupted_letter_again_under_its_key() {
    let house = House::new("/slow", "idempotent = true");
    let _again = killed_in_the_middle(&house);
    let repeated = wait_for("the repetition", Duration::from_secs(20), || house.taken("/quick").pop());
    assert_eq!((repeated.key, repeated.is_new), (house.taken("/slow")[0].key.clone(), false), "known by its key");
}

#[test]
fn a_robot_never_shows_an_interrupted_letter_twice_and_the_advisor_settles_it() {
    let house = House::new("/slow", "");
    let again = killed_in_the_middle(&house);
    let page = wait_for("the card to ask", Duration::from_secs(20), || {
        get(again.console, "/queue?lang=en").filter(|page| page.body.contains("action=\"/queue/settle\""))
    });
    assert!(page.body.contains("Nobody knows whether the letter arrived."), "the card says so");
    // Ten ticks of the outbox in which a second letter would have gone.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!((house.taken("/slow").len(), house.taken("/quick").len()), (1, 0), "it was shown once");
    press(again.console, "/queue/settle", "&arrived=yes");
    wait_for("the card to be settled", Duration::from_secs(20), || {
        get(again.console, "/queue?lang=en").filter(|page| !page.body.contains("action=\"/queue/settle\""))
    });
    assert_eq!(house.taken("/quick").len(), 0);
}
