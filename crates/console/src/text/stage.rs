//! How far a customer's dissatisfaction has gone, in words, and how to meet it.

use super::desk::words;
use crate::Lang;

const fn pick(lang: Lang, en: &'static str, zh: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// A stage of dissatisfaction, 1 to 6, in words.
pub(crate) fn stage(stage: Option<u8>, lang: Lang) -> &'static str {
    let (en, zh) = match stage {
        None | Some(0) => return words(lang).stage_none,
        Some(1) => ("Uneasy, unspoken", "隐性不满"),
        Some(2) => ("Beginning to grumble", "开始抱怨"),
        Some(3) => ("Grumbling openly", "公开抱怨"),
        Some(4) => ("Close to a complaint", "临近投诉"),
        Some(5) => ("Complaint", "正式投诉"),
        Some(_) => ("Escalation", "投诉升级"),
    };
    pick(lang, en, zh)
}

/// A stage and how to meet the customer at it; empty where nothing is known of any.
pub(crate) fn stage_with_advice(of: Option<u8>, lang: Lang) -> String {
    match stage_advice(of, lang) {
        "" => String::new(),
        advice => format!("{}{}{advice}", stage(of, lang), pick(lang, " – ", "：")),
    }
}

/// How to meet a customer at a stage.
pub(crate) fn stage_advice(stage: Option<u8>, lang: Lang) -> &'static str {
    let (en, zh) = match stage {
        None | Some(0) => return "",
        Some(1) => ("Watch, and improve the contact.", "多留意，把沟通做得更好。"),
        Some(2) => ("Answer where it was said.", "在哪里说的，就在哪里回应。"),
        Some(3) => ("Listen, sympathise, and come with a solution.", "先倾听、体谅，再带着方案去。"),
        Some(4) => ("Approach first, and ask what is missing.", "主动联系，问清还差什么。"),
        Some(5) => ("Remedy at once; the manager knows.", "立即补救，并让经理知道。"),
        Some(_) => ("A named person takes over; nothing is sent automatically.", "由专人接手，系统不再自动发消息。"),
    };
    pick(lang, en, zh)
}
