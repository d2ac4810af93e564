//! Planning ahead, from open forecasts: parts by week against the shelves, the nearest depot, visits against what people can
//! do, and what it costs to wait. Pure.
//!
//! A forecast is a chance, not an order: each asks for its parts with the probability that its limit is reached in that week.
//! The count over independent chances is a Poisson-binomial one; its band is read off the exact distribution.

use std::collections::BTreeMap;

use foretell_model::{Finding, FindingKind, Timestamp};

/// Hours that one person can spend on sites in one day; the rest goes on the road.
pub const PER_DAY_H: f64 = 6.0;
/// The band holds the count in eight of ten cases.
const BAND: (f64, f64) = (0.1, 0.9);
/// A probability that changes no quantile.
const NEGLIGIBLE: f64 = 1e-15;
/// Chances after which such are looked for again: to look costs as much as to reckon.
const TRIMMED_EVERY: usize = 16;
/// Mean radius of the Earth, km.
const EARTH_KM: f64 = 6_371.0;

/// One piece of work that will or may be needed.
#[derive(Clone, Debug, PartialEq)]
pub struct Prospect {
    /// Parts it needs, by kind.
    pub parts: Vec<String>,
    /// Time on site, hours.
    pub hours: f64,
    /// When it will be needed.
    pub when: When,
}

/// When work is needed.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// A visit is booked.
    Booked(Timestamp),
    /// Nothing is booked, but it is due whatever happens: a service by running hours.
    Due(Timestamp),
    /// As likely as a forecast says.
    Forecast(Risk),
}

/// Probability that a limit is reached, over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Risk {
    at: Timestamp,
    /// Days from `at`, and the probability that the limit was reached by then; both grow.
    points: Vec<(f64, f64)>,
}

impl Risk {
    /// What a finding says. Straight lines between its points; nothing is added beyond the last of them. Without a forecast
    /// there is no risk to reckon with, nor is there in work by running hours: it has no limit that a machine could reach,
    /// some days later it is the same work, and no machine stands still for it.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        let mut points = vec![(0.0, 0.0)];
        if finding.kind == FindingKind::MaintenanceDue {
            return Self { at: finding.at, points };
        }
        if let Some(p) = finding.probability_within {
            points.extend([(7.0, p.d7), (14.0, p.d14), (21.0, p.d21), (30.0, p.d30)]);
        } else if let Some(rul) = finding.rul_days {
            let quantiles = [(rul.p10, 0.1), (rul.p50, 0.5), (rul.p90, 0.9)];
            let known = quantiles.into_iter().filter_map(|(days, p)| Some((days?, p * finding.likelihood)));
            points.extend(known);
        }
        let mut highest = (0.0_f64, 0.0_f64);
        for point in &mut points {
            let finite = |x: f64| if x.is_finite() { x } else { 0.0 };
            *point = (finite(point.0).max(highest.0), finite(point.1).clamp(0.0, 1.0).max(highest.1));
            highest = *point;
        }
        Self { at: finding.at, points }
    }

    /// Whether there is a forecast to reckon with.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.points.len() > 1
    }

    /// Probability that the limit is reached by an instant, as the forecast stands. It is made anew every day, so that what did
    /// not happen until now is in it already; of a machine that has gone silent nobody knows whether it did.
    #[must_use]
    pub fn by(&self, t: Timestamp) -> f64 {
        let days = t.days_since(self.at);
        let last = self.points.last().map_or(0.0, |point| point.1);
        let between = self.points.windows(2).find(|pair| days < pair[1].0);
        between.map_or(last, |pair| {
            let (from, to) = (pair[0], pair[1]);
            if days <= from.0 { from.1 } else { from.1 + (to.1 - from.1) * (days - from.0) / (to.0 - from.0) }
        })
    }
}

impl When {
    fn chance(&self, from: Timestamp, to: Timestamp, now: Timestamp) -> f64 {
        match self {
            Self::Booked(t) => f64::from(u8::from(*t >= from && *t < to)),
            // What is overdue is to be done as soon as may be.
            Self::Due(t) => {
                let t = (*t).max(now);
                f64::from(u8::from(t >= from && t < to))
            }
            // What was overdue before now is as open as it was; it counts from now on.
            Self::Forecast(risk) => (risk.by(to) - risk.by(from.max(now))).max(0.0),
        }
    }
}

/// A count that is not known yet.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    /// Mean.
    pub expected: f64,
    /// At least so many in nine of ten cases.
    pub low: u32,
    /// At most so many in nine of ten cases.
    pub high: u32,
}

