//! Sentences about a case on its way: what passed between us and the customer, why a call is due, what a text lacks.

use chrono_tz::Tz;
use foretell_model::Timestamp;

use super::words;
use crate::view::{Delivery, Slot, TextFault};
use crate::{Lang, civil};

const fn pick(lang: Lang, en: &'static str, zh: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// `Thursday 16 July, 17:00–19:00` of `start/end` in RFC 3339; as it is when it is no such thing.
fn span(data: &str, zone: Tz, lang: Lang) -> String {
    let instants = data.split_once('/').map(|(from, to)| (Timestamp::parse(from), Timestamp::parse(to)));
    match instants {
        Some((Ok(from), Ok(to))) => when(Slot { from, to }, zone, lang),
        _ => data.to_owned(),
    }
}

/// A slot in one line.
pub(crate) fn when(slot: Slot, zone: Tz, lang: Lang) -> String {
    let (day, hours) = civil::slot(slot, zone, lang);
    format!("{day}{}{hours}", pick(lang, ", ", " "))
}

/// One entry of the record: a code with what it concerns, or a phrase as it is.
pub(crate) fn happening(code: &str, data: &str, zone: Tz, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("invitation_sent", "sent the letter", "已发出信件"),
        ("reminder_sent", "sent the reminder", "已发出提醒"),
        ("notice_sent", "sent word", "已发出通知"),
        ("visit_booked", "booked a visit", "已约好上门"),
        ("visit_moved", "moved the visit to", "上门改期至"),
        ("visit_cancelled", "cancelled the visit", "取消了上门"),
        ("visit_done", "the visit took place", "已完成上门"),
        ("visit_missed", "the visit did not take place", "上门未进行"),
        ("stopped", "wants no such messages", "不再接收此类消息"),
        ("resumed", "wants such messages again", "恢复接收此类消息"),
        ("trouble_reported", "reported a breakdown", "报修"),
        ("trouble_called", "called back", "已回电"),
        ("trouble_assigned", "sent a technician", "已安排工程师"),
        ("trouble_on_site", "on site", "已到场"),
        ("trouble_closed", "mended", "已修好"),
        ("stage_set", "set the stage", "设置客户状态"),
        ("stage_hint", "a hint at displeasure", "客户可能不满"),
        ("verdict", "verdict", "核实结果"),
        ("other_time", "wished another time", "希望换个时间"),
        ("called_closed", "call: nothing more to do", "通话：无需再跟进"),
        ("called_letter", "call: wants it in writing", "通话：希望收到书面说明"),
        ("called_unreached", "call: nobody reached", "通话：未联系上"),
    ];
    let said = match (code, lang) {
        ("not_now", Lang::En) => return format!("said not now, for {data} days"),
        ("not_now", Lang::Zh) => return format!("暂时不用，{data}天内不打扰"),
        _ => TABLE.iter().find(|(known, ..)| *known == code).map(|(_, en, zh)| pick(lang, en, zh)),
    };
    let said = said.map_or_else(|| code.replace('_', " "), str::to_owned);
    let data = match code {
        "stage_set" => &stage_in_words(data, lang),
        "stage_hint" => &hint(data, lang),
        _ => data,
    };
    // By which channel a letter went matters to nobody who reads the card.
    let data = if code.ends_with("_sent") || code == "stopped" { String::new() } else { span(data, zone, lang) };
    if data.is_empty() { said } else { format!("{said}{}{data}", pick(lang, ": ", "：")) }
}

/// `turning: …` as the stage is called.
fn stage_in_words(data: &str, lang: Lang) -> String {
    const STAGES: [&str; 6] = ["latent", "turning", "open_grumbling", "near_complaint", "complaint", "escalation"];
    let (code, why) = data.split_once(": ").unwrap_or((data, ""));
    let stage = STAGES.iter().position(|known| *known == code).and_then(|place| u8::try_from(place + 1).ok());
    let is_known = stage.is_some() || code == "none";
    if is_known { format!("{} – {why}", super::desk::stage(stage, lang)) } else { data.to_owned() }
}

