//! What was entered by mistake is taken back, stays in the record, and reaches whoever was told of it.

use crate::support::desk::{Desk, desk, now, of_fault};
use crate::support::shelf::{leeds, refused, two_of_oil};
use crate::support::worked::worked;
use crate::support::{agreed, apply, at, context, token};
use foretell_model::{Entered, Found, Obstacle, Timestamp};
use foretell_outreach::{Guest, Matter, PageState, RecordFilter, Source, Stage};

/// A letter, its token, and the visit booked by it.
fn booked(desk: &Desk) -> (String, i64, Timestamp) {
    let token = desk.write(&of_fault(&desk.id, "cooler_clogging"));
    let page = desk.outreach.book(&token, desk.first_time(&token), now()).unwrap();
    desk.outreach.tick(now()).unwrap();
    let PageState::Booked { booking, .. } = page.state else { panic!("booked") };
    (token, booking.id, booking.end)
}

/// Who did what and why, of all that was ever done about the machine.
fn recorded(desk: &Desk, what: &str) -> Vec<(String, String)> {
    let machine = Some(desk.id.to_string());
    let all = desk.outreach.record(&RecordFilter { machine, max: 500, ..RecordFilter::default() }).unwrap();
    all.into_iter().filter(|entry| entry.what == what).map(|entry| (entry.who, entry.why)).collect()
}

#[test]
fn an_arrival_that_was_none_leaves_whoever_set_out_on_the_way() {
    let desk = desk("s02/m002");
    let (token, visit, end) = booked(&desk);
    let morning = end + -4 * 3_600_000;
    let arrived = |t| match desk.outreach.guest(&token, t).unwrap() {
        Guest::Letter { errand, .. } => errand.unwrap().journey.map(|journey| journey.arrived.is_some()),
        Guest::Case(_) => panic!("a letter"),
    };
    refused(desk.outreach.not_arrived(visit, "wrong button", "chen", morning), Obstacle::NobodyOnSite);
    desk.outreach.set_out(visit, Some(30), "chen", morning).unwrap();
    desk.outreach.arrive(visit, "chen", morning + 60_000).unwrap();
    assert_eq!(arrived(morning + 60_000), Some(true));
    refused(desk.outreach.not_arrived(visit, " ", "chen", morning), Obstacle::ExplanationMissing);
    desk.outreach.not_arrived(visit, "wrong button", "chen", morning + 120_000).unwrap();
    assert_eq!(arrived(morning + 120_000), Some(false));
    assert_eq!(recorded(&desk, "visit_not_on_site"), [("chen".to_owned(), "wrong button".to_owned())]);
}

#[test]
fn nobody_is_at_a_visit_of_another_day() {
    let desk = desk("s02/m002");
    let (token, visit, end) = booked(&desk);
    refused(desk.outreach.arrive(visit, "chen", end.plus_days(-1.0)), Obstacle::OtherDay);
    // Whoever arrives the evening after still makes it up; taken back later, nobody is on the way any more.
    desk.outreach.set_out(visit, None, "chen", end.plus_days(-0.2)).unwrap();
    desk.outreach.arrive(visit, "chen", end).unwrap();
    let later = end.plus_days(2.0);
    desk.outreach.not_arrived(visit, "another visit", "chen", later).unwrap();
    let Guest::Letter { errand, .. } = desk.outreach.guest(&token, later).unwrap() else { panic!("a letter") };
    assert_eq!(errand.unwrap().journey, None);
}

#[test]
fn nobody_is_there_any_more_whose_report_is_taken_back_days_later() {
    #[track_caller]
    fn check(days: f64, is_there: bool) {
        let desk = desk("s02/m002");
        let (token, visit, end) = booked(&desk);
        desk.outreach.arrive(visit, "chen", end).unwrap();
        desk.outreach.complete(visit, None, "chen", end).unwrap();
        let later = end.plus_days(days);
        desk.outreach.reopen_visit(visit, "wrong visit", "chen", later).unwrap();
        let Guest::Letter { errand, .. } = desk.outreach.guest(&token, later).unwrap() else { panic!("a letter") };
        assert_eq!(errand.unwrap().journey.is_some(), is_there, "{days}");
    }
    check(0.01, true);
    check(1.0, false);
}

