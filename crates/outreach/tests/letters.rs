//! Every letter there is, as it goes out, in both languages and every length: one golden file each in `tests/golden`. Each text
//! also passes the lint, so that nothing reaches a golden file that may not reach a customer.
//!
//! `UPDATE_EXPECT=1 cargo test` writes the files anew; read what changed aloud before keeping it.

use crate::support::desk::{Desk, MACHINES, check, desk, now, of, of_fault, printed};
use crate::support::{agreed, apply, at, catalogue, context, finding, token};
use foretell_model::{Evidence, Finding, Grade, HOUR_MS, Offset, RulDays, Status};
use foretell_outreach::{Applied, MachineContext, MessageView, Stage};

#[test]
fn every_fault_that_a_customer_may_hear_of() {
    for fault in catalogue().faults.iter().filter(|fault| fault.customer) {
        let texts = MACHINES.map(|(_, id)| {
            let desk = desk(id);
            desk.write(&of_fault(&desk.id, fault.code.as_str()));
            printed(&of(&desk.last()), &desk.id, false)
        });
        check(&format!("fault_{}", fault.code), &texts);
    }
}

/// A leak that the engine only watches, because a new consumer at night looks the same, is worth a tip when it is dear.
#[test]
fn a_dear_leak_is_a_tip_and_a_cheap_or_doubtful_one_is_not() {
    #[track_caller]
    fn check(change: impl Fn(&mut Finding), expected: Stage) {
        let desk = desk("s02/m002");
        let mut case = Finding { grade: Grade::Watch, ..of_fault(&desk.id, "air_leak") };
        change(&mut case);
        let id = apply(&desk.outreach, 1, &case, now());
        assert_eq!(desk.outreach.card(&id, now()).unwrap().stage, expected);
    }
    check(|_| {}, Stage::Draft);
    check(|case| case.likelihood = 0.5, Stage::Internal);
    check(|case| case.evidence[6].value = 4_900.0, Stage::Internal);
    check(|case| case.evidence[7].value = 9_000.0, Stage::Internal);
}

#[test]
fn a_jump_is_told_as_a_jump() {
    let texts = MACHINES.map(|(_, id)| {
        let desk = desk(id);
        let mut case = of_fault(&desk.id, "thermostatic_valve");
        case.evidence.push(Evidence { feature: "onset_step_share".into(), value: 0.8, ..case.evidence[0].clone() });
        desk.write(&case);
        printed(&of(&desk.last()), &desk.id, false)
    });
    check("sudden", &texts);
}

/// Nobody is told that the work comes before a fault that will sooner be there.
#[test]
fn of_what_comes_within_days_nobody_says_that_the_work_comes_before_it() {
    let texts = MACHINES.map(|(_, id)| {
        let desk = desk(id);
        let mut case = Finding { grade: Grade::Urgent, ..of_fault(&desk.id, "cooler_clogging") };
        case.rul_days = Some(RulDays { p10: Some(0.4), p50: Some(1.9), p90: Some(5.5) });
        desk.write(&case);
        printed(&of(&desk.last()), &desk.id, false)
    });
    check("within_days", &texts);
}

/// Letters of these faults, in both languages, to a customer whose busy season this is.
fn of_faults_in_season(busy: &str, faults: [&str; 2]) -> Vec<String> {
    let of_machine = |(_, id)| {
        faults.map(|fault| {
            let desk = desk(id);
            desk.is_busy(busy);
            desk.write(&of_fault(&desk.id, fault));
            printed(&of(&desk.last()), &desk.id, false)
        })
    };
    MACHINES.map(of_machine).concat()
}

/// What the work spares besides: the busy season without it.
#[test]
fn work_that_is_done_before_the_busy_season_is_said_to_be() {
    let texts = of_faults_in_season("2026-09-01/2026-11-15", ["cooler_clogging", "separator_clogging"]);
    check("fault_in_season", &texts);
}

