//! The table of words: every fixed string of every page, English beside Chinese.
//!
//! A struct and not a map, so that a template which names a missing word does not compile.

macro_rules! words {
    ($($name:ident = $en:literal, $zh:literal;)+) => {
        /// Every fixed string of the pages, in one language.
        #[derive(Debug)]
        pub(crate) struct Words { $(pub(crate) $name: &'static str,)+ }
        static EN: Words = Words { $($name: $en,)+ };
        static ZH: Words = Words { $($name: $zh,)+ };
        #[cfg(test)]
        pub(super) const PAIRS: &[(&str, &str, &str)] = &[$((stringify!($name), $en, $zh),)+];

        /// The words of a language.
        pub(crate) const fn words(lang: crate::Lang) -> &'static Words {
            match lang {
                crate::Lang::En => &EN,
                crate::Lang::Zh => &ZH,
            }
        }
    };
}

words! {
    // The frame of every page.
    skip = "Skip to content", "跳到正文";
    pages = "Pages", "页面";
    fleet = "Fleet", "机群";
    queue = "Queue", "待办";
    ingest = "Intake", "数据接入";
    users = "Users", "用户";
    other_language = "中文", "English";
    live_on = "Live", "实时";
    live_off = "Reconnecting", "正在重连";
    foot = "Foretell · know first, sense first, act first", "Foretell · 先知、先觉、先行";
    back = "Back", "返回";

    // Fleet.
    show_all = "Show all", "显示全部";
    to_machine = "Forecast, health, features and readings", "预测、健康、特征与读数";
    needs_attention = "Needs attention", "需要关注";
    sites = "Sites", "现场";
    nothing_found = "No machine matches.", "没有符合条件的机器。";
    no_machines = "No machine has been heard of yet. As soon as one publishes a reading, it appears here.", "还没有收到任何机器的数据。第一条读数到达后，机器会自动出现在这里。";

    // Where a machine stands.
    standing_urgent = "Urgent", "紧急";
    standing_broken = "Broken down", "故障停机";
    standing_advise = "Advise", "建议处理";
    standing_watch = "Watch", "观察";
    kind_due = "Service due", "到期保养";
    kind_effect = "Effect of work", "维修效果";
    standing_booked = "Visit booked", "已预约";
    standing_offline = "Offline", "离线";
    standing_hidden = "Not observable now", "暂不可判断";
    standing_learning = "Learning", "学习中";
    standing_good = "Normal", "正常";
    run_stopped = "stopped", "停机";
    run_starting = "starting", "启动中";
    run_unloaded = "unloaded", "空载";
    run_loaded = "loaded", "加载";
    never = "never", "从未";
    normal_sentence = "Runs as it should.", "运行正常。";
    normal_but_due = "Runs as it should. By its running hours it is due for service; see below.", "运行正常。按运行小时，该做保养了，具体见下面的建议事项。";
    offline_sentence = "No connection to the controller.", "与控制器失去连接。";
    hidden_cool = "It has not been hot enough lately for the cooler to show its condition.", "最近天气不够热，暂时看不出冷却器的状况。";
    hidden_load = "Too few loaded hours lately to judge by.", "最近加载时间太少，暂时无法判断。";
    hidden_sensor = "A sensor cannot be trusted, so the condition cannot be judged.", "有传感器读数不可靠，暂时无法判断状况。";
    hidden_silent = "There have been no data for too long to judge by.", "太久没有数据，无法判断。";
    hidden_other = "The condition cannot be judged at present.", "目前无法判断状况。";

    // Curve.
    limit = "Limit", "限值";
    today = "Today", "今天";
    curve_title = "Discharge temperature in the hottest loaded hours of each day", "每天最热几个加载小时的排气温度";
    hover_hint = "Pick a day to see its figures.", "选中某一天可查看数值。";
    customer_curve = "How hot the machine has been running", "机器每天的运行温度";
    customer_line = "Measured", "实测";
    customer_band = "Normal for this machine in that weather", "当天天气下这台机器的正常范围";
    customer_hint = "Pick a point on the curve to read it.", "选曲线上的一点可查看说明。";
    customer_cone = "What to expect", "预计走势";
    customer_window = "When it is likely to need attention", "预计需要处理的时段";
    customer_limit = "Warning limit of the controller", "控制器的预警温度";
    legend_line = "Measured", "实测";
    legend_band = "Normal for this machine in that weather and load", "本机在当天气温与负荷下的正常范围";
    legend_cone = "Forecast (8 in 10 chance), dashed: the middle", "预测范围（八成把握），虚线为居中值";
    legend_window = "When the limit is likely to be reached", "可能到达限值的时段";
    legend_limit = "Warning limit of the controller", "控制器预警线";
    counter_title = "Running hours since the last service", "上次保养以来的运行小时";
    counter_line = "Counted", "已运行";
    counter_cone = "At this machine's own pace", "按本机运行节奏推算";
    counter_window = "When service is likely to fall due", "预计到期的时段";
    counter_limit = "Service interval", "保养间隔";
    legend_mean = "Hourly mean", "小时均值";
    legend_peak = "Hourly peak", "小时峰值";
    legend_ambient = "Ambient", "环境温度";

    // Machine.
    drill_title = "From the claim to the readings", "从结论到原始读数";
    step_advisory = "Advisory", "建议";
    step_advisory_why = "What we say, and what else it could be.", "我们的判断，以及其他可能。";
    step_forecast = "Forecast", "预测";
    step_forecast_why = "When the limit is reached if nothing is done.", "如不处理，何时到达限值。";
    step_health = "Health", "健康";
    step_health_why = "How much has been lost, measured against this machine's own normal.", "与本机自身基线相比损失了多少。";
    step_features = "Features", "特征";
    step_features_why = "What is computed from the readings.", "由读数计算得出。";
    step_readings = "Readings", "读数";
    step_readings_why = "What the controller sent, as it came.", "控制器发来的原始数据。";
    no_open_finding = "Nothing is open on this machine.", "这台机器目前没有未结事项。";
    no_forecast = "There is no forecast at present.", "目前没有预测。";
    no_features = "No features yet.", "暂无特征。";
    doubtful_note = "Struck through: the source says not to trust it.", "加删除线的读数：来源标明不可信。";
    no_readings = "No readings in this span.", "该时段没有读数。";
    open_in_queue = "Open in the queue", "在待办中打开";
    causes = "Likely causes", "可能原因";
    other_causes = "Something else", "其他原因";
    all_readings = "All readings", "全部读数";
    hourly_title = "Last 7 days by the hour", "最近7天逐小时";
    runs_when = "When it runs (share of each hour of the week)", "运行时段（每周各小时的运行占比）";
    earlier = "Earlier", "历史";
    feature = "Feature", "特征";
    value = "Value", "数值";
    change_per_day = "Per day", "每天变化";
    since = "Since", "起始日";
    time = "Time", "时间";
    state = "State", "状态";
    from = "From", "从";
    to = "To", "至";
    show = "Show", "查看";
    fact_temp = "Discharge temperature", "排气温度";
    fact_state = "State", "状态";
    fact_run_hours = "Running hours", "运行小时";
    fact_per_day = "Hours per day", "日均运行";
    fact_last = "Last reading", "最近读数";
    fact_rated = "Rated power", "额定功率";
    fact_baseline = "Learned since", "开始学习";
    fact_days = "Days learned", "已学习天数";
    fact_hinge = "Fouling shows above", "高于此气温可见堵塞";
    fact_ambient = "Ambient", "环境温度";
    ambient_measured = "measured", "实测";
    ambient_estimated = "estimated, so intervals are wider", "估算，区间更宽";
    quantile_10 = "Earliest (1 in 10 sooner)", "最早（约10%可能更早）";
    quantile_50 = "Middle", "居中";
    quantile_90 = "Latest (1 in 10 later)", "最晚（约10%可能更晚）";
    beyond = "beyond 90 days", "90天以后";

    // Queue.
    queue_order = "What would cost most by waiting comes first.", "按拖延的代价排序。";
    queue_empty = "Nothing is waiting for you.", "没有等您处理的事项。";
    evidence = "Evidence", "依据";
    contacts = "Contacts so far", "往来记录";
    written = "What the customer has in writing", "已发给客户的内容";
    no_contacts = "None yet.", "尚无记录。";
    message = "Message to the customer", "给客户的消息";
    approve = "Approve and send", "批准并发送";
    approve_joins = "Add it to that visit", "同意一起做";
    approve_held = "Approve, send at the next open hour", "批准，到可发送时段再发";
    edit = "Edit", "修改";
    subject = "Subject", "主题";
    text = "Text", "正文";
    save = "Save", "保存";
    postpone = "Postpone", "推迟";
    call_outcome = "Record the call", "记录通话结果";
    call_said = "What was said", "通话内容";
    call_then = "What comes of it", "后续";
    call_then_letter = "reached: write a new letter", "已联系上：重新写信";
    call_then_close = "reached: nothing more to do", "已联系上：无需再跟进";
    call_then_again = "not reached: call again", "未联系上：稍后再打";
    book_for = "Book a visit", "代客户预约";
    book_odd = "Outside visiting hours, agreed with the customer", "不在常规上门时间内，已与客户约定";
    time_free = "still free", "还可以约";
    time_taken = "no longer free", "已被约走";
    time_passed = "has passed", "已过";
    time_chosen = "booked", "已约这个时间";
    move_visit = "Move the visit", "改约时间";
    move_to = "Move to", "改到";
    move_other = "Another time", "其他时间";
    customer_rang = "The customer rang", "客户来电";
    told_by_phone = "Told on the telephone: send the calendar file only, no letter", "电话里已说好：只发日历附件，不再发信";
    cancel_for = "Cancel the visit", "取消上门";
    cancel_for_note = "For a customer who asks for it. The time is given back, and the technician no longer has the visit.", "客户提出取消时用。这个时间会让出来，工程师的安排里也不再有这次上门。";
    cancel_then = "Then", "之后";
    cancel_then_call = "find another time", "再和客户商量时间";
    cancel_then_close = "nothing more to do", "不用再跟进";
    move_or_cancel = "Move or cancel", "改约或取消";
    visit_booked_for = "Visit booked for", "已约上门：";
    done_moved = "The visit is moved.", "上门时间已改好。";
    done_cancelled = "The visit is cancelled.", "上门已取消。";
    book_when = "Other date and time (the customer's clock)", "其他日期时间（客户当地时间）";
    close_case = "Close it", "结束此事项";
    took_place_ask = "has passed. Has the visit taken place?", "已过，上门是否已完成？";
    took_place = "Yes, the work is done", "是，工作已完成";
    took_not_place = "No, it did not take place", "否，未进行";
    their_words = "In the customer's words", "客户原话";
    no_phone = "No telephone number is registered. Address:", "未登记电话，联系地址：";
    done_called = "The call is recorded.", "通话已记录。";
    done_booked = "The visit is booked.", "上门已约好。";
    done_closed = "Closed.", "已结束。";
    done_visited = "Recorded. The machine's normal is learned anew from now on.", "已记录，将重新学习这台机器的正常状态。";
    done_missed = "Recorded. It is back in your queue.", "已记录，此事项重新打开。";
    done_arrived = "Recorded: the letter arrived.", "已记录：信件已送达。";
    done_again = "It will be sent again at the next hour at which we may write.", "将在可发送时段重新发送。";
    done_revoked = "The links no longer work.", "链接已全部失效。";
    done_noted = "Noted.", "已知悉。";
    unsettled = "Nobody knows whether the letter arrived. Ask the customer, then say so here.", "不确定信件是否送达。请先向客户确认，再在此处理。";
    word_unknown = "Nobody knows whether this arrived. Ask the customer, then say so here.", "不确定这条消息是否送达。请先向客户确认，再在此处理。";
    loose_replies = "Customers wrote", "客户来信";
    loose_noted = "Read and answered", "已看并答复";
    untold = "Has the customer heard?", "客户收到了吗？";
    untold_unknown = "may not have arrived: ask the customer", "不确定是否送达，请向客户确认";
    untold_lost = "did not arrive: tell the customer by telephone", "没有送达，请打电话告知客户";
    untold_note = "the technician's note is in a language that the customer does not read: write it anew", "工程师写的说明客户看不懂，请换成客户的语言写一遍";
    word_failed = "This did not arrive. Tell the customer by telephone, or send it again.", "这条消息没有送达。请打电话告知客户，或重新发送。";
    it_arrived = "It arrived", "已送达";
    send_again = "Send again", "重新发送";
    revoke_link = "Withdraw the links", "收回链接";
    revoke_note = "The links in all letters about this will no longer work. A booked visit stays booked.", "收回后，这件事相关信件里的链接都不能再打开；已约好的上门不受影响。";
    noted = "Noted", "已知悉";
    state_visit_over = "Has the visit taken place?", "上门是否已完成？";
    state_internal = "Stays inside the company", "仅内部可见";
    postpone_for = "For", "推迟";
    days_1 = "1 day", "1天";
    days_3 = "3 days", "3天";
    days_7 = "1 week", "1周";
    days_14 = "2 weeks", "2周";
    reason = "Reason", "原因";
    hand_over = "Hand over", "转交";
    hand_over_to = "To", "转交给";
    hand_over_hint = "Whoever takes over signs the letters and appears on the customer's page from then on.", "今后由接手的顾问署名，客户页面上也显示这位顾问。";
    done_handed_over = "Handed over.", "已转交。";
    write_after_all = "Write after all", "还是写信";
    done_written = "It is a letter again.", "已改回写信。";
    call_instead = "Call instead", "改为打电话";
    call_instead_note = "This letter will not be sent, and its link will not work. The case then waits for your call; afterwards a new letter can be written.", "这封信不再发送，其中的链接随之失效。事项转为待致电；通话后可以再写新的信。";
    call_instead_do = "Withdraw the letter and call", "撤下信件，改为打电话";
    phone = "Telephone", "电话";
    customer_page = "The customer's page", "客户看到的页面";
    parts = "Parts", "配件";
    no_parts = "none", "无";
    work_time = "Work", "工作内容";
    machine_stops = "Machine", "机器";
    stops_yes = "has to stop", "需停机";
    stops_no = "keeps running", "无需停机";
    stage = "Customer stage", "客户状态";
    we_said = "we", "我方";
    they_said = "customer", "客户";
    machine_said = "machine", "机器";
    done_approved = "Approved. It will go out at the next hour at which we may write.", "已批准，到可发送时段即发出。";
    done_edited = "Saved. It is still a draft.", "已保存，仍为草稿。";
    done_postponed = "Postponed.", "已推迟。";
    done_call = "Marked as a call to make.", "已标记为电话沟通。";
    state_draft = "Draft", "草稿";
    state_call = "Call to make", "待致电";
    state_declined = "Customer said not now", "客户说暂时不用";
    state_closed = "Closed", "已结束";
    governor_allowed = "May be sent now.", "现在可以发送。";

    // Customer's page.
    booked_eyebrow = "Your visit is booked", "已为您约好";
    add_to_calendar = "Add to calendar", "加入日历";
    one_tap = "One tap books it. You can change or cancel it here later.", "点一下就能约好，之后可以在这里改期或取消。";
    another_time = "Another time", "换个时间";
    another_time_ask = "When would suit you? We will call to confirm.", "您什么时候方便？我们会打电话跟您确认。";
    send = "Send", "发送";
    not_now = "Not now", "暂时不用";
    not_now_ask = "We will not write about this for", "这件事，多久之内先不打扰您";
    weeks_2 = "2 weeks", "两周";
    month_1 = "a month", "一个月";
    months_3 = "3 months", "三个月";
    confirm = "Confirm", "确定";
    stop_messages = "Stop such messages", "不再接收这类消息";
    stop_sure = "We will not send you such messages again. News of a visit you have booked, or of a breakdown, will still reach you. You can change your mind here at any time.", "以后不再给您发这类消息；约好的上门和报修的进展，仍会照常通知您。想恢复的话，随时可以在这里改回来。";
    reschedule = "Choose another time", "改期";
    cancel_visit = "Cancel the visit", "取消上门";
    cancel_sure = "We will free the time. You can choose another one on this page whenever you like.", "这个时间会让出来，您随时可以在这里另选。";
    cancel_yes = "Yes, cancel", "确认取消";
    questions = "Questions? Call", "有问题请打电话";
    visit_who = "Who comes", "上门人员";
    visit_unassigned = "We will tell you the name beforehand", "定了是哪位师傅，会提前告诉您";
    visit_what = "What we do", "工作内容";
    visit_long = "How long", "所需时间";
    visit_past_text = "That time has passed. If anything is still open, please call us.", "约定的时间已经过了。如果还有没办完的事，请给我们打电话。";
    stopped_undo = "If you change your mind, one tap is enough.", "想恢复的话，点一下就行。";
    book_after_all = "Book a visit after all", "还是约个上门时间";
    cancelled_notice = "Your visit is cancelled. You can choose another time here whenever you like.", "上门已取消，您随时可以在这里另选时间。";
    choose_headline = "A suggestion for your compressor", "关于您这台空压机的一点建议";
    again_headline = "May we come and look again?", "想再上门看一次";
    choose_headline_several = "A suggestion for your compressors", "关于您这几台空压机的一点建议";
    another_headline = "Thank you. We will call you about the time.", "好的，我们会打电话跟您商定时间。";
    stopped_headline = "All right. You will get no more such messages.", "好的，以后不再给您发这类消息。";
    done_headline = "There is nothing left to book.", "目前不需要预约。";
    link_bad = "This link does not work", "链接无效";
    link_bad_text = "It may have been cut off when it was copied. Please open it from our message once more, or call your service advisor.", "可能是复制时没有复制完整。请从我们的消息里重新打开，或给您的服务顾问打电话。";
    link_old = "This link has expired", "链接已过期";
    link_old_text = "Nothing is lost: please call your service advisor, who will gladly find a time with you.", "没关系，给您的服务顾问打个电话，再约个时间就好。";
    link_back = "This link is no longer in use", "这个链接已停用";
    link_back_text = "We have withdrawn it, perhaps because a newer message has replaced it. Please open the link in our latest message, or call your service advisor.", "我们收回了这个链接，可能已经给您发过新的消息。请打开最近一条消息里的链接，或给您的服务顾问打电话。";
    link_down = "We cannot show this page just now", "页面暂时无法显示";
    link_down_text = "Please try again in a few minutes. Your booking, if you have made one, is safe.", "请过几分钟再试。已经约好的时间不受影响。";

    // Intake.
    sources = "Sources", "数据来源";
    source = "Source", "来源";
    clients = "Controllers", "控制器";
    rate = "Readings/s", "读数/秒";
    kept = "Kept", "已保存";
    refused = "Refused", "已拒收";
    last_reading = "Last reading", "最近读数";
    no_sources = "No source is configured.", "尚未配置数据来源。";
    webhooks = "Webhooks", "事件推送";
    webhook = "To", "接收方";
    delivered = "Delivered", "已送达";
    waiting = "Waiting", "待处理";
    last_delivered = "Last delivered", "最近送达";
    webhook_good = "in order", "正常";
    refusals = "Refused, by reason", "拒收原因";
    no_refusals = "Nothing was refused.", "没有拒收的数据。";
    quarantine = "Newest in quarantine", "最新隔离数据";
    quarantine_empty = "The quarantine is empty.", "隔离区为空。";
    quarantine_all = "All of the quarantine", "全部隔离数据";
    quarantine_title = "Quarantine", "隔离区";
    quarantine_none = "Nothing in the quarantine matches.", "没有符合条件的隔离数据。";
    quarantine_hint = "Once the configuration is corrected, this tries them again, except what a login had no right to:", "修正配置后，可用以下命令重新接收（因登录无权限而被拒的除外）：";
    older = "Older", "更早";
    refusal_reason = "Reason", "原因";
    any_reason = "Any reason", "全部原因";
    machine_id = "Site/machine", "现场/机器";
    clocks = "Clocks that differ from ours", "与本机时间不一致的时钟";
    no_clocks = "No machine's clock is more than a minute off.", "没有机器的时钟偏差超过一分钟。";
    clock_off = "Its clock", "时钟偏差";
    refused_ahead = "Refused for it", "因此拒收";
    connected = "Connected", "已连接";
    disconnected = "Not connected", "未连接";

    // Health report.
    health_report = "Equipment health report", "设备健康报告";
    health_pdf = "Download as PDF", "下载 PDF";
    health_scores = "The state of each part", "各系统状况";
    health_scores_note = "A score is the chance, in per cent, that the part needs no work within 30 days. Service that comes due takes points off; cooling never scores more than the capacity it has left. ≈: seen only in part by the sensors there are. N/A: cannot be told, which is not the same as healthy.", "分数表示该系统30天内不用检修的把握有多大；保养临近到期会扣分，冷却系统的分数不超过剩余的冷却能力。“≈”表示现有测点只能反映一部分状况。“无法评分”是数据不足，不等于健康。";
    health_not_available = "N/A", "无法评分";
    health_clean = "Nothing found.", "未发现异常。";
    health_not_measured = "The data do not show its state at that time.", "数据不足，无法判断当时的状况。";
    health_learning = "We are still learning what is normal for this machine.", "还在学习这台机器的正常状态。";
    health_learning_anew = "Work was done lately; after a few days of running it can be judged again.", "刚检修过，再运行几天就能评分。";
    health_sensor = "A sensor should be checked.", "有传感器需要检查。";
    health_ahead = "What we advise", "建议事项";
    health_ahead_broken = "The repair comes first; whatever else is due will be discussed on site.", "先处理眼前的故障，其他事项到现场一并商量。";
    health_ahead_none = "Nothing needs to be planned at present.", "目前没有需要安排的事。";
    health_ahead_unknown = "The data do not allow any advice yet. That does not mean that all is well.", "数据不足，暂时给不出建议；这并不等于机器一切正常。";
    health_ahead_worked = "Work was done lately. Once the machine has run for a few days we can say what comes next.", "刚检修过，再运行几天后给出后续建议。";
    health_unchecked = "The temperature sensor cannot be checked at present: the machine has not cooled down completely for a month.", "机器已有一个月没有完全冷却，温度传感器暂时无法核对。";
    health_no_curve = "There are no data to draw yet.", "暂无可绘制的数据。";
    health_done = "What was done", "已完成的工作";
    health_done_none = "No work was reported in this period.", "本期没有检修记录。";
    health_repair = "Repair", "维修";
    health_effect = "Before and after", "检修前后对比";
    health_effect_note = "Compared at equal weather, load and pressure; ± is the uncertainty.", "在相同气温、负荷和压力下对比；±后面是误差。";
    health_effect_unclear = "Not clearly changed", "没有明显变化";
    health_energy = "Saving energy", "节能提示";
    health_period = "Period", "报告期";
    health_as_of = "As of", "截至";
    health_heard = "Days with data", "有数据的天数";
    health_contact = "Any questions? We are glad to help", "有问题欢迎联系";
    health_change_temp = "Discharge temperature", "排气温度";
    health_change_current = "Current under load", "加载电流";
    health_change_idle = "Current while idling", "空载电流";
    health_change_leak = "Leakage", "泄漏量";
    health_change_power = "Electrical power", "电功率";
    health_change_cost = "Electricity per month", "每月电费";
    health_leak_title = "Air that escapes through leaks", "管网漏气";
    health_leak_why = "Worked out from how much the compressor works while the plant is at rest.", "根据停产时段空压机的加载情况推算。";
    health_idle_title = "Power drawn without making air", "空载耗电";
    health_idle_why = "Worked out from the current while idling, compared with what such a machine should draw.", "根据空载电流推算，与同规格正常机器对比。";
    health_flow = "Escaping air", "漏气量";
    health_power = "Power", "功率";
    health_cost_year = "Electricity per year", "每年电费";
    health_down = "lower", "下降";
    health_up = "higher", "上升";
    // Backtest report.
    report_eyebrow = "Backtest: what would have been said, and when", "回测：当时会说什么、何时说";
    report_truth = "Limit reached", "实际到达限值";
    report_moment_caption = "What was known then, and what came after", "当时所知与之后的实际";
    report_would_send = "A message to the customer would have been drafted.", "此时会为客户起草消息。";
    report_then = "Then", "当时";
    report_end = "End", "结束日";
    report_inside = "Kept inside the company.", "仅公司内部可见。";

    // Faults of a request.
    not_found = "There is no such page", "没有这个页面";
    not_found_text = "The address may be mistyped, or what it named is gone.", "地址可能有误，或内容已不存在。";
    conflict = "It has changed meanwhile", "内容已有变化";
    conflict_text = "Somebody or something changed this after your page was loaded. Look at it again, then decide.", "页面打开之后内容已被更改，请重新查看后再决定。";
    invalid = "That cannot be done", "无法执行";
    failed = "Something on our side failed", "我们这边出了点问题";
    failed_text = "It is in the log. Please try again in a moment.", "已记入日志，请稍后再试。";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_both_languages_and_chinese_is_chinese() {
        for (name, en, zh) in PAIRS.iter().chain(super::super::desk::PAIRS).chain(super::super::field::PAIRS) {
            assert!(!en.is_empty() && !zh.is_empty(), "{name}");
            let han = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(han(zh) != han(en), "{name}: {en} / {zh}");
        }
    }
}
