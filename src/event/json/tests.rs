//! Canonical JSON: the vectors of the specification, and what no input may do.

use proptest::prelude::*;
use serde::Deserialize;

use super::{
    ENVELOPE_DEPTH_MAX, JsonError, NESTING_DEPTH_MAX, Object, Strictness, Value, parse, parse_envelope,
    parse_object, to_text,
};

#[derive(Deserialize)]
struct Vector {
    input: String,
    /// The canonical text; absent where strict parsing refuses.
    strict: Option<String>,
    /// The canonical text on the lax road, where it differs; `false` where that refuses as well.
    lax: Option<serde_json::Value>,
}

#[test]
fn vectors() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../../tests/vectors/canonical_json.json"))
            .expect("valid vectors");
    for Vector { input, strict, lax } in vectors {
        let canonical = |strictness| parse_object(&input, strictness).ok().map(|object| to_text(&object));
        assert_eq!(canonical(Strictness::Strict), strict, "strict: {input}");
        let lax = match lax {
            None => strict,
            Some(text) => text.as_str().map(ToOwned::to_owned),
        };
        assert_eq!(canonical(Strictness::Lax), lax, "lax: {input}");
    }
}

#[test]
fn nesting_is_bounded_and_needs_no_stack() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let nested = |levels: usize| format!("{}0{}", open.repeat(levels), close.repeat(levels));
        assert!(parse(&nested(NESTING_DEPTH_MAX), Strictness::Strict).is_ok());
        assert_eq!(parse(&nested(NESTING_DEPTH_MAX + 1), Strictness::Strict), Err(JsonError::TooDeep));
        assert_eq!(parse(&open.repeat(1_000_000), Strictness::Lax), Err(JsonError::TooDeep));
    }
}

#[test]
fn what_is_read_can_be_read_back_by_serde_json() {
    let deepest =
        format!(r#"{{"a":{}0{}}}"#, "[".repeat(NESTING_DEPTH_MAX - 1), "]".repeat(NESTING_DEPTH_MAX - 1));
    let object = parse_object(&deepest, Strictness::Strict).expect("as deep as allowed");
    serde_json::from_str::<serde_json::Value>(&to_text(&object)).expect("JSON");
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-super::INTEGER_MAX..=super::INTEGER_MAX).prop_map(Value::Integer),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(Value::Object),
        ]
    })
}

proptest! {
    // What failed once is written into a test by hand; nothing is left lying in the source tree.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn writing_then_reading_gives_the_same_value(value in values()) {
        let object = Object::from([("value".to_owned(), value)]);
        let text = to_text(&object);
        prop_assert_eq!(parse_object(&text, Strictness::Strict), Ok(object.clone()));
        // Another implementation reads the same value and writes the same text.
        let theirs: ruma::CanonicalJsonObject = serde_json::from_str(&text).expect("canonical JSON");
        prop_assert_eq!(serde_json::to_string(&theirs).expect("canonical JSON"), text);
    }

    #[test]
    fn canonical_text_stays_as_it_is(text in r#"[\[\]{}",:0-9eE.+\- a\\ntrufals]{0,40}"#) {
        for strictness in [Strictness::Strict, Strictness::Lax] {
            if let Ok(object) = parse_object(&text, strictness) {
                let canonical = to_text(&object);
                let again = parse_object(&canonical, strictness).expect("canonical text is JSON");
                prop_assert_eq!(to_text(&again), canonical);
            }
        }
    }

    #[test]
    fn no_input_panics(text in any::<String>()) {
        let _ = parse(&text, Strictness::Strict);
        let _ = parse(&text, Strictness::Lax);
    }

    #[test]
    fn accepts_what_serde_json_accepts(text in r#"[\[\]{}",:0-9.\-eE \\un]{0,24}"#) {
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        let ours = parse(&text, Strictness::Lax);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?}: {:?} / {:?}", text, ours, theirs);
    }
}

#[test]
fn envelopes_nest_deeper_and_fit_a_small_stack() {
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
        format!(r#"{{"a":{open}{close}}}"#)
    };
    let work = move || {
        let deepest = nested(ENVELOPE_DEPTH_MAX);
        let object = parse_envelope(&deepest, Strictness::Lax).expect("is deep enough");
        assert_eq!(to_text(&object), deepest);
        assert_eq!(parse_object(&deepest, Strictness::Lax), Err(JsonError::TooDeep));
        let deeper = nested(ENVELOPE_DEPTH_MAX + 1);
        assert_eq!(parse_envelope(&deeper, Strictness::Lax), Err(JsonError::TooDeep));
    };
    // Half of what the threads of the server have.
    let small = std::thread::Builder::new().stack_size(1024 * 1024).spawn(work);
    small.expect("starts").join().expect("fits");
}
