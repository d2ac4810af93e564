//! The governor as a function of the past: no cap is ever broken, and every decision says why.

use crate::support::desk::{desk, now, of_fault};
use crate::support::{self, at};
use foretell_model::{DAY_MS, HOUR_MS, Timestamp};
use foretell_outreach::governor::{Answer, Hours, Kind, Past, Policy, Reason, Request, Verdict, judge};
use foretell_outreach::{Calendar, CustomerStage, Language, Machine, Site};
use proptest::prelude::*;

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
            match judge(&policy, &calendar, &past, Request { kind, hours: Hours::of_urgency(wish.urgent) }, now) {
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

#[test]
fn every_reason_is_said_in_both_languages() {
    let shanghai = Calendar::plain(chrono_tz::Asia::Shanghai);
    let until = at("2026-07-20T00:00:00Z");
    let check = |reason: Reason, en: &str, zh: &str| {
        let verdict = Verdict::Hold { until, reason };
        let say = |language| verdict.explain(language, &shanghai, &support::catalogue());
        assert_eq!(say(Language::En), format!("held until Monday 20 July 08:00: {en}"));
        assert_eq!(say(Language::ZhCn), format!("暂缓到7月20日（周一）08:00发出：{zh}"));
    };
    check(Reason::QuietHours, "quiet hours", "对方休息时间");
    check(Reason::Weekend, "weekend", "周末");
    check(Reason::Holiday, "public holiday at the customer's", "对方放假");
    check(Reason::MachineCap { days: 30 }, "one message per machine in 30 days", "同一台机器30天内只发一次");
    check(Reason::CustomerCap { messages: 2, days: 7 }, "2 messages per customer in 7 days", "同一客户7天内最多发2次");
    check(Reason::NotNow, "the customer said not now", "客户说过暂时不用");
    check(
        Reason::OpenCase { fault: "cooler_clogging".into() },
        "another case on this machine is under way (a clogged cooler)",
        "这台机器还有一件事没办完（冷却器堵塞）",
    );
    check(Reason::Trouble { case: 7 }, "service case 7 is open on this machine", "这台机器有报修还在处理（7号）");
    check(
        Reason::ClockInDoubt,
        "this computer's clock went back; waiting until it has run steadily",
        "本机时钟刚刚回拨过，等稳定后再发",
    );
    check(
        Reason::Displeased { stage: CustomerStage::OpenGrumbling },
        "a person should speak first: the customer is grumbling openly",
        "客户状态：公开抱怨，应先由人沟通",
    );
    check(Reason::Silent, "a named person has taken over; nothing is sent by itself", "已由专人接手，系统不再自动发送");
}

#[test]
fn displeasure_and_trouble_silence_what_nobody_asked_for() {
    let (policy, calendar) = (Policy::default(), Calendar::plain(chrono_tz::Asia::Shanghai));
    let wednesday = at("2026-07-15T08:30:00Z");
    let check = |past: Past, kind: Kind, urgent: bool, expected: &str| {
        let verdict = judge(&policy, &calendar, &past, Request { kind, hours: Hours::of_urgency(urgent) }, wednesday);
        let text = match &verdict {
            Verdict::Send => "send".to_owned(),
            Verdict::Hold { reason, .. } => format!("hold: {}", reason.label()),
            Verdict::Drop { reason } => format!("drop: {}", reason.label()),
        };
        assert_eq!(text, expected, "{past:?} {kind:?}");
    };
    let stage = |stage| Past { stage: Some(stage), ..Past::default() };
    check(stage(CustomerStage::Turning), Kind::Invitation, false, "send");
    check(stage(CustomerStage::OpenGrumbling), Kind::Invitation, true, "drop: stage");
    check(stage(CustomerStage::OpenGrumbling), Kind::Reminder, false, "drop: stage");
    check(stage(CustomerStage::Complaint), Kind::FollowUp, false, "send");
    check(stage(CustomerStage::Complaint), Kind::Notice, false, "send");
    check(stage(CustomerStage::Escalation), Kind::Notice, true, "drop: silent");
    let trouble = || Past { trouble: Some(3), ..Past::default() };
    check(trouble(), Kind::Invitation, true, "hold: trouble");
    check(trouble(), Kind::FollowUp, false, "hold: trouble");
    check(trouble(), Kind::Notice, false, "send");
    // A clock that went back breaks no cap here, and six hours of silence would break both promises.
    let in_doubt = || Past { doubtful_until: Some(wednesday.plus_days(0.25)), ..Past::default() };
    check(in_doubt(), Kind::Confirmation, true, "hold: clock_in_doubt");
    check(in_doubt(), Kind::Notice, false, "send");
    check(Past { follow_ups: 1, ..Past::default() }, Kind::FollowUp, false, "drop: followed_up");
    for kind in [Kind::Invitation, Kind::Reminder, Kind::FollowUp] {
        check(Past { opted_out: true, ..Past::default() }, kind, true, "drop: opted_out");
    }
    let of_trouble = [Kind::Notice, Kind::OnTheWay, Kind::Progress, Kind::Closing, Kind::CalledOff, Kind::StillOpen];
    for kind in std::iter::once(Kind::Confirmation).chain(of_trouble) {
        check(Past { opted_out: true, ..Past::default() }, kind, false, "send");
    }
}

#[test]
fn a_confirmation_waits_for_the_morning_and_for_monday_only_where_that_is_soon_enough() {
    #[track_caller]
    fn check(medium: &str, is_own_act: bool, visit: Option<&str>, expected: Hours) {
        let calendar = Calendar::plain(chrono_tz::Asia::Shanghai);
        let answer = Answer { medium, is_own_act, visit: visit.map(at) };
        // Half past ten on a Friday evening in China.
        assert_eq!(answer.hours(&calendar, at("2026-07-17T14:30:00Z")), expected, "{answer:?}");
    }
    let (saturday, monday, tuesday) = ("2026-07-18T02:00:00Z", "2026-07-20T09:00:00Z", "2026-07-21T01:00:00Z");
    check("email", true, Some(tuesday), Hours::Any);
    check("email", true, None, Hours::Any);
    check("email", false, Some(tuesday), Hours::Working);
    check("email", false, Some(monday), Hours::Waking);
    check("sms", false, Some(saturday), Hours::Waking);
    check("sms", true, Some(tuesday), Hours::Working);
    check("sms", true, None, Hours::Working);
    check("sms", true, Some(monday), Hours::Waking);
    check("", true, Some(tuesday), Hours::Working);
}

#[test]
fn what_goes_out_at_waking_hours_waits_for_the_morning_of_any_day_and_never_goes_at_night() {
    #[track_caller]
    fn check(now: &str, hours: Hours, expected: &str) {
        let calendar = Calendar::plain(chrono_tz::Asia::Shanghai);
        let request = Request { kind: Kind::Confirmation, hours };
        let said = match judge(&Policy::default(), &calendar, &Past::default(), request, at(now)) {
            Verdict::Send => "send".to_owned(),
            Verdict::Hold { until, reason } => format!("{until} {}", reason.label()),
            Verdict::Drop { reason } => format!("drop {}", reason.label()),
        };
        assert_eq!(said, expected);
    }
    let (evening, night, noon) = ("2026-07-17T14:30:00Z", "2026-07-18T22:30:00Z", "2026-07-18T04:00:00Z");
    check(evening, Hours::Waking, "2026-07-18T00:00:00Z quiet_hours");
    check(evening, Hours::Working, "2026-07-20T00:00:00Z quiet_hours");
    check(night, Hours::Waking, "2026-07-19T00:00:00Z quiet_hours");
    check(noon, Hours::Waking, "send");
    check(noon, Hours::Working, "2026-07-20T00:00:00Z weekend");
    check(night, Hours::Any, "send");
}

#[test]
fn a_customer_with_several_sites_is_written_to_no_more_often() {
    let desk = desk("s02/m002");
    for n in 1..=3_u64 {
        let site = format!("s1{n}");
        desk.outreach.register_site(&Site::new(site.clone(), "acme"), "test", now()).unwrap();
        let of_site = format!("{site}/m001");
        desk.outreach.register_machine(&Machine::new(of_site.clone(), format!("No. {n}")), "test", now()).unwrap();
        let id = support::apply(&desk.outreach, n, &of_fault(&support::machine(&of_site), "cooler_clogging"), now());
        desk.outreach.approve(&id, "wang", now()).unwrap();
    }
    let mut sent: Vec<(Timestamp, String)> = Vec::new();
    for hour in 0..24 * 15 {
        let t = now() + hour * HOUR_MS;
        desk.outreach.tick(t).unwrap();
        let parcels = desk.channel.parcels.lock().unwrap();
        sent.extend(parcels[sent.len()..].iter().map(|parcel| (t, parcel.subject.clone())));
    }
    for (t, _) in &sent {
        let week = sent.iter().filter(|(other, _)| *other <= *t && *t - *other < 7 * DAY_MS).count();
        assert!(week <= 2, "{sent:?}");
    }
    assert_eq!(sent.iter().filter(|(t, _)| *t == now()).count(), 2, "{sent:?}");
    for n in 1..=3 {
        assert!(sent.iter().any(|(_, subject)| subject.contains(&format!("No. {n}"))), "{sent:?}");
    }
}
