//! JSON as a tree, in which no object says two things: of a key that stands twice `serde_json` keeps the last value, others the
//! first, and a required signal could vanish behind a later `null`. The same value again is harmless.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How the error of such a key begins; its name in backquotes follows.
pub(super) const TWICE: &str = "two different values for ";

/// How the error of a payload that would take too much memory begins.
pub(super) const TOO_MANY: &str = "more values than a payload may hold";

/// Most that a payload may hold, values: a thousand records of two hundred each. A payload is bounded in bytes, but three of them,
/// `{},`, take six hundred in memory.
const VALUES_MAX: usize = 200_000;

/// For how many values an object counts: its first node has room for eleven.
const OBJECT: usize = 16;

/// Longest part of a key that an error repeats, characters.
const KEY_CHARS_MAX: usize = 60;

/// Reads a payload.
pub(super) fn parse(payload: &[u8]) -> serde_json::Result<Value> {
    let mut json = serde_json::Deserializer::from_slice(payload);
    let value = Tree(&Cell::new(VALUES_MAX)).deserialize(&mut json)?;
    json.end().map(|()| value)
}

/// With what may still come.
#[derive(Clone, Copy)]
struct Tree<'a>(&'a Cell<usize>);

impl Tree<'_> {
    fn count<E: serde::de::Error>(self, values: usize) -> Result<(), E> {
        let left = self.0.get().checked_sub(values).ok_or_else(|| E::custom(TOO_MANY))?;
        self.0.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
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
            self.count(1)?;
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        self.count(OBJECT)?;
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            self.count(1)?;
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

    #[test]
    fn what_would_fill_the_memory_is_refused_on_the_way() {
        let check = |item: &str, times: usize, expected: &str| {
            let text = format!("[{}]", vec![item; times].join(","));
            let said = parse(text.as_bytes()).map_or_else(|error| error.to_string(), |_| String::new());
            assert!(said.starts_with(expected) && said.is_empty() == expected.is_empty(), "{item}: {said}");
        };
        // As many machines as an array may have, each with all that a controller says.
        let record =
            format!("{{{}}}", (0..150).map(|key| format!("\"register {key}\":0.5")).collect::<Vec<_>>().join(","));
        check(&record, 1_000, "");
        check("0", 150_000, "");
        check("{}", 300_000, TOO_MANY);
        check(r#"{"":0}"#, 150_000, TOO_MANY);
        check("0", 500_000, TOO_MANY);
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
