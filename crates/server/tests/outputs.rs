//! No result takes the place of what a data directory keeps.

use crate::support::Folder;

const ROW: &str = "ts,site,machine,discharge_temp_c\n2026-01-01T00:00:00Z,s,m,80\n2026-01-01T00:01:00Z,s,m,hot\n";

fn used() -> Folder {
    let folder = Folder::new();
    folder.write("x.csv", ROW);
    assert_eq!(folder.run("import x.csv").0, Some(0));
    std::fs::create_dir(folder.path("data/archive")).unwrap();
    folder
}

#[test]
fn a_result_over_what_is_kept_is_64_and_nothing_is_lost() {
    let folder = used();
    std::os::unix::fs::symlink("data/log.db", folder.path("link.csv")).unwrap();
    let before = std::fs::read(folder.path("data/log.db")).unwrap();
    for command in [
        "quarantine export --out data/log.db",
        "quarantine export --out ./data/../data/quarantine.db",
        "export --out link.csv",
        "export --out data/archive/2026-01-01.parquet",
        "export --out data/influx-refused.lp",
        "import x.csv --refused data/log.db",
        "customers export c1 --out data/log.db-wal",
        "backtest x.csv --out data/service.sqlite",
    ] {
        let (code, said) = folder.run(command);
        assert!(code == Some(64) && said.contains("name a file elsewhere"), "{command}: {code:?} {said}");
    }
    assert_eq!(std::fs::read(folder.path("data/log.db")).unwrap(), before);
    assert!(!folder.path("data/archive/2026-01-01.parquet").exists());
}

/// As at the rescue of a damaged log (deploy/README.md).
#[test]
fn a_result_beside_it_is_written() {
    let folder = used();
    for command in ["export --out data/rescued.parquet", "export --out data/rescued.parquet", "export --out new.lp"] {
        let (code, said) = folder.run(command);
        assert!(code == Some(0) && said.starts_with("1 reading in"), "{command}: {code:?} {said}");
    }
}
