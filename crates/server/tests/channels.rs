//! Channels, webhooks, replies and trips in the configuration: the shipped example is sound, and what is wrong is told.

use std::path::Path;
use std::process::Command;

const EXAMPLE: &str = include_str!("../../../config/examples/channels.toml");

/// What `foretell check` says of a configuration, with a secret in each of the named files.
fn check(text: &str, secrets: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("plant.toml"), text).unwrap();
    for name in secrets {
        let path = dir.path().join(name);
        std::fs::write(&path, "hush\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_foretell")));
    command.current_dir(dir.path()).args(["check", "--config", "plant.toml"]).envs(environment.iter().copied());
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// Files that the example names.
fn secrets_of(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| line.starts_with("secret_file") || line.starts_with("token_file"))
        .filter_map(|line| line.split('"').nth(1))
        .collect()
}

#[test]
fn the_example_is_sound() {
    let secrets = secrets_of(EXAMPLE);
    assert_eq!(secrets.len(), 8);
    assert_eq!(check(EXAMPLE, &secrets, &[]), (Some(0), "The configuration is sound.\n".to_owned()));
}

#[test]
fn secrets_may_stand_in_the_environment_and_a_missing_one_is_told() {
    let text = "[console]\npublic_url = \"https://s.example\"\n[[channel]]\nname = \"my-sms\"\n\
                url = \"https://sms.example/send\"\nbody = '{\"t\": {{ short }}, \"k\": {{ token }}}'\n";
    assert_eq!(check(text, &[], &[("FORETELL__SECRETS__MY_SMS_TOKEN", "hush")]).0, Some(0));
    let (code, said) = check(text, &[], &[("FORETELL__SECRETS__SMS_TOKEN", "hush")]);
    assert_eq!(code, Some(78));
    for expected in ["`channel[0].body`: undefined value", "FORETELL__SECRETS__SMS_TOKEN belongs to no [[channel]]"] {
        assert!(said.contains(expected), "{expected}\n---\n{said}");
    }
    assert!(!said.contains("hush"), "{said}");
}

#[test]
fn what_is_wrong_is_told_at_once() {
    let text = r#"[secrets]
sms_token = "hunter2"
[[channel]]
name = "SMS!"
url = "https://{{ to }}/send"
body = "{{ sbject }}"
[[channel]]
name = "a"
url = "https://a.example"
body = '{"text": {{ body }}'
sign = "rsa"
format = "xml"
[[channel]]
name = "a"
url = "https://a.example"
body = '{"text": "{{ body }}"}'
sign = "dingtalk"
success = "errcode =="
[[channel]]
name = "b"
kind = "pigeon"
[[channel]]
name = "c"
kind = "mqtt"
medium = "display"
topic = "messages"
[[webhook]]
name = "cmms"
url = "ftp://cmms"
events = ["booking.*", "wedding"]
[trips]
within = "2"
"#;
    let (code, said) = check(text, &[], &[]);
    assert_eq!(code, Some(78));
    for expected in [
        "line 2: `secrets.sms_token` is a secret and may not stand in the file",
        "line 4: `channel[0].name`: `SMS!`: a name has up to 32 of a-z 0-9 -",
        "line 5: `channel[0].url`: its host must be named as it is",
        "line 10: `channel[1].body`: it is not JSON once it is filled in",
        "line 11: `channel[1].sign`: `rsa` is none of `none`, `foretell`, `dingtalk`, `feishu`",
        "line 12: `channel[1].format`: `xml` is none of `json`, `form`, `text`",
        "line 14: the name `a` is there already",
        "line 17: `channel[2].sign`: it needs a secret to sign with",
        "line 18: `channel[2].success`: ",
        "line 21: `channel[3].kind`: `pigeon` is none of `webhook`, `mqtt`",
        "line 25: `channel[4].medium`: `display`: a channel on MQTT takes the customer's address `mqtt`",
        "line 26: `topic`: it needs {site} and {machine}",
        "line 29: `webhook[0].url`: it must begin with https://",
        "line 30: `webhook[0].events`: there is no event `wedding`",
        "line 32: `trips.within`: `2` is not a duration",
    ] {
        assert!(said.contains(expected), "{expected}\n---\n{said}");
    }
}

/// What outreach can tell is what the API's description says of webhooks.
#[test]
fn every_event_is_described() {
    let document: serde_json::Value = serde_json::from_str(include_str!("../../console/src/api/openapi.json")).unwrap();
    let described: Vec<&str> = document["webhooks"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut told: Vec<&str> = foretell_outreach::hooks::EVENTS.iter().map(|(event, _)| *event).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(described, told);
}
