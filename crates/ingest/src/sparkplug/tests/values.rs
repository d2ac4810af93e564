//! What metrics say: qualities, nulls, times, history, types.

use expect_test::expect;

use super::*;

#[test]
fn doubtful_and_missing_values_are_not_carried_on() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#1=83 motor_current_a#2=41
        DDATA gw/k1 seq=2 t=1 #1=83.5!q0
        DDATA gw/k1 seq=3 t=2 #2=42
        DDATA gw/k1 seq=4 t=3 #2=null
        DDATA gw/k1 seq=5 t=4 #1=84!q192
        DDATA gw/k1 seq=6 t=5 #1=84!q500 #2=42!q500
        DDATA gw/k1 seq=7 t=6 #1=84!q500 #2=42!q0
        DDATA gw/k1 seq=8 t=7 #1=NaN
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83 motor_current_a=41
            DDATA gw/k1 seq=2
                hq/k1 1 s: motor_current_a=41
            DDATA gw/k1 seq=3
                hq/k1 2 s: motor_current_a=42
            DDATA gw/k1 seq=4
                missing_field: nothing was measured
            DDATA gw/k1 seq=5
                hq/k1 4 s: discharge_temp_c=84
            DDATA gw/k1 seq=6
                hq/k1 5 s: discharge_temp_c=84 motor_current_a=42 Stale
            DDATA gw/k1 seq=7
                hq/k1 6 s: discharge_temp_c=84 motor_current_a=42 Bad
            DDATA gw/k1 seq=8
                missing_field: nothing was measured
        "#]],
    );
}

#[test]
fn wrong_values_cost_only_themselves() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#1=83 motor_current_a#2=41 run_hours#3:u64=9 state#4:s=loaded
        DDATA gw/k1 seq=2 t=1 #1:s=hot #2=42
        DDATA gw/k1 seq=3 t=2 #1=5000 #2=43
        DDATA gw/k1 seq=4 t=3 #2=44 #4:s=flying
        DDATA gw/k1 seq=5 t=4 #3:i32=-1 #1=80
        DDATA gw/k1 seq=6 t=5 #1=81 #8=1 =5
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83 motor_current_a=41 run_hours=9 loaded
            DDATA gw/k1 seq=2
                hq/k1 1 s: motor_current_a=42 run_hours=9 loaded
                wrong_type: `discharge_temp_c` is a text of type String; a number belongs there
            DDATA gw/k1 seq=3
                hq/k1 2 s: motor_current_a=43 run_hours=9 loaded
                out_of_range: `discharge_temp_c` is 5000; -273.15 to 1000 °C is possible
            DDATA gw/k1 seq=4
                hq/k1 3 s: motor_current_a=44 run_hours=9
                unknown_word: `state` is "flying", which stands for no state
            DDATA gw/k1 seq=5
                hq/k1 4 s: discharge_temp_c=80 motor_current_a=44
                out_of_range: `run_hours` is -1; 0 to 1000000 h is possible
            DDATA gw/k1 seq=6
                hq/k1 5 s: discharge_temp_c=81 motor_current_a=44
                unknown_alias: the birth names no metric with alias 8
                missing_field: a metric has neither name nor alias
        "#]],
    );
}

#[test]
fn metrics_without_their_type_have_that_of_the_birth() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#1=83 run_hours#2:u64=9
        DDATA gw/k1 seq=2 t=1 #1:none=84
        DDATA gw/k1 seq=3 t=2 #2:none=10
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83 run_hours=9
            DDATA gw/k1 seq=2
                hq/k1 1 s: discharge_temp_c=84 run_hours=9
            DDATA gw/k1 seq=3
                hq/k1 2 s: discharge_temp_c=84
                wrong_type: `run_hours` is a real number of type UInt64; a number belongs there
        "#]],
    );
}

