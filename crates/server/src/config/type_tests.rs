//! Values of the wrong type, and limits in the wrong order.

use std::collections::BTreeMap;
use std::path::Path;

use expect_test::expect;

use super::parse;
use super::read::is_exposed;
use super::tests::{check, variables};

#[test]
fn a_value_of_another_type_is_not_turned_into_a_number() {
    check(
        "[engine]\nlow_c = true\nwarn_c = \"105\"\nsnapshot_every_entries = \"5000\"\nbehind_entries_max = true\n\
         [[machine]]\nid = \"s/m\"\ntrip_c = false\nrated_kw = \"75\"\n[outreach]\ncompany = true\n",
        &[],
        expect![[r#"
            plant.toml: 7 problems
              line 2: `engine.low_c` is true; it must be a number from 0 to 95
              line 3: `engine.warn_c` is the text "105"; it must be a number from 40 to 200
              line 4: `engine.snapshot_every_entries` is the text "5000"; it must be a whole number from 1000 to 1000000000
              line 5: `engine.behind_entries_max` is true; it must be a whole number from 1 to 18446744073709551615
              line 8: `machine[0].trip_c` is false; it must be a number from 40 to 200
              line 9: `machine[0].rated_kw` is the text "75"; it must be a number from 0.5 to 5000
              line 11: `outreach.company` must be a text"#]],
    );
    let environment = variables(&[
        ("FORETELL__ENGINE__LOW_C", "60"),
        ("FORETELL__ENGINE__WARN_C", " 98.5"),
        ("FORETELL__ENGINE__SNAPSHOT_EVERY_ENTRIES", "5000"),
    ]);
    let engine = parse("", &environment, Path::new("")).unwrap().engine;
    assert_eq!((engine.limits.low_c, engine.limits.warn_c, engine.snapshot_every_entries), (60.0, 98.5, 5_000));
    check(
        "",
        &[("FORETELL__ENGINE__LOW_C", "true")],
        expect![[r#"
        plant.toml: 1 problem
          FORETELL__ENGINE__LOW_C: `engine.low_c` is true; it must be a number from 0 to 95"#]],
    );
}

#[test]
fn what_a_mapping_says_is_not_turned_into_another_type_either() {
    check(
        "[[mapping]]\ntopic = \"a/{site}/{machine}\"\n[mapping.signals]\n\
         discharge_temp_c = { at = \"/t\", scale = \"2\" }\n\
         [[mapping]]\ntopic = \"b/{site}/{machine}\"\ntext = \"yes\"\n\
         [[mapping]]\ntopic = \"c/{site}/{machine}\"\n[mapping.signals.motor_current_a]\nat = \"/a\"\nmissing = [true]\n\
         [[mapping]]\ntopic = \"d/{site}/{machine}\"\nrecord = \"/r\"\n\
         [[mapping]]\ntopic = 5\n\
         [[sparkplug.mapping]]\ngroup = true\n\
         [[sparkplug.mapping]]\n[sparkplug.mapping.signals]\nrun_hours = { at = \"h\", offset = true }\n",
        &[],
        expect![[r#"
            plant.toml: 7 problems
              line 4: `mapping[0].signals.discharge_temp_c.scale`: invalid type: string "2", expected f64
              line 7: `mapping[1].text`: invalid type: string "yes", expected a boolean
              line 12: `mapping[2].signals.motor_current_a.missing`: invalid type: boolean `true`, expected f64
              line 13: `mapping[3]`: unknown field `record`, expected one of `topic`, `site`, `machine`, `machines`, `records`, `only`, `csv`, `text`, `decimal_comma`, `ts`, `required`, `signals`, `state`, `derive`
              line 17: `mapping[4].topic`: invalid type: integer `5`, expected a string
              line 19: `sparkplug.mapping[0].group`: invalid type: boolean `true`, expected a string
              line 22: `sparkplug.mapping[1].signals.run_hours.offset`: invalid type: boolean `true`, expected f64"#]],
    );
    let taken = "[[mapping]]\ntopic = \"a/{site}/{machine}\"\nrequired = []\ncsv = { delimiter = \";\" }\nts = { at = \"/t\" }\n\
                 [mapping.signals]\nmotor_current_a = { at = \"/a\", scale = 2, offset = 1e-1, missing = [-1, inf] }\n";
    let fields = parse(taken, &BTreeMap::new(), Path::new("")).unwrap().mappings.remove(0).signals;
    let amps = &fields["motor_current_a"];
    assert_eq!((amps.scale, amps.offset, &amps.missing[..]), (Some(2.0), Some(0.1), &[-1.0, f64::INFINITY][..]));
}

#[test]
fn a_lower_limit_lies_below_the_upper_one_whichever_is_written() {
    check(
        "[engine]\nwarn_c = 62\ntrip_c = 110\n[[machine]]\nid = \"s/a\"\nlow_c = 62\n[[machine]]\nid = \"s/b\"\nwarn_c = 65\n\
         [[machine]]\nid = \"s/c\"\nlow_c = 0\n[[machine]]\nid = \"s/d\"\ntrip_c = 60\nlow_c = 30\n",
        &[],
        expect![[r#"
            plant.toml: 4 problems
              line 2: `low_c` is 65; it must lie below `warn_c` (62), or be 0 for none
              line 6: `low_c` is 62; it must lie below `warn_c` (62), or be 0 for none
              line 9: `low_c` is 65; it must lie below `warn_c` (65), or be 0 for none
              line 15: `warn_c` is 62; it must not lie above `trip_c` (60)"#]],
    );
}

#[test]
fn a_secret_that_everybody_may_read_is_warned_of_where_that_can_be_mended() {
    for (path, mode, expected) in [
        ("/etc/foretell/mqtt.secret", 0o100_640, false),
        ("/etc/foretell/mqtt.secret", 0o100_644, true),
        // deploy/prepare makes them so, because the container's user is another one.
        ("/run/secrets/mqtt-password", 0o100_444, false),
    ] {
        assert_eq!(is_exposed(Path::new(path), mode), expected, "{path} {mode:o}");
    }
}
