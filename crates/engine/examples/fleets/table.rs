//! The figures of many machines as text.

use crate::case::{ASKED_DAYS, Case};
use crate::fleet::Kind;
use crate::naive::Method;
use crate::stats::{binomial_95, median, poisson_95};

/// The table that a fleet is judged by: the engine, and what everybody has.
pub(crate) fn judged(title: &str, engine: &[&Case], simple: &[Vec<&Case>]) -> String {
    let row = |name: &str, cells: Vec<String>| {
        format!("{name:34}{}\n", cells.iter().map(|cell| format!(" {cell:>30}")).collect::<String>())
    };
    let methods = Method::ALL.iter().map(|method| method.name().to_owned());
    let mut out = format!("== {title}\n");
    out += &row("", std::iter::once("engine".to_owned()).chain(methods).collect());
    for (name, figure) in figures() {
        let of_simple = simple.iter().map(|cases| figure(cases));
        out += &row(name, std::iter::once(figure(engine)).chain(of_simple).collect());
    }
    out += "days before   holds         width/true  median/true  too early  asked\n";
    for (place, days) in ASKED_DAYS.iter().enumerate() {
        let asked: Vec<_> = engine.iter().filter_map(|c| c.asked[place]).collect();
        let early = asked.iter().filter(|a| a.too_early).count();
        out += &format!(
            "{days:11} {:>15} {:11} {:>12} {:>9} {:>6}\n",
            share(asked.iter().filter(|a| a.holds).count(), asked.len()),
            ratio(median(asked.iter().map(|a| a.width))),
            ratio(median(asked.iter().map(|a| a.bias))),
            format!("{:.0} %", 100.0 * early as f64 / asked.len().max(1) as f64),
            asked.len()
        );
    }
    out
}

type Trait = fn(&Case) -> &'static str;

/// One line for each value of each trait.
pub(crate) fn by_trait(cases: &[&Case]) -> String {
    let traits: [Trait; 10] = [
        |c| c.traits.ambient,
        |c| c.traits.drive,
        |c| c.traits.schedule,
        |c| c.traits.climate,
        |c| c.traits.season,
        |c| c.traits.shape,
        |c| c.traits.pace,
        |c| c.traits.fan,
        |c| c.traits.sampling,
        |c| c.traits.scenario,
    ];
    by(&traits, cases)
}

/// One line for each scenario of clogging coolers, where a world has them.
pub(crate) fn by_scenario(cases: &[&Case]) -> String {
    let failing: Vec<&Case> = cases.iter().copied().filter(|c| c.kind == Kind::Failing).collect();
    by(&[|c| c.traits.scenario], &failing)
}

fn by(traits: &[Trait], cases: &[&Case]) -> String {
    let mut out = format!(
        "{:24} {:>8} {:>6} {:>6} {:>7} {:>6} {:>7} {:>6} {:>7}  {}\n",
        "scenario", "reached", ">=7d", ">=14d", "lead", "never", "holds", "width", "named", "false /machine-year"
    );
    for of in traits {
        let mut values: Vec<&str> = cases.iter().map(|c| of(c)).collect();
        values.retain(|value| !value.is_empty());
        values.sort_unstable();
        values.dedup();
        for value in values {
            let these: Vec<&Case> = cases.iter().copied().filter(|c| of(c) == value).collect();
            out += &scenario(value, &these);
        }
    }
    out
}

fn scenario(name: &str, cases: &[&Case]) -> String {
    let reached: Vec<&&Case> = cases.iter().filter(|c| c.reached).collect();
    let percent = |hits: usize, n: usize| {
        if n == 0 { "-".to_owned() } else { format!("{:.0} %", 100.0 * hits as f64 / n as f64) }
    };
    let warned = |days: f64| percent(reached.iter().filter(|c| c.lead_days >= days).count(), reached.len());
    let asked: Vec<_> = cases.iter().flat_map(|c| c.asked).flatten().collect();
    let named = reached.iter().filter(|c| c.named_first.as_deref() == Some("cooler_clogging")).count();
    let (episodes, years) = falses(cases);
    format!(
        "{name:24} {:8} {:>6} {:>6} {:>7} {:6} {:>7} {:>6} {:>7}  {} in {years:.1} = {:.3}\n",
        reached.len(),
        warned(7.0),
        warned(14.0),
        days(median(reached.iter().map(|c| c.lead_days))),
        reached.iter().filter(|c| c.lead_days <= 0.0).count(),
        percent(asked.iter().filter(|a| a.holds).count(), asked.len()),
        ratio(median(asked.iter().map(|a| a.width))),
        percent(named, reached.iter().filter(|c| c.named_first.is_some()).count()),
        episodes,
        episodes as f64 / years.max(1e-9),
    )
}

