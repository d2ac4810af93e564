//! Whoever makes visits hears what changed of them, and what they note reaches customers in words these can read.

use crate::support::broken::done;
use crate::support::desk::{Desk, MACHINES, check, desk, now, of, of_fault};
use crate::support::{agreed, at, token};
use foretell_model::{MINUTE_MS, Obstacle, Timestamp};
use foretell_outreach::{
    AfterCancelling, CrewChange, DeliveryError, Language, OutreachError, PageState, Parcel, Source, Spoken, Technician,
    VisitReport, Words, WorkOf,
};

/// Two technicians with addresses, one of whom is away on the day to which visits are moved last.
fn crew(desk: &Desk, language: Language) {
    let addresses = |who: &str| [("email".to_owned(), format!("{who}@service.example"))].into();
    let chen = desk.outreach.technician("chen").unwrap().unwrap();
    let chen =
        Technician { addresses: addresses("chen"), language: Some(language), away: vec!["2026-07-23".into()], ..chen };
    let lin = Technician {
        id: "lin".into(),
        name: Words { en: "Yue Lin".into(), zh: "林悦".into() },
        addresses: addresses("lin"),
        away: vec!["2026-07-16/2026-07-22".into()],
        ..chen.clone()
    };
    for technician in [chen, lin] {
        desk.outreach.register_technician(&technician, "test", now()).unwrap();
    }
}

/// What a tick tells those who make visits.
fn told(desk: &Desk, t: Timestamp) -> Vec<String> {
    let before = desk.sent();
    desk.outreach.tick(t).unwrap();
    let parcels = desk.channel.parcels.lock().unwrap();
    let own = parcels[before..].iter().filter(|parcel| parcel.key.starts_with("foretell-crew-"));
    let printed = |parcel: &Parcel| {
        let text = of(parcel);
        format!("{}\n{}\n\n{}\n--- short ---\n{}\n", parcel.to, text.subject, text.body, text.short)
    };
    own.map(printed).collect()
}

#[test]
fn whoever_makes_a_visit_hears_what_changed_of_it() {
    let texts = MACHINES.map(|(language, id)| {
        let desk = desk(id);
        let outreach = &desk.outreach;
        crew(&desk, if language == "en" { Language::En } else { Language::ZhCn });
        let case = of_fault(&desk.id, "cooler_clogging");
        desk.write(&case);
        let told = || told(&desk, now());
        outreach.book_for(&case.id, at("2026-07-20T09:00:00Z"), &agreed(), "wang", now()).unwrap();
        assert_eq!(told(), Vec::<String>::new(), "a visit that is new is on the page of its day");
        outreach.move_for(&case.id, at("2026-07-21T09:00:00Z"), &agreed(), "wang", now()).unwrap();
        let mut all = told();
        outreach.move_for(&case.id, at("2026-07-23T09:00:00Z"), &agreed(), "wang", now()).unwrap();
        all.extend(told());
        let off = Spoken { why: "the plant stands still".into(), ..Spoken::default() };
        outreach.cancel_for(&case.id, &off, AfterCancelling::Close, "wang", now()).unwrap();
        all.extend(told());
        let words = |who: &str| -> Vec<CrewChange> {
            outreach.crew_words(Some(who), now()).unwrap().into_iter().map(|word| word.what).collect()
        };
        assert_eq!(words("chen"), [CrewChange::Taken, CrewChange::Moved]);
        assert_eq!(words("lin"), [CrewChange::Cancelled, CrewChange::Given]);
        all.join("\n----------\n\n")
    });
    check("crew_words", &texts);
}

