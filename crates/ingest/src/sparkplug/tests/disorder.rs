//! Messages that are missing, come again, or come from nodes that we do not know.

use expect_test::expect;

use super::*;

#[test]
fn what_a_stranger_says_by_name_is_taken_and_aliases_wait_for_a_birth() {
    check(
        "
        DDATA gw/k1 seq=7 t=0 #1=84
        DDATA gw/k1 seq=8 t=1 discharge_temp_c=84 #2=41
        DDATA gw/k1 seq=9 t=2 motor_current_a=41
        DDATA gw/k1 seq=10 t=11 #1=85
        DDATA gw/k1 seq=11 t=25 #1=85
        DDATA gw/k1 seq=12 t=31 #1=85
        NBIRTH gw seq=0 t=32 bdSeq:u64=1
        DBIRTH gw/k1 seq=1 t=33 discharge_temp_c#1=83
        DDATA gw/k1 seq=2 t=34 #1=85
        ",
        expect![[r#"
            DDATA gw/k1 seq=7
                no_birth: what alias 1 stands for is not known without a birth; one was asked for
                -> spBv1.0/hq/NCMD/gw
            DDATA gw/k1 seq=8
                hq/k1 1 s: discharge_temp_c=84
                no_birth: what alias 2 stands for is not known without a birth; one was asked for
            DDATA gw/k1 seq=9
                hq/k1 2 s: discharge_temp_c=84 motor_current_a=41
            DDATA gw/k1 seq=10
                no_birth: what alias 1 stands for is not known without a birth; one was asked for
                -> spBv1.0/hq/NCMD/gw
            DDATA gw/k1 seq=11
                no_birth: what alias 1 stands for is not known without a birth; one was asked for
            DDATA gw/k1 seq=12
                no_birth: what alias 1 stands for is not known without a birth; one was asked for
                -> spBv1.0/hq/NCMD/gw
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 33 s: on line
                hq/k1 33 s: discharge_temp_c=83
            DDATA gw/k1 seq=2
                hq/k1 34 s: discharge_temp_c=85
        "#]],
    );
}

#[test]
fn after_a_gap_no_alias_is_believed_and_nothing_held() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#1=83 motor_current_a#2=41
        DDATA gw/k1 seq=3 t=1 #1=84
        DDATA gw/k1 seq=4 t=2 discharge_temp_c=84
        DBIRTH gw/k1 seq=5 t=3 discharge_temp_c#2=85 motor_current_a#1=43
        DDATA gw/k1 seq=6 t=4 #1=44
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83 motor_current_a=41
            DDATA gw/k1 seq=3
                no_birth: what alias 1 stands for is not known without a birth; one was asked for
                -> spBv1.0/hq/NCMD/gw
                gaps 1
            DDATA gw/k1 seq=4
                hq/k1 2 s: discharge_temp_c=84
            DBIRTH gw/k1 seq=5
                hq/k1 3 s: on line
                hq/k1 3 s: discharge_temp_c=85 motor_current_a=43
            DDATA gw/k1 seq=6
                hq/k1 4 s: discharge_temp_c=85 motor_current_a=44
        "#]],
    );
}

#[test]
fn the_sequence_begins_anew_after_255() {
    check(
        "
        NBIRTH gw seq=255 t=0 bdSeq:u64=1
        DBIRTH gw/k1 seq=0 t=0 discharge_temp_c#1=83
        DDATA gw/k1 seq=1 t=1 #1=84
        DDATA gw/k1 seq=300 t=2 #1=84
        ",
        expect![[r#"
            NBIRTH gw seq=255
            DBIRTH gw/k1 seq=0
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83
            DDATA gw/k1 seq=1
                hq/k1 1 s: discharge_temp_c=84
            DDATA gw/k1 seq=300
                no_birth: what alias 1 stands for is not known without a birth; one was asked for
                -> spBv1.0/hq/NCMD/gw
                gaps 1
        "#]],
    );
}

#[test]
fn what_comes_again_becomes_the_same() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#1=83 motor_current_a#2=41
        DDATA gw/k1 seq=2 t=1 #1=84
        DDATA gw/k1 seq=3 t=2 #2=42
        DDATA gw/k1 seq=2 t=1 #1=84
        DDATA gw/k1 seq=3 t=2 #2=42
        DDATA gw/k1 seq=4 t=3 #1=85
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DDATA gw/k1 seq=5 t=4 #1=86
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83 motor_current_a=41
            DDATA gw/k1 seq=2
                hq/k1 1 s: discharge_temp_c=84 motor_current_a=41
            DDATA gw/k1 seq=3
                hq/k1 2 s: discharge_temp_c=84 motor_current_a=42
            DDATA gw/k1 seq=2
                hq/k1 1 s: discharge_temp_c=84 motor_current_a=41
                repeated 1
            DDATA gw/k1 seq=3
                hq/k1 2 s: discharge_temp_c=84 motor_current_a=42
                repeated 1
            DDATA gw/k1 seq=4
                hq/k1 3 s: discharge_temp_c=85 motor_current_a=42
            NBIRTH gw seq=0
                repeated 1
            DDATA gw/k1 seq=5
                hq/k1 4 s: discharge_temp_c=86 motor_current_a=42
        "#]],
    );
}

