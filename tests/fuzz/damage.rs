//! Ways to damage an input: as bytes, and, where it is JSON, in its structure.

use kith_tests::Dice;
use serde_json::{Map, Value, json};

/// Bytes that mean something to some reader.
const WORDS: &[&[u8]] = &[
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\\u0000",
    b"\\ud800",
    b"\\",
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\n",
    b"\r\n",
    b" ",
    b"null",
    b"true",
    b"-0",
    b"1e400",
    b"1.5",
    b"9007199254740992",
    b"-9223372036854775809",
    b"18446744073709551616",
    b"0x10",
    b"=",
    b";",
    b"--",
    b"%00",
    b"*",
    b"?",
    b"[::1]",
    b"127.0.0.1",
    b":65536",
    b"@a:b",
    b"!a:b",
    b"$a",
    b"#a:b",
    b"m.room.create",
    b"m.room.member",
    b"membership",
    b"ed25519:",
    b"X-Matrix ",
];

/// Damages one of the inputs, in one place or several.
pub(crate) fn damage(dice: &mut Dice, inputs: &[Vec<u8>]) -> Vec<u8> {
    let mut input = dice.pick(inputs).clone();
    for _ in 0..=dice.throw(3) {
        let json = if dice.throw(3) > 0 { serde_json::from_slice(&input).ok() } else { None };
        input = match json {
            Some(mut value) => {
                damage_value(dice, &mut value);
                value.to_string().into_bytes()
            }
            None => damage_bytes(dice, input, inputs),
        };
    }
    input
}

fn damage_bytes(dice: &mut Dice, mut input: Vec<u8>, inputs: &[Vec<u8>]) -> Vec<u8> {
    let start = place(dice, input.len());
    let end = start + place(dice, (input.len() - start).min(64));
    match dice.throw(7) {
        0 if start < input.len() => input[start] ^= 1 << dice.throw(8),
        1 if start < input.len() => input[start] = u8::try_from(dice.throw(256)).unwrap(),
        2 => drop(input.drain(start..end)),
        3 => {
            let copy = input[start..end].to_vec();
            let times = 1 + place(dice, 200);
            input.splice(start..start, copy.repeat(times));
        }
        4 => input.truncate(start),
        5 => {
            let other = dice.pick(inputs);
            let from = place(dice, other.len());
            input.truncate(start);
            input.extend_from_slice(&other[from..]);
        }
        _ => drop(input.splice(start..end, dice.pick(WORDS).iter().copied())),
    }
    input
}

/// Damages something inside a JSON value.
fn damage_value(dice: &mut Dice, value: &mut Value) {
    let go_deeper = dice.throw(4) > 0;
    match value {
        Value::Object(members) if go_deeper && !members.is_empty() => {
            let key = dice.pick(&members.keys().cloned().collect::<Vec<_>>()).clone();
            match dice.throw(8) {
                0 => drop(members.remove(&key)),
                1 => {
                    let moved = members.remove(&key).unwrap_or_default();
                    members.insert(odd_text(dice, &key), moved);
                }
                _ => damage_value(dice, &mut members[&key]),
            }
        }
        Value::Array(elements) if go_deeper && !elements.is_empty() => {
            let index = place(dice, elements.len() - 1);
            match dice.throw(8) {
                0 => drop(elements.remove(index)),
                1 => {
                    let copies = vec![elements[index].clone(); 1 + place(dice, 30)];
                    elements.splice(index..index, copies);
                }
                _ => damage_value(dice, &mut elements[index]),
            }
        }
        Value::String(text) if go_deeper => *text = odd_text(dice, text),
        _ => *value = odd_value(dice, value.take()),
    }
}

fn odd_text(dice: &mut Dice, text: &str) -> String {
    match dice.throw(8) {
        0 => String::new(),
        1 => text.repeat(2 + place(dice, 40)),
        2 => text.to_uppercase(),
        3 => text.chars().skip(1).collect(),
        4 => text.replacen(':', "", 1),
        5 => format!("{text}\u{0}"),
        6 => format!("{text}\u{1f980}"),
        _ => String::from_utf8_lossy(dice.pick::<&[u8]>(WORDS)).into_owned(),
    }
}

fn odd_value(dice: &mut Dice, old: Value) -> Value {
    match dice.throw(12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!([]),
        3 => json!({}),
        4 => json!(""),
        5 => json!(-1),
        6 => json!(9_007_199_254_740_992_u64),
        7 => json!(u64::MAX),
        8 => json!(1.5),
        9 => json!([old]),
        10 => nested(old, place(dice, 150)),
        _ => Value::Object(Map::from_iter([("a".to_owned(), old)])),
    }
}

fn nested(value: Value, depth: usize) -> Value {
    (0..depth).fold(value, |inner, _| json!([inner]))
}

/// From 0 to the end, both included.
fn place(dice: &mut Dice, end: usize) -> usize {
    usize::try_from(dice.throw(u64::try_from(end).unwrap() + 1)).unwrap()
}
