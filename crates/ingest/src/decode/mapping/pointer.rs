//! JSON pointers (RFC 6901), parsed once at start.

use serde_json::Value;

/// A checked pointer; the empty one leads to the whole document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Pointer(Vec<Token>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    key: String,
    /// The token as an array index, when it is one.
    index: Option<usize>,
}

impl Pointer {
    /// Reads a pointer, or says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix('/') else {
            return if text.is_empty() {
                Ok(Self(Vec::new()))
            } else {
                Err(format!("`{text}` is no JSON pointer; did you mean `/{text}`?"))
            };
        };
        rest.split('/').map(token).collect::<Result<_, _>>().map(Self)
    }

    /// Where it leads in a document.
    pub(in crate::decode) fn find<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(document, |at, token| match at {
            Value::Object(map) => map.get(&token.key),
            Value::Array(items) => items.get(token.index?),
            _ => None,
        })
    }
}

fn token(text: &str) -> Result<Token, String> {
    let mut escapes = text.split('~').skip(1);
    if !escapes.all(|after| after.starts_with(['0', '1'])) {
        return Err(format!("in `{text}` a `~` must be written ~0 (and a `/` inside a key ~1)"));
    }
    // Only the canonical form is an index: RFC 6901 allows no leading zeros.
    let index = text.parse().ok().filter(|index: &usize| index.to_string() == text);
    Ok(Token { key: text.replace("~1", "/").replace("~0", "~"), index })
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
}
