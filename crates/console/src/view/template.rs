//! The templates of letters as the editor shows them: plain data, no behaviour.

use foretell_model::{TemplateFault, Timestamp};

use crate::Lang;

/// Where the text of a template comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateLayer {
    /// Shipped with the program.
    Shipped,
    /// A file of the templates folder.
    File,
    /// Edited here.
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
pub struct TemplateLine {
    /// Its name, e.g. `fault.zh-CN.j2`.
    pub name: String,
    /// Code of what it is for, e.g. `follow_up`.
    pub occasion: String,
    /// In which language.
    pub lang: Lang,
    /// Where its text comes from.
    pub layer: TemplateLayer,
    /// The last change made here, if there ever was one.
    pub changed: Option<TemplateChange>,
}

/// A real case on which a preview can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateExample {
    /// What [`crate::Backend::preview_template`] takes.
    pub key: String,
    /// The machine as its owner calls it.
    pub machine: String,
    /// Code of the fault or work, or the number of a service case.
    pub about: String,
}

/// One template in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplatePage {
    /// What the list says of it.
    pub line: TemplateLine,
    /// The text as it counts.
    pub source: String,
    /// What an edit must name, so that nobody overwrites what they never saw.
    pub revision: i64,
    /// Changes made here, newest first.
    pub history: Vec<TemplateChange>,
    /// Open cases that it could be about.
    pub examples: Vec<TemplateExample>,
}

/// A text as a template would make it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateText {
    /// Subject line; empty for a page.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// The short form; empty for a page.
    pub short: String,
    /// Parts of an SMS that the short form takes.
    pub short_parts: usize,
}

/// What a template would make of a case, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplatePreview {
    /// The text; `None` when it cannot be rendered.
    pub text: Option<TemplateText>,
    /// What is wrong, each with its line where there is one.
    pub faults: Vec<(Option<usize>, TemplateFault)>,
}
