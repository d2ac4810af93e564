//! When an approved message goes out, waits, comes back to the advisor or is never sent.

use crate::support::scene::{cooler, scene, wednesday};
use crate::support::{self, apply, at, finding, machine, token};
use expect_test::expect;
use foretell_model::{Grade, Status};
use foretell_outreach::governor::{Reason, Verdict};
use foretell_outreach::{AfterCall, Calendar, Contacting, Holidays, Language, Outcome, PageState, RecordFilter, Stage};

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
        verdict.explain(language, &Calendar::of(&customer, &Holidays::default()).unwrap(), &support::catalogue())
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
fn a_look_that_was_overtaken_is_a_clock_gone_back_unless_readings_tell_the_time() {
    #[track_caller]
    fn check(time_of_readings: bool, held: bool) {
        let dir = tempfile::tempdir().unwrap();
        let channel = std::sync::Arc::new(support::Recorder::default());
        let path = dir.path().join("service.sqlite");
        drop(support::open(dir.path(), channel.clone()));
        let options = foretell_outreach::OutreachOptions { time_of_readings, ..support::options(channel.clone()) };
        let outreach = foretell_outreach::Outreach::open(&path, options).unwrap();
        let id = apply(&outreach, 1, &cooler("s01/m002", Grade::Advise, Status::Opened), wednesday());
        outreach.tick(wednesday()).unwrap();
        // An hour earlier, within the same working day.
        let overtaken = outreach.card(&id, wednesday() + -3_600_000).unwrap().verdict.unwrap();
        assert_eq!(overtaken.reason() == Some(&Reason::ClockInDoubt), held, "{time_of_readings}: {overtaken:?}");
        // A command beside a rehearsal goes by its time, and knows of the rehearsal by nothing but its state.
        let (beside, wall) = (support::open(dir.path(), channel), wednesday().plus_days(100.0));
        assert_eq!(beside.time_beside(wall).unwrap(), if time_of_readings { wednesday() } else { wall });
    }
    check(false, true);
    check(true, false);
}

