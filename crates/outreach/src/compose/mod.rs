//! Composition: from a case to the text that the customer reads.
//!
//! Templates are texts that an advisor may edit, one for each occasion and language, and the phrases they share. Strict
//! undefined and `templating` keep an edit from hurting: a misspelt name, an endless loop or a text that grows without end
//! is an error for the advisor, never a blank in a customer's letter and never the end of the service.
//!
//! A letter's template begins with a line `Subject: …` and, below it, a line `Short: …`: the one or two sentences with the
//! link that go out where a whole letter does not fit, e.g. by SMS.

mod case;
mod common;
pub mod editor;
mod effect;
mod energy;
mod facts;
pub mod format;
#[cfg(test)]
mod golden;
mod library;
pub mod lint;
mod news;
mod order;
mod pieces;
pub mod preview;
mod season;
mod seen;
#[cfg(test)]
mod sentences;
mod shelf;
mod specimen;
mod standing;
pub mod trial;
pub(crate) mod trouble;
pub(crate) mod visit;

pub(crate) use case::{Before, again};
pub(crate) use common::Common;
pub(crate) use effect::{Effect, Outcome as EffectOutcome};
pub(crate) use energy::{is_worth_a_tip, waste_per_year};
pub(crate) use facts::{Facts, Subject, slot_text};
pub use library::Occasion;
pub(crate) use order::pressing;
pub(crate) use pieces::{Piece, due_pieces, is_at_most, is_beside_machine, is_partly, pieces_of};
pub(crate) use shelf::Shelf;

use std::path::Path;

use foretell_model::{Lack, Remark, SUBJECT_CHARS_MAX};
use minijinja::Environment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;

use crate::error::{OutreachError, Result};
use crate::registry::Language;
use crate::templating::{self, Dialect};

/// What the first line of a letter's template begins with.
const SUBJECT: &str = "Subject:";
/// What the second line begins with.
const SHORT: &str = "Short:";

/// A text ready to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// One or two sentences and the link, for channels on which a whole letter does not fit.
    pub short: String,
}

/// Renders texts from templates.
pub(crate) struct Composer {
    templates: Environment<'static>,
}

impl Composer {
    /// Loads the shipped templates, or those of the same name in a folder.
    ///
    /// # Errors
    /// When a file cannot be read, is no template, or holds words that customers never read.
    pub(crate) fn new(folder: Option<&Path>) -> Result<Self> {
        Self::of(library::lower(folder)?)
    }

    /// Takes templates by name and source.
    ///
    /// # Errors
    /// When one is no template or holds words that customers never read.
    pub(crate) fn of(sources: Vec<(String, String)>) -> Result<Self> {
        let mut composer = Self { templates: environment()? };
        sources.into_iter().try_for_each(|(name, source)| composer.replace(name, source))?;
        Ok(composer)
    }

    /// Puts a template in place of the one of the same name.
    ///
    /// # Errors
    /// When it is no template or holds words that customers never read; the one before then stays.
    pub(crate) fn replace(&mut self, name: String, source: String) -> Result<()> {
        let remarks = lint::template(&source);
        if !remarks.is_empty() {
            return Err(OutreachError::Lint(remarks));
        }
        self.put(name, source)
    }

    /// As [`Composer::replace`], whatever words it holds.
    ///
    /// # Errors
    /// When it is no template or goes beyond what one may do.
    pub(crate) fn put(&mut self, name: String, source: String) -> Result<()> {
        let dialect = match Occasion::of_template(&name) {
            Some((Occasion::Phrases, _)) => Dialect::Phrases,
            _ => Dialect::Letter,
        };
        if let Err(excess) = templating::check(&source, dialect, self.templates.syntax().clone()) {
            return Err(OutreachError::Excess { name, line: excess.line, why: excess.why });
        }
        let told = name.clone();
        self.templates.add_template_owned(name, source).map_err(|e| broken(&told, e))
    }

    /// Writes a letter.
    ///
    /// # Errors
    /// When an edited template uses a name that this letter has not, or does not begin with a subject.
    pub(crate) fn letter(
        &self,
        occasion: Occasion,
        language: Language,
        facts: &impl serde::Serialize,
    ) -> Result<Draft> {
        let name = occasion.template(language);
        let text = self.render(&name, facts)?;
        let parted = text.split_once('\n').and_then(|(first, body)| Some((first.strip_prefix(SUBJECT)?, body)));
        let (subject, rest) = parted.ok_or_else(|| {
            OutreachError::unfit(format!("render `{name}`"), format!("its first line must begin with `{SUBJECT}`"))
        })?;
        let subject = subject.trim().to_owned();
        let (short, body) = match rest.strip_prefix(SHORT) {
            Some(rest) => rest.split_once('\n').unwrap_or((rest, "")),
            None => ("", rest),
        };
        let body = tidy(body);
        // An older template has no short form; its subject and the link say what it is about.
        let short = match short.trim() {
            "" => body.split_whitespace().find(|word| word.contains("://")).map(|link| format!("{subject} {link}")),
            short => Some(short.to_owned()),
        };
        let short = plain(language, short.unwrap_or_else(|| subject.clone()));
        Ok(Draft { subject, body, short })
    }

