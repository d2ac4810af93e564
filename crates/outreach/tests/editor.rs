//! The template editor: what may be saved and what may not, who sees it, and the way back.

use std::path::Path;
use std::sync::Arc;

use crate::support::{self, Recorder, apply, at, finding, machine, open};
use foretell_model::{FindingId, Grade, Lack, Remark, Status, TemplateFault, Timestamp, WordSort};
use foretell_outreach::{
    Layer, Occasion, Outreach, OutreachError, OutreachOptions, PreviewOf, RecordFilter, Source, TemplateFaults,
};

fn now() -> Timestamp {
    at("2026-07-15T08:30:00Z")
}

fn draft(outreach: &Outreach, offset: u64) -> (FindingId, String) {
    let case = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
    let id = apply(outreach, offset, &case, now());
    let body = outreach.card(&id, now()).unwrap().message.unwrap().text.body;
    (id, body)
}

const FAULT: &str = "fault.en.j2";
const OWN: &str = "{% import \"phrases.en.j2\" as say %}\nSubject: Compressor {{ number }}\nShort: {{ say.numbers(number, others) }}: {{ link }}\n\nHello {{ contact }},\n\nwe should talk. It is about {{ say.numbers(number, others) }}. {{ say.times(slots, slots_idle) }}\n{{ link }}\n";

#[test]
fn an_edit_counts_for_every_process_until_it_is_taken_back_and_the_record_says_who() {
    let dir = tempfile::tempdir().unwrap();
    let here = open(dir.path(), Arc::new(Recorder::default()));
    let there = open(dir.path(), Arc::new(Recorder::default()));
    let (_, shipped) = draft(&here, 1);
    let before = here.template(FAULT).unwrap();
    assert_eq!((before.info.layer, before.revision, before.history.len()), (Layer::Shipped, 0, 0));

    here.save_template((FAULT, 0), &OWN.replace('\n', "\r\n"), "shorter", "wang", now()).unwrap();
    for outreach in [&here, &there] {
        let (_, body) = draft(outreach, 1);
        assert!(body.starts_with("Hello Ms Baker,\n\nwe should talk."), "{body}");
    }
    let edited = there.template(FAULT).unwrap();
    assert_eq!((edited.info.layer, edited.source.as_str()), (Layer::Edited, OWN));
    let change = edited.info.changed.unwrap();
    assert_eq!((change.who.as_str(), change.why.as_str(), change.undone), ("wang", "shorter", false));

    // Whoever opened it before sees that it has changed.
    let late = there.save_template((FAULT, 0), OWN, "", "li", now()).unwrap_err();
    assert!(matches!(late, OutreachError::Refused { .. }), "{late}");
    there.undo_template((FAULT, edited.revision), "", "li", now()).unwrap();
    assert_eq!(draft(&here, 1).1, shipped);
    let back = here.template(FAULT).unwrap();
    assert_eq!((back.info.layer, back.source, back.history.len()), (Layer::Shipped, before.source, 2));
    assert!(back.history[0].undone && back.history[0].who == "li");
    let record = here.record(&RecordFilter { max: 1_000, ..RecordFilter::default() }).unwrap();
    let said: Vec<_> = record.iter().map(|e| (e.who.as_str(), e.what.as_str(), e.why.as_str())).collect();
    assert!(said.contains(&("wang", "edited a template", "fault.en.j2: shorter")), "{said:?}");
    assert!(said.contains(&("li", "took a template back", "fault.en.j2")), "{said:?}");
}

#[test]
fn a_file_lies_below_an_edit_and_comes_back_when_it_is_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(FAULT), OWN.replace("talk", "meet")).unwrap();
    let options =
        OutreachOptions { templates: Some(dir.path().to_owned()), ..support::options(Arc::new(Recorder::default())) };
    let outreach = Outreach::open(&dir.path().join("service.sqlite"), options).unwrap();
    let layer = |outreach: &Outreach| {
        let all = outreach.templates().unwrap();
        assert_eq!(all.len(), Occasion::ALL.len() * 2);
        all.into_iter().find(|info| info.name == FAULT).unwrap().layer
    };
    assert_eq!(layer(&outreach), Layer::File);
    outreach.save_template((FAULT, 0), OWN, "", "wang", now()).unwrap();
    assert_eq!(layer(&outreach), Layer::Edited);
    let revision = outreach.template(FAULT).unwrap().revision;
    outreach.undo_template((FAULT, revision), "", "wang", now()).unwrap();
    assert!(outreach.template(FAULT).unwrap().source.contains("we should meet"));
}

