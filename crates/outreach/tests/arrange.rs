//! A customer rings about a booked visit: the advisor moves or cancels it, the customer is told once, and nobody's time is
//! taken twice.

use std::sync::Arc;

use crate::support::desk::{Desk, MACHINES, check, desk, desk_by, now, of, of_fault, printed};
use crate::support::{self, apply, at, finding, machine};
use foretell_model::{FindingId, MINUTE_MS, Obstacle, Timestamp};
use foretell_outreach::{AfterCancelling, OutreachError, PageState, PhotoOf, Spoken, Stage};

/// A desk whose customer booked the first of two times; with the case, the link's token and both times.
fn booked_desk(desk: Desk) -> (Desk, FindingId, String, [Timestamp; 2]) {
    let case = of_fault(&desk.id, "cooler_clogging");
    let token = desk.write(&case);
    let page = desk.outreach.booking_page(&token, now()).unwrap();
    let times = [page.slots[0].slot.start, page.slots[1].slot.start];
    desk.outreach.book(&token, times[0], now()).unwrap();
    desk.outreach.tick(now()).unwrap();
    (desk, case.id, token, times)
}

fn rang(told: bool) -> Spoken {
    Spoken { why: "the customer rang".into(), told, ..Spoken::default() }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(done: Result<T, OutreachError>, why: Obstacle) {
    match done {
        Err(OutreachError::Refused { why: told, .. }) => assert_eq!(told.why, why),
        other => panic!("{why:?} expected, not {other:?}"),
    }
}

fn file_of(desk: &Desk) -> String {
    desk.last().calendar.unwrap().replace("\r\n ", "")
}

#[test]
fn word_of_a_booked_visit_brings_the_face_of_who_comes() {
    for (lang, id) in MACHINES {
        let desk = desk(id);
        desk.outreach.add_photo((PhotoOf::Person, "chen"), "face", "", "wang", now()).unwrap();
        let (desk, case, ..) = booked_desk(desk);
        let face = desk.last().portrait.unwrap();
        let name = if lang == "en" { "Jun Chen" } else { "陈军" };
        assert_eq!((face.name.as_str(), face.jpeg.as_slice()), (name, &b"face"[..]));
        desk.outreach.cancel_for(&case, &rang(false), AfterCancelling::Call, "wang", now()).unwrap();
        desk.outreach.tick(now()).unwrap();
        assert!(desk.last().calendar.is_some() && desk.last().portrait.is_none(), "nobody comes");
    }
}

#[test]
fn an_advisor_moves_and_cancels_and_the_customer_is_told_once_with_the_calendar_file() {
    let texts = MACHINES.map(|(_, id)| {
        let (desk, case, token, times) = booked_desk(desk(id));
        assert!(file_of(&desk).contains("SEQUENCE:0") && file_of(&desk).contains("METHOD:PUBLISH"));
        let uid = |file: &str| file.lines().find(|line| line.starts_with("UID:")).unwrap().to_owned();
        let first = uid(&file_of(&desk));
        // The card offers what the customer's page offers.
        let choices = desk.outreach.card(&case, now()).unwrap().choices;
        let page = desk.outreach.booking_page(&token, now()).unwrap();
        assert_eq!(choices, page.slots.iter().map(|offered| offered.slot).collect::<Vec<_>>());
        let mut texts = Vec::new();
        let mut step = |act: &dyn Fn(), method: &str, sequence: u32| {
            let before = desk.sent();
            act();
            (0..3).for_each(|_| drop(desk.outreach.tick(now()).unwrap()));
            assert_eq!(desk.sent(), before + 1, "told once");
            let file = file_of(&desk);
            assert!(
                file.contains(&format!("METHOD:{method}")) && file.contains(&format!("SEQUENCE:{sequence}")),
                "{file}"
            );
            assert_eq!(uid(&file), first);
            texts.push(printed(&of(&desk.last()), &desk.id, false));
        };
        step(&|| drop(desk.outreach.move_for(&case, times[1], &rang(false), "wang", now()).unwrap()), "PUBLISH", 1);
        // Said on the telephone: the calendar file alone.
        step(&|| drop(desk.outreach.move_for(&case, times[0], &rang(true), "wang", now()).unwrap()), "PUBLISH", 2);
        let call = AfterCancelling::Call;
        step(&|| desk.outreach.cancel_for(&case, &rang(true), call, "wang", now()).unwrap(), "CANCEL", 3);
        let card = desk.outreach.card(&case, now()).unwrap();
        assert_eq!(
            (card.stage, card.remark.as_deref()),
            (Stage::Call, Some("the customer cancelled the visit: the customer rang"))
        );
        assert_eq!(desk.outreach.booking_page(&token, now()).unwrap().state, PageState::Open);
        // Booked again, cancelled in writing and for good.
        desk.outreach.book_for(&case, times[0], &rang(true), "wang", now()).unwrap();
        desk.outreach.tick(now()).unwrap();
        let close = AfterCancelling::Close;
        step(&|| desk.outreach.cancel_for(&case, &rang(false), close, "wang", now()).unwrap(), "CANCEL", 5);
        assert_eq!(desk.outreach.card(&case, now()).unwrap().stage, Stage::Cleared);
        let record = desk.outreach.card(&case, now()).unwrap().history;
        let by_advisor = record.iter().filter(|entry| entry.who == "wang" && entry.what.starts_with("visit_"));
        assert!(by_advisor.clone().all(|entry| entry.why.ends_with(" the customer rang")), "{record:?}");
        assert_eq!(by_advisor.count(), 5);
        texts
    });
    check("arranged", &texts.concat());
}

#[test]
fn what_was_said_on_the_telephone_is_not_written_and_not_asked_about() {
    // By SMS there is nothing to attach a file to.
    let (desk, case, token, times) = booked_desk(desk_by("sms", "s02/m002"));
    let before = desk.sent();
    desk.outreach.move_for(&case, times[1], &rang(true), "wang", now()).unwrap();
    desk.outreach.tick(now()).unwrap();
    desk.outreach.cancel_for(&case, &rang(true), AfterCancelling::Call, "wang", now()).unwrap();
    desk.outreach.tick(now()).unwrap();
    assert_eq!(desk.sent(), before);
    // What comes next is told against what was said: a booking is a new visit, not a moved one.
    desk.outreach.book(&token, times[0], now()).unwrap();
    desk.outreach.tick(now()).unwrap();
    assert!(desk.last().short.contains("is arranged for"), "{}", desk.last().short);
}

#[test]
fn a_time_outside_the_hours_of_visits_is_asked_back_whoever_gives_it() {
    #[track_caller]
    fn check(start: &str, odd: bool) {
        let (desk, case, ..) = booked_desk(desk("s01/m002"));
        let start = at(start);
        let moved = desk.outreach.move_for(&case, start, &rang(false), "wang", now());
        if odd {
            refused(moved, Obstacle::OddHour);
            let agreed = Spoken { odd_hour: true, ..rang(false) };
            desk.outreach.move_for(&case, start, &agreed, "wang", now()).unwrap();
        } else {
            moved.unwrap();
        }
        assert_eq!(desk.outreach.card(&case, now()).unwrap().booking.unwrap().start, start);
        // The same when a visit is booked.
        let other = support::desk::desk("s01/m002");
        let case = of_fault(&other.id, "cooler_clogging");
        apply(&other.outreach, 1, &case, now());
        let booked = other.outreach.book_for(&case.id, start, &Spoken::default(), "wang", now());
        if odd { refused(booked, Obstacle::OddHour) } else { drop(booked.unwrap()) }
    }
    // The customer is in China; the work takes two hours.
    check("2026-07-21T01:00:00Z", false);
    check("2026-07-21T11:00:00Z", true);
    check("2026-07-20T19:00:00Z", true);
    // A Sunday, and a day off.
    check("2026-07-19T02:00:00Z", true);
    check("2026-10-01T02:00:00Z", true);
}

#[test]
fn what_was_changed_meanwhile_is_not_changed_unseen() {
    let (desk, case, token, times) = booked_desk(desk("s02/m002"));
    desk.outreach.reschedule(&token, times[1], now()).unwrap();
    let seen = Spoken { seen: Some(times[0]), ..rang(false) };
    refused(desk.outreach.move_for(&case, times[0], &seen, "wang", now()), Obstacle::Moved);
    refused(desk.outreach.cancel_for(&case, &seen, AfterCancelling::Call, "wang", now()), Obstacle::Moved);
    refused(desk.outreach.move_for(&case, now(), &rang(false), "wang", now()), Obstacle::TimePassed);
    // What no calendar knows stands in 1970 where it is reckoned with.
    for far in [now().plus_days(367.0), Timestamp::from_millis(i64::MAX)] {
        refused(
            desk.outreach.move_for(&case, far, &Spoken { odd_hour: true, ..rang(false) }, "wang", now()),
            Obstacle::TooFar,
        );
    }
    let unexplained = Spoken::default();
    refused(
        desk.outreach.cancel_for(&case, &unexplained, AfterCancelling::Call, "wang", now()),
        Obstacle::ExplanationMissing,
    );
    let begun = times[1] + MINUTE_MS;
    refused(desk.outreach.move_for(&case, begun + 90 * MINUTE_MS, &rang(false), "wang", begun), Obstacle::Begun);
    desk.outreach.cancel_for(&case, &rang(false), AfterCancelling::Call, "wang", now()).unwrap();
    refused(desk.outreach.move_for(&case, times[0], &rang(false), "wang", now()), Obstacle::NoVisit);
}

#[test]
fn two_advisors_who_reach_for_the_same_time_do_not_both_have_it() {
    // One crew, two sites of one customer, and a visit at each.
    let desk = desk("s02/m002");
    let cases = ["s02/m002", "s03/m003"].map(|id| {
        let case =
            finding(&machine(id), "cooler_clogging", foretell_model::Grade::Advise, foretell_model::Status::Opened);
        apply(&desk.outreach, 1, &case, now())
    });
    let from = ["2026-07-16T08:00:00Z", "2026-07-17T08:00:00Z"].map(at);
    for (case, start) in cases.iter().zip(from) {
        desk.outreach.book_for(case, start, &Spoken::default(), "wang", now()).unwrap();
    }
    let wanted = at("2026-07-20T08:00:00Z");
    let outreach = Arc::new(desk.outreach);
    let hands: Vec<_> = (0..50)
        .map(|n: usize| {
            let (outreach, case) = (Arc::clone(&outreach), cases[n % 2].clone());
            std::thread::spawn(move || outreach.move_for(&case, wanted, &rang(false), &format!("advisor {n}"), now()))
        })
        .collect();
    for hand in hands {
        // Whoever comes second for the same case finds it there already; the other case's time is gone.
        assert!(matches!(hand.join().unwrap(), Ok(_) | Err(OutreachError::SlotTaken)));
    }
    let starts = cases.each_ref().map(|case| outreach.card(case, now()).unwrap().booking.unwrap().start);
    let moved = starts.iter().filter(|start| **start == wanted).count();
    assert_eq!(moved, 1, "{starts:?}");
    // Whoever did not get it keeps the time that was.
    assert!(starts.iter().all(|start| *start == wanted || from.contains(start)), "{starts:?}");
}

#[test]
fn the_technicians_day_follows() {
    let (desk, case, _, times) = booked_desk(desk("s02/m002"));
    let visit = desk.outreach.card(&case, now()).unwrap().booking.unwrap().id;
    let on = |start: Timestamp| {
        let day = desk.outreach.errands(Some("chen"), (start, start + MINUTE_MS)).unwrap();
        day.iter().map(|errand| errand.visit.id).collect::<Vec<_>>()
    };
    assert_eq!((on(times[0]), on(times[1])), (vec![visit], vec![]));
    desk.outreach.move_for(&case, times[1], &rang(false), "wang", now()).unwrap();
    assert_eq!((on(times[0]), on(times[1])), (vec![], vec![visit]));
    desk.outreach.cancel_for(&case, &rang(false), AfterCancelling::Close, "wang", now()).unwrap();
    assert_eq!((on(times[0]), on(times[1])), (vec![], vec![]));
}

#[test]
fn the_card_of_a_letter_that_went_out_shows_what_it_offered_and_what_became_of_it() {
    let desk = desk("s02/m002");
    let case = of_fault(&desk.id, "cooler_clogging");
    let token = desk.write(&case);
    let letter = |at: Timestamp| desk.outreach.card(&case.id, at).unwrap().message.unwrap();
    let offered = letter(now()).slots;
    assert_eq!((offered.len(), letter(now()).gone), (2, vec![]));
    let text = desk.last().body;
    // The only crew goes elsewhere at the first time, so the page offers another one.
    let other =
        finding(&machine("s01/m003"), "cooler_clogging", foretell_model::Grade::Advise, foretell_model::Status::Opened);
    apply(&desk.outreach, 1, &other, now());
    desk.outreach.book_for(&other.id, offered[0].start, &support::agreed(), "wang", now()).unwrap();
    let page = desk.outreach.booking_page(&token, now()).unwrap();
    assert!(page.slots.iter().any(|slot| !text.contains(&slot.text)), "the page offers what the letter did not");
    let same = |slots: &[foretell_outreach::Slot]| slots.iter().map(|slot| (slot.start, slot.end)).collect::<Vec<_>>();
    assert_eq!(same(&letter(now()).slots), same(&offered), "the card shows the letter's times");
    assert_eq!(same(&letter(now()).gone), same(&offered[..1]));
    // Days later the letter still offered what it offered, and all of it has passed.
    let later = offered[1].end.plus_days(1.0);
    assert_eq!((same(&letter(later).slots), same(&letter(later).gone)), (same(&offered), same(&offered)));
}
