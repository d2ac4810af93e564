//! Which messages would have gone to customers, in outreach's own words.

use foretell_console::Lang;
use foretell_console::report::Letter;
use foretell_model::{Catalogue, Finding, FindingKind, Grade, Timestamp};
use foretell_outreach::compose::preview::Preview;
use foretell_outreach::{Language, Words};

use super::{MachineRun, Moment};
use crate::config::{Config, OutreachSection};
use crate::failure::{Failure, Kind};

/// The governor's first rule: one message about a machine in so many days.
const ONE_IN_DAYS: f64 = 30.0;

/// Writes letters as outreach would.
pub(super) struct LetterDesk<'a> {
    preview: Preview,
    catalogue: &'a Catalogue,
    language: Language,
}

impl<'a> LetterDesk<'a> {
    pub(super) fn new(config: &Config, catalogue: &'a Catalogue, lang: Lang) -> Result<Self, Failure> {
        let section = &config.outreach;
        // The default name exists in both languages; a company's own name is one.
        let own = (section.company != OutreachSection::default().company)
            .then(|| Words { en: section.company.clone(), zh: section.company.clone() });
        let preview = Preview::new(own, section.templates_dir.as_deref())
            .map_err(|error| Failure::because(Kind::Config, "could not use the message templates", error))?;
        let language = if lang == Lang::En { Language::En } else { Language::ZhCn };
        Ok(Self { preview, catalogue, language })
    }

    /// The letters about one machine, in order of time. A second one within 30 days would be held back.
    pub(super) fn of(&self, run: &MachineRun) -> Result<Vec<Letter>, Failure> {
        let mut letters: Vec<Letter> = Vec::new();
        let mut sent: Option<Timestamp> = None;
        for moment in run.moments.iter().filter(|moment| may_reach_customer(&moment.finding, self.catalogue)) {
            let at = moment.finding.at;
            let held_by = sent.filter(|sent| at.days_since(*sent) < ONE_IN_DAYS);
            if held_by.is_none() {
                sent = Some(at);
            }
            letters.push(self.letter(moment, held_by)?);
        }
        Ok(letters)
    }

    fn letter(&self, moment: &Moment, held_by: Option<Timestamp>) -> Result<Letter, Failure> {
        let at = moment.finding.at;
        if held_by.is_some() {
            return Ok(Letter { at, held_by, subject: String::new(), body: String::new() });
        }
        let draft = self.preview.letter(&moment.finding, &moment.context, self.catalogue, self.language);
        let draft = draft.map_err(|error| Failure::because(Kind::Config, "could not word a message", error))?;
        Ok(Letter { at, held_by, subject: draft.subject, body: draft.body })
    }
}

/// Whether outreach would draft a message for it.
pub(super) fn may_reach_customer(finding: &Finding, catalogue: &Catalogue) -> bool {
    let speaks = matches!(finding.kind, FindingKind::Prediction | FindingKind::Anomaly);
    speaks && finding.grade >= Grade::Advise && catalogue.fault(&finding.fault).is_some_and(|fault| fault.customer)
}
