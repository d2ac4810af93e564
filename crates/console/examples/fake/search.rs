//! The search over the made-up fleet and desk.

use foretell_console::view::{Hit, Hits, MachineDetail, ServiceCase};

use super::desk::Desk;

/// What holds the needle.
pub(crate) fn search(desk: &Desk, machines: &[MachineDetail], needle: &str, max: usize) -> Hits {
    let hit = |key: &str, name: &str, detail: String| {
        let holds = format!("{key} {name} {detail}").to_lowercase().contains(needle);
        holds.then(|| Hit { key: key.into(), name: name.into(), detail })
    };
    let machine = |m: &MachineDetail| {
        let detail = format!("{} · {} · {}", m.summary.id, m.summary.site_name, m.summary.customer);
        hit(m.summary.id.as_str(), &m.summary.name, detail)
    };
    let case = |c: &ServiceCase| {
        let name = format!("{}, {}", c.machine_name, c.site_name);
        hit(&c.id.to_string(), &name, c.what.replace('\n', " · "))
    };
    Hits {
        more: machines.iter().filter_map(machine).count() > max,
        machines: machines.iter().filter_map(machine).take(max).collect(),
        customers: desk.customers.iter().filter_map(|c| hit(c.id, &c.name, c.contact.to_owned())).take(max).collect(),
        cases: desk.cases.iter().filter_map(case).take(max).collect(),
        letters: [
            ("s01/m002/cooler_clogging/1", "2号机：约个时间清洗冷却器", "恒丰纺织"),
            ("s03/k-01/cooler_clogging/1", "Compressor 1: its cooler", "Hansa Blech GmbH · 14 Jul 2026"),
        ]
        .into_iter()
        .filter_map(|(about, subject, to)| hit(about, subject, to.to_owned()))
        .collect(),
        parts: hit("oil_filter", "oil filter", "Bremen 4".to_owned()).into_iter().collect(),
        people: hit("weber", "Jonas Weber", "+49 170 555 0117".to_owned()).into_iter().collect(),
    }
}
