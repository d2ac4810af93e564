//! From a finding to a finished visit, and every way in which it can end otherwise.

use crate::support::scene::{cooler, scene, wednesday};
use crate::support::{agreed, apply, at, context, finding, machine, token};
use expect_test::{Expect, expect};
use foretell_model::{FindingKind, Grade, Objection, Obstacle, Offset, Status};
use foretell_outreach::{AfterCall, Applied, LetterTimes, Outcome, Outreach, OutreachError, PageState, Stage};

#[test]
fn from_forecast_to_finished_visit() {
    let s = scene();
    let now = wednesday();
    let id = apply(&s.outreach, 1, &cooler("s01/m002", Grade::Advise, Status::Opened), now);
    let queue = s.outreach.queue(now).unwrap();
    assert_eq!((queue.len(), queue[0].number.as_str(), queue[0].stage), (1, "2号机", Stage::Draft));

    let message = s.outreach.approve(&id, "wang", now).unwrap();
    assert_eq!(s.outreach.queue(now).unwrap(), []);
    assert_eq!(s.outreach.tick(now).unwrap()[0].outcome, Outcome::Sent);
    assert_eq!(s.outreach.tick(now).unwrap(), []);
    assert_eq!(s.channel.keys(), ["foretell-1"]);

    let token = token(&message.link);
    let page = s.outreach.booking_page(token, now).unwrap();
    let texts: Vec<&str> = page.slots.iter().map(|slot| slot.text.as_str()).collect();
    assert_eq!(texts, ["7月16日（周四）17:00–19:00", "7月20日（周一）17:00–19:00"]);
    let start = page.slots[0].slot.start;
    let booked = s.outreach.book(token, start, now).unwrap();
    let PageState::Booked { text, booking, technician_name, .. } = booked.state else { panic!("booked") };
    assert_eq!((text.as_str(), technician_name.as_deref()), ("7月16日（周四）17:00–19:00", Some("陈军")));
    // A second tap on the same button is the same booking.
    assert!(
        matches!(s.outreach.book(token, start, now).unwrap().state, PageState::Booked { booking: b, .. } if b == booking)
    );

    let done = s.outreach.complete(booking.id, None, "chen", booking.end).unwrap();
    assert_eq!((done.len(), done[0].work.as_str(), done[0].machine.as_str()), (1, "cooler_cleaned", "s01/m002"));
    assert_eq!(s.outreach.booking_page(token, booking.end).unwrap().state, PageState::Done);
    let record = s.outreach.card(&id, now).unwrap().history;
    let lines: Vec<String> = record.iter().rev().map(|h| format!("{}: {}; {}", h.who, h.what, h.why)).collect();
    expect![[r#"
        engine: opened the case; A fault is likely.
        wang: approved the message; 
        outbox: invitation_sent; recorder
        customer: visit_booked; 2026-07-16T09:00:00Z/2026-07-16T11:00:00Z
        chen: visit_done; 2026-07-16T09:00:00Z/2026-07-16T11:00:00Z"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn a_repeated_finding_changes_nothing() {
    let s = scene();
    let first = cooler("s01/m002", Grade::Advise, Status::Opened);
    let apply = |offset, ordinal, f| s.outreach.apply(Offset(offset), ordinal, f, &context(&f.machine), wednesday());
    assert!(matches!(apply(7, 0, &first).unwrap(), Applied::Case { stage: Stage::Draft, .. }));
    assert_eq!(apply(7, 0, &first).unwrap(), Applied::Before);
    let cleared = cooler("s01/m002", Grade::Advise, Status::Cleared);
    assert!(matches!(apply(7, 1, &cleared).unwrap(), Applied::Case { stage: Stage::Cleared, .. }));
    assert_eq!(apply(7, 0, &first).unwrap(), Applied::Before);
    assert_eq!(s.outreach.queue(wednesday()).unwrap(), []);
}

#[test]
fn what_another_log_has_had_before_is_not_told_again() {
    let s = scene();
    let apply = |offset, ordinal, status| {
        let finding = cooler("s01/m002", Grade::Advise, status);
        let applied = s.outreach.apply(Offset(offset), ordinal, &finding, &context(&finding.machine), wednesday());
        matches!(applied.unwrap(), Applied::Case { .. })
    };
    assert!(apply(900, 0, Status::Opened));
    s.outreach.follow_another_log(Offset(30)).unwrap();
    assert!(!apply(2, 0, Status::Cleared) && !apply(30, 0, Status::Cleared) && !apply(30, 1, Status::Cleared));
    assert_eq!(s.outreach.queue(wednesday()).unwrap().len(), 1);
    assert!(apply(31, 0, Status::Cleared));
    assert_eq!(s.outreach.queue(wednesday()).unwrap().len(), 0);
}

#[test]
fn only_what_concerns_a_customer_becomes_a_message() {
    #[track_caller]
    fn check(fault: &str, kind: FindingKind, grade: Grade, expected: Option<Stage>) {
        let s = scene();
        let mut f = finding(&machine("s01/m002"), fault, grade, Status::Opened);
        f.kind = kind;
        let stage = match s.outreach.apply(Offset(1), 0, &f, &context(&f.machine), wednesday()).unwrap() {
            Applied::Case { stage, .. } => Some(stage),
            _ => None,
        };
        assert_eq!(stage, expected, "{fault}");
    }
    check("cooler_clogging", FindingKind::Prediction, Grade::Watch, Some(Stage::Internal));
    check("cooler_clogging", FindingKind::Prediction, Grade::Urgent, Some(Stage::Draft));
    check("high_ambient", FindingKind::Prediction, Grade::Urgent, Some(Stage::Internal));
    check("sensor_drift", FindingKind::SensorFault, Grade::Advise, Some(Stage::Internal));
    check("never_heard_of", FindingKind::Prediction, Grade::Urgent, Some(Stage::Internal));
    check("cooler_clogging", FindingKind::Observability, Grade::Advise, None);
    check("cooler_clogging", FindingKind::MaintenanceEffect, Grade::Advise, None);
}

#[test]
fn a_machine_without_a_customer_says_so() {
    let s = scene();
    let id = apply(&s.outreach, 1, &cooler("s09/m001", Grade::Advise, Status::Opened), wednesday());
    assert_eq!(s.outreach.queue(wednesday()).unwrap()[0].customer, None);
    let card = s.outreach.card(&id, wednesday()).unwrap();
    assert_eq!(card.message.unwrap_err(), Objection::about(Obstacle::NoCustomer, "s09"));
    let refused = s.outreach.approve(&id, "wang", wednesday()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "could not approve s09/m001/cooler_clogging/1: no customer is registered for the site (s09)"
    );
}

#[test]
fn not_now_is_honoured_and_then_comes_back_to_the_advisor() {
    let s = scene();
    let now = wednesday();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    let message = s.outreach.approve(&id, "wang", now).unwrap();
    s.outreach.tick(now).unwrap();
    let page = s.outreach.not_now(token(&message.link), 14, now).unwrap();
    assert_eq!(page.state, PageState::NotNow { until: at("2026-07-29T08:30:00Z"), text: "29 July".into() });
    assert_eq!(s.outreach.tick(at("2026-07-28T10:00:00Z")).unwrap(), []);
    s.outreach.tick(at("2026-07-29T10:00:00Z")).unwrap();
    assert_eq!(s.outreach.card(&id, at("2026-07-29T10:00:00Z")).unwrap().stage, Stage::Draft);
}

#[test]
fn other_times_changes_and_cancellations() {
    let s = scene();
    let now = wednesday();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    let message = s.outreach.approve(&id, "wang", now).unwrap();
    s.outreach.tick(now).unwrap();
    let token = token(&message.link);
    let wished = s.outreach.other_time(token, "Friday after lunch?", now).unwrap();
    assert_eq!(wished.state, PageState::OtherTime { wish: "Friday after lunch?".into() });
    assert_eq!(s.outreach.queue(now).unwrap()[0].remark.as_deref(), Some("Friday after lunch?"));
    let first = s.outreach.booking_page(token, now).unwrap().slots[0].slot.start;
    let booked = s.outreach.book(token, first, now).unwrap();
    assert_eq!(booked.slots.len(), 2, "there is always something to move to");
    s.outreach.reschedule(token, booked.slots[1].slot.start, now).unwrap();
    calendar(
        &s.outreach,
        token,
        expect![[r#"
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Foretell//Service//EN
        CALSCALE:GREGORIAN
        METHOD:PUBLISH
        BEGIN:VEVENT
        DESCRIPTION:Questions: Min Wang\, +86 21 5555 0101\nChange or cancel: https://service.example/b/TOKEN
        DTEND:20260720T180000Z
        DTSTAMP:20260715T083000Z
        DTSTART:20260720T160000Z
        LAST-MODIFIED:20260715T083000Z
        LOCATION:1 Foundry Lane\, Leeds
        ORGANIZER;CN="Min Wang":mailto:wang@service.example
        SEQUENCE:1
        STATUS:CONFIRMED
        SUMMARY:Foretell Service: clean the cooler\, compressor No. 2
        UID:foretell-visit-1@service.example
        END:VEVENT
        END:VCALENDAR
    "#]],
    );
    let cancelled = s.outreach.cancel(token, now).unwrap();
    let freed = cancelled.slots.iter().any(|offered| offered.text == booked.slots[1].text);
    assert_eq!((&cancelled.state, cancelled.letter_times, freed), (&PageState::Open, LetterTimes::AsWritten, true));
    calendar(
        &s.outreach,
        token,
        expect![[r#"
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Foretell//Service//EN
        CALSCALE:GREGORIAN
        METHOD:CANCEL
        BEGIN:VEVENT
        DESCRIPTION:Questions: Min Wang\, +86 21 5555 0101\nChange or cancel: https://service.example/b/TOKEN
        DTEND:20260720T180000Z
        DTSTAMP:20260715T083000Z
        DTSTART:20260720T160000Z
        LAST-MODIFIED:20260715T083000Z
        LOCATION:1 Foundry Lane\, Leeds
        ORGANIZER;CN="Min Wang":mailto:wang@service.example
        SEQUENCE:2
        STATUS:CANCELLED
        SUMMARY:Foretell Service: clean the cooler\, compressor No. 2
        UID:foretell-visit-1@service.example
        END:VEVENT
        END:VCALENDAR
    "#]],
    );
    assert!(matches!(s.outreach.cancel(token, now), Err(OutreachError::Refused { .. })));
}

#[track_caller]
fn calendar(outreach: &Outreach, token: &str, expected: Expect) {
    let file = outreach.calendar_file(token, wednesday()).unwrap();
    expected.assert_eq(&file.replace("\r\n ", "").replace("\r\n", "\n").replace(token, "TOKEN"));
}

#[test]
fn due_work_is_bundled_and_done_together() {
    let s = scene();
    let now = wednesday();
    let due = |work: &str, offset: u64, status| {
        let mut f = finding(&machine("s02/m003"), work, Grade::Advise, status);
        (f.kind, f.probability_within, f.limit) = (FindingKind::MaintenanceDue, None, None);
        f.evidence[0].feature = "run_hours_since_service".into();
        (f.evidence[0].unit, f.evidence[0].value) = ("h".into(), 3_700.0);
        apply(&s.outreach, offset, &f, now)
    };
    due("vibration_tested", 1, Status::Opened);
    assert_eq!(s.outreach.queue(now).unwrap(), [], "an inspection is no visit of its own");
    let leader = due("oil_changed", 2, Status::Opened);
    due("separator_replaced", 3, Status::Opened);
    due("oil_changed", 4, Status::Updated);
    assert_eq!(s.outreach.queue(now).unwrap().len(), 1);
    let body = s.outreach.card(&leader, now).unwrap().message.unwrap().text.body;
    assert!(
        body.contains(
            "change the oil, replace the separator element and do the periodic vibration test, all in one visit"
        ) || body.contains(
            "change the oil, do the periodic vibration test and replace the separator element, all in one visit"
        ),
        "{body}"
    );
    let message = s.outreach.approve(&leader, "wang", now).unwrap();
    s.outreach.tick(now).unwrap();
    let start = message.slots[0].start;
    s.outreach.book(token(&message.link), start, now).unwrap();
    let visit = s.outreach.visits(now, 10).unwrap().remove(0);
    assert_eq!(s.outreach.complete(visit.id, Some(12_000.0), "chen", visit.end).unwrap().len(), 3);
    assert_eq!(s.outreach.cases_of(&machine("s02/m003")).unwrap(), []);
}

#[test]
fn postponed_cases_come_back() {
    let s = scene();
    let now = wednesday();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    s.outreach.postpone(&id, at("2026-07-20T08:00:00Z"), "after their audit", "wang", now).unwrap();
    assert_eq!(s.outreach.queue(now).unwrap(), []);
    assert_eq!(s.outreach.queue(at("2026-07-20T08:00:00Z")).unwrap().len(), 1);
    apply(&s.outreach, 2, &cooler("s02/m002", Grade::Urgent, Status::Updated), now);
    assert_eq!(
        s.outreach.queue(now).unwrap()[0].remark.as_deref(),
        Some("it has become urgent since it was postponed")
    );
    assert_eq!(s.outreach.advisories().unwrap().len(), 1);
    assert_eq!(s.outreach.advisory_of(&machine("s02/m002")).unwrap().unwrap().grade, Grade::Urgent);
}

#[test]
fn a_call_ends_in_a_visit_a_new_letter_or_the_end() {
    let s = scene();
    let now = wednesday();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    s.outreach.call_instead(&id, "they prefer it", "wang", now).unwrap();
    let card = s.outreach.card(&id, now).unwrap();
    assert!(card.message.unwrap().text.body.contains("Dear Ms Baker"), "the letter helps whoever calls");
    assert_eq!(card.choices.len(), 2);

    s.outreach.called(&id, AfterCall::Again, "engaged", "wang", now).unwrap();
    assert_eq!(s.outreach.card(&id, now).unwrap().remark.as_deref(), Some("they prefer it"));
    s.outreach.called(&id, AfterCall::NewLetter, "wants it in writing", "wang", now).unwrap();
    assert_eq!(s.outreach.card(&id, now).unwrap().stage, Stage::Draft);
    s.outreach.approve(&id, "wang", now).unwrap();
    assert_eq!(s.outreach.tick(now).unwrap()[0].outcome, Outcome::Sent);

    // A letter that was asked for does not fall under the cap of letters that were not.
    s.outreach.called(&id, AfterCall::NewLetter, "lost it", "wang", now).unwrap();
    s.outreach.approve(&id, "wang", now).unwrap();
    assert_eq!(s.outreach.tick(now).unwrap()[0].outcome, Outcome::Sent);
    s.outreach.called(&id, AfterCall::Close, "sold the machine", "wang", now).unwrap();
    assert_eq!(s.outreach.card(&id, now).unwrap().stage, Stage::Cleared);
    assert!(matches!(s.outreach.called(&id, AfterCall::Again, "", "wang", now), Err(OutreachError::Refused { .. })));
}

#[test]
fn an_advisor_books_and_says_whether_the_visit_took_place() {
    let s = scene();
    let now = wednesday();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    s.outreach.call_instead(&id, "", "wang", now).unwrap();
    assert!(s.outreach.book_for(&id, now, &agreed(), "wang", now).is_err(), "not in the past");
    let visit = s.outreach.book_for(&id, at("2026-07-16T13:00:00Z"), &agreed(), "wang", now).unwrap();
    assert_eq!((visit.end, visit.technician.unwrap().id.as_str()), (at("2026-07-16T15:00:00Z"), "chen"));
    assert_eq!(s.outreach.queue(now).unwrap(), [], "nothing to do before it is over");
    assert!(s.outreach.not_done(visit.id, "", "wang", now).is_err(), "it has not begun");
    assert_eq!(s.outreach.queue(visit.end).unwrap()[0].stage, Stage::Booked);

    s.outreach.not_done(visit.id, "gate closed", "wang", visit.end).unwrap();
    let entry = s.outreach.queue(visit.end).unwrap().remove(0);
    let remark = "the visit did not take place: gate closed";
    assert_eq!((entry.stage, entry.remark.as_deref()), (Stage::Call, Some(remark)));

    let again = s.outreach.book_for(&id, at("2026-07-20T13:00:00Z"), &agreed(), "wang", visit.end).unwrap();
    let later = again.end.plus_days(2.0);
    let told = s.outreach.complete(again.id, None, "wang", later).unwrap();
    assert_eq!((told[0].ts, told[0].work.as_str()), (again.end, "cooler_cleaned"));
    assert_eq!(s.outreach.queue(later).unwrap(), []);
}
#[test]
fn the_costliest_to_leave_waiting_comes_first() {
    let s = scene();
    let mut soon = cooler("s03/m003", Grade::Advise, Status::Opened);
    soon.probability_within = soon.probability_within.map(|p| foretell_model::ProbabilityWithin { d7: 0.5, ..p });
    apply(&s.outreach, 1, &cooler("s01/m002", Grade::Advise, Status::Opened), wednesday());
    apply(&s.outreach, 2, &cooler("s02/m002", Grade::Advise, Status::Opened), wednesday());
    apply(&s.outreach, 3, &soon, wednesday());
    let order: Vec<String> = s.outreach.queue(wednesday()).unwrap().iter().map(|e| e.machine.to_string()).collect();
    assert_eq!(order, ["s03/m003", "s02/m002", "s01/m002"]);
}

#[test]
fn work_by_hours_waits_behind_whatever_may_break_however_long_it_is_overdue() {
    let s = scene();
    let mut due = finding(&machine("s02/m002"), "oil_changed", Grade::Advise, Status::Opened);
    (due.kind, due.probability_within, due.limit) = (FindingKind::MaintenanceDue, None, None);
    apply(&s.outreach, 1, &due, wednesday());
    let mut faint = cooler("s01/m002", Grade::Advise, Status::Opened);
    faint.probability_within = faint.probability_within.map(|p| foretell_model::ProbabilityWithin { d7: 0.001, ..p });
    apply(&s.outreach, 2, &faint, wednesday());
    let queue = s.outreach.queue(wednesday()).unwrap();
    let order: Vec<&str> = queue.iter().map(|entry| entry.fault.as_str()).collect();
    assert_eq!(order, ["cooler_clogging", "oil_changed"]);
    assert!(queue[0].waiting_cost > 0.0 && queue[1].waiting_cost == 0.0, "{queue:?}");
}

#[test]
fn what_is_urgent_comes_before_what_is_likely() {
    let s = scene();
    let mut likely = cooler("s02/m002", Grade::Advise, Status::Opened);
    likely.probability_within = likely.probability_within.map(|p| foretell_model::ProbabilityWithin { d7: 0.9, ..p });
    apply(&s.outreach, 1, &likely, wednesday());
    apply(&s.outreach, 2, &cooler("s01/m002", Grade::Urgent, Status::Opened), wednesday());
    assert_eq!(s.outreach.queue(wednesday()).unwrap()[0].grade, Grade::Urgent);
}
