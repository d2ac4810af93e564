//! One of the machines of a joint letter breaks down: which one is meant, and what the letter's page says of each then.

use crate::support::desk::{Desk, check, desk, now, of_fault};
use crate::support::{apply, machine, token};
use foretell_model::{Finding, FindingId, MINUTE_MS, Reply, Status, Timestamp};
use foretell_outreach::{Guest, PageState, Source, Stage};

/// A letter about a cooler on the second machine and a separator on the third has gone out: their cases and its token.
fn written(site: &str) -> (Desk, [FindingId; 2], String) {
    let desk = desk(&format!("{site}/m002"));
    let case = |offset: u64, number: &str, fault: &str| {
        apply(&desk.outreach, offset, &of_fault(&machine(&format!("{site}/{number}")), fault), now())
    };
    let ids = [case(1, "m002", "cooler_clogging"), case(2, "m003", "separator_clogging")];
    let link = desk.outreach.approve(&ids[0], "wang", now()).unwrap().link;
    desk.outreach.tick(now()).unwrap();
    (desk, ids, token(&link).to_owned())
}

#[test]
fn a_breakdown_is_reported_of_the_machine_that_the_customer_means() {
    let (desk, _, token) = written("s02");
    let told = |which: Option<&str>| {
        let case = desk.outreach.report_trouble(&token, which, "it stands still", now()).unwrap();
        (case.machine, case.what.lines().last().unwrap_or_default().to_owned())
    };
    let number = desk.outreach.machine(&machine("s02/m003")).unwrap().unwrap().number;
    assert_eq!(told(Some(&number)), ("s02/m003".to_owned(), "it stands still".to_owned()));
    assert_eq!(told(None), ("s02/m002".to_owned(), "it stands still".to_owned()));
    assert_eq!(told(Some("")).0, "s02/m002");
    // One that the letter is not about is nobody's to choose.
    let cases = desk.outreach.service_cases().unwrap();
    let refused = desk.outreach.report_trouble(&token, Some("No. 77"), "it burns", now()).unwrap_err();
    assert!(refused.to_string().contains("there is no such machine"), "{refused}");
    assert_eq!(desk.outreach.service_cases().unwrap(), cases, "nothing is kept of it");
}

#[test]
fn a_reply_that_names_a_machine_opens_the_case_of_that_machine() {
    #[track_caller]
    fn check(text: &str, of_letter: bool, expected: Option<&str>) {
        let (desk, ..) = written("s02");
        let (medium, address) = if of_letter { ("email", "baker@acme.example") } else { ("", "") };
        let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let customer = known("acme").filter(|_| !of_letter);
        let from = Reply { medium: known(medium), address: known(address), customer, ..Reply::default() };
        let reply = Reply { id: "a".into(), text: text.into(), ..from };
        desk.outreach.take_reply("gateway", &reply, now()).unwrap();
        let open = desk.outreach.service_cases().unwrap();
        assert_eq!(open.first().map(|case| case.machine.as_str()), expected, "{text}");
        assert!(open.len() < 2, "{text}");
        // Said once, by the way it came: the report is no other word on the page.
        let said = desk.outreach.lately("acme", true, 20).unwrap();
        let said: Vec<_> = said.iter().filter(|entry| entry.who == "customer").collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!((said[0].what.as_str(), said[0].machine.as_deref()), ("replied", expected), "{text}");
        // All of it is kept, and what the customer wrote is shown.
        assert!(said[0].why.ends_with(&text.replace('\n', " ")), "{said:?}");
        let opened = open[0].clone();
        assert_eq!((opened.what.as_str(), opened.source), (text.split("\n\n").next().unwrap(), Source::Reply));
    }
    let below = "On 3 July 2026 at 09:14, Min Wang wrote:\n> No. 2 and No. 3 have stopped, fed up\n> STOP";
    check(&format!("Number 3 has stopped, please come\n\n{below}"), true, Some("s02/m003"));
    // The letter is about the second one first, and about the third.
    check("It has stopped, please come", true, Some("s02/m002"));
    check("Number 3 has stopped, please come", true, Some("s02/m003"));
    check("no.3 and no.2 have stopped, please come", true, Some("s02/m002"));
    check("Number 3 has stopped, please come", false, Some("s02/m003"));
}

