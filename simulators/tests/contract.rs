//! The wire form against the contract, letter by letter, and specifications that are refused.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, which is the point")]

use expect_test::{Expect, expect};
use foretell_sim::encode::{backlog, csv_header, happening, status, topic, write_csv_row, write_telemetry};
use foretell_sim::physics::Mode;
use foretell_sim::time::parse_utc;
use foretell_sim::{Fleet, FleetSpec, Happening, HappeningKind, Sample, Signal};

fn sample() -> Sample {
    let mut values = [f64::NAN; Signal::COUNT];
    values[Signal::DischargeTemp as usize] = 83.2;
    values[Signal::MotorCurrent as usize] = 41.7;
    values[Signal::RunHours as usize] = 4021.5;
    let ts_ms = parse_utc("2026-07-01T08:00:00Z").unwrap();
    Sample { index: 0, site: "s01".into(), machine: "m007".into(), ts_ms, state: Some(Mode::Loaded), values }
}

const SIGNALS: [Signal; 4] = [Signal::DischargeTemp, Signal::MotorCurrent, Signal::RunHours, Signal::AmbientTemp];

#[test]
fn telemetry_is_as_the_contract_says() {
    let mut text = String::new();
    write_telemetry(&mut text, &sample(), &SIGNALS, 0);
    expect![[r#"{"ts":"2026-07-01T08:00:00Z","discharge_temp_c":83.2,"motor_current_a":41.7,"run_hours":4021.5,"ambient_temp_c":null,"state":"loaded"}"#]]
        .assert_eq(&text);
    expect![[r#"[{"ts":"2026-07-01T07:59:57Z","discharge_temp_c":83.2,"state":"loaded"},{"ts":"2026-07-01T07:59:57Z","discharge_temp_c":83.2,"state":"loaded"}]"#]]
        .assert_eq(&backlog(&[sample(), sample()], &SIGNALS[..1], -3000));
    expect!["foretell/v1/s01/m007/telemetry"].assert_eq(&topic("s01", "m007", "telemetry"));
}

#[test]
fn events_and_status_are_as_the_contract_says() {
    let ts_ms = sample().ts_ms;
    let at = |kind| Happening { index: 0, site: "s01".into(), machine: "m007".into(), ts_ms, kind };
    expect![[r#"{"ts":"2026-07-01T08:00:00Z","kind":"maintenance_done","work":"cooler_cleaned"}"#]]
        .assert_eq(&happening(&at(HappeningKind::MaintenanceDone("cooler_cleaned".into())), 0));
    expect![[r#"{"ts":"2026-07-01T08:00:00Z","kind":"controller_alarm","code":"too hot"}"#]]
        .assert_eq(&happening(&at(HappeningKind::ControllerAlarm("too hot")), 0));
    expect![[r#"{"online":true,"ts":"2026-07-01T08:00:00Z"}"#]].assert_eq(&status(true, ts_ms));
}

#[test]
fn rows_are_as_the_contract_says() {
    let fleet = Fleet::builtin("demo", 1).unwrap();
    let mut text = csv_header(&fleet.machines()[0]);
    write_csv_row(&mut text, &sample(), &fleet.machines()[0]);
    expect![[r#"
        ts,site,machine,discharge_temp_c,motor_current_a,run_hours,load_hours,ambient_temp_c,discharge_pressure_bar,state
        2026-07-01T08:00:00Z,s01,m007,83.2,41.7,4021.5,,,,loaded
    "#]]
    .assert_eq(&text);
}

fn refused(change: impl FnOnce(String) -> String, expected: Expect) {
    let text = change(include_str!("../examples/demo.toml").to_owned());
    let error = FleetSpec::parse(&text).expect_err("a specification that must be refused");
    expected.assert_eq(&error.to_string());
}

#[test]
fn wrong_specifications_are_refused_by_name() {
    refused(
        |text| text.replacen("run_hours = 11240", "runhours = 11240", 1),
        expect![[r#"
        could not read the fleet's specification:
        TOML parse error at line 27, column 1
           |
        27 | runhours = 11240
           | ^^^^^^^^
        unknown field `runhours`, expected one of `name`, `number`, `kw`, `load`, `night_load`, `variable_speed`, `ambient_sensor`, `signals`, `resolution_k`, `noise_k`, `wander_k`, `every`, `run_hours`, `limit_c`, `trip_c`, `trim`, `change`, `fault`, `link`
    "#]],
    );
    refused(
        |text| text.replacen("every = \"2m\"", "every = \"2\"", 1),
        expect![[r#"
        could not read the fleet's specification:
        TOML parse error at line 12, column 9
           |
        12 | every = "2"                    # sampling interval of each machine
           |         ^^^
        `2` is not a duration with its unit, such as "90s", "15m" or "40d"
    "#]],
    );
    refused(
        |text| text.replacen("kw = 75", "kw = nan", 1),
        expect!["site `s01`, machine `m001`: `kw` must be between 4 and 630"],
    );
    refused(
        |text| text.replacen("name = \"m002\"", "name = \"m001\"", 1),
        expect!["site `s01`, machine `m001`: a name is 1-64 of A-Z a-z 0-9 . _ - and stands once per site"],
    );
    refused(
        |text| text.replacen("name = \"m002\"", "name = \"m/2\"", 1),
        expect!["site `s01`, machine `m/2`: a name is 1-64 of A-Z a-z 0-9 . _ - and stands once per site"],
    );
}
