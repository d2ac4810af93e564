//! Sentences with figures in them.

use chrono_tz::Tz;
use foretell_model::{Catalogue, FaultCode, Finding, FindingKind, RulDays, Status, Timestamp};

use super::{governor_reason, number, percent, temperature, window, words};
use crate::view::{AdvisoryState, Governor, HiddenBy};
use crate::{Lang, civil};

/// What a fault is called, as the end of "likely …"; its code with blanks when the catalogue does not know it.
pub(crate) fn fault(code: &FaultCode, catalogue: &Catalogue, lang: Lang) -> String {
    // A service that is due goes by the code of its work.
    let fault = catalogue.fault(code).map(|fault| &fault.name);
    match fault.or_else(|| catalogue.actions.get(code.as_str()).map(|action| &action.name)) {
        Some(name) => name.in_language(lang.tag()).to_owned(),
        None => code.as_str().replace('_', " "),
    }
}

/// A word for how sure we are.
pub(crate) const fn certainty(likelihood: f64, lang: Lang) -> &'static str {
    let (en, zh) = if likelihood >= 0.85 {
        ("Very likely", "很可能是")
    } else if likelihood >= 0.6 {
        ("Likely", "较可能是")
    } else {
        ("Possibly", "可能是")
    };
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// `Very likely a clogged cooler. Expected to reach 105 °C in 2 to 4 weeks.`
pub(crate) fn prediction_sentence(
    certainty: &str,
    fault: &str,
    limit_c: Option<f64>,
    rul: Option<RulDays>,
    lang: Lang,
) -> String {
    let head = match lang {
        Lang::En => format!("{certainty} {fault}."),
        Lang::Zh => format!("{certainty}{fault}。"),
    };
    let Some(rul) = rul else { return head };
    let when = window(rul, lang);
    let limit = limit_c.map_or_else(|| words(lang).limit.to_owned(), |limit_c| format!("{limit_c:.0} °C"));
    match (lang, rul.p10) {
        (Lang::En, Some(_)) => format!("{head} Expected to reach {limit} {when}."),
        (Lang::En, None) => format!("{head} {limit} {when}."),
        (Lang::Zh, _) => format!("{head}预计 {when}达到 {limit}。"),
    }
}

/// A finding in a sentence, whatever its kind.
pub(crate) fn kind_sentence(finding: &Finding, catalogue: &Catalogue, lang: Lang) -> String {
    let name = fault(&finding.fault, catalogue, lang);
    let sure = certainty(finding.likelihood, lang);
    if finding.status == Status::Cleared {
        return match (finding.kind, lang) {
            (FindingKind::Observability, Lang::En) => "The cooler can be judged again.".to_owned(),
            (FindingKind::Observability, Lang::Zh) => "冷却器状况又可以判断了。".to_owned(),
            (FindingKind::MaintenanceDue, Lang::En) => format!("No longer due: {name}."),
            (FindingKind::MaintenanceDue, Lang::Zh) => format!("不再到期：{name}。"),
            (_, Lang::En) => format!("No longer so: {name}."),
            (_, Lang::Zh) => format!("已解除：{name}。"),
        };
    }
    let limit = finding.limit.map(|limit| limit.value);
    match (finding.kind, lang) {
        (FindingKind::Prediction, _) => prediction_sentence(sure, &name, limit, finding.rul_days, lang),
        (FindingKind::Anomaly, Lang::En) => format!("A sudden change. {sure} {name}."),
        (FindingKind::Anomaly, Lang::Zh) => format!("出现突变，{sure}{name}。"),
        (FindingKind::SensorFault, Lang::En) => format!("A sensor cannot be trusted: {name}."),
        (FindingKind::SensorFault, Lang::Zh) => format!("传感器不可信：{name}。"),
        (FindingKind::MaintenanceDue, Lang::En) => format!("By its running hours it is time to {name}."),
        (FindingKind::MaintenanceDue, Lang::Zh) => format!("按运行小时，该{name}了。"),
        // The engine's own sentence carries the figures of these two; it is English by contract.
        (FindingKind::MaintenanceEffect | FindingKind::Observability, Lang::En) => finding.text.clone(),
        (FindingKind::MaintenanceEffect, Lang::Zh) => "已评估检修效果。".to_owned(),
        (FindingKind::Observability, Lang::Zh) => "目前无法判断冷却器状况。".to_owned(),
    }
}

/// Why health is hidden.
pub(crate) const fn hidden_by(why: HiddenBy, lang: Lang) -> &'static str {
    let words = words(lang);
    match why {
        HiddenBy::CoolWeather => words.hidden_cool,
        HiddenBy::TooLittleLoad => words.hidden_load,
        HiddenBy::SensorFault => words.hidden_sensor,
        HiddenBy::NoReadings => words.hidden_silent,
        HiddenBy::Other => words.hidden_other,
    }
}

