//! Words with which a customer stops messages, told from sentences in which they only occur: whoever asks that a machine must not
//! stop goes on hearing from us.

use crate::quoting::own_words;

/// The shipped list of words that stop messages, one a line; `#` begins a comment.
const STOP_WORDS: &str = include_str!("../../../config/stop_words.txt");

/// Words with which a customer stops messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopWords(Vec<String>);

impl StopWords {
    /// Reads a list: one word or phrase a line, `#` begins a comment.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let words = text.lines().map(|line| bare(line.split('#').next().unwrap_or_default()));
        Self(words.filter(|word| !word.is_empty()).collect())
    }

    /// What a reply says beside such a word: `None` where it is none, nothing where the word is all but for thanks. The word is the
    /// first line, or begins it and hardly anything follows: what is not wanted, or a few words after a break. A single letter must
    /// stand alone. Below, where a mail has its signature, anything may stand.
    #[must_use]
    pub fn beside(&self, reply: &str) -> Option<String> {
        let reply = own_words(reply);
        let (first, below) = reply.split_once('\n').unwrap_or((&reply, ""));
        let below = above_signature(below);
        let first = bare(first);
        let mut line = first.as_str();
        while let Some(rest) = POLITE.iter().find_map(|polite| line.strip_prefix(polite)) {
            line = rest.trim_start();
        }
        let after = self.0.iter().find_map(|word| {
            let rest = line.strip_prefix(word.as_str())?;
            match word.chars().count() {
                1 => (rest.is_empty() && below.is_empty()).then_some(rest),
                _ => what_is_added(rest),
            }
        })?;
        let beside = [after, &below].map(|text| if is_thanks(text) { "" } else { text }).join(" ");
        Some(beside.trim().to_owned())
    }
}

/// What follows a stop word behind a break: a few words. Before the break only that may stand of which it is meant. `None` for
/// anything else, e.g. a person who is not to be sent again: it is for a person to read.
fn what_is_added(rest: &str) -> Option<&str> {
    let breaks = |c: char| (c.is_ascii_punctuation() && c != '-') || "，。！？、；：".contains(c);
    let (named, after) = rest.split_at(rest.find(breaks).unwrap_or(rest.len()));
    let is_known = |word: &str| TRAILING.contains(&word) || is_of_messages(word);
    let begins_anew = named.is_empty() || named.starts_with(' ') || !named.is_ascii();
    let is_little = named.split_whitespace().all(is_known) && after.chars().count() <= GOES_ON_CHARS_MAX;
    (begins_anew && is_little).then_some(after)
}

/// Whether a text is nothing but thanks, if that.
fn is_thanks(text: &str) -> bool {
    let words = |c: char| !c.is_alphabetic();
    text.to_lowercase().split(words).filter(|word| !word.is_empty()).all(|word| THANKS.contains(&word))
}

