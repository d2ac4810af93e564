//! The governor over random lives: no cap is ever broken, nothing is sent twice, in quiet hours or after an opt-out.
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

mod support;

use std::sync::Arc;

use foretell_model::{DAY_MS, Grade, HOUR_MS, Status, Timestamp};
use foretell_outreach::governor::{Kind, Past, Policy, Request, Verdict, judge};
use foretell_outreach::{Calendar, Outreach, Parcel};
use proptest::prelude::*;
use support::{Recorder, apply, at, finding, machine, open, token};

/// One wish to write, `gap_h` hours after the one before.
#[derive(Clone, Debug)]
struct Wish {
    gap_h: i64,
    machine: usize,
    urgent: bool,
    reminder: bool,
}

fn wish() -> impl Strategy<Value = Wish> {
    (0_i64..60, 0_usize..3, any::<bool>(), any::<bool>()).prop_map(|(gap_h, machine, urgent, reminder)| Wish {
        gap_h,
        machine,
        urgent,
        reminder,
    })
}

proptest! {
    #[test]
    fn no_rule_is_broken_whatever_is_wished(wishes in proptest::collection::vec(wish(), 1..80), opt_out_at in 0_usize..80) {
        let (policy, calendar) = (Policy::default(), Calendar::plain(chrono_tz::Asia::Shanghai));
        let mut now = at("2026-07-15T00:00:00Z");
        let mut sent: Vec<(Timestamp, Wish)> = Vec::new();
        for (place, wish) in wishes.into_iter().enumerate() {
            now = now + wish.gap_h * HOUR_MS;
            let invitations = |(_, w): &&(Timestamp, Wish)| w.machine == wish.machine && !w.reminder;
            let past = Past {
                machine_last: sent.iter().filter(invitations).map(|(t, _)| *t).max(),
                customer_sent: sent.iter().map(|(t, _)| *t).collect(),
                opted_out: place >= opt_out_at,
                ..Past::default()
            };
            let kind = if wish.reminder { Kind::Reminder } else { Kind::Invitation };
            match judge(&policy, &calendar, &past, Request { kind, urgent: wish.urgent }, now) {
                Verdict::Send => {
                    prop_assert!(place < opt_out_at, "sent after an opt-out");
                    prop_assert!(wish.urgent || calendar.is_open(now), "sent in quiet hours");
                    sent.push((now, wish));
                }
                Verdict::Hold { until, .. } => {
                    prop_assert!(until > now, "a hold must end later");
                    prop_assert!(wish.urgent || calendar.is_open(until), "a hold must end in open hours");
                }
                Verdict::Drop { .. } => prop_assert!(place >= opt_out_at),
            }
        }
        for (t, wish) in &sent {
            let within = |days: i64| sent.iter().filter(move |(other, _)| *other <= *t && *t - *other < days * DAY_MS);
            prop_assert!(within(7).count() <= 2, "two messages per customer in 7 days");
            let same = within(30).filter(|(_, w)| w.machine == wish.machine && !w.reminder && !wish.reminder);
            prop_assert!(wish.reminder || same.count() <= 1, "one invitation per machine in 30 days");
        }
    }
}

/// What may happen in the whole crate between two ticks.
#[derive(Clone, Debug)]
enum Step {
    Finding { machine: usize, fault: usize, grade: Grade, status: Status },
    Approve { machine: usize, fault: usize },
    NotNow { machine: usize, fault: usize },
    Book { machine: usize, fault: usize },
    Stop { machine: usize, fault: usize },
    Wait { hours: i64 },
}

const MACHINES: [&str; 3] = ["s02/m002", "s02/m003", "s01/m002"];
const FAULTS: [&str; 2] = ["cooler_clogging", "separator_clogging"];

fn step() -> impl Strategy<Value = Step> {
    let grade = prop_oneof![Just(Grade::Watch), Just(Grade::Advise), Just(Grade::Advise), Just(Grade::Urgent)];
    let status = prop_oneof![Just(Status::Opened), Just(Status::Updated), Just(Status::Updated), Just(Status::Cleared)];
    let place = || (0_usize..3, 0_usize..2);
    prop_oneof![
        3 => (place(), grade, status)
            .prop_map(|((machine, fault), grade, status)| Step::Finding { machine, fault, grade, status }),
        4 => place().prop_map(|(machine, fault)| Step::Approve { machine, fault }),
        1 => place().prop_map(|(machine, fault)| Step::NotNow { machine, fault }),
        1 => place().prop_map(|(machine, fault)| Step::Book { machine, fault }),
        1 => place().prop_map(|(machine, fault)| Step::Stop { machine, fault }),
        6 => (1_i64..80).prop_map(|hours| Step::Wait { hours }),
    ]
}