/// How long ago, coarsely; the future counts as now.
pub(crate) fn ago(now: Timestamp, then: Timestamp, lang: Lang) -> String {
    let minutes = (now - then).max(0) / 60_000;
    let (count, en, zh) = match minutes {
        0 => return if lang == Lang::En { "just now".into() } else { "刚刚".into() },
        1..60 => (minutes, "min", "分钟"),
        60..2880 => (minutes / 60, "h", "小时"),
        _ => (minutes / 1440, "days", "天"),
    };
    match lang {
        Lang::En => format!("{count} {en} ago"),
        Lang::Zh => format!("{count} {zh}前"),
    }
}

/// `4 021 h`.
pub(crate) fn hours_count(hours: f64, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{} h", number(hours)),
        Lang::Zh => format!("{} 小时", number(hours)),
    }
}

/// `3 machines`.
pub(crate) fn machines_count(count: usize, lang: Lang) -> String {
    match (lang, count) {
        (Lang::En, 1) => "1 machine".to_owned(),
        (Lang::En, count) => format!("{count} machines"),
        (Lang::Zh, count) => format!("{count} 台机器"),
    }
}

/// The overview's first line: how many machines want a person.
pub(crate) fn fleet_headline(urgent: usize, advise: usize, total: usize, lang: Lang) -> String {
    match (lang, urgent, advise) {
        (Lang::En, 0, 0) if total == 0 => "Waiting for the first reading".to_owned(),
        (Lang::Zh, 0, 0) if total == 0 => "等待第一条读数".to_owned(),
        (Lang::En, 0, 0) => "Nothing needs you now".to_owned(),
        (Lang::Zh, 0, 0) => "目前没有需要您处理的机器".to_owned(),
        (Lang::En, 0, 1) => "One machine is worth a visit".to_owned(),
        (Lang::En, 0, n) => format!("{n} machines are worth a visit"),
        (Lang::Zh, 0, n) => format!("{n} 台机器值得安排一次上门"),
        (Lang::En, 1, _) => "One machine needs you now".to_owned(),
        (Lang::En, n, _) => format!("{n} machines need you now"),
        (Lang::Zh, n, _) => format!("{n} 台机器需要尽快处理"),
    }
}

/// `12 machines on 4 sites, as of 18 Jul, 14:05`.
pub(crate) fn fleet_subline(machines: usize, sites: usize, as_of: &str, lang: Lang) -> String {
    let machines = machines_count(machines, lang);
    match (lang, sites) {
        (Lang::En, 1) => format!("{machines} on 1 site · {as_of}"),
        (Lang::En, sites) => format!("{machines} on {sites} sites · {as_of}"),
        (Lang::Zh, sites) => format!("{sites} 个现场，{machines} · {as_of}"),
    }
}

/// The overview's pointer to the queue.
pub(crate) fn queue_line(count: usize, lang: Lang) -> String {
    match (lang, count) {
        (Lang::En, 1) => "One drafted message waits for your approval".to_owned(),
        (Lang::En, count) => format!("{count} drafted messages wait for your approval"),
        (Lang::Zh, count) => format!("{count} 条消息草稿等您批准"),
    }
}

/// The queue's first line.
pub(crate) fn queue_headline(waiting: usize, lang: Lang) -> String {
    match (lang, waiting) {
        (_, 0) => words(lang).queue_empty.to_owned(),
        (Lang::En, 1) => "One message waits for you".to_owned(),
        (Lang::En, n) => format!("{n} messages wait for you"),
        (Lang::Zh, n) => format!("{n} 条消息等您处理"),
    }
}

/// What waiting costs, as a probability.
pub(crate) fn probability_before_slot(share: f64, lang: Lang) -> String {
    let percent = percent(share);
    match lang {
        Lang::En => format!("{percent} % risk that the limit comes before the next free slot"),
        Lang::Zh => format!("下一个空档之前到达限值的可能性为 {percent}%"),
    }
}

