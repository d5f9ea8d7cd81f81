//! JSON values ↔ the values that a Yjs document holds, as JavaScript sees them: a number is a number.

use serde_json::{Map, Number, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use yrs::Any;

/// Integers that JavaScript holds exactly; beyond them a number is a float there, and so it is here.
const SAFE: f64 = 9_007_199_254_740_991.0;

/// Nested values that we write: the validator refuses more than 64, and JSON readers more than 128 altogether.
pub(crate) const MAX_VALUE_DEPTH: usize = 32;

pub(crate) fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 1,
    }
}

/// Recursion is bounded by [`MAX_VALUE_DEPTH`], which the caller has checked.
pub(crate) fn from_json(value: &Value) -> Any {
    match value {
        Value::Null => Any::Null,
        Value::Bool(value) => Any::Bool(*value),
        Value::Number(number) => number_to_any(number),
        Value::String(text) => Any::String(Arc::from(text.as_str())),
        Value::Array(items) => Any::Array(items.iter().map(from_json).collect()),
        Value::Object(map) => {
            Any::Map(Arc::new(map.iter().map(|(k, v)| (k.clone(), from_json(v))).collect::<HashMap<_, _>>()))
        }
    }
}

/// Recursion is bounded by the validator (64).
pub(crate) fn to_json(value: &Any) -> Value {
    match value {
        // Bytes have no JSON form; no attribute of ours is one.
        Any::Null | Any::Undefined | Any::Buffer(_) => Value::Null,
        Any::Bool(value) => Value::Bool(*value),
        Any::Number(number) => number.as_i64().filter(|n| (*n as f64).abs() <= SAFE).map_or_else(
            || number.as_f64().and_then(Number::from_f64).map_or(Value::Null, Value::Number),
            |integer| Value::Number(integer.into()),
        ),
        Any::String(text) => Value::String(text.to_string()),
        Any::Array(items) => Value::Array(items.iter().map(to_json).collect()),
        Any::Map(map) => {
            // yrs keeps no order, and JSON may: equal documents have to read the same, in any build.
            let sorted: BTreeMap<_, _> = map.iter().map(|(k, v)| (k.clone(), to_json(v))).collect();
            Value::Object(sorted.into_iter().collect::<Map<_, _>>())
        }
    }
}

fn number_to_any(number: &Number) -> Any {
    match number.as_f64() {
        Some(float) if float.trunc() == float && float.abs() <= SAFE => Any::from(float as i64),
        Some(float) => Any::from(float),
        None => Any::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_survives_the_way_there_and_back() {
        let value = json!({"level": 2, "open": true, "ratio": 0.5, "big": 2147483648u64, "none": null, "list": [1, "a", {"b": -3}]});
        assert_eq!(to_json(&from_json(&value)), value);
        assert_eq!(to_json(&from_json(&json!(2.0))), json!(2), "JavaScript knows one kind of number");
        assert_eq!(to_json(&Any::from(f64::NAN)), Value::Null);
        assert_eq!(depth(&json!([[1]])), 3);
    }
}
