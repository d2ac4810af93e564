//! The report's own words, English beside Chinese; what pages say too is taken from their table.

use foretell_model::Timestamp;

use super::data::{DayState, Share, Unjudged};
use crate::Lang;
use crate::text;

/// Picks by language.
pub(super) const fn in_lang(lang: Lang, en: &'static str, zh: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

macro_rules! words {
    ($($name:ident = $en:literal, $zh:literal;)+) => {
        /// Fixed strings of the report.
        pub(super) struct Words { $(pub(super) $name: &'static str,)+ }
        impl Words {
            pub(super) const fn of(lang: Lang) -> Self {
                Self { $($name: in_lang(lang, $en, $zh),)+ }
            }
        }
        #[cfg(test)]
        const PAIRS: &[(&str, &str)] = &[$(($en, $zh),)+];
    };
}

words! {
    fleet = "The fleet at a glance", "机群概览";
    fleet_hint = "Each line is a machine, each bar what could be said of it that day: the taller, the more pressing.",
        "每行一台机器，每段表示当天的状态：色条越高，事情越急。";
    attention = "Machines that needed a look", "需要关注的机器";
    quiet = "Quiet machines", "没有提示的机器";
    quiet_hint = "Nobody would have been bothered about these.", "这些机器不会打扰任何人。";
    letters = "What the customer would have received", "客户会收到的消息";
    moments = "What was forecast then, and what came", "当时的预测与之后的实际";
    remarks = "Also noted", "其他记录";
    tile_machines = "Machines", "机器";
    tile_attention = "Warned of", "有预警";
    tile_letters = "Messages to customers", "发给客户的消息";
    tile_lead = "Median lead", "提前量中位数";
    tile_7d = "Warned a week ahead", "提前一周预警";
    tile_holds = "80 % interval holds", "80%区间覆盖率";
    tile_false = "False advisories a year", "每机年误报";
    scores = "How good the forecasts were", "预测准不准";
    scores_hint = "Against what is known to have happened. Ranges are exact 95 % intervals: few cases say little.",
        "与实际情况对照。括号内为精确的95%置信区间：案例少，区间就宽。";
    score_measure = "Measure", "指标";
    score_value = "Result", "结果";
    score_range = "95 % interval", "95%区间";
    warned_7d = "Warned at least 7 days before the limit", "到达限值前至少7天预警";
    warned_14d = "Warned at least 14 days before", "至少14天预警";
    lead = "Median lead of the first warning", "首次预警提前量中位数";
    named_first = "True fault named first", "首位诊断正确";
    false_rate = "False advisories per machine-year", "每机年误报次数";
    leads_title = "Lead of each first warning, days before the limit", "每次首次预警的提前天数";
    calibration = "Where the truth fell in the forecast", "实际落在预测区间的哪一段";
    calibration_hint = "A calibrated forecast has its borders at the three marks: 10, 50 and 90 %.",
        "校准良好的预测，分界应落在三条标线处：10%、50%、90%。";
    fell_early = "earlier than p10", "早于p10";
    fell_low = "p10 to p50", "p10～p50";
    fell_high = "p50 to p90", "p50～p90";
    fell_late = "later than p90", "晚于p90";
    kinds = "By kind of fault", "按故障类型";
    kind_fault = "Fault", "故障";
    kind_there = "There", "实有";
    kind_found = "Found", "发现";
    kind_advised = "Advised", "建议处理";
    kind_alternative = "As alternative", "列为其他可能";
    kind_false = "False", "误报";
    missed = "Not warned of a week ahead", "未能提前一周预警";
    nothing_said = "nothing was said", "没有任何提示";
    then_inside = "The limit was reached within the forecast's range.", "实际到达限值的时间在预测区间之内。";
    then_early = "The limit was reached earlier than the forecast's range.", "实际到达限值早于预测区间。";
    then_late = "The limit was reached later than the forecast's range.", "实际到达限值晚于预测区间。";
    letter_held = "Held back: the customer had a message about this machine less than 30 days before.",
        "暂不发送：30天内已就这台机器联系过客户。";
    foot_note = "Names and telephone numbers come from the registered customers; here they are left open.",
        "姓名与电话取自登记的客户资料，此处留空。";
    legend_letter = "message to the customer", "发给客户的消息";
    legend_limit = "limit truly reached", "实际到达限值";
    legend_work = "work done", "已做维护";
    legend_truth = "known fault", "已知故障";
    legend_then = "forecast as it stood then", "当时的预测";
    to_top = "To the fleet", "返回概览";
}

/// A day's state in a word.
pub(super) const fn state(state: DayState, lang: Lang) -> &'static str {
    match state {
        DayState::Unheard => in_lang(lang, "no readings", "无数据"),
        DayState::Learning => in_lang(lang, "learning", "学习中"),
        DayState::Hidden => in_lang(lang, "not observable", "暂不可判断"),
        DayState::Normal => in_lang(lang, "normal", "正常"),
        DayState::Watch => in_lang(lang, "watch", "观察"),
        DayState::Advise => in_lang(lang, "advise", "建议处理"),
        DayState::Urgent => in_lang(lang, "urgent", "紧急"),
    }
}

/// Why a machine was not judged.
pub(super) fn unjudged(why: Unjudged, lang: Lang) -> String {
    match (why, lang) {
        (Unjudged::TooShort { days_needed }, Lang::En) => {
            format!("Too short: {days_needed} days of loaded running are needed")
        }
        (Unjudged::TooShort { days_needed }, Lang::Zh) => format!("历史太短：需要{days_needed}天的加载运行数据"),
        (Unjudged::TooSparse { minutes_needed }, Lang::En) => {
            format!("Too sparse: a reading at least every {minutes_needed} minutes is needed")
        }
        (Unjudged::TooSparse { minutes_needed }, Lang::Zh) => {
            format!("数据太稀：至少每{minutes_needed}分钟需要一条读数")
        }
    }
}

/// `12 of 14, 86 %`.
pub(super) fn share(share: Share, lang: Lang) -> String {
    if share.of == 0 {
        return "–".to_owned();
    }
    let percent = text::percent(f64::from(share.part) / f64::from(share.of));
    match lang {
        Lang::En => format!("{} of {}, {percent} %", share.part, share.of),
        Lang::Zh => format!("{}/{}，{percent}%", share.part, share.of),
    }
}

/// `57 to 98 %`.
pub(super) fn share_range(share: Share, lang: Lang) -> String {
    if share.of == 0 {
        return "–".to_owned();
    }
    let (low, high) = ((share.low * 100.0).round(), (share.high * 100.0).round());
    match lang {
        Lang::En => format!("{low} to {high} %"),
        Lang::Zh => format!("{low}%～{high}%"),
    }
}

/// `23 days`.
pub(super) fn days(days: f64, lang: Lang) -> String {
    let rounded = days.round();
    match lang {
        Lang::En if rounded == 1.0 => "1 day".to_owned(),
        Lang::En => format!("{rounded} days"),
        Lang::Zh => format!("{rounded}天"),
    }
}

/// `28 days before: 12 of 14 hold, width 1.1 × what remained`.
pub(super) fn distance(days_before: u8, holds: Share, asked: u32, width: Option<f64>, lang: Lang) -> (String, String) {
    let width = width.map_or("–".to_owned(), |width| format!("{width:.1}"));
    let held = share(holds, lang);
    match lang {
        Lang::En => (
            format!("{days_before} days before"),
            format!(
                "80 % interval holds {held}; {} of {asked} had a forecast; median width {width} × what remained",
                holds.of
            ),
        ),
        Lang::Zh => (
            format!("提前{days_before}天"),
            format!("80%区间覆盖{held}；{asked}次中{}次已有预测；区间宽度中位数为剩余时间的{width}倍", holds.of),
        ),
    }
}

/// What is known of a machine's lead: `warned 23 days before`.
pub(super) fn lead_line(lead_days: f64, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{} before the limit", days(lead_days, lang)),
        Lang::Zh => format!("提前{}", days(lead_days, lang)),
    }
}

/// The same as a sentence's beginning.
pub(super) fn warned_line(lead_days: f64, lang: Lang) -> String {
    match lang {
        Lang::En => format!("Warned {} before the limit", days(lead_days, lang)),
        Lang::Zh => format!("到达限值前{}预警", days(lead_days, lang)),
    }
}

/// When something was said first.
pub(super) fn first_on(date: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("first on {date}"),
        Lang::Zh => format!("首次{date}"),
    }
}

