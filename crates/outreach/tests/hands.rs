//! Many hands at once: customers tapping the same two times, advisors working on one queue.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};

use crate::support::{Recorder, apply, at, finding, machine, open, options, token};
use foretell_model::{FindingId, Grade, Obstacle, Status, Timestamp};
use foretell_outreach::{
    CustomerStage, Machine, MessageState, Outreach, OutreachError, PageState, Source, Stage, Technician, Words,
};

fn now() -> Timestamp {
    at("2026-07-15T08:30:00Z")
}

/// So many machines, each on a site of its own, with a forecast each.
fn cases(outreach: &Outreach, n: usize) -> Vec<FindingId> {
    let one = |n: usize| {
        let site = format!("t{n:03}");
        outreach.register_site(&foretell_outreach::Site::new(&site, "acme"), "test", now()).unwrap();
        let id = format!("{site}/m1");
        outreach.register_machine(&Machine::new(&id, format!("No. {n}")), "test", now()).unwrap();
        let case = finding(&machine(&id), "cooler_clogging", Grade::Advise, Status::Opened);
        apply(outreach, n as u64 + 1, &case, now())
    };
    (0..n).map(one).collect()
}

#[test]
fn two_hundred_customers_tap_the_same_two_times() {
    const HANDS: usize = 200;
    let dir = tempfile::tempdir().unwrap();
    let recorder = Arc::new(Recorder::default());
    let outreach = open(dir.path(), recorder.clone());
    for n in 0..2 {
        let name = Words { en: format!("T {n}"), zh: format!("师傅{n}") };
        outreach.register_technician(&Technician::new(format!("t{n}"), name, "1"), "test", now()).unwrap();
    }
    let technicians = outreach.technicians().unwrap().len();
    // A second process on the same file: only the store itself can keep the two apart.
    let second = Outreach::open(&dir.path().join("service.sqlite"), options(recorder)).unwrap();
    let links: Vec<String> =
        cases(&outreach, HANDS).iter().map(|id| outreach.approve(id, "wang", now()).unwrap().link).collect();
    let offered = |link: &String| {
        let page = outreach.booking_page(token(link), now()).unwrap();
        page.slots.iter().map(|slot| slot.slot.start).collect::<Vec<_>>()
    };
    let times = offered(&links[0]);
    assert!(times.len() == 2 && links.iter().all(|link| offered(link) == times), "all are offered the same two");
    let barrier = Barrier::new(HANDS);
    let answers: Vec<Result<(), OutreachError>> = std::thread::scope(|scope| {
        let tap = |(n, link): (usize, &String)| {
            let through = if n % 2 == 0 { &outreach } else { &second };
            let (link, start, barrier) = (link.clone(), times[n / 2 % 2], &barrier);
            scope.spawn(move || {
                barrier.wait();
                through.book(token(&link), start, now()).map(drop)
            })
        };
        let hands: Vec<_> = links.iter().enumerate().map(tap).collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).collect()
    });
    let booked = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(booked, 2 * technicians, "every technician at both times, and nobody twice");
    assert!(answers.iter().all(|answer| matches!(answer, Ok(()) | Err(OutreachError::SlotTaken))), "{answers:?}");
    let visits = outreach.visits(now(), 1_000).unwrap();
    let places: BTreeSet<_> = visits.iter().map(|v| (v.start, v.technician.as_ref().unwrap().id.clone())).collect();
    assert_eq!((visits.len(), places.len()), (booked, booked), "no technician is in two places at once");
    // Whoever was too late finds other times, and those can be booked.
    let late = answers.iter().position(Result::is_err).unwrap();
    let others = offered(&links[late]);
    assert!(others.len() == 2 && others.iter().all(|start| !times.contains(start)), "{others:?}");
    let page = outreach.book(token(&links[late]), others[0], now()).unwrap();
    assert!(matches!(page.state, PageState::Booked { .. }));
}

