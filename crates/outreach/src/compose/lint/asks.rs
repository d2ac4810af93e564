//! What a text asks of its reader. One message, one request: whoever is asked for two things does neither.
//!
//! Sentences are told apart by their marks and read by lists of words. To choose a time is one request however often it is
//! said; what is offered for a case that may come ("if something comes up, ...") and how to reach us are none.

use super::contains_word;

/// Words that ask for something, English ones as whole words.
const ASKING: &[&str] = &[
    "please",
    "kindly",
    "could you",
    "can you",
    "would you",
    "will you",
    "we need you",
    "i need you",
    "you need to",
    "you must",
    "you have to",
    "we ask you",
    "i ask you",
    "make sure",
    "do not forget",
    "don't forget",
    "remember to",
    "be so kind",
    "let us know",
    "let me know",
    "send us",
    "send me",
    "fill in",
    "fill out",
    "rate us",
    "recommend us",
    "review us",
    "请",
    "麻烦您",
    "麻烦你",
    "劳驾",
    "务必",
    "记得",
    "需要您",
    "希望您",
    "能否",
    "可否",
    "能不能",
    "可不可以",
    "帮忙",
    "填写",
    "评价",
    "转发",
    "发给我",
    "发我",
    "发一份",
    "给我发",
    "给我们发",
    "寄给我",
    "传给我",
    "传一份",
    "给我一份",
    "给我们一份",
    "提供一下",
    "提供一份",
    "告诉我们一下",
    "帮我",
];

/// Words that ask beside something else, however softly; they stand in no sentence that asks for nothing.
const BESIDE: &[&str] = &[
    "while you are at it",
    "while you're at it",
    "it would help if you",
    "it would help us if you",
    "it would be great if you",
    "it would be nice if you",
    "would appreciate it if you",
    "would be grateful if you",
    "feel free to send",
    "顺便把",
    "顺带把",
    "顺手把",
    "顺便帮",
    "顺便给我",
    "顺便发",
    "方便的话把",
    "有空的话把",
];

/// A clause that begins with one of these is an order.
const ORDERS: &[&str] = &["send", "forward", "attach", "provide", "fill", "sign", "pay", "tell us", "give us"];

/// What may stand before an order.
const SOFTENERS: &[&str] = &["also", "then", "and", "just", "simply"];

/// Words in which `请` asks for nothing.
const NOT_ASKING: &[&str] = &["请教", "邀请", "申请", "请您看过", "请问"];

/// A sentence with one of these speaks of a case that may come, of how to reach us, or says that nothing is asked.
const OFFERED: &[&str] = &[
    "if",
    "whenever",
    "in case",
    "should you",
    "any questions",
    "when you",
    "ring me",
    "ring us",
    "call me",
    "call us",
    "at any time",
    "reply",
    "nothing",
    "no need",
    "do not need to",
    "don't need to",
    "do not have to",
    "don't have to",
    "如果",
    "要是",
    "的话",
    "万一",
    "假如",
    "有什么",
    "哪里",
    "有事",
    "有变化",
    "有问题",
    "有疑问",
    "哪天",
    "随时",
    "不用",
    "无需",
    "打给我",
    "打电话",
    "联系我",
    "找我",
    "回复",
];

/// A clause with one of these is about the time of the visit.
const CHOOSING: &[&str] = &[
    "shall we",
    "may we",
    "could we come",
    "can we come",
    "two times",
    "choose",
    "pick a time",
    "book",
    "which time",
    "suits you",
    "suit you",
    "another time",
    "to change or cancel",
    "选时间",
    "选个时间",
    "个时间",
    "另选",
    "哪个方便",
    "就能约",
    "就能选",
    "改期",
    "您看",
];

/// Longest sentence that is quoted whole, characters.
const QUOTED_CHARS_MAX: usize = 60;

/// The second thing that a text asks for; `None` when it asks for one or none.
pub(super) fn second(text: &str) -> Option<String> {
    let mut asks = Vec::new();
    let mut chooses = false;
    for (sentence, is_question) in sentences(text) {
        let lower = sentence.to_lowercase().replace('’', "'");
        if holds(&lower, CHOOSING) {
            chooses = true;
        }
        if holds(&lower, BESIDE) {
            asks.push(sentence);
            continue;
        }
        if holds(&lower, OFFERED) {
            continue;
        }
        let clauses = clauses(&lower);
        let asking = clauses.iter().filter(|clause| !holds(clause, CHOOSING) && is_asking(clause)).count();
        let asked = is_question && asking == 0 && !holds(&lower, CHOOSING);
        asks.extend(std::iter::repeat_n(sentence, asking + usize::from(asked)));
    }
    let place = usize::from(!chooses);
    asks.get(place).map(|sentence| quoted(sentence))
}

fn is_asking(clause: &str) -> bool {
    let bare = NOT_ASKING.iter().fold(clause.to_owned(), |text, word| text.replace(word, ""));
    holds(&bare, ASKING) || orders(clause)
}