/// Whoever drives to a breakdown need not find out at the gate that nobody is needed: at any hour.
#[test]
fn whoever_is_sent_to_a_breakdown_hears_what_changed_of_it() {
    let texts = MACHINES.map(|(language, id)| {
        let desk = desk(id);
        let outreach = &desk.outreach;
        crew(&desk, if language == "en" { Language::En } else { Language::ZhCn });
        let mut lin = outreach.technician("lin").unwrap().unwrap();
        lin.login = Some("yue".into());
        outreach.register_technician(&lin, "test", now()).unwrap();
        let night = at("2026-07-16T18:00:00Z");
        let case = outreach.open_service_case(&desk.id, Source::Customer, "it stopped", "customer", night).unwrap();
        outreach.send_technician(case.id, "chen", None, "wang", night).unwrap();
        outreach.set_out_to_case(case.id, Some(40), "chen", night).unwrap();
        assert_eq!(told(&desk, night), Vec::<String>::new(), "whoever is sent is rung up");
        outreach.take_trouble_back(token(&outreach.case_link(&case)), night).unwrap();
        let mut all = told(&desk, night);
        assert_eq!(all.len(), 1, "at once");
        outreach.reopen_service_case(case.id, "it stopped again", "wang", night).unwrap();
        outreach.send_technician(case.id, "lin", None, "wang", night).unwrap();
        all.extend(told(&desk, night));
        outreach.withdraw_trouble(case.id, "the plant is closed", "wang", night).unwrap();
        all.extend(told(&desk, night));
        // Nobody is told what they did themselves.
        outreach.reopen_service_case(case.id, "wrong case", "yue", night).unwrap();
        outreach.arrived(case.id, "yue", night).unwrap();
        outreach.close_service_case(case.id, &done(), "", "yue", night).unwrap();
        assert_eq!(told(&desk, night), Vec::<String>::new());
        let words = |who: &str| -> Vec<(CrewChange, WorkOf, String)> {
            let words = outreach.crew_words(Some(who), night).unwrap().into_iter();
            words.map(|word| (word.what, word.of, word.numbers.join(" "))).collect()
        };
        let number = outreach.machine(&desk.id).unwrap().unwrap().number;
        let of = |what| (what, WorkOf::ServiceCase(case.id), number.clone());
        assert_eq!(words("chen"), [CrewChange::Taken, CrewChange::Given, CrewChange::Cancelled].map(of));
        assert_eq!(words("lin"), [CrewChange::Cancelled, CrewChange::Given].map(of));
        all.join("\n----------\n\n")
    });
    check("trouble_crew_words", &texts);
}

/// A word that failed and is tried again must not undo what was said since.
#[test]
fn a_late_word_that_a_breakdown_is_off_does_not_follow_the_word_that_it_is_on() {
    let desk = desk("s02/m002");
    crew(&desk, Language::En);
    let outreach = &desk.outreach;
    let case = outreach.open_service_case(&desk.id, Source::Customer, "it stopped", "customer", now()).unwrap();
    outreach.send_technician(case.id, "chen", None, "wang", now()).unwrap();
    told(&desk, now());
    outreach.take_trouble_back(token(&outreach.case_link(&case)), now()).unwrap();
    desk.channel.failures.lock().unwrap().push(DeliveryError::Temporary("the line is down".into()));
    assert_eq!(told(&desk, now()), Vec::<String>::new());
    outreach.reopen_service_case(case.id, "it stopped again", "wang", now()).unwrap();
    let later: Vec<String> = (0..30).flat_map(|minute| told(&desk, now() + minute * MINUTE_MS)).collect();
    let subjects: Vec<&str> = later.iter().filter_map(|text| text.lines().nth(1)).collect();
    assert_eq!(subjects, ["Breakdown, yours now: Acme Castings · No. 2"]);
    assert_eq!(outreach.crew_words(Some("chen"), now()).unwrap().len(), 2, "the page has both");
}

