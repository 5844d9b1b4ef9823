//! The body of a request to a push gateway.
//! <https://spec.matrix.org/v1.19/push-gateway-api/#post_matrixpushv1notify>

use std::collections::BTreeMap;

use kith_store::{Error, tables::pushers::PusherRecord};
use ruma::push::{Action, HighlightTweakValue, Tweak};
use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

use super::{Notice, PusherId, gateway::Letter, subject::Subject};
use crate::Push;

/// The format that clients ask for who fetch the rest themselves.
const EVENT_ID_ONLY: &str = "event_id_only";

#[derive(Serialize)]
struct Body<'a> {
    notification: Notification<'a>,
}

#[derive(Serialize)]
struct Notification<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<&'a str>,
    #[serde(flatten)]
    told: Option<Told<'a>>,
    prio: &'static str,
    counts: Counts,
    devices: [Device<'a>; 1],
}

/// What is left out where only the event's id is wanted.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    sender: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_display_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room_alias: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_is_target: Option<bool>,
    content: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct Counts {
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<u64>,
}

#[derive(Serialize)]
struct Device<'a> {
    app_id: &'a str,
    pushkey: &'a str,
    pushkey_ts: u64,
    data: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tweaks: Option<BTreeMap<String, Value>>,
}

impl Push {
    /// The request that tells a notice; none if there is nothing to tell any more.
    pub(super) fn notification(
        &self,
        id: &PusherId,
        record: &PusherRecord,
        notice: &Notice,
    ) -> Result<Option<Letter>, Error> {
        let user = id.user();
        let user_id = self.store.ids().user_id(user)?;
        let view = self.store.read();
        let Some(subject) = self.subject(&*view, user, &user_id, notice)? else { return Ok(None) };
        drop(view);
        let (url, data) = url_and_data(record);
        let unread = self.count_unread(user, &user_id)?;
        let brief = self.config.push.event_id_only || data.get("format").is_some_and(|f| f == EVENT_ID_ONLY);
        let content: Map<String, Value> = serde_json::from_str(subject.content.get()).unwrap_or_default();
        let body = Body {
            notification: Notification {
                event_id: Some(subject.event_id.as_str()),
                room_id: Some(subject.room_id.as_str()),
                told: (!brief).then(|| told(&subject, &content)),
                prio: priority(&subject, &notice.actions),
                counts: Counts { unread: Some(unread).filter(|unread| *unread > 0) },
                devices: [device(id, record, &data, (!brief).then(|| tweaks(&notice.actions)))],
            },
        };
        Ok(Some(Letter { url, body: text(&body), about: Some(notice.position), unread }))
    }

    /// The request that tells how much is unread; none if the pusher has told it already.
    pub(super) fn badge(&self, id: &PusherId, record: &PusherRecord) -> Result<Option<Letter>, Error> {
        let user_id = self.store.ids().user_id(id.user())?;
        let unread = self.count_unread(id.user(), &user_id)?;
        if self.delivery.desk.lock().badge(id) == Some(unread) {
            return Ok(None);
        }
        let (url, data) = url_and_data(record);
        let body = Body {
            notification: Notification {
                event_id: None,
                room_id: None,
                told: None,
                prio: "low",
                // Zero is what it is about: the phone takes its number away.
                counts: Counts { unread: Some(unread) },
                devices: [device(id, record, &data, None)],
            },
        };
        Ok(Some(Letter { url, body: text(&body), about: None, unread }))
    }
}

fn told<'a>(subject: &'a Subject, content: &'a Map<String, Value>) -> Told<'a> {
    Told {
        kind: &subject.kind,
        sender: subject.sender.as_str(),
        sender_display_name: subject.sender_name.as_deref(),
        room_name: subject.room_name.as_deref(),
        room_alias: subject.room_alias.as_deref(),
        user_is_target: subject.user_is_target,
        content,
    }
}

fn device<'a>(
    id: &'a PusherId,
    record: &PusherRecord,
    data: &'a Map<String, Value>,
    tweaks: Option<BTreeMap<String, Value>>,
) -> Device<'a> {
    let (_, app_id, pushkey) = id.key();
    Device { app_id, pushkey, pushkey_ts: record.updated_ms / 1_000, data, tweaks }
}

/// The gateway's URL, and what else the client gave, which the gateway gets.
fn url_and_data(record: &PusherRecord) -> (String, Map<String, Value>) {
    let mut data: Map<String, Value> = serde_json::from_str(&record.data).unwrap_or_default();
    let url = data.remove("url").and_then(|url| url.as_str().map(str::to_owned)).unwrap_or_default();
    (url, data)
}

/// Phones may take their time with what makes no sound and is not meant for the user in particular. Of what is
/// encrypted nobody here knows.
fn priority(subject: &Subject, actions: &[Action]) -> &'static str {
    let loud = actions.iter().any(|action| {
        matches!(action, Action::SetTweak(Tweak::Sound(_) | Tweak::Highlight(HighlightTweakValue::Yes)))
    });
    if loud || subject.kind == "m.room.encrypted" { "high" } else { "low" }
}

fn tweaks(actions: &[Action]) -> BTreeMap<String, Value> {
    let tweaks = actions.iter().filter_map(|action| match action {
        Action::SetTweak(tweak) => Some(tweak),
        _ => None,
    });
    let value = |tweak: &Tweak| {
        let value = tweak.value().map(|value| serde_json::from_str(RawValue::get(&value)));
        value.and_then(Result::ok).unwrap_or(Value::Null)
    };
    tweaks.map(|tweak| (tweak.set_tweak().to_owned(), value(tweak))).collect()
}

fn text(body: &Body<'_>) -> Vec<u8> {
    serde_json::to_vec(body).expect("a notification has only text keys")
}
