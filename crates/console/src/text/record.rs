//! The record in the reader's language: what was done, by whom, with what it concerns. Codes and phrases of ours are worded
//! here; what people wrote stays as they wrote it.

use chrono_tz::Tz;
use foretell_model::{Catalogue, FaultCode, Timestamp, WishedTime};

use super::casework::{pick, remark, when};
use super::phrases::{set_time, with_remark};
use super::{codes, desk};
use crate::Lang;
use crate::view::Slot;

/// `Thursday 16 July, 17:00–19:00` of `start/end` in RFC 3339, with the words behind it, if there are any; as it is when it is
/// no such thing.
fn span(data: &str, zone: Tz, lang: Lang) -> String {
    let (times, why) = data.split_once(' ').unwrap_or((data, ""));
    let instants = times.split_once('/').map(|(from, to)| (Timestamp::parse(from), Timestamp::parse(to)));
    match (instants, why, lang) {
        (Some((Ok(from), Ok(to))), "", _) => when(Slot { from, to }, zone, lang),
        (Some((Ok(from), Ok(to))), why, Lang::En) => format!("{} ({why})", when(Slot { from, to }, zone, lang)),
        (Some((Ok(from), Ok(to))), why, Lang::Zh) => format!("{}（{why}）", when(Slot { from, to }, zone, lang)),
        _ => data.to_owned(),
    }
}

/// What stands after the words of an entry.
#[derive(Clone, Copy, PartialEq)]
enum Data {
    /// Whatever was noted, in the words of whoever noted it.
    Own,
    /// Nothing: by which channel a letter went, or where a picture lies, matters to nobody who reads the record.
    Nothing,
    /// A channel by its key, perhaps with words behind it.
    Medium,
    /// A visit's time.
    Span,
    /// A sentence of the engine's, which is English by contract.
    Engine,
    /// Why a case waits, in a phrase of ours or in somebody's words.
    Remark,
    /// A reason of the contact rules, perhaps with an instant.
    Rule,
    /// When a visit would suit.
    Times,
    /// A stage and why.
    Stage,
    /// A hint at displeasure.
    Hint,
    /// What was found of a forecast.
    Verdict,
    /// What was found on site, as a code, and the minutes that the work still took.
    Found,
}