/// Nothing that stops a machine is offered in the busy season, and the letter says why its times lie so late; so does the card.
#[test]
fn times_that_wait_for_the_end_of_the_busy_season_are_said_to() {
    let texts = MACHINES.map(|(_, id)| {
        let in_season = |busy: &str| {
            let desk = desk(id);
            let mut own = desk.outreach.machine(&desk.id).unwrap().unwrap();
            own.service.truncate(1);
            desk.outreach.register_machine(&own, "test", now()).unwrap();
            let mut customer = desk.outreach.customer_of(&desk.id).unwrap().unwrap();
            customer.production.busy = vec![busy.to_owned()];
            desk.outreach.register_customer(&customer, "test", now()).unwrap();
            (due(&desk, 12_150.0), desk)
        };
        let (letter, desk) = in_season("2026-07-01/2026-07-24");
        assert_eq!(
            letter.season_until,
            Some(
                desk.outreach
                    .calendar_of(desk.outreach.customer_of(&desk.id).unwrap().as_ref())
                    .instant("2026-07-24T00:00:00".parse().unwrap())
            )
        );
        // One that is over by the time anybody could come, and one of months, in which there is no other time.
        for other in ["2026-07-01/2026-07-15", "2026-07-01/2026-10-31"] {
            assert_eq!(in_season(other).0.season_until, None, "{other}");
        }
        printed(&letter.text, &desk.id, false)
    });
    check("service_after_season", &texts);
}

/// Nor is a fault seen to in it, where there is time enough after it: the letter then asks nobody to hurry.
#[test]
fn a_fault_that_can_wait_for_the_end_of_the_busy_season_does() {
    let texts = of_faults_in_season("2026-07-01/2026-07-18", ["cooler_clogging", "cooling_fan"]);
    check("fault_after_season", &texts);
}

/// What the page behind a letter says: of a fault, of lost electricity, of work that is due soon and of work that was due before.
#[test]
fn the_sentences_of_the_page() {
    let texts = MACHINES.map(|(_, id)| {
        let page = |desk: &Desk, token: &str| desk.outreach.booking_page(token, now()).unwrap().sentence;
        let of_fault = ["cooler_clogging", "phase_imbalance", "air_leak", "inlet_valve"].map(|fault| {
            let desk = desk(id);
            let link = desk.write(&of_fault(&desk.id, fault));
            page(&desk, &link)
        });
        let of_service = [11_650.0, 12_150.0].map(|run_hours| {
            let desk = desk(id);
            page(&desk, token(&due(&desk, run_hours).link))
        });
        format!("{}\n", [&of_fault[..], &of_service[..]].concat().join("\n\n"))
    });
    check("pages", &texts);
}

/// Opens the case of a machine's due service, with a run-hour counter and works of its own.
fn due(desk: &Desk, run_hours: f64) -> MessageView {
    let context = MachineContext { run_hours: Some(run_hours), ..context(&desk.id) };
    let applied = desk.outreach.check_service(&desk.id, &context, now()).unwrap();
    let Applied::Case { id, stage: Stage::Draft } = applied else { panic!("service is due: {applied:?}") };
    desk.outreach.approve(&id, "wang", now()).unwrap()
}

#[test]
fn service_by_hours_with_an_inspection_and_alone() {
    let texts = MACHINES.map(|(_, id)| {
        let mut texts = Vec::new();
        for (run_hours, with_inspection) in [(11_650.0, false), (12_150.0, false), (11_650.0, true)] {
            let desk = desk(id);
            let mut own = desk.outreach.machine(&desk.id).unwrap().unwrap();
            own.service.truncate(1);
            if with_inspection {
                own.service.push(foretell_outreach::ServiceTask {
                    work: "vibration_tested".into(),
                    interval_h: 9_000.0,
                    last_done_h: 3_000.0,
                });
            }
            desk.outreach.register_machine(&own, "test", now()).unwrap();
            if with_inspection {
                let mut customer = desk.outreach.customer_of(&desk.id).unwrap().unwrap();
                customer.production.busy = vec!["2026-09-01/2026-11-15".into()];
                desk.outreach.register_customer(&customer, "test", now()).unwrap();
            }
            texts.push(printed(&due(&desk, run_hours).text, &desk.id, false));
        }
        texts
    });
    check("service", &texts.concat());
}

