//! Whatever a finding is called, its letter names what is likeliest now; what cannot be told apart is said, and looked for. Of
//! two findings about the same one speaks.

use crate::support::desk::{Desk, MACHINES, check, desk, now, of, of_fault, printed};
use crate::support::{agreed, apply, at, context, finding, machine, token};
use foretell_model::{
    Alternative, Evidence, FaultCode, Finding, FindingId, FindingKind, Found, Grade, MachineId, Offset, Status,
};
use foretell_outreach::{AfterCall, Concluded, Matter, Outreach, PageState, Stage};

const COOLER: &str = "cooler_clogging";
const VALVE: &str = "thermostatic_valve";

/// A finding named after the first fault, with the likelihoods of all.
fn named(desk: &Desk, likelihoods: &[(&str, f64)]) -> Finding {
    named_on(&desk.id, likelihoods)
}

fn named_on(id: &MachineId, likelihoods: &[(&str, f64)]) -> Finding {
    let alternative = |(fault, likelihood): &(&str, f64)| Alternative {
        fault: FaultCode::new(fault).unwrap(),
        likelihood: *likelihood,
    };
    let (fault, likelihood) = likelihoods[0];
    let alternatives = likelihoods[1..].iter().map(alternative).collect();
    Finding { likelihood, alternatives, ..of_fault(id, fault) }
}

fn works(desk: &Desk, id: &FindingId) -> (Vec<String>, u32) {
    let card = desk.outreach.card(id, now()).unwrap();
    (card.parts, card.minutes.unwrap())
}

/// Letter and page of each degree of doubt, word for word.
#[test]
fn a_letter_names_what_is_likeliest_now() {
    let texts = MACHINES.map(|(_, id)| {
        let of = |likelihoods: &[(&str, f64)]| {
            let desk = desk(id);
            let token = desk.write(&named(&desk, likelihoods));
            let page = desk.outreach.booking_page(&token, now()).unwrap().sentence;
            format!("{}\n----------\n\n{page}\n", printed(&of(&desk.last()), &desk.id, false))
        };
        let kept_name = [(VALVE, 0.23), (COOLER, 0.76)];
        let alike = [(VALVE, 0.42), (COOLER, 0.55)];
        let open = [(COOLER, 0.28), (VALVE, 0.24)];
        [of(&kept_name), of(&alike), of(&open)].join("\n==========\n\n")
    });
    check("causes", &texts);
}

#[test]
fn the_work_is_that_of_the_likeliest_and_a_look_at_what_cannot_be_told_apart() {
    #[track_caller]
    fn check(likelihoods: &[(&str, f64)], stage: Stage, parts: &[&str], minutes: Option<u32>) {
        let desk = desk("s02/m002");
        let id = apply(&desk.outreach, 1, &named(&desk, likelihoods), now());
        let card = desk.outreach.card(&id, now()).unwrap();
        assert_eq!((card.stage, card.minutes), (stage, minutes), "{likelihoods:?}");
        assert_eq!(card.parts, parts, "{likelihoods:?}");
    }
    check(&[(COOLER, 0.9)], Stage::Draft, &[], Some(120));
    check(&[(VALVE, 0.23), (COOLER, 0.76)], Stage::Draft, &[], Some(120));
    check(&[(VALVE, 0.42), (COOLER, 0.55)], Stage::Draft, &["thermostatic_valve_kit"], Some(210));
    check(&[(VALVE, 0.6), (COOLER, 0.3)], Stage::Draft, &["thermostatic_valve_kit"], Some(90));
    // What no customer hears of goes by no other name.
    check(&[(COOLER, 0.3), ("high_ambient", 0.6)], Stage::Internal, &[], Some(60));
}

