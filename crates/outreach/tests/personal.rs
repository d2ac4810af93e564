//! What is kept about a customer: handed out whole, erased from every corner of the disk, forgotten in time.

use std::path::Path;
use std::sync::Arc;

use crate::support::{self, Recorder, agreed, apply, at, finding, machine, open, token};
use foretell_model::{FindingId, Found, Grade, Obstacle, Offset, Status, Timestamp};
use foretell_outreach::{
    Applied, Contact, CrewChange, Customer, CustomerStage, Folder, Outreach, OutreachError, PhotoOf, RecordFilter,
    Registry, Source, Stage, Technician, VisitReport, WorkOf,
};

/// Everything personal, each in words that occur nowhere else.
const PERSONAL: [&str; 14] = [
    "Acme Castings",
    "Ms Baker",
    "baker@acme.example",
    "1 Foundry Lane",
    "Grimshaw",
    "+44 113 496 0999",
    "after the school run",
    "the gate is behind the chapel",
    "smells of burnt porridge",
    "their daughter answered",
    "grumbled about the invoice",
    "porcelain flange",
    "left out for the wedding",
    "wishes-nothing-more",
];

fn now() -> Timestamp {
    at("2026-07-15T08:30:00Z")
}

/// A customer with a life: letters, a wish, a call, a booked visit, one made and reported, a breakdown, a stage.
fn life(outreach: &Outreach) -> (FindingId, String) {
    let known = outreach.customer("acme").unwrap().unwrap();
    let contact = Contact {
        name: "Grimshaw".into(),
        role: "night shift".into(),
        phone: Some("+44 113 496 0999".into()),
        email: None,
        language: None,
    };
    outreach.register_customer(&Customer { contacts: vec![contact], ..known }, "test", now()).unwrap();
    let of = |fault: &str, id: &str, offset| {
        apply(outreach, offset, &finding(&machine(id), fault, Grade::Advise, Status::Opened), now())
    };
    let cooler = of("cooler_clogging", "s02/m002", 1);
    let link = outreach.approve(&cooler, "wang", now()).unwrap().link;
    outreach.tick(now()).unwrap();
    let token = token(&link).to_owned();
    outreach.other_time(&token, "after the school run", now()).unwrap();
    let visit = outreach.book_for(&cooler, at("2026-07-16T13:00:00Z"), &agreed(), "wang", now()).unwrap();
    let report = VisitReport {
        note: "porcelain flange".into(),
        left_out: "left out for the wedding".into(),
        ..VisitReport::default()
    };
    outreach.report_visit(visit.id, &report, "chen", visit.end).unwrap();
    outreach.add_photo((PhotoOf::Visit, &visit.id.to_string()), "one.jpg", "a hand", "chen", visit.end).unwrap();
    outreach.give_verdict(&cooler, (Found::Confirmed, None), "their daughter answered", "chen", visit.end).unwrap();
    outreach.complete(visit.id, None, "chen", visit.end).unwrap();
    let filter = of("oil_filter_clogging", "s02/m003", 2);
    outreach.approve(&filter, "wang", now()).unwrap();
    let case = outreach
        .open_service_case(&machine("s02/m002"), Source::Customer, "smells of burnt porridge", "customer", now())
        .unwrap();
    outreach.called_back(case.id, "the gate is behind the chapel", "wang", now()).unwrap();
    outreach.add_photo((PhotoOf::ServiceCase, &case.id.to_string()), "two.jpg", "", "chen", now()).unwrap();
    outreach.set_stage("acme", Some(CustomerStage::Latent), "grumbled about the invoice", "wang", now()).unwrap();
    outreach.opt_out("acme", "sms", "wishes-nothing-more", "wang", now()).unwrap();
    (filter, token)
}

/// Which of the texts stand in any file below a folder.
fn found(dir: &Path) -> Vec<&'static str> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_file() {
            all.extend(std::fs::read(entry.path()).unwrap());
        }
    }
    let holds = |text: &&str| all.windows(text.len()).any(|window| window == text.as_bytes());
    PERSONAL.into_iter().filter(holds).collect()
}

