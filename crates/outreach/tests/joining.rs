//! A machine that comes up when the customer knows of another one of the site already: it joins that, and there is no second
//! cold letter.

use crate::support::desk::{Desk, check, desk, now, of, of_fault, printed};
use crate::support::{apply, at, context, machine, token};
use foretell_model::{Finding, FindingId, Grade, HOUR_MS, MachineId, Obstacle, RulDays, Timestamp};
use foretell_outreach::governor::{Kind, Reason};
use foretell_outreach::{Applied, Booking, CustomerStage, LetterTimes, OutreachError, PageState, Stage};

const SITES: [&str; 2] = ["s02", "s01"];

fn on(site: &str, number: &str) -> MachineId {
    machine(&format!("{site}/{number}"))
}

/// A letter about the second machine's cooler has gone out; gives its case and its token.
fn written(site: &str) -> (Desk, FindingId, String) {
    let desk = desk(&format!("{site}/m002"));
    let first = apply(&desk.outreach, 1, &of_fault(&on(site, "m002"), "cooler_clogging"), now());
    let link = desk.outreach.approve(&first, "wang", now()).unwrap().link;
    desk.outreach.tick(now()).unwrap();
    let token = token(&link).to_owned();
    (desk, first, token)
}

/// A separator on the third machine, a day later.
fn later(desk: &Desk, grade: Grade) -> FindingId {
    let finding = Finding { grade, ..of_fault(&on(desk.id.site(), "m003"), "separator_clogging") };
    apply(&desk.outreach, 2, &finding, day(1.0))
}

fn day(n: f64) -> Timestamp {
    now().plus_days(n)
}

fn sent(desk: &Desk) -> usize {
    desk.channel.parcels.lock().unwrap().len()
}

#[test]
fn a_booked_visit_takes_in_what_comes_up_before_it() {
    let texts = SITES.map(|site| {
        let (desk, first, token) = written(site);
        let page = desk.outreach.booking_page(&token, now()).unwrap();
        let start = page.slots.iter().map(|offered| offered.slot.start).max().unwrap();
        desk.outreach.book(&token, start, now()).unwrap();
        desk.outreach.tick(now()).unwrap();
        let before = desk.outreach.card(&first, now()).unwrap().booking.unwrap();
        let second = later(&desk, Grade::Advise);
        let card = desk.outreach.card(&second, day(1.0)).unwrap();
        let joins = card.joins.unwrap();
        assert_eq!(
            (&joins.case, joins.visit.map(|(from, to, _)| (from, to))),
            (&first, Some((before.start, before.end)))
        );
        let number = joins.number;
        assert_eq!(card.verdict.unwrap().reason(), Some(&Reason::Alongside { number }));
        let shown = card.message.unwrap().text;
        // What joins is worded by its template alone.
        let edited = desk.outreach.edit(&second, "x", &shown.body, "wang", day(1.0)).unwrap_err();
        assert!(
            matches!(&edited, OutreachError::Refused { why, .. } if why.why == Obstacle::CaseGoesAlong),
            "{edited}"
        );
        // Nothing goes out before the advisor lets it.
        let count = sent(&desk);
        desk.outreach.tick(day(1.0)).unwrap();
        assert_eq!(sent(&desk), count);
        desk.outreach.approve(&second, "wang", day(1.0)).unwrap();
        let told = desk.outreach.tick(day(1.0)).unwrap();
        assert_eq!(told.iter().map(|ticked| ticked.kind).collect::<Vec<_>>(), [Kind::Confirmation]);
        // What was shown is what goes out, with a link of its own.
        let went = of(&desk.last());
        assert_eq!(printed(&went, &desk.id, false), printed(&shown, &desk.id, false));
        let stay = desk.outreach.card(&first, day(1.0)).unwrap().booking.unwrap();
        assert_eq!((stay.id, stay.start, stay.sequence), (before.id, before.start, before.sequence + 1));
        assert_eq!(stay.end - before.end, 2 * HOUR_MS, "the separator takes two hours");
        let errand = desk.outreach.errands_of(&[stay.id]).unwrap().remove(0);
        assert_eq!(errand.tasks.iter().map(|task| task.works.len()).sum::<usize>(), 2);
        // And nothing more about either until the visit.
        let count = sent(&desk);
        for hour in 0..24 {
            desk.outreach.tick(day(1.0) + hour * HOUR_MS).unwrap();
        }
        assert_eq!(sent(&desk), count);
        let done = desk.outreach.complete(stay.id, None, "chen", stay.end).unwrap();
        assert_eq!(done.len(), 2);
        assert_eq!(desk.outreach.card(&second, stay.end).unwrap().stage, Stage::Done);
        printed(&shown, &desk.id, false)
    });
    check("joined", &texts);
}

