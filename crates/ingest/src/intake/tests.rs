//! The intake with stores that panic, hesitate and stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use foretell_model::{
    Appended, Clock, Event, Log, LogError, Logged, Offset, Partition, Quarantine, Quarantined, Refusal, Timestamp,
};
use proptest::prelude::*;

use super::committer::{BATCH_ITEMS_MAX, BATCH_TICKETS_MAX};
use super::*;
use crate::decode::DecoderOptions;
use crate::listener::{MachineGlob, Rights};

#[path = "../../tests/shared/reads_nothing.rs"]
mod reads_nothing;

use reads_nothing::reads_nothing;

/// Remembers the size of each batch; appends wait while `gate` is locked.
#[derive(Default)]
struct Stores {
    batches: Mutex<Vec<usize>>,
    kept: Mutex<Vec<Event>>,
    panics: AtomicBool,
    /// The disk is full: of the log, of the quarantine.
    full: [AtomicBool; 2],
    refused: Mutex<Vec<Refusal>>,
    gate: Mutex<()>,
}

impl Stores {
    fn room(&self, store: usize) -> Result<(), LogError> {
        let full = LogError::Full { path: "here".into(), why: "told so".into() };
        if self.full[store].load(Ordering::SeqCst) { Err(full) } else { Ok(()) }
    }
}

impl Log for Stores {
    fn append(&self, batch: &[Event]) -> Result<Appended, LogError> {
        drop(self.gate.lock().unwrap_or_else(PoisonError::into_inner));
        assert!(!self.panics.load(Ordering::SeqCst), "told to panic");
        self.room(0)?;
        self.batches.lock().unwrap().push(batch.len());
        self.kept.lock().unwrap().extend_from_slice(batch);
        Ok(Appended { kept: batch.len(), duplicates: 0, head: Offset(1) })
    }

    reads_nothing!();
}

impl Quarantine for Stores {
    fn refuse(&self, refusals: &[Refusal]) -> Result<(), LogError> {
        drop(self.gate.lock().unwrap_or_else(PoisonError::into_inner));
        self.room(1)?;
        self.batches.lock().unwrap().push(refusals.len());
        self.refused.lock().unwrap().extend_from_slice(refusals);
        Ok(())
    }

    fn newest(&self, _: usize) -> Result<Vec<Quarantined>, LogError> {
        Ok(Vec::new())
    }
}

impl Clock for Stores {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_782_900_000_000)
    }
}

struct Bench {
    stores: Arc<Stores>,
    intake: Intake,
    thread: JoinHandle<()>,
}

fn bench(queue_bytes_max: u32) -> Bench {
    let stores = Arc::new(Stores::default());
    let decoder = Decoder::new(DecoderOptions::default()).unwrap();
    let options = IntakeOptions { queue_bytes_max, ..IntakeOptions::default() };
    let (intake, thread) = Intake::start(&options, decoder, stores.clone(), stores.clone(), stores.clone()).unwrap();
    Bench { stores, intake, thread }
}

fn reading(second: u32) -> String {
    format!(
        r#"{{"ts":{},"discharge_temp_c":83,"motor_current_a":41,"run_hours":4021}}"#,
        1_782_800_000_000_u64 + u64::from(second) * 1000
    )
}

const TOPIC: &str = "foretell/v1/s01/m1/telemetry";

/// Submits and waits until everything is finished; returns the outcomes in order of their tickets.
async fn submit_all(submitter: &mut Submitter, payloads: &[String]) -> Vec<Outcome> {
    for (n, payload) in payloads.iter().enumerate() {
        while submitter.try_submit(TOPIC, payload.as_bytes(), Ticket(n as u64)).is_err() {
            submitter.flush();
            let room = submitter.room(size(TOPIC, payload.as_bytes())).await;
            submitter.reserve(room);
        }
    }
    submitter.flush();
    let (mut all, mut some) = (Vec::new(), Vec::new());
    while submitter.in_flight() > 0 {
        submitter.finished().await;
        submitter.take_finished(&mut some);
        all.extend_from_slice(&some);
    }
    assert!(all.iter().enumerate().all(|(n, finished)| finished.ticket == Ticket(n as u64)), "out of order");
    all.into_iter().map(|finished| finished.outcome).collect()
}

