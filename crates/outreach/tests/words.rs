//! Word that follows from what somebody did - a visit booked, moved or cancelled, a job done, a technician sent - as it goes out,
//! in golden files like the letters; and each exactly once.

use crate::support::desk::{MACHINES, check, desk, desk_by, now, of, of_fault, printed};
use crate::support::{self, agreed, at, context, finding};
use foretell_model::{Evidence, FaultCode, Finding, FindingKind, Grade, MachineId, Offset, Status, Timestamp};
use foretell_outreach::governor::{Reason, Verdict};
use foretell_outreach::{Checklist, CustomerStage, Matter, OnSiteNews, Outcome, Source, Stage, VisitReport};

#[test]
fn a_visit_is_confirmed_moved_and_cancelled_and_each_is_told_once() {
    for (name, stage) in [("visit", None), ("visit_complaint", Some(CustomerStage::Complaint))] {
        let texts = MACHINES.map(|(_, id)| {
            let desk = desk(id);
            let token = desk.write(&of_fault(&desk.id, "cooler_clogging"));
            let customer = desk.outreach.customer_of(&desk.id).unwrap().unwrap().id;
            desk.outreach.set_stage(&customer, stage, "said so", "wang", now()).unwrap();
            let mut texts = Vec::new();
            let step = |minute: i64, act: &dyn Fn(Timestamp)| {
                let (before, at) = (desk.sent(), now() + minute * 60_000);
                act(at);
                for _ in 0..3 {
                    desk.outreach.tick(at).unwrap();
                }
                assert_eq!(desk.sent(), before + 1, "told once");
                printed(&of(&desk.last()), &desk.id, false)
            };
            let first = desk.first_time(&token);
            texts.push(step(1, &|at| drop(desk.outreach.book(&token, first, at).unwrap())));
            texts.push(step(2, &|at| {
                let other = desk.first_time(&token);
                drop(desk.outreach.reschedule(&token, other, at).unwrap());
            }));
            texts.push(step(3, &|at| drop(desk.outreach.cancel(&token, at).unwrap())));
            // How the reader feels is spoken of once, in the first of them.
            let sorry = ["I am sorry for what has happened", "这次的事给您添了这么大的麻烦，非常抱歉"];
            let apologies = texts.iter().map(|text| sorry.iter().filter(|words| text.contains(*words)).count());
            assert_eq!(apologies.collect::<Vec<_>>(), if stage.is_some() { [1, 0, 0] } else { [0, 0, 0] });
            let record = desk.outreach.lately(&customer, false, 50).unwrap();
            let told = |what: &str| record.iter().filter(|entry| entry.what == what).count();
            assert_eq!((told("confirmation_sent"), told("cancellation_sent")), (2, 1), "{record:?}");
            texts
        });
        check(name, &texts.concat());
    }
}

#[test]
fn what_nobody_was_told_of_needs_no_taking_back() {
    let desk = desk("s02/m002");
    let case = of_fault(&desk.id, "cooler_clogging");
    let token = desk.write(&case);
    // Booked by the advisor in the evening: word waits until the morning, and by then the visit has been cancelled.
    let evening = at("2026-07-15T20:30:00Z");
    let page = desk.outreach.booking_page(&token, evening).unwrap();
    desk.outreach.book_for(&case.id, page.slots[1].slot.start, &agreed(), "wang", evening).unwrap();
    let before = desk.sent();
    let held = desk.outreach.tick(evening).unwrap();
    let (until, reason) = (at("2026-07-16T07:00:00Z"), Reason::QuietHours);
    assert_eq!(held[0].outcome, Outcome::Held { until, reason: reason.clone() });
    assert_eq!(desk.outreach.card(&case.id, evening).unwrap().verdict, Some(Verdict::Hold { until, reason }));
    desk.outreach.cancel(&token, evening).unwrap();
    desk.outreach.tick(at("2026-07-16T09:00:00Z")).unwrap();
    assert_eq!(desk.sent(), before, "neither a confirmation nor a cancellation");
}

#[test]
fn a_visit_moved_at_night_wakes_nobody_and_somebody_rings_where_the_morning_is_too_late() {
    // Until 08:00 in Leeds no telephone rings; a word that comes then is soon enough, or the advisor has to ring as well.
    #[track_caller]
    fn check(medium: &'static str, hour: i64, told_at_night: bool, rings: bool) {
        let night = at("2026-07-15T23:30:00Z");
        let desk = desk_by(medium, "s02/m002");
        let token = desk.write(&of_fault(&desk.id, "cooler_clogging"));
        let page = desk.outreach.booking_page(&token, now()).unwrap();
        desk.outreach.book(&token, page.slots[1].slot.start, now()).unwrap();
        desk.outreach.tick(now()).unwrap();
        let start = at("2026-07-16T07:00:00Z") + hour * 3_600_000;
        offer(&desk, &token, start);
        let before = desk.sent();
        desk.outreach.reschedule(&token, start, night).unwrap();
        desk.outreach.tick(night).unwrap();
        assert_eq!(desk.sent(), before + usize::from(told_at_night), "{medium}, {hour} h after eight");
        let asked = desk.outreach.queue(night).unwrap();
        let is_asked = asked.first().is_some_and(|entry| entry.matter == Some(Matter::MoveUntold));
        assert_eq!(is_asked, rings, "{medium}, {hour} h after eight: {asked:?}");
        for minute in 0..600 {
            desk.outreach.tick(night + minute * 60_000).unwrap();
        }
        assert_eq!(desk.sent(), before + 1, "told once");
        assert!(desk.last().subject.contains("our visit is now on"), "{}", desk.last().subject);
    }
    check("sms", 0, false, true);
    check("sms", 1, false, true);
    check("sms", 4, false, false);
    // Whoever tapped finds the letter that keeps it; it wakes nobody.
    check("email", 1, true, false);
    check("email", 4, true, false);
}

