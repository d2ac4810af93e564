//! JSON pointers (RFC 6901), parsed once at start, with one addition: in an array, `[key=value]` leads to the first object
//! whose `key` has that value, because many gateways publish lists of `{"name":…,"value":…}`.

use std::fmt;

use serde_json::Value;

/// A checked pointer; the empty one leads to the whole document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Pointer {
    /// As written, for people.
    text: String,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    key: String,
    place: Place,
}

/// What a token means in an array.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// The item of this number, from 0.
    Index(usize),
    /// The first object whose key has this value.
    Where { key: String, value: String },
    /// Nothing.
    Nowhere,
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.text.is_empty() { "the whole payload" } else { &self.text })
    }
}

impl Pointer {
    /// Reads a pointer, or says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix('/') else {
            return if text.is_empty() {
                Ok(Self { text: String::new(), tokens: Vec::new() })
            } else {
                Err(format!("`{text}` is no JSON pointer; did you mean `/{text}`?"))
            };
        };
        let tokens = rest.split('/').map(token).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), tokens })
    }

    /// Where it leads in a document.
    pub(in crate::decode) fn find<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        self.tokens.iter().try_fold(document, |at, token| match (at, &token.place) {
            (Value::Object(map), _) => map.get(&token.key),
            (Value::Array(items), Place::Index(index)) => items.get(*index),
            (Value::Array(items), Place::Where { key, value }) => items.iter().find(|item| holds(item, key, value)),
            _ => None,
        })
    }
}

fn holds(item: &Value, key: &str, value: &str) -> bool {
    match item.get(key) {
        Some(Value::String(text)) => text == value,
        Some(Value::Number(number)) => number.to_string().as_str() == value,
        Some(Value::Bool(truth)) => value == if *truth { "true" } else { "false" },
        _ => false,
    }
}

fn token(text: &str) -> Result<Token, String> {
    let mut escapes = text.split('~').skip(1);
    if !escapes.all(|after| after.starts_with(['0', '1'])) {
        return Err(format!("in `{text}` a `~` must be written ~0 (and a `/` inside a key ~1)"));
    }
    let plain = |text: &str| text.replace("~1", "/").replace("~0", "~");
    let selector = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).and_then(|rest| rest.split_once('='));
    // Only the canonical form is an index: RFC 6901 allows no leading zeros.
    let place = match (text.parse::<usize>(), selector) {
        (Ok(index), _) if index.to_string() == text => Place::Index(index),
        (_, Some((key, value))) => Place::Where { key: plain(key), value: plain(value) },
        _ => Place::Nowhere,
    };
    Ok(Token { key: plain(text), place })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pointer: &str, expected: &str) {
        let document = serde_json::json!({"a": [{"b": 1}, 2], "x/y": 3, "m~n": 4, "": 5, "01": 6});
        let got = match Pointer::parse(pointer) {
            Err(problem) => problem,
            Ok(pointer) => pointer.find(&document).map_or("nothing".into(), ToString::to_string),
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn follows_rfc_6901() {
        check("/a/0/b", "1");
        check("/a/1", "2");
        check("/a/01", "nothing");
        check("/a/-", "nothing");
        check("/a/1/b", "nothing");
        check("/x~1y", "3");
        check("/m~0n", "4");
        check("/", "5");
        check("/01", "6");
        check("a", "`a` is no JSON pointer; did you mean `/a`?");
        check("/a~2", "in `a~2` a `~` must be written ~0 (and a `/` inside a key ~1)");
    }

    #[test]
    fn the_empty_pointer_is_the_document() {
        let document = serde_json::json!(7);
        assert_eq!(Pointer::parse("").unwrap().find(&document), Some(&document));
    }

    #[test]
    fn finds_an_item_by_one_of_its_values() {
        let document = serde_json::json!({"tags": [{"n": "a/b", "v": 1}, {"n": 7, "v": 2}, 3, {"n": true, "v": 4}]});
        for (pointer, expected) in [
            ("/tags/[n=a~1b]/v", "1"),
            ("/tags/[n=7]/v", "2"),
            ("/tags/[n=true]/v", "4"),
            ("/tags/[n=c]/v", "nothing"),
            ("/tags/[n]/v", "nothing"),
        ] {
            let pointer = Pointer::parse(pointer).unwrap();
            let got = pointer.find(&document).map_or("nothing".into(), ToString::to_string);
            assert_eq!(got, expected, "{pointer}");
        }
    }
}