impl Count {
    /// How many of independent chances come true.
    #[must_use]
    pub fn of(chances: &[f64]) -> Self {
        // What is certain only moves the distribution: service by running hours is most of what a large fleet needs.
        let mut least = chances.iter().filter(|p| **p >= 1.0).count();
        let mut distribution = vec![1.0];
        for (n, p) in chances.iter().copied().filter(|p| *p > 0.0 && *p < 1.0).enumerate() {
            distribution.push(0.0);
            let (mut below, stays) = (0.0, 1.0 - p);
            for count in &mut distribution {
                let own = *count;
                *count = own * stays + below * p;
                below = own;
            }
            // Of a large fleet most counts are as good as impossible; without them a thousand chances cost little more than
            // a hundred.
            if n % TRIMMED_EVERY == 0 {
                let front = distribution.iter().take_while(|p| **p < NEGLIGIBLE).count();
                let back = distribution.iter().rev().take_while(|p| **p < NEGLIGIBLE).count();
                distribution.truncate(distribution.len() - back);
                distribution.drain(..front);
                least += front;
            }
        }
        let quantile = |share: f64| {
            let mut sum = 0.0;
            let reached = distribution.iter().position(|p| {
                sum += p;
                sum >= share - 1e-9
            });
            (least + reached.unwrap_or(distribution.len() - 1)) as u32
        };
        Self { expected: total(chances.iter().copied()), low: quantile(BAND.0), high: quantile(BAND.1) }
    }
}

/// Demand for one kind of part against what lies on the shelves.
#[derive(Clone, Debug, PartialEq)]
pub struct PartDemand {
    /// Kind of part.
    pub part: String,
    /// How many are needed in each week, of the first in what is left of it.
    pub weeks: Vec<Count>,
    /// How many are needed from now to the end of each week.
    pub up_to: Vec<Count>,
    /// How many lie in all depots together.
    pub stock: u32,
    /// First week, 0 = the present one, at whose end the shelves may be empty in one of ten cases.
    pub may_run_out: Option<usize>,
    /// First week at whose end they are expected to be empty.
    pub runs_out: Option<usize>,
}

/// What is needed in the coming weeks, by part. `stock` is what lies in all depots together; `bounds` are the first instants of
/// the weeks, of which `now` lies in the first, and the end of the last.
#[must_use]
pub fn parts(
    prospects: &[Prospect],
    stock: &BTreeMap<String, u32>,
    bounds: &[Timestamp],
    now: Timestamp,
) -> Vec<PartDemand> {
    let weeks = bounds.len().saturating_sub(1);
    let mut needs: BTreeMap<&String, Vec<&Prospect>> = stock.keys().map(|part| (part, Vec::new())).collect();
    for prospect in prospects {
        prospect.parts.iter().for_each(|part| needs.entry(part).or_default().push(prospect));
    }
    let of_part = |(part, needs): (&String, Vec<&Prospect>)| {
        let count = |from: usize, to: usize| {
            let chance = |prospect: &&Prospect| prospect.when.chance(bounds[from], bounds[to], now);
            Count::of(&needs.iter().map(chance).collect::<Vec<_>>())
        };
        let up_to: Vec<Count> = (0..weeks).map(|n| count(0, n + 1)).collect();
        let have = stock.get(part).copied().unwrap_or(0);
        PartDemand {
            part: part.clone(),
            weeks: (0..weeks).map(|n| count(n, n + 1)).collect(),
            may_run_out: up_to.iter().position(|count| count.high > have),
            runs_out: up_to.iter().position(|count| count.expected > f64::from(have)),
            up_to,
            stock: have,
        }
    };
    needs.into_iter().map(of_part).collect()
}

/// Visits of one week against what people can do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeekLoad {
    /// First instant of the week.
    pub from: Timestamp,
    /// Visits, booked ones included.
    pub visits: Count,
    /// Hours on site that they are expected to take.
    pub expected_h: f64,
    /// Hours booked already.
    pub booked_h: f64,
    /// Hours that people can spend on sites.
    pub capacity_h: f64,
}

