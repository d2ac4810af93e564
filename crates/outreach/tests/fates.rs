//! What becomes of messages that a channel will not take, or of which nobody knows whether they arrived.

use crate::support::roads::{Scene, now, scene};
use crate::support::{self, at, machine};
use foretell_model::{FindingId, Grade, HOUR_MS, MINUTE_MS, Status, Timestamp};
use foretell_outreach::governor::{Kind, Reason};
use foretell_outreach::{
    Checklist, DeliveryError, MessageState, Outcome, PageState, Source, Stage, Untold, UntoldOf, VisitReport,
};

fn refused() -> DeliveryError {
    DeliveryError::Permanent("no such user".into())
}

fn later() -> DeliveryError {
    DeliveryError::Temporary("busy".into())
}

fn unknown() -> DeliveryError {
    DeliveryError::Unknown("the connection broke".into())
}

impl Scene {
    /// The next deliveries come to this, in order; after them all goes well.
    fn next(&self, fates: impl IntoIterator<Item = DeliveryError>) {
        let mut fates: Vec<DeliveryError> = fates.into_iter().collect();
        fates.reverse();
        *self.fails.lock().unwrap() = fates;
    }

    /// Some hours of ticks.
    fn hours(&self, from: Timestamp, hours: i64) {
        for hour in 0..hours {
            self.outreach.tick(from + hour * HOUR_MS).unwrap();
        }
    }

    /// Keys with their media, in the order of delivery.
    fn delivered(&self) -> Vec<String> {
        self.out.lock().unwrap().iter().map(|(medium, parcel)| format!("{medium} {}", parcel.key)).collect()
    }

    /// Kinds and states of what somebody must settle.
    fn unsettled(&self, id: &FindingId) -> Vec<(Kind, MessageState)> {
        let card = self.outreach.card(id, now()).unwrap();
        card.unsettled.iter().map(|left| (left.kind, left.state)).collect()
    }

    /// A letter that went out and was answered with a booking: the case, and when the visit ends.
    fn booked(&self) -> (FindingId, Timestamp) {
        let (id, _, token) = self.sent();
        let page = self.outreach.booking_page(&token, now()).unwrap();
        let booked = self.outreach.book(&token, page.slots[0].slot.start, now()).unwrap();
        let PageState::Booked { booking, .. } = booked.state else { panic!("booked") };
        (id, booking.end)
    }
}

#[test]
fn what_a_channel_refuses_goes_on_to_the_next_and_goes_out_once() {
    #[track_caller]
    fn check(prepare: impl FnOnce(&Scene), fates: Vec<DeliveryError>, expected: &[&str], end: (Stage, &str)) {
        let s = scene();
        prepare(&s);
        s.next(fates);
        let (id, ..) = s.sent();
        s.hours(now(), 48);
        assert_eq!(s.delivered(), expected);
        let (stage, remark) = s.remark(&id);
        assert_eq!((stage, remark.as_str()), end);
    }
    let call = "the message could not be delivered: refused: no such user";
    let stop =
        |medium: &'static str| move |s: &Scene| s.outreach.opt_out("acme", medium, "said so", "wang", now()).unwrap();
    // SMS is the one that the customer prefers.
    check(|_| {}, vec![refused()], &["email foretell-1"], (Stage::Contacted, ""));
    check(|_| {}, vec![refused(), refused()], &[], (Stage::Call, call));
    check(stop("email"), vec![refused()], &[], (Stage::Call, call));
    check(|s| s.customer(|c| drop(c.addresses.remove("email"))), vec![refused()], &[], (Stage::Call, call));
    check(|_| {}, vec![refused(), later()], &["email foretell-1"], (Stage::Contacted, ""));
    check(|_| {}, vec![later(), refused()], &["email foretell-1"], (Stage::Contacted, ""));
    // Nobody knows whether it arrived: it goes nowhere else.
    let asked = "the message could not be delivered: it is not known whether it arrived: the connection broke";
    check(|_| {}, vec![unknown()], &[], (Stage::Call, asked));
    check(|_| {}, vec![refused(), unknown()], &[], (Stage::Call, asked));
}

