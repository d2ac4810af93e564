//! What a finding says, in a sentence.

use foretell_model::{Catalogue, Certainty, FaultCode, Finding, FindingKind, Limit, RulDays, Status, Timestamp};

use super::due::{due, due_no_more};
use super::effects::effect;
use super::{window, words, work_done};
use crate::Lang;

/// What a fault is called, as the end of "likely …"; its code with blanks when the catalogue does not know it.
pub(crate) fn fault(code: &FaultCode, catalogue: &Catalogue, lang: Lang) -> String {
    // A service that is due goes by the code of its work.
    let fault = catalogue.fault(code).map(|fault| &fault.name);
    match fault.or_else(|| catalogue.actions.get(code.as_str()).map(|action| &action.name)) {
        Some(name) => name.in_language(lang.tag()).to_owned(),
        None => code.as_str().replace('_', " "),
    }
}

/// A word for how sure we are; the letter says the same degree.
pub(crate) fn certainty(likelihood: f64, lang: Lang) -> &'static str {
    match (Certainty::of(likelihood), lang) {
        (Certainty::High, Lang::En) => "Very likely",
        (Certainty::High, Lang::Zh) => "很可能是",
        (Certainty::Medium, Lang::En) => "Probably",
        (Certainty::Medium, Lang::Zh) => "多半是",
        (Certainty::Low, Lang::En) => "Possibly",
        (Certainty::Low, Lang::Zh) => "可能是",
    }
}

/// `Very likely a clogged cooler. Expected to reach 105 °C in 2 to 4 weeks.`, so many days after it was reckoned.
pub(crate) fn prediction_sentence(
    certainty: &str,
    fault: &str,
    limit: Option<Limit>,
    reckoned: Option<(RulDays, f64)>,
    lang: Lang,
) -> String {
    let head = match lang {
        Lang::En => format!("{certainty} {fault}."),
        Lang::Zh => format!("{certainty}{fault}。"),
    };
    let Some((rul, age_days)) = reckoned else { return head };
    let limit = limit.map_or_else(
        || if lang == Lang::En { "the limit".to_owned() } else { words(lang).limit.to_owned() },
        |limit| super::limit(limit, lang),
    );
    match (lang, window(rul, age_days, lang), rul.p10) {
        (Lang::En, Some(when), _) => format!("{head} Expected to reach {limit} {when}."),
        (Lang::En, None, Some(_)) => {
            format!("{head} It may reach {limit} within days or only in months; that cannot be told yet.")
        }
        (Lang::En, None, None) => format!("{head} Not expected to reach {limit} within 90 days."),
        (Lang::Zh, Some(when), _) => format!("{head}预计{when}达到{limit}。"),
        (Lang::Zh, None, Some(_)) => format!("{head}何时达到{limit}还说不准，快则几天，慢则几个月。"),
        (Lang::Zh, None, None) => format!("{head}预计90天内不会达到{limit}。"),
    }
}

/// A finding in a sentence as it was when it was concluded, whatever its kind.
pub(crate) fn kind_sentence(finding: &Finding, catalogue: &Catalogue, lang: Lang) -> String {
    kind_sentence_at(finding, finding.at, catalogue, lang)
}

