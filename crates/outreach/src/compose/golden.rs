//! Each branch of the phrases, and the branches of letters that no story of the other golden files takes, read once and kept.

mod branches;

use std::fmt::Write as _;

use expect_test::expect_file;
use foretell_model::Catalogue;
use minijinja::value::Serde;
use serde_json::{Map, Value, json};

use self::branches::{SURVEY, letters};
use super::trial::{Specimen, specimens};
use super::{Composer, Occasion};
use crate::registry::Language;

/// Calls of the phrases, in English and Chinese, each with the facts that take its branches. A text `a|b` is `a` in English and
/// `b` in Chinese.
#[expect(clippy::too_many_lines, reason = "a table, row after row")]
fn calls() -> Vec<(&'static str, &'static str, Vec<Value>)> {
    let seen = |what: &str, figure: &str, before: &str| json!({ "what": what, "figure": figure, "before": before, "since": null, "sudden": false });
    let since = |seen: Value| with(seen, &json!({ "since": "20 June|6月20日" }));
    let sudden = |seen: Value| with(seen, &json!({ "sudden": true }));
    let mut observed = Vec::new();
    for (what, figure, before) in [
        ("temperature_rise", "4", ""),
        ("temperature_fall", "9", ""),
        ("cooler_loss", "25", ""),
        ("oil_filter_dp", "0.9", ""),
        ("separator_dp", "0.6", ""),
        ("inlet_vacuum", "38", ""),
        ("vibration", "8.2", ""),
        ("current_rise", "6", ""),
        ("current_fall", "7", ""),
        ("oil_heats_more", "5", ""),
        ("idle_current", "62", "54"),
        ("quiet_load", "14", ""),
        ("quiet_load", "14", "5"),
        ("phase_imbalance", "9", ""),
        ("hot_peaks", "", ""),
        ("too_cool", "", ""),
        ("drift", "", ""),
    ] {
        let plain = seen(what, figure, before);
        if matches!(what, "temperature_rise" | "vibration") {
            observed.extend([sudden(plain.clone()), sudden(since(plain.clone()))]);
        }
        observed.extend([since(plain.clone()), plain]);
    }
    let energy = |kind: &str, litres: Value, kw: Value, tariff: Value| {
        json!({ "kind": kind, "litres": litres, "kw": kw, "tariff": tariff, "currency": "yuan|元",
                "cost": { "low": "16,000", "high": "18,500" } })
    };
    let (span, bound) = (json!({ "low": "3", "high": "4" }), json!({ "low": null, "high": "4" }));
    let cheap = json!({ "cost": { "low": null, "high": "18,500" } });
    let tips = vec![
        energy("leak", json!({ "low": "500", "high": "620" }), span.clone(), json!("0.74")),
        energy("leak", json!({ "low": null, "high": "620" }), bound.clone(), Value::Null),
        with(energy("leak", Value::Null, Value::Null, Value::Null), &cheap),
        energy("idle", Value::Null, span, json!("0.74")),
        energy("idle", Value::Null, bound, Value::Null),
        energy("idle", Value::Null, Value::Null, Value::Null),
    ];
    let saving =
        |tariff: Value, per_month: Value| json!({ "tariff": tariff, "per_month": per_month, "currency": "yuan|元" });
    let effect = |outcome: &str, change: Value| {
        let none = json!({ "outcome": outcome, "below_limit": false, "degrees": null, "amps": null, "litres": null, "money": null,
                           "currency": "yuan|元" });
        with(none, &change)
    };
    let effects = vec![
        effect("better", json!({ "degrees": "5" })),
        effect("better", json!({ "degrees": "5", "amps": "4", "money": { "low": "300", "high": "400" } })),
        effect("better", json!({ "litres": { "low": "400", "high": "500" }, "money": { "low": null, "high": "400" } })),
        effect("better", json!({ "litres": { "low": null, "high": "500" } })),
        effect("better", json!({ "amps": "4" })),
        effect("better", json!({})),
        effect("none", json!({})),
        effect("worse", json!({ "degrees": "3" })),
        effect("worse", json!({ "degrees": "3", "below_limit": true })),
        effect("worse", json!({})),
        effect("worse", json!({ "below_limit": true })),
    ];
    let beside = |alike: bool| json!({ "fault": "low oil|缺油", "alike": alike });
    let cause = |certainty: &str, beside: Value| json!({ "certainty": certainty, "beside": beside, "comparison": "" });
    let radiator = json!({ "comparison": "It is like a car radiator full of road dust.|就像汽车水箱糊满了灰尘。" });
    let compared = |certainty: &str, beside: Value| with(cause(certainty, beside), &radiator);
    let window = |kind: &str, from: u32, to: u32| json!({ "kind": kind, "from": from, "to": to });
    let limit = |signal: &str, low: bool| json!({ "signal": signal, "figure": "105", "low": low, "reached": false });
    let hours = |overdue: bool| json!({ "since": "3,900", "interval": "4,000", "overdue": overdue });
    let (one, two) = ("clean the cooler|清洗冷却器", "change the oil|更换润滑油");
    let due = |works: Value, hours: Value| json!({ "works": works, "hours": hours, "far": false });
    let talk = |today: bool, met: bool| json!({ "today": today, "day": "14 July|7月14日", "wish": "Thursday afternoons|周四下午", "met": met });
    let slots = json!([
        "Thursday 16 July, 17:00–19:00|7月16日（周四）17:00–19:00",
        "Monday 20 July, 17:00–19:00|7月20日（周一）17:00–19:00"
    ]);
    let times = |idle: bool, others: usize, runs: Value| {
        let others: Vec<Value> =
            (0..others).map(|n| json!({ "number": format!("No. {}|{}号机", n + 3, n + 3) })).collect();
        json!({ "slots": slots, "idle": idle, "others": others, "runs": runs })
    };
    let before = |unfound: Value, effect: Value, technician: Value| json!({ "day": "16 June|6月16日", "works": [one], "beside": false, "elsewhere": false, "technician": technician, "unfound": unfound, "effect": effect });
    let survey = json!({ "beside": true, "works": [SURVEY] });
    let other = |fault: bool, works: Value| {
        json!({ "number": "No. 3|3号机", "fault": if fault { json!("a clogged cooler|冷却器堵塞") } else { Value::Null },
                "works": works, "jobs": works, "certainty": "high", "beside": null, "comparison": "", "below_limit": fault, "window": window("within", 0, 4),
                "limit": limit("discharge_temp_c", false), "seen": since(seen("temperature_rise", "4", "")),
                "hours": hours(false) })
    };
    vec![
        ("say.seen(it)", "say.seen(it, number)", observed),
        (
            "say.calm(it.limit, it.what)",
            "say.calm(it.limit, it.what)",
            vec![
                json!({ "limit": limit("vibration_mm_s", false), "what": "vibration" }),
                json!({ "limit": null, "what": "phase_imbalance" }),
                json!({ "limit": null, "what": "hot_peaks" }),
                json!({ "limit": limit("discharge_temp_c", false), "what": "temperature_rise" }),
            ],
        ),
        (
            "say.cause(it.certainty, fault, it.beside, it.comparison)",
            "say.cause(it.certainty, fault, it.beside, it.comparison)",
            vec![
                compared("low", beside(true)),
                compared("high", beside(true)),
                compared("high", Value::Null),
                compared("medium", Value::Null),
                compared("low", Value::Null),
                compared("high", beside(false)),
                cause("low", beside(true)),
                cause("high", beside(true)),
                cause("high", Value::Null),
                cause("medium", Value::Null),
                cause("low", Value::Null),
                cause("high", beside(false)),
            ],
        ),
        (
            "say.likely('high', fault, it.window, it.limit, it.what, sudden=it.sudden)",
            "say.likely('high', fault, it.window, it.limit, it.what, sudden=it.sudden)",
            [
                (window("this_week", 0, 1), limit("discharge_temp_c", false), ""),
                (window("within", 0, 3), limit("discharge_temp_c", true), ""),
                (window("between", 2, 4), limit("oil_filter_dp_bar", false), ""),
                (window("between", 2, 4), limit("separator_dp_bar", false), ""),
                (window("from", 1, 0), limit("vibration_mm_s", false), ""),
                (window("from", 6, 0), Value::Null, ""),
                (window("from", 2, 0), limit("discharge_temp_c", false), ""),
                (window("from", 3, 0), limit("separator_dp_bar", false), ""),
                (window("from", 3, 0), limit("inlet_vacuum_mbar", false), ""),
                (window("open", 0, 0), Value::Null, "phase_imbalance"),
                (window("between", 2, 4), limit("discharge_temp_c", false), "sudden"),
                (window("from", 6, 0), limit("discharge_temp_c", false), "sudden"),
                (window("between", 2, 4), limit("vibration_mm_s", false), "sudden"),
                (Value::Null, with(limit("discharge_temp_c", false), &json!({ "reached": true })), ""),
            ]
            .map(|(window, limit, what)| json!({ "window": window, "limit": limit, "what": what, "sudden": what == "sudden" }))
            .to_vec(),
        ),
        (
            "say.due(number, it.works, it.hours, it.far)",
            "say.due(number, it.works, it.hours, it.far)",
            vec![
                due(json!([one]), Value::Null),
                due(json!([one]), hours(false)),
                due(json!([one]), hours(true)),
                due(json!([one, two]), hours(false)),
                with(due(json!([one, two]), hours(false)), &json!({ "far": true })),
                due(json!([one, two]), hours(true)),
            ],
        ),
        (
            "say.effort('about two hours', it.stops, it.partly, it.at_most)",
            "say.effort('两小时左右', it.stops, it.partly, it.at_most)",
            [(true, false, false), (false, false, false), (true, true, false), (true, false, true)]
                .map(|(stops, partly, at_most)| json!({ "stops": stops, "partly": partly, "at_most": at_most }))
                .to_vec(),
        ),
        (
            "say.together('about two hours', it.stops, it.at_most)",
            "say.together('两小时左右', it.stops, it.at_most)",
            [(true, false), (false, false), (true, true)]
                .map(|(stops, at_most)| json!({ "stops": stops, "at_most": at_most }))
                .to_vec(),
        ),
        ("say.also(it)", "say.also(it)", vec![other(true, json!([one])), other(false, json!([two]))]),
        ("say.since_then(it)", "say.since_then(it)", vec![other(true, json!([one])), other(false, json!([two]))]),
        ("say.of_itself(it)", "say.of_itself(it)", vec![other(true, json!([one, two])), other(true, json!([]))]),
        ("say.broken(number, it)", "say.broken(number, it)", vec![json!("16 July|7月16日")]),
        ("say.wished(it)", "say.wished(it)", vec![talk(true, true), talk(true, false)]),
        (
            "say.times(it.slots, it.idle, it.others, it.runs)",
            "say.times(it.slots, it.idle, it.others, it.runs)",
            vec![
                times(false, 0, json!([])),
                times(true, 0, json!([])),
                times(true, 1, json!([])),
                times(true, 2, json!([])),
                times(false, 0, json!([true, true])),
                times(false, 1, json!([true, true])),
                times(false, 0, json!([false, true])),
                times(false, 2, json!([false, true])),
            ],
        ),
        ("say.feelings(it)", "say.feelings(it)", (2..=5).map(Value::from).collect()),
        ("say.waste(it) ~ ' ' ~ say.cost(it)", "say.waste(it) ~ say.cost(it)", tips),
        (
            "say.saving(it)",
            "say.saving(it)",
            vec![
                saving(json!("0.74"), json!({ "low": "300", "high": "400" })),
                saving(Value::Null, json!({ "low": "300", "high": "400" })),
                saving(json!("0.74"), json!({ "low": null, "high": "400" })),
            ],
        ),
        ("say.season(it)", "say.season(it)", vec![json!("1 September|9月1日")]),
        ("say.season(none, it)", "say.season(none, it)", vec![json!("25 July|7月25日")]),
        ("say.effect(it)", "say.effect(it)", effects.clone()),
        ("say.effect(it, number)", "say.effect(it, number)", effects),
        ("say.unfound(fault, it)", "say.unfound(fault, it)", vec![json!(""), json!("No. 2|2号机")]),
        (
            "say.again(it, number)",
            "say.again(it, number)",
            vec![
                before(Value::Null, Value::Null, Value::Null),
                before(json!("a clogged cooler|冷却器堵塞"), Value::Null, json!("Jun Chen|陈军")),
                with(before(json!("low oil|缺油"), Value::Null, Value::Null), &json!({ "elsewhere": true })),
                before(Value::Null, effect("worse", json!({ "degrees": "3" })), json!("Jun Chen|陈军")),
                with(before(Value::Null, effect("none", json!({})), json!("Jun Chen|陈军")), &survey),
                with(before(json!("leaks in the air network|管网漏气"), Value::Null, Value::Null), &survey),
            ],
        ),
        (
            "say.no_better(it, number)",
            "say.no_better(it, number)",
            [effect("none", json!({})), effect("worse", json!({})), Value::Null]
                .map(|effect| with(before(Value::Null, effect, Value::Null), &survey))
                .to_vec(),
        ),
        (
            "say.still(it, 'high', fault, it.window, none, '', it.beside)",
            "say.still(it, 'high', fault, it.window, none, '', it.beside)",
            [
                (Value::Null, false, Value::Null),
                (json!("a clogged cooler|冷却器堵塞"), false, Value::Null),
                (Value::Null, true, Value::Null),
                (Value::Null, false, beside(true)),
            ]
            .map(|(unfound, elsewhere, beside)| {
                let window = window("within", 0, 3);
                json!({ "unfound": unfound, "elsewhere": elsewhere, "beside": beside, "window": window })
            })
            .to_vec(),
        ),
        (
            "say.hello(it, advisor, company) ~ ' ' ~ say.greeting(it)",
            "say.hello(it, advisor, company) ~ say.greeting(it)",
            vec![json!("Ms Baker|李工"), Value::Null],
        ),
        (
            "say.intro(advisor, company, it.talk, it.earlier, it.tone, it.worse)",
            "say.intro(advisor, company, it.talk, it.earlier, it.tone, it.worse)",
            vec![
                json!({ "talk": null, "earlier": null, "tone": 0, "worse": false }),
                json!({ "talk": null, "earlier": null, "tone": 2, "worse": false }),
                json!({ "talk": talk(true, true), "earlier": null, "tone": 3, "worse": false }),
                json!({ "talk": talk(false, true), "earlier": null, "tone": 0, "worse": false }),
                json!({ "talk": null, "earlier": "16 June|6月16日", "tone": 2, "worse": false }),
                json!({ "talk": null, "earlier": "16 June|6月16日", "tone": 2, "worse": true }),
            ],
        ),
    ]
}

