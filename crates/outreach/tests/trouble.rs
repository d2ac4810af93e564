//! Something did break: two promises, who is told what, what holds everything else back, and what closes the case.
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

mod support;

use std::sync::Arc;

use foretell_model::{
    FaultCode, Finding, FindingId, FindingKind, Found, Grade, MINUTE_MS, Reply, Status, TimerState, Timestamp,
};
use foretell_outreach::governor::Reason;
use foretell_outreach::{
    Checklist, CustomerStage, Guest, Outcome, Outreach, OutreachError, PhotoOf, Promise, Promises, RecordFilter,
    ReplyHeard, Source, Stage, VisitReport,
};
use support::{Recorder, agreed, apply, at, finding, machine, open, token};

fn now() -> Timestamp {
    at("2026-07-15T08:30:00Z")
}

fn minutes(n: i64) -> Timestamp {
    now() + n * MINUTE_MS
}

struct Scene {
    outreach: Outreach,
    channel: Arc<Recorder>,
    _dir: tempfile::TempDir,
}

fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let channel = Arc::new(Recorder::default());
    Scene { outreach: open(dir.path(), channel.clone()), channel, _dir: dir }
}

impl Scene {
    fn break_down(&self, id: &str) -> i64 {
        self.outreach.open_service_case(&machine(id), Source::Advisor, "it stopped", "wang", now()).unwrap().id
    }

    /// What the letters are about; whole they stand in `golden/trouble.txt`.
    fn subjects(&self) -> Vec<String> {
        self.channel.parcels.lock().unwrap().iter().map(|parcel| parcel.subject.clone()).collect()
    }
}

fn done() -> VisitReport {
    VisitReport {
        parts: [("oil_filter".to_owned(), 2)].into(),
        checklist: Checklist { test_run: true, tidy: true, old_parts: true, report: true, courtesy: true },
        ..VisitReport::default()
    }
}

#[test]
fn both_timers_run_and_are_kept_or_not() {
    #[track_caller]
    fn check(call: Option<i64>, eta: Option<i64>, there: Option<i64>, at_min: i64, expected: (TimerState, TimerState)) {
        let s = scene();
        let id = s.break_down("s02/m002");
        if let Some(call) = call {
            s.outreach.called_back(id, "", "wang", minutes(call)).unwrap();
        }
        if let Some(eta) = eta {
            s.outreach.send_technician(id, "chen", Some(minutes(eta)), "wang", now()).unwrap();
        }
        if let Some(there) = there {
            s.outreach.arrived(id, "chen", minutes(there)).unwrap();
        }
        let case = s.outreach.service_case(id).unwrap();
        let state = |promise| case.timer(promise, &Promises::default(), minutes(at_min)).state;
        assert_eq!((state(Promise::CallBack), state(Promise::OnSite)), expected);
    }
    use TimerState::{Kept, KeptLate, Late, Overtaken, Running, Slipping};
    check(None, None, None, 14, (Running, Running));
    check(None, None, None, 15, (Slipping, Running));
    check(None, None, None, 21, (Late, Running));
    check(Some(20), None, None, 21, (Kept, Running));
    check(Some(21), None, None, 22, (KeptLate, Running));
    check(Some(5), None, None, 195, (Kept, Slipping));
    // A technician who will be in time is believed, one who says so oneself is late at once.
    check(Some(5), Some(230), None, 220, (Kept, Running));
    check(Some(5), Some(250), None, 10, (Kept, Slipping));
    check(Some(5), Some(230), None, 241, (Kept, Late));
    // Nobody rang: to have come is no call.
    check(None, None, Some(18), 300, (Overtaken, Kept));
    check(None, None, Some(60), 300, (Overtaken, Kept));
    check(Some(5), None, Some(260), 300, (Kept, KeptLate));
}

