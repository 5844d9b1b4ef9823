//! From values to the canonical text.

use std::fmt::Write as _;

use super::{Object, Value};

/// The canonical text of an object.
pub fn to_text(object: &Object) -> String {
    let mut text = String::new();
    write_object_without(object, &[], &mut text);
    text
}

/// Appends the canonical text of an object, leaving out some of its own members.
pub fn write_object_without(object: &Object, left_out: &[&str], text: &mut String) {
    text.push('{');
    let mut first = true;
    for (key, value) in object {
        if left_out.contains(&key.as_str()) {
            continue;
        }
        if !first {
            text.push(',');
        }
        first = false;
        write_string(key, text);
        text.push(':');
        write_value(value, text);
    }
    text.push('}');
}

fn write_value(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Integer(integer) => write!(text, "{integer}").expect("writing to a string does not fail"),
        Value::Number(number) => text.push_str(number),
        Value::String(string) => write_string(string, text),
        Value::Array(array) => {
            text.push('[');
            for (index, element) in array.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(element, text);
            }
            text.push(']');
        }
        Value::Object(object) => write_object_without(object, &[], text),
    }
}

/// Appends a string in quotation marks, with the few escapes that canonical JSON has.
pub fn write_string(string: &str, text: &mut String) {
    text.push('"');
    let mut plain_from = 0;
    for (index, byte) in string.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x09 => "\\t",
            0x0A => "\\n",
            0x0C => "\\f",
            0x0D => "\\r",
            0x00..0x20 => "",
            _ => continue,
        };
        text.push_str(&string[plain_from..index]);
        plain_from = index + 1;
        if escape.is_empty() {
            write!(text, "\\u{byte:04x}").expect("writing to a string does not fail");
        } else {
            text.push_str(escape);
        }
    }
    text.push_str(&string[plain_from..]);
    text.push('"');
}
