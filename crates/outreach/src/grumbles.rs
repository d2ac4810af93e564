//! Words in a customer's reply: which hint at displeasure, and which say that the machine stands still. The list is a file that
//! an advisor may edit; its head says what the marks mean.
//!
//! A service firm would rather ring once too often: "it stopped" is a breakdown, unless the customer names what stops machines
//! on purpose, such as a holiday or a Sunday. That is looked for near the word only, because one whose machine has stopped may
//! well ask for somebody on Sunday.

/// The shipped list.
const GRUMBLES: &str = include_str!("../../../config/grumbles.txt");

/// What stands before a word that hints at displeasure and says that the machine is broken.
const BROKEN_AGAIN_MARK: char = '*';
/// What stands before a word that says that the machine is broken and no more.
const BROKEN_MARK: char = '=';
/// What stands before a word that says so unless a planned stop is named.
const STOPPED_MARK: char = '?';
/// What stands before a word that names a planned stop.
const PLANNED_MARK: char = '!';
/// What stands behind a word that does not count before one that ends so.
const DOING_MARK: &str = " -ing";
/// Words that end so and are nothing that a machine does.
const NO_DOING: [&str; 1] = ["during"];

/// What ends a sentence.
const SENTENCE_ENDS: [char; 6] = ['.', '!', '?', '。', '！', '？'];
/// What ends a part of one, besides.
const PART_ENDS: [char; 7] = [',', ';', ':', '，', '；', '：', '、'];

/// Words that hint at displeasure, or say that a machine is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grumbles(Vec<Grumble>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Grumble {
    /// In lower case; `9` is any digit.
    word: String,
    sense: Sense,
    /// It does not count where it goes on with what has stopped, e.g. "leaking".
    is_cut_by_doing: bool,
    /// It counts where nothing stands beside it between two marks of punctuation.
    is_alone: bool,
}

/// What a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sense {
    /// Somebody is displeased.
    Displeased,
    /// The same, and the machine is broken.
    BrokenAgain,
    /// The machine is broken.
    Broken,
    /// The machine stands still: broken, unless that was planned.
    Stopped,
    /// What stops machines on purpose.
    Planned,
}

impl Grumbles {
    /// Reads a list, one word or phrase a line; the head of the shipped one says what the marks mean.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let words = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim().to_lowercase());
        Self(words.map(|line| Grumble::read(&line)).filter(|grumble| !grumble.word.is_empty()).collect())
    }

    /// Whether a reply says that the machine is broken. What stands on another line is not meant to go on.
    #[must_use]
    pub fn says_broken(&self, reply: &str) -> bool {
        let reply = Reply::of(reply);
        self.0.iter().any(|grumble| match grumble.sense {
            Sense::BrokenAgain | Sense::Broken => reply.places(grumble).next().is_some(),
            Sense::Stopped => reply.places(grumble).any(|at| !self.is_planned(&reply, at, at + grumble.word.len())),
            Sense::Displeased | Sense::Planned => false,
        })
    }

    /// The first word of displeasure that a reply holds. A word of letters counts as a whole word only.
    #[must_use]
    pub fn find(&self, reply: &str) -> Option<&str> {
        let reply = Reply::of(reply);
        let mut displeased =
            self.0.iter().filter(|grumble| matches!(grumble.sense, Sense::Displeased | Sense::BrokenAgain));
        displeased.find(|grumble| reply.places(grumble).next().is_some()).map(|grumble| grumble.word.as_str())
    }

    /// Whether a planned stop is named in the sentence of a word that stands from `at` to `end`: before it, or behind it as far as
    /// the next mark of punctuation, where a wish for a visit may begin.
    fn is_planned(&self, reply: &Reply, at: usize, end: usize) -> bool {
        let (from, to) = (reply.sentence_before(at), reply.part_behind(end));
        let mut planned = self.0.iter().filter(|grumble| grumble.sense == Sense::Planned);
        planned.any(|grumble| reply.places(grumble).any(|at| from <= at && at + grumble.word.len() <= to))
    }
}

