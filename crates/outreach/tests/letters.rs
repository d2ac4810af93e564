//! Every letter there is, as it goes out, in both languages and every length: one golden file each in `tests/golden`. Each text
//! also passes the lint, so that nothing reaches a golden file that may not reach a customer.
//!
//! `UPDATE_EXPECT=1 cargo test` writes the files anew; read what changed aloud before keeping it.
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

mod support;

use std::sync::Arc;

use expect_test::expect_file;
use foretell_model::{Evidence, FaultCode, Finding, FindingKind, Grade, MachineId, Offset, Status, Timestamp};
use foretell_outreach::compose::lint;
use foretell_outreach::{
    Applied, Checklist, CustomerStage, Draft, MachineContext, OnSiteNews, Outcome, Outreach, Parcel, Source, Stage,
    VisitReport,
};
use support::{Recorder, apply, at, catalogue, context, finding, machine, open, token};

/// A machine of a customer who reads English, and one of a customer who reads Chinese.
const MACHINES: [(&str, &str); 2] = [("en", "s02/m002"), ("zh-CN", "s01/m002")];

fn now() -> Timestamp {
    at("2026-07-15T08:30:00Z")
}

struct Desk {
    outreach: Outreach,
    channel: Arc<Recorder>,
    id: MachineId,
    _dir: tempfile::TempDir,
}

fn desk(machine_id: &str) -> Desk {
    let dir = tempfile::tempdir().unwrap();
    let channel = Arc::new(Recorder::default());
    let outreach = open(dir.path(), channel.clone());
    let mut chen = outreach.technician("chen").unwrap().unwrap();
    chen.badge = Some("1042".into());
    outreach.register_technician(&chen, "test", now()).unwrap();
    Desk { outreach, channel, id: machine(machine_id), _dir: dir }
}

impl Desk {
    /// What was sent last.
    fn last(&self) -> Parcel {
        self.channel.parcels.lock().unwrap().last().cloned().unwrap()
    }

    fn sent(&self) -> usize {
        self.channel.parcels.lock().unwrap().len()
    }

    /// Approves and sends a case's letter; its link's token.
    fn write(&self, case: &Finding) -> String {
        let id = apply(&self.outreach, 1, case, now());
        let link = self.outreach.approve(&id, "wang", now()).unwrap().link;
        self.outreach.tick(now()).unwrap();
        token(&link).to_owned()
    }

    fn first_time(&self, token: &str) -> Timestamp {
        self.outreach.booking_page(token, now()).unwrap().slots[0].slot.start
    }
}

fn of(parcel: &Parcel) -> Draft {
    Draft { subject: parcel.subject.clone(), body: parcel.body.clone(), short: parcel.short.clone() }
}

