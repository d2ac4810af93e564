//! What the pages of the service desk say: cases, calendar, customers, planning, verdicts, search.

use chrono_tz::Tz;
use foretell_model::Timestamp;

pub(crate) use super::plans::{band, counted, demand_line, planned_hours, planning_headline, shelves_last, week_line};
pub(crate) use super::stage::{stage, stage_advice, stage_with_advice};
pub(crate) use super::verdicts::{confirmed_of, precision_headline};
use super::{duration, look_up, number};
use crate::Lang;
use crate::civil::{self, Place};
use crate::view::{CaseDesk, Found, Timer, TimerState};

words! {
    // What was said in a call.
    suits = "When a visit suits best; the letter offers such times and says so", "什么时候上门方便；信里会按此安排时间并写明";
    suits_day = "Day", "星期";
    suits_any_day = "any day", "哪天都行";
    suits_part = "Part of the day", "时段";
    suits_any_part = "any time", "什么时间都行";

    // The frame.
    cases = "Cases", "报修";
    calendar = "Calendar", "日程";
    visits_nav = "Visits", "上门";
    customers = "Customers", "客户";
    planning = "Planning", "计划";
    verdicts = "Verdicts", "核实";
    templates = "Templates of the letters they receive", "客户收到的信件模板";
    find = "Search names, numbers, letters", "查找名称、编号、电话、信件";
    find_hint = "Search", "查找";
    find_elsewhere = "Nothing on this page matches. Press Enter to search everywhere.", "本页没有符合的内容，按回车键查找全部。";
    earlier = "Back", "上一页";
    later = "Next", "下一页";

    // Cases.
    cases_none = "Nothing is broken", "目前没有报修";
    cases_order = "The promise that is nearest to slipping comes first. The customer hears of it before it slips.", "最容易失约的排在最前；可能失约时，系统会先告知客户。";
    cases_empty = "No case is open. A customer's report, a trip reported by the controller, or an advisor opens one.", "没有处理中的报修。客户报修、控制器上报跳机或顾问登记都会在这里开单。";
    case_open = "Open a case", "登记报修";
    case_to = "The open case", "查看这次报修";
    case_machine = "Machine", "机器";
    case_machine_hint = "Customer, site or number; a few words are enough.", "客户、现场或编号，输入几个字即可。";
    case_which = "Which machine is it?", "是哪台机器？";
    case_other = "Another machine", "换一台机器";
    case_what = "What is wrong, in the customer's words; they can read it on their page", "故障情况（客户原话，客户在自己的页面上看得到）";
    cases_closed = "Closed lately", "最近完成";
    call_back = "Call back", "回电";
    on_site = "On site", "到场";
    reported = "What was reported", "报修内容";
    the_machine = "The machine", "机器";
    name_and_type = "Name and type", "名称与型号";
    stands_at = "Where it stands", "所在地点";
    forecast_before = "What was forecast", "之前的预测";
    forecast_nothing = "Nothing was forecast of it.", "之前没有发出过预测。";
    last_visit = "Last visit", "上次上门";
    last_visit_none = "None through us yet.", "我们还没有上门过。";
    cases_replied = "Replies after the repair", "修好后的客户回复";
    replied = "The customer replied:", "客户回复：";
    next_answer = "Answer the customer", "请答复客户";
    answer_note = "What you answered, or why it needs no answer", "答复了什么；无需答复请注明";
    answered = "Answered", "已答复";
    next_call = "Call the customer back", "请回电给客户";
    next_send = "Send somebody", "请安排人员";
    next_set_out = "Not on the way yet", "已派人，尚未出发";
    next_arrive = "On the way", "人员在途";
    next_mend = "Being repaired", "正在维修";
    case_over = "Closed", "已完成";
    step_send = "Send a technician", "安排工程师";
    step_close = "Close with the checklist", "对照清单收尾";
    said_on_phone = "What was said", "通话内容";
    called = "Called back", "已回电";
    technician = "Technician", "工程师";
    eta = "Expected on site", "预计到场";
    send = "Send", "安排";
    send_another = "Send somebody else", "改派";
    arrived = "Arrived", "已到场";
    badge = "Badge", "工牌";
    close_case = "Close the case", "完成报修";
    check_test_run = "Run the machine together with the customer", "与客户一起试机";
    check_tidy = "Leave the place tidy", "清理现场";
    check_old_parts = "Show the old parts, leave or take them as wished", "旧件交客户过目，按其意愿留下或带走";
    check_report = "Hand over the report", "交付报告";
    check_courtesy = "Leave the courtesy item", "留下小礼品";
    left_out = "Why a point was left out", "未完成项的原因";
    parts_used = "Parts used", "更换配件";
    no_part = "–", "无";
    pieces = "Pieces", "数量";
    depot = "From depot", "出库仓库";
    note = "What the customer should know", "给客户的说明";
    note_hint = "The customer reads this word for word. Keep to what was found and done.", "客户会看到这里的原文，请只写发现了什么、做了什么。";
    history = "What happened", "处理记录";
    done_called = "Noted: the customer was called back.", "已记录回电。";
    done_sent = "Noted. The technician is on the card.", "已安排工程师。";
    done_arrived = "Noted: somebody is on site.", "已记录到场。";
    done_found = "The customer hears what was found and how long it takes.", "已告知客户现场情况和所需时间。";
    tell_found = "Tell the customer what was found", "告诉客户查到了什么";
    found_what = "What was found", "查到的问题";
    found_unnamed = "not named", "不说明";
    found_minutes = "Minutes that it still takes", "还需要多少分钟";
    done_mended = "The case is closed.", "报修已完成。";
    done_opened = "The case is open; both clocks are running.", "已登记报修，两项承诺开始计时。";
    done_stage = "The stage is noted.", "已记录客户状态。";
    done_stopped = "Messages on this channel are stopped; word of booked visits and breakdowns still goes out.", "已停止该渠道的主动消息；约好的上门和报修的进展仍会通知。";
    done_resumed = "Messages on this channel may go out again.", "已恢复该渠道的消息。";
    done_verdict = "Thank you. The verdict is noted.", "已记录核实结果，谢谢。";
    machine = "Machine", "机器";

    // Calendar.
    this_week = "This week", "本周";
    two_before = "Two weeks before", "前两周";
    two_after = "Two weeks after", "后两周";
    nobody_named = "Nobody named", "未指定人员";
    away = "away", "不在岗";
    overlaps = "overlaps", "时间冲突";
    over_capacity = "more than can be done", "超出工时";
    while_away = "while away", "不在岗";
    offered = "Offered, not answered yet", "已提议，待答复";

    // Customers.
    customers_none = "No customer is registered yet. `foretell customers import` takes them from a file.", "还没有登记客户，可用 foretell customers import 从文件导入。";
    advisor = "Advisor", "顾问";
    machines = "Machines", "机器";
    stage = "Stage", "状态";
    next_visit = "Next visit", "下次上门";
    language = "Reads", "语言";
    zone = "Time zone", "时区";
    quiet_hours = "Nothing is sent", "免打扰时段";
    letters_approved = "after an advisor's approval", "顾问批准后发出";
    letters_unasked = "without approval, as the contact rules allow", "不经批准，按联系规则自动发出";
    reach = "How to reach them", "联系方式";
    people = "People there", "联系人";
    stopped_since = "stopped since", "已停发，自";
    stop = "Stop messages", "停发消息";
    resume = "Take up again", "恢复发送";
    on_whose_word = "On whose word", "依据（谁说的）";
    stage_none = "No complaints known", "未见不满";
    stage_open = "Signs to be judged", "有待判断";
    stage_set = "Set the stage", "设置状态";
    stage_person = "Who takes over (required for “Escalation”)", "由谁接手（选“投诉升级”时必填）";
    stage_why = "Why", "原因";
    stage_no_history = "No dissatisfaction has been noted.", "没有不满的记录。";
    stage_not_set = "Nobody has judged these signs yet.", "还没有人对这些信号作出判断。";
    hints = "Signs of displeasure", "可能不满意的信号";
    visits = "Visits to come", "待上门";
    visits_none = "No visit is booked.", "没有预约。";
    never_reported = "never reported", "从未上报";
    never_reported_sentence = "Registered, but it has never reported. Check the controller's connection and the identity it sends.", "已登记，但从未上报。请检查控制器的连接和上报的编号。";
    contacts = "Messages, calls and visits", "消息、通话与上门";
    contacts_none = "Nothing has passed between us yet.", "还没有往来记录。";
    record = "Record", "操作记录";
    record_hint = "Who did what, when and why. Nothing here is ever changed.", "何人、何时、做了什么、为什么。此处内容不可更改。";
    open_cases = "Open cases", "处理中的报修";

    // Planning.
    seen_there = "Photos from the visit", "现场照片";
    by_week = "Week by week", "按周查看";
    needed_then = "Needed that week", "当周需要";
    parts_demand = "Parts needed and in stock", "配件需求与库存";
    parts_hint = "How many are needed from now to the end of each week. The band holds the count in eight of ten cases; the line is what lies on the shelves.", "从现在到每周末累计需要的数量。色带覆盖八成的情形，横线为现有库存。";
    parts_none = "No open forecast asks for parts.", "当前预测不需要配件。";
    on_shelves = "In stock", "库存";
    count_shelf = "Count or restock", "盘点或补货";
    count_hint = "Enter how many are in stock now, after counting or restocking. Parts used according to a report are deducted automatically.", "填写盘点或补货后的实有数量。报告里用掉的配件会自动扣减。";
    count_depot = "Depot", "仓库";
    count_part = "Part", "配件";
    count_n = "Quantity now", "现有数量";
    count_save = "Save the count", "保存数量";
    load_heading = "Visits against capacity", "上门工作量与可用工时";
    load_hint = "Hours on site by week: booked, and what the forecasts will probably add.", "每周现场工时：已预约的，以及按预测可能增加的。";
    booked = "Booked", "已预约";
    needed = "Needed in eight weeks", "八周需求";
    likely = "Likely in all", "预计合计";
    capacity = "Capacity", "可用工时";
    week = "Week from", "起始日";
    visits_count = "Visits", "上门次数";
    delay_heading = "What postponing costs", "推迟的代价";
    delay_hint = "Doing the work two weeks after the next free time, compared with doing it then.", "与最近的空档相比，再推迟两周的影响。";
    delay_none = "None of the waiting items has a forecast.", "待办事项中没有可推算的预测。";
    next_free = "Next free time", "最近空档";
    risk_then = "Risk by then", "届时风险";
    risk_later = "Risk two weeks later", "再过两周的风险";
    costs = "Costs on average", "平均损失";
    cost_unknown = "not known", "未知";

    // Verdicts.
    precision_hint = "What technicians found where something was forecast. The forecasts are judged by these verdicts.", "工程师现场核实预测的结果；每次核实都用来检验预测。";
    precision_none = "After a visit, say on its card what was found.", "上门之后，请在该事项里填写现场情况。";
    fault = "Forecast", "预测";
    confirmed = "Confirmed", "属实";
    not_found = "Nothing found", "未发现";
    something_else = "Something else", "另有原因";
    precision = "Of all", "属实比例";
    verdict_ask = "What was found?", "现场发现了什么？";
    verdict_give = "Give the verdict", "填写核实结果";
    verdict_change = "Change the verdict", "修改核实结果";
    verdict_instead = "If something else: what", "另有原因时：是什么";
    verdict_unknown = "not in the list", "不在列表中";
    verdict_note = "In the technician's words", "工程师说明";

    // Search.
    letters = "Letters", "信件";
    search_none = "Nothing found. Try part of a name, a telephone number, the number on a machine, the number of a case, or a word from the subject of a letter.", "没有找到。可以试试名称的一部分、电话、机器编号、报修编号，或信件主题里的词。";
    search_ask = "Type part of a name, a telephone number, the number on a machine, the number of a case, or a word from the subject of a letter.", "可输入名称的一部分、电话、机器编号、报修编号，或信件主题里的词。";
    search_more = "There is more. Type a little more of the name.", "结果较多，请多输入几个字。";
}

