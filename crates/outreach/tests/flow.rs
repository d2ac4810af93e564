//! From a finding to a finished visit, and every way in which it can end otherwise.
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

mod support;

use std::sync::Arc;

use expect_test::{Expect, expect};
use foretell_model::{FindingKind, Grade, Objection, Obstacle, Offset, Status, Timestamp};
use foretell_outreach::governor::{Reason, Verdict};
use foretell_outreach::{
    AfterCall, Applied, Calendar, DeliveryError, Language, Outcome, Outreach, OutreachError, PageState, Stage,
};
use support::{Recorder, apply, at, context, finding, machine, open, token};

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

/// Wednesday, 16:30 in China and 09:30 in London.
fn wednesday() -> Timestamp {
    at("2026-07-15T08:30:00Z")
}

fn cooler(machine_id: &str, grade: Grade, status: Status) -> foretell_model::Finding {
    finding(&machine(machine_id), "cooler_clogging", grade, status)
}

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
    let PageState::Booked { text, booking, technician_name } = booked.state else { panic!("booked") };
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
fn quiet_hours_hold_and_a_cleared_fault_is_never_sent() {
    let s = scene();
    let friday_night = at("2026-07-17T13:00:00Z");
    let id = apply(&s.outreach, 1, &cooler("s01/m002", Grade::Advise, Status::Opened), friday_night);
    s.outreach.approve(&id, "wang", friday_night).unwrap();
    let held = s.outreach.tick(friday_night).unwrap();
    let monday = at("2026-07-20T00:00:00Z");
    assert_eq!(held[0].outcome, Outcome::Held { until: monday, reason: Reason::QuietHours });
    let verdict = s.outreach.card(&id, friday_night).unwrap().verdict.unwrap();
    let explain = |language| {
        let customer = s.outreach.customer("huaxin").unwrap().unwrap();
        verdict.explain(language, &Calendar::of(&customer).unwrap(), &support::catalogue())
    };
    assert_eq!(explain(Language::En), "held until Monday 20 July 08:00: quiet hours");
    assert_eq!(explain(Language::ZhCn), "暂缓到7月20日（周一）08:00发出：对方休息时间");
    apply(&s.outreach, 2, &cooler("s01/m002", Grade::Advise, Status::Cleared), friday_night);
    assert_eq!(s.outreach.tick(at("2026-07-20T01:00:00Z")).unwrap(), []);
    assert_eq!(s.channel.keys(), [""; 0]);
}

#[test]
fn a_held_message_goes_out_in_the_morning_with_times_that_still_hold() {
    let s = scene();
    let friday_night = at("2026-07-17T13:00:00Z");
    let id = apply(&s.outreach, 1, &cooler("s01/m002", Grade::Advise, Status::Opened), friday_night);
    let message = s.outreach.approve(&id, "wang", friday_night).unwrap();
    s.outreach.tick(friday_night).unwrap();
    let monday = at("2026-07-20T00:00:00Z");
    assert_eq!(s.outreach.tick(monday).unwrap()[0].outcome, Outcome::Sent);
    let sent = s.channel.parcels.lock().unwrap()[0].body.clone();
    let page = s.outreach.booking_page(token(&message.link), monday).unwrap();
    for slot in page.slots {
        assert!(slot.slot.start > monday && sent.contains(&slot.text), "{} in {sent}", slot.text);
    }
}

