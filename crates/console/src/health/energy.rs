//! Figures with an uncertainty: what a job achieved, and what electricity is lost to leaks and idling.

use foretell_model::{Catalogue, Evidence, Finding, currency_name};
use serde::Serialize;

use super::score::is_for_customers;
use crate::view::HealthReport;
use crate::{Lang, civil, text};

/// A figure in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    /// What it is.
    pub(crate) name: &'static str,
    /// How much, with its uncertainty.
    pub(crate) value: String,
    /// Whether less is what one hopes for, and it is less.
    pub(crate) better: bool,
}

/// A headline, a sentence and figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Tip {
    /// Headline.
    pub(crate) title: String,
    /// One sentence.
    pub(crate) sentence: String,
    /// Figures that are clear of nought.
    pub(crate) rows: Vec<Row>,
    /// What did not change beyond its uncertainty, in one line; empty when there is nothing of that kind.
    pub(crate) still: String,
}

/// What became of one quantity.
enum Changed {
    /// It changed.
    Clearly(Row),
    /// Not beyond its uncertainty: its name with that.
    Unclear(String),
}

/// A figure and twice its standard deviation: what holds in 95 of 100 cases.
fn figure<'a>(finding: &'a Finding, feature: &str) -> Option<(f64, f64, &'a str)> {
    let of = |name: &str| finding.evidence.iter().find(|item: &&Evidence| item.feature == name);
    let sd = of(&format!("{feature}_sd")).map_or(0.0, |sd| sd.value);
    of(feature).filter(|item| item.value.is_finite()).map(|item| (item.value, 2.0 * sd, item.unit.as_str()))
}

/// A figure and its uncertainty, both as precise as the uncertainty deserves: its first digit, or two when it begins with 1 or 2.
fn rounded(value: f64, half: f64) -> (String, String) {
    let magnitude = if half > 0.0 { half.log10().floor() } else { -1.0 };
    let exponent = if half / 10_f64.powf(magnitude) < 3.0 { magnitude - 1.0 } else { magnitude };
    let step = 10_f64.powf(exponent);
    let places = (-exponent).clamp(0.0, 2.0) as usize;
    let text = |value: f64| format!("{:.places$}", (value / step).round() * step);
    (text(value), text(half))
}

fn unit(ucum: &str, lang: Lang) -> &str {
    match ucum {
        "m3/min" => "m³/min",
        "K" => text::celsius(lang),
        unit => currency_name(unit, lang.tag()),
    }
}

/// An amount with its unit: `39,000 yuan`, `3.9万元`, `3.3 kW`.
fn amount(figure: &str, unit: &str, lang: Lang) -> String {
    let stands_close = unit == "%" || unit.chars().next().is_some_and(|first| first >= '\u{4e00}');
    let gap = if stands_close { "" } else { " " };
    format!("{}{gap}{unit}", text::large(figure, lang))
}

/// What changed of one quantity; `None` when it was not looked at.
fn change(finding: &Finding, feature: &str, name: &'static str, lang: Lang) -> Option<Changed> {
    let t = text::words(lang);
    let changed = finding.change(feature)?;
    let (value, half, ucum) = (changed.value, changed.half, changed.unit);
    // What is clear of nought, yet no more than a machine does by itself, is no change; it lies within its own size.
    let half = if changed.is_told() { half } else { half.max(value.abs()) };
    // A share of the loaded current reads as points of per cent.
    let (value, half, unit) =
        if ucum == "1" { (value * 100.0, half * 100.0, "%") } else { (value, half, unit(ucum, lang)) };
    let (clear, less) = (changed.is_told(), value < 0.0);
    let way = if less { t.health_down } else { t.health_up };
    let (changed, half) = rounded(value.abs(), half);
    let (changed, uncertain) = (amount(&changed, unit, lang), text::large(&half, lang));
    let within = amount(&half, unit, lang);
    Some(match (clear, lang) {
        (true, Lang::En) => {
            Changed::Clearly(Row { name, value: format!("{changed} {way} (±{uncertain})"), better: less })
        }
        (true, Lang::Zh) => {
            Changed::Clearly(Row { name, value: format!("{way}{changed}（±{uncertain}）"), better: less })
        }
        (false, Lang::En) => Changed::Unclear(format!("{} (±{within})", name.to_lowercase())),
        (false, Lang::Zh) => Changed::Unclear(format!("{name}（±{within}）")),
    })
}