/// Queues so many messages from three publishers while the log stands still, lets it go, and returns the sizes of its batches
/// in events or refusals.
fn batches_of(payload: &str, messages: u64) -> Vec<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let Bench { stores, intake, thread } = bench(32 << 20);
    let source = Arc::new(Source::new("test"));
    let mut submitters: Vec<_> = (0..3).map(|_| intake.submitter(&source)).collect();
    let held = stores.gate.lock().unwrap();
    for submitter in &mut submitters {
        for n in 0..messages {
            submitter.try_submit(TOPIC, payload.as_bytes(), Ticket(n)).unwrap();
            if n % 100 == 99 || payload.len() > 1_000 {
                submitter.flush();
            }
        }
        submitter.flush();
    }
    drop(held);
    runtime.block_on(intake.stop());
    thread.join().unwrap();
    let status = source.status();
    assert_eq!((status.messages, status.failed_messages), (3 * messages, 0));
    stores.batches.lock().unwrap().clone()
}

#[test]
fn a_slow_log_gets_large_batches_within_bounds() {
    let check = |payload: &str, messages: u64, events: usize, largest: usize, batches_max: usize| {
        let batches = batches_of(payload, messages);
        assert_eq!(batches.iter().sum::<usize>(), events, "{batches:?}");
        assert!(batches.len() <= batches_max, "{batches:?}");
        assert!(batches.iter().all(|batch| *batch < largest), "{batches:?}");
    };
    // The first batch is whatever was there when the log was first free: hence one more than the bound makes of them.
    check(&reading(0), 4_000, 12_000, BATCH_TICKETS_MAX + 100, 4);
    // An array counts by its events.
    let backlog = format!("[{}]", (0..900).map(reading).collect::<Vec<_>>().join(","));
    check(&backlog, 30, 81_000, BATCH_ITEMS_MAX + 1_000, 10);
    // So does one of rubbish, whose every item is refused.
    let rubbish = format!("[{}1]", "1,".repeat(999));
    check(&rubbish, 30, 90_000, BATCH_ITEMS_MAX + 1_000, 10);
}

/// Messages that a queue of 1 MiB takes while nothing is committed.
fn queued(topic: &str, payload: &str) -> usize {
    let Bench { intake, .. } = bench(1 << 20);
    let mut submitter = intake.submitter(&Arc::new(Source::new("test")));
    let mut taken = 0;
    while submitter.try_submit(topic, payload.as_bytes(), Ticket(0)).is_ok() {
        taken += 1;
        assert!(taken < 10_000);
    }
    taken
}

#[test]
fn what_is_refused_fills_the_queue_by_what_is_kept_of_it() {
    assert_eq!(queued(&"x".repeat(60_000), ""), 17);
    // A thousand refusals each.
    assert_eq!(queued(TOPIC, &format!("[{}1]", "1,".repeat(999))), 5);
    assert_eq!(queued(TOPIC, &reading(0)), 2_880);
}