#[test]
fn urgent_breaks_quiet_hours_but_not_an_opt_out() {
    let s = scene();
    let night = at("2026-07-17T15:00:00Z");
    let id = apply(&s.outreach, 1, &cooler("s01/m002", Grade::Urgent, Status::Opened), night);
    let message = s.outreach.approve(&id, "wang", night).unwrap();
    assert_eq!(s.outreach.tick(night).unwrap()[0].outcome, Outcome::Sent);
    assert_eq!(s.outreach.stop(token(&message.link), night).unwrap().state, PageState::Stopped);

    let other = finding(&machine("s01/m002"), "separator_clogging", Grade::Urgent, Status::Opened);
    s.outreach.close(&id, "told by telephone", "wang", night).unwrap();
    let later = at("2026-09-16T02:00:00Z");
    let id = apply(&s.outreach, 2, &other, later);
    s.outreach.approve(&id, "wang", later).unwrap();
    assert_eq!(s.outreach.tick(later).unwrap()[0].outcome, Outcome::Refused(Reason::OptedOut));
    let dropped = "the customer wants no such messages on this channel";
    assert_eq!(s.outreach.queue(later).unwrap()[0].remark.as_deref(), Some(dropped));

    // The customer may undo it, by the page or on the telephone, and nobody else.
    assert!(s.outreach.opt_in("huaxin", "email", " ", "wang", later).is_err(), "on whose word?");
    s.outreach.opt_in("huaxin", "email", "Mr Li asked for it on the telephone", "wang", later).unwrap();
    assert!(s.outreach.opt_in("huaxin", "email", "again", "wang", later).is_err(), "nothing is stopped");
    s.outreach.opt_out("huaxin", "email", "", "wang", later).unwrap();
    assert_eq!(s.outreach.opt_outs("huaxin").unwrap(), [("email".to_owned(), later)]);
    s.outreach.resume(token(&message.link), later).unwrap();
    assert_eq!(s.outreach.opt_outs("huaxin").unwrap(), []);
    s.outreach.called(&id, AfterCall::NewLetter, "yes please", "wang", later).unwrap();
    s.outreach.approve(&id, "wang", later).unwrap();
    assert_eq!(s.outreach.tick(later).unwrap()[0].outcome, Outcome::Sent);
}

#[test]
fn one_open_case_holds_another_and_the_cap_comes_after_it() {
    let s = scene();
    let now = wednesday();
    let first = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    let other = finding(&machine("s02/m002"), "separator_clogging", Grade::Advise, Status::Opened);
    let second = apply(&s.outreach, 2, &other, now);
    for id in [&first, &second] {
        s.outreach.approve(id, "wang", now).unwrap();
    }
    let outcomes: Vec<Outcome> = s.outreach.tick(now).unwrap().into_iter().map(|t| t.outcome).collect();
    assert_eq!(outcomes[0], Outcome::Sent);
    let held = s.outreach.card(&second, now).unwrap();
    let cap = Reason::MachineCap { days: 30 };
    assert_eq!(held.verdict, Some(Verdict::Hold { until: at("2026-08-14T08:30:00Z"), reason: cap.clone() }));
    assert!(matches!(&outcomes[1], Outcome::Held { reason, .. } if *reason == cap), "{outcomes:?}");

    // Its fault is likely from 29 July on: what our own rule would hold beyond that becomes a call a week before.
    s.outreach.tick(at("2026-07-22T07:00:00Z")).unwrap();
    assert_eq!(s.outreach.card(&second, now).unwrap().stage, Stage::Queued);
    s.outreach.tick(at("2026-07-22T08:00:00Z")).unwrap();
    let card = s.outreach.card(&second, at("2026-07-22T08:00:00Z")).unwrap();
    let remark = "waiting would take too long, better call: one message per machine in 30 days";
    assert_eq!((card.stage, card.remark.as_deref()), (Stage::Call, Some(remark)));
}

