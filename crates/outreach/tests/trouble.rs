//! Something did break: two promises, who is told what, and what holds everything else back.

use crate::support::broken::{done, minutes, now};
use crate::support::desk::{desk, of_fault};
use crate::support::scene::{Scene, scene};
use crate::support::{agreed, apply, finding, machine, token};
use foretell_model::{FaultCode, Finding, FindingId, Grade, Obstacle, Status, TimerState};
use foretell_outreach::governor::Reason;
use foretell_outreach::{
    CustomerStage, DeliveryError, OnSiteNews, Outcome, OutreachError, Promise, Promises, RecordFilter, Source, Stage,
    VisitReport,
};

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

/// Nobody knows when a breakdown ends, so what it holds is asked about a day later; the visit may be over by then.
#[test]
fn word_of_a_visit_that_waited_for_a_breakdown_goes_out_as_soon_as_that_is_over() {
    type End = fn(&Scene, i64);
    let mended: End = |s, case| {
        s.outreach.arrived(case, "chen", minutes(10)).unwrap();
        drop(s.outreach.close_service_case(case, &done(), "", "chen", minutes(60)).unwrap());
    };
    let was_none: End = |s, case| drop(s.outreach.withdraw_trouble(case, "a test", "wang", minutes(60)).unwrap());
    for end in [mended, was_none] {
        let s = scene();
        let fault = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
        let id = apply(&s.outreach, 1, &fault, now());
        let link = s.outreach.approve(&id, "wang", now()).unwrap().link;
        s.outreach.tick(now()).unwrap();
        let page = s.outreach.booking_page(token(&link), now()).unwrap();
        s.outreach.book(token(&link), page.slots[0].slot.start, now()).unwrap();
        let case = s.break_down("s02/m002");
        s.outreach.tick(now()).unwrap();
        assert_eq!(s.subjects().len(), 1, "the visit is not spoken of meanwhile");
        end(&s, case);
        s.outreach.tick(minutes(61)).unwrap();
        let said = s.subjects();
        assert!(said.iter().any(|subject| subject.starts_with("Compressor No. 2: our visit on")), "{said:?}");
    }
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
fn what_is_tapped_twice_is_told_once_and_nobody_is_sent_where_somebody_is() {
    let s = scene();
    let case = s.break_down("s02/m002");
    let send = |eta| s.outreach.send_technician(case, "chen", eta, "wang", minutes(2));
    send(Some(minutes(60))).unwrap();
    s.outreach.tick(minutes(2)).unwrap();
    s.outreach.set_out_to_case(case, None, "chen", minutes(3)).unwrap();
    for eta in [Some(minutes(60)), None] {
        let sent = send(eta).unwrap();
        assert_eq!((sent.set_out, sent.eta), (Some(minutes(3)), Some(minutes(60))), "on the way still");
    }
    for (who, minute) in [("chen", 40), ("wang", 41)] {
        assert_eq!(s.outreach.arrived(case, who, minutes(minute)).unwrap().on_site, Some(minutes(40)));
    }
    let refused = send(Some(minutes(90))).unwrap_err();
    assert!(matches!(&refused, OutreachError::Refused { why, .. } if why.why == Obstacle::SomebodyThere), "{refused}");
    s.outreach.tick(minutes(42)).unwrap();
    assert_eq!(s.subjects(), ["Compressor No. 2: Jun Chen is coming to you"]);
    let filter = RecordFilter { case: Some(format!("case/{case}")), ..RecordFilter::default() };
    let whats: Vec<String> = s.outreach.record(&filter).unwrap().into_iter().map(|entry| entry.what).collect();
    for what in ["trouble_assigned", "trouble_on_site"] {
        assert_eq!(whats.iter().filter(|known| *known == what).count(), 1, "{what}: {whats:?}");
    }
}

#[test]
fn what_many_tap_at_once_is_told_once() {
    for _ in 0..20 {
        let s = scene();
        let case = s.break_down("s02/m002");
        std::thread::scope(|scope| {
            for who in ["wang", "li", "zhao", "qian"] {
                let outreach = &s.outreach;
                scope
                    .spawn(move || outreach.send_technician(case, "chen", Some(minutes(60)), who, minutes(2)).unwrap());
            }
        });
        std::thread::scope(|scope| {
            for who in ["chen", "wang", "li", "zhao"] {
                scope.spawn(|| s.outreach.arrived(case, who, minutes(40)).unwrap());
            }
        });
        let filter = RecordFilter { case: Some(format!("case/{case}")), ..RecordFilter::default() };
        let whats: Vec<String> = s.outreach.record(&filter).unwrap().into_iter().map(|entry| entry.what).collect();
        for what in ["trouble_assigned", "trouble_on_site"] {
            assert_eq!(whats.iter().filter(|known| *known == what).count(), 1, "{what}: {whats:?}");
        }
    }
}

/// A site that was sold: whoever had it before holds old links, and letters to them may still wait.
#[test]
fn whoever_had_a_machine_before_neither_sees_nor_does_anything_of_whoever_has_it_now() {
    let desk = desk("s02/m002");
    let case = of_fault(&desk.id, "cooler_clogging");
    let letter = desk.write(&case);
    let start = desk.first_time(&letter);
    desk.outreach.book(&letter, start, now()).unwrap();
    let broken = desk.outreach.report_trouble(&letter, None, "it stopped", now()).unwrap();
    let broken_link = desk.outreach.case_link(&broken);
    desk.outreach.withdraw_trouble(broken.id, "it runs", "wang", now()).unwrap();
    let before = desk.sent();
    let mut site = desk.outreach.desk().unwrap().site("s02").unwrap().clone();
    site.customer = "huaxin".into();
    desk.outreach.register_site(&site, "test", now()).unwrap();
    desk.outreach.opt_out("huaxin", "email", "said so", "wang", now()).unwrap();
    desk.outreach.tick(minutes(5)).unwrap();
    assert_eq!(desk.sent(), before, "what waited was for somebody else");
    let page = desk.outreach.guest(&letter, minutes(5));
    assert!(matches!(page, Err(OutreachError::Link(_))), "{page:?}");
    assert!(matches!(desk.outreach.cancel(&letter, minutes(5)), Err(OutreachError::Link(_))));
    for link in [letter.as_str(), token(&broken_link)] {
        let told = desk.outreach.report_trouble(link, None, "again", minutes(6));
        assert!(matches!(told, Err(OutreachError::Link(_))), "{told:?}");
    }
}

/// Whoever enters it, by whatever way: what would be mailed to the customer must be possible.
#[test]
fn nobody_is_told_of_times_and_faults_that_cannot_be() {
    #[track_caller]
    fn refused<T: std::fmt::Debug>(done: Result<T, OutreachError>, expected: Obstacle) {
        assert!(matches!(&done, Err(OutreachError::Refused { why, .. }) if why.why == expected), "{done:?}");
    }
    let s = scene();
    let case = s.break_down("s02/m002");
    let send = |eta| s.outreach.send_technician(case, "chen", Some(eta), "wang", minutes(60));
    refused(send(minutes(54)), Obstacle::TimePassed);
    refused(send(minutes(61 + 3 * 24 * 60)), Obstacle::TooFar);
    assert_eq!(s.outreach.service_case(case).unwrap().technician, None, "nothing of it is kept");
    send(minutes(55)).unwrap();
    s.outreach.arrived(case, "chen", minutes(70)).unwrap();
    let tell = |found: Option<&str>, minutes_left| {
        let found = found.map(|code| FaultCode::new(code).unwrap());
        s.outreach.tell_progress(case, &OnSiteNews { found, minutes: minutes_left }, "chen", minutes(71))
    };
    refused(tell(None, 0), Obstacle::MinutesInvalid);
    refused(tell(None, 1_441), Obstacle::MinutesInvalid);
    refused(tell(Some("zzz"), 30), Obstacle::FoundMissing);
    refused(tell(Some("sensor_fault"), 30), Obstacle::FoundMissing);
    assert_eq!(s.outreach.service_case(case).unwrap().progress, None, "nothing of it is kept");
    tell(Some("cooler_clogging"), 1_440).unwrap();
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
    let escalation = Some(CustomerStage::Escalation);
    assert!(
        s.outreach.set_stage("acme", escalation, "their director wrote", "wang", minutes(1)).is_err(),
        "name a person"
    );
    assert!(s.outreach.escalate("acme", " ", "their director wrote", "wang", minutes(1)).is_err(), "name a person");
    assert!(s.outreach.escalate("acme", "nobody", "their director wrote", "wang", minutes(1)).is_err(), "who is that");
    assert_eq!(s.outreach.stage("acme").unwrap(), Some(stage), "nothing is half done");
    s.outreach.escalate("acme", "wang", "their director wrote", "wang", minutes(1)).unwrap();
    let said: Vec<_> = s.outreach.lately("acme", false, 2).unwrap().into_iter().map(|e| (e.what, e.why)).collect();
    let took = ("handed_over".to_owned(), "wang: their director wrote".to_owned());
    assert!(said.contains(&took), "{said:?}");
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
fn a_promise_that_is_long_past_is_a_person_s_to_speak_of() {
    let s = scene();
    let id = s.break_down("s02/m002");
    // The service stood still for a week: no letter says by when on that day somebody would ring.
    let later = minutes(7 * 24 * 60);
    for n in 0..3 {
        s.outreach.tick(later + n * 60_000).unwrap();
    }
    assert_eq!(s.subjects(), [""; 0]);
    let case = s.outreach.service_case(id).unwrap();
    assert_eq!((case.told.len(), case.broken.len()), (0, 2));
    let record = s.outreach.record(&RecordFilter { max: 1_000, ..RecordFilter::default() }).unwrap();
    let unsent = record.iter().filter(|entry| entry.what == "could not send word about a breakdown");
    let whys: Vec<&str> = unsent.map(|entry| entry.why.as_str()).collect();
    assert_eq!(whys, ["the promise is long past; somebody should ring"; 2]);
}

#[test]
fn word_that_waited_until_its_times_had_passed_is_left_to_the_advisor() {
    let s = scene();
    s.break_down("s02/m002");
    let down = || DeliveryError::Busy { after: std::time::Duration::from_secs(125 * 60), why: "down".into() };
    s.channel.failures.lock().unwrap().push(down());
    let first = s.outreach.tick(minutes(25)).unwrap();
    assert!(first.iter().any(|tick| matches!(tick.outcome, Outcome::Retry { .. })), "{first:?}");
    let late = s.outreach.tick(minutes(25 + 126)).unwrap();
    let why = "it waited until its times had passed";
    assert!(late.iter().any(|tick| tick.outcome == Outcome::ForAdvisor(why.into())), "{late:?}");
    assert!(s.outreach.untold().unwrap().iter().any(|untold| untold.word.reason == why));
}
