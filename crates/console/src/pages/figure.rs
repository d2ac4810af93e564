//! A curve with its caption and legend, as pages show it.

use std::sync::Arc;

use foretell_model::{Catalogue, FaultCode};

use crate::chart::{self, CurveText, Size};
use crate::text::{self, Words};
use crate::view::{Curve, Mark, MarkKind};
use crate::{Lang, civil};

/// What `curve.html` needs.
pub(crate) struct Figure {
    pub(crate) t: &'static Words,
    pub(crate) caption: String,
    pub(crate) hint: &'static str,
    pub(crate) svg: String,
    pub(crate) has_cone: bool,
    pub(crate) has_window: bool,
    pub(crate) marks: Vec<MarkLine>,
}

/// A mark in the legend.
pub(crate) struct MarkLine {
    pub(crate) class: &'static str,
    pub(crate) text: String,
}

/// Draws a curve in the given sizes; with several, the style sheet shows the one that fits.
pub(crate) fn figure(curve: &Curve, sizes: &[Size], caption: &str, catalogue: &Catalogue, lang: Lang) -> Figure {
    let t = text::words(lang);
    let name = |mark: &Mark| mark_name(mark, catalogue, lang);
    let words = CurveText { lang, title: caption, mark: &name };
    let svg = sizes.iter().map(|size| chart::curve(curve, *size, &words)).collect();
    let marks = curve.marks.iter().map(|mark| MarkLine {
        class: match mark.kind {
            MarkKind::Maintenance => "maintenance",
            MarkKind::Alarm => "alarm",
            MarkKind::Advisory => "advisory",
            MarkKind::Note => "note",
        },
        text: format!("{} {}", civil::day(mark.at.day(), lang), name(mark)),
    });
    Figure {
        t,
        caption: caption.to_owned(),
        hint: t.hover_hint,
        svg,
        has_cone: !curve.cone.is_empty(),
        has_window: curve.cone.iter().any(|point| point.q90_c >= curve.limit_c),
        marks: marks.collect(),
    }
}

/// A mark in words: work and faults by their names in the catalogue, anything else as it stands.
pub(crate) fn mark_name(mark: &Mark, catalogue: &Catalogue, lang: Lang) -> String {
    let named = match mark.kind {
        MarkKind::Maintenance => {
            catalogue.actions.get(&mark.label).map(|action| action.name.in_language(lang.tag()).to_owned())
        }
        MarkKind::Advisory => FaultCode::new(&mark.label).map(|code| text::fault(&code, catalogue, lang)),
        MarkKind::Alarm | MarkKind::Note => None,
    };
    named.unwrap_or_else(|| mark.label.replace('_', " "))
}

/// The figure of a page that shows one machine: for a desk and for a phone.
pub(crate) fn page_figure(curve: &Curve, catalogue: &Arc<Catalogue>, lang: Lang) -> Figure {
    figure(curve, &[Size::Wide, Size::Narrow], text::words(lang).curve_title, catalogue, lang)
}

/// The figure of a card or of the customer's page: narrow on every screen, without the legend of marks.
pub(crate) fn card_figure(curve: &Curve, catalogue: &Arc<Catalogue>, lang: Lang) -> Figure {
    figure(curve, &[Size::Narrow], text::words(lang).curve_title, catalogue, lang)
}
