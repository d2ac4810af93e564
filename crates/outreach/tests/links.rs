//! Links that are taken back: what they open, and what becomes of their letters.

use crate::support::roads::{Scene, now, scene};
use crate::support::{apply, finding, machine, token};
use foretell_model::{Grade, HOUR_MS, Status};
use foretell_outreach::{AfterCall, OutreachError, RecordFilter, Stage};

#[test]
fn a_link_that_was_taken_back_opens_nothing_and_what_was_booked_stays() {
    let s = scene();
    let (id, _, link) = s.sent();
    let page = s.outreach.booking_page(&link, now()).unwrap();
    s.outreach.book(&link, page.slots[0].slot.start, now()).unwrap();
    s.outreach.revoke_links(&id, "forwarded to a stranger", "wang", now()).unwrap();
    let closed = s.outreach.booking_page(&link, now()).unwrap_err();
    assert!(matches!(closed, OutreachError::Link(why) if why.contains("expired")), "{closed}");
    assert!(s.outreach.cancel(&link, now()).is_err() && s.outreach.stop(&link, now()).is_err());
    let card = s.outreach.card(&id, now()).unwrap();
    assert_eq!((card.stage, card.message.unwrap().link_opens), (Stage::Booked, false));
    assert!(s.outreach.revoke_links(&id, "again", "wang", now()).is_err());
    // The confirmation waited still: it is in nobody's hands, and the customer has a link again.
    s.outreach.tick(now()).unwrap();
    let newest = link_in(&s);
    assert!(s.outreach.booking_page(&newest, now()).is_ok());
    // Once it is out it is one of the letters that may have been forwarded.
    s.outreach.revoke_links(&id, "forwarded again", "wang", now()).unwrap();
    assert!(s.outreach.booking_page(&newest, now()).is_err() && s.outreach.booking_page(&link, now()).is_err());
}

/// The token of the link in what went out last.
fn link_in(s: &Scene) -> String {
    s.out.lock().unwrap().last().unwrap().1.link.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn a_letter_that_waits_is_drafted_anew_when_its_link_is_taken_back() {
    let s = scene();
    let night = now() + 14 * HOUR_MS;
    let case = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
    let id = apply(&s.outreach, 1, &case, night);
    let link = s.outreach.approve(&id, "wang", night).unwrap().link;
    s.outreach.tick(night).unwrap();
    s.outreach.revoke_links(&id, "read out to the wrong person", "wang", night).unwrap();
    assert!(s.outreach.booking_page(token(&link), night).is_err());
    assert_eq!(s.remark(&id), (Stage::Draft, "its link was withdrawn; this is a fresh draft".into()));
    assert!(s.outreach.revoke_links(&id, "again", "wang", night).is_err(), "a draft's link opens nothing");
    // What goes out then has a link that opens.
    s.outreach.approve(&id, "wang", night).unwrap();
    s.outreach.tick(night + 12 * HOUR_MS).unwrap();
    assert!(s.outreach.booking_page(&link_in(&s), night + 12 * HOUR_MS).is_ok());
    let filter = RecordFilter { case: Some(id.to_string()), ..RecordFilter::default() };
    let record = s.outreach.record(&filter).unwrap();
    assert!(record.iter().any(|entry| entry.what == "link_revoked" && entry.who == "wang"), "{record:?}");
}

/// The new link would go to whoever has the old one: the customer of a letter whose links were taken back is rung up.
#[test]
fn after_the_links_of_a_sent_letter_were_taken_back_nothing_goes_out_by_itself() {
    let s = scene();
    let (id, _, link) = s.sent();
    s.outreach.revoke_links(&id, "forwarded to a stranger", "wang", now()).unwrap();
    let called = (Stage::Call, "the links in the letter were withdrawn; please call".to_owned());
    assert_eq!(s.remark(&id), called);
    let customer = s.outreach.card(&id, now()).unwrap().customer.unwrap();
    let contacts = s.outreach.lately(&customer.id, true, 10).unwrap();
    assert_eq!((contacts[0].what.as_str(), contacts[0].why.as_str()), ("link_revoked", "forwarded to a stranger"));
    let sent = s.media().len();
    let later = (1..=10).map(|day| now() + day * 24 * HOUR_MS);
    later.for_each(|at| drop(s.outreach.tick(at).unwrap()));
    assert_eq!((s.media().len(), s.remark(&id)), (sent, called));
    // What the advisor writes anew has a link of its own.
    let at = now() + 11 * 24 * HOUR_MS;
    s.outreach.called(&id, AfterCall::NewLetter, "please write", "wang", at).unwrap();
    s.outreach.approve(&id, "wang", at).unwrap();
    (0..10).for_each(|day| drop(s.outreach.tick(at + day * 24 * HOUR_MS).unwrap()));
    assert!(s.media().len() > sent && link_in(&s) != link);
    assert!(s.outreach.booking_page(&link_in(&s), at).is_ok() && s.outreach.booking_page(&link, at).is_err());
}

#[test]
fn links_taken_back_while_a_customer_is_left_alone_end_the_silence_with_a_call() {
    let s = scene();
    s.customer(|customer| customer.auto_approve = true);
    let (id, _, link) = s.sent();
    s.outreach.not_now(&link, 30, now()).unwrap();
    s.outreach.revoke_links(&id, "forwarded to a stranger", "wang", now()).unwrap();
    assert_eq!(s.remark(&id).0, Stage::NotNow);
    let sent = s.media().len();
    (30..40).for_each(|day| drop(s.outreach.tick(now() + day * 24 * HOUR_MS).unwrap()));
    assert_eq!(s.remark(&id).0, Stage::Call);
    assert_eq!(s.media().len(), sent, "a letter went out by itself");
}

#[test]
fn a_letter_that_waited_when_its_link_was_taken_back_is_approved_by_a_person() {
    let s = scene();
    s.customer(|customer| customer.auto_approve = true);
    let night = now() + 14 * HOUR_MS;
    let case = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
    let id = apply(&s.outreach, 1, &case, night);
    s.outreach.tick(night).unwrap();
    s.outreach.revoke_links(&id, "read out to the wrong person", "wang", night).unwrap();
    s.outreach.tick(night + 12 * HOUR_MS).unwrap();
    assert_eq!((s.remark(&id).0, s.media().len()), (Stage::Draft, 0));
}
