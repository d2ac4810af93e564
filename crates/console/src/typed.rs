//! What people type, fit to be kept and shown: without characters that nobody sees. A control character makes a font of reports
//! fail and a database refuse, and a mark of writing direction turns the words about that follow it.

/// Without what is not seen, line ends of one kind, no blanks around it, and no longer than `chars_max` characters.
pub(crate) fn fit(text: &str, chars_max: usize) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let seen: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || !is_unseen(*c)).collect();
    seen.trim().chars().take(chars_max).collect()
}

/// A control character, a mark that changes the direction of what follows, the mark of byte order, or the one that stands for bytes
/// that are no text: no browser of ours sends such, and it tells nobody anything.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_is_kept_and_nothing_else() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(fit(text, 12), expected, "{text:?}");
        }
        check("  gate 2\r\nring\r", "gate 2\nring");
        check("a\0b\u{7}c\u{1b}[31m", "abc[31m");
        check("\u{202e}gpj.exe\u{202c}", "gpj.exe");
        check("محمد ١٢", "محمد ١٢");
        check("冷却器\t👍", "冷却器\t👍");
        check("\u{0}\u{feff} \u{2066}\u{2069}", "");
        // `%FF%FEgate 2%E4%BD` of a form, as it is decoded.
        check("\u{fffd}\u{fffd}gate 2\u{fffd}", "gate 2");
        check("0123456789abcdef", "0123456789ab");
    }
}
