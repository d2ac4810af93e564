//! Electricity that is lost, as a customer reads it: litres, kilowatts and money, each as wide as its uncertainty.

use foretell_model::{Certainty, Finding, FindingKind, currency_name};
use serde::Serialize;

use super::format::{self, Range};
use crate::registry::Language;

/// What is lost, and what it costs.
#[derive(Debug, Serialize)]
pub(super) struct Energy {
    /// `leak` of the air network, or `idle`: more than a sound machine draws unloaded.
    kind: &'static str,
    /// Air, litres a minute.
    litres: Option<Range>,
    /// Power, kW.
    kw: Option<Range>,
    /// Money a year.
    cost: Range,
    currency: String,
    /// Money per kilowatt-hour behind the cost.
    tariff: Option<String>,
}

/// What the tariff behind a cost is called among a finding's evidence.
const TARIFF: &str = "tariff_per_kwh";

/// A figure with twice its standard deviation, and its unit.
pub(super) fn figure<'a>(finding: &'a Finding, feature: &str) -> Option<(f64, f64, &'a str)> {
    let of = |name: &str| finding.evidence.iter().find(|item| item.feature == name);
    let (known, sd) = (of(feature)?, of(&format!("{feature}_sd"))?);
    let sound = known.value.is_finite() && sd.value.is_finite() && sd.value >= 0.0;
    sound.then_some((known.value, 2.0 * sd.value, known.unit.as_str()))
}

/// Features of the flow, the power and the yearly cost of what a fault wastes.
fn features(fault: &str) -> Option<(&'static str, [&'static str; 3])> {
    match fault {
        "air_leak" => Some(("leak", ["leak_flow_m3_min", "leak_power_kw", "leak_cost_per_year"])),
        "inlet_valve" => Some(("idle", ["", "unloaded_excess_kw", "unloaded_cost_per_year"])),
        _ => None,
    }
}

/// The yearly cost, where it is clear of nought.
fn cost(finding: &Finding) -> Option<(f64, f64, &str)> {
    let (_, [.., cost]) = features(finding.fault.as_str())?;
    figure(finding, cost).filter(|(value, half, _)| *value > *half)
}

/// What a finding says is lost; `None` when it is about something else, or when the money is not clear of nought.
pub(super) fn energy(finding: &Finding, language: Language) -> Option<Energy> {
    let (kind, [flow, kw, _]) = features(finding.fault.as_str())?;
    let (value, half, code) = cost(finding)?;
    let range = |feature: &str, scale: f64| {
        let clear = figure(finding, feature).filter(|(value, half, _)| *value > *half);
        clear.map(|(value, half, _)| Range::of(language, value * scale, half * scale))
    };
    let tariff = finding.evidence.iter().find(|item| item.feature == TARIFF && item.value > 0.0);
    Some(Energy {
        kind,
        litres: range(flow, 1_000.0),
        kw: range(kw, 1.0),
        cost: Range::of(language, value, half),
        currency: currency_name(code, language.tag()).to_owned(),
        tariff: tariff.map(|item| format::price(item.value)),
    })
}

/// Whether a leak that is only watched is worth a tip to the customer: probably one, and clearly dear enough. A survey harms
/// nobody and is the only way to know; a repair on the same evidence would be rash.
pub(crate) fn is_worth_a_tip(finding: &Finding, per_year_min: f64) -> bool {
    let conclusion = matches!(finding.kind, FindingKind::Prediction | FindingKind::Anomaly);
    let probable = Certainty::of(finding.likelihood) != Certainty::Low;
    let dear = cost(finding).is_some_and(|(value, ..)| value >= per_year_min);
    finding.fault.as_str() == "air_leak" && conclusion && probable && dear
}
