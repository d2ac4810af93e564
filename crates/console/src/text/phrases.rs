//! Sentences with figures in them.

use chrono::Timelike;
use foretell_model::{Limit, Timestamp};

use super::{governor_reason, number, percent, remark, words};
use crate::Lang;
use crate::civil::{self, Place};
use crate::view::{AdvisoryState, Governor, HiddenBy, Unsent};

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
        Lang::Zh => format!("{count}{zh}前"),
    }
}

/// `4,021 h`.
pub(crate) fn hours_count(hours: f64, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{} h", number(hours, lang)),
        Lang::Zh => format!("{}小时", number(hours, lang)),
    }
}

/// `3 machines`.
pub(crate) fn machines_count(count: usize, lang: Lang) -> String {
    match (lang, count) {
        (Lang::En, 1) => "1 machine".to_owned(),
        (Lang::En, count) => format!("{count} machines"),
        (Lang::Zh, count) => format!("{count}台机器"),
    }
}

/// The overview's first line: how many machines want a person; `queued` items of the queue may do so beside them.
pub(crate) fn fleet_headline(urgent: usize, advise: usize, total: usize, queued: usize, lang: Lang) -> String {
    match (lang, urgent, advise) {
        (Lang::En, 0, 0) if total == 0 => "Waiting for the first reading".to_owned(),
        (Lang::Zh, 0, 0) if total == 0 => "等待第一条读数".to_owned(),
        (Lang::En, 0, 0) if queued > 0 => "No machine needs a visit now".to_owned(),
        (Lang::Zh, 0, 0) if queued > 0 => "目前没有需要上门的机器".to_owned(),
        (Lang::En, 0, 0) => "Nothing needs you now".to_owned(),
        (Lang::Zh, 0, 0) => "目前没有需要您处理的机器".to_owned(),
        (Lang::En, 0, 1) => "One machine should be visited".to_owned(),
        (Lang::En, 0, n) => format!("{n} machines should be visited"),
        (Lang::Zh, 0, n) => format!("{n}台机器建议安排上门"),
        (Lang::En, 1, _) => "One machine needs you now".to_owned(),
        (Lang::En, n, _) => format!("{n} machines need you now"),
        (Lang::Zh, n, _) => format!("{n}台机器需要尽快处理"),
    }
}

/// `12 machines on 4 sites, as of 18 Jul, 14:05`.
pub(crate) fn fleet_subline(machines: usize, sites: usize, as_of: &str, lang: Lang) -> String {
    let machines = machines_count(machines, lang);
    match (lang, sites) {
        (Lang::En, 1) => format!("{machines} on 1 site · {as_of}"),
        (Lang::En, sites) => format!("{machines} on {sites} sites · {as_of}"),
        (Lang::Zh, sites) => format!("{sites}个现场，{machines} · {as_of}"),
    }
}

/// The overview's pointer to every machine that calls for a person.
pub(crate) fn all_of_standing(count: usize, urgent: bool, lang: Lang) -> String {
    match (lang, urgent) {
        (Lang::En, true) => format!("All {count} that need you now"),
        (Lang::En, false) => format!("All {count} that should be visited"),
        (Lang::Zh, true) => format!("查看全部{count}台需尽快处理的机器"),
        (Lang::Zh, false) => format!("查看全部{count}台建议上门的机器"),
    }
}

/// The overview's pointer to the queue.
pub(crate) fn queue_line(count: usize, lang: Lang) -> String {
    match (lang, count) {
        (Lang::En, 1) => "One item is waiting for you".to_owned(),
        (Lang::En, count) => format!("{count} items are waiting for you"),
        (Lang::Zh, count) => format!("{count}个事项等您处理"),
    }
}

/// The queue's first line.
pub(crate) fn queue_headline(waiting: usize, lang: Lang) -> String {
    match (lang, waiting) {
        (_, 0) => words(lang).queue_empty.to_owned(),
        (lang, n) => queue_line(n, lang),
    }
}

/// What waiting costs, as a probability.
pub(crate) fn probability_before_slot(share: f64, lang: Lang) -> String {
    let share = super::share(share);
    match lang {
        Lang::En => format!("{share} risk that the limit is reached before the next free slot"),
        Lang::Zh => format!("下一个空档之前到达限值的可能性：{share}"),
    }
}

