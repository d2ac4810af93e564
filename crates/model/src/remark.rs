//! What is wrong with a text that a customer would read. The lint names it, the pages word it in the reader's language, so
//! neither needs the other's sentences.

use std::fmt;

/// Longest e-mail, characters.
pub const BODY_CHARS_MAX: usize = 2_000;
/// Longest subject, characters: what a telephone shows of it.
pub const SUBJECT_CHARS_MAX: usize = 80;
/// Longest short form, parts of an SMS: 153 characters each of Latin text, 67 of any other.
pub const SHORT_PARTS_MAX: usize = 3;

crate::named! {
    /// Why customers never read a word.
    WordSort {
        /// Figures and rules by which we judge ourselves.
        InternalMatters = "internal matters",
        /// Prices and offers.
        Selling = "selling",
        /// What only an engineer understands.
        Jargon = "jargon",
        /// What frightens.
        Alarm = "alarm",
        /// Whose fault it is.
        Blame = "blame",
        /// The reader's own life.
        PrivateMatters = "private matters",
        /// Our people's work with us.
        StaffMatters = "staff matters",
    }
}

impl fmt::Display for WordSort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an edited text may not leave out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The link to the customer's page.
    Link,
    /// One of the times offered, in the words that the text must hold.
    Time(String),
    /// The name of a machine that the letter is about, one of several.
    Machine(String),
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => write!(f, "the link to the customer's page"),
            Self::Time(words) => write!(f, "the time `{words}`"),
            Self::Machine(name) => write!(f, "the machine `{name}`, as every other one of the letter,"),
        }
    }
}

/// One thing that is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// A word that customers never read.
    Word {
        /// Which, or the words of which it is made.
        word: String,
        /// Of what sort.
        sort: WordSort,
    },
    /// A figure more precise than anything we know.
    TooPrecise(String),
    /// An exclamation mark.
    Exclamation,
    /// A tag of HTML, or a sign that it writes by name, in what is plain text.
    Markup(String),
    /// A mark of the template language that was not filled in.
    Unfilled,
    /// More than one link, or none.
    Links(usize),
    /// The identity used inside the company.
    InternalId(String),
    /// No subject, or one longer than [`SUBJECT_CHARS_MAX`].
    Subject(usize),
    /// More characters than [`BODY_CHARS_MAX`].
    Long(usize),
    /// A short form of more parts than [`SHORT_PARTS_MAX`], or of none.
    Short(usize),
    /// The text asks for more than one thing; this is the second.
    SecondRequest(String),
    /// The name of another customer.
    OtherCustomer(String),
    /// A note that an advisor made for colleagues.
    Note(String),
    /// Something that a customer cannot do without is left out.
    Missing(Lack),
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word { word, sort } => write!(f, "`{word}` ({sort})"),
            Self::TooPrecise(figure) => write!(f, "`{figure}` is more precise than the forecast"),
            Self::Exclamation => write!(f, "an exclamation mark"),
            Self::Markup(tag) => write!(f, "`{tag}` is HTML, and customers read plain text"),
            Self::Unfilled => write!(f, "a place of the template was not filled in"),
            Self::Links(n) => write!(f, "{n} links where one belongs"),
            Self::InternalId(id) => write!(f, "the internal identity `{id}`"),
            Self::Subject(chars) => {
                write!(f, "a subject of {chars} characters; 1 to {SUBJECT_CHARS_MAX} are allowed")
            }
            Self::Long(chars) => write!(f, "a text of {chars} characters; {BODY_CHARS_MAX} are allowed"),
            Self::Short(parts) => write!(f, "a short form of {parts} SMS parts; 1 to {SHORT_PARTS_MAX} are allowed"),
            Self::SecondRequest(sentence) => write!(f, "a second request: `{sentence}`"),
            Self::Note(note) => write!(f, "`{note}` is a note for colleagues"),
            Self::OtherCustomer(name) => write!(f, "`{name}` is another customer"),
            Self::Missing(lack) => write!(f, "{lack} must stay in the text"),
        }
    }
}

/// One thing that is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateFault {
    /// The text breaks a house rule.
    Rule(Remark),
    /// The template language says no, in its own words.
    Code(String),
    /// More characters than a template may have.
    Size(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_says_what_and_how_much_is_allowed() {
        #[track_caller]
        fn check(remark: Remark, expected: &str) {
            assert_eq!(remark.to_string(), expected);
        }
        check(Remark::Word { word: "kpi".into(), sort: WordSort::InternalMatters }, "`kpi` (internal matters)");
        check(Remark::Subject(81), "a subject of 81 characters; 1 to 80 are allowed");
        check(Remark::Long(2_001), "a text of 2001 characters; 2000 are allowed");
        check(Remark::Short(0), "a short form of 0 SMS parts; 1 to 3 are allowed");
        check(Remark::Missing(Lack::Link), "the link to the customer's page must stay in the text");
        check(Remark::Missing(Lack::Time("17:00".into())), "the time `17:00` must stay in the text");
        check(
            Remark::Missing(Lack::Machine("No. 3".into())),
            "the machine `No. 3`, as every other one of the letter, must stay in the text",
        );
    }
}
