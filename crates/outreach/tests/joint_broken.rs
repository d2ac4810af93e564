//! One of the machines of a joint letter breaks down: which one is meant, and what the letter's page says of each then.

use crate::support::desk::{Desk, check, desk, now, of_fault};
use crate::support::{apply, machine, token};
use foretell_model::{FindingId, Timestamp};
use foretell_outreach::Source;

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
    // One that the letter is not about is nobody's to choose; the word stays.
    assert_eq!(told(Some("No. 77")), ("s02/m002".to_owned(), "No. 77: it stands still".to_owned()));
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
            assert_eq!((was.len(), is.len(), &was[1 - place], was[place] != is[place]), (2, 2, &is[1 - place], true));
            assert_eq!((&meanwhile.state, meanwhile.slots.len()), (&before.state, 2));
            // The visit is offered for the other one alone: this one is seen to during its repair.
            let numbers = ["m002", "m003"]
                .map(|number| desk.outreach.machine(&machine(&format!("{site}/{number}"))).unwrap().unwrap().number);
            assert!(numbers.iter().all(|number| before.work.contains(number)), "{}", before.work);
            assert!(meanwhile.work.contains(&numbers[1 - place]), "{}", meanwhile.work);
            assert!(!meanwhile.work.contains(&numbers[place]), "{}", meanwhile.work);
            // An everyday comparison of a fault is none of a breakdown.
            assert_eq!(meanwhile.comparison.is_empty(), number == "m002");
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
