//! The customer's page about a machine that broke, at the beginning, on the way, on site and in the end; and the machine itself.

use foretell_console::Lang;
use foretell_console::view::{
    Arrival, BrokenMachine, Comer, EarlierVisit, GuestCase, PartToBring, Person, PhotoView, Progress, Timer,
    TimerState, Way,
};
use foretell_model::{FaultCode, Grade, MINUTE_MS, MachineId, RulDays};

use super::field::report;
use super::fleet::{BERLIN, SHANGHAI, at, finding, now};

/// The case of a link: `early`, `there` and `closed` in its token choose how far it has come.
pub(super) fn case(token: &str, lang: Lang) -> GuestCase {
    let zh = lang == Lang::Zh;
    let (early, closed) = (token.contains("early"), token.contains("closed"));
    let opened = now() + -40 * MINUTE_MS;
    let call = (!early).then(|| opened + 9 * MINUTE_MS);
    let there = (closed || token.contains("there")).then(|| now() + -20 * MINUTE_MS);
    let timer = |minutes: i64, met: Option<_>| Timer {
        due: opened + minutes * MINUTE_MS,
        met,
        state: match met {
            Some(_) => TimerState::Kept,
            None if opened + minutes * MINUTE_MS < now() => TimerState::Late,
            None => TimerState::Running,
        },
    };
    GuestCase {
        lang,
        zone: if zh { SHANGHAI } else { BERLIN },
        now: now(),
        company: if zh { "先知服务" } else { "Foretell Service" }.to_owned(),
        advisor: Person {
            name: if zh { "王敏" } else { "Anna Petersen" }.to_owned(),
            role: if zh { "服务顾问" } else { "Service advisor" }.to_owned(),
            phone: "+86 21 5555 0101".to_owned(),
        },
        portrait: Some(2),
        machine_name: if zh { "2号机" } else { "Compressor 1" }.to_owned(),
        what: if zh { "突然停机，面板显示E23" } else { "Stopped all of a sudden; the panel shows E23" }.to_owned(),
        told_by_controller: token.contains("trip"),
        opened,
        call_back: timer(20, call),
        call_back_by: None,
        on_site: timer(240, there),
        comer: (!early).then(|| comer(lang)),
        way: match early {
            true => Way::default(),
            _ if there.is_some() => Way { arrived: there, ..on_the_way() },
            _ => on_the_way(),
        },
        // Somebody is there and has looked.
        progress: token.contains("there").then(|| Progress {
            at: now() + -10 * MINUTE_MS,
            found: FaultCode::new("cooler_clogging"),
            until: now() + 80 * MINUTE_MS,
        }),
        closed: closed.then(now),
        withdrawn: false,
        report: closed.then(report),
        photos: if closed { vec![PhotoView { id: 13, caption: String::new() }] } else { Vec::new() },
    }
}

/// A machine of which something was forecast before it broke.
pub(super) fn broken(machine: &str) -> BrokenMachine {
    let rul = RulDays { p10: Some(3.2), p50: Some(6.4), p90: Some(9.8) };
    let forecast = |id: MachineId| finding(&id, FaultCode::COOLER_CLOGGING, Grade::Urgent, Some(rul));
    BrokenMachine {
        model: "GA 75 VSD+".into(),
        rated_kw: Some(75.0),
        run_hours: Some(14_021.5),
        address: "苏州工业园区星湖街18号".into(),
        place_deg: Some((31.303, 120.731)),
        open: MachineId::parse(machine).map(forecast).into_iter().collect(),
        parts: vec![PartToBring { part: "degreaser".into(), depot: "苏州仓".into(), n: 4 }],
        last_visit: Some(EarlierVisit {
            at: at("2026-05-12T03:00:00Z"),
            machine_name: String::new(),
            works: vec!["oil_changed".into()],
            looked_at: Vec::new(),
            technician: "周明".into(),
            note: "油位视窗有点花".into(),
        }),
    }
}

pub(super) fn comer(lang: Lang) -> Comer {
    Comer {
        name: if lang == Lang::Zh { "周明" } else { "Jonas Weber" }.to_owned(),
        phone: if lang == Lang::Zh { "138 0013 8002" } else { "+49 421 555 0181" }.to_owned(),
        badge: "T-0417".to_owned(),
        portrait: Some(1),
    }
}

pub(super) fn on_the_way() -> Way {
    Way {
        set_out: Some(now() + -14 * MINUTE_MS),
        arrival: Some(Arrival { at: now() + 21 * MINUTE_MS, as_of: now() + -MINUTE_MS, told: false }),
        km: Some(10.4),
        begun_km: Some(18.0),
        located: Some(now() + -MINUTE_MS),
        arrived: None,
    }
}
