//! The made-up fleet: what each machine measured, and what the engine would say of it.

use chrono_tz::Tz;
use foretell_console::view::{
    Baseline, ConePoint, Curve, DayPoint, Estimate, Health, HiddenBy, HourPoint, MachineDetail, MachineSummary, Mark,
    MarkKind, Offline, OfflineWhy, OpenAdvisory, Reached,
};
use foretell_model::{
    Alternative, DAY_MS, Evidence, FaultCode, Finding, FindingId, FindingKind, Grade, Limit, Limits, MachineId,
    ProbabilityWithin, Quality, Reading, RulDays, RunState, Signal, Signals, Status, Timestamp,
};

/// The made-up present.
const NOW: &str = "2026-07-18T06:05:00Z";

/// The made-up present.
pub(crate) fn now() -> Timestamp {
    at(NOW)
}

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time stamp written by hand")
}

/// What a machine is to show.
#[derive(Clone, Copy, PartialEq)]
enum Plot {
    Good,
    Clogging {
        kelvin_per_day: f64,
        since_days: i64,
        grade: Grade,
    },
    Valve,
    Booked,
    Offline,
    Hidden,
    Learning,
    /// Registered, and never heard of.
    Silent,
}

struct Seed {
    id: &'static str,
    name: &'static str,
    site: &'static str,
    customer: &'static str,
    zone: Tz,
    kw: f64,
    plot: Plot,
}

const fn seed(
    id: &'static str,
    name: &'static str,
    site: &'static str,
    customer: &'static str,
    zone: Tz,
    kw: f64,
    plot: Plot,
) -> Seed {
    Seed { id, name, site, customer, zone, kw, plot }
}

pub(super) const SHANGHAI: Tz = chrono_tz::Asia::Shanghai;
pub(super) const BERLIN: Tz = chrono_tz::Europe::Berlin;
const ADVISE: Plot = Plot::Clogging { kelvin_per_day: 0.42, since_days: 26, grade: Grade::Advise };
const URGENT: Plot = Plot::Clogging { kelvin_per_day: 0.78, since_days: 20, grade: Grade::Urgent };

const SEEDS: [Seed; 13] = [
    seed("s01/m001", "1号机", "苏州东厂", "恒丰纺织有限公司", SHANGHAI, 75.0, Plot::Good),
    seed("s01/m002", "2号机", "苏州东厂", "恒丰纺织有限公司", SHANGHAI, 75.0, ADVISE),
    seed("s01/m003", "3号机", "苏州东厂", "恒丰纺织有限公司", SHANGHAI, 37.0, Plot::Booked),
    seed("s02/m004", "A线主机", "昆明二车间", "云岭食品股份有限公司", SHANGHAI, 55.0, Plot::Hidden),
    seed("s02/m005", "B线主机", "昆明二车间", "云岭食品股份有限公司", SHANGHAI, 55.0, Plot::Good),
    seed("s02/m006", "备用机", "昆明二车间", "云岭食品股份有限公司", SHANGHAI, 37.0, Plot::Offline),
    seed("s03/k-01", "Compressor 1", "Bremen press shop", "Hansa Blech GmbH", BERLIN, 132.0, URGENT),
    seed("s03/k-02", "Compressor 2", "Bremen press shop", "Hansa Blech GmbH", BERLIN, 132.0, Plot::Good),
    seed("s03/k-03", "Compressor 3", "Bremen press shop", "Hansa Blech GmbH", BERLIN, 250.0, Plot::Valve),
    seed("s04/c1", "No. 1", "Leipzig bottling", "Quellfrisch AG", BERLIN, 90.0, Plot::Good),
    seed("s04/c2", "No. 2", "Leipzig bottling", "Quellfrisch AG", BERLIN, 90.0, Plot::Learning),
    seed("s04/c3", "No. 3", "Leipzig bottling", "Quellfrisch AG", BERLIN, 90.0, Plot::Good),
    seed("s04/c4", "No. 4", "Leipzig bottling", "Quellfrisch AG", BERLIN, 90.0, Plot::Silent),
];