#[test]
fn the_page_says_of_a_machine_that_stands_still_that_it_does() {
    let texts = ["s02", "s01"].map(|site| {
        let said = ["m002", "m003"].map(|number| {
            let (desk, ids, token) = written(site);
            let page = |t: Timestamp| desk.outreach.booking_page(&token, t).unwrap();
            let before = page(now());
            let broken = machine(&format!("{site}/{number}"));
            let case =
                desk.outreach.open_service_case(&broken, Source::Customer, "stopped", "customer", now()).unwrap();
            let meanwhile = page(now());
            // The other machine is what it was, and its times are still to be had.
            let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
            let (was, is) = (lines(&before.sentence), lines(&meanwhile.sentence));
            let place = usize::from(number == "m003");
            assert_eq!((was.len(), is.len(), was[place] != is[place]), (2, 2, true));
            // Where the first one stands still there is no other visit in which this one could be seen to.
            let same_visit = ["in the same visit", "趁这次"];
            let is_beside = |line: &str| same_visit.iter().any(|words| line.contains(words));
            assert_eq!((is_beside(&is[1]), is[1 - place] == was[1 - place]), (false, place == 1), "{}", is[1]);
            assert_eq!((&meanwhile.state, meanwhile.slots.len()), (&before.state, 2));
            // The visit is offered for the other one alone: this one is seen to during its repair.
            let numbers = ["m002", "m003"]
                .map(|number| desk.outreach.machine(&machine(&format!("{site}/{number}"))).unwrap().unwrap().number);
            assert!(numbers.iter().all(|number| before.work.contains(number)), "{}", before.work);
            assert!(meanwhile.work.contains(&numbers[1 - place]), "{}", meanwhile.work);
            assert!(!meanwhile.work.contains(&numbers[place]), "{}", meanwhile.work);
            // An everyday comparison of a fault is none of a breakdown.
            let is_compared = is[place].contains("is like a ") || is[place].contains("就像");
            assert!(!is_compared, "{}", is[place]);
            // So it is where the visit is booked; and over, the page says again what is forecast.
            desk.outreach.book(&token, meanwhile.slots[0].slot.start, now()).unwrap();
            assert_eq!(page(now()).sentence, meanwhile.sentence);
            desk.outreach.withdraw_trouble(case.id, "it runs", "wang", now()).unwrap();
            assert_eq!(page(now()).sentence, before.sentence);
            assert_eq!(desk.outreach.card(&ids[0], now()).unwrap().companions.len(), 1);
            format!("{}\n", meanwhile.sentence)
        });
        said.join("\n----------\n\n")
    });
    check("joint_broken", &texts);
}

#[test]
fn time_is_offered_and_booked_for_the_machine_that_runs_alone() {
    for (broken, runs) in [("m002", "No. 3"), ("m003", "No. 2")] {
        let (desk, _, token) = written("s02");
        let lengths = || -> Vec<i64> {
            let page = desk.outreach.booking_page(&token, now()).unwrap();
            page.slots.iter().map(|offered| (offered.slot.end - offered.slot.start) / MINUTE_MS).collect()
        };
        assert_eq!(lengths(), [240, 240], "the cooler and the separator");
        let broken = machine(&format!("s02/{broken}"));
        let case = desk.outreach.open_service_case(&broken, Source::Customer, "stopped", "customer", now()).unwrap();
        assert_eq!(lengths(), [120, 120]);
        let page = desk.outreach.booking_page(&token, now()).unwrap();
        assert_eq!(page.minutes, 120);
        let start = page.slots[0].slot.start;
        let PageState::Booked { booking, .. } = desk.outreach.book(&token, start, now()).unwrap().state else {
            panic!("booked")
        };
        assert_eq!((booking.start, (booking.end - booking.start) / MINUTE_MS), (start, 120));
        let stands = desk.outreach.machine(&broken).unwrap().unwrap().number;
        let file = desk.outreach.calendar_file(&token, now()).unwrap().replace("\r\n ", "");
        let summary = file.lines().find(|line| line.starts_with("SUMMARY")).unwrap();
        assert!(summary.contains(runs) && !summary.contains(&stands), "{summary}");
        // Word of the visit waits until the breakdown is over, and is of what was booked.
        let later = now() + MINUTE_MS;
        desk.outreach.withdraw_trouble(case.id, "it runs", "wang", later).unwrap();
        desk.outreach.tick(later).unwrap();
        let sent = desk.channel.parcels.lock().unwrap().clone();
        let word = sent.iter().rfind(|parcel| parcel.subject.contains("our visit on")).unwrap();
        assert!(word.subject.starts_with(&format!("Compressor {runs}: ")), "{}", word.subject);
        assert!(word.body.contains("The work takes about two hours,") && !word.body.contains(&stands), "{}", word.body);
        // Moved afterwards, it is for both.
        let other = desk.outreach.booking_page(&token, later).unwrap().slots[0].slot;
        let moved = desk.outreach.reschedule(&token, other.start, later).unwrap();
        assert!(
            matches!(moved.state, PageState::Booked { booking, .. } if booking.end - booking.start == 240 * MINUTE_MS)
        );
    }
}