/// Visits against capacity in the coming weeks between `bounds`, as of [`parts`]; `capacity_h` says what people can do in the week
/// of an instant.
#[must_use]
pub fn visits(
    prospects: &[Prospect],
    bounds: &[Timestamp],
    now: Timestamp,
    capacity_h: &dyn Fn(Timestamp) -> f64,
) -> Vec<WeekLoad> {
    let load = |week: &[Timestamp]| {
        let (from, to) = (week[0], week[1]);
        let chances: Vec<f64> = prospects.iter().map(|prospect| prospect.when.chance(from, to, now)).collect();
        let hours = prospects.iter().zip(&chances).map(|(prospect, chance)| (prospect, prospect.hours * chance));
        let booked = hours.clone().filter(|(prospect, _)| matches!(prospect.when, When::Booked(_)));
        WeekLoad {
            from,
            visits: Count::of(&chances),
            booked_h: total(booked.map(|(_, hours)| hours)),
            expected_h: total(hours.map(|(_, hours)| hours)),
            capacity_h: capacity_h(from),
        }
    };
    bounds.windows(2).map(load).collect()
}

/// What waiting costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    /// Probability that the limit is reached before the earlier time.
    pub risk_before: f64,
    /// Probability that it is reached before the later time.
    pub risk_after: f64,
    /// What the difference costs on average, money; `None` where nobody said what a stop costs.
    pub stop_cost: Option<f64>,
    /// What the fault wastes in electricity between the two times, money; `None` where that is not known.
    pub energy_cost: Option<f64>,
}

/// What is known of the money behind a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Money {
    /// What an unplanned stop costs.
    pub stop_cost: Option<f64>,
    /// What the fault wastes in electricity a day.
    pub waste_per_day: Option<f64>,
}

/// What it costs to do the work at `later` and not at `sooner`.
#[must_use]
pub fn delay(risk: &Risk, money: Money, (sooner, later): (Timestamp, Timestamp)) -> Delay {
    let (risk_before, risk_after) = (risk.by(sooner), risk.by(later.max(sooner)));
    let days = later.days_since(sooner).max(0.0);
    Delay {
        risk_before,
        risk_after,
        stop_cost: money.stop_cost.map(|cost| (risk_after - risk_before) * cost),
        energy_cost: money.waste_per_day.map(|per_day| per_day * days),
    }
}

/// Where a part lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Shelf {
    /// Key of the depot.
    pub depot: String,
    /// Degrees north and east.
    pub place_deg: Option<(f64, f64)>,
    /// How many lie there.
    pub n: u32,
}

/// The nearest depot that holds enough of a part, with the distance as the crow flies, km; where no place is known, the
/// fullest one without a distance.
#[must_use]
pub fn nearest(shelves: &[Shelf], site_deg: Option<(f64, f64)>, n: u32) -> Option<(&Shelf, Option<f64>)> {
    let enough = shelves.iter().filter(|shelf| shelf.n >= n.max(1));
    let with_distance = enough.map(|shelf| (shelf, shelf.place_deg.zip(site_deg).map(|(a, b)| distance_km(a, b))));
    with_distance.min_by(|a, b| {
        let far = |distance: Option<f64>| distance.unwrap_or(f64::INFINITY);
        far(a.1).total_cmp(&far(b.1)).then(b.0.n.cmp(&a.0.n)).then_with(|| a.0.depot.cmp(&b.0.depot))
    })
}

/// Great-circle distance between two places in degrees north and east, km (haversine).
#[must_use]
pub fn distance_km(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lat_a, lat_b) = (a.0.to_radians(), b.0.to_radians());
    let (half_lat, half_lon) = ((lat_b - lat_a) / 2.0, (b.1 - a.1).to_radians() / 2.0);
    let h = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lon.sin().powi(2);
    2.0 * EARTH_KM * h.clamp(0.0, 1.0).sqrt().asin()
}

