//! JSON that means the same to every reader: no key twice, and no number beyond what every reader holds exactly.
//!
//! Readers disagree about a second key of the same name and about numbers above 2^53 − 1; a hash over the one meaning would
//! then vouch for another (rules 8.1).

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// The largest whole number that a double holds exactly, as all smaller ones.
const LARGEST: u64 = (1 << 53) - 1;

/// Reads a JSON text. Errors: in the parser's words, with line and column.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

fn too_large<E: Error>(number: impl fmt::Display) -> E {
    E::custom(format_args!("the number {number} is beyond 2^53 - 1"))
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        if value > LARGEST { Err(too_large(value)) } else { Ok(value.into()) }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > LARGEST { Err(too_large(value)) } else { Ok(value.into()) }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        match Number::from_f64(value) {
            Some(number) if value.abs() <= LARGEST as f64 => Ok(Value::Number(number)),
            _ => Err(too_large(value)),
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(Self)?;
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!("duplicate key `{key}`")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_every_reader_reads_alike_is_read() {
        let text = r#" {"a": [1, -2, 0.5, "x\u00e9", null, true, {}], "b": {"a": 9007199254740991}} "#;
        let expected: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(parse(text.as_bytes()).expect("strict JSON"), expected);
        assert_eq!(parse(b"[]").expect("strict JSON"), json!([]));
    }

    #[test]
    fn a_second_key_a_large_number_and_more_text_are_errors() {
        for (text, error) in [
            (r#"{"a": 1, "a": 1}"#, "duplicate key `a`"),
            (r#"{"x": [{"b": {}, "b": 2}]}"#, "duplicate key `b`"),
            (r#"{"\u0061": 1, "a": 2}"#, "duplicate key `a`"),
            ("9007199254740992", "the number 9007199254740992 is beyond 2^53 - 1"),
            ("[9007199254740993]", "the number 9007199254740993 is beyond 2^53 - 1"),
            ("-9007199254740992", "the number -9007199254740992 is beyond 2^53 - 1"),
            ("18446744073709551616", "is beyond 2^53 - 1"),
            ("1e300", "is beyond 2^53 - 1"),
            ("1e999", "number out of range"),
            ("{} {}", "trailing characters"),
            ("", "EOF while parsing"),
        ] {
            let found = parse(text.as_bytes()).expect_err(text).to_string();
            assert!(found.contains(error), "{text}: {found}");
        }
    }
}