#[test]
fn what_means_nothing_here_is_counted() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1 _types_/Pump:tpl=x
        DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#1=83 Table#2:ds=x Pump#3:tpl=x Serial#4:s=1234
        DDATA gw/k1 seq=2 t=1 #2:ds=x #3:tpl=x #1=84
        DDATA gw/k1 seq=3 t=2 #1=85!t #4:s=1235
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83
                ignored 3
                data sets 1
                templates 1
            DDATA gw/k1 seq=2
                hq/k1 1 s: discharge_temp_c=84
                ignored 2
                data sets 1
                templates 1
            DDATA gw/k1 seq=3
                ignored 2
        "#]],
    );
}

#[test]
fn times_are_the_metrics_own() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DBIRTH gw/k1 seq=1 t=100 discharge_temp_c#1=83@40 motor_current_a#2=41@50
        DDATA gw/k1 seq=2 t=110 #1=84@105.2 #2=42@105.9
        DDATA gw/k1 seq=3 t=120 #1=85@111 #1=86@112 #2=43@114
        DDATA gw/k1 seq=4 t=130 #1=70@90
        DDATA gw/k1 seq=5 t=none at=140 #1=87
        DDATA gw/k1 seq=6 t=100000 at=150 #1=88
        DDATA gw/k1 seq=7 t=160 #2=44
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 100 s: on line
                hq/k1 100 s: discharge_temp_c=83 motor_current_a=41
            DDATA gw/k1 seq=2
                hq/k1 105.9 s: discharge_temp_c=84 motor_current_a=42
            DDATA gw/k1 seq=3
                hq/k1 111 s: discharge_temp_c=85 motor_current_a=42
                hq/k1 112 s: discharge_temp_c=86 motor_current_a=42
                hq/k1 114 s: discharge_temp_c=86 motor_current_a=43
            DDATA gw/k1 seq=4
                hq/k1 90 s: discharge_temp_c=70
            DDATA gw/k1 seq=5
                hq/k1 140 s: discharge_temp_c=87 motor_current_a=43 UntimedAtSource
            DDATA gw/k1 seq=6
                from_future: `ts` 2026-07-02T11:46:40Z is 1 day 3 h ahead of its arrival; 10 min ahead is the most allowed
            DDATA gw/k1 seq=7
                hq/k1 160 s: motor_current_a=44
        "#]],
    );
}

#[test]
fn history_goes_on_from_before_the_outage() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#1=83 motor_current_a#2=41
        DDATA gw/k1 seq=2 t=10 #1=84
        NDEATH gw t=0 at=20 bdSeq:u64=1
        NBIRTH gw seq=0 t=1000 bdSeq:u64=2
        DBIRTH gw/k1 seq=1 t=1000 discharge_temp_c#1=90 motor_current_a#2=50
        DDATA gw/k1 seq=2 t=1001 #1=85@30!h #1=86@40!h #2=42@35!h
        DDATA gw/k1 seq=3 t=1002 #2=51
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83 motor_current_a=41
            DDATA gw/k1 seq=2
                hq/k1 10 s: discharge_temp_c=84 motor_current_a=41
            NDEATH gw t=0
                hq/k1 20 s: off line
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 1000 s: on line
                hq/k1 1000 s: discharge_temp_c=90 motor_current_a=50
            DDATA gw/k1 seq=2
                hq/k1 30 s: discharge_temp_c=85 motor_current_a=41
                hq/k1 35 s: discharge_temp_c=85 motor_current_a=42
                hq/k1 40 s: discharge_temp_c=86 motor_current_a=42
            DDATA gw/k1 seq=3
                hq/k1 1002 s: discharge_temp_c=90 motor_current_a=51
        "#]],
    );
}

#[test]
fn a_birth_without_values_is_no_fault() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#1=null motor_current_a#2=null
        DDATA gw/k1 seq=2 t=1 #1=84
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 0 s: on line
            DDATA gw/k1 seq=2
                hq/k1 1 s: discharge_temp_c=84
        "#]],
    );
}
