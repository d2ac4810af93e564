//! A machine that is sold, or whose site is, while it is broken: somebody comes all the same, and neither owner hears of the other.

use crate::support::broken::{done, minutes, now};
use crate::support::scene::{Scene, scene};
use crate::support::{machine, token};
use foretell_outreach::{Guest, OutreachError, ServiceCase, Source};

/// Site s02 is Acme's, who reads English; Huaxin reads Chinese.
fn sold(s: &Scene, at_min: i64) {
    let mut site = s.outreach.desk().unwrap().site("s02").unwrap().clone();
    site.customer = "huaxin".into();
    s.outreach.register_site(&site, "wang", minutes(at_min)).unwrap();
}

fn open_one(s: &Scene) -> ServiceCase {
    let mut open = s.outreach.service_cases().unwrap();
    assert_eq!(open.len(), 1);
    open.remove(0)
}

/// A case of which the first owner has said something and knows who comes.
fn on_its_way() -> (Scene, i64, String) {
    let s = scene();
    let case =
        s.outreach.open_service_case(&machine("s02/m002"), Source::Customer, "it smells", "customer", now()).unwrap();
    let link = token(&s.outreach.case_link(&case)).to_owned();
    s.outreach.called_back(case.id, "", "wang", minutes(5)).unwrap();
    s.outreach.send_technician(case.id, "chen", Some(minutes(100)), "wang", minutes(6)).unwrap();
    s.outreach.tick(minutes(7)).unwrap();
    assert_eq!(s.subjects(), ["Compressor No. 2: Jun Chen is coming to you"]);
    (s, case.id, link)
}

#[test]
fn a_broken_machine_that_is_sold_is_mended_for_its_new_owner() {
    let (s, before, _) = on_its_way();
    let known = s.outreach.service_case(before).unwrap();
    sold(&s, 10);
    let case = open_one(&s);
    assert_ne!(case.id, before);
    assert_eq!(case.customer.as_deref(), Some("huaxin"));
    // Promises, person and words for whoever comes are those of before.
    assert_eq!((case.opened, case.on_site_due, case.called_back), (known.opened, known.on_site_due, known.called_back));
    assert_eq!((case.technician.as_deref(), case.eta), (Some("chen"), known.eta));
    assert_eq!(s.outreach.words_of_case(&case).unwrap(), "it smells");
    // A telephone that has the old page open goes on with what is open.
    s.outreach.set_out_to_case(before, Some(30), "chen", minutes(11)).unwrap();
    s.outreach.locate_on_way_to_case(before, (53.7, -1.5), minutes(12)).unwrap();
    assert!(open_one(&s).position_deg.is_some());
    s.outreach.arrived(before, "chen", minutes(40)).unwrap();
    assert!(open_one(&s).on_site.is_some());
    s.outreach.close_service_case(before, &done(), "", "chen", minutes(90)).unwrap();
    assert!(s.outreach.service_cases().unwrap().is_empty());
    let (old, new) = (s.outreach.service_case(before).unwrap(), s.outreach.service_case(case.id).unwrap());
    assert_eq!((old.goes_on, old.closed, old.report), (Some(case.id), Some(minutes(10)), None));
    assert_eq!((new.follows, new.closed, new.report.is_some()), (Some(before), Some(minutes(90)), true));
    // What ended there is not opened again beside it.
    assert!(matches!(
        s.outreach.reopen_service_case(before, "a slip", "wang", minutes(91)),
        Err(OutreachError::Refused { .. })
    ));
}

#[test]
fn neither_owner_of_a_broken_machine_hears_of_the_other() {
    let (s, _, old_link) = on_its_way();
    sold(&s, 10);
    let case = open_one(&s);
    let new_link = token(&s.outreach.case_link(&case)).to_owned();
    assert_ne!(new_link, old_link);
    s.outreach.tick(minutes(11)).unwrap();
    // The new one is told who comes, in its own language; nothing goes to the old one any more.
    let said = s.channel.parcels.lock().unwrap().clone();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[1].subject.contains("陈军") && said[1].body.contains(&new_link), "{:?}", said[1]);
    assert_ne!(said[1].to, said[0].to);
    // The old link shows nothing and does nothing.
    for (what, done) in [
        ("shows", s.outreach.guest(&old_link, minutes(12)).map(|_| ())),
        ("reports", s.outreach.report_trouble(&old_link, None, "again", minutes(12)).map(|_| ())),
        ("takes back", s.outreach.take_trouble_back(&old_link, minutes(12))),
    ] {
        assert!(matches!(done, Err(OutreachError::Link(_))), "{what}: {done:?}");
    }
    let Guest::Case(page) = s.outreach.guest(&new_link, minutes(12)).unwrap() else { panic!("a case") };
    assert_eq!((page.customer.id.as_str(), page.case.what.as_str()), ("huaxin", ""));
    assert_eq!(page.technician.map(|comes| comes.id).as_deref(), Some("chen"));
    // What the new owner says stands there.
    s.outreach.report_trouble(&new_link, None, "it is loud", minutes(13)).unwrap();
    let Guest::Case(page) = s.outreach.guest(&new_link, minutes(14)).unwrap() else { panic!("a case") };
    assert_eq!(page.case.what, "it is loud");
    // What each may ask for holds nothing of the other.
    let data = |id| s.outreach.customer_data(id, minutes(15)).unwrap();
    assert!(!data("huaxin").contains("it smells"));
    assert!(!data("acme").contains("it is loud"));
}

#[test]
fn what_was_closed_before_a_sale_is_not_opened_again_at_the_new_owner() {
    let (s, case, _) = on_its_way();
    s.outreach.arrived(case, "chen", minutes(20)).unwrap();
    s.outreach.close_service_case(case, &done(), "", "chen", minutes(30)).unwrap();
    s.outreach.tick(minutes(31)).unwrap();
    let before = s.subjects().len();
    sold(&s, 40);
    let opened = s.outreach.reopen_service_case(case, "a slip", "wang", minutes(50));
    assert!(matches!(opened, Err(OutreachError::Refused { .. })), "{opened:?}");
    s.outreach.tick(minutes(51)).unwrap();
    assert_eq!((s.outreach.service_cases().unwrap().len(), s.subjects().len()), (0, before));
}