/// What was found goes with the report, and within two hours nothing was told to the log.
#[test]
fn a_report_that_is_taken_back_leaves_nothing_told_and_nothing_found() {
    let desk = desk("s02/m002");
    let outreach = &desk.outreach;
    let (_, visit, end) = booked(&desk);
    let id = outreach.cases_of(&desk.id).unwrap().remove(0).0.id;
    let finish = |at| {
        outreach.give_verdict(&id, (Found::Confirmed, None), "", "chen", at).unwrap();
        outreach.complete(visit, None, "chen", at).unwrap();
    };
    finish(end);
    let soon = end + 119 * 60_000;
    assert_eq!(outreach.works_to_tell(soon).unwrap(), []);
    outreach.reopen_visit(visit, "another machine was meant", "chen", soon).unwrap();
    assert_eq!(outreach.verdict_on(&id).unwrap(), None);
    assert_eq!(outreach.precision().unwrap(), []);
    assert_eq!(outreach.works_to_tell(end.plus_days(9.0)).unwrap(), []);
    assert_eq!(recorded(&desk, "verdict_taken_back"), [("chen".to_owned(), "confirmed".to_owned())]);
    let card = outreach.card(&id, soon).unwrap();
    assert!(!card.is_spent && card.finding.rul_days.is_some(), "what is forecast is known again");
    // In earnest it is told once, dated by the work.
    finish(soon);
    let due = soon + 120 * 60_000;
    let told = outreach.works_to_tell(due).unwrap();
    assert_eq!((told.len(), told[0].1[0].work.as_str(), told[0].1[0].ts), (1, "cooler_cleaned", end));
    outreach.note_told(visit).unwrap();
    assert_eq!(outreach.works_to_tell(due).unwrap(), []);
}

#[test]
fn nothing_is_frozen_after_a_fruitless_job_was_taken_back() {
    let w = worked();
    let outreach = &w.desk.outreach;
    assert!(outreach.desk().unwrap().advisories().is_empty());
    let visit = outreach.visits_done(&w.desk.id, (Timestamp::MIN, Timestamp::MAX)).unwrap().remove(0).visit.id;
    outreach.reopen_visit(visit, "the wrong visit", "chen", w.at).unwrap();
    let desk = outreach.desk().unwrap();
    assert_eq!(desk.advisories().iter().map(|finding| &finding.id).collect::<Vec<_>>(), [&w.case.id]);
}

#[test]
fn nobody_is_on_the_way_who_had_not_said_so() {
    let desk = desk("s02/m002");
    let (token, visit, end) = booked(&desk);
    desk.outreach.arrive(visit, "chen", end).unwrap();
    desk.outreach.not_arrived(visit, "wrong visit", "chen", end).unwrap();
    let Guest::Letter { errand, .. } = desk.outreach.guest(&token, end).unwrap() else { panic!("a letter") };
    assert_eq!(errand.unwrap().journey, None);
}

#[test]
fn a_report_that_was_entered_by_mistake_is_taken_back_whole() {
    let desk = desk("s02/m002");
    let outreach = &desk.outreach;
    let depot = leeds();
    outreach.register_depot(&depot, "test", now()).unwrap();
    // The oil falls due and goes along.
    let letter = of_fault(&desk.id, "cooler_clogging");
    let first = apply(outreach, 1, &letter, now());
    outreach.check_service(&desk.id, &context(&desk.id), now()).unwrap();
    let link = outreach.approve(&first, "wang", now()).unwrap().link;
    outreach.tick(now()).unwrap();
    let visit = outreach.book_for(&first, at("2026-07-20T09:00:00Z"), &agreed(), "wang", now()).unwrap();
    let report = two_of_oil();
    outreach.report_visit(visit.id, &report, "chen", visit.end).unwrap();
    outreach.complete(visit.id, Some(11_700.0), "chen", visit.end).unwrap();
    let state = || {
        let own = outreach.machine(&desk.id).unwrap().unwrap();
        let stages: Vec<Stage> = outreach.cases_of(&desk.id).unwrap().into_iter().map(|(_, stage)| stage).collect();
        (own.service[0].last_done_h.round() as i64, outreach.stock().unwrap()[0].n, stages)
    };
    assert_eq!(state(), (11_700, 3, vec![]));
    let later = visit.end.plus_days(1.0);
    refused(outreach.reopen_visit(visit.id, "", "chen", later), Obstacle::ExplanationMissing);
    outreach.reopen_visit(visit.id, "another machine was meant", "chen", later).unwrap();
    let (hours, stock, mut stages) = state();
    stages.sort_by_key(|stage| stage.name());
    assert_eq!((hours, stock, stages), (8_000, 5, vec![Stage::Booked, Stage::Internal]));
    assert!(outreach.visit_report(visit.id).unwrap().is_none());
    assert!(matches!(outreach.booking_page(token(&link), later).unwrap().state, PageState::Booked { .. }));
    // Nobody was told that it is done, and nobody is.
    let count = desk.sent();
    for hour in 0..24 * 14 {
        outreach.tick(later + hour * 3_600_000).unwrap();
    }
    assert_eq!(desk.sent(), count);
    assert_eq!(recorded(&desk, "visit_reopened").len(), 1);
    refused(outreach.reopen_visit(visit.id, "twice", "chen", later), Obstacle::NothingToTakeBack);
    // Done in earnest it is as if nothing had been.
    outreach.report_visit(visit.id, &report, "chen", later).unwrap();
    assert_eq!(outreach.complete(visit.id, Some(11_720.0), "chen", later).unwrap().len(), 2);
    assert_eq!(state(), (11_720, 3, vec![]));
}

