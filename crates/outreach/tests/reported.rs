//! Who says that something broke, how often, and in which words it stands on the page.

use crate::support::broken::{done, minutes, now};
use crate::support::desk::{desk, of_fault};
use crate::support::scene::scene;
use crate::support::{apply, finding, machine, token};
use foretell_model::{Grade, Reply, Status};
use foretell_outreach::{Guest, OutreachError, RecordFilter, Source, Stage};

#[test]
fn a_case_holds_as_many_words_as_anybody_reads_and_the_record_all() {
    let s = scene();
    let case = s.break_down("s02/m002");
    for n in 0..30 {
        let what = format!("still broken {n}");
        s.outreach.open_service_case(&machine("s02/m002"), Source::Customer, &what, "x", minutes(n)).unwrap();
    }
    assert_eq!(s.outreach.service_case(case).unwrap().what.lines().count(), 20);
    let filter = RecordFilter { case: Some(format!("case/{case}")), ..RecordFilter::default() };
    assert_eq!(s.outreach.record(&filter).unwrap().len(), 31);
}

#[test]
fn word_that_a_machine_stands_still_opens_a_case_where_its_forecast_waits_for_nobody() {
    #[track_caller]
    fn check(text: &str, opens: bool) {
        let desk = desk("s02/m002");
        let case = of_fault(&desk.id, "cooler_clogging");
        desk.write(&case);
        // As where the letter was about what goes with another case since.
        let file = rusqlite::Connection::open(desk.path()).unwrap();
        file.execute("UPDATE advisory SET stage = 'internal' WHERE id = ?1", [case.id.as_str()]).unwrap();
        let reply = Reply { id: "a".into(), customer: Some("acme".into()), text: text.into(), ..Reply::default() };
        desk.outreach.take_reply("gateway", &reply, minutes(5)).unwrap();
        let open = desk.outreach.service_cases().unwrap();
        let said: Vec<&str> = open.iter().map(|case| case.what.as_str()).collect();
        let loose = desk.outreach.loose_replies().unwrap().len();
        let kept = text.replace('\n', " ");
        assert_eq!((said, loose), (if opens { vec![kept.as_str()] } else { vec![] }, usize::from(!opens)));
        assert_eq!(desk.outreach.card(&case.id, minutes(5)).unwrap().stage, Stage::Internal);
        // Plain word of a machine is no displeasure with us.
        assert_eq!(desk.outreach.stage_hints("acme").unwrap(), []);
    }
    check("The compressor has stopped.", true);
    check("2号机开不了机", true);
    check("It has stopped leaking, thank you", false);
    check("停机了", true);
    // A word that is said alone stands on a line of its own.
    check("Broken\nSent from my phone", true);
    check("It does not run on Sundays", false);
    check("放假停机，可以过来", false);
}

#[test]
fn the_customer_reports_through_the_link_of_any_letter() {
    let s = scene();
    let id =
        apply(&s.outreach, 1, &finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened), now());
    let link = s.outreach.approve(&id, "wang", now()).unwrap().link;
    let case = s.outreach.report_trouble(token(&link), None, "it has stopped, and nobody called", minutes(1)).unwrap();
    assert_eq!((case.source, case.machine.as_str()), (Source::Customer, "s02/m002"));
    let hints = s.outreach.stage_hints("acme").unwrap();
    assert_eq!(hints[0].why, "the customer wrote `nobody called`");
    // As long as it lasts, the letter's page knows of it.
    let known = |at| match s.outreach.guest(token(&link), at).unwrap() {
        Guest::Letter { troubles, .. } => troubles.into_iter().map(|view| (view.case.id, view.number)).collect(),
        Guest::Case(_) => panic!("a letter"),
    };
    assert_eq!(known(minutes(2)), [(case.id, "No. 2".to_owned())]);
    s.outreach.close_service_case(case.id, &done(), "", "chen", minutes(60)).unwrap();
    let open: Vec<(i64, String)> = known(minutes(61));
    assert_eq!(open, []);
}

/// Whoever said that nobody need come, or finds the machine down again after the repair, reports it where they are.
#[test]
fn the_customer_reports_again_through_the_link_of_a_breakdown_that_is_over() {
    let s = scene();
    let own = machine("s02/m002");
    let first = s.outreach.open_service_case(&own, Source::Customer, "it stopped", "customer", now()).unwrap();
    let link = s.outreach.case_link(&first);
    s.outreach.take_trouble_back(token(&link), minutes(5)).unwrap();
    let second = s.outreach.report_through_link(token(&link), None, "down again", minutes(9)).unwrap();
    let page = |link: &str| match s.outreach.guest(token(link), minutes(10)).unwrap() {
        Guest::Case(view) => (view.case.id, view.case.what, view.case.closed.is_some()),
        Guest::Letter { .. } => panic!("a case"),
    };
    assert_eq!(page(&link), (first.id, "it stopped".to_owned(), true), "the first stays as it was");
    assert_eq!(page(&second), (first.id + 1, "down again".to_owned(), false));
    let open = s.outreach.service_cases().unwrap();
    assert_eq!((open[0].source, open[0].opened), (Source::Customer, minutes(9)), "both promises count from now");
    // Told twice it is one case, and of a customer who was erased no link says anything.
    assert_eq!(s.outreach.report_through_link(token(&link), None, "hurry", minutes(11)).unwrap(), second);
    s.outreach.erase_customer("acme", "wang", minutes(12)).unwrap();
    let late = s.outreach.report_through_link(token(&link), None, "hello", minutes(13));
    assert!(matches!(late, Err(OutreachError::Link(_))), "{late:?}");
}

#[test]
fn a_customer_reads_no_code_of_a_controller() {
    let s = scene();
    let case = s.outreach.controller_tripped(&machine("s02/m002"), "E01", now()).unwrap().unwrap();
    let link = s.outreach.case_link(&case);
    let page = || match s.outreach.guest(token(&link), now()).unwrap() {
        Guest::Case(view) => (view.told_by_controller, view.case.what),
        other => panic!("{other:?}"),
    };
    assert_eq!(page(), (true, String::new()));
    let own = machine("s02/m002");
    s.outreach.open_service_case(&own, Source::Customer, "it is quiet here", "customer", minutes(1)).unwrap();
    assert_eq!(page(), (true, "it is quiet here".to_owned()));
    assert_eq!(
        s.outreach.service_case(case.id).unwrap().what,
        "E01\nit is quiet here",
        "whoever mends it needs the code"
    );
}

#[test]
fn a_trip_told_twice_is_one_case() {
    let s = scene();
    let trip = |id: &str| s.outreach.controller_tripped(&machine(id), "E01", now()).unwrap().map(|case| case.id);
    let first = trip("s02/m002").unwrap();
    assert_eq!(trip("s02/m002"), None);
    s.outreach.close_service_case(first, &done(), "", "chen", minutes(90)).unwrap();
    assert_eq!((trip("s02/m002"), trip("s09/m001")), (None, None), "read again, and a machine of nobody");
    assert_eq!(s.outreach.closed_service_cases(9).unwrap()[0].report, Some(done()));
}
