//! Names for codes that come from the engine, the governor and admission. A code that is not listed shows as it is, with
//! blanks for underscores: a new fault mode must not need a change here.

use foretell_model::Signal;

use super::words;
use crate::Lang;
use crate::pages::standing::Standing;

fn look_up(code: &str, table: &[(&str, &'static str, &'static str)], lang: Lang) -> String {
    match table.iter().find(|(known, ..)| *known == code) {
        Some((_, en, zh)) => if lang == Lang::Zh { *zh } else { *en }.to_owned(),
        None => code.replace('_', " "),
    }
}

/// What a feature is called.
pub(crate) fn feature(code: &str, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("cooler_ua_loss", "Lost share of the cooler's capacity", "冷却器能力损失"),
        ("discharge_excess_k", "Excess over its own normal", "排气温度超出自身正常值"),
        ("discharge_excess_rate_k_per_day", "Growth of that excess", "超出值的增长速度"),
        ("discharge_change_k", "Change of discharge temperature by the work", "检修带来的排气温度变化"),
        ("onset_step_share", "Share that came at a stroke, not bit by bit", "其中突变（而非渐变）的份额"),
        ("site_common_share", "Share that all machines of the site have", "同现场机器共有的份额"),
        ("log_bayes_factor", "Strength of the evidence (log Bayes factor)", "证据强度（对数贝叶斯因子）"),
        ("regulated_slope_k_per_k", "Rise per kelvin of ambient in cool hours", "凉爽时段气温每升高 1 K 的升幅"),
        ("regulated_excess_k", "Excess in cool hours", "凉爽时段超出值"),
        ("discharge_excess_sd_k", "Uncertainty of that excess", "超出值的不确定度"),
        ("hinge_ambient_c", "Ambient above which clogging shows", "高于此环境温度可见堵塞"),
        ("run_hours_since_serviced", "Running hours since the last service", "上次保养后运行小时"),
        ("hot_ambient_c", "Ambient in the hot hours", "热时段环境温度"),
        ("hinge_shift_k", "Shift of the ambient at which the valve is fully open", "温控阀全开气温的偏移"),
        ("run_hours_since_service", "Running hours since the last service", "上次保养后运行小时"),
    ];
    look_up(code, TABLE, lang)
}

/// Why the governor holds or refuses. A sentence passes as it is.
pub(crate) fn governor_reason(code: &str, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("quiet_hours", "quiet hours", "安静时段"),
        ("weekend", "weekend", "周末"),
        ("holiday", "holiday", "节假日"),
        ("machine_cap", "this machine's one message per 30 days is used up", "该机器 30 天内的一次消息已用"),
        ("customer_cap", "this customer's two messages per 7 days are used up", "该客户 7 天内的两次消息已用"),
        ("not_now", "the customer asked to be left for now", "客户要求暂不打扰"),
        ("opt_out", "the customer wants no such messages", "客户已退订此类消息"),
        ("reminded", "it has been reminded of once", "已提醒过一次"),
        ("opted_out", "the customer wants no such messages", "客户已退订此类消息"),
        ("stage", "the customer is displeased; a person should speak first", "客户有不满，应先由人沟通"),
        ("case_open", "a case is open on this machine", "该机器已有进行中的工单"),
        ("open_case", "a case is open on this machine", "该机器已有进行中的工单"),
    ];
    look_up(code.trim_end_matches(['.', '。']), TABLE, lang)
}

/// By which way somebody spoke.
pub(crate) fn channel(code: &str, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("email", "by mail", "邮件"),
        ("phone", "by telephone", "电话"),
        ("page", "on the page", "预约页面"),
        ("visit", "on site", "上门"),
    ];
    look_up(code, TABLE, lang)
}

/// Why admission refused.
pub(crate) fn refusal_reason(code: &str, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("unknown_topic", "Unknown topic", "未知主题"),
        ("bad_identity", "Not an identity", "标识无效"),
        ("too_large", "Too large", "数据过大"),
        ("too_deep", "Nested too deeply", "嵌套过深"),
        ("too_many", "Too many items", "条目过多"),
        ("malformed", "Malformed", "格式错误"),
        ("wrong_type", "Of another shape", "类型不符"),
        ("missing_field", "Required field missing", "缺少必填项"),
        ("bad_time", "No usable time stamp", "时间戳无效"),
        ("from_future", "From the future", "时间在未来"),
        ("out_of_range", "Physically impossible value", "数值超出物理范围"),
        ("unknown_word", "Unknown word", "未知词"),
        ("retained_untimed", "Old value without a time", "无时间的旧值"),
        ("too_many_machines", "Too many machines", "机器过多"),
    ];
    look_up(code, TABLE, lang)
}

/// What a signal is called, and its unit as people write it.
pub(crate) const fn signal(signal: Signal, lang: Lang) -> (&'static str, &'static str) {
    let (en, zh, unit) = match signal {
        Signal::DischargeTemp => ("Discharge", "排气温度", "°C"),
        Signal::MotorCurrent => ("Current", "电流", "A"),
        Signal::RunHours => ("Run hours", "运行小时", "h"),
        Signal::LoadHours => ("Load hours", "加载小时", "h"),
        Signal::AmbientTemp => ("Ambient", "环境温度", "°C"),
        Signal::DischargePressure => ("Pressure", "排气压力", "bar"),
        Signal::OilInjectionTemp => ("Oil injection", "喷油温度", "°C"),
        Signal::OilFilterDp => ("Oil filter Δp", "油滤压差", "bar"),
        Signal::SeparatorDp => ("Separator Δp", "油分压差", "bar"),
        Signal::InletVacuum => ("Inlet vacuum", "进气负压", "mbar"),
        Signal::Vibration => ("Vibration", "振动", "mm/s"),
        Signal::MotorCurrentL1 => ("L1", "L1 相", "A"),
        Signal::MotorCurrentL2 => ("L2", "L2 相", "A"),
        Signal::MotorCurrentL3 => ("L3", "L3 相", "A"),
        Signal::Power => ("Power", "功率", "kW"),
    };
    match lang {
        Lang::En => (en, unit),
        Lang::Zh => (zh, unit),
    }
}

/// A standing in a word or two.
pub(crate) const fn standing_label(standing: Standing, lang: Lang) -> &'static str {
    let words = words(lang);
    match standing {
        Standing::Urgent => words.standing_urgent,
        Standing::Advise => words.standing_advise,
        Standing::Watch => words.standing_watch,
        Standing::Booked => words.standing_booked,
        Standing::Offline => words.standing_offline,
        Standing::Hidden => words.standing_hidden,
        Standing::Learning => words.standing_learning,
        Standing::Good => words.standing_good,
    }
}