#[test]
fn nobody_waits_through_a_weekend_for_a_visit_that_was_moved() {
    // Half past eight on a Friday evening in Leeds; the visit was to be on Saturday, or is on Monday now.
    #[track_caller]
    fn check(before: &str, after: &str, told: &str) {
        let desk = desk("s02/m002");
        let case = of_fault(&desk.id, "cooler_clogging");
        desk.write(&case);
        let agreed = agreed();
        desk.outreach.book_for(&case.id, at(before), &agreed, "wang", now()).unwrap();
        desk.outreach.tick(now()).unwrap();
        let (evening, sent) = (at("2026-07-17T19:30:00Z"), desk.sent());
        desk.outreach.move_for(&case.id, at(after), &agreed, "wang", evening).unwrap();
        for hour in 0..160 {
            desk.outreach.tick(evening + hour * 1_800_000).unwrap();
        }
        assert_eq!((desk.sent(), desk.last().at), (sent + 1, at(told)), "{before} {after}");
    }
    check("2026-07-18T10:00:00Z", "2026-07-21T10:00:00Z", "2026-07-18T07:00:00Z");
    check("2026-07-22T10:00:00Z", "2026-07-20T10:00:00Z", "2026-07-18T07:00:00Z");
    check("2026-07-22T10:00:00Z", "2026-07-23T10:00:00Z", "2026-07-20T07:00:00Z");
}

/// Puts a time on the page of a link, as if it were one of those proposed.
fn offer(desk: &support::desk::Desk, token: &str, start: Timestamp) {
    desk.outreach.booking_page(token, now()).unwrap();
    let file = rusqlite::Connection::open(desk.path()).unwrap();
    let moved = file
        .execute(
            "UPDATE offer SET begins = ?1, ends = ?1 + 7200000 WHERE (message, begins) =
             (SELECT message, begins FROM offer ORDER BY message DESC, begins LIMIT 1)",
            [start.millis()],
        )
        .unwrap();
    assert_eq!(moved, 1);
}

#[test]
fn a_moved_visit_that_cannot_be_told_is_left_to_the_advisor() {
    let desk = desk("s02/m002");
    let token = desk.write(&of_fault(&desk.id, "cooler_clogging"));
    let page = desk.outreach.booking_page(&token, now()).unwrap();
    let [first, second] = [page.slots[0].slot.start, page.slots[1].slot.start];
    desk.outreach.book(&token, first, now()).unwrap();
    desk.outreach.tick(now()).unwrap();
    desk.outreach.reschedule(&token, second, now()).unwrap();
    desk.outreach.escalate("acme", "wang", "their director wrote", "wang", now()).unwrap();
    let before = desk.sent();
    desk.outreach.tick(now()).unwrap();
    assert_eq!(desk.sent(), before);
    let queue = desk.outreach.queue(now()).unwrap();
    let why = "the customer was not told in writing that the visit was moved: a named person has taken over; nothing is sent by itself";
    assert_eq!((queue[0].stage, queue[0].remark.as_deref()), (Stage::Booked, Some(why)));
}

/// A feature with its value, its standard deviation and its unit.
type Figure = (&'static str, f64, f64, &'static str);

/// A finding of what a job achieved.
fn effect(id: &MachineId, work: &str, figures: &[Figure], t: Timestamp) -> Finding {
    let mut case = finding(id, "cooler_clogging", Grade::Watch, Status::Opened);
    (case.kind, case.fault, case.at) = (FindingKind::MaintenanceEffect, FaultCode::new(work).unwrap(), t);
    case.id = foretell_model::FindingId::new(id, &case.fault, 1);
    case.evidence = figures
        .iter()
        .flat_map(|(feature, value, sd, unit)| {
            let item = |feature: String, value: f64| Evidence {
                feature,
                value,
                unit: (*unit).into(),
                change_per_day: None,
                since: None,
            };
            [item((*feature).to_owned(), *value), item(format!("{feature}_sd"), *sd)]
        })
        .collect();
    case
}

