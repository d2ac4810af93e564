//! What is said in the field: a technician's day, the customer's visit and case, pictures, choices, erasing.

use chrono_tz::Tz;
use foretell_model::{MINUTE_MS, Timestamp};

use super::duration;
pub(crate) use super::promises::{call_by, case_headline, promise};
use crate::Lang;
use crate::civil::{self, Place};
use crate::view::{Arrival, VisitState, Way};

words! {
    // A technician's day.
    visits = "Visits", "上门";
    nothing_today = "Nothing is booked in the coming days.", "近几天没有预约上门。";
    whose = "Whose visits", "谁的上门";
    everybody = "Everybody's", "所有人";
    show = "Show", "查看";
    today = "Today", "今天";
    tomorrow = "Tomorrow", "明天";
    changed_lately = "Changed lately", "最近有变动";
    broken_first = "Broken down: go here first", "故障停机：请先去这里";
    to_come = "To come", "待上门";
    under_way = "On the way", "在路上";
    on_site = "On site", "已到场";
    done = "Done", "已完成";
    missed = "Did not take place", "未进行";
    cancelled = "Called off", "已取消";
    set_out = "I am on my way", "我出发了";
    set_out_hint = "From now until you arrive, your customer sees about when you will be there. Your phone asks whether it may tell where you are; that is deleted when you arrive.", "从现在到您到场，客户能看到您大概几点到。手机会询问是否允许定位；到场后位置立即删除。";
    minutes_away = "Or say it yourself: minutes until you are there", "也可以自己填：还要多少分钟到";
    tell_minutes = "Tell the customer", "告诉客户";
    sharing_off = "Your location is not being sent. Enter the minutes below instead.", "没有发送您的位置，请在下面填写分钟数。";
    sharing_on = "Your customer sees about when you will be there.", "客户能看到您大概几点到。";
    sharing_wait = "Waiting for your phone to know where it is …", "正在等待手机定位……";
    arrived = "I have arrived", "我到了";
    work_done = "The work is done", "工作已完成";
    finish = "Finish the visit", "完成这次上门";
    not_possible = "It could not be done", "没能做成";
    why_not = "Why, in a sentence for the advisor", "原因，一句话告诉顾问";
    back_to_advisor = "Hand back to the advisor", "交回给顾问";
    what_why = "What and why", "做什么，为什么";
    all_together = "All together", "一共";
    bring = "Bring along", "要带的东西";
    bring_nothing = "No part is needed.", "不需要配件。";
    lies_in = "in", "在";
    no_depot_has = "no depot has it", "仓库都没有";
    whom_to_call = "Whom to call", "联系谁";
    known_already = "What is known already", "已经了解的情况";
    known_hint = "So that nobody asks the customer twice.", "客户说明过的情况，到场不再重复询问。";
    earlier = "Visits before", "以前的上门";
    earlier_none = "Nobody has been to this machine through us yet.", "我们还没有上门看过这台机器。";
    found = "What you found", "您看到的情况";
    as_forecast = "What was expected", "与预测一致";
    found_nothing = "Nothing wrong", "没有问题";
    found_else = "Something else", "是别的问题";
    found_due = "due by its running hours: nothing was forecast that could be right or wrong", "按运行小时该做保养，没有需要核对的预测";
    found_instead = "What it was", "是什么问题";
    no_code = "Not in the list", "不在列表里";
    minutes = "Minutes of work", "用时（分钟）";
    parts_sure = "They were used all the same", "确实用了这些配件";
    found_here = "What we found", "查到的情况";
    customer_knows = "The customer was told", "已告诉客户";
    photo_file = "Picture from the phone or a file", "拍照或选择文件";
    photos = "Photos", "照片";
    photo_add = "Add a photo", "添加照片";
    photo_caption = "What it shows", "照片说明";
    photo_keep = "Send", "上传";
    photo_delete = "Delete", "删除";
    photo_mend = "Change captions or delete", "修改说明或删除";
    photo_save = "Change", "修改";
    photo_hint = "JPEG or PNG. The place and time that the phone notes with it are removed.", "支持 JPEG 或 PNG。手机附带的地点和时间信息会被去除。";
    note_anew = "What the customer reads", "客户看到的说明";
    note_lacks = "The customer does not read the language of this note, so it is not shown to them. Write it in theirs:", "客户看不懂这段说明所用的语言，所以没有给客户看。请用客户的语言写一遍：";
    note_keep = "Show it to the customer", "给客户看";
    done_note = "The customer reads it now.", "客户现在能看到了。";
    reads_en = "The customer reads English.", "客户看英文。";
    reads_zh = "The customer reads Chinese.", "客户看中文。";
    more_parts = "More parts", "再加几种配件";
    take_back_arrival = "That was a mistake: not there yet", "点错了，还没到";
    take_back_report = "This was entered by mistake", "填错了，要撤回";
    take_back_closing = "It was closed by mistake", "结束错了，要重新打开";
    take_back_closing_hint = "The case is open again, and parts go back on their shelf. If the customer was told in writing that it is over, or had said so, they are told that it is not.", "报修会重新打开，配件退回库存。如果已经告知客户处理完毕，或客户自己说过不用处理，会再通知客户还需要处理。";
    take_back_hint = "The visit is open again, parts go back on their shelf, and the customer's page shows it so. The record keeps both. Within two hours of your report the forecasts are not affected; later than that they have already started afresh.", "这次上门会重新打开，配件退回库存，客户页面同步更新。记录里两次操作都会保留。提交后两小时内撤回，预测不受影响；超过两小时，预测已按检修后重新开始。";
    take_back_why = "What happened, in a sentence", "怎么回事，一句话说明";
    take_back = "Take it back", "撤回";
    done_taken_back = "Taken back.", "已撤回。";
    false_alarm = "Nothing is broken", "核实后没有故障";
    false_alarm_hint = "The case ends without a repair. If the customer was told that somebody comes, we write that nobody does.", "不用维修，报修到此结束。如果已经告诉客户有人过去，会再发消息说明不用过去了。";
    false_alarm_do = "End the case", "结束报修";
    done_withdrawn = "The case has ended; nothing had to be repaired.", "报修已结束，不用维修。";
    directions = "Directions", "导航";
    customer_case = "The whole case", "查看完整事项";
    done_set_out = "Drive safely. Your customer knows that you are coming.", "一路顺利。客户已经知道您在路上了。";
    done_arrived = "Noted. Your location has been deleted.", "已记录。您的位置已删除。";
    done_finished = "Thank you. The visit is finished.", "辛苦了，这次上门已完成。";
    done_missed = "Noted. The advisor takes care of it.", "已记录，顾问会跟进。";
    done_photo = "The photo is saved.", "照片已保存。";
    done_portrait = "The portrait is saved.", "头像已保存。";
    done_deleted = "The photo is deleted.", "照片已删除。";
    done_caption = "The caption is changed.", "照片说明已修改。";
    team = "Team", "团队";
    team_lead = "Customers meet these faces before they meet the people. A friendly portrait, taken from the front, does it.", "客户先看到照片，再见到人。一张正面、亲切的照片就好。";
    portrait = "Portrait", "头像";
    portrait_new = "New portrait", "更换头像";

    // The customer's visit.
    badge = "Badge", "工号";
    call_comer = "Call", "打电话";
    comer_here = "Is with you", "已到现场";
    way_rough = "A rough estimate from the straight-line distance; it does not take traffic into account.", "时间按直线距离粗略估算，没有考虑路况。";
    way_no_time = "On the way", "已经在路上";
    way_label = "How far the technician has come", "师傅走到哪儿了";
    done_eyebrow = "The work is done", "工作已完成";
    watched = "We keep an eye on the readings and will be in touch if anything changes.", "机器的数据我们会继续留意，有变化就联系您。";
    achieved = "What it achieved", "效果如何";
    achieved_wait = "The machine's own figures show whether it helped. After a few days of ordinary running you will find the comparison here.", "维修效果以运行数据为准。正常运行几天后，这里会给出对比。";
    report_open = "Open the health report", "查看健康报告";
    next_after = "What comes next", "接下来";
    call_comes = "Your advisor will ring you about it. There is nothing you need to do.", "服务顾问会给您打电话说明，您这边不用做什么。";
    report_pdf = "As a PDF file", "下载 PDF";
    report_back = "Back", "返回";
    what_done = "What was done", "做了什么";
    preferences = "Language, channels, quiet hours", "语言、接收方式与免打扰时段";
    page_changed = "This page has changed since you began to write.", "您填写期间，页面内容有变化。";
    page_again = "Load it again", "重新载入";
    times_gone = "The times in our letter have passed or been taken; these are available now.", "信里的时间已过或已被约走，现在可以选下面的时间。";
    times_some_gone = "One of the times in our letter has passed or been taken; these are available now.", "信里有一个时间已过或已被约走，现在可以选下面的时间。";
    times_other_work = "What there is to do has changed since our letter; these times allow for it.", "写信之后，要做的事情有了变化，下面的时间已经按现在的安排算好。";
    link_draft = "This letter has not been sent yet", "这封信还没有发出";
    link_draft_text = "The link is that of a draft. As soon as the letter is approved, it opens the customer's page.", "这是草稿里的链接。信批准之后，点开就是客户看到的页面。";
    trouble_ask = "The machine has broken down", "机器坏了";
    trouble_which = "Which machine?", "哪台机器？";
    trouble_what = "What has happened?", "发生了什么？";
    trouble_hint = "We will ring you back soon; the next page says by when. A few words are enough.", "我们会尽快给您回电，下一页会写明几点前；写几个字就够了。";
    trouble_send = "Report it now", "立即报修";
    trouble_open = "See how it is going", "查看报修进展";
    trouble_first = "We will look at what we wrote to you about in the same visit. If anything is left to do after the repair, we will find a time for it together.", "之前跟您说过的情况，这次会一并查看。修好后要是还有需要做的，再跟您商量时间。";
    trouble_booked = "The visit that you have booked stands. Once the machine is running again, we will ask you whether it is still needed.", "之前约好的上门时间先不变，等机器修好后再跟您确认是否还需要。";

    // The customer's case.
    case_now = "How things stand", "现在的进展";
    case_seen = "What was reported", "报修内容";
    told_controller = "The machine's controller reported that it had stopped.", "机器的控制器报告已停机。";
    promise_call = "Our call to you", "给您回电";
    promise_site = "Technician with you", "师傅到场";
    next_title = "What happens now", "接下来";
    next_call = "We ring you and ask what we need to know. You will not have to repeat it to anybody.", "我们给您打电话，了解现场情况。问清楚一次就够，不会让您反复说明。";
    next_drive = "A technician comes, with the parts most likely to be needed. You will see here who it is and roughly when.", "师傅带上最可能用到的配件过来。是哪位师傅、大概几点到，这里都能看到。";
    next_look = "On site we look first, tell you what it is and how long it will take, and only then begin. Most repairs take one to three hours.", "到现场后先检查，把问题和用时跟您说清楚再动手。多数维修需要1到3小时。";
    next_end = "At the end we run the machine together with your people, tidy up, show the old parts and hand over the report.", "修好后和您这边一起试机，清理现场，旧件请您这边过目，最后交付报告。";
    all_well = "It was a mistake, or it is running again", "点错了，或者已经恢复了";
    all_well_hint = "Then we will not come out. If you need us after all, you can report it again on this page.", "师傅就不过来了。之后还需要上门的话，在这一页就能再报修。";
    all_well_do = "No visit needed", "不用过来了";
    case_withdrawn = "Nothing had to be repaired", "核实后不用维修";
    case_withdrawn_text = "So nobody needs to come out. If anything seems unusual, please ring us at any time.", "师傅不过来了。有什么不对劲，请随时打电话。";
    case_goes_on = "Goes on with the machine’s new owner", "机器换了客户，转到新客户名下继续";
    case_closed = "The repair is finished", "维修已经完成";
    case_closed_text = "If anything seems unusual, please ring us at any time.", "有什么不对劲，请随时打电话。";

    // What a customer takes back, or wishes beside the times there are.
    undo = "That was a mistake: undo it", "点错了，撤回";
    resume = "Send me such messages again", "恢复接收这类消息";
    none_suits = "None of these suits you? Tell us when would be good, and we will call you.", "都不合适？告诉我们您什么时候方便，我们打电话跟您商量。";
    wish_waits = "We will call you about another time. Until then your visit stands.", "我们会打电话跟您商量时间；在此之前，约好的时间不变。";
    runs_then = "The machine usually runs at these times; we could not find a time when it is idle. If another time suits you better, please tell us.", "这几个时间机器一般都在运行，近期没有找到停机的时段。要是别的时间更方便，请告诉我们。";

    // What a customer chooses.
    choose_title = "How we may write to you", "怎样联系您比较方便";
    choose_lead = "This is about messages that we send on our own initiative. News of a visit you have booked, or of a breakdown, will always reach you.", "这里说的是我们主动发的消息。约好的上门和报修的进展，仍会照常通知您。";
    choose_language = "Language", "语言";
    choose_channels = "Where messages are welcome", "在哪里收消息方便";
    choose_first = "First of all by", "优先使用";
    choose_hours = "Messages may come", "可以收消息的时间";
    choose_from = "from", "从";
    choose_until = "until", "到";
    choose_keep = "Save", "保存";
    choose_kept = "Thank you. We will keep to it.", "好的，以后就这样联系您。";
    choose_hours_wrong = "The first time must be earlier in the day than the second. Please choose the hours again; everything else is as you left it.", "开始时间要早于结束时间，请重新选一下；其他选项都还在。";
    choose_none = "At present we have no way of writing to you.", "目前没有可以给您发消息的渠道。";

    // Personal data.
    personal = "Personal data", "个人数据";
    personal_hint = "Everything kept about this customer, to hand out or to erase.", "与该客户有关的全部数据，可以导出或删除。";
    export = "Download as a file", "导出为文件";
    erase = "Erase for good", "永久删除";
    erase_text = "Names, numbers, addresses, letters, remarks and photos go; messages that wait are withdrawn, booked visits called off, open matters closed, links open nothing any more. Figures without names stay. Of what the machines themselves sent, nothing is changed: notes in it are shown no more but stay in the log of measurements, and messages that could not be read stay in quarantine until newer ones need the room; backups keep what was in them. This cannot be undone.", "姓名、电话、地址、信件、备注和照片都会删除；待发消息撤回，已约上门取消，未办完的事项结束，链接全部失效。不含姓名的统计数字保留。机器自己发来的数据不作改动：其中的备注不再显示，但仍保存在测量日志里；无法解析的消息留在隔离区，直到被新的消息挤出；备份里的内容也不变。此操作无法撤销。";
    erase_type = "To confirm, type the customer's key", "请输入客户编号以确认";
    erased = "What was personal is erased.", "个人数据已删除。";
}

