//! From a sheet to a PDF: typeset, look at every glyph, write.

use std::collections::BTreeSet;

use serde_json::Value;
use typst::diag::SourceDiagnostic;
use typst::foundations::Smart;
use typst::layout::{Frame, FrameItem};
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

use super::fonts::{FontError, Fonts};
use super::sheet::Sheet;
use super::world::ReportWorld;
use crate::{Lang, text};

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// No font can set the language.
    #[error("could not typeset the report: {0}")]
    Fonts(#[from] FontError),
    /// Some characters are in none of the fonts.
    #[error(
        "could not typeset the report: no font found has the characters {characters}; put a font file that has them into a folder \
         and name the folder with `[console] fonts_dir` (for Chinese ones, on Debian: `apt-get install fonts-noto-cjk`), or change \
         the name that holds them"
    )]
    Characters {
        /// Which.
        characters: String,
    },
    /// The template failed; a fault of ours.
    #[error("could not typeset the report: {0}")]
    Template(String),
}

/// The glyph that fonts show for what they do not have.
const NOT_DEFINED: u16 = 0;

/// Typesets a sheet.
pub(super) fn typeset(
    sheet: &Sheet,
    pictures: &[(String, Vec<u8>)],
    lang: Lang,
    fonts: &Fonts,
) -> Result<Vec<u8>, PdfError> {
    laid_out(sheet, pictures, lang, fonts).and_then(|document| write(&document, sheet))
}

/// A sheet on its pages, every character of which a font has.
pub(super) fn laid_out(
    sheet: &Sheet,
    pictures: &[(String, Vec<u8>)],
    lang: Lang,
    fonts: &Fonts,
) -> Result<PagedDocument, PdfError> {
    let families = fonts.families(lang)?;
    let mut sheet = serde_json::to_value(sheet).map_err(|error| PdfError::Template(error.to_string()))?;
    text::bind_all(&mut sheet);
    let (document, missing) = set(&sheet, pictures, families, fonts)?;
    if missing.is_empty() || !missing.iter().all(|c| is_picture(*c)) {
        return refuse(&missing).map(|()| document);
    }
    // A thumb held up in a caption says nothing that the report would lack.
    leave_out(&mut sheet, &missing);
    let (document, missing) = set(&sheet, pictures, families, fonts)?;
    refuse(&missing).map(|()| document)
}

/// A sheet on its pages, and the characters that no font has.
fn set(
    sheet: &Value,
    pictures: &[(String, Vec<u8>)],
    families: &[String],
    fonts: &Fonts,
) -> Result<(PagedDocument, BTreeSet<char>), PdfError> {
    let json = serde_json::to_vec(&serde_json::json!({ "fonts": families, "sheet": sheet }));
    let json = json.map_err(|error| PdfError::Template(error.to_string()))?;
    let Some(world) = ReportWorld::new(json, pictures, fonts) else {
        return Err(PdfError::Template("the template has no name".to_owned()));
    };
    let compiled = typst::compile::<PagedDocument>(&world);
    let done = match compiled.output {
        Ok(_) if !compiled.warnings.is_empty() => Err(PdfError::Template(said(&compiled.warnings))),
        Ok(document) => Ok(missing(document)),
        Err(errors) => Err(PdfError::Template(said(&errors))),
    };
    // Its cache is worth nothing to the next report, which has other figures.
    comemo::evict(0);
    done
}

fn write(document: &PagedDocument, sheet: &Sheet) -> Result<Vec<u8>, PdfError> {
    // An identity of the report's own keeps the bytes the same for the same report.
    let options = PdfOptions {
        ident: Smart::Custom(format!("{} {}", sheet.id, sheet.made)),
        creator: Smart::Custom(Some("Foretell".to_owned())),
        ..PdfOptions::default()
    };
    typst_pdf::pdf(document, &options).map_err(|errors| PdfError::Template(said(&errors)))
}

fn said(diagnostics: &[SourceDiagnostic]) -> String {
    let texts: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    texts.join("; ")
}

/// A document, and which characters it would show as boxes.
fn missing(document: PagedDocument) -> (PagedDocument, BTreeSet<char>) {
    let mut characters = BTreeSet::new();
    document.pages().iter().for_each(|page| look(&page.frame, &mut characters));
    (document, characters)
}

/// Refuses what would show boxes.
fn refuse(characters: &BTreeSet<char>) -> Result<(), PdfError> {
    if characters.is_empty() {
        return Ok(());
    }
    let characters: Vec<String> = characters.iter().map(|c| format!("\"{c}\" (U+{:04X})", *c as u32)).collect();
    Err(PdfError::Characters { characters: characters.join(", ") })
}

/// Whether a character is a little picture, or joins such, and no part of any word or figure.
fn is_picture(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' | '\u{200d}' | '\u{20e3}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e007f}')
}

/// Takes characters out of every text, and the blanks that they leave behind.
fn leave_out(value: &mut Value, characters: &BTreeSet<char>) {
    match value {
        Value::String(text) if text.contains(|c: char| characters.contains(&c)) => {
            let rest: String = text.chars().filter(|c| !characters.contains(c)).collect();
            *text = rest.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        Value::Array(all) => all.iter_mut().for_each(|one| leave_out(one, characters)),
        Value::Object(all) => all.values_mut().for_each(|one| leave_out(one, characters)),
        _ => {}
    }
}

fn look(frame: &Frame, missing: &mut BTreeSet<char>) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => look(&group.frame, missing),
            FrameItem::Text(text) => {
                let undefined = text.glyphs.iter().filter(|glyph| glyph.id == NOT_DEFINED);
                missing.extend(undefined.filter_map(|glyph| text.text.get(glyph.range())?.chars().next()));
            }
            _ => {}
        }
    }
}
