//! A breakdown that was none, and a case that was closed by mistake.

use crate::support::broken::{done, minutes};
use crate::support::desk::{MACHINES, check, of, printed};
use crate::support::scene::{Scene, scene};
use crate::support::shelf::{leeds, refused, two_of_oil};
use crate::support::{self, token};
use foretell_model::{Obstacle, Timestamp};
use foretell_outreach::{DeliveryError, Guest, Promise, Promises, Source};

#[test]
fn a_breakdown_that_was_none_ends_and_whoever_expects_somebody_is_told() {
    let texts = MACHINES.map(|(_, id)| {
        let s = scene();
        let case = s.break_down(id);
        s.outreach.send_technician(case, "chen", None, "wang", minutes(2)).unwrap();
        s.outreach.tick(minutes(2)).unwrap();
        s.outreach.arrived(case, "chen", minutes(3)).unwrap();
        refused(s.outreach.not_on_site(case, "", "chen", minutes(4)), Obstacle::ExplanationMissing);
        s.outreach.not_on_site(case, "wrong case", "chen", minutes(4)).unwrap();
        let running = s.outreach.service_case(case).unwrap();
        assert_eq!(running.timer(Promise::OnSite, &Promises::default(), minutes(5)).met, None);
        s.outreach.withdraw_trouble(case, "a training alarm", "wang", minutes(6)).unwrap();
        s.outreach.tick(minutes(6)).unwrap();
        let text = of(s.channel.parcels.lock().unwrap().last().unwrap());
        refused(s.outreach.withdraw_trouble(case, "twice", "wang", minutes(7)), Obstacle::CaseClosed);
        // It was no breakdown: the next one is the first.
        let again = s.break_down(id);
        let customer = s.outreach.service_case(again).unwrap().customer.unwrap();
        assert_eq!(s.outreach.stage_hints(&customer).unwrap(), []);
        printed(&text, &support::machine(id), true)
    });
    check("called_off", &texts);
}

#[test]
fn a_case_that_was_closed_by_mistake_is_open_again() {
    let s = scene();
    let outreach = &s.outreach;
    let depot = leeds();
    outreach.register_depot(&depot, "test", minutes(0)).unwrap();
    let case = s.break_down("s02/m002");
    outreach.send_technician(case, "chen", None, "wang", minutes(1)).unwrap();
    outreach.arrived(case, "chen", minutes(2)).unwrap();
    outreach.tick(minutes(2)).unwrap();
    let before = s.channel.keys().len();
    let report = two_of_oil();
    refused(outreach.reopen_service_case(case, "it runs", "chen", minutes(3)), Obstacle::NothingToTakeBack);
    outreach.close_service_case(case, &report, "", "chen", minutes(3)).unwrap();
    assert_eq!(outreach.stock().unwrap()[0].n, 3);
    refused(outreach.reopen_service_case(case, " ", "chen", minutes(4)), Obstacle::ExplanationMissing);
    let open = outreach.reopen_service_case(case, "the wrong case", "chen", minutes(4)).unwrap();
    assert_eq!((open.closed, open.report, outreach.stock().unwrap()[0].n), (None, None, 5));
    outreach.tick(minutes(5)).unwrap();
    assert_eq!(s.channel.keys().len(), before, "nobody reads that it is mended");
    outreach.close_service_case(case, &report, "", "chen", minutes(6)).unwrap();
    let next = s.break_down("s02/m002");
    assert_ne!(next, case);
    refused(outreach.reopen_service_case(case, "again", "chen", minutes(7)), Obstacle::OtherCaseOpen);
}

