//! Words with which a customer stops messages, told from sentences in which they only occur: whoever asks that a machine must not
//! stop goes on hearing from us.

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

    /// Whether a reply is such a word, or begins with one and adds hardly anything: what is not wanted, or a few words after a break.
    /// A single letter must stand alone.
    #[must_use]
    pub fn stops(&self, reply: &str) -> bool {
        let reply = bare(reply);
        let mut reply = reply.as_str();
        while let Some(rest) = POLITE.iter().find_map(|polite| reply.strip_prefix(polite)) {
            reply = rest.trim_start();
        }
        self.0.iter().any(|word| {
            let Some(rest) = reply.strip_prefix(word.as_str()) else { return false };
            rest.is_empty() || (word.chars().count() > 1 && adds_hardly_anything(rest))
        })
    }
}

/// Whether what follows a stop word only says of what it is meant, up to a break; after that a few words may follow. Anything else,
/// e.g. a person who is not to be sent again, is for a person to read.
fn adds_hardly_anything(rest: &str) -> bool {
    let breaks = |c: char| (c.is_ascii_punctuation() && c != '-') || "，。！？、；：".contains(c);
    let (named, after) = rest.split_at(rest.find(breaks).unwrap_or(rest.len()));
    let is_known = |word: &str| TRAILING.contains(&word) || is_of_messages(word);
    let begins_anew = named.is_empty() || named.starts_with(' ') || !named.is_ascii();
    begins_anew && named.split_whitespace().all(is_known) && after.chars().count() <= GOES_ON_CHARS_MAX
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
const POLITE: [&str; 7] = ["please ", "pls ", "kindly ", "请", "麻烦", "以后", "拜托"];

/// What may follow one without a break.
const TRAILING: [&str; 24] = [
    "all", "it", "me", "us", "now", "please", "thanks", "any", "more", "anymore", "anything", "these", "this", "such",
    "your", "the", "spam", "messages", "message", "e-mails", "emails", "mails", "texts", "sms",
];

/// The same in Chinese: whose or which, what, and what is said along with it.
const POINTING: [&str; 11] =
    ["你们的", "你们", "任何", "这些", "这种", "这类", "这样的", "那些", "那种", "此类", "类似的"];
const MESSAGES: [&str; 6] = ["邮件", "短信", "消息", "信息", "微信", "提醒"];
const PARTICLES: [&str; 7] = ["给我们", "给我", "我们", "我", "了", "啦", "谢谢"];

/// So many characters may follow after a break; a longer reply is for a person to read.
const GOES_ON_CHARS_MAX: usize = 24;

impl Default for StopWords {
    fn default() -> Self {
        Self::parse(STOP_WORDS)
    }
}

/// Lower case, without quotation marks and full stops around it, and with one kind of apostrophe.
fn bare(text: &str) -> String {
    let edges = |c: char| c.is_whitespace() || "\"'.!,“”‘’「」『』【】。！，".contains(c);
    text.trim_matches(edges).to_lowercase().replace('’', "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(replies: &[&str], expected: bool) {
        for reply in replies {
            assert_eq!(StopWords::default().stops(reply), expected, "{reply}");
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
