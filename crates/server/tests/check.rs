//! `foretell check`: every fault of a configuration at once, samples, ports, files.

use crate::support::{Folder, check, foretell};
use expect_test::expect;

/// What most tests ask.
const CHECK: &str = "check --config plant.toml";

#[test]
fn a_sound_configuration_is_said_to_be_so() {
    check(
        CHECK,
        "[log]\nlevel = \"warn\"\n",
        expect![[r#"
        exit 0
        out: The configuration is sound.
        err: 
    "#]],
    );
}

#[test]
fn faults_of_the_configuration_are_told_all_at_once() {
    check(
        CHECK,
        "[mqtt]\nkeepalive = \"30s\"\nlisten = \"here\"\n[[mapping]]\ntopic = \"a/{site}\"\nsignals.vibraton_mm_s = \"/v\"\n",
        expect![[r#"
            exit 78
            out: 
            err: foretell: plant.toml: 4 problems
              line 2: unknown key `keepalive` in [mqtt]; known here: listen, password_file, url, version, client_id, username, ca_file, source, tls_cert_file, tls_key_file, tls_client_ca_file, anonymous, user, limits, age_max, machines_max
              line 3: `mqtt.listen`: `here` is not an address with a port, such as 127.0.0.1:1883
              line 4: [[mapping]] `a/{site}`: `machine`: neither the topic names {machine} nor is there a constant or a place in the payload
              line 6: [[mapping]] `a/{site}`: `signals.vibraton_mm_s`: there is no signal `vibraton_mm_s`; did you mean `vibration_mm_s`?
        "#]],
    );
}

#[test]
fn what_stands_twice_is_named_with_both_lines() {
    check(
        CHECK,
        "[[mqtt.user]]\nname = \"gw\"\nmachines = [\"s/*\"]\n[[mqtt.user]]\nname = \"gw\"\nmachines = [\"*/*\"]\n\
         [[machine]]\nid = \"s/m\"\n[[machine]]\nid = \"s/m\"\n\
         [[mapping]]\ntopic = \"a/{site}/{machine}\"\nsignals.power_kw = \"/p\"\nrequired = []\n\
         [[mapping]]\ntopic = \"a/{site}/{machine}\"\nsignals.power_kw = \"/q\"\nrequired = []\n",
        expect![[r#"
            exit 78
            out: 
            err: foretell: plant.toml: 3 problems
              line 5: [[mqtt.user]] `gw` is there already in line 2; take one of the two away
              line 10: [[machine]] `s/m` is there already in line 8; take one of the two away
              line 16: [[mapping]] topic `a/{site}/{machine}` is there already in line 12; take one of the two away
        "#]],
    );
}

#[test]
fn a_login_says_for_which_machines_it_speaks() {
    check(
        CHECK,
        "[[mqtt.user]]\nname = \"gw\"\npassword_hash = \"x\"\n[[mqtt.user]]\nname = \"plc\"\nmachines = [\"s01\"]\n",
        expect![[r#"
            exit 78
            out: 
            err: foretell: plant.toml: 3 problems
              line 1: [mqtt.user[0]] needs `machines`, the machines that it may speak for and read of, such as ["s01/*"]; ["*/*"] is every machine
              line 3: `mqtt.user[0].password_hash`: this is no password hash in PHC form; `foretell hash-password` makes a hash of the right form
              line 6: `s01` is not a pattern of machines; write site/machine with A-Z a-z 0-9 . _ - and `*` for any run of them
        "#]],
    );
}

/// A broker lets a client id in once, so two sessions of one name would throw each other out for ever.
#[test]
fn two_sessions_of_one_name_at_one_broker_are_told() {
    let source =
        |name: &str, url: &str, rest: &str| format!("[[mqtt.source]]\nname = \"{name}\"\nurl = \"{url}\"\n{rest}");
    let config = [
        "[mqtt]\nurl = \"mqtt://hall.example\"\n".to_owned(),
        source("north", "mqtt://HALL.example:1883", ""),
        source("shared", "mqtt://hall.example:1884", "client_id = \"a\"\nshare = \"g\"\nworkers = 3\n"),
        source("third", "mqtt://hall.example:1884", "client_id = \"a-3\"\n"),
        source("tls", "mqtts://hall.example", "client_id = \"a\"\n"),
        source("other", "mqtt://other.example", ""),
    ]
    .concat();
    check(
        CHECK,
        &config,
        expect![[r#"
            exit 78
            out: 
            err: foretell: plant.toml: 2 problems
              line 4: [[mqtt.source]] `north`: the client id `foretell` at hall.example:1883 is that of `[mqtt] url`: a broker lets each in once, so they would throw each other out; give it another `client_id`
              line 13: [[mqtt.source]] `third`: the client id `a-3` at hall.example:1884 is that of `shared`: a broker lets each in once, so they would throw each other out; give it another `client_id`
        "#]],
    );
    let two = source("plain", "mqtt://hall.example", "") + &source("web", "ws://hall.example:9001", "");
    check(
        CHECK,
        &two,
        expect![[r#"
            exit 0
            out: The configuration is sound, but look at this:
              plant.toml: line 5: [[mqtt.source]] `web`: the client id `foretell` at hall.example:9001 is that of `plain` at port 1883; if that is the same broker, a broker lets each in once, so they would throw each other out; give it another `client_id`
            err: 
        "#]],
    );
}

#[test]
fn what_is_allowed_but_looks_like_a_slip_is_said() {
    check(
        CHECK,
        "[data]\nquarantine_size_max = \"64B\"\n[mqtt]\nage_max = \"1h\"\n\
         [[mapping]]\ntopic = \"a/#\"\nsite = \"s\"\nmachine = \"m\"\nsignals.power_kw = \"/p\"\nrequired = []\n\
         [[mapping]]\ntopic = \"a/{site}/{machine}\"\nsignals.power_kw = \"/q\"\nrequired = []\n\
         [[mapping]]\ntopic = \"+/k1/{site}/{machine}/telemetry\"\nsignals.power_kw = \"/q\"\nrequired = []\n",
        expect![[r#"
            exit 0
            out: The configuration is sound, but look at this:
              plant.toml: line 2: [data] `quarantine_size_max` is unusual: 1MiB to 64GiB hold hours to years of refusals
              plant.toml: line 4: [mqtt] `age_max` is short: what a controller delivers after a week off line is refused
              plant.toml: line 12: [[mapping]] `a/{site}/{machine}`: never gets a message: every topic of it goes to mapping[0] (`a/#`), which stands before it
              plant.toml: line 16: [[mapping]] `+/k1/{site}/{machine}/telemetry`: topics that match both go to mapping[0] (`a/#`), which stands before it
            err: 
        "#]],
    );
}

#[test]
fn a_sample_is_explained() {
    let plant = "[[mapping]]\ntopic = \"a/{site}/{machine}\"\nts = { at = \"/t\", format = \"s\" }\n\
                 signals.discharge_temp_c = { at = \"/oil\", unit = \"degF\" }\nsignals.motor_current_a = \"/amps\"\nsignals.run_hours = \"/h\"\n";
    let folder = Folder::new();
    folder.write("plant.toml", plant);
    let explain = |payload: &str, more: &[&str]| {
        folder.write("sample.json", payload);
        let mut command = foretell(&folder.path(""));
        command.args(["check", "--config", "plant.toml", "--sample", "sample.json"]).args(more);
        let output = command.output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), out.into_owned(), err.into_owned())
    };
    let (code, table, _) = explain(r#"{"t":1782892800,"oil":181.4,"amps":41.7,"h":7,"rpm":3000}"#, &[]);
    assert_eq!(code, Some(0));
    expect![[r#"
        topic a/site/machine: mapping[0] `a/{site}/{machine}`, machine site/machine
          /amps  41.7        -> motor_current_a = 41.7 A
          /h     7           -> run_hours = 7 h
          /oil   181.4       -> discharge_temp_c = 83 °C  (from degF)
          /rpm   3000        -- no pointer of the mapping leads to /rpm
          /t     1782892800  -> time = 2026-07-01T08:00:00Z  (s since 1970)
        reading of site/machine at 2026-07-01T08:00:00Z: discharge_temp_c=83 motor_current_a=41.7 run_hours=7
    "#]]
    .assert_eq(&table);
    let (code, json, err) = explain(r#"{"t":1782892800,"oil":"hot","h":7}"#, &["--topic", "a/hq/k1", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["records"], &json["admitted"]), (Some(65), &1.into(), &0.into()), "{json}");
    assert!(json["outcome"].as_str().unwrap().contains("a number belongs there"), "{json}");
    let fates =
        |wanted: &str| json["fields"].as_array().unwrap().iter().filter(|field| field["fate"] == wanted).count();
    assert_eq!((fates("refused"), fates("used"), fates("absent")), (1, 2, 1), "{json}");
    assert_eq!(err, "foretell: nothing of the sample on topic a/hq/k1 becomes a reading\n");
    assert_eq!(explain("{}", &["--topic", "elsewhere"]).0, Some(65));
}

#[test]
fn whose_topic_names_the_signal_is_asked_which() {
    check(
        "check --config plant.toml --sample rows.csv",
        "[[mapping]]\ntopic = \"a/{site}/{machine}/{signal}\"\ntext = true\nrequired = []\n\
         signals.discharge_temp_c = { topic = \"oil\" }\nsignals.motor_current_a = { topic = \"amps\" }\n",
        expect![[r#"
            exit 64
            out: 
            err: foretell: name the sample's topic with --topic, such as one of: a/site/machine/oil, a/site/machine/amps
        "#]],
    );
}

#[test]
fn a_port_in_use_is_said_when_asked() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let folder = Folder::new();
    folder.write("plant.toml", format!("[console]\nlisten = \"{listen}\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n"));
    assert_eq!(folder.run(CHECK).0, Some(0));
    let (code, said) = folder.run("check --config plant.toml --ports");
    assert_eq!(code, Some(69));
    assert!(said.contains(&format!("could not listen on {listen} for the console (`[console] listen`)")), "{said}");
}

#[test]
fn the_files_a_configuration_names_are_checked_with_it() {
    let folder = Folder::new();
    folder.write(
        "plant.toml",
        "[engine]\nwarn_c = 300\ntrip_c = 100\n[outreach]\nfrom = \"service\"\ncustomers_file = \"customers.toml\"\n\
         templates_dir = \".\"\n[log]\nlevel = \"loud\"\n",
    );
    folder.write(
        "customers.toml",
        "[[customer]]\nid = \"a\"\nname = \"A\"\nlanguage = \"en\"\nadvisor = \"nobody\"\nquiet_from = \"8pm\"\n\
         holidays = [\"2026-10-32\"]\n[[machine]]\nid = \"s1/m1\"\nnumber = \"1\"\ncolour = \"red\"\n",
    );
    folder.write("fault.en.j2", "Subject: {{ nubmer }}\n\nHello\n");
    let (code, said) = folder.run(CHECK);
    assert_eq!(code, Some(78));
    for expected in [
        "plant.toml: 3 problems\n  line 2: `engine.warn_c` is 300; it must be a number from 40 to 200\n  line 5: `outreach.from`: `service` is not",
        "line 9: `log.level`: `loud` is none of",
        "customers.toml: 5 problems\n  line 5: customer `a`: there is no [[advisor]] `nobody` in this file\n  line 6: customer `a`: \
         `quiet_from`: `8pm` is not a time",
        "line 7: customer `a`: `holidays`: `2026-10-32` is not a date",
        "line 9: machine `s1/m1`: there is no [[site]] `s1` in this file",
        "line 11: machine `s1/m1`: unknown key `colour`",
        "template `fault.en.j2` could not be rendered",
    ] {
        assert!(said.contains(expected), "{expected}\n---\n{said}");
    }
    // What `check` names, `run` refuses.
    folder.write("plant.toml", "[outreach]\ncustomers_file = \"customers.toml\"\n[console]\nlisten = \"127.0.0.1:0\"\n[mqtt]\nlisten = \"127.0.0.1:0\"\n");
    assert_eq!(folder.run("run --config plant.toml").0, Some(78));
}

#[test]
fn customers_whom_no_channel_reaches_are_named() {
    let folder = Folder::new();
    let customer = |id: &str, addresses: &str| {
        format!(
            "[[customer]]\nid = \"{id}\"\nname = \"X\"\nlanguage = \"en\"\nadvisor = \"w\"\naddresses = {{ {addresses} }}\n"
        )
    };
    let advisor = "[[advisor]]\nid = \"w\"\nname = { en = \"W\", zh = \"W\" }\nrole = { en = \"advisor\", zh = \"顾问\" }\nphone = \"1\"\n";
    let customers = [
        advisor.to_owned(),
        customer("letters", "email = \"a@b.example\""),
        customer("display", "mqtt = \"any\""),
        customer("telephone", "phone = \"+44 1\", display = \"any\""),
    ];
    folder.write("customers.toml", customers.concat());
    folder.write("holidays.toml", holidays("Asia/Shanghai"));
    let check = |channels: &str, expected: &str| {
        let files = "customers_file = \"customers.toml\"\nholidays_file = \"holidays.toml\"";
        folder.write("plant.toml", format!("[outreach]\n{files}\n{channels}"));
        assert_eq!(folder.run(CHECK), (Some(0), expected.to_owned()));
    };
    let unreached = |line: u32, id: &str, media: &str| {
        format!(
            "  customers.toml: line {line}: customer `{id}` cannot be written to: none of its `addresses` is of a channel in use \
             ({media}), so every letter waits for the advisor to call\n"
        )
    };
    let head = "The configuration is sound, but look at this:\n";
    let (display, telephone) = (unreached(12, "display", "`email`"), unreached(18, "telephone", "`email`"));
    check("", &[head, &display, &telephone].concat());
    let telephone = unreached(18, "telephone", "`email`, `mqtt`");
    check("[[channel]]\nname = \"display\"\nkind = \"mqtt\"\nmedium = \"mqtt\"\n", &[head, &telephone].concat());
}

/// Holidays of a zone for as long as anybody may run these tests.
fn holidays(zone: &str) -> String {
    let years: Vec<i32> = (2020..2100).collect();
    let days: Vec<String> = years.iter().map(|year| format!("{year}-01-01")).collect();
    format!("[land]\nzones = [\"{zone}\"]\nwhole = {years:?}\ndays = {days:?}\n")
}

#[test]
fn a_zone_in_use_without_public_holidays_is_named() {
    let folder = Folder::new();
    folder.write(
        "customers.toml",
        "[[advisor]]\nid = \"w\"\nname = { en = \"W\", zh = \"W\" }\nrole = { en = \"a\", zh = \"a\" }\nphone = \"1\"\n\
         [[customer]]\nid = \"a\"\nname = \"A\"\nlanguage = \"en\"\nadvisor = \"w\"\nzone = \"Asia/Tokyo\"\n\
         addresses = { email = \"a@b.example\" }\n",
    );
    folder.write("plant.toml", "[outreach]\ncustomers_file = \"customers.toml\"\nholidays_file = \"holidays.toml\"\n");
    folder.write("holidays.toml", holidays("Asia/Tokyo"));
    assert_eq!(folder.run(CHECK), (Some(0), "The configuration is sound.\n".to_owned()));
    folder.write("holidays.toml", holidays("Asia/Shanghai"));
    let (code, said) = folder.run(CHECK);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("  customers.toml: no public holidays are known for `Asia/Tokyo` in 20"), "{said}");
    folder.write("holidays.toml", "[land]\nzones = [\"Asia/Edo\"]\ndays = []\n");
    let (code, said) = folder.run(CHECK);
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("holidays.toml: [land] `zones`: `Asia/Edo` is not an IANA time zone"), "{said}");
}

#[test]
fn a_customers_file_is_not_taken_for_a_configuration() {
    check(
        CHECK,
        "[[customer]]\nid = \"a\"\n",
        expect![[r#"
        exit 78
        out: 
        err: foretell: plant.toml: 1 problem
          this looks like a customers file; name it in [outreach] customers_file
    "#]],
    );
}

#[test]
fn imported_customers_are_looked_at_as_at_the_start() {
    let folder = Folder::new();
    folder.write(
        "imported.toml",
        "[[advisor]]\nid = \"w\"\nname = { en = \"W\", zh = \"W\" }\nrole = { en = \"a\", zh = \"a\" }\nphone = \"1\"\n\
         [[customer]]\nid = \"a\"\nname = \"A\"\nlanguage = \"en\"\nadvisor = \"w\"\nzone = \"Asia/Tokyo\"\n\
         [[customer]]\nid = \"b\"\nname = \"B\"\nlanguage = \"en\"\nadvisor = \"w\"\nzone = \"Asia/Seoul\"\n",
    );
    folder.write("holidays.toml", holidays("Asia/Shanghai"));
    folder.write("plant.toml", "[outreach]\nholidays_file = \"holidays.toml\"\n");
    const CHECK: &str = "check --config plant.toml --data-dir kept";
    assert_eq!(folder.run(CHECK), (Some(0), "The configuration is sound.\n".to_owned()));
    let (code, said) = folder.run("customers import imported.toml --config plant.toml --data-dir kept");
    assert_eq!(code, Some(0), "{said}");
    let before = std::fs::read(folder.path("kept/service.sqlite")).unwrap();
    let (code, said) = folder.run(CHECK);
    assert_eq!(code, Some(0), "{said}");
    for zone in ["Asia/Tokyo", "Asia/Seoul"] {
        assert!(said.contains(&format!("  kept: no public holidays are known for `{zone}` in 20")), "{said}");
    }
    assert_eq!(std::fs::read(folder.path("kept/service.sqlite")).unwrap(), before, "looking changes nothing");
    // The file of customers, which the start registers, counts above what was imported.
    folder.write(
        "customers.toml",
        std::fs::read_to_string(folder.path("imported.toml")).unwrap().replace("Asia/Tokyo", "Asia/Shanghai"),
    );
    folder.write("plant.toml", "[outreach]\nholidays_file = \"holidays.toml\"\ncustomers_file = \"customers.toml\"\n");
    let (_, said) = folder.run(CHECK);
    assert!(said.contains("  customers.toml: no public holidays are known for `Asia/Seoul`"), "{said}");
    assert!(!said.contains("Asia/Tokyo") && !said.contains("  kept: no public"), "{said}");
}

#[test]
fn templates_are_all_tried_and_a_misspelt_name_is_said() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("letters")).unwrap();
    folder.write("plant.toml", b"[outreach]\ntemplates_dir = \"letters\"\n");
    let (code, said) = folder.run(CHECK);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("  letters holds no template, so the shipped ones are used"), "{said}");
    // Names that nothing reads; notes beside the templates are nobody's mistake.
    for name in ["nonsense.j2", "fault.zh-cn.j2", "README.md", ".gitignore"] {
        folder.write(&format!("letters/{name}"), b"Subject: x\n\nHello\n");
    }
    let (code, said) = folder.run(CHECK);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("  letters holds `nonsense.j2`, which no template is called, so nothing reads it\n"),
        "{said}"
    );
    assert!(said.contains(
        "`fault.zh-cn.j2`, which no template is called, so nothing reads it; did you mean `fault.zh-CN.j2`?"
    ));
    assert!(!said.contains("README") && !said.contains("gitignore"), "{said}");
    folder.write("letters/fault.en.j2", b"Subject: {{ number\n\nHello\n");
    folder.write("letters/fault.zh-CN.j2", b"Subject: {% if %}\n\nHello\n");
    folder.write("letters/energy.en.j2", b"Subject: \xcd\xf5\n\nHello\n");
    let (code, said) = folder.run(CHECK);
    assert_eq!(code, Some(78), "{said}");
    for name in ["`fault.en.j2`", "`fault.zh-CN.j2`", "letters/energy.en.j2"] {
        assert!(said.contains(name), "{name}: {said}");
    }
}

#[test]
fn what_is_no_folder_or_no_file_is_said_with_what_to_do() {
    let folder = Folder::new();
    folder.write("kept", "a file");
    let no_folder = "cannot be used: kept is no folder; name one with --data-dir or `[data] dir`";
    for (command, code) in
        [("check --data-dir kept", 78), ("check --data-dir kept/deeper", 78), ("run --data-dir kept", 74)]
    {
        let (got, said) = folder.run(command);
        assert_eq!(got, Some(code), "{command}: {said}");
        assert!(said.contains(no_folder), "{command}: {said}");
    }
    std::fs::create_dir(folder.path("sheets")).unwrap();
    let (code, said) = folder.run("customers import sheets --data-dir new");
    assert_eq!(code, Some(66), "{said}");
    assert!(said.contains("could not read sheets: it is a folder; name a file"), "{said}");
    folder.write("plant.toml", "[outreach]\ngrumbles_file = \"/\"\nholidays_file = \"sheets\"\n");
    let (code, said) = folder.run("check --config plant.toml");
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("`outreach.grumbles_file`: / is a folder; name a file"), "{said}");
    assert!(said.contains("`outreach.holidays_file`: sheets is a folder; name a file"), "{said}");
}

#[test]
fn a_reader_of_the_errors_who_has_gone_changes_no_exit_code() {
    let folder = Folder::new();
    folder.write("plant.toml", "[log]\nlevel = \"loud\"\n");
    folder.write("loud.toml", "[log]\nlevel = \"trace\"\n");
    for (arguments, code) in [
        ("check --config plant.toml", 78),
        ("--log-format json export --config plant.toml --out x.csv", 78),
        ("customers import nobody.csv --data-dir kept", 66),
        ("customers import nobody.csv --config loud.toml --data-dir kept", 66),
        ("frobnicate", 64),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let status = foretell(&folder.path("")).args(arguments.split_whitespace()).stderr(writer).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments}");
    }
}

#[test]
fn a_mapping_of_sparkplugs_topics_is_told_where_sparkplug_has_them() {
    let mapping =
        "[[mapping]]\ntopic = \"spBv1.0/{site}/DDATA/gw/{machine}\"\nsignals.power_kw = \"/p\"\nrequired = []\n";
    check(
        CHECK,
        mapping,
        expect![[r#"
            exit 0
            out: The configuration is sound, but look at this:
              plant.toml: line 2: [[mapping]] `spBv1.0/{site}/DDATA/gw/{machine}`: never gets a message: topics below `spBv1.0/` are those of Sparkplug's edge nodes, which [[sparkplug.mapping]] maps; with `host_id = ""` in [sparkplug] this mapping has them
            err: 
        "#]],
    );
    check(
        CHECK,
        &format!("[sparkplug]\nhost_id = \"\"\n{mapping}"),
        expect![[r#"
            exit 0
            out: The configuration is sound.
            err: 
        "#]],
    );
}