/// A count of minutes as people say it who do not know it exactly.
pub(crate) fn about_minutes(minutes: i64, lang: Lang) -> String {
    let rounded = match minutes {
        ..=4 => return if lang == Lang::En { "a few minutes".to_owned() } else { "几分钟".to_owned() },
        5..60 => (minutes + 2) / 5 * 5,
        60..180 => (minutes + 7) / 15 * 15,
        _ => (minutes + 15) / 30 * 30,
    };
    let (hours, rest) = (rounded / 60, rounded % 60);
    match (lang, hours, rest) {
        (Lang::En, 0, _) => format!("about {rounded} minutes"),
        (Lang::Zh, 0, _) => format!("大约{rounded}分钟"),
        (Lang::En, 1, 0) => "about an hour".to_owned(),
        (Lang::En, _, 0) => format!("about {hours} hours"),
        (Lang::En, _, _) => format!("about {hours} h {rest} min"),
        (Lang::Zh, _, 0) => format!("大约{hours}小时"),
        (Lang::Zh, _, _) => format!("大约{hours}小时{rest}分钟"),
    }
}

/// When somebody on the way will be there, in a line for whoever waits and for whoever drives: the clock time that the letters have,
/// and how long that still is. What has passed is not promised again.
pub(crate) fn there_in(way: &Way, (now, place): (Timestamp, impl Into<Place>), lang: Lang) -> String {
    let Some(arrival) = way.arrival else { return words(lang).way_no_time.to_owned() };
    let clock = civil::clock_or_date(arrival.at, now, place, lang);
    let left = (arrival.at - now) / MINUTE_MS;
    match (left >= 0, lang) {
        (true, Lang::En) => format!("Arriving at about {clock}, in {}", about_minutes(left, lang)),
        (true, Lang::Zh) => format!("{clock}左右到，还要{}", about_minutes(left, lang)),
        // An hour and more is not a little.
        (false, Lang::En) if left < -60 => format!("Expected at about {clock}, now a good deal later"),
        (false, Lang::Zh) if left < -60 => format!("本来{clock}左右到，现在晚了不少"),
        (false, Lang::En) => format!("Expected at about {clock}, now a little later"),
        (false, Lang::Zh) => format!("本来{clock}左右到，现在要晚一点"),
    }
}

