//! What there is in the networks that application services bridge to: their answers, put together.
//! <https://spec.matrix.org/v1.19/application-service-api/#third-party-networks>

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use futures_util::future::join_all;
use parking_lot::Mutex;
use ruma::{
    OwnedRoomAliasId, OwnedUserId,
    api::appservice::thirdparty::{
        get_location_for_protocol, get_location_for_room_alias, get_protocol, get_user_for_protocol,
        get_user_for_user_id,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Bridges, Service, client::Question};

/// How long what a service says of a protocol is kept, in milliseconds: every client asks for it at its start.
const PROTOCOL_MS: u64 = 3_600_000;
/// How many places or users one answer has at most.
const RESULTS_MAX: usize = 1_000;

/// By what something in a network is looked for.
pub type Fields = BTreeMap<String, String>;

/// A protocol that services bridge to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Protocol {
    /// By what users are looked for.
    pub user_fields: Vec<String>,
    /// By what places are looked for.
    pub location_fields: Vec<String>,
    /// Its picture.
    pub icon: String,
    /// What such fields look like.
    pub field_types: Map<String, Value>,
    /// The networks that speak it.
    pub instances: Vec<Map<String, Value>>,
}

/// What services have said of their protocols, and when.
#[derive(Default)]
pub(crate) struct Protocols(Mutex<HashMap<(usize, String), (u64, Protocol)>>);

impl Bridges {
    /// Every protocol that a service bridges to.
    pub async fn protocols(&self) -> BTreeMap<String, Protocol> {
        let named = self.services.iter().flat_map(|service| &service.registration.protocols);
        let names: BTreeSet<String> = named.cloned().collect();
        let asked = names.into_iter().map(|name| async move {
            let protocol = self.protocol(&name).await?;
            Some((name, protocol))
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// One protocol, as all services together describe it; `None` if none does.
    pub async fn protocol(&self, name: &str) -> Option<Protocol> {
        let services = self.services_for(name);
        let described = join_all(services.iter().map(|service| self.describe(service, name))).await;
        described.into_iter().flatten().reduce(|mut whole, other| {
            whole.instances.extend(other.instances);
            whole
        })
    }

    /// The places in the networks of a protocol that fit; `None` if there is no such protocol.
    pub async fn locations(&self, protocol: &str, fields: Fields) -> Option<Vec<Value>> {
        let services = Some(self.services_for(protocol)).filter(|services| !services.is_empty())?;
        let question = || {
            let mut question = get_location_for_protocol::v1::Request::new(protocol.to_owned());
            question.fields.clone_from(&fields);
            question
        };
        Some(self.gather(&services, "alias", question).await)
    }

    /// The users in the networks of a protocol that fit; `None` if there is no such protocol.
    pub async fn users(&self, protocol: &str, fields: Fields) -> Option<Vec<Value>> {
        let services = Some(self.services_for(protocol)).filter(|services| !services.is_empty())?;
        let question = || {
            let mut question = get_user_for_protocol::v1::Request::new(protocol.to_owned());
            question.fields.clone_from(&fields);
            question
        };
        Some(self.gather(&services, "userid", question).await)
    }

    /// The places in other networks that an alias stands for.
    pub async fn locations_of_alias(&self, alias: &OwnedRoomAliasId) -> Vec<Value> {
        let question = || get_location_for_room_alias::v1::Request::new(alias.clone());
        self.gather(&self.services_with_protocols(), "alias", question).await
    }

    /// The users of other networks that a user stands for.
    pub async fn users_of_user(&self, user_id: &OwnedUserId) -> Vec<Value> {
        let question = || get_user_for_user_id::v1::Request::new(user_id.clone());
        self.gather(&self.services_with_protocols(), "userid", question).await
    }

    fn services_for(&self, protocol: &str) -> Vec<&Arc<Service>> {
        let bridges_to =
            |service: &&Arc<Service>| service.registration.protocols.iter().any(|known| known == protocol);
        self.services.iter().filter(bridges_to).collect()
    }

    fn services_with_protocols(&self) -> Vec<&Arc<Service>> {
        self.services.iter().filter(|service| !service.registration.protocols.is_empty()).collect()
    }

    /// What one service says of a protocol, each network under the name that the room directory has for it.
    async fn describe(&self, service: &Service, name: &str) -> Option<Protocol> {
        let key = (service.number, name.to_owned());
        let now_ms = self.clock.now_ms();
        let kept = self.protocols.0.lock().get(&key).cloned();
        if let Some((_, protocol)) = kept.filter(|(at_ms, _)| now_ms.saturating_sub(*at_ms) < PROTOCOL_MS) {
            return Some(protocol);
        }
        let question = get_protocol::v1::Request::new(name.to_owned());
        let mut protocol: Protocol = match self.client.ask(service, question).await {
            Ok(protocol) => protocol,
            Err(error) => {
                let service = &service.registration.id;
                tracing::warn!(service, name, %error, "an application service does not describe its protocol");
                return None;
            }
        };
        for instance in &mut protocol.instances {
            if let Some(network) = instance.get("network_id").and_then(Value::as_str) {
                let id = format!("{}|{network}", service.registration.id);
                instance.insert("instance_id".to_owned(), id.into());
            }
        }
        // There are no more of them than registrations name.
        self.protocols.0.lock().insert(key, (now_ms, protocol.clone()));
        Some(protocol)
    }

    /// Asks services at the same time and puts their lists together: what has the field `named`, a protocol and
    /// fields. Services that do not answer have nothing to say.
    async fn gather<Q: Question>(
        &self,
        services: &[&Arc<Service>],
        named: &str,
        question: impl Fn() -> Q,
    ) -> Vec<Value> {
        let asked = services.iter().map(|service| self.client.ask::<Vec<Value>>(service, question()));
        let mut results = Vec::new();
        for (service, answer) in services.iter().zip(join_all(asked).await) {
            match answer {
                Ok(found) => results.extend(found.into_iter().filter(|result| is_result(result, named))),
                Err(error) => {
                    let service = &service.registration.id;
                    tracing::debug!(service, %error, "an application service finds nothing in its network");
                }
            }
        }
        results.truncate(RESULTS_MAX);
        results
    }
}

fn is_result(result: &Value, named: &str) -> bool {
    result[named].is_string() && result["protocol"].is_string() && result["fields"].is_object()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_result_is_left_out() {
        let check = |result: Value, expected| assert_eq!(is_result(&result, "alias"), expected, "{result}");
        check(json!({"alias": "#a:b", "protocol": "irc", "fields": {}}), true);
        check(json!({"userid": "@a:b", "protocol": "irc", "fields": {}}), false);
        check(json!({"alias": "#a:b", "protocol": "irc"}), false);
        check(json!([]), false);
    }
}
