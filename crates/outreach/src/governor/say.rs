//! A decision in words, for the advisor, in each language.

use chrono::{Datelike, Timelike};
use foretell_model::{Catalogue, FaultCode, Timestamp};

use super::{Reason, Verdict};
use crate::calendar::Calendar;
use crate::care::CustomerStage;
use crate::registry::Language;

impl Verdict {
    /// One sentence without a full stop, with times as the customer's clock shows them.
    #[must_use]
    pub fn explain(&self, language: Language, calendar: &Calendar, catalogue: &Catalogue) -> String {
        let why = |reason: &Reason| reason.explain(language, catalogue);
        match (self, language) {
            (Self::Send, Language::En) => "may go out now".to_owned(),
            (Self::Send, Language::ZhCn) => "现在可以发出".to_owned(),
            (Self::Hold { until, reason }, Language::En) => {
                format!("held until {}: {}", time(language, calendar, *until), why(reason))
            }
            (Self::Hold { until, reason }, Language::ZhCn) => {
                format!("暂缓到{}发出：{}", time(language, calendar, *until), why(reason))
            }
            (Self::Drop { reason }, Language::En) => format!("not to be sent: {}", why(reason)),
            (Self::Drop { reason }, Language::ZhCn) => format!("不会发出：{}", why(reason)),
        }
    }

    /// Why it waits or is dropped.
    #[must_use]
    pub const fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Send => None,
            Self::Hold { reason, .. } | Self::Drop { reason } => Some(reason),
        }
    }
}

impl Reason {
    /// The reason alone.
    #[must_use]
    pub fn explain(&self, language: Language, catalogue: &Catalogue) -> String {
        match language {
            Language::En => self.in_english(catalogue),
            Language::ZhCn => self.in_chinese(catalogue),
        }
    }

    fn in_english(&self, catalogue: &Catalogue) -> String {
        match self {
            Self::QuietHours => "quiet hours".into(),
            Self::Weekend => "weekend".into(),
            Self::Holiday => "public holiday at the customer's".into(),
            Self::MachineCap { days } => format!("one message per machine in {days} days"),
            Self::CustomerCap { messages, days } => {
                let plural = if *messages == 1 { "" } else { "s" };
                format!("{messages} message{plural} per customer in {days} days")
            }
            Self::NotNow => "the customer said not now".into(),
            Self::OpenCase { fault } => {
                format!("another case on this machine is under way ({})", name(catalogue, fault, Language::En))
            }
            Self::Alongside { number } => format!("it goes with what the customer knows about {number} already"),
            Self::Trouble { case } => format!("service case {case} is open on this machine"),
            Self::ClockInDoubt => "this computer's clock went back; waiting until it has run steadily".into(),
            Self::OptedOut => "the customer wants no such messages on this channel".into(),
            Self::Reminded => "one reminder was sent already".into(),
            Self::FollowedUp => "the job was followed up already".into(),
            Self::Displeased { stage } => {
                format!("a person should speak first: the customer {}", at_stage(*stage, Language::En))
            }
            Self::Silent => "a named person has taken over; nothing is sent by itself".into(),
        }
    }

    fn in_chinese(&self, catalogue: &Catalogue) -> String {
        match self {
            Self::QuietHours => "对方休息时间".into(),
            Self::Weekend => "周末".into(),
            Self::Holiday => "对方放假".into(),
            Self::MachineCap { days } => format!("同一台机器{days}天内只发一次"),
            Self::CustomerCap { messages, days } => format!("同一客户{days}天内最多发{messages}次"),
            Self::NotNow => "客户说过暂时不用".into(),
            Self::OpenCase { fault } => {
                format!("这台机器还有一件事没办完（{}）", name(catalogue, fault, Language::ZhCn))
            }
            Self::Alongside { number } => format!("客户已经知道{number}的事，这件事跟着一起说"),
            Self::Trouble { case } => format!("这台机器有报修还在处理（{case}号）"),
            Self::ClockInDoubt => "本机时钟刚刚回拨过，等稳定后再发".into(),
            Self::OptedOut => "客户不想在这个渠道收到此类消息".into(),
            Self::Reminded => "已经提醒过一次".into(),
            Self::FollowedUp => "已经回访过一次".into(),
            Self::Displeased { stage } => {
                format!("客户状态：{}，应先由人沟通", at_stage(*stage, Language::ZhCn))
            }
            Self::Silent => "已由专人接手，系统不再自动发送".into(),
        }
    }
}

/// How far a customer's dissatisfaction has gone, in the words of the customer's page at the desk.
const fn at_stage(stage: CustomerStage, language: Language) -> &'static str {
    let (en, zh) = match stage {
        CustomerStage::Latent => ("is uneasy", "隐性不满"),
        CustomerStage::Turning => ("is beginning to grumble", "开始抱怨"),
        CustomerStage::OpenGrumbling => ("is grumbling openly", "公开抱怨"),
        CustomerStage::NearComplaint => ("is close to a complaint", "临近投诉"),
        CustomerStage::Complaint => ("has complained", "正式投诉"),
        CustomerStage::Escalation => ("has gone over our heads", "投诉升级"),
    };
    match language {
        Language::En => en,
        Language::ZhCn => zh,
    }
}

/// A fault's name; its code where the catalogue has none.
fn name(catalogue: &Catalogue, code: &str, language: Language) -> String {
    let fault = FaultCode::new(code).and_then(|code| catalogue.fault(&code));
    let work = catalogue.actions.get(code).map(|action| &action.name);
    let text = fault.map(|fault| &fault.name).or(work);
    text.map_or_else(|| code.to_owned(), |text| text.in_language(language.tag()).to_owned())
}

fn time(language: Language, calendar: &Calendar, t: Timestamp) -> String {
    const DAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
    let local = calendar.local(t);
    match language {
        Language::En => local.format("%A %-d %B %H:%M").to_string(),
        Language::ZhCn => {
            let day = DAYS[local.weekday().num_days_from_monday() as usize];
            format!("{}月{}日（{day}）{:02}:{:02}", local.month(), local.day(), local.hour(), local.minute())
        }
    }
}
