//! Taps on pages that lay open while things went on: nobody's visit is moved or cancelled unseen, and each refusal says why.

use crate::support::scene::{Scene, cooler, scene, wednesday};
use crate::support::{apply, token};
use foretell_model::{Grade, Obstacle, Status, Timestamp};
use foretell_outreach::{BookingView, OutreachError, PageState, Result};

/// A letter that has gone out, with its token and its two times.
fn invited(s: &Scene, machine: &str, offset: u64) -> (String, [Timestamp; 2]) {
    let id = apply(&s.outreach, offset, &cooler(machine, Grade::Advise, Status::Opened), wednesday());
    let message = s.outreach.approve(&id, "wang", wednesday()).unwrap();
    s.outreach.tick(wednesday()).unwrap();
    (token(&message.link).to_owned(), [message.slots[0].start, message.slots[1].start])
}

/// Why a tap was refused.
#[track_caller]
fn why(tapped: Result<BookingView>) -> Obstacle {
    match tapped.unwrap_err() {
        OutreachError::Refused { why, .. } => why.why,
        OutreachError::SlotTaken => Obstacle::SlotTaken,
        other => panic!("{other}"),
    }
}

#[track_caller]
fn booked_at(page: &BookingView) -> Timestamp {
    match &page.state {
        PageState::Booked { booking, .. } => booking.start,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_page_that_lay_open_changes_nothing_that_it_did_not_show() {
    let s = scene();
    let (own, [first, second]) = invited(&s, "s02/m002", 1);
    let now = wednesday();
    let choose = |start, seen| s.outreach.choose_time(&own, start, seen, now);
    assert_eq!(booked_at(&choose(first, None).unwrap()), first);
    assert_eq!(booked_at(&choose(first, None).unwrap()), first, "a second tap on the same button");
    // Another window of the browser still shows the two times of the letter.
    assert_eq!(why(choose(second, None)), Obstacle::CaseBooked);
    assert_eq!(booked_at(&choose(second, Some(first)).unwrap()), second);
    // It showed the first time when the visit was moved.
    assert_eq!(why(choose(first + 3_600_000, Some(first))), Obstacle::Moved);
    assert_eq!(why(s.outreach.cancel_seen(&own, Some(first), now)), Obstacle::Moved);
    assert_eq!(booked_at(&s.outreach.booking_page(&own, now).unwrap()), second, "it stands as it was");
    assert_eq!(s.outreach.cancel_seen(&own, Some(second), now).unwrap().state, PageState::Open);
    assert_eq!(why(s.outreach.cancel_seen(&own, Some(second), now)), Obstacle::NoVisit);
    // Whoever wanted to move what was cancelled meanwhile has the time that was tapped.
    assert_eq!(booked_at(&choose(first, Some(second)).unwrap()), first);
}

#[test]
fn each_obstacle_is_named() {
    let s = scene();
    let (own, [first, second]) = invited(&s, "s02/m002", 1);
    let now = wednesday();
    assert_eq!(why(s.outreach.choose_time(&own, first, None, first)), Obstacle::TimePassed);
    assert_eq!(why(s.outreach.choose_time(&own, second + 60_000, None, now)), Obstacle::SlotTaken);
    s.outreach.choose_time(&own, first, None, now).unwrap();
    assert_eq!(why(s.outreach.not_now(&own, 30, now)), Obstacle::CaseBooked);
    assert_eq!(
        booked_at(&s.outreach.other_time(&own, "", now).unwrap()),
        first,
        "it stands until the advisor has called"
    );
    assert_eq!(why(s.outreach.cancel_seen(&own, Some(first), first)), Obstacle::Begun);
    assert_eq!(why(s.outreach.choose_time(&own, second, Some(first), first)), Obstacle::Begun);
    let visit = s.outreach.visits(now, 1).unwrap().remove(0);
    // Whoever came ten minutes early is at work, and not to be sent away by a tap.
    let early = first + -600_000;
    s.outreach.set_out(visit.id, None, "chen", early).unwrap();
    s.outreach.arrive(visit.id, "chen", early).unwrap();
    assert_eq!(why(s.outreach.cancel_seen(&own, Some(first), early)), Obstacle::Begun);
    assert_eq!(why(s.outreach.choose_time(&own, second, Some(first), early)), Obstacle::Begun);
    s.outreach.complete(visit.id, None, "chen", visit.end).unwrap();
    assert_eq!(why(s.outreach.choose_time(&own, second, None, visit.end)), Obstacle::CaseDone);
    assert_eq!(
        why(s.outreach.cancel_seen(&own, Some(first), visit.end)),
        Obstacle::VisitDone,
        "and not: it was cancelled"
    );

    let (other, [first, _]) = invited(&s, "s02/m003", 2);
    apply(&s.outreach, 3, &cooler("s02/m003", Grade::Advise, Status::Cleared), now);
    assert_eq!(why(s.outreach.choose_time(&other, first, None, now)), Obstacle::CaseCleared);
}