#[test]
fn a_letter_that_waits_speaks_no_more_of_a_machine_that_broke_down() {
    for broken in ["m002", "m003"] {
        let desk = desk("s02/m002");
        let case = |offset: u64, number: &str, fault: &str| {
            apply(&desk.outreach, offset, &of_fault(&machine(&format!("s02/{number}")), fault), now())
        };
        let ids = [case(1, "m002", "cooler_clogging"), case(2, "m003", "separator_clogging")];
        desk.outreach.approve(&ids[0], "wang", now()).unwrap();
        let trouble = machine(&format!("s02/{broken}"));
        desk.outreach.open_service_case(&trouble, Source::Controller, "E05", "controller", now()).unwrap();
        for id in &ids {
            let card = desk.outreach.card(id, now()).unwrap();
            assert_eq!((card.companions.len(), card.speaker, card.minutes), (0, None, Some(120)), "{broken} {id}");
        }
    }
}

/// A visit was arranged for the machine that ran. The other one was repaired before, so that nobody has time for it there.
#[test]
fn a_machine_repaired_before_the_visit_is_no_part_of_it() {
    for (broken, runs) in [("m002", "m003"), ("m003", "m002")] {
        let (desk, ids, token) = written("s02");
        let broken = machine(&format!("s02/{broken}"));
        let runs = machine(&format!("s02/{runs}"));
        let case = desk.outreach.open_service_case(&broken, Source::Customer, "stopped", "customer", now()).unwrap();
        let start = desk.outreach.booking_page(&token, now()).unwrap().slots[0].slot.start;
        desk.outreach.book(&token, start, now()).unwrap();
        desk.outreach.withdraw_trouble(case.id, "it runs", "wang", now() + MINUTE_MS).unwrap();
        let PageState::Booked { booking, .. } = desk.outreach.booking_page(&token, start).unwrap().state else {
            panic!("booked")
        };
        let page = desk.outreach.booking_page(&token, start).unwrap();
        let number = |of| desk.outreach.machine(of).unwrap().unwrap().number;
        assert!(page.work.contains(&number(&runs)) && !page.work.contains(&number(&broken)), "{}", page.work);
        let tasks = |state: &str| {
            let errand = desk.outreach.errand_sheet(booking.id).unwrap().errand;
            let machines: Vec<_> = errand.tasks.iter().map(|task| task.finding.machine.clone()).collect();
            assert_eq!(machines, std::slice::from_ref(&runs), "{state}");
        };
        tasks("booked");
        let done = desk.outreach.complete(booking.id, None, "chen", booking.end).unwrap();
        assert!(!done.is_empty() && done.iter().all(|work| work.machine == runs), "{done:?}");
        tasks("done");
        // Its own forecast stays with the advisor; of the one that the letter was about as soon as the word about the visit has
        // gone out.
        let own = usize::from(broken.as_str() == "s02/m003");
        let forecast = |offset: u64, number: &str, fault: &str, at: Timestamp| {
            let said = of_fault(&machine(&format!("s02/{number}")), fault);
            apply(&desk.outreach, offset, &Finding { at, status: Status::Updated, ..said }, at);
        };
        let again = |offset: u64, days: f64| match own {
            0 => forecast(offset, "m002", "cooler_clogging", booking.end.plus_days(days)),
            _ => forecast(offset, "m003", "separator_clogging", booking.end.plus_days(days)),
        };
        again(11, 0.1);
        let stage = |days: f64| desk.outreach.card(&ids[own], booking.end.plus_days(days)).unwrap().stage;
        assert_eq!(stage(0.1) == Stage::Done, own == 0);
        for hour in 0..24 * 12 {
            desk.outreach.tick(booking.end + hour * 60 * MINUTE_MS).unwrap();
        }
        let sent = desk.channel.parcels.lock().unwrap().clone();
        let word = sent.iter().rfind(|parcel| parcel.subject.contains("after our visit")).unwrap();
        assert!(word.body.contains(&number(&runs)) && !word.body.contains(&number(&broken)), "{}", word.body);
        if own == 0 {
            again(12, 12.5);
            let card = desk.outreach.card(&ids[own], booking.end.plus_days(13.0)).unwrap();
            assert_eq!((card.stage, card.companions.len()), (Stage::Draft, 0));
            // Nobody was at that machine, and its letter and the page of the one before say nothing of the kind.
            let body = card.message.unwrap().text.body;
            assert!(body.contains("would like to clean the cooler") && !body.contains("came out"), "{body}");
            let Guest::Letter { done, .. } = desk.outreach.guest(&token, booking.end.plus_days(13.0)).unwrap() else {
                panic!("a letter")
            };
            assert!(done.is_none());
        }
    }
}
