//! `foretell report` as a program: over a data directory whose history ended long ago, which days it takes and what it says of
//! them.

use std::path::Path;
use std::process::{Command, Output};

fn foretell(dir: &Path, arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_foretell"));
    command.current_dir(dir).env_clear().args(arguments.split_whitespace()).output().unwrap()
}

/// A data directory with three weeks of one machine, in the spring of a year that is over.
fn imported() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = "ts,site,machine,discharge_temp_c,motor_current_a,run_hours,ambient_temp_c\n".to_owned();
    for hour in 0..21 * 24 {
        let (day, hour_of_day) = (hour / 24 + 1, hour % 24);
        let line = format!("2025-04-{day:02}T{hour_of_day:02}:00:00Z,s1,m1,80.5,100,{},24.0\n", 1_000 + hour);
        rows.push_str(&line);
    }
    std::fs::write(dir.path().join("readings.csv"), rows).unwrap();
    let output = foretell(dir.path(), "import readings.csv");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    dir
}

#[test]
fn a_report_of_what_ended_long_ago_ends_with_it_and_says_so() {
    let dir = imported();
    #[track_caller]
    fn check(dir: &Path, span: &str, said: &str) {
        let output = foretell(dir, &format!("report s1/m1 --lang en {span} --out m1.pdf"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), format!("report of s1/m1, {said}, in m1.pdf\n"));
        assert!(std::fs::read(dir.join("m1.pdf")).unwrap().starts_with(b"%PDF"));
    }
    check(dir.path(), "", "21 Jan 2025 – 21 Apr 2025 (last day with data)");
    check(dir.path(), "--from 2025-04-10", "10 Apr 2025 – 21 Apr 2025 (last day with data)");
    check(dir.path(), "--to 2025-04-12", "12 Jan 2025 – 12 Apr 2025");
    check(dir.path(), "--from 2025-04-01 --to 2025-06-30", "1 Apr 2025 – 30 Jun 2025");
}
