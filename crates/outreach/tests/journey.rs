//! A technician's day: setting out, being followed, arriving; who may see what; and that no place stays behind.

use std::sync::Arc;

use crate::support::{self, Recorder, agreed, apply, at, finding, machine, open, token};
use foretell_model::{Grade, HOUR_MS, MINUTE_MS, Obstacle, Status, Timestamp, VisitState};
use foretell_outreach::{
    Checklist, Choice, Guest, Language, Outreach, OutreachError, PhotoOf, Site, Source, VisitReport,
};

/// The booked visit: Friday 17 July 2026, 13:00 to 14:30 in London's summer.
fn start() -> Timestamp {
    at("2026-07-17T13:00:00Z")
}

struct Scene {
    outreach: Outreach,
    visit: i64,
    token: String,
    channel: Arc<Recorder>,
    dir: tempfile::TempDir,
}

fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let channel = Arc::new(Recorder::default());
    let outreach = open(dir.path(), channel.clone());
    let site = Site { latitude_deg: Some(53.79), longitude_deg: Some(-1.54), ..Site::new("s02", "acme") };
    let now = at("2026-07-15T08:30:00Z");
    outreach.register_site(&site, "test", now).unwrap();
    let id = apply(&outreach, 1, &finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened), now);
    let link = outreach.approve(&id, "wang", now).unwrap().link;
    let visit = outreach.book_for(&id, start(), &agreed(), "wang", now).unwrap().id;
    Scene { outreach, visit, token: token(&link).to_owned(), channel, dir }
}

/// So many kilometres south of the site.
fn south(km: f64) -> (f64, f64) {
    (53.79 - km / 111.195, -1.54)
}

fn minutes(n: i64) -> Timestamp {
    start() + (n - 60) * MINUTE_MS
}

#[test]
fn the_way_is_told_by_the_newest_word_be_it_a_person_s_or_the_distance() {
    #[track_caller]
    fn check(told: Option<u32>, km: f64, expected_minutes: i64) {
        let s = scene();
        s.outreach.set_out(s.visit, told, "chen", minutes(0)).unwrap();
        let journey = s.outreach.locate(s.visit, south(km), minutes(1)).unwrap();
        let away = journey.eta.unwrap() - minutes(1);
        assert_eq!((away as f64 / MINUTE_MS as f64).round() as i64, expected_minutes, "{told:?} {km} km");
        assert_eq!(journey.begun_km.unwrap().round(), km);
    }
    // 40 km/h over roads that are longer by three tenths, and two minutes for the gate.
    check(None, 20.0, 41);
    check(None, 0.0, 2);
    // Half an hour was said at the gate; a minute later the telephone knows better.
    check(Some(30), 20.0, 41);
    let s = scene();
    s.outreach.set_out(s.visit, None, "chen", minutes(0)).unwrap();
    s.outreach.locate(s.visit, south(20.0), minutes(1)).unwrap();
    let said = s.outreach.set_out(s.visit, Some(25), "chen", minutes(2)).unwrap().arrival().unwrap();
    assert_eq!((said.at, said.as_of, said.told), (minutes(27), minutes(2), true));
}

#[test]
fn letter_and_page_tell_the_same_arrival_whatever_the_advisor_had_said() {
    let s = scene();
    let case = s.outreach.open_service_case(&machine("s02/m002"), Source::Customer, "stopped", "customer", minutes(0));
    let case = case.unwrap().id;
    // The advisor says an hour and a half; the word about it waits, because the channel is busy.
    let said = s.outreach.send_technician(case, "chen", Some(minutes(90)), "wang", minutes(0)).unwrap();
    assert_eq!(said.arrival().map(|known| (known.at, known.as_of)), Some((minutes(90), minutes(0))));
    s.outreach.set_out_to_case(case, None, "chen", minutes(1)).unwrap();
    let known = s.outreach.locate_on_way_to_case(case, south(60.0), minutes(4)).unwrap().arrival().unwrap();
    assert_eq!((known.about(), known.as_of, known.told), (minutes(125), minutes(4), false));
    s.outreach.tick(minutes(5)).unwrap();
    let sent = s.channel.parcels.lock().unwrap().clone();
    let letter = sent.iter().find(|letter| letter.subject.contains("is coming to you")).unwrap();
    // Minute nought is 13:00 in Leeds.
    let told = "expects to be with you at about 15:05 (as of 13:04)";
    assert!(letter.body.contains(told) && letter.short.contains(told), "{}", letter.body);
}

