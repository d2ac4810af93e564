//! A text that a person wrote goes out as it was written or not at all: what makes it untrue gives it back, words and all.

use crate::support::scene::{Scene, cooler, scene};
use crate::support::{apply, at, token};
use foretell_model::{FindingId, Grade, Status, Timestamp};
use foretell_outreach::{AfterCall, BookingView, Card, Outcome, PageState, Result, Stage};

const TIMES_GONE: &str = "the times in the edited text were no longer free; this is a fresh draft";
const FIGURES_MOVED: &str = "the forecast has moved since the text was edited; this is a fresh draft";

fn friday_night() -> Timestamp {
    at("2026-07-17T20:00:00Z")
}

/// A letter that somebody has edited on a Friday night.
fn edited(s: &Scene) -> FindingId {
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), friday_night());
    let draft = s.outreach.card(&id, friday_night()).unwrap().message.unwrap();
    let body = draft.text.body.replace("Dear Ms Baker", "Dear Jane");
    s.outreach.edit(&id, &draft.text.subject, &body, "wang", friday_night()).unwrap();
    id
}

/// A draft of the template, with why and with the words that were written.
#[track_caller]
fn check_fresh(card: Card, why: &str, entry: &str) {
    let message = card.message.unwrap();
    assert_eq!((card.stage, message.edited), (Stage::Draft, false));
    assert!(message.text.body.contains("Dear Ms Baker"), "{}", message.text.body);
    let (first, words) = message.reason.as_deref().unwrap().split_once('\n').unwrap();
    assert!(first == why && words.contains("Dear Jane"), "{first} {words}");
    assert!(card.history.iter().any(|happening| happening.what == entry && happening.why == why), "{:?}", card.history);
}

/// Whoever opens the card of an approved letter whose times have passed must not make another text go out in its place.
#[test]
fn an_approved_text_whose_times_are_gone_is_approved_anew() {
    let s = scene();
    let id = edited(&s);
    s.outreach.approve(&id, "wang", friday_night()).unwrap();
    let later = at("2026-07-21T08:00:00Z");
    check_fresh(s.outreach.card(&id, later).unwrap(), TIMES_GONE, "took the approval back");
    assert_eq!(s.outreach.tick(later).unwrap(), [], "nothing goes out that nobody has seen");
    s.outreach.approve(&id, "wang", later).unwrap();
    assert_eq!(s.outreach.tick(later).unwrap()[0].outcome, Outcome::Sent);
}

#[test]
fn a_text_whose_figures_have_moved_comes_back() {
    #[track_caller]
    fn check(value_k: f64, approved: bool, expected: Option<&str>) {
        let s = scene();
        let id = edited(&s);
        if approved {
            s.outreach.approve(&id, "wang", friday_night()).unwrap();
        }
        let mut moved = cooler("s02/m002", Grade::Advise, Status::Updated);
        moved.evidence[0].value = value_k;
        apply(&s.outreach, 2, &moved, friday_night());
        let card = s.outreach.card(&id, friday_night()).unwrap();
        match expected {
            Some(entry) => check_fresh(card, FIGURES_MOVED, entry),
            None => assert!(card.message.unwrap().edited, "{value_k}"),
        }
    }
    check(4.4, false, None);
    check(5.2, true, None);
    check(7.9, false, Some("set the edited text aside"));
    check(7.9, true, Some("took the approval back"));
}

/// The outbox finds it out by itself, too.
#[test]
fn a_text_that_is_no_longer_so_never_goes_out() {
    let s = scene();
    let id = edited(&s);
    s.outreach.approve(&id, "wang", friday_night()).unwrap();
    let mut moved = cooler("s02/m002", Grade::Advise, Status::Updated);
    moved.evidence[0].value = 7.9;
    apply(&s.outreach, 2, &moved, friday_night());
    let monday = at("2026-07-20T07:30:00Z");
    let told = s.outreach.tick(monday).unwrap();
    assert!(matches!(told[0].outcome, Outcome::ForAdvisor(_)), "{told:?}");
    check_fresh(s.outreach.card(&id, monday).unwrap(), FIGURES_MOVED, "took the approval back");
    assert!(s.channel.keys().is_empty());
}

#[test]
fn an_edited_text_whose_times_are_gone_comes_back_to_the_advisor() {
    let s = scene();
    let id = edited(&s);
    s.outreach.approve(&id, "wang", friday_night()).unwrap();
    // A long holiday of ours: by the time the message may go out, its first time has passed.
    let later = at("2026-07-21T08:00:00Z");
    assert!(matches!(s.outreach.tick(later).unwrap()[0].outcome, Outcome::ForAdvisor(_)));
    let fresh = s.outreach.card(&id, later).unwrap();
    let message = fresh.message.unwrap();
    assert_eq!((fresh.stage, message.edited), (Stage::Draft, false));
    assert!(message.text.body.contains("Dear Ms Baker") && message.slots.iter().all(|slot| slot.start > later));
    s.outreach.approve(&id, "wang", later).unwrap();
    assert_eq!(s.outreach.tick(later).unwrap()[0].outcome, Outcome::Sent);
}

/// What a customer answers by mistake and takes back.
type Answer = fn(&Scene, &str, Timestamp) -> Result<BookingView>;

const ANSWERS: [Answer; 2] =
    [|s, link, now| s.outreach.other_time(link, "Thursday", now), |s, link, now| s.outreach.not_now(link, 30, now)];

#[test]
fn an_approved_text_waits_on_when_an_answer_was_a_mistake() {
    for answer in ANSWERS {
        let (s, now) = (scene(), friday_night());
        let id = edited(&s);
        let link = s.outreach.approve(&id, "wang", now).unwrap().link;
        // Said twice it is taken back as once.
        answer(&s, token(&link), now).unwrap();
        answer(&s, token(&link), now).unwrap();
        assert_eq!(s.outreach.tick(at("2026-07-20T07:30:00Z")).unwrap(), [], "there was an answer before it went out");
        assert_eq!(s.outreach.take_answer_back(token(&link), now).unwrap().state, PageState::Open);
        let card = s.outreach.card(&id, now).unwrap();
        let message = card.message.unwrap();
        assert_eq!((card.stage, message.edited, message.link.as_str()), (Stage::Queued, true, link.as_str()));
        let told = s.outreach.tick(at("2026-07-20T07:30:00Z")).unwrap();
        assert_eq!(told[0].outcome, Outcome::Sent);
        assert!(s.outreach.written(&id).unwrap()[0].body.contains("Dear Jane"));
    }
}

#[test]
fn a_drafted_text_is_a_draft_again_when_an_answer_to_the_letter_before_was_a_mistake() {
    for answer in ANSWERS {
        let (s, now) = (scene(), at("2026-07-15T08:30:00Z"));
        let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
        let link = s.outreach.approve(&id, "wang", now).unwrap().link;
        s.outreach.tick(now).unwrap();
        s.outreach.called(&id, AfterCall::NewLetter, "once more, please", "wang", now).unwrap();
        let draft = s.outreach.card(&id, now).unwrap().message.unwrap();
        let body = draft.text.body.replace("Dear Ms Baker", "Dear Jane");
        s.outreach.edit(&id, &draft.text.subject, &body, "wang", now).unwrap();
        answer(&s, token(&link), now).unwrap();
        s.outreach.take_answer_back(token(&link), now).unwrap();
        let card = s.outreach.card(&id, now).unwrap();
        let message = card.message.unwrap();
        assert_eq!((card.stage, message.edited), (Stage::Draft, true));
        assert!(message.text.body.contains("Dear Jane"), "{}", message.text.body);
    }
}
