//! Two machines of one site that need somebody in the same days: one letter, one visit, and what becomes of it when one of them
//! needs nobody any more.

use crate::support::desk::{Desk, check, desk, now, of, of_fault, printed};
use crate::support::{agreed, apply, at, context, finding, machine, token};
use foretell_model::{
    Evidence, FaultCode, Finding, FindingId, FindingKind, Grade, HOUR_MS, Lack, Objection, Obstacle, Offset, Remark,
    Status, Timestamp,
};
use foretell_outreach::governor::Reason;
use foretell_outreach::{
    AfterCall, Counters, Happening, Outcome, OutreachError, PageState, RecordFilter, Source, Stage, Task, VisitReport,
};

const SITES: [&str; 2] = ["s02", "s01"];

fn fault(site: &str, number: &str, fault: &str, grade: Grade) -> Finding {
    Finding { grade, ..of_fault(&machine(&format!("{site}/{number}")), fault) }
}

/// A cooler on the second machine and a separator on the third, said one after the other.
fn two(desk: &Desk, site: &str) -> [FindingId; 2] {
    let first = apply(&desk.outreach, 1, &fault(site, "m002", "cooler_clogging", Grade::Advise), now());
    let second = apply(&desk.outreach, 2, &fault(site, "m003", "separator_clogging", Grade::Advise), now());
    [first, second]
}

fn cleared(desk: &Desk, of: &Finding, offset: u64, t: Timestamp) {
    apply(&desk.outreach, offset, &Finding { status: Status::Cleared, ..of.clone() }, t);
}

fn stages(desk: &Desk, ids: &[FindingId; 2], t: Timestamp) -> [Stage; 2] {
    [0, 1].map(|n| desk.outreach.card(&ids[n], t).unwrap().stage)
}

#[test]
fn one_letter_one_visit_and_one_word_after_it() {
    let texts = SITES.map(|site| {
        let desk = desk(&format!("{site}/m002"));
        let [first, second] = two(&desk, site);
        let queue = desk.outreach.queue(now()).unwrap();
        assert_eq!(queue.iter().map(|entry| &entry.id).collect::<Vec<_>>(), [&first], "one card about both");
        let card = desk.outreach.card(&first, now()).unwrap();
        assert_eq!(card.companions.iter().map(|other| &other.id).collect::<Vec<_>>(), [&second]);
        let alone = desk.outreach.card(&second, now()).unwrap();
        let number = card.machine.unwrap().number;
        assert_eq!(alone.message.unwrap_err(), Objection::about(Obstacle::CaseGoesAlong, number));
        assert_eq!(alone.speaker.as_ref(), Some(&first));

        let message = desk.outreach.approve(&first, "wang", now()).unwrap();
        desk.outreach.tick(now()).unwrap();
        let mut texts = vec![printed(&of(&desk.last()), &desk.id, false)];
        desk.outreach.tick(at("2026-07-20T09:00:00Z")).unwrap();
        texts.push(printed(&of(&desk.last()), &desk.id, false));
        let later = at("2026-07-20T09:30:00Z");
        let token = token(&message.link);
        let page = desk.outreach.booking_page(token, later).unwrap();
        texts.push(format!("{}\n{}\n{}\n", page.number, page.work, page.sentence));
        let start = page.slots[0].slot.start;
        let PageState::Booked { booking, .. } = desk.outreach.book(token, start, later).unwrap().state else {
            panic!("booked")
        };
        assert_eq!((booking.end - booking.start) / 60_000, i64::from(card.minutes.unwrap()), "time for both");
        let file = desk.outreach.calendar_file(token, later).unwrap().replace("\r\n ", "");
        texts.push(file.lines().find(|line| line.starts_with("SUMMARY")).unwrap().to_owned() + "\n");
        desk.outreach.tick(later).unwrap();
        texts.push(printed(&of(&desk.last()), &desk.id, false));

        every_view_names_both(&desk, booking.id, &first, later);
        // One visit is one against what people can do, and takes as long as both.
        let weeks = desk.outreach.plan(3, &Counters::new(), later).unwrap().weeks;
        let (visits, hours) =
            weeks.iter().fold((0.0, 0.0), |(n, h), week| (n + week.visits.expected, h + week.booked_h));
        assert_eq!((visits, (hours * 60.0).round() as u32), (1.0, card.minutes.unwrap()));
        let done = desk.outreach.complete(booking.id, Some(11_700.0), "chen", booking.end).unwrap();
        let works: Vec<(&str, &str)> = done.iter().map(|done| (done.machine.machine(), done.work.as_str())).collect();
        assert_eq!(works, [("m002", "cooler_cleaned"), ("m003", "separator_replaced")]);
        assert_eq!(stages(&desk, &[first, second], booking.end), [Stage::Done; 2]);
        for (own, work) in [("m002", "cooler_cleaned"), ("m003", "separator_replaced")] {
            let id = machine(&format!("{site}/{own}"));
            let made = desk.outreach.visits_done(&id, (Timestamp::MIN, Timestamp::MAX)).unwrap();
            assert_eq!(made.iter().map(|made| made.works.as_slice()).collect::<Vec<_>>(), [&[work.to_owned()][..]]);
        }
        // One word tells of both, once both are known.
        let before = desk.sent();
        let known = booking.end.plus_days(3.0);
        desk.outreach
            .apply(Offset(9), 0, &effect(&desk, site, "m002", "cooler_cleaned"), &context(&desk.id), known)
            .unwrap();
        desk.outreach.tick(known).unwrap();
        assert_eq!(desk.sent(), before, "the other one is not known yet");
        desk.outreach
            .apply(Offset(10), 0, &effect(&desk, site, "m003", "separator_replaced"), &context(&desk.id), known)
            .unwrap();
        for hour in 0..96 {
            desk.outreach.tick(known + hour * HOUR_MS).unwrap();
        }
        assert_eq!(desk.sent(), before + 1);
        texts.push(printed(&of(&desk.last()), &desk.id, false));
        texts.join("\n----------\n\n")
    });
    check("joint", &texts);
}