/// A number in -1..1 that depends on nothing but its two seeds.
fn noise(a: u64, b: i64) -> f64 {
    let mut x = (a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 29;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    (x >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

fn ambient_c(day: i64, cool: bool) -> f64 {
    let season = ((day % 365 - 105) as f64 / 365.0 * std::f64::consts::TAU).sin();
    let weather = (0..4).map(|lag| noise(7, (day - lag) / 2)).sum::<f64>() * 1.6;
    (if cool { 16.0 } else { 25.5 }) + 7.5 * season + weather
}

/// Daily hot temperature of a clean machine, with the thermostatic hinge.
fn clean_c(ambient_c: f64) -> f64 {
    79.0 + 0.12 * ambient_c + 1.09 * (ambient_c - 29.5).max(0.0) + 0.3 * (ambient_c - 22.0).clamp(0.0, 7.5)
}

fn excess_k(plot: Plot, ago: i64) -> f64 {
    match plot {
        Plot::Clogging { kelvin_per_day, since_days, .. } => {
            let days = (since_days - ago).max(0) as f64;
            kelvin_per_day * days * (0.8 + 0.2 * days / since_days as f64)
        }
        Plot::Booked => 0.26 * (30 - ago).max(0) as f64,
        Plot::Valve if ago < 3 => 5.2,
        _ => 0.0,
    }
}

fn days(seed: &Seed, salt: u64) -> Vec<DayPoint> {
    let today = now().day();
    let first = if seed.plot == Plot::Learning { today - 9 } else { today - 118 };
    (first..=today)
        .filter(|day| seed.plot != Plot::Offline || *day < today - 3)
        .map(|day| {
            let ambient = ambient_c(day, seed.plot == Plot::Hidden);
            let clean = clean_c(ambient);
            let works = (day + 3).rem_euclid(7) != 6 || seed.kw > 100.0;
            let hot =
                clean + excess_k(seed.plot, today - day) + 0.9 * noise(salt, day) + 0.5 * noise(salt + 9, day / 3);
            let learned = seed.plot != Plot::Learning;
            DayPoint {
                day,
                hot_c: works.then_some(hot),
                normal_low_c: learned.then_some(clean - 2.1),
                normal_high_c: learned.then_some(clean + 2.1),
            }
        })
        .collect()
}

/// Where the machines warn, degC; a forecast ends there.
const LIMIT_C: f64 = 105.0;

pub(super) fn cone(from_c: f64, per_day: f64, today: i64, length: i64) -> Vec<ConePoint> {
    (1..=length)
        .map(|n| {
            let t = n as f64;
            let spread = 1.2 + 0.55 * t.sqrt();
            let q50_c = from_c + per_day * t;
            let edges_c = [from_c + per_day * 0.62 * t - spread, q50_c, from_c + per_day * 1.45 * t + spread];
            let [q10_c, q50_c, q90_c] = edges_c.map(|edge_c| edge_c.min(LIMIT_C));
            ConePoint { day: today + n, q10_c, q50_c, q90_c }
        })
        .collect()
}

pub(super) fn finding(id: &MachineId, fault: FaultCode, grade: Grade, rul: Option<RulDays>) -> Finding {
    let (p, evidence) = match grade {
        Grade::Urgent => (ProbabilityWithin { d7: 0.41, d14: 0.93, d21: 0.995, d30: 1.0 }, (0.44, 0.021, 12.9, 0.78)),
        _ => (ProbabilityWithin { d7: 0.02, d14: 0.31, d21: 0.66, d30: 0.93 }, (0.27, 0.0091, 8.4, 0.42)),
    };
    let since = Some(at("2026-06-22T00:00:00Z"));
    let feature = |name: &str, value, unit: &str, change_per_day| Evidence {
        feature: name.to_owned(),
        value,
        unit: unit.to_owned(),
        change_per_day,
        since,
    };
    Finding {
        at: at("2026-07-18T00:00:00Z"),
        machine: id.clone(),
        kind: if rul.is_some() { FindingKind::Prediction } else { FindingKind::Anomaly },
        id: FindingId::new(id, &fault, 1),
        status: Status::Updated,
        grade,
        likelihood: if rul.is_some() { 0.91 } else { 0.62 },
        alternatives: vec![
            Alternative { fault: FaultCode::THERMOSTATIC_VALVE, likelihood: 0.05 },
            Alternative { fault: FaultCode::HIGH_AMBIENT, likelihood: 0.02 },
        ],
        fault,
        rul_days: rul,
        probability_within: rul.map(|_| p),
        limit: rul.map(|_| Limit { signal: Signal::DischargeTemp, value: 105.0 }),
        evidence: vec![
            feature("cooler_ua_loss", evidence.0, "1", Some(evidence.1)),
            feature("discharge_excess_k", evidence.2, "K", Some(evidence.3)),
            feature("onset_step_share", 0.08, "1", None),
        ],
        text: "The cooler is likely to clog.".to_owned(),
    }
}

fn detail(seed: &Seed, salt: u64) -> MachineDetail {
    let id = MachineId::parse(seed.id).expect("an identity written by hand");
    let today = now().day();
    let days = days(seed, salt);
    let last_hot = days.iter().rev().find_map(|day| day.hot_c).unwrap_or(84.0);
    let (open, cone) = match seed.plot {
        Plot::Clogging { kelvin_per_day, grade: Grade::Urgent, .. } => (
            vec![finding(
                &id,
                FaultCode::COOLER_CLOGGING,
                Grade::Urgent,
                Some(RulDays { p10: Some(3.2), p50: Some(6.4), p90: Some(9.8) }),
            )],
            cone(last_hot, kelvin_per_day, today, 21),
        ),
        Plot::Clogging { kelvin_per_day, grade, .. } => (
            vec![finding(
                &id,
                FaultCode::COOLER_CLOGGING,
                grade,
                Some(RulDays { p10: Some(11.2), p50: Some(17.9), p90: Some(27.5) }),
            )],
            cone(last_hot, kelvin_per_day, today, 42),
        ),
        Plot::Booked => (
            vec![finding(
                &id,
                FaultCode::COOLER_CLOGGING,
                Grade::Advise,
                Some(RulDays { p10: Some(18.0), p50: Some(31.0), p90: None }),
            )],
            cone(last_hot, 0.26, today, 60),
        ),
        Plot::Valve => (vec![finding(&id, FaultCode::THERMOSTATIC_VALVE, Grade::Watch, None)], vec![]),
        _ => (vec![], vec![]),
    };
    let reached = open.iter().find_map(|finding| Reached::of(finding, now()));
    let curve = Curve { now: now(), limit_c: LIMIT_C, marks: marks(seed), cone, reached, days, counter: None };
    let summary = summary(seed, id, &curve, open.first(), last_hot);
    let advisory_id = open.first().filter(|f| f.grade > Grade::Watch).map(|f| f.id.to_string());
    let known = matches!(summary.health, Health::Known { .. });
    if seed.plot == Plot::Silent {
        return super::silent::detail(seed.kw, summary);
    }
    MachineDetail {
        rated_kw: Some(seed.kw),
        limits: Limits::default(),
        run_hours: Some(14_021.5 + 811.0 * salt as f64),
        hours_per_day: Some(16.4),
        past: past(seed, &summary.id),
        baseline: Baseline {
            since: Some(at("2026-03-24T00:00:00Z")),
            days: if seed.plot == Plot::Learning { 9 } else { 96 },
            days_needed: 21,
            hinge_ambient_c: (seed.plot != Plot::Learning).then_some(29.4),
            anew: false,
            ambient_measured: !salt.is_multiple_of(3),
        },
        cooler_loss: open.first().filter(|_| known).map(|_| Estimate { value: 0.27, low: 0.22, high: 0.33 }),
        features: open.first().map_or_else(Vec::new, |f| f.evidence.clone()),
        duty_week: (seed.plot != Plot::Learning).then(|| week(seed.zone == SHANGHAI)),
        hours: hours(seed, salt),
        readings: readings(&summary, salt),
        advisory_id,
        visit: None,
        open_case: None,
        curve,
        open,
        summary,
    }
}

fn marks(seed: &Seed) -> Vec<Mark> {
    let mark = |at_: &str, kind, label: &str| Mark { at: at(at_), kind, label: label.to_owned() };
    match seed.plot {
        Plot::Good => vec![mark("2026-04-21T02:00:00Z", MarkKind::Maintenance, "oil_changed")],
        Plot::Clogging { .. } => vec![
            mark("2026-04-14T01:30:00Z", MarkKind::Maintenance, "cooler_cleaned"),
            mark("2026-07-09T00:00:00Z", MarkKind::Advisory, "cooler_clogging"),
        ],
        Plot::Valve => vec![mark("2026-07-16T12:00:00Z", MarkKind::Alarm, "E23 oil temperature")],
        _ => vec![],
    }
}

fn past(seed: &Seed, id: &MachineId) -> Vec<Finding> {
    match seed.plot {
        Plot::Clogging { .. } => {
            let mut cleared = finding(id, FaultCode::COOLER_CLOGGING, Grade::Advise, None);
            cleared.status = Status::Cleared;
            cleared.at = at("2026-04-15T00:00:00Z");
            vec![cleared]
        }
        _ => vec![],
    }
}

fn summary(seed: &Seed, id: MachineId, curve: &Curve, open: Option<&Finding>, last_hot: f64) -> MachineSummary {
    let online = seed.plot != Plot::Offline;
    let health = match seed.plot {
        Plot::Learning => Health::Learning { days: 9, days_needed: 21 },
        Plot::Hidden => Health::Hidden(HiddenBy::CoolWeather),
        Plot::Clogging { .. } => Health::Known { cooler_loss: 0.27 },
        _ => Health::Known { cooler_loss: 0.03 },
    };
    MachineSummary {
        hay: format!("{id} {} {} {}", seed.name, seed.site, seed.customer).to_lowercase(),
        name: seed.name.to_owned(),
        site_name: seed.site.to_owned(),
        customer: seed.customer.to_owned(),
        zone: seed.zone,
        offline: (!online).then_some(Offline { since: Some(now() + -3 * DAY_MS), why: OfflineWhy::Said }),
        state: online.then_some(if id.machine().ends_with('3') { RunState::Unloaded } else { RunState::Loaded }),
        last_reading: Some(now() + if online { -20_000 } else { -3 * DAY_MS }),
        discharge_temp_c: Some(last_hot - 1.3),
        limit_c: 105.0,
        health,
        broken_since: None,
        advisory: open.map(|finding| OpenAdvisory {
            id: finding.id.clone(),
            fault: finding.fault.clone(),
            likelihood: finding.likelihood,
            grade: finding.grade,
            at: finding.at,
            rul_days: finding.rul_days,
            booked: seed.plot == Plot::Booked,
        }),
        trend_c: curve.days.iter().rev().take(45).rev().map(|day| day.hot_c).collect(),
        id,
    }
}

fn week(is_china: bool) -> [f32; 168] {
    let shift = if is_china { 8 } else { 2 };
    std::array::from_fn(|utc| {
        let local = (utc + shift) % 168;
        let (day, hour) = (local / 24, local % 24);
        match (day, hour) {
            (6, _) => 0.04,
            (_, 8..18) => 0.97,
            (5, _) => 0.1,
            (_, 6..22) => 0.72,
            _ => 0.22,
        }
    })
}

fn hours(seed: &Seed, salt: u64) -> Vec<HourPoint> {
    let this_hour = now().hour();
    let duty = week(seed.zone == SHANGHAI);
    (this_hour - 7 * 24..this_hour)
        .filter(|hour| !(this_hour - 70..this_hour - 60).contains(hour))
        .map(|hour| {
            let of_day = ((hour + 8) % 24) as f64;
            let ambient = ambient_c(hour / 24, false) + 4.5 * ((of_day - 9.0) / 24.0 * std::f64::consts::TAU).sin();
            let runs = f64::from(duty[(hour + 72).rem_euclid(168) as usize]) > 0.3;
            let loaded = clean_c(ambient) + excess_k(seed.plot, (this_hour - hour) / 24) - 1.0;
            let mean = if runs { loaded } else { ambient + 9.0 } + 0.8 * noise(salt, hour);
            HourPoint {
                hour,
                discharge_mean_c: Some(mean),
                discharge_max_c: Some(mean + if runs { 1.9 } else { 5.0 }),
                ambient_c: Some(ambient),
                current_a: Some(if runs { 1.95 * seed.kw } else { 0.0 }),
                readings: 60,
            }
        })
        .collect()
}

fn readings(summary: &MachineSummary, salt: u64) -> Vec<Reading> {
    (0..20)
        .map(|n| {
            let ts = now() + (-20_000 - n * 60_000);
            let round = |value: f64| (value * 10.0).round() / 10.0;
            let temp = summary.discharge_temp_c.unwrap_or(85.0) + 0.5 * noise(salt, n);
            let signals = Signals::empty()
                .with(Signal::DischargeTemp, round(temp))
                .with(Signal::MotorCurrent, round(146.0 + noise(salt + 1, n)))
                .with(Signal::RunHours, round(14_021.5 + 811.0 * salt as f64 - n as f64 / 60.0))
                .with(Signal::AmbientTemp, round(31.4 + 0.3 * noise(salt + 2, n)))
                .with(Signal::DischargePressure, round(7.4 + 0.2 * noise(salt + 3, n)));
            let quality = if n == 7 { Quality::Stale } else { Quality::Good };
            Reading { machine: summary.id.clone(), ts, arrived: ts + 800, signals, state: summary.state, quality }
        })
        .collect()
}

/// The twelve machines.
pub(crate) fn machines() -> Vec<MachineDetail> {
    SEEDS.iter().enumerate().map(|(salt, seed)| detail(seed, salt as u64)).collect()
}