/// Whoever has read that it is over hears that it is not; whoever has not, hears nothing.
#[test]
fn a_customer_who_has_read_that_a_breakdown_is_over_is_told_that_it_is_not() {
    #[track_caller]
    fn check(
        end: impl Fn(&Scene, i64, Timestamp),
        is_told: bool,
        failure: Option<fn() -> DeliveryError>,
    ) -> Option<String> {
        let mut whole = None;
        for (_, id) in MACHINES {
            let s = scene();
            let case = s.break_down(id);
            s.outreach.send_technician(case, "chen", None, "wang", minutes(1)).unwrap();
            s.outreach.tick(minutes(1)).unwrap();
            end(&s, case, minutes(3));
            s.channel.failures.lock().unwrap().extend(failure.map(|failure| failure()));
            if is_told || failure.is_some() {
                s.outreach.tick(minutes(3)).unwrap();
            }
            let before = s.channel.keys().len();
            let open = s.outreach.reopen_service_case(case, "the wrong case", "chen", minutes(4)).unwrap();
            assert_eq!((open.set_out, open.eta), (None, None), "whoever had set out has turned back");
            (5..8).for_each(|minute| drop(s.outreach.tick(minutes(minute)).unwrap()));
            assert_eq!(s.channel.keys().len(), before + usize::from(is_told));
            assert_eq!(s.outreach.unsettled_of_case(case).unwrap(), [], "nobody is asked to send what is not so");
            if is_told {
                let text = of(s.channel.parcels.lock().unwrap().last().unwrap());
                let text = printed(&text, &support::machine(id), true);
                whole = Some(whole.map_or(text.clone(), |all: String| format!("{all}\n==========\n\n{text}")));
            }
            // Ended by mistake once more: what was corrected is not corrected again.
            s.outreach.withdraw_trouble(case, "again", "wang", minutes(9)).unwrap();
            let before = s.channel.keys().len();
            s.outreach.reopen_service_case(case, "again", "chen", minutes(10)).unwrap();
            s.outreach.tick(minutes(10)).unwrap();
            assert_eq!(s.channel.keys().len(), before);
        }
        whole
    }
    let mended = |s: &Scene, case, t| {
        s.outreach.arrived(case, "chen", t).unwrap();
        drop(s.outreach.close_service_case(case, &done(), "", "chen", t).unwrap());
    };
    let called_off = |s: &Scene, case, t| drop(s.outreach.withdraw_trouble(case, "a test", "wang", t).unwrap());
    // The page has told whoever tapped that nobody comes.
    let own_word = |s: &Scene, case, t| {
        s.outreach.set_out_to_case(case, Some(50), "chen", minutes(2)).unwrap();
        let link = s.outreach.case_link(&s.outreach.service_case(case).unwrap());
        s.outreach.take_trouble_back(token(&link), t).unwrap();
    };
    let words = [check(mended, true, None), check(called_off, true, None), check(own_word, true, None)];
    check(mended, false, None);
    check(mended, false, Some(|| DeliveryError::Permanent("no such user".into())));
    check(mended, true, Some(|| DeliveryError::Unknown("the connection broke".into())));
    support::desk::check("still_open", &words.map(Option::unwrap));
}

#[test]
fn nobody_is_written_to_about_a_breakdown_of_which_nobody_has_heard() {
    let s = scene();
    let case = s.break_down("s02/m002");
    s.outreach.withdraw_trouble(case, "the wrong machine", "wang", minutes(1)).unwrap();
    for minute in 1..300 {
        s.outreach.tick(minutes(minute)).unwrap();
    }
    assert!(s.channel.keys().is_empty());
    // The customer's own tap is answered by the page.
    let own = s
        .outreach
        .open_service_case(&support::machine("s02/m002"), Source::Customer, "stopped", "customer", minutes(300))
        .unwrap();
    let link = s.outreach.case_link(&own);
    s.outreach.take_trouble_back(token(&link), minutes(301)).unwrap();
    let Guest::Case(view) = s.outreach.guest(token(&link), minutes(302)).unwrap() else { panic!("a case") };
    assert_eq!((view.case.closed, view.case.withdrawn.as_deref()), (Some(minutes(301)), Some("")));
    s.outreach.tick(minutes(302)).unwrap();
    assert!(s.channel.keys().is_empty());
    refused(s.outreach.take_trouble_back(token(&link), minutes(303)), Obstacle::CaseClosed);
}