/// The times that it tells would have passed before a server comes back.
#[test]
fn word_of_a_breakdown_takes_another_way_than_the_one_that_is_down() {
    #[track_caller]
    fn check(fates: Vec<DeliveryError>, minutes: &[i64], expected: &[&str]) {
        let s = scene();
        let broken = s.outreach.open_service_case(&machine("s02/m002"), Source::Advisor, "it stopped", "wang", now());
        s.outreach.send_technician(broken.unwrap().id, "chen", None, "wang", now()).unwrap();
        s.next(fates);
        for minute in minutes {
            s.outreach.tick(now() + minute * MINUTE_MS).unwrap();
        }
        assert_eq!(s.delivered(), expected);
    }
    check(vec![later()], &[0, 0], &["email foretell-1"]);
    // All are down: each is tried again, the preferred one first.
    check(vec![later(), later()], &[0, 0, 0], &[]);
    check(vec![later(), later()], &[0, 0, 0, 5], &["sms foretell-1"]);
}

#[test]
fn a_message_that_goes_on_obeys_the_same_rules() {
    let s = scene();
    // Two minutes before eight in the evening in Leeds.
    let evening = at("2026-07-15T18:58:00Z");
    let case = support::finding(
        &machine("s02/m002"),
        "cooler_clogging",
        foretell_model::Grade::Advise,
        foretell_model::Status::Opened,
    );
    let id = support::apply(&s.outreach, 1, &case, evening);
    s.outreach.approve(&id, "wang", evening).unwrap();
    s.next([refused()]);
    let outcome = s.outreach.tick(evening).unwrap().remove(0).outcome;
    assert_eq!(outcome, Outcome::GoesOn("refused: no such user".into()));
    let night = evening + 5 * MINUTE_MS;
    let morning = at("2026-07-16T07:00:00Z");
    let held = s.outreach.tick(night).unwrap().remove(0).outcome;
    assert_eq!(held, Outcome::Held { until: morning, reason: Reason::QuietHours });
    assert_eq!(s.outreach.tick(morning).unwrap()[0].outcome, Outcome::Sent);
    assert_eq!(s.delivered(), ["email foretell-1"]);
    let record = s.outreach.card(&id, morning).unwrap().history;
    assert!(record.iter().any(|entry| entry.what == "could not deliver; goes on by the next channel"), "{record:?}");
    // What is sent anew by a person may try every channel again.
    s.next([unknown()]);
    s.hours(at("2026-07-21T09:00:00Z"), 1);
    let reminder = s.outreach.card(&id, morning).unwrap().message.unwrap();
    s.outreach.send_again(reminder.id, "wang", at("2026-07-21T10:00:00Z")).unwrap();
    s.hours(at("2026-07-21T10:00:00Z"), 1);
    assert_eq!(s.delivered(), ["email foretell-1", "sms foretell-2"]);
}

#[test]
fn a_confirmation_is_told_however_often_its_delivery_fails() {
    for fates in [vec![later()], vec![refused()], vec![refused(), later()]] {
        let s = scene();
        let attempts = fates.len();
        let (id, _) = s.booked();
        s.next(fates);
        s.hours(now(), 4);
        assert_eq!(s.delivered().len(), 2, "the letter, and after {attempts} attempts the confirmation");
        assert!(s.delivered()[1].ends_with("foretell-2"), "{:?}", s.delivered());
        assert_eq!(s.unsettled(&id), []);
    }
}

#[test]
fn a_confirmation_of_unknown_fate_is_settled_by_whoever_asks_the_customer() {
    #[track_caller]
    fn check(settle: impl FnOnce(&Scene, i64, Timestamp), expected: usize) {
        let s = scene();
        let (id, _) = s.booked();
        s.next([unknown()]);
        s.hours(now(), 2);
        assert_eq!(s.unsettled(&id), [(Kind::Confirmation, MessageState::Unknown)]);
        let waiting = s.outreach.queue(now()).unwrap();
        assert_eq!((waiting.len(), waiting[0].stage), (1, Stage::Booked), "it waits for the advisor");
        let message = s.outreach.card(&id, now()).unwrap().unsettled[0].message;
        let noon = now() + 3 * HOUR_MS;
        settle(&s, message, noon);
        s.hours(noon, 3);
        assert_eq!(s.delivered().len(), expected, "{:?}", s.delivered());
        assert_eq!((s.unsettled(&id), s.remark(&id)), (vec![], (Stage::Booked, String::new())));
        assert_eq!(s.outreach.queue(now()).unwrap(), []);
    }
    check(|s, message, now| s.outreach.resolve_delivery(message, true, "wang", now).unwrap(), 1);
    check(|s, message, now| s.outreach.send_again(message, "wang", now).unwrap(), 2);
    check(|s, message, now| s.outreach.resolve_delivery(message, false, "wang", now).unwrap(), 1);
}

