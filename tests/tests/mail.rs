//! A message leaves through a real mail server: aiosmtpd, which is not ours, keeps what it receives in a Maildir.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use foretell_tests::{Foretell, Running, free_port, get, oil_due, plant, press, wait_for};

fn mail_server(folder: &Path) -> (u16, Running) {
    let port = free_port();
    let mut command = Command::new("/usr/bin/python3");
    command.args(["-m", "aiosmtpd", "-n", "-l", &format!("127.0.0.1:{port}"), "-c", "aiosmtpd.handlers.Mailbox"]);
    command.arg(folder.join("mail"));
    let server = Running::start("aiosmtpd", command, &folder.join("aiosmtpd.log"));
    wait_for("the mail server to listen", Duration::from_secs(15), || {
        std::net::TcpStream::connect(("127.0.0.1", port)).ok()
    });
    (port, server)
}

#[test]
fn an_approved_message_reaches_the_customer_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (smtp, mut server) = mail_server(folder.path());
    plant(folder.path(), r#"{ email = "baker@acme.example" }"#);
    let config = format!(
        "[clock]\nsource = \"readings\"\n[console]\npublic_url = \"http://localhost:8080\"\n[outreach]\nchannel = \"smtp\"\nsmtp_url = \"smtp://127.0.0.1:{smtp}\"\n\
         from = \"service@service.example\"\ncompany = \"Acme Air Service\"\ncustomers_file = \"customers.toml\"\ntick = \"200ms\"\n"
    );
    let mut foretell = Foretell::start(folder.path(), &config);
    oil_due(foretell.console, foretell.mqtt);
    // What the customer's own interval says stands in the health report: as advice, and in the score of the part it is of.
    wait_for("the report to tell that the oil is due", Duration::from_secs(30), || {
        get(foretell.console, "/m/s01/k2/report?lang=en")
            .filter(|page| page.body.matches("By its running hours it is time to change the oil.").count() == 2)
    });

    press(foretell.console, "/queue/approve", "");

    let inbox = folder.path().join("mail/new");
    let letters = || std::fs::read_dir(&inbox).map(|files| files.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let letter = wait_for("the letter to arrive", Duration::from_secs(30), || letters().into_iter().next());
    let letter = std::fs::read_to_string(letter.path()).expect("a letter");
    for expected in ["To: baker@acme.example", "From:", "service@service.example", "Message-ID:", "No. 2", "/b/"] {
        assert!(letter.contains(expected), "the letter lacks {expected:?}:\n{letter}");
    }

    // Killed and started again, nothing goes out twice.
    foretell.process.kill_9();
    let mut again = Foretell::start_on(folder.path(), &config, foretell.console, foretell.mqtt);
    wait_for("the case to show that it was sent", Duration::from_secs(20), || {
        get(again.console, "/readyz").filter(|page| page.status == 200)
    });
    std::thread::sleep(Duration::from_secs(2)); // ten ticks of the outbox in which a second letter would have gone
    assert_eq!(letters().len(), 1, "the customer got the letter twice");
    assert_eq!(again.process.terminate(), Some(0), "a clean stop");
    assert!(server.runs(), "the mail server ended early");
}
