//! Canonical JSON.

use kith_event::json::{NESTING_DEPTH_MAX, Object, Strictness, Value, nesting, parse, parse_object, to_text};
use serde_json::json;

use crate::{corpus, run::fuzz};

#[test]
fn canonical_json() {
    let texts = [
        corpus::transaction().to_string(),
        json!({"a": [1, -2, true, null, "\u{1f980}\n\"\\"], "": {}, "z": 9_007_199_254_740_991_i64})
            .to_string(),
        r#" { "b" : [ ] , "a" : "\u00e9\ud83e\udd80\/" } "#.to_owned(),
        "[]".to_owned(),
        "-1".to_owned(),
    ];
    fuzz(&texts.map(String::into_bytes), read);
}

fn read(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    let (strict, lax) = (parse(text, Strictness::Strict), parse(text, Strictness::Lax));
    if let Ok(value) = &strict {
        assert_eq!(lax.as_ref(), Ok(value), "what the strict road accepts, the lax one accepts alike");
        let theirs: serde_json::Value = serde_json::from_str(text).expect("JSON is JSON");
        assert!(is_same(value, &theirs), "{value:?} is not {theirs}");
    }
    let object = match lax {
        Ok(Value::Object(object)) => object,
        // Only objects are written; around what is as deep as may be there is no room for one.
        Ok(value) if nesting(input) < NESTING_DEPTH_MAX => Object::from([("in".to_owned(), value)]),
        _ => return strict.is_ok(),
    };
    let printed = to_text(&object);
    let again = parse_object(&printed, Strictness::Lax).expect("what was written can be read");
    assert_eq!(again, object, "read again, it is the same");
    assert_eq!(to_text(&again), printed, "printed again, it is the same");
    strict.is_ok()
}

/// Whether another reader understands a text as the same value.
fn is_same(ours: &Value, theirs: &serde_json::Value) -> bool {
    match (ours, theirs) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(one), serde_json::Value::Bool(other)) => one == other,
        (Value::Integer(one), serde_json::Value::Number(other)) => other.as_i64() == Some(*one),
        (Value::String(one), serde_json::Value::String(other)) => one == other,
        (Value::Array(one), serde_json::Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), serde_json::Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| is_same(one, other)))
        }
        _ => false,
    }
}