#[test]
fn an_unanswered_letter_is_reminded_of_with_both() {
    let texts = SITES.map(|site| {
        let (desk, first, token) = written(site);
        let second = later(&desk, Grade::Advise);
        let joins = desk.outreach.card(&second, day(1.0)).unwrap().joins.unwrap();
        assert_eq!((joins.stage, joins.visit), (Stage::Contacted, None));
        desk.outreach.approve(&second, "wang", day(1.0)).unwrap();
        desk.outreach.tick(day(1.0)).unwrap();
        assert_eq!(sent(&desk), 1, "no second letter");
        // Whoever opens the page sees both, and longer times.
        let page = desk.outreach.booking_page(&token, day(1.0)).unwrap();
        assert_eq!((page.spoken.len(), page.letter_times), (2, LetterTimes::OtherWork));
        desk.outreach.tick(joins.told.unwrap()).unwrap();
        assert_eq!(sent(&desk), 2);
        assert_eq!(desk.outreach.card(&first, joins.told.unwrap()).unwrap().stage, Stage::Contacted);
        printed(&of(&desk.last()), &desk.id, false)
    });
    check("joined_reminder", &texts);
}

#[test]
fn where_a_call_is_next_no_letter_is_shown_that_never_goes_out() {
    let (desk, first, _) = written("s02");
    desk.outreach.call_instead(&first, "", "wang", now()).unwrap();
    let second = later(&desk, Grade::Advise);
    let card = desk.outreach.card(&second, day(1.0)).unwrap();
    assert_eq!(card.joins.unwrap().told, None);
    assert_eq!(card.message.unwrap_err().why, Obstacle::NoLetterGoesOut);
    desk.outreach.approve(&second, "wang", day(1.0)).unwrap();
    assert_eq!(desk.outreach.card(&second, day(1.0)).unwrap().stage, Stage::Internal);
}

#[test]
fn what_cannot_wait_or_must_not_be_said_joins_nothing() {
    #[track_caller]
    fn check(act: impl FnOnce(&Desk, &FindingId, &str), grade: Grade, expected: bool) {
        let (desk, first, token) = written("s02");
        act(&desk, &first, &token);
        let second = later(&desk, grade);
        assert_eq!(desk.outreach.card(&second, day(1.0)).unwrap().joins.is_some(), expected);
    }
    let book = |desk: &Desk, _: &FindingId, token: &str| {
        let start = desk.first_time(token);
        desk.outreach.book(token, start, now()).unwrap();
    };
    check(|_, _, _| (), Grade::Advise, true);
    // Days are left, and nobody knows whether the customer answers.
    check(|_, _, _| (), Grade::Urgent, false);
    // The visit is tomorrow: who comes has packed already.
    check(book, Grade::Advise, false);
    // The customer asked to be left in peace, or a person must speak first.
    check(|desk, _, token| drop(desk.outreach.not_now(token, 14, now()).unwrap()), Grade::Advise, false);
    check(
        |desk, _, _| {
            desk.outreach.set_stage("acme", Some(CustomerStage::OpenGrumbling), "rang", "wang", now()).unwrap()
        },
        Grade::Advise,
        false,
    );
    // Nobody works into the night because two things came together.
    let fan = of_fault(&on("s02", "m003"), "cooling_fan");
    let (desk, _, token) = written("s02");
    let page = desk.outreach.booking_page(&token, now()).unwrap();
    desk.outreach.book(&token, page.slots[1].slot.start, now()).unwrap();
    let second = apply(&desk.outreach, 2, &fan, day(1.0));
    assert_eq!(desk.outreach.card(&second, day(1.0)).unwrap().joins, None);
    // A call is due: it is about both.
    check(|desk, first, _| desk.outreach.call_instead(first, "", "wang", now()).unwrap(), Grade::Advise, true);
    // What was forecast for before the times on offer needs a time of its own.
    let (desk, ..) = written("s02");
    let soon = Finding {
        rul_days: Some(RulDays { p10: Some(2.0), p50: Some(5.0), p90: Some(9.0) }),
        ..of_fault(&on("s02", "m003"), "separator_clogging")
    };
    let second = apply(&desk.outreach, 2, &soon, at("2026-07-15T09:00:00Z"));
    assert_eq!(desk.outreach.card(&second, at("2026-07-15T09:00:00Z")).unwrap().joins, None);
}