/// The link of the newest message of a case, if it has one.
fn link(outreach: &Outreach, machine_id: &str, fault: &str, now: Timestamp) -> Option<String> {
    let id = finding(&machine(machine_id), fault, Grade::Advise, Status::Opened).id;
    outreach.card(&id, now).ok()?.message.ok().map(|message| message.link)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn no_rule_is_broken_whatever_happens(steps in proptest::collection::vec(step(), 1..60)) {
        let dir = tempfile::tempdir().unwrap();
        let channel = Arc::new(Recorder::default());
        let outreach = open(dir.path(), channel.clone());
        let mut now = at("2026-07-15T00:00:00Z");
        let mut stopped: Vec<(String, Timestamp)> = Vec::new();
        let mut urgent_times = Vec::new();
        for (offset, step) in steps.into_iter().enumerate() {
            // Customers and advisors may do anything at any time; what the state does not allow is refused.
            match step {
                Step::Finding { machine: m, fault, grade, status } => {
                    let mut f = finding(&machine(MACHINES[m]), FAULTS[fault], grade, status);
                    f.at = now;
                    apply(&outreach, offset as u64 + 1, &f, now);
                    if grade == Grade::Urgent { urgent_times.push(m); }
                }
                Step::Approve { machine: m, fault } => {
                    let id = finding(&machine(MACHINES[m]), FAULTS[fault], Grade::Advise, Status::Opened).id;
                    drop(outreach.approve(&id, "wang", now));
                }
                Step::NotNow { machine: m, fault } => if let Some(link) = link(&outreach, MACHINES[m], FAULTS[fault], now) {
                    drop(outreach.not_now(token(&link), 10, now));
                },
                Step::Book { machine: m, fault } => if let Some(link) = link(&outreach, MACHINES[m], FAULTS[fault], now)
                    && let Ok(page) = outreach.booking_page(token(&link), now)
                    && let Some(slot) = page.slots.first() {
                    drop(outreach.book(token(&link), slot.slot.start, now));
                },
                Step::Stop { machine: m, fault } => if let Some(link) = link(&outreach, MACHINES[m], FAULTS[fault], now)
                    && outreach.stop(token(&link), now).is_ok() {
                    let to = if m == 2 { "li@huaxin.example" } else { "baker@acme.example" };
                    stopped.push((to.to_owned(), now));
                },
                Step::Wait { hours } => for _ in 0..hours {
                    now = now + HOUR_MS;
                    outreach.tick(now).unwrap();
                },
            }
        }
        judge_parcels(&channel.parcels.lock().unwrap(), &stopped, !urgent_times.is_empty())?;
    }
}

fn judge_parcels(parcels: &[Parcel], stopped: &[(String, Timestamp)], any_urgent: bool) -> Result<(), TestCaseError> {
    let mut keys: Vec<&str> = parcels.iter().map(|parcel| parcel.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    prop_assert_eq!(keys.len(), parcels.len(), "nothing is sent twice");
    for parcel in parcels {
        let zone = if parcel.to.starts_with("li") { chrono_tz::Asia::Shanghai } else { chrono_tz::Europe::London };
        prop_assert!(any_urgent || Calendar::plain(zone).is_open(parcel.at), "{} at {}", parcel.subject, parcel.at);
        prop_assert!(!stopped.iter().any(|(to, at)| *to == parcel.to && parcel.at > *at), "sent after an opt-out");
        let recent =
            |other: &&Parcel| other.to == parcel.to && other.at <= parcel.at && parcel.at - other.at < 7 * DAY_MS;
        prop_assert!(parcels.iter().filter(recent).count() <= 2, "two messages per customer in 7 days");
        let reminder = |p: &Parcel| p.subject.contains("choose from") || p.subject.contains("可以选");
        let number = |p: &Parcel| p.subject.split([':', '：']).next().unwrap_or_default().to_owned();
        let same = |other: &&Parcel| {
            other.to == parcel.to
                && number(other) == number(parcel)
                && !reminder(other)
                && other.at <= parcel.at
                && parcel.at - other.at < 30 * DAY_MS
        };
        prop_assert!(reminder(parcel) || parcels.iter().filter(same).count() <= 1, "one per machine in 30 days");
    }
    Ok(())
}