#[test]
fn the_customer_hears_of_a_slipping_promise_before_it_slips_and_once() {
    fn check(id: &str, expected: [&str; 3]) {
        let s = scene();
        let case = s.break_down(id);
        for minute in 0..30 {
            s.outreach.tick(minutes(minute)).unwrap();
        }
        assert_eq!(s.channel.parcels.lock().unwrap()[0].at, minutes(15), "five minutes before it is due");
        s.outreach.called_back(case, "on our way", "wang", minutes(25)).unwrap();
        s.outreach.send_technician(case, "chen", Some(minutes(268)), "wang", minutes(26)).unwrap();
        for minute in (30..300).step_by(5) {
            s.outreach.tick(minutes(minute)).unwrap();
        }
        assert_eq!(s.channel.keys().len(), 3, "late twice, and who is coming");
        assert!(s.channel.parcels.lock().unwrap().iter().all(|parcel| parcel.link.is_empty()));
        assert_eq!(s.subjects(), expected);
        let customer = s.outreach.service_case(case).unwrap().customer.unwrap();
        let hints = s.outreach.stage_hints(&customer).unwrap();
        assert_eq!(hints.len(), 2, "{hints:?}");
        assert_eq!(s.outreach.stage(&customer).unwrap(), None, "events hint; a person decides");
    }
    check(
        "s02/m002",
        [
            "Compressor No. 2: our call will be a little late",
            "Compressor No. 2: Jun Chen is coming to you",
            "Compressor No. 2: we will be with you later than planned",
        ],
    );
    check("s01/m002", ["2号机：给您回电要晚一点", "2号机：已安排陈军师傅过来", "2号机：师傅要晚一点到"]);
}

#[test]
fn nothing_else_is_said_about_a_broken_machine() {
    let s = scene();
    let id =
        apply(&s.outreach, 1, &finding(&machine("s02/m002"), "cooler_clogging", Grade::Urgent, Status::Opened), now());
    s.outreach.approve(&id, "wang", now()).unwrap();
    let case = s.break_down("s02/m002");
    let held = s.outreach.tick(now()).unwrap();
    assert!(matches!(&held[0].outcome, Outcome::Held { reason: Reason::Trouble { .. }, .. }), "{held:?}");
    assert_eq!(s.outreach.card(&id, now()).unwrap().trouble, Some(case));
    // Told again it is the same case, with what was said added.
    let again =
        s.outreach.open_service_case(&machine("s02/m002"), Source::Customer, "it smells", "x", minutes(5)).unwrap();
    assert_eq!((again.id, again.what.as_str(), again.opened), (case, "it stopped\nit smells", now()));
    s.outreach.arrived(case, "chen", minutes(10)).unwrap();
    let unfinished = VisitReport::default();
    let refused = s.outreach.close_service_case(case, &unfinished, "", "chen", minutes(60)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "could not close service case {case}: a point of the checklist is neither done nor explained; do it or say why it was left out (test_run, tidy, old_parts, report, courtesy)"
        )
    );
    s.outreach.close_service_case(case, &done(), "valve freed", "chen", minutes(60)).unwrap();
    assert!(matches!(s.outreach.called_back(case, "", "wang", minutes(61)), Err(OutreachError::Refused { .. })));
    assert_eq!(s.outreach.tick(now().plus_days(1.0)).unwrap()[0].outcome, Outcome::Sent);
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
}

#[test]
fn the_stage_stops_what_nobody_asked_for_and_its_history_stays() {
    let s = scene();
    let id =
        apply(&s.outreach, 1, &finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened), now());
    s.outreach.approve(&id, "wang", now()).unwrap();
    assert!(s.outreach.set_stage("acme", Some(CustomerStage::Complaint), " ", "wang", now()).is_err(), "say why");
    s.outreach.set_stage("acme", Some(CustomerStage::Complaint), "came late twice", "wang", now()).unwrap();
    let stage = CustomerStage::Complaint;
    assert_eq!(s.outreach.tick(now()).unwrap()[0].outcome, Outcome::Refused(Reason::Displeased { stage }));
    let card = s.outreach.card(&id, now()).unwrap();
    assert_eq!((card.stage, card.customer_stage), (Stage::Call, Some(stage)));
    // At the last stage not even word of a slipping promise goes out by itself.
    s.outreach.set_stage("acme", Some(CustomerStage::Escalation), "their director wrote", "wang", minutes(1)).unwrap();
    s.break_down("s02/m003");
    let told: Vec<Outcome> = s.outreach.tick(minutes(16)).unwrap().into_iter().map(|ticked| ticked.outcome).collect();
    assert_eq!(told, [Outcome::Slipping, Outcome::Refused(Reason::Silent)]);
    s.outreach.set_stage("acme", None, "made good", "wang", minutes(90)).unwrap();
    let stages: Vec<_> = s.outreach.stages("acme").unwrap().into_iter().map(|c| (c.stage, c.why)).collect();
    assert_eq!(stages.len(), 3);
    assert_eq!(stages[1], (Some(CustomerStage::Escalation), "their director wrote".to_owned()));
    assert_eq!(s.channel.keys(), [""; 0]);
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

