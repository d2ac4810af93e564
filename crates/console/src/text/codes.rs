//! Names for codes that come from the engine, the contact rules and admission. A code that is not listed shows as it is, with
//! blanks for underscores: a new fault mode must not need a change here.

use foretell_model::{Catalogue, Finding, FindingKind, Grade, Signal};

use super::words;
use crate::Lang;
use crate::pages::standing::Standing;

pub(super) fn look_up(code: &str, table: &[(&str, &'static str, &'static str)], lang: Lang) -> String {
    match table.iter().find(|(known, ..)| *known == code) {
        Some((_, en, zh)) => if lang == Lang::Zh { *zh } else { *en }.to_owned(),
        None => code.replace('_', " "),
    }
}

/// What a feature is called; hours since a work by the name of the work.
pub(crate) fn feature(code: &str, catalogue: &Catalogue, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("cooler_ua_loss", "Cooling capacity lost", "冷却能力下降"),
        ("discharge_excess_k", "Above its own normal", "排气温度高出自身正常值"),
        ("discharge_excess_rate_k_per_day", "How fast that grows", "高出部分的增长速度"),
        ("discharge_change_k", "Change of discharge temperature by the work", "检修带来的排气温度变化"),
        ("onset_step_share", "How much of it came all at once", "其中突然出现的部分"),
        ("site_common_share", "How much of it other machines on the site show too", "其中同现场其他机器也有的部分"),
        ("log_bayes_factor", "Strength of the evidence", "证据强度"),
        ("regulated_slope_k_per_k", "Rise per degree of ambient in cool hours", "凉爽时段气温每升高1度的升幅"),
        ("regulated_excess_k", "Above its own normal in cool hours", "凉爽时段高出自身正常值"),
        ("discharge_excess_sd_k", "Uncertainty of its own normal", "自身正常值的不确定度"),
        ("hinge_ambient_c", "Ambient above which clogging shows", "高于此气温才看得出堵塞"),
        ("hot_ambient_c", "Ambient in the hot hours", "高温时段的环境温度"),
        ("hinge_shift_k", "Shift of the ambient at which the valve is fully open", "温控阀全开气温的偏移"),
        ("own_normal", "Its own normal", "自身正常值"),
        ("separator_dp_bar", "Pressure drop across the separator", "油气分离芯压差"),
        ("oil_filter_dp_bar", "Pressure drop across the oil filter", "机油滤芯压差"),
        ("inlet_vacuum_mbar", "Vacuum behind the intake filter", "进气滤芯负压"),
        ("vibration_mm_s", "Vibration of the air end", "主机振动"),
        ("phase_imbalance", "Imbalance of the phase currents", "三相电流不平衡度"),
        ("injection_gap_k", "Discharge above injection temperature", "排气与喷油温差"),
        ("loaded_current_a", "Loaded current at equal pressure", "同等压力下的加载电流"),
        ("unloaded_current_share", "Unloaded over loaded current", "空载与加载电流之比"),
        ("load_share", "Loaded share of all hours", "全时段加载占比"),
        ("quiet_load_share", "Loaded share of the quiet hours", "用气低谷时段加载占比"),
        ("discharge_ripple_k", "Ripple of the discharge temperature", "排气温度波动"),
        ("valve_open_share", "Oil sent to the cooler in cool hours", "凉爽时段送往冷却器的油量"),
        ("ambient_hot_c", "Cooling air", "进风温度"),
        ("common_discharge_c", "Discharge in the hot hours, whole room", "高温时段排气温度（同机房各机组）"),
        ("settled_discharge_c", "Discharge temperature, loaded and warm", "热透加载时的排气温度"),
        ("lower_limit_c", "Lower limit of it", "排气温度下限"),
        ("lost_rise_k", "Less above the cooling air than it used to be", "相对进风的温升比过去减少"),
        ("unregulated_log_ratio", "Evidence that the valve no longer regulates", "温控阀失去调节作用的证据强度"),
        ("coolest_hour_c", "Coolest loaded hour", "最凉一小时的加载排气温度"),
        ("hot_excursions", "Sudden rises of temperature in three days", "三天内温度骤升次数"),
        ("run_hours_since_service", "Running hours since the last service", "上次保养后的运行小时"),
    ];
    let action = code.strip_prefix("run_hours_since_").and_then(|work| catalogue.actions.get(work));
    match (action.map(|action| action.name.in_language(lang.tag())), lang) {
        (Some(work), Lang::En) => format!("Running hours since the last time ({work})"),
        (Some(work), Lang::Zh) => format!("上次{work}后的运行小时"),
        (None, _) => look_up(code, TABLE, lang),
    }
}

