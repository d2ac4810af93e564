//! Configurations and what is said about them.

use std::collections::BTreeMap;
use std::path::Path;

use expect_test::{Expect, expect};

use super::*;

pub(super) fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn check(text: &str, environment: &[(&str, &str)], expected: Expect) {
    let got = match parse(text, &variables(environment), Path::new("/nowhere")) {
        Ok(_) => "sound".to_owned(),
        Err(faults) => ConfigFaults { file: Some("plant.toml".into()), faults }.to_string(),
    };
    expected.assert_eq(&got);
}

#[test]
fn the_shipped_default_is_the_default() {
    assert_eq!(parse(DEFAULT_TOML, &BTreeMap::new(), Path::new("")), Ok(Config::default()));
    assert_eq!(parse("", &BTreeMap::new(), Path::new("")), Ok(Config::default()));
}

#[test]
fn every_fault_at_once_with_its_line() {
    check(
        r#"[mqtt]
ulr = "embedded"
listen = "somewhere"

[engine]
warn_c = 120
snapshot_interval = 60

[[machine]]
id = "s01"

[[machine]]
id = "s01/m1"
rated_kw = "much"

[consle]
listen = "127.0.0.1:8080"
"#,
        &[],
        expect![[r#"
            plant.toml: 7 problems
              line 2: unknown key `ulr` in [mqtt]; did you mean `url`?
              line 3: `mqtt.listen`: `somewhere` is not an address with a port, such as 127.0.0.1:1883
              line 6: `warn_c` is 120; it must not lie above `trip_c` (110)
              line 7: `engine.snapshot_interval`: `60` is not a duration with its unit, such as "15m" (ms, s, m, h, d)
              line 10: `machine[0].id`: `s01` is not of the form site/machine
              line 14: `machine[1].rated_kw` is the text "much"; it must be a number from 0.5 to 5000
              line 16: unknown key `consle`; did you mean `console`?"#]],
    );
}

#[test]
fn one_slip_is_told_once() {
    check(
        "[engine]\nwarn_c = 300\ntrip_c = 100\n",
        &[],
        expect![[r#"
            plant.toml: 1 problem
              line 2: `engine.warn_c` is 300; it must be a number from 40 to 200"#]],
    );
    check(
        "[engine]\nlow_c = 90\nwarn_c = 85\n",
        &[],
        expect![[r#"
            plant.toml: 1 problem
              line 2: `low_c` is 90; it must lie below `warn_c` (85), or be 0 for none"#]],
    );
    check(
        "[log]\nlevel = \"loud\"\n[outreach]\nfrom = \"service\"\n",
        &[],
        expect![[r#"
        plant.toml: 2 problems
          line 2: `log.level`: `loud` is none of off, error, warn, info, debug, trace, nor a filter such as `foretell_ingest=debug`
          line 4: `outreach.from`: `service` is not an e-mail address (Missing domain or user)"#]],
    );
    check(
        "[outreach]\nchannel = \"smtp\"\nsmtp_url = \"smtp://mail:587\"\n",
        &[],
        expect![[r#"
        plant.toml: 1 problem
          [console] needs `public_url` with channel `smtp`: customers could not open the links in their messages, which would point to 127.0.0.1:8080"#]],
    );
}

#[test]
fn a_syntax_error_has_its_line() {
    check(
        "[mqtt]\nurl = embedded\n",
        &[],
        expect![[r#"
        plant.toml: 1 problem
          line 2: string values must be quoted, expected literal string"#]],
    );
}

#[test]
fn the_environment_wins_and_is_named() {
    let environment = variables(&[("FORETELL__MQTT__LISTEN", "127.0.0.1:2883"), ("FORETELL__ENGINE__WARN_C", "98")]);
    let config = parse("[mqtt]\nlisten = \"127.0.0.1:1\"\n", &environment, Path::new("")).unwrap();
    assert_eq!((config.mqtt.listen.port(), config.engine.limits.warn_c), (2883, 98.0));
    check(
        "",
        &[
            ("FORETELL__MQTT__ULR", "embedded"),
            ("FORETELL__CLOCK__SOURCE", "sundial"),
            ("FORETELL__NOPE__X", "1"),
            ("FORETELL__NOPE__Y__Z", "1"),
            ("FORETELL__DATTA", "1"),
        ],
        expect![[r#"
            plant.toml: 5 problems
              FORETELL__CLOCK__SOURCE: `clock.source`: `sundial` is none of `wall`, `readings`
              FORETELL__DATTA: unknown key `datta`; did you mean `data`?
              FORETELL__MQTT__ULR: unknown key `ulr` in [mqtt]; did you mean `url`?
              FORETELL__NOPE__X: unknown key `nope`; known here: secrets, channel, webhook, replies, trips, mqtt, mapping, sparkplug, data, engine, machine, influxdb, outreach, console, clock, log
              FORETELL__NOPE__Y__Z: unknown key `nope`; known here: secrets, channel, webhook, replies, trips, mqtt, mapping, sparkplug, data, engine, machine, influxdb, outreach, console, clock, log"#]],
    );
}

#[test]
fn secrets_stay_out_of_the_file_and_out_of_sight() {
    check(
        "[mqtt]\npassword = \"hunter2\"\nurl = \"mqtt://me:hunter2@broker:1883\"\n[console]\npassword_file = \"missing.secret\"",
        &[],
        expect![[r#"
            plant.toml: 3 problems
              line 2: `mqtt.password` is a secret and may not stand in the file; use `mqtt.password_file`
              line 3: `mqtt.url`: a password does not belong in the address; use `username` and `password_file`
              line 5: `console.password_file`: there is no file /nowhere/missing.secret; its first line must hold the secret"#]],
    );
    let environment = variables(&[("FORETELL__MQTT__PASSWORD", "hunter2")]);
    let config = parse("", &environment, Path::new("")).unwrap();
    assert_eq!(config.mqtt.password, Some(Secret::new("hunter2")));
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn what_would_be_unsafe_or_useless_is_refused() {
    check(
        r#"[mqtt]
listen = "0.0.0.0:1883"
tls_cert_file = "/etc/hostname"
[outreach]
channel = "smtp"
[console]
listen = "0.0.0.0:8080"
[influxdb]
url = "http://influx:8086"
"#,
        &[],
        expect![[r#"
            plant.toml: 7 problems
              line 2: [mqtt] listens on 0.0.0.0:1883, but no controller there could log in: name controllers in [[mqtt.user]], or set `anonymous = "everybody"` in a closed network
              line 3: [mqtt] TLS needs both `tls_cert_file` and `tls_key_file`
              line 3: `mqtt.tls_cert_file`: /etc/hostname holds no certificate in PEM form
              line 5: [outreach] channel `smtp` needs `smtp_url = "smtp://host:587"`
              line 6: [console] needs `public_url` with channel `smtp`: customers could not open the links in their messages, which would point to 0.0.0.0:8080
              line 9: [influxdb] needs `org`, the organisation that the bucket belongs to
              line 9: [influxdb] needs `token_file`, a file whose first line is a token that may write to the bucket"#]],
    );
}

#[test]
fn the_examples_are_sound() {
    let foreign = include_str!("../../../../config/examples/foreign.toml");
    assert_eq!(parse(foreign, &BTreeMap::new(), Path::new("")).map(|config| config.mappings.len()), Ok(2));
    let sources = parse(include_str!("../../../../config/examples/sources.toml"), &BTreeMap::new(), Path::new(""));
    let sources: Vec<_> =
        sources.unwrap().mqtt.sources.into_iter().map(|source| (source.name, source.workers)).collect();
    assert_eq!(sources, [("cloud".to_owned(), 1), ("hall".to_owned(), 2)]);
    let edge_nodes = include_str!("../../../../config/examples/sparkplug.toml");
    let edge_nodes = parse(edge_nodes, &BTreeMap::new(), Path::new("")).map(|config| config.sparkplug.0);
    assert_eq!(edge_nodes.map(|options| options.map(|options| options.mappings.len())), Ok(Some(3)));
    // A plant's secrets are files of its own, so their absence is all there is to say.
    check(
        include_str!("../../../../config/examples/plant.toml"),
        &[],
        expect![[r#"
            plant.toml: 7 problems
              line 13: `mqtt.password_file`: there is no file /nowhere/broker.secret; its first line must hold the secret
              line 14: `mqtt.ca_file`: there is no file /nowhere/plant-ca.pem
              line 33: `influxdb.token_file`: there is no file /nowhere/influx.secret; its first line must hold the secret
              line 34: `influxdb.ca_file`: there is no file /nowhere/plant-ca.pem
              line 40: `outreach.smtp_password_file`: there is no file /nowhere/mail.secret; its first line must hold the secret
              line 43: `outreach.customers_file`: there is no file /nowhere/customers.toml
              line 48: `console.password_file`: there is no file /nowhere/console.secret; its first line must hold the secret"#]],
    );
}

#[test]
fn faults_of_sources_are_told_one_by_one() {
    check(
        r#"[mqtt]
url = "tcp:1883"
[[mqtt.source]]
name = "north"
url = "mqtt://north"
workers = 2
[[mqtt.source]]
name = "north"
url = "mqtts://north"
ca_file = "north.pem"
version = "4"
[[mqtt.source]]
name = "listener/plc"
url = "ws://me:pw@south"
[[mqtt.source]]
url = "mqtts://south"
cert_file = "/etc/hostname"
"#,
        &[],
        expect![[r#"
            plant.toml: 9 problems
              line 2: `mqtt.url`: `tcp:1883` is none of `embedded`, `none`, `mqtt://host:1883`, `mqtts://host:8883`, `ws://host/mqtt`, `wss://host/mqtt`
              line 3: [mqtt.source[0]] several workers need `share`, the name of a group, or each of them would receive every message
              line 8: the name `north` is taken; give each source its own
              line 10: `mqtt.source[1].ca_file`: there is no file /nowhere/north.pem
              line 11: `mqtt.source[1].version`: `4` is none of `auto`, `3.1.1`, `5`
              line 12: [mqtt.source[2]] `…@…` is not a broker's address such as mqtt://host:1883, mqtts://host:8883, ws://host/mqtt or wss://host/mqtt; user and password have keys of their own
              line 13: the name `listener/plc` is taken; give each source its own
              line 15: [mqtt.source[3]] needs `name`
              line 17: `mqtt.source[3].cert_file`: /etc/hostname holds no certificate in PEM form"#]],
    );
    check(
        "[mqtt]\nurl = \"none\"\n",
        &[],
        expect![[r#"
        plant.toml: 1 problem
          line 2: [mqtt] `url` is `none`, and no [[mqtt.source]] says where readings come from"#]],
    );
}

#[test]
fn faults_of_edge_nodes_have_their_lines() {
    check(
        r#"[sparkplug]
host_id = "my host"
rebirth = "1s"

[[sparkplug.mapping]]
group = "Plant 1"
site = "Plant 1"
[sparkplug.mapping.signals]
discharge_temp = "Temp"
run_hours = { at = "Runtime", unit = "furlong" }
"#,
        &[],
        expect![[r#"
            plant.toml: 5 problems
              line 2: [sparkplug] `host_id`: `my host` holds ' '; only A-Z a-z 0-9 . _ - are allowed
              line 3: unknown key `rebirth` in [sparkplug]; known here: host_id, rebirth_interval, mapping
              line 7: [[sparkplug.mapping]] `Plant 1/*/*`: `site`: `Plant 1` holds ' '; only A-Z a-z 0-9 . _ - are allowed; {group}, {node} and {device} may stand in it
              line 9: [[sparkplug.mapping]] `Plant 1/*/*`: `signals.discharge_temp`: there is no signal `discharge_temp`; did you mean `discharge_temp_c`?
              line 10: [[sparkplug.mapping]] `Plant 1/*/*`: `signals.run_hours`: unit `furlong` is not known for this signal; known are h, min, s, ms, d"#]],
    );
    let off = parse("[sparkplug]\nhost_id = \"\"\n", &BTreeMap::new(), Path::new(""));
    assert_eq!(off.map(|config| config.sparkplug.0), Ok(None));
}

#[test]
fn a_console_that_others_reach_is_not_for_this_computer_alone() {
    for (listen, public_url, alone) in [
        ("127.0.0.1:8080", "", true),
        ("[::1]:8080", "http://localhost:8080", true),
        ("127.0.0.1:8080", "http://127.0.0.1:9000/", true),
        ("127.0.0.1:8080", "http://[::1]:9000", true),
        // A proxy on this computer.
        ("127.0.0.1:8080", "https://service.example.com", false),
        ("127.0.0.1:8080", "http://localhost.example.com:8080", false),
        ("127.0.0.1:8080", "http://192.0.2.7", false),
        ("0.0.0.0:8080", "", false),
    ] {
        let text = format!("[console]\nlisten = \"{listen}\"\npublic_url = \"{public_url}\"\n");
        let config = parse(&text, &BTreeMap::new(), Path::new("")).unwrap();
        assert_eq!(config.console.is_for_this_computer_alone(), alone, "{text}");
    }
}

#[test]
fn the_house_has_a_zone_of_its_own() {
    let config = parse("[outreach]\nzone = \"Europe/London\"\n", &BTreeMap::new(), Path::new("")).unwrap();
    assert_eq!(config.outreach.zone, chrono_tz::Europe::London);
    check(
        "[outreach]\nzone = \"London\"\n",
        &[],
        expect![[r#"
            plant.toml: 1 problem
              line 2: `outreach.zone`: `London` is no time zone such as Europe/London or Asia/Shanghai"#]],
    );
}

#[test]
fn no_time_at_all_is_refused_where_it_makes_no_sense() {
    check(
        r#"[mqtt]
url = "none"
age_max = "0d"
[[mqtt.source]]
name = "north"
url = "mqtt://north"
session_expiry = "0s"
keep_alive = "0s"
[mqtt.limits]
login_pause = "0s"
[sparkplug]
rebirth_interval = "0s"
[data]
archive_every = "0s"
archive_after = "0s"
keep_readings = "0d"
[engine]
snapshot_interval = "0ms"
[influxdb]
flush_interval = "0s"
timeout = "0s"
backoff_max = "0s"
[outreach]
call_back_within = "0m"
on_site_within = "0h"
follow_up_after = "0d"
tick = "0s"
forget_after = "0d"
[trips]
within = "0s"
"#,
        &[],
        expect![[r#"
            plant.toml: 16 problems
              line 3: `mqtt.age_max`: `0d` is no time at all, which makes no sense here
              line 7: `mqtt.source[0].session_expiry`: `0s` is no time at all, which makes no sense here
              line 8: `mqtt.source[0].keep_alive`: `0s` is no time at all, which makes no sense here
              line 10: `mqtt.limits.login_pause`: `0s` is no time at all, which makes no sense here
              line 12: `sparkplug.rebirth_interval`: `0s` is no time at all, which makes no sense here
              line 14: `data.archive_every`: `0s` is no time at all, which makes no sense here
              line 16: `data.keep_readings`: `0d` is no time at all, which makes no sense here
              line 18: `engine.snapshot_interval`: `0ms` is no time at all, which makes no sense here
              line 21: `influxdb.timeout`: `0s` is no time at all, which makes no sense here
              line 22: `influxdb.backoff_max`: `0s` is no time at all, which makes no sense here
              line 24: `outreach.call_back_within`: `0m` is no time at all, which makes no sense here
              line 25: `outreach.on_site_within`: `0h` is no time at all, which makes no sense here
              line 26: `outreach.follow_up_after`: `0d` is no time at all, which makes no sense here
              line 27: `outreach.tick`: `0s` is no time at all, which makes no sense here
              line 28: `outreach.forget_after`: `0d` is no time at all, which makes no sense here
              line 30: `trips.within`: `0s` is no time at all, which makes no sense here"#]],
    );
}

#[test]
fn two_listeners_on_one_port_are_found() {
    let twice = "plant.toml: 1 problem\n  line 2: [mqtt] `listen` and [console] `listen` are on one port: ";
    for (mqtt, console, expected) in [
        ("127.0.0.1:8080", "127.0.0.1:8080", true),
        ("0.0.0.0:8080", "127.0.0.1:8080", true),
        ("127.0.0.1:8080", "[::]:8080", true),
        ("127.0.0.1:8080", "127.0.0.2:8080", false),
        ("0.0.0.0:8080", "[::1]:8080", false),
        ("127.0.0.1:0", "127.0.0.1:0", false),
    ] {
        let text =
            format!("[mqtt]\nlisten = \"{mqtt}\"\nanonymous = \"everybody\"\n[console]\nlisten = \"{console}\"\n");
        let told = parse(&text, &BTreeMap::new(), Path::new("")).err();
        let told = told.map(|faults| ConfigFaults { file: Some("plant.toml".into()), faults }.to_string());
        assert_eq!(told.is_some_and(|told| told.starts_with(twice)), expected, "{mqtt} {console}");
    }
}

#[test]
fn a_door_that_is_open_to_a_whole_network_is_warned_of() {
    for (listen, anonymous, url, expected) in [
        ("0.0.0.0:1883", "everybody", "embedded", true),
        ("[::]:1883", "everybody", "embedded", true),
        ("127.0.0.1:1883", "everybody", "embedded", false),
        ("127.0.0.1:1883", "loopback", "embedded", false),
        // Nobody listens there.
        ("0.0.0.0:1883", "everybody", "mqtt://broker:1883", false),
    ] {
        let text = format!("[mqtt]\nlisten = \"{listen}\"\nanonymous = \"{anonymous}\"\nurl = \"{url}\"\n");
        let Examined { faults, warnings, .. } = read_text(&text, &BTreeMap::new(), Path::new(""));
        assert!(faults.is_empty(), "{faults:?}");
        let told: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        let is_told = told.iter().any(|told| told.starts_with("line 3: ") && told.contains("closed networks"));
        assert_eq!((is_told, told.len()), (expected, usize::from(expected)), "{listen} {anonymous} {url}: {told:?}");
    }
}
