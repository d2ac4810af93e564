//! The report's own words, English beside Chinese; what pages say too is taken from their table.

use foretell_model::{DAY_MS, Timestamp};

use super::data::{BacktestReport, DayState, Share, Unjudged};
use crate::Lang;
use crate::{civil, text};

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
    said_then = "What was said", "当时的提示";
    residual_line = "Difference", "差值";
    residual_band = "Usual scatter", "正常波动";
    residual_said = "When it was said", "提示时刻";
    remarks = "Also noted", "其他记录";
    tile_machines = "Machines", "机器";
    tile_attention = "Warned of", "有预警";
    tile_letters = "Messages to customers", "发给客户的消息";
    tile_lead = "Median lead", "提前量中位数";
    tile_7d = "Warned a week ahead", "提前一周预警";
    tile_holds = "80% interval holds", "80%区间覆盖率";
    tile_false = "False advisories a year", "每机年误报";
    tile_false_healthy = "False advisories a year, healthy machines", "健康机器每机年误报";
    scores = "How good the forecasts were", "预测准不准";
    scores_hint = "Against what is known to have happened. Ranges are exact 95% intervals: few cases say little.",
        "与实际情况对照。括号内为精确的95%置信区间：案例少，区间就宽。";
    score_measure = "Measure", "指标";
    score_value = "Result", "结果";
    score_range = "95% interval", "95%区间";
    warned_7d = "Warned at least 7 days before the limit", "到达限值前至少7天预警";
    warned_14d = "Warned at least 14 days before", "至少14天预警";
    lead = "Median lead of the first warning", "首次预警提前量中位数";
    named_first = "True fault named first", "首位诊断正确";
    false_rate = "False advisories per machine-year", "每机年误报次数";
    false_healthy = "The same, machines without any fault only", "同上，仅计全程无故障的机器";
    leads_title = "Lead of each first warning, days before the limit", "每次首次预警的提前天数";
    calibration = "Where the truth fell in the forecast", "实际落在预测区间的哪一段";
    calibration_hint = "A calibrated forecast has its borders at the three marks: 10, 50 and 90%.",
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
    letter_held = "Held back: the customer had a message about this machine shortly before.",
        "暂不发送：近期已就这台机器联系过客户。";
    letter_undated = "A message would have been drafted. It offers days for a visit, and this history has no dates.",
        "会起草一条消息。消息里要提上门日期，而这份历史没有日期，所以这里不写。";
    foot_note = "Names and telephone numbers come from the registered customers; here they are left open.",
        "姓名与电话取自登记的客户资料，此处留空。";
    legend_letter = "message to the customer", "发给客户的消息";
    legend_limit = "limit truly reached", "实际到达限值";
    legend_work = "work done", "已做维护";
    legend_truth = "known fault", "已知故障";
    legend_then = "forecast as it stood then", "当时的预测";
    to_top = "To the fleet", "返回概览";
    day_unheard = "no readings", "无数据";
    day_learning = "learning", "学习中";
    day_hidden = "not observable", "暂不可判断";
    day_normal = "normal", "正常";
    day_sensor = "sensor fault", "传感器故障";
    day_watch = "watch", "观察";
    day_advise = "advise", "建议处理";
    day_urgent = "urgent", "紧急";
}

/// What stands where there is no figure.
const NOTHING: &str = "–";

/// A sentence with places: `{0}` is filled by the first value, `{1}` by the second.
#[derive(Clone, Copy)]
pub(super) struct Pattern {
    en: &'static str,
    zh: &'static str,
}

impl Pattern {
    /// The sentence with its places filled.
    pub(super) fn with(self, values: &[&str], lang: Lang) -> String {
        let filled = |text: String, (place, value): (usize, &&str)| text.replace(&format!("{{{place}}}"), value);
        values.iter().enumerate().fold(in_lang(lang, self.en, self.zh).to_owned(), filled)
    }
}