/// Wherever the visit is shown it is for both machines, each with its own work, and both have it in their record.
#[track_caller]
fn every_view_names_both(desk: &Desk, visit: i64, case: &FindingId, t: Timestamp) {
    let each = |tasks: &Vec<Task>| -> Vec<String> {
        tasks.iter().map(|task| format!("{} {:?}", task.machine().machine(), task.works)).collect()
    };
    let sheet = desk.outreach.errand_sheet(visit).unwrap().errand.tasks;
    let brief = desk.outreach.errands_of(&[visit]).unwrap().remove(0).tasks;
    let of_card = desk.outreach.card(case, t).unwrap().tasks;
    let of_case = desk.outreach.tasks_of(&[case]).unwrap().remove(0);
    for tasks in [sheet, brief, of_card, of_case] {
        assert_eq!(each(&tasks), ["m002 [\"cooler_cleaned\"]", "m003 [\"separator_replaced\"]"]);
    }
    for own in ["m002", "m003"] {
        let machine = Some(format!("{}/{own}", desk.id.site()));
        let record = desk.outreach.record(&RecordFilter { machine, max: 50, ..RecordFilter::default() }).unwrap();
        for what in ["invitation_sent", "visit_booked"] {
            let entry = record.iter().find(|entry| entry.what == what);
            let entry = entry.unwrap_or_else(|| panic!("{own}: {what} is missing of {record:?}"));
            let site = desk.id.site();
            assert_eq!((&entry.machine, &entry.beside), (&Some(desk.id.to_string()), &vec![format!("{site}/m003")]));
        }
    }
}

/// Work that helped the second machine and not the third.
fn effect(desk: &Desk, site: &str, own: &str, work: &str) -> Finding {
    // A cleaned cooler shows in the temperature, a new separator in the current.
    let (feature, unit, change) = match own {
        "m002" => ("discharge_change_k", "K", -4.2),
        _ => ("loaded_current_change_a", "A", -0.2),
    };
    let item = |feature: &str, value| Evidence {
        feature: feature.into(),
        value,
        unit: unit.into(),
        change_per_day: None,
        since: None,
    };
    let code = FaultCode::new(work).unwrap();
    let id = machine(&format!("{site}/{own}"));
    Finding {
        at: now().plus_days(20.0),
        kind: FindingKind::MaintenanceEffect,
        id: FindingId::new(&id, &code, 1),
        evidence: vec![item(feature, change), item(&format!("{feature}_sd"), 0.5)],
        fault: code,
        machine: id,
        ..of_fault(&desk.id, "cooler_clogging")
    }
}

/// An oil change on the third machine.
fn due(site: &str) -> Finding {
    let mut due = finding(&machine(&format!("{site}/m003")), "oil_changed", Grade::Advise, Status::Opened);
    (due.kind, due.probability_within, due.limit) = (FindingKind::MaintenanceDue, None, None);
    due.evidence[0].feature = "run_hours_since_service".into();
    (due.evidence[0].unit, due.evidence[0].value) = ("h".into(), 3_700.0);
    due
}