#[test]
fn only_what_was_done_is_told_to_the_log() {
    #[track_caller]
    fn check(found: Option<(Found, Option<&str>)>, expected: &[&str]) {
        let desk = desk("s02/m002");
        let id = apply(&desk.outreach, 1, &named(&desk, &[(VALVE, 0.42), (COOLER, 0.55)]), now());
        let visit = desk.outreach.book_for(&id, at("2026-07-16T09:00:00Z"), &agreed(), "wang", now()).unwrap();
        if let Some(found) = found {
            // A verdict is on what was named, whatever the finding is called.
            desk.outreach.give_verdict(&id, found, "", "chen", visit.end).unwrap();
        }
        let done = desk.outreach.complete(visit.id, None, "chen", visit.end).unwrap();
        let works: Vec<&str> = done.iter().map(|done| done.work.as_str()).collect();
        assert_eq!(works, expected, "{found:?}");
    }
    check(None, &["cooler_cleaned"]);
    check(Some((Found::Confirmed, None)), &["cooler_cleaned"]);
    check(Some((Found::SomethingElse, Some(VALVE))), &["cooler_cleaned", "thermostatic_valve_replaced"]);
    check(Some((Found::SomethingElse, Some("oil_aged"))), &["cooler_cleaned"]);
    check(Some((Found::NotFound, None)), &[]);
}

/// What a letter has told stays promised when the likelihoods move on.
#[test]
fn what_was_told_is_looked_for_all_the_same() {
    let desk = desk("s02/m002");
    let token = desk.write(&named(&desk, &[(VALVE, 0.7), (COOLER, 0.2)]));
    let move_on = |offset, likelihoods: &[(&str, f64)]| {
        let moved = Finding { status: Status::Updated, ..named(&desk, likelihoods) };
        let id = apply(&desk.outreach, offset, &moved, now());
        (desk.outreach.booking_page(&token, now()).unwrap(), works(&desk, &id))
    };
    let (page, (parts, minutes)) = move_on(2, &[(VALVE, 0.45), (COOLER, 0.5)]);
    assert!(page.sentence.contains("Most likely it is a thermostatic valve"), "{}", page.sentence);
    assert_eq!((page.work.as_str(), minutes), ("replace the thermostatic valve insert and check the cooler", 210));
    assert_eq!(parts, ["thermostatic_valve_kit"]);
    let (page, (parts, minutes)) = move_on(3, &[(VALVE, 0.1), (COOLER, 0.85)]);
    assert!(page.sentence.contains("very likely a clogged cooler"), "{}", page.sentence);
    assert_eq!((page.work.as_str(), minutes), ("clean the cooler and check the thermostatic valve", 210));
    assert_eq!(parts, ["thermostatic_valve_kit"]);
}

/// Two findings of one machine: where each stands, whose fault the letter names, and how long the visit takes.
#[test]
fn of_two_findings_about_the_same_one_speaks() {
    #[track_caller]
    fn check(first: &[(&str, f64)], second: &[(&str, f64)], stages: (Stage, Stage), names: &str, minutes: u32) {
        let desk = desk("s02/m002");
        let ids = [(1, first), (2, second)]
            .map(|(n, likelihoods)| apply(&desk.outreach, n, &named(&desk, likelihoods), now()));
        let cards = ids.each_ref().map(|id| desk.outreach.card(id, now()).unwrap());
        assert_eq!((cards[0].stage, cards[1].stage), stages, "{first:?} {second:?}");
        let letters = cards.into_iter().filter(|card| card.stage == Stage::Draft);
        let mut texts = letters.map(|card| (card.message.unwrap().text.body, card.minutes));
        assert!(texts.any(|(text, took)| text.contains(names) && took == Some(minutes)), "{first:?} {second:?}");
    }
    let (leads, follows, apart) =
        ((Stage::Draft, Stage::Internal), (Stage::Internal, Stage::Draft), (Stage::Draft, Stage::Draft));
    let cooler = [(COOLER, 0.76), (VALVE, 0.2)];
    check(&[(VALVE, 0.23), (COOLER, 0.7)], &cooler, follows, "Most likely it is a clogged cooler", 210);
    check(&cooler, &[(VALVE, 0.5)], leads, "Most likely it is a clogged cooler", 210);
    // What speaks already is not given up for a hair.
    check(&[(VALVE, 0.5)], &[(COOLER, 0.6), (VALVE, 0.3)], follows, "Most likely it is a clogged cooler", 210);
    // Evidence of its own is a matter of its own.
    check(&cooler, &[("oil_filter_clogging", 0.9)], apart, "very likely a clogged oil filter", 30);
}