type Figure = fn(&[&Case]) -> String;

fn figures() -> [(&'static str, Figure); 14] {
    [
        ("machines, coolers that reach limit", |c| format!("{}, {}", c.len(), c.iter().filter(|c| c.reached).count())),
        ("warned >= 7 d, named cooler", |c| warned(c, 7.0, |c| c.lead_named_days)),
        ("warned >= 14 d, named cooler", |c| warned(c, 14.0, |c| c.lead_named_days)),
        ("  and not taken back, >= 7 d", |c| warned(c, 7.0, |c| c.lead_kept_days)),
        ("  and not taken back, >= 14 d", |c| warned(c, 14.0, |c| c.lead_kept_days)),
        ("warned >= 7 d, any prediction", |c| warned(c, 7.0, |c| c.lead_days)),
        ("warned >= 14 d, any prediction", |c| warned(c, 14.0, |c| c.lead_days)),
        ("median lead, named cooler", |c| days(median(c.iter().filter(|c| c.reached).map(|c| c.lead_named_days)))),
        ("median lead of those warned", |c| {
            days(median(c.iter().map(|c| c.lead_named_days).filter(|lead| *lead > 0.0)))
        }),
        ("80 % interval holds", |c| {
            let asked: Vec<_> = c.iter().flat_map(|c| c.asked).flatten().collect();
            share(asked.iter().filter(|a| a.holds).count(), asked.len())
        }),
        ("median width / true remaining", |c| ratio(median(c.iter().flat_map(|c| c.asked).flatten().map(|a| a.width)))),
        ("cooler named first of warned", |c| {
            let first: Vec<&str> = c.iter().filter_map(|c| c.named_first.as_deref()).collect();
            share(first.iter().filter(|f| **f == "cooler_clogging").count(), first.len())
        }),
        ("false /machine-year, healthy", |c| rate(c, Kind::Healthy)),
        ("false /machine-year before onset", |c| rate(c, Kind::Failing)),
    ]
}

fn warned(cases: &[&Case], at_least_days: f64, lead: fn(&Case) -> f64) -> String {
    let reached: Vec<f64> = cases.iter().filter(|c| c.reached).map(|c| lead(c)).collect();
    share(reached.iter().filter(|l| **l >= at_least_days).count(), reached.len())
}

fn rate(cases: &[&Case], kind: Kind) -> String {
    let these: Vec<&Case> = cases.iter().copied().filter(|c| c.kind == kind).collect();
    let (episodes, years) = falses(&these);
    if years == 0.0 {
        return "-".to_owned();
    }
    let (low, high) = poisson_95(episodes, years);
    format!("{:.3} ({low:.3}-{high:.3}) {episodes}/{years:.0} y", episodes as f64 / years.max(1e-9))
}

fn falses(cases: &[&Case]) -> (usize, f64) {
    (cases.iter().map(|c| c.false_episodes).sum(), cases.iter().map(|c| c.healthy_years).sum())
}

/// `93.1 % (88-96)`.
pub(crate) fn share(hits: usize, n: usize) -> String {
    if n == 0 {
        return "-".to_owned();
    }
    let (low, high) = binomial_95(hits, n);
    format!("{:.1} % ({:.0}-{:.0})", 100.0 * hits as f64 / n as f64, 100.0 * low, 100.0 * high)
}

fn days(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.1} d"))
}

fn ratio(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.2}"))
}
