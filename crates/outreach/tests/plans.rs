//! What planning reckons with.

use crate::support::broken::now;
use crate::support::desk::of_fault;
use crate::support::scene::scene;
use crate::support::{self, agreed, apply, at, finding, machine};
use foretell_model::{Finding, FindingId, FindingKind, Found, Grade, Status};
use foretell_outreach::{Counter, Counters};

#[test]
fn importing_the_file_again_takes_no_work_back() {
    let s = scene();
    let registry = foretell_outreach::Registry::from_toml(support::REGISTRY).unwrap();
    let mut own = s.outreach.machine(&machine("s02/m002")).unwrap().unwrap();
    own.service[0].last_done_h = 11_800.0;
    s.outreach.register_machine(&own, "chen", now()).unwrap();
    assert_eq!(s.outreach.import(&registry, "configuration", now()).unwrap(), 0);
    assert_eq!(s.outreach.machine(&machine("s02/m002")).unwrap().unwrap(), own);
}

#[test]
fn planning_reckons_with_what_is_open_booked_and_on_the_shelves() {
    let s = scene();
    let forecast = |id: &str, offset| {
        let case = finding(&machine(id), "oil_filter_clogging", Grade::Advise, Status::Opened);
        apply(&s.outreach, offset, &case, now())
    };
    let (booked, open) = (forecast("s02/m002", 1), forecast("s03/m003", 2));
    s.outreach.book_for(&booked, at("2026-07-16T13:00:00Z"), &agreed(), "wang", now()).unwrap();
    for (id, place, n) in [("leeds", (53.80, -1.55), 0), ("york", (53.96, -1.08), 3), ("suzhou", (31.30, 120.62), 9)] {
        let depot = foretell_outreach::Depot {
            id: id.into(),
            name: id.into(),
            address: String::new(),
            latitude_deg: Some(place.0),
            longitude_deg: Some(place.1),
            opening_stock: [("oil_filter".to_owned(), n)].into(),
        };
        s.outreach.register_depot(&depot, "wang", now()).unwrap();
    }
    let site = foretell_outreach::Site {
        latitude_deg: Some(53.79),
        longitude_deg: Some(-1.54),
        ..foretell_outreach::Site::new("s02", "acme")
    };
    s.outreach.register_site(&site, "wang", now()).unwrap();
    let parts = s.outreach.plan(4, &Counters::new(), now()).unwrap().parts;
    let filters = parts.iter().find(|demand| demand.part == "oil_filter").unwrap();
    // One is certain this week, the other as likely as its forecast says: 1, 7, 45 % by the ends of the weeks from this Wednesday's on.
    let expected: Vec<f64> = filters.up_to.iter().map(|count| (count.expected * 100.0).round()).collect();
    assert_eq!((filters.stock, filters.may_run_out), (12, None));
    assert!(expected[0] > 100.0 && expected[0] <= 103.0 && expected[2] > 140.0, "{expected:?}");
    // A service is needed for certain, whatever the chances of a fault are, and no verdict is asked of it.
    let service = Finding {
        kind: FindingKind::MaintenanceDue,
        ..finding(&machine("s01/m002"), "oil_filter_replaced", Grade::Advise, Status::Opened)
    };
    let drafted = apply(&s.outreach, 900, &service, now());
    let more = s.outreach.plan(4, &Counters::new(), now()).unwrap().parts;
    let whole = |plan: &[foretell_outreach::planning::PartDemand]| {
        plan.iter().find(|demand| demand.part == "oil_filter").unwrap().up_to.last().unwrap().expected
    };
    assert!(whole(&more) > expected[3] / 100.0 + 0.9, "{} {expected:?}", whole(&more));
    let verdict = s.outreach.give_verdict(&drafted, (Found::Confirmed, None), "", "chen", now());
    assert!(verdict.is_err_and(|error| error.to_string().contains("forecasts nothing")));
    let (depot, km) = s.outreach.nearest_depot(&machine("s02/m002"), "oil_filter", 1).unwrap().unwrap();
    assert!(depot.id == "york" && (30.0..45.0).contains(&km.unwrap()), "{depot:?} {km:?}");
    let load = s.outreach.plan(2, &Counters::new(), now()).unwrap().weeks;
    assert!(load[0].booked_h > 0.0 && (load[0].capacity_h - 30.0).abs() < 1e-9, "{load:?}");
    // What the queue fears before the next free time is what planning sets out from; service by hours fears nothing.
    let delays = s.outreach.delays(14.0, now()).unwrap();
    let of = |id: &FindingId| delays.iter().find(|delayed| delayed.entry.id == *id).unwrap();
    let (fault, service) = (of(&open), of(&drafted));
    assert!((fault.entry.probability_before_visit - fault.delay.risk_before).abs() < 1e-12, "{fault:?}");
    assert!(fault.delay.risk_after - fault.delay.risk_before > 0.1 && fault.delay.stop_cost.is_none(), "{fault:?}");
    assert!(service.delay.risk_after <= 0.0 && service.entry.probability_before_visit <= 0.0, "{service:?}");
}

