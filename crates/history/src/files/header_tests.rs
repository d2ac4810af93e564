//! Headers of CSV files with quotes in them.

use expect_test::expect;

use super::tests::check;

const ROW: &str = "2026-07-01T00:00:00Z,s,a,80\n";

#[test]
fn quotes_around_a_name_are_no_part_of_it_and_a_name_may_be_missing() {
    // As R's write.csv has row names, and as some write a space behind each comma.
    let text = format!(
        "\"\",\"ts\", \"site\" ,\"machine\",\"discharge_temp_c\"\n\"1\",{}",
        ROW.replace("s,a", "\"s\", \"a\"")
    );
    let expected = expect![[r#"
        2026-07-01T00:00:00Z s/a discharge_temp_c=80
    "#]];
    check(&[("x.csv", text.as_bytes())], "", &expected);
    let map = "[columns]\ndischarge_temp_c = 'T \"oil\", degC'\nts = \"\"\n";
    let text = format!("\"\",site,machine,\"T \"\"oil\"\", degC\"\n{ROW}");
    check(&[("x.csv", text.as_bytes())], map, &expected);
}

#[test]
fn a_header_that_cannot_be_meant_is_refused_with_what_is_wrong() {
    for (header, expected) in [
        (
            "ts,site,\"machine,discharge_temp_c",
            expect!["x.csv: a quote in its header (line 1) is not closed on that line"],
        ),
        (
            "\n\nts,site,machine,\"discharge\ntemp_c\"",
            expect!["x.csv: a quote in its header (line 3) is not closed on that line"],
        ),
        (
            "\"ts,site,machine,discharge_temp_c\"",
            expect![
                "x.csv: no column is a signal (it has a single one, `ts,site,machine,discharge_temp_c`: quotes around the whole line make it one, take them away); say which is which in a column map (--map)"
            ],
        ),
        (
            "\"\",\"\",machine,discharge_temp_c",
            expect![
                "x.csv: has no column `ts` for `ts`; it has one without a name, one without a name, machine, discharge_temp_c. A column map (--map) can rename"
            ],
        ),
        (
            "\"\"",
            expect![
                "x.csv: no column is a signal (it has one without a name); say which is which in a column map (--map)"
            ],
        ),
    ] {
        check(&[("x.csv", format!("{header}\n{ROW}").as_bytes())], "", &expected);
    }
    let twice = format!("\"\",,machine,discharge_temp_c\n{ROW}");
    let map = "[columns]\nts = \"\"\n[constants]\nsite = \"s\"\n";
    let expected =
        expect!["x.csv: has the column without a name twice (columns 1 and 2); take one away or give it another name"];
    check(&[("x.csv", twice.as_bytes())], map, &expected);
}