const TABLE: &[(&str, &str, &str, Data)] = &[
    ("invitation_sent", "sent the letter", "已发出信件", Data::Nothing),
    ("reminder_sent", "sent the reminder", "已发出提醒", Data::Nothing),
    ("notice_sent", "sent word about the breakdown", "已发出报修进展", Data::Nothing),
    ("late_sent", "wrote that it will be later than promised", "已告知会比承诺的时间晚", Data::Nothing),
    ("on_the_way_sent", "wrote who is coming and when", "已告知谁来、大概几点到", Data::Nothing),
    ("progress_sent", "wrote what was found and how long it takes", "已告知查到的情况和所需时间", Data::Nothing),
    ("closing_sent", "wrote that it is repaired", "已告知修好了", Data::Nothing),
    ("confirmation_sent", "confirmed the visit in writing", "已书面确认上门", Data::Nothing),
    ("calendar_sent", "sent the calendar file, as agreed by telephone", "电话说好后发了日历附件", Data::Nothing),
    ("cancellation_sent", "confirmed the cancellation in writing", "已书面确认取消上门", Data::Nothing),
    ("follow_up_sent", "sent the letter after the visit", "已发出上门后的信", Data::Nothing),
    ("visit_booked", "booked a visit", "已约好上门", Data::Span),
    ("visit_moved", "moved the visit to", "上门改到", Data::Span),
    ("visit_joined", "added another machine to the visit", "另一台机器并入同一次上门", Data::Span),
    ("visit_cancelled", "cancelled the visit", "取消了上门", Data::Span),
    ("visit_done", "the visit took place", "已完成上门", Data::Span),
    ("note_written", "wrote the note for the customer", "为客户写了说明", Data::Own),
    ("visit_not_on_site", "not there yet after all", "其实还没到场", Data::Own),
    ("visit_reopened", "took the report of the visit back", "撤回了上门报告", Data::Span),
    ("answer_taken_back", "took the answer back", "撤回了刚才的选择", Data::Nothing),
    ("trouble_not_on_site", "not there yet after all", "其实还没到场", Data::Own),
    ("trouble_withdrawn", "nothing to repair after all", "核实后不用维修", Data::Own),
    (
        "trouble_passed_on",
        "the machine has another owner: the case goes on there",
        "机器换了客户，报修转到新客户名下继续",
        Data::Nothing,
    ),
    ("trouble_reopened", "closed by mistake: open again", "结束错了，重新打开", Data::Own),
    ("still_open_sent", "wrote that it is not over after all", "已告知还没处理完", Data::Nothing),
    ("called_off_sent", "wrote that nothing has to be repaired", "已告知不用维修、不再上门", Data::Nothing),
    ("will write after all", "will write after all", "改回写信", Data::Nothing),
    ("visit_missed", "the visit did not take place", "上门未进行", Data::Own),
    ("set_out", "set out", "已出发", Data::Nothing),
    ("visit_on_site", "arrived", "已到场", Data::Nothing),
    ("wished", "chose how we may write", "设置了联系方式", Data::Nothing),
    ("stopped", "wants no such messages", "不再接收此类消息", Data::Medium),
    ("handed_over", "handed the customer over to", "转交给顾问", Data::Own),
    ("resumed", "wants such messages again", "恢复接收此类消息", Data::Medium),
    ("trouble_reported", "reported a breakdown", "报修", Data::Own),
    ("trouble_called", "called back", "已回电", Data::Own),
    ("reply_answered", "answered the reply", "已答复客户", Data::Own),
    ("trouble_assigned", "sent a technician", "已安排工程师", Data::Own),
    ("trouble_on_site", "arrived", "已到场", Data::Own),
    ("trouble_found", "said what was found", "已说明现场情况", Data::Found),
    ("trouble_closed", "repaired", "已修好", Data::Own),
    ("manager_held", "a manager is told when quiet hours end", "等免打扰时段过后再通知经理", Data::Own),
    ("manager_told", "told a manager", "已通知经理", Data::Own),
    ("manager_untold", "a manager was not told, or perhaps not", "经理没有收到通知，或可能没有收到", Data::Remark),
    ("stage_set", "set the stage", "设置客户状态", Data::Stage),
    ("stage_hint", "a hint at displeasure", "客户可能不满", Data::Hint),
    ("verdict_taken_back", "verdict taken back", "撤回核实结果", Data::Verdict),
    ("verdict", "verdict", "核实结果", Data::Verdict),
    ("replied", "replied", "回复", Data::Medium),
    ("link_revoked", "withdrew the links", "收回了链接", Data::Own),
    ("noted the reply", "noted the reply", "已阅客户回复", Data::Own),
    ("sends the message again", "sends the message again", "重新发送信件", Data::Own),
    ("other_time", "asked for another time", "希望换个时间", Data::Own),
    ("called_closed", "call: nothing more to do", "通话：无需再跟进", Data::Own),
    ("called_letter", "call: reached, a new letter follows", "通话：已联系上，另写一封信", Data::Own),
    ("times_wished", "what suits best", "方便的时间", Data::Times),
    ("called_unreached", "call: nobody reached", "通话：未联系上", Data::Own),
    ("opened the case", "opened the case", "新建事项", Data::Engine),
    ("cleared the case", "cleared the case", "事项解除：预测不再成立", Data::Engine),
    ("closed the case", "closed the case", "结束事项", Data::Remark),
    ("approved the message", "approved the message", "批准了信件", Data::Own),
    ("edited the message", "edited the message", "修改了信件", Data::Own),
    ("postponed the case", "postponed the case", "推迟处理", Data::Own),
    ("will call instead", "will call instead", "改为打电话", Data::Remark),
    ("held the message", "held the message", "暂缓发出", Data::Rule),
    ("dropped the message", "dropped the message", "不再发出", Data::Rule),
    ("gave the message back to the advisor", "gave the message back to the advisor", "信件退回给顾问", Data::Remark),
    ("gave the case to the advisor to call", "gave the case to the advisor to call", "转给顾问打电话", Data::Remark),
    ("took the approval back", "took the approval back", "批准已撤回", Data::Remark),
    ("set the edited text aside", "set the edited text aside", "修改过的信未保留", Data::Remark),
    ("could not deliver for now", "could not deliver for now", "暂时未能送达", Data::Medium),
    ("could not deliver", "could not deliver", "未能送达", Data::Medium),
    (
        "could not deliver; goes on by the next channel",
        "could not deliver by this channel, tries the next",
        "该渠道未能送达，改用下一个渠道",
        Data::Own,
    ),
    ("could not write the message", "could not write the message", "信件未能写成", Data::Own),
    ("could not tell of a slipping promise", "could not tell of a slipping promise", "未能告知承诺将超时", Data::Own),
    (
        "could not send word about a breakdown",
        "could not send word about a breakdown",
        "未能发出报修进展",
        Data::Remark,
    ),
    ("says the message arrived", "says the message arrived", "确认信件已送达", Data::Own),
    ("says the message did not arrive", "says the message did not arrive", "确认信件未送达", Data::Own),
    ("reported the visit", "reported the visit", "提交了上门报告", Data::Own),
    ("added a photo", "added a photo", "添加了照片", Data::Nothing),
    ("deleted a photo", "deleted a photo", "删除了照片", Data::Nothing),
    ("erased what was personal", "erased what was personal", "删除了个人数据", Data::Nothing),
    ("counted the stock", "counted the stock", "盘点了库存", Data::Own),
    ("put_back", "went on from a backup", "数据已从备份恢复", Data::Own),
    ("dated messages anew", "dated messages anew: the clock was set", "时钟校准后更正了消息时间", Data::Nothing),
    ("edited a template", "edited a template", "修改了信件模板", Data::Own),
    ("took a template back", "took a template back", "恢复了默认模板", Data::Own),
];