/// What falls due near a fault goes into the fault's letter, and is done and counted with it.
#[test]
fn a_fault_takes_along_what_falls_due_near_it() {
    let texts = MACHINES.map(|(_, id)| {
        let desk = desk(id);
        let mut own = desk.outreach.machine(&desk.id).unwrap().unwrap();
        own.service.truncate(1);
        desk.outreach.register_machine(&own, "test", now()).unwrap();
        let fault = finding(&desk.id, "cooler_clogging", Grade::Advise, Status::Opened);
        let fault_id = apply(&desk.outreach, 1, &fault, now());
        let Applied::Case { id: service, stage } =
            desk.outreach.check_service(&desk.id, &context(&desk.id), now()).unwrap()
        else {
            panic!("service is due")
        };
        assert_eq!(stage, Stage::Internal, "the fault speaks for it");
        // Said anew, neither opens a second case nor is forgotten.
        apply(&desk.outreach, 2, &Finding { status: Status::Updated, ..fault }, now());
        let again = desk.outreach.check_service(&desk.id, &context(&desk.id), now()).unwrap();
        assert_eq!(again, Applied::Case { id: service.clone(), stage: Stage::Internal });
        let text = desk.outreach.approve(&fault_id, "wang", now()).unwrap().text;
        let visit = desk.outreach.book_for(&fault_id, at("2026-07-16T09:00:00Z"), &agreed(), "wang", now()).unwrap();
        assert_eq!((visit.end - visit.start) / 60_000, 210, "time for both");
        let done = desk.outreach.complete(visit.id, Some(11_700.0), "chen", visit.end).unwrap();
        let works: Vec<&str> = done.iter().map(|done| done.work.as_str()).collect();
        assert_eq!(works, ["cooler_cleaned", "oil_changed"]);
        assert_eq!(desk.outreach.card(&service, visit.end).unwrap().stage, Stage::Done);
        assert_eq!(desk.outreach.machine(&desk.id).unwrap().unwrap().service[0].last_done_h, 11_700.0);
        printed(&text, &desk.id, false)
    });
    check("bundle", &texts);
}

#[test]
fn the_reminder() {
    let texts = MACHINES.map(|(_, id)| {
        let desk = desk(id);
        desk.write(&of_fault(&desk.id, "cooler_clogging"));
        desk.outreach.tick(at("2026-07-20T09:00:00Z")).unwrap();
        printed(&of(&desk.last()), &desk.id, false)
    });
    check("reminder", &texts);
}

/// Whoever is reminded of times that lie late is told once more why they do.
#[test]
fn a_reminder_of_times_that_wait_for_the_end_of_the_busy_season_says_so() {
    let texts = MACHINES.map(|(_, id)| {
        let reminder = |write: &dyn Fn(&Desk)| {
            let desk = desk(id);
            desk.is_busy("2026-07-01/2026-07-24");
            write(&desk);
            desk.outreach.tick(now()).unwrap();
            desk.outreach.tick(at("2026-07-20T09:00:00Z")).unwrap();
            printed(&of(&desk.last()), &desk.id, false)
        };
        let of_fault = |fault: &'static str| reminder(&move |desk| drop(desk.write(&of_fault(&desk.id, fault))));
        [of_fault("cooler_clogging"), of_fault("cooling_fan"), reminder(&|desk| drop(due(desk, 12_150.0)))]
            .join("\n----------\n\n")
    });
    check("reminder_after_season", &texts);
}

/// Times that were found for less work are none for more, whatever made it more.
#[test]
fn a_letter_offers_no_time_that_is_too_short_for_its_work() {
    let desk = desk("s02/m002");
    let id = apply(&desk.outreach, 1, &of_fault(&desk.id, "cooler_clogging"), now());
    let hours = || -> Vec<i64> {
        let slots = desk.outreach.card(&id, now()).unwrap().message.unwrap().slots;
        slots.iter().map(|slot| (slot.end - slot.start) / HOUR_MS).collect()
    };
    assert_eq!(hours(), [2, 2]);
    let file = rusqlite::Connection::open(desk.path()).unwrap();
    assert_eq!(file.execute("UPDATE offer SET ends = begins + ?1", [HOUR_MS]).unwrap(), 2);
    assert_eq!(hours(), [2, 2]);
}

/// What has come is not told as a forecast.
#[test]
fn a_machine_that_was_at_its_limit_is_not_told_that_it_may_come_there() {
    let texts = MACHINES.map(|(_, id)| {
        let desk = desk(id);
        let hot = MachineContext { in_normal_range: Some(false), ..context(&desk.id) };
        let case = Finding { grade: Grade::Urgent, ..of_fault(&desk.id, "cooler_clogging") };
        let Ok(Applied::Case { id, .. }) = desk.outreach.apply(Offset(1), 0, &case, &hot, now()) else {
            panic!("a case")
        };
        let link = desk.outreach.approve(&id, "wang", now()).unwrap().link;
        desk.outreach.tick(now()).unwrap();
        let page = desk.outreach.booking_page(token(&link), now()).unwrap();
        format!("{}\n----------\n\n{}\n", printed(&of(&desk.last()), &desk.id, false), page.sentence)
    });
    check("at_limit", &texts);
}