macro_rules! patterns {
    ($($(#[$doc:meta])* $name:ident = $en:literal, $zh:literal;)+) => {
        $($(#[$doc])* pub(super) const $name: Pattern = Pattern { en: $en, zh: $zh };)+
        #[cfg(test)]
        const PATTERNS: &[Pattern] = &[$($name,)+];
    };
}

patterns! {
    /// A share: part, whole, per cent.
    SHARE = "{0} of {1}, {2}%", "{0}/{1}，{2}%";
    /// The range of a share: from, to, per cent.
    RANGE = "{0} to {1}%", "{0}%～{1}%";
    /// One day.
    DAY = "1 day", "1天";
    /// A count of days.
    DAYS = "{0} days", "{0}天";
    /// One hour.
    HOUR = "1 hour", "1小时";
    /// A count of hours.
    HOURS = "{0} hours", "{0}小时";
    /// Time since the beginning of a history without dates, from a day on: days, clock.
    ELAPSED = "{0} d {1}", "{0}天{1}";
    /// A relation's evidence: what, how much and its unit, since when.
    ABOVE = "{0} is {1} above what the other columns let expect, since {2}.", "{0}比按其他各列应有的值高{1}，始于{2}。";
    /// The same below.
    BELOW = "{0} is {1} below what the other columns let expect, since {2}.", "{0}比按其他各列应有的值低{1}，始于{2}。";
    /// A relation's picture: what.
    RESIDUAL = "{0}: measured, less what the other columns let expect", "{0}：实测值减去按其他各列应有的值";
    /// How far ahead of the limit: days.
    DISTANCE = "{0} days before", "提前{0}天";
    /// What held there: share, forecasts made, cases asked, width.
    HELD = "80% interval holds {0}; {1} of {2} had a forecast; median width {3} × what remained",
        "80%区间覆盖{0}；{2}次中{1}次已有预测；区间宽度中位数为剩余时间的{3}倍";
    /// A machine's lead: span.
    LEAD = "{0} before the limit", "提前{0}";
    /// The same as a sentence's beginning.
    WARNED = "Warned {0} before the limit", "到达限值前{0}预警";
    /// When something was said first: date.
    FIRST = "first on {0}", "首次{0}";
    /// The same in a history without dates: time since its beginning.
    FIRST_AT = "first at {0}", "首次{0}";
    /// When a letter would have been drafted: date.
    DRAFTED = "Drafted {0}", "{0}起草";
    /// What is not listed: count.
    MORE = "and {0} more", "另有{0}条";
    /// What was said first about a missed fault: span, what.
    SAID_FIRST = "first said {0} before: {1}", "提前{0}首次提示：{1}";
    /// When the limit was truly reached after a moment: date, span.
    CAME = "It came on {0}, {1} later.", "实际于{0}到达限值，在{1}之后。";
    /// Readings of a machine: count, span.
    READINGS = "{0} readings in {1}", "{1}内{0}条读数";
    /// Why a machine was not judged: days of loaded running that are needed.
    TOO_SHORT = "Too short: {0} days of loaded running are needed", "历史太短：需要{0}天的加载运行数据";
    /// The same: minutes between readings at most.
    TOO_SPARSE = "Too sparse: a reading at least every {0} minutes is needed", "数据太稀：至少每{0}分钟需要一条读数";
    /// The same: signals that never came, days of loaded running.
    LACKING = "No {0}: with it, {1} days of loaded running let the cooler be judged and the limit be forecast",
        "没有{0}：补上后，有{1}天的加载运行数据就能判断冷却器、预测到限时间";
    /// Two things.
    BOTH = "{0} and {1}", "{0}和{1}";
}

/// A day's state in a word.
pub(super) const fn state(state: DayState, lang: Lang) -> &'static str {
    let w = Words::of(lang);
    match state {
        DayState::Unheard => w.day_unheard,
        DayState::Learning => w.day_learning,
        DayState::Hidden => w.day_hidden,
        DayState::Normal => w.day_normal,
        DayState::Sensor => w.day_sensor,
        DayState::Watch => w.day_watch,
        DayState::Advise => w.day_advise,
        DayState::Urgent => w.day_urgent,
    }
}

impl Unjudged {
    /// Why a machine was not judged, in words.
    #[must_use]
    pub fn words(self, lang: Lang) -> String {
        match self {
            Self::TooShort { days_needed } => TOO_SHORT.with(&[&days_needed.to_string()], lang),
            Self::TooSparse { minutes_needed } => TOO_SPARSE.with(&[&minutes_needed.to_string()], lang),
            Self::Lacking { signals, days_needed } => {
                let named = match signals {
                    [first, second, ..] => BOTH.with(&[first.name(), second.name()], lang),
                    _ => signals.first().map_or("", |signal| signal.name()).to_owned(),
                };
                LACKING.with(&[&named, &days_needed.to_string()], lang)
            }
        }
    }
}

/// `12 of 14, 86%`; a dash where there was nothing to count.
pub(super) fn share(share: Share, lang: Lang) -> String {
    if share.of == 0 {
        return NOTHING.to_owned();
    }
    let percent = text::percent(f64::from(share.part) / f64::from(share.of));
    SHARE.with(&[&share.part.to_string(), &share.of.to_string(), &percent.to_string()], lang)
}

/// `57 to 98%`.
pub(super) fn share_range(share: Share, lang: Lang) -> String {
    if share.of == 0 {
        return NOTHING.to_owned();
    }
    let [low, high] = [share.low, share.high].map(|bound| (bound * 100.0).round().to_string());
    RANGE.with(&[&low, &high], lang)
}

/// `23 days`; less than one is told in hours.
pub(super) fn days(days: f64, lang: Lang) -> String {
    let (rounded, hours) = (days.round(), (days * 24.0).round());
    if days > 0.0 && hours < 24.0 {
        let hours = hours.max(1.0);
        return if hours == 1.0 { HOUR } else { HOURS }.with(&[&hours.to_string()], lang);
    }
    let pattern = if rounded == 1.0 { DAY } else { DAYS };
    pattern.with(&[&rounded.to_string()], lang)
}

/// The same of a lead, of which only what is full counts: 6.6 days are no 7.
pub(super) fn full_days(days: f64, lang: Lang) -> String {
    let hours = (days * 24.0).floor().max(if days > 0.0 { 1.0 } else { 0.0 });
    self::days(if days >= 1.0 { days.floor() } else { hours / 24.0 }, lang)
}

/// `28 days before: 12 of 14 hold, width 1.1 × what remained`.
pub(super) fn distance(days_before: u8, holds: Share, asked: u32, width: Option<f64>, lang: Lang) -> (String, String) {
    let width = width.map_or(NOTHING.to_owned(), |width| format!("{width:.1}"));
    let held = [share(holds, lang), holds.of.to_string(), asked.to_string(), width];
    (DISTANCE.with(&[&days_before.to_string()], lang), HELD.with(&held.each_ref().map(String::as_str), lang))
}

/// How far into a history without dates an instant lies: `1:11:30`, `3 d 0:00:00`.
fn elapsed(at: Timestamp, lang: Lang) -> String {
    let (days, seconds) = (at.millis().div_euclid(DAY_MS), at.millis().rem_euclid(DAY_MS) / 1_000);
    let clock = format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if days == 0 { clock } else { ELAPSED.with(&[&days.to_string(), &clock], lang) }
}

/// An instant of a short history on its axis.
pub(super) fn clock(at: Timestamp, report: &BacktestReport) -> String {
    if report.is_dated() { civil::clock(at, report.zone) } else { elapsed(at, report.lang) }
}

/// An instant as a day; as elapsed time where there are no dates.
pub(super) fn day_of(at: Timestamp, report: &BacktestReport) -> String {
    if report.is_dated() { civil::day_of(at, report.zone, report.lang) } else { elapsed(at, report.lang) }
}

/// The same with its year.
pub(super) fn date(at: Timestamp, report: &BacktestReport) -> String {
    if report.is_dated() { civil::date(at, report.zone, report.lang) } else { elapsed(at, report.lang) }
}

/// An instant; a day that was concluded has no time of day worth reading.
pub(super) fn when(at: Timestamp, report: &BacktestReport) -> String {
    let is_whole_day = at.millis().rem_euclid(DAY_MS) == 0;
    if is_whole_day || !report.is_dated() { date(at, report) } else { civil::date_time(at, report.zone, report.lang) }
}

/// Readings of a machine and the span that they fill.
pub(super) fn readings(count: u64, from: Option<Timestamp>, to: Timestamp, lang: Lang) -> String {
    let span = from.map_or(0.0, |from| to.days_since(from).max(0.0));
    let span = if span < 1.0 { span } else { span.ceil() };
    READINGS.with(&[&text::number(count as f64, lang), &days(span, lang)], lang)
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

    #[test]
    fn a_pattern_has_the_same_places_in_both_languages() {
        for Pattern { en, zh } in PATTERNS {
            for place in (0..9).map(|n| format!("{{{n}}}")) {
                assert_eq!(en.matches(&place).count(), zh.matches(&place).count(), "{en} / {zh}");
            }
        }
        let held = Share { part: 12, of: 14, low: 0.57, high: 0.98 };
        let said = [Lang::En, Lang::Zh].map(|lang| (share(held, lang), share_range(held, lang), days(1.2, lang)));
        assert_eq!(said[0], ("12 of 14, 86%".into(), "57 to 98%".into(), "1 day".into()));
        assert_eq!([0.01, 0.5, 0.99, 0.0].map(|d| days(d, Lang::En)), ["1 hour", "12 hours", "1 day", "0 days"]);
        let leads = [7.0, 6.99, 1.9, 0.99, 0.01, 0.0].map(|d| full_days(d, Lang::En));
        assert_eq!(leads, ["7 days", "6 days", "1 day", "23 hours", "1 hour", "0 days"]);
        let at = |seconds: i64| elapsed(Timestamp::from_millis(seconds * 1_000), Lang::En);
        assert_eq!([at(4_290), at(3 * 86_400 + 61)], ["1:11:30", "3 d 0:01:01"]);
        assert_eq!(said[1], ("12/14，86%".into(), "57%～98%".into(), "1天".into()));
        let (_, line) = distance(28, held, 20, Some(1.14), Lang::Zh);
        assert_eq!(line, "80%区间覆盖12/14，86%；20次中14次已有预测；区间宽度中位数为剩余时间的1.1倍");
    }
}