/// Whether a feature is of this moment and has no beginning to be dated.
pub(crate) fn is_momentary(feature: &str) -> bool {
    !matches!(feature, "cooler_ua_loss" | "discharge_excess_k" | "discharge_change_k" | "discharge_temp_residual_k")
        && !feature.ends_with("_dp_bar")
        && !matches!(feature, "inlet_vacuum_mbar" | "vibration_mm_s")
}

/// What a part is called.
pub(crate) fn part(code: &str, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("oil", "oil", "润滑油"),
        ("oil_filter", "oil filter", "机油滤芯"),
        ("intake_filter", "intake filter", "进气滤芯"),
        ("separator_element", "separator element", "油气分离芯"),
        ("thermostatic_valve_kit", "thermostatic valve kit", "温控阀芯组件"),
        ("inlet_valve_kit", "inlet valve kit", "进气阀维修包"),
        ("fan_motor", "fan motor", "风扇电机"),
        ("bearing_grease", "bearing grease", "轴承润滑脂"),
        ("sensor", "sensor", "传感器"),
    ];
    look_up(code, TABLE, lang)
}

/// Why the governor holds or refuses. A sentence passes as it is.
pub(crate) fn governor_reason(code: &str, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("quiet_hours", "quiet hours", "对方休息时间"),
        ("weekend", "weekend", "周末"),
        ("holiday", "holiday", "节假日"),
        ("machine_cap", "this machine was written about only recently", "这台机器近期已经发过一次"),
        (
            "customer_cap",
            "this customer has had as many messages as are allowed for now",
            "近期给这位客户发的消息已达上限",
        ),
        ("not_now", "the customer asked to be left for now", "客户要求暂不打扰"),
        ("opt_out", "the customer wants no such messages", "客户已退订此类消息"),
        ("reminded", "one reminder was sent already", "已提醒过一次"),
        ("followed_up", "the job was followed up once", "已经回访过一次"),
        ("trouble", "a service case is open on this machine", "这台机器有报修还在处理"),
        ("silent", "a named person has taken over; nothing is sent by itself", "已由专人接手，系统不再自动发送"),
        (
            "clock_in_doubt",
            "this computer's clock went back; waiting until it has run steadily",
            "本机时钟刚刚回拨过，等稳定后再发",
        ),
        (
            "no_route",
            "the customer has no address on any channel in use; call instead",
            "没有可用的联系方式，请直接打电话",
        ),
        ("opted_out", "the customer wants no such messages", "客户已退订此类消息"),
        ("stage", "the customer is displeased; a person should speak first", "客户有不满，应先由人沟通"),
        ("alongside", "it goes with what the customer knows about the machine beside it", "跟旁边那台机器的事一起说"),
        ("case_open", "a case is open on this machine", "这台机器有报修还在处理"),
        ("open_case", "another matter on this machine is under way", "这台机器还有一件事没办完"),
    ];
    look_up(code.trim_end_matches(['.', '。']), TABLE, lang)
}

/// By which way somebody spoke.
pub(crate) fn channel(code: &str, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("email", "by e-mail", "邮件"),
        ("phone", "by telephone", "电话"),
        ("page", "on the page", "预约页面"),
        ("visit", "on site", "上门"),
        ("field", "in the technician's app", "工程师手机端"),
        ("desk", "in the console", "控制台"),
        ("controller", "by its controller", "控制器上报"),
        ("sms", "by SMS", "短信"),
        ("wecom", "by WeCom", "企业微信"),
        ("dingtalk", "by DingTalk", "钉钉"),
        ("feishu", "by Feishu", "飞书"),
        ("mqtt", "on the machine's display", "机旁显示"),
    ];
    look_up(code, TABLE, lang)
}