/// The lines below the first one as far as a signature.
fn above_signature(below: &str) -> String {
    let lines = below.lines().map(str::trim).take_while(|line| {
        let line = line.to_lowercase();
        !ENDS.iter().any(|end| line.starts_with(end))
    });
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// Whether Chinese words, between which nothing stands, name messages or nothing at all: `这种邮件了`. Of `这种` alone nobody knows
/// what it means.
fn is_of_messages(words: &str) -> bool {
    let (mut rest, mut points, mut names) = (words, false, false);
    loop {
        let less = |known: &[&str]| known.iter().find_map(|known| rest.strip_prefix(known));
        let (pointed, named) = (less(&POINTING), less(&MESSAGES));
        (points, names) = (points || pointed.is_some(), names || named.is_some());
        match pointed.or(named).or_else(|| less(&PARTICLES)) {
            Some(less) => rest = less,
            None => return rest.is_empty() && (names || !points),
        }
    }
}

/// What may stand before a stop word.
const POLITE: [&str; 21] = [
    "please ",
    "pls ",
    "kindly ",
    "i want to ",
    "i would like to ",
    "i'd like to ",
    "请",
    "麻烦",
    "以后",
    "拜托",
    "你们",
    "能不能",
    "可不可以",
    "可以",
    "我们",
    "我要",
    "我想",
    "我",
    "帮我",
    "给我",
    "那就",
];

/// Thanks, which need no answer.
const THANKS: [&str; 14] = [
    "thanks",
    "thank",
    "you",
    "please",
    "many",
    "cheers",
    "ok",
    "谢谢",
    "多谢",
    "谢谢您",
    "谢谢你",
    "谢谢了",
    "好吗",
    "拜托了",
];

/// How a line begins under which a mail says nothing of its own, in lower case: a signature.
const ENDS: [&str; 4] = ["--", "sent from", "发自", "来自我的"];

/// What may follow one without a break.
const TRAILING: [&str; 27] = [
    "notifications",
    "reminders",
    "alerts",
    "all",
    "it",
    "me",
    "us",
    "now",
    "please",
    "thanks",
    "any",
    "more",
    "anymore",
    "anything",
    "these",
    "this",
    "such",
    "your",
    "the",
    "spam",
    "messages",
    "message",
    "e-mails",
    "emails",
    "mails",
    "texts",
    "sms",
];

/// The same in Chinese: whose or which, what, and what is said along with it.
const POINTING: [&str; 11] =
    ["你们的", "你们", "任何", "这些", "这种", "这类", "这样的", "那些", "那种", "此类", "类似的"];
const MESSAGES: [&str; 6] = ["邮件", "短信", "消息", "信息", "微信", "提醒"];
const PARTICLES: [&str; 14] =
    ["给我们", "给我", "我们", "我", "了", "啦", "吧", "呀", "啊", "哦", "好吗", "行吗", "可以吗", "谢谢"];

/// So many characters may follow after a break; a longer reply is for a person to read.
const GOES_ON_CHARS_MAX: usize = 24;

impl Default for StopWords {
    fn default() -> Self {
        Self::parse(STOP_WORDS)
    }
}

/// Lower case, without quotation marks and full stops around it, with one kind of apostrophe and letters of one width.
fn bare(text: &str) -> String {
    let narrow = |c: char| match c {
        'Ａ'..='Ｚ' | 'ａ'..='ｚ' => u32::from(c).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(c),
        _ => c,
    };
    let text: String = text.chars().map(narrow).collect();
    let edges = |c: char| c.is_whitespace() || "\"'.!,“”‘’「」『』【】。！，".contains(c);
    text.trim_matches(edges).to_lowercase().replace('’', "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(replies: &[&str], expected: bool) {
        for reply in replies {
            assert_eq!(StopWords::default().beside(reply).is_some(), expected, "{reply}");
        }
    }

    #[test]
    fn whoever_says_nothing_but_that_it_is_to_stop_stops_it() {
        let stop = [
            "STOP",
            " stop. ",
            "Stop, please",
            "Please stop",
            "TD",
            "t",
            "退订",
            "【退订】",
            "退订，谢谢",
            "请退订",
            "Unsubscribe me",
            "请不要再给我发这种邮件了",
            "请不要再给我发这种邮件了，谢谢！",
            "别再给我们发短信",
            "不要再发这些消息了",
            "Please do not send me any more e-mails",
            "不要再发了",
            "请不要再发了！",
            "别再发了，谢谢",
            "以后别再给我发了",
            "麻烦不要再给我们发短信了",
            "别发了",
            "不要发了。",
            "不想再收到你们的短信了",
            "请停止发送此类短信",
            "不要再打扰我了",
            "退订了",
            "please stop",
            "Stop sending",
            "Please stop sending me these messages!",
            "Stop emailing me",
            "Please don’t send me any more messages, thanks",
            "No more messages, please",
        ];
        check(&stop, true);
    }

    #[test]
    fn other_plain_ways_of_saying_it_stop_it_too() {
        let stop = [
            "ＴＤ",
            "Stop these notifications",
            "Please stop contacting me",
            "Do not contact me again",
            "Please remove me from your list",
            "Take me off your list please",
            "I want to unsubscribe",
            "Leave me alone!",
            "我要退订",
            "帮我退订",
            "不要给我发短信了",
            "别给我们发消息了",
            "不要发短信了",
            "不要再发送短信",
            "不用再发了，谢谢",
            "你们不要再发了",
            "能不能别再发了",
            "不要再发了好吗",
            "我不想收到这些短信",
            "我们不想再收到了",
            "别再骚扰我了",
            "不要再联系我们",
        ];
        check(&stop, true);
        check(
            &["不要给我发货", "别给我发错了", "我停机了", "remove me from Friday", "可以", "我要", "给我发一份"],
            false,
        );
    }

    #[test]
    fn a_mail_that_stops_messages_has_a_signature_and_quotes_what_it_answers() {
        let stop = [
            "STOP\n\nSent from my iPhone",
            "Unsubscribe\r\n\r\nOn 3 July 2026 Min Wang wrote:\r\n> Dear Ms Baker,\r\n> two times",
            "退订\n\n发自我的华为手机",
            "请不要再发了\n\n王敏 2026-07-03 写道：\n> 李工，您好",
        ];
        for reply in stop {
            assert_eq!(StopWords::default().beside(reply).as_deref(), Some(""), "{reply}");
        }
        check(&["T\nhursday at nine", "The machine must\nstop on Friday"], false);
    }

    #[test]
    fn what_is_said_beside_the_word_is_not_lost() {
        #[track_caller]
        fn check(reply: &str, expected: &str) {
            assert_eq!(StopWords::default().beside(reply).as_deref(), Some(expected), "{reply}");
        }
        check("Stop, please. Thank you!", "");
        check("请不要再给我发这种邮件了，谢谢！", "");
        check("不要再发了，周四上午可以来", "，周四上午可以来");
        check("Stop sending me e-mails. Please ring me", ". please ring me");
        check("STOP\nand move the visit to Friday", "and move the visit to Friday");
    }

    #[test]
    fn a_sentence_that_only_begins_like_it_stops_nothing() {
        let go_on = [
            "Please stop by on Thursday",
            "The machine must not stop on Friday, is that possible?",
            "Thursday",
            "t 9 please",
            "End of the week suits us, the later slot please",
            "周四下午可以",
            "不要退订",
            "不要再给我发那位师傅来了",
            "Please do not send me the same technician",
            "Please do not send me the message to my boss",
            "别停",
            "不要停",
            "别停机",
            "请不要停机，我们在赶货",
            "不要再发生这种信息错误",
            "不要再发生了",
            "别发错了",
            "先别发，我看看",
            "别再发这种了",
            "不要发货",
            "别再发那个师傅来了",
            "don't stop the machine",
            "Please don't stop",
            "Please stop the machine on Friday",
            "Stop sending Jun, send somebody else",
            "Please stop sending the technician without a call",
            "no more leaks, thank you",
            "Stop again",
            "",
        ];
        check(&go_on, false);
    }
}
