//! A dress rehearsal of the templates: each is rendered with invented facts, rich ones and bare ones, so that a misspelt name
//! is found before the service starts or an edit is saved, and not when the first customer should be written to.

use std::path::Path;

use foretell_model::{
    Catalogue, DAY_MS, DayOfWeek, DayPart, Evidence, FaultCode, Finding, FindingId, FindingKind, Grade, HOUR_MS, Limit,
    MINUTE_MS, MachineId, RulDays, Signal, Status, Timestamp, WishedTime,
};

use super::common::Comer;
use super::trouble::{self, TroubleFacts};
use super::visit::{self, VisitFacts};
use super::{Before, Common, Composer, Draft, Effect, Facts, Occasion, Subject, library, slot_text};
use crate::calendar::Calendar;
use crate::care::CustomerStage;
use crate::context::MachineContext;
use crate::earlier::Talk;
use crate::error::{OutreachError, Result};
use crate::holidays::Holidays;
use crate::managers::ComplaintFacts;
use crate::registry::{Advisor, Customer, Language, Machine, Production, ServiceTask, Technician, Words};
use crate::service::DUE_PREFIX;
use crate::slots::Slot;
use crate::store::Spoken;
use crate::views::Promise;

/// A Wednesday, 15 July 2026, 17:00 in China.
const NOW: Timestamp = Timestamp::from_millis(1_784_106_000_000);
/// The times of a letter, days after it: 16 and 20 July.
const TIMES: [i64; 2] = [1, 5];
/// 20 June of that year.
const SINCE: Timestamp = Timestamp::from_millis(1_781_913_600_000);

/// Renders every template of a directory (the shipped one where it has none) in each language, and says all that went wrong.
#[must_use]
pub fn templates(edited: &Path, catalogue: &Catalogue) -> Vec<OutreachError> {
    let mut composer = match Composer::new(None) {
        Ok(composer) => composer,
        Err(error) => return vec![error],
    };
    let mut faults = Vec::new();
    // The shipped text stands in for one that cannot be taken, so that the rest is tried too.
    for (name, _) in library::SHIPPED {
        match library::file(Some(edited), name) {
            Ok(None) => {}
            Ok(Some(source)) => faults.extend(composer.replace((*name).to_owned(), source).err().map(of(name))),
            Err(error) => faults.push(error),
        }
    }
    for language in Language::ALL {
        for occasion in Occasion::ALL {
            // One word for each template: its variants break alike.
            let mut rendered = specimens(occasion, language, catalogue).into_iter();
            faults.extend(rendered.find_map(|specimen| specimen.naming(&composer, occasion).err()));
        }
    }
    faults
}

/// Names the template whose words break the house rules; other faults name it themselves.
fn of(name: &str) -> impl Fn(OutreachError) -> OutreachError {
    move |error| match error {
        OutreachError::Lint(_) => OutreachError::unfit(format!("use the template `{name}`"), error.to_string()),
        other => other,
    }
}

/// Invented facts of one letter.
pub(super) enum Specimen {
    /// Of a case.
    Case(Box<Facts>),
    /// Of a visit.
    Visit(Box<VisitFacts>),
    /// Of a service case.
    Trouble(Box<TroubleFacts>),
    /// Of a complaint.
    Complaint(ComplaintFacts),
}

impl Specimen {
    /// Renders them; a page has a body and nothing else.
    pub(super) fn render(&self, composer: &Composer, occasion: Occasion) -> Result<Draft> {
        match self {
            Self::Case(facts) if occasion == Occasion::Page => {
                composer.page(facts).map(|body| Draft { body, ..Draft::default() })
            }
            Self::Case(facts) => composer.letter(occasion, facts.language(), facts),
            Self::Visit(facts) => composer.letter(occasion, facts.language(), facts),
            Self::Trouble(facts) => composer.letter(occasion, facts.common.language, facts),
            Self::Complaint(facts) => facts.render(composer),
        }
    }

    /// The same, refused where a letter about several machines does not name each of them.
    pub(super) fn naming(&self, composer: &Composer, occasion: Occasion) -> Result<Draft> {
        let text = self.render(composer, occasion)?;
        let several = match self {
            // The page shows each machine under its name.
            _ if occasion == Occasion::Page => Vec::new(),
            Self::Case(facts) => facts.several(),
            Self::Visit(facts) => facts.several(),
            Self::Trouble(_) | Self::Complaint(_) => Vec::new(),
        };
        super::check_names(&text, &several).map(|()| text)
    }
}

