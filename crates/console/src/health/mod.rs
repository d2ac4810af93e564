//! The equipment health report: what was done, how each subsystem stands, what is likely and when, what the work achieved.
//!
//! `sheet::Sheet` is the report in words and figures of one language; the page (`templates/health.html`) and the PDF
//! (`templates/health.typ`, typeset in process) only lay it out, so that both say the same.

pub(crate) mod energy;
mod fonts;
mod pdf;
mod score;
pub(crate) mod sheet;
#[cfg(test)]
mod tests;
mod world;

use foretell_model::Catalogue;

pub use fonts::{FontError, Fonts};
pub use pdf::PdfError;
pub use sheet::period;

use crate::Lang;
use crate::view::HealthReport;

/// The report as a PDF file: vector curves, tagged for screen readers, the same bytes for the same report.
///
/// Takes some tenths of a second and one core; call it on a blocking pool, one at a time.
///
/// # Errors
/// When the fonts cannot set the report's text, naming what is missing and the remedy.
pub fn pdf(report: &HealthReport, catalogue: &Catalogue, lang: Lang, fonts: &Fonts) -> Result<Vec<u8>, PdfError> {
    let photos = report.jobs.iter().flat_map(|job| &job.photos);
    let pictures: Vec<(String, Vec<u8>)> = photos.map(|photo| (sheet::file_of(photo.id), photo.jpeg.clone())).collect();
    pdf::typeset(&sheet::Sheet::of(report, catalogue, lang), &pictures, lang, fonts)
}