#[test]
fn unanswered_gets_one_reminder_then_a_call() {
    let s = scene();
    let now = wednesday();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    s.outreach.approve(&id, "wang", now).unwrap();
    let mut told = Vec::new();
    for hour in 0..24 * 30 {
        let t = now + hour * 3_600_000;
        told.extend(s.outreach.tick(t).unwrap().into_iter().map(|tick| format!("{t} {:?}", tick.outcome)));
    }
    expect![[r#"
        2026-07-15T08:30:00Z Sent
        2026-07-20T08:30:00Z Reminded
        2026-07-20T08:30:00Z Sent
        2026-07-23T08:30:00Z CallDue"#]]
    .assert_eq(&told.join("\n"));
    assert_eq!(s.channel.keys(), ["foretell-1", "foretell-2"]);
    assert_eq!(s.outreach.card(&id, now).unwrap().stage, Stage::Call);
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
    assert_eq!(
        s.outreach.queue(now).unwrap()[0].remark.as_deref(),
        Some("the customer wishes another time: Friday after lunch?")
    );
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
    assert_eq!(s.outreach.cancel(token, now).unwrap().state, PageState::Open);
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
fn edited_texts_obey_the_same_rules() {
    let s = scene();
    let now = wednesday();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    let draft = s.outreach.card(&id, now).unwrap().message.unwrap();
    let edit = |body: &str| s.outreach.edit(&id, "Compressor No. 2", body, "wang", now).map_err(|e| e.to_string());
    let bad = format!("{} With a discount, and it fails in 17.9 days!", draft.text.body);
    assert_eq!(
        edit(&bad).unwrap_err(),
        "the text may not go to a customer: `discount` (selling); an exclamation mark; `17.9` is more precise than the forecast"
    );
    assert_eq!(
        edit("See https://elsewhere.example").unwrap_err(),
        "could not edit the message of s02/m002/cooler_clogging/1: the link to the customer's page must stay in the text"
    );
    assert_eq!(
        edit(&draft.text.body.replace("Monday 20 July, 17:00–19:00", "Monday")).unwrap_err(),
        "could not edit the message of s02/m002/cooler_clogging/1: the time `Monday 20 July, 17:00–19:00` must stay in the text"
    );
    let good = draft.text.body.replace("Dear Ms Baker", "Dear Jane");
    edit(&good).unwrap();
    s.outreach.approve(&id, "wang", now).unwrap();
    s.outreach.tick(now).unwrap();
    assert_eq!(s.channel.parcels.lock().unwrap()[0].body, good);
}

#[test]
fn the_costliest_to_leave_waiting_comes_first() {
    let s = scene();
    let mut soon = cooler("s02/m003", Grade::Advise, Status::Opened);
    soon.probability_within = soon.probability_within.map(|p| foretell_model::ProbabilityWithin { d7: 0.5, ..p });
    apply(&s.outreach, 1, &cooler("s01/m002", Grade::Advise, Status::Opened), wednesday());
    apply(&s.outreach, 2, &cooler("s02/m002", Grade::Advise, Status::Opened), wednesday());
    apply(&s.outreach, 3, &soon, wednesday());
    let order: Vec<String> = s.outreach.queue(wednesday()).unwrap().iter().map(|e| e.machine.to_string()).collect();
    assert_eq!(order, ["s02/m003", "s02/m002", "s01/m002"]);
}

#[test]
fn deliveries_that_fail() {
    let s = scene();
    let now = wednesday();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    s.outreach.approve(&id, "wang", now).unwrap();
    s.channel.failures.lock().unwrap().push(DeliveryError::Temporary("450 busy".into()));
    let Outcome::Retry { at: retry, reason } = s.outreach.tick(now).unwrap().remove(0).outcome else {
        panic!("no retry")
    };
    assert_eq!(reason, "not delivered for now: 450 busy");
    assert!((now + 120_000..=now + 150_000).contains(&retry), "two minutes and up to a quarter: {retry}");
    let waiting = s.outreach.card(&id, now).unwrap().message.unwrap();
    assert_eq!(
        (waiting.next_attempt, waiting.reason.as_deref()),
        (Some(retry), Some("not delivered for now: 450 busy"))
    );
    assert_eq!(s.outreach.tick(retry + -1).unwrap(), []);
    s.channel.failures.lock().unwrap().push(DeliveryError::Unknown("connection reset after the text".into()));
    let outcome = s.outreach.tick(retry).unwrap().remove(0).outcome;
    let remark =
        "the message could not be delivered: it is not known whether it arrived: connection reset after the text";
    assert_eq!(outcome, Outcome::ForAdvisor(remark.into()));
    assert_eq!(s.outreach.tick(retry + 86_400_000).unwrap(), [], "never tried again by itself");
    let retry = retry + 86_400_000;
    let message = s.outreach.card(&id, retry).unwrap().message.unwrap().id;
    s.outreach.resolve_delivery(message, false, "wang", retry).unwrap();
    s.outreach.approve(&id, "wang", retry).unwrap();
    assert_eq!(s.outreach.tick(retry).unwrap()[0].outcome, Outcome::Sent);
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
            "change the oil, replace the separator element and do the long-range vibration test, all in one visit"
        ) || body.contains(
            "change the oil, do the long-range vibration test and replace the separator element, all in one visit"
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
fn automatic_approval_is_off_until_asked_for() {
    let s = scene();
    let now = wednesday();
    apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    assert_eq!(s.outreach.tick(now).unwrap(), []);
    let mut customer = s.outreach.customer("acme").unwrap().unwrap();
    customer.auto_approve = true;
    assert!(s.outreach.register_customer(&customer, "wang", now).unwrap());
    assert!(!s.outreach.register_customer(&customer, "wang", now).unwrap());
    assert_eq!(s.outreach.tick(now).unwrap()[0].outcome, Outcome::Sent);
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
fn an_edited_text_whose_times_are_gone_comes_back_to_the_advisor() {
    let s = scene();
    let friday_night = at("2026-07-17T20:00:00Z");
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), friday_night);
    let draft = s.outreach.card(&id, friday_night).unwrap().message.unwrap();
    let body = draft.text.body.replace("Dear Ms Baker", "Dear Jane");
    s.outreach.edit(&id, &draft.text.subject, &body, "wang", friday_night).unwrap();
    s.outreach.approve(&id, "wang", friday_night).unwrap();
    // A long holiday of ours: by the time the message may go out, its first time has passed.
    let later = at("2026-07-21T08:00:00Z");
    assert!(matches!(s.outreach.tick(later).unwrap()[0].outcome, Outcome::ForAdvisor(_)));
    let fresh = s.outreach.card(&id, later).unwrap();
    let message = fresh.message.unwrap();
    assert_eq!((fresh.stage, message.edited), (Stage::Draft, false));
    assert!(message.text.body.contains("Dear Ms Baker") && message.slots.iter().all(|slot| slot.start > later));
    s.outreach.approve(&id, "wang", later).unwrap();
    assert_eq!(s.outreach.tick(later).unwrap()[0].outcome, Outcome::Sent);
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
    assert!(s.outreach.book_for(&id, now, "wang", now).is_err(), "not in the past");
    let visit = s.outreach.book_for(&id, at("2026-07-16T13:00:00Z"), "wang", now).unwrap();
    assert_eq!((visit.end, visit.technician.unwrap().id.as_str()), (at("2026-07-16T15:00:00Z"), "chen"));
    assert_eq!(s.outreach.queue(now).unwrap(), [], "nothing to do before it is over");
    assert!(s.outreach.not_done(visit.id, "", "wang", now).is_err(), "it has not begun");
    assert_eq!(s.outreach.queue(visit.end).unwrap()[0].stage, Stage::Booked);

    s.outreach.not_done(visit.id, "gate closed", "wang", visit.end).unwrap();
    let entry = s.outreach.queue(visit.end).unwrap().remove(0);
    let remark = "the visit did not take place: gate closed";
    assert_eq!((entry.stage, entry.remark.as_deref()), (Stage::Call, Some(remark)));

    let again = s.outreach.book_for(&id, at("2026-07-20T13:00:00Z"), "wang", visit.end).unwrap();
    let later = again.end.plus_days(2.0);
    let told = s.outreach.work_of_visit(again.id, later).unwrap();
    assert_eq!((told[0].ts, told[0].work.as_str()), (again.end, "cooler_cleaned"));
    assert_eq!(s.outreach.complete(again.id, None, "wang", later).unwrap(), told);
    assert_eq!(s.outreach.queue(later).unwrap(), []);
}

#[test]
fn a_letter_read_late_says_that_its_times_have_passed() {
    let s = scene();
    let now = wednesday();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    let message = s.outreach.approve(&id, "wang", now).unwrap();
    s.outreach.tick(now).unwrap();
    assert!(!s.outreach.booking_page(token(&message.link), now).unwrap().times_changed);
    let page = s.outreach.booking_page(token(&message.link), at("2026-07-21T10:00:00Z")).unwrap();
    assert!(page.times_changed && page.slots.len() == 2);
}

#[test]
fn no_time_is_offered_within_a_working_day_of_the_letter() {
    let s = scene();
    // Friday, 22:00 in England: the letter can arrive on Monday at 08:00.
    let friday_night = at("2026-07-17T21:00:00Z");
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), friday_night);
    let slots = s.outreach.card(&id, friday_night).unwrap().message.unwrap().slots;
    assert!(slots[0].start >= at("2026-07-21T07:00:00Z"), "{slots:?}");
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

#[test]
fn figures_that_move_a_little_leave_the_offered_times_alone() {
    let s = scene();
    let now = wednesday();
    let mut finding = cooler("s02/m002", Grade::Advise, Status::Opened);
    let id = apply(&s.outreach, 1, &finding, now);
    let slots = |now| s.outreach.card(&id, now).unwrap().message.unwrap().slots;
    let before = slots(now);
    (finding.status, finding.likelihood) = (Status::Updated, 0.93);
    apply(&s.outreach, 2, &finding, now);
    let second = now + 1_000;
    assert_eq!(slots(second), before);
}
