//! What an opt-out stops - all that we write of our own accord, for good - and what comes all the same: word of a visit that was
//! booked, and of a machine that broke. The customer's pages promise both.

use crate::support::roads::{Scene, now, scene};
use crate::support::{agreed, apply, finding, machine};
use foretell_model::{FindingId, Grade, HOUR_MS, Reply, Status, Timestamp};
use foretell_outreach::governor::{Kind, Reason};
use foretell_outreach::{DeliveryError, Outcome, OutreachError, PageState, Source, Stage};

/// The customer wants no such messages on either of the ways that are in use.
fn stop_all(s: &Scene) {
    for medium in ["sms", "email"] {
        s.outreach.opt_out("acme", medium, "said so", "wang", now()).unwrap();
    }
}

/// What a tick did, by kind.
fn ticked(s: &Scene, at: Timestamp) -> Vec<(Kind, Outcome)> {
    s.outreach.tick(at).unwrap().into_iter().map(|step| (step.kind, step.outcome)).collect()
}

/// Why the newest word about a case's visit never went out.
fn unsent(s: &Scene, id: &FindingId, at: Timestamp) -> Option<(Kind, String)> {
    s.outreach.card(id, at).unwrap().unsent.map(|word| (word.kind, word.reason))
}

#[test]
fn whoever_stopped_such_messages_hears_of_what_they_do_themselves() {
    let s = scene();
    let (id, _, link) = s.sent();
    assert_eq!(s.outreach.stop(&link, now()).unwrap().state, PageState::Stopped);
    stop_all(&s);
    let slots = s.outreach.booking_page(&link, now()).unwrap().slots;
    let told = |act: &dyn Fn()| {
        act();
        assert_eq!(ticked(&s, now()), [(Kind::Confirmation, Outcome::Sent)]);
    };
    told(&|| drop(s.outreach.book(&link, slots[0].slot.start, now()).unwrap()));
    told(&|| drop(s.outreach.reschedule(&link, slots[1].slot.start, now()).unwrap()));
    told(&|| drop(s.outreach.cancel(&link, now()).unwrap()));
    assert_eq!(unsent(&s, &id, now()), None);
    // What they report themselves, what a controller reports: somebody comes, and they must know.
    let broken = s.outreach.report_trouble(&link, None, "it stands still", now()).unwrap();
    s.outreach.send_technician(broken.id, "chen", Some(now() + HOUR_MS), "wang", now()).unwrap();
    assert_eq!(ticked(&s, now()), [(Kind::OnTheWay, Outcome::Sent)]);
    // Nothing that nobody asked for.
    let other = finding(&machine("s02/m003"), "separator_clogging", Grade::Urgent, Status::Opened);
    let other = apply(&s.outreach, 2, &other, now());
    s.outreach.approve(&other, "wang", now()).unwrap();
    assert_eq!(ticked(&s, now()), [(Kind::Invitation, Outcome::Refused(Reason::OptedOut))]);
    assert_eq!(s.remark(&other), (Stage::Call, "the customer wants no such messages on this channel".into()));
}

#[test]
fn what_is_said_along_with_a_stop_is_read_by_somebody() {
    #[track_caller]
    fn check(text: &str, remark: Option<&str>) {
        let s = scene();
        let (id, message, link) = s.sent();
        let start = s.outreach.booking_page(&link, now()).unwrap().slots[0].slot.start;
        s.outreach.book(&link, start, now()).unwrap();
        let key = Some(format!("foretell-{message}"));
        s.reply(Reply { id: "a".into(), message: key, text: text.into(), ..Reply::default() }).unwrap();
        let card = s.outreach.card(&id, now()).unwrap();
        assert_eq!((card.stage, card.remark.as_deref()), (Stage::Booked, remark), "{text}");
        assert_eq!(s.outreach.opt_outs("acme").unwrap().len(), 1, "{text}");
    }
    check("STOP\n\nSent from my iPhone", None);
    check("不要再发了，谢谢", None);
    check("Stop, please come on Friday", Some("the customer replied: Stop, please come on Friday"));
    check("不要再发了，改到周五上门", Some("the customer replied: 不要再发了，改到周五上门"));
}

