//! What somebody wrote, without the letter that a mail program quotes below it or above. Pure.
//!
//! A letter of ours names machines, says what stops and how messages are stopped: read as the customer's own words it would do all
//! of that.

/// Lines at most over which a mail program breaks "On … wrote:".
const ATTRIBUTION_LINES_MAX: usize = 3;
/// So many figures at least are in such a line: the day, the year.
const DAY_FIGURES_MIN: usize = 4;
/// Longest name of a line in the head of a letter, in characters.
const FIELD_CHARS_MAX: usize = 12;
/// So many underscores in a line are one of Outlook's.
const RULE_CHARS_MIN: usize = 8;

/// A text without what it quotes: lines behind `>`, and everything from the line on under which a mail program puts the letter
/// that is answered.
pub(crate) fn own_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let (mut own, mut at) = (Vec::new(), 0);
    while let Some(line) = lines.get(at) {
        let rest = &lines[at..];
        if let Some(long) = attribution(rest) {
            let below = rest[long..].iter().find(|line| !line.trim().is_empty());
            // Where each line of the letter is marked, an answer may stand between them or below.
            if !below.is_some_and(|line| is_marked(line)) {
                break;
            }
            at += long;
            continue;
        }
        if begins_letter(rest) {
            break;
        }
        if !is_marked(line) {
            own.push(*line);
        }
        at += 1;
    }
    own.join("\n").trim().to_owned()
}

fn is_marked(line: &str) -> bool {
    line.trim_start().starts_with(['>', '＞'])
}

/// Over how many lines "On 3 July 2026 Min Wang wrote:" or "在 2026年7月3日，王敏写道：" stands, if lines begin with it.
fn attribution(lines: &[&str]) -> Option<usize> {
    const ENDS: [&str; 6] = ["wrote:", "wrote：", "写道:", "写道：", "寫道:", "寫道："];
    let ends = |line: &str| {
        let line = line.trim().to_lowercase();
        ENDS.iter().any(|end| line.ends_with(end)) || (line.contains(" schrieb ") && line.ends_with(':'))
    };
    let first = lines.first()?.trim();
    // With its day; anything else is somebody's sentence.
    if first.chars().filter(char::is_ascii_digit).count() < DAY_FIGURES_MIN {
        return None;
    }
    if ends(first) {
        return Some(1);
    }
    let begins = ["On ", "At ", "在"].iter().any(|begin| first.starts_with(begin));
    let mut more = lines.iter().take(ATTRIBUTION_LINES_MAX).skip(1).take_while(|line| !line.trim().is_empty());
    more.position(|line| ends(line)).filter(|_| begins).map(|last| last + 2)
}

/// Whether a line stands over a letter as a whole: "-----Original Message-----", a row of underscores, the head of the letter.
fn begins_letter(lines: &[&str]) -> bool {
    const TITLES: [&str; 9] = [
        "original",
        "original message",
        "original appointment",
        "forwarded message",
        "ursprüngliche nachricht",
        "原始邮件",
        "原始郵件",
        "转发的邮件",
        "转发邮件",
    ];
    let line = lines.first().map_or("", |line| line.trim());
    let bare = line.trim_matches(|c: char| "-—–_=* :：".contains(c)).to_lowercase();
    let is_title = TITLES.contains(&bare.as_str()) && bare.len() < line.len();
    let is_rule = line.chars().count() >= RULE_CHARS_MIN && line.chars().all(|c| c == '_');
    let mut below = lines.iter().skip(1).filter(|line| !line.trim().is_empty());
    let is_head = is_field(line, &SENDERS) && below.next().is_some_and(|next| is_field(next, &OTHERS));
    is_title || is_rule || is_head
}

