//! `[ldap]`: passwords that a directory knows.

use crate::Secret;
use serde::{Deserialize, Serialize};

/// A directory (LDAP) that is asked for the passwords of everybody who has none here. Who has a password here logs in
/// with that, and the directory is not asked. On if there are servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ldap {
    /// The directory's servers, which are tried in this order.
    ///
    /// Example: ["ldaps://ldap.example.org"]
    pub servers: Vec<String>,

    /// Go on by TLS after a beginning in the clear, for servers with ldap://. Certificates are checked against the
    /// system's authorities and outgoing.extra_ca_certificates.
    pub start_tls: bool,

    /// How to find somebody: "bind" where their entry stands right below the base under their name, or "search" where
    /// it has to be looked for.
    pub mode: LdapMode,

    /// The entry below which people are.
    ///
    /// Example: "ou=people,dc=example,dc=org"
    pub base: String,

    /// Who looks for people in the mode "search"; nobody in particular if not set.
    ///
    /// Example: "cn=kith,ou=services,dc=example,dc=org"
    pub bind_dn: Option<String>,

    /// The password that goes with it.
    ///
    /// Example: "secret"
    pub bind_password: Option<Secret>,

    /// What an entry has to be like.
    ///
    /// Example: "(memberOf=cn=chat,ou=groups,dc=example,dc=org)"
    pub filter: Option<String>,

    /// The attribute with the user name.
    pub name_attribute: String,

    /// The attribute with the display name of new accounts.
    pub display_name_attribute: String,

    /// The attribute with the email address of new accounts. It counts as confirmed.
    pub email_attribute: String,

    /// Make an account for whoever has none yet.
    pub register: bool,

    /// Let people who come for the first time into the account with their user name, if that has no password. Without
    /// it they are refused where the name is taken. Needed once for accounts that another server's directory login
    /// has made.
    pub link_by_name: bool,
}

/// How to find somebody in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LdapMode {
    /// Under their name, right below the base.
    Bind,
    /// By looking for them.
    Search,
}

impl Default for Ldap {
    fn default() -> Ldap {
        Ldap {
            servers: Vec::new(),
            start_tls: false,
            mode: LdapMode::Bind,
            base: String::new(),
            bind_dn: None,
            bind_password: None,
            filter: None,
            name_attribute: "uid".to_owned(),
            display_name_attribute: "cn".to_owned(),
            email_attribute: "mail".to_owned(),
            register: true,
            link_by_name: false,
        }
    }
}

impl Ldap {
    /// Whether there is a directory.
    pub fn is_on(&self) -> bool {
        !self.servers.is_empty()
    }
}
