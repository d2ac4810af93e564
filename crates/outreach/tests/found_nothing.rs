//! A visit that found nothing: nothing is told as done, whoever reads of it reads that it was a look, and the forecast is watched on.

use crate::support::desk::{Desk, MACHINES, check, desk, now, of, of_fault, printed};
use crate::support::{self, agreed, apply, machine};
use foretell_model::{Alternative, FaultCode, Finding, Found, Grade, HOUR_MS, Status, Timestamp};
use foretell_outreach::{PageState, Stage};

const COOLER: &str = "cooler_clogging";

/// A visit that ended with nothing found, and when; its word after it is out.
fn looked(desk: &Desk) -> Timestamp {
    let outreach = &desk.outreach;
    let token = desk.write(&of_fault(&desk.id, COOLER));
    let page = outreach.book(&token, desk.first_time(&token), now()).unwrap();
    let PageState::Booked { booking, .. } = page.state else { panic!("booked") };
    outreach.tick(now()).unwrap();
    let id = outreach.cases_of(&desk.id).unwrap().remove(0).0.id;
    outreach.give_verdict(&id, (Found::NotFound, None), "", "chen", booking.end).unwrap();
    assert_eq!(outreach.complete(booking.id, None, "chen", booking.end).unwrap(), []);
    for hour in 0..24 * 12 {
        outreach.tick(booking.end + hour * HOUR_MS).unwrap();
    }
    booking.end
}

#[test]
fn whoever_reads_of_a_visit_that_found_nothing_reads_that_it_was_a_look() {
    let texts = MACHINES.map(|(_, id)| {
        let desk = desk(id);
        let end = looked(&desk);
        let outreach = &desk.outreach;
        let made = outreach.visits_done(&desk.id, (Timestamp::MIN, Timestamp::MAX)).unwrap().remove(0);
        assert_eq!((made.works.len(), made.looked_at.as_slice()), (0, &["cooler_cleaned".to_owned()][..]));
        let errand = outreach.errands_of(&[made.visit.id]).unwrap().remove(0);
        assert_eq!(errand.tasks[0].looked_at, ["cooler_cleaned"]);
        assert_eq!(outreach.works_to_tell(end.plus_days(9.0)).unwrap(), [(made.visit.id, Vec::new())]);
        let precision = outreach.precision().unwrap();
        assert_eq!((precision[0].confirmed, precision[0].not_found), (0, 1), "a false alarm");
        let after = printed(&of(&desk.last()), &desk.id, false);
        // It is watched for a fortnight; who is told the same after that sees it again, with what was found then.
        let said = |days: f64, offset| {
            let at = end.plus_days(days);
            let again = Finding { at, status: Status::Updated, ..of_fault(&desk.id, COOLER) };
            let id = apply(outreach, offset, &again, at);
            outreach.card(&id, at).unwrap()
        };
        assert_eq!(said(13.0, 20).stage, Stage::Done);
        let card = said(14.5, 21);
        let remark = "nothing was found at the visit, and the forecast still holds";
        assert_eq!((card.stage, card.remark.as_deref(), card.is_spent), (Stage::Draft, Some(remark), false));
        [after, printed(&card.message.unwrap().text, &desk.id, false)].join("\n----------\n\n")
    });
    check("found_nothing", &texts);
}

#[test]
fn a_forecast_that_ends_while_it_is_watched_opens_no_case() {
    let desk = desk("s02/m002");
    let end = looked(&desk);
    let at = end.plus_days(20.0);
    let id = apply(&desk.outreach, 30, &Finding { at, status: Status::Cleared, ..of_fault(&desk.id, COOLER) }, at);
    assert_eq!(desk.outreach.card(&id, at).unwrap().stage, Stage::Done);
}

