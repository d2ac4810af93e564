//! Composition: from a case to the text that the customer reads.
//!
//! Templates are files that an advisor may edit: `fault`, `service`, `reminder` and `page` in each language, and the
//! phrases they share. Strict undefined and fuel keep an edit from hurting: a misspelt name or an endless loop is an error
//! for the advisor, never a blank in a customer's letter.

mod facts;
pub mod format;
pub(crate) mod late;
pub mod lint;
pub mod preview;
pub mod trial;

pub(crate) use facts::{Facts, Subject, slot_text, works_of};

use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};

use crate::error::{OutreachError, Result};
use crate::registry::Language;

/// Steps one rendering may take; the longest shipped one takes under 1,000.
const FUEL: u64 = 20_000;

/// The shipped templates by name.
const SHIPPED: &[(&str, &str)] = &[
    ("fault.en.j2", include_str!("../../../../config/templates/fault.en.j2")),
    ("fault.zh-CN.j2", include_str!("../../../../config/templates/fault.zh-CN.j2")),
    ("service.en.j2", include_str!("../../../../config/templates/service.en.j2")),
    ("service.zh-CN.j2", include_str!("../../../../config/templates/service.zh-CN.j2")),
    ("reminder.en.j2", include_str!("../../../../config/templates/reminder.en.j2")),
    ("reminder.zh-CN.j2", include_str!("../../../../config/templates/reminder.zh-CN.j2")),
    ("late.en.j2", include_str!("../../../../config/templates/late.en.j2")),
    ("late.zh-CN.j2", include_str!("../../../../config/templates/late.zh-CN.j2")),
    ("page.en.j2", include_str!("../../../../config/templates/page.en.j2")),
    ("page.zh-CN.j2", include_str!("../../../../config/templates/page.zh-CN.j2")),
    ("phrases.en.j2", include_str!("../../../../config/templates/phrases.en.j2")),
    ("phrases.zh-CN.j2", include_str!("../../../../config/templates/phrases.zh-CN.j2")),
];

/// What the first line of a message template begins with.
const SUBJECT: &str = "Subject:";

/// A text ready to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// What a text is for; each has its template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// A forecast fault.
    Fault,
    /// Work due by running hours.
    Service,
    /// The one reminder.
    Reminder,
}

impl Occasion {
    const fn template(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Service => "service",
            Self::Reminder => "reminder",
        }
    }
}

/// Renders texts from templates.
pub(crate) struct Composer {
    templates: Environment<'static>,
}

impl Composer {
    /// Loads the shipped templates, or those of the same name in `edited`.
    ///
    /// # Errors
    /// When an edited file cannot be read, is no template, or holds words that customers never read.
    pub(crate) fn new(edited: Option<&Path>) -> Result<Self> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_fuel(Some(FUEL));
        templates.add_filter("in_words", |n: u32| format::number_en(n));
        templates.add_filter("in_words_zh", |n: u32| format::number_zh(n));
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        templates.set_syntax(syntax.map_err(|e| broken("syntax", e))?);
        for (name, shipped) in SHIPPED {
            let source = match edited.map(|dir| dir.join(name)).filter(|path| path.exists()) {
                None => (*shipped).to_owned(),
                Some(path) => std::fs::read_to_string(&path).map_err(|source| OutreachError::File {
                    attempted: format!("read the template {}", path.display()),
                    source,
                })?,
            };
            let remarks = lint::template(&source);
            if !remarks.is_empty() {
                return Err(OutreachError::Lint(remarks));
            }
            templates.add_template_owned(*name, source).map_err(|e| broken(name, e))?;
        }
        Ok(Self { templates })
    }

    /// Writes a message.
    ///
    /// # Errors
    /// When an edited template uses a name that no message has, or does not begin with a subject.
    pub(crate) fn message(&self, occasion: Occasion, facts: &Facts) -> Result<Draft> {
        self.letter(&format!("{}.{}.j2", occasion.template(), facts.language.tag()), facts)
    }

    /// Word that a promise to a customer with a broken machine is about to slip.
    ///
    /// # Errors
    /// As [`Composer::message`].
    pub(crate) fn late(&self, facts: &late::LateFacts) -> Result<Draft> {
        self.letter(&format!("late.{}.j2", facts.language.tag()), facts)
    }

    fn letter(&self, name: &str, facts: &impl serde::Serialize) -> Result<Draft> {
        let text = self.render(name, facts)?;
        let parted = text.split_once('\n').and_then(|(first, body)| Some((first.strip_prefix(SUBJECT)?, body)));
        let (subject, body) = parted.ok_or_else(|| {
            OutreachError::refused(format!("render `{name}`"), format!("its first line must begin with `{SUBJECT}`"))
        })?;
        Ok(Draft { subject: subject.trim().to_owned(), body: tidy(body) })
    }

    /// The plain sentences of the customer's page.
    ///
    /// # Errors
    /// As [`Composer::message`].
    pub(crate) fn page(&self, facts: &Facts) -> Result<String> {
        Ok(self.render(&format!("page.{}.j2", facts.language.tag()), facts)?.trim().to_owned())
    }

    fn render(&self, name: &str, facts: &impl serde::Serialize) -> Result<String> {
        self.templates
            .get_template(name)
            .and_then(|template| template.render(Serde(facts)))
            .map_err(|e| broken(name, e))
    }
}

/// Refuses a text that breaks the house rules.
///
/// # Errors
/// Names each breach.
pub(crate) fn check(draft: &Draft, machine_id: &str) -> Result<()> {
    let remarks = lint::message(&draft.subject, &draft.body, machine_id);
    if remarks.is_empty() { Ok(()) } else { Err(OutreachError::Lint(remarks)) }
}

/// The occasion of a language-independent kind of finding.
impl From<foretell_model::FindingKind> for Occasion {
    fn from(kind: foretell_model::FindingKind) -> Self {
        if kind == foretell_model::FindingKind::MaintenanceDue { Self::Service } else { Self::Fault }
    }
}

/// One blank line between paragraphs however the template's branches fell, and one line end at the end.
fn tidy(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    for line in body.trim().lines().map(str::trim_end) {
        if !(line.is_empty() && out.ends_with("\n\n")) {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn broken(name: &str, source: minijinja::Error) -> OutreachError {
    OutreachError::Template { name: name.to_owned(), source: Box::new(source) }
}

impl std::fmt::Debug for Composer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Composer")
    }
}

/// Several works as one phrase, for pages and calendars.
pub(crate) fn join_works(language: Language, works: &[String]) -> String {
    let (comma, and) = match language {
        Language::En => (", ", " and "),
        Language::ZhCn => ("、", "、"),
    };
    match works {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{}{and}{last}", first.join(comma)),
    }
}
