//! What the page of a letter says beside the letter: the same where it is the same, and what has changed since.

use crate::support::scene::{cooler, scene, wednesday};
use crate::support::{apply, token};
use foretell_model::{Grade, Status};
use foretell_outreach::LetterTimes;

#[test]
fn a_letter_read_late_says_that_its_times_have_passed() {
    let s = scene();
    let now = wednesday();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    let message = s.outreach.approve(&id, "wang", now).unwrap();
    s.outreach.tick(now).unwrap();
    let [first, second] = [0, 1].map(|n| message.slots[n].start);
    for (opened, expected) in
        [(now, LetterTimes::AsWritten), (first + 1, LetterTimes::SomeGone), (second + 1, LetterTimes::AllGone)]
    {
        let page = s.outreach.booking_page(token(&message.link), opened).unwrap();
        assert_eq!((page.letter_times, page.slots.len()), (expected, 2), "{opened}");
    }
}

#[test]
fn a_figure_stays_as_the_letter_told_it_while_it_says_the_same() {
    let s = scene();
    let (now, mut finding) = (wednesday(), cooler("s02/m002", Grade::Advise, Status::Opened));
    finding.evidence[0].value = 3.4;
    let id = apply(&s.outreach, 1, &finding, now);
    let link = s.outreach.approve(&id, "wang", now).unwrap().link;
    s.outreach.tick(now).unwrap();
    assert!(s.channel.parcels.lock().unwrap()[0].body.contains("about 3 °C"));
    finding.status = Status::Updated;
    // A tenth more rounds to another whole number; two degrees more are news.
    for (n, value, told) in [(2, 3.6, "about 3 °C"), (3, 5.2, "about 5 °C")] {
        finding.evidence[0].value = value;
        apply(&s.outreach, n, &finding, now);
        let sentence = s.outreach.booking_page(token(&link), now).unwrap().sentence;
        assert!(sentence.contains(told), "{value}: {sentence}");
    }
}