/// A sum that is nought where there is nothing: an empty one of the standard library is minus nought, and reads like a mistake.
fn total(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use foretell_model::{FaultCode, FindingId, Grade, MachineId, ProbabilityWithin, RulDays, Status};

    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-07-13T00:00:00Z").unwrap()
    }

    fn forecast(p: Option<ProbabilityWithin>) -> Finding {
        let (machine, fault) = (MachineId::new("s1", "m1").unwrap(), FaultCode::new("cooler_clogging").unwrap());
        Finding {
            at: now(),
            kind: FindingKind::Prediction,
            id: FindingId::new(&machine, &fault, 1),
            machine,
            status: Status::Opened,
            grade: Grade::Advise,
            fault,
            likelihood: 0.8,
            alternatives: Vec::new(),
            rul_days: Some(RulDays { p10: Some(10.0), p50: Some(20.0), p90: None }),
            probability_within: p,
            limit: None,
            evidence: Vec::new(),
            text: String::new(),
        }
    }

    /// So many weeks from now on; now is a Monday.
    fn weeks(n: i32) -> Vec<Timestamp> {
        (0..=n).map(|n| now().plus_days(f64::from(7 * n))).collect()
    }

    const LIKELY: ProbabilityWithin = ProbabilityWithin { d7: 0.1, d14: 0.5, d21: 0.8, d30: 0.9 };

    fn prospect(when: When) -> Prospect {
        Prospect { parts: vec!["oil_filter".into()], hours: 2.0, when }
    }

    #[test]
    fn a_thousand_chances_count_as_a_normal_distribution_would() {
        // Mean 100, standard deviation 9.49; the tenth percentile lies 1.28 of them below.
        let count = Count::of(&[0.1; 1_000]);
        assert!((count.expected - 100.0).abs() < 1e-9);
        assert_eq!((count.low, count.high), (88, 112));
        let certain = Count::of(&[1.0; 300]);
        assert_eq!((certain.low, certain.high), (300, 300));
    }

    #[test]
    fn a_risk_follows_the_forecasts_points() {
        #[track_caller]
        fn check(p: Option<ProbabilityWithin>, days: f64, expected: f64) {
            let risk = Risk::of(&forecast(p));
            assert!((risk.by(now().plus_days(days)) - expected).abs() < 1e-9, "{}", risk.by(now().plus_days(days)));
        }
        check(Some(LIKELY), -3.0, 0.0);
        check(Some(LIKELY), 7.0, 0.1);
        check(Some(LIKELY), 10.5, 0.3);
        check(Some(LIKELY), 300.0, 0.9);
        // From quantiles, times the likelihood of the fault itself; nothing beyond the last known one.
        check(None, 10.0, 0.08);
        check(None, 15.0, 0.24);
        check(None, 90.0, 0.4);
        // Work by running hours stops no machine, however exactly it is known when it is due.
        let service = Finding { kind: FindingKind::MaintenanceDue, ..forecast(Some(LIKELY)) };
        assert!(!Risk::of(&service).is_known() && Risk::of(&service).by(now().plus_days(90.0)) <= 0.0);
        // Broken figures never make a falling or an impossible probability.
        check(Some(ProbabilityWithin { d7: 0.5, d14: f64::NAN, d21: 0.2, d30: 7.0 }), 14.0, 0.5);
        check(Some(ProbabilityWithin { d7: 0.5, d14: f64::NAN, d21: 0.2, d30: 7.0 }), 30.0, 1.0);
    }

    #[test]
    fn counts_have_a_band() {
        #[track_caller]
        fn check(chances: &[f64], expected: Count) {
            let got = Count::of(chances);
            assert!((got.expected - expected.expected).abs() < 1e-9, "{got:?}");
            assert_eq!((got.low, got.high), (expected.low, expected.high));
        }
        check(&[], Count::default());
        check(&[1.0, 1.0], Count { expected: 2.0, low: 2, high: 2 });
        // Ten coins: Binomial(10, 1/2) has P(<=2) = 5.5 %, P(<=3) = 17.2 %, P(<=6) = 82.8 %, P(<=7) = 94.5 %.
        check(&[0.5; 10], Count { expected: 5.0, low: 3, high: 7 });
    }

    #[test]
    fn parts_run_out_when_forecasts_come_true() {
        let mut prospects = vec![prospect(When::Booked(now().plus_days(3.0)))];
        prospects.extend((0..3).map(|_| prospect(When::Forecast(Risk::of(&forecast(Some(LIKELY)))))));
        let stock = [("oil_filter".to_owned(), 2), ("oil".to_owned(), 1)].into();
        let demand = parts(&prospects, &stock, &weeks(4), now());
        let names: Vec<&str> = demand.iter().map(|demand| demand.part.as_str()).collect();
        assert_eq!(names, ["oil", "oil_filter"]);
        assert_eq!((demand[0].may_run_out, demand[0].runs_out), (None, None));
        let filters = &demand[1];
        // 1 + 3 * 0.1, then 3 * 0.4 more.
        assert!((filters.weeks[0].expected - 1.3).abs() < 1e-9 && (filters.up_to[1].expected - 2.5).abs() < 1e-9);
        assert_eq!((filters.may_run_out, filters.runs_out), (Some(1), Some(1)));
        assert_eq!((filters.weeks[0].low, filters.weeks[0].high), (1, 2));
    }

    #[test]
    fn a_service_is_certain_in_the_week_it_falls_due_and_at_once_when_it_is_late() {
        #[track_caller]
        fn check(due_days: f64, expected: [f64; 3]) {
            let prospects = [prospect(When::Due(now().plus_days(due_days)))];
            let demand = parts(&prospects, &BTreeMap::new(), &weeks(3), now()).remove(0);
            assert_eq!(demand.weeks.iter().map(|week| week.expected).collect::<Vec<_>>(), expected);
            let load = visits(&prospects, &weeks(3), now(), &|_| 30.0);
            assert_eq!(load.iter().map(|week| week.expected_h).collect::<Vec<_>>(), expected.map(|n| n * 2.0));
            assert!(load.iter().all(|week| week.booked_h == 0.0));
        }
        check(-40.0, [1.0, 0.0, 0.0]);
        check(0.0, [1.0, 0.0, 0.0]);
        check(8.0, [0.0, 1.0, 0.0]);
        check(90.0, [0.0; 3]);
    }

    #[test]
    fn visits_stand_against_what_people_can_do() {
        let prospects =
            [prospect(When::Booked(now().plus_days(8.0))), prospect(When::Forecast(Risk::of(&forecast(Some(LIKELY)))))];
        let load = visits(&prospects, &weeks(2), now(), &|_| 30.0);
        assert!((load[0].expected_h - 0.2).abs() < 1e-9 && load[0].booked_h == 0.0);
        assert!((load[1].expected_h - 2.8).abs() < 1e-9 && load[1].booked_h == 2.0 && load[1].capacity_h == 30.0);
        assert_eq!((load[1].visits.low, load[1].visits.high), (1, 2));
    }

    #[test]
    fn in_the_middle_of_a_week_its_rest_is_what_counts() {
        let wednesday = now().plus_days(2.0);
        let forecast = prospect(When::Forecast(Risk::of(&forecast(Some(LIKELY)))));
        let booked = |days| prospect(When::Booked(now().plus_days(days)));
        let load = visits(&[booked(1.0), booked(6.0), booked(7.0), forecast], &weeks(2), wednesday, &|_| 30.0);
        // Five of the seven days in which the limit is reached with one chance in ten are left.
        let expected = [4.0 + 2.0 * 0.1 * 5.0 / 7.0, 2.0 + 2.0 * 0.4];
        for (week, expected_h) in load.iter().zip(expected) {
            assert!((week.expected_h - expected_h).abs() < 1e-9, "{week:?}");
        }
    }

    #[test]
    fn waiting_has_its_price() {
        let money = Money { stop_cost: Some(10_000.0), waste_per_day: Some(20.0) };
        let (sooner, later) = (now().plus_days(7.0), now().plus_days(14.0));
        let risk = Risk::of(&forecast(Some(LIKELY)));
        let cost = delay(&risk, money, (sooner, later));
        assert!((cost.risk_before - 0.1).abs() < 1e-9 && (cost.risk_after - 0.5).abs() < 1e-9);
        assert!((cost.stop_cost.unwrap() - 4_000.0).abs() < 1e-6 && (cost.energy_cost.unwrap() - 140.0).abs() < 1e-9);
        let next = delay(&risk, Money::default(), (later, later));
        assert!((next.risk_before - 0.5).abs() < 1e-9 && next.stop_cost.is_none() && next.energy_cost.is_none());
    }

    #[test]
    fn the_nearest_depot_with_enough_is_found() {
        let shelf = |depot: &str, place_deg, n| Shelf { depot: depot.to_owned(), place_deg, n };
        let (suzhou, shanghai, leeds) = ((31.30, 120.62), (31.23, 121.47), (53.80, -1.55));
        let shelves =
            [shelf("leeds", Some(leeds), 9), shelf("shanghai", Some(shanghai), 1), shelf("somewhere", None, 20)];
        let name = |site, n| nearest(&shelves, site, n).map(|(shelf, km)| (shelf.depot.clone(), km.map(f64::round)));
        assert_eq!(name(Some(suzhou), 1), Some(("shanghai".into(), Some(81.0))));
        assert_eq!(name(Some(suzhou), 2).map(|found| found.0), Some("leeds".into()));
        assert_eq!(name(None, 1), Some(("somewhere".into(), None)));
        assert_eq!(name(Some(suzhou), 21), None);
    }

    #[test]
    fn what_is_not_needed_is_nought_and_not_minus_nought() {
        assert!(Count::of(&[]).expected.is_sign_positive());
        let week = [Timestamp::from_millis(0), Timestamp::from_millis(0).plus_days(7.0)];
        let load = &visits(&[], &week, week[0], &|_| 8.0)[0];
        assert!(load.booked_h.is_sign_positive() && load.expected_h.is_sign_positive());
    }
}
