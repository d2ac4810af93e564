//! Everybody's way through the console, in a real browser: over the demo from the fleet to a booked visit, over a made-up fleet
//! past every page in every dress, and over a data directory of its own as each role and as a customer.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use foretell_tests::{Foretell, Running, binary, example, free_port, get, publish_lines, root, wait_for};

/// Longest walk.
const WALK_WITHIN: Duration = Duration::from_secs(900);

fn artefacts(name: &str) -> PathBuf {
    root().join("tests/artefacts").join(name)
}

/// Runs one of the scripts to its good end.
#[track_caller]
fn walk(script: &str, arguments: &[&str], folder: &Path) {
    let mut walk = Command::new("node");
    walk.current_dir(root().join("tests/browser")).arg(script).args(arguments);
    let mut walk = Running::start("browser", walk, &folder.join("walk.log"));
    assert_eq!(walk.wait(WALK_WITHIN), Some(0), "{}", walk.said());
}

#[test]
fn from_the_fleet_to_a_booked_visit() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let mut demo = Command::new(binary("foretell"));
    demo.args(["demo", "--listen", &format!("127.0.0.1:{port}"), "--data-dir"]).arg(folder.path().join("data"));
    let mut demo = Running::start("foretell demo", demo, &folder.path().join("demo.log"));

    wait_for("an advisory to wait for approval", Duration::from_secs(240), || {
        assert!(demo.runs(), "the demo ended:\n{}", demo.said());
        get(port, "/queue").filter(|page| {
            page.status == 200
                // Until then days pass faster than a person can click.
                && demo.said().contains("from here on")
                && page.body.contains("cooler_clogging")
                && page.body.contains("action=\"/queue/approve\"")
        })
    });

    let pictures = artefacts("walk");
    walk("walk.mjs", &[&format!("http://127.0.0.1:{port}"), &pictures.to_string_lossy()], folder.path());
    assert!(pictures.join("7-booked.png").exists(), "no picture was kept");

    assert_eq!(demo.terminate(), Some(0), "ctrl-c leaves cleanly");
}

#[test]
fn every_page_is_fit_to_read_in_both_languages_by_day_and_night_on_a_desk_and_on_a_phone() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let mut gallery = Command::new(example("gallery"));
    gallery.arg(format!("127.0.0.1:{port}"));
    let _gallery = Running::start("gallery", gallery, &folder.path().join("gallery.log"));
    wait_for("the made-up fleet", Duration::from_secs(30), || get(port, "/"));
    walk("pages.mjs", &[&format!("http://127.0.0.1:{port}"), &artefacts("pages").to_string_lossy()], folder.path());
}

/// What people and places are called is theirs to say.
#[test]
fn a_name_of_any_length_and_script_keeps_to_its_place() {
    let long = "Kompressorenstationsverwaltungsgebäude-Nord/Halle_7b".repeat(2);
    for (what, name) in [("long", long.as_str()), ("from-the-right", "شركة الأفق للصناعات المعدنية المحدودة")]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let mut gallery = Command::new(example("gallery"));
        gallery.arg(format!("127.0.0.1:{port}")).args(["--name", name]);
        let _gallery = Running::start("gallery", gallery, &folder.path().join("gallery.log"));
        wait_for("the made-up fleet", Duration::from_secs(30), || get(port, "/"));
        let pictures = artefacts(&format!("names-{what}"));
        let arguments = [&format!("http://127.0.0.1:{port}"), name, &pictures.to_string_lossy()];
        walk("names.mjs", &arguments, folder.path());
    }
}

#[test]
fn an_advisor_a_technician_ops_an_administrator_and_a_customer_do_their_work() {
    for (device, lang) in [("desk", "en"), ("phone", "zh"), ("desk", "zh"), ("phone", "en")] {
        check_roles(device, lang);
    }
}

/// One walk of everybody over a fleet of its own.
#[track_caller]
fn check_roles(device: &str, lang: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut made = Command::new(example("large_fleet"));
    made.arg(folder.path().join("data")).args(["96", "60"]);
    let made = made.output().expect("a fleet can be made");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    let addresses = said.trim().lines().last().expect("its addresses").to_owned();

    let (console, mqtt) = (free_port(), free_port());
    let foretell = Foretell::start_with(folder.path(), "", console, mqtt, |command| {
        // Beyond loopback nobody is let in without having signed in.
        command.env("FORETELL__CONSOLE__LISTEN", format!("0.0.0.0:{console}"));
    });
    let told = foretell.process.said();
    let link =
        told.split_whitespace().find(|word| word.contains("/welcome/")).expect("the first start's link").to_owned();
    publish_lines(mqtt, "foretell/v1/s0000/k1/telemetry", &["garbage".to_owned()]);
    let base = format!("http://127.0.0.1:{console}");
    let pictures = artefacts(&format!("roles-{device}-{lang}"));
    walk("roles.mjs", &[&base, device, lang, &link, &addresses, &pictures.to_string_lossy()], folder.path());
}
