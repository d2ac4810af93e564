//! Why something was not done, in the reader's language: words for each obstacle.

use foretell_model::{Objection, Obstacle};

use crate::{BackendError, Lang};

/// What is said of an obstacle in English and in Chinese; `{}` stands for what it is about.
#[expect(
    clippy::too_many_lines,
    reason = "a table with one row for each obstacle, which the compiler checks to be whole"
)]
const fn words(why: Obstacle) -> (&'static str, &'static str) {
    match why {
        Obstacle::TooEarly => (
            "Not yet: the visit is more than a day away. Set out within 24 hours before it.",
            "还不能出发：离约定的上门时间超过一天，请在上门前24小时内再操作。",
        ),
        Obstacle::OtherDay => (
            "This visit is not today. Please look whether you mean another one.",
            "这次上门不是今天，请核对是不是另一次上门。",
        ),
        Obstacle::NotBegun => ("The visit has not begun yet.", "约定的上门时间还没到。"),
        Obstacle::Begun => ("The visit has begun already.", "上门已经开始。"),
        Obstacle::SomebodyThere => ("Somebody is on site already.", "已经有人到场了。"),
        Obstacle::NotSetOut => ("Nobody has set out yet.", "还没有人出发。"),
        Obstacle::NobodyOnTheWay => ("Nobody is on the way.", "目前没有人在路上。"),
        Obstacle::NobodyOnSite => ("Nobody is on site yet.", "还没有人到场。"),
        Obstacle::WayTooLong => {
            ("The trip has taken too long. Please tap “I am on my way” again.", "路上时间过长，请重新点击“我出发了”。")
        }
        Obstacle::NoPlace => ("The phone sent no valid location.", "手机发来的位置无效。"),
        Obstacle::NoVisit => ("No visit is booked.", "还没有约好上门。"),
        Obstacle::VisitDone => ("The visit is over already.", "这次上门已经结束。"),
        Obstacle::VisitMissed => ("The visit did not take place.", "这次上门没有进行。"),
        Obstacle::VisitCancelled => ("The visit was called off.", "这次上门已取消。"),
        Obstacle::Moved => {
            ("The visit was moved meanwhile. Please look at it again.", "上门时间刚刚改过，请重新查看。")
        }
        Obstacle::SlotTaken => {
            ("This time is no longer free. Please choose another.", "这个时间已被约走，请另选时间。")
        }
        Obstacle::TimePassed => ("The time given has passed.", "所选时间已过。"),
        Obstacle::TooFar => ("The time given is too far ahead. Please check it.", "所选时间太远，请核对。"),
        Obstacle::OddHour => (
            "Visits are from 07:00 to 19:00, Monday to Saturday. Please check the time; if the customer agreed to it, tick the box.",
            "上门时间一般为周一至周六07:00–19:00，请核对；如果已与客户约定，请勾选确认。",
        ),
        Obstacle::ChecklistGap => (
            "A point of the checklist is open. Do it, or say why it was left out.",
            "清单上还有未完成的项目，请完成，或说明原因。",
        ),
        Obstacle::PartsNotInStock => (
            "By our list this depot does not hold them: {}. Check part, number and depot; if they were used all the same, tick the box below.",
            "库存清单中该仓库没有这些配件：{}。请核对配件、数量和仓库；如果确实用了，请勾选下方选项。",
        ),
        Obstacle::FoundMissing => ("Please choose what you found.", "请选择您看到的情况。"),
        Obstacle::NoReport => ("Nobody has said yet what was done.", "还没有人填写做了什么。"),
        Obstacle::OtherLanguage => (
            "The customer does not read this language. Please write it in the other one.",
            "客户看不懂这种语言，请换另一种语言写。",
        ),
        Obstacle::NothingToTakeBack => (
            "There is nothing to take back here, or it is too late for that.",
            "没有可以撤回的内容，或者已经不能撤回了。",
        ),
        Obstacle::NothingForecast => ("A regular service needs no verdict.", "定期保养不需要核实。"),
        Obstacle::IsForecast => {
            ("What you chose is what was forecast. Choose the first answer.", "您选的就是预测的问题，请选第一项。")
        }
        Obstacle::MinutesInvalid => {
            ("“{}” is not a number of minutes from 1 to 1440.", "“{}”不是1到1440之间的分钟数。")
        }
        Obstacle::CaseInternal => {
            ("This stays inside the company; nothing is written to the customer.", "仅供内部参考，不会发给客户。")
        }
        Obstacle::CaseGoesAlong => (
            "It goes with the letter about {} and with its visit: one letter, one visit for both.",
            "并入{}的信和上门：一封信、一次上门一起处理。",
        ),
        Obstacle::CaseDraft => ("It waits for your approval.", "正在等您批准。"),
        Obstacle::CasePostponed => ("It has been put off.", "此事项已推迟。"),
        Obstacle::CaseQueued => ("The message is approved already.", "消息已经批准。"),
        Obstacle::CaseContacted => ("The message has gone out already.", "消息已经发出。"),
        Obstacle::CaseCall => ("The customer is to be called now.", "现在应该给客户打电话。"),
        Obstacle::CaseNotNow => ("The customer said not now.", "客户表示暂时不用。"),
        Obstacle::CaseBooked => ("A visit is booked already.", "已经约好上门。"),
        Obstacle::CaseDone => ("The work is done already.", "已经完成，不用重复操作。"),
        Obstacle::CaseCleared => ("This item is closed already.", "此事项已经结束。"),
        Obstacle::Stale => (
            "Somebody or something changed this after your page was loaded. Look at it again, then decide.",
            "页面打开之后内容已被更改，请重新查看后再决定。",
        ),
        Obstacle::DeliveryKnown => ("It is known already what became of this message.", "这条消息的结果已经确认。"),
        Obstacle::LinkClosed => ("This link no longer opens anything.", "这个链接已经失效。"),
        Obstacle::TimesGone => (
            "The times in the edited text are no longer free. Please edit it again.",
            "修改稿中的时间已被约走，请重新修改。",
        ),
        Obstacle::FiguresMoved => (
            "The forecast has moved since the text was edited. Please edit it again.",
            "修改之后预测有变化，信里的数字对不上了，请重新修改。",
        ),
        Obstacle::FewTimes => (
            "Fewer than two times are free in the coming weeks. Please call.",
            "未来几周可约的时间不足两个，请打电话。",
        ),
        Obstacle::NoLetterGoesOut => ("No letter goes out about it.", "这件事不发信。"),
        Obstacle::NothingWritten => ("Nothing was written in this case.", "此事项没有发过消息。"),
        Obstacle::TextBroken => ("The message could not be written: {}", "消息无法生成：{}"),
        Obstacle::Sending => (
            "A message to this customer is on its way at this moment. Try again in a minute.",
            "有一条消息正在发给该客户，请过一分钟再试。",
        ),
        Obstacle::NothingHeard => ("There is nothing new to be read.", "没有新的回复要看。"),
        Obstacle::NoRoute => (
            "{} has no address on any channel in use. Please call instead.",
            "{}在现有渠道上没有可用的联系方式，请打电话。",
        ),
        Obstacle::ArrivalMissing => ("Please say whether it arrived.", "请选择是否已送达。"),
        Obstacle::MessageLength => (
            "A message needs a subject of at most 200 and a text of at most 8,000 characters.",
            "主题须为1到200字，正文须为1到8000字。",
        ),
        Obstacle::NoCustomer => ("No customer is registered for the site {}.", "现场{}还没有登记客户。"),
        Obstacle::Erased => ("What was personal about the customer {} was erased.", "客户{}的个人信息已删除。"),
        Obstacle::MachineUnregistered => (
            "The machine {} is not registered: what does the customer call it?",
            "机器{}还没有登记，不知道客户怎么称呼它。",
        ),
        Obstacle::AdvisorUnregistered => ("The advisor {} is not registered.", "顾问{}还没有登记。"),
        Obstacle::NoMachine => {
            ("There is no machine “{}”. Give it as site/machine.", "没有机器“{}”，请按“现场/机器”填写。")
        }
        Obstacle::NoDepot => {
            ("There is no depot “{}”. Please choose one from the list.", "没有仓库“{}”，请从列表中选择。")
        }
        Obstacle::NoPart => {
            ("There is no part “{}”. Please choose one from the list.", "没有配件“{}”，请从列表中选择。")
        }
        Obstacle::CountInvalid => (
            "“{}” is not a valid quantity. Please enter a whole number from 0 to 100,000.",
            "“{}”不是有效的数量，请填写0到100000之间的整数。",
        ),
        Obstacle::HoursInvalid => ("These hours cannot be kept: {}", "这个时间段无法设置：{}"),
        Obstacle::NotStopped => ("Messages were not stopped there.", "这个渠道没有停用过。"),
        Obstacle::AlreadyTheirs => ("That advisor looks after the customer already.", "该客户已由这位顾问负责。"),
        Obstacle::WhyMissing => ("Please say why.", "请填写原因，方便接手的人了解情况。"),
        Obstacle::PersonMissing => (
            "Please choose who takes over: from this stage on, nothing is sent automatically.",
            "请选择由谁接手：客户到了这个状态，系统不再自动发消息。",
        ),
        Obstacle::WordMissing => {
            ("Please say on whose word: only the customer may undo it.", "请填写是谁提出的：只有客户本人可以恢复。")
        }
        Obstacle::ExplanationMissing => ("Please add a word of explanation.", "请填写一句说明。"),
        Obstacle::OutcomeMissing => ("Please choose what comes of the call.", "请选择通话后怎么做。"),
        Obstacle::KeyWrong => {
            ("Nothing was erased: the key was not typed as it stands.", "没有删除：输入的编号不一致。")
        }
        Obstacle::WhenMissing => ("Please give a date and time.", "请填写日期和时间。"),
        Obstacle::PostponeDays => ("Choose 1 to 90 days.", "请选择1到90天。"),
        Obstacle::CaseClosed => ("The breakdown case is closed already.", "这次报修已经结束。"),
        Obstacle::OtherCaseOpen => {
            ("The machine has another open case. Go on there.", "这台机器另有未结束的报修，请在那里继续处理。")
        }
        Obstacle::ChecklistNeeded => ("Close the case with its checklist.", "请先填好完工清单，再结束报修。"),
        Obstacle::TemplateChanged => {
            ("Somebody else changed it since you opened it. Look at it again.", "打开之后已有人修改过，请重新查看。")
        }
        Obstacle::TemplateFaulty => {
            ("The template has faults; the preview says which.", "模板有误，请看预览中的提示。")
        }
        Obstacle::PhotosFull => ("There are {} photos already. Delete one first.", "已有{}张照片，请先删除一张。"),
        Obstacle::PhotoMissing => ("Choose a picture first.", "请先选择一张照片。"),
        Obstacle::PhotoKind => ("Only JPEG and PNG pictures are taken.", "只支持 JPEG 或 PNG 图片。"),
        Obstacle::PhotoTooLarge => {
            ("The picture is too large: at most 12 MB and 30 million pixels.", "图片太大：最大 12 MB、3000万像素。")
        }
        Obstacle::PhotoTooSmall => ("The picture is too small to show anything.", "图片太小，看不清内容。"),
        Obstacle::PhotoDamaged => ("The file is damaged and could not be read.", "图片文件已损坏，无法读取。"),
    }
}