/// Where a card stands.
pub(crate) fn card_state(state: &AdvisoryState, zone: Tz, lang: Lang) -> String {
    let words = words(lang);
    let at = |at: Timestamp| civil::date_time(at, zone, lang);
    match (state, lang) {
        (AdvisoryState::Draft, _) => words.state_draft.to_owned(),
        (AdvisoryState::Approved { release: None }, Lang::En) => "Approved".to_owned(),
        (AdvisoryState::Approved { release: None }, Lang::Zh) => "已批准".to_owned(),
        (AdvisoryState::Approved { release: Some(then) }, Lang::En) => format!("Approved, goes out {}", at(*then)),
        (AdvisoryState::Approved { release: Some(then) }, Lang::Zh) => format!("已批准，{} 发出", at(*then)),
        (AdvisoryState::Postponed { until, reason }, Lang::En) => format!("Postponed to {}: {reason}", at(*until)),
        (AdvisoryState::Postponed { until, reason }, Lang::Zh) => format!("推迟到 {}：{reason}", at(*until)),
        (AdvisoryState::Sent { at: then }, Lang::En) => format!("Sent {}", at(*then)),
        (AdvisoryState::Sent { at: then }, Lang::Zh) => format!("{} 已发送", at(*then)),
        (AdvisoryState::CallInstead, _) => words.state_call.to_owned(),
        (AdvisoryState::Booked { from, .. }, Lang::En) => format!("Booked for {}", at(*from)),
        (AdvisoryState::Booked { from, .. }, Lang::Zh) => format!("已预约 {}", at(*from)),
        (AdvisoryState::AnotherTime { wish }, Lang::En) => format!("Asks for another time: {wish}"),
        (AdvisoryState::AnotherTime { wish }, Lang::Zh) => format!("希望换个时间：{wish}"),
        (AdvisoryState::Declined, _) => words.state_declined.to_owned(),
        (AdvisoryState::Closed, _) => words.state_closed.to_owned(),
    }
}

/// The governor's verdict.
pub(crate) fn governor(verdict: &Governor, zone: Tz, lang: Lang) -> String {
    match (verdict, lang) {
        (Governor::Allowed, _) => words(lang).governor_allowed.to_owned(),
        (Governor::Held { until, reason }, Lang::En) => {
            format!("Held until {}: {}.", civil::date_time(*until, zone, lang), governor_reason(reason, lang))
        }
        (Governor::Held { until, reason }, Lang::Zh) => {
            format!("暂缓至 {}：{}。", civil::date_time(*until, zone, lang), governor_reason(reason, lang))
        }
        (Governor::Refused { reason }, Lang::En) => format!("Not to be sent: {}.", governor_reason(reason, lang)),
        (Governor::Refused { reason }, Lang::Zh) => format!("不可发送：{}。", governor_reason(reason, lang)),
    }
}

/// `within 14 days`.
pub(crate) fn within_days(days: u32, lang: Lang) -> String {
    match lang {
        Lang::En => format!("within {days} days"),
        Lang::Zh => format!("{days} 天内"),
    }
}

/// `in 14 days`.
pub(crate) fn in_days(days: u32, lang: Lang) -> String {
    match (lang, days) {
        (Lang::En, 1) => "in 1 day".to_owned(),
        (Lang::En, days) => format!("in {days} days"),
        (Lang::Zh, days) => format!("{days} 天后"),
    }
}

/// Heads the probabilities within fixed spans.
pub(crate) fn probability_of_limit(limit_c: Option<f64>, lang: Lang) -> String {
    let limit = limit_c.map_or_else(|| words(lang).limit.to_lowercase(), |limit_c| format!("{limit_c:.0} °C"));
    match lang {
        Lang::En => format!("Probability of reaching {limit}"),
        Lang::Zh => format!("到达 {limit} 的概率"),
    }
}

/// Work that was done, for a mark on the curve.
pub(crate) fn work_done(work: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("Done: {work}"),
        Lang::Zh => format!("已完成：{work}"),
    }
}

/// Intake's first line.
pub(crate) fn ingest_headline(readings_per_second: f64, lang: Lang) -> String {
    let rate = number(readings_per_second);
    match lang {
        Lang::En => format!("{rate} readings per second"),
        Lang::Zh => format!("每秒 {rate} 条读数"),
    }
}

/// Intake's second line.
pub(crate) fn log_line(entries: u64, behind: u64, lang: Lang) -> String {
    let (entries, behind) = (number(entries as f64), number(behind as f64));
    match lang {
        Lang::En => format!("{entries} entries on the log, {behind} not yet seen by the engine."),
        Lang::Zh => format!("日志共 {entries} 条，其中 {behind} 条引擎尚未处理。"),
    }
}

/// What a page of readings holds.
pub(crate) fn readings_summary(count: usize, max: usize, lang: Lang) -> String {
    let shown = number(count as f64);
    match (lang, count >= max) {
        (Lang::En, false) => format!("{shown} readings in this span."),
        (Lang::En, true) => format!("The newest {shown} readings of this span; choose a shorter one to see the rest."),
        (Lang::Zh, false) => format!("该时段共 {shown} 条读数。"),
        (Lang::Zh, true) => format!("仅显示该时段最新的 {shown} 条，请缩短时段查看其余。"),
    }
}

/// A learned share of the history that a baseline needs.
pub(crate) fn learning(days: u32, days_needed: u32, lang: Lang) -> String {
    match lang {
        Lang::En => format!("Learning what is normal: {days} of {days_needed} days."),
        Lang::Zh => format!("正在学习正常状态：第 {days} 天，共需 {days_needed} 天。"),
    }
}