/// A finding in a sentence as it reads at an instant: weeks ahead are counted from then.
pub(crate) fn kind_sentence_at(finding: &Finding, now: Timestamp, catalogue: &Catalogue, lang: Lang) -> String {
    // As the letter names it: a finding keeps its name when another cause has become likelier.
    let cause = finding.cause(None, &[], catalogue);
    let is_over = finding.status == Status::Cleared;
    let name = fault(if is_over { &finding.fault } else { cause.fault }, catalogue, lang);
    let sure = certainty(cause.likelihood, lang);
    if finding.status == Status::Cleared {
        return match (finding.kind, lang) {
            (FindingKind::Observability, _) => observable_again(finding, lang).to_owned(),
            (FindingKind::MaintenanceDue, _) => due_no_more(finding, &name, catalogue, lang),
            (FindingKind::MaintenanceEffect, Lang::Zh) => format!("{}前后的对比已完成。", super::works::bare(&name)),
            (FindingKind::MaintenanceEffect, Lang::En) => {
                format!("{}: the comparison is complete.", work_done(finding.fault.as_str(), &name, lang))
            }
            (_, Lang::En) => format!("No longer likely: {name}."),
            (_, Lang::Zh) => format!("已解除：{name}。"),
        };
    }
    let reckoned = finding.rul_days.map(|rul| (rul, now.days_since(finding.at).max(0.0)));
    match (finding.kind, lang) {
        (FindingKind::Prediction, _) => prediction_sentence(sure, &name, finding.limit, reckoned, lang),
        (FindingKind::Anomaly, Lang::En) => format!("Something has changed. {sure} {name}."),
        (FindingKind::Anomaly, Lang::Zh) => format!("和以前不一样了，{sure}{name}。"),
        (FindingKind::SensorFault, Lang::En) => format!("A sensor cannot be trusted: {name}."),
        (FindingKind::SensorFault, Lang::Zh) => format!("传感器不可信：{name}。"),
        (FindingKind::MaintenanceDue, _) => due(&name, reckoned, lang),
        (FindingKind::MaintenanceEffect, _) => effect(finding, &name, lang),
        // The engine's own sentence says more of the why; it is English by contract.
        (FindingKind::Observability, Lang::En) => finding.text.clone(),
        (FindingKind::Observability, Lang::Zh) => hidden_zh(finding).to_owned(),
    }
}

/// What an end of blindness is about: the cooler, or else the sensors.
fn observable_again(finding: &Finding, lang: Lang) -> &'static str {
    match (finding.fault == FaultCode::COOLER_CLOGGING, lang) {
        (true, Lang::En) => "The cooler can be judged again.",
        (true, Lang::Zh) => "冷却器状况又可以判断了：最近的高温时段已能看出它的好坏。",
        (false, Lang::En) => "The temperature sensor can be checked again.",
        (false, Lang::Zh) => "温度传感器又可以核对了。",
    }
}

fn hidden_zh(finding: &Finding) -> &'static str {
    if finding.fault == FaultCode::COOLER_CLOGGING {
        "冷却器状况暂时无法判断：高温满载的时段还不够。"
    } else {
        "温度传感器暂时无法核对：机器很少长时间停机，也没有可对照的读数。"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_read_well_in_both_languages() {
        let rul = Some(RulDays { p10: Some(11.2), p50: Some(17.9), p90: Some(27.5) });
        let limit = Some(Limit { signal: foretell_model::Signal::DischargeTemp, value: 105.0 });
        let say = |sure, fault, lang| prediction_sentence(sure, fault, limit, rul.map(|rul| (rul, 0.0)), lang);
        assert_eq!(
            say("Likely", "a clogged cooler", Lang::En),
            "Likely a clogged cooler. Expected to reach 105 °C in 1 to 4 weeks."
        );
        assert_eq!(say("很可能是", "冷却器堵塞", Lang::Zh), "很可能是冷却器堵塞。预计1～4周后达到105 ℃。");
    }

    fn blindness(fault: FaultCode, status: Status) -> Finding {
        let machine = foretell_model::MachineId::new("s", "m").unwrap();
        Finding {
            at: Timestamp::from_millis(0),
            id: foretell_model::FindingId::new(&machine, &fault, 1),
            machine,
            kind: FindingKind::Observability,
            status,
            grade: foretell_model::Grade::Watch,
            fault,
            likelihood: 1.0,
            alternatives: Vec::new(),
            rul_days: None,
            probability_within: None,
            limit: None,
            evidence: Vec::new(),
            text: String::new(),
        }
    }

    #[test]
    fn what_cannot_be_seen_is_named_by_what_it_is_about() {
        let catalogue = Catalogue::default();
        for (fault, about) in [(FaultCode::COOLER_CLOGGING, "冷却器"), (FaultCode::SENSOR_DRIFT, "传感器")] {
            for status in [Status::Opened, Status::Cleared] {
                let sentence = kind_sentence(&blindness(fault.clone(), status), &catalogue, Lang::Zh);
                assert!(sentence.contains(about), "{fault}: {sentence}");
            }
        }
    }
}