/// An objection in a sentence.
pub(crate) fn objection(told: &Objection, lang: Lang) -> String {
    let (en, zh) = words(told.why);
    let said = if lang == Lang::En { en } else { zh };
    match told.why {
        Obstacle::PartsNotInStock => said.replace("{}", &parts(&told.about, lang)),
        _ => said.replace("{}", &told.about),
    }
}

/// `60 x bearing_grease, 2 x oil_filter` in words.
fn parts(about: &str, lang: Lang) -> String {
    let part = |counted: &str| match counted.split_once(" x ") {
        Some((n, code)) => format!("{n} × {}", super::part(code, lang)),
        None => counted.to_owned(),
    };
    super::listed(&about.split(", ").map(part).collect::<Vec<_>>(), lang)
}

/// Why something was refused, in a sentence; nothing where it was not refused but failed. What programs are told is said as it
/// is to whoever reads English, and to others only that things stand differently now.
pub(crate) fn refusal(error: &BackendError, lang: Lang) -> Option<String> {
    match (error, lang) {
        (BackendError::Refused(told), _) => Some(objection(told, lang)),
        (BackendError::Conflict(why) | BackendError::Invalid(why), Lang::En) => Some(why.clone()),
        (BackendError::Conflict(_) | BackendError::Invalid(_), Lang::Zh) => {
            Some("没有完成：情况可能已有变化，请核对本页的最新内容后再试。".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_obstacle_has_words_in_both_languages() {
        for why in Obstacle::ALL {
            let (en, zh) = words(*why);
            assert!(!en.is_empty() && en.is_ascii() || en.contains(['“', '”']), "{}: {en}", why.code());
            assert!(zh.chars().any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c)), "{}: {zh}", why.code());
            assert_eq!(en.contains("{}"), zh.contains("{}"), "{}: both say what it is about, or neither", why.code());
        }
    }

    #[test]
    fn a_refusal_speaks_the_readers_language() {
        #[track_caller]
        fn check(error: &BackendError, lang: Lang, expected: Option<&str>) {
            assert_eq!(refusal(error, lang).as_deref(), expected);
        }
        let done = BackendError::from(Obstacle::CaseDone);
        check(&done, Lang::Zh, Some("已经完成，不用重复操作。"));
        check(&done, Lang::En, Some("The work is done already."));
        let route = BackendError::Refused(Objection::about(Obstacle::NoRoute, "华新纺织"));
        check(&route, Lang::Zh, Some("华新纺织在现有渠道上没有可用的联系方式，请打电话。"));
        let parts = BackendError::Refused(Objection::about(Obstacle::PartsNotInStock, "60 x bearing_grease, 1 x oil"));
        assert!(refusal(&parts, Lang::En).unwrap().contains("hold them: 60 × bearing grease"));
        let odd = BackendError::Invalid("the depot burnt down".to_owned());
        check(&odd, Lang::En, Some("the depot burnt down"));
        check(&odd, Lang::Zh, Some("没有完成：情况可能已有变化，请核对本页的最新内容后再试。"));
        check(&BackendError::Expired, Lang::En, None);
    }
}