#[test]
fn what_happens_again_hints_at_displeasure() {
    let s = scene();
    let own = machine("s02/m002");
    let again = |n: u32| Finding {
        id: FindingId::new(&own, &FaultCode::new("cooler_clogging").unwrap(), n),
        ..finding(&own, "cooler_clogging", Grade::Advise, Status::Opened)
    };
    let first = apply(&s.outreach, 1, &again(1), now());
    let visit = s.outreach.book_for(&first, now().plus_days(2.0), &agreed(), "wang", now()).unwrap();
    s.outreach.complete(visit.id, None, "chen", visit.end).unwrap();
    let hints = |customer: &str| -> Vec<String> {
        s.outreach.stage_hints(customer).unwrap().into_iter().map(|hint| hint.why).collect()
    };
    assert_eq!(hints("acme"), [""; 0]);
    apply(&s.outreach, 2, &again(2), visit.end.plus_days(20.0));
    let mut told = vec!["the same fault came back: `cooler_clogging`".to_owned()];
    assert_eq!(hints("acme"), told);
    for (n, day) in [(1, 30.0), (2, 60.0), (3, 400.0)] {
        let at = now().plus_days(day);
        let case = s.outreach.open_service_case(&own, Source::Customer, "stopped", "customer", at).unwrap();
        s.outreach.close_service_case(case.id, &done(), "", "chen", at).unwrap();
        if n == 2 {
            told.push("the machine broke down again".to_owned());
        }
        assert_eq!(hints("acme"), told, "breakdown {n}");
    }
}

#[test]
fn verdicts_photos_and_parts_are_kept() {
    let s = scene();
    let of = |fault: &str, offset| {
        apply(&s.outreach, offset, &finding(&machine("s02/m002"), fault, Grade::Advise, Status::Opened), now())
    };
    let (cooler, filter) = (of("cooler_clogging", 1), of("oil_filter_clogging", 2));
    s.outreach.give_verdict(&cooler, (Found::NotFound, None), "clean", "chen", now()).unwrap();
    s.outreach.give_verdict(&cooler, (Found::Confirmed, None), "looked again", "chen", minutes(1)).unwrap();
    let other = (Found::SomethingElse, Some("oil_aged"));
    s.outreach.give_verdict(&filter, other, "", "chen", minutes(2)).unwrap();
    assert!(
        s.outreach.give_verdict(&filter, (Found::SomethingElse, Some("oil_filter_clogging")), "", "x", now()).is_err()
    );
    let verdict = s.outreach.verdict_on(&filter).unwrap().unwrap();
    assert_eq!((verdict.found, verdict.instead.as_deref()), (Found::SomethingElse, Some("oil_aged")));
    let precision = s.outreach.precision().unwrap();
    let lines: Vec<_> =
        precision.iter().map(|p| (p.fault.as_str(), p.confirmed, p.not_found, p.something_else)).collect();
    assert_eq!(lines, [("cooler_clogging", 1, 0, 0), ("oil_filter_clogging", 0, 0, 1)]);

    s.outreach.add_photo((PhotoOf::Case, cooler.as_str()), "2026/07/a.jpg", "the cooler", "chen", now()).unwrap();
    assert_eq!(s.outreach.photos(PhotoOf::Case, cooler.as_str()).unwrap()[0].reference, "2026/07/a.jpg");
    let record =
        s.outreach.record(&RecordFilter { case: Some(cooler.to_string()), ..RecordFilter::default() }).unwrap();
    assert_eq!(record.iter().filter(|entry| entry.what == "verdict").count(), 2, "both stay in the record");

    let depot = foretell_outreach::Depot {
        id: "east".into(),
        name: "East".into(),
        address: String::new(),
        latitude_deg: None,
        longitude_deg: None,
        opening_stock: [("oil_filter".to_owned(), 5)].into(),
    };
    s.outreach.register_depot(&depot, "wang", now()).unwrap();
    let visit = s.outreach.book_for(&cooler, at("2026-07-16T13:00:00Z"), &agreed(), "wang", now()).unwrap();
    let report = VisitReport { depot: Some("east".into()), ..done() };
    for _ in 0..2 {
        s.outreach.report_visit(visit.id, &report, "chen", visit.end).unwrap();
        // Registered again, its shelves are not filled again.
        s.outreach.register_depot(&depot, "wang", visit.end).unwrap();
    }
    assert_eq!(s.outreach.stock().unwrap()[0].n, 3, "taken once");
    assert_eq!(s.outreach.visit_report(visit.id).unwrap(), Some(report));
    s.outreach.count_stock("east", "oil_filter", 7, "wang", now()).unwrap();
    assert_eq!(s.outreach.stock().unwrap()[0].n, 7);
}

