//! What a message would say about a machine that nobody has registered, for reports over recorded history.
//!
//! The same templates and the same rules for times as for a real letter; what only a registration knows - names, telephone
//! numbers, the customer's own number of the machine - is put in neutrally.

use std::path::Path;

use foretell_model::{Catalogue, Finding, FindingKind, WishedTime};

use super::{Composer, Draft, Facts, Occasion, Subject, pieces_of};
use crate::calendar::Calendar;
use crate::context::MachineContext;
use crate::error::Result;
use crate::registry::{Advisor, Customer, Language, Machine, Words};
use crate::slots::{self, Visit};
use crate::store::Spoken;

/// Writes letters without sending them.
#[derive(Debug)]
pub struct Preview {
    composer: Composer,
    company: Words,
}

impl Preview {
    /// With a company's own name and a directory of edited templates, where there are such.
    ///
    /// # Errors
    /// When an edited template cannot be used.
    pub fn new(company: Option<Words>, templates: Option<&Path>) -> Result<Self> {
        let default = || Words { en: "Foretell Service".to_owned(), zh: "先知服务".to_owned() };
        Ok(Self { composer: Composer::new(templates)?, company: company.unwrap_or_else(default) })
    }

    /// The letter that a finding would lead to at the moment when it was concluded.
    ///
    /// # Errors
    /// When an edited template cannot be rendered.
    pub fn letter(
        &self,
        finding: &Finding,
        context: &MachineContext,
        catalogue: &Catalogue,
        language: Language,
    ) -> Result<Draft> {
        let calendar = Calendar::plain(chrono_tz::UTC);
        let spoken = Spoken::new(finding);
        let pieces = pieces_of(spoken, catalogue);
        let visit = Visit {
            minutes: pieces.iter().map(|piece| piece.action.minutes).sum(),
            stops_machine: pieces.iter().any(|piece| piece.action.stops_machine),
            before: finding.rul_days.and_then(|rul| rul.p10).map(|days| finding.at.plus_days(days)),
            can_wait: finding.kind == FindingKind::MaintenanceDue,
            wished: WishedTime::default(),
        };
        let earliest = slots::with_notice(finding.at);
        let slots = slots::propose(visit, context, &calendar, &|_| Some(1), earliest);
        let facts = Facts::of(&Subject {
            spoken,
            context,
            machine: &machine(finding),
            customer: &customer(language),
            stage: None,
            advisor: &advisor(),
            company: &self.company,
            catalogue,
            calendar: &calendar,
            slots: &slots,
            link: "https://…",
            now: finding.at,
        });
        self.composer.letter(Occasion::of_finding(finding), language, &facts)
    }
}

fn machine(finding: &Finding) -> Machine {
    Machine::new(finding.machine.to_string(), finding.machine.machine())
}

fn customer(language: Language) -> Customer {
    Customer { zone: "UTC".to_owned(), ..Customer::new("", "", language, "") }
}

fn advisor() -> Advisor {
    let words = |en: &str, zh: &str| Words { en: en.to_owned(), zh: zh.to_owned() };
    Advisor::new("", words("[advisor]", "〔顾问〕"), words("service advisor", "服务顾问"), "…")
}

#[cfg(test)]
mod tests {
    use foretell_model::{FaultCode, FindingId, FindingKind, Grade, MachineId, RulDays, Status, Timestamp};

    use super::*;

    #[test]
    fn a_letter_is_worded_without_a_registration_in_both_languages() {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let (machine, fault) = (MachineId::new("s1", "m7").unwrap(), FaultCode::new("cooler_clogging").unwrap());
        let finding = Finding {
            at: Timestamp::parse("2026-07-18T00:00:00Z").unwrap(),
            kind: FindingKind::Prediction,
            id: FindingId::new(&machine, &fault, 1),
            machine,
            status: Status::Opened,
            grade: Grade::Advise,
            fault,
            likelihood: 0.9,
            alternatives: Vec::new(),
            rul_days: Some(RulDays { p10: Some(14.0), p50: Some(21.0), p90: Some(30.0) }),
            probability_within: None,
            limit: None,
            evidence: Vec::new(),
            text: String::new(),
        };
        let preview = Preview::new(None, None).unwrap();
        for (language, expected) in [(Language::En, "compressor m7"), (Language::ZhCn, "m7")] {
            let draft = preview.letter(&finding, &MachineContext::default(), &catalogue, language).unwrap();
            assert!(draft.subject.contains("m7") && draft.body.contains(expected), "{draft:?}");
            assert!(
                draft.body.contains("2.") && draft.body.contains("〔顾问〕") == (language == Language::ZhCn),
                "{draft:?}"
            );
        }
    }
}
