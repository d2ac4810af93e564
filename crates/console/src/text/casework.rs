//! Sentences about a case on its way: why a call is due, what a text lacks, what the customer wished.

use chrono_tz::Tz;
use foretell_model::{Catalogue, MINUTE_MS, Timestamp};

use super::{undelivered, words};
use crate::Lang;
use crate::civil::{self, Place};
use crate::view::{CasePage, Delivery, Progress, Slot};

/// Ends of work are told in quarters of an hour, as the letters have them.
const QUARTER_MS: i64 = 15 * MINUTE_MS;

pub(super) const fn pick(lang: Lang, en: &'static str, zh: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// What was found on site, and until when it takes; a time that has passed is not said any more.
pub(crate) fn progress(
    told: &Progress,
    catalogue: &Catalogue,
    (now, place): (Timestamp, impl Into<Place>),
    lang: Lang,
) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(found) = &told.found {
        let comparison = catalogue.fault(found).map_or("", |fault| fault.comparison.in_language(lang.tag()));
        let name = super::capitalised(&super::fault(found, catalogue, lang));
        lines.push(match lang {
            Lang::En => format!("{name}. {comparison}"),
            Lang::Zh if comparison.is_empty() => format!("{name}。"),
            Lang::Zh => format!("{name}，{comparison}"),
        });
    }
    let until = Timestamp::from_millis((told.until.millis() + QUARTER_MS - 1).div_euclid(QUARTER_MS) * QUARTER_MS);
    let clock = civil::clock_or_date(until, now, place, lang);
    if until > now {
        lines.push(match lang {
            Lang::En => format!("The work will take until about {clock}."),
            Lang::Zh => format!("大约{clock}弄好。"),
        });
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

/// What the customer of a broken machine was last told: what was found, and by when else a call comes.
pub(crate) fn told_of_case(page: &CasePage, catalogue: &Catalogue, place: Place, lang: Lang) -> Vec<String> {
    let (case, now) = (&page.case, page.now);
    let found = case.progress.as_ref().filter(|_| page.wrote_of_progress);
    let found = found.map(|told| progress(told, catalogue, (now, place), lang));
    let by = case.call_back_by.filter(|_| page.wrote_of_slip);
    let call = super::field::call_by(case.call_back, by, (now, place), lang);
    found.unwrap_or_default().into_iter().chain(call).collect()
}

/// A slot in one line.
pub(crate) fn when(slot: Slot, place: impl Into<Place>, lang: Lang) -> String {
    let (day, hours) = civil::slot(slot, place, lang);
    format!("{day}{}{hours}", pick(lang, ", ", ""))
}

/// Why a case waits, in phrases of ours: their beginnings in English, and in Chinese.
const REMARKS: &[(&str, &str)] = &[
    ("the customer cancelled the visit", "客户取消了上门"),
    ("the customer replied after the visit", "上门之后客户回复"),
    ("the customer is not happy after the visit", "上门之后客户不满意，请打电话"),
    ("the customer replied", "客户回复"),
    (
        "another machine of the site goes with it now; please look at it again and approve it anew",
        "同一现场又有一台机器要处理，已并入这封信，请再看一遍，重新批准",
    ),
    (
        "a machine of which it spoke needs no visit now; this is a fresh draft",
        "信里提到的一台机器不用上门了，这是重新起草的信",
    ),
    (
        "the times in the edited text were no longer free; this is a fresh draft",
        "修改过的信里所写的时间已不可用，这是重新起草的信",
    ),
    (
        "the forecast has moved since the text was edited; this is a fresh draft",
        "修改之后预测有变化，信里的数字对不上了，这是重新起草的信",
    ),
    (
        "service that falls due goes with it now; please look at it again and approve it anew",
        "有保养到期，已并入这封信，请再看一遍，重新批准",
    ),
    ("service of which it spoke is no longer due; this is a fresh draft", "信里提到的保养已不用做，这是重新起草的信"),
    ("its link was withdrawn; this is a fresh draft", "信里的链接已收回，这是重新起草的信"),
    ("the links in the letter were withdrawn; please call", "信里的链接已收回，请打电话"),
    ("the customer was erased", "客户资料已删除"),
    ("could not write to", "信没有写成"),
    ("the customer would rather have another time", "客户想换个时间"),
    (
        "the customer was told that the work is done, which is not so; please call",
        "已告诉客户做好了，其实没有，请打电话说明",
    ),
    ("part of the visit may no longer be needed", "有一台的预测已撤回，那部分还需要做吗？"),
    (
        "the letter spoke of it together with another machine, whose forecast was withdrawn",
        "那封信同时说了另一台机器，那台的预测已撤回，请打电话",
    ),
    ("the customer had said not now; that time is over", "客户先前表示暂时不用，期限已过"),
    ("the link in the message has expired", "信里的链接已经过期，请打电话"),
    ("the time that the message forecasts is over", "信里预测的时间已经过去，请打电话"),
    ("the promise is long past; somebody should ring", "承诺的时间早已过了，请打电话"),
    ("it waited until its times had passed", "等得太久，里面说的时间已经过了"),
    ("neither the message nor its reminder was answered", "消息和提醒均未收到答复"),
    ("the reminder could not be sent", "提醒未能发出"),
    ("the advisor prefers to call", "顾问选择打电话"),
    ("it has become urgent since it was postponed", "推迟之后已变为紧急"),
    ("the forecast was withdrawn: is the visit still needed?", "预测已撤回：还需要上门吗？"),
    ("the visit did not take place", "上门未进行"),
    ("nothing was found at the visit, and the forecast still holds", "上门没有查到问题，但预测仍然成立"),
    ("the customer wants no such messages", "客户不再接收此类消息"),
    (
        "the message could not be delivered: it is not known whether it arrived: the data was put back",
        "数据已从备份恢复，这封信此后可能已经发出，请先确认客户是否收到",
    ),
    ("the message could not be delivered", "消息未能送达"),
    ("the customer has no address on any channel in use", "没有可用的联系方式，请打电话"),
    ("waiting would take too long, better call", "等到可以发信就晚了，请打电话"),
    ("a person should speak first", "客户有不满，应先由人沟通"),
    // So it was noted before the stages had names there.
    ("the customer is at stage", "客户有不满，应先由人沟通"),
    ("a named person has taken over", "已由专人接手，系统不再自动发送"),
    // Why a manager was not told.
    ("no account has an e-mail address", "还没有账户填写通知邮箱"),
    ("it is no longer so", "客户状态已变，不用再通知"),
    ("the account has no e-mail address any more", "该账户已没有通知邮箱"),
    ("no e-mail is set up", "系统没有设置邮件"),
    ("the service stopped while it was being delivered", "发送途中系统停止，请向经理确认"),
    (
        "the data was put back from a backup, and it may have gone out since",
        "数据已从备份恢复，邮件可能已经发出，请向经理确认",
    ),
    ("the e-mail could not be written", "邮件模板有误，未能写出"),
    ("the e-mail could not be delivered", "邮件未能送达"),
    ("one reminder was sent already", "已经提醒过一次"),
    ("not approved by itself", "未能自动批准"),
    ("the customer was not told in writing that the visit was moved", "上门已改期，但没能书面告知客户，请打电话"),
    ("the last work on this machine showed no effect", "上次给这台机器做的处理没有见效，先打电话再写信"),
    (
        "what the customer was written to about looks like another fault now",
        "信里说的问题，现在看更像是另一个故障，请打电话告诉客户",
    ),
    (
        "the work showed no effect, and the customer was told that you would call",
        "这次做完没看到效果，已告诉客户您会打电话",
    ),
];

/// Why a case waits for the advisor; an advisor's own words pass as they are.
pub(crate) fn remark(text: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return text.to_owned();
    }
    match REMARKS.iter().find(|(en, _)| text.starts_with(en)) {
        Some((en, zh)) => match text[en.len()..].trim_start_matches([':', ' ']) {
            rest if rest.is_empty() || rest.is_ascii() && !en.starts_with("the visit") => (*zh).to_owned(),
            rest => format!("{zh}：{rest}"),
        },
        None => text.to_owned(),
    }
}

/// What stood in the way of a word that did not arrive: a phrase of ours, or a channel's own words.
pub(crate) fn lost_because(reason: &str, lang: Lang) -> String {
    remark(&undelivered(reason, lang), lang)
}

/// `could not be sent yet: …; next try 18 Jul, 14:05`.
pub(crate) fn not_sent_yet(delivery: &Delivery, place: Place, lang: Lang) -> String {
    let (reason, next) = (undelivered(&delivery.reason, lang), civil::date_time(delivery.next, place, lang));
    match lang {
        Lang::En => format!("Could not be sent yet: {reason}; next try {next}."),
        Lang::Zh => format!("尚未能发出：{reason}；下次尝试{next}。"),
    }
}

/// The customer's page after "not now".
pub(crate) fn quiet_until(until: Timestamp, zone: Tz, lang: Lang) -> String {
    let date = civil::date(until, zone, lang);
    match lang {
        Lang::En => format!("All right. We will leave it until {date}."),
        Lang::Zh => format!("好的，{date}之前暂时不打扰您。"),
    }
}

/// The customer's page once the visit's time has passed.
pub(crate) fn visit_was(slot: Slot, zone: Tz, lang: Lang) -> String {
    let when = when(slot, zone, lang);
    match lang {
        Lang::En => format!("Our visit was planned for {when}."),
        Lang::Zh => format!("我们原定于{when}上门。"),
    }
}

/// The customer's own words, back to the customer.
pub(crate) fn your_wish(wish: &str, lang: Lang) -> String {
    match (wish, lang) {
        ("", _) => String::new(),
        (wish, Lang::En) => format!("You wrote: “{wish}”"),
        (wish, Lang::Zh) => format!("您的留言：“{wish}”"),
    }
}

/// A heading over what an advisor can do once the visit's time has passed.
pub(crate) fn has_it_taken_place(slot: Slot, place: Place, lang: Lang) -> String {
    format!("{} {}", when(slot, place, lang), words(lang).took_place_ask)
}

/// Why the times of a letter lie so late: `last` is the last day of the customer's busy season.
pub(crate) fn season_until(last: Timestamp, zone: Tz, lang: Lang) -> String {
    let day = civil::date(last, zone, lang);
    match lang {
        Lang::En => format!("The times wait for the end of the customer's busy season ({day})."),
        Lang::Zh => format!("客户旺季到{day}结束，时间因此排在那之后。"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_is_worded_and_own_words_stay() {
        assert_eq!(remark("the visit did not take place: gate closed", Lang::Zh), "上门未进行：gate closed");
        assert_eq!(remark("the customer cancelled the visit", Lang::Zh), "客户取消了上门");
        assert_eq!(remark("客户喜欢打电话", Lang::Zh), "客户喜欢打电话");
    }

    #[test]
    fn what_a_word_met_on_its_way_is_said_in_the_readers_language() {
        #[track_caller]
        fn check(reason: &str, zh: &str) {
            assert_eq!((lost_because(reason, Lang::En).as_str(), &*lost_because(reason, Lang::Zh)), (reason, zh));
        }
        check("the customer has no address on any channel in use", "没有可用的联系方式，请打电话");
        check("it waited until its times had passed", "等得太久，里面说的时间已经过了");
        check("", "");
    }
}
