//! A letter goes on with what was before it: a talk on the telephone, work that did not help, what an earlier letter said.

use crate::support::desk::{Desk, MACHINES, check, desk, now, of, of_fault, printed};
use crate::support::worked::worked_on;
use crate::support::{apply, at, context, machine, token};
use foretell_model::{Alternative, FaultCode, Finding, FindingId, Grade, Status, Timestamp, WishedTime};
use foretell_outreach::{AfterCall, Applied, Matter, Stage};

/// A letter that a customer asked for on the telephone, on the day and on the day after, and the reminder of it.
#[test]
fn a_letter_after_a_talk_goes_on_with_it() {
    let texts = MACHINES.map(|(_, id)| {
        let desk = desk(id);
        let outreach = &desk.outreach;
        let id = apply(outreach, 1, &of_fault(&desk.id, "cooler_clogging"), now());
        outreach.call_instead(&id, "they prefer it", "wang", now()).unwrap();
        outreach.called(&id, AfterCall::NewLetter, "please send it to me", "wang", now()).unwrap();
        let draft = |t| printed(&outreach.card(&id, t).unwrap().message.unwrap().text, &desk.id, false);
        let (same_day, next_day) = (draft(now()), draft(now().plus_days(1.0)));
        outreach.approve(&id, "wang", now()).unwrap();
        outreach.tick(now()).unwrap();
        outreach.tick(at("2026-07-20T09:00:00Z")).unwrap();
        let reminder = printed(&of(&desk.last()), &desk.id, false);
        [same_day, next_day, reminder].join("\n----------\n\n")
    });
    check("after_talk", &texts);
}

#[test]
fn what_was_wished_on_the_telephone_is_weighed_in_the_times_and_said() {
    #[track_caller]
    fn check(id: &str, wish: &str, starts: [&str; 2], said: &str) {
        let desk = desk(id);
        let outreach = &desk.outreach;
        let case = apply(outreach, 1, &of_fault(&desk.id, "cooler_clogging"), now());
        outreach.call_instead(&case, "they prefer it", "wang", now()).unwrap();
        let wished = AfterCall::LetterFor(WishedTime::from_code(wish));
        outreach.called(&case, wished, "in writing please", "wang", now()).unwrap();
        let letter = outreach.card(&case, now()).unwrap().message.unwrap();
        assert!(letter.text.body.contains(said), "{}", letter.text.body);
        assert_eq!(letter.slots.iter().map(|slot| slot.start).collect::<Vec<_>>(), starts.map(at));
        // What a person adds to it stays.
        let body = format!("{}\nAny questions? Please call me.", letter.text.body);
        outreach.edit(&case, &letter.text.subject, &body, "wang", now()).unwrap();
        outreach.approve(&case, "wang", now()).unwrap();
        outreach.tick(now()).unwrap();
        assert!(desk.last().body.contains("Please call me."), "{}", desk.last().body);
        // The page tops up with such times as well, and whoever rings again without a wish has none.
        let card = outreach.card(&case, now()).unwrap();
        assert!(card.contacts.iter().any(|entry| entry.what == "times_wished" && entry.why == wish), "{card:?}");
        outreach.called(&case, AfterCall::NewLetter, "lost it", "wang", now().plus_days(1.0)).unwrap();
        let letter = outreach.card(&case, now().plus_days(1.0)).unwrap().message.unwrap();
        assert!(!letter.text.body.contains(said), "{}", letter.text.body);
    }
    // In both towns the machine rests from five in the afternoon on.
    let leeds = ["2026-07-21T16:00:00Z", "2026-07-28T16:00:00Z"];
    check("s02/m002", "tuesday", leeds, "You said that Tuesdays suit you best, so both times below fall then.");
    let suzhou = ["2026-07-21T09:00:00Z", "2026-07-28T09:00:00Z"];
    check("s01/m002", "tuesday", suzhou, "您说周二比较方便，下面两个时间就是照这个找的。");
}