/// A medium by name.
pub(crate) fn medium(code: &str, lang: Lang) -> String {
    const TABLE: &[(&str, &str, &str)] = &[
        ("email", "E-mail", "邮件"),
        ("phone", "Telephone", "电话"),
        ("sms", "SMS", "短信"),
        ("wecom", "WeCom", "企业微信"),
        ("dingtalk", "DingTalk", "钉钉"),
        ("feishu", "Feishu", "飞书"),
        ("webhook", "Webhook", "Webhook 推送"),
        ("mqtt", "The machine's display", "机旁显示屏"),
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
        ("wrong_type", "Wrong type", "类型不符"),
        ("missing_field", "Required field missing", "缺少必填项"),
        ("bad_time", "No usable time stamp", "时间戳无效"),
        ("from_future", "From the future", "时间在未来"),
        ("too_old", "Too old", "时间过旧"),
        ("out_of_range", "Physically impossible value", "数值超出物理范围"),
        ("unknown_word", "Unknown word", "未知词"),
        ("not_authorised", "Not allowed for this login", "该登录无权限"),
        ("retained_untimed", "Old value without a time", "无时间的旧值"),
        ("too_many_machines", "Too many machines", "机器过多"),
        ("no_birth", "Alias before its birth (Sparkplug)", "未收到上线报文的别名（Sparkplug）"),
        ("unknown_alias", "Unknown alias (Sparkplug)", "未知别名（Sparkplug）"),
        ("contradiction", "Two values for one thing", "同一项有两个不同的值"),
        ("ambiguous_metric", "Ambiguous metric (Sparkplug)", "含义不明的测点（Sparkplug）"),
        ("identity_taken", "Machine claimed twice (Sparkplug)", "机器标识重复（Sparkplug）"),
    ];
    look_up(code, TABLE, lang)
}

/// What a signal is called, and its unit as people write it.
pub(crate) const fn signal(signal: Signal, lang: Lang) -> (&'static str, &'static str) {
    let (en, zh) = match signal {
        Signal::DischargeTemp => ("Discharge", "排气温度"),
        Signal::MotorCurrent => ("Current", "电流"),
        Signal::RunHours => ("Run hours", "运行小时"),
        Signal::LoadHours => ("Load hours", "加载小时"),
        Signal::AmbientTemp => ("Ambient", "环境温度"),
        Signal::DischargePressure => ("Pressure", "排气压力"),
        Signal::OilInjectionTemp => ("Oil injection", "喷油温度"),
        Signal::OilFilterDp => ("Oil filter Δp", "机油滤芯压差"),
        Signal::SeparatorDp => ("Separator Δp", "油气分离芯压差"),
        Signal::InletVacuum => ("Inlet vacuum", "进气负压"),
        Signal::Vibration => ("Vibration", "振动"),
        Signal::MotorCurrentL1 => ("L1", "L1相"),
        Signal::MotorCurrentL2 => ("L2", "L2相"),
        Signal::MotorCurrentL3 => ("L3", "L3相"),
        Signal::Power => ("Power", "功率"),
    };
    match (lang, signal.unit().as_bytes()) {
        (Lang::En, _) => (en, signal.unit()),
        (Lang::Zh, [.., b'C']) => (zh, super::celsius(lang)),
        (Lang::Zh, _) => (zh, signal.unit()),
    }
}

/// What heads a finding: how pressing it is, or what kind of remark it is where nothing is wrong.
pub(crate) const fn kind_label(finding: &Finding, lang: Lang) -> &'static str {
    let words = words(lang);
    match finding.kind {
        FindingKind::Observability => words.standing_hidden,
        FindingKind::MaintenanceDue => words.kind_due,
        FindingKind::MaintenanceEffect => words.kind_effect,
        FindingKind::Prediction | FindingKind::Anomaly | FindingKind::SensorFault => match finding.grade {
            Grade::Urgent => words.standing_urgent,
            Grade::Advise => words.standing_advise,
            Grade::Watch => words.standing_watch,
        },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_symptom_is_seen_in_has_a_name_in_chinese() {
        const SOURCE: &str = include_str!("../../../../config/faults.toml");
        let catalogue = Catalogue::parse(SOURCE).unwrap();
        let features: Vec<&str> =
            SOURCE.lines().filter_map(|line| line.strip_prefix("feature = \"")?.strip_suffix('"')).collect();
        assert!(features.len() > 10, "{features:?}");
        let nameless: Vec<&str> =
            features.into_iter().filter(|code| feature(code, &catalogue, Lang::Zh).is_ascii()).collect();
        assert!(nameless.is_empty(), "{nameless:?}");
    }
}
