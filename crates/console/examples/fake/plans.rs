//! What planning and verdicts would show of the made-up fleet.

use foretell_console::BackendError;
use foretell_console::view::{Band, Choice, DelayLine, FaultPrecision, PartPlan, Planning, StockCount, WeekPlan};
use foretell_model::{DAY_MS, Objection, Obstacle};

use super::fleet::{SHANGHAI, at, now};

/// Eight weeks ahead, with what was counted meanwhile.
pub(crate) fn planning(counts: &[StockCount]) -> Planning {
    let plan = |part: &str, rate: f64, mut shelves: [u32; 2]| {
        for count in counts.iter().filter(|count| count.part == part) {
            shelves[usize::from(count.depot == "hamburg")] = count.n;
        }
        let stock = shelves.iter().sum();
        let band = |mean: f64| Band {
            expected: mean,
            low: (mean - 1.28 * mean.sqrt()).max(0.0).ceil() as u32,
            high: (mean + 1.28 * mean.sqrt()).ceil() as u32,
        };
        let up_to: Vec<Band> = (1..=8).map(|n| band(rate * f64::from(n))).collect();
        PartPlan {
            part: part.into(),
            weeks: (1..=8).map(|_| band(rate)).collect(),
            may_run_out: up_to.iter().position(|band| band.high > stock),
            runs_out: up_to.iter().position(|band| band.expected > f64::from(stock)),
            up_to,
            stock,
            shelves: vec![("苏州仓库".into(), shelves[0]), ("Hamburg depot".into(), shelves[1])],
        }
    };
    let week = |n: i64, visits: (f64, u32, u32), booked_h, expected_h, capacity_h| WeekPlan {
        from: now() + n * 7 * DAY_MS,
        visits: Band { expected: visits.0, low: visits.1, high: visits.2 },
        expected_h,
        booked_h,
        capacity_h,
    };
    let delay = |case: &str, name: &str, customer: &str, before, after, cost| DelayLine {
        case: case.into(),
        machine_name: name.into(),
        customer: customer.into(),
        fault: "cooler_clogging".into(),
        sooner: at("2026-07-20T01:00:00Z"),
        later: at("2026-08-03T01:00:00Z"),
        risk_before: before,
        risk_after: after,
        stop_cost: cost,
        energy_cost: None,
        currency: "EUR".to_owned(),
    };
    Planning {
        now: now(),
        zone: SHANGHAI,
        parts: vec![
            plan("oil_filter", 0.6, [6, 3]),
            plan("separator_element", 0.55, [2, 0]),
            plan("thermostatic_valve_kit", 0.2, [1, 1]),
        ],
        depots: depots(),
        weeks: vec![
            week(0, (4.6, 4, 6), 14.5, 17.0, 60.0),
            week(1, (5.2, 3, 7), 9.0, 22.5, 60.0),
            week(2, (6.1, 4, 8), 3.0, 25.0, 60.0),
            week(3, (3.9, 2, 6), 0.0, 19.5, 18.0),
            week(4, (2.2, 1, 4), 0.0, 8.0, 60.0),
            week(5, (1.4, 0, 3), 0.0, 5.5, 60.0),
            week(6, (0.9, 0, 2), 0.0, 3.5, 60.0),
            week(7, (0.6, 0, 2), 0.0, 2.0, 60.0),
        ],
        delays: vec![
            delay("s03/k-01/cooler_clogging/1", "Compressor 1", "Hansa Blech GmbH", 0.38, 0.98, Some(7_240.0)),
            delay("s01/m002/cooler_clogging/1", "2号机", "恒丰纺织有限公司", 0.02, 0.44, None),
        ],
    }
}

fn depots() -> Vec<Choice> {
    let choice = |(key, name): (&str, &str)| Choice { key: key.into(), name: name.into() };
    [("suzhou", "苏州仓库"), ("hamburg", "Hamburg depot")].map(choice).into()
}

/// Notes a count, as far as there are such a depot and such a part.
pub(crate) fn count(counts: &mut Vec<StockCount>, count: &StockCount) -> Result<(), BackendError> {
    if !depots().iter().any(|depot| depot.key == count.depot) {
        return Err(BackendError::Refused(Objection::about(Obstacle::NoDepot, &count.depot)));
    }
    counts.push(count.clone());
    Ok(())
}

/// Verdicts so far.
pub(crate) fn precision() -> Vec<FaultPrecision> {
    let of = |fault: &str, confirmed, something_else, not_found| FaultPrecision {
        fault: fault.into(),
        confirmed,
        not_found,
        something_else,
    };
    vec![of("cooler_clogging", 31, 3, 2), of("thermostatic_valve", 7, 2, 0), of("separator_clogging", 12, 0, 1)]
}

/// Work that mends a fault.
pub(super) fn work_against(fault: &str) -> &str {
    match fault {
        "cooler_clogging" => "cooler_cleaned",
        "separator_clogging" => "separator_replaced",
        "thermostatic_valve" => "thermostatic_valve_replaced",
        "intake_filter_clogging" => "intake_filter_replaced",
        work => work,
    }
}