/// A letter that was promised on the telephone goes on with the talk and the wish, whatever else comes up meanwhile.
#[test]
fn a_promised_letter_that_takes_in_more_goes_on_with_the_talk() {
    #[track_caller]
    fn check(own: &str, other: &str, fault: &str, thanks: &str) {
        let desk = desk(own);
        let outreach = &desk.outreach;
        let first = apply(outreach, 1, &of_fault(&desk.id, "cooler_clogging"), now());
        outreach.call_instead(&first, "they prefer it", "wang", now()).unwrap();
        outreach.called(&first, AfterCall::NewLetter, "on a Friday please", "wang", now()).unwrap();
        let same = Alternative { fault: FaultCode::new("cooler_clogging").unwrap(), likelihood: 0.3 };
        let alternatives = if own == other { vec![same] } else { Vec::new() };
        let grade = Grade::Urgent;
        let more = Finding { grade, likelihood: 0.6, alternatives, ..of_fault(&machine(other), fault) };
        let second = apply(outreach, 2, &more, now());
        let queue = outreach.queue(now()).unwrap();
        assert_eq!((queue.len(), &queue[0].id), (1, &first), "{other}");
        assert_eq!(queue[0].remark.as_deref(), Some("on a Friday please"));
        assert_eq!(outreach.card(&second, now()).unwrap().stage, Stage::Internal);
        let text = outreach.card(&first, now()).unwrap().message.unwrap().text.body;
        assert!(text.contains(thanks), "{text}");
    }
    check("s02/m003", "s02/m002", "separator_clogging", "Thank you for speaking with me today");
    check("s01/m003", "s01/m002", "separator_clogging", "今天电话里跟您说的事");
    // Another cause of what may be the same trouble on the same machine.
    check("s02/m002", "s02/m002", "thermostatic_valve", "Thank you for speaking with me today");
}

/// An approved letter that goes on in a promised one is approved no more, and the record says so.
#[test]
fn an_approval_that_a_promised_letter_makes_void_is_in_the_record() {
    let desk = desk("s02/m002");
    let outreach = &desk.outreach;
    let night = at("2026-07-15T21:00:00Z");
    let promised = apply(outreach, 1, &of_fault(&machine("s02/m003"), "separator_clogging"), night);
    outreach.call_instead(&promised, "they prefer it", "wang", night).unwrap();
    let approved = apply(outreach, 2, &of_fault(&desk.id, "cooler_clogging"), night);
    outreach.approve(&approved, "wang", night).unwrap();
    outreach.called(&promised, AfterCall::NewLetter, "in writing please", "wang", night).unwrap();
    apply(outreach, 3, &Finding { status: Status::Updated, ..of_fault(&desk.id, "cooler_clogging") }, night);
    let card = outreach.card(&approved, night).unwrap();
    assert_eq!((card.stage, card.speaker.as_ref()), (Stage::Internal, Some(&promised)));
    assert!(card.history.iter().any(|entry| entry.what == "took the approval back"), "{:?}", card.history);
}

#[test]
fn a_talk_of_long_ago_is_not_gone_on_with() {
    let desk = desk("s02/m002");
    let id = apply(&desk.outreach, 1, &of_fault(&desk.id, "cooler_clogging"), now());
    desk.outreach.call_instead(&id, "they prefer it", "wang", now()).unwrap();
    desk.outreach.called(&id, AfterCall::NewLetter, "next month", "wang", now()).unwrap();
    let later = now().plus_days(15.0);
    apply(&desk.outreach, 2, &Finding { at: later, ..of_fault(&desk.id, "cooler_clogging") }, later);
    let text = desk.outreach.card(&id, later).unwrap().message.unwrap().text.body;
    assert!(text.contains("This is Min Wang"), "{text}");
}

fn new(desk: &Desk, fault: &str, alternatives: &[(&str, f64)], t: Timestamp) -> Finding {
    let alternative = |(fault, likelihood): &(&str, f64)| Alternative {
        fault: FaultCode::new(fault).unwrap(),
        likelihood: *likelihood,
    };
    let alternatives: Vec<_> = alternatives.iter().map(alternative).collect();
    let likelihood = 0.95 - alternatives.iter().map(|other| other.likelihood).sum::<f64>();
    Finding { at: t, likelihood, alternatives, ..of_fault(&desk.id, fault) }
}