#[test]
fn what_presses_most_comes_first_whoever_speaks() {
    let desk = desk("s02/m003");
    let night = at("2026-07-15T21:00:00Z");
    let service = apply(&desk.outreach, 1, &due("s02"), night);
    desk.outreach.approve(&service, "wang", night).unwrap();
    let urgent = apply(&desk.outreach, 2, &fault("s02", "m002", "cooler_clogging", Grade::Urgent), night);
    assert_eq!(desk.outreach.card(&urgent, night).unwrap().speaker, Some(service.clone()), "it was approved before");
    let link = desk.outreach.approve(&service, "wang", night).unwrap().link;
    desk.outreach.tick(night).unwrap();
    let letter = desk.last();
    let first = |text: &str| text.find("clogged cooler") < text.find("change the oil");
    assert!(letter.subject.starts_with("Compressors No. 2 and No. 3") && first(&letter.body), "{}", letter.body);
    let page = desk.outreach.booking_page(token(&link), night).unwrap();
    let spoken: Vec<&str> = page.spoken.iter().map(|finding| finding.machine.machine()).collect();
    assert_eq!(spoken, ["m002", "m003"]);
    assert!(first(&page.sentence) && page.number == "No. 2 and No. 3", "{}", page.sentence);
    assert_eq!(page.work, "clean the cooler on No. 2, and change the oil on No. 3");
    // The one reminder too.
    desk.outreach.tick(at("2026-07-21T09:00:00Z")).unwrap();
    let reminder = desk.last();
    assert!(reminder.subject.starts_with("Compressors No. 2 and No. 3") && first(&reminder.body), "{}", reminder.body);
}

#[test]
fn a_fault_takes_along_the_service_of_the_machine_beside_it() {
    let texts = SITES.map(|site| {
        let desk = desk(&format!("{site}/m002"));
        let service = apply(&desk.outreach, 1, &due(site), now());
        let urgent = apply(&desk.outreach, 2, &fault(site, "m002", "cooler_clogging", Grade::Urgent), now());
        // Whoever speaks first speaks on; what both say is as pressing as the more pressing of them.
        let queue = desk.outreach.queue(now()).unwrap();
        assert_eq!((queue.len(), queue[0].grade, &queue[0].id), (1, Grade::Urgent, &urgent));
        assert_eq!(desk.outreach.card(&service, now()).unwrap().speaker, Some(urgent.clone()));
        desk.outreach.approve(&urgent, "wang", now()).unwrap();
        desk.outreach.tick(now()).unwrap();
        printed(&of(&desk.last()), &desk.id, false)
    });
    check("joint_service", &texts);
}

#[test]
fn whoever_needs_nobody_drops_out_and_the_other_goes_on() {
    #[derive(Clone, Copy)]
    enum Until {
        Draft,
        Approved,
        Sent,
        Booked,
    }
    /// Which of the two is cleared, when, and where both stand then.
    #[track_caller]
    fn check(until: Until, which: usize, expected: [Stage; 2], letters: usize) {
        let desk = desk("s02/m002");
        let ids = two(&desk, "s02");
        let night = at("2026-07-15T21:00:00Z");
        let t = if matches!(until, Until::Approved) { night } else { now() };
        if !matches!(until, Until::Draft) {
            let link = desk.outreach.approve(&ids[0], "wang", t).unwrap().link;
            desk.outreach.tick(t).unwrap();
            if matches!(until, Until::Booked) {
                let start = desk.first_time(token(&link));
                desk.outreach.book(token(&link), start, t).unwrap();
            }
        }
        let findings = [
            fault("s02", "m002", "cooler_clogging", Grade::Advise),
            fault("s02", "m003", "separator_clogging", Grade::Advise),
        ];
        cleared(&desk, &findings[which], 3, t);
        assert_eq!(stages(&desk, &ids, t), expected);
        for hour in 0..15 {
            desk.outreach.tick(t + hour * HOUR_MS).unwrap();
        }
        let sent: Vec<String> =
            desk.channel.parcels.lock().unwrap().iter().map(|parcel| parcel.subject.clone()).collect();
        let about: Vec<&String> =
            sent.iter().filter(|subject| subject.contains("one visit") || subject.contains("shall we")).collect();
        assert_eq!(about.len(), letters, "{sent:?}");
        let names_both = about.first().is_some_and(|subject| subject.contains("No. 2 and No. 3"));
        assert_eq!(names_both, letters > 0 && !matches!(until, Until::Approved), "{sent:?}");
    }
    check(Until::Draft, 1, [Stage::Draft, Stage::Cleared], 0);
    check(Until::Draft, 0, [Stage::Cleared, Stage::Draft], 0);
    check(Until::Approved, 1, [Stage::Queued, Stage::Cleared], 1);
    check(Until::Approved, 0, [Stage::Cleared, Stage::Draft], 0);
    check(Until::Sent, 1, [Stage::Contacted, Stage::Cleared], 1);
    check(Until::Sent, 0, [Stage::Cleared, Stage::Call], 1);
    check(Until::Booked, 1, [Stage::Booked, Stage::Cleared], 1);
    check(Until::Booked, 0, [Stage::Booked, Stage::Internal], 1);
}

