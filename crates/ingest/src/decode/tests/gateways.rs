//! The shipped examples of foreign sources: what each sample becomes, and what `check --sample` says of it.

use std::path::PathBuf;

use expect_test::{Expect, expect};

use super::*;

fn file(name: &str) -> String {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/examples/gateways")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The topic that the example's own comment tells to try.
fn topic(toml: &str) -> String {
    toml.lines().find_map(|line| line.split_once("--topic ")).expect("a line that says how to try it").1.to_owned()
}

#[expect(clippy::needless_pass_by_value, reason = "expect_test's values are made in place")]
fn check_example(name: &str, sample: &str, explained: Expect, expected: Expect) {
    let toml = file(&format!("{name}.toml"));
    let (decoder, topic, payload) = (decoder(&toml), topic(&toml), file(sample));
    explained.assert_eq(&decoder.explain(arrived(), &topic, payload.as_bytes()).to_string());
    check(&decoder, &topic, &payload, expected);
}

#[test]
fn a_station_controller() {
    check_example(
        "kaeser-sigma-air-manager",
        "kaeser-sigma-air-manager.json",
        expect![[r#"
        topic kaeser/hall3/station: mapping[0] `kaeser/{site}/station`, machine hall3/k1
          /ADT             83.2                         -> discharge_temp_c = 83.2 °C
          /I_mot           101.4                        -> motor_current_a = 101.4 A
          /No              1                            -> machine = k1
          /T_in            27.1                         -> ambient_temp_c = 27.1 °C
          /dp_of           310                          -> oil_filter_dp_bar = 0.31 bar  (from mbar)
          /dp_oscartridge  180                          -> separator_dp_bar = 0.18 bar  (from mbar)
          /h_load          11873.2                      -> load_hours = 11873.2 h
          /h_total         14021.5                      -> run_hours = 14021.5 h
          /model           "CSD 105"                    -- no pointer of the mapping leads to /model
          /pN              7.52                         -> discharge_pressure_bar = 7.52 bar
          /pkg_alarm       false                        -- no pointer of the mapping leads to /pkg_alarm
          /status          "LOAD"                       -> state = loaded
          /time            "2026-07-01T10:00:00+02:00"  -> time = 2026-07-01T08:00:00Z  (RFC 3339)
          (the first of 2 records; 2 of them are admitted)
        reading of hall3/k1 at 2026-07-01T08:00:00Z: discharge_temp_c=83.2 motor_current_a=101.4 run_hours=14021.5 load_hours=11873.2 ambient_temp_c=27.1 discharge_pressure_bar=7.52 oil_filter_dp_bar=0.31 separator_dp_bar=0.18 state=loaded"#]],
        expect![[r#"
        hall3/k1 2026-07-01T08:00:00Z discharge_temp_c=83.2 motor_current_a=101.4 run_hours=14021.5 load_hours=11873.2 ambient_temp_c=27.1 discharge_pressure_bar=7.52 oil_filter_dp_bar=0.31 separator_dp_bar=0.18 loaded
        hall3/k2 2026-07-01T08:00:00Z discharge_temp_c=71 motor_current_a=24.9 run_hours=8020 load_hours=4100.8 ambient_temp_c=27.3 discharge_pressure_bar=7.52 oil_filter_dp_bar=0.29 unloaded"#]],
    );
}

#[test]
fn a_controller_with_scaled_integers() {
    check_example(
        "atlas-copco-elektronikon",
        "atlas-copco-elektronikon.json",
        expect![[r#"
            topic ac/hq/ga75/data: mapping[0] `ac/{site}/{machine}/data`, machine hq/ga75
              /AI/Ambient Air        268         -> ambient_temp_c = 26.8 °C  (times 0.1)
              /AI/Compressor Outlet  7350        -> discharge_pressure_bar = 7.35 bar  (from mbar)
              /AI/Element Outlet     846         -> discharge_temp_c = 84.6 °C  (times 0.1)
              /AI/Motor Current      1312        -> motor_current_a = 131.2 A  (times 0.1)
              /AI/Oil Injection      32767       -> oil_injection_temp_c = not measured  (times 0.1)
              /CNT/Loaded Hours      41220000    -> load_hours = 11450 h  (from s)
              /CNT/Motor Starts      8123        -- no pointer of the mapping leads to /CNT/Motor Starts
              /CNT/Running Hours     50477400    -> run_hours = 14021.5 h  (from s)
              /DI/Emergency Stop     1           -- no pointer of the mapping leads to /DI/Emergency Stop
              /DI/Remote Start       0           -- no pointer of the mapping leads to /DI/Remote Start
              /MachineState          28          -> state = loaded
              /timestamp             1782892800  -> time = 2026-07-01T08:00:00Z  (s since 1970)
            reading of hq/ga75 at 2026-07-01T08:00:00Z: discharge_temp_c=84.6 motor_current_a=131.2 run_hours=14021.5 load_hours=11450 ambient_temp_c=26.8 discharge_pressure_bar=7.35 state=loaded"#]],
        expect![
            "hq/ga75 2026-07-01T08:00:00Z discharge_temp_c=84.6 motor_current_a=131.2 run_hours=14021.5 load_hours=11450 ambient_temp_c=26.8 discharge_pressure_bar=7.35 loaded"
        ],
    );
}

#[test]
fn raw_registers() {
    check_example(
        "modbus-registers",
        "modbus-registers.json",
        expect![[r#"
            topic modbus/hq/k4/holding: mapping[0] `modbus/{site}/{machine}/holding`, machine hq/k4
              /function      3              -- no pointer of the mapping leads to /function
              /registers/0   831            -> discharge_temp_c = 83.1 °C  (as i16, times 0.1)
              /registers/1   65496          -> ambient_temp_c = -4 °C  (as i16, times 0.1)
              /registers/2   752            -> discharge_pressure_bar = 7.52 bar  (as u16, from kPa)
              /registers/3   417            -> motor_current_a = 41.7 A  (as u16, times 0.1)
              /registers/4   0              -> run_hours = 14021 h  (as u32)
              /registers/5   14021          -> run_hours = 14021 h  (as u32)
              /registers/6   16736          -> power_kw = 14 kW  (as f32)
              /registers/7   0              -> power_kw = 14 kW  (as f32)
              /registers/8   19             -> state = loaded  (bits of mask 3)
              /registers/9   0              -- no pointer of the mapping leads to /registers/9
              /registers/10  0              -- no pointer of the mapping leads to /registers/10
              /start         40001          -- no pointer of the mapping leads to /start
              /t             1782892800250  -> time = 2026-07-01T08:00:00.250Z  (ms since 1970)
              /unit          3              -- no pointer of the mapping leads to /unit
            reading of hq/k4 at 2026-07-01T08:00:00.250Z: discharge_temp_c=83.1 motor_current_a=41.7 run_hours=14021 ambient_temp_c=-4 discharge_pressure_bar=7.52 power_kw=14 state=loaded"#]],
        expect![
            "hq/k4 2026-07-01T08:00:00.250Z discharge_temp_c=83.1 motor_current_a=41.7 run_hours=14021 ambient_temp_c=-4 discharge_pressure_bar=7.52 power_kw=14 loaded"
        ],
    );
}

#[test]
fn telegraf_in_batches() {
    check_example(
        "telegraf",
        "telegraf.json",
        expect![[r#"
            topic telegraf/edge1: mapping[0] `telegraf/+`, machine leeds/c-1
              /fields/amps            98.2          -> motor_current_a = 98.2 A
              /fields/discharge_temp  181.4         -> discharge_temp_c = 83 °C  (from degF)
              /fields/fan             true          -- no pointer of the mapping leads to /fields/fan
              /fields/hours           20311.25      -> run_hours = 20311.25 h
              /fields/power           74100         -> power_kw = 74.1 kW  (from W)
              /fields/pressure        108.7         -> discharge_pressure_bar = 7.494601 bar  (from psi)
              /name                   "compressor"  -> kind = compressor  (only these are meant)
              /tags/host              "edge1"       -- no pointer of the mapping leads to /tags/host
              /tags/machine           "c-1"         -> machine = c-1
              /tags/site              "leeds"       -> site = leeds
              /timestamp              1782892800    -> time = 2026-07-01T08:00:00Z  (s since 1970)
              (the first of 2 records; 2 of them are admitted)
              (1 record of another kind passed over)
            reading of leeds/c-1 at 2026-07-01T08:00:00Z: discharge_temp_c=83 motor_current_a=98.2 run_hours=20311.25 discharge_pressure_bar=7.494601177673616 power_kw=74.1"#]],
        expect![[r#"
            leeds/c-1 2026-07-01T08:00:00Z discharge_temp_c=83 motor_current_a=98.2 run_hours=20311.25 discharge_pressure_bar=7.494601177673616 power_kw=74.1
            leeds/c-2 2026-07-01T08:00:00Z discharge_temp_c=80 motor_current_a=97 run_hours=18022.5 discharge_pressure_bar=7.487706420380447 power_kw=73.5
            1 keys ignored"#]],
    );
}

#[test]
fn one_topic_per_value() {
    check_example(
        "node-red",
        "node-red.txt",
        expect![[r#"
        topic plant/hq/k2/oil_temp: mapping[0] `plant/{site}/{machine}/{signal}`, machine hq/k2
          (payload)  "83,2 °C"  -> discharge_temp_c = 83.2 °C
        reading of hq/k2 at 2026-07-01T08:00:00Z (time of arrival, flagged as untimed): discharge_temp_c=83.2"#]],
        expect!["hq/k2 2026-07-01T08:00:00Z discharge_temp_c=83.2 UntimedAtSource"],
    );
    let decoder = decoder(&file("node-red.toml"));
    check(&decoder, "plant/hq/k2/mode", "idle\n", expect!["hq/k2 2026-07-01T08:00:00Z  unloaded UntimedAtSource"]);
    check(
        &decoder,
        "plant/hq/k2/pressure",
        "751 kPa",
        expect!["hq/k2 2026-07-01T08:00:00Z discharge_pressure_bar=7.51 UntimedAtSource"],
    );
    check(&decoder, "plant/hq/k2/door", "open", expect!["1 keys ignored"]);
    let explained = decoder.explain(arrived(), "plant/hq/k2/door", b"open").to_string();
    expect![[r#"
        topic plant/hq/k2/door: mapping[0] `plant/{site}/{machine}/{signal}`
        ignored: no signal of the mapping has the topic word `door`"#]]
    .assert_eq(&explained);
}

#[test]
fn csv_in_pieces() {
    check_example(
        "csv-logger",
        "csv-logger.csv",
        expect![[r#"
        topic logger/essen/k3: mapping[0] `logger/{site}/{machine}`, machine essen/k3
          /amps      "41,7"                 -> motor_current_a = 41.7 A
          /hours     "4021,5"               -> run_hours = 4021.5 h
          /oil       "83,2"                 -> discharge_temp_c = 83.2 °C
          /remark    ""                     -- no pointer of the mapping leads to /remark
          /room      "27,1"                 -> ambient_temp_c = 27.1 °C
          /time      "01.07.2026 10:00:00"  -> time = 2026-07-01T08:00:00Z  (%d.%m.%Y %H:%M:%S in Europe/Berlin)
          (mapping)                         -> discharge_pressure_bar = 7 bar  (a constant of the mapping)
          (the first of 3 records; 2 of them are admitted)
        reading of essen/k3 at 2026-07-01T08:00:00Z: discharge_temp_c=83.2 motor_current_a=41.7 run_hours=4021.5 ambient_temp_c=27.1 discharge_pressure_bar=7
        record 3: refused: wrong_type: `discharge_temp_c` is "warm"; a number belongs there"#]],
        expect![[r#"
        essen/k3 2026-07-01T08:00:00Z discharge_temp_c=83.2 motor_current_a=41.7 run_hours=4021.5 ambient_temp_c=27.1 discharge_pressure_bar=7
        essen/k3 2026-07-01T08:01:00Z discharge_temp_c=83.4 motor_current_a=41.6 run_hours=4021.5 discharge_pressure_bar=7
        wrong_type: `discharge_temp_c` is "warm"; a number belongs there <- 01.07.2026 10:02:00;warm;41,6;4021,5;27,0;"#]],
    );
}

#[test]
fn every_example_has_a_test_and_a_sample() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/examples/gateways");
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let examples: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".toml")).collect();
    let this = include_str!("gateways.rs");
    for example in &examples {
        assert!(this.contains(&format!("\"{example}\"")), "{example} is not tested here");
        assert!(
            names.iter().any(|name| name.starts_with(&format!("{example}.")) && !name.ends_with(".toml")),
            "{example}"
        );
    }
    assert!(examples.len() >= 6, "{examples:?}");
}
