//! What a curve says of one day under the pointer: figures for whoever advises, words for the customer. Nothing is said beyond
//! the limit, where the machine will have warned and stopped before the sum is ever reached.

use super::{celsius, temperature};
use crate::view::{ConePoint, DayPoint};
use crate::{Lang, civil};

/// One day's figures: `18 Jul: 93.4 °C (normal 84–88)`.
pub(crate) fn day_figures(day: &DayPoint, lang: Lang) -> String {
    let hot = day.hot_c.map_or_else(|| "–".to_owned(), |hot_c| temperature(hot_c, lang));
    day_with(day, &hot, lang)
}

/// The same for the customer: `18 Jul: about 93 °C (normal 84–88)`.
pub(crate) fn day_words(day: &DayPoint, lang: Lang) -> String {
    let hot = day.hot_c.map_or_else(|| "–".to_owned(), |hot_c| about(hot_c, lang));
    day_with(day, &hot, lang)
}

fn day_with(day: &DayPoint, hot: &str, lang: Lang) -> String {
    let date = civil::day(day.day, lang);
    match (day.normal_low_c, day.normal_high_c, lang) {
        (Some(low), Some(high), Lang::En) => format!("{date}: {hot} (normal {low:.0}–{high:.0})"),
        (Some(low), Some(high), Lang::Zh) => format!("{date}：{hot}（正常{low:.0}～{high:.0}）"),
        (.., Lang::En) => format!("{date}: {hot}"),
        (.., Lang::Zh) => format!("{date}：{hot}"),
    }
}

/// How a future day stands to the limit.
enum Against {
    /// Nine futures in ten stay below.
    Below,
    /// More likely below than not.
    MayReach,
    /// More likely above than not.
    Likely,
    /// Nine futures in ten are above.
    Above,
}

fn against(point: &ConePoint, limit_c: f64) -> Against {
    match point {
        p if p.q10_c >= limit_c => Against::Above,
        p if p.q50_c >= limit_c => Against::Likely,
        p if p.q90_c >= limit_c => Against::MayReach,
        _ => Against::Below,
    }
}

/// One future day's figures, none of them beyond the limit: `2 Aug: 97–103 °C, middle 100 (forecast)`, `8 Aug: above the limit of
/// 105 °C (forecast)`.
pub(crate) fn cone_figures(point: &ConePoint, limit_c: f64, lang: Lang) -> String {
    let (day, low, mid, high) = (civil::day(point.day, lang), point.q10_c, point.q50_c, point.q90_c);
    match (against(point, limit_c), lang) {
        (Against::Below, Lang::En) => format!("{day}: {low:.0}–{high:.0} °C, middle {mid:.0} (forecast)"),
        (Against::Below, Lang::Zh) => format!("{day}：{low:.0}～{high:.0} ℃，居中{mid:.0}（预测）"),
        (Against::MayReach, Lang::En) => {
            format!("{day}: {low:.0} °C to above the limit of {limit_c:.0} °C, middle {mid:.0} (forecast)")
        }
        (Against::MayReach, Lang::Zh) => {
            format!("{day}：{low:.0} ℃至超过{limit_c:.0} ℃限值，居中{mid:.0}（预测）")
        }
        (Against::Likely, Lang::En) => {
            format!("{day}: {low:.0} °C or more, probably above the limit of {limit_c:.0} °C (forecast)")
        }
        (Against::Likely, Lang::Zh) => format!("{day}：{low:.0} ℃以上，多半超过{limit_c:.0} ℃限值（预测）"),
        (Against::Above, Lang::En) => format!("{day}: above the limit of {limit_c:.0} °C (forecast)"),
        (Against::Above, Lang::Zh) => format!("{day}：超过{limit_c:.0} ℃限值（预测）"),
    }
}