fn orders(clause: &str) -> bool {
    let mut clause = clause.trim();
    while let Some(rest) = SOFTENERS.iter().find_map(|word| clause.strip_prefix(word)) {
        match rest.strip_prefix(' ') {
            Some(rest) => clause = rest.trim_start(),
            None => break,
        }
    }
    let begins =
        |word: &&&str| clause.strip_prefix(**word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    ORDERS.iter().any(|word| begins(&word))
}

fn holds(lower: &str, words: &[&str]) -> bool {
    words.iter().any(|word| contains_word(lower, word))
}

/// Parts of a sentence that can ask for things of their own.
fn clauses(sentence: &str) -> Vec<&str> {
    sentence.split(['，', ',']).flat_map(|part| part.split(" and ")).collect()
}

/// The sentences of a text without its links, each with whether it asks.
pub(super) fn sentences(text: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for paragraph in text.replace("\r\n", "\n").split("\n\n") {
        let words: Vec<&str> = paragraph.split_whitespace().filter(|word| !word.contains("://")).collect();
        let line = words.join(" ");
        let mut sentence = String::new();
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            let ends = match c {
                '.' => chars.peek().is_none_or(|next| *next == ' ') && !is_short(&sentence),
                '?' | '!' | ';' | '。' | '？' | '！' | '；' => true,
                _ => false,
            };
            if !ends {
                sentence.push(c);
                continue;
            }
            let is_question = matches!(c, '?' | '？');
            found.push((std::mem::take(&mut sentence).trim().to_owned(), is_question));
        }
        found.push((sentence.trim().to_owned(), false));
    }
    found.retain(|(sentence, _)| !sentence.is_empty());
    found
}

/// Whether what stands before a full stop is a word cut short, such as `No` or `Mrs`, or the number of a list.
fn is_short(sentence: &str) -> bool {
    let last = sentence.rsplit(' ').next().unwrap_or_default();
    let is_cut = matches!(last, "No" | "Mr" | "Ms" | "Mrs" | "Dr" | "St" | "Co" | "Ltd" | "Inc");
    is_cut || (!last.is_empty() && last.len() <= 2 && last.chars().all(|c| c.is_ascii_digit()))
}

fn quoted(sentence: &str) -> String {
    if sentence.chars().count() <= QUOTED_CHARS_MAX {
        return sentence.to_owned();
    }
    format!("{}…", sentence.chars().take(QUOTED_CHARS_MAX).collect::<String>().trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_passes_however_it_is_worded_and_a_second_is_named() {
        #[track_caller]
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(second(text).as_deref(), expected, "{text}");
        }
        let times = "Shall we clean the cooler? We could come at one of these times:\n  1. Thursday 16 July\n";
        for (good, rest) in [
            (times, "If neither suits you, please choose “another time” or “not now” on the page below."),
            (times, "Any questions? Please call me."),
            (times, "Please ring me at any time."),
            (times, "There is nothing else you need to do."),
            ("Our visit is on Thursday.", "Please have the gate of No. 2 open."),
            ("您看哪个方便：\n  1. 7月16日", "都不合适的话，请选“换个时间”。"),
            ("想约个时间清洗冷却器。", "有事请给我打电话。"),
            ("旧件也请您看过了。", "这几天要是觉得哪里不对劲，请告诉我。"),
            ("上门改在周四。", "麻烦您跟门卫说一声。"),
            (times, "Sending a technician takes us a day; the report we send you afterwards says what was done."),
        ] {
            check(&format!("{good}\n\n{rest}"), None);
        }
        for (rest, second) in [
            ("Please send me the operating log as well.", "Please send me the operating log as well"),
            ("Could you also fill in our survey?", "Could you also fill in our survey"),
            ("How many people work at night?", "How many people work at night"),
            (
                "Please choose a time and send us your order number.",
                "Please choose a time and send us your order number",
            ),
            ("We hope you'll recommend us to Mr. Li.", "We hope you'll recommend us to Mr. Li"),
            ("It would help if you sent last month's bill.", "It would help if you sent last month's bill"),
            ("Also send the operating log.", "Also send the operating log"),
        ] {
            check(&format!("{times}\n{rest}"), Some(second));
        }
        for (rest, second) in [
            ("另外请把运行记录发一份。", "另外请把运行记录发一份"),
            ("选个时间，顺便麻烦您填写一下问卷。", "选个时间，顺便麻烦您填写一下问卷"),
            ("您那边夜班有几个人？", "您那边夜班有几个人"),
            ("顺便把上个月的电费单发我一份。", "顺便把上个月的电费单发我一份"),
            ("方便的话把运行记录发我。", "方便的话把运行记录发我"),
        ] {
            check(&format!("想约个时间清洗冷却器，您看哪个方便：\n\n{rest}"), Some(second));
        }
        check("Please open the gate. Please switch it off.", Some("Please switch it off"));
    }
}