/// What hints at displeasure.
fn hint(data: &str, lang: Lang) -> String {
    let wrote = data.strip_prefix("the customer wrote `").and_then(|rest| rest.strip_suffix('`'));
    match (wrote, lang) {
        (Some(word), Lang::En) => format!("the customer wrote “{word}”"),
        (Some(word), Lang::Zh) => format!("客户写道“{word}”"),
        (None, Lang::Zh) if data == "a booked visit did not take place" => "约好的上门没有进行".to_owned(),
        (None, Lang::Zh) if data.ends_with("`call_back` was broken") => "回电承诺超时".to_owned(),
        (None, Lang::Zh) if data.ends_with("`on_site` was broken") => "到场承诺超时".to_owned(),
        (None, _) => data.to_owned(),
    }
}

/// Who did it: a part of the product or a person by name.
pub(crate) fn who(code: &str, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("customer", "the customer", "客户"),
        ("engine", "the forecast", "预测"),
        ("governor", "the contact rules", "联系规则"),
        ("outbox", "the outbox", "发件箱"),
        ("controller", "the controller", "控制器"),
        ("foretell", "Foretell", "Foretell 系统"),
        ("console", "console", "控制台"),
        ("registry", "the registry", "登记文件"),
    ];
    let known = TABLE.iter().find(|(known, ..)| *known == code);
    known.map_or_else(|| code.to_owned(), |(_, en, zh)| pick(lang, en, zh).to_owned())
}

/// Why a case waits for the advisor; an advisor's own words pass as they are.
pub(crate) fn remark(text: &str, lang: Lang) -> String {
    const TABLE: &[(&str, &str)] = &[
        ("the customer cancelled the visit", "客户取消了上门"),
        ("the customer had said not now; that time is over", "客户先前表示暂时不用，期限已过"),
        ("neither the message nor its reminder was answered", "消息和提醒均未收到答复"),
        ("the reminder could not be sent", "提醒未能发出"),
        ("the advisor prefers to call", "顾问选择打电话"),
        ("it has become urgent since it was postponed", "推迟之后已变为紧急"),
        ("the forecast was withdrawn: is the visit still needed?", "预测已撤回：还需要上门吗？"),
        ("the visit did not take place", "上门未进行"),
        ("the customer wants no such messages", "客户不再接收此类消息"),
        ("the message could not be delivered", "消息未能送达"),
        ("the customer has no address on any channel in use", "没有可用的联系方式，请打电话"),
        ("waiting would take too long, better call", "等到可以发信就晚了，请打电话"),
        ("the customer is at stage", "客户有不满，应先由人沟通"),
        ("a named person has taken over", "已由专人接手，系统不再自动发送"),
        ("one reminder was sent already", "已经提醒过一次"),
        ("not approved by itself", "未能自动批准"),
    ];
    if lang == Lang::En {
        return text.to_owned();
    }
    match TABLE.iter().find(|(en, _)| text.starts_with(en)) {
        Some((en, zh)) => match text[en.len()..].trim_start_matches([':', ' ']) {
            rest if rest.is_empty() || rest.is_ascii() && !en.starts_with("the visit") => (*zh).to_owned(),
            rest => format!("{zh}：{rest}"),
        },
        None => text.to_owned(),
    }
}

/// `could not be sent yet: …; next try 18 Jul, 14:05`.
pub(crate) fn not_sent_yet(delivery: &Delivery, zone: Tz, lang: Lang) -> String {
    let next = civil::date_time(delivery.next, zone, lang);
    match lang {
        Lang::En => format!("Could not be sent yet: {}; next try {next}.", delivery.reason),
        Lang::Zh => format!("尚未能发出：{}；下次尝试{next}。", delivery.reason),
    }
}