/// What is wrong with a template, as the preview and the refusal to save it say alike.
fn faults(name: &str, source: &str) -> TemplateFaults {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let shown = outreach.preview_template(name, source, &PreviewOf::Invented, now()).unwrap().faults;
    match outreach.save_template((name, 0), source, "", "wang", now()) {
        Ok(()) => assert_eq!(shown, []),
        Err(OutreachError::TemplateFaults { faults, .. }) => assert_eq!(faults, shown),
        Err(other) => panic!("{other}"),
    }
    shown
}

#[test]
fn what_may_not_reach_a_customer_cannot_be_saved_and_the_line_is_named() {
    #[track_caller]
    fn rule(source: &str, line: Option<usize>, remark: Remark) {
        let found = faults(FAULT, source);
        assert!(found.contains(&(line, TemplateFault::Rule(remark.clone()))), "{remark}: {found:?}");
    }
    #[track_caller]
    fn code(name: &str, source: &str, line: Option<usize>, says: &str) {
        let found = faults(name, source);
        let is_it = |(at, fault): &(Option<usize>, TemplateFault)| {
            *at == line && matches!(fault, TemplateFault::Code(detail) if detail.contains(says))
        };
        assert!(found.iter().any(is_it), "{says}: {found:?}");
    }
    assert_eq!(faults(FAULT, OWN), []);
    rule(
        &OWN.replace("talk", "talk about a discount"),
        Some(7),
        Remark::Word { word: "discount".to_owned(), sort: WordSort::Selling },
    );
    rule(&OWN.replace("talk.", "talk!"), Some(7), Remark::Exclamation);
    // Plain text shows a tag as it was typed.
    rule(&OWN.replace("talk.", "<b>talk</b>."), Some(7), Remark::Markup("<b>".to_owned()));
    assert_eq!(faults(FAULT, &OWN.replace("talk.", "talk ({# <b> #}a < b).")), []);
    rule(&OWN.replace("{{ link }}\n", ""), None, Remark::Links(0));
    // A template that knows of one machine alone would leave out what the others are booked for.
    let alone = OWN.replace("say.numbers(number, others)", "number");
    for missing in ["No. 2", "No. 3"] {
        rule(&alone, None, Remark::Missing(Lack::Machine(missing.to_owned())));
    }
    let second = "Please send us your operating log as well";
    let asks = format!("talk about two times to choose from. {second}.");
    rule(&OWN.replace("talk.", &asks), None, Remark::SecondRequest(second.to_owned()));
    let other = Remark::OtherCustomer("华新纺织".to_owned());
    rule(&OWN.replace("talk.", "talk. It is as it was at 华新纺织."), None, other);
    let private = Remark::Word { word: "your family".to_owned(), sort: WordSort::PrivateMatters };
    rule(&OWN.replace("talk.", "talk. How is your family?"), Some(7), private);
    let sizes = |source: &str| faults(FAULT, source);
    let long = sizes(&OWN.replace("talk.", &"talk. ".repeat(400)));
    assert!(long.iter().any(|(_, fault)| matches!(fault, TemplateFault::Rule(Remark::Long(2_001..)))), "{long:?}");
    let short = sizes(&OWN.replace("Short: ", &format!("Short: {}", "more words ".repeat(50))));
    assert!(short.iter().any(|(_, fault)| matches!(fault, TemplateFault::Rule(Remark::Short(4..)))), "{short:?}");
    code(FAULT, &OWN.replace("contact", "contcat"), Some(5), "undefined value");
    code(FAULT, &OWN.replace("{{ contact", "{% if %}{{ contact"), Some(5), "unexpected");
    let ten = "{% for a in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] %}";
    let endless = format!("{}.{}", ten.repeat(5), "{% endfor %}".repeat(5));
    code(FAULT, &OWN.replace("talk.", &endless), Some(7), "fuel");
    // A text that doubles sixty times takes hardly any steps and all the memory there is.
    let growing =
        "{% set ns=namespace(s=\"x\") %}{% for i in range(60) %}{% set ns.s=ns.s~ns.s %}{% endfor %}{{ ns.s }}";
    code(FAULT, &OWN.replace("talk.", growing), Some(7), "written one after the other");
    let growing = "{% set s = number %}".to_owned() + &"{% set s %}{{ s }}{{ s }}{% endset %}".repeat(60) + "{{ s }}";
    code(FAULT, &OWN.replace("talk.", &growing), Some(7), "grows far too long");
    code(FAULT, "Hello", None, "first line must begin");
    // A phrase that a letter uses may not go missing: it is tried in every letter.
    let dir = tempfile::tempdir().unwrap();
    let phrases = open(dir.path(), Arc::new(Recorder::default())).template("phrases.en.j2").unwrap().source;
    code("phrases.en.j2", &phrases.replace("macro hello", "macro helo"), Some(3), "no method named hello");
    assert_eq!(faults("phrases.en.j2", &phrases), []);
    assert!(faults("page.zh-CN.j2", "{{ number }}").is_empty());
    let long = format!("{}\n", "x".repeat(28_000));
    assert_eq!(faults(FAULT, &long)[0], (None, TemplateFault::Size(28_001)));
}

