//! Who lives in the world: customers in four time zones, machines with their shifts, our own people.

use std::collections::BTreeMap;

use chrono::{Datelike, Timelike};
use foretell_model::{MachineId, Timestamp};
use foretell_outreach::{
    Advisor, Calendar, Customer, Depot, Language, Machine, Registry, ServiceTask, Site, Technician, WEEK_HOURS, Words,
};

use super::dice::{Dice, GONE};
use super::world::Own;

/// Machines of one customer.
const MACHINES_EACH: usize = 5;

pub(crate) struct Fleet {
    pub(crate) registry: Registry,
    pub(crate) machines: Vec<Own>,
}

impl Fleet {
    pub(crate) fn new(machines: usize, dice: &mut Dice) -> Self {
        let words = |text: &str| Words { en: text.to_owned(), zh: text.to_owned() };
        let mut registry = Registry {
            advisors: vec![Advisor::new(
                "wang",
                Words { en: "Min Wang".into(), zh: "王敏".into() },
                Words { en: "your service advisor".into(), zh: "服务顾问".into() },
                "+86 21 5555 0101",
            )],
            depots: vec![Depot {
                id: "east".into(),
                name: "East".into(),
                address: String::new(),
                latitude_deg: Some(31.2),
                longitude_deg: Some(121.5),
                opening_stock: [("oil_filter".to_owned(), 60)].into(),
            }],
            ..Registry::default()
        };
        // One technician for about fifty machines; one works half the week, one does no bearings.
        for n in 0..machines.div_ceil(50).max(2) {
            let mut technician =
                Technician::new(format!("t{n}"), words(["陈军", "李强", "赵磊", "孙浩", "周平"][n % 5]), "1");
            technician.badge = Some(format!("F-{n:03}"));
            technician.hours_per_week = Some(if n == 1 { 20.0 } else { 40.0 });
            registry.technicians.push(technician);
        }
        let mut own = Vec::new();
        for n in 0..machines {
            let c = n / MACHINES_EACH;
            if n % MACHINES_EACH == 0 {
                registry.customers.push(customer(c));
                registry.sites.push(Site::new(format!("s{c:03}"), format!("c{c:03}")));
            }
            let language = registry.customers[c].language;
            let id = format!("s{c:03}/m{n:03}");
            let number = n % MACHINES_EACH + 1;
            let hours_at_start = dice.between(2_000.0, 20_000.0).round();
            let shift = [9.0, 16.0, 22.0][n % 3];
            let interval_h = 4_000.0;
            registry.machines.push(Machine {
                service: vec![ServiceTask {
                    work: "oil_changed".into(),
                    interval_h,
                    last_done_h: (hours_at_start - dice.between(0.0, interval_h)).max(0.0),
                }],
                rated_kw: Some(75.0),
                ..Machine::new(
                    &id,
                    if language == Language::En { format!("No. {number}") } else { format!("{number}号机") },
                )
            });
            if let Ok(id) = MachineId::parse(&id) {
                let zone: chrono_tz::Tz = registry.customers[c].zone.parse().unwrap_or(chrono_tz::UTC);
                own.push(Own { id, hours_at_start, hours_per_day: shift * 5.5 / 7.0, duty: duty(shift, zone) });
            }
        }
        Self { registry, machines: own }
    }

    /// Whose address it is.
    pub(crate) fn customer_of(&self, address: &str) -> Option<Customer> {
        self.registry.customers.iter().find(|customer| customer.addresses.values().any(|own| own == address)).cloned()
    }
}

fn customer(n: usize) -> Customer {
    let zh = n % 3 != 2;
    let language = if zh { Language::ZhCn } else { Language::En };
    let name = if zh { format!("第{n}纺织厂") } else { format!("Castings No. {n}") };
    let zones = ["Europe/London", "America/New_York", "Europe/Berlin"];
    // One in six can be reached on two media, and one in three of those has long left the first.
    let box_ = if n % 18 == 5 { GONE } else { "plant" };
    let mut addresses = BTreeMap::from([("email".to_owned(), format!("{box_}@c{n:03}.example"))]);
    if n % 6 == 5 {
        addresses.insert("sms".to_owned(), format!("+86 138 0000 {n:04}"));
    }
    Customer {
        contact: Some(if zh { "李工".into() } else { "Ms Baker".into() }),
        zone: if zh { "Asia/Shanghai".into() } else { zones[n / 3 % 3].into() },
        addresses,
        // Every tenth customer needs no advisor's click.
        auto_approve: n.is_multiple_of(10),
        ..Customer::new(format!("c{n:03}"), name, language, "wang")
    }
}

/// A week of production: so many hours from seven in the morning, Monday to Saturday.
fn duty(hours: f64, zone: chrono_tz::Tz) -> [f32; WEEK_HOURS] {
    let calendar = Calendar::plain(zone);
    let mut duty = [0.0; WEEK_HOURS];
    for (hour, share) in duty.iter_mut().enumerate() {
        // 2026-01-05 was a Monday.
        let t = Timestamp::from_millis(1_767_571_200_000 + hour as i64 * 3_600_000);
        let local = calendar.local(t);
        let runs = local.weekday().num_days_from_monday() < 6 && (7..7 + hours as u32).contains(&local.hour());
        *share = if runs { 0.9 } else { 0.0 };
    }
    duty
}

/// The advisors' office hours, in Shanghai.
pub(crate) fn office(now: Timestamp) -> bool {
    let local = Calendar::plain(chrono_tz::Asia::Shanghai).local(now);
    local.weekday().num_days_from_monday() < 5 && (8..18).contains(&local.hour())
}
