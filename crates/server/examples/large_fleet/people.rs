//! A service company for a large fleet: customers, sites, technicians, advisors, depots.

use std::collections::BTreeMap;

use foretell_model::Timestamp;
use foretell_outreach::{Advisor, Customer, Depot, Language, Machine, Registry, ServiceTask, Site, Technician, Words};

use super::machines::{PER_SITE, name, run_hours};

/// Sites of one customer.
const SITES_OF_ONE: usize = 2;
/// Machines of one customer.
pub(crate) const MACHINES_OF_CUSTOMER: usize = PER_SITE * SITES_OF_ONE;
/// Machines that one technician can look after.
const MACHINES_OF_TECHNICIAN: usize = 125;
/// Running hours of one filling of oil; a year, day and night.
const OIL_HOURS: f64 = 8_000.0;
/// Customers of one advisor.
const CUSTOMERS_OF_ADVISOR: usize = 50;

const TOWNS: [&str; 8] = ["苏州", "Leeds", "无锡", "Ulm", "宁波", "Essen", "常州", "Turin"];

/// Everybody, for so many machines.
pub(crate) fn registry(machines: usize, now: Timestamp) -> Registry {
    let sites = machines.div_ceil(PER_SITE);
    let customers = sites.div_ceil(SITES_OF_ONE);
    let of = |n: usize, each: usize| n / each;
    Registry {
        advisors: (0..customers.div_ceil(CUSTOMERS_OF_ADVISOR)).map(advisor).collect(),
        depots: (0..4).map(depot).collect(),
        technicians: (0..machines.div_ceil(MACHINES_OF_TECHNICIAN)).map(technician).collect(),
        customers: (0..customers).map(|n| customer(n, of(n, CUSTOMERS_OF_ADVISOR))).collect(),
        sites: (0..sites).map(|n| site(n, of(n, SITES_OF_ONE))).collect(),
        machines: (0..machines).map(|n| machine(n, run_hours(now))).collect(),
    }
}

fn words(en: String, zh: String) -> Words {
    Words { en, zh }
}

fn advisor(n: usize) -> Advisor {
    let role = words("your service advisor".to_owned(), "服务顾问".to_owned());
    Advisor::new(
        format!("a{n}"),
        words(format!("Advisor {n}"), format!("顾问{n}")),
        role,
        format!("+86 21 5555 {n:04}"),
    )
}

fn depot(n: usize) -> Depot {
    let opening_stock: BTreeMap<String, u32> = [("oil_filter".to_owned(), 20), ("cooler_seal".to_owned(), 5)].into();
    Depot {
        id: format!("d{n}"),
        name: TOWNS[n % TOWNS.len()].into(),
        address: String::new(),
        latitude_deg: Some(31.0 + n as f64),
        longitude_deg: Some(120.0),
        opening_stock,
    }
}

fn technician(n: usize) -> Technician {
    Technician::new(
        format!("t{n:03}"),
        words(format!("Technician {n}"), format!("工程师{n}")),
        format!("+86 138 {n:08}"),
    )
}

fn customer(n: usize, advisor: usize) -> Customer {
    let zh = n.is_multiple_of(2);
    let (name, language) = match zh {
        true => (format!("{}第{n}纺织有限公司", TOWNS[n % TOWNS.len()]), Language::ZhCn),
        false => (format!("{} Castings {n} Ltd", TOWNS[n % TOWNS.len()]), Language::En),
    };
    let mut customer = Customer::new(format!("c{n:04}"), name, language, format!("a{advisor}"));
    customer.contact = Some(if zh { format!("李工{n}") } else { format!("Ms Baker {n}") });
    customer.addresses = [("email".to_owned(), format!("c{n}@example.org"))].into();
    customer.zone = if zh { "Asia/Shanghai" } else { "Europe/London" }.to_owned();
    customer
}

fn site(n: usize, customer: usize) -> Site {
    Site {
        id: format!("s{n:04}"),
        customer: format!("c{customer:04}"),
        name: format!("{} {}", TOWNS[n % TOWNS.len()], n),
        address: format!("{n} Foundry Lane"),
        latitude_deg: None,
        longitude_deg: None,
    }
}

fn machine(n: usize, run_hours_now: f64) -> Machine {
    let mut machine = Machine::new(name(n), format!("{}号机", n % PER_SITE + 1));
    machine.rated_kw = Some(75.0);
    machine.stop_cost = Some(4_000.0 + (n % 9) as f64 * 1_000.0);
    machine.tariff_per_kwh = Some(0.12);
    // Spread over the interval, so that a few in a hundred are due in any month, as in a fleet that is looked after.
    let last_done_h = run_hours_now - (n * 37 % 100) as f64 / 100.0 * OIL_HOURS;
    machine.service = vec![ServiceTask { work: "oil_changed".to_owned(), interval_h: OIL_HOURS, last_done_h }];
    machine
}
