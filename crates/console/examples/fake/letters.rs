//! The editor of letters over two shipped templates, kept in memory. A preview shows the text as it stands, places unfilled.

use foretell_console::view::{
    Remark, TemplateChange, TemplateExample, TemplateFault, TemplateLayer, TemplateLine, TemplatePage, TemplatePreview,
    TemplateText,
};
use foretell_console::{BackendError, Lang};
use foretell_model::Obstacle;

use super::fleet::now;

const SHIPPED: [(&str, &str, Lang, &str); 4] = [
    ("fault.zh-CN.j2", "fault", Lang::Zh, include_str!("../../../../config/templates/fault.zh-CN.j2")),
    ("fault.en.j2", "fault", Lang::En, include_str!("../../../../config/templates/fault.en.j2")),
    ("follow_up.zh-CN.j2", "follow_up", Lang::Zh, include_str!("../../../../config/templates/follow_up.zh-CN.j2")),
    ("follow_up.en.j2", "follow_up", Lang::En, include_str!("../../../../config/templates/follow_up.en.j2")),
];

/// What was changed: name, text and change, newest last.
#[derive(Default)]
pub(crate) struct Letters(Vec<(String, Option<String>, TemplateChange)>);

impl Letters {
    pub(crate) fn lines(&self) -> Vec<TemplateLine> {
        SHIPPED.iter().map(|(name, occasion, lang, _)| self.line(name, occasion, *lang)).collect()
    }

    fn of(&self, name: &str) -> impl DoubleEndedIterator<Item = &(String, Option<String>, TemplateChange)> {
        self.0.iter().filter(move |(known, ..)| known == name)
    }

    fn line(&self, name: &str, occasion: &str, lang: Lang) -> TemplateLine {
        let last = self.of(name).next_back();
        let edited = last.is_some_and(|(_, source, _)| source.is_some());
        TemplateLine {
            name: name.to_owned(),
            occasion: occasion.to_owned(),
            lang,
            layer: if edited { TemplateLayer::Edited } else { TemplateLayer::Shipped },
            changed: last.map(|(.., change)| change.clone()),
        }
    }

    pub(crate) fn page(&self, name: &str) -> Result<TemplatePage, BackendError> {
        let (name, occasion, lang, shipped) = known(name)?;
        let edited = self.of(name).next_back().and_then(|(_, source, _)| source.clone());
        Ok(TemplatePage {
            line: self.line(name, occasion, *lang),
            source: edited.unwrap_or_else(|| (*shipped).to_owned()),
            revision: i64::try_from(self.of(name).count()).unwrap_or_default(),
            history: self.of(name).rev().map(|(.., change)| change.clone()).collect(),
            examples: vec![TemplateExample {
                key: "suzhou-01/c-02/cooler_clogging/1".into(),
                machine: "2号机".into(),
                about: "cooler_clogging".into(),
            }],
        })
    }

    pub(crate) fn save(
        &mut self,
        (name, revision): (&str, i64),
        source: Option<String>,
        why: &str,
        who: &str,
    ) -> Result<(), BackendError> {
        if self.page(name)?.revision != revision {
            return Err(Obstacle::TemplateChanged.into());
        }
        if source.as_ref().is_some_and(|source| !preview(name, source).is_ok_and(|shown| shown.faults.is_empty())) {
            return Err(Obstacle::TemplateFaulty.into());
        }
        let change = TemplateChange { at: now(), who: who.to_owned(), why: why.to_owned(), undone: source.is_none() };
        self.0.push((name.to_owned(), source, change));
        Ok(())
    }
}

pub(crate) fn preview(name: &str, source: &str) -> Result<TemplatePreview, BackendError> {
    known(name)?;
    let part = |begin: &str| {
        let line = source.lines().find_map(|line| line.strip_prefix(begin));
        line.unwrap_or_default().trim().to_owned()
    };
    let body: Vec<&str> = source
        .lines()
        .filter(|line| !line.starts_with("{%") && !line.starts_with("Subject:") && !line.starts_with("Short:"))
        .collect();
    let shouts = source.lines().enumerate().filter(|(_, line)| line.replace("!=", "").contains(['!', '！']));
    let faults = shouts.map(|(n, _)| (Some(n + 1), TemplateFault::Rule(Remark::Exclamation))).collect();
    let text = TemplateText { subject: part("Subject:"), body: body.join("\n"), short: part("Short:"), short_parts: 2 };
    Ok(TemplatePreview { text: Some(text), faults })
}

fn known(name: &str) -> Result<&'static (&'static str, &'static str, Lang, &'static str), BackendError> {
    SHIPPED.iter().find(|(known, ..)| *known == name).ok_or_else(|| BackendError::NotFound("template".to_owned()))
}
