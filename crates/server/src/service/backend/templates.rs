//! The templates of letters, as the editor shows them.

use foretell_console::BackendError;
use foretell_console::view::{
    TemplateChange, TemplateExample, TemplateLayer, TemplateLine, TemplatePage, TemplatePreview, TemplateText,
};
use foretell_model::{Clock, FindingId};
use foretell_outreach as outreach;
use foretell_outreach::compose::lint;
use foretell_outreach::{Layer, PreviewOf, TemplateInfo};

use super::ServiceBackend;
use super::errors::of_outreach;
use super::registry::lang;

/// Beginning of the key of a service case.
const TROUBLE: &str = "trouble/";

impl ServiceBackend {
    pub(super) fn template_lines(&self) -> Result<Vec<TemplateLine>, BackendError> {
        Ok(self.outreach.templates().map_err(of_outreach)?.into_iter().map(line).collect())
    }

    pub(super) fn template_page(&self, name: &str) -> Result<TemplatePage, BackendError> {
        let template = self.outreach.template(name).map_err(of_outreach)?;
        Ok(TemplatePage {
            line: line(template.info),
            source: template.source,
            revision: template.revision,
            history: template.history.into_iter().map(change).collect(),
            examples: template.choices.into_iter().filter_map(example).collect(),
        })
    }

    pub(super) fn template_preview(&self, name: &str, source: &str, of: &str) -> Result<TemplatePreview, BackendError> {
        let of = match (of, of.strip_prefix(TROUBLE)) {
            ("", _) => PreviewOf::Invented,
            (_, Some(number)) => number.parse().map_or(PreviewOf::Invented, PreviewOf::Trouble),
            (id, None) => PreviewOf::Case(FindingId::from_text(id)),
        };
        let now = self.clocks.now();
        let shown = self.outreach.preview_template(name, source, &of, now);
        // A case that is over in the meantime is no reason to show nothing.
        let shown = match shown {
            Err(outreach::OutreachError::Missing { what, .. }) if what != "template" => {
                self.outreach.preview_template(name, source, &PreviewOf::Invented, now)
            }
            shown => shown,
        };
        let shown = shown.map_err(of_outreach)?;
        let text = shown.text.map(|text| TemplateText {
            short_parts: lint::sms_parts(&text.short),
            subject: text.subject,
            body: text.body,
            short: text.short,
        });
        Ok(TemplatePreview { text, faults: shown.faults })
    }

    pub(super) fn saves_template(
        &self,
        template: (&str, i64),
        source: Option<String>,
        why: &str,
        by: &str,
    ) -> Result<(), BackendError> {
        let now = self.clocks.now();
        let saved = match source {
            Some(source) => self.outreach.save_template(template, &source, why, by, now),
            None => self.outreach.undo_template(template, why, by, now),
        };
        saved.map_err(of_outreach)
    }
}

fn line(info: TemplateInfo) -> TemplateLine {
    TemplateLine {
        name: info.name,
        occasion: info.occasion.name().to_owned(),
        lang: lang(info.language),
        layer: match info.layer {
            Layer::Shipped => TemplateLayer::Shipped,
            Layer::File => TemplateLayer::File,
            Layer::Edited => TemplateLayer::Edited,
        },
        changed: info.changed.map(change),
    }
}

fn change(change: outreach::TemplateChange) -> TemplateChange {
    TemplateChange { at: change.at, who: change.who, why: change.why, undone: change.undone }
}

fn example((of, machine): (PreviewOf, String)) -> Option<TemplateExample> {
    match of {
        PreviewOf::Invented => None,
        // The third part of a case's identity is its fault or work.
        PreviewOf::Case(id) => {
            let about = id.as_str().split('/').nth(2).unwrap_or_default().to_owned();
            Some(TemplateExample { key: id.to_string(), machine, about })
        }
        PreviewOf::Trouble(id) => {
            Some(TemplateExample { key: format!("{TROUBLE}{id}"), machine, about: id.to_string() })
        }
    }
}