const fn pick(lang: Lang, en: &'static str, zh: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// Minutes between two instants, rounded down.
fn minutes_between(a: Timestamp, b: Timestamp) -> u32 {
    u32::try_from(((b - a).abs()) / 60_000).unwrap_or(u32::MAX)
}

/// `%` in a line that counts, for the script that keeps it counting: time left, time over.
pub(crate) const fn count_forms(lang: Lang) -> (&'static str, &'static str) {
    (pick(lang, "% left", "还剩%"), pick(lang, "% late", "已超时%"))
}

/// `18 min left`, `12 min late`, `kept at 14:12`.
pub(crate) fn timer_line(timer: Timer, now: Timestamp, zone: Tz, lang: Lang) -> String {
    let (left, over) = count_forms(lang);
    let met = timer.met.map_or_else(String::new, |met| civil::clock(met, zone));
    let late = || duration(minutes_between(timer.due, timer.met.unwrap_or(now)), lang);
    match (timer.state, lang) {
        (TimerState::Running | TimerState::Slipping, _) => {
            let form = if now <= timer.due { left } else { over };
            form.replace('%', &duration(minutes_between(now, timer.due), lang))
        }
        (TimerState::Late, _) => over.replace('%', &late()),
        (TimerState::Overtaken, Lang::En) => format!("no call made; came at {met}"),
        (TimerState::Overtaken, Lang::Zh) => format!("未回电，{met}已到场"),
        (TimerState::Kept, Lang::En) => format!("kept, {met}"),
        (TimerState::Kept, Lang::Zh) => format!("{met}，按时"),
        (TimerState::KeptLate, Lang::En) => format!("{met}, {} late", late()),
        (TimerState::KeptLate, Lang::Zh) => format!("{met}，超时{}", late()),
    }
}

/// `promised by 14:25`.
pub(crate) fn promised_by(due: Timestamp, place: Place, lang: Lang) -> String {
    let at = civil::date_time(due, place, lang);
    match lang {
        Lang::En => format!("promised by {at}"),
        Lang::Zh => format!("承诺{at}之前"),
    }
}

/// The first line of the cases.
pub(crate) fn cases_headline(desk: &CaseDesk, lang: Lang) -> String {
    let late = desk.open.iter().filter(|case| case.urgency().0 == TimerState::Late).count();
    match (lang, desk.open.len(), late) {
        (_, 0, _) => words(lang).cases_none.to_owned(),
        (Lang::En, 1, 0) => "One machine is waiting for us".to_owned(),
        (Lang::En, n, 0) => format!("{n} machines are waiting for us"),
        (Lang::En, _, 1) => "One promise has slipped".to_owned(),
        (Lang::En, _, n) => format!("{n} promises have slipped"),
        (Lang::Zh, n, 0) => format!("{n}台机器等我们处理"),
        (Lang::Zh, _, n) => format!("{n}项承诺已经超时"),
    }
}

/// Who opened a case.
pub(crate) fn source(code: &str, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("customer", "reported by the customer", "客户报修"),
        ("reply", "reported by the customer in writing", "客户来信报修"),
        ("controller", "a trip reported by the controller", "控制器上报跳机"),
        ("advisor", "opened by the advisor", "顾问登记"),
    ];
    look_up(code, TABLE, lang)
}