#[test]
fn the_customer_sees_who_comes_and_nobodys_place_stays_after_arrival() {
    let s = scene();
    s.outreach.set_out(s.visit, None, "chen", minutes(0)).unwrap();
    s.outreach.set_out(s.visit, None, "chen", minutes(1)).unwrap();
    s.outreach.locate(s.visit, south(12.0), minutes(2)).unwrap();
    let seen = |now| match s.outreach.guest(&s.token, now).unwrap() {
        Guest::Letter { errand: Some(errand), customer, .. } => (errand, customer.id),
        other => panic!("{other:?}"),
    };
    let (errand, customer) = seen(minutes(2));
    assert_eq!((customer.as_str(), errand.state), ("acme", VisitState::Booked));
    assert_eq!(errand.distance_km.unwrap().round(), 12.0);
    assert_eq!(errand.visit.technician.unwrap().id, "chen");

    s.outreach.arrive(s.visit, "chen", minutes(40)).unwrap();
    let again = s.outreach.arrive(s.visit, "chen", minutes(50)).unwrap();
    assert_eq!((again.arrived, again.position_deg, again.begun_km), (Some(minutes(40)), None, None));
    let refused = s.outreach.locate(s.visit, south(1.0), minutes(51)).unwrap_err();
    assert!(matches!(refused, OutreachError::Refused { .. }), "{refused}");
    assert_eq!(seen(minutes(51)).0.distance_km, None);
    let record = s.outreach.lately("acme", false, 50).unwrap();
    let told = |what: &str| record.iter().filter(|entry| entry.what == what).count();
    assert_eq!((told("set_out"), told("visit_on_site")), (1, 1), "{record:?}");
    assert!(record.iter().all(|entry| !entry.why.contains("53.")), "a place stands in the record");
}

/// A telephone that nobody told of the arrival is believed no longer, and tells no more; who comes back the next day sets out anew.
#[test]
fn a_way_that_nobody_ended_ends_by_itself_and_another_can_begin() {
    let s = scene();
    let later = minutes(0) + 13 * HOUR_MS;
    let case = s.outreach.open_service_case(&machine("s02/m002"), Source::Customer, "stopped", "customer", minutes(0));
    let case = case.unwrap().id;
    s.outreach.send_technician(case, "chen", None, "wang", minutes(0)).unwrap();
    s.outreach.set_out(s.visit, Some(30), "chen", minutes(0)).unwrap();
    s.outreach.set_out_to_case(case, Some(30), "chen", minutes(0)).unwrap();
    let locate = |now| {
        let visit = s.outreach.locate(s.visit, south(12.0), now).map(drop);
        [visit, s.outreach.locate_on_way_to_case(case, south(12.0), now).map(drop)]
    };
    assert!(locate(minutes(1)).iter().all(Result::is_ok));
    for located in locate(later) {
        let refused = located.unwrap_err();
        assert!(matches!(&refused, OutreachError::Refused { why, .. } if why.why == Obstacle::WayTooLong), "{refused}");
    }
    s.outreach.tick(later).unwrap();
    let known = s.outreach.service_case(case).unwrap();
    assert_eq!((known.position_deg, known.located, known.begun_km), (None, None, None));
    let visit = s.outreach.set_out(s.visit, None, "chen", later).unwrap();
    let trouble = s.outreach.set_out_to_case(case, None, "chen", later).unwrap();
    assert_eq!((visit.set_out, visit.eta, trouble.set_out, trouble.eta), (later, None, Some(later), None));
    assert!(locate(later + MINUTE_MS).iter().all(Result::is_ok));
}

