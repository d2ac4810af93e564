//! A person's way through the console, in a real browser, over the demo: from the fleet to a booked visit.

use std::process::Command;
use std::time::Duration;

use foretell_tests::{Running, binary, free_port, get, root, wait_for};

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

    let pictures = root().join("tests/artefacts/walk");
    let mut walk = Command::new("node");
    walk.current_dir(root().join("tests/browser"));
    walk.arg("walk.mjs").arg(format!("http://127.0.0.1:{port}")).arg(&pictures);
    let mut walk = Running::start("browser", walk, &folder.path().join("walk.log"));
    assert_eq!(walk.wait(Duration::from_secs(180)), Some(0), "{}", walk.said());
    assert!(pictures.join("7-booked.png").exists(), "no picture was kept");

    assert_eq!(demo.terminate(), Some(0), "ctrl-c leaves cleanly");
}