/// What a day holds beside what is named.
pub(crate) fn and_more(count: usize, lang: Lang) -> String {
    match lang {
        Lang::En => format!("and {count} more"),
        Lang::Zh => format!("另有{count}项"),
    }
}

/// `9 of 24 h`.
pub(crate) fn hours_of(booked: f64, capacity: f64, lang: Lang) -> String {
    // On a day that is nobody's working day there is nothing of which it could be a part.
    if capacity <= 0.0 {
        return super::hours_count(booked, lang);
    }
    let (booked, capacity) = (number(booked, lang), number(capacity, lang));
    match lang {
        Lang::En => format!("{booked} of {capacity} h"),
        Lang::Zh => format!("{booked}/{capacity}小时"),
    }
}

/// `7,200 euros`, `7200欧元`, `1.2万元`: an amount by its ISO 4217 code, to two figures; what waiting costs is a risk, and no risk is
/// known any better.
pub(crate) fn money(amount: f64, currency: &str, lang: Lang) -> String {
    let amount = amount.max(0.0);
    let step = if amount >= 100.0 { 10_f64.powf(amount.log10().floor() - 1.0) } else { 1.0 };
    let figure = super::large(&format!("{:.0}", (amount / step).round() * step), lang);
    let name = foretell_model::currency_name(currency, lang.tag());
    match lang {
        Lang::En => format!("{figure} {name}"),
        Lang::Zh => format!("{figure}{name}"),
    }
}

