//! Names of customers, so that none is told of another. Found at any place of a text in one pass, however many there are.

use std::collections::HashMap;

/// Shortest name that is looked for, characters of the Latin alphabet.
const LATIN_CHARS_MIN: usize = 4;
/// The same of any other: two characters of a Chinese name are words of their own.
const OTHER_CHARS_MIN: usize = 3;

/// Names by their first two characters.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<(char, char), Vec<String>>);

impl Names {
    /// Those that are long enough to be told from other words.
    pub(crate) fn of(names: impl IntoIterator<Item = String>) -> Self {
        let mut by_start: HashMap<(char, char), Vec<String>> = HashMap::new();
        for name in names {
            let name = name.trim();
            let least = if name.is_ascii() { LATIN_CHARS_MIN } else { OTHER_CHARS_MIN };
            let mut chars = name.chars();
            if let (Some(first), Some(second)) = (chars.next(), chars.next())
                && name.chars().count() >= least
            {
                by_start.entry((first, second)).or_default().push(name.to_owned());
            }
        }
        Self(by_start)
    }

    /// The first name in a text that is not part of the reader's `own` words. Upper and lower case matter: a company called
    /// after an ordinary word is written with a capital.
    pub(crate) fn first_in(&self, text: &str, own: &[&str]) -> Option<&str> {
        let mut text = text.to_owned();
        // Longer words first, or a part of one would leave the rest of it.
        let mut own: Vec<&str> = own.iter().map(|word| word.trim()).filter(|word| !word.is_empty()).collect();
        own.sort_by_key(|word| std::cmp::Reverse(word.len()));
        for word in own {
            text = text.replace(word, "\n");
        }
        let starts: Vec<(usize, char)> = text.char_indices().collect();
        starts
            .windows(2)
            .find_map(|pair| {
                let at = pair[0].0;
                let names = self.0.get(&(pair[0].1, pair[1].1))?;
                names.iter().find(|name| text[at..].starts_with(name.as_str()) && stands_alone(&text, at, name))
            })
            .map(String::as_str)
    }
}

/// Whether a Latin name is no part of a longer word.
fn stands_alone(text: &str, at: usize, name: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let (first, last) = (name.chars().next(), name.chars().last());
    let before = is_letter(first) && is_letter(text[..at].chars().next_back());
    let after = is_letter(last) && is_letter(text[at + name.len()..].chars().next());
    !before && !after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_customer_is_found_and_the_reader_is_not() {
        let names = Names::of(["华新纺织", "华新", "Acme", "Acme North", "Air", "Summit Foods"].map(str::to_owned));
        #[track_caller]
        fn check(names: &Names, text: &str, own: &[&str], expected: Option<&str>) {
            assert_eq!(names.first_in(text, own), expected, "{text}");
        }
        check(&names, "像华新纺织那台一样", &["金陵精密"], Some("华新纺织"));
        check(&names, "华新纺织的2号机", &["华新纺织"], None);
        check(&names, "华新路8号", &[], None);
        check(&names, "As we did at Summit Foods last week", &["Acme"], Some("Summit Foods"));
        check(&names, "Your Acme North works", &["Acme North"], None);
        check(&names, "Your Acme North works", &["Acme"], None);
        check(&names, "the summit foods, Acmes and Air", &[], None);
        check(&names, "", &[], None);
    }
}