/// After work that did not help, whatever is found anew goes to the telephone first; its letter says what was before.
#[test]
fn nothing_is_written_as_though_the_last_work_had_helped() {
    let texts = MACHINES.map(|(_, id)| {
        let w = worked_on(id);
        let outreach = &w.desk.outreach;
        outreach.called(&w.case.id, AfterCall::Close, "we look into it", "wang", w.at).unwrap();
        let letter = |offset, finding: &Finding| {
            let id: FindingId = apply(outreach, offset, finding, w.at);
            let card = outreach.card(&id, w.at).unwrap();
            assert_eq!((card.stage, card.matter), (Stage::Call, Some(Matter::AfterNoEffect)));
            outreach.called(&id, AfterCall::NewLetter, "in writing please", "wang", w.at).unwrap();
            let text = outreach.card(&id, w.at).unwrap().message.unwrap().text;
            outreach.close(&id, "enough", "wang", w.at).unwrap();
            printed(&text, &w.desk.id, false)
        };
        let same = letter(30, &new(&w.desk, "thermostatic_valve", &[("cooler_clogging", 0.2)], w.at));
        let other = letter(31, &new(&w.desk, "oil_filter_clogging", &[], w.at));
        // Due work needs no call, but is no cold letter either.
        let Applied::Case { id: due, stage: Stage::Draft } =
            outreach.check_service(&w.desk.id, &context(&w.desk.id), w.at).unwrap()
        else {
            panic!("service is due")
        };
        let due = printed(&outreach.card(&due, w.at).unwrap().message.unwrap().text, &w.desk.id, false);
        [same, other, due].join("\n----------\n\n")
    });
    check("after_no_effect", &texts);
}

#[test]
fn work_that_helped_or_is_long_ago_is_not_brought_up() {
    let w = worked_on("s02/m002");
    w.desk.outreach.called(&w.case.id, AfterCall::Close, "we look into it", "wang", w.at).unwrap();
    let later = w.at.plus_days(100.0);
    let id = apply(&w.desk.outreach, 30, &new(&w.desk, "oil_filter_clogging", &[], later), later);
    assert_eq!(w.desk.outreach.card(&id, later).unwrap().stage, Stage::Draft);
}

/// The onset, as the first letter said it: in the next letter, on the page and on the card.
#[test]
fn an_onset_is_told_as_it_was_told_first() {
    #[track_caller]
    fn check(moved_to: &str, expected: &str) {
        let desk = desk("s02/m002");
        let case = of_fault(&desk.id, "cooler_clogging");
        let link = desk.write(&case);
        assert!(desk.last().body.contains("since around 20 June"), "{}", desk.last().body);
        let mut moved = Finding { status: Status::Updated, ..case.clone() };
        moved.evidence[0].since = Some(at(moved_to));
        apply(&desk.outreach, 2, &moved, now());
        let page = desk.outreach.booking_page(&link, now()).unwrap().sentence;
        assert!(page.contains(&format!("since around {expected}")), "{page}");
        let card = desk.outreach.card(&case.id, now()).unwrap();
        let since = card.finding.evidence[0].since.unwrap();
        assert_eq!(since.to_string()[8..10].trim_start_matches('0'), expected.split(' ').next().unwrap());
        desk.outreach.call_instead(&case.id, "to talk", "wang", now()).unwrap();
        desk.outreach.called(&case.id, AfterCall::NewLetter, "again please", "wang", now()).unwrap();
        let again = desk.outreach.card(&case.id, now()).unwrap().message.unwrap().text.body;
        assert!(again.contains(&format!("since around {expected}")), "{again}");
        let _ = token(&link);
    }
    check("2026-06-24T00:00:00Z", "20 June");
    check("2026-06-13T00:00:00Z", "20 June");
    check("2026-06-30T00:00:00Z", "30 June");
    check("2026-05-30T00:00:00Z", "30 May");
}