/// `1 day`, `14 days`.
fn days(n: &str) -> String {
    format!("{n} {}", if n == "1" { "day" } else { "days" })
}

/// One entry of the record: a code or a phrase, with what it concerns.
pub(crate) fn happening(code: &str, data: &str, catalogue: &Catalogue, zone: Tz, lang: Lang) -> String {
    if code == "not_now" {
        return match lang {
            Lang::En => format!("said not now, for {}", days(data)),
            Lang::Zh => format!("暂时不用，{data}天内不打扰"),
        };
    }
    let known = TABLE.iter().find(|(known, ..)| *known == code);
    let (said, kind) = match known {
        Some((_, en, zh, kind)) => (pick(lang, en, zh).to_owned(), *kind),
        None => built(code, lang).unwrap_or_else(|| (code.replace('_', " "), Data::Own)),
    };
    let data = match kind {
        Data::Verdict => verdict(data, catalogue, lang),
        Data::Found => found(data, catalogue, lang),
        Data::Hint => sign(data, catalogue, lang),
        _ => concerning(kind, data, zone, lang),
    };
    if data.is_empty() { said } else { format!("{said}{}{data}", pick(lang, ": ", "：")) }
}

/// Phrases with a part that changes: `changed the grade from watch to advise`, `registered customer `huaxin``.
fn built(phrase: &str, lang: Lang) -> Option<(String, Data)> {
    const KINDS: &[(&str, &str)] = &[
        ("customer", "客户"),
        ("machine", "机器"),
        ("site", "现场"),
        ("advisor", "顾问"),
        ("technician", "工程师"),
        ("depot", "仓库"),
    ];
    const GRADES: &[(&str, &str)] = &[("watch", "观察"), ("advise", "建议处理"), ("urgent", "紧急")];
    if lang == Lang::En {
        return phrase.starts_with("changed the grade from ").then(|| (phrase.to_owned(), Data::Engine));
    }
    let named =
        |table: &[(&str, &'static str)], word: &str| table.iter().find(|(en, _)| *en == word).map(|(_, zh)| *zh);
    if let Some((from, to)) = phrase.strip_prefix("changed the grade from ").and_then(|rest| rest.split_once(" to ")) {
        let text = format!("等级由“{}”变为“{}”", named(GRADES, from)?, named(GRADES, to)?);
        return Some((text, Data::Engine));
    }
    let (done, rest) = phrase.split_once(' ')?;
    let done = match done {
        "registered" => "登记",
        "changed" => "更改",
        _ => return None,
    };
    let (kind, id) = rest.split_once(' ')?;
    Some((format!("{done}{} {}", named(KINDS, kind)?, id.trim_matches('`')), Data::Own))
}

/// What an entry concerns, in words.
fn concerning(kind: Data, data: &str, zone: Tz, lang: Lang) -> String {
    match kind {
        Data::Nothing | Data::Verdict | Data::Found | Data::Hint => String::new(),
        Data::Engine if lang == Lang::Zh => String::new(),
        Data::Own | Data::Engine => data.to_owned(),
        Data::Medium => medium(data, lang),
        Data::Span => span(data, zone, lang),
        Data::Remark => remark(data, lang),
        Data::Rule => rule(data, zone, lang),
        Data::Times => WishedTime::from_code(data).in_language(lang.tag()),
        Data::Stage => stage_in_words(data, lang),
    }
}

/// `email`, or `email: please stop`; anything else as it stands.
fn medium(data: &str, lang: Lang) -> String {
    let (key, words) = data.split_once(": ").unwrap_or((data, ""));
    let is_key =
        !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c));
    match (is_key, words, lang) {
        (false, ..) => data.to_owned(),
        (true, "", _) => codes::medium(key, lang),
        (true, words, Lang::En) => format!("{}, “{words}”", codes::medium(key, lang)),
        (true, words, Lang::Zh) => format!("{}，“{words}”", codes::medium(key, lang)),
    }
}