/// When a letter would have been drafted.
pub(super) fn drafted(date: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("Drafted {date}"),
        Lang::Zh => format!("{date}起草"),
    }
}

/// `and 14 more`.
pub(super) fn and_more(count: usize, lang: Lang) -> String {
    match lang {
        Lang::En => format!("and {count} more"),
        Lang::Zh => format!("另有{count}条"),
    }
}

/// What was said first about a missed fault.
pub(super) fn said_first(what: &str, lead_days: f64, lang: Lang) -> String {
    match lang {
        Lang::En => format!("first said {} before: {what}", days(lead_days, lang)),
        Lang::Zh => format!("提前{}首次提示：{what}", days(lead_days, lang)),
    }
}

/// The limit as it was truly reached after a moment.
pub(super) fn came(date: &str, after_days: f64, lang: Lang) -> String {
    match lang {
        Lang::En => format!("It came on {date}, {} later.", days(after_days, lang)),
        Lang::Zh => format!("实际于{date}到达限值，在{}之后。", days(after_days, lang)),
    }
}

/// Days of loaded running and readings of a machine.
pub(super) fn readings(count: u64, from: Option<Timestamp>, to: Timestamp, lang: Lang) -> String {
    let number = text::number(count as f64);
    let span = from.map_or(0.0, |from| to.days_since(from).max(0.0).ceil());
    match lang {
        Lang::En => format!("{number} readings in {}", days(span, lang)),
        Lang::Zh => format!("{}内{number}条读数", days(span, lang)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_both_languages_and_chinese_is_chinese() {
        let han = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        for (en, zh) in PAIRS {
            // Quantiles go by the same letters in both.
            assert!(!en.is_empty() && !han(en) && (han(zh) || zh.starts_with('p')), "{en} / {zh}");
        }
    }
}
