//! Numbers of canonical JSON, and how the numbers that it forbids are written in room versions 1 to 5.

use super::{INTEGER_MAX, NUMBER_DIGITS_MAX, Strictness, Value};

/// Turns the text of a JSON number into a value; `None` if the strictness forbids it.
///
/// The text must already have the syntax of a JSON number.
pub(super) fn value_of(text: &str, strictness: Strictness) -> Option<Value> {
    let is_integer = !text.contains(['.', 'e', 'E']);
    match strictness {
        Strictness::Strict => {
            if !is_integer || text == "-0" {
                return None;
            }
            let integer = text.parse().ok()?;
            (-INTEGER_MAX..=INTEGER_MAX).contains(&integer).then_some(Value::Integer(integer))
        }
        Strictness::Lax if is_integer => lax_integer(text),
        Strictness::Lax => {
            let float: f64 = text.parse().ok()?;
            float.is_finite().then(|| Value::Number(float_text(float).into()))
        }
    }
}

fn lax_integer(text: &str) -> Option<Value> {
    if text.len() > NUMBER_DIGITS_MAX {
        return None;
    }
    // `-0` parses as 0, which is how canonical JSON writes it.
    Some(match text.parse() {
        Ok(integer) => Value::Integer(integer),
        Err(_) => Value::Number(text.into()),
    })
}

/// Writes a float as the servers did that signed such events: the shortest digits that read back as the same
/// number, always with a fraction or an exponent, the exponent from 10^16 on and below 10^-4.
fn float_text(float: f64) -> String {
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = float.to_string();
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