/// Work by running hours that falls due on the very machine that somebody drives to.
fn due(desk: &Desk, t: Timestamp) -> FindingId {
    let mut own = desk.outreach.machine(&desk.id).unwrap().unwrap();
    own.service.truncate(1);
    desk.outreach.register_machine(&own, "test", t).unwrap();
    match desk.outreach.check_service(&desk.id, &context(&desk.id), t).unwrap() {
        Applied::Case { id, .. } => id,
        other => panic!("service is due: {other:?}"),
    }
}

#[test]
fn a_booked_visit_takes_in_the_service_that_falls_due_on_its_machine() {
    let texts = SITES.map(|site| {
        let (desk, first, token) = written(site);
        let page = desk.outreach.booking_page(&token, now()).unwrap();
        let start = page.slots.iter().map(|offered| offered.slot.start).max().unwrap();
        desk.outreach.book(&token, start, now()).unwrap();
        desk.outreach.tick(now()).unwrap();
        let before = desk.outreach.card(&first, now()).unwrap().booking.unwrap();
        let service = due(&desk, day(1.0));
        let card = desk.outreach.card(&service, day(1.0)).unwrap();
        assert_eq!((card.stage, &card.joins.unwrap().case), (Stage::Draft, &first));
        let shown = card.message.unwrap().text;
        desk.outreach.approve(&service, "wang", day(1.0)).unwrap();
        let told = desk.outreach.tick(day(1.0)).unwrap();
        assert_eq!(told.iter().map(|ticked| ticked.kind).collect::<Vec<_>>(), [Kind::Confirmation]);
        assert_eq!(printed(&of(&desk.last()), &desk.id, false), printed(&shown, &desk.id, false));
        let stay = desk.outreach.card(&first, day(1.0)).unwrap().booking.unwrap();
        assert_eq!((stay.start, stay.end - before.end), (before.start, 90 * 60_000), "an hour and a half for the oil");
        // Said anew the day after it stays where it is, and no letter of its own goes out.
        desk.outreach.check_service(&desk.id, &context(&desk.id), day(2.0)).unwrap();
        assert_eq!(desk.outreach.card(&service, day(2.0)).unwrap().stage, Stage::Internal);
        let count = sent(&desk);
        for hour in 0..24 {
            desk.outreach.tick(day(1.0) + hour * HOUR_MS).unwrap();
        }
        assert_eq!(sent(&desk), count);
        let done = desk.outreach.complete(stay.id, Some(11_700.0), "chen", stay.end).unwrap();
        let works: Vec<&str> = done.iter().map(|done| done.work.as_str()).collect();
        assert_eq!(works, ["cooler_cleaned", "oil_changed"]);
        let own = desk.outreach.machine(&desk.id).unwrap().unwrap();
        assert_eq!((own.service[0].last_done_h, desk.outreach.cases_of(&desk.id).unwrap()), (11_700.0, vec![]));
        printed(&shown, &desk.id, false)
    });
    check("joined_service", &texts);
}

