//! The ordinary course: births, data, deaths, and who is which machine.

use expect_test::expect;

use super::*;
use crate::sparkplug::SparkplugMapping;

#[test]
fn a_device_lives_and_dies() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=7 Node~Control/Rebirth:b=false
        DBIRTH gw/k1 seq=1 t=1 discharge_temp_c#1=83.2 motor_current_a#2:f=41.5 run_hours#3:u64=4021 state#4:s=loaded Fan#5:b=true
        DDATA gw/k1 seq=2 t=11 #1=84
        DDATA gw/k1 seq=3 t=21 #2=40.25 #4:s=unloaded #5:b=false
        DDEATH gw/k1 seq=4 t=30
        DBIRTH gw/k1 seq=5 t=40 discharge_temp_c#1=60 motor_current_a#2:f=0 run_hours#3:u64=4021 state#4:s=stopped
        NDEATH gw t=0 at=50 bdSeq:u64=7
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 1 s: on line
                hq/k1 1 s: discharge_temp_c=83.2 motor_current_a=41.5 run_hours=4021 loaded
                ignored 1
            DDATA gw/k1 seq=2
                hq/k1 11 s: discharge_temp_c=84 motor_current_a=41.5 run_hours=4021 loaded
            DDATA gw/k1 seq=3
                hq/k1 21 s: discharge_temp_c=84 motor_current_a=40.25 run_hours=4021 unloaded
                ignored 1
            DDEATH gw/k1 seq=4
                hq/k1 30 s: off line
            DBIRTH gw/k1 seq=5
                hq/k1 40 s: on line
                hq/k1 40 s: discharge_temp_c=60 motor_current_a=0 run_hours=4021 stopped
            NDEATH gw t=0
                hq/k1 50 s: off line
        "#]],
    );
}

#[test]
fn a_nodes_own_metrics_are_the_machine_of_its_name() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=0 discharge_temp_c=83 motor_current_a=41 run_hours=4021
        NDATA gw seq=1 t=10 discharge_temp_c=84
        NDEATH gw t=0 at=20 bdSeq:u64=0
        ",
        expect![[r#"
            NBIRTH gw seq=0
                hq/gw 0 s: on line
                hq/gw 0 s: discharge_temp_c=83 motor_current_a=41 run_hours=4021
                ignored 1
            NDATA gw seq=1
                hq/gw 10 s: discharge_temp_c=84 motor_current_a=41 run_hours=4021
            NDEATH gw t=0
                hq/gw 20 s: off line
        "#]],
    );
}

#[test]
fn a_late_death_of_an_earlier_session_changes_nothing() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#1=83
        NBIRTH gw seq=0 t=5 bdSeq:u64=2
        DBIRTH gw/k1 seq=1 t=5 discharge_temp_c#1=83
        NDEATH gw t=0 at=6 bdSeq:u64=1
        DDATA gw/k1 seq=2 t=7 #1=84
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 5 s: on line
                hq/k1 5 s: discharge_temp_c=83
            NDEATH gw t=0
                late deaths 1
            DDATA gw/k1 seq=2
                hq/k1 7 s: discharge_temp_c=84
        "#]],
    );
}

#[test]
fn aliases_may_mean_something_else_after_a_rebirth() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#1=83 motor_current_a#2=41
        NBIRTH gw seq=0 t=5 bdSeq:u64=1
        DDATA gw/k1 seq=1 t=6 #1=41.5
        DBIRTH gw/k1 seq=2 t=7 discharge_temp_c#2=83 motor_current_a#1=41
        DDATA gw/k1 seq=3 t=8 #1=42
        DDATA gw/k1 seq=4 t=9 #3=42
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83 motor_current_a=41
            NBIRTH gw seq=0
            DDATA gw/k1 seq=1
                no_birth: what alias 1 stands for is not known without a birth; one was asked for
                -> spBv1.0/hq/NCMD/gw
            DBIRTH gw/k1 seq=2
                hq/k1 7 s: on line
                hq/k1 7 s: discharge_temp_c=83 motor_current_a=41
            DDATA gw/k1 seq=3
                hq/k1 8 s: discharge_temp_c=83 motor_current_a=42
            DDATA gw/k1 seq=4
                unknown_alias: the birth names no metric with alias 3
        "#]],
    );
}