/// What a job achieved; a job that changed nothing is said to have changed nothing.
pub(super) fn effect(finding: &Finding, report: &HealthReport, catalogue: &Catalogue, lang: Lang) -> Tip {
    effect_of(finding, report.detail.summary.zone, catalogue, lang)
}

/// The same for a page that is no report.
pub(crate) fn effect_of(finding: &Finding, zone: chrono_tz::Tz, catalogue: &Catalogue, lang: Lang) -> Tip {
    let t = text::words(lang);
    let done = catalogue.actions.get(finding.fault.as_str()).map_or_else(
        || finding.fault.as_str().replace('_', " "),
        |action| text::work_listed(finding.fault.as_str(), action.name.in_language(lang.tag()), lang),
    );
    let since = finding.evidence.iter().find_map(|item| item.since).unwrap_or(finding.at);
    let rows = [
        ("discharge_change_k", t.health_change_temp),
        ("loaded_current_change_a", t.health_change_current),
        ("unloaded_share_change", t.health_change_idle),
        ("leak_flow_change_m3_min", t.health_change_leak),
        ("power_change_kw", t.health_change_power),
        ("cost_change_per_month", t.health_change_cost),
    ];
    let (mut clear, mut unclear) = (Vec::new(), Vec::new());
    for changed in rows.into_iter().filter_map(|(feature, name)| change(finding, feature, name, lang)) {
        match changed {
            Changed::Clearly(row) => clear.push(row),
            Changed::Unclear(text) => unclear.push(text),
        }
    }
    let still = match (unclear.is_empty(), lang) {
        (true, _) => String::new(),
        (false, Lang::En) => format!("{}: {}.", t.health_effect_unclear, text::listed(&unclear, lang)),
        (false, Lang::Zh) => format!("{}：{}。", t.health_effect_unclear, text::listed(&unclear, lang)),
    };
    Tip {
        title: format!("{} · {done}", civil::date(since, zone, lang)),
        sentence: text::kind_sentence(finding, catalogue, lang),
        rows: clear,
        still,
    }
}

/// Electricity that could be spared, from open findings that a customer may read.
pub(super) fn tips(report: &HealthReport, catalogue: &Catalogue, lang: Lang) -> Vec<Tip> {
    let t = text::words(lang);
    let tip = |finding: &Finding| match finding.fault.as_str() {
        "air_leak" => {
            Some((t.health_leak_title, t.health_leak_why, ["leak_flow_m3_min", "leak_power_kw", "leak_cost_per_year"]))
        }
        "inlet_valve" => {
            Some((t.health_idle_title, t.health_idle_why, ["", "unloaded_excess_kw", "unloaded_cost_per_year"]))
        }
        _ => None,
    };
    let names = [t.health_flow, t.health_power, t.health_cost_year];
    let open = report.detail.open.iter().filter(|finding| is_for_customers(finding, catalogue));
    open.filter_map(|finding| {
        let (title, sentence, features) = tip(finding)?;
        let row = |(name, feature): (&'static str, &str)| {
            let (value, half, ucum) = figure(finding, feature)?;
            let (value, half) = rounded(value, half);
            let (value, half) = (amount(&value, unit(ucum, lang), lang), text::large(&half, lang));
            let value = if lang == Lang::En { format!("{value} (±{half})") } else { format!("{value}（±{half}）") };
            Some(Row { name, value, better: false })
        };
        let rows: Vec<Row> = names.into_iter().zip(features).filter_map(row).collect();
        (!rows.is_empty()).then(|| Tip {
            title: title.to_owned(),
            sentence: format!("{sentence}{}", at_price(finding, lang)),
            rows,
            still: String::new(),
        })
    })
    .collect()
}

