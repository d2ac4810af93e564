//! Ways to a customer and back: which channel a letter takes, what replies do, messages of unknown fate, and
//! controllers that trip.

use crate::support::roads::{Scene, now, scene};
use crate::support::{self, apply, finding, machine};
use foretell_model::{FindingId, Grade, HOUR_MS, MINUTE_MS, Reply, Status, Timestamp};
use foretell_outreach::{AlarmHeard, OutreachError, RecordFilter, Registry, ReplyHeard, Source, Stage, TripRules};

fn by_sms(id: &str, text: &str) -> Reply {
    Reply {
        id: id.into(),
        medium: Some("sms".into()),
        address: Some("447700900123".into()),
        text: text.into(),
        ..Reply::default()
    }
}

#[test]
fn a_letter_takes_the_way_that_the_customer_prefers_and_has_not_stopped() {
    #[track_caller]
    fn check(prepare: impl FnOnce(&Scene), expected: &[&str]) {
        let s = scene();
        prepare(&s);
        s.sent();
        assert_eq!(s.media(), expected);
    }
    check(|_| {}, &["sms"]);
    check(|s| s.customer(|customer| customer.channels.clear()), &["email"]);
    check(|s| s.customer(|customer| drop(customer.addresses.remove("sms"))), &["email"]);
    check(|s| s.outreach.opt_out("acme", "sms", "said so", "wang", now()).unwrap(), &["email"]);
    check(
        |s| {
            for medium in ["sms", "email"] {
                s.outreach.opt_out("acme", medium, "said so", "wang", now()).unwrap();
            }
        },
        &[],
    );
}

#[test]
fn a_short_text_has_the_link_for_those_who_read_it_on_a_telephone() {
    let s = scene();
    let (_, _, link) = s.sent();
    let parcel = s.out.lock().unwrap()[0].1.clone();
    assert_eq!(parcel.to, "+44 7700 900123");
    assert!(parcel.short.contains("No. 2") && parcel.short.ends_with(&link), "{}", parcel.short);
}

#[test]
fn a_reply_is_kept_once_and_waits_for_the_advisor() {
    let s = scene();
    let (id, message, _) = s.sent();
    let kept = ReplyHeard::Kept { customer: "acme".into(), case: Some(id.to_string()) };
    assert_eq!(s.reply(by_sms("a", "Rather Thursday at noon")).unwrap(), kept);
    assert_eq!(s.reply(by_sms("a", "Rather Thursday at noon")).unwrap(), ReplyHeard::Before);
    assert_eq!(s.remark(&id), (Stage::Call, "the customer replied: Rather Thursday at noon".into()));
    // By the message's key as well, with a word that hints at displeasure.
    let named = Reply { message: Some(format!("foretell-{message}")), ..by_sms("b", "This is the third time!") };
    assert_eq!(s.reply(Reply { address: None, medium: None, ..named }).unwrap(), kept);
    let hints = s.outreach.stage_hints("acme").unwrap();
    assert_eq!(hints.len(), 1, "{hints:?}");
    let contacts = s.outreach.card(&id, now()).unwrap().contacts;
    let said: Vec<&str> = contacts.iter().filter(|c| c.what == "replied").map(|c| c.why.as_str()).collect();
    assert_eq!(said, ["sms: This is the third time!", "sms: Rather Thursday at noon"]);
    // No reminder goes to somebody who has answered.
    s.outreach.tick(now().plus_days(10.0)).unwrap();
    assert_eq!(s.media(), ["sms"]);
}

/// A technician would be sent, and whoever has the machine now would read on its page what somebody else wrote.
#[test]
fn whoever_had_a_machine_before_speaks_for_it_no_more() {
    for names_the_letter in [true, false] {
        let s = scene();
        let (id, message, _) = s.sent();
        let sold = support::REGISTRY.replacen("\"s02\"\ncustomer = \"acme\"", "\"s02\"\ncustomer = \"huaxin\"", 1);
        s.outreach.import(&Registry::from_toml(&sold).unwrap(), "test", now()).unwrap();
        s.customer(|customer| drop(customer.addresses.insert("sms".into(), "+44 7700 900123".into())));
        let before = s.remark(&id);
        let message = names_the_letter.then(|| format!("foretell-{message}"));
        s.reply(Reply { message, ..by_sms("a", "It has stopped. Can somebody come?") }).unwrap();
        // The one machine that is left to them.
        let open = s.outreach.service_cases().unwrap();
        assert_eq!(open.iter().map(|case| case.machine.as_str()).collect::<Vec<_>>(), ["s03/m003"]);
        assert_eq!(s.remark(&id), before);
    }
}