const SENDERS: [&str; 5] = ["from", "发件人", "寄件者", "寄件人", "von"];
const OTHERS: [&str; 19] = [
    "sent",
    "date",
    "to",
    "cc",
    "subject",
    "reply-to",
    "发送时间",
    "发件时间",
    "时间",
    "日期",
    "收件人",
    "抄送",
    "主题",
    "gesendet",
    "datum",
    "an",
    "betreff",
    "寄件日期",
    "收件者",
];

/// Whether a line is `From: …`, however its name is set off.
fn is_field(line: &str, names: &[&str]) -> bool {
    let Some((name, _)) = line.split_once([':', '：']) else { return false };
    let name: String = name.chars().filter(|c| !c.is_whitespace() && *c != '*').take(FIELD_CHARS_MAX).collect();
    names.contains(&name.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::own_words;

    const LETTER: &str = "Dear Ms Baker,\nNo. 2 and No. 3 have stopped. Reply STOP to hear no more.";

    #[test]
    fn what_a_mail_program_puts_below_an_answer_is_not_its_writers() {
        let marked = LETTER.lines().map(|line| format!("> {line}\n")).collect::<String>();
        for (head, letter) in [
            ("", marked.as_str()),
            ("On 3 July 2026 at 09:14, Min Wang wrote:\n", &marked),
            ("On Fri, 3 Jul 2026 at 09:14, Min Wang <min.wang@service.example>\nwrote:\n\n", &marked),
            ("On Fri, 3 Jul 2026 at 09:14, Min Wang\n<min.wang@service.example> wrote:\n\n", LETTER),
            ("At 2026-07-03 09:14:00, \"Min Wang\" <w@service.example> wrote:\n", LETTER),
            ("Am 03.07.2026 um 09:14 schrieb Min Wang <w@service.example>:\n", LETTER),
            ("在 2026年7月3日，09:14，王敏 <w@service.example> 写道：\n", LETTER),
            ("在 2026-07-03 09:14:00，\"王敏\"\n<w@service.example> 写道:\n", LETTER),
            ("王敏 <w@service.example> 于2026年7月3日周五 09:14写道：\n\n", LETTER),
            ("-----Original Message-----\nFrom: Min Wang\n", LETTER),
            ("------------------ 原始邮件 ------------------\n发件人: \"王敏\"\n", LETTER),
            ("---Original---\nFrom: \"王敏\"<w@service.example>\nDate: Fri, Jul 3, 2026 09:14 AM\n", LETTER),
            ("发件人： 王敏\n发送时间： 2026年7月3日 9:14\n收件人： 李工\n", LETTER),
            ("From: Min Wang <w@service.example>\nSent: Friday, 3 July 2026 09:14\nTo: Ms Baker\n", LETTER),
            ("*From:* Min Wang\n*Sent:* Friday\n", LETTER),
            ("Von: Min Wang\nGesendet: Freitag, 3. Juli 2026 09:14\n", LETTER),
            ("________________________________\nFrom: Min Wang\n", LETTER),
        ] {
            assert_eq!(own_words(&format!("Friday suits us.\n\n{head}{letter}")), "Friday suits us.", "{head}");
        }
    }

    #[test]
    fn what_is_written_between_the_lines_of_a_letter_or_below_them_is_read() {
        let between = "On 3 July 2026 Min Wang wrote:\n> Is Friday good for you?\nYes\n> Or Monday?\nno\n-- \nJ. Baker";
        assert_eq!(own_words(between), "Yes\nno\n-- \nJ. Baker");
    }

    #[test]
    fn the_writers_own_sentences_stay() {
        for own in [
            "On Monday it stopped.\nMy colleague wrote to you about No. 3",
            "From: the valve comes smoke",
            "At 6:00 No. 2 tripped\nplease come",
            "Subject: compressor\nit stopped",
            "在2号机旁边\n漏油了",
            "My colleague wrote:\nNo. 2 has stopped",
            "a\n---\nb",
            "原始邮件里说的那台机器坏了",
            "",
        ] {
            assert_eq!(own_words(own), own);
        }
    }
}