/// `13 Jul – 26 Jul`.
pub(crate) fn span_of(first: &str, last: &str, lang: Lang) -> String {
    format!("{first}{}{last}", pick(lang, " – ", "～"))
}

/// `week of 13 Jul`.
pub(crate) fn week_of(monday: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("week of {monday}"),
        Lang::Zh => format!("{monday}起一周"),
    }
}

/// What was typed may mean several machines.
pub(crate) fn several(typed: &str, lang: Lang) -> String {
    match lang {
        Lang::En => format!("“{typed}” may be several machines. Please choose one."),
        Lang::Zh => format!("“{typed}”可能是几台机器中的一台，请选择。"),
    }
}

/// The first line of the calendar.
pub(crate) fn calendar_headline(visits: usize, conflicts: usize, lang: Lang) -> String {
    match (lang, visits, conflicts) {
        (Lang::En, 0, 0) => "Nothing is booked in these two weeks".to_owned(),
        (Lang::En, 1, 0) => "One visit in two weeks".to_owned(),
        (Lang::En, n, 0) => format!("{n} visits in two weeks"),
        (Lang::En, n, 1) => format!("{n} visits, one conflict"),
        (Lang::En, n, c) => format!("{n} visits, {c} conflicts"),
        (Lang::Zh, 0, 0) => "这两周暂无上门安排".to_owned(),
        (Lang::Zh, n, 0) => format!("两周内{n}次上门"),
        (Lang::Zh, n, c) => format!("两周内{n}次上门，{c}处冲突"),
    }
}