#[test]
fn what_comes_all_the_same_comes_first_where_it_was_not_stopped() {
    #[track_caller]
    fn check(stopped: &[&str], refusals: usize, expected: &[&str]) {
        let s = scene();
        let (_, _, link) = s.sent();
        for medium in stopped {
            s.outreach.opt_out("acme", medium, "said so", "wang", now()).unwrap();
        }
        let start = s.outreach.booking_page(&link, now()).unwrap().slots[0].slot.start;
        s.outreach.book(&link, start, now()).unwrap();
        s.fails.lock().unwrap().extend((0..refusals).map(|_| DeliveryError::Permanent("no such user".into())));
        for minute in 0..2 {
            s.outreach.tick(now() + minute * 60_000).unwrap();
        }
        assert_eq!(s.media()[1..], *expected, "{stopped:?} {refusals}");
    }
    check(&[], 0, &["sms"]);
    check(&["sms"], 0, &["email"]);
    check(&["sms", "email"], 0, &["sms"]);
    check(&["sms", "email"], 1, &["email"]);
}

#[test]
fn a_word_about_a_visit_that_never_goes_out_says_why_on_the_card() {
    let s = scene();
    let (id, _, link) = s.sent();
    let start = s.outreach.booking_page(&link, now()).unwrap().slots[0].slot.start;
    s.outreach.escalate("acme", "wang", "their director wrote", "wang", now()).unwrap();
    s.outreach.book(&link, start, now()).unwrap();
    assert_eq!(ticked(&s, now()), [(Kind::Confirmation, Outcome::Refused(Reason::Silent))]);
    let silent = "a named person has taken over; nothing is sent by itself";
    assert_eq!(unsent(&s, &id, now()), Some((Kind::Confirmation, silent.into())));
    // Moved on the telephone there is nothing left to tell.
    s.outreach.set_stage("acme", None, "all is well again", "wang", now()).unwrap();
    let page = s.outreach.booking_page(&link, now()).unwrap();
    s.outreach.move_for(&id, page.slots[1].slot.start, &agreed(), "wang", now()).unwrap();
    assert_eq!(unsent(&s, &id, now()), None);
    // The word after the work is of our own accord.
    stop_all(&s);
    s.outreach.tick(now()).unwrap();
    let visit = s.outreach.card(&id, now()).unwrap().booking.unwrap();
    s.outreach.complete(visit.id, None, "chen", visit.end).unwrap();
    let later = visit.end.plus_days(14.0);
    s.outreach.tick(later).unwrap();
    let stopped = "the customer wants no such messages on this channel";
    assert_eq!(unsent(&s, &id, later), Some((Kind::FollowUp, stopped.into())));
}

#[test]
fn a_breakdown_that_a_controller_reports_is_told_of_too() {
    let s = scene();
    stop_all(&s);
    let case = s.outreach.open_service_case(&machine("s02/m003"), Source::Controller, "E014", "x", now()).unwrap();
    s.outreach.send_technician(case.id, "chen", Some(now() + HOUR_MS), "wang", now()).unwrap();
    assert_eq!(ticked(&s, now()), [(Kind::OnTheWay, Outcome::Sent)]);
    assert_eq!(s.outreach.untold().unwrap(), []);
}

/// A slip of the keyboard must not look as if the customer's wish were kept.
#[test]
fn messages_are_stopped_on_a_medium_that_the_customer_has() {
    let s = scene();
    let stop = |medium: &str| s.outreach.opt_out("acme", medium, "said so", "wang", now());
    assert!(matches!(stop("pigeon"), Err(OutreachError::Missing { id, .. }) if id == "pigeon"));
    assert_eq!(s.outreach.opt_outs("acme").unwrap(), []);
    stop("sms").unwrap();
    // One that was stopped before stays a medium of theirs, also without an address.
    s.customer(|customer| {
        customer.addresses.remove("sms");
        customer.channels.clear();
    });
    stop("sms").unwrap();
    let nobody = s.outreach.opt_out("nobody", "sms", "said so", "wang", now());
    assert!(matches!(nobody, Err(OutreachError::Missing { what: "customer", .. })), "{nobody:?}");
}
