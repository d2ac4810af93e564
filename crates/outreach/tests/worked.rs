//! What holds once the work of a case was done: its page shows that and asks for it no more, and nothing is ranked or planned by
//! what was forecast before.

use crate::support::desk::{MACHINES, check, of, of_fault, printed};
use crate::support::worked::{Worked, worked, worked_on};
use crate::support::{apply, machine, token};
use foretell_model::{Finding, FindingKind, Grade, ProbabilityWithin, Status, Timestamp};
use foretell_outreach::{AfterCall, Counters, Guest, PageState};

#[test]
fn the_page_of_done_work_shows_it_and_asks_for_nothing() {
    let w = worked();
    let outreach = &w.desk.outreach;
    #[track_caller]
    fn check(w: &Worked, at: Timestamp, expected: &PageState) {
        for token in &w.tokens {
            let page = w.desk.outreach.booking_page(token, at).unwrap();
            assert_eq!((&page.state, page.slots.as_slice()), (expected, &[][..]));
            let Guest::Letter { done, .. } = w.desk.outreach.guest(token, at).unwrap() else { panic!("a letter") };
            assert_eq!(done.unwrap().visit.case, w.case.id);
        }
    }
    check(&w, w.at, &PageState::CallComes);
    outreach.called(&w.case.id, AfterCall::NewLetter, "would like it in writing", "wang", w.at).unwrap();
    check(&w, w.at, &PageState::Done);
    // Nothing is asked before the new letter has gone out; then there is something to choose, beside what was done.
    let new = outreach.approve(&w.case.id, "wang", w.at).unwrap();
    check(&w, w.at, &PageState::Done);
    for hour in 0..100 {
        outreach.tick(w.at + hour * 3_600_000).unwrap();
    }
    let later = w.at.plus_days(4.0);
    let page = outreach.booking_page(token(&new.link), later).unwrap();
    assert_eq!((page.state.clone(), page.slots.len()), (PageState::Open, 2));
    outreach.book(token(&new.link), page.slots[0].slot.start, later).unwrap();
    let Guest::Letter { errand, done, .. } = outreach.guest(&w.tokens[0], later).unwrap() else { panic!("a letter") };
    assert!(errand.unwrap().visit.id > done.unwrap().visit.id, "the next visit, and the one before");
    // The visit before took place: nothing was moved.
    for hour in 0..24 {
        outreach.tick(later + hour * 3_600_000).unwrap();
    }
    let word = of(&w.desk.last());
    assert!(word.body.contains("The visit is arranged") && !word.body.contains("moved"), "{}", word.body);
}

#[test]
fn a_letter_after_work_that_did_not_help_says_so() {
    let texts = MACHINES.map(|(_, id)| {
        let w = worked_on(id);
        let outreach = &w.desk.outreach;
        outreach.called(&w.case.id, AfterCall::NewLetter, "would like it in writing", "wang", w.at).unwrap();
        let draft = || printed(&outreach.card(&w.case.id, w.at).unwrap().message.unwrap().text, &w.desk.id, false);
        // What is known is of the time before the work; then the fault is seen again.
        let spent = draft();
        apply(outreach, 22, &Finding { at: w.at, status: Status::Updated, ..w.case.clone() }, w.at);
        let seen_again = draft();
        let new = outreach.approve(&w.case.id, "wang", w.at).unwrap();
        for hour in 0..24 * 9 {
            outreach.tick(w.at + hour * 3_600_000).unwrap();
        }
        let reminder = printed(&of(&w.desk.last()), &w.desk.id, false);
        let page = outreach.booking_page(token(&new.link), w.at.plus_days(9.0)).unwrap();
        assert!(!page.sentence.contains("is like a ") && !page.sentence.contains("就像"), "{}", page.sentence);
        [spent, seen_again, reminder, format!("{}\n", page.sentence)].join("\n----------\n\n")
    });
    check("again", &texts);
}

/// The times of another visit may wait for the end of the busy season as those of the first: its letter says so, and the reminder.
#[test]
fn a_letter_after_work_whose_times_wait_for_the_end_of_the_busy_season_says_so() {
    let texts = MACHINES.map(|(_, id)| {
        let w = worked_on(id);
        let outreach = &w.desk.outreach;
        w.desk.is_busy("2026-07-20/2026-08-01");
        outreach.called(&w.case.id, AfterCall::NewLetter, "would like it in writing", "wang", w.at).unwrap();
        // Seen again since, it leaves weeks.
        apply(outreach, 22, &Finding { at: w.at, status: Status::Updated, ..w.case.clone() }, w.at);
        outreach.approve(&w.case.id, "wang", w.at).unwrap();
        let letters = [1, 8].map(|days| {
            for hour in 0..24 * days {
                outreach.tick(w.at + hour * 3_600_000).unwrap();
            }
            printed(&of(&w.desk.last()), &w.desk.id, false)
        });
        letters.join("\n----------\n\n")
    });
    check("again_after_season", &texts);
}

#[test]
fn a_case_that_a_call_closes_after_its_work_is_done_and_not_needless() {
    let w = worked();
    w.desk.outreach.called(&w.case.id, AfterCall::Close, "they watch it", "wang", w.at).unwrap();
    for token in &w.tokens {
        assert_eq!(w.desk.outreach.booking_page(token, w.at).unwrap().state, PageState::Done);
    }
}

#[test]
fn nothing_is_ranked_or_planned_by_a_forecast_from_before_the_work() {
    let w = worked();
    let outreach = &w.desk.outreach;
    // Beside it a forecast that was less pressing than its own, and work by hours.
    let mild = of_fault(&machine("s02/m003"), "bearing_wear");
    let soon = ProbabilityWithin { d7: 0.6, d14: 0.8, d21: 0.9, d30: 0.95 };
    let mild = Finding { at: w.at, probability_within: Some(soon), ..mild };
    apply(outreach, 20, &mild, w.at);
    let due = Finding {
        kind: FindingKind::MaintenanceDue,
        probability_within: None,
        ..of_fault(&machine("s01/m002"), "cooler_clogging")
    };
    apply(outreach, 21, &due, w.at);
    let order = |at| -> Vec<String> {
        outreach.queue(at).unwrap().into_iter().map(|entry| entry.machine.to_string()).collect()
    };
    assert_eq!(order(w.at), ["s02/m003", "s02/m002", "s01/m002"]);
    let entry = outreach.waiting(&w.case.id, w.at).unwrap().unwrap();
    assert_eq!((entry.probability_before_visit, entry.grade), (0.0, Grade::Advise));
    assert!(entry.waiting_cost > 0.0, "a call is due");
    let card = outreach.card(&w.case.id, w.at).unwrap();
    assert!(card.is_spent);
    assert_eq!((card.finding.rul_days, card.finding.probability_within), (None, None));
    assert!(outreach.delays(14.0, w.at).unwrap().iter().all(|delayed| delayed.entry.id != w.case.id));
    assert!(outreach.desk().unwrap().advisories().iter().all(|finding| finding.id != w.case.id));
    let hours =
        |at| outreach.plan(8, &Counters::new(), at).unwrap().weeks.iter().map(|week| week.expected_h).sum::<f64>();
    let without = hours(w.at);
    // What is said of the fault after the work is known now, and counts.
    let again = Finding { at: w.at, status: Status::Updated, ..w.case.clone() };
    apply(outreach, 22, &again, w.at);
    assert_eq!(order(w.at)[0], "s02/m002");
    assert!(!outreach.card(&w.case.id, w.at).unwrap().is_spent);
    assert!(hours(w.at) > without, "{} {without}", hours(w.at));
}