/// `quiet_hours 2026-07-18T00:00:00Z`, a label alone, or a phrase.
fn rule(data: &str, zone: Tz, lang: Lang) -> String {
    let (label, until) = match data.split_once(' ') {
        Some((label, rest)) => (label, Timestamp::parse(rest).ok()),
        None => (data, None),
    };
    match (until, lang) {
        (Some(until), Lang::En) => {
            format!("{}, until {}", codes::governor_reason(label, lang), set_time(until, zone.into(), lang))
        }
        (Some(until), Lang::Zh) => {
            format!("{}，{}再发", codes::governor_reason(label, lang), set_time(until, zone.into(), lang))
        }
        (None, _) if !data.contains(' ') && !data.is_empty() => codes::governor_reason(data, lang),
        (None, Lang::Zh) => dropped_zh(data).map_or_else(|| remark(data, lang), str::to_owned),
        (None, Lang::En) => data.to_owned(),
    }
}

/// Why a message was of no use any more.
fn dropped_zh(data: &str) -> Option<&'static str> {
    const TABLE: &[(&str, &str)] = &[
        ("it is no longer needed", "已经用不着了"),
        ("the customer booked", "客户已约好"),
        ("the customer said not now", "客户说暂时不用"),
        ("the customer answered", "客户已答复"),
        ("a visit was booked", "已约好上门"),
        ("the case was closed", "事项已结束"),
        ("the advisor calls instead", "顾问改为打电话"),
        ("the forecast was withdrawn", "预测已撤回"),
        ("the forecast is no longer strong enough", "预测依据已不够充分"),
        ("it goes with another message", "并入另一封信"),
    ];
    TABLE.iter().find(|(en, _)| *en == data).map(|(_, zh)| *zh)
}

fn verdict(data: &str, catalogue: &Catalogue, lang: Lang) -> String {
    let (found, instead) = data.split_once(' ').unwrap_or((data, ""));
    let said = match found {
        "confirmed" => pick(lang, "as forecast", "与预测一致"),
        "not_found" => pick(lang, "nothing found", "未发现异常"),
        "something_else" => pick(lang, "something else", "是别的问题"),
        _ => return data.to_owned(),
    };
    match fault(instead, catalogue, lang) {
        Some(name) => super::with_remark(said, &name, lang),
        None => said.to_owned(),
    }
}

