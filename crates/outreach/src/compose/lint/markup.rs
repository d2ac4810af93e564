//! HTML in a text. Letters, short forms and the sentences of the page are plain text: a reader sees a tag as it was typed.

/// Names of tags that people know from web pages and mail programs. Others, e.g. an address between angle brackets, are no HTML.
const TAGS: &[&str] = &[
    "a",
    "b",
    "blockquote",
    "body",
    "br",
    "button",
    "center",
    "div",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "hr",
    "html",
    "i",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "script",
    "small",
    "span",
    "strong",
    "style",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "u",
    "ul",
];
/// Signs that HTML writes by name.
const SIGNS: &[&str] = &["&amp;", "&lt;", "&gt;", "&quot;", "&nbsp;", "&copy;", "&ndash;", "&mdash;", "&hellip;"];
/// Characters of a tag that are shown.
const SHOWN_CHARS_MAX: usize = 24;

/// The tags and named signs of a text as they stand there, each once.
pub(super) fn markup(text: &str) -> Vec<String> {
    let mut found: Vec<String> = text.match_indices('<').filter_map(|(at, _)| tag(&text[at..])).collect();
    let signs = SIGNS.iter().filter(|sign| text.contains(**sign));
    found.extend(signs.map(|sign| (*sign).to_owned()));
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|one| seen.insert(one.clone()));
    found
}

/// The tag with which a text begins, if it does.
fn tag(text: &str) -> Option<String> {
    let inner = text.strip_prefix('<')?;
    let name: String =
        inner.strip_prefix('/').unwrap_or(inner).chars().take_while(char::is_ascii_alphanumeric).collect();
    let rest = &inner[name.len() + usize::from(inner.starts_with('/'))..];
    // `<b2` is no tag, and neither is `a < b`.
    let ends = rest.starts_with(['>', '/', ' ', '\n']);
    if !ends || !TAGS.contains(&name.to_ascii_lowercase().as_str()) {
        return None;
    }
    let whole = text.find('>').map_or(text, |end| &text[..=end]);
    if whole.chars().count() <= SHOWN_CHARS_MAX {
        return Some(whole.to_owned());
    }
    Some(format!("{}…", whole.chars().take(SHOWN_CHARS_MAX).collect::<String>().trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_told_from_what_only_looks_like_them() {
        #[track_caller]
        fn check(text: &str, expected: &[&str]) {
            assert_eq!(markup(text), expected, "{text}");
        }
        check("<p>A <b>bold</b> word<br/>and another<BR>", &["<p>", "<b>", "</b>", "<br/>", "<BR>"]);
        check("<a href=\"https://service.example/b/x\">here</a>", &["<a href=\"https://service…", "</a>"]);
        check("5&nbsp;bar &amp; more &amp; more", &["&amp;", "&nbsp;"]);
        check("write to <li@huaxin.example>, <b2>, 3 < b and a <- i", &[]);
        check("压力<0.8 bar，温度<105 ℃", &[]);
    }
}
