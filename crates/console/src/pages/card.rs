//! One card of the queue: the evidence on the left, the letter and the decision on the right.

use foretell_model::{Catalogue, FindingKind, Status};

use super::card_can::{Can, is_refused};
use super::case_row::customer_href;
use super::cases::lines;
use super::figure::{Figure, card_figure};
use super::kept::Kept;
use super::machine::{Cause, causes};
use super::page::{Ask, advisory_href, machine_href};
use super::photos::{Tile, tiles};
use super::standing::Standing;
use super::verdicts::{faults, verdict_line};
use super::weighed::{OtherCard, evidence, facts, others};
use crate::civil::{self, Place};
use crate::router::App;
use crate::view::{AdvisoryCard, AdvisoryState, Choice, Contact, Draft, Governor, RecordLine, Slot, Speaker, Written};
use crate::{Lang, text};

/// What `card.html` needs.
pub(crate) struct Card {
    pub(crate) id: String,
    /// The identity as an element's id.
    pub(crate) anchor: String,
    pub(crate) revision: u64,
    pub(crate) href: String,
    /// Where everything that is known of the machine stands.
    pub(crate) machine_href: String,
    pub(crate) class: &'static str,
    /// Empty once the case is over.
    pub(crate) grade: &'static str,
    pub(crate) state: String,
    pub(crate) machine: String,
    pub(crate) customer: String,
    /// The customer's page; empty where nobody is registered.
    pub(crate) customer_href: String,
    /// Whether there is anybody who could take the customer over.
    pub(crate) can_hand_over: bool,
    pub(crate) sentence: String,
    /// What the customer calls the machine; empty where it is the letter's only one.
    pub(crate) own_name: String,
    /// Other machines of the same letter.
    pub(crate) others: Vec<OtherCard>,
    pub(crate) waiting: String,
    pub(crate) fig: Figure,
    pub(crate) evidence: Vec<String>,
    pub(crate) causes: Vec<Cause>,
    pub(crate) facts: Vec<(&'static str, Vec<String>)>,
    pub(crate) contacts: Vec<(String, String)>,
    /// The newest word that went out, where it is not the letter: it stands in the letter's place.
    pub(crate) newest: Option<Sent>,
    /// What else went out, newest first.
    pub(crate) written: Vec<Sent>,
    pub(crate) letter_lang: &'static str,
    pub(crate) letter_to: String,
    pub(crate) subject: String,
    pub(crate) paragraphs: Vec<Vec<String>>,
    /// Day, hours, and what became of the time since the letter went out; the last is empty before.
    pub(crate) slots: Vec<(String, String, &'static str)>,
    pub(crate) governor: String,
    pub(crate) governor_class: &'static str,
    /// It joins another letter or visit, whose words are not its own to change.
    pub(crate) joins: bool,
    pub(crate) can: Can,
    /// What was typed and could not be saved.
    pub(crate) form: Option<Draft>,
    pub(crate) problems: Vec<String>,
    /// What was typed into a small form that was refused.
    pub(crate) kept: Kept,
    /// The time that was typed lies outside the hours of visits: asks whether it was agreed.
    pub(crate) ask_odd: bool,
    /// Why there is no message; empty where there is one.
    pub(crate) unwritten: String,
    pub(crate) edit_subject: String,
    pub(crate) edit_body: String,
    pub(crate) took_place: String,
    pub(crate) choices: Vec<(i64, String)>,
    pub(crate) wish: String,
    pub(crate) why: String,
    pub(crate) delivery: String,
    /// That a word about the visit never went out; empty where nothing of the kind is to be said.
    pub(crate) unsent: String,
    pub(crate) address: String,
    pub(crate) approve_label: &'static str,
    pub(crate) phone: String,
    pub(crate) tel: String,
    pub(crate) booking_path: String,
    /// Who last did what in the case; empty when nobody did anything.
    pub(crate) decided: String,
    /// The verdict in a line; empty when none was given.
    pub(crate) verdict: String,
    /// What was to be seen there.
    pub(crate) photos: Vec<Tile>,
    /// Faults that could have been found instead.
    pub(crate) faults: Vec<Choice>,
}

/// A word that went out.
pub(crate) struct Sent {
    /// When.
    pub(crate) at: String,
    pub(crate) subject: String,
    pub(crate) paragraphs: Vec<Vec<String>>,
}

/// How likely it is that the fault comes before the visit that is offered; empty where nothing is foretold.
fn waiting(advisory: &AdvisoryCard, lang: Lang) -> String {
    let foretold = advisory.finding.kind == FindingKind::Prediction;
    let p = advisory.probability_before_slot.filter(|_| foretold);
    p.map_or_else(String::new, |p| text::probability_before_slot(p, lang))
}

/// Lays out a card in the advisor's language; the letter stays in the customer's.
pub(crate) fn card(advisory: AdvisoryCard, app: &App, ask: &Ask) -> Card {
    let (catalogue, zone, lang) = (&app.options.catalogue, advisory.customer.zone, ask.lang);
    let (t, place) = (text::words(lang), ask.place(zone));
    let (governor_class, approve_label) = match advisory.governor {
        Governor::Allowed => ("allowed", t.approve),
        Governor::Held { .. } => ("held", t.approve_held),
        Governor::Refused { .. } => ("refused", t.approve),
    };
    let (can, approve_label) = (Can::of(&advisory), advisory.joins.as_ref().map_or(approve_label, |_| t.approve_joins));
    let ((wish, why), (class, grade, sentence)) = (said(&advisory, lang), told(&advisory, catalogue, lang));
    let took_place = took_place(&advisory, place, lang);
    let (governor, slots) = (governed(&advisory, can, place, lang), offered(&advisory, place, lang));
    let (newest, written) = sent(&advisory.written, &advisory.draft, zone, lang);
    let contacts = advisory.contacts.iter().map(|contact| contact_line(contact, catalogue, zone, lang)).collect();
    Card {
        anchor: advisory.id.replace('/', "-"),
        href: advisory_href(&advisory.id),
        // Behind the letter stands the forecast, and behind that, a click each, health, features and readings.
        machine_href: format!("{}#forecast", machine_href(&advisory.finding.machine)),
        revision: advisory.revision,
        class,
        grade,
        state: text::card_state(&advisory.state, place, lang),
        machine: format!("{} · {}", names(&advisory, lang), advisory.site_name),
        customer_href: customer_href(&advisory.customer.id),
        can_hand_over: advisory.has_colleagues && !advisory.customer.id.is_empty(),
        // A customer with one site need not be named twice.
        customer: Some(advisory.customer.name.clone()).filter(|name| *name != advisory.site_name).unwrap_or_default(),
        sentence,
        own_name: if advisory.others.is_empty() { String::new() } else { advisory.machine_name.clone() },
        others: others(&advisory, catalogue, lang),
        waiting: waiting(&advisory, lang),
        fig: card_figure(&advisory.curve, catalogue, lang),
        evidence: evidence(&advisory.finding, zone, catalogue, lang),
        causes: causes(&advisory.finding, catalogue, lang),
        facts: facts(&advisory, catalogue, lang),
        contacts,
        newest,
        written,
        letter_lang: advisory.customer.lang.tag(),
        letter_to: format!("{} · {}", advisory.customer.contact, advisory.customer.name),
        subject: advisory.draft.subject.clone(),
        paragraphs: paragraphs(&advisory.draft.body),
        edit_subject: advisory.draft.subject,
        edit_body: advisory.draft.body,
        form: None,
        problems: Vec::new(),
        kept: Kept::default(),
        ask_odd: false,
        unwritten: advisory.unwritten.as_ref().map_or_else(String::new, |why| text::objection(why, lang)),
        took_place,
        choices: advisory.choices.iter().map(|slot| (slot.from.millis(), text::when(*slot, place, lang))).collect(),
        wish,
        why,
        delivery: advisory.delivery.as_ref().map_or_else(String::new, |d| text::not_sent_yet(d, place, lang)),
        unsent: advisory.unsent.as_ref().map_or_else(String::new, |unsent| text::never_sent(unsent, lang)),
        address: advisory.customer.address,
        slots,
        governor,
        governor_class,
        joins: advisory.joins.is_some(),
        can,
        approve_label,
        tel: tel(&advisory.customer.phone),
        phone: advisory.customer.phone,
        booking_path: advisory.booking_path.unwrap_or_default(),
        decided: advisory.decided.as_ref().map_or_else(String::new, |line| decided(line, catalogue, zone, lang)),
        verdict: advisory.verdict.as_ref().map_or_else(String::new, |v| verdict_line(v, zone, catalogue, lang)),
        photos: tiles(&advisory.photos),
        faults: if can.judge { faults(catalogue, lang) } else { Vec::new() },
        id: advisory.id,
    }
}

/// How pressing it is, by colour and word, and what it says. What is over presses nobody, and what was likely then may be mended
/// now.
fn told(advisory: &AdvisoryCard, catalogue: &Catalogue, lang: Lang) -> (&'static str, &'static str, String) {
    let standing = Standing::of_grade(advisory.finding.grade);
    let sentence = text::kind_sentence_at(&advisory.finding, advisory.curve.now, catalogue, lang);
    match (advisory.state == AdvisoryState::Closed, advisory.finding.status) {
        (false, _) => {
            let sentence = text::due_unreported(&advisory.finding, catalogue, lang).unwrap_or(sentence);
            (standing.name(), text::standing_label(standing, lang), sentence)
        }
        (true, Status::Cleared) => (Standing::Hidden.name(), "", sentence),
        (true, _) => (Standing::Hidden.name(), "", text::was(&sentence, lang)),
    }
}

/// What the customer wished, and why the case waits for the advisor.
fn said(advisory: &AdvisoryCard, lang: Lang) -> (String, String) {
    match &advisory.state {
        AdvisoryState::AnotherTime { wish } => (wish.clone(), String::new()),
        AdvisoryState::Booked { .. } if advisory.heard.is_none() => {
            (advisory.wish.clone().unwrap_or_default(), String::new())
        }
        AdvisoryState::CallInstead { reason } => (String::new(), text::capitalised(&text::remark(reason, lang))),
        // What was said since a visit was booked; nothing otherwise.
        _ => {
            let heard = advisory.heard.as_deref().unwrap_or_default();
            // Below the first line stand a person's own words, in the customer's language.
            let (why, words) = heard.split_once('\n').unwrap_or((heard, ""));
            let said = [text::capitalised(&text::remark(why, lang)), words.trim().to_owned()];
            (String::new(), said.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n"))
        }
    }
}

/// What the contact rules say, as long as it matters: while a letter has not gone out, or the confirmation of a booked visit
/// waits for the morning.
fn governed(advisory: &AdvisoryCard, can: Can, place: Place, lang: Lang) -> String {
    let is_held = matches!(advisory.governor, Governor::Held { .. });
    if let Some(joins) = advisory.joins.as_ref().filter(|_| can.approve) {
        return text::joins(joins, joins.machine_name == advisory.machine_name, place, lang);
    }
    match advisory.state {
        AdvisoryState::Booked { .. } if is_held => text::confirmation_waits(&advisory.governor, place, lang),
        AdvisoryState::Approved { .. } => text::governor(&advisory.governor, place, lang),
        _ if can.approve || (can.postpone && is_refused(advisory)) => text::governor(&advisory.governor, place, lang),
        _ => String::new(),
    }
}

/// The times of the letter in its language, each with what became of it, in the reader's, once the letter went out.
fn offered(advisory: &AdvisoryCard, place: Place, lang: Lang) -> Vec<(String, String, &'static str)> {
    let t = text::words(lang);
    let is_draft = matches!(
        advisory.state,
        AdvisoryState::Draft | AdvisoryState::Postponed { .. } | AdvisoryState::Approved { .. }
    );
    let booked = match advisory.state {
        AdvisoryState::Booked { from, .. } | AdvisoryState::VisitOver { from, .. } => Some(from),
        _ => None,
    };
    let now = |slot: &Slot| match () {
        () if is_draft => "",
        () if booked == Some(slot.from) => t.time_chosen,
        () if slot.from <= advisory.curve.now => t.time_passed,
        () if advisory.gone.contains(slot) => t.time_taken,
        () => t.time_free,
    };
    let of = |slot: &Slot| {
        let (day, hours) = civil::slot(*slot, place, advisory.customer.lang);
        (day, hours, now(slot))
    };
    advisory.slots.iter().map(of).collect()
}

/// What the customer calls the machine, with the others of the same letter.
fn names(advisory: &AdvisoryCard, lang: Lang) -> String {
    let others = advisory.others.iter().map(|other| other.name.clone());
    let all: Vec<String> = std::iter::once(advisory.machine_name.clone()).chain(others).collect();
    text::listed(&all, lang)
}

impl Card {
    /// Days by which a case can be put off, and which of them stands in the form.
    pub(crate) fn put_off(&self, t: &'static text::Words) -> [(&'static str, &'static str, bool); 4] {
        let chosen = self.kept.or("postpone", "days", "3");
        [("1", t.days_1), ("3", t.days_3), ("7", t.days_7), ("14", t.days_14)].map(|(n, name)| (n, name, n == chosen))
    }

    /// Opens the form again with what was typed and what is wrong with it.
    pub(crate) fn refused(mut self, typed: Option<Draft>, kept: Kept, problems: Vec<String>) -> Self {
        self.kept = kept;
        if let Some(typed) = &typed {
            self.edit_subject.clone_from(&typed.subject);
            self.edit_body.clone_from(&typed.body);
        }
        (self.form, self.problems) = (typed, problems);
        self
    }
}

/// The question whether a visit took place whose time has passed; empty otherwise.
fn took_place(advisory: &AdvisoryCard, place: Place, lang: Lang) -> String {
    match advisory.state {
        AdvisoryState::VisitOver { from, to } => text::has_it_taken_place(Slot { from, to }, place, lang),
        _ => String::new(),
    }
}

/// What went out, to be read once more: the newest apart where the card's letter is an older one, e.g. the invitation after the
/// letter of thanks.
fn sent(written: &[Written], letter: &Draft, zone: chrono_tz::Tz, lang: Lang) -> (Option<Sent>, Vec<Sent>) {
    let of = |word: &Written| Sent {
        at: civil::date_time(word.at, zone, lang),
        subject: word.subject.clone(),
        paragraphs: paragraphs(&word.body),
    };
    let is_letter = |word: &Written| word.subject == letter.subject && word.body == letter.body;
    let has_gone_out = written.iter().any(is_letter);
    let newest = written.first().filter(|word| has_gone_out && !is_letter(word));
    let others = written.iter().skip(usize::from(newest.is_some()));
    (newest.map(of), others.map(of).collect())
}

/// Who last did what in a case, and when. A name under which somebody signs in stands as it is.
fn decided(line: &RecordLine, catalogue: &Catalogue, zone: chrono_tz::Tz, lang: Lang) -> String {
    let told = lines(std::slice::from_ref(line), catalogue, zone, lang).pop();
    told.map_or_else(String::new, |told| {
        let who = if told.who.starts_with("the ") { text::capitalised(&told.who) } else { told.who };
        format!("{who} · {} · {}", told.what, told.at)
    })
}

/// Where a booked visit is moved or cancelled: its card, with the form of the move open.
pub(super) fn move_href(case: &str) -> String {
    format!("{}?open=move#{}", advisory_href(case), decide_anchor(case))
}

/// The place of what can be decided on a card.
fn decide_anchor(case: &str) -> String {
    format!("{}-decide", case.replace('/', "-"))
}

/// What a telephone understands of a number.
pub(crate) fn tel(phone: &str) -> String {
    phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

/// Paragraphs of lines, from plain text with empty lines between paragraphs.
pub(super) fn paragraphs(body: &str) -> Vec<Vec<String>> {
    let mut paragraphs: Vec<Vec<String>> = vec![Vec::new()];
    for line in body.lines() {
        match (line.trim().is_empty(), paragraphs.last_mut()) {
            (false, Some(paragraph)) => paragraph.push(line.to_owned()),
            (true, Some(paragraph)) if !paragraph.is_empty() => paragraphs.push(Vec::new()),
            _ => {}
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

pub(crate) fn contact_line(
    contact: &Contact,
    catalogue: &Catalogue,
    zone: chrono_tz::Tz,
    lang: Lang,
) -> (String, String) {
    let t = text::words(lang);
    let who = match contact.from {
        Speaker::Us => t.we_said,
        Speaker::Customer => t.they_said,
        Speaker::Machine => t.machine_said,
    };
    let machine = contact.machine.as_ref().map_or_else(String::new, |machine| format!(" ({machine})"));
    let what = text::happening(&contact.what, &contact.data, catalogue, zone, lang);
    (
        civil::date_time(contact.at, zone, lang),
        text::capitalised(&text::said(&format!("{who}{machine}"), &text::channel(&contact.channel, lang), &what, lang)),
    )
}

#[cfg(test)]
mod tests {
    use foretell_model::Timestamp;

    use super::*;

    #[test]
    fn a_body_becomes_paragraphs_of_lines() {
        assert_eq!(paragraphs("a\nb\n\n\n c\n"), [vec!["a", "b"], vec![" c"]]);
        assert_eq!(paragraphs(""), Vec::<Vec<String>>::new());
        assert_eq!(tel("+86 (512) 555-01 02"), "+865125550102");
    }

    #[test]
    fn lines_of_a_card_begin_like_sentences_and_names_stay() {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let line = |who: &str| RecordLine {
            at: Timestamp::from_millis(0),
            who: who.into(),
            what: "visit_missed".into(),
            why: "gate closed".into(),
            machine: String::new(),
        };
        for (who, expected) in [("technician", "The technician · "), ("wang", "wang · ")] {
            let said = decided(&line(who), &catalogue, chrono_tz::UTC, Lang::En);
            assert!(said.starts_with(expected), "{said}");
        }
    }

    #[test]
    fn the_newest_word_stands_where_an_older_letter_would() {
        let word = |text: &str| Written { at: Timestamp::from_millis(0), subject: text.into(), body: text.into() };
        #[track_caller]
        fn check(written: &[Written], letter: &str, newest: Option<&str>, below: &[&str]) {
            let letter = Draft { subject: letter.into(), body: letter.into() };
            let (first, others) = sent(written, &letter, chrono_tz::UTC, Lang::En);
            assert_eq!(first.map(|word| word.subject).as_deref(), newest);
            assert_eq!(others.iter().map(|word| word.subject.as_str()).collect::<Vec<_>>(), below);
        }
        let all = ["thanks", "confirmed", "invitation"].map(word);
        check(&all, "invitation", Some("thanks"), &["confirmed", "invitation"]);
        check(&all[2..], "invitation", None, &["invitation"]);
        // What is still to be decided on stays where it is looked for.
        check(&all, "a new draft", None, &["thanks", "confirmed", "invitation"]);
        check(&[], "invitation", None, &[]);
    }
}
