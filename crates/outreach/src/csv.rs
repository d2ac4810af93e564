//! A text of comma-separated values, cut into its fields. Pure.

/// A name, a key or whatever else is one thing is no longer than this, characters.
pub(crate) const TEXT_CHARS_MAX: usize = 200;
/// A field that holds many things is no longer than this, characters.
const LIST_CHARS_MAX: usize = 4_000;
/// The fields that hold many.
const LISTS: [&str; 7] = ["addresses", "channels", "holidays", "shifts", "shutdowns", "busy", "service"];
/// The only field that may go over several lines.
const OF_LINES: &str = "address";

/// A control character, or a mark that turns about the direction of whatever stands behind it on a page.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What shows that a row is not what it seems, of its fields, the header's number of them and those that are `named`: the column,
/// why, the remedy. A quotation mark that nobody closed takes in all that follows.
pub(crate) fn doubt<'f>(
    fields: &[String],
    columns: usize,
    named: impl Iterator<Item = (&'static str, &'f str)>,
) -> Option<(&'static str, String, String)> {
    if fields.iter().skip(columns).any(|field| !field.trim().is_empty()) {
        let why = format!("the line has {} fields, the header {columns}", fields.len());
        return Some(("", why, "put a field that holds a comma between quotation marks".to_owned()));
    }
    let longest = |column: &str| if LISTS.contains(&column) { LIST_CHARS_MAX } else { TEXT_CHARS_MAX };
    let is_odd = |column: &str, field: &str| {
        let odd = |c: char| is_unseen(c) && !(column == OF_LINES && matches!(c, '\r' | '\n'));
        field.chars().any(odd) || field.chars().count() > longest(column)
    };
    let (column, field) = named.into_iter().find(|(column, field)| is_odd(column, field))?;
    let why = match field.lines().count().saturating_sub(1) {
        0 => format!("it holds control characters or more than {} characters", longest(column)),
        more => format!("it goes on over {more} more lines of the file, none of which was read"),
    };
    Some((column, why, "close its quotation mark, or take out what is no text".to_owned()))
}

/// The rows with the number of the line on which each begins. The separator is whichever of comma, semicolon and tab the first
/// line has most of.
pub(crate) fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
    let first = text.lines().next().unwrap_or_default();
    let separator = [',', ';', '\t'].into_iter().rev().max_by_key(|c| first.matches(*c).count()).unwrap_or(',');
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut began, mut quoted) = (1, 1, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted || field.trim().is_empty() => {
                quoted = !quoted;
                field = field.trim_start().to_owned();
            }
            c if c == separator && !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push((began, std::mem::take(&mut row)));
                began = line;
            }
            '\r' if !quoted => {}
            c => field.push(c),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push((began, row));
    }
    rows
}