#[test]
fn fifty_advisors_work_on_one_queue() {
    const ADVISORS: usize = 50;
    const CASES: usize = 60;
    let dir = tempfile::tempdir().unwrap();
    let recorder = Arc::new(Recorder::default());
    let outreach = open(dir.path(), recorder.clone());
    let ids = cases(&outreach, CASES);
    let barrier = Barrier::new(ADVISORS);
    let approved: Vec<usize> = std::thread::scope(|scope| {
        let work = |n: usize| {
            let (outreach, ids, barrier) = (&outreach, &ids, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let who = format!("advisor {n}");
                // Each begins at another end of the queue and works through all of it.
                let order = (0..CASES).map(|k| (k + n * 7) % CASES);
                let answers = order.map(|k| outreach.approve(&ids[k], &who, now()));
                let is_own = |answer: std::result::Result<_, OutreachError>| match answer {
                    Ok(_) => 1,
                    Err(OutreachError::Refused { .. }) => 0,
                    Err(other) => panic!("{other}"),
                };
                answers.map(is_own).sum::<usize>()
            })
        };
        let hands: Vec<_> = (0..ADVISORS).map(work).collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).collect()
    });
    assert_eq!(approved.iter().sum::<usize>(), CASES, "every case was approved once");
    for id in &ids {
        let card = outreach.card(id, now()).unwrap();
        assert_eq!((card.stage, card.message.unwrap().state), (Stage::Queued, MessageState::Queued));
        assert_eq!(card.history.iter().filter(|entry| entry.what == "approved the message").count(), 1);
    }
    // And several clocks tick over the same outbox.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| drop(outreach.tick(now()).unwrap()));
        }
    });
    let mut keys = recorder.keys();
    keys.sort();
    let sent = keys.len();
    keys.dedup();
    // All sixty machines are one customer's: the cap lets two through.
    assert_eq!((sent, keys.len()), (2, 2));
}

/// Two people act at the same moment who had the same page before them: one is obeyed, the other is told that it is old.
fn race(
    first: impl FnOnce() -> Result<(), OutreachError> + Send,
    second: impl FnOnce() -> Result<(), OutreachError> + Send,
) {
    let barrier = Barrier::new(2);
    let (first, second) = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            barrier.wait();
            second()
        });
        barrier.wait();
        (first(), other.join().unwrap())
    });
    let told: Vec<_> = [first, second].into_iter().filter_map(Result::err).collect();
    let stale =
        |error: &OutreachError| matches!(error, OutreachError::Refused { why, .. } if why.why == Obstacle::Stale);
    assert!(told.len() == 1 && told.iter().all(stale), "{told:?}");
}

#[test]
fn of_two_who_decide_about_the_same_page_one_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Arc::new(Recorder::default());
    let outreach = open(dir.path(), recorder.clone());
    let second = Outreach::open(&dir.path().join("service.sqlite"), options(recorder)).unwrap();
    let ids = cases(&outreach, 20);
    for id in &ids {
        // Either may be done after the other, by whoever has seen that.
        let as_seen = |house: &Outreach| house.where_card(id, now(), |card| card.stage == Stage::Draft);
        let (postponing, calling) = (as_seen(&outreach), as_seen(&second));
        race(
            || postponing.postpone(id, now().plus_days(3.0), "busy", "wang", now()),
            || calling.call_instead(id, "the advisor prefers to call", "zhou", now()),
        );
    }
    // Whoever looked before a colleague acted is late, however long ago that was.
    let stage = outreach.card(&ids[0], now()).unwrap().stage;
    let late = outreach.where_card(&ids[0], now(), |card| card.stage == Stage::Draft);
    assert!(late.close(&ids[0], "no need", "wang", now()).is_err());
    assert_eq!(outreach.card(&ids[0], now()).unwrap().stage, stage, "nothing of it is kept");
}

#[test]
fn of_two_who_send_somebody_to_a_broken_machine_one_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    for id in ["t0", "t1"] {
        let name = Words { en: id.to_owned(), zh: id.to_owned() };
        outreach.register_technician(&Technician::new(id, name, "1"), "test", now()).unwrap();
    }
    for _ in 0..20 {
        let case = outreach.open_service_case(&machine("s02/m002"), Source::Advisor, "hums", "wang", now()).unwrap().id;
        let send = |technician: &'static str| {
            let house = outreach.where_case(case, |case| case.technician.is_none());
            move || house.send_technician(case, technician, None, "wang", now()).map(drop)
        };
        race(send("t0"), send("t1"));
        outreach.withdraw_trouble(case, "it runs again", "wang", now()).unwrap();
    }
}

#[test]
fn nobody_overrides_a_stage_that_a_colleague_has_set_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let as_seen = || outreach.where_stage("acme", |stage| stage.is_none());
    let (first, second) = (as_seen(), as_seen());
    first.set_stage("acme", Some(CustomerStage::Complaint), "wrote to the board", "wang", now()).unwrap();
    assert!(second.set_stage("acme", Some(CustomerStage::Latent), "sounded tired", "zhou", now()).is_err());
    assert_eq!(outreach.stage("acme").unwrap(), Some(CustomerStage::Complaint));
}
