//! The template editor: what there is and who changed it, what an edit would look like on a real case, whether it may stand,
//! and the way back to what is shipped.

use std::collections::BTreeSet;

use foretell_model::{FindingId, Obstacle, Remark, TemplateFault, Timestamp};

use super::lint;
use super::trial::specimens;
use super::{Composer, Draft, Occasion, check, check_subject, check_word, library};
use crate::Outreach;
use crate::error::{OutreachError, Result};
use crate::registry::Language;
use crate::store::templates::Edit;
use crate::store::{Entry, Session, templates};
use crate::templating::SOURCE_CHARS_MAX;

/// Versions of a template that its page shows.
const HISTORY_MAX: u32 = 30;

/// Where the text of a template comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Shipped with the program.
    Shipped,
    /// A file of the templates folder.
    File,
    /// Edited in the console.
    Edited,
}

/// Who changed a template, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateChange {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
    /// Why; may be empty.
    pub why: String,
    /// Whether it took the edits back.
    pub undone: bool,
}

/// One template in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateInfo {
    /// Its name, e.g. `fault.zh-CN.j2`.
    pub name: String,
    /// What for.
    pub occasion: Occasion,
    /// In which language.
    pub language: Language,
    /// Where its text comes from.
    pub layer: Layer,
    /// The last change in the console, if there ever was one.
    pub changed: Option<TemplateChange>,
}

/// One template in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateText {
    /// What the list says of it.
    pub info: TemplateInfo,
    /// The text as it counts.
    pub source: String,
    /// Number of the last edit, 0 before the first: what a later one must name, so that nobody overwrites what they never saw.
    pub revision: i64,
    /// Changes in the console, newest first.
    pub history: Vec<TemplateChange>,
    /// Real cases on which a preview can be had: what for `PreviewOf`, and which machine.
    pub choices: Vec<(PreviewOf, String)>,
}

/// On what a preview is rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreviewOf {
    /// Invented facts.
    Invented,
    /// An open case.
    Case(FindingId),
    /// An open service case.
    Trouble(i64),
}

/// What is wrong with a template, each fault with its line where there is one, counted from 1.
pub type TemplateFaults = Vec<(Option<usize>, TemplateFault)>;

/// What a template would make, and what is wrong with it, each with its line where there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Previewed {
    /// The text; `None` when it cannot be rendered.
    pub text: Option<Draft>,
    /// What is wrong.
    pub faults: TemplateFaults,
}