/// An instant from which on something may happen: an hour that somebody set is told, a minute that came about by counting days
/// is not.
pub(super) fn set_time(at: Timestamp, place: Place, lang: Lang) -> String {
    let is_set = matches!(civil::local(at, place.zone).minute(), 0 | 30);
    if is_set { civil::date_time(at, place, lang) } else { civil::day_of(at, place.zone, lang) }
}

/// Where a card stands.
pub(crate) fn card_state(state: &AdvisoryState, place: Place, lang: Lang) -> String {
    let words = words(lang);
    let at = |at: Timestamp| civil::date_time(at, place, lang);
    // Days were asked for, and nobody keeps quiet to the minute.
    let day = |at: Timestamp| civil::day_of(at, place.zone, lang);
    match (state, lang) {
        (AdvisoryState::Draft, _) => words.state_draft.to_owned(),
        (AdvisoryState::Approved { release: None }, Lang::En) => "Approved".to_owned(),
        (AdvisoryState::Approved { release: None }, Lang::Zh) => "已批准".to_owned(),
        (AdvisoryState::Approved { release: Some(then) }, Lang::En) => {
            format!("Approved, goes out {}", set_time(*then, place, lang))
        }
        (AdvisoryState::Approved { release: Some(then) }, Lang::Zh) => {
            format!("已批准，{}发出", set_time(*then, place, lang))
        }
        (AdvisoryState::Postponed { until, reason }, Lang::En) => format!("Postponed to {}: {reason}", day(*until)),
        (AdvisoryState::Postponed { until, reason }, Lang::Zh) => format!("推迟到{}：{reason}", day(*until)),
        (AdvisoryState::Sent { at: then }, Lang::En) => format!("Sent {}", at(*then)),
        (AdvisoryState::Sent { at: then }, Lang::Zh) => format!("{}已发送", at(*then)),
        (AdvisoryState::CallInstead { .. }, _) => words.state_call.to_owned(),
        (AdvisoryState::VisitOver { .. }, _) => words.state_visit_over.to_owned(),
        (AdvisoryState::Internal, _) => words.state_internal.to_owned(),
        (AdvisoryState::Booked { from, .. }, Lang::En) => format!("Booked for {}", at(*from)),
        (AdvisoryState::Booked { from, .. }, Lang::Zh) => format!("已预约{}", at(*from)),
        (AdvisoryState::AnotherTime { .. }, Lang::En) => "Asks for another time".to_owned(),
        (AdvisoryState::AnotherTime { .. }, Lang::Zh) => "希望换个时间".to_owned(),
        (AdvisoryState::Declined { until: None }, _) => words.state_declined.to_owned(),
        (AdvisoryState::Declined { until: Some(until) }, Lang::En) => {
            format!("{} until {}", words.state_declined, day(*until))
        }
        (AdvisoryState::Declined { until: Some(until) }, Lang::Zh) => {
            format!("{}，{}之后再联系", words.state_declined, day(*until))
        }
        (AdvisoryState::Closed, _) => words.state_closed.to_owned(),
    }
}

/// Whether the contact rules let it go now.
pub(crate) fn governor(verdict: &Governor, place: Place, lang: Lang) -> String {
    match (verdict, lang) {
        (Governor::Allowed, _) => words(lang).governor_allowed.to_owned(),
        (Governor::Held { until, reason }, Lang::En) => {
            format!("Held until {}: {}.", set_time(*until, place, lang), governor_reason(reason, lang))
        }
        (Governor::Held { until, reason }, Lang::Zh) => {
            format!("{}，{}再发。", governor_reason(reason, lang), set_time(*until, place, lang))
        }
        (Governor::Refused { reason }, Lang::En) => format!("Not to be sent: {}.", governor_reason(reason, lang)),
        (Governor::Refused { reason }, Lang::Zh) => format!("不可发送：{}。", governor_reason(reason, lang)),
    }
}

/// The same of the confirmation of a booked visit, which goes out at once only where it disturbs nobody.
pub(crate) fn confirmation_waits(verdict: &Governor, place: Place, lang: Lang) -> String {
    match lang {
        Lang::En => format!("Confirmation of the visit: {}", governor(verdict, place, lang)),
        Lang::Zh => format!("上门确认：{}", governor(verdict, place, lang)),
    }
}

/// That a word about a visit never went out, and why.
pub(crate) fn never_sent(unsent: &Unsent, lang: Lang) -> String {
    let reason = remark(&unsent.reason, lang);
    match (lang, unsent.is_after) {
        (Lang::En, false) => format!("Word about the visit was not sent: {reason}."),
        (Lang::En, true) => format!("Word after the visit was not sent: {reason}."),
        (Lang::Zh, false) => format!("上门通知没有发出：{reason}。"),
        (Lang::Zh, true) => format!("上门后的回访消息没有发出：{reason}。"),
    }
}

