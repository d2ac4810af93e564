//! Deliveries: that fail, that take long, and no letter twice.

use std::sync::mpsc::channel;

use crate::support::scene::{cooler, scene, wednesday};
use crate::support::{self, apply, machine, token};
use foretell_model::{Grade, Status};
use foretell_outreach::{DeliveryError, MessageState, Outcome, Registry, Source, Stage};

#[test]
fn deliveries_that_fail() {
    let s = scene();
    let now = wednesday();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    s.outreach.approve(&id, "wang", now).unwrap();
    s.channel.failures.lock().unwrap().push(DeliveryError::Temporary("450 busy".into()));
    let Outcome::Retry { at: retry, reason } = s.outreach.tick(now).unwrap().remove(0).outcome else {
        panic!("no retry")
    };
    assert_eq!(reason, "not delivered for now: 450 busy");
    assert!((now + 120_000..=now + 150_000).contains(&retry), "two minutes and up to a quarter: {retry}");
    let waiting = s.outreach.card(&id, now).unwrap().message.unwrap();
    assert_eq!(
        (waiting.next_attempt, waiting.reason.as_deref()),
        (Some(retry), Some("not delivered for now: 450 busy"))
    );
    assert_eq!(s.outreach.tick(retry + -1).unwrap(), []);
    s.channel.failures.lock().unwrap().push(DeliveryError::Unknown("connection reset after the text".into()));
    let outcome = s.outreach.tick(retry).unwrap().remove(0).outcome;
    let remark =
        "the message could not be delivered: it is not known whether it arrived: connection reset after the text";
    assert_eq!(outcome, Outcome::ForAdvisor(remark.into()));
    assert_eq!(s.outreach.tick(retry + 86_400_000).unwrap(), [], "never tried again by itself");
    let retry = retry + 86_400_000;
    let message = s.outreach.card(&id, retry).unwrap().message.unwrap().id;
    s.outreach.resolve_delivery(message, false, "wang", retry).unwrap();
    s.outreach.approve(&id, "wang", retry).unwrap();
    assert_eq!(s.outreach.tick(retry).unwrap()[0].outcome, Outcome::Sent);
}

#[test]
fn a_look_during_a_delivery_begins_no_second_letter() {
    let s = scene();
    let now = wednesday();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    let approved = s.outreach.approve(&id, "wang", now).unwrap();
    let busy = || DeliveryError::Temporary("450 busy".into());
    for (failure, stage) in [(Some(busy()), Stage::Queued), (None, Stage::Contacted)] {
        s.channel.failures.lock().unwrap().extend(failure);
        let now = s.outreach.card(&id, now).unwrap().message.unwrap().next_attempt.unwrap_or(now);
        let (begun, has_begun) = channel();
        let (go_on, may_go_on) = channel();
        *s.channel.pause.lock().unwrap() = Some((begun, may_go_on));
        std::thread::scope(|scope| {
            let delivering = scope.spawn(|| s.outreach.tick(now).unwrap().len());
            has_begun.recv().unwrap();
            let seen = s.outreach.card(&id, now).unwrap().message.unwrap();
            let refused = s.outreach.edit(&id, &seen.text.subject, &seen.text.body, "wang", now);
            go_on.send(()).unwrap();
            assert_eq!((seen.id, delivering.join().unwrap()), (approved.id, 1));
            assert_eq!(
                refused.unwrap_err().to_string(),
                "could not edit the message of s02/m002/cooler_clogging/1: the message has gone out"
            );
        });
        let card = s.outreach.card(&id, now).unwrap();
        assert_eq!((card.stage, card.message.unwrap().id), (stage, approved.id));
    }
    assert_eq!(s.channel.keys().len(), 1);
}