#[test]
fn what_was_under_way_when_the_node_died_is_taken() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#1=83
        NDEATH gw t=0 at=2 bdSeq:u64=1
        DDATA gw/k1 seq=2 t=1 at=3 #1=84
        DDATA gw/k1 seq=4 t=3 at=4 #1=85
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83
            NDEATH gw t=0
                hq/k1 2 s: off line
            DDATA gw/k1 seq=2
                hq/k1 1 s: discharge_temp_c=84
                -> spBv1.0/hq/NCMD/gw
            DDATA gw/k1 seq=4
                no_birth: what alias 1 stands for is not known without a birth; one was asked for
                gaps 1
        "#]],
    );
}

#[test]
fn a_device_that_was_not_born_is_asked_for() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DDATA gw/k1 seq=1 t=1 #1=84
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DDATA gw/k1 seq=1
                no_birth: what alias 1 stands for is not known without a birth; one was asked for
                -> spBv1.0/hq/NCMD/gw
        "#]],
    );
}

#[test]
fn the_topics_of_hosts_mean_nothing_and_strange_ones_are_refused() {
    check(
        "
        NCMD gw t=0 Node~Control/Rebirth:b=true
        DCMD gw/k1 t=0 Fan:b=true
        NFOO gw t=0 Fan:b=true
        ",
        expect![[r#"
            NCMD gw t=0
            DCMD gw/k1 t=0
            NFOO gw t=0
                unknown_topic: no message of Sparkplug has such a topic
        "#]],
    );
}

#[test]
fn an_alias_given_twice_stands_for_nothing() {
    check(
        "
        NBIRTH gw seq=0 t=0 bdSeq:u64=1
        DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#1=83 motor_current_a#1=41 run_hours#3=9
        DDATA gw/k1 seq=2 t=1 #1=84
        DDATA gw/k1 seq=3 t=2 discharge_temp_c=84 #3=10
        DBIRTH gw/k2 seq=4 t=3 run_hours#1=9 Run_Hours#2=10 discharge_temp_c#3=83
        DDATA gw/k2 seq=5 t=4 #1=9 #3=84
        ",
        expect![[r#"
            NBIRTH gw seq=0
            DBIRTH gw/k1 seq=1
                hq/k1 0 s: on line
                hq/k1 0 s: discharge_temp_c=83 motor_current_a=41 run_hours=9
                ambiguous_metric: the birth gives alias 1 to several metrics
            DDATA gw/k1 seq=2
                ambiguous_metric: alias 1 may be one of several metrics
            DDATA gw/k1 seq=3
                hq/k1 2 s: discharge_temp_c=84 run_hours=10
            DBIRTH gw/k2 seq=4
                hq/k2 3 s: on line
                hq/k2 3 s: discharge_temp_c=83
                ambiguous_metric: "Run_Hours" is one of several metrics that feed `run_hours`; name one of them in [[sparkplug.mapping]]
            DDATA gw/k2 seq=5
                hq/k2 4 s: discharge_temp_c=84
                ambiguous_metric: alias 1 is one of several metrics that feed `run_hours`; name one of them in [[sparkplug.mapping]]
        "#]],
    );
}