#[test]
fn what_is_no_way_is_refused() {
    #[track_caller]
    fn check(act: impl FnOnce(&Scene) -> foretell_outreach::Result<foretell_outreach::Journey>, expected: &str) {
        let s = scene();
        let refused = act(&s).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    check(|s| s.outreach.set_out(s.visit, None, "chen", start().plus_days(-2.0)), "more than a day away");
    check(|s| s.outreach.set_out(99, None, "chen", minutes(0)), "there is no booking `99`");
    check(|s| s.outreach.locate(s.visit, south(1.0), minutes(0)), "nobody has set out");
    let set_out = |s: &Scene| s.outreach.set_out(s.visit, None, "chen", minutes(0)).unwrap();
    check(
        |s| {
            set_out(s);
            s.outreach.locate(s.visit, (91.0, 0.0), minutes(1))
        },
        "no place on Earth",
    );
    check(
        |s| {
            set_out(s);
            s.outreach.locate(s.visit, (f64::NAN, 0.0), minutes(1))
        },
        "no place on Earth",
    );
    check(
        |s| {
            set_out(s);
            s.outreach.locate(s.visit, south(1.0), minutes(0) + 13 * HOUR_MS)
        },
        "taken too long",
    );
    check(
        |s| {
            s.outreach.cancel(&s.token, minutes(-60)).unwrap();
            s.outreach.set_out(s.visit, None, "chen", minutes(0))
        },
        "called off",
    );
}

#[test]
fn the_way_ends_with_the_time_it_was_for() {
    #[track_caller]
    fn check(act: impl FnOnce(&Scene)) {
        let s = scene();
        s.outreach.set_out(s.visit, Some(25), "chen", minutes(0)).unwrap();
        s.outreach.locate(s.visit, south(3.0), minutes(1)).unwrap();
        act(&s);
        match s.outreach.guest(&s.token, minutes(3)).unwrap() {
            Guest::Letter { errand, .. } => assert!(errand.is_none_or(|errand| errand.journey.is_none())),
            other => panic!("{other:?}"),
        }
        assert_eq!(s.outreach.errand_sheet(s.visit).unwrap().errand.journey, None);
        s.outreach.locate(s.visit, south(2.0), minutes(4)).unwrap_err();
    }
    check(|s| {
        let page = s.outreach.booking_page(&s.token, minutes(2)).unwrap();
        let other = page.slots.iter().map(|seen| seen.slot.start).find(|time| *time > start()).unwrap();
        s.outreach.reschedule(&s.token, other, minutes(2)).unwrap();
    });
    check(|s| drop(s.outreach.cancel(&s.token, minutes(2)).unwrap()));
}

#[test]
fn a_way_that_nobody_ends_leaves_no_place_behind() {
    let s = scene();
    s.outreach.set_out(s.visit, None, "chen", minutes(0)).unwrap();
    s.outreach.locate(s.visit, south(3.0), minutes(1)).unwrap();
    s.outreach.tick(minutes(2)).unwrap();
    let place = || s.outreach.errand_sheet(s.visit).unwrap().errand.journey.unwrap().position_deg;
    assert!(place().is_some());
    s.outreach.tick(minutes(0) + 13 * HOUR_MS).unwrap();
    assert_eq!(place(), None);
}

#[test]
fn a_day_lists_own_visits_and_a_sheet_tells_what_was_before() {
    let s = scene();
    let day = (at("2026-07-17T00:00:00Z"), at("2026-07-18T00:00:00Z"));
    let of = |who: Option<&str>| s.outreach.errands(who, day).unwrap().len();
    assert_eq!((of(Some("chen")), of(Some("zhao")), of(None)), (1, 0, 1));
    let checklist = Checklist { test_run: true, tidy: true, old_parts: true, report: true, courtesy: true };
    let report = VisitReport { checklist, note: "ran well".into(), ..VisitReport::default() };
    s.outreach.report_visit(s.visit, &report, "chen", start()).unwrap();
    s.outreach.complete(s.visit, None, "chen", start()).unwrap();
    let id = apply(
        &s.outreach,
        2,
        &finding(&machine("s02/m002"), "oil_filter_clogging", Grade::Advise, Status::Opened),
        start(),
    );
    let next = s.outreach.book_for(&id, start().plus_days(3.0), &agreed(), "wang", start()).unwrap();
    let sheet = s.outreach.errand_sheet(next.id).unwrap();
    assert_eq!(sheet.errand.tasks[0].works, ["oil_filter_replaced"]);
    assert_eq!(sheet.earlier.len(), 1);
    assert_eq!(sheet.earlier[0].report.as_ref().unwrap().note, "ran well");
    assert_eq!(sheet.customer.unwrap().contact.as_deref(), Some("Ms Baker"));
    let done = s.outreach.visits_done(&machine("s02/m002"), day).unwrap();
    assert_eq!((done.len(), done[0].works.as_slice()), (1, &["cooler_cleaned".to_owned()][..]));
}

#[test]
fn a_service_case_has_a_page_of_its_own_and_opens_nothing_else() {
    let s = scene();
    let now = at("2026-07-15T09:00:00Z");
    let link = s.outreach.report_through_link(&s.token, None, "it has stopped", now).unwrap();
    let own = token(&link);
    let case = match s.outreach.guest(own, now).unwrap() {
        Guest::Case(view) => view,
        other => panic!("{other:?}"),
    };
    assert_eq!((case.number.as_str(), case.customer.id.as_str(), case.technician), ("No. 2", "acme", None));
    assert!(matches!(s.outreach.booking_page(own, now), Err(OutreachError::Link(_))), "no letter's page");
    let id = case.case.id;
    s.outreach.send_technician(id, "chen", None, "wang", now).unwrap();
    s.outreach.set_out_to_case(id, None, "chen", now).unwrap();
    s.outreach.locate_on_way_to_case(id, south(20.0), now).unwrap();
    match s.outreach.guest(own, now).unwrap() {
        Guest::Case(view) => {
            assert_eq!(view.technician.unwrap().phone, "+86 138 0000 0001");
            let minutes = (view.case.eta.unwrap() - now) as f64 / MINUTE_MS as f64;
            assert_eq!((view.distance_km.unwrap().round(), minutes.round()), (20.0, 41.0));
        }
        other => panic!("{other:?}"),
    }
    s.outreach.arrived(id, "chen", now + 40 * MINUTE_MS).unwrap();
    let case = s.outreach.service_case(id).unwrap();
    assert_eq!((case.position_deg, case.located, case.begun_km), (None, None, None));
    assert!(s.outreach.locate_on_way_to_case(id, south(1.0), now + 41 * MINUTE_MS).is_err());
    let far = now.plus_days(400.0);
    assert!(s.outreach.guest(own, far).is_ok(), "an open case's page stays open");
    let report = VisitReport { left_out: "asked not to".into(), ..VisitReport::default() };
    s.outreach.close_service_case(id, &report, "", "chen", now + 90 * MINUTE_MS).unwrap();
    assert!(matches!(s.outreach.guest(own, far), Err(OutreachError::Link("it has expired"))));
}

#[test]
fn a_link_shows_its_own_pictures_only() {
    let s = scene();
    let now = minutes(0);
    let add = |of, subject: &str| s.outreach.add_photo((of, subject), "a.jpg", "", "chen", now).unwrap();
    let own = [add(PhotoOf::Visit, &s.visit.to_string()), add(PhotoOf::Person, "chen")];
    add(PhotoOf::Person, "zhao");
    let fault = finding(&machine("s02/m002"), "oil_filter_clogging", Grade::Advise, Status::Opened);
    let id = apply(&s.outreach, 2, &fault, now);
    let another = s.outreach.book_for(&id, start().plus_days(3.0), &agreed(), "wang", now).unwrap().id;
    add(PhotoOf::Visit, &another.to_string());
    add(PhotoOf::Machine, "s02/m002");
    let shown: Vec<i64> = s.outreach.photos_of_link(&s.token, now).unwrap().iter().map(|photo| photo.id).collect();
    assert_eq!(shown, own);
}

#[test]
fn what_a_customer_chose_outlives_an_import() {
    let s = scene();
    let now = minutes(0);
    let choice = |from: &str, to: &str, welcome: &[&str]| Choice {
        language: Language::ZhCn,
        first: "email".into(),
        welcome: welcome.iter().map(|medium| (*medium).to_owned()).collect(),
        quiet_from: from.into(),
        quiet_to: to.into(),
    };
    assert!(matches!(
        s.outreach.choose(&s.token, &choice("09:00", "18:00", &["email"]), now),
        Err(OutreachError::Refused { .. })
    ));
    for _ in 0..2 {
        s.outreach.choose(&s.token, &choice("17:00", "09:30", &[]), now).unwrap();
        s.outreach.import(&foretell_outreach::Registry::from_toml(support::REGISTRY).unwrap(), "file", now).unwrap();
    }
    let customer = s.outreach.customer("acme").unwrap().unwrap();
    assert_eq!((customer.language, customer.quiet_to.as_str()), (Language::ZhCn, "09:30"));
    let kept = s.outreach.preferences(&s.token, now).unwrap();
    assert_eq!(kept.media, [("email".to_owned(), Some(now))]);
    s.outreach.choose(&s.token, &choice("17:00", "09:30", &["email"]), now).unwrap();
    assert_eq!(s.outreach.preferences(&s.token, now).unwrap().media, [("email".to_owned(), None)]);
    let told =
        |what: &str| s.outreach.lately("acme", true, 50).unwrap().iter().filter(|entry| entry.what == what).count();
    assert_eq!((told("wished"), told("stopped"), told("resumed")), (1, 1, 1));
    drop(s.dir);
}

#[test]
fn a_stranger_opens_no_case() {
    let s = scene();
    s.outreach.open_service_case(&machine("s02/m003"), Source::Advisor, "x", "wang", minutes(0)).unwrap();
    let other = scene();
    let foreign = other.outreach.report_through_link(&other.token, None, "x", minutes(0)).unwrap();
    assert!(matches!(s.outreach.guest(token(&foreign), minutes(0)), Err(OutreachError::Link(_))));
}
