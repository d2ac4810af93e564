//! What is said of a part of a machine that the machine's signals show in part, or not at all.

use foretell_model::Signal;

use super::{listed, words};
use crate::Lang;

/// Signals named in one sentence.
const NAMED_MAX: usize = 2;

/// A signal in the middle of a sentence.
const fn measured(signal: Signal, lang: Lang) -> &'static str {
    let (en, zh) = match signal {
        Signal::DischargeTemp => ("discharge temperature", "排气温度"),
        Signal::MotorCurrent => ("motor current", "电机电流"),
        Signal::RunHours => ("running hours", "运行小时"),
        Signal::LoadHours => ("loaded hours", "加载小时"),
        Signal::AmbientTemp => ("cooling air temperature", "进风温度"),
        Signal::DischargePressure => ("line pressure", "排气压力"),
        Signal::OilInjectionTemp => ("oil injection temperature", "喷油温度"),
        Signal::OilFilterDp => ("oil filter pressure drop", "机油滤芯压差"),
        Signal::SeparatorDp => ("separator pressure drop", "油气分离芯压差"),
        Signal::InletVacuum => ("intake vacuum", "进气滤芯负压"),
        Signal::Vibration => ("vibration", "振动"),
        Signal::MotorCurrentL1 | Signal::MotorCurrentL2 | Signal::MotorCurrentL3 => ("phase currents", "三相电流"),
        Signal::Power => ("electrical power", "电功率"),
    };
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// Nothing was found in what is measured, which is not everything.
pub(crate) fn clean_in_part(by: &[Signal], best: Option<Signal>, lang: Lang) -> String {
    let by: Vec<String> = by.iter().take(NAMED_MAX).map(|signal| measured(*signal, lang).to_owned()).collect();
    match (lang, best) {
        (Lang::En, Some(best)) => {
            format!("Nothing found in {}; measuring {} would show more.", by.join(" and "), measured(best, lang))
        }
        (Lang::En, None) => format!("Nothing found in {}.", by.join(" and ")),
        (Lang::Zh, Some(best)) => {
            format!("从{}来看，未发现异常；增加{}监测可以看得更全面。", listed(&by, lang), measured(best, lang))
        }
        (Lang::Zh, None) => format!("从{}来看，未发现异常。", listed(&by, lang)),
    }
}

/// Nothing that is measured speaks of the part, and what would.
pub(crate) fn not_seen(best: Option<Signal>, lang: Lang) -> String {
    match (lang, best) {
        (_, None) => words(lang).health_not_measured.to_owned(),
        (Lang::En, Some(best)) => {
            format!("No sensor on this machine shows it; measuring {} would.", measured(best, lang))
        }
        (Lang::Zh, Some(best)) => format!("现有测点反映不出它的状况；增加{}监测后即可评分。", measured(best, lang)),
    }
}