/// Invented facts for a letter, the richest first; none for what is no letter, or when the catalogue knows nothing that
/// customers hear of.
pub(super) fn specimens(occasion: Occasion, language: Language, catalogue: &Catalogue) -> Vec<Specimen> {
    let case = |occasion, rich| facts(language, occasion, catalogue, rich);
    match occasion {
        Occasion::Phrases => Vec::new(),
        Occasion::Page => {
            let about = [Occasion::Fault, Occasion::Service, Occasion::Energy];
            let alone = about.into_iter().flat_map(|about| [case(about, true), case(about, false)]).flatten();
            let all = alone.chain(joint(Occasion::Fault, language, catalogue)).chain(again(language, catalogue));
            let all = all.chain(joint(Occasion::Fault, language, catalogue).map(|all| broken(language, all)));
            all.map(boxed).collect()
        }
        Occasion::Fault | Occasion::Service | Occasion::Reminder => {
            let alone = [true, false].into_iter().filter_map(|rich| case(occasion, rich));
            let is_reminder = occasion == Occasion::Reminder;
            let more = again(language, catalogue).filter(|_| is_reminder);
            // Of the third machine the letter knew nothing.
            let since = joint(occasion, language, catalogue).filter(|_| is_reminder);
            let since = since.map(|facts| {
                facts.since(match language {
                    Language::En => "No. 2",
                    Language::ZhCn => "2号机",
                })
            });
            let later =
                [talked, beside].into_iter().filter_map(|change| case(occasion, true).map(|of| change(language, of)));
            let several = joint(occasion, language, catalogue).into_iter().chain(since);
            alone.chain(several).chain(more).chain(later).map(boxed).collect()
        }
        Occasion::Energy => [true, false].into_iter().filter_map(|rich| case(occasion, rich)).map(boxed).collect(),
        Occasion::Again => again(language, catalogue).into_iter().map(boxed).collect(),
        Occasion::Confirmed | Occasion::Moved | Occasion::Cancelled | Occasion::Calendar | Occasion::FollowUp => {
            let alone = [true, false].into_iter().filter_map(|rich| facts(language, Occasion::Fault, catalogue, rich));
            let visits =
                alone.zip([true, false]).chain(joint(Occasion::Fault, language, catalogue).map(|all| (all, true)));
            let visits = visits.filter_map(|(facts, rich)| visit(language, facts, rich));
            visits.map(|facts| Specimen::Visit(Box::new(facts))).collect()
        }
        Occasion::Joined => {
            // Other machines, and work by running hours on the visit's own one.
            let own = facts(language, Occasion::Service, catalogue, true);
            let all = joint(Occasion::Fault, language, catalogue).into_iter().chain(own);
            let all = all.filter_map(|facts| visit(language, facts, true));
            // And a fault of that one, against which its service may be enough.
            let fault = facts(language, Occasion::Fault, catalogue, true).and_then(|facts| facts.unsaid("-"));
            let service = facts(language, Occasion::Service, catalogue, false);
            let own = service.and_then(|facts| visit(language, facts, true)).map(|visit| visit.finding(fault));
            all.chain(own).map(|facts| Specimen::Visit(Box::new(facts))).collect()
        }
        Occasion::Complaint => {
            let ways = [(false, false), (false, true), (true, false), (true, true)];
            ways.map(|way| Specimen::Complaint(ComplaintFacts::invented(language, way))).into()
        }
        Occasion::OnTheWay
        | Occasion::Late
        | Occasion::Progress
        | Occasion::Closing
        | Occasion::CalledOff
        | Occasion::StillOpen => {
            let is_late = occasion == Occasion::Late;
            let promises: &[_] = if is_late { &[Some(Promise::OnSite), Some(Promise::CallBack)] } else { &[None] };
            let all = promises.iter().flat_map(|promise| [true, false].map(|rich| (*promise, rich)));
            all.map(|(promise, rich)| {
                let technician = rich.then(|| comer(language));
                let facts = trouble::invented(common(language, rich), technician, promise, rich);
                Specimen::Trouble(Box::new(facts))
            })
            .collect()
        }
    }
}

fn boxed(facts: Facts) -> Specimen {
    Specimen::Case(Box::new(facts))
}

/// A letter about three machines of one site, a fault on one and due work on another among them.
fn joint(occasion: Occasion, language: Language, catalogue: &Catalogue) -> Option<Facts> {
    let number = |facts: Facts, n: u32| match language {
        Language::En => facts.called(format!("No. {n}")),
        Language::ZhCn => facts.called(format!("{n}号机")),
    };
    let fault = number(facts(language, Occasion::Fault, catalogue, true)?, 2);
    let due = number(facts(language, Occasion::Service, catalogue, true)?, 3);
    offering(facts(language, occasion, catalogue, true)?.with(vec![fault, due]))
}