#[test]
fn importing_the_file_again_takes_no_work_back() {
    let s = scene();
    let registry = foretell_outreach::Registry::from_toml(support::REGISTRY).unwrap();
    let mut own = s.outreach.machine(&machine("s02/m002")).unwrap().unwrap();
    own.service[0].last_done_h = 11_800.0;
    s.outreach.register_machine(&own, "chen", now()).unwrap();
    assert_eq!(s.outreach.import(&registry, "configuration", now()).unwrap(), 0);
    assert_eq!(s.outreach.machine(&machine("s02/m002")).unwrap().unwrap(), own);
}

#[test]
fn planning_reckons_with_what_is_open_booked_and_on_the_shelves() {
    let s = scene();
    let forecast = |id: &str, offset| {
        let case = finding(&machine(id), "oil_filter_clogging", Grade::Advise, Status::Opened);
        apply(&s.outreach, offset, &case, now())
    };
    let (booked, open) = (forecast("s02/m002", 1), forecast("s03/m003", 2));
    s.outreach.book_for(&booked, at("2026-07-16T13:00:00Z"), &agreed(), "wang", now()).unwrap();
    for (id, place, n) in [("leeds", (53.80, -1.55), 0), ("york", (53.96, -1.08), 3), ("suzhou", (31.30, 120.62), 9)] {
        let depot = foretell_outreach::Depot {
            id: id.into(),
            name: id.into(),
            address: String::new(),
            latitude_deg: Some(place.0),
            longitude_deg: Some(place.1),
            opening_stock: [("oil_filter".to_owned(), n)].into(),
        };
        s.outreach.register_depot(&depot, "wang", now()).unwrap();
    }
    let site = foretell_outreach::Site {
        latitude_deg: Some(53.79),
        longitude_deg: Some(-1.54),
        ..foretell_outreach::Site::new("s02", "acme")
    };
    s.outreach.register_site(&site, "wang", now()).unwrap();
    let parts = s.outreach.parts_plan(4, now()).unwrap();
    let filters = parts.iter().find(|demand| demand.part == "oil_filter").unwrap();
    // One is certain this week, the other as likely as its forecast says: 1, 7, 45 % by the ends of the weeks from this Wednesday's on.
    let expected: Vec<f64> = filters.up_to.iter().map(|count| (count.expected * 100.0).round()).collect();
    assert_eq!((filters.stock, filters.may_run_out), (12, None));
    assert!(expected[0] > 100.0 && expected[0] <= 103.0 && expected[2] > 140.0, "{expected:?}");
    // A service is needed for certain, whatever the chances of a fault are, and no verdict is asked of it.
    let service = Finding {
        kind: FindingKind::MaintenanceDue,
        ..finding(&machine("s01/m002"), "oil_filter_replaced", Grade::Advise, Status::Opened)
    };
    let drafted = apply(&s.outreach, 900, &service, now());
    let more = s.outreach.parts_plan(4, now()).unwrap();
    let whole = |plan: &[foretell_outreach::planning::PartDemand]| {
        plan.iter().find(|demand| demand.part == "oil_filter").unwrap().up_to.last().unwrap().expected
    };
    assert!(whole(&more) > expected[3] / 100.0 + 0.9, "{} {expected:?}", whole(&more));
    let verdict = s.outreach.give_verdict(&drafted, (Found::Confirmed, None), "", "chen", now());
    assert!(verdict.is_err_and(|error| error.to_string().contains("forecasts nothing")));
    let (depot, km) = s.outreach.nearest_depot(&machine("s02/m002"), "oil_filter", 1).unwrap().unwrap();
    assert!(depot.id == "york" && (30.0..45.0).contains(&km.unwrap()), "{depot:?} {km:?}");
    let load = s.outreach.visits_plan(2, now()).unwrap();
    assert!(load[0].booked_h > 0.0 && (load[0].capacity_h - 30.0).abs() < 1e-9, "{load:?}");
    // What the queue fears before the next free time is what planning sets out from; service by hours fears nothing.
    let delays = s.outreach.delays(14.0, now()).unwrap();
    let of = |id: &FindingId| delays.iter().find(|delayed| delayed.entry.id == *id).unwrap();
    let (fault, service) = (of(&open), of(&drafted));
    assert!((fault.entry.probability_before_visit - fault.delay.risk_before).abs() < 1e-12, "{fault:?}");
    assert!(fault.delay.risk_after - fault.delay.risk_before > 0.1 && fault.delay.stop_cost.is_none(), "{fault:?}");
    assert!(service.delay.risk_after <= 0.0 && service.entry.probability_before_visit <= 0.0, "{service:?}");
}