#[test]
fn everything_is_handed_out() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    life(&outreach);
    let data = outreach.customer_data("acme", now()).unwrap();
    for text in PERSONAL {
        assert!(data.contains(text), "{text} is not handed out");
    }
    assert!(!data.contains("华新纺织") && !data.contains("li@huaxin.example"), "another customer's data");
    let parsed: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert_eq!(parsed["format"], "foretell-customer/1");
    let count = |table: &str| parsed[table].as_array().unwrap().len();
    assert_eq!((count("machines"), count("visits"), count("service_cases"), count("photos")), (3, 1, 1, 2));
    assert!(matches!(outreach.customer_data("nobody", now()), Err(OutreachError::Missing { .. })));
}

#[test]
fn nothing_of_an_erased_customer_is_left_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = dir.path().join("outbox");
    let outreach = open(dir.path(), Arc::new(Folder::new(&outbox, "service@service.example")));
    let (filter, token) = life(&outreach);
    let letters = || std::fs::read_dir(&outbox).unwrap().count();
    assert_eq!(letters(), 1, "the letter that went out");
    assert_eq!(found(dir.path()), PERSONAL, "the search finds what is there");
    let visits_before = outreach.visits_done(&machine("s02/m002"), (Timestamp::MIN, Timestamp::MAX)).unwrap();

    let mut photos = outreach.erase_customer("acme", "admin", now()).unwrap();
    photos.sort();
    assert_eq!(photos, ["one.jpg", "two.jpg"]);
    assert_eq!((found(dir.path()), letters()), (Vec::new(), 0), "while the store is open");
    assert!(matches!(outreach.booking_page(&token, now()), Err(OutreachError::Link("it has expired"))));
    // What is left: the figures, and that something happened.
    assert_eq!(outreach.precision().unwrap()[0].confirmed, 1);
    let visits = outreach.visits_done(&machine("s02/m002"), (Timestamp::MIN, Timestamp::MAX)).unwrap();
    assert_eq!((visits.len(), visits[0].visit.start), (1, visits_before[0].visit.start));
    let record = outreach.lately("acme", false, 200).unwrap();
    assert!(record.iter().any(|entry| entry.what == "visit_done") && record[0].what == "erased what was personal");
    // Nothing goes out, nothing comes back.
    let card = outreach.card(&filter, now()).unwrap();
    assert_eq!((card.stage, card.customer), (Stage::Cleared, None));
    assert_eq!(card.remark.as_deref(), Some("the customer was erased"));
    let last = &card.history[0];
    assert_eq!((&*last.who, &*last.what, &*last.why), ("admin", "closed the case", "the customer was erased"));
    outreach.import(&Registry::from_toml(support::REGISTRY).unwrap(), "configuration", now()).unwrap();
    // Nothing waits for anybody, whatever the machine says from now on.
    let again = finding(&machine("s02/m003"), "oil_filter_clogging", Grade::Urgent, Status::Updated);
    let new = finding(&machine("s02/m003"), "separator_clogging", Grade::Urgent, Status::Opened);
    for (offset, said) in [(3, again), (4, new)] {
        let heard = outreach.apply(Offset(offset), 0, &said, &support::context(&said.machine), now()).unwrap();
        assert!(matches!(heard, Applied::Ignored | Applied::Case { stage: Stage::Cleared, .. }), "{heard:?}");
    }
    assert_eq!((outreach.queue(now()).unwrap(), outreach.advisories().unwrap()), (vec![], vec![]));
    let sent: Vec<_> = outreach.tick(now().plus_days(3.0)).unwrap();
    assert!(sent.is_empty(), "{sent:?}");
    outreach.erase_customer("acme", "admin", now()).unwrap();
    drop(outreach);
    assert_eq!(found(dir.path()), [""; 0], "after the store was closed");
}

