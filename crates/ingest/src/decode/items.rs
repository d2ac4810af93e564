//! Cuts a JSON array into its items without judging them, so that one bad item (even one that is not JSON, such as the
//! `NaN` that Python writes) costs only itself. Reading the array as one JSON value would lose all of it instead.

use super::reason::{Fault, RefusalReason};

/// The items of a payload: those of a top-level array, or the payload itself.
///
/// # Errors
/// When an array is not closed, has something behind its end, or holds more than `items_max` items.
pub(super) fn items(payload: &[u8], items_max: usize) -> Result<Vec<&[u8]>, Fault> {
    let payload = payload.trim_ascii();
    let [b'[', inner @ ..] = payload else { return Ok(vec![payload]) };
    let mut found = Vec::new();
    let mut rest = inner;
    loop {
        let (item, end, after) = next_item(rest)?;
        let closes_an_empty_array = found.is_empty() && end == b']' && item.is_empty();
        if !closes_an_empty_array {
            found.push(item);
        }
        if found.len() > items_max {
            return Err(Fault::new(RefusalReason::TooMany, format!("the array holds more than {items_max} items")));
        }
        if end == b']' {
            let trailing = after.trim_ascii();
            return if trailing.is_empty() {
                Ok(found)
            } else {
                Err(Fault::new(RefusalReason::Malformed, format!("{} bytes follow the array's end", trailing.len())))
            };
        }
        rest = after;
    }
}

/// The bytes up to the next comma or bracket of this level, which of the two it was, and what follows it.
fn next_item(bytes: &[u8]) -> Result<(&[u8], u8, &[u8]), Fault> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => depth += 1,
            b',' | b']' if depth == 0 => return Ok((bytes[..at].trim_ascii(), *byte, &bytes[at + 1..])),
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Err(Fault::new(RefusalReason::Malformed, "the array is not closed; the message seems cut"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(payload: &str, expected: &str) {
        let got = match items(payload.as_bytes(), 3) {
            Ok(items) => items.iter().map(|i| String::from_utf8_lossy(i).into_owned()).collect::<Vec<_>>().join(" | "),
            Err(fault) => format!("{}: {}", fault.reason.code(), fault.detail),
        };
        assert_eq!(got, expected, "{payload}");
    }

    #[test]
    fn cuts_at_the_commas_of_its_own_level() {
        check(r#" {"a":[1,2]} "#, r#"{"a":[1,2]}"#);
        check("[]", "");
        check(" [ ] ", "");
        check(r#"[{"a":1} , {"b":[1,2],"c":{}}]"#, r#"{"a":1} | {"b":[1,2],"c":{}}"#);
        check(r#"[{"a":"],\"}"},NaN]"#, r#"{"a":"],\"}"} | NaN"#);
        check("[1,,2]", "1 |  | 2");
        check("[1,]", "1 | ");
    }

    #[test]
    fn refuses_what_has_no_end_or_no_bound() {
        check("[1,2", "malformed: the array is not closed; the message seems cut");
        check(r#"["#, "malformed: the array is not closed; the message seems cut");
        check(r#"["a]"#, "malformed: the array is not closed; the message seems cut");
        check("[1] [2]", "malformed: 3 bytes follow the array's end");
        check("[1,2,3,4]", "too_many: the array holds more than 3 items");
    }
}
