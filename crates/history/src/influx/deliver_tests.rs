//! A batch against servers with a mind of their own.

use std::cell::RefCell;

use super::*;
use crate::influx::store::Place;

/// Answers by a rule and keeps what it took.
struct Fussy<F> {
    rule: F,
    taken: RefCell<Vec<String>>,
    requests: RefCell<usize>,
}

impl<F: Fn(&str, usize) -> Answer> Takes for Fussy<F> {
    async fn take(&self, lines: &str) -> Answer {
        *self.requests.borrow_mut() += 1;
        let answer = (self.rule)(lines, *self.requests.borrow());
        if answer == Answer::Written {
            self.taken.borrow_mut().extend(lines.lines().map(str::to_owned));
        }
        answer
    }
}

fn batch(lines: usize) -> Batch {
    let mut batch = Batch::at(Place::default());
    let text: String = (0..lines).map(|n| format!("m n={n} 0\n")).collect();
    batch.add_lines(1, &text);
    batch
}

fn refused(why: &str) -> Answer {
    Answer::Refused(why.to_owned())
}

fn go(delivery: &mut Delivery, server: &impl Takes) -> Progress {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(delivery.go_on(server))
}

/// Delivers; says progress, lines taken, numbers of bad lines, and requests.
fn check(lines: usize, trusted: bool, rule: impl Fn(&str, usize) -> Answer, expected: &str) {
    let server = Fussy { rule, taken: RefCell::default(), requests: RefCell::default() };
    let mut delivery = Delivery::new(batch(lines), trusted);
    let progress = match go(&mut delivery, &server) {
        Progress::Done => "done",
        Progress::Later(Answer::Closed { .. }) => "closed",
        Progress::Later(_) => "later",
    };
    let bad: Vec<usize> = delivery.bad.iter().flat_map(|bad| bad.lines.clone()).collect();
    let (taken, requests) = (server.taken.borrow().len(), *server.requests.borrow());
    assert_eq!(taken, delivery.taken, "what was counted is what was taken");
    let old = delivery.too_old;
    assert_eq!(format!("{progress}: {taken} taken, {old} too old, bad {bad:?}, {requests} requests"), expected);
}

fn has(lines: &str, bad: &[&str]) -> bool {
    lines.lines().any(|line| bad.contains(&line))
}

#[test]
fn one_bad_line_costs_only_itself() {
    let written = |_: &str, _| Answer::Written;
    check(0, true, written, "done: 0 taken, 0 too old, bad [], 0 requests");
    check(100, false, written, "done: 100 taken, 0 too old, bad [], 1 requests");
    let one = |lines: &str, _| if has(lines, &["m n=37 0"]) { refused("400") } else { Answer::Written };
    check(100, false, one, "done: 99 taken, 0 too old, bad [37], 13 requests");
    let some = |lines: &str, _| match has(lines, &["m n=0 0", "m n=1 0", "m n=99 0"]) {
        true => refused("422: field type conflict"),
        false => Answer::Written,
    };
    check(100, false, some, "done: 97 taken, 0 too old, bad [0, 1, 99], 27 requests");
}

#[test]
fn a_server_that_refuses_everything_waits_for_a_person() {
    let all = |_: &str, _| refused("400: org not found");
    check(5_000, true, all, "closed: 0 taken, 0 too old, bad [], 80 requests");
    check(3, false, all, "closed: 0 taken, 0 too old, bad [], 5 requests");
    check(3, true, all, "done: 0 taken, 0 too old, bad [0, 1, 2], 5 requests");
}

#[test]
fn what_the_bucket_does_not_keep_is_counted_and_not_asked_again() {
    let old = |_: &str, _| refused("422: partial write: points beyond retention policy dropped=30");
    let server = Fussy { rule: old, taken: RefCell::default(), requests: RefCell::default() };
    let mut delivery = Delivery::new(batch(100), true);
    assert_eq!(go(&mut delivery, &server), Progress::Done);
    assert_eq!((delivery.taken, delivery.too_old, *server.requests.borrow()), (70, 30, 1));
}

#[test]
fn smaller_is_tried_where_the_server_says_too_large() {
    let small = |lines: &str, _| match lines.lines().count() {
        26.. => Answer::TooLarge("413".to_owned()),
        _ => Answer::Written,
    };
    check(100, true, small, "done: 100 taken, 0 too old, bad [], 7 requests");
}

#[test]
fn goes_on_where_it_was_interrupted() {
    let later = || Answer::Later { why: "503".to_owned(), pause: None, lost: false };
    let rule = |lines: &str, request| match request {
        2 => later(),
        _ if lines.lines().count() > 50 => Answer::TooLarge("413".to_owned()),
        _ => Answer::Written,
    };
    let server = Fussy { rule, taken: RefCell::default(), requests: RefCell::default() };
    let mut delivery = Delivery::new(batch(100), true);
    assert_eq!(go(&mut delivery, &server), Progress::Later(later()));
    assert_eq!(go(&mut delivery, &server), Progress::Done);
    assert_eq!((server.taken.borrow().len(), *server.requests.borrow()), (100, 4));
}

/// Every line is taken or bad, within the bound of requests; says how many were taken.
fn check_mass(is_bad: impl Fn(&str) -> bool) -> usize {
    let rule = |lines: &str, _| if lines.lines().any(&is_bad) { refused("400") } else { Answer::Written };
    let server = Fussy { rule, taken: RefCell::default(), requests: RefCell::default() };
    let mut delivery = Delivery::new(batch(5_000), true);
    assert_eq!(go(&mut delivery, &server), Progress::Done);
    let bad: usize = delivery.bad.iter().map(|bad| bad.lines.len()).sum();
    assert_eq!(delivery.taken + bad, 5_000, "no line is forgotten");
    assert!(*server.requests.borrow() <= REQUESTS_MAX + 40, "{} requests", server.requests.borrow());
    delivery.taken
}

#[test]
fn a_batch_full_of_bad_lines_ends() {
    let number = |line: &str| line[4..line.len() - 2].parse::<usize>().unwrap();
    assert_eq!(check_mass(|line| number(line) < 2_500), 2_500, "one machine's backlog, all of it bad");
    // Every other line: more than can be isolated one by one.
    let taken = check_mass(|line| number(line).is_multiple_of(2));
    assert!(taken > 100, "{taken} taken");
}