/// A letter with its times, each as long as its work takes and over by seven in the evening.
fn offering(mut facts: Facts) -> Option<Facts> {
    let calendar = Calendar::of(&customer(facts.language(), true), &Holidays::none()).ok()?;
    let text = |day: i64| {
        let end = NOW + (day * DAY_MS + 2 * HOUR_MS);
        let slot = Slot { start: end + -i64::from(facts.minutes) * MINUTE_MS, end, idle: true };
        slot_text(facts.language(), &calendar, &slot)
    };
    facts.slots = TIMES.map(text).to_vec();
    Some(facts)
}

/// A letter that goes on with a talk on the telephone.
fn talked(language: Language, facts: Facts) -> Facts {
    let day = |n| chrono::NaiveDate::from_ymd_opt(2026, 7, n).unwrap_or_default();
    let wish = WishedTime { day: Some(DayOfWeek::Thursday), part: Some(DayPart::Afternoon) };
    let wish = Some(wish.in_language(language.tag()));
    facts.in_talk(Some(Talk { wish, ..Talk::of(language, day(14), day(15)) }))
}

/// A letter about something else than work that did not help.
fn beside(language: Language, facts: Facts) -> Facts {
    let day = match language {
        Language::En => "16 June",
        Language::ZhCn => "6月16日",
    };
    facts.beside(day.to_owned(), false)
}

/// A page about machines that stand still meanwhile.
fn broken(language: Language, facts: Facts) -> Facts {
    let day = match language {
        Language::En => "16 July",
        Language::ZhCn => "7月16日",
    };
    let machines: Vec<_> = facts.machines().map(|machine| (machine.clone(), day.to_owned())).collect();
    facts.broken_down(&machines)
}

/// A letter after work that did not help.
fn again(language: Language, catalogue: &Catalogue) -> Option<Facts> {
    let facts = facts(language, Occasion::Fault, catalogue, true)?;
    let day = match language {
        Language::En => "1 July",
        Language::ZhCn => "7月1日",
    };
    let works = facts.jobs.clone();
    let effect = effect(language, -0.2)?;
    let before = Before {
        day: day.to_owned(),
        works,
        beside: false,
        elsewhere: false,
        unfound: None,
        technician: None,
        effect,
        spent: false,
    };
    Some(facts.after(before))
}

/// What cleaning a cooler achieved.
fn effect(language: Language, change_k: f64) -> Option<Option<Effect>> {
    let change = vec![evidence("discharge_change_k", change_k, "K"), evidence("discharge_change_k_sd", 0.5, "K")];
    Some(Effect::of(&finding(FaultCode::new("cooler_cleaned")?, change)?, true, language))
}

fn visit(language: Language, facts: Facts, rich: bool) -> Option<VisitFacts> {
    let effect = effect(language, -4.2)?.filter(|_| rich);
    Some(visit::invented(facts, common(language, rich), rich.then(|| comer(language)), effect))
}

fn words(en: &str, zh: &str) -> Words {
    Words { en: en.to_owned(), zh: zh.to_owned() }
}

fn company() -> Words {
    words("Invented Service", "示例服务")
}

fn comer(language: Language) -> Comer {
    let technician = Technician {
        badge: Some("1042".to_owned()),
        ..Technician::new("invented", words("Ben Invented", "陈示例"), "+86 138 0000 0000")
    };
    Comer::of(&technician, language)
}

fn customer(language: Language, rich: bool) -> Customer {
    let contact = match language {
        Language::En => "Ms Invented",
        Language::ZhCn => "李工",
    };
    let contact = rich.then(|| contact.to_owned());
    let busy = if rich { vec!["2026-09-01/2026-10-31".to_owned()] } else { Vec::new() };
    let production = Production { busy, ..Production::default() };
    Customer { contact, production, ..Customer::new("invented", "Invented", language, "invented") }
}

fn common(language: Language, rich: bool) -> Common {
    let (customer, machine) = (customer(language, rich), Machine::new("invented/one", number(language)));
    let stage = (!rich).then_some(CustomerStage::Complaint);
    Common::of((&customer, &advisor(), &machine), &company(), stage)
}

fn advisor() -> Advisor {
    let (name, role) = (words("Ada Invented", "王示例"), words("your service advisor", "服务顾问"));
    Advisor::new("invented", name, role, "+86 21 5555 0000")
}

const fn number(language: Language) -> &'static str {
    match language {
        Language::En => "No. 1",
        Language::ZhCn => "1号机",
    }
}

