//! What a text must not hold or leave out, in the reader's language: words for each remark of the lint.

use foretell_model::{BODY_CHARS_MAX, Lack, Remark, SHORT_PARTS_MAX, SUBJECT_CHARS_MAX, WordSort};

use super::figures::large;
use crate::Lang;

/// What an edited text must not hold or leave out.
pub(crate) fn breach(remark: &Remark, lang: Lang) -> String {
    match lang {
        Lang::En => in_english(remark),
        Lang::Zh => in_chinese(remark),
    }
}

fn in_english(remark: &Remark) -> String {
    match remark {
        Remark::Word { word, sort } => format!("Customers are never told “{word}” ({sort})."),
        Remark::TooPrecise(figure) => format!("“{figure}” is more precise than the forecast."),
        Remark::Exclamation => "No exclamation marks, please.".to_owned(),
        Remark::Markup(tag) => format!(
            "This is plain text: the customer would read “{tag}” as it stands. Leave the HTML out; an empty line begins a new paragraph."
        ),
        Remark::Unfilled => "A place of the template was not filled in.".to_owned(),
        Remark::Links(_) => "The text must hold exactly one link.".to_owned(),
        Remark::InternalId(id) => format!("“{id}” is our internal name of the machine."),
        Remark::Subject(_) => format!("The subject needs 1 to {SUBJECT_CHARS_MAX} characters."),
        Remark::Long(chars) => {
            let [chars, max] = [*chars, BODY_CHARS_MAX].map(|chars| large(&chars.to_string(), Lang::En));
            format!("{chars} characters are too long for a letter; {max} are allowed.")
        }
        Remark::Short(0) => "The short form is empty.".to_owned(),
        Remark::Short(parts) => format!(
            "The short form takes {parts} SMS parts with its link; one line of at most {SHORT_PARTS_MAX} is allowed."
        ),
        Remark::SecondRequest(sentence) => format!("One message, one request: “{sentence}” is a second one."),
        Remark::Note(note) => format!("“{note}” is a note for colleagues and stays with us."),
        Remark::OtherCustomer(name) => format!("“{name}” is another customer and must not be named."),
        Remark::Missing(Lack::Link) => "The link to the customer's page must stay in the text.".to_owned(),
        Remark::Missing(Lack::Time(time)) => format!("The time “{time}” must stay in the text."),
        Remark::Missing(Lack::Machine(name)) => {
            format!("A letter about several machines must name each of them; “{name}” is missing.")
        }
    }
}

fn in_chinese(remark: &Remark) -> String {
    match remark {
        Remark::Word { word, sort } => format!("不能对客户说“{word}”（{}）。", sort_in_chinese(*sort)),
        Remark::TooPrecise(figure) => format!("“{figure}”比预测本身还精确。"),
        Remark::Exclamation => "请不要使用感叹号。".to_owned(),
        Remark::Markup(tag) => format!("这里是纯文本，客户会原样看到“{tag}”。请去掉HTML标签，另起一段空一行即可。"),
        Remark::Unfilled => "模板中有未填写的位置。".to_owned(),
        Remark::Links(_) => "正文中应当且只应有一个链接。".to_owned(),
        Remark::InternalId(id) => format!("“{id}”是机器的内部编号。"),
        Remark::Subject(_) => format!("主题需1～{SUBJECT_CHARS_MAX}个字。"),
        Remark::Long(chars) => format!("正文有{chars}个字，太长了，最多{BODY_CHARS_MAX}个。"),
        Remark::Short(0) => "短消息是空的。".to_owned(),
        Remark::Short(parts) => {
            format!("短消息连链接要拆成{parts}条短信；只能是一行，最多{SHORT_PARTS_MAX}条。")
        }
        Remark::SecondRequest(sentence) => format!("一条消息只提一个请求：“{sentence}”是第二个。"),
        Remark::Note(note) => format!("“{note}”是内部备注，不能写给客户。"),
        Remark::OtherCustomer(name) => format!("“{name}”是别的客户，不能写进去。"),
        Remark::Missing(Lack::Link) => "正文中必须保留客户页面的链接。".to_owned(),
        Remark::Missing(Lack::Time(time)) => format!("正文中必须保留时间“{time}”。"),
        Remark::Missing(Lack::Machine(name)) => format!("一封信讲到几台机器，每台都要写明；还缺“{name}”。"),
    }
}

const fn sort_in_chinese(sort: WordSort) -> &'static str {
    match sort {
        WordSort::InternalMatters => "内部事务",
        WordSort::Selling => "推销",
        WordSort::Jargon => "行话",
        WordSort::Alarm => "危言耸听",
        WordSort::Blame => "指责",
        WordSort::PrivateMatters => "私事",
        WordSort::StaffMatters => "内部人事",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breach_is_worded_with_what_is_allowed() {
        #[track_caller]
        fn check(remark: Remark, en: &str, zh: &str) {
            assert_eq!((breach(&remark, Lang::En).as_str(), breach(&remark, Lang::Zh).as_str()), (en, zh));
        }
        check(
            Remark::Word { word: "优惠".into(), sort: WordSort::Selling },
            "Customers are never told “优惠” (selling).",
            "不能对客户说“优惠”（推销）。",
        );
        check(
            Remark::Long(2_001),
            "2,001 characters are too long for a letter; 2,000 are allowed.",
            "正文有2001个字，太长了，最多2000个。",
        );
        check(
            Remark::Markup("<b>".into()),
            "This is plain text: the customer would read “<b>” as it stands. Leave the HTML out; an empty line begins a new paragraph.",
            "这里是纯文本，客户会原样看到“<b>”。请去掉HTML标签，另起一段空一行即可。",
        );
        check(
            Remark::Short(4),
            "The short form takes 4 SMS parts with its link; one line of at most 3 is allowed.",
            "短消息连链接要拆成4条短信；只能是一行，最多3条。",
        );
        check(
            Remark::Missing(Lack::Time("7月16日17:00".into())),
            "The time “7月16日17:00” must stay in the text.",
            "正文中必须保留时间“7月16日17:00”。",
        );
        check(
            Remark::Missing(Lack::Machine("3号机".into())),
            "A letter about several machines must name each of them; “3号机” is missing.",
            "一封信讲到几台机器，每台都要写明；还缺“3号机”。",
        );
    }
}
