//! Who is who in the demo: customers, machines as they call them, an advisor and two technicians.

use foretell_outreach::{Advisor, Customer, Language, Machine, Registry, ServiceTask, Site, Technician, Words};
use foretell_sim::Fleet;

const ADVISOR: &str = "lin";

/// Everyone around a simulated fleet; one customer per site.
pub(super) fn registry(fleet: &Fleet) -> Registry {
    let mut registry = Registry {
        advisors: vec![Advisor {
            email: Some("lin.wei@service.example".to_owned()),
            ..Advisor::new(
                ADVISOR,
                words("Lin Wei", "林伟"),
                words("your service advisor", "服务顾问"),
                "+86 21 5555 0100",
            )
        }],
        technicians: vec![technician("zhao", "Zhao Min", "赵敏"), technician("chen", "Chen Tao", "陈涛")],
        ..Registry::default()
    };
    for machine in fleet.machines() {
        let site = machine.site.to_string();
        if registry.sites.iter().all(|known| known.id != site) {
            // Every second customer reads Chinese, so that both languages can be seen.
            let language = if registry.sites.len() % 2 == 1 { Language::ZhCn } else { Language::En };
            let name = own_name(&machine.customer, language);
            registry.customers.push(customer(&site, &name, language));
            registry.sites.push(Site { name, ..Site::new(&site, &site) });
        }
        let language =
            registry.customers.iter().find(|known| known.id == site).map_or(Language::En, |own| own.language);
        let id = format!("{}/{}", machine.site, machine.name);
        registry.machines.push(Machine {
            rated_kw: Some(machine.rated_kw),
            service: service(&machine.name),
            ..Machine::new(id, own_name(&machine.number, language))
        });
    }
    registry
}

/// What Chinese people of the demo call their companies and machines.
const CHINESE: [(&str, &str); 10] = [
    ("Hongyun Textiles", "宏运纺织"),
    ("Jinling Precision", "金陵精密"),
    ("Lingnan Plastics", "岭南塑业"),
    ("Beihai Foods", "北海食品"),
    ("Hall A", "A车间1号机"),
    ("Hall B", "B车间2号机"),
    ("Paint shop", "喷漆3号机"),
    ("Bottling", "灌装1号机"),
    ("Packing", "包装2号机"),
    ("Reserve", "备用3号机"),
];

/// A name as its owner writes it.
fn own_name(english: &str, language: Language) -> String {
    if language == Language::En {
        return english.to_owned();
    }
    let known = CHINESE.iter().find(|(en, _)| *en == english).map(|(_, zh)| (*zh).to_owned());
    let numbered = english.strip_prefix("No. ").map(|number| format!("{number}号机"));
    known.or(numbered).unwrap_or_else(|| english.to_owned())
}

/// One machine comes due for service by its hours, so that such a message can be seen too.
fn service(machine: &str) -> Vec<ServiceTask> {
    match machine {
        "m005" => vec![ServiceTask { work: "serviced".to_owned(), interval_h: 4_000.0, last_done_h: 12_400.0 }],
        _ => Vec::new(),
    }
}

fn customer(id: &str, name: &str, language: Language) -> Customer {
    let contact = match language {
        Language::En => "Mr Li",
        Language::ZhCn => "李工",
    };
    Customer {
        contact: Some(contact.to_owned()),
        addresses: [
            ("email".to_owned(), format!("plant@{id}.example")),
            ("phone".to_owned(), "+86 512 5555 0120".to_owned()),
        ]
        .into(),
        ..Customer::new(id, name, language, ADVISOR)
    }
}

fn technician(id: &str, en: &str, zh: &str) -> Technician {
    Technician::new(id, words(en, zh), "+86 21 5555 0110")
}

fn words(en: &str, zh: &str) -> Words {
    Words { en: en.to_owned(), zh: zh.to_owned() }
}