#[test]
fn urgent_breaks_quiet_hours_but_not_an_opt_out() {
    let s = scene();
    let night = at("2026-07-17T15:00:00Z");
    let id = apply(&s.outreach, 1, &cooler("s01/m002", Grade::Urgent, Status::Opened), night);
    let message = s.outreach.approve(&id, "wang", night).unwrap();
    assert_eq!(s.outreach.tick(night).unwrap()[0].outcome, Outcome::Sent);
    assert_eq!(s.outreach.stop(token(&message.link), night).unwrap().state, PageState::Stopped);

    let mut other = finding(&machine("s01/m002"), "separator_clogging", Grade::Urgent, Status::Opened);
    s.outreach.close(&id, "told by telephone", "wang", night).unwrap();
    let later = at("2026-09-16T02:00:00Z");
    other.at = later;
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
fn a_customer_has_rules_of_its_own_where_the_house_is_told_so() {
    let s = scene();
    let mut acme = s.outreach.customer("acme").unwrap().unwrap();
    acme.contacting = Contacting { customer_messages_max: Some(1), customer_span_days: Some(14), ..acme.contacting };
    s.outreach.register_customer(&acme, "test", wednesday()).unwrap();
    for (n, own) in ["s02/m002", "s03/m003"].iter().enumerate() {
        let id = apply(&s.outreach, n as u64 + 1, &cooler(own, Grade::Advise, Status::Opened), wednesday());
        s.outreach.approve(&id, "wang", wednesday()).unwrap();
    }
    let outcomes: Vec<Outcome> = s.outreach.tick(wednesday()).unwrap().into_iter().map(|t| t.outcome).collect();
    let Outcome::Held { until, reason } = &outcomes[1] else { panic!("{outcomes:?}") };
    assert_eq!((&outcomes[0], reason), (&Outcome::Sent, &Reason::CustomerCap { messages: 1, days: 14 }));
    assert_eq!(*until, wednesday().plus_days(14.0));
    acme.contacting.customer_span_days = Some(0);
    let refused = s.outreach.register_customer(&acme, "test", wednesday()).unwrap_err().to_string();
    assert!(refused.contains("`contacting.customer_span_days` is a number from 1 to 3650"), "{refused}");
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
    // Whoever mends a text is told of everything at once.
    let all = draft.text.body.replace("Monday 20 July, 17:00–19:00", "Monday").replace(&draft.link, "");
    assert_eq!(
        edit(&format!("{all}\nWith a discount, as at 华新纺织.")).unwrap_err(),
        "the text may not go to a customer: `discount` (selling); `华新纺织` is another customer; \
         the link to the customer's page must stay in the text; \
         the time `Monday 20 July, 17:00–19:00` must stay in the text"
    );
    for (added, expected) in [
        ("It will trip on 14 July at 14:32.", "`14 July at 14:32` is more precise than the forecast"),
        ("Please send us the operating log as well.", "a second request: `Please send us the operating log as well`"),
        ("Your colleague was at 华新纺织 too.", "`华新纺织` is another customer"),
        ("Our own technician is on sick leave.", "`sick leave` (staff matters)"),
        ("Happy birthday by the way.", "`birthday` (private matters)"),
    ] {
        let refused = edit(&format!("{}\n{added}", draft.text.body)).unwrap_err();
        assert_eq!(refused, format!("the text may not go to a customer: {expected}"));
    }
    // What was noted for colleagues stays with them.
    s.outreach.set_stage("acme", None, "Sounded annoyed on the telephone", "wang", now).unwrap();
    let note = edit(&format!("{}\nYou sounded annoyed on the telephone.", draft.text.body)).unwrap_err();
    assert_eq!(note, "the text may not go to a customer: `Sounded annoyed on the telephone` is a note for colleagues");
    // To offer help, and to say how we can be reached, is no request.
    edit(&format!("{}\nAny questions? Please call me. Acme is never far away.", draft.text.body)).unwrap();
    assert_eq!(
        edit("See https://elsewhere.example").unwrap_err(),
        "the text may not go to a customer: the link to the customer's page must stay in the text; \
         the time `Thursday 16 July, 17:00–19:00` must stay in the text; \
         the time `Monday 20 July, 17:00–19:00` must stay in the text"
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
fn letters_about_a_trusted_fault_need_no_click_and_others_do() {
    let dir = tempfile::tempdir().unwrap();
    let channel = std::sync::Arc::new(support::Recorder::default());
    drop(support::open(dir.path(), channel.clone()));
    let auto_approve = std::iter::once("cooler_clogging".to_owned()).collect();
    let options = foretell_outreach::OutreachOptions { auto_approve, ..support::options(channel) };
    let outreach = foretell_outreach::Outreach::open(&dir.path().join("service.sqlite"), options).unwrap();
    let now = wednesday();
    let other = finding(&machine("s01/m002"), "separator_clogging", Grade::Advise, Status::Opened);
    apply(&outreach, 1, &other, now);
    assert_eq!(outreach.tick(now).unwrap(), []);
    apply(&outreach, 2, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    let sent = outreach.tick(now).unwrap();
    assert_eq!(sent.iter().map(|ticked| ticked.outcome.clone()).collect::<Vec<_>>(), [Outcome::Sent]);
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

#[test]
fn what_expired_while_it_waited_is_set_aside_and_the_card_says_why() {
    #[track_caller]
    fn check(later_days: f64, sent: bool, expected: &str) {
        let s = scene();
        let now = wednesday();
        // By 2099 no such finding would be of this life; 40 days on its last day, the 28th, is over; 5 days on it is not.
        let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
        s.outreach.approve(&id, "wang", now).unwrap();
        let later = now.plus_days(later_days);
        let outcomes: Vec<_> = s.outreach.tick(later).unwrap().into_iter().map(|tick| tick.outcome).collect();
        assert_eq!(s.channel.keys().len(), usize::from(sent), "{outcomes:?}");
        let card = s.outreach.card(&id, later).unwrap();
        if sent {
            return assert_eq!((card.stage, outcomes), (Stage::Contacted, vec![Outcome::Sent]));
        }
        assert_eq!(outcomes, [Outcome::Dropped(expected.to_owned())]);
        assert_eq!((card.stage, card.remark.as_deref()), (Stage::Call, Some(expected)));
        let record = s.outreach.record(&RecordFilter { max: 1_000, ..RecordFilter::default() }).unwrap();
        assert!(record.iter().any(|entry| entry.what == "dropped the message" && entry.why == expected));
        // It stays there: nothing goes out at a later look either.
        s.outreach.tick(later + 86_400_000).unwrap();
        assert_eq!(s.channel.keys(), [""; 0]);
    }
    check(5.0, true, "");
    check(40.0, false, "the time that the message forecasts is over");
    check(26_500.0, false, "the link in the message has expired");
}