/// `within 14 days`.
pub(crate) fn within_days(days: u32, lang: Lang) -> String {
    match lang {
        Lang::En => format!("within {days} days"),
        Lang::Zh => format!("{days}天内"),
    }
}

/// How far off a day is: `today`, `in 14 days`, `2 days ago`.
pub(crate) fn in_days(days: i64, lang: Lang) -> String {
    match (lang, days) {
        (Lang::En, 0) => "today".to_owned(),
        (Lang::Zh, 0) => "今天".to_owned(),
        (Lang::En, -1) => "yesterday".to_owned(),
        (Lang::Zh, -1) => "昨天".to_owned(),
        (Lang::En, days) if days < 0 => format!("{} days ago", -days),
        (Lang::Zh, days) if days < 0 => format!("{}天前", -days),
        (Lang::En, 1) => "in 1 day".to_owned(),
        (Lang::En, days) => format!("in {days} days"),
        (Lang::Zh, days) => format!("{days}天后"),
    }
}

/// Heads the probabilities within fixed spans.
pub(crate) fn probability_of_limit(limit: Option<Limit>, lang: Lang) -> String {
    let limit = limit.map_or_else(
        || if lang == Lang::En { "the limit".to_owned() } else { words(lang).limit.to_owned() },
        |limit| super::limit(limit, lang),
    );
    match lang {
        Lang::En => format!("Probability of reaching {limit}"),
        Lang::Zh => format!("到达{limit}的概率"),
    }
}

/// What a page of readings holds.
pub(crate) fn readings_summary(count: usize, max: usize, lang: Lang) -> String {
    let shown = number(count as f64, lang);
    match (lang, count >= max) {
        (Lang::En, false) if count == 1 => "1 reading in this span.".to_owned(),
        (Lang::En, false) => format!("{shown} readings in this span."),
        (Lang::En, true) => format!("The newest {shown} readings of this span; choose a shorter one to see the rest."),
        (Lang::Zh, false) => format!("该时段共{shown}条读数。"),
        (Lang::Zh, true) => format!("仅显示该时段最新的{shown}条，请缩短时段查看其余。"),
    }
}

/// What a report looks back on; `with_data` where it ends with the machine's last data.
pub(crate) fn period(from: &str, to: &str, with_data: bool, lang: Lang) -> String {
    let until = match (with_data, lang) {
        (false, _) => "",
        (true, Lang::En) => " (last day with data)",
        (true, Lang::Zh) => "（数据截止日）",
    };
    let through = if lang == Lang::En { " – " } else { "～" };
    format!("{from}{through}{to}{until}")
}

/// What was thought of a case that is over.
pub(crate) fn was(said: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("While the case was open: {said}"),
        Lang::Zh => format!("当时的判断：{said}"),
    }
}

/// How a machine stood on a day that is past.
pub(crate) fn stood_on(date: &str, said: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("As of {date}: {said}"),
        Lang::Zh => format!("{date}的状况：{said}"),
    }
}

/// How a machine stood that is silent since.
pub(crate) fn stood_last(date: &str, said: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("The last reading is from {date}. At that time: {said}"),
        Lang::Zh => format!("最近一次数据为{date}，当时的状况：{said}"),
    }
}

/// That the data do not tell how a machine stood; `last` is the date of its last reading.
pub(crate) fn untold(last: Option<String>, lang: Lang) -> String {
    match (last, lang) {
        (Some(date), Lang::En) => {
            format!(
                "The data do not show how the machine was doing at the end of this period. The last reading before that is from {date}."
            )
        }
        (None, Lang::En) => "The data do not show how the machine was doing at the end of this period.".to_owned(),
        (Some(date), Lang::Zh) => format!("本期数据不足，无法判断期末的机器状况；此前最近一次数据为{date}。"),
        (None, Lang::Zh) => "本期数据不足，无法判断期末的机器状况。".to_owned(),
    }
}

