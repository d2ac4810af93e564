//! What a job achieved, in a sentence: from the same figures, and by the same rule of what may be told, as the letter.

use foretell_model::Finding;
use foretell_model::effect::Change;

use super::work_done;
use crate::Lang;

/// What may be told, what the job was for first, and how it is said: the figure's scale, then less and more in both languages.
/// `{}` is the figure.
const TOLD: [(&str, f64, [[&str; 2]; 2]); 6] = [
    (
        "discharge_change_k",
        1.0,
        [
            [
                "the machine runs about {} °C cooler at the same load and in the same weather",
                "在负荷和天气相同的情况下，排气温度降低了{} ℃左右",
            ],
            [
                "the machine runs about {} °C hotter at the same load and in the same weather",
                "在负荷和天气相同的情况下，排气温度反而升高了{} ℃左右",
            ],
        ],
    ),
    (
        "leak_flow_change_m3_min",
        1_000.0,
        [
            ["the air lost to leaks is down by about {} litres a minute", "每分钟少漏压缩空气{}升左右"],
            ["the air lost to leaks is up by about {} litres a minute", "每分钟反而多漏压缩空气{}升左右"],
        ],
    ),
    (
        "loaded_current_change_a",
        1.0,
        [
            ["the machine draws about {} A less under load", "在负荷相同的情况下，加载电流降低了{} A左右"],
            ["the machine draws about {} A more under load", "在负荷相同的情况下，加载电流反而升高了{} A左右"],
        ],
    ),
    (
        "unloaded_share_change",
        1.0,
        [
            ["the machine draws less current while idling", "空载电流降低了"],
            ["the machine draws more current while idling", "空载电流反而升高了"],
        ],
    ),
    ("power_change_kw", 1.0, LESS_ELECTRICITY),
    ("cost_change_per_month", 1.0, LESS_ELECTRICITY),
];

const LESS_ELECTRICITY: [[&str; 2]; 2] = [
    ["the machine uses less electricity for the same work", "在负荷相同的情况下更省电了"],
    ["the machine uses more electricity for the same work", "在负荷相同的情况下用电反而多了"],
];

/// What the work called `work` achieved; plainly nothing where nothing may be told, unless what it was for was not compared.
pub(super) fn effect(finding: &Finding, work: &str, lang: Lang) -> String {
    let told = TOLD.iter().find_map(|(feature, scale, said)| {
        let change = finding.change(feature).filter(Change::is_told)?;
        let [en, zh] = said[usize::from(change.value > 0.0)];
        let said = if lang == Lang::En { en } else { zh };
        Some(said.replace("{}", &about(change.value.abs() * scale)))
    });
    let uncompared = finding.purpose_compared() == Some(false);
    match (told, lang) {
        (Some(told), Lang::En) => format!("{}: {told}.", work_done(finding.fault.as_str(), work, lang)),
        (Some(told), Lang::Zh) => format!("{work}之后，{told}。"),
        (None, Lang::En) if uncompared => format!(
            "{}: whether it helped cannot be told, as there are too few comparable days before or since.",
            work_done(finding.fault.as_str(), work, lang)
        ),
        (None, Lang::Zh) if uncompared => {
            format!("{work}前后可比的天数太少，暂时无法判断效果。")
        }
        (None, Lang::En) => {
            format!(
                "{}: no clear change at the same load and in the same weather.",
                work_done(finding.fault.as_str(), work, lang)
            )
        }
        (None, Lang::Zh) => format!("{work}之后，在负荷和天气相同的情况下没有看到明显变化。"),
    }
}

/// As people say "about": whole, and tens from a hundred on.
fn about(value: f64) -> String {
    let step = if value >= 100.0 { 10.0 } else { 1.0 };
    format!("{:.0}", (value / step).round() * step)
}