#[test]
fn part_of_a_booked_visit_that_may_be_needless_is_the_advisors_to_settle() {
    let desk = desk("s02/m002");
    let ids = two(&desk, "s02");
    let link = desk.outreach.approve(&ids[0], "wang", now()).unwrap().link;
    desk.outreach.tick(now()).unwrap();
    let start = desk.first_time(token(&link));
    desk.outreach.book(token(&link), start, now()).unwrap();
    cleared(&desk, &fault("s02", "m003", "separator_clogging", Grade::Advise), 3, now());
    let queue = desk.outreach.queue(now()).unwrap();
    assert_eq!(queue[0].remark.as_deref(), Some("part of the visit may no longer be needed: No. 3"));
}

#[test]
fn an_approved_letter_that_grows_is_looked_at_again() {
    let desk = desk("s02/m002");
    let night = at("2026-07-15T21:00:00Z");
    let first = apply(&desk.outreach, 1, &fault("s02", "m002", "cooler_clogging", Grade::Advise), night);
    desk.outreach.approve(&first, "wang", night).unwrap();
    desk.outreach.tick(night).unwrap();
    let second = apply(&desk.outreach, 2, &fault("s02", "m003", "separator_clogging", Grade::Advise), night);
    let queue = desk.outreach.queue(night).unwrap();
    let why = "another machine of the site goes with it now; please look at it again and approve it anew";
    assert_eq!((queue.len(), queue[0].stage, queue[0].remark.as_deref()), (1, Stage::Draft, Some(why)));
    let card = desk.outreach.card(&first, night).unwrap();
    let taken_back = |entry: &Happening| entry.what == "took the approval back" && entry.why == why;
    assert!(card.history.iter().any(taken_back), "{:?}", card.history);
    assert_eq!(card.message.unwrap().reason.as_deref(), Some(why));
    // Nothing goes out before that, and then one letter about both.
    let morning = at("2026-07-16T08:00:00Z");
    assert_eq!(desk.outreach.tick(morning).unwrap(), []);
    desk.outreach.approve(&first, "wang", morning).unwrap();
    assert_eq!(desk.outreach.tick(morning).unwrap()[0].outcome, Outcome::Sent);
    assert_eq!(stages(&desk, &[first.clone(), second], morning), [Stage::Contacted, Stage::Internal]);
    // What a machine has to say later is another matter: its letter spoke of it a while ago.
    let other = apply(&desk.outreach, 3, &fault("s02", "m003", "oil_filter_clogging", Grade::Advise), morning);
    let verdict = desk.outreach.card(&other, morning).unwrap().verdict.unwrap();
    assert_eq!(verdict.reason(), Some(&Reason::MachineCap { days: 30 }));
}

