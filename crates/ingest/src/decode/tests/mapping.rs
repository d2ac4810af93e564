//! Foreign topics and payloads, the faults of their rules, and what is explained to a person.

use expect_test::expect;

use super::*;

#[test]
fn a_foreign_compressor_with_derived_hours() {
    let decoder = decoder(METRO);
    let at = |time: &str, amperes: f64| {
        format!(
            r#"{{"timestamp":"2020-02-01 {time}","Oil_temperature":53.60000000000001,"Motor_current":{amperes},"COMP":1.0}}"#
        )
    };
    check(
        &decoder,
        "metro/apu/1",
        &at("00:00:00", 5.5),
        expect!["metro/1 2020-02-01T00:00:00Z discharge_temp_c=53.60000000000001 motor_current_a=5.5 run_hours=0"],
    );
    check(
        &decoder,
        "metro/apu/1",
        &at("00:06:00", 0.04),
        expect!["metro/1 2020-02-01T00:06:00Z discharge_temp_c=53.60000000000001 motor_current_a=0.04 run_hours=0.1"],
    );
    check(
        &decoder,
        "metro/apu/1",
        &at("00:12:00", 0.04),
        expect!["metro/1 2020-02-01T00:12:00Z discharge_temp_c=53.60000000000001 motor_current_a=0.04 run_hours=0.1"],
    );
    check(
        &decoder,
        "metro/apu/1",
        &at("00:06:00", 0.04),
        expect!["metro/1 2020-02-01T00:06:00Z discharge_temp_c=53.60000000000001 motor_current_a=0.04 run_hours=0.1"],
    );
    check(
        &decoder,
        "metro/apu/2",
        &at("00:12:00", 0.04),
        expect!["metro/2 2020-02-01T00:12:00Z discharge_temp_c=53.60000000000001 motor_current_a=0.04 run_hours=0"],
    );
    check(
        &decoder,
        "metro/apu/1",
        r#"{"Oil_temperature":53.6,"Motor_current":1}"#,
        expect![[r#"missing_field: the time stamp is missing <- {"Oil_temperature":53.6,"Motor_current":1}"#]],
    );
    check(
        &decoder,
        "metro/apu/1",
        r#"{"timestamp":"2020-02-01","Oil_temperature":53.6,"Motor_current":1}"#,
        expect![[
            r#"bad_time: the time stamp: "2020-02-01" does not follow `%Y-%m-%d %H:%M:%S`: premature end of input <- {"timestamp":"2020-02-01","Oil_temperature":53.6,"Motor_current":1}"#
        ]],
    );
    check(
        &decoder,
        "metro/apu/1",
        r#"{"timestamp":"2020-02-01 00:18:00","Motor_current":1}"#,
        expect![[
            r#"missing_field: `discharge_temp_c` is missing <- {"timestamp":"2020-02-01 00:18:00","Motor_current":1}"#
        ]],
    );
    check(
        &decoder,
        "metro/apu/ö",
        "{}",
        expect!["bad_identity: `ö` holds 'ö'; only A-Z a-z 0-9 . _ - are allowed <- {}"],
    );
}

#[test]
fn records_units_states_and_csv() {
    let decoder = decoder(
        r#"
        [[mapping]]
        topic = "plant/{site}/{machine}/data"
        records = "/values"
        ts = { at = "/t", format = "s" }
        [mapping.signals]
        discharge_temp_c = { at = "/temp", unit = "degF" }
        motor_current_a = { at = "/amps", scale = 0.1, offset = -1.0 }
        run_hours = { at = "/minutes", unit = "min" }
        discharge_pressure_bar = { at = "/p", unit = "MPa" }
        [mapping.state]
        at = "/mode"
        values = { RUN = "loaded", "0" = "stopped" }
        "#,
    );
    check(
        &decoder,
        "plant/s1/k2/data",
        r#"{"t":1782892800,"values":[{"t":60,"temp":212,"amps":"427","minutes":90,"p":0.75,"mode":"run"},
            {"temp":212,"amps":{},"minutes":90},
            {"temp":212,"amps":10,"minutes":"NaN","p":"","mode":0},
            {"temp":212,"amps":10,"minutes":1,"mode":"BROKEN"}]}"#,
        expect![[r#"
            s1/k2 1970-01-01T00:01:00Z discharge_temp_c=100 motor_current_a=41.7 run_hours=1.5 discharge_pressure_bar=7.5 loaded
            s1/k2 2026-07-01T08:00:00Z discharge_temp_c=100 motor_current_a=0 stopped
            wrong_type: `motor_current_a` is {}; a number belongs there <- {"amps":{},"minutes":90,"temp":212}
            unknown_word: the state "broken" is not in the mapping's table <- {"amps":10,"minutes":1,"mode":"BROKEN","temp":212}"#]],
    );
    check(
        &decoder,
        "plant/s1/k2/data",
        r#"{"t":1}"#,
        expect![[r#"missing_field: `records` leads nowhere <- {"t":1}"#]],
    );
}

#[test]
fn one_signal_per_topic_and_csv() {
    let decoder = decoder(
        r#"
        [[mapping]]
        topic = "one/{machine}/temp"
        site = "s9"
        required = []
        signals = { discharge_temp_c = "" }

        [[mapping]]
        topic = "csv/#"
        site = "s9"
        machine = "k1"
        csv = { delimiter = ";" }
        ts = { at = "/time", format = "ms" }
        [mapping.signals]
        discharge_temp_c = "/temp"
        motor_current_a = "/amps"
        run_hours = "/h"
        "#,
    );
    check(
        &decoder,
        "one/k7/temp",
        "83.25",
        expect!["s9/k7 2026-07-01T08:00:00Z discharge_temp_c=83.25 UntimedAtSource"],
    );
    check(&decoder, "one/k7/temp", "\"NaN\"", expect![[r#"missing_field: nothing was measured <- "NaN""#]]);
    check(
        &decoder,
        "csv/any/thing",
        "time;temp;amps;h\n1000;80.5;40;7\n2000;81;x;7\n3000;81;40",
        expect![[r#"
        s9/k1 1970-01-01T00:00:01Z discharge_temp_c=80.5 motor_current_a=40 run_hours=7
        wrong_type: `motor_current_a` is "x"; a number belongs there <- 2000;81;x;7
        malformed: the line has 3 cells, 4 are expected <- 3000;81;40"#]],
    );
    assert!(decoder.is_untimed("one/k7/temp"));
    assert!(!decoder.is_untimed("csv/x") && !decoder.is_untimed(TELEMETRY) && !decoder.is_untimed("elsewhere"));
    expect![[r#"
        csv/#
        foretell/v1/+/+/event
        foretell/v1/+/+/status
        foretell/v1/+/+/telemetry
        one/+/temp
        spBv1.0/+/DBIRTH/+/+
        spBv1.0/+/DDATA/+/+
        spBv1.0/+/DDEATH/+/+
        spBv1.0/+/NBIRTH/+
        spBv1.0/+/NDATA/+
        spBv1.0/+/NDEATH/+
        spBv1.0/STATE/foretell"#]]
    .assert_eq(&decoder.filters().join("\n"));
}

#[test]
fn all_faults_of_all_mappings_are_told_at_once() {
    let mappings = specs(
        r##"
        [[mapping]]
        topic = "a/{plant}"
        signals = { vibraton_mm_s = "/v" }

        [[mapping]]
        topic = "b/{machine}"
        site = "has space"
        machine = "m"
        ts = { at = "t", format = "%H:%M" }
        required = ["power_kw", "speed"]
        [mapping.signals]
        discharge_temp_c = { at = "/t", unit = "bar" }
        motor_current_a = { at = "/a", unit = "A", scale = 2.0 }
        run_hours = { at = "/h", scale = 0.0 }
        [mapping.state]
        at = "/s"
        values = { a = "idle" }

        [[mapping]]
        topic = "c/{site}/{machine}"
        csv = { delimiter = "\n" }
        signals = { discharge_temp_c = "/t" }

        [[mapping]]
        topic = "d/{site}/{machine}"
        [mapping.signals]
        discharge_temp_c = "/t"
        motor_current_a = "/a"
        run_hours = "/h"
        [mapping.derive.run_hours]
        from = "power_kw"
        above = nan
        start = -1.0
        gap_max = "10"
        "##,
    );
    let faults = Decoder::new(DecoderOptions { mappings, ..DecoderOptions::default() }).unwrap_err();
    expect![[r#"
        mapping[0] (`a/{plant}`): topic: level `{plant}` is neither plain text nor one of {site}, {machine}, {signal} (perhaps with plain text around it), + and #
        mapping[0] (`a/{plant}`): signals.vibraton_mm_s: there is no signal `vibraton_mm_s`; did you mean `vibration_mm_s`?
        mapping[1] (`b/{machine}`): site: `has space` holds ' '; only A-Z a-z 0-9 . _ - are allowed
        mapping[1] (`b/{machine}`): machine: the topic names {machine} already; leave the key out
        mapping[1] (`b/{machine}`): ts.at: `t` is no JSON pointer; did you mean `/t`?
        mapping[1] (`b/{machine}`): ts.zone: `%H:%M` carries no zone; say which, e.g. zone = "Asia/Shanghai", "+08:00" or "UTC"
        mapping[1] (`b/{machine}`): signals.discharge_temp_c: unit `bar` is not known for this signal; known are degC, degF, K
        mapping[1] (`b/{machine}`): signals.run_hours: scale must be finite and not 0
        mapping[1] (`b/{machine}`): state.values.a: `idle` is no state; stopped, starting, unloaded and loaded are
        mapping[2] (`c/{site}/{machine}`): csv: the delimiter must be one ASCII character other than a quote or line end
        mapping[2] (`c/{site}/{machine}`): ts: several records in one payload need a time stamp each
        mapping[2] (`c/{site}/{machine}`): required: `motor_current_a`, `run_hours` are required and neither mapped nor derived; map them, or list what this source does have in `required`
        mapping[3] (`d/{site}/{machine}`): derive.run_hours.from: `power_kw` is not among the mapped signals
        mapping[3] (`d/{site}/{machine}`): derive.run_hours: `run_hours` is mapped already; take one of the two away
        mapping[3] (`d/{site}/{machine}`): derive.run_hours.above: must be a finite number
        mapping[3] (`d/{site}/{machine}`): derive.run_hours.start: must be 0 to 1,000,000 h
        mapping[3] (`d/{site}/{machine}`): derive.run_hours.gap_max: `10` is no duration such as "10m", "90s" or "1h""#]].assert_eq(&faults.to_string());
}

#[test]
fn the_shape_of_a_mapping_is_told_by_key() {
    let fault = |toml: &str| toml::from_str::<File>(toml).map(|_| ()).unwrap_err().to_string();
    expect![[r#"
        TOML parse error at line 3, column 1
          |
        3 | signal = {}
          | ^^^^^^
        unknown field `signal`, expected one of `topic`, `site`, `machine`, `machines`, `records`, `only`, `csv`, `text`, `decimal_comma`, `ts`, `required`, `signals`, `state`, `derive`
    "#]].assert_eq(&fault("[[mapping]]\ntopic = \"a\"\nsignal = {}"));
    expect![[r#"
        TOML parse error at line 3, column 37
          |
        3 | signals = { power_kw = { at = "/p", units = "W" } }
          |                                     ^^^^^
        unknown field `units`, expected one of `at`, `topic`, `value`, `register`, `unit`, `scale`, `offset`, `missing`
    "#]]
    .assert_eq(&fault("[[mapping]]\ntopic = \"a\"\nsignals = { power_kw = { at = \"/p\", units = \"W\" } }"));
    expect![[r#"
        TOML parse error at line 3, column 24
          |
        3 | signals = { power_kw = 5 }
          |                        ^
        invalid type: integer `5`, expected a JSON pointer or a table with `at`
    "#]]
    .assert_eq(&fault("[[mapping]]\ntopic = \"a\"\nsignals = { power_kw = 5 }"));
}

#[test]
fn explains_each_field() {
    let decoder = decoder(METRO);
    let explain = |topic: &str, payload: &str| decoder.explain(arrived(), topic, payload.as_bytes()).to_string();
    expect![[r#"
        topic metro/apu/1: mapping[0] `metro/apu/{machine}`, machine metro/1
          /Motor_current    "0.04"                 -> motor_current_a = 0.04 A
          /Oil_temperature  53.6                   -> discharge_temp_c = 53.6 °C
          /deep/COMP/0      1                      -- no pointer of the mapping leads to /deep/COMP/0
          /timestamp        "2020-02-01 00:00:00"  -> time = 2020-02-01T00:00:00Z  (%Y-%m-%d %H:%M:%S at +00:00)
        reading of metro/1 at 2020-02-01T00:00:00Z: discharge_temp_c=53.6 motor_current_a=0.04 run_hours=0"#]]
    .assert_eq(&explain(
        "metro/apu/1",
        r#"{"timestamp":"2020-02-01 00:00:00","Oil_temperature":53.6,"Motor_current":"0.04","deep":{"COMP":[1]}}"#,
    ));
    expect![[r#"
        topic foretell/v1/s01/m007/telemetry: the contract's own, machine s01/m007
          /ambient_temp_c   null  -> ambient_temp_c: not measured
          /discharge_temp   80    -- there is no signal of this name; did you mean `discharge_temp_c`?
          /motor_current_a  1     -> motor_current_a = 1 A
          /rpm              3000  -- there is no signal of this name
          /ts               1     -> time
          (the first of 2 records; 0 of them are admitted)
        refused: missing_field: `discharge_temp_c`, `run_hours` is missing
        record 2: refused: missing_field: `ts` is missing"#]]
    .assert_eq(&explain(
        TELEMETRY,
        r#"[{"ts":1,"discharge_temp":80,"motor_current_a":1,"ambient_temp_c":null,"rpm":3000},{}]"#,
    ));
    let one = explain(TELEMETRY, r#"[{"ts":1,"discharge_temp_c":80,"motor_current_a":1,"run_hours":1},{}]"#);
    assert!(one.contains("(the first of 2 records; 1 of them is admitted)"), "{one}");
    expect![[r#"
        topic metro/apu: no rule
        refused: unknown_topic: neither a contract topic nor one that a mapping claims"#]]
    .assert_eq(&explain("metro/apu", "{}"));
    expect![[r#"
        topic metro/apu/1: mapping[0] `metro/apu/{machine}`
        refused: malformed: EOF while parsing an object at line 1 column 1"#]]
    .assert_eq(&explain("metro/apu/1", "{"));
    // Nothing was remembered: had it been, these ten minutes at 40 A would count.
    explain("metro/apu/1", r#"{"timestamp":"2020-02-01 00:00:00","Oil_temperature":53.6,"Motor_current":40}"#);
    let next = r#"{"timestamp":"2020-02-01 00:10:00","Oil_temperature":53.6,"Motor_current":40}"#;
    check(
        &decoder,
        "metro/apu/1",
        next,
        expect!["metro/1 2020-02-01T00:10:00Z discharge_temp_c=53.6 motor_current_a=40 run_hours=0"],
    );
}

/// Of signals a pointer may stand by itself, of machine and site a text is a name.
#[test]
fn a_pointer_in_the_place_of_a_name_is_told_how_to_be_one() {
    let signals = r#"{ discharge_temp_c = "/t", motor_current_a = "/i", run_hours = "/h" }"#;
    let mappings = specs(&format!(
        "[[mapping]]\ntopic = \"st/{{site}}\"\nmachine = \"/id\"\nts = {{ at = \"/ts\", format = \"s\" }}\nsignals = {signals}\n"
    ));
    let faults = Decoder::new(DecoderOptions { mappings, ..DecoderOptions::default() }).unwrap_err().to_string();
    assert!(faults.contains("to take it from the payload, write { at = \"/id\" }"), "{faults}");
}
