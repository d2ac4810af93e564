//! A dress rehearsal of the templates: each is rendered with invented facts, so that a misspelt name is found before the
//! service starts and not when the first customer should be written to.

use std::path::Path;

use foretell_model::{
    Catalogue, Evidence, FaultCode, Finding, FindingId, FindingKind, Grade, Limit, MachineId, RulDays, Signal, Status,
    Timestamp,
};

use super::{Composer, Facts, Occasion, Subject};
use crate::calendar::Calendar;
use crate::context::MachineContext;
use crate::error::OutreachError;
use crate::registry::{Advisor, Customer, Language, Machine, ServiceTask, Words};
use crate::service::DUE_PREFIX;
use crate::slots::Slot;

/// Renders every template of a directory (the shipped one where it has none) in each language, and says what went wrong.
#[must_use]
pub fn templates(edited: &Path, catalogue: &Catalogue) -> Vec<OutreachError> {
    let composer = match Composer::new(Some(edited)) {
        Ok(composer) => composer,
        Err(error) => return vec![error],
    };
    let mut faults = Vec::new();
    for language in Language::ALL {
        for occasion in [Occasion::Fault, Occasion::Service, Occasion::Reminder] {
            let Some(facts) = facts(language, occasion, catalogue) else { continue };
            faults.extend(composer.message(occasion, &facts).err());
            if occasion == Occasion::Fault {
                faults.extend(composer.page(&facts).err());
            }
        }
    }
    faults
}

/// Invented facts; `None` when the catalogue knows nothing that customers hear of.
fn facts(language: Language, occasion: Occasion, catalogue: &Catalogue) -> Option<Facts> {
    let words = || Words { en: "Invented".to_owned(), zh: "示例".to_owned() };
    let (work, _) = catalogue.actions.iter().next()?;
    let fault = catalogue.faults.iter().find(|fault| fault.customer)?.code.clone();
    let due = occasion == Occasion::Service;
    let finding = finding(if due { FaultCode::new(work)? } else { fault }, work, due)?;
    let machine = Machine {
        service: vec![ServiceTask { work: work.clone(), interval_h: 4_000.0, last_done_h: 0.0 }],
        ..Machine::new(finding.machine.to_string(), "No. 1")
    };
    let contact = Some("Ms Invented".to_owned());
    let customer = Customer { contact, ..Customer::new("invented", "Invented", language, "invented") };
    let advisor = Advisor::new("invented", words(), words(), "1");
    let now = finding.at;
    let slot = |days: f64| Slot { start: now.plus_days(days), end: now.plus_days(days + 0.1), idle: true };
    Some(Facts::of(&Subject {
        finding: &finding,
        context: &MachineContext {
            hours_per_day: Some(20.0),
            in_normal_range: Some(true),
            ..MachineContext::default()
        },
        machine: &machine,
        customer: &customer,
        advisor: &advisor,
        company: &words(),
        catalogue,
        calendar: &Calendar::plain(chrono_tz::Asia::Shanghai),
        slots: &[slot(2.0), slot(4.0)],
        link: "http://127.0.0.1/b/invented",
        now,
    }))
}

fn finding(fault: FaultCode, work: &str, due: bool) -> Option<Finding> {
    let machine = MachineId::new("invented", "one").ok()?;
    let (feature, value, unit) =
        if due { (format!("{DUE_PREFIX}{work}"), 3_900.0, "h") } else { ("excess".to_owned(), 5.0, "K") };
    let at = Timestamp::from_millis(1_780_000_000_000);
    Some(Finding {
        at,
        kind: if due { FindingKind::MaintenanceDue } else { FindingKind::Prediction },
        id: FindingId::new(&machine, &fault, 1),
        machine,
        status: Status::Opened,
        grade: Grade::Advise,
        fault,
        likelihood: 0.9,
        alternatives: Vec::new(),
        rul_days: Some(RulDays { p10: Some(14.0), p50: Some(21.0), p90: Some(30.0) }),
        probability_within: None,
        limit: Some(Limit { signal: Signal::DischargeTemp, value: 105.0 }),
        evidence: vec![Evidence { feature, value, unit: unit.into(), change_per_day: None, since: Some(at) }],
        text: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_templates_render_and_a_misspelt_name_is_found() {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let dir = tempfile::tempdir().unwrap();
        assert!(templates(dir.path(), &catalogue).is_empty());
        std::fs::write(dir.path().join("reminder.en.j2"), "Subject: {{ nubmer }}\n\nHello\n").unwrap();
        let faults: Vec<String> = templates(dir.path(), &catalogue).iter().map(ToString::to_string).collect();
        assert_eq!(faults, ["template `reminder.en.j2` could not be rendered"]);
    }
}