#[test]
fn what_was_found_on_one_machine_of_a_joint_visit_is_done_there_alone() {
    let desk = desk("s02/m002");
    let outreach = &desk.outreach;
    let other = machine("s02/m003");
    let of = |id, fault| Finding { grade: Grade::Advise, ..of_fault(id, fault) };
    let first = apply(outreach, 1, &of(&desk.id, COOLER), now());
    let second = apply(outreach, 2, &of(&other, "separator_clogging"), now());
    let visit = outreach.book_for(&first, support::at("2026-07-16T09:00:00Z"), &agreed(), "wang", now()).unwrap();
    outreach.give_verdict(&first, (Found::NotFound, None), "", "chen", visit.end).unwrap();
    outreach.give_verdict(&second, (Found::Confirmed, None), "", "chen", visit.end).unwrap();
    let done = outreach.complete(visit.id, None, "chen", visit.end).unwrap();
    let works: Vec<(&str, &str)> = done.iter().map(|done| (done.machine.machine(), done.work.as_str())).collect();
    assert_eq!(works, [("m003", "separator_replaced")]);
    let errand = outreach.errands_of(&[visit.id]).unwrap().remove(0);
    let tasks: Vec<(usize, usize)> = errand.tasks.iter().map(|task| (task.works.len(), task.looked_at.len())).collect();
    assert_eq!(tasks, [(0, 1), (1, 0)]);
    for hour in 0..24 * 12 {
        outreach.tick(visit.end + hour * HOUR_MS).unwrap();
    }
    let body = desk.last().body;
    assert!(
        body.contains("all of it is done: check the cooler (compressor ")
            && body.contains("; replace the separator element (compressor "),
        "{body}"
    );
    assert!(body.contains("We found no sign of a clogged cooler on compressor"), "{body}");
    // What is watched on speaks for itself alone when it comes up again.
    let at = visit.end.plus_days(15.0);
    apply(outreach, 20, &Finding { at, status: Status::Updated, ..of(&desk.id, COOLER) }, at);
    let card = outreach.card(&first, at).unwrap();
    assert_eq!((card.stage, card.companions.len()), (Stage::Draft, 0));
    apply(outreach, 21, &Finding { at, status: Status::Updated, ..of(&other, "separator_clogging") }, at);
    assert_eq!(outreach.card(&second, at).unwrap().stage, Stage::Done, "that was cured");
}

/// What goes along comes up again as well as what leads, and what may have been the same was looked for with it.
#[test]
fn whatever_was_looked_for_in_vain_comes_up_again() {
    #[track_caller]
    fn check(own: &str, fault: &str, verdict_on: usize) {
        let desk = desk("s02/m002");
        let outreach = &desk.outreach;
        let other = machine(own);
        let beside = Alternative { fault: FaultCode::new("thermostatic_valve").unwrap(), likelihood: 0.2 };
        let cooler = Finding { likelihood: 0.7, alternatives: vec![beside], ..of_fault(&desk.id, COOLER) };
        let findings = [cooler, Finding { likelihood: 0.5, ..of_fault(&other, fault) }];
        let ids = [0, 1].map(|n| apply(outreach, 1 + n as u64, &findings[n], now()));
        let visit = outreach.book_for(&ids[0], support::at("2026-07-16T09:00:00Z"), &agreed(), "wang", now()).unwrap();
        outreach.give_verdict(&ids[verdict_on], (Found::NotFound, None), "", "chen", visit.end).unwrap();
        outreach.complete(visit.id, None, "chen", visit.end).unwrap();
        assert_eq!(outreach.card(&ids[1], visit.end).unwrap().stage, Stage::Done);
        let at = visit.end.plus_days(15.0);
        apply(outreach, 20, &Finding { at, status: Status::Updated, ..findings[1].clone() }, at);
        assert_ne!(outreach.card(&ids[1], at).unwrap().stage, Stage::Done, "{own} {fault}");
    }
    check("s02/m003", "separator_clogging", 1);
    check("s02/m002", "thermostatic_valve", 0);
}