impl Outreach {
    /// Every template, in the order of the occasions.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn templates(&self) -> Result<Vec<TemplateInfo>> {
        self.store.read("list the templates", |c| {
            let edits = templates::current(c)?;
            let all = Occasion::ALL.iter().flat_map(|occasion| Language::ALL.map(|language| (*occasion, language)));
            all.map(|(occasion, language)| self.info(occasion, language, &edits)).collect()
        })
    }

    fn info(&self, occasion: Occasion, language: Language, edits: &[Edit]) -> Result<TemplateInfo> {
        let name = occasion.template(language);
        let edit = edits.iter().find(|edit| edit.name == name);
        let layer = match edit.and_then(|edit| edit.source.as_ref()) {
            Some(_) => Layer::Edited,
            None if library::file(self.shelf.folder(), &name)?.is_some() => Layer::File,
            None => Layer::Shipped,
        };
        Ok(TemplateInfo { name, occasion, language, layer, changed: edit.map(change) })
    }

    /// One template in full.
    ///
    /// # Errors
    /// When there is none of that name or the store cannot be read.
    pub fn template(&self, name: &str) -> Result<TemplateText> {
        let (occasion, language) = known(name)?;
        self.store.read(&format!("read the template {name}"), |c| {
            let edits = templates::of(c, name, HISTORY_MAX)?;
            let edited = edits.first().and_then(|edit| edit.source.clone());
            Ok(TemplateText {
                info: self.info(occasion, language, edits.get(..1).unwrap_or_default())?,
                source: match edited {
                    Some(source) => source,
                    None => self.below(name)?,
                },
                revision: edits.first().map_or(0, |edit| edit.id),
                history: edits.iter().map(change).collect(),
                choices: self.template_choices(c, occasion)?,
            })
        })
    }

    /// What counts where nothing is edited: the folder's file, or what is shipped.
    fn below(&self, name: &str) -> Result<String> {
        if let Some(source) = library::file(self.shelf.folder(), name)? {
            return Ok(source);
        }
        let shipped = library::SHIPPED.iter().find(|(known, _)| *known == name);
        shipped.map(|(_, source)| (*source).to_owned()).ok_or_else(|| OutreachError::missing("template", name))
    }

    /// What a template would make of a case, and what is wrong with it.
    ///
    /// # Errors
    /// When there is no such template or case, or the store cannot be read.
    pub fn preview_template(&self, name: &str, source: &str, of: &PreviewOf, now: Timestamp) -> Result<Previewed> {
        let (occasion, language) = known(name)?;
        self.store.read(&format!("try the template {name}"), |c| {
            let (composer, faults) = self.examine(c, name, source)?;
            let Some(composer) = composer else { return Ok(Previewed { text: None, faults }) };
            let text = self.specimen(c, &composer, (occasion, language), of, now);
            match text {
                Ok(text) => Ok(Previewed { text: Some(text), faults }),
                Err(e @ (OutreachError::Store { .. } | OutreachError::Corrupt { .. })) => Err(e),
                Err(e @ OutreachError::Missing { .. }) => Err(e),
                // What invented facts stumble over is said already.
                Err(_) if !faults.is_empty() => Ok(Previewed { text: None, faults }),
                Err(e) => Ok(Previewed { text: None, faults: vec![of_error(&e)] }),
            }
        })
    }

    /// Puts an edit in force, for every process.
    ///
    /// # Errors
    /// When there is no such template, somebody else changed it after `revision`, anything is wrong with it (the preview says
    /// what), or the store refuses.
    pub fn save_template(
        &self,
        (name, revision): (&str, i64),
        source: &str,
        why: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<()> {
        known(name)?;
        // Browsers send CRLF.
        let source = format!("{}\n", source.replace("\r\n", "\n").trim_end());
        self.edit_template((name, revision), Some(source), why, who, now)
    }

    /// Takes every edit of a template back: the folder's file counts again, or what is shipped.
    ///
    /// # Errors
    /// As for [`Outreach::save_template`].
    pub fn undo_template(&self, (name, revision): (&str, i64), why: &str, who: &str, now: Timestamp) -> Result<()> {
        known(name)?;
        self.edit_template((name, revision), None, why, who, now)
    }

    fn edit_template(
        &self,
        (name, revision): (&str, i64),
        source: Option<String>,
        why: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<()> {
        let attempted = format!("change the template {name}");
        self.store.write(&attempted, |tx| {
            let last = templates::of(tx, name, 1)?.first().map_or(0, |edit| edit.id);
            if last != revision {
                return Err(OutreachError::refused(&attempted, Obstacle::TemplateChanged));
            }
            // Also what counts again must fit with the phrases as they are now.
            let text = match &source {
                Some(source) => source.clone(),
                None => self.below(name)?,
            };
            let (_, faults) = self.examine(tx, name, &text)?;
            if !faults.is_empty() {
                return Err(OutreachError::TemplateFaults { name: name.to_owned(), faults });
            }
            let what = if source.is_some() { "edited a template" } else { "took a template back" };
            let edit = Edit { id: 0, name: name.to_owned(), source, at: now, who: who.to_owned(), why: why.to_owned() };
            templates::add(tx, &edit)?;
            let why = if why.is_empty() { name.to_owned() } else { format!("{name}: {why}") };
            Entry { at: now, who, what, why: &why, ..Entry::default() }.write(tx)
        })
    }

    /// The composer with a template in place of the one that counts, and everything that is wrong with it. Shared phrases are
    /// tried in every letter of their language.
    fn examine(
        &self,
        connection: &dyn Session,
        name: &str,
        source: &str,
    ) -> Result<(Option<Composer>, TemplateFaults)> {
        let (occasion, language) = known(name)?;
        let mut faults: TemplateFaults = lint::template_lines(source)
            .into_iter()
            .map(|(line, remark)| (Some(line), TemplateFault::Rule(remark)))
            .collect();
        if let Some(name) = self.named_in_template(connection, &lint::prose_of(source))? {
            faults.push((None, TemplateFault::Rule(Remark::OtherCustomer(name))));
        }
        let chars = source.chars().count();
        if chars > SOURCE_CHARS_MAX {
            return Ok((None, vec![(None, TemplateFault::Size(chars))]));
        }
        let mut composer = self.shelf.compose(connection)?;
        if let Err(error) = composer.put(name.to_owned(), source.to_owned()) {
            faults.push(of_error(&error));
            return Ok((None, faults));
        }
        let concerned = match occasion {
            Occasion::Phrases => Occasion::ALL.to_vec(),
            only => vec![only],
        };
        for occasion in concerned {
            for specimen in specimens(occasion, language, &self.options.catalogue) {
                let text = specimen.render(&composer, occasion);
                let checked = text.and_then(|text| strictly(occasion, &text));
                faults.extend(checked.err().into_iter().flat_map(of_errors));
                if let Err(error @ OutreachError::Lint(_)) = specimen.naming(&composer, occasion) {
                    faults.extend(of_errors(error));
                }
            }
        }
        Ok((Some(composer), unique(faults)))
    }
}

/// The occasion and language of a template that exists.
fn known(name: &str) -> Result<(Occasion, Language)> {
    Occasion::of_template(name).ok_or_else(|| OutreachError::missing("template", name))
}

/// A text as it would go out, its subject and its short form measured too.
pub(super) fn strictly(occasion: Occasion, text: &Draft) -> Result<()> {
    const MACHINE: &str = "invented/one";
    match occasion {
        Occasion::Page => {
            let remarks = lint::page(&text.body, MACHINE);
            return if remarks.is_empty() { Ok(()) } else { Err(OutreachError::Lint(remarks)) };
        }
        trouble if trouble.is_about_trouble() => check_word(text, MACHINE)?,
        _ => check(text, MACHINE)?,
    }
    check_subject(text)?;
    let long = lint::short(&text.short, MACHINE).into_iter().filter(|remark| matches!(remark, Remark::Short(_)));
    let long: Vec<Remark> = long.collect();
    if long.is_empty() { Ok(()) } else { Err(OutreachError::Lint(long)) }
}

fn change(edit: &Edit) -> TemplateChange {
    let Edit { at, who, why, source, .. } = edit;
    TemplateChange { at: *at, who: who.clone(), why: why.clone(), undone: source.is_none() }
}

fn of_errors(error: OutreachError) -> TemplateFaults {
    match error {
        OutreachError::Lint(remarks) => remarks.into_iter().map(|remark| (None, TemplateFault::Rule(remark))).collect(),
        other => vec![of_error(&other)],
    }
}

/// A template's error with its line, in the template language's own words.
fn of_error(error: &OutreachError) -> (Option<usize>, TemplateFault) {
    match error {
        OutreachError::Template { name, source } => {
            let elsewhere = source.name().filter(|at| at != name).map(|at| format!(" ({at})")).unwrap_or_default();
            let detail = source.detail().map_or_else(|| source.kind().to_string(), str::to_owned);
            (source.line(), TemplateFault::Code(format!("{detail}{elsewhere}")))
        }
        OutreachError::Excess { line, why, .. } => (Some(*line), TemplateFault::Code(why.clone())),
        other => (None, TemplateFault::Code(other.to_string())),
    }
}

/// Each fault once; a rule broken in a line of the template needs no word about the finished text.
fn unique(faults: TemplateFaults) -> TemplateFaults {
    let mut seen = BTreeSet::new();
    let mut out: TemplateFaults = Vec::new();
    for (line, fault) in faults {
        let text = format!("{fault:?}");
        let is_new =
            if line.is_some() { seen.insert((line, text.clone())) } else { !seen.iter().any(|(_, s)| *s == text) };
        if is_new {
            seen.insert((line, text));
            out.push((line, fault));
        }
    }
    out
}