/// The cooler's loss with its interval, if it has one.
pub(crate) fn cooler_loss(value: f64, interval: Option<(f64, f64)>, lang: Lang) -> String {
    let value = percent(value.clamp(0.0, 1.0));
    let interval = interval.map(|(low, high)| {
        let (low, high) = (percent(low.clamp(0.0, 1.0)), percent(high.clamp(0.0, 1.0)));
        if lang == Lang::En {
            format!(" (80 % interval {low} to {high} %)")
        } else {
            format!("（80% 区间 {low}～{high}%）")
        }
    });
    let interval = interval.unwrap_or_default();
    match lang {
        Lang::En => format!("The cooler has lost {value} % of its own capacity{interval}."),
        Lang::Zh => format!("冷却器较自身基线损失了 {value}% 的能力{interval}。"),
    }
}

/// The temperature of now beside its limit.
pub(crate) fn temperature_of_limit(value_c: f64, limit_c: f64, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{} of {limit_c:.0}", temperature(value_c)),
        Lang::Zh => format!("{}，限值 {limit_c:.0}", temperature(value_c)),
    }
}

/// One line of evidence: `Excess over normal when hot: 6.2 K, +0.2 K per day since 20 Jun 2026`.
pub(crate) fn evidence_line(name: &str, value: &str, change: Option<&str>, since: Option<&str>, lang: Lang) -> String {
    let per_day = |change: &str| match lang {
        Lang::En => format!(", {change} per day"),
        Lang::Zh => format!("，每天 {change}"),
    };
    let since_when = |since: &str| match lang {
        Lang::En => format!(" since {since}"),
        Lang::Zh => format!("，自 {since} 起"),
    };
    let colon = if lang == Lang::En { ": " } else { "：" };
    format!(
        "{name}{colon}{value}{}{}",
        change.map_or_else(String::new, per_day),
        since.map_or_else(String::new, since_when)
    )
}

/// What we propose, as a heading above the two times.
pub(crate) fn proposal(work: &str, machine_name: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("We would like to {work} on {machine_name}. Which time suits you?"),
        Lang::Zh => format!("我们想为{machine_name}{work}，您哪个时间方便？"),
    }
}

/// How long it takes and whether the machine stops.
pub(crate) fn proposal_detail(minutes: u32, machine_stops: bool, lang: Lang) -> String {
    let duration = super::duration(minutes, lang);
    match (lang, machine_stops) {
        (Lang::En, true) => format!("About {duration}; the machine stops for it."),
        (Lang::En, false) => format!("About {duration}; the machine keeps running."),
        (Lang::Zh, true) => format!("约 {duration}，期间需停机。"),
        (Lang::Zh, false) => format!("约 {duration}，无需停机。"),
    }
}

/// What a backtest read.
pub(crate) fn report_summary(
    machines: usize,
    readings: u64,
    refused: u64,
    (from, to): (String, String),
    lang: Lang,
) -> String {
    let (machines, readings, refused) =
        (machines_count(machines, lang), number(readings as f64), number(refused as f64));
    match lang {
        Lang::En => format!("{machines}, {readings} readings from {from} to {to}; {refused} refused."),
        Lang::Zh => format!("{machines}，{from}～{to} 共 {readings} 条读数，拒收 {refused} 条。"),
    }
}

/// What is known to have happened.
pub(crate) fn truth_line(fault: &str, onset: &str, reached: Option<&str>, lang: Lang) -> String {
    match (lang, reached) {
        (Lang::En, Some(reached)) => format!("Truth: {fault} began {onset}, limit reached {reached}."),
        (Lang::En, None) => format!("Truth: {fault} began {onset}, limit not reached."),
        (Lang::Zh, Some(reached)) => format!("实际：{fault}，{onset} 开始，{reached} 到达限值。"),
        (Lang::Zh, None) => format!("实际：{fault}，{onset} 开始，未到达限值。"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_read_well_in_both_languages() {
        let rul = Some(RulDays { p10: Some(11.2), p50: Some(17.9), p90: Some(27.5) });
        let say = |sure, fault, lang| prediction_sentence(sure, fault, Some(105.0), rul, lang);
        assert_eq!(
            say("Likely", "a clogged cooler", Lang::En),
            "Likely a clogged cooler. Expected to reach 105 °C in 1 to 4 weeks."
        );
        assert_eq!(say("很可能是", "冷却器堵塞", Lang::Zh), "很可能是冷却器堵塞。预计 1～4 周后达到 105 °C。");
    }

    #[test]
    fn ago_is_coarse_and_never_negative() {
        let now = Timestamp::from_millis(0);
        let texts = [5_000, -5_000, -300_000, -7_200_000, -3 * 86_400_000].map(|ms| ago(now, now + ms, Lang::En));
        assert_eq!(texts, ["just now", "just now", "5 min ago", "2 h ago", "3 days ago"]);
    }
}
