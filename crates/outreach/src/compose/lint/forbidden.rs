//! The words that customers never read, each with the reason.

use foretell_model::WordSort;

/// Words that betray what the customer must not have to think about, with the reason. Latin words match whole words in any
/// case, Chinese ones anywhere.
pub(super) const FORBIDDEN: &[(WordSort, &[&str])] = &[
    (
        WordSort::InternalMatters,
        &[
            "kpi",
            "target",
            "targets",
            "quota",
            "score",
            "scores",
            "scoring",
            "penalty",
            "penalties",
            "call-back",
            "callback",
            "callbacks",
            "call-backs",
            "commission",
            "bonus",
            "sla",
            "satisfaction",
            "escalation",
            "指标",
            "考核",
            "评分",
            "打分",
            "得分",
            "罚款",
            "扣款",
            "扣分",
            "回访",
            "满意度",
            "任务量",
            "业绩",
            "提成",
            "绩效",
            "客诉",
        ],
    ),
    (
        WordSort::Selling,
        &[
            "discount",
            "discounts",
            "promotion",
            "special offer",
            "bargain",
            "cheap",
            "limited time",
            "折扣",
            "优惠",
            "促销",
            "打折",
            "特价",
            "限时",
            "立减",
            "半价",
            "降价",
            "减免",
            "便宜",
            "half price",
            "off the price",
            "price cut",
            "on sale",
        ],
    ),
    (
        WordSort::Jargon,
        &[
            "rul",
            "p10",
            "p50",
            "p90",
            "ua",
            "ntu",
            "residual",
            "quantile",
            "percentile",
            "likelihood",
            "anomaly",
            "algorithm",
            "baseline",
            "regime",
            "prognosis",
            "k/d",
            "sigma",
            "残差",
            "分位",
            "置信",
            "似然",
            "算法",
            "基线",
            "剩余寿命",
            "工况回归",
            "失效模式",
        ],
    ),
    (
        WordSort::Alarm,
        &[
            "danger",
            "dangerous",
            "catastrophic",
            "disaster",
            "immediately",
            "at once",
            "breakdown",
            "warning!",
            "危险",
            "严重后果",
            "灾难",
            "立即",
            "立刻",
            "马上停",
            "报废",
        ],
    ),
    (
        WordSort::Blame,
        &[
            "your fault",
            "negligence",
            "neglected",
            "you failed",
            "you should have",
            "misuse",
            "your own fault",
            "at your own risk",
            "because you did not",
            "because you didn't",
            "because you never",
            "because you have not",
            "because you haven't",
            "you never",
            "lack of maintenance",
            "poor maintenance",
            "poorly maintained",
            "improper use",
            "疏忽",
            "违规",
            "使用不当",
            "您没有",
            "您本应",
            "责任在",
            "后果自负",
            "责任自负",
            "怪您",
            "怪你",
            "您的责任",
            "你们的责任",
            "贵司的责任",
            "保养不当",
            "保养不到位",
            "操作不当",
            "操作失误",
            "人为造成",
        ],
    ),
    (
        WordSort::PrivateMatters,
        &[
            "married",
            "divorce",
            "divorced",
            "your wife",
            "your husband",
            "your family",
            "your children",
            "your age",
            "how old are you",
            "your salary",
            "your income",
            "your health",
            "your home",
            "home address",
            "birthday",
            "pregnant",
            "religion",
            "private life",
            "difficult customer",
            "bad-tempered",
            "troublemaker",
            "stingy",
            "结婚",
            "离婚",
            "老婆",
            "老公",
            "爱人",
            "您家里",
            "家里人",
            "您孩子",
            "生日",
            "多大年纪",
            "您的年龄",
            "您的收入",
            "工资",
            "怀孕",
            "身体不好",
            "家庭住址",
            "宗教",
            "隐私",
            "脾气",
            "难缠",
            "难搞",
            "挑剔",
            "抠门",
            "小气",
            "爱抱怨",
        ],
    ),
    (
        WordSort::StaffMatters,
        &[
            "resigned",
            "dismissed",
            "was fired",
            "laid off",
            "sick leave",
            "maternity leave",
            "short-staffed",
            "understaffed",
            "overworked",
            "overtime pay",
            "on probation",
            "staff shortage",
            "离职",
            "辞职",
            "辞退",
            "开除",
            "裁员",
            "病假",
            "产假",
            "试用期",
            "人手不足",
            "人手不够",
            "缺人手",
            "加班费",
        ],
    ),
];

/// Numbers that stand before `折` where a price is reduced.
const TENTHS: &str = "0123456789.一二三四五六七八九两";

/// A reduced price that is written as a figure: `八折`, `8.5折`, `20% off`.
pub(super) fn reduced(lower: &str) -> Option<String> {
    let chinese = lower.match_indices('折').find_map(|(at, sign)| {
        let tenths: String = lower[..at].chars().rev().take_while(|c| TENTHS.contains(*c)).collect();
        let tenths: String = tenths.chars().rev().collect();
        (!tenths.is_empty()).then(|| format!("{tenths}{sign}"))
    });
    chinese.or_else(|| {
        ["% off", " % off", " percent off"].iter().find_map(|sign| {
            let at = lower.find(sign)?;
            let ends = !lower[at + sign.len()..].starts_with(|c: char| c.is_ascii_alphanumeric());
            // To run off load is no offer.
            let is_load = lower[at + sign.len()..].trim_start().starts_with("load");
            let figure: String = lower[..at].chars().rev().take_while(char::is_ascii_digit).collect();
            let figure: String = figure.chars().rev().collect();
            (ends && !is_load && !figure.is_empty()).then(|| format!("{figure}{sign}"))
        })
    })
}

/// Those of whom something is said.
const READERS: &[&str] = &["你们", "您", "贵司", "贵公司", "贵厂", "贵方", "你方"];
/// What they did not do.
const DUTIES: &[&str] = &[
    "按时",
    "及时",
    "定期",
    "按要求",
    "按规定",
    "按期",
    "保养",
    "维护",
    "清洗",
    "更换",
    "检查",
    "重视",
    "做清洗",
    "做保养",
];

/// A Chinese phrase by which the reader left something undone: reader, negation and duty close together.
pub(super) fn blamed(lower: &str) -> Option<String> {
    READERS.iter().flat_map(|reader| lower.match_indices(reader)).find_map(|(at, reader)| {
        let after: String = lower[at + reader.len()..].chars().take(8).collect();
        let no = after.find(['没', '未', '不']).filter(|no| after[..*no].chars().count() <= 3)?;
        let duty =
            DUTIES.iter().filter_map(|duty| Some((after[no..].find(duty)?, duty))).min_by_key(|(place, _)| *place)?;
        // `您没及时收到` blames nobody.
        let rest = &lower[at + reader.len() + no + duty.0 + duty.1.len()..];
        let between = after[no..no + duty.0].chars().count();
        (between <= 3 && !rest.starts_with('收') && !rest.starts_with('看'))
            .then(|| format!("{reader}{}", &after[..no + duty.0 + duty.1.len()]))
    })
}
