//! The contract's own topics.

use expect_test::expect;
use foretell_model::DAY_MS;

use super::*;

#[test]
fn telemetry_as_the_contract_shows_it() {
    check(
        &decoder(""),
        TELEMETRY,
        r#"{"ts":"2026-07-01T08:00:00Z","discharge_temp_c":83.2,"motor_current_a":41.7,"run_hours":4021.5,"ambient_temp_c":27.1}"#,
        expect![
            "s01/m007 2026-07-01T08:00:00Z discharge_temp_c=83.2 motor_current_a=41.7 run_hours=4021.5 ambient_temp_c=27.1"
        ],
    );
    check(
        &decoder(""),
        TELEMETRY,
        r#"{"ts":1782892800000,"discharge_temp_c":83,"motor_current_a":null,"run_hours":4021.5,"state":"loaded","rpm":2970,"x":{"y":[1,{}]}}"#,
        expect![[r#"
            s01/m007 2026-07-01T08:00:00Z discharge_temp_c=83 run_hours=4021.5 loaded
            2 keys ignored"#]],
    );
}

#[test]
fn a_bad_item_costs_only_itself() {
    check(
        &decoder(""),
        TELEMETRY,
        r#"[{"ts":1,"discharge_temp_c":80,"motor_current_a":1,"run_hours":1},
            {"ts":2,"discharge_temp_c":NaN,"motor_current_a":1,"run_hours":1},
            {"ts":3,"discharge_temp_c":1e999,"motor_current_a":1,"run_hours":1},
            {"ts":4,"discharge_temp_c":"80","motor_current_a":1,"run_hours":1},
            5,
            {"ts":6,"discharge_temp_c":2000,"motor_current_a":1,"run_hours":1},
            {"ts":7,"discharge_temp_c":80,"motor_current_a":1},
            {"discharge_temp_c":80,"motor_current_a":1,"run_hours":1},
            {"ts":"yesterday","discharge_temp_c":80,"motor_current_a":1,"run_hours":1},
            {"ts":10,"discharge_temp_c":null,"motor_current_a":null,"run_hours":null},
            {"ts":11,"discharge_temp_c":80,"motor_current_a":1,"run_hours":1,"state":"resting"},
            {"ts":12,"discharge_temp_c":81,"motor_current_a":1,"run_hours":1}]"#,
        expect![[r#"
            s01/m007 1970-01-01T00:00:00.001Z discharge_temp_c=80 motor_current_a=1 run_hours=1
            s01/m007 1970-01-01T00:00:00.012Z discharge_temp_c=81 motor_current_a=1 run_hours=1
            malformed: not JSON: expected value at line 1 column 28 <- {"ts":2,"discharge_temp_c":NaN,"motor_current_a":1,"run_hours":1}
            malformed: number out of range at line 1 column 32 <- {"ts":3,"discharge_temp_c":1e999,"motor_current_a":1,"run_hours":1}
            wrong_type: `discharge_temp_c` is "80"; a number or null belongs there <- {"ts":4,"discharge_temp_c":"80","motor_current_a":1,"run_hours":1}
            wrong_type: invalid type: integer `5`, expected a JSON object at line 1 column 1 <- 5
            out_of_range: `discharge_temp_c` is 2000; -273.15 to 1000 °C is possible <- {"ts":6,"discharge_temp_c":2000,"motor_current_a":1,"run_hours":1}
            missing_field: `run_hours` is missing <- {"ts":7,"discharge_temp_c":80,"motor_current_a":1}
            missing_field: `ts` is missing <- {"discharge_temp_c":80,"motor_current_a":1,"run_hours":1}
            bad_time: `ts`: `yesterday` is not an RFC 3339 time stamp such as 2026-07-01T08:00:00Z <- {"ts":"yesterday","discharge_temp_c":80,"motor_current_a":1,"run_hours":1}
            missing_field: nothing was measured <- {"ts":10,"discharge_temp_c":null,"motor_current_a":null,"run_hours":null}
            unknown_word: `state` is "resting"; stopped, starting, unloaded and loaded are known <- {"ts":11,"discharge_temp_c":80,"motor_current_a":1,"run_hours":1,"state":"resting"}"#]],
    );
}

#[test]
fn time_may_be_old_but_not_ahead() {
    let item = |ts: &str| format!(r#"{{"ts":{ts},"discharge_temp_c":80,"motor_current_a":1,"run_hours":1}}"#);
    check(
        &decoder(""),
        TELEMETRY,
        &item(r#""1996-02-29T00:00:00Z""#),
        expect!["s01/m007 1996-02-29T00:00:00Z discharge_temp_c=80 motor_current_a=1 run_hours=1"],
    );
    check(
        &decoder(""),
        TELEMETRY,
        &item(r#""2026-07-01T08:10:00Z""#),
        expect!["s01/m007 2026-07-01T08:10:00Z discharge_temp_c=80 motor_current_a=1 run_hours=1"],
    );
    check(
        &decoder(""),
        TELEMETRY,
        &item(r#""2026-07-01T08:10:01Z""#),
        expect![[
            r#"from_future: `ts` 2026-07-01T08:10:01Z is 10 min 1 s ahead of its arrival; 10 min ahead is the most allowed <- {"ts":"2026-07-01T08:10:01Z","discharge_temp_c":80,"motor_current_a":1,"run_hours":1}"#
        ]],
    );
    check(
        &decoder(""),
        TELEMETRY,
        &item("9e18"),
        expect![[
            r#"bad_time: `ts` is 9000000000000000000; RFC 3339 text or whole milliseconds since 1970 UTC belong there <- {"ts":9e18,"discharge_temp_c":80,"motor_current_a":1,"run_hours":1}"#
        ]],
    );
    check(
        &decoder(""),
        TELEMETRY,
        &item("1782892800000.0"),
        expect!["s01/m007 2026-07-01T08:00:00Z discharge_temp_c=80 motor_current_a=1 run_hours=1"],
    );
}

#[test]
fn a_reading_may_be_as_old_as_is_configured_and_a_word_of_any_age() {
    let options = DecoderOptions { behind_max_ms: Some(400 * DAY_MS), ..DecoderOptions::default() };
    let decoder = Decoder::new(options).unwrap();
    let item = |ts: &str| format!(r#"{{"ts":"{ts}","discharge_temp_c":80,"motor_current_a":1,"run_hours":1}}"#);
    check(
        &decoder,
        TELEMETRY,
        &format!(
            "[{},{},{}]",
            item("2025-05-27T08:00:00Z"),
            item("2025-05-27T07:59:59.999Z"),
            item("2000-01-01T00:00:00Z")
        ),
        expect![[r#"
            s01/m007 2025-05-27T08:00:00Z discharge_temp_c=80 motor_current_a=1 run_hours=1
            too_old: `ts` 2025-05-27T07:59:59.999Z is 1 year 35 days old; 1 year 35 days is the most taken (`[mqtt] age_max`) <- {"ts":"2025-05-27T07:59:59.999Z","discharge_temp_c":80,"motor_current_a":1,"run_hours":1}
            too_old: `ts` 2000-01-01T00:00:00Z is 26 years 188 days old; 1 year 35 days is the most taken (`[mqtt] age_max`) <- {"ts":"2000-01-01T00:00:00Z","discharge_temp_c":80,"motor_current_a":1,"run_hours":1}"#]],
    );
    check(
        &decoder,
        TELEMETRY,
        r#"{"ts":1782892800,"discharge_temp_c":80,"motor_current_a":1,"run_hours":1}"#,
        expect![[
            r#"too_old: `ts` 1970-01-21T15:14:52.800Z is 56 years 174 days old; as seconds it would be of our time: send milliseconds <- {"ts":1782892800,"discharge_temp_c":80,"motor_current_a":1,"run_hours":1}"#
        ]],
    );
    let refused = decoded(&decoder, TELEMETRY, item("2000-01-01T00:00:00Z").as_bytes()).ahead.unwrap();
    assert_eq!((refused.0, refused.1 / DAY_MS), (1, -(26 * 365 + 188)));
    check(
        &decoder,
        "foretell/v1/s01/m007/event",
        r#"{"ts":"2000-01-01T00:00:00Z","kind":"maintenance_done","work":"oil_changed"}"#,
        expect![[
            r#"s01/m007 2000-01-01T00:00:00Z Maintenance { machine: s01/m007, ts: Timestamp(946684800000), work: Work("oil_changed") }"#
        ]],
    );
}

#[test]
fn of_a_key_that_stands_twice_neither_value_is_guessed() {
    let item = |more: &str| format!(r#"{{"ts":1,"discharge_temp_c":80,"motor_current_a":1,"run_hours":1,{more}}}"#);
    let items = [
        r#""discharge_temp_c":80"#,
        r#""discharge_temp_c":null"#,
        r#""ts":2"#,
        r#""state":"loaded","state":"loaded""#,
        r#""state":"loaded","state":null"#,
        r#""rpm":1,"rpm":2"#,
    ];
    check(
        &decoder(""),
        TELEMETRY,
        &format!("[{}]", items.map(item).join(",")),
        expect![[r#"
            s01/m007 1970-01-01T00:00:00.001Z discharge_temp_c=80 motor_current_a=1 run_hours=1
            s01/m007 1970-01-01T00:00:00.001Z discharge_temp_c=80 motor_current_a=1 run_hours=1 loaded
            s01/m007 1970-01-01T00:00:00.001Z discharge_temp_c=80 motor_current_a=1 run_hours=1
            contradiction: two different values for `discharge_temp_c` <- {"ts":1,"discharge_temp_c":80,"motor_current_a":1,"run_hours":1,"discharge_temp_c":null}
            contradiction: two different values for `ts` <- {"ts":1,"discharge_temp_c":80,"motor_current_a":1,"run_hours":1,"ts":2}
            contradiction: two different values for `state` <- {"ts":1,"discharge_temp_c":80,"motor_current_a":1,"run_hours":1,"state":"loaded","state":null}
            2 keys ignored"#]],
    );
    check(
        &decoder(""),
        "foretell/v1/s01/m007/status",
        r#"{"online":true,"online":false}"#,
        expect![[r#"contradiction: two different values for `online` <- {"online":true,"online":false}"#]],
    );
    check(
        &decoder(METRO),
        "metro/apu/x",
        r#"{"timestamp":1,"timestamp":2}"#,
        expect![[
            r#"contradiction: two different values for `timestamp` at line 1 column 29 <- {"timestamp":1,"timestamp":2}"#
        ]],
    );
}

#[test]
fn whole_messages_that_cannot_be_read() {
    let decoder = decoder("");
    check(&decoder, TELEMETRY, "", expect!["malformed: EOF while parsing a value at line 1 column 0 <- "]);
    check(&decoder, TELEMETRY, "[]", expect![]);
    check(&decoder, TELEMETRY, "\u{feff}[]", expect![]);
    check(&decoder, TELEMETRY, "hello", expect!["malformed: not JSON: expected value at line 1 column 1 <- hello"]);
    check(
        &decoder,
        TELEMETRY,
        r#"{"ts":1"#,
        expect![[r#"malformed: EOF while parsing an object at line 1 column 7 <- {"ts":1"#]],
    );
    check(
        &decoder,
        TELEMETRY,
        r#"[{"ts":1},"#,
        expect![[r#"malformed: the array is not closed; the message seems cut <- [{"ts":1},"#]],
    );
    check(
        &decoder,
        "foretell/v1/s 1/m/telemetry",
        "{}",
        expect!["bad_identity: `s 1` holds ' '; only A-Z a-z 0-9 . _ - are allowed <- {}"],
    );
    check(
        &decoder,
        "foretell/v1/../m/telemetry",
        "{}",
        expect!["bad_identity: `..` means a folder in paths and addresses; give it a name of its own <- {}"],
    );
    check(
        &decoder,
        "foretell/v1/s01/m007/advisory",
        "{}",
        expect!["unknown_topic: neither a contract topic nor one that a mapping claims <- {}"],
    );
    check(
        &decoder,
        "foretell/v1/s01/m007/telemetry/x",
        "{}",
        expect!["unknown_topic: neither a contract topic nor one that a mapping claims <- {}"],
    );
}

#[test]
fn size_and_count_are_bounded() {
    let decoder = decoder("");
    let many = format!("[{}]", vec!["1"; 1001].join(","));
    assert_eq!(reasons(&decoded(&decoder, TELEMETRY, many.as_bytes())), ["too_many"]);
    let large = vec![b' '; (1 << 20) + 1];
    assert_eq!(reasons(&decoded(&decoder, TELEMETRY, &large)), ["too_large"]);
    let deep = "[".repeat(500_000);
    assert_eq!(reasons(&decoded(&decoder, TELEMETRY, deep.as_bytes())), ["malformed"]);
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(reasons(&decoded(&decoder, TELEMETRY, deep.as_bytes())), ["missing_field"]);
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    assert_eq!(reasons(&decoded(&self::decoder(METRO), "metro/apu/1", deep.as_bytes())), ["too_deep"]);
}

fn reasons(out: &Decoded) -> Vec<&'static str> {
    assert!(out.events.is_empty());
    out.refused.iter().map(|refusal| refusal.reason).collect()
}

#[test]
fn events_and_status() {
    let decoder = decoder("");
    let event = "foretell/v1/s01/m007/event";
    check(
        &decoder,
        event,
        r#"{"ts":1000,"kind":"maintenance_done","work":"cooler_cleaned"}"#,
        expect![[
            r#"s01/m007 1970-01-01T00:00:01Z Maintenance { machine: s01/m007, ts: Timestamp(1000), work: Work("cooler_cleaned") }"#
        ]],
    );
    check(
        &decoder,
        event,
        r#"{"ts":1000,"kind":"controller_alarm","code":17}"#,
        expect![[
            r#"s01/m007 1970-01-01T00:00:01Z ControllerAlarm { machine: s01/m007, ts: Timestamp(1000), code: Note("17") }"#
        ]],
    );
    check(
        &decoder,
        event,
        r#"{"ts":1000,"kind":"note","text":"belt\nsqueals"}"#,
        expect![[
            r#"s01/m007 1970-01-01T00:00:01Z Note { machine: s01/m007, ts: Timestamp(1000), text: Note("belt squeals") }"#
        ]],
    );
    check(
        &decoder,
        event,
        r#"{"ts":1000,"kind":"maintenance_done","work":"Cooler cleaned"}"#,
        expect![[
            r#"unknown_word: `work` "Cooler cleaned" is not a code such as cooler_cleaned <- {"ts":1000,"kind":"maintenance_done","work":"Cooler cleaned"}"#
        ]],
    );
    check(
        &decoder,
        event,
        r#"{"ts":1000,"kind":"verdict"}"#,
        expect![[
            r#"unknown_word: `kind` is "verdict"; maintenance_done, controller_alarm and note are known <- {"ts":1000,"kind":"verdict"}"#
        ]],
    );
    check(
        &decoder,
        event,
        r#"{"kind":"note","text":"x"}"#,
        expect![[r#"missing_field: `ts` is missing <- {"kind":"note","text":"x"}"#]],
    );
}

#[test]
fn work_that_no_fault_is_cured_by_was_meant_otherwise() {
    let works = Some(["cooler_cleaned", "oil_changed"].map(String::from).into());
    let decoder = Decoder::new(DecoderOptions { works, ..DecoderOptions::default() }).unwrap();
    let event = "foretell/v1/s01/m007/event";
    check(
        &decoder,
        event,
        r#"{"ts":1000,"kind":"maintenance_done","work":"cooler_cleand"}"#,
        expect![[
            r#"unknown_word: `work` "cooler_cleand" is not in the fault catalogue; known are cooler_cleaned, oil_changed <- {"ts":1000,"kind":"maintenance_done","work":"cooler_cleand"}"#
        ]],
    );
    let known = br#"{"ts":1000,"kind":"maintenance_done","work":"cooler_cleaned"}"#;
    assert_eq!(decoded(&decoder, event, known).events.len(), 1);
}

#[test]
fn status_may_leave_out_its_time() {
    let decoder = decoder("");
    let status = "foretell/v1/s01/m007/status";
    check(
        &decoder,
        status,
        r#"{"online":true,"ts":"2026-07-01T07:59:00Z"}"#,
        expect![
            "s01/m007 2026-07-01T07:59:00Z Status { machine: s01/m007, ts: Timestamp(1782892740000), online: true }"
        ],
    );
    check(
        &decoder,
        status,
        r#"{"online":false}"#,
        expect![
            "s01/m007 2026-07-01T08:00:00Z Status { machine: s01/m007, ts: Timestamp(1782892800000), online: false }"
        ],
    );
    check(
        &decoder,
        status,
        r#"{"online":1}"#,
        expect![[r#"wrong_type: `online` is 1; true or false belongs there <- {"online":1}"#]],
    );
}