#[test]
fn the_database_holds_one_unsent_letter_of_a_case_and_drops_those_that_older_versions_left() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("service.sqlite");
    let recorder = std::sync::Arc::new(support::Recorder::default());
    let now = wednesday();
    let case = cooler("s02/m002", Grade::Advise, Status::Opened);
    let sent = {
        let outreach = support::open(dir.path(), recorder.clone());
        let id = apply(&outreach, 1, &case, now);
        let sent = outreach.approve(&id, "wang", now).unwrap().id;
        outreach.tick(now).unwrap();
        sent
    };
    let stray = "INSERT INTO message (advisory, machine, customer, kind, state, due, expires)
                 SELECT advisory, machine, customer, kind, ?1, due, expires FROM message WHERE id = ?2";
    let old = rusqlite::Connection::open(&file).unwrap();
    let one = |state: &str| old.execute(stray, rusqlite::params![state, sent]);
    assert_eq!(one("draft").unwrap(), 1);
    for state in ["draft", "queued", "sending"] {
        assert!(one(state).unwrap_err().to_string().contains("UNIQUE"), "{state}");
    }
    // As a version left it that knew no such rule: a draft beside the letter that had gone out.
    const VERSION: u32 = 8;
    for column in ["companions", "goes_with", "matter", "told", "rivals"] {
        let without = format!("DROP TRIGGER IF EXISTS advisory_changed; ALTER TABLE advisory DROP COLUMN {column}");
        old.execute_batch(&without).unwrap();
    }
    let since = format!(
        "DROP TABLE alongside; DROP TABLE loose_reply; DROP TABLE file_alone; DROP TABLE offered;
         DROP TABLE crew_word; DROP TABLE manager_word; DROP TABLE not_begun; DROP TABLE counted; DROP INDEX visit_report_held;
         ALTER TABLE visit_report DROP COLUMN held; ALTER TABLE message DROP COLUMN claims;
         ALTER TABLE journey DROP COLUMN eta_at; DROP INDEX message_unsent; PRAGMA user_version = {VERSION}"
    );
    old.execute_batch(&since).unwrap();
    assert_eq!(one("draft").unwrap(), 1);
    drop(old);
    let outreach = support::open(dir.path(), recorder);
    let message = outreach.card(&case.id, now).unwrap().message.unwrap();
    assert_eq!((message.id, message.state, message.link_opens), (sent, MessageState::Sent, true));
    // Its reminder goes out in its time.
    let reminded = (0..24 * 7).any(|hour| {
        let told = outreach.tick(now + hour * 3_600_000).unwrap();
        told.iter().any(|ticked| ticked.outcome == Outcome::Reminded)
    });
    assert!(reminded, "it is known as a letter that waits for its answer");
}

/// Each of many letters may wait half a minute for a mail server that does not answer.
#[test]
fn a_slow_channel_holds_up_neither_what_is_urgent_nor_the_next_look_at_the_clock() {
    let dir = tempfile::tempdir().unwrap();
    let channel = std::sync::Arc::new(support::Recorder::default());
    drop(support::open(dir.path(), channel.clone()));
    let options = foretell_outreach::OutreachOptions {
        delivering_max: std::time::Duration::ZERO,
        ..support::options(channel.clone())
    };
    let outreach = foretell_outreach::Outreach::open(&dir.path().join("service.sqlite"), options).unwrap();
    let now = wednesday();
    for (offset, id) in [(1, "s01/m002"), (2, "s02/m002")] {
        let id = apply(&outreach, offset, &cooler(id, Grade::Advise, Status::Opened), now);
        outreach.approve(&id, "wang", now).unwrap();
    }
    let later = now + 60_000;
    let broken =
        outreach.open_service_case(&machine("s02/m003"), Source::Advisor, "it stopped", "wang", later).unwrap();
    outreach.send_technician(broken.id, "chen", None, "wang", later).unwrap();
    let look = || {
        outreach.tick(later).unwrap();
        std::mem::take(&mut *channel.parcels.lock().unwrap()).into_iter().map(|parcel| parcel.key).collect::<Vec<_>>()
    };
    assert_eq!([look(), look(), look(), look()], [vec!["foretell-3"], vec!["foretell-1"], vec!["foretell-2"], vec![]]);
}

/// What a customer calls a machine may be as long as a subject is; nobody can mend that in a word that is written when it goes out.
#[test]
fn a_long_name_keeps_no_word_back() {
    const LONG: &str = "Atlas Copco GA 75 VSD+ in hall 3 north, beside the old boiler house";
    let (s, now) = (scene(), wednesday());
    let named = support::REGISTRY.replacen("number = \"No. 2\"", &format!("number = \"{LONG}\""), 1);
    s.outreach.import(&Registry::from_toml(&named).unwrap(), "test", now).unwrap();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    let link = s.outreach.approve(&id, "wang", now).unwrap().link;
    s.outreach.tick(now).unwrap();
    let page = s.outreach.booking_page(token(&link), now).unwrap();
    s.outreach.book(token(&link), page.slots[0].slot.start, now).unwrap();
    s.outreach.tick(now).unwrap();
    let broken =
        s.outreach.open_service_case(&machine("s02/m002"), Source::Advisor, "it stopped", "wang", now).unwrap();
    s.outreach.send_technician(broken.id, "chen", None, "wang", now).unwrap();
    s.outreach.tick(now).unwrap();
    let parcels = s.channel.parcels.lock().unwrap();
    assert_eq!(parcels.iter().filter(|parcel| parcel.subject.contains(LONG)).count(), 3);
}
