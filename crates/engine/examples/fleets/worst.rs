//! The worst cases, and what there was to see: how late a warning comes by what the fault truly showed two weeks before the limit,
//! and each machine that was warned of too late or for nothing.

use crate::case::Case;
use crate::stats::median;

/// What the hot hours truly showed above normal two weeks before the limit is told in these steps, K.
const STEPS_K: [f64; 4] = [1.0, 2.0, 4.0, f64::INFINITY];

/// Lines of one world.
pub(crate) fn table<'a>(cases: impl Iterator<Item = (u64, &'a Case)> + Clone) -> String {
    let reached = || cases.clone().filter(|(_, case)| case.reached);
    let mut out = String::new();
    if reached().any(|(_, case)| case.shown_k.is_some()) {
        out += &format!(
            "{:34} {:>8} {:>6} {:>6} {:>7}\n",
            "hot hours 14 d before, truly", "reached", ">=7d", ">=14d", "lead"
        );
        let mut from = f64::NEG_INFINITY;
        for to in STEPS_K {
            let these: Vec<f64> = reached()
                .filter(|(_, case)| case.shown_k.is_some_and(|k| from <= k && k < to))
                .map(|(_, case)| case.lead_named_days)
                .collect();
            out += &line(&step(from, to), &these);
            from = to;
        }
    }
    out += "warned of less than 7 days ahead, and advised for nothing, each:\n";
    for (seed, case) in cases {
        for case in &case.worst {
            out += &format!("  {seed} {case}\n");
        }
    }
    out
}

fn step(from: f64, to: f64) -> String {
    match (from.is_finite(), to.is_finite()) {
        (false, _) => format!("under {to:.0} K above normal"),
        (_, false) => format!("{from:.0} K and more"),
        _ => format!("{from:.0} to {to:.0} K"),
    }
}

fn line(name: &str, leads_days: &[f64]) -> String {
    let share = |least_days: f64| {
        let hits = leads_days.iter().filter(|lead| **lead >= least_days).count();
        if leads_days.is_empty() {
            "-".to_owned()
        } else {
            format!("{:.0} %", 100.0 * hits as f64 / leads_days.len() as f64)
        }
    };
    let lead = median(leads_days.iter().copied()).map_or_else(|| "-".to_owned(), |days| format!("{days:.1} d"));
    format!("{name:34} {:8} {:>6} {:>6} {lead:>7}\n", leads_days.len(), share(7.0), share(14.0))
}