#[test]
fn what_must_not_wait_or_be_said_goes_its_own_way() {
    /// What happens to the machine that goes along, and where both stand then.
    #[track_caller]
    fn check(act: impl FnOnce(&Desk, &[FindingId; 2]), expected: [Stage; 2]) {
        let desk = desk("s02/m002");
        let ids = two(&desk, "s02");
        act(&desk, &ids);
        assert_eq!(stages(&desk, &ids, now()), expected);
        let companions = desk.outreach.card(&ids[0], now()).unwrap().companions;
        // What was declined together stays together.
        assert_eq!(companions.is_empty(), ![Stage::Internal, Stage::Cleared].contains(&expected[1]));
    }
    let again = |offset, grade| {
        move |desk: &Desk| {
            let said = Finding { status: Status::Updated, ..fault("s02", "m003", "separator_clogging", grade) };
            apply(&desk.outreach, offset, &said, now());
        }
    };
    check(|desk, _| again(3, Grade::Advise)(desk), [Stage::Draft, Stage::Internal]);
    // It broke: nothing else is said of it.
    check(
        |desk, _| {
            let broken = machine("s02/m003");
            desk.outreach.open_service_case(&broken, Source::Customer, "stopped", "customer", now()).unwrap();
            again(3, Grade::Advise)(desk);
        },
        [Stage::Draft, Stage::Draft],
    );
    // Put off as a plan of weeks, and then days are left.
    let put_off = |desk: &Desk, ids: &[FindingId; 2]| {
        desk.outreach.postpone(&ids[0], now().plus_days(9.0), "after their audit", "wang", now()).unwrap();
    };
    check(|desk, ids| put_off(desk, ids), [Stage::Postponed, Stage::Internal]);
    check(
        |desk, ids| {
            put_off(desk, ids);
            again(3, Grade::Urgent)(desk);
        },
        [Stage::Postponed, Stage::Draft],
    );
    check(|desk, ids| desk.outreach.call_instead(&ids[1], "", "wang", now()).unwrap(), [Stage::Draft, Stage::Call]);
    check(|desk, ids| desk.outreach.call_instead(&ids[0], "", "wang", now()).unwrap(), [Stage::Call, Stage::Internal]);
    // Declined before anybody was written to, and on the telephone about both.
    check(|desk, ids| desk.outreach.close(&ids[0], "known", "wang", now()).unwrap(), [Stage::Cleared, Stage::Draft]);
    check(
        |desk, ids| {
            desk.outreach.call_instead(&ids[0], "", "wang", now()).unwrap();
            desk.outreach.called(&ids[0], AfterCall::Close, "both are sold", "wang", now()).unwrap();
        },
        [Stage::Cleared, Stage::Cleared],
    );
}

#[test]
fn silence_that_a_customer_asks_for_holds_for_both() {
    let desk = desk("s02/m002");
    let ids = two(&desk, "s02");
    let link = desk.outreach.approve(&ids[0], "wang", now()).unwrap().link;
    desk.outreach.tick(now()).unwrap();
    desk.outreach.not_now(token(&link), 14, now()).unwrap();
    let other =
        apply(&desk.outreach, 3, &fault("s02", "m003", "oil_filter_clogging", Grade::Advise), now().plus_days(1.0));
    desk.outreach.approve(&other, "wang", now().plus_days(1.0)).unwrap();
    for day in 1..14 {
        desk.outreach.tick(now().plus_days(f64::from(day))).unwrap();
    }
    assert_eq!(desk.sent(), 1);
    assert_eq!(stages(&desk, &ids, now().plus_days(13.0)), [Stage::NotNow, Stage::Internal]);
}

#[test]
fn a_letter_about_two_machines_names_both_however_it_is_edited() {
    let desk = desk("s02/m002");
    let [first, _] = two(&desk, "s02");
    let draft = desk.outreach.card(&first, now()).unwrap().message.unwrap();
    let edit = |body: &str| desk.outreach.edit(&first, "Two compressors", body, "wang", now());
    // `No. 33` is another machine.
    let refused = edit(&draft.text.body.replace("No. 3", "No. 33")).unwrap_err();
    let lack = Remark::Missing(Lack::Machine("No. 3".into()));
    assert!(matches!(&refused, OutreachError::Lint(remarks) if *remarks == [lack]), "{refused}");
    assert!(edit(&draft.text.body.replace("Kind regards", "All the best")).unwrap().edited);
}

#[test]
fn a_visit_that_did_not_take_place_is_still_for_both() {
    let desk = desk("s02/m002");
    let ids = two(&desk, "s02");
    let visit = desk.outreach.book_for(&ids[0], at("2026-07-16T13:00:00Z"), &agreed(), "wang", now()).unwrap();
    desk.outreach.not_done(visit.id, "gate closed", "wang", visit.end).unwrap();
    assert_eq!(stages(&desk, &ids, visit.end), [Stage::Call, Stage::Internal]);
    let again = desk.outreach.book_for(&ids[0], at("2026-07-20T13:00:00Z"), &agreed(), "wang", visit.end).unwrap();
    assert_eq!(again.end - again.start, visit.end - visit.start);
    desk.outreach
        .report_visit(again.id, &VisitReport { left_out: "-".into(), ..VisitReport::default() }, "chen", again.end)
        .unwrap();
    assert_eq!(desk.outreach.complete(again.id, None, "chen", again.end).unwrap().len(), 2);
    assert_eq!(stages(&desk, &ids, again.end), [Stage::Done; 2]);
}