fn stage(outreach: &Outreach, id: &FindingId) -> (Stage, Option<Matter>) {
    let card = outreach.card(id, now()).unwrap();
    (card.stage, card.matter)
}

#[test]
fn what_takes_the_place_of_what_was_told_is_told_by_telephone() {
    let desk = desk("s02/m002");
    let outreach = &desk.outreach;
    let valve = named(&desk, &[(VALVE, 0.6), (COOLER, 0.3)]);
    let link = desk.write(&valve);
    let cooler = apply(outreach, 2, &named(&desk, &[(COOLER, 0.9)]), now());
    assert_eq!(stage(outreach, &cooler), (Stage::Internal, None), "the customer knows of it");
    apply(outreach, 3, &Finding { status: Status::Cleared, ..valve.clone() }, now());
    assert_eq!(stage(outreach, &cooler), (Stage::Call, Some(Matter::Succeeds)));
    assert_eq!(outreach.booking_page(&link, now()).unwrap().state, PageState::NotNeeded);
    outreach.called(&cooler, AfterCall::NewLetter, "in writing please", "wang", now()).unwrap();
    let work = desk.outreach.card(&cooler, now()).unwrap().minutes;
    assert_eq!(work, Some(210), "what was told first is looked for as well");
}

#[test]
fn a_booked_visit_is_needed_while_another_finding_is_about_the_same() {
    for with_rival in [false, true] {
        let desk = desk("s02/m002");
        let outreach = &desk.outreach;
        let valve = named(&desk, &[(VALVE, 0.6), (COOLER, 0.3)]);
        let link = desk.write(&valve);
        outreach.book(&link, desk.first_time(&link), now()).unwrap();
        if with_rival {
            apply(outreach, 2, &named(&desk, &[(COOLER, 0.9)]), now());
        }
        apply(outreach, 3, &Finding { status: Status::Cleared, ..valve.clone() }, now());
        let card = outreach.card(&valve.id, now()).unwrap();
        assert_eq!(
            (card.stage, card.remark.is_none(), card.minutes),
            (Stage::Booked, with_rival, Some(if with_rival { 210 } else { 90 }))
        );
    }
}

#[test]
fn what_was_declined_is_declined_for_both() {
    let desk = desk("s02/m002");
    let outreach = &desk.outreach;
    let cooler = apply(outreach, 1, &named(&desk, &[(COOLER, 0.7), (VALVE, 0.2)]), now());
    let valve = apply(outreach, 2, &Finding { grade: Grade::Urgent, ..named(&desk, &[(VALVE, 0.5)]) }, now());
    assert_eq!(stage(outreach, &valve), (Stage::Internal, None));
    outreach.close(&cooler, "they clean it themselves", "wang", now()).unwrap();
    assert_eq!((stage(outreach, &cooler).0, stage(outreach, &valve).0), (Stage::Cleared, Stage::Cleared));
}

