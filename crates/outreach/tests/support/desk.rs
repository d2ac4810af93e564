//! A desk at which letters are written, and the golden files in which they are kept.

use std::sync::Arc;

use expect_test::expect_file;
use foretell_model::{Evidence, FaultCode, Finding, FindingKind, Grade, MachineId, Remark, Status, Timestamp};
use foretell_outreach::compose::lint;
use foretell_outreach::{Draft, Outreach, Parcel};

use super::{Recorder, apply, at, catalogue, finding, machine, open, token};

/// A machine of a customer who reads English, and one of a customer who reads Chinese.
pub(crate) const MACHINES: [(&str, &str); 2] = [("en", "s02/m002"), ("zh-CN", "s01/m002")];

pub(crate) fn now() -> Timestamp {
    at("2026-07-15T08:30:00Z")
}

/// One customer\'s machine, with everything that was sent.
pub(crate) struct Desk {
    pub(crate) outreach: Outreach,
    pub(crate) channel: Arc<Recorder>,
    pub(crate) id: MachineId,
    dir: tempfile::TempDir,
}

pub(crate) fn desk(machine_id: &str) -> Desk {
    desk_by("email", machine_id)
}

/// The same whose letters go by another medium.
pub(crate) fn desk_by(medium: &'static str, machine_id: &str) -> Desk {
    let dir = tempfile::tempdir().unwrap();
    let channel = Arc::new(Recorder { medium: Some(medium), ..Recorder::default() });
    let outreach = open(dir.path(), channel.clone());
    if medium != "email" {
        let mut customer = outreach.customer_of(&machine(machine_id)).unwrap().unwrap();
        customer.addresses = [(medium.to_owned(), "+44 7700 900123".to_owned())].into();
        outreach.register_customer(&customer, "test", now()).unwrap();
    }
    let mut chen = outreach.technician("chen").unwrap().unwrap();
    chen.badge = Some("1042".into());
    outreach.register_technician(&chen, "test", now()).unwrap();
    Desk { outreach, channel, id: machine(machine_id), dir }
}

impl Desk {
    /// What was sent last.
    pub(crate) fn last(&self) -> Parcel {
        self.channel.parcels.lock().unwrap().last().cloned().unwrap()
    }

    /// The file of the service state.
    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("service.sqlite")
    }

    /// The busy season of the machine's customer.
    pub(crate) fn is_busy(&self, days: &str) {
        let mut customer = self.outreach.customer_of(&self.id).unwrap().unwrap();
        customer.production.busy = vec![days.to_owned()];
        self.outreach.register_customer(&customer, "test", now()).unwrap();
    }

    pub(crate) fn sent(&self) -> usize {
        self.channel.parcels.lock().unwrap().len()
    }

    /// Approves and sends a case's letter; its link's token.
    pub(crate) fn write(&self, case: &Finding) -> String {
        let id = apply(&self.outreach, 1, case, now());
        let link = self.outreach.approve(&id, "wang", now()).unwrap().link;
        self.outreach.tick(now()).unwrap();
        token(&link).to_owned()
    }

    pub(crate) fn first_time(&self, token: &str) -> Timestamp {
        self.outreach.booking_page(token, now()).unwrap().slots[0].slot.start
    }
}

pub(crate) fn of(parcel: &Parcel) -> Draft {
    Draft { subject: parcel.subject.clone(), body: parcel.body.clone(), short: parcel.short.clone() }
}

/// The text with its secret cut out, after the lint had its say.
pub(crate) fn printed(text: &Draft, machine: &MachineId, trouble: bool) -> String {
    let mut remarks = lint::message(&text.subject, &text.body, machine.as_str());
    remarks.extend(lint::short(&text.short, machine.as_str()));
    remarks.retain(|remark| !(trouble && *remark == Remark::Links(0)));
    assert_eq!(remarks, [], "{text:?}");
    let cut = |text: &str| {
        let words = text.split_inclusive(char::is_whitespace);
        let plain = |word: &str| match word.split_once("/b/") {
            Some((before, after)) => format!("{before}/b/TOKEN{}", if after.ends_with('\n') { "\n" } else { "" }),
            None => word.to_owned(),
        };
        words.map(plain).collect::<String>()
    };
    let (body, short) = (cut(&text.body), cut(&text.short));
    format!("{}\n\n{body}\n--- short ---\n{short}\n", text.subject)
}

#[track_caller]
pub(crate) fn check(name: &str, all: &[String]) {
    expect_file![format!("../golden/{name}.txt")].assert_eq(&all.join("\n==========\n\n"));
}

/// A finding of any fault as the engine would say it, with the evidence that the fault has.
pub(crate) fn of_fault(id: &MachineId, fault: &str) -> Finding {
    let mut case = finding(id, fault, Grade::Advise, Status::Opened);
    let set = |case: &mut Finding, items: &[(&str, f64, &str)]| {
        let since = Some(at("2026-06-20T00:00:00Z"));
        let item = |(feature, value, unit): &(&str, f64, &str)| Evidence {
            feature: (*feature).into(),
            value: *value,
            unit: (*unit).into(),
            change_per_day: None,
            since,
        };
        case.evidence = items.iter().map(item).collect();
    };
    match fault {
        "cooling_fan" => set(&mut case, &[("hot_excursions", 3.0, "1"), ("own_normal", 0.0, "1")]),
        "phase_imbalance" => set(&mut case, &[("phase_imbalance", 0.092, "1"), ("own_normal", 0.02, "1")]),
        "low_oil" => set(&mut case, &[("injection_gap_k", 31.2, "K"), ("own_normal", 25.0, "K")]),
        "inlet_valve" => set(
            &mut case,
            &[
                ("unloaded_current_share", 0.62, "1"),
                ("own_normal", 0.54, "1"),
                ("onset_step_share", 0.9, "1"),
                ("unloaded_excess_kw", 12.0, "kW"),
                ("unloaded_excess_kw_sd", 1.1, "kW"),
                ("unloaded_cost_per_year", 21_400.0, "CNY"),
                ("unloaded_cost_per_year_sd", 2_100.0, "CNY"),
                ("tariff_per_kwh", 0.8, "CNY"),
            ],
        ),
        "separator_clogging" => set(
            &mut case,
            &[
                ("separator_dp_bar", 0.62, "bar"),
                ("own_normal", 0.2, "bar"),
                ("separator_excess_kw", 2.5, "kW"),
                ("separator_excess_kw_sd", 0.35, "kW"),
                ("separator_cost_per_year", 8_600.0, "CNY"),
                ("separator_cost_per_year_sd", 1_300.0, "CNY"),
                ("tariff_per_kwh", 0.72, "CNY"),
            ],
        ),
        "air_leak" => set(
            &mut case,
            &[
                ("quiet_load_share", 0.14, "1"),
                ("own_normal", 0.05, "1"),
                ("leak_flow_m3_min", 0.56, "m3/min"),
                ("leak_flow_m3_min_sd", 0.065, "m3/min"),
                ("leak_power_kw", 3.3, "kW"),
                ("leak_power_kw_sd", 0.4, "kW"),
                ("leak_cost_per_year", 17_200.0, "CNY"),
                ("leak_cost_per_year_sd", 2_250.0, "CNY"),
                ("tariff_per_kwh", 0.735, "CNY"),
            ],
        ),
        _ => {}
    }
    if !catalogue().fault(&FaultCode::new(fault).unwrap()).unwrap().forecast {
        (case.kind, case.rul_days, case.probability_within, case.limit) = (FindingKind::Anomaly, None, None, None);
    }
    case
}