/// Since when an arrival is known: every place that tells of it says so.
pub(crate) fn as_of(arrival: Arrival, (now, zone): (Timestamp, Tz), lang: Lang) -> String {
    let at = civil::clock_or_date(arrival.as_of, now, zone, lang);
    match lang {
        Lang::En => format!("as of {at}"),
        Lang::Zh => format!("{at}更新"),
    }
}

/// How that figure came about.
pub(crate) fn way_because(way: &Way, name: &str, (now, zone): (Timestamp, Tz), lang: Lang) -> String {
    let at = |t| civil::clock_or_date(t, now, zone, lang);
    let mut said = Vec::new();
    if let Some(km) = way.km {
        said.push(km_away(km, lang));
    }
    match (way.arrival.map(|arrival| arrival.told), lang) {
        (Some(true), Lang::En) => said.push(format!("{name} gave this time.")),
        (Some(true), Lang::Zh) => said.push(format!("{name}师傅告知的时间。")),
        (Some(false), _) => said.push(words(lang).way_rough.to_owned()),
        (None, _) => {}
    }
    match (way.arrival, way.set_out, lang) {
        (Some(arrival), _, _) => {
            let known = super::capitalised(&as_of(arrival, (now, zone), lang));
            said.push(if lang == Lang::En { format!("{known}.") } else { format!("{known}。") });
        }
        (None, Some(t), Lang::En) => said.push(format!("Set out at {}.", at(t))),
        (None, Some(t), Lang::Zh) => said.push(format!("{}出发。", at(t))),
        (None, None, _) => {}
    }
    said.join(if lang == Lang::En { " " } else { "" })
}