#[test]
fn a_reply_after_the_repair_reaches_somebody() {
    /// What a customer writes, what it opens, what waits for an answer and whether it hints at displeasure.
    #[track_caller]
    fn check(text: &str, opens: bool, heard: &[&str], hints: usize) {
        let s = scene();
        let id = s.break_down("s02/m002");
        s.outreach.called_back(id, "", "wang", minutes(5)).unwrap();
        s.outreach.send_technician(id, "chen", None, "wang", minutes(6)).unwrap();
        s.outreach.arrived(id, "chen", minutes(60)).unwrap();
        s.outreach.close_service_case(id, &done(), "", "chen", minutes(90)).unwrap();
        s.outreach.tick(minutes(91)).unwrap();
        let reply = Reply { id: "a".into(), customer: Some("acme".into()), text: text.into(), ..Reply::default() };
        let kept = s.outreach.take_reply("gateway", &reply, minutes(120)).unwrap();
        assert_eq!(kept, ReplyHeard::Kept { customer: "acme".into(), case: Some(format!("case/{id}")) });
        let open = s.outreach.service_cases().unwrap();
        assert_eq!(open.iter().map(|case| case.what.as_str()).collect::<Vec<_>>(), [text][..usize::from(opens)]);
        for case in &open {
            assert_eq!((case.call_back_due, case.on_site_due), (minutes(140), minutes(360)));
        }
        let waits = s.outreach.closed_service_cases(1).unwrap().remove(0);
        assert_eq!(waits.heard, heard, "{text}");
        assert_eq!(s.outreach.stage_hints("acme").unwrap().len(), hints, "{text}");
        let answered = s.outreach.called_back(id, "rang, all is well", "wang", minutes(130));
        assert_eq!(answered.is_ok(), !heard.is_empty(), "{text}");
        assert_eq!(s.outreach.service_case(id).unwrap().heard, [""; 0]);
    }
    // It broke down again within days, and the words hint as well.
    check("1号机又停机了！没人管", true, &[], 2);
    check("我很不满，没人联系我们", false, &["我很不满，没人联系我们"], 1);
    check("谢谢，师傅很好", false, &["谢谢，师傅很好"], 0);
}

#[test]
fn what_the_customer_reads_of_a_repair_is_fit_to_be_read() {
    #[track_caller]
    fn check(note: &str, refused: Option<&str>) {
        let s = scene();
        let id = s.break_down("s02/m002");
        s.outreach.arrived(id, "chen", minutes(10)).unwrap();
        let report = VisitReport { note: note.to_owned(), ..done() };
        match (s.outreach.close_service_case(id, &report, note, "chen", minutes(60)), refused) {
            (Ok(case), None) => assert!(case.closed.is_some()),
            (Err(OutreachError::Lint(remarks)), Some(why)) => {
                assert_eq!(remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "), why);
                assert_eq!(s.outreach.service_case(id).unwrap().closed, None);
            }
            (other, _) => panic!("{note}: {other:?}"),
        }
    }
    check("Inlet valve stuck, freed and greased; clearance 0.25 mm. Runs well!", None);
    check("进气阀卡住，已清洗，试机正常！", None);
    check("是你们没有按时保养造成的", Some("`你们没有按时` (blame)"));
    check("They neglected it", Some("`neglected` (blame)"));
    check("good for our KPI", Some("`kpi` (internal matters)"));
    check("the boss is in a mood, ask your wife", Some("`your wife` (private matters)"));
    check("s02/m002 done", Some("the internal identity `s02/m002`"));
}
