//! Which messages would have gone to customers, in outreach's own words.

use std::collections::HashSet;

use foretell_console::Lang;
use foretell_console::report::{Letter, is_date};
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

    /// The letters about one machine, in order of time.
    pub(super) fn of(&self, run: &MachineRun) -> Result<Vec<Letter>, Failure> {
        due(run, self.catalogue).into_iter().map(|(moment, held_by)| self.letter(moment, held_by)).collect()
    }

    fn letter(&self, moment: &Moment, held_by: Option<Timestamp>) -> Result<Letter, Failure> {
        let at = moment.finding.at;
        // Without dates there are no days to offer for a visit.
        if held_by.is_some() || !is_date(at) {
            return Ok(Letter { at, held_by, subject: String::new(), body: String::new() });
        }
        let draft = self.preview.letter(&moment.finding, &moment.context, self.catalogue, self.language);
        let draft = draft.map_err(|error| Failure::because(Kind::Config, "could not word a message", error))?;
        Ok(Letter { at, held_by, subject: draft.subject, body: draft.body })
    }
}

/// What letters would be about, in order of time, and since when an earlier one holds them back. One episode is one case, and
/// has one letter however pressing it becomes; a second letter about a machine within 30 days is held back.
pub(super) fn due<'a>(run: &'a MachineRun, catalogue: &Catalogue) -> Vec<(&'a Moment, Option<Timestamp>)> {
    let (mut told, mut sent) = (HashSet::new(), None::<Timestamp>);
    let speaks = |moment: &&Moment| may_reach_customer(&moment.finding, catalogue);
    let mut letters = Vec::new();
    for moment in run.moments.iter().filter(speaks).filter(|moment| told.insert(&moment.finding.id)) {
        let held_by = sent.filter(|sent| moment.finding.at.days_since(*sent) < ONE_IN_DAYS);
        sent = held_by.or(Some(moment.finding.at));
        letters.push((moment, held_by));
    }
    letters
}

/// Whether outreach would draft a message for it.
pub(super) fn may_reach_customer(finding: &Finding, catalogue: &Catalogue) -> bool {
    let speaks = matches!(finding.kind, FindingKind::Prediction | FindingKind::Anomaly);
    speaks && finding.grade >= Grade::Advise && catalogue.fault(&finding.fault).is_some_and(|fault| fault.customer)
}