#[test]
fn exactly_one_word_follows_a_job_as_soon_as_its_effect_is_known() {
    let helped = [
        ("discharge_change_k", -4.2, 0.5, "K"),
        ("loaded_current_change_a", -2.1, 0.4, "A"),
        ("cost_change_per_month", -412.0, 96.0, "CNY"),
    ];
    let nothing = [("discharge_change_k", -0.3, 0.6, "K"), ("loaded_current_change_a", 0.2, 0.5, "A")];
    let worse = [("discharge_change_k", 3.1, 0.5, "K")];
    // The current alone was compared: of a cleaned cooler that says nothing, and nobody is told that the work has not helped.
    let beside = [("loaded_current_change_a", 0.2, 0.5, "A")];
    let measured: [(&str, Option<&[Figure]>); 5] = [
        ("helped", Some(&helped)),
        ("nothing", Some(&nothing)),
        ("worse", Some(&worse)),
        ("unknown", None),
        ("unknown", Some(&beside)),
    ];
    for (name, figures) in measured {
        let texts = MACHINES.map(|(_, id)| {
            let desk = desk(id);
            let token = desk.write(&of_fault(&desk.id, "cooler_clogging"));
            let visit = desk.outreach.book(&token, desk.first_time(&token), now()).unwrap();
            let foretell_outreach::PageState::Booked { booking, .. } = visit.state else { panic!("booked") };
            desk.outreach.tick(now()).unwrap();
            desk.outreach.complete(booking.id, None, "chen", booking.end).unwrap();
            let before = desk.sent();
            let known = booking.end.plus_days(8.0);
            if let Some(figures) = figures {
                let found = effect(&desk.id, "cooler_cleaned", figures, known);
                desk.outreach.apply(Offset(9), 0, &found, &context(&desk.id), known).unwrap();
            }
            for day in 0..40 {
                desk.outreach.tick(booking.end.plus_days(f64::from(day) + 0.7)).unwrap();
            }
            assert_eq!(desk.sent(), before + 1, "{name}: exactly one");
            let stage = desk.outreach.card(&booking.case, known).unwrap().stage;
            let promised_a_call = matches!(name, "nothing" | "worse");
            assert_eq!(stage, if promised_a_call { Stage::Call } else { Stage::Done }, "{name}");
            printed(&of(&desk.last()), &desk.id, false)
        });
        check(&format!("follow_up_{name}"), &texts);
    }
}

#[test]
fn a_broken_machine_from_the_road_to_the_closing() {
    for (name, stage) in [("trouble", None), ("trouble_grumbling", Some(CustomerStage::OpenGrumbling))] {
        let texts = MACHINES.map(|(_, id)| {
            let desk = desk(id);
            let customer = desk.outreach.customer_of(&desk.id).unwrap().unwrap().id;
            desk.outreach.set_stage(&customer, stage, "said so", "wang", now()).unwrap();
            let minutes = |n: i64| now() + n * 60_000;
            let case =
                desk.outreach.open_service_case(&desk.id, Source::Customer, "stopped", "customer", now()).unwrap();
            let mut texts = Vec::new();
            let mut step = |minute: i64| {
                let before = desk.sent();
                desk.outreach.tick(minutes(minute)).unwrap();
                desk.outreach.tick(minutes(minute)).unwrap();
                assert_eq!(desk.sent(), before + 1, "{name}: one word at minute {minute}");
                texts.push(printed(&of(&desk.last()), &desk.id, true));
            };
            step(16);
            desk.outreach.called_back(case.id, "", "wang", minutes(18)).unwrap();
            desk.outreach.send_technician(case.id, "chen", Some(minutes(107)), "wang", minutes(20)).unwrap();
            step(20);
            desk.outreach.set_out_to_case(case.id, Some(208), "chen", minutes(60)).unwrap();
            step(60);
            desk.outreach.arrived(case.id, "chen", minutes(255)).unwrap();
            let found = FaultCode::new("inlet_valve");
            desk.outreach.tell_progress(case.id, &OnSiteNews { found, minutes: 90 }, "chen", minutes(270)).unwrap();
            step(270);
            let report = VisitReport {
                parts: [("inlet_valve_kit".to_owned(), 1)].into(),
                checklist: Checklist { test_run: true, tidy: true, old_parts: true, report: true, courtesy: true },
                ..VisitReport::default()
            };
            desk.outreach.close_service_case(case.id, &report, "", "chen", minutes(360)).unwrap();
            step(360);
            texts
        });
        check(name, &texts.concat());
    }
}

#[test]
fn word_that_was_overtaken_does_not_go_out() {
    let desk = desk("s02/m002");
    let case = desk.outreach.open_service_case(&desk.id, Source::Customer, "stopped", "customer", now()).unwrap();
    desk.outreach.send_technician(case.id, "chen", None, "wang", now()).unwrap();
    desk.outreach.arrived(case.id, "chen", now()).unwrap();
    assert!(desk.outreach.tick(now()).unwrap().iter().all(|ticked| ticked.outcome != Outcome::Sent));
    assert_eq!(desk.sent(), 0, "nobody is on the way any more");
}
