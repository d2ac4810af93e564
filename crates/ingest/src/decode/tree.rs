//! JSON as a tree, in which no object says two things: of a key that stands twice `serde_json` keeps the last value, others the
//! first, and a required signal could vanish behind a later `null`. The same value again is harmless.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How the error of such a key begins; its name in backquotes follows.
pub(super) const TWICE: &str = "two different values for ";

/// Longest part of a key that an error repeats, characters.
const KEY_CHARS_MAX: usize = 60;

/// Reads a payload.
pub(super) fn parse(payload: &[u8]) -> serde_json::Result<Value> {
    let mut json = serde_json::Deserializer::from_slice(payload);
    let value = Tree.deserialize(&mut json)?;
    json.end().map(|()| value)
}

#[derive(Clone, Copy)]
struct Tree;

impl<'de> DeserializeSeed<'de> for Tree {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(self)?;
            if object.get(&key).is_some_and(|known| *known != value) {
                let key: String = key.chars().take(KEY_CHARS_MAX).collect();
                return Err(A::Error::custom(format_args!("{TWICE}`{key}`")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_may_come_again_with_the_same_value_only() {
        let check = |text: &str, expected: &str| {
            let said = parse(text.as_bytes()).map_or_else(|error| error.to_string(), |value| value.to_string());
            assert_eq!(said, expected, "{text}");
        };
        check(r#"{"a":1,"b":{"a":null},"a":1}"#, r#"{"a":1,"b":{"a":null}}"#);
        check(r#"{"a":1,"a":null}"#, "two different values for `a` at line 1 column 16");
        check(r#"[{"a":{"b":1,"b":2}}]"#, "two different values for `b` at line 1 column 19");
        check(r#"{"a":1} x"#, "trailing characters at line 1 column 9");
    }

    /// Any JSON, by the text that a program would write.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(".{0,4}", inner, 0..6).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_other_json_is_read_as_serde_json_reads_it(value in any_json(), cut in any::<prop::sample::Index>()) {
            let text = value.to_string();
            prop_assert_eq!(parse(text.as_bytes()).ok(), serde_json::from_str::<Value>(&text).ok());
            let cut = &text.as_bytes()[..cut.index(text.len() + 1)];
            prop_assert_eq!(parse(cut).ok(), serde_json::from_slice::<Value>(cut).ok());
        }
    }
}