/// `inlet_valve 90`, or the minutes alone where what was found has no name.
fn found(data: &str, catalogue: &Catalogue, lang: Lang) -> String {
    let (code, minutes) = data.rsplit_once(' ').unwrap_or(("", data));
    let Ok(minutes) = minutes.parse::<u32>() else { return data.to_owned() };
    let takes = super::duration(minutes, lang);
    match (fault(code, catalogue, lang), lang) {
        (Some(name), Lang::En) => format!("{name}; {takes} more"),
        (Some(name), Lang::Zh) => format!("{name}，还需{takes}"),
        (None, Lang::En) => format!("{takes} more"),
        (None, Lang::Zh) => format!("还需{takes}"),
    }
}

/// A fault's name; none for no code.
fn fault(code: &str, catalogue: &Catalogue, lang: Lang) -> Option<String> {
    FaultCode::new(code).map(|code| super::fault(&code, catalogue, lang))
}

/// `turning: …` as the stage is called.
fn stage_in_words(data: &str, lang: Lang) -> String {
    const STAGES: [&str; 6] = ["latent", "turning", "open_grumbling", "near_complaint", "complaint", "escalation"];
    let (code, why) = data.split_once(": ").unwrap_or((data, ""));
    let stage = STAGES.iter().position(|known| *known == code).and_then(|place| u8::try_from(place + 1).ok());
    let is_known = stage.is_some() || code == "none";
    match (is_known, lang) {
        (true, _) if why.is_empty() => desk::stage(stage, lang).to_owned(),
        (true, Lang::En) => format!("{} – {why}", desk::stage(stage, lang)),
        (true, Lang::Zh) => with_remark(desk::stage(stage, lang), why, lang),
        (false, _) => data.to_owned(),
    }
}

/// What hints at displeasure.
pub(crate) fn sign(data: &str, catalogue: &Catalogue, lang: Lang) -> String {
    let back = data.strip_prefix("the same fault came back: `").and_then(|rest| rest.strip_suffix('`'));
    if let Some(name) = back.and_then(|code| fault(code, catalogue, lang)) {
        return match lang {
            Lang::En => format!("the same fault came back: {name}"),
            Lang::Zh => format!("同样的问题又出现了：{name}"),
        };
    }
    let wrote = data.strip_prefix("the customer wrote `").and_then(|rest| rest.strip_suffix('`'));
    match (wrote, lang) {
        (Some(word), Lang::En) => format!("the customer wrote “{word}”"),
        (Some(word), Lang::Zh) => format!("客户写道“{word}”"),
        (None, Lang::Zh) if data == "a booked visit did not take place" => "约好的上门没有进行".to_owned(),
        (None, Lang::Zh) if data == "the machine broke down again" => "机器又坏了".to_owned(),
        (None, _) if data.ends_with("`call_back` was broken") => {
            pick(lang, "we called back later than promised", "回电承诺超时").to_owned()
        }
        (None, _) if data.ends_with("`on_site` was broken") => {
            pick(lang, "we came later than promised", "到场承诺超时").to_owned()
        }
        (None, _) => data.to_owned(),
    }
}