/// A leak stops nobody, and costs all the same for as long as it is left; of a fault whose waste is not known nothing is said.
#[test]
fn putting_work_off_costs_the_electricity_that_goes_on_being_wasted() {
    let s = scene();
    let leak = Finding { rul_days: None, probability_within: None, ..of_fault(&machine("s02/m002"), "air_leak") };
    let leak = apply(&s.outreach, 1, &leak, now());
    let filter = finding(&machine("s03/m003"), "oil_filter_clogging", Grade::Advise, Status::Opened);
    let filter = apply(&s.outreach, 2, &filter, now());
    let delays = s.outreach.delays(14.0, now()).unwrap();
    let of = |id: &FindingId| delays.iter().find(|delayed| delayed.entry.id == *id).unwrap().delay;
    assert_eq!((of(&leak).risk_after, of(&leak).stop_cost), (0.0, None));
    // Of 17,200 yuan a year.
    assert!((of(&leak).energy_cost.unwrap() - 17_200.0 * 14.0 / 365.0).abs() < 1e-6, "{:?}", of(&leak));
    assert_eq!(of(&filter).energy_cost, None);
}

/// Service that nobody has heard of yet is ordered for by the hours that its machine runs; once its case is open, it counts once.
#[test]
fn parts_for_service_are_planned_by_the_hours_that_a_machine_runs() {
    let s = scene();
    let id = machine("s02/m002");
    let needs = |run_hours: f64| {
        let counters: Counters = [(id.clone(), Counter { run_hours, hours_per_day: 20.0 })].into();
        let plan = s.outreach.plan(6, &counters, now()).unwrap().parts;
        let oil = plan.iter().find(|demand| demand.part == "oil");
        let weeks = oil.map(|demand| demand.weeks.iter().map(|week| week.expected).collect::<Vec<_>>());
        let hours = s.outreach.plan(6, &counters, now()).unwrap().weeks.iter().map(|week| week.expected_h).sum::<f64>();
        (weeks.unwrap_or_default(), hours)
    };
    // The oil is due at 12,000 h: in 30 days, in the fifth week from this Wednesday's on.
    assert_eq!(needs(11_400.0), (vec![0.0, 0.0, 0.0, 0.0, 1.0, 0.0], 1.5));
    assert_eq!(needs(5_000.0), (vec![], 0.0));
    s.outreach.check_service(&id, &support::context(&id), now()).unwrap();
    let (weeks, _) = needs(11_650.0);
    assert_eq!(weeks.iter().sum::<f64>(), 1.0, "{weeks:?}");
    // Beside a fault it is as certain as before, and in no other week.
    let fault = finding(&id, "cooler_clogging", Grade::Advise, Status::Opened);
    apply(&s.outreach, 1, &fault, now());
    assert_eq!(needs(11_650.0).0, weeks);
    // Nobody goes to a customer who was erased.
    s.outreach.erase_customer("acme", "wang", now()).unwrap();
    assert_eq!(needs(11_400.0), (vec![], 0.0));
}

/// What is merely watched is kept apart from what pages look through: a case that comes out of there, or ends there, is seen.
#[test]
fn what_is_merely_watched_is_planned_for_as_soon_as_somebody_may_hear_of_it() {
    let s = scene();
    let id = machine("s02/m002");
    let say = |offset, grade, status| {
        drop(apply(&s.outreach, offset, &finding(&id, "oil_filter_clogging", grade, status), now()))
    };
    let seen = || {
        let plan = s.outreach.plan(3, &Counters::new(), now()).unwrap();
        (plan.weeks.iter().any(|week| week.visits.expected > 0.0), s.outreach.queue(now()).unwrap().len())
    };
    say(1, Grade::Watch, Status::Opened);
    assert_eq!(seen(), (false, 0));
    say(2, Grade::Advise, Status::Updated);
    assert_eq!(seen(), (true, 1));
    say(3, Grade::Advise, Status::Cleared);
    assert_eq!(seen(), (false, 0));
    say(4, Grade::Watch, Status::Opened);
    say(5, Grade::Watch, Status::Cleared);
    assert_eq!(seen(), (false, 0));
}
