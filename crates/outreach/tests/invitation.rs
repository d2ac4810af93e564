//! Calendar files, read by a parser that is not ours: Python's icalendar, Debian's package `python3-icalendar`.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::support::{Recorder, agreed, apply, at, finding, machine, open, token};
use expect_test::{Expect, expect};
use foretell_model::{Grade, Status};
use foretell_outreach::PageState;

/// Prints what a calendar program would see.
const READER: &str = r#"
import sys
try:
    from icalendar import Calendar
except ImportError:
    sys.exit("the parser is missing: install Debian's python3-icalendar (tests/run does)")
data = sys.stdin.buffer.read()
assert all(len(line) <= 75 for line in data.split(b"\r\n")), "a line is longer than 75 octets"
assert data.endswith(b"END:VCALENDAR\r\n"), data[-40:]
calendar = Calendar.from_ical(data)
print(calendar["VERSION"], calendar["METHOD"], calendar["CALSCALE"], bool(calendar["PRODID"]))
events = calendar.walk("VEVENT")
assert len(events) == 1, events
event = events[0]
assert not event.errors, event.errors
for name in ["DTSTAMP", "DTSTART", "ORGANIZER", "SUMMARY", "UID"]:
    assert name in event, name
print(event["UID"], event["SEQUENCE"], event["STATUS"])
print(event.decoded("DTSTART").isoformat(), event.decoded("DTEND").isoformat())
print(event["ORGANIZER"], event["ORGANIZER"].params["CN"])
print(event["SUMMARY"])
print(event.get("LOCATION", "-"))
"#;

#[track_caller]
fn check(file: &str, expected: &Expect) {
    let python = Command::new("/usr/bin/python3")
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut python = python.unwrap_or_else(|e| panic!("Debian's python3 is needed (tests/run installs it): {e}"));
    python.stdin.take().unwrap().write_all(file.as_bytes()).unwrap();
    let read = python.wait_with_output().unwrap();
    assert!(read.status.success(), "{}\n{file}", String::from_utf8_lossy(&read.stderr));
    expected.assert_eq(&String::from_utf8(read.stdout).unwrap());
}

#[test]
fn a_visit_is_one_event_however_often_it_is_moved_cancelled_and_booked_again() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let now = at("2026-07-15T08:30:00Z");
    let case = finding(&machine("s01/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
    let id = apply(&outreach, 1, &case, now);
    let link = outreach.approve(&id, "wang", now).unwrap().link;
    outreach.tick(now).unwrap();
    let token = token(&link);
    let times = |n: usize| outreach.booking_page(token, now).unwrap().slots[n].slot.start;

    outreach.book(token, times(0), now).unwrap();
    check(
        &outreach.calendar_file(token, now).unwrap(),
        &expect![[r#"
            2.0 PUBLISH GREGORIAN True
            foretell-visit-1@service.example 0 CONFIRMED
            2026-07-16T09:00:00+00:00 2026-07-16T11:00:00+00:00
            mailto:wang@service.example 王敏
            先知服务：2号机清洗冷却器
            苏州市工业园区1号
        "#]],
    );
    outreach.reschedule(token, times(1), now).unwrap();
    outreach.cancel(token, now).unwrap();
    check(
        &outreach.calendar_file(token, now).unwrap(),
        &expect![[r#"
            2.0 CANCEL GREGORIAN True
            foretell-visit-1@service.example 2 CANCELLED
            2026-07-20T09:00:00+00:00 2026-07-20T11:00:00+00:00
            mailto:wang@service.example 王敏
            先知服务：2号机清洗冷却器
            苏州市工业园区1号
        "#]],
    );
    // Booked again it is the same event, later in its sequence: the calendar takes the cancellation back.
    outreach.book(token, times(0), now).unwrap();
    check(
        &outreach.calendar_file(token, now).unwrap(),
        &expect![[r#"
            2.0 PUBLISH GREGORIAN True
            foretell-visit-1@service.example 3 CONFIRMED
            2026-07-16T09:00:00+00:00 2026-07-16T11:00:00+00:00
            mailto:wang@service.example 王敏
            先知服务：2号机清洗冷却器
            苏州市工业园区1号
        "#]],
    );
}

#[test]
fn a_link_to_a_booked_visit_outlives_its_letter() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let now = at("2026-07-15T08:30:00Z");
    let case = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
    let id = apply(&outreach, 1, &case, now);
    let link = outreach.approve(&id, "wang", now).unwrap().link;
    outreach.tick(now).unwrap();
    let late = now.plus_days(95.0);
    assert_eq!(
        outreach.booking_page(token(&link), late).unwrap_err().to_string(),
        "this link is not valid: it has expired"
    );
    // Booked for the autumn shutdown: the link of July still moves and cancels it.
    let visit = outreach.book_for(&id, now.plus_days(100.0), &agreed(), "wang", now).unwrap();
    let page = outreach.booking_page(token(&link), late).unwrap();
    assert!(matches!(page.state, PageState::Booked { .. }) && page.slots.len() == 2, "{page:?}");
    let moved = outreach.reschedule(token(&link), page.slots[0].slot.start, late).unwrap();
    assert!(
        matches!(&moved.state, PageState::Booked { booking, .. } if booking.id == visit.id && booking.sequence == 1)
    );
    assert!(outreach.cancel(token(&link), late).is_ok());
    assert!(outreach.calendar_file(token(&link), late.plus_days(5.0)).unwrap().contains("METHOD:CANCEL"));
    // And other times can be had even then.
    let page = outreach.booking_page(token(&link), late).unwrap();
    outreach.book(token(&link), page.slots[0].slot.start, late).unwrap();
}