impl Grumble {
    fn read(line: &str) -> Self {
        let (sense, bare) = match line.chars().next() {
            Some(BROKEN_AGAIN_MARK) => (Sense::BrokenAgain, &line[1..]),
            Some(BROKEN_MARK) => (Sense::Broken, &line[1..]),
            Some(STOPPED_MARK) => (Sense::Stopped, &line[1..]),
            Some(PLANNED_MARK) => (Sense::Planned, &line[1..]),
            _ => (Sense::Displeased, line),
        };
        let word = bare.strip_suffix(DOING_MARK).unwrap_or(bare).trim();
        let alone = word.strip_prefix('"').and_then(|word| word.strip_suffix('"'));
        Self {
            word: any_digit(alone.unwrap_or(word)),
            sense,
            is_cut_by_doing: bare.ends_with(DOING_MARK),
            is_alone: alone.is_some(),
        }
    }
}

/// A reply as it is searched.
struct Reply {
    /// In lower case, `9` for every digit, one space for any run of blanks.
    text: String,
    /// Spaces of it that were line breaks, by their place.
    breaks: Vec<usize>,
}

impl Reply {
    fn of(reply: &str) -> Self {
        let (mut text, mut breaks) = (String::with_capacity(reply.len()), Vec::new());
        for line in reply.lines() {
            // Some telephones put a blank without width between words.
            let words = line.split(|c: char| c.is_whitespace() || c == '\u{200b}').filter(|word| !word.is_empty());
            for (n, word) in words.enumerate() {
                if !text.is_empty() {
                    if n == 0 {
                        breaks.push(text.len());
                    }
                    text.push(' ');
                }
                text.push_str(&any_digit(&word.to_lowercase().replace('’', "'")));
            }
        }
        Self { text, breaks }
    }

    /// Where a word stands, in bytes. One of letters counts as a whole word only.
    fn places(&self, grumble: &Grumble) -> impl Iterator<Item = usize> {
        let word = grumble.word.as_str();
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let goes_on = move |inside: Option<char>, outside: Option<char>| is_letter(inside) && is_letter(outside);
        self.text.match_indices(word).map(|(at, _)| at).filter(move |at| {
            let (before, rest) = (&self.text[..*at], &self.text[at + word.len()..]);
            let is_part = goes_on(word.chars().next(), before.chars().next_back())
                || goes_on(word.chars().last(), rest.chars().next());
            let is_cut = grumble.is_cut_by_doing && begins_with_doing(rest);
            !is_part && !is_cut && (!grumble.is_alone || self.is_alone(*at, at + word.len()))
        })
    }

    /// Whether nothing but blanks stands between a word and the marks of punctuation around it.
    fn is_alone(&self, at: usize, end: usize) -> bool {
        let before = self.text[..at].trim_end_matches(' ');
        let is_first = before.is_empty() || before.ends_with(is_mark) || self.breaks.contains(&before.len());
        is_first && self.text[end..self.part_behind(end)].trim_matches(' ').is_empty()
    }

    /// Where the sentence begins that holds a place.
    fn sentence_before(&self, at: usize) -> usize {
        // Mail programs break lines within a sentence, so a line break does not end it.
        self.text[..at].rfind(SENTENCE_ENDS).unwrap_or(0)
    }

    /// Where the part of a sentence ends that goes on behind a place.
    fn part_behind(&self, end: usize) -> usize {
        let mark = self.text[end..].find(is_mark).map_or(self.text.len(), |mark| end + mark);
        self.breaks.iter().copied().find(|at| *at >= end).map_or(mark, |line| line.min(mark))
    }
}

fn is_mark(c: char) -> bool {
    SENTENCE_ENDS.contains(&c) || PART_ENDS.contains(&c)
}

/// Whether what follows a word is what somebody or something did.
fn begins_with_doing(rest: &str) -> bool {
    let next = rest.trim_start_matches(' ').split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    next.ends_with("ing") && !NO_DOING.contains(&next)
}

/// A text with `9` for every digit.
fn any_digit(text: &str) -> String {
    text.replace(|c: char| c.is_ascii_digit(), "9")
}