/// At which price the money of a finding was reckoned, as the end of a sentence; empty where it does not say.
fn at_price(finding: &Finding, lang: Lang) -> String {
    let Some((price, _, code)) = figure(finding, "tariff_per_kwh").filter(|(price, ..)| *price > 0.0) else {
        return String::new();
    };
    // To the tenth of a cent where there is one.
    let price = format!("{price:.3}");
    let price = price.strip_suffix('0').unwrap_or(&price);
    match lang {
        Lang::En => format!(" Electricity is reckoned at {price} {} per kilowatt-hour.", unit(code, lang)),
        Lang::Zh => format!("电费按每度{price}{}计算。", unit(code, lang)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_each_language_writes_them() {
        for (figure, unit, en, zh) in [
            ("39000", "yuan/元", "39,000 yuan", "3.9万元"),
            ("410", "yuan/元", "410 yuan", "410元"),
            ("3.3", "kW/kW", "3.3 kW", "3.3 kW"),
            ("4", "%/%", "4%", "4%"),
            ("1250000", "yuan/元", "1,250,000 yuan", "125万元"),
        ] {
            let (unit_en, unit_zh) = unit.split_once('/').unwrap();
            assert_eq!((amount(figure, unit_en, Lang::En), amount(figure, unit_zh, Lang::Zh)), (en.into(), zh.into()));
        }
    }

    /// A finding of what cleaning a cooler changed: feature, value, sd.
    fn cleaned(figures: &[(&str, f64, f64)]) -> Finding {
        let evidence: Vec<String> = figures
            .iter()
            .flat_map(|(feature, value, sd)| [((*feature).to_owned(), *value), (format!("{feature}_sd"), *sd)])
            .map(|(feature, value)| {
                format!(r#"{{"feature":"{feature}","value":{value},"unit":"K","change_per_day":null,"since":null}}"#)
            })
            .collect();
        let line = format!(
            r#"{{"at":"2026-07-04T00:00:00Z","site":"s1","machine":"m1","event":"maintenance_effect","id":"s1/m1/cooler_cleaned/1","status":"opened","grade":"watch","fault":"cooler_cleaned","likelihood":0.95,"alternatives":[],"rul_days":null,"probability_within":null,"limit":null,"evidence":[{}],"text":"x"}}"#,
            evidence.join(",")
        );
        foretell_model::wire::from_json(&line).unwrap()
    }

    #[test]
    fn the_headline_and_the_figures_of_an_effect_say_the_same() {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let temp = "discharge_change_k";
        for (figures, said, row) in [
            (&[(temp, -2.8, 0.6)][..], "about 3 °C cooler", "2.8 °C lower (±1.2)"),
            (&[(temp, 3.1, 0.5)][..], "about 3 °C hotter", "3.1 °C higher (±1.0)"),
            // It once read "about 1 °C cooler" over "no clear change (within ±1.4 °C)".
            (&[(temp, -1.388, 0.708)][..], "no clear change", "Not clearly changed: discharge temperature (±1.4 °C)."),
            (&[(temp, -0.6, 0.1)][..], "no clear change", "Not clearly changed: discharge temperature (±0.6 °C)."),
            // The current alone says nothing of a cleaned cooler.
            (
                &[("loaded_current_change_a", 0.2, 0.5)][..],
                "whether it helped cannot be told",
                "Not clearly changed: current under load (±1.0 °C).",
            ),
            (
                &[(temp, -0.2, 0.4), ("loaded_current_change_a", -6.0, 0.5)][..],
                "about 6 A less under load",
                "6.0 °C lower (±1.0)",
            ),
        ] {
            let tip = effect_of(&cleaned(figures), chrono_tz::Tz::UTC, &catalogue, Lang::En);
            assert!(tip.sentence.contains(said), "{figures:?}: {}", tip.sentence);
            let first = tip.rows.first().map_or(tip.still.as_str(), |row| row.value.as_str());
            assert_eq!(first, row, "{figures:?}");
            let zh = effect_of(&cleaned(figures), chrono_tz::Tz::UTC, &catalogue, Lang::Zh);
            assert_eq!(zh.sentence.contains("没有看到明显变化"), said == "no clear change", "{}", zh.sentence);
        }
    }

    #[test]
    fn money_is_told_with_the_price_behind_it() {
        let at = |price: f64| {
            let mut finding = cleaned(&[("tariff_per_kwh", price, 0.0)]);
            finding.evidence[0].unit = "CNY".to_owned();
            [Lang::En, Lang::Zh].map(|lang| at_price(&finding, lang))
        };
        assert_eq!(at(0.72), [" Electricity is reckoned at 0.72 yuan per kilowatt-hour.", "电费按每度0.72元计算。"]);
        assert_eq!(at(0.735)[1], "电费按每度0.735元计算。");
        assert_eq!(at(0.8)[1], "电费按每度0.80元计算。");
        assert_eq!(at(0.0), ["", ""]);
    }

    #[test]
    fn figures_are_as_precise_as_their_uncertainty() {
        for (value, half, expected) in [
            (6.3, 0.8, ("6.3", "0.8")),
            (0.84, 0.34, ("0.8", "0.3")),
            (412.0, 192.0, ("410", "190")),
            (39_300.0, 16_200.0, ("39000", "16000")),
            (5.6, 0.0, ("5.60", "0.00")),
        ] {
            let (value, half) = rounded(value, half);
            assert_eq!((value.as_str(), half.as_str()), expected);
        }
    }
}