/// Who did it: a part of the product or a person by name.
pub(crate) fn who(code: &str, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("customer", "the customer", "客户"),
        ("engine", "the forecast", "预测"),
        ("governor", "the contact rules", "联系规则"),
        ("outbox", "the outbox", "系统发送"),
        ("controller", "the controller", "控制器"),
        ("foretell", "Foretell", "Foretell 系统"),
        ("console", "console", "控制台"),
        ("registry", "the registry", "登记文件"),
        ("configuration", "the configuration", "配置文件"),
        ("automatic approval", "automatic approval", "自动批准"),
        ("technician", "the technician", "工程师"),
        ("demo", "the demo", "演示"),
        ("command line", "the command line", "命令行"),
        ("first start", "the first start", "首次启动"),
    ];
    if let Some(alias) = code.strip_prefix(crate::accounts::ALIAS) {
        return match lang {
            Lang::En => format!("a former colleague ({alias})"),
            Lang::Zh => format!("前同事（{alias}）"),
        };
    }
    let known = TABLE.iter().find(|(known, ..)| *known == code);
    known.map_or_else(|| code.to_owned(), |(_, en, zh)| pick(lang, en, zh).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_speaks_the_reader_s_language() {
        #[track_caller]
        fn check(code: &str, data: &str, en: &str, zh: &str) {
            let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
            let said = |lang| happening(code, data, &catalogue, chrono_tz::Asia::Shanghai, lang);
            assert_eq!((said(Lang::En).as_str(), said(Lang::Zh).as_str()), (en, zh));
        }
        let visit = "2026-07-16T09:00:00Z/2026-07-16T11:00:00Z";
        check(
            "visit_booked",
            visit,
            "booked a visit: Thursday 16 July, 17:00–19:00",
            "已约好上门：7月16日（周四）17:00–19:00",
        );
        check("invitation_sent", "folder", "sent the letter", "已发出信件");
        check("progress_sent", "folder", "wrote what was found and how long it takes", "已告知查到的情况和所需时间");
        check("cancellation_sent", "folder", "confirmed the cancellation in writing", "已书面确认取消上门");
        check("visit_on_site", "", "arrived", "已到场");
        check("times_wished", "thursday afternoon", "what suits best: Thursday afternoons", "方便的时间：周四下午");
        check("other_time", "周五下午", "asked for another time: 周五下午", "希望换个时间：周五下午");
        check("not_now", "1", "said not now, for 1 day", "暂时不用，1天内不打扰");
        check("not_now", "14", "said not now, for 14 days", "暂时不用，14天内不打扰");
        check(
            "stage_set",
            "turning: 等了半天",
            "set the stage: Beginning to grumble – 等了半天",
            "设置客户状态：开始抱怨（等了半天）",
        );
        let broken = "service case 7: the promise `on_site` was broken";
        check("stage_hint", broken, "a hint at displeasure: we came later than promised", "客户可能不满：到场承诺超时");
        check(
            "stage_hint",
            "the same fault came back: `cooler_clogging`",
            "a hint at displeasure: the same fault came back: a clogged cooler",
            "客户可能不满：同样的问题又出现了：冷却器堵塞",
        );
        check("spoke of old", "", "spoke of old", "spoke of old");
        check("opened the case", "A fault is likely.", "opened the case: A fault is likely.", "新建事项");
        check(
            "held the message",
            "quiet_hours 2026-07-16T00:00:00Z",
            "held the message: quiet hours, until 16 Jul, 08:00",
            "暂缓发出：对方休息时间，7月16日08:00再发",
        );
        check(
            "dropped the message",
            "it is no longer needed",
            "dropped the message: it is no longer needed",
            "不再发出：已经用不着了",
        );
        check(
            "changed the grade from watch to advise",
            "x",
            "changed the grade from watch to advise: x",
            "等级由“观察”变为“建议处理”",
        );
        check("registered customer `huaxin`", "", "registered customer `huaxin`", "登记客户 huaxin");
        check("verdict", "confirmed", "verdict: as forecast", "核实结果：与预测一致");
        check(
            "verdict",
            "something_else oil_filter_clogging",
            "verdict: something else (a clogged oil filter)",
            "核实结果：是别的问题（机油滤芯堵塞）",
        );
        check(
            "trouble_found",
            "cooler_clogging 90",
            "said what was found: a clogged cooler; 90 min more",
            "已说明现场情况：冷却器堵塞，还需90分钟",
        );
        check("trouble_found", "45", "said what was found: 45 min more", "已说明现场情况：还需45分钟");
    }

    #[test]
    fn a_minute_that_came_about_by_counting_days_is_not_told() {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let said = |data, lang| {
            let zone = chrono_tz::Asia::Shanghai;
            happening("held the message", data, &catalogue, zone, lang)
        };
        let capped = "machine_cap 2026-08-03T03:24:00Z";
        assert!(said(capped, Lang::En).ends_with("only recently, until 3 Aug"));
        assert_eq!(said(capped, Lang::Zh), "暂缓发出：这台机器近期已经发过一次，8月3日再发");
        assert!(said("weekend 2026-07-20T00:00:00Z", Lang::En).ends_with("weekend, until 20 Jul, 08:00"));
    }
}