#[test]
fn an_unanswered_letter_offers_time_for_the_service_that_falls_due_on_its_machine() {
    let (desk, _, token) = written("s02");
    let before = desk.outreach.booking_page(&token, now()).unwrap();
    let service = due(&desk, day(1.0));
    desk.outreach.approve(&service, "wang", day(1.0)).unwrap();
    let page = desk.outreach.booking_page(&token, day(1.0)).unwrap();
    assert_eq!(page.work, "clean the cooler and change the oil");
    let minutes = |page: &foretell_outreach::BookingView| {
        page.slots.iter().map(|offered| (offered.slot.end - offered.slot.start) / 60_000).max()
    };
    assert_eq!((minutes(&before), minutes(&page)), (Some(120), Some(210)));
}

/// An approved letter that has not gone out takes the service along, and is looked at once more before it goes.
#[test]
fn an_approved_letter_takes_in_service_and_is_approved_anew() {
    let desk = desk("s02/m002");
    let night = at("2026-07-15T21:00:00Z");
    let first = apply(&desk.outreach, 1, &of_fault(&desk.id, "cooler_clogging"), night);
    desk.outreach.approve(&first, "wang", night).unwrap();
    let service = due(&desk, night);
    let card = desk.outreach.card(&first, night).unwrap();
    assert_eq!((card.stage, card.minutes), (Stage::Draft, Some(210)));
    assert!(card.history.iter().any(|entry| entry.what == "took the approval back"), "{:?}", card.history);
    assert_eq!(desk.outreach.card(&service, night).unwrap().stage, Stage::Internal);
    // The next day says the same, and nothing is taken back again.
    desk.outreach.approve(&first, "wang", night).unwrap();
    desk.outreach.check_service(&desk.id, &context(&desk.id), night.plus_days(0.1)).unwrap();
    assert_eq!(desk.outreach.card(&first, night).unwrap().stage, Stage::Queued);
    let morning = at("2026-07-16T08:00:00Z");
    desk.outreach.tick(morning).unwrap();
    assert!(desk.last().body.contains("change the oil"), "{}", desk.last().body);
}

/// The service of the machine is written about and booked for the later of the two times: its case, and its visit before anything
/// joined it.
fn serviced(site: &str) -> (Desk, FindingId, Booking, String) {
    let desk = desk(&format!("{site}/m002"));
    let service = due(&desk, now());
    let link = desk.outreach.approve(&service, "wang", now()).unwrap().link;
    desk.outreach.tick(now()).unwrap();
    let token = token(&link).to_owned();
    let page = desk.outreach.booking_page(&token, now()).unwrap();
    desk.outreach.book(&token, page.slots.iter().map(|offered| offered.slot.start).max().unwrap(), now()).unwrap();
    desk.outreach.tick(now()).unwrap();
    let visit = desk.outreach.card(&service, now()).unwrap().booking.unwrap();
    (desk, service, visit, token)
}

#[test]
fn a_visit_booked_for_service_takes_in_a_fault_of_its_machine() {
    // The work against the second is planned already.
    let faults = ["separator_clogging", "oil_aged"];
    let texts = SITES.map(|site| faults.map(|fault| a_fault_joins_a_service(site, fault))).concat();
    check("joined_fault", &texts);
}

