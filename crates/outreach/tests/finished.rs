//! What comes of finished work: verdicts, pictures, parts, and what the customer reads and answers.

use crate::support::broken::{done, minutes, now};
use crate::support::scene::scene;
use crate::support::{agreed, apply, at, finding, machine};
use foretell_model::{Found, Grade, Reply, Status};
use foretell_outreach::{OutreachError, PhotoOf, RecordFilter, ReplyHeard, VisitReport};

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
    assert_eq!(s.outreach.photos_of_case(&cooler).unwrap()[0].caption, "the cooler");
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
    for (depot, part, why) in [
        ("west", "oil_filter", "there is no such depot (west)"),
        ("east", "unobtainium", "there is no such part (unobtainium)"),
    ] {
        match s.outreach.count_stock(depot, part, 7, "wang", now()) {
            Err(OutreachError::Refused { why: told, .. }) => assert_eq!(told.to_string(), why),
            other => panic!("{depot} {part}: {other:?}"),
        }
    }
    let counted = s.outreach.record(&RecordFilter::default()).unwrap();
    let counted: Vec<_> = counted.iter().filter(|entry| entry.what == "counted the stock").collect();
    assert_eq!((counted.len(), counted[0].why.as_str(), counted[0].who.as_str()), (1, "east: oil_filter 7", "wang"));
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

/// The caption of a picture that the customer sees is read by the customer, as the note is; a portrait's is nobody's.
#[test]
fn what_stands_beside_a_picture_is_fit_to_be_read() {
    #[track_caller]
    fn check(of: PhotoOf, caption: &str, refused: Option<&str>) {
        let s = scene();
        let case = apply(
            &s.outreach,
            1,
            &finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened),
            now(),
        );
        let visit = s.outreach.book_for(&case, at("2026-07-16T13:00:00Z"), &agreed(), "wang", now()).unwrap();
        let subject = match of {
            PhotoOf::Case => case.to_string(),
            PhotoOf::Visit => visit.id.to_string(),
            PhotoOf::ServiceCase => s.break_down("s02/m003").to_string(),
            _ => "chen".to_owned(),
        };
        let told = |error: OutreachError| match error {
            OutreachError::Lint(remarks) => remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
            other => panic!("{caption}: {other}"),
        };
        let added = s.outreach.add_photo((of, &subject), "a.jpg", caption, "chen", now()).map_err(told);
        assert_eq!(added.as_ref().err().map(String::as_str), refused, "{caption}");
        assert_eq!(s.outreach.photos(of, &subject).unwrap().len(), usize::from(refused.is_none()), "{caption}");
        // An advisor mends it; to the same rules.
        let id = s.outreach.add_photo((of, &subject), "b.jpg", "as found", "chen", now()).unwrap();
        let mended = s.outreach.caption_photo(id, caption, "wang", now()).map_err(told);
        assert_eq!(mended.err().as_deref(), refused, "{caption}");
        s.outreach.caption_photo(id, "after cleaning", "wang", now()).unwrap();
        assert_eq!(s.outreach.photo(id).unwrap().caption, "after cleaning");
        // What was seen there stands on the card as well.
        let is_on_card = s.outreach.photos_of_case(&case).unwrap().iter().any(|photo| photo.id == id);
        assert_eq!(is_on_card, matches!(of, PhotoOf::Case | PhotoOf::Visit), "{caption}");
    }
    check(PhotoOf::Visit, "the cooler before cleaning, 0.4 mm of dust!", None);
    check(PhotoOf::Visit, "清洗前的冷却器", None);
    check(PhotoOf::Visit, "see how they neglected it", Some("`neglected` (blame)"));
    check(PhotoOf::Case, "good for our KPI", Some("`kpi` (internal matters)"));
    check(PhotoOf::ServiceCase, "是你们没有按时保养造成的", Some("`你们没有按时` (blame)"));
    check(PhotoOf::ServiceCase, "s02/m003", Some("the internal identity `s02/m003`"));
    check(PhotoOf::Person, "our KPI champion", None);
}

/// What a customer writes of no case waits until an advisor has read it, and goes with the customer.
#[test]
fn a_reply_outside_of_any_case_reaches_somebody() {
    let s = scene();
    let reply = |id: &str, text: &str| Reply {
        id: id.into(),
        customer: Some("acme".into()),
        text: text.into(),
        ..Reply::default()
    };
    let waiting = || -> Vec<(String, String)> {
        let loose = s.outreach.loose_replies().unwrap();
        loose.into_iter().map(|reply| (reply.customer, reply.text)).collect()
    };
    s.outreach.take_reply("gateway", &reply("1", "We move to the new hall in May"), now()).unwrap();
    assert_eq!(waiting(), [("acme".to_owned(), "We move to the new hall in May".to_owned())]);
    let id = s.outreach.loose_replies().unwrap()[0].id;
    s.outreach.note_loose_reply(id, "wang", now()).unwrap();
    assert_eq!(waiting(), []);
    assert!(matches!(s.outreach.note_loose_reply(id, "li", now()), Err(OutreachError::Missing { .. })));
    // What belongs to a case waits there; what is erased waits nowhere.
    let case = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
    let case = apply(&s.outreach, 1, &case, now());
    s.outreach.approve(&case, "wang", now()).unwrap();
    s.outreach.tick(now()).unwrap();
    s.outreach.take_reply("gateway", &reply("2", "Thursday is fine"), now()).unwrap();
    assert_eq!(waiting(), []);
    let other = Reply { customer: Some("huaxin".into()), ..reply("3", "五月份放假") };
    s.outreach.take_reply("gateway", &other, now()).unwrap();
    assert_eq!(waiting().len(), 1);
    s.outreach.erase_customer("huaxin", "wang", now()).unwrap();
    assert_eq!(waiting(), []);
}
