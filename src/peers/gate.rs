//! Whom this server talks to at all, as the operator decided. The lists are read as those of a room's
//! `m.room.server_acl` are: a name without its port, with `*` and `?`.

use kith_config::Federation;
use ruma::{OwnedServerName, ServerName, events::room::server_acl::RoomServerAclEventContent};

/// The operator's decision.
pub(crate) struct Gate {
    enabled: bool,
    own_name: OwnedServerName,
    lists: RoomServerAclEventContent,
}

impl Gate {
    pub(crate) fn new(config: &Federation, own_name: OwnedServerName) -> Self {
        let everybody = || vec!["*".to_owned()];
        let allowed = Some(config.allowed_servers.clone()).filter(|list| !list.is_empty());
        let lists = RoomServerAclEventContent::new(
            true,
            allowed.unwrap_or_else(everybody),
            config.denied_servers.clone(),
        );
        Self { enabled: config.enabled, own_name, lists }
    }

    /// Whether this server talks to others at all.
    pub(crate) fn is_open(&self) -> bool {
        self.enabled
    }

    /// Why there is no talking with a server, if there is a reason.
    pub(crate) fn check(&self, server: &ServerName) -> Result<(), String> {
        if !self.enabled {
            return Err("federation is disabled on this server".to_owned());
        }
        if server == self.own_name {
            return Err(format!("{server} is this server itself"));
        }
        if !self.lists.is_allowed(server) {
            return Err(format!("this server does not talk to {server}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(config: Federation, server: &str) -> bool {
        let name = |text: &str| ServerName::parse(text).expect("a server name");
        Gate::new(&config, name("own.example")).check(&name(server)).is_ok()
    }

    #[test]
    fn lists_decide_and_denying_wins() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let check = |allowed: &[&str], denied: &[&str], server: &str, expected: bool| {
            let config = Federation {
                allowed_servers: list(allowed),
                denied_servers: list(denied),
                ..Federation::default()
            };
            assert_eq!(passes(config, server), expected, "{server} with {allowed:?} and {denied:?}");
        };
        check(&[], &[], "a.example:8448", true);
        check(&[], &["*.example"], "a.example:8448", false);
        check(&["?.example"], &[], "a.example", true);
        check(&["?.example"], &[], "aa.example", false);
        check(&["*"], &["A.example"], "a.example", false);
        check(&[], &[], "own.example", false);
    }

    #[test]
    fn nobody_passes_a_closed_gate() {
        assert!(!passes(Federation { enabled: false, ..Federation::default() }, "a.example"));
    }
}