#[test]
fn the_word_after_a_job_is_settled_too() {
    let s = scene();
    let (id, end) = s.booked();
    s.hours(now(), 1);
    let visit = s.outreach.card(&id, now()).unwrap().booking.unwrap();
    s.outreach.complete(visit.id, None, "chen", end).unwrap();
    s.next([unknown()]);
    let weeks = end.plus_days(20.0);
    s.hours(weeks, 24);
    assert_eq!(s.unsettled(&id), [(Kind::FollowUp, MessageState::Unknown)]);
    let card = s.outreach.card(&id, weeks).unwrap();
    assert_eq!(card.stage, Stage::Call);
    s.outreach.send_again(card.unsettled[0].message, "wang", weeks.plus_days(1.0)).unwrap();
    s.hours(weeks.plus_days(1.0), 24);
    assert_eq!((s.delivered().len(), s.unsettled(&id).len(), s.remark(&id).0), (3, 0, Stage::Done));
}

#[test]
fn word_about_a_broken_machine_is_settled_on_its_case() {
    let s = scene();
    let own = machine("s02/m003");
    let minutes = |n: i64| now() + n * MINUTE_MS;
    let case = s.outreach.open_service_case(&own, Source::Customer, "stopped", "customer", now()).unwrap();
    s.outreach.called_back(case.id, "", "wang", minutes(5)).unwrap();
    let left = || -> Vec<(Kind, MessageState)> {
        let left = s.outreach.unsettled_of_case(case.id).unwrap();
        left.iter().map(|word| (word.kind, word.state)).collect()
    };
    s.next([unknown()]);
    s.outreach.send_technician(case.id, "chen", Some(minutes(60)), "wang", minutes(6)).unwrap();
    s.outreach.tick(minutes(6)).unwrap();
    assert_eq!(left(), [(Kind::OnTheWay, MessageState::Unknown)]);
    let word = s.outreach.unsettled_of_case(case.id).unwrap().remove(0);
    assert_eq!(word.subject, "Compressor No. 3: Jun Chen is coming to you");
    let untold = s.outreach.untold().unwrap();
    assert_eq!(untold, [Untold { machine: own.clone(), of: UntoldOf::ServiceCase(case.id), word: word.clone() }]);
    s.outreach.send_again(word.message, "wang", minutes(8)).unwrap();
    s.outreach.tick(minutes(8)).unwrap();
    assert_eq!((s.delivered(), left()), (vec!["sms foretell-1".to_owned()], vec![]));
    assert_eq!(s.outreach.untold().unwrap(), []);

    // Nobody need ask whether a word arrived that is no news any more; that it is mended stays news.
    s.outreach.arrived(case.id, "chen", minutes(50)).unwrap();
    s.next([refused(), refused()]);
    let news = foretell_outreach::OnSiteNews { found: None, minutes: 30 };
    s.outreach.tell_progress(case.id, &news, "chen", minutes(55)).unwrap();
    s.hours(minutes(55), 2);
    assert_eq!(left(), [(Kind::Progress, MessageState::Failed)]);
    let done = Checklist { test_run: true, tidy: true, old_parts: true, report: true, courtesy: true };
    let report = VisitReport { checklist: done, ..VisitReport::default() };
    s.outreach.close_service_case(case.id, &report, "", "chen", minutes(200)).unwrap();
    assert_eq!(left(), []);
    assert_eq!(s.outreach.untold().unwrap(), [], "what is no news any more is nobody's work");
    s.next([unknown()]);
    s.outreach.tick(minutes(201)).unwrap();
    let word = s.outreach.unsettled_of_case(case.id).unwrap().remove(0);
    assert_eq!((word.kind, word.state), (Kind::Closing, MessageState::Unknown));
    s.outreach.resolve_delivery(word.message, true, "wang", minutes(210)).unwrap();
    assert_eq!((left(), s.delivered().len()), (vec![], 1));
}

