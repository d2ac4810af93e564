//! Rules that change while nodes live: nothing that they say is lost, and the new names hold from their next birth.

use expect_test::expect;

use super::*;
use crate::decode::tests::restart::Kept;
use crate::sparkplug::SparkplugMapping;

/// Lets another oil temperature feed the signal, and calls the site otherwise.
fn others() -> SparkplugOptions {
    let rule = toml::from_str(
        "site = \"plant1\"\n[signals]\ndischarge_temp_c = \"Oil\"\nmotor_current_a = \"motor_current_a\"",
    );
    let mapping: SparkplugMapping = rule.unwrap();
    SparkplugOptions { mappings: vec![mapping], ..SparkplugOptions::default() }
}

#[test]
fn a_node_keeps_its_names_until_its_next_birth_and_is_asked_for_it() {
    let decoder = decoder(SparkplugOptions::default());
    let replace = |options: SparkplugOptions| {
        decoder
            .replace(DecoderOptions { sparkplug: Some(options), ..DecoderOptions::default() }, &Kept(Vec::new()))
            .unwrap()
    };
    let births = "
        NBIRTH gw seq=0 t=0 bdSeq:u64=7
        DBIRTH gw/k1 seq=1 t=1 discharge_temp_c#1=83.2 motor_current_a#2=41.5 Oil#3=70";
    play(
        &decoder,
        births,
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 1 s: on line
                hq/k1 1 s: discharge_temp_c=83.2 motor_current_a=41.5
                ignored 1
        "#]],
    );
    assert!(!replace(SparkplugOptions::default()), "the same topics");
    play(
        &decoder,
        "DDATA gw/k1 seq=2 t=11 #1=84",
        expect![[r#"
            DDATA gw/k1 seq=2
                hq/k1 11 s: discharge_temp_c=84 motor_current_a=41.5
        "#]],
    );
    assert!(!replace(others()), "the same topics");
    play(
        &decoder,
        "
        DDATA gw/k1 seq=3 t=21 #1=85
        DDATA gw/k1 seq=4 t=22 #3=71
        NBIRTH gw seq=0 t=23 bdSeq:u64=7
        DBIRTH gw/k1 seq=1 t=24 discharge_temp_c#1=86 motor_current_a#2=42 Oil#3=72
        DDATA gw/k1 seq=2 t=31 #3=73
        NDEATH gw t=0 at=50 bdSeq:u64=7
        ",
        expect![[r#"
            DDATA gw/k1 seq=3
                hq/k1 21 s: discharge_temp_c=85 motor_current_a=41.5
                -> spBv1.0/hq/NCMD/gw
            DDATA gw/k1 seq=4
                ignored 1
            NBIRTH gw seq=0
                hq/k1 23 s: off line
            DBIRTH gw/k1 seq=1
                plant1/k1 24 s: on line
                plant1/k1 24 s: discharge_temp_c=72 motor_current_a=42
                ignored 1
            DDATA gw/k1 seq=2
                plant1/k1 31 s: discharge_temp_c=73 motor_current_a=42
            NDEATH gw t=0
                plant1/k1 50 s: off line
        "#]],
    );
}

#[test]
fn our_name_and_whether_we_take_part_wait_for_a_restart() {
    let decoder = decoder(SparkplugOptions::default());
    for sparkplug in [None, Some(SparkplugOptions { host_id: "other".to_owned(), ..others() })] {
        decoder.replace(DecoderOptions { sparkplug, ..DecoderOptions::default() }, &Kept(Vec::new())).unwrap();
        assert_eq!(decoder.host_id().as_deref(), Some("foretell"));
    }
}