/// A distance as the crow flies.
pub(crate) fn km_away(km: f64, lang: Lang) -> String {
    match lang {
        Lang::En if km < 1.0 => "Less than 1 km away.".to_owned(),
        Lang::Zh if km < 1.0 => "还有不到1公里。".to_owned(),
        Lang::En => format!("About {km:.0} km away."),
        Lang::Zh => format!("还有约{km:.0}公里。"),
    }
}

/// In which language a customer reads.
pub(crate) const fn reads(reader: Lang, lang: Lang) -> &'static str {
    let f = words(lang);
    match reader {
        Lang::En => f.reads_en,
        Lang::Zh => f.reads_zh,
    }
}

/// How a visit stands.
pub(crate) const fn visit_state(state: VisitState, way: &Way, lang: Lang) -> (&'static str, &'static str) {
    let f = words(lang);
    match (state, way.set_out, way.arrived) {
        (VisitState::Done, ..) => ("good", f.done),
        (VisitState::Missed, ..) => ("urgent", f.missed),
        (VisitState::Cancelled, ..) => ("hidden", f.cancelled),
        (VisitState::Booked, _, Some(_)) => ("booked", f.on_site),
        (VisitState::Booked, Some(_), None) => ("advise", f.under_way),
        (VisitState::Booked, None, None) => ("watch", f.to_come),
    }
}