fn empty(dir: &Path) -> Outreach {
    open(dir, Arc::new(Recorder::default()))
}

#[test]
fn no_other_file_can_be_reached_through_a_template_s_name() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = empty(dir.path());
    for name in ["", "fault", "fault.fr.j2", "../link.secret", "fault.en.j2/..", "phrases.en.j2.part"] {
        assert!(matches!(outreach.template(name), Err(OutreachError::Missing { .. })), "{name}");
        let saved = outreach.save_template((name, 0), OWN, "", "wang", now());
        assert!(matches!(saved, Err(OutreachError::Missing { .. })), "{name}");
    }
}

#[test]
fn a_preview_shows_a_real_case_in_either_language_and_keeps_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let outreach = open(dir.path(), Arc::new(Recorder::default()));
    let (id, _) = draft(&outreach, 1);
    let trouble =
        outreach.open_service_case(&machine("s01/m002"), Source::Customer, "stopped", "customer", now()).unwrap();
    let mut shown = 0;
    for info in outreach.templates().unwrap() {
        let template = outreach.template(&info.name).unwrap();
        let all = [PreviewOf::Invented].into_iter().chain(template.choices.iter().map(|(of, _)| of.clone()));
        for of in all {
            let preview = outreach.preview_template(&info.name, &template.source, &of, now()).unwrap();
            assert_eq!(preview.faults, [], "{} on {of:?}", info.name);
            let text = preview.text.unwrap();
            assert!(!text.body.is_empty() && (text.subject.is_empty() || !text.short.is_empty()), "{}", info.name);
            let number = match &of {
                PreviewOf::Case(case) if *case == id => "No. 2",
                PreviewOf::Trouble(number) if *number == trouble.id => "2号机",
                _ => continue,
            };
            shown += 1;
            assert!(text.body.contains(number), "{} on {of:?}: {}", info.name, text.body);
        }
    }
    // The fault's letter, another after work, reminder, page, phrases and five letters about its visit; six about the
    // breakdown; each in both.
    assert_eq!(shown, (10 + 6) * 2);
    assert_eq!(outreach.tick(now()).unwrap().len(), 0, "nothing was put into the outbox");
    let gone = PreviewOf::Case(FindingId::from_text("s09/m001/x/1"));
    assert!(matches!(
        outreach.preview_template(FAULT, OWN, &gone, now()),
        Err(OutreachError::Missing { what: "case", .. })
    ));
}