#[test]
fn two_nodes_may_not_speak_for_one_machine() {
    check(
        "
        NBIRTH a seq=0 t=0 bdSeq:u64=1
        DBIRTH a/k1 seq=1 t=0 discharge_temp_c#1=83
        NBIRTH b seq=0 t=1 bdSeq:u64=1
        DBIRTH b/k1 seq=1 t=1 discharge_temp_c#1=60
        DDATA b/k1 seq=2 t=2 #1=61
        NDEATH a t=0 at=3 bdSeq:u64=1
        DDATA b/k1 seq=3 t=4 #1=62
        DDATA a/k1 seq=2 t=5 #1=84
        ",
        expect![[r#"
            NBIRTH a seq=0
            DBIRTH a/k1 seq=1
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83
            NBIRTH b seq=0
            DBIRTH b/k1 seq=1
                identity_taken: hq/k1 is spoken for by test: hq/a/k1; give one of them another `machine` in [[sparkplug.mapping]]
            DDATA b/k1 seq=2
                identity_taken: hq/k1 is spoken for by test: hq/a/k1; give one of them another `machine` in [[sparkplug.mapping]]
            NDEATH a t=0
                hq/k1 3 s: off line
            DDATA b/k1 seq=3
                hq/k1 4 s: discharge_temp_c=62
            DDATA a/k1 seq=2
                identity_taken: hq/k1 is spoken for by test: hq/b/k1; give one of them another `machine` in [[sparkplug.mapping]]
                -> spBv1.0/hq/NCMD/a
        "#]],
    );
}

#[test]
fn one_node_through_two_inputs_is_two_nodes() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1 in=north
        DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#1=83 in=north
        DDATA gw/k1 seq=2 t=1 #1=60 in=south
        DDATA gw/k1 seq=2 t=2 #1=84 in=north
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83
            DDATA gw/k1 seq=2
                no_birth: what alias 1 stands for is not known without a birth; one was asked for
                -> spBv1.0/hq/NCMD/gw
            DDATA gw/k1 seq=2
                hq/k1 2 s: discharge_temp_c=84
        "#]],
    );
}

#[test]
fn names_that_are_not_ours_are_mapped() {
    let mapping: SparkplugMapping = toml::from_str(
        r#"
        group = "Plant 1"
        site = "plant1"
        machine = "{node}-{device}"
        required = ["discharge_temp_c"]
        signals.discharge_temp_c = { at = "Compressor/Discharge Temperature", unit = "degF" }
        signals.discharge_pressure_bar = { at = "*/Pressure", scale = 0.1 }
        state = { at = "Compressor/State", values = { "0" = "stopped", "2" = "loaded" } }
        "#,
    )
    .unwrap();
    let options = SparkplugOptions { mappings: vec![mapping], ..SparkplugOptions::default() };
    check_with(
        options,
        "
        NBIRTH Plant~1/gw seq=0 t=0 bdSeq:u64=1
        DBIRTH Plant~1/gw/k1 seq=1 t=0 Compressor/Discharge~Temperature#1=212 Line/Pressure#2:i32=75 Compressor/State#3:i32=2 run_hours#4:i32=9
        DDATA Plant~1/gw/k1 seq=2 t=1 #3:i32=0
        DDATA Plant~1/gw/k1 seq=3 t=2 #3:i32=7 #1=213
        DBIRTH Plant~1/gw/k2 seq=4 t=3 run_hours=5
        NBIRTH Plant~2/gw seq=0 t=0 bdSeq:u64=1
        DBIRTH Plant~2/gw/k1 seq=1 t=0 discharge_temp_c#1=83
        ",
        expect![[r#"
            NBIRTH Plant~1/gw seq=0
            DBIRTH Plant~1/gw/k1 seq=1
                plant1/gw-k1 0 s: on line
                plant1/gw-k1 0 s: discharge_temp_c=100 run_hours=9 discharge_pressure_bar=7.5 loaded
            DDATA Plant~1/gw/k1 seq=2
                plant1/gw-k1 1 s: discharge_temp_c=100 run_hours=9 discharge_pressure_bar=7.5 stopped
            DDATA Plant~1/gw/k1 seq=3
                plant1/gw-k1 2 s: discharge_temp_c=100.55555555555557 run_hours=9 discharge_pressure_bar=7.5
                unknown_word: `state` is "7", which stands for no state
            DBIRTH Plant~1/gw/k2 seq=4
                plant1/gw-k2 3 s: on line
                missing_field: `discharge_temp_c` is missing
            NBIRTH Plant~2/gw seq=0
            DBIRTH Plant~2/gw/k1 seq=1
                bad_identity: `Plant 2` holds ' '; only A-Z a-z 0-9 . _ - are allowed; give it a name with `site` and `machine` in [[sparkplug.mapping]]
        "#]],
    );
}