#[test]
fn word_about_a_broken_machine_that_nobody_can_be_sent_is_the_advisors() {
    let check = |unreachable: fn(&Scene), why: &str| {
        let s = scene();
        unreachable(&s);
        let case = s.outreach.open_service_case(&machine("s02/m003"), Source::Customer, "stopped", "x", now()).unwrap();
        s.outreach.send_technician(case.id, "chen", Some(now() + HOUR_MS), "wang", now()).unwrap();
        let outcomes: Vec<_> = s.outreach.tick(now()).unwrap().into_iter().map(|step| step.outcome).collect();
        assert_eq!(outcomes, [Outcome::ForAdvisor(why.to_owned())]);
        let untold: Vec<_> = s.outreach.untold().unwrap().into_iter().map(|left| (left.of, left.word.reason)).collect();
        assert_eq!(untold, [(UntoldOf::ServiceCase(case.id), why.to_owned())]);
        let word = s.outreach.unsettled_of_case(case.id).unwrap().remove(0);
        assert_eq!((word.kind, word.state), (Kind::OnTheWay, MessageState::Failed));
        // Told on the telephone.
        s.outreach.resolve_delivery(word.message, true, "wang", now() + MINUTE_MS).unwrap();
        assert_eq!((s.outreach.untold().unwrap(), s.delivered()), (vec![], vec![]));
    };
    let nowhere = "the customer has no address on any channel in use";
    check(|s| s.customer(|customer| customer.addresses.clear()), nowhere);
    let telephone = |s: &Scene| s.customer(|customer| customer.addresses.retain(|medium, _| medium == "phone"));
    check(telephone, nowhere);
}

#[test]
fn a_message_of_unknown_fate_is_sent_again_when_the_advisor_says_so() {
    let s = scene();
    s.fails.lock().unwrap().push(DeliveryError::Unknown("the connection broke".into()));
    let (id, message, _) = s.sent();
    let unknown = s.outreach.card(&id, now()).unwrap();
    assert_eq!((unknown.stage, unknown.message.unwrap().state), (Stage::Call, MessageState::Unknown));
    s.outreach.send_again(message, "wang", now()).unwrap();
    s.outreach.tick(now()).unwrap();
    assert_eq!(s.media(), ["sms"]);
    let again = s.outreach.card(&id, now()).unwrap();
    assert_eq!((again.stage, again.message.unwrap().state), (Stage::Contacted, MessageState::Sent));
    assert!(s.outreach.send_again(message, "wang", now()).is_err(), "what arrived is not sent again");
}

/// Whoever gets it at last can open it, and whoever holds the old link cannot.
#[test]
fn a_message_whose_link_was_withdrawn_is_sent_again_with_a_fresh_one() {
    #[track_caller]
    fn check(prepare: impl FnOnce(&Scene) -> (FindingId, Kind, Timestamp), stage: Stage) {
        let s = scene();
        let (id, kind, at) = prepare(&s);
        let left = s.outreach.card(&id, at).unwrap().unsettled;
        assert_eq!((left.len(), left[0].kind, left[0].state), (1, kind, MessageState::Unknown));
        let key = format!("foretell-{}", left[0].message);
        s.outreach.revoke_links(&id, "forwarded to a stranger", "wang", at).unwrap();
        s.outreach.send_again(left[0].message, "wang", at).unwrap();
        s.hours(at, 2);
        let parcel = s.out.lock().unwrap().last().unwrap().1.clone();
        assert!(parcel.body.contains(&parcel.link) && parcel.body.matches("/b/").count() == 1, "{}", parcel.body);
        assert_ne!(parcel.key, key, "a link is a message's own");
        let opened = s.outreach.booking_page(support::token(&parcel.link), at);
        assert!(opened.is_ok(), "{:?}", opened.err());
        assert_eq!((s.unsettled(&id), s.remark(&id)), (vec![], (stage, String::new())));
        let again = s.outreach.send_again(left[0].message, "wang", at);
        assert!(again.is_err(), "the old one never goes out");
    }
    let letter = |edit: bool| {
        move |s: &Scene| {
            let cooler = support::finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
            let id = support::apply(&s.outreach, 1, &cooler, now());
            if edit {
                let text = s.outreach.card(&id, now()).unwrap().message.unwrap().text;
                let body = text.body.replacen("Ms Baker", "Ms Baker and all", 1);
                s.outreach.edit(&id, &text.subject, &body, "wang", now()).unwrap();
            }
            s.outreach.approve(&id, "wang", now()).unwrap();
            s.next([unknown()]);
            s.outreach.tick(now()).unwrap();
            (id, Kind::Invitation, now())
        }
    };
    check(letter(false), Stage::Contacted);
    check(letter(true), Stage::Contacted);
    let reminder = |s: &Scene| {
        let (id, ..) = s.sent();
        s.next([unknown()]);
        let at = at("2026-07-21T09:00:00Z");
        s.hours(at, 1);
        (id, Kind::Reminder, at)
    };
    check(reminder, Stage::Contacted);
    let confirmation = |s: &Scene| {
        let (id, _) = s.booked();
        s.next([unknown()]);
        s.outreach.tick(now()).unwrap();
        (id, Kind::Confirmation, now())
    };
    check(confirmation, Stage::Booked);
}
