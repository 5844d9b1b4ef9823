//! Events in the form a filter asks for: as servers exchange them, or with some of their fields only.
//! <https://spec.matrix.org/v1.19/client-server-api/#filtering>

use kith_store::{Error, EventSid};
use serde_json::{Map, Value, value::RawValue};

use crate::moment::Moment;

/// How many field paths of a filter count.
const FIELDS_MAX: usize = 100;

impl Moment<'_> {
    /// Events as servers exchange them.
    pub(crate) fn federation_form(&self, events: &[EventSid]) -> Result<Vec<Box<RawValue>>, Error> {
        let pdus = self.rooms().pdus(events)?;
        let text = |json: &str| RawValue::from_string(json.to_owned()).expect("the text of an event is JSON");
        Ok(pdus.iter().map(|pdu| text(pdu.json())).collect())
    }

    /// Events with the fields that the filter names, or all of them.
    pub(crate) fn only_fields(&self, events: Vec<Box<RawValue>>) -> Vec<Box<RawValue>> {
        let Some(fields) = &self.filter.event_fields else { return events };
        let paths: Vec<Vec<String>> = fields.iter().take(FIELDS_MAX).map(|field| path(field)).collect();
        events.into_iter().map(|event| pick(&event, &paths)).collect()
    }
}

/// A dotted path; a backslash takes the meaning from a dot or a backslash behind it.
fn path(field: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            '.' => {
                steps.push(String::new());
                continue;
            }
            '\\' => characters.next().unwrap_or('\\'),
            other => other,
        };
        if let Some(last) = steps.last_mut() {
            last.push(literal);
        }
    }
    steps
}

fn pick(event: &RawValue, paths: &[Vec<String>]) -> Box<RawValue> {
    let whole: Value = serde_json::from_str(event.get()).unwrap_or_default();
    let mut picked = Value::Object(Map::new());
    for path in paths {
        copy(&whole, &mut picked, path);
    }
    serde_json::value::to_raw_value(&picked).expect("a JSON value can be written")
}

/// Copies what a path leads to, if it leads anywhere.
fn copy(from: &Value, to: &mut Value, path: &[String]) {
    let Some((step, rest)) = path.split_first() else {
        from.clone_into(to);
        return;
    };
    let Some(inner) = from.get(step) else { return };
    // Nothing is made on the way to something that is not there.
    let leads_somewhere = rest.iter().try_fold(inner, |value, step| value.get(step)).is_some();
    if let (Value::Object(to), true) = (to, leads_somewhere) {
        let next = to.entry(step.clone()).or_insert_with(|| Value::Object(Map::new()));
        copy(inner, next, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: &[&str], expected: &str) {
        let event = r#"{"type":"m.x","content":{"body":"b","a.b":{"c":1},"n":null},"sender":"@a:x"}"#;
        let event = RawValue::from_string(event.to_owned()).expect("JSON");
        let paths: Vec<_> = fields.iter().map(|field| path(field)).collect();
        assert_eq!(pick(&event, &paths).get(), expected, "{fields:?}");
    }

    #[test]
    fn fields_are_picked_by_path() {
        check(&["type", "content.body"], r#"{"content":{"body":"b"},"type":"m.x"}"#);
        check(&[r"content.a\.b.c"], r#"{"content":{"a.b":{"c":1}}}"#);
        check(&["content.a.b", "nothing", "type.deeper"], "{}");
        check(&["content.n"], r#"{"content":{"n":null}}"#);
        check(&["content", "content.body"], r#"{"content":{"a.b":{"c":1},"body":"b","n":null}}"#);
        check(&[""], "{}");
    }
}