/// The head of a day's page.
pub(crate) fn day_headline(today: usize, whose: &str, lang: Lang) -> String {
    match (lang, today, whose) {
        (Lang::En, 0, "") => "No visit today".to_owned(),
        (Lang::En, 1, "") => "One visit today".to_owned(),
        (Lang::En, n, "") => format!("{n} visits today"),
        (Lang::En, 0, name) => format!("{name}: no visit today"),
        (Lang::En, 1, name) => format!("{name}: one visit today"),
        (Lang::En, n, name) => format!("{name}: {n} visits today"),
        (Lang::Zh, 0, "") => "今天没有上门".to_owned(),
        (Lang::Zh, n, "") => format!("今天{n}次上门"),
        (Lang::Zh, 0, name) => format!("{name}：今天没有上门"),
        (Lang::Zh, n, name) => format!("{name}：今天{n}次上门"),
    }
}

/// Broken machines beyond those shown.
pub(crate) fn more_cases(n: usize, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{n} more"),
        Lang::Zh => format!("还有{n}台"),
    }
}

/// How long it took, in a line.
pub(crate) fn took(minutes: u32, lang: Lang) -> String {
    let time = duration(minutes, lang);
    if lang == Lang::En { format!("Took {time}") } else { format!("用时{time}") }
}