    /// The plain sentences of the customer's page.
    ///
    /// # Errors
    /// As [`Composer::letter`].
    pub(crate) fn page(&self, facts: &Facts) -> Result<String> {
        Ok(self.render(&Occasion::Page.template(facts.language()), facts)?.trim().to_owned())
    }

    /// What work achieved, as the letter after it says; without what that promises.
    ///
    /// # Errors
    /// When the phrases cannot be rendered.
    pub(crate) fn effect(&self, language: Language, effect: &Effect) -> Result<String> {
        let name = Occasion::Phrases.template(language);
        let source = format!(
            "{{% import \"{name}\" as say %}}{{{{ say.effect(effect) if effect.outcome == \"better\" else say.plain(effect) }}}}"
        );
        let context = serde_json::json!({ "effect": effect });
        let words = self.templates.render_str(&source, Serde(&context)).map_err(|e| broken(&name, e))?;
        Ok(words.trim().to_owned())
    }

    fn render(&self, name: &str, facts: &impl serde::Serialize) -> Result<String> {
        self.templates
            .get_template(name)
            .and_then(|template| template.render(Serde(facts)))
            .map_err(|e| broken(name, e))
    }
}

fn environment() -> Result<Environment<'static>> {
    let mut templates = templating::environment();
    templates.add_filter("in_words", |n: u32| format::number_en(n));
    templates.add_filter("in_words_zh", |n: u32| format::number_zh(n));
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    templates.set_syntax(syntax.map_err(|e| broken("syntax", e))?);
    Ok(templates)
}

/// Refuses a text that breaks the house rules.
///
/// # Errors
/// Names each breach.
pub(crate) fn check(draft: &Draft, machine_id: &str) -> Result<()> {
    let mut remarks = lint::message(&draft.subject, &draft.body, machine_id);
    for remark in lint::short(&draft.short, machine_id) {
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    // A long name makes a long message and must not keep it back; templates are measured when saved.
    remarks.retain(|remark| !matches!(remark, Remark::Short(_) | Remark::Subject(1..)));
    if remarks.is_empty() { Ok(()) } else { Err(OutreachError::Lint(remarks)) }
}

/// Refuses a letter about several machines that does not name each of them, as one from a template that knows of no others
/// would: whoever books must know for what. A short form need not be there.
///
/// # Errors
/// Names each machine that is missing.
pub(crate) fn check_names(draft: &Draft, several: &[&str]) -> Result<()> {
    let texts = [&draft.body, &draft.short];
    let lacks = |name: &&&str| texts.into_iter().any(|text| !text.is_empty() && !lint::names(text, name));
    let missing = several.iter().filter(lacks).map(|name| Remark::Missing(Lack::Machine((*name).to_owned())));
    let missing: Vec<Remark> = missing.collect();
    if missing.is_empty() { Ok(()) } else { Err(OutreachError::Lint(missing)) }
}

/// Refuses a subject that is longer than a person writes one.
///
/// # Errors
/// Says how long it is.
pub(crate) fn check_subject(draft: &Draft) -> Result<()> {
    match draft.subject.chars().count() {
        0..=SUBJECT_CHARS_MAX => Ok(()),
        chars => Err(OutreachError::Lint(vec![Remark::Subject(chars)])),
    }
}

/// As [`check`], for word about a service case, which need not have a page.
///
/// # Errors
/// Names each breach.
pub(crate) fn check_word(draft: &Draft, machine_id: &str) -> Result<()> {
    match check(draft, machine_id) {
        Err(OutreachError::Lint(mut remarks)) => {
            remarks.retain(|remark| *remark != Remark::Links(0));
            if remarks.is_empty() { Ok(()) } else { Err(OutreachError::Lint(remarks)) }
        }
        other => other,
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

/// An English short form without typographer's marks: one of them would make every character of an SMS cost double.
fn plain(language: Language, short: String) -> String {
    if language != Language::En {
        return short;
    }
    let marks = |c: char| match c {
        '–' | '—' => '-',
        '‘' | '’' => '\'',
        '“' | '”' => '"',
        other => other,
    };
    short.chars().map(marks).collect()
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