#[test]
fn what_is_done_is_done_for_both() {
    let desk = desk("s02/m002");
    let outreach = &desk.outreach;
    let cooler = apply(outreach, 1, &named(&desk, &[(COOLER, 0.7), (VALVE, 0.2)]), now());
    let valve = apply(outreach, 2, &named(&desk, &[(VALVE, 0.5)]), now());
    let link = outreach.approve(&cooler, "wang", now()).unwrap().link;
    outreach.tick(now()).unwrap();
    assert!(outreach.booking_page(token(&link), now()).is_ok());
    let visit = outreach.book_for(&cooler, at("2026-07-16T09:00:00Z"), &agreed(), "wang", now()).unwrap();
    outreach.complete(visit.id, None, "chen", visit.end).unwrap();
    assert_eq!((stage(outreach, &cooler).0, stage(outreach, &valve).0), (Stage::Done, Stage::Done));
}

/// What cannot be told apart on a machine that goes along in another one's letter is looked for there as well.
#[test]
fn rivals_of_a_machine_that_goes_along_are_looked_for_too() {
    let desk = desk("s02/m002");
    let lead = apply(&desk.outreach, 1, &of_fault(&desk.id, "oil_filter_clogging"), now());
    let third = machine("s02/m003");
    let cooler = apply(&desk.outreach, 2, &named_on(&third, &[(COOLER, 0.76), (VALVE, 0.2)]), now());
    let (parts, minutes) = works(&desk, &lead);
    assert_eq!((minutes, parts.contains(&"thermostatic_valve_kit".to_owned())), (150, false));
    apply(&desk.outreach, 3, &named_on(&third, &[(VALVE, 0.5)]), now());
    assert_eq!(stage(&desk.outreach, &cooler).0, Stage::Internal);
    let (parts, minutes) = works(&desk, &lead);
    assert_eq!((minutes, parts.contains(&"thermostatic_valve_kit".to_owned())), (240, true));
    let text = desk.outreach.card(&lead, now()).unwrap().message.unwrap().text.body;
    assert!(text.contains("thermostatic valve"), "{text}");
}

/// A fleet's midnight is taken in one step: what goes together is the same as if its findings had come one by one.
#[test]
fn what_is_taken_in_one_step_goes_together_as_if_it_had_come_one_by_one() {
    let third = machine("s02/m003");
    let midnight = |desk: &Desk| {
        let mut due = finding(&desk.id, "oil_changed", Grade::Watch, Status::Opened);
        (due.kind, due.probability_within, due.limit) = (FindingKind::MaintenanceDue, None, None);
        let hours = due.evidence[0].clone();
        due.evidence = vec![Evidence { feature: "due.oil_changed".into(), value: 3_700.0, unit: "h".into(), ..hours }];
        [
            named(desk, &[(COOLER, 0.7), (VALVE, 0.2)]),
            named(desk, &[(VALVE, 0.5)]),
            due,
            named_on(&third, &[(COOLER, 0.76)]),
        ]
    };
    let stages = |one_step: bool| {
        let desk = desk("s02/m002");
        let findings = midnight(&desk);
        let found: Vec<Concluded<'_>> = (1..)
            .zip(&findings)
            .map(|(n, finding)| Concluded {
                offset: Offset(n),
                ordinal: 0,
                finding,
                context: context(&finding.machine),
            })
            .collect();
        // Whatever is offered again changes nothing.
        for _ in 0..2 {
            match one_step {
                true => desk.outreach.apply_all(&found, now()).unwrap(),
                false => {
                    found.iter().for_each(|one| desk.outreach.apply_all(std::slice::from_ref(one), now()).unwrap())
                }
            }
        }
        let lead = desk.outreach.queue(now()).unwrap().remove(0).id;
        let letter = desk.outreach.card(&lead, now()).unwrap().message.unwrap().text.body;
        // Each desk signs its links with a secret of its own.
        let letter: String = letter.lines().filter(|line| !line.contains("https://")).collect();
        (findings.map(|finding| stage(&desk.outreach, &finding.id)), works(&desk, &lead), letter)
    };
    let (at_once, one_by_one) = (stages(true), stages(false));
    assert_eq!(at_once, one_by_one);
    assert_eq!(at_once.0.iter().filter(|(stage, _)| *stage == Stage::Draft).count(), 1, "one speaks");
}
