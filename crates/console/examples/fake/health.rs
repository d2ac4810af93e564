//! A health report of any machine of the made-up fleet.

use foretell_console::view::{HealthReport, JobDone, MachineDetail, Person, StandingOf};
use foretell_console::{Lang, Span};
use foretell_model::{Evidence, FaultCode, Finding, FindingId, FindingKind, Grade, MachineId, Signal, Status};

use super::fleet::at;

/// What a cleaning achieved that was done in May.
fn effect(machine: &MachineId, work: &str, figures: &[(&str, f64, f64, &str)]) -> Finding {
    let fault = FaultCode::new(work).expect("a work's code");
    let since = Some(at("2026-05-12T03:00:00Z"));
    let item = |feature: String, value: f64, unit: &str| Evidence {
        feature,
        value,
        unit: unit.to_owned(),
        change_per_day: None,
        since,
    };
    let evidence = figures.iter().flat_map(|(feature, value, sd, unit)| {
        [item((*feature).to_owned(), *value, unit), item(format!("{feature}_sd"), *sd, unit)]
    });
    Finding {
        at: at("2026-05-22T00:00:00Z"),
        id: FindingId::new(machine, &fault, 1),
        machine: machine.clone(),
        kind: FindingKind::MaintenanceEffect,
        status: Status::Opened,
        grade: Grade::Watch,
        fault,
        likelihood: 0.99,
        alternatives: Vec::new(),
        rul_days: None,
        probability_within: None,
        limit: None,
        evidence: evidence.collect(),
        text: String::new(),
    }
}

/// An open leak, as the engine would put it.
fn leak(machine: &MachineId) -> Finding {
    let figures = [
        ("leak_flow_m3_min", 0.84, 0.17, "m3/min"),
        ("leak_power_kw", 5.6, 1.2, "kW"),
        ("leak_cost_per_year", 39_300.0, 8_100.0, "CNY"),
    ];
    let leak = effect(machine, "air_leak", &figures);
    Finding { kind: FindingKind::Anomaly, grade: Grade::Advise, likelihood: 0.8, ..leak }
}

/// The report over a span.
pub(super) fn report(mut detail: MachineDetail, span: Span, lang: Lang) -> HealthReport {
    let zh = lang == Lang::Zh;
    let id = detail.summary.id.clone();
    let with_work = id.machine() == "m002" || id.machine() == "k-01";
    let (jobs, effects) = if with_work {
        detail.open.push(leak(&id));
        let job = |when: &str, work: &str, minutes| JobDone {
            at: at(when),
            work: work.to_owned(),
            found_nothing: false,
            by: if zh { "周明" } else { "Jonas Weber" }.to_owned(),
            minutes,
            parts: None,
            photos: Vec::new(),
        };
        let jobs = vec![
            job("2026-06-02T02:00:00Z", "oil_changed", Some(85)),
            job("2026-05-12T03:00:00Z", "cooler_cleaned", Some(110)),
        ];
        let cleaned = effect(
            &id,
            "cooler_cleaned",
            &[
                ("discharge_change_k", -6.3, 0.4, "K"),
                ("loaded_current_change_a", -0.4, 0.5, "A"),
                ("power_change_kw", -0.9, 0.2, "kW"),
                ("cost_change_per_month", -412.0, 96.0, "CNY"),
            ],
        );
        (jobs, vec![effect(&id, "oil_changed", &[("discharge_change_k", -0.2, 0.4, "K")]), cleaned])
    } else {
        (Vec::new(), Vec::new())
    };
    HealthReport {
        company: if zh { "先知服务" } else { "Foretell Service" }.to_owned(),
        advisor: Person {
            name: if zh { "王敏" } else { "Min Wang" }.to_owned(),
            role: String::new(),
            phone: "+86 21 5555 0101".to_owned(),
        },
        customer: detail.summary.customer.clone(),
        model: "GA75".to_owned(),
        measured: vec![
            Signal::DischargeTemp,
            Signal::MotorCurrent,
            Signal::RunHours,
            Signal::AmbientTemp,
            Signal::SeparatorDp,
            Signal::Vibration,
        ],
        days_heard: (86, 90),
        detail,
        standing: StandingOf::Now,
        span,
        ends_with_data: false,
        jobs,
        effects,
    }
}