#[tokio::test]
async fn a_panic_in_the_log_fails_its_batch_alone() {
    let Bench { stores, intake, thread } = bench(32 << 20);
    let mut submitter = intake.submitter(&Arc::new(Source::new("test")));
    stores.panics.store(true, Ordering::SeqCst);
    assert_eq!(submit_all(&mut submitter, &[reading(0)]).await, [Outcome::Failed]);
    assert!(intake.commit_status().failing);
    stores.panics.store(false, Ordering::SeqCst);
    assert_eq!(submit_all(&mut submitter, &[reading(1)]).await, [Outcome::Kept]);
    assert!(!intake.commit_status().failing);
    intake.stop().await;
    tokio::task::spawn_blocking(move || thread.join().unwrap()).await.unwrap();
    // Nobody is left to keep anything: say so at once, rather than never.
    assert_eq!(submit_all(&mut submitter, &[reading(2)]).await, [Outcome::Failed]);
    assert_eq!(stores.kept.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_disk_holds_what_came_and_goes_on_by_itself() {
    let Bench { stores, intake, thread } = bench(32 << 20);
    let mut submitter = intake.submitter(&Arc::new(Source::new("test")));
    stores.full.iter().for_each(|full| full.store(true, Ordering::SeqCst));
    for (n, payload) in [reading(0), "rubbish".to_owned()].iter().enumerate() {
        submitter.try_submit(TOPIC, payload.as_bytes(), Ticket(n as u64)).unwrap();
    }
    submitter.flush();
    while !intake.commit_status().waiting_for_room {
        tokio::task::yield_now().await;
    }
    // Room for one store is not enough, and what has room is not kept twice for the other's sake.
    stores.full[1].store(false, Ordering::SeqCst);
    while stores.refused.lock().unwrap().is_empty() || !intake.commit_status().waiting_for_room {
        tokio::task::yield_now().await;
    }
    let mut finished = vec![];
    submitter.take_finished(&mut finished);
    assert_eq!(finished, [], "acknowledged before it was kept");
    stores.full[0].store(false, Ordering::SeqCst);
    submitter.finished().await;
    submitter.take_finished(&mut finished);
    let outcomes: Vec<_> = finished.iter().map(|finished| finished.outcome).collect();
    assert_eq!(outcomes, [Outcome::Kept, Outcome::Refused("malformed")]);
    assert_eq!((stores.kept.lock().unwrap().len(), stores.refused.lock().unwrap().len()), (1, 1));
    let status = intake.commit_status();
    assert!(!status.waiting_for_room && !status.failing, "{status:?}");
    // Whoever stops does not wait for room.
    stores.full[0].store(true, Ordering::SeqCst);
    intake.give_up_waiting();
    assert_eq!(submit_all(&mut submitter, &[reading(1)]).await, [Outcome::Failed]);
    intake.stop().await;
    tokio::task::spawn_blocking(move || thread.join().unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_backlog_does_not_hold_the_others_up() {
    let Bench { stores, intake, thread } = bench(64 << 20);
    let source = Arc::new(Source::new("test"));
    let mut gateway = intake.submitter(&source);
    let mut live: Vec<_> = (0..3).map(|_| intake.submitter(&source)).collect();
    let backlog = format!("[{}]", (0..1_000).map(reading).collect::<Vec<_>>().join(","));
    let held = stores.gate.lock().unwrap();
    for n in 0..100 {
        gateway.try_submit(TOPIC, backlog.as_bytes(), Ticket(n)).unwrap();
        gateway.flush();
    }
    for (n, submitter) in live.iter_mut().enumerate() {
        submitter.try_submit("foretell/v1/s01/live/telemetry", reading(n as u32).as_bytes(), Ticket(0)).unwrap();
        submitter.flush();
    }
    drop(held);
    intake.stop().await;
    tokio::task::spawn_blocking(move || thread.join().unwrap()).await.unwrap();
    let kept = stores.kept.lock().unwrap();
    let last_live = kept.iter().rposition(|event| event.machine().machine() == "live").unwrap();
    let before = kept[..last_live].iter().filter(|event| event.machine().machine() != "live").count();
    // All of it had come first. One batch may have been under way, and the next one is shared.
    assert!(before <= BATCH_ITEMS_MAX + BATCH_ITEMS_MAX / 2, "{before} events of a backlog came before a live reading");
    assert_eq!(kept.len(), 100_003);
    let mut finished = vec![];
    gateway.take_finished(&mut finished);
    assert!(finished.iter().enumerate().all(|(n, finished)| finished.ticket == Ticket(n as u64)), "out of order");
    assert_eq!(finished.len(), 100);
}

#[tokio::test]
async fn a_stamp_ahead_of_its_arrival_tells_of_the_clock() {
    let Bench { intake, .. } = bench(32 << 20);
    let mut submitter = intake.submitter(&Arc::new(Source::new("test")));
    // The test's clock stands at second 100,000.
    assert_eq!(submit_all(&mut submitter, &[reading(99_990)]).await, [Outcome::Kept]);
    assert_eq!(intake.skews().all()[0].behind_ms, 10_000);
    assert_eq!(submit_all(&mut submitter, &[reading(107_200)]).await, [Outcome::Refused("from_future")]);
    let skew = intake.skews().all().remove(0);
    assert_eq!((skew.behind_ms, skew.refused_ahead), (-7_200_000, 1));
    intake.stop().await;
}

#[tokio::test]
async fn an_event_for_a_machine_outside_the_rights_refuses_the_whole_message() {
    let Bench { stores, intake, thread } = bench(32 << 20);
    let source = Arc::new(Source::new("test"));
    let rights = Rights { publish: vec![MachineGlob::parse("s02/*").unwrap()], subscribe: vec![] };
    let mut submitter = intake.submitter_of(&source, &Arc::new(rights), Some("plc"));
    let outcome = submitter.try_submit(TOPIC, reading(0).as_bytes(), Ticket(0));
    assert_eq!(outcome, Ok(Outcome::Refused("not_authorised")));
    submitter.flush();
    submitter.finished().await;
    assert!(stores.kept.lock().unwrap().is_empty());
    assert_eq!(source.status().refused, [("not_authorised", 1)]);
    // Also what would be refused for another reason: once admitted from the quarantine, it would speak for that machine.
    let outcome = submitter.try_submit(TOPIC, b"rubbish", Ticket(1));
    assert_eq!(outcome, Ok(Outcome::Refused("not_authorised")));
    // Whose a message on a topic is that nothing claims yet nobody can say; the quarantine knows who sent it.
    let outcome = submitter.try_submit("gateway/s01/m1", b"{}", Ticket(2));
    assert_eq!(outcome, Ok(Outcome::Refused("unknown_topic")));
    submitter.flush();
    intake.stop().await;
    thread.join().unwrap();
    let refused = stores.refused.lock().unwrap();
    assert_eq!(refused.iter().map(|refusal| refusal.source.as_str()).collect::<Vec<_>>(), ["test/plc"; 3]);
}

#[tokio::test]
async fn machines_without_end_are_turned_away_one_by_one() {
    let stores = Arc::new(Stores::default());
    let decoder = Decoder::new(DecoderOptions::default()).unwrap();
    let machines = vec![MachineId::new("s01", "m1").unwrap()];
    let options = IntakeOptions { machines_max: 2, machines, ..IntakeOptions::default() };
    let (intake, thread) = Intake::start(&options, decoder, stores.clone(), stores.clone(), stores.clone()).unwrap();
    let mut submitter = intake.submitter(&Arc::new(Source::new("test")));
    let mut said = Vec::new();
    for machine in ["m1", "m2", "m3", "m2", "m4", "m1"] {
        let (topic, payload) = (format!("foretell/v1/s01/{machine}/telemetry"), reading(said.len() as u32));
        said.push(submitter.try_submit(&topic, payload.as_bytes(), Ticket(said.len() as u64)).unwrap());
    }
    let (kept, refused) = (Outcome::Kept, Outcome::Refused("too_many_machines"));
    assert_eq!(said, [kept, kept, refused, kept, refused, kept]);
    submitter.flush();
    intake.stop().await;
    thread.join().unwrap();
    assert_eq!(stores.kept.lock().unwrap().len(), 4);
    let refused = stores.refused.lock().unwrap();
    let details: Vec<&str> = refused.iter().map(|refusal| refusal.detail.as_str()).collect();
    assert_eq!(details[0], "s01/m3 is new, and 2 machines are the most taken in (`[mqtt] machines_max`)");
    assert_eq!((refused.len(), &refused[1].raw[..]), (2, reading(4).as_bytes()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    /// Whatever sizes come, also larger than the queue: nothing is stuck, and all room comes back.
    #[test]
    fn room_is_never_lost(sizes in prop::collection::vec(0_usize..100_000, 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let Bench { intake, thread, .. } = bench(64 << 10);
            let mut submitter = intake.submitter(&Arc::new(Source::new("test")));
            // Blanks are fine in JSON.
            let payloads: Vec<_> = sizes.iter().map(|size| reading(1) + &" ".repeat(*size)).collect();
            let outcomes = submit_all(&mut submitter, &payloads).await;
            prop_assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Kept));
            drop(submitter);
            prop_assert_eq!(intake.shared.room.available_permits(), 64 << 10);
            intake.stop().await;
            thread.join().unwrap();
            Ok(())
        })?;
    }
}
