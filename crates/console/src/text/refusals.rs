//! Why something was not done, in the reader's language. The parts below the console give their reasons in English, for logs and
//! for programs; people read them here.

use crate::Lang;

/// Beginning or end of a reason, what is said of it in English, and in Chinese.
const REASONS: &[(&str, &str, &str)] = &[
    (
        "it is more than a day away",
        "Not yet: the visit is more than a day away. Set out within 24 hours before it.",
        "还不能出发：离约定的上门时间超过一天，请在上门前24小时内再操作。",
    ),
    ("somebody is there already", "Somebody is on site already.", "已经有人到场了。"),
    ("nobody has set out", "Nobody has set out yet.", "还没有人出发。"),
    ("nobody is on the way", "Nobody is on the way.", "目前没有人在路上。"),
    ("nobody is on site", "Nobody is on site yet.", "还没有人到场。"),
    (
        "the way has taken too long; set out anew",
        "The way has taken too long. Please set out anew.",
        "路上时间过长，请重新点击“我出发了”。",
    ),
    ("this is no place on Earth", "The phone sent no valid place.", "手机发来的位置无效。"),
    ("it has not begun", "The visit has not begun yet.", "约定的上门时间还没到。"),
    ("it has begun; call the advisor", "The visit has begun already.", "约定的上门时间已到。"),
    ("the visit is over", "The visit is over already.", "这次上门已经结束。"),
    ("it is done", "It is done already.", "已经完成，不用重复操作。"),
    ("it is missed", "The visit did not take place.", "这次上门没有进行。"),
    ("it is cancelled", "The visit was called off.", "这次上门已取消。"),
    ("it is booked", "A visit is booked already.", "已经约好上门。"),
    ("it is closed", "The case is closed already.", "这个工单已经结束。"),
    ("no visit is booked", "No visit is booked.", "还没有约好上门。"),
    ("the time given has passed", "The time given has passed.", "所选时间已过。"),
    (
        "what was forecast was found: that is `confirmed`",
        "What you chose is what was forecast. Choose the first answer.",
        "您选的就是预测的问题，请选第一项。",
    ),
    ("say why; whoever takes over must know", "Please say why.", "请填写原因，方便接手的人了解情况。"),
    ("a case is closed with its checklist", "Close the case with its checklist.", "请填写完工清单后再结束工单。"),
    ("a service by running hours forecasts nothing", "A regular service needs no verdict.", "定期保养不需要判定。"),
    ("what was found is not said", "Please choose what you found.", "请选择您看到的情况。"),
    ("what comes of the call is not known", "Please choose what comes of the call.", "请选择通话后怎么做。"),
    ("a visit needs a date and time", "Please give a date and time.", "请填写日期和时间。"),
    ("is not a date and time", "Please give a date and time.", "请填写日期和时间。"),
    ("whether it arrived is not said", "Please say whether it arrived.", "请选择是否已送达。"),
    ("postponing needs 1 to 90 days", "Choose 1 to 90 days.", "请选择1到90天。"),
    ("a word of explanation is needed", "Please add a word of explanation.", "请填写一句说明。"),
    ("is no verdict", "Please choose what you found.", "请选择您看到的情况。"),
];

/// Why something was refused. A reason that is not listed is said as it is to whoever reads English; to others only that
/// things stand differently now.
pub(crate) fn refusal(why: &str, lang: Lang) -> String {
    let known = REASONS.iter().find(|(reason, ..)| why.starts_with(reason) || why.ends_with(reason));
    match (known, lang) {
        (Some((_, en, _)), Lang::En) => (*en).to_owned(),
        (Some((.., zh)), Lang::Zh) => (*zh).to_owned(),
        // Said in Chinese already.
        (None, Lang::Zh) if why.chars().any(|c| c >= '\u{3000}') => why.to_owned(),
        (None, Lang::Zh) => "没有完成：情况可能已有变化，请核对本页的最新内容后再试。".to_owned(),
        (None, Lang::En) => why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(why: &str, lang: Lang, expected: &str) {
        assert_eq!(refusal(why, lang), expected);
    }

    #[test]
    fn a_refusal_speaks_the_readers_language() {
        check("it is done", Lang::Zh, "已经完成，不用重复操作。");
        check("it is done", Lang::En, "It is done already.");
        check("`soon` is not a date and time", Lang::Zh, "请填写日期和时间。");
        check("请说明未完成项。", Lang::Zh, "请说明未完成项。");
        check("the depot burnt down", Lang::En, "the depot burnt down");
        check("the depot burnt down", Lang::Zh, "没有完成：情况可能已有变化，请核对本页的最新内容后再试。");
    }
}
