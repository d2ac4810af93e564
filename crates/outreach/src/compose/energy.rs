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

/// Electricity that a repair spares beside what it is done for.
#[derive(Debug, Serialize)]
pub(super) struct Saving {
    /// Money a month.
    per_month: Range,
    currency: String,
    /// Money per kilowatt-hour behind it.
    tariff: Option<String>,
}

/// What the tariff behind a cost is called among a finding's evidence.
const TARIFF: &str = "tariff_per_kwh";

const MONTHS_PER_YEAR: f64 = 12.0;

/// A figure with twice its standard deviation, and its unit.
pub(super) fn figure<'a>(finding: &'a Finding, feature: &str) -> Option<(f64, f64, &'a str)> {
    let of = |name: &str| finding.evidence.iter().find(|item| item.feature == name);
    let (known, sd) = (of(feature)?, of(&format!("{feature}_sd"))?);
    let sound = known.value.is_finite() && sd.value.is_finite() && sd.value >= 0.0;
    sound.then_some((known.value, 2.0 * sd.value, known.unit.as_str()))
}

/// What a fault wastes.
struct Waste {
    /// As what a letter is about it, where the waste is what the letter is about.
    kind: Option<&'static str>,
    /// Features of the flow and the power.
    flow: &'static str,
    kw: &'static str,
    /// Feature of the yearly cost.
    cost: &'static str,
}

/// What a fault wastes; `None` of one that wastes nothing, or nothing that is known.
fn waste(fault: &str) -> Option<Waste> {
    let (kind, [flow, kw, cost]) = match fault {
        "air_leak" => (Some("leak"), ["leak_flow_m3_min", "leak_power_kw", "leak_cost_per_year"]),
        "inlet_valve" => (Some("idle"), ["", "unloaded_excess_kw", "unloaded_cost_per_year"]),
        "separator_clogging" => (None, ["", "separator_excess_kw", "separator_cost_per_year"]),
        _ => return None,
    };
    Some(Waste { kind, flow, kw, cost })
}

/// The yearly cost, where it is clear of nought.
fn cost(finding: &Finding) -> Option<(f64, f64, &str)> {
    figure(finding, waste(finding.fault.as_str())?.cost).filter(|(value, half, _)| *value > *half)
}

/// What a fault wastes in electricity a year, in the money of its tariff; `None` where that is not known, or not clear of nought.
pub(crate) fn waste_per_year(finding: &Finding) -> Option<f64> {
    cost(finding).map(|(value, ..)| value)
}

/// What a finding says is lost; `None` when it is about something else, or when the money is not clear of nought.
pub(super) fn energy(finding: &Finding, language: Language) -> Option<Energy> {
    let wasted = waste(finding.fault.as_str())?;
    let (kind, (value, half, code)) = (wasted.kind?, cost(finding)?);
    let range = |feature: &str, scale: f64| {
        let clear = figure(finding, feature).filter(|(value, half, _)| *value > *half);
        clear.map(|(value, half, _)| Range::of(language, value * scale, half * scale))
    };
    Some(Energy {
        kind,
        litres: range(wasted.flow, 1_000.0),
        kw: range(wasted.kw, 1.0),
        cost: Range::of(language, value, half),
        currency: currency_name(code, language.tag()).to_owned(),
        tariff: tariff(finding),
    })
}

/// What the repair of a fault spares in electricity, where that is not what the letter is about.
pub(super) fn saving(finding: &Finding, language: Language) -> Option<Saving> {
    let (value, half, code) = cost(finding).filter(|_| energy(finding, language).is_none())?;
    Some(Saving {
        per_month: Range::of(language, value / MONTHS_PER_YEAR, half / MONTHS_PER_YEAR),
        currency: currency_name(code, language.tag()).to_owned(),
        tariff: tariff(finding),
    })
}

fn tariff(finding: &Finding) -> Option<String> {
    let tariff = finding.evidence.iter().find(|item| item.feature == TARIFF && item.value > 0.0);
    tariff.map(|item| format::price(item.value))
}

/// Whether a leak that is only watched is worth a tip to the customer: probably one, and clearly dear enough. A survey harms
/// nobody and is the only way to know; a repair on the same evidence would be rash.
pub(crate) fn is_worth_a_tip(finding: &Finding, per_year_min: f64) -> bool {
    let conclusion = matches!(finding.kind, FindingKind::Prediction | FindingKind::Anomaly);
    let probable = Certainty::of(finding.likelihood) != Certainty::Low;
    let dear = cost(finding).is_some_and(|(value, ..)| value >= per_year_min);
    finding.fault.as_str() == "air_leak" && conclusion && probable && dear
}
