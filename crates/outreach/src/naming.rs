//! Which of their machines customers mean when they write. Pure.

/// What somebody wrote, word by word.
pub(crate) struct Said(Vec<String>);

impl Said {
    pub(crate) fn new(text: &str) -> Self {
        Self(tokens(text))
    }

    /// Whether it names a machine by what its owner calls it, however that is written: "No. 2" is `no 2`, `#2` and `number 2`, and
    /// 2号机 is `二号`. A name without a figure is any word of the language, and names nothing.
    pub(crate) fn names(&self, number: &str) -> bool {
        let mut name = tokens(number);
        // Left out where it is clear.
        if name.len() > 1 && name.last().is_some_and(|last| last == "机") {
            name.pop();
        }
        let has_figure = name.iter().any(|token| token.starts_with(|first: char| first.is_ascii_digit()));
        has_figure && self.0.windows(name.len()).any(|window| window == name)
    }
}

/// Words and whole figures, so that 2 is not found in 12; each Chinese character is a word.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut before = Kind::Mark;
    for character in text.chars() {
        let kind = Kind::of(character);
        match (kind, tokens.last_mut()) {
            (Kind::Mark, _) => {}
            (Kind::Letter | Kind::Figure, Some(token)) if kind == before => token.extend(character.to_lowercase()),
            _ => tokens.push(character.to_lowercase().collect()),
        }
        before = kind;
    }
    tokens.into_iter().map(plain).collect()
}

/// One spelling for each word that stands before or for a figure.
fn plain(token: String) -> String {
    const FIGURES: [&str; 9] = ["一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let figure = FIGURES.iter().zip(1..).find(|(written, _)| token == **written).map(|(_, n): (_, u32)| n.to_string());
    match (figure, token.as_str()) {
        (Some(figure), _) => figure,
        (None, "number" | "nr" | "#") => "no".to_owned(),
        _ => token,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Figure,
    Sign,
    Mark,
}

impl Kind {
    fn of(character: char) -> Self {
        match character {
            '0'..='9' => Self::Figure,
            // From here on characters are words.
            '\u{2e80}'.. if character.is_alphanumeric() => Self::Sign,
            '#' => Self::Sign,
            _ if character.is_alphabetic() => Self::Letter,
            _ => Self::Mark,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Said;

    #[test]
    fn a_machine_is_named_however_its_number_is_written() {
        #[track_caller]
        fn check(words: &str, number: &str, expected: bool) {
            assert_eq!(Said::new(words).names(number), expected, "{number} in {words:?}");
        }
        for words in ["No. 2 has stopped", "no2 tripped", "it is #2", "Number 2 is down", "NR. 2!"] {
            check(words, "No. 2", true);
        }
        for words in ["2号机停机了", "二号停了", "2 号机坏了"] {
            check(words, "2号机", true);
        }
        check("K2 stands still", "K2", true);
        check("B车间2号机停了", "B车间2号机", true);
        // Another one, a part of another, no machine at all.
        check("No. 12 has stopped", "No. 2", false);
        check("12号机停了", "2号机", false);
        check("2 of them have stopped", "No. 2", false);
        check("第三次了", "3号机", false);
        check("the main valve leaks", "Main", false);
        check("", "No. 2", false);
    }
}