#[test]
fn a_customer_who_has_read_that_the_work_is_done_is_called() {
    let desk = desk("s02/m002");
    let (_, visit, end) = booked(&desk);
    desk.outreach.complete(visit, None, "chen", end).unwrap();
    for hour in 0..24 * 12 {
        desk.outreach.tick(end + hour * 3_600_000).unwrap();
    }
    assert!(desk.last().subject.contains("after our visit"), "{}", desk.last().subject);
    let later = end.plus_days(12.0);
    desk.outreach.reopen_visit(visit, "the wrong visit", "chen", later).unwrap();
    let entry = desk.outreach.queue(later).unwrap().remove(0);
    let remark = "the customer was told that the work is done, which is not so; please call: the wrong visit";
    assert_eq!((entry.stage, entry.remark.as_deref()), (Stage::Booked, Some(remark)));
}

#[test]
fn a_visit_that_was_made_after_all_is_booked_again() {
    let desk = desk("s02/m002");
    let (_, visit, end) = booked(&desk);
    desk.outreach.not_done(visit, "gate closed", "chen", end).unwrap();
    desk.outreach.reopen_visit(visit, "it was the other gate", "chen", end).unwrap();
    assert_eq!(desk.outreach.complete(visit, None, "chen", end).unwrap().len(), 1);
}

/// A form sent twice, or by two people, takes back what it showed and no more.
#[test]
fn one_step_is_taken_back_at_a_time() {
    let desk = desk("s02/m002");
    let outreach = &desk.outreach;
    let (_, visit, end) = booked(&desk);
    let back = |seen| outreach.take_visit_back(visit, seen, "wrong button", "chen", end);
    outreach.arrive(visit, "chen", end).unwrap();
    refused(back(Some(Entered::Report)), Obstacle::Stale);
    outreach.complete(visit, None, "chen", end).unwrap();
    refused(back(Some(Entered::Arrival)), Obstacle::Stale);
    back(Some(Entered::Report)).unwrap();
    refused(back(Some(Entered::Report)), Obstacle::Stale);
    let told = (recorded(&desk, "visit_reopened").len(), recorded(&desk, "visit_not_on_site").len());
    assert_eq!(told, (1, 0), "the arrival stays");
    // Whoever looked at nothing takes the last of them back.
    back(None).unwrap();
    assert_eq!(recorded(&desk, "visit_not_on_site").len(), 1);
    let case = outreach.open_service_case(&desk.id, Source::Advisor, "hums", "wang", end).unwrap().id;
    outreach.arrived(case, "chen", end).unwrap();
    outreach.close_service_case(case, &two_of_oil(), "", "chen", end).unwrap();
    let back = |seen| outreach.take_case_back(case, seen, "wrong case", "chen", end);
    refused(back(Some(Entered::Arrival)).map(drop), Obstacle::Stale);
    assert_eq!(back(Some(Entered::Report)).unwrap().closed, None);
    refused(back(Some(Entered::Report)).map(drop), Obstacle::Stale);
    assert_eq!(back(Some(Entered::Arrival)).unwrap().on_site, None);
}