#[test]
fn a_reply_to_a_booked_visit_is_read_and_the_visit_stands() {
    let s = scene();
    let (id, _, link) = s.sent();
    let page = s.outreach.booking_page(&link, now()).unwrap();
    s.outreach.book(&link, page.slots[0].slot.start, now()).unwrap();
    assert_eq!(s.outreach.queue(now()).unwrap().len(), 0);
    s.reply(by_sms("a", "Please ring at gate 2")).unwrap();
    assert_eq!(s.remark(&id), (Stage::Booked, "the customer replied: Please ring at gate 2".into()));
    assert_eq!(s.outreach.queue(now()).unwrap().len(), 1, "it waits in the queue");
    s.outreach.note_reply(&id, "wang", now()).unwrap();
    assert_eq!((s.outreach.queue(now()).unwrap().len(), s.outreach.visits(now(), 9).unwrap().len()), (0, 1));
    assert!(matches!(s.outreach.note_reply(&id, "wang", now()), Err(OutreachError::Refused { .. })));
}

#[test]
fn a_reply_after_the_job_reaches_the_advisor_and_what_is_broken_opens_a_case() {
    /// What a customer writes, where the case is then and why, and what the advisor may do: only read it, or call.
    #[track_caller]
    fn check(text: &str, expected: (Stage, &str), may_be_noted: bool, broken: &[&str]) {
        let s = scene();
        let (id, _, link) = s.sent();
        let page = s.outreach.booking_page(&link, now()).unwrap();
        s.outreach.book(&link, page.slots[0].slot.start, now()).unwrap();
        let visit = s.outreach.visits(now(), 1).unwrap().remove(0);
        s.outreach.complete(visit.id, None, "chen", visit.end).unwrap();
        let t = visit.end.plus_days(1.0);
        s.outreach.take_reply("gateway", &by_sms("a", text), t).unwrap();
        let card = s.outreach.card(&id, t).unwrap();
        assert_eq!((card.stage, card.remark.as_deref().unwrap_or_default()), expected, "{text}");
        assert_eq!(s.outreach.queue(t).unwrap().len(), usize::from(expected.0 == Stage::Call), "{text}");
        let cases = s.outreach.service_cases().unwrap();
        let said: Vec<(&str, Source)> = cases.iter().map(|case| (case.what.as_str(), case.source)).collect();
        assert_eq!(said, broken.iter().map(|what| (*what, Source::Reply)).collect::<Vec<_>>());
        assert_eq!(s.outreach.note_reply(&id, "wang", t).is_ok(), may_be_noted, "{text}");
        if may_be_noted {
            assert_eq!((s.outreach.queue(t).unwrap().len(), s.remark(&id).0), (0, Stage::Done), "{text}");
        }
    }
    let thanks = "Thank you, all is well";
    check(thanks, (Stage::Call, "the customer replied after the visit: Thank you, all is well"), true, &[]);
    let sad = "I am disappointed, it is as hot as before";
    let remark = "the customer is not happy after the visit: I am disappointed, it is as hot as before";
    check(sad, (Stage::Call, remark), false, &[]);
    let stopped = "It tripped again this morning";
    check(stopped, (Stage::Done, ""), false, &[stopped]);
    check("又坏了，快来看看", (Stage::Done, ""), false, &["又坏了，快来看看"]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a stage after the other")]
fn a_machine_that_stands_still_opens_a_service_case_whatever_is_being_answered() {
    const SAID: &str = "It has stopped. Can somebody come?";
    /// Where the case stood when the customer wrote, where it stands then, and whether the words wait there for an answer.
    #[track_caller]
    fn check(prepare: impl FnOnce(&Scene) -> FindingId, before: Stage, after: Stage, waits: bool) {
        let s = scene();
        let id = prepare(&s);
        assert_eq!(s.outreach.card(&id, now()).unwrap().stage, before);
        // It names a message where the case has one that has not gone out, e.g. because a person sent it.
        let message =
            s.outreach.card(&id, now()).unwrap().message.ok().map(|message| format!("foretell-{}", message.id));
        let (_, was) = s.remark(&id);
        s.reply(Reply { message, ..by_sms("a", SAID) }).unwrap();
        let open = s.outreach.service_cases().unwrap();
        let said: Vec<_> = open.iter().map(|case| (case.machine.as_str(), case.what.as_str(), case.source)).collect();
        assert_eq!(said, [("s02/m002", SAID, Source::Reply)], "{before:?}");
        let heard = now() + HOUR_MS;
        assert_eq!(open[0].call_back_due, heard + 20 * MINUTE_MS, "{before:?}");
        let remark = if waits { format!("the customer replied: {SAID}") } else { was };
        assert_eq!(s.remark(&id), (after, remark), "{before:?}");
    }
    let said = |s: &Scene, offset: u64, fault: &str, grade: Grade| {
        let case = finding(&machine("s02/m002"), fault, grade, Status::Opened);
        apply(&s.outreach, offset, &case, now())
    };
    let booked = |s: &Scene| {
        let (id, _, link) = s.sent();
        let page = s.outreach.booking_page(&link, now()).unwrap();
        s.outreach.book(&link, page.slots[0].slot.start, now()).unwrap();
        id
    };
    let sent = |s: &Scene| s.sent().0;
    check(|s| said(s, 1, "cooler_clogging", Grade::Advise), Stage::Draft, Stage::Draft, true);
    check(
        |s| {
            let id = said(s, 1, "cooler_clogging", Grade::Advise);
            s.outreach.approve(&id, "wang", now()).unwrap();
            id
        },
        Stage::Queued,
        Stage::Call,
        true,
    );
    check(sent, Stage::Contacted, Stage::Call, true);
    check(booked, Stage::Booked, Stage::Booked, true);
    check(
        |s| {
            let (id, _, link) = s.sent();
            s.outreach.not_now(&link, 30, now()).unwrap();
            id
        },
        Stage::NotNow,
        Stage::Call,
        true,
    );
    check(
        |s| {
            let id = sent(s);
            s.outreach.call_instead(&id, "wishes it", "wang", now()).unwrap();
            id
        },
        Stage::Call,
        Stage::Call,
        true,
    );
    check(
        |s| {
            let id = said(s, 1, "cooler_clogging", Grade::Advise);
            s.outreach.postpone(&id, now().plus_days(9.0), "later", "wang", now()).unwrap();
            id
        },
        Stage::Postponed,
        Stage::Postponed,
        true,
    );
    check(
        |s| {
            let id = sent(s);
            s.outreach.close(&id, "sold", "wang", now()).unwrap();
            id
        },
        Stage::Cleared,
        Stage::Cleared,
        false,
    );
    check(
        |s| {
            let id = booked(s);
            let visit = s.outreach.visits(now(), 1).unwrap().remove(0);
            s.outreach.complete(visit.id, None, "chen", visit.end).unwrap();
            id
        },
        Stage::Done,
        Stage::Done,
        false,
    );
}

#[test]
fn a_stop_word_stops_that_channel_at_once_and_no_other() {
    let s = scene();
    let (id, _, _) = s.sent();
    let stopped = ReplyHeard::Stopped { customer: "acme".into(), medium: "sms".into() };
    assert_eq!(s.reply(by_sms("a", "STOP")).unwrap(), stopped);
    assert_eq!(s.remark(&id).0, Stage::Call);
    let media: Vec<String> = s.outreach.opt_outs("acme").unwrap().into_iter().map(|(medium, _)| medium).collect();
    assert_eq!(media, ["sms"]);
    // A sentence with the word in it is for a person to read.
    assert!(matches!(s.reply(by_sms("b", "Please stop by on Friday")).unwrap(), ReplyHeard::Kept { .. }));
}

#[test]
fn a_reply_of_nobody_is_not_guessed_at() {
    let s = scene();
    #[track_caller]
    fn check(s: &Scene, reply: Reply, expected: &str) {
        assert_eq!(s.reply(reply).unwrap_err().to_string(), expected);
    }
    let unknown = Reply { address: Some("+44 7700 900999".into()), ..by_sms("a", "yes") };
    check(&s, unknown, "there is no conversation `+44 7700 900999`");
    check(&s, Reply { message: Some("foretell-99".into()), ..by_sms("a", "yes") }, "there is no message `99`");
    check(&s, by_sms("", "yes"), "could not take a reply: its `id` has 1 to 200 bytes");
    check(&s, by_sms("a", "  \n"), "could not take a reply: it has no words");
    // Two customers at one number.
    let mut other = s.outreach.customer("huaxin").unwrap().unwrap();
    other.addresses.insert("sms".into(), "07700900123".into());
    s.outreach.register_customer(&other, "test", now()).unwrap();
    check(
        &s,
        Reply { address: Some("7700900123".into()), ..by_sms("a", "yes") },
        "there is no conversation `7700900123`",
    );
    // Nothing of it was kept: once the customer is known, the same reply counts.
    let known = Reply { customer: Some("acme".into()), ..by_sms("a", "yes") };
    assert!(matches!(s.reply(known).unwrap(), ReplyHeard::Kept { .. }));
}

#[test]
fn a_letter_on_mqtt_stands_until_it_is_answered() {
    let s = scene();
    s.customer(|customer| {
        customer.addresses.insert("mqtt".into(), "display".into());
        customer.channels = vec!["mqtt".into()];
    });
    assert_eq!(s.outreach.messages_for_mqtt(now()).unwrap(), []);
    let (_, message, link) = s.sent();
    let standing = s.outreach.messages_for_mqtt(now()).unwrap();
    let payload: serde_json::Value = serde_json::from_str(&standing[0].payload).unwrap();
    assert_eq!((standing.len(), standing[0].channel.as_str()), (1, "display"));
    assert_eq!(payload["id"], format!("foretell-{message}"));
    assert!(payload["link"].as_str().unwrap().ends_with(&link));
    s.outreach.not_now(&link, 30, now()).unwrap();
    assert_eq!(s.outreach.messages_for_mqtt(now()).unwrap()[0].payload, "", "cleared, also after a restart");
}

#[test]
fn a_letter_that_every_broker_refuses_goes_another_way_or_waits_for_the_advisor() {
    let check = |channels: &[&str], stage: Stage, media: &[&str]| {
        let s = scene();
        s.customer(|customer| {
            customer.addresses.insert("mqtt".into(), "display".into());
            customer.channels = channels.iter().map(|&channel| channel.into()).collect();
            customer.addresses.retain(|medium, _| channels.contains(&medium.as_str()));
        });
        let (id, ..) = s.sent();
        let own = machine("s02/m002");
        let refuse = |channel: &str| s.outreach.refused_by_mqtt(channel, &own, "not authorised", now()).unwrap();
        assert_eq!(refuse("elsewhere"), None, "it went by another channel");
        assert!(refuse("display").is_some(), "{channels:?}");
        assert_eq!(refuse("display"), None, "it was told");
        assert_eq!(s.outreach.messages_for_mqtt(now()).unwrap(), [], "it stands nowhere");
        s.outreach.tick(now() + MINUTE_MS).unwrap();
        let (at, remark) = s.remark(&id);
        assert_eq!((at, &*s.media()), (stage, media), "{remark}");
        assert_eq!(remark.contains("by the broker: not authorised"), stage == Stage::Call, "{remark}");
    };
    check(&["mqtt", "sms"], Stage::Contacted, &["sms"]);
    check(&["mqtt"], Stage::Call, &[]);
}

#[test]
fn a_trip_opens_one_case_however_often_it_is_told() {
    let s = scene();
    let own = machine("s02/m002");
    let hear = |code: &str, at: Timestamp, now: Timestamp| s.outreach.hear_alarm(&own, code, at, now).unwrap();
    assert_eq!(hear("W12 service due", now(), now()), AlarmHeard::NotATrip);
    assert_eq!(hear("TRIP 12", now() + -3 * HOUR_MS, now()), AlarmHeard::TooOld);
    let AlarmHeard::Case(case) = hear("TRIP 12", now(), now() + MINUTE_MS) else { panic!("no case") };
    assert_eq!((case.opened, case.what.as_str()), (now(), "TRIP 12"));
    // The controller says it every ten seconds, and the log is read again.
    for n in 0..5 {
        hear("TRIP 12", now() + n * 10_000, now() + HOUR_MS);
    }
    let AlarmHeard::Case(case) = hear("TRIP 13", now() + MINUTE_MS, now() + HOUR_MS) else { panic!("no case") };
    assert_eq!(case.what, "TRIP 12\nTRIP 13");
    let filter = RecordFilter { machine: Some(own.to_string()), ..RecordFilter::default() };
    let told = s.outreach.record(&filter).unwrap().iter().filter(|entry| entry.what == "trouble_reported").count();
    assert_eq!(told, 2, "one entry for each code");
    let report = foretell_outreach::VisitReport { left_out: "a test".into(), ..Default::default() };
    s.outreach.close_service_case(case.id, &report, "mended", "chen", now() + HOUR_MS).unwrap();
    // What the controller said before the case was closed belongs to it, however late it comes.
    assert_eq!(hear("TRIP 14", now() + 50 * MINUTE_MS, now() + HOUR_MS + MINUTE_MS), AlarmHeard::Before);
    let AlarmHeard::Case(next) = hear("TRIP 12", now() + 2 * HOUR_MS, now() + 2 * HOUR_MS) else { panic!("no case") };
    assert_ne!(next.id, case.id);
    // A machine that is nobody's.
    assert_eq!(s.outreach.hear_alarm(&machine("s9/m9"), "TRIP", now(), now()).unwrap(), AlarmHeard::NotATrip);
}

#[test]
fn rules_without_codes_hear_no_trip() {
    assert!(!TripRules { codes: Vec::new(), ..TripRules::default() }.is_trip("TRIP 12"));
}