/// From when to when, in a line; the day is named twice only where there are two.
pub(crate) fn begun_and_finished(began: Timestamp, ended: Timestamp, zone: Tz, lang: Lang) -> String {
    let (from, to) = (civil::date_time(began, zone, lang), civil::clock_or_date(ended, began, zone, lang));
    if lang == Lang::En { format!("Begun {from}, finished {to}") } else { format!("{from}开始，{to}完成") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_said_as_roughly_as_they_are_known() {
        for (minutes, en, zh) in [
            (0, "a few minutes", "几分钟"),
            (4, "a few minutes", "几分钟"),
            (6, "about 5 minutes", "大约5分钟"),
            (18, "about 20 minutes", "大约20分钟"),
            (58, "about an hour", "大约1小时"),
            (63, "about an hour", "大约1小时"),
            (100, "about 1 h 45 min", "大约1小时45分钟"),
            (200, "about 3 h 30 min", "大约3小时30分钟"),
        ] {
            assert_eq!(
                (about_minutes(minutes, Lang::En).as_str(), about_minutes(minutes, Lang::Zh).as_str()),
                (en, zh)
            );
        }
    }

    #[test]
    fn a_way_says_how_it_knows() {
        let minute = |n: i64| Timestamp::from_millis(n * MINUTE_MS);
        let way = Way { set_out: Some(minute(0)), ..Way::default() };
        let now = (minute(5), Tz::UTC);
        let said = |way: &Way, lang| (there_in(way, now, lang), way_because(way, "Jun Chen", now, lang));
        let expected = |at, as_of, told| Some(Arrival { at: minute(at), as_of: minute(as_of), told });
        assert_eq!(said(&way, Lang::En), ("On the way".into(), "Set out at 00:00.".into()));
        let far = Way { arrival: expected(25, 4, false), km: Some(11.6), located: Some(minute(4)), ..way.clone() };
        assert_eq!(
            said(&far, Lang::En),
            (
                "Arriving at about 00:25, in about 20 minutes".into(),
                "About 12 km away. A rough estimate from the straight-line distance; it does not take traffic into account. As of 00:04.".into()
            )
        );
        let told = Way { arrival: expected(45, 5, true), km: Some(11.6), ..way.clone() };
        assert_eq!(
            said(&told, Lang::Zh),
            ("00:45左右到，还要大约40分钟".into(), "还有约12公里。Jun Chen师傅告知的时间。00:05更新。".into())
        );
        let passed = Way { arrival: expected(4, 0, true), ..way };
        assert_eq!(there_in(&passed, now, Lang::Zh), "本来00:04左右到，现在要晚一点");
        let much_later = (minute(70), Tz::UTC);
        assert_eq!(there_in(&passed, much_later, Lang::Zh), "本来00:04左右到，现在晚了不少");
        assert_eq!(there_in(&passed, much_later, Lang::En), "Expected at about 00:04, now a good deal later");
    }
}
