//! `foretell customers`: in from a spreadsheet, out as JSON, erased for good.

use crate::support::foretell;
use expect_test::expect;
use foretell_model::Timestamp;
use foretell_outreach::{Outreach, OutreachOptions, RecordFilter};

#[test]
fn customers_come_in_from_a_spreadsheet() {
    let dir = tempfile::tempdir().unwrap();
    let advisor = "[[advisor]]\nid = \"wang\"\nname = { en = \"Min Wang\", zh = \"王敏\" }\nrole = { en = \"x\", zh = \"x\" }\nphone = \"1\"\n";
    std::fs::write(dir.path().join("advisors.toml"), advisor).unwrap();
    let rows =
        "customer,customer_name,advisor,site,machine,number,rated_kw\nhx,华新,wang,s1,m1,1号机,75\nhx,,,s1,m2,,75\n";
    std::fs::write(dir.path().join("machines.csv"), rows).unwrap();
    let mut said = String::new();
    for file in ["advisors.toml", "machines.csv", "machines.csv", "missing.csv"] {
        let output = foretell(dir.path()).args(["customers", "import", file]).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        said += &format!("{:?}\n{}{}", output.status.code(), text(&output.stdout), text(&output.stderr));
    }
    expect![[r#"
        Some(0)
        0 machines on 0 sites of 0 customers; 1 entry is new or changed
        Some(65)
        1 machine on 1 site of 1 customer; 3 entries are new or changed
        refused: line 3: `number`: it is empty; fill it in
        foretell: could not take 1 line; mend it and import the file again
        Some(65)
        1 machine on 1 site of 1 customer; 0 entries are new or changed
        refused: line 3: `number`: it is empty; fill it in
        foretell: could not take 1 line; mend it and import the file again
        Some(66)
        foretell: could not read missing.csv: No such file or directory (os error 2)
    "#]]
    .assert_eq(&said);
}

#[test]
fn the_shipped_spreadsheet_comes_in_beside_the_shipped_people() {
    let dir = tempfile::tempdir().unwrap();
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/examples");
    let import = |file: &str| {
        let output = foretell(dir.path()).args(["customers", "import"]).arg(examples.join(file)).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(import("customers.toml").0, Some(0));
    let (code, said) = import("machines.csv");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("3 machines on 2 sites of 2 customers; "), "{said}");
}

#[test]
fn a_command_beside_a_rehearsal_goes_by_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| foretell(dir.path()).args(["customers"]).args(args).output().unwrap();
    let registry = "[[advisor]]\nid = \"wang\"\nname = { en = \"Min Wang\", zh = \"王敏\" }\nrole = { en = \"x\", zh = \"x\" }\nphone = \"1\"\n\
        [[customer]]\nid = \"hx\"\nname = \"Huaxin Mills\"\nlanguage = \"en\"\nadvisor = \"wang\"\n";
    std::fs::write(dir.path().join("customers.toml"), registry).unwrap();
    assert!(run(&["import", "customers.toml"]).status.success());
    let state = dir.path().join("data/service.sqlite");
    let catalogue = std::sync::Arc::new(foretell::service::catalogue(None).unwrap());
    let options = OutreachOptions { time_of_readings: true, ..OutreachOptions::new(catalogue) };
    let rehearsal = Timestamp::parse("2026-07-15T08:30:00Z").unwrap();
    let outreach = Outreach::open(&state, options).unwrap();
    outreach.tick(rehearsal).unwrap();
    assert!(run(&["erase", "hx", "--confirm", "hx"]).status.success());
    let record = outreach.record(&RecordFilter { max: 100, ..RecordFilter::default() }).unwrap();
    let erased = record.iter().find(|entry| entry.who == "command").unwrap();
    assert_eq!(erased.at, rehearsal, "{erased:?}");
}

#[test]
fn what_is_kept_about_a_customer_is_handed_out_and_erased() {
    let dir = tempfile::tempdir().unwrap();
    let registry = "[[advisor]]\nid = \"wang\"\nname = { en = \"Min Wang\", zh = \"王敏\" }\nrole = { en = \"x\", zh = \"x\" }\nphone = \"1\"\n\
        [[customer]]\nid = \"hx\"\nname = \"Huaxin Mills\"\ncontact = \"Ms Unmistakable\"\nlanguage = \"en\"\nadvisor = \"wang\"\n\
        [[site]]\nid = \"s1\"\ncustomer = \"hx\"\naddress = \"9 Nowhere Lane\"\n";
    std::fs::write(dir.path().join("customers.toml"), registry).unwrap();
    let run = |args: &[&str]| {
        let output = foretell(dir.path()).args(["customers"]).args(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{:?}\n{}{}", output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let mut said = run(&["export", "hx", "--out", "hx.json"]);
    run(&["import", "customers.toml"]);
    said += &run(&["export", "hx", "--out", "hx.json"]);
    let data = std::fs::read_to_string(dir.path().join("hx.json")).unwrap();
    assert!(data.contains("Ms Unmistakable") && data.contains("9 Nowhere Lane"), "{data}");
    said += &run(&["export", "nobody", "--out", "nobody.json"]);
    said += &run(&["erase", "hx", "--confirm", "hy"]);
    said += &run(&["erase", "hx", "--confirm", "hx"]);
    // The register cannot bring it back, and says so.
    said += &run(&["import", "customers.toml"]);
    let stored = std::fs::read_dir(dir.path().join("data")).unwrap().flatten();
    let stored: Vec<u8> = stored.flat_map(|entry| std::fs::read(entry.path()).unwrap_or_default()).collect();
    for gone in ["Huaxin Mills", "Ms Unmistakable", "9 Nowhere Lane"] {
        assert!(!stored.windows(gone.len()).any(|window| window == gone.as_bytes()), "{gone}");
    }
    expect![[r#"
        Some(66)
        foretell: there is no service state in data; name the data directory with --data-dir
        Some(0)
        everything kept about customer `hx` is in hx.json
        Some(66)
        foretell: could not do this with personal data: there is no customer `nobody`
        Some(64)
        foretell: nothing was erased: `--confirm hy` does not repeat the key `hx`
        Some(0)
        what was personal about customer `hx` is erased, 0 photos with it; notes that the machines sent stay in the log, messages that could not be read in quarantine, and backups as they were made
        Some(0)
        0 machines on 1 site of 1 customer; 0 entries are new or changed
        customer `hx` was erased, and nothing personal in this file brings it back; one that is a customer again needs another key
    "#]]
    .assert_eq(&said);
}