fn a_fault_joins_a_service(site: &str, fault: &str) -> String {
    let (desk, service, before, token) = serviced(site);
    let id = apply(&desk.outreach, 2, &of_fault(&desk.id, fault), day(1.0));
    let card = desk.outreach.card(&id, day(1.0)).unwrap();
    let joins = card.joins.unwrap();
    assert_eq!((card.stage, &joins.case, joins.stage), (Stage::Draft, &service, Stage::Booked));
    let shown = card.message.unwrap().text;
    let count = sent(&desk);
    desk.outreach.approve(&id, "wang", day(1.0)).unwrap();
    let told = desk.outreach.tick(day(1.0)).unwrap();
    assert_eq!(told.iter().map(|ticked| ticked.kind).collect::<Vec<_>>(), [Kind::Confirmation]);
    assert_eq!(printed(&of(&desk.last()), &desk.id, false), printed(&shown, &desk.id, false));
    // It is the same visit, with the fault in front, and the service's letter opens it.
    let card = desk.outreach.card(&id, day(1.0)).unwrap();
    let stay = card.booking.unwrap();
    assert_eq!((card.stage, stay.id, stay.start, stay.sequence), (Stage::Booked, before.id, before.start, 1));
    assert_eq!(stay.end - before.end, if fault == "oil_aged" { 0 } else { 2 * HOUR_MS });
    let follower = desk.outreach.card(&service, day(1.0)).unwrap();
    assert_eq!((follower.stage, follower.booking), (Stage::Internal, None));
    let page = desk.outreach.booking_page(&token, day(1.0)).unwrap();
    assert!(matches!(&page.state, PageState::Booked { booking, .. } if booking.id == stay.id), "{:?}", page.state);
    assert_eq!(page.spoken.iter().map(|finding| finding.fault.as_str()).collect::<Vec<_>>(), [fault]);
    let held = desk.outreach.desk().unwrap();
    assert_eq!(held.appointment_of(&id).map(|visit| visit.id), Some(stay.id));
    assert_eq!(held.appointment_of(&service), None);
    // Said anew, both stay as they are, and nothing more is written before the visit.
    desk.outreach.check_service(&desk.id, &context(&desk.id), day(2.0)).unwrap();
    apply(&desk.outreach, 3, &Finding { at: day(2.0), ..of_fault(&desk.id, fault) }, day(2.0));
    for hour in 0..24 {
        desk.outreach.tick(day(2.0) + hour * HOUR_MS).unwrap();
    }
    assert_eq!(sent(&desk), count + 1);
    assert_eq!(desk.outreach.card(&service, day(3.0)).unwrap().stage, Stage::Internal);
    // A time moved by the old link is the visit's, and is told as that.
    let page = desk.outreach.booking_page(&token, day(2.0)).unwrap();
    let later = page.slots.iter().map(|offered| offered.slot.start).find(|start| *start != stay.start).unwrap();
    desk.outreach.reschedule(&token, later, day(2.0)).unwrap();
    let moved = desk.outreach.card(&id, day(2.0)).unwrap().booking.unwrap();
    assert_eq!((moved.id, moved.start), (stay.id, later));
    let done = desk.outreach.complete(stay.id, Some(11_700.0), "chen", moved.end).unwrap();
    let works: Vec<&str> = done.iter().map(|done| done.work.as_str()).collect();
    let expected: &[&str] = if fault == "oil_aged" { &["oil_changed"] } else { &["separator_replaced", "oil_changed"] };
    assert_eq!(works, expected);
    let own = desk.outreach.machine(&desk.id).unwrap().unwrap();
    assert_eq!((own.service[0].last_done_h, desk.outreach.cases_of(&desk.id).unwrap()), (11_700.0, vec![]));
    printed(&shown, &desk.id, false)
}

#[test]
fn a_fault_that_cannot_wait_for_the_service_or_is_declined_does_not_join_it() {
    let (desk, ..) = serviced("s02");
    let joins = |offset: u64, finding: &Finding, at: Timestamp| {
        let id = apply(&desk.outreach, offset, finding, at);
        desk.outreach.card(&id, at).unwrap().joins
    };
    let fault = of_fault(&desk.id, "separator_clogging");
    let soon = RulDays { p10: Some(2.0), p50: Some(5.0), p90: Some(9.0) };
    assert_eq!(joins(2, &Finding { rul_days: Some(soon), ..fault.clone() }, day(0.1)), None);
    // Wasted electricity is a letter of its own; so is what the house watches only.
    assert_eq!(joins(3, &of_fault(&desk.id, "air_leak"), day(0.1)), None);
    assert!(joins(4, &fault, day(0.1)).is_some());
    assert_eq!(joins(5, &Finding { grade: Grade::Watch, ..fault }, day(0.1)), None);
}