/// The cooler's loss with its interval, if it has one.
pub(crate) fn cooler_loss(value: f64, interval: Option<(f64, f64)>, lang: Lang) -> String {
    let value = percent(value.clamp(0.0, 1.0));
    let interval = interval.map(|(low, high)| {
        let (low, high) = (percent(low.clamp(0.0, 1.0)), percent(high.clamp(0.0, 1.0)));
        if lang == Lang::En {
            format!(" (80% interval {low} to {high}%)")
        } else {
            format!("（80%区间{low}～{high}%）")
        }
    });
    let interval = interval.unwrap_or_default();
    match lang {
        Lang::En => format!("The cooler carries away about {value}% less heat than when it was clean{interval}."),
        Lang::Zh => format!("冷却器的散热能力比干净时下降了约{value}%{interval}。"),
    }
}

/// One line of evidence: `Excess over normal when hot: 6.2 K, +0.2 K per day since 20 Jun 2026`.
pub(crate) fn evidence_line(name: &str, value: &str, change: Option<&str>, since: Option<&str>, lang: Lang) -> String {
    let per_day = |change: &str| match lang {
        Lang::En => format!(", {change} per day"),
        Lang::Zh => format!("，每天{change}"),
    };
    let since_when = |since: &str| match lang {
        Lang::En => format!(" since {since}"),
        Lang::Zh => format!("，自{since}起"),
    };
    let colon = if lang == Lang::En { ": " } else { "：" };
    format!(
        "{name}{colon}{value}{}{}",
        change.map_or_else(String::new, per_day),
        since.map_or_else(String::new, since_when)
    )
}

/// Who said what by which way, in one line.
pub(crate) fn said(who: &str, channel: &str, summary: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{who}, {channel}: {summary}"),
        Lang::Zh => format!("{who}，{channel}：{summary}"),
    }
}

/// Things in a row.
pub(crate) fn listed(items: &[String], lang: Lang) -> String {
    items.join(if lang == Lang::En { ", " } else { "、" })
}

/// Something with a remark behind it.
pub(crate) fn with_remark(text: &str, remark: &str, lang: Lang) -> String {
    if lang == Lang::En { format!("{text} ({remark})") } else { format!("{text}（{remark}）") }
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
        (machines_count(machines, lang), number(readings as f64, lang), number(refused as f64, lang));
    match lang {
        Lang::En => format!("{machines}, {readings} readings from {from} to {to}; {refused} refused."),
        Lang::Zh => format!("{machines}，{from}～{to}共{readings}条读数，拒收{refused}条。"),
    }
}

/// What is known to have happened.
pub(crate) fn truth_line(fault: &str, onset: &str, reached: Option<&str>, lang: Lang) -> String {
    match (lang, reached) {
        (Lang::En, Some(reached)) => format!("Truth: {fault} began {onset}, limit reached {reached}."),
        (Lang::En, None) => format!("Truth: {fault} began {onset}, limit not reached."),
        (Lang::Zh, Some(reached)) => format!("实际：{fault}，{onset}开始，{reached}到达限值。"),
        (Lang::Zh, None) => format!("实际：{fault}，{onset}开始，未到达限值。"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ago_is_coarse_and_never_negative() {
        let now = Timestamp::from_millis(0);
        let texts = [5_000, -5_000, -300_000, -7_200_000, -3 * 86_400_000].map(|ms| ago(now, now + ms, Lang::En));
        assert_eq!(texts, ["just now", "just now", "5 min ago", "2 h ago", "3 days ago"]);
    }

    #[test]
    fn a_word_that_was_not_sent_is_named_with_its_reason() {
        let unsent = |is_after, reason: &str| Unsent { is_after, reason: reason.to_owned() };
        let silent = unsent(false, "a named person has taken over; nothing is sent by itself");
        assert_eq!(never_sent(&silent, Lang::Zh), "上门通知没有发出：已由专人接手，系统不再自动发送。");
        let stopped = unsent(true, "the customer wants no such messages on this channel");
        let en = "Word after the visit was not sent: the customer wants no such messages on this channel.";
        assert_eq!(never_sent(&stopped, Lang::En), en);
        assert_eq!(never_sent(&stopped, Lang::Zh), "上门后的回访消息没有发出：客户不再接收此类消息。");
    }

    #[test]
    fn the_first_line_does_not_deny_what_the_second_says() {
        for (queued, en, zh) in [
            (0, "Nothing needs you now", "目前没有需要您处理的机器"),
            (1, "No machine needs a visit now", "目前没有需要上门的机器"),
        ] {
            assert_eq!([Lang::En, Lang::Zh].map(|lang| fleet_headline(0, 0, 12, queued, lang)), [en, zh]);
        }
        assert_eq!(fleet_headline(0, 1, 12, 1, Lang::En), "One machine should be visited");
    }
}