#[test]
fn a_call_that_nobody_has_made_can_be_a_letter_again() {
    let desk = desk("s02/m002");
    let outreach = &desk.outreach;
    let id = apply(outreach, 1, &of_fault(&desk.id, "cooler_clogging"), now());
    outreach.call_instead(&id, "they prefer it", "wang", now()).unwrap();
    assert_eq!(outreach.card(&id, now()).unwrap().matter, Some(Matter::CallChosen));
    outreach.write_after_all(&id, "wang", now()).unwrap();
    assert_eq!(outreach.card(&id, now()).unwrap().stage, Stage::Draft);
    outreach.approve(&id, "wang", now()).unwrap();
    outreach.tick(now()).unwrap();
    // One that has gone out waits for its answer as before, and its reminder comes.
    outreach.call_instead(&id, "", "wang", now()).unwrap();
    outreach.write_after_all(&id, "wang", now()).unwrap();
    assert_eq!((outreach.card(&id, now()).unwrap().stage, desk.sent()), (Stage::Contacted, 1));
    outreach.tick(at("2026-07-20T09:00:00Z")).unwrap();
    assert_eq!(desk.sent(), 2);
    // What waits for a call for a reason of its own still does.
    let wished = outreach.card(&id, now()).unwrap().message.unwrap().link;
    outreach.other_time(token(&wished), "Friday", at("2026-07-20T10:00:00Z")).unwrap();
    refused(outreach.write_after_all(&id, "wang", now()), Obstacle::NothingToTakeBack);
}

#[test]
fn a_customer_takes_an_answer_back() {
    let desk = desk("s02/m002");
    let outreach = &desk.outreach;
    let link = desk.write(&of_fault(&desk.id, "cooler_clogging"));
    let id = outreach.cases_of(&desk.id).unwrap().remove(0).0.id;
    refused(outreach.take_answer_back(&link, now()), Obstacle::CaseContacted);
    outreach.other_time(&link, "Friday?", now()).unwrap();
    assert_eq!(outreach.take_answer_back(&link, now()).unwrap().state, PageState::Open);
    outreach.not_now(&link, 30, now()).unwrap();
    assert_eq!(outreach.take_answer_back(&link, now()).unwrap().state, PageState::Open);
    assert_eq!(outreach.card(&id, now()).unwrap().stage, Stage::Contacted);
    // The silence is over too: the reminder comes in its time.
    outreach.tick(at("2026-07-20T09:00:00Z")).unwrap();
    assert_eq!(desk.sent(), 2);
    assert_eq!(recorded(&desk, "answer_taken_back").len(), 2);
}

/// A customer with a booked visit to whom none of the times on offer suits says so, and the visit stands until somebody has called.
#[test]
fn another_time_is_wished_in_words_while_a_visit_is_booked() {
    let desk = desk("s02/m002");
    let outreach = &desk.outreach;
    let (link, visit, _) = booked(&desk);
    let id = outreach.cases_of(&desk.id).unwrap().remove(0).0.id;
    let wish = |state: PageState| match state {
        PageState::Booked { wish, booking, .. } => (booking.id, wish),
        other => panic!("booked: {other:?}"),
    };
    let page = outreach.other_time(&link, "rather on a Saturday", now()).unwrap();
    assert_eq!(wish(page.state), (visit, Some("rather on a Saturday".to_owned())));
    let entry = outreach.queue(now()).unwrap().remove(0);
    assert_eq!((entry.stage, entry.matter), (Stage::Booked, Some(Matter::OtherTime)));
    assert_eq!(entry.remark.as_deref(), Some("rather on a Saturday"));
    assert_eq!(wish(outreach.take_answer_back(&link, now()).unwrap().state), (visit, None));
    assert_eq!(outreach.queue(now()).unwrap(), []);
    // A time that is taken on the page answers the wish.
    let page = outreach.other_time(&link, "", now()).unwrap();
    let moved = outreach.reschedule(&link, page.slots[1].slot.start, now()).unwrap();
    assert_eq!(wish(moved.state), (visit, None));
    assert_eq!(outreach.card(&id, now()).unwrap().matter, None);
}
