//! How far a customer's dissatisfaction has gone, in words, and how to meet it.

use super::desk::words;
use crate::Lang;
use crate::view::Person;

/// The last stage.
const ESCALATION: u8 = 6;

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

/// A stage and how to meet the customer at it, with the name and number of `whom` where that person has taken over; empty where
/// nothing is known of any.
pub(crate) fn stage_with_advice(of: Option<u8>, whom: &Person, lang: Lang) -> String {
    let advice = match stage_advice(of, lang) {
        "" => return String::new(),
        _ if of == Some(ESCALATION) && !whom.name.is_empty() => taken_over_by(whom, lang),
        advice => advice.to_owned(),
    };
    format!("{}{}{advice}", stage(of, lang), pick(lang, " – ", "："))
}

fn taken_over_by(whom: &Person, lang: Lang) -> String {
    let who = match (whom.phone.as_str(), lang) {
        ("", _) => whom.name.clone(),
        (phone, Lang::En) => format!("{} ({phone})", whom.name),
        (phone, Lang::Zh) => format!("{}（{phone}）", whom.name),
    };
    match lang {
        Lang::En => format!("{who} has taken over; nothing is sent automatically."),
        Lang::Zh => format!("已由{who}接手，系统不再自动发消息。"),
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
        Some(5) => ("Remedy at once, and let the manager know.", "立即补救，并让经理知道。"),
        Some(_) => ("A named person takes over; nothing is sent automatically.", "由专人接手，系统不再自动发消息。"),
    };
    pick(lang, en, zh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_taken_over_is_named() {
        #[track_caller]
        fn check(of: u8, phone: &str, en: &str, zh: &str) {
            let whom = Person { name: "Min Wang".into(), role: String::new(), phone: phone.into() };
            assert_eq!(stage_with_advice(Some(of), &whom, Lang::En), en);
            assert_eq!(stage_with_advice(Some(of), &whom, Lang::Zh), zh);
        }
        let en = "Escalation – Min Wang (138 0000) has taken over; nothing is sent automatically.";
        check(6, "138 0000", en, "投诉升级：已由Min Wang（138 0000）接手，系统不再自动发消息。");
        let en = "Escalation – Min Wang has taken over; nothing is sent automatically.";
        check(6, "", en, "投诉升级：已由Min Wang接手，系统不再自动发消息。");
        check(
            5,
            "138 0000",
            "Complaint – Remedy at once, and let the manager know.",
            "正式投诉：立即补救，并让经理知道。",
        );
        let nobody = stage_with_advice(Some(6), &Person::default(), Lang::En);
        assert_eq!(nobody, "Escalation – A named person takes over; nothing is sent automatically.");
    }
}
