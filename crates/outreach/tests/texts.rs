//! What texts never say: what is not known, what customers never read, and what an advisor's edit broke.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::support::{self, Recorder, apply, at, catalogue, finding, machine, open};
use foretell_model::{Grade, Status};
use foretell_outreach::compose;

#[test]
fn nothing_is_claimed_that_is_not_known() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let now = at("2026-07-15T08:30:00Z");
    let id = machine("s02/m002");
    let mut case = finding(&id, "cooler_clogging", Grade::Advise, Status::Opened);
    (case.rul_days, case.limit, case.likelihood) = (None, None, 0.5);
    case.evidence.clear();
    let bare = foretell_outreach::MachineContext::default();
    outreach.apply(foretell_model::Offset(1), 0, &case, &bare, now).unwrap();
    let body = outreach.card(&case.id, now).unwrap().message.unwrap().text.body;
    for claim in ["limit", "as usual", "week", "°C", "usually idle", "very likely", "since"] {
        assert!(!body.contains(claim), "`{claim}` in:\n{body}");
    }
    assert!(body.contains("The cause may be a clogged cooler."), "{body}");
}

#[test]
fn the_catalogue_has_no_word_that_customers_never_read() {
    for fault in catalogue().faults.iter().filter(|fault| fault.customer) {
        for text in [&fault.name, &fault.comparison] {
            assert_eq!(compose::lint::words(&format!("{} {}", text.en, text.zh)), [], "{}", fault.code);
        }
    }
    for (code, action) in &catalogue().actions {
        for text in [&action.name, &action.benefit] {
            assert_eq!(compose::lint::words(&format!("{} {}", text.en, text.zh)), [], "{code}");
        }
    }
}

/// Opens with one template replaced by an advisor's edit and renders the cooler's letter.
fn edited(name: &str, source: &str) -> Result<String, String> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(name), source).unwrap();
    let options = foretell_outreach::OutreachOptions {
        templates: Some(dir.path().to_owned()),
        ..support::options(Arc::new(Recorder::default()))
    };
    let outreach =
        foretell_outreach::Outreach::open(&dir.path().join("service.sqlite"), options).map_err(|e| e.to_string())?;
    let now = at("2026-07-15T08:30:00Z");
    outreach.import(&foretell_outreach::Registry::from_toml(support::REGISTRY).unwrap(), "test", now).unwrap();
    let case = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
    let id = apply(&outreach, 1, &case, now);
    let message = outreach.card(&id, now).unwrap().message.map_err(|why| why.to_string())?;
    Ok(message.text.body.lines().next().unwrap_or_default().to_owned())
}

#[test]
fn an_edited_template_counts_and_a_bad_one_never_reaches_a_customer() {
    let good = "Subject: {{ number }}\nHello {{ contact }}\n{{ link }}";
    assert_eq!(edited("fault.en.j2", good).unwrap(), "Hello Ms Baker");
    #[track_caller]
    fn check(source: &str, expected: &str) {
        let got = edited("fault.en.j2", source).unwrap_err();
        assert!(got.contains(expected), "{got}");
    }
    check("Subject: x\n{{ contcat }} {{ link }}", "undefined value");
    check("Subject: x\nA discount! {{ link }}", "`discount` (selling); an exclamation mark");
    let ten = "{% for a in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] %}";
    check(&format!("Subject: x\n{}.{}{{{{ link }}}}", ten.repeat(5), "{% endfor %}".repeat(5)), "fuel");
    check("Subject: x\n{% set a = number ~ number %}{{ link }}", "line 2: texts are not joined with `~`");
    check("Hello {{ link }}", "its first line must begin with `Subject:`");
    check("Subject: x\n{% if %}", "template `fault.en.j2` could not be rendered");
    check("Subject: x\nNo link at all.", "0 links where one belongs");
}

/// Where it is kept who read the golden texts, and as what.
const READ: &str = "tests/golden/READ.md";

#[test]
fn every_golden_text_is_as_it_was_when_somebody_read_it() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts: Vec<_> =
        std::fs::read_dir(here.join("tests/golden")).unwrap().map(|entry| entry.unwrap().path()).collect();
    texts.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
    texts.sort();
    let line = |path: &std::path::PathBuf| {
        let digest = Sha256::digest(std::fs::read(path).unwrap());
        let short: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        format!("- {} {short}", path.file_name().unwrap().to_string_lossy())
    };
    let lines: Vec<String> = texts.iter().map(line).collect();
    let note = std::fs::read_to_string(here.join(READ)).unwrap();
    if std::env::var_os("READ").is_some() {
        let kept: Vec<&str> = note.lines().filter(|known| !known.starts_with("- ")).collect();
        return std::fs::write(here.join(READ), format!("{}\n{}\n", kept.join("\n"), lines.join("\n"))).unwrap();
    }
    let unread: Vec<&String> = lines.iter().filter(|line| !note.lines().any(|known| known == *line)).collect();
    assert!(unread.is_empty(), "read it in both languages, then READ=1: {unread:?}");
}