impl Default for Grumbles {
    fn default() -> Self {
        Self::parse(GRUMBLES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displeasure_is_heard_as_whole_words() {
        #[track_caller]
        fn check(reply: &str, expected: Option<&str>) {
            assert_eq!(Grumbles::default().find(reply), expected, "{reply}");
        }
        check("Friday after lunch?", None);
        check("This is the THIRD TIME you ask", Some("third time"));
        check("又坏了，你们到底行不行", Some("又坏了"));
        check("周五下午可以", None);
        check("We are an angrycorp supplier", None);
        // Plain word of a machine that stands still is no grumble.
        check("No. 2 has stopped. Can you come today?", None);
        check("2号机跳机了", None);
        check("停机了", None);
        check("it has stopped again, fed up", Some("stopped again"));
        check("it broke down again", Some("broke down again"));
    }

    #[test]
    fn a_machine_that_stands_still_is_heard_of() {
        for broken in [
            "It is STILL BROKEN, it tripped twice today",
            "2号机又坏了，麻烦尽快",
            "机器又停机了",
            "It has stopped. Can you come today?",
            "it has stopped",
            "It has stopped again",
            "The compressor has stopped",
            "No. 2 has stopped and shows E05",
            "It has stopped during the night",
            "The machine has stopped delivering air",
            "compressor 3 won’t start",
            "It won't start",
            "No. 2 will not start any more",
            "The compressor does not start",
            "2号机突然停了，请快来",
            "2号机开不了机了",
            "启动不了，面板没反应",
            "机器无法启动",
            "3号机不打气了",
            "从早上起就打不上气",
            "3号机停了，快来",
            "It is broken",
            "It has  stopped",
            "It\nhas stopped\nSent from my phone",
            "it has\u{a0}stopped",
            // Said shortly, as one does when a line stands still.
            "停机了",
            "已经停机了，快来人",
            "机器停了",
            "停了",
            "停了！快来",
            "2号机漏油，停了",
            "全停了",
            "坏了",
            "3号机停了",
            "broken",
            "Broken!",
            "Broken\r\nSent from my iPhone",
            "stopped",
            "It stopped",
            "it stopped. all of it",
            "It stopped at six this morning and shows E05",
            "It just stopped",
            "No. 2 broke down this morning",
            "it does not run",
            "It is not running",
            // The day is when somebody should come, not why it stands still.
            "It stopped. Can you come on Sunday?",
            "it stopped, can you come before the holiday?",
            "It does not run\nCan you come on Sunday",
            "机器停了，周日能来人吗",
            "停机了。放假前能修好吗",
            "It has stopped on a Sunday of all days",
            "No. 2 and No. 3 have stopped",
            "Both have stopped, please come",
            "The compressor has tripped",
            "No. 2 tripped at six",
            "it tripped with E23",
            "The compressor is down.",
            "It's down, please come",
            "2号跳闸了",
            "3号机跳停了，快来",
            "2号停了，快来",
        ] {
            assert!(Grumbles::default().says_broken(broken), "{broken}");
        }
    }

    #[test]
    fn a_stop_that_was_planned_and_anything_else_that_stopped_is_no_breakdown() {
        for fine in [
            "It has stopped leaking, thank you",
            "it has stopped making that noise",
            "The compressor has stopped dripping",
            "No. 2 has stopped leaking",
            "it stopped leaking",
            "It just stopped leaking",
            "We won't start before eight",
            "Production will not start until Monday",
            "周日不打气，可以过来",
            "周一启动，周日可以来",
            "The machine stops at six on Fridays",
            "周六下午停机，可以过来",
            "I am disappointed with the visit",
            "谢谢，很满意",
            "",
            // Planned.
            "It does not run on Sundays",
            "No. 2 does not run at weekends, so Saturday is fine",
            "it is not running on public holidays",
            "We stopped it for the holiday",
            "It stopped for the holiday",
            "During the shutdown it stopped as planned",
            "it stopped on Friday for the planned shutdown",
            "放假停机",
            "放假停机了",
            "国庆放假，机器停了，可以来",
            "计划停机",
            "计划停机了，周五可以来",
            "周末停机",
            "周末停机了",
            "周日机器停了，可以过来",
            "等机器停了再来",
            "停机后再来吧",
            "2号机停机两小时没问题",
            // The word alone is what counts, not in a sentence about something else.
            "The broken part was replaced, thank you",
            "The noise stopped after your visit",
            "Both have stopped leaking",
            "The temperature of the compressor is down, thank you",
            "漏气停了，谢谢",
            "那个旧阀坏了很久，换掉就好",
        ] {
            assert!(!Grumbles::default().says_broken(fine), "{fine}");
        }
    }

    #[test]
    fn our_own_letters_quoted_below_a_reply_say_nothing_of_the_kind() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
        let about_breakdowns = ["trouble", "called_off", "joint_broken", "phrases"];
        let mut read = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.extension().is_none_or(|ext| ext != "txt") || about_breakdowns.iter().any(|of| name.starts_with(of))
            {
                continue;
            }
            read += 1;
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                assert!(!Grumbles::default().says_broken(line), "{name}: {line}");
            }
        }
        assert!(read > 20, "{read}");
    }
}
