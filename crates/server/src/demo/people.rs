//! Who is who in the demo: customers, machines as they call them, an advisor, two technicians and a depot.

use foretell_console::portrait::Looks;
use foretell_outreach::{Advisor, Customer, Depot, Language, Machine, Registry, ServiceTask, Site, Technician, Words};
use foretell_sim::Fleet;

const ADVISOR: &str = "lin";
const DEPOT: &str = "kunshan";
/// What lies in the depot when the demo begins.
const PARTS: [(&str, u32); 5] =
    [("oil", 12), ("oil_filter", 8), ("intake_filter", 6), ("separator_element", 3), ("thermostatic_valve_kit", 2)];

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
        depots: vec![Depot {
            id: DEPOT.to_owned(),
            name: words("Kunshan", "昆山仓库"),
            address: "6 Qianjin Road, Kunshan".to_owned(),
            latitude_deg: Some(31.38),
            longitude_deg: Some(120.95),
            opening_stock: PARTS.map(|(part, n)| (part.to_owned(), n)).into(),
        }],
        technicians: vec![
            technician("zhao", ("Zhao Min", "赵敏"), "T-0417"),
            technician("chen", ("Chen Tao", "陈涛"), "T-0422"),
        ],
        ..Registry::default()
    };
    for machine in fleet.machines() {
        let site = machine.site.to_string();
        if registry.sites.iter().all(|known| known.id != site) {
            // Every second customer reads Chinese, so that both languages can be seen.
            let language = if registry.sites.len() % 2 == 1 { Language::ZhCn } else { Language::En };
            let name = own_name(&machine.customer, language);
            registry.customers.push(customer(&site, &name, language, registry.customers.len()));
            let n = registry.sites.len();
            registry.sites.push(Site {
                name,
                address: format!("{} Changjiang Road, Kunshan", 18 + 40 * n),
                // Some ten to thirty kilometres around the depot.
                latitude_deg: Some(31.30 + 0.09 * n as f64),
                longitude_deg: Some(120.80 + 0.11 * n as f64),
                ..Site::new(&site, &site)
            });
        }
        let language =
            registry.customers.iter().find(|known| known.id == site).map_or(Language::En, |own| own.language);
        let id = format!("{}/{}", machine.site, machine.name);
        registry.machines.push(Machine {
            rated_kw: Some(machine.rated_kw),
            // Some 30,000 yuan for the middle one: an afternoon of a line at rest.
            stop_cost: Some(400.0 * machine.rated_kw),
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

/// Whom the letters address, customer by customer: nobody works for two of them.
const CONTACTS: [(&str, &str); 4] = [("Mr Li", "李工"), ("Ms Zhou", "周经理"), ("Mr Sun", "孙工"), ("Ms He", "何经理")];

/// The `n`th customer.
fn customer(id: &str, name: &str, language: Language, n: usize) -> Customer {
    let (en, zh) = CONTACTS[n % CONTACTS.len()];
    let contact = match language {
        Language::En => en,
        Language::ZhCn => zh,
    };
    Customer {
        contact: Some(contact.to_owned()),
        addresses: [
            ("email".to_owned(), format!("plant@{id}.example")),
            ("phone".to_owned(), format!("+86 512 5555 {:04}", 120 + n)),
        ]
        .into(),
        ..Customer::new(id, name, language, ADVISOR)
    }
}

fn technician(id: &str, (en, zh): (&str, &str), badge: &str) -> Technician {
    Technician {
        badge: Some(badge.to_owned()),
        depot: Some(DEPOT.to_owned()),
        ..Technician::new(id, words(en, zh), "+86 21 5555 0110")
    }
}

/// What the people of the demo look like, by key.
pub(super) const LOOKS: [(&str, Looks); 3] = [
    (ADVISOR, Looks { backdrop: [150, 176, 170], jacket: [38, 63, 74], hair: [38, 34, 33], long_hair: false }),
    ("zhao", Looks { backdrop: [186, 174, 150], jacket: [10, 106, 97], hair: [44, 36, 32], long_hair: true }),
    ("chen", Looks { backdrop: [158, 168, 190], jacket: [10, 106, 97], hair: [30, 30, 34], long_hair: false }),
];

fn words(en: &str, zh: &str) -> Words {
    Words { en: en.to_owned(), zh: zh.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_answers_for_two_customers() {
        let customers: Vec<Customer> =
            (0..CONTACTS.len()).map(|n| customer(&format!("s{n}"), "A", Language::ZhCn, n)).collect();
        let contacts: BTreeSet<_> = customers.iter().filter_map(|one| one.contact.as_ref()).collect();
        let phones: BTreeSet<_> = customers.iter().map(|one| &one.addresses["phone"]).collect();
        assert_eq!((contacts.len(), phones.len()), (customers.len(), customers.len()));
    }
}