/// Nobody is there any more to be visited, written to or rung up.
#[test]
fn what_an_erased_customer_had_is_not_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    life(&outreach);
    let visits = outreach.visits_done(&machine("s02/m002"), (Timestamp::MIN, Timestamp::MAX)).unwrap();
    let case = outreach.service_cases().unwrap().remove(0).id;
    outreach.send_technician(case, "chen", None, "wang", now()).unwrap();
    outreach.erase_customer("acme", "admin", now()).unwrap();
    let erased = |error: OutreachError| match error {
        OutreachError::Refused { why, .. } => (why.why, why.about),
        other => panic!("{other}"),
    };
    let expected = (Obstacle::Erased, "acme".to_owned());
    let reopened = outreach.reopen_service_case(case, "the wrong case", "wang", now());
    assert_eq!(erased(reopened.unwrap_err()), expected);
    let reopened = outreach.reopen_visit(visits[0].visit.id, "the wrong visit", "wang", now());
    assert_eq!(erased(reopened.unwrap_err()), expected);
    assert_eq!(outreach.service_cases().unwrap(), []);
    // Whoever was on the way is told that nobody is to be visited.
    let told = outreach.crew_words(Some("chen"), now()).unwrap();
    assert_eq!((told.len(), told[0].what, told[0].of), (1, CrewChange::Cancelled, WorkOf::ServiceCase(case)));
}

#[test]
fn an_erasure_that_was_cut_short_is_ended_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    life(&outreach);
    // As if the process had been killed after the step and before the file was written anew.
    let aside = tempfile::tempdir().unwrap();
    outreach.erase_customer("acme", "admin", now()).unwrap();
    drop(outreach);
    for entry in std::fs::read_dir(dir.path()).unwrap().flatten() {
        std::fs::copy(entry.path(), aside.path().join(entry.file_name())).unwrap();
    }
    let database = foretell_outreach::store::Sqlite::open(&aside.path().join("service.sqlite")).unwrap();
    foretell_outreach::store::Database::write(&database, &mut |session| {
        session.execute("INSERT INTO compaction_due (id, at) VALUES (1, 0)", &[]).map(drop)
    })
    .unwrap();
    drop(database);
    let options = support::options(Arc::new(Recorder::default()));
    drop(Outreach::open(&aside.path().join("service.sqlite"), options).unwrap());
    let database = foretell_outreach::store::Sqlite::open(&aside.path().join("service.sqlite")).unwrap();
    let mut due = 1;
    foretell_outreach::store::Database::read(&database, &mut |session| {
        due = session.query("SELECT 1 FROM compaction_due", &[])?.len();
        Ok(())
    })
    .unwrap();
    assert_eq!((due, found(aside.path())), (0, Vec::new()));
}

#[test]
fn words_of_what_is_long_over_are_forgotten_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    life(&outreach);
    let later = |days: f64| outreach.forget_what_is_long_over(now().plus_days(days)).unwrap();
    assert_eq!(later(700.0), [""; 0]);
    assert_eq!(later(740.0), ["one.jpg"], "the visit's picture goes, the open case's stays");
    assert_eq!(later(741.0), [""; 0]);
    let data = outreach.customer_data("acme", now()).unwrap();
    for gone in ["after the school run", "porcelain flange", "their daughter answered", "left out for the wedding"] {
        assert!(!data.contains(gone), "{gone}");
    }
    for stays in ["Ms Baker", "smells of burnt porridge", "the gate is behind the chapel"] {
        assert!(data.contains(stays), "{stays}");
    }
}

#[test]
fn a_colleague_who_is_erased_goes_by_an_alias_and_stands_nowhere_on_the_disk() {
    const NAME: &str = "Rosalind Quist";
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let of = |fault: &str, id: &str, offset| {
        apply(&outreach, offset, &finding(&machine(id), fault, Grade::Advise, Status::Opened), now())
    };
    let cooler = of("cooler_clogging", "s02/m002", 1);
    outreach.opt_out("acme", "sms", "said so", "wang", now()).unwrap();
    outreach.approve(&cooler, NAME, now()).unwrap();
    outreach.tick(now()).unwrap();
    let visit = outreach.book_for(&cooler, at("2026-07-16T13:00:00Z"), &agreed(), NAME, now()).unwrap();
    let report = VisitReport { left_out: "the rest".into(), ..VisitReport::default() };
    outreach.report_visit(visit.id, &report, NAME, visit.end).unwrap();
    outreach.add_photo((PhotoOf::Visit, &visit.id.to_string()), "one.jpg", "", NAME, visit.end).unwrap();
    outreach.give_verdict(&cooler, (Found::Confirmed, None), "", NAME, visit.end).unwrap();
    outreach.set_stage("acme", Some(CustomerStage::Latent), "late again", NAME, now()).unwrap();
    let by = |who: &str| {
        let filter = RecordFilter { who: Some(who.into()), ..RecordFilter::default() };
        outreach.record(&filter).unwrap().into_iter().map(|entry| (entry.what, entry.why)).collect::<Vec<_>>()
    };
    let (done, others, alias) = (by(NAME), by("wang"), "erased-0a1b2c3d");
    assert!(done.len() >= 5 && !others.is_empty(), "{done:?}");
    // Twice, as after a failure half-way; a name that is a part of ours changes nothing.
    for _ in 0..2 {
        outreach.erase_colleague("quist", &[NAME.to_owned(), "outbox".to_owned()], alias, now()).unwrap();
    }
    assert_eq!((by(NAME), by(alias), by("wang")), (Vec::new(), done, others));
    assert!(!by("outbox").is_empty());
    for entry in std::fs::read_dir(dir.path()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(NAME.len()).any(|window| window == NAME.as_bytes()), "{:?}", entry.path());
    }
}