/// The first line of the customers.
pub(crate) fn customers_headline(total: usize, displeased: usize, lang: Lang) -> String {
    match (lang, total, displeased) {
        (Lang::En, 1, 0) => "One customer".to_owned(),
        (Lang::En, n, 0) => format!("{n} customers"),
        (Lang::En, n, 1) => format!("{n} customers, one of them displeased"),
        (Lang::En, n, d) => format!("{n} customers, {d} of them displeased"),
        (Lang::Zh, n, 0) => format!("{n}家客户"),
        (Lang::Zh, n, d) => format!("{n}家客户，其中{d}家有不满"),
    }
}

/// `81–120 of 340`.
pub(crate) fn range_of(first: usize, last: usize, total: usize, lang: Lang) -> String {
    match lang {
        Lang::En => format!("{first}–{last} of {total}"),
        Lang::Zh => format!("第{first}～{last}条，共{total}条"),
    }
}

/// A verdict in a word.
pub(crate) const fn found(found: Found, lang: Lang) -> &'static str {
    let d = words(lang);
    match found {
        Found::Confirmed => d.confirmed,
        Found::NotFound => d.not_found,
        Found::SomethingElse => d.something_else,
    }
}

/// The search page's first line.
pub(crate) fn search_headline(asked: &str, lang: Lang) -> String {
    match (asked, lang) {
        ("", Lang::En) => "Search".to_owned(),
        ("", Lang::Zh) => "查找".to_owned(),
        (asked, Lang::En) => format!("Found for “{asked}”"),
        (asked, Lang::Zh) => format!("“{asked}”的查找结果"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Band;

    #[test]
    fn a_clock_says_what_is_left_and_what_is_over() {
        #[track_caller]
        fn check(state: TimerState, now_min: i64, met_min: Option<i64>, en: &str, zh: &str) {
            let minute = |n: i64| Timestamp::from_millis(n * 60_000);
            let timer = Timer { due: minute(20), met: met_min.map(minute), state };
            let said = |lang| timer_line(timer, minute(now_min), chrono_tz::Tz::UTC, lang);
            assert_eq!((said(Lang::En).as_str(), said(Lang::Zh).as_str()), (en, zh));
        }
        check(TimerState::Running, 2, None, "18 min left", "还剩18分钟");
        check(TimerState::Late, 170, None, "2 h 30 min late", "已超时2小时30分钟");
        check(TimerState::Kept, 99, Some(12), "kept, 00:12", "00:12，按时");
        check(TimerState::Overtaken, 99, Some(12), "no call made; came at 00:12", "未回电，00:12已到场");
        check(TimerState::KeptLate, 99, Some(32), "00:32, 12 min late", "00:32，超时12分钟");
    }

    #[test]
    fn shelves_are_judged_by_the_nearest_lack() {
        assert_eq!(shelves_last(Some(1), Some(3), 8, Lang::En).0, "urgent");
        assert_eq!(shelves_last(Some(1), None, 8, Lang::En).1, "May run out in week 2");
        assert_eq!(shelves_last(None, None, 8, Lang::Zh).1, "够用8周");
        let two = Band { expected: 3.41, low: 2, high: 5 };
        assert_eq!([band(two, Lang::En), band(two, Lang::Zh)], ["2–5, about 3", "2～5，大约3"]);
    }

    #[test]
    fn plans_are_no_more_precise_than_plans_are() {
        let counted = |low, high, expected| band(Band { low, high, expected }, Lang::En);
        assert_eq!([counted(1, 1, 1.02), counted(0, 0, 0.07), counted(0, 1, 0.22)], ["1", "0", "0–1, probably none"]);
        assert_eq!([planned_hours(3.01, Lang::En), planned_hours(0.14, Lang::Zh)], ["3 h", "0小时"]);
        let costs = |amount, currency, lang| money(amount, currency, lang);
        assert_eq!(
            [costs(7_240.4, "EUR", Lang::En), costs(12_340.0, "CNY", Lang::Zh), costs(952.0, "SEK", Lang::En)],
            ["7,200 euros", "1.2万元", "950 SEK"]
        );
        assert_eq!([costs(3_003.0, "CNY", Lang::En), costs(7.4, "EUR", Lang::En)], ["3,000 yuan", "7 euros"]);
        assert_eq!(
            [costs(0.0, "CNY", Lang::En), costs(99.6, "CNY", Lang::En), costs(-3.0, "CNY", Lang::En)],
            ["0 yuan", "100 yuan", "0 yuan"]
        );
    }
}