/// What an edited text must not hold or leave out.
pub(crate) fn text_fault(fault: &TextFault, lang: Lang) -> String {
    const SORTS: &[(&str, &str)] = &[
        ("internal matters", "内部事务"),
        ("selling", "推销"),
        ("jargon", "行话"),
        ("alarm", "危言耸听"),
        ("blame", "指责"),
    ];
    match (fault, lang) {
        (TextFault::Word { word, sort }, Lang::En) => format!("Customers are never told “{word}” ({sort})."),
        (TextFault::Word { word, sort }, Lang::Zh) => {
            let sort = SORTS.iter().find(|(en, _)| en == sort).map_or(sort.as_str(), |(_, zh)| *zh);
            format!("不能对客户说“{word}”（{sort}）。")
        }
        (TextFault::TooPrecise(figure), Lang::En) => format!("“{figure}” is more precise than the forecast."),
        (TextFault::TooPrecise(figure), Lang::Zh) => format!("“{figure}”比预测本身还精确。"),
        (TextFault::Exclamation, _) => pick(lang, "No exclamation marks, please.", "请不要使用感叹号。").to_owned(),
        (TextFault::Unfilled, _) => {
            pick(lang, "A place of the template was not filled in.", "模板中有未填写的位置。").to_owned()
        }
        (TextFault::Links(_), _) => {
            pick(lang, "Exactly one link belongs into the text.", "正文中应当且只应有一个链接。").to_owned()
        }
        (TextFault::InternalId(id), Lang::En) => format!("“{id}” is our internal name of the machine."),
        (TextFault::InternalId(id), Lang::Zh) => format!("“{id}”是机器的内部编号。"),
        (TextFault::Subject(_), _) => {
            pick(lang, "The subject needs 1 to 80 characters.", "主题需1～80个字。").to_owned()
        }
        (TextFault::LinkMissing, _) => {
            pick(lang, "The link to the customer's page must stay in the text.", "正文中必须保留客户页面的链接。")
                .to_owned()
        }
        (TextFault::TimeMissing(time), Lang::En) => format!("The time “{time}” must stay in the text."),
        (TextFault::TimeMissing(time), Lang::Zh) => format!("正文中必须保留时间“{time}”。"),
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
        (wish, Lang::Zh) => format!("您写道：“{wish}”"),
    }
}

/// A heading over what an advisor can do once the visit's time has passed.
pub(crate) fn has_it_taken_place(slot: Slot, zone: Tz, lang: Lang) -> String {
    format!("{} {}", when(slot, zone, lang), words(lang).took_place_ask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_speaks_the_reader_s_language() {
        #[track_caller]
        fn check(code: &str, data: &str, en: &str, zh: &str) {
            let said = |lang| happening(code, data, chrono_tz::Asia::Shanghai, lang);
            assert_eq!((said(Lang::En).as_str(), said(Lang::Zh).as_str()), (en, zh));
        }
        let visit = "2026-07-16T09:00:00Z/2026-07-16T11:00:00Z";
        check(
            "visit_booked",
            visit,
            "booked a visit: Thursday 16 July, 17:00–19:00",
            "已约好上门：7月16日 周四 17:00–19:00",
        );
        check("invitation_sent", "folder", "sent the letter", "已发出信件");
        check("other_time", "周五下午", "wished another time: 周五下午", "希望换个时间：周五下午");
        check("not_now", "14", "said not now, for 14 days", "暂时不用，14天内不打扰");
        check(
            "stage_set",
            "turning: 等了半天",
            "set the stage: Beginning to grumble – 等了半天",
            "设置客户状态：开始抱怨 – 等了半天",
        );
        let broken = "service case 7: the promise `on_site` was broken";
        check("stage_hint", broken, &format!("a hint at displeasure: {broken}"), "客户可能不满：到场承诺超时");
        check("spoke of old", "", "spoke of old", "spoke of old");
    }

    #[test]
    fn a_remark_is_worded_and_own_words_stay() {
        assert_eq!(remark("the visit did not take place: gate closed", Lang::Zh), "上门未进行：gate closed");
        assert_eq!(remark("the customer cancelled the visit", Lang::Zh), "客户取消了上门");
        assert_eq!(remark("客户喜欢打电话", Lang::Zh), "客户喜欢打电话");
    }
}
