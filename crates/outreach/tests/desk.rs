//! The desk in memory against the database: whatever happens, in this process or another, a look shows what a fresh start would.

use std::sync::Arc;

use crate::support::{Recorder, apply, at, finding, machine, open, options, token};
use foretell_model::{Finding, FindingKind, Grade, Status, Timestamp};
use foretell_outreach::{CustomerStage, Machine, Outreach, RecordFilter};

/// Everything that pages ask of it, in words.
fn told(outreach: &Outreach, now: Timestamp) -> String {
    let desk = outreach.desk().unwrap();
    let visits: Vec<_> = desk.appointments(Timestamp::default()).map(|v| (&v.case, v.start, &v.technician)).collect();
    let advisories: Vec<_> = desk.advisories().iter().map(|finding| (&finding.id, finding.grade)).collect();
    let names: Vec<_> = desk.machines().map(|(id, own)| (id, &own.number, desk.site_name(id))).collect();
    let queue: Vec<_> =
        outreach.queue(now).unwrap().into_iter().map(|e| (e.id, e.stage, e.customer, e.next_free)).collect();
    format!("{queue:?}\n{visits:?}\n{advisories:?}\n{names:?}\n{:?}", desk.queue_len(now))
}

#[test]
fn what_is_kept_is_what_a_fresh_look_finds() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Arc::new(Recorder::default());
    let kept = open(dir.path(), recorder.clone());
    // Another process writes the same file.
    let other = Outreach::open(&dir.path().join("service.sqlite"), options(recorder.clone())).unwrap();
    let mut now = at("2026-07-15T08:30:00Z");
    #[track_caller]
    fn check(kept: &Outreach, dir: &std::path::Path, recorder: &Arc<Recorder>, now: Timestamp, after: &str) {
        let fresh = Outreach::open(&dir.join("service.sqlite"), options(recorder.clone())).unwrap();
        assert_eq!(told(kept, now), told(&fresh, now), "after {after}");
    }
    let check = |now, after: &str| check(&kept, dir.path(), &recorder, now, after);

    check(now, "the beginning");
    let ours = apply(&kept, 1, &finding(&machine("s01/m002"), "cooler_clogging", Grade::Advise, Status::Opened), now);
    let theirs = apply(&other, 2, &finding(&machine("s02/m003"), "bearing_wear", Grade::Urgent, Status::Opened), now);
    check(now, "two findings");
    let link = other.approve(&ours, "wang", now).unwrap().link;
    check(now, "an approval elsewhere");
    let start = kept.booking_page(token(&link), now).unwrap().slots[0].slot.start;
    kept.book(token(&link), start, now).unwrap();
    check(now, "a booking");
    let later = kept.booking_page(token(&link), now).unwrap().slots[0].slot.start;
    other.reschedule(token(&link), later, now).unwrap();
    check(now, "a visit moved elsewhere");
    kept.cancel(token(&link), now).unwrap();
    check(now, "a cancellation");
    other.register_machine(&Machine::new("s01/m002", "Old faithful"), "test", now).unwrap();
    check(now, "a new name");
    kept.postpone(&theirs, now.plus_days(2.0), "busy", "wang", now).unwrap();
    check(now, "a postponement");
    now = now.plus_days(3.0);
    check(now, "three days, when next free times have passed");
    kept.close(&theirs, "sold", "wang", now).unwrap();
    check(now, "an end");
    assert!(kept.register_machine(&Machine::new("nowhere", "x"), "test", now).is_err(), "a step that is undone");
    check(now, "a step that was undone");
}

#[test]
fn a_look_stays_short_after_many_cases_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Arc::new(Recorder::default());
    let kept = open(dir.path(), recorder.clone());
    let now = at("2026-07-15T08:30:00Z");
    let reckoned = |outreach: &Outreach| outreach.queue(now).unwrap().iter().filter(|e| e.next_free.is_some()).count();
    let everything = |from: u64, grade| {
        for n in 1..=40 {
            let id = machine(&format!("s07/m{n:03}"));
            apply(&kept, from + n, &finding(&id, "cooler_clogging", grade, Status::Opened), now);
        }
    };
    everything(0, Grade::Advise);
    let first = reckoned(&kept);
    assert!((1..40).contains(&first), "{first} of 40 at one look");
    kept.keep_queue(now).unwrap();
    assert_eq!(reckoned(&kept), 40);
    // A case that changed keeps its time until it is reckoned anew.
    everything(40, Grade::Urgent);
    let grades: Vec<_> = kept.queue(now).unwrap().into_iter().map(|entry| entry.grade).collect();
    assert_eq!((reckoned(&kept), grades), (40, vec![Grade::Urgent; 40]));
    kept.keep_queue(now).unwrap();
    let fresh = Outreach::open(&dir.path().join("service.sqlite"), options(recorder)).unwrap();
    fresh.keep_queue(now).unwrap();
    assert_eq!(told(&kept, now), told(&fresh, now));
}