/// At night nobody is woken for a visit of next week; who has no address has the page.
#[test]
fn a_word_waits_for_the_morning_and_needs_an_address() {
    #[track_caller]
    fn check(has_address: bool, night: &str, morning: &str, expected: [usize; 2]) {
        let desk = desk("s02/m002");
        if has_address {
            crew(&desk, Language::En);
        }
        let case = of_fault(&desk.id, "cooler_clogging");
        desk.write(&case);
        desk.outreach.book_for(&case.id, at("2026-07-20T09:00:00Z"), &agreed(), "wang", now()).unwrap();
        desk.outreach.tick(now()).unwrap();
        let night = at(night);
        desk.outreach.move_for(&case.id, at("2026-07-21T09:00:00Z"), &agreed(), "wang", night).unwrap();
        let told = [night, at(morning)].map(|t| {
            desk.outreach.tick(t).unwrap();
            let parcels = desk.channel.parcels.lock().unwrap();
            parcels.iter().filter(|parcel| parcel.key.starts_with("foretell-crew-")).count()
        });
        assert_eq!(told, expected);
        assert_eq!(desk.outreach.crew_words(Some("chen"), night).unwrap().len(), 1);
    }
    check(true, "2026-07-16T18:00:00Z", "2026-07-17T09:00:00Z", [0, 1]);
    check(true, "2026-07-16T08:30:00Z", "2026-07-16T08:31:00Z", [1, 1]);
    check(false, "2026-07-16T08:30:00Z", "2026-07-16T08:31:00Z", [0, 0]);
}

/// A note in another language than the customer's waits until it is written anew; both stay as they are written.
#[test]
fn a_note_reaches_its_customer_in_words_they_read() {
    #[track_caller]
    fn check(id: &str, note: &str, wrong: &str, anew: &str) {
        let desk = desk(id);
        let outreach = &desk.outreach;
        let token = desk.write(&of_fault(&desk.id, "cooler_clogging"));
        let page = outreach.book(&token, desk.first_time(&token), now()).unwrap();
        let PageState::Booked { booking, .. } = page.state else { panic!("booked") };
        let of = WorkOf::Visit(booking.id);
        let report = VisitReport { left_out: "-".into(), note: note.into(), ..VisitReport::default() };
        outreach.report_visit(booking.id, &report, "chen", booking.end).unwrap();
        outreach.complete(booking.id, None, "chen", booking.end).unwrap();
        let language = outreach.customer_of(&desk.id).unwrap().unwrap().language;
        let read = || outreach.visit_report(booking.id).unwrap().unwrap().note_in(language).to_owned();
        let held = || outreach.notes_to_write().unwrap();
        if anew.is_empty() {
            assert_eq!((read().as_str(), held().len()), (note, 0));
            return;
        }
        assert_eq!((read().as_str(), held()), ("", vec![(of, desk.id.clone())]));
        assert!(matches!(
            outreach.write_note(of, wrong, "wang", booking.end),
            Err(OutreachError::Refused { why, .. }) if why.why == Obstacle::OtherLanguage
        ));
        outreach.write_note(of, anew, "wang", booking.end).unwrap();
        assert_eq!((read().as_str(), held()), (anew, vec![]));
        let kept = outreach.visit_report(booking.id).unwrap().unwrap();
        assert_eq!(kept.note, note, "the technician's own words stay");
    }
    check("s02/m002", "风扇皮带也旧了", "皮带旧了", "The fan belt is worn too.");
    check("s02/m002", "The fan belt is worn too.", "", "");
    check("s01/m002", "The fan belt of the cooler is worn too", "The fan belt is worn", "散热风扇的皮带也旧了。");
    check("s01/m002", "皮带用的是SPZ型", "", "");
}

#[test]
fn a_note_is_written_for_work_that_was_reported() {
    #[track_caller]
    fn check(text: &str, expected: Obstacle) {
        let desk = desk("s02/m002");
        let token = desk.write(&of_fault(&desk.id, "cooler_clogging"));
        let page = desk.outreach.book(&token, desk.first_time(&token), now()).unwrap();
        let PageState::Booked { booking, .. } = page.state else { panic!("booked") };
        let done = desk.outreach.write_note(WorkOf::Visit(booking.id), text, "wang", now());
        assert!(matches!(&done, Err(OutreachError::Refused { why, .. }) if why.why == expected), "{done:?}");
    }
    check(" ", Obstacle::ExplanationMissing);
    check("The fan belt is worn too.", Obstacle::NoReport);
}