/// Invented facts; `None` when the catalogue knows nothing that customers hear of.
fn facts(language: Language, occasion: Occasion, catalogue: &Catalogue, rich: bool) -> Option<Facts> {
    let (work, _) = catalogue.actions.iter().next()?;
    let fault = catalogue.faults.iter().find(|fault| fault.customer)?.code.clone();
    let finding = match occasion {
        Occasion::Service => {
            let due = vec![evidence(&format!("{DUE_PREFIX}{work}"), 3_600.0, "h")];
            Finding { kind: FindingKind::MaintenanceDue, ..finding(FaultCode::new(work)?, due)? }
        }
        Occasion::Energy => leak()?,
        _ if rich => finding(fault, vec![evidence("discharge_excess_k", 5.0, "K")])?,
        _ => Finding { rul_days: None, limit: None, ..finding(fault, Vec::new())? },
    };
    let machine = Machine {
        service: vec![ServiceTask { work: work.clone(), interval_h: 4_000.0, last_done_h: 0.0 }],
        ..Machine::new(finding.machine.to_string(), number(language))
    };
    let customer = &customer(language, rich);
    let now = finding.at;
    let slot = |days: i64| Slot { start: now + days * DAY_MS, end: now + (days * DAY_MS + 2 * HOUR_MS), idle: rich };
    let facts = Facts::of(&Subject {
        spoken: Spoken::new(&finding),
        context: &MachineContext {
            hours_per_day: rich.then_some(20.0),
            in_normal_range: rich.then_some(true),
            ..MachineContext::default()
        },
        machine: &machine,
        customer,
        stage: None,
        advisor: &advisor(),
        company: &company(),
        catalogue,
        calendar: &Calendar::of(customer, &Holidays::none()).ok()?,
        slots: &TIMES.map(slot),
        link: "https://service.example/b/invented",
        now,
    });
    offering(facts)
}

fn leak() -> Option<Finding> {
    let figures = [
        ("quiet_load_share", 0.14, "1"),
        ("own_normal", 0.03, "1"),
        ("leak_flow_m3_min", 0.56, "m3/min"),
        ("leak_flow_m3_min_sd", 0.06, "m3/min"),
        ("leak_power_kw", 3.3, "kW"),
        ("leak_power_kw_sd", 0.4, "kW"),
        ("leak_cost_per_year", 17_200.0, "CNY"),
        ("leak_cost_per_year_sd", 2_200.0, "CNY"),
        ("tariff_per_kwh", 0.8, "CNY"),
    ];
    let evidence = figures.map(|(feature, value, unit)| evidence(feature, value, unit)).to_vec();
    Some(Finding {
        kind: FindingKind::Anomaly,
        rul_days: None,
        limit: None,
        ..finding(FaultCode::new("air_leak")?, evidence)?
    })
}

fn evidence(feature: &str, value: f64, unit: &str) -> Evidence {
    let since = Some(SINCE);
    Evidence { feature: feature.to_owned(), value, unit: unit.into(), change_per_day: None, since }
}

fn finding(fault: FaultCode, evidence: Vec<Evidence>) -> Option<Finding> {
    let machine = MachineId::new("invented", "one").ok()?;
    Some(Finding {
        at: NOW,
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
        limit: Some(Limit { signal: Signal::DischargeTemp, value: 105.0 }),
        evidence,
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
        // One that cannot even be taken hides no other.
        let write = |name: &str, text: &[u8]| std::fs::write(dir.path().join(name), text).unwrap();
        write("fault.en.j2", b"Subject: {{ number\n\nHello\n");
        write("fault.zh-CN.j2", b"Subject: {% if %}\n\nHello\n");
        write("energy.en.j2", b"Subject: \xcd\xf5\n\nHello\n");
        write("closing.en.j2", b"Subject: A discount for you\n\nHello\n");
        let faults: Vec<String> = templates(dir.path(), &catalogue).iter().map(ToString::to_string).collect();
        let found =
            |expected: &str| assert!(faults.iter().any(|fault| fault.contains(expected)), "{expected}: {faults:?}");
        for name in ["`fault.en.j2`", "`fault.zh-CN.j2`", "energy.en.j2", "`closing.en.j2`", "`reminder.en.j2`"] {
            found(name);
        }
        assert_eq!(faults.len(), 5, "{faults:?}");
    }

    #[test]
    fn every_shipped_text_keeps_the_house_rules_with_rich_and_with_bare_facts() {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let composer = Composer::new(None).unwrap();
        for language in Language::ALL {
            for occasion in Occasion::ALL.into_iter().filter(|occasion| occasion.is_letter()) {
                for specimen in specimens(occasion, language, &catalogue) {
                    let named = specimen.naming(&composer, occasion);
                    let checked = named.and_then(|text| super::super::editor::strictly(occasion, &text));
                    checked.unwrap_or_else(|e| panic!("{} {}: {e}", occasion.name(), language.tag()));
                }
            }
        }
    }
}