/// The text with its secret cut out, after the lint had its say.
fn printed(text: &Draft, machine: &MachineId, trouble: bool) -> String {
    let mut remarks = lint::message(&text.subject, &text.body, machine.as_str());
    remarks.extend(lint::short(&text.short, machine.as_str()));
    remarks.retain(|remark| !(trouble && *remark == lint::Remark::Links(0)));
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
fn check(name: &str, all: &[String]) {
    expect_file![format!("golden/{name}.txt")].assert_eq(&all.join("\n==========\n\n"));
}

/// A finding of any fault as the engine would say it, with the evidence that the fault has.
fn of_fault(id: &MachineId, fault: &str) -> Finding {
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

#[test]
fn every_fault_that_a_customer_may_hear_of() {
    for fault in catalogue().faults.iter().filter(|fault| fault.customer) {
        let texts = MACHINES.map(|(_, id)| {
            let desk = desk(id);
            desk.write(&of_fault(&desk.id, fault.code.as_str()));
            printed(&of(&desk.last()), &desk.id, false)
        });
        check(&format!("fault_{}", fault.code), &texts);
    }
}

/// A leak that the engine only watches, because a new consumer at night looks the same, is worth a tip when it is dear.
#[test]
fn a_dear_leak_is_a_tip_and_a_cheap_or_doubtful_one_is_not() {
    #[track_caller]
    fn check(change: impl Fn(&mut Finding), expected: Stage) {
        let desk = desk("s02/m002");
        let mut case = Finding { grade: Grade::Watch, ..of_fault(&desk.id, "air_leak") };
        change(&mut case);
        let id = apply(&desk.outreach, 1, &case, now());
        assert_eq!(desk.outreach.card(&id, now()).unwrap().stage, expected);
    }
    check(|_| {}, Stage::Draft);
    check(|case| case.likelihood = 0.5, Stage::Internal);
    check(|case| case.evidence[6].value = 4_900.0, Stage::Internal);
    check(|case| case.evidence[7].value = 9_000.0, Stage::Internal);
}

/// Opens the case of a machine's due service, with a run-hour counter and works of its own.
fn due(desk: &Desk, run_hours: f64) -> Draft {
    let context = MachineContext { run_hours: Some(run_hours), ..context(&desk.id) };
    let applied = desk.outreach.check_service(&desk.id, &context, now()).unwrap();
    let Applied::Case { id, stage: Stage::Draft } = applied else { panic!("service is due: {applied:?}") };
    desk.outreach.approve(&id, "wang", now()).unwrap().text
}

#[test]
fn service_by_hours_with_an_inspection_and_alone() {
    let texts = MACHINES.map(|(_, id)| {
        let mut texts = Vec::new();
        for (run_hours, with_inspection) in [(11_650.0, false), (12_150.0, false), (11_650.0, true)] {
            let desk = desk(id);
            let mut own = desk.outreach.machine(&desk.id).unwrap().unwrap();
            own.service.truncate(1);
            if with_inspection {
                own.service.push(foretell_outreach::ServiceTask {
                    work: "vibration_tested".into(),
                    interval_h: 9_000.0,
                    last_done_h: 3_000.0,
                });
            }
            desk.outreach.register_machine(&own, "test", now()).unwrap();
            texts.push(printed(&due(&desk, run_hours), &desk.id, false));
        }
        texts
    });
    check("service", &texts.concat());
}

/// What falls due near a fault goes into the fault's letter, and is done and counted with it.
#[test]
fn a_fault_takes_along_what_falls_due_near_it() {
    let texts = MACHINES.map(|(_, id)| {
        let desk = desk(id);
        let mut own = desk.outreach.machine(&desk.id).unwrap().unwrap();
        own.service.truncate(1);
        desk.outreach.register_machine(&own, "test", now()).unwrap();
        let fault = finding(&desk.id, "cooler_clogging", Grade::Advise, Status::Opened);
        let fault_id = apply(&desk.outreach, 1, &fault, now());
        let Applied::Case { id: service, stage } =
            desk.outreach.check_service(&desk.id, &context(&desk.id), now()).unwrap()
        else {
            panic!("service is due")
        };
        assert_eq!(stage, Stage::Internal, "the fault speaks for it");
        // Said anew, neither opens a second case nor is forgotten.
        apply(&desk.outreach, 2, &Finding { status: Status::Updated, ..fault }, now());
        let again = desk.outreach.check_service(&desk.id, &context(&desk.id), now()).unwrap();
        assert_eq!(again, Applied::Case { id: service.clone(), stage: Stage::Internal });
        let text = desk.outreach.approve(&fault_id, "wang", now()).unwrap().text;
        let visit = desk.outreach.book_for(&fault_id, at("2026-07-16T09:00:00Z"), "wang", now()).unwrap();
        assert_eq!((visit.end - visit.start) / 60_000, 210, "time for both");
        let done = desk.outreach.complete(visit.id, Some(11_700.0), "chen", visit.end).unwrap();
        let works: Vec<&str> = done.iter().map(|done| done.work.as_str()).collect();
        assert_eq!(works, ["cooler_cleaned", "oil_changed"]);
        assert_eq!(desk.outreach.card(&service, visit.end).unwrap().stage, Stage::Done);
        assert_eq!(desk.outreach.machine(&desk.id).unwrap().unwrap().service[0].last_done_h, 11_700.0);
        printed(&text, &desk.id, false)
    });
    check("bundle", &texts);
}

#[test]
fn the_reminder() {
    let texts = MACHINES.map(|(_, id)| {
        let desk = desk(id);
        desk.write(&of_fault(&desk.id, "cooler_clogging"));
        desk.outreach.tick(at("2026-07-20T09:00:00Z")).unwrap();
        printed(&of(&desk.last()), &desk.id, false)
    });
    check("reminder", &texts);
}

#[test]
fn a_visit_is_confirmed_moved_and_cancelled_and_each_is_told_once() {
    for (name, stage) in [("visit", None), ("visit_complaint", Some(CustomerStage::Complaint))] {
        let texts = MACHINES.map(|(_, id)| {
            let desk = desk(id);
            let token = desk.write(&of_fault(&desk.id, "cooler_clogging"));
            let customer = desk.outreach.customer_of(&desk.id).unwrap().unwrap().id;
            desk.outreach.set_stage(&customer, stage, "said so", "wang", now()).unwrap();
            let mut texts = Vec::new();
            let step = |act: &dyn Fn()| {
                let before = desk.sent();
                act();
                for _ in 0..3 {
                    desk.outreach.tick(now()).unwrap();
                }
                assert_eq!(desk.sent(), before + 1, "told once");
                printed(&of(&desk.last()), &desk.id, false)
            };
            let first = desk.first_time(&token);
            texts.push(step(&|| drop(desk.outreach.book(&token, first, now()).unwrap())));
            texts.push(step(&|| {
                let other = desk.first_time(&token);
                drop(desk.outreach.reschedule(&token, other, now()).unwrap());
            }));
            texts.push(step(&|| drop(desk.outreach.cancel(&token, now()).unwrap())));
            texts
        });
        check(name, &texts.concat());
    }
}

#[test]
fn what_nobody_was_told_of_needs_no_taking_back() {
    let desk = desk("s02/m002");
    let token = desk.write(&of_fault(&desk.id, "cooler_clogging"));
    // Tapped in the evening: word waits until the morning, and by then the visit has been moved, and once more cancelled.
    let evening = at("2026-07-15T20:30:00Z");
    let page = desk.outreach.booking_page(&token, evening).unwrap();
    desk.outreach.book(&token, page.slots[1].slot.start, evening).unwrap();
    let before = desk.sent();
    let held = desk.outreach.tick(evening).unwrap();
    assert!(matches!(held[0].outcome, Outcome::Held { .. }), "{held:?}");
    desk.outreach.cancel(&token, evening).unwrap();
    desk.outreach.tick(at("2026-07-16T09:00:00Z")).unwrap();
    assert_eq!(desk.sent(), before, "neither a confirmation nor a cancellation");
}

/// A feature with its value, its standard deviation and its unit.
type Figure = (&'static str, f64, f64, &'static str);

/// A finding of what a job achieved.
fn effect(id: &MachineId, work: &str, figures: &[Figure], t: Timestamp) -> Finding {
    let mut case = finding(id, "cooler_clogging", Grade::Watch, Status::Opened);
    (case.kind, case.fault, case.at) = (FindingKind::MaintenanceEffect, FaultCode::new(work).unwrap(), t);
    case.id = foretell_model::FindingId::new(id, &case.fault, 1);
    case.evidence = figures
        .iter()
        .flat_map(|(feature, value, sd, unit)| {
            let item = |feature: String, value: f64| Evidence {
                feature,
                value,
                unit: (*unit).into(),
                change_per_day: None,
                since: None,
            };
            [item((*feature).to_owned(), *value), item(format!("{feature}_sd"), *sd)]
        })
        .collect();
    case
}

#[test]
fn exactly_one_word_follows_a_job_as_soon_as_its_effect_is_known() {
    let helped = [
        ("discharge_change_k", -4.2, 0.5, "K"),
        ("loaded_current_change_a", -2.1, 0.4, "A"),
        ("cost_change_per_month", -412.0, 96.0, "CNY"),
    ];
    let nothing = [("discharge_change_k", -0.3, 0.6, "K"), ("loaded_current_change_a", 0.2, 0.5, "A")];
    let worse = [("discharge_change_k", 3.1, 0.5, "K")];
    let measured: [(&str, Option<&[Figure]>); 4] =
        [("helped", Some(&helped)), ("nothing", Some(&nothing)), ("worse", Some(&worse)), ("unknown", None)];
    for (name, figures) in measured {
        let texts = MACHINES.map(|(_, id)| {
            let desk = desk(id);
            let token = desk.write(&of_fault(&desk.id, "cooler_clogging"));
            let visit = desk.outreach.book(&token, desk.first_time(&token), now()).unwrap();
            let foretell_outreach::PageState::Booked { booking, .. } = visit.state else { panic!("booked") };
            desk.outreach.tick(now()).unwrap();
            desk.outreach.complete(booking.id, None, "chen", booking.end).unwrap();
            let before = desk.sent();
            let known = booking.end.plus_days(8.0);
            if let Some(figures) = figures {
                let found = effect(&desk.id, "cooler_cleaned", figures, known);
                desk.outreach.apply(Offset(9), 0, &found, &context(&desk.id), known).unwrap();
            }
            for day in 0..40 {
                desk.outreach.tick(booking.end.plus_days(f64::from(day) + 0.7)).unwrap();
            }
            assert_eq!(desk.sent(), before + 1, "{name}: exactly one");
            let stage = desk.outreach.card(&booking.case, known).unwrap().stage;
            let promised_a_call = matches!(name, "nothing" | "worse");
            assert_eq!(stage, if promised_a_call { Stage::Call } else { Stage::Done }, "{name}");
            printed(&of(&desk.last()), &desk.id, false)
        });
        check(&format!("follow_up_{name}"), &texts);
    }
}

#[test]
fn a_broken_machine_from_the_road_to_the_closing() {
    for (name, stage) in [("trouble", None), ("trouble_grumbling", Some(CustomerStage::OpenGrumbling))] {
        let texts = MACHINES.map(|(_, id)| {
            let desk = desk(id);
            let customer = desk.outreach.customer_of(&desk.id).unwrap().unwrap().id;
            desk.outreach.set_stage(&customer, stage, "said so", "wang", now()).unwrap();
            let minutes = |n: i64| now() + n * 60_000;
            let case =
                desk.outreach.open_service_case(&desk.id, Source::Customer, "stopped", "customer", now()).unwrap();
            let mut texts = Vec::new();
            let mut step = |minute: i64| {
                let before = desk.sent();
                desk.outreach.tick(minutes(minute)).unwrap();
                desk.outreach.tick(minutes(minute)).unwrap();
                assert_eq!(desk.sent(), before + 1, "{name}: one word at minute {minute}");
                texts.push(printed(&of(&desk.last()), &desk.id, true));
            };
            step(16);
            desk.outreach.called_back(case.id, "", "wang", minutes(18)).unwrap();
            desk.outreach.send_technician(case.id, "chen", Some(minutes(107)), "wang", minutes(20)).unwrap();
            step(20);
            desk.outreach.set_out_to_case(case.id, Some(208), "chen", minutes(60)).unwrap();
            step(60);
            desk.outreach.arrived(case.id, "chen", minutes(255)).unwrap();
            let found = FaultCode::new("inlet_valve");
            desk.outreach.tell_progress(case.id, &OnSiteNews { found, minutes: 90 }, "chen", minutes(270)).unwrap();
            step(270);
            let report = VisitReport {
                checklist: Checklist { test_run: true, tidy: true, old_parts: true, report: true, courtesy: true },
                ..VisitReport::default()
            };
            desk.outreach.close_service_case(case.id, &report, "", "chen", minutes(360)).unwrap();
            step(360);
            texts
        });
        check(name, &texts.concat());
    }
}

#[test]
fn word_that_was_overtaken_does_not_go_out() {
    let desk = desk("s02/m002");
    let case = desk.outreach.open_service_case(&desk.id, Source::Customer, "stopped", "customer", now()).unwrap();
    desk.outreach.send_technician(case.id, "chen", None, "wang", now()).unwrap();
    desk.outreach.arrived(case.id, "chen", now()).unwrap();
    assert!(desk.outreach.tick(now()).unwrap().iter().all(|ticked| ticked.outcome != Outcome::Sent));
    assert_eq!(desk.sent(), 0, "nobody is on the way any more");
}