/// The first facts with the second ones in their place.
fn with(mut facts: Value, others: &Value) -> Value {
    if let (Some(facts), Some(others)) = (facts.as_object_mut(), others.as_object()) {
        for (name, other) in others {
            let fact = facts.remove(name).unwrap_or_default();
            facts.insert(name.clone(), if fact.is_object() { with(fact, other) } else { other.clone() });
        }
        return Value::Object(std::mem::take(facts));
    }
    others.clone()
}

/// `a|b` is `a` in English and `b` in Chinese.
fn in_language(value: &Value, language: Language) -> Value {
    match value {
        Value::String(text) => match text.split_once('|') {
            Some((en, zh)) => json!(if language == Language::En { en } else { zh }),
            None => value.clone(),
        },
        Value::Array(all) => all.iter().map(|one| in_language(one, language)).collect(),
        Value::Object(all) => {
            let fields = all.iter().map(|(name, one)| (name.clone(), in_language(one, language)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[test]
fn every_branch_of_the_phrases() {
    let composer = Composer::new(None).unwrap();
    let mut out = String::new();
    for (en, zh, cases) in calls() {
        for (language, call) in [(Language::En, en), (Language::ZhCn, zh)] {
            let phrases = Occasion::Phrases.template(language);
            let source = format!("{{% import \"{phrases}\" as say %}}{{{{ {call} }}}}");
            writeln!(out, "{{{{ {call} }}}}").unwrap();
            for case in &cases {
                let facts = json!({
                    "it": case, "number": "No. 2|2号机", "fault": "a clogged cooler|冷却器堵塞",
                    "company": "Foretell Service|先知服务",
                    "advisor": { "name": "Min Wang|王敏", "role": "your service advisor|服务顾问", "phone": "1" },
                });
                let facts = in_language(&facts, language);
                let said = composer.templates.render_str(&source, Serde(&facts));
                let said = said.unwrap_or_else(|error| panic!("{call}: {error:#}"));
                writeln!(out, "  {}", said.trim().replace('\n', "\n  ")).unwrap();
            }
            out.push('\n');
        }
    }
    expect_file!["../../tests/golden/phrases.txt"].assert_eq(&out);
}

#[test]
fn every_branch_of_the_letters() {
    let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
    let composer = Composer::new(None).unwrap();
    let mut out = String::new();
    for (occasion, which, change) in letters() {
        for language in Language::ALL {
            let facts = match &specimens(occasion, language, &catalogue)[which] {
                Specimen::Case(facts) => serde_json::to_value(facts),
                Specimen::Visit(facts) => serde_json::to_value(facts),
                Specimen::Trouble(facts) => serde_json::to_value(facts),
                Specimen::Complaint(facts) => serde_json::to_value(facts),
            };
            let facts = with(facts.unwrap(), &in_language(&change, language));
            let text = composer.letter(occasion, language, &facts).unwrap();
            super::editor::strictly(occasion, &text).unwrap_or_else(|e| panic!("{} {change}: {e}", occasion.name()));
            let name = occasion.template(language);
            writeln!(out, "=== {name} {change}\n{}\n\n{}\n--- short ---\n{}\n", text.subject, text.body, text.short)
                .unwrap();
        }
    }
    expect_file!["../../tests/golden/branches.txt"].assert_eq(&out);
}