/// What customers read of whoever comes goes with the account; whoever is expected somewhere stays until somebody else is.
#[test]
fn a_technician_who_leaves_is_handed_the_data_and_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let known = outreach.technician("chen").unwrap().unwrap();
    let known = Technician { badge: Some("B-77421".into()), login: Some("jun".into()), ..known };
    outreach.register_technician(&known, "wang", now()).unwrap();
    outreach.add_photo((PhotoOf::Person, "chen"), "face.jpg", "", "wang", now()).unwrap();
    let fault = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
    let case = apply(&outreach, 1, &fault, now());
    let visit = outreach.book_for(&case, at("2026-07-16T13:00:00Z"), &agreed(), "wang", now()).unwrap();
    assert_eq!(visit.technician.map(|comes| comes.id).as_deref(), Some("chen"));
    let names = ["Jun Chen".to_owned()];
    outreach
        .report_visit(visit.id, &VisitReport { left_out: "x".into(), ..VisitReport::default() }, "Jun Chen", visit.end)
        .unwrap();
    let data = |at| outreach.colleague_data("jun", &names, at).unwrap();
    let told = data(visit.end);
    assert_eq!(
        (told["technician"][0]["badge"].as_str(), told["visits"][0]["machine"].as_str()),
        (Some("B-77421"), Some("s02/m002"))
    );
    assert!(!told["record"].as_array().unwrap().is_empty(), "{told:#}");
    // Expected somewhere: on a booked visit, and then at a broken machine.
    let erase = |at| outreach.erase_colleague("jun", &names, "erased-0a1b2c3d", at);
    let broken =
        outreach.open_service_case(&machine("s01/m002"), Source::Advisor, "it stopped", "wang", visit.end).unwrap();
    outreach.send_technician(broken.id, "chen", None, "wang", visit.end).unwrap();
    assert!(matches!(erase(visit.end), Err(OutreachError::Refused { .. })));
    assert!(outreach.has_entry_of("jun").unwrap(), "nothing was erased");
    outreach.withdraw_trouble(broken.id, "it runs", "wang", visit.end).unwrap();
    assert_eq!(erase(visit.end).unwrap(), ["face.jpg"]);
    assert_eq!(erase(visit.end).unwrap(), Vec::<String>::new());
    let bare = outreach.technician("chen").unwrap().unwrap();
    assert_eq!(
        (bare.name.en.as_str(), bare.phone.as_str(), bare.badge, bare.erased),
        ("erased-0a1b2c3d", "", None, true)
    );
    assert_eq!(outreach.desk().unwrap().technicians().filter(|known| known.id == "chen").count(), 0);
    // No register brings it back, and nobody is sent under an alias.
    assert!(!outreach.register_technician(&known, "wang", visit.end).unwrap());
    let again = outreach.open_service_case(&machine("s01/m002"), Source::Advisor, "again", "wang", visit.end).unwrap();
    assert!(matches!(
        outreach.send_technician(again.id, "chen", None, "wang", visit.end),
        Err(OutreachError::Missing { .. })
    ));
    assert_eq!(data(visit.end)["technician"].as_array().map(Vec::len), Some(0));
    for entry in std::fs::read_dir(dir.path()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"B-77421"), "{:?}", entry.path());
    }
}