#[test]
fn looking_at_a_card_and_a_page_waits_for_no_writer() {
    let dir = tempfile::tempdir().unwrap();
    let kept = open(dir.path(), Arc::new(Recorder::default()));
    let now = at("2026-07-15T08:30:00Z");
    let id = apply(&kept, 1, &finding(&machine("s01/m002"), "cooler_clogging", Grade::Advise, Status::Opened), now);
    // The first look notes the times it found.
    let noted = kept.card(&id, now).unwrap();
    let link = kept.approve(&id, "wang", now).unwrap().link;
    kept.booking_page(token(&link), now).unwrap();
    let writer = rusqlite::Connection::open(dir.path().join("service.sqlite")).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let card = kept.card(&id, now).unwrap();
    assert_eq!(card.message.unwrap().slots, noted.message.unwrap().slots);
    assert_eq!(kept.booking_page(token(&link), now).unwrap().slots.len(), 2);
}

#[test]
fn a_customer_who_complains_is_seen_to_first() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let now = at("2026-07-15T08:30:00Z");
    for (offset, id) in [(1, "s01/m002"), (2, "s02/m003")] {
        apply(&outreach, offset, &finding(&machine(id), "cooler_clogging", Grade::Advise, Status::Opened), now);
    }
    #[track_caller]
    fn check(outreach: &Outreach, now: Timestamp, stage: Option<CustomerStage>, expected: [&str; 2]) {
        match stage {
            Some(CustomerStage::Escalation) => {
                outreach.escalate("huaxin", "wang", "what they said", "wang", now).unwrap()
            }
            _ => outreach.set_stage("huaxin", stage, "what they said", "wang", now).unwrap(),
        }
        let queue: Vec<String> = outreach.queue(now).unwrap().iter().map(|entry| entry.machine.to_string()).collect();
        assert_eq!(queue, expected, "{stage:?}");
    }
    check(&outreach, now, None, ["s02/m003", "s01/m002"]);
    check(&outreach, now, Some(CustomerStage::NearComplaint), ["s02/m003", "s01/m002"]);
    check(&outreach, now, Some(CustomerStage::Complaint), ["s01/m002", "s02/m003"]);
    check(&outreach, now, Some(CustomerStage::Escalation), ["s01/m002", "s02/m003"]);
}

#[test]
fn the_record_is_read_backwards_page_by_page_and_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let now = at("2026-07-15T08:30:00Z");
    for (n, of) in ["s01/m002", "s02/m003"].into_iter().enumerate() {
        let finding = finding(&machine(of), "cooler_clogging", Grade::Advise, Status::Opened);
        let id = apply(&outreach, n as u64 + 1, &finding, now);
        outreach.postpone(&id, now.plus_days(2.0), "the plant is closed", "anna", now).unwrap();
    }
    #[track_caller]
    fn check(outreach: &Outreach, who: Option<&str>, max: u32) {
        let filter = RecordFilter { who: who.map(str::to_owned), max: 1_000, ..RecordFilter::default() };
        let mut expected: Vec<i64> = outreach.record(&filter).unwrap().iter().map(|entry| entry.id).collect();
        expected.reverse();
        assert!(expected.len() >= 2, "{expected:?}");
        let (mut read, mut before) = (Vec::new(), None);
        loop {
            let page = outreach.record_before(&RecordFilter { max, ..filter.clone() }, before).unwrap();
            assert!(page.entries.len() <= max as usize);
            read.extend(page.entries.iter().map(|entry| entry.id));
            match page.next {
                Some(next) => before = Some(next),
                None => break,
            }
        }
        assert_eq!(read, expected, "{who:?} {max}");
    }
    for max in [1, 2, 1_000] {
        check(&outreach, None, max);
        check(&outreach, Some("anna"), max);
    }
    let people = RecordFilter { people: true, ..RecordFilter::default() };
    let all = outreach.record(&RecordFilter::default()).unwrap();
    let said: Vec<String> = outreach.record(&people).unwrap().into_iter().map(|entry| entry.what).collect();
    assert!(all.iter().any(|entry| entry.what == "opened the case"), "{all:?}");
    assert!(said.len() < all.len() && said.ends_with(&["postponed the case".into(), "postponed the case".into()]));
    assert!(!said.contains(&"opened the case".to_owned()), "{said:?}");
}

#[test]
fn service_by_hours_waits_behind_whatever_may_fail() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let now = at("2026-07-15T08:30:00Z");
    let due = |of: &str| Finding {
        kind: FindingKind::MaintenanceDue,
        probability_within: None,
        limit: None,
        ..finding(&machine(of), "oil_changed", Grade::Advise, Status::Opened)
    };
    apply(&outreach, 1, &due("s01/m002"), now);
    let cooler = finding(&machine("s02/m003"), "cooler_clogging", Grade::Advise, Status::Opened);
    apply(&outreach, 2, &cooler, now.plus_days(3.0));
    let queue = outreach.queue(now.plus_days(3.0)).unwrap();
    let faults: Vec<&str> = queue.iter().map(|entry| entry.fault.as_str()).collect();
    assert_eq!(faults, ["cooler_clogging", "oil_changed"]);
}