/// The same for the customer, in weeks from `today` and in words: `In about 3 weeks: about 96 °C`.
pub(crate) fn cone_words(point: &ConePoint, limit_c: f64, today: i64, lang: Lang) -> String {
    let weeks = (point.day - today + 3).div_euclid(7);
    let when = match (weeks, lang) {
        (..=0, Lang::En) => "In the coming days".to_owned(),
        (..=0, Lang::Zh) => "这几天".to_owned(),
        (1, Lang::En) => "In about a week".to_owned(),
        (weeks, Lang::En) => format!("In about {weeks} weeks"),
        (weeks, Lang::Zh) => format!("大约{weeks}周后"),
    };
    match (against(point, limit_c), lang) {
        (Against::Below, Lang::En) => format!("{when}: {}", about(point.q50_c, lang)),
        (Against::Below, Lang::Zh) => format!("{when}：{}", about(point.q50_c, lang)),
        (Against::MayReach, Lang::En) => format!("{when}: it may go above the warning limit of {limit_c:.0} °C"),
        (Against::MayReach, Lang::Zh) => format!("{when}：有可能超过{limit_c:.0} ℃的预警温度"),
        (Against::Likely, Lang::En) => format!("{when}: probably above the warning limit of {limit_c:.0} °C"),
        (Against::Likely, Lang::Zh) => format!("{when}：多半会超过{limit_c:.0} ℃的预警温度"),
        (Against::Above, Lang::En) => format!("{when}: very likely above the warning limit of {limit_c:.0} °C"),
        (Against::Above, Lang::Zh) => format!("{when}：很可能超过{limit_c:.0} ℃的预警温度"),
    }
}

/// A mark in the legend, `12 May Cooler cleaned`; of what came `n` times its first and last day, `17 Sep–27 Sep E23 ×11`.
pub(crate) fn mark_line((first, last): (i64, i64), name: &str, n: usize, lang: Lang) -> String {
    let day = |day| civil::day(day, lang);
    let to = if lang == Lang::Zh { '～' } else { '–' };
    match (first == last, n) {
        (_, 1) => format!("{} {name}", day(first)),
        (true, n) => format!("{} {name} ×{n}", day(first)),
        (false, n) => format!("{}{to}{} {name} ×{n}", day(first), day(last)),
    }
}

fn about(value_c: f64, lang: Lang) -> String {
    match lang {
        Lang::En => format!("about {value_c:.0} {}", celsius(lang)),
        Lang::Zh => format!("{value_c:.0} {}左右", celsius(lang)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_foretold_beyond_the_limit() {
        let day = 20_653;
        for ([q10_c, q50_c, q90_c], figures, words, zh) in [
            (
                [90.4, 96.6, 102.8],
                "19 Jul: 90–103 °C, middle 97 (forecast)",
                "In about 5 weeks: about 97 °C",
                "大约5周后：97 ℃左右",
            ),
            (
                [94.0, 101.0, 130.0],
                "19 Jul: 94 °C to above the limit of 105 °C, middle 101 (forecast)",
                "In about 5 weeks: it may go above the warning limit of 105 °C",
                "大约5周后：有可能超过105 ℃的预警温度",
            ),
            (
                [98.0, 151.0, 260.0],
                "19 Jul: 98 °C or more, probably above the limit of 105 °C (forecast)",
                "In about 5 weeks: probably above the warning limit of 105 °C",
                "大约5周后：多半会超过105 ℃的预警温度",
            ),
            (
                [106.0, 223.0, 347.0],
                "19 Jul: above the limit of 105 °C (forecast)",
                "In about 5 weeks: very likely above the warning limit of 105 °C",
                "大约5周后：很可能超过105 ℃的预警温度",
            ),
        ] {
            let point = ConePoint { day, q10_c, q50_c, q90_c };
            assert_eq!(cone_figures(&point, 105.0, Lang::En), figures);
            assert_eq!(cone_words(&point, 105.0, day - 34, Lang::En), words);
            assert_eq!(cone_words(&point, 105.0, day - 34, Lang::Zh), zh);
        }
    }

    #[test]
    fn what_came_again_is_one_line() {
        for (days, n, en, zh) in [
            ((20_653, 20_653), 1, "19 Jul E23", "7月19日 E23"),
            ((20_653, 20_653), 3, "19 Jul E23 ×3", "7月19日 E23 ×3"),
            ((20_653, 20_655), 3, "19 Jul–21 Jul E23 ×3", "7月19日～7月21日 E23 ×3"),
        ] {
            let say = |lang| mark_line(days, "E23", n, lang);
            assert_eq!((say(Lang::En).as_str(), say(Lang::Zh).as_str()), (en, zh));
        }
    }

    #[test]
    fn weeks_are_counted_from_today() {
        let point = ConePoint { day: 20_653, q10_c: 90.0, q50_c: 91.4, q90_c: 93.0 };
        for (ahead, en, zh) in [
            (0, "In the coming days: about 91 °C", "这几天：91 ℃左右"),
            (6, "In about a week: about 91 °C", "大约1周后：91 ℃左右"),
            (12, "In about 2 weeks: about 91 °C", "大约2周后：91 ℃左右"),
        ] {
            let say = |lang| cone_words(&point, 105.0, 20_653 - ahead, lang);
            assert_eq!((say(Lang::En).as_str(), say(Lang::Zh).as_str()), (en, zh));
        }
    }
}
